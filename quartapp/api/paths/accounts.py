"""/api/auth and /api/me: accounts."""

from __future__ import annotations

from quartapp.api.paths.parts import RATE, Schema, headers, in_path, json_answer, problems, ref

_PROVES_ITSELF: Schema = {"security": [{}]}
_BY_COOKIE: Schema = {"security": [{"refreshCookie": []}]}
BY_MEMBER: Schema = {"security": [{"accessToken": []}]}
NO_CONTENT: Schema = {"description": "Done.", "headers": headers("X-Request-ID", "Cache-Control", *RATE)}


def operation(
    name: str,
    summary: str,
    answers: Schema,
    security: Schema,
    *more: int,
    body: str | None = None,
    parameters: list[Schema] | None = None,
) -> Schema:
    """Return a path's operation that answers members or takes their credentials."""
    described: Schema = {"operationId": name, "summary": summary}
    if parameters:
        described["parameters"] = parameters
    if body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": ref(body)}},
        }
        more = (*more, 400, 413, 415, 422)
    statuses = sorted({401, 403, 405, 429, 503, *more})
    return described | {"responses": answers | problems(*statuses)} | security


def paths() -> Schema:
    """Return the paths."""
    return {
        "/api/auth/register": {
            "post": operation(
                "register",
                "A new account: its first tokens, and recovery codes that are never shown again.",
                {"201": json_answer("Registered", "The account.", *RATE)},
                _PROVES_ITSELF,
                409,
                body="Registration",
            )
        },
        "/api/auth/login": {
            "post": operation(
                "logIn",
                "Begin a session. The refresh token comes in the cookie `refresh`.",
                {"200": json_answer("SignedIn", "The session's first tokens.", *RATE)},
                _PROVES_ITSELF,
                body="Login",
            )
        },
        "/api/auth/refresh": {
            "post": operation(
                "refresh",
                "The next access token, and the next refresh token in the cookie. The one before is good for 10 s more.",
                {"200": json_answer("Refreshed", "The tokens.", *RATE)},
                _BY_COOKIE,
            )
        },
        "/api/auth/logout": {
            "post": operation("logOut", "End the cookie's session.", {"204": NO_CONTENT}, _BY_COOKIE)
        },
        "/api/auth/logout-everywhere": {
            "post": operation(
                "logOutEverywhere",
                "End every session of the member.",
                {"204": NO_CONTENT},
                {"security": [{"accessToken": []}, {"refreshCookie": []}]},
            )
        },
        "/api/auth/recover": {
            "post": operation(
                "recover",
                "Set a password with a recovery code; every session ends.",
                {"204": NO_CONTENT},
                _PROVES_ITSELF,
                body="Recovery",
            )
        },
        "/api/auth/reset": {
            "post": operation(
                "resetPassword",
                "Set a password with an operator's link; every session ends.",
                {"204": NO_CONTENT},
                _PROVES_ITSELF,
                body="Reset",
            )
        },
        **_me(),
    }


def _me() -> Schema:
    return {
        "/api/me": {
            "get": operation(
                "getMe",
                "Who is logged in, their limits, and the exclusion that holds.",
                {"200": json_answer("MeInFull", "The member.", *RATE)},
                BY_MEMBER,
            ),
            "delete": operation(
                "deleteMe",
                "Delete the account and all that is kept of it.",
                {"204": NO_CONTENT},
                BY_MEMBER,
                body="Confirmation",
            ),
        },
        "/api/me/export": {
            "get": operation(
                "exportMe",
                "Everything that is kept of the member.",
                {"200": json_answer("Export", "What is kept.", *RATE)},
                BY_MEMBER,
            )
        },
        "/api/me/password": {
            "post": operation(
                "changePassword",
                "Set another password; every other session ends.",
                {"204": NO_CONTENT},
                BY_MEMBER,
                body="PasswordChange",
            )
        },
        "/api/me/recovery-codes": {
            "post": operation(
                "replaceRecoveryCodes",
                "New recovery codes in place of the old ones.",
                {"200": json_answer("RecoveryCodes", "The codes.", *RATE)},
                BY_MEMBER,
                body="Confirmation",
            )
        },
        "/api/me/sessions": {
            "get": operation(
                "listSessions",
                "Where the member is logged in.",
                {"200": json_answer("Sessions", "The sessions.", *RATE)},
                BY_MEMBER,
            )
        },
        "/api/me/sessions/{session_id}": {
            "delete": operation(
                "endSession",
                "End one session, within a second in every process.",
                {"204": NO_CONTENT},
                BY_MEMBER,
                404,
                parameters=[in_path("session_id", "A session's id, from /api/me/sessions.")],
            )
        },
    }
