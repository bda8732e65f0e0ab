"""The supervisor's own output may stand still or break: its children go on, are restarted, and stop in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.support.waiting import eventually_sync

PROGRAM = """
import asyncio, sys
from launcher.host.child import Spec
from launcher.host.supervisor import Supervisor
from launcher.host.workers import stop_on_signals
chatty = '''
import pathlib, sys
for number in range(10**9):
    sys.stdout.write("x" * 500 + "\\\\n")
    if number % 100 == 0:
        pathlib.Path(sys.argv[1]).write_text(str(number))
'''
async def main():
    supervisor = Supervisor([Spec("chatty", (sys.executable, "-c", chatty, sys.argv[1]))], grace_seconds=30)
    stop_on_signals(supervisor)
    return await supervisor.run()
sys.exit(asyncio.run(main()))
"""


@pytest.mark.parametrize("reader", ["gone", "frozen"])
def test_children_go_on_whatever_the_reader_does(tmp_path: Path, reader: str) -> None:
    counter = tmp_path / "counter"
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(counter)], cwd=PROJECT, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        os.read(process.stdout.fileno(), 100)
        if reader == "gone":
            process.stdout.close()
        # 500 bytes a line: far beyond what the pipes and the queue hold together.
        eventually_sync(lambda: counter.exists() and int(counter.read_text() or 0) > 40_000)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
