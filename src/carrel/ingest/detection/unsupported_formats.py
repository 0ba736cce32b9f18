"""Known formats that are not supported, and what to do instead."""

from __future__ import annotations


def save_as(suffix: str) -> str:
    """Return the advice to save a file in another format, as the end of a sentence."""
    return f"save it as {suffix} and add that"


REPACK = "unpack it, pack the files as .zip and add that"
_TRANSCRIBE = "add what is said in it as .txt"

_SOUND = (".mp3", ".wav", ".m4a", ".flac", ".ogg", ".opus", ".aac", ".wma", ".aiff")
_FILM = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".wmv", ".mpg", ".mpeg")

UNSUPPORTED_FORMATS: dict[str, str] = {
    **dict.fromkeys((".7z", ".rar", ".zst", ".lz", ".cab", ".iso", ".dmg"), REPACK),
    # Transcribing speech would need another model.
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
"""Advice by suffix, as the end of a sentence."""
