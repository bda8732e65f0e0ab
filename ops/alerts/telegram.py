"""One plain-text message to a Telegram chat: every outcome is a `Verdict`, none an exception that names the URL."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ops.alerts.table import MESSAGE_CHARACTERS
from ops.stores import Unavailable
from ops.telemetry.events import emit
from ops.telemetry.logs import redact

if TYPE_CHECKING:
    import httpx
    from redis.asyncio import Redis


SEND_TIMEOUT_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 3600.0  # whatever Telegram asks for: an alert that waits for days is no alert


@dataclass(frozen=True, slots=True)
class TelegramChat:
    """Where alerts go. `token` must never be shown: it is part of every URL here."""

    base_url: str
    token: str = field(repr=False)
    chat_id: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Telegram made of a message."""

    sent: bool
    error: str | None = None
    refused: bool = False  # by Telegram itself, for this message or this bot; an outage is no refusal
    retry_after_seconds: float | None = None
    moved_to_chat_id: str | None = None


class Telegram:
    """Sends to one chat, and follows it when it becomes a supergroup."""

    def __init__(
        self, chat: TelegramChat, redis: Redis, *, timeout_seconds: float = SEND_TIMEOUT_SECONDS
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._chat = chat
        self._redis = redis
        self._client: httpx.AsyncClient | None = None

    async def send(self, text: str) -> Verdict:
        """Send `text` as it is; a chat that has moved is followed at once and remembered in Redis."""
        chat_id = await self._moved_chat() or self._chat.chat_id
        verdict = await self._deliver(chat_id, text)
        if verdict.moved_to_chat_id:
            await self._remember_chat(verdict.moved_to_chat_id)
            verdict = await self._deliver(verdict.moved_to_chat_id, text)
        return verdict

    async def close(self) -> None:
        """Close the client, if a message opened it."""
        if self._client is not None:
            await self._client.aclose()

    async def _deliver(self, chat_id: str, text: str) -> Verdict:
        # Imported at the first alert: httpx is 10 MB that a quiet web process need not hold.
        import httpx

        self._client = self._client or httpx.AsyncClient(timeout=self._timeout_seconds)
        url = f"{self._chat.base_url}/bot{self._chat.token}/sendMessage"
        message = {"chat_id": chat_id, "text": text[:MESSAGE_CHARACTERS], "disable_web_page_preview": True}
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await self._client.post(url, json=message)
        except Exception as problem:  # an alert must wait for a better hour whatever the client raises
            return Verdict(sent=False, error=f"Telegram cannot be reached ({type(problem).__name__})")
        try:
            body: Any = answer.json()
        except (ValueError, RecursionError):
            return Verdict(sent=False, error="Telegram answered with something that is not JSON")
        return read_answer(answer.status_code, body)

    @property
    def _moved_key(self) -> str:
        return f"alerts:moved:{self._chat.chat_id}"

    async def _moved_chat(self) -> str | None:
        try:
            moved = await self._redis.get(self._moved_key)
        except Unavailable:
            return None
        return None if moved is None else str(moved)

    async def _remember_chat(self, chat_id: str) -> None:
        emit("alert_chat_moved", chat_id=chat_id)
        try:
            await self._redis.set(self._moved_key, chat_id)
        except Unavailable:
            return


def read_answer(status: int, body: Any) -> Verdict:
    """Return what an answer means; one of an unknown shape is a failure to be tried again.

    >>> read_answer(429, {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 35}})
    Verdict(sent=False, error='Telegram answered 429: Too Many Requests', refused=False, retry_after_seconds=35.0, \
moved_to_chat_id=None)
    """
    if not isinstance(body, dict):
        return Verdict(sent=False, error="Telegram answered with something that is not an object")
    if status == 200 and body.get("ok") is True:
        return Verdict(sent=True)
    hints = body.get("parameters")
    hints = hints if isinstance(hints, dict) else {}
    moved = hints.get("migrate_to_chat_id")
    moved = str(moved) if isinstance(moved, int | str) and not isinstance(moved, bool) else None
    said = redact(f"Telegram answered {status}: {body.get('description', 'no reason given')}")
    return Verdict(
        sent=False,
        error="".join(filter(str.isprintable, said))[
            :300
        ],  # PostgreSQL stores neither NUL nor half characters
        refused=status in (400, 401, 403, 404) and moved is None,
        retry_after_seconds=_seconds(hints.get("retry_after")),
        moved_to_chat_id=moved,
    )


def _seconds(value: Any) -> float | None:
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(seconds, LONGEST_WAIT_SECONDS) if math.isfinite(seconds) and seconds > 0 else None
