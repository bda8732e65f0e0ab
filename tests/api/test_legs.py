"""Parlays priced from documents: whose price counts, at which line, what legs of one game are worth together."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.web.problems import ProblemError
from quartapp.api.parlays.games import Games
from quartapp.api.parlays.legs import find, together
from quartapp.api.parlays.prices import price
from quartapp.api.parlays.requests import LegRequest, ParlayRequest
from quartapp.documents.held import HeldDocuments
from quartapp.feeds.odds_api_answers import parse_events
from quartapp.records import Bookmaker, Event, Market
from tests.conftest import PROJECT
from tests.support.examples import AWAY, HOME, QUOTED_AT, TIP_OFF, book, event, h2h, spreads, totals
from tests.support.site import documents_of, publish

NOW = QUOTED_AT + timedelta(minutes=1)
PARTS = ("win", "push", "half_win", "half_loss", "loss")
NFL = "americanfootball_nfl"


def a_slate(*more: Bookmaker) -> list[Event]:
    """Two NFL games by four books: -3 at home; one book quotes -3.5, one has no total."""

    def books() -> list[Bookmaker]:
        return [
            book("alpha", h2h("-160", "140"), spreads("-3"), totals("44.5")),
            book("bravo", h2h("-155", "135"), spreads("-3", "-108", "-112"), totals("44.5", "-105", "-115")),
            book("delta", h2h("-158", "138"), spreads("-3.5", "+102", "-122"), totals("44.5")),
            book("gamma", h2h("-162", "142"), spreads("-3")),
            *more,
        ]  # fmt: skip

    return [
        event("g1", *books(), sport_key=NFL),
        event("g2", *books(), sport_key=NFL, home="Jets", away="Bills"),
    ]


def site(events: Sequence[Event], now: datetime = NOW) -> Games:
    held = HeldDocuments(max_bytes=10_000_000)
    publish(held, events[0].sport_key, renamed(events), now, 1)
    return Games(held)


def renamed(events: Sequence[Event]) -> list[Event]:
    """Return events whose outcomes have the event's own names: the examples' are those of one game."""
    return [
        replace(
            event,
            bookmakers=tuple(
                replace(one, markets=tuple(_renamed(market, event) for market in one.markets))
                for one in event.bookmakers
            ),
        )
        for event in events
    ]


def _renamed(market: Market, event: Event) -> Market:
    names = {HOME: event.home_team, AWAY: event.away_team}
    return replace(
        market, outcomes=tuple(replace(one, name=names.get(one.name, one.name)) for one in market.outcomes)
    )


def leg(game_id: str, market: str, outcome: str, point: float | None = None, **more: Any) -> dict[str, Any]:
    return {"game_id": game_id, "market": market, "outcome": outcome, "point": point, **more}


def priced(games: Games, *legs: dict[str, Any], now: datetime = NOW, **more: Any) -> dict[str, Any]:
    asked = ParlayRequest.model_validate({"legs": list(legs), **more}, strict=True)
    answer: dict[str, Any] = orjson.loads(price(games, True, asked, now))
    return answer


def refused(games: Games, *legs: dict[str, Any], now: datetime = NOW) -> str:
    with pytest.raises(ProblemError) as problem:
        priced(games, *legs, now=now)
    assert problem.value.status == 422
    assert problem.value.errors
    return str(problem.value.errors[0]["field"])


SPREAD = leg("g1", "spreads", HOME), leg("g2", "spreads", "Jets")


def test_only_books_that_quote_every_leg_at_its_line_are_compared_the_best_value_first() -> None:
    answer = priced(site(a_slate()), *SPREAD)
    assert [one["key"] for one in answer["bookmakers"]] == ["bravo", "alpha", "gamma"]
    assert answer["missing"] == [{"key": "delta", "legs": [0, 1], "reasons": ["other_line", "other_line"]}]
    best = answer["bookmakers"][0]
    assert best["price_decimal"] == round((1 + 100 / 108) ** 2, 4)
    assert [(one["price"], one["price_format"]) for one in best["legs"]] == [("-108", "american")] * 2
    assert (best["title"], best["odds_age_seconds"]) == ("Bravo", 60)
    values = [one["expected_value"] for one in answer["bookmakers"]]
    assert values == sorted(values, reverse=True)


def test_every_figure_at_a_book_agrees_with_every_result_written_out() -> None:
    """Calculated again from the answer's own chances and prices: value, hold, and the fair price."""
    answer = priced(site(a_slate()), *SPREAD, bankroll_cents=100_000)
    chances = [[one[part] for part in PARTS] for one in answer["legs"]]
    assert all(one[1] > 0.05 for one in chances), "-3 is often pushed, or this shows nothing"
    for at in answer["bookmakers"]:
        odds = [one["price_decimal"] for one in at["legs"]]
        returns = [[d, 1, (1 + d) / 2, 0.5, 0] for d in odds]
        mean = sum(
            math.prod(chances[n][k] for n, k in enumerate(ends)) * math.prod(returns[n][k] for n, k in enumerate(ends))
            for ends in itertools.product(range(5), repeat=2)
        )  # fmt: skip
        assert at["expected_value"] == pytest.approx(mean - 1, abs=2e-4)
        assert (at["kelly_fraction"] > 0) == (at["expected_value"] > 0)
        assert at["stake_cents"] == int(at["kelly_fraction"] * 100_000)
    (win, push, *_), fair = chances[0], answer["fair"]
    loss = chances[0][4]
    assert fair["price_decimal"] == pytest.approx(
        (1 + loss / win) * (1 + chances[1][4] / chances[1][0]), abs=1e-3
    )
    assert fair["probability"] == pytest.approx(win * chances[1][0], abs=1e-6)
    assert fair["correlation"] == 1
    decided, alpha = 1 - push, answer["bookmakers"][1]
    assert alpha["key"] == "alpha"
    assert alpha["hold"] == pytest.approx(1 - (1 - decided * (1 - 1 / (2 * 110 / 210))) ** 2, abs=1e-4)


def test_a_parlay_multiplies_exact_prices_and_not_rounded_ones() -> None:
    """Twenty legs at -110: (21/11)^20 is 412,131.60, and the same of the rounded 1.9091 is 412,190."""
    teams = [
        event(f"g{n}", *a_slate()[0].bookmakers, sport_key=NFL, home=f"H{n}", away=f"A{n}") for n in range(20)
    ]
    answer = priced(site(teams), *(leg(f"g{n}", "spreads", f"H{n}") for n in range(20)), bookmaker="alpha")
    assert answer["price_decimal"] == round((21 / 11) ** 20, 4)


def test_the_fields_of_earlier_versions_are_those_of_the_first_bookmaker() -> None:
    answer = priced(site(a_slate()), *SPREAD)
    first = answer["bookmakers"][0]
    assert (answer["bookmaker"], answer["kelly_stake"]) == (first["key"], first["kelly_fraction"])
    for name in ("price_decimal", "price_american", "price_fractional", "expected_value", "hold"):
        assert answer[name] == first[name]
    assert answer["probability"] == answer["fair"]["probability"]
    assert [one["price_american"] for one in answer["legs"]] == [-108, -108]


def test_a_bookmaker_may_be_named_and_what_it_lacks_is_said() -> None:
    games = site(a_slate())
    assert [one["key"] for one in priced(games, *SPREAD, bookmaker="gamma")["bookmakers"]] == ["gamma"]
    by_leg = priced(games, *[one | {"bookmaker": "gamma"} for one in SPREAD])
    assert [one["key"] for one in by_leg["bookmakers"]] == ["gamma"]
    without = priced(games, SPREAD[0], leg("g2", "totals", "Over"), bookmaker="gamma")
    assert without["bookmakers"] == []
    assert without["missing"] == [{"key": "gamma", "legs": [1], "reasons": ["not_quoted"]}]
    assert [one["code"] for one in without["warnings"]] == ["no_bookmaker"]
    mixed = priced(games, SPREAD[0] | {"bookmaker": "alpha"}, SPREAD[1] | {"bookmaker": "bravo"})
    assert [one["code"] for one in mixed["warnings"]] == ["several_bookmakers"]
    assert len(mixed["bookmakers"]) == 3


def test_a_line_that_nobody_quotes_is_priced_fairly_with_no_bookmakers() -> None:
    answer = priced(site(a_slate()), leg("g1", "spreads", HOME, -7.0), SPREAD[1])
    assert answer["bookmakers"] == []
    first = answer["legs"][0]
    assert first["point"] == -7
    assert 0.01 < first["push"] < 0.1
    assert first["win"] < answer["legs"][1]["win"]
    assert answer["price_decimal"] == answer["fair"]["price_decimal"]
    assert (answer["bookmaker"], answer["expected_value"], answer["kelly_stake"]) == (None, 0, 0)


def test_another_line_is_taken_from_the_books_that_quote_it() -> None:
    answer = priced(site(a_slate()), leg("g1", "spreads", HOME, -3.5), leg("g2", "spreads", "Bills", 3.5))
    assert [one["key"] for one in answer["bookmakers"]] == ["delta"]
    assert {tuple(one["reasons"]) for one in answer["missing"]} == {("other_line", "other_line")}


def test_an_exchange_takes_no_parlay_and_is_said() -> None:
    answer = priced(
        site(a_slate(book("matchbook", h2h("-150", "150"), spreads("-3", "103", "103")))), *SPREAD
    )
    assert "matchbook" not in {one["key"] for one in (*answer["bookmakers"], *answer["missing"])}
    (warning,) = answer["warnings"]
    assert (warning["code"], warning["legs"]) == ("exchange", [0, 1])


def test_a_book_that_counts_for_nothing_takes_no_parlay() -> None:
    wild = book("wild", h2h("-160", "140"), spreads("-3", "350", "-500"))
    answer = priced(site(a_slate(wild)), *SPREAD)
    reasons = {one["key"]: one["reasons"] for one in answer["missing"]}
    assert reasons["wild"] == ["outlier", "outlier"]
    assert "wild" not in {one["key"] for one in answer["bookmakers"]}


def test_a_price_that_is_too_good_is_marked() -> None:
    generous = book("generous", h2h("-160", "140"), spreads("-3", "128", "-127"))
    answer = priced(site(a_slate(generous)), *SPREAD)
    assert (answer["bookmakers"][0]["key"], answer["bookmakers"][0]["too_good"]) == ("generous", True)
    assert [one["code"] for one in answer["warnings"]] == ["too_good"]


def test_a_price_counts_by_the_clock_at_the_answer() -> None:
    games = site(a_slate())
    assert priced(games, *SPREAD, now=NOW + timedelta(hours=6))["bookmakers"]
    late = priced(games, *SPREAD, now=TIP_OFF - timedelta(seconds=1))
    assert late["bookmakers"] == []
    assert {reason for one in late["missing"] for reason in one["reasons"]} == {"stale", "other_line"}


def test_a_game_that_has_begun_says_so_and_its_old_prices_are_no_offer() -> None:
    fresh = [replace(one, commence_time=QUOTED_AT + timedelta(minutes=1)) for one in a_slate()]
    answer = priced(site(fresh, QUOTED_AT), *SPREAD)
    assert [one["started"] for one in answer["legs"]] == [True, True]
    assert answer["bookmakers"] == []
    assert answer["warnings"][0] == {"code": "started", "detail": "These games have begun.", "legs": [0, 1]}
    assert not priced(site(fresh, QUOTED_AT), *SPREAD, now=QUOTED_AT)["legs"][0]["started"]


def test_nested_legs_are_priced_at_the_narrower_and_no_book_s_product_is_offered() -> None:
    games = site(a_slate())
    nested = priced(games, leg("g1", "h2h", HOME), leg("g1", "spreads", HOME, -3.5))
    assert nested["fair"]["probability"] == pytest.approx(nested["legs"][1]["win"], abs=1e-6)
    assert nested["same_game"] is True
    assert nested["bookmakers"] == []
    assert nested["warnings"][0]["code"] == "book_prices_same_game"
    assert nested["fair"]["correlation"] > 1
    assert nested["fair"]["price_decimal"] == pytest.approx(1 / nested["legs"][1]["win"], rel=1e-4)
    assert nested["fair"]["independent_price_decimal"] > nested["fair"]["price_decimal"]
    of_one_market = priced(games, leg("g1", "spreads", HOME, -1.5), leg("g1", "spreads", HOME, -3.5))
    assert of_one_market["fair"]["probability"] == nested["fair"]["probability"]


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        (leg("g1", "h2h", HOME), leg("g1", "h2h", AWAY), "legs[1].market"),
        (leg("g1", "h2h", AWAY), leg("g1", "spreads", HOME, -3.5), "legs[1].outcome"),
        (leg("g1", "totals", "Over", 50.5), leg("g1", "totals", "Under", 40.5), "legs[1].market"),
        (leg("g1", "h2h", HOME), leg("g1", "h2h", HOME), "legs[1].market"),
        (leg("g1", "h2h", HOME, 1.5), leg("g2", "h2h", "Jets"), "legs[0].point"),
        (leg("g1", "spreads", HOME, -3.1), leg("g2", "h2h", "Jets"), "legs[0].point"),
        (leg("g1", "totals", "Over", 900.5), leg("g2", "h2h", "Jets"), "legs[0].point"),
        (leg("none", "h2h", HOME), leg("g2", "h2h", "Jets"), "legs[0].game_id"),
        (leg("g1", "h2h", "Nobody"), leg("g2", "h2h", "Jets"), "legs[0].outcome"),
        (leg("g1", "totals", "Over", bookmaker="gamma"), leg("g2", "h2h", "Jets"), "legs[0].bookmaker"),
    ],
)
def test_what_cannot_win_or_does_not_exist_is_refused_by_name(
    first: dict[str, Any], second: dict[str, Any], field: str
) -> None:
    assert refused(site(a_slate()), first, second) == field


@pytest.mark.parametrize("status", ["final", "cancelled", "unresolved", "withdrawn"])
def test_a_game_that_is_over_is_no_leg(status: str) -> None:
    games = site(a_slate())
    view = games.of("g1")
    assert view is not None

    class Over(Games):
        def of(self, game_id: str) -> Any:
            assert view is not None
            return replace(view, status=status)

    with pytest.raises(ProblemError) as problem:
        find(Over(HeldDocuments(max_bytes=1)), True, LegRequest(**leg("g1", "h2h", HOME)), "legs[0]")
    assert problem.value.errors is not None
    assert problem.value.errors[0]["field"] == "legs[0].game_id"


def test_one_game_under_two_ids_is_one_game() -> None:
    twin = [a_slate()[0], event("twin", *a_slate()[0].bookmakers, sport_key=NFL)]
    answer = priced(site(twin), leg("g1", "h2h", HOME), leg("twin", "spreads", HOME, -3.5))
    assert answer["same_game"] is True
    assert refused(site(twin), leg("g1", "h2h", HOME), leg("twin", "h2h", AWAY)) == "legs[1].market"


def test_a_sport_without_a_distribution_has_its_main_lines_alone() -> None:
    books = [book(key, h2h("-160", "140"), totals("22.5")) for key in ("alpha", "bravo", "gamma")]
    games = site([event("g1", *books, sport_key="tennis_atp_us_open")])
    assert refused(games, leg("g1", "totals", "Over", 21.5), leg("g1", "h2h", HOME)) == "legs[0].point"
    assert refused(games, leg("g1", "h2h", AWAY), leg("g1", "h2h", HOME)) == "legs[1].market"
    answer = priced(games, leg("g1", "totals", "Over"), leg("g1", "h2h", HOME))
    assert [one["code"] for one in answer["warnings"]] == ["book_prices_same_game", "no_distribution"]
    assert answer["fair"]["correlation"] == 1


def test_the_worked_game_of_the_documentation_is_what_is_computed() -> None:
    text = " ".join((PROJECT / "docs" / "odds.md").read_text().split())
    _, analysis = documents_of(renamed(a_slate())[0])
    spread = analysis["markets"]["spreads"]
    fair, best = spread["fair"][HOME], spread["best"][HOME]
    parlay = priced(site(a_slate()), leg("g1", "spreads", HOME), leg("g2", "totals", "Over"))
    nested = priced(site(a_slate()), leg("g1", "h2h", HOME), leg("g1", "spreads", HOME, -3.5))
    win, over = parlay["legs"][0]["win"], parlay["legs"][1]["win"]
    alpha = 1 - 1 / (2 * 110 / 210)
    for said in (
        f"{spread['consensus'][HOME]:.1%} for Boston",
        f"win {fair['win']:.1%}, push {fair['push']:.1%}, loss {fair['loss']:.1%}",
        f"**Best** for Boston -3: {best['bookmaker']}, {best['price']}.",
        f"**Edge** by the other three books: {best['edge']:.1%}",
        f"{alpha:.1%} of what is decided, {alpha * (1 - fair['push']):.1%} of all stakes",
        f"= {(1 + 100 / 108) * (1 + 100 / 105):.4f}, or {parlay['price_american']:+d}. It wins with",
        f"{win:.1%} · {over:.1%} = {parlay['fair']['probability']:.1%}, is worth {parlay['expected_value']:.1%}",
        f"fair price is {parlay['fair']['price_decimal']:.4f}, or {parlay['fair']['price_american']:+d}.",
        f"both win with {nested['fair']['probability']:.1%}",
        f"the fair price is {nested['fair']['price_decimal']:.4f}",
        f"independent it would be {nested['fair']['independent_price_decimal']:.4f}",
    ):
        assert said.replace("%", " %") in text, said
    assert parlay["price_decimal"] == round((1 + 100 / 108) * (1 + 100 / 105), 4)
    assert fair["win"] / (fair["win"] + fair["loss"]) == pytest.approx(spread["consensus"][HOME], abs=1e-5)
    assert parlay["missing"] == [
        {"key": "delta", "legs": [0], "reasons": ["other_line"]},
        {"key": "gamma", "legs": [1], "reasons": ["not_quoted"]},
    ]


def test_the_analysis_and_a_price_say_the_same_of_a_market() -> None:
    """Chances, hold and the best book's value: one function each, so equal wherever they are shown."""
    events = renamed(a_slate())
    games = site(a_slate())
    for event_ in events:
        _, analysis = documents_of(event_)
        for key, market in analysis["markets"].items():
            for name, fair in market["fair"].items():
                found = find(games, True, LegRequest(**leg(event_.id, key, name)), "legs[0]")
                assert {part: getattr(found.chances, part) for part in PARTS} == fair
                held = [at.quote.held(at.placed.chances) for at in found.placeable(NOW).values()]
                assert math.fsum(one for one in held if one is not None) / len(held) == pytest.approx(
                    market["hold"], abs=1e-6
                )
                best = market["best"][name]
                assert found.quotes[best["bookmaker"]].price == best["price"]


def read_case(folder: Path, number: str) -> list[Event]:
    (path,) = folder.glob(f"{number}-*.json")

    def at(match: re.Match[str]) -> str:
        return (datetime(2026, 12, 1, tzinfo=UTC) + timedelta(minutes=int(match[1]))).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )

    body = json.loads(re.sub(r"\{([+-]\d+)m\}", at, path.read_text()))["body"]
    return list(parse_events(body, body[0]["sport_key"]))


def test_a_draw_void_price_is_valued_with_its_draw_refunded(shared_data: Path) -> None:
    """Case 18: -3.8 % and not -31.8 %. The other leg is priced at fair even odds, so that the first alone is seen."""
    (soccer,) = read_case(shared_data.parent.parent / "cases" / "odds", "18")
    now = datetime(2026, 12, 1, tzinfo=UTC)
    games = site([soccer], now)
    view = games.of("s5")
    assert view is not None
    found = find(games, True, LegRequest(**leg("s5", "h2h", "Dnb Home")), "legs[0]")
    quote = found.quotes["betvoid"]
    assert quote.kind == "draw_void"
    chances = found.chances_at(quote)
    assert chances is not None
    assert chances.won * 0.62 - chances.lost == pytest.approx(-0.038, abs=0.002)
    assert chances.push == view.markets["h2h"].fair["Draw"].win
    assert found.chances_at(found.quotes["booka"]) == found.chances


def test_a_stale_or_begun_case_is_offered_by_nobody(shared_data: Path) -> None:
    """Cases 13 and 20."""
    folder = shared_data.parent.parent / "cases" / "odds"
    now = datetime(2026, 12, 1, tzinfo=UTC)
    (old,) = read_case(folder, "13")
    begins, later = read_case(folder, "20")
    held = HeldDocuments(max_bytes=10_000_000)
    publish(held, "basketball_nba", [old], now, 1)
    publish(held, "icehockey_nhl", [begins, later], now, 2)
    games = Games(held)
    answer = priced(games, leg("s1", "h2h", "Stale Home"), leg("nx", "h2h", "Next Home"), now=now)
    assert "stalebook" not in {one["key"] for one in answer["bookmakers"]}
    assert {one["key"]: one["reasons"][0] for one in answer["missing"]}["stalebook"] == "stale"
    both = leg("st", "h2h", "Ice Home"), leg("nx", "h2h", "Next Home")
    assert len(priced(games, *both, now=now)["bookmakers"]) == 5
    begun = priced(games, *both, now=now + timedelta(minutes=1))
    assert begun["bookmakers"] == []
    assert begun["warnings"][0]["legs"] == [0]


LINES = st.sampled_from(
    [("h2h", side, None) for side in (HOME, AWAY)]
    + [("spreads", HOME, n / 4) for n in range(-44, 45, 3)]
    + [("spreads", AWAY, n / 4) for n in range(-44, 45, 3)]
    + [("totals", side, 30 + n / 4) for side in ("Over", "Under") for n in range(0, 120, 5)]
)


@pytest.fixture(scope="module")
def games() -> Games:
    return site(a_slate())


@settings(max_examples=150, deadline=None)
@given(lines=st.lists(LINES, min_size=2, max_size=5, unique=True))
def test_a_further_leg_never_raises_the_joint_probability_and_chances_sum_to_1(
    games: Games, lines: list[tuple[str, str, float | None]]
) -> None:
    legs = [leg("g1", *line) for line in lines]
    found = [find(games, True, LegRequest(**one), "legs[0]") for one in legs]
    for one in found:
        whole = (
            one.chances.win
            + one.chances.push
            + one.chances.half_win
            + one.chances.half_loss
            + one.chances.loss
        )
        assert whole == pytest.approx(1, abs=1e-9)
    before = found[0].chances.win
    for count in range(2, len(found) + 1):
        try:
            probability = together(found[:count]).fair.probability
        except ProblemError:
            break  # they contradict each other: 0, and every further leg leaves it there
        assert 0 < probability <= before
        before = probability


@settings(max_examples=100, deadline=None)
@given(
    quarter=st.sampled_from([n + step for n in range(-12, 12) for step in (0.25, 0.75)]),
    side=st.sampled_from([HOME, AWAY]),
)
def test_a_quarter_line_is_worth_the_mean_of_its_halves(games: Games, quarter: float, side: str) -> None:
    def mean_return(point: float, decimal: float) -> float:
        c = find(games, True, LegRequest(**leg("g1", "spreads", side, point)), "legs[0]").chances
        return c.win * decimal + c.half_win * (1 + decimal) / 2 + c.push + c.half_loss / 2

    halves = mean_return(quarter - 0.25, 1.9) + mean_return(quarter + 0.25, 1.9)
    assert mean_return(quarter, 1.9) == pytest.approx(halves / 2, abs=5e-6)
