"""What a failed check means and what mends it. No line holds what a server or driver said: that may quote a URL."""

from __future__ import annotations

import socket
import ssl

import asyncpg
from redis.exceptions import AuthenticationError, NoPermissionError, ReadOnlyError, ResponseError

from ops.lazy_redis import RedisUnavailableError
from quartapp.feeds.errors import (
    FeedError,
    FeedRefusedError,
    FeedShapeError,
    FeedThrottledError,
    FeedUnavailableError,
    OutOfCreditsError,
)

REFUSED_KEY = (401, 403)


def mend_of(problem: Exception) -> str:
    """Return one line for an operator: what `problem` means, and what to do."""
    if isinstance(problem, FeedError):
        return _feed(problem)
    if isinstance(problem, asyncpg.PostgresError | asyncpg.InterfaceError):
        return _postgresql(problem)
    if isinstance(problem, RedisUnavailableError):
        return _redis(problem)
    return f"{_reach(problem)}; check its URL and the network"


def _postgresql(problem: asyncpg.PostgresError | asyncpg.InterfaceError) -> str:
    match problem:
        case asyncpg.InvalidPasswordError():
            # PostgreSQL says the same of both, so that nobody can try which users there are.
            return (
                "PostgreSQL refuses the password, or does not know the user. Correct either in DATABASE_URL"
            )
        case asyncpg.InvalidAuthorizationSpecificationError():
            return (
                "PostgreSQL does not know the user, or pg_hba.conf does not let it in from here. "
                "Correct the user in DATABASE_URL, or create it (CREATE ROLE ... LOGIN)"
            )
        case asyncpg.InvalidCatalogNameError():
            return (
                "PostgreSQL has no database of that name. "
                "Correct the name in DATABASE_URL, or create it (CREATE DATABASE)"
            )
        case asyncpg.TooManyConnectionsError():
            return "PostgreSQL has no free connection. Lower DATABASE_POOL_MAX, or raise max_connections"
        case asyncpg.CannotConnectNowError():
            return "PostgreSQL is starting or stopping. Wait, then ask again"
        case asyncpg.InsufficientPrivilegeError():
            return "PostgreSQL's user lacks a right. Grant it CONNECT and the tables of this database"
        case _:
            return f"PostgreSQL answers with {type(problem).__name__}. Its own log says more"


def _redis(problem: RedisUnavailableError) -> str:
    match problem.__cause__:
        case AuthenticationError():
            return "Redis refuses the user or the password, or wants one. Correct either in REDIS_URL"
        case NoPermissionError():
            return "Redis does not let this user write. Grant it all keys and commands (ACL SETUSER)"
        case ReadOnlyError():
            return "Redis is a replica and takes no writes. Name the primary in REDIS_URL"
        case ResponseError() if "DB index" in str(problem):
            return "Redis has no database of that number. Correct the number at the end of REDIS_URL"
        case ResponseError():
            return "Redis answers, but refuses commands. Its own log says more"
        case _:
            return f"{_reach(problem)}; check its URL (REDIS_URL) and the network"


def _feed(problem: FeedError) -> str:
    match problem:
        case OutOfCreditsError():
            return f"{problem}. Wait for the month to end, or take a larger plan"
        case FeedRefusedError() if problem.status in REFUSED_KEY:
            return f"{problem}. Check THE_ODDS_API_KEY"
        case FeedThrottledError():
            return f"{problem}. Wait a minute, then ask again"
        case FeedUnavailableError():
            return f"{problem}. Check ODDS_API_BASE_URL and the network"
        case FeedRefusedError() | FeedShapeError():
            return f"{problem}. Check that ODDS_API_BASE_URL is The Odds API's"
        case _:
            return str(problem)


def _reach(problem: Exception) -> str:
    """Say how far the way to a server went, as far as the class of `problem` tells."""
    causes = [problem, problem.__cause__, problem.__context__]
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return f"{type(problem).__name__}: cannot be reached, because its host's name is not known"
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return f"{type(problem).__name__}: cannot be reached, because TLS fails"
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return f"{type(problem).__name__}: cannot be reached in time"
    return f"{type(problem).__name__}: cannot be reached"
