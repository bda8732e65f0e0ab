"""Where the data comes from, how fresh it is, and how well the service is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from quartapp.bot import texts
from quartapp.bot.facts import Sentence
from quartapp.bot.library import STATUS, Reads
from quartapp.bot.numerals import parse_time
from quartapp.publish import addresses


def status(reads: Reads) -> Iterator[Sentence]:
    """Yield the source of the data, when prices were last updated, and the status."""
    source = reads.read(addresses.SPORTS)
    if source is None:
        yield Sentence(texts.NOT_ABLE)
        return
    made = source.at("source")
    words = {
        "sandbox": "made up for development",
        "replay": "replayed from recordings",
        "live": "from live feeds",
    }
    yield Sentence(
        f"The data here is {words.get(str(made), 'of an unknown source')}.",
        (source.fact("source", kind="text"),),
    )
    updated = [
        (moment, place)
        for place, sport in enumerate(source.at("sports") or ())
        if (moment := parse_time(sport.get("odds_updated_at")))
    ]
    if updated:
        moment, place = max(updated)
        fact = source.fact("sports", place, "odds_updated_at", kind="time")
        yield Sentence(f"Prices were last updated on {_said(moment)}.", (fact,))
    state = reads.read(STATUS)
    if state is not None and state.at("state") in ("ok", "degraded", "down"):
        yield Sentence(
            f"The status of the service is {state.at('state')}.", (state.fact("state", kind="text"),)
        )


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d} at {moment:%H:%M} UTC"
