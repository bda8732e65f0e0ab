"""A crowd of requests for the framework begins one by one, with a turn of the loop for everybody else between."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from quartapp.app import create_web
from quartapp.http.front import Receive, Scope, Send
from quartapp.http.turnstile import Turnstile
from quartapp.settings import read_settings

CROWD = 16


async def test_a_published_answer_waits_for_one_request_of_a_crowd_at_most(settings_env: Any) -> None:
    web = create_web(read_settings(settings_env()))
    begun: list[str] = []
    answered: list[int] = []

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        begun.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    web.asgi._app = handler
    transport = httpx.ASGITransport(app=web.asgi)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        crowd = [asyncio.create_task(http.get(f"/odd/{number}")) for number in range(CROWD)]

        async def visitor() -> None:
            while len(begun) < CROWD:
                await asyncio.sleep(0)
                answered.append(len(begun))

        async with asyncio.timeout(60):
            await visitor()
            await asyncio.gather(*crowd)
    assert begun == [f"/odd/{number}" for number in range(CROWD)], "in the order in which they came"
    steps = [after - before for before, after in zip([0, *answered], answered, strict=False)]
    assert max(steps) == 1, steps


async def test_who_leaves_while_waiting_is_passed_over() -> None:
    turnstile = Turnstile()
    passed: list[int] = []

    async def enter(number: int) -> None:
        await turnstile.enter()
        passed.append(number)

    tasks = [asyncio.create_task(enter(number)) for number in range(4)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    tasks[2].cancel()
    async with asyncio.timeout(60):
        await asyncio.gather(*tasks, return_exceptions=True)
        await enter(4)  # and it opens again once nobody waits
    assert passed == [0, 3, 4]
