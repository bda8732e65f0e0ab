"""What may be asked of /api/games, read from a request's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from ops.web.problems import invalid
from quartapp.publish.addresses import parameters_of
from quartapp.publish.cursor import CursorError, decode

FINISHED = "final"  # listed only when asked for, and for good
STATUSES = ("scheduled", "live", "postponed", "unresolved", FINISHED)
DEFAULT_LIMIT, MAX_LIMIT = 100, 500
PARAMETERS = ("sport", "limit", "cursor", "from", "to", "market", "bookmaker", "status")


@dataclass(frozen=True, slots=True)
class GameQuery:
    """What a frontend asks of /api/games. Both ends of the time are included."""

    sport: str | None = None
    limit: int = DEFAULT_LIMIT
    after: tuple[datetime, str] | None = None
    starts_from: datetime | None = None
    starts_to: datetime | None = None
    market: str | None = None
    bookmaker: str | None = None
    status: str | None = None

    @classmethod
    def parse(cls, parameters: Mapping[str, str]) -> GameQuery:
        """Return the query of request parameters. Raises ProblemError (422) naming the parameter."""
        for name in parameters:
            if name not in PARAMETERS:
                raise invalid(name, f"is unknown; known: {', '.join(PARAMETERS)}")
        status = parameters.get("status") or None
        if status is not None and status not in STATUSES:
            raise invalid("status", f"must be one of {', '.join(STATUSES)}")
        try:
            after = decode(parameters["cursor"]) if parameters.get("cursor") else None
        except CursorError as problem:
            raise invalid("cursor", str(problem)) from None
        if status == FINISHED:
            for name in ("market", "bookmaker"):
                if parameters.get(name):
                    raise invalid(
                        name, "asks for prices, and lists of finished games have none; see /api/game/ID"
                    )
        return cls(
            parameters.get("sport") or None,
            _limit(parameters.get("limit")),
            after,
            parse_time("from", parameters.get("from"), time.min),
            parse_time("to", parameters.get("to"), time.max),
            parameters.get("market") or None,
            parameters.get("bookmaker") or None,
            status,
        )


def read_query(query: bytes) -> GameQuery:
    """Return what a request's query asks. Raises ProblemError (422) naming the parameter."""
    pairs = parameters_of(query)
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        names = [name for name, _ in pairs]
        raise invalid(next(name for name in names if names.count(name) > 1), "is given more than once")
    return GameQuery.parse(parameters)


def _limit(text: str | None) -> int:
    if not text:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MAX_LIMIT):
        raise invalid("limit", f"must be a whole number from 1 to {MAX_LIMIT}")
    return int(text)


def parse_time(name: str, text: str | None, of_a_date: time) -> datetime | None:
    """Return the time that `text` names, in UTC; a date alone names its time `of_a_date`.

    >>> parse_time("to", "2027-01-05", time.max).isoformat()
    '2027-01-05T23:59:59.999999+00:00'
    >>> parse_time("to", "2027-01-05t18:00:00z", time.max).isoformat()
    '2027-01-05T18:00:00+00:00'
    """
    if not text:
        return None
    text = text.upper()  # RFC 3339 allows t and z
    try:
        return datetime.combine(date.fromisoformat(text), of_a_date, UTC)
    except ValueError:
        pass
    try:
        # A plus sign in a query is a space once it is decoded.
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise invalid(name, "is out of range") from None
    except ValueError:
        raise invalid(name, "must be a date or an RFC 3339 time") from None
