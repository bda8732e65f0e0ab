"""A daily pass over 60 sports x 30 games x 10 books x 3 markets: received bytes to published documents.

Three passes: from nothing, with nothing changed, with every price changed. Run: ``python -m bench.daily_pass``. The
upstream is a transport that gives bytes made beforehand, so that only our side is measured; PostgreSQL and Redis are
the embedded ones. Prints seconds and this process's peak memory.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
import orjson

from bench.load import PROJECT
from bench.slate import events
from launcher.dev.embedded import Services, embedded_services
from ops.alerts.desk import Desk
from ops.clock import ledger, register
from ops.clock.fence import next_token
from ops.clock.ledger import Claim
from ops.clock.runner import Runner
from ops.clock.term import Term
from ops.database import open_database, session
from ops.migrate_with_lock import migrate
from ops.redis import open_redis
from ops.stores import Stores
from ops.telemetry.logs import configure_logging
from quartapp.feeds.espn import EspnClient
from quartapp.feeds.odds_api import OddsApiClient
from quartapp.jobs.daily_pass import DAILY_PASS
from quartapp.settings import read_settings
from quartapp.upstreams import Upstreams

SPORTS, GAMES, BOOKS = 60, 30, 10


def first_answers() -> dict[str, bytes]:
    """Return the first answer of each sport."""
    now = datetime.now(UTC)
    keys = [f"basketball_nba{n:02d}" for n in range(SPORTS)]
    return {key: orjson.dumps(events(key, GAMES, BOOKS, now)) for key in keys}


def moved(body: bytes) -> bytes:
    """Return an answer with every price a cent longer or shorter."""
    listed = orjson.loads(body)
    for event in listed:
        for book in event["bookmakers"]:
            for market in book["markets"]:
                for outcome in market["outcomes"]:
                    outcome["price"] += 1 if outcome["price"] > 0 else -1
    return orjson.dumps(listed)


def upstream(bodies: Mapping[str, bytes]) -> httpx.MockTransport:
    """Return an upstream that answers with these, by sport."""
    listed = orjson.dumps(
        [{"key": k, "title": k, "group": "Bench", "active": True, "has_outrights": False} for k in bodies]
    )

    def answer(request: httpx.Request) -> httpx.Response:
        parts = request.url.path.split("/")
        body = bodies[parts[3]] if parts[-1] == "odds" else listed
        return httpx.Response(200, content=body, headers={"x-requests-last": "3"})

    return httpx.MockTransport(answer)


async def run(services: Services) -> None:
    """Run the passes."""
    bodies = first_answers()
    settings = read_settings(
        {
            "ENVIRONMENT": "development",
            "DATABASE_URL": services.database_url,
            "REDIS_URL": services.redis_url,
            "ODDS_API_DAILY_CREDITS": "1000000",
        }
    )
    await migrate(services.database_url)
    database, redis = open_database(services.database_url), open_redis(services.redis_url)
    await database.connect()
    async with httpx.AsyncClient(transport=upstream(bodies)) as client:
        resources = Upstreams(
            settings,
            OddsApiClient(client, "http://upstream", "key"),
            EspnClient(client, "http://espn"),
            "sandbox",
        )
        now = datetime.now(UTC)
        async with session(database) as connection:
            token = await next_token(connection, "bench", now)
            job = register.Registered("daily_pass", DAILY_PASS.schedule, "UTC", None)
            await register.register(connection, [job], now)
        runner = Runner(Term(Stores(database, redis), token, "bench", Desk(database, "bench")), resources)
        for name in ("from nothing", "nothing changed", "every price"):
            if name == "every price":
                for key in bodies:
                    bodies[key] = moved(bodies[key])
            tick = datetime.now(UTC)
            async with session(database) as connection:
                (claimed,) = await ledger.claim(
                    connection,
                    [Claim("daily_pass", tick, 1, "manual")],
                    holder="bench",
                    fencing_token=token,
                    now=tick,
                )
            began, cpu = time.perf_counter(), time.process_time()
            await runner.run(DAILY_PASS, claimed)
            took, used = time.perf_counter() - began, time.process_time() - cpu
            async with session(database) as connection:
                done = (await ledger.history(connection, "daily_pass", 1))[0]
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{name:<16} {done.status} {took:5.2f} s ({used:.2f} s of a core), peak {peak:.0f} MB, "
                f"{done.stats['prices_changed']:,} prices changed, {done.stats['documents_published']:,} documents"
            )
    await redis.aclose()
    await database.disconnect()


def main() -> None:
    """Measure."""
    gc.set_threshold(50_000, 20, 20)  # as launcher/__main__.py has it for every role
    configure_logging("ERROR", "json", (), sys.stderr)
    with embedded_services(PROJECT / ".local" / "bench-pass", durable=True) as services:
        asyncio.run(fill(services))


async def fill(services: Services) -> str:
    """Fill a new database; return its URL."""
    import asyncpg

    connection = await asyncpg.connect(services.database_url)
    await connection.execute("DROP DATABASE IF EXISTS bench_pass WITH (FORCE)")
    await connection.execute("CREATE DATABASE bench_pass")
    await connection.close()
    url = services.database_url.rsplit("/", 1)[0] + "/bench_pass"
    await run(Services(url, services.redis_url, services.postgres_pid, services.redis_pid))
    return url


if __name__ == "__main__":
    main()
