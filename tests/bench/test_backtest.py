"""The back-test that anyone can run on a season."""

from __future__ import annotations

import csv
import json
import math
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bench.backtest import main
from quartapp.odds.calibration import MEASURED
from tests.conftest import PROJECT


def figures(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main([*arguments, "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_a_season_of_events_measures_what_is_claimed_of_it(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (found,) = figures(capsys, str(shared_data / "soccer_epl_odds_2023-24.json"), "--edge", "-1")
    assert (found["sport"], found["method"]["games"]) == ("soccer_epl", 380)
    assert found["method"]["log_loss"] == pytest.approx(MEASURED.log_loss, abs=5e-4)
    assert found["method"]["brier"] == pytest.approx(MEASURED.brier, abs=5e-4)
    # Every best price of a winner taken, where enough books quote to say its edge: one of three wins.
    picks = found["picks"]
    assert (picks["graded"], picks["won"], picks["lost"]) == (3 * 380, 380, 2 * 380)
    assert picks["won_share"] == pytest.approx(1 / 3, abs=1e-6)
    paid = best_prices_of_what_came(shared_data)
    assert picks["roi"] == pytest.approx(sum(paid) / (3 * 380) - 1, abs=0.005)  # a price or two was left out
    assert picks["roi_interval"][0] < picks["roi"] < picks["roi_interval"][1]


def best_prices_of_what_came(shared_data: Path) -> list[float]:
    finals = {
        one["id"]: {line["name"]: int(line["score"]) for line in one["scores"]}
        for one in json.loads((shared_data / "soccer_epl_scores_2023-24.json").read_text())
    }
    paid = []
    for game in json.loads((shared_data / "soccer_epl_odds_2023-24.json").read_text()):
        home, away = (finals[game["id"]][game[team]] for team in ("home_team", "away_team"))
        came = "Draw" if home == away else game["home_team" if home > away else "away_team"]
        paid.append(
            max(
                outcome["price"]
                for book in game["bookmakers"]
                for market in book["markets"]
                if market["key"] == "h2h"
                for outcome in market["outcomes"]
                if outcome["name"] == came
            )
        )
    return paid


def test_a_table_of_opening_and_closing_prices(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = shared_data.parent / "results" / "soccer_odds_2012_2019.csv"
    found = {one["sport"]: one["method"] for one in figures(capsys, str(path))}
    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if row["sport_key"] == "soccer_epl"]
    assert len(found) == 4
    assert found["soccer_epl"]["games"] == found["soccer_epl"]["closing_games"] == len(rows)
    for when, figure in (("open", "log_loss"), ("close", "closing_log_loss")):
        losses = [-math.log(chance_of_what_came(row, when)) for row in rows]
        assert found["soccer_epl"][figure] == pytest.approx(sum(losses) / len(losses), abs=1e-5)


def chance_of_what_came(row: dict[str, str], when: str) -> float:
    """Return the no-vig chance by the power method, the exponent found by halving an interval."""
    implied = [1 / float(row[f"{side}_{when}"]) for side in ("home", "draw", "away")]
    low, high = 0.5, 2.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(q**middle for q in implied) > 1 else (low, middle)
    home, away = int(row["home_goals"]), int(row["away_goals"])
    chance: float = implied[0 if home > away else 1 if home == away else 2] ** low
    return chance


def test_a_table_of_spreads(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = shared_data.parent / "results" / "nfl_lines_2002_2015.csv"
    (found,) = figures(capsys, str(path))
    with path.open() as file:
        rows = list(csv.DictReader(file))
    decided = [row for row in rows if row["home_score"] != row["away_score"]]
    assert found["method"]["games"] == len(decided)  # a tie returns the stake: nobody won
    home = sum(int(row["home_score"]) > int(row["away_score"]) for row in decided) / len(decided)
    rates = -home * math.log(home) - (1 - home) * math.log(1 - home)
    assert found["method"]["base_rate_log_loss"] == pytest.approx(rates, abs=1e-6)
    assert found["method"]["log_loss"] < rates - 0.05


def test_the_command_says_what_it_reads_and_refuses_what_it_does_not(
    python: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = subprocess.run(
        [python, "-m", "bench.backtest", "--help"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    assert "home_open" in told
    assert "--scores" in told
    for name, content in (("table.csv", "a,b\n1,2\n"), ("odds.json", "[]"), ("season.json", "{")):
        (tmp_path / name).write_text(content)
        assert main([str(tmp_path / name)]) == 2
        assert name in capsys.readouterr().err
