"""Every game, team, sport and book that the documents in memory name, and which of them a message means."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import orjson

from quartapp.bot.lexicon import NICKNAMES, STARTERS
from quartapp.bot.numerals import parse_time
from quartapp.bot.plain import plain_name
from quartapp.documents.held import HeldDocuments
from quartapp.documents.prepared import Prepared
from quartapp.publish import addresses
from quartapp.team_names import words

MOST_PAGES = 2_000
LONGEST_ALIAS = 6
_SHORT = {
    "niners": ("49ers",), "sixers": ("76ers",), "cavs": ("cavaliers",), "mavs": ("mavericks",),
    "bucs": ("buccaneers",), "pats": ("patriots",), "hammers": ("west", "ham", "united"), "gunners": ("arsenal",),
    "spurs": ("tottenham", "hotspur"), "wolves": ("timberwolves",), "kc": ("kansas", "city"), "sf": ("san", "francisco"),
    "villans": ("aston", "villa"), "pack": ("packers",), "phins": ("dolphins",), "jags": ("jaguars",),
    "blazers": ("trail", "blazers"), "clips": ("clippers",),
    "city": ("manchester", "city"),
    "brighton": ("brighton", "and", "hove", "albion"),
}  # fmt: skip
# Words of sport and of everyday speech that also begin or end a team's name: they count with a capital or behind "the".
_EVERYDAY = frozenset(
    """
    magic heat wild stars thunder jazz bills nets suns kings giants jets bears saints lions crew fire union forest palace
    villa ducks sharks flames hurricanes devils blues storm fever dream sparks liberty
    """.split()  # noqa: SIM905
)
_PLACE_WORDS = frozenset(
    """
    city united real new north south west east los san st as ac hove albion wanderers county town rovers athletic
    sporting inter golden great best sky sun tech rock green red blue black state central international
    """.split()  # noqa: SIM905
)
_NEVER = frozenset(
    ("st", "new", "los", "san", "city", "united", "as", "real", "north", "south", "west", "east", "the")
)
_SPORT_WORDS = {
    "nfl": "americanfootball_nfl", "nba": "basketball_nba", "nhl": "icehockey_nhl", "mlb": "baseball_mlb",
    "epl": "soccer_epl", "premier league": "soccer_epl", "mls": "soccer_usa_mls", "ncaaf": "americanfootball_ncaaf",
    "college football": "americanfootball_ncaaf", "ncaab": "basketball_ncaab", "college basketball": "basketball_ncaab",
    "wnba": "basketball_wnba", "hockey": "icehockey_nhl", "baseball": "baseball_mlb", "basketball": "basketball_nba",
    "pro football": "americanfootball_nfl", "american football": "americanfootball_nfl", "soccer": "soccer_epl",
}  # fmt: skip


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


class Catalogue:
    """The games, teams, sports and books of one version of the documents."""

    def __init__(self, games: Iterable[Listed], books: dict[str, str], sports: dict[str, str]) -> None:
        self.games = sorted(games, key=lambda game: (game.start, game.id))
        self.by_id = {game.id: game for game in self.games}
        self.books = books
        self.sports = sports
        self._aliases: dict[tuple[str, ...], set[Team]] = defaultdict(set)
        for team in {Team(game.sport, name) for game in self.games for name in (game.home, game.away)}:
            if plain_name(team.name) is not None:
                for alias in _aliases(words(team.name)):
                    self._aliases[alias].add(team)
        self.distinctive = frozenset(_distinctive(self._aliases))

    def of_team(self, team: Team) -> list[Listed]:
        """Return a team's games, soonest first."""
        return [
            game for game in self.games if game.sport == team.sport and team.name in (game.home, game.away)
        ]

    def find(self, message: str, sport: str | None = None) -> Found:
        """Return what a message names; `sport` decides between teams of one name."""
        named = self._sport(message) or sport
        spoken = _spoken(message)
        exact: list[Team] = []
        unclear: list[Team] = []
        place = 0
        while place < len(spoken):
            length, teams = self._longest(spoken, place)
            if length:
                fitting = [team for team in sorted(teams) if named in (None, team.sport)] or sorted(teams)
                if len(fitting) == 1:
                    exact += [team for team in fitting if team not in exact]
                else:
                    unclear += [team for team in fitting if team not in unclear]
            place += length or 1
        unclear = [] if any(team in unclear for team in exact) else self._narrowed(unclear, exact)
        if exact and len(unclear) == 1:
            exact, unclear = [*exact, *unclear], []
        return Found(tuple(exact), tuple(unclear), named, self._book(message))

    def _narrowed(self, unclear: list[Team], exact: list[Team]) -> list[Team]:
        """Return the opponents of `exact` among `unclear`, if there are any."""
        against = {
            Team(game.sport, name)
            for team in exact
            for game in self.of_team(team)
            for name in (game.home, game.away)
        }
        return [team for team in unclear if team in against] or ([] if exact else unclear)

    def _longest(self, spoken: list[tuple[str, bool]], place: int) -> tuple[int, set[Team]]:
        for length in range(min(LONGEST_ALIAS, len(spoken) - place), 0, -1):
            alias = tuple(word for word, _ in spoken[place : place + length])
            teams = self._aliases.get(alias)
            if not teams and length == 1:
                short = _SHORT.get(alias[0], ())
                teams = self._aliases.get(short) if alias[0] != "city" or spoken[place][1] else None
            if not teams:
                continue
            if length == 1 and alias[0] in _EVERYDAY | _PLACE_WORDS:
                behind_the = place > 0 and spoken[place - 1][0] == "the"
                all_small = alias[0] in _EVERYDAY and not any(capital for _, capital in spoken[1:])
                if not (spoken[place][1] or behind_the or all_small):
                    continue
            return length, teams
        return 0, set()

    def _sport(self, message: str) -> str | None:
        text = f" {' '.join(re.findall(r'[a-z0-9]+', message.casefold()))} "
        for word, key in sorted(_SPORT_WORDS.items(), key=lambda pair: -len(pair[0])):
            if f" {word} " in text:
                return key
        return next((key for key in self.sports if key in message.split()), None)

    def _book(self, message: str) -> str | None:
        text = re.sub(r"[^a-z0-9]", "", message.casefold())
        for key, title in sorted(self.books.items()):
            if (
                len(title) > 4 and re.sub(r"[^a-z0-9]", "", title.casefold()) in text
            ) or key in message.casefold().split():
                return key
        return None


class Catalogues:
    """The catalogue of the documents as they are now."""

    def __init__(self, documents: HeldDocuments) -> None:
        self._documents = documents
        self._pages = Prepared(documents, read_page, MOST_PAGES)
        self._games = Prepared(documents, read_game, MOST_PAGES)
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
        return Catalogue(games.values(), books, titles)


def read_page(body: bytes) -> Page:
    """Return what a published page of games names."""
    page = Page()
    for game in orjson.loads(body)["games"]:
        if (listed := _listed(game)) is not None:
            page.games.append(listed)
        for book in game["bookmakers"]:
            if (title := plain_name(book["title"])) is not None:
                page.books[book["key"]] = title
    return page


def read_game(body: bytes) -> Listed | None:
    """Return what a published game names."""
    return _listed(orjson.loads(body)["game"])


def _listed(game: dict[str, str]) -> Listed | None:
    start = parse_time(game["commence_time"])
    if start is None:
        return None
    return Listed(game["id"], game["sport_key"], game["home_team"], game["away_team"], start, game["status"])


def _aliases(spelt: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield a team's name, and each beginning and end of it that is no mere place-word."""
    for cut in range(len(spelt)):
        for alias in (spelt[cut:], spelt[: len(spelt) - cut]):
            if alias and not (len(alias) == 1 and (alias[0] in _NEVER or len(alias[0]) < 3)):
                yield alias


def _spoken(message: str) -> list[tuple[str, bool]]:
    """Return the message's words in the team names' spelling, and whether each had a capital."""
    spoken: list[tuple[str, bool]] = []
    for written in re.findall(r"[\w'.&-]+", message.replace("\u2019", "'")):
        for word in re.split(r"[-.]", written.removesuffix("'s")):
            if word.casefold() == "the":  # which the spelling of names leaves out
                spoken.append(("the", False))
            for spelt in words(f"{word} x")[:-1] if word else ():
                spoken.append((spelt, word[:1].isupper()))
    return spoken


def _distinctive(aliases: dict[tuple[str, ...], set[Team]]) -> Iterator[str]:
    """Yield single words that name a team and nothing else."""
    for alias in aliases:
        word = alias[0]
        if (
            len(alias) == 1
            and len(word) > 4
            and word not in _EVERYDAY | _PLACE_WORDS | STARTERS
            and word in NICKNAMES
        ):
            yield word
