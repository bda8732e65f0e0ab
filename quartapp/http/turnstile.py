"""What the framework handles begins one request at a time, so that a crowd of them cannot hold up the loop at once.

Sixteen requests that arrive together would otherwise be sixteen handlers' work in one turn of the event loop, and a
published document, which takes a tenth of one, would wait for all of them.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Turnstile:
    """Lets one request pass in each turn of the event loop, in the order in which they came."""

    def __init__(self) -> None:
        self._open = True
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Return when it is this request's turn, at once where no other passed in this turn of the loop."""
        loop = asyncio.get_running_loop()
        if self._open:
            self._open = False
            loop.call_soon(self._let_next_in)
            return
        waiter = loop.create_future()
        self._waiting.append(waiter)
        await waiter  # whoever is cancelled here is passed over

    def _let_next_in(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                asyncio.get_running_loop().call_soon(self._let_next_in)
                return
        self._open = True
