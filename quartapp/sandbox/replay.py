"""Recorded odds, served as if they were now: each file's times moved by one constant, prices untouched."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

EARLIEST_IN = timedelta(hours=24)


class ReplayError(ValueError):
    """The folder holds nothing to replay; the message says what was looked for."""


def load(folder: Path, start: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return {sport_key: events} of every ``*.json`` in `folder` that holds v4 events with odds.

    A file is an array of events, one event, or either under ``data`` as the historical answers have it.
    The earliest game of each file starts 24 hours after `start`. An event that two files hold is taken
    from the later one, by name. What cannot be replayed is passed over with one line a file on standard
    error. Raises ReplayError when nothing is left.
    """
    recorded: dict[str, dict[str, dict[str, Any]]] = {}
    for path in sorted(folder.glob("*.json")):
        events = _events(path)
        if not events:
            continue
        shift = start + EARLIEST_IN - min(_time(event["commence_time"]) for event in events)
        shift = timedelta(seconds=round(shift.total_seconds()))
        for event in events:
            recorded.setdefault(event["sport_key"], {})[event["id"]] = _moved(event, shift)
    if not recorded:
        raise ReplayError(f"{folder} has no *.json file with an array of v4 events with bookmakers.")
    return {key: list(events.values()) for key, events in recorded.items()}


def _events(path: Path) -> list[dict[str, Any]]:
    try:
        body = orjson.loads(path.read_bytes())
    except (orjson.JSONDecodeError, OSError) as problem:
        _pass_over(path, f"it is no JSON ({type(problem).__name__})")
        return []
    if isinstance(body, dict) and "data" in body:
        body = body["data"]  # the historical endpoints' wrapper
    listed = body if isinstance(body, list) else [body]
    sound: list[dict[str, Any]] = []
    first = ""
    for number, event in enumerate(listed):
        try:
            _moved(event, timedelta(0))
            sound.append(event)
        except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as problem:
            first = first or f"the first is number {number + 1} ({type(problem).__name__}: {problem!s:.60})"
    if first:
        _pass_over(
            path, f"{len(listed) - len(sound)} of {len(listed)} events are no v4 events with odds; {first}"
        )
    return sound


def _pass_over(path: Path, why: str) -> None:
    sys.stderr.write(f"replay: {path.name}: passed over: {why}\n")


def _moved(event: dict[str, Any], shift: timedelta) -> dict[str, Any]:
    """Return the event as v4 writes it today, its times moved. What v4 does not know is left out."""
    if not isinstance(event["bookmakers"], list):
        raise TypeError("bookmakers is no list")
    books = [
        {
            **_timed(book, shift),
            "markets": [_timed(market, shift) for market in book.get("markets") or []],
        }
        for book in event["bookmakers"]
    ]
    if any("key" not in market for book in books for market in book["markets"]):
        raise TypeError("a market has no key")
    kept = ("id", "sport_key", "home_team", "away_team")
    if not all(isinstance(event[name], str) and event[name] for name in kept):
        raise TypeError("a name is no text")
    return {name: event[name] for name in kept} | {
        "sport_title": event.get("sport_title") or event["sport_key"],
        "commence_time": _shifted(event["commence_time"], shift),
        "bookmakers": books,
    }


def _timed(one: dict[str, Any], shift: timedelta) -> dict[str, Any]:
    if one.get("last_update") is None:
        return one
    return {**one, "last_update": _shifted(one["last_update"], shift)}


def _shifted(time: str | int, shift: timedelta) -> str:
    return (_time(time) + shift).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(time: str | int) -> datetime:
    """Read ISO 8601, or the seconds that ``dateFormat=unix`` answers."""
    if isinstance(time, int) and not isinstance(time, bool):
        return datetime.fromtimestamp(time, UTC)
    return datetime.fromisoformat(str(time)).astimezone(UTC)
