"""Documents in memory: never an older after a newer, all of them within the bound, none missing."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import Any

import brotli
import orjson
import pytest

from quartapp.documents.answer import answer
from quartapp.documents.derived import Computed, Turns, Work
from quartapp.documents.held import HeldDocuments
from quartapp.documents.prepared import Prepared
from quartapp.documents.table import Published

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def published(key: str, version: int, content: Any, *, compressed: bool = False) -> Published:
    body = None if content is None else orjson.dumps(content)
    return Published(
        key,
        version,
        f'"{version}"',
        body,
        brotli.compress(body) if body and compressed else None,
        gzip.compress(body, mtime=0) if body and compressed else None,
        NOW,
    )


def saying(text: bytes) -> Work:
    async def render() -> bytes:
        return text

    async def work(_: Turns) -> Computed:
        return Computed(text, render, NOW, "/api/games")

    return work


@pytest.fixture
def held() -> HeldDocuments:
    return HeldDocuments(max_bytes=10_000_000)


def content(held: HeldDocuments, key: str) -> Any:
    copy = held.get(key)
    return None if copy is None else orjson.loads(copy.body)


def test_an_older_body_never_replaces_a_newer_one(held: HeldDocuments) -> None:
    held.apply([published("/a", 2, "new")], 2)
    held.apply([published("/a", 1, "old")], 2)
    assert content(held, "/a") == "new"
    held.apply([published("/a", 1, None)], 2)
    assert content(held, "/a") == "new", "nor does an older tombstone remove it"
    held.apply([published("/a", 3, None)], 3)
    assert held.get("/a") is None
    assert held.counts == (0, 0)


def test_a_reload_removes_what_is_no_longer_published_and_keeps_the_newer(held: HeldDocuments) -> None:
    held.apply([published("/a", 1, "a"), published("/b", 3, "b")], 3)
    held.replace([published("/b", 2, "older"), published("/c", 4, "c")], 4)
    assert [content(held, key) for key in ("/a", "/b", "/c")] == [None, "b", "c"]
    assert held.version == 4


async def test_a_computed_answer_never_outlives_its_documents(held: HeldDocuments) -> None:
    held.apply([published("/a", 1, "a")], 1)
    await held.derived.compute("/api/games?limit=1", saying(b'"one"'))
    assert content(held, "/api/games?limit=1") == "one"
    held.apply([], 1)
    assert content(held, "/api/games?limit=1") == "one"
    held.apply([published("/a", 2, "b")], 2)
    assert held.get("/api/games?limit=1") is None
    assert held.derived.bytes == 0


def test_beyond_its_memory_no_document_is_missing_and_every_body_is_as_published() -> None:
    bodies = {f"/api/game/{n}": {"n": n, "filler": list(range(n, n + 2000))} for n in range(60)}
    whole = sum(len(orjson.dumps(body)) for body in bodies.values())
    held = HeldDocuments(max_bytes=whole * 2 // 3)
    held.apply([published(key, 1, body, compressed=True) for key, body in bodies.items()], 1)
    count, size = held.counts
    assert count == 60
    assert size <= whole * 2 // 3
    for encoding, unpack in (("identity", bytes), ("br", brotli.decompress), ("gzip", gzip.decompress)):
        for key, body in bodies.items():
            copy = held.get(key)
            assert copy is not None
            got = answer(copy, "GET", {b"accept-encoding": encoding.encode()})
            sent = dict(got.head.pairs).get(b"content-encoding", b"identity")
            assert sent in (encoding.encode(), b"identity")
            assert orjson.loads(unpack(got.body) if sent != b"identity" else got.body) == body
            assert held.counts[1] <= whole * 2 // 3
    assert set(held.keys("/api/game/")) == bodies.keys()


def test_the_least_recently_used_are_packed_first() -> None:
    bodies = [published(f"/{n}", 1, list(range(3000)), compressed=True) for n in range(10)]
    held = HeldDocuments(max_bytes=sum(len(one.body or b"") for one in bodies))
    held.apply(bodies[:5], 1)
    for n in range(4):
        held.get(f"/{n}")
    held.apply(bodies[5:], 2)
    packed = {key for key in held.keys("/") if (copy := held.peek(key)) and copy.packed}
    assert "/4" in packed, "nobody has asked for it"
    assert "/3" not in packed, "it was asked for last"


def test_what_is_made_of_a_document_is_made_once_a_version(held: HeldDocuments) -> None:
    made: list[bytes] = []

    def make(body: bytes) -> int:
        made.append(body)
        return len(made)

    prepared = Prepared(held, make, 2)
    held.apply([published("/a", 1, "a"), published("/b", 1, "b"), published("/c", 1, "c")], 1)
    assert [prepared.of("/a"), prepared.of("/a"), prepared.of("/none")] == [1, 1, None]
    held.apply([published("/b", 2, "b2")], 2)
    assert prepared.of("/a") == 1, "its document did not change"
    held.apply([published("/a", 3, "a2")], 3)
    assert prepared.of("/a") == 2
    assert made == [b'"a"', b'"a2"']
    prepared.of("/b"), prepared.of("/c")
    assert prepared.of("/a") == 5, "the least recently used is forgotten"
    held.apply([published("/a", 4, None)], 4)
    assert prepared.of("/a") is None


def test_nothing_is_said_to_be_absent_before_the_first_publication(held: HeldDocuments) -> None:
    told = [held.complete]
    held.in_step()
    told.append(held.complete)
    held.apply([published("/a", 1, "a")], 1)
    told.append(held.complete)
    held.out_of_step()
    told.append(held.complete)
    assert told == [False, False, True, False]
