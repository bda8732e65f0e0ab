"""What a message leaves to what was said before: "and the spread?", "what about them?", "who is favored there?"."""

# ruff: noqa: E501 - a pattern reads better whole

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from quartapp.bot.beyond import is_beyond, unexplained
from quartapp.bot.catalogue import Catalogue, Found, Listed, Team
from quartapp.bot.topics import FOR_A_GAME, GENERAL, Topic
from quartapp.bot.when import Span

SHORT_WORDS = 4  # a message that is hardly more than a name asks the same of another
_BEGINS = re.compile(
    r"^\W*(?:and|also|but|or|ok(?:ay)?|so|then|now|what about|how about|whatabout|same|y|what of|vs)\b",
    re.IGNORECASE,
)
_REFERS = re.compile(
    r"\b(?:it|its|they|them|their|theirs|there|those|these|both|he|that|this (?:game|one|match|matchup)|same (?:game|one)|either (?:team|side|one)"
    r"|(?:the )?(?:home|away|road|visiting) (?:team|side)|(?:the )?(?:favou?rites?|underdogs?|dogs?|favs?))\b",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\bother (?:team|side|one|guys|club|squad)s?\b|\b(?:their |the )?opponents?\b|\bopposition\b",
    re.IGNORECASE,
)
# Asks about more games than the one that was spoken of.
_ALL = re.compile(
    r"\b(?:all|any|every|which|what|list|other|more|nfl|nba|nhl|mlb|epl|mls)\b(?:\s+\w+){0,2}\s+(?:games?|matches|fixtures)\b|\bgames\b|\bwho(?:'s| is)? play(?:s|ing)\b"
    r"|\btoday\b|\btonight\b|\btomorrow\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\bweekends?\b|\bbest bets?\b|\bparlay\b",
    re.IGNORECASE,
)
_THE = re.compile(
    r"\b(?:the|their|its|his|current|best)\s+(?:\w+\s+)?(?:spread|total|over|under|moneyline|money line|line|handicap|hold|vig|juice|price|odds|edge|consensus|ml|o/u)\b",
    re.IGNORECASE,
)
_MEANING = re.compile(
    r"\bmeans?\b|\bmeaning\b|\bexplain\b|\bdefine\b|\bhow (?:do|does|is|are|can)\b", re.IGNORECASE
)
_OF_GAME = re.compile(r"\bgame\b|\bmatch\w*\b|\btell\b|\babout\b", re.IGNORECASE)
_FIRST = re.compile(r"\b(?:first|1st|former)\b", re.IGNORECASE)
_SECOND = re.compile(r"\b(?:second|2nd|latter|last)\b", re.IGNORECASE)
_SAME_ASKED: frozenset[Topic] = frozenset(("record", "picks", "schedule"))
_QUOTED: frozenset[Topic] = frozenset(("price", "spread", "total"))


class OfLine(Protocol):
    """A line that was asked about."""

    @property
    def market(self) -> Literal["spreads", "totals"]:
        """Which one."""


class Before(Protocol):
    """What was spoken of."""

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What was asked."""

    @property
    def games(self) -> tuple[Listed, ...]:
        """Of which games."""

    @property
    def teams(self) -> tuple[Team, ...]:
        """Which teams were named."""

    @property
    def unclear(self) -> tuple[Team, ...]:
        """Of which nobody could say which one is meant."""

    @property
    def legs(self) -> Sequence[object]:
        """The legs of a parlay."""

    @property
    def line(self) -> OfLine | None:
        """A line."""

    @property
    def day(self) -> Span | None:
        """A day."""

    @property
    def sport(self) -> str | None:
        """A sport."""


class Carried(NamedTuple):
    """What a message takes over from the conversation."""

    games: tuple[Listed, ...] = ()
    teams: tuple[Team, ...] = ()
    topics: tuple[Topic, ...] = ()
    legs: bool = False
    sport: str | None = None
    day: Span | None = None


NOTHING = Carried()


def carried(
    message: str, found: Found, topics: list[Topic], before: Before, catalogue: Catalogue, *, page: bool
) -> Carried:
    """Return what a message takes over of what was spoken of `before`. `page`: its sender looks at a game."""
    if "team" in found.strangers:
        return NOTHING
    if before.unclear and (picked := _picked(message, found, before)) is not None:
        game = catalogue.nearest(picked)
        return Carried((game,) if game else (), (picked,), () if topics else _asked(before))
    short = len(message.split()) <= SHORT_WORDS
    begins = _BEGINS.search(message) is not None
    if found.teams or found.unclear:
        again = begins or (short and not _OF_GAME.search(message))
        return Carried(topics=_asked(before)) if not topics and again else NOTHING
    if any(topic in GENERAL - {"parlay"} for topic in topics) and not _of_this(message, topics):
        return NOTHING
    refers = begins or _REFERS.search(message) is not None or _OTHER.search(message) is not None
    if page and not (refers and before.teams):
        return NOTHING
    if not before.games:
        if (
            not topics
            and (begins or short)
            and before.topics[:1]
            and before.topics[0] in _SAME_ASKED | FOR_A_GAME
        ):
            return Carried(topics=before.topics, sport=before.sport, day=before.day)
        return Carried(sport=before.sport, day=before.day) if begins else NOTHING
    book_alone = found.book is not None and not topics
    about = any(topic in FOR_A_GAME or topic in ("books", "arbitrage") for topic in topics)
    if about and not refers and (is_beyond(message) or unexplained(message, catalogue)):
        return NOTHING
    if not (refers or book_alone or about) or (_ALL.search(message) and not _REFERS.search(message)):
        return NOTHING
    if found.sport is not None and all(game.sport != found.sport for game in before.games):
        return NOTHING
    teams = _opponents(before) if _OTHER.search(message) else before.teams
    asked = _asked(before)
    if book_alone:
        asked = tuple(topic for topic in asked if topic in _QUOTED) or ("price",)
    return Carried(
        before.games,
        teams,
        () if topics else asked,
        legs=bool(before.legs) and (book_alone or (refers and set(topics) <= {"price", "chance", "odds"})),
    )


def _of_this(message: str, topics: Sequence[Topic]) -> bool:
    """Return whether a message that has a general topic's words means the game: "what is the spread?"."""
    if any(topic in GENERAL - {"parlay", "glossary", "odds"} for topic in topics):
        return topics[0] == "record" and re.search(r"\btheir\b|\bits\b", message, re.IGNORECASE) is not None
    if "odds" in topics:
        return not re.search(r"\d|\bevens\b|\beven money\b", message, re.IGNORECASE)
    return _THE.search(message) is not None and not _MEANING.search(message)


def _asked(before: Before) -> tuple[Topic, ...]:
    """Return what was asked, as it can be asked of another game."""
    if "line" in before.topics and before.line is not None:
        return ("spread" if before.line.market == "spreads" else "total",)
    return tuple(topic for topic in before.topics if topic in FOR_A_GAME and topic != "game")


def _opponents(before: Before) -> tuple[Team, ...]:
    """Return whom the teams that were named play against."""
    named = {team.name for team in before.teams}
    return tuple(
        Team(game.sport, name)
        for game in before.games
        for name in (game.home, game.away)
        if len(named & {game.home, game.away}) == 1 and name not in named
    )


def _picked(message: str, found: Found, before: Before) -> Team | None:
    """Return which of several teams a message means, after it was asked which."""
    if found.teams:
        return next((team for team in found.teams if team in before.unclear), None)
    spoken = set(re.findall(r"[a-z0-9]+", message.casefold()))
    own = [
        team
        for team in before.unclear
        if spoken & (set(team.name.casefold().split()) - _shared(before.unclear)) or team.sport == found.sport
    ]
    if len(own) == 1:
        return own[0]
    if len(spoken) > SHORT_WORDS:
        return None
    place = 0 if _FIRST.search(message) else 1 if _SECOND.search(message) else len(before.unclear)
    return before.unclear[place] if place < len(before.unclear) else None


def _shared(teams: tuple[Team, ...]) -> set[str]:
    return set.intersection(*(set(team.name.casefold().split()) for team in teams))
