"""Chat completions as a stream: pieces of text as they come, and in the end what they cost.

Asked again only before the first byte of an answer: what was read may have been sent on already.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

import httpx
import orjson

from quartapp.feeds.errors import (
    FeedError,
    FeedRefusedError,
    FeedShapeError,
    FeedThrottledError,
    FeedTimeoutError,
    FeedUnavailableError,
)
from quartapp.feeds.retry_after import retry_after

NAME = "OpenAI"
ATTEMPTS = 3
CROWD = 16  # answers open at once, from which each is read less often
READS_A_SECOND = 400  # of all the answers of a crowd together: each costs a third of a millisecond
LINE_BYTES = 64 * 1024
WAIT_CEILING_SECONDS = (
    2.0  # a reader waits: who is told to come back later than that is answered without a model
)
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(slots=True)
class Usage:
    """What an answer cost, as its upstream says; None while it has not said.

    `calls`: requests that it may charge for, which are all that reached it and that it did not refuse. `ended`: the last
    of them came to the answer's end; whoever is cut off still charges for what it worked.
    """

    tokens_in: int | None = None
    tokens_out: int | None = None
    calls: int = 0
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: for a connection, for the first byte of an answer, between two of its pieces, for the whole."""

    connect: float = 3.0
    first_byte: float = 10.0
    silence: float = 10.0
    whole: float = 45.0
    pause: float = 0.3


class ChatStream:
    """Asks one model for streamed text."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        key: str,
        model: str,
        patience: Patience | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._url = f"{base_url.rstrip('/')}/v1/chat/completions"
        self._key = key
        self._model = model
        self._patience = patience or Patience()
        self._sleep = sleep
        self._open = 0

    async def pieces(
        self, messages: list[dict[str, str]], max_tokens: int, usage: Usage
    ) -> AsyncGenerator[str, None]:
        """Yield the answer's text. Raises FeedError; also where the stream ends before the answer does."""
        request = {
            "model": self._model,
            "messages": messages,
            "max_completion_tokens": max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        # A copy, because orjson's own keeps the room that it grew into; it stays for as long as the answer is open.
        body = bytes(memoryview(orjson.dumps(request)))
        del messages, request
        deadline = asyncio.get_running_loop().time() + self._patience.whole
        for attempt in range(1, ATTEMPTS + 1):
            began = False
            try:
                async with aclosing(self._once(body, usage, deadline)) as pieces:
                    async for piece in pieces:
                        began = True
                        if piece:
                            yield piece
                return
            except (FeedUnavailableError, FeedThrottledError) as problem:
                wait = max(problem.retry_after_seconds or 0.0, self._patience.pause * attempt)
                if began or attempt == ATTEMPTS or wait > WAIT_CEILING_SECONDS:
                    raise
                await self._sleep(wait)

    async def _once(self, body: bytes, usage: Usage, deadline: float) -> AsyncGenerator[str, None]:
        patience = self._patience
        usage.calls += 1  # before it is sent: whoever leaves while it is on its way has asked all the same
        # What httpx says of a failure may hold a header, and so the key: only its kind is told.
        try:
            async with self._client.stream(
                "POST",
                self._url,
                content=body,
                headers={
                    "Authorization": f"Bearer {self._key}",
                    "Accept": "text/event-stream",
                    "Content-Type": "application/json",
                },
                timeout=httpx.Timeout(patience.first_byte, connect=patience.connect, pool=patience.connect),
            ) as answer:
                if _refused(answer):
                    usage.calls -= 1
                _check(answer)
                self._open += 1
                try:
                    async with aclosing(self._texts(answer, usage, deadline)) as texts:
                        async for text in texts:
                            yield text
                finally:
                    self._open -= 1
        except httpx.HTTPError as problem:
            if isinstance(problem, _NEVER_SENT):
                usage.calls -= 1
            if isinstance(problem, httpx.TimeoutException):
                raise FeedTimeoutError(f"{NAME} timed out ({type(problem).__name__})") from None
            raise FeedUnavailableError(f"{NAME} cannot be reached ({type(problem).__name__})") from None

    async def _texts(
        self, answer: httpx.Response, usage: Usage, deadline: float
    ) -> AsyncGenerator[str, None]:
        finished = last = False
        async with aclosing(_lines(answer)) as parts:
            while not last:
                now = asyncio.get_running_loop().time()
                try:
                    async with asyncio.timeout(min(self._patience.silence, max(0.0, deadline - now))):
                        lines = await anext(parts, None)
                except TimeoutError:
                    raise FeedTimeoutError(f"{NAME} fell silent, or did not end in time") from None
                if lines is None:
                    break
                for line in lines:
                    data = line[5:].strip() if line.startswith("data:") else ""
                    if data == "[DONE]":
                        last = True
                        break
                    if data:
                        text, ended = _read(data, usage)
                        finished = finished or ended
                        usage.ended = finished
                        yield text
                if self._open >= CROWD and not last:
                    # What comes meanwhile is read together: words by ones would take the process from its visitors.
                    await self._sleep(self._open / READS_A_SECOND)
        if not finished:
            raise FeedUnavailableError(f"{NAME} broke off within an answer")


async def _lines(answer: httpx.Response) -> AsyncGenerator[list[str], None]:
    """Yield the whole lines of each part of an answer, none longer than a line may be."""
    rest = b""
    async for part in answer.aiter_bytes():
        *whole, rest = (rest + part).split(b"\n")
        if whole:
            yield [line.rstrip(b"\r").decode("utf-8", "replace") for line in whole]
        if len(rest) > LINE_BYTES:
            raise FeedShapeError(f"{NAME} sent a line of more than {LINE_BYTES} bytes")
    if rest:
        yield [rest.decode("utf-8", "replace")]


def _read(data: str, usage: Usage) -> tuple[str, bool]:
    """Return (text, whether the answer ends with it) of one event."""
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise FeedShapeError(f"{NAME} sent an event that is not JSON") from None
    if not isinstance(event, dict):
        raise FeedShapeError(f"{NAME} sent an event that is not an object")
    if event.get("error"):
        raise FeedUnavailableError(f"{NAME} sent an error within an answer")
    counted = event.get("usage")
    if isinstance(counted, dict):
        tokens = counted.get("prompt_tokens"), counted.get("completion_tokens")
        if all(type(one) is int and 0 <= one < 10_000_000 for one in tokens):
            usage.tokens_in, usage.tokens_out = tokens
    # Of several choices only the first one is read: two in turns would be no text.
    listed = event.get("choices")
    choices = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    first = next((one for one in choices if one.get("index", 0) == 0), {})
    delta = first.get("delta")
    text = delta.get("content") if isinstance(delta, dict) else None
    return (text if isinstance(text, str) else ""), first.get("finish_reason") is not None


def _refused(answer: httpx.Response) -> bool:
    """Return whether an answer costs nothing. Behind a gateway's time-out the model may have worked."""
    return answer.status_code >= 300 and answer.status_code != 504


def _check(answer: httpx.Response) -> None:
    status = answer.status_code
    if status == 429:
        raise FeedThrottledError(f"{NAME} answered 429: asked too often", retry_after(answer.headers))
    if status >= 500 or status == 408:
        raise FeedUnavailableError(f"{NAME} answered {status}", retry_after(answer.headers))
    if status >= 300:
        raise FeedRefusedError(f"{NAME} refused the request: {status}", status)
    if "text/event-stream" not in answer.headers.get("content-type", ""):
        raise FeedShapeError(f"{NAME} answered without a stream")


def code_of(problem: FeedError) -> str:
    """Return a failure as a word for programs."""
    if isinstance(problem, FeedTimeoutError):
        return "model_timeout"
    if isinstance(problem, FeedThrottledError):
        return "model_busy"
    return "model_unavailable" if isinstance(problem, FeedUnavailableError) else "model_refused"
