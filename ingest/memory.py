"""Gives back to the system what the allocators keep of memory that is not needed any more."""

import ctypes

import pyarrow as pa

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc alone has it


def give_back() -> None:
    """Return what is free in C's and Arrow's allocators; some milliseconds."""
    if _trim is not None:
        _trim(0)
    pa.default_memory_pool().release_unused()
