"""Filters and pages of game lists, computed from the documents in memory and never from the database.

Each published page is read once a version: where each game stands in its bytes, and when it starts. A question is
then a search for the first and the last start, and its answer the bytes between, put together again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from ops.web.problems import ProblemError
from quartapp.api.reads.narrowed import Narrowed
from quartapp.api.reads.query import FINISHED, GameQuery, read_query
from quartapp.documents.derived import Computed, Turns, Work
from quartapp.documents.held import HeldDocuments
from quartapp.documents.prepared import Prepared
from quartapp.publish import addresses
from quartapp.publish.cursor import encode

MAX_PAGES = 5_000  # of which the bytes are remembered; beyond that a page is read anew

Position = tuple[str, str]  # (commence_time, id): the order of every list


class Entry(NamedTuple):
    """One game as a page has it. `raw` is a view of the page's bytes where they can be had."""

    position: Position
    status: str
    raw: memoryview | bytes


class Page(NamedTuple):
    """A published page of games."""

    generated_at: str
    source: str
    sport: str | None
    next: str | None
    entries: list[Entry]


class Index(NamedTuple):
    """The games of one sport, or of all, in order."""

    version: int
    generated_at: str
    source: str
    entries: Sequence[Entry]
    positions: Sequence[Position]


def read_page(body: bytes) -> Page:
    """Return a published page of games."""
    page = orjson.loads(body)
    view, start = memoryview(body), body.find(b'"games":[') + len(b'"games":[')
    entries: list[Entry] = []
    for game in page["games"]:
        raw = orjson.dumps(game)
        in_place = body.startswith(raw, start)  # always, unless another serialiser wrote the page
        position = game["commence_time"], game["id"]
        entries.append(Entry(position, game["status"], view[start : start + len(raw)] if in_place else raw))
        start += len(raw) + 1
    return Page(page["generated_at"], page["source"], page["sport"], page["next"], entries)


class GameLists:
    """Answers questions about games."""

    def __init__(self, documents: HeldDocuments) -> None:
        self._documents = documents
        self._pages = Prepared(documents, read_page, MAX_PAGES)
        self._indexes: dict[str | None, Index] = {}
        self._narrowed = Narrowed()

    def read(self, query: bytes) -> tuple[str, Work] | None:
        """Return what a request's query asks: its key and the work; None for what documents do not answer.

        Raises ProblemError (422) naming the parameter.
        """
        asked = read_query(query)
        if asked.status == FINISHED:
            return None
        key = addresses.key_of(addresses.GAMES, query)
        return key, self.question(asked, key)

    def question(self, query: GameQuery, key: str) -> Work:
        """Return the work of answering `query`, which was asked under `key`."""

        async def work(turns: Turns) -> Computed:
            index = await self._index(query.sport, turns)
            chosen, more = select(index, query)
            following = _cursor(index.entries[chosen[-1]]) if more and chosen else None

            async def render() -> bytes:
                games: list[bytes | memoryview] = []
                kept = self._narrowed.of(index.version, query.market, query.bookmaker)
                for place in chosen:
                    position, _, raw = index.entries[place]
                    games.append(kept(position, raw))
                    await turns.rest()
                return _page_body(index, query.sport, games, following)

            return Computed(
                (addresses.GAMES, query.sport, tuple(chosen), more, query.market, query.bookmaker),
                render,
                datetime.fromisoformat(index.generated_at),
                addresses.GAMES,
                None if following is None else addresses.next_link(key, following),
            )

        return work

    async def _index(self, sport: str | None, turns: Turns) -> Index:
        """Return the index of the documents as they are now. Raises ProblemError (404, 503)."""
        index = self._indexes.get(sport)
        if index is not None and index.version == self._documents.version:
            return index
        version = self._documents.version
        pages = [page async for page in self._read(sport, turns)]
        if not pages and (sport or not self._documents.complete):
            if not self._documents.complete:
                raise ProblemError(503)  # it may exist: we cannot know
            raise ProblemError(404, "There is no such sport; see /api/sports.")
        entries = [entry for page in pages for entry in page.entries]
        if sport is None:
            entries.sort(key=lambda entry: entry.position)
        index = Index(
            version,
            max((page.generated_at for page in pages), default="1970-01-01T00:00:00Z"),
            pages[0].source if pages else "live",
            entries,
            [entry.position for entry in entries],
        )
        if len(self._indexes) > MAX_PAGES:
            self._indexes.clear()
        self._indexes[sport] = index
        return index

    async def _read(self, sport: str | None, turns: Turns) -> AsyncIterator[Page]:
        firsts = [addresses.games(sport)] if sport else sorted(self._documents.keys(addresses.FIRST_PAGES))
        for first in firsts:
            key: str | None = first
            while key is not None and (page := self._pages.of(key)) is not None:
                yield page
                key = addresses.games(page.sport, page.next) if page.next else None
                await turns.rest()


def select(index: Index, query: GameQuery) -> tuple[Sequence[int], bool]:
    """Return the places of the games that suit, at most `query.limit` of them, and whether there are more."""
    positions = index.positions
    low, high = 0, len(positions)
    if query.after is not None:
        low = bisect_right(positions, (_text(query.after[0]), query.after[1]))
    if query.starts_from is not None:
        text = _text(query.starts_from)
        if query.starts_from.microsecond:  # games start at whole seconds: the one it is in has begun
            low = max(low, bisect_right(positions, text, key=_start))
        else:
            low = max(low, bisect_left(positions, text, key=_start))
    if query.starts_to is not None:
        high = bisect_right(positions, _text(query.starts_to), key=_start)
    if query.status is None:
        last = min(high, low + query.limit)
        return range(low, max(low, last)), high > last
    chosen: list[int] = []
    for place in range(low, high):
        if index.entries[place].status == query.status:
            if len(chosen) == query.limit:
                return chosen, True
            chosen.append(place)
    return chosen, False


def _page_body(
    index: Index, sport: str | None, games: Sequence[bytes | memoryview], following: str | None
) -> bytes:
    head = orjson.dumps({"generated_at": index.generated_at, "source": index.source, "sport": sport})
    return b'%s,"games":[%s],"next":%s}' % (head[:-1], b",".join(games), orjson.dumps(following))


def _cursor(entry: Entry) -> str:
    return encode(datetime.fromisoformat(entry.position[0]), entry.position[1])


def _start(position: Position) -> str:
    return position[0]


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
