"""A priced or a suggested parlay as it is said: each figure stands in its document, a leg's price in its game's too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quartapp.bot import texts
from quartapp.bot.asked import Refused
from quartapp.bot.facts import Fact, Sentence, Source
from quartapp.bot.game_facts import GameFacts, Priced, read_game
from quartapp.bot.library import Reads
from quartapp.bot.line_told import Book
from quartapp.bot.parlay_asked import AskedLeg
from quartapp.bot.plain import plain_title
from quartapp.bot.said import percent, pointed, price_text

LEGS_A_SENTENCE = 3
BOOKS_TOLD = 3


def refused(why: Refused, legs: Sequence[AskedLeg], reads: Reads) -> Iterator[Sentence]:
    """Yield why a parlay has no price."""
    game = read_game(reads, legs[why.leg].game.id) if why.leg is not None and why.leg < len(legs) else None
    if why.why == "over" and game is not None:
        status = game.game.fact("game", "status", kind="text")
        yield Sentence(
            f"The game {game.away} at {game.home} is over, so no parlay with it has a price.",
            (*game.teams(), status),
        )
    elif why.why == "conflict":
        yield Sentence(texts.CONFLICT)
    else:
        yield Sentence(texts.UNQUOTED)


def priced(source: Source, reads: Reads, book: Book | None) -> Iterator[Sentence]:
    """Yield the legs, what they pay together, and how likely all of them are. `book`: the one that was asked about."""
    offers = source.at("bookmakers") or []
    titles = {place: title for place, one in enumerate(offers) if (title := plain_title(one["title"]))}
    at = next((place for place in titles if book is None or offers[place]["key"] == book.key), None)
    if source.at("same_game"):
        yield Sentence(texts.SAME_GAME)
    elif at is None:
        if book is None:
            yield Sentence(texts.NO_WHOLE)
        else:
            yield Sentence(f"{book.name} does not take the whole parlay at these lines now.", book.facts)
            at = next(iter(titles), None)
    if at is not None:
        yield from _at_book(source, reads, at, titles[at])
        if book is None:
            yield from _elsewhere(source, [place for place in titles if place != at][:BOOKS_TOLD], titles)
    yield from _fair(source)
    yield Sentence(texts.NO_ADVICE)


def suggested(source: Source, reads: Reads) -> Iterator[Sentence]:
    """Yield a suggested parlay."""
    yield Sentence(texts.SUGGESTION)
    yield from priced(source, reads, None)


def _at_book(source: Source, reads: Reads, place: int, title: str) -> Iterator[Sentence]:
    named = source.fact("bookmakers", place, "title", kind="text", names=(title,), label="a book")
    legs = [
        leg
        for number in range(len(source.at("legs")))
        if (leg := _leg(source, reads, place, number, named)) is not None
    ]
    if len(legs) < len(source.at("legs")):
        return
    for first in range(0, len(legs), LEGS_A_SENTENCE):
        some = legs[first : first + LEGS_A_SENTENCE]
        told = "; ".join(f"{leg.outcome}{pointed(leg)} {price_text(leg)}" for leg in some)
        facts = (*dict.fromkeys(fact for leg in some for fact in leg.facts), named)
        yield Sentence(f"{'The legs' if first == 0 else 'Further legs'} at {title}: {told}.", facts)
    decimal = source.fact("bookmakers", place, "price_decimal", kind="price")
    american = source.fact("bookmakers", place, "price_american", kind="price")
    value = source.fact("bookmakers", place, "expected_value", kind="probability")
    yield Sentence(
        f"If every leg wins, {title} pays {decimal.value:.2f} times the stake, {american.value:+g} in American odds: the "
        f"product of the legs' prices, with an average return of {percent(value.value, sign=True)}.",
        (named, decimal, american, value),
    )


def _leg(source: Source, reads: Reads, place: int, number: int, named: Fact) -> Priced | None:
    """Return a leg and its price, by the parlay's document and the game's own; None where it may not be said."""
    leg, quote = source.at("legs", number), source.at("bookmakers", place, "legs", number)
    game = read_game(reads, leg["game_id"])
    outcome = game.said(leg["outcome"]) if game else None
    if game is None or outcome is None or quote["price_american"] is None:
        return None
    field = "price_decimal" if quote["price_format"] == "decimal" else "price_american"
    facts = [
        source.fact("legs", number, "label", kind="text", names=(outcome, *_teams(game)), label="leg"),
        source.fact("bookmakers", place, "legs", number, field, kind="price", names=(outcome,)),
    ]
    if leg["point"] is not None:
        facts.append(source.fact("legs", number, "point", kind="point"))
    book = source.at("bookmakers", place, "key")
    own = next(
        (
            one
            for one in game.quotes(leg["market"], book)
            if (one.outcome, one.point) == (outcome, leg["point"]) and one.american == quote["price_american"]
        ),
        None,
    )
    if own is not None:
        facts.append(own.facts[0])
    team = outcome
    if leg["market"] == "totals" or outcome == "Draw":
        team = f"{outcome}{'' if leg['point'] is None else format(leg['point'], ' g')} in {game.away} at {game.home}"
        return Priced(
            team, named.names[0], None, quote["price_american"], quote["price_decimal"], _priced(facts, field)
        )
    return Priced(
        team,
        named.names[0],
        leg["point"],
        quote["price_american"],
        quote["price_decimal"],
        _priced(facts, field),
    )


def _priced(facts: list[Fact], field: str) -> tuple[Fact, ...]:
    """Return the facts of a leg, its price first."""
    return tuple(sorted(facts, key=lambda fact: not fact.path.endswith(field)))


def _teams(game: GameFacts) -> tuple[str, ...]:
    return tuple(name for fact in game.teams() for name in fact.names)


def _elsewhere(source: Source, places: Sequence[int], titles: dict[int, str]) -> Iterator[Sentence]:
    if not places:
        return
    told: list[str] = []
    facts: list[Fact] = []
    for place in places:
        price = source.fact("bookmakers", place, "price_decimal", kind="price")
        told.append(f"{titles[place]} {price.value:.2f}")
        facts += [source.fact("bookmakers", place, "title", kind="text", names=(titles[place],)), price]
    yield Sentence(
        f"Elsewhere the whole parlay pays, as a multiple of the stake: {', '.join(told)}.", tuple(facts)
    )


def _fair(source: Source) -> Iterator[Sentence]:
    chance = source.fact("fair", "probability", kind="probability")
    if chance.value is None or chance.value < 0.0005:
        return
    price = source.fact("fair", "price_decimal", kind="price")
    yield Sentence(
        f"By the consensus every leg wins {percent(chance.value)} of the time; the fair price is {price.value:.2f} in "
        "decimal odds.",
        (chance, price),
    )
