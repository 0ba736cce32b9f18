"""The tokens of an answer and their log-probabilities, in OpenAI's shape."""

from __future__ import annotations

from collections.abc import Sequence

from carrel.core.chat import TokenLogprob
from carrel.schemas.body import ReplyBody


class TopLogprobBody(ReplyBody):
    """A token and its natural log-probability; ``bytes`` is null if it is not text."""

    token: str
    logprob: float
    bytes: list[int] | None

    def to_core(self) -> TokenLogprob:
        """Return core's token."""
        return TokenLogprob(self.token, bytes(self.bytes or ()), self.logprob)


class TokenLogprobBody(TopLogprobBody):
    """A generated token, and the most likely alternatives at its position."""

    top_logprobs: list[TopLogprobBody]

    @classmethod
    def of(cls, token: TokenLogprob) -> TokenLogprobBody:
        """Return the body of core's token."""
        others = [
            TopLogprobBody(token=each.text, logprob=each.logprob, bytes=_numbers(each))
            for each in token.alternatives
        ]
        return cls(
            token=token.text, logprob=token.logprob, bytes=_numbers(token), top_logprobs=others
        )

    def to_core(self) -> TokenLogprob:
        """Return core's token."""
        others = tuple(each.to_core() for each in self.top_logprobs)
        return TokenLogprob(self.token, bytes(self.bytes or ()), self.logprob, others)


def _numbers(token: TokenLogprob) -> list[int] | None:
    return list(token.content) or None


class LogprobsBody(ReplyBody):
    """The tokens of an answer, or of a part of one; ``refusal`` is always null."""

    content: list[TokenLogprobBody]
    refusal: None = None

    @classmethod
    def of(cls, tokens: Sequence[TokenLogprob]) -> LogprobsBody:
        """Return the body of core's tokens."""
        return cls(content=[TokenLogprobBody.of(each) for each in tokens])
