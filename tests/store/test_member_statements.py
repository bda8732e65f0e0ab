"""Every statement on a member's rows takes the member's id: read from the statements themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import PROJECT

MEMBERS_TABLES = {"users", "sessions", "recovery_codes", "account_resets", "account_audit"}
# These find a member, or serve nobody in particular. Each name is a function of quartapp/store.
WITHOUT_AN_ID = {
    "members.find_by_email": "who logs in is known by an address alone",
    "members.use_code": "who recovers is known by an address and a code",
    "members.use_reset": "an operator's link names its member",
    "members.delete_audit_before": "housekeeping",
    "members.delete_resets_before": "housekeeping",
    "sessions.delete_before": "housekeeping",
}


def statements() -> Iterator[tuple[str, str]]:
    """Yield (module.function, statement) of every text in the store that names a member's table."""
    for path in sorted((PROJECT / "quartapp" / "store").glob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef):
                continue
            documentation = ast.get_docstring(function, clean=False)
            for node in ast.walk(function):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    text = node.value
                elif isinstance(node, ast.JoinedStr):
                    text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
                else:
                    continue
                named = set(re.findall(r"(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)", text))
                if text != documentation and named & MEMBERS_TABLES:
                    yield f"{Path(path).stem}.{function.name}", text


def takes_the_id(statement: str) -> bool:
    inserted = re.search(r"INSERT INTO (\w+)\s*\(([^)]*)\)", statement)
    if inserted and inserted[1] in MEMBERS_TABLES:
        column = "id" if inserted[1] == "users" else "user_id"
        return column in re.findall(r"\w+", inserted[2])
    users = re.search(r"(?:FROM|UPDATE) users\s", statement) and re.search(r"\bid = \$1", statement)
    return bool(users or re.search(r"\buser_id = \$1", statement))


def test_every_statement_on_a_members_rows_takes_the_members_id() -> None:
    found = list(statements())
    assert len(found) >= 15
    without = {name for name, statement in found if not takes_the_id(statement)}
    assert without == WITHOUT_AN_ID.keys()
