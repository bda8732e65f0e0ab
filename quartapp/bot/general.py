"""Answers that are about no single game: lists, the record, picks, parlays, rules, help, and what is refused."""

# ruff: noqa: E501 - a template reads better whole

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from quartapp.bot import (
    extremes_told,
    game_told,
    help_told,
    line_told,
    odds_told,
    picks_told,
    record_told,
    rules_told,
    status_told,
    texts,
)
from quartapp.bot.care import Care
from quartapp.bot.catalogue import Catalogue, Listed
from quartapp.bot.facts import Fact, Sentence
from quartapp.bot.game_facts import GameFacts, read_game
from quartapp.bot.library import Reads
from quartapp.bot.plain import plain_name
from quartapp.bot.question import Question
from quartapp.bot.topics import FOR_A_GAME, Topic
from quartapp.publish import addresses

GAMES_TOLD = 6
RUNS = timedelta(hours=4)  # a game that began yesterday is today's while it lasts
_OTHER_SPORT = re.compile(
    r"\btennis|\bgolf|\bcricket|\bufc\b|\bmma\b|\bboxing|\bnascar|\bf1\b|\bformula|\brugby|\bhorse|\bipl\b|\bdarts|\be-?sports"
    r"|\bla liga|\bserie a\b|\bbundesliga|\bligue 1|\bchampions league|\bcfl\b|\bafl\b|\bkbo\b|\bnpb\b|\bpga\b|\batp\b|\bwta\b",
    re.IGNORECASE,
)
_ENDED = re.compile(
    r"\bresults?\b|\bfinals\b|\bfinal scores?\b|\bwho won\b|\byesterday\b|\blast night\b|\bwhat happened\b",
    re.IGNORECASE,
)
_LIVE = re.compile(
    r"\blive\b(?! (?:bet|data|odds))|\bright now\b|\bin progress\b|\bunder ?way\b|\bcurrently\b|\bbeing played\b",
    re.IGNORECASE,
)
_PRICE = re.compile(r"(?<![\w.])[+-]\d{3,5}\b|\b\d{1,2}\.\d{1,2}\b|\b\d{1,3}/\d{1,3}\b")


def answer(question: Question, reads: Reads, catalogue: Catalogue, region: str | None) -> Iterator[Sentence]:
    """Yield what answers a question about no single game."""
    if question.beyond and question.topics and all(topic in FOR_A_GAME for topic in question.topics):
        if question.sport is None:
            return
        yield Sentence(texts.BEYOND)
    for topic in question.topics[:2] or ("unknown",):
        if topic == "help":
            yield from help_told.helplines(reads, region)
            yield Sentence(texts.HELP)
        elif topic == "odds":
            yield from odds_told.answer(question.message, reads, catalogue)
        elif topic == "absent":
            yield Sentence(texts.ABSENT)
            yield Sentence(texts.ABLE[1])
        elif topic == "arbitrage":
            yield from map(Sentence, (*texts.meaning_for("arbitrage"), texts.NO_ARBITRAGE))
        elif topic == "stranger":
            yield Sentence(texts.NO_ATHLETE if "injuries" in question.wanted else texts.STRANGER)
            yield Sentence(texts.ABLE[1])
        elif topic == "own":
            yield Sentence(texts.OWN)
        elif topic == "age":
            yield from help_told.age(reads, region)
        elif topic == "rules":
            yield from rules_told.answer(question.message, reads)
        elif topic == "glossary":
            yield from map(Sentence, texts.meaning_for(question.message))
        elif topic in (
            "schedule",
            "score",
            "game",
            "chance",
            "price",
            "spread",
            "total",
            "injuries",
            "movement",
            "form",
        ):
            yield from _schedule(topic, question, reads, catalogue)
        elif topic == "sports":
            if _OTHER_SPORT.search(question.message):
                yield Sentence(texts.OTHER_SPORT)
            yield from _sports(reads)
        elif topic == "books":
            yield from _books(reads, catalogue)
        elif topic == "status":
            yield from status_told.status(reads)
        elif topic == "able":
            yield from map(Sentence, texts.ABLE)
        elif topic != "unknown":
            yield from of(topic, question, reads)


def of(topic: Topic, question: Question, reads: Reads) -> Iterator[Sentence]:
    """Yield what answers about the record, the picks or a parlay."""
    if topic == "record":
        yield from record_told.record(reads, question.sport)
    elif topic == "picks":
        yield from picks_told.picks(reads, [game.id for game in question.games])
    elif topic in ("parlay", "priced"):
        yield from _parlay(reads, question)


def caring(care: Care, reads: Reads, region: str | None) -> Iterator[Sentence]:
    """Yield what goes before any answer."""
    if care == "distress":
        first, free, limits = texts.DISTRESS
        yield from help_told.helplines(reads, region)
        yield Sentence(first)
        yield Sentence(free)
        yield Sentence(limits)
        return
    if care == "minor":
        yield from help_told.age(reads, region)
        yield from map(Sentence, texts.MINOR)
        yield from help_told.helplines(reads, region)
        return
    told = {"stake": texts.STAKE, "promise": texts.PROMISE, "secret": texts.SECRET, "act": texts.ACT}
    yield from map(Sentence, told[care])


def unclear(question: Question, reads: Reads, catalogue: Catalogue) -> Iterator[Sentence]:
    """Yield which teams could be meant."""
    facts: dict[str, Fact] = {}
    for team in question.unclear[:GAMES_TOLD]:
        game = read_game(reads, next((game.id for game in catalogue.of_team(team)), ""))
        for fact in game.teams() if game else ():
            if team.name in fact.names:
                facts[team.name] = fact
    if facts:
        yield Sentence(
            f"More than one team could be meant: {', '.join(facts)}; which of them?", tuple(facts.values())
        )
    else:
        yield Sentence(texts.UNCLEAR)


def _schedule(topic: Topic, question: Question, reads: Reads, catalogue: Catalogue) -> Iterator[Sentence]:
    ended = _ENDED.search(question.message) is not None
    listed = [
        game for game in catalogue.games if game.status in (("final",) if ended else ("scheduled", "live"))
    ]
    if _LIVE.search(question.message):
        listed = [game for game in listed if game.status == "live"]
    if question.sport is not None:
        listed = [game for game in listed if game.sport == question.sport]
    if question.day is not None:
        listed = [
            game
            for game in listed
            if question.day.has(game.start) or (game.status == "live" and question.day.has(game.start + RUNS))
        ]
    if not listed:
        yield Sentence(texts.LIVE if _LIVE.search(question.message) else "No game of that kind is listed.")
        yield Sentence(texts.ABLE[1])
        return
    if ended:
        told = [
            facts
            for game in reversed(listed[-GAMES_TOLD:])
            if (facts := read_game(reads, game.id)) is not None
        ]
        yield from map(game_told.where_it_stands, told)
        return
    if extremes_told.asked(question.message):
        yield from extremes_told.answer(question.message, listed, reads)
    alone = question.sport is not None or question.day is not None or len(listed) <= GAMES_TOLD
    for game in listed[:GAMES_TOLD]:
        yield from _one_game(game, reads)
        if alone and (facts := read_game(reads, game.id)) is not None:
            yield from islice(_asked_of(topic, facts), 2 if topic == "injuries" else 1)
    if len(listed) > GAMES_TOLD:
        yield Sentence("More games are listed than are told here; name a team or a sport.")


def _asked_of(topic: Topic, facts: GameFacts) -> Iterator[Sentence]:
    """Yield what a list of games says about each, beside its time."""
    if topic == "price":
        yield from line_told.prices("h2h", facts, None)
    elif topic in ("spread", "total"):
        yield from line_told.line("spreads" if topic == "spread" else "totals", facts, None)
    elif topic == "chance":
        yield from game_told.chances(facts)
    elif topic == "injuries":
        yield from game_told.injuries(facts)


def _one_game(game: Listed, reads: Reads) -> Iterator[Sentence]:
    facts = read_game(reads, game.id)
    if facts is not None:
        told = "under way" if facts.status == "live" else facts.start_text()
        yield Sentence(f"The game {facts.away} at {facts.home}: {told}.", (*facts.teams(), facts.start()))


def _sports(reads: Reads) -> Iterator[Sentence]:
    source = reads.read(addresses.SPORTS)
    facts = []
    for place, sport in enumerate((source.at("sports") if source else None) or ()):
        title = plain_name(sport["title"])
        if source and title is not None and sport["in_season"]:
            facts.append(source.fact("sports", place, "title", kind="text", names=(title,)))
    if facts:
        yield Sentence(f"In season now: {', '.join(fact.names[0] for fact in facts)}.", tuple(facts))
    else:
        yield Sentence("No sport is in season now.")


def _books(reads: Reads, catalogue: Catalogue) -> Iterator[Sentence]:
    facts: dict[str, Fact] = {}
    for game in catalogue.games:
        own = read_game(reads, game.id)
        for key, fact in (own.books() if own else {}).items():
            facts.setdefault(key, fact)
        if len(facts) >= len(catalogue.books) or len(facts) >= 20:
            break
    if facts:
        yield Sentence(
            f"Books with prices here: {', '.join(fact.names[0] for fact in facts.values())}.",
            tuple(facts.values()),
        )
    else:
        yield Sentence("No book has prices here now.")


def _parlay(reads: Reads, question: Question) -> Iterator[Sentence]:
    small = question.message.casefold()
    word = (
        "same-game"
        if "same" in small
        else "teaser"
        if re.search(r"\bteaser|\bround robin", small)
        else "parlay"
    )
    yield from map(Sentence, texts.meaning_for(word))
    if _PRICE.search(question.message):
        yield Sentence(texts.PRICES_ALONE)
    yield Sentence(texts.NAME_LEGS if question.wish is None else texts.NO_SUGGESTION)
    yield Sentence(
        "Suggested parlays, with their fair probability and expected value, are on the parlays page; none of them is advice to bet."
    )
