"""A message as a part of its conversation: what it asks in all, and what it leaves to what was said before.

Everything is read from the words of the conversation, which are kept: a follow-up means the same in another process.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import replace
from datetime import datetime

from quartapp.bot.asked import Asked
from quartapp.bot.catalogue import Catalogue
from quartapp.bot.question import Question, Steps, understand

MOST_PARTS = 3
MOST_BACK = 12  # turns
TURN_LETTERS = 1_000
_PARTS = re.compile(
    r"(?<=[?!])\s+|(?<=[a-z)][.;])\s+|\s*\n+\s*|,?\s+(?:and|also|plus)\s+(?=(?:also\s+)?(?:what|who|when|how|where|which|is|are|did|does|do)(?:'?s)?\b)",
    re.IGNORECASE,
)


def understood(asked: Asked, catalogue: Catalogue, now: datetime) -> Steps:
    """Return what a message asks, in steps between which others may have the process."""
    before: Question | None = None
    whole = yield from understand(asked.message, catalogue, now, sport=asked.sport, game_id=asked.game_id)
    yield
    if whole.care is not None:
        return whole
    if asked.history:
        before = yield from _history(asked, catalogue, now)
        if before is not None:
            whole = yield from understand(
                asked.message, catalogue, now, sport=asked.sport, game_id=asked.game_id, before=before
            )
            yield
    if whole.legs or whole.wish or whole.athletes:
        return whole
    written = [part for part in _PARTS.split(asked.message.strip()) if len(part) > 2]
    parts: list[Question] = []
    for part in written[: 2 * MOST_PARTS] if len(written) > 1 else ():
        known = yield from understand(
            part, catalogue, now, sport=asked.sport, game_id=asked.game_id, before=before
        )
        yield
        if known.games or known.unclear:
            before = known
        if _asks(known, part):
            parts.append(known)
    if len(parts) > 1 and len({(part.topics, part.games, part.sport, part.unclear) for part in parts}) > 1:
        return replace(parts[0], more=tuple(parts[1:MOST_PARTS]))
    return whole


def _asks(known: Question, part: str) -> bool:
    """Return whether a part asks something by itself: a greeting does not, nor a name before its question."""
    if known.topics in ((), ("able",)):
        return False
    return known.topics != ("game",) or part.rstrip().endswith("?")


def _history(asked: Asked, catalogue: Catalogue, now: datetime) -> Generator[None, None, Question | None]:
    """Return what the conversation was about, turn by turn."""
    before: Question | None = None
    for role, whole in asked.history[-MOST_BACK:]:
        text = whole[:TURN_LETTERS]
        if role != "bot":
            known = yield from understand(text, catalogue, now, before=before)
            if known.care is None and (known.games or known.unclear or before is None or not before.games):
                before = known
        elif before is not None and not before.games and not before.unclear:
            # Asked of a page that was looked at: the answer has the names.
            known = yield from understand(text, catalogue, now)
            if len(known.games) == 1 and before.topics not in ((), ("schedule",)):
                before = replace(before, games=known.games)
        yield
    return before
