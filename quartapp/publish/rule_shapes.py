"""The fields of the settlement rules; see shapes.py."""

from __future__ import annotations

from typing_extensions import TypedDict

from quartapp.publish.shapes import Time


class RuleText(TypedDict):
    """A rule in words. `topic` is a key that stays."""

    topic: str
    text: str


class SportRules(TypedDict):
    """The rules of the sports whose keys begin with one of `keys`; of all others where that is empty.

    `minimum` is the play, in `unit`, without which a bet on a market is void; `minimum_ahead` the same where the home
    team leads. A market that is not named needs none. `source` is where they are taken from. `overtime` says whether
    play after regulation counts, `extra_time` whether there may be any that no source tells.
    """

    name: str
    keys: list[str]
    overtime: bool
    extra_time: bool
    postponed_hours: float
    longest_hours: float
    unit: str
    minimum: dict[str, float]
    minimum_ahead: dict[str, float]
    source: str


class SettlementRules(TypedDict):
    """How bets are graded: the same values that the grader uses."""

    rules: list[RuleText]
    sports: list[SportRules]
    corrected_hours: float


class RulesDocument(SettlementRules):
    """The settlement rules."""

    generated_at: Time
