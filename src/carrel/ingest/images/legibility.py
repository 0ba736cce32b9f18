"""Prepares images for OCR."""

from __future__ import annotations

from math import sqrt

from PIL import Image, ImageOps

# A page of A4 and one of A3 at 300 dots per inch, tesseract's recommended resolution.
_PAGE_PIXELS = 2480 * 3508
_LARGE_PAGE_PIXELS = 2 * _PAGE_PIXELS
# Fewer pixels are a screenshot or a small photograph; more pixels show no more text.
_FEW_PIXELS = 4_000_000
_MANY_PIXELS = 20_000_000
_MOST_ENLARGEMENT = 3.0
# Tesseract refuses longer sides.
_LONGEST_SIDE = 32_000
_DEEP_GREY = ("I", "F")
_BAND_ROWS = 256


def legible(picture: Image.Image) -> Image.Image:
    """Return the loaded image upright, on white, in grey, with letters of a readable size."""
    scale = _scale(picture.size)
    if scale < 1 and not picture.mode.startswith(_DEEP_GREY):
        picture = _grey(picture)
    picture = _with_whole_channels(picture)
    if scale < 1:
        picture = picture.resize(scaled(picture.size), reducing_gap=2.0)
    picture = ImageOps.exif_transpose(picture)
    picture = _stretched(picture) if picture.mode in _DEEP_GREY else _on_white(picture)
    if scale > 1:
        picture = picture.resize(scaled(picture.size), Image.Resampling.LANCZOS)
    return picture


def scaled(size: tuple[int, int]) -> tuple[int, int]:
    """Return the width and height at which an image of this size is read."""
    scale = _scale(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _scale(size: tuple[int, int]) -> float:
    pixels = max(1, size[0] * size[1])
    scale = 1.0
    if pixels > _MANY_PIXELS:
        scale = sqrt(_LARGE_PAGE_PIXELS / pixels)
    elif pixels < _FEW_PIXELS:
        scale = min(_MOST_ENLARGEMENT, sqrt(_PAGE_PIXELS / pixels))
    return min(scale, _LONGEST_SIDE / max(size))


def _grey(picture: Image.Image) -> Image.Image:
    """Return a large image on white, in grey.

    In bands: colours take four bytes per pixel, and converting them as many again.
    """
    grey = Image.new("L", picture.size)
    # The EXIF orientation.
    grey.info = {key: each for key, each in picture.info.items() if key != "transparency"}
    width, height = picture.size
    for top in range(0, height, _BAND_ROWS):
        band = picture.crop((0, top, width, min(height, top + _BAND_ROWS)))
        grey.paste(_on_white(band), (0, top))
    return grey


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.new("RGBA", layer.size, "white")
        picture.alpha_composite(layer)
    return picture.convert("L")


def _with_whole_channels(picture: Image.Image) -> Image.Image:
    """Return the image in a mode whose values can be averaged."""
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode in ("P", "PA"):
        return picture.convert("RGBA")
    return picture.convert("I") if picture.mode.startswith("I;16") else picture


def _stretched(picture: Image.Image) -> Image.Image:
    """Return grey of more than 8 bits in 8 bits, stretched to the full range."""
    darkest, lightest = picture.getextrema()
    assert isinstance(darkest, int | float) and isinstance(lightest, int | float)
    factor = 255 / ((lightest - darkest) or 1)
    return picture.convert("F").point(lambda value: value * factor - darkest * factor).convert("L")
