"""Answers from documents alone: templates, each sentence with the facts that it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from quartapp.bot import closing_told, general, line_told, parlay_told, texts
from quartapp.bot.asked import Refused
from quartapp.bot.catalogue import Catalogue
from quartapp.bot.check import problem
from quartapp.bot.facts import Sentence, Source
from quartapp.bot.game_facts import INJURIES_TOLD, MARKETS, GameFacts, read_game
from quartapp.bot.library import Reads
from quartapp.bot.question import Question
from quartapp.bot.said import percent, points
from quartapp.bot.topics import Topic

SENTENCES = 12
BOOKS_TOLD = 2
_LEVEL = re.compile(r"\btie[sd]?\b|\bdraws?\b|\blevel\b|\bpush\b", re.IGNORECASE)


def answer(question: Question, reads: Reads, catalogue: Catalogue, region: str | None) -> list[Sentence]:
    """Return the sentences that answer a question; at the least what the bot can answer."""
    return list(sentences(question, reads, catalogue, region))


def sentences(
    question: Question,
    reads: Reads,
    catalogue: Catalogue,
    region: str | None,
    parlay: Source | Refused | None = None,
) -> Iterator[Sentence]:
    """Yield the sentences of an answer, each made when it is asked for.

    `parlay`: the parlay that it asks the price of, or that is suggested to it.

    Each has passed the same check as a model's would: a document's text is data, whoever wrote it.
    """
    told: set[str] = set()
    for one in question.every:
        most, said = len(told) + SENTENCES // len(question.every), False
        for sentence in _answer(one, reads, catalogue, region, parlay if one.legs or one.wish else None):
            if problem(sentence.text, sentence.facts) is not None:
                continue
            said = True
            if sentence.text not in told:
                told.add(sentence.text)
                yield sentence
            if len(told) == most:
                break
        if not said:
            told.add(texts.NOT_ABLE)
            yield from (Sentence(texts.NOT_ABLE), Sentence(texts.ABLE[0]))


def _answer(
    question: Question,
    reads: Reads,
    catalogue: Catalogue,
    region: str | None,
    parlay: Source | Refused | None,
) -> Iterator[Sentence]:
    if question.care is not None:
        yield from general.caring(question.care, reads, region)
        if question.care not in ("stake", "promise"):
            return
    if question.care is None and parlay is not None:
        if isinstance(parlay, Refused):
            yield from parlay_told.refused(parlay, question.legs, reads)
        elif question.wish is not None:
            yield from parlay_told.suggested(parlay, reads)
        else:
            book = line_told.book_asked(question.book, reads, catalogue)
            yield from parlay_told.priced(parlay, reads, book)
        return
    games = [facts for game in question.games if (facts := read_game(reads, game.id)) is not None]
    if "book" in question.strangers and games:
        yield Sentence(texts.STRANGE_BOOK)
    if "team" in question.strangers and games:
        yield Sentence(texts.STRANGER)
    if question.beyond and question.care is None and games:
        yield Sentence(texts.BEYOND)
    if question.athletes and question.care is None:
        for athlete in question.athletes:
            if (facts := read_game(reads, athlete.game_id)) is not None:
                yield from _injuries(facts, question, athlete.name)
        if not games or set(question.topics) <= {"game", "injuries", "schedule", "status"}:
            return
    if games:
        topics: Iterable[Topic] = question.topics
        if question.care is not None:
            topics = ("chance", "price")
        elif question.beyond and question.topics == ("game",):
            topics = ("schedule", "chance")
        for facts in games:
            for topic in topics:
                yield from _of_game(topic, facts, question, reads, catalogue)
        return
    if question.unclear:
        yield from general.unclear(question, reads, catalogue)
        return
    if question.care is None:
        yield from general.answer(question, reads, catalogue, region)


def _of_game(
    topic: Topic, facts: GameFacts, question: Question, reads: Reads, catalogue: Catalogue
) -> Iterator[Sentence]:
    if topic in ("line", "price", "spread", "total", "chance", "hold", "arbitrage") and facts.status in (
        "live",
        "final",
    ):
        yield _where_it_stands(facts)
        if facts.status == "final":
            yield Sentence(texts.OVER)
    if topic in ("line", "price", "spread", "total"):
        for key in question.books[:BOOKS_TOLD] or (None,):
            book = line_told.book_asked(key, reads, catalogue)
            if topic == "line" and question.line is not None:
                yield from line_told.answer(question.line, facts, book)
            elif topic == "price":
                yield from line_told.prices("h2h", facts, book)
            else:
                yield from line_told.line("spreads" if topic == "spread" else "totals", facts, book)
    elif topic == "chance":
        yield from _chances(facts)
        if _LEVEL.search(question.message):
            yield from _level(facts)
    elif topic == "arbitrage":
        yield from closing_told.arbitrage(facts)
    elif topic == "closing":
        yield from closing_told.closing(facts)
    elif topic == "hold":
        yield from closing_told.hold(facts)
    elif topic == "injuries":
        yield from _injuries(facts, question)
    elif topic == "movement":
        yield from _movement(facts)
    elif topic == "form":
        yield from _form(facts)
    elif topic in ("score", "schedule"):
        yield _where_it_stands(facts)
    elif topic == "books":
        yield from _books(facts)
    elif topic in ("parlay", "priced", "picks"):
        yield from general.of(topic, question, reads)
    else:
        yield _where_it_stands(facts)
        if facts.status == "final":
            yield from closing_told.closing(facts)
            return
        yield from _chances(facts)
        for key in question.books[:BOOKS_TOLD] or (None,):
            book = line_told.book_asked(key, reads, catalogue)
            yield from line_told.prices("h2h", facts, book)
            yield from line_told.line("spreads", facts, book)
            yield from line_told.line("totals", facts, book)


def _where_it_stands(facts: GameFacts) -> Sentence:
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


def _chances(facts: GameFacts) -> Iterator[Sentence]:
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


def _level(facts: GameFacts) -> Iterator[Sentence]:
    """Yield how likely a level score is where it is no outcome of its own."""
    for team in (facts.game.at("game", "home_team"), facts.game.at("game", "away_team")):
        level = facts.field("h2h", "fair", team, "push", kind="probability", label="a level score")
        if level is not None and level.value and "Draw" not in {name for name, *_ in facts.chances()}:
            yield Sentence(
                f"A level score, a push of the winner market, has {percent(level.value)} by the consensus.",
                (*facts.teams(), level),
            )
            return


def _injuries(facts: GameFacts, question: Question, athlete: str | None = None) -> Iterator[Sentence]:
    asked = {team.name for team in question.teams}
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


def _movement(facts: GameFacts) -> Iterator[Sentence]:
    told = False
    for key, market in MARKETS.items():
        opened, current = (
            facts.field(key, "movement", name, kind="probability" if key == "h2h" else "point")
            for name in ("open", "current")
        )
        if opened is None or current is None:
            continue
        told = True
        first, last = ((percent if key == "h2h" else points)(fact.value) for fact in (opened, current))
        whose = "" if key == "totals" else f" of {facts.home}"
        verb = (
            f"opened at {first} and stands at {last}"
            if opened.value != current.value
            else f"opened at {first} and has not moved"
        )
        what = "probability" if key == "h2h" else market
        yield Sentence(f"The {what}{whose} {verb}.", (*facts.teams(), opened, current))
    if not told:
        yield Sentence(f"No line movement is known for {facts.away} at {facts.home}.", facts.teams())


def _form(facts: GameFacts) -> Iterator[Sentence]:
    for side, name in (("home", facts.home), ("away", facts.away)):
        results = facts.analysis.at("analysis", "form", side, "results") if facts.analysis else None
        if results and facts.analysis:
            fact = facts.analysis.fact("analysis", "form", side, "results", kind="text", names=(results,))
            yield Sentence(f"The last results of {name}, newest first: {results}.", (*facts.teams(), fact))
        else:
            yield Sentence(f"No results of {name} are recorded yet.", facts.teams())


def _books(facts: GameFacts) -> Iterator[Sentence]:
    books = facts.books()
    if books:
        told = ", ".join(fact.names[0] for fact in books.values())
        yield Sentence(
            f"Books that quote {facts.away} at {facts.home}: {told}.", (*facts.teams(), *books.values())
        )
