"""The refusal of an excluded account: 403, the code `excluded`, and who helps where the member lives."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ops.web.problems import ProblemError
from quartapp.accounts.member import Member
from quartapp.members import exclusions
from quartapp.publish.game import format_time, moment
from quartapp.publish.help import Helper
from quartapp.store import exclusions as kept_exclusions

if TYPE_CHECKING:
    from databases.core import Connection


def refuse_excluded(helper: Helper, member: Member) -> None:
    """Raise ProblemError while a member is excluded, by what this process knows: at most a second old."""
    if member.excluded:
        raise _refusal(helper, member, member.excluded_until)


async def refuse_excluded_now(connection: Connection, helper: Helper, member: Member) -> None:
    """Raise ProblemError while a member is excluded, by the word of the database."""
    held = exclusions.longest(await kept_exclusions.of(connection, member.id), datetime.now(UTC))
    if held is not None:
        raise _refusal(helper, member, held.until)


def _refusal(helper: Helper, member: Member, until: datetime | None) -> ProblemError:
    known = helper.of(member.region)
    end = "for good" if until is None else f"until {format_time(until)}"
    return ProblemError(
        403,
        f"This account is excluded {end}, as its owner asked. {known['text']}",
        code="excluded",
        more={"until": moment(until), "helplines": known["helplines"], "help": known["text"]},
    )
