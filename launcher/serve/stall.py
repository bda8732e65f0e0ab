"""Ends a process whose event loop stands still: Docker restarts what has ended, not what is unhealthy.

Kubernetes has a liveness probe for this. On a VM nobody acts on a failed health check, so a process that
hangs would hang until somebody is woken.
"""

from __future__ import annotations

import asyncio
import faulthandler
import os
import sys
import threading
import time

MISSED = 4
INTERVAL_SECONDS = 15.0
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
    sys.stderr.write(f"the event loop has stood still for {MISSED * interval_seconds:g} s; ending\n")
    faulthandler.dump_traceback(all_threads=True)
    os._exit(EXIT_CODE)
