"""The steps of one run as the pages show them: what each is called, when it began, what is odd about it."""

from collections import Counter
from typing import Any

import polars as pl

from pages.shared.format import plain

FLAWS = {
    "orphan": "its parent never arrived",
    "cycle": "its parents lead back to itself",
    "end_before_start": "it ends before it starts",
}


def described(steps: pl.DataFrame) -> pl.DataFrame:
    """The steps in the waterfall's order, with `label` (what one would call it), `start_ms` since the first start, and
    `note` (what is odd about it, else null)."""
    return steps.sort("order").with_columns(
        label=pl.when(kind="tool")
        .then(pl.coalesce("tool_name", "name"))
        .when(pl.col("kind") == "llm")
        .then(pl.coalesce("served_model", "requested_model", "name"))
        .when(pl.col("kind") == "agent")
        .then(pl.coalesce("agent_name", "name"))
        .otherwise("name"),
        start_ms=(pl.col("started_at") - pl.col("started_at").min()).dt.total_microseconds() / 1000,
        note=_notes(),
    )


def _notes() -> pl.Expr:
    flaws = pl.col("flaws").list.eval(pl.element().replace(FLAWS)).list.join(", ")
    repeated = pl.when(~pl.col("counted") & (pl.col("kind") != "other")).then(
        pl.lit("a wrapper or repetition, not counted")
    )
    return pl.concat_str(pl.when(flaws != "").then(flaws), repeated, separator="; ", ignore_nulls=True).replace(
        "", None
    )


def end_ms(steps: pl.DataFrame) -> float:
    """Where the axis of these described steps ends, in ms since the first start."""
    end: float | None = steps.select((pl.col("start_ms") + pl.col("duration_ms").fill_null(0)).max()).item()
    return end or 0.0


def routes(steps: pl.DataFrame) -> list[str]:
    """`requested → served ×calls` of the counted model calls, most used first."""
    calls = steps.filter(pl.col("kind").is_in(["llm", "embedding"]) & pl.col("counted"))
    named = Counter(
        " → ".join(dict.fromkeys(model for model in call if model)) or "unknown model"
        for call in calls.select("requested_model", "served_model").iter_rows()
    )
    return [f"{route} ×{call_count}" for route, call_count in named.most_common()]


def why(failed: dict[str, Any]) -> str:
    """The error of a run or step in its own words."""
    words = [plain(part) for part in (failed["error_type"], failed["error_message"]) if part]
    return ": ".join(words) or "The telemetry does not say why."


def first_to_open(run: dict[str, Any], steps: pl.DataFrame) -> str | None:
    """The step that explains the run's state: where it broke, what it waits for, else its first step."""
    failing = run.get("error_step_id")
    if failing in steps["step_id"]:
        return str(failing)
    for status in {"error": ("error",), "waiting": ("pending",), "running": ("running",)}.get(run["status"], ()):
        matching = steps.filter(pl.col("status") == status)
        if matching.height:
            return str(matching["step_id"][-1])
    return str(steps["step_id"][0]) if steps.height else None
