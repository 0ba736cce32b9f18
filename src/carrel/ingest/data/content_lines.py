"""Content lines of calendars and contacts (RFC 5545, RFC 6350): name, parameters, value."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from carrel.ingest.text.cleaning import one_line
from carrel.ingest.text.encoding import codec_named, decode

# Encoded images are in such lines; nothing that is read is as long.
_MOST_CHARACTERS = 100_000
_HEAD = re.compile(r'(?:[\w-]+\.)?(?P<name>[\w-]+)(?P<parameters>(?:;(?:"[^"]*"|[^":;])*)*):')
_PARAMETER = re.compile(r';(?P<key>[\w-]+)(?:=(?P<value>(?:"[^"]*"|[^";])*))?')
_ESCAPED = re.compile(r"\\(.)")
_PARTS = re.compile(r"((?:\\.|[^;\\])*)(?:;|$)")
_PRINTABLE = "QUOTED-PRINTABLE"


@dataclass(frozen=True, slots=True)
class ContentLine:
    """One line: ``name`` and the keys of ``parameters`` are in upper case.

    A parameter without a value, as in vCard 2.1, has an empty value. ``value`` is unparsed, with
    its escapes.
    """

    name: str
    value: str
    parameters: Mapping[str, str]

    @property
    def text(self) -> str:
        """The value on one line, without escapes."""
        return _plain(self.value)

    @property
    def parts(self) -> list[str]:
        """The parts of a value between semicolons, each like ``text``; blank ones are kept."""
        found = [_plain(match[1]) for match in _PARTS.finditer(self.value)]
        # The pattern also finds an empty part at the end.
        return found[:-1] if len(found) > 1 and not found[-1] else found


def content_lines(lines: Iterable[str]) -> Iterator[ContentLine]:
    """Yield the lines of a file, with folded ones unfolded.

    Other lines that are not blank are yielded without a name.
    """
    for line in _unfolded(lines):
        head = _HEAD.match(line)
        if head is None:
            if line.strip():
                yield ContentLine("", line, {})
            continue
        parameters = {
            match["key"].upper(): (match["value"] or "").strip('"')
            for match in _PARAMETER.finditer(head["parameters"])
        }
        value = line[head.end() :]
        if _is_printable(line[: head.end()]):
            value = _decoded(value, parameters.get("CHARSET", ""))
        yield ContentLine(head["name"].upper(), value, parameters)


def _unfolded(lines: Iterable[str]) -> Iterator[str]:
    parts: list[str] = []
    length = 0
    for line in lines:
        soft = bool(parts) and parts[-1].endswith("=") and _is_printable(parts[0])
        if parts and (soft or line[:1] in (" ", "\t")):
            if soft:
                parts[-1] = parts[-1][:-1]
            if length < _MOST_CHARACTERS:
                parts.append(line if soft else line[1:])
                length += len(line)
            continue
        if parts:
            yield "".join(parts)
        parts, length = [line], len(line)
    if parts:
        yield "".join(parts)


def _is_printable(line: str) -> bool:
    return _PRINTABLE in line.partition(":")[0].upper()


def _decoded(value: str, charset: str) -> str:
    data = quopri.decodestring(value.encode("utf-8"))
    # Line breaks are data here, and would end the line.
    return decode(data, codec_named(charset)).replace("\r\n", "\n")


def _plain(value: str) -> str:
    return one_line(_ESCAPED.sub(lambda match: " " if match[1] in "nN" else match[1], value))
