from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.errors import EmptyDocument, UnreadableDocument, UnsupportedFormat
from carrel.ingest.registry import default_registry
from samples.documents import write_docx, write_html, write_pdf
from samples.messages import SENT, message, write_eml, write_mbox
from samples.outlook import write_msg

HEAD = f"From: Ada <ada@example.org>\nTo: Bob <bob@example.org>\nDate: {SENT}\nSubject: Alpha\n"


def read(path: Path) -> list[Section]:
    return list(default_registry().reader_for(path, path.name).read(path))


def read_bytes(tmp_path: Path, data: bytes, name: str = "a.eml") -> list[Section]:
    path = tmp_path / name
    path.write_bytes(data)
    return read(path)


def test_headers_come_first_and_the_subject_is_the_heading(tmp_path: Path) -> None:
    path = write_eml(tmp_path / "a.eml", message("Hello Bob.\n\nBye.\n"))
    assert read(path) == [Section(HEAD + "\nHello Bob.\n\nBye.", heading="Alpha")]


def test_plain_text_is_preferred_to_the_page(tmp_path: Path) -> None:
    path = write_eml(tmp_path / "a.eml", message("plain", html="<h1>Page</h1>"))
    assert read(path) == [Section(HEAD + "\nplain", heading="Alpha")]


def test_a_page_is_read_where_there_is_no_text(tmp_path: Path) -> None:
    page = "<style>p{}</style><h1>Häuser</h1><p>one <b>two</b></p>"
    path = write_eml(tmp_path / "a.eml", message(html=page))
    assert read(path) == [Section(HEAD + "\nHäuser\none two", heading="Alpha")]
    blank = write_eml(tmp_path / "b.eml", message(" \n", html=page))
    assert read(blank) == read(path)


def test_attachments_are_read_by_their_readers_and_cited_by_name(tmp_path: Path) -> None:
    report = write_pdf(tmp_path / "r.pdf", ["first", "second"]).read_bytes()
    letter = write_docx(tmp_path / "l.docx", [("Terms", 1), "Pay soon."]).read_bytes()
    mail = message("See below.", attachments={"report.pdf": report, "Brief Ä.docx": letter})
    assert read(write_eml(tmp_path / "a.eml", mail)) == [
        Section(HEAD + "Attachments: report.pdf, Brief Ä.docx\n\nSee below.", heading="Alpha"),
        Section("first", page=1, heading="report.pdf"),
        Section("second", page=2, heading="report.pdf"),
        Section("Terms\nPay soon.", heading="Brief Ä.docx: Terms"),
    ]


def test_an_attachment_that_cannot_be_read_does_not_spoil_the_rest(tmp_path: Path) -> None:
    broken = {"logo.png": b"\x89PNG\r\n\x1a\n", "cut.pdf": b"%PDF-1.4 cut", "b.txt": b"fine"}
    sections = read(write_eml(tmp_path / "a.eml", message("text", attachments=broken)))
    assert [section.heading for section in sections] == ["Alpha", "b.txt"]
    assert "Attachments: logo.png, cut.pdf, b.txt" in sections[0].text


def test_a_mail_in_a_mail_is_read_with_its_own_attachments(tmp_path: Path) -> None:
    inner = message("inside", subject="Beta", attachments={"n.txt": b"note"})
    sections = read(write_eml(tmp_path / "a.eml", message("outside", inner=[inner])))
    assert [section.heading for section in sections] == [
        "Alpha",
        "Beta.eml: Beta",
        "Beta.eml: n.txt",
    ]
    assert sections[0].text == HEAD + "Attachments: Beta.eml\n\noutside"
    assert sections[1].text.endswith("Subject: Beta\nAttachments: n.txt\n\ninside")
    assert sections[2].text == "note"


def test_attachments_among_the_alternatives_are_not_lost(tmp_path: Path) -> None:
    data = (
        b"Subject: S\nContent-Type: multipart/alternative; boundary=A\n\n"
        b"--A\nContent-Type: text/plain\n\nplain\n"
        b"--A\nContent-Type: multipart/mixed; boundary=B\n\n"
        b"--B\nContent-Type: text/html\n\n<p>page</p>\n"
        b"--B\nContent-Type: text/csv; name=t.csv\n\na,b\n1,2\n--B--\n--A--\n"
    )
    sections = read_bytes(tmp_path, data)
    assert sections[0] == Section("Subject: S\nAttachments: t.csv\n\nplain", heading="S")
    assert sections[1].heading == "t.csv"
    assert len(sections) == 2


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("iso-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("us-ascii", "utf-8"),
        ("iso-8859-1", "utf-8"),
        ("utf-8", "utf-8"),
        ("utf-8", "cp1252"),
        ("no-such-charset", "utf-8"),
        ("windows-1252", "cp1252"),
        ("punycode", "utf-8"),
        ("", "utf-8"),
    ],
)
def test_wrong_and_missing_charsets_survive(tmp_path: Path, charset: str, encoding: str) -> None:
    text = "Schöne Grüße aus München, Ihre Gebäudeverwaltung."
    declared = f"; charset={charset}" if charset else ""
    head = f"Subject: S\nContent-Type: text/plain{declared}\n\n".encode()
    sections = read_bytes(tmp_path, head + text.encode(encoding))
    assert sections == [Section(f"Subject: S\n\n{text}", heading="S")]


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?iso-8859-1?Q?Gr=FC=DFe?= an =?utf-8?b?w4RkYQ==?=", "Grüße an Äda"),
        (b"=?x-unknown?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("Grüße".encode(), "Grüße"),
        (b"=?utf-8?b?broken", "=?utf-8?b?broken"),
        (b"folded\n over lines", "folded over lines"),
    ],
)
def test_headers_are_decoded(tmp_path: Path, raw: bytes, subject: str) -> None:
    sections = read_bytes(tmp_path, b"Subject: " + raw + b"\n\ntext")
    assert sections == [Section(f"Subject: {subject}\n\ntext", heading=subject)]


def test_transfer_encodings_are_undone_and_damage_in_them_is_read_around(tmp_path: Path) -> None:
    head = b"Subject: S\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
    assert read_bytes(tmp_path, head + b"quoted-printable\n\na =3D =\nb")[0].text.endswith("a = b")
    assert read_bytes(tmp_path, head + b"base64\n\nSGFs\nbG8=\n")[0].text.endswith("\n\nHallo")
    assert "Hal" in read_bytes(tmp_path, head + b"base64\n\nSGFsbG8")[0].text


def test_an_attachment_without_a_name_is_named_by_its_kind(tmp_path: Path) -> None:
    data = (
        b"Content-Type: multipart/mixed; boundary=A\n\n--A\nContent-Type: text/plain\n\ntext\n"
        b"--A\nContent-Type: text/html\nContent-Disposition: attachment\n\n<p>page</p>\n--A--\n"
    )
    assert read_bytes(tmp_path, data) == [
        Section("Attachments: attachment 1.html\n\ntext"),
        Section("page", heading="attachment 1.html"),
    ]


def test_names_of_attachments_cannot_leave_their_place(tmp_path: Path) -> None:
    mail = message("text", attachments={"../../etc/a.txt": b"data"})
    assert read(write_eml(tmp_path / "a.eml", mail))[1] == Section(
        "data", heading=".. .. etc a.txt"
    )


def test_a_mail_that_is_one_picture_names_it(tmp_path: Path) -> None:
    data = b"Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo="
    sections = read_bytes(tmp_path, data)
    assert sections == [Section("Attachments: a.png")]


def test_deeply_nested_parts_are_refused(tmp_path: Path) -> None:
    data = b"Subject: S\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number)
        for number in range(3_000)
    )
    with pytest.raises(UnreadableDocument, match="nested too deeply"):
        read_bytes(tmp_path, data)


def test_a_mail_in_a_mail_in_a_mail_ends_at_the_limit(tmp_path: Path) -> None:
    mail = message("last", subject="last")
    for number in range(12):
        mail = message(f"level {number}", subject=f"m{number}", inner=[mail])
    texts = "\n".join(section.text for section in read(write_eml(tmp_path / "a.eml", mail)))
    assert "level 11" in texts
    assert "level 3" in texts
    assert "level 2" not in texts


def test_headers_of_megabytes_are_cut(tmp_path: Path) -> None:
    long = b"a, " * 1_000_000
    data = b"Subject: S\nTo: " + long + b"\nContent-Type: text/plain; x=" + b'";' * 500_000
    sections = read_bytes(tmp_path, data + b"\n\ntext")
    assert sections[0].text.endswith("\n\ntext")
    assert len(sections[0].text) < 20_000


def test_a_mailbox_has_its_messages_as_pages(tmp_path: Path) -> None:
    mails = [
        message("first"),
        message("second", subject="Beta", attachments={"a.html": b"<h1>T</h1><p>x</p>"}),
        message("third", subject="Gamma"),
    ]
    assert [
        (section.page, section.heading, section.text.rpartition("\n")[2])
        for section in read(write_mbox(tmp_path / "a.mbox", mails))
    ] == [
        (1, "Alpha", "first"),
        (2, "Beta", "second"),
        (2, "a.html: T", "x"),
        (3, "Gamma", "third"),
    ]


def test_a_mailbox_may_hold_more_attachments_than_one_mail(tmp_path: Path) -> None:
    mails = [message("x", attachments={f"{n}.txt": b"y" for n in range(30)}) for _ in range(40)]
    sections = read(write_mbox(tmp_path / "a.mbox", mails))
    assert len(sections) == 40 * 31


def test_what_is_no_mailbox_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="no mailbox"):
        read_bytes(tmp_path, b"Subject: x\n\ntext", "a.mbox")
    with pytest.raises(EmptyDocument):
        read_bytes(tmp_path, b" \n", "a.mbox")


def test_memory_does_not_grow_with_the_mailbox(tmp_path: Path) -> None:
    path = write_mbox(tmp_path / "a.mbox", [message("word " * 15_000) for _ in range(60)])
    reader = default_registry().reader_for(path, path.name)
    next(iter(reader.read(path)))
    tracemalloc.start()
    try:
        count = sum(1 for _ in reader.read(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 60
    assert peak < path.stat().st_size / 3


def test_a_page_attached_to_a_mail_keeps_its_headings(tmp_path: Path) -> None:
    page = write_html(tmp_path / "p.html", "<h1>One</h1>a<h2>Two</h2>b").read_bytes()
    sections = read(write_eml(tmp_path / "a.eml", message("t", attachments={"p.html": page})))
    assert [each.heading for each in sections] == ["Alpha", "p.html: One", "p.html: Two"]


def test_text_without_headers_is_read_as_text(tmp_path: Path) -> None:
    assert read_bytes(tmp_path, b'{"list": ["Alpha"]}\n') == [Section('{"list": ["Alpha"]}\n')]


def test_a_mailbox_by_the_name_of_a_mail_is_read_as_a_mailbox(tmp_path: Path) -> None:
    path = write_mbox(tmp_path / "a.mbox", [message("one"), message("two")])
    assert read(path.rename(tmp_path / "a.eml")) == [
        Section(HEAD + "\none", 1, "Alpha"),
        Section(HEAD + "\ntwo", 2, "Alpha"),
    ]


def test_a_mail_by_the_name_of_a_text_is_refused(tmp_path: Path) -> None:
    path = write_eml(tmp_path / "a.txt", message("one", attachments={"a.csv": b"a,b\n"}))
    with pytest.raises(UnsupportedFormat, match=r"holds a mail .*: rename it to end in \.eml"):
        read(path)


@pytest.mark.parametrize(
    ("plain", "page", "shown"),
    [
        (
            "Please view this in a browser.",
            "<p>Kayaks cost <b>299</b> euros</p>",
            "Kayaks cost 299",
        ),
        ("HTMLメールです。", "<p>会議は三月九日に第二会議室で行います。</p>", "三月九日"),
        (
            "<!-- -->\nYour client shows no HTML.",
            "<style>p { color: red }</style>"
            "<table><tr><td>Nächste Zahlung</td><td>12.80</td></tr></table>",
            "Nächste Zahlung | 12.80",
        ),
    ],
)
def test_the_page_is_read_where_the_plain_text_is_a_stub(
    tmp_path: Path, plain: str, page: str, shown: str
) -> None:
    path = write_eml(tmp_path / "a.eml", message(plain, html=page))
    assert shown in "\n".join(section.text for section in read(path))


@pytest.mark.parametrize(
    ("plain", "page"),
    [
        ("Hi, the fares rise in May. Regards, Ada", "<p>This is the page of the main message.</p>"),
        ("Die Fähre fällt morgen aus.", "<h1>Fahrplan</h1><p>Abfahrt um sieben Uhr</p>"),
        ("明日は船が出ません。", "<p>The harbour festival begins at noon</p>"),
    ],
)
def test_both_forms_are_read_where_they_say_other_things(
    tmp_path: Path, plain: str, page: str
) -> None:
    path = write_eml(tmp_path / "a.eml", message(plain, html=page))
    text = "\n".join(section.text for section in read(path))
    assert plain in text
    assert text.count(re.sub("<[^>]*>", " ", page).split()[-1]) == 1
    outlook = write_msg(tmp_path / "a.msg", plain, html=page.encode())
    body = "\n".join(section.text for section in read(outlook))
    assert plain in body and re.sub("<[^>]*>", " ", page).split()[-1] in body


def test_the_plain_text_is_read_where_it_says_the_same(tmp_path: Path) -> None:
    page = "<style>td { width: 9px }</style><p>Kayaks cost 299 euros.</p><p>Unsubscribe here</p>"
    path = write_eml(tmp_path / "a.eml", message("Kayaks cost\n299 euros.", html=page))
    assert "Kayaks cost\n299 euros." in "\n".join(section.text for section in read(path))
