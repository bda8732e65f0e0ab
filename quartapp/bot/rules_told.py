"""How bets are settled, in the words of the published rules, each sentence cited."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quartapp.bot import texts
from quartapp.bot.facts import Sentence
from quartapp.bot.library import Reads
from quartapp.publish import addresses

# What a message asks about, and the topics of the document that answer it. The first row that fits counts.
_ASKED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\bcorrect", ("corrected",)),
    (r"\bpostpone|\brain|\bmoved\b|\bdelay|\breschedul|\baplaza", ("postponed", "cancelled")),
    (r"\bcancel|\bno contest|\bcalled off", ("cancelled",)),
    (
        r"\binnings?\b(?<!extra innings)|\bbaseball\b.*\b(?:minimum|enough|shorten)",
        ("minimum_baseball", "abandoned"),
    ),
    (
        r"\b(?:min|minimum|enough|shortest|how (?:many|long|much))\b.*\b(?:minutes?|play(?:ed)?|count)\b|\bofficial\b",
        ("minimum", "abandoned"),
    ),
    (r"\babandon|\bsuspend|\bshorten|\binterrupt|\bcut short", ("abandoned", "suspended")),
    (r"\bextra time|\bpenalt|\bstoppage|\binjury time|\b90 min", ("extra_time", "overtime", "regulation")),
    (r"\bovertime|\bot\b|\bextra innings|\bshoot|\bregulation", ("overtime", "extra_time", "regulation")),
    (r"\bhalf[- ](?:won|win|lost|loss)|\bquarter|\basian", ("quarter", "half")),
    (
        r"\b(?:parlay|leg|acca)\w*\b.*\b(?:push|void|tie|drop|cancel)|\b(?:push|void|tie|drop)\w*\b.*\b(?:parlay|leg|acca)",
        ("parlay_push", "push", "parlay_empty"),
    ),
    (r"\bpush|\bti(?:e|es|ed)\b|\blevel\b|\bdraws?\b", ("push", "parlay_push")),
    (r"\bvoid|\bdrops? out|\brefund|\breturned", ("cancelled", "parlay_push")),
    (r"\bparlay|\bleg|\baccumulator|\bacca", ("parlay_lost", "parlay_push", "parlay_empty")),
    (r"\bspread|\bhandicap|\bats\b", ("spread",)),
    (r"\btotal|\bover|\bunder", ("total",)),
)
_GENERAL = ("winner", "spread", "total", "push", "cancelled", "postponed")
_MINIMUM = (
    (r"\bnba\b", "minimum_nba"),
    (r"\bbasketball\b", "minimum_basketball"),
    (r"\b(?:nhl|ahl)\b", "minimum_hockey_north_america"),
    (r"\bhockey\b", "minimum_hockey"),
    (r"\b(?:soccer|epl|mls|premier league)\b", "minimum_soccer"),
    (r"\b(?:baseball|mlb)\b", "minimum_baseball"),
    (r"\b(?:nfl|ncaaf|football)\b", "minimum_football"),
)
_LEAGUES = ("NBA", "NHL")  # names that the rules say, and no team's


def answer(message: str, reads: Reads) -> Iterator[Sentence]:
    """Yield the published rules that a message asks about."""
    source = reads.read(addresses.RULES)
    listed = (source.at("rules") if source else None) or []
    places = {rule["topic"]: place for place, rule in enumerate(listed)}
    told = False
    for topic in _topics(message):
        place = places.get(topic)
        if source is not None and place is not None:
            told = True
            yield Sentence(
                listed[place]["text"], (source.fact("rules", place, "text", kind="text", names=_LEAGUES),)
            )
    if not told:
        yield Sentence(texts.NO_RULES)


def _topics(message: str) -> Iterator[str]:
    text = message.casefold()
    asked = next((topics for pattern, topics in _ASKED if re.search(pattern, text)), _GENERAL)
    sport = next((topic for pattern, topic in _MINIMUM if re.search(pattern, text)), None)
    for topic in asked:
        if topic == "minimum":
            yield from (sport,) if sport else (topic for _, topic in _MINIMUM)
        else:
            yield topic
            if topic == "abandoned" and sport is not None and "minimum" not in asked:
                yield sport
