"""Picks over a real store: few, fresh, worth their price by an independent calculation, and never changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quartapp.jobs.picks import publish_picks
from quartapp.records import Bookmaker, Event
from tests.support.examples import event, market
from tests.support.leader import Leader

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NFL = "americanfootball_nfl"
EVEN = ("-110", "-110")
FAIR = (EVEN, ("-108", "-112"), ("-112", "-108"), EVEN)


def this_second() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def game(
    game_id: str,
    *prices: tuple[str, str],
    keys: tuple[str, ...] = (),
    starts: timedelta = 6 * HOUR,
    ages: tuple[timedelta, ...] = (),
    home: str | None = None,
    now: datetime | None = None,
) -> Event:
    home = home or f"{game_id} Home"
    now = now or this_second()
    books = []
    for number, (first, second) in enumerate(prices):
        key = keys[number] if number < len(keys) else f"book{number}"
        updated = now - (ages[number] if number < len(ages) else MINUTE)
        own = market("h2h", (home, first, None), (f"{home} Away", second, None), updated=updated)
        books.append(Bookmaker(key, key, updated, (own,)))
    return event(game_id, *books, starts=now + starts, home=home, away=f"{home} Away")


async def pick(leader: Leader, *events: Event) -> dict[str, Any]:
    """Store a slate, look for picks, and return what is published."""
    await leader.store(*events)
    await publish_picks(leader.context("picks"))
    return await leader.read("/api/picks")


def without_vig(*decimals: float) -> list[float]:
    """The chances of a book's prices: 1/d to the power that makes them sum to 1, by bisection."""
    low, high = 0.5, 2.0
    for _ in range(100):
        power = (low + high) / 2
        low, high = (power, high) if sum(d**-power for d in decimals) > 1 else (low, power)
    return [d**-low for d in decimals]


def decimal(american: str) -> float:
    price = int(american)
    return 1 + (price / 100 if price > 0 else 100 / -price)


async def test_a_pick_is_worth_what_an_independent_calculation_says(leader: Leader) -> None:
    prices = (*FAIR, ("108", "-125"))
    found = await pick(leader, game("g1", *prices))
    (one,) = found["picks"]
    others = [without_vig(decimal(home), decimal(away))[0] for home, away in FAIR]
    win = sum(others) / len(others)  # none of these books is a sharp one, which would count double
    assert (one["game_id"], one["market"], one["outcome"], one["point"]) == ("g1", "h2h", "g1 Home", None)
    assert (one["bookmaker"], one["price_american"], one["price_decimal"], one["books"]) == (
        "book4",
        108,
        2.08,
        5,
    )
    assert one["push"] == 0
    assert one["win"] == pytest.approx(win, abs=2e-5)
    assert one["edge"] == pytest.approx(win * 1.08 - (1 - win), abs=5e-5)
    assert MINUTE.total_seconds() <= one["odds_age_seconds"] < 1800
    assert found["empty_because"] is None
    (row,) = await leader.rows("SELECT * FROM picks")
    assert (row["id"], row["edge"], row["price"]) == (one["id"], one["edge"], 108)


async def test_a_push_returns_the_stake_and_is_no_loss(leader: Leader) -> None:
    """-3 in football: about every eleventh game ends on it."""
    books, now = [], this_second()
    for number, (home, away) in enumerate((*FAIR, ("110", "-130"))):
        sides = (("Home", home, "-3"), ("Away", away, "3"))
        own = [
            market("spreads", *sides, updated=now - MINUTE),
            market("h2h", ("Home", "-155", None), ("Away", "135", None), updated=now - MINUTE),
        ]
        books.append(Bookmaker(f"book{number}", f"book{number}", now, tuple(own)))
    async with leader.transaction() as connection:
        await connection.execute(
            "INSERT INTO sports (key, title, sport_group, active, source, updated_at)"
            " VALUES ('americanfootball_nfl', 'NFL', 'x', true, 'sandbox', now())"
        )
    starts = now + 6 * HOUR
    await leader.store(
        event("g1", *books, starts=starts, home="Home", away="Away", sport_key=NFL), sport_key=NFL
    )
    await publish_picks(leader.context("picks"))
    (one,) = (await leader.read("/api/picks"))["picks"]
    others = sum(without_vig(decimal(home), decimal(away))[0] for home, away in FAIR) / 4
    assert (one["market"], one["outcome"], one["point"]) == ("spreads", "Home", -3.0)
    assert 0.05 < one["push"] < 0.13
    assert one["win"] == pytest.approx(others * (1 - one["push"]), abs=5e-5)
    lost = 1 - one["win"] - one["push"]
    assert one["edge"] == pytest.approx(one["win"] * 1.10 - lost, abs=5e-5)


GOOD = ("108", "-125")
NOT_PICKED: dict[str, tuple[Callable[[], Event], str]] = {
    "three books": (lambda: game("g1", *FAIR[:2], GOOD), "fresh prices of 4 books"),
    "old prices": (lambda: game("g1", *FAIR, GOOD, ages=(40 * MINUTE,) * 5), "in the last 30 minutes"),
    "begins within the hour": (lambda: game("g1", *FAIR, GOOD, starts=59 * MINUTE), "begins between"),
    "runs": (lambda: game("g1", *FAIR, GOOD, starts=-MINUTE), "begins between"),
    "an exchange": (
        lambda: game("g1", *FAIR, GOOD, keys=("a", "b", "c", "d", "betfair_ex_us")),
        "more than its price",
    ),
    "worth its price": (lambda: game("g1", *FAIR, EVEN), "more than its price"),
    "too good to be true": (lambda: game("g1", *FAIR, ("124", "-145")), "too much to be true"),
}


@pytest.mark.parametrize("why", NOT_PICKED)
async def test_what_a_bettor_should_not_take_is_no_pick_and_the_page_says_why(
    leader: Leader, why: str
) -> None:
    quoted, said = NOT_PICKED[why]
    found = await pick(leader, quoted())
    assert found["picks"] == []
    assert said in found["empty_because"]


async def test_a_day_has_eight_picks_of_eight_games_the_best_first_and_they_stay(leader: Leader) -> None:
    offers = [(str(104 + n), "-125") for n in range(10)]
    now = this_second()
    slate = [game(f"g{n}", *FAIR, offer, now=now) for n, offer in enumerate(offers)]
    twin = game("twin", *FAIR, ("113", "-125"), home="g9 Home", now=now)  # one game under two ids
    found = await pick(leader, *slate, twin)
    edges = [one["edge"] for one in found["picks"]]
    assert len(edges) == 8
    assert edges == sorted(edges, reverse=True)
    assert len({(one["home_team"], one["commence_time"]) for one in found["picks"]}) == 8
    before = await leader.rows("SELECT * FROM picks ORDER BY id")
    moved = [game(f"g{n}", *((("-125", "105"),) * 5), starts=7 * HOUR) for n in range(10)]
    again = await pick(leader, *moved, game("new", *FAIR, GOOD))
    assert again["picks"] == found["picks"]
    assert await leader.rows("SELECT * FROM picks ORDER BY id") == before


async def test_a_game_whose_start_moves_after_its_pick_has_no_second_one(leader: Leader) -> None:
    """The job failed at every run until the game began: the table takes one pick of a price."""
    now = this_second()
    first = await pick(leader, game("g1", *FAIR, GOOD, now=now))
    for moved in (timedelta(seconds=1), -HOUR, 30 * HOUR):
        again = await pick(leader, game("g1", *FAIR, GOOD, now=now, starts=6 * HOUR + moved))
        assert [one["id"] for one in again["picks"]] == [one["id"] for one in first["picks"]]
    assert len(first["picks"]) == 1


async def test_a_game_has_one_pick_and_a_new_day_shows_its_own(leader: Leader) -> None:
    await pick(leader, game("g1", *FAIR, GOOD))
    better = await pick(leader, game("g1", *FAIR, ("109", "-125"), keys=("a", "b", "c", "d", "e")))
    assert [one["bookmaker"] for one in better["picks"]] == ["book4"]
    async with leader.transaction() as connection:
        await connection.execute("ALTER TABLE picks DISABLE TRIGGER picks_never_change")
        await connection.execute("UPDATE picks SET day = day - 1")  # as if it had been yesterday
        await connection.execute("ALTER TABLE picks ENABLE TRIGGER picks_never_change")
    await publish_picks(leader.context("picks"))
    today = await leader.read("/api/picks")
    assert today["picks"] == []
    assert "has had its pick" in today["empty_because"]
