"""Grades: an append-only ledger of how each leg of each bet ended, and from what that was read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from ops.database import raw
from quartapp.settle.bets import Kept, PlacedBet
from quartapp.settle.endings import fate_of
from quartapp.settle.evidence import Evidence
from quartapp.settle.grade import Grade
from quartapp.settle.round import NewGrade
from quartapp.store.transitions import course_of

if TYPE_CHECKING:
    from databases.core import Connection

LOOKED_BACK = timedelta(days=30)  # a result is corrected within three days; later news changes no grade
# A game that nobody played by then is void, so its bets are looked at; the grader knows each sport's own window. One
# whose end nobody has told is looked at too, so that the operators hear of its bets.
_READY = """
    games.status IN ('final', 'cancelled')
    OR (games.status IN ('scheduled', 'live', 'postponed', 'withdrawn') AND placed.planned_start <= $2)
    OR (games.status = 'unresolved' AND placed.planned_start <= $2
        AND (placed.planned_start > $3 OR games.fate = 'suspended'))
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """A bet with its legs' newest grades, None where one is open, and why they changed just now."""

    bet: PlacedBet
    grades: tuple[Grade | None, ...]
    reason: str


class BetKind(Protocol):
    """Bets of one kind: where their legs stand, how they are read, and what is written when one ends.

    `legs` is a SELECT of (bet_id text, leg, game_id, planned_start) over all bets that may still be graded.
    """

    @property
    def name(self) -> str:
        """The kind as grades call it: pick or parlay."""

    @property
    def legs(self) -> str:
        """The SELECT."""

    async def load(self, connection: Connection, ids: Sequence[str]) -> list[PlacedBet]:
        """Return bets by id, locked for whatever `close` writes."""

    async def close(self, connection: Connection, ended: Sequence[Ended], now: datetime) -> None:
        """Write what follows from new grades."""


async def due(connection: Connection, kind: BetKind, now: datetime, shortest: timedelta) -> list[str]:
    """Return the bets with a leg that may be graded now, or whose game reads otherwise than its grade says.

    `shortest` is the shortest time after its planned start at which an unplayed game is void in any sport.
    """
    rows = await raw(connection).fetch(
        f"""
        SELECT DISTINCT placed.bet_id
          FROM ({kind.legs}) AS placed
          JOIN games ON games.id = placed.game_id
          LEFT JOIN grades ON grades.bet_kind = $1 AND grades.bet_id = placed.bet_id AND grades.leg = placed.leg
         WHERE grades.id IS NULL AND ({_READY})
        UNION
        SELECT newest.bet_id
          FROM (SELECT DISTINCT ON (bet_id, leg) * FROM grades
                 WHERE bet_kind = $1 AND graded_at > $3 ORDER BY bet_id, leg, id DESC) AS newest
          JOIN games ON games.id = newest.game_id
         WHERE (games.status, games.home_score, games.away_score, games.regulation_home, games.regulation_away,
                games.played)
               IS DISTINCT FROM (newest.game_status, newest.home_score, newest.away_score, newest.regulation_home,
                                 newest.regulation_away, newest.played)
         ORDER BY 1
        """,  # noqa: S608 - constants of this package
        kind.name,
        now - shortest,
        now - LOOKED_BACK,
    )
    return [row["bet_id"] for row in rows]


async def evidence(connection: Connection, game_ids: Collection[str]) -> dict[str, Evidence]:
    """Return games as they are now, for grading."""
    rows = await raw(connection).fetch(
        """
        SELECT id, sport_key, home_team, away_team, status, commence_time, home_score, away_score,
               coalesce(score_source, source) AS source,
               coalesce(corrected_at, final_at) AS told_at,
               fate, overtime, regulation_home, regulation_away, played
          FROM games WHERE id = ANY ($1::text[])
        """,
        list(game_ids),
    )
    return {row["id"]: evidence_of(row) for row in rows}


def evidence_of(row: Any) -> Evidence:
    """Return a game for grading, from its row."""
    course = course_of(row)
    return Evidence(
        row["id"],
        row["sport_key"],
        row["home_team"],
        row["away_team"],
        row["status"],
        row["commence_time"],
        score_of(row["home_score"], row["away_score"]),
        row["source"],
        row["told_at"],
        fate_of(row["status"], course),
        course.overtime,
        course.regulation,
        course.played,
    )


def score_of(home: int | None, away: int | None) -> tuple[int, int] | None:
    """Return a score of two points that may be missing."""
    return None if home is None or away is None else (home, away)


async def newest(
    connection: Connection, kind_name: str, bet_ids: Collection[str]
) -> dict[tuple[str, int], Kept]:
    """Return the newest grade of each graded leg of these bets, by (bet, leg)."""
    rows = await raw(connection).fetch(
        """
        SELECT DISTINCT ON (bet_id, leg) id, bet_id, leg, grade, home_score, away_score, regulation_home,
               regulation_away, played, game_status
          FROM grades
         WHERE bet_kind = $1 AND bet_id = ANY ($2::text[])
         ORDER BY bet_id, leg, id DESC
        """,
        kind_name,
        list(bet_ids),
    )
    return {
        (row["bet_id"], row["leg"]): Kept(
            row["id"],
            row["grade"],
            score_of(row["home_score"], row["away_score"]),
            score_of(row["regulation_home"], row["regulation_away"]),
            row["played"],
            row["game_status"],
        )
        for row in rows
    }


async def insert(connection: Connection, kind_name: str, made: Sequence[NewGrade], now: datetime) -> None:
    """Write grades, each with what it was read from."""
    games = [new.evidence for new in made]
    await raw(connection).execute(
        """
        INSERT INTO grades (bet_kind, graded_at, bet_id, leg, game_id, grade, reason, corrects, game_status, home_score,
                            away_score, regulation_home, regulation_away, played, source, told_at)
        SELECT $1, $2, new.*
          FROM unnest($3::text[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[],
                      $10::int[], $11::int[], $12::int[], $13::int[], $14::numeric[], $15::text[],
                      $16::timestamptz[]) AS new
        """,
        kind_name,
        now,
        [new.bet_id for new in made],
        [new.leg for new in made],
        [game.game_id for game in games],
        [new.grade for new in made],
        [new.reason for new in made],
        [new.corrects for new in made],
        [game.status for game in games],
        *_halves([game.score for game in games]),
        *_halves([game.regulation for game in games]),
        [game.played for game in games],
        [game.source for game in games],
        [game.told_at for game in games],
    )


def _halves(scores: Sequence[tuple[int, int] | None]) -> tuple[list[int | None], list[int | None]]:
    return [score and score[0] for score in scores], [score and score[1] for score in scores]


def games_of(bets: Sequence[PlacedBet]) -> set[str]:
    """Return the games that bets are on."""
    return {leg.game_id for bet in bets for leg in bet.legs}


def ended(
    bets: Sequence[PlacedBet], kept: Mapping[tuple[str, int], Kept], made: Sequence[NewGrade]
) -> list[Ended]:
    """Return the bets that have a new grade, with all their legs' newest."""
    reasons: dict[str, list[str]] = {}
    current: dict[tuple[str, int], Grade] = {key: one.grade for key, one in kept.items()}
    for new in made:
        reasons.setdefault(new.bet_id, []).append(f"leg {new.leg + 1} {new.grade}: {new.reason}")
        current[new.bet_id, new.leg] = new.grade
    return [
        Ended(
            bet,
            tuple(current.get((bet.id, number)) for number in range(len(bet.legs))),
            "; ".join(reasons[bet.id]),
        )
        for bet in bets
        if bet.id in reasons
    ]
