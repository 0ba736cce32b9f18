"""Every word of the page comes from its texts: there is none that a language would leave out.

The page is rendered in a language whose texts are all in brackets, over contents without letters.
Any letter outside of brackets does not come from the texts.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from types import MappingProxyType

import gradio as gr
import pytest

import carrel.ui
from carrel.core.chat import (
    AnswerScored,
    Finished,
    FinishReason,
    ModelInfo,
    SamplingParams,
    Stage,
    Usage,
)
from carrel.core.conversations import Conversation, Ending
from carrel.core.document_properties import DocumentProperties
from carrel.core.document_tasks import Action, DocumentTask
from carrel.core.documents import (
    Chunk,
    Collection,
    DocumentRecord,
    DocumentStatus,
    FileOutcome,
    OutcomeKind,
    PagePicture,
    Passage,
    RetrievedChunk,
    Source,
)
from carrel.core.models import ModelState, ModelStatus
from carrel.core.summaries import SummarizationProgress, SummarizationStyle
from carrel.services.arena.arena import Rank, Ranking
from carrel.services.arena.comparing import Comparison
from carrel.services.chat.answer_speeds import AnswerSpeed
from carrel.services.citations.attribution import cite_answer
from carrel.services.outward import Outward
from carrel.settings.schema import Settings
from carrel.ui import language_choice
from carrel.ui.chat import privacy, render_answer, render_exchange
from carrel.ui.compare import render_compare, render_ranking
from carrel.ui.documents import (
    other_sources,
    render_collection,
    render_document_table,
    render_documents,
)
from carrel.ui.i18n.texts import ENGLISH, Texts
from carrel.ui.i18n.theme import stylesheet
from carrel.ui.markdown import code_blocks, markdown
from carrel.ui.models import render_models
from carrel.ui.page import Page
from carrel.ui.scope import render_scope
from carrel.ui.search import render_search
from carrel.ui.shell import render
from carrel.ui.sidebar import page_settings, render_chats, sidebar
from carrel.ui.state.compared import Compared, ComparedAnswer
from carrel.ui.state.exchange import Exchange
from carrel.ui.state.preview import Preview
from carrel.ui.state.scope import ChosenScope
from carrel.ui.state.session import Session
from carrel.ui.state.upload import FileRow, Upload
from carrel.ui.viewer import render_preview, render_turning
from running.shared_readers import build

BRACKETED = Texts(
    "xx", MappingProxyType({key: f"⟦{text}⟧" for key, text in ENGLISH.by_key.items()})
)
SAID = {"alt", "aria-label", "data-copied", "data-failed", "data-label", "data-left-out",
        "placeholder", "title"}  # fmt: skip
"""The attributes that a reader sees or hears."""
CONTENT = {
    "Carrel",
    "Deutsch",
    "English",
    "https://example.org/report.pdf",
    "votes.csv",
    "votes.jsonl",
}
"""What is the same in every language."""

SOURCE = Source(1, "1.2", "d", "#1", 3, 0.82, "(1) (2) (3)", "(2)")
NOW = datetime(2026, 3, 4, tzinfo=UTC)
READY = DocumentRecord("d", "c", "1.2", "0", 1_234_567, DocumentStatus.READY, NOW, 92, 1204)
FAILED = replace(READY, status=DocumentStatus.FAILED, reason="!", pages=None, chunks=0)
USAGE = Usage(100, 25, 0.2, 1.2)
FINISHED = Finished(FinishReason.STOP, USAGE, "m", dropped_turns=2)
COLLECTION = Collection("c", "#1", "o", NOW)
INFO = ModelInfo("1", "2", 2048, "3", "4", memory=269_000_000)


def outside(text: str) -> str:
    """Return the letters outside of brackets; brackets may be nested."""
    for word in CONTENT:
        text = text.replace(word, "")
    left = []
    depth = 0
    for character in text:
        depth += (character == "⟦") - (character == "⟧")
        if depth == 0 and character.isalpha():
            left.append(character)
    return "".join(left)


class Words(HTMLParser):
    """Collects what a reader sees or hears."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the attributes that are words."""
        self.inside = tag
        self.found += [value or "" for name, value in attrs if name in SAID]

    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        self.inside = ""

    def handle_data(self, data: str) -> None:
        """Take text; of a rule of style only quoted text."""
        self.found += re.findall('"(.*?)"', data) if self.inside == "style" else [data]


def missed(html: str) -> str:
    """Return the letters that no text has said."""
    words = Words()
    words.feed(html)
    words.close()
    # A text may be cut by an element, as the name of what is deleted in the question about it.
    whole = "".join(words.found)
    assert whole.count("⟦") == whole.count("⟧")
    return outside(whole)


def exchanges() -> Iterator[Exchange]:
    """Yield a question in every state that has words."""
    for stage in Stage:
        yield Exchange("1?", stage=stage)
    for position in (1, 3):
        yield Exchange("1?", stage=Stage.WAITING, position=position)
    used = replace(SOURCE, used=True)
    chunk = RetrievedChunk(Chunk("c", "d", 0, "12 34. 56 78.", 7), "1.2", "#1", 0.5)
    cited = cite_answer("?", "12 34. 99 98 97.", [chunk])
    versions = {"turn": 1, "versions": (1, 2)}
    yield Exchange("1?", "2.", (SOURCE,) * 5, finished=FINISHED, **versions)
    yield Exchange("1?", "2.", (used, SOURCE), search_query="3", whole=True, stopped=True)
    yield Exchange("1?", "12 34. 99 98 97.", cited.sources, sentences=cited.sentences)
    yield Exchange("1?", "```\n1\n```\n\n![2](3)", scored=AnswerScored(0.5, "1"))
    yield Exchange("1?", "2.", error="!")
    for cut in (Ending.LENGTH, Ending.TIME):
        yield Exchange("1?", "2.", cut=cut)
    for style, action in zip(SummarizationStyle, Action, strict=False):
        task = DocumentTask(action, ("#1",), focus="1")
        yield Exchange("1?", "2.", task=task, style=style, left_out=2)
    for level in (1, 2):
        progress = SummarizationProgress(level, 1, 3, 9.0)
        yield Exchange("1?", stage=Stage.READING_DOCUMENTS, progress=progress)


def comparisons() -> Iterator[Compared]:
    """Yield a comparison in every state that has words."""

    def compared(exchange: Exchange, *, ended: bool = True, **more: object) -> Compared:
        answers = [
            ComparedAnswer(str(at), SamplingParams(temperature=at / 2), exchange, ended)
            for at in range(2)
        ]
        return Compared("1?", answers, Comparison([]), **more)  # type: ignore[arg-type]

    done = Exchange(
        "1?", "2.", (SOURCE, replace(SOURCE, page=None)),
        finished=FINISHED, scored=AnswerScored(0.5, "1"),
    )  # fmt: skip
    yield compared(done)
    yield compared(done, ended=False, blind=True)
    yield compared(done, blind=True)
    for vote in render_compare.VOTES:
        yield compared(done, blind=True, voted=vote)
    yield compared(Exchange("1?", error="!"), blind=True)
    yield compared(Exchange("1?", error="!"), ended=False, blind=True)


def uploads() -> Iterator[Upload]:
    """Yield an upload with a file in each of its states, running, growing and stopped."""
    outcomes = [
        FileOutcome("1.2", kind, document=READY, reason=reason)
        for kind in OutcomeKind
        for reason in (None, "!")
    ]
    files = [
        FileRow("1.2"),
        FileRow("1.2", current=True),
        FileRow("1.2", current=True, pages=2),
        FileRow("1.2", current=True, pages=2, page_count=9),
        FileRow("1.2", left_out=True),
        *(FileRow("1.2", outcome=each) for each in outcomes),
    ]
    for seconds, speed in ((5.0, 2.5), (500.0, 25.0)):
        yield Upload(files, 3, 0.5, speed, seconds)
    yield Upload(files, 3, growing=True)
    yield Upload(files * render_documents.MOST_ROWS, running=False, stopped=True)


def chats() -> Iterator[str]:
    """Yield the list of chats in all of its states."""
    listed = [Conversation(str(at), "1", "o", NOW.replace(day=4 - at)) for at in range(3)]
    listed.append(replace(listed[0], pinned=True))
    yield render_chats.chats_html(listed, "1", NOW, more=True, texts=BRACKETED)
    for words in ("", "1"):
        yield render_chats.chats_html([], None, NOW, words=words, texts=BRACKETED)


def models() -> Iterator[str]:
    """Yield the table of models in all of its states."""
    states = [
        ModelState("1", ModelStatus.READY, INFO),
        ModelState("2", ModelStatus.READY, replace(INFO, memory=None, adapter_of="1"), None, "1"),
        ModelState("3", ModelStatus.LOADING),
        ModelState("4", ModelStatus.FAILED, reason="!"),
    ]
    yield render_models.models_html(states, {"1": AnswerSpeed(3, 23.6, 0.118)}, BRACKETED)
    yield render_models.models_html([], {}, BRACKETED)


def rankings() -> Iterator[str]:
    """Yield the leaderboard without votes, and with groups that never met."""
    ranks = tuple(Rank(str(at), 1500.0, 20.0, 1204, at) for at in range(2))
    for ranking in (Ranking(), Ranking(ranks, (("1", "2", 3),))):
        yield render_ranking.ranking_html(ranking, [], BRACKETED)


def collections() -> Iterator[str]:
    """Yield the line of a collection, shared and private, full and empty, fixed and not."""
    for documents in ([READY, FAILED], []):
        for shared in (True, False):
            shown = replace(COLLECTION, shared=shared)
            for changeable in (True, False):
                yield render_collection.collection_html(
                    shown, documents, changeable=changeable, texts=BRACKETED
                )


def places() -> Iterator[str]:
    """Yield what the panel shows."""
    place = Preview(SOURCE, "(2)")
    for page in (3, 4):
        yield render_preview.picture_html(place, PagePicture(b"1", 9, False), page, BRACKETED)


def chunks() -> Iterator[str]:
    """Yield the chunks of a long document."""
    many = [Chunk("c", "d", 0, "(1)", 7)] * (render_preview.MOST_CHUNKS + 2)
    for folded in (True, False):
        document = Preview.of_document(READY, "#1")
        yield render_preview.chunks_html(document, many, folded=folded, texts=BRACKETED)


def answer() -> Exchange:
    return next(each for each in exchanges() if each.sentences)


T = BRACKETED
SAMPLES: dict[Callable[..., str], Callable[[], object]] = {
    code_blocks.code_block_html: lambda: code_blocks.code_block_html("1", "", T),
    language_choice.top_html: lambda: language_choice.top_html(T),
    page_settings.settings_html: lambda: page_settings.settings_html(T),
    sidebar.head_html: lambda: sidebar.head_html(T),
    sidebar.foot_html: lambda: sidebar.foot_html(T),
    privacy.privacy_html: lambda: [
        privacy.privacy_html(outward, T) for outward in (Outward(), Outward("1", "2", "3"))
    ],
    render.thread_html: lambda: render.thread_html("", "c"),
    render.welcome_html: lambda: [
        render.welcome_html(names, collection, T)
        for names, collection in ((["1.2"], "#1"), ([], "#1"), ([], None))
    ],
    render_answer.answer_html: lambda: render_answer.answer_html(
        answer().text, answer().sentences, 0, T
    ),
    render_answer.legend_html: lambda: render_answer.legend_html(answer().sentences, T),
    render_chats.chats_html: chats,
    render.search_field_html: lambda: [
        render.search_field_html(T.html(each)) for each in ("chats.find", "scope.find")
    ],
    render_chats.deleted_html: lambda: render_chats.deleted_html(
        Conversation("1", "1", "o", NOW), T
    ),
    render_chats.chat_tools_html: lambda: render_chats.chat_tools_html(T),
    render_collection.collection_html: collections,
    render_compare.compare_head_html: lambda: render_compare.compare_head_html(T),
    render_compare.empty_html: lambda: render_compare.empty_html(T),
    render_compare.compared_html: lambda: [
        render_compare.compared_html(each, T) for each in comparisons()
    ],
    render_document_table.documents_head_html: lambda: render_document_table.documents_head_html(
        [".1"], 5_000_000, T
    ),
    render_document_table.documents_html: lambda: [
        render_document_table.documents_html(each, "#1", T)
        for each in ([READY, FAILED, replace(READY, status=DocumentStatus.PENDING)], [])
    ],
    render_documents.uploads_html: lambda: render_documents.uploads_html(uploads(), T),
    render_documents.upload_html: lambda: [
        render_documents.upload_html(each, T) for each in uploads()
    ],
    render_exchange.exchanges_html: lambda: render_exchange.exchanges_html(exchanges(), T),
    render_exchange.exchange_html: lambda: [
        render_exchange.exchange_html(each, 0, T) for each in exchanges()
    ],
    render_exchange.sources_html: lambda: render_exchange.sources_html([SOURCE], 0, T),
    render_models.models_html: models,
    render_preview.head_html: lambda: render_preview.head_html(T),
    render_preview.picture_html: places,
    render_preview.passage_html: lambda: render_preview.passage_html(
        Preview(SOURCE, "(2)"), Passage("(1) (2)", 4, 7, 3, ""), T
    ),
    render_preview.chunks_html: chunks,
    render_preview.properties_html: lambda: render_preview.properties_html(
        DocumentProperties("1", ("2",), "2026-03-04", "2026", ("(1)",), "#1"), BRACKETED
    ),
    render_preview.beside_html: lambda: render_preview.beside_html(
        Preview(SOURCE, "(2)"), {"1": SOURCE, "2": replace(SOURCE, index=2)}, T
    ),
    render_ranking.ranking_html: rankings,
    render_scope.scope_button_html: lambda: [
        render_scope.scope_button_html(each, T)
        for each in (ChosenScope(), ChosenScope(("#1",)), ChosenScope(("#1", "#2")))
    ],
    render_scope.scope_line_html: lambda: render_scope.scope_line_html(ChosenScope(), T),
    render_scope.collections_html: lambda: render_scope.collections_html(
        ChosenScope(("#1",)), {"#1": 1, "#2": 2}, T
    ),
    render_scope.documents_html: lambda: [
        render_scope.documents_html(
            ChosenScope(("#1",)), render_scope.OfferedDocuments(each, len(each) * 2, 3), T
        )
        for each in ([READY], [])
    ],
    other_sources.folder_html: lambda: other_sources.folder_html(T),
    render_turning.passages_turner_html: lambda: render_turning.passages_turner_html(2, 3, 1, T),
    render_turning.chunks_turner_html: lambda: render_turning.chunks_turner_html(200, 900, None, T),
    render_search.empty_html: lambda: render_search.empty_html(T),
    render_search.found_html: lambda: [
        render_search.found_html("1", each, T) for each in ([], [SOURCE])
    ],
}
ELSEWHERE = {"markdown"}
"""Modules whose functions take what is rendered, and have their words from the answers above."""


def functions() -> Iterator[Callable[..., str]]:
    """Yield every function of the page that returns HTML."""
    for module in pkgutil.walk_packages(carrel.ui.__path__, "carrel.ui."):
        if module.name.rsplit(".", 1)[-1] in ELSEWHERE:
            continue
        loaded = importlib.import_module(module.name)
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            own = function.__module__ == loaded.__name__ and not name.startswith("_")
            if own and name.endswith("_html"):
                yield function


def test_every_function_that_returns_html_is_looked_at() -> None:
    assert {f"{each.__module__}.{each.__name__}" for each in functions()} == {
        f"{each.__module__}.{each.__name__}" for each in SAMPLES
    }


@pytest.mark.parametrize("function", SAMPLES, ids=lambda each: each.__name__)
def test_no_word_is_missed(function: Callable[..., str]) -> None:
    rendered = SAMPLES[function]()
    for html in [rendered] if isinstance(rendered, str) else rendered:  # type: ignore[attr-defined]
        assert missed(html) == ""


def test_a_word_that_is_missed_is_found() -> None:
    assert missed('<p title="⟦Good⟧">⟦Bad <b>1</b>⟧ day</p>') == "day"
    assert missed('<p title="Good">⟦Bad⟧</p>') == "Good"


def test_the_styles_have_no_words() -> None:
    assert re.findall(r'content:\s*"[^"]*[A-Za-z][^"]*"', stylesheet()) == []


async def test_every_part_of_the_page_is_put_into_the_language(
    make_settings: Callable[..., Settings],
) -> None:
    application = build(make_settings(engine="scripted"))
    page = Page(application.services)
    await application.close()
    updates = page.language.in_language(BRACKETED)
    left = []
    # What is beside the desk is not shown; the table of models is filled by the opened page.
    shown = [each for each in page.blocks.blocks.values() if each.parent is not page.blocks]
    for block in shown:
        if block is page.models.table:
            continue
        update = updates.get(block, {})
        changed = {"value": update} if isinstance(update, str) else update
        names = ["label", "placeholder", "info"]
        if isinstance(block, gr.Button | gr.HTML):
            names.append("value")
        for name in names:
            said = changed.get(name, getattr(block, name, None))
            if isinstance(said, str) and missed(said):
                left.append((getattr(block, "elem_id", None), name, said))
    assert left == []


def test_a_session_speaks_english_until_its_browser_says_otherwise() -> None:
    assert Session().preferences.texts is ENGLISH
    assert markdown.markdown_to_html("```\n1\n```").count("Copy") == 1
