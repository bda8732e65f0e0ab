"""Lines that too few books quote to be compared among themselves, compared with what other books say elsewhere.

Two bookmakers that contradict each other do not say which of them is wrong. The winner's price and the spread place the
same margin, though, and so do a two-way and a three-way price: those of other books are the witnesses. Where a game has
no two of them, a wrong line stays, and no edge is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import NormalDist

from quartapp.odds.consensus import weight_of
from quartapp.odds.legs import Kind
from quartapp.odds.market_keys import MarketKey
from quartapp.odds.quotes import (
    FEWEST_FOR_OUTLIER,
    BookMarket,
    Excluded,
    Game,
    Line,
    Sifted,
    location,
    median_of_others,
    outlier_bound,
    sift,
)
from quartapp.odds.sports import BASKETBALL, NFL, SOCCER, sport_of

# Leagues whose spread of results is measured, or whose recorded books agree on it: of 884 spreads of soccer and
# basketball the furthest from who wins stands at 0.54 of the bound.
TRUSTED = (SOCCER, BASKETBALL, NFL)
_PROBIT = NormalDist().inv_cdf


def sift_markets(game: Game, books: Mapping[MarketKey, Sequence[BookMarket]]) -> dict[MarketKey, Sifted]:
    """Return each market's lines that count, and the books that do not."""
    sifted = {key: sift(key, game, own) for key, own in books.items()}
    if "h2h" in sifted:
        sifted["h2h"] = _without(sifted["h2h"], _of_another_kind(game, sifted["h2h"]))
    if sport_of(game.sport_key) in TRUSTED and {"h2h", "spreads"} <= sifted.keys():
        gone: dict[MarketKey, list[Excluded]] = {"h2h": [], "spreads": []}
        gone["spreads"] = _against(game, "spreads", sifted["spreads"], sifted["h2h"])
        gone["h2h"] = _against(game, "h2h", sifted["h2h"], sifted["spreads"])
        for key, excluded in gone.items():
            sifted[key] = _without(sifted[key], excluded)
    return sifted


def _without(sifted: Sifted, excluded: Sequence[Excluded]) -> Sifted:
    gone = {one.bookmaker for one in excluded}
    lines = tuple(line for line in sifted.lines if line.bookmaker not in gone)
    return replace(sifted, lines=lines, excluded=(*sifted.excluded, *excluded)) if gone else sifted


def _books(lines: Sequence[Line]) -> int:
    return len({line.bookmaker for line in lines})


def _of_another_kind(game: Game, sifted: Sifted) -> list[Excluded]:
    """Return the outliers of a winner's kinds with too few books, by the books of the main kind."""
    found: list[Excluded] = []
    main = [line for line in sifted.lines if line.kind == sifted.kind]
    for kind in {line.kind: None for line in sifted.lines if line.kind != sifted.kind}:
        group = [line for line in sifted.lines if line.kind == kind]
        if _books(group) >= FEWEST_FOR_OUTLIER or _books(main) + 1 < FEWEST_FOR_OUTLIER:
            continue
        places = [(_as_kind(game, line, kind), line.bookmaker) for line in main]
        for line in group:
            found += _judged(line.bookmaker, "h2h", _as_kind(game, line, sifted.kind), places)
    return found


def _as_kind(game: Game, line: Line, kind: Kind) -> float:
    """Return where a winner's line places the margin, to be compared with one of another kind."""
    draw = line.fair.get("Draw", 0.0)
    # A refunded draw is left out of both; one that is played on is won by either.
    home = line.fair[game.home] / (1 - draw) if kind == "draw_void" else line.fair[game.home] + draw / 2
    return _PROBIT(min(1 - 1e-9, max(1e-9, home)))


def _against(game: Game, key: MarketKey, own: Sifted, other: Sifted) -> list[Excluded]:
    """Return the outliers of a market with too few books, by what other books say in both markets."""
    sport = sport_of(game.sport_key)
    lines = [line for line in own.lines if line.kind == own.kind]
    if not lines or _books(lines) >= FEWEST_FOR_OUTLIER or own.kind == "draw_void":
        return []  # whose place leaves the draw out, as no other market does
    elsewhere: MarketKey = "h2h" if key == "spreads" else "spreads"
    witnesses = [(key, line) for line in lines]
    witnesses += [(elsewhere, line) for line in other.lines if line.kind == other.kind != "draw_void"]
    places = [(location(at, game, line, sport), line.bookmaker) for at, line in witnesses]
    found: list[Excluded] = []
    for line in lines:
        found += _judged(line.bookmaker, key, location(key, game, line, sport), places)
    return found


def _judged(
    bookmaker: str, key: MarketKey, place: float, places: Sequence[tuple[float, str]]
) -> list[Excluded]:
    in_order = sorted((where, weight_of(book), book) for where, book in places)
    if len({book for _, _, book in in_order} - {bookmaker}) + 1 < FEWEST_FOR_OUTLIER:
        return []
    median = median_of_others(bookmaker, in_order)
    away = abs(place - median)
    if away <= outlier_bound(key, median):
        return []
    turned = abs(-place - median) <= outlier_bound(key, median)
    detail = (
        "its sides look swapped"
        if turned
        else f"{away:.2f} standard deviations from what other books say of who wins"
    )
    return [Excluded(bookmaker, "outlier", detail)]
