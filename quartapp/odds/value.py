"""What a price is worth: best price, edge, expected value, Kelly, arbitrage, middles, closing-line value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quartapp.odds.legs import Chances

TOO_GOOD_EDGE = 0.10  # a price this far above its value is a mistake, or news that the other books have not
TOO_GOOD_ARBITRAGE = 0.05


def expected_value(chances: Chances, decimal: float, commission: float = 0.0) -> float:
    """Return the expected profit of a stake of 1; over a consensus without this book it is the edge.

    A push returns the stake, half results do half of each: won·(d - 1) - lost. `commission`: the share of
    winnings that an exchange keeps.
    """
    return chances.won * (decimal - 1) * (1 - commission) - chances.lost


def decided_value(probability: float, decided: float, decimal: float) -> float:
    """Return the expected profit of a stake of 1 on a bet that is decided so often, and then won with a probability."""
    return decided * (probability * decimal - 1)


def fair_price(chances: Chances) -> float:
    """Return the decimal odds at which the expected value is 0: 1 + lost/won. Infinite for what cannot win."""
    return 1 + chances.lost / chances.won if chances.won else math.inf


def kelly(chances: Chances, decimal: float, fraction: float = 0.25, commission: float = 0.0) -> float:
    """Return the share of the bankroll to stake: `fraction` of what makes it grow fastest, never negative."""
    profit = (decimal - 1) * (1 - commission)
    return fraction * growth_stake(
        [
            (chances.win, profit),
            (chances.half_win, profit / 2),
            (chances.half_loss, -0.5),
            (chances.loss, -1.0),
        ]
    )


def growth_stake(outcomes: Sequence[tuple[float, float]]) -> float:
    """Return the stake f that maximises the mean of ln(1 + f·profit) over (probability, profit) (Kelly 1956)."""
    if sum(p * profit for p, profit in outcomes) <= 0:
        return 0.0
    gains = [(p, profit) for p, profit in outcomes if p and profit > 0]
    losses = [(p, profit) for p, profit in outcomes if p and profit < 0]
    if len(gains) == 1 and (not losses or (len(losses) == 1 and losses[0][1] == -1)):
        return win_or_lose_stake(*gains[0], losses[0][0] if losses else 0.0)
    low, high = 0.0, 1.0
    for _ in range(50):  # the slope falls all the way: halve the interval on its zero
        middle = (low + high) / 2
        slope = sum(p * profit / (1 + middle * profit) for p, profit in outcomes if p)
        low, high = (middle, high) if slope > 0 else (low, middle)
    return low


def win_or_lose_stake(won: float, profit: float, lost: float) -> float:
    """Return the same of a bet that wins a profit or loses the stake: the zero of the slope in closed form."""
    value = won * profit - lost
    return value / (profit * (won + lost)) if value > 0 else 0.0


def after_commission(decimal: float, commission: float) -> float:
    """Return the decimal odds that an exchange's winner is paid."""
    return 1 + (decimal - 1) * (1 - commission)


@dataclass(frozen=True, slots=True)
class Best:
    """The best price for an outcome and who offers it."""

    bookmaker: str
    decimal: float


def best_prices(quotes: Mapping[str, Mapping[str, float]]) -> dict[str, Best]:
    """Return the best price by outcome, from {bookmaker: {outcome: decimal}}; of equal ones the first book's."""
    found: dict[str, Best] = {}
    for bookmaker, prices in quotes.items():
        for outcome, decimal in prices.items():
            if outcome not in found or decimal > found[outcome].decimal:
                found[outcome] = Best(bookmaker, decimal)
    return found


@dataclass(frozen=True, slots=True)
class Arbitrage:
    """Stakes by outcome, as shares that sum to 1, and the certain profit of staking 1 in all."""

    stakes: dict[str, float]
    profit: float


def arbitrage(best: Mapping[str, float]) -> Arbitrage | None:
    """Return the arbitrage in the best decimal odds of all outcomes, if Σ 1/d < 1."""
    booksum = sum(1 / decimal for decimal in best.values())
    if booksum >= 1:
        return None
    return Arbitrage({name: 1 / decimal / booksum for name, decimal in best.items()}, 1 / booksum - 1)


@dataclass(frozen=True, slots=True)
class Middle:
    """Two bets of which both win when the result falls between `low` and `high`."""

    low: float
    high: float
    low_book: str
    high_book: str

    @property
    def width(self) -> float:
        """Points between the two lines."""
        return self.high - self.low


def total_middle(overs: Mapping[str, float], unders: Mapping[str, float]) -> Middle | None:
    """Return the widest middle of a total: over the lowest line, under the highest. {bookmaker: line}."""
    if not overs or not unders:
        return None
    low_book = min(overs, key=lambda book: overs[book])
    high_book = max(unders, key=lambda book: unders[book])
    if unders[high_book] <= overs[low_book]:
        return None
    return Middle(overs[low_book], unders[high_book], low_book, high_book)


def spread_middle(home: Mapping[str, float], away: Mapping[str, float]) -> Middle | None:
    """Return the widest middle of a spread, in the home team's margin. {bookmaker: points given}."""
    # Home at -3 wins above a margin of 3; away at +5 wins below a margin of 5.
    return total_middle({book: -points for book, points in home.items()}, dict(away))


def closing_line_value(taken_decimal: float, closing_probability: float) -> float:
    """Return what a taken price is worth at the no-vig closing line: d·p_close - 1."""
    return expected_value(Chances.of(closing_probability), taken_decimal)


def log_loss(forecasts: Sequence[float]) -> float:
    """Return the mean of -ln p over the probabilities given to what happened."""
    return -sum(math.log(probability) for probability in forecasts) / len(forecasts)


def brier(forecasts: Sequence[Mapping[str, float]], happened: Sequence[str]) -> float:
    """Return the multi-category Brier score: the mean of Σ (p_i - o_i)², in [0, 2] (Brier 1950)."""
    pairs = zip(forecasts, happened, strict=True)
    return sum(
        sum((p - (name == result)) ** 2 for name, p in forecast.items()) for forecast, result in pairs
    ) / len(happened)
