"""Collections through a real server: list, create, delete, search."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from error_bodies import error_of


def named(http: httpx.Client) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in http.get("/v1/collections").json()["collections"]}


def test_two_collections_always_exist(http: httpx.Client) -> None:
    found = named(http)
    assert (found["MyData"]["shared"], found["UserData"]["shared"]) == (False, True)
    assert found["MyData"]["documents"] == 0


def test_a_collection_is_created_counted_and_deleted_with_its_documents(
    http: httpx.Client,
) -> None:
    made = http.post("/v1/collections", json={"name": "Berichte 2024 & mehr", "shared": True})
    assert made.status_code == 201
    assert made.json() == {
        "name": "Berichte 2024 & mehr",
        "shared": True,
        "owner": "local",
        "documents": 0,
        "ready": 0,
        "failed": 0,
        "chunks": 0,
        "bytes": 0,
    }
    path = f"/v1/collections/{quote('Berichte 2024 & mehr', safe='')}"
    http.post(f"{path}/documents?wait=true", files={"files": ("a.txt", b"Alpha.")})
    assert named(http)["Berichte 2024 & mehr"]["documents"] == 1
    deleted = http.delete(path)
    assert deleted.json() == {"name": "Berichte 2024 & mehr", "deleted": True, "documents": 1}
    assert "Berichte 2024 & mehr" not in named(http)
    again = http.delete(path)
    assert (again.status_code, error_of(again)["code"]) == (404, "collection_not_found")


def test_a_renamed_collection_keeps_its_documents(http: httpx.Client, collection: str) -> None:
    files = [
        ("files", ("a.txt", b"The ferry is called Heron.")),
        ("files", ("b.txt", b"")),
    ]
    http.post(f"/v1/collections/{quote(collection)}/documents?wait=true", files=files)
    new_name = f"{collection} renamed"
    reply = http.patch(f"/v1/collections/{quote(collection)}", json={"name": new_name})
    assert reply.status_code == 200
    assert reply.json() == {
        "name": new_name,
        "shared": False,
        "owner": "local",
        "documents": 2,
        "ready": 1,
        "failed": 1,
        "chunks": 1,
        "bytes": 26,
    }
    assert collection not in named(http)
    assert named(http)[new_name] == reply.json()
    found = http.post(f"/v1/collections/{quote(new_name)}/search", json={"query": "ferry"})
    assert found.json()["results"][0]["collection"] == new_name
    shared = http.patch(
        f"/v1/collections/{quote(new_name)}", json={"name": new_name, "shared": True}
    )
    assert shared.json()["shared"] is True


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [
        ("UserData", {"name": "Mine"}, 403, "access_denied"),
        ("MyData", {"name": "Mine"}, 403, "access_denied"),
        ("Nowhere", {"name": "Mine"}, 404, "collection_not_found"),
        (None, {"name": "UserData"}, 409, "already_exists"),
        (None, {"name": "LLM"}, 400, "invalid_request"),
        (None, {"name": ""}, 400, "invalid_request"),
        (None, {"shared": True}, 400, "invalid_request"),
        (None, {"name": "Mine", "owner": "me"}, 400, "invalid_request"),
    ],
    ids=str,
)
def test_a_renaming_that_cannot_be_done_is_refused(
    http: httpx.Client,
    collection: str,
    name: str | None,
    body: dict[str, Any],
    status: int,
    code: str,
) -> None:
    before = named(http)
    reply = http.patch(f"/v1/collections/{quote(name or collection)}", json=body)
    assert (reply.status_code, error_of(reply)["code"]) == (status, code)
    assert named(http) == before


def test_a_collection_is_private_unless_it_is_to_be_shared(
    http: httpx.Client, collection: str
) -> None:
    assert named(http)[collection]["shared"] is False


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "UserData"}, 409, "already_exists"),
        ({"name": "LLM"}, 400, "invalid_request"),
        ({"name": "a/b"}, 400, "invalid_request"),
        ({"name": " "}, 400, "invalid_request"),
        ({"name": ""}, 400, "invalid_request"),
        ({"name": "x" * 201}, 400, "invalid_request"),
        ({"name": "x", "shared": "yes"}, 400, "invalid_request"),
        ({"name": "x", "owner": "me"}, 400, "invalid_request"),
        ({"shared": True}, 400, "invalid_request"),
    ],
    ids=str,
)
def test_names_that_cannot_be_used_are_refused(
    http: httpx.Client, body: dict[str, Any], status: int, code: str
) -> None:
    before = named(http)
    reply = http.post("/v1/collections", json=body)
    assert (reply.status_code, error_of(reply)["code"]) == (status, code)
    assert named(http) == before


def test_a_permanent_collection_cannot_be_deleted(http: httpx.Client) -> None:
    reply = http.delete("/v1/collections/UserData")
    assert (reply.status_code, error_of(reply)["code"]) == (403, "access_denied")


def test_a_search_finds_passages_with_a_quote_and_needs_no_model(
    http: httpx.Client, collection: str
) -> None:
    path = f"/v1/collections/{quote(collection)}"
    files = [
        ("files", ("boats.txt", b"The ferry is called Heron.\nIt is painted white.")),
        ("files", ("trees.txt", b"The oak was planted in 1820.")),
    ]
    http.post(f"{path}/documents?wait=true", files=files)
    results = http.post(f"{path}/search", json={"query": "When was the oak planted?"}).json()
    first, second = results["results"]
    assert (first["index"], first["document"], first["quote"]) == (
        1,
        "trees.txt",
        "The oak was planted in 1820.",
    )
    assert (second["index"], second["document"]) == (2, "boats.txt")
    assert first["score"] >= second["score"]
    one = http.post(f"{path}/search", json={"query": "oak", "top_k": 1}).json()["results"]
    assert len(one) == 1
    kept = {"query": "oak", "filter": "boats type:text"}
    [found] = http.post(f"{path}/search", json=kept).json()["results"]
    assert found["document"] == "boats.txt"
    none = http.post(f"{path}/search", json={"query": "oak", "filter": "type:pdf"})
    assert (none.status_code, none.json()["error"]["code"]) == (404, "document_not_found")
    assert "matches the filter 'type:pdf'" in none.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/v1/collections/MyData/search", {"query": "x"}, 400, "nothing_to_search"),
        ("/v1/collections/Nowhere/search", {"query": "x"}, 404, "collection_not_found"),
        ("/v1/collections/MyData/search", {"query": " "}, 400, "invalid_request"),
        ("/v1/collections/MyData/search", {"query": ""}, 400, "invalid_request"),
        ("/v1/collections/MyData/search", {"query": "x", "top_k": 0}, 400, "invalid_request"),
        ("/v1/collections/MyData/search", {"query": "x", "model": "m"}, 400, "invalid_request"),
        ("/v1/collections/MyData/search", {}, 400, "invalid_request"),
        (
            "/v1/collections/MyData/search",
            {"query": "x", "filter": "colour:red"},
            400,
            "invalid_request",
        ),
    ],
    ids=str,
)
def test_a_search_that_cannot_be_made_is_refused(
    http: httpx.Client, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    reply = http.post(path, json=body)
    assert (reply.status_code, error_of(reply)["code"]) == (status, code)
