"""What an injury status means for a game, in the words of every league that ESPN reports.

Whoever is neither active nor probable is shown, under the source's own word: a status that nobody here has
heard of is news too. Only those who surely do not play count as out.
"""

from __future__ import annotations

import re

_PLAYS = ("active", "probable")
_OUT = re.compile(
    r"\b(out|il|ir|injured|pup|unable|nfi|non-football|suspen\w*|paternity|bereavement|restricted|disabled)\b"
)


def is_shown(status: str) -> bool:
    """Return whether readers should know of it.

    >>> is_shown("Active"), is_shown("Illness watch")
    (False, True)
    """
    return status.strip().casefold() not in _PLAYS


def is_out(status: str) -> bool:
    """Return whether an athlete surely does not play.

    >>> [is_out(status) for status in ("15-Day-IL", "Physically Unable to Perform", "Injured Reserve", "Out")]
    [True, True, True, True]
    >>> [is_out(status) for status in ("Day-To-Day", "Questionable", "Doubtful", "Illness watch")]
    [False, False, False, False]
    """
    return _OUT.search(status.casefold()) is not None
