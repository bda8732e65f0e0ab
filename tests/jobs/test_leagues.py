"""One league's trouble is that league's: what is odd, refused or unstorable costs nobody else anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from ops.database import session
from quartapp.credits import Budget, read_budget, record_spending
from quartapp.feeds.errors import FeedThrottledError
from quartapp.freshness.cadence import cadence, due
from quartapp.jobs.backoff import ACCOUNT, Backoff
from quartapp.jobs.results import pace, wants_scores
from quartapp.records import AccountCredits
from quartapp.settings import Settings
from quartapp.store import games
from quartapp.store.sports import Sport
from tests.jobs.test_failures import Bench, open_bench
from tests.support import upstream as faults

NBA, NHL, EPL = "basketball_nba", "icehockey_nhl", "soccer_epl"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
async def bench(database: Any, redis: Any, settings: Settings) -> AsyncIterator[Bench]:
    async with open_bench(database, redis, settings) as one:
        yield one


def asked(bench: Bench, path: str) -> int:
    return sum(request.path.endswith(path) for request in bench.upstream.requests)


def odds_path(sport: str) -> str:
    return f"/odds-api/v4/sports/{sport}/odds"


async def slate(bench: Bench, sport: str) -> list[dict[str, Any]]:
    return list(orjson.loads((await bench.documents())[f"/api/games?sport={sport}"][1])["games"])


def a_game(game_id: str, *books: Any, home: Any = "H") -> dict[str, Any]:
    return {
        "id": game_id, "sport_key": NBA, "sport_title": "NBA", "commence_time": "2027-01-01T00:00:00Z",
        "home_team": home, "away_team": "A", "bookmakers": list(books),
    }  # fmt: skip


def a_book(key: str, *prices: Any) -> dict[str, Any]:
    outcomes = [{"name": name, "price": price} for name, price in zip("HA", prices, strict=True)]
    return {"key": key, "title": key, "last_update": None, "markets": [{"key": "h2h", "outcomes": outcomes}]}


async def test_an_odd_price_costs_its_book_and_the_stats_say_so(bench: Bench) -> None:
    odd = a_game("odd", a_book("booka", None, 102), a_book("bookb", -118, 101))
    bench.upstream.on(odds_path(NBA), faults.ok([a_game("good", a_book("booka", -120, 102)), odd]))
    run = await bench.run("daily_pass")
    assert run.status == "success"
    assert run.stats["left_out"] == {"market": 1, "bookmaker": 1}
    listed = {game["id"]: [book["key"] for book in game["bookmakers"]] for game in await slate(bench, NBA)}
    assert listed == {"good": ["booka"], "odd": ["bookb"]}


async def test_a_game_that_turns_odd_stays_as_it_was(bench: Bench) -> None:
    sound = [a_game("g1", a_book("booka", -120, 102)), a_game("g2", a_book("booka", -120, 102))]
    bench.upstream.on(odds_path(NBA), faults.ok(sound))
    await bench.run("daily_pass")
    before = await slate(bench, NBA)
    for spoilt in (sound[0] | {"home_team": None}, sound[0] | {"id": None}):
        bench.upstream.on(odds_path(NBA), faults.ok([spoilt, sound[1]]))
        await bench.run("daily_pass")
        assert await slate(bench, NBA) == before
    bench.upstream.on(odds_path(NBA), faults.ok([sound[1]]))
    await bench.run("daily_pass")
    assert [game["id"] for game in await slate(bench, NBA)] == ["g2"]


async def test_more_than_a_tenth_odd_fails_the_run_and_its_sound_part_is_published(bench: Bench) -> None:
    listed = [a_game(f"g{n}", a_book("booka", -120, 102), home=None if n < 3 else f"H{n}") for n in range(10)]
    bench.upstream.on(odds_path(NBA), faults.ok(listed))
    run = await bench.run("odds_refresh", attempts=3)
    assert (run.status, run.attempt) == ("failure", 3)
    assert "3 of 10 events are not as documented; first: [0].home_team is null" in (run.error_snippet or "")
    assert len(await slate(bench, NBA)) == 7
    assert asked(bench, odds_path(NBA)) == 1  # a retry does not buy the same answer again


async def test_a_league_that_cannot_be_stored_fails_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = games.upsert

    async def upsert(connection: Any, sport_key: str, *rest: Any, **more: Any) -> None:
        await real(connection, sport_key, *rest, **more)
        if sport_key == NBA:
            await connection.fetch_val("SELECT 1 / 0")  # as any value does that a column refuses

    monkeypatch.setattr(games, "upsert", upsert)
    for job in ("daily_pass", "odds_refresh"):
        run = await bench.run(job)
        assert run.status == "failure"
        assert run.stats["sports_failed"] == [NBA]
    assert await slate(bench, NHL)
    assert await slate(bench, NBA) == []


async def test_a_broken_league_is_asked_less_and_less(bench: Bench) -> None:
    bench.upstream.on(odds_path(NBA), faults.status(200, {"not": "a list"}, {"x-requests-last": "3"}))
    for _ in range(20):
        run = await bench.run("odds_refresh", attempts=3)
        assert run.status == "failure"
        assert "The Odds API: the odds answer has a changed shape" in (run.error_snippet or "")
    assert asked(bench, odds_path(NBA)) == 2  # the failure, one try at once; then a minute's wait and more
    state = await read_budget(bench.redis, daily_limit=500, floor=0)
    assert state.spent_today_by_job["odds_refresh"] >= 6  # what was refused was paid for
    bench.upstream.on(odds_path(NBA), faults.ok([]))
    await bench.redis.delete(f"odds_api:backoff:odds:{NBA}")
    assert (await bench.run("odds_refresh")).status == "success"


async def test_the_pauses_of_a_failing_league_double_and_end_with_its_success(redis: Any) -> None:
    backoff = Backoff(redis, "odds")
    pauses = []
    for _ in range(10):
        await backoff.failed(NBA, FeedThrottledError("busy"), NOW)
        until = datetime.fromisoformat(await redis.hget(f"odds_api:backoff:odds:{NBA}", "until"))
        pauses.append(round((until - NOW).total_seconds() / 60))
    assert pauses == [0, 1, 2, 4, 8, 16, 32, 64, 120, 120]
    problem = await backoff.waits(NBA, NOW)
    assert isinstance(problem, FeedThrottledError)
    assert "busy (asked again from 14:00 UTC)" in str(problem)
    assert await backoff.waits(NHL, NOW) is None
    assert await Backoff(redis, "results").waits(NBA, NOW) is None
    await backoff.well(NBA)
    assert await backoff.waits(NBA, NOW) is None
    await backoff.failed(EPL, FeedThrottledError("busy", 1800), NOW)
    assert await backoff.waits(EPL, NOW + timedelta(minutes=29)) is not None
    assert await backoff.waits(EPL, NOW + timedelta(minutes=31)) is None
    await backoff.failed(ACCOUNT, FeedThrottledError("all"), NOW, timedelta(hours=1))
    assert await backoff.waits(NHL, NOW) is not None


@pytest.mark.parametrize("answer", [faults.status(402), faults.out_of_credits()], ids=["402", "401"])
async def test_without_credits_no_other_league_is_asked(bench: Bench, answer: Any) -> None:
    await bench.run("sport_state")
    bench.upstream.on("/odds-api/v4/sports/", answer)
    run = await bench.run("odds_refresh", attempts=3)
    assert run.status == "failure"
    assert "no credits left this month" in (run.error_snippet or "")
    for _ in range(5):
        await bench.run("odds_refresh")
    assert sum(request.path.endswith("/odds") for request in bench.upstream.requests) == 2


async def test_a_lasting_422_falls_back_to_fewer_markets(bench: Bench) -> None:
    def only_h2h(request: faults.Request) -> faults.Answer:
        if request.query["markets"] != "h2h":
            return faults.status(422, {"error_code": "INVALID_MARKET"})
        return faults.ok([a_game("g1", a_book("booka", -120, 102))])

    async def write(request: faults.Request, writer: Any) -> None:
        await only_h2h(request).write(request, writer)

    bench.upstream.on(odds_path(NBA), faults.Answer(write))
    assert (await bench.run("daily_pass")).status == "success"
    assert [game["id"] for game in await slate(bench, NBA)] == ["g1"]
    assert asked(bench, odds_path(NBA)) == 3
    await bench.run("daily_pass")
    assert asked(bench, odds_path(NBA)) == 4  # what it takes is remembered


# Budgets -----------------------------------------------------------------------------------------------


def a_sport(
    key: str = NBA, *, next_in: float | None = 3, last: bool = True, updated: float | None = 1
) -> Sport:
    """A league with its next game in some hours."""
    return Sport(
        key, key, "Sports", True, "in_season",
        None if next_in is None else NOW + timedelta(hours=next_in),
        NOW - timedelta(days=2) if last else None,
        None if updated is None else NOW - timedelta(hours=updated),
        "sandbox", 1,
    )  # fmt: skip


def a_budget(limit: int = 500, remaining: int | None = 5_000, **spent: int) -> Budget:
    return Budget(remaining, 0, sum(spent.values()), spent, limit, 50, None)


def test_neither_purpose_spends_what_the_other_needs() -> None:
    state = a_budget(results=125, odds_refresh=100, daily_pass=75)
    assert (state.left("results"), state.left("odds"), state.left_today) == (0, 200, 200)
    assert a_budget(odds_refresh=400).left("results") == 125
    assert a_budget(remaining=52).left("odds") == a_budget(remaining=52).left("results") == 2
    assert a_budget(remaining=50).markets() == ()


async def test_without_headers_the_account_shrinks_by_the_documented_price(redis: Any) -> None:
    await record_spending(redis, "results", AccountCredits(100, 1, 2))
    await record_spending(redis, "results", AccountCredits(None, None, 3))
    state = await read_budget(redis, daily_limit=500, floor=50)
    assert (state.remaining, state.spent_today) == (97, 5)
    await redis.hset("odds_api:credits", "remaining", "what another version wrote")
    assert (await read_budget(redis, daily_limit=500, floor=50)).remaining is None


def test_a_sport_that_plays_soon_is_refreshed_more_often_than_one_that_plays_later() -> None:
    state = a_budget()
    soon, today, far = (cadence(a_sport(next_in=hours), state, 8, NOW) for hours in (3, 12, 48))
    assert soon * 2 == today == far / 2
    assert due(a_sport(updated=None), state, 8, NOW)
    assert not due(a_sport(updated=0.01), state, 8, NOW)
    assert cadence(a_sport(), a_budget(10**6, 10**7), 1, NOW) == timedelta(minutes=1)


def test_scores_are_asked_for_only_where_they_can_have_changed() -> None:
    tick = timedelta(minutes=10)

    def wanted(sport: Sport, *, running: bool = False, last: datetime | None = None) -> bool:
        return wants_scores(sport, {sport.key} if running else set(), last, tick, NOW)

    assert wanted(a_sport(), running=True)
    assert wanted(a_sport(), running=True, last=NOW - tick)
    assert not wanted(a_sport(), running=True, last=NOW - tick / 2)
    assert not wanted(a_sport())  # its games have results, or have not begun
    assert wanted(a_sport(last=False, next_in=48))  # a season that is on, its last days not known yet
    assert not wanted(a_sport(last=False, next_in=48), last=NOW - timedelta(days=1))
    assert not wanted(a_sport(last=False, next_in=288))  # a game in 12 days
    assert not wanted(a_sport(last=False, next_in=None))


def test_the_pace_of_scores_lasts_the_day() -> None:
    assert pace(a_budget(), 3, NOW) == timedelta(hours=12) / 20 / 2
    assert pace(a_budget(20_000), 3, NOW) < timedelta(minutes=1)
    assert pace(a_budget(results=125), 3, NOW) == timedelta(hours=1)


async def test_one_refresh_spends_no_more_than_is_left(bench: Bench) -> None:
    await bench.run("sport_state")
    await bench.redis.hset("odds_api:credits", "remaining", str(50 + 7))  # seven above the floor
    bench.upstream.on(odds_path("americanfootball_ncaaf"), faults.status(200, {}, {"x-requests-last": "3"}))
    run = await bench.run("odds_refresh")
    assert run.stats["credits_spent"] <= 7
    assert sum(request.path.endswith("/odds") for request in bench.upstream.requests) <= 7


async def test_no_scores_are_fetched_below_the_floor(bench: Bench) -> None:
    await bench.run("daily_pass")
    async with session(bench.database) as connection:
        await connection.execute(
            "UPDATE games SET status = 'live', commence_time = now() - interval '1 hour'"
        )
    await bench.redis.hset("odds_api:credits", "remaining", "51")
    run = await bench.run("results")
    assert (run.status, run.stats["sports"], asked(bench, "/scores")) == ("success", [], 0)
    assert (run.stats["due"] > 0, run.stats["done"]) == (True, 0), "the verdict tells of a run like that"
    await bench.redis.hset("odds_api:credits", "remaining", "55")
    run = await bench.run("results")
    assert asked(bench, "/scores") == 2


async def test_leagues_whose_games_are_days_away_cost_no_credits(bench: Bench) -> None:
    await bench.run("daily_pass")
    async with session(bench.database) as connection:
        await connection.execute(
            "UPDATE games SET status = 'scheduled', commence_time = now() + interval '12 days'"
        )
        await connection.execute(
            "UPDATE sports SET last_game_at = NULL, next_game_at = now() + interval '12 days'"
        )
    for _ in range(3):
        assert (await bench.run("results")).status == "success"
    assert asked(bench, "/scores") == 0
