"""Takes each mechanism of docs/reliability/ out, alone, and runs the test that should notice. `make mutants`.

A file there is one room's promises, in TOML:

    [[promise]]
    says = "A leader counts its lease from before the renewal was sent"
    file = "ops/clock/lease.py"
    find = "deadline = asked + ttl"
    put = "deadline = time.monotonic() + ttl"
    test = "tests/ops/test_lease.py::test_the_deadline_counts_from_before_the_question"

`find` stands exactly once in `file`. The work is done in a copy of the checkout, so an interrupted run leaves nothing
changed here. The exit code is 1 when a test stayed green without its mechanism, or an entry no longer fits the code.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
PROMISES = PROJECT / "docs" / "reliability"
COPIED = ("alembic", "bench", "docs", "launcher", "ops", "quartapp", "scripts", "tests", "deploy")
TEST_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised, the mechanism that keeps it, the text that takes the mechanism out, and the test."""

    says: str
    file: str
    find: str
    put: str
    test: str


def read_promises(folder: Path = PROMISES) -> dict[str, list[Promise]]:
    """Return the promises by room, in their files' order."""
    return {
        path.stem: [Promise(**entry) for entry in tomllib.loads(path.read_text())["promise"]]
        for path in sorted(folder.glob("*.toml"))
    }


def misfit(promise: Promise) -> str | None:
    """Return why an entry does not fit the code, or None."""
    path = PROJECT / promise.file
    if not path.exists():
        return f"{promise.file} does not exist"
    count = path.read_text().count(promise.find)
    if count != 1:
        return f"its text stands {count} times in {promise.file}"
    if promise.find == promise.put:
        return "it changes nothing"
    name, _, test = promise.test.partition("::")
    path = PROJECT / name
    if not path.exists():
        return f"{name} does not exist"
    if test and f"def {test.partition('[')[0]}(" not in path.read_text():
        return f"{name} has no {test}"
    return None


def try_out(promise: Promise, copy: Path) -> str:
    """Return noticed, not noticed, or why nothing can be said."""
    path = copy / promise.file
    whole = path.read_text()
    path.write_text(whole.replace(promise.find, promise.put))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", promise.test]
    try:
        done = subprocess.run(
            command, cwd=copy, capture_output=True, text=True, timeout=TEST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "noticed (the test did not end)"
    finally:
        path.write_text(whole)
    if done.returncode == 1 or (done.returncode == 2 and "error" in done.stdout):
        return "noticed"
    return (
        "NOT NOTICED"
        if done.returncode == 0
        else f"pytest ended with {done.returncode}: {done.stdout[-300:]}"
    )


def main() -> int:
    """Try the promises of the rooms that are named, or of all; return the exit code."""
    parser = argparse.ArgumentParser(prog="python scripts/mutants.py", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "room", nargs="*", help="a file of docs/reliability without its ending; all without any"
    )
    options = parser.parse_args()
    rooms = {
        name: promises
        for name, promises in read_promises().items()
        if not options.room or name in options.room
    }
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        copy.mkdir()
        for name in COPIED:
            shutil.copytree(
                PROJECT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules")
            )
        for path in PROJECT.iterdir():
            if path.is_file():
                shutil.copy2(path, copy / path.name)
        os.symlink(PROJECT.parent / "shared", copy.parent / "shared")
        for room, promises in rooms.items():
            for number, promise in enumerate(promises, 1):
                said = misfit(promise) or try_out(promise, copy)
                bad += not said.startswith("noticed")
                print(f"{room} {number}/{len(promises)}: {said}: {promise.says}", flush=True)
    print(f"{bad} of {sum(map(len, rooms.values()))} promises are not kept by their tests")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
