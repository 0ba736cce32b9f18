"""A sample of every format, and a file of it that holds no text. A new format joins both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from samples.archives import write_tar, write_zip
from samples.documents import (
    write_csv,
    write_docx,
    write_html,
    write_markdown,
    write_pdf,
    write_pptx,
    write_text,
    write_xlsx,
)
from samples.images import write_picture, write_tiff
from samples.messages import message, write_eml, write_mbox, write_mhtml
from samples.old_documents import write_old_office, write_rtf, write_xls
from samples.open_documents import write_epub, write_odp, write_ods, write_odt
from samples.outlook import write_msg

PAGED = (".pdf", ".pptx", ".xlsx", ".odp", ".ods", ".ppt", ".xls", ".mbox", ".tiff")
PACKAGES = (".docx", ".pptx", ".xlsx", ".odt", ".odp", ".ods", ".epub")
# What each of these holds is text in the eyes of the reader of any other.
TEXTS = frozenset((".html", ".md", ".csv", ".tsv", ".txt", ".mbox", ".rst", ".org")).union(
    (".json", ".jsonl", ".xml", ".ipynb", ".py", ".srt", ".vtt", ".ics", ".vcf", ".svg")
)
MIME = frozenset((".eml", ".mbox", ".mhtml"))

Write = Callable[[Path], Path]

SAMPLES: dict[str, Write] = {
    ".pdf": lambda path: write_pdf(path, ["Alpha one\nand more", "", "Alpha three"]),
    ".docx": lambda path: write_docx(
        path, ["Alpha", ("Heading", 1), "Text", [["a", "b"], ["1", "2"]], ""]
    ),
    ".pptx": lambda path: write_pptx(path, [("Alpha", "one\ntwo", "noted"), ("Beta", "x", "")]),
    ".xlsx": lambda path: write_xlsx(
        path, {"First": [["Year", "Alpha"], [2020, 1.5]], "Blank": [], "Beta": [["x", "y"]]}
    ),
    ".html": lambda path: write_html(path, "<h1>Alpha</h1><p>one</p><h2>Beta</h2><p>two</p>"),
    ".md": lambda path: write_markdown(path, "# Alpha\n\none\n\n## Beta\n\ntwo\n"),
    ".csv": lambda path: write_csv(path, [["Name", "Age"], ["Alpha", 3], ["Beta", 4]]),
    ".tsv": lambda path: write_csv(path, [["Name", "Age"], ["Alpha", 3]], delimiter="\t"),
    ".txt": lambda path: write_text(path, "Alpha one.\n\nBeta two.\n"),
    ".odt": lambda path: write_odt(
        path, ["Alpha", ("Heading", 1), "Text", [["a", "b"], ["1", "2"]], ""]
    ),
    ".odp": lambda path: write_odp(path, [("Alpha", "one\ntwo", "noted"), ("Beta", "x", "")]),
    ".ods": lambda path: write_ods(
        path, {"First": [["Year", "Alpha"], ["2020", "1.5"]], "Blank": [], "Beta": [["x", "y"]]}
    ),
    ".epub": lambda path: write_epub(path, {"a": "<h1>Alpha</h1><p>one</p>", "b": "<p>two</p>"}),
    ".rtf": lambda path: write_rtf(
        path, ["Alpha", ("Heading", 1), r"Caf\'e9 \u8364?", [["a", "b"], ["1", "2"]]]
    ),
    ".xls": lambda path: write_xls(
        path, {"First": [["Year", "Alpha"], [2020, 1.5]], "Blank": [], "Beta": [["x", "y"]]}
    ),
    ".doc": lambda path: write_old_office(
        path, "WordDocument", write_docx(path.with_suffix(".docx"), ["Alpha", ("Heading", 1)])
    ),
    ".ppt": lambda path: write_old_office(
        path, "PowerPoint Document", write_pptx(path.with_suffix(".pptx"), [("Alpha", "one", "")])
    ),
    ".eml": lambda path: write_eml(
        path, message("one", attachments={"a.csv": b"a,b\n1,2\n"}, inner=[message("two")])
    ),
    ".mbox": lambda path: write_mbox(path, [message("one"), message("two", html="<p>two</p>")]),
    ".msg": lambda path: write_msg(path, "Alpha", attachments={"a.txt": b"one\n" * 2000}),
    ".mhtml": lambda path: write_mhtml(path, "<h1>Alpha</h1><p>one</p><h2>Beta</h2><p>two</p>"),
    ".rst": lambda path: write_text(path, "Alpha\n=====\n\none\n\nBeta\n----\ntwo\n"),
    ".org": lambda path: write_text(path, "* Alpha\none\n** Beta\ntwo\n"),
    ".json": lambda path: write_text(path, '{"list": [{"a": "Alpha", "b": [1, 2]}, {"a": null}]}'),
    ".jsonl": lambda path: write_text(path, '{"a": "Alpha", "b": [1, 2]}\n{"a": "Beta"}\n'),
    ".xml": lambda path: write_text(path, "<d><a>Alpha</a><p>one <b>two</b></p><c x='1'/></d>"),
    ".ipynb": lambda path: write_text(
        path,
        '{"cells": [{"cell_type": "markdown", "source": ["# Alpha\\n", "one"]},'
        ' {"cell_type": "code", "source": "x = 1"}]}',
    ),
    ".srt": lambda path: write_text(
        path,
        "1\n00:00:01,000 --> 00:00:02,500\nAlpha one\n\n2\n00:01:00,000 --> 00:01:02,000\ntwo\n",
    ),
    ".vtt": lambda path: write_text(
        path,
        "WEBVTT\n\n00:01.000 --> 00:02.500\n<v Ada>Alpha <i>one</i>\n\n"
        "01:00.000 --> 01:02.000\ntwo\n",
    ),
    ".ics": lambda path: write_text(
        path,
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Alpha\r\nDTSTART:20260302T093000Z\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n",
    ),
    ".vcf": lambda path: write_text(
        path, "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Alpha\r\nTEL:+1 555\r\nEND:VCARD\r\n"
    ),
    ".svg": lambda path: write_text(
        path, "<svg xmlns='http://www.w3.org/2000/svg'><text x='1'>Alpha</text><path d='M0'/></svg>"
    ),
    ".zip": lambda path: write_zip(path, {"a/alpha.txt": b"Alpha one", "b.md": b"# Beta\n\ntwo\n"}),
    ".tar": lambda path: write_tar(path, {"a/alpha.txt": b"Alpha one", "b.csv": b"a,b\n1,2\n"}),
    ".gz": lambda path: write_tar(path, {"alpha.txt": b"Alpha one"}, "gz"),
    ".bz2": lambda path: write_tar(path, {"alpha.txt": b"Alpha one"}, "bz2"),
    ".xz": lambda path: write_tar(path, {"alpha.txt": b"Alpha one"}, "xz"),
    ".py": lambda path: write_text(path, "x = 1\n\n\ndef alpha():\n    return 'Alpha'\n"),
    ".png": lambda path: write_picture(path, "Alpha one"),
    ".jpg": lambda path: write_picture(path, "Alpha one"),
    ".tiff": lambda path: write_tiff(path, ["Alpha one", "", "Beta two"]),
    ".webp": lambda path: write_picture(path, "Alpha one"),
    ".heic": lambda path: write_picture(path, "Alpha one"),
    ".avif": lambda path: write_picture(path, "Alpha one"),
    ".bmp": lambda path: write_picture(path, "Alpha one"),
    ".gif": lambda path: write_picture(path, "Alpha one"),
}
# Files of the right kind that hold no text at all.
BLANKS: dict[str, Write] = {
    ".pdf": lambda path: write_pdf(path, [""]),
    ".docx": lambda path: write_docx(path, [""]),
    ".pptx": lambda path: write_pptx(path, [("", "", "")]),
    ".xlsx": lambda path: write_xlsx(path, {"Sheet": []}),
    ".html": lambda path: write_html(path, "<script>var a = 1;</script> \n"),
    ".md": lambda path: write_markdown(path, " \n\n"),
    ".csv": lambda path: write_csv(path, [["", ""], ["", ""]]),
    ".tsv": lambda path: write_csv(path, [["", ""]], delimiter="\t"),
    ".txt": lambda path: write_text(path, " \n\t\n"),
    ".odt": lambda path: write_odt(path, [""]),
    ".odp": lambda path: write_odp(path, [("", "", "")]),
    ".ods": lambda path: write_ods(path, {"Sheet": []}),
    ".epub": lambda path: write_epub(path, {"a": "<p> </p>"}),
    ".rtf": lambda path: write_rtf(path, [""]),
    ".xls": lambda path: write_xls(path, {"Sheet": []}),
    ".doc": lambda path: write_old_office(
        path, "WordDocument", write_docx(path.with_suffix(".docx"), [""])
    ),
    ".ppt": lambda path: write_old_office(
        path, "PowerPoint Document", write_pptx(path.with_suffix(".pptx"), [("", "", "")])
    ),
    ".eml": lambda path: write_text(path, "\n \n"),
    ".mbox": lambda path: write_mbox(path, []),
    ".msg": lambda path: write_msg(path, subject=""),
    ".mhtml": lambda path: write_mhtml(path, "<script>var a = 1;</script>"),
    ".rst": lambda path: write_text(path, " \n\n"),
    ".org": lambda path: write_text(path, "\n"),
    ".json": lambda path: write_text(path, '{"a": [null, ""]}'),
    ".jsonl": lambda path: write_text(path, "{}\n\n[]\n"),
    ".xml": lambda path: write_text(path, "<a><b/> </a>"),
    ".ipynb": lambda path: write_text(path, '{"cells": [], "metadata": {}}'),
    ".srt": lambda path: write_text(path, "1\n00:00:01,000 --> 00:00:02,500\n\n"),
    ".vtt": lambda path: write_text(path, "WEBVTT\n\n00:01.000 --> 00:02.500\n<i></i>\n"),
    ".ics": lambda path: write_text(path, "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n"),
    ".vcf": lambda path: write_text(path, "BEGIN:VCARD\nVERSION:4.0\nEND:VCARD\n"),
    ".svg": lambda path: write_text(path, "<svg><path d='M0 0'/><text> </text></svg>"),
    ".zip": lambda path: write_zip(path, {}),
    ".tar": lambda path: write_tar(path, {"folder/": b""}),
    ".gz": lambda path: write_tar(path, {}, "gz"),
    ".bz2": lambda path: write_tar(path, {}, "bz2"),
    ".xz": lambda path: write_tar(path, {}, "xz"),
    ".py": lambda path: write_text(path, "\n \n"),
    ".png": lambda path: write_picture(path, ""),
    ".jpg": lambda path: write_picture(path, ""),
    ".tiff": lambda path: write_tiff(path, ["", ""]),
    ".webp": lambda path: write_picture(path, ""),
    ".heic": lambda path: write_picture(path, ""),
    ".avif": lambda path: write_picture(path, ""),
    ".bmp": lambda path: write_picture(path, ""),
    ".gif": lambda path: write_picture(path, ""),
}
