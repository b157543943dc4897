"""Texts that an agent may send and that must only ever be read as text, and an agent that sends them everywhere."""

import json

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
        root.set_status(Status(StatusCode.ERROR, first))
        return trace_id(root)


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
