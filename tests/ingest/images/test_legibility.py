from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import ExifTags, Image

import carrel
from carrel.ingest.images.legibility import legible, scaled

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(carrel.__file__).resolve().parents[1])}


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((2480, 3508), (2480, 3508)),
        ((4032, 3024), (4032, 3024)),
        ((400, 300), (1200, 900)),
        ((1920, 1080), (3933, 2212)),
        ((8000, 6000), (4817, 3612)),
        ((90_000, 100), (32_000, 36)),
        ((100_000, 1), (32_000, 1)),
    ],
)
def test_pictures_get_the_size_of_a_page_at_300_dots_per_inch(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert scaled(size) == expected
    assert legible(Image.new("L", size)).size == expected


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F"])
def test_every_mode_becomes_grey(mode: str) -> None:
    picture = Image.new("L", (20, 10), 255)
    picture.paste(0, (0, 0, 10, 10))
    grey = legible(picture.convert(mode))
    assert grey.mode == "L"
    assert grey.getpixel((5, 15)) == pytest.approx(0, abs=2)
    assert grey.getpixel((54, 15)) == pytest.approx(255, abs=2)


def test_what_is_transparent_is_white() -> None:
    assert legible(Image.new("RGBA", (20, 10), (0, 0, 0, 0))).getextrema() == (255, 255)
    assert legible(Image.new("RGBA", (9000, 4000), (0, 0, 0, 0))).getextrema() == (255, 255)


def test_a_colour_that_a_palette_calls_transparent_is_white() -> None:
    picture = Image.new("P", (20, 10), 0)
    picture.putpalette([0, 0, 0, 9, 9, 9])
    picture.info["transparency"] = 0
    assert legible(picture).getextrema() == (255, 255)


def test_a_large_picture_in_colours_takes_little_more_than_itself() -> None:
    # The library's memory is seen by the system alone, and only before a process used more.
    program = (
        "import resource\n"
        "from PIL import Image\n"
        "from carrel.ingest.images.legibility import legible\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10\n"
        "picture = Image.new('RGBA', (6000, 4000), (9, 9, 9, 128))\n"
        "before = peak()\n"
        "assert legible(picture).getextrema() == (132, 132)\n"
        "print((peak() - before) / (6000 * 4000))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=ENVIRONMENT
    )
    # Another form in four bytes a pixel would be as large as the picture itself.
    assert float(done.stdout) < 4


def test_a_large_picture_keeps_the_side_that_is_up() -> None:
    picture = Image.new("RGB", (8000, 4000), "white")
    picture.paste("black", (0, 0, 4000, 4000))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    data = io.BytesIO()
    picture.save(data, "JPEG", exif=exif)
    with Image.open(data) as turned:
        turned.load()
        grey = legible(turned)
    assert grey.width < grey.height
    assert (grey.getpixel((9, 9)), grey.getpixel((9, grey.height - 9))) == (0, 255)
