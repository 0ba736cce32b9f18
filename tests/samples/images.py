"""Pictures of text in every format, made by code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pillow_heif
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

_MARGIN = 40
_POINTS_PER_PIXEL = 72 / 300


def picture_of_text(text: str, letters: int = 40, margin: int = _MARGIN) -> Image.Image:
    """Return black letters on white; ``letters`` is their height in pixels."""
    font = ImageFont.load_default(size=letters)
    ruler = ImageDraw.Draw(Image.new("L", (1, 1)))
    box = ruler.multiline_textbbox((0, 0), text, font=font, spacing=letters // 2)
    size = (round(box[2]) + 2 * margin, round(box[3]) + 2 * margin)
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    draw.multiline_text((margin, margin), text, font=font, fill="black", spacing=letters // 2)
    return picture


def write_picture(path: Path, text: str, **options: Any) -> Path:
    """Write the text as a picture in the format that the file's ending names."""
    save_picture(picture_of_text(text), path, **options)
    return path


def save_picture(picture: Image.Image, path: Path, **options: Any) -> None:
    """Save in the format that the file's ending names; Pillow itself writes no HEIC."""
    if path.suffix in {".heic", ".heif"}:
        pillow_heif.from_pillow(picture).save(path, **options)
    else:
        picture.save(path, **options)


def write_tiff(path: Path, pages: Sequence[str]) -> Path:
    """Write one picture per text; a blank text makes a white page."""
    first, *others = [picture_of_text(page).convert("1") for page in pages]
    first.save(path, save_all=True, append_images=others, compression="group4")
    return path


def write_scan(path: Path, pages: Sequence[tuple[str, str]]) -> Path:
    """Write a PDF; each page is given as (printed text, text in a picture), either may be blank."""
    canvas = Canvas(str(path))
    for printed, pictured in pages:
        if pictured:
            picture = picture_of_text(pictured)
            width, height = (side * _POINTS_PER_PIXEL for side in picture.size)
            canvas.drawImage(ImageReader(picture), 50, 400, width, height)
        if printed:
            canvas.drawString(50, 700, printed)
        canvas.showPage()
    canvas.save()
    return path
