"""Games, picks and grades in a test's database, short to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

SPORT = "baseball_mlb"
TODAY = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Placed:
    """A bet in plain values, for the second grader."""

    bet_id: str
    leg: int
    game_id: str
    market: str
    outcome: str
    point: Decimal | None
    price: Decimal
    three_way: bool = False


async def put_game(
    connection: Any,
    game_id: str,
    score: tuple[int, int] | None = None,
    *,
    status: str = "final",
    sport: str = SPORT,
    home: str = "Cubs",
    away: str = "Mets",
    hours_ago: float = 4,
) -> None:
    """Write a game, or write it anew."""
    start = TODAY - timedelta(hours=hours_ago)
    await connection.execute(
        """
        INSERT INTO sports (key, title, sport_group, active, source, updated_at)
        VALUES ($1, $1, 'Sports', true, 'sandbox', now()) ON CONFLICT DO NOTHING
        """,
        sport,
    )
    await connection.execute(
        """
        INSERT INTO games (id, sport_key, home_team, away_team, commence_time, status, home_score, away_score, final_at,
                           source, first_seen_at, last_seen_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'sandbox', now(), now())
            ON CONFLICT (id) DO UPDATE
           SET home_team = excluded.home_team, away_team = excluded.away_team, status = excluded.status,
               home_score = excluded.home_score, away_score = excluded.away_score, final_at = excluded.final_at,
               commence_time = excluded.commence_time
        """,
        game_id,
        sport,
        home,
        away,
        start,
        status,
        score and score[0],
        score and score[1],
        start + timedelta(hours=3) if status == "final" else None,
    )


async def place_picks(connection: Any, picks: Sequence[Placed]) -> None:
    """Write picks: the games' teams and starts are as they stand now. A price below 0 is American."""
    for number, pick in enumerate(picks):
        assert pick.leg == 0
        await connection.execute(
            """
            INSERT INTO picks (id, day, place, game_id, sport_key, home_team, away_team, commence_time, market_key, kind,
                               outcome_name, point, bookmaker_key, price, price_format, price_decimal, win, push, edge,
                               books, odds_age_seconds, consensus, published_at, reason, source)
            SELECT $1, $2, $3, id, sport_key, home_team, away_team, commence_time, $5, $6, $7, $8,
                   'pinnacle', $9::numeric,
                   CASE WHEN $9::numeric < 0 THEN 'american' ELSE 'decimal' END,
                   round(CASE WHEN $9::numeric < 0 THEN 1 - 100 / $9::numeric ELSE $9::numeric END, 4),
                   0.5, 0, 0.02, 5, 60, '{}', now(), 'a test', 'sandbox'
              FROM games WHERE id = $4
            """,
            pick.bet_id,
            date(2020, 1, 1) + timedelta(days=number // 8),
            number % 8 + 1,
            pick.game_id,
            pick.market,
            "three_way" if pick.three_way else "two_way",
            pick.outcome,
            pick.point,
            pick.price,
        )


async def grade_rows(connection: Any) -> list[dict[str, Any]]:
    """Return every grade, oldest first."""
    return [dict(row) for row in await connection.fetch("SELECT * FROM grades ORDER BY id")]


async def put_member(connection: Any) -> UUID:
    """Write a member; return the id."""
    user_id = uuid4()
    await connection.execute(
        """
        INSERT INTO users (id, email, password_hash, date_of_birth, region, created_at, password_changed_at)
        VALUES ($1, $2, '', '1990-01-01', 'GB', now(), now())
        """,
        user_id,
        f"{user_id}@example.com",
    )
    return user_id


async def save_parlays(
    connection: Any, user_id: UUID, parlays: Mapping[UUID, tuple[int, Sequence[Placed]]]
) -> None:
    """Write saved parlays: by id the stake in cents and the legs. Teams and starts are the games' as they stand."""
    await connection.executemany(
        """
        INSERT INTO saved_parlays (id, user_id, created_at, bookmaker_key, stake_cents, currency, price_decimal,
                                   first_start, known)
        VALUES ($1, $2, now(), 'pinnacle', $3, 'USD', 2, now(), '{}')
        """,
        [(parlay_id, user_id, stake) for parlay_id, (stake, _) in parlays.items()],
    )
    await connection.executemany(
        """
        INSERT INTO saved_parlay_legs (parlay_id, leg, game_id, sport_key, home_team, away_team, commence_time,
                                       market_key, kind, outcome_name, point, price, price_format, price_decimal, label)
        SELECT $1, $2, id, sport_key, home_team, away_team, commence_time, $4, $5, $6, $7, $8::numeric, 'decimal',
               $8::numeric, ''
          FROM games WHERE id = $3
        """,
        [
            (
                parlay_id,
                leg.leg,
                leg.game_id,
                leg.market,
                "three_way" if leg.three_way else "two_way",
                leg.outcome,
                leg.point,
                leg.price,
            )
            for parlay_id, (_, legs) in parlays.items()
            for leg in legs
        ],
    )
