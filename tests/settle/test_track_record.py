"""The track record: kept before the games, graded after them, and equal to what a second calculation says."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from quartapp.jobs.settle import settle
from quartapp.jobs.track_record import track_record
from quartapp.odds.calibration import MEASURED
from quartapp.odds.consensus import Quote, consensus
from quartapp.odds.vig import remove_vig
from quartapp.publish.track_record import value_at_closing
from quartapp.store.track_record import GradedPick
from tests.settle.second_grader import Question, answer, pays
from tests.support.examples import SPORT as NBA
from tests.support.examples import book, event, h2h
from tests.support.leader import Leader
from tests.support.settling import Placed, place_picks, put_game

EPL = "soccer_epl"


async def run(leader: Leader) -> dict[str, Any]:
    return dict(await track_record(leader.context("track_record")) or {})


async def test_a_forecast_is_kept_six_hours_before_the_start_and_never_later(
    leader: Leader, sql: Any
) -> None:
    now = datetime.now(UTC)
    books = [book("pinnacle", h2h("-150", "+130")), book("fanduel", h2h("-140", "+120"))]
    starts = {
        "soon": now + timedelta(hours=5),
        "later": now + timedelta(hours=7),
        "begun": now - timedelta(hours=1),
    }
    await leader.store(*[event(name, *books, starts=at) for name, at in starts.items()])
    assert (await run(leader))["forecasts_kept"] == 1
    (kept,) = await leader.rows("SELECT * FROM forecasts")
    shown = (await leader.read("/api/analysis/soon"))["analysis"]["markets"]["h2h"]
    assert (kept["game_id"], kept["kind"], kept["books"]) == ("soon", "two_way", 2)
    assert kept["probabilities"] == shown["consensus"]
    # Prices move; what was said six hours before stays.
    await leader.store(
        *[event(name, book("pinnacle", h2h("-300", "+250")), starts=at) for name, at in starts.items()]
    )
    assert (await run(leader))["forecasts_kept"] == 0
    assert await leader.rows("SELECT * FROM forecasts") == [kept]


@pytest.fixture
def season(shared_data: Path) -> list[dict[str, Any]]:
    """The recorded season: each game with its score."""
    finals = {
        one["id"]: one for one in json.loads((shared_data / "soccer_epl_scores_2023-24.json").read_text())
    }
    games: list[dict[str, Any]] = json.loads((shared_data / "soccer_epl_odds_2023-24.json").read_text())
    for game in games:
        points = {line["name"]: int(line["score"]) for line in finals[game["id"]]["scores"]}
        game["score"] = (points[game["home_team"]], points[game["away_team"]])
    return games


async def test_the_record_of_a_season_equals_a_second_calculation(
    leader: Leader, sql: Any, season: list[dict[str, Any]]
) -> None:
    picks = await fill(sql, season)
    await settle(leader.context("settle"))
    assert (await run(leader))["forecasts"] == 380
    document = await leader.read(f"/api/track-record?sport={EPL}")
    (record,) = document["sports"]
    assert record == (await leader.read("/api/track-record"))["sports"][0]

    method = record["method"]
    assert (method["games"], method["note"]) == (380, None)
    assert method["log_loss"] == MEASURED.log_loss  # which another test holds to the recorded season
    assert method["brier"] == pytest.approx(MEASURED.brier, abs=1e-5)
    outcomes = [result(game) for game in season]
    rates = [outcomes.count(name) / 380 for name in ("home", "away", "draw")]
    assert method["base_rate_log_loss"] == pytest.approx(-sum(r * math.log(r) for r in rates), abs=1e-6)
    sharp = [(one, out) for one, out in zip(map(pinnacle, season), outcomes, strict=True) if one]
    assert method["closing_games"] == len(sharp) > 300
    losses = [-math.log(one[{"home": 0, "away": 1, "draw": 2}[out]]) for one, out in sharp]
    assert method["closing_log_loss"] == pytest.approx(sum(losses) / len(losses), abs=1e-6)
    assert sum(one["games"] for one in method["reliability"]) == 380
    home_wins = sum(one["games"] * (one["happened"] or 0) for one in method["reliability"])
    assert round(home_wins) == outcomes.count("home")

    own = record["picks"]
    words = [second(pick, season) for pick in picks]
    assert own["graded"] == len(picks) == 200
    assert {name: own[name] for name in ("won", "lost", "push", "half_won", "half_lost", "void")} == {
        name: words.count(name) for name in ("won", "lost", "push", "half_won", "half_lost", "void")
    }
    assert min(own["half_won"], own["half_lost"], own["push"]) > 0
    returned = sum(
        pays([(Fraction(p.price), word)], 10_000)[1] or 0 for p, word in zip(picks, words, strict=True)
    )
    assert own["roi"] == pytest.approx(returned / (10_000 * own["staked"]) - 1, abs=1e-4)
    assert own["roi_interval"][0] < own["roi"] < own["roi_interval"][1]
    assert own["won_interval"][0] < own["won_share"] < own["won_interval"][1]


def result(game: dict[str, Any]) -> str:
    home, away = game["score"]
    return "home" if home > away else "away" if away > home else "draw"


def pinnacle(game: dict[str, Any]) -> list[float] | None:
    """Return Pinnacle's chances of home, away and draw; None where it did not quote."""
    for one in game["bookmakers"]:
        for market in one["markets"]:
            if (one["key"], market["key"]) == ("pinnacle", "h2h"):
                prices = {outcome["name"]: outcome["price"] for outcome in market["outcomes"]}
                return remove_vig([prices[game["home_team"]], prices[game["away_team"]], prices["Draw"]])
    return None


def second(pick: Placed, season: list[dict[str, Any]]) -> str:
    game = next(one for one in season if one["id"] == pick.game_id)
    side = {game["home_team"]: "home", game["away_team"]: "away"}.get(pick.outcome, pick.outcome.lower())
    point = None if pick.point is None else Fraction(pick.point)
    return answer(
        Question(
            EPL, pick.market, side, point, pick.three_way, "final", game["score"][0], game["score"][1], False, None, None,
            Fraction(0), Fraction(4),
        )
    )  # fmt: skip


async def fill(sql: Any, season: list[dict[str, Any]]) -> list[Placed]:
    """Write the season as it would stand: games, what was forecast of them, closing lines, and 200 picks."""
    picks: list[Placed] = []
    for number, game in enumerate(season):
        await put_game(
            sql, game["id"], game["score"], sport=EPL, home=game["home_team"], away=game["away_team"]
        )
        quotes = [
            Quote(one["key"], {outcome["name"]: outcome["price"] for outcome in market["outcomes"]})
            for one in game["bookmakers"]
            for market in one["markets"]
            if market["key"] == "h2h"
        ]
        found = consensus(quotes)
        assert found is not None
        await sql.execute(
            """
            INSERT INTO forecasts (game_id, commence_time, method, kind, probabilities, books, made_at, kept_at)
            SELECT id, commence_time, 'power', 'three_way', $2, 6, commence_time, commence_time FROM games WHERE id = $1
            """,
            game["id"], json.dumps(found.probabilities),
        )  # fmt: skip
        if closing := pinnacle(game):
            names = (game["home_team"], game["away_team"], "Draw")
            await sql.execute(
                """
                INSERT INTO closing_consensus (game_id, market_key, kind, probabilities, books, captured_at)
                VALUES ($1, 'h2h', 'three_way', $2, 1, now())
                """,
                game["id"], json.dumps(dict(zip(names, closing, strict=True))),
            )  # fmt: skip
        picks += picks_on(game, number)
    picks = picks[:200]
    await place_picks(sql, picks)
    return picks


def picks_on(game: dict[str, Any], number: int) -> list[Placed]:
    """Return a pick of each market that the first book quotes, in turn on either side."""
    made = []
    for market in game["bookmakers"][0]["markets"]:
        outcome = market["outcomes"][number % 2]
        point = None if market["key"] == "h2h" else Decimal(str(outcome["point"]))
        made.append(
            Placed(
                f"{game['id'][:8]}-{market['key']}", 0, game["id"], market["key"], outcome["name"], point,
                Decimal(str(outcome["price"])), market["key"] == "h2h",
            )
        )  # fmt: skip
    return made


async def test_the_record_is_published_when_something_changed_and_lasts_beside_the_slates(
    leader: Leader, sql: Any
) -> None:
    await put_game(sql, "g", (5, 3))
    pick = Placed("p", 0, "g", "h2h", "Cubs", None, Decimal("1.91"))
    await place_picks(sql, [pick])
    await settle(leader.context("settle"))
    assert (await run(leader))["documents_published"] == 3  # all sports, NBA, MLB
    before = await leader.published()
    assert (await run(leader))["documents_published"] == 0
    assert await leader.published() == before

    record = (await leader.read("/api/track-record"))["sports"]
    assert [one["sport"] for one in record] == ["baseball_mlb"]
    assert (record[0]["picks"]["graded"], record[0]["picks"]["won"], record[0]["picks"]["roi"]) == (
        1,
        1,
        0.91,
    )
    assert record[0]["picks"]["note"] == "fewer than 30 picks: too few to judge by"
    assert record[0]["method"]["note"] == "fewer than 30 games: too few to judge by"
    (nothing,) = (await leader.read(f"/api/track-record?sport={NBA}"))["sports"]
    assert (nothing["since"], nothing["method"]["games"], nothing["method"]["log_loss"]) == (None, 0, None)
    assert (await leader.read("/api/track-record"))["back_tests"][0]["kind"] == "back_test"

    await leader.republish(NBA, "baseball_mlb")
    assert {key for key in await leader.published() if key.startswith("/api/track-record")} == {
        "/api/track-record", f"/api/track-record?sport={NBA}", "/api/track-record?sport=baseball_mlb",
    }  # fmt: skip
    await put_game(sql, "g", (3, 5))
    await settle(leader.context("settle"))
    await run(leader)
    (record,) = (await leader.read("/api/track-record"))["sports"]
    assert (record["picks"]["graded"], record["picks"]["lost"], record["picks"]["roi"]) == (1, 1, -1.0)


async def test_a_pick_pays_its_price_as_received_and_not_the_decimal_that_is_shown(
    leader: Leader, sql: Any
) -> None:
    await put_game(sql, "g", (5, 3))
    await place_picks(sql, [Placed("p", 0, "g", "h2h", "Cubs", None, Decimal(-110))])
    await settle(leader.context("settle"))
    await run(leader)
    (record,) = (await leader.read("/api/track-record"))["sports"]
    assert record["picks"]["roi"] == pytest.approx(100 / 110, abs=1e-6)  # 1.9091 is shown


def closed_pick(**changed: Any) -> GradedPick:
    values: dict[str, Any] = {
        "sport_key": EPL, "game_id": "g", "home_team": "Leeds", "market": "totals", "kind": "two_way",
        "outcome": "Over", "point": Decimal("2.5"), "price_decimal": Decimal("2.1"), "grade": "won",
        "closing_kind": "two_way", "closing_point": Decimal("2.5"), "closing": {"Over": 0.5, "Under": 0.5},
        "closing_model": None,
    }  # fmt: skip
    return GradedPick(**(values | changed))


def test_a_price_is_worth_what_the_closing_line_says_at_its_own_point() -> None:
    assert value_at_closing(closed_pick()) == pytest.approx(2.1 * 0.5 - 1)
    assert value_at_closing(closed_pick(closing=None)) is None
    assert value_at_closing(closed_pick(closing_point=Decimal("3.0"))) is None  # and no distribution is known
    away = closed_pick(
        market="spreads", outcome="Hull", point=Decimal("1.5"), closing_point=Decimal("-1.5"),
        closing={"Leeds": 0.4, "Hull": 0.6},
    )  # fmt: skip
    assert value_at_closing(away) == pytest.approx(2.1 * 0.6 - 1)
    assert value_at_closing(closed_pick(market="h2h", kind="three_way", outcome="Leeds", point=None)) is None
    # Another point: goals at a rate of 2.6 together, counted by hand.
    model = {"sport": "soccer", "home_rate": 1.4, "away_rate": 1.2, "rho": 0.0, "tilts": []}
    quarter = closed_pick(point=Decimal("2.25"), closing_model=model)
    under = [math.exp(-2.6) * 2.6**goals / math.factorial(goals) for goals in range(3)]
    won, half_lost = 1 - sum(under), under[2]
    expected = won * 1.1 - half_lost / 2 - (under[0] + under[1])
    assert value_at_closing(quarter) == pytest.approx(expected, abs=1e-6)
