"""Groups lines into sections, for formats of many short lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from carrel.core.documents import Section

GROUP_CHARACTERS = 1_500


def sections_of_lines(
    lines: Iterable[str],
    page: int | None = None,
    heading: str | None = None,
    page_count: int | None = None,
) -> Iterator[Section]:
    """Yield sections of several lines each, about ``GROUP_CHARACTERS`` long; no line is cut."""
    group: list[str] = []
    length = 0
    for line in lines:
        if group and length + len(line) > GROUP_CHARACTERS:
            yield Section("\n".join(group), page, heading, page_count)
            group, length = [], 0
        group.append(line)
        length += len(line) + 1
    if group:
        yield Section("\n".join(group), page, heading, page_count)
