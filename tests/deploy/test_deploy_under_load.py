"""A deploy while visitors come: real web processes take the place of each other on one port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from scripts.write_env import render
from tests.deploy.conftest import Host
from tests.support.waiting import free_port
from tests.support.wrk import load, needs_wrk

pytestmark = pytest.mark.e2e


@pytest.fixture
async def real_host(host: Host, settings_env: Callable[..., dict[str, str]]) -> AsyncIterator[Host]:
    """A host whose api containers are real processes."""
    host.set_docker(f'"{sys.executable}"')
    host.port = free_port()
    # write_env leaves PORT to compose; here the stand-in hands the file to the process as it is.
    text = render(settings_env(DRAIN_SECONDS="5", TELEGRAM_ALERTS_ENABLED="false"))
    (host.root / ".env.prod").write_text(f"PORT={host.port}\n{text}")
    yield host
    for one in host.docker["containers"]:
        if one["running"] and "pid" in one:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one["pid"], signal.SIGKILL)


async def deploy(host: Host, commit: str, **overrides: str) -> tuple[int, str]:
    ran = await asyncio.to_thread(
        host.deploy, commit, **({"DOCKER_REAL": "yes", "DEPLOY_READY_SECONDS": "30"} | overrides)
    )
    return ran.returncode, ran.stdout


@needs_wrk
@pytest.mark.parametrize("close", [False, True], ids=["kept connections", "a connection a request"])
async def test_no_request_fails_while_versions_change(real_host: Host, close: bool) -> None:
    first, second, third = real_host.commits
    code, said = await deploy(real_host, first)
    assert code == 0, said
    url = f"http://127.0.0.1:{real_host.port}/healthz"
    async with load(url, seconds=20, close=close) as seen:
        for commit in (second, third):
            code, said = await deploy(real_host, commit)
            assert code == 0, said
        assert real_host.serving("api") == [third]
    assert seen.requests > 1000
    assert seen.failed == 0, seen.text


@needs_wrk
async def test_no_request_fails_when_the_new_version_is_taken_back(real_host: Host) -> None:
    first, second, _ = real_host.commits
    assert (await deploy(real_host, first))[0] == 0
    url = f"http://127.0.0.1:{real_host.port}/healthz"
    async with load(url, seconds=12, close=True) as seen:
        code, said = await deploy(
            real_host, second, DOCKER_BROKEN=f"clock:{second}", DEPLOY_READY_SECONDS="2"
        )
        assert code == 1, said
    assert real_host.serving("api") == [first]
    assert seen.failed == 0, seen.text
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"http://127.0.0.1:{real_host.port}/readyz")).status_code == 200
