"""scripts/deploy.sh: it deploys, or the old version serves; whatever happens in between."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from scripts.write_env import render
from tests.conftest import PROJECT
from tests.deploy.conftest import GIVEN, Host
from tests.support.waiting import eventually_sync

KILL_POINTS = int(os.environ.get("DEPLOY_KILL_POINTS", "24"))  # 0: at every command


def test_a_deploy_from_nothing_and_the_next(host: Host) -> None:
    first, second, _ = host.commits
    ran = host.deploy(first)
    assert ran.returncode == 0, ran.stdout
    assert host.serving("api") == host.serving("scheduler") == [first]
    assert host.git("rev-parse", "HEAD") == first
    (host.root / ".env").write_text((host.root / ".env").read_text() + "API_HOST=0.0.0.0\n")
    host.forget_calls()
    ran = host.deploy(second)
    assert ran.returncode == 0, ran.stdout
    assert host.serving("api") == host.serving("scheduler") == [second]
    assert host.env == {
        "IMAGE_TAG": second,
        "PREVIOUS_TAG": first,
        "API_HOST": "0.0.0.0",
        "COMPOSE_FILE": "docker-compose.prod.yml",
    }
    assert host.last_deploy["status"] == "success"
    assert host.last_deploy["running"] == second
    # The old api stops only after the new api is ready and the new clock lives.
    order = ["build", "run --rm", "healthcheck web --ready", "up -d --no-deps --no-build scheduler"]
    order += ["healthcheck clock --ready", "stop -t"]
    at = [next(n for n, call in enumerate(host.calls) if step in call) for step in order]
    assert at == sorted(at)


def test_it_prunes_all_but_this_and_the_previous_image(host: Host) -> None:
    for commit in host.commits:
        assert host.deploy(commit).returncode == 0
    assert host.docker["images"] == [f"parlaygorilla:{commit}" for commit in host.commits[1:]]


def test_rollback_goes_to_the_version_before_without_building(host: Host) -> None:
    first, second, _ = host.commits
    assert host.deploy("--rollback").returncode == 1  # nothing to go back to
    assert host.deploy(first).returncode == host.deploy(second).returncode == 0
    host.forget_calls()
    ran = host.deploy("--rollback")
    assert ran.returncode == 0, ran.stdout
    assert host.serving("api") == host.serving("scheduler") == [first]
    assert not any(call.startswith("build ") for call in host.calls)
    assert host.deploy("--rollback").returncode == 0  # and there again
    assert host.serving("api") == [second]


def test_every_failing_call_leaves_the_old_version_serving(host: Host) -> None:
    first, second, third = host.commits
    assert host.deploy(first).returncode == 0
    host.forget_calls()
    assert host.deploy(second).returncode == 0
    calls = host.calls
    consequence = next(n for n, call in enumerate(calls) if call.startswith("stop "))
    for number, call in enumerate(calls):
        host.forget_image(third)
        host.forget_calls()
        ran = host.deploy(third, DOCKER_FAIL_AT=str(number + 1))
        said = (call, ran.stdout)
        if number == 0 or number >= consequence:  # "is it built?", and tidying up: no reason to go back
            assert ran.returncode == 0, said
            assert host.serving("api") == host.serving("scheduler") == [third], said
            assert host.deploy(second).returncode == 0
            continue
        assert host.serving("api") == [second], said
        assert ran.returncode == 1, said
        assert host.serving("scheduler") == [second], said
        assert host.git("rev-parse", "HEAD") == second, said
        assert host.env["IMAGE_TAG"] == second, said
        assert host.last_deploy["status"] == "rolled_back", said
        assert host.last_deploy["running"] == second, said
        assert "FAILED at: " in ran.stdout, said


@pytest.mark.parametrize("role", ["web", "clock"])
def test_a_version_that_is_not_well_is_taken_back_with_its_log(host: Host, role: str) -> None:
    first, second, _ = host.commits
    assert host.deploy(first).returncode == 0
    ran = host.deploy(second, DOCKER_BROKEN=f"{role}:{second}")
    assert ran.returncode == 1
    assert host.serving("api") == host.serving("scheduler") == [first]
    assert "it is not well" in ran.stdout
    assert "the log of api" in ran.stdout
    assert f"The old version {first} serves." in ran.stdout
    assert host.last_deploy["status"] == "rolled_back"


@pytest.mark.parametrize("service", ["api", "scheduler"])
def test_a_version_that_starts_again_while_it_is_watched_is_taken_back(host: Host, service: str) -> None:
    first, second, _ = host.commits
    assert host.deploy(first).returncode == 0
    ran = host.deploy(second, DOCKER_RESTARTS=f"{service}:{second}", DEPLOY_SOAK_SECONDS="60")
    assert ran.returncode == 1, ran.stdout
    assert "the new version does not stay up" in ran.stdout
    assert host.serving("api") == host.serving("scheduler") == [first]


def test_two_commits_or_a_commit_with_rollback_are_wrong_usage(host: Host) -> None:
    first, second, _ = host.commits
    for words in ((first, second), ("--rollback", first), (first, "--rollback")):
        ran = host.deploy(*words)
        assert ran.returncode == 2, words
        assert "error: " in ran.stderr
    assert not (host.state / "calls.jsonl").exists()


def test_the_first_deploy_that_fails_leaves_nothing_half_made(host: Host) -> None:
    ran = host.deploy(host.commits[0], DOCKER_BROKEN=f"clock:{host.commits[0]}")
    assert ran.returncode == 1
    assert host.docker["containers"] == []
    assert host.last_deploy["status"] == "failed"


def test_when_the_old_version_cannot_come_back_it_says_what_to_do(host: Host) -> None:
    first, second, _ = host.commits
    assert host.deploy(first).returncode == 0
    ran = host.deploy(second, DOCKER_BROKEN=f"clock:{second} clock:{first}")
    assert ran.returncode == 3
    assert "docker compose -f docker-compose.prod.yml up -d --no-build" in ran.stdout
    assert host.serving("api") == [first]


def test_killed_at_any_command_it_can_be_run_again(host: Host) -> None:
    """A DEBUG trap ends the whole process group before the n-th command of the script."""
    killer = host.root.parent / "killer.sh"
    killer.write_text(
        "case $0 in *deploy.sh) set -T; _n=0;\n"
        """trap '_n=$((_n+1)); [ "$_n" = "$KILL_AT" ] && kill -9 -- -$$' DEBUG;; esac\n"""
    )
    counter = killer.with_name("counter.sh")
    counter.write_text(
        f"case $0 in *deploy.sh) set -T; trap 'echo >>\"{killer.with_name('count')}\"' DEBUG;; esac\n"
    )
    first, second, third = host.commits
    assert host.deploy(first).returncode == 0
    assert host.deploy(second, BASH_ENV=str(counter)).returncode == 0
    commands = len(killer.with_name("count").read_text().splitlines())
    assert commands > 100
    current, following = second, third
    for at in range(1, commands + 1, max(1, commands // KILL_POINTS) if KILL_POINTS else 1):
        ran = host.deploy(following, BASH_ENV=str(killer), KILL_AT=str(at))
        serving = set(host.serving("api"))
        assert serving, (at, ran.stdout)
        assert serving <= {current, following}, (at, ran.stdout)
        tag = host.env["IMAGE_TAG"]  # what a reboot would start exists, whole
        assert f"parlaygorilla:{tag}" in host.docker["images"], (at, ran.stdout)
        again = host.deploy(following)
        assert again.returncode == 0, (at, again.stdout)
        assert host.serving("api") == host.serving("scheduler") == [following], (at, again.stdout)
        assert host.last_deploy["status"] == "success"
        current, following = following, current
        assert not list((host.root).glob(".env.prod.next*"))


def test_sigterm_goes_back(host: Host) -> None:
    first, second, _ = host.commits
    assert host.deploy(first).returncode == 0
    with subprocess.Popen(
        ["bash", str(host.root / "scripts" / "deploy.sh"), second],
        env=host.environment(DOCKER_BROKEN=f"clock:{second}", DEPLOY_READY_SECONDS="60"),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        eventually_sync(lambda: host.serving("scheduler") == [second], timeout=30)
        running.send_signal(signal.SIGTERM)
        said = running.communicate(timeout=60)[0]
    assert running.returncode == 1
    # The signal may come in before docker's own call has returned.
    assert "FAILED at: wait for a live clock" in said or "FAILED at: replace the scheduler" in said
    assert host.serving("api") == host.serving("scheduler") == [first]


def test_a_lost_connection_does_not_stop_it(host: Host) -> None:
    first, second, _ = host.commits
    assert host.deploy(first).returncode == 0
    with subprocess.Popen(
        ["bash", str(host.root / "scripts" / "deploy.sh"), second],
        env=host.environment(),
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.stdout.close()  # nobody reads any more
        running.send_signal(signal.SIGHUP)
        assert running.wait(60) == 0
    assert host.serving("api") == host.serving("scheduler") == [second]
    assert f"deployed {second}" in (host.root / "var" / "deploy.log").read_text()


def test_one_at_a_time(host: Host) -> None:
    first, second, _ = host.commits
    assert host.deploy(first).returncode == 0
    slow = threading.Thread(
        target=host.deploy,
        args=(second,),
        kwargs={"DOCKER_BROKEN": f"clock:{second}", "DEPLOY_READY_SECONDS": "4"},
    )
    slow.start()
    eventually_sync(lambda: host.serving("scheduler") == [second], timeout=30)
    ran = host.deploy(second)
    assert ran.returncode == 75
    assert "another deploy is running (process " in ran.stdout
    slow.join()
    assert host.deploy(second).returncode == 0


def test_a_new_environment_comes_by_standard_input_and_goes_back_on_failure(host: Host) -> None:
    first, second, third = host.commits
    assert host.deploy(first).returncode == 0
    before = (host.root / ".env.prod").read_text()
    after = render(GIVEN | {"JWT_SECRET": "a new secret"})
    ran = host.deploy("--env-stdin", second, stdin=after, DOCKER_BROKEN=f"web:{second}")
    assert ran.returncode == 1
    assert (host.root / ".env.prod").read_text() == before
    ran = host.deploy("--env-stdin", second, stdin=after[:-12])
    assert ran.returncode == 1
    assert "cut off" in ran.stdout
    assert f"Nothing was replaced: {first} runs as before." in ran.stdout
    ran = host.deploy("--env-stdin", second, stdin=after)
    assert ran.returncode == 0, ran.stdout
    assert (host.root / ".env.prod").read_text() == after
    assert (host.root / ".env.prod").stat().st_mode & 0o777 == 0o600
    assert (host.root / ".env.prod.previous").read_text() == before
    assert host.deploy(third).returncode == 0
    assert "new secret" not in (host.root / "var" / "deploy.log").read_text()


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        ("unknown", "there is no commit abcdef here, and no origin"),
        ("dirty", "changed by hand"),
        ("no env", ".env.prod is missing"),
    ],
)
def test_what_cannot_begin_says_why_and_touches_nothing(host: Host, prepare: str, said: str) -> None:
    first, second, _ = host.commits
    assert host.deploy(first).returncode == 0
    wanted = second
    if prepare == "unknown":
        wanted = "abcdef"
    elif prepare == "dirty":
        (host.root / "version").write_text("by hand")
    else:
        (host.root / ".env.prod").unlink()
    host.forget_calls()
    (host.state / "calls.jsonl").touch()
    ran = host.deploy(wanted)
    assert ran.returncode == 1
    assert said in ran.stdout
    assert host.calls == []
    assert host.serving("api") == [first]


def test_help_teaches_and_a_wrong_option_is_2(host: Host) -> None:
    ran = host.deploy("--help")
    assert ran.returncode == 0
    assert "--rollback" in ran.stdout
    assert "Exit codes" in ran.stdout
    assert host.deploy("--what").returncode == 2


def test_status_shows_the_last_deploy_and_complains_of_a_failed_one(
    host: Host, settings_env: Callable[..., dict[str, str]]
) -> None:
    first, second, _ = host.commits
    for package in ("launcher", "ops", "quartapp", "alembic"):
        shutil.copytree(PROJECT / package, host.root / package)

    def status() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "launcher", "status"],
            check=False,
            cwd=host.root,
            env=settings_env(PYTHONPATH=str(host.root)),
            capture_output=True,
            text=True,
            timeout=60,
        )

    assert "last deploy" not in status().stdout
    assert host.deploy(first).returncode == 0
    assert f"last deploy: {first[:12]} success at 20" in status().stdout
    record = host.root / "var" / "last_deploy.json"
    record.write_text(
        record.read_text().replace('"success"', '"running"')
    )  # as one that was killed leaves it
    assert f"the deploy of {first[:12]}, begun at 20" in status().stdout
    assert host.deploy(second, DOCKER_BROKEN=f"web:{second}").returncode == 1
    said = status().stdout
    assert f"last deploy: {second[:12]} rolled_back at 20" in said
    assert f"; {first[:12]} runs" in said
    assert "last deploy failed" not in said  # it undid itself: nobody need be woken
    assert host.deploy(second, DOCKER_BROKEN=f"clock:{second} clock:{first}").returncode == 3
    assert "the last deploy failed at: wait for a live clock; see var/deploy.log" in status().stdout


def test_a_failure_in_the_middle_of_the_swap_puts_every_file_back(host: Host) -> None:
    first, second, _ = host.commits
    assert host.deploy(first).returncode == 0
    before = (host.root / ".env.prod").read_text()
    wrapper = host.bin / "mv"  # as on a full disk
    wrapper.write_text('#!/bin/sh\ncase "$*" in *" .env") exit 1;; esac\nexec /bin/mv "$@"\n')
    wrapper.chmod(0o755)
    ran = host.deploy("--env-stdin", second, stdin=render(GIVEN | {"LOG_LEVEL": "DEBUG"}))
    assert ran.returncode == 1, ran.stdout
    assert f"The old version {first} serves." in ran.stdout
    assert host.serving("api") == host.serving("scheduler") == [first]
    assert (host.root / ".env.prod").read_text() == before
    assert host.git("rev-parse", "HEAD") == first
    assert host.env["IMAGE_TAG"] == first
    wrapper.unlink()
    assert host.deploy("--env-stdin", second, stdin=render(GIVEN | {"LOG_LEVEL": "DEBUG"})).returncode == 0
    assert (host.root / ".env.prod.previous").read_text() == before
    assert host.deploy("--env-stdin", second, stdin=render(GIVEN | {"LOG_LEVEL": "DEBUG"})).returncode == 0
    assert (host.root / ".env.prod.previous").read_text() == before  # the same again is no new version of it


def test_with_env_lost_a_failing_deploy_still_leaves_the_old_version(host: Host) -> None:
    first, second, _ = host.commits
    assert host.deploy(first).returncode == 0
    (host.root / ".env").unlink()
    ran = host.deploy(second, DOCKER_BROKEN=f"clock:{second}")
    assert ran.returncode == 1
    assert host.serving("api") == host.serving("scheduler") == [first], ran.stdout


def test_killed_within_a_checkout_it_can_be_run_again(host: Host) -> None:
    first, second, _ = host.commits
    assert host.deploy(first).returncode == 0
    (host.root / "version").write_text("half")
    (host.root / ".git" / "index.lock").touch()
    ran = host.deploy(second)
    assert ran.returncode == 1  # somebody else's git, as far as anyone can know
    assert "index.lock" in ran.stdout or "changed by hand" in ran.stdout
    (host.root / "var" / "swapping").touch()  # our own, killed
    assert host.deploy(second).returncode == 0
    assert host.serving("api") == [second]


def test_only_a_commit_id_is_deployed_and_a_mistyped_one_leaves_the_record(host: Host) -> None:
    first, _, _ = host.commits
    assert host.deploy(first).returncode == 0
    record = host.last_deploy
    for wrong in ("main", "HEAD~1", "123456789abc"):
        ran = host.deploy(wrong)
        assert ran.returncode == 1, wrong
        assert wrong in ran.stdout
    assert host.last_deploy == record


def test_the_image_of_a_failed_version_does_not_pile_up(host: Host) -> None:
    first, second, _ = host.commits
    assert host.deploy(first).returncode == 0
    assert host.deploy(second, DOCKER_BROKEN=f"web:{second}").returncode == 1
    assert host.docker["images"] == [f"parlaygorilla:{first}"]
