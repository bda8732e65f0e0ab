"""Saved parlays for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quartapp.members.saved import LegEnd, SavedLeg, SavedParlay
from quartapp.publish.game import format_time, moment

if TYPE_CHECKING:
    from quartapp.publish import saved_shapes


def parlay(saved: SavedParlay) -> saved_shapes.SavedParlay:
    """Return a saved parlay."""
    ends = saved.ends or tuple(LegEnd() for _ in saved.legs)
    return {
        "id": str(saved.id),
        "created_at": format_time(saved.created_at),
        "status": saved.status,
        "bookmaker": saved.bookmaker_key,
        "stake_cents": saved.stake_cents,
        "currency": saved.currency,
        "price_decimal": round(float(saved.price_decimal), 4),
        "payout_cents": saved.payout_cents,
        "settled_at": moment(saved.settled_at),
        "legs": [_leg(leg, end) for leg, end in zip(saved.legs, ends, strict=True)],
        "history": [
            {"at": format_time(at), "status": status, "reason": reason}
            for at, status, reason in saved.history or ((saved.created_at, "open", "saved"),)
        ],
    }


def _leg(leg: SavedLeg, end: LegEnd) -> saved_shapes.SavedLeg:
    graded_from: saved_shapes.GradedFrom | None = None
    if end.grade is not None:
        graded_from = {
            "home": end.home,
            "away": end.away,
            "regulation": _then(end.regulation),
            "played": None if end.played is None else float(end.played),
            "source": end.source or "",
            "at": moment(end.told_at),
        }
    return {
        "game_id": leg.game_id,
        "market": leg.market_key,
        "outcome": leg.outcome_name,
        "point": None if leg.point is None else float(leg.point),
        "label": leg.label,
        "home_team": leg.home_team,
        "away_team": leg.away_team,
        "sport_key": leg.sport_key,
        "commence_time": format_time(leg.commence_time),
        "price": str(leg.price),
        "price_format": leg.price_format,
        "price_decimal": round(float(leg.price_decimal), 4),
        "win": leg.win,
        "push": leg.push,
        "status": end.grade or "open",
        "graded_at": moment(end.graded_at),
        "graded_from": graded_from,
        "closing_probability": rounded(end.closing_probability),
        "closing_line_value": rounded(end.closing_line_value),
    }


def _then(score: tuple[int, int] | None) -> saved_shapes.ScoreThen | None:
    return None if score is None else {"home": score[0], "away": score[1]}


def rounded(value: float | None) -> float | None:
    """Return a figure with six decimals."""
    return None if value is None else round(value, 6)
