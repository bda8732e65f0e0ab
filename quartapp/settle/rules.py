"""The rules of settlement by sport, read from rules.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from quartapp.odds.market_keys import MARKETS, MarketKey

Market = MarketKey


@dataclass(frozen=True, slots=True)
class Rules:
    """A sport's rules. `longest` is how long a game may take, `extra_time` whether any is played past regulation.

    `overtime_margin` is the most that play after regulation can win by, where there is such a most. `minimum` and
    `minimum_ahead` are in `unit`; a market without one needs no minimum.
    """

    name: str
    overtime: bool
    level_overtime: bool
    overtime_margin: int | None
    extra_time: bool
    window: timedelta
    longest: timedelta
    unit: str
    minimum: Mapping[Market, Decimal]
    minimum_ahead: Mapping[Market, Decimal]
    source: str

    def least(self, market: Market, *, home_leads: bool) -> Decimal | None:
        """Return the play that a bet of this market needs; None when any will do."""
        ahead = self.minimum_ahead.get(market) if home_leads else None
        return self.minimum.get(market) if ahead is None else ahead


def read_rules(text: str) -> dict[str, Rules]:
    """Return rules by prefix of sport key. Raises ValueError when a table is incomplete or a prefix is repeated."""
    by_prefix: dict[str, Rules] = {}
    for name, table in tomllib.loads(text).items():
        try:
            rules = _rules(name, table)
            prefixes = list(table["keys"])
        except (KeyError, TypeError, ArithmeticError) as problem:
            raise ValueError(f"the settlement rules of {name} are incomplete: {problem!r}") from None
        for prefix in prefixes:
            if prefix in by_prefix:
                raise ValueError(
                    f"{prefix!r} has settlement rules twice: {by_prefix[prefix].name} and {name}"
                )
            by_prefix[prefix] = rules
    if "" not in by_prefix:
        raise ValueError('no settlement rules for every other sport: a table with keys = [""]')
    return by_prefix


def _rules(name: str, table: Mapping[str, Any]) -> Rules:
    return Rules(
        name,
        bool(table["overtime"]),
        bool(table["level_overtime"]),
        table.get("overtime_margin"),
        bool(table.get("extra_time", True)),
        timedelta(hours=table["postponed_hours"]),
        timedelta(hours=table.get("longest_hours", 12)),
        table["unit"],
        {market: Decimal(table["minimum"][market]) for market in MARKETS if market in table["minimum"]},
        {
            market: Decimal(table["minimum_ahead"][market])
            for market in MARKETS
            if market in table.get("minimum_ahead", {})
        },
        table["source"],
    )


@cache
def _shipped() -> dict[str, Rules]:
    return read_rules(files("quartapp.settle").joinpath("rules.toml").read_text(encoding="utf-8"))


@cache
def rules_of(sport_key: str) -> Rules:
    """Return the rules of a sport: those of the longest prefix of its key.

    >>> rules_of("basketball_nba").name, rules_of("basketball_euroleague").name, rules_of("cricket_ipl").name
    ('nba', 'basketball', 'default')
    """
    shipped = _shipped()
    return shipped[max((prefix for prefix in shipped if sport_key.startswith(prefix)), key=len)]


def every_rules() -> dict[str, tuple[Rules, tuple[str, ...]]]:
    """Return each table of rules by its name, with the prefixes of sport keys that it is for."""
    found: dict[str, tuple[Rules, tuple[str, ...]]] = {}
    for prefix, rules in _shipped().items():
        found[rules.name] = rules, (*found.get(rules.name, (rules, ()))[1], prefix)
    return found


def shortest_window() -> timedelta:
    """Return the shortest time after which an unplayed game is void in any sport.

    >>> shortest_window()
    datetime.timedelta(days=2)
    """
    return min(rules.window for rules in _shipped().values())
