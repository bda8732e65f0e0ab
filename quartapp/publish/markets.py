"""What an analysis says of one game's markets: consensus, fair chances, best prices, who was left out and why.

One rule (quartapp/odds/quotes.py) says whose prices count, for every figure alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from quartapp.odds.exchanges import COMMISSIONS, is_exchange
from quartapp.odds.fit import Model, scores
from quartapp.odds.legs import Chances, Selection, Side
from quartapp.odds.market_keys import MARKETS
from quartapp.odds.opinion import Opinion, fitted
from quartapp.odds.parameters import to_parameters
from quartapp.odds.quotes import BookMarket, Line, Offer, Sifted
from quartapp.odds.quotes import Game as QuotedGame
from quartapp.odds.sports import sport_of
from quartapp.odds.value import (
    TOO_GOOD_ARBITRAGE,
    TOO_GOOD_EDGE,
    Best,
    after_commission,
    arbitrage,
    best_prices,
    decided_value,
)
from quartapp.odds.vig import hold
from quartapp.odds.witnesses import sift_markets
from quartapp.publish import analysis_shapes, shapes
from quartapp.publish.game import format_time, moment, odds, prices
from quartapp.publish.line_history import market_movement
from quartapp.store.games import Game
from quartapp.store.odds import Book, Change


@dataclass(frozen=True, slots=True)
class Analysed:
    """A game's markets for JSON, and the distribution of its score (None: not known)."""

    markets: dict[str, analysis_shapes.AnalysedMarket]
    model: Model | None


def analyse_markets(
    game: Game,
    books: Sequence[Book],
    changes: Sequence[Change],
    commissions: Mapping[str, float] = COMMISSIONS,
) -> Analysed:
    """Return every market that at least one book quotes as it should. `commissions`: what each exchange keeps."""
    about = QuotedGame(game.sport_key, game.home_team, game.away_team, game.commence_time, newest(books))
    sifted = sift_markets(about, {key: _book_markets(books, key) for key in MARKETS})
    opinions, model = fitted(sport_of(game.sport_key), sifted, game.home_team)
    exact = _prices_as_shown(books)
    updated = {
        (book.key, market.key): market.last_update or book.last_update
        for book in books
        for market in book.markets
    }
    markets: dict[str, analysis_shapes.AnalysedMarket] = {
        key: _market(
            game,
            one,
            sifted[key],
            model,
            exact,
            _moved(game, one, sifted[key], changes),
            updated,
            commissions,
        )
        for key, one in opinions.items()
    }
    return Analysed(markets, model)


def newest(books: Sequence[Book]) -> datetime | None:
    """Return when the newest price of a game was last confirmed by its book."""
    updates = [book.last_update for book in books if book.last_update]
    updates += [market.last_update for book in books for market in book.markets if market.last_update]
    return max(updates, default=None)


def selection(game_home: str, game_away: str, one: Opinion, name: str) -> Selection:
    """Return an outcome of a market at its main point as a bet."""
    sides: dict[str, Side] = {game_home: "home", game_away: "away", "Draw": "draw"}
    if one.key == "h2h":
        return Selection("h2h", sides[name], None, one.kind)
    assert one.point is not None
    if one.key == "totals":
        return Selection("totals", "over" if name == "Over" else "under", one.point)
    return Selection("spreads", sides[name], one.point if name == game_home else 0.0 - one.point)


def _market(
    game: Game,
    one: Opinion,
    sifted: Sifted,
    model: Model | None,
    exact: Mapping[tuple[str, str, str, float | None], shapes.ExactPrice],
    movement: shapes.Movement | None,
    updated: Mapping[tuple[str, str], datetime | None],
    commissions: Mapping[str, float],
) -> analysis_shapes.AnalysedMarket:
    lines = [line for line in sifted.lines if line.kind == one.kind and line.point == one.point]
    fair = _fair(game, one, model)
    decided = next(iter(fair.values())).decided if one.kind != "three_way" else 1.0
    paid = {
        line.bookmaker: {
            name: after_commission(decimal, commissions.get(line.bookmaker, 0.0))
            for name, decimal in line.decimals.items()
        }
        for line in lines
    }
    best = best_prices(paid)
    sure = arbitrage({name: price.decimal for name, price in best.items()})
    return {
        "point": one.point,
        "kind": one.kind,
        "consensus": {name: round(p, 6) for name, p in one.probabilities.items()},
        "fair": {name: _chances_shown(chances) for name, chances in fair.items()},
        "best": {name: _best(game, one, name, fair[name], price, exact) for name, price in best.items()},
        "hold": round(fmean(hold(list(line.decimals.values()), decided) for line in lines), 6),
        "books": one.books,
        "offers": _offers(game, one, lines, fair, exact, updated),
        "excluded": [
            {"bookmaker": book.bookmaker, "reason": book.reason, "detail": book.detail}
            for book in sifted.excluded
        ],
        "movement": movement,
        "arbitrage": None
        if sure is None
        else {
            "profit": round(sure.profit, 6),
            "stakes": {name: round(share, 6) for name, share in sure.stakes.items()},
            "too_good": sure.profit > TOO_GOOD_ARBITRAGE,
        },
    }


def _offers(
    game: Game,
    one: Opinion,
    lines: Sequence[Line],
    fair: Mapping[str, Chances],
    exact: Mapping[tuple[str, str, str, float | None], shapes.ExactPrice],
    updated: Mapping[tuple[str, str], datetime | None],
) -> dict[str, analysis_shapes.Offer]:
    """Return what can be placed at each bookmaker that counts, at the main line; exchanges take no parlay."""
    found: dict[str, analysis_shapes.Offer] = {}
    decided = {name: chances.won + chances.lost for name, chances in fair.items()}
    points = {name: selection(game.home_team, game.away_team, one, name).point for name in fair}
    by_others = one.without_each()
    for line in lines:
        at = updated.get((line.bookmaker, one.key))
        if is_exchange(line.bookmaker) or at is None:
            continue
        prices_of: dict[str, str] = {}
        form = "decimal"
        for name in line.decimals:
            shown = exact[line.bookmaker, one.key, name, points[name]]
            prices_of[name], form = shown["price"], shown["price_format"]
        others = by_others.get(line.bookmaker)
        edges = {
            name: None if others is None else decided_value(others[name], decided[name], decimal)
            for name, decimal in line.decimals.items()
        }
        found[line.bookmaker] = {
            "updated_at": format_time(at),
            "price_format": form,
            "prices": prices_of,
            "edges": {name: None if edge is None else round(edge, 6) for name, edge in edges.items()},
        }
    return found


def _best(
    game: Game,
    one: Opinion,
    name: str,
    fair: Chances,
    price: Best,
    exact: Mapping[tuple[str, str, str, float | None], shapes.ExactPrice],
) -> shapes.BestPrice:
    """Return a best price and what it is worth by the other books; an edge of None where fewer than three quote."""
    point = selection(game.home_team, game.away_team, one, name).point
    others = one.without(price.bookmaker)
    edge = None if others is None else decided_value(others[name], fair.won + fair.lost, price.decimal)
    return {
        "bookmaker": price.bookmaker,
        **exact[price.bookmaker, one.key, name, point],
        "edge": None if edge is None else round(edge, 6),
        "too_good": edge is not None and edge > TOO_GOOD_EDGE,
    }


def _fair(game: Game, one: Opinion, model: Model | None) -> dict[str, Chances]:
    """Return each outcome's chances: by the distribution of the score, or by the consensus where none is known.

    With six decimals, so that every figure made of them is what a reader makes of the published ones.
    """
    names = list(one.probabilities)
    if (
        model is None
        or (one.key == "totals" and model.second is None)
        or (one.kind == "three_way" and model.sport.never_level)
    ):
        return {name: Chances.of(one.probabilities[name]).rounded() for name in names}
    distribution = scores(model)
    bets = [selection(game.home_team, game.away_team, one, name) for name in names]
    if len(names) > 2:
        return {name: distribution.chances(bet).rounded() for name, bet in zip(names, bets, strict=True)}
    first = distribution.chances(bets[0]).rounded()
    return {names[0]: first, names[1]: first.other_side()}


def _chances_shown(chances: Chances) -> analysis_shapes.Chances:
    return {
        "win": chances.win,
        "push": chances.push,
        "half_win": chances.half_win,
        "half_loss": chances.half_loss,
        "loss": chances.loss,
    }


def _book_markets(books: Sequence[Book], key: str) -> list[BookMarket]:
    return [
        BookMarket(
            book.key,
            market.last_update or book.last_update,
            tuple(
                Offer(p.name, odds(p.price, p.price_format), None if p.point is None else float(p.point))
                for p in market.prices
            ),
        )
        for book in books
        for market in book.markets
        if market.key == key
    ]


def _prices_as_shown(books: Sequence[Book]) -> dict[tuple[str, str, str, float | None], shapes.ExactPrice]:
    """Return each price by (book, market, outcome, point) as documents show it; the first of equal ones."""
    shown: dict[tuple[str, str, str, float | None], shapes.ExactPrice] = {}
    for book in books:
        for market in book.markets:
            for p in market.prices:
                american, decimal = prices(p.price, p.price_format)
                point = None if p.point is None or market.key == "h2h" else float(p.point)
                shown.setdefault(
                    (book.key, market.key, p.name, point),
                    {
                        "price_american": american,
                        "price_decimal": decimal,
                        "price": format(p.price, "f"),
                        "price_format": p.price_format,
                    },
                )
    return shown


def _moved(game: Game, one: Opinion, sifted: Sifted, changes: Sequence[Change]) -> shapes.Movement | None:
    books = {line.bookmaker for line in sifted.lines if line.kind == sifted.kind}
    moved = market_movement(game, one.key, one.kind, one.point, books, changes)
    if moved is None:
        return None
    return {
        "opened_at": moment(moved.opened_at),
        "open": round(moved.open, 4),
        "current": round(moved.current, 4),
        "change": round(moved.change, 4),
        "low": round(moved.low, 4),
        "high": round(moved.high, 4),
        "series": [round(value, 4) for value in moved.series],
    }


def model_shown(model: Model | None) -> analysis_shapes.ScoreModel | None:
    """Return the distribution's parameters and where they come from, for JSON."""
    if model is None:
        return None
    return {
        "name": "dixon_coles_grid" if model.sport.family == "poisson" else "discretised_normal",
        "parameters": to_parameters(model),
        "measured": model.sport.measured,
        "sample": model.sport.sample,
        "log_loss": model.sport.log_loss,
    }
