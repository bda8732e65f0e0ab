"""Schedules over a year and both nights of daylight saving time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.clock.schedule import Schedule, ScheduleError

NEW_YORK = "America/New_York"


def local_ticks(line: str, day: date, zone: str = NEW_YORK) -> list[str]:
    """The ticks of one local calendar day, as local times with their offset."""
    info = ZoneInfo(zone)
    start = datetime(day.year, day.month, day.day, tzinfo=info)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=info)
    second = timedelta(seconds=1)
    ticks = Schedule.parse("job", line, zone).ticks_between(start - second, end - second)
    return [tick.astimezone(info).strftime("%H:%M%z") for tick in ticks]


def test_a_daily_0130_runs_once_on_the_night_that_has_it_twice() -> None:
    assert local_ticks("30 1 * * *", date(2026, 11, 1)) == ["01:30-0400"]


def test_a_daily_0230_runs_at_0300_on_the_night_without_it() -> None:
    assert local_ticks("30 2 * * *", date(2026, 3, 8)) == ["03:00-0400"]


@pytest.mark.parametrize(
    ("day", "runs"), [(date(2026, 11, 1), 25), (date(2026, 3, 8), 23), (date(2026, 6, 1), 24)]
)
def test_hourly_jobs_keep_real_time(day: date, runs: int) -> None:
    assert len(local_ticks("0 * * * *", day)) == runs
    assert len(local_ticks("*/15 * * * *", day)) == runs * 4


def test_a_range_of_hours_keeps_real_time() -> None:
    ticks = local_ticks("0 0-3 * * *", date(2026, 11, 1))
    assert ticks == ["00:00-0400", "01:00-0400", "01:00-0500", "02:00-0500", "03:00-0500"]


@pytest.mark.parametrize("line", ["R * * * *", "0 R * * *", "0 r(1-3) * * *", "* * * * R", "0 0 * * * R"])
def test_a_random_field_is_refused_because_each_question_would_draw_it_anew(line: str) -> None:
    with pytest.raises(ScheduleError, match="random field"):
        Schedule.parse("job", line, "UTC")


def test_names_of_months_and_days_are_no_random_fields() -> None:
    Schedule.parse("job", "0 0 * MAR,APR FRI", "UTC")


def test_no_two_ticks_of_an_hourly_job_are_further_apart_than_an_hour() -> None:
    schedule = Schedule.parse("job", "0 * * * *", NEW_YORK)
    ticks = schedule.ticks_between(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert {later - earlier for earlier, later in pairwise(ticks)} == {timedelta(hours=1)}


def test_seconds_are_the_sixth_field() -> None:
    schedule = Schedule.parse("job", "* * * * * */20", "UTC")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert [tick.second for tick in schedule.ticks_between(start, start + timedelta(minutes=1))] == [
        20,
        40,
        0,
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [("0 0 30 2 *", "never fire"), ("61 * * * *", "no cron line"), ("* * *", "3 fields"), ("", "0 fields")],
)
def test_a_schedule_that_cannot_work_is_refused_by_name(line: str, reason: str) -> None:
    with pytest.raises(ScheduleError, match=f"daily_pass.*{reason}"):
        Schedule.parse("daily_pass", line, NEW_YORK)


ZONES = st.sampled_from(
    [NEW_YORK, "Europe/London", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata", "UTC"]
)


@settings(deadline=None, max_examples=40)
@given(hour=st.integers(0, 23), minute=st.integers(0, 59), zone=ZONES, year=st.integers(2024, 2030))
def test_a_year_of_a_daily_job_has_exactly_one_run_every_calendar_day(
    hour: int, minute: int, zone: str, year: int
) -> None:
    info = ZoneInfo(zone)
    schedule = Schedule.parse("job", f"{minute} {hour} * * *", zone)
    start, end = datetime(year, 1, 1, tzinfo=info), datetime(year + 1, 1, 1, tzinfo=info)
    second = timedelta(seconds=1)
    ticks = schedule.ticks_between(start - second, end - second)
    days = [tick.astimezone(info).date() for tick in ticks]
    assert days == [
        date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)
    ]


MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1))  # noqa: DTZ001 - hypothesis wants them naive
LINES = st.sampled_from(
    ["*/7 * * * *", "0 */6 * * *", "30 1 * * *", "15 2,14 * * *", "0 9-17 * * 1-5", "5 4 1 * *"]
)


@settings(deadline=None, max_examples=40)
@given(line=LINES, zone=ZONES, moment=MOMENTS)
def test_no_schedule_ever_goes_backwards_and_asking_again_agrees(
    line: str, zone: str, moment: datetime
) -> None:
    schedule = Schedule.parse("job", line, zone)
    start = moment.replace(tzinfo=UTC)
    ticks = []
    for tick in schedule.ticks_after(start):
        ticks.append(tick)
        if len(ticks) == 300:
            break
    assert all(later > earlier for earlier, later in pairwise([start, *ticks]))
    # A clock asks anew from every tick; it must walk the same path.
    assert [schedule.next_after(before) for before in [start, *ticks[:60]]] == ticks[:61]
