"""Cron lines in a named time zone, with both nights of daylight saving time right. Pure: time comes in.

croniter knows the cron language; what it is not trusted with is the local clock's gap and overlap. So it
is asked about naive local time, where every calendar day looks alike, and the answer is placed in the
zone here: a fixed daily time runs once on every calendar day (at the first of two equal local times, and
after the gap when the local time does not exist), while lines that step through hours or minutes fire in
real time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, CroniterError, croniter

__all__ = ["Schedule", "ScheduleError"]

_RANDOM = re.compile(r"(?<![A-Z])R(?![A-Z])")  # the field R or R(0-30), not a month's or a day's name


class ScheduleError(ValueError):
    """A schedule that cannot be used; the message names the job or its variable, the line and the reason."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job is due: a cron line and its zone. Make it with `parse`."""

    line: str
    zone: ZoneInfo
    hour_is_fixed: bool

    @classmethod
    def parse(cls, name: str, line: str, timezone: str) -> Schedule:
        """Return the schedule that errors call `name`.

        Raises:
            ScheduleError: the line is not cron, or names a moment that never comes (30 February).
        """
        fields = line.split()
        if len(fields) not in (5, 6):
            raise ScheduleError(
                f"{name}: {line!r} has {len(fields)} fields; a schedule has 5, or 6 with seconds."
            )
        if _RANDOM.search(line.upper()):
            # croniter draws such a field anew at each question: every process would have its own schedule.
            raise ScheduleError(f"{name}: {line!r} has a random field (R); write the moment itself.")
        try:
            croniter(line, datetime(2026, 1, 1, tzinfo=UTC), max_years_between_matches=9).get_next(datetime)
        except CroniterBadDateError:
            raise ScheduleError(f"{name}: {line!r} can never fire.") from None
        except (CroniterError, ValueError, KeyError) as problem:
            raise ScheduleError(f"{name}: {line!r} is no cron line ({problem}).") from None
        # "30 1 * * *" means 01:30 by the wall; "30 * * * *" and "0 */2 * * *" mean an interval.
        hour_is_fixed = not any(mark in fields[1] for mark in "*/-")
        return cls(line, ZoneInfo(timezone), hour_is_fixed)

    def next_after(self, moment: datetime) -> datetime:
        """Return the first tick strictly after `moment`, both aware; the answer is in UTC."""
        return next(self.ticks_after(moment))

    def ticks_after(self, moment: datetime) -> Iterator[datetime]:
        """Yield every tick strictly after `moment`, in order, in UTC."""
        moment = moment.astimezone(UTC)
        if self.hour_is_fixed:
            yield from self._wall_ticks(moment)
        else:
            yield from self._real_ticks(moment)

    def ticks_between(self, after: datetime, until: datetime) -> list[datetime]:
        """Return the ticks in (after, until]."""
        found: list[datetime] = []
        for tick in self.ticks_after(after):
            if tick > until:
                break
            found.append(tick)
        return found

    def last_between(self, after: datetime, until: datetime) -> datetime | None:
        """Return the newest tick in (after, until], without walking through all of them."""
        span = timedelta(minutes=1)
        while True:
            start = max(after, until - span)
            found = self.ticks_between(start, until)
            if found or start == after:
                return found[-1] if found else None
            span *= 8

    def _wall_ticks(self, moment: datetime) -> Iterator[datetime]:
        # Start a day early in naive local time: what a gap pushes late or an overlap folds is not missed.
        local = moment.astimezone(self.zone).replace(tzinfo=None)
        walk = croniter(self.line, local - timedelta(days=1), max_years_between_matches=9)
        last = moment
        while True:
            tick = self._place(walk.get_next(datetime))
            if tick > last:  # two wall times in a gap land on one moment: it fires once
                last = tick
                yield tick

    def _place(self, naive: datetime) -> datetime:
        first = naive.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
        if first.astimezone(self.zone).replace(tzinfo=None) == naive:
            return first
        # In the gap: the first moment that exists after it, 03:00 for a night that skips 02:00 to 03:00.
        return self._offset_change(first - timedelta(hours=6), first + timedelta(hours=6))

    def _real_ticks(self, moment: datetime) -> Iterator[datetime]:
        # Between two changes of the zone's offset local time is as even as real time: walk naive local
        # time there, and begin anew at the change.
        start = moment
        while True:
            offset = _offset(self.zone, start)
            walk = croniter(self.line, start.replace(tzinfo=None) + offset, max_years_between_matches=9)
            tick = start
            while _offset(self.zone, tick) == offset:
                if tick is not start:
                    yield tick
                before, tick = tick, (walk.get_next(datetime) - offset).replace(tzinfo=UTC)
            change = self._offset_change(before, tick)
            start = change - timedelta(microseconds=1)  # a tick at the very change counts as after it
            walk_on = croniter(
                self.line,
                change.replace(tzinfo=None) + _offset(self.zone, change) - timedelta(microseconds=1),
                max_years_between_matches=9,
            )
            first = (walk_on.get_next(datetime) - _offset(self.zone, change)).replace(tzinfo=UTC)
            yield first
            start = first

    def _offset_change(self, low: datetime, high: datetime) -> datetime:
        """Return the first moment after `low` with another offset than `low` has; one is before `high`."""
        offset = _offset(self.zone, low)
        early = int(low.timestamp())
        late = early
        while _offset(self.zone, datetime.fromtimestamp(late, UTC)) == offset:
            early, late = late, min(late + 7 * 86_400, int(high.timestamp()))
        while late - early > 1:
            middle = (early + late) // 2
            if _offset(self.zone, datetime.fromtimestamp(middle, UTC)) == offset:
                early = middle
            else:
                late = middle
        return datetime.fromtimestamp(late, UTC)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
