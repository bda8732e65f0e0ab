"""The description is true: a machine that reads it finds no 5xx and no answer that it does not tell of."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from quartapp.app import Web

CONFIGURATION = """
# A 503 with Retry-After is a documented answer: a loaded machine may give it.
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "503"]
"""


@pytest.mark.timeout(1200)
async def test_schemathesis_finds_no_5xx_and_nothing_undocumented(
    served: tuple[str, Web], tmp_path: Path, python: str
) -> None:
    url, _ = served
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    process = await asyncio.create_subprocess_exec(
        str(Path(python).parent / "schemathesis"), "run", f"{url}/api/openapi.json",
        "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        "--max-examples", "25", "--phases", "examples,coverage,fuzzing", "--seed", "1", "--no-color",
        "--header", "X-Ops-Token: right-token-1234", "--request-timeout", "60",
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 1000)
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
        # What to send and what comes back can be read on the page.
        price = await page.locator("h2#priceParlay ~ details").first.inner_text()
        assert "Body" in price
        assert '"legs"' in price
        answers = await page.locator("pre").all_inner_texts()
        assert any('"price_fractional"' in text for text in answers)
        assert any('"bookmakers"' in text for text in answers)
        await page.locator("h2#listGames ~ table a", has_text="Games").first.click()
        assert await page.locator("h3#Games").is_visible()
        await browser.close()
    assert all(url.startswith(served[0]) for url in asked)
    assert [text for text in problems if "favicon" not in text and "404" not in text] == []
