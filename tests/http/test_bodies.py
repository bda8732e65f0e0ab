"""A body that is refused says which fields are wrong, and never how this server is made."""

from __future__ import annotations

from typing import Any

import pytest

from ops.web.problems import ProblemError
from quartapp.api.parlays.requests import ParlayRequest
from quartapp.http.bodies import parse, parse_json

LEG = b'{"game_id": "a", "market": "h2h", "outcome": "A"}'


@pytest.mark.parametrize(
    "raw",
    [
        b"{", b"", b"\xff", b'{"legs": NaN}', b'{"legs": [], "legs": []}',
        b'{"legs": [{"game_id": "a", "game_id": "b"}]}',
        b'"\\ud800"', b"[" * 30_000, b'{"a":' * 1000 + b"1" + b"}" * 1000,
    ],
)  # fmt: skip
def test_what_is_no_json_or_has_a_name_twice_is_400(raw: bytes) -> None:
    with pytest.raises(ProblemError) as refused:
        parse(ParlayRequest, parse_json(raw))
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("raw", "errors"),
    [
        (b"[]", [{"field": "body", "reason": "must be an object"}]),
        (b"{}", [{"field": "legs", "reason": "is required"}]),
        (b'{"legs": 1}', [{"field": "legs", "reason": "must be a list"}]),
        (b'{"legs": [' + LEG + b"]}", [{"field": "legs", "reason": "must be a list of at least 2"}]),
        (
            b'{"legs": [' + LEG + b', {"game_id": 7, "market": "props", "outcome": "", "point": true}]}',
            [
                {"field": "legs[1].game_id", "reason": "must be text"},
                {"field": "legs[1].market", "reason": "must be one of h2h, spreads, totals"},
                {"field": "legs[1].outcome", "reason": "must be text"},
                {"field": "legs[1].point", "reason": "must be a number"},
            ],
        ),
    ],
)
def test_every_field_that_is_wrong_is_named(raw: bytes, errors: list[dict[str, Any]]) -> None:
    with pytest.raises(ProblemError) as refused:
        parse(ParlayRequest, parse_json(raw))
    assert (refused.value.status, refused.value.errors) == (422, errors)


def test_a_number_may_be_whole_and_unknown_fields_are_ignored() -> None:
    leg = LEG[:-1] + b', "point": 7, "colour": "red"}'
    assert parse(ParlayRequest, parse_json(b'{"legs": [' + leg + b"," + LEG + b"]}")).legs[0].point == 7
