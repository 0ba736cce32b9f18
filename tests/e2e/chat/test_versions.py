"""Below each answer: copy it, ask again, edit the question, switch between versions, delete."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import APIResponse, Locator, Route, expect

from running.browsing import PATIENCE, Visit
from running.live_server import FailingEngine, LiveServer, WatchedEngine

FIRST, SECOND, THIRD, FOURTH = "The **first** answer.", "The second.", "The third.", "The fourth."


def button(visitor: Visit, name: str, where: str = "#current") -> Locator:
    return visitor.page.locator(where).get_by_role("button", name=name)


def switch(visitor: Visit, where: str = "#current") -> Locator:
    return visitor.page.locator(f"{where} .versions > span")


def edit(visitor: Visit, question: str, where: str = "#current") -> None:
    button(visitor, "Edit the question", where).click()
    box = visitor.page.locator(where).get_by_label("The question, edited")
    box.fill(question)
    box.press("Enter")


def test_an_answer_given_again_is_a_version_and_both_are_kept(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
) -> None:
    server = start(WatchedEngine([FIRST, SECOND, THIRD]), langchain_mode="LLM")
    visitor = tab(server)
    visitor.ask_and_wait("What is it?")
    expect(switch(visitor)).to_have_count(0)
    button(visitor, "Answer again").click()
    expect(visitor.answer).to_have_text("The second.")
    expect(switch(visitor)).to_have_text("2 of 2")
    expect(visitor.chats).to_have_count(1)
    expect(button(visitor, "Version after")).to_be_disabled()
    button(visitor, "Version before").click()
    expect(visitor.answer).to_have_text("The first answer.")
    expect(switch(visitor)).to_have_text("1 of 2")
    visitor.ask_and_wait("And then?")
    expect(visitor.answer).to_have_text("The third.")
    screenshot(visitor, "versions")

    visitor.reload()
    expect(visitor.answer).to_have_text("The third.")
    expect(switch(visitor, "#past")).to_have_text("1 of 2")
    button(visitor, "Version after", "#past").click()
    expect(visitor.page.locator("#past .exchange")).to_have_count(0)
    expect(visitor.answer).to_have_text("The second.")
    button(visitor, "Version before").click()
    expect(visitor.page.locator("#past .answer")).to_have_text("The first answer.")
    expect(visitor.answer).to_have_text("The third.")


def test_an_edited_question_begins_another_version_of_the_chat(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
) -> None:
    visitor = tab(start(WatchedEngine([FIRST, SECOND, THIRD, FOURTH]), langchain_mode="LLM"))
    visitor.ask_and_wait("What is <b>it</b>?")
    visitor.ask_and_wait("And then?")
    button(visitor, "Edit the question", "#past").click()
    expect(visitor.page.locator("#past textarea")).to_have_value("What is <b>it</b>?")
    screenshot(visitor, "edit-question")
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.locator("#past textarea")).to_be_hidden()
    edit(visitor, "What is that?", "#past")
    expect(visitor.answer).to_have_text("The third.")
    expect(visitor.page.locator("#current .question")).to_have_text("What is that?")
    expect(visitor.page.locator("#past .exchange")).to_have_count(0)
    expect(switch(visitor)).to_have_text("2 of 2")
    button(visitor, "Version before").click()
    expect(visitor.page.locator("#past .question")).to_have_text("What is <b>it</b>?")
    expect(visitor.answer).to_have_text("The second.")


def test_a_deleted_question_takes_along_what_follows(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(WatchedEngine([FIRST, SECOND, THIRD]), langchain_mode="LLM"))
    visitor.ask_and_wait("What is it?")
    visitor.ask_and_wait("And then?")
    button(visitor, "Delete the question").click()
    button(visitor, "Delete").filter(has_text="Delete").click()
    expect(visitor.page.locator("#current .question")).to_have_text("What is it?")
    visitor.reload()
    expect(visitor.answer).to_have_text("The first answer.")
    button(visitor, "Delete the question").click()
    button(visitor, "Delete").filter(has_text="Delete").click()
    expect(visitor.page.locator(".welcome")).to_be_visible()
    expect(visitor.chats).to_have_count(0)


def test_an_answer_is_copied_as_text_and_with_its_form(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(WatchedEngine([FIRST]), langchain_mode="LLM"))
    visitor.ask_and_wait("What is it?")
    visitor.page.context.grant_permissions(["clipboard-read"])
    button(visitor, "Copy the answer").click()
    expect(button(visitor, "Copied")).to_be_visible()
    assert visitor.page.evaluate("navigator.clipboard.readText()") == "The first answer."
    html = visitor.page.evaluate(
        "navigator.clipboard.read().then((items) => items[0].getType('text/html'))"
        ".then((blob) => blob.text())"
    )
    assert "<strong>first</strong>" in html
    expect(button(visitor, "Copy the answer")).to_be_visible(timeout=PATIENCE)


def test_how_an_answer_ended_is_shown_after_a_reload(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(FailingEngine(2), langchain_mode="LLM"))
    visitor.ask("What is it?")
    expect(visitor.error).to_have_text("The model stopped working.")
    visitor.reload()
    expect(visitor.answer).to_have_text("one two")
    expect(visitor.error).to_have_text("The model stopped working.")
    expect(button(visitor, "Retry")).to_be_visible()


def test_a_stopped_answer_is_shown_as_stopped_after_a_reload(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    engine = WatchedEngine(["word " * 500], seconds_per_token=0.05)
    visitor = tab(start(engine, langchain_mode="LLM"))
    visitor.ask("What is it?")
    expect(visitor.answer).to_contain_text("word word")
    visitor.stop.click()
    expect(visitor.state).to_contain_text("stopped by you")
    visitor.reload()
    expect(visitor.state).to_have_text("stopped by you")


def test_a_refused_question_is_deleted_with_what_was_asked_after_it(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(WatchedEngine([FIRST, SECOND]), langchain_mode="LLM"))
    visitor.ask_and_wait("What is it?")
    visitor.ask_only("UserData")
    visitor.ask("Is it there?")
    expect(visitor.error).to_contain_text("nothing to search")
    visitor.ask_only("No documents")
    visitor.ask_and_wait("And then?")
    refused = visitor.page.locator("#past .exchange").nth(1)
    refused.get_by_role("button", name="Delete the question").click()
    refused.get_by_role("button", name="Delete").filter(has_text="Delete").click()
    expect(visitor.page.locator("#current .question")).to_have_text("What is it?")
    visitor.reload()
    expect(visitor.page.locator("#current .question")).to_have_text("What is it?")


def test_a_version_that_is_chosen_while_an_answer_is_written_is_the_one_that_is_kept(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    engine = WatchedEngine([FIRST, SECOND, "word " * 500], seconds_per_token=0.02)
    visitor = tab(start(engine, langchain_mode="LLM"))
    visitor.ask_and_wait("What is it?")
    button(visitor, "Answer again").click()
    expect(switch(visitor)).to_have_text("2 of 2")
    visitor.ask("And then?")
    expect(visitor.answer).to_contain_text("word word")
    button(visitor, "Version before", "#past").click()
    expect(visitor.answer).to_have_text("The first answer.")
    visitor.reload()
    expect(visitor.answer).to_have_text("The first answer.")
    button(visitor, "Version after").click()
    expect(visitor.answer).to_contain_text("word word")
    expect(visitor.state).to_have_text("stopped by you")


def test_an_update_that_arrives_late_does_not_replace_a_later_one(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(WatchedEngine([FIRST, SECOND]), langchain_mode="LLM"))
    visitor.ask_and_wait("What is it?")
    visitor.page.locator("#new-chat").click()
    expect(visitor.page.locator(".welcome")).to_be_visible()
    held: list[tuple[Route, APIResponse]] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    visitor.page.route("**/run/predict*", hold_first)
    visitor.chats.first.click()
    while not held:
        visitor.page.wait_for_timeout(20)
    visitor.page.locator("#new-chat").click()
    visitor.ask_and_wait("And then?")
    (route, late) = held[0]
    assert "What is it?" in late.text()
    with visitor.page.expect_response("**/run/predict*"):
        route.fulfill(response=late)
    visitor.page.wait_for_timeout(500)
    expect(visitor.page.locator("#current .question")).to_have_text("And then?")
