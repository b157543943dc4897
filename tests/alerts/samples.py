"""Two of the samples at other times: the night in which a workflow ran in circles, and an approval that waits."""

import re
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sample_traces.history import encode, plan
from sample_traces.history.shapes import COST_SPIKE_WORKFLOW
from tests.test_sample_traces import SAMPLES

HOUR_NS, _MS_NS = 3_600 * 10**9, 10**6
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
_NANOSECONDS = re.compile(rb'(UnixNano":")(\d+)')
WAITING_WORKFLOW = "payout-review"


def send_cost_spike(url: str, project: str, hours_ago: int) -> None:
    """The workflow that ran in circles, over six weeks up to now, at about the hours of the day in which it did; the
    hours of its night end so many full hours ago."""
    story_now = datetime(2026, 11, 22, 20, tzinfo=UTC)
    now_ns = time.time_ns()
    shift_ns = now_ns // HOUR_NS * HOUR_NS - hours_ago * HOUR_NS - plan.cost_spike_ms(story_now)[1] * _MS_NS
    began_ms, over_ms = plan.cost_spike_ms(story_now)
    runs = [run for run in plan.runs(story_now) if run.shape.workflow == COST_SPIKE_WORKFLOW]
    near = [run for run in runs if (run.last_ms - began_ms) % _DAY_MS < over_ms - began_ms + _HOUR_MS]
    past = [run for run in near if run.last_ms * _MS_NS + shift_ns < now_ns]
    request = ExportTraceServiceRequest.FromString(encode.traces(past))
    for span in (span for told in request.resource_spans for scope in told.scope_spans for span in scope.spans):
        span.start_time_unix_nano += shift_ns
        span.end_time_unix_nano += shift_ns
    _send(url, project, "traces", request.SerializeToString(), "application/x-protobuf")


def send_question(url: str, project: str, minutes_ago: int) -> None:
    """The payout that waits for a human since then."""
    spans, logs = (SAMPLES / "approval-pending.jsonl").read_bytes().splitlines()
    (asked_ns,) = {int(found[2]) for found in _NANOSECONDS.finditer(logs) if found}
    shift_ns = time.time_ns() - minutes_ago * 60 * 10**9 - asked_ns
    for signal, body in (("traces", spans), ("logs", logs)):
        moved = _NANOSECONDS.sub(lambda found: found[1] + b"%d" % (int(found[2]) + shift_ns), body)
        _send(url, project, signal, moved, "application/json")


def send_answer(url: str, project: str) -> None:
    """A human says yes to it, now."""
    told: dict[str, Any] = orjson.loads((SAMPLES / "approval-pending.jsonl").read_bytes().splitlines()[1])
    (record,) = told["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    answer = {"approval.decision": "approved", "approval.decider.type": "human"}
    known = [one for one in record["attributes"] if one["key"] in ("oversight.approval.id", "gen_ai.tool.call.id")]
    said = [{"key": f"oversight.{key}", "value": {"stringValue": value}} for key, value in answer.items()]
    now_ns = str(time.time_ns())
    times = {"timeUnixNano": now_ns, "observedTimeUnixNano": now_ns}
    record.update(times, eventName="oversight.approval.decided", attributes=known + said)
    _send(url, project, "logs", orjson.dumps(told), "application/json")


def _send(url: str, project: str, signal: str, body: bytes, kind: str) -> None:
    headers = {"content-type": kind, "x-runlight-project": project}
    httpx.post(f"{url}/v1/{signal}", content=body, headers=headers, timeout=120).raise_for_status()
