"""A member's limits, exclusions and region: what holds, from when, and that nothing loosens early."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quartapp.members import exclusions, limits, regions
from quartapp.members.limits import Held, Limits, change
from quartapp.members.region_file import packaged, parse
from quartapp.members.spending import Spent, reached

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
NONE = Held(Limits(), {})


def test_a_tighter_limit_holds_at_once_and_a_looser_one_after_a_day_and_a_second_yes() -> None:
    tight = change(NONE, {"daily_stake_cents": 5_000}, NOON)
    assert tight.limits.daily_stake_cents == 5_000
    wished = change(tight, {"daily_stake_cents": 9_000}, NOON)
    assert wished.limits.daily_stake_cents == 5_000
    assert wished.pending["daily_stake_cents"].from_time == NOON + timedelta(hours=24)
    too_soon = change(wished, {"daily_stake_cents": 9_000}, NOON + timedelta(hours=23, minutes=59))
    assert too_soon == wished, "asking again does not shorten or lengthen the wait"
    yes = change(too_soon, {"daily_stake_cents": 9_000}, NOON + timedelta(hours=24))
    assert (yes.limits.daily_stake_cents, dict(yes.pending)) == (9_000, {})


def test_a_day_passing_alone_loosens_nothing() -> None:
    wished = change(change(NONE, {"parlays_per_day": 2}, NOON), {"parlays_per_day": None}, NOON)
    later = change(wished, {"session_minutes": 60}, NOON + timedelta(days=3))
    assert (later.limits.parlays_per_day, later.limits.session_minutes) == (2, 60)


def test_the_second_yes_may_be_for_less_and_for_more_it_waits_again() -> None:
    wished = change(change(NONE, {"weekly_stake_cents": 100}, NOON), {"weekly_stake_cents": 200}, NOON)
    next_day = NOON + timedelta(hours=25)
    assert change(wished, {"weekly_stake_cents": 150}, next_day).limits.weekly_stake_cents == 150
    more = change(wished, {"weekly_stake_cents": 300}, next_day)
    assert more.limits.weekly_stake_cents == 100
    assert more.pending["weekly_stake_cents"].wished_at == next_day


def test_tightening_ends_a_waiting_wish_and_an_old_wish_is_forgotten() -> None:
    wished = change(change(NONE, {"daily_stake_cents": 100}, NOON), {"daily_stake_cents": 200}, NOON)
    tightened = change(wished, {"daily_stake_cents": 50}, NOON + timedelta(hours=1))
    assert (tightened.limits.daily_stake_cents, dict(tightened.pending)) == (50, {})
    forgotten = change(wished, {"daily_stake_cents": 200}, NOON + timedelta(days=9))
    assert forgotten.limits.daily_stake_cents == 100


_values = st.one_of(st.none(), st.integers(0, 5))


@given(st.lists(st.tuples(_values, st.integers(0, 60)), max_size=30))
def test_nothing_is_looser_than_every_wish_of_a_day_ago(steps: list[tuple[int | None, int]]) -> None:
    """By a second calculation: what holds was asked for now, and if it loosens, asked for a day before as well."""

    def size(value: int | None) -> float:
        return float("inf") if value is None else value

    held, now = NONE, NOON
    asked: list[tuple[datetime, float]] = []
    for value, hours in steps:
        now += timedelta(hours=hours)
        before = size(held.limits.daily_stake_cents)
        held = change(held, {"daily_stake_cents": value}, now)
        after = size(held.limits.daily_stake_cents)
        if size(value) <= before:
            assert after == size(value)
        elif after > before:
            assert after == size(value)
            assert any(now - at >= timedelta(hours=24) and wish >= after for at, wish in asked)
        else:
            assert after == before
        asked.append((now, size(value)))


@pytest.mark.parametrize(
    ("held", "spent", "stake", "name"),
    [
        (Limits(), Spent(10**9, 10**9, 99, timedelta(days=9)), 10**6, None),
        (Limits(daily_stake_cents=1_000), Spent(600, 600, 1, timedelta()), 400, None),
        (Limits(daily_stake_cents=1_000), Spent(600, 600, 1, timedelta()), 401, "daily_stake_cents"),
        (Limits(weekly_stake_cents=1_000), Spent(0, 999, 0, timedelta()), 2, "weekly_stake_cents"),
        (Limits(parlays_per_day=2), Spent(0, 0, 1, timedelta()), 1, None),
        (Limits(parlays_per_day=2), Spent(0, 0, 2, timedelta()), 1, "parlays_per_day"),
        (Limits(session_minutes=60), Spent(0, 0, 0, timedelta(minutes=60)), 1, None),
        (Limits(session_minutes=60), Spent(0, 0, 0, timedelta(minutes=61)), 1, "session_minutes"),
    ],
)
def test_a_parlay_that_would_pass_a_limit_names_it(
    held: Limits, spent: Spent, stake: int, name: str | None
) -> None:
    assert reached(held, spent, stake) == name


def test_every_limit_has_its_check() -> None:
    beyond = Spent(10, 10, 10, timedelta(minutes=10))
    for name in limits.NAMES:
        assert reached(Limits(**{name: 1}), beyond, 1) == name


def test_an_exclusion_holds_to_its_end_and_a_shorter_one_ends_nothing() -> None:
    month, day, good = (exclusions.begin(days, NOON) for days in (30, 1, None))
    assert exclusions.longest([month, day], NOON) == month
    assert exclusions.longest([month, good, day], NOON) == good
    assert exclusions.longest([month, day], NOON + timedelta(days=29)) == month
    assert exclusions.longest([month, day], NOON + timedelta(days=30)) is None
    assert good.holds(NOON + timedelta(days=36_500))
    with pytest.raises(ValueError, match="1, 7, 30, 180, 365"):
        exclusions.begin(2, NOON)


def test_a_region_has_its_own_lines_first_and_what_it_lacks_is_its_countrys() -> None:
    massachusetts = packaged().help_of("US-MA")
    assert massachusetts.age == 21
    assert [line.region for line in massachusetts.helplines] == ["US-MA", "US", "US", ""]
    assert packaged().help_of("FR").age == 18
    nowhere = packaged().help_of("XX-YY")
    assert nowhere.age == 21
    assert [line.name for line in nowhere.helplines] == ["Gambling Therapy"]
    for region in packaged():
        assert packaged().help_of(region.code).helplines, region.code


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[US-NJ", "is not TOML"),
        ("[Jersey]\nage = 21", r"\[Jersey\] is not a region"),
        ("[US]\nages = 21", "may hold age, helplines, text"),
        ("[US]\nage = 21.5", "whole number of years"),
        ("[US]\nage = 12", "from 16 to 30"),
        ("[US]\nage = true", "whole number of years"),
        ("[US]\nhelplines = [{name = 'A'}]", "A needs a phone or a url"),
        ("[US]\nhelplines = [{name = 'A', url = 'javascript:alert(1)'}]", "must begin with https://"),
        ("[US]\nhelplines = [{phone = '1'}]", "needs a name"),
        ("US = 3", "may hold"),
    ],
)
def test_a_mistake_in_a_file_of_regions_is_named_with_its_place(text: str, mistake: str) -> None:
    with pytest.raises(regions.RegionsError, match=mistake):
        parse(text)


@pytest.mark.parametrize("text", ["", "U", "USA", "US-", "US-ABCD", "US_NJ", "ÜS", "US\n-NJ", "US-NJ\x00"])
def test_what_is_no_regions_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 3166"):
        regions.region_code(text)


@given(st.dates(date(1900, 1, 1), date(2015, 1, 1)), st.dates(date(2026, 1, 1), date(2030, 1, 1)))
def test_an_age_is_the_number_of_birthdays(born: date, today: date) -> None:
    birthdays = 0
    for year in range(born.year + 1, today.year + 1):
        try:
            birthday = born.replace(year=year)
        except ValueError:
            birthday = date(year, 3, 1)
        birthdays += birthday <= today
    assert regions.age_on(born, today) == birthdays
