"""The record of the picks, or that there is none yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from quartapp.bot import texts
from quartapp.bot.facts import Sentence, Source
from quartapp.bot.library import TRACK_RECORD, Reads
from quartapp.bot.said import percent


def record(reads: Reads, sport: str | None) -> Iterator[Sentence]:
    """Yield the record of a sport, or of every sport that has one."""
    source = reads.read(TRACK_RECORD)
    told = False
    for place, row in enumerate((source.at("sports") if source else None) or ()):
        if source is None or (sport is not None and row.get("sport") != sport):
            continue
        sentence = _record_of(source, place, row)
        if sentence is not None:
            told = True
            yield sentence
    if not told:
        yield Sentence(texts.NO_RECORD)


def _record_of(source: Source, place: int, row: dict[str, Any]) -> Sentence | None:
    picks = row.get("picks") or {}
    if not picks.get("graded"):
        return None
    facts = [source.fact("sports", place, "sport", kind="text", names=(row["sport"],))]
    parts = []
    for name in ("graded", "won", "lost", "push"):
        if isinstance(picks.get(name), int):
            facts.append(source.fact("sports", place, "picks", name, kind="number"))
            parts.append(f"{name} {picks[name]}")
    text = f"Picks in {row['sport']}: {', '.join(parts)}"
    roi, interval = picks.get("roi"), picks.get("roi_interval")
    if roi is not None:
        facts.append(source.fact("sports", place, "picks", "roi", kind="probability"))
        text += f"; return {percent(roi, sign=True)}"
        if isinstance(interval, list) and len(interval) == 2 and None not in interval:
            facts += [
                source.fact("sports", place, "picks", "roi_interval", end, kind="probability")
                for end in (0, 1)
            ]
            text += f", with an interval from {percent(interval[0], sign=True)} to {percent(interval[1], sign=True)}"
    closing = picks.get("closing_line_value")
    if closing is not None:
        facts.append(source.fact("sports", place, "picks", "closing_line_value", kind="probability"))
        text += f"; against the closing line {percent(closing, sign=True)}"
    return Sentence(f"{text}.", tuple(facts))
