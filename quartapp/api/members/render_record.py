"""A member's record for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from quartapp.api.members.render import rounded
from quartapp.members import record as records
from quartapp.members.saved import SavedParlay

if TYPE_CHECKING:
    from quartapp.publish import record_of_member


def record(settled: Sequence[SavedParlay]) -> record_of_member.MemberRecord:
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


def _figures(currency: str, group: Sequence[SavedParlay]) -> record_of_member.RecordFigures:
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
        "roi": rounded(None if roi is None else roi.value),
        "roi_interval": None if roi is None else [round(roi.low, 6), round(roi.high, 6)],
        "closing_line_value": rounded(None if line is None else line.value),
        "closing_line_value_interval": None if line is None else [round(line.low, 6), round(line.high, 6)],
        "closing_line_legs": None if line is None else line.n,
        "note": figures.note,
    }
