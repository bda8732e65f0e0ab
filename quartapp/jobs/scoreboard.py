"""Scores, periods, clocks and fates of games from ESPN's scoreboard, twice a minute while games are on. Free.

A day's board is asked for while a game of it runs or is about to begin; while it has games in the next twelve hours,
or ended ones whose score can still be corrected, every half hour. A league that failed three times in a row is left to
`results`, which pays for scores, until it answers again. For a game under way that its day's board lacks, that of the
nearer day beside is asked as well: two sources may have its start on two sides of midnight.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from ops.clock.job import Job
from ops.stores import Unavailable
from ops.telemetry.events import emit
from quartapp.feeds.errors import FeedError, FeedShapeError
from quartapp.feeds.espn import BOARDS
from quartapp.feeds.espn_scoreboard import board_day
from quartapp.feeds.reading import Reading
from quartapp.freshness import boards
from quartapp.identity.match import SAME_DAY, Match, OurGame, match
from quartapp.identity.names import Names
from quartapp.jobs.leagues import LEAGUE_FAULTS
from quartapp.jobs.slates import Context, ensure_sports, publish
from quartapp.records import GameReport
from quartapp.settle.endings import NOTHING, Course
from quartapp.settle.states import News
from quartapp.store import games, scoreboard
from quartapp.store.endings import ToldCourse
from quartapp.store.scoreboard import Told, Watched
from quartapp.upstreams import Upstreams

if TYPE_CHECKING:
    from redis.asyncio import Redis

SOURCE = "espn"
EARLY = timedelta(minutes=15)  # games begin before their time
SELDOM = timedelta(minutes=30)
FETCHES_AT_ONCE = 6
_REMEMBERED = timedelta(days=1)
_SILENT = (*Unavailable, ValueError)

Board = tuple[str, date]


async def scoreboards(context: Context) -> Mapping[str, object]:
    """Ask for the boards that can have changed; what fails of one league leaves the others."""
    active = [sport.key for sport in await ensure_sports(context) if sport.key in BOARDS]
    return await follow(context, active, datetime.now(UTC))


async def follow(context: Context, sport_keys: Sequence[str], now: datetime) -> Mapping[str, object]:
    """Do so at `now`. Raises the first error once every league that answered is written and published."""
    async with context.transaction() as connection:
        await games.start_due(connection, now)
        listed = await scoreboard.watched(connection, sport_keys, now)
        aliases = await scoreboard.aliases(connection)
    due = await _due(context.redis, listed, now)
    answers, failures = await _ask(context, due)
    leagues = [_league(key, listed, answers, aliases) for key in sorted({sport for sport, _ in due})]
    beside, unanswered = await _ask(
        context, {board for league in leagues for board in league.boards_beside()}
    )
    failures = unanswered | failures
    changed = 0
    for league in leagues:
        sport_key = league.key
        problem = failures.get(sport_key)
        if league.answers:
            near = [answer for (sport, _), answer in beside.items() if sport == sport_key]
            try:
                changed += await _write(context, league, near, now, whole=sport_key not in unanswered)
            except LEAGUE_FAULTS as fault:
                emit("league_failed", league=sport_key, exc_info=fault)
                problem = problem or fault
        if problem is None:
            await boards.answered(context.redis, sport_key)
            days = {day for sport, day in due if sport == sport_key}
            await _remember_asked(context.redis, sport_key, days, now)
        else:
            failures[sport_key] = problem
            await boards.failed(context.redis, sport_key)
    on = {
        (one.sport_key, board_day(one.commence_time)) for one in listed if one.status == "live"
    }.intersection(due)
    context.stats |= {
        "boards": len(due),
        # A board that answers well, and lists nothing on a day with a game under way, has told nothing.
        "due": len(on),
        "done": sum(len(answers.get(one, ())) > 0 for one in on),
        "games_changed": changed,
        "sports_failed": sorted(failures),
        "left_out": sum(sum(answer.left_out.values()) for answer in answers.values()),
    }
    if failures:
        raise failures[min(failures)]
    return {}


async def _ask(
    context: Context, due: Iterable[Board]
) -> tuple[dict[Board, Reading[GameReport]], dict[str, BaseException]]:
    gate = asyncio.Semaphore(FETCHES_AT_ONCE)
    failures: dict[str, BaseException] = {}

    async def one(board: Board) -> tuple[Board, Reading[GameReport]] | None:
        async with gate:
            try:
                answer = await context.resources.espn.scoreboard(*board)
            except FeedError as problem:
                failures[board[0]] = problem
                return None
        if answer.trouble is not None:
            failures[board[0]] = FeedShapeError(answer.trouble)
        return board, answer

    pairs = await asyncio.gather(*map(one, due))
    return dict(pair for pair in pairs if pair is not None), failures


@dataclass(frozen=True, slots=True)
class League:
    """A league's games of the days that were asked for, and what the boards of these days answered."""

    key: str
    games: Sequence[Watched]
    answers: Sequence[Reading[GameReport]]
    names: Names

    def matched(self, near: Sequence[Reading[GameReport]] = ()) -> dict[str, Match]:
        """Return what the boards say of each game; those of days beside, only of games that their own lacks."""
        found = match(_ours(self.games), _reports(self.answers), self.names)
        taken = {one.report.id for one in found.values()}
        free = [report for report in _reports([*self.answers, *near]) if report.id not in taken]
        return found | match(_ours(self.lacking(found)), free, self.names) if near else found

    def lacking(self, found: Mapping[str, Match]) -> list[Watched]:
        """Return the games under way that are on no board."""
        return [one for one in self.games if one.id not in found and one.status in ("live", "unresolved")]

    def boards_beside(self) -> set[Board]:
        """Return the boards to ask besides: of the nearer day beside, for games that their own day's board lacks."""
        lacking = self.lacking(self.matched()) if self.answers else ()
        days = {board_day(one.commence_time + shift) for one in lacking for shift in (-SAME_DAY, SAME_DAY)}
        return {(self.key, day) for day in days - {board_day(one.commence_time) for one in self.games}}


def _league(
    sport_key: str,
    listed: Iterable[Watched],
    answers: Mapping[Board, Reading[GameReport]],
    aliases: Mapping[str, Iterable[tuple[str, str]]],
) -> League:
    own = {day: answer for (sport, day), answer in answers.items() if sport == sport_key}
    asked = [one for one in listed if one.sport_key == sport_key and board_day(one.commence_time) in own]
    return League(sport_key, asked, list(own.values()), Names(sport_key, aliases.get(sport_key, ())))


def _ours(watched: Iterable[Watched]) -> list[OurGame]:
    return [OurGame(one.id, one.home_team, one.away_team, one.commence_time) for one in watched]


def _reports(answers: Iterable[Reading[GameReport]]) -> list[GameReport]:
    return list({report.id: report for answer in answers for report in answer}.values())


async def _write(
    context: Context,
    league: League,
    near: Sequence[Reading[GameReport]],
    now: datetime,
    *,
    whole: bool,
) -> int:
    """Write what the boards of a league say of the games asked about; return how many changed."""
    matched = league.matched(near)
    told = {game_id: _told(one) for game_id, one in matched.items()}
    # An event that could not be read may be the very game: nobody can say that the board lacks it.
    whole &= not any(answer.left_out for answer in (*league.answers, *near))
    taken = {one.report.id for one in matched.values()}
    free = [
        f"{one.away_team} at {one.home_team}"
        for one in _reports([*league.answers, *near])
        if one.id not in taken
    ]
    missing = [one.id for one in league.lacking(matched)] if whole else []
    async with context.transaction() as connection:
        changed = await scoreboard.write_told(connection, told, SOURCE, now)
        seen = [one.id for one in league.games if whole or one.id in matched]
        await scoreboard.note_unmatched(connection, seen, dict.fromkeys(missing, free), SOURCE, now)
        if changed:
            await publish(context, connection, [league.key])
    return changed


def _told(one: Match) -> Told:
    report = one.report
    return Told(_news(one), report.period, report.clock, report.detail, ToldCourse(_course(one), one.score))


def _course(one: Match) -> Course:
    report = one.report
    match report.status:
        case "final":
            return Course(None, report.overtime, one.regulation, report.played)
        case "abandoned" | "suspended" | "forfeit" as stopped:
            return Course(stopped, report.overtime, one.regulation, report.played)
        case _:
            return NOTHING


def _news(one: Match) -> News | None:
    """Return what a board's word means for a game's state.

    Abandoned and forfeited games are not going on: whether a bet stands then is a matter of the rules, which ask how
    much was played. A delayed or suspended game goes on.
    """
    match one.report.status:
        case "final" if one.score is None:
            return News("ended_without_score")
        case "final":
            return News("result", score=one.score)
        case "live" | "suspended":
            return News("running", score=one.score)
        case "delayed":
            return News("running", score=one.score) if one.score and one.report.period else None
        case "postponed":
            return News("postponed")
        case "abandoned":
            return News("cancelled", score=one.score)
        case "cancelled" | "forfeit":
            return News("cancelled")
        case "scheduled":
            return None


async def _due(redis: Redis, listed: Iterable[Watched], now: datetime) -> list[Board]:
    """Return the boards to ask for now: those with a game that is on, the others every half hour."""
    wanted: dict[Board, bool] = defaultdict(bool)
    for one in listed:
        on = one.status == "live" or (one.status == "scheduled" and one.commence_time <= now + EARLY)
        wanted[one.sport_key, board_day(one.commence_time)] |= on
    return [board for board, on in sorted(wanted.items()) if on or await _waited(redis, board, now)]


async def _waited(redis: Redis, board: Board, now: datetime) -> bool:
    try:
        last = await redis.get(_asked_key(board))
        return last is None or now - datetime.fromisoformat(str(last)) >= SELDOM
    except _SILENT:
        return True


async def _remember_asked(redis: Redis, sport_key: str, days: Iterable[date], now: datetime) -> None:
    try:
        for day in days:
            await redis.set(_asked_key((sport_key, day)), now.isoformat(), ex=_REMEMBERED)
    except _SILENT:
        return


def _asked_key(board: Board) -> str:
    return f"espn:scoreboard:asked:{board[0]}:{board[1]}"


SCOREBOARD: Job[Upstreams] = Job(
    name="scoreboard",
    run=scoreboards,
    schedule="* * * * * 15,45",  # a quarter of a minute before `settle` reads what ended
    timeout_seconds=120,
    max_attempts=1,  # the next run asks again half a minute later
    catch_up_window=timedelta(minutes=5),
    run_at_start=True,
)
