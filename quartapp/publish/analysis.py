"""The analysis of one game: consensus, best price, hold, movement, injuries, form, and a summary in words.

Made from numbers alone, deterministic, and without the current time: an unchanged game has an unchanged
analysis. Ages are left to the reader: every input carries when it was fetched or reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from quartapp.odds.calibration import MEASURED
from quartapp.odds.exchanges import COMMISSIONS
from quartapp.odds.vig import DEFAULT_METHOD
from quartapp.publish import analysis_shapes, shapes
from quartapp.publish.availability import is_out, is_shown
from quartapp.publish.game import format_time, moment
from quartapp.publish.markets import analyse_markets, model_shown
from quartapp.store.games import Game
from quartapp.store.odds import Book, Change
from quartapp.store.teams import Injury


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that an analysis of a game is made from.

    `odds_updated_at`: when a price last changed. `closed_movement`: each market's movement up to the start, of a game
    whose closing line is captured.
    """

    game: Game
    books: list[Book]
    changes: list[Change]
    home_injuries: Sequence[Injury]
    away_injuries: Sequence[Injury]
    home_results: Sequence[Game]
    away_results: Sequence[Game]
    odds_updated_at: datetime | None
    closed_movement: Mapping[str, shapes.Movement] | None = None
    commissions: Mapping[str, float] = field(default_factory=lambda: COMMISSIONS)


def analyse(inputs: Inputs) -> analysis_shapes.Analysis:
    """Return the analysis: the contract's fields and more."""
    analysed = analyse_markets(inputs.game, inputs.books, inputs.changes, inputs.commissions)
    markets = analysed.markets
    if inputs.closed_movement is not None:
        # What was captured at the start: which books quote the running game moves nothing.
        markets = {
            key: {**market, "movement": inputs.closed_movement.get(key)} for key, market in markets.items()
        }
    injuries = [_injury(one, inputs.game.home_team) for one in _that_matter(inputs.home_injuries)]
    injuries += [_injury(one, inputs.game.away_team) for one in _that_matter(inputs.away_injuries)]
    form: analysis_shapes.Form = {
        "home": _form(inputs.game.home_team, inputs.home_results),
        "away": _form(inputs.game.away_team, inputs.away_results),
    }
    return {
        "game_id": inputs.game.id,
        "sport_key": inputs.game.sport_key,
        "home_team": inputs.game.home_team,
        "away_team": inputs.game.away_team,
        "commence_time": format_time(inputs.game.commence_time),
        "status": inputs.game.status,
        "method": DEFAULT_METHOD,
        "markets": markets,
        "model": model_shown(analysed.model),
        "injuries": injuries,
        "form": form,
        "summary": summarise(inputs.game, markets, injuries, form),
        "freshness": {
            "odds_updated_at": moment(inputs.odds_updated_at),
            "injuries_fetched_at": moment(
                max((one.fetched_at for one in (*inputs.home_injuries, *inputs.away_injuries)), default=None)
            ),
            "last_result_at": moment(
                max((one.commence_time for one in (*inputs.home_results, *inputs.away_results)), default=None)
            ),
        },
    }


def calibration() -> analysis_shapes.Calibration:
    """Return how well the method forecasts a past season: a back-test, beside the record of what was published."""
    return {
        "kind": "back_test",
        "method": MEASURED.method,
        "log_loss": MEASURED.log_loss,
        "brier": MEASURED.brier,
        "games": MEASURED.games,
        "sample": MEASURED.sample,
    }


def _that_matter(injuries: Sequence[Injury], most: int = 40) -> list[Injury]:
    return [one for one in injuries if is_shown(one.status)][:most]


def _injury(one: Injury, team: str) -> shapes.Injury:
    return {
        "team": team,
        "athlete": one.athlete,
        "position": one.position,
        "status": one.status,
        "type": one.injury_type,
        "detail": one.detail,
        "reported_at": moment(one.reported_at),
        "source": one.source,
        "fetched_at": moment(one.fetched_at),
    }


def _form(team: str, results: Sequence[Game]) -> analysis_shapes.TeamForm:
    letters = ""
    scored = conceded = 0
    for game in results:
        home, away = game.home_score or 0, game.away_score or 0
        own, other = (home, away) if game.home_team == team else (away, home)
        letters += "W" if own > other else "L" if own < other else "D"
        scored, conceded = scored + own, conceded + other
    return {
        "games": len(results),
        "results": letters,
        "scored_per_game": round(scored / len(results), 2) if results else None,
        "conceded_per_game": round(conceded / len(results), 2) if results else None,
    }


def summarise(
    game: Game,
    markets: Mapping[str, analysis_shapes.AnalysedMarket],
    injuries: Sequence[shapes.Injury],
    form: analysis_shapes.Form,
) -> str:
    """Return a few plain sentences made from the numbers."""
    said: list[str] = []
    h2h = markets.get("h2h")
    if h2h is not None:
        favourite, probability = max(h2h["consensus"].items(), key=lambda item: item[1])
        books = "1 book" if h2h["books"] == 1 else f"{h2h['books']} books"
        said.append(
            f"{favourite} are given {probability:.0%} by {books}, with {h2h['hold']:.1%} hold on average."
        )
        name, best = max(h2h["best"].items(), key=lambda item: item[1]["edge"] or 0.0)
        if best["edge"] and best["edge"] > 0 and not best["too_good"]:
            said.append(
                f"The best price against the consensus is {name} at {best['bookmaker']} ({best['edge']:+.1%})."
            )
        moved = h2h["movement"]
        if moved and abs(moved["change"]) >= 0.01:
            towards = game.home_team if moved["change"] > 0 else game.away_team
            said.append(f"The line has moved {abs(moved['change']):.1%} towards {towards} since it opened.")
    else:
        said.append(f"No book quotes a winner of {game.away_team} at {game.home_team} yet.")
    if "totals" in markets:
        said.append(f"The total stands at {markets['totals']['point']:g}.")
    out = [one for one in injuries if is_out(one["status"])]
    if out:
        teams = {team: sum(one["team"] == team for one in out) for team in (game.home_team, game.away_team)}
        said.append(
            "Out: " + ", ".join(f"{count} for {team}" for team, count in teams.items() if count) + "."
        )
    for team, lately in ((game.home_team, form["home"]), (game.away_team, form["away"])):
        if lately["games"] >= 3:
            said.append(f"{team}'s last {lately['games']}: {lately['results']}, newest first.")
    return " ".join(said)
