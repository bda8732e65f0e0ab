"""Redis scripts of many callers in one round trip.

Two hundred answers that begin at one moment would each take a connection, and the pool refuses the twenty-first.

A server that takes connections and answers nothing (frozen, or behind a network that drops) is waited for once: whoever
comes in the seconds after is told at once that it is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from redis.asyncio import Redis

ANSWER_SECONDS = 3.0
AWAY_SECONDS = 10.0
MOST = 32  # in one round trip: more would keep the event loop for longer than a visitor should wait
_SILENT = "Redis does not answer"


class _Call(NamedTuple):
    script: str
    keys: Sequence[str]
    arguments: Sequence[str]
    answer: asyncio.Future[Any]


class Batch:
    """Runs scripts; whoever comes while a round trip is under way goes with the next one."""

    def __init__(
        self,
        redis: Redis,
        most: int = MOST,
        *,
        answer_seconds: float = ANSWER_SECONDS,
        away_seconds: float = AWAY_SECONDS,
    ) -> None:
        self._redis = redis
        self._most = most
        self._answer_seconds = answer_seconds
        self._away_seconds = away_seconds
        self._away_until = 0.0
        self._waiting: list[_Call] = []
        self._sending: asyncio.Task[None] | None = None

    async def run(self, script: str, keys: Sequence[str], *arguments: str) -> Any:
        """Return what a script answers. Raises what the driver raises, or TimeoutError.

        A caller that is cancelled is not waited for, and its script runs all the same.
        """
        loop = asyncio.get_running_loop()
        if loop.time() < self._away_until:
            raise TimeoutError(_SILENT)
        answer: asyncio.Future[Any] = loop.create_future()
        call = _Call(script, keys, arguments, answer)
        self._waiting.append(call)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send(), name="bot-batch")
        try:
            async with asyncio.timeout(self._answer_seconds):
                return await answer
        except TimeoutError:
            self._away_until = loop.time() + self._away_seconds
            self._waiting = [one for one in self._waiting if one is not call]  # too late to be of use
            raise TimeoutError(_SILENT) from None

    async def _send(self) -> None:
        while self._waiting:
            calls, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            answers: Sequence[Any]
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for call in calls:
                        pipe.eval(call.script, len(call.keys), *call.keys, *call.arguments)
                    answers = await pipe.execute(raise_on_error=False)
                self._away_until = 0.0
            except Exception as problem:  # each caller is told, and the next round trip is tried
                answers = [problem] * len(calls)
            for call, answer in zip(calls, answers, strict=True):
                if call.answer.done():
                    continue  # its caller was cancelled
                if isinstance(answer, Exception):
                    call.answer.set_exception(answer)
                else:
                    call.answer.set_result(answer)
