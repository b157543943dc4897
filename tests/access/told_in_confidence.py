"""A run that has a mark in all that is content: what it was told, answered and passed on, and what people said."""

import json
from collections.abc import Mapping
from typing import Any

SECRET = "told-in-strict-confidence"
TRACE, MODEL, TOOL = "1f" * 16, "11" * 8, "22" * 8
_ROOT = "33" * 8
_MS_NS = 10**6


def told(began_ns: int) -> dict[str, dict[str, Any]]:
    """OTLP/JSON requests by signal."""
    spans = [
        _span(_ROOT, "invoke_agent clerk", None, began_ns, 900, _AGENT | _said(), is_failed=True),
        _span(MODEL, "chat", _ROOT, began_ns + 10 * _MS_NS, 200, _MODEL | _said()),
        _span(TOOL, "execute_tool pay", _ROOT, began_ns + 300 * _MS_NS, 100, _TOOL, is_failed=True),
    ]
    records = [
        _record(name, began_ns + (400 + place) * _MS_NS, attributes) for place, (name, attributes) in enumerate(_EVENTS)
    ]
    resource = {"attributes": _attributes({"service.name": "payables", "note": SECRET})}
    return {
        "traces": {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]},
        "logs": {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]},
    }


_AGENT: dict[str, str | float] = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": "clerk",
    "gen_ai.workflow.name": "payments",
    "gen_ai.conversation.id": "talk-of-clerk",
    "user.id": "kim",
}
_MODEL: dict[str, str | float] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.response.model": "gpt-4o-mini",
    "gen_ai.usage.input_tokens": 7,
    "gen_ai.tool.definitions": json.dumps([{"type": "function", "name": "pay", "description": SECRET}]),
}
_TOOL: dict[str, str | float] = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "pay",
    "gen_ai.tool.call.id": "call-1",
    "gen_ai.tool.call.arguments": json.dumps({"to": SECRET}),
    "gen_ai.tool.call.result": json.dumps({"said": SECRET}),
}
_EVENTS: list[tuple[str, dict[str, str | float]]] = [
    (
        "oversight.approval.requested",
        {
            "oversight.approval.id": "call-1",
            "gen_ai.tool.name": "pay",
            "gen_ai.tool.call.id": "call-1",
            "oversight.approval.arguments": json.dumps({"to": SECRET}),
        },
    ),
    (
        "oversight.approval.decided",
        {
            "oversight.approval.id": "call-1",
            "oversight.approval.decision": "approved_modified",
            "oversight.approval.decider.type": "human",
            "oversight.approval.reason": SECRET,
            "oversight.approval.modified_arguments": json.dumps({"to": SECRET, "less": True}),
            "gen_ai.tool.call.id": "call-1",
        },
    ),
    (
        "oversight.approval.requested",
        {
            "oversight.approval.id": "still-open",
            "gen_ai.tool.name": "pay",
            "oversight.approval.arguments": json.dumps({"to": SECRET}),
        },
    ),
    (
        "oversight.correction",
        {
            "oversight.correction.kind": "edited_output",
            "oversight.correction.before": SECRET,
            "oversight.correction.after": f"{SECRET} twice",
            "oversight.correction.reason": SECRET,
        },
    ),
    (
        "gen_ai.evaluation.result",
        {
            "gen_ai.evaluation.name": "helpful",
            "gen_ai.evaluation.score.value": 0.1,
            "gen_ai.evaluation.score.label": "fail",
            "gen_ai.evaluation.explanation": SECRET,
        },
    ),
    (
        "app.note",
        {},
    ),
]


def _said() -> dict[str, str | float]:
    part = {"type": "text", "content": SECRET}
    call = {"type": "tool_call", "id": "call-1", "name": "pay", "arguments": {"to": SECRET}}
    return {
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [part]}]),
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [part, call]}]),
        "gen_ai.system_instructions": json.dumps([part]),
        "a.key.of.nobody": SECRET,
    }


def _span(
    span_id: str,
    name: str,
    parent: str | None,
    began: int,
    took_ms: int,
    told: Mapping[str, str | float],
    *,
    is_failed: bool = False,
) -> dict[str, Any]:
    raised = {"exception.type": "Refused", "exception.message": SECRET, "exception.stacktrace": f"at {SECRET}"}
    event = {"name": "exception", "timeUnixNano": str(began), "attributes": _attributes(raised)}
    return {
        "traceId": TRACE,
        "spanId": span_id,
        **({"parentSpanId": parent} if parent else {}),
        "name": name,
        "startTimeUnixNano": str(began),
        "endTimeUnixNano": str(began + took_ms * _MS_NS),
        "attributes": _attributes(told),
        **({"status": {"code": 2, "message": SECRET}, "events": [event]} if is_failed else {}),
    }


def _record(name: str, at_ns: int, told: Mapping[str, str | float]) -> dict[str, Any]:
    return {
        "traceId": TRACE,
        "spanId": TOOL,
        "timeUnixNano": str(at_ns),
        "eventName": name,
        "body": {"stringValue": SECRET},
        "attributes": _attributes(told),
    }


def _attributes(told: Mapping[str, str | float]) -> list[dict[str, Any]]:
    kinds = {str: "stringValue", int: "intValue", float: "doubleValue"}
    return [{"key": key, "value": {kinds[type(value)]: value}} for key, value in told.items()]
