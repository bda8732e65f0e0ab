"""A filled site on a real port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from quartapp.app import Web, create_web
from quartapp.settings import Settings, read_settings
from tests.jobs.test_failures import open_bench
from tests.support.waiting import eventually, free_port


@pytest.fixture
async def served(
    settings: Settings, settings_env: Any, database: Any, redis: Any
) -> AsyncIterator[tuple[str, Web]]:
    """A filled site, served by Hypercorn: its URL and its parts."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    async with open_bench(database, redis, settings) as bench:
        assert (await bench.run("daily_pass")).status == "success"
        assert (await bench.run("regions")).status == "success"
        assert (await bench.run("track_record")).status == "success"
    web = create_web(
        read_settings(settings_env(OPS_DEBUG_ENABLED="true", OPS_DEBUG_TOKEN="right-token-1234"))
    )
    web.start()
    await eventually(lambda: web.documents.warm and web.stores.database.is_connected)
    config = Config()
    port = free_port()
    config.bind = [f"127.0.0.1:{port}"]
    config.accesslog = None
    config.include_server_header = False
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(web.asgi, config, shutdown_trigger=stop.wait))  # type: ignore[arg-type]
    await eventually(lambda: _listens(port))
    yield f"http://127.0.0.1:{port}", web
    stop.set()
    await serving
    await web.stop()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
