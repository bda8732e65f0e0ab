"""Events are stable keys with their fields: what is emitted is listed, what is listed is emitted, and all are counted."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from ops.telemetry.events import COUNTS, EVENTS, emit
from ops.telemetry.metrics import Requests, exposition
from tests.conftest import PROJECT


def emitted() -> Iterator[tuple[str, str, set[str]]]:
    """Yield (place, key, fields) of every call of emit in the product."""
    for package in ("launcher", "ops", "quartapp"):
        for path in (PROJECT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "emit":
                    (key,) = node.args
                    assert isinstance(key, ast.Constant), f"{path}: an event's key is written out"
                    assert isinstance(key.value, str)
                    yield f"{path.name}:{node.lineno}", key.value, {k.arg for k in node.keywords if k.arg}


def test_every_event_that_is_emitted_is_listed_with_its_fields() -> None:
    for place, key, fields in emitted():
        assert key in EVENTS, place
        assert fields - {"exc_info"} <= set(EVENTS[key].fields), place


def test_every_event_that_is_listed_is_emitted_somewhere() -> None:
    assert {key for _, key, _ in emitted()} == EVENTS.keys()


def test_an_event_is_a_log_line_of_its_level_and_a_count(caplog: pytest.LogCaptureFixture) -> None:
    before = COUNTS["run_lost"]
    with caplog.at_level("INFO"):
        emit("run_lost", job="results", run=7, was="host:clock:1")
    assert COUNTS["run_lost"] == before + 1
    (record,) = [record for record in caplog.records if record.name == "events"]
    assert record.levelname == "WARNING"
    shown = exposition(Requests(), dict).decode()
    assert f'events_total{{event="run_lost"}} {float(before + 1)}' in shown
