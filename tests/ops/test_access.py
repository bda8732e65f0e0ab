"""Who may ask /ops: the whole token and nothing but the token."""

from __future__ import annotations

import pytest

from ops.web.access import OpsAccess, parse_tokens

TOKEN = "right-token-1234"


@pytest.mark.parametrize(
    "offered",
    ["", TOKEN[:-1], TOKEN + "x", TOKEN * 2, " " + TOKEN, TOKEN.upper(), "rïght-token-1234", "\udcff"],
)
def test_a_prefix_or_a_longer_token_does_not_pass(offered: str) -> None:
    access = OpsAccess(True, TOKEN)
    assert access.bearer("", offered) is None
    assert access.bearer(f"Bearer {offered}", "") is None
    assert access.bearer(f"Basic {TOKEN}", offered) is None


def test_the_token_passes_in_either_header_and_a_named_one_says_who_it_is() -> None:
    assert OpsAccess(True, TOKEN).bearer(f"bearer {TOKEN}", "") == "ops"
    listed = OpsAccess(True, "ann:token-of-ann, bob:token-of-bob")
    assert listed.bearer("", "token-of-ann") == "ann"
    assert listed.bearer("Bearer token-of-bob", "") == "bob"
    assert listed.bearer("", "ann:token-of-ann") is None


@pytest.mark.parametrize("setting", [None, ""])
def test_an_empty_token_admits_nobody_as_a_bearer(setting: str | None) -> None:
    access = OpsAccess(True, setting)
    assert not access.has_token
    assert access.bearer("Bearer ", "") is None


def test_a_malformed_list_is_refused_without_showing_it() -> None:
    with pytest.raises(ValueError, match="name:token") as refused:
        parse_tokens("ann:token-of-ann,bob:short")
    assert "token-of-ann" not in str(refused.value)
    assert "short" not in str(refused.value)


def test_a_token_is_in_no_repr() -> None:
    assert TOKEN not in repr(vars(OpsAccess(True, TOKEN)))
