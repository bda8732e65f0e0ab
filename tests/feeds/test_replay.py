"""The replay: recorded odds served as if they were now, times moved by one constant a file, prices untouched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from quartapp.feeds.odds_api import OddsApiClient
from quartapp.sandbox.app import create_sandbox
from quartapp.sandbox.replay import ReplayError

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RECORDED = {
    "basketball_nba": "basketball_nba_odds_2022-11-23.json",
    "soccer_epl": "soccer_epl_odds_2023-24.json",
}


def replaying(folder: Path, now: datetime = NOW) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=create_sandbox(replay_folder=folder, now=lambda: now))  # type: ignore[arg-type]  # Quart is an ASGI app; httpx's type is narrower
    return httpx.AsyncClient(transport=transport, base_url="http://sandbox")


def odds_api(client: httpx.AsyncClient) -> OddsApiClient:
    return OddsApiClient(client, "http://sandbox/odds-api", "key")


async def served(client: httpx.AsyncClient, sport: str) -> list[dict[str, Any]]:
    asked = {"apiKey": "key", "markets": "h2h,spreads,totals", "regions": "us", "oddsFormat": "american"}
    answer = await client.get(f"/odds-api/v4/sports/{sport}/odds", params=asked)
    return list(json.loads(answer.text, parse_float=Decimal))


def prices(event: Mapping[str, Any]) -> list[tuple[str, str, str, Any, Any]]:
    return [
        (book["key"], market["key"], outcome["name"], outcome["price"], outcome.get("point"))
        for book in event["bookmakers"]
        for market in book["markets"]
        for outcome in market["outcomes"]
    ]


def times(event: Mapping[str, Any]) -> list[datetime]:
    found = [event["commence_time"]]
    for book in event["bookmakers"]:
        found.append(book["last_update"])
        found += [market["last_update"] for market in book["markets"] if "last_update" in market]
    return [datetime.fromisoformat(one) for one in found]


@pytest.mark.parametrize(("sport", "games"), [("basketball_nba", 14), ("soccer_epl", 380)])
async def test_every_price_is_served_as_recorded(shared_data: Path, sport: str, games: int) -> None:
    recorded = json.loads((shared_data / RECORDED[sport]).read_text(), parse_float=Decimal)
    async with replaying(shared_data) as client:
        events = await served(client, sport)
    assert len(events) == games
    assert [event["id"] for event in events] == [event["id"] for event in recorded]
    assert [prices(event) for event in events] == [prices(event) for event in recorded]


@pytest.mark.parametrize("sport", RECORDED)
async def test_every_time_is_moved_by_one_constant_to_begin_in_24_hours(
    shared_data: Path, sport: str
) -> None:
    recorded = json.loads((shared_data / RECORDED[sport]).read_text())
    async with replaying(shared_data) as client:
        events = await served(client, sport)
    shifts = {
        moved - original
        for event, one in zip(events, recorded, strict=True)
        for moved, original in zip(times(event), times(one), strict=True)
    }
    assert len(shifts) == 1
    assert min(datetime.fromisoformat(event["commence_time"]) for event in events) == NOW + timedelta(
        hours=24
    )


@pytest.mark.parametrize("sport", RECORDED)
async def test_our_client_reads_all_of_it_in_the_format_it_was_recorded(
    shared_data: Path, sport: str
) -> None:
    async with replaying(shared_data) as client:
        events, _ = await odds_api(client).odds(sport)
    form = "american" if sport == "basketball_nba" else "decimal"
    assert {event.price_format for event in events} == {form}


async def test_lay_prices_come_with_h2h_and_books_may_lack_markets(shared_data: Path) -> None:
    async with replaying(shared_data) as client:
        events, _ = await odds_api(client).odds("basketball_nba", ("h2h",))
    markets = [market.key for event in events for book in event.bookmakers for market in book.markets]
    assert (markets.count("h2h"), markets.count("h2h_lay"), len(markets)) == (138, 10, 148)
    assert any(not book.markets for event in events for book in event.bookmakers)


async def test_only_the_replayed_sports_are_listed_and_none_of_them_has_been_played(
    shared_data: Path,
) -> None:
    async with replaying(shared_data) as client:
        sports, _ = await odds_api(client).sports()
        assert {(sport.key, sport.active) for sport in sports} == {(key, True) for key in RECORDED}
        for sport in RECORDED:
            scores, _ = await odds_api(client).scores(sport)
            assert [score for score in scores if score.completed] == []


def an_event(**fields: Any) -> dict[str, Any]:
    outcomes = [{"name": "A", "price": 2.5}, {"name": "B", "price": 1.6}]
    book = {
        "key": "pinnacle",
        "title": "Pinnacle",
        "last_update": "2020-01-01T09:00:00Z",
        "markets": [{"key": "h2h", "outcomes": outcomes}],
    }
    return {
        "id": "e1",
        "sport_key": "cricket_ipl",
        "sport_title": "IPL",
        "commence_time": "2020-01-01T10:00:00Z",
        "home_team": "A",
        "away_team": "B",
        "bookmakers": [book],
    } | fields


async def test_files_of_one_sport_are_put_together_and_each_has_its_own_constant(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([an_event()]))
    (tmp_path / "b.json").write_text(json.dumps([an_event(id="e2", commence_time="2021-06-01T10:00:00Z")]))
    async with replaying(tmp_path) as client:
        events, _ = await odds_api(client).odds("cricket_ipl")
    assert {event.id for event in events} == {"e1", "e2"}
    assert {event.commence_time for event in events} == {NOW + timedelta(hours=24)}


async def test_what_holds_no_odds_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "odds.json").write_text(json.dumps([an_event()]))
    scores = {key: value for key, value in an_event(sport_key="soccer_epl").items() if key != "bookmakers"}
    (tmp_path / "scores.json").write_text(json.dumps([scores | {"completed": True}]))
    (tmp_path / "object.json").write_text('{"bookmakers": []}')
    (tmp_path / "broken.json").write_text("[{")
    (tmp_path / "notes.txt").write_text("not JSON at all")
    async with replaying(tmp_path) as client:
        sports, _ = await odds_api(client).sports()
    assert [sport.key for sport in sports] == ["cricket_ipl"]


def test_a_folder_with_nothing_to_replay_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match=r"has no \*.json file with an array of v4 events"):
        create_sandbox(replay_folder=tmp_path)


async def test_a_recording_without_update_times_or_markets_is_replayed(tmp_path: Path) -> None:
    books = [{"key": "a", "title": "A"}, {"key": "b", "title": "B", "last_update": None, "markets": None}]
    event = an_event(bookmakers=books)
    del event["sport_title"]
    (tmp_path / "a.json").write_text(json.dumps([event]))
    async with replaying(tmp_path) as client:
        (served_event,), _ = await odds_api(client).odds("cricket_ipl")
        (listed,), _ = await odds_api(client).events("cricket_ipl")
    assert [book.key for book in served_event.bookmakers] == ["a", "b"]
    assert listed.id == "e1"


async def test_an_event_in_two_files_is_served_once_from_the_later(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text(json.dumps([an_event()]))
    (tmp_path / "2.json").write_text(json.dumps([an_event(sport_title="Later")]))
    async with replaying(tmp_path) as client:
        (event,), _ = await odds_api(client).odds("cricket_ipl")
    assert event.sport_title == "Later"


@pytest.mark.parametrize(
    "spoilt",
    [
        {"bookmakers": None}, {"bookmakers": {}}, {"bookmakers": [None]}, {"bookmakers": [{"markets": 5}]},
        {"bookmakers": [{"key": "a", "markets": [{}]}]}, {"bookmakers": [{"key": "a", "last_update": "soon"}]},
        {"commence_time": "soon"}, {"commence_time": None}, {"commence_time": 10**20}, {"home_team": None}, {"id": []},
    ],
    ids=str,
)  # fmt: skip
async def test_an_odd_recorded_game_is_passed_over_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spoilt: dict[str, Any]
) -> None:
    (tmp_path / "a.json").write_text(json.dumps([an_event(id="good"), an_event(id="odd") | spoilt]))
    async with replaying(tmp_path) as client:
        events, _ = await odds_api(client).odds("cricket_ipl")
    assert [event.id for event in events] == ["good"]
    assert capsys.readouterr().err.count("replay: a.json: passed over: 1 of 2 events") == 1
    (tmp_path / "a.json").write_text(json.dumps([an_event() | spoilt]))
    with pytest.raises(ReplayError):
        create_sandbox(replay_folder=tmp_path)


@pytest.mark.parametrize("wrap", [
    lambda event: event, lambda event: {"timestamp": "2020-01-01T00:00:00Z", "data": [event]},
    lambda event: {"timestamp": "2020-01-01T00:00:00Z", "data": event},
])  # fmt: skip
async def test_a_single_event_and_the_historical_wrapper_are_replayed(tmp_path: Path, wrap: Any) -> None:
    (tmp_path / "a.json").write_text(json.dumps(wrap(an_event(commence_time=1577872800))))
    async with replaying(tmp_path) as client:
        (event,), _ = await odds_api(client).odds("cricket_ipl")
    assert event.commence_time == NOW + timedelta(hours=24)


async def test_recorded_games_have_no_invented_injuries(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([an_event(sport_key="basketball_nba")]))
    async with replaying(tmp_path) as client:
        answer = await client.get("/espn/apis/site/v2/sports/basketball/nba/injuries")
    assert answer.json() == {"injuries": []}
