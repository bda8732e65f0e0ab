"""The kinds of bets that are settled: how each is read for grading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ops.database import raw
from quartapp.odds.closing import ClosingMarket, Taken, at_closing
from quartapp.odds.formats import to_decimal
from quartapp.settle.bets import PlacedBet, PlacedLeg
from quartapp.settle.parlay import Leg, settle
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
                   price, price_format
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
                        to_decimal(row["price"], row["price_format"]),
                    ),
                ),
            )
            for row in rows
        ]

    async def close(self, connection: Connection, ended: Sequence[Ended], now: datetime) -> None:
        """Write nothing more: the grade is the pick's end."""


class Parlays:
    """Saved parlays: a lost leg loses one at once, and a parlay that has ended says what it pays, in whole cents."""

    name = "parlay"
    # The legs of a lost parlay are graded too, as their games end.
    legs = """
        SELECT parlay_id::text AS bet_id, leg, game_id, commence_time AS planned_start
          FROM saved_parlay_legs JOIN saved_parlays ON saved_parlays.id = parlay_id
         WHERE status = 'open' OR first_start > now() - interval '30 days'
    """

    async def load(self, connection: Connection, ids: Sequence[str]) -> list[PlacedBet]:
        """Return parlays by id, locked: a member who deletes one waits, and then finds it as it is."""
        stakes = await raw(connection).fetch(
            """
            SELECT id::text, stake_cents FROM saved_parlays
             WHERE id = ANY ($1::text[]::uuid[]) ORDER BY id FOR NO KEY UPDATE
            """,
            list(ids),
        )
        legs: dict[str, list[PlacedLeg]] = {row["id"]: [] for row in stakes}
        for row in await raw(connection).fetch(
            """
            SELECT parlay_id::text AS id, game_id, market_key, outcome_name, point, kind, commence_time, home_team,
                   away_team, price, price_format
              FROM saved_parlay_legs WHERE parlay_id = ANY ($1::text[]::uuid[]) ORDER BY parlay_id, leg
            """,
            list(legs),
        ):
            legs[row["id"]].append(
                PlacedLeg(
                    row["game_id"],
                    row["market_key"],
                    row["outcome_name"],
                    row["point"],
                    row["kind"] == "three_way",
                    row["commence_time"],
                    row["home_team"],
                    row["away_team"],
                    to_decimal(
                        row["price"], row["price_format"]
                    ),  # exact: the product is rounded once, at the end
                )
            )
        return [PlacedBet(row["id"], tuple(legs[row["id"]]), row["stake_cents"]) for row in stakes]

    async def close(self, connection: Connection, ended: Sequence[Ended], now: datetime) -> None:
        """Write what each parlay came to, where that has changed, and why; and its legs' closing-line values."""
        ends = [
            settle(
                [Leg(leg.price, grade) for leg, grade in zip(one.bet.legs, one.grades, strict=True)],
                one.bet.stake_cents,
            )
            for one in ended
        ]
        await raw(connection).execute(
            """
            WITH new AS (
                SELECT * FROM unnest($1::text[]::uuid[], $2::text[], $3::bigint[], $4::text[])
                              AS new (id, status, payout, reason)
            ), changed AS (
                UPDATE saved_parlays
                   SET status = new.status, payout_cents = new.payout,
                       settled_at = CASE WHEN new.status <> 'open' THEN $5::timestamptz END
                  FROM new
                 WHERE saved_parlays.id = new.id
                   AND (saved_parlays.status, saved_parlays.payout_cents)
                       IS DISTINCT FROM (new.status, new.payout)
             RETURNING saved_parlays.id, new.status, new.reason
            )
            INSERT INTO saved_parlay_history (parlay_id, at, status, reason)
            SELECT id, $5, status, reason FROM changed
            """,
            [one.bet.id for one in ended],
            [end.status for end in ends],
            [end.payout_cents for end in ends],
            [f"{end.reason} ({one.reason})" for one, end in zip(ended, ends, strict=True)],
            now,
        )
        await _write_closing_values(connection, [one.bet.id for one in ended])


async def _write_closing_values(connection: Connection, ids: Sequence[str]) -> None:
    """Write what each leg's price was worth at the closing line, of games that have one."""
    rows = await raw(connection).fetch(
        """
        SELECT parlay_id, leg, leg.market_key, leg.kind, outcome_name, home_team, leg.point, price, price_format,
               closing.kind AS closing_kind, closing.point AS closing_point, probabilities, model
          FROM saved_parlay_legs AS leg
          JOIN closing_consensus AS closing
            ON closing.game_id = leg.game_id AND closing.market_key = leg.market_key
          LEFT JOIN closings ON closings.game_id = leg.game_id
         WHERE parlay_id = ANY ($1::text[]::uuid[]) AND closing_line_value IS NULL
        """,
        list(ids),
    )
    found = [
        (
            row,
            at_closing(
                Taken(
                    row["market_key"],
                    row["kind"],
                    row["outcome_name"],
                    row["home_team"],
                    row["point"],
                    float(to_decimal(row["price"], row["price_format"])),
                ),
                ClosingMarket(row["closing_kind"], row["closing_point"], row["probabilities"], row["model"]),
            ),
        )
        for row in rows
    ]
    known = [(row, value) for row, value in found if value is not None]
    await raw(connection).execute(
        """
        UPDATE saved_parlay_legs AS held
           SET closing_probability = new.probability, closing_line_value = new.value
          FROM unnest($1::uuid[], $2::smallint[], $3::float8[], $4::float8[]) AS new (id, leg, probability, value)
         WHERE held.parlay_id = new.id AND held.leg = new.leg
        """,
        [row["parlay_id"] for row, _ in known],
        [row["leg"] for row, _ in known],
        [value.probability for _, value in known],
        [value.value for _, value in known],
    )


PICKS: BetKind = Picks()
PARLAYS: BetKind = Parlays()
