"""What answers cost, as a hostile accountant counts it: never less than was paid, and nothing twice."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest

from ops.lazy_redis import RedisUnavailableError
from ops.stores import Unavailable
from quartapp.bot import budget
from quartapp.bot.batch import Batch
from quartapp.bot.budget import TokenBudget
from quartapp.bot.chat import WriterError
from quartapp.bot.model import ANSWER_TOKENS, Model, most
from quartapp.feeds.openai_stream import ChatStream, Patience
from quartapp.sandbox import openai
from tests.support.upstream import Answer, Upstream, cut, open_upstream, status
from tests.support.waiting import eventually

ASKED = [{"role": "user", "content": "FACTS\n[1] a price = 100\n[2] another = 120\n\nQUESTION\nwhat?"}]
ASKED_TOKENS = most(ASKED) - ANSWER_TOKENS
TEXT = "The price is 100 [1]."
WRITTEN = openai.event("m", {"content": TEXT})
STOP = openai.event("m", {}, "stop")
DONE = b"data: [DONE]\n\n"
BY_LETTERS = 7  # TEXT, at three letters a token


def says(*events: bytes) -> Answer:
    async def write(request: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        writer.write(b"".join(events))
        await writer.drain()
        writer.close()

    return Answer(write)


def counts(*numbers: Any) -> bytes:
    return openai.counted("m", *numbers)


async def used(upstream: Upstream, *answers: Answer) -> tuple[int, int]:
    """Return what an answer is said to have cost."""
    upstream.answers(*answers)
    async with httpx.AsyncClient() as client:
        patience = Patience(connect=60, first_byte=60, silence=60, whole=120, pause=0)
        model = Model(ChatStream(client, upstream.url, "key", "m", patience))
        with contextlib.suppress(WriterError):
            [piece async for piece in model.write(ASKED)]
        return model.used


COUNTS: dict[str, tuple[list[bytes], tuple[int, int]]] = {
    "as it counts": ([WRITTEN, STOP, counts(50, 9), DONE], (50, 9)),
    "twice": ([WRITTEN, STOP, counts(50, 9), counts(50, 9), DONE], (50, 9)),
    "with every piece": ([WRITTEN, counts(50, 1), WRITTEN, STOP, counts(50, 9), DONE], (50, 9)),
    "not at all": ([WRITTEN, STOP, DONE], (ASKED_TOKENS, BY_LETTERS)),
    "nothing": ([WRITTEN, STOP, counts(0, 0), DONE], (ASKED_TOKENS, BY_LETTERS)),
    "less than nothing": ([WRITTEN, STOP, counts(-50, -9), DONE], (ASKED_TOKENS, BY_LETTERS)),
    "in words": ([WRITTEN, STOP, counts(5, 9).replace(b"5,", b'"5",'), DONE], (ASKED_TOKENS, BY_LETTERS)),
    "in parts": ([WRITTEN, STOP, counts(5.5, 9), DONE], (ASKED_TOKENS, BY_LETTERS)),
    "true": ([WRITTEN, STOP, counts(True, True), DONE], (ASKED_TOKENS, BY_LETTERS)),
    "cut": ([WRITTEN], (ASKED_TOKENS, ANSWER_TOKENS)),
    "cut behind a count": ([WRITTEN, counts(1, 1), WRITTEN], (ASKED_TOKENS, ANSWER_TOKENS)),
    "cut behind a large count": ([WRITTEN, counts(9_000, 900)], (9_000, 900)),
    "cut, and longer than it may be": ([WRITTEN * 100], (ASKED_TOKENS, 100 * BY_LETTERS)),
    "without a word": ([STOP, counts(50, 1), DONE], (50, 1)),
}  # fmt: skip


@pytest.mark.parametrize(("events", "cost"), COUNTS.values(), ids=COUNTS)
async def test_a_model_costs_what_it_counts_and_never_less_than_it_may_charge(
    events: list[bytes], cost: tuple[int, int]
) -> None:
    async with open_upstream() as upstream:
        assert await used(upstream, says(*events)) == cost


async def test_who_refuses_costs_nothing_and_who_breaks_off_is_paid_for_each_time_it_was_asked() -> None:
    async with open_upstream() as upstream:
        for refusal in (status(429, headers={"Retry-After": "60"}), status(500), status(401), status(302)):
            assert await used(upstream, refusal) == (0, 0)
        whole = says(WRITTEN, STOP, counts(50, 9), DONE)
        assert await used(upstream, status(503), whole) == (50, 9)
        assert await used(upstream, cut(), says(), whole) == (50 + 2 * ASKED_TOKENS, 9 + 2 * ANSWER_TOKENS)
        assert await used(upstream, status(504), whole) == (50 + ASKED_TOKENS, 9 + ANSWER_TOKENS)
        everywhere = cut()
        assert await used(upstream, everywhere) == (3 * ASKED_TOKENS, 3 * ANSWER_TOKENS)
    assert await used(upstream) == (0, 0)  # nobody listens any more


@pytest.mark.parametrize("text", ["\U0001f98d" * 100, "ما هي" * 100, "odds? " * 100])
def test_letters_of_every_script_are_counted_as_the_tokens_that_they_may_be(text: str) -> None:
    tokens = most([{"role": "user", "content": text}]) - ANSWER_TOKENS
    assert tokens >= len(text) / 3
    assert tokens >= sum(len(letter.encode()) for letter in text if not letter.isascii())


DAY = 10_000


def opened(redis: Any) -> TokenBudget:
    return TokenBudget(redis, all_tokens=DAY, member_tokens=DAY)


async def test_an_answer_counts_for_the_day_in_which_it_began(redis: Any, monkeypatch: Any) -> None:
    tokens, member = opened(redis), uuid4().hex
    monkeypatch.setattr(budget, "_today", lambda: "2026-11-26")
    taken = await tokens.take(member, 3_000)
    assert taken is not None
    monkeypatch.setattr(budget, "_today", lambda: "2026-11-27")
    assert await tokens.left(member) == DAY
    await tokens.settle(taken, 500)
    assert await tokens.left(member) == await tokens.left() == DAY
    monkeypatch.setattr(budget, "_today", lambda: "2026-11-26")
    assert await tokens.left(member) == await tokens.left() == DAY - 500


async def test_a_redis_that_comes_back_empty_gives_no_money_twice(redis: Any) -> None:
    budgets, member = [opened(redis), opened(redis)], uuid4().hex
    open_answers = []
    for number, tokens in enumerate(budgets * 2):
        taken = await tokens.take(member, 1_000)
        assert taken is not None
        if number < 2:
            await tokens.settle(taken, 300 + number)
        else:
            open_answers.append((tokens, taken))
    assert await budgets[0].left() == DAY - 601 - 2_000
    await redis.flushall()
    assert await budgets[1].left() == DAY - 301  # what it counted itself; the other counts when it asks
    for tokens, taken in open_answers * 2:  # twice, as the driver does that had no answer
        await tokens.settle(taken, 50)
    assert await budgets[0].left() == await budgets[1].left() == DAY - 601 - 100
    await redis.flushall()
    everything = await asyncio.gather(*(tokens.left() for tokens in budgets * 8))
    assert min(everything) == everything[-1] == DAY - 601 - 100


class Flaky:
    """Redis, which is away when it is told to be: `before` it does anything, or `behind` its work."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self.away: str | None = None

    def pipeline(self, **options: Any) -> Any:
        return _Away(self._redis.pipeline(**options), self)


class _Away:
    def __init__(self, pipe: Any, flaky: Flaky) -> None:
        self._pipe, self._flaky = pipe, flaky

    async def __aenter__(self) -> _Away:
        await self._pipe.__aenter__()
        return self

    async def __aexit__(self, *problem: Any) -> None:
        await self._pipe.__aexit__(*problem)

    def eval(self, *arguments: Any) -> None:
        self._pipe.eval(*arguments)

    async def execute(self, **options: Any) -> Any:
        if self._flaky.away == "before":
            raise RedisUnavailableError("away")
        answers = await self._pipe.execute(**options)
        if self._flaky.away == "behind":
            raise RedisUnavailableError("away")
        return answers


@pytest.mark.parametrize("away", ["before", "behind"])
@pytest.mark.parametrize("empty", [False, True])
async def test_what_could_not_be_counted_while_redis_was_away_is_counted_later_and_once(
    redis: Any, away: str, empty: bool
) -> None:
    flaky, member = Flaky(redis), uuid4().hex
    tokens = opened(cast(Any, flaky))
    taken = await tokens.take(member, 2_000)
    assert taken is not None
    flaky.away = away
    with pytest.raises(Unavailable):
        await tokens.settle(taken, 700)
    with pytest.raises(Unavailable):  # and nothing is taken meanwhile
        await tokens.take(member, 1_000)
    flaky.away = None
    if empty:
        await redis.flushall()
    assert await tokens.left() == await tokens.left(member) == DAY - 700
    # What may have been taken by a script whose answer was lost is given back.
    flaky.away = away
    with pytest.raises(Unavailable):
        await tokens.take(member, 1_000)
    flaky.away = None
    assert await tokens.left() == await tokens.left(member) == DAY - 700


async def test_whoever_is_cancelled_while_it_counts_has_counted(redis: Any) -> None:
    tokens, member = opened(redis), uuid4().hex
    taken = await tokens.take(member, 2_000)
    assert taken is not None
    settling = asyncio.create_task(tokens.settle(taken, 700))
    await asyncio.sleep(0)
    settling.cancel()
    await asyncio.wait((settling,))
    await eventually(lambda: _left(tokens, DAY - 700))


async def _left(tokens: TokenBudget, wanted: int) -> bool:
    return await tokens.left() == wanted


class Frozen:
    """Redis, which takes what is sent and answers nothing until it thaws."""

    def __init__(self) -> None:
        self.thawed = asyncio.Event()
        self.sent: list[str] = []
        self._answered = 0

    def pipeline(self, **_: Any) -> Frozen:
        return self

    async def __aenter__(self) -> Frozen:
        return self

    async def __aexit__(self, *_: Any) -> None:
        pass

    def eval(self, script: str, *_: Any) -> None:
        self.sent.append(script)

    async def execute(self, **_: Any) -> list[Any]:
        asked, self._answered = len(self.sent) - self._answered, len(self.sent)
        await self.thawed.wait()
        return [1] * asked


async def test_a_redis_that_answers_nothing_is_waited_for_once() -> None:
    redis = Frozen()
    batch = Batch(cast(Any, redis), answer_seconds=0.2, away_seconds=600)
    late = await asyncio.gather(batch.run("first", []), batch.run("second", []), return_exceptions=True)
    assert all(isinstance(problem, TimeoutError) and isinstance(problem, Unavailable) for problem in late)
    batch._answer_seconds = 120
    third = asyncio.create_task(batch.run("third", []))
    await asyncio.wait((third,), timeout=20)
    assert third.done(), "whoever comes then is told at once"
    assert isinstance(third.exception(), TimeoutError)
    redis.thawed.set()
    await eventually(lambda: batch._away_until == 0.0)
    assert await batch.run("fourth", []) == 1
    assert "third" not in redis.sent
