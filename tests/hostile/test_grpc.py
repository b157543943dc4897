"""The same hostile bodies over gRPC: a code that no exporter repeats, and the next good call is stored."""

import grpc
import pytest

from tests.faults.exporters import GRPC_EXPORT
from tests.hostile.bodies import REFUSED, encoded, request, span
from tests.serving import RunningServer

BODIES = {name: body for name, (encoding, body) in REFUSED.items() if encoding == "protobuf"}


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip], ids=lambda c: c.name)
@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_otlp_is_an_invalid_argument(
    small_server: RunningServer, name: str, compression: grpc.Compression
) -> None:
    with grpc.insecure_channel(small_server.grpc_address) as channel:
        export = channel.unary_unary(GRPC_EXPORT)
        with pytest.raises(grpc.RpcError) as refusal:
            export(BODIES[name], timeout=30, compression=compression)
        assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert export(encoded(request(span()), "protobuf"), timeout=30, compression=compression) == b""
