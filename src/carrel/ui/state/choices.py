"""Choices and defaults from the settings and collections."""

from __future__ import annotations

from carrel.core.access import Principal
from carrel.core.chat import SamplingParams
from carrel.core.documents import DocumentStatus
from carrel.services.application import Services
from carrel.settings.schema import LLM_MODE, Settings
from carrel.ui.state.scope import ChosenScope
from carrel.ui.state.session import Session

MEGABYTE = 1_000_000


async def collection_names(services: Services, principal: Principal) -> list[str]:
    """Return the names of the collections that the account may read."""
    found = await services.collections.list(principal)
    return list(dict.fromkeys(each.name for each in found))


def first_scope(settings: Settings, collections: list[str]) -> str:
    """Return the scope of the settings, or no documents if the collection does not exist."""
    wanted = settings.documents.langchain_mode
    return wanted if wanted in collections else LLM_MODE


async def scope_of(session: Session, services: Services) -> ChosenScope:
    """Return the tab's scope, by default that of the settings."""
    if session.scope is None:
        names = await collection_names(services, session.principal)
        first = first_scope(services.settings, names)
        session.scope = ChosenScope() if first == LLM_MODE else ChosenScope((first,))
    return session.scope


def first_collection(settings: Settings, collections: list[str]) -> str:
    """Return the collection that is shown first."""
    wanted = first_scope(settings, collections)
    return wanted if wanted in collections else collections[0]


def largest_file(settings: Settings) -> int:
    """Return the maximum size of an uploaded file in bytes."""
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


async def ready_names(services: Services, scope: ChosenScope, principal: Principal) -> list[str]:
    """Return the names of the selected documents."""
    if scope.documents:
        return [each.name for each in scope.documents]
    names = []
    for collection in scope.collections:
        documents = await services.collections.documents(collection, principal)
        names += [each.name for each in documents if each.status is DocumentStatus.READY]
    return names
