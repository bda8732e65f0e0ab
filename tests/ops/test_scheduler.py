"""Ticks become runs: once each, in time, caught up, never on top of each other."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ops.clock import ledger, register, requests
from ops.clock.job import JobContext
from ops.clock.ledger import Claim
from ops.clock.term import Pace
from ops.database import session
from tests.support.clock_bench import Bench, job, minute, outline
from tests.support.waiting import eventually


async def quick(_: JobContext[Any]) -> dict[str, object]:
    return {"wrote": 1}


class Gate:
    """A job that begins, and ends when the test says so."""

    def __init__(self) -> None:
        self.begun = 0
        self.running = 0
        self.most = 0
        self.open = asyncio.Event()

    async def __call__(self, _: JobContext[Any]) -> None:
        self.begun += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.open.wait()
        finally:
            self.running -= 1


async def test_a_tick_runs_once_when_it_is_due(bench: Bench) -> None:
    async with bench.term(job(quick)):
        bench.wall.at = minute(1)
        (run,) = await bench.settled(1)
    assert outline([run]) == [(1, 1, "schedule", "success")]
    assert run.stats == {"wrote": 1}


async def test_two_leaders_that_both_claim_a_tick_get_it_once(bench: Bench) -> None:
    async with bench.term(job(quick)) as leading:
        wanted = Claim("job", minute(7), 1, "schedule")
        claimed = await asyncio.gather(*(leading.claim(wanted) for _ in range(5)))
    assert sorted(len(runs) for runs in claimed) == [0, 0, 0, 0, 1]


async def test_a_replaced_leader_claims_nothing(bench: Bench) -> None:
    async with bench.term(job(quick)) as old, bench.term(job(quick)):
        assert await old.claim(Claim("job", minute(7), 1, "schedule")) == []


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        ("latest", [(4, 1, "catch_up", "success")]),
        ("skip", []),
        ("all", [(n, 1, "catch_up", "success") for n in (1, 2, 3, 4)]),
    ],
)
async def test_what_becomes_of_ticks_missed_while_no_clock_ran(
    bench: Bench, catch_up: str, expected: list[Any]
) -> None:
    async with bench.term(job(quick, catch_up=catch_up)):
        pass
    bench.wall.at = minute(4) + timedelta(seconds=30)
    async with bench.term(job(quick, catch_up=catch_up)):
        await bench.settled(len(expected))
        bench.wall.at = minute(5)
        runs = await bench.settled(len(expected) + 1)
    assert outline(runs) == [*expected, (5, 1, "schedule", "success")]


async def test_missed_ticks_older_than_the_window_are_let_go(bench: Bench) -> None:
    watched = job(quick, catch_up="all", catch_up_window=timedelta(minutes=2))
    async with bench.term(watched):
        pass
    bench.wall.at = minute(60) + timedelta(seconds=30)
    async with bench.term(watched):
        assert [row[0] for row in outline(await bench.settled(2))] == [59, 60]


async def test_a_tick_during_a_run_is_skipped(bench: Bench) -> None:
    gate = Gate()
    async with bench.term(job(gate)):
        bench.wall.at = minute(1)
        await eventually(lambda: gate.begun)
        bench.wall.at = minute(2)
        await eventually(lambda: _has(bench, 2))
        gate.open.set()
        runs = await bench.settled(2)
    assert outline(runs) == [(1, 1, "schedule", "success"), (2, 1, "schedule", "skipped")]
    assert gate.most == 1


@pytest.mark.parametrize("catch_up", ["latest", "skip"])
async def test_a_tick_during_a_run_waits_for_its_end(bench: Bench, catch_up: str) -> None:
    gate = Gate()
    async with bench.term(job(gate, overlap="wait", catch_up=catch_up)) as leading:
        bench.wall.at = minute(1)
        await eventually(lambda: gate.begun)
        bench.wall.at = minute(2)
        await leading.looked()
        assert gate.begun == 1
        bench.wall.forward(seconds=20)
        gate.open.set()
        runs = await bench.settled(2)
    assert outline(runs) == [(1, 1, "schedule", "success"), (2, 1, "schedule", "success")]
    assert gate.most == 1


async def test_jobs_that_share_a_key_never_run_together(bench: Bench) -> None:
    gate = Gate()
    both = [job(gate, name, concurrency_key="odds-api", catch_up="skip") for name in ("one", "two")]
    async with bench.term(*both):
        bench.wall.at = minute(1)
        await eventually(lambda: gate.begun)
        async with session(bench.database) as connection:
            asked = await requests.ask(connection, "two", "someone", bench.wall())
        answer = await eventually(lambda: _answer(bench, asked))
        assert (answer.taken, answer.run_id, answer.code) == (True, None, "busy")
        gate.open.set()
        runs = await bench.settled(2)
    assert {(run.job_name, run.status) for run in runs} == {("one", "success"), ("two", "success")}
    assert gate.most == 1


async def test_a_first_run_is_not_doubled_by_the_tick_that_comes_meanwhile(bench: Bench) -> None:
    gate = Gate()
    jobs = [job(gate, name, run_at_start=True, schedule="* * * * *") for name in ("first", "second")]
    async with bench.term(*jobs):
        await eventually(lambda: gate.begun == 1)  # in their order: second waits for first
        bench.wall.at = minute(1)
        await eventually(lambda: gate.begun == 2)  # its own tick
        gate.open.set()
        await eventually(lambda: _succeeded(bench, "second"))
        await bench.settled(len(await bench.runs()))
    assert gate.most == 2  # one of each


async def test_a_job_that_never_succeeded_runs_at_the_start_and_then_no_more(bench: Bench) -> None:
    yearly = job(quick, run_at_start=True, schedule="0 0 1 1 *")
    async with bench.term(yearly):
        await bench.settled(1)
    bench.wall.forward(minutes=1)
    async with bench.term(yearly) as leading:
        await leading.looked()
    assert len(await bench.runs()) == 1


async def test_a_paused_job_stays_paused_over_a_restart_and_misses_its_ticks(bench: Bench) -> None:
    async with bench.term(job(quick)), session(bench.database) as connection:
        await register.pause(connection, "job", bench.wall())
    bench.wall.at = minute(3)
    async with bench.term(job(quick)) as leading:
        bench.wall.at = minute(4)
        await leading.looked()
    assert await bench.runs() == []
    bench.wall.forward(seconds=30)
    async with session(bench.database) as connection:
        await register.resume(connection, "job", bench.wall())
    async with bench.term(job(quick)):
        bench.wall.at = minute(5)
        assert outline(await bench.settled(1)) == [(5, 1, "schedule", "success")]


async def test_a_request_from_another_process_is_answered(bench: Bench) -> None:
    bench.pace = Pace()  # as it runs in production
    async with bench.term(job(quick)):
        async with session(bench.database) as connection:
            asked = await requests.ask(connection, "job", "someone", bench.wall())
        answer = await eventually(lambda: _answer(bench, asked))
        (run,) = await bench.settled(1)
    assert (run.id, run.trigger, run.status) == (answer.run_id, "manual", "success")


async def test_a_request_that_nobody_waits_for_any_more_is_refused(bench: Bench) -> None:
    async with bench.term(job(quick)):
        pass
    async with session(bench.database) as connection:
        asked = await requests.ask(connection, "job", "someone", bench.wall())
    bench.wall.at += timedelta(hours=1)
    async with bench.term(job(quick, catch_up="skip")):
        answer = await eventually(lambda: _answer(bench, asked))
    assert (answer.run_id, answer.code) == (None, "too_late")
    assert "ask again" in answer.refusal


async def test_a_request_for_an_unknown_job_names_those_there_are(bench: Bench) -> None:
    async with bench.term(job(quick)), session(bench.database) as connection:
        with pytest.raises(register.UnknownJobError, match=r"no job 'jib'. Jobs: job"):
            await requests.ask(connection, "jib", "someone", bench.wall())


async def test_progress_is_seen_while_a_job_runs(bench: Bench) -> None:
    gate = asyncio.Event()

    async def counting(context: JobContext[Any]) -> None:
        context.progress(3, 30, "teams")
        await gate.wait()

    async with bench.term(job(counting)):
        bench.wall.at = minute(1)

        async def seen() -> object:
            runs = await bench.runs()
            return runs and runs[0].stats.get("progress")

        assert await eventually(seen) == {"done": 3, "total": 30, "what": "teams"}
        gate.set()
        await bench.settled(1)


async def test_a_wall_clock_that_jumps_back_doubles_no_tick_and_stops_nothing(bench: Bench) -> None:
    async with bench.term(job(quick)) as leading:
        for number in (1, 2, 3):
            bench.wall.at = minute(number)
            await bench.settled(number)
        bench.wall.at = minute(1) + timedelta(seconds=30)
        await leading.looked()
        for number in (2, 3):
            bench.wall.at = minute(number)
            await leading.looked()
        bench.wall.at = minute(4)
        await bench.settled(4)
        bench.wall.at = minute(-60) + timedelta(seconds=30)
        await leading.looked()
        bench.wall.at = minute(-59)  # it does not wait an hour for the next minute
        runs = await bench.settled(5)
    assert [row[0] for row in outline(runs)] == [-59, 1, 2, 3, 4]


async def test_a_clock_that_was_ahead_does_not_silence_a_job_until_then(bench: Bench) -> None:
    bench.wall.at = minute(500_000)
    async with bench.term(job(quick)):
        bench.wall.forward(minutes=1)
        await bench.settled(1)
    bench.wall.at = minute(0) + timedelta(seconds=30)
    async with bench.term(job(quick)):
        bench.wall.at = minute(1)
        await bench.settled(2)


@pytest.mark.parametrize("schedule", ["* * * * *", "* * * * * *"])
async def test_a_wall_clock_that_leaps_a_year_is_one_catch_up(bench: Bench, schedule: str) -> None:
    async with bench.term(job(quick, schedule=schedule)):
        bench.wall.at = minute(1)
        await bench.settled(1)
        bench.wall.at = minute(1) + timedelta(days=365)
        runs = await bench.settled(2)
    assert runs[1].scheduled_for == minute(1) + timedelta(days=365)


async def test_a_run_that_was_claimed_but_never_begun_is_found_and_run(bench: Bench) -> None:
    bench.pace = replace(bench.pace, sweep=0.05)
    async with bench.term(job(quick, schedule="0 0 1 1 *")) as leading:
        # As when the database's answer to the claim was lost on its way: the scheduler knows nothing of it.
        await leading.claim(Claim("job", minute(0), 1, "schedule"))
        bench.wall.forward(seconds=5)
        runs = await bench.settled(2)
    assert outline(runs) == [(0, 1, "schedule", "lost"), (0, 2, "retry", "success")]


async def test_the_sweep_leaves_alone_what_runs_here(bench: Bench) -> None:
    bench.pace = replace(bench.pace, sweep=0.01)
    gate = Gate()
    async with bench.term(job(gate, schedule="1 * * * *")) as leading:
        bench.wall.at = minute(1)
        await eventually(lambda: gate.begun)
        bench.wall.forward(minutes=10)
        await leading.looked(5)
        assert [run.status for run in await bench.runs()] == ["running"]
        gate.open.set()
        (run,) = await bench.settled(1)
    assert (run.status, gate.begun) == ("success", 1)


async def test_a_request_never_starts_a_run_on_top_of_one(bench: Bench) -> None:
    gate = Gate()
    async with bench.term(job(gate)):
        bench.wall.at = minute(1)
        await eventually(lambda: gate.begun)
        async with session(bench.database) as connection:
            later = bench.wall() + timedelta(minutes=2)
            asked = await requests.ask(connection, "job", "someone", bench.wall(), wait_until=later)
        answer = await eventually(lambda: _answer(bench, asked))
        assert (answer.run_id, answer.code) == (None, "running")
        gate.open.set()
        await bench.settled(1)
    assert gate.begun == 1


async def test_a_request_that_may_wait_is_one_row_and_runs_when_its_key_is_free(bench: Bench) -> None:
    gate, quick_gate = Gate(), Gate()
    quick_gate.open.set()
    both = [
        job(gate, "one", concurrency_key="odds"),
        job(quick_gate, "two", schedule="0 0 1 1 *", concurrency_key="odds"),
    ]
    async with bench.term(*both) as leading:
        bench.wall.at = minute(1)
        await eventually(lambda: gate.begun)
        async with session(bench.database) as connection:
            until = bench.wall() + timedelta(minutes=2)
            asked = await requests.ask(connection, "two", "someone", bench.wall(), wait_until=until)
            await leading.looked(5)
            held = await requests.read_answer(connection, asked)
            assert (held.taken, held.code) == (False, "busy")
            gate.open.set()
            answer = await eventually(lambda: _answer(bench, asked))
            assert (answer.run_id is not None, answer.code) == (True, None)
            assert await connection.fetch_val("SELECT count(*) FROM job_requests") == 1
        await bench.settled(2)


async def test_a_request_that_was_withdrawn_runs_nothing(bench: Bench) -> None:
    async with bench.term(job(quick, schedule="0 0 1 1 *")):
        pass
    async with session(bench.database) as connection:
        asked = await requests.ask(connection, "job", "someone", bench.wall())
        await requests.withdraw(connection, asked, bench.wall())
    async with bench.term(job(quick, schedule="0 0 1 1 *")) as leading:
        await leading.looked()
    assert await bench.runs() == []


async def test_old_requests_are_forgotten(bench: Bench) -> None:
    async with bench.term(job(quick)), session(bench.database) as connection:
        for age in (9, 8, 1):
            await requests.ask(connection, "job", "someone", bench.wall() - timedelta(days=age))
        before = bench.wall() - timedelta(days=7)
        assert [await requests.delete_before(connection, before, batch=1) for _ in range(3)] == [1, 1, 0]


async def test_a_tick_whose_claim_met_no_database_is_claimed_when_it_is_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, refused = ledger.claim, asyncio.Event()

    async def away_once(*arguments: Any, **options: Any) -> Any:
        if not refused.is_set():
            refused.set()
            raise ConnectionRefusedError("the database is away")
        return await claim(*arguments, **options)

    monkeypatch.setattr("ops.clock.ledger.claim", away_once)
    async with bench.term(job(quick, catch_up="skip", schedule="1 * * * *")):
        bench.wall.at = minute(1)
        (run,) = await bench.settled(1)
    assert refused.is_set()
    assert outline([run]) == [(1, 1, "schedule", "success")]


async def _has(bench: Bench, count: int) -> bool:
    return len(await bench.runs()) >= count


async def _succeeded(bench: Bench, name: str) -> bool:
    return any(run.status == "success" for run in await bench.runs(job=name))


async def _answer(bench: Bench, request_id: int) -> requests.Answer | None:
    async with session(bench.database) as connection:
        answer = await requests.read_answer(connection, request_id)
    return answer if answer.taken else None


async def test_the_ledger_forgets_old_runs_in_batches(bench: Bench) -> None:
    async with bench.term(job(quick)) as leading:
        claims = [Claim("job", minute(-n), 1, "schedule") for n in range(1, 6)]
        for run in await leading.claim(*claims):
            async with session(bench.database) as connection:
                await ledger.finish(connection, run, "success", now=bench.wall())
        async with session(bench.database) as connection:
            later = bench.wall() + timedelta(days=91)
            assert [await ledger.delete_before(connection, later, batch=3) for _ in range(3)] == [3, 2, 0]


async def test_a_database_that_was_away_is_told_of_when_it_is_back(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.pace = replace(bench.pace, outage=0.3)
    refused = 0

    def away(*_: Any, **__: Any) -> Any:
        nonlocal refused
        refused += 1
        raise ConnectionRefusedError("the database is away")

    async with bench.term(job(quick)):
        with monkeypatch.context() as outage:
            outage.setattr("ops.clock.scheduler.session", away)
            bench.wall.at = minute(1)
            await eventually(lambda: refused >= 2)
        runs = await bench.settled(1)
        await eventually(lambda: _alerts(bench, 2))
    assert outline(runs) == [(1, 1, "schedule", "success")]
    assert await bench.alerts() == [
        ("clock:database", "failure", "pending"),
        ("clock:database", "recovery", "pending"),
    ]


async def _alerts(bench: Bench, count: int) -> bool:
    return len(await bench.alerts()) >= count
