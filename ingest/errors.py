"""The few ways a request is refused, and what each one tells the client.

    Refused
    ├── Undecodable        400  INVALID_ARGUMENT
    ├── MalformedProject   400  INVALID_ARGUMENT
    ├── MalformedPerson    400  INVALID_ARGUMENT
    ├── Unauthenticated    401  UNAUTHENTICATED
    ├── Forbidden          403  PERMISSION_DENIED
    ├── UnknownPath        404  NOT_FOUND
    ├── WrongMethod        405  UNIMPLEMENTED
    ├── TooSlow            408  DEADLINE_EXCEEDED
    ├── TooLarge           413  RESOURCE_EXHAUSTED  without a retry hint: sending it again cannot help
    ├── UnknownMediaType   415  INVALID_ARGUMENT
    ├── UnknownEncoding    415  INVALID_ARGUMENT
    ├── Failed             500  INTERNAL            a bug of ours
    ├── Busy               503  UNAVAILABLE         worth sending again
    └── ShuttingDown       503  UNAVAILABLE         worth sending again

The message is read by whoever runs the exporter; receivers cut it and never add the request's content to it.
"""

from typing import ClassVar


class Refused(Exception):
    """A request that is not stored: its HTTP status, its gRPC code, and after how many seconds to send it again."""

    http_status: ClassVar[int]
    grpc_code: ClassVar[str]
    retry_after_seconds: ClassVar[int | None] = None


class Undecodable(Refused):
    """The bytes are not what the content type and encoding say."""

    http_status = 400
    grpc_code = "INVALID_ARGUMENT"


class MalformedProject(Refused):
    """The request names a project that cannot exist."""

    http_status = 400
    grpc_code = "INVALID_ARGUMENT"


class MalformedPerson(Refused):
    """The request names somebody to act for in a way that cannot be read."""

    http_status = 400
    grpc_code = "INVALID_ARGUMENT"


class Unauthenticated(Refused):
    """No key was sent where one is needed, or one that is not valid."""

    http_status = 401
    grpc_code = "UNAUTHENTICATED"


class Forbidden(Refused):
    """Whoever sent this may not do it."""

    http_status = 403
    grpc_code = "PERMISSION_DENIED"


class UnknownPath(Refused):
    """No signal lives at this path."""

    http_status = 404
    grpc_code = "NOT_FOUND"


class WrongMethod(Refused):
    """Telemetry is posted, nothing else."""

    http_status = 405
    grpc_code = "UNIMPLEMENTED"


class TooSlow(Refused):
    """The body did not arrive in time."""

    http_status = 408
    grpc_code = "DEADLINE_EXCEEDED"


class TooLarge(Refused):
    """More bytes than the settings allow, on the wire or after inflating."""

    http_status = 413
    grpc_code = "RESOURCE_EXHAUSTED"


class UnknownMediaType(Refused):
    """Neither protobuf nor JSON."""

    http_status = 415
    grpc_code = "INVALID_ARGUMENT"


class UnknownEncoding(Refused):
    """A content-encoding that cannot be undone here."""

    http_status = 415
    grpc_code = "INVALID_ARGUMENT"


class Failed(Refused):
    """Something broke on our side; the log has the traceback, the client does not."""

    http_status = 500
    grpc_code = "INTERNAL"


class Busy(Refused):
    """The queue is full, or the store cannot take it at the moment."""

    http_status = 503
    grpc_code = "UNAVAILABLE"
    retry_after_seconds = 2


class ShuttingDown(Refused):
    """The server stops; another one may answer on this address soon."""

    http_status = 503
    grpc_code = "UNAVAILABLE"
    retry_after_seconds = 5
