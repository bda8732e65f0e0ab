"""The published picks, or that there are none."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from quartapp.bot import texts
from quartapp.bot.facts import Sentence
from quartapp.bot.game_facts import read_game
from quartapp.bot.library import PICKS, Reads

PICKS_TOLD = 6


def picks(reads: Reads, games: Collection[str] = ()) -> Iterator[Sentence]:
    """Yield each pick that may be said, with its price; of `games` alone if there are any."""
    source = reads.read(PICKS)
    listed = (source.at("picks") if source else None) or []
    told = False
    wanted = [(place, pick) for place, pick in enumerate(listed) if not games or pick["game_id"] in games]
    if games and not wanted:
        yield Sentence(texts.NO_PICK_OF)
        return
    for place, pick in wanted[:PICKS_TOLD]:
        game = read_game(reads, pick["game_id"])
        said = game.said(pick["outcome"]) if game else None
        book = game.books().get(pick["bookmaker"]) if game else None
        if source is None or game is None or said is None or book is None:
            continue
        where = ("picks", place)
        price = source.fact(*where, "price_american", kind="price", names=(said,))
        facts = [*game.teams(), book, price]
        line = ""
        if pick.get("point") is not None:
            facts.append(source.fact(*where, "point", kind="point"))
            line = f" {pick['point']:+g}" if pick["market"] == "spreads" else f" {pick['point']:g}"
        told = True
        yield Sentence(
            f"A published pick in {game.away} at {game.home}: {said}{line}, {pick['price_american']:+g} at "
            f"{book.names[0]}.",
            tuple(facts),
        )
    yield Sentence(
        "A pick is where a price and the consensus differ, and no advice to bet." if told else texts.NO_PICKS
    )
