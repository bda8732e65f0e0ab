"""Saved parlays and records for JSON."""

from __future__ import annotations

from collections.abc import Sequence

from quartapp.members import record as records
from quartapp.members.saved import LegEnd, SavedLeg, SavedParlay
from quartapp.publish import member_shapes
from quartapp.publish.game import format_time, moment


def parlay(saved: SavedParlay) -> member_shapes.SavedParlay:
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


def _leg(leg: SavedLeg, end: LegEnd) -> member_shapes.SavedLeg:
    graded_from: member_shapes.GradedFrom | None = None
    if end.grade is not None:
        graded_from = {
            "home": end.home,
            "away": end.away,
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
        "closing_probability": _rounded(end.closing_probability),
        "closing_line_value": _rounded(end.closing_line_value),
    }


def record(settled: Sequence[SavedParlay]) -> member_shapes.MemberRecord:
    """Return what settled parlays came to, by currency, sport and bookmaker."""
    by_bookmaker = records.grouped(settled, lambda one: one.bookmaker_key)
    by_sport = records.grouped(settled, records.sport_of)
    everything = records.grouped(settled, lambda _: "")
    return {
        "all": [_figures(currency, group) for (currency, _), group in everything.items()],
        "by_sport": [
            {"sport": sport, **_figures(currency, group)} for (currency, sport), group in by_sport.items()
        ],
        "by_bookmaker": [
            {"bookmaker": book, **_figures(currency, group)}
            for (currency, book), group in by_bookmaker.items()
        ],
    }


def _figures(currency: str, group: Sequence[SavedParlay]) -> member_shapes.RecordFigures:
    figures = records.figures(group)
    roi, line = figures.roi, figures.closing_line_value
    return {
        "currency": currency,
        "settled": figures.settled,
        "won": figures.by_status["won"],
        "lost": figures.by_status["lost"],
        "push": figures.by_status["push"],
        "half_won": figures.by_status["half_won"],
        "half_lost": figures.by_status["half_lost"],
        "void": figures.by_status["void"],
        "staked_cents": figures.staked_cents,
        "paid_cents": figures.paid_cents,
        "roi": _rounded(None if roi is None else roi.value),
        "roi_interval": None if roi is None else [round(roi.low, 6), round(roi.high, 6)],
        "closing_line_value": _rounded(None if line is None else line.value),
        "closing_line_value_interval": None if line is None else [round(line.low, 6), round(line.high, 6)],
        "closing_line_legs": None if line is None else line.n,
        "note": figures.note,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
