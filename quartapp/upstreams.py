"""What jobs work with: the upstream clients, opened once a process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from quartapp.feeds.espn import EspnClient
from quartapp.feeds.http import open_client
from quartapp.feeds.odds_api import OddsApiClient
from quartapp.settings import Settings


@dataclass(frozen=True, slots=True)
class Upstreams:
    """The clients, and `source`: what documents say they were made from (live, sandbox, replay)."""

    settings: Settings
    odds_api: OddsApiClient
    espn: EspnClient
    source: str


@asynccontextmanager
async def open_upstreams(settings: Settings) -> AsyncIterator[Upstreams]:
    """Open the clients and close them at the end."""
    client = open_client()
    try:
        yield Upstreams(
            settings,
            OddsApiClient(client, settings.odds_api_base_url, settings.the_odds_api_key.get_secret_value()),
            EspnClient(client, settings.espn_base_url),
            settings.data_source,
        )
    finally:
        await client.aclose()
