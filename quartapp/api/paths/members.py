"""What a member keeps: limits, exclusions, parlays and their record."""

from __future__ import annotations

from quartapp.api.paths.accounts import BY_MEMBER, NO_CONTENT, operation
from quartapp.api.paths.parts import RATE, TEXT, Schema, in_path, json_answer, query

STATUSES = ("open", "won", "lost", "push", "void", "half_won", "half_lost")
_PARLAY_ID = in_path("parlay_id", "A saved parlay's id.")
_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A new one a parlay, the same one for a repeat, which is then answered as the first was; kept 24 h.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


def paths() -> Schema:
    """Return the paths."""
    return {
        "/api/me/limits": {
            "put": operation(
                "setLimits",
                "Tighter limits hold at once, looser ones after 24 hours and a second request.",
                {"200": json_answer("MemberLimits", "What holds, and what waits.", *RATE)},
                BY_MEMBER,
                body="LimitsRequest",
            )
        },
        "/api/me/exclusion": {
            "post": operation(
                "exclude",
                "Close the account to bets; nothing opens it before the end.",
                {"201": json_answer("ExclusionBegun", "What holds, and who helps.", *RATE)},
                BY_MEMBER,
                body="ExclusionRequest",
            )
        },
        "/api/me/parlays": {
            "get": operation(
                "listParlays",
                "The member's parlays, newest first.",
                {"200": json_answer("SavedParlays", "A page.", *RATE)},
                BY_MEMBER,
                422,
                parameters=[
                    query("status", "Only parlays in this state.", {"enum": list(STATUSES)}),
                    query("cursor", "Where to go on: `next` of the page before.", TEXT),
                ],
            ),
            "post": operation(
                "saveParlay",
                "Save a parlay at its published price.",
                {"201": json_answer("SavedParlay", "The parlay.", *RATE)},
                BY_MEMBER,
                409,
                body="SaveRequest",
                parameters=[_KEY],
            ),
        },
        "/api/me/parlays/{parlay_id}": {
            "get": operation(
                "getParlay",
                "One parlay, its legs' ends, and its history.",
                {"200": json_answer("SavedParlay", "The parlay.", *RATE)},
                BY_MEMBER,
                404,
                parameters=[_PARLAY_ID],
            ),
            "delete": operation(
                "deleteParlay",
                "Delete a parlay, before its first game begins.",
                {"204": NO_CONTENT},
                BY_MEMBER,
                404,
                409,
                parameters=[_PARLAY_ID],
            ),
        },
        "/api/me/record": {
            "get": operation(
                "getRecord",
                "What settled parlays came to, by sport and by bookmaker.",
                {"200": json_answer("MemberRecord", "The record.", *RATE)},
                BY_MEMBER,
            )
        },
    }
