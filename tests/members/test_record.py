"""A record says nothing from too few, and its interval is what resampling says."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from quartapp.members import record
from quartapp.members.saved import LegEnd, SavedLeg, SavedParlay

NOW = datetime(2026, 11, 26, tzinfo=UTC)
PRICE = Decimal("1.9")


def parlay(
    number: int,
    status: str,
    stake: int,
    payout: int,
    *,
    sports: tuple[str, ...] = ("nfl", "nfl"),
    book: str = "a",
    currency: str = "USD",
    value: float | None = None,
) -> SavedParlay:
    legs = tuple(
        SavedLeg(
            f"g{n}", sport, "H", "A", NOW, "h2h", "two_way", "H", None, PRICE, "decimal", PRICE, "", 0.5, 0.0
        )
        for n, sport in enumerate(sports)
    )  # fmt: skip
    ends = tuple(LegEnd(grade="won", closing_line_value=value) for _ in sports)
    return SavedParlay(
        UUID(int=number), NOW, status, book, stake, currency, Decimal("3.61"), payout, NOW, {}, legs, ends
    )


def season(n: int, seed: int = 7) -> list[SavedParlay]:
    dice = random.Random(seed)
    made = []
    for number in range(n):
        stake = dice.choice([500, 1_000, 2_500])
        won = dice.random() < 0.27
        made.append(
            parlay(
                number,
                "won" if won else "lost",
                stake,
                round(stake * 3.61) if won else 0,
                value=dice.gauss(0.01, 0.05),
            )
        )
    return made


def test_a_record_of_fewer_than_thirty_shows_counts_and_no_skill() -> None:
    figures = record.figures(season(29))
    assert (figures.settled, figures.roi) == (29, None)
    assert figures.note == "no record yet: 29 of 30 parlays"
    assert record.figures(season(30)).roi is not None
    assert record.figures(season(30)).note is None
    assert record.figures([]).note == "no record yet: 0 of 30 parlays"


def test_a_void_parlay_had_nothing_at_stake() -> None:
    parlays = [*season(29), *(parlay(100 + n, "void", 1_000_000, 1_000_000) for n in range(5))]
    figures = record.figures(parlays)
    assert (figures.by_status["void"], figures.roi) == (5, None)
    assert figures.staked_cents == sum(one.stake_cents for one in parlays[:29])


def test_return_and_closing_line_have_the_interval_that_resampling_finds() -> None:
    parlays = season(400)
    figures = record.figures(parlays)
    assert figures.roi is not None
    assert figures.closing_line_value is not None
    staked = sum(one.stake_cents for one in parlays)
    paid = sum(one.payout_cents or 0 for one in parlays)
    assert figures.roi.value == pytest.approx((paid - staked) / staked, abs=1e-12)
    dice = random.Random(1)
    returns, lines = [], []
    for _ in range(1_500):
        again = dice.choices(parlays, k=len(parlays))
        returns.append(
            sum(one.payout_cents or 0 for one in again) / sum(one.stake_cents for one in again) - 1
        )
        lines.append(sum(one.ends[0].closing_line_value or 0 for one in again) / len(again))
    returns.sort()
    assert (figures.roi.low, figures.roi.high) == pytest.approx((returns[37], returns[1462]), abs=0.03)
    # Both legs of a parlay carry one value here, so its legs count twice and the interval is √2 narrower.
    lines.sort()
    half = (lines[1462] - lines[37]) / 2
    assert figures.closing_line_value.n == 800
    assert figures.closing_line_value.high - figures.closing_line_value.value == pytest.approx(
        half / 2**0.5, rel=0.08
    )


def test_groups_never_add_two_currencies_and_a_parlay_over_two_sports_is_mixed() -> None:
    parlays = [
        parlay(1, "won", 100, 361, book="a"),
        parlay(2, "lost", 100, 0, book="b", sports=("nfl", "nba")),
        parlay(3, "lost", 100, 0, book="a", currency="EUR"),
    ]
    by_book = record.grouped(parlays, lambda one: one.bookmaker_key)
    assert {key: len(group) for key, group in by_book.items()} == {
        ("USD", "a"): 1,
        ("USD", "b"): 1,
        ("EUR", "a"): 1,
    }
    assert set(record.grouped(parlays, record.sport_of)) == {("USD", "nfl"), ("USD", "mixed"), ("EUR", "nfl")}
