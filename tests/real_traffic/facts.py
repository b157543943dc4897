"""The facts of a scenario that its telemetry carries, out of `expected.json`.

Counted are the facts that `in_telemetry` says are present, except those that only a metric carries. A model or tool
call listed in `unrecorded.json` left no record of its own (an attempt that the SDK repeated by itself, a batch lost
with its process): its values occur elsewhere only, so its facts are left out.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.real_traffic.captures import Scenario

UNRECORDED: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("unrecorded.json").read_bytes())

# Token columns, and their keys in the truth's `usage`.
_TOKENS = {
    "input_tokens": "input_total",
    "output_tokens": "output_total",
    "cache_read_tokens": "cached_input",
    "cache_write_tokens": "cache_write_input",
    "reasoning_tokens": "reasoning_output",
}


@dataclass(frozen=True)
class Fact:
    """One value to find: of what, in which column, and what it is."""

    subject: str  # "llm 3", "tool 1", "run 2", "session conv-1", "total" …
    column: str
    value: Any

    @property
    def key(self) -> str:
        """How lists of known misses name it."""
        return f"{self.subject} {self.column}"


@dataclass(frozen=True)
class Call:
    """A model or tool call that must be exactly one counted step."""

    subject: str
    facts: tuple[Fact, ...]
    contradictions: tuple[Fact, ...] = ()  # true values that the telemetry lacks: null is right, another value is not


@dataclass(frozen=True)
class ScenarioFacts:
    """All that is looked for in one scenario."""

    llm_calls: tuple[Call, ...]
    tool_calls: tuple[Call, ...]
    refused_tools: tuple[str, ...]  # tools whose call was refused: they may show as a denied step each
    others: tuple[Fact, ...]  # sessions, agents, errors, inputs, outputs, totals
    approval_count: int
    correction_count: int
    left_out_count: int  # facts of calls that left no record


def facts_of(scenario: Scenario) -> ScenarioFacts:
    """The facts of a scenario, from its ground truth."""
    expected = scenario.expected
    unrecorded = UNRECORDED.get(scenario.name, {})
    llm_calls = [_llm_call(call) for call in expected["llm_calls"]]
    tool_calls = [_tool_call(call) for call in expected["tool_calls"]]
    lost = [call for call in llm_calls + tool_calls if call.subject in unrecorded]
    return ScenarioFacts(
        llm_calls=tuple(call for call in llm_calls if call.subject not in unrecorded),
        tool_calls=tuple(call for call in tool_calls if call.subject not in unrecorded),
        refused_tools=tuple(approval["tool"] for approval in expected["approvals"] if approval["decision"] == "denied"),
        others=tuple(_others(expected, unrecorded)),
        approval_count=len(expected["approvals"]),
        correction_count=len(expected["corrections"]),
        left_out_count=sum(len(call.facts) for call in lost),
    )


def _llm_call(call: dict[str, Any]) -> Call:
    subject = f"llm {call['seq']}"
    shown = _shown(call)
    usage = call.get("usage", {})  # a failed call has none
    truth = {column: usage.get(key) for column, key in _TOKENS.items()} | {
        "requested_model": call["requested_model"],
        "served_model": call["served_model"],
        "output_text": call.get("output_text"),
        "error_message": call["error"],
    }
    columns = [column for column in truth if shown(column)]
    facts = [Fact(subject, "status", "ok" if call["http_status"] < 400 else "error")]
    facts += [Fact(subject, column, truth[column]) for column in columns]
    checked = {*_TOKENS, "served_model"} - set(columns)
    return Call(subject, tuple(facts), tuple(Fact(subject, column, truth[column]) for column in sorted(checked)))


def _tool_call(call: dict[str, Any]) -> Call:
    subject = f"tool {call['seq']}"
    shown = _shown(call)
    names = {"name": "tool_name", "args": "tool_args", "result": "tool_result", "error_message": "error_message"}
    truth = {"name": call["name"], "args": call["args"], "result": call["result"], "error_message": call["error"]}
    facts = [Fact(subject, column, truth[key]) for key, column in names.items() if shown(key)]
    if call["ok"] or shown("marked_as_error"):
        facts.append(Fact(subject, "status", "ok" if call["ok"] else "error"))
    return Call(subject, tuple(facts))


def _others(expected: dict[str, Any], unrecorded: dict[str, str]) -> Iterator[Fact]:
    for number, run in enumerate(expected["runs"], start=1):
        for column in ("input", "output"):
            if _present(run["in_telemetry"][column]):
                yield Fact(f"run {number}", column, run[column])
    for session in expected["sessions"]:
        if _present(session["in_telemetry"]):
            yield Fact(f"session {session['id']}", "conversation_id", session["id"])
    for agent in expected["agents"]:
        if _present(agent["in_telemetry"]):
            yield Fact(f"agent {agent['name']}", "agent_name", agent["name"])
    for number, error in enumerate(expected["errors"], start=1):
        if _present(error["in_telemetry"]):
            yield Fact(f"error {number}", "error_message", error["message"])
    for column, key in _TOKENS.items():
        spent = [call for call in expected["llm_calls"] if call.get("usage", {}).get(key)]
        if spent and all(_shown(call)(column) and f"llm {call['seq']}" not in unrecorded for call in spent):
            yield Fact("total", column, expected["usage_totals"][key])


def _shown(call: dict[str, Any]) -> Callable[[str], bool]:
    """Tells of a fact whether a span or log record shows it, in either way of counting tokens."""
    where = call["in_telemetry"]
    usage = call.get("usage", {})

    def shown(fact: str) -> bool:
        match fact:
            case "cache_read_tokens":
                return bool(usage.get("cached_input")) and _present(where.get("cached_input_tokens"))
            case "cache_write_tokens":
                return bool(usage.get("cache_write_input")) and _present(where.get("cache_write_tokens"))
            case "input_tokens":
                parts_shown = all(
                    shown(part) or not usage.get(_TOKENS[part]) for part in ("cache_read_tokens", "cache_write_tokens")
                )
                return _present(where.get(fact)) or (_present(where.get("input_tokens_uncached")) and parts_shown)
            case "output_tokens":
                return _present(where.get(fact)) or (
                    _present(where.get("output_tokens_without_reasoning")) and shown("reasoning_tokens")
                )
        return _present(where.get(fact))

    return shown


def _present(entry: dict[str, Any] | None) -> bool:
    if not entry or not entry["present"]:
        return False
    return any(not place.startswith("metric:") for place in entry["where"])
