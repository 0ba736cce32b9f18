"""Targets of citation marks and sources on the page."""

from __future__ import annotations

from dataclasses import dataclass

from carrel.core.documents import DocumentRecord, Source
from carrel.core.errors import PlaceNotFound
from carrel.ui.state.session import Session


@dataclass(frozen=True, slots=True)
class Preview:
    """A quote in a source, or a whole document; ``identity`` is its name on the page."""

    source: Source
    quote: str
    identity: str = ""

    @classmethod
    def of_document(cls, record: DocumentRecord, collection: str) -> Preview:
        """Return a document, opened at its first page."""
        return cls(Source(0, record.name, record.id, collection, 1, 0.0, "", ""), "")

    @property
    def is_document(self) -> bool:
        """Whether it is a whole document: sources count from 1."""
        return self.source.index == 0

    @property
    def cited_page(self) -> int | None:
        """The page of the quote."""
        return None if self.is_document else self.source.page


def preview_of(identity: str, session: Session) -> Preview:
    """Return the place that a button of the page names; the name is untrusted input.

    It is ``answer.TURN.SENTENCE.CITATION``, ``source.TURN.INDEX`` or ``found.INDEX``, resolved in
    what this session was shown, so that nothing else can be named.

    Raises:
        PlaceNotFound: nothing of that name was shown.
    """
    kind, *numbers = identity.split(".")
    try:
        # A minus sign would count from the end.
        at = [int(number) for number in numbers if number.isdecimal()]
        if kind == "answer":
            citation = session.exchanges[at[0]].sentences[at[1]].citations[at[2]]
            return Preview(citation.source, citation.quote, identity)
        if kind == "source":
            sources = {each.index: each for each in session.exchanges[at[0]].sources}
            return Preview(sources[at[1]], sources[at[1]].quote, identity)
        if kind == "found":
            found = {each.index: each for each in session.found}
            return Preview(found[at[0]], found[at[0]].quote, identity)
    except (IndexError, KeyError, ValueError):
        pass
    raise PlaceNotFound("That source is not shown any more: ask or search again.")


def sources_beside(place: Preview, session: Session) -> dict[str, Source]:
    """Return the sources that are listed with a place, by their names on the page."""
    kind, *numbers = place.identity.split(".")
    if kind == "found":
        return {f"found.{each.index}": each for each in session.found}
    turn = int(numbers[0])
    # The chat may have changed while the panel was open.
    answers = session.exchanges[turn : turn + 1]
    return {f"source.{turn}.{each.index}": each for one in answers for each in one.sources}
