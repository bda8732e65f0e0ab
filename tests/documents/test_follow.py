"""Documents in memory follow what is published: by notification, by asking, and after any absence."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import asyncpg

from ops.database import session
from quartapp.documents.follow import Follower
from quartapp.documents.held import HeldDocuments
from quartapp.documents.table import Document, delete_tombstones, load_all, load_since, publish
from tests.support.waiting import eventually


async def put(database: Any, *documents: Document, withdrawn: tuple[str, ...] = ()) -> int:
    async with session(database) as connection, connection.transaction():
        return await publish(
            connection, documents, withdrawn=withdrawn, fencing_token=1, now=datetime.now(UTC)
        )


def _says(held: HeldDocuments, key: str, words: bytes) -> bool:
    document = held.get(key)
    return document is not None and words in document.body


async def follow(dsn: str, **options: Any) -> tuple[HeldDocuments, asyncio.Event, asyncio.Task[None]]:
    held = HeldDocuments(max_bytes=10_000_000)
    stop = asyncio.Event()
    task = asyncio.create_task(Follower(held, dsn, **options).run(stop))
    await eventually(lambda: held.warm)
    return held, stop, task


async def test_a_commit_is_seen_everywhere_by_notification_with_one_etag(
    database: Any, database_url: str
) -> None:
    followers = [await follow(database_url, poll_seconds=3600) for _ in range(2)]
    key = "/api/games?sport=nfl"
    for round_number in range(5):
        await put(database, Document(key, {"round": round_number}))
        wanted = b'"round":%d' % round_number
        for held, _, _ in followers:
            await eventually(partial(_says, held, key, wanted), pause=0.002)
        assert len({held.get(key).etag for held, _, _ in followers}) == 1  # type: ignore[union-attr]
    for _, stop, task in followers:
        stop.set()
        await task


async def test_a_missed_notification_is_made_up_for_by_the_poll(database: Any, database_url: str) -> None:
    held, stop, task = await follow(database_url, listen=False)
    await put(database, Document("/api/sports", {"n": 1}))
    await eventually(lambda: held.get("/api/sports"), timeout=6)
    stop.set()
    await task


async def test_never_an_older_body_after_a_newer(database: Any, database_url: str) -> None:
    held, stop, task = await follow(database_url)
    seen: list[int] = []
    done = asyncio.Event()

    async def watch() -> None:
        while not done.is_set():
            if (document := held.get("/api/sports")) is not None:
                seen.append(json.loads(document.body)["n"])
            await asyncio.sleep(0)

    watcher = asyncio.create_task(watch())
    for number in range(60):
        await put(database, Document("/api/sports", {"n": number}))
    await eventually(lambda: seen and seen[-1] == 59)
    done.set()
    await watcher
    assert seen == sorted(seen)
    stop.set()
    await task


async def test_unchanged_content_keeps_its_etag_and_a_withdrawn_document_is_gone(
    database: Any, database_url: str
) -> None:
    assert await put(database, Document("/api/sports", {"n": 1})) == 1
    held, stop, task = await follow(database_url)
    before = held.get("/api/sports")
    assert await put(database, Document("/api/sports", {"n": 1})) == 0
    assert await put(database, withdrawn=("/api/sports", "/api/never")) == 1
    await eventually(lambda: held.get("/api/sports") is None)
    assert await put(database, Document("/api/sports", {"n": 1})) == 1
    after = await eventually(lambda: held.get("/api/sports"))
    assert before is not None
    assert after.etag != before.etag  # generated anew
    stop.set()
    await task


async def test_catching_up_is_never_cut_inside_a_version(database: Any, database_url: str) -> None:
    for number in range(3):
        await put(database, *(Document(f"/api/game/{number}-{n}", {"n": n}) for n in range(4)))
    connection = await asyncpg.connect(database_url)
    for limit in range(1, 14):
        version, seen = 0, []
        while newer := await load_since(connection, version, limit):
            versions = [document.version for document in newer]
            version = versions[-1]
            seen += versions
            for whole in set(versions):
                assert versions.count(whole) == 4, f"version {whole} is cut at a limit of {limit}"
        assert seen == sorted(seen)
        assert len(seen) == 12
    await connection.close()


async def test_a_first_catching_up_leaves_tombstones_out_and_a_later_one_does_not(
    database: Any, database_url: str
) -> None:
    await put(database, Document("/api/game/1", {}), Document("/api/game/2", {}))
    await put(database, withdrawn=("/api/game/1",))
    connection = await asyncpg.connect(database_url)
    assert [one.key for one in await load_since(connection, 0)] == ["/api/game/2"]
    assert [(one.key, one.body) for one in await load_since(connection, 1)] == [("/api/game/1", None)]
    assert [one.key for one in await load_all(connection)] == ["/api/game/2"]
    await connection.close()


async def test_after_a_long_absence_what_was_withdrawn_meanwhile_is_gone(
    database: Any, database_url: str
) -> None:
    """Its tombstone may be deleted by then, so everything is loaded anew; what stays is never missing."""
    await put(database, Document("/api/game/1", {"n": 1}), Document("/api/game/2", {"n": 2}))
    held, stop, task = await follow(database_url)
    stop.set()
    await task
    assert held.stale
    await put(database, withdrawn=("/api/game/1",))
    async with session(database) as connection:
        assert await delete_tombstones(connection, datetime.now(UTC) + timedelta(days=3), timedelta(days=2))
    missing: list[bool] = []
    stop = asyncio.Event()

    async def watch() -> None:
        while not stop.is_set():
            missing.append(held.get("/api/game/2") is None)
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    task = asyncio.create_task(Follower(held, database_url, reload_after_seconds=0.0).run(stop))
    await eventually(lambda: held.get("/api/game/1") is None)
    assert held.get("/api/game/2") is not None
    stop.set()
    await asyncio.gather(task, watching)
    assert not any(missing)


async def test_a_server_that_takes_no_writes_is_not_followed_for_long(
    database: Any, database_url: str
) -> None:
    """A demoted primary keeps old sessions open and publishes nothing more; its documents are shown as stale."""
    await put(database, Document("/api/sports", {"n": 1}))
    held, stop, task = await follow(database_url)
    admin = await asyncpg.connect(database_url)
    name = database_url.rsplit("/", 1)[1]
    others = "datname = $1 AND application_name = 'parlaygorilla-documents'"
    await admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await admin.fetch(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}", name)
    await eventually(lambda: held.stale)

    seen: set[int] = set()

    async def left_again() -> bool:
        rows = await admin.fetch(f"SELECT pid FROM pg_stat_activity WHERE {others}", name)
        seen.update(row["pid"] for row in rows)
        return len(seen) >= 3

    await eventually(left_again)
    assert held.stale
    assert held.get("/api/sports") is not None
    await admin.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    await put(database, Document("/api/sports", {"n": 2}))
    await eventually(lambda: not held.stale and _says(held, "/api/sports", b'"n":2'))
    await admin.close()
    stop.set()
    await task
