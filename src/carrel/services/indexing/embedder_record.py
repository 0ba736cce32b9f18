"""Records the embedder of each collection, and checks it against the current one."""

from __future__ import annotations

from collections.abc import Sequence

from carrel.core.documents import Collection, CollectionContents
from carrel.core.errors import InvalidSetting
from carrel.core.protocols.adapters import Catalog, Embedder, VectorIndex
from carrel.services.indexing.foreign_vectors import ForeignVectors

NAMED = 3
"""Maximum collections that a message lists by name."""


class EmbedderRecord:
    """Ensures one embedder per collection. Its methods block."""

    def __init__(
        self, catalog: Catalog, embedder: Embedder, vectors: VectorIndex, foreign: ForeignVectors
    ) -> None:
        self._catalog = catalog
        self._embedder = embedder
        self._vectors = vectors
        self._foreign = foreign
        self._recorded: set[str] = set()

    def require_same(self) -> None:
        """Check that all vectors were made by the current embedder.

        A collection without documents switches to it.

        Raises:
            InvalidSetting: documents of some collections were embedded by another one.
        """
        others = self.of_others()
        if others:
            raise InvalidSetting(self._refusal(others))
        for collection in self.of_others(with_empty=True):
            self.reset(collection)

    def of_others(self, *, with_empty: bool = False) -> list[Collection]:
        """Return the collections with vectors of another embedder, by name.

        ``with_empty`` adds those without documents.
        """
        recorded, contents = self._catalog.embedders(), self._catalog.contents()
        return [
            each
            for each in self._catalog.collections()
            if recorded.get(each.id, self._embedder.name) != self._embedder.name
            and (with_empty or _has_vectors(contents.get(each.id)))
        ]

    def reset(self, collection: Collection) -> None:
        """Remove a collection's vectors; the next ones are the current embedder's."""
        # A store keeps the vector length of an emptied collection, but not of a new one.
        self._foreign.delete_collection(collection.id)
        self._vectors.delete_collection(collection.id)
        # Recorded last: under the earlier name, that embedder would recompute what is missing.
        self._catalog.set_embedder(collection.id, self._embedder.name)

    def note(self, collection_id: str) -> None:
        """Record the current embedder, before its first vector is stored."""
        if collection_id not in self._recorded:
            self._catalog.set_embedder(collection_id, self._embedder.name)
            self._recorded.add(collection_id)

    def _refusal(self, others: Sequence[Collection]) -> str:
        recorded, contents = self._catalog.embedders(), self._catalog.contents()
        current = self._embedder.name
        kinds = sorted({recorded[each.id] for each in others})
        were = f"{_named(others)} embedded with {' and '.join(kinds)}, not {current}: "
        rest = recorded.keys() - {each.id for each in others}
        if len(kinds) > 1 or any(_has_vectors(contents.get(each)) for each in rest):
            return (
                f"{were}a reindex was stopped before it was complete; continue with "
                f"'carrel reindex --embedder={current}'."
            )
        return (
            f"{were}start with --embedder={kinds[0]}, or recompute the vectors with "
            f"'carrel reindex --embedder={current}'."
        )


def _has_vectors(contents: CollectionContents | None) -> bool:
    return contents is not None and contents.documents > contents.failed


def _named(collections: Sequence[Collection]) -> str:
    names = [f"'{each.name}'" for each in collections]
    if len(names) == 1:
        return f"Collection {names[0]} was"
    if len(names) > NAMED:
        return f"Collections {', '.join(names[:NAMED])} and {len(names) - NAMED} more were"
    return f"Collections {', '.join(names[:-1])} and {names[-1]} were"
