"""What the settings and the collections offer to choose on the page."""

from __future__ import annotations

from carrel.core.access import Principal
from carrel.core.chat import AnswerStyle, SamplingParams, Scope
from carrel.core.documents import DocumentStatus
from carrel.services.application import Services
from carrel.settings.schema import LLM_MODE, Settings
from carrel.ui.texts import ENGLISH, Texts

MEGABYTE = 1_000_000


async def collection_names(services: Services, principal: Principal) -> list[str]:
    """Return the names of the collections that the account may read."""
    found = await services.collections.list(principal)
    return list(dict.fromkeys(each.name for each in found))


def scope_choices(collections: list[str], texts: Texts = ENGLISH) -> list[tuple[str, str]]:
    """Return label and value of each scope: the collections, and none."""
    return [*((name, name) for name in collections), (texts("composer.no_documents"), LLM_MODE)]


def first_scope(settings: Settings, collections: list[str]) -> str:
    """Return the scope of the settings, or no documents where that collection is not there."""
    wanted = settings.documents.langchain_mode
    return wanted if wanted in collections else LLM_MODE


async def chosen_scope(choice: str | None, services: Services, principal: Principal) -> str:
    """Return the choice, or the first scope while a page that was just opened has none yet."""
    if choice is not None:
        return choice
    return first_scope(services.settings, await collection_names(services, principal))


def first_collection(settings: Settings, collections: list[str]) -> str:
    """Return the collection whose documents are shown first."""
    wanted = first_scope(settings, collections)
    return wanted if wanted in collections else collections[0]


def scope_of(choice: str, settings: Settings) -> Scope | None:
    """Return what a choice means to the chat service."""
    if choice == LLM_MODE:
        return None
    documents = settings.documents
    return Scope((choice,), top_k=documents.top_k, style=AnswerStyle(documents.answer_style))


def largest_file(settings: Settings) -> int:
    """Return how many bytes an uploaded file may have."""
    return int(settings.documents.max_file_megabytes * MEGABYTE)


def sampling_of(settings: Settings) -> SamplingParams:
    """Return the sampling of the settings."""
    generation = settings.generation
    return SamplingParams(
        max_new_tokens=generation.max_new_tokens,
        temperature=generation.temperature,
        top_p=generation.top_p,
        repetition_penalty=generation.repetition_penalty,
    )


async def ready_names(services: Services, collection: str, principal: Principal) -> list[str]:
    """Return the names of the documents that can be asked."""
    documents = await services.collections.documents(collection, principal)
    return [each.name for each in documents if each.status is DocumentStatus.READY]
