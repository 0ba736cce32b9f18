"""Independent extractions of ``completeness.py``: the words that a reader of a file sees."""

from __future__ import annotations

import email
import email.policy
import mailbox
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

from lxml import etree, html
from playwright.sync_api import Browser, Error, Route, sync_playwright

from completeness_packages import book, markup_texts, open_document, open_xml
from completeness_words import words

SECONDS = 60.0
_OPEN_XML = ".docx .docm .dotx .dotm .pptx .pptm .ppsx .ppsm .potx .potm .xlsx .xlsm .xltx .xltm"
_OPEN_DOCUMENTS = ".odt .ods .odp"
_TEXTS = ".txt .text .log .csv .tsv .md .markdown"
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

METHODS = {
    "PDF": "`pdftotext -layout` of poppler",
    "Office, OpenDocument, EPUB, XML": "the XML's own text nodes, of all parts that are seen",
    "HTML": "`innerText` of Chromium, without scripts and network",
    "text, CSV, Markdown": "the decoded file (UTF-8, or UTF-16 with its mark)",
    "mail": "the text parts and the subject; of alternatives the one with more words",
}

Extraction = Callable[[Path], str]


class NotCounted(Exception):
    """The independent extraction cannot read the file; the message is the reason."""


class References:
    """The independent extractions, by suffix; the browser starts with the first web page."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._browser: Browser | None = None
        self._ways: dict[str, Extraction] = {".pdf": pdf, ".epub": book, ".xml": xml}
        for suffixes, way in (
            (_OPEN_XML, open_xml),
            (_OPEN_DOCUMENTS, open_document),
            (_TEXTS, decoded),
            (".html .htm", self._web_page),
            (".eml", mail),
            (".mbox", mails),
        ):
            self._ways |= dict.fromkeys(suffixes.split(), way)

    def text_of(self, path: Path) -> str:
        """Return the text that a reader of the file sees.

        Raises:
            NotCounted: no extraction for the format, or it cannot read the file.
        """
        way = self._ways.get(path.suffix.lower())
        if way is None:
            raise NotCounted("no independent extraction of the format")
        try:
            return way(path)
        except (ValueError, KeyError, LookupError, OSError, zipfile.BadZipFile, Error) as error:
            lines = str(error).splitlines() or [type(error).__name__]
            raise NotCounted(lines[0][:120]) from error

    def browser_version(self) -> str:
        """Return the version of the browser, empty if none was started."""
        return self._browser.version if self._browser else ""

    def close(self) -> None:
        """End the browser."""
        self._stack.close()

    def _web_page(self, path: Path) -> str:
        if self._browser is None:
            self._browser = self._stack.enter_context(_chromium())
        page = self._browser.new_page(java_script_enabled=False, offline=True)
        try:
            address = path.resolve().as_uri()
            page.route("**/*", partial(_only, address))
            page.goto(address, wait_until="domcontentloaded", timeout=SECONDS * 1000)
            return str(page.evaluate("document.documentElement.innerText"))
        finally:
            page.close()


@contextmanager
def _chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        raise NotCounted("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def _only(address: str, route: Route) -> None:
    """Load the page itself and nothing else."""
    if route.request.url.partition("#")[0] == address:
        route.continue_()
    else:
        route.abort()


def pdf(path: Path) -> str:
    """Return the text of a PDF, by poppler."""
    command = ["pdftotext", "-layout", "-enc", "UTF-8", str(path), "-"]
    try:
        ran = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise NotCounted(f"pdftotext took more than {SECONDS:g} s") from error
    if ran.returncode:
        lines = ran.stderr.decode(errors="replace").splitlines() or ["it failed"]
        raise NotCounted(f"pdftotext: {lines[-1][:100]}")
    return ran.stdout.decode(errors="replace")


def xml(path: Path) -> str:
    """Return the text nodes of an XML file."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(path.read_bytes(), parser)
    except etree.XMLSyntaxError as error:
        raise NotCounted("it is no XML") from error
    return _text_nodes(root)


def _text_nodes(element: Any) -> str:
    """Return the text nodes of an element: on lines of their own, unless they are mixed content."""
    if not isinstance(element.tag, str):
        return ""
    parts = [element.text or ""]
    for child in element:
        parts += [_text_nodes(child), child.tail or ""]
    own = [element.text or "", *(child.tail or "" for child in element)]
    return ("" if any(map(str.strip, own)) else "\n").join(parts)


def decoded(path: Path) -> str:
    """Return the text of a file in UTF-8, or in UTF-16 with a byte order mark."""
    data = path.read_bytes()
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotCounted("it is not in UTF-8, and nothing declares its encoding") from error


def mail(path: Path) -> str:
    """Return subject and text parts of a message."""
    return _text_of_mail(email.message_from_bytes(path.read_bytes(), policy=email.policy.default))


def mails(path: Path) -> str:
    """Return subjects and text parts of a mailbox's messages."""
    box = mailbox.mbox(path, create=False)
    try:
        policy = email.policy.default
        raws = [box.get_bytes(key) for key in box.keys()]  # noqa: SIM118 - it is no dictionary
        return "\n".join(
            _text_of_mail(email.message_from_bytes(raw, policy=policy)) for raw in raws
        )
    finally:
        box.close()


def _text_of_mail(message: EmailMessage) -> str:
    return f"{message.get('subject', '')}\n{_text_of_part(message)}"


def _text_of_part(part: EmailMessage) -> str:
    kind = part.get_content_type()
    if part.is_multipart():
        texts = [_text_of_part(each) for each in part.iter_parts()]
        if kind == "multipart/alternative":
            return max(texts, key=lambda text: len(words(text)), default="")
        if kind == "message/rfc822":
            return "\n".join([str(each.get("subject", "")) for each in part.iter_parts()] + texts)
        return "\n".join(texts)
    if kind not in ("text/plain", "text/html"):
        return ""
    text = str(part.get_content())
    if kind == "text/plain" or not text.strip():
        return text
    return "".join(markup_texts(html.document_fromstring(text)))
