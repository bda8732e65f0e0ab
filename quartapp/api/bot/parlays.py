"""Parlays for the bot: the answers of /api/parlays/priced and /api/parlays/suggest, with their addresses and ETags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import orjson

from ops.web.problems import ProblemError
from quartapp.api.parlays.priced import PricedReads
from quartapp.api.parlays.priced_query import query_of
from quartapp.api.parlays.suggestions import Suggestions
from quartapp.bot.asked import Refused
from quartapp.bot.facts import Source
from quartapp.documents.derived import AbsentError, BusyError, Work
from quartapp.documents.held import HeldDocuments

if TYPE_CHECKING:
    from quartapp.bot.parlay_asked import AskedLeg

_LEG = re.compile(r"leg\[(\d+)\]")


class ParlayReads:
    """Prices and suggests from the documents in memory."""

    def __init__(self, documents: HeldDocuments, reads: PricedReads, suggestions: Suggestions) -> None:
        self._documents = documents
        self._reads = reads
        self._suggestions = suggestions

    async def priced(self, legs: Sequence[AskedLeg], bookmaker: str | None) -> Source | Refused:
        """Return the priced parlay, or why there is none."""
        wanted = [(leg.game.id, leg.market, leg.outcome, leg.point) for leg in legs]
        try:
            key, work = self._reads.read(query_of(wanted, bookmaker).encode())
            return await self._computed(key, work)
        except ProblemError as problem:
            field, detail = next(((one["field"], one["reason"]) for one in problem.errors or ()), ("", ""))
            number = _LEG.match(field)
            leg = int(number.group(1)) if number else None
            if "over" in detail:
                return Refused("over", leg)
            return Refused(
                "conflict" if "win together" in detail or "very bet" in detail else "unquoted", leg
            )
        except BusyError:
            return Refused("unknown")

    async def suggested(
        self, legs: int, risk: str, sport: str | None, bookmaker: str | None
    ) -> Source | None:
        """Return a suggested parlay, None where nobody takes one."""
        asked = {"bookmaker": bookmaker, "legs": str(legs), "risk": risk, "sport": sport}
        query = urlencode({name: value for name, value in asked.items() if value})
        try:
            return await self._computed(*self._suggestions.read(query.encode()))
        except (ProblemError, AbsentError, BusyError):
            return None

    async def _computed(self, key: str, work: Work) -> Source:
        copy = await self._documents.derived.compute(key, work)
        return Source(key, copy.etag.decode(), orjson.loads(copy.body))
