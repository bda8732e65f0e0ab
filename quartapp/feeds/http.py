"""One bounded way to fetch JSON: time limits on everything, few retries, errors without secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import orjson
import tenacity

from quartapp.feeds.errors import FeedRefusedError, FeedShapeError, FeedThrottledError, FeedUnavailableError

ATTEMPTS = 3
TOTAL_SECONDS = 25.0
BODY_BYTES = 32 * 1024 * 1024
RETRY_AFTER_CEILING_SECONDS = 10.0
TIMEOUT = httpx.Timeout(15.0, connect=5.0, pool=10.0)


def open_client() -> httpx.AsyncClient:
    """Return a client for all upstreams of a process; close it with `aclose`."""
    limits = httpx.Limits(max_connections=16, max_keepalive_connections=8)
    return httpx.AsyncClient(
        timeout=TIMEOUT, limits=limits, headers={"User-Agent": "parlaygorilla", "Accept": "application/json"}
    )


class JsonFetcher:
    """Fetches JSON from one upstream.

    `name` is how errors call the upstream. `base_wait_seconds` is the first pause between attempts; it
    doubles and has jitter.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        name: str,
        *,
        base_wait_seconds: float = 0.5,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._client = client
        self._name = name
        self._base_wait = base_wait_seconds
        self._total_seconds = total_seconds

    async def get(self, url: str, params: Mapping[str, str] | None = None) -> tuple[Any, httpx.Headers]:
        """Return the parsed body and the headers of a 200.

        Raises:
            FeedUnavailableError: no answer in time, or a server error, after three attempts.
            FeedThrottledError: 429 three times.
            FeedRefusedError: any other 4xx; its argument is the status and upstream's error code.
            FeedShapeError: the body is not whole JSON.
        """
        return await self._send("GET", url, params=params)

    async def post(
        self, url: str, json: object, headers: Mapping[str, str] | None = None
    ) -> tuple[Any, httpx.Headers]:
        """As `get`, for a JSON body."""
        return await self._send("POST", url, json=json, headers=headers)

    async def _send(self, method: str, url: str, **request: Any) -> tuple[Any, httpx.Headers]:
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type((FeedUnavailableError, FeedThrottledError)),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=self._wait,
            reraise=True,
        )
        try:
            async with asyncio.timeout(self._total_seconds):
                async for attempt in retrying:
                    with attempt:
                        return await self._once(method, url, **request)
        except TimeoutError:
            raise FeedUnavailableError(
                f"{self._name} did not answer within {self._total_seconds:g} s"
            ) from None
        raise AssertionError("unreachable: tenacity returns or raises")

    async def _once(self, method: str, url: str, **request: Any) -> tuple[Any, httpx.Headers]:
        try:
            async with self._client.stream(method, url, **request) as answer:
                body = await self._read(answer)
        except httpx.TimeoutException as problem:
            raise FeedUnavailableError(f"{self._name} timed out ({type(problem).__name__})") from None
        except httpx.HTTPError as problem:
            # Its own text may hold the URL, and so the key.
            raise FeedUnavailableError(f"{self._name} cannot be reached ({type(problem).__name__})") from None
        status = answer.status_code
        if status == 429:
            raise FeedThrottledError(
                f"{self._name} answered 429: too many requests", _retry_after(answer.headers)
            )
        if status >= 500:
            raise FeedUnavailableError(f"{self._name} answered {status}")
        if status >= 300:
            raise FeedRefusedError(f"{self._name} refused the request: {status}{_code(body)}")
        try:
            return orjson.loads(body), answer.headers
        except orjson.JSONDecodeError:
            raise FeedShapeError(f"{self._name} sent {len(body)} bytes that are not JSON") from None

    async def _read(self, answer: httpx.Response) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > BODY_BYTES:
                raise FeedShapeError(f"{self._name} sent more than {BODY_BYTES} bytes")
            parts.append(part)
        return b"".join(parts)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        problem = state.outcome and state.outcome.exception()
        if isinstance(problem, FeedThrottledError) and problem.retry_after_seconds is not None:
            return min(problem.retry_after_seconds, RETRY_AFTER_CEILING_SECONDS)
        return tenacity.wait_exponential_jitter(multiplier=self._base_wait, max=8, jitter=self._base_wait)(
            state
        )


def _retry_after(headers: httpx.Headers) -> float | None:
    try:
        return max(0.0, float(headers["Retry-After"]))
    except (KeyError, ValueError):
        return None


def _code(body: bytes) -> str:
    """Return upstream's machine-readable error code, never its prose (which may echo the request)."""
    try:
        code = orjson.loads(body).get("error_code")
    except (orjson.JSONDecodeError, AttributeError):
        return ""
    return f" {code}" if isinstance(code, str) and code.replace("_", "").isalnum() else ""
