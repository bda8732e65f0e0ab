"""Who may import whom, a row a room, as docs/architecture.md draws it; and how large a part may grow."""

# ruff: noqa: E501 - a row of the table reads better whole

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from tests.conftest import PROJECT

PACKAGES = ("launcher", "quartapp", "ops")
# A row: what a room imports of ours, beside itself. A name of a package stands for everything in it.
TABLE: dict[str, set[str]] = {
    "launcher.__main__": {"launcher.cli", "launcher.serve"},
    "launcher.cli": {"launcher.commands", "launcher.dev", "launcher.host", "launcher.roles", "quartapp.settings", "ops"},
    "launcher.commands": {
        "launcher.host", "launcher.serve",
        "quartapp.accounts", "quartapp.credits", "quartapp.feeds", "quartapp.freshness", "quartapp.identity", "quartapp.jobs", "quartapp.members",
        "quartapp.upstreams", "quartapp.settings", "quartapp.store", "quartapp.team_names", "ops",
    },
    "launcher.dev": {"launcher.host", "ops"},
    "launcher.roles": {
        "launcher.host", "launcher.serve",
        "quartapp.app", "quartapp.freshness", "quartapp.jobs", "quartapp.upstreams", "quartapp.settings", "ops",
    },
    "launcher.host": {"launcher.serve", "quartapp.settings", "ops"},
    "launcher.serve": {"quartapp.documents", "quartapp.http", "quartapp.settings", "ops"},
    "quartapp.app": {
        "quartapp.accounts", "quartapp.api", "quartapp.bot", "quartapp.credits", "quartapp.documents", "quartapp.freshness", "quartapp.http",
        "quartapp.publish", "quartapp.settings", "ops",
    },
    "quartapp.accounts": {"quartapp.members", "quartapp.store", "ops.database", "ops.stores", "ops.tasks", "ops.telemetry", "ops.web"},
    "quartapp.api": {"quartapp.accounts", "quartapp.bot", "quartapp.feeds", "quartapp.members", "quartapp.store", "ops.database", "quartapp.documents", "quartapp.http", "quartapp.odds", "quartapp.publish", "quartapp.records", "ops.memory", "ops.stores", "ops.tasks", "ops.telemetry", "ops.web"},
    "quartapp.http": {"quartapp.accounts", "quartapp.members", "quartapp.store", "ops.database", "quartapp.documents", "quartapp.publish", "ops.stores", "ops.tasks", "ops.telemetry", "ops.web", "quartapp.settings"},
    "quartapp.jobs": {
        "quartapp.credits", "quartapp.documents", "quartapp.feeds", "quartapp.freshness", "quartapp.identity", "quartapp.publish", "quartapp.records",
        "quartapp.upstreams", "quartapp.settle", "quartapp.store",
        "ops.alerts", "ops.clock", "ops.stores", "ops.telemetry",
    },
    "quartapp.publish": {"quartapp.documents", "quartapp.members", "quartapp.team_names", "quartapp.odds", "quartapp.records", "quartapp.settle", "quartapp.store"},
    "quartapp.store": {"quartapp.members", "quartapp.records", "quartapp.odds", "quartapp.settle", "ops.database"},
    "quartapp.freshness": {
        "quartapp.credits", "quartapp.documents", "quartapp.publish", "quartapp.settings", "quartapp.store",
        "ops.clock", "ops.database", "ops.stores", "ops.tasks", "ops.telemetry",
    },
    "quartapp.documents": {"ops.database", "ops.stores", "ops.tasks", "ops.telemetry"},
    "quartapp.feeds": {"quartapp.odds", "quartapp.records", "ops.telemetry"},
    "quartapp.bot": {"quartapp.feeds", "quartapp.documents", "quartapp.odds", "quartapp.publish", "quartapp.team_names"},
    "quartapp.upstreams": {"quartapp.feeds", "quartapp.settings"},
    "quartapp.credits": {"quartapp.odds", "quartapp.records", "ops.stores"},
    "quartapp.records": {"quartapp.odds"},
    "quartapp.settings": {"quartapp.odds", "ops.web", "ops.alerts"},
    "quartapp.sandbox": {"quartapp.feeds", "quartapp.records"},
    "quartapp.identity": {"quartapp.records", "quartapp.team_names"},
    "quartapp.settle": {"quartapp.odds"},
    "quartapp.members": set(),
    "quartapp.team_names": set(),
    "quartapp.odds": set(),
    "ops.web": {
        "ops.clock", "ops.alerts", "ops.database", "ops.instances", "ops.migrate_with_lock", "ops.stores", "ops.tasks", "ops.telemetry",
    },
    "ops.server_errors": set(),
    "ops.clock": {
        "ops.alerts", "ops.database", "ops.instances", "ops.migrate_with_lock", "ops.server_errors", "ops.stores", "ops.tasks", "ops.telemetry",
    },
    "ops.alerts": {"ops.database", "ops.stores", "ops.tasks", "ops.telemetry"},
    "ops.instances": {"ops.stores", "ops.tasks"},
    "ops.stores": {"ops.database", "ops.lazy_redis", "ops.redis", "ops.tasks", "ops.telemetry"},
    "ops.migrate_with_lock": {"ops.database"},
    "ops.database": set(),
    "ops.redis": {"ops.database", "ops.lazy_redis"},
    "ops.lazy_redis": set(),
    "ops.memory": set(),
    "ops.tasks": {"ops.telemetry"},
    "ops.telemetry": set(),
}  # fmt: skip


def modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in (PROJECT / package).rglob("*.py"):
            name = ".".join(path.relative_to(PROJECT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imported(path: Path) -> Iterator[str]:
    """Yield the modules of ours that a file imports, those for types alone included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in PACKAGES)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def room(module: str) -> str:
    return ".".join(module.split(".")[:2])


@pytest.mark.parametrize("name", sorted({room(module) for module in MODULES if "." in module}))
def test_a_room_imports_what_its_row_names(name: str) -> None:
    allowed = TABLE[name]
    for module, path in MODULES.items():
        if room(module) != name:
            continue
        strangers = {
            other for other in imported(path)
            if room(other) != name and room(other) not in allowed and other.split(".")[0] not in allowed
        }  # fmt: skip
        assert not strangers, f"{module} imports {sorted(strangers)}: not in its room's row"


def test_every_row_names_a_room() -> None:
    assert TABLE.keys() == {room(module) for module in MODULES if "." in module}


def test_no_import_goes_round() -> None:
    graph = {
        module: {other for other in imported(path) if other != module} for module, path in MODULES.items()
    }
    done: set[str] = set()

    def walk(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, f"a circle: {' -> '.join((*way[way.index(module) :], module))}"
        if module in done:
            return
        for other in sorted(graph.get(module, ())):
            walk(other, (*way, module))
        done.add(module)

    for module in graph:
        walk(module, ())


def test_no_module_is_longer_than_350_lines_and_most_are_short() -> None:
    lines = {module: len(path.read_text().splitlines()) for module, path in MODULES.items()}
    assert not {module: count for module, count in lines.items() if count > 350}
    assert median(lines.values()) <= 90


def own_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return a function's lines without those of functions within it, of texts (SQL, docstrings), and of tables."""
    taken: set[int] = set()
    for node in ast.walk(function):
        if node is function or not hasattr(node, "end_lineno") or not isinstance(node, ast.stmt | ast.expr):
            continue
        is_text = isinstance(node, ast.Constant | ast.JoinedStr | ast.Dict | ast.List)
        if is_text or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            taken.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(set(range(function.lineno, (function.end_lineno or 0) + 1)) - taken)


def test_no_function_is_longer_than_60_lines_outside_sql_and_tables() -> None:
    long = {
        f"{module}.{node.name}": own_lines(node)
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and own_lines(node) > 60
    }
    assert not long


def calls_in_tests() -> Iterator[tuple[Path, ast.Call, str]]:
    """Yield every call in the tests, and the name of what is called."""
    for path in sorted((PROJECT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = node.func
                name = getattr(called, "attr", None) or getattr(called, "id", "")
                yield path.relative_to(PROJECT), node, str(name)


def test_no_test_sleeps_in_the_hope_that_something_has_happened() -> None:
    """`eventually` waits for a condition; `time_passes` is for tests whose subject is time. A sleep of 0 only yields."""
    allowed = {
        "tests/support/waiting.py": "where both live",
        "tests/deploy/docker_stand_in.py": "a program of its own, which asks again until a process has ended",
    }
    hoping = [
        f"{path}:{call.lineno}"
        for path, call, name in calls_in_tests()
        if name == "sleep" and str(path) not in allowed
        and not (call.args and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0)
    ]  # fmt: skip
    assert not hoping


def test_no_test_patches_a_constant() -> None:
    """A patched constant is a parameter that is missing: the test and whoever runs it otherwise cannot say it."""
    patched = [
        f"{path}:{call.lineno}"
        for path, call, name in calls_in_tests()
        if name == "setattr"
        for argument in call.args[:2]
        if isinstance(argument, ast.Constant) and str(argument.value).rpartition(".")[2].isupper()
    ]
    assert not patched


ONE_PLACE: dict[str, tuple[str, set[str]]] = {
    # What there is one of, how it is recognised in the code, and the modules that may have it.
    "the grammar of addresses": (r"""^[A-Z_, ]+=.*["']/api/(?:sports|games?|analysis|status|help|picks|track-record|parlays/suggest)|f["']/api/""", {"quartapp.publish.addresses"}),
    "the conditional GET": (r"""contains_weak|\.get\(b["']if-none-match""", {"quartapp.documents.answer"}),
    "the list of markets": (r"""["']h2h["'], *["']spreads["'], *["']totals["']""", {"quartapp.odds.market_keys"}),
    "what a store that is away raises": (r"""^\w+ *= *\(.*(?:RedisUnavailableError|DatabaseUnavailable)|\bRedisError, *(?:OSError|TimeoutError)|\bOSError, *RedisError""", {"ops.stores"}),
    "what PostgreSQL that is away raises": (r"^DatabaseUnavailable *=", {"ops.database"}),
    "overdue": (r"def (?:is_)?overdue|next_run_at *<|> *\w+\.next_run_at", {"ops.clock.thresholds"}),
    "the opening of a pool": (r"create_pool\(|\bDatabase\([\"']", {"ops.database"}),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(ONE_PLACE))
def test_what_there_is_one_of_stands_in_one_place(name: str) -> None:
    pattern, places = ONE_PLACE[name]
    recognised = re.compile(pattern, re.MULTILINE)
    found = {module for module, path in MODULES.items() if recognised.search(path.read_text())}
    # The scoreboard's job takes an answer that cannot be read for a silent Redis: one tuple more.
    assert places <= found <= places | {"quartapp.jobs.scoreboard"}
