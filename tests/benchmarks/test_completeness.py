"""The benchmark of completeness: its words, its references, its page, damaged copies."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment

from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders
from completeness_mutations import MUTATIONS, mutate, outcome_of
from completeness_packages import book, open_document, open_xml
from completeness_reference import NotCounted, References
from completeness_words import difference, words
from running.real_processes import ROOT, clean_environment
from samples.documents import write_csv, write_docx, write_html, write_text, write_xlsx
from samples.messages import message, write_eml
from samples.open_documents import write_epub, write_ods, write_odt

SCRIPT = ROOT / "benchmarks" / "completeness.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark."""
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(
        command, env=clean_environment(), capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The ﬁrst, Straße_42!", ["the", "first", "straße", "42"]),
        ("東京 2024年", ["東", "京", "2024", "年"]),
        ("hy\u00adphen हिन्दी", ["hyphen", "हिन्दी"]),
        ("—•…", []),
    ],
)
def test_words_are_letters_and_digits_and_cjk_counts_by_character(
    text: str, expected: list[str]
) -> None:
    assert words(text) == expected


def test_missing_and_added_are_multisets_and_order_counts_adjacent_pairs() -> None:
    found = difference("one two two three", "two one four three")
    assert dict(found.missing) == {"two": 1}
    assert dict(found.added) == {"four": 1}
    assert (found.reference, found.lost, found.pairs, found.kept) == (4, 1, 3, 0)
    assert difference("one two three", "one two three").kept == 2


def test_a_word_hyphenated_at_a_line_end_may_be_joined() -> None:
    found = difference("the agree-\nment of 2021-", "the agreement of 2021")
    assert not found.missing
    assert not found.added
    assert difference("the agree-\nment", "the agree").lost == 1
    assert difference("well-known", "wellknown").lost == 2


def test_open_xml_counts_cells_as_displayed_and_comments(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["Umsatz", 0.1 + 0.2, True, "Umsatz"])
    sheet["A2"] = 0.5
    sheet["A2"].number_format = "0%"
    sheet["A1"].comment = Comment("audited", "someone")
    workbook.save(tmp_path / "a.xlsx")
    found = sorted(words(open_xml(tmp_path / "a.xlsx")))
    assert found == ["0", "3", "audited", "true", "umsatz", "umsatz"]


def test_open_xml_counts_margins_notes_and_one_branch_of_alternatives(tmp_path: Path) -> None:
    name = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    alternate = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    parts = {
        "word/document.xml": "<w:p><w:r><w:t>bo</w:t></w:r><w:r><w:t>dy</w:t></w:r></w:p>"
        "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<mc:AlternateContent><mc:Choice><w:p><w:t>box</w:t></w:p></mc:Choice>"
        "<mc:Fallback><w:p><w:t>box</w:t></w:p></mc:Fallback></mc:AlternateContent>",
        "word/header1.xml": "<w:p><w:t>head</w:t></w:p>",
        "word/footnotes.xml": "<w:p><w:t>note</w:t></w:p>",
        "word/styles.xml": "<w:t>style</w:t>",
    }
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        for part, body in parts.items():
            archive.writestr(part, f'<x xmlns:w="{name}" xmlns:mc="{alternate}">{body}</x>')
    assert sorted(words(open_xml(tmp_path / "a.docx"))) == ["body", "box", "head", "note"]


def test_equations_are_separate_words(tmp_path: Path) -> None:
    name = "http://schemas.openxmlformats.org/officeDocument/2006/math"
    body = "<m:oMath><m:t>a</m:t><m:t>2</m:t></m:oMath><m:oMath><m:t>b</m:t></m:oMath>"
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("word/document.xml", f'<x xmlns:m="{name}">{body}</x>')
    assert words(open_xml(tmp_path / "a.docx")) == ["a", "2", "b"]


def test_open_documents_and_books_have_their_text_nodes(tmp_path: Path) -> None:
    text = write_odt(tmp_path / "a.odt", ["Grüße aus Köln", [["a", "b"]]])
    assert words(open_document(text)) == ["grüße", "aus", "köln", "a", "b"]
    sheet = write_ods(tmp_path / "a.ods", {"S": [["x", "1"], ["y", "2"]]})
    assert words(open_document(sheet)) == ["x", "1", "y", "2"]
    pages = {"b.xhtml": "<p>Über</p><p>Mut</p>", "a.xhtml": "<p>En<i>de</i></p>"}
    assert words(book(write_epub(tmp_path / "a.epub", pages))) == ["über", "mut", "ende"]


def test_xml_is_read_and_a_format_without_an_extraction_is_named(tmp_path: Path) -> None:
    references = References()
    mixed = write_text(tmp_path / "a.xml", "<a><b>H<i>2</i>O</b><b>x</b></a>")
    assert words(references.text_of(mixed)) == ["h2o", "x"]
    with pytest.raises(NotCounted, match="no independent extraction"):
        references.text_of(write_text(tmp_path / "a.rtf", "x"))
    with pytest.raises(NotCounted, match="UTF-8"):
        references.text_of(write_text(tmp_path / "a.txt", "größer", "latin-1"))
    with pytest.raises(NotCounted):
        references.text_of(write_text(tmp_path / "a.docx", "no package"))


def test_the_page_names_what_was_lost_refused_and_not_counted(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    write_docx(data / "a.docx", [("Heading", 1), "The harbour opened in 1997.", [["Year", "1997"]]])
    write_xlsx(data / "b.xlsx", {"Figures": [["Name", "Value"], ["Alpha", 5], ["Beta", 7]]})
    write_csv(data / "c.csv", [["Name", "Value"], ["Gamma", 9]])
    write_text(data / "d.txt", "東京は日本の首都です。 " * 300)
    write_eml(data / "e.eml", message("A mail of one line."))
    write_html(data / "f.html", "<p>Seen <b>bo</b>ld</p><script>hidden()</script>")
    write_text(data / "g.png", "no picture")
    write_text(data / "h.docx", "no package")
    ran = run(f"--data={data}", f"--output={tmp_path / 'page.md'}", "--note=Before the change.")
    assert ran.returncode == 0, ran.stderr
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "| Word | 1 | 1 | 8 | 0.00% | 0.00% | 0.00% | 100.00% |" in page
    assert "| text | 1 | 1 | 3,000 | 0.00% | 0.00% | 0.00% | 100.00% |" in page
    assert "| HTML | 1 | 1 | 2 | 0.00% |" in page
    assert "- 1 `.png`: no independent extraction of the format" in page
    assert "- 1 `.docx`: File is not a zip file" in page
    assert "\nBefore the change.\n" in page
    assert "carrel: " in page


@pytest.mark.parametrize("way", MUTATIONS)
def test_damage_depends_on_the_seed_alone(way: object) -> None:
    assert callable(way)
    data = bytes(range(256)) * 8
    first, again = (way(data, random.Random("7 a.pdf 0")) for _ in range(2))
    assert first == again
    assert way(b"x", random.Random(1)) is not None


def test_a_part_of_a_container_is_damaged_and_its_checksum_correct(tmp_path: Path) -> None:
    sound = write_docx(tmp_path / "a.docx", ["Some text."]).read_bytes()
    with zipfile.ZipFile(io.BytesIO(MUTATIONS[3](sound, random.Random(3)))) as archive:
        assert archive.testzip() is None
        changed = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        assert sum(archive.read(name) != content for name, content in changed.items()) == 1
    assert MUTATIONS[3](b"plain text", random.Random(3)) != b"plain text"


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    ran = run(f"--data={tmp_path}")
    assert ran.returncode == 2
    assert "there is no file in" in ran.stderr


def test_damaged_copies_are_counted(tmp_path: Path) -> None:
    files = [write_docx(tmp_path / "a.docx", ["Some text."]), write_text(tmp_path / "b.txt", "x")]
    result = mutate(files, 3, 1, 60)
    assert result.outcomes.total() == 6
    assert not result.failed
    assert result.outcomes["read"] >= 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("words", "read"),
        ("lock", "refused by one line"),
        ("hang", "killed by a limit"),
        ("compute", "killed by a limit"),
        ("eat", "killed by a limit"),
        ("segfault", "its process died, the file failed alone"),
        ("garbage 00000003", "broken protocol"),
    ],
)
def test_the_outcome_of_a_damaged_copy_is_that_of_the_sandbox(
    tmp_path: Path, line: str, expected: str
) -> None:
    hostile = ("samples.hostile_readers", "registry")
    readers = SandboxedReaders(ReadingLimits(2, 2 << 30), {}, hostile, ROOT / "tests")
    try:
        path = write_text(tmp_path / "a.txt", line)
        assert outcome_of(readers, path, 60)[0] == expected
    finally:
        readers.close()


def test_another_program_is_restarted_after_its_process_ended(tmp_path: Path) -> None:
    import completeness

    worker = tmp_path / "worker.py"
    worker.write_text(
        "import json, sys\n"
        "print(json.dumps({'version': '1'}), flush=True)\n"
        "for line in sys.stdin:\n"
        "    if 'bad' in line: sys.exit(3)\n"
        "    print(json.dumps({'text': line}), flush=True)\n",
        encoding="utf-8",
    )
    program = completeness.OtherProgram(sys.executable, str(worker), "any", 30)
    try:
        with pytest.raises(completeness.Refusal, match="ended"):
            program.text_of(tmp_path / "bad")
        assert "good" in program.text_of(tmp_path / "good")
        assert program.version == "1"
    finally:
        program.close()
