"""What odds like -110 mean: in words, with a published price as the example, because a figure needs a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from quartapp.bot import texts
from quartapp.bot.catalogue import Catalogue
from quartapp.bot.facts import Sentence
from quartapp.bot.game_facts import MARKETS, Priced, read_game
from quartapp.bot.library import Reads
from quartapp.bot.said import pointed, price_text
from quartapp.odds.formats import american_to_decimal

GAMES_LOOKED_AT = 40
_AMERICAN = re.compile(r"(?<![\w.])[+-]\d{3,5}(?![\w.])")
_DECIMAL = re.compile(r"(?<![\w.+-])\d{1,3}\.\d{1,3}(?![\w.])")


def answer(message: str, reads: Reads, catalogue: Catalogue) -> Iterator[Sentence]:
    """Yield what the odds in a message say, and what a published price of the same says."""
    american, decimal = _AMERICAN.search(message), _DECIMAL.search(message)
    if american is None and decimal is None:
        yield from map(Sentence, texts.meaning_for(message))
        return
    yield Sentence(texts.odds_for(american=american is not None))
    wanted = float(american.group()) if american else float(decimal.group()) if decimal else 0.0
    example = next(_examples(wanted, reads, catalogue, in_american=american is not None), None)
    yield Sentence(texts.NO_SUCH_PRICE) if example is None else example


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
