"""What "Deploy to Oracle" does on the VM, against a real sshd on loopback."""

from __future__ import annotations

import copy
import getpass
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from scripts.write_env import REQUIRED, render
from tests.deploy.conftest import Host
from tests.support.waiting import eventually_sync, free_port

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not os.access(SSHD, os.X_OK), reason="sshd is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="sshd needs root to let a user in"),
]
SECRETS = {name: f"hidden-{name.lower()}-'\"$x #" for name in REQUIRED}


def make_key(path: Path) -> str:
    """Make a key pair; return the public line."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text()


class Vm:
    """A VM that is reached by SSH alone, and a runner that deploys to it."""

    def __init__(self, runner: Host, folder: Path) -> None:
        self.runner = runner
        self.host = copy.copy(runner)
        self.host.root = folder / "opt of the vm" / "parlay gorilla"
        self.port = free_port()
        public = make_key(folder / "host_key")
        (folder / "authorized").write_text(make_key(folder / "key"))
        remote = runner.environment(DEPLOY_READY_SECONDS="8")
        del remote["HOME"]
        (folder / "config").write_text(
            f"""
ListenAddress 127.0.0.1:{self.port}
HostKey "{folder / "host_key"}"
AuthorizedKeysFile "{folder / "authorized"}"
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
SetEnv {" ".join(f'"{name}={value}"' for name, value in remote.items())}
"""
        )
        Path("/run/sshd").mkdir(exist_ok=True)
        self.daemon = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(folder / "config")], stderr=(folder / "sshd.log").open("wb")
        )
        eventually_sync(self.listens, timeout=10)
        self.environment = SECRETS | {
            "PATH": os.environ["PATH"],
            "ORACLE_SSH_HOST": "127.0.0.1",
            "ORACLE_SSH_PORT": str(self.port),
            "ORACLE_SSH_USER": getpass.getuser(),
            "ORACLE_SSH_KEY": (folder / "key").read_text(),
            "ORACLE_SSH_KNOWN_HOSTS": f"[127.0.0.1]:{self.port} {public}",
            "DEPLOY_PATH": str(self.host.root),
        }

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def begin(self, commit: str, **overrides: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", str(self.runner.root / "scripts" / "deploy_over_ssh.sh"), commit],
            cwd="/",
            env=self.environment | overrides,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def deploy(self, commit: str, **overrides: str) -> tuple[int, str]:
        with self.begin(commit, **overrides) as running:
            said = running.communicate(timeout=120)[0]
        assert "hidden-" not in said
        return running.returncode, said


@pytest.fixture
def vm(host: Host, tmp_path: Path) -> Iterator[Vm]:
    folder = tmp_path / "vm"
    folder.mkdir()
    made = Vm(host, folder)
    yield made
    made.daemon.terminate()
    made.daemon.wait()


def test_from_an_empty_vm_to_a_running_version_and_the_next(vm: Vm) -> None:
    first, second, _ = vm.runner.commits
    seen: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        """Look at every command line of the machine while it deploys."""
        while not done.is_set():
            for process in psutil.process_iter():
                try:
                    seen.update(word for word in process.cmdline() if "hidden-" in word)
                except psutil.Error:
                    continue

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        for commit in (first, second):
            code, said = vm.deploy(commit)
            assert code == 0, said
            assert f"deployed {commit}" in said
    finally:
        done.set()
        watching.join()
    assert not seen
    assert vm.host.serving("api") == vm.host.serving("scheduler") == [second]
    env = vm.host.root / ".env.prod"
    assert env.read_text() == render(SECRETS)
    assert env.stat().st_mode & 0o777 == 0o600
    assert vm.host.git("rev-parse", "HEAD") == second
    assert "hidden-" not in (vm.host.root / "var" / "deploy.log").read_text()
    ran = vm.host.deploy("--rollback")  # by hand, on the VM, without the runner
    assert ran.returncode == 0, ran.stdout
    assert vm.host.serving("api") == [first]


def test_a_failed_deploy_fails_the_workflow_and_the_old_version_serves(vm: Vm) -> None:
    first, second, _ = vm.runner.commits
    assert vm.deploy(first)[0] == 0
    (vm.host.state / "broken").write_text(f"web:{second}")
    code, said = vm.deploy(second)
    assert code == 1
    assert f"The old version {first} serves." in said
    assert vm.host.serving("api") == [first]


def test_a_strange_host_key_is_refused_before_anything_is_sent(vm: Vm, tmp_path: Path) -> None:
    strange = make_key(tmp_path / "strange")
    code, said = vm.deploy(vm.runner.commits[0], ORACLE_SSH_KNOWN_HOSTS=f"[127.0.0.1]:{vm.port} {strange}")
    assert code == 255
    assert "Host key verification failed" in said
    assert "nothing was sent" in said
    assert not vm.host.root.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"JWT_SECRET": ""}, "JWT_SECRET is required"),
        ({"REDIS_URL": "hidden-\n"}, "REDIS_URL holds a line break"),
        ({"ORACLE_SSH_HOST": ""}, "ORACLE_SSH_HOST is not set"),
        ({"ORACLE_SSH_KNOWN_HOSTS": ""}, "ssh-keyscan 127.0.0.1"),
    ],
)
def test_what_is_missing_is_named_before_the_vm_is_touched(vm: Vm, change: dict[str, str], said: str) -> None:
    code, output = vm.deploy(vm.runner.commits[0], **change)
    assert code == 1
    assert said in output
    assert not vm.host.root.exists()


def test_a_runner_that_dies_does_not_stop_the_deploy(vm: Vm) -> None:
    first, second, _ = vm.runner.commits
    assert vm.deploy(first)[0] == 0
    (vm.host.state / "broken").write_text(f"clock:{second}")  # so that it waits
    with vm.begin(second) as running:
        eventually_sync(lambda: vm.host.serving("scheduler") == [second], timeout=60)
        os.killpg(running.pid, signal.SIGKILL)
    (vm.host.state / "broken").unlink()
    eventually_sync(lambda: vm.host.last_deploy["running"] == second, timeout=60)
    assert vm.host.last_deploy["status"] == "success"
    eventually_sync(lambda: vm.host.serving("api") == [second], timeout=60)
