"""One document as a web process sends it: its body in each encoding, and the headers of each answer."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

import brotli

CACHE_CONTROL = b"max-age=60, must-revalidate"
EXPOSED = (
    b"ETag, Link, X-Request-ID, X-Stale, Age, Retry-After, RateLimit, RateLimit-Policy, "
    b"RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
)

COMPRESS_FROM_BYTES = 1024  # of computed answers: below, compression saves no packet

Header = tuple[bytes, bytes]


class Head:
    """The headers of an answer: as pairs for ASGI, as lines for a server that writes bytes itself."""

    __slots__ = ("_lines", "pairs")

    def __init__(self, pairs: list[Header]) -> None:
        self.pairs = pairs
        self._lines: bytes | None = None

    @property
    def lines(self) -> bytes:
        """The headers as they stand in an HTTP/1.1 head, each with its line end."""
        if self._lines is None:
            self._lines = b"".join(b"%s: %s\r\n" % pair for pair in self.pairs)
        return self._lines

    def stale(self, seconds: int) -> Head:
        """Return this head for a document that has not been known to be the newest for so long."""
        kept = [pair for pair in self.pairs if pair[0] != b"age"]
        return Head([*kept, (b"age", b"%d" % seconds), (b"x-stale", b"true")])


class Copy:
    """One document, ready to send. Heads are made when they are first asked for, because most never are.

    `overhead` is what it costs beside its bodies. A `computed` one is compressed when someone asks for it, and shares
    its bodies with its equals.
    """

    __slots__ = (
        "_heads",
        "_link",
        "_modified_text",
        "_overhead",
        "bodies",
        "computed",
        "etag",
        "key",
        "modified",
        "route",
        "used",
        "version",
    )

    def __init__(
        self,
        key: str,
        version: int,
        etag: bytes,
        bodies: dict[str, bytes],
        published_at: datetime,
        *,
        route: str,
        link: str | None = None,
        overhead: int = 0,
        computed: bool = False,
    ) -> None:
        self.key = key
        self.version = version
        self.etag = etag
        self.bodies = bodies
        self.computed = computed
        self.route = route
        self.used = 0.0
        self.modified, self._modified_text = _http_date(published_at)
        self._link = link.encode() if link else None
        self._overhead = overhead
        self._heads: dict[tuple[int, str], Head] = {}

    @property
    def size(self) -> int:
        """Bytes it takes in memory, nearly."""
        return self._overhead + sum(map(len, self.bodies.values()))

    @property
    def body(self) -> bytes:
        """The JSON as it is."""
        body = self.bodies.get("identity")
        return brotli.decompress(self.bodies["br"]) if body is None else body

    @property
    def packed(self) -> bool:
        """Whether only the brotli body is in memory."""
        return "identity" not in self.bodies

    def pack(self) -> None:
        """Keep the brotli body alone, if there is one: a tenth of the memory."""
        if "br" in self.bodies:
            self.bodies = {"br": self.bodies["br"]}
            self._heads = {}

    def unpack(self) -> None:
        """Make the JSON again, for those who take it as it is; gzip is left out, which none must have."""
        self.bodies = {**self.bodies, "identity": self.body}

    def pick(self, encoding: str) -> str:
        """Return `encoding` if there is such a body, else identity."""
        return encoding if encoding in self.bodies else "identity"

    def lacks(self, encoding: str) -> bool:
        """Whether a body in `encoding` would be made on demand; a published document has all that it will have."""
        return self.computed and encoding not in self.bodies and len(self.body) >= COMPRESS_FROM_BYTES

    def etag_of(self, encoding: str) -> bytes:
        """Return the strong ETag of a body: other bytes, another tag (RFC 9110, 8.8.3.3).

        >>> Copy("/a", 1, b'"5f"', {}, datetime(2026, 1, 1, tzinfo=UTC), route="/a").etag_of("br")
        b'"5f-br"'
        """
        return self.etag if encoding == "identity" else b'%s-%s"' % (self.etag[:-1], encoding.encode())

    def head(self, status: int, encoding: str) -> Head:
        """Return the headers of a 200 or a 304 in `encoding`, for a process that is in step."""
        head = self._heads.get((status, encoding))
        if head is None:
            head = self._heads[status, encoding] = Head(self._pairs(status, encoding))
        return head

    def _pairs(self, status: int, encoding: str) -> list[Header]:
        pairs: list[Header] = []
        if status == 200:
            pairs.append((b"content-type", b"application/json"))
            pairs.append((b"content-length", b"%d" % len(self.bodies[encoding])))
            if encoding != "identity":
                pairs.append((b"content-encoding", encoding.encode()))
        pairs += [
            (b"etag", self.etag_of(encoding)),
            (b"cache-control", CACHE_CONTROL),
            (b"last-modified", self._modified_text),
            (b"vary", b"Accept-Encoding"),
            (b"access-control-allow-origin", b"*"),
            (b"access-control-expose-headers", EXPOSED),
            (b"x-content-type-options", b"nosniff"),
        ]
        if self._link:
            pairs.append((b"link", self._link))
        pairs.append((b"age", b"0"))
        return pairs


@lru_cache(maxsize=1024)  # computed answers have the few times of the documents that they are made of
def _http_date(moment: datetime) -> tuple[int, bytes]:
    utc = moment.astimezone(UTC)
    return calendar.timegm(utc.utctimetuple()), format_datetime(utc, usegmt=True).encode()
