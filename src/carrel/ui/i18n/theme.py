"""Theme: tokens for light and dark, system fonts, icons. Nothing is fetched."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import gradio as gr

ASSETS = Path(str(files("carrel.ui"))) / "assets"

LIGHT = {
    "ground": "#FAF9F6",
    "surface": "#FFFFFF",
    "sunken": "#F3F1EB",
    "border": "#E6E3DC",
    "border-strong": "#CFCABF",
    "ink": "#1F1D1A",
    "muted": "#6B665E",
    "accent": "#1F5F4A",
    "accent-strong": "#174939",
    "accent-weak": "#E3EFEA",
    "on-accent": "#FFFFFF",
    "caution": "#8A5A00",
    "error": "#B3261E",
    "error-weak": "#FBEAE8",
}
DARK = {
    "ground": "#161513",
    "surface": "#1E1C19",
    "sunken": "#1A1816",
    "border": "#34312C",
    "border-strong": "#4A463F",
    "ink": "#ECE8E1",
    "muted": "#A39C91",
    "accent": "#6FBF9E",
    "accent-strong": "#8BD0B3",
    "accent-weak": "#20352C",
    "on-accent": "#10201A",
    "caution": "#E0B050",
    "error": "#F2A19A",
    "error-weak": "#3A2220",
}
SANS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Noto Sans",
    "DejaVu Sans",
    "sans-serif",
)
SERIF = ("Iowan Old Style", "Charter", "Georgia", "Noto Serif", "DejaVu Serif", "serif")
MONO = (
    "ui-monospace",
    "SF Mono",
    "Cascadia Mono",
    "Noto Sans Mono",
    "DejaVu Sans Mono",
    "monospace",
)


STYLES = (
    "page.css",
    "exchange.css",
    "attach.css",
    "scope.css",
    "history.css",
    "documents.css",
    "compare.css",
    "models.css",
    "code.css",
)
SCRIPTS = (
    "page.js",
    "reading.js",
    "scope.js",
    "exchange.js",
    "history.js",
    "page_settings.js",
    "documents.js",
    "files.js",
    "code.js",
)


def carrel_theme() -> gr.themes.Base:
    """Return Gradio's plainest theme with the tokens."""
    return gr.themes.Base(font=list(SANS), font_mono=list(MONO)).set(
        body_background_fill=LIGHT["ground"],
        body_background_fill_dark=DARK["ground"],
        body_text_color=LIGHT["ink"],
        body_text_color_dark=DARK["ink"],
        body_text_size="1rem",
        body_text_color_subdued="var(--muted)",
        body_text_color_subdued_dark="var(--muted)",
        background_fill_primary="var(--surface)",
        background_fill_primary_dark="var(--surface)",
        background_fill_secondary="var(--sunken)",
        background_fill_secondary_dark="var(--sunken)",
        border_color_primary="var(--border)",
        border_color_primary_dark="var(--border)",
        border_color_accent="var(--accent)",
        border_color_accent_dark="var(--accent)",
        color_accent="var(--accent)",
        color_accent_soft="var(--accent-weak)",
        color_accent_soft_dark="var(--accent-weak)",
        link_text_color="var(--accent)",
        link_text_color_dark="var(--accent)",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_border_width_dark="0px",
        block_shadow="none",
        block_shadow_dark="none",
        block_padding="0px",
        block_label_text_color="var(--muted)",
        block_label_text_color_dark="var(--muted)",
        block_title_text_color="var(--muted)",
        block_title_text_color_dark="var(--muted)",
        block_title_text_size="0.8125rem",
        input_background_fill="var(--surface)",
        input_background_fill_dark="var(--surface)",
        input_border_color="var(--border)",
        input_border_color_dark="var(--border)",
        input_border_color_focus="var(--accent)",
        input_border_color_focus_dark="var(--accent)",
        input_border_width="1px",
        input_border_width_dark="1px",
        input_radius="10px",
        input_shadow="none",
        input_shadow_dark="none",
        input_shadow_focus="none",
        input_shadow_focus_dark="none",
        input_placeholder_color="var(--muted)",
        input_placeholder_color_dark="var(--muted)",
        button_primary_background_fill="var(--accent)",
        button_primary_background_fill_dark="var(--accent)",
        button_primary_background_fill_hover="var(--accent-strong)",
        button_primary_background_fill_hover_dark="var(--accent-strong)",
        button_primary_text_color="var(--on-accent)",
        button_primary_text_color_dark="var(--on-accent)",
        button_secondary_background_fill="transparent",
        button_secondary_background_fill_dark="transparent",
        button_secondary_background_fill_hover="var(--accent-weak)",
        button_secondary_background_fill_hover_dark="var(--accent-weak)",
        button_secondary_text_color="var(--ink)",
        button_secondary_text_color_dark="var(--ink)",
        button_border_width="0px",
        button_border_width_dark="0px",
        checkbox_background_color="var(--surface)",
        checkbox_background_color_dark="var(--surface)",
        checkbox_background_color_selected="var(--accent)",
        checkbox_background_color_selected_dark="var(--accent)",
        checkbox_border_color="var(--border-strong)",
        checkbox_border_color_dark="var(--border-strong)",
        layout_gap="0px",
        form_gap_width="0px",
        loader_color="var(--accent)",
        loader_color_dark="var(--accent)",
    )


def stylesheet() -> str:
    """Return the tokens, icons and rules of the page as one style sheet."""
    rules = [(ASSETS / name).read_text(encoding="utf-8") for name in STYLES]
    return "\n".join([*_tokens(), *_icons(), *rules])


def login_styles() -> str:
    """Return the tokens for a page without scripts, which follows the system's preference."""
    dark = "".join(f"--{name}:{value};" for name, value in DARK.items())
    return "\n".join(
        [*_tokens(), *_icons(), f"@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"]
    )


def script() -> str:
    """Return the page's own scripts as elements for the head."""
    scripts = [(ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return "\n".join(f"<script>{each}</script>" for each in scripts)


def favicon() -> Path:
    """Return the file of the icon that browsers show in the tab."""
    return ASSETS / "favicon.svg"


def _tokens() -> Iterator[str]:
    for selector, tokens in ((":root", LIGHT), ("body.dark", DARK)):
        yield selector + "{" + "".join(f"--{name}:{value};" for name, value in tokens.items()) + "}"
    for name, family in (("sans", SANS), ("serif", SERIF), ("mono", MONO)):
        fonts = ",".join(f'"{each}"' if " " in each else each for each in family)
        yield f":root{{--{name}:{fonts};}}"


def _icons() -> Iterator[str]:
    """Yield a rule per icon: drawn as a mask, so that it takes the color of the text around it."""
    drawings = {each.stem: each for each in sorted((ASSETS / "icons").glob("*.svg"))}
    for name, path in {**drawings, "mark": ASSETS / "mark.svg"}.items():
        data = base64.b64encode(path.read_bytes()).decode("ascii")
        yield f':root{{--icon-{name}:url("data:image/svg+xml;base64,{data}");}}'
        yield f".icon-{name}{{mask-image:var(--icon-{name});}}"
