"""A process whose event loop hangs ends by itself, so that Docker starts it again; a slow or frozen one does not."""

from __future__ import annotations

import signal
import subprocess
import sys

from tests.conftest import PROJECT

PROGRAM = """
import asyncio, sys, time
from launcher.serve.stall import end_when_stalled
async def main():
    end_when_stalled(asyncio.get_running_loop(), 0.1)
    print("running", flush=True)
    {body}
asyncio.run(main())
"""


def begin(body: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    return process


def test_a_loop_that_stands_still_ends_the_process_and_shows_where() -> None:
    process = begin("time.sleep(600)")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 70
    assert "has stood still for 0.4 s" in said
    assert "in main" in said


def test_a_loop_that_turns_now_and_then_goes_on() -> None:
    process = begin("[(await asyncio.sleep(0.01), time.sleep(0.15)) for _ in range(8)]")
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")


def test_a_process_that_was_frozen_goes_on() -> None:
    process = begin("await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)")
    process.send_signal(signal.SIGSTOP)
    try:
        process.wait(1.5)  # far longer than the four intervals
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGCONT)
    try:
        process.wait(0.5)
    except subprocess.TimeoutExpired:
        assert process.poll() is None
    else:
        raise AssertionError(process.returncode)
    finally:
        process.kill()
        process.communicate()


def test_a_process_that_hangs_on_its_own_output_ends_though_nobody_reads() -> None:
    # Both streams are one full pipe: the loop hangs in a write, and so would the guard's own message.
    process = begin("print('x' * 5_000_000, file=sys.stderr)")
    try:
        assert process.wait(timeout=60) == 70
    finally:
        process.kill()
        process.communicate()
