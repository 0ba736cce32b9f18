"""Body and reply of h2oGPT's ``/submit_nochat_api``.

Source of the names: ``docs/README_CLIENT.md`` and ``client_test.py`` of https://github.com/h2oai/h2ogpt
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from carrel.core.errors import CarrelError, InvalidRequest, UnsupportedParameter
from carrel.schemas.body import RequestBody, Text
from carrel.schemas.literal import read_dict
from carrel.schemas.refused import refusal, unless
from carrel.schemas.sources import PassageCount

NO_COLLECTION = {"LLM", "Disabled"}
_ALL = {"All", "DocumentChoice.ALL"}
_DEFAULT_PROMPTS = {"", "auto"}


class Action(StrEnum):
    """Document actions."""

    QUERY = "Query"
    SUMMARIZE = "Summarize"
    EXTRACT = "Extract"


def _action(value: Any) -> Action:
    name = str(value).removeprefix("LangChainAction.")
    for each in Action:
        if name in (each.value, each.name, f"{each.name}_MAP"):
            return each
    raise refusal("'langchain_action' is Query, Summarize or Extract here.")


def _chosen(value: Any) -> Any:
    """Return the names of the documents; an empty list means all."""
    if value is None or value in ([], *_ALL) or (isinstance(value, list) and value[0] in _ALL):
        return []
    return [value] if isinstance(value, str) else value


def _first(value: Any) -> Any:
    """Return the one model that is named; a list may hold one."""
    if isinstance(value, list):
        if len(value) > 1:
            raise refusal("'visible_models' names one model at a time: call once for each.")
        value = value[0] if value else None
    return None if value == "" else value


def _no_subset(value: Any) -> None:
    if value not in (None, "Relevant", "DocumentSubset.Relevant"):
        raise refusal("'document_subset' is Relevant here: name documents in 'document_choice'.")


def _no_texts(value: Any) -> None:
    if value not in (None, []):
        raise refusal("'text_context_list' is not supported: add the texts to a collection first.")


def _prompt(value: str | None) -> str | None:
    return None if value in _DEFAULT_PROMPTS else value


class RefusedKeys(RequestBody):
    """Keys of h2oGPT that are not supported, each with the values that have no effect."""

    langchain_agents: Annotated[Any, unless([])] = None
    document_subset: Annotated[Any, AfterValidator(_no_subset)] = None
    text_context_list: Annotated[Any, AfterValidator(_no_texts)] = None
    chat: Annotated[Any, unless(False)] = None
    prompt_dict: Annotated[Any, unless("", {})] = None
    num_beams: Annotated[Any, unless(1)] = None
    num_return_sequences: Annotated[Any, unless(1)] = None
    penalty_alpha: Annotated[Any, unless(0, 0.0)] = None
    early_stopping: Annotated[Any, unless(False)] = None
    context: Annotated[Any, unless("")] = None
    iinput: Annotated[Any, unless("")] = None
    add_search_to_context: Annotated[Any, unless(False)] = None
    add_chat_history_to_context: Annotated[Any, unless(True)] = None
    chunk: Annotated[Any, unless(True)] = None
    chunk_size: Annotated[Any, unless()] = None
    pre_prompt_query: Annotated[Any, unless("")] = None
    prompt_query: Annotated[Any, unless("")] = None
    pre_prompt_summary: Annotated[Any, unless("")] = None
    prompt_summary: Annotated[Any, unless("")] = None
    image_file: Annotated[Any, unless("", [])] = None
    image_control: Annotated[Any, unless("")] = None
    response_format: Annotated[Any, unless("text")] = None
    guided_json: Annotated[Any, unless("")] = None
    tts_model: Annotated[Any, unless("", "None")] = None
    chatbot_role: Annotated[Any, unless("", "None")] = None
    speaker: Annotated[Any, unless("", "None")] = None


class H2ogptBody(RefusedKeys):
    """One question, summary or extraction. Omitted keys take the server's settings.

    ``max_time`` is in seconds, tokens are the model's own. ``seed`` 0 is a random one.
    """

    instruction_nochat: Text | None = None
    instruction: Text | None = None
    iinput_nochat: Text | None = None
    langchain_mode: Text | None = None
    langchain_action: Annotated[Action, BeforeValidator(_action)] = Action.QUERY
    top_k_docs: PassageCount = None
    document_choice: Annotated[list[Text], BeforeValidator(_chosen)] = Field(
        default_factory=list, max_length=1000
    )
    system_prompt: Annotated[Text | None, AfterValidator(_prompt)] = None
    chat_conversation: list[Annotated[list[Text], Field(min_length=2, max_length=2)]] | None = None
    visible_models: Annotated[Text | int | None, BeforeValidator(_first)] = None
    stream_output: bool = False
    max_new_tokens: int | None = Field(None, ge=1)
    min_new_tokens: int | None = Field(None, ge=0)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=0)
    repetition_penalty: float | None = Field(None, ge=0.5, le=2)
    seed: int | None = Field(None, ge=0, lt=2**63)
    do_sample: bool | None = None
    max_time: float | None = Field(None, gt=0)
    prompt_type: Text | None = None
    h2ogpt_key: Text | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.instruction and self.instruction_nochat:
            raise ValueError("instruction and instruction_nochat are the same: send one of them")
        if self.do_sample is False and self.temperature:
            raise ValueError("do_sample=False is greedy: leave temperature out, or send 0")
        if self.do_sample and self.temperature == 0:
            raise ValueError("do_sample=True needs a temperature above 0")
        if self.langchain_action is not Action.QUERY:
            self._refuse_beside_summary()
        if self.collection is None:
            for name in ("top_k_docs", "document_choice"):
                if getattr(self, name):
                    raise ValueError(f"{name} needs a collection: name one in langchain_mode")
        return self

    def _refuse_beside_summary(self) -> None:
        action = self.langchain_action.value
        if self.collection is None:
            raise ValueError(f"{action} needs a collection: name one in langchain_mode")
        for name in _QUERY_ONLY:
            if getattr(self, name) is not None:
                raise refusal(
                    "'{option}' cannot be combined with langchain_action={action}.",
                    option=name,
                    action=action,
                )

    @property
    def text(self) -> str:
        """The question, or the focus of a summary, followed by the input."""
        parts = (self.instruction_nochat or self.instruction, self.iinput_nochat)
        return "\n".join(each for each in parts if each)

    @property
    def collection(self) -> str | None:
        """The collection to ask; None for no documents."""
        named = self.langchain_mode
        return None if not named or named in NO_COLLECTION else named


_QUERY_ONLY = (
    "top_k_docs",
    "system_prompt",
    "chat_conversation",
    "min_new_tokens",
    "temperature",
    "top_p",
    "top_k",
    "repetition_penalty",
    "seed",
    "do_sample",
    "max_time",
)


def read_nochat(text: str) -> H2ogptBody:
    """Parse a request from a string that holds a dict.

    Raises:
        InvalidRequest: it is no dict, or a key is unknown or out of bounds.
        UnsupportedParameter: the value of a known key is not supported.
    """
    given = read_dict(text)
    try:
        return H2ogptBody.model_validate(given)
    except ValidationError as error:
        raise _refused(error) from error


def _refused(error: ValidationError) -> CarrelError:
    problems = error.errors(include_url=False, include_input=False)
    first = min(problems, key=lambda each: each["type"] != UnsupportedParameter.code)
    place = ".".join(str(each) for each in first["loc"])[:200]
    if first["type"] == UnsupportedParameter.code:
        return UnsupportedParameter(first["msg"])
    if first["type"] == "extra_forbidden":
        return InvalidRequest(f"Unknown field '{place}'.")
    text = " ".join(first["msg"].removeprefix("Value error, ").split())
    return InvalidRequest(f"'{place}': {text}." if place else f"{text}.")
