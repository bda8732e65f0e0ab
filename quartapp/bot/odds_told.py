"""What odds like -110 mean: in words, with a published price as the example, because a figure needs a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from quartapp.bot import texts
from quartapp.bot.catalogue import Catalogue
from quartapp.bot.facts import Sentence
from quartapp.bot.game_facts import MARKETS, Priced, read_game
from quartapp.bot.library import Reads
from quartapp.bot.said import pointed, price_text
from quartapp.odds.formats import american_to_decimal

GAMES_LOOKED_AT = 40
_AMERICAN = re.compile(r"(?<![\w.])[+-]\d{3,5}(?![\w.])")
_FRACTION = re.compile(r"(?<![\w./])(\d{1,3})/(\d{1,3})(?![\w./])")
_EVENS = re.compile(r"\bevens\b|\beven money\b", re.IGNORECASE)
_FAIR = re.compile(r"\bno[- ]?vig\b|\bfair\b", re.IGNORECASE)
_DECIMAL = re.compile(r"(?<![\w.+-])\d{1,3}\.\d{1,3}(?![\w.])")


def answer(message: str, reads: Reads, catalogue: Catalogue) -> Iterator[Sentence]:
    """Yield what the odds in a message say, and what a published price of the same says."""
    if _FAIR.search(message):
        yield from map(Sentence, texts.meaning_for("no-vig"))
    wanted = _wanted(message)
    if wanted is None:
        yield from map(Sentence, texts.meaning_for(message))
        return
    value, in_american = wanted
    yield Sentence(texts.odds_for(american=in_american))
    example = next(_examples(value, reads, catalogue, in_american=in_american), None)
    yield Sentence(texts.NO_SUCH_PRICE) if example is None else example


def _wanted(message: str) -> tuple[float, bool] | None:
    """Return the price that a message asks about, and whether it is looked for in American odds."""
    if american := _AMERICAN.search(message):
        return float(american.group()), True
    if decimal := _DECIMAL.search(message):
        return float(decimal.group()), False
    if (fraction := _FRACTION.search(message)) and int(fraction[1]) and int(fraction[2]):
        for_each = Fraction(int(fraction[1]), int(fraction[2]))
        return float(round(100 * for_each if for_each >= 1 else -100 / for_each)), True
    return (100.0, True) if _EVENS.search(message) else None


def _examples(wanted: float, reads: Reads, catalogue: Catalogue, *, in_american: bool) -> Iterator[Sentence]:
    upcoming = [game for game in catalogue.games if game.status == "scheduled"]
    for listed in upcoming[:GAMES_LOOKED_AT]:
        game = read_game(reads, listed.id)
        for key in MARKETS:
            for quote in game.quotes(key) if game else ():
                if wanted == (quote.american if in_american else quote.decimal):
                    yield _example(quote)


def _example(quote: Priced) -> Sentence:
    chance = 100 / quote.decimal
    received_decimal = quote.facts[0].path.endswith("price_decimal")
    other = f", {quote.american:+g} in American odds" if received_decimal else ""
    if not received_decimal:
        chance = float(100 / american_to_decimal(Decimal(str(quote.american))))
    said = f"{quote.outcome}{pointed(quote)} at {quote.book}: {price_text(quote)}{other}"
    return Sentence(f"For example {said}, which implies {chance:.1f}%.", quote.facts)
