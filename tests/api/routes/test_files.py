"""Files as the official openai package uploads, lists, reads and deletes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import openai
import pytest

from error_bodies import error_of
from running.live_server import LiveServer

TEXT = b"The reading room of the Tromso library is open until 20:00 on Thursdays."


@pytest.fixture
def live(start: Callable[..., LiveServer]) -> LiveServer:
    """A server of the test's own: everyone without an account shares one ``MyData``."""
    return start(max_file_megabytes=0.01)


@pytest.fixture
def sdk(live: LiveServer) -> Iterator[openai.OpenAI]:
    with ExitStack() as opened:
        http = opened.enter_context(httpx.Client(trust_env=False, timeout=60))
        yield openai.OpenAI(
            base_url=f"{live.address}/v1", api_key="any", http_client=http, max_retries=0
        )


def test_a_file_goes_in_is_asked_about_and_goes_out(sdk: openai.OpenAI, live: LiveServer) -> None:
    file = sdk.files.create(file=("hours.txt", TEXT), purpose="user_data")
    assert (file.filename, file.bytes, file.status) == ("hours.txt", len(TEXT), "processed")
    assert file.id.startswith("file-")
    assert sdk.files.retrieve(file.id) == file
    assert sdk.files.content(file.id).read() == TEXT

    reply = sdk.chat.completions.create(
        model="scripted",
        messages=[{"role": "user", "content": "Until when is the reading room open?"}],
        extra_body={"documents": {"collections": ["MyData"], "ids": [file.id]}},
    )
    (source,) = reply.model_extra["sources"]  # type: ignore[index]
    assert source["document"] == "hours.txt"

    assert sdk.files.delete(file.id).deleted
    assert sdk.files.list().data == []
    with pytest.raises(openai.NotFoundError):
        sdk.files.retrieve(file.id)
    with live.client() as http:
        listed = http.get("/v1/collections/MyData/documents").json()
    assert listed == {"documents": []}


def test_files_are_listed_in_pages(sdk: openai.OpenAI) -> None:
    ids = [
        sdk.files.create(file=(f"{name}.txt", TEXT + name.encode()), purpose="assistants").id
        for name in "abc"
    ]
    latest_first = sdk.files.list(limit=2)
    assert [each.id for each in latest_first.data] == ids[:0:-1]
    assert latest_first.has_more
    assert [each.id for each in latest_first] == ids[::-1]
    after = sdk.files.list(order="asc", after=ids[0])
    assert [each.id for each in after.data] == ids[1:]
    assert sdk.files.list(purpose="batch").data == []


def test_the_same_file_again_is_the_same_file(sdk: openai.OpenAI) -> None:
    first, second = (sdk.files.create(file=("a.txt", TEXT), purpose="user_data") for _ in range(2))
    assert first.id == second.id


@pytest.mark.parametrize(
    ("files", "data", "code", "said"),
    [
        ({"file": ("a.txt", b"")}, {"purpose": "user_data"}, "empty_document", "a.txt"),
        ({"file": ("a.xyz", b"\0\1")}, {"purpose": "user_data"}, "unsupported_format", "a.xyz"),
        ({"file": ("a.txt", b"x" * 20_000)}, {"purpose": "user_data"}, "document_too_large", "MB"),
        ({"file": ("a.txt", b"x")}, {"purpose": "fine-tune"}, "invalid_request", "user_data"),
        ({"file": ("a.txt", b"x")}, {}, "invalid_request", "'purpose' is missing"),
        (
            {"file": ("a.txt", b"x")},
            {"purpose": "user_data", "expires_after[seconds]": "60"},
            "unsupported_parameter",
            "expires_after",
        ),
        ({"files": ("a.txt", b"x")}, {"purpose": "user_data"}, "invalid_request", "named 'file'"),
    ],
)
def test_what_cannot_be_taken_is_reported(
    http: httpx.Client, files: dict[str, object], data: dict[str, str], code: str, said: str
) -> None:
    reply = http.post("/v1/files", files=files, data=data)  # type: ignore[arg-type]
    error = error_of(reply)
    assert error["code"] == code
    assert said in error["message"]


def test_no_form_and_several_files_are_refused(http: httpx.Client) -> None:
    error = error_of(http.post("/v1/files", json={"file": "a"}))
    assert "multipart/form-data" in error["message"]
    two = [("file", ("a.txt", b"a")), ("file", ("b.txt", b"b"))]
    error = error_of(http.post("/v1/files", files=two, data={"purpose": "user_data"}))
    assert "2 came" in error["message"]


@pytest.mark.parametrize("path", ["other", "file-", "file-unknown", "file-unknown/content"])
def test_a_file_that_is_not_there_is_not_found(http: httpx.Client, path: str) -> None:
    assert error_of(http.get(f"/v1/files/{path}"))["code"] == "document_not_found"
