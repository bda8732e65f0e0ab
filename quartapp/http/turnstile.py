"""What the framework handles begins one request at a time, so that a crowd of them cannot hold up the loop at once.

Sixteen requests that arrive together would otherwise be sixteen handlers' work in one turn of the event loop, and a
published document, which takes a tenth of one, would wait for all of them.
"""

from __future__ import annotations

import asyncio
from collections import deque

# A request works in three turns of the loop: it begins, it is computed, it is sent. The next one begins after that, so
# that a turn has one such piece of work. With nothing else to do, a turn takes microseconds.
TURNS_APART = 3


class Turnstile:
    """Lets one request pass in so many turns of the event loop, in the order in which they came."""

    def __init__(self, turns_apart: int = TURNS_APART) -> None:
        self._turns_apart = turns_apart
        self._open = True
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Return when it is this request's turn, at once where no other passed just now."""
        if self._open:
            self._close()
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter  # whoever is cancelled here is passed over

    def _close(self) -> None:
        self._open = False
        asyncio.get_running_loop().call_soon(self._after_a_turn, self._turns_apart - 1)

    def _after_a_turn(self, more: int) -> None:
        if more and self._waiting:
            asyncio.get_running_loop().call_soon(self._after_a_turn, more - 1)
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                self._close()
                return
        self._open = True
