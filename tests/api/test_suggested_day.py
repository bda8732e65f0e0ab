"""Suggestions through a day of the sandbox's games: whatever the clock says, each can be placed as it stands.

`SUGGESTIONS=10000 pytest tests/api/test_suggested_day.py` asks ten thousand; a small number is asked otherwise.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from ops.web.problems import ProblemError
from quartapp.api.parlays.games import Games
from quartapp.api.parlays.suggestions import Question, Suggestions
from quartapp.documents.copy import Copy
from quartapp.documents.derived import AbsentError, Derived
from quartapp.documents.held import HeldDocuments
from quartapp.feeds.odds_api_answers import parse_events
from quartapp.odds.suggest import RISKS
from quartapp.publish import addresses
from quartapp.records import Event, price_format
from quartapp.sandbox import league as world
from tests.support.site import publish

COUNT = int(os.environ.get("SUGGESTIONS", "600"))
MIDNIGHT = datetime(2026, 11, 28, tzinfo=UTC)  # a Saturday: every league plays
HORIZON = timedelta(hours=30)
ROUND = timedelta(minutes=30)
QUIET = "basketball_ncaab"  # the league whose upstream fails from noon on
EXCHANGES = {"betfair_ex_us"}


class Day:
    """A web process of which the clock and the documents are simulated. `quoted`: each price as it was published."""

    def __init__(self) -> None:
        self.now = MIDNIGHT
        self.held = HeldDocuments(max_bytes=200_000_000)
        self.held.derived = Derived(clock=lambda: self.clock().timestamp())
        self.suggestions = Suggestions(self.held, Games(self.held), clock=self.clock)
        self.quoted: dict[tuple[str, str, str, str, float | None], tuple[str, datetime, datetime]] = {}
        self.version = 0
        self.answered_from_memory = 0

    def clock(self) -> datetime:
        return self.now

    def publish(self) -> None:
        for league in world.LEAGUES:
            if league.key == QUIET and self.now.hour >= 12:
                continue
            games = [g for g in world.upcoming(league, 7, self.now) if g.start < self.now + HORIZON]
            american = price_format(league.key) == "american"
            bodies = [
                world.event(game, self.now, american=american, markets={"h2h", "spreads", "totals"})
                for game in games
            ]
            events = list(parse_events(bodies, league.key))
            twins = [replace(event, id=f"twin-{event.id}") for event in events[::7]]
            self.version += 1
            publish(self.held, league.key, [*events, *twins], self.now, self.version)
            for event in (*events, *twins):
                self.note(event)

    def note(self, event: Event) -> None:
        self.quoted = {at: what for at, what in self.quoted.items() if at[0] != event.id}
        for book in event.bookmakers:
            for market in book.markets:
                for o in market.outcomes:
                    assert market.last_update is not None
                    self.quoted[
                        event.id, book.key, market.key, o.name, None if o.point is None else float(o.point)
                    ] = format(o.price, "f"), market.last_update, event.commence_time  # fmt: skip

    async def ask(self, question: Question) -> dict[str, Any] | None:
        """Return the answer that the front has in memory, as it looks there first, or the computed one."""
        query = urlencode({name: value for name, value in question._asdict().items() if value is not None})
        key = addresses.key_of(addresses.SUGGEST, query.encode())
        copy: Copy | None = self.held.get(key)
        self.answered_from_memory += copy is not None
        try:
            copy = copy or await self.held.derived.compute(key, self.suggestions.question(question))
        except (AbsentError, ProblemError):
            return None
        answer: dict[str, Any] = orjson.loads(copy.body)
        return answer


def decimal_of(price: str, form: str) -> float:
    value = float(price)
    if form == "decimal":
        return value
    return 1 + value / 100 if value > 0 else 1 + 100 / -value


def check(day: Day, question: Question, answer: dict[str, Any]) -> None:
    legs, book = answer["legs"], answer["bookmaker"]
    assert len(legs) == question.legs
    assert book not in EXCHANGES
    assert question.bookmaker in (None, book)
    assert {leg["bookmaker"] for leg in legs} | {one["key"] for one in answer["bookmakers"]} == {book}
    games: list[Any] = []
    for leg in legs:
        price, updated, starts = day.quoted[leg["game_id"], book, leg["market"], leg["outcome"], leg["point"]]
        assert (leg["price"], leg["price_updated_at"]) == (price, world.text(updated))
        assert starts > day.now, "it has begun"
        age = day.now - updated
        assert age < timedelta(hours=2) or (
            age < timedelta(hours=12) and starts - day.now > timedelta(hours=6)
        ), age
        assert not leg["started"]
        assert leg["status"] == "scheduled"
        games.append((leg["label"].partition("(")[2], starts))
    assert answer["same_game"] == (len(set(games)) < len(games))
    if not question.same_game:
        assert not answer["same_game"]
        product = math.prod(decimal_of(leg["price"], leg["price_format"]) for leg in legs)
        (at,) = answer["bookmakers"]
        assert at["price_decimal"] == pytest.approx(product, rel=1e-6, abs=1e-4)
        returned = math.prod(
            leg["win"] * d + leg["push"] + leg["half_win"] * (1 + d) / 2 + leg["half_loss"] / 2
            for leg in legs
            for d in [decimal_of(leg["price"], leg["price_format"])]
        )
        assert at["expected_value"] == pytest.approx(returned - 1, abs=2e-6)


def moments() -> Iterator[datetime]:
    """Yield moments of a day: at random, and at the second at which games begin."""
    dice = Random(11)
    at = MIDNIGHT
    while at < MIDNIGHT + timedelta(hours=24):
        yield at
        following = at + timedelta(seconds=dice.randint(200, 700))
        ten = at.replace(minute=at.minute // 10 * 10, second=0) + timedelta(minutes=10)
        at = min(following, ten)


def question(dice: Random) -> Question:
    return Question(
        dice.choice([None, None, *(league.key for league in world.LEAGUES)]),
        dice.randint(2, 6),
        dice.choice(RISKS),
        dice.choice([None, None, None, *(key for key, *_ in world.BOOKS if key not in EXCHANGES)]),
        dice.random() < 0.25,
    )


async def test_whatever_the_clock_says_a_suggestion_can_be_placed_as_published() -> None:
    day, dice = Day(), Random(3)
    times = list(moments())
    each = max(2, COUNT * 2 // len(times))
    answered, published, standing = 0, MIDNIGHT - ROUND, [question(dice) for _ in range(40)]
    every = ROUND if COUNT > 5_000 else 4 * ROUND
    for at in times:
        day.now = at
        if at - published >= every:
            day.publish()
            published = at
        for number in range(each):
            asked = standing[dice.randrange(40)] if number % 2 else question(dice)
            answer = await day.ask(asked)
            if answer is not None:
                check(day, asked, answer)
                answered += 1
    print(f"{answered:,} suggestions, {day.answered_from_memory:,} of them from memory")
    assert answered >= COUNT * 0.9
    assert day.answered_from_memory > answered * 0.02, (
        "or nothing shows that a kept answer ends with its games"
    )
