"""What the documents tell people to type exists: commands, options, targets, files, services."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from launcher.cli import main
from tests.conftest import PROJECT

DOCUMENTS = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
names = [str(path.relative_to(PROJECT)) for path in DOCUMENTS]


def commands(path: Path) -> Iterator[str]:
    """Yield what stands in backticks and in shell blocks, one command each."""
    text = path.read_text()
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        yield from (re.sub(r"\s+#.*", "", line).strip() for line in block.splitlines())
    outside = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for quoted in re.findall(r"`([^`]+)`", outside):
        yield from (part.strip() for part in quoted.split("&&"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=names)
def test_every_launcher_command_parses(path: Path) -> None:
    for command in commands(path):
        words = shlex.split(command) if command.startswith("python -m launcher") else []
        here: click.Command = main
        parents: list[click.Context] = []
        rest = words[3:]
        while rest and isinstance(here, click.Group):
            found = here.get_command(click.Context(here), rest[0])
            if found is None:
                assert rest[0].startswith("-"), f"{command}: there is no {rest[0]}"
                break
            here, rest = found, rest[1:]
        if rest and not isinstance(here, click.Group):
            context = click.Context(here, parent=parents[-1] if parents else None)
            here.parse_args(context, rest)  # raises for an unknown option or a missing argument


@pytest.mark.parametrize("path", DOCUMENTS, ids=names)
def test_every_module_script_and_make_target_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    for command in commands(path):
        words = command.split()
        if words[:2] == ["python", "-m"] and len(words) > 2:
            module = PROJECT / words[2].replace(".", "/")
            assert module.with_suffix(".py").exists() or (module / "__main__.py").exists(), command
        for word in words:
            if re.match(r"(/opt/parlaygorilla/)?scripts/\w+\.\w+$", word):
                assert (PROJECT / word.removeprefix("/opt/parlaygorilla/")).exists(), command
        if words[:1] == ["make"] and len(words) == 2:
            assert words[1] in targets, command


@pytest.mark.parametrize("path", DOCUMENTS, ids=names)
def test_every_compose_command_names_this_file_and_its_services(path: Path) -> None:
    compose = yaml.safe_load((PROJECT / "docker-compose.prod.yml").read_text())
    for command in commands(path):
        words = command.split()
        if words[:2] != ["docker", "compose"] or len(words) < 5:
            continue
        assert words[2:4] == ["-f", "docker-compose.prod.yml"], command
        if words[4] in ("exec", "run"):
            service = next(word for word in words[5:] if not word.startswith("-"))
            assert service in compose["services"], command


@pytest.mark.parametrize("path", DOCUMENTS, ids=names)
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


def test_every_setting_that_the_runbook_names_is_explained() -> None:
    explained = (PROJECT / ".env.example").read_text()
    workflow = (PROJECT / ".github/workflows/deploy-oracle.yml").read_text()
    compose = (PROJECT / "docker-compose.prod.yml").read_text()
    deploy = (PROJECT / "scripts/deploy.sh").read_text()
    for name in re.findall(
        r"`([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)(?:=[^`]*)?`", (PROJECT / "docs/runbook.md").read_text()
    ):
        assert any(re.search(rf"\b{name}\b", text) for text in (explained, workflow, compose, deploy)), name


def test_every_table_has_its_row_in_the_page_of_the_schema() -> None:
    made: set[str] = set()
    for path in (PROJECT / "alembic" / "versions").iterdir():
        if path.suffix in (".py", ".sql"):
            made |= set(re.findall(r"CREATE TABLE (\w+)", path.read_text()))
    page = (PROJECT / "docs" / "schema.md").read_text()
    rows = " ".join(re.findall(r"^\| ([\w, ]+) \|", page, re.MULTILINE))
    assert made <= set(re.findall(r"\w+", rows))


def test_every_alert_of_the_verdict_is_explained_in_the_runbook() -> None:
    runbook = (PROJECT / "docs" / "runbook.md").read_text()
    titles: list[str] = []
    for path in ("ops/clock/verdict.py", "quartapp/freshness/troubles.py", "quartapp/freshness/bets.py"):
        for node in ast.walk(ast.parse((PROJECT / path).read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Alert":
                parts = node.args[0].values if isinstance(node.args[0], ast.JoinedStr) else [node.args[0]]
                titles.append(
                    max((str(part.value) for part in parts if isinstance(part, ast.Constant)), key=len)
                )
    assert len(titles) >= 10
    assert not [title for title in titles if title.strip() not in runbook]
