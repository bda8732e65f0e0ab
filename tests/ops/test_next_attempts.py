"""The next attempt of a run is a row with its time: it outlives its leader, and nothing else begins it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from ops.clock import attempts, ledger, register
from ops.clock.attempts import NextAttempt
from ops.clock.job import JobContext
from ops.clock.ledger import Claim
from ops.database import raw, session
from tests.support.clock_bench import Bench, job, minute, outline
from tests.support.waiting import eventually


async def fails_once(context: JobContext[Any]) -> None:
    if context.attempt == 1:
        raise RuntimeError("the source is down")


async def planned(bench: Bench) -> list[NextAttempt]:
    async with session(bench.database) as connection:
        return await attempts.waiting(connection)


async def plan(bench: Bench, scheduled_for: datetime, due_at: datetime | None = None) -> None:
    async with session(bench.database) as connection:
        await attempts.plan(connection, NextAttempt("job", scheduled_for, 2, due_at or scheduled_for))


async def test_attempts_are_apart_by_a_pause_that_doubles(bench: Bench) -> None:
    async def fails(_: JobContext[Any]) -> None:
        raise RuntimeError("the source is down")

    async with bench.term(
        job(fails, schedule="0 0 1 1 *", run_at_start=True, retry_base_seconds=8)
    ) as leading:
        for number, least, most in ((1, 8, 16), (2, 16, 24)):
            await bench.settled(number)
            (following,) = await eventually(lambda: planned(bench))
            pause = following.due_at - bench.wall()
            assert timedelta(seconds=least) <= pause <= timedelta(seconds=most)
            bench.wall.at = following.due_at - timedelta(milliseconds=1)
            await leading.looked()
            assert len(await bench.runs()) == number  # not a moment before
            bench.wall.at = following.due_at
        runs = await bench.settled(3)
    assert [run.trigger for run in runs] == ["schedule", "retry", "retry"]
    assert await planned(bench) == []


async def test_a_later_leader_makes_the_attempt_that_a_dead_one_had_planned(bench: Bench) -> None:
    retried = job(fails_once, schedule="1 * * * *", retry_base_seconds=60)
    async with bench.term(retried):
        bench.wall.at = minute(1)
        await bench.settled(1)
    (following,) = await planned(bench)
    async with bench.term(retried) as leading:
        await leading.looked()
        assert len(await bench.runs()) == 1  # a change of leader is no reason to hurry
        bench.wall.at = following.due_at
        runs = await bench.settled(2)
    assert outline(runs) == [(1, 1, "schedule", "failure"), (1, 2, "retry", "success")]


async def test_a_stopping_clock_begins_no_further_attempt_and_forgets_none(bench: Bench) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def fails(_: JobContext[Any]) -> None:
        begun.set()
        await go_on.wait()
        raise RuntimeError("the source is down")

    async with bench.term(job(fails)) as leading:
        bench.wall.at = minute(1)
        await begun.wait()
        leading.stop.set()
        go_on.set()
        assert await leading.runner.drained(60)
        assert len(await bench.runs()) == 1
    assert [(one.attempt, one.scheduled_for) for one in await planned(bench)] == [(2, minute(1))]


async def test_a_job_in_its_pause_frees_its_key_and_holds_its_own_next_tick(bench: Bench) -> None:
    async def quick(_: JobContext[Any]) -> None:
        return None

    hourly: dict[str, Any] = {"schedule": "1 * * * *", "retry_base_seconds": 60, "concurrency_key": "odds"}
    async with bench.term(
        job(fails_once, "failing", **hourly), job(quick, "other", concurrency_key="odds")
    ) as leading:
        bench.wall.at = minute(1)
        (following,) = await eventually(lambda: planned(bench))
        bench.wall.at = following.due_at - timedelta(milliseconds=1)
        await eventually(lambda: _succeeded(bench, "other"))
        await leading.looked()
        assert [run.status for run in await bench.runs(job="failing")] == ["failure"]
        bench.wall.at = following.due_at
        await eventually(lambda: _succeeded(bench, "failing"))


async def _succeeded(bench: Bench, name: str) -> bool:
    return any(run.status == "success" for run in await bench.runs(job=name))


async def test_an_attempt_whose_job_has_succeeded_since_is_needless(bench: Bench) -> None:
    async with bench.term(job(fails_once)) as leading:
        (run,) = await leading.claim(Claim("job", minute(9), 1, "manual"))
        async with session(bench.database) as connection:
            await ledger.finish(connection, run, "success", now=bench.wall())
    await plan(bench, minute(0))
    async with bench.term(job(fails_once)):
        await eventually(lambda: _none_planned(bench))
    assert len(await bench.runs()) == 1


async def test_an_attempt_that_is_days_old_is_let_go(bench: Bench) -> None:
    # A version that does not know these rows has led in between.
    await plan(bench, minute(0) - timedelta(days=2))
    async with bench.term(job(fails_once)):
        await eventually(lambda: _none_planned(bench))
    assert await bench.runs() == []


async def test_a_paused_job_makes_no_attempt(bench: Bench) -> None:
    async with bench.term(job(fails_once)), session(bench.database) as connection:
        await register.pause(connection, "job", bench.wall())
    await plan(bench, minute(0))
    async with bench.term(job(fails_once)):
        await eventually(lambda: _none_planned(bench))
    assert await bench.runs() == []


async def test_a_replaced_leader_takes_no_attempt_and_strikes_none_out(bench: Bench) -> None:
    following = NextAttempt("job", minute(0), 2, minute(0))
    async with bench.term(job(fails_once)) as old:
        pass
    async with bench.term(job(fails_once)):
        pass
    await plan(bench, minute(0))
    async with session(bench.database) as connection:
        for token, found in ((old.term.token, None), (old.term.token + 1, 2)):
            run = await attempts.take(
                connection, following, holder="bench", fencing_token=token, now=bench.wall()
            )
            assert (run and run.attempt) == found
            assert await attempts.waiting(connection) == ([following] if found is None else [])


async def test_a_run_is_lost_to_any_later_leader_and_not_only_to_the_next(bench: Bench) -> None:
    async with bench.term(job(fails_once)) as first:
        await first.claim(Claim("job", minute(0), 1, "schedule"))
    async with session(bench.database) as connection:  # a leader that died before it could look
        await connection.execute("UPDATE scheduler_fences SET token = token + 1")
    async with bench.term(job(fails_once)):
        runs = await bench.settled(2)
    assert outline(runs) == [(0, 1, "schedule", "lost"), (0, 2, "retry", "success")]


async def test_the_wall_clock_set_back_does_not_hold_an_attempt_until_it_has_caught_up(bench: Bench) -> None:
    await plan(bench, bench.wall(), bench.wall() + timedelta(days=30))
    async with bench.term(job(fails_once)):
        assert outline(await bench.settled(1)) == [(0, 2, "retry", "success")]


async def test_the_version_before_reads_the_ledger_whole_so_no_column_may_be_added_yet(bench: Bench) -> None:
    async with session(bench.database) as connection:
        rows = await raw(connection).fetch(
            """
            SELECT column_name FROM information_schema.columns
             WHERE table_name = 'scheduler_job_runs' ORDER BY ordinal_position
            """
        )
    assert " ".join(row["column_name"] for row in rows) == (
        "id job_name scheduled_for attempt trigger status started_at finished_at duration_ms error_class "
        "error_snippet correlation_id holder fencing_token stats"
    )


async def _none_planned(bench: Bench) -> bool:
    return not await planned(bench)
