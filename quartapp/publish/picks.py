"""Picks: candidates read from published analyses, and picks as they are kept and shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from quartapp.odds.formats import to_decimal
from quartapp.odds.legs import Chances
from quartapp.odds.picks import (
    ALL,
    FRESH,
    LATEST,
    SOONEST,
    Candidate,
    GameName,
    choose,
    rules_met,
    why_none,
)
from quartapp.publish import pick_shapes
from quartapp.publish.game import format_time, prices
from quartapp.store.picks import Pick


@dataclass(frozen=True, slots=True)
class Quoted:
    """A candidate, and the market of the analysis that it is from."""

    candidate: Candidate
    market: dict[str, Any]


class Search:
    """What may be published, kept of all the prices that are read, and how far the best of the others came."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.prices = 0
        self._furthest = 0
        self._found: list[Quoted] = []

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Between which starts games are looked at."""
        return self.now + SOONEST, self.now + LATEST

    @property
    def why_none(self) -> str:
        """Why nothing is picked, if nothing is."""
        return why_none(self._furthest)

    def may_be_fresh(self, updated: datetime | None) -> bool:
        """Tell whether a sport that was last asked at a moment can have a fresh price; its games count as ahead."""
        self._furthest = max(self._furthest, 1)
        return updated is not None and updated >= self.now - FRESH

    def read(self, page: bytes | None) -> None:
        """Look at the prices of a published list of analyses."""
        for game in [] if page is None else orjson.loads(page)["analyses"]:
            if game.get("status", "scheduled") != "scheduled":
                continue
            for one in quoted(game):
                self.prices += 1
                met = rules_met(one.candidate, self.now)
                self._furthest = max(self._furthest, met)
                if met == ALL:
                    self._found.append(one)

    @property
    def game_ids(self) -> set[str]:
        """The games that a pick may be chosen of."""
        return {one.candidate.game_id for one in self._found}

    def choose(self, taken: Collection[GameName | str], published: int, now: datetime) -> list[Quoted]:
        """Return what to publish now, beside as many as are `published` today.

        `taken`: names and ids of games that had a pick.
        """
        by_candidate = {one.candidate: one for one in self._found}
        return [by_candidate[one] for one in choose(by_candidate, taken, published, now)]


def quoted(game: Mapping[str, Any]) -> Iterator[Quoted]:
    """Yield every price of an analysed game that the other books put a value on. Offers name no exchange."""
    starts = datetime.fromisoformat(game["commence_time"])
    name = (game["sport_key"], game["home_team"], game["away_team"], starts)
    for key, market in game["markets"].items():
        sure = market.get("arbitrage")
        marked = bool(sure and sure.get("too_good"))
        for bookmaker, offer in market.get("offers", {}).items():
            updated = datetime.fromisoformat(offer["updated_at"])
            for outcome, price in offer["prices"].items():
                edge = offer["edges"].get(outcome)
                if edge is None:
                    continue
                decimal = float(to_decimal(Decimal(price), offer["price_format"]))
                fair = Chances(**market["fair"][outcome])
                decided = fair.won + fair.lost
                win = (edge + decided) / decimal  # edge = win·(decimal - 1) - (decided - win)
                yield Quoted(
                    Candidate(
                        name, game["game_id"], key, outcome, bookmaker, decimal, win, 1 - decided, edge,
                        market["books"], updated, marked,
                    ),
                    market,
                )  # fmt: skip


def as_pick(one: Quoted, day: date, place: int, source: str, now: datetime) -> Pick:
    """Return a candidate as the row that is kept."""
    candidate, market = one.candidate, one.market
    sport, home, away, starts = candidate.game
    offer = market["offers"][candidate.bookmaker]
    price = Decimal(offer["prices"][candidate.outcome])
    point = market["point"]
    if candidate.market == "spreads" and candidate.outcome == away:
        point = 0.0 - point
    win, push = round(candidate.win, 6), round(candidate.push, 6)
    age = int((now - candidate.updated).total_seconds())
    line = "" if point is None else f" {point:+g}" if candidate.market == "spreads" else f" {point:g}"
    others = candidate.books - 1
    return Pick(
        f"{day.isoformat()}-{place}",
        day,
        place,
        candidate.game_id,
        sport,
        home,
        away,
        starts,
        candidate.market,
        market["kind"],
        candidate.outcome,
        None if point is None else Decimal(str(point)),
        candidate.bookmaker,
        price,
        offer["price_format"],
        Decimal(str(round(candidate.decimal, 4))),
        win,
        push,
        round(candidate.edge, 6),
        candidate.books,
        max(0, age),
        market["consensus"],
        now,
        f"{candidate.outcome}{line} ({away} at {home}): the other {others} books give it {win:.1%} to win"
        + (f" and {push:.1%} to return the stake" if push else "")
        + f"; at {candidate.bookmaker} that is worth {candidate.edge:+.1%}.",
        source,
    )


def content(picks: Sequence[Pick], empty_because: str, source: str) -> pick_shapes.PicksContent:
    """Return the document of a day's picks."""
    return {
        "source": source,
        "picks": [_shown(pick) for pick in picks],
        "empty_because": None if picks else empty_because,
    }


def _shown(pick: Pick) -> pick_shapes.Pick:
    american, decimal = prices(pick.price, pick.price_format)
    return {
        "id": pick.id,
        "game_id": pick.game_id,
        "sport": pick.sport_key,
        "home_team": pick.home_team,
        "away_team": pick.away_team,
        "commence_time": format_time(pick.commence_time),
        "market": pick.market_key,
        "outcome": pick.outcome_name,
        "point": None if pick.point is None else float(pick.point),
        "bookmaker": pick.bookmaker_key,
        "price_american": american,
        "price_decimal": decimal,
        "price": format(pick.price, "f"),
        "price_format": pick.price_format,
        "win": pick.win,
        "push": pick.push,
        "edge": pick.edge,
        "books": pick.books,
        "odds_age_seconds": pick.odds_age_seconds,
        "published_at": format_time(pick.published_at),
        "reason": pick.reason,
    }
