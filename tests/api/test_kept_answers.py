"""What is made once of a game's documents changes no answer: neither by what was asked before, nor by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson

from ops.web.problems import ProblemError
from quartapp.api.parlays.prices import Prices
from quartapp.api.parlays.suggestions import Suggestions
from quartapp.documents.derived import AbsentError, Turns
from quartapp.documents.held import HeldDocuments
from tests.support.parlay_questions import bodies, fill, queries

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)  # a Saturday: every league plays


def priced(prices: Prices, body: bytes) -> Any:
    try:
        return prices.answer(body)
    except ProblemError as problem:
        return problem.status, problem.errors


async def suggested(suggestions: Suggestions, query: str) -> Any:
    try:
        computed = await suggestions.read(query.encode())[1](Turns())
        return await computed.render(), computed.expires_at
    except AbsentError as absent:
        return str(absent)
    except ProblemError as problem:
        return problem.status, problem.errors


async def test_an_answer_is_the_same_from_what_is_kept_and_from_documents_read_anew() -> None:
    held, now = HeldDocuments(max_bytes=200_000_000), NOON

    def clock() -> datetime:
        return now

    events, dice = fill(held, NOON), Random(12)
    asked, asked_for = list(bodies(events, dice, 60)), list(queries(dice, 25))
    kept = Prices(held, clock)
    kept_suggestions = Suggestions(held, kept.games, clock)
    different, answered = set(), 0
    for hours in (0, 1, 2.5, 7, 20, 31):  # prices grow old, games begin
        now = NOON + timedelta(hours=hours, seconds=7)
        for body in asked:
            anew = Prices(held, clock)
            answer = priced(kept, body)
            assert answer == priced(anew, body), (body, now)
            answered += isinstance(answer, bytes)
            different.add(answer if isinstance(answer, bytes) else str(answer))
        for query in asked_for:
            anew = Prices(held, clock)
            answer = await suggested(kept_suggestions, query)
            assert answer == await suggested(Suggestions(held, anew.games, clock), query), (query, now)
            different.add(str(answer))
    assert answered > 150
    assert len(different) > 200, "or nothing shows that the clock counts"


def test_lines_of_a_visitor_s_own_are_not_kept() -> None:
    held = HeldDocuments(max_bytes=200_000_000)
    events = [one for one in fill(held, NOON) if one.sport_key == "americanfootball_ncaaf"]
    prices = Prices(held, lambda: NOON)
    game, other = events[:2]
    answered = 0
    for number in range(-160, 160):
        legs = [
            {"game_id": game.id, "market": "spreads", "outcome": game.home_team, "point": number / 4},
            {"game_id": other.id, "market": "h2h", "outcome": other.home_team},
        ]
        answered += isinstance(priced(prices, orjson.dumps({"legs": legs})), bytes)
    assert answered > 200
    view = prices.games.of(game.id)
    assert view is not None
    quoted = {one.point for book in game.bookmakers for market in book.markets for one in market.outcomes}
    assert len(view.legs) <= 2 * len(quoted)
