"""Encodes a conversation for a reward model."""

from __future__ import annotations

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase
from transformers.utils.chat_template_utils import encode_marked_chat

from carrel.core.chat import Message, Role
from carrel.core.errors import InvalidRequest, PromptTooLong
from carrel.engine.text.control_tokens import marked
from carrel.engine.text.prompting import fold_system, join_neighbours, plain
from carrel.engine.text.template_renderer import TemplateRefused, TemplateRenderer


class RewardInput:
    """Encodes for one model with at most ``limit`` tokens. Not thread-safe.

    A tokenizer with a chat template gets the conversation through it, the answer as its last turn.
    Others get the pair of question and answer, as OpenAssistant's DeBERTa models were trained:
    the question is the messages' contents with blank lines between them. Control tokens in a text
    are encoded as ordinary text.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, limit: int) -> None:
        self._tokenizer = tokenizer
        self._limit = limit
        self._template = tokenizer.get_chat_template() if tokenizer.chat_template else None
        self._renderer = (
            TemplateRenderer(self._template, tokenizer.special_tokens_map)
            if self._template is not None
            else None
        )

    def encode(self, messages: Sequence[Message], answer: str) -> dict[str, list[int]]:
        """Return the model's inputs by name, without the oldest turns if they do not fit.

        If the last message does not fit alone, its beginning is cut; the answer stays whole.

        Raises:
            InvalidRequest: there is no message, or the chat template rejects them.
            PromptTooLong: the question does not fit beside the answer.
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
        left = self._limit - self._length(answer)
        while sum(lengths[-len(turns) :]) > left and (shorter := _without_the_oldest(turns)):
            turns = shorter
        return turns

    def _length(self, text: str) -> int:
        return len(
            self._tokenizer.encode(
                text, add_special_tokens=False, split_special_tokens=True, verbose=False
            )
        )

    def _without_its_beginning(self, message: Message, length: int) -> Message:
        """Cut the share of the message that the whole is too long by; at least a character."""
        content = message.content
        dropped = len(content) * (length - self._limit) // length + 1
        if dropped >= len(content):
            raise PromptTooLong(
                f"The answer cannot be scored: with it, the question does not fit the "
                f"{self._limit} tokens of the score model."
            )
        return Message(message.role, content[dropped:])

    def _encoded(self, turns: Sequence[Message], answer: str) -> dict[str, list[int]]:
        if self._renderer is not None:
            ids = self._templated(self._renderer, [*turns, Message(Role.ASSISTANT, answer)])
            return {"input_ids": ids, "attention_mask": [1] * len(ids)}
        pair = self._tokenizer(plain(turns), answer, split_special_tokens=True, verbose=False)
        return {name: list(pair[name]) for name in pair}

    def _templated(self, renderer: TemplateRenderer, turns: Sequence[Message]) -> list[int]:
        try:
            return self._rendered(renderer, turns)
        except TemplateRefused:
            pass
        try:
            return self._rendered(renderer, join_neighbours(fold_system(turns)))
        except TemplateRefused as error:
            raise InvalidRequest(
                f"The score model's chat template refuses these messages: {error}."
            ) from error

    def _rendered(self, renderer: TemplateRenderer, turns: Sequence[Message]) -> list[int]:
        messages = [{"role": str(each.role), "content": each.content} for each in turns]
        safe = marked(messages, self._tokenizer, str(self._template))
        return list(encode_marked_chat(self._tokenizer, renderer.render(safe, False)))


def _without_the_oldest(turns: Sequence[Message]) -> list[Message] | None:
    """Drop messages from the front up to the next one of the user.

    None if only one message would be left.
    """
    for start in range(1, len(turns)):
        if turns[start].role is Role.USER or start == len(turns) - 1:
            return list(turns[start:])
    return None
