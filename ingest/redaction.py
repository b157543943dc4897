"""Secrets out of a batch: a quick look over whole columns finds the few records to take apart and rewrite."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from ingest.attributes import Attributes, attributes, texts
from ingest.cells import Indices, truth
from ingest.decoded import Records
from ingest.intake import Signal
from ingest.redact import Redactor
from ingest.wire import MESSAGES, POINT_TYPES, read_records

_NESTED_KEY = r"(?i)(?:authorization|cookie|passw[a-z]*|passphrase|secret|credentials|key|token)\"\s*:"


Counts = dict[str, Counter[str]]  # by project: how many values were replaced, by `rule@service`

_LONGEST_SERVICE = 200  # characters


def redact_sources(redactor: Redactor, sources: pl.DataFrame, counts: Counts) -> pl.DataFrame:
    """The `sources` of records, which have the project, with every secret in resources and scopes replaced by a marker
    that names its rule. Adds to `counts`."""
    for name, kind in (("resource", Resource), ("scope", InstrumentationScope)):
        sources = _clean_sources(redactor, sources, name, kind, counts)
    return sources


def redact_records(redactor: Redactor, records: Records, counts: Counts) -> Records:
    """The records with every secret in them replaced likewise. Adds to `counts`."""
    suspicious = _suspicious_rows(redactor, records)
    if not suspicious:
        return records
    messages = records.data.to_pylist()
    senders = records.sources.select("project", "resource")[records.source[suspicious]]
    found = _rewritten(redactor, MESSAGES[records.signal], [messages[row] for row in suspicious])
    for row, (message, count), (project, resource) in zip(suspicious, found, senders.iter_rows(), strict=True):
        messages[row] = message
        _count(counts, project, resource, count)
    return read_records(records.signal, records.sources, records.source, pa.array(messages, pa.binary()))


def _clean_sources(
    redactor: Redactor, sources: pl.DataFrame, name: str, kind: type[Message], counts: Counts
) -> pl.DataFrame:
    distinct = sources[name].unique().to_list()
    rewritten = dict(zip(distinct, _rewritten(redactor, kind, distinct), strict=True))
    if not any(count for _, count in rewritten.values()):
        return sources
    clean = sources.with_columns(pl.Series(name, [rewritten[data][0] for data in sources[name]], dtype=pl.Binary))
    places = clean.select("project", "resource").with_columns(sources[name].alias("sent"))
    for project, resource, sent in places.unique().iter_rows():
        _count(counts, project, resource, rewritten[sent][1])
    return clean


def _count(counts: Counts, project: str, resource: bytes, found: Counter[str]) -> None:
    if found:
        service = _service(resource)
        counts.setdefault(project, Counter()).update({f"{rule}@{service}": count for rule, count in found.items()})


def _service(resource: bytes) -> str:
    """The name of the service that sends, "" if it has none."""
    sent = {attribute.key: attribute.value.string_value for attribute in Resource.FromString(resource).attributes}
    return sent.get("service.name", "")[:_LONGEST_SERVICE]


def _rewritten(redactor: Redactor, kind: type[Message], data: Sequence[bytes]) -> list[tuple[bytes, Counter[str]]]:
    """Each message without its secrets, byte for byte as it came where there are none."""
    messages = [kind.FromString(item) for item in data]
    counts = redactor.redact_messages(messages)
    return [
        (message.SerializeToString() if count and not redactor.is_dry_run else item, count)
        for item, message, count in zip(data, messages, counts, strict=True)
    ]


def _suspicious_rows(redactor: Redactor, records: Records) -> list[int]:
    found: set[int] = set()
    for rows, sent in _attributes(records):
        keys = sent.keys.where(redactor.is_secret_key)
        texts = redactor.suspects(pl.Series(sent.strings)) | redactor.suspects(pl.Series(sent.others))
        # Keys inside a nested value are only seen when the value is taken apart.
        nested = sent.nested & truth(pc.match_substring_regex(sent.others, _NESTED_KEY))
        found.update(rows[sent.rows[keys | nested | texts]].tolist())
    for column in _texts(records):
        found.update(np.flatnonzero(redactor.suspects(pl.Series(column))).tolist())
    return sorted(found)


def _attributes(records: Records) -> Iterator[tuple[Indices, Attributes]]:
    """All attributes of every record and of its parts; whose row is which record's is in the array beside them."""
    if records.signal is Signal.METRIC:
        for point_type in POINT_TYPES:
            points = records.fields.column(point_type).field("data_points")
            yield _parts(points)
        return
    yield np.arange(len(records)), records.attributes
    if records.signal is Signal.SPAN:
        yield records.events.rows, records.events.attributes
        yield _parts(records.fields.column("links"))


def _parts(column: pa.ListArray) -> tuple[Indices, Attributes]:
    rows = pc.list_parent_indices(column).to_numpy().astype(np.int64)
    return rows, attributes(pc.list_flatten(column).field("attributes"))


def _texts(records: Records) -> Iterator[pa.StringArray]:
    """Every other text, a value per record."""
    column = records.fields.column
    if records.signal is Signal.METRIC:
        yield column("description")
    elif records.signal is Signal.LOG:
        yield texts(column("body"))
    else:
        yield column("name")
        yield column("status").field("message")
