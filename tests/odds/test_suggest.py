"""Suggestions: placeable at one book, by the clock at the answer, the same whatever the order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from quartapp.odds.fit import Target, fit
from quartapp.odds.freshness import AGE_FAR, AGE_NEAR, AGE_RUNNING, usable
from quartapp.odds.legs import Selection
from quartapp.odds.sports import NFL
from quartapp.odds.suggest import RISKS, Bet, Candidate, choose, merged, ranked

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def candidate(
    game: str,
    win: float = 0.5,
    *,
    edge: float = 0.0,
    starts: timedelta = timedelta(hours=10),
    age: timedelta = timedelta(0),
    bet: Selection | None = None,
    game_id: str = "",
) -> Candidate:
    model = fit(
        NFL,
        [Target(Selection("spreads", "home", -3.0), 0.5), Target(Selection("totals", "over", 44.5), 0.5)],
    )
    bet = bet or Selection("h2h", "home")
    teams = ("nfl", game, "away", NOW + starts)
    return Candidate(Bet(teams, game_id or game, f"{game} {bet}", bet, game, win, 5, model), edge, NOW - age)


@given(chances=st.lists(st.floats(0.05, 0.95), min_size=4, max_size=40), seed=st.integers())
def test_the_order_of_candidates_changes_nothing_and_no_game_is_paired(
    chances: list[float], seed: int
) -> None:
    candidates = [candidate(f"game{n // 2}", chance) for n, chance in enumerate(chances)]
    shuffled = candidates[:]
    Random(seed).shuffle(shuffled)
    for risk in RISKS:
        first = choose(ranked(candidates, risk), 2, NOW)
        again = choose(merged([ranked(shuffled[:3], risk), ranked(shuffled[3:], risk)]), 2, NOW)
        assert [one[:3] for one in first or []] == [one[:3] for one in again or []]
        if first is not None:
            assert len({one[3].bet.game for one in first}) == 2


def test_safer_appetites_choose_likelier_legs() -> None:
    candidates = [candidate(f"g{n}", n / 40) for n in range(2, 39)]
    chances = []
    for risk in RISKS:
        chosen = choose(ranked(candidates, risk), 3, NOW)
        assert chosen is not None
        chances.append(sum(one[3].bet.win for one in chosen))
    assert all(a > b for a, b in pairwise(chances))


def test_a_game_that_has_begun_is_not_suggested_from_the_moment_of_its_start() -> None:
    legs = ranked([candidate("a"), candidate("b", starts=timedelta(minutes=1))], "balanced")
    assert choose(legs, 2, NOW) is not None
    assert choose(legs, 2, NOW + timedelta(minutes=1)) is None


def test_a_price_that_nobody_has_confirmed_lately_is_not_suggested() -> None:
    def chosen(age: timedelta, starts: timedelta) -> bool:
        legs = [candidate("a", age=age, starts=starts), candidate("b")]
        return choose(ranked(legs, "balanced"), 2, NOW) is not None

    assert chosen(AGE_NEAR - timedelta(minutes=1), timedelta(hours=3))
    assert not chosen(AGE_NEAR, timedelta(hours=3))
    assert chosen(AGE_FAR - timedelta(minutes=1), timedelta(days=2))
    assert not chosen(AGE_FAR, timedelta(days=2))


def test_one_game_under_two_ids_is_one_game() -> None:
    assert (
        choose(ranked([candidate("a", game_id="1"), candidate("a", game_id="2")], "balanced"), 2, NOW) is None
    )


def test_legs_of_one_game_are_of_different_markets_and_can_all_win() -> None:
    spread = candidate("a", bet=Selection("spreads", "home", -3.0))
    against = candidate("a", bet=Selection("h2h", "away"))
    over, under = (candidate("a", bet=Selection("totals", side, 44.5)) for side in ("over", "under"))
    assert choose(ranked([spread, against], "balanced"), 2, NOW, same_game=True) is None
    assert choose(ranked([over, under], "balanced"), 2, NOW, same_game=True) is None
    assert choose(ranked([spread, over], "balanced"), 2, NOW) is None
    assert choose(ranked([spread, over], "balanced"), 2, NOW, same_game=True) is not None


def test_a_price_of_a_game_that_runs_counts_only_if_it_was_confirmed_since_the_start() -> None:
    begun = NOW - timedelta(minutes=20)
    assert usable(NOW - AGE_RUNNING, begun, NOW)
    assert not usable(NOW - AGE_RUNNING - timedelta(seconds=1), begun, NOW)
    assert not usable(NOW, NOW, NOW), "confirmed before it began"
    assert not usable(None, NOW + timedelta(hours=1), NOW), "nobody knows how old it is"
