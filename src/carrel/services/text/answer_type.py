"""Expected type of an answer, and whether a few words match it. Pure functions.

By the question words of ten languages and the form of the answer; other questions have no type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from carrel.services.text.dates import MONTH_NAMES


class AnswerType(StrEnum):
    """What a question asks for."""

    DATE = "date"
    NUMBER = "number"
    NAME = "name"
    OTHER = "other"


ASKED: dict[AnswerType, re.Pattern[str]] = {
    AnswerType.DATE: re.compile(
        r"\b(when|(what|which) (year|date|decade|century|month|day)"
        r"|wann|welche[mns]? (jahr|tag|monat|datum)|quand|quelle (année|date)|quel (jour|mois)"
        r"|cuándo|qué (año|fecha|día|mes)|quando|quale (anno|data)|que (ano|data|dia)"
        r"|когда|каком году)\b"
        r"|什么时候|什麼時候|何[时時年日]|哪一?[年天]|いつ|\bمتى\b|언제",
        re.IGNORECASE,
    ),
    AnswerType.NUMBER: re.compile(
        r"\b(how (many|much|long|old|far|large|big|high|tall|often)|percent\w*|what number"
        r"|population"
        r"|wie ?viele?|wie (hoch|lang|lange|groß|alt|weit|oft|schwer)|wieviel|combien"
        r"|quel(le)? (montant|pourcentage|nombre|prix|somme|part)|cuánt[oa]s?|quant[oaie]"
        r"|quant[oa]s|сколько|каков[ао]? (сумма|цена|доля|стоимость))\b"
        r"|多少|[几幾]|いくら|いくつ|何[人個円回年]間?|\bكم\b|몇|얼마",
        re.IGNORECASE,
    ),
    AnswerType.NAME: re.compile(
        r"\b(who|whom|whose|where|(what|which) (city|country|state|place|location))\b"
        # At the beginning: "dove" and "chi" are English, too.
        r"|\A\W*((an|bei|für|mit|von|zu|avec|chez|de|par|pour|à|con|da|di|para|per|por|от|с|у) )?"
        r"(wer|wem|wen|wessen|wo|qui|où|quién(es)?|dónde|chi|dove|quem|onde|кто|кого|кому|где)\b"
        r"|[谁誰]|哪[里裡]|どこ|\bمن هو\b|\bأين\b|누구|어디",
        re.IGNORECASE,
    ),
}

YEAR = re.compile(r"\b\d{3,4}s?\b")
DATE_WORDS = MONTH_NAMES | {"century", "jahrhundert", "siècle", "siglo", "secolo", "século", "век"}
_NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve dozen hundred hundreds "
    "thousand thousands million millions billion billions half third twice once double "
    "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf hundert tausend hälfte doppelt "
    "deux trois quatre cinq sept huit neuf dix onze douze cent mille moitié "
    "dos tres cuatro cinco seis siete ocho nueve diez cien mil mitad "
    "quattro cinque sette otto nove dieci cento mila metà dois três sete oito dez cem "
    "два две три четыре пять шесть семь восемь девять десять сто тысяча тысяч половина "
)
_NUMERAL = re.compile("[一二三四五六七八九十百千万亿億两兩]")
NUMBER_WORDS = frozenset(_NUMBER_WORDS.split())


def kind_of(question: str) -> AnswerType:
    """Return the type of a question: the first one whose words it contains."""
    return next((kind for kind, words in ASKED.items() if words.search(question)), AnswerType.OTHER)


def fit(kind: AnswerType, words: Sequence[str]) -> float:
    """Return whether words match the type: 1 they do, -1 they do not, 0 unknown."""
    small = {word.lower() for word in words}
    digits = any(character.isdigit() for word in words for character in word)
    if kind is AnswerType.DATE:
        if YEAR.search(" ".join(words)) or small & DATE_WORDS:
            return 1.0
        return 0.0 if digits else -1.0
    if kind is AnswerType.NUMBER:
        written = digits or small & NUMBER_WORDS or _NUMERAL.search("".join(words))
        return 1.0 if written else -1.0
    if kind is AnswerType.NAME:
        # A description can also answer "who": missing capitals are weak evidence.
        return 1.0 if any(word[:1].isupper() for word in words) else -0.3
    return 0.0
