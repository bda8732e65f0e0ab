"""How bets end: cases that a bettor can read, and a second grader that must agree."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, cast, get_args

import pytest

from quartapp.odds.formats import american_to_decimal
from quartapp.odds.market_keys import MARKETS
from quartapp.settle.grade import GRADES, Bet, Ending, Fate, Grade, Side, grade, side_of
from quartapp.settle.parlay import Leg, settle
from quartapp.settle.rules import Market, read_rules, rules_of
from tests.settle.case_lines import Case, lines_of, read_case
from tests.settle.second_grader import Question, answer, pays

START = datetime(2026, 11, 25, 0, 30, tzinfo=UTC)
SPORTS = (
    "americanfootball_nfl", "americanfootball_ncaaf", "basketball_nba", "basketball_wnba", "baseball_mlb",
    "icehockey_nhl", "icehockey_ahl", "icehockey_liiga", "soccer_epl", "soccer_usa_mls", "soccer_uefa_champs_league",
    "soccer_fa_cup", "cricket_ipl",
    "rugbyleague_nrl", "rugbyunion_six_nations",
)  # fmt: skip
GAME_LINES = [line for name in ("winner", "spread", "total", "fate") for line in lines_of(name)]


def first(case: Case) -> str:
    """Return the word of the grader under test."""
    bet = Bet(
        cast("Market", case.market),
        cast("Side", case.side),
        case.point,
        START,
        case.three_way,
    )
    ending = Ending(
        cast("Fate", case.fate),
        START + timedelta(hours=case.begun_hours),
        case.score,
        case.overtime,
        case.regulation,
        case.played,
    )
    verdict = grade(bet, ending, rules_of(case.sport), START + timedelta(hours=case.asked_hours))
    assert verdict.reason
    return verdict.grade or "open"


def second(case: Case) -> str:
    """Return the word of the second grader."""
    home, away = case.score or (None, None)
    return answer(
        Question(
            case.sport,
            case.market,
            case.side,
            None if case.point is None else Fraction(case.point),
            case.three_way,
            case.fate,
            home,
            away,
            case.overtime,
            case.regulation,
            None if case.played is None else Fraction(case.played),
            Fraction(case.begun_hours),
            Fraction(case.asked_hours),
        )
    )


def test_there_are_at_least_200_cases() -> None:
    assert len(GAME_LINES) >= 200


@pytest.mark.parametrize("line", GAME_LINES)
def test_a_bet_ends_as_its_case_says(line: str) -> None:
    case = read_case(line)
    assert (first(case), second(case)) == (case.grade, case.grade)


@pytest.mark.parametrize("line", lines_of("parlay"))
def test_a_parlay_pays_as_its_case_says(line: str) -> None:
    stake, legs, end = line.replace(": ", "; ").split("; ")
    parsed = [(_price(price), word) for price, word in (leg.split() for leg in legs.split(", "))]
    status, _, payout = end.partition(" ")
    expected = (status, _cents(payout) if payout else None)
    settled = settle([Leg(price, _grade(word)) for price, word in parsed], _cents(stake))
    assert (settled.status, settled.payout_cents) == expected
    assert pays(parsed, _cents(stake)) == expected


def _price(text: str) -> Fraction:
    return american_to_decimal(int(text)) if text[0] in "+-" else Fraction(text)


def _cents(text: str) -> int:
    return int(Decimal(text.removeprefix("$")) * 100)


def _grade(word: str) -> Grade | None:
    return None if word == "open" else cast("Grade", word)


def made_up(dice: random.Random) -> Case:
    """Return a case of any kind: whole, half and quarter lines near the score, every fate, every sport."""
    sport, market = dice.choice(SPORTS), dice.choice(MARKETS)
    three_way = market == "h2h" and dice.random() < 0.5
    sides = {"h2h": ["home", "away"], "spreads": ["home", "away"], "totals": ["over", "under"]}[market]
    home, away = dice.choice([(4, 4), (130, 130), (1, 1)])
    score = (dice.randint(0, home), dice.randint(0, away))
    near = sum(score) if market == "totals" else dice.choice([1, -1]) * (score[0] - score[1])
    point = None if market == "h2h" else near + Decimal(dice.randint(-8, 8)) / 4
    fate = dice.choices(get_args(Fate), [1, 1, 30, 2, 2, 4, 1, 1, 1])[0]
    overtime = dice.choices([False, True, None], [6, 3, 2])[0]
    level = dice.randint(0, min(score))
    return Case(
        sport,
        market,
        dice.choice([*sides, "draw"] if three_way else sides),
        point,
        three_way,
        "",
        None if dice.random() < 0.1 else score,
        fate,
        overtime,
        (level, dice.choice([level, max(0, level - 1)]))
        if overtime is not False and dice.random() < 0.5
        else None,
        Decimal(dice.choice([*range(4, 10), 34, 35, 42, 43, 54, 55, 59, 60, 89, 90]))
        - Decimal(dice.choice(["0", "0.5"]))
        if fate not in ("scheduled", "live") and dice.random() < 0.5
        else None,
        dice.choice([0] * 8 + [24, 48, 49, 96]),
        dice.choice([4, 24, 47, 48, 49, 96, 120]),
    )


def test_two_graders_agree_on_20_000_made_up_bets() -> None:
    dice = random.Random(20261125)
    ends: Counter[str] = Counter()
    for _ in range(20_000):
        case = made_up(dice)
        assert first(case) == second(case), case
        ends[first(case)] += 1
    assert set(ends) == {*GRADES, "open"}
    assert min(ends.values()) >= 200, ends  # a kind that hardly occurs would prove nothing


def test_two_graders_agree_on_20_000_made_up_parlays() -> None:
    dice = random.Random(42)
    for _ in range(20_000):
        words = dice.choices([*GRADES, "open"], [9, 1, 2, 2, 2, 2, 1], k=dice.randint(1, 10))
        legs = [(Fraction(Decimal(dice.randint(101, 900)) / 100), word) for word in words]
        stake = dice.randint(1, 100_000)
        settled = settle([Leg(price, _grade(word)) for price, word in legs], stake)
        assert (settled.status, settled.payout_cents) == pays(legs, stake), (legs, stake)


@pytest.mark.parametrize("sport", SPORTS)
def test_both_sides_of_a_line_end_as_each_other_s_opposite(sport: str) -> None:
    opposite = {"won": "lost", "half_won": "half_lost", "push": "push", "void": "void", "open": "open"}
    opposite |= {end: start for start, end in opposite.items()}
    dice = random.Random(sport)
    for _ in range(500):
        case = made_up(dice)
        if case.market == "h2h" or case.point is None:
            continue
        other = Case(**vars(case))
        other.side = {"home": "away", "away": "home", "over": "under", "under": "over"}[case.side]
        other.point = -case.point if case.market == "spreads" else case.point
        assert first(other) == opposite[first(case)], case


def test_a_season_of_the_premier_league_is_graded_alike(shared_data: Path) -> None:
    odds = json.loads((shared_data / "soccer_epl_odds_2023-24.json").read_text(), parse_float=Decimal)
    finals = {
        game["id"]: game for game in json.loads((shared_data / "soccer_epl_scores_2023-24.json").read_text())
    }
    graded: Counter[str] = Counter()
    quarter_lines = 0
    for game in odds:
        ends = _season_game(game, finals[game["id"]])
        graded.update(market for market, _, _ in ends)
        quarter_lines += sum(point is not None and point % Decimal("0.5") != 0 for _, point, _ in ends)
    assert len(odds) == 380
    assert graded["h2h"] >= 3 * 380
    assert min(graded["spreads"], graded["totals"]) >= 2 * 380
    assert quarter_lines > 500


def _season_game(game: dict[str, Any], final: dict[str, Any]) -> list[tuple[str, Decimal | None, str]]:
    """Grade every outcome of every book of a game with both graders; return (market, point, grade)."""
    points = {line["name"]: int(line["score"]) for line in final["scores"]}
    score = (points[game["home_team"]], points[game["away_team"]])
    ends: list[tuple[str, Decimal | None, str]] = []
    for book in game["bookmakers"]:
        for market in book["markets"]:
            three_way = market["key"] == "h2h"
            of_market: list[str] = []
            for outcome in market["outcomes"]:
                side = side_of(market["key"], outcome["name"], game["home_team"], game["away_team"])
                point = None if three_way else Decimal(outcome["point"])
                case = Case("soccer_epl", market["key"], side, point, three_way, "", score)
                assert first(case) == second(case), (game["id"], outcome)
                of_market.append(first(case))
                ends.append((market["key"], point, of_market[-1]))
            if three_way:
                assert sorted(of_market) == ["lost", "lost", "won"], game["id"]
    return ends


@pytest.mark.parametrize(
    ("market", "side", "point", "three_way"),
    [
        ("h2h", "over", None, False),
        ("h2h", "home", Decimal("-1"), False),
        ("h2h", "draw", None, False),
        ("spreads", "home", None, False),
        ("spreads", "draw", Decimal(0), False),
        ("totals", "home", Decimal(3), False),
        ("totals", "over", Decimal("NaN"), False),
    ],
)
def test_a_bet_that_no_market_has_is_refused(
    market: Market, side: Side, point: Decimal | None, three_way: bool
) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Bet(market, side, point, START, three_way)


@pytest.mark.parametrize(
    ("market", "name"), [("h2h", "Nobody"), ("spreads", "Draw"), ("totals", "Leeds"), ("h2h", "Over")]
)
def test_a_name_that_the_market_does_not_have_is_refused(market: Market, name: str) -> None:
    with pytest.raises(ValueError, match="is not an outcome"):
        side_of(market, name, "Leeds", "Hull")


def test_a_parlay_without_legs_stake_or_price_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one leg"):
        settle([], 100)
    with pytest.raises(ValueError, match="one cent"):
        settle([Leg(Decimal(2), "won")], 0)
    with pytest.raises(ValueError, match="above 1"):
        settle([Leg(Decimal(1), "won")], 100)


def test_every_sport_s_minimum_has_a_source_and_an_incomplete_table_is_refused() -> None:
    for sport in SPORTS:
        assert len(rules_of(sport).source) > 10
    with pytest.raises(ValueError, match="incomplete"):
        read_rules('[soccer]\nkeys = ["soccer_"]\n')
    table = 'overtime = true\nlevel_overtime = true\npostponed_hours = 48\nunit = "m"\nminimum = {}\nsource = "s"\n'
    with pytest.raises(ValueError, match="every other sport"):
        read_rules(f'[a]\nkeys = ["a_"]\n{table}')
    with pytest.raises(ValueError, match="twice"):
        read_rules(f'[a]\nkeys = [""]\n{table}[b]\nkeys = [""]\n{table}')
