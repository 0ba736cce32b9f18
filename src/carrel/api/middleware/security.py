"""Access control: the Host and Origin headers, the API key, and the headers of replies.

A browser lets any web page send requests to this machine. Such a page cannot choose the Host
header once its name is rebound to this address, and cannot omit the Origin header of a change;
both are checked before anything else.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from carrel.api.errors import ErrorReply, reply_with
from carrel.core.errors import AccessDenied, InvalidRequest, NotAuthenticated
from carrel.core.runtime.loopback import is_loopback
from carrel.settings.schema import ServerSettings

SECURITY_HEADERS = {
    # For data. The page and originals set policies of their own.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
FOREIGN_HEADERS = (b"access-control-",)
"""Prefixes of headers that would open replies to other sites."""

READING = {"GET", "HEAD", "OPTIONS"}
_HOST = re.compile(r"[\w.:\[\]-]+")


def key_of(settings: ServerSettings) -> str | None:
    """Return the API key; an empty one, as from an unset shell variable, is none."""
    return settings.api_key.get_secret_value() or None if settings.api_key else None


def host_name(header: str) -> str | None:
    """Return the host of a Host header in lower case, without port; None if it is malformed."""
    try:
        parts = urlsplit(f"//{header}")
        parts.port  # noqa: B018 - raises where the port is no number
    except ValueError:
        return None
    rest = parts.path or parts.query or parts.fragment
    if rest or not parts.hostname or not _HOST.fullmatch(header):
        return None
    return parts.hostname.rstrip(".")


def _plain(host: str) -> str:
    return host.lower().strip("[]").rstrip(".")


def is_api(path: str) -> bool:
    """Whether a path belongs to the API."""
    return path in {"/health", "/metrics", "/openapi.json", "/v1"} or path.startswith("/v1/")


def _values(scope: Scope, name: bytes) -> Iterator[str]:
    return (value.decode("latin-1") for key, value in scope["headers"] if key == name)


@dataclass(frozen=True, slots=True)
class AccessRules:
    """The access rules of the settings."""

    bound: str
    allowed: frozenset[str]
    api_key: str | None

    @classmethod
    def of(cls, settings: ServerSettings) -> AccessRules:
        """Return the rules of the settings."""
        allowed = frozenset(_plain(each) for each in settings.allowed_hosts)
        return cls(_plain(settings.host), allowed, key_of(settings))

    def refusal(self, scope: Scope) -> ErrorReply | None:
        """Return why a request is refused; None if it is allowed."""
        hosts = list(_values(scope, b"host"))
        name = host_name(hosts[0]) if len(hosts) == 1 else None
        if name is None or not self._is_ours(name, scope):
            return reply_with(
                InvalidRequest,
                "Unknown host name: add it to allowed_hosts.",
                "Host",
            )
        if scope["method"] not in READING and not self._same_origin(scope, hosts[0]):
            return reply_with(
                AccessDenied, "Pages of other sites may not change anything here.", "Origin"
            )
        # The page has its own login, and readiness is no secret.
        guarded = is_api(scope["path"]) and scope["path"] != "/health"
        if self.api_key is not None and guarded and not self._has_key(scope):
            return reply_with(
                NotAuthenticated,
                "The API key is missing or wrong: send it as 'Authorization: Bearer KEY'.",
            )
        return None

    def _is_ours(self, name: str, scope: Scope) -> bool:
        # A server that listens on every address is bound to the one that was dialled.
        dialed = (scope.get("server") or ("",))[0]
        return is_loopback(name) or name in self.allowed or name in (self.bound, dialed)

    def _same_origin(self, scope: Scope, host: str) -> bool:
        for origin in _values(scope, b"origin"):
            _, separator, authority = origin.lower().partition("://")
            if not separator:
                return False
            # Another port is another site. Behind a proxy both may differ from the Host header.
            if authority != host.lower() and host_name(authority) not in self.allowed:
                return False
        return True

    def _has_key(self, scope: Scope) -> bool:
        assert self.api_key is not None
        given = list(_values(scope, b"authorization"))
        scheme, _, key = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        # Encoded as received: a key need not be ASCII, and headers are bytes.
        matches = hmac.compare_digest(key.strip().encode("latin-1"), self.api_key.encode())
        return matches and scheme.lower() == "bearer"


class AccessGuard:
    """Applies the access rules before anything reads the request."""

    def __init__(self, app: ASGIApp, rules: AccessRules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer with the refusal."""
        refusal = self._rules.refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await refusal.response()(scope, receive, send)
