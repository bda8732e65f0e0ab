"""What may be asked about parlays: the bodies of requests."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from quartapp.http.bodies import Body
from quartapp.odds.market_keys import MarketKey
from quartapp.odds.parlay import MAX_LEGS, MIN_LEGS

Text = Annotated[str, Field(min_length=1, max_length=200)]


class LegRequest(Body):
    """A selection: an outcome of a game's market."""

    game_id: Text
    market: MarketKey
    outcome: Text
    point: Annotated[
        float | None,
        Field(
            ge=-1000,
            le=1000,
            allow_inf_nan=False,
            description="The line, from the outcome's side; the consensus line when left out.",
        ),
    ] = None
    bookmaker: Annotated[
        Text | None,
        Field(description="As the parlay's own, for clients of earlier versions: a parlay is placed at one."),
    ] = None


class ParlayRequest(Body):
    """The legs of a parlay, all of which must win."""

    legs: Annotated[list[LegRequest], Field(min_length=MIN_LEGS, max_length=MAX_LEGS)]
    bookmaker: Annotated[
        Text | None, Field(description="The one bookmaker to price it at; every one when left out.")
    ] = None
    bankroll_cents: Annotated[
        int | None, Field(ge=0, le=10**15, description="Of which each bookmaker's stake_cents is a share.")
    ] = None
