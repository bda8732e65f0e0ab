"""What a model's sentence claims beside its figures: who is at home, who is ahead, who is favoured, who is out."""

# ruff: noqa: E501 - a pattern reads better whole

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from quartapp.bot.game_facts import SIDES
from quartapp.bot.mentions import Mention
from quartapp.bot.sides import Sides

SCORED = re.compile(
    r"""
      \b(?P<live_ahead>leads?|leading|ahead|(?<!of\ )(?<!of\ the\ )winning(?!\ (?:about\ |around\ |roughly\ )?[\d.]+\ ?%)|(?:is|are)\ up(?=\ \d)|(?<!of\ )beating)\b
    | \b(?P<live_behind>trail(?:s|ing)?|behind|losing|(?:is|are)\ down(?=\ \d))\b
    | \b(?P<final_behind>lost)\b
    | \b(?P<final_ahead>won|beat|defeated|wins(?!\ (?:about\ |around\ |roughly\ )?[\d.]+\ ?%)|(?<!on\ the\ )(?<!for\ the\ )(?<!of\ the\ )(?<!best\ )winners?(?!\ (?:price|edge|market|odds|line|spread|probabilit)))\b
    | \b(?P<final>final|ended|finished)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CHANCE_THAT = re.compile(r"\b(?:probability|chances?) that\b[^,;]*?\bwins\b", re.IGNORECASE)
_FAVOURED = re.compile(
    r"(?:\b(?P<slight>slight|narrow|slim|modest)\s+|\b(?P<heavy>heavy|strong|clear|big)\s+)?(?:(?:home|road|away)\s+)?(?:[+-]?[\d.]+[ -]point\s+)?"
    r"(?:\b(?P<less>underdogs?|less likely)\b|\b(?:favou?red|favou?rites?|more likely|most likely)\b)",
    re.IGNORECASE,
)
_DEGREE = re.compile(r"\b(?:slight|narrow|slim|modest|heavy|strong|clear|big)\b", re.IGNORECASE)
SLIGHT, HEAVY = 0.6, 0.7  # a favourite's chance, at the most and at the least
_PLACED = re.compile(
    r"\b(?P<host>host(?:s|ing)?)\b|\b(?P<visit>visit(?:s|ing)?(?!\s+(?:team|side|favou?rite|underdog))|travels?(?:\s+to)?)\b"
    r"|(?P<home>\bhome\s+(?:team|side|favou?rite|underdog)s?\b|\(home\)|\bat\s+home\b)|(?P<away>\b(?:away|road|visiting)\s+(?:team|side|favou?rite|underdog)s?\b|\(away\)|\bon\s+the\s+road\b)",
    re.IGNORECASE,
)
_WHERE = re.compile(r"\b(?:at|in)\s+(?:the\s+)?$", re.IGNORECASE)
_MEETING = re.compile(
    r"\b(?:plays?|playing|faces?|facing|meets?|takes?\s+on|against|versus|vs|v)\b", re.IGNORECASE
)
_PLAYS = re.compile(
    r"\u00a4(?:\s*\((?:home|away)\))?\s+(?:plays?|playing|faces?|facing|meets?|takes?\s+on)\b|\bto\s+(?:face|meet|play)\b|\b(?:against|versus|vs|v)\b",
    re.IGNORECASE,
)
# Whom something is done to: what is said next is not said of them.
_OBJECT = re.compile(
    r"\b(?:host(?:s|ing)?|visit(?:s|ing)?|fac(?:es?|ing)|play(?:s|ing)?|meets?|takes?\s+on|at|against|vs\.?|v\.?|versus|over|than|"
    r"(?<=\u00a4 )with|beat|beating|defeated|to|in|leads?|leading|trail(?:s|ing)?|of|behind)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_NOT_OBJECT = re.compile(
    r"\b(?:price|odds|chances?|probability|edge|line|spread|handicap|moneyline|ahead|team|side|case|score|return)s?\s+of\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s*(?:,|/|&|,?\s*and)\s*(?:the\s+)?", re.IGNORECASE)
_CLOSED = re.compile(
    r"[,)]\s*(?:are|is|have|has|pays?|stand|leads?|trails?|won|lost|beat|hosts?|visits?)\b", re.IGNORECASE
)
_MISSED = re.compile(
    r"\b(?:is|are|now|currently|scheduled|about|stands?|sits?|comes?|set)\s+to\s+win\b"
    r"|\b(?:plays?|playing|faces?|facing|meets?|takes?\s+on)\s+(?!(?:the\s+)?\u00a4|at\b|against\b|on\b|in\b|this\b)\w",
    re.IGNORECASE,
)
_SIDED = re.compile(
    r"\b(?:books|bookmakers|sportsbooks|markets?|consensus|odds|prices?)\s+(?:is|are)\s+(?:on|with|for|against|behind)\b",
    re.IGNORECASE,
)
_OVER = re.compile(r"\bover\s+(?:the\s+)?\u00a4", re.IGNORECASE)
_FAVOURED_OVER = re.compile(
    r"\b(?:(?:favou?red|favou?rites?)(?:\s+by\s+-?[\d.]+(?:\s+points?)?)?|lead)\s+$", re.IGNORECASE
)
_THAN = re.compile(r"[^,;¤]*?\bthan\s+(?:the\s+)?(?!the\b)", re.IGNORECASE)
_MARKET_BEATEN = re.compile(
    r"[^,;:(]*?\b(?:market|markets|odds|spreads?|totals?|lines?|consensus|books|average|price|moneyline)\b",
    re.IGNORECASE,
)
_ENDED_TO = re.compile(r"[^,;\u00a4]*\bto\s+(?:the\s+)?(?=\u00a4)", re.IGNORECASE)
_IS_ENDED = re.compile(r"\u00a4\s+(?:is|are)\s+(?:ended|finished|final)\b", re.IGNORECASE)
_RANGE = re.compile(r"(?<![\d.-])(?P<first>\d{1,3})-(?P<second>\d{1,3})(?![\d.]*-?\d)")
_HAS_EDGE = re.compile(r"(?<=\w )the\s+edge\b(?!\s+(?:is|are|of|on|for|at)\b)", re.IGNORECASE)
_BETWEEN = re.compile(r"[^\d,;:.]{1,25}")
OBJECT_LETTERS = 25


def subject(text: str, place: int, teams: Sequence[Mention], *, is_figure: bool = False) -> str | None:
    """Return the one whom a text speaks of at a place: the last one named before who is no object there.

    None where nobody is, or two at once. A figure right behind an object is its own: "against the Browns (+116)".
    """
    before = [one for one in teams if one.end <= place]
    for index in range(len(before) - 1, -1, -1):
        named = before[index]
        if is_object(text, named) and not (is_figure and not text[named.end : place].strip(" (")):
            continue
        if _is_parenthesis(text, before[:index], named, place):
            return None
        joined = index > 0 and _JOINED.fullmatch(text[before[index - 1].end : named.start])
        if joined and before[index - 1].names != named.names and not is_object(text, before[index - 1]):
            return None
        return next(iter(named.names)) if len(named.names) == 1 else None
    return None


def _is_parenthesis(text: str, earlier: Sequence[Mention], named: Mention, place: int) -> bool:
    """Return whether who is named stands in a parenthesis of another: "the Browns, with the Chiefs at home, are"."""
    closed = _CLOSED.search(text[named.end : place])
    last = earlier[-1] if earlier else None
    return (
        closed is not None
        and last is not None
        and last.names != named.names
        and not re.search(r"\d", text[last.end : named.start])
    )


def is_object(text: str, named: Mention) -> bool:
    """Return whether one is named as the other of a pair: "the Chiefs host the Browns"."""
    head = text[: named.start]
    return _OBJECT.search(head) is not None and _NOT_OBJECT.search(head) is None


def claim_problem(text: str, games: Mapping[str, Sides], teams: Sequence[Mention]) -> str | None:
    """Return a claim of who plays where, who is ahead or who is favoured that the games do not bear out.

    `text` has its names filled; `teams` says where they stood.
    """
    plain = _CHANCE_THAT.sub(lambda found: " " * len(found.group()), text)
    if any(
        one.names == other.names and _BETWEEN.fullmatch(text[one.end : other.start])
        for one, other in pairwise(teams)
    ):
        return "a pair of one"
    if _MISSED.search(text) or _SIDED.search(text) or _HAS_EDGE.search(text) or _IS_ENDED.search(text):
        return "the claim of what will be"
    if any(_FAVOURED_OVER.search(text[: one.start()]) is None for one in _OVER.finditer(text)):
        return "the claim over"
    claims = [
        *_RANGE.finditer(text),
        *SCORED.finditer(plain),
        *_FAVOURED.finditer(text),
        *_PLACED.finditer(text),
        *_MEETING.finditer(text),
    ]
    where = [one for one in teams if _WHERE.search(text[: one.start])]
    if not claims and not where:
        return None
    game = _game(games, teams)
    if game is None:
        return f"the claim {claims[0].group().strip()}" if claims else "the claim at"
    for found in _RANGE.finditer(text):
        if not _is_score_of(text, found, game, teams):
            return f"the score {found.group()} of another"
    for found in SCORED.finditer(plain):
        if not _is_scored(text, found, game, teams):
            return f"the claim {found.group().strip()}"
    for found in _FAVOURED.finditer(text):
        if not _is_favoured(text, found, game, teams):
            return f"the claim {found.group().strip()}"
    for found in _DEGREE.finditer(text):
        if not any(one.start() == found.start() for one in _FAVOURED.finditer(text)):
            return f"the claim {found.group()}"
    for found in _PLACED.finditer(text):
        if not _is_placed(text, found, game, teams):
            return f"the claim {found.group().strip()}"
    if len([*_MEETING.finditer(text)]) != len([*_PLAYS.finditer(text)]):
        return "the claim of a meeting"
    return next(("the claim at" for one in where if game.home not in one.names), None)


def says_something(text: str, teams: Sequence[Mention]) -> bool:
    """Return whether a sentence without figures makes a claim that is held against facts."""
    return any(_WHERE.search(text[: one.start]) for one in teams) or any(
        pattern.search(text) for pattern in (SCORED, _FAVOURED, _PLACED, _MEETING)
    )


def _game(games: Mapping[str, Sides], teams: Sequence[Mention]) -> Sides | None:
    """Return the one game that all the teams named play; None where there is none, or another could be meant."""
    named = [one.names for one in teams if not one.names <= set(SIDES)]
    if not named:
        return next(iter(games.values())) if len(games) == 1 else None
    found = [game for game in games.values() if all(names & game.teams for names in named)]
    return found[0] if len(found) == 1 else None


def _is_scored(text: str, found: re.Match[str], game: Sides, teams: Sequence[Mention]) -> bool:
    claim = str(found.lastgroup)
    if len(game.scores) != 2 or game.status != claim.partition("_")[0]:
        return False
    if claim == "final":
        to = _ENDED_TO.match(text[found.end() :])
        winners = [one.names for one in teams if to and one.start == found.end() + to.end()]
        return not winners or winners[0] == {max(game.scores, key=lambda name: game.scores[name])}
    if re.search(r"\b(?:is|are)\s+$", text[: found.start()], re.IGNORECASE) and claim.startswith("final"):
        return False  # "are beat", "are defeated": the other way round
    if re.match(r"\s+by\s+(?:the\s+)?(?!\d|a score)", text[found.end() :], re.IGNORECASE):
        return False
    if _MARKET_BEATEN.match(text[found.end() :]):
        return False
    own = game.scores.get(subject(text, found.start(), teams) or "")
    if own is None:
        return False
    other = sum(game.scores.values()) - own
    return own != other and (own > other) == claim.endswith("ahead")


def _is_score_of(text: str, found: re.Match[str], game: Sides, teams: Sequence[Mention]) -> bool:
    """Return whether "27-24" is the score, and in the order of the one of whom it is said.

    Beside a verb that says who is ahead, which is checked for itself, the order is free: many say "lost 27-24".
    """
    first, second = int(found["first"]), int(found["second"])
    if sorted((first, second)) != sorted(game.scores.values()):
        return False
    claims = {str(one.lastgroup) for one in SCORED.finditer(text)} - {"final"}
    is_attached = re.search(r"\b(?:at|with)\s+$", text[: found.start()], re.IGNORECASE)
    if claims and not is_attached:
        return True
    own = subject(text, found.start(), teams) if claims else None
    named = next((next(iter(one.names)) for one in teams), None) if own is None else own
    return named is not None and game.scores.get(named) == first


def _is_favoured(text: str, found: re.Match[str], game: Sides, teams: Sequence[Mention]) -> bool:
    if game.status == "final":
        return False
    before = [one for one in teams if one.end <= found.start()]
    if re.search(r"\bas\s+(?:an?\s+|the\s+)?$", text[: found.start()], re.IGNORECASE) and len(before) > 1:
        return False  # "the Chiefs face the Browns as underdogs" may mean either
    own = subject(text, found.start(), teams)
    if own is None and not before:
        following = [one for one in teams if one.start >= found.end()]
        own = next(iter(following[0].names)) if following and len(following[0].names) == 1 else None
    chances = game.chances or game.implied
    if own is None or own not in chances or (len(chances) < 2 and (not game.chances or chances[own] <= 0.5)):
        point = game.points.get(own or "", 0.0)
        return bool(point) and (point > 0) == bool(found["less"]) and not (found["slight"] or found["heavy"])
    than = _THAN.match(text[found.end() :])
    if than is not None:
        compared = [one for one in teams if one.start == found.end() + than.end()]
        other = chances.get(next(iter(compared[0].names))) if compared else None
        return other is not None and (chances[own] < other if found["less"] else chances[own] > other)
    chance, best = chances[own], max(chances.values())
    if found["less"]:
        rank = chance < best
        degree = 1 - chance
    else:
        rank = chance >= best and (len(chances) > 1 or chance > 0.5)
        degree = chance
    return rank and not (found["slight"] and degree > SLIGHT) and not (found["heavy"] and degree < HEAVY)


def _is_placed(text: str, found: re.Match[str], game: Sides, teams: Sequence[Mention]) -> bool:
    at_home = found["host"] is not None or found["home"] is not None
    role, other = (game.home, game.away) if at_home else (game.away, game.home)
    if role is None or other is None:
        return False
    following = [one for one in teams if one.start >= found.end()][:1]
    own = subject(text, found.start(), teams, is_figure=found.group().startswith("("))
    if own is None:
        if found["host"] or found["visit"] or not following:
            return False
        return following[0].names == {role}
    if own != role:
        return False
    is_verb = found["host"] is not None or found["visit"] is not None
    near = [one for one in following if one.start - found.end() < OBJECT_LETTERS]
    return not (is_verb and near) or other in near[0].names
