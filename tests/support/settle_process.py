"""Runs the job `settle` once, as the leader: for tests that kill it in the middle."""

from __future__ import annotations

import asyncio

from ops.database import open_database
from ops.redis import open_redis
from quartapp.jobs.settle import settle
from quartapp.settings import read_settings
from tests.support.leader import open_leader


async def main() -> None:
    settings = read_settings()
    database = open_database(settings.database_url.get_secret_value(), application_name="tests")
    await database.connect()
    async with open_leader(database, open_redis(settings.redis_url.get_secret_value()), settings) as leader:
        await settle(leader.context("settle"))


if __name__ == "__main__":
    asyncio.run(main())
