"""Files on their way in: dropped, many, cancelled, and nothing of them left behind."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from running.browsing import Visit
from running.live_server import LiveServer, bundled_embedder
from samples.documents import write_pdf


@pytest.fixture(scope="module", autouse=True)
def _embedder_in_memory() -> None:
    """Load the embedder: on a busy machine that takes longer than a page is waited for."""
    bundled_embedder().embed_query("load the weights")


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    """The folder into which uploads arrive."""
    return tmp_path / "data" / "db" / "uploads"


def drop(visitor: Visit, files: dict[str, bytes] | list[tuple[str, bytes]]) -> None:
    """Drop files on the zone, as from a file manager."""
    pairs = files.items() if isinstance(files, dict) else files
    encoded = [(name, base64.b64encode(content).decode()) for name, content in pairs]
    transfer = visitor.page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const [name, content] of files) {
                const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
                transfer.items.add(new File([bytes], name));
            }
            return transfer;
        }""",
        encoded,
    )
    visitor.page.locator("#upload button").dispatch_event("drop", {"dataTransfer": transfer})


def long_report(folder: Path) -> Path:
    """Write a PDF that takes long to embed."""
    lines = "\n".join(f"Line {n} of a page on ferries, piers and fares." for n in range(50))
    return write_pdf(folder / "long.pdf", [f"Page {page}\n{lines}" for page in range(400)])


def files_below(folder: Path) -> list[Path]:
    """Return the files in a folder and below."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_files_can_be_dropped_and_large_ones_are_left_out(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], report: Path
) -> None:
    visitor = tab(start(max_file_megabytes=0.1), "#documents")
    drop(visitor, {report.name: report.read_bytes(), "big.txt": b"many words " * 10_000})
    expect(visitor.uploads).to_have_count(1)
    expect(visitor.uploads.first).to_contain_text("ready · 3 pages")
    expect(visitor.page.locator("#left-out")).to_have_text("Skipped, larger than 100 kB: big.txt")
    drop(visitor, {"note.txt": b"A short note on piers."})
    expect(visitor.uploads.first).to_contain_text("note.txt")
    expect(visitor.page.locator("#left-out")).to_be_hidden()
    expect(visitor.documents).to_have_count(2)


def test_nothing_is_left_where_uploads_arrive(
    incoming: Path,
    start: Callable[..., LiveServer],
    tab: Callable[..., Visit],
    report: Path,
    broken: Path,
) -> None:
    visitor = tab(start(), "#documents")
    visitor.upload([report, broken])
    assert incoming.is_dir()
    deadline = time.monotonic() + 30
    while files_below(incoming) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert files_below(incoming) == []


def test_names_keep_what_a_disk_could_not(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(), "#documents")
    drop(visitor, {'R&D: "plans" <2024>?.txt': b"The plans for the pier."})
    expect(visitor.uploads.first).to_contain_text('R&D: "plans" <2024>?.txt')
    expect(visitor.uploads.first).to_contain_text("ready")


def test_two_files_of_one_name_become_two_documents(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start(), "#documents")
    files = [("notes.txt", b"The pier was closed."), ("notes.txt", b"The ferry was late.")]
    drop(visitor, files)
    expect(visitor.documents).to_have_count(2)
    expect(visitor.documents.filter(has_text="notes.txt")).to_have_count(1)
    expect(visitor.documents.filter(has_text="notes (2).txt")).to_have_count(1)
    expect(visitor.documents.filter(has_text="ready")).to_have_count(2)


def test_a_file_that_is_there_already_is_left_alone(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], report: Path
) -> None:
    visitor = tab(start(), "#documents")
    visitor.upload([report])
    visitor.upload([report])
    expect(visitor.uploads.first).to_contain_text("already there, unchanged")
    expect(visitor.documents).to_have_count(1)


def test_an_upload_can_be_cancelled_and_keeps_what_went_in(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], tmp_path: Path, report: Path
) -> None:
    long = long_report(tmp_path)
    visitor = tab(start(), "#documents")
    visitor.page.locator("#upload input[type=file]").set_input_files([report, long])
    expect(visitor.uploads.nth(1)).to_contain_text("reading page")
    expect(visitor.uploads.nth(1)).to_contain_text("of 400")
    visitor.page.get_by_role("button", name="Cancel").click()
    expect(visitor.page.locator(".upload-state")).to_contain_text("stopped by you")
    expect(visitor.uploads.nth(1)).to_contain_text("left out")
    expect(visitor.documents).to_have_count(1)
    expect(visitor.page.locator("#cancel-button")).to_be_hidden()
    visitor.upload([report])
    expect(visitor.uploads.first).to_contain_text("unchanged")


def test_a_second_upload_goes_in_beside_a_running_one(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], tmp_path: Path
) -> None:
    visitor = tab(start(), "#documents")
    visitor.page.locator("#upload input[type=file]").set_input_files([long_report(tmp_path)])
    expect(visitor.uploads.first).to_contain_text("reading page")
    drop(visitor, {"other.txt": b"Another file."})
    expect(visitor.uploads).to_have_count(2)
    expect(visitor.uploads.nth(1)).to_contain_text("other.txt")
    visitor.page.get_by_role("button", name="Cancel").click()
    expect(visitor.page.locator(".upload-state").first).to_contain_text("stopped by you")
    expect(visitor.page.locator("#cancel-button")).to_be_hidden()


def test_an_upload_continues_without_its_tab_and_is_shown_in_the_next_one(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], tmp_path: Path
) -> None:
    server = start()
    visitor = tab(server, "#documents")
    visitor.page.locator("#upload input[type=file]").set_input_files([long_report(tmp_path)])
    expect(visitor.uploads.first).to_contain_text("reading page")
    visitor.page.close()
    again = tab(server, "#documents")
    expect(again.uploads).to_have_count(1)
    expect(again.uploads.first).to_contain_text("long.pdf")
    expect(again.uploads.first).to_contain_text("reading page")
    again.page.get_by_role("button", name="Cancel").click()
    expect(again.page.locator(".upload-state")).to_contain_text("stopped by you")
    expect(again.documents).to_have_count(0)


def test_text_can_be_pasted(start: Callable[..., LiveServer], tab: Callable[..., Visit]) -> None:
    visitor = tab(start(), "#documents")
    expect(visitor.page.locator("#from-web")).to_have_count(0)
    visitor.page.get_by_role("button", name="Paste text").click()
    visitor.page.locator("#paste-button").click()
    expect(visitor.error).to_have_text("Give the text and a name for it.")
    visitor.page.get_by_label("Name").locator("visible=true").fill("Ferry note")
    visitor.page.locator("#paste-text textarea").fill("The ferry is called Heron.")
    visitor.page.locator("#paste-button").click()
    expect(visitor.uploads.first).to_contain_text("Ferry note.txt")
    expect(visitor.uploads.first).to_contain_text("ready")
    expect(visitor.documents).to_have_count(1)
    expect(visitor.page.locator("#paste-text textarea")).to_have_value("")


def test_an_address_that_is_refused_says_why(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    server = start(offline=False)
    visitor = tab(server, "#documents")
    visitor.page.get_by_role("button", name="From the web").click()
    visitor.page.locator("#web-addresses textarea").fill(f"{server.address}/health")
    visitor.page.locator("#fetch-button").click()
    expect(visitor.uploads).to_have_count(1)
    expect(visitor.uploads.first).to_contain_text("Could not be read")
    expect(visitor.uploads.first).to_contain_text("public")
    expect(visitor.documents).to_have_count(0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of folders, with files that have no reader, and hidden ones."""
    for name, content in (
        ("2022/minutes.txt", "The pier was closed in winter."),
        ("2023/minutes.txt", "The pier was opened in spring."),
        ("2023/pier.blend", "a model of the pier"),
        (".trash/old.txt", "The pier was never built."),
        (".DS_Store", "a mess"),
    ):
        path = tmp_path / "archive" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "archive"


def test_a_folder_is_chosen_with_what_is_in_it(
    start: Callable[..., LiveServer], tab: Callable[..., Visit], folder: Path
) -> None:
    visitor = tab(start(), "#documents")
    with visitor.page.expect_file_chooser() as choosing:
        visitor.page.get_by_role("button", name="Add a folder").click()
    choosing.value.set_files(folder)
    expect(visitor.uploads).to_have_count(2)
    expect(visitor.documents).to_have_count(2)
    table = visitor.page.locator("#documents-table")
    expect(table).to_contain_text("archive/2022/minutes.txt")
    expect(table).to_contain_text("archive/2023/minutes.txt")
    expect(visitor.page.locator("#left-out")).to_have_text(
        "Skipped, unsupported type: archive/2023/pier.blend"
    )


DROP_A_FOLDER = """
(names) => {
  const file = (name) => ({
    isFile: true, isDirectory: false, name,
    file: (done) => done(new File([`The pier has ${name.length} planks.`], name)),
  });
  // As a browser does, one entry at a time, and none at the end.
  const folder = (name, entries) => ({
    isFile: false, isDirectory: true, name,
    createReader: () => {
      const left = [...entries];
      return { readEntries: (done) => done(left.splice(0, 1)) };
    },
  });
  const entry = folder("plans", [folder("old", names.map(file)), file("now.txt")]);
  const dropped = new Event("drop", { bubbles: true, cancelable: true });
  Object.defineProperty(dropped, "dataTransfer", { value: {
    types: ["Files"],
    files: [new File([], "plans")],
    items: [{ kind: "file", webkitGetAsEntry: () => entry }],
  }});
  document.querySelector("#reading").dispatchEvent(dropped);
}
"""


def test_a_folder_is_dropped_into_the_chat(
    start: Callable[..., LiveServer], tab: Callable[..., Visit]
) -> None:
    visitor = tab(start())
    visitor.page.evaluate(DROP_A_FOLDER, ["a.txt", "b.txt"])
    added = visitor.page.locator("#added .file")
    expect(added).to_have_count(3)
    expect(visitor.page.locator(".welcome")).to_contain_text("3 documents in UserData")
    visitor.show_documents()
    names = visitor.page.locator("#documents-table .document-name")
    expect(names).to_have_text(["plans/now.txt", "plans/old/a.txt", "plans/old/b.txt"])
