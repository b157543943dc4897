"""Mutated bodies are stored or refused: no crash, no 500, and nothing that our own code cannot read."""

import resource
import time
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.intake import Encoding, Request, Signal
from ingest.prepare import Preparer
from ingest.prices import PriceList
from ingest.pseudonyms import Pseudonyms
from ingest.redact import Redactor
from tests.hostile.fuzzing import Change, changed, changes, real_bodies

EXAMPLES, SOAK_EXAMPLES = 60, 20_000
MOST_SECONDS = 10  # of processor time for one body; a hang takes longer
ENCODINGS: tuple[Encoding, ...] = ("protobuf", "json")


@pytest.fixture(scope="module")
def preparer() -> Preparer:
    return Preparer(PriceList(None), Redactor.default(), Pseudonyms(bytes(32)), 2**24)


@pytest.mark.parametrize(("signal", "encoding"), list(product(Signal, ENCODINGS)))
def test_a_mutated_body_is_read_or_refused(
    preparer: Preparer, signal: Signal, encoding: Encoding, is_soak: bool
) -> None:
    @settings(
        max_examples=SOAK_EXAMPLES if is_soak else EXAMPLES,
        derandomize=not is_soak,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(body=st.sampled_from(real_bodies(signal, encoding)), made=changes)
    def attempt(body: bytes, made: list[Change]) -> None:
        began = time.process_time()
        request = Request(signal, changed(body, made), encoding, "default", time.time_ns())
        (prepared,) = preparer.prepare(signal, [request])
        assert prepared.unread.is_empty()
        assert prepared.receipt(0).rejected_count == prepared.rejected.height
        assert time.process_time() - began < MOST_SECONDS

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    attempt()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1024 * 1024  # in KiB
