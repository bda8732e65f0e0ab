"""Migrations: one process at a time, quick at head, clear when they fail, the schema as before."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from ops.migrate_with_lock import LOCK_KEY, VERSIONS, MigrationError, head_revision, migrate, read_state
from tests.conftest import PROJECT
from tests.support.waiting import eventually

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(python: str) -> Run:
    def command(url: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-m", "ops.migrate_with_lock", *arguments],
            cwd=PROJECT,
            env={"DATABASE_URL": url, "PYTHONPATH": str(PROJECT), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return command


async def tables(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row[0] for row in rows}
    finally:
        await connection.close()


async def test_eight_at_once_on_an_empty_database_migrate_it_once(
    empty_database_url: str, python: str
) -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            python,
            "-m",
            "ops.migrate_with_lock",
            cwd=PROJECT,
            env={"DATABASE_URL": empty_database_url},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        for _ in range(8)
    ]
    outputs = [(await process.communicate())[0].decode() for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, outputs
    assert sum("Migrated to" in output for output in outputs) == 1
    assert "games" in await tables(empty_database_url)


def test_at_head_it_says_so_and_check_agrees(database_url: str, run: Run) -> None:
    assert run(database_url).returncode == 0
    checked = run(database_url, "--check")
    assert checked.returncode == 0
    assert f"at {head_revision()}" in checked.stdout


def test_check_changes_nothing_on_an_empty_database(empty_database_url: str, run: Run) -> None:
    checked = run(empty_database_url, "--check")
    assert checked.returncode == 1
    assert "needs" in checked.stderr
    assert asyncio.run(tables(empty_database_url)) == set()


async def test_at_head_alembic_is_not_imported(database_url: str, python: str) -> None:
    code = "import sys; from ops.migrate_with_lock import main; assert main([]) == 0; assert 'alembic' not in sys.modules"
    process = await asyncio.create_subprocess_exec(
        python, "-c", code, cwd=PROJECT, env={"DATABASE_URL": database_url}
    )
    assert await process.wait() == 0


async def test_a_lock_held_elsewhere_ends_in_one_clear_line(empty_database_url: str, run: Run) -> None:
    holder = await asyncpg.connect(empty_database_url)
    await holder.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)
    started = time.monotonic()
    done = await asyncio.to_thread(run, empty_database_url, MIGRATION_LOCK_TIMEOUT_SECONDS="2")
    assert done.returncode != 0
    assert time.monotonic() - started < 60, "it waited on, far beyond its two seconds"
    assert len(done.stderr.splitlines()) == 1
    assert "migration lock for 2 s" in done.stderr
    await holder.close()


def test_an_unreachable_database_fails_in_bounded_time_without_its_password(run: Run) -> None:
    started = time.monotonic()
    done = run("postgresql://user:hidden-word@127.0.0.1:9/db")
    assert done.returncode != 0
    assert time.monotonic() - started < 60
    assert "cannot be reached" in done.stderr
    assert "hidden-word" not in done.stderr + done.stdout


async def test_a_failing_revision_leaves_the_schema_as_it_was(
    empty_database_url: str, tmp_path: Path
) -> None:
    versions = tmp_path / "versions"
    shutil.copytree(VERSIONS, versions, ignore=shutil.ignore_patterns("__pycache__"))
    (versions / "9999_broken.py").write_text(
        "from alembic import op\n"
        f"revision = '9999'\ndown_revision = '{head_revision()}'\n"
        "def upgrade():\n    op.execute('CREATE TABLE half (x int)')\n    op.execute('SELECT no_such_column')\n"
    )
    with pytest.raises(MigrationError, match="undone"):
        await migrate(empty_database_url, versions=versions)
    assert await tables(empty_database_url) == set()


async def test_a_database_ahead_of_the_code_is_left_alone(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    outcome = await migrate(database_url)
    assert outcome.state.standing == "ahead"
    assert not outcome.migrated
    assert (await read_state(connection)).current == "from_the_future"
    await connection.close()


async def test_a_transaction_pooler_without_a_direct_url_is_refused(empty_database_url: str) -> None:
    with pytest.raises(MigrationError, match="MIGRATION_DATABASE_URL"):
        await migrate(empty_database_url, pooler=True)


async def test_the_lock_is_free_again_after_a_migration(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    connection = await asyncpg.connect(empty_database_url)
    assert await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY)
    await connection.close()


def with_revision(folder: Path, body: str) -> Path:
    """Return a folder of revisions with one more at its end."""
    versions = folder / "versions"
    shutil.copytree(VERSIONS, versions, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    (versions / "9999_next.py").write_text(
        "from alembic import op\n"
        f"revision = '9999'\ndown_revision = '{head_revision()}'\n"
        f"def upgrade():\n{body}"
    )
    return versions


CONCURRENTLY = (
    "    with op.get_context().autocommit_block():\n"
    "        op.execute('CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS twice_x ON twice (x)')\n"
)


async def test_an_index_that_failed_is_named_and_built_anew_by_the_next_run(
    database_url: str, tmp_path: Path
) -> None:
    versions = with_revision(tmp_path, CONCURRENTLY)
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE twice (x int); INSERT INTO twice VALUES (1), (1)")
    with pytest.raises(MigrationError, match=r"Invalid indexes are left: public\.twice_x") as failure:
        await migrate(database_url, versions=versions)
    assert "\n" not in str(failure.value)
    await connection.execute("DELETE FROM twice WHERE ctid = (SELECT min(ctid) FROM twice)")
    assert (await migrate(database_url, versions=versions)).migrated
    assert await connection.fetchval("SELECT indisvalid FROM pg_index WHERE indexrelid = 'twice_x'::regclass")
    await connection.close()


async def test_the_lock_and_the_revision_end_together(database_url: str, tmp_path: Path) -> None:
    versions = with_revision(
        tmp_path, "    op.execute('CREATE TABLE half (x int)')\n    op.execute('SELECT pg_sleep(120)')\n"
    )
    connection = await asyncpg.connect(database_url)
    migrating = asyncio.create_task(migrate(database_url, versions=versions))

    async def asleep() -> bool:
        return bool(await connection.fetchval(SLEEPING))

    await eventually(asleep)
    holder = await connection.fetchval(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    assert holder == await connection.fetchval(SLEEPING)  # one session does both
    await connection.execute("SELECT pg_terminate_backend($1)", holder)
    with pytest.raises(MigrationError, match="A revision failed") as failure:
        await migrating
    assert "\n" not in str(failure.value)
    assert "half" not in await tables(database_url)
    await connection.close()


SLEEPING = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep%'"
    " AND pid <> pg_backend_pid()"
)


async def test_a_wait_whose_session_the_server_ends_is_one_line(empty_database_url: str) -> None:
    holder = await asyncpg.connect(empty_database_url)
    await holder.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)
    waiting = asyncio.create_task(migrate(empty_database_url))

    async def ended() -> bool:
        return bool(
            await holder.fetchval(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'parlaygorilla-migrate'"
                " AND query LIKE '%advisory%'"
            )
        )

    await eventually(ended)
    with pytest.raises(MigrationError, match="Run it again"):
        await waiting
    await holder.close()


async def test_revisions_do_not_wait_for_a_lock_for_ever(database_url: str, tmp_path: Path) -> None:
    versions = with_revision(tmp_path, "    op.execute('ALTER TABLE alerts ADD COLUMN note text')\n")
    blocker = await asyncpg.connect(database_url)
    async with blocker.transaction():
        await blocker.execute("LOCK TABLE alerts IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(MigrationError, match="LockNotAvailable"):
            await migrate(database_url, versions=versions)
    await blocker.close()


async def test_any_error_of_a_revision_is_one_line(database_url: str, tmp_path: Path) -> None:
    versions = with_revision(tmp_path, "    raise KeyError('not a database error')\n")
    with pytest.raises(MigrationError, match="KeyError"):
        await migrate(database_url, versions=versions)
