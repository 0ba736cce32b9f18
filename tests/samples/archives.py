"""Archives, made by code."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write a ZIP archive of these files, packed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def write_tar(
    path: Path, files: Mapping[str, bytes], packed: Literal["", "gz", "bz2", "xz"] = ""
) -> Path:
    """Write a TAR archive of these files; a name that ends in a slash is a folder."""
    with tarfile.open(path, f"w:{packed}") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            if name.endswith("/"):
                member.type = tarfile.DIRTYPE
            archive.addfile(member, io.BytesIO(data))
    return path
