"""The shape of every answer about members and their care, once."""

from __future__ import annotations

from typing_extensions import TypedDict

from quartapp.publish.shapes import Time


class Helpline(TypedDict):
    """Who helps. `region` is empty for one that helps everywhere; `phone` where there is only a page."""

    region: str
    name: str
    phone: str
    url: str


class HelpContent(TypedDict):
    """What a person is told: the lawful age in years, who helps, a text."""

    age: int
    helplines: list[Helpline]
    text: str


class Help(HelpContent):
    """Where help is."""

    generated_at: Time


# --- limits and exclusions


class LimitValues(TypedDict):
    """A member's limits; null is none. Cents count over 24 hours and 7 days, in whatever currency."""

    daily_stake_cents: int | None
    weekly_stake_cents: int | None
    session_minutes: int | None
    parlays_per_day: int | None


class PendingLimit(TypedDict):
    """A looser limit that waits for a second yes, taken from `confirm_from` until `confirm_until`."""

    value: int | None
    confirm_from: Time
    confirm_until: Time


class MemberLimits(LimitValues):
    """A member's limits, and the looser ones that wait, by name."""

    pending: dict[str, PendingLimit]


class MemberExclusion(TypedDict):
    """An exclusion that holds; `until` null is for good."""

    began_at: Time
    until: Time | None


class ExclusionBegun(TypedDict):
    """What holds from now on, and who helps."""

    exclusion: MemberExclusion
    helplines: list[Helpline]
    text: str
