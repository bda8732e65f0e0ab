"""Prices of parlays that were asked for, each computed once in a second: equal bodies then have equal answers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from quartapp.api.parlays import pricing
from quartapp.api.parlays.games import Games
from quartapp.api.parlays.legs import find, together
from quartapp.api.parlays.requests import ParlayRequest
from quartapp.api.parlays.written import Ages, json_list
from quartapp.documents.held import HeldDocuments
from quartapp.http.bodies import parse, parse_json
from quartapp.publish import parlay_shapes

KEPT = 128  # answers of up to 50 kB


class _Kept(NamedTuple):
    version: int
    second: int
    answer: bytes


class Prices:
    """Answers prices from the documents in memory, by the clock at the answer."""

    def __init__(
        self, documents: HeldDocuments, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.games = Games(documents)
        self._documents = documents
        self._clock = clock
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()

    def answer(self, body: bytes) -> bytes:
        """Return the answer to a request's body. Raises ProblemError: 400, 422 naming the leg and field, 503."""
        now = self._clock()
        version, second = self._documents.version, int(now.timestamp())
        kept = self._kept.get(body)
        if kept is not None and (kept.version, kept.second) == (version, second):
            return kept.answer
        answer = self.of(parse(ParlayRequest, parse_json(body)), now)
        self._kept[body] = _Kept(version, second, answer)
        self._kept.move_to_end(body)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return answer

    def of(self, asked: ParlayRequest, now: datetime | None = None) -> bytes:
        """Return the answer for a request as it was read. Raises ProblemError."""
        return price(self.games, self._documents.complete, asked, now or self._clock())


def price(
    games: Games,
    complete: bool,
    asked: ParlayRequest,
    now: datetime,
    as_of: datetime | None = None,
    place: str = "legs",
) -> bytes:
    """Return the parlay that was asked for, as JSON. `complete`: whether a game that is not here does not exist.

    Ages are those at `as_of`, or now. `place` is what errors call the list of legs.

    Raises ProblemError: 422 naming the leg and the field, 503 when nobody can know yet.
    """
    legs = [find(games, complete, leg, f"{place}[{number}]") for number, leg in enumerate(asked.legs)]
    whole = together(legs, place)
    named = {leg.bookmaker for leg in asked.legs} - {None}
    bookmaker = asked.bookmaker or (named.pop() if len(named) == 1 else None)
    offered = pricing.offers(legs, now, bookmaker, same_game=whole.same_game)
    ages = Ages(as_of or now)
    first = offered.books[0] if offered.books else None
    at = None if first is None else first.bookmaker
    quotes = [None] * len(legs) if first is None else [one.quote for one in first.legs]
    answer = pricing.answer(legs, whole, offered, ages, at=at, bankroll_cents=asked.bankroll_cents)
    if bookmaker is None and named:
        answer["warnings"].append(
            {
                "code": "several_bookmakers",
                "detail": "A parlay is placed at one bookmaker, and its legs name several: all are compared.",
                "legs": [number for number, leg in enumerate(asked.legs) if leg.bookmaker],
            }
        )
    priced: parlay_shapes.PricedParlay = {
        **answer,
        "legs": json_list(
            [pricing.leg_written(leg, at, q, ages) for leg, q in zip(legs, quotes, strict=True)]
        ),
    }
    return orjson.dumps(priced)
