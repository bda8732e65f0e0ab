"""Who helps in a region, and from which age on betting is lawful there."""

from __future__ import annotations

from collections.abc import Iterator

from quartapp.bot import texts
from quartapp.bot.facts import Sentence
from quartapp.bot.library import Reads, help_for

HELPLINES_TOLD = 3


def helplines(reads: Reads, region: str | None) -> Iterator[Sentence]:
    """Yield who helps in a region, the nearest first."""
    source = help_for(reads, region)
    if source is None:
        yield Sentence(texts.NO_HELPLINE)
        return
    for place, line in enumerate(source.at("helplines")[:HELPLINES_TOLD]):
        names = tuple(text for text in (line["name"], line["phone"]) if text)
        facts = [source.fact("helplines", place, "name", kind="text", names=names)]
        where = []
        for part in ("phone", "url"):
            if line[part]:
                facts.append(source.fact("helplines", place, part, kind="text", names=names))
                where.append(line[part])
        yield Sentence(
            f"{'Help is at' if place == 0 else 'Also'} {line['name']}: {', '.join(where)}.", tuple(facts)
        )


def age(reads: Reads, region: str | None) -> Iterator[Sentence]:
    """Yield the lawful age."""
    source = help_for(reads, region)
    if source is None:
        yield Sentence(texts.NOT_ABLE)
        return
    lawful = source.fact("age", kind="number")
    yield Sentence(f"The lawful age for betting in your region is {lawful.value}.", (lawful,))
