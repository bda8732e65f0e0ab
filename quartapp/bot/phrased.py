"""Whether a model's sentence may be sent: every check that there is of one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from quartapp.bot.binding import binding_problem
from quartapp.bot.check import SENTENCE_LETTERS, problem
from quartapp.bot.facts import Fact
from quartapp.bot.sides import Sides
from quartapp.bot.vocabulary import wording_problem

# A spread's sign said in words, or a score's dash: the figure that is meant.
_MEANT = (
    (re.compile(r"\s+[\u2013\u2014]\s+(?=[A-Za-z])"), ", "),
    (re.compile(r"[\u201c\u201d]"), '"'),
    (re.compile(r"\bover/under\b", re.IGNORECASE), "total"),
    (re.compile(r"\b((?:favou?red|favou?rites?)\s+by|giving|gives|laying|lays)\s+(\d)", re.IGNORECASE), r"\1 -\2"),
    (re.compile(r"\b(getting|gets|receiving)\s+(\d)", re.IGNORECASE), r"\1 +\2"),
    (re.compile(r"(?<![\w.+-])(\d+(?:\.\d+)?)[ -]point\s+(favou?rites?)\b", re.IGNORECASE), r"-\1 point \2"),
    (re.compile(r"(?<![\w.+-])(\d+(?:\.\d+)?)[ -]point\s+(underdogs?)\b", re.IGNORECASE), r"+\1 point \2"),
    (re.compile(r"(?<![\w.,+:-])(\d{1,3}) to (\d{1,3})(?![\w.,:%]*\d)(?!%)"), r"\1-\2"),
    (re.compile(r"\b(?:a\s+)?pick'?em\b", re.IGNORECASE), "0"),
)  # fmt: skip


def phrased_problem(
    text: str, cited: Sequence[Fact], games: Mapping[str, Sides], known: Iterable[str] = ()
) -> str | None:
    """Return why a model's sentence may not be sent, None where it may.

    `games` are those of all the facts that the model was sent, `known` distinctive words of every document's names.

    >>> price = Fact("/api/game/1", '"a"', "/x/price_american", -150, "price", ("Dallas Cowboys",), "winner price")
    >>> phrased_problem("The Dallas Cowboys are -150 to win.", [price], {}) is None
    True
    >>> phrased_problem("The Dallas Cowboys are -150 and in form.", [price], {})
    'the word form'
    """
    if not cited:
        return "no citation"
    if len(text) > SENTENCE_LETTERS:
        return "its length"
    meant = text
    for pattern, figure in _MEANT:
        meant = pattern.sub(figure, meant)
    return (
        wording_problem(meant, cited) or problem(meant, cited, known) or binding_problem(meant, cited, games)
    )
