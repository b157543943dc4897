"""What taking in measures of itself, by OpenTelemetry's own instruments: the values of labels are bounded, and nothing
of a request's content is in them. Without a provider they cost nearly nothing."""

from contextlib import AbstractContextManager

from opentelemetry import metrics, trace
from opentelemetry.trace import Span

from ingest.errors import Refused

_tracer = trace.get_tracer("runlight.ingest")
_meter = metrics.get_meter("runlight.ingest")
_requests = _meter.create_counter(
    "runlight.otlp.requests", "{request}", "OTLP requests by what became of them: stored, or why they were refused."
)
commit_duration = _meter.create_histogram(
    "runlight.commit.duration",
    "s",
    "Time that one transaction took.",
    explicit_bucket_boundaries_advisory=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def count_request(transport: str, signal: str | None, refused: Refused | None = None) -> None:
    """Count a request of a signal (None: none that there is) as stored, or as refused for this reason."""
    outcome = "stored" if refused is None else type(refused).__name__
    _requests.add(1, {"transport": transport, "signal": signal or "none", "outcome": outcome})


def commit_span() -> AbstractContextManager[Span]:
    """A span around one transaction. What fails in it may hold content, so no exception is put into it."""
    return _tracer.start_as_current_span("commit", record_exception=False, set_status_on_exception=False)
