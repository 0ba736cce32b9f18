"""The pages that are written by hand name only what exists."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from carrel.cli.arguments import parse
from carrel.cli.registry import COMMANDS
from carrel.ingest.registry import default_registry

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "carrel"
DOCS = ROOT / "docs"
BENCHMARKS = ROOT / "benchmarks"
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    BENCHMARKS / "README.md",
    *sorted(DOCS.glob("*.md")),
]
MOST_WORDS_OF_THE_README = 700
LINK = re.compile(r"\]\((?!https?://)([^)#]+)[^)]*\)")
SOURCE_FILE = re.compile(r"`(?:src/carrel/)?((?:[a-z_]+/)*[a-z_]+\.py)`")
FOLDER = re.compile(r"`((?:[a-z0-9_]+/)+)`")
ANCHOR = re.compile(r"\]\((?!https?://)([^)#]*)#([^)]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.M)
COMMAND_LINE = re.compile(
    r"^(?: {4}|`)(?:\.venv/bin/)?(?:carrel|python generate\.py)(?![.\w])(?P<rest>[^#`\n]*)", re.M
)
WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchor_of(heading: str) -> str:
    """Return what GitHub makes of a heading for links."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in LINK.findall(text_of(page)):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_anchor_is_a_heading(page: Path) -> None:
    for target, anchor in ANCHOR.findall(text_of(page)):
        headings = HEADING.findall(text_of(page.parent / target if target else page))
        assert anchor in {anchor_of(each) for each in headings}, f"{target}#{anchor}"


def test_every_file_that_the_architecture_names_exists() -> None:
    named = set(SOURCE_FILE.findall(text_of(DOCS / "architecture.md")))
    assert len(named) > 15
    missing = [name for name in named if not any((base / name).exists() for base in (SOURCE, ROOT))]
    assert missing == []


def test_every_folder_that_the_architecture_names_exists() -> None:
    text = text_of(DOCS / "architecture.md")
    paragraphs = re.findall(r"^\*\*`(\w+)`\*\*(.+?)(?=\n\n)", text, re.M | re.S)
    named = [
        (SOURCE / package, each) for package, rest in paragraphs for each in FOLDER.findall(rest)
    ]
    assert len(named) > 20
    for package, folder in named:
        assert (package / folder).is_dir() or (SOURCE / folder).is_dir(), folder
    for folder in FOLDER.findall(text):
        places = [*SOURCE.rglob(folder), ROOT / folder, ROOT / "tests" / folder]
        assert any(each.is_dir() for each in places), folder


def test_every_package_has_its_paragraph_in_the_architecture() -> None:
    named = re.findall(r"^\*\*`([\w.]+)`\*\* ", text_of(DOCS / "architecture.md"), re.M)
    packages = {path.name for path in SOURCE.iterdir() if not path.name.startswith("_")}
    assert sorted(named) == sorted(packages)


def test_the_picture_of_the_packages_is_the_contract_of_imports() -> None:
    configuration = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    contracts = configuration["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each.get("containers") == ["carrel"])
    picture = re.search(r"^ {4}cli\n(?: {4}.+\n)+", text_of(DOCS / "architecture.md"), re.M)
    assert picture is not None
    for line, layer in zip(picture[0].splitlines(), layers, strict=True):
        names = [each.removesuffix(".py") for each in re.split(r" {4,}", line.strip())]
        packages = [each.strip() for each in layer.split("|")]
        assert sorted(names[: len(packages)]) == sorted(packages)


def texts_of_the_source() -> str:
    """Every text of the program, one a line; what an f-string fills in is three dots."""
    found = [text_of(ROOT / "Makefile"), text_of(ROOT / "scripts" / "system_packages.sh")]
    for path in [*SOURCE.rglob("*.py"), *(ROOT / "scripts").glob("*.py")]:
        for node in ast.walk(ast.parse(text_of(path))):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    each.value if isinstance(each, ast.Constant) else "..." for each in node.values
                ]
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return "\n".join(found)


def test_the_messages_in_troubleshooting_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| (.+?) \|", text_of(DOCS / "troubleshooting.md"), re.M)
    quoted = [text for row in rows for text in re.findall(r"`([^`]+ [^`]+)`", row)]
    assert len(quoted) > 20
    texts = texts_of_the_source()
    for message in quoted:
        for part in re.split(r"\.\.\.|'|\b[NM]\b|\b7860\b|127\.0\.0\.1", message):
            assert part.strip() in texts, message


def test_the_index_lists_every_page() -> None:
    index = text_of(DOCS / "index.md")
    for page in DOCS.glob("*.md"):
        assert page.name == "index.md" or f"]({page.name})" in index, page.name


def test_every_benchmark_and_its_result_are_listed() -> None:
    page = text_of(BENCHMARKS / "README.md")
    for script in BENCHMARKS.glob("*.py"):
        assert re.search(rf"`{re.escape(script.name)}[` ]", page), script.name
    for result in (BENCHMARKS / "results").glob("*.md"):
        assert f"](results/{result.name})" in page, result.name


def test_the_readme_is_short() -> None:
    assert len(text_of(ROOT / "README.md").split()) <= MOST_WORDS_OF_THE_README


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


def test_every_command_is_shown_on_its_page() -> None:
    page = text_of(DOCS / "command_line.md")
    for name in COMMANDS:
        assert f"carrel {name}" in page or f"`carrel {name}`" in page


def test_the_page_of_formats_names_every_format() -> None:
    page = text_of(DOCS / "formats.md")
    for suffix in default_registry().suffixes():
        assert f"`{suffix}`" in page, suffix
