"""The question box fits its window at every width, with one model and with several."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from carrel.engine.pool import ModelPool, NamedLoader
from carrel.engine.scripted import ScriptedEngine
from repetitions import thorough
from running.browsing import Visit
from running.live_server import LiveServer

NAMES = (
    "Meta-Llama-3.1-70B-Instruct-AWQ-INT4-with-a-long-name",
    "mistralai/Mixtral-8x22B-Instruct-v0.1",
)
LONGEST = {"en": "Summarise", "de": "Zusammenfassen"}

OUTSIDE = """(viewing) => {
  document.getElementById("desk").classList.toggle("viewing", viewing);
  const box = document.querySelector("#composer-row").getBoundingClientRect();
  const parts = [...document.querySelectorAll("#composer-row > *, #composer-row button")]
    .map((each) => [each.id || each.textContent.trim(), each.getBoundingClientRect()])
    .filter(([, place]) => place.width);
  const outside = parts
    .filter(([, place]) => place.left < box.left - 1 || place.right > box.right + 1)
    .map(([name, place]) => `${name} ends at ${place.right}, the box at ${box.right}`);
  for (const [name, place] of parts) {
    if (place.right > innerWidth) outside.push(`${name} leaves the window`);
    if (place.width < 30) outside.push(`${name} is ${place.width} wide`);
  }
  const wider = document.documentElement.scrollWidth - innerWidth;
  return wider > 0 ? [...outside, `the page is wider by ${wider}`] : outside;
}"""


def served(count: int) -> ModelPool:
    """Return a pool of so many models with long names."""
    loaders = [
        NamedLoader(name, lambda name=name: ScriptedEngine(name=name)) for name in NAMES[:count]
    ]
    pool = ModelPool(loaders)
    pool.wait_until_ready()
    return pool


@pytest.mark.parametrize(
    ("models", "language"), [(1, "en"), (2, "de"), thorough(1, "de"), thorough(2, "en")]
)
def test_nothing_of_the_box_is_outside_of_it_or_of_the_window(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Callable[[Visit, str], None],
    models: int,
    language: str,
) -> None:
    visitor = tab(start(pool=served(models)), width=1280, height=800)
    page = visitor.page
    page.evaluate("code => localStorage.setItem('carrel-language', code)", language)
    visitor.reload()
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("#model")).to_have_count(models - 1)

    def measured(widths: range | list[int]) -> dict[int, list[str]]:
        found = {}
        for width in widths:
            page.set_viewport_size({"width": width, "height": 800})
            outside = [*page.evaluate(OUTSIDE, True), *page.evaluate(OUTSIDE, False)]
            if outside:
                found[width] = outside
        return found

    assert measured([320, 390, 720, 768, 1280]) == {}
    page.locator("#action input").click()
    page.get_by_role("option").nth(1).click()
    expect(visitor.send).to_have_text(LONGEST[language])
    assert measured(range(1280, 310, -10)) == {}
    assert measured([700, 701, 702, 740, 741, 840, 841, 1000, 1001, 1200, 1201]) == {}
    for width in (320, 390, 720):
        page.set_viewport_size({"width": width, "height": 800})
        screenshot(visitor, f"box-{models}-{language}-{width}")
