"""Games that are over, for good: their pages and lists, from the database where no document has them any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

import orjson

from ops.database import session
from ops.web.problems import ProblemError
from quartapp.api.reads.query import GameQuery
from quartapp.documents.derived import BusyError
from quartapp.documents.held import HeldDocuments
from quartapp.documents.recalled import Found, Recall, Recalled
from quartapp.http.guard import count_lookup
from quartapp.publish import addresses

if TYPE_CHECKING:
    from databases import Database

LOOKUPS_A_MINUTE = 120  # a client's
LONGEST_ID = 200
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Archive:
    """The games that are over."""

    def __init__(self, documents: HeldDocuments, database: Database) -> None:
        self._documents = documents
        self._database = database
        self.recall = Recall(documents)

    async def game(self, game_id: str) -> Recalled:
        """Return the page of a game that no document has. Raises ProblemError (404, 503)."""
        key = addresses.game(game_id)

        async def work() -> Found | None:
            await _load()
            from quartapp.publish.archive import page
            from quartapp.store import archive

            async with session(self._database) as connection:
                archived = await archive.of_id(connection, game_id)
            if archived is None:
                return None
            rendered = page(archived)
            return Found(rendered.body, rendered.changed_at, addresses.route_of(key))

        if len(game_id) > LONGEST_ID:
            raise ProblemError(404, "There is no such game.")
        recalled = await self._ask(key, work)
        if recalled.copy is None:
            raise ProblemError(404, "There is no such game.")
        return recalled

    async def finished(self, query: GameQuery, key: str) -> Recalled:
        """Return a list of finished games, asked for under `key`. Raises ProblemError (404, 503)."""

        async def work() -> Found:
            await _load()
            from quartapp.publish.archive import finished_list
            from quartapp.store import archive

            async with session(self._database) as connection:
                games = await archive.finished(
                    connection,
                    sport=query.sport,
                    after=query.after,
                    starts_from=query.starts_from,
                    starts_to=query.starts_to,
                    limit=query.limit + 1,
                )
            rendered = finished_list(games, query.sport, query.limit, self._source(), _NEVER)
            link = None if rendered.next is None else addresses.next_link(key, rendered.next)
            return Found(rendered.body, rendered.changed_at, addresses.GAMES, link)

        unknown = query.sport is not None and self._documents.peek(addresses.games(query.sport)) is None
        if unknown and self._documents.complete:
            raise ProblemError(404, "There is no such sport; see /api/sports.")
        return await self._ask(key, work)

    async def _ask(self, key: str, work: Callable[[], Awaitable[Found | None]]) -> Recalled:
        kept = self.recall.kept(key)
        if kept is not None:
            return kept
        if not self._documents.complete:
            raise ProblemError(503)  # it may be published: we cannot know
        count_lookup()
        try:
            return await self.recall.fetch(key, work)
        except BusyError:
            raise ProblemError(503, "Too many different questions wait already; try again shortly.") from None

    def _source(self) -> str:
        sports = self._documents.peek(addresses.SPORTS)
        return "live" if sports is None else str(orjson.loads(sports.body)["source"])


async def _load() -> None:
    """Load what renders finished games beside the event loop: once, and half a second on a busy machine."""
    await asyncio.to_thread(import_module, "quartapp.publish.archive")
