"""A small world of documents, as a web process holds them, for asking the bot without any process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from quartapp.documents.held import HeldDocuments
from quartapp.documents.table import Published
from quartapp.publish import addresses, rules

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 26, 1, 2, tzinfo=UTC)


def world() -> dict[str, Any]:
    """Return the documents by key, made by the sandbox."""
    content: dict[str, Any] = json.loads((HERE / "documents.json").read_text("utf-8"))
    return {**content, addresses.RULES: {"generated_at": "2026-11-26T00:59:19Z", **rules.content()}}


def held(content: Mapping[str, Any]) -> HeldDocuments:
    """Return documents as a web process in step holds them."""
    documents = HeldDocuments(max_bytes=64 * 1024 * 1024)
    publish_into(documents, content)
    return documents


def publish_into(
    documents: HeldDocuments, content: Mapping[str, Any] | None = None, version: int = 1
) -> None:
    """Let `documents` hold the small world, or `content`."""
    bodies = {key: orjson.dumps(body) for key, body in (world() if content is None else content).items()}
    documents.apply(
        [
            Published(key, version, f'"{hashlib.sha256(body).hexdigest()[:24]}"', body, None, None, NOW)
            for key, body in bodies.items()
        ],
        version,
    )
    documents.in_step()


def events_of(body: bytes | str) -> list[tuple[str, dict[str, Any]]]:
    """Return the server-sent events of a whole answer, comments left out."""
    text = body.decode() if isinstance(body, bytes) else body
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found
