"""Whose prices count. A book is left out of a market by name and reason; the same rule serves every figure.

- incomplete: no two-sided line under the event's own names (Draw, Over, Under): a team named otherwise, a side
  missing, points that are not each other's negative; two prices of a winner that add up to so little that the draw
  must be missing.
- suspended: a price of its market is no price.
- stale: older than the newest price of the game by more than `age_bound`.
- outlier: its own prices add up to less than any book's would, a price is worth `MOST_WORTH` by the weighted median of
  the others, or it is further from that than `outlier_bound`; the furthest goes first, and the rest are compared anew.
  Where turning its sides round brings it back, the detail says so. What too few books quote to be compared among
  themselves is compared with other markets: see witnesses.py.

The distance is in standard deviations of the result, so that lines at other points compare: a book that gives
home p at point x places the margin at Φ⁻¹(p) - x/sd.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import NormalDist
from typing import NamedTuple

from quartapp.odds.consensus import weight_of
from quartapp.odds.legs import Kind
from quartapp.odds.sports import Sport, may_draw, sport_of
from quartapp.odds.vig import fair_chances, sum_of_implied

# Twice and more of the oldest healthy book of the recorded slates, 457 s behind the newest of its game.
NEAR, FAR = timedelta(minutes=15), timedelta(minutes=60)
NEAR_START = timedelta(hours=6)
# Fitted on 2,416 recorded lines of soccer and basketball before their start: the furthest sound one stands at 0.65
# of this bound. Books differ more about strong favourites, so the bound grows with the others' own place.
OUTLIER_DISTANCE, OUTLIER_SHARE = 0.20, 0.10
FEWEST_FOR_OUTLIER = 3
# Of 4,035 recorded lines the lowest adds up to 1.002, at an exchange.
LEAST_BOOKSUM, LEAST_WITHOUT_DRAW = 0.97, 1.0
# Of 6,750 recorded prices the best is worth 1.054 of its stake by the others.
MOST_WORTH = 1.15
_SPREAD_UNKNOWN = 10.0
_PROBIT = NormalDist().inv_cdf


class Offer(NamedTuple):  # and no dataclass: a pass makes 100,000 of them, in a third of the time
    """One price of a book's market; `decimal` None: suspended, or no price."""

    name: str
    decimal: float | None
    point: float | None = None


class BookMarket(NamedTuple):
    """A book's whole market as received, and when the book last said so."""

    bookmaker: str
    updated: datetime | None
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class Game:
    """What the rule needs to know of a game; `newest` is the newest price of any of its books."""

    sport_key: str
    home: str
    away: str
    starts: datetime
    newest: datetime | None


class Line(NamedTuple):
    """A two-sided (or three-way) quote: decimal odds by outcome, home's point or the total, and no-vig chances."""

    bookmaker: str
    kind: Kind
    decimals: Mapping[str, float]
    fair: Mapping[str, float]
    point: float | None = None


@dataclass(frozen=True, slots=True)
class Excluded:
    """A book that does not count for a market, and why."""

    bookmaker: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Sifted:
    """A market's countable lines, their main kind, and who was left out."""

    kind: Kind
    lines: tuple[Line, ...]
    excluded: tuple[Excluded, ...]


def age_bound(game: Game) -> timedelta:
    """Return how far behind the game's newest price a book may be: less when the game is near or runs."""
    near = game.newest is None or game.starts - game.newest <= NEAR_START
    return NEAR if near else FAR


def sift(key: str, game: Game, books: Sequence[BookMarket]) -> Sifted:
    """Return a market's lines that count, and the books that do not."""
    lines: list[Line] = []
    excluded: list[Excluded] = []
    for book in books:
        found = _lines(key, game, book)
        if isinstance(found, Excluded):
            excluded.append(found)
        else:
            lines += found
    kind, lines = _kinds(key, game.sport_key, lines)
    sport = sport_of(game.sport_key)
    if any([booksum(line) < _least(line) for line in lines]):  # noqa: C419 - most are sound: a list is quicker
        excluded += [_underround(line) for line in _once(lines) if booksum(line) < _least(line)]
    gone = {one.bookmaker for one in excluded}
    by_kind: dict[str, list[Line]] = {}
    for line in lines:
        if line.bookmaker not in gone:
            by_kind.setdefault(line.kind, []).append(line)
    for group in by_kind.values():
        excluded += _outliers(key, game, group, sport)
    gone = {one.bookmaker for one in excluded}
    return Sifted(kind, tuple(line for line in lines if line.bookmaker not in gone), tuple(excluded))


def _lines(key: str, game: Game, book: BookMarket) -> list[Line] | Excluded:
    names = (game.home, game.away, "Draw") if key != "totals" else ("Over", "Under")
    if book.updated is not None and game.newest is not None and game.newest - book.updated > age_bound(game):
        behind = game.newest - book.updated
        return Excluded(book.bookmaker, "stale", f"{int(behind.total_seconds())} s behind the newest price")
    if any(offer.decimal is None or offer.decimal <= 1 for offer in book.offers):
        return Excluded(book.bookmaker, "suspended", "a price of the market is no price")
    strange = [offer.name for offer in book.offers if offer.name not in names]
    if strange:
        return Excluded(book.bookmaker, "incomplete", f"{strange[0]:.60} is no outcome of this game")
    lines = _winners(game, book) if key == "h2h" else _pairs(key, game, book)
    return lines or Excluded(book.bookmaker, "incomplete", "no line of it has all its sides")


def _winners(game: Game, book: BookMarket) -> list[Line]:
    decimals = {offer.name: offer.decimal for offer in book.offers if offer.decimal}
    if game.home not in decimals or game.away not in decimals:
        return []
    kind: Kind = "three_way" if "Draw" in decimals else "two_way"
    order = [name for name in (game.home, game.away, "Draw") if name in decimals]
    return [_line(book.bookmaker, kind, {name: decimals[name] for name in order}, None)]


def _pairs(key: str, game: Game, book: BookMarket) -> list[Line]:
    first, second = (game.home, game.away) if key == "spreads" else ("Over", "Under")
    sign = -1 if key == "spreads" else 1
    firsts: dict[float, float | None] = {}
    seconds: dict[float, float | None] = {}
    for name, decimal, point in book.offers:
        if point is not None:
            (firsts if name == first else seconds)[point] = decimal
    found: list[Line] = []
    for point, decimal in firsts.items():
        other = seconds.get(sign * point)
        if decimal is not None and other is not None and not (point * 4) % 1:
            found.append(_line(book.bookmaker, "two_way", {first: decimal, second: other}, point))
    return found


def _line(bookmaker: str, kind: Kind, decimals: Mapping[str, float], point: float | None) -> Line:
    fair = fair_chances(tuple(decimals.values()))
    return Line(bookmaker, kind, decimals, dict(zip(decimals, fair, strict=True)), point)


def _kinds(key: str, sport_key: str, lines: list[Line]) -> tuple[Kind, list[Line]]:
    """Return the main kind, and the lines with two-outcome prices of a game that may be drawn named as such.

    The kind with the most weight of books is the main one; of equal ones the sport's own.
    """
    if key != "h2h":
        return "two_way", lines
    weights = {"two_way": 0.0, "three_way": 0.0}
    for line in lines:
        weights[line.kind] += weight_of(line.bookmaker)
    natural = may_draw(sport_key)
    three = weights["three_way"] > weights["two_way"] or (
        weights["three_way"] == weights["two_way"] and natural
    )
    if three or natural:
        lines = [
            line
            if line.kind == "three_way"
            else Line(line.bookmaker, "draw_void", line.decimals, line.fair, line.point)
            for line in lines
        ]
    return "three_way" if three else "draw_void" if natural else "two_way", lines


def booksum(line: Line) -> float:
    """Return what a line's implied probabilities add up to: 1 and the book's margin."""
    return sum_of_implied(tuple(line.decimals.values()))


def _least(line: Line) -> float:
    return LEAST_WITHOUT_DRAW if line.kind == "draw_void" else LEAST_BOOKSUM


def _once(lines: Sequence[Line]) -> list[Line]:
    """Return each book's line that adds up to the least."""
    return list({line.bookmaker: line for line in sorted(lines, key=booksum, reverse=True)}.values())


def _underround(line: Line) -> Excluded:
    whole = f"its prices add up to {booksum(line):.2f}"
    if line.kind == "draw_void":
        return Excluded(line.bookmaker, "incomplete", f"{whole}: the draw is missing")
    return Excluded(line.bookmaker, "outlier", f"{whole}: no book sells both sides so cheaply")


def outlier_bound(key: str, median: float) -> float:
    """Return how far from the others' median a line may stand: 0.2 deviations are 8 % at an even game."""
    return OUTLIER_DISTANCE + (0.0 if key == "totals" else OUTLIER_SHARE * abs(median))


def _outliers(key: str, game: Game, lines: Sequence[Line], sport: Sport | None) -> list[Excluded]:
    """Return the outliers, the furthest first. Fewer than three books cannot say which of them is wrong."""
    places = [location(key, game, line, sport) for line in lines]
    # No line is further from a median of others than the furthest two are from each other.
    if max(places) - min(places) <= OUTLIER_DISTANCE:
        return _too_high(lines)
    left = list(zip(places, lines, strict=True))
    found: list[Excluded] = []
    while len({line.bookmaker for _, line in left}) >= FEWEST_FOR_OUTLIER:
        in_order = sorted((place, weight_of(line.bookmaker), line.bookmaker) for place, line in left)
        medians = [median_of_others(line.bookmaker, in_order) for _, line in left]
        ratios = [
            abs(place - median) / outlier_bound(key, median)
            for (place, _), median in zip(left, medians, strict=True)
        ]
        worst = max(range(len(left)), key=ratios.__getitem__)
        if ratios[worst] <= 1:
            break
        (place, line), median = left[worst], medians[worst]
        turned = key != "totals" and abs(-place - median) <= outlier_bound(key, median)
        detail = (
            "its sides look swapped"
            if turned
            else f"{abs(place - median):.2f} standard deviations from the other books"
        )
        found.append(Excluded(line.bookmaker, "outlier", detail))
        left = [(where, one) for where, one in left if one.bookmaker != line.bookmaker]
    return found + _too_high([line for _, line in left])


def _too_high(lines: Sequence[Line]) -> list[Excluded]:
    """Return the books with a price far above its worth by the others at its point: a long shot hardly moves a line."""
    found: dict[str, Excluded] = {}
    at_point: dict[float | None, list[Line]] = {}
    for line in lines:
        at_point.setdefault(line.point, []).append(line)
    for own in at_point.values():
        if len(own) < FEWEST_FOR_OUTLIER:
            continue
        for name in own[0].decimals:
            highest = max(own, key=lambda line: line.decimals[name])
            if max([line.fair[name] for line in own]) * highest.decimals[name] <= MOST_WORTH:
                continue  # and the median is no more
            in_order = sorted((line.fair[name], weight_of(line.bookmaker), line.bookmaker) for line in own)
            worth = median_of_others(highest.bookmaker, in_order) * highest.decimals[name]
            if worth > MOST_WORTH:
                detail = f"{name:.60} pays {worth - 1:.0%} more than it is worth by the other books"
                found[highest.bookmaker] = Excluded(highest.bookmaker, "outlier", detail)
    return list(found.values())


def location(key: str, game: Game, line: Line, sport: Sport | None) -> float:
    """Return where a line places the result, in standard deviations: the margin, or the total."""
    first = game.home if key != "totals" else "Over"
    probability = line.fair[first] + line.fair.get("Draw", 0.0) / 2
    place = _PROBIT(min(1 - 1e-9, max(1e-9, probability)))
    if line.point is None:
        return place
    return place + (line.point if key == "totals" else -line.point) / deviation(key, sport)


def deviation(key: str, sport: Sport | None) -> float:
    """Return the standard deviation of the margin or the total, about."""
    if sport is None:
        return _SPREAD_UNKNOWN
    if sport.family == "poisson":
        return float(sport.total_mean**0.5)
    return sport.total_sd if key == "totals" else sport.margin_sd


def median_of_others(bookmaker: str, in_order: Sequence[tuple[float, float, str]]) -> float:
    """Return the weighted median of the other books' places; the middle of two where it falls between."""
    others = [(place, weight) for place, weight, book in in_order if book != bookmaker]
    half = sum(weight for _, weight in others) / 2
    passed = 0.0
    for number, (place, weight) in enumerate(others):
        passed += weight
        if passed > half:
            return place
        if passed == half:
            return (place + others[number + 1][0]) / 2
    return others[-1][0]
