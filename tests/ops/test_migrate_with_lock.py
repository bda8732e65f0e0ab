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
