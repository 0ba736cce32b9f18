"""Whether reading loses words: Carrel, markitdown and unstructured beside independent extractions.

    python benchmarks/completeness.py --data=FOLDER [--others=PYTHON] [--output=FILE]
        [--note=SENTENCE]
    python benchmarks/completeness.py --data=FOLDER --mutations=N [--seed=S] [--seconds=60]

For every file of the folder, the words that an independent extraction sees (poppler's `pdftotext`,
the text nodes of the XML, Chromium's `innerText`) are compared to those that Carrel stores, read
by its reading process and cut by its splitter. `--others` names a Python, or a folder with one,
that has markitdown and unstructured: they run there, in processes of their own, over the same
files. With `--mutations`, N damaged copies of every file are read in the sandbox instead; it exits
1 if one of them hangs or breaks the protocol. Needs `pdftotext` and, for HTML, Chromium.
"""

from __future__ import annotations

import argparse
import json
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from carrel.core.errors import CarrelError
from carrel.ingest.chunking.splitter import RecursiveSplitter
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders
from carrel.settings.document_settings import DocumentSettings

sys.path.insert(0, str(Path(__file__).resolve().parent / "parts"))

from completeness_mutations import mutate, mutation_page
from completeness_reference import NotCounted, References
from completeness_report import CARREL, FileResult, completeness_page
from completeness_words import difference, words
from parts.environment import describe_environment

OTHERS = ("markitdown", "unstructured")
WORKER = Path(__file__).resolve().parent / "parts" / "completeness_others.py"
START_SECONDS = 120.0
AGAIN = (
    "python -m venv OTHERS",
    "OTHERS/bin/pip install 'markitdown[docx,pptx,xlsx,xls,pdf,outlook]' \\",
    "    unstructured python-docx python-pptx openpyxl msoffcrypto-tool networkx pandas markdown",
    ".venv/bin/python benchmarks/completeness.py --data=FOLDER --others=OTHERS \\",
    "    --output=benchmarks/results/completeness.md",
)
"""How to get the page of results."""
MIB = 1 << 20


class Refusal(Exception):
    """A system did not read a file; the message is its reason."""


class Carrel:
    """The text that Carrel stores of a file."""

    def __init__(self, seconds: float) -> None:
        settings = DocumentSettings()
        limits = ReadingLimits(seconds, int(settings.max_reading_memory * 1024) * MIB)
        self._readers = SandboxedReaders(limits)
        self._splitter = RecursiveSplitter(settings.chunk_size, settings.chunk_overlap)

    def text_of(self, path: Path) -> str:
        """Return the text of all chunks without their overlaps, each heading once.

        Raises:
            Refusal: the file cannot be read.
        """
        try:
            return "\n".join(self._parts(path))
        except CarrelError as error:
            raise Refusal(str(error)) from error

    def _parts(self, path: Path) -> Iterator[str]:
        known = None
        for section in self._readers.reader_for(path, path.name).read(path):
            if section.heading and section.heading != known:
                known = section.heading
                if _squeezed(known) not in _squeezed(section.text):
                    yield known
            end = 0
            for piece in self._splitter.split([section]):
                # Chunks begin at white space, or where the last one ended.
                between = "\n" if piece.start > end else ""
                yield between + section.text[max(end, piece.start) : piece.end]
                end = piece.end

    def close(self) -> None:
        """End the reading process."""
        self._readers.close()


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


class OtherProgram:
    """A program in a process of its own interpreter, which is restarted when it is late or dies."""

    def __init__(self, python: str, worker: str, name: str, seconds: float) -> None:
        self._command = [python, worker, name]
        self._seconds = seconds
        self._process: subprocess.Popen[str] | None = None
        self.version = ""
        self._start()

    def text_of(self, path: Path) -> str:
        """Return the text of a file.

        Raises:
            Refusal: the program failed, or took too long.
        """
        if self._process is None:
            self._start()
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps(str(path.resolve())) + "\n")
        self._process.stdin.flush()
        answer = self._answer(self._seconds)
        if "text" not in answer:
            raise Refusal(answer["error"])
        return answer["text"]

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> None:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self.version = self._answer(START_SECONDS)["version"]

    def _answer(self, seconds: float) -> dict[str, str]:
        assert self._process is not None and self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            self.close()
            raise Refusal(f"it took more than {seconds:g} s")
        line = self._process.stdout.readline()
        if not line:
            self.close()
            raise Refusal("its process ended")
        answer: dict[str, str] = json.loads(line)
        return answer


def compare(
    files: Sequence[Path], references: References, systems: dict[str, Carrel | OtherProgram]
) -> tuple[list[FileResult], dict[str, str]]:
    """Return the results of the files, and the reasons of those that are not counted."""
    results, not_counted = [], {}
    for number, file in enumerate(files, start=1):
        print(f"{number}/{len(files)} {file.name}", file=sys.stderr)
        try:
            reference = references.text_of(file)
        except NotCounted as reason:
            not_counted[file.name] = str(reason)
            continue
        result = FileResult(file.name, file.suffix.lower(), len(words(reference)))
        for name, system in systems.items():
            try:
                result.differences[name] = difference(reference, system.text_of(file))
            except Refusal as refusal:
                result.refusals[name] = str(refusal)
        results.append(result)
    return results, not_counted


def python_of(place: Path) -> str:
    """Return the interpreter of a virtual environment's folder, or the one given."""
    found = [place / "bin" / "python", place / "Scripts" / "python.exe", place]
    return str(next(each for each in found if each.is_file()))


def comparison_page(arguments: argparse.Namespace, files: Sequence[Path]) -> list[str]:
    """Compare, and return the page."""
    references = References()
    systems: dict[str, Carrel | OtherProgram] = {CARREL: Carrel(arguments.seconds)}
    started = time.monotonic()
    try:
        if arguments.others:
            python = python_of(arguments.others)
            for name in OTHERS:
                systems[name] = OtherProgram(python, str(WORKER), name, arguments.seconds)
        results, not_counted = compare(files, references, systems)
        browser = references.browser_version()
    finally:
        references.close()
        for system in systems.values():
            system.close()
    environment = describe_environment()
    versions = {name: getattr(each, "version", "") for name, each in systems.items()}
    versions[CARREL] = environment["carrel"]
    minutes = (time.monotonic() - started) / 60
    return [
        *completeness_page(results, not_counted, versions, arguments.note),
        "## Again",
        "",
        "`--others` is a virtual environment of its own. unstructured has its light partitioners",
        "there, none for PDF, and an empty spaCy pipeline in place of the one that it downloads,",
        "which would only name the kinds of paragraphs. It takes text files that hold XML for XML.",
        "",
        *(f"    {line}" for line in AGAIN),
        "",
        f"Measured on {date.today()}, {len(files)} files in {minutes:.1f} minutes:",
        "",
        f"- poppler: {poppler_version()}",
        f"- Chromium: {browser or 'not needed'}",
        *(f"- {name}: {value}" for name, value in environment.items()),
    ]


def poppler_version() -> str:
    """Return the version of ``pdftotext``."""
    if shutil.which("pdftotext") is None:
        return "not installed"
    ran = subprocess.run(["pdftotext", "-v"], capture_output=True, text=True, check=False)
    return ran.stderr.split("\n", 1)[0].rpartition(" ")[2]


def parsed_arguments() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="a folder of files")
    parser.add_argument("--others", type=Path, help="a Python that has markitdown and unstructured")
    parser.add_argument("--output", type=Path, help="where the page is written, instead of printed")
    parser.add_argument("--note", default="", help="a sentence for the head of the page")
    parser.add_argument("--mutations", type=int, default=0, help="damaged copies of every file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0, help="limit of one file")
    return parser.parse_args()


def main() -> int:
    """Measure, and print or write the page; return 1 if a damaged copy is a failure."""
    arguments = parsed_arguments()
    files = sorted(each for each in arguments.data.rglob("*") if each.is_file())
    if not files:
        print(f"there is no file in {arguments.data}", file=sys.stderr)
        return 2
    status = 0
    if arguments.mutations:
        options = arguments.mutations, arguments.seed, arguments.seconds
        result = mutate(files, *options)
        lines = [*mutation_page(result, *options), "", f"Measured on {date.today()}:", ""]
        lines += [f"- {name}: {value}" for name, value in describe_environment().items()]
        status = int(result.failed)
    else:
        lines = comparison_page(arguments, files)
    page = "\n".join(lines) + "\n"
    if arguments.output:
        arguments.output.write_text(page, encoding="utf-8")
    else:
        print(page, end="")
    return status


if __name__ == "__main__":
    sys.exit(main())
