"""A host to deploy on: a checkout with three commits, and a `docker` that only pretends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.write_env import REQUIRED, render
from tests.conftest import PROJECT

DEPLOY = PROJECT / "scripts" / "deploy.sh"
FILES = (
    "Dockerfile",
    "docker-compose.prod.yml",
    "scripts/deploy.sh",
    "scripts/deploy_over_ssh.sh",
    "scripts/write_env.py",
    ".gitignore",
)
STAND_IN = Path(__file__).with_name("docker_stand_in.py")
GIVEN = dict.fromkeys(REQUIRED, "a 'secret' $value")


class Host:
    """A VM as deploy.sh sees it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a path with spaces" / "parlay gorilla"
        self.state = folder / "docker state"
        self.bin = folder / "bin"
        self.port = 0
        self.script: Path | None = None  # instead of the one in the checkout
        for made in (self.root, self.state, self.bin):
            made.mkdir(parents=True)
        self.set_docker(f'"{sys.executable}" -I -S')
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.email", "nobody@localhost")
        self.git("config", "user.name", "nobody")
        self.fill()
        self.commits = [self.commit(f"version {number}") for number in range(3)]
        self.write_env(GIVEN)

    def fill(self) -> None:
        """Put the files of the project into the checkout that a deploy needs."""
        for name in FILES:
            (self.root / name).parent.mkdir(exist_ok=True)
            shutil.copy(PROJECT / name, self.root / name)

    def set_docker(self, interpreter: str) -> None:
        docker = self.bin / "docker"
        docker.write_text(f'#!/bin/sh\nexec {interpreter} "{STAND_IN}" "$@"\n')
        docker.chmod(0o755)

    def write_env(self, values: dict[str, str]) -> None:
        (self.root / ".env.prod").write_text(render(values))

    def git(self, *words: str) -> str:
        ran = subprocess.run(["git", *words], cwd=self.root, check=True, capture_output=True, text=True)
        return ran.stdout.strip()

    def commit(self, text: str) -> str:
        (self.root / "version").write_text(text)
        self.git("add", "--all", "--", ".", ":!.env*", ":!var")
        self.git("commit", "--quiet", "-m", text)
        return self.git("rev-parse", "HEAD")

    def environment(self, **overrides: str) -> dict[str, str]:
        return {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.root.parent),
            "DOCKER_STATE": str(self.state),
            "DEPLOY_READY_SECONDS": "0",
            "DEPLOY_SOAK_SECONDS": "0",
            "DEPLOY_POLL_SECONDS": "0.05",
            "DEPLOY_LOCK_SECONDS": "0",
        } | overrides

    def deploy(
        self, *words: str, stdin: str | None = None, **overrides: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                "bash",
                str(self.script or self.root / "scripts" / "deploy.sh"),
                "--root",
                str(self.root),
                *words,
            ],
            cwd="/",
            env=self.environment(**overrides),
            input=stdin,
            check=False,
            capture_output=True,
            text=True,
            timeout=900,
            start_new_session=True,
        )

    def forget_calls(self) -> None:
        (self.state / "calls.jsonl").unlink(missing_ok=True)

    def forget_image(self, commit: str) -> None:
        path = self.state / "state.json"
        state = json.loads(path.read_text())
        state["images"] = [image for image in state["images"] if not image.endswith(commit)]
        path.write_text(json.dumps(state))

    @property
    def calls(self) -> list[str]:
        path = self.state / "calls.jsonl"
        return [" ".join(json.loads(line)["words"]) for line in path.read_text().splitlines()]

    @property
    def docker(self) -> dict[str, Any]:
        path = self.state / "state.json"
        return dict(json.loads(path.read_text())) if path.exists() else {"images": [], "containers": []}

    def serving(self, service: str) -> list[str]:
        """The commits that the running containers of a service were made from."""
        return [
            one["image"].partition(":")[2]
            for one in self.docker["containers"]
            if one["service"] == service and one["running"]
        ]

    @property
    def last_deploy(self) -> dict[str, str]:
        return dict(json.loads((self.root / "var" / "last_deploy.json").read_text()))

    @property
    def env(self) -> dict[str, str]:
        lines = (self.root / ".env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)
