"""Every state at every width, light and dark; the pictures stay in ``build/screenshots``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from repetitions import thorough
from running.browsing import Visit
from running.live_server import LiveServer, WatchedEngine

ANSWER = """The trust's total revenue was **18.4 million euros** in 2023.

| Year | Revenue | Costs |
|------|---------|-------|
| 2023 | 18.4 | 15.1 |

- Operating costs rose because fuel became more expensive.
- The surplus goes into the `new pier`.
"""
Picture = Callable[[Visit, str], None]


@pytest.mark.parametrize(
    ("width", "height", "dark"),
    [
        (1440, 900, False),
        (1024, 768, False),
        (390, 844, True),
        thorough(1440, 900, True),
        thorough(1024, 768, True),
        thorough(390, 844, False),
    ],
)
def test_each_state_fits_its_window(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Picture,
    report: Path,
    minutes: Path,
    broken: Path,
    width: int,
    height: int,
    dark: bool,
) -> None:
    server = start(WatchedEngine([ANSWER], seconds_per_token=0.02))
    visitor = tab(server, width=width, height=height, dark=dark)

    def keep(state: str) -> None:
        assert visitor.width_overflow() == 0, state
        screenshot(visitor, f"{state}-{width}-{'dark' if dark else 'light'}")

    keep("empty")
    visitor.ask("What was the revenue?")
    expect(visitor.error).to_be_visible()
    keep("error")

    visitor.open("#documents")
    visitor.upload([report, minutes, broken])
    expect(visitor.documents).to_have_count(3)
    keep("documents")

    visitor.open()
    expect(visitor.page.locator(".examples")).to_be_visible()
    keep("welcome")
    visitor.ask("What was the total revenue in 2023, and why did the costs rise?")
    expect(visitor.answer).to_contain_text("18.4")
    keep("streaming")
    visitor.wait_until_answered()
    expect(visitor.sources.first).to_be_visible()
    keep("answered")
    box = visitor.question.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < height

    if width < 700:
        visitor.page.get_by_role("button", name="Open the menu").click()
        expect(visitor.page.locator("#new-chat")).to_be_in_viewport()
        keep("sidebar")


def test_the_choice_of_light_or_dark_outlives_a_reload(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(langchain_mode="LLM"))
    body = visitor.page.locator("body")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert visitor.page.evaluate(ground) == "rgb(250, 249, 246)"
    visitor.page.get_by_role("button", name="Settings", exact=True).click()
    visitor.page.get_by_label("Dark").check()
    assert visitor.page.evaluate(ground) == "rgb(22, 21, 19)"
    visitor.reload()
    expect(body).to_have_class("dark")
    assert visitor.page.evaluate(ground) == "rgb(22, 21, 19)"
    visitor.page.get_by_role("button", name="Settings", exact=True).click()
    visitor.page.get_by_label("System", exact=True).check()
    assert visitor.page.evaluate(ground) == "rgb(250, 249, 246)"
    visitor.page.emulate_media(color_scheme="dark")
    expect(body).to_have_class("dark")


def test_nothing_of_gradio_is_to_be_seen(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start())
    expect(visitor.page).to_have_title("Carrel")
    expect(visitor.page.locator("footer")).to_have_count(0)
    expect(visitor.page.locator("body")).not_to_contain_text("Gradio")
    fonts = visitor.page.evaluate("[...document.fonts].map(font => font.status)")
    assert "loaded" not in fonts


def test_long_names_and_words_stay_inside(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], screenshot: Picture
) -> None:
    word = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 3
    server = start(WatchedEngine([f"{word}\n\n```\n{word}\n```"]))
    with server.client() as client:
        client.post(
            "/v1/collections/UserData/documents?wait=true",
            json={"name": f"{word}.txt", "text": f"{word} and more."},
        ).raise_for_status()
    visitor = tab(server, width=390, height=844)
    assert visitor.width_overflow() == 0
    visitor.ask_and_wait(word)
    expect(visitor.sources.first).to_be_visible()
    assert visitor.width_overflow() == 0
    screenshot(visitor, "long-words-390-light")
    visitor.open("#documents")
    expect(visitor.documents).to_have_count(1)
    assert visitor.width_overflow() == 0
