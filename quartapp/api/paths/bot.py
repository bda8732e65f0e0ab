"""/api/bot: questions answered from published documents."""

from __future__ import annotations

from quartapp.api.paths.parts import RATE, Schema, headers, in_path, json_answer, problems, ref

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
        "/api/bot/conversations": {
            "get": {
                "operationId": "listConversations",
                "summary": "The member's conversations of the last 30 days, 200 at the most, newest first.",
                "responses": {"200": json_answer("Conversations", "The list.", *RATE)}
                | problems(401, 405, 429, 503),
            }
            | _BY_MEMBER
        },
        "/api/bot/conversations/{conversation_id}": {
            "get": {
                "operationId": "readConversation",
                "summary": "One of them, with what was said and cited.",
                "parameters": [in_path("conversation_id", "Its id.")],
                "responses": {"200": json_answer("Conversation", "The conversation.", *RATE)}
                | problems(401, 404, 405, 429, 503),
            }
            | _BY_MEMBER,
            "delete": {
                "operationId": "deleteConversation",
                "summary": "Delete one of them.",
                "parameters": [in_path("conversation_id", "Its id.")],
                "responses": {"204": {"description": "Done.", "headers": headers("X-Request-ID", "Cache-Control", *RATE)}}
                | problems(401, 404, 405, 429, 503),
            }
            | _BY_MEMBER,
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
