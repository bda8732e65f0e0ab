"""The HTTP contract as OpenAPI 3.1: paths are described in paths/, shapes come from where they are rendered and read.

`python -m quartapp.api.openapi` writes openapi.json beside this file, which is what a web process serves: it need not
make schemas. A test holds that file current, and another holds the paths and the URL map together.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from quartapp.api.docs import FILE
from quartapp.api.paths import accounts, bot, members, operations, parlays, reads
from quartapp.api.paths.parts import Schema


def schemas() -> dict[str, Schema]:
    """Return every component: the shapes that are rendered, and the models that bodies are read with."""
    from pydantic import TypeAdapter
    from pydantic.json_schema import GenerateJsonSchema

    from ops.web import shapes as ops
    from quartapp.api.accounts import requests
    from quartapp.api.accounts import shapes as shown
    from quartapp.api.accounts.export_shapes import Export
    from quartapp.api.bot import shapes as told
    from quartapp.api.bot.requests import ChatRequest
    from quartapp.api.members import requests as saving
    from quartapp.api.parlays.requests import ParlayRequest
    from quartapp.bot.facts import Citation
    from quartapp.publish import (
        analysis_shapes,
        member_shapes,
        parlay_shapes,
        pick_shapes,
        record_of_member,
        record_shapes,
        rule_shapes,
        saved_shapes,
        shapes,
    )

    class Untitled(GenerateJsonSchema):
        def field_title_should_be_set(self, schema: Any) -> bool:
            return False  # "Commence Time" says no more than commence_time does

        def default_schema(self, schema: Any) -> Schema:
            made: Schema = super().default_schema(schema)
            if made.get("default", ...) is None:
                del made["default"]  # client generators take a field with a default for one that must be sent
            return made

    answers = [
        shapes.ServiceStatus,
        shapes.Sports, shapes.Games, shapes.GameDocument, analysis_shapes.Analyses, analysis_shapes.AnalysisDocument,
        parlay_shapes.PricedParlay, parlay_shapes.SuggestedParlay,
        told.BotState, told.BotStart, told.BotText, told.BotDone, told.BotError, Citation,
        record_shapes.TrackRecord, member_shapes.Help, member_shapes.MemberLimits, member_shapes.ExclusionBegun,
        saved_shapes.SavedParlay, saved_shapes.SavedParlays, record_of_member.MemberRecord,
        shown.Me, shown.MeInFull, Export, shown.SignedIn,
        shown.Registered, shown.Refreshed, shown.RecoveryCodes, shown.Sessions,
        pick_shapes.Picks, rule_shapes.RulesDocument,
        told.Conversations, told.Conversation,
        ops.Problem, ops.Health, ops.Ready,
        ops.Jobs, ops.History, ops.Acted, ops.Status,
    ]  # fmt: skip
    models: list[Any] = [
        ParlayRequest, ChatRequest,
        requests.Registration, requests.Login, requests.Recovery, requests.Reset,
        requests.PasswordChange, requests.Confirmation,
        saving.LimitsRequest, saving.ExclusionRequest, saving.SaveRequest,
    ]  # fmt: skip
    inputs: list[tuple[str, Any, Any]] = [
        *((shape.__name__, "serialization", TypeAdapter(shape)) for shape in answers),
        *((model.__name__, "validation", TypeAdapter(model)) for model in models),
    ]
    _, made = TypeAdapter.json_schemas(
        inputs, ref_template="#/components/schemas/{model}", schema_generator=Untitled
    )
    return dict(sorted(made["$defs"].items()))


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
        "paths": {
            **reads.paths(),
            **parlays.paths(),
            **accounts.paths(),
            **bot.paths(),
            **members.paths(),
            **operations.paths(),
        },
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "refreshCookie": {"type": "apiKey", "in": "cookie", "name": "refresh"},
                "opsToken": {"type": "apiKey", "in": "header", "name": "X-Ops-Token"},
            },
        },
    }


def rendered() -> bytes:
    """Return the file's content."""
    return json.dumps(description(), indent=1, ensure_ascii=False).encode() + b"\n"


if __name__ == "__main__":
    FILE.write_bytes(rendered())
