"""What is kept of a parlay that is saved: the bet at its exact prices, and what was known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from quartapp.api.members.requests import SaveRequest
from quartapp.api.members.saving import Checked
from quartapp.api.parlays.games import Quote
from quartapp.api.parlays.legs import Leg, together
from quartapp.documents.held import HeldDocuments
from quartapp.members.saved import SavedLeg, SavedParlay
from quartapp.publish import addresses


def parlay(
    identity: UUID, documents: HeldDocuments, wanted: SaveRequest, checked: Checked, now: datetime
) -> SavedParlay:
    """Return what is kept: the bet at its exact prices, and which versions of which documents it was read in."""
    decimal = checked.decimal
    return SavedParlay(
        identity,
        now,
        "open",
        wanted.bookmaker,
        wanted.stake_cents,
        wanted.currency,
        Decimal(decimal.numerator) / Decimal(decimal.denominator),
        None,
        None,
        {
            "documents": list(_versions(documents, checked.legs)),
            "fair_probability": together(checked.legs).fair.probability,
        },
        tuple(_leg(leg, quote) for leg, quote in zip(checked.legs, checked.quotes, strict=True)),
    )


def _versions(documents: HeldDocuments, legs: Sequence[Leg]) -> list[dict[str, str]]:
    keys = [
        key
        for leg in legs
        for key in (addresses.game(leg.game.game_id), addresses.analysis(leg.game.game_id))
    ]
    copies = ((key, documents.peek(key)) for key in dict.fromkeys(keys))
    return [{"document": key, "etag": copy.etag.decode()} for key, copy in copies if copy is not None]


def _leg(leg: Leg, quote: Quote) -> SavedLeg:
    sport, home, away, starts = leg.game.identity
    point = leg.selection.point
    return SavedLeg(
        leg.game.game_id,
        sport,
        home,
        away,
        starts,
        leg.selection.market,
        quote.kind if leg.selection.market == "h2h" else "two_way",
        leg.outcome,
        None if point is None else Decimal(str(point)),
        Decimal(quote.price),
        quote.price_format,
        Decimal(quote.decimal.numerator) / Decimal(quote.decimal.denominator),
        leg.label,
        leg.chances.win,
        leg.chances.push,
    )
