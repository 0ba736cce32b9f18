"""Converts requests of h2oGPT's clients to core's."""

from __future__ import annotations

import hmac

from carrel.core.access import Principal
from carrel.core.chat import AnswerStyle, ChatRequest, Message, Role, SamplingParams, Scope
from carrel.core.errors import (
    DocumentNotFound,
    NotAuthenticated,
    UnsupportedParameter,
)
from carrel.core.summaries import SummarizationRequest
from carrel.schemas.h2ogpt import H2ogptBody
from carrel.services.application import Services
from carrel.services.models import chosen_model
from carrel.settings.schema import Settings
from carrel.ui.state.choices import sampling_of


def check_key(body: H2ogptBody, settings: Settings) -> None:
    """Check the key in the body, if it has one and the server requires one.

    The request already passed with the server's key in a header; a wrong one is reported all the
    same.

    Raises:
        NotAuthenticated: it is not the server's.
    """
    key = settings.server.api_key
    if not body.h2ogpt_key or key is None or not key.get_secret_value():
        return
    if not hmac.compare_digest(body.h2ogpt_key.encode(), key.get_secret_value().encode()):
        raise NotAuthenticated("'h2ogpt_key' is not the key of this server: correct it.")


async def to_chat(body: H2ogptBody, services: Services, caller: str) -> ChatRequest:
    """Return the question.

    Raises:
        ModelNotFound: the index of ``visible_models`` is out of range.
        CollectionNotFound, DocumentNotFound: the documents that are named do not exist.
        UnsupportedParameter: ``prompt_type`` is not the one of the server.
    """
    principal, settings = Principal(), services.settings
    messages = [Message(Role.SYSTEM, body.system_prompt)] if body.system_prompt else []
    for asked, answered in body.chat_conversation or []:
        messages += [Message(Role.USER, asked), Message(Role.ASSISTANT, answered)]
    messages.append(Message(Role.USER, body.text))
    _check_prompt_type(body, settings)
    return ChatRequest(
        messages=tuple(messages),
        principal=principal,
        model=_model(body, services),
        sampling=_sampling(body, settings),
        scope=await _scope(body, services, principal),
        caller=caller,
    )


async def to_summary(body: H2ogptBody, services: Services, caller: str) -> SummarizationRequest:
    """Return the request for a summary or an extraction; it raises what ``to_chat`` does."""
    assert body.collection is not None, "the body was checked"
    principal = Principal()
    _check_prompt_type(body, services.settings)
    return SummarizationRequest(
        (body.collection,),
        principal,
        await _document_ids(body.collection, body.document_choice, services, principal),
        body.text,
        _model(body, services),
        body.max_new_tokens,
        caller,
    )


def _check_prompt_type(body: H2ogptBody, settings: Settings) -> None:
    if body.prompt_type and body.prompt_type != settings.model.prompt_type:
        raise UnsupportedParameter(
            f"'prompt_type' is {settings.model.prompt_type} and is set when the server "
            "starts: remove it."
        )


def _model(body: H2ogptBody, services: Services) -> str | None:
    return chosen_model(services.models, body.visible_models)


def _sampling(body: H2ogptBody, settings: Settings) -> SamplingParams:
    usual = sampling_of(settings)
    given = body.temperature
    temperature = 0.0 if body.do_sample is False else usual.temperature if given is None else given
    if body.do_sample and not temperature:
        raise UnsupportedParameter(
            "'do_sample' needs a temperature, which is 0 here: send one above 0."
        )
    penalty = body.repetition_penalty
    return SamplingParams(
        max_new_tokens=body.max_new_tokens or usual.max_new_tokens,
        min_new_tokens=body.min_new_tokens or 0,
        temperature=temperature,
        top_p=usual.top_p if body.top_p is None else body.top_p,
        top_k=body.top_k or 0,
        repetition_penalty=usual.repetition_penalty if penalty is None else penalty,
        # h2oGPT's 0 means a random seed.
        seed=body.seed or None,
        max_time=body.max_time,
    )


async def _scope(body: H2ogptBody, services: Services, principal: Principal) -> Scope | None:
    if body.collection is None:
        return None
    documents = services.settings.documents
    return Scope(
        (body.collection,),
        await _document_ids(body.collection, body.document_choice, services, principal),
        top_k=body.top_k_docs or documents.top_k,
        style=AnswerStyle(documents.answer_style),
    )


async def _document_ids(
    collection: str, names: list[str], services: Services, principal: Principal
) -> tuple[str, ...]:
    if not names:
        return ()
    records = await services.collections.documents(collection, principal)
    wanted = set(names)
    unknown = wanted - {each.name for each in records}
    if unknown:
        raise DocumentNotFound(
            f"'document_choice': there is no document '{min(unknown)}' in '{collection}'."
        )
    return tuple(each.id for each in records if each.name in wanted)
