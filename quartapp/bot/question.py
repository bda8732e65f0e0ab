"""What a message asks: its topics, the teams and games it means, and when."""

# ruff: noqa: E501 - a row of the table reads better whole

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from quartapp.bot.asked import MESSAGE_LETTERS
from quartapp.bot.beyond import is_beyond, unexplained
from quartapp.bot.care import Care, care
from quartapp.bot.catalogue import Athlete, Catalogue, Found, Listed, Team
from quartapp.bot.distress import is_troubled
from quartapp.bot.goes_on import NOTHING, carried
from quartapp.bot.parlay_asked import AskedLeg, legs_of, more_legs
from quartapp.bot.topics import FOR_A_GAME, GENERAL, Topic, topics_of
from quartapp.bot.when import Span, span
from quartapp.bot.wish import Wish, wish_of
from quartapp.bot.wording import english, straight

GAMES_NAMED = 3

_POINT = re.compile(r"(?<![\w.])[+-]\d{1,2}(?:\.\d+)?(?![\d.%:/]\d|\d|%)")
_SIDE = re.compile(r"\b(?P<side>over|under|o|u)\s?(?P<point>\d{1,3}(?:\.\d+)?)\b", re.IGNORECASE)
_PAST = re.compile(
    r"\bwho won\b|\bdid\b|\bwhat happened\b|\bfinal score\b|\bresults?\b|\blast (?:night|game|time|match|week)\b|\byesterday\b|\bended\b|\bwon\b|\blost\b|\bclos(?:ed|ing) (?:at|line|odds|price|number|spread|total)",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\bnext (?:few|two|three|four|five|\d)\b|\b(?:next|upcoming) (?:games|matches|fixtures)\b|\bschedule\b|\bfixtures\b",
    re.IGNORECASE,
)
_RUNNING = re.compile(
    r"\bscore\b|\blive\b|\bwinning\b|\blosing\b|\bright now\b|\bquarter\b|\bperiod\b", re.IGNORECASE
)
_ABOUT_BETS = re.compile(
    r"\bwhat (?:happens|if)\b|\bif\b|\brules?\b|\bcounts?\b|\bsettle|\bgraded?\b|\brefund|\b(?:bets?|tickets?|wagers?|legs?)\b",
    re.IGNORECASE,
)


class Line(NamedTuple):
    """A line that is asked about: of a market, an outcome, and its point from the outcome's side."""

    market: Literal["spreads", "totals"]
    outcome: str
    point: float


@dataclass(frozen=True, slots=True)
class Question:
    """A message, understood as far as it can be."""

    message: str
    care: Care | None
    topics: tuple[Topic, ...]
    games: tuple[Listed, ...] = ()
    teams: tuple[Team, ...] = ()
    unclear: tuple[Team, ...] = ()
    sport: str | None = None
    book: str | None = None
    day: Span | None = None
    line: Line | None = None
    athletes: tuple[Athlete, ...] = ()
    strangers: frozenset[str] = frozenset()
    books: tuple[str, ...] = ()
    legs: tuple[AskedLeg, ...] = ()
    wish: Wish | None = None
    wanted: tuple[Topic, ...] = ()  # the topics of its words
    beyond: bool = False  # it asks for something that no document has
    more: tuple[Question, ...] = ()  # what the same message asks besides

    @property
    def every(self) -> tuple[Question, ...]:
        """Everything that the message asks."""
        return (self, *self.more)


Steps = Generator[None, None, Question]


def understand(
    message: str,
    catalogue: Catalogue,
    now: datetime,
    *,
    sport: str | None = None,
    game_id: str | None = None,
    before: Question | None = None,
) -> Steps:
    """Return what `message` asks, in steps between which others may have the process.

    `sport` and `game_id` are what its sender is looking at, `before` is what the conversation was about.
    """
    message = straight(message)[:MESSAGE_LETTERS]
    need = care(message)
    yield
    message = english(message)
    found = catalogue.find(message, sport)
    yield
    topics = topics_of(message)
    yield
    day = span(message, now)
    page = catalogue.by_id.get(game_id or "")
    kept = (
        NOTHING
        if before is None
        else carried(message, found, topics, before, catalogue, page=page is not None)
    )
    topics = wanted = topics or list(kept.topics)
    day = day or kept.day
    teams = kept.teams or found.teams
    unclear = () if kept.games else found.unclear
    if unclear and (one := _the_one(catalogue, unclear, message, day)) is not None:
        teams, unclear = (one,), ()
    yield
    beyond = is_beyond(message)
    games = list(kept.games) or _games(catalogue, teams, message, day)
    if "rules" in topics and _ABOUT_BETS.search(message):
        games = []  # how a bet is settled does not hang on the game that is named with it
    elif not games and not unclear and page is not None:
        games = [page]
    line = _line(message, catalogue, games, teams) if games else None
    among = [game.id for game in games] if games else None
    athletes = () if unclear else tuple(catalogue.athletes_in(message, among))[:GAMES_NAMED]
    legs = before.legs if before and kept.legs else legs_of(message, catalogue) if games else ()
    if before is not None and before.legs and found.teams and not legs:
        legs = more_legs(message, catalogue, before.legs)
    wish = None if games or unclear or "rules" in topics or "own" in topics else wish_of(message)
    if legs:
        topics, athletes = ["priced"], ()
    elif wish is not None:
        topics = ["parlay"]
    elif games:
        own = bool(topics)
        topics = _about_games(topics, message, line)
        beyond = beyond or (
            not own and not athletes and not found.books and bool(unexplained(message, catalogue))
        )
    elif unclear:
        topics = topics if any(topic in GENERAL for topic in topics) else topics or ["game"]
    else:
        strange = (
            not beyond
            and all(topic in FOR_A_GAME for topic in topics)
            and bool(unexplained(message, catalogue))
        )
        beyond = beyond or (strange and bool(topics))
        absent = game_id is not None and page is None and day is None
        topics = _about_no_game(topics, found, strange=strange, absent=absent)
    yield
    if need is None and not (topics or games or unclear or athletes) and is_troubled(message):
        need = "distress"
    return Question(
        message, need, tuple(topics if games else _sorted(topics, message)), tuple(games), teams, unclear, found.sport or kept.sport, found.book,
        day, line, athletes, found.strangers, found.books, legs, wish, tuple(wanted), beyond,
    )  # fmt: skip


def _about_no_game(topics: list[Topic], found: Found, *, strange: bool, absent: bool) -> list[Topic]:
    """Return what is asked where no game is meant: of a `strange` word, or of a game that is `absent`."""
    if "team" in found.strangers and not any(topic in GENERAL - {"parlay"} for topic in topics):
        return ["stranger"]
    if absent and not found.sport and set(topics) <= FOR_A_GAME:
        return ["absent"]
    if "hold" in topics and "odds" not in topics and found.sport is None:
        return ["glossary"]
    if topics:
        return ["stranger"] if strange and found.sport is None and not found.book else topics
    if found.book is not None:
        return ["books"]
    return ["schedule"] if found.sport is not None else []


def _about_games(topics: list[Topic], message: str, line: Line | None) -> list[Topic]:
    """Return what is asked about games that are named: a general topic only where nothing of a game is asked."""
    if line is not None and "parlay" not in topics and "movement" not in topics:
        return ["line"]
    general = (
        GENERAL - {"parlay", "picks"}
        if any(topic in FOR_A_GAME for topic in topics)
        else frozenset({"odds", "own"})
    )
    if "record" in topics:  # the team's
        topics = [topic for topic in topics if topic != "form"] + ["form"]
    topics = [topic for topic in topics if topic not in general and topic != "record"] or ["game"]
    if (
        "score" in topics
        and "total" in topics
        and re.search(r"\bover yet\b|\b(?:game|match) over\b", message)
    ):
        topics.remove("total")
    if "closing" in topics:
        return ["closing"]
    if "status" in topics and re.search(
        r"\bupdated?\b|\bhow (?:old|fresh|recent)\b|\bstale\b", message, re.IGNORECASE
    ):
        return ["status"]
    if "hold" in topics and not any(topic in topics for topic in ("spread", "total")):
        return ["hold"]
    if (
        "spread" in topics
        and re.search(r"\bmoney ?lines?\b", message, re.IGNORECASE)
        and "spread" not in message.casefold()
    ):
        topics.remove("spread")
    return topics


def _line(
    message: str, catalogue: Catalogue, games: list[Listed], spoken_of: tuple[Team, ...]
) -> Line | None:
    """Return the line that a message asks about, in the first of the games."""
    side = _SIDE.search(message)
    if side is not None:
        return Line("totals", "Over" if side["side"][0] in "oO" else "Under", float(side["point"]))
    point = _POINT.search(message)
    if point is None:
        return None
    teams = catalogue.find(message[: point.start()]).teams or catalogue.find(message).teams or spoken_of
    named = [team.name for team in teams if team.name in (games[0].home, games[0].away)]
    return Line("spreads", named[-1], float(point.group())) if named else None


def _sorted(topics: list[Topic], message: str) -> list[Topic]:
    """Return the topics with what is explained first; "when" and the like only where nothing else is asked."""
    if "rules" in topics:
        return ["rules"]
    if "parlay" in topics:  # whose legs are not named
        topics = [
            topic for topic in topics if topic not in FOR_A_GAME and topic not in ("odds", "sports", "books")
        ]
    if "own" in topics or "odds" in topics:
        return ["own" if "own" in topics else "odds"]
    if "record" in topics and "picks" in topics:
        return ["record"]
    if "status" in topics and re.search(
        r"\bhow (?:old|fresh|recent) (?:are|is)\b|\bupdated?\b|\bstale\b", message, re.IGNORECASE
    ):
        return ["status"]
    if "sports" in topics or "books" in topics:
        return [topic for topic in topics if topic in ("sports", "books")]
    if "record" in topics and re.search(r"\byour?\b", message, re.IGNORECASE):
        return ["record"]
    if "glossary" in topics and "rules" not in topics:
        return ["glossary"]
    telling = [
        topic
        for topic in topics
        if topic not in ("hold", "closing", "schedule", "able", "books", "sports", "status", "form")
    ]
    if "glossary" in telling and "rules" in telling:
        telling.remove("glossary")
    return telling or topics


def _the_one(catalogue: Catalogue, teams: tuple[Team, ...], message: str, day: Span | None) -> Team | None:
    """Return which of several teams a message means by when it plays; None where that tells nothing."""
    past, live = _PAST.search(message), _RUNNING.search(message)
    fitting = [
        team
        for team in teams
        if any(
            (past and game.status == "final")
            or (live and game.status == "live")
            or (day and day.has(game.start))
            for game in catalogue.of_team(team)
        )
    ]
    return fitting[0] if len(fitting) == 1 else None


def _games(catalogue: Catalogue, teams: tuple[Team, ...], message: str, day: Span | None) -> list[Listed]:
    """Return the games that are meant: of two teams against each other, else each team's next or running one.

    The last one that ended where a message asks how it went, and the one of a day that it names.
    """
    chosen: list[Listed] = []
    past = _PAST.search(message) is not None
    for team in teams:
        own = catalogue.of_team(team)
        together = [game for game in own if all(other.name in (game.home, game.away) for other in teams)]
        candidates = (together if len(teams) > 1 else own) or own
        ended = [game for game in candidates if game.status == "final"]
        live = any(game.status == "live" for game in candidates)
        open_ones = [game for game in candidates if game.status in ("scheduled", "live")]
        on_the_day = [game for game in open_ones if day is not None and day.has(game.start)]
        nearest = (on_the_day or open_ones or candidates[-1:])[:1]
        if past and ended and not live:
            nearest = ended[-1:]
        elif len(teams) == 1 and _SEVERAL.search(message):
            nearest = open_ones[:GAMES_NAMED] or nearest
        chosen += [game for game in nearest if game not in chosen]
    return chosen[:GAMES_NAMED]
