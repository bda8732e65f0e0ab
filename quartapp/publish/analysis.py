"""The analysis of one game: consensus, best price, hold, movement, injuries, form, and a summary in words.

Made from numbers alone, deterministic, and without the current time: an unchanged game has an unchanged
analysis. Ages are left to the reader: every input carries when it was fetched or reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any

from quartapp.odds.calibration import MEASURED
from quartapp.odds.consensus import Consensus, Quote, consensus
from quartapp.odds.legs import Chances
from quartapp.odds.movement import Movement, movement
from quartapp.odds.value import arbitrage, best_prices, expected_value
from quartapp.odds.vig import DEFAULT_METHOD, hold, remove_vig
from quartapp.publish import shapes
from quartapp.publish.availability import is_out, is_shown
from quartapp.publish.game import format_time, moment, prices
from quartapp.store.games import Game
from quartapp.store.odds import Book, Change, Market
from quartapp.store.teams import Injury

MARKETS = ("h2h", "spreads", "totals")


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that an analysis of a game is made from. `odds_updated_at`: when a price last changed."""

    game: Game
    books: list[Book]
    changes: list[Change]
    home_injuries: Sequence[Injury]
    away_injuries: Sequence[Injury]
    home_results: Sequence[Game]
    away_results: Sequence[Game]
    odds_updated_at: datetime | None


def analyse(inputs: Inputs) -> shapes.Analysis:
    """Return the analysis: the contract's fields and more."""
    markets = {key: found for key in MARKETS if (found := _market(inputs, key)) is not None}
    injuries = [_injury(one, inputs.game.home_team) for one in _that_matter(inputs.home_injuries)]
    injuries += [_injury(one, inputs.game.away_team) for one in _that_matter(inputs.away_injuries)]
    form: shapes.Form = {
        "home": _form(inputs.game.home_team, inputs.home_results),
        "away": _form(inputs.game.away_team, inputs.away_results),
    }
    return {
        "game_id": inputs.game.id,
        "sport_key": inputs.game.sport_key,
        "home_team": inputs.game.home_team,
        "away_team": inputs.game.away_team,
        "commence_time": format_time(inputs.game.commence_time),
        "method": DEFAULT_METHOD,
        "markets": markets,
        "injuries": injuries,
        "form": form,
        "summary": summarise(inputs.game, markets, injuries, form),
        "freshness": {
            "odds_updated_at": moment(inputs.odds_updated_at),
            "injuries_fetched_at": moment(
                max((one.fetched_at for one in (*inputs.home_injuries, *inputs.away_injuries)), default=None)
            ),
            "last_result_at": moment(
                max((one.commence_time for one in (*inputs.home_results, *inputs.away_results)), default=None)
            ),
        },
    }


def calibration() -> shapes.Calibration:
    """Return how well the method is measured to forecast."""
    return {
        "method": MEASURED.method,
        "log_loss": MEASURED.log_loss,
        "brier": MEASURED.brier,
        "games": MEASURED.games,
        "sample": MEASURED.sample,
    }


def _market(inputs: Inputs, key: str) -> shapes.AnalysedMarket | None:
    quotes = [quote for book in inputs.books if (quote := _quote(book, key, inputs.game.home_team))]
    found = consensus(quotes)
    if found is None:
        return None
    at_point = [quote for quote in quotes if quote.point == found.point]
    whole = [quote for quote in at_point if set(quote.decimals) == set(found.probabilities)]
    best = best_prices({quote.bookmaker: quote.decimals for quote in at_point})
    shown = _shown_prices(inputs.books, key)
    moved = _movement(inputs, key, found)
    sure = arbitrage({name: one.decimal for name, one in best.items()})
    return {
        "point": found.point,
        "consensus": {name: round(p, 6) for name, p in found.probabilities.items()},
        "best": {
            name: {
                "bookmaker": one.bookmaker,
                **shown[one.bookmaker, name],
                "edge": round(expected_value(Chances.of(found.probabilities[name]), one.decimal), 6),
            }
            for name, one in best.items()
            if name in found.probabilities
        },
        "hold": round(fmean(hold(list(quote.decimals.values())) for quote in whole), 6),
        "books": found.books,
        "arbitrage": None
        if sure is None
        else {
            "profit": round(sure.profit, 6),
            "stakes": {name: round(share, 6) for name, share in sure.stakes.items()},
        },
        "movement": None if moved is None else _movement_shown(moved),
    }


def _quote(book: Book, key: str, home_team: str) -> Quote | None:
    for market in book.markets:
        if market.key == key:
            decimals = {
                p.name: d for p in _first_lines(market) if (d := prices(p.price, p.price_format)[1]) and d > 1
            }
            point = next((p.point for p in market.prices if p.name in (home_team, "Over")), None)
            if len(decimals) < 2 or (key != "h2h" and point is None):
                return None
            return Quote(book.key, decimals, None if key == "h2h" or point is None else float(point))
    return None


def _first_lines(market: Market) -> list[Any]:
    """Return each outcome's first price: alternate lines of one outcome are no part of the main market."""
    return list({p.name: p for p in reversed(market.prices)}.values())[::-1]


def _shown_prices(books: Sequence[Book], key: str) -> dict[tuple[str, str], shapes.Price]:
    shown: dict[tuple[str, str], shapes.Price] = {}
    for book in books:
        for market in book.markets:
            if market.key == key:
                for p in market.prices:
                    american, decimal = prices(p.price, p.price_format)
                    shown.setdefault(
                        (book.key, p.name), {"price_american": american, "price_decimal": decimal}
                    )
    return shown


def _movement(inputs: Inputs, key: str, found: Consensus) -> Movement | None:
    """Return how the market moved since it opened.

    For h2h the home team's no-vig probability, for spreads the home team's points, for totals the line:
    the mean over the books that had quoted by then.
    """
    held: dict[str, dict[str, Change]] = {}
    values: dict[str, float] = {}
    points: list[tuple[datetime, float]] = []
    changes = [one for one in inputs.changes if one.market_key == key]
    for number, change in enumerate(changes):
        held.setdefault(change.bookmaker_key, {})[change.outcome_name] = change
        value = _book_value(held[change.bookmaker_key], key, inputs.game.home_team, len(found.probabilities))
        if value is not None:
            values[change.bookmaker_key] = value
        last_of_moment = number + 1 == len(changes) or changes[number + 1].recorded_at != change.recorded_at
        if values and last_of_moment:
            points.append((change.recorded_at, fmean(values.values())))
    return movement(points)


def _book_value(book: dict[str, Change], key: str, home_team: str, outcomes: int) -> float | None:
    if key != "h2h":
        side = book.get(home_team if key == "spreads" else "Over")
        return None if side is None or side.point is None else float(side.point)
    if home_team not in book or len(book) != outcomes:
        return None
    names = list(book)
    decimals = [prices(book[name].price, book[name].price_format)[1] for name in names]
    if any(decimal is None or decimal <= 1 for decimal in decimals):
        return None
    return remove_vig([decimal for decimal in decimals if decimal])[names.index(home_team)]


def _movement_shown(moved: Movement) -> shapes.Movement:
    return {
        "opened_at": moment(moved.opened_at),
        "open": round(moved.open, 4),
        "current": round(moved.current, 4),
        "change": round(moved.change, 4),
        "low": round(moved.low, 4),
        "high": round(moved.high, 4),
        "series": [round(value, 4) for value in moved.series],
    }


def _that_matter(injuries: Sequence[Injury], most: int = 40) -> list[Injury]:
    return [one for one in injuries if is_shown(one.status)][:most]


def _injury(one: Injury, team: str) -> shapes.Injury:
    return {
        "team": team,
        "athlete": one.athlete,
        "position": one.position,
        "status": one.status,
        "type": one.injury_type,
        "detail": one.detail,
        "reported_at": moment(one.reported_at),
        "source": one.source,
        "fetched_at": moment(one.fetched_at),
    }


def _form(team: str, results: Sequence[Game]) -> shapes.TeamForm:
    letters = ""
    scored = conceded = 0
    for game in results:
        home, away = game.home_score or 0, game.away_score or 0
        own, other = (home, away) if game.home_team == team else (away, home)
        letters += "W" if own > other else "L" if own < other else "D"
        scored, conceded = scored + own, conceded + other
    return {
        "games": len(results),
        "results": letters,
        "scored_per_game": round(scored / len(results), 2) if results else None,
        "conceded_per_game": round(conceded / len(results), 2) if results else None,
    }


def summarise(
    game: Game,
    markets: Mapping[str, shapes.AnalysedMarket],
    injuries: Sequence[shapes.Injury],
    form: shapes.Form,
) -> str:
    """Return a few plain sentences made from the numbers."""
    said: list[str] = []
    h2h = markets.get("h2h")
    if h2h is not None:
        favourite, probability = max(h2h["consensus"].items(), key=lambda item: item[1])
        books = "1 book" if h2h["books"] == 1 else f"{h2h['books']} books"
        said.append(
            f"{favourite} are given {probability:.0%} by {books}, with {h2h['hold']:.1%} hold on average."
        )
        name, best = max(h2h["best"].items(), key=lambda item: item[1]["edge"])
        if best["edge"] > 0:
            said.append(
                f"The best price against the consensus is {name} at {best['bookmaker']} ({best['edge']:+.1%})."
            )
        moved = h2h["movement"]
        if moved and abs(moved["change"]) >= 0.01:
            towards = game.home_team if moved["change"] > 0 else game.away_team
            said.append(f"The line has moved {abs(moved['change']):.1%} towards {towards} since it opened.")
    else:
        said.append(f"No book quotes a winner of {game.away_team} at {game.home_team} yet.")
    if "totals" in markets:
        said.append(f"The total stands at {markets['totals']['point']:g}.")
    out = [one for one in injuries if is_out(one["status"])]
    if out:
        teams = {team: sum(one["team"] == team for one in out) for team in (game.home_team, game.away_team)}
        said.append(
            "Out: " + ", ".join(f"{count} for {team}" for team, count in teams.items() if count) + "."
        )
    for team, lately in ((game.home_team, form["home"]), (game.away_team, form["away"])):
        if lately["games"] >= 3:
            said.append(f"{team}'s last {lately['games']}: {lately['results']}, newest first.")
    return " ".join(said)
