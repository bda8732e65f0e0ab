"""What follows the ends of sessions while PostgreSQL is away: it tries again in turns, and not without a rest."""

from __future__ import annotations

import asyncio
import time

from quartapp.accounts.follow import RECONNECT_SECONDS, StandingFollower
from quartapp.accounts.standing import Standing
from tests.support.waiting import eventually


async def test_a_lost_connection_is_not_replaced_without_a_rest_between_tries() -> None:
    tries: list[float] = []

    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tries.append(time.monotonic())
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    stop = asyncio.Event()
    follower = StandingFollower(Standing(), f"postgresql://u:p@127.0.0.1:{port}/d?sslmode=disable")
    follower._lost()  # as the driver says it of a connection that was closed
    following = asyncio.create_task(follower.run(stop))
    await eventually(lambda: len(tries) >= 4)
    stop.set()
    await following
    server.close()
    assert tries[3] - tries[0] >= 2.5 * RECONNECT_SECONDS
