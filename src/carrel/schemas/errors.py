"""The body of every error, in OpenAI's shape."""

from __future__ import annotations

from carrel.schemas.body import ReplyBody


class ErrorDetail(ReplyBody):
    """What went wrong. ``code`` is stable; ``param`` is the dotted name of the option at fault."""

    message: str
    type: str = "server_error"
    param: str | None = None
    code: str | None = None


class ErrorBody(ReplyBody):
    """The one shape of errors, on every route and in streams."""

    error: ErrorDetail
