"""The strong peer: what a good engineer builds who wants speed from the usual parts.

FastAPI answers a document that it holds as bytes, with an ETag and 304. Serve it: ``BODY=file uvicorn
bench.peer_cached:app --loop uvloop --http httptools --no-access-log``. Routes: /rows and /healthz.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from fastapi import FastAPI, Request, Response

DOCUMENT = Path(os.environ["BODY"]).read_bytes()
TAG = f'"{hashlib.blake2b(DOCUMENT, digest_size=12).hexdigest()}"'
HEADERS = {"ETag": TAG, "Cache-Control": "max-age=60, must-revalidate", "Vary": "Accept-Encoding"}
app = FastAPI()


@app.get("/rows")  # type: ignore[untyped-decorator, unused-ignore]  # FastAPI is there for the bench only
async def rows(request: Request) -> Response:
    """Answer the document, or 304 to who has it."""
    if request.headers.get("if-none-match") == TAG:
        return Response(status_code=304, headers=HEADERS)
    return Response(DOCUMENT, media_type="application/json", headers=HEADERS)


@app.get("/healthz")  # type: ignore[untyped-decorator, unused-ignore]  # FastAPI is there for the bench only
async def healthz() -> dict[str, bool]:
    """Answer through the framework, as such a service does."""
    return {"ok": True}
