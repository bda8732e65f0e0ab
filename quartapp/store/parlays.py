"""Saved parlays and the keys of their requests. Every statement on a member's rows takes the member's id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ops.database import raw
from quartapp.members.saved import LegEnd, SavedLeg, SavedParlay
from quartapp.store.grades import score_of

if TYPE_CHECKING:
    from databases.core import Connection

KEY_HOURS = 24
_LEG = (
    "game_id", "sport_key", "home_team", "away_team", "commence_time", "market_key", "kind", "outcome_name", "point",
    "price", "price_format", "price_decimal", "label", "win", "push",
)  # fmt: skip


async def add(connection: Connection, user_id: UUID, parlay: SavedParlay) -> None:
    """Write a new parlay, its legs, and that it was saved."""
    await raw(connection).execute(
        """
        INSERT INTO saved_parlays
               (id, user_id, created_at, status, bookmaker_key, stake_cents, currency, price_decimal, first_start, known)
        VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $8, $9)
        """,
        parlay.id,
        user_id,
        parlay.created_at,
        parlay.bookmaker_key,
        parlay.stake_cents,
        parlay.currency,
        parlay.price_decimal,
        min(leg.commence_time for leg in parlay.legs),
        dict(parlay.known),
    )
    await raw(connection).executemany(
        f"INSERT INTO saved_parlay_legs (parlay_id, leg, {', '.join(_LEG)}) "  # noqa: S608 - a constant list of names
        f"VALUES ({', '.join(f'${number}' for number in range(1, len(_LEG) + 3))})",
        [
            (parlay.id, number, *(getattr(leg, name) for name in _LEG))
            for number, leg in enumerate(parlay.legs)
        ],
    )
    await add_history(connection, parlay.id, parlay.created_at, "open", "saved")


async def add_history(
    connection: Connection, parlay_id: UUID, at: datetime, status: str, reason: str
) -> None:
    """Keep what became of a parlay."""
    await raw(connection).execute(
        "INSERT INTO saved_parlay_history (parlay_id, at, status, reason) VALUES ($1, $2, $3, $4)",
        parlay_id,
        at,
        status,
        reason,
    )


async def read(connection: Connection, user_id: UUID, parlay_id: UUID) -> SavedParlay | None:
    """Return one of the member's parlays in full."""
    row = await raw(connection).fetchrow(
        "SELECT * FROM saved_parlays WHERE user_id = $1 AND id = $2", user_id, parlay_id
    )
    return None if row is None else (await _in_full(connection, [row]))[0]


async def page(
    connection: Connection,
    user_id: UUID,
    *,
    status: str | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[SavedParlay]:
    """Return the member's parlays, newest first, from behind `before` on."""
    at, parlay_id = before or (None, None)
    rows = await raw(connection).fetch(
        """
        SELECT * FROM saved_parlays
         WHERE user_id = $1 AND ($2::text IS NULL OR status = $2)
           AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $5
        """,
        user_id,
        status,
        at,
        parlay_id,
        limit,
    )
    return await _in_full(connection, rows)


async def settled(connection: Connection, user_id: UUID) -> list[SavedParlay]:
    """Return every parlay of the member that has ended, oldest first."""
    rows = await raw(connection).fetch(
        "SELECT * FROM saved_parlays WHERE user_id = $1 AND status <> 'open' ORDER BY created_at, id", user_id
    )
    return await _in_full(connection, rows)


async def every(connection: Connection, user_id: UUID) -> list[SavedParlay]:
    """Return every parlay of the member, oldest first."""
    rows = await raw(connection).fetch(
        "SELECT * FROM saved_parlays WHERE user_id = $1 ORDER BY created_at, id", user_id
    )
    return await _in_full(connection, rows)


async def delete_unbegun(connection: Connection, user_id: UUID, parlay_id: UUID, now: datetime) -> bool:
    """Delete a parlay of which no game has begun by its planned start; False where none was deleted."""
    row = await raw(connection).fetchval(
        """
        DELETE FROM saved_parlays
         WHERE user_id = $1 AND id = $2 AND status = 'open' AND first_start > $3 RETURNING id
        """,
        user_id,
        parlay_id,
        now,
    )
    return row is not None


async def leave_behind(connection: Connection, user_id: UUID) -> None:
    """Before an account is deleted: delete its open parlays, and let the settled ones belong to nobody."""
    await raw(connection).execute("DELETE FROM saved_parlays WHERE user_id = $1 AND status = 'open'", user_id)
    await raw(connection).execute(
        "UPDATE saved_parlays SET user_id = NULL, known = '{}' WHERE user_id = $1", user_id
    )


async def answered(
    connection: Connection, user_id: UUID, key: str, now: datetime
) -> tuple[bytes, bytes] | None:
    """Return the fingerprint and the answer of the request that this key was used for in the last 24 hours."""
    row = await raw(connection).fetchrow(
        "SELECT fingerprint, answer FROM idempotency_keys WHERE user_id = $1 AND key = $2 AND created_at > $3",
        user_id,
        key,
        now - timedelta(hours=KEY_HOURS),
    )
    return None if row is None else (row["fingerprint"], row["answer"])


async def remember_answer(
    connection: Connection, user_id: UUID, key: str, fingerprint: bytes, answer: bytes, now: datetime
) -> None:
    """Keep a request's answer for its repeats."""
    await raw(connection).execute(
        """
        INSERT INTO idempotency_keys (user_id, key, fingerprint, answer, created_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (user_id, key) DO UPDATE
           SET fingerprint = excluded.fingerprint, answer = excluded.answer, created_at = excluded.created_at
        """,
        user_id,
        key,
        fingerprint,
        answer,
        now,
    )


async def delete_old_keys(connection: Connection, now: datetime) -> int:
    """Delete keys that have been kept for 24 hours; return how many."""
    result = await raw(connection).execute(
        """
        DELETE FROM idempotency_keys
         WHERE ctid IN (SELECT ctid FROM idempotency_keys WHERE created_at < $1 LIMIT 5000)
        """,
        now - timedelta(hours=KEY_HOURS),
    )
    return int(result.split()[-1])


async def _in_full(connection: Connection, rows: Sequence[Any]) -> list[SavedParlay]:
    """Return parlays with legs, grades and history, in three statements whatever their number."""
    ids = [row["id"] for row in rows]
    legs = await raw(connection).fetch(
        """
        SELECT leg.*, grade.grade, grade.graded_at, grade.home_score, grade.away_score, grade.source, grade.told_at,
               grade.regulation_home, grade.regulation_away, grade.played
          FROM saved_parlay_legs AS leg
          LEFT JOIN LATERAL (
                SELECT * FROM grades
                 WHERE bet_kind = 'parlay' AND bet_id = leg.parlay_id::text AND grades.leg = leg.leg
                 ORDER BY id DESC LIMIT 1
               ) AS grade ON true
         WHERE leg.parlay_id = ANY ($1::uuid[]) ORDER BY leg.parlay_id, leg.leg
        """,
        ids,
    )
    history = await raw(connection).fetch(
        "SELECT * FROM saved_parlay_history WHERE parlay_id = ANY ($1::uuid[]) ORDER BY id", ids
    )
    legs_of, events_of = _by_parlay(legs), _by_parlay(history)
    return [
        SavedParlay(
            row["id"],
            row["created_at"],
            row["status"],
            row["bookmaker_key"],
            row["stake_cents"],
            row["currency"],
            row["price_decimal"],
            row["payout_cents"],
            row["settled_at"],
            row["known"],
            tuple(SavedLeg(*(leg[name] for name in _LEG)) for leg in legs_of[row["id"]]),
            tuple(_end(leg) for leg in legs_of[row["id"]]),
            tuple((event["at"], event["status"], event["reason"]) for event in events_of[row["id"]]),
        )
        for row in rows
    ]


def _by_parlay(rows: Sequence[Any]) -> dict[UUID, list[Any]]:
    groups: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row["parlay_id"]].append(row)
    return groups


def _end(leg: Any) -> LegEnd:
    return LegEnd(
        leg["grade"],
        leg["graded_at"],
        leg["home_score"],
        leg["away_score"],
        leg["source"],
        leg["told_at"],
        leg["closing_probability"],
        leg["closing_line_value"],
        score_of(leg["regulation_home"], leg["regulation_away"]),
        leg["played"],
    )
