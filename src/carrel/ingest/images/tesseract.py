"""OCR with tesseract's command-line program."""

from __future__ import annotations

import io
import shutil
import subprocess

from PIL import Image

from carrel.core.errors import UnreadableDocument
from carrel.ingest.images.recognition_limits import DOTS_PER_INCH, LONGEST_SECONDS, too_slow
from carrel.ingest.text.cleaning import one_line

_LIST_SECONDS = 20.0
# Rotated pages are turned, if tesseract's data "osd" is installed; without it this is the default
# mode.
_ANY_LAYOUT_TURNED = "1"
_REASON_CHARACTERS = 200


class Tesseract:
    """Recognises printed text with tesseract, if it is installed.

    The program is looked up each time, so that it may be installed while the server runs. Each
    image takes one single-threaded process with a timeout of ``seconds``.
    """

    def __init__(
        self,
        languages: str = "eng",
        program: str = "tesseract",
        seconds: float = LONGEST_SECONDS,
    ) -> None:
        """Take ``languages`` as for ``tesseract -l``, such as ``eng+deu``."""
        self._languages = languages
        self._program = program
        self._seconds = seconds

    def obstacle(self) -> str | None:
        """Return what to do before it can be used, as the end of a sentence, or None."""
        if shutil.which(self._program) is None:
            return "install tesseract-ocr to have it read"
        installed = self._installed_languages()
        if installed is None:
            return "tesseract does not start: install it again"
        for language in self._languages.split("+"):
            if language not in installed:
                names = ", ".join(name for name in installed if name != "osd") or "none"
                package = f"tesseract-ocr-{language.lower().replace('_', '-')}"
                return (
                    f"tesseract has no language {language} (installed: {names}): "
                    f"install {package} or change --ocr_languages"
                )
        return None

    def text_of(self, picture: Image.Image) -> str:
        """Return the text of a grey image with 300 dots per inch; empty if it has none.

        Raises:
            UnreadableDocument: it took too long, or the program failed.
        """
        data = io.BytesIO()
        picture.save(data, "PPM")
        arguments = ["stdin", "stdout", "-l", self._languages, "--dpi", str(DOTS_PER_INCH)]
        arguments += ["--psm", _ANY_LAYOUT_TURNED]
        try:
            # Several threads are slower, and the model needs the CPU, too. The variable is set for
            # this process only: the libraries of the model would obey it as well.
            run = subprocess.run(
                ["env", "OMP_THREAD_LIMIT=1", self._program, *arguments],
                input=data.getvalue(),
                capture_output=True,
                timeout=self._seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise too_slow(self._seconds) from error
        if run.returncode:
            said = one_line(run.stderr.decode("utf-8", "replace"))[-_REASON_CHARACTERS:]
            raise UnreadableDocument(f"tesseract cannot read it: {said or run.returncode}")
        return run.stdout.decode("utf-8", "replace")

    def _installed_languages(self) -> list[str] | None:
        try:
            run = subprocess.run(
                [self._program, "--list-langs"],
                capture_output=True,
                text=True,
                timeout=_LIST_SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        # The first line is their folder.
        return run.stdout.splitlines()[1:]
