"""API keys: what one may do, how it is made, and how one that was sent is compared with the one that is known.

A key is `rl_`, its id, and 256 random bits. The id tells keys apart in lists and logs and is no secret. Of the whole
only a SHA-256 is kept: a slow hash makes up for passwords that can be guessed, and 256 random bits cannot be.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

# The projects of a key; None is all of them, also those to come.
Projects = frozenset[str] | None

_PREFIX, _ID_BYTES, _SECRET_BYTES = "rl_", 6, 32
_SHAPE = re.compile(r"rl_([0-9a-f]{12})_[0-9a-f]{64}", re.ASCII)
_SHOWN_PROJECTS = 5


class Scope(StrEnum):
    """What a key may be for."""

    INGEST = "ingest"
    READ = "read"
    REVIEW = "review"
    ADMIN = "admin"
    ACT = "act"  # as the persons that each request names


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is kept. Times are nanoseconds since 1970."""

    key_id: str
    name: str
    secret_hash: bytes
    scopes: frozenset[Scope]
    projects: Projects
    created_ns: int
    revoked_ns: int | None = None
    last_used_ns: int | None = None

    def is_of(self, sent: str) -> bool:
        """Whether this is the key that was sent, found out in a time that tells nothing about it."""
        return hmac.compare_digest(self.secret_hash, _hash(sent))


def new_key(name: str, scopes: Iterable[Scope], projects: Projects, now_ns: int) -> tuple[Key, str]:
    """A key, and what its holder has to send, which is in no place after this."""
    key_id = secrets.token_hex(_ID_BYTES)
    sent = f"{_PREFIX}{key_id}_{secrets.token_hex(_SECRET_BYTES)}"
    return Key(key_id, name, _hash(sent), frozenset(scopes), projects, now_ns), sent


def id_in(sent: str) -> str | None:
    """The id that a key bears, or None if it has not the form of one."""
    shaped = _SHAPE.fullmatch(sent)
    return shaped[1] if shaped else None


def common(some: Projects, others: Projects) -> Projects:
    """The projects that are among both."""
    if some is None or others is None:
        return others if some is None else some
    return some & others


def shown(projects: Projects) -> str:
    """The projects in words."""
    if projects is None:
        return "all"
    first = sorted(projects)[:_SHOWN_PROJECTS]
    return ", ".join(first) + (", …" if len(projects) > len(first) else "")


def _hash(sent: str) -> bytes:
    return hashlib.sha256(sent.encode()).digest()
