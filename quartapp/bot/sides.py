"""The games of which a model's sentence cites facts: who plays where, how each stands, and who is likelier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from quartapp.bot.check import normalise
from quartapp.bot.facts import Fact
from quartapp.bot.game_facts import SIDES
from quartapp.odds.formats import PriceError, american_to_decimal
from quartapp.publish.addresses import OF_GAMES


@dataclass(slots=True)
class Sides:
    """One game as far as it is cited; teams by their names in one spelling."""

    home: str | None = None
    away: str | None = None
    status: str | None = None
    teams: set[str] = field(default_factory=set)
    scores: dict[str, float] = field(default_factory=dict)
    chances: dict[str, float] = field(default_factory=dict)
    implied: dict[str, float] = field(default_factory=dict)
    points: dict[str, float] = field(default_factory=dict)


def game_of(fact: Fact) -> str | None:
    """Return the id of the game that a fact's document is of, None where it is of none."""
    return next((fact.document.removeprefix(key) for key in OF_GAMES if fact.document.startswith(key)), None)


def market_of(fact: Fact) -> str | None:
    """Return the market that a price, a chance, a hold or a line is of."""
    if fact.kind not in ("price", "probability", "point"):
        return None
    words = {"h2h": "winner", "spreads": "spread", "totals": "total"}
    by_path = next((market for key, market in words.items() if f"/markets/{key}/" in fact.path), None)
    return by_path or next((market for market in words.values() if market in fact.label.split()), None)


def games_of(facts: Iterable[Fact]) -> dict[str, Sides]:
    """Return the games of facts by id."""
    games: dict[str, Sides] = {}
    for fact in (one for cited in facts for one in (cited, *cited.beside)):
        game = game_of(fact)
        if game is not None:
            _note(games.setdefault(game, Sides()), fact)
    return games


def _note(sides: Sides, fact: Fact) -> None:
    if fact.path == "/game/status":
        sides.status = str(fact.value)
    name = normalise(fact.names[0]) if fact.names else None
    if name is None or name in SIDES:
        if name == "Draw" and fact.kind == "probability" and "/consensus/" in fact.path:
            sides.chances[name] = float(fact.value)
        return
    if fact.path.endswith("/home_team"):
        sides.home = name
    elif fact.path.endswith("/away_team"):
        sides.away = name
    elif "/scores/" in fact.path:
        sides.scores[name] = float(fact.value)
    elif market_of(fact) == "winner":
        _note_chance(sides, name, fact)
    elif fact.kind == "point" and market_of(fact) == "spread":
        sides.points[name] = float(fact.value)
    else:
        return
    sides.teams.add(name)


def _note_chance(sides: Sides, name: str, fact: Fact) -> None:
    if fact.kind == "probability" and "/consensus/" in fact.path:
        sides.chances[name] = float(fact.value)
    elif fact.kind == "price":
        try:
            is_american = fact.path.endswith("price_american")
            decimal = american_to_decimal(fact.value) if is_american else Fraction(str(fact.value))
        except PriceError:
            return
        sides.implied[name] = float(1 / decimal)
