"""Publishes a set of sports: their game lists, games and analyses, and the lists over all sports.

Called in the transaction that wrote the data, so a reader sees the whole of a slate or none of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from quartapp.documents import table as documents
from quartapp.documents.table import Document
from quartapp.odds.exchanges import COMMISSIONS
from quartapp.publish import addresses, analysis_shapes, shapes
from quartapp.publish.analysis import Inputs, analyse, calibration
from quartapp.publish.closing_line import closing_shown, of_begun
from quartapp.publish.cursor import encode
from quartapp.publish.game import moment, render
from quartapp.store import analyses, closings, games, odds, sports, teams
from quartapp.store.games import Game
from quartapp.team_names import TeamNames

if TYPE_CHECKING:
    from databases.core import Connection

    from quartapp.store.sports import Sport

PAGE = 100
_OPEN = ("scheduled", "live", "postponed", "unresolved")


async def publish_sports(
    connection: Connection,
    sport_keys: Sequence[str],
    *,
    source: str,
    fencing_token: int,
    now: datetime,
    overview: bool = True,
    commissions: Mapping[str, float] = COMMISSIONS,
) -> int:
    """Render and publish everything of these sports; return how many documents changed.

    `overview` false leaves the lists over all sports (/api/sports, the first page of /api/games) for later: a
    pass over many sports publishes them once, at its end.
    """
    await documents.lock(connection)
    if overview:
        await sports.refresh_season_states(connection, now)
    known = {sport.key: sport for sport in await sports.all_sports(connection, now)}
    lists = await documents.published_keys(connection, but=addresses.OF_GAMES)
    if overview:
        # A sport that is listed has a page, if an empty one: 404 means that there is no such sport.
        unlisted = {key for key in known if addresses.games(key) not in lists}
        sport_keys = [*sport_keys, *sorted(unlisted - set(sport_keys))]
    keys = [key for key in sport_keys if key in known]
    listed = await games.to_publish(connection, keys, now)
    soonest = await games.soonest(connection, PAGE + 1, now) if overview else []
    ids = [game.id for game in listed]
    current = await odds.current(connection, list({*ids, *(game.id for game in soonest)}))
    rendered = {game.id: render(game, current.get(game.id, [])) for game in (*listed, *soonest)}
    begun = [game.id for game in listed if game.status != "scheduled"]
    closed = of_begun(listed, await closings.of_games(connection, begun))
    made = await _analyses(connection, keys, listed, current, closed, now, commissions)

    wanted: list[Document] = []
    if overview:
        changed_at = await odds.changed_at_by_sport(connection)
        wanted.append(Document(addresses.SPORTS, _as_json(_sports(known.values(), changed_at, source))))
        wanted.append(Document(addresses.GAMES, _as_json(_first_page(soonest, rendered, source))))
    for key in keys:
        own = [game for game in listed if game.sport_key == key]
        wanted += _pages(key, [game for game in own if game.status in _OPEN], rendered, source)
        wanted.append(_analysis_list(key, [made[game.id] for game in own if game.status in _OPEN], source))
    for game in listed:
        closing = closing_shown(closed.get(game.id))
        wanted.append(_game_document(rendered[game.id], made[game.id], closing, source))
        wanted.append(
            Document(
                addresses.analysis(game.id),
                _as_json(
                    analysis_shapes.AnalysisContent(
                        source=source,
                        sport=game.sport_key,
                        analysis=_with_model_by_market(made[game.id]),
                        calibration=calibration(),
                    )
                ),
            )
        )
    of_games = await games.published(connection, keys, addresses.OF_GAMES)
    gone = of_games | {key for key in lists if addresses.sport_of(key) in keys}
    gone -= {document.key for document in wanted}
    return await documents.publish(
        connection, wanted, withdrawn=sorted(gone), fencing_token=fencing_token, now=now
    )


async def _analyses(
    connection: Connection,
    keys: Sequence[str],
    listed: Sequence[Game],
    current: Mapping[str, list[odds.Book]],
    closed: Mapping[str, closings.Captured],
    now: datetime,
    commissions: Mapping[str, float],
) -> dict[str, analysis_shapes.Analysis]:
    ids = [game.id for game in listed]
    changes = await odds.history(connection, [game_id for game_id in ids if game_id not in closed])
    changed_at = await odds.changed_at(connection, ids)
    injuries = await teams.injuries_of(connection, keys)
    # The injury source names teams in its own way: each league's names are looked up in one spelling.
    reported = {key: TeamNames(names) for key, names in (await teams.names_of(connection, keys)).items()}
    results = await games.recent_results(connection, keys, now)
    made: dict[str, analysis_shapes.Analysis] = {}
    for game in listed:
        home, away = (game.sport_key, game.home_team), (game.sport_key, game.away_team)
        made[game.id] = analyse(
            Inputs(
                game,
                current.get(game.id, []),
                changes.get(game.id, []),
                _injuries(injuries, reported, *home),
                _injuries(injuries, reported, *away),
                results.get(home, []),
                results.get(away, []),
                changed_at.get(game.id),
                closed[game.id].movement if game.id in closed else None,
                commissions,
            )
        )
    await analyses.upsert(
        connection,
        [
            analyses.Analysis(i, one["method"], _chances(one["markets"]), one["summary"])
            for i, one in made.items()
        ],
        now,
    )
    return made


def _chances(markets: Mapping[str, analysis_shapes.AnalysedMarket]) -> dict[str, Any]:
    """Leave out prices: the published documents have them."""
    kept = ("point", "kind", "consensus", "fair", "books")
    return {key: {name: market.get(name) for name in kept} for key, market in markets.items()}


def _injuries(
    injuries: Mapping[tuple[str, str], list[teams.Injury]],
    reported: Mapping[str, TeamNames],
    sport_key: str,
    team: str,
) -> list[teams.Injury]:
    name = reported[sport_key].find(team) if sport_key in reported else None
    return injuries.get((sport_key, name), []) if name is not None else []


def _sports(known: Iterable[Sport], changed_at: Mapping[str, datetime], source: str) -> shapes.SportsContent:
    return {
        "source": source,
        "sports": [
            {
                "key": sport.key,
                "title": sport.title,
                "group": sport.sport_group,
                "active": sport.active,
                "season_state": sport.season_state,
                "in_season": sport.season_state in ("preseason", "in_season", "postseason"),
                "next_game_at": moment(sport.next_game_at),
                "last_game_at": moment(sport.last_game_at),
                "upcoming_games": sport.upcoming_games,
                "odds_updated_at": moment(changed_at.get(sport.key)),
            }
            for sport in known
        ],
    }


def _first_page(
    soonest: Sequence[Game], rendered: Mapping[str, shapes.Game], source: str
) -> shapes.GamesContent:
    page = soonest[:PAGE]
    following = encode(page[-1].commence_time, page[-1].id) if len(soonest) > PAGE else None
    return {"source": source, "sport": None, "games": [rendered[game.id] for game in page], "next": following}


def _pages(key: str, own: Sequence[Game], rendered: Mapping[str, shapes.Game], source: str) -> list[Document]:
    pages: list[Document] = []
    cursor: str | None = None
    for start in range(0, max(1, len(own)), PAGE):
        page = own[start : start + PAGE]
        more = len(own) > start + PAGE
        following = encode(page[-1].commence_time, page[-1].id) if more else None
        name = addresses.games(key, cursor)
        listed = [rendered[game.id] for game in page]
        content = shapes.GamesContent(source=source, sport=key, games=listed, next=following)
        pages.append(Document(name, _as_json(content)))
        cursor = following
    return pages


def _analysis_list(key: str, made: Sequence[analysis_shapes.Analysis], source: str) -> Document:
    method = made[0]["method"] if made else calibration()["method"]
    content = analysis_shapes.AnalysesContent(
        source=source,
        sport=key,
        method=method,
        calibration=calibration(),
        analyses=[_brief(analysis) for analysis in made],
    )
    return Document(addresses.analyses(key), _as_json(content))


def _brief(analysis: analysis_shapes.Analysis) -> analysis_shapes.AnalysisBrief:
    """Leave out what only a game's own page shows."""
    return {
        "game_id": analysis["game_id"],
        "sport_key": analysis["sport_key"],
        "home_team": analysis["home_team"],
        "away_team": analysis["away_team"],
        "commence_time": analysis["commence_time"],
        "status": analysis["status"],
        "method": analysis["method"],
        "markets": analysis["markets"],
        "summary": analysis["summary"],
        "freshness": analysis["freshness"],
        "model": analysis.get("model"),
    }


def _with_model_by_market(made: analysis_shapes.Analysis) -> analysis_shapes.Analysis:
    """Return an analysis whose markets each say where their fair chances come from; lists say it once a game."""
    markets: dict[str, analysis_shapes.AnalysedMarket] = {
        key: {**market, "model": made.get("model")} for key, market in made["markets"].items()
    }
    return {**made, "markets": markets}


def _game_document(
    rendered: shapes.Game,
    analysis: analysis_shapes.Analysis,
    closing: shapes.ClosingLine | None,
    source: str,
) -> Document:
    markets = analysis["markets"]
    game: shapes.GameInFull = {
        **rendered,
        "best": {key: market["best"] for key, market in markets.items()},
        "line_movement": {
            key: movement for key, market in markets.items() if (movement := market["movement"]) is not None
        },
        "injuries": analysis["injuries"],
        "closing": closing,
    }
    return Document(addresses.game(rendered["id"]), _as_json(shapes.GameContent(source=source, game=game)))


def _as_json(content: Mapping[str, object]) -> dict[str, Any]:
    """Return a shape as the plain dictionary that it is: documents/ knows no shape."""
    return dict(content)
