"""Filters and pages of games, from documents in memory: the same as looking at every game by hand."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from ops.web.problems import ProblemError
from quartapp.api.reads.games import GameLists, read_page
from quartapp.api.reads.query import GameQuery
from quartapp.documents.held import HeldDocuments
from quartapp.documents.table import Published
from quartapp.publish import addresses
from quartapp.publish.cursor import encode

START = datetime(2027, 1, 4, 0, 0, tzinfo=UTC)


def games_of(sport: str, count: int) -> list[dict[str, Any]]:
    dice = random.Random(sport)
    starts = sorted(START + timedelta(hours=dice.randrange(0, 96)) for _ in range(count))
    return [
        {
            "id": f"{sport}{number:03d}",
            "home_team": f'"games":[ {number}',  # what a careless search would take for the list
            "commence_time": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "status": dice.choice(["scheduled", "live", "postponed"]),
            "bookmakers": [
                {"key": book, "markets": [{"key": market, "outcomes": []} for market in markets]}
                for book, markets in (("one", ["h2h"]), ("two", ["h2h", "totals"]))
            ],
        }
        for number, start in enumerate(starts)
    ]


@pytest.fixture
def documents() -> HeldDocuments:
    held = HeldDocuments(max_bytes=10_000_000, describe=addresses.describe)
    for version, (sport, count) in enumerate({"nba": 25, "nhl": 12, "xfl": 0}.items(), 1):
        publish(held, version, sport, games_of(sport, count))
    held.in_step()
    return held


def publish(held: HeldDocuments, version: int, sport: str, games: list[dict[str, Any]]) -> None:
    listed: list[Published] = []
    cursor: str | None = None
    pages = [games[first : first + 10] for first in range(0, max(1, len(games)), 10)]
    for number, page in enumerate(pages):
        last = page[-1] if page else None
        following = None
        if last is not None and number + 1 < len(pages):
            following = encode(datetime.fromisoformat(last["commence_time"]), last["id"])
        content = {"generated_at": f"2027-01-01T00:00:0{version}Z", "source": "live", "sport": sport}
        body = orjson.dumps({**content, "games": page, "next": following})
        listed.append(
            Published(addresses.games(sport, cursor), version, f'"{version}"', body, None, None, START)
        )
        cursor = following
    held.apply(listed, version)


async def ask(documents: HeldDocuments, lists: GameLists, **parameters: str) -> dict[str, Any]:
    key = addresses.key_of("/api/games", "&".join(f"{k}={v}" for k, v in parameters.items()).encode())
    copy = await documents.derived.compute(key, lists.question(GameQuery.parse(parameters), key))
    answer: dict[str, Any] = orjson.loads(copy.body)
    return answer


def ids(answer: dict[str, Any]) -> list[str]:
    return [game["id"] for game in answer["games"]]


EVERY = {
    "sport": [None, "nba", "nhl", "xfl"],
    "status": [None, "live"],
    "from": [None, "2027-01-05", "2027-01-05T07:00:00z", "2027-01-05T06:59:59.5Z"],
    "to": [None, "2027-01-06", "2027-01-06T12:00:00 02:00"],
    "limit": [None, "7"],
}


def by_hand(parameters: dict[str, str]) -> list[str]:
    sports = [parameters["sport"]] if "sport" in parameters else ["nba", "nhl"]
    games = [game for sport in sports for game in games_of(sport, {"nba": 25, "nhl": 12, "xfl": 0}[sport])]
    first = {None: START, "2027-01-05": START + timedelta(days=1)}.get(
        parameters.get("from"), START + timedelta(days=1, hours=7)
    )
    last = {
        None: START + timedelta(days=99),
        "2027-01-06": START + timedelta(days=3) - timedelta(seconds=1),
        "2027-01-06T12:00:00 02:00": START + timedelta(days=2, hours=10),
    }[parameters.get("to")]
    suited = [
        game
        for game in sorted(games, key=lambda game: (game["commence_time"], game["id"]))
        if first <= datetime.fromisoformat(game["commence_time"]) <= last
        and game["status"] == parameters.get("status", game["status"])
    ]
    return [game["id"] for game in suited]


async def test_every_question_has_the_games_that_suit_page_after_page(documents: HeldDocuments) -> None:
    lists = GameLists(documents)
    for values in itertools.product(*EVERY.values()):
        parameters = {name: value for name, value in zip(EVERY, values, strict=True) if value is not None}
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            answer = await ask(documents, lists, **parameters, **cursor)
            assert len(answer["games"]) <= int(parameters.get("limit", "100"))
            assert answer["sport"] == parameters.get("sport")
            seen += ids(answer)
            if answer["next"] is None:
                break
            cursor = {"cursor": answer["next"]}
        assert seen == by_hand(parameters), parameters


async def test_a_day_that_is_the_end_is_included(documents: HeldDocuments) -> None:
    lists = GameLists(documents)
    answer = await ask(documents, lists, **{"from": "2027-01-05", "to": "2027-01-05"})
    assert ids(answer) == [
        game["id"]
        for game in sorted(
            [*games_of("nba", 25), *games_of("nhl", 12)], key=lambda g: (g["commence_time"], g["id"])
        )
        if game["commence_time"].startswith("2027-01-05")
    ]
    assert ids(answer), "or this shows nothing"


async def test_a_game_that_started_within_the_second_asked_for_is_left_out(documents: HeldDocuments) -> None:
    lists = GameLists(documents)
    first = games_of("nba", 25)[0]["commence_time"]
    same = await ask(documents, lists, **{"sport": "nba", "from": first})
    later = await ask(documents, lists, **{"sport": "nba", "from": first.replace("Z", ".5Z")})
    assert same["games"][0]["commence_time"] == first
    assert all(game["commence_time"] > first for game in later["games"])


async def test_prices_are_narrowed_to_a_book_and_a_market_and_games_stay(documents: HeldDocuments) -> None:
    lists = GameLists(documents)
    answer = await ask(documents, lists, sport="nba", market="totals")
    assert len(answer["games"]) == 25
    for game in answer["games"]:
        assert [book["key"] for book in game["bookmakers"]] == ["two"]
        assert [market["key"] for book in game["bookmakers"] for market in book["markets"]] == ["totals"]
    one = await ask(documents, lists, sport="nba", bookmaker="one", market="totals")
    assert all(game["bookmakers"] == [] for game in one["games"])


async def test_an_answer_is_of_one_version_and_follows_the_next(documents: HeldDocuments) -> None:
    lists = GameLists(documents)
    before = await ask(documents, lists, limit="500")
    publish(documents, 4, "nhl", games_of("nhl", 12)[:3])
    after = await ask(documents, lists, limit="500")
    assert (len(before["games"]), len(after["games"])) == (37, 28)
    assert (before["generated_at"], after["generated_at"]) == ("2027-01-01T00:00:03Z", "2027-01-01T00:00:04Z")


async def test_an_unknown_sport_is_404_only_when_all_that_is_published_is_known(
    documents: HeldDocuments,
) -> None:
    lists = GameLists(documents)
    with pytest.raises(ProblemError) as unknown:
        await ask(documents, lists, sport="none")
    assert unknown.value.status == 404
    documents.out_of_step()
    with pytest.raises(ProblemError) as stale:
        await ask(documents, lists, sport="none")
    assert stale.value.status == 503


async def test_a_sport_whose_name_holds_a_query_is_no_other_question(documents: HeldDocuments) -> None:
    lists = GameLists(documents)
    await ask(documents, lists, sport="nba", status="live")
    with pytest.raises(ProblemError) as unknown:
        await documents.derived.compute(
            "/api/games?sport=nba%26status%3Dlive",
            lists.question(
                GameQuery.parse({"sport": "nba&status=live"}), "/api/games?sport=nba%26status%3Dlive"
            ),
        )
    assert unknown.value.status == 404


def test_games_are_views_of_their_page_and_of_other_spelling_are_written_anew() -> None:
    games = games_of("nba", 3)
    page = {
        "generated_at": "2027-01-01T00:00:00Z",
        "source": "live",
        "sport": "nba",
        "games": games,
        "next": None,
    }
    for body in (orjson.dumps(page), orjson.dumps(page, option=orjson.OPT_INDENT_2)):
        entries = read_page(body).entries
        assert [orjson.loads(entry.raw) for entry in entries] == games
    assert isinstance(read_page(orjson.dumps(page)).entries[2].raw, memoryview)
