"""Which pages of other origins may read an answer. The same headers on an answer and on an error of its route."""

from __future__ import annotations

from collections.abc import Iterable

from ops.web.policy import Policy
from quartapp.documents.copy import EXPOSED

ALLOWED_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-Modified-Since, If-None-Match, "
    "If-Unmodified-Since, Last-Event-ID, X-Request-ID"
)
PREFLIGHT_SECONDS = "600"
_EXPOSED = EXPOSED.decode()


class Cors:
    """Public answers are for every origin; others for those that CORS_ALLOWED_ORIGINS names."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origins)

    def headers(self, origin: str, declared: Policy | None, *, known: bool = False) -> dict[str, str]:
        """Return the headers of an answer or error. `declared` is None where no route was found.

        `known`: whether the request says who asks. To a visitor a route for both answers as a public one does, because
        the same answer is kept in memory, and in caches that ignore Vary, for pages of every origin.

        >>> Cors(["https://a.example"]).headers("https://b.example", None)["Access-Control-Allow-Origin"]
        '*'
        >>> Cors(["https://a.example"]).headers("https://b.example", Policy("ops"))
        {}
        """
        public = (
            declared is not None
            and declared.cache == "public"
            and (declared.auth == "none" or (declared.auth == "visitor" and not known))
        )
        if not public and origin in self._origins:
            return {
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Allow-Credentials": "true",
                "Access-Control-Expose-Headers": _EXPOSED,
                "Vary": "Origin",
            }
        if public or declared is None:  # an error without a route says nothing about anybody
            return {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _EXPOSED}
        return {}

    def preflight(self, origin: str, declared: Policy | None, methods: str) -> dict[str, str]:
        """Return the headers of an answer to OPTIONS on a route that has `methods`."""
        headers = self.headers(origin, declared, known=True)
        if headers:
            headers |= {
                "Access-Control-Allow-Methods": methods,
                "Access-Control-Allow-Headers": ALLOWED_HEADERS,
                "Access-Control-Max-Age": PREFLIGHT_SECONDS,
            }
        return headers
