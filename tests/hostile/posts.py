"""What is sent to the receiver over HTTP: one small request, and the ways in which it can be wrong."""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import zstandard
from google.protobuf import json_format
from google.protobuf.message import Message

from ingest.receiver import MEDIA_TYPES
from tests.ingest.otlp_samples import spans, spans_json
from tests.serving import SMALL_BYTES

LARGEST_ANSWER = 2048
TRACE = "0af7651916cd43dd8448eb211c80319c"

COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "identity": lambda body: body,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
    "gzip, zstd": lambda body: zstandard.compress(gzip.compress(body)),
    "Identity, DEFLATE , x-gzip": lambda body: gzip.compress(zlib.compress(body)),
}


@dataclass(frozen=True)
class Post:
    """What is sent; the table below says what comes back."""

    body: bytes
    media_type: str
    content_encoding: str
    path: str = "/v1/traces"
    method: str = "POST"
    project: str = "boundary"

    def send(self, url: str) -> httpx.Response:
        headers = {"content-type": self.media_type, "content-encoding": self.content_encoding}
        headers["x-runlight-project"] = self.project
        # Without TLS; loading certificates would take longer than the request.
        return httpx.request(self.method, url + self.path, content=self.body, headers=headers, timeout=60, verify=False)


def one_span(encoding: str, coding: str, padding: int = 0) -> Post:
    if encoding == "protobuf":
        body = spans(TRACE, padding=padding).SerializeToString()
    else:
        body = spans_json(TRACE, padding=padding)
    return Post(COMPRESSIONS[coding](body), MEDIA_TYPES[encoding], coding)


def media_type_with_parameters(encoding: str, coding: str) -> Post:
    post = one_span(encoding, coding)
    return Post(post.body, post.media_type.upper() + " ; charset=utf-8", coding)


def nothing_to_store(encoding: str, coding: str) -> Post:
    return Post(COMPRESSIONS[coding](b"" if encoding == "protobuf" else b"{}"), MEDIA_TYPES[encoding], coding)


def no_bytes_at_all(encoding: str, coding: str) -> Post:
    return Post(b"", MEDIA_TYPES[encoding], coding)


def other_bytes(encoding: str, coding: str) -> Post:
    return Post(COMPRESSIONS[coding](b"\xff\xff {not what it says"), MEDIA_TYPES[encoding], coding)


def truncated(encoding: str, coding: str) -> Post:
    return Post(one_span(encoding, coding).body[:-3], MEDIA_TYPES[encoding], coding)


def not_compressed(encoding: str, coding: str) -> Post:
    return Post(one_span(encoding, "identity").body, MEDIA_TYPES[encoding], coding)


def too_large(encoding: str, coding: str) -> Post:
    return one_span(encoding, coding, padding=SMALL_BYTES)


def unknown_encoding(encoding: str, coding: str) -> Post:
    return Post(one_span(encoding, coding).body, MEDIA_TYPES[encoding], coding + ", br")


def too_many_encodings(encoding: str, coding: str) -> Post:
    return Post(b"", MEDIA_TYPES[encoding], ", ".join([coding, "gzip", "gzip", "gzip", "gzip"]))


def unknown_media_type(encoding: str, coding: str) -> Post:
    return Post(one_span(encoding, coding).body, "text/plain", coding)


def malformed_project(encoding: str, coding: str) -> Post:
    post = one_span(encoding, coding)
    return Post(post.body, post.media_type, coding, project="../etc")


def unknown_path(encoding: str, coding: str) -> Post:
    post = one_span(encoding, coding)
    return Post(post.body, post.media_type, coding, path="/v1/traces/" + "x" * 4000)


def wrong_method(encoding: str, coding: str) -> Post:
    post = one_span(encoding, coding)
    return Post(post.body, post.media_type, coding, method="PUT")


def body_of(answer: httpx.Response, encoding: str, message_type: type[Message]) -> Message:
    assert answer.headers["content-type"] == MEDIA_TYPES[encoding]
    if encoding == "json":
        return json_format.Parse(answer.content, message_type())
    return message_type.FromString(answer.content)
