"""A game's life: which state follows from what a source tells, or from time. One pure function and its table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

Status = Literal["scheduled", "live", "final", "postponed", "cancelled", "unresolved", "withdrawn"]
STATUSES: tuple[Status, ...] = get_args(Status)
Telling = Literal[
    "listed", "absent", "time", "running", "result", "ended_without_score", "postponed", "cancelled"
]
Happening = Literal[
    "listed_ahead",  # with the start we know, which is to come
    "listed_begun",  # with the start we know, which has passed
    "moved_ahead",  # with another start, to come
    "moved_begun",  # with another start, which has passed
    "absent",  # missing from a whole list, before its start
    "begun",  # its start has come
    "overdue",  # begun long ago, and no source has told its end
    "running",
    "result",
    "ended_without_score",
    "postponed",
    "cancelled",
]

UNRESOLVED_AFTER = timedelta(hours=12)
CORRECTABLE_FOR = timedelta(hours=72)

# What is not named here changes nothing: a final game stays final whatever else is told, and only a result, which
# has a score, leads there.
TRANSITIONS: dict[Status, dict[Happening, Status]] = {
    "scheduled": {
        "listed_begun": "live",
        "moved_begun": "live",
        "begun": "live",
        "overdue": "unresolved",
        "absent": "withdrawn",
        "running": "live",
        "result": "final",
        "ended_without_score": "unresolved",
        "postponed": "postponed",
        "cancelled": "cancelled",
    },
    "live": {
        "moved_ahead": "scheduled",
        "overdue": "unresolved",
        "result": "final",
        "ended_without_score": "unresolved",
        "postponed": "postponed",
        "cancelled": "cancelled",
    },
    "unresolved": {
        "listed_begun": "live",
        "moved_begun": "live",
        "moved_ahead": "scheduled",
        "running": "live",
        "result": "final",
        "postponed": "postponed",
        "cancelled": "cancelled",
    },
    # A postponed game is in no list until it has a new date: its absence tells nothing.
    "postponed": {
        "moved_begun": "live",
        "moved_ahead": "scheduled",
        "running": "live",
        "result": "final",
        "cancelled": "cancelled",
    },
    "cancelled": {
        "moved_begun": "live",
        "moved_ahead": "scheduled",
        "running": "live",
        "result": "final",
    },
    "withdrawn": {
        "listed_ahead": "scheduled",
        "listed_begun": "live",
        "moved_ahead": "scheduled",
        "moved_begun": "live",
        "running": "live",
        "result": "final",
        "postponed": "postponed",
        "cancelled": "cancelled",
    },
    "final": {},
}


@dataclass(frozen=True, slots=True)
class GameState:
    """What a game's state is made of. `score` is (home, away); a final game always has one and its `final_at`."""

    status: Status
    commence_time: datetime
    score: tuple[int, int] | None = None
    final_at: datetime | None = None
    corrected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What was told. `listed` has the start it is listed with; `running` and `result` have the score.

    A `cancelled` game that was abandoned in the middle has one too.
    """

    telling: Telling
    commence_time: datetime | None = None
    score: tuple[int, int] | None = None


def first_state(commence_time: datetime, now: datetime, longest: timedelta = UNRESOLVED_AFTER) -> GameState:
    """Return the state of a game that is listed for the first time."""
    return step(GameState("scheduled", commence_time), News("time"), now, last_told=now, longest=longest)


def step(
    state: GameState,
    news: News,
    now: datetime,
    *,
    last_told: datetime,
    longest: timedelta = UNRESOLVED_AFTER,
) -> GameState:
    """Return the state after what was told; the same state when it changes nothing.

    `last_told` is when a list last named the game, `longest` how long a game of its sport may take: a test match
    goes on for days, and is unresolved sooner only when no list names it any more.
    """
    if news.telling == "listed":
        listed = _listed(state, news, now)
        return step(listed, News("time"), now, last_told=now, longest=longest)
    happening = _happening(state, news, now, last_told, longest)
    if happening == "result" and state.status == "final":
        return _correct(state, news, now)
    return _after(state, happening, news, now)


def _listed(state: GameState, news: News, now: datetime) -> GameState:
    start = state.commence_time if news.commence_time is None else news.commence_time
    happening: Happening
    if start == state.commence_time:
        happening = "listed_ahead" if start > now else "listed_begun"
    else:
        happening = "moved_ahead" if start > now else "moved_begun"
    if state.status == "final":
        return state
    return replace(_after(state, happening, news, now), commence_time=start)


def _happening(
    state: GameState, news: News, now: datetime, last_told: datetime, longest: timedelta
) -> Happening | None:
    match news.telling:
        case "absent":
            return "absent" if state.commence_time > now else None
        case "time":
            age = now - state.commence_time
            silent = now - last_told >= UNRESOLVED_AFTER
            if age >= UNRESOLVED_AFTER and (silent or age >= longest):
                return "overdue"
            return "begun" if age >= timedelta(0) else None
        case "running" | "result":
            return news.telling if news.score is not None else None
        case "listed":
            return None
        case _:
            return news.telling


def _after(state: GameState, happening: Happening | None, news: News, now: datetime) -> GameState:
    if happening is None:
        return state
    status = TRANSITIONS[state.status].get(happening, state.status)
    if state.status == "live" and happening == "running":
        return replace(state, score=news.score)
    if (
        status == "cancelled" and happening == "cancelled"
    ):  # an abandoned game has the score at which it stopped
        return replace(state, status=status, score=news.score or state.score)
    if status == state.status:
        return state
    match status:
        case "final":
            return replace(state, status=status, score=news.score, final_at=now)
        case "live":
            return replace(state, status=status, score=news.score if happening == "running" else state.score)
        case "scheduled":
            return replace(state, status=status, score=None)
        case "unresolved" if happening == "ended_without_score":
            return replace(state, status=status, score=None)  # half-time's score is not the game's
        case _:
            return replace(state, status=status)


def _correct(state: GameState, news: News, now: datetime) -> GameState:
    """Take another result within 72 h of the end; later ones, and repeats, change nothing."""
    if news.score is None or news.score == state.score:
        return state
    if state.final_at is None or now - state.final_at > CORRECTABLE_FOR:
        return state
    return replace(state, score=news.score, corrected_at=now)
