"""Games with the asked book's and market's prices only, made once a version of the documents."""

from __future__ import annotations

from collections.abc import Callable

import orjson

NARROWED_BYTES = 8 * 1024 * 1024
OVERHEAD_BYTES = 300  # of an entry
LARGEST_NAME = (
    64  # of a market or a bookmaker: what is longer is none that a document has, and not worth keeping
)

Raw = bytes | memoryview
Position = tuple[str, str]


class Narrowed:
    """Keeps narrowed games within `max_bytes`, so that questions which differ in time and length share them."""

    def __init__(self, max_bytes: int = NARROWED_BYTES) -> None:
        self._max_bytes = max_bytes
        self._version = -1
        self._games: dict[tuple[str | None, str | None, Position], Raw] = {}
        self._bytes = 0

    def of(self, version: int, market: str | None, bookmaker: str | None) -> Callable[[Position, Raw], Raw]:
        """Return what makes a game of the documents' `version` as a question wants it, from its place and its bytes."""
        if market is None and bookmaker is None:
            return lambda _, raw: raw
        if len(market or "") > LARGEST_NAME or len(bookmaker or "") > LARGEST_NAME:
            return lambda _, raw: narrow(raw, market, bookmaker)

        def game(position: Position, raw: Raw) -> Raw:
            if version != self._version:
                self._forget(version)
            key = market, bookmaker, position
            kept = self._games.get(key)
            if kept is None:
                kept = narrow(raw, market, bookmaker)
                size = len(kept) + OVERHEAD_BYTES
                if self._bytes + size > self._max_bytes:
                    self._forget(version)
                self._games[key] = kept
                self._bytes += size
            return kept

        return game

    def _forget(self, version: int) -> None:
        self._version = version
        self._games.clear()
        self._bytes = 0


def narrow(raw: Raw, market: str | None, bookmaker: str | None) -> Raw:
    """Return a game with the asked book's and market's prices only; the game itself stays listed."""
    if market is None and bookmaker is None:
        return raw
    game = orjson.loads(raw)
    books = [book for book in game["bookmakers"] if bookmaker in (None, book["key"])]
    if market is not None:
        books = [{**book, "markets": [m for m in book["markets"] if m["key"] == market]} for book in books]
        books = [book for book in books if book["markets"]]
    return orjson.dumps({**game, "bookmakers": books})
