"""Recognises questions for lists of documents. Pure functions.

For all of them, for those of a kind, an author, a folder or a date, and for the newest one. Only
whole questions of these forms are taken, in English, German, French, Spanish and Chinese.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from types import MappingProxyType

from carrel.services.document_filter import DocumentFilter, FilterTerm, period
from carrel.services.text.dates import dates


class Extreme(Enum):
    """Which one of all documents is asked for."""

    NEWEST = "newest"
    OLDEST = "oldest"
    LAST_ADDED = "last added"
    FIRST_ADDED = "first added"


@dataclass(frozen=True, slots=True)
class Listing:
    """A question for the documents that match, for their number, or for one of them."""

    filter: DocumentFilter
    counts: bool = False
    extreme: Extreme | None = None


_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "pdf": "pdf",
        "word": "word",
        "docx": "docx",
        "excel": "excel",
        "xlsx": "xlsx",
        "csv": "csv",
        "powerpoint": "powerpoint",
        "pptx": "pptx",
        "text": "text",
        "txt": "txt",
        "html": "html",
        "markdown": "markdown",
        "image": "image",
        "mail": "mail",
        "email": "mail",
        "e-mail": "mail",
    }
)
_ALONE: Mapping[str, str] = MappingProxyType(
    {
        "pdfs": "pdf",
        "spreadsheets": "excel",
        "presentations": "powerpoint",
        "images": "image",
        "pictures": "image",
        "e-mails": "mail",
        "emails": "mail",
        "tabellen": "excel",
        "präsentationen": "powerpoint",
        "bilder": "image",
        "présentations": "powerpoint",
        "presentaciones": "powerpoint",
    }
)
_KIND = rf"(?P<kind>{'|'.join(_KINDS)})"
_PLURAL = rf"(?P<plural>{'|'.join(_ALONE)})"
_EN = rf"(?:(?:{_KIND}[ -])?(?:files|documents)|{_PLURAL})"
_DE = rf"(?:(?:{_KIND}-?)?(?:dateien|dokumente)|{_PLURAL})"
_FR = rf"(?:(?:fichiers|documents)(?: {_KIND})?|{_PLURAL})"
_ES = rf"(?:(?:archivos|documentos|ficheros)(?: {_KIND})?|{_PLURAL})"
_ZH = rf"(?:{_KIND}\s?)?(?:文件|文档|文檔)"
_WHEN = r"(?P<{}>today|yesterday|this week|this month|this year|(?:in|on|since|after|before) .+)"
_LISTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:(?:please )?(?:list|show|show me|give me)|which|what|(?P<count>how many))"
        rf"(?: all)?(?: of)?(?: the| my| our)? {_EN}(?: (?:are|is) there| do (?:i|we|you) have)?"
        r"(?: (?:are |were )?(?:written |made |created )?by (?P<author>.+?))?"
        r"(?: (?:are )?(?:in|from|under) (?:the )?(?:folder|directory) (?P<folder>.+?))?"
        r"(?: (?:are |were )?(?:from|dated) (?P<period>[^ ]*\d.*|[a-z]+ \d{4}))?"
        r"(?: (?:were |have been |did i |have i |was )?(?:add(?:ed)?|upload(?:ed)?) "
        rf"{_WHEN.format('added')})?"
        r"(?: in (?:this|the|my) collection)?",
        rf"(?:(?:zeige?(?: mir)?|liste)(?: alle)?(?: die)?|welche|(?P<count>wie ?viele)) {_DE}"
        r"(?: gibt es| habe ich| haben wir| sind da)?"
        r"(?: (?:sind |wurden |stammen )?(?:von|verfasst von) (?P<author>.+?))?"
        r"(?: (?:sind |liegen )?(?:im|aus dem) (?:ordner|verzeichnis) (?P<folder>.+?))?"
        r"(?: (?:sind |stammen )?(?:aus|vom) (?:dem jahr )?(?P<period>[^ ]*\d.*|\w+ \d{4}))?"
        r"(?: auf)?",
        rf"(?:(?:liste|montre|montrez)(?:-moi)?(?: tous)?(?: les)?|quels(?: sont les)?"
        rf"|(?P<count>combien de)) {_FR}(?: y a-t-il| sont là| ai-je| avons-nous)?"
        r"(?: (?:sont )?(?:écrits )?(?:de|par) (?P<author>.+?))?"
        r"(?: (?:sont )?dans le dossier (?P<folder>.+?))?",
        rf"(?:(?:lista|muestra|enumera)(?:me)?(?: todos)?(?: los)?|qué|cuáles(?: son los)?"
        rf"|(?P<count>cuántos)) {_ES}(?: hay| tengo| tenemos)?"
        r"(?: (?:son |escritos )?(?:de|por) (?P<author>.+?))?"
        r"(?: (?:están )?en la carpeta (?P<folder>.+?))?",
        rf"(?:(?:列出|显示|顯示)(?:所有|全部)?(?:的)?|(?:都)?有(?:哪些|什么|什麼)|(?P<count>有多少个?)){_ZH}",
        rf"(?P<author>[^\s,，]+?)(?:写的|寫的|撰写的)(?:有)?(?:哪些)?{_ZH}(?:有哪些)?",
    )
)
_EXTREMES = tuple(
    (extreme, re.compile(pattern, re.IGNORECASE))
    for extreme, pattern in (
        (
            Extreme.NEWEST,
            rf"(?:what|which)(?: one)?(?:'s| is) (?:the|my|our) (?:newest|latest|most recent)"
            rf" (?:{_KIND} )?(?:file|document)"
            r"|(?:what|which) (?:file|document) is (?:the )?(?:newest|latest|most recent)"
            r"|(?:was|welches|welche) ist (?:das|die) neuest?e (?:dokument|datei)"
            r"|welche(?:s|r)? (?:dokument|datei) ist (?:am neuesten|das neueste|die neueste)"
            r"|quel est le (?:document|fichier) le plus récent"
            r"|¿?cuál es el (?:documento|archivo) más (?:reciente|nuevo)"
            r"|最新的(?:文件|文档|文檔)(?:是(?:哪个|哪個|哪份|什么))?",
        ),
        (
            Extreme.OLDEST,
            r"(?:what|which)(?: one)?(?:'s| is) (?:the|my|our) oldest"
            rf" (?:{_KIND} )?(?:file|document)"
            r"|(?:what|which) (?:file|document) is (?:the )?oldest"
            r"|(?:was|welches|welche) ist (?:das|die) älteste (?:dokument|datei)"
            r"|quel est le (?:document|fichier) le plus ancien"
            r"|¿?cuál es el (?:documento|archivo) más antiguo"
            r"|最(?:旧|舊|早)的(?:文件|文档|文檔)(?:是(?:哪个|哪個|哪份|什么))?",
        ),
        (
            Extreme.LAST_ADDED,
            r"(?:what|which) (?:file|document) (?:was|did i|did we) (?:add|upload)(?:ed)?"
            r" (?:last|most recently)"
            r"|(?:what|which)(?: one)?(?:'s| is) the last (?:added|uploaded) (?:file|document)"
            r"|welche(?:s|r)? (?:dokument|datei) wurde zuletzt (?:hinzugefügt|hochgeladen)"
            r"|quel (?:document|fichier) a été ajouté en dernier"
            r"|¿?qué (?:documento|archivo) se añadió (?:el )?último"
            r"|最后(?:添加|上传)的(?:文件|文档)(?:是(?:哪个|什么))?",
        ),
        (
            Extreme.FIRST_ADDED,
            r"(?:what|which) (?:file|document) (?:was|did i|did we) (?:add|upload)(?:ed)? first"
            r"|welche(?:s|r)? (?:dokument|datei) wurde zuerst (?:hinzugefügt|hochgeladen)",
        ),
    )
)
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_QUOTES = "\"“”„«»'‘’「」 "


def listing_question(question: str, today: date) -> Listing | None:
    """Return what list a question asks for; None for any other question."""
    asked = unicodedata.normalize("NFKC", question).strip().strip("?¿.!؟。 ").strip()
    for extreme, pattern in _EXTREMES:
        if match := pattern.fullmatch(asked):
            return Listing(DocumentFilter(tuple(_kind(match))), extreme=extreme)
    for pattern in _LISTS:
        if (match := pattern.fullmatch(asked)) is None:
            continue
        found = match.groupdict()
        terms = _kind(match)
        for key in ("author", "folder"):
            if found.get(key):
                terms.append(FilterTerm(key, found[key].strip(_QUOTES).lower()))
        for key, name in (("date", "period"), ("added", "added")):
            if found.get(name):
                value = _period(found[name], today)
                if value is None:
                    return None
                terms.append(FilterTerm(key, value))
        return Listing(DocumentFilter(tuple(terms)), counts=bool(found.get("count")))
    return None


def _kind(match: re.Match[str]) -> list[FilterTerm]:
    found = match.groupdict()
    for group, names in (("kind", _KINDS), ("plural", _ALONE)):
        if found.get(group):
            return [FilterTerm("type", names[found[group].lower()])]
    return []


def _period(said: str, today: date) -> str | None:
    """Return a period as a filter has it; None if the words are none."""
    first, _, rest = said.lower().partition(" ")
    known = {
        "today": f"{today}",
        "yesterday": f"{today - timedelta(days=1)}",
        "this week": f"{today - timedelta(days=today.weekday())}..",
        "this month": f"{today:%Y-%m}",
        "this year": f"{today:%Y}",
    }
    if said.lower() in known:
        return known[said.lower()]
    is_bound = first in {"in", "on", "since", "after", "before"}
    day = _day(rest if is_bound else said)
    if day is None:
        return None
    begin, end = period(day)
    bounds = {
        "since": f"{begin}..",
        "after": f"{end}..",
        "before": f"..{begin - timedelta(days=1)}",
    }
    return bounds.get(first, day)


def _day(said: str) -> str | None:
    found = [each for each in dates(said) if each.end - each.start >= len(said.strip()) - 4]
    if found:
        # A day has its month beside it.
        best = max(found, key=lambda each: each.day)
        return f"{best.year}-{best.month:02}" + (f"-{best.day:02}" if best.day else "")
    year = said.strip().removeprefix("the year ")
    return year if _YEAR.fullmatch(year) else None
