"""One answer for every way a document is asked for: encodings, conditions, age."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import brotli
import pytest

from quartapp.documents.answer import Answer, answer, gather, preferred_encoding
from quartapp.documents.copy import Copy

BODY = b'{"generated_at":"2026-11-24T12:00:00Z","sports":[]}'
PUBLISHED = "Tue, 24 Nov 2026 12:00:00 GMT"
EARLIER, LATER = "Tue, 24 Nov 2026 11:59:59 GMT", "Tue, 24 Nov 2026 12:00:01 GMT"


@pytest.fixture
def copy() -> Copy:
    bodies = {"identity": BODY, "br": brotli.compress(BODY), "gzip": gzip.compress(BODY, mtime=0)}
    return Copy(
        "/api/sports",
        7,
        b'"5f3a"',
        bodies,
        datetime(2026, 11, 24, 12, 0, 0, 400_000, tzinfo=UTC),
        route="/api/sports",
        link='</next>; rel="next"',
    )


def ask(copy: Copy, method: str = "GET", stale_seconds: int | None = None, **headers: str) -> Answer:
    return answer(copy, method, asked(headers), stale_seconds)


def asked(headers: dict[str, str]) -> dict[bytes, bytes]:
    return {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}


def named(found: Answer, name: bytes) -> bytes | None:
    values = [value for header, value in found.head.pairs if header == name]
    assert len(values) <= 1, f"{name!r} is sent {len(values)} times"
    return values[0] if values else None


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (b"", "identity"), (b"gzip, deflate, br", "br"), (b"gzip", "gzip"), (b"*", "br"), (b"br;q=0, *", "gzip"),
        (b"identity;q=1, br;q=0.5", "identity"), (b"br;q=0", "identity"), (b"GZIP;Q=0.8", "gzip"),
        (b"br;q=x", "identity"), (b"gzip;q=0.9, br;q=0.2", "gzip"), (b"zstd", "identity"),
        (b"gzip, " + b"x, " * 200 + b"br", "br"),
    ],
)  # fmt: skip
def test_encodings_are_chosen_by_quality_and_ties_go_to_br(accept: bytes, chosen: str) -> None:
    assert preferred_encoding(accept) == chosen


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
def test_each_encoding_has_its_own_body_length_and_strong_etag(copy: Copy, encoding: str) -> None:
    found = ask(copy, accept_encoding=encoding)
    assert found.status == 200
    unpack = {"identity": bytes, "gzip": gzip.decompress, "br": brotli.decompress}[encoding]
    assert unpack(found.body) == BODY
    assert named(found, b"content-length") == b"%d" % len(found.body)
    assert named(found, b"content-encoding") == (None if encoding == "identity" else encoding.encode())
    etag = named(found, b"etag") or b""
    assert etag == (b'"5f3a"' if encoding == "identity" else b'"5f3a-%s"' % encoding.encode())
    again = ask(copy, accept_encoding=encoding, if_none_match=etag.decode())
    assert (again.status, again.body, named(again, b"etag")) == (304, b"", etag)
    for other in {"identity", "gzip", "br"} - {encoding}:
        assert ask(copy, accept_encoding=other, if_none_match=etag.decode()).status == 200


def test_a_small_document_without_a_compressed_body_is_sent_as_it_is(copy: Copy) -> None:
    del copy.bodies["br"], copy.bodies["gzip"]
    found = ask(copy, accept_encoding="gzip, br")
    assert (found.body, named(found, b"content-encoding"), named(found, b"etag")) == (BODY, None, b'"5f3a"')


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"if_none_match": '"5f3a"'}, 304),
        ({"if_none_match": 'W/"5f3a"'}, 304),
        ({"if_none_match": '"other", W/"5f3a"'}, 304),
        ({"if_none_match": " * "}, 304),
        ({"if_none_match": '"5f3"'}, 200),
        ({"if_none_match": '"5f3a-br"'}, 200),
        ({"if_none_match": ""}, 200),
        ({"if_modified_since": PUBLISHED}, 304),
        ({"if_modified_since": LATER}, 304),
        ({"if_modified_since": EARLIER}, 200),
        ({"if_modified_since": "yesterday"}, 200),
        ({"if_modified_since": PUBLISHED, "if_none_match": '"other"'}, 200),
        ({"if_modified_since": EARLIER, "if_none_match": '"5f3a"'}, 304),
        ({"if_match": '"5f3a"'}, 200),
        ({"if_match": "*"}, 200),
        ({"if_match": 'W/"5f3a"'}, 412),
        ({"if_match": '"other"'}, 412),
        ({"if_match": '"other"', "if_none_match": '"5f3a"'}, 412),
        ({"if_match": '"5f3a"', "if_none_match": '"5f3a"'}, 304),
        ({"if_unmodified_since": PUBLISHED}, 200),
        ({"if_unmodified_since": EARLIER}, 412),
        ({"if_unmodified_since": "yesterday"}, 200),
        ({"if_unmodified_since": EARLIER, "if_match": '"5f3a"'}, 200),
    ],
)
def test_conditions_are_weighed_in_the_order_of_the_standard(
    copy: Copy, headers: dict[str, str], status: int
) -> None:
    found = answer(copy, "GET", asked(headers))
    assert found.status == status
    assert found.body == (BODY if status == 200 else b"")
    if status == 304:
        assert named(found, b"content-length") is None
        assert named(found, b"vary") == b"Accept-Encoding"


def test_head_has_every_header_of_get_and_no_body(copy: Copy) -> None:
    got, head = ask(copy, accept_encoding="br"), ask(copy, "HEAD", accept_encoding="br")
    assert (head.status, head.body) == (200, b"")
    assert head.head.pairs == got.head.pairs
    assert ask(copy, "HEAD", if_none_match='"5f3a"').status == 304


def test_age_is_zero_in_step_and_counts_while_stale(copy: Copy) -> None:
    fresh, stale = ask(copy), ask(copy, stale_seconds=33)
    assert (named(fresh, b"age"), named(fresh, b"x-stale")) == (b"0", None)
    assert (named(stale, b"age"), named(stale, b"x-stale")) == (b"33", b"true")
    assert (stale.body, named(stale, b"etag")) == (fresh.body, named(fresh, b"etag"))
    assert named(ask(copy), b"age") == b"0", "a stale answer must not change the head that is kept"


def test_the_head_as_lines_says_what_its_pairs_say(copy: Copy) -> None:
    head = ask(copy, accept_encoding="gzip").head
    lines = [tuple(line.split(b": ", 1)) for line in head.lines.split(b"\r\n")[:-1]]
    assert lines == head.pairs
    assert head.lines.endswith(b"\r\n")


def test_several_lines_of_one_header_are_one_list() -> None:
    pairs = [(b"if-none-match", b'"a"'), (b"host", b"x"), (b"if-none-match", b'"5f3a"')]
    assert gather(pairs) == {b"if-none-match": b'"a", "5f3a"'}
