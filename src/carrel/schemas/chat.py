"""The body of a chat completion request, in OpenAI's shape, with Carrel's ``documents``.

Format: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from carrel.core.errors import TooManyMessages
from carrel.core.function_tools import ToolUse
from carrel.core.request_limits import MOST_MESSAGES, require_few_messages
from carrel.schemas.body import RequestBody, Text
from carrel.schemas.function_tools import (
    MOST_TOOLS,
    NamedTool,
    ToolBody,
    ToolCallBody,
    ToolChoice,
    tool_use,
)
from carrel.schemas.refused import as_refusal, refusal, unless
from carrel.schemas.sampling import GenerationBody, RefusedPenalties
from carrel.schemas.sources import MOST_DOCUMENTS, FilterText, PassageCount

MOST_PARTS = 1_000
"""Maximum parts of one message's content."""

MOST_ANSWERS = 8
"""Maximum answers to one request."""

ModelChoice = Annotated[Text | Annotated[int, Field(ge=0)], Field()]
"""A model by name, or by index among the loaded models, from 0."""


def join_parts(content: Any) -> Any:
    """Join text parts with line breaks.

    Raises:
        PydanticCustomError: a part is of another kind, such as an image.
        ValueError: a part is malformed, or there are too many.
    """
    if not isinstance(content, list):
        return content
    if len(content) > MOST_PARTS:
        raise ValueError(f"{len(content)} parts; {MOST_PARTS:,} are the most")
    texts = []
    for part in content:
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise ValueError("a part is an object with 'type' and 'text'")
        if part["type"] != "text":
            raise refusal("Parts of type '{kind}' are not supported: send text.", kind=part["type"])
        if part.keys() != {"type", "text"} or not isinstance(part["text"], str):
            raise ValueError("a text part is {'type': 'text', 'text': '...'}")
        texts.append(part["text"])
    return "\n".join(texts)


class MessageBody(RequestBody):
    """One message; ``developer`` is an alias of ``system``.

    Only an assistant with ``tool_calls`` may omit ``content``. A ``tool`` answers the call
    ``tool_call_id``.
    """

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Annotated[Text | None, BeforeValidator(join_parts)] = None

    name: Annotated[Any, unless()] = None
    refusal: Annotated[Any, unless()] = None
    audio: Annotated[Any, unless()] = None
    annotations: Annotated[Any, unless([])] = None
    tool_calls: list[ToolCallBody] | None = Field(None, max_length=MOST_TOOLS)
    tool_call_id: Text | None = Field(None, min_length=1, max_length=200)
    function_call: Annotated[Any, unless()] = None

    @model_validator(mode="after")
    def _of_its_role(self) -> Self:
        if self.tool_calls and self.role != "assistant":
            raise ValueError("only an assistant's message has tool_calls")
        if (self.tool_call_id is not None) != (self.role == "tool"):
            raise ValueError("a tool's message, and no other, has tool_call_id")
        if self.content is None and not self.tool_calls:
            raise ValueError("content is missing: only a message with tool_calls needs none")
        return self


def few_messages(messages: Any) -> Any:
    """Return the messages unchanged.

    Raises:
        PydanticCustomError: there are too many.
    """
    if isinstance(messages, list):
        try:
            require_few_messages(len(messages))
        except TooManyMessages as error:
            raise as_refusal(error) from error
    return messages


Messages = Annotated[
    list[MessageBody],
    Field(min_length=1, max_length=MOST_MESSAGES),
    BeforeValidator(few_messages),
]


def require_unfinished(
    messages: Sequence[MessageBody], continues: bool | None, adds_prompt: bool | None
) -> None:
    """Check ``continue_final_message`` and ``add_generation_prompt``, in this order.

    Raises:
        ValueError: the last message is not the assistant's text, or the options contradict each
        other.
    """
    if not continues:
        if adds_prompt is False:
            raise ValueError("add_generation_prompt=false belongs to continue_final_message=true")
        return
    if adds_prompt:
        raise ValueError("continue_final_message=true needs add_generation_prompt=false")
    last = messages[-1]
    if last.role != "assistant" or last.tool_calls or len(messages) < 2:
        raise ValueError(
            "continue_final_message continues the assistant's text: send it as the last message, "
            "behind the question"
        )


class DocumentsBody(RequestBody):
    """The documents that are asked. Empty ``ids`` means all documents of the ``collections``.

    ``filter`` restricts them to those that match, as in ``folder:invoices type:pdf after:2024-05``.
    ``mode`` ``query`` answers from the documents only, ``chat`` also from the model's knowledge.
    ``answer_style`` ``short`` answers in a few words; the default is the setting of that name.
    """

    collections: list[Text] = Field(min_length=1, max_length=100)
    ids: list[Text] = Field(default_factory=list, max_length=MOST_DOCUMENTS)
    filter: FilterText = ""
    top_k: PassageCount = None
    mode: Literal["query", "chat"] = "query"
    answer_style: Literal["full", "short"] | None = None


class TextFormat(RequestBody):
    """Any text: the default."""

    type: Literal["text"]


class JsonObjectFormat(RequestBody):
    """Any JSON object."""

    type: Literal["json_object"]


class SchemaBody(RequestBody):
    """A named JSON schema. Answers always conform, whether it is ``strict`` or not.

    ``description`` is for human readers; the model does not see the schema.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    name: Text = Field(pattern="^[a-zA-Z0-9_-]{1,64}$")
    description: Text | None = None
    json_schema: dict[str, Any] | None = Field(None, alias="schema")
    strict: bool | None = None


class JsonSchemaFormat(RequestBody):
    """JSON that conforms to a schema."""

    type: Literal["json_schema"]
    json_schema: SchemaBody


FormatBody = Annotated[
    TextFormat | JsonObjectFormat | JsonSchemaFormat, Field(discriminator="type")
]


class RefusedOptions(RefusedPenalties):
    """OpenAI's options that no engine supports, each with the values that have no effect."""

    functions: Annotated[Any, unless([])] = None
    function_call: Annotated[Any, unless("none", "auto")] = None
    modalities: Annotated[Any, unless(["text"])] = None
    audio: Annotated[Any, unless()] = None
    prediction: Annotated[Any, unless()] = None
    reasoning_effort: Annotated[Any, unless("none")] = None
    verbosity: Annotated[Any, unless()] = None
    service_tier: Annotated[Any, unless("auto", "default")] = None
    store: Annotated[Any, unless(False)] = None
    metadata: Annotated[Any, unless({})] = None
    moderation: Annotated[Any, unless()] = None
    prompt_cache_options: Annotated[Any, unless()] = None
    prompt_cache_retention: Annotated[Any, unless()] = None
    web_search_options: Annotated[Any, unless()] = None


class ChatBody(GenerationBody, RefusedOptions):
    """A chat completion request. Omitted options take the server's settings.

    ``top_k``, ``repetition_penalty`` and ``min_tokens`` are extensions that other local servers
    share, as are ``continue_final_message`` and ``add_generation_prompt``, with which the last
    message is continued instead of answered. ``max_time``, in seconds, is Carrel's own.
    """

    messages: Messages
    model: ModelChoice | None = None
    max_completion_tokens: int | None = Field(None, ge=1)
    n: int | None = Field(None, ge=1, le=MOST_ANSWERS)
    response_format: FormatBody | None = None
    tools: list[ToolBody] | None = Field(None, max_length=MOST_TOOLS)
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    documents: DocumentsBody | None = None
    continue_final_message: bool | None = None
    add_generation_prompt: bool | None = None

    # Like ``user``.
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        both = (self.max_tokens, self.max_completion_tokens)
        if None not in both and both[0] != both[1]:
            raise ValueError("max_tokens and max_completion_tokens differ: send one of them")
        self._require_stream()
        if (self.n or 1) > 1 and self.documents is not None:
            raise refusal("'n' above 1 cannot be combined with 'documents'.")
        require_unfinished(self.messages, self.continue_final_message, self.add_generation_prompt)
        self._check_tools()
        if self.top_logprobs and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs=true")
        return self

    def _check_tools(self) -> None:
        names = [each.function.name for each in self.tools or ()]
        if len(set(names)) < len(names):
            raise ValueError("two tools have the same name")
        choice = self.tool_choice
        if isinstance(choice, NamedTool) and choice.function.name not in names:
            raise ValueError("tool_choice names a function that is not in tools")
        if choice == "required" and not names:
            raise ValueError("tool_choice 'required' needs tools")
        if self.tool_use is not None and self.documents is not None:
            raise refusal("'tools' cannot be combined with 'documents'.")

    @property
    def tool_use(self) -> ToolUse | None:
        """The tools that the answer may call."""
        return tool_use(
            self.tools or [], self.tool_choice, parallel=self.parallel_tool_calls is not False
        )

    @property
    def token_limit(self) -> int | None:
        """The maximum answer length, from either of its two names."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def alternatives(self) -> int | None:
        """The number of alternatives per token; None disables log-probabilities."""
        return (self.top_logprobs or 0) if self.logprobs else None
