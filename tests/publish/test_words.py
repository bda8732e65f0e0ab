"""No document, page or alert promises: betting has no safe bet, and who reads here may believe us."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from ops.database import session
from quartapp.api.docs import FILE
from tests.conftest import PROJECT
from tests.jobs.test_failures import Bench, bench
from tests.support import upstream as faults

__all__ = ["bench"]  # a fixture

PROMISES = re.compile(
    r"\b(safe(st|ly|r)?|guarantee[ds]?|locks?|risk[- ]?free|riskless|no[- ]risk|sure (thing|bet|win)|"
    r"can(not|'t) lose|certain to win|free money|easy money|always wins?|never loses?)\b",
    re.IGNORECASE,
)
JOBS = ("regions", "daily_pass", "roster_injuries", "results")
SPEAKING = ("quartapp", "launcher/commands", "ops/alerts", "ops/clock", "ops/web")


@pytest.mark.parametrize(
    "promise",
    [
        "a safe pick",
        "Guaranteed.",
        "LOCK of the day",
        "risk free",
        "risk-free",
        "a sure thing",
        "you can't lose",
    ],
)
def test_the_words_are_found(promise: str) -> None:
    assert PROMISES.search(promise)


async def test_no_document_and_no_alert_promises(bench: Bench) -> None:
    for name in JOBS:
        await bench.run(name)
    documents = await bench.documents()
    assert len(documents) > 100
    names = re.compile("|".join(map(re.escape, sorted(_names(documents), key=len, reverse=True))))
    for key, (_, body) in documents.items():
        found = PROMISES.search(names.sub("", body.decode()))
        assert found is None, f"{key}: {found and found.group()}"
    bench.upstream.answers(faults.status(500))
    for name in JOBS:
        await bench.run(name)
    async with session(bench.database) as connection:
        alerts = await connection.fetch_all("SELECT body FROM alerts")
    assert alerts
    for alert in alerts:
        assert PROMISES.search(alert["body"]) is None


def _names(documents: dict[str, tuple[str, bytes]]) -> set[str]:
    """Teams, players and books may be called as they like."""
    found: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            for key, part in value.items():
                if key in ("home_team", "away_team", "team", "athlete", "title", "name") and isinstance(
                    part, str
                ):
                    found.add(part)
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)

    for _, body in documents.values():
        walk(orjson.loads(body))
    return found - {""}


def test_no_page_promises() -> None:
    described = FILE.read_text()
    assert PROMISES.search(described.replace("deadlock", "")) is None
    for page in (PROJECT / "docs").glob("*.md"):
        if page.name in ("odds.md", "settlement.md", "bot.md", "accounts.md", "privacy.md"):
            assert PROMISES.search(page.read_text()) is None, page.name


def test_nothing_that_is_said_promises() -> None:
    said = [
        (path, text)
        for folder in SPEAKING
        for path in sorted((PROJECT / folder).rglob("*.py"))
        if path.parent.name != "sandbox"  # its model lies on demand
        for text in _sentences(path)
    ]
    assert len(said) > 500
    for path, text in said:
        assert PROMISES.search(text) is None, f"{path.relative_to(PROJECT)}: {text}"


def _sentences(path: Path) -> Iterator[str]:
    """Yield what the code says: texts of several words that are no docstring and no SQL."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    lists = {  # of words that a member may say
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "split"
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings | lists
        ):
            text = node.value
            if "\\b" in text:
                continue  # a pattern is what a member may say, and no word of ours
            if " " in text.strip() and not re.search(
                r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|FOR SHARE|WHERE)\b", text
            ):
                yield text
