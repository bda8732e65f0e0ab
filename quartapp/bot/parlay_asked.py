"""The legs of a parlay that a message names, or the suggestion that it asks for."""

# ruff: noqa: E501 - a pattern reads better whole

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from quartapp.bot.catalogue import Catalogue, Listed, Team
from quartapp.odds.market_keys import MarketKey

MOST_LEGS = 10
_BETWEEN = re.compile(r"\s*(?:[,;&]|\+(?!\s?\d)|\b(?:and|plus|with|then|y|und)\b)\s*", re.IGNORECASE)
PARLAY_WANTED = re.compile(
    r"\bboth\b.{0,40}\b(?:win|cover|hit|won)\b|\bparla\w*|\bacca\w*|\baccumulator\w*|\bdoubles?\b|\btrebles?\b|\btickets?\b|\bslip\b|\bcombo\w*|\bcombin\w*|\bsgp\b|\bsame[- ]game"
    r"|\b(?:\d+|two|three|four|five)[- ]?(?:legs?|legged|legger|folds?|teams?|teamer|picks?)\b",
    re.IGNORECASE,
)
ADDED = re.compile(r"\b(?:add|adding|include|including|throw in|plus|with|swap in)\b", re.IGNORECASE)
_PAYS = re.compile(r"\bpay\w*\b|\breturns?\b|\btogether\b", re.IGNORECASE)
_POINT = re.compile(r"(?<![\w.])[+-]\s?\d{1,2}(?:\.\d+)?(?![\d.%:/]\d|\d|%)")
_SIDE = re.compile(
    r"\b(?P<side>over|under|o|u)\s?(?P<point>\d{1,3}(?:\.\d+)?)\b|\b(?P<bare>over|under)\b", re.IGNORECASE
)
_SPREAD = re.compile(r"\bspreads?\b|\bcover\w*\b|\bhandicap\b|\bats\b", re.IGNORECASE)
_DRAW = re.compile(r"\bdraws?\b|\btie\b", re.IGNORECASE)


class AskedLeg(NamedTuple):
    """A leg as a message names it; without a point it is at the consensus line."""

    game: Listed
    market: MarketKey
    outcome: str
    point: float | None


def legs_of(message: str, catalogue: Catalogue) -> tuple[AskedLeg, ...]:
    """Return the legs that a message names; none where it asks for no parlay."""
    found: list[AskedLeg] = []
    for leg in _legs(message, catalogue):
        if leg not in found:
            found.append(leg)
    together = PARLAY_WANTED.search(message) or (
        _PAYS.search(message) and len({leg.game.id for leg in found}) > 1
    )
    return tuple(found[:MOST_LEGS]) if together and len(found) > 1 else ()


def more_legs(message: str, catalogue: Catalogue, legs: tuple[AskedLeg, ...]) -> tuple[AskedLeg, ...]:
    """Return the legs of a parlay that was spoken of with those that a message adds; none where it adds nothing."""
    added = list(dict.fromkeys(_legs(message, catalogue))) if ADDED.search(message) else []
    return tuple(dict.fromkeys((*legs, *added)))[:MOST_LEGS] if added else ()


def _legs(message: str, catalogue: Catalogue) -> Iterator[AskedLeg]:
    waiting: list[tuple[str, float | None]] = []  # totals whose game is named behind them
    last: Listed | None = None
    for part in _BETWEEN.split(message):
        teams = catalogue.find(part).teams
        games = [game for team in teams if (game := catalogue.nearest(team)) is not None]
        side = _SIDE.search(part)
        if side is not None and (side["point"] or teams):
            total = (
                "Over" if (side["side"] or side["bare"])[0] in "oO" else "Under",
                float(side["point"]) if side["point"] else None,
            )
            game = games[0] if games else last
            if game is None:
                waiting.append(total)
            else:
                yield AskedLeg(game, "totals", *total)
        else:
            for game, team in zip(games, teams, strict=False):
                yield from (AskedLeg(game, "totals", *total) for total in waiting)
                waiting.clear()
                yield _of_team(part, game, team)
        last = games[-1] if games else last


def _of_team(part: str, game: Listed, team: Team) -> AskedLeg:
    point = _POINT.search(part)
    if point is not None:
        return AskedLeg(game, "spreads", team.name, float(point.group().replace(" ", "")))
    if _SPREAD.search(part):
        return AskedLeg(game, "spreads", team.name, None)
    return AskedLeg(game, "h2h", "Draw" if _DRAW.search(part) else team.name, None)
