"""The kinds of bets that are settled: how each is read for grading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ops.database import raw
from quartapp.settle.bets import PlacedBet, PlacedLeg
from quartapp.store.grades import BetKind, Ended

if TYPE_CHECKING:
    from databases.core import Connection


class Picks:
    """Published picks: one leg each. A pick never changes, so that its newest grade is all that is written of it."""

    name = "pick"
    legs = "SELECT id AS bet_id, 0 AS leg, game_id, commence_time AS planned_start FROM picks"

    async def load(self, connection: Connection, ids: Sequence[str]) -> list[PlacedBet]:
        """Return picks by id."""
        rows = await raw(connection).fetch(
            """
            SELECT id, game_id, market_key, outcome_name, point, kind, commence_time, home_team, away_team,
                   price_decimal
              FROM picks WHERE id = ANY ($1::text[]) ORDER BY id
            """,
            list(ids),
        )
        return [
            PlacedBet(
                row["id"],
                (
                    PlacedLeg(
                        row["game_id"],
                        row["market_key"],
                        row["outcome_name"],
                        row["point"],
                        row["kind"] == "three_way",
                        row["commence_time"],
                        row["home_team"],
                        row["away_team"],
                        row["price_decimal"],
                    ),
                ),
            )
            for row in rows
        ]

    async def close(self, connection: Connection, ended: Sequence[Ended], now: datetime) -> None:
        """Write nothing more: the grade is the pick's end."""


PICKS: BetKind = Picks()
