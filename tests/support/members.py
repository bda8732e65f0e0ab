"""Members for tests: a web process in memory, and people who use it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from quartapp.app import Web, create_web
from quartapp.settings import Settings
from tests.support.waiting import eventually

PASSWORD = "four wrong horses battle"
_numbers = itertools.count(1)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Web]:
    """Yield a web process's parts, with its pool open and its followers at work."""
    web = create_web(settings)
    web.start()
    try:
        await eventually(lambda: web.stores.database.is_connected)
        yield web
    finally:
        await web.stop()


@asynccontextmanager
async def browser(web: Web, address: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client at an address of its own, which keeps cookies as a browser does."""
    transport = httpx.ASGITransport(app=web.asgi, raise_app_exceptions=False, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example") as client:
        yield client


@dataclass
class Person:
    """A member, and what they hold."""

    email: str
    password: str = PASSWORD
    id: str = ""
    token: str = ""
    refresh: str = ""
    codes: list[str] = field(default_factory=list)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def login(self) -> dict[str, str]:
        return {"email": self.email, "password": self.password}

    def takes(self, answer: httpx.Response) -> None:
        """Keep the tokens that an answer brings."""
        self.token = answer.json()["access_token"]
        self.refresh = answer.cookies["refresh"]


def registration(email: str, **other: Any) -> dict[str, Any]:
    return {"email": email, "password": PASSWORD, "date_of_birth": "1990-05-17", "region": "US-NJ"} | other


async def register(client: httpx.AsyncClient, **other: Any) -> Person:
    """Return a new member with a session."""
    person = Person(other.pop("email", f"person{next(_numbers)}@example.com"))
    person.password = other.get("password", PASSWORD)
    answer = await client.post("/api/auth/register", json=registration(person.email, **other))
    assert answer.status_code == 201, answer.text
    person.takes(answer)
    person.id, person.codes = answer.json()["user"]["id"], answer.json()["recovery_codes"]
    return person
