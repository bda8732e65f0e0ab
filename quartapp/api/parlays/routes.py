"""Parlays: priced from the documents in memory, and suggested by appetite for risk."""

from __future__ import annotations

from quart import Blueprint, Response

from ops.web.policy import policy
from quartapp.api.parlays.prices import Prices
from quartapp.api.parlays.requests import ParlayRequest
from quartapp.api.parlays.suggestions import Suggestions
from quartapp.http.bodies import body
from quartapp.http.excluded import refuse_excluded
from quartapp.http.member import asking_member
from quartapp.publish.help import Helper

PRICE = "/api/parlays/price"


def blueprint(prices: Prices, suggestions: Suggestions, helper: Helper) -> Blueprint:
    """Return the routes under /api/parlays. What is plain and can be answered never comes here."""
    parlays = Blueprint("parlays", __name__, url_prefix="/api/parlays")

    @parlays.post("/price")
    @policy(cache="no-store", auth="none", limit=120)
    @body(ParlayRequest)
    async def price_parlay(body: ParlayRequest) -> Response:
        return Response(prices.of(body), 200, content_type="application/json")

    @parlays.get("/suggest")
    @policy(cache="public", auth="visitor", limit=240)
    async def suggest_parlay() -> Response:
        if (member := asking_member()) is not None:
            refuse_excluded(helper, member)
        return await suggestions.answer()

    return parlays
