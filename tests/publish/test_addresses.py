"""Addresses: written in one form, read back, and the same for every way to ask for one document."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartapp.publish import addresses

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(TEXT, st.none() | TEXT)
def test_a_list_of_a_sport_is_read_back_and_found_however_it_is_asked_for(
    sport: str, cursor: str | None
) -> None:
    key = addresses.games(sport, cursor)
    assert addresses.sport_of(key) == sport
    path, _, query = key.partition("?")
    assert addresses.key_of(path, query.encode()) == key
    backwards = "&".join(reversed(query.split("&")))
    assert addresses.key_of(path, backwards.encode()) == key
    assert addresses.sport_of(addresses.analyses(sport)) == sport


@given(st.text("ab1_.~-=&%+", max_size=20))
def test_a_plain_query_is_read_as_any_other(query: str) -> None:
    """Nearly every query needs no decoding, and is read without it."""
    pairs = parse_qsl(query, keep_blank_values=True)
    assert addresses.parameters_of(query.encode()) == pairs
    in_order = urlencode(sorted(pairs, key=lambda pair: pair[0]))
    assert addresses.key_of("/api/games", query.encode()) == "/api/games" + f"?{in_order}" * bool(in_order)


@pytest.mark.parametrize(
    "target",
    ["/api/games", "//api/games", "///api/games", "http://other.example/api/games", "HTTPS://h:1/api/games"],
)
def test_many_targets_mean_one_document(target: str) -> None:
    assert addresses.key_of(target, b"sport=nfl") == "/api/games?sport=nfl"
    assert addresses.key_of(target, b"") == "/api/games"


@pytest.mark.parametrize("query", [b"sport=%6Efl", b"sport=nfl&", b"&sport=nfl", b"sport=nfl"])
def test_percent_encoding_means_what_it_stands_for(query: bytes) -> None:
    assert addresses.key_of("/api/games", query) == "/api/games?sport=nfl"


@pytest.mark.parametrize(
    ("query", "other"),
    [
        (b"sport=x%26status%3Dlive", b"sport=x&status=live"),
        (b"sport=a+b", b"sport=a%2Bb"),
        (b"sport=a&sport=b", b"sport=b&sport=a"),
        (b"sport=", b""),
        (b"sport=nfl%3Fx", b"sport=nfl&x="),
    ],
)
def test_different_questions_have_different_keys(query: bytes, other: bytes) -> None:
    assert addresses.key_of("/api/games", query) != addresses.key_of("/api/games", other)


def test_an_encoded_question_mark_begins_no_query() -> None:
    assert addresses.key_of("/api/games?sport=nfl", b"") != "/api/games?sport=nfl"


@pytest.mark.parametrize(
    ("key", "route"),
    [
        ("/api/sports", "/api/sports"),
        ("/api/games?sport=nfl", "/api/games"),
        ("/api/game/9f", "/api/game/<game_id>"),
        ("/api/analysis/9f", "/api/analysis/<game_id>"),
        ("/api/analysis?sport=nfl", "/api/analysis"),
    ],
)
def test_a_route_is_no_label_for_each_game(key: str, route: str) -> None:
    assert addresses.route_of(key) == route


def test_a_page_links_to_the_next_and_nothing_else_does() -> None:
    page = orjson.dumps({"sport": "nfl", "games": [], "next": "Zm9v"})
    expected = '</api/games?cursor=Zm9v&sport=nfl>; rel="next"'
    assert addresses.describe("/api/games?sport=nfl", page).link == expected
    assert addresses.describe("/api/games", orjson.dumps({"sport": None, "next": "Zm9v"})).link == (
        '</api/games?cursor=Zm9v>; rel="next"'
    )
    assert addresses.describe("/api/games", orjson.dumps({"sport": None, "next": None})).link is None
    assert addresses.describe("/api/sports", page).link is None
