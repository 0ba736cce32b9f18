"""Recognises questions about the collection itself: which files mention a thing, how many there
are. Pure functions.

Only whole questions of these forms are taken: one about the contents ("How many documents must an
applicant hand in?") is not.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_EN = r"(?:files?|documents?|reports?|papers?|texts?|e-?mails?|letters?|contracts?|minutes)"
_DE = r"(?:dateien?|dokumente?n?|berichte?n?|unterlagen|verträgen?|mails?)"
_FR = r"(?:fichiers?|documents?|rapports?|textes?|contrats?)"
_ES = r"(?:archivos?|documentos?|ficheros?|informes?|contratos?)"
_IT = r"(?:file|documenti|documento|contratti|relazioni)"
_PT = r"(?:arquivos?|ficheiros?|documentos?|relatórios?|contratos?)"
_RU_IN = r"(?:файл(?:ах|е)|документ(?:ах|е)|отч[её]т(?:ах|е))"
_RU = r"(?:файлы?|документы?|отч[её]ты?)"
_ZH = r"(?:文件|文档|文檔|报告|報告|资料|資料)"
_OF = r"(?: of (?:the|these|my|our) (?:files|documents|reports))?"
_MENTIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:in )?(?:which|what|how many) {_EN}{_OF} (?:do |does )?(?:mentions?|refers? to|names?"
        r"|speaks? (?:of|about)|talks? (?:of|about)|contains? the words?|contains?) (.+)",
        rf"(?:in )?(?:which|what|how many) {_EN}{_OF} (?:is|are|was|were|do|does) (.+?)"
        r" (?:mentioned|named|referred to|occur|appear|come up)",
        r"where (?:is|are|was|were) (.+?) mentioned",
        rf"in welche[rmn]? {_DE} (?:kommt|kommen|wird|werden|ist|sind|steht|stehen|taucht|tauchen)"
        r" (.+?)(?: vor| erwähnt| genannt| auf)?",
        rf"welche[rs]? {_DE} (?:erwähnen|erwähnt|nennen|nennt|handeln von|handelt von) (.+)",
        rf"quel(?:le)?s? {_FR} (?:mentionnent?|parlent? d(?:e la|e l['’]|es|u|e|['’])|citent?"
        r"|évoquent?|nomment?) ?(.+)",
        rf"dans quel(?:le)?s? {_FR} (?:est|sont|apparaît|apparaissent|figure|figurent) (.+?)"
        r"(?: (?:mentionné|cité|nommé)e?s?)?",
        rf"(?:en )?(?:qué|cuáles|cuál) {_ES} (?:mencionan?|hablan? del?|citan?|nombran?"
        r"|(?:se )?aparecen?|se menciona) (.+)",
        rf"(?:in )?(?:quali|quale) {_IT} (?:menziona(?:no)?|parla(?:no)? d(?:i|el|ella)|cita(?:no)?"
        r"|nomina(?:no)?|compare|si parla di) (.+)",
        rf"(?:em )?(?:que|quais|qual) {_PT} (?:mencionam?|falam? d[eoa]|citam?|aparecem?) (.+)",
        rf"в как(?:их|ом) {_RU_IN} (?:упомина(?:ет|ют)ся|встреча(?:ет|ют)ся|говорится о) (.+)",
        rf"как(?:ие|ой) {_RU} упомина(?:ет|ют) (.+)",
        rf"(?:在)?(?:哪些|哪个|哪個|哪份|哪几份){_ZH}(?:中|里|裡)?(?:都)?(?:提到|提及|提過|出现|出現)"
        r"(?:了|过|過)?(.+)",
        r"どの(?:ファイル|文書|書類|資料)(?:に|で|が)(.+?)(?:が|を|は|に|への)?"
        r"(?:言及|出て|書かれ|載って|登場).*",
        r"(?:ما هي |أي )(?:الملفات|المستندات|الوثائق|ملفات|مستندات)(?: التي)? تذكر (.+)",
    )
)
_COUNTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"how many (?:files|documents) (?:are|is) (?:there|here)"
        r"(?: in (?:this|the|my) (?:collection|store|library|folder))?",
        r"how many (?:files|documents) do (?:i|we|you) have",
        r"how many (?:files|documents) (?:have (?:i|we) (?:added|uploaded)"
        r"|(?:are|were) (?:stored|uploaded|indexed|loaded|added))",
        r"how many (?:files|documents) (?:are in|does) (?:this|the|my) (?:collection|store|library)"
        r"(?: (?:have|hold|contain))?",
        r"wie ?viele (?:dateien|dokumente) (?:gibt es|habe ich|haben wir|sind (?:es|gespeichert"
        r"|hochgeladen|vorhanden)|liegen vor)(?: hier)?",
        r"combien (?:de fichiers|de documents) (?:y a-t-il|ai-je|avons-nous|sont enregistrés)",
        r"combien y a-t-il de (?:fichiers|documents)",
        r"¿?cuántos (?:archivos|documentos|ficheros) (?:hay|tengo|tenemos)",
        r"quanti (?:file|documenti) (?:ci sono|ho|abbiamo)",
        r"quantos (?:arquivos|documentos|ficheiros) (?:há|existem|tenho|temos)",
        r"сколько (?:здесь |всего |у меня )?(?:файлов|документов)(?: здесь| всего| загружено)?",
        r"(?:一共|总共|這裡|这里)?有(?:多少|几)(?:个|個|份)?(?:文件|文档|文檔)",
        r"(?:ファイル|文書|書類)(?:は|が)(?:何|いくつ)(?:件|個)?(?:あり|ある).*",
    )
)
_QUOTED = re.compile(r"[\"“„«‘'「『](.+)[\"”“»’'」』]")
_ARTICLE = re.compile(
    r"(?:the|a|an|der|die|das|dem|den|ein|eine|einer|le|la|les|un|une|el|los|las|il|lo|gli|i|o|os"
    r"|as|the words?|the names?)\s+|l['’]",
    re.IGNORECASE,
)


_PRONOUN_WORDS = """
it this that them him her these those es ihn sie ihm das dies diese lui elle cela ça ello eso esto
él ella 它 他 她 这 这个 это его её их هو هي هذا それ これ
"""
_PRONOUNS = frozenset(_PRONOUN_WORDS.split())


@dataclass(frozen=True, slots=True)
class Mention:
    """A question for the files that mention ``thing``; ``is_quoted`` if it was in quotes."""

    thing: str
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """A question for the number of files."""


def collection_question(question: str) -> Mention | Count | None:
    """Return what a question asks about the collection; None if it asks about the contents."""
    asked = unicodedata.normalize("NFKC", question).strip().strip("?¿.!؟ ").strip()
    if any(pattern.fullmatch(asked) for pattern in _COUNTS):
        return Count()
    for pattern in _MENTIONS:
        if match := pattern.fullmatch(asked):
            return _mention(match[1].strip())
    return None


def _mention(thing: str) -> Mention | None:
    if quoted := _QUOTED.fullmatch(thing):
        return Mention(quoted[1].strip(), is_quoted=True)
    named = _ARTICLE.sub("", thing, count=1) if _ARTICLE.match(thing) else thing
    return Mention(named) if named.strip() and named.lower() not in _PRONOUNS else None
