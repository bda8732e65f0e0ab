"""Where the lines of a game closed, what the books hold of its markets, and whether their prices contradict."""

from __future__ import annotations

from collections.abc import Iterator

from quartapp.bot.facts import Fact, Sentence
from quartapp.bot.game_facts import MARKETS, GameFacts
from quartapp.bot.said import percent


def hold(facts: GameFacts) -> Iterator[Sentence]:
    """Yield what the books hold of each market on average."""
    told = [
        (market, fact)
        for key, market in MARKETS.items()
        if (fact := facts.field(key, "hold", kind="probability", label=f"hold of the {market} market"))
        is not None
    ]
    if told:
        said = ", ".join(f"{market} {percent(fact.value)}" for market, fact in told)
        yield Sentence(f"The hold of the books on average: {said}.", tuple(fact for _, fact in told))
    else:
        yield Sentence(
            f"No book quotes {facts.away} at {facts.home} now, so there is no hold.", facts.teams()
        )


def arbitrage(facts: GameFacts) -> Iterator[Sentence]:
    """Yield whether the best prices of a market's outcomes together pay more than they cost."""
    said: list[str] = []
    cited: list[Fact] = [*facts.teams()]
    for key, market in MARKETS.items():
        where = ("analysis", "markets", key, "arbitrage")
        if facts.analysis is None or facts.market(key) is None:
            continue
        profit = facts.field(
            key, "arbitrage", "profit", kind="probability", label=f"arbitrage of the {market}"
        )
        if profit is not None and not facts.analysis.at(*where, "too_good"):
            said.append(f"{market} {percent(profit.value, sign=True)}")
            cited.append(profit)
        elif profit is not None:
            said.append(f"{market} an amount that is mostly a mistake")
    names = f"{facts.away} at {facts.home}"
    if said:
        yield Sentence(f"Arbitrage between the best prices of {names}: {', '.join(said)}.", tuple(cited))
    else:
        yield Sentence(f"There is no arbitrage between the best prices of {names} now.", tuple(cited))


def closing(facts: GameFacts) -> Iterator[Sentence]:
    """Yield where the lines closed when the game began."""
    said = False
    for key, market in MARKETS.items():
        where = ("game", "closing", "markets", key)
        cited: list[Fact] = [*facts.teams()]
        parts: list[str] = []
        if isinstance(facts.game.at(*where, "point"), int | float):
            point = facts.game.fact(*where, "point", kind="point")
            cited.append(point)
            parts.append(f"{facts.home} {point.value:+g}" if key == "spreads" else f"{point.value:g}")
        for outcome in facts.game.at(*where, "probabilities") or ():
            name = facts.said(outcome)
            fact = facts.game.fact(
                *where, "probabilities", outcome, kind="probability", names=(name,) if name else ()
            )
            if name is not None and isinstance(fact.value, int | float):
                cited.append(fact)
                parts.append(f"{name} {percent(fact.value)}")
        if parts:
            said = True
            yield Sentence(
                f"The closing {market} of {facts.away} at {facts.home}: {', '.join(parts)}.", tuple(cited)
            )
    if not said:
        yield Sentence(f"No closing line of {facts.away} at {facts.home} is published.", facts.teams())
