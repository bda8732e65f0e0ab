"""The sandbox's HTTP: The Odds API v4, ESPN, Telegram and OpenAI on one loopback port.

Base URLs: ``/odds-api``, ``/espn``, ``/telegram``, ``/openai``. ``GET /sandbox/telegram`` shows the
messages that were sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from quart import Quart, Response, jsonify, request

from quartapp.feeds import espn_scoreboard
from quartapp.feeds.espn import LEAGUES as ESPN_PATHS
from quartapp.sandbox import espn_board, openai, replay
from quartapp.sandbox import league as world

MONTHLY_CREDITS = 20_000
MARKETS = frozenset(("h2h", "h2h_lay", "spreads", "totals", "outrights"))
REGIONS = frozenset(("us", "us2", "uk", "eu", "au", "us_ex"))
# Listed when all sports are asked for: nothing is played, as upstream has it between seasons.
OUT_OF_SEASON = {"basketball_wnba": ("WNBA", "Basketball")}
MESSAGE_CHARACTERS = 4096


def create_sandbox(  # noqa: PLR0915 - one route after another
    *,
    seed: int = 20261124,
    replay_folder: Path | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Quart:
    """Return the sandbox. With `replay_folder` its odds are the recorded ones. Raises ReplayError."""
    app = Quart("sandbox")
    recorded = replay.load(replay_folder, now()) if replay_folder else None
    leagues = {league.key: league for league in world.LEAGUES}
    by_path = {path: leagues[key] for key, path in ESPN_PATHS.items() if key in leagues}
    used, month = 0, now().strftime("%Y-%m")
    messages: list[dict[str, Any]] = []
    model = openai.Behaviour()

    def paid(body: Any, cost: int) -> Response:
        nonlocal used, month
        if (today := now().strftime("%Y-%m")) != month:
            used, month = 0, today
        used += cost
        answer = jsonify(body)
        answer.headers["x-requests-remaining"] = str(max(0, MONTHLY_CREDITS - used))
        answer.headers["x-requests-used"] = str(used)
        answer.headers["x-requests-last"] = str(cost)
        return answer

    @app.before_request
    async def needs_key() -> tuple[Response, int] | None:
        if request.path.startswith("/odds-api/") and not request.args.get("apiKey"):
            return jsonify({"message": "API key is missing", "error_code": "MISSING_KEY"}), 401
        return None

    @app.get("/odds-api/v4/sports")
    async def sports() -> Response:
        if recorded is not None:
            titles = {key: (events[0]["sport_title"], _group(key)) for key, events in recorded.items()}
        else:
            titles = {key: (one.title, one.group) for key, one in leagues.items()}
        resting = OUT_OF_SEASON if recorded is None and request.args.get("all") == "true" else {}
        return paid(
            [
                {
                    "key": key,
                    "title": title,
                    "group": group,
                    "description": title,
                    "active": key not in resting,
                    "has_outrights": False,
                }
                for key, (title, group) in (titles | resting).items()
            ],
            0,
        )

    @app.get("/odds-api/v4/sports/<key>/odds")
    async def odds(key: str) -> Response | tuple[Response, int]:
        markets = set(request.args.get("markets", "h2h").split(","))
        regions = set(request.args.get("regions", "").split(",")) - {""}
        if not markets <= MARKETS:
            return _invalid("INVALID_MARKET")
        if not regions:
            return _invalid("MISSING_REGION")
        if not regions <= REGIONS:
            return _invalid("INVALID_REGION")
        if request.args.get("oddsFormat", "decimal") not in ("american", "decimal"):
            return _invalid("INVALID_ODDS_FORMAT")
        cost = len(markets) * len(regions)
        if recorded is not None:
            if key not in recorded:
                return _unknown()
            return paid([_only(event, markets) for event in recorded[key] if _open(event, now())], cost)
        if key not in leagues:
            return _unknown()
        american = request.args.get("oddsFormat", "decimal") == "american"
        moment = now()
        listed = world.upcoming(leagues[key], seed, moment)
        return paid([world.event(game, moment, american=american, markets=markets) for game in listed], cost)

    @app.get("/odds-api/v4/sports/<key>/events")
    async def events(key: str) -> Response | tuple[Response, int]:
        moment = now()
        if recorded is not None and key in recorded:
            listed = [event for event in recorded[key] if _open(event, moment)]
        elif recorded is None and key in leagues:
            games = world.upcoming(leagues[key], seed, moment)
            listed = [world.event(game, moment, american=True, markets=set()) for game in games]
        else:
            return _unknown()
        return paid([{name: event[name] for name in event if name != "bookmakers"} for event in listed], 0)

    @app.get("/odds-api/v4/sports/<key>/scores")
    async def scores(key: str) -> Response | tuple[Response, int]:
        days = request.args.get("daysFrom", "0")
        if days not in ("0", "1", "2", "3"):
            return _invalid("INVALID_SCORES_DAYS_FROM")
        cost = 2 if "daysFrom" in request.args else 1
        if recorded is not None:
            return paid([], cost) if key in recorded else _unknown()
        if key not in leagues:
            return _unknown()
        moment = now()
        first = moment - max(timedelta(days=int(days)), timedelta(hours=world.GAME_HOURS))
        listed = world.games(leagues[key], seed, first, moment + timedelta(days=2))
        return paid([_score(game, moment) for game in listed], cost)

    @app.get("/espn/apis/site/v2/sports/<sport>/<path>/<what>")
    async def espn_league(sport: str, path: str, what: str) -> Response | tuple[Response, int]:
        one = by_path.get(f"{sport}/{path}")
        if one is None or what not in ("teams", "injuries", "scoreboard"):
            return jsonify({"code": 404}), 404
        if what == "scoreboard":
            return jsonify(
                _board(one, seed, request.args.get("dates", ""), now(), request.args.get("limit"))
                if recorded is None
                else {"events": []}
            )
        if what == "injuries":
            # Invented athletes have no place in games that were played.
            return jsonify(world.injuries(one, seed, now()) if recorded is None else {"injuries": []})
        teams = [
            {"team": {"id": str(n), "displayName": team, "abbreviation": _abbreviation(team)}}
            for n, team in enumerate(one.teams, start=1)
        ]
        return jsonify({"sports": [{"leagues": [{"teams": teams}]}]})

    @app.get("/espn/apis/site/v2/sports/<sport>/<path>/teams/<int:team_id>/roster")
    async def espn_roster(sport: str, path: str, team_id: int) -> Response | tuple[Response, int]:
        one = by_path.get(f"{sport}/{path}")
        if one is None or not 1 <= team_id <= len(one.teams):
            return jsonify({"code": 404}), 404
        team = one.teams[team_id - 1]
        listed = [
            {
                "id": f"{team_id}{n:02d}",
                "displayName": world.player(team, n),
                "position": {"abbreviation": world.position(n)},
            }
            for n in range(20)
        ]
        grouped = [{"position": "all", "items": listed}] if one.group == "American Football" else listed
        return jsonify({"athletes": grouped})

    @app.get("/telegram/bot<token>/getMe")
    async def telegram_me(token: str) -> Response:
        return jsonify({"ok": True, "result": {"id": 1, "is_bot": True, "username": "sandbox_bot"}})

    @app.post("/telegram/bot<token>/sendMessage")
    async def telegram_send(token: str) -> Response | tuple[Response, int]:
        message = await request.get_json(force=True)
        if not message.get("chat_id"):
            return _bad_message("chat_id is empty")
        if not message.get("text"):
            return _bad_message("message text is empty")
        if len(message["text"]) > MESSAGE_CHARACTERS:
            return _bad_message("message is too long")
        messages.append({"at": world.text(now()), **message})
        del messages[:-200]
        return jsonify({"ok": True, "result": {"message_id": len(messages)}})

    @app.get("/sandbox/telegram")
    async def telegram_seen() -> Response:
        return jsonify(messages)

    @app.post("/openai/v1/chat/completions")
    async def complete() -> Response | tuple[Response, int]:
        asked = await request.get_json(force=True)
        lie = asked["model"].partition(":")[2] or model.lie
        if lie == "throttled":
            return jsonify({"error": {"type": "rate_limit_exceeded"}}), 429
        if lie == "broken":
            return jsonify({"error": {"type": "server_error"}}), 500
        if asked.get("stream"):
            answer = Response(model.stream(asked, lie), content_type="text/event-stream")
            answer.timeout = None
            return answer
        words = asked["messages"][-1]["content"]
        return jsonify(
            {"choices": [{"message": {"role": "assistant", "content": f"[sandbox] {words[:400]}"}}]}
        )

    @app.put("/sandbox/openai/<lie>")
    async def lie_from_now_on(lie: str) -> Response | tuple[Response, int]:
        if lie not in openai.LIES:
            return jsonify({"lies": openai.LIES}), 404
        model.lie, model.pause = lie, float(request.args.get("pause", "0"))
        return jsonify(asdict(model))

    @app.get("/sandbox/openai")
    async def behaviour() -> Response:
        return jsonify(asdict(model))

    @app.get("/healthz")
    async def healthz() -> Response:
        return jsonify({"ok": True})

    return app


def _bad_message(why: str) -> tuple[Response, int]:
    return jsonify({"ok": False, "error_code": 400, "description": f"Bad Request: {why}"}), 400


def _invalid(code: str) -> tuple[Response, int]:
    message = code.lower().replace("_", " ")
    return jsonify({"message": message, "error_code": code}), 422


def _unknown() -> tuple[Response, int]:
    return jsonify({"message": "Unknown sport", "error_code": "UNKNOWN_SPORT"}), 404


def _only(event: dict[str, Any], markets: set[str]) -> dict[str, Any]:
    """Keep the markets asked for; like the real API, an exchange's lay prices come with h2h."""
    wanted = markets | ({"h2h_lay"} if "h2h" in markets else set())
    books = [
        {**book, "markets": [market for market in book["markets"] if market["key"] in wanted]}
        for book in event["bookmakers"]
    ]
    return {**event, "bookmakers": books}


def _open(event: dict[str, Any], moment: datetime) -> bool:
    return datetime.fromisoformat(event["commence_time"]) > moment - timedelta(hours=world.GAME_HOURS)


def _score(game: world.Game, moment: datetime) -> dict[str, Any]:
    points = world.score(game, moment)
    named = points and [
        {"name": n, "score": str(p)} for n, p in zip((game.home, game.away), points, strict=True)
    ]
    return {
        "id": game.id,
        "sport_key": game.league.key,
        "sport_title": game.league.title,
        "commence_time": world.text(game.start),
        "completed": moment >= game.end,
        "home_team": game.home,
        "away_team": game.away,
        "scores": named,
        "last_update": world.text(moment) if points else None,
    }


def _board(
    one: world.League, seed: int, day: str, moment: datetime, limit: str | None = None
) -> dict[str, Any]:
    """Return a day's games of a league, whose day is New York's."""
    first = datetime.strptime(day, "%Y%m%d").replace(tzinfo=espn_scoreboard.BOARD_ZONE).astimezone(UTC)
    events = []
    for game in world.games(one, seed, first, first + timedelta(days=1) - timedelta(seconds=1)):
        home, away = world.score(game, moment) or (0, 0)
        state = "pre" if moment < game.start else "in" if moment < game.end else "final"
        share = min(1.0, max(0.0, (moment - game.start) / timedelta(hours=world.GAME_HOURS)))
        number = str(int(game.id[:7], 16))
        stand = espn_board.Stand(state, home, away, share)
        events.append(espn_board.event(number, one.key, game.home, game.away, game.start, stand))
    return espn_board.board(events, day, limit)


def _abbreviation(team: str) -> str:
    return "".join(word[0] for word in team.split())[:3].upper() if " " in team else team[:3].upper()


def _group(key: str) -> str:
    names = {"americanfootball": "American Football", "icehockey": "Ice Hockey"}
    first = key.split("_", 1)[0]
    return names.get(first, first.capitalize())
