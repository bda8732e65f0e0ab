"""The HTTP contract as OpenAPI 3.1. A test walks the routes and holds the two together."""

from __future__ import annotations

from functools import cache
from typing import Any

from quartapp.api.reads.query import MAX_LIMIT, STATUSES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
NULL_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
NUMBER: Schema = {"type": "number"}
NULL_NUMBER: Schema = {"type": ["number", "null"]}
NULL_TEXT: Schema = {"type": ["string", "null"]}
INTEGER: Schema = {"type": "integer"}
BOOLEAN: Schema = {"type": "boolean"}
SOURCE: Schema = {"enum": ["live", "sandbox", "replay"], "description": "What the data was made from."}


def thing(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """Return an object schema; more fields may be added to any."""
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


def many(item: Schema) -> Schema:
    """Return an array schema."""
    return {"type": "array", "items": item}


def by_name(value: Schema) -> Schema:
    """Return a schema of an object whose keys are names."""
    return {"type": "object", "additionalProperties": value}


def ref(name: str) -> Schema:
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


_PRICE = {"price_american": NULL_NUMBER, "price_decimal": NULL_NUMBER}
_OUTCOME = thing({"name": TEXT, **_PRICE, "point": NULL_NUMBER})
_MARKET = thing({"key": TEXT, "last_update": NULL_TIME, "outcomes": many(_OUTCOME)})
_BOOK = thing({"key": TEXT, "title": TEXT, "last_update": NULL_TIME, "markets": many(_MARKET)})
_SCORES = {"oneOf": [thing({"home": INTEGER, "away": INTEGER}), {"type": "null"}]}
_GAME_FIELDS = {
    "id": TEXT,
    "sport_key": TEXT,
    "home_team": TEXT,
    "away_team": TEXT,
    "commence_time": TIME,
    "status": {"enum": [*STATUSES, "final"]},
    "scores": _SCORES,
    "bookmakers": many(_BOOK),
}
_BEST = by_name(thing({"bookmaker": TEXT, **_PRICE, "edge": NUMBER}))
_MOVEMENT = thing(
    {"opened_at": TIME, "open": NUMBER, "current": NUMBER, "change": NUMBER, "low": NUMBER, "high": NUMBER,
     "series": many(NUMBER)}
)  # fmt: skip
_INJURY = thing(
    {"team": TEXT, "athlete": TEXT, "position": NULL_TEXT, "status": TEXT, "type": NULL_TEXT, "detail": NULL_TEXT,
     "reported_at": NULL_TIME, "source": TEXT, "fetched_at": TIME}
)  # fmt: skip
_ANALYSED_MARKET = thing(
    {"consensus": by_name(NUMBER), "best": _BEST, "hold": NUMBER, "books": INTEGER, "point": NULL_NUMBER}
)
_ANALYSIS = {
    "game_id": TEXT,
    "home_team": TEXT,
    "away_team": TEXT,
    "commence_time": TIME,
    "method": TEXT,
    "markets": by_name(_ANALYSED_MARKET),
    "summary": TEXT,
    "freshness": {"type": "object"},
}
_CALIBRATION = thing({"method": TEXT, "log_loss": NUMBER, "brier": NUMBER, "games": INTEGER, "sample": TEXT})
_SPORT = thing(
    {
        "key": TEXT,
        "title": TEXT,
        "group": TEXT,
        "active": BOOLEAN,
        "season_state": {"enum": ["offseason", "preseason", "in_season", "in_break", "postseason"]},
        "in_season": BOOLEAN,
        "next_game_at": NULL_TIME,
        "last_game_at": NULL_TIME,
        "upcoming_games": INTEGER,
        "odds_updated_at": NULL_TIME,
    }
)
_LEG = thing(
    {"game_id": TEXT, "market": {"enum": ["h2h", "spreads", "totals"]}, "outcome": TEXT},
    {
        "point": {"type": ["number", "null"], "description": "The line; the consensus line when left out."},
        "bookmaker": {"type": ["string", "null"], "description": "The best price's when left out."},
    },
)
_JOB = thing(
    {"job_name": TEXT, "last_run_at": NULL_TIME, "duration_ms": {"type": ["integer", "null"]}, "status": TEXT,
     "error_snippet": NULL_TEXT, "correlation_id": NULL_TEXT, "schedule": TEXT, "next_run_at": NULL_TIME,
     "last_success_at": NULL_TIME, "paused": BOOLEAN}
)  # fmt: skip
_CHECK = thing({"ok": BOOLEAN})

SCHEMAS: dict[str, Schema] = {
    "Problem": thing(
        {"type": TEXT, "title": TEXT, "status": INTEGER, "detail": TEXT, "request_id": TEXT},
        {"errors": many(thing({"field": TEXT, "reason": TEXT}))},
    ),
    "Game": thing(_GAME_FIELDS),
    "GameInFull": thing(
        {
            **_GAME_FIELDS,
            "best": by_name(_BEST),
            "line_movement": by_name(_MOVEMENT),
            "injuries": many(_INJURY),
        }
    ),
    "Sports": thing({"generated_at": TIME, "source": SOURCE, "sports": many(_SPORT)}),
    "Games": thing(
        {
            "generated_at": TIME,
            "source": SOURCE,
            "sport": NULL_TEXT,
            "games": many(ref("Game")),
            "next": NULL_TEXT,
        }
    ),
    "GameDocument": thing({"generated_at": TIME, "source": SOURCE, "game": ref("GameInFull")}),
    "Analyses": thing(
        {
            "generated_at": TIME,
            "source": SOURCE,
            "sport": TEXT,
            "method": TEXT,
            "calibration": _CALIBRATION,
            "analyses": many(thing(_ANALYSIS)),
        }
    ),
    "AnalysisDocument": thing(
        {
            "generated_at": TIME,
            "source": SOURCE,
            "sport": TEXT,
            "calibration": _CALIBRATION,
            "analysis": thing({**_ANALYSIS, "injuries": many(_INJURY), "form": {"type": "object"}}),
        }
    ),
    "ParlayRequest": thing({"legs": {**many(_LEG), "minItems": 2, "maxItems": 20}}),
    "Health": thing({"ok": {"const": True}}),
    "Ready": thing({"ok": BOOLEAN, "checks": by_name(_CHECK)}),
    "Jobs": thing({"jobs": many(_JOB), "request_id": TEXT}),
}


def _headers(*names: str) -> Schema:
    texts = {
        "X-Request-ID": "The request's id: the caller's if well formed.",
        "ETag": "Strong, another for each Content-Encoding; send it back as If-None-Match.",
        "Cache-Control": "`max-age=60, must-revalidate` on reads, `no-store` elsewhere.",
        "X-Stale": "`true` while the database is away; the body is the newest known.",
        "Link": 'rel="next", where there is a next page.',
    }
    return {name: {"description": texts[name], "schema": TEXT} for name in names}


def _json(name: str, description: str, *headers: str) -> Schema:
    return {
        "description": description,
        "headers": _headers("X-Request-ID", "Cache-Control", *headers),
        "content": {"application/json": {"schema": ref(name)}},
    }


def _problems(*statuses: int) -> Schema:
    texts = {
        400: "The request cannot be read.",
        401: "The ops token is missing or wrong.",
        404: "There is no such thing.",
        405: "The method is not allowed.",
        412: "The document is another than If-Match or If-Unmodified-Since asks for.",
        413: "The body is too large.",
        415: "Not application/json.",
        422: "A parameter or field is wrong; `errors` names it.",
        429: "Too many requests.",
        503: "A dependency is away.",
    }
    return {
        str(status): {
            "description": texts[status],
            "headers": _headers("X-Request-ID"),
            "content": {"application/problem+json": {"schema": ref("Problem")}},
        }
        for status in statuses
    }


_NOT_MODIFIED = {
    "304": {
        "description": "As If-None-Match or If-Modified-Since has it.",
        "headers": _headers("ETag", "X-Request-ID"),
    }
}


def _read(operation: str, summary: str, name: str, parameters: list[Schema], *problems: int) -> Schema:
    answers = {"200": _json(name, "The document.", "ETag", "X-Stale", "Link"), **_NOT_MODIFIED}
    return {
        "get": {
            "operationId": operation,
            "summary": summary,
            "parameters": parameters,
            "responses": answers | _problems(*problems, 405, 412, 422, 503),
        }
    }


def _query(name: str, description: str, schema: Schema, *, required: bool = False) -> Schema:
    return {"name": name, "in": "query", "description": description, "required": required, "schema": schema}


def _in_path(name: str, description: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": TEXT}


_GAME_ID = _in_path("game_id", "A game's id, from /api/games.")
_JOB_NAME = _in_path("name", "A job's name, from /ops/jobs.")


@cache
def description() -> dict[str, Any]:
    """Return the whole description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Parlay Gorilla API",
            "version": "1",
            "description": "Sports, games, odds, analyses and parlays. Times are RFC 3339 in UTC. Reads carry a strong "
            "ETag; errors are RFC 9457 problems.",
        },
        "paths": {**_reads(), **_parlays(), **_operations()},
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "opsToken": {"type": "apiKey", "in": "header", "name": "X-Ops-Token"},
            },
        },
    }


def _reads() -> Schema:
    return {
        "/api/sports": _read("listSports", "Every sport and where it stands in its season.", "Sports", []),
        "/api/games": _read(
            "listGames",
            "Games that have not finished, soonest first.",
            "Games",
            [
                _query("sport", "A sport's key; all sports without it.", TEXT),
                _query(
                    "limit",
                    "Games a page.",
                    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 100},
                ),
                _query("cursor", "Where to go on: `next` of the page before.", TEXT),
                _query("from", "Games that start at this time or later.", TIME),
                _query("to", "Games that start at this time or earlier.", TIME),
                _query("market", "Only this market's prices.", TEXT),
                _query("bookmaker", "Only this book's prices.", TEXT),
                _query("status", "Only games in this state.", {"enum": list(STATUSES)}),
            ],
            404,
        ),
        "/api/game/{game_id}": _read("getGame", "One game in full.", "GameDocument", [_GAME_ID], 404),
        "/api/analysis": _read(
            "listAnalyses",
            "The analyses of a sport's games.",
            "Analyses",
            [_query("sport", "A sport's key.", TEXT, required=True)],
            404,
        ),
        "/api/analysis/{game_id}": _read(
            "getAnalysis", "One game's analysis.", "AnalysisDocument", [_GAME_ID], 404
        ),
        "/api/openapi.json": {
            "get": {
                "operationId": "getOpenApi",
                "summary": "This description.",
                "responses": {
                    "200": {
                        "description": "OpenAPI 3.1.",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    }
                }
                | _problems(405),
            }
        },
        "/api/docs": {
            "get": {
                "operationId": "getDocs",
                "summary": "This description as a page.",
                "responses": {"200": {"description": "HTML.", "content": {"text/html": {"schema": TEXT}}}}
                | _problems(405),
            }
        },
    }


def _parlays() -> Schema:
    anything = {"application/json": {"schema": {"type": "object"}}}
    return {
        "/api/parlays/price": {
            "post": {
                "operationId": "priceParlay",
                "summary": "The price, probability, value, hold and stake of 2 to 20 legs.",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": ref("ParlayRequest")}},
                },
                "responses": {
                    "200": {
                        "description": "The priced parlay.",
                        "headers": _headers("X-Request-ID"),
                        "content": anything,
                    }
                }
                | _problems(400, 405, 413, 415, 422, 429, 503),
            }
        },
        "/api/parlays/suggest": {
            "get": {
                "operationId": "suggestParlay",
                "summary": "A parlay by appetite for risk; the same for the same documents.",
                "parameters": [
                    _query("sport", "A sport's key; all sports without it.", TEXT),
                    _query(
                        "legs",
                        "How many legs.",
                        {"type": "integer", "minimum": 2, "maximum": 20, "default": 3},
                    ),
                    _query(
                        "risk",
                        "The appetite.",
                        {"enum": ["safe", "balanced", "degen"], "default": "balanced"},
                    ),
                    _query(
                        "same_game",
                        "Whether legs may share a game.",
                        {"enum": ["true", "false"], "default": "false"},
                    ),
                ],
                "responses": {
                    "200": {
                        "description": "The parlay.",
                        "headers": _headers("X-Request-ID", "ETag"),
                        "content": anything,
                    },
                    **_NOT_MODIFIED,
                }
                | _problems(404, 405, 412, 422, 429, 503),
            }
        },
    }


def _operations() -> Schema:
    guarded: Schema = {"security": [{"bearer": []}, {"opsToken": []}, {}]}
    anything = {"description": "As it is.", "content": {"application/json": {"schema": {"type": "object"}}}}

    def ops(operation: str, summary: str, answer: Schema, parameters: list[Schema], *more: int) -> Schema:
        return {
            "get": {
                "operationId": operation,
                "summary": summary,
                "parameters": parameters,
                "responses": {"200": answer} | _problems(401, 404, 405, 503, *more),
                **guarded,
            }
        }

    return {
        "/healthz": {
            "get": {
                "operationId": "healthz",
                "summary": "Alive; touches nothing.",
                "responses": {"200": _json("Health", "Alive.")} | _problems(405),
            }
        },
        "/readyz": {
            "get": {
                "operationId": "readyz",
                "summary": "Ready for visitors.",
                "responses": {"200": _json("Ready", "Ready."), "503": _json("Ready", "Not ready.")}
                | _problems(405),
            }
        },
        "/ops/jobs": ops("listJobs", "Every job and its newest run.", _json("Jobs", "The jobs."), []),
        "/ops/jobs/{name}/history": ops("getHistory", "A job's newest runs.", anything, [_JOB_NAME]),
        "/ops/jobs/{name}/{action}": {
            "post": {
                "operationId": "actOnJob",
                "summary": "Run a job now, pause it, or resume it. Always wants the token.",
                "parameters": [
                    _JOB_NAME,
                    {
                        "name": "action",
                        "in": "path",
                        "required": True,
                        "schema": {"enum": ["run", "pause", "resume"]},
                    },
                ],
                "responses": {"200": anything, "202": anything} | _problems(401, 404, 405, 429, 503),
                "security": [{"bearer": []}, {"opsToken": []}],
            }
        },
        "/ops/status": ops("getStatus", "Who is alive, who leads, what is held.", anything, []),
        "/ops/metrics": ops(
            "getMetrics",
            "Prometheus metrics.",
            {"description": "Text format 0.0.4.", "content": {"text/plain": {"schema": TEXT}}},
            [],
        ),
    }
