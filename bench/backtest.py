"""How the method would have forecast a past season: `python -m bench.backtest FILE`. Needs no database and no clock.

FILE is one of:

- a season of The Odds API's v4 events with odds (JSON); its scores stand in the file named with `scores` in the place
  of `odds`, or in --scores. The forecast is the published method's on these prices, and a pick is each best price
  with an edge of --edge or more, at flat stakes.
- a CSV with home_open, draw_open, away_open, home_close, draw_close, away_close (decimal prices), home_goals,
  away_goals and sport_key. The forecast is the opening line, and the closing line is compared with it.
- a CSV with home_spread, home_score and away_score: the forecast is the distribution of the margin about the spread.

The figures are those of /api/track-record, made by the same code. A back-test is no record: its picks were never made.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from quartapp.feeds.errors import FeedError
from quartapp.feeds.odds_api_answers import parse_events, parse_scores
from quartapp.odds.fit import Target, fit, scores
from quartapp.odds.legs import Selection
from quartapp.odds.record import Forecast, Graded, forecasting, picking
from quartapp.odds.sports import sport_of
from quartapp.odds.vig import remove_vig
from quartapp.publish.markets import analyse_markets
from quartapp.publish.record_shapes import SportRecord
from quartapp.publish.track_record import ended_forecast, sport_record
from quartapp.records import Event
from quartapp.settle.bets import PlacedLeg, verdict_on
from quartapp.settle.evidence import Evidence
from quartapp.settle.rules import Market as MarketKey
from quartapp.store.games import Game
from quartapp.store.odds import Book, Market, Price
from quartapp.store.track_record import KeptForecast

NOW = datetime.now(UTC)
Season = dict[str, tuple[list[Forecast], list[Graded]]]  # by sport


def back_test(path: Path, scores_path: Path | None, edge: float) -> list[SportRecord]:
    """Return a season's record by sport. Raises ValueError for a file of another kind."""
    season = _events_season(path, scores_path, edge) if path.suffix == ".json" else _csv_season(path)
    return [
        sport_record(sport, None, forecasting(forecasts), picking(picks))
        for sport, (forecasts, picks) in sorted(season.items())
    ]


# --- a season of events


def _events_season(path: Path, scores_path: Path | None, edge: float) -> Season:
    scores_path = scores_path or path.with_name(path.name.replace("odds", "scores"))
    if scores_path == path or not scores_path.is_file():
        raise ValueError(f"{path.name} has no file of scores beside it; name one with --scores")
    body = json.loads(path.read_text(encoding="utf-8"))
    told = json.loads(scores_path.read_text(encoding="utf-8"))
    season: Season = {}
    for sport in sorted({event["sport_key"] for event in body}):
        finals = {
            score.id: (score.home_score, score.away_score)
            for score in parse_scores([one for one in told if one["sport_key"] == sport], sport)
            if score.completed and score.home_score is not None and score.away_score is not None
        }
        events = parse_events([one for one in body if one["sport_key"] == sport], sport)
        if events.trouble is not None:
            raise ValueError(events.trouble)
        for event in events:
            home, away = finals.get(event.id, (None, None))
            if home is not None and away is not None:
                _take(season.setdefault(sport, ([], [])), event, (home, away), edge)
    return season


def _take(
    kept: tuple[list[Forecast], list[Graded]], event: Event, score: tuple[int, int], edge: float
) -> None:
    game = Game(
        event.id, event.sport_key, event.home_team, event.away_team, event.commence_time, "scheduled", None, None, None
    )  # fmt: skip
    ended = _ended(event.id, event.sport_key, event.home_team, event.away_team, score, event.commence_time)
    markets = analyse_markets(game, _books(event), []).markets
    if (winner := markets.get("h2h")) is not None:
        forecast = ended_forecast(
            KeptForecast(ended, event.commence_time, winner["kind"], winner["consensus"], None, None), NOW
        )
        kept[0].extend([] if forecast is None else [forecast])
    for key, market in markets.items():
        for name, best in market["best"].items():
            decimal = best["price_decimal"]
            if best["edge"] is None or decimal is None or best["edge"] < edge or best.get("too_good"):
                continue
            point = None if market["point"] is None else Decimal(str(market["point"]))
            if point is not None and key == "spreads" and name != event.home_team:
                point = -point
            grade = _grade(ended, key, name, point, three_way=market["kind"] == "three_way")
            if grade is not None:
                kept[1].append(Graded(event.id, grade, decimal))


def _books(event: Event) -> list[Book]:
    return [
        Book(
            book.key, book.title, book.last_update,
            [
                Market(
                    market.key, market.last_update,
                    [Price(one.name, one.price, event.price_format, one.point) for one in market.outcomes],
                )
                for market in book.markets
            ],
        )
        for book in event.bookmakers
    ]  # fmt: skip


# --- a table


def _csv_season(path: Path) -> Season:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = set(rows[0]) if rows else set()
    if {"home_open", "home_close", "home_goals"} <= columns:
        made = [_with_prices(number, row) for number, row in enumerate(rows)]
    elif {"home_spread", "home_score"} <= columns:
        made = _with_spreads(rows)
    else:
        raise ValueError(f"{path.name} is no season that this command reads; see --help")
    season: Season = {}
    for sport, forecast in made:
        if forecast is not None:
            season.setdefault(sport, ([], []))[0].append(forecast)
    return season


def _with_prices(number: int, row: Mapping[str, str]) -> tuple[str, Forecast | None]:
    opening, closing = (
        dict(
            zip(
                ("home", "away", "Draw"),
                remove_vig([float(row[f"{side}_{when}"]) for side in ("home", "away", "draw")]),
                strict=True,
            )
        )
        for when in ("open", "close")
    )
    ended = _ended(
        str(number), row["sport_key"], "home", "away", (int(row["home_goals"]), int(row["away_goals"]))
    )
    kept = KeptForecast(ended, ended.commence_time, "three_way", opening, "three_way", closing)
    return row["sport_key"], ended_forecast(kept, NOW)


def _with_spreads(rows: Sequence[Mapping[str, str]]) -> list[tuple[str, Forecast | None]]:
    chances: dict[float, float] = {}
    made = []
    for number, row in enumerate(rows):
        spread = float(row["home_spread"])
        if spread not in chances:
            chances[spread] = _home_wins(spread)
        home = chances[spread]
        score = (int(row["home_score"]), int(row["away_score"]))
        ended = _ended(str(number), "americanfootball_nfl", "home", "away", score)
        both = {"home": home, "away": 1 - home}
        kept = KeptForecast(ended, ended.commence_time, "two_way", both, None, None)
        made.append(("americanfootball_nfl", ended_forecast(kept, NOW)))
    return made


def _home_wins(spread: float) -> float:
    sport = sport_of("americanfootball_nfl")
    assert sport is not None
    model = fit(sport, [Target(Selection("spreads", "home", spread), 0.5)])
    assert model is not None
    return scores(model).chances(Selection("h2h", "home")).decisive


# --- how a game ended


def _ended(
    game_id: str, sport: str, home: str, away: str, score: tuple[int, int], start: datetime = NOW
) -> Evidence:
    # Files of seasons have the scores that bets were settled by.
    return Evidence(game_id, sport, home, away, "final", start, score, "file", None, overtime=False)


def _grade(
    ended: Evidence, market: str, outcome: str, point: Decimal | None, *, three_way: bool
) -> str | None:
    key: MarketKey = "h2h" if market == "h2h" else "spreads" if market == "spreads" else "totals"
    leg = PlacedLeg(
        ended.game_id, key, outcome, point, three_way, ended.commence_time, ended.home_team, ended.away_team, Decimal(1)
    )  # fmt: skip
    return verdict_on(leg, ended, NOW).grade


# --- in words


def said(record: SportRecord) -> Iterable[str]:
    """Yield a record as lines; each figure with its number of games and its 95 % interval."""
    method, picks = record["method"], record["picks"]
    yield f"{record['sport']}: {method['games']} games"
    if method["note"]:
        yield f"  {method['note']}"
    if method["games"]:
        yield f"  log loss {_figure(method['log_loss'], method['log_loss_interval'])}"
        yield f"  Brier score {_figure(method['brier'], method['brier_interval'])}"
        yield f"  log loss of the base rates {_figure(method['base_rate_log_loss'])}"
    if method["closing_games"]:
        yield (
            f"  log loss of the closing line {_figure(method['closing_log_loss'])}, "
            f"ours {_figure(method['log_loss_on_closing_games'])}, over {method['closing_games']} games"
        )
    for one in method["reliability"]:
        if one["games"]:
            yield (
                f"  home win forecast {one['from']:.0%} to {one['to']:.0%}: {_figure(one['forecast'])}, "
                f"happened {_figure(one['happened'], one['happened_interval'])}, {one['games']} games"
            )
    if picks["graded"]:
        yield f"  picks: {picks['graded']}, of which {picks['staked']} staked" + (
            f" ({picks['note']})" if picks["note"] else ""
        )
        yield f"  return by stake {_figure(picks['roi'], picks['roi_interval'])}"
        yield f"  won {_figure(picks['won_share'], picks['won_interval'])} of {picks['decided']} decided"


def _figure(value: float | None, interval: Sequence[float] | None = None) -> str:
    if value is None:
        return "unknown"
    return f"{value:.4f}" + ("" if interval is None else f" [{interval[0]:.4f}, {interval[1]:.4f}]")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a season's back-test; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.backtest",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="the season")
    parser.add_argument("--scores", type=Path, help="the scores of a season of events")
    parser.add_argument("--edge", type=float, default=0.02, help="the least edge of a pick (0.02)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    asked = parser.parse_args(arguments)
    try:
        records = back_test(asked.file, asked.scores, asked.edge)
    except (OSError, ValueError, KeyError, FeedError) as problem:
        print(f"{asked.file}: {problem}", file=sys.stderr)
        return 2
    if asked.json:
        print(json.dumps(records, indent=1))
    else:
        print("A back-test, made after the fact: none of these forecasts was published before its game.")
        for record in records:
            print("\n".join(said(record)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
