"""How a web process leaves: new connections go to whoever else is on the port, and those it has come back there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quartapp.http.front import Front

LET_GO_SECONDS = 0.5
STEER_AWAY_SECONDS = 0.1  # longer than a handshake that has begun takes to end


async def let_go(front: Front) -> None:
    """Stop accepting, and ask those who are connected to come back on another connection.

    Hypercorn closes idle connections the moment it is told to stop, also one that was just accepted and whose
    request is on its way, or a kept one on which the next request is. Half a second of answering with
    ``Connection: close`` lets both be answered.
    """
    from launcher.serve.loop import AcceptingLoop

    loop = asyncio.get_running_loop()
    front.closing = True
    if isinstance(loop, AcceptingLoop):
        await asyncio.sleep(STEER_AWAY_SECONDS)  # by then those who share our socket leave as well
        await loop.steer_away()
        await asyncio.sleep(STEER_AWAY_SECONDS)
        loop.stop_accepting()
    await asyncio.sleep(LET_GO_SECONDS)
