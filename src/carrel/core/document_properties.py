"""What documents state about themselves: title, authors, dates, keywords, language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_CHARACTERS = 500
"""Maximum length of a title, a name or a keyword."""

MOST_VALUES = 50
"""Maximum number of authors, and of keywords."""

_TEXTS = ("title", "created", "modified", "language")
_LISTS = ("authors", "keywords")


@dataclass(frozen=True, slots=True)
class DocumentProperties:
    """The properties of a document, as its file states them; nothing is guessed.

    Dates are in ISO 8601, as exact as the file has them: ``2024``, ``2024-05-14`` or
    ``2024-05-14T09:30:00+02:00``. ``language`` is a language tag such as ``en`` or ``de-AT``.
    """

    title: str | None = None
    authors: tuple[str, ...] = ()
    created: str | None = None
    modified: str | None = None
    keywords: tuple[str, ...] = ()
    language: str | None = None

    def __bool__(self) -> bool:
        """Whether anything is stated."""
        return self != NOTHING_STATED

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> DocumentProperties:
        """Return the properties of ``values``; unknown keys are ignored.

        Raises:
            ValueError: a value has the wrong type or is too long.
        """
        texts = {name: values.get(name) for name in _TEXTS}
        lists = {name: values.get(name) or () for name in _LISTS}
        for text in texts.values():
            if text is not None and not _is_short_text(text):
                raise ValueError("a property is no short text")
        for several in lists.values():
            if not isinstance(several, list | tuple) or len(several) > MOST_VALUES:
                raise ValueError("a property is no short list")
            if not all(map(_is_short_text, several)):
                raise ValueError("a property is no list of short texts")
        return cls(
            texts["title"],
            tuple(lists["authors"]),
            texts["created"],
            texts["modified"],
            tuple(lists["keywords"]),
            texts["language"],
        )

    def values(self) -> dict[str, str | list[str]]:
        """Return the stated properties by name, as JSON has them."""
        found: dict[str, str | list[str]] = {}
        for name in _TEXTS:
            if text := getattr(self, name):
                found[name] = text
        for name in _LISTS:
            if several := getattr(self, name):
                found[name] = list(several)
        return found


NOTHING_STATED = DocumentProperties()


def _is_short_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MOST_CHARACTERS
