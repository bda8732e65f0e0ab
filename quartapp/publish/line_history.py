"""How a market moved from its opening to the start of its game, over the same books.

Each step is the mean move of the books that quoted before it and after it, and the last value is the books'
mean: so a book that joins or leaves moves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from quartapp.odds.consensus import weight_of
from quartapp.odds.legs import Kind
from quartapp.odds.movement import Movement, movement
from quartapp.odds.vig import fair_chances
from quartapp.publish.game import odds
from quartapp.store.games import Game
from quartapp.store.odds import Change

Prices = dict[tuple[str, int], Change]


def market_movement(
    game: Game,
    key: str,
    kind: Kind,
    point: float | None,
    books: AbstractSet[str],
    changes: Sequence[Change],
) -> Movement | None:
    """Return how the market moved: home's no-vig probability, home's points, or the total.

    `changes`: the market's own, oldest first.
    """
    of_books: dict[str, Prices] = {}
    values: dict[str, float] = {}
    steps: list[tuple[datetime, float]] = []  # by how much the books that were there before have moved
    own = [
        change
        for change in changes
        if change.bookmaker_key in books and change.recorded_at <= game.commence_time
    ]
    before: dict[str, float] = {}
    last: dict[str, float] = {}
    for at, of_moment in groupby(own, key=attrgetter("recorded_at")):
        touched: dict[str, Prices] = {}  # the books that changed at the moment
        for change in of_moment:
            book = change.bookmaker_key
            held = of_books.get(book)
            if held is None:
                held = of_books[book] = {}
            if change.withdrawn:
                held.pop((change.outcome_name, change.line), None)
            else:
                held[change.outcome_name, change.line] = change
            touched[book] = held
        for book, quoted in touched.items():
            value = _value(game, key, kind, point, quoted)
            if value is None:
                values.pop(book, None)
            else:
                values[book] = value
        if values:
            steps.append((at, _mean_move(before, values)))
            last = dict(values)
        before = dict(values)  # a book that comes back has not moved: it was away
    if not steps:
        return None
    value = _mean(last)
    points: list[tuple[datetime, float]] = []
    for at, step in reversed(steps):
        points.append((at, value))
        value -= step
    return movement(points[::-1])


def _mean(values: Mapping[str, float]) -> float:
    return sum(weight_of(book) * value for book, value in values.items()) / sum(map(weight_of, values))


def _mean_move(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    moves = {book: after[book] - value for book, value in before.items() if book in after}
    return _mean(moves) if moves else 0.0


def _value(game: Game, key: str, kind: Kind, point: float | None, held: Prices) -> float | None:
    if key != "h2h":
        return _line(game, key, point or 0.0, held)
    names = [game.home_team, game.away_team] + (["Draw"] if kind == "three_way" else [])
    quoted = [held.get((name, 0)) for name in names]
    if len({name for name, _ in held}) != len(names):
        return None
    decimals = [odds(one.price, one.price_format) for one in quoted if one is not None]
    sound = tuple([decimal for decimal in decimals if decimal is not None and decimal > 1])
    return fair_chances(sound)[0] if len(sound) == len(names) else None


def _line(game: Game, key: str, point: float, held: Prices) -> float | None:
    """Return the two-sided line of a book that is nearest to the main point: alternates are other lines."""
    first, second = (game.home_team, game.away_team) if key == "spreads" else ("Over", "Under")
    sign = -1 if key == "spreads" else 1
    firsts: list[float] = []
    seconds: set[float] = set()
    for (name, _), change in held.items():
        if change.point is not None:
            if name == first:
                firsts.append(float(change.point))
            elif name == second:
                seconds.add(float(change.point))
    both = [at for at in firsts if sign * at in seconds]
    return min(both, key=lambda at: (abs(at - point), at), default=None)
