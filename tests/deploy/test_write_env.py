"""scripts/write_env.py: what goes in comes back out of every reader, and the live file is never half a file."""

from __future__ import annotations

import os
import random
import re
import shlex
import stat
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from dotenv import dotenv_values

from quartapp.settings import REQUIRED_IN_PRODUCTION, Settings
from scripts.write_env import DOLLAR, OPTIONAL, REQUIRED, EnvironmentRefusedError, render, write
from tests.conftest import PROJECT

SCRIPT = PROJECT / "scripts" / "write_env.py"
GIVEN = dict.fromkeys(REQUIRED, "value")
AWKWARD = "\\\"'$#{}:-= \t`!%&()[]ab\x0b\x0c\x85\u2028é😀_A1~;|<>*?"


def random_values(count: int) -> dict[str, str]:
    chance = random.Random(20261124)
    values = {
        f"SCHEDULE_V{number}": "".join(chance.choice(AWKWARD) for _ in range(chance.randint(1, 16)))
        for number in range(count - len(REQUIRED))
    }
    return values | {name: "".join(chance.choices(AWKWARD, k=40)) + "\\" for name in REQUIRED}


def by_compose_go(text: str) -> dict[str, str]:
    """Read `text` by the rules of compose-go's dotenv package, as far as they concern quoted values."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        name, _, source = line.partition("=")
        quote, characters, escaped, at = source[0], [], False, 1
        assert quote in "'\""
        while True:  # an unterminated value runs off the end and fails here
            character = source[at]
            at += 1
            if escaped:
                characters.append(character if character == quote else "\\" + character)
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == quote:
                break
            else:
                characters.append(character)
        assert not source[at:].strip()
        value = "".join(characters)
        if quote == '"':
            value = re.sub(r'\\([abcfnrtv$"\\])', lambda match: {"$": "$$"}.get(match[1], match[1]), value)
            value = re.sub(
                r"\$(?:(\$)|\{(\w+)\}|(\w+)|(.?))",
                lambda match: "$" if match[1] else found[match[2] or match[3]],
                value,
            )
        found[name] = value
    return found


def by_podman_compose(path: Path, folder: Path) -> dict[str, str]:
    """Run podman-compose with a `podman` that only writes down what it is given."""
    said = folder / "said"
    said.unlink(missing_ok=True)
    # By a shell, because a path after #! ends at its first space.
    script = folder / "podman.py"
    words = shlex.join([sys.executable, str(script)])
    (folder / "podman").write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    script.write_text(
        "import sys\n"
        f"if 'run' in sys.argv: open({str(said)!r}, 'wb').write(b'\\0'.join(a.encode() for a in sys.argv))\n"
        "if '--version' in sys.argv: print('podman version 5.0.0')\n"
    )
    (folder / "podman").chmod(0o755)
    (folder / "compose.yml").write_text(f"services: {{api: {{image: x, env_file: ['{path}']}}}}\n")
    podman_compose = Path(sys.executable).with_name("podman-compose")
    subprocess.run(
        [sys.executable, podman_compose, "-f", "compose.yml", "run", "--rm", "api"],
        cwd=folder,
        env={"PATH": f"{folder}:{os.environ['PATH']}"},
        check=False,
        capture_output=True,
        timeout=120,
    )
    arguments = said.read_bytes().decode().split("\0")
    pairs = [after for flag, after in pairwise(arguments) if flag == "-e"]
    return dict(pair.split("=", 1) for pair in pairs)


def test_ten_thousand_values_come_back_from_three_readers(tmp_path: Path) -> None:
    values = random_values(10_000)
    assert any("${" in value for value in values.values())
    path = tmp_path / ".env.prod"
    write(path, render(values))
    text = path.read_text(encoding="utf-8")
    for read in (
        by_compose_go(text),
        dotenv_values(path, encoding="utf-8"),
        by_podman_compose(path, tmp_path),
    ):
        assert read.pop(DOLLAR) == "$"
        assert read == values


def run(path: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(path)],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_it_writes_0600_and_keeps_the_previous(tmp_path: Path) -> None:
    path = tmp_path / "with a space" / ".env.prod"
    path.parent.mkdir()
    assert run(path, GIVEN | {"OPENAI_API_KEY": "", "PATH_": "x"}).returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert dotenv_values(path) == GIVEN  # nothing empty, nothing foreign
    first = path.read_text()
    path.chmod(0o644)
    assert "already so" in run(path, GIVEN).stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.with_name(".env.prod.previous").exists()
    assert run(path, GIVEN | {"JWT_SECRET": "another"}).returncode == 0
    previous = path.with_name(".env.prod.previous")
    assert previous.read_text() == first
    assert stat.S_IMODE(previous.stat().st_mode) == 0o600
    assert sorted(file.name for file in path.parent.iterdir()) == [".env.prod", ".env.prod.previous"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"JWT_SECRET": "", "REDIS_URL": " "}, ["JWT_SECRET is required", "REDIS_URL is required"]),
        ({"DATABASE_URL": "hidden\nvalue"}, ["DATABASE_URL holds a line break"]),
        ({"OPENAI_API_KEY": "hidden\r"}, ["OPENAI_API_KEY holds a line break"]),
    ],
)
def test_what_cannot_be_written_is_named_and_the_file_stays(
    tmp_path: Path, change: dict[str, str], said: list[str]
) -> None:
    path = tmp_path / ".env.prod"
    assert run(path, GIVEN).returncode == 0
    before = path.read_bytes()
    refused = run(path, GIVEN | change)
    assert refused.returncode == 1
    assert all(line in refused.stderr for line in said)
    assert "hidden" not in refused.stderr + refused.stdout
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [".env.prod"]


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    refused = run(tmp_path / "nowhere" / ".env.prod", GIVEN)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert "cannot be written" in refused.stderr


def test_a_crash_before_the_rename_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ".env.prod"
    write(path, render(GIVEN))
    before = path.read_bytes()

    def fail(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write(path, render(GIVEN | {"JWT_SECRET": "another"}))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [".env.prod"]


def test_it_knows_every_setting() -> None:
    set_by_compose = {"GIT_SHA", "HOST", "PORT", "REUSE_PORT", "SCHEDULER_STANDALONE"}
    schedules = {"SCHEDULES", "SCHEDULE_TIMEZONE"}
    settings = {name.upper() for name in Settings.model_fields}
    assert set(REQUIRED) == {name.upper() for name in REQUIRED_IN_PRODUCTION}
    assert set(OPTIONAL) == settings - set(REQUIRED) - set_by_compose - schedules
    assert "SCHEDULE_TIMEZONE" in render(GIVEN | {"SCHEDULE_TIMEZONE": "UTC"})


def test_lone_surrogates_are_refused() -> None:
    with pytest.raises(EnvironmentRefusedError, match="OPENAI_API_KEY"):
        render(GIVEN | {"OPENAI_API_KEY": "\udcff"})


def test_settings_may_come_as_one_json_object_and_a_variable_of_its_own_comes_first() -> None:
    given = GIVEN | {
        "SETTINGS_JSON": '{"LOG_LEVEL": "DEBUG", "SCHEDULE_RESULTS": "*/5 * * * *", "ORACLE_SSH_USER": "ubuntu",'
        ' "OPS_DEBUG_TOKEN": "of the variables"}',
        "OPS_DEBUG_TOKEN": "of the secrets",
        "LOG_LEVEL": "",
    }
    text = render(given)
    assert 'LOG_LEVEL="DEBUG"' in text
    assert 'SCHEDULE_RESULTS="*/5 * * * *"' in text
    assert 'OPS_DEBUG_TOKEN="of the secrets"' in text
    assert "ORACLE_SSH_USER" not in text
    assert "SETTINGS_JSON" not in text


@pytest.mark.parametrize("wrong", ["{", "[]", '{"LOG_LEVEL": 1}', "null"])
def test_settings_that_are_no_json_object_are_refused(wrong: str) -> None:
    with pytest.raises(EnvironmentRefusedError, match="SETTINGS_JSON"):
        render(GIVEN | {"SETTINGS_JSON": wrong})


@pytest.mark.parametrize("wrong", ["31", "600", "ten", "-1"])
def test_a_drain_time_that_docker_would_cut_off_is_refused(wrong: str) -> None:
    with pytest.raises(EnvironmentRefusedError, match="DRAIN_SECONDS"):
        render(GIVEN | {"DRAIN_SECONDS": wrong})
