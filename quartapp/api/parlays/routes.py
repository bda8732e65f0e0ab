"""Parlays: priced from the documents in memory, and suggested by appetite for risk."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from quart import Blueprint, Response

from ops.web.policy import policy
from quartapp.api.parlays import pricing
from quartapp.api.parlays.games import Games
from quartapp.api.parlays.legs import find, together
from quartapp.api.parlays.requests import ParlayRequest
from quartapp.api.parlays.suggestions import Suggestions
from quartapp.documents.held import HeldDocuments
from quartapp.http.bodies import body
from quartapp.publish import parlay_shapes


def blueprint(documents: HeldDocuments) -> Blueprint:
    """Return the routes under /api/parlays."""
    parlays = Blueprint("parlays", __name__, url_prefix="/api/parlays")
    games = Games(documents)
    suggestions = Suggestions(documents, games)

    @parlays.post("/price")
    @policy(cache="no-store", auth="none", limit=120)
    @body(ParlayRequest)
    async def price_parlay(body: ParlayRequest) -> Response:
        answer = price(games, documents.complete, body, datetime.now(UTC))
        return Response(orjson.dumps(answer), 200, content_type="application/json")

    @parlays.get("/suggest")
    @policy(cache="public", auth="none", limit=240)
    async def suggest_parlay() -> Response:
        return await suggestions.answer()

    return parlays


def price(games: Games, complete: bool, asked: ParlayRequest, now: datetime) -> parlay_shapes.PricedParlay:
    """Return the parlay that was asked for. `complete`: whether a game that is not here does not exist.

    Raises ProblemError: 422 naming the leg and the field, 503 when nobody can know yet.
    """
    legs = [find(games, complete, leg, f"legs[{number}]") for number, leg in enumerate(asked.legs)]
    whole = together(legs)
    named = {leg.bookmaker for leg in asked.legs} - {None}
    bookmaker = asked.bookmaker or (named.pop() if len(named) == 1 else None)
    offered = pricing.offers(legs, now, bookmaker, same_game=whole.same_game)
    answer = pricing.answer(legs, whole, offered, now, bankroll_cents=asked.bankroll_cents)
    if bookmaker is None and named:
        answer["warnings"].append(
            {
                "code": "several_bookmakers",
                "detail": "A parlay is placed at one bookmaker, and its legs name several: all are compared.",
                "legs": [number for number, leg in enumerate(asked.legs) if leg.bookmaker],
            }
        )
    return answer
