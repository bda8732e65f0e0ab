"""What the documents of one game let an answer say, each value a fact."""

# ruff: noqa: E501 - a label reads better whole

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from quartapp.bot.facts import Fact, Source
from quartapp.bot.library import Reads
from quartapp.bot.numerals import parse_time
from quartapp.bot.plain import plain_name, plain_status, plain_title
from quartapp.publish import addresses

SIDES = ("Over", "Under", "Draw")
INJURIES_TOLD = 8
_LABELS = {
    ("spreads", "point"): "consensus spread", ("totals", "point"): "consensus total",
    ("h2h", "open"): "opening win probability", ("h2h", "current"): "consensus win probability",
    ("spreads", "open"): "opening spread", ("spreads", "current"): "current spread",
    ("totals", "open"): "opening total", ("totals", "current"): "current total",
}  # fmt: skip
MARKETS = {"h2h": "winner", "spreads": "spread", "totals": "total"}


@dataclass(frozen=True, slots=True)
class Priced:
    """A price at one book: what it is of, where, and the facts that say so."""

    outcome: str
    book: str
    point: float | None
    american: float
    decimal: float
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class GameFacts:
    """One game's document and its analysis, if there is one."""

    game: Source
    analysis: Source | None

    @property
    def home(self) -> str:
        """The home team, in words that may be said."""
        return plain_name(self.game.at("game", "home_team")) or "the home team"

    @property
    def away(self) -> str:
        """The away team, in words that may be said."""
        return plain_name(self.game.at("game", "away_team")) or "the away team"

    @property
    def status(self) -> str:
        """How far the game is."""
        return str(self.game.at("game", "status"))

    def teams(self) -> tuple[Fact, Fact]:
        """Return both teams' names."""
        return (
            self.game.fact("game", "away_team", kind="text", names=_names(self.away), label="away team"),
            self.game.fact("game", "home_team", kind="text", names=_names(self.home), label="home team"),
        )

    def start(self) -> Fact:
        """Return when it starts."""
        return self.game.fact("game", "commence_time", kind="time", label="start (UTC)")

    def start_text(self) -> str:
        """Return when it starts, as it is said."""
        moment = parse_time(self.game.at("game", "commence_time"))
        return f"{moment:%Y-%m-%d} at {moment:%H:%M} UTC" if moment else "a time that is not known"

    def scores(self) -> tuple[Fact, Fact] | None:
        """Return (away, home) scores, None where there are none."""
        if not isinstance(self.game.at("game", "scores"), dict):
            return None
        status = self.game.fact("game", "status", kind="text", label="status")
        away, home = (
            self.game.fact(
                "game", "scores", side, kind="number", names=_names(team), label=f"score of {team}"
            )
            for side, team in (("away", self.away), ("home", self.home))
        )
        return replace(away, beside=(status,)), replace(home, beside=(status,))

    def said(self, outcome: str) -> str | None:
        """Return an outcome's name as it may be said."""
        if outcome in SIDES:
            return outcome
        return {
            self.game.at("game", "home_team"): self.home,
            self.game.at("game", "away_team"): self.away,
        }.get(outcome)

    def books(self) -> dict[str, Fact]:
        """Return the books that quote it, by key; each fact lets its title be said."""
        found: dict[str, Fact] = {}
        for place, book in enumerate(self.game.at("game", "bookmakers") or ()):
            title = plain_title(book["title"])
            if title is not None:
                found[book["key"]] = self.game.fact(
                    "game", "bookmakers", place, "title", kind="text", names=(title,), label="a book"
                )
        return found

    def market(self, key: str) -> dict[str, Any] | None:
        """Return a market of the analysis."""
        return self.analysis.at("analysis", "markets", key) if self.analysis is not None else None

    def chances(self, key: str = "h2h") -> list[tuple[str, float, Fact]]:
        """Return (outcome, probability, fact) by the consensus of the books, the likeliest first."""
        market = self.market(key)
        found: list[tuple[str, float, Fact]] = []
        for outcome, value in (market or {}).get("consensus", {}).items():
            said = self.said(outcome)
            if said is not None and self.analysis is not None:
                fact = self.analysis.fact(
                    "analysis", "markets", key, "consensus", outcome, kind="probability",
                    names=_names(said), label=f"consensus probability that {said} wins" if key == "h2h" else f"consensus {MARKETS[key]} probability of {said}",
                )  # fmt: skip
                found.append((said, value, fact))
        return sorted(found, key=lambda each: -each[1])

    def field(self, key: str, *path: str, kind: Any = "number", label: str = "") -> Fact | None:
        """Return a value of a market of the analysis, None where it is not there."""
        if self.analysis is None or self.analysis.at("analysis", "markets", key, *path) is None:
            return None
        # A spread's line and what its movement says are the home team's: of the other the sign is the other one.
        is_homes = key != "totals" and path[0] in ("point", "movement")
        whose = f" of {self.home}" if is_homes else ""
        return self.analysis.fact(
            "analysis",
            "markets",
            key,
            *path,
            kind=kind,
            names=_names(self.home) if is_homes else (),
            label=label or _LABELS.get((key, path[-1]), f"consensus {MARKETS[key]}, {path[-1]}") + whose,
        )

    def best(self, key: str) -> Iterator[tuple[Priced, Fact | None]]:
        """Yield the best price of each outcome of a market, and its edge by the other books."""
        market = self.market(key)
        books = self.books()
        for outcome, offer in (market or {}).get("best", {}).items():
            said, title = self.said(outcome), books.get(offer["bookmaker"])
            if said is None or title is None or self.analysis is None:
                continue
            where: tuple[str | int, ...] = ("analysis", "markets", key, "best", outcome)
            priced = _priced(self.analysis, where, offer, said, title, f"best {MARKETS[key]} price of {said}")
            if priced is None:
                continue
            edge = None
            if offer.get("edge") is not None and not offer.get("too_good"):
                edge = replace(
                    self.analysis.fact(
                        *where,
                        "edge",
                        kind="probability",
                        names=_names(said),
                        label=f"{MARKETS[key]} edge of {said}",
                    ),
                    beside=(title,),
                )
            yield priced, edge

    def quotes(self, key: str, book: str | None = None) -> Iterator[Priced]:
        """Yield every price of a market, or one book's."""
        for place, listed in enumerate(self.game.at("game", "bookmakers") or ()):
            title = self.books().get(listed["key"])
            if title is None or book not in (None, listed["key"]):
                continue
            for number, market in enumerate(listed["markets"]):
                if market["key"] != key:
                    continue
                for index, outcome in enumerate(market["outcomes"]):
                    said = self.said(outcome["name"])
                    where = ("game", "bookmakers", place, "markets", number, "outcomes", index)
                    priced = said and _priced(
                        self.game, where, outcome, said, title, f"{MARKETS[key]} price of {said}"
                    )
                    if priced:
                        yield priced

    def injuries(self) -> list[tuple[str, str, str, str | None, tuple[Fact, ...]]]:
        """Return (team, athlete, status, kind, facts) of those who may not play, in plain words alone."""
        found: list[tuple[str, str, str, str | None, tuple[Fact, ...]]] = []
        for place, injury in enumerate(self.game.at("game", "injuries") or ()):
            athlete, status = plain_name(injury.get("athlete")), plain_status(injury.get("status"))
            team = self.said(injury.get("team", ""))
            if athlete is None or status is None or team is None:
                continue
            kind = plain_status(injury.get("type"))
            names = (athlete, *_names(team), *([status, kind] if kind else [status]))
            fact = self.game.fact(
                "game",
                "injuries",
                place,
                "athlete",
                kind="text",
                names=names,
                label=f"{team}: {status}{f', {kind}' if kind else ''}",
            )
            listed = [fact, self.game.fact("game", "injuries", place, "status", kind="text")]
            if kind:
                listed.append(self.game.fact("game", "injuries", place, "type", kind="text"))
            found.append((team, athlete, status, kind, tuple(listed)))
        return found


def read_game(reads: Reads, game_id: str) -> GameFacts | None:
    """Return a game's facts, None where there is no such document."""
    game = reads.read(addresses.game(game_id))
    return None if game is None else GameFacts(game, reads.read(addresses.analysis(game_id)))


def _priced(
    source: Source, where: tuple[str | int, ...], offer: dict[str, Any], said: str, title: Fact, label: str
) -> Priced | None:
    american, decimal = offer.get("price_american"), offer.get("price_decimal")
    if american is None or decimal is None:
        return None
    received = "price_decimal" if offer.get("price_format") == "decimal" else "price_american"
    names = _names(said)
    point = offer.get("point")
    at = f"at {title.names[0]}"
    facts = [
        replace(
            source.fact(*where, received, kind="price", names=names, label=f"{label}, {at}"), beside=(title,)
        ),
        title,
    ]
    if point is not None:
        line = source.fact(
            *where, "point", kind="point", names=names, label=f"{label.replace(' price ', ' line ')}, {at}"
        )
        facts.append(replace(line, beside=(title,)))
    return Priced(said, title.names[0], point, american, decimal, tuple(facts))


def _names(said: str) -> tuple[str, ...]:
    return () if said in ("the home team", "the away team") else (said,)
