"""``robots.txt`` by RFC 9309.

The standard library's parser has no wildcards and takes the first matching rule instead of the
longest, so that it would read what sites disallow.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from urllib.parse import quote

_MOST_READ = 500_000
_MOST_RULES = 2000
_LONGEST_PATTERN = 1000
_STARS = re.compile(r"\*+")
_NAME = re.compile(r"[a-z_-]+|\*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """Allows or disallows targets that begin with ``pattern``; ``*`` matches anything."""

    allows: bool
    pattern: str

    def fits(self, target: str) -> bool:
        """Whether the rule matches this target, in time proportional to its length."""
        pattern = self.pattern.removesuffix("$")
        first, *parts = pattern.split("*")
        if not target.startswith(first):
            return False
        place = len(first)
        anchored = pattern != self.pattern
        last = parts.pop() if anchored and parts else None
        for part in parts:
            place = target.find(part, place)
            if place < 0:
                return False
            place += len(part)
        if not anchored:
            return True
        if last is None:
            return place == len(target)
        return len(target) - place >= len(last) and target.endswith(last)


@dataclass(frozen=True, slots=True)
class RobotRules:
    """A site's rules for one crawler; ``delay`` is in seconds between two fetches."""

    rules: tuple[Rule, ...] = ()
    delay: float = 0.0

    def allows(self, target: str) -> bool:
        """Whether a path with its query may be fetched: the longest matching rule decides."""
        if target == "/robots.txt":
            return True
        fitting = [rule for rule in self.rules if rule.fits(target)]
        if not fitting:
            return True
        return max(fitting, key=lambda rule: (len(rule.pattern), rule.allows)).allows


EVERYTHING = RobotRules()
NOTHING = RobotRules((Rule(False, "/"),))


def robot_rules(data: bytes, agent: str) -> RobotRules:
    """Return the rules for a crawler by name, or else those for all."""
    text = data[:_MOST_READ].decode("utf-8-sig", errors="replace")
    groups: dict[str, tuple[list[Rule], list[float]]] = {}
    current: list[tuple[list[Rule], list[float]]] = []
    names_follow = False
    for line in text.splitlines():
        field, found, value = line.partition("#")[0].partition(":")
        field, value = field.strip().lower(), value.strip()
        if not found:
            continue
        if field == "user-agent":
            if not names_follow:
                current = []
            match = _NAME.match(value)
            if match is not None and match[0].lower() in {agent.lower(), "*"}:
                current.append(groups.setdefault(match[0].lower(), ([], [])))
            names_follow = True
        elif field in {"allow", "disallow", "crawl-delay"}:
            names_follow = False
            for rules, delays in current:
                if field == "crawl-delay":
                    delays.append(_seconds(value))
                elif 0 < len(value) <= _LONGEST_PATTERN and len(rules) < _MOST_RULES:
                    rules.append(Rule(field == "allow", _encoded(value)))
    rules, delays = groups.get(agent.lower()) or groups.get("*") or ([], [])
    return RobotRules(tuple(rules), max(delays, default=0.0))


def _encoded(pattern: str) -> str:
    """Normalise a pattern like an address."""
    return quote(_STARS.sub("*", pattern), safe="/%:@!$&'()*+,;=~?[]|")


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        return 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0
