"""Undoes content-encodings within a bound."""

from collections.abc import Sequence
from io import BytesIO

import pyarrow as pa

from ingest.errors import TooLarge, Undecodable, UnknownEncoding

# Content-encoding (RFC 9110, section 8.4.1; RFC 8878 for zstd) → Arrow's codec. HTTP's deflate is the zlib format,
# which Arrow's gzip codec tells from gzip by its first bytes.
CODECS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "gzip", "zstd": "zstd"}
SUPPORTED = "gzip, deflate, zstd, identity"

_MOST_CODINGS = 3  # each may inflate to the whole limit, so a long list would buy a lot of work with few bytes
_PIECE_BYTES = 256 * 1024


def codings(content_encoding: str) -> list[str]:
    """The codings to undo, in the order they were applied, without `identity`. Raises `UnknownEncoding`."""
    names = [name for part in content_encoding.split(",") if (name := part.strip().lower()) not in ("", "identity")]
    if len(names) > _MOST_CODINGS:
        raise UnknownEncoding(f"more than {_MOST_CODINGS} content-encodings on one body")
    if not CODECS.keys() >= set(names):
        raise UnknownEncoding(f"unknown content-encoding; supported are {SUPPORTED}")
    return names


def inflate(body: bytes, names: Sequence[str], limit: int) -> bytes:
    """The body with the codings undone. Raises `Undecodable`, or `TooLarge` as soon as it exceeds `limit` bytes."""
    for name in reversed(names):
        body = _undo(body, name, limit)
    return body


def _undo(body: bytes, name: str, limit: int) -> bytes:
    inflated = BytesIO()  # its value is its buffer, so a large body is never held twice
    try:
        with pa.CompressedInputStream(pa.BufferReader(body), CODECS[name]) as stream:
            while piece := stream.read(_PIECE_BYTES):
                inflated.write(piece)
                if inflated.tell() > limit:
                    raise TooLarge(f"the body inflates to more than {limit} bytes")
    except (OSError, pa.ArrowException):
        raise Undecodable(f"the body is not valid {name}") from None
    return inflated.getvalue()
