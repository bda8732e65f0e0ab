"""Requests as no browser sends them: each a sequence of pieces to write one after another on a connection.

Shapes from the tests of h11 and llhttp and from the writing on request smuggling (RFC 9112, 11.2), in our own words.
"""

# ruff: noqa: E501 - a table reads better with its rows whole

from __future__ import annotations

import random

TARGETS = (
    b"/api/sports", b"/api/games?sport=nfl", b"/api/games?sport=nfl&limit=5", b"/healthz", b"/api/game/absent",
    b"//api/sports", b"/api/./sports", b"/api%2Fsports", b"/api/sports?", b"/api/sports?x=1", b"/api/games?sport=%6efl",
    b"/api/games?sport=x%26status%3Dfinal", b"/api/sports#top", b"http://host/api/sports", b"*", b"api/sports",
    b"/api/sports%00", b"/api/sports%zz", b"/" + b"a" * 5000,
)  # fmt: skip
METHODS = (
    (b"GET",) * 10
    + (b"HEAD",) * 4
    + (b"get", b"POST", b"PUT", b"OPTIONS", b"TRACE", b"G\x00T", b"GETS", b"PRI")
)
VERSIONS = (b"HTTP/1.1",) * 12 + (b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.2", b"http/1.1", b"HTTP/1.1 ", b"")
HEADERS = (
    b"accept-encoding: br", b"Accept-Encoding: gzip;q=1, br;q=0", b"accept-encoding: identity;q=0, *", b"accept-encoding:",
    b"Accept-Encoding: gzip\r\nAccept-Encoding: br", b"if-none-match: *", b'If-None-Match: "nothing"', b"if-none-match: W/\"x\", *",
    b"if-modified-since: Sun, 06 Nov 1994 08:49:37 GMT", b"if-modified-since: Sun, 06 Nov 2094 08:49:37 GMT",
    b"if-modified-since: yesterday", b'if-match: "nothing"', b"if-match: *", b"if-unmodified-since: Sun, 06 Nov 1994 08:49:37 GMT",
    b"connection: keep-alive", b"connection: close", b"Connection: Keep-Alive, Upgrade", b"connection: x-request-id",
    b"content-length: 0", b"content-length: 5", b"content-length: 5, 5", b"content-length: -1", b"content-length: +0",
    b"transfer-encoding: chunked", b"Transfer-Encoding : chunked", b"transfer-encoding: xchunked", b"transfer-encoding: identity",
    b"transfer-encoding: chunked\r\ncontent-length: 4", b"expect: 100-continue", b"upgrade: h2c", b"upgrade: websocket",
    b"x-request-id: abcdefgh12345678", b"x-request-id: no", b"x-request-id: abcdefgh1\r\nx-request-id: abcdefgh2",
    b"cf-ray: 8a1b2c3d4e5f6789-EWR", b"te: trailers", b"range: bytes=0-10", b"user-agent: Mozilla/5.0 (x; \xe4)", b"x-tab:\ta\tb\t",
    b"x-empty:", b"x y: z", b": empty-name", b"no-colon", b"x-folded: a\r\n b", b"\tx-folded: b", b"x-nul: a\x00b", b"x-bare: a\rb",
    b"x-long: " + b"v" * 9000, b"host: second", b"Host:",
)  # fmt: skip
ENDS = (b"\r\n\r\n",) * 12 + (b"\n\n", b"\r\n\n", b"\n\r\n", b"\r\r", b"\r\n\r\nGET /api/sports HTTP/1.1\r\nhost: x\r\n\r\n", b"\r\n\r\nGARBAGE", b"\r\n\r\n\r\n")  # fmt: skip


def odd_request(source: random.Random) -> list[bytes]:
    """Return the pieces of one request (or of what looks like one)."""
    lines = [b" ".join((source.choice(METHODS), source.choice(TARGETS), source.choice(VERSIONS)))]
    if source.random() < 0.95:
        lines.append(source.choice((b"host: test", b"Host: test", b"HOST:test", b"host: test  ")))
    lines += source.sample(HEADERS, source.choice((0, 0, 1, 1, 2, 3, 5)))
    data = b"\r\n".join(lines) + source.choice(ENDS)
    if source.random() < 0.05:
        place = source.randrange(len(data))
        data = data[:place] + bytes([source.randrange(256)]) + data[place + 1 :]
    if source.random() < 0.2:
        place = source.randrange(1, len(data))
        return [data[:place], data[place:]]
    return [data]
