"""Upstreams: every way they fail is one clear error, the key in none of them; the sandbox speaks their formats."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from quartapp.feeds.errors import (
    FeedError,
    FeedRefusedError,
    FeedShapeError,
    FeedThrottledError,
    FeedUnavailableError,
    OutOfCreditsError,
)
from quartapp.feeds.espn import EspnClient
from quartapp.feeds.http import open_client
from quartapp.feeds.odds_api import OddsApiClient, parse_events
from quartapp.sandbox.app import create_sandbox

KEY = "the-secret-odds-key-1f2e3d"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answer(status: int, body: bytes, *headers: str, length: int | None = None) -> bytes:
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Length: {len(body) if length is None else length}",
        "Connection: close",
    ]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


@pytest.fixture
async def upstream() -> AsyncIterator[Callable[[bytes | None], Awaitable[tuple[str, list[bytes]]]]]:
    """A real server on loopback that gives one answer to everything; None hangs."""
    servers = []

    async def start(reply: bytes | None) -> tuple[str, list[bytes]]:
        seen: list[bytes] = []

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.append(await reader.readuntil(b"\r\n\r\n"))
            if reply is None:
                await reader.read()
            else:
                writer.write(reply)
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("reply", "error", "requests"),
    [
        (answer(500, b"oops"), FeedUnavailableError, 3),
        (
            answer(401, b'{"error_code": "INVALID_KEY", "message": "key %s"}' % KEY.encode()),
            FeedRefusedError,
            1,
        ),
        (answer(401, b'{"error_code": "OUT_OF_USAGE_CREDITS"}'), OutOfCreditsError, 1),
        (answer(422, b"{}"), FeedRefusedError, 1),
        (answer(429, b"", "Retry-After: 0"), FeedThrottledError, 3),
        (answer(200, b"<html>not json"), FeedShapeError, 1),
        (answer(200, b'{"an": "object"}'), FeedShapeError, 1),
        (answer(200, b'[{"id": 1}]'), FeedShapeError, 1),
        (answer(200, b'[{"id": "abc', length=5000), FeedUnavailableError, 3),
        (None, FeedUnavailableError, 1),
    ],
    ids=["500", "401", "no-credits", "422", "429", "garbage", "object", "changed-shape", "truncated", "hang"],
)
async def test_each_failure_is_one_clear_error_without_the_key(
    upstream: Callable[[bytes | None], Awaitable[tuple[str, list[bytes]]]],
    caplog: pytest.LogCaptureFixture,
    reply: bytes | None,
    error: type[FeedError],
    requests: int,
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # as configure_logging sets it
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    url, seen = await upstream(reply)
    async with open_client() as http:
        client = OddsApiClient(
            http, url, KEY, base_wait_seconds=0.001, total_seconds=0.5 if reply is None else 10
        )
        with pytest.raises(error) as caught:
            await client.odds("basketball_nba")
    assert len(seen) == requests
    assert KEY.encode() in seen[0]
    assert KEY not in str(caught.value) + repr(caught.value) + caplog.text
    assert "The Odds API" in str(caught.value)


async def test_an_empty_list_is_an_answer(
    upstream: Callable[[bytes | None], Awaitable[tuple[str, list[bytes]]]],
) -> None:
    url, _ = await upstream(answer(200, b"[]", "x-requests-remaining: 41", "x-requests-last: 3"))
    async with open_client() as http:
        events, cost = await OddsApiClient(http, url, KEY).odds("basketball_nba")
    assert events == ()
    assert (cost.remaining, cost.used, cost.last_cost) == (41, None, 3)


def test_a_recorded_answer_is_read_to_the_last_price(shared_data: Path) -> None:
    for path in shared_data.glob("*_odds_*.json"):
        recorded = json.loads(path.read_text(), parse_float=Decimal)
        events = parse_events(json.loads(path.read_text()))
        assert len(events) == len(recorded)
        for one, event in zip(recorded, events, strict=True):
            for book, parsed in zip(one["bookmakers"], event.bookmakers, strict=True):
                for market, kept in zip(book["markets"], parsed.markets, strict=True):
                    assert [(o["name"], o["price"], o.get("point")) for o in market["outcomes"]] == [
                        (o.name, o.price, o.point) for o in kept.outcomes
                    ]


NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def sandbox_client(now: datetime = NOW, folder: Path | None = None) -> httpx.AsyncClient:
    app = create_sandbox(now=lambda: now, replay_folder=folder)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sandbox")  # type: ignore[arg-type]


async def test_the_sandbox_is_the_same_for_a_moment_and_moves_with_time() -> None:
    async with (
        sandbox_client() as first,
        sandbox_client() as same,
        sandbox_client(NOW + timedelta(hours=1)) as later,
    ):
        answers = [
            (await OddsApiClient(http, "http://sandbox/odds-api", KEY).odds("basketball_nba"))[0]
            for http in (first, same, later)
        ]
    assert len(answers[0]) >= 20
    assert answers[0] == answers[1]
    assert answers[0] != answers[2]


async def test_a_sandbox_game_is_scored_after_it_was_played() -> None:
    async with sandbox_client() as before:
        events, _ = await OddsApiClient(before, "http://sandbox/odds-api", KEY).odds("soccer_epl")
    game = events[0]
    async with sandbox_client(game.commence_time + timedelta(hours=4)) as after:
        scores, _ = await OddsApiClient(after, "http://sandbox/odds-api", KEY).scores("soccer_epl")
    result = next(score for score in scores if score.id == game.id)
    assert result.completed
    assert result.home_score is not None


async def test_the_sandbox_speaks_espn_grouped_and_flat() -> None:
    async with sandbox_client() as http:
        client = EspnClient(http, "http://sandbox/espn")
        for sport in ("americanfootball_nfl", "basketball_nba"):
            teams = await client.teams(sport)
            assert len(teams) >= 30
            assert len(await client.roster(sport, teams[0].id)) == 20
            injuries = await client.injuries(sport)
            assert {injury.team for injury in injuries} <= {team.name for team in teams}


async def test_a_changed_espn_shape_is_one_clear_error(
    upstream: Callable[[bytes | None], Awaitable[tuple[str, list[bytes]]]],
) -> None:
    url, _ = await upstream(answer(200, b'{"injuries": [{"injuries": [{"athlete": {}}]}]}'))
    async with open_client() as http:
        with pytest.raises(FeedShapeError, match="ESPN: the injuries answer"):
            await EspnClient(http, url).injuries("basketball_nba")


async def test_a_replay_keeps_every_price_and_moves_every_time_by_one_constant(shared_data: Path) -> None:
    async with sandbox_client(folder=shared_data) as http:
        client = OddsApiClient(http, "http://sandbox/odds-api", KEY)
        sports, _ = await client.sports()
        assert {sport.key for sport in sports} == {"basketball_nba", "soccer_epl"}
        for sport, file in (
            ("basketball_nba", "basketball_nba_odds_2022-11-23.json"),
            ("soccer_epl", "soccer_epl_odds_2023-24.json"),
        ):
            events, _ = await client.odds(sport)
            original = parse_events(json.loads((shared_data / file).read_text()))
            assert len(events) == len(original)
            assert min(event.commence_time for event in events) == NOW + timedelta(hours=24)
            shifts = {a.commence_time - b.commence_time for a, b in zip(events, original, strict=True)}
            assert len(shifts) == 1
            prices = [
                [(o.name, o.price, o.point) for b in e.bookmakers for m in b.markets for o in m.outcomes]
                for e in events
            ]
            assert prices == [
                [(o.name, o.price, o.point) for b in e.bookmakers for m in b.markets for o in m.outcomes]
                for e in original
            ]
