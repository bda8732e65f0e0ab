"""The reads that no held document answers as it is: filters, pages, and what is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quart import Blueprint, Response, request

from ops.web.policy import policy
from ops.web.problems import ProblemError, invalid, single
from quartapp.api.reads.archive import LOOKUPS_A_MINUTE, Archive
from quartapp.api.reads.games import GameLists
from quartapp.api.reads.query import read_query
from quartapp.documents.copy import Copy
from quartapp.documents.held import HeldDocuments
from quartapp.documents.recalled import Recalled
from quartapp.http.responses import respond, respond_computed
from quartapp.members.regions import chain, region_code
from quartapp.publish import addresses

if TYPE_CHECKING:
    from databases import Database
    from werkzeug.datastructures import MultiDict


def blueprint(documents: HeldDocuments, lists: GameLists, database: Database) -> Blueprint:
    """Return the routes under /api that read. Plain filters of games (`lists`) never come here."""
    reads = Blueprint("reads", __name__, url_prefix="/api")
    archive = Archive(documents, database)

    async def recalled(found: Recalled) -> Response:
        assert found.copy is not None, "what is not there is a 404 by now"
        return await respond(documents, found.copy, found.stale_seconds)

    @reads.get("/sports")
    @policy(cache="public", auth="none")
    async def sports() -> Response:
        _only(request.args, ())
        return await respond(documents, _published(documents, addresses.SPORTS))

    @reads.get("/games")
    @policy(cache="public", auth="none", lookups=LOOKUPS_A_MINUTE)
    async def games() -> Response:
        question = lists.read(request.query_string)
        if question is None:
            query = read_query(request.query_string)
            key = addresses.key_of(addresses.GAMES, request.query_string)
            return await recalled(await archive.finished(query, key))
        return await respond_computed(documents, *question)

    @reads.get("/game/<game_id>")
    @policy(cache="public", auth="none", lookups=LOOKUPS_A_MINUTE)
    async def game(game_id: str) -> Response:
        _only(request.args, ())
        copy = documents.get(addresses.game(game_id))
        if copy is not None:
            return await respond(documents, copy)
        return await recalled(await archive.game(game_id))

    @reads.get("/analysis")
    @policy(cache="public", auth="none")
    async def analysis() -> Response:
        given = _only(request.args, ("sport",))
        if not given.get("sport"):
            raise invalid("sport", "is required; see /api/sports")
        key = addresses.analyses(given["sport"])
        return await respond(
            documents, _published(documents, key, "There is no such sport; see /api/sports.")
        )

    @reads.get("/analysis/<game_id>")
    @policy(cache="public", auth="none")
    async def game_analysis(game_id: str) -> Response:
        _only(request.args, ())
        return await respond(
            documents, _published(documents, addresses.analysis(game_id), "There is no such game.")
        )

    @reads.get("/track-record")
    @policy(cache="public", auth="none")
    async def track_record() -> Response:
        sport = _only(request.args, ("sport",)).get("sport") or None
        key = addresses.track_record(sport)
        if sport is None:
            return await respond(documents, _awaited(documents, key))
        return await respond(
            documents, _published(documents, key, "There is no such sport; see /api/sports.")
        )

    @reads.get("/help")
    @policy(cache="public", auth="none")
    async def help_of_region() -> Response:
        wanted = _only(request.args, ("region",)).get("region")
        if wanted is None:
            return await respond(documents, _awaited(documents, addresses.help_of(None)))
        try:
            code = region_code(wanted)
        except ValueError as problem:
            raise invalid("region", str(problem)) from None
        # A region that has nothing of its own is told what its country has, and else what holds everywhere.
        known = (documents.get(addresses.help_of(one)) for one in chain(code))
        copy = next((copy for copy in known if copy is not None), None)
        return await respond(documents, copy or _awaited(documents, addresses.help_of(None)))

    @reads.get("/status")
    @policy(cache="public", auth="none")
    async def status() -> Response:
        _only(request.args, ())
        return await respond(documents, _awaited(documents, addresses.STATUS))

    @reads.get("/rules")
    @policy(cache="public", auth="none")
    async def rules() -> Response:
        _only(request.args, ())
        return await respond(documents, _awaited(documents, addresses.RULES))

    @reads.get("/picks")
    @policy(cache="public", auth="none")
    async def picks() -> Response:
        _only(request.args, ())
        return await respond(documents, _awaited(documents, addresses.PICKS))

    return reads


def _only(given: MultiDict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    for name in given:
        if name not in names:
            raise invalid(name, "is unknown" + (f"; known: {', '.join(names)}" if names else ""))
    return single(given)


def _awaited(documents: HeldDocuments, key: str) -> Copy:
    """Return a document that is always there once the clock has run."""
    copy = documents.get(key)
    if copy is None:
        raise ProblemError(503)
    return copy


def _published(documents: HeldDocuments, key: str, missing: str | None = None) -> Copy:
    copy = documents.get(key)
    if copy is not None:
        return copy
    if not documents.complete:
        raise ProblemError(503)  # it may exist: we cannot know
    raise ProblemError(404, missing)
