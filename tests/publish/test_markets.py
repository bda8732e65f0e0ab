"""An analysis of recorded kinds of slates: what is best, what it is worth, who was left out, how the line moved."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quartapp import records as received
from quartapp.feeds.odds_api_answers import parse_events
from quartapp.odds.exchanges import commissions_of
from quartapp.odds.fit import scores
from quartapp.odds.legs import Selection
from quartapp.publish.markets import analyse_markets
from quartapp.records import Bookmaker, Event, Outcome
from quartapp.store.games import Game
from quartapp.store.odds import Book, Change, Market, Price

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def cases(shared_data: Path) -> Path:
    return shared_data.parent.parent / "cases" / "odds"


def read(folder: Path, number: str) -> Event:
    (path,) = folder.glob(f"{number}-*.json")

    def at(match: re.Match[str]) -> str:
        return (NOW + timedelta(minutes=int(match[1]))).strftime("%Y-%m-%dT%H:%M:%SZ")

    body = json.loads(re.sub(r"\{([+-]\d+)m\}", at, path.read_text()))["body"]
    return parse_events(body, body[0]["sport_key"])[0]


def analysed(event: Event, changes: list[Change] | None = None) -> dict[str, Any]:
    game = Game(
        event.id,
        event.sport_key,
        event.home_team,
        event.away_team,
        event.commence_time,
        "scheduled",
        None,
        None,
        None,
    )
    return {**analyse_markets(game, books_of(event), changes or []).markets}


def books_of(event: Event) -> list[Book]:
    return [
        Book(
            book.key,
            book.title,
            book.last_update,
            [
                Market(
                    m.key,
                    m.last_update,
                    [Price(o.name, o.price, event.price_format, o.point) for o in m.outcomes],
                )
                for m in book.markets
            ],
        )
        for book in event.bookmakers
    ]


def as_changes(event: Event, at: datetime, *, leaving_out: str = "") -> list[Change]:
    found = []
    for book in event.bookmakers:
        for market in book.markets if book.key != leaving_out else ():
            lines: dict[str, int] = {}
            for o in market.outcomes:
                line = lines.get(o.name, 0)
                lines[o.name] = line + 1
                found.append(
                    Change(book.key, market.key, o.name, o.price, event.price_format, o.point, at, line)
                )
    return found


def test_a_stale_book_makes_no_consensus_no_best_price_and_no_arbitrage(cases: Path) -> None:
    market = analysed(read(cases, "13"))["h2h"]
    assert market["consensus"]["Stale Home"] == pytest.approx(0.5)
    assert {best["bookmaker"] for best in market["best"].values()} == {"booka"}
    assert market["arbitrage"] is None
    assert [(one["bookmaker"], one["reason"]) for one in market["excluded"]] == [("stalebook", "stale")]


def test_the_other_sides_price_is_not_pooled_by_a_mirrored_point(cases: Path) -> None:
    best = analysed(read(cases, "15"))["spreads"]["best"]
    assert best["Sign Away"]["price"] == "-110"


def test_a_draw_void_book_is_in_no_three_way_best_price(cases: Path) -> None:
    market = analysed(read(cases, "18"))["h2h"]
    assert market["kind"] == "three_way"
    assert "betvoid" not in {best["bookmaker"] for best in market["best"].values()}
    assert market["best"]["Draw"]["edge"] is None  # two books are too few for an edge


def test_an_exchange_pays_after_commission(cases: Path) -> None:
    market = analysed(read(cases, "33"))["h2h"]
    best = market["best"]["Exch Home"]
    assert (best["bookmaker"], best["price"]) == ("betfair_ex_eu", "102")
    assert best["edge"] == pytest.approx(0.5 * 1.02 * 0.95 - 0.5, abs=1e-4)
    assert market["arbitrage"] is None


def test_the_main_line_has_not_moved_though_a_book_lists_alternates(cases: Path) -> None:
    event = read(cases, "25")
    market = analysed(event, as_changes(event, NOW))["totals"]
    assert market["point"] == 220.5
    assert (market["movement"]["open"], market["movement"]["current"]) == (220.5, 220.5)


def test_a_book_that_joins_moves_nothing(cases: Path) -> None:
    event = read(cases, "16")
    changes = as_changes(event, NOW - timedelta(hours=2), leaving_out="bookb")
    late = [
        change for change in as_changes(event, NOW - timedelta(hours=1)) if change.bookmaker_key == "bookb"
    ]
    assert analysed(event, [*changes, *late])["h2h"]["movement"]["change"] == 0


def test_a_book_that_left_and_comes_back_moves_nothing(cases: Path) -> None:
    """It left at one price and came back at another, and no other book has moved."""
    event = read(cases, "16")
    early, left, back = (NOW - timedelta(hours=hours) for hours in (3, 2, 1))
    own = [change for change in as_changes(event, back) if change.bookmaker_key == "bookb"]
    at_first = [
        change._replace(recorded_at=early, price=Decimal(price))
        for change, price in zip(own, (-400, 300), strict=True)
    ]
    gone = [change._replace(recorded_at=left, withdrawn=True) for change in at_first]
    changes = [*as_changes(event, early, leaving_out="bookb"), *at_first, *gone, *own]
    assert analysed(event, changes)["h2h"]["movement"]["change"] == 0


def test_an_exchange_s_commission_is_a_setting(cases: Path) -> None:
    event = read(cases, "33")
    game = Game(
        event.id,
        event.sport_key,
        event.home_team,
        event.away_team,
        event.commence_time,
        "scheduled",
        None,
        None,
        None,
    )
    for share in (0.0, 0.02):
        commissions = commissions_of(f"betfair_ex_eu:{share}")
        market = analyse_markets(game, books_of(event), [], commissions).markets["h2h"]
        edge = market["best"]["Exch Home"]["edge"]
        assert edge == pytest.approx(0.5 * 1.02 * (1 - share) - 0.5, abs=1e-4)
    assert commissions["smarkets"] == 0.02  # what is not named keeps the standard rate


def test_movement_ends_at_the_start_of_the_game(cases: Path) -> None:
    event = read(cases, "16")
    before = as_changes(event, event.commence_time - timedelta(hours=2))
    in_play = [
        Change(
            "bookb", "h2h", name, Decimal(price), "american", None, event.commence_time + timedelta(minutes=5)
        )
        for name, price in (("Los Angeles Clippers", -2000), ("Utah Jazz", 900))
    ]
    assert analysed(event, [*before, *in_play])["h2h"]["movement"]["change"] == 0


@pytest.mark.parametrize("slate", ["basketball_nba_odds_2022-11-23", "soccer_epl_odds_2023-24"])
def test_recorded_slates_show_no_excluded_book_as_best_and_mark_what_is_too_good(
    shared_data: Path, slate: str
) -> None:
    body = json.loads((shared_data / f"{slate}.json").read_text())
    for event in parse_events(body, body[0]["sport_key"]):
        for market in analysed(event).values():
            left_out = {one["bookmaker"] for one in market["excluded"]}
            assert not left_out & {best["bookmaker"] for best in market["best"].values()}
            sure = market["arbitrage"]
            assert sure is None or sure["profit"] <= 0.05 or sure["too_good"]
            for chances in market["fair"].values():
                assert sum(chances.values()) == pytest.approx(1, abs=5e-6)


@pytest.mark.parametrize(
    ("sport", "line", "spread_books"),
    [("baseball_mlb", 0.5, 4), ("baseball_mlb", 0.5, 3), ("icehockey_nhl", -0.5, 4), ("rugby_x", -1.0, 4)],
)
def test_markets_that_contradict_each_other_are_each_worth_what_their_own_books_say(
    sport: str, line: float, spread_books: int
) -> None:
    """Home wins 35 % of the time by one market, and 50 % by the other at nearly the same line."""
    quoted: dict[str, list[Any]] = {
        "h2h": [("Home", "180"), ("Away", "-210")],
        "spreads": [("Home", "-110", line), ("Away", "-110", -line)],
        "totals": [("Over", "-110", "8.5"), ("Under", "-110", "8.5")],
    }
    markets: list[dict[str, list[Any]]] = [{**quoted} for _ in range(4)]
    for own in markets[spread_books:]:
        del own["spreads"]
    found = analysed(of_books(sport, markets))
    for key in ("h2h", "spreads", "totals"):
        for name, chances in found[key]["fair"].items():
            won = chances["win"] + chances["half_win"] / 2
            lost = chances["loss"] + chances["half_loss"] / 2
            assert won / (won + lost) == pytest.approx(found[key]["consensus"][name], abs=2e-6)
            assert sum(chances.values()) == pytest.approx(1, abs=1e-9)
            # What suggestions say of a price and what a parlay of it is worth are one figure.
            best = found[key]["best"][name]
            price = Decimal(best["price"])
            profit = float(price / 100 if price > 0 else -100 / price)
            assert won * profit - lost == pytest.approx(best["edge"], abs=2e-6)


@pytest.mark.parametrize(("winner_books", "met"), [(4, "h2h"), (3, "spreads")])
def test_a_distribution_meets_the_winner_where_the_spread_contradicts_it(winner_books: int, met: str) -> None:
    """Or the spread, where more books quote that: who reads the distribution is told what some market says."""
    books: list[dict[str, list[Any]]] = [
        {
            "h2h": [("Home", "180"), ("Away", "-210")],
            "spreads": [("Home", "-110", 0.5), ("Away", "-110", -0.5)],
        }
        for _ in range(4)
    ]
    for own in books[winner_books:]:
        del own["h2h"]
    event = of_books("baseball_mlb", books)
    game = Game(event.id, event.sport_key, "Home", "Away", event.commence_time, "scheduled", None, None, None)
    found = analyse_markets(game, books_of(event), [])
    assert found.model is not None
    bet = Selection("h2h", "home") if met == "h2h" else Selection("spreads", "home", 0.5)
    assert scores(found.model).chances(bet).decisive == pytest.approx(
        found.markets[met]["consensus"]["Home"], abs=1e-6
    )


def of_books(sport: str, books: list[dict[str, list[Any]]]) -> Event:
    return Event(
        "g", sport, sport, NOW + timedelta(hours=10), "Home", "Away",
        tuple(
            Bookmaker(f"book{n}", f"book{n}", NOW, tuple(
                received.Market(key, NOW, tuple(
                    Outcome(name, Decimal(price), Decimal(str(point[0])) if point else None)
                    for name, price, *point in outcomes
                ))
                for key, outcomes in own.items()
            ))
            for n, own in enumerate(books)
        ),
        "american",
    )  # fmt: skip
