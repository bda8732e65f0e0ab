"""The shapes of what accounts are answered."""

from __future__ import annotations

from typing_extensions import TypedDict

from quartapp.publish.member_shapes import MemberExclusion, MemberLimits


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
