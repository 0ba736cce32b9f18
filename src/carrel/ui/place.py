"""What a mark or a source on the page points at."""

from __future__ import annotations

from dataclasses import dataclass

from carrel.core.documents import Source
from carrel.core.errors import PlaceNotFound
from carrel.ui.session import Session


@dataclass(frozen=True, slots=True)
class Place:
    """A quote in a source."""

    source: Source
    quote: str


def place_of(identity: str, session: Session) -> Place:
    """Return the place that a button of the page names; whoever sends events chooses the name.

    It is ``answer.TURN.SENTENCE.CITATION``, ``source.TURN.INDEX`` or ``found.INDEX``, looked up in
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
            return Place(citation.source, citation.quote)
        if kind == "source":
            sources = {each.index: each for each in session.exchanges[at[0]].sources}
            return Place(sources[at[1]], sources[at[1]].quote)
        if kind == "found":
            found = {each.index: each for each in session.found}
            return Place(found[at[0]], found[at[0]].quote)
    except (IndexError, KeyError, ValueError):
        pass
    raise PlaceNotFound("That source is not shown any more: ask or search again.")
