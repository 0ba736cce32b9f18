"""``robots.txt`` by RFC 9309, parsed by Protego.

The standard library's parser has no wildcards and takes the first matching rule instead of the
longest, so that it would read what sites disallow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from protego import Protego

_MOST_READ = 500_000
# Each check passes over all rules.
_MOST_RULES = 2000
_LONGEST_LINE = 1000
_AGENT = re.compile(r"\s*user[-\s]*agent(?![^\s:])[\s:]*(?P<name>[a-z_-]+|\*)?", re.IGNORECASE)
_RULE = re.compile(r"\s*(?:allow|di[as]|crawl)", re.IGNORECASE)
_OTHERS = "User-agent: others"


class RobotRules:
    """A site's rules for one crawler."""

    def __init__(self, text: str, agent: str) -> None:
        self._agent = agent
        self._parsed = Protego.parse("\n".join(_lines_about(agent, text)))

    @property
    def delay(self) -> float:
        """The seconds to wait between two fetches."""
        return self._parsed.crawl_delay(self._agent) or 0.0

    def allows(self, target: str) -> bool:
        """Whether a path with its query may be fetched: the longest matching rule decides."""
        # Protego wants an address: it takes a path that begins with two slashes for a host.
        return self._parsed.can_fetch(f"https://site{target}", self._agent)


def robot_rules(data: bytes, agent: str) -> RobotRules:
    """Return the rules for a crawler by name, or else those for all."""
    return RobotRules(data[:_MOST_READ].decode("utf-8-sig", errors="replace"), agent)


def _lines_about(agent: str, text: str) -> Iterator[str]:
    """Yield the rules of one crawler and of all, below the bare names.

    Protego stores each rule once for each name of its group, which is gigabytes for a small file
    made for it. It also finds ``Car`` in ``Carrel``, does not know ``Carrel/1.0``, and ends a list
    of names at a line of another kind.
    """
    concerned, begun = False, True
    count = 0
    for line in text.splitlines():
        line = line.partition("#")[0]
        if (named := _AGENT.match(line)) is not None:
            name = (named["name"] or "").lower()
            known = name in {agent.lower(), "*"}
            concerned, begun = known or (concerned and not begun), False
            yield f"User-agent: {name}" if known else _OTHERS
        elif concerned and _RULE.match(line) is not None:
            begun = True
            if len(line) <= _LONGEST_LINE and count < _MOST_RULES:
                count += 1
                yield line


EVERYTHING = RobotRules("", "*")
NOTHING = RobotRules("User-agent: *\nDisallow: /", "*")
