"""Names that enemies give to uploads, through a real server."""

from __future__ import annotations

from urllib.parse import quote, unquote

import httpx

from running.live_server import LiveServer
from samples.hostile_names import HOSTILE_NAMES, is_harmless

FORM = {"Content-Type": "multipart/form-data; boundary=x"}


def part(name: str, text: str) -> str:
    """Return a part as browsers write it: quotation marks and line breaks are escapes."""
    written = name.replace('"', "%22").replace("\n", "%0A").replace("\r", "%0D")
    head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{written}"\r\n'
    return f"{head}\r\n{text}\r\n"


def test_hostile_names_are_kept_without_their_tricks(
    http: httpx.Client, live: LiveServer, collection: str
) -> None:
    path = f"/v1/collections/{quote(collection)}/documents"
    named = dict(zip(HOSTILE_NAMES.values(), HOSTILE_NAMES, strict=True))
    body = "".join(part(name, f"It is called {title}.") for name, title in named.items())
    reply = http.post(f"{path}?wait=true", content=f"{body}--x--\r\n".encode(), headers=FORM)
    assert reply.status_code == 200, reply.text
    # Without spaces, nothing but an ending is left of it.
    assert [failed["name"] for failed in reply.json()["failed"]] == [".txt"]
    assert len(reply.json()["outcomes"]) == len(named)
    documents = http.get(path).json()["documents"]
    kept = {document["name"] for document in documents}
    # Of those that lead out only the last part stays, so that all but one are numbered.
    leading_out = [name for name in named if "outside" in name]
    assert len(kept) == len(named)
    assert {f"outside ({number}).txt" for number in range(2, len(leading_out) + 1)} < kept
    assert {"outside.txt", "invoicetxt.exe.txt", "red[31m.txt", "zerobyte.txt"} < kept
    for document in documents:
        assert is_harmless(document["name"])
        if document["status"] == "failed":
            continue
        original = http.get(f"{path}/{document['id']}/content")
        assert original.text.startswith("It is called ")
        sent = original.headers["Content-Disposition"].removeprefix("attachment; filename")
        sent = sent.removeprefix("=").strip('"').removeprefix("*=utf-8''")
        assert unquote(sent) == document["name"]
    data = live.services.settings.storage.db_dir
    assert not [each for each in data.parent.rglob("*outside*") if each.is_file()]
