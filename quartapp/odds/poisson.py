"""Goals: a Poisson grid with the low-score term of Dixon and Coles (1997).

Dixon and Coles, "Modelling association football scores and inefficiencies in the football betting market",
Applied Statistics 46(2), 265-280: 0-0, 1-0, 0-1 and 1-1 are multiplied by 1 - λμrho, 1 + μrho, 1 + λrho and 1 - rho,
which leaves each team's own distribution as it was.
"""

from __future__ import annotations

import math

from quartapp.odds.scores import Shape


def poisson(rate: float, highest: int) -> list[float]:
    """Return the probabilities of 0 .. highest goals."""
    found = [math.exp(-rate)]
    for goals in range(1, highest + 1):
        found.append(found[-1] * rate / goals)
    return found


def highest_of(rate: float) -> int:
    """Return a number of goals beyond which next to nothing (1e-9) lies."""
    return int(rate + 6.5 * math.sqrt(rate)) + 5


def rho_bounds(home: float, away: float) -> tuple[float, float]:
    """Return between which values of rho no cell is negative, with a margin."""
    return 0.95 * max(-1 / home, -1 / away, -1.0), 0.95 * min(1 / (home * away), 1.0)


def low_score_factor(home: int, away: int, rates: tuple[float, float], rho: float) -> float:
    """Return Dixon and Coles's τ."""
    if home > 1 or away > 1:
        return 1.0
    if home == away:
        return 1 - rho if home else 1 - rates[0] * rates[1] * rho
    return 1 + rates[1] * rho if home else 1 + rates[0] * rho


def weights(home: float, away: float, rho: float, *, overtime: bool = False) -> tuple[Shape, list[float]]:
    """Return the grid of final scores for two rates of goals.

    `overtime`: a game that is level goes on until a goal, which counts; each team scores it in proportion to
    its rate.
    """
    of_home, of_away = poisson(home, highest_of(home)), poisson(away, highest_of(away))
    low, high = rho_bounds(home, away)
    bounded = max(low, min(high, rho))
    found: list[float] = []
    share = home / (home + away)
    for h, p in enumerate(of_home):
        row = [p * q for q in of_away]
        if h < 2:
            for a in (0, 1):
                row[a] *= low_score_factor(h, a, (home, away), bounded)
        if overtime and h < len(row):
            row[h : h + 1] = [row[h] * share, row[h] * (1 - share)]
        found += row
    return Shape(len(of_home) - 1, len(of_away) - 1, overtime), found
