"""Saved parlays are settled as an independent grader settles them, and once."""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from quartapp.jobs.settle import settle
from tests.settle.second_grader import Question, answer, pays
from tests.support.leader import Leader
from tests.support.settling import TODAY, Placed, put_game

EPL = "soccer_epl"


@dataclass(frozen=True)
class Saved:
    """A parlay in plain values."""

    id: str
    stake_cents: int
    legs: tuple[Placed, ...]
    american: bool = False


async def save(sql: Any, parlays: list[Saved]) -> None:
    """Write parlays as a save does; teams and starts are those of the games."""
    known = {row["id"]: row for row in await sql.fetch("SELECT * FROM games")}
    await sql.executemany(
        """
        INSERT INTO saved_parlays
               (id, created_at, bookmaker_key, stake_cents, currency, price_decimal, first_start, known)
        VALUES ($1, $2, 'pinnacle', $3, 'USD', $4, $5, '{}')
        """,
        [
            (
                one.id, TODAY - timedelta(days=1), one.stake_cents, Decimal(2),
                min(known[leg.game_id]["commence_time"] for leg in one.legs),
            )
            for one in parlays
        ],
    )  # fmt: skip
    await sql.executemany(
        """
        INSERT INTO saved_parlay_legs (parlay_id, leg, game_id, sport_key, home_team, away_team, commence_time,
                                       market_key, kind, outcome_name, point, price, price_format, price_decimal, label)
        SELECT $1, $2, id, sport_key, home_team, away_team, commence_time, $4, $5, $6, $7, $8, $9, $10, 'a test'
          FROM games WHERE id = $3
        """,
        [
            (
                one.id, leg.leg, leg.game_id, leg.market, "three_way" if leg.three_way else "two_way", leg.outcome,
                leg.point, leg.price, "american" if one.american else "decimal",
                round(decimal_price(one, leg), 4),
            )
            for one in parlays
            for leg in one.legs
        ],
    )  # fmt: skip


def decimal_price(parlay: Saved, leg: Placed) -> Any:
    """Return the decimal price; an American one as a Decimal that is not exact."""
    if not parlay.american:
        return leg.price
    return 1 + (leg.price / 100 if leg.price > 0 else 100 / -leg.price)


async def stored(sql: Any) -> dict[str, tuple[str, int | None]]:
    rows = await sql.fetch("SELECT id::text, status, payout_cents FROM saved_parlays")
    return {row["id"]: (row["status"], row["payout_cents"]) for row in rows}


async def everything(sql: Any) -> list[Any]:
    return [
        [dict(row) for row in await sql.fetch(f"SELECT * FROM {table} ORDER BY {order}")]
        for table, order in (
            ("grades", "id"),
            ("saved_parlays", "id"),
            ("saved_parlay_legs", "parlay_id, leg"),
            ("saved_parlay_history", "id"),
        )
    ]


@pytest.fixture(scope="module")
def season(shared_data: Path) -> dict[str, dict[str, Any]]:
    """The recorded season by game: every outcome that a book quoted, and the score."""
    finals = {
        one["id"]: {line["name"]: int(line["score"]) for line in one["scores"]}
        for one in json.loads((shared_data / "soccer_epl_scores_2023-24.json").read_text())
    }
    games = {}
    for game in json.loads((shared_data / "soccer_epl_odds_2023-24.json").read_text(), parse_float=Decimal):
        points = finals[game["id"]]
        games[game["id"]] = {
            "home": game["home_team"],
            "away": game["away_team"],
            "score": (points[game["home_team"]], points[game["away_team"]]),
            "quoted": [
                (market["key"], outcome["name"], outcome.get("point"), Decimal(outcome["price"]))
                for book in game["bookmakers"]
                for market in book["markets"]
                for outcome in market["outcomes"]
            ],
        }
    return games


def made_up(season: dict[str, dict[str, Any]], count: int, most: int) -> list[Saved]:
    dice = random.Random(15)
    parlays = []
    for _ in range(count):
        legs = []
        for number, game_id in enumerate(dice.sample(list(season), dice.randint(2, most))):
            market, outcome, point, price = dice.choice(season[game_id]["quoted"])
            legs.append(
                Placed(
                    "", number, game_id, market, outcome, None if point is None else Decimal(point), price,
                    market == "h2h",
                )
            )  # fmt: skip
        name = str(uuid.UUID(int=dice.getrandbits(128), version=4))
        parlays.append(Saved(name, dice.randint(1, 100_000), tuple(legs)))
    return parlays


def graded(leg: Placed, season: dict[str, dict[str, Any]]) -> str:
    game = season[leg.game_id]
    side = {game["home"]: "home", game["away"]: "away"}.get(leg.outcome, leg.outcome.lower())
    home, away = game["score"]
    point = None if leg.point is None else Fraction(leg.point)
    return answer(
        Question(EPL, leg.market, side, point, leg.three_way, "final", home, away, False, None, None,
                 Fraction(0), Fraction(4))
    )  # fmt: skip


def expected(
    parlays: list[Saved], season: dict[str, dict[str, Any]], known: set[str]
) -> dict[str, tuple[str, int | None]]:
    return {
        one.id: pays(
            [
                (Fraction(leg.price), graded(leg, season) if leg.game_id in known else "open")
                for leg in one.legs
            ],
            one.stake_cents,
        )
        for one in parlays
    }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Return what is counted of the statements sent to PostgreSQL from here on."""
    counted: Counter[str] = Counter()
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        original = getattr(asyncpg.Connection, name)

        async def counting(self: Any, query: str, *rest: Any, _run: Any = original, **more: Any) -> Any:
            counted[query.strip()[:40]] += 1
            return await _run(self, query, *rest, **more)

        monkeypatch.setattr(asyncpg.Connection, name, counting)
    return counted


async def test_a_thousand_parlays_of_two_to_ten_legs_equal_the_independent_grader_twice_run(
    leader: Leader, sql: Any, season: dict[str, dict[str, Any]], asked: Counter[str]
) -> None:
    for game_id, game in season.items():
        await put_game(sql, game_id, None, status="live", sport=EPL, home=game["home"], away=game["away"])
    parlays = made_up(season, 1_000, 10)
    await save(sql, parlays)
    ended: set[str] = set()
    for half in (list(season)[::2], list(season)[1::2]):  # the season ends in two days
        for game_id in half:
            game = season[game_id]
            await put_game(sql, game_id, game["score"], sport=EPL, home=game["home"], away=game["away"])
        ended |= set(half)
        asked.clear()
        await settle(leader.context("settle"))
        # A statement a leg would take minutes; five batches take these whatever the number of legs.
        assert asked.total() < 100, asked
        assert await stored(sql) == expected(parlays, season, ended)
        before = await everything(sql)
        assert (await settle(leader.context("settle")) or {})["grades"] == 0
        assert await everything(sql) == before
    ends = Counter(status for status, _ in (await stored(sql)).values())
    assert min(ends[name] for name in ("won", "lost", "half_won", "half_lost")) > 0, ends
    legs = sum(len(one.legs) for one in parlays)
    assert (
        await sql.fetchval("SELECT count(*) FROM grades") == legs
    )  # also those of a parlay that was lost before
    assert await sql.fetchval("SELECT count(*) FROM saved_parlay_history") == len(parlays)  # an end each
    first = await sql.fetchrow("SELECT * FROM saved_parlay_history ORDER BY id LIMIT 1")
    assert first["reason"].startswith(("leg ", "every leg counts", "1 of "))


def leg(number: int, game_id: str, price: str, outcome: str = "Cubs") -> Placed:
    return Placed("", number, game_id, "h2h", outcome, None, Decimal(price))


async def test_a_void_leg_drops_out_and_a_correction_changes_what_a_parlay_pays(
    leader: Leader, sql: Any
) -> None:
    await put_game(sql, "a", (5, 3))
    await put_game(sql, "b", None, status="cancelled")
    await put_game(sql, "c", None, status="live")
    parlay = Saved(
        str(uuid.uuid4()),
        1_000,
        (leg(0, "a", "-110"), leg(1, "b", "+150"), leg(2, "c", "-120")),
        american=True,
    )
    await save(sql, [parlay])
    await sql.execute(
        """
        INSERT INTO closing_consensus (game_id, market_key, kind, probabilities, books, captured_at)
        VALUES ('a', 'h2h', 'two_way', '{"Cubs": 0.55, "Mets": 0.45}', 5, now())
        """
    )
    await settle(leader.context("settle"))
    assert await stored(sql) == {parlay.id: ("open", None)}
    closing = await sql.fetchrow("SELECT * FROM saved_parlay_legs WHERE leg = 0")
    assert closing["closing_probability"] == 0.55
    assert closing["closing_line_value"] == pytest.approx(0.55 * (1 + 100 / 110) - 1, abs=1e-4)

    await put_game(sql, "c", (2, 1))
    await settle(leader.context("settle"))
    # 1,000 cents at 1 + 100/110 and 1 + 100/120: exactly 3,500, which rounded prices would miss.
    assert await stored(sql) == {parlay.id: ("won", 3_500)}
    await put_game(sql, "c", (2, 2))
    await settle(leader.context("settle"))
    assert await stored(sql) == {parlay.id: ("won", 1_909)}
    await put_game(sql, "a", (3, 5))
    await settle(leader.context("settle"))
    assert await stored(sql) == {parlay.id: ("lost", 0)}
    told = await sql.fetch("SELECT status, reason FROM saved_parlay_history ORDER BY id")
    assert [row["status"] for row in told] == ["won", "won", "lost"]
    assert told[1]["reason"] == "1 of 3 legs count (leg 3 push: 2-2; was won by 2-1)"
    assert told[2]["reason"] == "leg 1 lost (leg 1 lost: 3-5; was won by 5-3)"


async def test_a_parlay_that_was_lost_opens_again_when_its_lost_leg_is_corrected(
    leader: Leader, sql: Any
) -> None:
    await put_game(sql, "a", (3, 5))
    await put_game(sql, "b", None, status="live")
    parlay = Saved(str(uuid.uuid4()), 1_000, (leg(0, "a", "1.9"), leg(1, "b", "2.1")))
    await save(sql, [parlay])
    await settle(leader.context("settle"))
    assert await stored(sql) == {parlay.id: ("lost", 0)}
    await put_game(sql, "a", (5, 3))
    await settle(leader.context("settle"))
    assert await stored(sql) == {parlay.id: ("open", None)}
    assert await sql.fetchval("SELECT settled_at FROM saved_parlays") is None
