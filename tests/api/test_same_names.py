"""Several files of one name in one upload: each becomes a document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from running.live_server import LiveServer, live_server, settings_in
from running.real_processes import CommandLine
from samples.documents import write_docx

Files = list[tuple[str, tuple[str, bytes]]]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(settings_in(tmp_path_factory.mktemp("served"))) as running:
        yield running


def upload(live: LiveServer, collection: str, *files: tuple[str, bytes], wait: bool = True) -> dict:
    """Upload into a collection, which is created if it does not exist."""
    parts: Files = [("files", each) for each in files]
    with live.client() as http:
        http.post("/v1/collections", json={"name": collection})
        url = f"/v1/collections/{collection}/documents"
        reply = http.post(url, files=parts, params={"wait": wait})
        assert reply.status_code in {200, 202}, reply.text
        return reply.json()


def names(live: LiveServer, collection: str) -> list[str]:
    with live.client() as http:
        listed = http.get(f"/v1/collections/{collection}/documents").json()["documents"]
    return sorted(each["name"] for each in listed)


def test_the_second_file_of_a_name_is_numbered(live: LiveServer) -> None:
    files = [("readme.txt", b"The first text."), ("readme.txt", b"The second text.")]
    reply = upload(live, "Texts", *files)
    assert [each["name"] for each in reply["documents"]] == ["readme.txt", "readme (2).txt"]
    assert names(live, "Texts") == ["readme (2).txt", "readme.txt"]
    again = upload(live, "Texts", *files)
    assert [each["name"] for each in again["documents"]] == ["readme.txt", "readme (2).txt"]
    assert names(live, "Texts") == ["readme (2).txt", "readme.txt"]


def test_names_that_are_equal_once_they_are_clean_are_numbered(
    live: LiveServer, tmp_path: Path
) -> None:
    word = write_docx(tmp_path / "a.docx", ["A paragraph."]).read_bytes()
    other = write_docx(tmp_path / "b.docx", ["Another paragraph."]).read_bytes()
    reply = upload(
        live,
        "Words",
        ("re\u0301sume\u0301.docx", word),
        ("r\u00e9sum\u00e9.docx", other),
        ("表\u202e.csv", "地区,数\n东,1\n".encode()),
        ("表.csv", "地区,数\n西,2\n".encode()),
    )
    found = [each["name"] for each in reply["documents"]]
    assert found == ["r\u00e9sum\u00e9.docx", "r\u00e9sum\u00e9 (2).docx", "表.csv", "表 (2).csv"]


def test_an_accepted_upload_says_the_numbered_names(live: LiveServer) -> None:
    files = [("a.md", b"# One"), ("A.md", b"# Other case"), ("a.md", b"# Two")]
    assert upload(live, "Later", *files, wait=False)["accepted"] == ["a.md", "A.md", "a (2).md"]


def test_the_command_line_sends_files_of_one_name_together(
    live: LiveServer, carrel: CommandLine, tmp_path: Path
) -> None:
    paths = []
    for number in range(3):
        path = tmp_path / f"{number}" / "report.html"
        path.parent.mkdir()
        path.write_text(f"<p>The report of year {number}.</p>")
        paths.append(str(path))
    ended = carrel.run("ingest", *paths, f"--server={live.address}", "--collection=Reports")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert names(live, "Reports") == ["report (2).html", "report (3).html", "report.html"]
