"""One game as it is told: when it begins or how it stands, how likely each outcome is, and who is injured."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from quartapp.bot.catalogue import Team
from quartapp.bot.facts import Sentence
from quartapp.bot.game_facts import INJURIES_TOLD, GameFacts
from quartapp.bot.numerals import parse_time
from quartapp.bot.said import percent


def where_it_stands(facts: GameFacts) -> Sentence:
    """Return when a game begins, or how it stands."""
    teams, start = facts.teams(), facts.start()
    names = f"{facts.away} at {facts.home}"
    scores = facts.scores()
    if scores is not None and facts.status in ("live", "final"):
        stands = "ended" if facts.status == "final" else "stands"
        text = f"The game {names} {stands} {facts.away} {scores[0].value}, {facts.home} {scores[1].value}"
        live = facts.game.at("game", "live")
        if facts.status == "live" and isinstance(live, dict) and isinstance(live.get("period"), int):
            period = facts.game.fact("game", "live", "period", kind="number")
            clock = facts.game.fact("game", "live", "clock", kind="text")
            if isinstance(clock.value, str) and re.fullmatch(r"\d{1,2}:\d{2}", clock.value):
                text = f"{text}, in period {period.value} with the clock at {clock.value}"
                return Sentence(f"{text}.", (*teams, *scores, period, clock))
            return Sentence(f"{text}, in period {period.value}.", (*teams, *scores, period))
        return Sentence(f"{text}.", (*teams, *scores))
    if facts.status == "scheduled":
        return Sentence(f"The game {names} starts on {facts.start_text()}.", (*teams, start))
    if facts.status == "live":
        return Sentence(f"The game {names} began on {facts.start_text()} and is under way.", (*teams, start))
    words = {"unresolved": "has begun and its result is not known"}
    status = facts.game.fact("game", "status", kind="text")
    return Sentence(
        f"The game {names}, planned for {facts.start_text()}, {words.get(facts.status, f'is {facts.status}')}.",
        (*teams, start, status),
    )


def chances(facts: GameFacts) -> Iterator[Sentence]:
    """Yield how likely each outcome is by the consensus."""
    listed = facts.chances()
    if not listed:
        yield Sentence(
            f"No book quotes {facts.away} at {facts.home} now, so there is no probability.", facts.teams()
        )
        return
    books = facts.field("h2h", "books", label="books in the consensus")
    told = ", ".join(f"{name} {percent(value)}" for name, value, _ in listed)
    cited = (*(fact for _, _, fact in listed), *((books,) if books else ()))
    over = f" of {books.value} books" if books else ""
    yield Sentence(f"The consensus{over} on who wins: {told}.", cited)


def level(facts: GameFacts) -> Iterator[Sentence]:
    """Yield how likely a level score is where it is not an outcome of its own."""
    for team in (facts.game.at("game", "home_team"), facts.game.at("game", "away_team")):
        level = facts.field("h2h", "fair", team, "push", kind="probability", label="a level score")
        if level is not None and level.value and "Draw" not in {name for name, *_ in facts.chances()}:
            yield Sentence(
                f"A level score, a push of the winner market, has {percent(level.value)} by the consensus.",
                (*facts.teams(), level),
            )
            return


def injuries(facts: GameFacts, teams: Sequence[Team] = (), athlete: str | None = None) -> Iterator[Sentence]:
    """Yield who is listed as injured; of the teams that are named, if it is one."""
    asked = {team.name for team in teams}
    listed = [one for one in facts.injuries() if len(asked) != 1 or one[0] in asked] or (
        facts.injuries() if len(asked) != 1 else []
    )
    if athlete is not None:
        listed = [one for one in listed if one[1] == athlete]
    if not listed:
        who = next(iter(asked)) if len(asked) == 1 else None
        about = (
            facts.home
            if who == facts.home
            else facts.away
            if who == facts.away
            else f"{facts.away} at {facts.home}"
        )
        yield Sentence(
            f"No injuries are listed for {about}, which does not say that there are none.", facts.teams()
        )
        return
    for team in (facts.home, facts.away):
        own = [one for one in listed if one[0] == team][:INJURIES_TOLD]
        if own:
            told = "; ".join(
                f"{name}: {status}{f', {kind}' if kind else ''}" for _, name, status, kind, _ in own
            )
            cited = [fact for *_, cites in own for fact in cites]
            yield Sentence(f"Listed for {team}: {told}.", (*facts.teams(), *cited))


def updated(facts: GameFacts) -> Iterator[Sentence]:
    """Yield when the prices of a game were last updated."""
    where = ("analysis", "freshness", "odds_updated_at")
    moment = parse_time(facts.analysis.at(*where)) if facts.analysis is not None else None
    if facts.analysis is None or moment is None:
        yield Sentence(f"It is not known when {facts.away} at {facts.home} was last updated.", facts.teams())
        return
    yield Sentence(
        f"Prices of {facts.away} at {facts.home} were last updated on {moment:%Y-%m-%d} at {moment:%H:%M} UTC.",
        (*facts.teams(), facts.analysis.fact(*where, kind="time")),
    )
