"""Events of odd forms are read as what they are, and where the pieces of a model's text end changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import orjson

from quartapp.bot.asked import Asked, Told
from quartapp.feeds.openai_stream import ChatStream, Patience, Usage
from tests.bot.stand import NOW, Asking, world
from tests.support.upstream import Answer, open_upstream

ODD = (
    {"choices": [{"index": 0, "delta": {"role": "assistant", "content": None, "refusal": None}}]},
    {"choices": [{"index": 0, "delta": {"reasoning_content": "Chiefs -500", "content": None}}]},
    {"choices": [{"delta": {"content": "The total "}}], "error": None},
    {"choices": [{"index": 1, "delta": {"content": "is 99.5. "}}]},
    {"choices": [{"index": 1, "delta": {"content": "99"}}, {"index": 0, "delta": {"content": "is 44"}}]},
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"function": {"name": "bet", "arguments": "1"}}]}}]},
    {"choices": [{"index": 0, "delta": "99.5"}]},
    {"choices": [{"index": 0, "delta": ["99.5"]}]},
    {"choices": [{"index": 0, "delta": {"content": ["99.5"]}}]},
    {"choices": [{"index": 0, "message": {"content": "99.5"}}]},
    {"choices": [{"index": 0, "text": "99.5"}]},
    {"choices": None},
    {"choices": [None, 7]},
    {"choices": [{"index": 1, "delta": {}, "finish_reason": "stop"}]},
    {"choices": [{"index": 0, "delta": {"content": ".5."}}]},
    {"choices": [{"index": 0, "delta": {"refusal": "I cannot."}, "finish_reason": "content_filter"}]},
    {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}},
)
FACTS = ("best winner price of Kansas City Chiefs", "consensus total")
WRITTEN = (
    "**The Chiefs** are -129 at Pinnacle {0}. The Chiefs are -1.\n5 at Pinnacle {0}. The total is 4{1}. "
    "The total is 44.\n- The total is 44.5 {1}\n- The Browns are -129 at Pinnacle {0}\n"
    "* -129 at Pinnacle is the price of the _Chiefs_ {0}\n| Chiefs | -129 | {0}\n"
    "The total is 1\u200b44.5 {1}. The total is 1**44.5** {1}. The game No. 1 is 44.5 {1}. {0} Browns: -129. "
    "The Chiefs {0}.\n-129 {0}.\nThe total is 44.5 {1}. The Chiefs are -129 at Pinnacle and the total is 4"
)


async def test_events_of_odd_forms_are_read_as_what_they_are() -> None:
    async def write(request: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        writer.write(b": a comment\r\nevent: message\r\nid: 7\r\ndata:\r\n\r\n")
        for event in ODD:
            writer.write(b"data:" + orjson.dumps(event) + b"\r\n\r\n")
        writer.write(b"data:[DONE]\r\n\r\n")
        writer.close()

    usage = Usage()
    async with open_upstream() as upstream, httpx.AsyncClient() as client:
        upstream.answers(Answer(write))
        stream = ChatStream(client, upstream.url, "key", "m", Patience(60, 60, 60, 120))
        pieces = [piece async for piece in stream.pieces([{"role": "user", "content": "?"}], 10, usage)]
    assert "".join(pieces) == "The total is 44.5."
    assert (usage.tokens_in, usage.tokens_out) == (7, 3)


class Pieces:
    """A model that writes one text in pieces of one length, and cites the facts that it was sent."""

    def __init__(self, length: int) -> None:
        self._length = length

    async def write(self, asked: list[dict[str, str]]) -> AsyncGenerator[str, None]:
        facts = asked[-1]["content"].splitlines()
        price, total = (next(fact for fact in facts if label in fact).partition(" ")[0] for label in FACTS)
        text = WRITTEN.format(price, total)
        for start in range(0, len(text), self._length):
            yield text[start : start + self._length]


async def test_where_a_piece_ends_changes_nothing() -> None:
    bot = Asking(world()).bot
    answers = []
    for length in (1, 2, 3, 5, 8, 13, 1_000):
        told = Told()
        asked = Asked("Who wins, Kansas City or Cleveland?", "US-NJ")
        assert [event async for event in bot.answer(asked, told, NOW, Pieces(length))]
        answers.append(told.texts)
    true = [
        "The Chiefs are -129 at Pinnacle.",
        "The total is 44.5",
        "-129 at Pinnacle is the price of the Chiefs",
        "The total is 44.5.",
    ]
    assert answers == [true] * len(answers)
