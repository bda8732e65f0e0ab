"""Whether a model's sentence says its figures of what they are: -140 is the Chiefs' price, and no other team's.

A figure belongs to the game, the outcome, the book and the market of the facts that have it, and it is a price, a
chance, an edge, a line, a score or a time. It is said of the nearest name before it that is not an object there; where no
name stands before the first figure, of the nearest behind it. What is in doubt is refused, as in check.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from quartapp.bot.athletes import athlete_problem
from quartapp.bot.check import normalise
from quartapp.bot.claims import SCORED, claim_problem, says_something, subject
from quartapp.bot.facts import Fact
from quartapp.bot.game_facts import SIDES
from quartapp.bot.kinds import is_best, is_in_market, is_in_range, is_of_kind, needs_figure
from quartapp.bot.lexicon import MONTHS, WEEKDAYS
from quartapp.bot.mentions import Mention, mentions
from quartapp.bot.numerals import Numeral, Sayable, numerals
from quartapp.bot.sides import Sides, game_of, market_of

_FILL = "\u00a4"
_AT_BOOK = re.compile(
    r"%?\s*(?:\([^()\u00a4]*\))?\s*(?:(?:on|for)\s+(?:the\s+)?(?:\u00a4+|over|under)\s+)?"
    r"(?:at|with|from|on|by|\()?\s*(?:the\s+)?",
    re.IGNORECASE,
)
_DAY = re.compile(rf"\b(?:{'|'.join((*MONTHS, *WEEKDAYS))})\b", re.IGNORECASE)
_SAID_FOR = re.compile(r"\d%?\s+(?:for|on)\s+(?:the\s+)?$", re.IGNORECASE)
_HIS_OF = re.compile(r"(?:'s?\s+[a-z ]*\b(?:on|of|for)|\s+(?:on|for))\s+(?:the\s+)?", re.IGNORECASE)
_TOTAL_BEHIND = re.compile(r"(?:'s?)?\s+(?:totals?|over|under|hold|vig|margin)\b(?!\s+the\b)", re.IGNORECASE)
_TOTAL_BEFORE = re.compile(
    r"\b(?:totals?|hold|vig|margin)\s+(?:(?:is|stands|at)\s+)*(?:[\d.]+%?\s+)?(?:points?\s+)?(?:of|for)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s*(?:,|/|&|,?\s*and)\s*", re.IGNORECASE)
_TEAM = re.compile(r"\s+(?:the\s+)?\u00a4")
_OF_ALL = re.compile(r"\b(?:consensus|books|bookmakers|sportsbooks|markets?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Read:
    """A sentence with what it names: `plain` has every name filled, so that no word of one counts."""

    text: str
    plain: str
    owners: list[Mention]
    teams: list[Mention]
    books: list[Mention]
    games: dict[str, Sides]


def binding_problem(text: str, facts: Sequence[Fact], games: Mapping[str, Sides]) -> str | None:
    """Return why a sentence says a figure or a state of whom it is not, None where it does not.

    `games` are of all the facts that the model was sent: who plays where may stand in one that is not cited.

    >>> chiefs = Fact("/a", '"1"', "/1/price_american", -140, "price", ("Kansas City Chiefs",))
    >>> browns = Fact("/a", '"1"', "/2/price_american", 116, "price", ("Cleveland Browns",))
    >>> binding_problem("The Browns pay +116 and the Chiefs -140.", [chiefs, browns], {}) is None
    True
    >>> binding_problem("The Chiefs pay +116.", [chiefs, browns], {})
    'the figure +116 of another'
    """
    read = _read(normalise(text).replace("\u2013", "-"), facts, games)
    athletes = [fact for fact in facts if fact.path.endswith("/athlete")]
    return (
        needs_figure(read.plain)
        or _total_of_one(read)
        or _price_of_another(read)
        or _figures(read, facts)
        or claim_problem(read.plain, read.games, read.teams)
        or athlete_problem(read.text, athletes, read.teams)
        or _emptiness(read, games, athletes)
    )


def _read(text: str, facts: Sequence[Fact], offered: Mapping[str, Sides]) -> Read:
    cited = {game_of(fact) for fact in facts}
    games = {game: sides for game, sides in offered.items() if game in cited}
    titles = {one for fact in facts for one in (fact, *fact.beside) if one.path.endswith("/title")}
    books = mentions(text, {name for one in titles for name in one.names})
    playing = {name for sides in games.values() for name in sides.teams} | set(SIDES)
    teams = mentions(text, playing)
    owners = mentions(text, playing | {name for fact in facts for name in _owners(fact)})
    plain = text
    named = {name for fact in facts for name in fact.names} | {name for one in teams for name in one.names}
    for mention in (*books, *mentions(text, named - set(SIDES))):
        plain = plain[: mention.start] + _FILL * (mention.end - mention.start) + plain[mention.end :]
    # In "over the Browns" the first word names no total.
    owners = [one for one in owners if not (one.names <= set(SIDES) and _TEAM.match(plain[one.end :]))]
    return Read(text, plain, owners, teams, books, games)


def _emptiness(read: Read, games: Mapping[str, Sides], athletes: Sequence[Fact]) -> str | None:
    """Return that a sentence says nothing that can be held against a fact, or does not say of which game it speaks."""
    has_athlete = bool(mentions(read.text, {fact.names[0] for fact in athletes}))
    if not has_athlete and not any(numerals(read.plain)) and not says_something(read.plain, read.teams):
        return "nothing to check"
    if len(read.games) > 1 and _DAY.search(read.plain):
        return "a day of one game or the other"
    if len(games) > 1 and not has_athlete and not [one for one in read.teams if not one.names <= set(SIDES)]:
        return "no game named"
    return None


def _total_of_one(read: Read) -> str | None:
    """Return that a total is said to be one team's, which no document has."""
    for one in read.teams:
        if not one.names <= set(SIDES) and (
            _TOTAL_BEHIND.match(read.plain[one.end :]) or _TOTAL_BEFORE.search(read.plain[: one.start])
        ):
            return "the total of one team"
    return None


def _price_of_another(read: Read) -> str | None:
    """Return that one is said to have the price or the chance of another: "the Browns' price on the Chiefs"."""
    for one, other in pairwise(read.teams):
        if one.names != other.names and _HIS_OF.fullmatch(read.plain[one.end : other.start]):
            return "the figure of two"
    return None


def _owners(fact: Fact) -> tuple[str, ...]:
    """Return the outcomes whose figure a fact is."""
    if fact.kind not in ("price", "probability", "point", "number") or isinstance(fact.value, str):
        return ()
    if fact.kind == "point" and market_of(fact) == "total":
        return ()  # a total is not the Over's alone
    return fact.names


def _figures(read: Read, facts: Sequence[Fact]) -> str | None:
    said = list(numerals(read.plain))
    starts_with_name = not said or any(owner.start < min(one.start for one in said) for owner in read.owners)
    for numeral in said:
        having = [fact for fact in facts if Sayable([fact]).allows(numeral)]
        if not any(
            (
                (is_in_range(read.plain, numeral, fact) and SCORED.search(read.plain))
                or _is_of(read, numeral, fact, starts_with_name)
            )
            and _is_of_game(read, numeral, fact)
            and _is_at(read, numeral, fact)
            and is_in_market(read.plain, numeral, fact)
            and is_of_kind(read.plain, numeral, fact)
            and is_best(read.plain, fact)
            for fact in having
        ):
            return f"the figure {numeral.text} of another"
    return None


def _is_of(read: Read, numeral: Numeral, fact: Fact, starts_with_name: bool) -> bool:
    """Return whether a figure is said of the one whose fact it is; of nobody's, whoever is named."""
    owners = set(map(normalise, _owners(fact)))
    if not owners:
        return True
    if fact.kind == "point" and not fact.value:  # level: it is the line of both teams
        return subject(read.plain, numeral.start, read.owners, is_figure=True) not in SIDES
    ahead = [one for one in read.owners if one.start > numeral.start]
    end = numeral.start + len(numeral.text)
    if ahead and _is_said_for(read.plain[end : ahead[0].start]):
        before = [one for one in read.owners if one.end <= numeral.start][-1:]
        is_taken = (
            before
            and not re.search(r"\d", read.plain[before[0].end : numeral.start])
            and not _SAID_FOR.search(read.plain[: before[0].start])
        )
        return bool(ahead[0].names & owners) and not (is_taken and before[0].names != ahead[0].names)
    if ahead and not starts_with_name:
        return bool(ahead[0].names & owners)
    return subject(read.plain, numeral.start, read.owners, is_figure=True) in owners


def _is_said_for(between: str) -> bool:
    """Return whether a figure is followed by whose it is: "44.3% for the Browns", "-140 on the Chiefs"."""
    words = between.replace("%", " ").replace(",", " ,").split()
    return words in (["for"], ["on"], ["for", "the"], ["on", "the"])


def _is_of_game(read: Read, numeral: Numeral, fact: Fact) -> bool:
    """Return whether a figure is said of its own game, where facts of several are cited."""
    if len(read.games) < 2 or game_of(fact) is None:
        return True
    teams = [one for one in read.teams if not one.names <= set(SIDES)]
    before = [one for one in teams if one.start < numeral.start][-1:]
    near = before or teams[:1]
    mine = read.games[str(game_of(fact))].teams
    others = [game.teams for key, game in read.games.items() if key != game_of(fact)]
    return bool(near) and bool(near[0].names & mine) and not any(near[0].names & other for other in others)


def _is_at(read: Read, numeral: Numeral, fact: Fact) -> bool:
    """Return whether a figure is said at its book, where books are named: the one right behind it, or the last before.

    A figure of all books together does not belong to a single book.
    """
    if not read.books:
        return True
    end = numeral.start + len(numeral.text)
    before = [one for one in read.books if one.end <= numeral.start][-1:]
    ahead = [one for one in read.books if one.start >= end][:1]
    right_behind = ahead and _AT_BOOK.fullmatch(read.plain[end : ahead[0].start])
    if fact.kind == "time" or "/scores/" in fact.path:
        return not right_behind
    near = ahead if right_behind or not before else before
    if any(one.names != near[0].names and _are_joined(read.plain, one, near[0]) for one in read.books):
        return False  # "at Pinnacle and FanDuel"
    own = {normalise(name) for one in fact.beside for name in one.names}
    if own:
        return bool(near[0].names & own)
    if fact.kind == "point":  # the best prices are those at the line of all books
        return len(list(numerals(read.plain))) > 1
    return not right_behind and _OF_ALL.search(read.plain) is not None


def _are_joined(text: str, one: Mention, other: Mention) -> bool:
    first, second = sorted((one, other))
    return _JOINED.fullmatch(text[first.end : second.start]) is not None
