"""How fast documents are read, and how much memory the process that reads them takes.

    python benchmarks/reading.py --data=FOLDER [--rounds=3] > benchmarks/results/reading.md
    python benchmarks/reading.py --fonts=FOLDER > benchmarks/results/recognition.md

Every PDF of the folder is read in three ways, in turn: its bare text by pypdfium2, by Carrel's
reader in this process, and by Carrel's reading process, whose sections come through a pipe. A
round runs all three; the median of the rounds is shown. The clock is the processor's own, of both
processes together: what else the machine does does not count. Then long documents are made and
read, each in a reading process of its own, for its time by the wall and its peak memory.

With --fonts, recognition of scans is measured instead (parts/recognition.py).
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import docx
import openpyxl
import psutil
import pypdfium2

sys.path.insert(0, str(Path(__file__).resolve().parent / "parts"))

from carrel.ingest.pdf.pdf import PdfReader
from carrel.ingest.sandbox.sandbox import ReadingLimits, SandboxedReaders
from parts.environment import describe_environment
from recognition import recognition

LIMITS = ReadingLimits(seconds=600, bytes=4 << 30)
SENTENCE = "The bridge over the river was opened for traffic in the spring of {}, after {} years. "
TEXT_BYTES = 3_000_000
WORD_PAGES, PDF_PAGES, ROWS, COLUMNS = 870, 1_200, 5_000, 12
PARAGRAPHS_PER_PAGE, LINES_PER_PAGE = 6, 45
MIB = 1 << 20


def bare(path: Path) -> None:
    """Read the text of a PDF by pypdfium2 alone."""
    with closing(pypdfium2.PdfDocument(path)) as document:
        for page in document:
            with closing(page), closing(page.get_textpage()) as text:
                text.get_text_bounded()


def inside(path: Path) -> None:
    """Read a PDF by Carrel's reader in this process."""
    for _ in PdfReader().read(path):
        pass


@contextmanager
def confined() -> Iterator[SandboxedReaders]:
    """Give readers in a process of their own."""
    readers = SandboxedReaders(LIMITS)
    try:
        yield readers
    finally:
        readers.close()


def read_whole(readers: SandboxedReaders, path: Path) -> None:
    """Read a file in the reading process."""
    for _ in readers.reader_for(path, path.name).read(path):
        pass


def seconds_of(read: Callable[[Path], None], files: list[Path]) -> float:
    """Return the processor time of reading the files, one after the other."""
    start = processor_seconds()
    for file in files:
        read(file)
    return processor_seconds() - start


def processor_seconds() -> float:
    """Return the processor time so far of this process and of the reading processes."""
    children = [each.cpu_times() for each in psutil.Process().children()]
    return time.process_time() + sum(each.user + each.system for each in children)


def pages_of(file: Path) -> int:
    """Return the number of pages of a PDF."""
    with closing(pypdfium2.PdfDocument(file)) as document:
        return len(document)


def speeds(files: list[Path], rounds: int) -> dict[str, float]:
    """Return the pages per second of each way."""
    pages = sum(map(pages_of, files))
    with confined() as readers:
        read_whole(readers, files[0])  # its start does not count
        ways: dict[str, Callable[[Path], None]] = {
            "pypdfium2, bare text": bare,
            "Carrel's reader, in one process": inside,
            "Carrel's reading process and its pipe": lambda path: read_whole(readers, path),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(rounds):
            for name, read in ways.items():
                found[name].append(pages / seconds_of(read, files))
                print(f"round {number + 1}: {name}: {found[name][-1]:.0f}", file=sys.stderr)
    return {name: statistics.median(values) for name, values in found.items()}


def memory_of(readers: SandboxedReaders, path: Path) -> tuple[float, int, int]:
    """Return seconds, and the memory of the reading process before and at its peak, in MiB."""
    small = path.with_name("small.txt")
    small.write_text("Nothing to see.", encoding="utf-8")
    read_whole(readers, small)
    (process,) = psutil.Process().children()
    idle = process.memory_info().rss
    start = time.perf_counter()
    read_whole(readers, path)
    seconds = time.perf_counter() - start
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
    return seconds, idle // MIB, peak // MIB


def write_word(path: Path) -> None:
    """Write a DOCX of many pages, each with a heading."""
    document = docx.Document()
    for page in range(WORD_PAGES):
        document.add_heading(f"Chapter {page}", 1)
        for number in range(PARAGRAPHS_PER_PAGE):
            document.add_paragraph(SENTENCE.format(page, number) * 5)
        document.add_page_break()
    document.save(str(path))


def write_workbook(path: Path) -> None:
    """Write an XLSX of one sheet."""
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("Figures")
    sheet.append([f"Column {number}" for number in range(COLUMNS)])
    for row in range(ROWS):
        sheet.append([f"Row {row}", *(row * number / 7 for number in range(1, COLUMNS))])
    workbook.save(path)


def write_text(path: Path) -> None:
    """Write plain text."""
    count = TEXT_BYTES // len(SENTENCE)
    path.write_text("\n".join(SENTENCE.format(n, n) for n in range(count)), encoding="utf-8")


def write_table(path: Path) -> None:
    """Write a CSV with the rows of the workbook."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([row, row * 2, f"Row {row}"] for row in range(ROWS))


def write_pdf(path: Path) -> None:
    """Write a PDF of many pages of text, by hand: fonts of the reader, one stream a page."""
    first = 4
    kids = " ".join(f"{first + 2 * page} 0 R" for page in range(PDF_PAGES))
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {PDF_PAGES}/Kids[{kids}]>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for page in range(PDF_PAGES):
        lines = "".join(f"({SENTENCE.format(page, n)}) Tj T* " for n in range(LINES_PER_PAGE))
        stream = f"BT /F1 10 Tf 14 TL 50 760 Td {lines}ET".encode()
        content = first + 2 * page + 1
        bodies.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]"
            b"/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>" % content
        )
        bodies.append(b"<</Length %d>>stream\n%b\nendstream" % (len(stream), stream))
    data = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj%b endobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(bodies) + 1, start)
    path.write_bytes(data)


LONG = {
    f"DOCX, {WORD_PAGES} pages": ("long.docx", write_word),
    f"XLSX, {ROWS:,} rows": ("long.xlsx", write_workbook),
    f"CSV, {ROWS:,} rows": ("long.csv", write_table),
    "plain text, 3 MB": ("long.txt", write_text),
    f"PDF, {PDF_PAGES:,} pages": ("long.pdf", write_pdf),
}


def main() -> None:
    """Measure, and print the page of results."""
    parser = argparse.ArgumentParser(description=__doc__)
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--data", type=Path, help="a folder of PDF files")
    chosen.add_argument("--fonts", type=Path, help="a folder of fonts, for scans that are drawn")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.fonts:
        print("\n".join(recognition(arguments.fonts)))
        return
    files = sorted(arguments.data.glob("*.pdf"))
    if not files:
        parser.error(f"there is no PDF in {arguments.data}")
    print("# Reading\n")
    print(f"{len(files)} PDF files of {sum(map(pages_of, files)):,} pages, median of")
    print(f"{arguments.rounds} interleaved rounds, one file after the other,\nby processor time.\n")
    print("| way | pages per second of processor time |\n|---|---|")
    for name, speed in speeds(files, arguments.rounds).items():
        print(f"| {name} | {speed:.0f} |", flush=True)
    print("\nDocuments that were made, each in a reading process of its own:\n")
    print("| document | seconds | idle, MiB | peak, MiB |\n|---|---|---|---|")
    with TemporaryDirectory() as folder:
        for name, (file, write) in LONG.items():
            path = Path(folder) / file
            write(path)
            with confined() as readers:
                seconds, idle, peak = memory_of(readers, path)
            print(f"| {name} | {seconds:.1f} | {idle} | {peak} |", flush=True)
    print(f"\nMeasured on {date.today().isoformat()}:\n")
    for name, value in describe_environment().items():
        print(f"- {name}: {value}")


if __name__ == "__main__":
    main()
