"""A `docker` that keeps its images and containers in a file, for scripts/deploy.sh to be tested against.

It knows just what deploy.sh says to docker, and refuses anything else. Its environment steers it:

DOCKER_STATE   folder of state.json (images, containers) and calls.jsonl (every call and whether it failed)
DOCKER_FAIL_AT fail the call of this number; DOCKER_FAIL_ON fail each call whose words contain this text
DOCKER_BROKEN  images whose containers never pass their health check: "web:TAG" or "clock:TAG"; also in the file
               `broken` of DOCKER_STATE
DOCKER_RESTARTS  containers that end and are started again whenever one looks: "api:TAG" or "scheduler:TAG"
DOCKER_REAL    start api containers as real processes of this project, each with a /tmp of its own

Run by `python -I -S` where no real process is wanted: a deploy calls it some thirty times.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

STATE = Path(os.environ["DOCKER_STATE"])
PROJECT = Path(__file__).resolve().parents[2]


def main(words: list[str]) -> int:
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return call(words)


def call(words: list[str]) -> int:
    calls = STATE / "calls.jsonl"
    number = len(calls.read_text().splitlines()) + 1 if calls.exists() else 1
    text = " ".join(words)
    fail_on = os.environ.get("DOCKER_FAIL_ON")
    failing = number == int(os.environ.get("DOCKER_FAIL_AT", "0")) or (fail_on and fail_on in text)
    with calls.open("a") as sink:
        sink.write(json.dumps({"words": words, "failed": bool(failing)}) + "\n")
    if failing:
        sys.stderr.write(f"stand-in: told to fail: docker {text}\n")
        return 17
    path = STATE / "state.json"
    state = json.loads(path.read_text()) if path.exists() else {"images": [], "containers": [], "made": 0}
    code = compose(state, words[1:]) if words[0] == "compose" else plain(state, words)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(state, indent=1))
    part.replace(path)
    return code


def plain(state: dict[str, Any], words: list[str]) -> int:
    containers = state["containers"]
    match words:
        case ["image", "inspect", image]:
            return 0 if image in state["images"] else 1
        case ["build", "--tag", image, "--build-arg", sha, *_, "-"]:
            with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as context:
                assert "Dockerfile" in {member.name for member in context}
            assert image == f"parlaygorilla:{sha.removeprefix('GIT_SHA=')}"
            state["images"].append(image)
        case ["images", "parlaygorilla", "--format", "{{.Tag}}"]:
            print("\n".join(image.partition(":")[2] for image in state["images"]))
        case ["rmi", image]:
            assert all(one["image"] != image for one in containers), "an image in use was removed"
            state["images"].remove(image)
        case [("container" | "image" | "builder"), "prune", *_]:
            pass
        case [
            "ps",
            *which,
            "--filter",
            _,
            "--filter",
            service,
            "--filter",
            "label=com.docker.compose.oneoff=False",
        ] if which in (["-aq"], ["-aq", "--no-trunc"]):
            # As the real one: 12 characters, and all 64 only where asked; `compose ps -q` prints 64.
            length = 64 if "--no-trunc" in which else 12
            mine = [one for one in containers if one["service"] == service.rpartition("=")[2]]
            print("\n".join(one["id"][:length] for one in mine))
        case ["ps", "--filter", _, "--filter", _, "--filter", _, "--format", "{{.Image}}"]:
            print("\n".join(one["image"] for one in containers if one["service"] == "api" and one["running"]))
        case ["exec", name, *command]:
            return execute(the(containers, name), command)
        case ["stop", "-t", _, name]:
            stop(the(containers, name))
        case ["rm", "-f", name]:
            gone = the(containers, name)
            kill(gone)
            containers.remove(gone)
        case ["inspect", "--format", wanted, name]:
            print(inspect(the(containers, name), wanted))
        case ["logs", "--tail", _, name]:
            print(f"the log of {the(containers, name)['service']}")
        case _:
            raise SystemExit(f"stand-in: docker {' '.join(words)} is not known")
    return 0


def compose(state: dict[str, Any], words: list[str]) -> int:
    assert words[0] == "--project-directory"
    assert words[2] == "-f"
    folder, text = Path(words[1]), (Path(words[1]) / words[3]).read_text()
    assert re.search(r"^name: parlaygorilla$", text, re.MULTILINE), "not this project's compose file"
    image = f"parlaygorilla:{os.environ['IMAGE_TAG']}"
    secrets = folder / os.environ["ENV_FILE"]
    digest = hashlib.sha256(secrets.read_bytes()).hexdigest()[:12]
    containers = state["containers"]
    flags = {word for word in words[4:] if word.startswith("-")}
    match words[4:]:
        case ["run", "--rm", "--no-deps", "-T", "api", *command]:
            assert image in state["images"], "pull_policy: never"
            assert command == ["python", "-m", "ops.migrate_with_lock"]
        case ["ps", ("-q" | "-aq") as which, service]:
            for one in containers:
                if one["service"] == service and (one["running"] or which == "-aq"):
                    print(one["id"])
        case ["rm", *_, service]:
            for one in [one for one in containers if one["service"] == service]:
                if "-s" in flags or not one["running"]:
                    stop(one)
                    containers.remove(one)
        case ["up", "-d", "--no-deps", "--no-build", *_, service]:
            scale = 1
            if "--scale" in words:
                name, _, number = words[words.index("--scale") + 1].partition("=")
                assert name == service
                scale = int(number)
            up(state, service, image, digest, scale, recreate="--no-recreate" not in flags, secrets=secrets)
        case ["exec", "-T", service, *command]:
            for one in containers:
                if one["service"] == service and one["running"]:
                    return execute(one, command)
            return 1
        case ["logs", "--no-color", "--tail", _, service]:
            print(f"the log of {service}")
        case _:
            raise SystemExit(f"stand-in: docker compose {' '.join(words[4:])} is not known")
    return 0


def up(
    state: dict[str, Any], service: str, image: str, digest: str, scale: int, *, recreate: bool, secrets: Path
) -> None:
    assert image in state["images"], "pull_policy: never"
    containers = state["containers"]
    mine = [one for one in containers if one["service"] == service]
    for one in mine[scale:]:
        stop(one)
        containers.remove(one)
    kept = mine[:scale]
    for one in kept:
        if recreate and (one["image"], one["digest"]) != (image, digest):
            stop(one)
            containers.remove(one)
            begin(state, service, image, digest, secrets)
        elif not one["running"]:
            one["running"] = True
    for _ in range(scale - len(kept)):
        begin(state, service, image, digest, secrets)


def begin(state: dict[str, Any], service: str, image: str, digest: str, secrets: Path) -> None:
    state["made"] += 1
    one = {
        "id": hashlib.sha256(f"{service}{state['made']}".encode()).hexdigest(),
        "started": state["made"],
        "service": service,
        "image": image,
        "digest": digest,
        "running": True,
    }
    state["containers"].append(one)
    if os.environ.get("DOCKER_REAL") and service == "api":
        import tempfile

        from dotenv import dotenv_values

        folder = Path(tempfile.mkdtemp(prefix="api-"))  # short, as a socket's path must be
        environment = {name: value for name, value in dotenv_values(secrets).items() if value is not None}
        environment |= {"PATH": os.environ["PATH"], "TMPDIR": str(folder), "GIT_SHA": image.partition(":")[2]}
        environment |= {"REUSE_PORT": "true", "HOST": "127.0.0.1", "SCHEDULER_STANDALONE": "true"}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "launcher", "web"],
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                close_fds=True,
            )
        one |= {"pid": process.pid, "environment": environment}


def stop(one: dict[str, Any]) -> None:
    one["running"] = False
    if "pid" in one:
        try:
            os.kill(one["pid"], signal.SIGTERM)
            for _ in range(450):
                if Path(f"/proc/{one['pid']}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                    break
                time.sleep(0.1)
        except (ProcessLookupError, FileNotFoundError):
            pass


def kill(one: dict[str, Any]) -> None:
    if one["running"] and "pid" in one:
        os.kill(one["pid"], signal.SIGKILL)
    one["running"] = False


def execute(one: dict[str, Any], command: list[str]) -> int:
    assert one["running"]
    assert command[:4] == ["python", "-m", "launcher", "healthcheck"]
    broken = os.environ.get("DOCKER_BROKEN", "").split()
    if (STATE / "broken").exists():  # for a deploy whose environment the test cannot reach
        broken += (STATE / "broken").read_text().split()
    if f"{command[4]}:{one['image'].partition(':')[2]}" in broken:
        print("it is not well")
        return 1
    if "pid" in one:
        ran = subprocess.run(
            [sys.executable, *command[1:]], cwd=PROJECT, env=one["environment"], check=False, timeout=30
        )
        return ran.returncode
    return 0


def inspect(one: dict[str, Any], wanted: str) -> str:
    """Answer the few things that deploy.sh asks of a container. DOCKER_RESTARTS: "SERVICE:TAG" that never stays up."""
    name, tag = one["service"], one["image"].partition(":")[2]
    if f"{name}:{tag}" in os.environ.get("DOCKER_RESTARTS", "").split():
        one["restarts"] = one.get("restarts", 0) + 1
    restarts = one.get("restarts", 0)
    answers = {
        "{{.State.Running}} {{.State.StartedAt}} {{.RestartCount}}": f"{one['running']} {one['started']} {restarts}",
        "{{.RestartCount}}": str(restarts),
    }
    return answers.get(wanted, f"/{name} was started again {restarts} times")


def the(containers: list[dict[str, Any]], name: str) -> dict[str, Any]:
    for one in containers:
        if one["id"].startswith(name):
            return one
    raise SystemExit(f"stand-in: no such container: {name}")


sys.exit(main(sys.argv[1:]))
