"""Odds as received, and a history that has a row only where a price or a point changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from quartapp.jobs.closing import capture_closing_lines
from quartapp.store import games, odds
from tests.support.examples import (
    AWAY,
    HOME,
    QUOTED_AT,
    SPORT,
    TIP_OFF,
    book,
    event,
    h2h,
    market,
    score,
    spreads,
    totals,
)
from tests.support.leader import Leader

NOON = TIP_OFF - timedelta(hours=12)
MINUTE = timedelta(minutes=1)


async def quote(leader: Leader, now: datetime, *events: Any, form: Any = "american") -> int:
    async with leader.transaction() as connection:
        await games.upsert(connection, SPORT, events, "sandbox", now)
        return await odds.upsert(connection, events, form, now)


async def history(leader: Leader) -> list[tuple[Any, ...]]:
    rows = await leader.rows(
        "SELECT bookmaker_key, market_key, outcome_name, price, point, recorded_at FROM odds_history"
        " WHERE NOT withdrawn ORDER BY recorded_at, bookmaker_key, market_key, outcome_name"
    )
    return [tuple(row.values()) for row in rows]


async def current(leader: Leader) -> dict[str, list[odds.Book]]:
    async with leader.transaction() as connection:
        return await odds.current(connection, ["g1", "g2"])


async def test_the_first_prices_open_the_history_and_the_same_again_add_nothing(leader: Leader) -> None:
    quoted = event(
        "g1", book("fanduel", h2h("-150", "+130"), spreads("-3.5")), book("betmgm", totals("221.5"))
    )
    assert await quote(leader, NOON, quoted) == 6
    opened = await history(leader)
    assert len(opened) == 6
    assert {row[5] for row in opened} == {NOON}
    for minutes in (1, 2):
        assert await quote(leader, NOON + minutes * MINUTE, quoted) == 0
    assert await history(leader) == opened


async def test_only_the_outcome_whose_price_changed_gets_a_row(leader: Leader) -> None:
    await quote(
        leader, NOON, event("g1", book("fanduel", h2h("-150", "+130")), book("betmgm", h2h("-145", "+125")))
    )
    moved = event("g1", book("fanduel", h2h("-155", "+130")), book("betmgm", h2h("-145", "+125")))
    assert await quote(leader, NOON + MINUTE, moved) == 1
    assert (await history(leader))[4:] == [
        ("fanduel", "h2h", HOME, Decimal("-155"), None, NOON + MINUTE),
    ]


async def test_a_moved_point_at_the_same_price_is_a_change(leader: Leader) -> None:
    await quote(leader, NOON, event("g1", book("fanduel", spreads("-3.5"))))
    assert await quote(leader, NOON + MINUTE, event("g1", book("fanduel", spreads("-4.5")))) == 2
    assert [row[4] for row in (await history(leader))[2:]] == [Decimal("-4.5"), Decimal("4.5")]


async def test_a_later_look_at_the_same_price_is_no_change(leader: Leader) -> None:
    """Books say when they last looked; that alone is no movement of the line."""
    looked = [QUOTED_AT + minutes * MINUTE for minutes in (0, 5)]
    sides = (HOME, "-150", None), (AWAY, "130", None)
    counts = [
        await quote(
            leader, NOON + n * MINUTE, event("g1", book("fanduel", market("h2h", *sides, updated=moment)))
        )
        for n, moment in enumerate(looked)
    ]
    assert counts == [2, 0]
    assert len(await history(leader)) == 2
    assert (await current(leader))["g1"][0].markets[0].last_update == looked[1]


async def test_a_price_is_stored_exactly_as_received_with_its_format(leader: Leader) -> None:
    quoted = event("g1", book("pinnacle", h2h("1.909090909090909", "2.05", "15.5")), form="decimal")
    await quote(leader, NOON, quoted, form="decimal")
    (price, *_) = (await current(leader))["g1"][0].markets[0].prices
    assert (price.price, price.price_format) == (Decimal("1.909090909090909"), "decimal")


async def test_what_an_answer_lacks_is_gone_and_its_history_stays(leader: Leader) -> None:
    await quote(
        leader,
        NOON,
        event(
            "g1", book("fanduel", h2h("-150", "+130"), totals("221.5")), book("betmgm", h2h("-145", "+125"))
        ),
        event("g2", book("betmgm", h2h("-110", "-110"))),
    )
    before = await history(leader)
    assert await quote(leader, NOON + MINUTE, event("g1", book("fanduel", h2h("-150", "+130")))) == 0
    held = await current(leader)
    assert [(one.key, [m.key for m in one.markets]) for one in held["g1"]] == [("fanduel", ["h2h"])]
    assert [one.key for one in held["g2"]] == ["betmgm"]  # not in the answer: not touched here
    assert await history(leader) == before
    withdrawn = await leader.rows(
        "SELECT market_key, outcome_name, recorded_at FROM odds_history WHERE withdrawn"
    )
    assert {tuple(row.values()) for row in withdrawn} == {
        (key, name, NOON + MINUTE)
        for key, names in (("totals", ("Over", "Under")), ("h2h", (HOME, AWAY)))
        for name in names
    }


async def test_books_markets_and_outcomes_keep_the_upstream_s_order(leader: Leader) -> None:
    for order in (("fanduel", "betmgm"), ("betmgm", "fanduel")):
        books = [book(key, totals("221.5"), h2h("-150", "+130")) for key in order]
        await quote(leader, NOON, event("g1", *books))
        held = (await current(leader))["g1"]
        assert [one.key for one in held] == list(order)
        assert [m.key for m in held[0].markets] == ["totals", "h2h"]
        assert [p.name for p in held[0].markets[0].prices] == ["Over", "Under"]


async def test_a_book_without_markets_and_a_market_without_last_update_are_kept(leader: Leader) -> None:
    sides = (HOME, "-150", None), (AWAY, "130", None)
    await quote(
        leader, NOON, event("g1", book("empty"), book("fanduel", market("h2h", *sides, updated=None)))
    )
    empty, fanduel = (await current(leader))["g1"]
    assert empty.markets == []
    assert fanduel.markets[0].last_update is None


async def test_alternate_lines_of_one_outcome_are_kept_apart(leader: Leader) -> None:
    lines = market("totals", ("Over", "-110", "221.5"), ("Under", "-110", "221.5"), ("Over", "+150", "230.5"))
    assert await quote(leader, NOON, event("g1", book("fanduel", lines))) == 3
    held = (await current(leader))["g1"][0].markets[0].prices
    assert [(p.name, p.point) for p in held] == [
        ("Over", Decimal("221.5")), ("Under", Decimal("221.5")), ("Over", Decimal("230.5")),
    ]  # fmt: skip
    async with leader.transaction() as connection:
        changes = (await odds.history(connection, ["g1"]))["g1"]
    assert {(change.point, change.line) for change in changes} == {
        (Decimal("221.5"), 0),
        (Decimal("230.5"), 1),
    }


async def test_the_history_that_analyses_read_leaves_lay_prices_out(leader: Leader) -> None:
    lay = market("h2h_lay", (HOME, "-145", None), (AWAY, "135", None))
    await quote(leader, NOON, event("g1", book("betfair_ex_us", h2h("-150", "+130"), lay)))
    async with leader.transaction() as connection:
        changes = (await odds.history(connection, ["g1"]))["g1"]
    assert {change.market_key for change in changes} == {"h2h"}


@pytest.mark.parametrize("ended", ["final", "captured", "withdrawn", "scheduled"])
async def test_history_goes_with_old_games_and_never_before_their_closing_line(
    leader: Leader, ended: str
) -> None:
    await quote(leader, NOON, event("g1", book("fanduel", h2h("-150", "+130"))))
    async with leader.transaction() as connection:
        if ended in ("final", "captured"):
            await games.write_scores(connection, [score("g1", (1, 0), completed=True)], TIP_OFF)
        if ended == "captured":
            await capture_closing_lines(connection, TIP_OFF)
        if ended == "withdrawn":
            await games.upsert(connection, SPORT, (), "sandbox", NOON)
        assert await odds.delete_history(connection, TIP_OFF) == 0
        deleted = await odds.delete_history(connection, TIP_OFF + MINUTE, batch=1)
        rolled_up = await odds.roll_up_history(connection, TIP_OFF + MINUTE, batch=1)
    assert deleted == (1 if ended in ("captured", "withdrawn") else 0)
    assert rolled_up == (1 if ended == "captured" else 0)


async def test_a_book_whose_clock_is_ahead_counts_as_of_now_and_makes_no_other_old(leader: Leader) -> None:
    now = datetime.now(UTC)
    ahead = now + timedelta(days=3)
    fresh, wrong = (
        market("h2h", (HOME, "-150", None), (AWAY, "130", None), updated=at) for at in (now, ahead)
    )
    books = [book("a", fresh), book("b", fresh), replace(book("c", wrong), last_update=ahead)]
    await leader.store(event("g1", *books, starts=now + timedelta(hours=9)))
    stored = (await current(leader))["g1"]
    updates = [one.last_update for one in stored] + [one.markets[0].last_update for one in stored]
    assert max(filter(None, updates)) <= datetime.now(UTC)
    assert (await leader.read("/api/analysis/g1"))["analysis"]["markets"]["h2h"]["excluded"] == []
