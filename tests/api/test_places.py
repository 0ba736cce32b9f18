"""The page of a quote as a picture, and the text around it, through a real server."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from PIL import Image

from error_bodies import error_of
from samples.documents import write_pdf

REVENUE = "Total revenue was 18.4 million euros."


@pytest.fixture
def address(http: httpx.Client, collection: str, tmp_path: Path) -> str:
    """Where a report of two pages is."""
    pdf = write_pdf(tmp_path / "a.pdf", ["First.", f"Finances\n{REVENUE}"]).read_bytes()
    return added(http, collection, "a.pdf", pdf)


def added(http: httpx.Client, collection: str, name: str, content: bytes) -> str:
    documents = f"/v1/collections/{quote(collection)}/documents"
    reply = http.post(f"{documents}?wait=true", files=[("files", (name, content))])
    return f"{documents}/{reply.json()['documents'][0]['id']}"


def test_a_page_is_sent_as_a_picture_with_its_quote(http: httpx.Client, address: str) -> None:
    reply = http.get(f"{address}/pages/2.png", params={"quote": REVENUE, "width": 400})
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "image/png"
    assert (reply.headers["x-carrel-quote"], reply.headers["x-carrel-pages"]) == ("marked", "2")
    assert "sandbox" in reply.headers["content-security-policy"]
    assert Image.open(io.BytesIO(reply.content)).width == 400
    other = http.get(f"{address}/pages/1.png", params={"quote": REVENUE})
    assert other.headers["x-carrel-quote"] == "not-found"
    assert "x-carrel-quote" not in http.get(f"{address}/pages/1.png").headers


def test_an_unchanged_picture_is_not_sent_again(http: httpx.Client, address: str) -> None:
    first = http.get(f"{address}/pages/1.png")
    assert first.headers["cache-control"] == "private, no-cache"
    again = {"If-None-Match": first.headers["etag"]}
    assert http.get(f"{address}/pages/1.png", headers=again).status_code == 304
    assert http.get(f"{address}/pages/2.png", headers=again).status_code == 200
    http.delete(address)
    gone = http.get(f"{address}/pages/1.png", headers=again)
    assert (gone.status_code, error_of(gone)["code"]) == (404, "document_not_found")


def test_what_cannot_be_shown_says_why(http: httpx.Client, address: str, collection: str) -> None:
    beyond = http.get(f"{address}/pages/3.png")
    assert (beyond.status_code, error_of(beyond)["code"]) == (404, "place_not_found")
    assert "has 2" in error_of(beyond)["message"]
    for bad in ("0.png", "x.png", "1.png?width=1", f"1.png?quote={'a' * 4001}"):
        assert http.get(f"{address}/pages/{bad}").status_code in (400, 422), bad
    text = added(http, collection, "notes.txt", b"No pages here.")
    reply = http.get(f"{text}/pages/1.png")
    assert (reply.status_code, error_of(reply)["code"]) == (422, "unsupported_format")
    assert "ask for the passage" in error_of(reply)["message"]


def test_a_passage_comes_with_the_text_around_it(http: httpx.Client, collection: str) -> None:
    lines = [f"Sentence number {number} of the long notes is here." for number in range(120)]
    text = "\n\n".join(lines)
    address = added(http, collection, "notes.txt", text.encode())
    reply = http.get(f"{address}/passage", params={"quote": lines[60]}).json()
    assert (reply["document"], reply["page"]) == ("notes.txt", None)
    assert reply["text"][reply["start"] : reply["end"]] == lines[60]
    assert reply["text"] in text
    assert lines[50] in reply["text"]
    assert lines[70] in reply["text"]
    missing = http.get(f"{address}/passage", params={"quote": "Not in there."})
    assert (missing.status_code, error_of(missing)["code"]) == (404, "place_not_found")
    assert http.get(f"{address}/passage").status_code in (400, 422)
