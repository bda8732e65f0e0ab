"""The image, really built from the Dockerfile by buildah, on a base that debootstrap makes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT

TOOLS = ("buildah", "podman", "debootstrap", "unshare", "chroot", "git")
SUITE = "bookworm"
MIRROR = os.environ.get("IMAGE_TEST_MIRROR", "http://deb.debian.org/debian")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@dataclass
class Image:
    """The built image and what is needed to run it without an engine."""

    folder: Path
    name: str
    base: str
    commit: str
    containers: list[str] = field(default_factory=list)

    def run(self, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        command = [words[0], "--root", f"{self.folder}/store", "--runroot", f"{self.folder}/run"]
        return subprocess.run(
            [*command, "--storage-driver", "vfs", *words[1:]],
            check=True,
            text=True,
            stdout=subprocess.PIPE,
            timeout=900,
            **more,
        )

    def container(self) -> tuple[str, Path]:
        """Return a new container's name and the folder that is its root."""
        name = self.run("buildah", "from", self.name).stdout.strip()
        self.containers.append(name)
        return name, Path(self.run("buildah", "mount", name).stdout.strip())

    def size_mb(self, name: str) -> float:
        (listed,) = json.loads(self.run("podman", "image", "inspect", name).stdout)
        return float(listed["Size"]) / 1e6

    @property
    def config(self) -> dict[str, Any]:
        (listed,) = json.loads(self.run("podman", "image", "inspect", self.name).stdout)
        return dict(listed["Config"])

    def variables(self, environment: dict[str, str]) -> list[str]:
        of_image = dict(pair.split("=", 1) for pair in self.config["Env"])
        return [f"{name}={value}" for name, value in (of_image | environment).items()]

    def command(self, root: Path, environment: dict[str, str], *words: str) -> list[str]:
        """Return a command that runs `words` in `root`: read-only, with /tmp in memory, as the image's user."""
        set_up = (
            f'mount --bind "{root}" "{root}" && mount -o remount,ro,bind "{root}" && '
            f'mount -t tmpfs tmpfs "{root}/tmp" && mount -t proc proc "{root}/proc" && '
            f'mount --rbind /dev "{root}/dev" && exec "$@"'
        )
        inside = self.inside(root, environment, *words)
        return ["unshare", "--mount", "bash", "-c", set_up, "set-up", *inside]

    def inside(self, root: Path, environment: dict[str, str], *words: str) -> list[str]:
        """Return a command that runs `words` as the image's user, where `root` is made ready."""
        enter = ["chroot", f"--userspec={self.config['User']}", str(root)]
        return [*enter, "/usr/bin/env", "-i", "-C", "/app", *self.variables(environment), *words]

    def buildah_run(self, name: str, environment: dict[str, str], *words: str) -> str:
        """Run `words` in a container as its user and return what it printed."""
        variables = [word for pair in environment.items() for word in ("--env", "=".join(pair))]
        return self.run("buildah", "run", "--isolation", "chroot", *variables, name, *words).stdout


@pytest.fixture(scope="session")
def image() -> Iterator[Image]:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"the image cannot be built here: {', '.join(missing)} missing")
    if os.geteuid() != 0:
        pytest.skip("the image cannot be built here: debootstrap and chroot need root")
    folder = Path(tempfile.mkdtemp(prefix="image-", dir="/var/tmp"))
    built = Image(folder, "localhost/parlaygorilla:test", "localhost/base:test", commit="0" * 40)
    try:
        make_base(built)
        build(built)
        yield built
    finally:
        for name in built.containers:
            subprocess.run(["umount", "--quiet", "--recursive", "--lazy", name], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def make_base(image: Image) -> None:
    """Make what the pinned base is, from Debian's packages: Python with venv, and certificates."""
    made = subprocess.run(
        [
            *("debootstrap", "--variant=minbase", "--include=python3,python3-venv,ca-certificates"),
            *(SUITE, str(image.folder / "base"), MIRROR),
        ],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        timeout=900,
    )
    if made.returncode != 0:
        pytest.skip(f"the image cannot be built here: debootstrap failed: {made.stdout[-300:]}")
    archive = image.folder / "base.tar"
    subprocess.run(
        ["tar", "-C", str(image.folder / "base"), "--exclude=./var/cache/apt/archives/*.deb", "-cf", str(archive), "."],
        check=True,
    )  # fmt: skip
    shutil.rmtree(image.folder / "base")
    image.run("podman", "import", "--quiet", str(archive), image.base)
    archive.unlink()


def build(image: Image) -> None:
    """Build as deploy.sh does: from what git knows, and nothing else."""
    context = image.folder / "context.tar"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "--null", "-T", "-", "-cf", str(context)], cwd=PROJECT, input=listed, check=True)
    trust = ["--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro"] if Path(CERTIFICATES).exists() else []
    with context.open("rb") as source:
        log = image.run(
            *("buildah", "bud", "--isolation", "chroot", *trust, "--build-arg", f"BASE={image.base}"),
            *("--build-arg", f"GIT_SHA={image.commit}", "--tag", image.name, "--file", "Dockerfile", "-"),
            stdin=source,
            stderr=subprocess.STDOUT,
        ).stdout
    (image.folder / "build.log").write_text(log)
    context.unlink()
