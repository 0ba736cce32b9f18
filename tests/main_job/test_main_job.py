"""The main job through the real interfaces, with the bundled model and embedder."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from running.real_processes import ROOT, CommandLine, Server, clean_environment
from samples.documents import (
    write_csv,
    write_docx,
    write_html,
    write_markdown,
    write_pdf,
    write_pptx,
    write_text,
    write_xlsx,
)

FACTS = {
    "survey.pdf": ("Which bridge did the survey find unsafe?", "Kestrel Bridge"),
    "minutes.docx": ("Who chairs the harbor committee?", "Astrid Holm"),
    "slides.pptx": ("What is the launch date of the Heron project?", "14 March"),
    "stock.xlsx": ("How many copper kettles are in stock?", "copper kettle"),
    "page.html": ("When does the museum close?", "half past five"),
    "guide.md": ("How is the telescope calibrated?", "bright star"),
    "members.csv": ("In which town does Ottilie Brandt live?", "Ottilie Brandt"),
    "letter.txt": ("What was the name of the ship?", "Morning Petrel"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One real file of each format, each with a fact of its own, and a broken one."""
    folder = tmp_path / "files"
    folder.mkdir()
    pages = ["The town owns nine bridges.", "The survey found the Kestrel Bridge unsafe."]
    write_pdf(folder / "survey.pdf", pages)
    write_docx(folder / "minutes.docx", ["The harbor committee is chaired by Astrid Holm."])
    slides = [("Welcome", "Agenda", ""), ("Dates", "The Heron project launches on 14 March.", "")]
    write_pptx(folder / "slides.pptx", slides)
    rows = [["item", "in stock"], ["iron pan", 12], ["copper kettle", 37]]
    write_xlsx(folder / "stock.xlsx", {"Stock": rows})
    write_html(folder / "page.html", "The museum closes at half past five.")
    write_markdown(folder / "guide.md", "The telescope is calibrated on a bright star.")
    write_csv(folder / "members.csv", [["name", "town"], ["Ottilie Brandt", "Lund"]])
    write_text(folder / "letter.txt", "The name of the ship was Morning Petrel.")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    return folder


@pytest.mark.fresh_process
def test_from_a_folder_to_cited_answers(
    carrel: CommandLine, folder: Path, serve: Callable[..., Server]
) -> None:
    ingested = carrel.run("ingest", f"--user_path={folder}", "--collection=UserData")
    assert ingested.returncode == 1, "one file is broken"
    assert "Could not read broken.pdf" in ingested.stdout
    assert "8 added, 0 replaced, 0 unchanged, 1 failed" in ingested.stdout
    assert "files" in ingested.stderr
    assert "chunks" in ingested.stderr

    asked = carrel.run("ask", FACTS["survey.pdf"][0], "--max_new_tokens=16")
    assert asked.returncode == 0, asked.stderr
    assert "Sources:" in asked.stdout
    assert '[1] survey.pdf, page 2: "The survey found the Kestrel Bridge unsafe."' in asked.stdout

    server = serve()
    with httpx.Client(base_url=server.address, trust_env=False, timeout=120) as client:
        for name, (question, fact) in FACTS.items():
            reply = client.post(
                "/v1/chat/completions",
                json={
                    "messages": [{"role": "user", "content": question}],
                    "documents": {"collections": ["UserData"]},
                    "max_tokens": 8,
                },
            )
            assert reply.status_code == 200, reply.text
            body = reply.json()
            source = body["sources"][0]
            # A quote of the source, for which the small model wrote nothing.
            quoted = body["choices"][0]["message"]["content"].split('"')[1]
            assert quoted in source["text"]
            assert body["usage"]["completion_tokens"] == 0
            assert source["document"] == name, (question, body["sources"])
            assert fact in source["text"]
            assert source["quote"] in source["text"]
        pages = {
            each["name"]: each["pages"]
            for each in client.get("/v1/collections/UserData/documents").json()["documents"]
        }
        assert pages["survey.pdf"] == 2
        assert pages["slides.pptx"] == 2
        assert pages["letter.txt"] is None


def test_the_answer_is_read_from_the_documents(carrel: CommandLine, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    write_text(note, "The night watchman of the Sandvik mill is called Torbjorn Wik.")
    assert carrel.run("ingest", str(note)).returncode == 0
    question = "What is the night watchman of the Sandvik mill called?"
    answer = json.loads(carrel.run("ask", question, "--json", "--max_new_tokens=64").stdout)
    assert answer["answer"].endswith(
        '"The night watchman of the Sandvik mill is called Torbjorn Wik." [1]'
    )


def test_a_restart_keeps_documents_collections_and_answers(
    carrel: CommandLine, serve: Callable[..., Server]
) -> None:
    first = serve("--engine=scripted")
    with httpx.Client(base_url=first.address, trust_env=False, timeout=60) as client:
        made = client.post("/v1/collections", json={"name": "Årsrapporter", "shared": True})
        assert made.status_code in (200, 201), made.text
        added = client.post(
            "/v1/collections/Årsrapporter/documents?wait=true",
            files={"files": ("note.txt", b"The gate code is 4711.")},
        )
        document = added.json()["documents"][0]
    assert first.stop() == 0

    second = serve("--engine=scripted")
    with httpx.Client(base_url=second.address, trust_env=False, timeout=60) as client:
        listed = client.get("/v1/collections/Årsrapporter/documents").json()["documents"]
        assert listed == [document]
        found = client.post(
            "/v1/collections/Årsrapporter/search", json={"query": "gate code", "top_k": 1}
        )
        assert found.json()["results"][0]["document"] == "note.txt"
        content = client.get(f"/v1/collections/Årsrapporter/documents/{document['id']}/content")
        assert content.content == b"The gate code is 4711."


def test_a_command_uses_the_server_that_holds_the_folder(
    carrel: CommandLine, serve: Callable[..., Server], tmp_path: Path
) -> None:
    serve("--engine=scripted")
    note = tmp_path / "note.txt"
    write_text(note, "The gate code is 4711.")
    ingested = carrel.run("ingest", str(note), "--collection=New one")
    assert ingested.returncode == 0, ingested.stderr
    assert "New one: 1 added" in ingested.stdout
    asked = carrel.run("ask", "What is the gate code?", "--collection=New one", "--json")
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout)["sources"][0]["document"] == "note.txt"
    found = carrel.run("search", "gate code", "--collection=New one", "--json")
    assert json.loads(found.stdout)[0]["text"] == "The gate code is 4711."
    empty = carrel.run("ask", "What?")
    assert (empty.returncode, empty.stdout) == (2, "")
    assert "nothing to search" in empty.stderr


def stored_chunks(db_dir: Path) -> int:
    """Return the number of chunks that the catalog has written so far."""
    catalog = db_dir / "catalog.db"
    if not catalog.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{catalog}?mode=ro", uri=True) as connection:
            return int(connection.execute("SELECT count(*) FROM chunk").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_a_killed_ingestion_leaves_no_half_document(carrel: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    write_text(folder / "a.txt", "The keeper of the light is called Ingrid.")
    paragraph = "Item {} of the long list is described here at length. " * 18
    write_text(folder / "b.txt", "\n\n".join(paragraph.format(*[i] * 18) for i in range(2000)))
    process = subprocess.Popen(
        carrel.arguments(["ingest", f"--user_path={folder}"]),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=clean_environment(),
        cwd=ROOT / "src",
    )
    deadline = time.monotonic() + 120
    while stored_chunks(carrel.db_dir) < 65 and time.monotonic() < deadline:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()

    found = carrel.run("search", "What is the keeper called?", "--json")
    assert found.returncode == 0, found.stderr
    assert {each["document"] for each in json.loads(found.stdout)} == {"a.txt"}
    originals = list((carrel.db_dir / "originals").rglob("*"))
    assert len([each for each in originals if each.is_file()]) == 1
    left = stored_chunks(carrel.db_dir)
    assert left >= 65, "what was embedded waits for the ingestion to continue"


def test_a_chat_in_the_terminal_keeps_its_history_and_ends_with_its_input(
    carrel: CommandLine, tmp_path: Path
) -> None:
    note = tmp_path / "note.txt"
    write_text(note, "The gate code is 4711.")
    assert carrel.run("ingest", str(note)).returncode == 0
    done = carrel.run(
        "serve",
        "--cli=True",
        "--engine=scripted",
        stdin="What is the gate code?\n/new\n\nAnd again?\n/quit\n",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('[1] note.txt: "The gate code is 4711."') == 2
