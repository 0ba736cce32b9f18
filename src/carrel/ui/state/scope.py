"""The scope of a tab: whole collections, some of their documents, or none."""

from __future__ import annotations

from dataclasses import dataclass, replace

from carrel.core.chat import AnswerStyle, Scope
from carrel.core.documents import DocumentRecord
from carrel.settings.schema import Settings
from carrel.ui.i18n.texts import Texts


@dataclass(frozen=True, slots=True)
class ChosenDocument:
    """A selected document and its collection."""

    id: str
    name: str
    collection: str


@dataclass(frozen=True, slots=True)
class ChosenScope:
    """The scope: nothing without a collection, all their documents without a document."""

    collections: tuple[str, ...] = ()
    documents: tuple[ChosenDocument, ...] = ()

    def label(self, texts: Texts) -> str:
        """Return a short label."""
        if not self.collections:
            return texts("composer.no_documents")
        if len(self.documents) > 1:
            return texts.counted("count.document", len(self.documents))
        if self.documents:
            return self.documents[0].name
        if len(self.collections) > 1:
            return texts.counted("scope.collections", len(self.collections))
        return self.collections[0]

    def asked(self, settings: Settings) -> Scope | None:
        """Return the services' form of it."""
        if not self.collections:
            return None
        documents = settings.documents
        return Scope(
            self.collections,
            tuple(each.id for each in self.documents),
            top_k=documents.top_k,
            style=AnswerStyle(documents.answer_style),
        )

    def with_collection(self, name: str) -> ChosenScope:
        """Toggle a collection."""
        if name in self.collections:
            return self.without_collection(name)
        return replace(self, collections=(*self.collections, name))

    def without_collection(self, name: str) -> ChosenScope:
        """Return it without a collection and its documents."""
        return ChosenScope(
            tuple(each for each in self.collections if each != name),
            tuple(each for each in self.documents if each.collection != name),
        )

    def with_document(self, record: DocumentRecord, collection: str) -> ChosenScope:
        """Toggle a document."""
        if any(each.id == record.id for each in self.documents):
            return self.without_document(record.id)
        chosen = ChosenDocument(record.id, record.name, collection)
        return replace(self, documents=(*self.documents, chosen))

    def without_document(self, document_id: str) -> ChosenScope:
        """Return it without a document."""
        left = tuple(each for each in self.documents if each.id != document_id)
        return replace(self, documents=left)

    def renamed(self, old: str, new: str) -> ChosenScope:
        """Return it with a renamed collection."""
        return ChosenScope(
            tuple(new if each == old else each for each in self.collections),
            tuple(
                replace(each, collection=new) if each.collection == old else each
                for each in self.documents
            ),
        )
