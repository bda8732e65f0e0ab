"""Whose prices count: the recorded kinds of trouble, each left out by name and reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from quartapp.odds.formats import american_to_decimal
from quartapp.odds.legs import Chances
from quartapp.odds.market_keys import MARKETS
from quartapp.odds.opinion import Opinion, fitted, opinion
from quartapp.odds.quotes import (
    BookMarket,
    Game,
    Line,
    Offer,
    Sifted,
    booksum,
    location,
    outlier_bound,
    sift,
)
from quartapp.odds.sports import sport_of
from quartapp.odds.value import expected_value
from quartapp.odds.witnesses import sift_markets

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
    assert made.without_each() == {}


def test_a_suspended_price_takes_its_book_out() -> None:
    books = [book("a", 1.9, 1.9), book("b", 1.9, 1.9), book("c", 1.9, 1.0)]
    assert reasons(sift("h2h", game(), books)) == {"c": "suspended"}


def test_a_lone_three_way_book_decides_no_two_way_market() -> None:
    three = BookMarket("three", NOW, (Offer("Home", 2.1), Offer("Away", 2.4), Offer("Draw", 9.0)))
    found = sift("h2h", game(), [three, book("a", 1.9, 1.95), book("b", 1.9, 1.95)])
    made = opinion("h2h", found)
    assert made is not None
    assert (made.kind, made.books, set(made.probabilities)) == ("two_way", 2, {"Home", "Away"})


def three_way(key: str, home: float, draw: float, away: float) -> BookMarket:
    return BookMarket(key, NOW, (Offer("Home", home), Offer("Away", away), Offer("Draw", draw)))


def every_market(sport: str, **books: Sequence[BookMarket]) -> dict[str, dict[str, str]]:
    found = sift_markets(game(sport), {key: books[key] for key in MARKETS if key in books})
    return {key: reasons(market) for key, market in found.items()}


def test_a_three_way_book_whose_draw_is_missing_refunds_no_draw() -> None:
    books = [three_way("a", 2.3, 3.4, 3.2), three_way("b", 2.3, 3.4, 3.2), book("c", 2.3, 3.2)]
    assert every_market("soccer_epl", h2h=books) == {"h2h": {"c": "incomplete"}}


def test_a_lone_draw_void_book_is_judged_by_the_three_way_ones() -> None:
    honest = [three_way(key, 1.5, 4.4, 7.0) for key in "ab"]
    assert every_market("soccer_epl", h2h=[*honest, book("void", 1.18, 5.2)]) == {"h2h": {}}
    assert every_market("soccer_epl", h2h=[*honest, book("void", 5.2, 1.18)]) == {"h2h": {"void": "outlier"}}
    one_book = [honest[0], book("void", 5.2, 1.18)]
    assert every_market("soccer_epl", h2h=one_book) == {"h2h": {}}  # nobody can say which is wrong


def test_a_lone_three_way_book_in_hockey_is_judged_by_the_two_way_ones() -> None:
    honest = [book(key, 1.5, 2.7) for key in "abc"]
    right, wrong = three_way("x", 1.85, 4.3, 3.9), three_way("x", 3.9, 4.3, 1.85)
    assert every_market("icehockey_nhl", h2h=[*honest, right]) == {"h2h": {}}
    assert every_market("icehockey_nhl", h2h=[*honest, wrong]) == {"h2h": {"x": "outlier"}}


def test_of_two_spreads_the_books_that_quote_a_winner_say_which_is_wrong() -> None:
    winners = [book(key, 1.4, 3.1) for key in ("a", "b", "pinnacle")]
    for wrong in ("a", "pinnacle"):
        spreads = [spread(key, 6.5 if key == wrong else -6.5, 1.91, 1.91) for key in ("a", "pinnacle")]
        found = every_market("basketball_nba", h2h=winners, spreads=spreads)
        assert found == {"h2h": {}, "spreads": {wrong: "outlier"}}
        assert every_market("tennis_atp", h2h=winners, spreads=spreads) == {"h2h": {}, "spreads": {}}


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_book_that_sells_both_sides_too_cheaply_is_wrong_however_few_quote(count: int) -> None:
    honest = [book(f"book{n}", 1.91, 1.91) for n in range(count - 1)]
    assert reasons(sift("h2h", game(), [*honest, book("both", 2.3, 2.3)])) == {"both": "outlier"}


def test_a_long_shot_priced_far_too_high_is_an_outlier_though_its_line_hardly_moves() -> None:
    honest = [three_way(f"book{n}", 1.17, 8.0, 15.0) for n in range(3)]
    assert reasons(sift("h2h", game("soccer_epl"), [*honest, three_way("high", 1.14, 8.0, 34.0)])) == {
        "high": "outlier"
    }


def test_recorded_books_stand_as_far_from_the_bounds_as_they_say(shared_data: Path) -> None:
    """The figures beside the bounds, measured again: books of games that had not begun."""
    sums: list[float] = []
    worth: list[float] = []
    apart: list[float] = []
    for slate in ("basketball_nba_odds_2022-11-23", "soccer_epl_odds_2023-24"):
        for event in json.loads((shared_data / f"{slate}.json").read_text()):
            newest = max(moment(book["last_update"]) for book in event["bookmakers"])
            found = {key: sifted(event, key) for key in MARKETS}
            if moment(event["commence_time"]) <= newest:
                continue
            about = Game(event["sport_key"], event["home_team"], event["away_team"], newest, newest)
            for market in found.values():
                sums += [booksum(line) for line in market.lines]
                worth += [best_worth(line, market.lines) for line in market.lines]
            sport = sport_of(event["sport_key"])
            who = [location("h2h", about, line, sport) for line in found["h2h"].lines]
            for line in found["spreads"].lines if who else ():
                away = abs(location("spreads", about, line, sport) - median(who))
                apart.append(away / outlier_bound("spreads", median(who)))
    assert min(sums) == pytest.approx(1.002, abs=5e-4)
    assert max(worth) == pytest.approx(1.054, abs=5e-4)
    assert len(apart) == 884
    assert max(apart) == pytest.approx(0.54, abs=5e-3)


def best_worth(line: Line, lines: Sequence[Line]) -> float:
    others = [other for other in lines if other.point == line.point and other.bookmaker != line.bookmaker]
    if len(others) < 2:
        return 0.0
    return max(decimal * median(one.fair[name] for one in others) for name, decimal in line.decimals.items())


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
    assert made.without_each()["c"]["Home"] == pytest.approx(0.5)
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
