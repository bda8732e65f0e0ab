"""Score distributions: their laws, and what they measure on recorded games."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quartapp.odds.combined import ContradictionError, GameLegs, fair
from quartapp.odds.fit import Model, Target, fit, scores
from quartapp.odds.key_numbers import NFL_MARGINS
from quartapp.odds.legs import Selection
from quartapp.odds.margins import discretised, fit_weights, median_mean
from quartapp.odds.parameters import from_parameters, to_parameters
from quartapp.odds.poisson import poisson, weights
from quartapp.odds.scores import Grid, Scores, joint
from quartapp.odds.sports import BASKETBALL, HOCKEY, NFL, SOCCER, Sport
from quartapp.odds.tilting import tilts_to
from quartapp.odds.value import log_loss
from quartapp.odds.vig import remove_vig
from scripts.fit_key_numbers import KNOWN, PRIOR, fitted, margins


@pytest.fixture
def results(shared_data: Path) -> Path:
    return shared_data.parent / "results"


def three_way(side: str) -> Selection:
    return Selection("h2h", side, None, "three_way")  # type: ignore[arg-type]


def soccer_targets(home: float, draw: float, over: float, line: float = 2.5) -> list[Target]:
    return [
        Target(three_way("home"), home),
        Target(three_way("draw"), draw),
        Target(Selection("totals", "over", line), over),
    ]


def margin_targets(cover: float, line: float, over: float, total: float) -> list[Target]:
    return [
        Target(Selection("spreads", "home", line), cover),
        Target(Selection("totals", "over", total), over),
    ]


def fitted_scores(sport: Sport, targets: list[Target]) -> Scores:
    model = fit(sport, targets)
    assert model is not None
    return scores(model)


CLOSE = 1e-9


def hockey_targets(home: float, line: float, cover: float, over: float, total: float) -> list[Target]:
    return [Target(Selection("h2h", "home"), home), *margin_targets(cover, line, over, total)]


LINES = st.integers(-30, 30).map(lambda n: n / 4)
TOTALS = st.integers(2, 28).map(lambda n: n / 4)
GAMES = st.one_of(
    st.builds(soccer_targets, st.floats(0.1, 0.65), st.floats(0.15, 0.3), st.floats(0.2, 0.8)).map(
        lambda targets: (SOCCER, targets)
    ),
    st.builds(
        margin_targets,
        st.floats(0.3, 0.7),
        LINES,
        st.floats(0.3, 0.7),
        st.integers(140, 200).map(lambda n: n / 4),
    ).map(lambda targets: (NFL, targets)),
    st.builds(
        hockey_targets,
        st.floats(0.3, 0.7),
        st.sampled_from([-1.5, 1.5]),
        st.floats(0.2, 0.8),
        st.floats(0.4, 0.6),
        st.sampled_from([5.5, 6.0, 6.25, 6.5]),
    ).map(lambda targets: (HOCKEY, targets)),
)
SELECTIONS = st.one_of(
    st.sampled_from(["home", "away"]).map(lambda side: Selection("h2h", side)),  # type: ignore[arg-type]
    st.builds(lambda side, line: Selection("spreads", side, line), st.sampled_from(["home", "away"]), LINES),
    st.builds(lambda side, line: Selection("totals", side, line), st.sampled_from(["over", "under"]), TOTALS),
)


@settings(max_examples=60, deadline=None)
@given(game=GAMES, selection=SELECTIONS)
def test_the_chances_of_any_line_sum_to_one(game: tuple[Sport, list[Target]], selection: Selection) -> None:
    chances = fitted_scores(*game).chances(selection)
    whole = chances.win + chances.push + chances.half_win + chances.half_loss + chances.loss
    assert abs(whole - 1) < 1e-9
    assert min(chances.win, chances.push, chances.half_win, chances.half_loss, chances.loss) >= 0


@settings(max_examples=60, deadline=None)
@given(game=GAMES, side=st.sampled_from(["home", "away"]), quarter=st.integers(-15, 15))
def test_a_quarter_line_is_the_mean_of_its_halves(
    game: tuple[Sport, list[Target]], side: str, quarter: int
) -> None:
    line = quarter / 2 + 0.25
    distribution = fitted_scores(*game)

    def of(point: float) -> Selection:
        return Selection("spreads", side, point)  # type: ignore[arg-type]

    whole, low, high = (distribution.chances(of(at)) for at in (line, line - 0.25, line + 0.25))
    assert whole.won == pytest.approx((low.won + high.won) / 2, abs=1e-12)
    assert whole.lost == pytest.approx((low.lost + high.lost) / 2, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(game=GAMES, legs=st.lists(SELECTIONS, min_size=1, max_size=4), another=SELECTIONS)
def test_another_leg_never_raises_the_joint_probability(
    game: tuple[Sport, list[Target]], legs: list[Selection], another: Selection
) -> None:
    distribution = fitted_scores(*game)
    assert joint(distribution, [*legs, another]) <= joint(distribution, legs) + 1e-12


@settings(max_examples=40, deadline=None)
@given(game=GAMES, side=st.sampled_from(["home", "away"]), given_points=st.integers(1, 14))
def test_nested_legs_are_priced_at_the_narrower(
    game: tuple[Sport, list[Target]], side: str, given_points: int
) -> None:
    distribution = fitted_scores(*game)
    wins = Selection("h2h", side)  # type: ignore[arg-type]
    covers = Selection("spreads", side, -given_points - 0.5)  # type: ignore[arg-type]
    assert joint(distribution, [wins, covers]) == pytest.approx(distribution.chances(covers).win, abs=1e-12)


def test_legs_that_cannot_all_win_are_refused() -> None:
    distribution = fitted_scores(SOCCER, soccer_targets(0.5, 0.25, 0.5))
    legs = (three_way("draw"), Selection("spreads", "home", -0.5))
    game = GameLegs(distribution, legs, tuple(distribution.chances(leg) for leg in legs))
    with pytest.raises(ContradictionError):
        fair([game])


@settings(max_examples=40, deadline=None)
@given(game=GAMES)
@example(game=(HOCKEY, hockey_targets(0.425, 1.5, 0.448, 0.573, 5.5)))  # of the slowest
def test_a_fit_meets_its_targets_and_survives_its_parameters(game: tuple[Sport, list[Target]]) -> None:
    sport, targets = game
    model = fit(sport, targets)
    assert model is not None
    again = from_parameters(to_parameters(model))
    assert again is not None
    for target in targets:
        if any(tilt.selection == target.selection and abs(tilt.strength) >= 1.5 for tilt in model.tilts):
            continue
        assert scores(model).chances(target.selection).decisive == pytest.approx(
            target.probability, abs=CLOSE
        )
        assert scores(again).chances(target.selection).decisive == pytest.approx(
            target.probability, abs=CLOSE
        )


def test_a_level_hockey_game_ends_by_one_goal_and_nobody_pushes() -> None:
    targets = [
        Target(Selection("h2h", "home"), 0.58),
        Target(Selection("spreads", "home", -1.5), 0.36),
        Target(Selection("totals", "over", 6.0), 0.5),
    ]
    distribution = fitted_scores(HOCKEY, targets)
    for target in targets:
        assert distribution.chances(target.selection).decisive == pytest.approx(target.probability, abs=CLOSE)
    assert distribution.chances(Selection("h2h", "home")).push == 0
    assert 0.1 < distribution.chances(Selection("totals", "over", 6.0)).push < 0.2
    assert 0.15 < distribution.chances(three_way("draw")).win < 0.3


def test_the_winner_and_the_spread_of_a_basketball_game_are_both_met() -> None:
    targets = [
        Target(Selection("h2h", "home"), 0.66),
        Target(Selection("spreads", "home", -5.0), 0.51),
        Target(Selection("totals", "over", 221.0), 0.49),
    ]
    distribution = fitted_scores(BASKETBALL, targets)
    for target in targets:
        assert distribution.chances(target.selection).decisive == pytest.approx(target.probability, abs=CLOSE)
    assert distribution.chances(Selection("h2h", "home")).push == 0


def test_the_low_score_term_is_dixon_and_coles() -> None:
    """Calculated again from their paper's formula, cell by cell."""
    home, away, rho = 1.4, 1.1, -0.1
    found = Grid(*weights(home, away, rho)).by_score()
    for (h, a), tau in {(0, 0): 1 - home * away * rho, (0, 1): 1 + home * rho, (1, 0): 1 + away * rho,
                        (1, 1): 1 - rho, (2, 1): 1.0}.items():  # fmt: skip
        expected = tau * math.exp(-home - away) * home**h * away**a / math.factorial(h) / math.factorial(a)
        assert found[h, a] == pytest.approx(expected, rel=1e-7)
    assert math.fsum(poisson(1.4, 30)) == pytest.approx(1, abs=1e-12)


def test_soccer_joint_forecasts_beat_independence_and_know_both_teams_to_score(results: Path) -> None:
    with (results / "soccer_odds_2012_2019.csv").open() as file:
        rows = list(csv.DictReader(file))[::5]
    grid, independent, both_grid, both_market = [], [], [], []
    for row in rows:
        home, draw, away = remove_vig([float(row[f"{side}_close"]) for side in ("home", "draw", "away")])
        over, under = remove_vig([float(row[f"{side}_2_5_close"]) for side in ("over", "under")])
        goals = int(row["home_goals"]), int(row["away_goals"])
        side = "home" if goals[0] > goals[1] else "draw" if goals[0] == goals[1] else "away"
        total = "over" if sum(goals) > 2.5 else "under"
        distribution = fitted_scores(SOCCER, soccer_targets(home, draw, over))
        assert isinstance(distribution, Grid)
        grid.append(joint(distribution, [three_way(side), Selection("totals", total, 2.5)]))  # type: ignore[arg-type]
        independent.append(
            {"home": home, "draw": draw, "away": away}[side] * (over if total == "over" else under)
        )
        if row["bts_yes_close"]:
            yes = math.fsum(p for score, p in distribution.by_score().items() if min(score) > 0)
            market = remove_vig([float(row["bts_yes_close"]), float(row["bts_no_close"])])[0]
            happened = min(goals) > 0
            both_grid.append(yes if happened else 1 - yes)
            both_market.append(market if happened else 1 - market)
    assert log_loss(grid) <= log_loss(independent) - 0.025
    assert log_loss(grid) == pytest.approx(SOCCER.log_loss, abs=1e-4)
    assert log_loss(both_grid) <= log_loss(both_market) + 0.001


def test_football_margins_know_their_key_numbers(results: Path) -> None:
    """Five-fold: each fifth is priced with weights fitted on the other four."""
    games = margins(results / "nfl_lines_2002_2015.csv")
    keyed, plain, keyed_alternate, plain_alternate = [], [], [], []
    at_three, pushed, foreseen = 0, 0, 0.0
    for fold in range(5):
        weights = fit_weights(
            [game for n, game in enumerate(games) if n % 5 != fold], NFL.margin_sd, known=KNOWN, prior=PRIOR
        )
        by_line = {
            line: (_about(line, weights), _about(line, [])) for line in {line for line, _ in games[fold::5]}
        }
        for line, margin in games[fold::5]:
            with_keys, without = by_line[line]
            if line == int(line):
                keyed.append(_chance(with_keys, line, margin))
                plain.append(_chance(without, line, margin))
            for offset in (-6.5, -3.5, -1.5, 1.5, 3.5, 6.5):
                alternate = math.floor(line + offset) + 0.5
                keyed_alternate.append(_chance(with_keys, alternate, margin))
                plain_alternate.append(_chance(without, alternate, margin))
            if abs(line) == 3:
                at_three += 1
                pushed += margin == line
                foreseen += _chance(with_keys, line, int(line))
    assert log_loss(keyed) <= log_loss(plain) - 0.010
    assert log_loss(keyed) == pytest.approx(NFL.log_loss, abs=1e-3)
    assert abs(foreseen / at_three - pushed / at_three) <= 0.015
    assert log_loss(keyed_alternate) <= log_loss(plain_alternate)


def test_the_weights_that_are_shipped_are_what_the_games_give(results: Path) -> None:
    assert fitted(margins(results / "nfl_lines_2002_2015.csv")) == pytest.approx(NFL_MARGINS, abs=1e-3)


def _about(line: float, weights: list[float]) -> dict[int, float]:
    values = discretised(median_mean(line, NFL.margin_sd, weights), NFL.margin_sd, weights)
    return dict(enumerate(values.probabilities, values.first))


def _chance(values: dict[int, float], line: float, margin: int) -> float:
    def side(value: float) -> int:
        return (value > line) - (value < line)

    return math.fsum(p for value, p in values.items() if side(value) == side(margin))


def test_a_model_of_an_unknown_sport_is_none() -> None:
    assert from_parameters({"sport": "quidditch", "tilts": []}) is None
    assert from_parameters({}) is None
    assert isinstance(fit(NFL, margin_targets(0.5, -3.0, 0.5, 44.0)), Model)
    assert fit(NFL, [Target(Selection("totals", "over", 44.5), 0.5)]) is None


@pytest.mark.parametrize(
    ("sport", "targets"),
    [
        (
            BASKETBALL,
            [Target(Selection("h2h", "home"), 0.505), Target(Selection("spreads", "home", -2.5), 0.485)],
        ),
        (HOCKEY, hockey_targets(0.425, 1.5, 0.448, 0.573, 5.5)),
    ],
)
def test_markets_that_pull_apart_are_met_in_few_rounds(sport: Sport, targets: list[Target]) -> None:
    """Without the leaps they took hundreds, most of the time of a pass, and stood 0.001 away after thirty."""
    model = fit(sport, targets)
    assert model is not None
    untilted = replace(model, tilts=())
    tilted = replace(model, tilts=tilts_to(scores(untilted), targets, most_rounds=30))
    for target in targets:
        assert scores(tilted).chances(target.selection).decisive == pytest.approx(
            target.probability, abs=CLOSE
        )
