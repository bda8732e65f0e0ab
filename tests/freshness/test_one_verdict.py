"""One verdict, told and shown alike by alerts, /api/status, `launcher status` and /ops/status."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from ops.clock import ledger, register
from ops.clock.facts import read_facts
from ops.clock.ledger import Claim
from ops.clock.register import Registered
from ops.clock.verdict import judge
from ops.database import raw, session
from ops.stores import Stores
from quartapp.app import create_web
from quartapp.credits import Budget
from quartapp.documents.derived import Computed, Turns
from quartapp.documents.held import HeldDocuments
from quartapp.documents.table import Document, load_all, render
from quartapp.freshness import boards
from quartapp.freshness.cadence import cadence, stale_since
from quartapp.freshness.silence import SilenceWatch
from quartapp.publish import addresses
from quartapp.store.sports import Sport
from tests.support.examples import SPORT
from tests.support.service import NOON, STEP, Service, start

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis

    from quartapp.settings import Settings


@pytest.fixture
async def service(database: Database, redis: Redis, settings: Settings) -> Service:
    return await start(database, redis, settings, NOON)


async def spend(service: Service) -> None:
    await service.redis.hset("odds_api:spent:2026-06-01", "odds_refresh", "15000")


async def earn(service: Service) -> None:
    await service.redis.delete("odds_api:spent:2026-06-01")


async def fall_silent(service: Service) -> None:
    service.heard = False


async def speak(service: Service) -> None:
    service.heard = True


async def empty(service: Service) -> None:
    await service.execute("UPDATE games SET status = 'withdrawn'")


async def fill(service: Service) -> None:
    await service.execute("UPDATE games SET status = 'scheduled'")


async def lose_a_game(service: Service) -> None:
    await service.execute("UPDATE games SET status = 'live'")
    since = f"'{service.now:%Y-%m-%d %H:%M:%S}+00'::timestamptz"
    await service.execute(f"INSERT INTO unmatched_games SELECT id, 'espn', {since}, '{{}}' FROM games")


async def find_it(service: Service) -> None:
    await service.execute("DELETE FROM unmatched_games")


async def fail_boards(service: Service) -> None:
    for _ in range(boards.FAILURES_UNTIL_PAID):
        await boards.failed(service.redis, SPORT)


async def mend_boards(service: Service) -> None:
    await boards.answered(service.redis, SPORT)


async def err(service: Service) -> None:
    service.errors += 25


async def floor(service: Service) -> None:
    await service.redis.hset("odds_api:credits", "remaining", "50")


async def renew(service: Service) -> None:
    await service.redis.hset("odds_api:credits", "remaining", "5000")


async def wait(service: Service) -> None:
    service.now += timedelta(minutes=5)
    await service.odds_arrive()


async def ran(service: Service, job_name: str, **stats: object) -> None:
    """Let a run of the job end well, with what it says it did."""
    async with session(service.database) as connection:
        following = service.now + timedelta(days=1)
        await register.register(connection, [Registered(job_name, "0 6 * * *", "UTC", following)], NOON)
        (row,) = await ledger.claim(
            connection,
            [Claim(job_name, service.now, 1, "schedule")],
            holder=service.term.holder,
            fencing_token=service.term.token,
            now=service.now,
        )
        await ledger.finish(connection, row, "success", now=service.now, stats=stats)


async def fail_to_read(service: Service) -> None:
    unreadable = "leg 1 of p: 'Yankees' is not an outcome"
    await ran(service, "settle", unreadable=2, first_unreadable=unreadable, waiting=0)


async def wait_for_scores(service: Service) -> None:
    await ran(service, "settle", unreadable=0, waiting=1, first_waiting="leg 2 of p: nobody told")


async def settle_all(service: Service) -> None:
    await ran(service, "settle", unreadable=0, waiting=0)


async def idle(service: Service) -> None:
    await ran(service, "daily_pass", due=3, done=0)


async def work(service: Service) -> None:
    await ran(service, "daily_pass", due=3, done=2)


Change = Callable[[Service], Awaitable[None]]


@pytest.mark.parametrize(
    ("code", "cause", "begin", "end"),
    [
        ("credits_spent", "odds_api:spent", spend, earn),
        ("credits_floor", "odds_api:floor", floor, renew),
        ("odds_stale", "odds:stale", fall_silent, speak),
        ("slate_empty", "slate:empty", empty, fill),
        ("games_unmatched", "games:unmatched", lose_a_game, find_it),
        ("scores_fallback", "scoreboard:failing", fail_boards, mend_boards),
        ("bets_unreadable", "settle:unreadable", fail_to_read, settle_all),
        ("bets_waiting", "settle:waiting", wait_for_scores, settle_all),
        ("server_errors", "web:errors", err, wait),
        ("job_idle", "clock:idle", idle, work),
    ],
)
async def test_a_trouble_is_told_within_five_minutes_shown_alike_everywhere_and_over_within_two(
    service: Service, code: str, cause: str, begin: Change, end: Change
) -> None:
    await begin(service)
    began = service.now
    await service.until(True, timedelta(minutes=5))
    said, status = await service.published(), await service.status()
    assert [reason["code"] for reason in said["reasons"]] == [code]
    assert said["state"] == status.state == "degraded"
    assert [(reason["code"], reason["detail"]) for reason in status.reasons] == [(code, status.troubles[0])]
    assert said["reasons"][0]["detail"].lower() == status.troubles[0].lower() + "."
    assert (status.exit_code, status.leader) == (1, "host:clock:1")
    assert began <= datetime.fromisoformat(said["reasons"][0]["since"]) <= service.now
    assert await service.told() == [(cause, "failure")]
    for _ in range(4):
        await service.step()
    assert await service.told() == [(cause, "failure")], "told once while it lasts"

    await end(service)
    await service.until(False, timedelta(minutes=2))
    assert ((await service.published())["state"], (await service.status()).exit_code) == ("ok", 0)
    assert await service.told() == [(cause, "failure"), (cause, "recovery")]


async def test_the_public_answer_has_every_sports_age_and_no_host(service: Service) -> None:
    await fall_silent(service)
    for _ in range(3):
        await service.step()
    said = await service.published()
    assert said["odds_age_seconds"] == {SPORT: 90}
    assert "host:" not in orjson.dumps(said).decode()


async def test_a_run_that_did_nothing_of_what_was_due_is_told_and_over_with_one_that_did(
    service: Service,
) -> None:
    await ran(service, "daily_pass", due=3, done=0)
    await service.step()
    said = await service.published()
    assert [reason["code"] for reason in said["reasons"]] == ["job_idle"]
    assert "Daily_pass did nothing" in said["reasons"][0]["detail"]
    for _ in range(100):  # nothing was due: that is no proof that it works again, however often
        await service.odds_arrive()
        service.now += STEP
        await ran(service, "daily_pass", due=0, done=0)
    await service.step()
    assert await service.told() == [("clock:idle", "failure")]
    await ran(service, "daily_pass", due=3, done=2)
    await service.step()
    assert (await service.published())["reasons"] == []
    assert await service.told() == [("clock:idle", "failure"), ("clock:idle", "recovery")]


async def test_odds_that_stood_still_because_the_day_s_credits_were_spent_are_not_called_old_at_midnight(
    database: Database, redis: Redis, settings: Settings
) -> None:
    service = await start(database, redis, settings, NOON)
    await spend(service)
    await fall_silent(service)
    for late in (datetime(2026, 6, 1, 18, 0, tzinfo=UTC), datetime(2026, 6, 1, 23, 58, 30, tzinfo=UTC)):
        service.now = late
        await service.step()
    for _ in range(4):  # over midnight, until the new day's first refresh
        await service.step()
    await speak(service)
    await service.step()
    assert await service.told() == [("odds_api:spent", "failure"), ("odds_api:spent", "recovery")]
    await fall_silent(service)
    await service.until(True, timedelta(minutes=5))
    assert [reason["code"] for reason in (await service.published())["reasons"]] == ["odds_stale"]


async def test_odds_that_are_old_stay_old_over_midnight(service: Service) -> None:
    await fall_silent(service)
    service.now = datetime(2026, 6, 1, 23, 58, tzinfo=UTC)
    for _ in range(12):
        await service.step()
        assert [reason["code"] for reason in (await service.published())["reasons"]] == ["odds_stale"]
    assert await service.told() == [("odds:stale", "failure")]


def test_odds_are_old_once_they_are_older_than_twice_their_cadence() -> None:
    near = Sport(SPORT, SPORT, "Sports", True, "in_season", NOON + timedelta(hours=3), None, NOON, "live", 1)
    budget = Budget(5_000, 0, 0, {}, 500, 50, None)  # half of a day for 125 rounds of three markets
    planned = cadence(near, budget, 1, NOON)
    assert timedelta(minutes=2) < planned < timedelta(minutes=4)
    assert stale_since(near, budget, 1, NOON + timedelta(minutes=4)) is None
    found = stale_since(near, budget, 1, NOON + timedelta(minutes=7))
    assert found is not None
    assert found > NOON + 1.9 * planned


async def test_a_few_answers_of_5xx_or_many_over_a_long_time_are_no_trouble(service: Service) -> None:
    for _ in range(3):
        service.errors += 24
        for _ in range(11):
            await service.step()
            assert (await service.published())["reasons"] == []
    assert await service.told() == []


async def test_a_silent_clock_does_not_read_ok_for_ever(service: Service) -> None:
    held = HeldDocuments(max_bytes=1 << 20, describe=addresses.describe)

    async def follow() -> None:
        async with session(service.database) as connection:
            everything = await load_all(raw(connection))
        held.apply(everything, max(one.version for one in everything))

    def shown() -> dict[str, Any]:
        copy = held.get("/api/status")
        assert copy is not None
        said: dict[str, Any] = orjson.loads(copy.body)
        return said

    await follow()
    watch = SilenceWatch(held, service.now)
    watch.look(service.now + timedelta(minutes=3))
    assert shown()["state"] == "ok"
    for minutes in (4, 60):
        watch.look(service.now + timedelta(minutes=minutes))
        assert shown()["state"] == "down"
        assert [reason["code"] for reason in shown()["reasons"]] == ["clock_silent"]
        assert datetime.fromisoformat(shown()["reasons"][0]["since"]) == service.now
        assert shown()["odds_age_seconds"] == {SPORT: 60 * minutes}
    service.now += timedelta(hours=1)
    await service.step()
    await follow()
    watch.look(service.now)
    assert shown()["state"] == "ok"


async def test_without_any_report_the_answer_is_down_too() -> None:
    held = HeldDocuments(max_bytes=1 << 20, describe=addresses.describe)
    watch = SilenceWatch(held, NOON)
    watch.look(NOON + timedelta(minutes=1))
    assert held.get("/api/status") is None
    watch.look(NOON + timedelta(minutes=4))
    copy = held.get("/api/status")
    assert copy is not None
    assert orjson.loads(copy.body)["state"] == "down"


async def test_operators_and_visitors_are_answered_the_same(
    database: Database, redis: Redis, settings: Settings
) -> None:
    service = await start(database, redis, settings, datetime.now(UTC))
    await floor(service)
    await service.step()
    web = create_web(service.settings.model_copy(update={"ops_debug_enabled": True}))
    await web.stores.connect()
    try:
        operators = await (await web.app.test_client().get("/ops/status")).get_json()
    finally:
        await web.stores.close()
    said = await service.published()
    assert operators["state"] == said["state"] == "degraded"
    assert [reason["code"] for reason in operators["reasons"]] == ["credits_floor"]
    assert [reason["since"][:19] for reason in operators["reasons"]] == [
        reason["since"][:19] for reason in said["reasons"]
    ]


async def test_what_cannot_be_examined_is_not_called_well(service: Service) -> None:
    await service.execute("ALTER TABLE sports RENAME COLUMN active TO moved")
    overview = judge(await read_facts(Stores(service.database, service.redis), service.now, service.look))
    assert [trouble.code for trouble in overview.troubles] == ["not_examined"]
    assert "slate:empty" not in overview.well


async def test_computed_answers_stay_when_only_the_report_changes() -> None:
    held = HeldDocuments(max_bytes=1 << 20, describe=addresses.describe)

    async def body() -> bytes:
        return b"{}"

    async def answer(_: Turns) -> Computed:
        return Computed(1, body, NOON, "/api/games")

    for key, kept in (("/api/status", True), ("/api/sports", False)):
        await held.derived.compute("/api/games?from=x", answer)
        held.apply([render(Document(key, {}), held.version + 1, NOON)], held.version + 1)
        assert (held.derived.get("/api/games?from=x") is not None) is kept
