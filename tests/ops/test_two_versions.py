"""Two versions share one schema: a column that a newer one has added disturbs nothing here."""

from __future__ import annotations

from typing import Any

from ops.alerts.desk import Desk
from ops.clock import register, requests
from ops.clock.job import JobContext
from ops.database import raw, session
from tests.support.clock_bench import Bench, job, minute, outline
from tests.support.waiting import eventually


async def test_a_clock_works_on_tables_that_all_have_a_column_more(bench: Bench) -> None:
    async with session(bench.database) as connection:
        tables = await raw(connection).fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        for row in tables:
            await raw(connection).execute(
                f"ALTER TABLE {row['tablename']} ADD COLUMN from_a_newer_version text"
            )
    begun = 0

    async def fails_once(context: JobContext[Any]) -> None:
        nonlocal begun
        begun += 1
        async with context.transaction() as connection:
            await connection.execute("SELECT 1")
        if begun == 1:
            raise RuntimeError("the source is down")

    async with bench.term(job(fails_once)):
        bench.wall.at = minute(1)
        await bench.settled(2)
        bench.wall.forward(seconds=1)
        async with session(bench.database) as connection:
            asked = await requests.ask(connection, "job", "someone", bench.wall())
            answer = await eventually(lambda: _answered(bench, asked))
            assert answer.run_id is not None
            assert [one.job_name for one in await register.summaries(connection)] == ["job"]
        runs = await bench.settled(3)
        desk = Desk(bench.database, "bench", wall=bench.wall)
        await desk.trouble("job:job", "title", "detail")
        assert await desk.well("job:job")
    assert outline(runs)[:2] == [(1, 1, "schedule", "failure"), (1, 2, "retry", "success")]


async def _answered(bench: Bench, asked: int) -> requests.Answer | None:
    async with session(bench.database) as connection:
        answer = await requests.read_answer(connection, asked)
    return answer if answer.taken else None
