"""Keys in the store: found by what was sent, kept without it, revoked for good."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from access.keyring import Keyring, NoSuchKey
from access.keys import Scope
from ingest.store import Store

SHOP = frozenset({"shop"})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "runlight.duckdb")
    yield opened
    opened.close()


def id_of(sent: str) -> str:
    return sent.split("_")[1]


def test_a_key_is_found_by_what_was_sent_and_by_nothing_else(store: Store) -> None:
    keyring = Keyring(store.cursor())
    sent = keyring.add("checkout", [Scope.INGEST], SHOP)
    other = keyring.add("app", [Scope.READ, Scope.REVIEW], None)

    found = keyring.find(sent)
    assert found
    assert (found.name, found.scopes, found.projects) == ("checkout", {Scope.INGEST}, SHOP)
    mixed = f"rl_{id_of(sent)}_{other.split('_')[2]}"
    for wrong in ("", sent[:-1], sent + "0", sent.upper(), f" {sent}", mixed, "rl_", "x" * 100_000, "rl_é", "\x00"):
        assert keyring.find(wrong) is None


def test_what_is_sent_is_long_random_and_in_no_file(store: Store, tmp_path: Path) -> None:
    keyring = Keyring(store.cursor())
    sent = {keyring.add("app", [Scope.READ], None) for _ in range(20)}
    assert len({key.split("_")[2] for key in sent}) == 20
    assert {len(bytes.fromhex(key.split("_")[2])) * 8 for key in sent} == {256}

    store.connection.execute("checkpoint")
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert all(id_of(key).encode() in kept for key in sent)
    assert not any(key.split("_")[2].encode() in kept for key in sent)


def test_a_revoked_key_stays_revoked_and_opens_nothing_when_it_was_the_last(store: Store) -> None:
    keyring = Keyring(store.cursor())
    assert not keyring
    sent = keyring.add("app", [Scope.READ], None)
    keyring.revoke(id_of(sent))

    reopened = Keyring(store.cursor())
    for one in (keyring, reopened):
        assert one.find(sent) is None
        assert len(one) == 1
    (key,) = reopened.listed()
    with pytest.raises(NoSuchKey):
        keyring.revoke("00000000")
    keyring.revoke(id_of(sent))
    assert Keyring(store.cursor()).listed() == [key]


def test_the_last_use_is_told_at_once_and_kept_when_the_server_stops(store: Store) -> None:
    keyring = Keyring(store.cursor(), clock_ns=lambda: 1_700_000_000_000_000_001)
    sent = keyring.add("app", [Scope.READ], None)
    keyring.start()
    assert keyring.listed()[0].last_used_ns is None
    keyring.find(sent)
    assert keyring.listed()[0].last_used_ns == 1_700_000_000_000_000_001
    keyring.stop()
    assert Keyring(store.cursor()).listed() == keyring.listed()
