from __future__ import annotations

from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.ingest.text.blocks import SECTION_CHARACTERS
from carrel.ingest.text.definitions import DEFINITIONS
from carrel.ingest.text.source_code import SourceCodeReader
from samples.documents import write_text


def read(tmp_path: Path, suffix: str, text: str) -> list[Section]:
    path = write_text(tmp_path / f"a{suffix}", text)
    return list(SourceCodeReader(DEFINITIONS[suffix]).read(path))


def test_definitions_begin_sections_with_what_is_above_them(tmp_path: Path) -> None:
    text = (
        '"""About."""\n\nimport os\n\n\n# Adds.\n@cache\ndef add(a, b):\n\n    return a + b\n\n\n'
        "class Box(Base):\n    def inner(self):\n        pass\n\nLIMIT = 3\n"
    )
    assert read(tmp_path, ".py", text) == [
        Section('"""About."""\n\nimport os'),
        Section("# Adds.\n@cache\ndef add(a, b):\n\n    return a + b", heading="def add(a, b)"),
        Section(
            "class Box(Base):\n    def inner(self):\n        pass\n\nLIMIT = 3",
            heading="class Box(Base)",
        ),
    ]


@pytest.mark.parametrize(
    ("suffix", "line", "heading"),
    [
        (".py", "async def go():", "async def go()"),
        (".js", "export default function main(a) {", "export default function main(a)"),
        (".js", "const add = (a, b) => {", "const add = (a, b)"),
        (".ts", "export interface User {", "export interface User"),
        (".ts", "export type Id = string | number;", "export type Id = string | number;"),
        (".java", "public final class Box<T> extends Base {", None),
        (".cs", "namespace Shop;", "namespace Shop;"),
        (".kt", "fun main(args: Array<String>) {", None),
        (".swift", "public struct Point {", "public struct Point"),
        (".scala", "case class Point(x: Int)", "case class Point(x: Int)"),
        (".php", "function total($a) {", "function total($a)"),
        (".c", "static int add(int a, int b)", "static int add(int a, int b)"),
        (".h", "struct point {", "struct point"),
        (".cpp", "void Box::open(const std::string& key) {", None),
        (".go", "func (b *Box) Open() error {", "func (b *Box) Open() error"),
        (".rs", "pub(crate) async fn open(&self) -> Result<()> {", None),
        (".rs", "impl<T> Box<T> {", "impl<T> Box<T>"),
        (".rb", "class Box < Base", "class Box < Base"),
        (".sh", "build() {", "build()"),
        (".sql", "CREATE OR REPLACE VIEW sales AS", "CREATE OR REPLACE VIEW sales AS"),
        (".sql", "create table if not exists sales (", "create table if not exists sales"),
        (".r", "add.two <- function(x) {", "add.two <- function(x)"),
        (".lua", "local function add(a, b)", "local function add(a, b)"),
        (".pl", "sub add {", "sub add"),
        (".m", "function y = square(x)", "function y = square(x)"),
        (".jl", "function add(a, b)", "function add(a, b)"),
        (".hs", "add :: Int -> Int", "add :: Int -> Int"),
        (".ex", "defmodule Shop.Box do", "defmodule Shop.Box do"),
        (".ps1", "Function Get-Box {", "Function Get-Box"),
        (".yaml", "services:", "services"),
        (".toml", "[tool.ruff]", "[tool.ruff]"),
        (".ini", "[server]", "[server]"),
        (".tex", r"\subsection*{The {big} result}", None),
        (".tex", r"\section{Results}\label{r}", "Results"),
    ],
)
def test_the_heading_is_the_line_of_the_definition(
    tmp_path: Path, suffix: str, line: str, heading: str | None
) -> None:
    sections = read(tmp_path, suffix, f"first\n\n{line}\n  body\n")
    assert sections[0] == Section("first")
    assert sections[1].text == f"{line}\n  body"
    assert sections[1].heading is not None
    if heading is not None:
        assert sections[1].heading == heading


@pytest.mark.parametrize(
    ("suffix", "line"),
    [
        (".py", "    def inner(self):"),
        (".py", "definition = 3"),
        (".js", "const a = 3;"),
        (".c", "add(1, 2);"),
        (".c", "if (a) {"),
        (".c", "#define add(a, b) a"),
        (".yaml", "name: value"),
        (".java", "import a.b.C;"),
        (".go", "import ("),
        (".sql", "SELECT a FROM b;"),
        (".css", "p { color: red }"),
    ],
)
def test_other_lines_are_no_headings(tmp_path: Path, suffix: str, line: str) -> None:
    assert read(tmp_path, suffix, f"x\n{line}\n") == [Section(f"x\n{line}")]


def test_a_long_file_without_definitions_is_cut_between_lines(tmp_path: Path) -> None:
    text = "p { color: red }\n" * 20_000
    sections = read(tmp_path, ".css", text)
    assert len(sections) > 2
    assert all(len(section.text) < SECTION_CHARACTERS + 100 for section in sections)
    assert "".join(section.text + "\n" for section in sections) == text


@pytest.mark.parametrize("suffix", sorted(each for each, known in DEFINITIONS.items() if known))
def test_no_line_makes_the_search_for_definitions_slow(suffix: str, tmp_path: Path) -> None:
    lines = ("a" * 500, "a " * 250, "export " * 80, "(" * 500, "[" * 500, "a=" * 250, "\\" * 500)
    text = "\n".join(line for line in lines for _ in range(200))
    assert "".join(section.text for section in read(tmp_path, suffix, text))
