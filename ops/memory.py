"""Memory that a crowd needed, given back once it has gone."""

from __future__ import annotations

import ctypes
import gc


def give_back() -> None:
    """Collect what cannot be reached, and return free pages to the system where the C library can (glibc).

    It stops the process for some milliseconds: not for every request. The launcher's collector starts so seldom that
    the garbage of one crowd would else still be there when the next one comes.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
