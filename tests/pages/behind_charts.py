"""Which numbers of the tables behind charts the charts draw, by the names of the tables."""

from collections.abc import Callable

import pandas as pd

from pages.shared.latency import PARTS
from pages.shared.tools import DRAWN_TOOLS

Drawn = Callable[[pd.DataFrame], pd.DataFrame]


def columns(*names: str) -> Drawn:
    return lambda rows: rows[[*names]]


def _calls(rows: pd.DataFrame) -> pd.DataFrame:
    """What became of the calls of each tool, and how long they took."""
    top = rows[rows["call_count"] + rows["unstarted_count"] > 0].head(DRAWN_TOOLS)
    ok = top["ended_count"] - top["error_count"]
    told = top[["error_count", "refused_count", "cancelled_count", *(f"{part}_duration_ms" for part in PARTS)]]
    return told.assign(ok_count=ok)


def _asked_for(rows: pd.DataFrame) -> pd.DataFrame:
    outcomes = ("ok", "error", "refused", "cancelled", "never_ran", "open")
    return rows.head(DRAWN_TOOLS)[[f"{outcome}_count" for outcome in outcomes]]


def _affected(by: str) -> Drawn:
    def parts(rows: pd.DataFrame) -> pd.DataFrame:
        failed = rows[f"failed_{by}_count"]
        return pd.DataFrame({"failed": failed, "well": rows[f"{by}_count"] - failed})

    return parts


DRAWN: dict[str, Drawn] = {
    "overview_trend": columns(
        "run_count", "error_rate", "p95_duration_ms", "cost_usd", "approval_count", "correction_rate"
    ),
    "error_trend": columns("error_rate", "tool_error_rate", "llm_error_rate"),
    "tool_stats": _calls,
    "proposed_outcomes": _asked_for,
    "model_routes": lambda rows: rows[rows["kind"] == "llm"][["call_count"]],
    "cost_trend": columns("cost_usd"),
    "token_classes": columns(
        "fresh_input_tokens",
        "cache_write_tokens",
        "cache_read_tokens",
        "answer_tokens",
        "reasoning_tokens",
        "cache_hit_rate",
    ),
    "cost_per_run": columns("run_count"),
    "time_by_kind": lambda rows: rows[rows["kind"] != "human_wait"][["working_share"]],
    "latency_heatmap": columns("run_count"),
    "latency_trend": columns("p95_ms"),
    "first_token": columns(*(f"{part}_ttft_ms" for part in PARTS)),
    "slowest_runs": lambda rows: rows[rows["kind"] != "human_wait"][["own_ms"]],
    "approval-trend": lambda rows: rows.filter(like="_count").drop(
        columns=["approval_count", "human_count", "waited_count"]
    ),
    "correction-rate": columns("correction_rate", "corrected_share"),
    "evaluation_trend": columns("bad_rate", "mean_score"),
    "evaluation_distribution": columns("judgement_count"),
    "affected_trend": _affected("user"),
    "metric_trend": columns("observation_sum"),
    "ingest_growth": columns("stored_count"),
}
OTHERWISE: dict[str, dict[str, Drawn]] = {
    "Latency?part=p50": {"latency_trend": columns("p50_ms")},
    "Latency?part=p99": {"latency_trend": columns("p99_ms")},
    "Latency?slow=total": {"slowest_runs": columns("own_ms")},
    "Users?by=conversation": {"affected_trend": _affected("conversation")},
}
"""Where what the address asks for makes it another part of the table."""
