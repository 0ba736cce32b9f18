"""What sites ask of crawlers, by RFC 9309."""

from __future__ import annotations

import tracemalloc

import pytest

from carrel.web.robots import EVERYTHING, NOTHING, RobotRules, robot_rules


def rules(text: str) -> RobotRules:
    return robot_rules(text.encode(), "Carrel")


@pytest.mark.parametrize(
    ("text", "target", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("User-agent: *\nDisallow: /a", "/ab", False),
        ("User-agent: *\nDisallow: /a/", "/a", True),
        ("user-AGENT : * # all\r\n  disallow : /a # not this\r\n", "/a", False),
        ("\ufeffUser-agent: *\nDisallow: /a", "/a", False),
        # The longest rule decides, wherever it is; between equals the permission.
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /a/b\nDisallow: /a", "/a/c", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        # Wildcards.
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a/b.pdf?c", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf/b.pdf", False),
        ("User-agent: *\nDisallow: /*?print=", "/a?print=1", False),
        ("User-agent: *\nDisallow: /a$", "/a", False),
        ("User-agent: *\nDisallow: /a$", "/ab", True),
        ("User-agent: *\nDisallow: /a*b$", "/ab", False),
        ("User-agent: *\nDisallow: /ab*ba$", "/aba", True),
        ("User-agent: *\nDisallow: /a*$", "/abc", False),
        ("User-agent: *\nDisallow: *", "/a", False),
        ("User-agent: *\nDisallow: /ü", "/%C3%BC", False),
        # Groups.
        ("User-agent: Other\nDisallow: /", "/a", True),
        ("User-agent: carrel\nDisallow: /a\n\nUser-agent: *\nDisallow: /", "/b", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: Carrel/1.0\nDisallow: /a", "/b", True),
        ("User-agent: Other\nUser-agent: Carrel\nDisallow: /a", "/a", False),
        ("User-agent: Carrel\nDisallow: /a\nUser-agent: Carrel\nDisallow: /b", "/a", False),
        ("User-agent: Carrel\nDisallow: /a\nUser-agent: Other\nDisallow: /b", "/b", True),
        ("User-agent: Car\nDisallow: /\n\nUser-agent: *\nDisallow: /a", "/b", True),
        ("User-agent: Carrel\nNoindex: /s\nUser-agent: Other\nDisallow: /a", "/a", False),
        ("User-agent: Other\nDisallow: /a\nUser-agent: Carrel\nDisallow: /b", "/a", True),
        ("User-agent: Carrel\nDisallow: /a # " + "not " * 500, "/a", False),
        # Escapes are compared by what they mean, and an empty segment is none of a host.
        ("User-agent: *\nDisallow: /%7Ea", "/~a", False),
        ("User-agent: *\nDisallow: /b", "//a/b", True),
        # What is often misspelt.
        ("User agent: *\nDissallow: /a", "/a", False),
        ("Disallow: /", "/a", True),
        ("<html>Not a list of rules: at all</html>", "/a", True),
    ],
)
def test_a_target_is_allowed(text: str, target: str, allowed: bool) -> None:
    assert rules(text).allows(target) is allowed


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("User-agent: *\nDisallow: /", 0),
        ("User-agent: *\nCrawl-delay: 2.5", 2.5),
        ("User-agent: *\nCrawl-delay: 2\n\nUser-agent: Carrel\nDisallow: /a", 0),
        ("User-agent: *\nCrawl-delay: -1", 0),
        ("User-agent: *\nCrawl-delay: nan", 0),
        ("User-agent: *\nCrawl-delay: inf", 0),
        ("User-agent: *\nCrawl-delay: soon", 0),
    ],
)
def test_a_site_may_ask_for_pauses(text: str, seconds: float) -> None:
    assert rules(text).delay == seconds


def test_everything_and_nothing() -> None:
    assert (EVERYTHING.allows("/a"), NOTHING.allows("/a")) == (True, False)


def test_rules_that_are_made_to_take_long_do_not() -> None:
    hostile = "User-agent: *\n" + "Disallow: /" + "*a" * 400 + "b\n"
    assert rules(hostile * 100).allows("/" + "a" * 4000)
    many = "User-agent: *\n" + "Disallow: /b\n" * 1999
    assert not rules(many + "Disallow: /a").allows("/a")
    assert rules(many + "Disallow: /b\nDisallow: /a").allows("/a")
    assert rules("User-agent: *\nDisallow: /" + "a" * 2000).allows("/" + "a" * 2000)


def test_a_group_of_many_names_and_rules_takes_no_more_memory_than_its_file() -> None:
    names = "".join(f"User-agent: bot{number}\n" for number in range(2000))
    tracemalloc.start()
    try:
        hostile = rules(names + "User-agent: Carrel\n" + "Disallow: /a\n" * 1000 + names)
        assert (hostile.allows("/a"), hostile.allows("/b")) == (False, True)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
