"""The roles that can run, read from the Procfile, and how many of each."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROCFILE = Path(__file__).resolve().parents[2] / "Procfile"


class RoleError(ValueError):
    """A Procfile or a --scale that cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Role:
    """One line of the Procfile."""

    name: str
    command: tuple[str, ...]


def read_procfile(path: Path = PROCFILE) -> dict[str, Role]:
    """Return the roles by name. Raises RoleError."""
    roles: dict[str, Role] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = re.fullmatch(r"([A-Za-z0-9_-]+):\s*(.+)", text)
        if match is None:
            raise RoleError(f"{path.name}:{number} is no line such as 'web: command'.")
        roles[match[1]] = Role(match[1], tuple(shlex.split(match[2])))
    if not roles:
        raise RoleError(f"{path.name} names no role.")
    return roles


def parse_scale(text: str, roles: Mapping[str, Role]) -> dict[str, int]:
    """Return how many of each role: one, unless `text` (web=2,clock=2) says otherwise. Raises RoleError."""
    counts = dict.fromkeys(roles, 1)
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, separator, count = part.partition("=")
        if not separator or not count.isdigit() or int(count) > 64:
            raise RoleError(f"--scale {part!r}: write role=count, such as web=2.")
        if name not in roles:
            raise RoleError(f"--scale {part!r}: there is no role {name!r}; roles: {', '.join(roles)}.")
        counts[name] = int(count)
    return counts
