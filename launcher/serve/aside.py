"""Standing aside: a web process of a new version runs, warm and healthy, before it takes its share of visitors.

During a deploy the new api has the port in common with the old one, and a version that dies takes the requests in
hand with it. So scripts/deploy.sh keeps ``var/aside`` fresh, with the new commit in it, until that version has lived
long enough; until then its processes answer only on their health socket. A deploy that is killed leaves the file to
go stale, and the processes begin to listen by themselves.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path

HOLD = Path(__file__).resolve().parents[2] / "var" / "aside"
FRESH_SECONDS = 15  # deploy.sh touches the file every second or so
LOOK_SECONDS = 0.2


def held_aside(hold: Path = HOLD) -> bool:
    """Tell whether a deploy that runs now wants processes of this commit to stand aside."""
    try:
        fresh = time.time() - hold.stat().st_mtime < FRESH_SECONDS
        return fresh and hold.read_text().strip() == os.environ.get("GIT_SHA", "")
    except OSError:
        return False


def aside_file(process_id: int) -> Path:
    """Return the file that exists while the process stands aside; the health check looks at it."""
    return Path(tempfile.gettempdir()) / f"launcher-aside-{os.getuid()}-{process_id}"


class Aside:
    """Holds a process back from its shared port until the deploy lets it in."""

    def __init__(self, stop: asyncio.Event, hold: Path = HOLD) -> None:
        self._stop = stop
        self._hold = hold

    async def let_in(self) -> bool:
        """Wait; return False when the process is to stop instead."""
        from ops.tasks import waited  # here, because the health check imports this module and must start fast

        if not held_aside(self._hold):
            return True
        mark = aside_file(os.getpid())
        mark.touch()
        while held_aside(self._hold) and not await waited(self._stop, LOOK_SECONDS):
            continue
        return not self._stop.is_set()

    def listening(self) -> None:
        """Tell the health check that the port is open."""
        aside_file(os.getpid()).unlink(missing_ok=True)
