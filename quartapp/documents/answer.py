"""What a document answers to a request's headers: which encoding, whether anything, and how fresh it is.

The one place of content negotiation and of conditional requests. Headers are parsed by werkzeug.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from werkzeug.datastructures import Accept, ETags
from werkzeug.http import parse_accept_header, parse_date, parse_etags

from quartapp.documents.copy import Copy, Head

READ_HEADERS = frozenset(
    (b"accept-encoding", b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since")
)
REMEMBERED_BYTES = 256  # longer headers are parsed each time: a client must not fill memory with them


class Answer(NamedTuple):
    """What to send. `head` has neither Date nor X-Request-ID, which belong to the request."""

    status: int
    head: Head
    body: bytes


_FAILED = Head([])


def answer(
    copy: Copy, method: str, headers: Mapping[bytes, bytes], stale_seconds: int | None = None
) -> Answer:
    """Return what `copy` answers to a GET or HEAD.

    `headers` are those of `READ_HEADERS` that the request has, names in lower case, repeated lines joined as
    `gather` does; others are ignored. `stale_seconds` is None while the process is in step with what is
    published, else for how long it has not been (`Documents.stale_seconds`).

    `status` is 200, 304, or 412 with an empty head and body: the caller then sends its own problem. Conditions
    are weighed in the order of RFC 9110, 13.2.2.
    """
    if not headers:
        status, encoding = 200, "identity"
    else:
        accept = headers.get(b"accept-encoding")
        encoding = copy.pick(preferred_encoding(accept)) if accept else "identity"
        status = _status(copy, encoding, headers) if len(headers) > (accept is not None) else 200
    if status == 412:
        return Answer(412, _FAILED, b"")
    head = copy.head(status, encoding)
    if stale_seconds is not None:
        head = head.stale(stale_seconds)
    return Answer(status, head, copy.bodies[encoding] if status == 200 and method != "HEAD" else b"")


def gather(
    pairs: Iterable[tuple[bytes, bytes]], names: frozenset[bytes] = READ_HEADERS
) -> dict[bytes, bytes]:
    """Return the headers of `names`; several lines of one name are one list (RFC 9110, 5.3).

    >>> gather([(b"accept-encoding", b"gzip"), (b"host", b"x"), (b"accept-encoding", b"br")])
    {b'accept-encoding': b'gzip, br'}
    """
    gathered: dict[bytes, bytes] = {}
    for name, value in pairs:
        if name in names:
            gathered[name] = value if name not in gathered else gathered[name] + b", " + value
    return gathered


def _status(copy: Copy, encoding: str, headers: Mapping[bytes, bytes]) -> int:
    etag = copy.etag_of(encoding)[1:-1].decode()
    if (if_match := headers.get(b"if-match")) is not None:
        if not _tags(if_match).contains(etag):
            return 412
    elif copy.modified > (_date(headers.get(b"if-unmodified-since")) or copy.modified):
        return 412
    if (if_none_match := headers.get(b"if-none-match")) is not None:
        # Weakly, because a proxy that recompresses a body weakens its tag.
        return 304 if _tags(if_none_match).contains_weak(etag) else 200
    modified_since = _date(headers.get(b"if-modified-since"))
    return 304 if modified_since is not None and copy.modified <= modified_since else 200


def preferred_encoding(accept: bytes) -> str:
    """Return br, gzip or identity for an Accept-Encoding header; ties go to br, then gzip.

    >>> preferred_encoding(b"gzip, deflate, br"), preferred_encoding(b"gzip;q=1, br;q=0"), preferred_encoding(b"")
    ('br', 'gzip', 'identity')
    """
    return (_preferred if len(accept) <= REMEMBERED_BYTES else _preferred.__wrapped__)(accept)


@lru_cache(maxsize=512)
def _preferred(accept: bytes) -> str:
    accepted = parse_accept_header(accept.decode("latin-1"), Accept)
    encoding = max(("br", "gzip"), key=accepted.quality)
    quality = accepted.quality(encoding)
    return encoding if quality > 0 and quality >= accepted.quality("identity") else "identity"


def _tags(header: bytes) -> ETags:
    return (_parsed_tags if len(header) <= REMEMBERED_BYTES else _parsed_tags.__wrapped__)(header)


@lru_cache(maxsize=4096)
def _parsed_tags(header: bytes) -> ETags:
    return parse_etags(header.decode("latin-1").strip())


def _date(header: bytes | None) -> float | None:
    if header is None or len(header) > REMEMBERED_BYTES:
        return None
    return _parsed_date(header)


@lru_cache(maxsize=512)
def _parsed_date(header: bytes) -> float | None:
    """Return the time of an HTTP date; None for one that is none, which RFC 9110 tells to ignore."""
    moment = parse_date(header.decode("latin-1"))
    return None if moment is None else moment.timestamp()
