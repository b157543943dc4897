"""Small agents that report themselves through the real OpenTelemetry SDK."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, Status, StatusCode, Tracer

from tests.serving import RunningServer


@contextmanager
def tracing(exporter: SpanExporter, service: str = "support-bot", version: str = "1.4.0") -> Iterator[Tracer]:
    """A tracer whose spans have been sent, and the answers awaited, when the block ends."""
    resource = Resource.create(
        {"service.name": service, "service.version": version, "deployment.environment.name": "prod"}
    )
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    yield provider.get_tracer("tests")
    provider.shutdown()


@contextmanager
def tracing_to(
    server: RunningServer, project: str, service: str = "support-bot", version: str = "1.4.0"
) -> Iterator[Tracer]:
    """A tracer whose runs the server lists in that project when the block ends."""
    headers = {"x-runlight-project": project}
    exporter = OTLPSpanExporter(f"{server.url}/v1/traces", headers=headers, timeout=60)
    with tracing(exporter, service, version) as tracer:
        yield tracer
    server.settle(project)


def refund_that_fails(
    tracer: Tracer, question: str = "Where is my refund for order 7?", reason: str = "order 7 not found"
) -> str:
    """An agent that asks a model, calls a tool that fails, and gives up; the trace id."""
    with _agent(tracer, question) as root:
        _model_call(tracer, question)
        with tracer.start_as_current_span("execute_tool find_order", attributes=_tool("find_order")) as call:
            _fail(call, "OrderNotFound", reason)
        _fail(root, "OrderNotFound", reason)
        return trace_id(root)


def refund_that_works(
    tracer: Tracer, question: str = "Please refund order 8", conversation: str = "conversation-1"
) -> str:
    """An agent that asks a model and answers; the trace id."""
    with _agent(tracer, question, conversation) as root:
        _model_call(tracer, question)
        root.set_attribute("gen_ai.output.messages", _messages("assistant", "Order 8 is refunded."))
        return trace_id(root)


def trace_id(span: Span) -> str:
    return f"{span.get_span_context().trace_id:032x}"


@contextmanager
def _agent(tracer: Tracer, question: str, conversation: str = "conversation-1") -> Iterator[Span]:
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "refund-agent",
        "gen_ai.conversation.id": conversation,
        "user.id": "user-1",
        "gen_ai.input.messages": _messages("user", question),
    }
    with tracer.start_as_current_span("invoke_agent refund-agent", attributes=attributes) as root:
        yield root


def _model_call(tracer: Tracer, question: str) -> None:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o-2024-08-06",
        "gen_ai.usage.input_tokens": 1200,
        "gen_ai.usage.output_tokens": 80,
        "gen_ai.input.messages": _messages("user", question),
        "gen_ai.output.messages": _messages("assistant", "I look the order up."),
    }
    tracer.start_span("chat gpt-4o", attributes=attributes).end()


def _tool(name: str) -> dict[str, str]:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": name,
        "gen_ai.tool.call.id": "call-1",
        "gen_ai.tool.call.arguments": json.dumps({"order": 7}),
    }


def _fail(span: Span, error_type: str, reason: str) -> None:
    span.set_attribute("error.type", error_type)
    span.set_status(Status(StatusCode.ERROR, reason))


def _messages(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])
