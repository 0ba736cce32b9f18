"""Questions for lists of documents: recognised, and answered from the catalog."""

from __future__ import annotations

from datetime import date

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import Abstained, ChatRequest, Message, Role, Scope, SourcesCited, TextDelta
from carrel.services.chat.collection_listing import listed_sentences
from carrel.services.chat.listing_questions import Extreme, listing_question
from texts import ingest_texts

TODAY = date(2026, 12, 2)


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("List all documents", ""),
        ("Which documents are there?", ""),
        ("What files do I have?", ""),
        ("Welche Dokumente gibt es?", ""),
        ("¿Qué documentos hay?", ""),
        ("有哪些文件？", ""),
        ("List the PDF files", "type:pdf"),
        ("How many PDFs are there?", "type:pdf"),
        ("Show me all spreadsheets", "type:excel"),
        ("Zeige alle PDF-Dateien", "type:pdf"),
        ("Quels sont les documents PDF ?", "type:pdf"),
        ("列出所有PDF文件", "type:pdf"),
        ("Which documents are by Anna Berg?", "author:anna berg"),
        ("Welche Dokumente sind von Anna Berg?", "author:anna berg"),
        ("Quels documents sont de Anna Berg ?", "author:anna berg"),
        ('Which files are in the folder "invoices"?', "folder:invoices"),
        ("Welche Dateien liegen im Ordner Rechnungen?", "folder:rechnungen"),
        ("Which documents are from May 2024?", "date:2024-05"),
        ("Which documents are from 14.05.2024?", "date:2024-05-14"),
        ("Welche Dokumente sind aus 2023?", "date:2023"),
        ("Which files were added today?", "added:2026-12-02"),
        ("Which files were added yesterday?", "added:2026-12-01"),
        ("Which files were added this week?", "added:2026-11-30.."),
        ("What files have been added since 14 May 2024?", "added:2024-05-14.."),
        ("What files were added before May 2024?", "added:..2024-04-30"),
        ("Which PDF files by Berg are in the folder a/b?", "type:pdf author:berg folder:a/b"),
    ],
)
def test_a_question_for_a_list(question: str, terms: str) -> None:
    asked = listing_question(question, TODAY)
    assert asked is not None
    assert asked.extreme is None
    assert asked.counts is question.startswith("How many")
    assert " ".join(f"{each.key}:{each.value}" for each in asked.filter.terms) == terms


@pytest.mark.parametrize(
    ("question", "extreme"),
    [
        ("What is the newest document?", Extreme.NEWEST),
        ("Which document is the most recent?", Extreme.NEWEST),
        ("Was ist das neueste Dokument?", Extreme.NEWEST),
        ("Quel est le document le plus récent ?", Extreme.NEWEST),
        ("最新的文件是哪个？", Extreme.NEWEST),
        ("Which is the oldest PDF file?", Extreme.OLDEST),
        ("Which file was added last?", Extreme.LAST_ADDED),
        ("Which document did I upload first?", Extreme.FIRST_ADDED),
    ],
)
def test_a_question_for_the_newest(question: str, extreme: Extreme) -> None:
    asked = listing_question(question, TODAY)
    assert asked is not None
    assert asked.extreme is extreme


@pytest.mark.parametrize(
    "question",
    [
        "What is the newest product?",
        "What is the latest report about?",
        "Which documents are needed by the applicant?",
        "What documents must be handed in?",
        "Which documents does a visitor have to show?",
        "How many files does the archive keep?",
        "Who is the author of the report?",
        "What documents are there in the archive of the town?",
        "Which documents are from the archive?",
        "List the documents required by law",
        "What files are affected by the change?",
        "Welche Dokumente braucht man?",
        "Quels documents faut-il fournir ?",
        "需要提交哪些文件？",
    ],
)
def test_a_question_about_the_contents_is_not_one(question: str) -> None:
    assert listing_question(question, TODAY) is None


async def answered(application: Application, question: str, *earlier: Message) -> tuple[str, bool]:
    """Return the text of an answer, and whether it says that the documents do not have it."""
    scope = Scope(("UserData",))
    messages = (*earlier, Message(Role.USER, question))
    request = ChatRequest(messages, Principal(), scope=scope)
    events = [each async for each in application.services.chat.answer(request)]
    text = "".join(each.text for each in events if isinstance(each, TextDelta))
    [cited] = [each for each in events if isinstance(each, SourcesCited)]
    if not cited.sources:
        # Nothing of it is marked as missing in the sources.
        assert listed_sentences(question, text, ()) == ()
    return text, any(isinstance(each, Abstained) for each in events)


async def test_documents_are_listed_from_the_catalog(application: Application) -> None:
    berg = "---\nauthor: [Anna Berg]\ndate: {}\n---\n\nThe bridge was painted.\n"
    texts = {
        "a.md": berg.format("2024-05-14"),
        "b.md": berg.format("2023-02"),
        "c.txt": "Tulips are planted in autumn.",
    }
    await ingest_texts(application, texts)
    expected = {
        "List all documents": "There are 3 documents:\n\n- a.md\n- b.md\n- c.txt",
        "How many text files are there?": "1 of 3 documents matches `type:text`.",
        "How many PDFs are there?": "0 of 3 documents match `type:pdf`.",
        "Which documents are by Anna Berg?": '2 of 3 documents match `author:"anna berg"`:\n\n'
        "- a.md\n- b.md",
        "Which documents are from May 2024?": "1 of 3 documents matches `date:2024-05`:\n\n"
        "- a.md (2024-05-14)",
    }
    for question, text in expected.items():
        assert await answered(application, question) == (text, False)
    newest, _ = await answered(application, "What is the newest document?")
    assert newest.startswith(
        "By the dates that they state, a.md is the newest (2024-05-14). The last"
    )
    oldest, _ = await answered(application, "Welches ist das älteste Dokument?")
    assert oldest.startswith("By the dates that they state, b.md is the oldest (2023-02).")
    last, _ = await answered(application, "Which file was added last?")
    assert last.startswith("The last document that was added is ")
    # As a second question, too.
    earlier = Message(Role.USER, "When are tulips planted?"), Message(Role.ASSISTANT, "In autumn.")
    assert await answered(application, "What is the newest document?", *earlier) == (newest, False)
    # The document may be about it.
    assert "painted" in (await answered(application, "Which documents are by the bridge?"))[0]
