"""What may be suggested, made once a version of the analyses: by appetite and bookmaker, the best first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from ops.web.problems import ProblemError
from quartapp.api.parlays.games import read_time
from quartapp.documents.derived import Turns
from quartapp.documents.held import HeldDocuments
from quartapp.documents.prepared import Prepared
from quartapp.odds.fit import Model
from quartapp.odds.legs import Selection, Side
from quartapp.odds.parameters import from_parameters
from quartapp.odds.suggest import Bet, Candidate, Ranked, Risk, merged, ranked
from quartapp.odds.value import TOO_GOOD_EDGE
from quartapp.publish import addresses

READ_SPORTS = 64  # sports of which the candidates are remembered


@dataclass(frozen=True, eq=False)
class SportCandidates:
    """What may be suggested of one sport."""

    generated_at: str
    source: str
    by_book: dict[str, list[Candidate]]
    _ranked: dict[Risk, dict[str, list[Ranked]]] = field(default_factory=dict, init=False)

    def ranked(self, risk: Risk) -> dict[str, list[Ranked]]:
        """Return what suits an appetite, by bookmaker, the best first; ranked when first asked for."""
        if risk not in self._ranked:
            self._ranked[risk] = {book: ranked(listed, risk) for book, listed in self.by_book.items()}
        return self._ranked[risk]


class Ranking(NamedTuple):
    """What may be suggested to one appetite, by bookmaker, of the documents as they were in `version`."""

    version: int
    generated_at: str
    source: str
    by_book: dict[str, list[Ranked]]


class Candidates:
    """The candidates of all sports."""

    def __init__(self, documents: HeldDocuments) -> None:
        self._documents = documents
        self._sports = Prepared(documents, prepare, READ_SPORTS)
        self._of_all: dict[Risk, Ranking] = {}

    async def ranking(self, sport: str | None, risk: Risk, turns: Turns) -> Ranking:
        """Return what may be suggested of one sport, or of all. Raises ProblemError (404, 503)."""
        kept = self._of_all.get(risk) if sport is None else None
        if kept is not None and kept.version == self._documents.version:
            return kept
        version = self._documents.version
        keys = [addresses.analyses(sport)] if sport else sorted(self._documents.keys(addresses.ANALYSES_OF))
        sports: list[SportCandidates] = []
        for key in keys:
            if (found := self._sports.of(key)) is not None:
                sports.append(found)
            await turns.rest()
        if not sports:
            raise (
                ProblemError(404, "There is no such sport; see /api/sports.")
                if (self._documents.complete)
                else ProblemError(503)
            )
        if len(sports) == 1:
            only = sports[0]
            return Ranking(version, only.generated_at, only.source, only.ranked(risk))
        by_book: dict[str, list[Ranked]] = {}
        for book in sorted({book for one in sports for book in one.by_book}):
            by_book[book] = merged(one.ranked(risk).get(book, []) for one in sports)
            await turns.rest()
        made = Ranking(version, max(one.generated_at for one in sports), sports[0].source, by_book)
        if sport is None:
            self._of_all[risk] = made
        return made


def prepare(body: bytes) -> SportCandidates:
    """Return the candidates of a sport's analyses."""
    page = orjson.loads(body)
    by_book: dict[str, list[Candidate]] = {}
    for analysis in page["analyses"]:
        if analysis.get("status", "scheduled") == "scheduled":  # an older version's page has none
            _add(by_book, analysis)
    return SportCandidates(page["generated_at"], page["source"], by_book)


def _add(by_book: dict[str, list[Candidate]], analysis: dict[str, Any]) -> None:
    starts = datetime.fromisoformat(analysis["commence_time"])
    game = (analysis["sport_key"], analysis["home_team"], analysis["away_team"], starts)
    model = from_parameters(analysis["model"]["parameters"]) if analysis.get("model") else None
    for key, market in analysis["markets"].items():
        offers = market.get("offers")  # earlier versions publish none
        if not offers:
            continue
        bets = _bets(analysis, game, key, market, model)
        for book, offer in offers.items():
            listed = by_book.setdefault(book, [])
            updated = read_time(offer["updated_at"])
            for name, edge in offer["edges"].items():
                # Nobody can say what it is worth, or it is too good to be there when the bet is placed.
                if edge is not None and edge <= TOO_GOOD_EDGE and name in bets:
                    listed.append(Candidate(bets[name], edge, updated))


def _bets(
    analysis: dict[str, Any],
    game: tuple[str, str, str, datetime],
    key: str,
    market: dict[str, Any],
    model: Model | None,
) -> dict[str, Bet]:
    sides: dict[str, Side] = {
        game[1]: "home", game[2]: "away", "Draw": "draw", "Over": "over", "Under": "under",
    }  # fmt: skip
    found: dict[str, Bet] = {}
    for name, fair in market["fair"].items():
        point = market["point"]
        if point is not None and sides[name] == "away":
            point = 0.0 - point
        line = "" if point is None else f" {point:+g}" if key == "spreads" else f" {point:g}"
        found[name] = Bet(
            game,
            analysis["game_id"],
            f"{name}{line} ({game[2]} at {game[1]})",
            Selection(key, sides[name], point, market["kind"]),  # type: ignore[arg-type]  # the document's words
            name,
            fair["win"],
            market["books"],
            model,
        )
    return found
