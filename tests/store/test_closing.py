"""Closing lines: the last prices before the start, whenever they are captured, kept for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ops.database import raw
from quartapp.jobs import closing
from quartapp.jobs.closing import capture_closing_lines
from quartapp.jobs.housekeeping import housekeeping
from quartapp.odds.vig import remove_vig
from quartapp.publish import closing_line
from quartapp.records import Event
from quartapp.store import games, odds
from tests.support.examples import AWAY, HOME, SPORT, book, event, h2h, market, score, spreads
from tests.support.leader import Leader

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
START = datetime.now(UTC).replace(microsecond=0) - 2 * HOUR


def slate(*prices: tuple[str, str], starts: datetime = START, updated: datetime | None = None) -> Event:
    books = [
        book(f"book{n}", market("h2h", (HOME, home, None), (AWAY, away, None), updated=updated))
        for n, (home, away) in enumerate(prices)
    ]
    return event("g1", *books, starts=starts)


async def quote(leader: Leader, now: datetime, *events: Event) -> None:
    async with leader.transaction() as connection:
        await games.upsert(connection, SPORT, events, "sandbox", now)
        await odds.upsert(connection, events, "american", now)


async def capture(leader: Leader, now: datetime) -> set[str]:
    async with leader.transaction() as connection:
        await games.start_due(connection, now)
        return await capture_closing_lines(connection, now)


async def closing_prices(leader: Leader) -> dict[tuple[str, str, str], tuple[Any, ...]]:
    rows = await leader.rows("SELECT * FROM closing_prices")
    return {
        (row["bookmaker_key"], row["market_key"], row["outcome_name"]): (
            row["price"], row["price_format"], row["observed_at"], row["withdrawn_at"],
        )
        for row in rows
    }  # fmt: skip


async def consensus(leader: Leader) -> dict[str, Any]:
    (row,) = await leader.rows("SELECT * FROM closing_consensus WHERE market_key = 'h2h'")
    return row


async def test_the_closing_line_is_the_last_price_before_the_start_though_captured_late(
    leader: Leader,
) -> None:
    last = (("-150", "130"), ("-145", "125"), ("-155", "135"))
    await quote(leader, START - 5 * HOUR, slate(*(("-110", "-110"),) * 3))
    await quote(leader, START - MINUTE, slate(*last))
    await quote(leader, START + MINUTE, slate(*(("-900", "600"),) * 3))  # no clock captured: the game runs
    assert await capture(leader, START + 90 * MINUTE) == {SPORT}
    assert await closing_prices(leader) == {
        (f"book{n}", "h2h", name): (Decimal(price), "american", START - MINUTE, None)
        for n, pair in enumerate(last)
        for name, price in zip((HOME, AWAY), pair, strict=True)
    }
    fair = [remove_vig([1 + 100 / 150, 2.30])[0], remove_vig([1 + 100 / 145, 2.25])[0]]
    fair.append(remove_vig([1 + 100 / 155, 2.35])[0])
    row = await consensus(leader)
    assert (row["books"], row["point"], row["kind"]) == (3, None, "two_way")
    assert row["probabilities"][HOME] == pytest.approx(sum(fair) / 3, abs=2e-5)
    assert await capture(leader, START + 91 * MINUTE) == set()  # once


async def test_no_price_of_the_running_game_is_read_for_its_closing_line(leader: Leader) -> None:
    await quote(leader, START - MINUTE, slate(*(("-150", "130"),) * 3))
    await quote(leader, START + MINUTE, slate(*(("-900", "600"),) * 3))
    async with leader.transaction() as connection:
        changes = (await odds.history(connection, ["g1"], every_market=True))["g1"]
    assert {change.recorded_at for change in changes} == {START - MINUTE}


async def test_a_page_shows_the_closing_line_from_the_start_on_and_keeps_it(leader: Leader) -> None:
    ahead = datetime.now(UTC).replace(microsecond=0) + HOUR
    quoted = slate(*(("-150", "130"),) * 3, starts=ahead)
    await leader.store(quoted)
    assert (await leader.read("/api/game/g1"))["game"]["closing"] is None
    async with leader.transaction() as connection:  # its start comes
        began = datetime.now(UTC) - MINUTE
        await raw(connection).execute("UPDATE games SET commence_time = $1", began)
        await raw(connection).execute("UPDATE odds_history SET recorded_at = $1", began - MINUTE)
    in_play = slate(*(("-900", "600"),) * 3, starts=began)
    await leader.store(in_play)  # the list that tells it has begun has prices of the running game
    shown = (await leader.read("/api/game/g1"))["game"]["closing"]
    home = remove_vig([1 + 100 / 150, 2.30])[0]
    assert shown["markets"]["h2h"] == {
        "point": None,
        "probabilities": {HOME: pytest.approx(home, abs=2e-5), AWAY: pytest.approx(1 - home, abs=2e-5)},
        "books": 3,
    }
    moved = (await leader.read("/api/game/g1"))["game"]["line_movement"]
    await leader.store(event("g1", book("book0", h2h("-950", "650")), starts=began))  # the others left
    assert (await leader.read("/api/game/g1"))["game"]["line_movement"] == moved
    async with leader.transaction() as connection:
        await games.write_scores(connection, [score("g1", (1, 0), completed=True)], datetime.now(UTC))
        await raw(connection).execute("UPDATE odds_history SET recorded_at = recorded_at - interval '3 days'")
    await housekeeping(leader.context("housekeeping"))
    await leader.republish(SPORT)
    assert (await leader.read("/api/game/g1"))["game"]["closing"] == shown


async def test_a_start_that_moves_opens_the_closing_line_again(leader: Leader) -> None:
    await quote(leader, START - HOUR, slate(*(("-150", "130"),) * 3))
    await capture(leader, START + MINUTE)
    later = START + HOUR
    await quote(leader, START + 2 * MINUTE, slate(*(("-200", "170"),) * 3, starts=later))
    await leader.republish(SPORT)
    assert (await leader.read("/api/game/g1"))["game"]["closing"] is None
    await capture(leader, later + MINUTE)
    assert {value[0] for value in (await closing_prices(leader)).values()} == {Decimal(-200), Decimal(170)}
    assert (await consensus(leader))["probabilities"][HOME] > 0.63


async def test_a_book_that_left_long_before_the_start_keeps_its_price_and_counts_no_more(
    leader: Leader,
) -> None:
    three, four = (("-150", "130"),) * 3, (("-150", "130"), ("-150", "130"), ("-150", "130"), ("-190", "160"))
    await quote(leader, START - 5 * HOUR, slate(*four))
    await quote(leader, START - 4 * HOUR, slate(*three))
    for n in range(3):  # they close their markets a minute before the start, as books do
        rest = three[: 2 - n]
        await quote(leader, START - MINUTE + n * timedelta(seconds=10), slate(*rest))
    await capture(leader, START + MINUTE)
    prices = await closing_prices(leader)
    assert prices["book3", "h2h", HOME] == (
        Decimal(-190), "american", START - 5 * HOUR, START - 4 * HOUR,
    )  # fmt: skip
    assert len(prices) == 8
    row = await consensus(leader)
    assert row["books"] == 3
    assert row["probabilities"][HOME] == pytest.approx(remove_vig([1 + 100 / 150, 2.30])[0], abs=2e-5)


async def test_a_book_that_was_stale_at_the_start_is_no_part_of_the_closing_consensus(leader: Leader) -> None:
    fresh, stale = START - 2 * MINUTE, START - 3 * HOUR
    quoted = slate(*(("-150", "130"),) * 4, updated=fresh)
    old = book("old", market("h2h", (HOME, "-135", None), (AWAY, "115", None), updated=stale))
    await quote(leader, START - MINUTE, event("g1", *quoted.bookmakers, old, starts=START))
    await capture(leader, START + MINUTE)
    assert ("old", "h2h", HOME) in await closing_prices(leader)
    assert (await consensus(leader))["books"] == 4


async def test_a_game_whose_consensus_cannot_be_made_keeps_its_prices_and_stops_no_other(
    leader: Leader, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = closing_line.closing_line

    def fails_for_one(game: games.Game, *others: Any) -> Any:
        if game.id == "g1":
            raise ZeroDivisionError
        return whole(game, *others)

    monkeypatch.setattr(closing, "closing_line", fails_for_one)
    own = slate(*(("-150", "130"),) * 3)
    await quote(leader, START - HOUR, own, event("g2", *own.bookmakers, starts=START))
    await capture(leader, START + MINUTE)
    rows = await leader.rows("SELECT game_id, count(*) AS n FROM closing_prices GROUP BY game_id ORDER BY 1")
    assert [tuple(row.values()) for row in rows] == [("g1", 6), ("g2", 6)]
    assert [row["game_id"] for row in await leader.rows("SELECT game_id FROM closing_consensus")] == ["g2"]


async def test_housekeeping_rolls_history_up_and_what_is_kept_of_a_game_is_small(leader: Leader) -> None:
    """Ten books that move thirty times: what stays for good is a few kilobytes, as docs/schema.md says."""
    began = datetime.now(UTC) - timedelta(days=40)
    for move in range(31):
        books = [
            book(
                f"bookmaker{n}", h2h(str(-150 - move), str(130 + move)), spreads("-3.5", str(-110 - move % 9))
            )
            for n in range(10)
        ]
        await quote(leader, began - timedelta(minutes=31 - move), event("g1", *books, starts=began))
    async with leader.transaction() as connection:
        await games.write_scores(connection, [score("g1", (1, 0), completed=True)], began + 3 * HOUR)
    await housekeeping(leader.context("housekeeping"))
    (before,) = await leader.rows("SELECT count(*) AS rows FROM odds_history")
    assert before["rows"] > 900  # its closing line is not captured yet
    await capture(leader, datetime.now(UTC))
    await housekeeping(leader.context("housekeeping"))
    assert await leader.rows("SELECT 1 FROM odds_history") == []
    (kept,) = await leader.rows(
        """
        SELECT (SELECT sum(pg_column_size(closings)) FROM closings)
             + (SELECT sum(pg_column_size(closing_consensus)) FROM closing_consensus) AS bytes
        """
    )
    assert len(await closing_prices(leader)) == 40
    assert kept["bytes"] < 4096, kept
