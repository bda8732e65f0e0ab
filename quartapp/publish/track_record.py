"""The track record: what was forecast and picked before the games, against how they ended. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from quartapp.documents.table import Document
from quartapp.odds.calibration import MEASURED
from quartapp.odds.closing import ClosingMarket, Taken, at_closing
from quartapp.odds.intervals import FEWEST, Interval
from quartapp.odds.record import Bin, Forecast, Forecasting, Graded, Picking, forecasting, picking
from quartapp.publish import addresses
from quartapp.publish import record_shapes as shapes
from quartapp.publish.game import moment
from quartapp.settle.bets import PlacedLeg, verdict_on
from quartapp.store.track_record import GradedPick, KeptForecast


def documents_of(
    sports: Iterable[str],
    forecasts: Sequence[KeptForecast],
    picks: Sequence[GradedPick],
    since: Mapping[str, datetime],
    *,
    source: str,
    now: datetime,
) -> list[Document]:
    """Return the record of every sport that has one, and a document for each sport that is known."""
    forecasts_of: dict[str, list[Forecast]] = {}
    for kept in forecasts:
        ended = ended_forecast(kept, now)
        if ended is not None:
            forecasts_of.setdefault(kept.game.sport_key, []).append(ended)
    picks_of: dict[str, list[Graded]] = {}
    for pick in picks:
        picks_of.setdefault(pick.sport_key, []).append(
            Graded(pick.game_id, pick.grade, float(pick.price_decimal), value_at_closing(pick))
        )
    records = {
        sport: sport_record(
            sport,
            since.get(sport),
            forecasting(forecasts_of.get(sport, [])),
            picking(picks_of.get(sport, [])),
        )
        for sport in sorted({*sports, *forecasts_of, *picks_of})
    }
    some = [record for record in records.values() if record["method"]["games"] or record["picks"]["graded"]]
    made = [_document(None, some, min(since.values(), default=None), source)]
    return made + [_document(sport, [record], since.get(sport), source) for sport, record in records.items()]


def _document(
    sport: str | None, records: list[shapes.SportRecord], since: datetime | None, source: str
) -> Document:
    content = shapes.TrackRecordContent(
        source=source,
        since=moment(since),
        sports=records,
        back_tests=[
            {
                "kind": "back_test",
                "method": MEASURED.method,
                "log_loss": MEASURED.log_loss,
                "brier": MEASURED.brier,
                "games": MEASURED.games,
                "sample": MEASURED.sample,
            }
        ],
    )
    return Document(addresses.track_record(sport), dict(content))


def ended_forecast(kept: KeptForecast, now: datetime) -> Forecast | None:
    """Return a forecast with what happened; None where nothing did: a push, or a game put off too long.

    Which outcome came is the grader's word, as for a bet on it. The closing line counts where it is of the same kind.
    """
    game = kept.game
    names = [name for name in (game.home_team, game.away_team, "Draw") if name in kept.probabilities]
    if set(names) != set(kept.probabilities) or game.home_team not in names:
        return None  # a team was renamed between the forecast and the end
    happened = [name for name in names if _won(kept, name, now)]
    if len(happened) != 1:
        return None
    closing = None
    if kept.closing is not None and kept.closing_kind == kept.kind and set(kept.closing) == set(names):
        closing = {name: kept.closing[name] for name in names}
    return Forecast(game.game_id, {name: kept.probabilities[name] for name in names}, happened[0], closing)


def _won(kept: KeptForecast, name: str, now: datetime) -> bool:
    game = kept.game
    leg = PlacedLeg(
        game.game_id,
        "h2h",
        name,
        None,
        kept.kind == "three_way",
        kept.planned_start,
        game.home_team,
        game.away_team,
        Decimal(1),  # what a forecast would pay is nobody's question
    )
    return verdict_on(leg, game, now).grade == "won"


def value_at_closing(pick: GradedPick) -> float | None:
    """Return what a pick's price was worth at the closing line; None where that does not say."""
    taken = Taken(pick.market, pick.kind, pick.outcome, pick.home_team, pick.point, float(pick.price_decimal))
    closing = None
    if pick.closing is not None and pick.closing_kind is not None:
        closing = ClosingMarket(pick.closing_kind, pick.closing_point, pick.closing, pick.closing_model)
    found = at_closing(taken, closing)
    return None if found is None else found.value


def sport_record(
    sport: str, since: datetime | None, method: Forecasting, picks: Picking
) -> shapes.SportRecord:
    """Return a sport's figures for JSON, each with its number of games or picks."""
    return {"sport": sport, "since": moment(since), "method": _method(method), "picks": _picks(picks)}


def _method(found: Forecasting) -> shapes.MethodRecord:
    return {
        "games": found.games,
        "log_loss": _round(found.log_loss),
        "log_loss_interval": _interval(found.log_loss_interval),
        "brier": _round(found.brier),
        "brier_interval": _interval(found.brier_interval),
        "base_rate_log_loss": _round(found.base_rate_log_loss),
        "closing_games": found.closing_games,
        "closing_log_loss": _round(found.closing_log_loss),
        "log_loss_on_closing_games": _round(found.log_loss_on_those),
        "reliability": [_bin(one) for one in found.reliability],
        "note": _note(found.games, "games"),
    }


def _bin(one: Bin) -> shapes.Bin:
    return {
        "from": one.start,
        "to": one.end,
        "games": one.games,
        "forecast": _round(one.forecast),
        "happened": _round(one.happened),
        "happened_interval": _interval(one.interval),
    }


def _picks(found: Picking) -> shapes.PicksRecord:
    return {
        "graded": found.graded,
        "won": found.by_grade.get("won", 0),
        "lost": found.by_grade.get("lost", 0),
        "push": found.by_grade.get("push", 0),
        "half_won": found.by_grade.get("half_won", 0),
        "half_lost": found.by_grade.get("half_lost", 0),
        "void": found.by_grade.get("void", 0),
        "staked": found.staked,
        "decided": found.decided,
        "won_share": _round(found.won_share),
        "won_interval": _interval(found.won_interval),
        "roi": _round(found.roi),
        "roi_interval": _interval(found.roi_interval),
        "closing_picks": found.closing_line_picks,
        "closing_line_value": _round(found.closing_line_value),
        "closing_line_value_interval": _interval(found.closing_line_value_interval),
        "note": _note(found.staked, "picks"),
    }


def _note(count: int, what: str) -> str | None:
    return None if count >= FEWEST else f"fewer than {FEWEST} {what}: too few to judge by"


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _interval(bounds: Interval | None) -> list[float] | None:
    return None if bounds is None else [round(bound, 6) for bound in bounds]
