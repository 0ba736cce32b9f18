"""Bodies that ask for documents from the web."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from carrel.core.web import WebRequest
from carrel.schemas.documents import WebDocuments


@pytest.mark.parametrize(
    ("body", "request_"),
    [
        ({"url": "https://a.org"}, WebRequest(("https://a.org",), 0)),
        ({"url": "arxiv:2101.00001", "depth": 0}, WebRequest(("arxiv:2101.00001",), 0)),
        ({"url": "a.org", "depth": 3}, WebRequest(("a.org",), 3)),
        ({"urls": ["a.org", "b.org"]}, WebRequest(("a.org", "b.org"), 0)),
    ],
)
def test_a_body_becomes_a_request(body: dict[str, Any], request_: WebRequest) -> None:
    assert WebDocuments.model_validate_json(json.dumps(body)).to_core() == request_


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "either 'url' or 'urls'"),
        ({"url": "a.org", "urls": ["b.org"]}, "either 'url' or 'urls'"),
        ({"urls": ["a.org"], "depth": 1}, "one site at a time"),
        ({"urls": []}, "at least 1 item"),
        ({"urls": ["a.org"] * 1001}, "at most 1000 items"),
        ({"urls": [""]}, "at least 1 character"),
        ({"url": ""}, "at least 1 character"),
        ({"url": "a" * 5000}, "at most 4096 characters"),
        ({"url": "a.org", "depth": -1}, "greater than or equal to 0"),
        ({"url": "a.org", "depth": 21}, "less than or equal to 20"),
        ({"url": "a.org", "depth": "1"}, "valid integer"),
        ({"url": 1}, "valid string"),
        ({"url": "a.org", "proxy": "b.org"}, "Extra inputs"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_meant_is_refused(body: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        WebDocuments.model_validate_json(json.dumps(body))
