"""Properties of pictures, from their Exif data."""

from __future__ import annotations

from pathlib import Path

from PIL import ExifTags, Image

from carrel.core.document_properties import DocumentProperties
from carrel.ingest.properties.stated import Stated

# Exif writes dates with colons.
_DAY_CHARACTERS = len("2024:12:31")


def picture_properties(path: Path) -> DocumentProperties:
    """Return the properties of a picture."""
    stated = Stated()
    with path.open("rb") as stream, Image.open(stream) as picture:
        values = picture.getexif()
        taken = values.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
    stated.title(_text(values.get(ExifTags.Base.ImageDescription)))
    stated.author(_text(values.get(ExifTags.Base.Artist)))
    stated.created(_date(taken))
    stated.modified(_date(values.get(ExifTags.Base.DateTime)))
    return stated.properties()


def _text(value: object) -> str:
    return value.rstrip("\0") if isinstance(value, str) else ""


def _date(value: object) -> str:
    text = _text(value)
    return text[:_DAY_CHARACTERS].replace(":", "-") + text[_DAY_CHARACTERS:]
