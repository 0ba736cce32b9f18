"""Parsing of web addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from carrel.core.errors import AddressRefused
from carrel.web.host import canonical_host

LONGEST_ADDRESS = 4096
_DEFAULT_PORTS = {"http": 80, "https": 443}
_KEPT_IN_PATH = "/%:@!$&'()*+,;=~"
_KEPT_IN_QUERY = _KEPT_IN_PATH + "?[]|"
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)")


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A normalised URL: equal if the meaning is equal. It has no fragment."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @classmethod
    def parse(cls, text: str) -> WebAddress:
        """Parse a URL; the default scheme is https.

        Raises:
            AddressRefused: it is no http or https URL, contains a password, or is malformed.
        """
        text = text.strip(" \t\r\n")
        return cls._of(text if _SCHEME.match(text) else f"https://{text.removeprefix('//')}")

    @classmethod
    def _of(cls, text: str) -> WebAddress:
        if len(text) > LONGEST_ADDRESS:
            raise AddressRefused(f"it is longer than {LONGEST_ADDRESS} characters")
        # Programs disagree about these, so that one may check another host than the other one
        # connects to.
        if "\\" in text or not text.isprintable() or any(each.isspace() for each in text):
            raise AddressRefused("it holds spaces, backslashes or control characters")
        try:
            parts = urlsplit(text)
            port = parts.port
            host = parts.hostname
        except ValueError as error:
            raise AddressRefused("it is malformed") from error
        if parts.scheme not in _DEFAULT_PORTS:
            raise AddressRefused("only http and https addresses are fetched")
        if "@" in parts.netloc:
            raise AddressRefused("it contains a user name or password: remove that")
        if not host:
            raise AddressRefused("it names no host")
        if port == 0:
            raise AddressRefused("no server has port 0")
        return cls(
            parts.scheme,
            canonical_host(host),
            port or _DEFAULT_PORTS[parts.scheme],
            _normal_path(parts.path),
            _normal_escapes(quote(parts.query, safe=_KEPT_IN_QUERY)),
        )

    def join(self, reference: str) -> WebAddress:
        """Return the address of a link on this page.

        Raises:
            AddressRefused: it leads to nothing that can be fetched.
        """
        reference = reference.strip(" \t\r\n\f").replace("\t", "").replace("\n", "")
        reference = reference.replace("\r", "").replace(" ", "%20")
        try:
            joined = urljoin(str(self), reference)
        except ValueError as error:
            raise AddressRefused("it is malformed") from error
        return WebAddress._of(joined)

    def same_site(self, other: WebAddress) -> bool:
        """Whether both have the same host; http and https on their default ports are one site."""
        usual = (self._has_usual_port, other._has_usual_port)
        return self.host == other.host and (all(usual) or self.port == other.port)

    @property
    def authority(self) -> str:
        """The host, with the port if it is not the default, as in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self._has_usual_port else f"{host}:{self.port}"

    @property
    def target(self) -> str:
        """Path and query, as in a request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def _has_usual_port(self) -> bool:
        return self.port == _DEFAULT_PORTS[self.scheme]

    def __str__(self) -> str:
        """The URL."""
        return f"{self.scheme}://{self.authority}{self.target}"


def _normal_path(path: str) -> str:
    """Return a path that begins with a slash and has no ``.`` or ``..`` segments."""
    kept: list[str] = []
    parts = _normal_escapes(quote(path, safe=_KEPT_IN_PATH)).split("/")[1:]
    for part in parts:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    if parts and parts[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)


def _normal_escapes(text: str) -> str:
    """Normalise percent-encoding: capital hex digits, unreserved characters unescaped."""
    return _ESCAPE.sub(_normal_escape, _STRAY_PERCENT.sub("%25", text))


def _normal_escape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if _UNRESERVED.fullmatch(character) else match[0].upper()
