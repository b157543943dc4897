"""One table: encodings × compressions × failures → the status, the body, the memory, and that the server goes on."""

import gzip
import itertools
import zlib
from collections.abc import Callable

import pytest
import zstandard
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status

from ingest.receiver import MEDIA_TYPES
from settings import Settings
from tests.hostile.bodies import REFUSED, STORED, encoded
from tests.hostile.posts import (
    COMPRESSIONS,
    LARGEST_ANSWER,
    Post,
    body_of,
    malformed_project,
    media_type_with_parameters,
    not_compressed,
    nothing_to_store,
    one_span,
    other_bytes,
    too_large,
    too_many_encodings,
    truncated,
    unknown_encoding,
    unknown_media_type,
    unknown_path,
    wrong_method,
)
from tests.ingest.otlp_samples import RESPONSES
from tests.serving import SMALL_BYTES, RunningServer

MOST_EXTRA_BYTES = 64 * 1024 * 1024
MOST_EXTRA_BYTES_PER_RECORD = 2_500  # of a run, which is derived as a whole

# What is sent → the answer's status, the message its body holds, and its google.rpc code.
# "own" is the request's encoding.
OUTCOMES: list[tuple[Callable[[str, str], Post], int, str, type[Message], str | None]] = [
    (one_span, 200, "own", RESPONSES["traces"], None),
    (media_type_with_parameters, 200, "own", RESPONSES["traces"], None),
    (nothing_to_store, 200, "own", RESPONSES["traces"], None),
    (other_bytes, 400, "own", Status, "INVALID_ARGUMENT"),
    (malformed_project, 400, "own", Status, "INVALID_ARGUMENT"),
    (unknown_path, 404, "own", Status, "NOT_FOUND"),
    (wrong_method, 405, "own", Status, "UNIMPLEMENTED"),
    (too_large, 413, "own", Status, "RESOURCE_EXHAUSTED"),
    (unknown_encoding, 415, "own", Status, "INVALID_ARGUMENT"),
    (too_many_encodings, 415, "own", Status, "INVALID_ARGUMENT"),
    (unknown_media_type, 415, "json", Status, "INVALID_ARGUMENT"),
]
COMPRESSED_OUTCOMES: list[tuple[Callable[[str, str], Post], int, str, type[Message], str | None]] = [
    (truncated, 400, "own", Status, "INVALID_ARGUMENT"),
    (not_compressed, 400, "own", Status, "INVALID_ARGUMENT"),
]
ROWS = [
    pytest.param(sent(encoding, coding), *expected, id=f"{sent.__name__}-{encoding}-{coding}-is-{expected[0]}")
    for encoding, coding in itertools.product(MEDIA_TYPES, COMPRESSIONS)
    for sent, *expected in OUTCOMES + (COMPRESSED_OUTCOMES if coding != "identity" else [])
]


@pytest.fixture(scope="module", autouse=True)
def _has_stored(server: RunningServer, small_server: RunningServer) -> None:
    """What the first request and the first rebuild of a process take once is in nobody's measurement."""
    for one in (server, small_server):
        assert goes_on(one)
        one.settle("default")


@pytest.mark.parametrize(("post", "status", "encoding", "message_type", "code"), ROWS)
def test_every_request_gets_the_status_and_body_of_the_specification(
    small_server: RunningServer, post: Post, status: int, encoding: str, message_type: type[Message], code: str | None
) -> None:
    before = small_server.reset_peak_memory()
    answer = post.send(small_server.url)
    own = "json" if "json" in post.media_type.lower() else "protobuf"
    message = body_of(answer, own if encoding == "own" else encoding, message_type)
    assert answer.status_code == status
    assert len(answer.content) < LARGEST_ANSWER
    if code is None:
        assert message == message_type()
    else:
        assert isinstance(message, Status)
        assert message.code == Code.Value(code)
        assert message.message
    if status == 405:
        assert answer.headers["allow"] == "POST"
    assert small_server.peak_memory() - before < MOST_EXTRA_BYTES
    assert goes_on(small_server)


def goes_on(server: RunningServer) -> bool:
    """Whether the next good request is stored."""
    return one_span("json", "identity").send(server.url).status_code == 200


@pytest.mark.parametrize("coding", ["identity", "gzip, zstd"])
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_otlp_is_refused_and_harms_nobody(small_server: RunningServer, name: str, coding: str) -> None:
    encoding, body = REFUSED[name]
    before = small_server.reset_peak_memory()
    answer = Post(COMPRESSIONS[coding](body), MEDIA_TYPES[encoding], coding).send(small_server.url)
    assert answer.status_code == 400
    message = body_of(answer, encoding, Status)
    assert isinstance(message, Status)
    assert message.code == Code.Value("INVALID_ARGUMENT")
    assert small_server.peak_memory() - before < MOST_EXTRA_BYTES
    assert goes_on(small_server)


# 50 makes a million attributes, 250,000 spans, and a run of 25,000 children.
@pytest.mark.parametrize("encoding", MEDIA_TYPES)
@pytest.mark.parametrize("make", STORED, ids=lambda make: make.__name__)
def test_hostile_content_is_stored_and_can_be_asked_for(
    server: RunningServer, make: Callable[[int], dict[str, object]], encoding: str, is_soak: bool
) -> None:
    project = f"{make.__name__}-{encoding}"
    body = encoded(make(50 if is_soak else 1), encoding)
    before = server.reset_peak_memory()
    answer = Post(gzip.compress(body, 1), MEDIA_TYPES[encoding], "gzip", project=project).send(server.url)
    assert answer.status_code == 200
    assert body_of(answer, encoding, RESPONSES["traces"]) == RESPONSES["traces"]()
    extra_bytes = server.peak_memory() - before
    assert goes_on(server)
    batches = server.ask("ingest", project=project)["batches"]
    record_count = sum(batch["received_count"] for batch in batches)
    assert extra_bytes < MOST_EXTRA_BYTES + max(32 * len(body), MOST_EXTRA_BYTES_PER_RECORD * record_count)
    for batch in batches:
        assert batch["received_count"] == batch["stored_count"] + batch["conflicting_count"] + batch["duplicate_count"]
        assert batch["unread_count"] == 0
    everything = {"project": project, "since": "1970-01-01T00:00:00Z"}
    assert len(server.ask("runs", **everything)["rows"]) <= 1
    assert server.ask("label-keys", **everything)["rows"] is not None


@pytest.mark.parametrize(
    "layers",
    [("gzip",), ("zstd",), ("deflate",), ("gzip", "gzip"), ("gzip", "zstd"), ("zstd", "gzip", "deflate")],
    ids=",".join,
)
def test_a_small_body_that_inflates_to_a_large_one_is_refused_in_bounded_memory(
    server: RunningServer, layers: tuple[str, ...], is_soak: bool
) -> None:
    largest = Settings.model_fields["max_body_bytes"].default
    body = bomb(layers[0], 1024 * SMALL_BYTES if is_soak else largest + SMALL_BYTES)
    for layer in layers[1:]:
        body = COMPRESSIONS[layer](body)
    before = server.reset_peak_memory()
    answer = Post(body, MEDIA_TYPES["protobuf"], ", ".join(layers)).send(server.url)
    assert answer.status_code == 413
    assert server.peak_memory() - before < largest + MOST_EXTRA_BYTES
    assert goes_on(server)


def bomb(coding: str, size: int) -> bytes:
    """Zeros, compressed without ever holding them."""
    zeros = bytes(SMALL_BYTES)
    if coding == "zstd":
        stream = zstandard.ZstdCompressor(level=3).compressobj()
    else:
        stream = zlib.compressobj(9, zlib.DEFLATED, 31 if coding == "gzip" else 15)
    return b"".join(stream.compress(zeros) for _ in range(size // SMALL_BYTES)) + stream.flush()
