"""The address of a priced parlay: its legs as a query, written and read."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

from pydantic import ValidationError

from ops.web.problems import invalid
from quartapp.api.parlays.requests import ParlayRequest

LEG = "leg"  # the parameter's name, by which errors name a leg too
_BETWEEN = "~"


def query_of(legs: Sequence[tuple[str, str, str, float | None]], bookmaker: str | None) -> str:
    """Return the query of a parlay: each leg is its game's id, market, outcome, and its point if one is asked for.

    >>> query_of([("g1", "h2h", "Boston Celtics", None), ("g2", "totals", "Over", 44.5)], "fanduel")
    'bookmaker=fanduel&leg=g1~h2h~Boston+Celtics&leg=g2~totals~Over~44.5'
    """
    written = [_BETWEEN.join([*leg[:3], *([] if leg[3] is None else [f"{leg[3]:g}"])]) for leg in legs]
    pairs = [*([("bookmaker", bookmaker)] if bookmaker else []), *((LEG, one) for one in written)]
    return urlencode(pairs, safe=_BETWEEN)


def read_query(query: bytes) -> ParlayRequest:
    """Return what a query asks. Raises ProblemError (422) naming the parameter."""
    legs: list[dict[str, object]] = []
    bookmaker: str | None = None
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name == LEG:
            parts = value.split(_BETWEEN)
            if len(parts) not in (3, 4):
                raise invalid(
                    f"{LEG}[{len(legs)}]", "must be GAME~MARKET~OUTCOME or GAME~MARKET~OUTCOME~POINT"
                )
            game, market, outcome, *point = parts
            legs.append(
                {"game_id": game, "market": market, "outcome": outcome}
                | ({"point": _number(point[0], len(legs))} if point else {})
            )
        elif name == "bookmaker" and bookmaker is None:
            bookmaker = value or None
        else:
            raise invalid(name, "is no parameter of this, or is there twice")
    try:
        return ParlayRequest.model_validate({"legs": legs, "bookmaker": bookmaker})
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        where = [part for part in first["loc"] if part != "legs"]
        field = f"{LEG}[{where[0]}]" if where and isinstance(where[0], int) else LEG
        raise invalid("bookmaker" if "bookmaker" in where else field, first["msg"]) from None


def _number(written: str, leg: int) -> float:
    try:
        return float(written)
    except ValueError:
        raise invalid(f"{LEG}[{leg}]", "has a point that is not a number") from None
