"""What the books together say: a weighted mean of their no-vig probabilities, sharp books counting more.

A sharp book takes large bets from winners and moves to where they bet, so its price carries more; the
weight is moderate because several books know more than one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quartapp.odds.vig import DEFAULT_METHOD, Method, remove_vig

SHARP_WEIGHT = 2.0
SHARP_BOOKS = frozenset(
    {"pinnacle", "circasports", "betfair", "betfair_ex_us", "betfair_ex_eu", "betfair_ex_uk", "matchbook",
     "lowvig", "betonlineag"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quote:
    """One book's whole market: decimal odds by outcome name, at one point (None for h2h).

    For a spread `point` is the first outcome's, the home team's; the other side is at its negative.
    """

    bookmaker: str
    decimals: Mapping[str, float]
    point: float | None = None


@dataclass(frozen=True, slots=True)
class Consensus:
    """Probabilities by outcome that sum to 1, the point they are for, and how many books made them."""

    probabilities: dict[str, float]
    point: float | None
    books: int


def weight_of(bookmaker: str) -> float:
    """Return how much a book counts."""
    return SHARP_WEIGHT if bookmaker in SHARP_BOOKS else 1.0


def consensus(quotes: Sequence[Quote], method: Method = DEFAULT_METHOD) -> Consensus | None:
    """Return the consensus of the books that quote the main point; None without a whole quote.

    The main point is the one with the most weight of books; of equal ones the smaller in absolute value.
    A book that misses an outcome that others quote does not count: its hold cannot be known.
    """
    outcomes = _outcomes(quotes)
    whole = [quote for quote in quotes if set(quote.decimals) == set(outcomes)]
    if not whole:
        return None
    at_point: dict[float | None, list[Quote]] = defaultdict(list)
    for quote in whole:
        at_point[quote.point].append(quote)
    point, chosen = max(
        at_point.items(),
        key=lambda item: (sum(weight_of(q.bookmaker) for q in item[1]), -abs(item[0] or 0), -(item[0] or 0)),
    )
    sums = dict.fromkeys(outcomes, 0.0)
    weights = 0.0
    for quote in chosen:
        weight = weight_of(quote.bookmaker)
        weights += weight
        fair = remove_vig([quote.decimals[name] for name in outcomes], method)
        for name, probability in zip(outcomes, fair, strict=True):
            sums[name] += weight * probability
    total = sum(sums.values())
    return Consensus({name: value / total for name, value in sums.items()}, point, len(chosen))


def _outcomes(quotes: Sequence[Quote]) -> list[str]:
    """Return the outcomes of the fullest quote: a three-way market stays one when a book lists two."""
    fullest = max(quotes, key=lambda quote: len(quote.decimals), default=None)
    return [] if fullest is None or len(fullest.decimals) < 2 else list(fullest.decimals)
