"""Figures that a bettor acts on, each against a calculation of its own: docs/odds.md works them by hand."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quartapp.odds.combined import GameLegs, fair, parlay_kelly, parlay_value
from quartapp.odds.fit import Target, fit, scores
from quartapp.odds.legs import HALF_LOSS, HALF_WIN, LOSS, PUSH, WIN, Chances, Selection, settle
from quartapp.odds.scores import Grid
from quartapp.odds.sports import SOCCER
from quartapp.odds.value import expected_value, fair_price, kelly

MINUS_110 = float(Fraction(21, 11))


def test_minus_three_at_minus_110_with_nine_percent_push() -> None:
    chances = Chances(win=0.47, push=0.09, loss=0.44)
    # 0.47 · 100/110 - 0.44 = -0.0127; a push counted as a loss would say -10.3 %.
    assert expected_value(chances, MINUS_110) == pytest.approx(0.47 * 100 / 110 - 0.44)
    assert expected_value(chances, MINUS_110) == pytest.approx(-0.0127, abs=5e-5)
    assert fair_price(chances) == pytest.approx(1 + 0.44 / 0.47)
    assert expected_value(chances, fair_price(chances)) == pytest.approx(0, abs=1e-12)


def test_over_two_and_a_quarter() -> None:
    assert [settle(Selection("totals", "over", 2.25), 0, goals) for goals in (1, 2, 3)] == [
        LOSS,
        HALF_LOSS,
        WIN,
    ]
    assert [settle(Selection("totals", "under", 2.25), 0, goals) for goals in (1, 2, 3)] == [
        WIN,
        HALF_WIN,
        LOSS,
    ]
    chances = Chances(win=0.46, half_loss=0.26, loss=0.28)
    # 0.46 · 0.95 - 0.28 - 0.26/2 = +0.027
    assert expected_value(chances, 1.95) == pytest.approx(0.027)
    assert fair_price(chances) == pytest.approx(1 + 0.41 / 0.46)


def test_a_parlay_of_a_push_a_half_win_and_a_win() -> None:
    """The stake of 10: the push returns 1, the half win at 1.90 returns 1.45, the win at 2.10 returns 2.10."""
    certain = [Chances(0, push=1), Chances(0, half_win=1), Chances(1)]
    games = [GameLegs(None, (Selection("h2h", "home"),), (one,)) for one in certain]
    assert 10 * (1 + parlay_value(games, [[MINUS_110], [1.90], [2.10]])) == pytest.approx(30.45)


@given(
    win=st.floats(0.01, 0.98), decimal=st.floats(1.05, 20), push=st.floats(0, 0.3), fraction=st.floats(0.1, 1)
)
def test_kelly_is_the_closed_form_where_nothing_is_halved(
    win: float, decimal: float, push: float, fraction: float
) -> None:
    chances = Chances(win * (1 - push), push=push, loss=(1 - win) * (1 - push))
    closed = (chances.win * (decimal - 1) - chances.loss) / ((decimal - 1) * (chances.win + chances.loss))
    assert kelly(chances, decimal, fraction) == pytest.approx(max(0.0, fraction * closed), abs=1e-9)


def test_an_exchange_pays_its_commission_out_of_winnings_only() -> None:
    chances = Chances(0.5, push=0.1, loss=0.4)
    assert expected_value(chances, 2.02, commission=0.05) == pytest.approx(0.5 * 1.02 * 0.95 - 0.4)


CHANCES = st.lists(st.floats(0.001, 1), min_size=5, max_size=5).map(
    lambda five: Chances(*[one / sum(five) for one in five])
)


@settings(max_examples=50, deadline=None)
@given(legs=st.lists(st.tuples(CHANCES, st.floats(1.1, 5)), min_size=2, max_size=4))
def test_a_parlay_of_independent_legs_agrees_with_every_result_written_out(
    legs: list[tuple[Chances, float]],
) -> None:
    by_leg = [
        [(c.win, d), (c.half_win, (1 + d) / 2), (c.push, 1.0), (c.half_loss, 0.5), (c.loss, 0.0)]
        for c, d in legs
    ]
    results = [
        (math.prod(p for p, _ in combination), math.prod(pay for _, pay in combination))
        for combination in itertools.product(*by_leg)
    ]
    games = [GameLegs(None, (Selection("h2h", "home"),), (chances,)) for chances, _ in legs]
    value = math.fsum(p * (pay - 1) for p, pay in results)
    assert parlay_value(games, [[d] for _, d in legs]) == pytest.approx(value, abs=1e-9)
    price = fair(games)
    assert price.probability == pytest.approx(math.prod(c.win for c, _ in legs))
    assert price.correlation == pytest.approx(1)
    stake = parlay_kelly([c for c, _ in legs], [d for _, d in legs], 1.0)
    if value > 1e-6:
        tried = (stake * 0.98, stake, min(0.9999, stake * 1.02))
        growth = [math.fsum(p * math.log(1 + f * (pay - 1)) for p, pay in results) for f in tried]
        assert growth[1] >= max(growth) - 1e-9
    else:
        assert stake == pytest.approx(0, abs=1e-3)


def test_legs_of_one_game_are_priced_by_its_scores_cell_by_cell() -> None:
    """Calculated again over every score of the grid, with the settlement written out by hand."""
    targets = [
        Target(Selection("h2h", "home", None, "three_way"), 0.5),
        Target(Selection("h2h", "draw", None, "three_way"), 0.25),
        Target(Selection("totals", "over", 2.5), 0.52),
    ]
    model = fit(SOCCER, targets)
    assert model is not None
    distribution = scores(model)
    legs = (Selection("h2h", "home", None, "three_way"), Selection("totals", "over", 2.0))
    game = GameLegs(distribution, legs, tuple(distribution.chances(leg) for leg in legs))
    price = fair([game])
    assert isinstance(distribution, Grid)
    cells = distribution.by_score().items()
    both = math.fsum(p for (h, a), p in cells if h > a and h + a > 2)
    assert price.probability == pytest.approx(both)
    assert price.correlation > 1
    home, over = 1.9, 1.5
    by_hand = math.fsum(
        p * (home if h > a else 0) * (over if h + a > 2 else 1 if h + a == 2 else 0) for (h, a), p in cells
    )
    assert parlay_value([game], [[home, over]]) == pytest.approx(by_hand - 1)
    own = [fair_price(one) for one in game.chances]
    power = math.log(price.decimal) / math.log(math.prod(own))
    assert parlay_value([game], [[d**power for d in own]]) == pytest.approx(0, abs=1e-9)
    assert price.decimal < price.independent_decimal


def test_results_are_ordered_from_loss_to_win() -> None:
    assert list(range(5)) == [LOSS, HALF_LOSS, PUSH, HALF_WIN, WIN]
    assert settle(Selection("h2h", "home", None, "draw_void"), 0, 2) == PUSH
    assert settle(Selection("h2h", "home", None, "three_way"), 0, 2) == LOSS
    assert settle(Selection("spreads", "away", 3.0), 3, 45) == PUSH
