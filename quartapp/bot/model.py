"""A model that phrases answers, and what each of them may cost."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from quartapp.bot.chat import WriterError
from quartapp.bot.prompt import tokens
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
        self._written = 0

    async def write(self, asked: list[dict[str, str]]) -> AsyncGenerator[str, None]:
        """Yield the answer to messages. Raises WriterError."""
        self._asked = most(asked) - ANSWER_TOKENS
        written = self._stream.pieces(asked, ANSWER_TOKENS, self._usage)
        del asked
        try:
            async with aclosing(written) as pieces:
                async for piece in pieces:
                    self._written += tokens(piece)
                    yield piece
        except FeedError as problem:
            code = code_of(problem)
            raise WriterError(code, _DETAILS[code]) from None

    @property
    def used(self) -> tuple[int, int]:
        """Tokens in and out, never fewer than were paid for.

        As the upstream counted them, if it came to the end of its answer: else what was asked, and the longest answer
        that it may have written meanwhile. Whoever refused was not paid.
        """
        usage = self._usage
        if not usage.calls:
            return 0, 0
        earlier = usage.calls - 1  # asked again, because they broke off before a word
        tokens_in, tokens_out = usage.tokens_in or 0, usage.tokens_out or 0
        if usage.ended:  # a count of 0 was not counted
            tokens_in, tokens_out = tokens_in or self._asked, tokens_out or self._written
        else:
            tokens_in = max(tokens_in, self._asked)
            tokens_out = max(tokens_out, self._written, ANSWER_TOKENS)
        return tokens_in + earlier * self._asked, tokens_out + earlier * ANSWER_TOKENS


def most(asked: Sequence[dict[str, str]]) -> int:
    """Return the tokens that an answer to messages costs at the most, about."""
    return sum(tokens(one["content"]) + 8 for one in asked) + ANSWER_TOKENS
