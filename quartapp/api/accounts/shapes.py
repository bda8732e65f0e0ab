"""The shapes of what accounts are answered."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from quartapp.publish.member_shapes import LimitValues, MemberExclusion, MemberLimits, SavedParlay


class Me(TypedDict):
    """A member."""

    id: str
    email: str
    region: str
    created_at: str


class MeInFull(Me):
    """A member, their limits, and the exclusion that holds."""

    limits: MemberLimits
    exclusion: MemberExclusion | None


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


class SignedIn(TypedDict):
    """A member and an access token; the refresh token is in the cookie. `expires_in` is in seconds."""

    user: Me
    access_token: str
    expires_in: int


class Registered(TypedDict):
    """A new member. The recovery codes are never shown again."""

    user: Me
    access_token: str
    expires_in: int
    recovery_codes: list[str]


class Refreshed(TypedDict):
    """The next access token."""

    access_token: str
    expires_in: int


class RecoveryCodes(TypedDict):
    """New recovery codes in place of the old ones."""

    recovery_codes: list[str]


class SessionShown(TypedDict):
    """Where a member is logged in. `current` is the session of the token that asked."""

    id: str
    created_at: str
    refreshed_at: str
    expires_at: str
    user_agent: str
    current: bool


class Sessions(TypedDict):
    """The sessions that are alive, the newest first."""

    sessions: list[SessionShown]
