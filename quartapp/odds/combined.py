"""Several bets as one: what a parlay is worth, legs of one game by their joint distribution.

A pushed leg drops out (it returns 1), half results return half of it. So the mean return of legs of different
games is the product of each leg's own, and of legs of one game the mean over that game's scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from quartapp.odds.legs import Chances, Selection
from quartapp.odds.scores import Scores, joint, payout
from quartapp.odds.value import fair_price, growth_stake

MOST_STATES = 4096


class ContradictionError(ValueError):
    """Legs that cannot all win."""


@dataclass(frozen=True)
class GameLegs:
    """The legs on one game. Without a distribution (`scores` None) they are taken as independent.

    What they are worth is calculated once, because a leg that is alone in its game is asked for with many others.
    """

    scores: Scores | None
    selections: tuple[Selection, ...]
    chances: tuple[Chances, ...]

    @cached_property
    def probability(self) -> float:
        """The chance that all of them win."""
        if self.scores is None or len(self.selections) == 1:
            return math.prod(chances.win for chances in self.chances)
        # Rounding must not make two legs likelier than either.
        return min(joint(self.scores, self.selections), *(chances.win for chances in self.chances))

    @cached_property
    def own_decimals(self) -> list[float]:
        """Each leg's own fair price."""
        return [fair_price(chances) for chances in self.chances]

    @cached_property
    def decimal(self) -> float:
        """The fair price.

        The legs' own fair odds are raised to one power, until the parlay returns its stake on average; the price is
        their product. Without pushes that is 1 over the joint probability.
        """
        if self.scores is None or len(self.selections) == 1:
            return math.prod(self.own_decimals)
        own = self.own_decimals
        low, high = 0.0, 4.0
        while self.mean_return([d**high for d in own]) < 1 and high < 64:
            high *= 2
        for _ in range(60):
            power = (low + high) / 2
            if self.mean_return([d**power for d in own]) < 1:
                low = power
            else:
                high = power
        return math.prod(own) ** low

    def mean_return(self, decimals: Sequence[float]) -> float:
        """Return what a stake of 1 returns on average at these decimal odds."""
        if self.scores is None or len(self.selections) == 1:
            return math.prod(
                mean_return(chances, d) for chances, d in zip(self.chances, decimals, strict=True)
            )
        pays = [payout(decimal) for decimal in decimals]
        return self.scores.expect(list(zip(self.selections, pays, strict=True)))


@dataclass(frozen=True, slots=True)
class Fair:
    """A parlay's own worth. `decimal`: the price at which it returns its stake on average.

    `correlation`: the chance that all win over the product of the chances; 1 for independent legs.
    """

    probability: float
    decimal: float
    independent_decimal: float
    correlation: float


def mean_return(chances: Chances, decimal: float) -> float:
    """Return what a stake of 1 on one bet returns on average."""
    return 1 + chances.won * (decimal - 1) - chances.lost


def fair(games: Sequence[GameLegs]) -> Fair:
    """Return a parlay's fair price. Raises ContradictionError where no score wins every leg."""
    probability = math.prod([game.probability for game in games])
    product = math.prod([chances.win for game in games for chances in game.chances])
    if probability <= 1e-12 < product or probability <= 0:
        raise ContradictionError("no result of the game wins every leg")
    decimal = math.prod([game.decimal for game in games])
    independent = math.prod([own for game in games for own in game.own_decimals])
    return Fair(probability, decimal, independent, probability / product if product else 1.0)


def parlay_value(games: Sequence[GameLegs], decimals: Sequence[Sequence[float]]) -> float:
    """Return the expected profit of a stake of 1 at a book's prices, by game and leg."""
    return math.prod(game.mean_return(d) for game, d in zip(games, decimals, strict=True)) - 1


def parlay_kelly(chances: Sequence[Chances], decimals: Sequence[float], fraction: float = 0.25) -> float:
    """Return the share of the bankroll to stake on independent legs (Kelly 1956), over all their results.

    Where they have more results than 4,096, only the whole price counts, with the same mean return.
    """
    states: dict[float, float] = {1.0: 1.0}
    for one, decimal in zip(chances, decimals, strict=True):
        pays = zip((one.win, one.half_win, one.push, one.half_loss), payout(decimal)[:0:-1], strict=True)
        kept = [(p, pay) for p, pay in pays if p]
        grown: dict[float, float] = {}
        for value, weight in states.items():
            for p, pay in kept:
                grown[value * pay] = grown.get(value * pay, 0.0) + weight * p
        states = grown
        if len(states) > MOST_STATES:
            whole = math.prod(decimals)
            mean = math.prod(mean_return(c, d) for c, d in zip(chances, decimals, strict=True))
            states = {whole: mean / whole}
            break
    lost = max(0.0, 1 - math.fsum(states.values()))
    return fraction * growth_stake([*((weight, value - 1) for value, weight in states.items()), (lost, -1.0)])
