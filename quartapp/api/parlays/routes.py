"""Parlays: priced from the held documents, and suggested by appetite for risk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any

import orjson
from quart import Blueprint, Response

from ops.web.policy import policy
from ops.web.problems import ProblemError, invalid
from quartapp.api.parlays.requests import LegRequest, ParlayRequest
from quartapp.api.parlays.suggestions import Suggestions
from quartapp.documents.held import HeldDocuments
from quartapp.documents.prepared import Prepared
from quartapp.http.bodies import body
from quartapp.odds.formats import PriceError, american_to_decimal
from quartapp.odds.parlay import Leg, ParlayPrice, price
from quartapp.publish import addresses, parlay_shapes

READ_GAMES = 256  # documents of which the parsed form is remembered
CAVEAT = "Legs are priced as independent; legs of one game are not."


@dataclass(frozen=True, slots=True)
class Resolved:
    """A leg found in the documents: what to price, and what to show."""

    leg: Leg
    shown: parlay_shapes.PricedLeg


def blueprint(documents: HeldDocuments) -> Blueprint:
    """Return the routes under /api/parlays."""
    parlays = Blueprint("parlays", __name__, url_prefix="/api/parlays")
    read = Prepared(documents, orjson.loads, READ_GAMES)
    suggestions = Suggestions(documents)

    @parlays.post("/price")
    @policy(cache="no-store", auth="none", limit=120)
    @body(ParlayRequest)
    async def price_parlay(body: ParlayRequest) -> Response:
        now = datetime.now(UTC)
        resolved = [resolve(documents, read, leg, f"legs[{n}]", now) for n, leg in enumerate(body.legs)]
        _each_market_once(resolved)
        answer: parlay_shapes.PricedParlay = {
            **describe(price([one.leg for one in resolved])),
            "legs": [one.shown for one in resolved],
        }
        return Response(orjson.dumps(answer), 200, content_type="application/json")

    @parlays.get("/suggest")
    @policy(cache="public", auth="none", limit=240)
    async def suggest_parlay() -> Response:
        return await suggestions.answer()

    return parlays


def _each_market_once(resolved: list[Resolved]) -> None:
    """Refuse two legs on one market of a game: they are the same bet, or cannot both win."""
    seen: dict[tuple[str, str], int] = {}
    for number, one in enumerate(resolved):
        on = (one.shown["game_id"], one.shown["market"])
        if on in seen:
            raise invalid(f"legs[{number}].market", f"is the market of this game that legs[{seen[on]}] is on")
        seen[on] = number


def resolve(
    documents: HeldDocuments, read: Prepared[Any], wanted: LegRequest, place: str, now: datetime
) -> Resolved:
    """Return a leg as the documents have it. Raises ProblemError (422) naming the leg and the field."""
    published = read.of(addresses.game(wanted.game_id))
    analysis = read.of(addresses.analysis(wanted.game_id))
    if published is None or analysis is None:
        if not documents.complete:
            raise ProblemError(503)
        raise invalid(f"{place}.game_id", "is no game that we have")
    game = published["game"]
    if game["status"] in ("final", "cancelled", "unresolved"):
        raise invalid(f"{place}.game_id", "is a game that is over")
    market = analysis["analysis"]["markets"].get(wanted.market)
    if market is None:
        raise invalid(f"{place}.market", "is not quoted for this game")
    if wanted.outcome not in market["consensus"]:
        raise invalid(f"{place}.outcome", f"must be one of {', '.join(market['consensus'])}")
    return _found(game, market, wanted, place, now)


def _found(
    game: dict[str, Any], market: dict[str, Any], wanted: LegRequest, place: str, now: datetime
) -> Resolved:
    outcome = wanted.outcome
    bookmaker = wanted.bookmaker or market["best"][outcome]["bookmaker"]
    listed = next((book for book in game["bookmakers"] if book["key"] == bookmaker), None)
    quoted = next((m for m in listed["markets"] if m["key"] == wanted.market), None) if listed else None
    if quoted is None:
        raise invalid(f"{place}.bookmaker", "does not quote this market")
    selection = next((o for o in quoted["outcomes"] if o["name"] == outcome), None)
    if selection is None:
        raise invalid(f"{place}.bookmaker", "does not quote this outcome")
    point = wanted.point
    if point is not None and selection["point"] is None:
        raise invalid(f"{place}.point", "has no place here: this market has no line")
    if point is not None and point != selection["point"]:
        raise invalid(f"{place}.point", f"is not the book's line, which is {selection['point']}")
    consensus_point = _side_point(game, market, outcome, wanted.market)
    if wanted.market != "h2h" and selection["point"] != consensus_point:
        raise invalid(
            f"{place}.bookmaker",
            f"quotes {selection['point']}; a fair probability is known for {consensus_point} only",
        )
    decimals = [d for o in quoted["outcomes"] if (d := exact(o)) is not None]
    decimal = exact(selection)
    if decimal is None:
        raise invalid(f"{place}.outcome", "has no usable price")
    line = "" if selection["point"] is None else f" {selection['point']:+g}"
    label = f"{outcome}{line} ({game['away_team']} at {game['home_team']})"
    leg = Leg(
        game["id"],
        label,
        decimal,
        market["consensus"][outcome],
        max(1.0, sum(1 / float(d) for d in decimals)),
        started=datetime.fromisoformat(game["commence_time"]) <= now,
    )
    shown: parlay_shapes.PricedLeg = {
        "game_id": game["id"],
        "market": wanted.market,
        "outcome": outcome,
        "point": selection["point"],
        "bookmaker": bookmaker,
        "price_american": selection["price_american"],
        "price_decimal": selection["price_decimal"],
        "probability": leg.probability,
        "started": leg.started,
        "label": label,
    }
    return Resolved(leg, shown)


def _side_point(game: dict[str, Any], market: dict[str, Any], outcome: str, key: str) -> float | None:
    """Return the consensus line from the outcome's side: the away team's spread is the home team's negative."""
    point: float | None = market.get("point")
    if point is None or key != "spreads" or outcome == game["home_team"]:
        return point
    return -point if point else 0.0


def exact(outcome: dict[str, Any]) -> Fraction | None:
    """Return exact decimal odds of a rendered outcome; the American price is the exact one where it is whole."""
    return _exact(outcome["price_american"], outcome["price_decimal"])


@lru_cache(maxsize=16_384)  # a slate quotes few different prices, and fractions are slow to make
def _exact(american: float | None, decimal: float | None) -> Fraction | None:
    if decimal is None or decimal <= 1:
        return None
    shown = Fraction(str(decimal))
    try:
        of_american = american_to_decimal(Fraction(str(american)))
    except (PriceError, ValueError, TypeError):
        return shown
    # A price received as decimal has at most a few places; its American form was rounded to show it.
    return of_american if round(of_american, 4) == shown else shown


def describe(found: ParlayPrice) -> parlay_shapes.ParlayFigures:
    """Return a priced parlay for JSON."""
    return {
        "price_decimal": round(float(found.decimal), 4),
        # Past 2^53 a whole number is none to a browser any more, and past 2^64 none to the encoder.
        "price_american": found.american if found.american <= 2**53 else float(found.american),
        "price_fractional": found.fractional,
        "probability": found.probability,
        "expected_value": found.expected_value,
        "hold": found.hold,
        "kelly_stake": found.kelly_stake,
        "kelly_fraction": 0.25,
        "warnings": list(found.warnings),
        "caveat": CAVEAT,
    }
