"""The settlement rules, published: in words and as figures, both from the values that the grader uses."""

# ruff: noqa: E501 - a template reads better whole

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from quartapp.documents.table import Document
from quartapp.publish import addresses, rule_shapes
from quartapp.settle.rules import Rules, every_rules
from quartapp.settle.states import CORRECTABLE_FOR

_HOUR = timedelta(hours=1)


def document() -> Document:
    """Return the document of the rules."""
    return Document(addresses.RULES, dict(content()))


def content() -> rule_shapes.SettlementRules:
    """Return the rules of every sport."""
    known = every_rules()
    return {
        "rules": [{"topic": topic, "text": text} for topic, text in texts(known)],
        "sports": [_of_sport(rules, keys) for rules, keys in known.values()],
        "corrected_hours": CORRECTABLE_FOR / _HOUR,
    }


def _of_sport(rules: Rules, keys: tuple[str, ...]) -> rule_shapes.SportRules:
    return {
        "name": rules.name,
        "keys": [key for key in keys if key],
        "overtime": rules.overtime,
        "extra_time": rules.extra_time,
        "postponed_hours": rules.window / _HOUR,
        "longest_hours": rules.longest / _HOUR,
        "unit": rules.unit,
        "minimum": {market: float(least) for market, least in rules.minimum.items()},
        "minimum_ahead": {market: float(least) for market, least in rules.minimum_ahead.items()},
        "source": rules.source,
    }


def texts(known: dict[str, tuple[Rules, tuple[str, ...]]]) -> Iterator[tuple[str, str]]:
    """Yield (topic, sentence), each sentence whole by itself; docs/settlement.md has them in full."""
    window = _hours({rules.window for rules, _ in known.values()})
    yield (
        "winner",
        "A winner bet with two outcomes pays the team with the higher score; with the draw as a third outcome a level score pays the draw.",
    )
    yield (
        "spread",
        "A spread adds the line to the team's score: above the other team's score it is won, level a push, below lost.",
    )
    yield "total", "A total compares both scores together with the line: on it exactly is a push."
    yield (
        "push",
        "A push returns the stake: the score lands exactly on the line, or is level where a winner bet has no draw.",
    )
    yield (
        "quarter",
        "A quarter line splits the bet between the lines beside it: a win and a push make it half won, a loss and a push half lost.",
    )
    yield (
        "half",
        "Half won pays half the stake at the price and returns the other half; half lost returns half the stake.",
    )
    yield (
        "overtime",
        "In football, basketball, baseball and hockey, overtime, extra innings and shootouts count for the winner, the spread and the total.",
    )
    soccer = known["soccer"][0].minimum["h2h"]
    yield (
        "extra_time",
        f"In soccer regular time, {soccer:g} minutes, and injury time count, and nothing after.",
    )
    yield "regulation", "A bet with the draw as an outcome is always about regulation."
    yield (
        "regulation_unknown",
        "In a cup a bet about regulation stays open while nobody has told how the game stood at its end, and is never guessed at.",
    )
    yield (
        "postponed",
        f"A postponed game stays open until {window} after its planned start, and is void if it begins later.",
    )
    yield (
        "suspended",
        f"A suspended game stays open until {window} after its planned start, and then counts as abandoned.",
    )
    yield "cancelled", "A cancelled game is void, and a void bet returns the stake."
    yield (
        "abandoned",
        f"An abandoned game counts only if enough of it was played; otherwise its bets stay open until {window} after its planned start, and are then void.",
    )
    yield (
        "forfeited",
        "A forfeited game, an awarded one and a walkover are void, whatever score is put down for them.",
    )
    yield from _minimum(known)
    yield "parlay_lost", "A lost leg loses the parlay at once."
    yield "parlay_push", "In a parlay a pushed or void leg drops out, and the others are priced without it."
    yield "parlay_empty", "If no leg of a parlay is left, the stake is returned."
    yield (
        "corrected",
        f"When an official score is corrected within {CORRECTABLE_FOR / _HOUR:g} hours of the end, the bets on that game are graded anew.",
    )


def _minimum(known: dict[str, tuple[Rules, tuple[str, ...]]]) -> Iterator[tuple[str, str]]:
    named = {
        "football": "football", "nba": "the NBA", "basketball": "other basketball", "hockey_north_america": "the NHL",
        "hockey": "other hockey", "soccer": "soccer", "soccer_league": "a national soccer league",
    }  # fmt: skip
    for name, title in named.items():
        rules = known[name][0]
        yield (
            f"minimum_{name}",
            f"A game of {title} that is cut short counts once {rules.minimum['h2h']:g} {rules.unit} were played.",
        )
    baseball = known["baseball"][0]
    yield (
        "minimum_baseball",
        (
            f"A game of baseball that is cut short counts once {baseball.minimum['h2h']:g} innings were played for the winner and "
            f"{baseball.minimum['totals']:g} for spreads and totals; where the home team leads, {baseball.minimum_ahead['h2h']:g} and "
            f"{baseball.minimum_ahead['totals']:g}."
        ),
    )


def _hours(windows: set[timedelta]) -> str:
    if len(windows) == 1:
        return f"{windows.pop() / _HOUR:g} hours"
    return f"{min(windows) / _HOUR:g} to {max(windows) / _HOUR:g} hours, by sport,"
