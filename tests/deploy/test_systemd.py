"""docs/systemd/parlaygorilla.service: systemd accepts it, and it starts what deploy.sh has left."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import PROJECT

UNIT = PROJECT / "docs" / "systemd" / "parlaygorilla.service"
DOCKER = "/usr/bin/docker"
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.prod.yml").read_text())


@pytest.fixture(scope="module")
def unit() -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=True)
    parsed.optionxform = str  # type: ignore[assignment, method-assign]
    parsed.read_string(UNIT.read_text())
    return parsed


def verify(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Ask systemd-analyze, with a stub of what a host without Docker lacks."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    (folder / "docker.service").write_text("[Service]\nExecStart=/bin/true\n")
    if not Path(DOCKER).exists():
        text = text.replace(f"={DOCKER} ", f"={sys.executable} ")
    (folder / UNIT.name).write_text(text)
    return subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(folder / UNIT.name)],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{folder}:"},
        timeout=60,
    )


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    verified = verify(tmp_path, UNIT.read_text())
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("RemainAfterExit=yes", "RemainAfterExit=yes\nRestart=always"),  # not for a oneshot unit
        ("Requires=docker.service", "Requires=dockerd.service"),
        ("TimeoutStopSec=90", "TimeoutStopSeconds=90"),
        ("ExecStop=/usr/bin/docker", "ExecStop=/nowhere/docker"),
    ],
)
def test_the_check_notices_a_broken_unit(tmp_path: Path, old: str, new: str) -> None:
    text = UNIT.read_text()
    assert old in text
    verified = verify(tmp_path, text.replace(old, new))
    assert verified.returncode or verified.stderr


def test_it_starts_the_project_that_deploy_sh_deploys(unit: configparser.ConfigParser) -> None:
    service = unit["Service"]
    prefix = f"{DOCKER} compose -p {COMPOSE['name']} -f docker-compose.prod.yml "
    assert service["ExecStart"] == f"{prefix}up -d --no-build"
    assert service["ExecReload"] == service["ExecStart"]
    assert service["ExecStop"] == f"{prefix}stop"
    assert unit["Unit"]["ConditionPathExists"] == f"{service['WorkingDirectory']}/.env"


def test_docker_is_there_first_and_restarts_are_dockers(unit: configparser.ConfigParser) -> None:
    assert unit["Unit"]["Requires"] == "docker.service"
    assert {"docker.service", "network-online.target"} <= set(unit["Unit"]["After"].split())
    assert unit["Unit"]["Wants"] == "network-online.target"
    assert unit["Install"]["WantedBy"] == "multi-user.target"
    assert (unit["Service"]["Type"], unit["Service"]["RemainAfterExit"]) == ("oneshot", "yes")
    assert "Restart" not in unit["Service"]
    assert {service["restart"] for service in COMPOSE["services"].values()} == {"always"}


def test_stopping_leaves_both_services_time_to_drain(unit: configparser.ConfigParser) -> None:
    graces = [
        int(re.sub(r"s$", "", service["stop_grace_period"])) for service in COMPOSE["services"].values()
    ]
    assert int(unit["Service"]["TimeoutStopSec"]) > max(graces)
