"""What The Odds API v4 answers: read item by item, prices kept exactly as received.

What is odd is left out at the smallest level that stays true, and counted: a price with its market (the
others' probabilities would be wrong without it), a team with its game, a title or a time alone. What the
documentation leaves open is not odd: books without markets, markets without `last_update`, an exchange's
`h2h_lay`, fields we do not know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from quartapp.feeds.reading import Reading, Tally, settle
from quartapp.feeds.shape import (
    MisshapenError,
    flag,
    kind,
    moment,
    name_of,
    number,
    optional_moment,
    reading,
    text,
)
from quartapp.records import (
    AccountCredits,
    Bookmaker,
    Event,
    Market,
    Outcome,
    PriceFormat,
    Score,
    SportInfo,
    price_format,
)

NAME = "The Odds API"
COST_LARGEST, CREDITS_LARGEST = 10_000, 10**9
AMERICAN_LARGEST, DECIMAL_LARGEST, POINT_LARGEST = Decimal(1_000_000), Decimal(10_001), Decimal(10_000)
SCORE_LARGEST = 10_000  # points; cricket's runs stay below it
WITH_POINTS = ("spreads", "totals")
_LEAST_OVERROUND = Decimal("0.5")  # implied probabilities of a whole market add up to about 1
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def parse_credits(headers: Mapping[str, str]) -> AccountCredits:
    """Return the credits in an answer's headers; what is no sensible number counts as not said.

    >>> parse_credits({"x-requests-remaining": "41.0", "x-requests-last": "-3"})
    AccountCredits(remaining=41, used=None, last_cost=None)
    """

    def read(name: str, largest: int) -> int | None:
        try:
            value = int(float(headers[name]))
        except (KeyError, ValueError, OverflowError):
            return None
        return value if 0 <= value <= largest else None

    return AccountCredits(
        read("x-requests-remaining", CREDITS_LARGEST),
        read("x-requests-used", CREDITS_LARGEST),
        read("x-requests-last", COST_LARGEST),
    )


def parse_sports(body: Any) -> Reading[SportInfo]:
    """Return the sports of an answer. Raises FeedShapeError when none is sound."""
    tally = Tally()
    with reading(NAME, "sports"):
        listed = tally.each("sport", body, lambda one, path: _sport(one, path, tally), "")
    return settle(NAME, "sports", tally, listed, body, lambda one: one.get("key"), lambda one: one.key)


def parse_events(body: Any, sport_key: str) -> Reading[Event]:
    """Return a sport's events, with odds or without. Raises FeedShapeError when none is sound."""
    tally = Tally()
    with reading(NAME, "odds"):
        listed = tally.each("event", body, lambda one, path: _event(one, path, sport_key, tally), "")
    return settle(NAME, "odds", tally, listed, body, lambda one: one.get("id"), lambda one: one.id)


def parse_scores(body: Any, sport_key: str) -> Reading[Score]:
    """Return a sport's scores. Raises FeedShapeError when none is sound."""
    tally = Tally()
    with reading(NAME, "scores"):
        listed = tally.each("score", body, lambda one, path: _score(one, path, sport_key, tally), "")
    return settle(NAME, "scores", tally, listed, body, lambda one: one.get("id"), lambda one: one.id)


def _sport(one: Any, path: str, tally: Tally) -> SportInfo:
    key = name_of(one, "key")
    return SportInfo(
        key,
        tally.spare(text, one, "title", path, key),
        tally.spare(text, one, "group", path, key.split("_", 1)[0].capitalize()),
        flag(one, "active"),
        one.get("has_outrights") is not None and tally.spare(flag, one, "has_outrights", path, False),
    )


def _event(one: Any, path: str, sport_key: str, tally: Tally) -> Event:
    identity, starts = name_of(one, "id"), moment(one, "commence_time")
    home, away = text(one, "home_team"), text(one, "away_team")
    if home == away:
        raise MisshapenError("names one team on both sides", ".away_team")
    # A title nobody shows, and the sport that we asked for: neither is worth a game.
    title = tally.spare(text, one, "sport_title", path, sport_key)
    tally.spare(name_of, one, "sport_key", path, sport_key)
    books = _books(one, path, tally)
    form = _format_of(books) or price_format(sport_key)
    return Event(identity, sport_key, title, starts, home, away, _in_format(books, form, path, tally), form)


def _books(one: Any, path: str, tally: Tally) -> list[Bookmaker]:
    listed = one.get("bookmakers")
    if listed is None:
        return []
    try:
        books = tally.each(
            "bookmaker", listed, lambda book, place: _bookmaker(book, place, tally), f"{path}.bookmakers"
        )
    except MisshapenError as problem:
        tally.seen["bookmaker"] += 1
        tally.note("bookmaker", problem.path, problem.what)
        return []
    by_key: dict[str, list[Bookmaker]] = {}
    for book in books:
        by_key.setdefault(book.key, []).append(book)
    for key, copies in by_key.items():
        if len(copies) > 1:
            tally.note("bookmaker", f"{path}.bookmakers", f"list {key!r:.40} {len(copies)} times")
    return [_merged(copies) for copies in by_key.values()]


def _merged(copies: list[Bookmaker]) -> Bookmaker:
    """Return a book that is listed twice as one: of each market the copy that was updated last."""
    if len(copies) == 1:
        return copies[0]
    oldest_first = sorted(copies, key=lambda book: book.last_update or _LONG_AGO)
    markets = {market.key: market for book in oldest_first for market in book.markets}
    latest = oldest_first[-1]
    return Bookmaker(latest.key, latest.title, latest.last_update, tuple(markets.values()))


def _bookmaker(one: Any, path: str, tally: Tally) -> Bookmaker:
    key = name_of(one, "key")
    title = tally.spare(text, one, "title", path, key)
    updated = tally.spare(optional_moment, one, "last_update", path, None)
    listed = one.get("markets")
    if listed is None:
        return Bookmaker(key, title, updated, ())
    markets = tally.each(
        "market", listed, lambda market, place: _market(market, place, tally), f"{path}.markets"
    )
    once: dict[str, Market] = {}
    for market in markets:
        if market is None:
            continue
        if market.key in once:
            tally.note("market", f"{path}.markets", f"list {market.key!r:.40} twice")
            if (market.last_update or _LONG_AGO) <= (once[market.key].last_update or _LONG_AGO):
                continue
        once[market.key] = market
    if listed and not once and None not in markets:
        raise MisshapenError("has no sound market", ".markets")
    return Bookmaker(key, title, updated, tuple(once.values()))


def _market(one: Any, path: str, tally: Tally) -> Market | None:
    """Return a market; None for a closed one: a price of 0 or 1 pays nothing."""
    key, listed = name_of(one, "key"), one["outcomes"]
    if not isinstance(listed, list):
        raise MisshapenError(f"is {kind(listed)} where a list belongs", ".outcomes")
    outcomes: dict[tuple[str, Decimal | None], Outcome] = {}
    for place, item in enumerate(listed):
        try:
            outcome = _outcome(item, key)
        except MisshapenError as problem:
            raise MisshapenError(problem.what, f".outcomes[{place}]{problem.path}") from None
        except KeyError as problem:
            raise MisshapenError("is missing", f".outcomes[{place}].{problem.args[0]}") from None
        line = outcome.name, outcome.point
        if outcomes.setdefault(line, outcome) != outcome:
            raise MisshapenError(f"prices {outcome.name!r:.40} twice", f".outcomes[{place}]")
    if not outcomes or any(abs(outcome.price) <= 1 for outcome in outcomes.values()):
        return None
    return Market(key, tally.spare(optional_moment, one, "last_update", path, None), tuple(outcomes.values()))


def _outcome(one: Any, market_key: str) -> Outcome:
    if not isinstance(one, dict):
        raise MisshapenError(f"is {kind(one)} where an object belongs")
    point = None if one.get("point") is None else number(one, "point", POINT_LARGEST)
    if point is None and market_key in WITH_POINTS:
        raise MisshapenError("is missing", ".point")
    return Outcome(text(one, "name"), number(one, "price", AMERICAN_LARGEST), point)


def _reads_as(market: Market) -> PriceFormat | None:
    """Return the format that a market's prices make sense in; None for neither.

    An American price is at least 100 or at most -100. Decimal prices of one market cannot all be: they
    would add up to next to no probability.
    """
    prices = [outcome.price for outcome in market.outcomes]
    if all(abs(price) >= 100 for price in prices):
        return "american"
    if min(prices) <= 1 or max(prices) > DECIMAL_LARGEST:
        return None
    whole = len(prices) == 1 or sum(1 / price for price in prices) >= _LEAST_OVERROUND
    return "decimal" if whole else None


def _format_of(books: list[Bookmaker]) -> PriceFormat | None:
    """Return the format of most markets, so that an answer (or a recording) in another than asked is read."""
    votes = Counter(form for book in books for market in book.markets if (form := _reads_as(market)))
    first, second = votes["american"], votes["decimal"]
    if first == second:
        return None
    return "american" if first > second else "decimal"


def _in_format(books: list[Bookmaker], form: PriceFormat, path: str, tally: Tally) -> tuple[Bookmaker, ...]:
    """Return the books with the markets that are priced in the event's format; one with none left goes."""
    kept: list[Bookmaker] = []
    for book in books:
        markets = tuple(market for market in book.markets if _fits(market, form))
        for market in book.markets:
            if market not in markets:
                tally.note("market", f"{path}.bookmakers", f"price {market.key} of {book.key} not in {form}")
        if markets or not book.markets:
            kept.append(Bookmaker(book.key, book.title, book.last_update, markets))
    return tuple(kept)


def _fits(market: Market, form: PriceFormat) -> bool:
    read = _reads_as(market)
    # An exchange's empty ladder offers 1000 on every side: decimal, where the rest of the game is.
    ladder = market.key == "h2h_lay" and all(1 < one.price <= DECIMAL_LARGEST for one in market.outcomes)
    return read == form or (form == "decimal" and ladder)


def _score(one: Any, path: str, sport_key: str, tally: Tally) -> Score:
    home, away = text(one, "home_team"), text(one, "away_team")
    listed = one.get("scores")
    points: dict[str, int | None] = {}
    if listed is not None:
        if not isinstance(listed, list):
            raise MisshapenError(f"is {kind(listed)} where a list belongs", ".scores")
        points = dict(
            tally.each("points", listed, lambda side, place: _points(side, place, tally), f"{path}.scores")
        )
    return Score(
        name_of(one, "id"),
        sport_key,
        moment(one, "commence_time"),
        home,
        away,
        flag(one, "completed"),
        points.get(home),
        points.get(away),
        tally.spare(optional_moment, one, "last_update", path, None),
    )


def _points(one: Any, path: str, tally: Tally) -> tuple[str, int | None]:
    """Return a team and its points; a score that is not one number (cricket's 161/4) is not kept."""
    name, value = text(one, "name"), one["score"]
    spelt = str(value) if type(value) is int and abs(value) <= SCORE_LARGEST else value
    if not isinstance(spelt, str) or not spelt.isascii() or not spelt.isdigit():
        if type(value) is int:
            tally.note("detail", f"{path}.score", "is no number of points")
        return name, None
    if len(spelt) > len(str(SCORE_LARGEST)) or int(spelt) > SCORE_LARGEST:
        raise MisshapenError(f"is {spelt:.40}, which no team scores", ".score")
    return name, int(spelt)
