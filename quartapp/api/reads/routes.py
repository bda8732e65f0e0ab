"""The reads that no held document answers as it is: filters, pages, and what is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from quart import Blueprint, Response, request

from ops.web.policy import policy
from ops.web.problems import ProblemError, invalid, single
from quartapp.api.reads.filters import GameQuery, select
from quartapp.documents.copy import Copy
from quartapp.documents.held import HeldDocuments, canonical
from quartapp.http.responses import respond

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict


def blueprint(documents: HeldDocuments) -> Blueprint:
    """Return the routes under /api that read."""
    reads = Blueprint("reads", __name__, url_prefix="/api")

    @reads.get("/sports")
    @policy(cache="public", auth="none")
    async def sports() -> Response:
        _only(request.args, ())
        return respond(documents, _held(documents, "/api/sports"))

    @reads.get("/games")
    @policy(cache="public", auth="none")
    async def games() -> Response:
        query = GameQuery.parse(single(request.args))
        key = canonical("/api/games", request.query_string.decode("latin-1"))
        return respond(documents, select(documents, query, key))

    @reads.get("/game/<game_id>")
    @policy(cache="public", auth="none")
    async def game(game_id: str) -> Response:
        _only(request.args, ())
        return respond(documents, _held(documents, f"/api/game/{game_id}", "There is no such game."))

    @reads.get("/analysis")
    @policy(cache="public", auth="none")
    async def analysis() -> Response:
        given = _only(request.args, ("sport",))
        if not given.get("sport"):
            raise invalid("sport", "is required; see /api/sports")
        key = canonical("/api/analysis", urlencode({"sport": given["sport"]}))
        return respond(documents, _held(documents, key, "There is no such sport; see /api/sports."))

    @reads.get("/analysis/<game_id>")
    @policy(cache="public", auth="none")
    async def game_analysis(game_id: str) -> Response:
        _only(request.args, ())
        return respond(documents, _held(documents, f"/api/analysis/{game_id}", "There is no such game."))

    return reads


def _only(given: MultiDict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    for name in given:
        if name not in names:
            raise invalid(name, "is no parameter of this")
    return single(given)


def _held(documents: HeldDocuments, key: str, missing: str | None = None) -> Copy:
    held = documents.get(key)
    if held is not None:
        return held
    if not documents.warm or documents.stale:
        raise ProblemError(503)  # it may exist: we cannot know
    raise ProblemError(404, missing)
