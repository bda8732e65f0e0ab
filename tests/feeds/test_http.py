"""Fetching: every way an upstream fails is one clear error, after few attempts, and no key is in any of them."""

from __future__ import annotations

import asyncio
import io
import logging
import traceback
from collections.abc import Iterator

import httpx
import pytest

from ops.telemetry.logs import configure_logging
from quartapp.feeds.errors import (
    FeedError,
    FeedRefusedError,
    FeedShapeError,
    FeedThrottledError,
    FeedTimeoutError,
    FeedUnavailableError,
    OutOfCreditsError,
)
from quartapp.feeds.http import JsonFetcher, open_client
from quartapp.feeds.odds_api import OddsApiClient
from quartapp.feeds.retry_after import retry_after
from tests.support.upstream import (
    Answer,
    Upstream,
    app,
    bad_key,
    cut,
    empty_list,
    garbage,
    hang,
    ok,
    open_upstream,
    out_of_credits,
    raw,
    status,
    throttled,
    trickle,
    truncated,
    wire,
)
from tests.support.waiting import free_port

KEY = "the-secret-odds-key-1f2e3d"

FAILURES: dict[str, tuple[Answer, type[FeedError], str, int]] = {
    "500": (status(500, {"message": f"boom {KEY}"}), FeedUnavailableError, "answered 500", 3),
    "503": (status(503), FeedUnavailableError, "answered 503", 3),
    "401": (bad_key(), FeedRefusedError, "refused the key: 401 INVALID_KEY", 1),
    "401 out of credits": (out_of_credits(), OutOfCreditsError, "no credits left this month", 1),
    "401 with prose": (status(401, {"error_code": f"key {KEY}"}), FeedRefusedError, "the key: 401$", 1),
    "403": (status(403), FeedRefusedError, "refused the key: 403", 1),
    "404": (status(404), FeedRefusedError, "refused the request: 404", 1),
    "422": (status(422, {"error_code": "INVALID_MARKET"}), FeedRefusedError, "422 INVALID_MARKET", 1),
    "redirect": (status(302, headers={"Location": "/x"}), FeedRefusedError, "302", 1),
    "429": (throttled(), FeedThrottledError, "asked too often", 3),
    "429 for long": (throttled("3600"), FeedThrottledError, "asked too often", 1),
    "garbage": (garbage(), FeedShapeError, "not JSON", 1),
    "empty body": (raw(200, b""), FeedShapeError, "0 bytes that are not JSON", 1),
    "truncated JSON": (raw(200, b'[{"id": "ab'), FeedShapeError, "not JSON", 1),
    "an object": (ok({"message": "hello"}), FeedShapeError, "where a list belongs", 1),
    "too large": (raw(200, b" " * 70_000), FeedShapeError, "more than 65536 bytes", 1),
    "truncated body": (truncated(), FeedUnavailableError, "RemoteProtocolError", 3),
    "cut off": (cut(), FeedUnavailableError, "RemoteProtocolError", 3),
    "not HTTP": (wire(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), FeedUnavailableError, "RemoteProtocolError", 3),
    "not gzip": (raw(200, b"[]", {"Content-Encoding": "gzip"}), FeedUnavailableError, "DecodingError", 3),
}


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """What a process of ours would write at its most talkative, before the handler redacts known secrets."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("DEBUG", "json", (), stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


class Waits(list[float]):
    """Stands in for sleeping: remembers how long it would have been."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    """The pauses between attempts."""
    return Waits()


@pytest.mark.parametrize("failure", FAILURES)
async def test_each_failure_is_one_clear_error_without_the_key(
    upstream: Upstream, client: httpx.AsyncClient, waits: Waits, everything_logged: io.StringIO, failure: str
) -> None:
    answer, error, said, attempts = FAILURES[failure]
    upstream.answers(answer)
    odds_api = OddsApiClient(client, upstream.url, KEY, sleep=waits, body_bytes=65536)
    with pytest.raises(error, match=said) as caught:
        await odds_api.odds("basketball_nba")
    assert len(upstream.requests) == attempts
    assert len(waits) == attempts - 1
    assert upstream.requests[0].query["apiKey"] == KEY, "it was sent, and so could have leaked"
    told = (
        "".join(traceback.format_exception(caught.value)) + repr(caught.value) + everything_logged.getvalue()
    )
    assert KEY not in told
    assert str(caught.value).startswith("The Odds API")


async def test_an_upstream_that_hangs_is_given_up_in_time(
    upstream: Upstream, client: httpx.AsyncClient
) -> None:
    upstream.answers(hang())
    with pytest.raises(FeedTimeoutError, match=r"did not answer within 0.2 s"):
        await OddsApiClient(client, upstream.url, KEY, total_seconds=0.2).sports()
    assert len(upstream.requests) == 1


async def test_an_upstream_that_trickles_is_given_up_in_time(
    upstream: Upstream, client: httpx.AsyncClient
) -> None:
    upstream.answers(trickle())
    with pytest.raises(FeedTimeoutError):
        await OddsApiClient(client, upstream.url, KEY, total_seconds=0.2).sports()


async def test_a_cancelled_fetch_ends_at_once(
    upstream: Upstream, client: httpx.AsyncClient, waits: Waits
) -> None:
    upstream.answers(hang())
    fetch = asyncio.create_task(OddsApiClient(client, upstream.url, KEY, sleep=waits).sports())
    await asyncio.wait_for(upstream.asked.wait(), 60)
    fetch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(fetch, 60)
    assert (len(upstream.requests), waits) == (1, [])


async def test_a_read_time_out_is_tried_again(upstream: Upstream, waits: Waits) -> None:
    upstream.answers(hang(), ok([]))
    async with httpx.AsyncClient(timeout=0.1) as impatient:
        sports, _ = await OddsApiClient(impatient, upstream.url, KEY, sleep=waits).sports()
    assert sports.items == ()
    assert len(upstream.requests) == 2


async def test_a_host_that_is_not_there_is_unavailable(client: httpx.AsyncClient, waits: Waits) -> None:
    nowhere = OddsApiClient(client, f"http://127.0.0.1:{free_port()}", KEY, sleep=waits)
    with pytest.raises(FeedUnavailableError, match="cannot be reached"):
        await nowhere.sports()
    assert len(waits) == 2


@pytest.mark.parametrize("base_url", ["ftp://example.com", "http://[::1", "127.0.0.1:80", ""])
async def test_a_base_url_that_is_none_is_refused_at_once(
    client: httpx.AsyncClient, waits: Waits, base_url: str
) -> None:
    with pytest.raises(FeedRefusedError, match="check its base URL"):
        await OddsApiClient(client, base_url, KEY, sleep=waits).sports()
    assert waits == []


async def test_a_server_error_that_passes_is_not_an_error(
    upstream: Upstream, client: httpx.AsyncClient, waits: Waits
) -> None:
    upstream.answers(status(502), truncated(), empty_list())
    events, _ = await OddsApiClient(client, upstream.url, KEY, sleep=waits).odds("soccer_epl")
    assert events.items == ()


async def test_pauses_double_with_jitter(upstream: Upstream, client: httpx.AsyncClient, waits: Waits) -> None:
    upstream.answers(status(500))
    with pytest.raises(FeedUnavailableError):
        await OddsApiClient(client, upstream.url, KEY, sleep=waits, base_wait_seconds=1).sports()
    assert 1 <= waits[0] <= 2
    assert 2 <= waits[1] <= 3


@pytest.mark.parametrize(("answer", "error"), [
    (throttled("2"), FeedThrottledError),
    (status(503, headers={"Retry-After": "2"}), FeedUnavailableError),
], ids=["429", "503"])  # fmt: skip
async def test_an_upstreams_own_retry_after_is_kept(
    upstream: Upstream, client: httpx.AsyncClient, waits: Waits, answer: Answer, error: type[FeedError]
) -> None:
    upstream.answers(answer)
    with pytest.raises(error) as caught:
        await OddsApiClient(client, upstream.url, KEY, sleep=waits).sports()
    assert waits == [2.0, 2.0]
    assert caught.value.retry_after_seconds == 2


async def test_a_retry_after_is_not_taken_off_the_time_for_answers(
    upstream: Upstream, client: httpx.AsyncClient
) -> None:
    upstream.answers(throttled("1"), ok([]))
    sports, _ = await OddsApiClient(client, upstream.url, KEY, total_seconds=0.5).sports()
    assert sports.items == ()


async def test_a_retry_after_too_long_to_wait_is_handed_to_the_caller(
    upstream: Upstream, client: httpx.AsyncClient, waits: Waits
) -> None:
    upstream.answers(throttled("120"))
    with pytest.raises(FeedThrottledError) as caught:
        await OddsApiClient(client, upstream.url, KEY, sleep=waits).sports()
    assert caught.value.retry_after_seconds == 120
    assert waits == []


@pytest.mark.parametrize(("told", "seconds"), [
    ("0", 0), (" 12 ", 12), ("-5", None), ("1.5", None), ("soon", None), ("", None), ("9" * 400, 999_999_999),
    ("Tue, 24 Nov 2026 12:00:20 GMT", 20), ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
])  # fmt: skip
def test_retry_after_is_seconds_or_a_date(told: str, seconds: float | None) -> None:
    assert (
        retry_after(httpx.Headers({"Retry-After": told, "Date": "Tue, 24 Nov 2026 12:00:00 GMT"})) == seconds
    )


async def test_opening_a_client_silences_what_logs_urls(
    upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    async with open_client() as client:
        await OddsApiClient(client, upstream.url, KEY).sports()
    assert upstream.requests
    assert KEY not in caplog.text


async def test_loopback_is_reached_past_a_proxy(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    async with open_client() as client:
        body, _ = await JsonFetcher(client, "it").get(f"{upstream.url}/")
    assert body == []


async def test_one_path_can_fail_among_many_that_work(client: httpx.AsyncClient, waits: Waits) -> None:
    """The upstream for other tests: the sandbox behind it, one sport broken."""
    from quartapp.sandbox.app import create_sandbox

    async with open_upstream() as upstream:
        upstream.answers(app(create_sandbox()))
        upstream.on("/odds-api/v4/sports/basketball_nba/odds", status(500))
        odds_api = OddsApiClient(client, f"{upstream.url}/odds-api", KEY, sleep=waits)
        assert len((await odds_api.sports())[0]) > 3
        assert len((await odds_api.odds("icehockey_nhl"))[0]) > 3
        with pytest.raises(FeedUnavailableError):
            await odds_api.odds("basketball_nba")
