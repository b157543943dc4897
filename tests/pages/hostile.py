"""Texts that an agent may send and that must only ever be read as text, and an agent that sends them everywhere."""

import json
import time

from opentelemetry.trace import Status, StatusCode, Tracer

from tests.pages.agents import trace_id

HOSTILE_TEXTS = [
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 1'>",
    '<a href="https://outside.invalid/link">click</a>',
    "**bold** _it_ [link](https://outside.invalid/md) ![picture](https://outside.invalid/md.png)",
    ":red[red] :material/home: :rocket: $\\frac{1}{2}$ -> <-",
    "https://outside.invalid/auto www.outside.invalid",
    "%{customdata} {{x}} #000001 &lt;b&gt; &amp;",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "# heading\n> quote\n```\ncode\n```",
    "'; drop table runs; --",
    "../../etc/passwd",
    '=HYPERLINK("https://outside.invalid")',
    "javascript:window.hacked=1",
    "\u202eright to left\u202c \x1b[31mred\x1b[0m \x00 \ufeff",
]


def hostile_run(tracer: Tracer) -> str:
    """An agent, model calls and failing tool calls that carry every text in every place; the trace id."""
    first = HOSTILE_TEXTS[0]
    root_attributes = {"gen_ai.operation.name": "invoke_agent", **_everywhere("\n".join(HOSTILE_TEXTS))}
    with tracer.start_as_current_span(f"invoke_agent {first}", attributes=root_attributes) as root:
        for text in HOSTILE_TEXTS:
            with tracer.start_as_current_span(f"chat {text}", attributes=_everywhere(text) | _model(text)) as call:
                call.add_event(text, {text: text})
            with tracer.start_as_current_span(
                f"execute_tool {text}", attributes=_everywhere(text) | _tool(text)
            ) as call:
                call.record_exception(RuntimeError(text))
                call.set_status(Status(StatusCode.ERROR, text))
        for name, attributes in _acts("\n".join(HOSTILE_TEXTS)).items():
            root.add_event(name, attributes)
        root.set_status(Status(StatusCode.ERROR, first))
        return trace_id(root)


def hostile_calls(tracer: Tracer) -> None:
    """As many calls of a model without a price as make an alert fire."""
    used = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 1}
    with tracer.start_as_current_span("invoke_agent", attributes={"gen_ai.operation.name": "invoke_agent"}):
        for _ in range(10):
            tracer.start_span("chat", attributes={**_model(HOSTILE_TEXTS[0]), **used}).end()


def hostile_metric() -> dict[str, object]:
    """An OTLP/JSON export request of one gauge that is hostile in name, unit, attribute and service."""
    label = [{"key": HOSTILE_TEXTS[3], "value": {"stringValue": HOSTILE_TEXTS[0]}}]
    point = {"timeUnixNano": str(time.time_ns()), "attributes": label, "asDouble": 1.5}
    gauge = {"name": HOSTILE_TEXTS[1], "unit": HOSTILE_TEXTS[2], "gauge": {"dataPoints": [point]}}
    service = [{"key": "service.name", "value": {"stringValue": HOSTILE_TEXTS[0]}}]
    return {"resourceMetrics": [{"resource": {"attributes": service}, "scopeMetrics": [{"metrics": [gauge]}]}]}


def _everywhere(text: str) -> dict[str, str]:
    names = ("agent.name", "conversation.id", "workflow.name", "provider.name", "prompt.name")
    part = {"type": "text", "content": text}
    call = {"type": "tool_call", "id": text, "name": text, "arguments": {text: text}}
    said = [{"role": text, "parts": [part, {"type": "reasoning", "content": text}, call, {"type": text, text: text}]}]
    return {
        **{f"gen_ai.{name}": text for name in names},
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [part]}, *said]),
        "gen_ai.output.messages": json.dumps(said),
        "gen_ai.system_instructions": json.dumps([part]),
        "user.id": text,
        text: text,
    }


def _model(text: str) -> dict[str, str]:
    return {"gen_ai.operation.name": "chat", "gen_ai.request.model": text, "gen_ai.response.model": f"{text} served"}


def _tool(text: str) -> dict[str, str]:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": text,
        "gen_ai.tool.call.id": text,
        "gen_ai.tool.call.arguments": json.dumps({text: text}),
        "gen_ai.tool.call.result": text,
        "error.type": text,
    }


def _acts(text: str) -> dict[str, dict[str, str | float]]:
    arguments = json.dumps({text: text})
    return {
        "oversight.approval.requested": {
            **{f"oversight.approval.{name}": text for name in ("id", "action", "summary")},
            "oversight.gate.policy.id": text,
            "oversight.approval.arguments": arguments,
        },
        "oversight.approval.decided": {
            **{f"oversight.approval.{name}": text for name in ("id", "decider.id", "reason")},
            "oversight.approval.decision": "approved_modified",
            "oversight.approval.decider.type": "human",
            "oversight.approval.modified_arguments": json.dumps({text: text[:20]}),
        },
        "oversight.correction": {
            **{f"oversight.correction.{name}": text for name in ("before", "reason", "by")},
            "oversight.correction.kind": "edited_output",
            "oversight.correction.target": "output",
            "oversight.correction.after": text[:20],
        },
        "gen_ai.evaluation.result": {
            **{f"gen_ai.evaluation.{name}": text for name in ("name", "score.label", "explanation")},
            "gen_ai.evaluation.score.value": 0.1,
            "oversight.evaluator.type": "human",
        },
    }
