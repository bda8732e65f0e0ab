"""One bounded way to fetch JSON: time limits on everything, few retries, errors without secrets."""

from __future__ import annotations

import asyncio
import json as stdlib_json
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from importlib.util import find_spec
from typing import Any, TypedDict

import httpx
import orjson
import tenacity

from ops.telemetry.events import emit
from quartapp.feeds.errors import (
    FeedError,
    FeedRefusedError,
    FeedShapeError,
    FeedThrottledError,
    FeedTimeoutError,
    FeedUnavailableError,
)
from quartapp.feeds.retry_after import retry_after

ATTEMPTS = 3
TOTAL_SECONDS = 25.0
BODY_BYTES = 32 * 1024 * 1024
RETRY_AFTER_CEILING_SECONDS = 30.0
TIMEOUT = httpx.Timeout(15.0, connect=5.0, pool=10.0)
AGENT = {"User-Agent": "parlaygorilla"}
LOOPBACK = ("127.0.0.1", "localhost", "::1")  # reached directly, because HTTP_PROXY is for what lies outside

Heard = Callable[[int, httpx.Headers], None]


class Fetching(TypedDict, total=False):
    """How patient a client is; tests are not."""

    base_wait_seconds: float
    total_seconds: float
    body_bytes: int
    sleep: Callable[[float], Awaitable[None]]


def open_client(connections: int = 16) -> httpx.AsyncClient:
    """Return a client for all upstreams of a process; close it with `aclose`."""
    # httpx names whole URLs at INFO, and a URL holds The Odds API's key (httpx issue 2760). A process
    # of ours has silenced it at start; this covers one that did not.
    if find_spec("sniffio") is None:
        # httpcore asks for it at every request and every connection: seven looks at the disk, on the event loop.
        sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]  # None is how an import fails at once
    for chatty in ("httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    return httpx.AsyncClient(
        timeout=TIMEOUT,
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=8),
        headers={**AGENT, "Accept": "application/json"},
        mounts={f"all://[{host}]" if ":" in host else f"all://{host}": None for host in LOOPBACK},
    )


class JsonFetcher:
    """Fetches JSON from one upstream.

    `name` is how errors call the upstream. `base_wait_seconds` is the first pause between attempts; it
    doubles and has jitter. `total_seconds` bounds the attempts together; pauses are not counted, and
    none is longer than `RETRY_AFTER_CEILING_SECONDS`.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        name: str,
        *,
        base_wait_seconds: float = 0.5,
        total_seconds: float = TOTAL_SECONDS,
        body_bytes: int = BODY_BYTES,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._name = name
        self._base_wait = base_wait_seconds
        self._total_seconds = total_seconds
        self._body_bytes = body_bytes
        self._sleep = sleep

    async def get(
        self, url: str, params: Mapping[str, str] | None = None, heard: Heard | None = None
    ) -> tuple[Any, httpx.Headers]:
        """Return the parsed body and the headers of a 200.

        `heard` is called with the status and headers of every answer, refused and broken ones too.

        Raises:
            FeedUnavailableError: no whole answer, or a server error, after three attempts.
            FeedTimeoutError: the same, because it was not in time.
            FeedThrottledError: 429 three times, or with a Retry-After too long to wait for.
            FeedRefusedError: any other 3xx or 4xx, or a request that cannot be made.
            FeedShapeError: the body is not JSON, or too large.
        """
        try:
            async with asyncio.timeout(self._total_seconds) as bound:

                async def pause(seconds: float) -> None:
                    bound.reschedule((bound.when() or 0) + seconds)
                    await self._sleep(seconds)

                retrying = tenacity.AsyncRetrying(
                    retry=tenacity.retry_if_exception(_worth_another),
                    stop=tenacity.stop_after_attempt(ATTEMPTS),
                    wait=self._wait,
                    before_sleep=self._tell,
                    sleep=pause,
                    reraise=True,
                )
                async for attempt in retrying:
                    with attempt:
                        return await self._once(url, heard, params)
        except TimeoutError:
            raise FeedTimeoutError(f"{self._name} did not answer within {self._total_seconds:g} s") from None
        raise AssertionError("unreachable: tenacity returns or raises")

    async def _once(
        self, url: str, heard: Heard | None, params: Mapping[str, str] | None
    ) -> tuple[Any, httpx.Headers]:
        # What httpx says of a failure may hold the URL or a header, and so a key: only its kind is told.
        try:
            async with self._client.stream("GET", url, params=params) as answer:
                if heard is not None:
                    heard(answer.status_code, answer.headers)
                body = await self._read(answer)
        except httpx.TimeoutException as problem:
            raise FeedTimeoutError(f"{self._name} timed out ({type(problem).__name__})") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as problem:
            raise FeedRefusedError(
                f"{self._name} cannot be asked ({type(problem).__name__}): check its base URL and key"
            ) from None
        except httpx.HTTPError as problem:
            raise FeedUnavailableError(f"{self._name} cannot be reached ({type(problem).__name__})") from None
        self._check(answer, body)
        try:
            return _parse(body), answer.headers
        except (ValueError, RecursionError):
            raise FeedShapeError(f"{self._name} sent {len(body)} bytes that are not JSON") from None

    def _check(self, answer: httpx.Response, body: bytes) -> None:
        status = answer.status_code
        if status == 429:
            raise FeedThrottledError(
                f"{self._name} answered 429: asked too often", retry_after(answer.headers)
            )
        if status >= 500 or status == 408:
            raise FeedUnavailableError(f"{self._name} answered {status}", retry_after(answer.headers))
        if status >= 300:
            code = _code(body)
            reason = f"{status} {code}" if code else str(status)
            what = "the key" if status in (401, 403) else "the request"
            raise FeedRefusedError(f"{self._name} refused {what}: {reason}", status, code)

    async def _read(self, answer: httpx.Response) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > self._body_bytes:
                raise FeedShapeError(f"{self._name} sent more than {self._body_bytes} bytes")
            parts.append(part)
        return b"".join(parts)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        problem = state.outcome and state.outcome.exception()
        if isinstance(problem, FeedError) and problem.retry_after_seconds is not None:
            return problem.retry_after_seconds
        return tenacity.wait_exponential_jitter(multiplier=self._base_wait, max=8, jitter=self._base_wait)(
            state
        )

    def _tell(self, state: tenacity.RetryCallState) -> None:
        problem = state.outcome and state.outcome.exception()
        wait = round(state.upcoming_sleep, 3)
        emit("feed_retry", attempt=state.attempt_number, wait_seconds=wait, error=str(problem))


def _parse(body: bytes) -> Any:
    """Return what a JSON body says.

    One broken character or number refuses a whole body at orjson. The standard library reads on, and what
    is odd is then left out where it stands: a lone surrogate is no text, NaN and infinity are no price.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return stdlib_json.loads(body.decode("utf-8", "surrogateescape"))


def _worth_another(problem: BaseException) -> bool:
    """Tell whether to ask again: coming back sooner than told would only be refused again."""
    if not isinstance(problem, (FeedUnavailableError, FeedThrottledError)):
        return False
    return (problem.retry_after_seconds or 0) <= RETRY_AFTER_CEILING_SECONDS


def _code(body: bytes) -> str | None:
    """Return upstream's machine-readable error code, never its prose (which may echo the request)."""
    try:
        code = orjson.loads(body).get("error_code")
    except (orjson.JSONDecodeError, AttributeError):
        return None
    return code if isinstance(code, str) and len(code) <= 40 and code.replace("_", "").isalpha() else None
