"""A conversation and its answer become what a reward model reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jinja2.exceptions import TemplateError
from transformers import PreTrainedTokenizerBase

from carrel.core.chat import Message, Role
from carrel.core.errors import InvalidRequest, PromptTooLong
from carrel.engine.prompting import fold_system, join_neighbours, plain


class RewardInput:
    """Encodes for one model, which reads at most ``limit`` tokens. One thread at a time.

    A tokenizer with a chat template gets the conversation through it, the answer as its last turn.
    Others get the pair of question and answer, as OpenAssistant's DeBERTa models were trained:
    the question is the messages' contents with blank lines between them. Control tokens that stand
    in a text are encoded as ordinary text.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, limit: int) -> None:
        self._tokenizer = tokenizer
        self._limit = limit

    def encode(self, messages: Sequence[Message], answer: str) -> dict[str, list[int]]:
        """Return the model's inputs by name, without its oldest turns where they do not fit.

        The last message loses its beginning where it does not fit alone; the answer stays whole.

        Raises:
            InvalidRequest: there is no message, or the chat template refuses them.
            PromptTooLong: the answer leaves no room for a question.
        """
        if not messages:
            raise InvalidRequest("The list of messages is empty: there is nothing to score.")
        turns = self._recent(messages, answer)
        while True:
            encoded = self._encoded(turns, answer)
            length = len(encoded["input_ids"])
            if length <= self._limit:
                return encoded
            shorter = _without_the_oldest(turns)
            turns = shorter or [self._without_its_beginning(turns[-1], length)]

    def _recent(self, messages: Sequence[Message], answer: str) -> list[Message]:
        """Return the last messages that can fit at all, so that few attempts are needed."""
        turns = list(messages)
        lengths = [self._length(each.content) for each in turns]
        room = self._limit - self._length(answer)
        while sum(lengths[-len(turns) :]) > room and (shorter := _without_the_oldest(turns)):
            turns = shorter
        return turns

    def _length(self, text: str) -> int:
        return len(
            self._tokenizer.encode(
                text, add_special_tokens=False, split_special_tokens=True, verbose=False
            )
        )

    def _without_its_beginning(self, message: Message, length: int) -> Message:
        """Cut as large a share of the message as is too much of the whole; at least a character."""
        content = message.content
        dropped = len(content) * (length - self._limit) // length + 1
        if dropped >= len(content):
            raise PromptTooLong(
                f"The answer cannot be scored: it leaves no room for its question among the "
                f"{self._limit} tokens that the score model reads."
            )
        return Message(message.role, content[dropped:])

    def _encoded(self, turns: Sequence[Message], answer: str) -> dict[str, list[int]]:
        if self._tokenizer.chat_template:
            ids = self._templated([*turns, Message(Role.ASSISTANT, answer)])
            return {"input_ids": ids, "attention_mask": [1] * len(ids)}
        pair = self._tokenizer(plain(turns), answer, split_special_tokens=True, verbose=False)
        return {name: list(pair[name]) for name in pair}

    def _templated(self, turns: Sequence[Message]) -> list[int]:
        try:
            return self._through_template(turns)
        except TemplateError:
            pass
        try:
            return self._through_template(join_neighbours(fold_system(turns)))
        except TemplateError as error:
            raise InvalidRequest(
                f"The score model's chat template refuses these messages: {error}."
            ) from error

    def _through_template(self, turns: Sequence[Message]) -> list[int]:
        ids: Any = self._tokenizer.apply_chat_template(
            [{"role": str(each.role), "content": each.content} for each in turns],
            return_dict=False,
            sanitize_control_tokens=True,
        )
        return list(ids)


def _without_the_oldest(turns: Sequence[Message]) -> list[Message] | None:
    """Leave out messages from the front, so that another one of the user comes first.

    None where only one message would be left out of.
    """
    for start in range(1, len(turns)):
        if turns[start].role is Role.USER or start == len(turns) - 1:
            return list(turns[start:])
    return None
