"""Finds the facts of a scenario in the read API's answers.

Calls are matched one to one to counted steps, so that as many facts as possible hold; two steps that do not overlap in
time must stand in the order of their calls. A fact holds if its own column has its value.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import Any

from tests.real_traffic.answers import Answers, Row
from tests.real_traffic.facts import Call, Fact, ScenarioFacts

_MOST_CANDIDATES = 14  # the search tries all subsets of them


@dataclass(frozen=True)
class Miss:
    """A fact that was not found, or a counted step that stands for no call."""

    scenario: str
    key: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        return f"MISS {self.scenario} | {self.key} | expected {_short(self.expected)} | got {_short(self.got)}"


@dataclass(frozen=True)
class Verdict:
    """How many facts were looked for, which were missed, and what else is wrong."""

    present_count: int
    misses: tuple[Miss, ...]  # facts not found
    surplus: tuple[Miss, ...]  # steps without a call, wrong order, values that contradict the truth
    approvals_found: int
    corrections_found: int

    @property
    def found_count(self) -> int:
        """Facts found."""
        return self.present_count - len(self.misses)


def judge(scenario: str, facts: ScenarioFacts, answers: Answers) -> Verdict:
    """The verdict on one scenario's answers."""
    llm_steps = _counted(answers, "llm")
    tool_steps = _without_refused(_counted(answers, "tool"), facts.refused_tools)
    findings = _Findings(scenario, answers)
    findings.calls(facts.llm_calls, llm_steps, "llm")
    findings.calls(facts.tool_calls, tool_steps, "tool")
    for fact in facts.others:
        findings.other(fact)
    findings.listed_tool_calls()
    return Verdict(
        present_count=sum(len(call.facts) for call in facts.llm_calls + facts.tool_calls) + len(facts.others),
        misses=tuple(findings.misses),
        surplus=tuple(findings.surplus),
        approvals_found=min(facts.approval_count, sum(run["approval_count"] for run in answers.runs)),
        corrections_found=min(facts.correction_count, sum(run["correction_count"] for run in answers.runs)),
    )


class _Findings:
    def __init__(self, scenario: str, answers: Answers) -> None:
        self.scenario = scenario
        self.answers = answers
        self.misses: list[Miss] = []
        self.surplus: list[Miss] = []

    def calls(self, calls: tuple[Call, ...], steps: list[Row], kind: str) -> None:
        pairs = match(calls, steps, self.answers)
        for call, step in pairs:
            for fact in call.facts:
                if step is None:
                    self.misses.append(Miss(self.scenario, fact.key, fact.value, "no step"))
                elif not holds(fact, step, self.answers):
                    self.misses.append(Miss(self.scenario, fact.key, fact.value, _got(fact, step, self.answers)))
            if step is not None:
                self._contradictions(call, step)
        matched = [step for _, step in pairs if step is not None]
        for step in steps:
            if not any(step is other for other in matched):
                self.surplus.append(
                    Miss(self.scenario, f"{kind} extra {step['name']}", "no such call", _described(step))
                )
        for (earlier_call, earlier), (later_call, later) in _ordered_pairs(pairs):
            if _ended(later) < _started(earlier):
                order = f"{earlier_call.subject} before {later_call.subject}"
                self.surplus.append(Miss(self.scenario, f"{kind} order", order, "the other way round"))

    def other(self, fact: Fact) -> None:
        got = _anywhere(fact, self.answers)
        if got is not True:
            self.misses.append(Miss(self.scenario, fact.key, fact.value, got))

    def listed_tool_calls(self) -> None:
        counted = {(step["run_id"], step["step_id"]) for step in _counted(self.answers, "tool")}
        listed = {(row["run_id"], row["step_id"]) for row in self.answers.tool_calls}
        if counted != listed:
            self.surplus.append(
                Miss(self.scenario, "tool-calls list", sorted(counted - listed), sorted(listed - counted))
            )

    def _contradictions(self, call: Call, step: Row) -> None:
        for fact in call.contradictions:
            got = step[fact.column]
            if got and not _equal(fact, got):
                self.surplus.append(Miss(self.scenario, f"{fact.key} contradiction", fact.value, got))


def match(calls: tuple[Call, ...], steps: list[Row], answers: Answers) -> list[tuple[Call, Row | None]]:
    """Each call with its step, or None: the one-to-one matching under which most facts hold."""
    holding = [[sum(holds(fact, step, answers) for fact in call.facts) for step in steps] for call in calls]
    candidates = sorted(range(len(steps)), key=lambda index: -sum(row[index] for row in holding))[:_MOST_CANDIDATES]
    candidates.sort()  # equal matchings are decided by time

    @cache
    def best(call_index: int, used: int) -> tuple[int, tuple[int | None, ...]]:
        if call_index == len(calls):
            return 0, ()
        rest_score, rest = best(call_index + 1, used)
        score, choice = rest_score, (None, *rest)
        for bit, candidate in enumerate(candidates):
            if used >> bit & 1:
                continue
            rest_score, rest = best(call_index + 1, used | 1 << bit)
            held = rest_score + 1 + 2 * holding[call_index][candidate]
            if held > score:
                score, choice = held, (candidate, *rest)
        return score, choice

    chosen = best(0, 0)[1]
    return [(call, None if index is None else steps[index]) for call, index in zip(calls, chosen, strict=True)]


def holds(fact: Fact, step: Row, answers: Answers) -> bool:
    """Whether the fact's own column of the step has its value."""
    got = _got(fact, step, answers)
    return got is not None and _equal(fact, got)


def _got(fact: Fact, step: Row, answers: Answers) -> Any:
    if fact.column == "output_text":
        return answers.detail(step).get("output_messages")
    if fact.column == "error_message" and fact.subject.startswith("tool"):
        return " ".join(filter(None, (step["error_message"], step["tool_result"]))) or None
    return step[fact.column]


def _equal(fact: Fact, got: Any) -> bool:
    return _COMPARISONS.get(fact.column, _same)(fact.value, got)


def _same(expected: Any, got: Any) -> bool:
    return bool(expected == got)


def _same_model(expected: str | None, got: str) -> bool:
    """Models are compared without the `provider/` prefix that gateways put before them."""
    return expected is not None and got.rpartition("/")[2] == expected.rpartition("/")[2]


def _includes_arguments(expected: dict[str, Any], got: Any) -> bool:
    """The script's arguments are there with their values; the model may have sent more of them."""
    arguments = _parsed(got)
    return isinstance(arguments, dict) and all(
        key in arguments and arguments[key] == value for key, value in expected.items()
    )


def _contains(expected: str, got: Any) -> bool:
    """The text is there, whatever encloses it; an exception's class before its message may stand elsewhere."""
    words = _words(_text(re.sub(r"^[A-Z]\w*: ", "", expected).strip("'\"")))
    return words in _words(_text(got)) or words.replace(" ", "") in _words(_text(got)).replace(" ", "")


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "requested_model": _same_model,
    "served_model": _same_model,
    "tool_args": _includes_arguments,
    "tool_result": _contains,
    "error_message": _contains,
    "output_text": _contains,
    "input": _contains,
    "output": _contains,
}


def _anywhere(fact: Fact, answers: Answers) -> Any:
    """True if some run (an agent step for a nested agent's input and output) has it, else what is there instead."""
    if fact.subject == "total":
        from_steps = sum(step[fact.column] or 0 for step in _counted(answers, "llm"))
        from_runs = sum(run[fact.column] or 0 for run in answers.runs)
        return from_steps == from_runs == fact.value or f"steps {from_steps}, runs {from_runs}"
    if fact.column in ("input", "output"):
        got = [run[f"{fact.column}_preview"] for run in answers.runs]
        got += [
            answers.detail(step).get(f"{fact.column}_messages") for step in answers.steps if step["kind"] == "agent"
        ]
    elif fact.column == "agent_name":
        got = [row[fact.column] for row in (*answers.runs, *answers.steps)]
    elif fact.column == "error_message":
        failed = [step for step in answers.steps if step["status"] == "error"]
        got = [row[fact.column] for row in (*answers.runs, *failed)]
    else:
        got = [run[fact.column] for run in answers.runs]
    values = [value for value in got if value]
    return any(_equal(fact, value) for value in values) or values


def _counted(answers: Answers, kind: str) -> list[Row]:
    steps = [step for step in answers.steps if step["kind"] == kind and step["counted"]]
    return sorted(steps, key=lambda step: (step["started_at"] or "", step["order"]))


def _without_refused(steps: list[Row], refused_tools: tuple[str, ...]) -> list[Row]:
    """Tool steps without the refused ones: as many denied steps as calls of that tool were refused."""
    left = list(refused_tools)
    executed = []
    for step in steps:
        if step["status"] == "denied" and step["tool_name"] in left:
            left.remove(step["tool_name"])
        else:
            executed.append(step)
    return executed


def _ordered_pairs(
    pairs: list[tuple[Call, Row | None]],
) -> list[tuple[tuple[Call, Row], tuple[Call, Row]]]:
    matched = [(call, step) for call, step in pairs if step is not None]
    return list(pairwise(matched))


def _started(step: Row) -> datetime:
    return _time(step["started_at"])


def _ended(step: Row) -> datetime:
    return _time(step["ended_at"] if step.get("ended_at") else step["started_at"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))


def _described(step: Row) -> str:
    model = step["served_model"] or step["requested_model"]
    return f"{step['name']} {step['tool_name'] or model} {step['status']} in={step['input_tokens']}"


def _parsed(value: Any) -> Any:
    while isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return value
    return value


def _text(value: Any) -> str:
    """All strings in a value, in order; JSON inside a string is opened."""
    value = _parsed(value)
    if isinstance(value, dict):
        return " ".join(_text(item) for item in value.values())
    if isinstance(value, list):
        return " ".join(_text(item) for item in value)
    return str(value)


def _words(text: str) -> str:
    return " ".join(text.split())


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = _words(text)
    return text if len(text) <= 160 else text[:157] + "…"
