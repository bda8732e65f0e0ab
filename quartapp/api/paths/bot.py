"""/api/bot: questions answered from published documents."""

from __future__ import annotations

from quartapp.api.paths.parts import RATE, Schema, headers, json_answer, problems, ref

_BY_MEMBER: Schema = {"security": [{"accessToken": []}]}


def paths() -> Schema:
    """Return the paths."""
    return {
        "/api/bot": {
            "get": {
                "operationId": "readBot",
                "summary": "Whether the bot answers, and how.",
                "responses": {"200": json_answer("BotState", "The state.", *RATE)} | problems(405, 429),
            }
        },
        "/api/bot/chat": {
            "post": {
                "operationId": "chat",
                "summary": "An answer as server-sent events: `start`, then `cite` and `text`, then `done` or `error`. "
                "Every figure of a `text` stands in what it cites.",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": ref("ChatRequest")}},
                },
                "responses": {
                    "200": {
                        "description": "The events; a comment line each 15 s. Their data is one of these shapes.",
                        "headers": headers("X-Request-ID", "Cache-Control", *RATE),
                        "content": {
                            "text/event-stream": {
                                "schema": {
                                    "oneOf": [
                                        ref("BotStart"), ref("Citation"), ref("BotText"), ref("BotDone"), ref("BotError"),
                                    ]
                                }
                            }
                        },
                    }
                }
                | problems(400, 401, 403, 405, 413, 415, 422, 429, 503),
            }
            | _BY_MEMBER
        },
    }  # fmt: skip
