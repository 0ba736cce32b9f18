"""What a small model's user reads as the answer over files of the kinds that people bring."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import ChatRequest, Message, Role, Scope, TextDelta
from carrel.core.documents import FileOutcome, IncomingFile, OutcomeKind
from carrel.core.protocols.adapters import Embedder
from carrel.services.chat.chat import ChatPolicy, ChatService
from carrel.services.chat.extractive_qa import ExtractiveQA
from carrel.services.chat.table_questions import TableQuestions
from samples.documents import write_csv, write_docx, write_html, write_markdown, write_xlsx

SCOPE = Scope(("UserData",))
READINGS = [
    ["Gauge", "May", "June", "July"],
    ["Alder", "88", "38", "46"],
    ["Birch", "14", "71", "88"],
    ["Oak", "15", "91", "29"],
    ["Pine", "42", "90", "22"],
]
CONTACTS = [
    ["Place", "Responsible", "Telephone"],
    ["Boiler house", "Ada Lind", "1180"],
    ["Archive", "Ben Roe", "1190"],
]
PRICES = [
    ["Article", "Price", "In stock"],
    ["Rope", "12 crowns", "40"],
    ["Anchor", "480 crowns", "3"],
]


def write_report(year: int, revenue: int, staff: int) -> str:
    return (
        f"Annual report of the Lindenau water board. Revenue was {revenue} thousand crowns and the "
        f"number of burst pipes was {year - 1990}. The staff numbered {staff} persons at the end "
        "of the year."
    )


def write_files(folder: Path) -> list[Path]:
    def text(name: str, content: str) -> Path:
        path = folder / name
        path.write_text(content, encoding="utf-8")
        return path

    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in PRICES[1:])
    head = "".join(f"<th>{cell}</th>" for cell in PRICES[0])
    return [
        write_csv(folder / "readings.csv", READINGS),
        write_docx(folder / "contacts.docx", [("House rules", 1), "Who to call:", CONTACTS]),
        write_html(folder / "prices.html", f"<h1>Prices</h1><table><tr>{head}</tr>{rows}</table>"),
        write_xlsx(folder / "budget.xlsx", {"Budget": [["", 2021, 2022], ["Paint", 310, 295]]}),
        write_markdown(
            folder / "later.md",
            "# Warranty of the Heron pump\n\nThis chapter is being revised.\n\n"
            "# Price of the Stork pump\n\nSee the list of the dealer.",
        ),
        text("pumps.txt", "The warranty of the Heron pump is two years. Both pumps are blue."),
        text("models.txt", "The Heron has a warranty of two years. The Stork has one of three."),
        text("crane.txt", "The model Crane has no warranty at all; it is sold as seen."),
        *(
            text(f"lindenau_{year}.txt", write_report(year, revenue, staff))
            for year, revenue, staff in ((2021, 512, 44), (2022, 547, 41), (2023, 590, 39))
        ),
        text("diary_14.txt", "House diary. On 14 May 2024 the roof was inspected."),
        text("diary_4.txt", "House diary. On 4 May 2024 the boiler was cleaned."),
        text("report_7.txt", "The survey of the east bank found three leaking drains."),
        text("report_70.txt", "The survey of the island found a sunken boat."),
    ]


async def asked(application: Application, embedder: Embedder, questions: list[str]) -> list[str]:
    services = application.services
    quoted = ExtractiveQA(embedder, "sentences")
    tables = TableQuestions(services.retrieval._catalog)
    policy = replace(services.chat._policy, quoted=quoted, tables=tables)
    assert isinstance(policy, ChatPolicy)
    chat = ChatService(services.models, services.retrieval, policy)
    answers = []
    for question in questions:
        request = ChatRequest((Message(Role.USER, question),), Principal(), scope=SCOPE)
        events = [event async for event in chat.answer(request)]
        answers.append("".join(each.text for each in events if isinstance(each, TextDelta)))
    return answers


EXPECTED = {
    "What was the value of gauge Oak in June?": '91\n\n"Gauge: Oak; May: 15; ',
    "Which gauge had the highest value in July?": 'Birch: 88\n\n"Gauge: Birch; ',
    "What is the total of May?": "159 (sum of May over 4 rows)\n\n",
    "Who is responsible for the boiler house?": 'Ada Lind\n\n"Place: Boiler house; ',
    "What is the telephone number of the archive?": '1190\n\n"Place: Archive; ',
    "What does the anchor cost?": '480 crowns\n\n"Article: Anchor; ',
    "How much was spent on paint in 2022?": '295\n\n"Paint; 2021: 310; 2022: 295"',
    "What is the warranty of the Heron pump?": '"The warranty of the Heron pump is two years."',
    "Which model has no warranty?": '"The model Crane has no warranty at all',
    "How high was the revenue of the Lindenau water board in 2022?": (
        '"Revenue was 547 thousand crowns'
    ),
    "How many burst pipes did Lindenau have in 2023?": (
        '"Revenue was 590 thousand crowns and the number of burst pipes was 33."'
    ),
    "When was the boiler cleaned?": '4 May 2024\n\n"On 4 May 2024 the boiler was cleaned."',
    "What happened on 14 May 2024?": '"On 14 May 2024 the roof was inspected."',
    "What did the survey in report 7 find?": '"The survey of the east bank found three leaking',
    "What did the survey in report 70 find?": '"The survey of the island found a sunken boat."',
    "What is in report_7.txt?": '"The survey of the east bank found three leaking drains."',
    "What is report_70 about?": '"The survey of the island found a sunken boat."',
}


async def test_answers_are_cells_rows_and_sentences_that_say_it(
    application: Application, embedder: Embedder, tmp_path: Path
) -> None:
    files = [IncomingFile(path, path.name) for path in write_files(tmp_path)]
    async for event in application.services.ingestion.ingest(files, "UserData", Principal()):
        assert not isinstance(event, FileOutcome) or event.kind is OutcomeKind.ADDED
    answers = await asked(application, embedder, list(EXPECTED))
    wrong = {
        question: answer
        for (question, start), answer in zip(EXPECTED.items(), answers, strict=True)
        if not answer.startswith(start)
    }
    assert wrong == {}


@pytest.mark.parametrize("question", ["Which captain sank the ferry?", "Who wrote the opera?"])
async def test_what_no_file_says_is_declined(
    application: Application, embedder: Embedder, tmp_path: Path, question: str
) -> None:
    path = write_csv(tmp_path / "readings.csv", READINGS)
    async for _ in application.services.ingestion.ingest(
        [IncomingFile(path, path.name)], "UserData", Principal()
    ):
        pass
    [answer] = await asked(application, embedder, [question])
    assert answer.startswith("The documents do not contain the answer.")
