"""Bring PostgreSQL to the schema this code needs, one process at a time.

Any number of processes may call this at once: one migrates, the others wait and find the work done. The revisions
run on the session that holds the lock: whatever ends it ends both, so no second process begins meanwhile.
At head it is one query on one connection; alembic is imported only when there is something to run.

As a command, ``python -m ops.migrate_with_lock [--check]``: exit code 0 when the schema is usable,
1 on failure or time-out, with one clear line.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import re
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import asyncpg
import orjson

from ops.database import DatabaseUnavailable, connect

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection as SyncConnection

    Connection = asyncpg.Connection[asyncpg.Record]

VERSIONS = Path(__file__).resolve().parent.parent / "alembic" / "versions"
LOCK_KEY = 0x9A71A7  # the same number in every process that migrates this database
POLL_SECONDS = (0.05, 0.25)
CONNECT_PATIENCE_SECONDS = 8.0
LOCK_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_SECONDS = 300

Standing = Literal["at_head", "behind", "ahead", "empty"]


class MigrationError(RuntimeError):
    """The schema could not be brought to head; the message is one line and names no secret."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Where the database stands against this code."""

    current: str | None
    head: str
    standing: Standing

    @property
    def usable(self) -> bool:
        """True when this code can work on the schema: at head, or ahead after a rollback deploy."""
        return self.standing in ("at_head", "ahead")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call did: `migrated` is true for the one process that ran revisions."""

    state: SchemaState
    migrated: bool


@cache
def known_revisions(versions: Path = VERSIONS) -> dict[str, str | None]:
    """Return {revision: down_revision} read from the files' text: importing alembic costs 230 ms."""
    found: dict[str, str | None] = {}
    for path in versions.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        revision = re.search(r"^revision\b[^=\n]*=\s*[\"']([^\"']+)[\"']", text, re.M)
        down = re.search(r"^down_revision\b[^=\n]*=\s*(?:None|[\"']([^\"']+)[\"'])", text, re.M)
        if revision is None or down is None:
            raise MigrationError(f"{path.name} states no revision and down_revision.")
        found[revision.group(1)] = down.group(1)
    return found


def head_revision(versions: Path = VERSIONS) -> str:
    """Return the one revision that no other builds on.

    Raises:
        MigrationError: the revisions do not form one line.
    """
    revisions = known_revisions(versions)
    heads = set(revisions) - set(revisions.values())
    if len(heads) != 1:
        raise MigrationError(
            f"alembic/versions has {len(heads)} heads ({', '.join(sorted(heads))}); merge them."
        )
    return heads.pop()


async def read_state(connection: Connection, versions: Path = VERSIONS) -> SchemaState:
    """Return where the schema stands, from one query."""
    head = head_revision(versions)
    try:
        current = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        current = None
    standing: Standing
    if current is None:
        standing = "empty"
    elif current == head:
        standing = "at_head"
    else:
        standing = "behind" if current in known_revisions(versions) else "ahead"
    return SchemaState(current, head, standing)


async def migrate(
    dsn: str, *, lock_timeout_seconds: float = 600, pooler: bool = False, versions: Path = VERSIONS
) -> Outcome:
    """Bring the database to head under the advisory lock.

    Args:
        dsn: a URL that reaches PostgreSQL itself; a session lock through a transaction pooler locks nothing.
        lock_timeout_seconds: how long to wait for another process's migration.
        pooler: the operator says that `dsn` leads through a transaction pooler.
        versions: the folder of revisions.

    Raises:
        MigrationError: unreachable, timed out, or a revision failed; what ran in its transaction is undone.
    """
    try:
        return await _migrate(dsn, lock_timeout_seconds, pooler, versions)
    except DatabaseUnavailable as problem:
        raise MigrationError(
            f"The database ended the connection ({_first_line(problem)}). Run it again."
        ) from None


async def _migrate(dsn: str, lock_timeout_seconds: float, pooler: bool, versions: Path) -> Outcome:
    async with _connected(dsn) as connection:
        state = await read_state(connection, versions)
        if state.usable:
            return Outcome(state, migrated=False)
        if pooler:
            raise MigrationError(_POOLER_REFUSAL)
        await _refuse_pooler(connection, dsn)
        async with _advisory_lock(connection, lock_timeout_seconds):
            state = await read_state(connection, versions)
            if state.usable:
                return Outcome(state, migrated=False)
            await _drop_invalid_indexes(connection)
            try:
                await _upgrade(connection, versions)
            except MigrationError as problem:
                raise MigrationError(f"{problem}{await _left_behind(dsn)}") from problem
    head = head_revision(versions)
    return Outcome(SchemaState(head, head, "at_head"), migrated=True)


_POOLER_REFUSAL = (
    "DATABASE_URL leads through a transaction pooler, where a session lock locks nothing. "
    "Set MIGRATION_DATABASE_URL to a direct connection."
)


@contextlib.asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[Connection]:
    deadline = time.monotonic() + CONNECT_PATIENCE_SECONDS
    while True:
        try:
            left = max(1.0, deadline - time.monotonic())
            connection = await connect(
                dsn,
                timeout=left,
                application_name="parlaygorilla-migrate",
                command_timeout=STATEMENT_TIMEOUT_SECONDS + 10,
            )
            break
        except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as problem:
            raise MigrationError(
                f"The database refuses us ({type(problem).__name__}). Check DATABASE_URL."
            ) from None
        except (*DatabaseUnavailable, ValueError) as problem:
            if isinstance(problem, ValueError) or time.monotonic() + 0.5 > deadline:
                raise MigrationError(
                    f"The database cannot be reached ({type(problem).__name__}). Check DATABASE_URL and the network."
                ) from None
            await asyncio.sleep(0.5)
    try:
        yield connection
    finally:
        with contextlib.suppress(*DatabaseUnavailable):
            await connection.close(timeout=2)


async def _refuse_pooler(connection: Connection, dsn: str) -> None:
    """A pooler shows itself when two of its clients share one server process, or one client uses two."""
    mine = await connection.fetchval("SELECT pg_backend_pid()")
    async with _connected(dsn) as other, other.transaction():
        other_process = await other.fetchval("SELECT pg_backend_pid()")
        mine_again = await connection.fetchval("SELECT pg_backend_pid()")
    if other_process == mine or mine_again != mine:
        raise MigrationError(_POOLER_REFUSAL)


@contextlib.asynccontextmanager
async def _advisory_lock(connection: Connection, timeout: float) -> AsyncIterator[None]:
    # Polled, never pg_advisory_lock(): a statement blocked in there holds a snapshot, and a CREATE INDEX
    # CONCURRENTLY run by the lock's holder waits for that snapshot. Neither would ever finish.
    deadline = time.monotonic() + timeout
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
        pause = random.uniform(*POLL_SECONDS)
        if time.monotonic() + pause > deadline:
            raise MigrationError(
                f"Another process has held the migration lock for {timeout:g} s. See pg_locks (locktype advisory) "
                "joined with pg_stat_activity for which, and what it runs."
            )
        await asyncio.sleep(pause)
    try:
        yield
    finally:
        with contextlib.suppress(*DatabaseUnavailable):
            await connection.execute("SELECT pg_advisory_unlock($1)", LOCK_KEY, timeout=5)


_INVALID = """
    SELECT format('%I.%I', namespace.nspname, class.relname) AS name
      FROM pg_index AS index
      JOIN pg_class AS class ON class.oid = index.indexrelid AND class.relkind = 'i'
      JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
     WHERE NOT index.indisvalid AND namespace.nspname = ANY (current_schemas(false))
       AND NOT EXISTS (SELECT 1 FROM pg_stat_progress_create_index AS building
                        WHERE building.index_relid = index.indexrelid)
       AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = index.indexrelid)
     ORDER BY 1
"""


async def _drop_invalid_indexes(connection: Connection) -> None:
    """Drop what a failed CREATE INDEX CONCURRENTLY left: with IF NOT EXISTS its revision would pass over it for good."""
    for row in await connection.fetch(_INVALID):
        await connection.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {row['name']}")
        _tell("warning", f"Dropped the invalid index {row['name']}; its revision builds it anew.", 0)


async def _left_behind(dsn: str) -> str:
    """Name what a failed revision left outside of its transaction, on a connection that is surely alive."""
    with contextlib.suppress(MigrationError, *DatabaseUnavailable):
        async with _connected(dsn) as connection:
            names = [row["name"] for row in await connection.fetch(_INVALID)]
        if names:
            return f" Invalid indexes are left: {', '.join(names)}. The next run drops and builds them anew."
    return ""


def _first_line(problem: BaseException) -> str:
    wrapped = getattr(problem, "orig", None) or problem  # SQLAlchemy wraps an imitation of the driver's error
    cause = wrapped.__cause__ if isinstance(wrapped.__cause__, asyncpg.PostgresError) else wrapped
    text = (str(cause).splitlines() or [""])[0][:300]
    return f"{type(cause).__name__}: {text}" if text else type(cause).__name__


async def _upgrade(connection: Connection, versions: Path) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    async def locked() -> Connection:
        return connection

    try:
        await connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'")
        await connection.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT_SECONDS}s'")
        engine = create_async_engine("postgresql+asyncpg://", async_creator=locked, poolclass=NullPool)
        async with engine.connect() as work:
            await work.run_sync(_run_revisions, versions)
    except Exception as problem:  # a revision is a program: whatever it raises is one line
        raise MigrationError(
            f"A revision failed ({_first_line(problem)}). Its transaction was undone; what it did outside of one was not."
        ) from problem


def _run_revisions(connection: SyncConnection, versions: Path) -> None:
    from alembic.config import Config

    from alembic import command

    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent).replace("%", "%%"))
    config.set_main_option("version_locations", str(versions).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def describe(outcome: Outcome) -> str:
    """Return one sentence for the log."""
    state = outcome.state
    if state.standing == "ahead":
        return f"The database is ahead of this code (at {state.current}, code knows {state.head}); left as it is."
    return f"Migrated to {state.head}." if outcome.migrated else f"The schema is at {state.head}."


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ops.migrate_with_lock", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only tell; exit 1 when revisions are missing")
    options = parser.parse_args(arguments)
    # Read here rather than through the settings: this command must answer in 300 ms, on its own.
    dsn = os.environ.get("MIGRATION_DATABASE_URL") or os.environ.get("DATABASE_URL", "")
    pooler = os.environ.get("DATABASE_POOLER", "").lower() in ("1", "true", "yes", "on")
    pooler = pooler and not os.environ.get("MIGRATION_DATABASE_URL")
    timeout = os.environ.get("MIGRATION_LOCK_TIMEOUT_SECONDS") or "600"
    if not dsn:
        return _tell("error", "DATABASE_URL is not set.", 2)
    if not re.fullmatch(r"\d+(\.\d+)?", timeout):
        return _tell("error", "MIGRATION_LOCK_TIMEOUT_SECONDS must be a number of seconds.", 2)
    try:
        if options.check:
            return asyncio.run(_check(dsn))
        outcome = asyncio.run(migrate(dsn, lock_timeout_seconds=float(timeout), pooler=pooler))
    except MigrationError as problem:
        return _tell("error", str(problem), 1)
    except Exception as problem:  # a deploy reads this line; a traceback could show parts of a URL
        return _tell("error", f"Migrating failed ({type(problem).__name__}).", 1)
    return _tell("warning" if outcome.state.standing == "ahead" else "info", describe(outcome), 0)


async def _check(dsn: str) -> int:
    async with _connected(dsn) as connection:
        state = await read_state(connection)
    if state.usable:
        return _tell("info", describe(Outcome(state, migrated=False)), 0)
    return _tell("error", f"The schema is at {state.current or 'nothing'}; this code needs {state.head}.", 1)


def _tell(level: str, event: str, code: int) -> int:
    stream = sys.stderr if level == "error" else sys.stdout
    if stream.isatty():
        stream.write(f"{event}\n")
    else:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = {"time": now, "level": level, "logger": "ops.migrate_with_lock", "event": event}
        stream.write(orjson.dumps(line).decode() + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
