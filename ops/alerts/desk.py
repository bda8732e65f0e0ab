"""The one place that knows which troubles are open: told to the operators, and not yet over.

`trouble` records a failure and `well` closes it; both are idempotent, so that callers say what they see at each
look and remember nothing. What is open is read from the `alerts` table, because another process may have told it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from ops.alerts import table
from ops.database import session

if TYPE_CHECKING:
    from databases import Database

Severity = Literal["critical", "warning"]
Repeats = Literal["counted", "standing", "once"]

MARKS: dict[Severity, str] = {"critical": "🔴", "warning": "🟠"}
REREAD_AFTER = timedelta(seconds=30)  # so long a trouble that another process told may stay unknown here


class Desk:
    """Where one process reports troubles. Every method raises one of `Unavailable` without PostgreSQL."""

    def __init__(
        self,
        database: Database,
        holder: str,
        *,
        enabled: bool = True,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`holder` stands in messages that no run belongs to; `enabled` False records and sends nothing."""
        self._database = database
        self._holder = holder
        self._enabled = enabled
        self._wall = wall
        self._open: set[str] | None = None
        self._read_at = wall()
        self._told_at: dict[str, datetime] = {}

    async def trouble(
        self,
        cause: str,
        title: str,
        detail: str,
        severity: Severity = "critical",
        *,
        variety: str = "",
        correlation_id: str | None = None,
        repeats: Repeats = "counted",
    ) -> None:
        """Report that something is wrong; repeats within ten minutes are counted and not sent.

        Args:
            cause: names the trouble (``clock:redis``, ``job:results``); `well` closes it by this name.
            title: the message's first line, without a mark.
            detail: what happened and what to do; redacted.
            severity: chooses the mark.
            variety: tells kinds of one cause apart, each with a message of its own (a job's error class).
            correlation_id: the run or request to look up in the logs.
            repeats: "counted" records each one (failing runs); "standing" is for a state that every look sees again,
                told every ten minutes and not recorded in between; "once" is told once until it is over.
        """
        now, fingerprint = self._wall(), table.fingerprint(cause, variety)
        told_at = self._told_at.get(fingerprint)
        if repeats == "standing" and told_at is not None and now - told_at < table.DEDUPE_WINDOW:
            return
        if repeats == "once" and fingerprint in await self._known_open():
            return
        async with session(self._database) as connection:
            await table.raise_alert(
                connection,
                cause=cause,
                variety=variety,
                title=f"{MARKS[severity]} {title}",
                detail=detail,
                correlation_id=correlation_id or self._holder,
                now=now,
                enabled=self._enabled,
            )
        self._told_at[fingerprint] = now
        if self._open is not None:
            self._open.add(fingerprint)

    async def well(self, cause: str, *, correlation_id: str | None = None) -> bool:
        """Report that `cause` is not seen any more; return whether a trouble was open and is now closed."""
        if not any(table.belongs(fingerprint, cause) for fingerprint in await self._known_open()):
            return False
        async with session(self._database) as connection:
            closed = await table.raise_recovery(
                connection,
                cause=cause,
                correlation_id=correlation_id or self._holder,
                now=self._wall(),
                enabled=self._enabled,
            )
        self._open = {one for one in self._open or () if not table.belongs(one, cause)}
        self._told_at = {one: at for one, at in self._told_at.items() if not table.belongs(one, cause)}
        return closed

    def forget(self) -> None:
        """Read anew what is open at the next `well`: another process was in charge until now."""
        self._open = None

    async def _known_open(self) -> set[str]:
        now = self._wall()
        if self._open is None or abs(now - self._read_at) > REREAD_AFTER:
            async with session(self._database) as connection:
                self._open = set(await table.open_troubles(connection))
            self._read_at = now
        return self._open
