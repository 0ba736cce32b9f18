"""OCR with tesseract's command-line program."""

from __future__ import annotations

import io
import re
import shutil
import subprocess

from PIL import Image

from carrel.core.errors import UnreadableDocument
from carrel.ingest.text.cleaning import clean_text, one_line
from carrel.ingest.text.hyphenation import LINE_END_HYPHEN

LONGEST_SECONDS = 120.0
DOTS_PER_INCH = 300
_LIST_SECONDS = 20.0
# Rotated pages are turned, if tesseract's data "osd" is installed; without it this is the default
# mode.
_ANY_LAYOUT_TURNED = "1"
# Tesseract fails on anything smaller.
_LEAST_SIDE = 10
_REASON_CHARACTERS = 200
_CUT_WORD = re.compile(r"(?<=\w)-\n(?=\w)")


class TextRecognizer:
    """Recognises printed text in images, if tesseract is installed and enabled.

    The program is looked up each time, so that it may be installed while the server runs. Each
    image takes one single-threaded process with a timeout of ``seconds``.
    """

    def __init__(
        self,
        wanted: bool = True,
        languages: str = "eng",
        program: str = "tesseract",
        seconds: float = LONGEST_SECONDS,
    ) -> None:
        """Take ``languages`` as for ``tesseract -l``, such as ``eng+deu``."""
        self._wanted = wanted
        self._languages = languages
        self._program = program
        self._seconds = seconds

    def obstacle(self) -> str | None:
        """Return what to do to enable OCR, as the end of a sentence, or None."""
        if not self._wanted:
            return "set --ocr=auto to have it read"
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
        """Return the clean text of a grey image with 300 dots per inch; empty if it has none.

        A hyphen at the end of a line is encoded as by pdfium, for a ``HyphenJoiner``.

        Raises:
            UnreadableDocument: it took too long, or the program failed.
        """
        darkest, lightest = picture.getextrema()
        if min(picture.size) < _LEAST_SIDE or darkest == lightest:
            return ""
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
            raise UnreadableDocument(
                f"recognising its text took longer than {self._seconds:g} seconds: "
                "save a copy with fewer pixels and add that"
            ) from error
        if run.returncode:
            said = one_line(run.stderr.decode("utf-8", "replace"))[-_REASON_CHARACTERS:]
            raise UnreadableDocument(f"tesseract cannot read it: {said or run.returncode}")
        text = clean_text(run.stdout.decode("utf-8", "replace")).strip()
        return _CUT_WORD.sub(LINE_END_HYPHEN, text)

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
