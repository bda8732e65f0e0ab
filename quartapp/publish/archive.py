"""Games that are over, rendered from what is stored of them for good: a page as its document was, and lists.

Deterministic: `generated_at` is when the game last changed, so that every process renders the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import orjson

from quartapp.publish import shapes
from quartapp.publish.closing_line import books_at_close, closing_shown
from quartapp.publish.cursor import encode
from quartapp.publish.game import format_time, render
from quartapp.store.archive import Archived
from quartapp.store.games import Game


class Rendered(NamedTuple):
    """A body, when what it says last changed, and where the next page begins."""

    body: bytes
    changed_at: datetime
    next: str | None = None


def page(archived: Archived) -> Rendered:
    """Return a game's page. Its prices are the closing ones, its movement the one up to the start."""
    game, captured = archived.game, archived.captured
    moved: dict[str, shapes.Movement] = {} if captured is None else dict(captured.movement)
    content: shapes.GameInFull = {
        **render(game, books_at_close(game, archived.prices)),
        "best": {},
        "line_movement": moved,
        "injuries": [],
        "closing": closing_shown(captured),
    }
    changes = (archived.last_seen_at, game.final_at, game.corrected_at, captured and captured.captured_at)
    changed_at = max(change for change in changes if change)
    body = {"generated_at": format_time(changed_at), "source": archived.source, "game": content}
    return Rendered(orjson.dumps(body), changed_at)


def finished_list(
    games: Sequence[tuple[Game, str]], sport: str | None, limit: int, source: str, nothing_since: datetime
) -> Rendered:
    """Return a page of finished games, without prices. One more game than `limit` says that another page follows."""
    shown = games[:limit]
    following = encode(shown[-1][0].commence_time, shown[-1][0].id) if len(games) > limit else None
    changes = [game.corrected_at or game.final_at or game.commence_time for game, _ in shown]
    changed_at = max(changes, default=nothing_since)
    body = {
        "generated_at": format_time(changed_at),
        "source": shown[0][1] if shown else source,
        "sport": sport,
        "games": [render(game, []) for game, _ in shown],
        "next": following,
    }
    return Rendered(orjson.dumps(body), changed_at, following)
