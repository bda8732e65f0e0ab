"""Recorded odds, served as if they were now: each file's times moved by one constant, prices untouched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

EARLIEST_IN = timedelta(hours=24)


class ReplayError(ValueError):
    """The folder holds nothing to replay; the message says what was looked for."""


def load(folder: Path, start: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return {sport_key: events} of every ``*.json`` in `folder` that holds an array of v4 events with odds.

    The earliest game of each file starts 24 hours after `start`. An event that two files hold is taken
    from the later one, by name. Raises ReplayError.
    """
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for path in sorted(folder.glob("*.json")):
        events = _events(path)
        if not events:
            continue
        shift = start + EARLIEST_IN - min(_time(event["commence_time"]) for event in events)
        shift = timedelta(seconds=round(shift.total_seconds()))
        for event in events:
            found.setdefault(event["sport_key"], {})[event["id"]] = _moved(event, shift)
    if not found:
        raise ReplayError(f"{folder} has no *.json file with an array of v4 events with bookmakers.")
    return {key: list(events.values()) for key, events in found.items()}


def _events(path: Path) -> list[dict[str, Any]]:
    try:
        body = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        return []
    wanted = {"id", "sport_key", "commence_time", "home_team", "away_team", "bookmakers"}
    if not isinstance(body, list):
        return []
    return [event for event in body if isinstance(event, dict) and wanted <= event.keys()]


def _moved(event: dict[str, Any], shift: timedelta) -> dict[str, Any]:
    """Return the event as v4 writes it today, its times moved. What v4 does not know is left out."""
    books = [
        {
            **_timed(book, shift),
            "markets": [_timed(market, shift) for market in book.get("markets") or []],
        }
        for book in event["bookmakers"]
    ]
    kept = ("id", "sport_key", "home_team", "away_team")
    return {name: event[name] for name in kept} | {
        "sport_title": event.get("sport_title") or event["sport_key"],
        "commence_time": _shifted(event["commence_time"], shift),
        "bookmakers": books,
    }


def _timed(one: dict[str, Any], shift: timedelta) -> dict[str, Any]:
    if one.get("last_update") is None:
        return one
    return {**one, "last_update": _shifted(one["last_update"], shift)}


def _shifted(text: str, shift: timedelta) -> str:
    return (_time(text) + shift).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
