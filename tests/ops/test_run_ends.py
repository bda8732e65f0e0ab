"""Nothing that a job says or does keeps its run from being recorded, once and truly."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import asyncpg
import pytest

from ops.clock import ledger
from ops.clock.job import JobContext
from ops.clock.plain import plain_stats
from tests.support.clock_bench import Bench, job, minute, outline
from tests.support.waiting import eventually


class UnspeakableError(Exception):
    """An error that fails when it is asked what it says."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


class BrokenMapping(dict[str, object]):
    """Stats that fail when they are read."""

    def items(self) -> Any:
        raise RuntimeError("no items")


def endless() -> dict[str, object]:
    inside: dict[str, object] = {}
    inside["self"] = inside
    return inside


ERRORS: dict[str, Callable[[], BaseException]] = {
    "NUL": lambda: RuntimeError("a\x00b"),
    "a lone surrogate": lambda: RuntimeError("a\ud800b"),
    "no text at all": UnspeakableError,
    "a library's cancellation": asyncio.CancelledError,
    "an exit": lambda: SystemExit(3),
    "a group": lambda: BaseExceptionGroup("several", [SystemExit(3), RuntimeError("\x00")]),
    "a long text": lambda: RuntimeError("x" * 200_000),
}
STATS: dict[str, Callable[[], Any]] = {
    "NUL": lambda: {"a\x00": "b\x00"},
    "a lone surrogate": lambda: {"name": "\ud800"},
    "an object": lambda: {"it": object(), "bytes": b"\xff"},
    "numbers": lambda: {"nan": float("nan"), "huge": 10**400, 7: float("inf")},
    "itself": endless,
    "a list": lambda: [1, 2],
    "text": lambda: "done",
    "a broken mapping": BrokenMapping,
}


@pytest.mark.parametrize("kind", ERRORS)
async def test_a_failure_is_recorded_whatever_it_says_and_the_jobs_after_it_run(
    bench: Bench, kind: str
) -> None:
    async def odd(_: JobContext[Any]) -> None:
        raise ERRORS[kind]()

    async def quick(_: JobContext[Any]) -> None:
        return None

    yearly: dict[str, Any] = {"schedule": "0 0 1 1 *", "run_at_start": True, "max_attempts": 1}
    async with bench.term(job(odd, "odd", **yearly), job(quick, "after", **yearly)):
        runs = await bench.settled(2)
        await eventually(bench.alerts)
    assert {run.job_name: run.status for run in runs} == {"odd": "failure", "after": "success"}
    (failed,) = [run for run in runs if run.job_name == "odd"]
    assert failed.error_class
    assert failed.error_class in (failed.error_snippet or "")


@pytest.mark.parametrize("kind", STATS)
async def test_a_success_stays_one_whatever_its_stats_are(bench: Bench, kind: str) -> None:
    runs_of_it = 0

    async def odd(_: JobContext[Any]) -> Mapping[str, object]:
        nonlocal runs_of_it
        runs_of_it += 1
        stats: Mapping[str, object] = STATS[kind]()
        return stats

    async with bench.term(job(odd)) as leading:
        bench.wall.at = minute(1)
        (run,) = await bench.settled(1)
        await leading.looked()
    assert (run.status, runs_of_it) == ("success", 1)


async def test_odd_progress_does_not_end_the_clock(bench: Bench) -> None:
    seen, go_on = asyncio.Event(), asyncio.Event()

    async def odd(context: JobContext[Any]) -> None:
        context.stats["said"] = "\x00"
        context.stats["object"] = object()
        seen.set()
        await go_on.wait()

    async with bench.term(job(odd)) as leading:
        bench.wall.at = minute(1)
        await seen.wait()
        await leading.looked(5)
        go_on.set()
        (run,) = await bench.settled(1)
    assert run.status == "success"


def test_stats_are_small_and_hide_secrets() -> None:
    kept = plain_stats({"url": "https://h/v4?apiKey=0123456789abcdef", "many": list(range(10_000))})
    assert "0123456789abcdef" not in kept["url"]
    assert len(kept["many"]) == 200


REFUSALS = [
    asyncpg.TooManyConnectionsError("sorry, too many clients already"),
    asyncpg.ReadOnlySQLTransactionError("cannot execute UPDATE in a read-only transaction"),
    asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
    asyncpg.SerializationError("could not serialize access"),
    asyncpg.OutOfMemoryError("out of memory"),
    asyncpg.InsufficientPrivilegeError("permission denied"),
    asyncpg.InterfaceError("connection is closed"),
    ConnectionResetError("reset"),
    TimeoutError(),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: type(refusal).__name__)
async def test_a_closing_write_is_made_again_after_each_error_that_may_pass(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    refused = _refuse(monkeypatch, refusal, times=2)
    runs_of_it = 0

    async def counted(_: JobContext[Any]) -> dict[str, object]:
        nonlocal runs_of_it
        runs_of_it += 1
        return {"wrote": 1}

    async with bench.term(job(counted)):
        bench.wall.at = minute(1)
        (run,) = await bench.settled(1)
    assert (run.status, run.stats, runs_of_it, len(refused)) == ("success", {"wrote": 1}, 1, 2)


@pytest.mark.parametrize(
    "refusal", [asyncpg.UntranslatableCharacterError("\\u0000"), asyncpg.CheckViolationError("snippet")]
)
async def test_an_end_that_postgresql_refuses_for_its_words_is_recorded_without_them(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    _refuse(monkeypatch, refusal, times=1)

    async def said(_: JobContext[Any]) -> dict[str, object]:
        return {"words": "odd"}

    async with bench.term(job(said)):
        bench.wall.at = minute(1)
        (run,) = await bench.settled(1)
    assert (run.status, run.stats) == ("success", {})


def _refuse(monkeypatch: pytest.MonkeyPatch, refusal: Exception, times: int) -> list[int]:
    """Let the first closing writes be refused; return the list that grows with each refusal."""
    finish = ledger.finish
    refused: list[int] = []

    async def refusing(*arguments: Any, **options: Any) -> bool:
        if len(refused) < times:
            refused.append(1)
            raise refusal
        return await finish(*arguments, **options)

    monkeypatch.setattr("ops.clock.ledger.finish", refusing)
    return refused


async def test_an_end_whose_answer_was_lost_is_not_taken_for_anothers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = ledger.finish
    lost: list[int] = []

    async def then_cut(connection: Any, *arguments: Any, **options: Any) -> bool:
        done = await finish(connection, *arguments, **options)
        if not lost:
            lost.append(1)
            await connection.raw_connection.execute("COMMIT")  # the server has it; we do not hear of it
            raise ConnectionResetError("the answer was lost on its way")
        return done

    monkeypatch.setattr("ops.clock.ledger.finish", then_cut)

    async def fails(_: JobContext[Any]) -> None:
        raise RuntimeError("the source is down")

    async with bench.term(job(fails, max_attempts=1)):
        bench.wall.at = minute(1)
        await bench.settled(1)
        await eventually(bench.alerts)  # its own end: so it is told


async def test_a_job_that_swallows_its_cancellation_is_a_timeout_and_frees_its_key(bench: Bench) -> None:
    end, refused = asyncio.Event(), asyncio.Event()

    async def deaf(context: JobContext[Any]) -> None:
        while not end.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await end.wait()
        try:
            async with context.transaction() as connection:
                await connection.execute("UPDATE scheduler_jobs SET timezone = 'overwritten'")
        except Exception:
            refused.set()
            raise

    async def quick(_: JobContext[Any]) -> None:
        return None

    shared: dict[str, Any] = {"concurrency_key": "odds", "overlap": "wait", "max_attempts": 1}
    async with bench.term(
        job(deaf, "deaf", timeout_seconds=0.05, **shared | {"schedule": "1 * * * *"}),
        job(quick, "quick", **shared),
    ):
        bench.wall.at = minute(1)
        runs = await bench.settled(2)
        end.set()
        await asyncio.wait_for(refused.wait(), 60)  # what is left of it may write no more
    assert {run.job_name: run.status for run in runs} == {"deaf": "timeout", "quick": "success"}
    assert "swallowed its cancellation" in (next(r for r in runs if r.job_name == "deaf").error_snippet or "")


async def test_a_failed_first_run_is_tried_again_before_the_jobs_that_may_need_it(bench: Bench) -> None:
    order: list[str] = []

    async def sports(context: JobContext[Any]) -> None:
        order.append(f"sports {context.attempt}")
        if context.attempt == 1:
            raise RuntimeError("the source is down")

    async def games(_: JobContext[Any]) -> None:
        order.append("games")

    yearly: dict[str, Any] = {"schedule": "0 0 1 1 *", "run_at_start": True}
    async with bench.term(
        job(sports, "sports", retry_base_seconds=30, **yearly), job(games, "games", **yearly)
    ) as leading:
        await bench.settled(1)
        await leading.looked()
        bench.wall.forward(seconds=61)
        runs = await bench.settled(3)
    assert order == ["sports 1", "sports 2", "games"]
    assert [row[3] for row in outline(runs)].count("success") == 2
