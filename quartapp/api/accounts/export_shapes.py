"""The shape of what a member takes along."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from quartapp.publish.member_shapes import LimitValues
from quartapp.publish.saved_shapes import SavedParlay

Kept = Annotated[
    list[dict[str, str | int | float | bool | None]], Field(description="Rows as they are kept.")
]


class WishKept(TypedDict):
    """A looser limit that waits."""

    value: int | None
    wished_at: str


class LimitsKept(TypedDict):
    """Limits as they are kept."""

    limits: LimitValues
    pending: dict[str, WishKept]
    updated_at: str


class Export(TypedDict):
    """Everything that is kept of a member, but for hashes of passwords, tokens and codes."""

    exported_at: str
    account: Kept
    sessions: Kept
    recovery_codes: Kept
    password_resets: Kept
    account_events: Kept
    account_audit: Kept
    limits: list[LimitsKept]
    stakes: Kept
    exclusions: Kept
    conversations: Kept
    conversation_turns: Kept
    parlays: list[SavedParlay]
