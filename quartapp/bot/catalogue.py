"""Every game, team, sport and book that the documents in memory name, and which of them a message means."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import orjson

from quartapp.bot.lexicon import BOOK_WORDS, TEAM_WORDS
from quartapp.bot.namesakes import a_name, likelier
from quartapp.bot.numerals import parse_time
from quartapp.bot.plain import plain_name, plain_title
from quartapp.bot.spelling import (
    BOOK_SHORT,
    EVERYDAY,
    LONGEST_ALIAS,
    PLACE_WORDS,
    PLACES,
    SHORT,
    SPORT_WORDS,
    SWAPPED_LETTERS,
    aliases,
    distinctive,
    mistyped,
    spoken_words,
)
from quartapp.documents.held import HeldDocuments
from quartapp.documents.prepared import Prepared
from quartapp.publish import addresses
from quartapp.team_names import words

MOST_PAGES = 2_000
_ATHLETE = re.compile(rb'"athlete":"((?:[^"\\\\]|\\\\.)*)"')


class Listed(NamedTuple):
    """One game as a list has it."""

    id: str
    sport: str
    home: str
    away: str
    start: datetime
    status: str


class Team(NamedTuple):
    """A team of a sport."""

    sport: str
    name: str


@dataclass(slots=True)
class Page:
    """What a page of games names."""

    games: list[Listed] = field(default_factory=list)
    books: dict[str, str] = field(default_factory=dict)


class Found(NamedTuple):
    """What a message names. `unclear` holds teams of which one is meant, and nobody can say which."""

    teams: tuple[Team, ...]
    unclear: tuple[Team, ...]
    sport: str | None
    book: str | None
    books: tuple[str, ...] = ()
    strangers: frozenset[str] = frozenset()  # of "team", "book": one is named that no document has


class Athlete(NamedTuple):
    """Who is listed as injured, and in which game's document."""

    game_id: str
    name: str


class Catalogue:
    """The games, teams, sports and books of one version of the documents."""

    def __init__(
        self,
        games: Iterable[Listed],
        books: dict[str, str],
        sports: dict[str, str],
        athletes: Callable[[Iterable[str] | None], list[Athlete]] = lambda _: [],
    ) -> None:
        self.games = sorted(games, key=lambda game: (game.start, game.id))
        self.by_id = {game.id: game for game in self.games}
        self.books = books
        self.sports = sports
        self._aliases: dict[tuple[str, ...], set[Team]] = defaultdict(set)
        for team in {Team(game.sport, name) for game in self.games for name in (game.home, game.away)}:
            if plain_name(team.name) is not None:
                for alias in aliases(words(team.name)):
                    self._aliases[alias].add(team)
        self.distinctive = frozenset(distinctive(self._aliases))
        self._athletes = athletes
        self._words = {word for alias in self._aliases for word in alias}
        self._long = [
            alias[0]
            for alias in self._aliases
            if len(alias) == 1 and len(alias[0]) >= SWAPPED_LETTERS and alias[0] not in EVERYDAY | PLACE_WORDS
        ]

    def athletes_in(self, message: str, games: Iterable[str] | None = None) -> list[Athlete]:
        """Return the listed athletes that a message names, of `games` alone if given.

        Where several share a name, the whole name decides.
        """
        said = " ".join(re.findall(r"[\w'-]+", message.casefold()))
        spoken = f" {said} "
        named = [
            athlete
            for athlete in self._athletes(games)
            if len(parts := athlete.name.casefold().split()) > 1 and f" {parts[0]} {parts[1]} " in spoken
        ]
        return [athlete for athlete in named if f" {athlete.name.casefold()} " in spoken] or named

    def knows(self, word: str) -> bool:
        """Return whether a word is of a team's name, or one that misses it by a letter."""
        return word in self._words or mistyped(word, self._long) in self._words

    def of_team(self, team: Team) -> list[Listed]:
        """Return a team's games, soonest first."""
        return [
            game for game in self.games if game.sport == team.sport and team.name in (game.home, game.away)
        ]

    def nearest(self, team: Team) -> Listed | None:
        """Return a team's running or next game, else its last."""
        own = self.of_team(team)
        open_ones = [game for game in own if game.status in ("scheduled", "live")]
        return next(iter(open_ones or own[-1:]), None)

    def find(self, message: str, sport: str | None = None) -> Found:
        """Return what a message names; `sport` decides between teams of one name."""
        named = self._sport(message) or sport
        spoken = spoken_words(message)
        exact: list[Team] = []
        unclear: list[Team] = []
        either: list[list[Team]] = []  # of each name that several have
        place = 0
        while place < len(spoken):
            length, teams = self._longest(spoken, place)
            if length:
                fitting = [team for team in sorted(teams) if named in (None, team.sport)] or sorted(teams)
                fitting = (
                    likelier(fitting, SHORT.get(spoken[place][0], (spoken[place][0],))[-1], message)
                    if len(fitting) > 1
                    else fitting
                )
                if len(fitting) == 1:
                    exact += [team for team in fitting if team not in exact]
                else:
                    unclear += [team for team in fitting if team not in unclear]
                    either.append(fitting)
            place += length or 1
        if not exact and len(either) > 1 and (pair := self._meeting(either[0], either[1])):
            exact, unclear = pair, []
        unclear = [] if any(team in unclear for team in exact) else self._narrowed(unclear, exact)
        if exact and len(unclear) == 1:
            exact, unclear = [*exact, *unclear], []
        books = self._books(message)
        strangers = self._strangers(message, any_team=bool(exact or unclear)) - ({"book"} if books else set())
        return Found(
            tuple(exact), tuple(unclear), named, books[0] if books else None, books, frozenset(strangers)
        )

    def _strangers(self, message: str, *, any_team: bool) -> set[str]:
        """Return whether a team or a book is named that is in no document."""
        spoken = set(re.findall(r"[a-z0-9.]+", message.casefold()))
        teams = {
            word
            for word in spoken & (TEAM_WORDS | EVERYDAY)
            if not self._longest([("the", False), (word, True)], 1)[0]
        }
        others = not any_team and (len(teams) > 1 or self._strange_place(message))
        found = {"team"} if teams & TEAM_WORDS or others else set()
        return found | ({"book"} if spoken & BOOK_WORDS else set())

    def _strange_place(self, message: str) -> bool:
        """Return whether a place is named that has teams at other times, and no listed one."""
        spoken = f" {' '.join(word for word, _ in spoken_words(message))} "
        return any(
            f" {place} " in spoken and not any(set(place.split()) <= set(alias) for alias in self._aliases)
            for place in PLACES
        )

    def _narrowed(self, unclear: list[Team], exact: list[Team]) -> list[Team]:
        """Return the opponents of `exact` among `unclear`, if there are any."""
        against = {
            Team(game.sport, name)
            for team in exact
            for game in self.of_team(team)
            for name in (game.home, game.away)
        }
        return [team for team in unclear if team in against] or ([] if exact else unclear)

    def _meeting(self, some: list[Team], others: list[Team]) -> list[Team]:
        """Return the two teams, one of each list, that play each other; nobody where several do."""
        pairs = {
            (team, Team(game.sport, other))
            for team in some
            for game in self.of_team(team)
            for other in (game.home, game.away)
            if other != team.name and Team(game.sport, other) in others
        }
        return list(pairs.pop()) if len(pairs) == 1 else []

    def _longest(self, spoken: list[tuple[str, bool]], place: int) -> tuple[int, set[Team]]:
        for length in range(min(LONGEST_ALIAS, len(spoken) - place), 0, -1):
            alias = tuple(word for word, _ in spoken[place : place + length])
            teams = self._aliases.get(alias)
            if (
                length == 1
                and (short := SHORT.get(alias[0]))
                and (alias[0] != "city" or a_name(spoken, place))
            ):
                teams = {*(teams or ()), *self._aliases.get(short, ())}
            if not teams and length == 1:
                teams = self._aliases.get((mistyped(alias[0], self._long),))
            if not teams:
                continue
            if length == 1 and alias[0] in EVERYDAY | PLACE_WORDS:
                behind_the = place > 0 and spoken[place - 1][0] == "the"
                all_small = alias[0] in EVERYDAY and not any(capital for _, capital in spoken[1:])
                if not (a_name(spoken, place) or behind_the or all_small):
                    continue
            return length, teams
        return 0, set()

    def _sport(self, message: str) -> str | None:
        text = f" {' '.join(re.findall(r'[a-z0-9]+', message.casefold()))} "
        for word, key in sorted(SPORT_WORDS.items(), key=lambda pair: -len(pair[0])):
            if f" {word} " in text:
                return key
        return next((key for key in self.sports if key in message.split()), None)

    def _books(self, message: str) -> tuple[str, ...]:
        text = re.sub(r"[^a-z0-9]", "", message.casefold())
        spoken = [word.strip("?.,!") for word in message.casefold().split()]
        short = [BOOK_SHORT[word] for word in spoken if BOOK_SHORT.get(word) in self.books]
        whole = [
            key
            for key, title in sorted(self.books.items())
            if (len(title) > 4 and re.sub(r"[^a-z0-9]", "", title.casefold()) in text) or key in spoken
        ]
        return tuple(dict.fromkeys((*short, *whole)))


class Catalogues:
    """The catalogue of the documents as they are now."""

    def __init__(self, documents: HeldDocuments) -> None:
        self._documents = documents
        self._pages = Prepared(documents, read_page, MOST_PAGES)
        self._games = Prepared(documents, read_game, MOST_PAGES)
        self._injured = Prepared(documents, read_athletes, MOST_PAGES)
        self._made: tuple[int, Catalogue] | None = None

    def now(self) -> Catalogue:
        """Return the catalogue; made anew when a document has changed, of what changed alone."""
        version = self._documents.version
        if self._made is None or self._made[0] != version:
            self._made = version, self._make()
        return self._made[1]

    def _make(self) -> Catalogue:
        games: dict[str, Listed] = {}
        books: dict[str, str] = {}
        for key in sorted(self._documents.keys(addresses.GAMES + "?")):
            page = self._pages.of(key) if addresses.sport_of(key) else None
            if page is not None:
                games |= {game.id: game for game in page.games}
                books |= page.books
        first, _ = addresses.OF_GAMES
        for key in sorted(self._documents.keys(first)):
            if key.removeprefix(first) not in games and (game := self._games.of(key)) is not None:
                games[game.id] = game
        sports = self._documents.peek(addresses.SPORTS)
        titles = (
            {sport["key"]: sport["title"] for sport in orjson.loads(sports.body)["sports"]} if sports else {}
        )
        return Catalogue(games.values(), books, titles, self._athletes)

    def _athletes(self, games: Iterable[str] | None) -> list[Athlete]:
        first, _ = addresses.OF_GAMES
        keys = sorted(self._documents.keys(first)) if games is None else map(addresses.game, games)
        return [
            Athlete(key.removeprefix(first), name) for key in keys for name in self._injured.of(key) or ()
        ]


def read_page(body: bytes) -> Page:
    """Return what a published page of games names."""
    page = Page()
    for game in orjson.loads(body)["games"]:
        if (listed := _listed(game)) is not None:
            page.games.append(listed)
        for book in game["bookmakers"]:
            if (title := plain_title(book["title"])) is not None:
                page.books[book["key"]] = title
    return page


def read_athletes(body: bytes) -> tuple[str, ...]:
    """Return who a published game lists as injured, in words that may be said."""
    written = (orjson.loads(b'"' + name + b'"') for name in _ATHLETE.findall(body))
    return tuple(name for name in dict.fromkeys(written) if plain_name(name) is not None)


def read_game(body: bytes) -> Listed | None:
    """Return what a published game names."""
    return _listed(orjson.loads(body)["game"])


def _listed(game: dict[str, str]) -> Listed | None:
    start = parse_time(game["commence_time"])
    if start is None:
        return None
    return Listed(game["id"], game["sport_key"], game["home_team"], game["away_team"], start, game["status"])
