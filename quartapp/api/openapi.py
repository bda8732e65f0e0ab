"""The HTTP contract as OpenAPI 3.1: paths are described here, shapes come from where they are rendered and read.

`python -m quartapp.api.openapi` writes openapi.json beside this file, which is what a web process serves: it need not
make schemas. A test holds that file current, and another holds the paths and the URL map together.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from quartapp.api.reads.query import MAX_LIMIT, STATUSES

Schema = dict[str, Any]

FILE = Path(__file__).with_name("openapi.json")
TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}


def ref(name: str) -> Schema:
    """Return a reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def schemas() -> dict[str, Schema]:
    """Return every component: the shapes that are rendered, and the models that bodies are read with."""
    from pydantic import TypeAdapter
    from pydantic.json_schema import GenerateJsonSchema

    from ops.web import shapes as operations
    from quartapp.api.parlays.requests import ParlayRequest
    from quartapp.publish import analysis_shapes, parlay_shapes, shapes

    class Untitled(GenerateJsonSchema):
        def field_title_should_be_set(self, schema: Any) -> bool:
            return False  # "Commence Time" says no more than commence_time does

        def default_schema(self, schema: Any) -> Schema:
            made: Schema = super().default_schema(schema)
            if made.get("default", ...) is None:
                del made["default"]  # client generators take a field with a default for one that must be sent
            return made

    answers = [
        shapes.Sports, shapes.Games, shapes.GameDocument, analysis_shapes.Analyses, analysis_shapes.AnalysisDocument,
        parlay_shapes.PricedParlay, parlay_shapes.SuggestedParlay,
        operations.Problem, operations.Health, operations.Ready,
        operations.Jobs, operations.History, operations.Acted, operations.Status,
    ]  # fmt: skip
    inputs: list[tuple[str, Any, Any]] = [
        *((shape.__name__, "serialization", TypeAdapter(shape)) for shape in answers),
        *((model.__name__, "validation", TypeAdapter(model)) for model in (ParlayRequest,)),
    ]
    _, made = TypeAdapter.json_schemas(
        inputs, ref_template="#/components/schemas/{model}", schema_generator=Untitled
    )
    return dict(sorted(made["$defs"].items()))


def _headers(*names: str) -> Schema:
    texts = {
        "X-Request-ID": "The request's id: the caller's if well formed.",
        "ETag": "Strong, another for each Content-Encoding; send it back as If-None-Match.",
        "Cache-Control": "`max-age=60, must-revalidate` on reads, `no-store` elsewhere.",
        "X-Stale": "`true` while the database is away; the body is the newest known.",
        "Link": 'rel="next", where there is a next page.',
        "Retry-After": "Seconds after which to ask again.",
        "RateLimit-Limit": "Requests a minute.",
        "RateLimit-Remaining": "Requests left now.",
        "RateLimit-Reset": "Seconds until all of them are there again.",
    }
    return {name: {"description": texts[name], "schema": TEXT} for name in names}


_RATE = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


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
        503: "A dependency is away, or too much is asked at once.",
    }
    more = {429: ("Retry-After", *_RATE), 503: ("Retry-After",)}
    return {
        str(status): {
            "description": texts[status],
            "headers": _headers("X-Request-ID", *more.get(status, ())),
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
            "schemas": schemas(),
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
    return {
        "/api/parlays/price": {
            "post": {
                "operationId": "priceParlay",
                "summary": "The price, probability, value, hold and stake of 2 to 20 legs.",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": ref("ParlayRequest")}},
                },
                "responses": {"200": _json("PricedParlay", "The priced parlay.", *_RATE)}
                | _problems(400, 405, 413, 415, 422, 429, 503),
            }
        },
        "/api/parlays/suggest": {
            "get": {
                "operationId": "suggestParlay",
                "summary": "A parlay by appetite for risk, at one bookmaker that takes all of it.",
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
                        {"enum": ["conservative", "balanced", "degen", "safe"], "default": "balanced"},
                    ),
                    _query("bookmaker", "The one bookmaker to place it at; any without it.", TEXT),
                    _query(
                        "same_game",
                        "Whether legs may share a game.",
                        {"enum": ["true", "false"], "default": "false"},
                    ),
                ],
                "responses": {
                    "200": _json("SuggestedParlay", "The parlay.", "ETag", *_RATE),
                    **_NOT_MODIFIED,
                }
                | _problems(404, 405, 412, 422, 429, 503),
            }
        },
    }


def _operations() -> Schema:
    guarded: Schema = {"security": [{"bearer": []}, {"opsToken": []}, {}]}

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
        "/ops/jobs/{name}/history": ops(
            "getHistory", "A job's newest runs.", _json("History", "The runs."), [_JOB_NAME]
        ),
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
                "responses": {
                    "200": _json("Acted", "Done.", *_RATE),
                    "202": _json("Acted", "Asked for.", *_RATE),
                }
                | _problems(401, 404, 405, 429, 503),
                "security": [{"bearer": []}, {"opsToken": []}],
            }
        },
        "/ops/status": ops(
            "getStatus", "Who is alive, who leads, what is held.", _json("Status", "The state."), []
        ),
        "/ops/metrics": ops(
            "getMetrics",
            "Prometheus metrics.",
            {"description": "Text format 0.0.4.", "content": {"text/plain": {"schema": TEXT}}},
            [],
        ),
    }


def rendered() -> bytes:
    """Return the file's content."""
    return json.dumps(description(), indent=1, ensure_ascii=False).encode() + b"\n"


if __name__ == "__main__":
    FILE.write_bytes(rendered())
