"""Whose prices count: the recorded kinds of trouble, each left out by name and reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quartapp.odds.formats import american_to_decimal
from quartapp.odds.legs import Chances
from quartapp.odds.opinion import Opinion, fitted, opinion
from quartapp.odds.quotes import BookMarket, Game, Offer, Sifted, sift
from quartapp.odds.sports import sport_of
from quartapp.odds.value import expected_value

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def moment(text: str) -> datetime:
    if text.startswith("{"):
        return NOW + timedelta(minutes=int(text[1:-2]))
    return datetime.fromisoformat(text)


def sifted(event: dict[str, Any], key: str) -> Sifted:
    books = event["bookmakers"]
    newest = max(moment(book["last_update"]) for book in books)
    game = Game(
        event["sport_key"], event["home_team"], event["away_team"], moment(event["commence_time"]), newest
    )
    return sift(key, game, [market for book in books for market in markets(book, key)])


def markets(book: dict[str, Any], key: str) -> list[BookMarket]:
    return [
        BookMarket(
            book["key"],
            moment(book["last_update"]),
            tuple(Offer(o["name"], decimal(o["price"]), o.get("point")) for o in market["outcomes"]),
        )
        for market in book["markets"]
        if market["key"] == key
    ]


def decimal(price: float) -> float:
    return float(american_to_decimal(int(price))) if abs(price) >= 100 else price


def case(folder: Path, number: str) -> dict[str, Any]:
    (path,) = folder.glob(f"{number}-*.json")
    event: dict[str, Any] = json.loads(path.read_text())["body"][0]
    return event


def reasons(found: Sifted) -> dict[str, str]:
    return {one.bookmaker: one.reason for one in found.excluded}


@pytest.fixture
def cases(shared_data: Path) -> Path:
    return shared_data.parent.parent / "cases" / "odds"


def test_a_book_three_days_old_is_stale(cases: Path) -> None:
    found = sifted(case(cases, "13"), "h2h")
    assert reasons(found) == {"stalebook": "stale"}
    made = opinion("h2h", found)
    assert made is not None
    assert made.books == 5


def test_points_that_are_not_each_others_negative_are_no_line(cases: Path) -> None:
    found = sifted(case(cases, "15"), "spreads")
    assert reasons(found) == {"signbook": "incomplete"}
    assert {line.point for line in found.lines} == {-3.5}


def test_the_events_own_names_count_though_the_first_book_names_a_team_otherwise(cases: Path) -> None:
    found = sifted(case(cases, "16"), "h2h")
    assert reasons(found) == {"booka": "incomplete"}
    made = opinion("h2h", found)
    assert made is not None
    assert made.books == 4
    assert set(made.probabilities) == {"Los Angeles Clippers", "Utah Jazz"}


def test_a_draw_void_price_is_worth_what_a_refunded_draw_leaves(cases: Path) -> None:
    event = case(cases, "18")
    found = sifted(event, "h2h")
    assert found.kind == "three_way"
    assert {line.bookmaker: line.kind for line in found.lines} == {
        "booka": "three_way", "bookb": "three_way", "betvoid": "draw_void",
    }  # fmt: skip
    made = opinion("h2h", found)
    assert made is not None
    assert made.books == 2
    home = made.probabilities["Dnb Home"]
    draw = made.probabilities["Draw"]
    chances = Chances(home, push=draw, loss=1 - home - draw)
    assert expected_value(chances, 1.62) == pytest.approx(-0.038, abs=0.003)


def test_the_main_line_is_the_one_that_books_share_and_other_lines_have_no_partner(cases: Path) -> None:
    found = sifted(case(cases, "25"), "totals")
    made = opinion("totals", found)
    assert made is not None
    assert (made.point, made.books) == (220.5, 4)
    assert found.excluded == ()


@pytest.mark.parametrize(
    ("points", "main"),
    [((-3.5, -3.5, -2.5), -3.5), ((-2.5, -3.5, -3.5), -3.5), ((-3.5, -2.5), -2.5), ((2.5, 3.5), 2.5)],
)
def test_the_main_line_has_the_most_books_and_of_equal_ones_is_the_smaller(
    points: tuple[float, ...], main: float
) -> None:
    quoted = [spread(f"book{number}", point, 1.91, 1.91) for number, point in enumerate(points)]
    made = opinion("spreads", sift("spreads", game(), quoted))
    assert made is not None
    assert made.point == main


def test_a_swapped_book_is_an_outlier_and_the_detail_says_so() -> None:
    honest = [book(f"book{n}", 1.7, 2.3) for n in range(5)]
    found = sift("h2h", game(), [*honest, book("swapped", 2.3, 1.7)])
    assert reasons(found) == {"swapped": "outlier"}
    assert "swapped" in found.excluded[0].detail


def test_the_furthest_goes_first_so_that_one_wild_book_does_not_drag_the_honest_out() -> None:
    found = sift("h2h", game(), [book("a", 1.9, 1.95), book("b", 1.92, 1.93), book("wild", 4.0, 1.2)])
    assert reasons(found) == {"wild": "outlier"}


def test_two_books_cannot_say_which_of_them_is_wrong_so_no_edge_is_shown() -> None:
    found = sift("h2h", game(), [book("a", 1.5, 2.7), book("b", 2.7, 1.5)])
    assert found.excluded == ()
    made = opinion("h2h", found)
    assert made is not None
    assert made.without("a") is None


def test_a_suspended_price_takes_its_book_out() -> None:
    books = [book("a", 1.9, 1.9), book("b", 1.9, 1.9), book("c", 1.9, 1.0)]
    assert reasons(sift("h2h", game(), books)) == {"c": "suspended"}


def test_a_lone_three_way_book_decides_no_two_way_market() -> None:
    three = BookMarket("three", NOW, (Offer("Home", 2.1), Offer("Away", 2.4), Offer("Draw", 9.0)))
    found = sift("h2h", game(), [three, book("a", 1.9, 1.95), book("b", 1.9, 1.95)])
    made = opinion("h2h", found)
    assert made is not None
    assert (made.kind, made.books, set(made.probabilities)) == ("two_way", 2, {"Home", "Away"})


def test_a_cricket_test_match_is_three_way(cases: Path) -> None:
    found = sifted(case(cases, "23"), "h2h")
    made = opinion("h2h", found)
    assert made is not None
    assert set(made.probabilities) == {"Test Home", "Test Away", "Draw"}


def test_the_quoting_book_is_left_out_of_what_its_price_is_compared_with() -> None:
    made = opinion(
        "h2h", sift("h2h", game(), [book("a", 1.9, 1.9), book("b", 1.9, 1.9), book("c", 2.0, 1.8)])
    )
    assert made is not None
    others = made.without("c")
    assert others is not None
    assert others["Home"] == pytest.approx(0.5)
    assert made.probabilities["Home"] < 0.5


def test_books_at_another_point_count_through_the_distribution() -> None:
    at_main = [spread(f"m{n}", -3.5, 1.91, 1.91) for n in range(3)]
    elsewhere = spread("pinnacle", -2.5, 1.60, 2.45)
    made = _spreads([*at_main, elsewhere])
    assert (made.point, made.books) == (-3.5, 4)
    # The other book gives -2.5 more than the distribution does, hence -3.5 more than even.
    assert 0.5 < made.by_book["pinnacle"]["Home"] < 0.55
    assert 0.5 < made.probabilities["Home"] < 0.6


def _spreads(books: Sequence[BookMarket]) -> Opinion:
    found = sift("spreads", game("americanfootball_nfl"), books)
    opinions, model = fitted(sport_of("americanfootball_nfl"), {"spreads": found}, "Home")
    assert model is not None
    return opinions["spreads"]


@pytest.mark.parametrize("slate", ["basketball_nba_odds_2022-11-23", "soccer_epl_odds_2023-24"])
def test_no_sound_book_of_the_recorded_slates_is_left_out_before_the_start(
    shared_data: Path, slate: str
) -> None:
    for event in json.loads((shared_data / f"{slate}.json").read_text()):
        if not event["bookmakers"]:
            continue
        newest = max(moment(book["last_update"]) for book in event["bookmakers"])
        if moment(event["commence_time"]) < newest:
            continue  # in play books differ, and nothing is suggested
        for key in ("h2h", "spreads", "totals"):
            assert sifted(event, key).excluded == ()


@pytest.mark.parametrize("slate", ["basketball_nba_odds_2022-11-23", "soccer_epl_odds_2023-24"])
def test_a_book_with_its_sides_swapped_is_found_wherever_the_swap_would_pay(
    shared_data: Path, slate: str
) -> None:
    tried = 0
    for event in json.loads((shared_data / f"{slate}.json").read_text()):
        if len(event["bookmakers"]) < 4:
            continue
        made = opinion("h2h", sifted(event, "h2h"))
        if (
            made is None
            or abs(made.probabilities[event["home_team"]] - made.probabilities[event["away_team"]]) < 0.2
        ):
            continue
        victim = event["bookmakers"][1]
        for market in victim["markets"]:
            if market["key"] == "h2h":
                home, away = (
                    next(o for o in market["outcomes"] if o["name"] == event[f"{side}_team"])
                    for side in ("home", "away")
                )
                home["price"], away["price"] = away["price"], home["price"]
                tried += 1
                assert victim["key"] in reasons(sifted(event, "h2h"))
    assert tried > 5


def game(sport_key: str = "basketball_nba") -> Game:
    return Game(sport_key, "Home", "Away", NOW + timedelta(hours=10), NOW)


def book(name: str, home: float, away: float) -> BookMarket:
    return BookMarket(name, NOW, (Offer("Home", home), Offer("Away", away)))


def spread(name: str, point: float, home: float, away: float) -> BookMarket:
    return BookMarket(name, NOW, (Offer("Home", home, point), Offer("Away", away, -point)))
