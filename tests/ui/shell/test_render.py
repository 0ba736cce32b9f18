"""The chat as HTML."""

from __future__ import annotations

from dataclasses import replace

import pytest

from carrel.core.chat import AnswerScored, Finished, FinishReason, Stage, Usage
from carrel.core.documents import Source
from carrel.ui.chat.render_exchange import exchange_html, sources_html
from carrel.ui.i18n.texts import ENGLISH
from carrel.ui.shell.render import (
    confirmed_delete,
    error_line,
    example_questions,
    state_text,
    thread_html,
    welcome_html,
)
from carrel.ui.state.exchange import Exchange

HOSTILE = """<img src=x onerror=alert(1)>"'&.pdf"""
SOURCE = Source(
    index=1,
    document="report.pdf",
    document_id="d1",
    collection="UserData",
    page=47,
    score=0.8249,
    text="Before. Revenue rose. After.",
    quote="Revenue rose.",
)
FINISHED = Finished(FinishReason.STOP, Usage(100, 25, 0.2, 1.2), "m")


def assert_escaped(html: str) -> None:
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;.pdf" in html


def test_a_source_names_file_page_score_quote_and_passage() -> None:
    html = sources_html([SOURCE])
    for part in ("report.pdf", "page 47", "0.82", ">Revenue rose.</blockquote>"):
        assert part in html
    assert "Before. <mark>Revenue rose.</mark> After." in html


def test_a_source_without_pages_names_none() -> None:
    assert "source-page" not in sources_html([replace(SOURCE, page=None)])


def test_whatever_a_document_holds_is_escaped() -> None:
    hostile = replace(SOURCE, document=HOSTILE, text=f"a {HOSTILE} b", quote=HOSTILE)
    html = sources_html([hostile])
    assert_escaped(html)
    assert html.count("<mark>") == 1


def test_a_quote_that_is_not_in_the_passage_marks_nothing() -> None:
    assert "<mark>" not in sources_html([replace(SOURCE, quote="elsewhere")])


def test_sources_after_the_third_wait_behind_a_line_and_keep_their_numbers() -> None:
    html = sources_html([replace(SOURCE, index=index) for index in range(1, 6)])
    shown, hidden = html.split('<details class="more-sources">')
    assert shown.count('class="source"') == 3
    assert hidden.count('class="source"') == 2
    assert "2 more sources" in hidden
    assert '<span class="source-number">4</span>' in hidden


def test_question_and_answer_are_escaped() -> None:
    html = exchange_html(Exchange(HOSTILE, HOSTILE))
    assert_escaped(html)


def test_an_error_is_one_escaped_line_below_the_text_that_came() -> None:
    html = exchange_html(Exchange("q", "Half an", error=f"Broken:\n  {HOSTILE}"))
    assert html.index("Half an") < html.index("error-line")
    assert "Broken: &lt;img" in html
    assert 'data-action="ask_again" data-id="0">Retry<' in html


def test_an_error_line_is_announced() -> None:
    assert 'role="alert"' in error_line("x")


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (Stage.READING_DOCUMENTS, "Reading documents…"),
        (Stage.WAITING, "Waiting…"),
        (Stage.WRITING, "Writing…"),
    ],
)
def test_the_state_says_what_is_being_done(stage: Stage, words: str) -> None:
    assert state_text(Exchange("q", stage=stage)) == words


def test_every_stage_has_words() -> None:
    assert all(state_text(Exchange("q", stage=stage)) for stage in Stage)


def test_the_state_tells_what_was_searched_for_and_is_escaped() -> None:
    exchange = Exchange("And <b>?", "a", finished=FINISHED, search_query="Who is <b>?")
    assert state_text(exchange).startswith("searched for “Who is <b>?” · ")
    assert "Who is &lt;b&gt;?" in exchange_html(exchange)


def test_the_state_of_a_finished_answer_counts_sources_seconds_and_speed() -> None:
    exchange = Exchange("q", "a", (SOURCE, SOURCE, SOURCE), finished=FINISHED)
    assert state_text(exchange) == "3 sources · 1.2 s · 24 tokens/s"


def test_a_score_is_after_the_speed() -> None:
    scored = AnswerScored(0.7349, "reward")
    exchange = Exchange("q", "a", finished=FINISHED, scored=scored)
    assert state_text(exchange) == "1.2 s · 24 tokens/s · score 0.73"


@pytest.mark.parametrize(
    ("position", "words"), [(1, "Queued, you are next…"), (3, "Queued, 2 before you…")]
)
def test_a_place_in_line_says_how_many_come_before(position: int, words: str) -> None:
    assert state_text(Exchange("q", stage=Stage.WAITING, position=position)) == words


def test_an_answer_of_one_token_has_no_speed() -> None:
    finished = replace(FINISHED, usage=Usage(100, 1, 0.2, 0.2))
    assert state_text(Exchange("q", "a", finished=finished)) == "0.2 s"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (FinishReason.LENGTH, "cut at the length limit"),
        (FinishReason.TIME, "cut at the time limit"),
    ],
)
def test_a_cut_answer_says_why(reason: FinishReason, words: str) -> None:
    exchange = Exchange("q", "a")
    exchange.apply(replace(FINISHED, reason=reason))
    assert words in state_text(exchange)


def test_dropped_messages_are_counted() -> None:
    finished = replace(FINISHED, dropped_turns=2)
    assert "without the 2 oldest messages" in state_text(Exchange("q", "a", finished=finished))


def test_a_stopped_answer_says_who_stopped_it() -> None:
    assert state_text(Exchange("q", "a", stopped=True)) == "stopped by you"


def test_a_saved_answer_counts_its_sources() -> None:
    assert state_text(Exchange("q", "a", (SOURCE,))) == "1 source"


def test_delete_asks_before_it_acts() -> None:
    html = confirmed_delete("delete_chat", 'x"y', f"Delete {HOSTILE}")
    first, confirm = html.split('<span class="confirm" hidden>')
    assert "data-ask" in first
    assert "data-action" not in first
    assert 'data-action="delete_chat" data-id="x&quot;y"' in confirm
    assert_escaped(first)


def test_the_empty_chat_makes_questions_from_the_documents() -> None:
    html = welcome_html(["a.pdf", "b.docx", "c.xlsx", "d.md"], "UserData")
    assert "4 documents in UserData" in html
    assert html.count("data-example=") == 3
    assert all(name in html for name in ("a.pdf", "b.docx", "c.xlsx"))


def test_the_empty_chat_of_an_empty_collection_leads_to_the_documents() -> None:
    html = welcome_html([], HOSTILE)
    assert_escaped(html)
    assert 'data-view="documents"' in html


def test_the_empty_chat_without_documents_promises_no_sources() -> None:
    assert "without documents" in welcome_html([], None)


def test_names_in_example_questions_are_escaped() -> None:
    assert_escaped(welcome_html([HOSTILE], "UserData"))


def test_one_document_gives_three_questions() -> None:
    questions = example_questions(["a.pdf"])
    assert len(set(questions)) == 3
    assert all("a.pdf" in question for question in questions)


def test_the_thread_names_its_chat() -> None:
    assert thread_html("x", 'a"b') == '<div class="thread" data-chat="a&quot;b">x</div>'
    assert 'data-chat=""' in thread_html("x", None)


@pytest.mark.parametrize(("number", "text"), [(0, "0 pages"), (1, "1 page"), (1204, "1,204 pages")])
def test_counts_have_the_right_form(number: int, text: str) -> None:
    assert ENGLISH.counted("count.page", number) == text
