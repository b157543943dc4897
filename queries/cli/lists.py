"""The commands that answer with a list: each asks one question and says which of its columns a table shows."""

import sys
from datetime import timedelta
from typing import Any

import orjson
import polars as pl

from queries.cli.session import Session, dollars, moment, number, percent, seconds, words
from queries.encoding import rows_json

_RUNS = {
    "run_id": words,
    "status": words,
    "started_at": moment,
    "duration_ms": seconds,
    "cost_usd": dollars,
    "step_count": number,
    "name": words,
    "agent_name": words,
    "error_type": words,
}
_STEPS = {
    "step": words,
    "kind": words,
    "status": words,
    "duration_ms": seconds,
    "cost_usd": dollars,
    "served_model": words,
    "error_message": words,
}


def runs(session: Session) -> bool:
    options = session.options
    found, _ = session.client.runs(
        **session.asked, limit=options.limit, sort=options.sort, order=options.order, q=options.search
    )
    return session.show(found, _RUNS)


def run(session: Session) -> bool:
    asked = {"project": session.project, "run_id": session.options.run_id}
    steps = session.client.steps(**asked)
    if session.options.format == "csv":
        return session.show(steps, {})
    told = session.client.run(**asked)
    if session.options.format == "json":
        told["steps"] = orjson.Fragment(rows_json(steps.to_arrow()))
        session.write(orjson.dumps(told).decode())
        return True
    session.show_rows(pl.DataFrame([{name: told[name] for name in _RUNS}]), _RUNS)
    for name, value in {"asked": told["input_preview"], "answered": told["output_preview"]}.items():
        session.write(f"{name}: {words(value)}")
    indented = pl.concat_str(pl.lit("\u00b7").repeat_by("depth").list.join(""), pl.col("name")).alias("step")
    if not steps.is_empty():
        session.show_rows(steps.with_columns(indented), _STEPS)
    return True


def tools(session: Session) -> bool:
    return session.show(
        _asked(session, "tool_stats"),
        {
            "tool_name": words,
            "call_count": number,
            "run_count": number,
            "error_count": number,
            "error_rate": percent,
            "timeout_count": number,
            "refused_count": number,
            "p50_duration_ms": seconds,
            "p95_duration_ms": seconds,
            "last_seen_at": moment,
        },
    )


def routes(session: Session) -> bool:
    return session.show(
        _asked(session, "model_routes"),
        {
            "requested_model": words,
            "served_model": words,
            "provider": words,
            "gateway": words,
            "call_count": number,
            "call_share": percent,
            "error_rate": percent,
            "truncation_rate": percent,
            "cost_usd": dollars,
            "p95_duration_ms": seconds,
        },
    )


def cost(session: Session) -> bool:
    return session.show(
        _asked(session, "cost_by", by=session.options.by),
        {
            "value": words,
            "run_count": number,
            "call_count": number,
            "unpriced_count": number,
            "input_tokens": number,
            "output_tokens": number,
            "cost_usd": dollars,
            "cost_share": percent,
            "cost_before_usd": dollars,
        },
    )


def approvals(session: Session) -> bool:
    of_question = {"run_id": words, "workflow_name": words, "tool_name": words, "args_before": words}
    if session.options.pending:
        shown = {**of_question, "requested_at": moment, "age_ms": _age, "decider": words, "gate_policy": words}
        return session.show(_asked(session, "pending_approvals"), shown)
    found, _ = session.client.approvals(**session.asked, limit=session.options.limit)
    of_answer = {"outcome": words, "requested_at": moment, "wait_ms": _age, "decider_type": words, "reason": words}
    return session.show(found, of_question | of_answer)


def corrections(session: Session) -> bool:
    found, _ = session.client.corrections(**session.asked, limit=session.options.limit)
    names = ("run_id", "workflow_name", "step_name", "kind", "strength", "value_before", "value_after", "reason")
    return session.show(found, {"corrected_at": moment, **dict.fromkeys(names, words)})


def errors(session: Session) -> bool:
    return session.show(
        _asked(session, "error_groups"),
        {
            "fingerprint": words,
            "state": words,
            "kind": words,
            "subject": words,
            "error_type": words,
            "pattern": words,
            "error_count": number,
            "run_count": number,
            "last_seen_at": moment,
        },
    )


def sql(session: Session) -> bool:
    statement = session.options.statement
    found, cut_at = session.client.sql(sql=sys.stdin.read() if statement == "-" else statement, **session.asked)
    is_there = session.show(found, dict.fromkeys(found.columns, words))
    if cut_at is not None:
        sys.stderr.write(f"cut at {cut_at:,} rows\n")
    return is_there


def _asked(session: Session, question: str, **more: Any) -> pl.DataFrame:
    return session.client.ask(question, **session.asked, **more, limit=session.options.limit)


def _age(milliseconds: Any) -> str:
    return "-" if milliseconds is None else str(timedelta(seconds=round(milliseconds / 1000)))
