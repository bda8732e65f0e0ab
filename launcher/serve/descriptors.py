"""How many connections the system grants this process: asked for at the start, watched while it serves.

A connection is a descriptor. A process that has none left cannot accept; the event loop then closes newcomers without
a word, so nothing but a look from the side tells of it.
"""

from __future__ import annotations

import asyncio
import errno
import os
import resource

from ops.tasks import waited
from ops.telemetry.events import emit

WANTED = 16_384  # as in docker-compose.prod.yml and docs/systemd
ENOUGH = 4_096
LOOK_SECONDS = 1.0
TELL_EVERY_LOOKS = 10


def ask_for_descriptors() -> int:
    """Raise this process's own limit as far as it may go, and say so when that is little; return the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < WANTED and soft != hard:
        soft = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft != resource.RLIM_INFINITY and soft < ENOUGH:
        emit("descriptors_few", limit=soft, wanted=WANTED)
    return soft


def none_left() -> bool:
    """Tell whether the next connection would be refused."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as problem:
        return problem.errno in (errno.EMFILE, errno.ENFILE)
    return False


async def watch_descriptors(stop: asyncio.Event, look_seconds: float = LOOK_SECONDS) -> None:
    """Say that visitors are being turned away, as often as `TELL_EVERY_LOOKS` while it lasts, until `stop`."""
    looks = 0  # in a row at which none was left
    while not await waited(stop, look_seconds):
        if not none_left():
            looks = 0
            continue
        if looks % TELL_EVERY_LOOKS == 0:
            emit("accept_failed", limit=resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        looks += 1
