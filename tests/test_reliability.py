"""docs/reliability/ fits the code: `make mutants` takes each mechanism out, this only looks that it can."""

from __future__ import annotations

import pytest

from scripts.mutants import PROMISES, misfit, read_promises


def test_every_promise_fits_the_code_and_names_a_test() -> None:
    assert {
        promise.says: why
        for promises in read_promises().values()
        for promise in promises
        if (why := misfit(promise))
    } == {}


def test_there_are_promises_to_keep() -> None:
    if not list(PROMISES.glob("*.toml")):
        pytest.skip("none is written down yet")
    assert all(promises for promises in read_promises().values())
