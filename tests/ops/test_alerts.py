"""Alerts: a row first, then one message: none lost, none twice, none in a storm."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from launcher.dev.embedded import free_port
from ops.alerts import sender
from ops.alerts import table as alerts
from ops.alerts import telegram as telegram_module
from ops.alerts.sender import Slot, send_next
from ops.alerts.telegram import Telegram, TelegramChat, read_answer
from ops.database import session
from ops.redis import open_redis
from tests.support.upstream import Upstream, garbage, hang, ok, open_upstream, raw, status
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from databases import Database
    from redis.asyncio import Redis

NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
TOKEN = "123456789:AAtests-telegram-token-000000000000"
SENT = ok({"ok": True, "result": {"message_id": 1}})


def refused(code: int, description: str, **parameters: Any) -> Any:
    return status(
        code, {"ok": False, "error_code": code, "description": description, "parameters": parameters}
    )


class Desk:
    """A sender, a stand-in for Telegram, and a clock."""

    def __init__(self, database: Database, redis: Redis, telegram: Upstream) -> None:
        self.database, self.redis, self.telegram = database, redis, telegram
        self.chat = TelegramChat(telegram.url, TOKEN, "-100")
        self.now = NOW
        self.timeout_seconds = 10.0

    async def fail(self, fingerprint: str = "job:results:FeedError", **options: Any) -> None:
        cause, _, variety = fingerprint.rpartition(":")
        if cause.count(":") == 0:
            cause, variety = fingerprint, ""
        async with session(self.database) as connection:
            await alerts.raise_alert(
                connection,
                cause=cause,
                variety=variety,
                title=options.pop("title", "🔴 results failed"),
                detail=options.pop("detail", "the source is down"),
                correlation_id="run-0123456789",
                now=self.now,
                **options,
            )

    async def recover(self, cause: str = "job:results") -> None:
        async with session(self.database) as connection:
            await alerts.raise_recovery(
                connection,
                cause=cause,
                correlation_id="run-9876543210",
                now=self.now,
            )

    async def send(self, redis: Redis | None = None, slot: Slot | None = None) -> bool:
        redis = redis or self.redis
        telegram = Telegram(self.chat, redis, timeout_seconds=self.timeout_seconds)
        try:
            return await send_next(telegram, self.database, slot or Slot(redis), now=self.now)
        finally:
            await telegram.close()

    async def pass_time(self, **span: float) -> None:
        """Let time pass: ten seconds at least, as far as the slot in Redis goes."""
        self.now += timedelta(**span)
        await self.redis.delete("alerts:slot")

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.telegram.requests]

    async def rows(self, columns: str = "kind, status") -> list[tuple[Any, ...]]:
        async with session(self.database) as connection:
            return [
                tuple(row._mapping.values())
                for row in await connection.fetch_all(f"SELECT {columns} FROM alerts ORDER BY id")
            ]


@pytest.fixture
async def desk(database: Database, redis: Redis) -> AsyncIterator[Desk]:
    async with open_upstream() as telegram:
        telegram.answers(SENT)
        yield Desk(database, redis, telegram)


async def test_a_message_is_plain_text_with_its_correlation_id(desk: Desk) -> None:
    await desk.fail(detail="<b>bold</b> *stars* _under_ [link](http://x) \x1b[31mred")
    assert await desk.send()
    (message,) = desk.messages()
    assert message.keys() == {"chat_id", "text", "disable_web_page_preview"}  # no parse_mode
    assert "<b>bold</b> *stars* _under_ [link](http://x) [31mred" in message["text"]
    assert "correlation id: run-0123456789" in message["text"]
    assert message["chat_id"] == "-100"
    assert desk.telegram.requests[0].path == f"/bot{TOKEN}/sendMessage"


def test_a_message_shows_no_secret() -> None:
    told = alerts.compose("failed", "GET https://host/v4?apiKey=0123456789abcdef", "run-0123456789", NOW)
    assert "0123456789abcdef" not in told


async def test_a_message_fits_telegram_and_keeps_its_last_lines(desk: Desk) -> None:
    await desk.fail(title="🔴 " + "long " * 500, detail="x🦍" * 10_000)
    assert await desk.send()
    text = desk.messages()[0]["text"]
    assert len(text) <= 4096
    assert "correlation id: run-0123456789" in text


async def test_thirty_failing_teams_for_an_hour_are_a_message_every_ten_minutes_and_one_recovery(
    desk: Desk,
) -> None:
    at: list[datetime] = []
    for second in range(0, 3600, 10):
        if second % 300 == 0:
            for team in range(30):
                for feed in ("roster", "injuries"):
                    await desk.fail("job:roster_injuries:FeedError", detail=f"team {team}: {feed} is down")
        if await desk.send():
            at.append(desk.now)
        await desk.pass_time(seconds=10)
    assert len(at) <= 6
    assert min(later - sooner for sooner, later in pairwise(at)) >= timedelta(minutes=10)
    await desk.recover("job:roster_injuries")
    await desk.recover("job:roster_injuries")
    while await desk.send():
        await desk.pass_time(seconds=10)
    texts = [message["text"] for message in desk.messages()]
    assert sum("Over: " in text for text in texts) == 1
    assert "Over: " in texts[-1]
    # Every failure is accounted for: told, or counted in the next message.
    told = [int(text.rsplit("(", 1)[1].split()[0]) for text in texts[1:-1]]
    assert told == [119] * len(told)


async def test_different_troubles_are_different_messages_ten_seconds_apart(desk: Desk) -> None:
    await desk.fail("job:results:FeedError")
    await desk.fail("job:odds_refresh:FeedError")
    assert [await desk.send() for _ in range(3)] == [True, False, False]
    assert 9_000 < await desk.redis.pttl("alerts:slot") <= 10_000
    await desk.pass_time(seconds=10)
    assert await desk.send()
    assert len(desk.messages()) == 2


async def test_senders_that_race_send_each_alert_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    class Free(Slot):
        async def take(self) -> bool:
            return True

    for number in range(5):
        await desk.fail(f"job:job{number}:FeedError", title=f"job{number} failed")
    for _ in range(5):
        await asyncio.gather(*(desk.send(slot=Free(desk.redis)) for _ in range(4)))
    texts = sorted(message["text"].split()[0] for message in desk.messages())
    assert texts == [f"job{number}" for number in range(5)]


async def test_racing_senders_share_the_ten_seconds(desk: Desk) -> None:
    for number in range(5):
        await desk.fail(f"job:job{number}:FeedError")
    assert sum(await asyncio.gather(*(desk.send() for _ in range(5)))) == 1
    assert len(desk.messages()) == 1


async def test_without_redis_each_process_keeps_its_own_ten_seconds(desk: Desk) -> None:
    nowhere = open_redis(f"redis://127.0.0.1:{free_port()}/0")
    slot = Slot(nowhere)
    await desk.fail("job:results:FeedError")
    await desk.fail("clock:redis")
    assert [await desk.send(nowhere, slot) for _ in range(3)] == [True, False, False]
    await nowhere.aclose()


async def test_telegrams_retry_after_holds_every_process(desk: Desk) -> None:
    desk.telegram.answers(refused(429, "Too Many Requests: retry after 35", retry_after=35), SENT)
    await desk.fail()
    assert not await desk.send()
    assert 34_000 < await desk.redis.pttl("alerts:slot") <= 35_000
    assert not await desk.send()  # another process: it asks Redis
    await desk.pass_time(seconds=34)
    assert not await desk.send()  # and the row itself waits
    await desk.pass_time(seconds=1)
    assert await desk.send()
    assert len(desk.messages()) == 2


async def test_a_chat_that_became_a_supergroup_is_followed(desk: Desk) -> None:
    moved = refused(400, "group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1009)
    desk.telegram.answers(moved, SENT)
    await desk.fail("job:one:FeedError")
    assert await desk.send()
    await desk.pass_time(seconds=10)
    await desk.fail("job:two:FeedError")
    assert await desk.send()
    assert [message["chat_id"] for message in desk.messages()] == ["-100", "-1009", "-1009"]
    # A chat that an operator sets later is not the one that moved.
    desk.chat = TelegramChat(desk.telegram.url, TOKEN, "-200")
    await desk.pass_time(seconds=10)
    await desk.fail("job:three:FeedError")
    assert await desk.send()
    assert desk.messages()[-1]["chat_id"] == "-200"


@pytest.mark.parametrize("trouble", [garbage(), raw(502, b"<html>"), status(500), hang()])
async def test_an_outage_of_hours_loses_no_alert(desk: Desk, trouble: Any) -> None:
    desk.timeout_seconds = 0.1
    desk.telegram.answers(trouble)
    await desk.fail()
    for _ in range(30):
        assert not await desk.send()
        await desk.pass_time(minutes=6)
    desk.telegram.answers(SENT)
    assert await desk.send()
    assert await desk.rows() == [("failure", "sent")]


async def test_an_unreachable_telegram_costs_patience_and_shows_no_token(
    desk: Desk, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.chat = TelegramChat(f"http://127.0.0.1:{free_port()}", TOKEN, "-100")
    await desk.fail()
    assert not await desk.send()
    ((state, error),) = await desk.rows("status, error")
    assert (state, error) == ("pending", "Telegram cannot be reached (ConnectError)")
    shown = caplog.text + "".join(capsys.readouterr())
    assert TOKEN not in shown + error


async def test_what_telegram_refuses_is_given_up_and_says_why(desk: Desk) -> None:
    desk.telegram.answers(refused(403, "Forbidden: bot was kicked from the group chat"))
    await desk.fail()
    for _ in range(sender.GIVE_UP_AFTER):
        await desk.send()
        await desk.pass_time(minutes=6)
    ((state, error),) = await desk.rows("status, error")
    assert state == "failed"
    assert error == "Telegram answered 403: Forbidden: bot was kicked from the group chat"


async def test_a_sent_alert_is_not_sent_again_because_the_database_was_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, outages = sender._record, [OSError("connection lost"), OSError("connection lost")]

    async def away_at_first(*arguments: Any) -> None:
        if outages:
            raise outages.pop()
        await record(*arguments)

    monkeypatch.setattr(sender, "_record", away_at_first)
    await desk.fail()
    assert await desk.send()
    await desk.pass_time(minutes=5)
    assert not await desk.send()
    assert len(desk.messages()) == 1


async def test_a_sender_that_died_leaves_its_alert_to_another(desk: Desk) -> None:
    await desk.fail()
    desk.telegram.answers(hang(), SENT)
    dying = asyncio.create_task(desk.send())
    await desk.telegram.asked.wait()
    dying.cancel()
    await desk.pass_time(seconds=59)
    assert not await desk.send()
    await desk.pass_time(seconds=2)
    assert await desk.send()


async def test_switched_off_the_row_is_written_and_nothing_is_sent(desk: Desk) -> None:
    await desk.fail(enabled=False)
    assert not await desk.send()
    assert await desk.rows() == [("failure", "disabled")]


async def test_a_recovery_without_a_failure_is_nothing(desk: Desk) -> None:
    await desk.recover()
    assert await desk.rows() == []


async def test_a_recovery_never_overtakes_its_failure(desk: Desk) -> None:
    desk.telegram.answers(status(500), SENT)
    await desk.fail()
    assert not await desk.send()  # put off for some seconds
    await desk.pass_time(seconds=10)
    await desk.recover()
    assert not await desk.send()
    await desk.pass_time(minutes=1)
    assert await desk.send()
    await desk.pass_time(seconds=10)
    assert await desk.send()
    kinds = ["recovery" if "Over: " in message["text"] else "failure" for message in desk.messages()]
    assert kinds == ["failure", "failure", "recovery"]


async def test_a_trouble_that_comes_back_after_its_recovery_is_told_when_ten_minutes_are_over(
    desk: Desk,
) -> None:
    await desk.fail()
    assert await desk.send()
    await desk.pass_time(minutes=1)
    await desk.recover()
    assert await desk.send()
    await desk.pass_time(minutes=1)
    await desk.fail()  # and it does not fail again for hours: the operators must not think it well
    assert not await desk.send()
    await desk.pass_time(minutes=8)
    assert await desk.send()


async def test_a_trouble_that_flaps_is_two_messages_in_ten_minutes(desk: Desk) -> None:
    sent = 0
    for _ in range(9):
        await desk.fail()
        sent += await desk.send()
        await desk.pass_time(seconds=30)
        await desk.recover()
        sent += await desk.send()
        await desk.pass_time(seconds=30)
    await desk.pass_time(minutes=5)
    assert not await desk.send()
    assert sent == 2


async def test_one_recovery_closes_every_trouble_of_a_job(desk: Desk) -> None:
    await desk.fail("job:results:FeedError")
    await desk.fail("job:results:JobTimeoutError")
    await desk.fail("job:results_archive:FeedError")
    await desk.recover("job:results")
    assert [
        row for row in await desk.rows("fingerprint, status") if row[0] == "job:results_archive:FeedError"
    ]
    recoveries = [row[0] for row in await desk.rows("status, kind") if row[1] == "recovery"]
    assert sorted(recoveries) == ["pending", "suppressed"]


async def test_two_processes_that_see_one_trouble_at_one_moment_raise_one_message(desk: Desk) -> None:
    await asyncio.gather(*(desk.fail("clock:no-leader") for _ in range(4)))
    assert sorted(state for _, state in await desk.rows()) == ["pending", *["suppressed"] * 3]


@pytest.mark.parametrize(
    "answer",
    [
        ok([]),
        ok({"ok": "yes"}),
        status(429, {"ok": False, "parameters": ["retry_after"]}),
        status(429, {"ok": False, "parameters": {"retry_after": "soon"}}),
        status(429, {"ok": False, "parameters": {"retry_after": {"s": 1}, "migrate_to_chat_id": [1]}}),
        status(429, {"ok": False, "parameters": {"retry_after": -5}}),
        status(400, {"ok": False, "description": {"a": "\x00 \ud83d"}}),
        raw(200, b"[" * 100_000),
        raw(200, b"\xff\xfe"),
    ],
)
async def test_the_sender_outlives_any_answer_and_sends_later(desk: Desk, answer: Any) -> None:
    desk.telegram.answers(answer, SENT)
    stop = asyncio.Event()
    sending = asyncio.create_task(sender.send_alerts(desk.chat, desk.database, desk.redis, stop))
    await desk.fail()
    await eventually(lambda: desk.rows("attempts"))
    await eventually(lambda: _recorded(desk))
    assert not sending.done()
    stop.set()
    await sending
    await desk.pass_time(minutes=10)
    desk.now = datetime.now(UTC) + timedelta(hours=2)
    assert await desk.send()
    assert await desk.rows() == [("failure", "sent")]


async def _recorded(desk: Desk) -> bool:
    return (await desk.rows("error"))[0][0] is not None


async def test_an_error_that_nobody_expected_does_not_end_the_sender(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()

    async def broken(*_: Any) -> bool:
        failed.set()
        raise KeyError("a field that is not there")

    monkeypatch.setattr(sender, "send_next", broken)
    stop = asyncio.Event()
    await desk.fail()
    sending = asyncio.create_task(sender.send_alerts(desk.chat, desk.database, desk.redis, stop))
    await failed.wait()
    assert not sending.done()
    stop.set()
    await sending


def test_a_wait_that_telegram_asks_for_is_bounded_and_the_token_is_not_shown() -> None:
    asked = read_answer(429, {"ok": False, "parameters": {"retry_after": 1e18}})
    assert asked.retry_after_seconds == telegram_module.LONGEST_WAIT_SECONDS
    assert TOKEN not in repr(TelegramChat("https://api.telegram.org", TOKEN, "-100"))
