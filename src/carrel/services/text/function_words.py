"""Function words and question words of other languages than English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from carrel.services.text.languages import stems

_GERMAN = """
aber alle als am an auch auf aus bei beim bis bitte da damit dann das dass dem den der des die
dies diese dieser dieses doch durch ein eine einem einen einer eines er es für gab gibt groß
habe haben hat hatte hatten heißt hoch ich ihr ihre im in ist kann kein keine können lang lange
lautet man mit muss nach nicht noch nun nur ob oder ohne sein seine seit sich sie sind so soll
über um und unter viel viele vom von vor wann war waren warum was welche welchem welchen welcher
welches wem wen wenn wer werden wert wessen wie wieviel wird wo wofür woher wohin wurde wurden
zahl zu zum zur zwischen
"""
_FRENCH = """
a à au aux avec avoir ce ces cet cette combien comment dans de des du elle elles en entre est et
était étaient été être eu il ils je l la le les leur leurs lui mais montant ne nombre nos notre
nous on ont ou où par pas pour pourquoi qu quand que quel quelle quelles quels qui quoi sa sans
se ses son sont sous sur un une valeur vos votre vous y
"""
_SPANISH = """
a al con cómo cuál cuáles cuándo cuánta cuántas cuánto cuántos de del dónde el ella en entre era
eran es esta está este esto fue fueron ha había han hay la las lo los más no o para pero por qué
que quién quiénes se ser sin sobre son su sus tiene un una valor y
"""
_ITALIAN = """
a ad al alla alle che chi come con cosa da dal dalla dei del della delle di dove e è era erano
fu furono gli ha hanno i il in la le lo ma nel nella non o per perché più qual quale quali
quando quanta quante quanti quanto se si sono su sul tra un una valore
"""
_PORTUGUESE = """
a ao aos as com como da das de do dos e é ela ele em entre era eram foi foram há mais na nas não
no nos o onde os ou para pelo pela por porque qual quais quando quanta quantas quanto quantos
que quem se sem são seu sua tem um uma valor
"""
_RUSSIAN = """
а без был была были было в во вам вас все всего где для до его ее если есть еще же за и из или
им их к как какая какие какова каков каково какой какого когда кто куда ли мне на над не него
нет но о об он она они оно от по почему при с сколько со так также то того только у уже чего чей
чем что чтобы чья эта эти это этот я
"""
_ARABIC = """
أن أو أي أين إلى إن التي الذي الذين ان الى اي اين بعد بين تم ثم حتى ذلك على عن عند في قبل قد كان
كانت كل كم كيف لا لكن لم لماذا لن له لها ليس ما ماذا متى مع من منذ هذا هذه هل هم هناك هو هي و
وقد يكون
"""
FUNCTION_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "ar": frozenset(_ARABIC.split()),
        "de": frozenset(_GERMAN.split()),
        "es": frozenset(_SPANISH.split()),
        "fr": frozenset(_FRENCH.split()),
        "it": frozenset(_ITALIAN.split()),
        "pt": frozenset(_PORTUGUESE.split()),
        "ru": frozenset(_RUSSIAN.split()),
    }
)
"""Of each language, in lower case."""

FOREIGN_TERMS = frozenset(
    stem for words in FUNCTION_WORDS.values() for stem in stems(sorted(words), "en")
)
"""The terms of all of these languages, as of an English text."""

_CHINESE = (
    "为什么|為什麼|是什么|是什麼|什么|什麼|甚麼|多少|哪[些个個里裡位]?|怎么|怎麼|怎[样樣]|如何"
)
_CHINESE += "|[谁誰几幾吗嗎呢的是了在和与與有]|何[时時地]|是否|请问|請問"
_JAPANESE = "何|誰|どこ|いつ|どの|どれ|どう|なぜ|いくつ|いくら|[ぁ-ん]"
_KOREAN = "무엇|누구|언제|어디|어떤|어느|얼마나|몇|왜|어떻게|입니까|인가요?|습니까|있는|있나요?"
_QUESTION_WORDS = MappingProxyType(
    {
        language: re.compile(words)
        for language, words in (("zh", _CHINESE), ("ja", _JAPANESE), ("ko", _KOREAN))
    }
)


def without_question_words(question: str, language: str) -> str:
    """Return a question of a language without spaces with spaces for its function words."""
    words = _QUESTION_WORDS.get(language)
    return question if words is None else words.sub(" ", question)
