"""Hosts in every notation."""

from __future__ import annotations

import pytest
from hypothesis import given as any_of
from hypothesis import strategies

from carrel.core.errors import AddressRefused
from carrel.web.host import canonical_host

SAME = [
    ("example.org", "example.org"),
    ("EXAMPLE.org.", "example.org"),
    ("my_host.example.org", "my_host.example.org"),
    ("faß.de", "xn--fa-hia.de"),
    ("bücher.example", "xn--bcher-kva.example"),
    ("ⓛocalhost", "localhost"),
    ("127.0.0.1", "127.0.0.1"),
    ("127.0.0.1.", "127.0.0.1"),
    ("2130706433", "127.0.0.1"),
    ("0x7f000001", "127.0.0.1"),
    ("0X7F.1", "127.0.0.1"),
    ("017700000001", "127.0.0.1"),
    ("0177.0.0.01", "127.0.0.1"),
    ("127.1", "127.0.0.1"),
    ("127.0.1", "127.0.0.1"),
    ("1.2.3.", "1.2.0.3"),
    ("0", "0.0.0.0"),
    ("0x", "0.0.0.0"),
    ("0xa9fea9fe", "169.254.169.254"),
    ("169.254.43518", "169.254.169.254"),
    ("0251.0376.0251.0376", "169.254.169.254"),
    ("１２７.０.０.１", "127.0.0.1"),
    ("127。0。0。1", "127.0.0.1"),
    ("①②⑦.0.0.1", "127.0.0.1"),
    ("::1", "::1"),
    ("0:0:0:0:0:0:0:1", "::1"),
    ("::FFFF:127.0.0.1", "::ffff:7f00:1"),
    ("10.example", "10.example"),
]
NONE = [
    *("", ".", "..", "a..b", "-a.org", "a-.org", "a b", "a%2e.org", "%31", "a/b", "a?b", "a@b"),
    *("256.1.1.1", "1.2.3.4.5", "1.2.3.256", "4294967296", "0x100000000", "08.8.8.8", "1.0xg.2.3"),
    *("example.1", "example.0x1", "0x1.2.3.4.0x", "[::1]", "fe80::1%eth0", "::1%25lo"),
    *("1::2::3", "::g", "a\u0000.org", "a\u200b b.org", "x" * 64 + ".org", "ü" * 300, "a." * 200),
]


@pytest.mark.parametrize(("given", "canonical"), SAME)
def test_it_has_one_form(given: str, canonical: str) -> None:
    assert canonical_host(given) == canonical


@pytest.mark.parametrize("given", NONE)
def test_it_is_no_host(given: str) -> None:
    with pytest.raises(AddressRefused):
        canonical_host(given)


@any_of(strategies.text(max_size=300))
def test_whatever_is_given_has_one_form_or_none(text: str) -> None:
    try:
        canonical = canonical_host(text)
    except AddressRefused:
        return
    assert canonical.isascii() and canonical == canonical.lower()
    assert canonical_host(canonical) == canonical
