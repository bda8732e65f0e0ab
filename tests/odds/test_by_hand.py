"""The figures that docs/odds.md and docs/settlement.md work by hand, read from their text and calculated again."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from quartapp.odds.combined import GameLegs, parlay_value
from quartapp.odds.legs import Chances, Selection, settle
from quartapp.odds.value import expected_value, fair_price
from quartapp.settle.parlay import Leg
from quartapp.settle.parlay import settle as settle_parlay
from quartapp.settle.rules import rules_of
from tests.conftest import PROJECT

NUMBER = r"(\d+(?:\.\d+)?)"
ODDS = (PROJECT / "docs" / "odds.md").read_text()


def worked(title: str) -> str:
    """Return an example of docs/odds.md on one line, minus signs as Python has them."""
    found = re.search(rf"\*\*({re.escape(title)}.*?)(?=\n\n\*\*|\Z)", ODDS, re.DOTALL)
    assert found, f"docs/odds.md works no example of {title}"
    return " ".join(found[1].split()).replace("\N{MINUS SIGN}", "-")


def percent(text: str, before: str) -> Fraction:
    """Return the percentage that follows a word."""
    found = re.search(rf"{before} ([-+]?\d+(?:\.\d+)?) %", text, re.IGNORECASE)
    assert found, (before, text)
    return Fraction(found[1]) / 100


def numbers(text: str, pattern: str) -> list[Fraction]:
    """Return the numbers that a pattern's groups find."""
    found = re.search(pattern, text)
    assert found, (pattern, text)
    return [Fraction(group) for group in found.groups()]


def test_minus_three_at_minus_110_with_nine_percent_push() -> None:
    text = worked("-3 at -110")
    (push_in_title,) = numbers(text, rf"{NUMBER} % push")
    win, push, loss = (percent(text, word) for word in ("win", "push", "loss"))
    assert push == push_in_title / 100
    assert win + push + loss == 1
    profit = Fraction(100, 110)
    said = percent(text, "=")
    assert round((win * profit - loss) * 100, 1) == said * 100
    assert re.search(rf"{float(win):g} · 100/110 - {float(loss):g} = ", text)
    # A push counted as a loss.
    assert round((win * profit - loss - push) * 100, 1) == percent(text, "would say") * 100
    a, b, fair = numbers(text, rf"Fair: 1 \+ {NUMBER}/{NUMBER} = {NUMBER}")
    assert (a, b) == (loss, win)
    assert round(1 + a / b, 3) == fair
    chances = Chances(float(win), push=float(push), loss=float(loss))
    assert expected_value(chances, float(1 + profit)) == pytest.approx(float(win * profit - loss), abs=1e-12)
    assert fair_price(chances) == pytest.approx(float(1 + loss / win), abs=1e-12)


def test_over_two_and_a_quarter() -> None:
    text = worked("Over 2.25")
    (line, price) = numbers(text, rf"Over {NUMBER} at {NUMBER}")
    (low, high) = numbers(text, rf"on over {NUMBER}, half on over {NUMBER}")
    assert (line - Fraction(1, 4), line + Fraction(1, 4)) == (low, high)
    win, half_loss, loss = (percent(text, word) for word in ("win", "half loss", ", loss"))
    assert win + half_loss + loss == 1

    def by_half_stakes(goals: int) -> Fraction:
        """Return what a stake of 1 makes: two bets of half a stake."""
        each = [
            price - 1 if goals > at else Fraction(0) if goals == at else Fraction(-1) for at in (low, high)
        ]
        return sum(each, Fraction(0)) / 2

    value = win * by_half_stakes(3) + half_loss * by_half_stakes(2) + loss * by_half_stakes(1)
    assert round(value * 100, 1) == percent(text, "=") * 100
    assert numbers(text, rf"{NUMBER} · {NUMBER} - {NUMBER} - {NUMBER} =") == [
        win, price - 1, loss, half_loss / 2,
    ]  # fmt: skip
    chances = Chances(float(win), half_loss=float(half_loss), loss=float(loss))
    assert expected_value(chances, float(price)) == pytest.approx(float(value), abs=1e-12)
    results = {goals: settle(Selection("totals", "over", float(line)), 0, goals) for goals in (1, 2, 3)}
    assert sorted(results, key=lambda goals: results[goals]) == [1, 2, 3]


def test_a_parlay_of_a_push_a_half_win_and_a_win() -> None:
    text = worked("A parlay of a push, a half win and a win")
    (stake,) = numbers(text, rf"stake {NUMBER}")
    (half_at, half_pays) = numbers(text, rf"half win at {NUMBER} is [^=]*= {NUMBER}")
    (win_at, win_pays) = numbers(text, rf"the win at {NUMBER} is {NUMBER}")
    assert half_pays == (half_at - 1) / 2 + 1  # half the stake wins, the other half comes back
    assert win_pays == win_at
    *factors, paid = numbers(text, rf"{NUMBER} · {NUMBER} · {NUMBER} · {NUMBER} = {NUMBER}")
    assert factors == [stake, 1, half_pays, win_pays]
    product = Fraction(1)
    for factor in factors:
        product *= factor
    assert paid == product
    legs = [
        Leg(Decimal("1.91"), "push"),
        Leg(Fraction(half_at), "half_won"),
        Leg(Fraction(win_at), "won"),
    ]
    assert settle_parlay(legs, int(stake * 100)).payout_cents == paid * 100
    certain = [Chances(0, push=1), Chances(0, half_win=1), Chances(1)]
    games = [GameLegs(None, (Selection("h2h", "home"),), (one,)) for one in certain]
    value = parlay_value(games, [[1.91], [float(half_at)], [float(win_at)]])
    assert float(stake) * (1 + value) == pytest.approx(float(paid), abs=1e-9)


def test_the_minimum_play_that_settlement_says_is_what_grades() -> None:
    page = " ".join((PROJECT / "docs" / "settlement.md").read_text().split())
    said = re.search(
        r"football (\d+) minutes; NBA (\d+), other basketball (\d+); NHL and AHL (\d+), other hockey (\d+); "
        r"soccer (\d+); "
        r"baseball (\d+) innings for the winner and (\d+) for spreads and totals, half an inning less",
        page,
    )
    assert said
    leagues = [
        "americanfootball_nfl",
        "basketball_nba",
        "basketball_euroleague",
        "icehockey_nhl",
        "icehockey_sweden_allsvenskan",
        "soccer_epl",
    ]
    for league, figure in zip(leagues, said.groups(), strict=False):
        assert {Decimal(one) for one in rules_of(league).minimum.values()} == {Decimal(figure)}, league
    baseball = rules_of("baseball_mlb")
    winner, lines = Decimal(said[7]), Decimal(said[8])
    assert baseball.minimum == {"h2h": winner, "spreads": lines, "totals": lines}
    assert baseball.minimum_ahead == {key: least - Decimal("0.5") for key, least in baseball.minimum.items()}
    hours = re.search(r"open until (\d+) h after the start that was planned", page)
    assert hours
    assert rules_of("basketball_nba").window == timedelta(hours=int(hours[1]))
