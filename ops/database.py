"""PostgreSQL by URL: the pool of ordinary queries, single connections, and the way to asyncpg below.

URLs come in the dialects that hosts hand out (``postgres://``, ``postgresql+asyncpg://``, ``?sslmode=``,
unix sockets); `normalise_url` turns each into what asyncpg parses itself.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
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


class ReadOnlyDatabaseError(ConnectionError):
    """PostgreSQL answers, but refuses writes: a standby, or a primary that was made read-only."""


# What PostgreSQL and its driver raise when the server is away, closing, full or too slow; InternalClientError, when
# a connection broke in the middle of something. Processes that use Redis too catch `ops.stores.Unavailable`, which
# contains this.
DatabaseUnavailable = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

# What a server says that has been demoted, is starting or is going away. It may keep the session open for ever, so
# the session is dropped: the next one reaches whoever has taken over.
CONDEMNING = (
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ReadOnlyDatabaseError,
)

STATEMENT_TIMEOUT_SECONDS = 30
CONNECT_TIMEOUT_SECONDS = 5
KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 3, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}
ALIVE_SECONDS = 2.0  # for a pooled connection to answer before it is used, and to be given back


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
        "init": _prepare,
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
        self._opening: asyncio.Event | None = None

    @property
    def is_connected(self) -> bool:
        """Whether the pool is open."""
        return self._database is not None and bool(self._database.is_connected)

    def expect(self) -> None:
        """Let sessions wait for the pool: it is about to be opened."""
        if self._opening is None:
            self._opening = asyncio.Event()

    async def load(self) -> None:
        """Import SQLAlchemy, beside the event loop."""
        if self._database is None:
            self._database = await asyncio.to_thread(self._make)

    async def connect(self) -> None:
        """Open the pool."""
        self.expect()
        opening = self._opening
        assert opening is not None
        try:
            await self.load()
            assert self._database is not None
            await self._database.connect()
        finally:
            self._opening = None
            opening.set()

    async def opened(self) -> None:
        """Wait while the pool is being opened, and not when nobody opens it."""
        if self._opening is not None:
            await self._opening.wait()

    async def disconnect(self) -> None:
        """Close the pool."""
        if self._database is not None:
            await self._database.disconnect()

    def connection(self) -> Connection:
        """Return a connection to be entered; the pool is open."""
        assert self._database is not None
        return self._database.connection()


async def connect(
    dsn: str,
    *,
    timeout: float = CONNECT_TIMEOUT_SECONDS,
    application_name: str = "parlaygorilla",
    command_timeout: float = STATEMENT_TIMEOUT_SECONDS,
) -> asyncpg.Connection[asyncpg.Record]:
    """Return one connection of its own, outside any pool (LISTEN, advisory locks).

    Raises:
        OSError, TimeoutError or asyncpg.PostgresError: unreachable within `timeout` seconds, or refused.
    """
    async with asyncio.timeout(timeout):
        connection = await asyncpg.connect(
            normalise_url(dsn),
            timeout=timeout,
            command_timeout=command_timeout,
            server_settings={"application_name": application_name},
        )
        await _prepare(connection)
        return connection


@asynccontextmanager
async def session(
    database: Database | LazyDatabase, timeout: float = CONNECT_TIMEOUT_SECONDS
) -> AsyncIterator[Connection]:
    """Yield a pooled connection that answers, waiting at most `timeout` seconds for a free one.

    A connection on which the server says that it is read-only, starting or going away is dropped with all others of
    the pool: after a failover old sessions may stay open on the demoted server.

    Raises:
        TimeoutError: the pool is exhausted, still being opened, or the server does not answer.
        ConnectionError: nobody has opened the pool, it could not be opened, or it is closed.
    """
    if not database.is_connected and isinstance(database, LazyDatabase):
        # Whatever else starts with the process asks at once, and would be told of an outage that there is not.
        async with asyncio.timeout(timeout):
            await database.opened()
    if not database.is_connected:
        raise ConnectionError("the database pool is not connected")
    connection = await _take(database, timeout)
    outermost = connection._connection_counter == 1
    try:
        yield connection
    except CONDEMNING:
        await _condemn(connection)
        raise
    finally:
        if outermost:
            # A transaction that cannot begin or end, because its connection died, goes on counting as a holder. The
            # connection would stay this task's for ever, and every later session of the task would get it, dead.
            connection._connection_counter = 1
        await _give_back(connection)


async def _take(database: Database | LazyDatabase, timeout: float) -> Connection:
    for attempt in (1, 2):
        connection = database.connection()
        async with asyncio.timeout(timeout):
            await connection.__aenter__()
        if connection._connection_counter > 1:  # this task holds it already, perhaps in a failed transaction
            return connection
        try:
            # A connection that died silently costs two seconds here rather than half a minute inside a statement.
            await raw(connection).fetchval("SELECT 1", timeout=ALIVE_SECONDS)
        except BaseException as problem:
            await _condemn(connection)
            await _give_back(connection)
            if attempt == 2 or not isinstance(problem, DatabaseUnavailable):
                raise
        else:
            return connection
    raise AssertionError("the second attempt returns or raises")


async def _condemn(connection: Connection) -> None:
    with suppress(asyncpg.InterfaceError):  # the pool has taken back a connection that was closed already
        raw(connection).terminate()
    await connection._backend._pool.expire_connections()  # type: ignore[attr-defined]  # its asyncpg pool


async def _give_back(connection: Connection) -> None:
    # Giving back waits for what is being cancelled on the server. One that does not answer must not keep us.
    late = asyncio.get_running_loop().call_later(ALIVE_SECONDS, raw(connection).terminate)
    try:
        await connection.__aexit__()
    except BaseException as problem:
        # databases goes on counting it as taken, and would refuse this task every session from here on. What the
        # session was for is done or has failed already, so a connection that dies now is nobody's failure.
        connection._connection._connection = None  # type: ignore[attr-defined]
        connection._database._connection = None
        if not isinstance(problem, DatabaseUnavailable):
            raise
    finally:
        late.cancel()


def raw(connection: Connection) -> asyncpg.Connection[asyncpg.Record]:
    """Return the asyncpg connection below a held `databases` one, for bulk statements."""
    return connection.raw_connection  # type: ignore[no-any-return]  # databases types it as Any


async def _prepare(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    _notice_silence(connection._transport.get_extra_info("socket"))  # type: ignore[attr-defined]  # the driver's
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, schema="pg_catalog", encoder=_to_json, decoder=orjson.loads, format="text"
        )


def _notice_silence(wire: socket.socket | None) -> None:
    """Let the kernel end a connection whose other side has vanished without a word."""
    if wire is None or wire.family == socket.AF_UNIX:
        return
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        if hasattr(socket, name):  # macOS has not all of them
            wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _to_json(value: object) -> str:
    return orjson.dumps(value).decode()


async def check_primary(connection: asyncpg.Connection[Any]) -> None:
    """Raise ReadOnlyDatabaseError on a server that takes no writes.

    After a failover the old primary may keep a listener's session open and tell nothing more: asked alone, it would
    look as if nothing changed.
    """
    if await connection.fetchval("SELECT current_setting('transaction_read_only')") == "on":
        raise ReadOnlyDatabaseError("PostgreSQL is read-only")
