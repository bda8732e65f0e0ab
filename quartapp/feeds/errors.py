"""What can go wrong at an upstream. No message carries a URL's query, a key or a token."""

from __future__ import annotations


class FeedError(Exception):
    """An upstream did not give what was asked; data held before is kept."""


class FeedUnavailableError(FeedError):
    """The upstream could not be reached, hung, or answered with a server error."""


class FeedThrottledError(FeedError):
    """The upstream said 429; `retry_after_seconds` is its own word, when it gave one."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(message)


class FeedRefusedError(FeedError):
    """The upstream refused the key or the request; asking again would not help."""


class OutOfCreditsError(FeedRefusedError):
    """The Odds API account has no credits left this month."""


class FeedShapeError(FeedError):
    """The answer is not in the shape that is documented; the message names the first place."""
