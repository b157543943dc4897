"""Runs as OTLP protobuf: small spans in today's GenAI conventions, `oversight.*` events as log records."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import SEVERITY_NUMBER_INFO, LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from sample_traces.history.plan import Approval, Change, ModelCall, Run, ToolCall, Wish

_SCOPE = InstrumentationScope(name="runlight.history", version="1.0.0")
_MS = 1_000_000
_Origin = tuple[str, str, str]  # service, version, environment


def traces(runs: Iterable[Run]) -> bytes:
    """An ExportTraceServiceRequest with every span of the runs."""
    spans: dict[_Origin, list[Span]] = defaultdict(list)
    for run in runs:
        spans[_origin(run)] += _spans(run)
    return ExportTraceServiceRequest(
        resource_spans=[
            ResourceSpans(resource=_resource(origin), scope_spans=[ScopeSpans(scope=_SCOPE, spans=found)])
            for origin, found in spans.items()
        ]
    ).SerializeToString()


def logs(runs: Iterable[Run], changes: Iterable[Change] = ()) -> bytes:
    """An ExportLogsServiceRequest with every event of the runs and the changes; empty when there is none."""
    records: dict[_Origin, list[LogRecord]] = defaultdict(list)
    for run in runs:
        if found := _events(run):
            records[_origin(run)] += found
    for change in changes:
        records[change.service, change.after, "production"].append(_change(change))
    return ExportLogsServiceRequest(
        resource_logs=[
            ResourceLogs(resource=_resource(origin), scope_logs=[ScopeLogs(scope=_SCOPE, log_records=found)])
            for origin, found in records.items()
        ]
    ).SerializeToString()


def _spans(run: Run) -> list[Span]:
    return (_outer_spans(run) if not run.is_lost else []) + _step_spans(run)


def _outer_spans(run: Run) -> list[Span]:
    shape = run.shape
    talk = {
        "gen_ai.input.messages": _messages(("user", _text(_question(run)))),
        "gen_ai.output.messages": "" if run.error else _messages(("assistant", _text(_answer(run)))),
        "user.id": run.user,
        "gen_ai.conversation.id": run.conversation,
        "gen_ai.workflow.name": shape.workflow,
    }
    invocation = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": shape.agent,
        "gen_ai.prompt.name": shape.agent,
        "gen_ai.prompt.version": run.prompt_version,
    }
    agent = _span(run, "agent", f"invoke_agent {shape.agent}", run, invocation | talk)
    if not shape.has_workflow_span:
        return [agent]
    agent.parent_span_id = _span_id(run, "root")
    orchestration = {"gen_ai.operation.name": "invoke_workflow"}
    return [_span(run, "root", f"invoke_workflow {shape.workflow}", run, orchestration | talk), agent]


def _step_spans(run: Run) -> list[Span]:
    spans = []
    learned = [("user", _text(_question(run)))]
    for index, step in enumerate(run.steps):
        if isinstance(step, ModelCall):
            span = _span(run, str(index), f"chat {run.shape.model}", step, _model_call(run, step, learned))
            span.kind = Span.SPAN_KIND_CLIENT
        else:
            span = _span(run, str(index), f"execute_tool {step.wish.tool.name}", step, _tool_call(run, step))
            learned = [learned[0], ("tool", _response(run, step))]
        span.parent_span_id = _span_id(run, "agent")
        spans.append(span)
    return spans


def _model_call(run: Run, step: ModelCall, learned: Sequence[tuple[str, dict[str, object]]]) -> dict[str, object]:
    attributes: dict[str, object] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": run.shape.provider,
        "gen_ai.request.model": run.shape.model,
        "gen_ai.input.messages": _messages(*learned),
        "gen_ai.prompt.name": run.shape.agent,
        "gen_ai.prompt.version": run.prompt_version,
    } | _on_behalf(run)
    if step.error:
        return attributes
    says = _text(_answer(run)) if step.wish is None else _wish(run, step.wish)
    return attributes | {
        "gen_ai.response.model": step.served,
        "gen_ai.response.id": f"resp_{_digest(run, f'response {step.started_ms}')[:10].hex()}",
        "gen_ai.response.finish_reasons": ["stop" if step.wish is None else "tool_call"],
        "gen_ai.usage.input_tokens": step.input_tokens,
        "gen_ai.usage.output_tokens": step.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": step.cache_read_tokens,
        "gen_ai.usage.cache_write.input_tokens": step.cache_write_tokens,
        "gen_ai.usage.reasoning.output_tokens": step.reasoning_tokens,
        "gen_ai.output.messages": _messages(("assistant", says)),
    }


def _tool_call(run: Run, step: ToolCall) -> dict[str, object]:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": step.wish.tool.name,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": _call_id(run, step.wish),
        "gen_ai.tool.call.arguments": step.wish.arguments,
        "gen_ai.tool.call.result": "" if step.error else step.wish.tool.result.replace("{n}", str(run.number)),
    } | _on_behalf(run)


def _on_behalf(run: Run) -> dict[str, object]:
    return {
        "gen_ai.agent.name": run.shape.agent,
        "gen_ai.workflow.name": run.shape.workflow,
        "gen_ai.conversation.id": run.conversation,
    }


def _span(
    run: Run, name_of_id: str, name: str, timed: Run | ModelCall | ToolCall, attributes: Mapping[str, object]
) -> Span:
    span = Span(
        trace_id=_digest(run, "trace")[:16],
        span_id=_span_id(run, name_of_id),
        name=name,
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=timed.started_ms * _MS,
        end_time_unix_nano=timed.ended_ms * _MS,
        attributes=_attributes(attributes),
        flags=256,  # whether the parent is remote is known: it is not
    )
    if timed.error:
        error_type, message = timed.error
        span.attributes.append(_attribute("error.type", error_type))
        span.status.CopyFrom(Status(code=Status.STATUS_CODE_ERROR, message=message))
        exception = _attributes({"exception.type": error_type, "exception.message": message})
        span.events.append(Span.Event(name="exception", time_unix_nano=span.end_time_unix_nano, attributes=exception))
    return span


def _events(run: Run) -> list[LogRecord]:
    records = []
    agent = _span_id(run, "agent")
    if run.approval:
        records += _approval(run, run.approval, agent)
    if run.edited_ms:
        before = _answer(run)
        edit = {
            "oversight.correction.kind": "edited_output",
            "oversight.correction.target": "output",
            "oversight.correction.before": before,
            "oversight.correction.after": before.replace("I'm sorry", "I apologise") + " Kind regards, your team.",
            "oversight.correction.by": run.user,
        }
        records.append(_event(run, agent, run.edited_ms, "oversight.correction", edit))
    if run.feedback_ms:
        feedback = {
            "gen_ai.evaluation.name": "user_feedback",
            "gen_ai.evaluation.score.value": 1.0 if run.is_liked else 0.0,
            "gen_ai.evaluation.score.label": "positive" if run.is_liked else "negative",
            "oversight.evaluator.type": "human",
        }
        records.append(_event(run, agent, run.feedback_ms, "gen_ai.evaluation.result", feedback))
    return records


def _approval(run: Run, approval: Approval, agent: bytes) -> list[LogRecord]:
    approval_id = f"appr-{_digest(run, 'approval')[:6].hex()}"
    call_id = _call_id(run, approval.wish)
    is_human = approval.decision != "expired"
    request = {
        "oversight.approval.id": approval_id,
        "oversight.approval.arguments": approval.wish.arguments,
        "oversight.gate.policy.id": approval.policy,
        "gen_ai.tool.name": approval.wish.tool.name,
        "gen_ai.tool.call.id": call_id,
        "gen_ai.agent.name": run.shape.agent,
        "gen_ai.conversation.id": run.conversation,
    }
    answer = {
        "oversight.approval.id": approval_id,
        "oversight.approval.decision": approval.decision,
        "oversight.approval.decider.type": "human" if is_human else "policy",
        "oversight.approval.decider.id": f"approver-{run.number % 4 + 1}" if is_human else "",
        "oversight.approval.modified_arguments": approval.modified_arguments,
        "gen_ai.tool.call.id": call_id,
    }
    return [
        _event(run, agent, approval.requested_ms, "oversight.approval.requested", request),
        _event(run, agent, approval.decided_ms, "oversight.approval.decided", answer),
    ]


def _event(run: Run, span_id: bytes, at_ms: int, name: str, attributes: Mapping[str, object]) -> LogRecord:
    return LogRecord(
        time_unix_nano=at_ms * _MS,
        observed_time_unix_nano=at_ms * _MS,
        severity_number=SEVERITY_NUMBER_INFO,
        event_name=name,
        trace_id=_digest(run, "trace")[:16],
        span_id=span_id,
        attributes=_attributes(attributes),
    )


def _change(change: Change) -> LogRecord:
    attributes = {
        "oversight.change.kind": change.kind,
        "oversight.change.subject": change.subject,
        "oversight.change.name": change.name,
        "oversight.change.from": change.before,
        "oversight.change.to": change.after,
        "oversight.change.reason": change.reason,
        "oversight.change.by": "delivery-pipeline",
        "oversight.change.ref": f"{change.service}@{change.after}",
    }
    return LogRecord(
        time_unix_nano=change.at_ms * _MS,
        observed_time_unix_nano=change.at_ms * _MS,
        severity_number=SEVERITY_NUMBER_INFO,
        event_name="oversight.change",
        attributes=_attributes(attributes),
    )


def _question(run: Run) -> str:
    return run.shape.asks[run.number % len(run.shape.asks)].replace("{n}", str(run.number))


def _answer(run: Run) -> str:
    if run.approval and run.approval.decision in {"rejected", "expired"}:
        return "That was not approved, so I have not done it. A colleague will get in touch with you."
    return run.shape.answers[run.number % len(run.shape.answers)].replace("{n}", str(run.number))


def _text(content: str) -> dict[str, object]:
    return {"type": "text", "content": content}


def _wish(run: Run, wish: Wish) -> dict[str, object]:
    arguments = json.loads(wish.arguments)
    return {"type": "tool_call", "id": _call_id(run, wish), "name": wish.tool.name, "arguments": arguments}


def _response(run: Run, step: ToolCall) -> dict[str, object]:
    response = (
        {"error": step.error[1]} if step.error else json.loads(step.wish.tool.result.replace("{n}", str(run.number)))
    )
    return {"type": "tool_call_response", "id": _call_id(run, step.wish), "response": response}


def _messages(*messages: tuple[str, dict[str, object]]) -> str:
    return json.dumps(
        [{"role": role, "parts": [part]} for role, part in messages], ensure_ascii=False, separators=(",", ":")
    )


def _call_id(run: Run, wish: Wish) -> str:
    return f"call_{_digest(run, f'call {wish.number}')[:8].hex()}"


def _span_id(run: Run, name: str) -> bytes:
    return _digest(run, name)[:8]


def _digest(run: Run, name: str) -> bytes:
    return hashlib.sha256(f"{run.key}/{name}".encode()).digest()


def _origin(run: Run) -> _Origin:
    return run.shape.service, run.version, run.environment


def _resource(origin: _Origin) -> Resource:
    service, version, environment = origin
    return Resource(
        attributes=_attributes(
            {"service.name": service, "service.version": version, "deployment.environment.name": environment}
        )
    )


def _attributes(values: Mapping[str, object]) -> list[KeyValue]:
    """Unknown (None) and empty values are left out, as an SDK would not set them."""
    return [_attribute(key, value) for key, value in values.items() if value is not None and value != ""]


def _attribute(key: str, value: object) -> KeyValue:
    return KeyValue(key=key, value=_any(value))


def _any(value: object) -> AnyValue:
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[_any(item) for item in value]))
    raise TypeError(f"no attribute value: {value!r}")
