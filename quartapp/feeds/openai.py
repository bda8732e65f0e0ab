"""OpenAI's chat completions, for phrasing a summary. Optional: nothing depends on it."""

from __future__ import annotations

from typing import Unpack

import httpx

from quartapp.feeds.errors import FeedShapeError
from quartapp.feeds.http import Fetching, JsonFetcher

NAME = "OpenAI"
ANSWER_CHARACTERS = 2000


class OpenAIClient:
    """Asks one model for one short text."""

    def __init__(
        self, client: httpx.AsyncClient, base_url: str, key: str, model: str, **fetching: Unpack[Fetching]
    ) -> None:
        self._fetch = JsonFetcher(client, NAME, **fetching)
        self._url = f"{base_url.rstrip('/')}/v1/chat/completions"
        self._key = key
        self._model = model

    async def complete(self, instruction: str, text: str, max_tokens: int = 200) -> str:
        """Return the model's answer, at most `ANSWER_CHARACTERS` of it. Raises FeedError."""
        body, _ = await self._fetch.post(
            self._url,
            {
                "model": self._model,
                # The older max_tokens and a temperature are refused by the reasoning models.
                "max_completion_tokens": max_tokens,
                "messages": [{"role": "system", "content": instruction}, {"role": "user", "content": text}],
            },
            {"Authorization": f"Bearer {self._key}"},
        )
        try:
            answer = body["choices"][0]["message"]["content"]
        except (KeyError, IndexError, TypeError):
            raise FeedShapeError(f"{NAME} sent an answer without choices") from None
        if not isinstance(answer, str) or not answer.strip():
            raise FeedShapeError(f"{NAME} sent an empty answer")
        return answer.strip()[:ANSWER_CHARACTERS]
