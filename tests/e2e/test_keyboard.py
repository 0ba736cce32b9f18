"""The page without a mouse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from running.browsing import Visit
from running.live_server import LiveServer, WatchedEngine


def focused(visitor: Visit) -> str:
    """Return the accessible name, or the text, of what has the focus."""
    return str(
        visitor.page.evaluate(
            "(document.activeElement.getAttribute('aria-label')"
            " || document.activeElement.innerText || document.activeElement.tagName).trim()"
        )
    )


def tab_to(visitor: Visit, name: str) -> None:
    """Press Tab until something has the focus, as somebody without a mouse does."""
    passed = []
    for _ in range(40):
        visitor.page.keyboard.press("Tab")
        passed.append(focused(visitor))
        if passed[-1].startswith(name):
            return
    raise AssertionError(f"{name} is not reached by Tab: {passed}")


def test_the_question_box_is_ready_to_type_into(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(langchain_mode="LLM"))
    expect(visitor.question).to_be_focused()
    visitor.page.keyboard.type("one")
    visitor.page.keyboard.press("Shift+Enter")
    visitor.page.keyboard.type("two")
    expect(visitor.question).to_have_value("one\ntwo")
    visitor.page.keyboard.press("Enter")
    visitor.wait_until_answered()
    expect(visitor.page.locator("#current .question")).to_have_text("one two")
    expect(visitor.question).to_have_value("")


def test_arrow_up_brings_the_last_question_back(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(langchain_mode="LLM"))
    visitor.ask_and_wait("about ferries")
    visitor.question.press("ArrowUp")
    edited = visitor.page.get_by_label("The question, edited")
    expect(edited).to_have_value("about ferries")
    expect(edited).to_be_focused()
    edited.press("Escape")
    expect(edited).to_be_hidden()
    assert focused(visitor) == "Edit the question"


def test_everything_is_reached_by_tab_and_pressed_by_enter(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], report: Path
) -> None:
    visitor = tab(start(WatchedEngine(["The revenue was 18.4 million euros."])), "#documents")
    visitor.upload([report])

    tab_to(visitor, "Delete harbour-report-2023.pdf")
    visitor.page.keyboard.press("Enter")
    assert focused(visitor) == "Keep"
    visitor.page.keyboard.press("Escape")
    assert focused(visitor) == "Delete harbour-report-2023.pdf"
    expect(visitor.documents).to_have_count(1)

    visitor.page.locator("body").focus()
    tab_to(visitor, "New chat")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".welcome")).to_be_visible()
    tab_to(visitor, "What is harbour-report-2023.pdf about?")
    visitor.page.keyboard.press("Enter")
    expect(visitor.question).to_be_focused()
    visitor.page.keyboard.press("Enter")
    visitor.wait_until_answered()

    visitor.page.locator("body").focus()
    tab_to(visitor, "Whole passage")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".passage p").first).to_be_visible()


def test_the_focus_is_visible(start: Callable[..., LiveServer], tab: Callable[..., Visit]) -> None:
    visitor = tab(start())
    tab_to(visitor, "New chat")
    outline = visitor.page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "2px"


def test_on_a_phone_the_rail_opens_and_closes_from_the_keyboard(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(), width=390, height=844)
    expect(visitor.page.locator("#new-chat")).to_be_hidden()
    menu = visitor.page.get_by_role("button", name="Open the menu")
    menu.focus()
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#new-chat")).to_be_visible()
    expect(menu).to_have_attribute("aria-expanded", "true")
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.locator("#new-chat")).to_be_hidden()
    expect(menu).to_be_focused()
