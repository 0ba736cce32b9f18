"""Resolves document names of a command."""

from __future__ import annotations

from collections.abc import Sequence

from carrel.core.errors import DocumentNotFound


def ids_of(
    names: Sequence[str], documents: Sequence[tuple[str, str]], collection: str
) -> list[str]:
    """Return the ids of the documents of these names; ``documents`` has names and ids.

    Raises:
        DocumentNotFound: a name is unknown.
    """
    for name in names:
        if name not in {known for known, _ in documents}:
            raise DocumentNotFound(f"There is no document '{name}' in '{collection}'.")
    return [document_id for known, document_id in documents if known in names]
