"""Code and formulas in an answer: to read, to copy, and within the width of a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from repetitions import thorough
from running.browsing import Visit
from running.live_server import LiveServer, WatchedEngine

CODE = '''def growth(revenue: list[float]) -> float:
    """Return the mean growth of a year."""
    # The first year has none before it, so that there is one step less than there are years.
    steps = [later / earlier - 1 for earlier, later in zip(revenue, revenue[1:], strict=False)]
    return sum(steps) / len(steps) if steps else 0.0
'''
ANSWER = rf"""The growth rate $g = \frac{{r_2}}{{r_1}} - 1$ of a $5 ticket and
a $10 ticket is the same.
Over several years it is the mean:

$$
\bar{{g}} = \frac{{1}}{{n-1}} \sum_{{i=2}}^{{n}} \left( \frac{{r_i}}{{r_{{i-1}}}} - 1 \right)
$$

The same in Python:

```python
{CODE}```

A matrix \(\begin{{pmatrix}} a & b \\ c & d \end{{pmatrix}}\) and a long line:

\[ a_1 + a_2 + a_3 + a_4 + a_5 + a_6 + a_7 + a_8 + a_9 = \sqrt{{x^2 + y^2}} \]

```
no language, no colors
```
"""
GRAVE = {"serious", "critical"}
CLIPBOARD = "navigator.clipboard.readText()"
Picture = Callable[[Visit, str], None]


def assert_drawn(visitor: Visit) -> None:
    """Fail if the code has no colors, or a formula no size."""
    answer = visitor.answer
    expect(answer.locator(".code-block")).to_have_count(2)
    expect(answer.locator(".code-keyword", has_text="def")).to_be_visible()
    expect(answer.locator(".code-block pre").first).to_have_text(CODE.rstrip("\n"))
    expect(answer.locator("math")).to_have_count(4)
    for formula in answer.locator("math").all():
        box = formula.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) > 4
    fraction = answer.locator("mfrac").first.bounding_box()
    letter = answer.locator("mfrac mi").first.bounding_box()
    assert fraction is not None
    assert letter is not None
    assert fraction["height"] > 1.5 * letter["height"], "a fraction is higher than its numerator"
    expect(answer).to_contain_text("of a $5 ticket and")
    expect(answer).to_contain_text("a $10 ticket is the same.")
    assert visitor.width_overflow() == 0


def test_code_is_copied_by_mouse_and_by_keyboard(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(WatchedEngine([ANSWER], seconds_per_token=0.005), langchain_mode="LLM"))
    visitor.page.context.grant_permissions(["clipboard-read"])
    visitor.ask_and_wait("How does revenue grow?")
    for _ in range(2):
        assert_drawn(visitor)
        first, second = visitor.answer.locator("[data-copy]").all()
        first.click()
        expect(first).to_have_text("Copied")
        assert visitor.page.evaluate(CLIPBOARD) == CODE
        second.focus()
        visitor.page.keyboard.press("Enter")
        expect(second).to_have_text("Copied")
        assert visitor.page.evaluate(CLIPBOARD) == "no language, no colors\n"
        expect(first).to_have_text("Copy")
        visitor.reload()


def test_code_is_copied_where_the_browser_gives_no_clipboard(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(WatchedEngine([ANSWER]), langchain_mode="LLM"))
    visitor.ask_and_wait("How does revenue grow?")
    visitor.page.evaluate(
        "delete Navigator.prototype.clipboard;"
        "window.addEventListener('copy', (event) =>"
        " { window.copied = event.clipboardData.getData('text/plain'); })"
    )
    button = visitor.answer.locator("[data-copy]").first
    button.click()
    expect(button).to_have_text("Copied")
    assert visitor.page.evaluate("copied") == CODE


@pytest.mark.parametrize(
    ("width", "height", "dark"),
    [
        (1440, 1300, False),
        (390, 1300, True),
        thorough(1440, 1300, True),
        thorough(390, 1300, False),
    ],
)
def test_code_and_formulas_fit_their_column(
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    screenshot: Picture,
    report: Path,
    width: int,
    height: int,
    dark: bool,
) -> None:
    visitor = tab(
        start(WatchedEngine([ANSWER])), "#documents", width=width, height=height, dark=dark
    )
    visitor.upload([report])
    visitor.open()
    visitor.ask_and_wait("How does revenue grow?")
    assert_drawn(visitor)
    scrolls = "each => each.scrollWidth > each.clientWidth"
    assert visitor.answer.locator("pre").first.evaluate(scrolls)
    assert visitor.answer.locator(".formula").last.evaluate(scrolls) == (width < 700)
    visitor.page.locator("#reading").evaluate("each => each.scrollTo(0, 0)")
    screenshot(visitor, f"code-and-math-{width}-{'dark' if dark else 'light'}")
    found = Axe().run(visitor.page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in GRAVE] == []
