"""Ends a process whose event loop stands still: Docker restarts what has ended, not what is unhealthy.

Kubernetes has a liveness probe for this. On a VM nobody acts on a failed health check, so a process that
hangs would hang until somebody is woken.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import tempfile
import threading
import time

MISSED = 4
INTERVAL_SECONDS = 15.0
WRITE_SECONDS = 2.0
EXIT_CODE = 70  # sysexits.h: an internal error


def end_when_stalled(loop: asyncio.AbstractEventLoop, interval_seconds: float = INTERVAL_SECONDS) -> None:
    """Watch `loop` from a thread; after four intervals without a turn print every stack and exit with 70.

    Intervals are counted, not the time: a process that was frozen and goes on has missed one.
    """
    threading.Thread(target=_watch, args=(loop, interval_seconds), daemon=True, name="stall").start()


def _watch(loop: asyncio.AbstractEventLoop, interval_seconds: float) -> None:
    turned = threading.Event()
    missed = 0
    while missed < MISSED:
        turned.clear()
        try:
            loop.call_soon_threadsafe(turned.set)
        except RuntimeError:
            return  # the loop is closed: the process is about to end by itself
        time.sleep(interval_seconds)
        missed = 0 if turned.is_set() else missed + 1
    # The loop may stand still because nobody reads its output: a thread writes, and the process ends whatever comes
    # of it. Past sys.stderr, whose lock the thread that hangs may hold.
    writing = threading.Thread(target=_say, args=(MISSED * interval_seconds,), daemon=True)
    writing.start()
    writing.join(WRITE_SECONDS)
    os._exit(EXIT_CODE)


def _say(seconds: float) -> None:
    with contextlib.suppress(OSError), tempfile.TemporaryFile() as stacks:
        # Into a file first: while faulthandler writes no other thread runs, so a full pipe would stop them all.
        faulthandler.dump_traceback(file=stacks, all_threads=True)
        stacks.seek(0)
        os.write(2, f"the event loop has stood still for {seconds:g} s; ending\n".encode() + stacks.read())
