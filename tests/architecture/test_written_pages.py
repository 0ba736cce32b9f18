"""The pages that are written by hand name only what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from carrel.cli.arguments import parse
from carrel.cli.registry import COMMANDS
from carrel.ingest.registry import default_registry

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "carrel"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?://)([^)#]+)[^)]*\)")
SOURCE_FILE = re.compile(r"`(?:src/carrel/)?((?:[a-z_]+/)*[a-z_]+\.py)`")
COMMAND_LINE = re.compile(
    r"^(?: {4}|`)(?:carrel|python generate\.py)(?![.\w])(?P<rest>[^#`\n]*)", re.M
)
WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in LINK.findall(text_of(page)):
        assert (page.parent / target).exists(), target


def test_every_file_that_the_architecture_names_exists() -> None:
    named = set(SOURCE_FILE.findall(text_of(ROOT / "docs" / "architecture.md")))
    assert len(named) > 15
    missing = [name for name in named if not any((base / name).exists() for base in (SOURCE, ROOT))]
    assert missing == []


def test_every_room_stands_in_the_table_of_the_architecture() -> None:
    rows = re.findall(r"^\| \d \| `([\w.]+)` \|", text_of(ROOT / "docs" / "architecture.md"), re.M)
    rooms = {path.name for path in SOURCE.iterdir() if not path.name.startswith("_")}
    assert sorted(rows) == sorted(rooms)


def command_lines() -> list[str]:
    """Every command line of Carrel on the pages, without the program's name."""
    found = [
        match["rest"].strip() for page in PAGES for match in COMMAND_LINE.finditer(text_of(page))
    ]
    assert len(found) >= 15
    return found


@pytest.mark.parametrize("line", command_lines())
def test_every_command_line_on_the_pages_is_understood(line: str) -> None:
    words = WORD.findall(line)
    name = words.pop(0) if words and not words[0].startswith("-") else "serve"
    parse(words, COMMANDS[name].known_flags())


def test_every_command_is_shown_in_the_readme() -> None:
    readme = text_of(ROOT / "README.md")
    for name in COMMANDS:
        assert f"carrel {name}" in readme or f"`carrel {name}`" in readme


def test_the_readme_names_every_format() -> None:
    readme = text_of(ROOT / "README.md")
    for suffix in default_registry().suffixes():
        assert f"`{suffix}`" in readme, suffix
