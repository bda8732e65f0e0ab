"""scripts/deploy.sh on a real Docker engine, under load: two good versions, and bad ones of each kind.

One engine and one host for the whole file: each test leaves the good version of the moment serving.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from launcher.dev.embedded import Services
from tests.conftest import PROJECT
from tests.deploy.conftest import Host
from tests.deploy.engine import RealHost, start_engine

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.image,
    pytest.mark.xdist_group("docker"),
    pytest.mark.timeout(1500),
]

COMPOSE = "docker-compose.prod.yml"
WEB = 'command: ["python", "-m", "launcher", "web"]'
CLOCK = 'command: ["python", "-m", "launcher", "clock"]'
OLDER = "73935f4"  # the last version whose web processes do not stand aside, and whose marks have six fields
BAD = {
    "the api's command ends": (COMPOSE, WEB, 'command: ["false"]'),
    "the api dies after five seconds": (
        COMPOSE,
        WEB,
        'command: ["sh", "-c", "python -m launcher web & sleep 5; kill -9 $$!"]',
    ),
    "the clock never starts": (COMPOSE, CLOCK, 'command: ["sleep", "infinity"]'),
    "the clock cannot reach its stores": (
        COMPOSE,
        CLOCK,
        CLOCK + '\n    environment: {REDIS_URL: "redis://127.0.0.1:9/0", DATABASE_URL: "postgresql://x@127.0.0.1:9/x"}',
    ),
    "the image does not build": ("Dockerfile", "COPY launcher ./launcher", "COPY launcher ./launcher\nRUN false"),
    "the migration fails": (
        "ops/migrate_with_lock.py",
        'if __name__ == "__main__":',
        'if __name__ == "__main__":\n    raise SystemExit(9)',
    ),
    "it never becomes ready": ("ops/web/probes.py", "200 if ok else 503", "503"),
}  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[dict[str, str]]:
    for started in start_engine():
        if isinstance(started, str):
            pytest.skip(started)
        yield started


@pytest.fixture(scope="module")
def real(
    engine: dict[str, str], services: Services, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealHost]:
    """A host on which one good version is deployed. PostgreSQL and Redis are on its loopback."""
    settings = {
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "JWT_SECRET": "a-secret-for-tests-of-at-least-32-bytes",
        "THE_ODDS_API_KEY": "odds-key-for-tests-5f3a",
        "TELEGRAM_BOT_TOKEN": "123456789:AAtests-telegram-token-000000000000",
        "TELEGRAM_ALERT_CHAT_ID": "-1001234567890",
        "TELEGRAM_ALERTS_ENABLED": "false",
        "ODDS_API_BASE_URL": "http://127.0.0.1:9/odds-api",
        "ESPN_BASE_URL": "http://127.0.0.1:9/espn",
    }
    host = RealHost(tmp_path_factory.mktemp("host"), engine, settings)
    try:
        ran = host.deploy(host.commits[0])
        assert ran.returncode == 0, ran.stdout + ran.stderr
        yield host
    finally:
        host.clean()


@dataclass
class Visitors:
    """What came of the requests that went on while a test did something."""

    requests: int = 0
    failures: int = 0
    last: str = ""


@asynccontextmanager
async def visitors(port: int) -> AsyncIterator[Visitors]:
    """Ask again and again, each time on a new connection, as long as the body lasts."""
    seen, over = Visitors(), asyncio.Event()

    async def visit() -> None:
        while not over.is_set():
            try:
                async with httpx.AsyncClient(timeout=60, verify=False) as client:
                    answer = await client.get(f"http://127.0.0.1:{port}/healthz")
                    answer.raise_for_status()
            except httpx.HTTPError as problem:
                seen.failures += 1
                seen.last = f"{datetime.now(UTC):%H:%M:%S} {problem!r}"
            seen.requests += 1

    visiting = [asyncio.create_task(visit()) for _ in range(2)]
    try:
        yield seen
    finally:
        over.set()
        await asyncio.gather(*visiting)


async def deploy(host: RealHost, *words: str, **overrides: str) -> tuple[int, str]:
    ran = await asyncio.to_thread(host.deploy, *words, **overrides)
    return ran.returncode, ran.stdout + ran.stderr


async def test_two_good_versions_and_back_without_one_failed_request(real: RealHost) -> None:
    first, second, _ = real.commits
    async with visitors(real.port) as seen:
        for words, commit in (((second,), second), (("--rollback",), first)):
            code, said = await deploy(real, *words)
            assert code == 0, said
            assert real.serving("api") == real.serving("scheduler") == [commit], said
    assert seen.requests > 0
    assert seen.failures == 0, seen.last
    for service in ("api", "scheduler"):
        assert real.inspect(service)["HostConfig"]["NetworkMode"] == "host"  # type: ignore[index]


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_version_is_undone_without_one_failed_request(real: RealHost, kind: str) -> None:
    good = real.serving("api")
    assert len(good) == 1
    real.git("checkout", "--quiet", "--detach", good[0])
    commit = real.change(*BAD[kind])
    real.git("checkout", "--quiet", "--detach", good[0])
    async with visitors(real.port) as seen:
        # What never becomes well is waited for to the end; a slow machine only makes it fail sooner.
        code, said = await deploy(real, commit, DEPLOY_READY_SECONDS="20")
    assert code == 1, said
    assert f"{good[0]} serves." in said or f"{good[0]} runs as before." in said, said
    assert real.serving("api") == real.serving("scheduler") == good, said
    assert seen.requests > 0
    old = real.inspect("api")
    assert seen.failures == 0, (
        seen.last,
        old["RestartCount"],
        real.run("logs", "--tail", "60", str(old["Id"])),
    )


async def test_an_older_version_and_this_one_follow_each_other_on_one_database(real: RealHost) -> None:
    archive = subprocess.run(["git", "archive", OLDER], cwd=PROJECT, check=False, capture_output=True)
    if archive.returncode != 0:
        pytest.skip(f"the history of this checkout does not reach back to {OLDER}")
    (newer,) = real.serving("api")
    real.script = real.root.parent / "deploy.sh"  # the newer script deploys either, as a rollback does
    real.script.write_text((PROJECT / "scripts" / "deploy.sh").read_text())
    real.git("checkout", "--quiet", "--detach", newer)
    real.git("rm", "-r", "--quiet", ".")
    subprocess.run(["tar", "-x", "-C", str(real.root)], input=archive.stdout, check=True)
    real.git("add", "--all")
    real.git("commit", "--quiet", "--message", "an older version")
    older = real.git("rev-parse", "HEAD")
    real.git("checkout", "--quiet", "--detach", newer)
    async with visitors(real.port) as seen:
        for commit in (older, newer):
            code, said = await deploy(real, commit)
            assert code == 0, said
            assert real.serving("api") == real.serving("scheduler") == [commit], said
            # Both versions' marks are in Redis at this moment, and each version reads them.
            status = subprocess.run(
                ["docker", "exec", str(real.inspect("api")["Id"]), "python", "-m", "launcher", "status"],
                env=os.environ | real.engine,
                check=False,
                capture_output=True,
                text=True,
            )
            assert status.returncode in (0, 1), status.stdout + status.stderr
            assert "alive: web" in status.stdout
    assert seen.requests > 0
    assert seen.failures == 0, seen.last


def test_the_stand_in_prints_ids_as_the_real_one_does(real: RealHost, tmp_path: Path) -> None:
    """go_back compares ids of two questions: they must have one form, and the stand-in must not hide it."""
    pretended = Host(tmp_path)
    assert pretended.deploy(pretended.commits[0]).returncode == 0
    label = ["--filter", "label=com.docker.compose.project=parlaygorilla"]
    label += [
        "--filter",
        "label=com.docker.compose.service=api",
        "--filter",
        "label=com.docker.compose.oneoff=False",
    ]
    compose = ["compose", "--project-directory", ".", "-f", "docker-compose.prod.yml", "ps", "-q", "api"]
    for words in (["ps", "-aq", *label], ["ps", "-aq", "--no-trunc", *label], compose):
        answers = []
        for host in (real, pretended):
            variables = host.environment() | {
                "IMAGE_TAG": host.git("rev-parse", "HEAD"),
                "ENV_FILE": ".env.prod",
            }
            ran = subprocess.run(
                ["docker", *words], cwd=host.root, env=variables, check=True, capture_output=True, text=True
            )
            answers.append([len(line) for line in ran.stdout.split()])
        assert answers[0] == answers[1], words
        assert len(answers[0]) == 1
