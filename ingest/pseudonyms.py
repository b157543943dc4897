"""Opaque references in place of what names a person: equal within one store, and worth nothing without its key."""

import hashlib
import hmac
import re

import pyarrow as pa
import pyarrow.compute as pc

from ingest.cells import Mask

_HEX_DIGITS = 16
_PSEUDONYM = re.compile(rf"person:[0-9a-f]{{{_HEX_DIGITS}}}")


class Pseudonyms:
    """Keyed hashes under the key of one store; `Store.pseudonym_key` has it."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, name: str) -> str:
        """`person:` and a keyed hash of an address, capital or not. A pseudonym is its own."""
        if _PSEUDONYM.fullmatch(name):
            return name
        digest = hmac.digest(self._key, name.strip().lower().encode(), hashlib.sha256).hex()
        return f"person:{digest[:_HEX_DIGITS]}"

    def hide(self, texts: pa.Array, is_name: Mask) -> pa.Array:
        """The texts, replaced where they are names."""
        if not is_name.any():
            return texts
        mask = pa.array(is_name)
        hidden = pa.array([self.of(text) for text in texts.filter(mask).to_pylist()], texts.type)
        return pc.replace_with_mask(texts, mask, hidden)
