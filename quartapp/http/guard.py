"""Enforces what every route declares: who may ask, how often, what may be cached, and whether it streams.

One function before each request and one after it. A handler that declares who may ask and forgets everything else
is closed; a route that declares nothing keeps the application from starting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from quart import Quart, Response, g, request
from werkzeug.exceptions import NotFound, TooManyRequests

from ops.telemetry.logs import get_logger
from ops.web.policy import Policy
from quartapp.documents.copy import CACHE_CONTROL
from quartapp.http import streams
from quartapp.http.cors import Cors
from quartapp.http.limits import Clients, Limits

log = get_logger(__name__)

Authenticator = Callable[[], Awaitable[None]]  # raises what a request that may not pass is answered with

FOR_EVERYBODY = (
    "none",
    "visitor",
)  # a visitor's answer is public; what a member is answered is private, see below


class UndeclaredRouteError(RuntimeError):
    """A route without a usable policy: the application does not start with it."""


class Guard:
    """The rules of an application's routes."""

    def __init__(
        self,
        authenticators: Mapping[str, Authenticator],
        clients: Clients,
        cors: Cors,
        stopping: asyncio.Event,
        limits: Limits | None = None,
        *,
        comment_seconds: float = 15.0,
    ) -> None:
        self._authenticators = authenticators
        self._clients = clients
        self._cors = cors
        self._stopping = stopping
        self._limits = Limits() if limits is None else limits  # an empty one is false
        self._comment_seconds = comment_seconds
        self._policies: dict[str, Policy] = {}

    def watch(self, app: Quart) -> None:
        """Enforce the policies of every route that `app` has by now; a later one answers 404.

        Raises UndeclaredRouteError.
        """
        for rule in app.url_map.iter_rules():
            self._policies[rule.endpoint] = self._declared(rule.rule, app.view_functions[rule.endpoint])
        app.before_request(self._before)
        app.after_request(self._after)

    def _declared(self, route: str, handler: Any) -> Policy:
        declared = getattr(handler, "policy", None)
        if not isinstance(declared, Policy):
            raise UndeclaredRouteError(f"{route} declares no policy; see ops/web/policy.py")
        if declared.auth not in self._authenticators:
            known = ", ".join(sorted(self._authenticators))
            raise UndeclaredRouteError(f"{route} declares auth={declared.auth!r}; known: {known}")
        if declared.cache == "public" and declared.auth not in FOR_EVERYBODY:
            raise UndeclaredRouteError(f"{route} would let caches keep what is not for everybody")
        return declared

    async def _before(self) -> None:
        rule = request.url_rule
        if rule is None:
            return  # no route, or not with this method: Quart raises that error after this
        declared = self._policies.get(rule.endpoint)
        if declared is None or "\x00" in request.path:  # PostgreSQL has no text with a NUL
            raise NotFound
        g.guard = self
        request.scope["route"] = rule.rule  # type: ignore[typeddict-unknown-key]  # the front's
        request.scope["policy"] = declared  # type: ignore[typeddict-unknown-key]  # the front's
        if request.method == "OPTIONS" and rule.provide_automatic_options:
            return  # a preflight: it carries no token, does nothing, and must not use up a client's requests
        if declared.limit is not None:
            g.client = self._client()
            counted = request.scope.get("taken")  # already, before the request came to Quart
            g.taken = counted or self._limits.take(rule.rule, g.client, declared.limit)
            self._refuse_beyond_it()
        await self._authenticators[declared.auth]()

    def count_lookup(self, declared: Policy) -> None:
        """Count the current request among its client's lookups. Raises TooManyRequests."""
        assert declared.lookups is not None, "a route that looks up says how often"
        g.taken = self._limits.take("lookups", self._client(), declared.lookups)
        self._refuse_beyond_it()

    def _refuse_beyond_it(self) -> None:
        if not g.taken.allowed:
            raise TooManyRequests

    def _client(self) -> str:
        peer = (request.scope.get("client") or ("", 0))[0]
        return self._clients.key(peer, request.headers.getlist("CF-Connecting-IP"))

    async def _after(self, response: Response) -> Response:
        declared: Policy | None = request.scope.get("policy")  # type: ignore[assignment]  # set above
        headers = response.headers
        if (allowed := headers.get("Allow")) is not None:
            # werkzeug writes a set, whose order is another in each process: their answers must be equal.
            headers["Allow"] = ", ".join(sorted(allowed.split(", ")))
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Cache-Control"] = _cache_control(response, declared)
        if (taken := g.get("taken")) is not None:
            headers.update(taken.headers())
        origin = request.headers.get("Origin", "")
        if request.method == "OPTIONS" and response.status_code == 200:
            shared = self._cors.preflight(origin, declared, headers.get("Allow", ""))
        else:
            shared = self._cors.headers(origin, declared, known="Authorization" in request.headers)
            if not shared:
                headers.pop("Access-Control-Allow-Origin", None)  # a document's own, which is for everybody
        if (vary := shared.pop("Vary", None)) is not None:
            headers.add("Vary", vary)
        headers.update(shared)
        if declared is not None and declared.stream and response.status_code == 200:
            deadline: Any = request.scope.get("deadline")  # the front's
            streams.release(response, deadline, self._stopping, self._comment_seconds)
        return response


def count_lookup() -> None:
    """Count the current request among those its route cannot answer from memory. Raises TooManyRequests."""
    guard: Guard = g.guard
    guard.count_lookup(request.scope["policy"])  # type: ignore[typeddict-item]  # the front's


def _cache_control(response: Response, declared: Policy | None) -> str:
    if declared is not None and declared.stream and response.status_code == 200:
        return streams.CACHE_CONTROL
    if declared is not None and (declared.cache == "private" or g.get("member") is not None):
        return "private, no-store"
    if declared is None or declared.cache == "no-store":
        of_a_member = "Authorization" in request.headers and (declared is None or declared.auth == "none")
        return "private, no-store" if of_a_member else "no-store"
    if response.status_code not in (200, 304) or request.method == "OPTIONS":
        return "no-store"
    return response.headers.get("Cache-Control") or CACHE_CONTROL.decode()
