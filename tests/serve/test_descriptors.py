"""Descriptors: few are told at the start, and none left is told while it lasts."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from launcher.serve.descriptors import WANTED, none_left, watch_descriptors
from ops.telemetry.events import COUNTS
from tests.conftest import PROJECT
from tests.support.waiting import eventually, time_passes

START = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
from launcher.serve.descriptors import ask_for_descriptors
from ops.telemetry.logs import configure_logging
configure_logging("INFO", "json", (), sys.stdout)
assert ask_for_descriptors() == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def start_with(soft: int, hard: int) -> str:
    command = [sys.executable, "-c", START, str(soft), str(hard)]
    return subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout


def test_a_start_raises_its_own_limit_and_tells_of_one_that_is_too_low() -> None:
    low = start_with(256, 512)
    assert "descriptors_few" in low
    assert low.splitlines()[-1] == "512"
    granted = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if granted != resource.RLIM_INFINITY and granted < WANTED:
        pytest.skip("this machine grants too few itself")
    high = start_with(1024, WANTED)
    assert high.strip() == str(WANTED)


@contextmanager
def full() -> Iterator[None]:
    """Take every descriptor that this process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []
    try:
        taken.append(os.open(os.devnull, os.O_RDONLY))
        resource.setrlimit(resource.RLIMIT_NOFILE, (taken[0] + 50, hard))
        while not none_left():
            taken.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in taken:
            os.close(descriptor)


async def test_a_process_without_a_descriptor_says_that_it_turns_visitors_away() -> None:
    stop, before = asyncio.Event(), COUNTS["accept_failed"]
    watching = asyncio.create_task(watch_descriptors(stop, 0.01))
    with full():
        await eventually(lambda: COUNTS["accept_failed"] > before)
    stop.set()
    await watching


async def test_a_process_with_descriptors_says_nothing() -> None:
    stop, before = asyncio.Event(), COUNTS["accept_failed"]
    watching = asyncio.create_task(watch_descriptors(stop, 0.001))
    await time_passes(0.05)
    stop.set()
    await watching
    assert COUNTS["accept_failed"] == before
