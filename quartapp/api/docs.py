"""The OpenAPI description and a page that shows it, without anything from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from quart import Blueprint, Response

from ops.web.policy import policy

Schema = dict[str, Any]
FILE = Path(__file__).with_name("openapi.json")


def blueprint() -> Blueprint:
    """Return /api/openapi.json and /api/docs."""
    docs = Blueprint("docs", __name__, url_prefix="/api")

    @docs.get("/openapi.json")
    @policy(cache="public", auth="none")
    async def openapi() -> Response:
        return Response(FILE.read_bytes(), content_type="application/json")

    @docs.get("/docs")
    @policy(cache="public", auth="none")
    async def page() -> Response:
        response = Response(_page(), content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        return response

    return docs


_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1c2733}
h2{margin-top:2.2rem;border-top:1px solid #d8dee4;padding-top:1rem;font-size:1.1rem}
code,.m{font-family:ui-monospace,monospace}.m{color:#fff;background:#2f7d4f;border-radius:4px;padding:.1rem .45rem}
.m.post{background:#8a5a00}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .6rem;
border-bottom:1px solid #e6eaee;vertical-align:top}th{font-weight:600}
pre{background:#f4f6f8;border-radius:6px;padding:.7rem 1rem;overflow:auto;font-size:.85rem}summary{cursor:pointer}
"""


@cache
def _page() -> str:
    api: Schema = json.loads(FILE.read_bytes())
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        f"<title>{escape(api['info']['title'])}</title>",
        f"<meta name='viewport' content='width=device-width'><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(api['info']['title'])}</h1><p>{escape(api['info']['description'])}</p>",
        "<p>Machine-readable: <a href='/api/openapi.json'><code>/api/openapi.json</code></a></p>",
    ]
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            parts.append(_operation(api, path, method, operation))
    parts.append("<h2 id='shapes'>Shapes</h2>")
    for name, shape in api["components"]["schemas"].items():
        parts.append(_shape(name, shape))
    return "".join([*parts, "</body></html>"])


def _operation(api: Schema, path: str, method: str, operation: Schema) -> str:
    parameters = [
        (f"<code>{escape(one['name'])}</code>", escape(one["in"]), escape(one.get("description", "")))
        for one in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {}).get("content", {})
    answers = [
        (f"<code>{escape(status)}</code>", _named(answer), escape(answer.get("description", "")))
        for status, answer in operation["responses"].items()
    ]
    examples = [("Body", body.get("application/json")), *_answered(operation)]
    return (
        f"<h2 id='{escape(operation['operationId'])}'><span class='m {method}'>{method.upper()}</span> "
        f"<code>{escape(path)}</code></h2><p>{escape(operation.get('summary', ''))}</p>"
        + _table(("parameter", "in", ""), parameters)
        + _table(("answer", "shape", ""), answers)
        + "".join(_shown(api, title, media["schema"]) for title, media in examples if media)
    )


def _answered(operation: Schema) -> list[tuple[str, Schema | None]]:
    """Return the JSON bodies of the answers that are no error."""
    return [
        (f"Answer {status}", answer.get("content", {}).get("application/json"))
        for status, answer in operation["responses"].items()
    ]


def _shown(api: Schema, title: str, schema: Schema) -> str:
    example = json.dumps(_example(api, schema), indent=2, ensure_ascii=False)
    return f"<details open><summary>{escape(title)}</summary><pre>{escape(example)}</pre></details>"


def _named(answer: Schema) -> str:
    """Return a link to the shape of an answer."""
    for media in answer.get("content", {}).values():
        if "$ref" in media["schema"]:
            return _kind(media["schema"])
    return ""


def _shape(name: str, shape: Schema) -> str:
    required = shape.get("required", [])
    rows = [
        (
            f"<code>{escape(field)}</code>{'' if field in required else ' (optional)'}",
            _kind(schema),
            escape(schema.get("description", "")),
        )
        for field, schema in shape.get("properties", {}).items()
    ]
    return (
        f"<h3 id='{escape(name)}'><code>{escape(name)}</code></h3><p>{escape(shape.get('description', ''))}</p>"
        + _table(("field", "", ""), rows)
    )


def _table(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return "<table><tr>" + "".join(f"<th>{title}</th>" for title in titles) + f"</tr>{lines}</table>"


def _kind(schema: Schema) -> str:
    """Return a few words for a schema, with links to shapes, as HTML."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f"<a href='#{name}'>{name}</a>"
    if "anyOf" in schema:
        return " or ".join(_kind(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object by name of {_kind(schema['additionalProperties'])}"
    return escape(schema.get("format") or str(schema.get("type", "anything")))


def _example(api: Schema, schema: Schema) -> Any:
    """Return a value that has a schema's shape."""
    if "$ref" in schema:
        return _example(api, api["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return _example(api, schema["anyOf"][0])
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if "properties" in schema:
        return {name: _example(api, field) for name, field in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_example(api, schema["items"])]
    if isinstance(schema.get("additionalProperties"), dict):
        return {"name": _example(api, schema["additionalProperties"])}
    if schema.get("format") == "date-time":
        return "2027-01-05T18:00:00Z"
    plain = {"integer": 1, "number": 1.5, "boolean": True, "object": {}, "null": None}
    return plain.get(schema.get("type", ""), "text")
