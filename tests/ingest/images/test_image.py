from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from PIL import Image

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument
from carrel.ingest.images.image import MOST_PIXELS, MOST_PIXELS_OF, ImageReader
from carrel.ingest.images.ocr import TextRecognizer
from carrel.ingest.images.tesseract import Tesseract
from samples.images import picture_of_text, save_picture, write_picture, write_tiff

TEXT = "The quick brown fox\njumps over 13 lazy dogs."
NAMES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".heic": "HEIF",
    ".avif": "AVIF",
}
TURNED_LEFT = 6
ORIENTATION = 0x0112


def read(path: Path, name: str = "PNG") -> list[Section]:
    return list(ImageReader(name, TextRecognizer()).read(path))


def refusal(path: Path, name: str = "PNG") -> str:
    with pytest.raises(UnreadableDocument) as caught:
        read(path, name)
    return str(caught.value)


@pytest.mark.parametrize("suffix", sorted(NAMES))
def test_clear_print_is_read_exactly(tmp_path: Path, suffix: str) -> None:
    path = write_picture(tmp_path / f"a{suffix}", TEXT)
    assert read(path, NAMES[suffix]) == [Section(TEXT)]


def test_the_pages_of_a_tiff_keep_their_numbers(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tiff", ["First page", "", "Third page"])
    assert read(path, "TIFF") == [Section("First page", page=1), Section("Third page", page=3)]


def test_a_page_of_a_tiff_is_unpacked_when_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.tiff"
    huge = Image.new("1", (9450, 9450))
    first = picture_of_text("First page").convert("1")
    first.save(path, save_all=True, append_images=[huge], compression="group4")
    sections = ImageReader("TIFF", TextRecognizer()).read(path)
    assert next(sections).text == "First page"
    with pytest.raises(UnreadableDocument, match="more pixels than any real page"):
        next(sections)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tiff", ".webp", ".heic", ".avif"])
def test_a_picture_that_says_how_it_was_held_is_turned_upright(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    turned = picture_of_text(TEXT).transpose(Image.Transpose.ROTATE_90)
    exif = turned.getexif()
    exif[ORIENTATION] = TURNED_LEFT
    save_picture(turned, path, exif=exif)
    assert [each.text for each in read(path, (NAMES | {".tiff": "TIFF"})[suffix])] == [TEXT]


def test_letters_on_a_transparent_ground_are_read(tmp_path: Path) -> None:
    ink = picture_of_text(TEXT).convert("L").point(lambda value: 255 - value)
    black = Image.new("RGBA", ink.size, (0, 0, 0, 0))
    black.putalpha(ink)
    black.save(tmp_path / "a.png")
    assert read(tmp_path / "a.png") == [Section(TEXT)]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16"])
def test_every_depth_of_a_png_is_read(tmp_path: Path, mode: str) -> None:
    picture = picture_of_text(TEXT).convert("L")
    if mode == "I;16":
        # A dark picture: the upper bits alone say little.
        picture = picture.convert("I").point(lambda value: value * 40 + 3000)
    picture.convert(mode).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png") == [Section(TEXT)]


def test_a_print_in_four_colours_is_read(tmp_path: Path) -> None:
    picture_of_text(TEXT).convert("CMYK").save(tmp_path / "a.jpg")
    assert read(tmp_path / "a.jpg", "JPEG") == [Section(TEXT)]


def test_letters_of_the_size_of_a_screen_are_read(tmp_path: Path) -> None:
    picture_of_text(TEXT, letters=14, margin=10).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png") == [Section(TEXT)]


def test_of_moving_pictures_the_first_is_read(tmp_path: Path) -> None:
    frames = [picture_of_text(text) for text in ("First frame", "Other frame")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert read(tmp_path / "a.gif", "GIF") == [Section("First frame")]


def test_words_cut_at_line_ends_are_whole(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.png", "This is an experi-\nmental boat.")
    assert read(path) == [Section("This is an experimental boat.")]


def test_a_picture_without_text_is_empty(tmp_path: Path) -> None:
    Image.new("RGB", (400, 300), "white").save(tmp_path / "a.png")
    with pytest.raises(EmptyDocument, match="no text was recognised in the picture"):
        read(tmp_path / "a.png")


@pytest.mark.parametrize("side", [9_450, 9_900, 60_000])
def test_a_picture_of_absurd_size_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    """Above the bound of Carrel, where Pillow warns, and where Pillow refuses."""
    assert side * side > MOST_PIXELS
    path = tmp_path / "a.png"
    Image.new("1", (16, 16)).save(path)
    data = bytearray(path.read_bytes())
    data[16:24] = side.to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    path.write_bytes(data)
    assert "more pixels than any real page" in refusal(path)


def test_a_picture_that_is_cut_short_is_damaged(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.png", TEXT)
    path.write_bytes(path.read_bytes()[:1000])
    assert refusal(path) == "it is damaged or cut short: the picture cannot be unpacked"


def test_no_decoder_of_another_format_is_tried(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a.jpg", TEXT)
    assert refusal(path, "PNG") == "it is damaged: the picture cannot be unpacked"


def test_without_tesseract_a_picture_says_what_to_install(tmp_path: Path) -> None:
    reader = ImageReader(
        "PNG", TextRecognizer("tesseract", tesseract=Tesseract(program="no-such-program"))
    )
    with pytest.raises(UnreadableDocument) as caught:
        list(reader.read(write_picture(tmp_path / "a.png", TEXT)))
    assert str(caught.value) == "it is a picture: install tesseract-ocr to have it read"


def test_recognition_that_is_switched_off_is_named(tmp_path: Path) -> None:
    reader = ImageReader("PNG", TextRecognizer("never"))
    with pytest.raises(UnreadableDocument) as caught:
        list(reader.read(write_picture(tmp_path / "a.png", TEXT)))
    assert str(caught.value) == "it is a picture: set --ocr=auto to have it read"


def test_webp_has_a_bound_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A picture of the real bound would take seconds to make.
    monkeypatch.setitem(MOST_PIXELS_OF, "WEBP", 50_000)
    Image.new("L", (300, 200), "white").save(tmp_path / "a.webp")
    assert "more pixels than any real page" in refusal(tmp_path / "a.webp", "WEBP")


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_picture_of_a_telephone_that_is_cut_short_says_so(tmp_path: Path, part: float) -> None:
    path = write_picture(tmp_path / "a.heic", TEXT)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    assert "it is damaged" in refusal(path, "HEIF")
    Image.new("L", (300, 200), "white").save(tmp_path / "a.png")
    assert "no text was recognised" in refusal(tmp_path / "a.png")
