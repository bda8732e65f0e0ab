"""The sandbox: speaks the upstreams' formats, the same for one seed and moment, moving with time, coherent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from quartapp.feeds.errors import FeedRefusedError
from quartapp.feeds.espn import EspnClient
from quartapp.feeds.odds_api import OddsApiClient
from quartapp.records import Event, price_format
from quartapp.sandbox.app import create_sandbox

KEY = "any-key-will-do"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SPORTS = (
    "americanfootball_nfl",
    "americanfootball_ncaaf",
    "basketball_nba",
    "basketball_ncaab",
    "baseball_mlb",
    "icehockey_nhl",
    "soccer_epl",
    "soccer_usa_mls",
)


@asynccontextmanager
async def sandbox(
    now: datetime | Callable[[], datetime] = NOW, seed: int = 1
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a sandbox at that moment."""
    app = create_sandbox(seed=seed, now=now if callable(now) else lambda: now)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # Quart is an ASGI app; httpx's type is narrower
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield client


def odds_api(client: httpx.AsyncClient) -> OddsApiClient:
    return OddsApiClient(client, "http://sandbox/odds-api", KEY)


async def slate(sandbox: AbstractAsyncContextManager[httpx.AsyncClient], sport: str) -> tuple[Event, ...]:
    async with sandbox as client:
        return (await odds_api(client).odds(sport))[0].items


# The Odds API ------------------------------------------------------------------------------------------


async def test_the_sports_of_the_front_page_are_active() -> None:
    async with sandbox() as client:
        sports, _ = await odds_api(client).sports()
    assert set(SPORTS) <= {sport.key for sport in sports if sport.active}


async def test_a_key_is_needed() -> None:
    async with sandbox() as client:
        with pytest.raises(FeedRefusedError, match="401 MISSING_KEY"):
            await OddsApiClient(client, "http://sandbox/odds-api", "").sports()


@pytest.mark.parametrize("sport", SPORTS)
async def test_it_is_the_same_for_one_seed_and_moment(sport: str) -> None:
    assert await slate(sandbox(), sport) == await slate(sandbox(), sport)
    assert await slate(sandbox(seed=2), sport) != await slate(sandbox(), sport)


@pytest.mark.parametrize("sport", SPORTS)
async def test_every_sport_has_games_by_several_books_in_its_own_format(sport: str) -> None:
    events = await slate(sandbox(), sport)
    assert len(events) >= 6
    assert {event.sport_key for event in events} == {sport}
    assert {event.price_format for event in events} == {price_format(sport)}
    books = {book.key for event in events for book in event.bookmakers}
    assert len(books) >= 6
    markets = [market.key for event in events for book in event.bookmakers for market in book.markets]
    assert set(markets) == {"h2h", "h2h_lay", "spreads", "totals"}
    assert markets.count("totals") < markets.count("h2h"), "some books lack a market"


async def test_only_what_is_asked_for_is_answered_and_it_costs_credits() -> None:
    async with sandbox() as client:
        before = (await odds_api(client).sports())[1]
        events, cost = await odds_api(client).odds("basketball_nba", ("totals", "spreads"))
    assert {m.key for e in events for b in e.bookmakers for m in b.markets} == {"totals", "spreads"}
    assert before.last_cost == 0
    assert cost.last_cost == 2
    assert before.remaining is not None
    assert cost.remaining == before.remaining - 2


async def test_prices_move_but_the_games_stay() -> None:
    now = await slate(sandbox(), "basketball_nba")
    later = await slate(sandbox(NOW + timedelta(minutes=10)), "basketball_nba")
    assert {event.id for event in now} & {event.id for event in later}
    held = {event.id: event for event in later}
    kept = [event for event in now if event.id in held]
    assert any(event.bookmakers != held[event.id].bookmakers for event in kept)
    assert all(event.commence_time == held[event.id].commence_time for event in kept)


async def test_no_book_gives_money_away() -> None:
    for sport in SPORTS:
        for event in await slate(sandbox(), sport):
            for book in event.bookmakers:
                for market in book.markets:
                    overround = sum(
                        1 / price if event.price_format == "decimal" else _probability(price)
                        for price in (float(outcome.price) for outcome in market.outcomes)
                    )
                    low, high = (0.9, 1.0) if market.key == "h2h_lay" else (1.0, 1.12)
                    assert low <= overround <= high, (sport, book.key, market)


def _probability(american: float) -> float:
    return 100 / (100 + american) if american > 0 else -american / (100 - american)


@pytest.mark.parametrize("sport", SPORTS)
async def test_a_game_goes_from_scheduled_to_live_to_completed_under_one_id(sport: str) -> None:
    game = (await slate(sandbox(), sport))[-1]
    seen = []
    for moment in (game.commence_time + timedelta(minutes=minutes) for minutes in (-30, 60, 240)):
        async with sandbox(moment) as client:
            scores, _ = await odds_api(client).scores(sport)
            listed, _ = await odds_api(client).odds(sport)
        (score,) = (one for one in scores if one.id == game.id)
        assert (score.home_team, score.commence_time) == (game.home_team, game.commence_time)
        has_points = score.home_score is not None and score.away_score is not None
        seen.append((game.id in {event.id for event in listed}, has_points, score.completed))
    assert seen == [(True, False, False), (True, True, False), (False, True, True)]


@pytest.mark.parametrize("sport", SPORTS)
async def test_every_game_of_the_last_three_days_has_its_result(sport: str) -> None:
    past = await slate(sandbox(NOW - timedelta(days=3)), sport)
    due = {event.id for event in past if event.commence_time < NOW - timedelta(hours=4)} - {
        event.id for event in past if event.commence_time < NOW - timedelta(days=3)
    }
    async with sandbox() as client:
        scores, _ = await odds_api(client).scores(sport, days_from=3)
    finished = {score.id for score in scores if score.completed and score.home_score is not None}
    assert due <= finished


async def test_events_are_the_games_of_the_odds_and_cost_nothing() -> None:
    async with sandbox() as client:
        events, cost = await odds_api(client).events("icehockey_nhl")
        with_odds, _ = await odds_api(client).odds("icehockey_nhl")
    assert [event.id for event in events] == [event.id for event in with_odds]
    assert all(event.bookmakers == () for event in events)
    assert cost.last_cost == 0


async def test_a_sport_between_seasons_is_listed_but_not_active() -> None:
    async with sandbox() as client:
        sports, _ = await odds_api(client).sports()
        active = (await client.get("/odds-api/v4/sports", params={"apiKey": KEY})).json()
    assert {sport.key for sport in sports if not sport.active} == {"basketball_wnba"}
    assert {sport["key"] for sport in active} == set(SPORTS)


@pytest.mark.parametrize(("asked", "code"), [
    ({"regions": "us", "markets": "h2h,moneyline"}, "INVALID_MARKET"),
    ({"markets": "h2h"}, "MISSING_REGION"),
    ({"regions": "mars"}, "INVALID_REGION"),
    ({"regions": "us", "oddsFormat": "roman"}, "INVALID_ODDS_FORMAT"),
])  # fmt: skip
async def test_a_bad_parameter_is_refused_as_upstream_does(asked: dict[str, str], code: str) -> None:
    async with sandbox() as client:
        answer = await client.get("/odds-api/v4/sports/basketball_nba/odds", params={"apiKey": KEY, **asked})
        with pytest.raises(FeedRefusedError, match="422 INVALID_SCORES_DAYS_FROM"):
            await odds_api(client).scores("basketball_nba", days_from=4)
    assert (answer.status_code, answer.json()["error_code"]) == (422, code)


async def test_credits_start_anew_each_month() -> None:
    moment = NOW
    async with sandbox(lambda: moment) as client:
        await odds_api(client).odds("basketball_nba")
        moment = NOW + timedelta(days=31)
        _, cost = await odds_api(client).odds("basketball_nba", ("h2h",))
    assert cost.used == 1


async def test_an_unknown_sport_is_refused_as_upstream_does() -> None:
    async with sandbox() as client:
        with pytest.raises(FeedRefusedError, match="404 UNKNOWN_SPORT"):
            await odds_api(client).odds("quidditch")


# ESPN, Telegram, OpenAI --------------------------------------------------------------------------------


@pytest.mark.parametrize("sport", SPORTS)
async def test_espn_knows_the_teams_that_play(sport: str) -> None:
    events = await slate(sandbox(), sport)
    async with sandbox() as client:
        espn = EspnClient(client, "http://sandbox/espn")
        teams = await espn.teams(sport)
        roster = await espn.roster(sport, teams[0].id)
        injuries = await espn.injuries(sport)
    names = {team.name for team in teams}
    assert {event.home_team for event in events} | {event.away_team for event in events} <= names
    assert len(roster) == 20
    assert injuries
    assert {injury.team for injury in injuries} <= names


async def test_injuries_come_and_go() -> None:
    reports = []
    for moment in (NOW, NOW, NOW + timedelta(days=7)):
        async with sandbox(moment) as client:
            reports.append(await EspnClient(client, "http://sandbox/espn").injuries("basketball_nba"))
    assert reports[0] == reports[1]
    assert reports[0] != reports[2]


async def test_telegram_messages_are_kept_to_be_looked_at() -> None:
    async with sandbox() as client:
        answer = await client.post(
            "/telegram/bot123:abc/sendMessage", json={"chat_id": "-100", "text": "odds_refresh failed"}
        )
        seen = (await client.get("/sandbox/telegram")).json()
    assert answer.json()["ok"] is True
    assert [(one["chat_id"], one["text"]) for one in seen] == [("-100", "odds_refresh failed")]


@pytest.mark.parametrize(("message", "why"), [
    ({"text": "x"}, "chat_id is empty"),
    ({"chat_id": "1", "text": ""}, "message text is empty"),
    ({"chat_id": "1", "text": "x" * 4097}, "message is too long"),
])  # fmt: skip
async def test_telegram_refuses_what_telegram_refuses(message: dict[str, str], why: str) -> None:
    async with sandbox() as client:
        answer = await client.post("/telegram/bot123:abc/sendMessage", json=message)
        seen = (await client.get("/sandbox/telegram")).json()
    assert (answer.status_code, answer.json()["description"]) == (400, f"Bad Request: {why}")
    assert seen == []


async def test_openai_answers_and_says_that_it_is_the_sandbox() -> None:
    async with sandbox() as client:
        asked = {"model": "m", "messages": [{"role": "user", "content": "Boston by 4"}]}
        answer = await client.post("http://sandbox/openai/v1/chat/completions", json=asked)
    said = answer.json()["choices"][0]["message"]["content"]
    assert "sandbox" in said
    assert "Boston by 4" in said
