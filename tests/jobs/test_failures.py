"""The jobs against a failing upstream: every run is recorded with its error, what was held stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest

from ops.alerts.desk import Desk
from ops.clock import ledger, register
from ops.clock.attempts import take
from ops.clock.fence import FencedOutError, next_token
from ops.clock.job import Job
from ops.clock.ledger import Claim
from ops.clock.runner import Runner
from ops.clock.term import Term
from ops.database import session
from ops.stores import Stores
from quartapp.credits import Budget, read_budget
from quartapp.feeds.espn import EspnClient
from quartapp.feeds.http import open_client
from quartapp.feeds.odds_api import OddsApiClient
from quartapp.jobs import JOBS
from quartapp.jobs.slates import store_slates
from quartapp.sandbox.app import create_sandbox
from quartapp.settings import Settings
from quartapp.upstreams import Upstreams
from tests.support import upstream as faults
from tests.support.upstream import open_upstream

KEY = "odds-key-for-tests-5f3a"
BY_NAME = {job.name: job for job in JOBS}


class Bench:
    """A leader with a sandbox upstream that can be broken path by path."""

    def __init__(self, database: Any, redis: Any, resources: Upstreams, upstream: Any, token: int) -> None:
        self.database, self.redis, self.resources, self.upstream, self.token = (
            database,
            redis,
            resources,
            upstream,
            token,
        )
        self._tick = self.now = datetime.now(UTC)

    async def run(self, name: str, *, attempts: int = 1, timeout: float = 60) -> ledger.Run:
        job = BY_NAME[name]
        once: Job[Upstreams] = Job(
            name=name,
            run=job.run,
            schedule=job.schedule,
            max_attempts=attempts,
            timeout_seconds=timeout,
            retry_base_seconds=0.01,
        )
        self._tick += timedelta(seconds=1)
        term = Term(
            Stores(self.database, self.redis), self.token, "test:clock:1", Desk(self.database, "test")
        )
        runner: Runner[Upstreams] = Runner(term, self.resources)
        async with session(self.database) as connection:
            (run,) = await ledger.claim(
                connection,
                [Claim(name, self._tick, 1, "schedule")],
                holder="test:clock:1",
                fencing_token=self.token,
                now=datetime.now(UTC),
            )
        while (following := await runner.run(once, run)) is not None:
            async with session(self.database) as connection:
                taken = await take(
                    connection,
                    following,
                    holder=term.holder,
                    fencing_token=self.token,
                    now=following.due_at,
                )
            assert taken is not None
            run = taken
        async with session(self.database) as connection:
            # By its id: a retry is taken at its due time, which may be later than the next run's start.
            return next(row for row in await ledger.history(connection, name, 50) if row.id == run.id)

    async def documents(self) -> dict[str, tuple[str, bytes]]:
        async with session(self.database) as connection:
            rows = await connection.fetch_all("SELECT key, etag, body FROM documents WHERE body IS NOT NULL")
        return {row["key"]: (row["etag"], row["body"]) for row in rows}


@pytest.fixture
async def bench(database: Any, redis: Any, settings: Settings) -> AsyncIterator[Bench]:
    async with open_bench(database, redis, settings) as one:
        yield one


@asynccontextmanager
async def open_bench(database: Any, redis: Any, settings: Settings) -> AsyncIterator[Bench]:
    now = datetime.now(
        UTC
    )  # the jobs go by the real time too: older games would be unresolved, and then unlisted
    async with open_upstream() as upstream:
        upstream.answers(faults.app(create_sandbox(now=lambda: now)))
        client = open_client()
        roomy = settings.model_copy(update={"odds_api_daily_credits": 20_000})
        resources = Upstreams(
            roomy,
            OddsApiClient(client, f"{upstream.url}/odds-api", KEY, base_wait_seconds=0.001, total_seconds=2),
            EspnClient(client, f"{upstream.url}/espn", base_wait_seconds=0.001, total_seconds=2),
            "sandbox",
        )
        async with session(database) as connection:
            token = await next_token(connection, "test:clock:1", now)
            await register.register(
                connection,
                [register.Registered(job.name, job.schedule, "UTC", None) for job in JOBS],
                now,
            )
        running = Bench(database, redis, resources, upstream, token)
        running.now = now
        yield running
        await client.aclose()


async def test_a_first_pass_fills_every_document(bench: Bench) -> None:
    run = await bench.run("daily_pass")
    assert (run.status, run.error_snippet) == ("success", None)
    documents = await bench.documents()
    assert {
        "/api/sports",
        "/api/games",
        "/api/games?sport=basketball_nba",
        "/api/analysis?sport=soccer_epl",
    } <= documents.keys()
    games = orjson.loads(documents["/api/games"][1])["games"]
    assert games
    assert [game["commence_time"] for game in games] == sorted(game["commence_time"] for game in games)
    assert all(
        f"/api/game/{game['id']}" in documents and f"/api/analysis/{game['id']}" in documents
        for game in games
    )
    one = orjson.loads(documents[f"/api/analysis/{games[-1]['id']}"][1])["analysis"]
    assert sum(one["markets"]["h2h"]["consensus"].values()) == pytest.approx(1, abs=1e-4)


async def test_a_run_that_changes_nothing_publishes_nothing(bench: Bench) -> None:
    await bench.run("daily_pass")
    before = await bench.documents()
    again = await bench.run("daily_pass")
    changed = {key for key, value in (await bench.documents()).items() if before[key] != value}
    # Only that the odds were looked at again is new: where a document tells when, it says so.
    assert again.stats["prices_changed"] == 0
    assert not {key for key in changed if key.startswith("/api/game")}


FAILURES: dict[str, Callable[[], Any]] = {
    "500": lambda: faults.status(500),
    "401": lambda: faults.status(401),
    "429": lambda: faults.throttled("0"),
    "garbage": faults.garbage,
    "truncated": faults.truncated,
    "hang": faults.hang,
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_failing_upstream_is_recorded_and_old_data_stays(
    bench: Bench, failure: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    await bench.run("daily_pass")
    before = await bench.documents()
    bench.upstream.on("/odds-api/v4/sports/basketball_nba/odds", FAILURES[failure]())
    run = await bench.run("daily_pass", attempts=2)
    assert (run.status, run.attempt) == ("failure", 2)
    assert run.error_snippet
    assert "The Odds API" in run.error_snippet
    assert run.stats["sports_failed"] == ["basketball_nba"]
    after = await bench.documents()
    assert after["/api/games?sport=basketball_nba"] == before["/api/games?sport=basketball_nba"]
    async with session(bench.database) as connection:
        alerts = await connection.fetch_all("SELECT * FROM alerts")
        rows = await connection.fetch_all("SELECT * FROM scheduler_job_runs")
    assert [alert["kind"] for alert in alerts] == ["failure"]
    told = str([dict(row._mapping) for row in (*alerts, *rows)]) + capfd.readouterr().out + caplog.text
    assert KEY not in told


async def test_an_empty_list_withdraws_the_slate_and_its_return_restores_it(bench: Bench) -> None:
    await bench.run("daily_pass")
    before = orjson.loads((await bench.documents())["/api/games?sport=icehockey_nhl"][1])["games"]
    assert before
    bench.upstream.on("/odds-api/v4/sports/icehockey_nhl/odds", faults.empty_list())
    assert (await bench.run("daily_pass")).status == "success"
    empty = orjson.loads((await bench.documents())["/api/games?sport=icehockey_nhl"][1])["games"]
    assert all(game["status"] in ("live", "unresolved") for game in empty)
    sandbox = create_sandbox(now=lambda: bench.now)
    bench.upstream.on("/odds-api/v4/sports/icehockey_nhl/odds", faults.app(sandbox))
    await bench.run("daily_pass")
    after = orjson.loads((await bench.documents())["/api/games?sport=icehockey_nhl"][1])["games"]
    assert [game["id"] for game in after] == [game["id"] for game in before]


async def test_a_reader_sees_a_whole_slate_or_none_of_it(bench: Bench, database_url: str) -> None:
    reader = await asyncpg.connect(database_url)
    running = asyncio.create_task(bench.run("daily_pass"))
    looks = 0
    while not running.done():
        async with reader.transaction(isolation="repeatable_read"):
            listed = await reader.fetchval(
                "SELECT body FROM documents WHERE key = '/api/games?sport=basketball_nba'"
            )
            stored = await reader.fetchval(
                "SELECT count(*) FROM games WHERE sport_key = 'basketball_nba' AND status <> 'final'"
            )
        assert (len(orjson.loads(listed)["games"]) if listed else 0) == stored
        looks += 1
        await asyncio.sleep(0)
    assert looks > 10
    assert (await running).status == "success"
    await reader.close()


async def test_a_replaced_leader_writes_nothing(bench: Bench, database_url: str) -> None:
    await bench.run("daily_pass")
    before = await bench.documents()
    async with session(bench.database) as connection:
        await next_token(connection, "other:clock:2", datetime.now(UTC))
    from ops.clock.job import JobContext
    from ops.telemetry.logs import get_logger

    context: JobContext[Upstreams] = JobContext(
        job_name="daily_pass", scheduled_for=datetime.now(UTC), attempt=1, trigger="schedule", correlation_id="c" * 32,
        fencing_token=bench.token, holder="test:clock:1", database=bench.database, redis=bench.redis,
        resources=bench.resources, desk=Desk(bench.database, "test:clock:1"), log=get_logger("test"),
    )  # fmt: skip
    with pytest.raises(FencedOutError):
        await store_slates(context, [("basketball_nba", ())])
    assert await bench.documents() == before


async def test_thirty_failing_teams_are_one_failed_run_and_one_alert(bench: Bench) -> None:
    await bench.run("daily_pass")
    for team in range(1, 31):
        bench.upstream.on(f"/espn/apis/site/v2/sports/basketball/nba/teams/{team}/roster", faults.status(500))
    run = await bench.run("roster_injuries")
    assert run.status == "failure"
    assert run.stats["fetches_failed"] == 30
    assert run.stats["players"] > 500  # the other leagues'
    async with session(bench.database) as connection:
        assert await connection.fetch_val("SELECT count(*) FROM alerts") == 1
        assert (
            await connection.fetch_val("SELECT count(*) FROM injuries WHERE sport_key = 'basketball_nba'") > 0
        )


async def test_credits_are_counted_by_day_and_job_and_the_floor_is_never_spent(bench: Bench) -> None:
    await bench.run("daily_pass")
    state = await read_budget(bench.redis, daily_limit=100, floor=50)
    assert state.remaining is not None
    assert state.spent_today == state.spent_today_by_job["daily_pass"] > 0
    await bench.redis.hset("odds_api:credits", "remaining", "50")
    calls = len(bench.upstream.requests)
    run = await bench.run("odds_refresh")
    assert run.status == "success"
    assert run.stats["sports_refreshed"] == []
    await bench.run("odds_refresh")
    assert len(bench.upstream.requests) == calls


async def test_fewer_markets_are_asked_for_as_the_day_s_credits_shrink() -> None:
    def after(spent: int) -> int:
        return len(Budget(5_000, 0, spent, {"odds_refresh": spent}, 100, 50, None).markets())

    assert [after(spent) for spent in (0, 37, 52, 67, 75)] == [3, 3, 2, 1, 0]
    assert Budget(52, 0, 0, {}, 100, 50, None).left("odds") == 2
