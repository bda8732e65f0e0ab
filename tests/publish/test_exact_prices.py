"""Every figure made of a price, calculated again on fractions of the price as received."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import orjson
import pytest

from quartapp.odds.consensus import weight_of
from quartapp.odds.exchanges import COMMISSIONS
from quartapp.publish.picks import quoted
from tests.publish.test_spoiled_slates import Site, leg, recorded

LAST_PLACE = 6e-7  # half of the sixth place, and what floats lose


def exact(shown: Mapping[str, Any]) -> Fraction:
    """Return the decimal odds of a price as received, by the definition of its format."""
    price = Fraction(shown["price"])
    if shown["price_format"] == "decimal":
        return price
    return 1 + (price / 100 if price > 0 else 100 / -price)


def without_margin(odds: list[Fraction]) -> list[float]:
    """Return the chances that prices imply, all raised to the power at which they sum to 1: by halving."""
    low, high = 0.0, 10.0
    for _ in range(200):
        power = (low + high) / 2
        if math.fsum(float(1 / one) ** power for one in odds) > 1:
            low = power
        else:
            high = power
    return [float(1 / one) ** low for one in odds]


@pytest.fixture(scope="module")
def site() -> Site:
    folder = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "odds_api_v4"
    if not folder.is_dir():
        pytest.skip("the recorded data is not there")
    return Site("basketball_nba", recorded(folder / "basketball_nba_odds_2022-11-23.json"))


def test_prices_round_trip_beside_their_shown_decimals(site: Site) -> None:
    shown = 0
    for event_id in site.events:
        copy = site.documents.peek(f"/api/game/{event_id}")
        assert copy is not None
        for book in orjson.loads(copy.body)["game"]["bookmakers"]:
            for outcome in itertools.chain.from_iterable(market["outcomes"] for market in book["markets"]):
                decimal = exact(outcome)
                assert outcome["price_american"] == int(outcome["price"])
                assert abs(Fraction(str(outcome["price_decimal"])) - decimal) <= Fraction(5, 100_000)
                assert -str(outcome["price_decimal"])[::-1].find(".") >= -4
                shown += 1
    assert shown > 500


def test_edges_best_prices_and_arbitrage_are_made_of_exact_prices(site: Site) -> None:
    differs = 0
    for game in site.analyses():
        market = game["markets"].get("h2h")
        if market is None or market["books"] < 3:
            continue
        quotes, copy = {}, site.documents.peek(f"/api/game/{game['game_id']}")
        assert copy is not None
        out = {one["bookmaker"] for one in market["excluded"]}
        for book in orjson.loads(copy.body)["game"]["bookmakers"]:
            for one in book["markets"]:
                if one["key"] == "h2h" and book["key"] not in out:
                    quotes[book["key"]] = {o["name"]: exact(o) for o in one["outcomes"]}
        names = list(market["consensus"])
        chances = {book: without_margin([odds[name] for name in names]) for book, odds in quotes.items()}
        for place, name in enumerate(names):
            best = market["best"][name]
            paid = {
                book: 1 + (odds[name] - 1) * (1 - Fraction(str(COMMISSIONS.get(book, 0))))
                for book, odds in quotes.items()
            }
            assert paid[best["bookmaker"]] == max(paid.values())
            for book, offer in market["offers"].items():
                assert offer["edges"][name] == pytest.approx(
                    edge(chances, place, book, quotes[book][name]), abs=LAST_PLACE
                )
            expected = edge(chances, place, best["bookmaker"], paid[best["bookmaker"]])
            assert best["edge"] == pytest.approx(expected, abs=LAST_PLACE)
            rounded = edge(chances, place, best["bookmaker"], round(paid[best["bookmaker"]], 4))
            differs += abs(rounded - expected) > LAST_PLACE
        whole = sum(1 / exact_paid(market["best"][name]) for name in names)
        sure = market["arbitrage"]
        assert (sure is None) == (whole >= 1)
        if sure is not None:
            assert sure["profit"] == pytest.approx(float(1 / whole - 1), abs=LAST_PLACE)
        assert market["hold"] == pytest.approx(
            math.fsum(float(1 - 1 / sum(1 / d for d in odds.values())) for odds in quotes.values())
            / len(quotes),
            abs=LAST_PLACE,
        )
    assert differs >= 5  # so that a figure made of the rounded price would be seen


def edge(chances: Mapping[str, list[float]], place: int, book: str, odds: Fraction) -> float:
    others = {key: each[place] for key, each in chances.items() if key != book}
    mean = math.fsum(weight_of(key) * p for key, p in others.items()) / sum(map(weight_of, others))
    return mean * float(odds) - 1


def exact_paid(best: Mapping[str, Any]) -> Fraction:
    return 1 + (exact(best) - 1) * (1 - Fraction(str(COMMISSIONS.get(best["bookmaker"], 0))))


def test_parlays_multiply_exact_prices_into_value_stake_and_every_format(site: Site) -> None:
    games = [game for game in site.analyses() if game["markets"]]
    differs = compared = 0
    for pair in itertools.pairwise(games):
        body = {
            "legs": [leg(game, next(iter(game["markets"]))) for game in pair],
            "bankroll_cents": 1_000_000,
        }
        answer = json.loads(site.prices.answer(orjson.dumps(body)))
        for book in answer["bookmakers"]:
            odds = [exact(one) for one in book["legs"]]
            product = math.prod(odds)
            assert Fraction(book["price_fractional"]) == product - 1
            assert book["price_decimal"] == pytest.approx(float(product), abs=5.1e-5)
            american = float(100 * (product - 1) if product >= 2 else -100 / (product - 1))
            assert abs(book["price_american"] - american) <= 0.5
            returns = [returned(one, d) for one, d in zip(answer["legs"], odds, strict=True)]
            value = float(math.prod(returns) - 1)
            assert book["expected_value"] == pytest.approx(value, abs=LAST_PLACE)
            shown = [Fraction(str(one["price_decimal"])) for one in book["legs"]]
            rounded = math.prod(returned(one, d) for one, d in zip(answer["legs"], shown, strict=True))
            differs += abs(float(rounded - 1) - value) > LAST_PLACE
            compared += 1
            if not any(one["push"] or one["half_win"] or one["half_loss"] for one in answer["legs"]):
                win = math.prod(Fraction(str(one["win"])) for one in answer["legs"])
                stake = max(Fraction(0), (win * product - 1) / (product - 1)) / 4
                assert book["kelly_fraction"] == pytest.approx(float(stake), abs=LAST_PLACE)
                assert abs(book["stake_cents"] - float(stake * 1_000_000)) <= 1
    assert compared > 30
    assert differs >= 5


def returned(shown: Mapping[str, Any], odds: Fraction) -> Fraction:
    """Return what a stake of 1 on a leg returns on average, every result written out."""
    win, push, half_win, half_loss = (
        Fraction(str(shown[name])) for name in ("win", "push", "half_win", "half_loss")
    )
    return win * odds + push + half_win * (1 + odds) / 2 + half_loss / 2


def test_a_pick_s_chance_is_that_of_its_edge_at_the_exact_price(site: Site) -> None:
    seen = 0
    for game in site.analyses():
        for one in quoted(game):
            offer = one.market["offers"][one.candidate.bookmaker]
            price = {"price": offer["prices"][one.candidate.outcome], "price_format": offer["price_format"]}
            decided = 1 - one.candidate.push
            value = one.candidate.win * float(exact(price)) - decided
            assert value == pytest.approx(offer["edges"][one.candidate.outcome], abs=1e-9)
            seen += 1
    assert seen > 100
