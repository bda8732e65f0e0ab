"""How forecasts and picks did, measured on games that have ended. Every figure comes with how many made it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quartapp.odds.intervals import Interval, bootstrap, of_mean, wilson

BINS = 10
# What a stake of 1 gains, in units of what a win gains and a loss costs. A void bet was never one.
_GAIN: dict[str, tuple[float, float]] = {
    "won": (1.0, 0.0),
    "half_won": (0.5, 0.0),
    "push": (0.0, 0.0),
    "half_lost": (0.0, 0.5),
    "lost": (0.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class Forecast:
    """A winner's forecast by outcome, and which outcome came. `closing`: what the closing line said of the same.

    The first outcome is the home team's: the reliability table is about it.
    """

    game_id: str
    probabilities: Mapping[str, float]
    happened: str
    closing: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Bin:
    """Forecasts from `start` up to `end`: their mean, and the share of games in which the home team won."""

    start: float
    end: float
    games: int
    forecast: float | None
    happened: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Forecasting:
    """How well the winner was forecast; log losses in nats, less is better.

    `base_rate_log_loss` is what always saying how often each outcome came would have had. `closing_log_loss` is
    the closing line's over the `closing_games` that have one, and `log_loss_on_those` ours over the same.
    """

    games: int
    log_loss: float | None
    log_loss_interval: Interval | None
    brier: float | None
    brier_interval: Interval | None
    base_rate_log_loss: float | None
    closing_games: int
    closing_log_loss: float | None
    log_loss_on_those: float | None
    reliability: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Graded:
    """A pick that ended: its grade, the decimal price it was taken at, its value at the closing line if known."""

    game_id: str
    grade: str
    decimal: float
    closing_line_value: float | None = None


@dataclass(frozen=True, slots=True)
class Picking:
    """How picks did at flat stakes. `staked` leaves void picks out; `roi` is profit by stake."""

    graded: int
    by_grade: Mapping[str, int]
    staked: int
    decided: int
    won_share: float | None
    won_interval: Interval | None
    roi: float | None
    roi_interval: Interval | None
    closing_line_picks: int
    closing_line_value: float | None
    closing_line_value_interval: Interval | None


def forecasting(forecasts: Sequence[Forecast]) -> Forecasting:
    """Return how well forecasts did."""
    losses = [-math.log(one.probabilities[one.happened]) for one in forecasts]
    briers = [
        math.fsum((p - (name == one.happened)) ** 2 for name, p in one.probabilities.items())
        for one in forecasts
    ]
    with_closing = [(one, loss) for one, loss in zip(forecasts, losses, strict=True) if one.closing]
    return Forecasting(
        len(forecasts),
        _mean(losses),
        of_mean(losses),
        _mean(briers),
        of_mean(briers),
        _mean(_base_rate_losses(forecasts)),
        len(with_closing),
        _mean([-math.log(one.closing[one.happened]) for one, _ in with_closing if one.closing]),
        _mean([loss for _, loss in with_closing]),
        reliability(forecasts),
    )


def _base_rate_losses(forecasts: Sequence[Forecast]) -> list[float]:
    """Return each game's loss under the rates at which home, away and draw came in this very sample."""
    places = [list(one.probabilities).index(one.happened) for one in forecasts]
    counts = Counter(places)
    return [-math.log(counts[place] / len(places)) for place in places]


def reliability(forecasts: Sequence[Forecast]) -> tuple[Bin, ...]:
    """Return ten equal bins of the home team's chance to win; each game counts once."""
    inside: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for one in forecasts:
        home, chance = next(iter(one.probabilities.items()))
        inside[min(BINS - 1, int(chance * BINS))].append((chance, one.happened == home))
    return tuple(
        Bin(
            number / BINS,
            (number + 1) / BINS,
            len(games),
            _mean([chance for chance, _ in games]),
            _mean([float(won) for _, won in games]),
            wilson(sum(won for _, won in games), len(games)),
        )
        for number, games in enumerate(inside)
    )


def profit(grade: str, decimal: float) -> float:
    """Return what a stake of 1 gained.

    >>> profit("won", 1.5), profit("half_lost", 1.5), profit("push", 3.0)
    (0.5, -0.5, 0.0)
    """
    gain, loss = _GAIN[grade]
    return gain * (decimal - 1) - loss


def picking(picks: Sequence[Graded]) -> Picking:
    """Return how picks did."""
    by_grade = Counter(pick.grade for pick in picks)
    staked = [pick for pick in picks if pick.grade != "void"]
    won, decided = by_grade["won"], by_grade["won"] + by_grade["lost"]
    profits = _by_game([(pick.game_id, profit(pick.grade, pick.decimal)) for pick in staked])
    values = [
        (pick.game_id, pick.closing_line_value) for pick in staked if pick.closing_line_value is not None
    ]
    return Picking(
        len(picks),
        by_grade,
        len(staked),
        decided,
        won / decided if decided else None,
        wilson(won, decided),
        _mean([value for group in profits for value in group]),
        bootstrap(profits),
        len(values),
        _mean([value for _, value in values]),
        bootstrap(_by_game(values)),
    )


def _by_game(values: Sequence[tuple[str, float]]) -> list[list[float]]:
    groups: dict[str, list[float]] = {}
    for game_id, value in values:
        groups.setdefault(game_id, []).append(value)
    return list(groups.values())


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
