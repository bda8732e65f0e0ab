"""PostgreSQL by URL: the pool of ordinary queries, single connections, and the way to asyncpg below.

URLs come in the dialects that hosts hand out (``postgres://``, ``postgresql+asyncpg://``, ``?sslmode=``,
unix sockets); `normalise_url` turns each into what asyncpg parses itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

if TYPE_CHECKING:
    from databases import Database
    from databases.core import Connection

__all__ = [
    "DatabaseUnavailable",
    "LazyDatabase",
    "connect",
    "normalise_url",
    "open_database",
    "raw",
    "session",
]

# What PostgreSQL and its driver raise when the server is away, closing, full or too slow. Processes that use Redis
# too catch `ops.stores.Unavailable`, which contains this.
DatabaseUnavailable = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

STATEMENT_TIMEOUT_SECONDS = 30
CONNECT_TIMEOUT_SECONDS = 5


def normalise_url(url: str) -> str:
    """Return `url` in the one scheme asyncpg accepts; driver suffixes are dropped.

    >>> normalise_url("postgresql+asyncpg://u:p@h/db")
    'postgresql://u:p@h/db'
    >>> normalise_url("postgres://u:p@h/db?sslmode=require")
    'postgresql://u:p@h/db?sslmode=require'
    """
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url.strip())


def open_database(
    dsn: str, *, pool_max: int = 5, pooler: bool = False, application_name: str = "parlaygorilla"
) -> Database:
    """Return a `databases.Database` that is not connected yet.

    With `pooler` (a transaction pooler in between) no prepared statement outlives its query and no
    session state is set, for the next query may land on another server connection.
    """
    from databases import Database

    options: dict[str, Any] = dict.fromkeys(("host", "port", "user", "password", "database"))
    options |= {
        "dsn": normalise_url(dsn),
        "min_size": 1,
        "max_size": pool_max,
        "timeout": CONNECT_TIMEOUT_SECONDS,
        "command_timeout": STATEMENT_TIMEOUT_SECONDS,
        "max_inactive_connection_lifetime": 300,
        "init": _use_json,
    }
    if pooler:
        options |= {"statement_cache_size": 0}
    else:
        options |= {
            "server_settings": {
                "application_name": application_name,
                "statement_timeout": str(STATEMENT_TIMEOUT_SECONDS * 1000),
                "idle_in_transaction_session_timeout": "60000",
            }
        }
    # databases parses URLs less completely than asyncpg does (sockets, sslmode, escapes in passwords),
    # so it is given an empty one and the options carry the whole address.
    return Database("postgresql://", **options)


class LazyDatabase:
    """A `databases.Database` that is made when it first connects.

    Making one imports SQLAlchemy, 0.2 s of a start; a web process answers its reads without it.
    """

    def __init__(self, make: Callable[[], Database]) -> None:
        self._make = make
        self._database: Database | None = None

    @property
    def is_connected(self) -> bool:
        """Whether the pool is open."""
        return self._database is not None and bool(self._database.is_connected)

    async def connect(self) -> None:
        """Open the pool."""
        if self._database is None:
            self._database = await asyncio.to_thread(self._make)
        await self._database.connect()

    async def disconnect(self) -> None:
        """Close the pool."""
        if self._database is not None:
            await self._database.disconnect()

    def connection(self) -> Connection:
        """Return a connection to be entered; the pool is open."""
        assert self._database is not None
        return self._database.connection()


async def connect(
    dsn: str, *, timeout: float = CONNECT_TIMEOUT_SECONDS, application_name: str = "parlaygorilla"
) -> asyncpg.Connection[asyncpg.Record]:
    """Return one connection of its own, outside any pool (LISTEN, advisory locks).

    Raises:
        OSError, TimeoutError or asyncpg.PostgresError: unreachable within `timeout` seconds, or refused.
    """
    async with asyncio.timeout(timeout):
        connection = await asyncpg.connect(
            normalise_url(dsn),
            timeout=timeout,
            command_timeout=STATEMENT_TIMEOUT_SECONDS,
            server_settings={"application_name": application_name},
        )
        await _use_json(connection)
        return connection


@asynccontextmanager
async def session(
    database: Database | LazyDatabase, timeout: float = CONNECT_TIMEOUT_SECONDS
) -> AsyncIterator[Connection]:
    """Yield a pooled connection, waiting at most `timeout` seconds for a free one.

    Raises:
        TimeoutError: the pool is exhausted or the server does not answer.
        ConnectionError: the pool has not been connected yet, or no longer is.
    """
    if not database.is_connected:
        raise ConnectionError("the database pool is not connected")
    connection = database.connection()
    async with asyncio.timeout(timeout):
        await connection.__aenter__()
    try:
        yield connection
    finally:
        await connection.__aexit__()


def raw(connection: Connection) -> asyncpg.Connection[asyncpg.Record]:
    """Return the asyncpg connection below a held `databases` one, for bulk statements."""
    return connection.raw_connection  # type: ignore[no-any-return]  # databases types it as Any


async def _use_json(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, schema="pg_catalog", encoder=_to_json, decoder=orjson.loads, format="text"
        )


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()
