"""Citations: the sentences of an answer and the quotes that support them."""

from __future__ import annotations

from dataclasses import dataclass

from carrel.core.documents import Source


@dataclass(frozen=True, slots=True)
class Citation:
    """A span of a source that supports a sentence of an answer.

    ``start`` and ``end`` are the character span within ``source.text``. The quote is cut from
    that text, so that it is always verbatim.
    """

    source: Source
    start: int
    end: int

    def __post_init__(self) -> None:
        """Check the span.

        Raises:
            ValueError: it is empty or out of range.
        """
        if not 0 <= self.start < self.end <= len(self.source.text):
            raise ValueError(
                f"{self.start} to {self.end} is no place in source {self.source.index}"
            )

    @property
    def quote(self) -> str:
        """The cited words, verbatim."""
        return self.source.text[self.start : self.end]

    @property
    def page_start(self) -> int:
        """Where the quote starts within its page, or its section where there are no pages."""
        return self.source.start + self.start

    @property
    def page_end(self) -> int:
        """Where the quote ends within its page or section."""
        return self.source.start + self.end


@dataclass(frozen=True, slots=True)
class CheckedSentence:
    """A sentence of an answer; ``start`` and ``end`` are its character span within the answer.

    A sentence without citations is not supported by the sources.
    """

    text: str
    start: int
    end: int
    citations: tuple[Citation, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether the sources support the sentence."""
        return bool(self.citations)
