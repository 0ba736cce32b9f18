"""Converts messages to token ids, by the model's chat template or a fixed prompt form."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

from transformers import PreTrainedTokenizerBase
from transformers.utils.chat_template_utils import encode_marked_chat

from carrel.core.chat import Message, Role, is_bare_prompt
from carrel.core.errors import InvalidRequest, ModelLoadFailed, UnsupportedParameter
from carrel.core.function_tools import Tool
from carrel.engine.text.control_tokens import marked
from carrel.engine.text.template_renderer import TemplateRefused, TemplateRenderer
from carrel.engine.text.tool_prompts import described, takes_tools, turns_of
from carrel.engine.text.vocabulary import Vocabulary
from carrel.settings.schema import PromptType

PROBE = "carrel-probe"
MESSAGE_END = "carrel-message-end"
"""Appended to an unfinished message during rendering: the prompt ends before it."""

INSTRUCT_OPENING = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request."
)

DANUBE_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '<|prompt|>' + message['content'] + eos_token }}"
    "{% elif message['role'] == 'system' %}{{ '<|system|>' + message['content'] + eos_token }}"
    "{% elif message['role'] == 'assistant' %}{{ '<|answer|>' + message['content'] + eos_token }}"
    "{% endif %}"
    "{% if loop.last and add_generation_prompt %}{{ '<|answer|>' }}{% endif %}"
    "{% endfor %}"
)
"""The chat template with which H2O-Danube-1.8B-Chat is published (Apache-2.0)."""

STOPS: dict[PromptType, tuple[str, ...]] = {
    PromptType.TEMPLATE: (),
    PromptType.PLAIN: (),
    PromptType.HUMAN_BOT: ("\n<human>:", "<human>:", "\n<bot>:", "<bot>:"),
    PromptType.INSTRUCT: ("\n### Instruction:", "### Instruction:"),
    PromptType.DANUBE: ("<|prompt|>", "<|system|>", "<|answer|>"),
}
"""Where the model starts to write the user's next turn: the answer ends before it."""


def plain(messages: Sequence[Message]) -> str:
    """Return the contents alone, a blank line between two messages."""
    return "\n\n".join(message.content for message in messages)


def human_bot(messages: Sequence[Message]) -> str:
    """Return the form of the h2oGPT models: ``<human>: ...``, ``<bot>: ...``, ending ``<bot>:``."""
    speakers = {Role.SYSTEM: "", Role.USER: "<human>: ", Role.ASSISTANT: "<bot>: "}
    lines = [speakers[message.role] + message.content for message in messages]
    return "\n".join([*lines, "<bot>:"])


def instruct(messages: Sequence[Message]) -> str:
    """Return the form of Stanford Alpaca; a system message replaces its opening."""
    headings = {Role.USER: "### Instruction:\n", Role.ASSISTANT: "### Response:\n"}
    system = [message.content for message in messages if message.role is Role.SYSTEM]
    turns = [
        headings[message.role] + message.content
        for message in messages
        if message.role is not Role.SYSTEM
    ]
    return "\n\n".join([*(system or [INSTRUCT_OPENING]), *turns, "### Response:\n"])


RENDERERS = {
    PromptType.PLAIN: plain,
    PromptType.HUMAN_BOT: human_bot,
    PromptType.INSTRUCT: instruct,
}

BEFORE_ANSWER = {PromptType.HUMAN_BOT: " "}
"""The white space with which a model begins its answer in a form that ends without any."""


def fold_system(messages: Sequence[Message]) -> list[Message]:
    """Prepend the system messages to the first user message.

    For templates without a system role. Without a user message they become one.
    """
    system = "\n\n".join(m.content for m in messages if m.role is Role.SYSTEM)
    turns = [message for message in messages if message.role is not Role.SYSTEM]
    if not system:
        return turns
    for position, message in enumerate(turns):
        if message.role is Role.USER:
            turns[position] = Message(Role.USER, f"{system}\n\n{message.content}")
            return turns
    return [Message(Role.USER, system), *turns]


def join_neighbours(messages: Sequence[Message]) -> list[Message]:
    """Join consecutive messages of one role, for templates that require alternating turns."""
    groups: list[list[Message]] = []
    for message in messages:
        last = groups[-1][-1] if groups else None
        if last is not None and last.role is message.role and not _is_tool_turn(message, last):
            groups[-1].append(message)
        else:
            groups.append([message])
    return [
        group[0]
        if len(group) == 1
        else Message(group[0].role, "\n\n".join(each.content for each in group))
        for group in groups
    ]


def _is_tool_turn(*messages: Message) -> bool:
    return any(each.role is Role.TOOL or each.tool_calls for each in messages)


class PromptBuilder:
    """Makes the prompts of one model. Thread-safe.

    Control tokens in a message are encoded as ordinary text, so that neither a user nor a document
    can end its own turn. Templates run in a sandboxed process.

    Raises:
        ModelLoadFailed: the tokenizer's chat template does not compile.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        prompt_type: PromptType,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        """Take the tokenizer, the form, and the valid ids; None is all of them."""
        if prompt_type is PromptType.TEMPLATE and not tokenizer.chat_template:
            prompt_type = PromptType.HUMAN_BOT
        self._tokenizer = tokenizer
        self._vocabulary = vocabulary
        self._lock = Lock()  # the tokenizer changes its own state while it encodes
        self.prompt_type = prompt_type
        self._template = _template(tokenizer, prompt_type)
        self._renderer: TemplateRenderer | None = None
        self._takes_system = True
        self._takes_tools: bool | None = None
        if self._template is not None:
            self._renderer = TemplateRenderer(self._template, tokenizer.special_tokens_map)
            try:
                self._renderer.check()
            except TemplateRefused as error:
                raise ModelLoadFailed(
                    f"The model's chat template cannot be used: {error}. "
                    "Name another one with --prompt_template, or a prompt form with --prompt_type."
                ) from error
            self._takes_system = self._keeps_system(self._renderer)

    @property
    def stop(self) -> tuple[str, ...]:
        """The strings that end an answer in this prompt form, besides the model's end tokens."""
        return STOPS[self.prompt_type]

    @property
    def trims_start(self) -> bool:
        """Whether white space before the answer belongs to the prompt form."""
        return self.prompt_type in (PromptType.HUMAN_BOT, PromptType.INSTRUCT)

    def encode(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> list[int]:
        """Return the prompt's token ids; it ends with the last message if that is unfinished.

        Raises:
            InvalidRequest: there is no message, the chat template rejects the messages, or they
            contain a token that the model does not have.
            UnsupportedParameter: the prompt form of the model has no tools.
        """
        if not messages:
            raise InvalidRequest("The list of messages is empty: send at least one message.")
        with self._lock:
            ids = self._encoded(messages, tools)
            if self._vocabulary is not None:
                self._vocabulary.refuse_unreadable(ids, self._tokenizer.decode)
            return ids

    def _encoded(self, messages: Sequence[Message], tools: Sequence[Tool]) -> list[int]:
        if is_bare_prompt(messages):
            return self._bare(messages[0])
        if tools or _is_tool_turn(*messages):
            self._require_tool_form()
        begun = messages[-1] if messages[-1].unfinished else None
        if begun is not None:
            messages = messages[:-1]
        if self._renderer is None:
            text = RENDERERS[self.prompt_type](messages) + self._beginning(begun)
            return list(self._tokenizer.encode(text, split_special_tokens=True))
        if not self._takes_system:
            messages = fold_system(messages)
        try:
            return self._templated(self._renderer, messages, tools, begun)
        except TemplateRefused:
            return self._templated_in_turns(self._renderer, messages, tools, begun)

    def _beginning(self, begun: Message | None) -> str:
        """Return what an unfinished message adds to a prompt without a template."""
        if begun is None or not begun.content:
            return ""
        space = "" if begun.content[0].isspace() else BEFORE_ANSWER.get(self.prompt_type, "")
        return space + begun.content

    def _bare(self, prompt: Message) -> list[int]:
        """Return the ids of a raw prompt, in which control tokens are allowed."""
        if not prompt.token_ids:
            ids = list(self._tokenizer.encode(prompt.content))
            if not ids:
                raise InvalidRequest("The prompt is empty: send at least one character.")
            return ids
        size = len(self._tokenizer)
        for each in prompt.token_ids:
            if not 0 <= each < size:
                raise InvalidRequest(
                    f"Token id {each} is none of the model's, which go from 0 to {size - 1}."
                )
        return list(prompt.token_ids)

    def close(self) -> None:
        """Stop the template's process; the next use restarts it."""
        if self._renderer is not None:
            self._renderer.close()

    def end_tokens(self) -> set[int]:
        """Return the control tokens with which the template ends an assistant's turn."""
        if self._renderer is None:
            return set()
        turns = [{"role": "user", "content": PROBE}, {"role": "assistant", "content": PROBE}]
        try:
            text = self._renderer.render(turns, False)
        except TemplateRefused:
            return set()
        ending = text.rpartition(PROBE)[2].strip()
        ids = self._tokenizer.encode(ending, add_special_tokens=False) if ending else []
        special = set(self._tokenizer.all_special_ids)
        return {ids[0]} if ids and ids[0] in special else set()

    def _templated_in_turns(
        self,
        renderer: TemplateRenderer,
        messages: Sequence[Message],
        tools: Sequence[Tool],
        begun: Message | None,
    ) -> list[int]:
        try:
            return self._templated(renderer, join_neighbours(fold_system(messages)), tools, begun)
        except TemplateRefused as error:
            raise InvalidRequest(
                f"The model's chat template refuses these messages: {error}. "
                "Let user and assistant speak in turns, the user first."
            ) from error

    def _templated(
        self,
        renderer: TemplateRenderer,
        messages: Sequence[Message],
        tools: Sequence[Tool],
        begun: Message | None,
    ) -> list[int]:
        def safe(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
            return marked(values, self._tokenizer, str(self._template))

        text = renderer.render(safe(turns_of(messages)), True, safe(described(tools)))
        if begun is not None:
            text = _unclosed(renderer, text, safe(turns_of([*messages, begun])))
        return list(encode_marked_chat(self._tokenizer, text))

    def _require_tool_form(self) -> None:
        if self._takes_tools is None:
            self._takes_tools = self._renderer is not None and takes_tools(self._renderer)
        if not self._takes_tools:
            raise UnsupportedParameter(
                "tools cannot be used: the model's chat template does not support them. "
                "Remove them or choose another model."
            )

    @staticmethod
    def _keeps_system(renderer: TemplateRenderer) -> bool:
        """Whether the template shows a system message; some raise, some drop it silently."""
        turns = [{"role": "system", "content": PROBE}, {"role": "user", "content": "question"}]
        try:
            return PROBE in renderer.render(turns, False)
        except TemplateRefused:
            return False


def _unclosed(renderer: TemplateRenderer, opened: str, turns: list[dict[str, Any]]) -> str:
    """Return the prompt that ends with the content of the last turn, as transformers makes it.

    ``opened`` is the prompt up to where the model begins to write. A template may render a given
    answer differently from a generated one (without its reasoning, say): there the content follows
    ``opened``, where the model generated it.
    """
    content = turns[-1]["content"]
    turns[-1]["content"] = content + MESSAGE_END
    try:
        text = renderer.render(turns, False).rpartition(MESSAGE_END)[0]
    except TemplateRefused:
        text = ""
    if text.startswith(opened) and text.endswith(content):
        return text
    return opened + str(content)


def _template(tokenizer: PreTrainedTokenizerBase, prompt_type: PromptType) -> str | None:
    if prompt_type is PromptType.DANUBE:
        return DANUBE_TEMPLATE
    return tokenizer.get_chat_template() if prompt_type is PromptType.TEMPLATE else None
