"""Fits a distribution of scores to the consensus: a few parameters that a reader evaluates.

The targets are no-vig probabilities, conditional on the bet being decided (`Chances.decisive`): that is what
two-way prices of a whole-number line say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from quartapp.odds.legs import LOST, WON, Selection, settle
from quartapp.odds.margins import NORMAL, discretised
from quartapp.odds.poisson import highest_of, poisson, rho_bounds
from quartapp.odds.poisson import weights as goal_weights
from quartapp.odds.scores import Grid, MarginAndTotal, Scores, Tilt, Values
from quartapp.odds.sports import Sport
from quartapp.odds.tilting import Target as Target  # noqa: PLC0414 - handed on: a fit is to targets
from quartapp.odds.tilting import solve, tilts_to


@dataclass(frozen=True, slots=True)
class Model:
    """The parameters of a game's distribution of scores; `scores` evaluates them.

    `first` and `second` are the rates of goals, or the mean margin and the mean total (None: not known).
    """

    sport: Sport
    first: float
    second: float | None
    rho: float = 0.0
    tilts: tuple[Tilt, ...] = ()


def fit(sport: Sport, targets: Sequence[Target]) -> Model | None:
    """Return the distribution of a game's score that meets the targets; None without one that says who wins.

    Markets that contradict each other are met as nearly as one distribution can.
    """
    if not any(target.selection.market in ("h2h", "spreads") for target in targets):
        return None
    if sport.family == "poisson":
        return _fit_goals(sport, targets)
    return _fit_margin(sport, targets)


@lru_cache(maxsize=256)
def scores(model: Model) -> Scores:
    """Return the distribution that the parameters describe."""
    return _scores(model, model.tilts)


def _scores(model: Model, tilts: Sequence[Tilt]) -> Scores:
    sport = model.sport
    if sport.family == "poisson":
        assert model.second is not None
        return Grid(*goal_weights(model.first, model.second, model.rho, overtime=sport.overtime), tilts)
    margins = _margins(model.first, sport)
    totals = None if model.second is None else _totals(model.second, sport)
    return MarginAndTotal(margins, totals, sport.correlation, tilts)


def _fit_goals(sport: Sport, targets: Sequence[Target]) -> Model:
    total = next((t for t in targets if t.selection.market == "totals"), None)
    goals = sport.total_mean
    if total is not None:
        goals = solve(
            lambda rate: _decisive_total(total.selection, rate, sport) - total.probability, 0.05, 20
        )
    winner = _winner(targets)
    if winner is None:
        return _fit_goals_to_spread(sport, targets, goals)
    share = solve(lambda at: _home_wins(at * goals, (1 - at) * goals) - winner, 0.01, 0.99)
    home, away = share * goals, (1 - share) * goals
    rho = sport.rho
    draw = next((t.probability for t in targets if t.selection.side == "draw"), None)
    if draw is not None:
        level = math.fsum(_diagonal(home, away))
        # Each cell of the diagonal changes by rho·e^-(λ+μ)·λμ, 0-0 and 1-1 alike.
        low, high = rho_bounds(home, away)
        rho = max(low, min(high, (level - draw) / (2 * math.exp(-home - away) * home * away)))
    return _tilted(Model(sport, home, away, rho), targets)


def _fit_goals_to_spread(sport: Sport, targets: Sequence[Target], goals: float) -> Model:
    spread = next(t for t in targets if t.selection.market == "spreads")

    def miss(share: float) -> float:
        grid = Grid(*goal_weights(share * goals, (1 - share) * goals, sport.rho, overtime=sport.overtime))
        return grid.chances(spread.selection).decisive - spread.probability

    rising = spread.selection.side == "home"
    share = solve(miss if rising else lambda at: -miss(at), 0.02, 0.98, tolerance=1e-4)
    return _tilted(Model(sport, share * goals, (1 - share) * goals, sport.rho), targets)


def _winner(targets: Sequence[Target]) -> float | None:
    """Return the chance that home wins, where somebody does."""
    of_sides = {t.selection.side: t for t in targets if t.selection.market == "h2h"}
    if "draw" in of_sides and of_sides["home"].selection.kind == "three_way":
        home = of_sides["home"].probability
        return home / (1 - of_sides["draw"].probability)
    return of_sides["home"].probability if "home" in of_sides else None


def _diagonal(home: float, away: float) -> list[float]:
    highest = highest_of(min(home, away))
    return [p * q for p, q in zip(poisson(home, highest), poisson(away, highest), strict=True)]


def _home_wins(home: float, away: float) -> float:
    of_home, of_away = poisson(home, highest_of(home)), poisson(away, highest_of(away))
    ahead = level = below = 0.0
    for goals, p in enumerate(of_home):
        ahead += p * below
        if goals < len(of_away):
            level += p * of_away[goals]
            below += of_away[goals]
    return ahead / (1 - level)


def _decisive_total(selection: Selection, rate: float, sport: Sport) -> float:
    """Return the decisive chance of over; the goal that ends a level game adds about a goal in six."""
    mean = rate + (0.16 if sport.overtime else 0.0)
    won = lost = 0.0
    for goals, probability in enumerate(poisson(mean, highest_of(mean))):
        result = settle(selection, 0, goals)
        won += probability * WON[result]
        lost += probability * LOST[result]
    return won / (won + lost)


def _fit_margin(sport: Sport, targets: Sequence[Target]) -> Model:
    main = next((t for t in targets if t.selection.market == "spreads"), None) or next(
        t for t in targets if t.selection.side == "home"
    )
    line = main.selection.point or 0.0
    if main.selection.side == "away":
        raise ValueError("the target of a spread is the home team's")
    guess = sport.margin_sd * NORMAL.inv_cdf(_inside(main.probability)) - line
    mean = _mean_for(main, guess, sport.margin_sd, lambda at: _decisive_margin(main.selection, sport, at))
    total = next((t for t in targets if t.selection.market == "totals"), None)
    total_mean = None
    if total is not None and total.selection.point is not None:
        guess = total.selection.point + sport.total_sd * NORMAL.inv_cdf(_inside(total.probability))
        guess = max(1.0, guess)
        total_mean = _mean_for(
            total,
            guess,
            sport.total_sd,
            lambda at: _decisive_normal(total.selection, at, sport.total_sd, total=True),
        )
    return _tilted(Model(sport, mean, total_mean), targets)


@lru_cache(maxsize=64)  # a fit asks for its last one again, and so does who evaluates it
def _totals(mean: float, sport: Sport) -> Values:
    return discretised(mean, sport.total_sd, lowest=0)


@lru_cache(maxsize=64)
def _margins(mean: float, sport: Sport) -> Values:
    found = discretised(mean, sport.margin_sd, sport.weights)
    if not sport.never_level or not found.first <= 0 <= found.last:
        return found
    return Values(found.first, [0.0 if n == -found.first else p for n, p in enumerate(found.probabilities)])


def _mean_for(target: Target, guess: float, sd: float, decisive_at: Callable[[float], float]) -> float:
    """Return the mean at which a discretised normal meets a target: two corrections; tilts do the rest."""
    wanted = NORMAL.inv_cdf(_inside(target.probability))
    for _ in range(2):
        guess -= (NORMAL.inv_cdf(_inside(decisive_at(guess))) - wanted) * sd
    return guess


def _decisive(selection: Selection, values: Values) -> float:
    won = lost = 0.0
    for result, probability in zip(values.settled(selection), values.probabilities, strict=True):
        won += probability * WON[result]
        lost += probability * LOST[result]
    return won / (won + lost)


def _decisive_margin(selection: Selection, sport: Sport, mean: float) -> float:
    if sport.weights:
        return _decisive(selection, _margins(mean, sport))
    return _decisive_normal(selection, mean, sport.margin_sd, never_level=sport.never_level)


def _decisive_normal(
    selection: Selection, mean: float, sd: float, *, total: bool = False, never_level: bool = False
) -> float:
    """Return the same of a discretised normal without weights: only the values next to the line are settled."""
    nearest = round(selection.point or 0.0)
    if selection.market == "spreads":
        nearest = -nearest
    edges = [NORMAL.cdf((nearest + at - mean) / sd) for at in (-1.5, -0.5, 0.5, 1.5)]
    lost, won = edges[0], 1 - edges[3]
    if total:  # none is below 0
        lost = max(0.0, lost - NORMAL.cdf((-0.5 - mean) / sd))
    for number in range(3):
        value = nearest - 1 + number
        if value or not never_level:
            result = settle(selection, value, value)
            won += (edges[number + 1] - edges[number]) * WON[result]
            lost += (edges[number + 1] - edges[number]) * LOST[result]
    if never_level and abs(nearest) > 1:
        level = NORMAL.cdf((0.5 - mean) / sd) - NORMAL.cdf((-0.5 - mean) / sd)
        won, lost = (won - level, lost) if nearest < 0 else (won, lost - level)
    return won / (won + lost)


def _inside(probability: float) -> float:
    return min(1 - 1e-9, max(1e-9, probability))


def _tilted(model: Model, targets: Sequence[Target]) -> Model:
    """Return the model scaled to all targets."""
    return Model(model.sport, model.first, model.second, model.rho, tilts_to(_scores(model, ()), targets))
