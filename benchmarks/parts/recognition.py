"""How well, how fast and in how much memory the text of scans is recognised: a part of reading.py.

Pages of known text are drawn, spoilt as scanners and cameras do, and recognised by both engines as
the readers of documents do. The folder of fonts holds those named in FONTS (Debian:
fonts-dejavu-core, fonts-liberation, fonts-wqy-microhei, fonts-ipafont-gothic). tesseract needs the
data of the languages, in the folder that TESSDATA_PREFIX names if it is not the usual one. What is
right are the characters less the edit distance; any white space is one blank, in Chinese and
Japanese none, and marks between the cells of a table do not count.
"""

from __future__ import annotations

import multiprocessing
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from carrel.ingest.images.legibility import legible
from environment import describe_environment

FONTS = {
    "serif": "LiberationSerif-Regular.ttf",
    "sans": "LiberationSans-Regular.ttf",
    "mono": "DejaVuSansMono.ttf",
    "italic": "LiberationSerif-Italic.ttf",
    "zh": "wqy-microhei.ttc",
    "ja": "ipag.ttf",
}
TEXTS = {
    "eng": "The bridge over the river was opened for traffic in the spring of 1932, after seven "
    "years of work. It is 1,149 metres long, and its arch is 134 metres above the water; "
    "about 160,000 vehicles (12.5% of them lorries) cross it every day. Tolls of $3.50 are "
    "collected southbound only. \u201cNobody,\u201d wrote the engineer, \u201cwill ever "
    "need a wider one.\u201d",
    "deu": "Die Brücke über den Fluß wurde im Frühjahr 1932 für den Verkehr geöffnet, nach sieben "
    "Jahren Bauzeit. Sie ist 1.149 Meter lang, und größere Schiffe müssen auf höchstens 134 "
    "Meter achten; täglich überqueren sie etwa 160.000 Fahrzeuge (12,5 % davon Lastzüge). Die "
    "Gebühr von 3,50 € gilt nur südwärts: Ärger gab es wegen der Öffnungszeiten.",
    "fra": "Le pont sur le fleuve fut ouvert à la circulation au printemps 1932, après sept années "
    "de travaux. Sa longueur atteint 1 149 mètres, et l'arche s'élève à 134 mètres au-dessus de "
    "l'eau ; environ 160 000 véhicules (dont 12,5 % de camions) l'empruntent chaque jour. Où "
    "ça coûte 3,50 €, les élèves paient moins, dès Noël.",
    "pol": "Most nad rzeką został otwarty wiosną 1932 roku, po siedmiu latach budowy. Ma długość "
    "1149 metrów, a jego łuk wznosi się na wysokość 134 metrów; codziennie przejeżdża nim około "
    "160 tysięcy pojazdów. Później źle oceniono każdą próbę poszerzenia jezdni, więc żądano "
    "opłaty.",
    "chi_sim": "这座大桥于1932年春天建成通车，历时七年。全长1149米，拱顶高出水面134米；"
    "每天约有16万辆汽车通过，其中百分之十二是货车。过桥费只向南行车辆收取，每次三元五角。工程师写道：“将来谁也不需要更宽的桥了。”",
    "jpn": "この橋は七年の工事を経て、1932年の春に開通した。全長は1149メートル、アーチの高さは"
    "水面から134メートルである。毎日およそ16万台の自動車が通り、その一割はトラックだ。料金は南行きのみで、三百五十円である。",
}
ROWS = [
    ("Region", "2021", "2022", "Change"),
    *((name, f"{a:,}", f"{b:,}", f"{(b - a) / a:+.1%}") for name, a, b in (
        ("North", 12_480, 13_911), ("South", 9_305, 8_870), ("East coast", 20_114, 22_067),
        ("West", 7_642, 7_980), ("Islands", 1_203, 1_519), ("Abroad", 15_870, 14_266),
    )),
]  # fmt: skip
DRAWN_DPI = 300
_WHITE = re.compile(r"[\s|]+")
_BETWEEN_IDEOGRAPHS = re.compile("(?<=[\u3000-\uffef]) ?| ?(?=[\u3000-\uffef])")
PARAGRAPHS = 4
POINTS = 10.5
INK, LIGHT_INK, LIGHT_PAPER = 20, 150, 205


@dataclass(frozen=True)
class Scan:
    """A page as it was scanned, and what it says."""

    name: str
    language: str
    text: str
    picture: Image.Image


class Fonts:
    """The fonts of a folder, wherever they are in it."""

    def __init__(self, folder: Path) -> None:
        self._files = {path.name: path for path in folder.rglob("*.tt[fc]")}

    def get(self, kind: str) -> ImageFont.FreeTypeFont:
        """Return a font at the size of the pages."""
        size = round(POINTS * DRAWN_DPI / 72)
        return ImageFont.truetype(str(self._files[FONTS[kind]]), size)


def lines_of(text: str, font: ImageFont.FreeTypeFont, width: int) -> Iterator[str]:
    """Break a text into lines, between words, or between the characters of a script without."""
    words = re.findall(r"\S+ ?", text) if " " in text else list(text)
    line = ""
    for word in words:
        if font.getlength(line + word.rstrip()) > width:
            yield line.rstrip()
            line = ""
        line += word
    yield line.rstrip()


def drawn(text: str, font: ImageFont.FreeTypeFont, columns: int = 1) -> Image.Image:
    """Draw A4 with the paragraphs of a text in columns."""
    page = Image.new("L", (2480, 3508), 255)
    draw = ImageDraw.Draw(page)
    step = round(font.size * 1.35)
    gap = 140
    width = (2480 - 2 * 250 - (columns - 1) * gap) // columns
    paragraphs = text.split("\n")
    for column in range(columns):
        x, y = 250 + column * (width + gap), 250
        share = len(paragraphs) // columns
        for paragraph in paragraphs[column * share : (column + 1) * share]:
            for line in lines_of(paragraph, font, width):
                draw.text((x, y), line, font=font, fill=INK)
                y += step
            y += step
    return page


def table(font: ImageFont.FreeTypeFont) -> Image.Image:
    """Draw a table with rules below its rows."""
    page = Image.new("L", (2480, 1400), 255)
    draw = ImageDraw.Draw(page)
    for number, row in enumerate(ROWS):
        y = 200 + 110 * number
        for column, cell in enumerate(row):
            draw.text((250 + 520 * column, y), cell, font=font, fill=INK)
        draw.line((250, y + 85, 2200, y + 85), fill=120, width=2)
    return page


def at(page: Image.Image, dpi: int) -> Image.Image:
    """Scan a page with so many dots per inch."""
    scale = dpi / DRAWN_DPI
    size = (round(page.width * scale), round(page.height * scale))
    return page.resize(size, Image.Resampling.LANCZOS)


def noisy(page: Image.Image, amount: float = 28.0) -> Image.Image:
    """Add the grain of a sensor, and dust."""
    generator = np.random.default_rng(7)
    values = np.asarray(page, dtype=np.float32)
    values = values + generator.normal(0, amount, values.shape)
    values[generator.random(values.shape) < 0.0015] = 0
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def faint(page: Image.Image) -> Image.Image:
    """Return grey print on grey paper."""
    return page.point(lambda value: LIGHT_INK + (LIGHT_PAPER - LIGHT_INK) * value // 255)


def photographed(page: Image.Image) -> Image.Image:
    """Return a page as a phone takes it: in perspective, in a shadow, blurred, as JPEG."""
    width, height = page.size
    corners = (-80, -60, -30, height + 90, width + 120, height + 20, width + 20, -100)
    picture = page.transform(page.size, Image.Transform.QUAD, corners, fillcolor=90)
    shade = np.linspace(1.0, 0.55, width, dtype=np.float32)[None, :]
    shaded = np.asarray(picture, dtype=np.float32) * shade
    blurred = Image.fromarray(shaded.astype(np.uint8)).filter(ImageFilter.GaussianBlur(2.2))
    return noisy(blurred, 6.0)


def scans(fonts: Fonts) -> Iterator[Scan]:
    """Yield the pages."""
    english = "\n".join([TEXTS["eng"]] * PARAGRAPHS)
    for kind in ("serif", "sans", "mono", "italic"):
        yield Scan(f"English, {kind}, 300 dpi", "eng", english, drawn(english, fonts.get(kind)))
    plain = drawn(english, fonts.get("serif"))
    for dpi in (200, 150, 100):
        yield Scan(f"English, serif, {dpi} dpi", "eng", english, at(plain, dpi))
    spoilt: dict[str, Callable[[], Image.Image]] = {
        "noise": lambda: noisy(at(plain, 200)),
        "skewed by 2 degrees": lambda: plain.rotate(2, fillcolor=255, expand=True),
        "on its side": lambda: plain.transpose(Image.Transpose.ROTATE_90),
        "upside down": lambda: plain.transpose(Image.Transpose.ROTATE_180),
        "low contrast": lambda: faint(at(plain, 200)),
        "photographed": lambda: photographed(plain),
    }
    for name, picture in spoilt.items():
        yield Scan(f"English, {name}", "eng", english, picture())
    double = drawn(english, fonts.get("serif"), columns=2)
    yield Scan("English, two columns", "eng", english, double)
    cells = "\n".join(" ".join(row) for row in ROWS)
    yield Scan("English, table", "eng", cells, table(fonts.get("sans")))
    names = {"deu": "German", "fra": "French", "pol": "Polish", "chi_sim": "Chinese"}
    for language, name in (names | {"jpn": "Japanese"}).items():
        text = "\n".join([TEXTS[language]] * PARAGRAPHS)
        page = drawn(text, fonts.get({"chi_sim": "zh", "jpn": "ja"}.get(language, "serif")))
        yield Scan(f"{name}, 300 dpi", language, text, page)
        yield Scan(f"{name}, 150 dpi", language, text, at(page, 150))


def engine(name: str, language: str) -> Callable[[Image.Image], str]:
    """Return an engine for a language."""
    if name == "rapidocr":
        from carrel.ingest.images.rapid_ocr import RapidOcr

        return RapidOcr().text_of
    from carrel.ingest.images.tesseract import Tesseract

    return Tesseract("eng" if name == "tesseract, eng" else language).text_of


ENGINES = ("rapidocr", "tesseract", "tesseract, eng")


def right(found: str, expected: str) -> float:
    """Return the share of the characters that are right."""
    plain = [_BETWEEN_IDEOGRAPHS.sub("", _WHITE.sub(" ", text)) for text in (found, expected)]
    return max(0.0, 1 - edit_distance(*plain) / len(plain[1]))


def edit_distance(one: str, other: str) -> int:
    """Return how many characters to insert, delete or replace."""
    row = np.arange(len(other) + 1)
    codes = np.array([ord(each) for each in other])
    steps = np.arange(len(other) + 1)
    for number, character in enumerate(one, start=1):
        above = np.minimum(row[1:] + 1, row[:-1] + (codes != ord(character)))
        row = np.minimum.accumulate(np.concatenate(([number], above)) - steps) + steps
    return int(row[-1])


def used() -> float:
    """Return the processor time of this process and the programs that it ran."""
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


def measured(name: str, fonts: Path, sending: Any) -> None:
    """Send the results of one engine: of each page, then the memory in MiB."""
    made: dict[str, Callable[[Image.Image], str]] = {}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for scan in scans(Fonts(fonts)):
        if name == ENGINES[2] and scan.language == "eng":
            continue
        picture = legible(scan.picture)
        if scan.language not in made:
            # One engine of rapidocr reads all languages.
            shared = made.get("eng") if name == "rapidocr" else None
            made[scan.language] = shared or engine(name, scan.language)
            made[scan.language](picture.crop((0, 0, 2000, 500)))  # loading does not count
        start = used()
        text = made[scan.language](picture)
        sending.send((scan.name, right(text, scan.text), used() - start))
        print(f"{name}: {scan.name}: {right(text, scan.text):.3f}", file=sys.stderr)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    program = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    sending.send(("memory", (own - before if name == "rapidocr" else program) / 1024, 0.0))


def results(name: str, fonts: Path) -> dict[str, tuple[float, float]]:
    """Measure one engine in a process of its own."""
    receiving, sending = multiprocessing.get_context("spawn").Pipe(duplex=False)
    arguments = (name, fonts, sending)
    child = multiprocessing.get_context("spawn").Process(target=measured, args=arguments)
    child.start()
    sending.close()
    found = {}
    try:
        while "memory" not in found:
            scan, share, seconds = receiving.recv()
            found[scan] = (share, seconds)
    finally:
        child.join()
    return found


def tesseract_version() -> str:
    """Return the version of the program."""
    run = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=True)
    return run.stdout.split()[1]


def report(found: dict[str, dict[str, tuple[float, float]]]) -> Iterator[str]:
    """Yield the lines of the result."""
    yield "# Recognition of text in scans"
    yield ""
    yield f"Measured on {date.today().isoformat()} by `benchmarks/reading.py --fonts`."
    yield ""
    versions = {name: version(name) for name in ("rapidocr", "onnxruntime", "pillow")}
    machine = describe_environment()
    kept = {each: machine[each] for each in ("carrel", "python", "machine")}
    for name, value in {**kept, **versions, "tesseract": tesseract_version()}.items():
        yield f"- {name}: {value}"
    yield ""
    yield (
        "Characters right of a page, and seconds of processor time for it. *tesseract* has the "
        "data of the page's language (Debian's `tesseract-ocr-*`), *eng* that of English alone."
    )
    yield ""
    yield "| page | " + " | ".join(f"{name} | s" for name in found) + " |"
    yield "|---|" + "---:|---:|" * len(found)
    pages = [name for name in found[ENGINES[0]] if name != "memory"]
    for page in pages:
        cells = [f"{found[name][page][0]:.1%} | {found[name][page][1]:.1f}" for name in found]
        yield f"| {page} | " + " | ".join(cells) + " |"
    means = [
        f"{np.mean([found[name][page][0] for page in pages]):.1%} | "
        f"{np.mean([found[name][page][1] for page in pages]):.1f}"
        for name in found
    ]
    yield "| **mean** | " + " | ".join(means) + " |"
    yield ""
    yield (
        "What rapidocr reads wrongly in print without faults are typographic quotation marks, "
        "which it takes for straight ones. *auto* therefore takes it for the languages that it "
        "reads, and tesseract for all others (`ocr_languages`)."
    )
    yield ""
    for name in found:
        yield f"- Peak memory of {name}: {found[name]['memory'][0]:.0f} MiB."


def recognition(fonts: Path) -> Iterator[str]:
    """Measure all engines; yield the lines of the result."""
    found = {name: results(name, fonts) for name in ENGINES}
    # English is read with the same data.
    found[ENGINES[2]] = {**found[ENGINES[1]], **found[ENGINES[2]]}
    yield from report(found)
