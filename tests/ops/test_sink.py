"""Output that nobody reads: the process goes on, what is lost is counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TextIO

from ops.telemetry.sink import Sink
from tests.conftest import PROJECT
from tests.support.waiting import eventually_sync

LINE = "x" * 999 + "\n"


def pipe() -> tuple[int, TextIO]:
    reading, writing = os.pipe()
    return reading, os.fdopen(writing, "w")


def test_lines_arrive_whole_and_in_order() -> None:
    reading, writing = pipe()
    sink = Sink(writing)
    for number in range(50):
        sink.write(f"{number}\n")
    assert sink.drain(60)
    assert os.read(reading, 10_000).decode().split() == [str(number) for number in range(50)]


def test_a_reader_that_stands_still_costs_lines_and_no_time_and_they_are_counted() -> None:
    reading, writing = pipe()
    sink = Sink(writing, queue_bytes=200_000)
    for _ in range(1000):  # a pipe holds 64 KiB
        sink.write(LINE)
    assert sink.lost >= 500
    lost, received = sink.lost, b""
    while b"log lines were lost" not in received:
        received += os.read(reading, 65536)
    lines = received.decode().splitlines()
    assert json.loads(lines[-1])["lines"] == lost
    assert len(lines) - 1 + lost == 1000  # each one was written or counted
    sink.write("afterwards\n")
    assert os.read(reading, 100) == b"afterwards\n"


def test_a_reader_that_has_gone_is_no_error() -> None:
    reading, writing = pipe()
    os.close(reading)
    sink = Sink(writing)
    sink.write(LINE)
    eventually_sync(lambda: sink.broken)
    sink.write(LINE)
    assert sink.lost >= 1
    assert sink.drain(60)


def test_what_cannot_be_encoded_is_written_escaped() -> None:
    reading, writing = pipe()
    Sink(writing).write("half \ud83d\n")
    assert os.read(reading, 100) == b"half \\ud83d\n"


def test_a_process_logs_on_while_nobody_reads_and_ends_in_time() -> None:
    program = """
import sys
from ops.telemetry.logs import configure_logging, get_logger
configure_logging("INFO", "json")
for number in range(50_000):
    get_logger("busy").info("a line", number=number, filler="x" * 200)
print("done", file=sys.stderr, flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == b"done\n"
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()
