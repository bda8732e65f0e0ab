"""What can go wrong at an upstream. No message carries a URL's query, a key or a token.

Every one of them means: nothing was taken from this answer, and what is held already stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quartapp.records import AccountCredits


class FeedError(Exception):
    """An upstream did not give what was asked.

    `retry_after_seconds` is its own word on when to come back, when it gave one; `credits` is what the
    answers cost all the same, when they came from an upstream that charges.
    """

    credits: AccountCredits | None = None

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


class FeedUnavailableError(FeedError):
    """The upstream could not be reached, broke off, or answered with a server error."""


class FeedTimeoutError(FeedUnavailableError):
    """The upstream did not answer in time."""


class FeedThrottledError(FeedError):
    """The upstream said 429: asked too often."""


class FeedRefusedError(FeedError):
    """The upstream refused the key or the request; asking again would not help.

    `status` is its HTTP status (None when the request could not even be made) and `code` its
    machine-readable reason, when it gave one.
    """

    def __init__(self, message: str, status: int | None = None, code: str | None = None) -> None:
        self.status = status
        self.code = code
        super().__init__(message)


class OutOfCreditsError(FeedRefusedError):
    """The Odds API account has no credits left this month."""


class FeedShapeError(FeedError):
    """The answer is not in the shape that is documented; the message names the first place."""
