"""Suggested parlays: chosen from prepared candidates, by the clock at the answer, at one bookmaker."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from quart import Response, request

from ops.web.problems import ProblemError, invalid, single
from quartapp.documents.derived import Computed, Turns, Work
from quartapp.documents.held import HeldDocuments
from quartapp.documents.prepared import Prepared
from quartapp.http.responses import respond_computed
from quartapp.odds.combined import GameLegs, fair, parlay_kelly, parlay_value
from quartapp.odds.exchanges import is_exchange
from quartapp.odds.fit import Model, scores
from quartapp.odds.formats import PriceError, both, decimal_to_fractional, display_american, to_decimal
from quartapp.odds.legs import Chances, Selection, Side
from quartapp.odds.parameters import from_parameters
from quartapp.odds.parlay import KELLY_FRACTION, MAX_LEGS, MIN_LEGS
from quartapp.odds.suggest import RISKS, Candidate, Ranked, Risk, choose, ranked, reason
from quartapp.odds.value import TOO_GOOD_EDGE
from quartapp.publish import addresses, parlay_shapes

READ_SPORTS = 64  # sports of which the candidates are remembered
MOST_EXPIRIES = 2_000
CAVEAT = "Legs of different games are priced as independent; legs of one game by its distribution of scores."
LARGEST_WHOLE = 2**53  # a browser knows no greater whole number


class Question(NamedTuple):
    """What is asked."""

    sport: str | None
    legs: int
    risk: Risk
    bookmaker: str | None
    same_game: bool


class SportCandidates(NamedTuple):
    """What may be suggested of one sport: by appetite and bookmaker, the best first."""

    generated_at: str
    source: str
    by_risk: dict[Risk, dict[str, list[Ranked]]]


class Suggestions:
    """Answers suggestions. An answer is kept until a document changes or one of its legs may not be suggested."""

    def __init__(self, documents: HeldDocuments) -> None:
        self._documents = documents
        self._candidates = Prepared(documents, prepare, READ_SPORTS)
        self._expiries: dict[str, tuple[int, datetime]] = {}

    async def answer(self) -> Response:
        """Return the answer to the current request."""
        question = read_question()
        now = datetime.now(UTC)
        asked = addresses.key_of(addresses.SUGGEST, request.query_string)
        turn, expires = self._expiries.get(asked, (0, None))
        if expires is not None and expires <= now:
            turn += 1
            self._expiries.pop(asked)
        # The key differs from any request's target, so only this route answers it, by the clock.
        key = f"{asked}#{turn}"
        return await respond_computed(
            self._documents, key, self._work(question, now, lambda until: self._remember(asked, turn, until))
        )

    def _remember(self, asked: str, turn: int, until: datetime) -> None:
        if len(self._expiries) >= MOST_EXPIRIES:
            self._expiries.pop(next(iter(self._expiries)))
        self._expiries[asked] = turn, until

    def _work(self, question: Question, now: datetime, remember: Any) -> Work:
        async def work(turns: Turns) -> Computed:
            sports = await self._sports(question.sport, turns)
            by_book: dict[str, list[list[Ranked]]] = {}
            for sport in sports:
                for book, lists in sport.by_risk[question.risk].items():
                    if question.bookmaker in (None, book):
                        by_book.setdefault(book, []).append(lists)
            best: tuple[float, str, list[Ranked]] | None = None
            for book in sorted(by_book):
                legs = choose(by_book[book], question.legs, now, same_game=question.same_game)
                await turns.rest()
                if legs is not None and (best is None or sum(one[0] for one in legs) < best[0]):
                    best = sum(one[0] for one in legs), book, legs
            if best is None:
                raise ProblemError(
                    404,
                    f"No bookmaker takes {question.legs} legs that suit {question.risk} now; ask for fewer.",
                )
            _, bookmaker, chosen = best
            legs_chosen = [one[3] for one in chosen]
            remember(min(one.expires() for one in legs_chosen))
            made_at = max(sport.generated_at for sport in sports)

            async def body() -> bytes:
                return orjson.dumps(render(question, bookmaker, legs_chosen, made_at, sports[0].source))

            result = (addresses.SUGGEST, question, bookmaker, tuple(one[1:3] for one in chosen))
            return Computed(result, body, datetime.fromisoformat(made_at), addresses.SUGGEST)

        return work

    async def _sports(self, sport: str | None, turns: Turns) -> list[SportCandidates]:
        keys = [addresses.analyses(sport)] if sport else sorted(self._documents.keys(addresses.ANALYSES_OF))
        sports: list[SportCandidates] = []
        for key in keys:
            if (found := self._candidates.of(key)) is not None:
                sports.append(found)
            await turns.rest()
        if sports:
            return sports
        if not self._documents.complete:
            raise ProblemError(503)
        raise ProblemError(404, "There is no such sport; see /api/sports.")


def read_question() -> Question:
    """Return what the current request asks. Raises ProblemError (422) naming the parameter."""
    given = single(request.args)
    for name in given:
        if name not in ("sport", "legs", "risk", "bookmaker", "same_game"):
            raise invalid(name, "is no parameter of this")
    legs = given.get("legs", "3")
    if not (legs.isascii() and legs.isdigit() and len(legs) <= 3 and MIN_LEGS <= int(legs) <= MAX_LEGS):
        raise invalid("legs", f"must be a whole number from {MIN_LEGS} to {MAX_LEGS}")
    wanted = given.get("risk", "balanced")
    wanted = "conservative" if wanted == "safe" else wanted  # the name of earlier versions
    risk = next((one for one in RISKS if one == wanted), None)
    if risk is None:
        raise invalid("risk", f"must be one of {', '.join(RISKS)}")
    if given.get("same_game", "false") not in ("true", "false"):
        raise invalid("same_game", "must be true or false")
    bookmaker = given.get("bookmaker") or None
    if bookmaker is not None and is_exchange(bookmaker):
        raise invalid("bookmaker", "is an exchange, which takes no parlay")
    return Question(given.get("sport") or None, int(legs), risk, bookmaker, given.get("same_game") == "true")


def prepare(body: bytes) -> SportCandidates:
    """Return the candidates of a sport's analyses."""
    page = orjson.loads(body)
    by_book: dict[str, list[Candidate]] = {}
    for analysis in page["analyses"]:
        if analysis.get("status", "scheduled") != "scheduled":  # an older version's page has none
            continue
        starts = datetime.fromisoformat(analysis["commence_time"])
        game = (analysis["sport_key"], analysis["home_team"], analysis["away_team"], starts)
        model = from_parameters(analysis["model"]["parameters"]) if analysis.get("model") else None
        for key, market in analysis["markets"].items():
            for book, offer in market.get("offers", {}).items():  # earlier versions publish none
                by_book.setdefault(book, []).extend(_candidates_of(analysis, game, key, market, offer, model))
    by_risk = {
        risk: {book: ranked(candidates, risk) for book, candidates in by_book.items()} for risk in RISKS
    }
    return SportCandidates(page["generated_at"], page["source"], by_risk)


def _candidates_of(
    analysis: dict[str, Any],
    game: tuple[str, str, str, datetime],
    key: str,
    market: dict[str, Any],
    offer: dict[str, Any],
    model: Model | None,
) -> list[Candidate]:
    form = offer["price_format"]
    decimals = {name: _decimal(price, form) for name, price in offer["prices"].items()}
    booksum = max(1.0, sum(1 / float(decimal) for decimal in decimals.values() if decimal))
    updated = datetime.fromisoformat(offer["updated_at"])
    sides: dict[str, Side] = {
        game[1]: "home", game[2]: "away", "Draw": "draw", "Over": "over", "Under": "under",
    }  # fmt: skip
    found: list[Candidate] = []
    for name, decimal in decimals.items():
        edge = offer["edges"].get(name)
        if decimal is None or edge is None or edge > TOO_GOOD_EDGE:
            continue  # nobody can say what it is worth, or it is too good to be there when the bet is placed
        point = market["point"]
        if point is not None and sides[name] == "away":
            point = 0.0 - point
        line = "" if point is None else f" {point:+g}"
        label = f"{name}{line} ({game[2]} at {game[1]})"
        bet = Selection(key, sides[name], point, market["kind"])  # type: ignore[arg-type]
        found.append(
            Candidate(
                game, analysis["game_id"], label, bet, name, offer["prices"][name], form, float(decimal),
                Chances(**market["fair"][name]), edge, market["books"], booksum, updated, model,
            )
        )  # fmt: skip
    return found


@lru_cache(maxsize=16_384)  # a slate quotes few different prices, and fractions are slow to make
def _decimal(price: str, form: Any) -> Fraction | None:
    try:
        return to_decimal(Decimal(price), form)
    except PriceError:
        return None


def render(
    question: Question, bookmaker: str, legs: list[Candidate], made_at: str, source: str
) -> parlay_shapes.SuggestedParlay:
    """Return the answer: the parlay as it can be placed at `bookmaker`."""
    by_game: dict[Any, list[Candidate]] = {}
    for leg in legs:
        by_game.setdefault(leg.game, []).append(leg)
    groups = [
        GameLegs(
            None if of_game[0].model is None else scores(of_game[0].model),
            tuple(leg.selection for leg in of_game),
            tuple(leg.chances for leg in of_game),
        )
        for of_game in by_game.values()
    ]
    whole = math.prod(
        (decimal for leg in legs if (decimal := _decimal(leg.price, leg.price_format))), start=Fraction(1)
    )
    own = fair(groups)
    same_game = len(by_game) < len(legs)
    american = display_american(whole)
    warnings = [
        f"{bookmaker} sets its own price for legs of one game; {float(whole):.4f} is the product of the legs' prices."
    ]
    return {
        "generated_at": made_at,
        "source": source,
        "sport": question.sport,
        "risk": question.risk,
        "bookmaker": bookmaker,
        "same_game": same_game,
        "price_decimal": round(float(whole), 4),
        "price_american": american if american <= LARGEST_WHOLE else float(american),
        "price_fractional": decimal_to_fractional(whole),
        "probability": own.probability,
        "expected_value": parlay_value(
            groups, [[leg.decimal for leg in of_game] for of_game in by_game.values()]
        ),
        "hold": 1 - math.prod(1 / leg.booksum for leg in legs),
        "kelly_stake": 0.0
        if same_game
        else parlay_kelly([leg.chances for leg in legs], [leg.decimal for leg in legs], KELLY_FRACTION),
        "kelly_fraction": KELLY_FRACTION,
        "warnings": warnings if same_game else [],
        "caveat": CAVEAT,
        "fair": {
            "probability": own.probability,
            "price_decimal": round(own.decimal, 4),
            "price_american": _american(own.decimal),
            "correlation": round(own.correlation, 6),
            "independent_price_decimal": round(own.independent_decimal, 4),
        },
        "reasons": [reason(leg) for leg in legs],
        "legs": [_shown(leg, bookmaker) for leg in legs],
    }


def _american(decimal: float) -> float:
    american = display_american(Fraction(decimal))
    return american if american <= LARGEST_WHOLE else float(american)


def _shown(leg: Candidate, bookmaker: str) -> parlay_shapes.SuggestedLeg:
    american, decimal = both(Decimal(leg.price), leg.price_format)  # type: ignore[arg-type]
    return {
        "game_id": leg.game_id,
        "market": leg.selection.market,
        "outcome": leg.outcome,
        "point": leg.selection.point,
        "bookmaker": bookmaker,
        "price_american": american,
        "price_decimal": decimal,
        "price": leg.price,
        "price_format": leg.price_format,
        "price_updated_at": leg.updated.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "probability": leg.chances.decisive,
        "win": leg.chances.win,
        "push": leg.chances.push,
        "half_win": leg.chances.half_win,
        "half_loss": leg.chances.half_loss,
        "loss": leg.chances.loss,
        "edge": leg.edge,
        "label": leg.label,
        "commence_time": leg.starts.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "started": False,
        "reason": reason(leg),
    }
