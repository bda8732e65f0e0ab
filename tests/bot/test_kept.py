"""What is kept of a conversation: at once, later where PostgreSQL is away, once, and not without bounds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from ops.database import raw, session
from quartapp.api.bot.keeper import Exchange, Keeper
from quartapp.app import Web
from quartapp.store import conversations
from quartapp.store.conversations import Turn
from tests.bot.stand import events_of
from tests.bot.test_model import QUESTION, ask
from tests.support.members import Person
from tests.support.waiting import eventually

NOW = datetime(2026, 11, 26, 1, 2, tzinfo=UTC)


def exchange(person: Person, conversation: UUID, number: int = 0, begins: bool = True) -> Exchange:
    at = NOW + timedelta(minutes=number)
    turns = [Turn(role, f"{role} {number}", at, []) for role in ("member", "bot")]
    return Exchange(UUID(person.id), conversation, f"title {number}" if begins else None, turns, at)


async def test_the_oldest_conversations_and_turns_make_room_for_new_ones(
    client: httpx.AsyncClient, person: Person, database: Any
) -> None:
    begun = [uuid4() for _ in range(5)]
    said = [exchange(person, conversation, number) for number, conversation in enumerate(begun)]
    said += [exchange(person, begun[2], number, begins=False) for number in range(10, 15)]
    for each in said:
        async with session(database) as connection, connection.transaction():
            await conversations.add(
                connection, each.member, each.conversation, each.title, each.turns, each.at,
                most_conversations=3, most_turns=4,
            )  # fmt: skip

    async def get(path: str) -> Any:
        return (await client.get(f"/api/bot/conversations{path}", headers=person.bearer)).json()

    listed = (await get(""))["conversations"]
    assert [one["id"] for one in listed] == [str(begun[2]), str(begun[4]), str(begun[3])]
    assert [turn["text"] for turn in (await get(f"/{begun[2]}"))["turns"]] == [
        "member 13", "bot 13", "member 14", "bot 14",
    ]  # fmt: skip
    async with session(database) as connection, connection.transaction():
        assert await connection.fetch_val("SELECT count(*) FROM bot_turns") == 4 + 2 + 2
        goes_on = exchange(person, begun[4], 20, begins=False)
        await conversations.add(
            connection, goes_on.member, goes_on.conversation, None, goes_on.turns, goes_on.at, most_in_all=9
        )
    assert [one["id"] for one in (await get(""))["conversations"]] == [str(begun[4]), str(begun[2])]
    # Whose conversation has gone is told so, and that its next question begins another.
    gone = await client.post(
        "/api/bot/chat", json=QUESTION | {"conversation_id": str(begun[0])}, headers=person.bearer
    )
    assert (gone.status_code, "begin another" in gone.json()["detail"]) == (404, True)


async def test_who_asks_on_at_once_finds_the_conversation_and_their_place(
    web: Web, client: httpx.AsyncClient, person: Person
) -> None:
    web.chats._ending_seconds = 120
    keeper = web.chats._keeper
    async with keeper._writing, keeper._writing:  # a crowd's answers are written first
        number = (await ask(client, person))[0][1]["conversation_id"]
        again = QUESTION | {"conversation_id": number}
        asking_on = asyncio.create_task(client.post("/api/bot/chat", json=again, headers=person.bearer))
        await asyncio.wait((asking_on,), timeout=1)
    answer = await asyncio.wait_for(asking_on, 120)
    assert (answer.status_code, events_of(answer.content)[-1][0]) == (200, "done"), answer.text


async def test_what_was_said_while_postgresql_is_away_is_kept_later_and_once(
    web: Web, client: httpx.AsyncClient, person: Person, database: Any
) -> None:
    web.chats._keeper._again_seconds = 0.05
    web.accounts.standing.looked(float("inf"))  # who may ask is known, as it is for a second
    await web.stores.database.disconnect()
    told = await ask(client, person)
    assert told[-1][0] == "done"
    conversation = told[0][1]["conversation_id"]
    await eventually(lambda: UUID(conversation) in web.chats._keeper.late)
    again = await client.post(
        "/api/bot/chat", json=QUESTION | {"conversation_id": conversation}, headers=person.bearer
    )
    assert (again.status_code, again.json()["code"], "Retry-After" in again.headers) == (
        503,
        "unavailable",
        True,
    )
    await web.stores.database.connect()
    await eventually(lambda: not web.chats._keeper.late)
    kept = (await client.get(f"/api/bot/conversations/{conversation}", headers=person.bearer)).json()
    assert [turn["role"] for turn in kept["turns"]] == ["member", "bot"]
    # An answer to a commit may be lost: what is written again is there once.
    keeper, said = Keeper(database, asyncio.Event()), exchange(person, uuid4())
    assert await keeper.keep(said)
    assert await keeper.keep(said)
    async with session(database) as connection:
        rows = await raw(connection).fetchval(
            "SELECT count(*) FROM bot_turns WHERE conversation_id = $1", said.conversation
        )
    assert rows == 2


async def test_a_stop_writes_what_waits_and_nothing_waits_for_ever(
    web: Web, person: Person, database: Any, caplog: Any
) -> None:
    stopping, away = asyncio.Event(), web.stores.database
    await away.disconnect()
    patient = Keeper(away, stopping, again_seconds=600)
    waiting = asyncio.create_task(patient.keep_later(exchange(person, uuid4())))
    await eventually(lambda: patient.late)
    await away.connect()
    stopping.set()
    await asyncio.wait_for(waiting, 60)
    async with session(database) as connection:
        assert await connection.fetch_val("SELECT count(*) FROM bot_turns") == 2
    assert "bot_conversation_lost" not in caplog.text

    await away.disconnect()
    hasty = Keeper(away, asyncio.Event(), again_seconds=0.01, late_seconds=0.05)
    await asyncio.wait_for(hasty.keep_later(exchange(person, uuid4())), 60)
    assert caplog.text.count("bot_conversation_lost") == 1
    assert not hasty.late


async def test_nobody_is_answered_while_nobody_can_say_who_may_ask(
    web: Web, client: httpx.AsyncClient, person: Person
) -> None:
    await web.stores.database.disconnect()
    refused = await client.post("/api/bot/chat", json=QUESTION, headers=person.bearer)
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert "cannot be checked" in refused.json()["detail"]
    assert refused.headers["Retry-After"] == "5"
    await web.stores.database.connect()
    assert (await ask(client, person))[-1][0] == "done"  # and nothing holds their place
