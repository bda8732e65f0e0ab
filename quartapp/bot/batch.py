"""Redis scripts of many callers in one round trip.

Two hundred answers that begin at one moment would each take a connection, and the pool refuses the twenty-first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from redis.asyncio import Redis

MOST = 32  # in one round trip: more would keep the event loop for longer than a visitor should wait


class _Call(NamedTuple):
    script: str
    keys: Sequence[str]
    arguments: Sequence[str]
    answer: asyncio.Future[Any]


class Batch:
    """Runs scripts; whoever comes while a round trip is under way goes with the next one."""

    def __init__(self, redis: Redis, most: int = MOST) -> None:
        self._redis = redis
        self._most = most
        self._waiting: list[_Call] = []
        self._sending: asyncio.Task[None] | None = None

    async def run(self, script: str, keys: Sequence[str], *arguments: str) -> Any:
        """Return what a script answers. Raises what the driver raises.

        A caller that is cancelled is not waited for, and its script runs all the same.
        """
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Call(script, keys, arguments, answer))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send(), name="bot-batch")
        return await answer

    async def _send(self) -> None:
        while self._waiting:
            calls, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            answers: Sequence[Any]
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for call in calls:
                        pipe.eval(call.script, len(call.keys), *call.keys, *call.arguments)
                    answers = await pipe.execute(raise_on_error=False)
            except (
                Exception
            ) as problem:  # whatever it is, each caller is told, and the next round trip is tried
                answers = [problem] * len(calls)
            for call, answer in zip(calls, answers, strict=True):
                if call.answer.done():
                    continue  # its caller was cancelled
                if isinstance(answer, Exception):
                    call.answer.set_exception(answer)
                else:
                    call.answer.set_result(answer)
