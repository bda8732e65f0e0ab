"""Forecasts kept before the start, and what became of them and of the picks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ops.database import raw
from quartapp.odds.formats import to_decimal
from quartapp.settle.evidence import Evidence
from quartapp.store.grades import evidence_of

if TYPE_CHECKING:
    from databases.core import Connection

KEPT_BEFORE = timedelta(hours=6)  # so long before the start a game's published forecast is kept, for good


@dataclass(frozen=True, slots=True)
class KeptForecast:
    """A forecast of who wins, its game as it ended, and the closing line of the same market where there is one."""

    game: Evidence
    planned_start: datetime
    kind: str
    probabilities: Mapping[str, float]
    closing_kind: str | None
    closing: Mapping[str, float] | None


@dataclass(frozen=True, slots=True)
class GradedPick:
    """A pick with its exact price and newest grade, and the closing line of its market where there is one."""

    sport_key: str
    game_id: str
    home_team: str
    market: str
    kind: str
    outcome: str
    point: Decimal | None
    price_decimal: Fraction
    grade: str
    closing_kind: str | None
    closing_point: Decimal | None
    closing: Mapping[str, float] | None
    closing_model: Mapping[str, Any] | None


async def keep_forecasts(connection: Connection, now: datetime) -> int:
    """Keep the published forecast of every game that starts within six hours; the first one kept stays."""
    result = await raw(connection).execute(
        """
        INSERT INTO forecasts (game_id, commence_time, method, kind, probabilities, books, made_at, kept_at)
        SELECT games.id, commence_time, method, h2h ->> 'kind', h2h -> 'consensus', (h2h ->> 'books')::int,
               updated_at, $1
          FROM games
          JOIN analyses ON analyses.game_id = games.id, jsonb_extract_path(markets, 'h2h') AS h2h
         WHERE status = 'scheduled' AND commence_time > $1 AND commence_time <= $2
           AND h2h ->> 'kind' IN ('two_way', 'three_way', 'draw_void')
            ON CONFLICT (game_id) DO NOTHING
        """,
        now,
        now + KEPT_BEFORE,
    )
    return int(result.split()[-1])


async def inputs(connection: Connection) -> str:
    """Return a text that differs whenever the record may: what it is made from, counted."""
    row = await raw(connection).fetchrow(
        """
        SELECT (SELECT concat_ws('/', count(*), max(final_at), max(corrected_at), count(overtime),
                                 count(regulation_home))
                  FROM forecasts JOIN games ON games.id = game_id WHERE status = 'final'),
               (SELECT coalesce(max(id), 0) FROM grades),
               (SELECT concat_ws('/', count(*), max(captured_at)) FROM closing_consensus),
               (SELECT count(*) FROM forecasts),
               (SELECT count(*) FROM sports),
               (SELECT count(*) FROM picks)
        """
    )
    assert row is not None
    return " ".join(str(value) for value in row)


async def since(connection: Connection) -> dict[str, datetime]:
    """Return when the record of each sport began: its first kept forecast or published pick."""
    rows = await raw(connection).fetch(
        """
        SELECT sport_key, min(at)
          FROM (SELECT sport_key, kept_at AS at FROM forecasts JOIN games ON games.id = game_id
                UNION ALL SELECT sport_key, published_at FROM picks) AS kept
         GROUP BY sport_key
        """
    )
    return {row[0]: row[1] for row in rows}


async def ended_forecasts(connection: Connection) -> list[KeptForecast]:
    """Return every forecast whose game is final, the earliest game first."""
    rows = await raw(connection).fetch(
        """
        SELECT id, sport_key, home_team, away_team, status, games.commence_time, home_score, away_score, source,
               coalesce(corrected_at, final_at) AS told_at, fate, overtime, regulation_home, regulation_away, played,
               forecasts.commence_time AS planned, forecasts.kind,
               forecasts.probabilities, closing.kind AS closing_kind, closing.probabilities AS closing
          FROM forecasts
          JOIN games ON games.id = forecasts.game_id
          LEFT JOIN closing_consensus AS closing ON closing.game_id = games.id AND closing.market_key = 'h2h'
         WHERE status = 'final'
         ORDER BY games.commence_time, id
        """
    )
    return [
        KeptForecast(
            evidence_of(row),
            row["planned"],
            row["kind"],
            row["probabilities"],
            row["closing_kind"],
            row["closing"],
        )
        for row in rows
    ]


async def graded_picks(connection: Connection) -> list[GradedPick]:
    """Return every graded pick, the earliest first."""
    rows = await raw(connection).fetch(
        """
        SELECT sport_key, picks.game_id, home_team, picks.market_key, picks.kind, outcome_name, picks.point,
               price, price_format, newest.grade, closing.kind, closing.point, closing.probabilities, closings.model
          FROM picks
          JOIN (SELECT DISTINCT ON (bet_id) bet_id, grade FROM grades
                 WHERE bet_kind = 'pick' ORDER BY bet_id, id DESC) AS newest ON newest.bet_id = picks.id
          LEFT JOIN closing_consensus AS closing
                 ON closing.game_id = picks.game_id AND closing.market_key = picks.market_key
          LEFT JOIN closings ON closings.game_id = picks.game_id
         ORDER BY published_at, picks.id
        """
    )
    return [_graded(tuple(row)) for row in rows]


def _graded(row: tuple[Any, ...]) -> GradedPick:
    """Return a row as a pick: its price, in columns 7 and 8, is worked out exactly."""
    values = (*row[:7], to_decimal(row[7], row[8]), *row[9:])
    return GradedPick(*values)
