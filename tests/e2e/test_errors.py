"""Errors are one clear line on the page, and the server keeps running."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from carrel.core.errors import ModelLoadFailed
from carrel.core.protocols.adapters import Engine
from carrel.engine.pool import ModelPool, NamedLoader
from carrel.engine.scripted import ScriptedEngine
from carrel.ui.state.errors import UNEXPECTED
from running.browsing import Visit
from running.live_server import FailingEngine, LiveServer, WatchedEngine


def test_a_question_over_an_empty_collection_says_what_to_do(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start())
    visitor.ask("What was the revenue?")
    expect(visitor.error).to_have_text(
        "There is nothing to search in 'UserData': add documents to it first."
    )
    expect(visitor.chats).to_have_count(0)


def test_a_failed_question_can_be_asked_again(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], report: Path
) -> None:
    visitor = tab(start(WatchedEngine(["An answer."])))
    visitor.ask("What was the revenue?")
    expect(visitor.error).to_be_visible()
    visitor.show_documents()
    visitor.upload([report])
    visitor.page.go_back()
    visitor.page.get_by_role("button", name="Retry").click()
    expect(visitor.answer).to_contain_text("An answer.")
    expect(visitor.error).to_have_count(0)
    expect(visitor.page.locator(".question")).to_have_count(1)


def test_a_model_that_fails_in_the_middle_leaves_its_text_and_one_line(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(FailingEngine(2), langchain_mode="LLM"))
    visitor.ask("Hello?")
    expect(visitor.error).to_have_text("The model stopped working.")
    expect(visitor.answer).to_have_text("one two")
    expect(visitor.send).to_be_visible()


def test_an_error_that_nobody_foresaw_shows_no_detail(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(FailingEngine(1, ZeroDivisionError("secret")), langchain_mode="LLM"))
    visitor.ask("Hello?")
    expect(visitor.error).to_have_text(UNEXPECTED)
    expect(visitor.page.locator("body")).not_to_contain_text("secret")
    expect(visitor.page.locator("body")).not_to_contain_text("Traceback")


def test_a_prompt_longer_than_the_context_says_so(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(ScriptedEngine(context_length=64), langchain_mode="LLM"))
    visitor.ask("word " * 500)
    expect(visitor.error).to_contain_text("Shorten the question.")
    visitor.ask_and_wait("short")
    expect(visitor.answer).to_have_text("You asked: short")


def test_a_model_that_still_loads_is_announced_and_questions_are_refused(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    loaded = threading.Event()

    def load() -> Engine:
        loaded.wait(120)
        return ScriptedEngine()

    try:
        visitor = tab(start(pool=ModelPool([NamedLoader("slow", load)]), langchain_mode="LLM"))
        expect(visitor.page.locator("#readiness")).to_contain_text("still loading")
        visitor.ask("Hello?")
        expect(visitor.error).to_contain_text("still loading")
    finally:
        loaded.set()
    expect(visitor.page.locator("#readiness")).to_be_empty()
    visitor.page.get_by_role("button", name="Retry").click()
    expect(visitor.answer).to_have_text("You asked: Hello?")


def test_a_model_that_cannot_be_loaded_says_why(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    def load() -> Engine:
        raise ModelLoadFailed("The weights of 'big' do not fit into memory.")

    visitor = tab(start(pool=ModelPool([NamedLoader("big", load)])))
    expect(visitor.page.locator("#readiness")).to_contain_text("do not fit into memory")


def test_a_collection_name_that_is_taken_says_so_and_a_new_one_is_offered_everywhere(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(), "#documents")
    visitor.page.get_by_role("button", name="New collection").click()
    for name in ("UserData", "Ferries"):
        visitor.page.locator("#collection-name input, #collection-name textarea").fill(name)
        visitor.page.get_by_role("button", name="Create").click()
        if name == "UserData":
            expect(visitor.error).to_contain_text("UserData")
    expect(visitor.page.locator("#collection input")).to_have_value("Ferries")
    expect(visitor.error).to_have_count(0)
    visitor.page.get_by_role("button", name="New chat").click()
    visitor.scope.click()
    expect(visitor.scope_choice("Ferries")).to_be_visible()


def test_a_file_above_the_limit_is_left_out_by_name_and_the_others_go_in(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], tmp_path: Path, report: Path
) -> None:
    large = tmp_path / "large.txt"
    large.write_text("many words " * 10_000)
    visitor = tab(start(max_file_megabytes=0.1), "#documents")
    visitor.page.locator("#upload input[type=file]").set_input_files([large, report])
    expect(visitor.page.locator("#left-out")).to_have_text("Skipped, larger than 100 kB: large.txt")
    expect(visitor.uploads).to_have_count(1)
    expect(visitor.uploads.first).to_contain_text("harbour-report-2023.pdf")
    expect(visitor.uploads.first).to_contain_text("ready")


def test_a_chat_that_is_gone_says_so_and_the_page_works(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(langchain_mode="LLM"), "#chat-0123456789abcdef")
    expect(visitor.error).to_have_count(1)
    visitor.ask_and_wait("Hello?")
    expect(visitor.answer).to_have_text("You asked: Hello?")
    expect(visitor.error).to_have_count(0)


def test_a_document_is_deleted_only_after_a_second_click(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], report: Path
) -> None:
    visitor = tab(start(), "#documents")
    visitor.upload([report])
    row = visitor.documents.first
    row.get_by_role("button", name="Delete harbour-report-2023.pdf").click()
    row.get_by_role("button", name="Keep").click()
    expect(visitor.documents).to_have_count(1)
    row.get_by_role("button", name="Delete harbour-report-2023.pdf").click()
    row.get_by_role("button", name="Delete", exact=True).click()
    expect(visitor.documents).to_have_count(0)
    expect(visitor.page.locator("#documents-table")).to_contain_text("has no documents yet")
