"""The look: readable in light and dark, and nothing fetched from elsewhere."""

from __future__ import annotations

import re

import pytest

from carrel.ui.i18n import theme


def _luminance(color: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of WCAG 2.2."""
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("tokens", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("ink", "ground"),
        ("ink", "surface"),
        ("ink", "sunken"),
        ("ink", "accent-weak"),
        ("muted", "ground"),
        ("muted", "surface"),
        ("muted", "sunken"),
        ("accent", "ground"),
        ("accent", "surface"),
        ("accent", "accent-weak"),
        ("on-accent", "accent"),
        ("on-accent", "accent-strong"),
        ("caution", "surface"),
        ("error", "ground"),
        ("error", "surface"),
        ("error", "error-weak"),
    ],
)
def test_text_has_the_contrast_of_wcag_aa(tokens: dict[str, str], text: str, behind: str) -> None:
    assert contrast(tokens[text], tokens[behind]) >= 4.5


def test_the_colors_of_code_have_the_contrast_of_wcag_aa() -> None:
    styles = (theme.ASSETS / "code.css").read_text(encoding="utf-8")
    for selector, tokens in ((":root", theme.LIGHT), ("body.dark", theme.DARK)):
        rule = re.search(rf"^{selector} \{{(.*)\}}", styles, re.MULTILINE)
        assert rule
        colors = dict(re.findall(r"--(code-[a-z]+): (#[0-9A-F]{6})", rule[1]))
        assert len(colors) == 7
        for name, color in colors.items():
            assert contrast(color, tokens["sunken"]) >= 4.5, (selector, name)


def test_light_and_dark_have_the_same_tokens() -> None:
    assert theme.LIGHT.keys() == theme.DARK.keys()


def test_every_variable_that_the_rules_use_is_defined() -> None:
    styles = theme.stylesheet()
    used = set(re.findall(r"var\(--([\w-]+)", styles))
    defined = set(re.findall(r"--([\w-]+):", styles))
    assert used <= defined


def test_every_icon_that_the_page_uses_is_drawn() -> None:
    sources = "".join(path.read_text() for path in theme.ASSETS.parent.glob("*.py"))
    used = set(re.findall(r"glyph icon-([\w-]+)", sources))
    assert used
    assert used <= set(re.findall(r"\.icon-([\w-]+)\{mask-image", theme.stylesheet()))


def test_styles_and_script_fetch_nothing() -> None:
    everything = theme.stylesheet() + theme.script()
    addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", everything))
    assert addresses == set()
    assert "@import" not in everything
    assert set(re.findall(r"url\(\"?(\w+:)", theme.stylesheet())) == {"data:"}


def test_fonts_are_those_of_the_system() -> None:
    drawn = theme.carrel_theme()
    assert drawn._stylesheets == []
    assert "@font-face" not in drawn._get_theme_css()
    assert "url(http" not in drawn._get_theme_css()


def test_the_tab_icon_is_our_own() -> None:
    assert theme.favicon().read_text().startswith("<svg")
