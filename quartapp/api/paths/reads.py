"""The reads, and the description itself."""

from __future__ import annotations

from quartapp.api.paths.parts import TEXT, TIME, Schema, in_path, problems, query, read
from quartapp.api.reads.query import MAX_LIMIT, STATUSES

GAME_ID = in_path("game_id", "A game's id, from /api/games.")


def paths() -> Schema:
    """Return the reads, and this description itself."""
    return {
        "/api/sports": read("listSports", "Every sport and where it stands in its season.", "Sports", []),
        "/api/games": read(
            "listGames",
            "Games that have not finished, soonest first; status=final: those that have, for good, without prices.",
            "Games",
            [
                query("sport", "A sport's key; all sports without it.", TEXT),
                query(
                    "limit",
                    "Games a page.",
                    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 100},
                ),
                query("cursor", "Where to go on: `next` of the page before.", TEXT),
                query("from", "Games that start at this time or later.", TIME),
                query("to", "Games that start at this time or earlier.", TIME),
                query("market", "Only this market's prices; not with status=final.", TEXT),
                query("bookmaker", "Only this book's prices; not with status=final.", TEXT),
                query("status", "Only games in this state.", {"enum": list(STATUSES)}),
            ],
            404,
            429,
        ),
        "/api/game/{game_id}": read(
            "getGame",
            "One game in full, for good: one that ended over a week ago with its closing prices.",
            "GameDocument",
            [GAME_ID],
            404,
            429,
        ),
        "/api/analysis": read(
            "listAnalyses",
            "The analyses of a sport's games.",
            "Analyses",
            [query("sport", "A sport's key.", TEXT, required=True)],
            404,
        ),
        "/api/analysis/{game_id}": read(
            "getAnalysis", "One game's analysis.", "AnalysisDocument", [GAME_ID], 404
        ),
        "/api/track-record": read(
            "getTrackRecord",
            "How forecasts and picks did, by sport, each figure with how many games made it.",
            "TrackRecord",
            [query("sport", "A sport's key; every sport that has a record without it.", TEXT)],
            404,
        ),
        "/api/picks": read("listPicks", "Today's picks over all sports, at most eight.", "Picks", []),
        "/api/help": read(
            "getHelp",
            "The lawful age and who helps, by region.",
            "Help",
            [query("region", "An ISO 3166 code such as GB or US-NJ; every region's lines without it.", TEXT)],
        ),
        "/api/rules": read(
            "getRules",
            "How bets are graded, in words and as the figures that the grader uses.",
            "RulesDocument",
            [],
        ),
        "/api/status": read(
            "getServiceStatus",
            "How well the service is, and how old each sport's odds are.",
            "ServiceStatus",
            [],
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
                | problems(405),
            }
        },
        "/api/docs": {
            "get": {
                "operationId": "getDocs",
                "summary": "This description as a page.",
                "responses": {"200": {"description": "HTML.", "content": {"text/html": {"schema": TEXT}}}}
                | problems(405),
            }
        },
    }
