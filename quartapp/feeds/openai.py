"""OpenAI's chat completions, for phrasing a summary. Optional: nothing depends on it."""

from __future__ import annotations

from typing import Any

import httpx

from quartapp.feeds.errors import FeedShapeError
from quartapp.feeds.http import JsonFetcher

NAME = "OpenAI"


class OpenAIClient:
    """Asks one model for one short text."""

    def __init__(
        self, client: httpx.AsyncClient, base_url: str, key: str, model: str, **fetching: Any
    ) -> None:
        self._fetch = JsonFetcher(client, NAME, **fetching)
        self._url = f"{base_url.rstrip('/')}/v1/chat/completions"
        self._key = key
        self._model = model

    async def complete(self, instruction: str, text: str, max_tokens: int = 200) -> str:
        """Return the model's answer. Raises FeedError."""
        body, _ = await self._fetch.post(
            self._url,
            {
                "model": self._model,
                "max_tokens": max_tokens,
                "temperature": 0,
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
        return answer.strip()
