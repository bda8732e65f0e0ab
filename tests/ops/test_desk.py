"""The desk: callers say what they see at each look, and it alone knows what is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ops.alerts.desk import Desk, Repeats
from ops.database import session

if TYPE_CHECKING:
    from databases import Database


class Now:
    """A wall clock that the test moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def now() -> Now:
    return Now()


async def rows(database: Database) -> list[tuple[str, str, str]]:
    async with session(database) as connection:
        found = await connection.fetch_all("SELECT fingerprint, kind, status FROM alerts ORDER BY id")
    return [(row["fingerprint"], row["kind"], row["status"]) for row in found]


async def test_what_was_never_wrong_is_not_reported_as_over(database: Database) -> None:
    assert not await Desk(database, "here").well("clock:redis")
    assert await rows(database) == []


async def test_a_trouble_is_closed_once_and_its_message_names_it(database: Database) -> None:
    desk = Desk(database, "host:clock:1")
    await desk.trouble("clock:redis", "The clock has lost Redis", "See: python -m launcher doctor")
    assert await desk.well("clock:redis")
    assert not await desk.well("clock:redis")
    async with session(database) as connection:
        bodies = [row["body"] for row in await connection.fetch_all("SELECT body FROM alerts ORDER BY id")]
    assert bodies[0].startswith("🔴 The clock has lost Redis\n")
    assert bodies[1].startswith("🟢 Over: The clock has lost Redis\n")
    assert all(body.endswith("correlation id: host:clock:1") for body in bodies)


async def test_every_variety_of_a_cause_is_closed_and_no_cause_beside_it(database: Database) -> None:
    desk = Desk(database, "here")
    await desk.trouble("job:results", "results failed", "", variety="FeedError")
    await desk.trouble("job:results", "results failed", "", variety="JobTimeoutError")
    await desk.trouble("job:results_archive", "results_archive failed", "", variety="FeedError")
    assert await desk.well("job:results")
    closed = [mark for mark, kind, _ in await rows(database) if kind == "recovery"]
    assert closed == ["job:results:FeedError", "job:results:JobTimeoutError"]
    assert await desk.well("job:results_archive")


async def test_what_another_process_told_is_closed_here(database: Database, now: Now) -> None:
    here, there = Desk(database, "here", wall=now), Desk(database, "there", wall=now)
    assert not await here.well("clock:redis")  # from now on it believes that nothing is open
    await there.trouble("clock:redis", "The clock has lost Redis", "")
    here.forget()
    assert await here.well("clock:redis")
    await there.trouble("clock:redis", "The clock has lost Redis", "")
    now.forward(seconds=31)
    assert await here.well("clock:redis")


@pytest.mark.parametrize(
    ("repeats", "statuses"),
    [
        ("counted", ["pending", "suppressed", "pending"]),
        ("standing", ["pending", "pending"]),
        ("once", ["pending"]),
    ],
)
async def test_repeats_are_counted_told_every_ten_minutes_or_told_once(
    database: Database, now: Now, repeats: Repeats, statuses: list[str]
) -> None:
    desk = Desk(database, "here", wall=now)
    for span in (timedelta(0), timedelta(minutes=5), timedelta(minutes=6)):
        now.at += span
        await desk.trouble("clock:overdue", "Overdue: results", "", repeats=repeats)
    assert [status for _, _, status in await rows(database)] == statuses


async def test_a_trouble_told_once_is_told_again_after_it_was_over(database: Database, now: Now) -> None:
    desk = Desk(database, "here", wall=now)
    for _ in range(2):
        await desk.trouble("odds_api:floor", "No credits", "", "warning", repeats="once")
        now.forward(minutes=11)
        await desk.well("odds_api:floor")
    assert [kind for _, kind, _ in await rows(database)] == ["failure", "recovery"] * 2


async def test_what_must_not_be_sent_is_recorded_as_disabled(database: Database) -> None:
    await Desk(database, "here", enabled=False).trouble("clock:redis", "The clock has lost Redis", "")
    assert await rows(database) == [("clock:redis", "failure", "disabled")]
