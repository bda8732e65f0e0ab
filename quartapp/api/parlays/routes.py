"""Parlays: priced from the held documents, and suggested by appetite for risk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from quart import Blueprint, Response, request

from ops.web.policy import policy
from ops.web.problems import ProblemError, invalid, single
from quartapp.api.parlays.requests import LegRequest, ParlayRequest
from quartapp.documents.derived import Computed, Turns, Work
from quartapp.documents.held import HeldDocuments
from quartapp.documents.prepared import Prepared
from quartapp.http.bodies import body
from quartapp.http.responses import respond_computed
from quartapp.odds.formats import PriceError, american_to_decimal
from quartapp.odds.parlay import MAX_LEGS, MIN_LEGS, Candidate, Leg, ParlayPrice, Risk, price, suggest
from quartapp.publish import addresses, shapes

RISKS: tuple[Risk, ...] = ("safe", "balanced", "degen")
READ_GAMES, READ_SPORTS = 256, 64  # documents of which the parsed form is remembered
CAVEAT = "Legs are priced as independent; legs of one game are not."


@dataclass(frozen=True, slots=True)
class Resolved:
    """A leg found in the documents: what to price, and what to show."""

    leg: Leg
    shown: shapes.PricedLeg


def blueprint(documents: HeldDocuments) -> Blueprint:
    """Return the routes under /api/parlays."""
    parlays = Blueprint("parlays", __name__, url_prefix="/api/parlays")
    read = Prepared(documents, orjson.loads, READ_GAMES)
    candidates = Prepared(documents, _candidates, READ_SPORTS)

    @parlays.post("/price")
    @policy(cache="no-store", auth="none", limit=120)
    @body(ParlayRequest)
    async def price_parlay(body: ParlayRequest) -> Response:
        now = datetime.now(UTC)
        resolved = [resolve(documents, read, leg, f"legs[{n}]", now) for n, leg in enumerate(body.legs)]
        _each_market_once(resolved)
        answer: shapes.PricedParlay = {
            **describe(price([one.leg for one in resolved])),
            "legs": [one.shown for one in resolved],
        }
        return Response(orjson.dumps(answer), 200, content_type="application/json")

    @parlays.get("/suggest")
    @policy(cache="public", auth="none", limit=240)
    async def suggest_parlay() -> Response:
        sport, count, risk, same_game = _suggestion_query()
        key = addresses.key_of(addresses.SUGGEST, request.query_string)
        work = _suggestion(documents, candidates, sport, count, risk, same_game=same_game)
        return await respond_computed(documents, key, work)

    return parlays


def _each_market_once(resolved: list[Resolved]) -> None:
    """Refuse two legs on one market of a game: they are the same bet, or cannot both win."""
    seen: dict[tuple[str, str], int] = {}
    for number, one in enumerate(resolved):
        on = (one.shown["game_id"], one.shown["market"])
        if on in seen:
            raise invalid(f"legs[{number}].market", f"is the market of this game that legs[{seen[on]}] is on")
        seen[on] = number


def resolve(
    documents: HeldDocuments, read: Prepared[Any], wanted: LegRequest, place: str, now: datetime
) -> Resolved:
    """Return a leg as the documents have it. Raises ProblemError (422) naming the leg and the field."""
    published = read.of(addresses.game(wanted.game_id))
    analysis = read.of(addresses.analysis(wanted.game_id))
    if published is None or analysis is None:
        if not documents.complete:
            raise ProblemError(503)
        raise invalid(f"{place}.game_id", "is no game that we have")
    game = published["game"]
    if game["status"] in ("final", "cancelled", "unresolved"):
        raise invalid(f"{place}.game_id", "is a game that is over")
    market = analysis["analysis"]["markets"].get(wanted.market)
    if market is None:
        raise invalid(f"{place}.market", "is not quoted for this game")
    if wanted.outcome not in market["consensus"]:
        raise invalid(f"{place}.outcome", f"must be one of {', '.join(market['consensus'])}")
    return _found(game, market, wanted, place, now)


def _found(
    game: dict[str, Any], market: dict[str, Any], wanted: LegRequest, place: str, now: datetime
) -> Resolved:
    outcome = wanted.outcome
    bookmaker = wanted.bookmaker or market["best"][outcome]["bookmaker"]
    listed = next((book for book in game["bookmakers"] if book["key"] == bookmaker), None)
    quoted = next((m for m in listed["markets"] if m["key"] == wanted.market), None) if listed else None
    if quoted is None:
        raise invalid(f"{place}.bookmaker", "does not quote this market")
    selection = next((o for o in quoted["outcomes"] if o["name"] == outcome), None)
    if selection is None:
        raise invalid(f"{place}.bookmaker", "does not quote this outcome")
    point = wanted.point
    if point is not None and selection["point"] is None:
        raise invalid(f"{place}.point", "has no place here: this market has no line")
    if point is not None and point != selection["point"]:
        raise invalid(f"{place}.point", f"is not the book's line, which is {selection['point']}")
    consensus_point = _side_point(game, market, outcome, wanted.market)
    if wanted.market != "h2h" and selection["point"] != consensus_point:
        raise invalid(
            f"{place}.bookmaker",
            f"quotes {selection['point']}; a fair probability is known for {consensus_point} only",
        )
    decimals = [d for o in quoted["outcomes"] if (d := exact(o)) is not None]
    decimal = exact(selection)
    if decimal is None:
        raise invalid(f"{place}.outcome", "has no usable price")
    line = "" if selection["point"] is None else f" {selection['point']:+g}"
    label = f"{outcome}{line} ({game['away_team']} at {game['home_team']})"
    leg = Leg(
        game["id"],
        label,
        decimal,
        market["consensus"][outcome],
        max(1.0, sum(1 / float(d) for d in decimals)),
        started=datetime.fromisoformat(game["commence_time"]) <= now,
    )
    shown: shapes.PricedLeg = {
        "game_id": game["id"],
        "market": wanted.market,
        "outcome": outcome,
        "point": selection["point"],
        "bookmaker": bookmaker,
        "price_american": selection["price_american"],
        "price_decimal": selection["price_decimal"],
        "probability": leg.probability,
        "started": leg.started,
        "label": label,
    }
    return Resolved(leg, shown)


def _side_point(game: dict[str, Any], market: dict[str, Any], outcome: str, key: str) -> float | None:
    """Return the consensus line from the outcome's side: the away team's spread is the home team's negative."""
    point: float | None = market.get("point")
    if point is None or key != "spreads" or outcome == game["home_team"]:
        return point
    return -point if point else 0.0


def exact(outcome: dict[str, Any]) -> Fraction | None:
    """Return exact decimal odds of a rendered outcome; the American price is the exact one where it is whole."""
    return _exact(outcome["price_american"], outcome["price_decimal"])


@lru_cache(maxsize=16_384)  # a slate quotes few different prices, and fractions are slow to make
def _exact(american: float | None, decimal: float | None) -> Fraction | None:
    if decimal is None or decimal <= 1:
        return None
    shown = Fraction(str(decimal))
    try:
        of_american = american_to_decimal(Fraction(str(american)))
    except (PriceError, ValueError, TypeError):
        return shown
    # A price received as decimal has at most a few places; its American form was rounded to show it.
    return of_american if round(of_american, 4) == shown else shown


def describe(found: ParlayPrice) -> shapes.ParlayFigures:
    """Return a priced parlay for JSON."""
    return {
        "price_decimal": round(float(found.decimal), 4),
        # Past 2^53 a whole number is none to a browser any more, and past 2^64 none to the encoder.
        "price_american": found.american if found.american <= 2**53 else float(found.american),
        "price_fractional": found.fractional,
        "probability": found.probability,
        "expected_value": found.expected_value,
        "hold": found.hold,
        "kelly_stake": found.kelly_stake,
        "kelly_fraction": 0.25,
        "warnings": list(found.warnings),
        "caveat": CAVEAT,
    }


def _suggestion_query() -> tuple[str | None, int, Risk, bool]:
    given = single(request.args)
    for name in given:
        if name not in ("sport", "legs", "risk", "same_game"):
            raise invalid(name, "is no parameter of this")
    legs = given.get("legs", "3")
    if not (legs.isascii() and legs.isdigit() and len(legs) <= 3 and MIN_LEGS <= int(legs) <= MAX_LEGS):
        raise invalid("legs", f"must be a whole number from {MIN_LEGS} to {MAX_LEGS}")
    risk = next((one for one in RISKS if one == given.get("risk", "balanced")), None)
    if risk is None:
        raise invalid("risk", f"must be one of {', '.join(RISKS)}")
    if given.get("same_game", "false") not in ("true", "false"):
        raise invalid("same_game", "must be true or false")
    return given.get("sport") or None, int(legs), risk, given.get("same_game") == "true"


class SportCandidates(NamedTuple):
    """What may be suggested of one sport, and how each leg is shown."""

    generated_at: str
    source: str
    candidates: list[Candidate]
    shown: dict[tuple[str, str], shapes.ParlayLeg]


def _suggestion(
    documents: HeldDocuments,
    candidates: Prepared[SportCandidates],
    sport: str | None,
    count: int,
    risk: Risk,
    *,
    same_game: bool,
) -> Work:
    async def work(turns: Turns) -> Computed:
        keys = [addresses.analyses(sport)] if sport else sorted(documents.keys(addresses.ANALYSES_OF))
        sports: list[SportCandidates] = []
        for key in keys:
            if (found := candidates.of(key)) is not None:
                sports.append(found)
            await turns.rest()
        if not sports:
            if not documents.complete:
                raise ProblemError(503)
            raise ProblemError(404, "There is no such sport; see /api/sports.")
        made_at = max(one.generated_at for one in sports)

        async def render() -> bytes:
            every = [candidate for one in sports for candidate in one.candidates]
            suggestion = suggest(every, count, risk, same_game=same_game)
            if suggestion is None:
                raise ProblemError(
                    404, f"There are not {count} legs that suit {risk} now; ask for fewer legs."
                )
            shown = {key: leg for one in sports for key, leg in one.shown.items()}
            answer: shapes.SuggestedParlay = {
                "generated_at": made_at,
                "source": sports[0].source,
                "sport": sport,
                "risk": risk,
                **describe(price([one.leg for one in suggestion.legs])),
                "legs": [
                    {**shown[one.leg.game_id, one.leg.label], "reason": reason}
                    for one, reason in zip(suggestion.legs, suggestion.reasons, strict=True)
                ],
            }
            return orjson.dumps(answer)

        return Computed(
            (addresses.SUGGEST, sport, count, risk, same_game),
            render,
            datetime.fromisoformat(made_at),
            addresses.SUGGEST,
        )

    return work


def _candidates(body: bytes) -> SportCandidates:
    page = orjson.loads(body)
    candidates: list[Candidate] = []
    shown: dict[tuple[str, str], shapes.ParlayLeg] = {}
    for one in page["analyses"]:
        # By the document's own time and not the clock's: equal documents give equal suggestions.
        # The page changes when a game's status does; an older version's page has none.
        started = (
            one.get("status", "scheduled") != "scheduled" or one["commence_time"] <= page["generated_at"]
        )
        for key, market in one["markets"].items():
            for name, best in market["best"].items():
                decimal = exact(best)
                if decimal is None:
                    continue
                point = _side_point(one, market, name, key)
                line = "" if point is None else f" {point:+g}"
                label = f"{name}{line} ({one['away_team']} at {one['home_team']})"
                booksum = max(1.0, 1 / (1 - market["hold"]))
                leg = Leg(one["game_id"], label, decimal, market["consensus"][name], booksum, started=started)
                candidates.append(Candidate(leg, page["sport"], market["books"], key))
                shown[one["game_id"], label] = {
                    "game_id": one["game_id"], "market": key, "outcome": name, "point": point,
                    "bookmaker": best["bookmaker"], "price_american": best["price_american"],
                    "price_decimal": best["price_decimal"], "probability": leg.probability, "label": label,
                }  # fmt: skip
    return SportCandidates(page["generated_at"], page["source"], candidates, shown)
