"""The description is true: a machine that reads it finds no 5xx and no answer that it does not tell of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
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
    """A filled site on a real port, served by Hypercorn."""
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    async with open_bench(database, redis, settings) as bench:
        assert (await bench.run("daily_pass")).status == "success"
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


async def test_schemathesis_finds_no_5xx_and_nothing_undocumented(
    served: tuple[str, Web], tmp_path: Path, python: str
) -> None:
    url, _ = served
    process = await asyncio.create_subprocess_exec(
        str(Path(python).parent / "schemathesis"), "run", f"{url}/api/openapi.json",
        "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        "--max-examples", "25", "--phases", "examples,coverage,fuzzing", "--seed", "1", "--no-color",
        "--header", "X-Ops-Token: right-token-1234",
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 150)
    assert process.returncode == 0, out.decode()[-6000:]


async def test_no_answer_names_the_server(served: tuple[str, Web]) -> None:
    import httpx

    async with httpx.AsyncClient(base_url=served[0]) as client:
        for path in ("/healthz", "/api/games", "/nowhere"):
            assert "server" not in (await client.get(path)).headers


async def test_the_docs_page_works_in_a_browser_without_anything_from_elsewhere(
    served: tuple[str, Web],
) -> None:
    chromium = Path("/usr/bin/chromium")
    if not chromium.exists():
        pytest.skip("chromium is not installed")
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(chromium),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = await browser.new_page()
        asked: list[str] = []
        problems: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        await page.goto(f"{served[0]}/api/docs")
        assert await page.locator("h1").inner_text() == "Parlay Gorilla API"
        assert await page.locator("h2#listGames").is_visible()
        await browser.close()
    assert all(url.startswith(served[0]) for url in asked)
    assert [text for text in problems if "favicon" not in text and "404" not in text] == []
