"""OpenAI phrases a summary when it can; an answer that is none is one clear error."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from quartapp.feeds.errors import FeedRefusedError, FeedShapeError
from quartapp.feeds.openai import ANSWER_CHARACTERS, OpenAIClient
from tests.support.upstream import Upstream, ok, status

KEY = "sk-a-key-for-tests-123456"


def answer(content: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": content}}]}


async def test_it_is_asked_once_in_few_words(upstream: Upstream, client: httpx.AsyncClient) -> None:
    upstream.answers(ok(answer("  Boston is favoured.\n")))
    said = await OpenAIClient(client, f"{upstream.url}/", KEY, "gpt-4o-mini").complete(
        "Be brief.", "Numbers", 60
    )
    assert said == "Boston is favoured."
    (request,) = upstream.requests
    asked = json.loads(request.body)
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert (asked["model"], asked["max_completion_tokens"]) == ("gpt-4o-mini", 60)
    assert [message["content"] for message in asked["messages"]] == ["Be brief.", "Numbers"]


async def test_a_long_answer_is_cut(upstream: Upstream, client: httpx.AsyncClient) -> None:
    upstream.answers(ok(answer("x" * 10_000)))
    assert len(await OpenAIClient(client, upstream.url, KEY, "m").complete("", "")) == ANSWER_CHARACTERS


@pytest.mark.parametrize("body", [{}, [], {"choices": []}, answer(None), answer("  "), answer(["x"])])
async def test_an_answer_without_words_is_one_clear_error(
    upstream: Upstream, client: httpx.AsyncClient, body: Any
) -> None:
    upstream.answers(ok(body))
    with pytest.raises(FeedShapeError, match="OpenAI sent an"):
        await OpenAIClient(client, upstream.url, KEY, "m").complete("", "")


async def test_a_refused_key_is_told_without_the_key(upstream: Upstream, client: httpx.AsyncClient) -> None:
    upstream.answers(status(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}))
    with pytest.raises(FeedRefusedError, match=r"OpenAI refused the key: 401$") as caught:
        await OpenAIClient(client, upstream.url, KEY, "m").complete("", "")
    assert KEY not in str(caught.value)
