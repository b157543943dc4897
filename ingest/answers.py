"""What an exporter gets back: receipts as OTLP's own messages, refusals as `google.rpc.Status`.

Answers stay small and plain whatever was sent: a message is cut and reduced to printable ASCII.
"""

from collections.abc import Callable

from google.protobuf import json_format
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsPartialSuccess, ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsPartialSuccess,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from ingest.errors import Refused
from ingest.intake import Encoding, Receipt, Signal

_LONGEST_MESSAGE = 300  # characters; twice in a Status, and escaped in JSON, it still fits into 2 KB

_ALL_STORED: dict[Encoding, bytes] = {"protobuf": b"", "json": b"{}"}
_PARTLY_STORED: dict[Signal, Callable[[int, str], Message]] = {
    Signal.SPAN: lambda count, why: ExportTraceServiceResponse(
        partial_success=ExportTracePartialSuccess(rejected_spans=count, error_message=why)
    ),
    Signal.LOG: lambda count, why: ExportLogsServiceResponse(
        partial_success=ExportLogsPartialSuccess(rejected_log_records=count, error_message=why)
    ),
    Signal.METRIC: lambda count, why: ExportMetricsServiceResponse(
        partial_success=ExportMetricsPartialSuccess(rejected_data_points=count, error_message=why)
    ),
}


def stored(signal: Signal, receipt: Receipt, encoding: Encoding) -> bytes:
    """The body of the signal's `Export…ServiceResponse`; `partial_success` is set only when the receipt says something.

    Source: OTLP specification, "Full Success" and "Partial Success".
    """
    if not receipt.rejected_count and not receipt.message:
        return _ALL_STORED[encoding]
    return encode(_PARTLY_STORED[signal](receipt.rejected_count, plain(receipt.message)), encoding)


def status(refused: Refused) -> Status:
    """The refusal as `google.rpc.Status`, with `RetryInfo` where sending again helps and `BadRequest` for a 400.

    Source: OTLP specification, "Failures", "Bad Data" and "OTLP/gRPC Throttling".
    """
    message = plain(str(refused))
    answer = Status(code=Code.Value(refused.grpc_code), message=message)
    if refused.retry_after_seconds is not None:
        answer.details.add().Pack(retry_info(refused.retry_after_seconds))
    elif refused.http_status == 400:
        answer.details.add().Pack(BadRequest(field_violations=[BadRequest.FieldViolation(description=message)]))
    return answer


def retry_info(seconds: int) -> RetryInfo:
    """How long to wait before sending the same request again."""
    return RetryInfo(retry_delay=Duration(seconds=seconds))


def encode(message: Message, encoding: Encoding) -> bytes:
    """The message in protobuf, or in protobuf's JSON mapping (lowerCamelCase names, 64-bit integers as strings)."""
    if encoding == "protobuf":
        return message.SerializeToString()
    return json_format.MessageToJson(message, indent=None).encode()


def plain(text: str) -> str:
    """The text cut and without anything but printable ASCII, since it may quote what a client sent."""
    return "".join(character if " " <= character <= "~" else "?" for character in text[:_LONGEST_MESSAGE])
