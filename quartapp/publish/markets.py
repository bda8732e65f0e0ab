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
from quartapp.odds.opinion import MET, Opinion, fitted
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
from quartapp.publish.game import exact, format_time, moment, odds, prices
from quartapp.publish.line_history import market_movement
from quartapp.store.games import Game
from quartapp.store.odds import Book, Change, Price


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
    quoted = {key: _quoted(books, key) for key in MARKETS}
    sifted = sift_markets(about, {key: market.books for key, market in quoted.items()})
    opinions, model = fitted(sport_of(game.sport_key), sifted, game.home_team)
    of_market: dict[str, list[Change]] = {key: [] for key in opinions}
    for change in changes:
        if change.market_key in of_market:
            of_market[change.market_key].append(change)
    markets: dict[str, analysis_shapes.AnalysedMarket] = {
        key: _market(
            game,
            one,
            sifted[key],
            model,
            quoted[key],
            _moved(game, one, sifted[key], of_market[key]),
            commissions,
        )
        for key, one in opinions.items()
    }
    return Analysed(markets, model)


@dataclass(slots=True)
class _Quoted:
    """A market as its books quote it, each price as received, and when each book last said so."""

    books: list[BookMarket]
    prices: dict[tuple[str, str, float | None], Price]  # by book, outcome and point; the first of equal ones
    updated: dict[str, datetime | None]


def _quoted(books: Sequence[Book], key: str) -> _Quoted:
    found = _Quoted([], {}, {})
    with_points = key != "h2h"
    for book in books:
        for market in book.markets:
            if market.key != key:
                continue
            updated = found.updated[book.key] = market.last_update or book.last_update
            offers: list[Offer] = []
            for price in market.prices:
                point = None if price.point is None else float(price.point)
                offers.append(Offer(price.name, odds(price.price, price.price_format), point))
                found.prices.setdefault((book.key, price.name, point if with_points else None), price)
            found.books.append(BookMarket(book.key, updated, tuple(offers)))
    return found


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
    quoted: _Quoted,
    movement: shapes.Movement | None,
    commissions: Mapping[str, float],
) -> analysis_shapes.AnalysedMarket:
    lines = [line for line in sifted.lines if line.kind == one.kind and line.point == one.point]
    bets = {name: selection(game.home_team, game.away_team, one, name) for name in one.probabilities}
    fair = _fair(bets, one, model)
    decided = next(iter(fair.values())).decided if one.kind != "three_way" else 1.0
    paid = {line.bookmaker: _paid(line, commissions.get(line.bookmaker, 0.0)) for line in lines}
    best = best_prices(paid)
    sure = arbitrage({name: price.decimal for name, price in best.items()})
    by_others = one.without_each()
    return {
        "point": one.point,
        "kind": one.kind,
        "consensus": {name: round(p, 6) for name, p in one.probabilities.items()},
        "fair": {name: _chances_shown(chances) for name, chances in fair.items()},
        "best": {
            name: _best(
                price,
                by_others.get(price.bookmaker, {}).get(name),
                fair[name].decided,
                quoted.prices[price.bookmaker, name, bets[name].point],
            )
            for name, price in best.items()
        },
        "hold": round(fmean([hold(tuple(line.decimals.values()), decided) for line in lines]), 6),
        "books": one.books,
        "offers": _offers(lines, by_others, fair, bets, quoted),
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


def _paid(line: Line, commission: float) -> Mapping[str, float]:
    if not commission:
        return line.decimals
    return {name: after_commission(decimal, commission) for name, decimal in line.decimals.items()}


def _offers(
    lines: Sequence[Line],
    by_others: Mapping[str, Mapping[str, float]],
    fair: Mapping[str, Chances],
    bets: Mapping[str, Selection],
    quoted: _Quoted,
) -> dict[str, analysis_shapes.Offer]:
    """Return what can be placed at each bookmaker that counts, at the main line; exchanges take no parlay."""
    found: dict[str, analysis_shapes.Offer] = {}
    decided = {name: chances.decided for name, chances in fair.items()}
    points = {name: bet.point for name, bet in bets.items()}
    for bookmaker, _, decimals, _, _ in lines:
        at = quoted.updated.get(bookmaker)
        if is_exchange(bookmaker) or at is None:
            continue
        prices_of: dict[str, str] = {}
        edges: dict[str, float | None] = {}
        form = "decimal"
        others = by_others.get(bookmaker)
        for name, decimal in decimals.items():
            price = quoted.prices[bookmaker, name, points[name]]
            prices_of[name], form = exact(price.price), price.price_format
            edges[name] = (
                None if others is None else round(decided_value(others[name], decided[name], decimal), 6)
            )
        found[bookmaker] = {
            "updated_at": format_time(at),
            "price_format": form,
            "prices": prices_of,
            "edges": edges,
        }
    return found


def _best(best: Best, probability: float | None, decided: float, received: Price) -> shapes.BestPrice:
    """Return a best price, and its edge by what the other books say; None where fewer than three quote."""
    edge = None if probability is None else decided_value(probability, decided, best.decimal)
    american, decimal = prices(received.price, received.price_format)
    return {
        "bookmaker": best.bookmaker,
        "price_american": american,
        "price_decimal": decimal,
        "price": exact(received.price),
        "price_format": received.price_format,
        "edge": None if edge is None else round(edge, 6),
        "too_good": edge is not None and edge > TOO_GOOD_EDGE,
    }


def _fair(bets: Mapping[str, Selection], one: Opinion, model: Model | None) -> dict[str, Chances]:
    """Return each outcome's chances: by the distribution of the score, or by the consensus where none is known.

    A market that the distribution does not meet, because it contradicts another, is won as its own books say.
    With six decimals, so that every figure made of them is what a reader makes of the published ones.
    """
    if (
        model is None
        or (one.key == "totals" and model.second is None)
        or (one.kind == "three_way" and model.sport.never_level)
    ):
        return {name: Chances.of(probability).rounded() for name, probability in one.probabilities.items()}
    distribution = scores(model)
    if len(bets) > 2:
        by_name = {name: distribution.chances(bet) for name, bet in bets.items()}
        if any(abs(chances.win - one.probabilities[name]) > MET for name, chances in by_name.items()):
            by_name = {name: Chances.of(probability) for name, probability in one.probabilities.items()}
        return {name: chances.rounded() for name, chances in by_name.items()}
    first, second = bets
    chances = distribution.chances(bets[first])
    if abs(chances.decisive - one.probabilities[first]) > MET:
        chances = chances.decided_by(one.probabilities[first])
    chances = chances.rounded()
    return {first: chances, second: chances.other_side()}


def _chances_shown(chances: Chances) -> analysis_shapes.Chances:
    return {
        "win": chances.win,
        "push": chances.push,
        "half_win": chances.half_win,
        "half_loss": chances.half_loss,
        "loss": chances.loss,
    }


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
