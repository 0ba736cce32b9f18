"""Web addresses and their normal form."""

from __future__ import annotations

import pytest
from hypothesis import given as any_of
from hypothesis import strategies

from carrel.core.errors import AddressRefused
from carrel.web.address import WebAddress

NORMAL = [
    ("https://example.org", "https://example.org/"),
    ("HTTP://Example.ORG:80/a#part", "http://example.org/a"),
    ("https://example.org:443", "https://example.org/"),
    ("https://example.org:8443/", "https://example.org:8443/"),
    ("example.org/a", "https://example.org/a"),
    ("example.org:8080/a", "https://example.org:8080/a"),
    ("//example.org/a", "https://example.org/a"),
    ("  https://example.org/a\n", "https://example.org/a"),
    ("https://example.org/a/./b/../c/", "https://example.org/a/c/"),
    ("https://example.org/a/..", "https://example.org/"),
    ("https://example.org/../../a", "https://example.org/a"),
    ("https://example.org/%2e%2e/%7ea/%c3%bc", "https://example.org/~a/%C3%BC"),
    ("https://example.org/ü?q=ö", "https://example.org/%C3%BC?q=%C3%B6"),
    ("https://example.org/a?b=1&c=%2f", "https://example.org/a?b=1&c=%2F"),
    ("https://example.org/%%61b?5%", "https://example.org/%25ab?5%25"),
    ("https://example.org/a?", "https://example.org/a"),
    ("http://[::FFFF:127.0.0.1]:8080/", "http://[::ffff:7f00:1]:8080/"),
    ("http://2130706433/", "http://127.0.0.1/"),
]
REFUSED = {
    "ftp://example.org/": "only http and https",
    "file:///etc/passwd": "only http and https",
    "javascript:alert(1)": "only http and https",
    "data:text/html,hello": "only http and https",
    "gopher://example.org/": "only http and https",
    "http://user:password@example.org/": "user name or password",
    "http://example.org@127.0.0.1/": "user name or password",
    "http://@example.org/": "user name or password",
    "http:\\\\example.org\\": "backslashes",
    "http://example.org\\@127.0.0.1/": "backslashes",
    "http://exam ple.org/": "spaces",
    "http://example.org/a\r\nHost: b": "spaces",
    "http://example.org/\x00": "control",
    "http://example.org/\u2028a": "spaces",
    "http://": "no host",
    "http:///a": "no host",
    "": "no host",
    "http://example.org:0/": "port 0",
    "http://example.org:99999/": "malformed",
    "http://example.org:a/": "malformed",
    "http://[::1/": "malformed",
    "http://[fe80::1%25eth0]/": "network interface",
    "http://a\u2100b/": "malformed",
    "http://1.2.3.4.5/": "IPv4",
    "https://example.org/" + "a" * 5000: "longer than",
}


@pytest.mark.parametrize(("given", "normal"), NORMAL)
def test_it_has_a_normal_form(given: str, normal: str) -> None:
    address = WebAddress.parse(given)
    assert str(address) == normal
    assert WebAddress.parse(normal) == address


@pytest.mark.parametrize("given", REFUSED, ids=ascii)
def test_it_is_refused_in_one_line(given: str) -> None:
    with pytest.raises(AddressRefused, match=REFUSED[given]) as refused:
        WebAddress.parse(given)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("b", "https://example.org/a/b"),
        ("/b#part", "https://example.org/b"),
        ("#part", "https://example.org/a/page"),
        ("../b?c", "https://example.org/b?c"),
        ("//other.org/b", "https://other.org/b"),
        (" two words.pdf ", "https://example.org/a/two%20words.pdf"),
    ],
)
def test_links_lead_on(reference: str, target: str) -> None:
    assert str(WebAddress.parse("https://example.org/a/page").join(reference)) == target


@pytest.mark.parametrize("reference", ["mailto:a@b.org", "javascript:void(0)", "http://[", "tel:1"])
def test_links_to_no_page_are_refused(reference: str) -> None:
    with pytest.raises(AddressRefused):
        WebAddress.parse("https://example.org/").join(reference)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("http://example.org/", True),
        ("https://example.org:443/", True),
        ("https://example.org:8443/", False),
        ("https://www.example.org/", False),
        ("https://example.org.evil.net/", False),
    ],
)
def test_a_site_is_a_host(other: str, same: bool) -> None:
    assert WebAddress.parse("https://example.org/a").same_site(WebAddress.parse(other)) is same


@any_of(strategies.text(max_size=100), strategies.sampled_from(["", "http://", "http://a.org/"]))
def test_whatever_is_given_has_a_normal_form_or_none(text: str, before: str) -> None:
    try:
        address = WebAddress.parse(before + text)
        joined = address.join(text)
    except AddressRefused:
        return
    assert WebAddress.parse(str(address)) == address
    assert WebAddress.parse(str(joined)) == joined
    assert str(address).isascii() and "#" not in str(address)
