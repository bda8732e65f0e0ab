"""A priced parlay as a read: its address says the legs, and its figures have a version, so that they can be cited.

The price is the one of POST /api/parlays/price. Ages are those at `as_of`, when the youngest of the documents behind it
was published or a game of it last began, so that an answer keeps its bytes and its ETag until one of those changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from quartapp.api.parlays.games import Games
from quartapp.api.parlays.legs import Leg, find
from quartapp.api.parlays.priced_query import LEG, read_query
from quartapp.api.parlays.prices import price
from quartapp.api.parlays.requests import ParlayRequest
from quartapp.documents.derived import Computed, Turns, Work
from quartapp.documents.held import HeldDocuments
from quartapp.publish import addresses

RUNNING_SECONDS = 30  # prices of a game that runs go out of date as time goes by, and not at a known moment


class PricedReads:
    """Answers priced parlays by their address."""

    def __init__(
        self,
        documents: HeldDocuments,
        games: Games,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._documents = documents
        self._games = games
        self._clock = clock

    def read(self, query: bytes) -> tuple[str, Work]:
        """Return what a query asks: its key and the work. Raises ProblemError (422) naming the parameter."""
        asked = read_query(query)

        async def work(turns: Turns) -> Computed:
            return self._computed(asked)

        return addresses.key_of(addresses.PRICED, query), work

    def _computed(self, asked: ParlayRequest) -> Computed:
        now = self._clock()
        complete = self._documents.complete
        legs = [find(self._games, complete, leg, f"{LEG}[{number}]") for number, leg in enumerate(asked.legs)]
        as_of = self._as_of(legs, now)
        priced = price(self._games, complete, asked, now, as_of, LEG)

        async def body() -> bytes:
            return priced

        expires = _expires(legs, now).timestamp()
        return Computed((addresses.PRICED, priced), body, as_of, addresses.PRICED, expires_at=expires)

    def _as_of(self, legs: Sequence[Leg], now: datetime) -> datetime:
        keys = [of(leg.game.game_id) for leg in legs for of in (addresses.game, addresses.analysis)]
        copies = [self._documents.peek(key) for key in keys]
        published = [datetime.fromtimestamp(copy.modified, UTC) for copy in copies if copy is not None]
        begun = [leg.game.starts for leg in legs if leg.game.starts <= now]
        return max([*published, *begun]) if published or begun else now


def _expires(legs: Sequence[Leg], now: datetime) -> datetime:
    """Return when the answer may be another: a price goes out of date, or a game begins."""
    ends = [leg.game.starts for leg in legs if leg.game.starts > now]
    ends += [q.until for leg in legs for q in leg.quotes.values() if q.until is not None and q.until > now]
    if any(leg.game.starts <= now for leg in legs):
        ends.append(now + timedelta(seconds=RUNNING_SECONDS))
    return min(ends, default=now + timedelta(seconds=RUNNING_SECONDS))
