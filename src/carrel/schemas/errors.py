"""The body of every error, in OpenAI's shape."""

from __future__ import annotations

from carrel.schemas.body import ReplyBody


class ErrorDetail(ReplyBody):
    """An error. ``code`` is stable; ``param`` is the dotted name of the invalid option."""

    message: str
    type: str = "server_error"
    param: str | None = None
    code: str | None = None


class ErrorBody(ReplyBody):
    """The body of errors on every route and in streams."""

    error: ErrorDetail
