"""What a price is worth: best price, edge, expected value, Kelly, arbitrage, middles, closing-line value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


def expected_value(probability: float, decimal: float) -> float:
    """Return the expected profit of a stake of 1: p·d - 1. Also called the edge over the price."""
    return probability * decimal - 1


def kelly(probability: float, decimal: float, fraction: float = 0.25) -> float:
    """Return the share of the bankroll to stake: fraction · (p·d - 1)/(d - 1), never negative (Kelly 1956)."""
    return max(0.0, fraction * expected_value(probability, decimal) / (decimal - 1))


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
    return expected_value(closing_probability, taken_decimal)


def log_loss(forecasts: Sequence[float]) -> float:
    """Return the mean of -ln p over the probabilities given to what happened."""
    import math

    return -sum(math.log(probability) for probability in forecasts) / len(forecasts)


def brier(forecasts: Sequence[Mapping[str, float]], happened: Sequence[str]) -> float:
    """Return the multi-category Brier score: the mean of Σ (p_i - o_i)², in [0, 2] (Brier 1950)."""
    pairs = zip(forecasts, happened, strict=True)
    return sum(
        sum((p - (name == result)) ** 2 for name, p in forecast.items()) for forecast, result in pairs
    ) / len(happened)
