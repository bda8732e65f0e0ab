"""Parlays: priced from the documents in memory, and suggested by appetite for risk."""

from __future__ import annotations

from quart import Blueprint, Response, request

from ops.web.policy import policy
from quartapp.api.parlays.priced import PricedReads
from quartapp.api.parlays.prices import Prices
from quartapp.api.parlays.requests import ParlayRequest
from quartapp.api.parlays.suggestions import Suggestions
from quartapp.documents.held import HeldDocuments
from quartapp.http.bodies import body
from quartapp.http.excluded import refuse_excluded
from quartapp.http.member import asking_member
from quartapp.http.responses import respond_computed
from quartapp.publish.help import Helper

PRICE = "/api/parlays/price"


def blueprint(
    prices: Prices, suggestions: Suggestions, reads: PricedReads, helper: Helper, documents: HeldDocuments
) -> Blueprint:
    """Return the routes under /api/parlays. What is plain and can be answered never comes here."""
    parlays = Blueprint("parlays", __name__, url_prefix="/api/parlays")

    @parlays.post("/price")
    @policy(cache="no-store", auth="none", limit=120)
    @body(ParlayRequest)
    async def price_parlay(body: ParlayRequest) -> Response:
        return Response(prices.of(body), 200, content_type="application/json")

    @parlays.get("/priced")
    @policy(cache="public", auth="none", limit=120)
    async def read_parlay() -> Response:
        return await respond_computed(documents, *reads.read(request.query_string))

    @parlays.get("/suggest")
    @policy(cache="public", auth="visitor", limit=240)
    async def suggest_parlay() -> Response:
        if (member := asking_member()) is not None:
            refuse_excluded(helper, member)
        return await suggestions.answer()

    return parlays
