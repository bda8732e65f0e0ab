"""What a look at the system finds: troubles, how each is told, and the state that they make together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ops.alerts.desk import Repeats, Severity

State = Literal["ok", "degraded", "down"]


@dataclass(frozen=True, slots=True)
class Alert:
    """How a trouble is told to the operators."""

    title: str
    detail: str
    severity: Severity = "critical"
    repeats: Repeats = "standing"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is not as it should be.

    Attributes:
        code: its kind, a stable word for programs.
        text: what it is, for operators and visitors alike: without a secret and without a host's name.
        since: when it began; where that is not known, when it was first told, else when it was seen.
        cause: the name under which the desk keeps it open, if it has an alert.
        alert: how it is told; None where another tells it, or not yet.
        fatal: nothing is kept up to date while it lasts: the state is down.
        public: whether /api/status lists it.
    """

    code: str
    text: str
    since: datetime | None = None
    cause: str | None = None
    alert: Alert | None = None
    fatal: bool = False
    public: bool = True


@dataclass(frozen=True, slots=True)
class Findings:
    """What one look found: troubles, and the causes that it saw to be over. A cause in neither could not be judged."""

    troubles: tuple[Trouble, ...] = ()
    well: tuple[str, ...] = ()

    def __add__(self, other: Findings) -> Findings:
        return Findings(self.troubles + other.troubles, self.well + other.well)


def found(trouble: Trouble | None, cause: str) -> Findings:
    """Return a trouble as findings, and where there is none that its cause is over."""
    return Findings(well=(cause,)) if trouble is None else Findings((trouble,))


@dataclass(frozen=True, slots=True)
class Overview:
    """The verdict at one time."""

    at: datetime
    troubles: tuple[Trouble, ...] = ()
    well: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()
    crash_loops: tuple[str, ...] = ()
    versions_mixed: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """ok, degraded, or down while nothing is kept up to date."""
        return state_of(self.troubles)

    @property
    def public(self) -> Overview:
        """The same without what concerns only operators."""
        return replace(self, troubles=tuple(trouble for trouble in self.troubles if trouble.public))


def state_of(troubles: Collection[Trouble]) -> State:
    """Return the state that these troubles make."""
    if any(trouble.fatal for trouble in troubles):
        return "down"
    return "degraded" if troubles else "ok"
