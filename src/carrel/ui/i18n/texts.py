"""Texts of the page, one file per language.

To add a language, copy ``assets/texts/en.json`` to the code of the language and translate the
values. Names in braces are filled in. Keys with a count have ``.one`` and ``.other``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from types import MappingProxyType

from carrel.ui.i18n.theme import ASSETS

FOLDER = ASSETS / "texts"
DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts in one language; ``language`` is its code, as in the ``lang`` of a page."""

    language: str
    by_key: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """Return a text with the values filled in, not escaped."""
        return self.by_key[key].format(**values)

    def html(self, key: str, **values: object) -> str:
        """Return an escaped text for HTML, also within quotes."""
        return escape(self(key, **values))

    def number(self, value: int) -> str:
        """Return a whole number with the language's thousands separators."""
        return f"{value:,}".replace(",", self.by_key["number.group"])

    def decimal(self, value: float, digits: int) -> str:
        """Return a number with so many decimals and the language's decimal mark."""
        return f"{value:.{digits}f}".replace(".", self.by_key["number.decimal"])

    def percent(self, share: float) -> str:
        """Return a share of 1 as ``42%``."""
        return self("number.percent", value=f"{100 * share:.0f}")

    def day(self, day: date) -> str:
        """Return a day in the language's short form."""
        return self("date", year=f"{day:%Y}", month=f"{day:%m}", day=f"{day:%d}")

    def counted(self, key: str, count: int, **values: object) -> str:
        """Return ``1 message``, ``1,204 messages``."""
        form = "one" if count == 1 else "other"
        return self(f"{key}.{form}", count=self.number(count), **values)


def _read(path: Path) -> Texts:
    return Texts(path.stem, MappingProxyType(json.loads(path.read_text(encoding="utf-8"))))


LANGUAGES: Mapping[str, Texts] = MappingProxyType(
    {path.stem: _read(path) for path in sorted(FOLDER.glob("*.json"))}
)
ENGLISH = LANGUAGES[DEFAULT]


def texts_for(wanted: Iterable[str]) -> Texts:
    """Return the texts of the first supported language, English by default.

    ``wanted`` are codes as sent by browsers, in order of preference: ``de-AT``, ``en``.
    """
    for each in wanted:
        code = each.split("-")[0].lower()
        if code in LANGUAGES:
            return LANGUAGES[code]
    return ENGLISH
