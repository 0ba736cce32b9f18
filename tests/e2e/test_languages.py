"""The page in the browser's language, or in the one that was chosen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from carrel.engine.scripted import ScriptedEngine
from running.browsing import Visit
from running.live_server import LiveServer, WatchedEngine

ANSWER = "The total revenue was 18.4 million euros in 2023. Dragons guard the harbour at night."
ENGLISH_WORDS = re.compile(
    r"\b(the|and|of|your|with|not|page|source|sources|chunks?|show|close|delete|copy|ask|edit|"
    r"loading|ready|state|speed|shared|rename|drop|files?|click|nobody|choose|save|waiting)\b",
    re.IGNORECASE,
)
SAID = """() => {
  // What a reader sees or hears of the page itself: neither answers nor documents nor names.
  const content = "script, style, .answer, .question, .source-quote, .passage p, .file-name, " +
    ".viewer-passage, .source-file, .viewer-file, .example, textarea, .chat-title, tbody th, " +
    ".welcome-hint";
  const said = [];
  for (const each of document.body.querySelectorAll("*")) {
    if (each.closest(content) || !each.checkVisibility()) continue;
    for (const node of each.childNodes) if (node.nodeType === 3) said.push(node.data.trim());
    for (const name of ["title", "aria-label", "placeholder", "alt"]) {
      const value = each.getAttribute(name);
      if (value) said.push(value);
    }
  }
  return [...new Set(said)].filter(Boolean);
}"""
NAMES = ("harbour-report-2023.pdf", "What was the total revenue in 2023?", "The total revenue was")
"""Content within texts of the page."""


@pytest.fixture
def german(browser: Browser) -> Iterator[Callable[[LiveServer], Visit]]:
    """Return a function that opens the page in a browser that prefers German."""
    contexts = []

    def open_page(server: LiveServer) -> Visit:
        context = browser.new_context(locale="de-AT", viewport={"width": 1440, "height": 900})
        contexts.append(context)
        visitor = Visit(context.new_page(), server.address)
        visitor.open()
        return visitor

    yield open_page
    for context in contexts:
        context.close()


def assert_german(visitor: Visit, *, but: tuple[str, ...] = ()) -> None:
    """Check that no English word is on the page outside of contents."""
    said = visitor.page.evaluate(SAID)
    for name in (*NAMES, *but):
        said = [each.replace(name, "") for each in said]
    assert [each for each in said if ENGLISH_WORDS.search(each)] == []


def test_the_browsers_language_counts_until_another_is_chosen(
    start: Callable[..., LiveServer], german: Callable[[LiveServer], Visit]
) -> None:
    visitor = german(start(langchain_mode="LLM"))
    page = visitor.page
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#new-chat")).to_have_text("Neuer Chat")
    expect(visitor.question).to_have_attribute("placeholder", "Fragen Sie Ihre Dokumente…")
    expect(visitor.scope).to_have_text("Keine Dokumente")
    visitor.ask_and_wait("Was kostet die Fähre?")
    expect(page.locator("h2.chat-group")).to_have_text("Heute")
    visitor.show_documents()
    expect(page.locator("#documents-view h1")).to_have_text("Dokumente")

    page.get_by_role("button", name="Einstellungen").click()
    page.get_by_label("Sprache").select_option("English")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#new-chat")).to_have_text("New chat")
    expect(page.locator("h2.chat-group")).to_have_text("Today")
    visitor.reload()
    expect(page.locator("#new-chat")).to_have_text("New chat")


def test_no_view_has_an_english_word_in_german(
    start: Callable[..., LiveServer],
    german: Callable[[LiveServer], Visit],
    screenshot: Callable[[Visit, str], None],
    report: Path,
) -> None:
    visitor = german(start(WatchedEngine([ANSWER])))
    page = visitor.page
    expect(page.locator(".welcome")).to_contain_text("ist leer")
    assert_german(visitor)
    visitor.show_documents()
    page.locator("#upload input[type=file]").set_input_files(report)
    expect(page.locator("#uploads .file-stage")).to_have_text("bereit · 3 Seiten · 3 Abschnitte")
    expect(page.locator("#documents-table")).to_contain_text("Geteilt")
    assert_german(visitor)
    screenshot(visitor, "german-documents")
    visitor.open()
    expect(page.locator(".welcome")).to_contain_text("1 Dokument in")
    visitor.ask("What was the total revenue in 2023?")
    expect(visitor.state).to_have_text(re.compile(r"^1 von 3 Quellen · \d,\d s · \d+ Tokens/s$"))
    expect(page.locator("#current .legend")).to_contain_text("Gepunktete")
    assert_german(visitor)
    page.locator("[data-copy-answer]").click()
    expect(page.locator("[data-copy-answer]")).to_have_attribute("title", "Kopiert")
    visitor.answer.locator(".cite-mark").click()
    expect(page.locator("#viewer .page-picture img")).to_be_visible()
    expect(page.locator("#viewer")).to_contain_text("Seite 2 / 3")
    assert_german(visitor)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert visitor.width_overflow() == 0
            screenshot(visitor, f"german-panel-{width}-{scheme}")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1440, "height": 900})
    for view in ("compare", "models", "search"):
        page.locator(f"#{view}-link").click()
        expect(page.locator(f"#{view}-view")).to_be_visible()
        assert_german(visitor)
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            assert visitor.width_overflow() == 0
            screenshot(visitor, f"german-{view}-{width}")
    page.locator("#search-query").locator("input, textarea").fill("total revenue")
    page.locator("#search-button").click()
    expect(page.locator("#search-results .source-page").first).to_contain_text("Seite")
    assert_german(visitor)
    assert visitor.failures == []


def test_another_language_keeps_what_is_shown_and_an_answer_continues(
    start: Callable[..., LiveServer], german: Callable[[LiveServer], Visit]
) -> None:
    words = "Eins zwei drei. " * 300
    engine = ScriptedEngine([words], seconds_per_token=0.01)
    visitor = german(start(engine, langchain_mode="LLM"))
    page = visitor.page
    visitor.ask("Was kostet die Fähre?")
    expect(visitor.state).to_have_text("Schreibt…")
    visitor.question.fill("Und das hier?")
    page.locator("#settings-button").click()
    page.get_by_label("Sprache").select_option("English")
    expect(visitor.state).to_have_text("Writing…")
    expect(page.locator("#stop-button")).to_be_visible()
    expect(page.locator("#settings-button")).to_be_focused()
    expect(visitor.question).to_have_value("Und das hier?")
    length = len(visitor.answer.inner_text())
    page.wait_for_function(
        "length => document.querySelector('#current .answer').innerText.length > length", arg=length
    )
    page.locator("#stop-button").click()
    expect(visitor.state).to_contain_text("stopped by you")
    expect(page.locator("[data-copy-answer]")).to_have_attribute("title", "Copy the answer")
    assert visitor.failures == []


def test_another_language_keeps_what_is_chosen_to_be_done(
    start: Callable[..., LiveServer], german: Callable[[LiveServer], Visit]
) -> None:
    visitor = german(start())
    page = visitor.page
    page.locator("#action input").click()
    page.get_by_role("option", name="Zusammenfassen").click()
    expect(visitor.send).to_have_text("Zusammenfassen")
    page.locator("#settings-button").click()
    page.get_by_label("Sprache").select_option("English")
    expect(visitor.send).to_have_text("Summarise")
    expect(page.locator("#action input")).to_have_value("Summarise")
    expect(visitor.question).to_have_attribute("placeholder", "Topic to focus on (optional)…")
