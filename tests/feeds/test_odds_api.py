"""The Odds API v4: what is asked, what is tolerated, what is left out and counted; prices are exact."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartapp.feeds import odds_api_answers
from quartapp.feeds.errors import FeedShapeError
from quartapp.feeds.odds_api import OddsApiClient
from quartapp.feeds.odds_api_answers import parse_credits
from quartapp.records import Event, Score, SportInfo, price_format
from tests.support.upstream import Upstream, ok

KEY = "odds-key"
NBA = "basketball_nba"
MOMENT = "2026-11-24T19:00:00Z"


def an_event(**fields: Any) -> dict[str, Any]:
    return {
        "id": "e1",
        "sport_key": "basketball_nba",
        "sport_title": "NBA",
        "commence_time": MOMENT,
        "home_team": "Boston Celtics",
        "away_team": "Utah Jazz",
        "bookmakers": [a_book()],
    } | fields


def a_book(**fields: Any) -> dict[str, Any]:
    return {"key": "fanduel", "title": "FanDuel", "last_update": MOMENT, "markets": [a_market()]} | fields


def a_market(key: str = "h2h", prices: tuple[Any, ...] = (-110, 105), **fields: Any) -> dict[str, Any]:
    names = ("Boston Celtics", "Utah Jazz", "Draw")
    outcomes = [{"name": name, "price": price} for name, price in zip(names, prices, strict=False)]
    return {"key": key, "last_update": MOMENT, "outcomes": outcomes} | fields


def a_score(**fields: Any) -> dict[str, Any]:
    return {
        "id": "e1",
        "sport_key": "basketball_nba",
        "sport_title": "NBA",
        "commence_time": MOMENT,
        "completed": True,
        "home_team": "Boston Celtics",
        "away_team": "Utah Jazz",
        "scores": [{"name": "Utah Jazz", "score": "98"}, {"name": "Boston Celtics", "score": "112"}],
        "last_update": MOMENT,
    } | fields


def parse_events(body: Any) -> tuple[Event, ...]:
    return odds_api_answers.parse_events(body, NBA).items


def parse_scores(body: Any) -> tuple[Score, ...]:
    return odds_api_answers.parse_scores(body, NBA).items


def parse_sports(body: Any) -> tuple[SportInfo, ...]:
    return odds_api_answers.parse_sports(body).items


# What is asked -----------------------------------------------------------------------------------------


async def test_odds_are_asked_for_in_the_format_the_books_quote(
    upstream: Upstream, client: httpx.AsyncClient
) -> None:
    odds_api = OddsApiClient(client, f"{upstream.url}/", KEY)
    await odds_api.odds("basketball_nba", ("h2h", "totals"))
    await odds_api.odds("soccer_epl", regions="uk,eu")
    await odds_api.odds("soccer_epl", odds_format="american")
    first, second, third = upstream.requests
    assert first.path == "/v4/sports/basketball_nba/odds"
    assert first.query == {
        "regions": "us",
        "markets": "h2h,totals",
        "oddsFormat": "american",
        "dateFormat": "iso",
        "apiKey": KEY,
    }
    assert (second.query["oddsFormat"], second.query["regions"]) == ("decimal", "uk,eu")
    assert third.query["oddsFormat"] == "american"


async def test_sports_events_and_scores_are_asked_for_as_documented(
    upstream: Upstream, client: httpx.AsyncClient
) -> None:
    odds_api = OddsApiClient(client, upstream.url, KEY)
    await odds_api.sports()
    await odds_api.events("icehockey_nhl")
    await odds_api.scores("icehockey_nhl", days_from=2)
    assert [request.path for request in upstream.requests] == [
        "/v4/sports",
        "/v4/sports/icehockey_nhl/events",
        "/v4/sports/icehockey_nhl/scores",
    ]
    assert upstream.requests[0].query["all"] == "true"
    assert upstream.requests[2].query["daysFrom"] == "2"


@pytest.mark.parametrize(("sport_key", "form"), [
    ("americanfootball_nfl", "american"), ("americanfootball_ncaaf", "american"),
    ("basketball_nba", "american"), ("basketball_wncaab", "american"), ("baseball_mlb", "american"),
    ("icehockey_nhl", "american"), ("soccer_usa_mls", "american"),
    ("soccer_epl", "decimal"), ("basketball_euroleague", "decimal"), ("baseball_kbo", "decimal"),
    ("icehockey_sweden_hockey_league", "decimal"), ("cricket_ipl", "decimal"),
])  # fmt: skip
def test_north_american_leagues_are_american_and_others_decimal(sport_key: str, form: str) -> None:
    assert price_format(sport_key) == form


async def test_credits_come_with_every_answer(upstream: Upstream, client: httpx.AsyncClient) -> None:
    told = {"x-requests-remaining": "41", "x-requests-used": "459.0", "x-requests-last": "3"}
    upstream.answers(ok([], told), ok([]))
    odds_api = OddsApiClient(client, upstream.url, KEY)
    _, known = await odds_api.odds("basketball_nba")
    _, untold = await odds_api.scores("basketball_nba")
    assert (known.remaining, known.used, known.last_cost) == (41, 459, 3)
    assert (untold.remaining, untold.used, untold.last_cost) == (None, None, 2)  # the documented price
    assert parse_credits({"x-requests-remaining": "many", "x-requests-used": "inf"}).remaining is None


# What is tolerated -------------------------------------------------------------------------------------


def test_an_empty_list_is_an_answer() -> None:
    for parse in (parse_events, parse_scores, parse_sports):
        assert parse([]) == ()


def test_books_without_markets_and_markets_without_time_are_kept() -> None:
    bare = a_book(key="bovada", markets=[])
    nothing = {"key": "betus", "title": "BetUS"}
    untimed = a_book(markets=[{k: v for k, v in a_market().items() if k != "last_update"}])
    (event,) = parse_events([an_event(bookmakers=[bare, nothing, untimed])])
    assert [book.key for book in event.bookmakers] == ["bovada", "betus", "fanduel"]
    assert event.bookmakers[0].markets == event.bookmakers[1].markets == ()
    assert event.bookmakers[1].last_update is None
    assert event.bookmakers[2].markets[0].last_update is None


def test_lay_prices_stay_a_market_of_their_own() -> None:
    exchange = a_book(key="betfair_ex_us", markets=[a_market(), a_market("h2h_lay", (-104, 112))])
    (event,) = parse_events([an_event(bookmakers=[exchange])])
    assert [market.key for market in event.bookmakers[0].markets] == ["h2h", "h2h_lay"]


def test_unknown_fields_are_passed_over() -> None:
    noisy = an_event(odds=[], startTime=1, bookmakers=[a_book(link=None, sid="x", markets=[a_market(sid=2)])])
    assert parse_events([noisy]) == parse_events([an_event()])


def test_an_event_without_odds_is_an_event() -> None:
    (event,) = parse_events([{k: v for k, v in an_event().items() if k != "bookmakers"}])
    assert event.bookmakers == ()
    assert event.commence_time == datetime(2026, 11, 24, 19, tzinfo=UTC)
    assert event.price_format == "american"


def test_times_are_kept_in_utc() -> None:
    (event,) = parse_events([an_event(commence_time="2026-11-24T14:00:00-05:00")])
    assert event.commence_time == datetime(2026, 11, 24, 19, tzinfo=UTC)
    assert event.commence_time.tzinfo is UTC


@pytest.mark.parametrize("price", [0, 0.0, 1, 1.0, -1])
def test_a_market_whose_price_pays_nothing_is_closed_and_left_out(price: float) -> None:
    book = a_book(markets=[a_market("h2h", (price, 105)), a_market("h2h_lay")])
    answer = odds_api_answers.parse_events([an_event(bookmakers=[book])], NBA)
    assert [market.key for market in answer[0].bookmakers[0].markets] == ["h2h_lay"]
    assert not answer.left_out, "a closed market is nothing odd"


# Prices ------------------------------------------------------------------------------------------------


@given(st.one_of(
    st.integers(100, 100_000), st.integers(-100_000, -100),
    st.decimals("1.01", "1000", places=2), st.decimals("1.001", "50", places=6),
))  # fmt: skip
def test_a_price_is_kept_exactly_as_it_was_spelt(price: int | Decimal) -> None:
    spelt = str(price)
    body = orjson.dumps([an_event(bookmakers=[a_book(markets=[a_market(prices=(7.25,))])])])
    (event,) = parse_events(orjson.loads(body.replace(b"7.25", spelt.encode())))
    assert event.bookmakers[0].markets[0].outcomes[0].price == Decimal(spelt)


@pytest.mark.parametrize(("sport_key", "prices", "form"), [
    ("basketball_nba", (-110, 105), "american"), ("soccer_epl", (240, 130, 220), "american"),
    ("basketball_nba", (1.91, 2.05), "decimal"), ("soccer_epl", (151, 1.02, 23), "decimal"),
])  # fmt: skip
def test_the_format_is_read_off_the_prices(sport_key: str, prices: tuple[float, ...], form: str) -> None:
    book = a_book(markets=[a_market(prices=prices)])
    (event,) = parse_events([an_event(sport_key=sport_key, bookmakers=[book])])
    assert event.price_format == form


@pytest.mark.parametrize("file", ["basketball_nba_odds_2022-11-23.json", "soccer_epl_odds_2023-24.json"])
def test_a_recorded_answer_is_read_to_the_last_price(shared_data: Path, file: str) -> None:
    text = (shared_data / file).read_bytes()
    recorded = json.loads(text, parse_float=Decimal)
    events = parse_events(orjson.loads(text))
    assert len(events) == len(recorded) == (14 if "nba" in file else 380)
    assert {event.price_format for event in events} == {"american" if "nba" in file else "decimal"}
    read = [
        (event.id, book.key, market.key, outcome.name, outcome.price, outcome.point)
        for event in events
        for book in event.bookmakers
        for market in book.markets
        for outcome in market.outcomes
    ]
    assert read == [
        (event["id"], book["key"], market["key"], outcome["name"], outcome["price"], outcome.get("point"))
        for event in recorded
        for book in event["bookmakers"]
        for market in book["markets"]
        for outcome in market["outcomes"]
    ]


@pytest.mark.parametrize("body", [None, {}, "x", 3, [None], [[]], ["x"], [1]])
def test_an_answer_of_another_kind_is_refused(body: Any) -> None:
    for parse in (parse_events, parse_scores, parse_sports):
        with pytest.raises(FeedShapeError, match="belongs"):
            parse(body)


# Sports and scores -------------------------------------------------------------------------------------


def test_sports_are_read() -> None:
    one = {"key": "soccer_epl", "title": "EPL", "group": "Soccer", "description": "x", "active": False}
    (sport,) = parse_sports([one])
    assert (sport.key, sport.title, sport.group, sport.active, sport.has_outrights) == (
        "soccer_epl", "EPL", "Soccer", False, False)  # fmt: skip


def test_scores_belong_to_the_team_they_name() -> None:
    (score,) = parse_scores([a_score()])
    assert (score.home_score, score.away_score, score.completed) == (112, 98, True)
    assert score.last_update == datetime(2026, 11, 24, 19, tzinfo=UTC)


def test_a_game_that_has_not_begun_has_no_score() -> None:
    (score,) = parse_scores([a_score(completed=False, scores=None, last_update=None)])
    assert (score.home_score, score.away_score, score.completed, score.last_update) == (
        None, None, False, None)  # fmt: skip


def test_a_score_that_is_not_a_number_is_not_kept() -> None:
    cricket = [{"name": "Utah Jazz", "score": "161/4"}, {"name": "Boston Celtics", "score": 112}]
    (score,) = parse_scores([a_score(scores=cricket)])
    assert (score.home_score, score.away_score) == (112, None)
