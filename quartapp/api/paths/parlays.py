"""Parlays."""

from __future__ import annotations

from quartapp.api.paths.parts import NOT_MODIFIED, RATE, TEXT, Schema, json_answer, problems, query, ref


def paths() -> Schema:
    """Return the paths under /api/parlays."""
    return {
        "/api/parlays/price": {
            "post": {
                "operationId": "priceParlay",
                "summary": "What 2 to 20 legs are worth, and at every bookmaker that takes all of them.",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": ref("ParlayRequest")}},
                },
                "responses": {"200": json_answer("PricedParlay", "The priced parlay.", *RATE)}
                | problems(400, 405, 413, 415, 422, 429, 503),
            }
        },
        "/api/parlays/priced": {
            "get": {
                "operationId": "readPricedParlay",
                "summary": "The same as a read: a parlay by its address, with an ETag to cite it by.",
                "parameters": [
                    query(
                        "leg",
                        "GAME~MARKET~OUTCOME, or GAME~MARKET~OUTCOME~POINT; 2 to 20 times.",
                        {"type": "array", "items": TEXT, "minItems": 2, "maxItems": 20},
                        required=True,
                    ),
                    query("bookmaker", "The one bookmaker to price it at; every one without it.", TEXT),
                ],
                "responses": {
                    "200": json_answer("PricedParlay", "The priced parlay.", "ETag", *RATE),
                    **NOT_MODIFIED,
                }
                | problems(405, 412, 422, 429, 503),
            }
        },
        "/api/parlays/suggest": {
            "get": {
                "operationId": "suggestParlay",
                "summary": "A parlay by appetite for risk, at one bookmaker that takes all of it.",
                "parameters": [
                    query("sport", "A sport's key; all sports without it.", TEXT),
                    query(
                        "legs",
                        "How many legs.",
                        {"type": "integer", "minimum": 2, "maximum": 10, "default": 3},
                    ),
                    query(
                        "risk",
                        "The appetite.",
                        {"enum": ["conservative", "balanced", "degen"], "default": "balanced"},
                    ),
                    query("bookmaker", "The one bookmaker to place it at; any without it.", TEXT),
                    query(
                        "same_game",
                        "Whether legs may share a game.",
                        {"enum": ["true", "false"], "default": "false"},
                    ),
                ],
                "responses": {
                    "200": json_answer("SuggestedParlay", "The parlay.", "ETag", *RATE),
                    **NOT_MODIFIED,
                }
                | problems(401, 403, 404, 405, 412, 422, 429, 503),
            }
        },
    }
