"""The lines that send a first run with nothing but OpenTelemetry's own packages."""

from pages.shared.data import DEFAULT_PROJECT

HEADER = "x-runlight-project"


def python(url: str, project: str, *, needs_key: bool = False) -> str:
    """What to install, and three lines of Python that send a run to the server at `url`."""
    headers = _headers(project, needs_key, ", headers={{{}}}")
    return (
        "# pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http\n"
        "from opentelemetry.sdk.trace import TracerProvider, export; "
        "from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter\n"
        "provider = TracerProvider(); provider.add_span_processor(export.SimpleSpanProcessor("
        f'OTLPSpanExporter("{url}/v1/traces"{headers})))\n'
        'provider.get_tracer("hello").start_span("invoke_agent hello", attributes='
        '{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "hello"}).end()\n'
    )


def node(url: str, project: str, *, needs_key: bool = False) -> str:
    """What to install, and three lines of JavaScript that send a run to the server at `url`."""
    headers = _headers(project, needs_key, ", headers: {{ {} }}")
    return (
        "// npm install @opentelemetry/sdk-trace-node @opentelemetry/exporter-trace-otlp-http\n"
        'const { NodeTracerProvider, SimpleSpanProcessor } = require("@opentelemetry/sdk-trace-node"), '
        '{ OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-http");\n'
        "const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor("
        f'new OTLPTraceExporter({{ url: "{url}/v1/traces"{headers} }}))] }});\n'
        'provider.getTracer("hello").startSpan("invoke_agent hello", { attributes: '
        '{ "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "hello" } }).end();\n'
    )


def _headers(project: str, needs_key: bool, form: str) -> str:
    named = [] if project == DEFAULT_PROJECT else [f'"{HEADER}": "{project}"']
    key = ['"x-api-key": "KEY"'] if needs_key else []
    return form.format(", ".join(named + key)) if named or key else ""
