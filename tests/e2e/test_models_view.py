"""Loading and unloading models on the page; the pool and its loading are the shipped ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from running.browsing import Visit
from running.live_server import LiveServer, live_server, settings_in
from tiny.model import save_tiny_model


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LiveServer]:
    """A server of a real model, so that another one can fail to load."""
    model = save_tiny_model(tmp_path / "tiny")
    flags = {"engine": "continuous", "base_model": model, "langchain_mode": "LLM"}
    with live_server(settings_in(tmp_path / "data", **flags), with_page=True) as live:
        yield live


def test_models_are_loaded_refused_with_a_reason_and_unloaded(
    server: LiveServer,
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
) -> None:
    visitor = tab(server)
    page = visitor.page
    visitor.ask_and_wait("Hello?")
    page.locator("#models-link").click()
    rows = page.locator("#models-table tbody tr")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("tokens/s, first after")
    expect(rows.first.locator("[data-label=Memory]")).to_have_text(re.compile(r"^[\d.]+ kB$"))
    served = rows.first.locator("th").inner_text()
    page.locator("#load-button").click()
    expect(visitor.error).to_contain_text("Name a model first")
    page.locator("#load-model input, #load-model textarea").fill(served)
    page.locator("#load-button").click()
    expect(visitor.error).to_contain_text("loaded already")
    page.locator("#load-name input, #load-name textarea").fill("<b>second</b>")
    page.locator("#load-button").click()
    second = rows.nth(1)
    expect(second).to_contain_text("<b>second</b>")
    expect(second).to_contain_text("Ready")
    assert visitor.width_overflow() == 0
    screenshot(visitor, "models-1440-light")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    assert visitor.width_overflow() == 0
    screenshot(visitor, "models-390")
    page.set_viewport_size({"width": 1440, "height": 900})
    second.get_by_role("button", name="Unload <b>second</b>").click()
    second.locator("[data-action='unload_model']").click()
    expect(rows).to_have_count(1)
    page.locator("#load-model input, #load-model textarea").fill("nobody/of-the-hub")
    page.locator("#load-name input, #load-name textarea").fill("absent")
    page.locator("#load-button").click()
    expect(visitor.error.first).to_contain_text("nobody/of-the-hub")
