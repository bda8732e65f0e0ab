"""Suggested parlays: by the clock at the answer, at one bookmaker, priced exactly as /api/parlays/price does.

An answer is kept until a document changes, or until one of its legs may not be suggested any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import orjson
from quart import Response, request
from werkzeug.datastructures import MultiDict

from ops.web.problems import invalid, single
from quartapp.api.parlays import pricing
from quartapp.api.parlays.candidates import Candidates, Ranking
from quartapp.api.parlays.games import Games
from quartapp.api.parlays.legs import At, Leg, Together, leg_of, together
from quartapp.api.parlays.written import Ages, json_list
from quartapp.documents.derived import AbsentError, Computed, Turns, Work
from quartapp.documents.held import HeldDocuments
from quartapp.http.responses import respond_computed
from quartapp.odds.exchanges import is_exchange
from quartapp.odds.parlay import MAX_SUGGESTED_LEGS, MIN_LEGS
from quartapp.odds.suggest import RISKS, Candidate, Ranked, Risk, choose, reason
from quartapp.publish import addresses, parlay_shapes


class Question(NamedTuple):
    """What is asked."""

    sport: str | None
    legs: int
    risk: Risk
    bookmaker: str | None
    same_game: bool


class Suggested(NamedTuple):
    """A parlay that can be placed at one bookmaker, and until when it may be suggested."""

    bookmaker: str
    candidates: tuple[Candidate, ...]
    legs: tuple[Leg, ...]
    at: tuple[At, ...]
    whole: Together
    offers: pricing.Offers

    @property
    def expires(self) -> datetime:
        """From when on one of its legs may not be suggested."""
        return min([at.until for at in self.at])


class Suggestions:
    """Answers suggestions."""

    def __init__(
        self,
        documents: HeldDocuments,
        games: Games,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._documents = documents
        self._games = games
        self._clock = clock
        self._candidates = Candidates(documents)

    async def answer(self) -> Response:
        """Return the answer to the current request."""
        key, work = self.read(request.query_string)
        return await respond_computed(self._documents, key, work)

    def read(self, query: bytes) -> tuple[str, Work]:
        """Return what a query asks: its key and the work. Raises ProblemError (422) naming the parameter."""
        question = read_question(addresses.parameters_of(query))
        return addresses.key_of(addresses.SUGGEST, query), self.question(question)

    def question(self, question: Question) -> Work:
        """Return the work of answering a question."""

        async def work(turns: Turns) -> Computed:
            now = self._clock()
            ranking = await self._candidates.ranking(question.sport, question.risk, turns)
            suggested = await self._suggest(question, ranking, now, turns)

            async def body() -> bytes:
                return render(question, suggested, ranking)

            chosen = tuple((one.bet.game_id, one.bet.label) for one in suggested.candidates)
            return Computed(
                (addresses.SUGGEST, question, suggested.bookmaker, chosen),
                body,
                datetime.fromisoformat(ranking.generated_at),
                addresses.SUGGEST,
                expires_at=suggested.expires.timestamp(),
            )

        return work

    async def _suggest(self, question: Question, ranking: Ranking, now: datetime, turns: Turns) -> Suggested:
        """Return the best parlay of one bookmaker. Raises AbsentError: as time goes by there are only fewer."""
        found: list[tuple[float, str, list[Ranked]]] = []
        for book, items in ranking.by_book.items():
            if question.bookmaker in (None, book):
                legs = choose(items, question.legs, now, same_game=question.same_game)
                if legs is not None:
                    found.append((sum(one[0] for one in legs), book, legs))
                await turns.rest()
        for _, book, chosen in sorted(found, key=lambda one: one[:2]):
            suggested = self._placed(book, [one[3] for one in chosen], now)
            if suggested is not None:
                return suggested
            await turns.rest()
        raise AbsentError(
            f"No bookmaker takes {question.legs} legs that suit {question.risk} now; ask for fewer."
        )

    def _placed(self, book: str, chosen: Sequence[Candidate], now: datetime) -> Suggested | None:
        """Return the parlay as it is priced; None where a game's own documents do not let it be placed."""
        legs: list[Leg] = []
        quoted: list[At] = []
        for one in chosen:
            bet = one.bet
            game = self._games.of(bet.game_id)
            if game is None:
                return None
            leg = leg_of(game, bet.selection.market, bet.outcome, bet.selection.point, "legs")
            at = leg.at(book, now)
            if at is None or game.starts <= now:
                return None
            legs.append(leg)
            quoted.append(at)
        whole = together(legs)
        offers = pricing.offers(legs, now, book, same_game=whole.same_game)
        return Suggested(book, tuple(chosen), tuple(legs), tuple(quoted), whole, offers)


def read_question(parameters: Sequence[tuple[str, str]]) -> Question:
    """Return what these parameters ask. Raises ProblemError (422) naming the parameter."""
    given = dict(parameters)
    if len(given) < len(parameters):
        given = single(MultiDict(parameters))
    for name in given:
        if name not in ("sport", "legs", "risk", "bookmaker", "same_game"):
            raise invalid(name, "is no parameter of this")
    legs = given.get("legs", "3")
    if not (
        legs.isascii() and legs.isdigit() and len(legs) <= 3 and MIN_LEGS <= int(legs) <= MAX_SUGGESTED_LEGS
    ):
        raise invalid("legs", f"must be a whole number from {MIN_LEGS} to {MAX_SUGGESTED_LEGS}")
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


def render(question: Question, suggested: Suggested, ranking: Ranking) -> bytes:
    """Return the answer. Ages are those at `generated_at`, so that the same parlay keeps its bytes and its ETag."""
    ages = Ages(datetime.fromisoformat(ranking.generated_at))
    book = suggested.bookmaker
    reasons = [reason(one) for one in suggested.candidates]
    legs = [
        _leg_written(pricing.leg_written(leg, book, at.quote, ages), why, one.edge)
        for leg, at, why, one in zip(suggested.legs, suggested.at, reasons, suggested.candidates, strict=True)
    ]
    shown: parlay_shapes.SuggestedParlay = {
        "generated_at": ranking.generated_at,
        "source": ranking.source,
        "sport": question.sport,
        "risk": question.risk,
        "reasons": reasons,
        **pricing.answer(suggested.legs, suggested.whole, suggested.offers, ages, at=book),
        "legs": json_list(legs),
    }
    return orjson.dumps(shown)


def _leg_written(priced: bytes, reason: str, edge: float) -> bytes:
    return b'%b,"reason":%b,"edge":%b}' % (priced[:-1], orjson.dumps(reason), orjson.dumps(edge))
