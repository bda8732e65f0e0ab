"""A leg as the documents have it: priced at the book's own line, said to have started, refused when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import orjson
import pytest

from ops.web.problems import ProblemError
from quartapp.api.parlays.requests import LegRequest
from quartapp.api.parlays.routes import Resolved, resolve
from quartapp.documents.held import HeldDocuments
from quartapp.documents.prepared import Prepared
from quartapp.documents.table import Published
from quartapp.publish import addresses

START = datetime(2026, 12, 1, 19, 0, tzinfo=UTC)


def priced(wanted: dict[str, Any], *, status: str = "scheduled", now: datetime = START) -> Resolved:
    """Return a leg on a game whose main spread is -3.5 at one book, and whose other book quotes -4.5."""
    game = {
        "id": "g1",
        "home_team": "Boston",
        "away_team": "Miami",
        "commence_time": "2026-12-01T19:00:00Z",
        "status": status,
        "bookmakers": [a_book("main", 3.5), a_book("other", 4.5)],
    }
    market = {
        "point": -3.5,
        "consensus": {"Boston": 0.5, "Miami": 0.5},
        "best": {"Boston": {"bookmaker": "main"}, "Miami": {"bookmaker": "main"}},
    }
    contents = {
        addresses.game("g1"): {"game": game},
        addresses.analysis("g1"): {"analysis": {"markets": {"spreads": market}}},
    }
    held = HeldDocuments(max_bytes=1_000_000)
    held.apply(
        (
            Published(key, 1, '"1"', orjson.dumps(content), None, None, START)
            for key, content in contents.items()
        ),
        1,
    )
    leg = LegRequest(game_id="g1", market="spreads", **wanted)
    return resolve(held, Prepared(held, orjson.loads, 9), leg, "legs[0]", now)


def a_book(key: str, away_point: float) -> dict[str, Any]:
    outcomes = [
        {"name": "Boston", "point": -away_point, "price_american": -110, "price_decimal": 1.9091},
        {"name": "Miami", "point": away_point, "price_american": -110, "price_decimal": 1.9091},
    ]
    return {"key": key, "markets": [{"key": "spreads", "outcomes": outcomes}]}


def test_a_leg_is_priced_exactly_at_the_line_of_its_own_side() -> None:
    away = priced({"outcome": "Miami"})
    assert (away.leg.decimal, away.leg.label) == (Fraction(21, 11), "Miami +3.5 (Miami at Boston)")
    assert priced({"outcome": "Boston", "point": -3.5}).shown["point"] == -3.5


def test_a_book_s_other_line_is_not_priced_with_the_probability_of_the_main_one() -> None:
    with pytest.raises(ProblemError) as refused:
        priced({"outcome": "Miami", "bookmaker": "other"})
    assert refused.value.errors is not None
    assert refused.value.errors[0]["field"] == "legs[0].bookmaker"


@pytest.mark.parametrize("wrong", [3.0, -3.5])
def test_a_line_that_the_book_does_not_quote_is_refused(wrong: float) -> None:
    with pytest.raises(ProblemError) as refused:
        priced({"outcome": "Miami", "point": wrong})
    assert refused.value.errors is not None
    assert refused.value.errors[0]["field"] == "legs[0].point"


def test_a_leg_has_started_from_the_moment_of_its_game_s_start() -> None:
    assert not priced({"outcome": "Miami"}, now=START - timedelta(seconds=1)).leg.started
    assert priced({"outcome": "Miami"}).leg.started


@pytest.mark.parametrize("status", ["final", "cancelled", "unresolved"])
def test_a_game_that_is_over_is_no_leg(status: str) -> None:
    with pytest.raises(ProblemError) as refused:
        priced({"outcome": "Miami"}, status=status)
    assert refused.value.errors is not None
    assert refused.value.errors[0]["field"] == "legs[0].game_id"
