"""The last resort of a process that has done its work: it ends, whatever is left in it."""

from __future__ import annotations

import os
import threading
import time

LEAVE_SECONDS = 5.0


def end_at_the_latest(code: int = 0, seconds: float = LEAVE_SECONDS) -> None:
    """End the process with `code` after `seconds`, unless it has ended by itself before.

    The event loop waits for every task when it closes, and the interpreter for every thread. A job that swallows
    its cancellation, or a thread that hangs in a call, would keep a stopped process alive until it is killed.
    """

    def end() -> None:
        time.sleep(seconds)
        os._exit(code)

    threading.Thread(target=end, name="leave", daemon=True).start()
