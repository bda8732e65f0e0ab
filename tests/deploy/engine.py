"""A host to deploy on with a real Docker engine: one engine, one base and one built image for the whole session."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts.write_env import render
from tests.conftest import PROJECT
from tests.deploy.conftest import Host
from tests.support.waiting import free_port

SCRIPT = PROJECT / "scripts" / "docker_engine.sh"
PATIENT_SECONDS = "240"  # for a version to become ready on a loaded machine


def docker(environment: dict[str, str], *words: str) -> str:
    ran = subprocess.run(
        ["docker", *words],
        env=os.environ | environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return ran.stdout.strip()


def answers(environment: dict[str, str]) -> bool:
    """Tell whether an engine with compose and buildx is there already, with nothing of this project on it."""
    if shutil.which("docker") is None:
        return False
    try:
        docker(environment, "info")
        docker(environment, "compose", "version")
        docker(environment, "buildx", "version")
        mine = docker(environment, "ps", "-aq", "--filter", "label=com.docker.compose.project=parlaygorilla")
    except (subprocess.SubprocessError, OSError):
        return False
    return not mine  # a machine that serves visitors is no place for tests


def start_engine() -> Iterator[dict[str, str] | str]:
    """Give the environment of an engine, or the reason why there is none."""
    if answers({}):
        base = {"DEPLOY_BASE": os.environ["DEPLOY_BASE"]} if "DEPLOY_BASE" in os.environ else {}
        yield base
        return
    folder = Path(tempfile.mkdtemp(prefix="engine-", dir="/var/tmp"))
    try:
        made = subprocess.run(
            ["bash", str(SCRIPT), "start", str(folder)],
            check=False,
            capture_output=True,
            text=True,
            timeout=900,
        )
        if made.returncode == 3:
            yield made.stderr.strip()
        elif made.returncode != 0:
            yield f"scripts/docker_engine.sh failed: {made.stderr[-400:]}"
        else:
            yield dict(line.split("=", 1) for line in made.stdout.splitlines())
    finally:
        subprocess.run(["bash", str(SCRIPT), "stop", str(folder)], check=False, timeout=300)
        shutil.rmtree(folder, ignore_errors=True)


class RealHost(Host):
    """A VM with the whole project in its checkout, and a real Docker."""

    def __init__(self, folder: Path, engine: dict[str, str], settings: dict[str, str]) -> None:
        self.engine = engine
        super().__init__(folder)
        self.port = free_port()
        (self.root / ".env").write_text(f"API_PORT={self.port}\n")
        (self.root / ".env.prod").write_text(render(settings))

    def fill(self) -> None:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=PROJECT, check=True, stdout=subprocess.PIPE
        ).stdout
        archive = subprocess.run(
            ["tar", "--null", "-T", "-", "-c"], cwd=PROJECT, input=listed, check=True, stdout=subprocess.PIPE
        )
        subprocess.run(["tar", "-x", "-C", str(self.root)], input=archive.stdout, check=True)

    def environment(self, **overrides: str) -> dict[str, str]:
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "DOCKER_CONFIG", "DOCKER_HOST")
            if name in os.environ
        }
        return kept | self.engine | {
            "DEPLOY_READY_SECONDS": PATIENT_SECONDS,
            "DEPLOY_BACK_SECONDS": PATIENT_SECONDS,
            "DEPLOY_SOAK_SECONDS": "8",
            "DEPLOY_LOCK_SECONDS": "0",
        } | overrides  # fmt: skip

    def change(self, path: str, old: str, new: str) -> str:
        """Commit a version in which a text of a file is another."""
        file = self.root / path
        assert old in file.read_text(), (path, old)
        file.write_text(file.read_text().replace(old, new))
        self.git("commit", "--quiet", "--all", "-m", f"{path} is another")
        return self.git("rev-parse", "HEAD")

    def run(self, *words: str) -> str:
        return docker(self.engine, *words)

    def serving(self, service: str) -> list[str]:
        label = f"label=com.docker.compose.service={service}"
        ids = self.run(
            "ps", "-q", "--filter", "label=com.docker.compose.project=parlaygorilla", "--filter", label
        )
        return [
            self.run("inspect", "--format", "{{.Config.Image}}", one).partition(":")[2] for one in ids.split()
        ]

    def inspect(self, service: str) -> dict[str, object]:
        label = f"label=com.docker.compose.service={service}"
        (one,) = self.run("ps", "-q", "--filter", label).split()
        return dict(json.loads(self.run("inspect", one))[0])

    def clean(self) -> None:
        ids = self.run("ps", "-aq", "--filter", "label=com.docker.compose.project=parlaygorilla").split()
        if ids:
            self.run("rm", "-f", *ids)
