"""What people tell about runs and errors, in the app or by the API, sent in as telemetry: as an OTLP log record."""

import time
from collections.abc import Callable, Mapping

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from ingest.errors import Refused
from ingest.intake import Intake, Request, Signal

SCOPE = "runlight.app"
COMMIT_SECONDS = 30

Act = Mapping[str, str | float | None]  # canonical column → value

# The attributes that say so (the table of oversight.* events in docs/oversight.md).
_KEYS = {
    "correction_kind": "oversight.correction.kind",
    "correction_target": "oversight.correction.target",
    "correction_before": "oversight.correction.before",
    "correction_after": "oversight.correction.after",
    "correction_reason": "oversight.correction.reason",
    "correction_by": "oversight.correction.by",
    "evaluation_name": "gen_ai.evaluation.name",
    "evaluation_score": "gen_ai.evaluation.score.value",
    "evaluation_label": "gen_ai.evaluation.score.label",
    "evaluation_explanation": "gen_ai.evaluation.explanation",
    "evaluator_type": "oversight.evaluator.type",
    "error_fingerprint": "oversight.error.fingerprint",
    "error_assigned_to": "oversight.error.assigned_to",
    "error_state": "oversight.error.state",
    "error_release": "oversight.error.release",
    "error_by": "oversight.error.by",
    "tool_call_id": "gen_ai.tool.call.id",
    "conversation_id": "gen_ai.conversation.id",
    "run_id": "oversight.run.id",
    "source": "oversight.source",
}


def recorder(intake: Intake, clock_ns: Callable[[], int] = time.time_ns) -> Callable[[str, str, Act], str]:
    """A function of project, event name and act that returns once it is committed: '', or why it was not taken.

    Beside the columns above an act may have a `body` and, about a step, its `trace_id`, `span_id` (both in hex) and
    `service_name`.
    """

    def record(project: str, event_name: str, act: Act) -> str:
        now_ns = clock_ns()
        body = _request(event_name, act, now_ns).SerializeToString()
        try:
            taken = intake.submit(Request(Signal.LOG, body, "protobuf", project, now_ns))
            return taken.result(COMMIT_SECONDS).message
        except Refused as refusal:
            return str(refusal)

    return record


def _request(event_name: str, act: Act, now_ns: int) -> ExportLogsServiceRequest:
    record = LogRecord(
        time_unix_nano=now_ns,
        event_name=event_name,
        trace_id=bytes.fromhex(str(act.get("trace_id") or "")),
        span_id=bytes.fromhex(str(act.get("span_id") or "")),
        body=None if act.get("body") is None else AnyValue(string_value=str(act["body"])),
        attributes=[_attribute(key, act[name]) for name, key in _KEYS.items() if act.get(name) is not None],
    )
    resource = Resource(attributes=[_attribute("service.name", act.get("service_name") or SCOPE)])
    scoped = ScopeLogs(scope=InstrumentationScope(name=SCOPE), log_records=[record])
    return ExportLogsServiceRequest(resource_logs=[ResourceLogs(resource=resource, scope_logs=[scoped])])


def _attribute(key: str, value: str | float | None) -> KeyValue:
    said = AnyValue(double_value=value) if isinstance(value, float) else AnyValue(string_value=str(value))
    return KeyValue(key=key, value=said)
