"""Filters and pages of game lists, computed from the documents in memory and never from the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from ops.web.problems import ProblemError, invalid
from quartapp.documents.copy import Copy
from quartapp.documents.held import HeldDocuments
from quartapp.publish.cursor import CursorError, decode, encode

STATUSES = ("scheduled", "live", "postponed")
DEFAULT_LIMIT, MAX_LIMIT = 100, 500
PARAMETERS = ("sport", "limit", "cursor", "from", "to", "market", "bookmaker", "status")


@dataclass(frozen=True, slots=True)
class GameQuery:
    """What a frontend asks of /api/games."""

    sport: str | None = None
    limit: int = DEFAULT_LIMIT
    after: tuple[datetime, str] | None = None
    starts_from: datetime | None = None
    starts_to: datetime | None = None
    market: str | None = None
    bookmaker: str | None = None
    status: str | None = None

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> GameQuery:
        """Return the query of request parameters. Raises ProblemError (422) naming the parameter."""
        for name in given:
            if name not in PARAMETERS:
                raise invalid(name, f"is no parameter of this; there are {', '.join(PARAMETERS)}")
        status = given.get("status") or None
        if status is not None and status not in STATUSES:
            raise invalid("status", f"must be one of {', '.join(STATUSES)}")
        try:
            after = decode(given["cursor"]) if given.get("cursor") else None
        except CursorError as problem:
            raise invalid("cursor", str(problem)) from None
        return cls(
            given.get("sport") or None,
            _limit(given.get("limit")),
            after,
            _moment("from", given.get("from")),
            _moment("to", given.get("to")),
            given.get("market") or None,
            given.get("bookmaker") or None,
            status,
        )


def _limit(text: str | None) -> int:
    if not text:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MAX_LIMIT):
        raise invalid("limit", f"must be a whole number from 1 to {MAX_LIMIT}")
    return int(text)


def _moment(name: str, text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        # A plus sign in a query is a space once it is decoded.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise invalid(name, "must be a date or an RFC 3339 time") from None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError):
        raise invalid(name, "is out of range") from None


def select(documents: HeldDocuments, query: GameQuery, key: str) -> Copy:
    """Return the answer to a query, kept for the next who asks. Raises ProblemError (404, 503)."""
    pages = _pages(documents, query.sport)
    games = [game for page in pages for game in page["games"] if _suits(game, query)]
    games.sort(key=_position)
    if query.after is not None:
        seconds, game_id = query.after
        after = (seconds.strftime("%Y-%m-%dT%H:%M:%SZ"), game_id)
        games = [game for game in games if _position(game) > after]
    chosen = [_narrowed(game, query) for game in games[: query.limit]]
    following = None
    if len(games) > query.limit:
        last = games[query.limit - 1]
        following = encode(datetime.fromisoformat(last["commence_time"]), last["id"])
    newest = max((page["generated_at"] for page in pages), default="1970-01-01T00:00:00Z")
    source = pages[0]["source"] if pages else "live"
    body = orjson.dumps(
        {"generated_at": newest, "source": source, "sport": query.sport, "games": chosen, "next": following}
    )
    link = None if following is None else f'<{_next_target(key, following)}>; rel="next"'
    return documents.derive(key, body, datetime.fromisoformat(newest), link)


def _pages(documents: HeldDocuments, sport: str | None) -> list[dict[str, Any]]:
    firsts = [f"/api/games?sport={sport}"] if sport else sorted(documents.keys("/api/games?sport="))
    pages: list[dict[str, Any]] = []
    for first in firsts:
        held = documents.get(first)
        while held is not None:
            page = orjson.loads(held.body)
            pages.append(page)
            following = page["next"]
            held = (
                documents.get(f"/api/games?cursor={following}&sport={page['sport']}") if following else None
            )
    if not pages and not documents.warm:
        raise ProblemError(503)
    if sport and not pages:
        raise ProblemError(404, "There is no such sport; see /api/sports.")
    return pages


def _position(game: dict[str, Any]) -> tuple[str, str]:
    return game["commence_time"], game["id"]


def _suits(game: dict[str, Any], query: GameQuery) -> bool:
    if query.status is not None and game["status"] != query.status:
        return False
    if query.starts_from is not None or query.starts_to is not None:
        starts = datetime.fromisoformat(game["commence_time"])
        if query.starts_from is not None and starts < query.starts_from:
            return False
        if query.starts_to is not None and starts > query.starts_to:
            return False
    return True


def _narrowed(game: dict[str, Any], query: GameQuery) -> dict[str, Any]:
    """Keep the asked book's and market's prices only; the game itself stays listed."""
    if query.market is None and query.bookmaker is None:
        return game
    books = [book for book in game["bookmakers"] if query.bookmaker in (None, book["key"])]
    if query.market is not None:
        books = [
            {**book, "markets": [m for m in book["markets"] if m["key"] == query.market]} for book in books
        ]
        books = [book for book in books if book["markets"]]
    return {**game, "bookmakers": books}


def _next_target(key: str, cursor: str) -> str:
    path, _, query = key.partition("?")
    from urllib.parse import parse_qsl

    parameters = {**dict(parse_qsl(query)), "cursor": cursor}
    return f"{path}?{urlencode(sorted(parameters.items()))}"
