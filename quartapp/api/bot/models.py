"""Where models come from: none without a key, and nothing of theirs is loaded before the first is asked."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pydantic import SecretStr

    from quartapp.bot.model import Model
    from quartapp.feeds.openai_stream import ChatStream


class ModelSettings(Protocol):
    """The settings that a model needs."""

    @property
    def openai_api_key(self) -> SecretStr | None:
        """The key, None where answers are made without a model."""

    @property
    def openai_base_url(self) -> str:
        """Where it is asked."""

    @property
    def openai_model(self) -> str:
        """Its name."""

    @property
    def openai_silence_seconds(self) -> float:
        """How long it may say nothing within an answer."""

    @property
    def openai_answer_seconds(self) -> float:
        """How long an answer may take."""


def open_models(settings: ModelSettings) -> Callable[[], Model] | None:
    """Return what makes a model for each answer, None where there is no key."""
    key = settings.openai_api_key
    if key is None or not key.get_secret_value():
        return None

    @cache
    def stream() -> ChatStream:
        # httpx takes some MB: a process that is never asked does without it.
        from quartapp.feeds.openai_stream import ChatStream, Patience
        from quartapp.feeds.stream_transport import open_streaming_client

        return ChatStream(
            open_streaming_client(settings.openai_base_url, connections=256),
            settings.openai_base_url,
            key.get_secret_value(),
            settings.openai_model,
            Patience(
                first_byte=settings.openai_silence_seconds,
                silence=settings.openai_silence_seconds,
                whole=settings.openai_answer_seconds,
            ),
        )

    def make() -> Model:
        from quartapp.bot.model import Model

        return Model(stream())

    return make
