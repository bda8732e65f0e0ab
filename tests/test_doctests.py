"""Every example in a docstring runs: an example that is wrong misleads more than none."""

from __future__ import annotations

import doctest
import importlib
from collections.abc import Iterator

import pytest

from tests.conftest import PROJECT

PACKAGES = ("launcher", "ops", "quartapp")


def with_examples() -> Iterator[str]:
    for package in PACKAGES:
        for path in sorted((PROJECT / package).rglob("*.py")):
            if ">>> " in path.read_text() and path.name != "__main__.py":
                parts = path.relative_to(PROJECT).with_suffix("").parts
                yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("module", list(with_examples()))
def test_examples_in_docstrings_are_true(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried > 0
    assert failed == 0
