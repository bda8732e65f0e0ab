"""Computed answers: once for equal questions, one at a time, in short turns, within bounds that count questions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from datetime import UTC, datetime

import brotli
import pytest

from quartapp.documents.answer import answer
from quartapp.documents.derived import AbsentError, BusyError, Computed, Derived, Turns, Work

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Questions:
    """Works that count themselves and wait until they are let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.rendered = 0
        self.running = 0
        self.most_running = 0
        self.go = asyncio.Event()
        self.go.set()

    def about(self, result: Hashable, body: bytes = b"{}") -> Work:
        async def render() -> bytes:
            self.rendered += 1
            return body

        async def work(_: Turns) -> Computed:
            self.asked += 1
            self.running += 1
            self.most_running = max(self.most_running, self.running)
            await self.go.wait()
            await asyncio.sleep(0)
            self.running -= 1
            return Computed(result, render, NOW, "/api/games")

        return work


@pytest.fixture
def questions() -> Questions:
    return Questions()


async def test_equal_questions_are_computed_once(questions: Questions) -> None:
    derived = Derived()
    questions.go.clear()
    asking = [asyncio.create_task(derived.compute("/q", questions.about(1))) for _ in range(50)]
    await asyncio.sleep(0)
    questions.go.set()
    answers = await asyncio.gather(*asking)
    assert questions.asked == 1
    assert len({id(copy) for copy in answers}) == 1
    assert await derived.compute("/q", questions.about(1)) is answers[0]
    assert questions.asked == 1


async def test_different_questions_of_one_result_share_its_body(questions: Questions) -> None:
    derived = Derived()
    first = await derived.compute("/q?from=1", questions.about("same", b"[1]"))
    before = derived.bytes
    second = await derived.compute("/q?from=2", questions.about("same", b"[1]"))
    other = await derived.compute("/q?from=3", questions.about("other", b"[2]"))
    assert questions.rendered == 2
    assert second.bodies is first.bodies
    assert second.etag == first.etag != other.etag
    assert derived.bytes > before


async def test_one_computation_runs_at_a_time(questions: Questions) -> None:
    derived = Derived()
    await asyncio.gather(*(derived.compute(f"/q{n}", questions.about(n)) for n in range(20)))
    assert (questions.asked, questions.most_running) == (20, 1)


async def test_beyond_the_bound_a_distinct_question_is_refused_and_an_equal_one_is_not(
    questions: Questions,
) -> None:
    derived = Derived(max_waiting=3)
    kept = await derived.compute("/kept", questions.about("kept"))
    questions.go.clear()
    waiting = [asyncio.create_task(derived.compute(f"/q{n}", questions.about(n))) for n in range(3)]
    await asyncio.sleep(0)
    refused = asyncio.create_task(derived.compute("/q3", questions.about(3)))
    await asyncio.wait([refused], timeout=1)
    assert refused.done(), "it waits where it must be refused"
    with pytest.raises(BusyError):
        refused.result()
    equal = asyncio.create_task(derived.compute("/q1", questions.about(1)))
    assert await derived.compute("/kept", questions.about("kept")) is kept
    questions.go.set()
    await asyncio.gather(*waiting, equal)
    await derived.compute("/q3", questions.about(3))


async def test_whoever_asks_one_after_another_is_never_refused_however_slow(questions: Questions) -> None:
    derived = Derived(max_waiting=1)
    for number in range(30):
        await derived.compute(f"/q{number}", questions.about(number))
    assert questions.asked == 30


async def test_a_failure_reaches_all_who_wait_and_is_not_kept() -> None:
    derived = Derived()

    async def fail(_: Turns) -> Computed:
        raise LookupError("no such sport")

    results = await asyncio.gather(*(derived.compute("/q", fail) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [LookupError] * 3
    copy = await derived.compute("/q", Questions().about(1))
    assert copy.body == b"{}"


async def test_an_absence_is_remembered_until_a_document_changes() -> None:
    derived = Derived()
    asked = 0

    async def work(_: Turns) -> Computed:
        nonlocal asked
        asked += 1
        raise AbsentError("not three legs")

    for _ in range(3):
        with pytest.raises(AbsentError, match="not three legs"):
            await derived.compute("/q", work)
    assert asked == 1
    derived.forget()
    with pytest.raises(AbsentError):
        await derived.compute("/q", work)
    assert asked == 2
    for number in range(3000):
        with pytest.raises(AbsentError):
            await derived.compute(f"/q{number}", work)
    assert len(derived._absent) <= 1000
    for number in range(1000):
        with pytest.raises(AbsentError):
            await derived.compute(f"/q{number}" + "x" * 5_000, work)
    assert sum(map(len, derived._absent)) < 1_000_000, "visitors must not fill memory with long questions"


async def test_work_that_nobody_waits_for_ends_and_frees_its_place(questions: Questions) -> None:
    derived = Derived(max_waiting=1)
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work(_: Turns) -> Computed:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError("it waits for ever")

    leaving = asyncio.create_task(derived.compute("/q", work))
    staying = asyncio.create_task(derived.compute("/q", work))
    await begun.wait()
    leaving.cancel()
    await asyncio.wait([leaving])
    assert not staying.done(), "another still waits"
    assert not ended.is_set()
    staying.cancel()
    await asyncio.wait([staying])
    await asyncio.wait_for(ended.wait(), 60)
    assert (await derived.compute("/q", questions.about(1))).body == b"{}"
    assert (await derived.compute("/other", questions.about(2))).body == b"{}"


async def test_documents_that_change_under_a_computation_make_it_begin_again() -> None:
    derived = Derived()
    versions = [1]

    async def work(_: Turns) -> Computed:
        version = versions[-1]
        if version == 1:
            versions.append(2)
            derived.forget()

        async def render() -> bytes:
            return b"%d" % version

        return Computed("result", render, NOW, "/api/games")

    assert (await derived.compute("/q", work)).body == b"2"
    kept = derived.get("/q")
    assert kept is not None
    assert kept.body == b"2"


async def test_an_answer_of_documents_that_keep_changing_is_given_but_not_kept() -> None:
    derived = Derived()

    async def render() -> bytes:
        derived.forget()
        return b"1"

    async def work(_: Turns) -> Computed:
        return Computed("result", render, NOW, "/api/games")

    assert (await derived.compute("/q", work)).body == b"1"
    assert derived.get("/q") is None


async def test_memory_is_bounded_and_what_is_asked_for_stays(questions: Questions) -> None:
    derived = Derived(max_bytes=200_000)
    for number in range(200):
        await derived.compute(f"/q{number}", questions.about(number, b"x" * 10_000))
        assert derived.bytes <= 200_000
        assert derived.get("/q0") is not None
    assert derived.get("/q1") is None


async def test_many_questions_of_one_result_are_bounded_too(questions: Questions) -> None:
    derived = Derived(max_bytes=100_000)
    for number in range(1000):
        await derived.compute(f"/q{number}", questions.about("same"))
    assert derived.bytes <= 100_000


async def test_a_body_is_compressed_when_someone_asks_and_for_its_equals(questions: Questions) -> None:
    derived = Derived()
    body = b'{"games":[%s]}' % (b"1," * 5000)
    copy = await derived.compute("/q", questions.about("same", body))
    assert list(copy.bodies) == ["identity"]
    before = derived.bytes
    await asyncio.gather(*(derived.encode(copy, "br") for _ in range(3)))
    assert brotli.decompress(copy.bodies["br"]) == body
    assert derived.bytes == before + len(copy.bodies["br"])
    equal = await derived.compute("/q2", questions.about("same", body))
    sent = answer(equal, "GET", {b"accept-encoding": b"br"})
    assert (b"content-encoding", b"br") in sent.head.pairs
    small = await derived.compute("/small", questions.about("small", b"{}"))
    await derived.encode(small, "br")
    assert list(small.bodies) == ["identity"]


async def test_a_computation_rests_after_each_short_turn() -> None:
    """Others run between its steps: seen by counting, not by a clock."""
    others = 0
    ended = False

    async def other() -> None:
        nonlocal others
        while not ended:
            others += 1
            await asyncio.sleep(0)

    async def work(turns: Turns) -> Computed:
        for _ in range(100):
            time.perf_counter()
            await turns.rest()

        async def render() -> bytes:
            return b"{}"

        return Computed("result", render, NOW, "/api/games")

    running = asyncio.create_task(other())
    await Derived(turn_seconds=0.0).compute("/q", work)
    ended = True
    await running
    assert others >= 100
