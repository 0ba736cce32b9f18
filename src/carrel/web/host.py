"""Normalises the host of a URL."""

from __future__ import annotations

import ipaddress
import re

import idna

from carrel.core.errors import AddressRefused

_LONGEST = 253
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


def canonical_host(text: str) -> str:
    """Return a host name in lower-case ASCII, or an IP address in its usual notation.

    IPv4 addresses are parsed as by browsers and operating systems: one to four parts, each
    decimal, octal (``0177``) or hexadecimal (``0x7f``), the last one filling the rest.

    Raises:
        AddressRefused: it is neither.
    """
    if ":" in text:
        return _ipv6(text)
    host = text.removesuffix(".").lower()
    if not host.isascii():
        host = _ascii(host).removesuffix(".").lower()
    if len(host) > _LONGEST or not _NAME.fullmatch(host):
        raise AddressRefused("it names no host: write a URL like https://example.org/report.pdf")
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        return _ipv4(host)
    return host


def _ascii(host: str) -> str:
    if len(host) > _LONGEST:
        raise AddressRefused("its host name is too long")
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise AddressRefused("its host name has invalid characters") from error


def _ipv6(text: str) -> str:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError as error:
        raise AddressRefused("its host is no IPv6 address") from error
    if address.scope_id is not None:
        raise AddressRefused("its host names a network interface of this machine")
    return str(address)


def _ipv4(host: str) -> str:
    parts = host.split(".")
    try:
        numbers = [_number(part) for part in parts]
        *bytes_, rest = numbers
        if len(parts) > 4 or any(each > 255 for each in bytes_) or rest >= 256 ** (5 - len(parts)):
            raise ValueError("out of range")
    except ValueError as error:
        raise AddressRefused("its host is no IPv4 address") from error
    value = sum(each << 8 * (3 - place) for place, each in enumerate(bytes_)) + rest
    return str(ipaddress.IPv4Address(value))


def _number(part: str) -> int:
    """Return the value of one part.

    Raises:
        ValueError: it is no number.
    """
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8) if part.startswith("0") else int(part)
