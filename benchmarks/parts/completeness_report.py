"""The page of ``completeness.py``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from completeness_reference import METHODS
from completeness_words import Difference

CARREL = "Carrel"
WORST = 30
SHOWN_WORDS = 8

FAMILIES = {
    "PDF": ".pdf",
    "Word": ".docx .docm .dotx .dotm",
    "PowerPoint": ".pptx .pptm .ppsx .ppsm .potx .potm",
    "Excel": ".xlsx .xlsm .xltx .xltm",
    "OpenDocument": ".odt .ods .odp",
    "EPUB": ".epub",
    "HTML": ".html .htm",
    "mail": ".eml .mbox",
    "XML": ".xml",
    "CSV": ".csv .tsv",
    "text": ".txt .text .log",
    "Markdown": ".md .markdown",
}
"""Rows of the tables, with the suffixes of each."""


@dataclass
class FileResult:
    """A file that the independent extraction reads, and what each system made of it.

    ``differences`` are of the systems that read it, ``refusals`` the reasons of the others.
    """

    name: str
    suffix: str
    words: int
    differences: dict[str, Difference] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)


def percent(part: int, whole: int) -> str:
    """Return a share, or a dash where there is no whole."""
    return f"{part / whole:.2%}" if whole else "–"


def completeness_page(
    results: Sequence[FileResult],
    not_counted: Mapping[str, str],
    systems: Mapping[str, str],
    note: str = "",
) -> list[str]:
    """Return the lines of the page; ``systems`` has the version of each."""
    lines = ["# Completeness of reading", "", *([note, ""] if note else []), *_method(), ""]
    for name, version in systems.items():
        lines += [f"## {name} {version}", "", *_table_of(results, name), ""]
    for name in [each for each in systems if each != CARREL]:
        lines += [f"## The files that Carrel and {name} both read", ""]
        lines += [*_beside(results, name), ""]
    lines += [
        "## Read by the independent extraction, refused by Carrel",
        "",
        *_refused(results),
        "",
    ]
    lines += [f"## Still lost: the {WORST} worst files", "", *_worst(results), ""]
    return [*lines, "## Not counted", "", *_not_counted(not_counted), ""]


def _method() -> list[str]:
    return [
        "The words that an independent extraction sees in a file, against the words that each",
        "system gives. A word is letters and digits, in NFKC and lower case; scripts without",
        "spaces count by character. *Missing* and *added* are differences of multisets, as shares",
        "of the reference's words; *order* is the share of the reference's adjacent pairs of words",
        "that are kept: a row that is stored as `head: value` keeps few. Added words are no faults",
        "as such: alternative texts, repeated heads of columns, recognised text. The first tables",
        "cover what each system reads, the later ones the files that both read. Carrel's words",
        "went through the reading process and the splitter, without the overlap of chunks;",
        "headings count where they are stored.",
        "",
        "| format | reference |",
        "|---|---|",
        *(f"| {name} | {how} |" for name, how in METHODS.items()),
    ]


def _families(results: Iterable[FileResult]) -> dict[str, list[FileResult]]:
    by_suffix = {each: name for name, all_ in FAMILIES.items() for each in all_.split()}
    found: dict[str, list[FileResult]] = defaultdict(list)
    for each in results:
        found[by_suffix.get(each.suffix, each.suffix)].append(each)
    ordered = {name: found[name] for name in [*FAMILIES, *found] if found.get(name)}
    return ordered | {"**all**": list(results)}


def _table_of(results: Sequence[FileResult], system: str) -> list[str]:
    lines = [
        "| format | files | read | words in these | missing | with files refused | added | order |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for family, files in _families(results).items():
        read = [each.differences[system] for each in files if system in each.differences]
        words = sum(each.reference for each in read)
        pairs = sum(each.pairs for each in read)
        lost = sum(each.lost for each in read)
        every = sum(each.words for each in files)
        cells = [
            *(family, f"{len(files)}", f"{len(read)}", f"{words:,}"),
            percent(lost, words),
            percent(lost + every - words, every),
            percent(sum(each.added.total() for each in read), words),
            percent(sum(each.kept for each in read), pairs),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _beside(results: Sequence[FileResult], other: str) -> list[str]:
    lines = [
        f"| format | files | words | missing: Carrel | missing: {other} | order: Carrel "
        f"| order: {other} |",
        "|---|---|---|---|---|---|---|",
    ]
    for family, files in _families(results).items():
        both = [each for each in files if {CARREL, other} <= each.differences.keys()]
        if not both:
            continue
        words = sum(each.words for each in both)
        cells = [family, f"{len(both)}", f"{words:,}"]
        measures: tuple[Callable[[Difference], tuple[int, int]], ...] = (
            lambda each: (each.lost, each.reference),
            lambda each: (each.kept, each.pairs),
        )
        for measure in measures:
            for system in (CARREL, other):
                parts = [measure(each.differences[system]) for each in both]
                cells.append(
                    percent(sum(part for part, _ in parts), sum(all_ for _, all_ in parts))
                )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _refused(results: Iterable[FileResult]) -> list[str]:
    lines = [
        f"- {each.name} ({each.words:,} words): {each.refusals[CARREL]}"
        for each in results
        if CARREL in each.refusals and each.words
    ]
    return lines or ["None."]


def _worst(results: Iterable[FileResult]) -> list[str]:
    lost = [
        each for each in results if CARREL in each.differences and each.differences[CARREL].lost
    ]
    lost.sort(key=lambda each: (-each.differences[CARREL].lost, each.name))
    if not lost:
        return ["Nothing."]
    lines = ["| file | words | missing | order | such as |", "|---|---|---|---|---|"]
    for each in lost[:WORST]:
        found = each.differences[CARREL]
        such = ", ".join(word for word, _ in found.missing.most_common(SHOWN_WORDS))
        order = percent(found.kept, found.pairs)
        lines.append(f"| {each.name} | {each.words:,} | {found.lost:,} | {order} | {such} |")
    rest = lost[WORST:]
    if rest:
        words = sum(each.differences[CARREL].lost for each in rest)
        lines += ["", f"{len(rest)} more files lose {words:,} words together."]
    return lines


def _not_counted(reasons: Mapping[str, str]) -> list[str]:
    """Return the files without a reference, by suffix and reason."""
    found = Counter((name.rpartition(".")[2].lower(), why) for name, why in reasons.items())
    return [f"- {count} `.{suffix}`: {why}" for (suffix, why), count in sorted(found.items())]
