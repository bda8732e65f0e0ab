"""A run: its attempts, its time-out, its lost predecessors, its alert."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest
import respx

from ops.clock.fence import next_token
from ops.clock.job import JobContext, SkippedRunError
from ops.database import session
from tests.support.clock_bench import Bench, job, minute, outline
from tests.support.waiting import eventually


class Failing:
    """A job that fails a number of times before it succeeds."""

    def __init__(self, times: int, error: type[Exception] = RuntimeError) -> None:
        self.left = times
        self.error = error

    async def __call__(self, _: JobContext[Any]) -> None:
        self.left -= 1
        if self.left >= 0:
            raise self.error("the source is down")


async def test_a_failed_run_is_tried_again_before_its_next_tick(bench: Bench) -> None:
    async with bench.term(job(Failing(2))):
        bench.wall.at = minute(1)
        runs = await bench.settled(3)
    assert outline(runs) == [
        (1, 1, "schedule", "failure"),
        (1, 2, "retry", "failure"),
        (1, 3, "retry", "success"),
    ]
    assert runs[0].error_snippet == "RuntimeError: the source is down"
    assert len({run.correlation_id for run in runs}) == 3
    assert await bench.alerts() == []  # it helped itself: nobody is woken


async def test_after_the_last_attempt_the_operators_are_told_once_and_once_when_it_is_well(
    bench: Bench,
) -> None:
    async with bench.term(job(Failing(6))):
        for number, count in ((1, 3), (2, 6), (3, 7)):
            bench.wall.at = minute(number)
            await bench.settled(count)
            await eventually(partial(_has_alerts, bench, number))
    assert await bench.alerts() == [
        ("job:job:RuntimeError", "failure", "pending"),
        ("job:job:RuntimeError", "failure", "suppressed"),
        ("job:job:RuntimeError", "recovery", "pending"),
    ]


async def test_the_recovery_is_told_by_a_later_leader_too(bench: Bench) -> None:
    async with bench.term(job(Failing(1), max_attempts=1)):
        bench.wall.at = minute(1)
        await bench.settled(1)
        await eventually(lambda: _has_alerts(bench, 1))
    async with bench.term(job(Failing(0))):
        bench.wall.at = minute(2)
        await bench.settled(2)
        await eventually(lambda: _has_alerts(bench, 2))
    assert [kind for _, kind, _ in await bench.alerts()] == ["failure", "recovery"]


async def test_a_run_that_takes_too_long_is_a_timeout(bench: Bench) -> None:
    async def endless(_: JobContext[Any]) -> None:
        await asyncio.Event().wait()

    async with bench.term(job(endless, timeout_seconds=0.05, max_attempts=2)):
        bench.wall.at = minute(1)
        runs = await bench.settled(2)
        await eventually(lambda: _has_alerts(bench, 1))
    assert [run.status for run in runs] == ["timeout", "timeout"]
    assert (await bench.alerts())[0][0] == "job:job:JobTimeoutError"


async def test_an_upstreams_time_out_is_a_failure_and_not_the_jobs_own(bench: Bench) -> None:
    async with bench.term(job(Failing(1, TimeoutError), max_attempts=1)):
        bench.wall.at = minute(1)
        (run,) = await bench.settled(1)
    assert (run.status, run.error_class) == ("failure", "TimeoutError")


async def test_a_job_with_nothing_to_do_is_skipped_with_its_reason(bench: Bench) -> None:
    async def idle(_: JobContext[Any]) -> None:
        raise SkippedRunError("no sport is active")

    async with bench.term(job(idle)):
        bench.wall.at = minute(1)
        (run,) = await bench.settled(1)
    assert run.status == "skipped"
    assert "no sport is active" in (run.error_snippet or "")
    assert await bench.alerts() == []


async def test_a_run_whose_leader_died_is_lost_and_run_again(bench: Bench) -> None:
    begun = asyncio.Event()

    async def endless(_: JobContext[Any]) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with bench.term(job(endless)):
        bench.wall.at = minute(1)
        await begun.wait()
    async with bench.term(job(Failing(0))):
        runs = await bench.settled(2)
    assert outline(runs) == [(1, 1, "schedule", "lost"), (1, 2, "retry", "success")]
    assert runs[0].fencing_token < runs[1].fencing_token


async def test_a_run_lost_as_often_as_it_may_be_tried_is_told_and_not_tried_for_ever(bench: Bench) -> None:
    begun = asyncio.Event()

    async def endless(_: JobContext[Any]) -> None:
        begun.set()
        await asyncio.Event().wait()

    endless_job = job(endless, max_attempts=2, schedule="1 * * * *")
    for _ in range(2):
        async with bench.term(endless_job):
            bench.wall.at = minute(1)
            await begun.wait()
        begun.clear()
    async with bench.term(endless_job):
        runs = await bench.settled(2)
        await eventually(lambda: _has_alerts(bench, 1))
    assert [run.status for run in runs] == ["lost", "lost"]
    assert await bench.alerts() == [("job:job:RunLostError", "failure", "pending")]


async def test_the_writes_of_a_replaced_leader_are_refused_and_its_run_is_lost(bench: Bench) -> None:
    async def overtaken(context: JobContext[Any]) -> None:
        async with session(context.database) as connection:
            await next_token(connection, "another", bench.wall())
        async with context.transaction() as connection:
            await connection.execute("UPDATE scheduler_jobs SET timezone = 'overwritten'")

    async with bench.term(job(overtaken)):
        bench.wall.at = minute(1)
        (run,) = await bench.settled(1)
    assert (run.status, run.error_class) == ("lost", "FencedOutError")
    async with session(bench.database) as connection:
        assert await connection.fetch_val("SELECT timezone FROM scheduler_jobs") == "UTC"


async def test_a_new_leader_waits_for_the_transaction_that_passed_the_check(bench: Bench) -> None:
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def writing(context: JobContext[Any]) -> None:
        async with context.transaction():
            inside.set()
            await go_on.wait()

    async def take_over() -> int:
        async with session(bench.database) as connection:
            return await next_token(connection, "another", bench.wall())

    async with bench.term(job(writing)):
        bench.wall.at = minute(1)
        await inside.wait()
        successor = asyncio.create_task(take_over())
        done, _ = await asyncio.wait({successor}, timeout=0.2)
        assert not done
        go_on.set()
        await asyncio.wait_for(successor, 60)


async def test_secrets_stay_out_of_the_ledger_and_the_alert(bench: Bench) -> None:
    async def leaking(_: JobContext[Any]) -> None:
        raise RuntimeError("GET https://api.example.com/v4/sports?apiKey=0123456789abcdef0123 " + "x" * 900)

    async with bench.term(job(leaking, max_attempts=1)):
        bench.wall.at = minute(1)
        (run,) = await bench.settled(1)
        await eventually(lambda: _has_alerts(bench, 1))
    assert run.error_snippet is not None
    assert len(run.error_snippet) <= 500
    async with session(bench.database) as connection:
        body = await connection.fetch_val("SELECT body FROM alerts")
    assert "0123456789abcdef0123" not in run.error_snippet + body
    assert run.correlation_id in body


@pytest.mark.parametrize("answer", [200, 500, httpx.ConnectError("no route")])
async def test_the_dead_mans_switch_is_pinged_after_a_success_and_never_fails_it(
    bench: Bench, answer: int | Exception
) -> None:
    url = "https://hc.example.com/ping/uuid"
    with respx.mock:
        route = respx.get(url)
        _ = route.respond(answer) if isinstance(answer, int) else route.mock(side_effect=answer)
        async with bench.term(job(Failing(0)), heartbeat_url=url):
            bench.wall.at = minute(1)
            (run,) = await bench.settled(1)
            await eventually(lambda: route.called)
    assert run.status == "success"


async def test_a_failed_run_does_not_ping(bench: Bench) -> None:
    with respx.mock(assert_all_called=False):
        route = respx.get("https://hc.example.com/ping/uuid").respond(200)
        failing = job(Failing(9), max_attempts=1)
        async with bench.term(failing, heartbeat_url="https://hc.example.com/ping/uuid"):
            bench.wall.at = minute(1)
            await bench.settled(1)
            bench.wall.forward(seconds=1)
            await eventually(lambda: _has_alerts(bench, 1))
    assert not route.called


async def _has_alerts(bench: Bench, count: int) -> bool:
    return len(await bench.alerts()) >= count


async def test_an_old_trouble_is_not_told_of_again_and_again(bench: Bench) -> None:
    async with bench.term(job(Failing(40), max_attempts=1, schedule="*/1 * * * *")):
        for number in range(1, 26):
            bench.wall.at = minute(number)
            await eventually(partial(_has_alerts, bench, number))
    statuses = [status for _, _, status in await bench.alerts()]
    assert statuses.count("pending") == 3  # at minutes 1, 11 and 21
    assert bench.wall.at - minute(0) == timedelta(minutes=25)
