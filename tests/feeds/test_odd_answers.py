"""Whatever stands in an answer, only what is odd is left out, and that is counted."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from quartapp.feeds.errors import FeedError, FeedShapeError
from quartapp.feeds.odds_api import OddsApiClient
from quartapp.feeds.odds_api_answers import parse_events, parse_scores, parse_sports
from quartapp.records import AccountCredits, Bookmaker, Event
from tests.feeds.test_odds_api import NBA, a_book, a_market, a_score, an_event
from tests.support.upstream import Upstream, raw

ODD: tuple[Any, ...] = (
    None, "text", "", " ", True, -1, 0.5, 99, 1e20, -1e20, 10**400, [], [1], {}, {"a": 1}, "nul\x00", "half \ud800",
    "x" * 5000, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", 1796083800,
)  # fmt: skip


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to every field, at every level."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*path, key)
        yield from places(inner, (*path, key))


def spoilt(whole: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """Return a copy with one field replaced, or deleted with `...`."""
    made = copy.deepcopy(whole)
    place = made
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return made


def check_sound(event: Event) -> None:
    """What is kept can be stored and priced."""
    assert len(event.id) <= 128
    for text in (event.home_team, event.away_team, event.sport_title):
        text.encode()
        assert "\x00" not in text
        assert 0 < len(text) <= 200
    keys = [book.key for book in event.bookmakers]
    assert len(set(keys)) == len(keys)
    for book in event.bookmakers:
        assert len({market.key for market in book.markets}) == len(book.markets)
        for market in book.markets:
            for outcome in market.outcomes:
                assert abs(outcome.price) <= 1_000_000
                low = 100 if event.price_format == "american" else 1
                assert abs(outcome.price) >= low
                assert outcome.point is None or abs(outcome.point) <= 10_000


EXAMPLE = an_event(
    id="odd",
    bookmakers=[
        a_book(
            markets=[
                a_market(),
                a_market("spreads") | {"outcomes": [
                    {"name": "Boston Celtics", "price": -110, "point": -3.5},
                    {"name": "Utah Jazz", "price": -110, "point": 3.5},
                ]},
            ]
        ),
        a_book(key="bovada", title="Bovada"),
    ],
)  # fmt: skip


@pytest.mark.parametrize("path", list(places(EXAMPLE)), ids=lambda path: ".".join(map(str, path)))
def test_no_odd_field_costs_more_than_where_it_stands(path: tuple[str | int, ...]) -> None:
    for value in (*ODD, ...):
        event = spoilt(EXAMPLE, path, value)
        answer = parse_events([an_event(id="good"), event, an_event(id="also")], NBA)
        kept = {event.id: event for event in answer}
        assert {"good", "also"} <= kept.keys()
        for one in answer:
            check_sound(one)
        if path[0] == "bookmakers" and len(path) > 1:
            assert "odd" in kept
            other = 1 - int(path[1])
            assert EXAMPLE["bookmakers"][other]["key"] in {book.key for book in kept["odd"].bookmakers}
        elif path == ("id",):
            assert answer.nameless or value in kept
        elif "odd" not in kept:
            assert answer.unread == {"odd"}
            assert answer.left_out["event"] == 1


def books(*listed: Any) -> dict[str, Bookmaker]:
    (event,) = parse_events([an_event(bookmakers=list(listed))], NBA)
    return {book.key: book for book in event.bookmakers}


@pytest.mark.parametrize(
    "price", [None, "1.91", True, [], 99, -99, 0.5, 1.83, 1e20, float("nan"), float("inf")]
)
def test_a_market_goes_with_its_odd_price_and_a_book_with_its_last_market(price: Any) -> None:
    odd = a_book(markets=[a_market("totals", (price, 105))])
    assert (
        "fanduel" not in books(odd, a_book(key="bovada")) or price == 0.5
    )  # closed: quoted, nothing to bet on
    kept = books(a_book(markets=[a_market("h2h", (price, 105)), a_market("h2h_lay")]), a_book(key="bovada"))
    assert [market.key for market in kept["fanduel"].markets] == ["h2h_lay"]
    assert [market.key for market in kept["bovada"].markets] == ["h2h"]


def test_a_book_that_quotes_in_another_format_is_left_out() -> None:
    decimal = a_book(key="bovada", markets=[a_market(prices=(1.83, 2.02))])
    assert list(books(a_book(), decimal)) == ["fanduel"]
    answer = parse_events([an_event(bookmakers=[a_book(), decimal])], NBA)
    assert answer.left_out["market"] == 1
    american = a_book(key="bovada", markets=[a_market(prices=(240, 130, 220))])
    decimals = [a_book(key=key, markets=[a_market(prices=(1.83, 2.02))]) for key in ("a", "b")]
    assert list(books(*decimals, american)) == ["a", "b"]


def test_a_book_listed_twice_is_one_book_with_the_markets_updated_last() -> None:
    older = a_book(
        last_update="2026-11-24T10:00:00Z", markets=[a_market(prices=(-150, 130)), a_market("h2h_lay")]
    )
    for order in ((older, a_book()), (a_book(), older)):
        kept = books(*order)
        prices = {market.key: market.outcomes[0].price for market in kept["fanduel"].markets}
        assert prices == {"h2h": Decimal(-110), "h2h_lay": Decimal(-110)}


def test_a_market_or_a_game_listed_twice_is_there_once() -> None:
    (book,) = books(a_book(markets=[a_market(), a_market(prices=(-150, 130))])).values()
    assert [market.outcomes[0].price for market in book.markets] == [Decimal(-110)]
    answer = parse_events([an_event(), an_event(home_team="Other")], NBA)
    assert [event.home_team for event in answer] == ["Boston Celtics"]
    assert answer.left_out["odds"] == 1


def test_one_side_priced_twice_is_no_market_and_an_alternate_line_is_one() -> None:
    twice = {
        "outcomes": [{"name": "Over", "price": -110, "point": 9}, {"name": "Over", "price": 105, "point": 9}]
    }
    assert books(a_book(markets=[a_market("totals") | twice])) == {}
    lines = {
        "outcomes": [{"name": "Over", "price": -110, "point": 9}, {"name": "Over", "price": 105, "point": 8}]
    }
    assert len(books(a_book(markets=[a_market("totals") | lines]))["fanduel"].markets) == 1


def test_more_than_a_tenth_odd_is_a_trouble_and_the_sound_part_is_there() -> None:
    def of(odd: int) -> Any:
        return parse_events(
            [an_event(id=f"e{n}", home_team=None if n < odd else "Home") for n in range(20)], NBA
        )

    assert of(2).trouble is None
    assert len(of(2)) == 18
    assert "3 of 20 events are not as documented; first: [0].home_team is null" in of(3).trouble
    assert len(of(3)) == 17
    assert of(3).unread == {"e0", "e1", "e2"}
    assert (
        parse_events([an_event(id="a", home_team=None), an_event(id="b")], NBA).trouble is None
    )  # a single one
    with pytest.raises(FeedShapeError, match="changed shape"):
        of(20)


def test_a_score_that_no_table_holds_is_left_out_alone() -> None:
    odd = a_score(
        scores=[{"name": "Boston Celtics", "score": "99999999999"}, {"name": "Utah Jazz", "score": "1"}]
    )
    answer = parse_scores([odd, a_score(id="e2")], NBA)
    assert [(score.home_score, score.away_score) for score in answer] == [(None, 1), (112, 98)]
    assert answer.left_out["points"] == 1
    values: list[Any] = [*ODD, ...]
    for path in places(a_score()):
        for value in values:
            answer = parse_scores([spoilt(a_score(id="odd"), path, value), a_score(id="good")], NBA)
            assert "good" in {score.id for score in answer}
            assert all(
                0 <= (points or 0) <= 10_000 for one in answer for points in (one.home_score, one.away_score)
            )


def test_a_sport_that_cannot_be_read_is_named_so_that_it_stays() -> None:
    good = {"key": "soccer_epl", "title": "EPL", "group": "Soccer", "active": True, "has_outrights": False}
    answer = parse_sports([good, good | {"key": NBA, "active": "yes"}])
    assert [sport.key for sport in answer] == ["soccer_epl"]
    assert answer.unread == {NBA}
    assert not answer.nameless
    assert parse_sports([good, good | {"key": None}]).nameless
    (untitled,) = parse_sports([good | {"title": None, "group": 7, "has_outrights": "no"}])
    assert (untitled.title, untitled.group, untitled.has_outrights) == ("soccer_epl", "Soccer", False)


@pytest.mark.parametrize("file", ["basketball_nba_odds_2022-11-23.json"])
def test_a_recorded_answer_survives_every_odd_field_of_one_game(shared_data: Path, file: str) -> None:
    recorded = json.loads((shared_data / file).read_text())
    one, other = recorded[3] | {"bookmakers": recorded[3]["bookmakers"][:2]}, recorded[4]
    values: list[Any] = [None, "text", 1e20, -5, [], ...]
    for path in places(one):
        for value in values:
            answer = parse_events([other, spoilt(one, path, value)], NBA)
            assert answer[0].id == other["id"]
            assert sum(len(book.markets) for book in answer[0].bookmakers) > 2


@pytest.mark.parametrize("odd", [rb'"\ud83d"', b"NaN", b"Infinity", b"1e999", b'"\xff\xfe"'])
async def test_one_broken_character_or_number_does_not_cost_a_league(
    upstream: Upstream, client: httpx.AsyncClient, odd: bytes
) -> None:
    event = orjson.dumps(
        an_event(id="odd", bookmakers=[a_book(), a_book(key="b", markets=[a_market(prices=(7.25, 1))])])
    )
    body = b"[" + orjson.dumps(an_event()) + b"," + event.replace(b"7.25", odd) + b"]"
    upstream.answers(raw(200, body))
    events, _ = await OddsApiClient(client, upstream.url, "key").odds(NBA)
    assert [event.id for event in events] == ["e1", "odd"]


# What is paid ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("headers", "cost"), [
    ({"x-requests-last": "7"}, 7), ({"x-requests-last": "0"}, 0), ({"x-requests-last": "2.0"}, 2),
    ({}, 3), ({"x-requests-last": ""}, 3), ({"x-requests-last": "-4"}, 3), ({"x-requests-last": "nan"}, 3),
    ({"x-requests-last": "1e300"}, 3), ({"x-requests-last": "many"}, 3),
])  # fmt: skip
async def test_an_answer_costs_what_it_says_or_what_is_documented(
    upstream: Upstream, client: httpx.AsyncClient, headers: dict[str, str], cost: int
) -> None:
    odds_api = OddsApiClient(client, upstream.url, "key", base_wait_seconds=0.001)
    for body in (b"[]", b'[{"id": null}]', b"{}", b"<html>"):
        upstream.answers(raw(200, body, headers))
        problem: FeedError | None = None
        credits: AccountCredits | None = None
        try:
            _, credits = await odds_api.odds(NBA)
        except FeedShapeError as refusal:
            problem = refusal
        bill = credits if problem is None else problem.credits
        assert bill is not None
        assert bill.last_cost == cost, body


async def test_refused_answers_and_every_retry_are_on_the_bill(
    upstream: Upstream, client: httpx.AsyncClient
) -> None:
    odds_api = OddsApiClient(client, upstream.url, "key", base_wait_seconds=0.001)
    for status in (401, 402, 422, 404):
        upstream.answers(raw(status, b"{}", {"x-requests-last": "3", "x-requests-remaining": "40"}))
        with pytest.raises(FeedError) as caught:
            await odds_api.odds(NBA)
        assert caught.value.credits is not None
        assert (caught.value.credits.last_cost, caught.value.credits.remaining) == (3, 40)
    upstream.answers(raw(500, b"", {"x-requests-last": "3"}), raw(200, b"[]", {"x-requests-last": "3"}))
    _, credits = await odds_api.odds(NBA)
    assert credits.last_cost == 6
    upstream.answers(raw(422, b"{}"))
    with pytest.raises(FeedError) as caught:
        await odds_api.odds(NBA)
    assert caught.value.credits is not None
    assert caught.value.credits.last_cost == 0  # a refusal without a word costs nothing
