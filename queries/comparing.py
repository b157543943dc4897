"""Two runs side by side: their steps aligned, and what one did that the other did not, or did otherwise."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

from queries import questions
from queries.database import Database
from queries.details import Records, places_of
from queries.encoding import rows_json
from queries.opening import Opener

# Steps of either run between what both begin and end with that are aligned, which takes their product in time.
MOST_ALIGNED = 1_000
MOST_INSTRUCTED = 40  # steps whose instructions are read: the first of each agent
_ARGS = 200  # letters of a tool's arguments that a row shows; the step has them whole
_NUMBERS = (
    *("duration_ms", "cost_usd", "input_tokens", "output_tokens"),
    *("step_count", "llm_call_count", "tool_call_count", "error_count"),
)
_FACTS = ("service_version", "environment", "status", "models", "tool_names", "agent_names", "prompts")
# What a step is told by on either side: name in the answer → type.
_SIDE = {
    "step_id": pa.string(),
    "name": pa.string(),
    "agent": pa.string(),
    "model": pa.string(),
    "requested_model": pa.string(),
    "provider": pa.string(),
    "prompt": pa.string(),
    "tool_args": pa.string(),
    "status": pa.string(),
    "error_type": pa.string(),
    "duration_ms": pa.float64(),
    "cost_usd": pa.float64(),
}
_READ = [
    *("step_id", "kind", "counted", "name", "agent_name", "tool_name", "requested_model", "served_model", "provider"),
    *("prompt_name", "prompt_version", "tool_args", "status", "error_type", "duration_ms", "cost_usd"),
]
_COMPARED = ("name", "agent", "model", "requested_model", "provider", "prompt", "tool_args", "status", "error_type")
_ROWS = pa.schema(
    [
        ("place", pa.int64()),
        ("change", pa.string()),
        ("kind", pa.string()),
        ("changed", pa.list_(pa.string())),
        *((f"{side}_{name}", kind) for side in "ab" for name, kind in _SIDE.items()),
        ("duration_difference_ms", pa.float64()),
        ("cost_difference_usd", pa.float64()),
    ]
)

Step = dict[str, Any]
Pair = tuple[Step | None, Step | None]


def compare(
    database: Database, opener: Opener, records: Records, project: str, a: str, b: str | None, now_ns: int
) -> tuple[dict[str, Any], pa.Table]:
    """Run `a` against run `b`, else against the last good run of its workflow. Raises NoSuchRun.

    First, JSON-ready: the facts of `a` and `b` (null if there is none), `is_last_good`, `numbers` and `facts` of both
    (what, a, b, and for numbers a - b), and how many steps could not be aligned. Then the aligned steps in order, one
    row each: `change` is same, changed, added (in a alone) or dropped (in b alone). Instructions are compared at the
    first call of each agent.
    """
    run = _facts(database, opener, project, a, now_ns)
    is_last_good = b is None
    other_id = last_good_run(database, project, run, now_ns) if b is None else b
    if other_id is None:
        return {"a": run, "b": None, "is_last_good": True, "numbers": [], "facts": [], "unaligned_count": 0}, _table([])
    other = _facts(database, opener, project, other_id, now_ns)
    steps, others = (_steps(opener, records, project, found["run_id"]) for found in (run, other))
    pairs, unaligned_count = align(steps, others)
    found = {
        "a": run,
        "b": other,
        "is_last_good": is_last_good,
        "numbers": [
            {"what": name, "a": run[name], "b": other[name], "difference": _difference(run[name], other[name])}
            for name in _NUMBERS
        ],
        "facts": _changed_facts(run | _prompts(steps), other | _prompts(others)),
        "unaligned_count": unaligned_count,
    }
    return found, _table([_row(place, *pair) for place, pair in enumerate(pairs)])


def last_good_run(database: Database, project: str, run: Mapping[str, Any], now_ns: int) -> str | None:
    """The id of the run to compare one with if nobody says which, from the facts of the one."""
    found = questions.last_good_run(database, project, run, now_ns)["run_id"].to_pylist()
    return str(found[0]) if found else None


def align(steps: Sequence[Step], others: Sequence[Step]) -> tuple[list[Pair], int]:
    """The steps of both in order, those that do the same side by side; and how many were too many to be aligned.

    The same means the same kind and tool, or the same kind and agent: a call of another model is the same step.
    """
    keys, other_keys = ([_key(step) for step in found] for found in (steps, others))
    first = _common(keys, other_keys)
    last = _common(keys[first:][::-1], other_keys[first:][::-1])
    middle, other_middle = steps[first : len(steps) - last], others[first : len(others) - last]
    pairs: list[Pair] = list(zip(steps[:first], others[:first], strict=True))
    pairs += _aligned(middle[:MOST_ALIGNED], other_middle[:MOST_ALIGNED])
    rest, other_rest = middle[MOST_ALIGNED:], other_middle[MOST_ALIGNED:]
    pairs += [*((step, None) for step in rest), *((None, step) for step in other_rest)]
    pairs += zip(steps[len(steps) - last :], others[len(others) - last :], strict=True)
    return pairs, len(rest) + len(other_rest)


def _common(keys: Sequence[Any], others: Sequence[Any]) -> int:
    """How many keys both begin with."""
    pairs = enumerate(zip(keys, others, strict=False))
    return next((place for place, (key, other) in pairs if key != other), min(len(keys), len(others)))


def _aligned(steps: Sequence[Step], others: Sequence[Step]) -> Iterator[Pair]:
    keys, other_keys = ([_key(step) for step in found] for found in (steps, others))
    matcher = difflib.SequenceMatcher(None, other_keys, keys, autojunk=False)
    for _, from_other, to_other, from_own, to_own in matcher.get_opcodes():
        own, other = list(steps[from_own:to_own]), list(others[from_other:to_other])
        while own and other and own[0]["kind"] == other[0]["kind"]:  # one tool in another's place, or the same step
            yield own.pop(0), other.pop(0)
        yield from ((None, step) for step in other)
        yield from ((step, None) for step in own)


def _key(step: Step) -> tuple[str, str | None]:
    return step["kind"], step["name"] if step["kind"] in ("tool", "retrieval", "guardrail") else step["agent"]


def _row(place: int, step: Step | None, other: Step | None) -> Step:
    changed = [name for name in _COMPARED if step and other and _differ(step[name], other[name])]
    if step and other and None not in (step["instructions"], other["instructions"]):
        changed += ["instructions"] if step["instructions"] != other["instructions"] else []
    change = "added" if other is None else "dropped" if step is None else "changed" if changed else "same"
    sides = {"a": step or {}, "b": other or {}}
    return {
        "place": place,
        "change": change,
        "kind": (step or other or {})["kind"],
        "changed": changed,
        **{f"{side}_{name}": found.get(name) for side, found in sides.items() for name in _SIDE},
        **{f"{side}_tool_args": (found.get("tool_args") or "")[:_ARGS] or None for side, found in sides.items()},
        **{
            name: _difference(*(found.get(column, 0) for found in sides.values()))
            for name, column in (("duration_difference_ms", "duration_ms"), ("cost_difference_usd", "cost_usd"))
        },
    }


def _difference(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other


def _differ(value: Any, other: Any) -> bool:
    return bool(value != other and _canonical(value) != _canonical(other))


def _canonical(value: Any) -> Any:
    """JSON text without what its members' order and spaces add."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return orjson.dumps(orjson.loads(value), option=orjson.OPT_SORT_KEYS)
    except orjson.JSONDecodeError:
        return value


def _facts(database: Database, opener: Opener, project: str, run_id: str, now_ns: int) -> dict[str, Any]:
    found: list[dict[str, Any]] = orjson.loads(rows_json(questions.run(database, opener, project, run_id, now_ns)))
    return found[0]


def _steps(opener: Opener, records: Records, project: str, run_id: str) -> list[Step]:
    """The counted steps of a run in the waterfall's order, by the names of `_SIDE`, with their kind and, as far as they
    are read, their instructions."""
    with opener.open(project, run_id) as opened:
        found = questions.run_steps(opened)
    steps = [_step(row) for row in found.select(_READ).to_pylist()]
    firsts: dict[tuple[str, str | None], int] = {}
    for at, step in enumerate(steps):
        if step["counted"] and step["kind"] in ("agent", "llm"):
            firsts.setdefault((step["kind"], step["agent"]), at)
    instructed = list(firsts.values())[:MOST_INSTRUCTED]
    contents = records.contents(project, places_of(found.take(instructed))) if instructed else []
    for at, content in zip(instructed, contents, strict=True):
        steps[at]["instructions"] = content["system_instructions"]
    return [step for step in steps if step["counted"]]


def _step(row: Mapping[str, Any]) -> Step:
    prompt = " ".join(part for part in (row["prompt_name"], row["prompt_version"]) if part) or None
    model = row["served_model"] or row["requested_model"]
    named = {"tool": row["tool_name"], "llm": model, "embedding": model, "agent": row["agent_name"]}
    return {
        **{name: row.get(name) for name in _SIDE},
        "kind": row["kind"],
        "counted": row["counted"],
        "instructions": None,
        "name": named.get(row["kind"]) or row["name"],
        "agent": row["agent_name"],
        "model": model,
        "prompt": prompt,
        "tool_args": row["tool_args"] if row["kind"] == "tool" else None,
    }


def _prompts(steps: Sequence[Step]) -> dict[str, Any]:
    return {"prompts": sorted({step["prompt"] for step in steps if step["prompt"]})}


def _changed_facts(run: Mapping[str, Any], other: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Which of the facts differ; of lists the members that only one has."""
    told = [{"what": name, **_unshared(run[name], other[name])} for name in _FACTS]
    return [fact for fact in told if fact["a"] != fact["b"]]


def _unshared(value: Any, other: Any) -> dict[str, Any]:
    if not isinstance(value, list):
        return {"a": value, "b": other}
    return {"a": sorted(set(value) - set(other)), "b": sorted(set(other) - set(value))}


def _table(rows: list[Step]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=_ROWS)
