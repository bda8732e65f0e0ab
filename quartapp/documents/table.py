"""Published documents: each read's body, rendered once, when its content changes.

Versions are handed out under the row lock of `document_versions`, so they commit in order: a reader that
has seen version N has seen everything below it.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import brotli
import orjson

from ops.database import raw

if TYPE_CHECKING:
    from databases.core import Connection

CHANNEL = "documents"
COMPRESS_FROM_BYTES = 256
BROTLI_QUALITY, GZIP_LEVEL = 5, 6


@dataclass(frozen=True, slots=True)
class Document:
    """What to publish under a key (a canonical request target): content without `generated_at`."""

    key: str
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """A published document as web processes hold it. `body` is None for a withdrawn one."""

    key: str
    version: int
    etag: str
    body: bytes | None
    body_br: bytes | None
    body_gzip: bytes | None
    published_at: datetime

    @property
    def bodies(self) -> dict[str, bytes]:
        """The bodies that there are, by encoding."""
        named = {"identity": self.body, "br": self.body_br, "gzip": self.body_gzip}
        return {name: body for name, body in named.items() if body is not None}


async def lock(connection: Connection) -> None:
    """Become the only publisher until the transaction ends.

    Taken before what will be published is read: of two jobs that publish one league the later would otherwise
    render what the other has just replaced. And taken after a sport's own rows (games, odds, injuries) are
    written, before rows that publishers share (sports, analyses, documents): one order for all, so that none
    waits for another in a circle, and one sport is written while another is rendered.
    """
    await raw(connection).execute("SELECT version FROM document_versions FOR UPDATE")


async def publish(
    connection: Connection,
    documents: Sequence[Document],
    *,
    withdrawn: Sequence[str] = (),
    fencing_token: int,
    now: datetime,
) -> int:
    """Publish what changed, in the caller's transaction; return how many documents did.

    A document whose content is as it was keeps its ETag, its generated_at and its version.
    """
    await lock(connection)
    held = await _digests(raw(connection), [*[one.key for one in documents], *withdrawn])
    changed: list[tuple[str, bytes, bytes]] = []
    for document in documents:
        content = orjson.dumps(document.content)
        digest = hashlib.blake2b(content, digest_size=16).digest()
        if held.get(document.key) != digest:
            changed.append((document.key, digest, content))
    gone = [key for key in withdrawn if held.get(key)]
    if not changed and not gone:
        return 0
    version = await raw(connection).fetchval(
        "UPDATE document_versions SET version = version + 1 RETURNING version"
    )
    stamp = _stamp(now)
    # In a thread: the compressors let go of the interpreter, and the clock has a lease to renew.
    rows = await asyncio.to_thread(lambda: [_render(*one, stamp) for one in changed])
    await _write(raw(connection), rows, version, fencing_token, now)
    await _withdraw(raw(connection), gone, version, fencing_token, now)
    await raw(connection).execute("SELECT pg_notify($1, $2)", CHANNEL, str(version))
    return len(changed) + len(gone)


def render(document: Document, version: int, now: datetime) -> Published:
    """Return `document` as it would be published in `version`, for a process that answers with it by itself."""
    content = orjson.dumps(document.content)
    key, _, etag, body, br, gz = _render(document.key, b"", content, _stamp(now))
    return Published(key, version, etag, body, br, gz, now)


def _stamp(now: datetime) -> bytes:
    return orjson.dumps(now.replace(microsecond=now.microsecond // 1000 * 1000), option=orjson.OPT_UTC_Z)


def _render(key: str, digest: bytes, content: bytes, stamp: bytes) -> tuple[Any, ...]:
    body = b'{"generated_at":' + stamp + (b"," if content != b"{}" else b"") + content[1:]
    etag = '"' + hashlib.blake2b(body, digest_size=12).hexdigest() + '"'
    br = gz = None
    if len(body) >= COMPRESS_FROM_BYTES:
        br = brotli.compress(body, quality=BROTLI_QUALITY)
        gz = gzip.compress(body, GZIP_LEVEL, mtime=0)
    return key, digest, etag, body, br, gz


async def _digests(connection: asyncpg.Connection[Any], keys: list[str]) -> dict[str, bytes]:
    rows = await connection.fetch(
        "SELECT key, digest FROM documents WHERE key = ANY ($1::text[]) AND body IS NOT NULL", keys
    )
    return {row["key"]: row["digest"] for row in rows}


async def _write(
    connection: asyncpg.Connection[Any], rows: list[tuple[Any, ...]], version: int, token: int, now: datetime
) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(6)]
    await connection.execute(
        """
        INSERT INTO documents AS held
               (key, digest, etag, body, body_br, body_gzip, encodings, version, published_at, fencing_token)
        SELECT new.*, CASE WHEN new.br IS NULL THEN '[]'::jsonb ELSE '["br", "gzip"]'::jsonb END, $7, $8, $9
          FROM unnest($1::text[], $2::bytea[], $3::text[], $4::bytea[], $5::bytea[], $6::bytea[])
               AS new (key, digest, etag, body, br, gz)
            ON CONFLICT (key) DO UPDATE
           SET digest = excluded.digest, etag = excluded.etag, body = excluded.body,
               body_br = excluded.body_br, body_gzip = excluded.body_gzip, encodings = excluded.encodings,
               version = excluded.version, published_at = excluded.published_at,
               fencing_token = excluded.fencing_token
        """,
        *columns,
        version,
        now,
        token,
    )


async def _withdraw(
    connection: asyncpg.Connection[Any], keys: list[str], version: int, token: int, now: datetime
) -> None:
    await connection.execute(
        """
        UPDATE documents
           SET body = NULL, body_br = NULL, body_gzip = NULL, encodings = '[]', digest = '', version = $2,
               published_at = $3, fencing_token = $4
         WHERE key = ANY ($1::text[])
        """,
        keys,
        version,
        now,
        token,
    )


async def body_of(connection: Connection, key: str) -> bytes | None:
    """Return a published document's JSON; None if there is none."""
    body: bytes | None = await raw(connection).fetchval("SELECT body FROM documents WHERE key = $1", key)
    return body


async def published_keys(connection: Connection, *, but: Sequence[str]) -> set[str]:
    """Return the keys of all published documents but those that begin with one of `but`."""
    rows = await raw(connection).fetch(
        """
        SELECT key FROM documents
         WHERE body IS NOT NULL AND NOT EXISTS (SELECT FROM unnest($1::text[]) AS prefix WHERE starts_with(key, prefix))
        """,
        but,
    )
    return {row["key"] for row in rows}


_COLUMNS = "key, version, etag, body, body_br, body_gzip, published_at"


async def load_since(connection: asyncpg.Connection[Any], version: int, limit: int = 500) -> list[Published]:
    """Return documents newer than `version`, oldest first, in whole versions; tombstones included.

    At most about `limit`; call again from the last one's version for more. From version 0 tombstones are
    left out.
    """
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM documents
         WHERE version > $1 AND ($1 > 0 OR body IS NOT NULL)
           AND version <= coalesce((SELECT version FROM documents WHERE version > $1
                                     ORDER BY version OFFSET $2 LIMIT 1), 9223372036854775807)
         ORDER BY version
        """,  # noqa: S608 - a constant list of columns
        version,
        limit,
    )
    return [Published(**row) for row in rows]


async def load_all(connection: asyncpg.Connection[Any]) -> list[Published]:
    """Return every published document; what is not among them is withdrawn."""
    rows = await connection.fetch(f"SELECT {_COLUMNS} FROM documents WHERE body IS NOT NULL")  # noqa: S608 - a constant list of columns
    return [Published(**row) for row in rows]


async def delete_tombstones(connection: Connection, now: datetime, older_than: timedelta) -> int:
    """Delete tombstones that every web process has long seen; return how many."""
    result = await raw(connection).execute(
        "DELETE FROM documents WHERE body IS NULL AND published_at < $1", now - older_than
    )
    return int(result.split()[-1])
