"""Refuses an excluded account, with who helps where its owner lives."""

from __future__ import annotations

from ops.web.problems import ProblemError
from quartapp.accounts.member import Member
from quartapp.bot import texts
from quartapp.bot.library import Library, help_for


def refuse_excluded(library: Library, member: Member) -> None:
    """Raise ProblemError (403, code `excluded`) while a member is excluded."""
    if not member.excluded:
        return
    known = help_for(library, member.region)
    lines = known.at("helplines") if known else []
    raise ProblemError(
        403,
        f"{texts.EXCLUDED} {texts.NO_HELPLINE if not lines else 'The helplines of your region are in helplines.'}",
        code="excluded",
        more={"helplines": lines},
    )
