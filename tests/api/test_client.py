"""A client that openapi-typescript generates from the description: it compiles, reads, prices, and knows its errors."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from quartapp.api.docs import FILE
from quartapp.app import Web
from tests.conftest import PROJECT

CLIENT = PROJECT / "tests" / "client"
STEP_SECONDS = 400  # npm may have to fetch the packages


UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT")


async def run(*command: str, cwd: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), STEP_SECONDS)
    assert process.returncode == 0, f"{command}: {out.decode()[-3000:]}{err.decode()[-3000:]}"
    return out.decode()


@pytest.mark.timeout(1500)
async def test_a_generated_client_compiles_reads_prices_and_gets_a_typed_error(
    served: tuple[str, Web], tmp_path: Path
) -> None:
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm and node are not installed")
    for file in CLIENT.iterdir():
        shutil.copy(file, tmp_path)
    try:
        await run("npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit", cwd=tmp_path)
    except AssertionError as failure:
        if any(code in str(failure) for code in UNREACHABLE):
            pytest.skip("the npm registry cannot be reached")
        raise
    tools = tmp_path / "node_modules" / ".bin"
    await run(str(tools / "openapi-typescript"), str(FILE), "-o", "api.d.ts", cwd=tmp_path)
    await run(str(tools / "tsc"), "-p", ".", cwd=tmp_path)
    printed = json.loads(await run("node", "program.js", served[0], cwd=tmp_path))
    assert printed["sports"] > 0
    assert len(printed["games"]) == 5
    assert len(printed["labels"]) == 2
    assert isinstance(printed["american"], int | float)
    problem = printed["problem"]
    assert (problem["status"], problem["field"]) == (422, "legs[1].game_id")
    assert problem["request_id"]
