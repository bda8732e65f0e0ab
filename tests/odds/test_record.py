"""Intervals and records, each against a second calculation that shares nothing with the first."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartapp.odds.intervals import bootstrap, of_mean, wilson
from quartapp.odds.record import Forecast, Graded, forecasting, picking

Z = 1.959963984540054


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_bounds_are_the_shares_that_the_sample_is_just_not_unlikely_for(
    sample: tuple[int, int],
) -> None:
    happened, of = sample
    bounds = wilson(happened, of)
    assert bounds is not None
    for bound in bounds:
        if 1e-9 < bound < 1 - 1e-9:
            assert abs(happened / of - bound) == pytest.approx(
                Z * math.sqrt(bound * (1 - bound) / of), rel=1e-6
            )
    assert bounds[0] - 1e-12 <= happened / of <= bounds[1] + 1e-12


def test_wilson_as_published() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for sample, bounds in published.items():
        assert wilson(*sample) == pytest.approx(bounds, abs=6e-5)
    assert wilson(0, 0) is None


def every_resample(groups: Sequence[Sequence[float]]) -> list[float]:
    """Return the mean of every way to draw as many groups as there are: what the bootstrap samples from."""
    return sorted(
        fmean([value for group in drawn for value in group])
        for drawn in itertools.product(groups, repeat=len(groups))
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_bootstrap_draws_as_every_way_of_drawing_would(seed: int) -> None:
    dice = random.Random(seed)
    groups = [[dice.uniform(-1, 2) for _ in range(dice.randint(1, 3))] for _ in range(5)]
    means = every_resample(groups)
    bounds = bootstrap(groups)
    assert bounds is not None
    for bound, share in zip(bounds, (0.025, 0.975), strict=True):
        below = sum(mean <= bound + 1e-12 for mean in means) / len(means)
        assert below == pytest.approx(share, abs=0.02)  # 1,000 draws: 4 standard errors


def test_the_bootstrap_of_many_is_the_normal_interval_and_is_always_the_same() -> None:
    dice = random.Random(3)
    values = [dice.choice([-1.0, 0.91]) for _ in range(800)]
    bounds, normal = bootstrap([[value] for value in values]), of_mean(values)
    assert bounds == bootstrap([[value] for value in values])
    assert bounds == pytest.approx(normal, abs=0.01)
    mean = sum(values) / 800
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / 799)
    assert normal == pytest.approx(
        (mean - Z * deviation / math.sqrt(800), mean + Z * deviation / math.sqrt(800))
    )
    assert bootstrap([]) is None
    assert of_mean([1.0]) is None


def test_bets_of_one_game_are_drawn_together() -> None:
    apart = bootstrap([[value] for value in [1.0, -1.0] * 40])
    together = bootstrap([[value] * 8 for value in [1.0, -1.0] * 5])
    assert apart is not None
    assert together is not None
    assert together[1] - together[0] > 2 * (apart[1] - apart[0])


def inside(value: float | None, bounds: tuple[float, float] | None) -> bool:
    return value is not None and bounds is not None and bounds[0] < value < bounds[1]


def made_up_forecasts(count: int) -> list[Forecast]:
    dice = random.Random(11)
    made = []
    for number in range(count):
        home, draw = dice.uniform(0.02, 0.7), dice.uniform(0.05, 0.28)
        chances = {"H": home, "A": 1 - home - draw, "Draw": draw}
        closing = {"H": home * 0.9, "A": 1 - 0.9 * home - draw, "Draw": draw} if dice.random() < 0.7 else None
        happened = dice.choices(list(chances), list(chances.values()))[0]
        made.append(Forecast(f"g{number}", chances, happened, closing))
    return made


def test_forecasts_are_measured_as_a_second_calculation_measures_them() -> None:
    forecasts = made_up_forecasts(500)
    found = forecasting(forecasts)
    product = math.prod(one.probabilities[one.happened] ** (1 / 500) for one in forecasts)
    assert found.games == 500
    assert found.log_loss == pytest.approx(-math.log(product))
    squares = 0.0
    for one in forecasts:
        for name in ("H", "A", "Draw"):
            squares += (one.probabilities[name] - (1 if name == one.happened else 0)) ** 2
    assert found.brier == pytest.approx(squares / 500)
    rates = [sum(one.happened == name for one in forecasts) / 500 for name in ("H", "A", "Draw")]
    assert found.base_rate_log_loss == pytest.approx(-sum(rate * math.log(rate) for rate in rates))
    closed = [(one, one.closing) for one in forecasts if one.closing]
    assert found.closing_games == len(closed) > 300
    assert found.closing_log_loss == pytest.approx(
        sum(-math.log(c[one.happened]) for one, c in closed) / len(closed)
    )
    assert found.log_loss_on_those == pytest.approx(
        sum(-math.log(one.probabilities[one.happened]) for one, _ in closed) / len(closed)
    )
    assert inside(found.log_loss, found.log_loss_interval)
    assert inside(found.brier, found.brier_interval)


def test_the_reliability_table_counts_each_game_once_in_the_bin_of_its_home_chance() -> None:
    forecasts = [*made_up_forecasts(500), Forecast("sure", {"H": 1.0, "A": 0.0}, "H")]
    table = forecasting(forecasts).reliability
    assert [(one.start, one.end) for one in table] == [(n / 10, (n + 1) / 10) for n in range(10)]
    assert sum(one.games for one in table) == 501
    assert table[9].games == 1
    for one in table:
        own = [
            f for f in forecasts
            if one.start <= f.probabilities["H"] < one.end or (one.end == 1 and f.probabilities["H"] == 1)
        ]  # fmt: skip
        assert one.games == len(own)
        if own:
            assert one.forecast == pytest.approx(fmean(f.probabilities["H"] for f in own))
            assert one.happened == pytest.approx(sum(f.happened == "H" for f in own) / len(own))
            assert one.interval == wilson(sum(f.happened == "H" for f in own), len(own))
        else:
            assert (one.forecast, one.happened, one.interval) == (None, None, None)


def test_picks_are_measured_as_a_second_calculation_measures_them() -> None:
    dice = random.Random(5)
    grades = ["won", "lost", "push", "half_won", "half_lost", "void"]
    picks = [
        Graded(
            f"g{number // 2}",
            dice.choice(grades),
            dice.randint(110, 400) / 100,
            dice.choice([None, 0.01, -0.03]),
        )
        for number in range(300)
    ]
    found = picking(picks)
    returned = staked = 0.0
    for pick in picks:
        if pick.grade != "void":
            staked += 1
            returned += {
                "won": pick.decimal, "lost": 0, "push": 1, "half_won": 0.5 * pick.decimal + 0.5, "half_lost": 0.5
            }[pick.grade]  # fmt: skip
    assert (found.graded, found.staked) == (300, staked)
    assert found.roi == pytest.approx(returned / staked - 1)
    assert inside(found.roi, found.roi_interval)
    assert inside(found.closing_line_value, found.closing_line_value_interval)
    won, lost = (sum(pick.grade == name for pick in picks) for name in ("won", "lost"))
    assert (found.decided, found.won_share, found.won_interval) == (
        won + lost,
        won / (won + lost),
        wilson(won, won + lost),
    )
    values = [p.closing_line_value for p in picks if p.grade != "void" and p.closing_line_value is not None]
    assert found.closing_line_picks == len(values)
    assert found.closing_line_value == pytest.approx(sum(values) / len(values))


def test_picks_on_one_game_are_no_more_certain_than_the_game() -> None:
    two_games = [Graded("a", "won", 2.0, 0.1)] * 40 + [Graded("b", "lost", 2.0, -0.1)] * 40
    found = picking(two_games)
    assert (found.roi, found.roi_interval) == (0, (-1, 1))
    assert found.closing_line_value_interval == pytest.approx((-0.1, 0.1))


def test_nothing_is_said_of_nothing() -> None:
    empty = forecasting([])
    assert (empty.games, empty.log_loss, empty.brier, empty.base_rate_log_loss) == (0, None, None, None)
    none = picking([])
    assert (none.graded, none.roi, none.won_share, none.closing_line_value) == (0, None, None, None)
    only_void = picking([Graded("g", "void", 2.0, 0.1)])
    assert (only_void.graded, only_void.staked, only_void.roi) == (1, 0, None)
