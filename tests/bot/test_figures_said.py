"""Each figure of a game, said as every other: of each team, at each book, in each market; only the true one passes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from quartapp.bot.game_facts import MARKETS, GameFacts
from quartapp.bot.phrased import phrased_problem
from quartapp.bot.sides import games_of
from tests.bot.test_sentences import Cited


class Figure(NamedTuple):
    """A figure as it is shown, and what it is: kind, market, outcome, book."""

    shown: str
    kind: str
    market: str | None = None
    outcome: str | None = None
    book: str | None = None


# What a sentence says its figure {f} is; {o} is an outcome and {b} a book.
SAYINGS = {
    ("price", "winner"): (
        "The {o} are {f} at {b} to win.", "At {b} the moneyline on the {o} is {f}.", "{b} has the {o} at {f}.",
        "The best winner price of {o}, at {b} is {f}.", "To win, the {o} pay {f} with {b}.",
        "{f} at {b} is the best price of the {o}.",
    ),
    ("price", "spread"): (
        "On the spread the {o} are {f} at {b}.", "The spread price of the {o} at {b} is {f}.",
        "{b} has the {o} at {f} on the spread.",
    ),
    ("price", "total"): ("The {o} is {f} at {b}.", "{b} prices the {o} at {f}.", "The total price of {o} at {b} is {f}."),
    ("chance", "winner"): (
        "The {o} have a {f} chance.", "The probability of the {o} is {f}.", "{f} is the chance of the {o}.",
        "The {o} win {f} of the time.",
    ),
    ("implied", "winner"): ("The {o} have an implied probability of {f}.", "The price of the {o} implies {f}."),
    ("edge", "winner"): ("The winner edge of the {o} is {f}.", "The edge of the {o} on the moneyline is {f}."),
    ("edge", "spread"): ("The spread edge of the {o} is {f}.", "The edge of the {o} on the spread is {f}."),
    ("edge", "total"): ("The total edge of {o} is {f}.",),
    ("line", "spread"): ("The spread is {o} {f}.", "The spread of the {o} is {f}.", "The line of the {o} is {f}."),
    ("line", "total"): ("The total is {f}.", "The over/under is {f}.", "The consensus total is {f} points."),
}  # fmt: skip


def figures_of(game: GameFacts) -> Iterator[Figure]:
    for key, market in MARKETS.items():
        for priced, edge in game.best(key):
            value = priced.facts[0].value
            shown = f"{value:+d}" if isinstance(value, int) else f"{value}"
            yield Figure(shown, "price", market, priced.outcome, priced.book)
            yield Figure(f"{100 / priced.decimal:.1f}%", "implied", market, priced.outcome)
            if edge is not None:
                yield Figure(f"{100 * edge.value:.1f}%", "edge", market, priced.outcome)
    for outcome, value, _ in game.chances():
        yield Figure(f"{100 * value:.1f}%", "chance", "winner", outcome)
    spread, total = (game.field(key, "point", kind="point") for key in ("spreads", "totals"))
    assert spread is not None
    assert total is not None
    yield Figure(f"{spread.value:+g}", "line", "spread", game.home)
    yield Figure(f"{total.value:g}", "line", "total")


@pytest.mark.parametrize("team", ["Kansas City Chiefs", "Chelsea", "Philadelphia 76ers"])
def test_a_figure_is_sent_as_what_it_is_and_as_nothing_else(team: str) -> None:
    cited = Cited()
    game = cited.game(team)
    points = [fact for key in ("spreads", "totals") if (fact := game.field(key, "point", kind="point"))]
    own = [*game.teams(), *(fact for *_, fact in game.chances()), *cited.best(game), *points]
    facts = tuple(dict.fromkeys(one for fact in own for one in (fact, *fact.beside)))
    games, figures = games_of(facts), list(figures_of(game))
    books = sorted({figure.book for figure in figures if figure.book})
    wrong: list[tuple[str, Any]] = []
    sent = count = 0
    for (kind, market), forms in SAYINGS.items():
        sides = ["Over", "Under"] if market == "total" else [game.home, game.away]
        for form in forms:
            for outcome in sides if "{o}" in form else [None]:
                for book in books if "{b}" in form else [None]:
                    is_of = Figure("", kind, market, outcome, book)
                    right = {one.shown for one in figures if one._replace(shown="") == is_of}
                    for shown in {one.shown for one in figures}:
                        text = form.format(o=outcome, b=book, f=shown)
                        why = phrased_problem(text, facts, games, cited.catalogue.distinctive)
                        count += 1
                        sent += why is None
                        if (why is None) != (shown in right):
                            wrong.append((text, why))
    assert not wrong
    assert count > 1_000
    assert sent > 40


# What a sentence claims of {a}, and so of {b}: that it is at home, likelier, ahead, or has won.
CLAIMS = {
    "home": (
        "The {a} host the {b}.", "The {b} visit the {a}.", "The {b} travel to the {a}.", "The {a} are at home.",
        "The {b} are on the road.", "The home team is the {a}.", "The {b} are the away team.", "{b} at {a}.",
        "The {a} play the {b} at home.", "The {b} play at the {a}.", "The {a} (home) face the {b} (away).",
    ),
    "likelier": (
        "The {a} are favored.", "The {b} are underdogs.", "The favorite is the {a}.", "The {a} are favored over the {b}.",
        "The {a} are more likely to win than the {b}.", "The {b} are less likely to win.", "The underdog is the {b}.",
    ),
    "ahead": (
        "The {a} lead the {b}.", "The {b} trail the {a}.", "The {a} are ahead of the {b}.", "The {a} lead {high}-{low}.",
        "The {b} are behind, {low}-{high}.", "The {a} are winning {high}-{low}.", "The {b} are losing to the {a}.",
    ),
    "won": (
        "The {a} beat the {b}.", "The {b} lost to the {a}.", "The {a} won {high}-{low}.", "The {b} lost {low}-{high}.",
        "The {a} defeated the {b} {high}-{low}.", "The {a} won the game.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "team", ["Kansas City Chiefs", "Everton", "Miami Heat", "Baltimore Ravens", "Dallas Cowboys"]
)
def test_a_claim_is_sent_of_the_team_of_which_it_is_true_alone(team: str) -> None:
    cited = Cited()
    game = cited.game(team)
    scores = game.scores() or ()
    own = [*game.teams(), *(fact for *_, fact in game.chances()), *scores]
    facts = tuple(dict.fromkeys(one for fact in own for one in (fact, *fact.beside)))
    games = games_of(facts)
    chances = {outcome: value for outcome, value, _ in game.chances()}
    points = {game.away: float(scores[0].value), game.home: float(scores[1].value)} if scores else {}
    wrong: list[tuple[str, Any]] = []
    for first, other in ((game.home, game.away), (game.away, game.home)):
        is_ahead = bool(points) and points[first] > points[other]
        true = {
            "home": first == game.home,
            "likelier": game.status != "final" and chances.get(first, 0) > chances.get(other, 0),
            "ahead": game.status == "live" and is_ahead,
            "won": game.status == "final" and is_ahead,
        }
        figures = {
            "high": f"{max(points.values(), default=2):g}",
            "low": f"{min(points.values(), default=1):g}",
        }
        for claim, forms in CLAIMS.items():
            for form in forms:
                text = form.format(a=first, b=other, **figures)
                why = phrased_problem(text, facts, games, cited.catalogue.distinctive)
                if (why is None) != true[claim]:
                    wrong.append((text, why))
    assert not wrong
