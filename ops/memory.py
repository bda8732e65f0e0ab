"""Memory that a crowd needs, and gives back once it has gone."""

from __future__ import annotations

import ctypes
import gc

SPARED = 4
_usual: list[tuple[int, int, int]] = []  # while the collector is spared


def spare_collector() -> None:
    """Let the collector look so many times less often, until `give_back`.

    Until a crowd has gone its objects are in use, and one look at 50,000 of them stops the process for 20 milliseconds.
    """
    if not _usual:
        _usual.append(gc.get_threshold())
        young, *older = _usual[0]
        gc.set_threshold(SPARED * young, *older)


def give_back() -> None:
    """Collect what cannot be reached, and return free pages to the system where the C library can (glibc).

    It stops the process for some milliseconds: not for every request. The launcher's collector starts so seldom that
    the garbage of one crowd would else still be there when the next one comes.
    """
    if _usual:
        gc.set_threshold(*_usual.pop())
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
