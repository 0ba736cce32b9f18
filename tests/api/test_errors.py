"""The table of statuses is complete, and messages do not tell where things lie."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from carrel.api.errors import CLASS_OF_CODE, STATUS_CODES, ErrorReplies, ErrorReply, type_of
from carrel.core import errors
from carrel.core.errors import CarrelError, NotAuthenticated, StorageFull
from error_bodies import checked

CLASSES = [
    each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, CarrelError)
]


def test_every_class_of_the_tree_has_a_status_and_no_other_has() -> None:
    assert set(STATUS_CODES) == set(CLASSES)
    assert set(CLASS_OF_CODE.values()) == set(CLASSES)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda each: each.__name__)
def test_every_error_becomes_a_body_with_its_code(kind: type[CarrelError]) -> None:
    reply = ErrorReplies([]).of(kind("Something is wrong.\nDo this."))
    assert 400 <= reply.status < 600
    error = checked(reply.body.model_dump())
    assert error["code"] == kind.code
    assert error["message"] == "Something is wrong. Do this."
    assert error["type"] == type_of(reply.status)


def test_messages_name_folders_without_saying_where_they_are(tmp_path: Path) -> None:
    inner = tmp_path / "data" / "models"
    clean = ErrorReplies([tmp_path / "data", inner, Path("/")]).clean
    assert clean(f"No space in {inner}/tiny: free some.") == "No space in models/tiny: free some."
    assert clean(f"{tmp_path}/data/catalog.db is damaged.") == "data/catalog.db is damaged."
    assert clean("Send it as a/b, not as /v1/c.") == "Send it as a/b, not as /v1/c."


def test_a_relative_folder_is_recognized_by_its_absolute_path() -> None:
    clean = ErrorReplies([Path("db_dirs")]).clean
    assert clean(f"{Path.cwd()}/db_dirs/x is damaged.") == "db_dirs/x is damaged."


def test_only_a_missing_key_is_asked_for() -> None:
    replies = ErrorReplies([])
    asked = replies.of(NotAuthenticated("No key.")).response()
    assert asked.headers["WWW-Authenticate"] == "Bearer"
    full = replies.of(StorageFull("Full.")).response({"Retry-After": "5"})
    assert (full.status_code, full.headers["Retry-After"]) == (507, "5")
    assert "WWW-Authenticate" not in full.headers


def test_types_follow_openais_names() -> None:
    assert [type_of(each) for each in (400, 401, 403, 404, 422, 500, 503)] == [
        "invalid_request_error",
        "authentication_error",
        "permission_error",
        "invalid_request_error",
        "invalid_request_error",
        "server_error",
        "server_error",
    ]
    assert ErrorReply(418, "x", "y").body.error.param is None
