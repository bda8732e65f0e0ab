"""What the books that count say together about a market, and what they say without any one of them.

Books at another point than the main one count as well: each is moved to the main point along the score
distribution, by the distance in standard deviations between its price and the distribution's at its own point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from quartapp.odds.consensus import weight_of
from quartapp.odds.fit import Model, Target, fit, scores
from quartapp.odds.legs import Kind, Selection, Side
from quartapp.odds.market_keys import MarketKey
from quartapp.odds.quotes import Line, Sifted
from quartapp.odds.scores import Scores
from quartapp.odds.sports import Sport
from quartapp.odds.tilting import STRONGEST_TILT

FEWEST_FOR_EDGE = 3
MET = 1e-6  # what is published has six decimals
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Opinion:
    """A market's consensus at its main point, and each book's own, by outcome. Probabilities leave pushes out."""

    key: MarketKey
    kind: Kind
    point: float | None
    probabilities: Mapping[str, float]
    by_book: Mapping[str, Mapping[str, float]]

    @property
    def books(self) -> int:
        """How many books it is made of."""
        return len(self.by_book)

    def without_each(self) -> dict[str, dict[str, float]]:
        """Return, by book, the consensus of the other books; empty where fewer than three books quote at all."""
        if self.books < FEWEST_FOR_EDGE:
            return {}
        weighted = [
            (book, {name: weight_of(book) * said[name] for name in self.probabilities})
            for book, said in self.by_book.items()
        ]
        sums = {name: sum([own[name] for _, own in weighted]) for name in self.probabilities}
        found: dict[str, dict[str, float]] = {}
        for book, own in weighted:
            others = {name: total - own[name] for name, total in sums.items()}
            whole = sum(others.values())
            found[book] = {name: value / whole for name, value in others.items()}
        return found


def opinion(key: MarketKey, sifted: Sifted) -> Opinion | None:
    """Return the consensus of the lines of the main kind at the main point; None without any.

    The main point has the most weight of books; of equal ones the smallest in absolute value, then the larger.
    """
    lines = [line for line in sifted.lines if line.kind == sifted.kind]
    weights: dict[float | None, float] = {}
    for line in lines:
        weights[line.point] = weights.get(line.point, 0.0) + weight_of(line.bookmaker)
    if not weights:
        return None
    point = max(weights, key=lambda at: (weights[at], -abs(at or 0), at or 0))
    by_book = {line.bookmaker: line.fair for line in lines if line.point == point}
    return Opinion(key, sifted.kind, point, _mean(by_book), by_book)


def with_other_points(own: Opinion, sifted: Sifted, home: str, distribution: Scores) -> Opinion:
    """Return the opinion with the books that quote only other points, moved to the main one."""
    if own.point is None:
        return own
    nearest: dict[str, Line] = {}
    for line in sifted.lines:
        if line.bookmaker in own.by_book or line.point is None or line.kind != own.kind:
            continue
        other = nearest.get(line.bookmaker)
        if other is None or abs(line.point - own.point) < abs((other.point or 0) - own.point):
            nearest[line.bookmaker] = line
    if not nearest:
        return own
    first, second = own.probabilities
    side: Side = "home" if own.key == "spreads" else "over"
    assert own.key == "totals" or first == home
    at_main = distribution.chances(Selection(own.key, side, own.point)).decisive
    by_book = dict(own.by_book)
    for bookmaker, line in nearest.items():
        at_line = distribution.chances(Selection(own.key, side, line.point)).decisive
        moved = _NORMAL.cdf(_probit(at_main) + _probit(line.fair[first]) - _probit(at_line))
        by_book[bookmaker] = {first: moved, second: 1 - moved}
    return Opinion(own.key, own.kind, own.point, _mean(by_book), by_book)


def targets(opinions: Sequence[Opinion], home: str, sport: Sport) -> list[Target]:
    """Return what a distribution of the score has to meet: one target an independent outcome of each market."""
    found: list[Target] = []
    for one in opinions:
        if one.kind == "three_way" and sport.never_level:
            continue  # the result after regulation is another bet than the score that settles the rest
        if "Draw" in one.probabilities:
            # Who wins if somebody does, and the draw: the two hardly move each other, so the fit is quick.
            draw = one.probabilities["Draw"]
            wins = one.probabilities[home] / (1 - draw)
            found.append(Target(Selection("h2h", "home", None, "draw_void"), wins))
            found.append(Target(Selection("h2h", "draw", None, "three_way"), draw))
            continue
        side: Side = "over" if one.key == "totals" else "home"
        name = "Over" if one.key == "totals" else home
        found.append(Target(Selection(one.key, side, one.point, one.kind), one.probabilities[name]))
    return found


def fitted(
    sport: Sport | None, sifted: Mapping[MarketKey, Sifted], home: str
) -> tuple[dict[MarketKey, Opinion], Model | None]:
    """Return the markets' consensus, books at all points counted, and the distribution fitted to it."""
    opinions = {key: made for key, market in sifted.items() if (made := opinion(key, market)) is not None}
    if sport is None:
        return opinions, None
    model = _fit(sport, opinions, home)
    if model is None:
        return opinions, None
    distribution = scores(model)
    fuller: dict[MarketKey, Opinion] = {}
    for key, one in opinions.items():
        on_totals_unknown = key == "totals" and model.second is None
        fuller[key] = one if on_totals_unknown else with_other_points(one, sifted[key], home, distribution)
    if all(fuller[key].books == opinions[key].books for key in opinions):
        return opinions, model
    return fuller, _fit(sport, fuller, home)


def _fit(sport: Sport, opinions: Mapping[MarketKey, Opinion], home: str) -> Model | None:
    """Return the distribution of all markets; where winner and spread contradict each other, of what more books quote.

    One that meets neither would say of both what no book says.
    """
    wanted = targets(list(opinions.values()), home, sport)
    model = fit(sport, wanted)
    if model is None or not {"h2h", "spreads"} <= opinions.keys():
        return model
    if not _contradict(model, wanted):
        return model
    # Goals are fitted to who wins, as quickly as ever; a spread alone takes several times as long.
    by_spread = sport.family == "normal" and opinions["spreads"].books > opinions["h2h"].books
    weaker = "h2h" if by_spread else "spreads"
    return fit(sport, targets([one for key, one in opinions.items() if key != weaker], home, sport))


def _contradict(model: Model, wanted: Sequence[Target]) -> bool:
    """Tell whether a market is not met: one that is pushed as far as any may be, or two that pull without end."""
    if any(abs(tilt.strength) >= STRONGEST_TILT for tilt in model.tilts):
        return True
    chances = scores(model).chances  # which whoever asked for the model wants next
    return any(abs(chances(one.selection).decisive - one.probability) > MET for one in wanted)


def _mean(by_book: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    names = list(next(iter(by_book.values())))
    weighted = [(weight_of(book), said) for book, said in by_book.items()]
    sums = {name: sum([weight * said[name] for weight, said in weighted]) for name in names}
    whole = sum(sums.values())
    return {name: value / whole for name, value in sums.items()}


def _probit(probability: float) -> float:
    return _NORMAL.inv_cdf(min(1 - 1e-9, max(1e-9, probability)))
