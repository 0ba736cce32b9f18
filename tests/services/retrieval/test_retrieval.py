"""Both searches, and what comes of them."""

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import ALL, Scope
from carrel.services.text.search_words import with_search_words
from texts import ingest_texts

ME = Principal()


async def search(application: Application, question: str, **scope: object) -> list[str]:
    found = await application.services.retrieval.search(
        question, Scope(**({"collections": ("UserData",)} | scope)), ME
    )
    return [each.document_name for each in found]


async def test_a_rare_word_and_a_paraphrase_are_both_found(application: Application) -> None:
    texts = {
        "part.txt": "Order number XK-4471-B is the left hinge.",
        "illness.txt": "The physician said the patient would recover within a week.",
        "garden.txt": "Tulips are planted in autumn.",
        "boats.txt": "The ferry crosses the sound at noon.",
    }
    await ingest_texts(application, texts)
    assert (await search(application, "XK-4471-B"))[0] == "part.txt"
    assert (await search(application, "When will the sick man get better?"))[0] == "illness.txt"


async def test_a_passage_that_occurs_twice_is_returned_once(application: Application) -> None:
    await ingest_texts(application, {"a.txt": "The same words.", "b.txt": "The same words."})
    assert len(await search(application, "same words")) == 1


async def test_two_collections_are_searched_together_and_top_k_holds(
    application: Application,
) -> None:
    await ingest_texts(application, {"one.txt": "The red boat."})
    await ingest_texts(application, {"two.txt": "The red house."}, "MyData")
    both = await search(application, "red", collections=("UserData", "MyData"))
    assert sorted(both) == ["one.txt", "two.txt"]
    assert len(await search(application, "red", collections=("UserData", "MyData"), top_k=1)) == 1
    assert await search(application, "red", collections=("MyData",)) == ["two.txt"]


async def test_a_name_in_the_question_finds_its_file_among_like_reports(
    application: Application,
) -> None:
    report = "Revenue of the year rose to {} million dollars. Costs were stable."
    names = ["NORDWIND_2021.txt", "NORDWIND_2022.txt", "SUEDWIND_2021.txt", "SUEDWIND_2022.txt"]
    await ingest_texts(
        application, {name: report.format(index * 7 + 3) for index, name in enumerate(names)}
    )
    assert (await search(application, "What was Nordwind's revenue in FY22?"))[0] == names[1]
    assert (await search(application, "What was the FY2021 revenue of Sued Wind?"))[0] == names[2]


async def test_neighbouring_chunks_are_one_passage(application: Application) -> None:
    capes = range(20)
    sentences = [f"Sentence {each} tells of the lighthouse at cape {each}." for each in capes]
    await ingest_texts(application, {"capes.txt": " ".join(sentences)})
    found = await application.services.retrieval.search(
        "lighthouse at the cape", Scope(("UserData",)), ME
    )
    text = " ".join(sentences)
    assert [len(each.chunk.text) for each in found] == [len(text)]
    for each in found:
        assert text[each.chunk.start : each.chunk.end] == each.chunk.text


async def test_all_passages_are_returned_where_all_are_asked_for(application: Application) -> None:
    texts = {f"{number}.txt": f"Lamp {number} is at place {number * 7}." for number in range(12)}
    await ingest_texts(application, texts)
    assert len(await search(application, "Where is the lamp?", top_k=ALL)) == 12
    assert len(await search(application, "Where is the lamp?", top_k=3)) == 3


async def test_letters_mean_the_same_in_all_their_forms(application: Application) -> None:
    forms = {
        "The official figures of the fleet": "The oﬃcial ﬁgures of the ﬂeet",
        "FERRY 299": "ＦＥＲＲＹ ２９９",
        "لا يوجد": "ﻻ ﻳﻮﺟﺪ",
    }
    for number, (usual, other) in enumerate(forms.items()):
        name = f"{number}.txt"
        await ingest_texts(application, {name: usual}, "UserData")
        await ingest_texts(application, {name: other}, "MyData")
    vectors = application.services.retrieval._indexes.vectors
    overview = await application.services.collections.overview(ME)
    ids = {collection.name: collection.id for collection, _ in overview}
    for usual, other in forms.items():
        stored = []
        for collection in ("UserData", "MyData"):
            scope = Scope(collections=(collection,))
            best = (await application.services.retrieval.search(other, scope, ME))[0].chunk
            assert best.text == (usual if collection == "UserData" else other)
            stored += vectors.vectors(ids[collection], [best.id]).values()
        assert stored[1] == pytest.approx(stored[0], abs=1e-3)


NOTICES = {
    "zh": (
        "关于{}的办理，需要提前三个工作日提出，并由负责人确认，记录应当保存一年。",
        "报销 年假 食堂 宿舍 班车 合同 发票 保险 仓库 培训 停车场 消防",
    ),
    "ja": (
        "来月から{}に関する規則が変わりますので、詳しくは掲示板をご覧ください。",
        "駐車場 食堂 図書室 印刷機 健康診断 給与明細 出張費 制服 名刺 郵便 清掃 保険証",
    ),
    "ko": (
        "다음 달부터 {}에 관한 규정이 바뀌므로 자세한 내용은 게시판을 보시기 바랍니다.",
        "도서관 주차장 기숙사 급여 출장비 명함 우편 청소 보험증 회의실 식당 자전거",
    ),
    "ru": (
        "Со следующего месяца изменятся правила, которые касаются {}, подробности на доске.",
        "отпусков столовых гаражей договоров счетов складов обучений пропусков лифтов архивов",
    ),
    "de": (
        "Ab dem nächsten Monat ändern sich die Regeln der {}, Näheres hängt am Brett aus.",
        "Verträge Küchen Garagen Bücher Lager Schulungen Ausweise Aufzüge Räder Briefkästen",
    ),
}
"""Notices that differ in one word, and those words."""


@pytest.mark.parametrize("language", NOTICES)
async def test_a_word_of_one_document_finds_it_first(
    application: Application, language: str
) -> None:
    notice, words = NOTICES[language]
    texts = {f"n{at}.txt": notice.format(word) for at, word in enumerate(words.split())}
    await ingest_texts(application, texts)
    first = [(await search(application, word, top_k=10))[0] for word in words.split()]
    assert first == list(texts)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Die Verträge wurden im Mai gekündigt.", "Wann endete der Vertrag?"),
        ("Договоры подписали в мае.", "Когда подписан договор?"),
        ("وقعت الشركة العقود في مايو", "متى وقع العقد؟"),
        ("Los contratos se firmaron en mayo.", "¿Quién firmó el contrato?"),
    ],
)
async def test_another_form_of_a_word_is_found_in_its_language(
    application: Application, text: str, question: str
) -> None:
    await ingest_texts(application, {"a.txt": text, "b.txt": "Tulips are planted in autumn."})
    index = application.services.retrieval._indexes.keywords
    collection = await application.services.collections.get("UserData", ME)
    assert len(index.search(collection.id, with_search_words(question), 5)) == 1
    assert (await search(application, question))[0] == "a.txt"


EXACT = {
    "part.txt": ("Item KX-2210/4 is a gasket of the pump house.", "KX2210/4"),
    "other part.txt": ("Item KX-2210/5 is a gasket of the boiler.", "the gasket KX-2210-5"),
    "day.txt": ("The roof was mended on 3 June 2023.", "What was done on 03.06.2023?"),
    "other day.txt": ("The roof was mended on 4 June 2023.", "Was geschah am 4. Juni 2023?"),
    "month.txt": ("The roof was mended in July 2023.", "2023年7月"),
    "dues.txt": ("The harbour paid dues of 72,300 crowns.", "72300"),
    "other dues.txt": ("The harbour paid dues of 72,400 crowns.", "dues of 72.400"),
    "sign.txt": ("In the club chat 🐝 means that the hall is locked.", "🐝"),
    "other sign.txt": ("In the club chat 🚲 means that somebody is late.", "What does 🚲 mean?"),
    "phrase.txt": ("The blue house is behind the old mill.", '"the old mill"'),
    "words.txt": ("The old house is behind the mill, the blue one.", '"the old house"'),
}
"""Texts, and what finds each of them, which is written in another way there."""


async def test_what_is_named_exactly_is_found_first(application: Application) -> None:
    await ingest_texts(application, {name: text for name, (text, _) in EXACT.items()})
    found = {name: (await search(application, query))[0] for name, (_, query) in EXACT.items()}
    assert found == {name: name for name in EXACT}
