"""A model that phrases answers, and what each of them may cost."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from quartapp.bot.chat import WriterError
from quartapp.bot.prompt import CHARACTERS_A_TOKEN
from quartapp.feeds.errors import FeedError
from quartapp.feeds.openai_stream import ChatStream, Usage, code_of

ANSWER_TOKENS = 400
_DETAILS = {
    "model_timeout": "The model did not answer in time.",
    "model_busy": "The model is asked too often at the moment.",
    "model_unavailable": "The model broke off or cannot be reached.",
    "model_refused": "The model refused the request.",
}


class Model:
    """One answer's use of a model. Ask it once; `used` says in the end what it cost, also when it was cut."""

    def __init__(self, stream: ChatStream) -> None:
        self._stream = stream
        self._usage = Usage()
        self._asked = 0
        self._letters = 0

    async def write(self, asked: list[dict[str, str]]) -> AsyncGenerator[str, None]:
        """Yield the answer to messages. Raises WriterError."""
        self._asked = sum(len(one["content"]) for one in asked)
        try:
            async with aclosing(self._stream.pieces(asked, ANSWER_TOKENS, self._usage)) as pieces:
                async for piece in pieces:
                    self._letters += len(piece)
                    yield piece
        except FeedError as problem:
            code = code_of(problem)
            raise WriterError(code, _DETAILS[code]) from None

    @property
    def used(self) -> tuple[int, int]:
        """Tokens in and out: as the upstream counted, else by the letters that went and came."""
        if self._usage.tokens_in is not None and self._usage.tokens_out is not None:
            return self._usage.tokens_in, self._usage.tokens_out
        if not self._letters:
            return 0, 0  # refused or silent: nothing was answered, and nothing is charged
        return -(-self._asked // CHARACTERS_A_TOKEN), -(-self._letters // CHARACTERS_A_TOKEN)


def most(asked: Sequence[dict[str, str]]) -> int:
    """Return the tokens that an answer to messages costs at the most, about."""
    return sum(len(one["content"]) // CHARACTERS_A_TOKEN + 8 for one in asked) + ANSWER_TOKENS
