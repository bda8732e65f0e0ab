"""A parlay's answer: what it is worth by itself, and at every bookmaker that takes the whole of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from quartapp.api.parlays.games import Quote
from quartapp.api.parlays.legs import At, Leg, Together
from quartapp.api.parlays.written import Ages, before_age, json_list
from quartapp.odds.combined import Fair
from quartapp.odds.exchanges import is_exchange
from quartapp.odds.formats import decimal_to_fractional, display_american
from quartapp.odds.parlay import KELLY_FRACTION, BookPrice, at_book
from quartapp.odds.value import TOO_GOOD_EDGE
from quartapp.publish import parlay_shapes
from quartapp.publish.game import format_time, moment

LEAST_PRICE = Fraction(10_001, 10_000)
LARGEST_WHOLE = 2**53  # a browser knows no greater whole number
CAVEAT = "Legs of different games are priced as independent; legs of one game by its distribution of scores."


class Offered(NamedTuple):
    """A parlay at one bookmaker."""

    bookmaker: str
    title: str
    legs: Sequence[At]
    price: BookPrice


class Offers(NamedTuple):
    """Who takes the whole parlay, the best value first; who lacks which legs and why; exchanges that quote some."""

    books: list[Offered]
    lacking: dict[str, dict[int, str]]
    exchanges: dict[str, list[int]]


def offers(legs: Sequence[Leg], now: datetime, bookmaker: str | None, *, same_game: bool) -> Offers:
    """Return what every bookmaker offers, or `bookmaker` alone. What one pays for legs of one game is its own price."""
    titles = {key: title for leg in legs for key, title in leg.game.titles.items()}
    placeable: list[Mapping[str, At]]
    if bookmaker is None:
        placeable = [leg.placeable(now) for leg in legs]
    else:
        titles = {bookmaker: titles.get(bookmaker, bookmaker)}
        placeable = [{} if (at := leg.at(bookmaker, now)) is None else {bookmaker: at} for leg in legs]
    found = Offers([], {}, {})
    for key, title in titles.items():
        if is_exchange(key):
            quoting = [number for number, leg in enumerate(legs) if key in leg.quotes]
            if quoting:
                found.exchanges[key] = quoting
            continue
        taken = [at[key] for at in placeable if key in at]
        if len(taken) < len(legs):
            found.lacking[key] = {n: legs[n].lacking(key) for n, at in enumerate(placeable) if key not in at}
        elif not same_game:
            found.books.append(Offered(key, title, taken, at_book([one.placed for one in taken])))
    found.books.sort(key=lambda offered: (-offered.price.expected_value, offered.bookmaker))
    return found


def answer(
    legs: Sequence[Leg],
    whole: Together,
    offered: Offers,
    ages: Ages,
    *,
    at: str | None,
    bankroll_cents: int | None = None,
) -> parlay_shapes.ParlayAnswer:
    """Return the answer for JSON but its legs. `at`: the bookmaker to name.

    The figures beside `bookmakers` are of the first of them, else of the fair price.
    """
    first = offered.books[0] if offered.books else None
    return {
        "as_of": format_time(ages.now),
        "same_game": whole.same_game,
        **_figures(first, whole.fair, at),
        "fair": fair_shown(whole.fair),
        "bookmakers": [_book_shown(one, ages, bankroll_cents) for one in offered.books],
        "missing": [
            {"key": key, "legs": list(lacking), "reasons": list(lacking.values())}
            for key, lacking in offered.lacking.items()
        ],
        "warnings": list(warnings(legs, whole, offered, ages.now)),
        "caveat": CAVEAT,
    }


def _figures(first: Offered | None, worth: Fair, bookmaker: str | None) -> parlay_shapes.ParlayFigures:
    decimal = worth_paying(worth.decimal) if first is None else first.price.decimal
    return {
        "bookmaker": bookmaker,
        "price_decimal": round(float(decimal), 4),
        "price_american": american(fair_odds(worth.decimal) if first is None else decimal),
        "price_fractional": decimal_to_fractional(decimal),
        "probability": chance(worth.probability),
        "expected_value": 0.0 if first is None else round(first.price.expected_value, 6),
        "hold": 0.0 if first is None or first.price.hold is None else round(first.price.hold, 6),
        "kelly_stake": 0.0 if first is None else round(first.price.kelly, 6),
        "kelly_fraction": KELLY_FRACTION,
    }


def fair_shown(worth: Fair) -> parlay_shapes.FairPrice:
    """Return what a parlay is worth by itself, for JSON."""
    return {
        "probability": chance(worth.probability),
        "price_decimal": round(worth.decimal, 4),
        "price_american": american(fair_odds(worth.decimal)),
        "correlation": round(worth.correlation, 6),
        "independent_price_decimal": round(worth.independent_decimal, 4),
    }


def _book_shown(one: Offered, ages: Ages, bankroll_cents: int | None) -> parlay_shapes.ParlayAtBookmaker:
    price = one.price
    aged = [ages[at.quote.updated] for at in one.legs]
    shown: parlay_shapes.ParlayAtBookmaker = {
        "key": one.bookmaker,
        "title": one.title,
        "price_decimal": round(float(price.decimal), 4),
        "price_american": american(price.decimal),
        "price_fractional": decimal_to_fractional(price.decimal),
        "expected_value": round(price.expected_value, 6),
        "kelly_fraction": round(price.kelly, 6),
        "hold": None if price.hold is None else round(price.hold, 6),
        "odds_age_seconds": max(aged),
        "too_good": price.too_good,
        "legs": json_list([b"%b%d}" % (at.written, age) for at, age in zip(one.legs, aged, strict=True)]),
    }
    if bankroll_cents is not None:
        shown["stake_cents"] = math.floor(price.kelly * bankroll_cents)
    return shown


def leg_written(leg: Leg, bookmaker: str | None, quote: Quote | None, ages: Ages) -> bytes:
    """Return a leg as JSON, with its price at a bookmaker."""
    started = leg.game.starts <= ages.now
    part = leg.written.get((bookmaker, started))
    if part is None:
        part = leg.written[bookmaker, started] = before_age(
            _leg_shown(leg, bookmaker, quote, started=started)
        )
    return part + (b"null}" if quote is None else b"%d}" % ages[quote.updated])


def _leg_shown(
    leg: Leg, bookmaker: str | None, quote: Quote | None, *, started: bool
) -> parlay_shapes.PricedLeg:
    return {
        "game_id": leg.game.game_id,
        "market": leg.selection.market,
        "outcome": leg.outcome,
        "point": leg.selection.point,
        "label": leg.label,
        "commence_time": format_time(leg.game.starts),
        "status": leg.game.status,
        "started": started,
        "win": leg.chances.win,
        "push": leg.chances.push,
        "half_win": leg.chances.half_win,
        "half_loss": leg.chances.half_loss,
        "loss": leg.chances.loss,
        "probability": round(leg.chances.decisive, 6),
        "bookmaker": bookmaker,
        "price_american": None if quote is None else quote.price_american,
        "price_decimal": None if quote is None else quote.price_decimal,
        "price": None if quote is None else quote.price,
        "price_format": None if quote is None else quote.price_format,
        "price_updated_at": None if quote is None else moment(quote.updated),
        "odds_age_seconds": None,
    }


def warnings(
    legs: Sequence[Leg], whole: Together, offered: Offers, now: datetime
) -> Iterator[parlay_shapes.ParlayWarning]:
    """Yield what a bettor should know, each with the legs that it is about."""
    everything = list(range(len(legs)))
    started = [number for number, leg in enumerate(legs) if leg.game.starts <= now]
    if started:
        yield _warning("started", "These games have begun.", started)
    postponed = [number for number, leg in enumerate(legs) if leg.game.status == "postponed"]
    if postponed:
        yield _warning(
            "postponed",
            "These games are postponed; what becomes of a bet is by docs/settlement.md.",
            postponed,
        )
    if whole.same_game:
        games = [leg.game.identity for leg in legs]
        shared = [number for number in everything if games.count(games[number]) > 1]
        yield _warning(
            "book_prices_same_game",
            "Legs share a game: what a bookmaker pays for them is its own price, not the product of the legs' prices.",
            shared,
        )
        if whole.without_distribution:
            yield _warning(
                "no_distribution",
                "Nobody knows this game's distribution of scores: its legs are priced as independent.",
                list(whole.without_distribution),
            )
    if offered.exchanges:
        names = ", ".join(offered.exchanges)
        about = sorted({number for numbers in offered.exchanges.values() for number in numbers})
        yield _warning("exchange", f"Exchanges take no parlay: {names}.", about)
    if not offered.books and not whole.same_game:
        yield _warning("no_bookmaker", "No bookmaker takes the whole parlay at these lines.", everything)
    too_good = [one.bookmaker for one in offered.books if one.price.too_good]
    if too_good:
        yield _warning(
            "too_good",
            f"A price more than {TOO_GOOD_EDGE:.0%} above its value is a mistake, or news: {', '.join(too_good)}.",
            everything,
        )


def _warning(code: str, detail: str, legs: list[int]) -> parlay_shapes.ParlayWarning:
    return {"code": code, "detail": detail, "legs": legs}


def chance(probability: float) -> float:
    """Return a probability with six decimals, and of a very small one six digits."""
    return round(probability, 6) if probability >= 1e-4 else float(f"{probability:.6g}")


def fair_odds(decimal: float) -> Fraction:
    """Return fair odds, as they are; a bet that can hardly lose is worth a little more than its stake."""
    return max(Fraction(decimal), LEAST_PRICE)


def worth_paying(decimal: float) -> Fraction:
    """Return fair odds as a price, of 4 places."""
    return Fraction(str(round(float(fair_odds(decimal)), 4)))


def american(decimal: Fraction) -> float:
    """Return decimal odds as whole American odds."""
    shown = display_american(decimal)
    return shown if shown <= LARGEST_WHOLE else float(shown)
