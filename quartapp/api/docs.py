"""The OpenAPI description and a page that shows it, without anything from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

from quart import Blueprint, Response, jsonify

from ops.web.policy import policy


def blueprint() -> Blueprint:
    """Return /api/openapi.json and /api/docs."""
    docs = Blueprint("docs", __name__, url_prefix="/api")

    @docs.get("/openapi.json")
    @policy(cache="public", auth="none")
    async def openapi() -> Response:
        from quartapp.api.openapi import description

        return jsonify(description())

    @docs.get("/docs")
    @policy(cache="public", auth="none")
    async def page() -> Response:
        from quartapp.api.openapi import description

        response = Response(_page(description()), content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        return response

    return docs


_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1c2733}
h2{margin-top:2.2rem;border-top:1px solid #d8dee4;padding-top:1rem;font-size:1.1rem}
code,.m{font-family:ui-monospace,monospace}.m{color:#fff;background:#2f7d4f;border-radius:4px;padding:.1rem .45rem}
.m.post{background:#8a5a00}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .6rem;
border-bottom:1px solid #e6eaee;vertical-align:top}th{font-weight:600}
"""


def _page(api: dict[str, Any]) -> str:
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        f"<title>{escape(api['info']['title'])}</title>",
        f"<meta name='viewport' content='width=device-width'><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(api['info']['title'])}</h1><p>{escape(api['info']['description'])}</p>",
        "<p>Machine-readable: <a href='/api/openapi.json'><code>/api/openapi.json</code></a></p>",
    ]
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            parts.append(_operation(path, method, operation))
    return "".join([*parts, "</body></html>"])


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
        f"<td>{escape(one.get('description', ''))}</td></tr>"
        for one in operation.get("parameters", [])
        if "name" in one
    )
    table = f"<table><tr><th>parameter</th><th>in</th><th></th></tr>{rows}</table>" if rows else ""
    answers = "".join(
        f"<tr><td><code>{escape(status)}</code></td><td>{escape(answer.get('description', ''))}</td></tr>"
        for status, answer in operation["responses"].items()
    )
    return (
        f"<h2 id='{escape(operation['operationId'])}'><span class='m {method}'>{method.upper()}</span> "
        f"<code>{escape(path)}</code></h2><p>{escape(operation.get('summary', ''))}</p>{table}"
        f"<table><tr><th>answer</th><th></th></tr>{answers}</table>"
    )
