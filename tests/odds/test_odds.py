"""The arithmetic: laws that hold for any valid price, published vectors, and a measured season."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartapp.odds.calibration import MEASURED
from quartapp.odds.combined import parlay_kelly
from quartapp.odds.consensus import Quote, consensus
from quartapp.odds.formats import (
    PriceError,
    american_to_decimal,
    both,
    decimal_to_american,
    decimal_to_fractional,
    fractional_to_decimal,
)
from quartapp.odds.legs import Chances
from quartapp.odds.movement import movement
from quartapp.odds.parlay import Placed, at_book, place
from quartapp.odds.value import (
    arbitrage,
    best_prices,
    brier,
    closing_line_value,
    expected_value,
    kelly,
    log_loss,
    spread_middle,
    total_middle,
)
from quartapp.odds.vig import DEFAULT_METHOD, Method, hold, implied_probabilities, remove_vig

METHODS: list[Method] = ["multiplicative", "additive", "power", "shin"]
DECIMALS = st.fractions(min_value=Fraction(1001, 1000), max_value=Fraction(100_000), max_denominator=1000)
AMERICAN = st.one_of(st.integers(100, 1_000_000), st.integers(-1_000_000, -101))


@given(AMERICAN)
def test_american_prices_round_trip_exactly(american: int) -> None:
    assert decimal_to_american(american_to_decimal(american)) == american


@given(DECIMALS)
def test_fractional_and_american_round_trip_exactly_for_any_decimal(decimal: Fraction) -> None:
    assert fractional_to_decimal(decimal_to_fractional(decimal)) == decimal
    assert american_to_decimal(decimal_to_american(decimal)) == decimal


@given(st.decimals(min_value="1.01", max_value="1000", places=2))
def test_a_decimal_price_as_received_is_shown_as_it_was(decimal: Decimal) -> None:
    assert both(decimal, "decimal")[1] == float(decimal)


@pytest.mark.parametrize("wrong", [0, 99, -99, 1])
def test_no_american_price_lies_between_minus_and_plus_100(wrong: int) -> None:
    with pytest.raises(PriceError):
        american_to_decimal(wrong)


@pytest.mark.parametrize("wrong", ["", "1/0", "-1/2", "0/5", "five"])
def test_what_is_no_fraction_is_refused(wrong: str) -> None:
    with pytest.raises(PriceError):
        fractional_to_decimal(wrong)


def test_shin_agrees_with_the_published_vector() -> None:
    assert remove_vig([2.6, 2.4, 4.3], "shin") == pytest.approx(
        [0.37299406, 0.40477941, 0.22222653], abs=5e-9
    )


def test_multiplicative_and_additive_are_their_formulas() -> None:
    prices = [2.6, 2.4, 4.3]
    implied = implied_probabilities(prices)
    excess = sum(implied) - 1
    assert remove_vig(prices, "multiplicative") == pytest.approx(
        [one / (1 + excess) for one in implied], abs=1e-12
    )
    assert remove_vig(prices, "additive") == pytest.approx([one - excess / 3 for one in implied], abs=1e-12)


def test_power_raises_every_implied_probability_to_one_exponent() -> None:
    prices = [2.6, 2.4, 4.3]
    exponents = [
        math.log(fair) / math.log(raw)
        for fair, raw in zip(remove_vig(prices, "power"), implied_probabilities(prices), strict=True)
    ]
    assert exponents == pytest.approx([exponents[0]] * 3, abs=1e-9)


PRICES = st.lists(st.floats(1.0001, 1e6, allow_nan=False), min_size=2, max_size=12)


@pytest.mark.parametrize("method", METHODS)
@given(prices=PRICES)
def test_probabilities_are_probabilities_for_any_valid_prices(method: Method, prices: list[float]) -> None:
    found = remove_vig(prices, method)
    assert abs(sum(found) - 1) < 1e-9
    assert all(0 <= one <= 1 for one in found)
    order = sorted(range(len(prices)), key=lambda n: prices[n])
    assert all(found[a] >= found[b] - 1e-9 for a, b in pairwise(order))


@pytest.mark.parametrize("prices", [[2.0], [], [1.0, 2.0], [math.inf, 2.0], [math.nan, 2.0], [-3.0, 2.0]])
def test_what_is_no_market_is_refused(prices: list[float]) -> None:
    with pytest.raises(ValueError, match=r"outcomes|price"):
        remove_vig(prices)


def test_hold_is_the_share_of_balanced_stakes() -> None:
    assert hold([1.909090909, 1.909090909]) == pytest.approx(1 - 1 / (2 / 1.909090909))
    assert hold([2.1, 2.1]) < 0


def test_a_consensus_leans_to_the_sharp_book_and_takes_the_main_point() -> None:
    soft = [Quote(f"soft{n}", {"Over": 1.9, "Under": 1.9}, 44.5) for n in range(3)]
    sharp = Quote("pinnacle", {"Over": 1.7, "Under": 2.2}, 44.5)
    stray = Quote("stray", {"Over": 1.5, "Under": 2.6}, 41.5)
    partial = Quote("partial", {"Over": 3.0}, 44.5)
    found = consensus([*soft, sharp, stray, partial])
    assert found is not None
    assert (found.point, found.books) == (44.5, 4)
    fair = remove_vig([1.7, 2.2])[0]
    assert found.probabilities["Over"] == pytest.approx((3 * 0.5 + 2 * fair) / 5)
    assert consensus([partial]) is None


def test_the_measured_calibration_is_what_the_season_measures(shared_data: Path) -> None:
    events = json.loads((shared_data / "soccer_epl_odds_2023-24.json").read_text())
    scores = {
        one["id"]: one for one in json.loads((shared_data / "soccer_epl_scores_2023-24.json").read_text())
    }
    forecasts, results = [], []
    for event in events:
        quotes = [
            Quote(book["key"], {o["name"]: o["price"] for o in market["outcomes"]})
            for book in event["bookmakers"]
            for market in book["markets"]
            if market["key"] == "h2h"
        ]
        found = consensus(quotes)
        assert found is not None
        goals = {one["name"]: int(one["score"]) for one in scores[event["id"]]["scores"]}
        home, away = goals[event["home_team"]], goals[event["away_team"]]
        results.append("Draw" if home == away else event["home_team" if home > away else "away_team"])
        forecasts.append(found.probabilities)
    loss = log_loss([forecast[result] for forecast, result in zip(forecasts, results, strict=True)])
    assert loss <= 0.9068
    assert (MEASURED.method, MEASURED.games) == (DEFAULT_METHOD, len(events))
    assert pytest.approx(loss, abs=1e-6) == MEASURED.log_loss
    assert brier(forecasts, results) == pytest.approx(MEASURED.brier, abs=1e-5)


def test_value_and_kelly() -> None:
    assert expected_value(Chances.of(0.55), 2.0) == pytest.approx(0.1)
    assert kelly(Chances.of(0.55), 2.0, fraction=1) == pytest.approx(0.1)
    assert kelly(Chances.of(0.45), 2.0) == 0
    assert closing_line_value(2.1, 0.5) == pytest.approx(0.05)


def test_best_prices_name_the_first_book_with_the_best() -> None:
    best = best_prices({"a": {"Home": 1.9, "Away": 2.0}, "b": {"Home": 2.0}, "c": {"Home": 2.0}})
    assert (best["Home"].bookmaker, best["Away"].bookmaker) == ("b", "a")


def test_an_arbitrage_pays_the_same_whatever_happens() -> None:
    found = arbitrage({"Home": 2.2, "Away": 2.1})
    assert found is not None
    assert found.stakes["Home"] * 2.2 == pytest.approx(found.stakes["Away"] * 2.1)
    assert found.stakes["Home"] * 2.2 - 1 == pytest.approx(found.profit)
    assert arbitrage({"Home": 1.9, "Away": 2.0}) is None


def test_middles_of_totals_and_spreads() -> None:
    total = total_middle({"a": 44.5, "b": 46.0}, {"a": 44.5, "c": 47.0})
    assert total is not None
    assert (total.low_book, total.high_book, total.width) == ("a", "c", 2.5)
    spread = spread_middle({"a": -3.0, "b": -3.5}, {"a": 3.0, "c": 5.0})
    assert spread is not None
    assert (spread.low, spread.high) == (3.0, 5.0)
    assert total_middle({"a": 47}, {"b": 44}) is None


def test_movement_carries_a_value_forward_to_the_current_one() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    found = movement(
        [(start, 0.5), (start + timedelta(hours=9), 0.6), (start + timedelta(hours=10), 0.55)], steps=11
    )
    assert found is not None
    assert found.series == (0.5,) * 9 + (0.6, 0.55)
    assert found.change == pytest.approx(0.05)
    assert (found.low, found.high) == (0.5, 0.6)
    assert movement([]) is None
    only = movement([(start, 0.4)])
    assert only is not None
    assert only.series == (0.4,)


def placed(decimal: str, probability: float, hold_: float | None = None) -> Placed:
    return place(Fraction(decimal), float(Fraction(decimal)), Chances.of(probability), hold_)


def test_a_parlay_multiplies() -> None:
    one_book = hold([1.9, 1.9])
    found = at_book([placed("5/2", 0.4, one_book), placed("3/2", 0.6, one_book)])
    assert found.decimal == Fraction(15, 4)
    assert found.expected_value == pytest.approx(0.24 * 3.75 - 1)
    assert found.hold == pytest.approx(1 - (1.9 / 2) ** 2)
    assert (found.kelly, found.too_good) == (0, False)
    assert at_book([placed("2", 0.5, 0.05), placed("2", 0.5)]).hold is None


def test_a_price_far_above_its_value_is_marked() -> None:
    assert not at_book([placed("2", 0.54), placed("2", 0.5)]).too_good
    assert at_book([placed("2", 0.56), placed("2", 0.3)]).too_good


@given(st.lists(st.tuples(st.integers(1, 999), st.integers(1, 2000), st.booleans()), min_size=2, max_size=20))
def test_a_parlay_s_stake_is_kelly_s_whether_its_legs_can_be_pushed_or_not(
    legs: list[tuple[int, int, bool]],
) -> None:
    placed_legs = []
    for win, profit, pushed in legs:
        decimal, loss = 1 + Fraction(profit, 100), 1 - win / 1000
        chances = Chances(win / 1000, push=loss / 8, loss=loss * 7 / 8) if pushed else Chances.of(win / 1000)
        placed_legs.append(place(decimal, float(decimal), chances, None))
    found = at_book(placed_legs)
    stake = parlay_kelly([one.chances for one in placed_legs], [one.odds for one in placed_legs])
    assert found.kelly == (stake if found.expected_value > 0 else 0)


def test_what_is_pushed_is_not_held() -> None:
    """Stakes in proportion to 1/d return 1/B when the bet is decided, and themselves when it is pushed."""
    odds, push = [1.8, 2.0], 0.09
    stakes = [1 / one / sum(1 / d for d in odds) for one in odds]
    returned = (1 - push) * stakes[0] * odds[0] + push
    assert hold(odds, 1 - push) == pytest.approx(1 - returned)


@pytest.mark.parametrize("count", [0, 1, 21])
def test_a_parlay_has_two_to_twenty_legs(count: int) -> None:
    with pytest.raises(ValueError, match="2 to 20"):
        at_book([placed("2", 0.5)] * count)
