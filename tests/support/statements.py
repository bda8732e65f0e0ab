"""The statements of quartapp/store that touch members' rows, read from the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent


@cache
def members_tables(versions: Path = PROJECT / "alembic" / "versions") -> frozenset[str]:
    """Return every table with a column user_id, and users."""
    made = "\n".join(
        path.read_text() for path in sorted(versions.iterdir()) if path.suffix in (".py", ".sql")
    )
    blocks = re.findall(r"CREATE TABLE (\w+) \((.*?)\n\s*\)", made, re.DOTALL)
    added = re.findall(r"ALTER TABLE (\w+) ADD COLUMN user_id\b", made)
    owned = {name for name, columns in blocks if re.search(r"^\s*user_id\s", columns, re.MULTILINE)}
    return frozenset({"users", *owned, *added})


def statements(store: Path = PROJECT / "quartapp" / "store") -> Iterator[tuple[str, str]]:
    """Yield (module.function, statement) of every text that names a table of members."""
    for path in sorted(store.glob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef):
                continue
            documentation = ast.get_docstring(function, clean=False)
            parts: set[ast.AST] = set()
            for node in ast.walk(function):
                if isinstance(node, ast.JoinedStr):
                    parts |= set(ast.walk(node)) - {node}
                    text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
                    text = node.value
                else:
                    continue
                named = set(re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)", text))
                if text != documentation and named & members_tables():
                    yield f"{path.stem}.{function.name}", text


def takes_the_id(statement: str) -> bool:
    """Tell whether a statement is bound to one member's id, which is a parameter."""
    inserted = re.search(r"INSERT INTO (\w+)(?: AS \w+)?\s*\(([^)]*)\)", statement)
    if inserted and inserted[1] in members_tables():
        column = "id" if inserted[1] == "users" else "user_id"
        return column in re.findall(r"\w+", inserted[2])
    of_users = re.search(r"\b(?:FROM|UPDATE) users\b", statement) and re.search(r"\bid = \$\d", statement)
    return bool(of_users or re.search(r"\buser_id = \$\d", statement))
