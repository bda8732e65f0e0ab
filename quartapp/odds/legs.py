"""What a bet is on, and how a result settles it: win, half win, push, half loss or loss.

A quarter line (2.25) is two bets of half the stake, on the half-point lines either side of it (2 and 2.5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from quartapp.odds.market_keys import MarketKey as MarketKey  # noqa: PLC0414 - handed on: a leg is on one

Side = Literal["home", "away", "draw", "over", "under"]
# two_way: a winner, overtime included, and a tie returns the stake. three_way: the result after regulation,
# the draw being an outcome. draw_void: two outcomes on the result after regulation, a draw returns the stake.
Kind = Literal["two_way", "three_way", "draw_void"]

LOSS, HALF_LOSS, PUSH, HALF_WIN, WIN = range(5)
# What each result counts for and against the bettor, in stakes: a half win is half a win and half a push.
WON = (0.0, 0.0, 0.0, 0.5, 1.0)
LOST = (1.0, 0.5, 0.0, 0.0, 0.0)
_SIDES: dict[str, tuple[Side, ...]] = {
    "h2h": ("home", "draw", "away"),
    "spreads": ("home", "away"),
    "totals": ("over", "under"),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """One bet on one game. `point` is the side's own: away +3.5 is 3.5; None for h2h."""

    market: MarketKey
    side: Side
    point: float | None = None
    kind: Kind = "two_way"

    def __post_init__(self) -> None:
        if self.side not in _SIDES.get(self.market, ()):
            raise ValueError(f"{self.market} has no side {self.side}")
        if self.side == "draw" and self.kind != "three_way":
            raise ValueError("only a three-way market has a draw to bet on")
        if (self.point is None) != (self.market == "h2h"):
            raise ValueError(f"{self.market} {'has no' if self.market == 'h2h' else 'needs a'} point")
        if self.point is not None and (self.point * 4) % 1:
            raise ValueError(f"{self.point} is no line: lines are multiples of a quarter")


@dataclass(frozen=True, slots=True)
class Chances:
    """The chances of a bet's five results; they sum to 1."""

    win: float
    push: float = 0.0
    half_win: float = 0.0
    half_loss: float = 0.0
    loss: float = 0.0

    @classmethod
    def of(cls, probability: float) -> Chances:
        """Return the chances of a bet that wins or loses."""
        return cls(probability, loss=1 - probability)

    def other_side(self) -> Chances:
        """Return the chances of the bet that wins where this one loses."""
        return Chances(self.loss, self.push, self.half_loss, self.half_win, self.win)

    def decided_by(self, probability: float) -> Chances:
        """Return the chances with the same pushes and halves, won with a probability where they are decided.

        >>> Chances(0.4, push=0.1, loss=0.5).decided_by(0.5)
        Chances(win=0.45, push=0.1, half_win=0.0, half_loss=0.0, loss=0.45)
        """
        win = probability * self.decided - self.half_win / 2
        loss = (1 - probability) * self.decided - self.half_loss / 2
        if min(win, loss) < 0:
            return Chances.of(probability)
        return Chances(win, self.push, self.half_win, self.half_loss, loss)

    def rounded(self, places: int = 6) -> Chances:
        """Return them with so many decimals and a sum of exactly 1: the largest remainders are rounded up."""
        scale = 10**places
        exact = [one * scale for one in (self.win, self.push, self.half_win, self.half_loss, self.loss)]
        whole = [math.floor(one) for one in exact]
        by_remainder = sorted(range(5), key=lambda place: whole[place] - exact[place])
        for place in by_remainder[: max(0, scale - sum(whole))]:
            whole[place] += 1
        return Chances(*[one / scale for one in whole])

    @property
    def won(self) -> float:
        """The share of the stake that wins, on average: a half win counts a half."""
        return self.win + self.half_win / 2

    @property
    def lost(self) -> float:
        """The share of the stake that loses, on average."""
        return self.loss + self.half_loss / 2

    @property
    def decided(self) -> float:
        """The share of the stake that is won or lost, on average."""
        return self.won + self.lost

    @property
    def decisive(self) -> float:
        """The probability that no-vig prices state: won/(won + lost), for what is returned pays nobody."""
        decided = self.won + self.lost
        return self.won / decided if decided else 0.0


def settle(selection: Selection, margin: int, total: int, *, tied: bool | None = None) -> int:
    """Return LOSS .. WIN for a final margin (home less away) and total of points.

    `tied`: level after regulation; by default what the margin says.
    """
    side, point = selection.side, selection.point
    if point is None:
        if selection.kind == "two_way":
            own = margin if side == "home" else -margin
        else:
            level = margin == 0 if tied is None else tied
            if side == "draw":
                return WIN if level else LOSS
            if level:
                return LOSS if selection.kind == "three_way" else PUSH
            own = margin if side == "home" else -margin
        return WIN if own > 0 else PUSH if own == 0 else LOSS
    if selection.market == "spreads":
        ahead = (margin if side == "home" else -margin) + point
    else:
        ahead = total - point if side == "over" else point - total
    if ahead >= 0.5:
        return WIN
    if ahead <= -0.5:
        return LOSS
    return PUSH if ahead == 0 else HALF_WIN if ahead > 0 else HALF_LOSS
