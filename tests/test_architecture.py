"""The shape of the house, held by a test: imports go one way, every route declares its policy."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.web.policy import Policy
from quartapp.api.docs import FILE
from quartapp.api.openapi import description, rendered
from quartapp.app import create_web
from quartapp.settings import Settings
from tests.conftest import PROJECT
from tests.support.statements import members_tables, statements, takes_the_id

MAY_IMPORT = {
    "launcher": {"launcher", "quartapp", "ops"},
    "quartapp": {"quartapp", "ops"},
    "ops": {"ops"},
}
OURS = set(MAY_IMPORT) | {"bench", "tests", "scripts"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_go_one_way(package: str) -> None:
    for path in (PROJECT / package).rglob("*.py"):
        ours = {name.split(".")[0] for name in imports(path)} & OURS
        assert ours <= MAY_IMPORT[package], path


@pytest.mark.parametrize("room", ["odds", "settle"])
def test_the_arithmetic_imports_nothing_of_ours_and_does_no_io(room: str) -> None:
    forbidden = {"asyncio", "httpx", "asyncpg", "databases", "redis", "time", "random", "os"}
    for path in (PROJECT / "quartapp" / room).glob("*.py"):
        names = set(imports(path))
        assert {name for name in names if name.split(".")[0] in OURS} <= {
            name for name in names if name.startswith(("quartapp.odds", "quartapp.settle"))
        }, path
        assert not {name.split(".")[0] for name in names} & forbidden, path


def test_sql_stays_in_store_and_ops() -> None:
    statement = re.compile(r"\b(INSERT INTO|DELETE FROM|UPDATE \w+ +SET)\b")
    for path in (PROJECT / "quartapp").rglob("*.py"):
        if path.parent.name != "store" and path.name != "table.py":
            assert not statement.search(path.read_text()), path


@pytest.fixture
def rules(settings: Settings) -> list[tuple[Any, Any]]:
    app = create_web(settings).app
    return [(rule, app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()]


async def test_every_route_declares_cache_authentication_and_limit(rules: list[tuple[Any, Any]]) -> None:
    for rule, handler in rules:
        declared = getattr(handler, "policy", None)
        assert isinstance(declared, Policy), rule.rule
        if "POST" in rule.methods:
            assert declared.limit is not None, rule.rule
            assert declared.cache in ("no-store", "private"), rule.rule
        if rule.rule.startswith("/ops"):
            assert declared.auth != "none", rule.rule
            assert declared.cache == "no-store", rule.rule


async def test_a_limit_and_a_login_are_described_where_they_are_declared(
    rules: list[tuple[Any, Any]],
) -> None:
    for rule, handler in rules:
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            operation = description()["paths"][path][method.lower()]
            answers = operation["responses"]
            limited = handler.policy.limit is not None or handler.policy.lookups is not None
            assert ("429" in answers) == limited, path
            assert ("401" in answers) == (handler.policy.auth != "none"), path
            if model := getattr(handler, "body_model", None):
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                assert schema["$ref"].endswith(f"/{model.__name__}"), path


def test_the_stored_description_is_current() -> None:
    assert FILE.read_bytes() == rendered(), "run python -m quartapp.api.openapi"


def test_every_field_of_every_answer_has_a_type() -> None:
    """No answer and no field of a shape is "any JSON", but for a run's stats, which are each job's own."""
    untyped: list[str] = []

    def look(schema: Any, place: str) -> None:
        if isinstance(schema, dict):
            bare = schema.get("type") == "object" and not {"properties", "additionalProperties"} & set(schema)
            if bare or schema == {} or schema.get("additionalProperties") is True:
                untyped.append(place)
            for name, inner in schema.items():
                look(inner, f"{place}/{name}")
        elif isinstance(schema, list):
            for inner in schema:
                look(inner, place)

    look(description()["components"]["schemas"], "")
    for path, methods in description()["paths"].items():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                look([one["schema"] for one in answer.get("content", {}).values()], f"{path} {status}")
    assert untyped == ["/Run/properties/stats", "/api/openapi.json 200"]


async def test_every_route_is_described_and_nothing_else_is(rules: list[tuple[Any, Any]]) -> None:
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule, _ in rules
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, methods in description()["paths"].items() for method in methods}
    assert served == described


# These find a member, or serve nobody in particular. Each is a function of quartapp/store, with its reason.
WITHOUT_A_MEMBERS_ID = {
    "members.find_by_email": "who logs in is known by an address alone",
    "members.use_code": "who recovers is known by an address and a code",
    "members.use_reset": "an operator's link names its member",
    "members.delete_audit_before": "housekeeping",
    "members.delete_resets_before": "housekeeping",
    "sessions.delete_before": "housekeeping",
    "account_events.current": "every process must know every end",
    "account_events.since": "the same",
    "account_events.standing_of_all": "it asks of every member whose answer is under way in this process",
    "account_events.delete_before": "housekeeping",
    "conversations.delete_before": "housekeeping",
    "stakes.delete_old": "housekeeping",
    "parlays.delete_old_keys": "housekeeping",
    "bets.load": "the clock settles everybody's",
    "bets.close": "the same",
}


def test_every_statement_on_a_members_rows_takes_the_members_id() -> None:
    found = list(statements())
    assert {"users", "sessions", "recovery_codes"} <= members_tables()
    assert len(found) >= 15
    without = {name for name, statement in found if not takes_the_id(statement)}
    assert without <= WITHOUT_A_MEMBERS_ID.keys()
