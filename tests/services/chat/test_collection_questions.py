"""Questions about the collection itself: recognised, and answered completely."""

from __future__ import annotations

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import Abstained, ChatRequest, Message, Role, Scope, SourcesCited, TextDelta
from carrel.core.indexed_text import compatible
from carrel.services.chat.collection_answers import phrase_pattern
from carrel.services.chat.collection_listing import listed_sentences
from carrel.services.chat.collection_questions import Count, Mention, collection_question
from texts import ingest_texts


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("Which files mention the Stork?", "Stork"),
        ("In which documents is Ada Lind mentioned?", "Ada Lind"),
        ('What reports mention "spring washer"?', "spring washer"),
        ("In welchen Dateien kommt die Hafenstraße 14 vor?", "Hafenstraße 14"),
        ("Quels fichiers parlent de Bernard Quillot ?", "Bernard Quillot"),
        ("¿Qué documentos mencionan a García?", "García"),
        ("В каких документах упоминается Ленина 5?", "Ленина 5"),
        ("哪些文件提到第三水厂？", "第三水厂"),
    ],
)
def test_a_question_for_the_files_that_mention_a_thing(question: str, thing: str) -> None:
    asked = collection_question(question)
    assert isinstance(asked, Mention)
    assert asked.thing == thing


@pytest.mark.parametrize(
    "question",
    [
        "How many documents are there?",
        "How many files do I have?",
        "Wie viele Dateien gibt es?",
        "Combien de documents y a-t-il ?",
        "有多少个文件？",
    ],
)
def test_a_question_for_the_number_of_files(question: str) -> None:
    assert collection_question(question) == Count()


@pytest.mark.parametrize(
    "question",
    [
        "How many documents must an applicant hand in?",
        "How many files does the archive of the town keep?",
        "Which documents does a visitor have to show?",
        "Which file format does the pump's log have?",
        "What do the reports say about the mentioned leak?",
        "Does the contract mention a warranty?",
        "Welche Dokumente braucht man für den Antrag?",
        "Quels documents faut-il fournir ?",
        "需要提交哪些文件？",
    ],
)
def test_a_question_about_the_contents_is_not_one(question: str) -> None:
    assert collection_question(question) is None


@pytest.mark.parametrize(
    ("thing", "text", "is_said"),
    [
        ("Ленин", "Город Ленинград.", False),
        ("André", "Andréas wrote it.", False),
        ("Éric", "Frédéric wrote it.", False),
        ("the Stork", "THE\nSTORK 30", True),
        ("AB-1030/7", "Item ＡＢ-1030/7: washer", True),
        ("第三水厂", "在第三水厂的建设", True),
        ("Straße 1", "Straße 14", False),
    ],
)
def test_a_phrase_is_found_as_whole_words(thing: str, text: str, is_said: bool) -> None:
    assert bool(phrase_pattern(thing).search(compatible(text))) is is_said


async def answered(application: Application, question: str) -> tuple[str, list[str], bool]:
    request = ChatRequest(
        messages=(Message(Role.USER, question),),
        principal=Principal(),
        scope=Scope(("UserData",)),
    )
    text, sources, abstained = "", [], False
    async for event in application.services.chat.answer(request):
        if isinstance(event, TextDelta):
            text += event.text
        if isinstance(event, SourcesCited):
            sources = [each.document for each in event.sources]
        abstained |= isinstance(event, Abstained)
    return text, sources, abstained


async def test_all_files_that_mention_a_thing_are_listed(application: Application) -> None:
    texts = {f"n{at:02}.txt": f"Notice {at}. The Stork 30 pumps water." for at in range(25)}
    others = {f"m{at}.txt": "The storks of Aldmouth nest in May." for at in range(3)}
    await ingest_texts(application, texts | others)
    text, sources, _ = await answered(application, "Which files mention the stork 30?")
    assert text.startswith("25 of 28 documents mention")
    assert all(name in text for name in texts)
    assert not any(name in text for name in others)
    assert sources == sorted(texts)[:20]


async def test_each_line_cites_the_sentence_that_mentions_the_thing(
    application: Application,
) -> None:
    await ingest_texts(
        application,
        {
            "annual.txt": "Annual report. The Stork 30 sold well.",
            "minutes.md": "# Minutes\n\nIt rained. The STORK was discussed.",
        },
    )
    request = ChatRequest(
        messages=(Message(Role.USER, "Which files mention the Stork?"),),
        principal=Principal(),
        scope=Scope(("UserData",)),
    )
    events = [each async for each in application.services.chat.answer(request)]
    text = "".join(each.text for each in events if isinstance(each, TextDelta))
    [cited] = [each for each in events if isinstance(each, SourcesCited)]
    quotes = [sentence.citations[0].quote for sentence in cited.sentences]
    assert quotes == ["The Stork 30 sold well.", "The STORK was discussed."]
    assert [text[each.start : each.end] for each in cited.sentences] == [
        "- annual.txt [1]",
        "- minutes.md [2]",
    ]
    saved = listed_sentences(request.messages[-1].content, text, cited.sources)
    assert saved == cited.sentences
    assert listed_sentences("What is the Stork?", text, cited.sources) is None
    assert listed_sentences(request.messages[-1].content, "A pump.", cited.sources) is None


async def test_files_are_counted_by_kind(application: Application) -> None:
    await ingest_texts(application, {"a.txt": "One.", "b.txt": "Two.", "c.md": "# Three\n\nFour."})
    text, sources, _ = await answered(application, "How many documents are there?")
    assert text == "There are 3 documents: 2 TXT, 1 MD."
    assert sources == []


async def test_what_no_file_says_is_declined(application: Application) -> None:
    await ingest_texts(application, {"a.txt": "Tulips are planted in autumn."})
    _, _, abstained = await answered(application, "Which files mention the Stork?")
    assert abstained
