"""Known files that Carrel does not read, and what to do with each."""

from __future__ import annotations


def save_as(suffix: str) -> str:
    """Return the advice to save a file in another form, as the end of a sentence."""
    return f"save it as {suffix} and add that"


REPACK = "unpack it, pack the files as .zip and add that"
_TRANSCRIBE = "add what is said in it as .txt"

_SOUND = (".mp3", ".wav", ".m4a", ".flac", ".ogg", ".opus", ".aac", ".wma", ".aiff")
_FILM = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".wmv", ".mpg", ".mpeg")

UNSUPPORTED_FORMATS: dict[str, str] = {
    **dict.fromkeys((".7z", ".rar", ".zst", ".lz", ".cab", ".iso", ".dmg"), REPACK),
    # Nothing transcribes speech without a model of its own.
    **dict.fromkeys((*_SOUND, *_FILM), _TRANSCRIBE),
    ".pages": save_as(".docx"),
    ".numbers": save_as(".xlsx"),
    ".key": save_as(".pptx"),
    ".xlsb": save_as(".xlsx"),
    **dict.fromkeys((".wpd", ".wps", ".pub", ".one"), save_as(".pdf")),
    **dict.fromkeys((".djvu", ".xps", ".oxps", ".vsd", ".vsdx", ".ps", ".eps"), save_as(".pdf")),
    **dict.fromkeys((".mobi", ".azw", ".azw3", ".fb2"), save_as(".epub")),
    **dict.fromkeys((".fodt", ".sxw"), save_as(".odt")),
    **dict.fromkeys((".fods", ".sxc"), save_as(".ods")),
    **dict.fromkeys((".fodp", ".sxi"), save_as(".odp")),
}
"""What to do, as the end of a sentence, by suffix."""
