"""A member's own limits: tighter at once, looser after a day and a second yes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

LOOSER_AFTER = timedelta(hours=24)
LOOSER_WITHIN = timedelta(days=7)  # a wish that nobody confirms is forgotten


@dataclass(frozen=True, slots=True)
class Limits:
    """What a member allows themselves; None is no limit. Stakes are whole cents of the parlay's currency.

    `daily_stake_cents` and `parlays_per_day` count the last 24 hours, `weekly_stake_cents` the last 7 days: a
    calendar's day would let a member stake two days' limits around midnight. `session_minutes`: since log-in.
    """

    daily_stake_cents: int | None = None
    weekly_stake_cents: int | None = None
    session_minutes: int | None = None
    parlays_per_day: int | None = None


NAMES: tuple[str, ...] = tuple(field.name for field in fields(Limits))


@dataclass(frozen=True, slots=True)
class Wish:
    """A looser limit that waits: its value (None: no limit), when it was wished, from when it may be confirmed."""

    value: int | None
    wished_at: datetime

    @property
    def from_time(self) -> datetime:
        """When a second yes is taken."""
        return self.wished_at + LOOSER_AFTER

    @property
    def until_time(self) -> datetime:
        """When the wish is forgotten."""
        return self.from_time + LOOSER_WITHIN


@dataclass(frozen=True, slots=True)
class Held:
    """A member's limits, and the looser ones that wait, by name."""

    limits: Limits
    pending: Mapping[str, Wish]


def looser(new: int | None, old: int | None) -> bool:
    """Return whether a limit allows more than another.

    >>> looser(None, 5), looser(6, 5), looser(5, 5), looser(5, None)
    (True, True, False, False)
    """
    return old is not None and (new is None or new > old)


def change(held: Held, wanted: Mapping[str, int | None], now: datetime) -> Held:
    """Return what holds after a member asked for `wanted`.

    A tighter limit holds at once and ends a waiting wish for a looser one. A looser one waits 24 hours; asked
    for again after that (and within a week) it holds. The second yes may be for less than the first was, and
    then only that much is granted; asking for more begins the wait anew.
    """
    values = {name: getattr(held.limits, name) for name in NAMES}
    pending = {name: wish for name, wish in held.pending.items() if now < wish.until_time}
    for name, value in wanted.items():
        if not looser(value, values[name]):
            values[name] = value
            pending.pop(name, None)
            continue
        wish = pending.get(name)
        if wish is None or looser(value, wish.value):
            pending[name] = Wish(value, now)
        elif now >= wish.from_time:
            values[name] = value
            del pending[name]
    return Held(Limits(**values), pending)
