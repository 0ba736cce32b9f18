"""Renders an answer with citation marks, and marks of unsupported sentences.

The marks are inserted into the Markdown as private-use characters, and become HTML after the
Markdown is rendered, so that neither can break the other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from carrel.core.citations import CheckedSentence, Citation
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.markdown.markdown import blocks_without_prose, markdown_to_html
from carrel.ui.markdown.marks import CLOSE, END, NUMBER, OPEN, SIGNS

_WRITTEN = re.compile(r"\s*\[([0-9]{1,4})\]\Z")
_HEAD = re.compile(r"[\s#>*+_`|~-]*(?:\d+[.)]\s+)?[*_`]*")
_TAIL = re.compile(r"[\s*_`|~#]*\Z")
_TAG = re.compile(r"<[^>]*>")
# A formula is one unit: no mark may be between its elements.
_TAG_OR_FORMULA = re.compile(r"(<math\b.*?</math>|<[^>]*>)", re.DOTALL)
_UNSUPPORTED = re.compile(f"{OPEN}([^{OPEN}]*?){CLOSE}", re.DOTALL)
_NUMBERED = re.compile(f"{NUMBER}([0-9]+){END}")


def answer_html(
    text: str, sentences: Sequence[CheckedSentence], turn: int, texts: Texts = ENGLISH
) -> str:
    """Return the answer with its marks; ``turn`` is its position in the chat, from 0."""
    rendered = markdown_to_html(_with_marks(SIGNS.sub("\ufffd", text), sentences), texts)
    rendered = _TAG.sub(lambda tag: SIGNS.sub("", tag[0]), rendered)
    rendered = _UNSUPPORTED.sub(lambda found: _dotted(found[1], texts), rendered)
    rendered = _NUMBERED.sub(
        lambda found: _buttons(sentences, turn, int(found[1]), texts), rendered
    )
    return SIGNS.sub("", rendered)


def legend_html(sentences: Sequence[CheckedSentence], texts: Texts = ENGLISH) -> str:
    """Return the legend of the dotted lines, if there are any."""
    if all(each.supported for each in sentences):
        return ""
    dotted = f'<span class="unsupported">{texts.html("answer.legend.dotted")}</span>'
    line = texts.html("answer.legend", dotted="\0").replace("\0", dotted)
    return f'<p class="legend">{line}</p>'


def _with_marks(text: str, sentences: Sequence[CheckedSentence]) -> str:
    parts: list[str] = []
    written = 0
    apart = blocks_without_prose(text)
    for number, each in enumerate(sentences):
        if any(start < each.end and each.start < end for start, end in apart):
            continue
        sentence = text[each.start : each.end]
        # Emphasis opens before a letter and closes after one: the marks stay inside of it.
        head, tail = _HEAD.match(sentence), _TAIL.search(sentence)
        start = each.start + (head.end() if head else 0)
        end = max(start, each.start + (tail.start() if tail else len(sentence)))
        parts.append(text[written:start])
        words = text[start:end]
        if each.supported:
            parts.append(f"{_without_its_number(words, each)}{NUMBER}{number}{END}")
        else:
            parts.append(f"{OPEN}{words}{CLOSE}")
        written = end
    return "".join(parts) + text[written:]


def _without_its_number(words: str, sentence: CheckedSentence) -> str:
    """Drop a number in brackets at the end if the following mark is the same."""
    written = _WRITTEN.search(words)
    cited = {each.source.index for each in sentence.citations}
    return words[: written.start()] if written and int(written[1]) in cited else words


def _dotted(inner: str, texts: Texts) -> str:
    """Return the words with dotted lines, each part between two tags separately."""
    stretches = _TAG_OR_FORMULA.split(inner)
    return "".join(
        each
        if not each.strip() or each.startswith("<")
        else f'<span class="unsupported" tabindex="0" title="{texts.html("answer.not_found")}">'
        f'{each}<span class="unseen"> {texts.html("answer.not_found.aside")}</span></span>'
        for each in stretches
    )


def _buttons(sentences: Sequence[CheckedSentence], turn: int, number: int, texts: Texts) -> str:
    if number >= len(sentences):
        return ""
    shown: set[int] = set()
    buttons = []
    for place, each in enumerate(sentences[number].citations):
        if each.source.index not in shown:
            shown.add(each.source.index)
            buttons.append(_button(each, f"answer.{turn}.{number}.{place}", texts))
    return "".join(buttons)


def _button(citation: Citation, identity: str, texts: Texts) -> str:
    source = citation.source
    where = source.document
    if source.page is not None:
        where = texts("source.where", document=source.document, page=source.page)
    quote = " ".join(citation.quote.split())
    return (
        f'<button class="cite-mark" data-action="open_place" data-id="{identity}" '
        f'aria-label="{texts.html("source.label", index=source.index, where=where)}" '
        f'title="{texts.html("source.quoted", quote=quote, where=where)}">'
        f"{source.index}</button>"
    )
