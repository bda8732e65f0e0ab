"""A member's record: what their settled parlays came to, with an interval, and nothing from too few.

Parlays are grouped by currency first: cents of two currencies have no sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from quartapp.members.averages import Mean, mean, return_on
from quartapp.members.saved import SavedParlay

FEWEST = 30  # parlays (legs, for closing lines) below which chance alone would be shown as skill
STATUSES = ("won", "lost", "push", "half_won", "half_lost", "void")


@dataclass(frozen=True, slots=True)
class Figures:
    """A group's figures. `roi`: profit per cent staked. Void parlays had no stake in play and count in neither.

    `roi` and `closing_line_value` are None below 30; `note` then says so.
    """

    settled: int
    by_status: dict[str, int]
    staked_cents: int
    paid_cents: int
    roi: Mean | None
    closing_line_value: Mean | None
    note: str | None


def figures(parlays: Sequence[SavedParlay]) -> Figures:
    """Return the figures of settled parlays of one currency."""
    played = [parlay for parlay in parlays if parlay.status != "void"]
    values = [
        end.closing_line_value
        for parlay in parlays
        for end in parlay.ends
        if end.closing_line_value is not None
    ]
    enough = len(played) >= FEWEST
    return Figures(
        len(parlays),
        {status: sum(parlay.status == status for parlay in parlays) for status in STATUSES},
        sum(parlay.stake_cents for parlay in played),
        sum(parlay.payout_cents or 0 for parlay in played),
        return_on(played) if enough else None,
        mean(values) if len(values) >= FEWEST else None,
        None if enough else f"no record yet: {len(played)} of {FEWEST} parlays",
    )


def grouped(
    parlays: Iterable[SavedParlay], name: Callable[[SavedParlay], str]
) -> dict[tuple[str, str], list[SavedParlay]]:
    """Return parlays by currency and `name`, in order of both."""
    groups: dict[tuple[str, str], list[SavedParlay]] = {}
    for parlay in parlays:
        groups.setdefault((parlay.currency, name(parlay)), []).append(parlay)
    return dict(sorted(groups.items()))


def sport_of(parlay: SavedParlay) -> str:
    """Return the sport of all its legs, or `mixed`."""
    sports = {leg.sport_key for leg in parlay.legs}
    return sports.pop() if len(sports) == 1 else "mixed"
