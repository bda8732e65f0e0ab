"""The workflows: what they may do, what they are given, and that nothing in them floats."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from scripts.write_env import OPTIONAL, REQUIRED
from tests.conftest import PROJECT

WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
SECRET = {
    "OPENAI_API_KEY",
    "MIGRATION_DATABASE_URL",
    "HEARTBEAT_URL",
    "JWT_SECRET_PREVIOUS",
    "OPS_DEBUG_TOKEN",
}


def load(name: str) -> dict[Any, Any]:
    return dict(yaml.safe_load((PROJECT / ".github" / "workflows" / name).read_text()))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_and_permissions_are_least(path: Any) -> None:
    found = yaml.safe_load(path.read_text())
    assert found["permissions"] == {}
    for job in found["jobs"].values():
        assert job["permissions"] == {"contents": "read"}
        for step in job.get("steps", []):
            if "uses" in step:
                assert re.fullmatch(r"[\w/.-]+@[0-9a-f]{40}", step["uses"]), step
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            assert "secrets." not in step.get("run", ""), "a secret in a script's text is in the log and argv"


def test_ci_tests_both_architectures_with_the_project_s_own_command() -> None:
    test = load("ci.yml")["jobs"]["test"]
    assert test["strategy"]["matrix"]["runner"] == ["ubuntu-24.04", "ubuntu-24.04-arm"]
    assert test["steps"][-1]["run"].endswith("bash .ci/run")


def test_a_deploy_comes_after_the_tests_from_main_one_at_a_time() -> None:
    found = load("deploy-oracle.yml")
    assert found["name"] == "Deploy to Oracle"
    assert found["concurrency"] == {"group": "deploy-oracle", "cancel-in-progress": False}
    deploy = found["jobs"]["deploy"]
    assert deploy["needs"] == "test"
    assert deploy["if"] == "github.ref == 'refs/heads/main'"


def test_every_setting_reaches_the_vm() -> None:
    steps = load("deploy-oracle.yml")["jobs"]["deploy"]["steps"]
    given = next(step for step in steps if step.get("name") == "Deploy")["env"]
    for name in (*REQUIRED, *SECRET):
        assert given[name] == f"${{{{ secrets.{name} }}}}"
    assert given["SETTINGS_JSON"] == "${{ toJSON(vars) }}"  # every other name of write_env.py
    assert set(OPTIONAL) >= SECRET
    assert given["ORACLE_SSH_USER"] == "${{ vars.ORACLE_SSH_USER || 'ubuntu' }}"


def test_without_the_ssh_secrets_it_says_so_and_deploys_nothing() -> None:
    first, *rest = load("deploy-oracle.yml")["jobs"]["deploy"]["steps"]
    assert "::notice" in first["run"]
    assert all(step["if"] == "steps.secrets.outputs.there == 'yes'" for step in rest)
