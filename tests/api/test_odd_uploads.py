"""Ordinary and damaged files through the server: none costs the files beside it their outcome."""

from __future__ import annotations

import bz2
import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from running.live_server import live_server, settings_in
from samples.archives import write_zip
from samples.documents import write_docx

BROKEN_PDF = b"%PDF-1.4 broken"


def mail(kind: str, attachment: str) -> bytes:
    """Return a mail of two parts, a line of text and what is given."""
    return (
        "From: ann@example.org\nTo: bob@example.org\nSubject: Tide tables\nMIME-Version: 1.0\n"
        f"Content-Type: {kind}; boundary=part\n\n--part\nContent-Type: text/plain\n\n"
        f"The tide tables are attached.\n--part\n{attachment}\n--part--\n"
    ).encode()


def zipped(path: Path, **members: bytes) -> bytes:
    return write_zip(
        path, {name.replace("_", "."): data for name, data in members.items()}
    ).read_bytes()


def with_wrong_sum(path: Path) -> bytes:
    """Return an archive of two texts, the first of which is not what its checksum says."""
    data = bytearray(zipped(path, a_txt=os.urandom(300).hex().encode(), b_txt=b"sound"))
    data[60] ^= 0xFF
    return bytes(data)


MADE: dict[str, tuple[Callable[[Path], bytes], str]] = {
    # What it is called, how it is made, and how it ends: "" as a whole, a name that is left out,
    # or "!" where it fails.
    "pgp.eml": (
        lambda _: mail(
            'multipart/signed; protocol="application/pgp-signature"',
            'Content-Type: application/pgp-signature; name="signature.asc"\n\n'
            "-----BEGIN PGP SIGNATURE-----\niQEz\n-----END PGP SIGNATURE-----",
        ),
        "signature.asc",
    ),
    "smime.eml": (
        lambda _: mail(
            'multipart/signed; protocol="application/pkcs7-signature"',
            'Content-Type: application/pkcs7-signature; name="smime.p7s"\n'
            "Content-Transfer-Encoding: base64\n\nMIAGCSqGSIb3DQEHAqCAMIACAQExDzANBg==",
        ),
        "smime.p7s",
    ),
    "attachment.eml": (
        lambda _: mail(
            "multipart/mixed",
            'Content-Type: application/pdf; name="table.pdf"\n\n%PDF-1.4 broken',
        ),
        "table.pdf",
    ),
    "member.zip": (
        lambda path: zipped(path, a_txt=b"fine", b_pdf=BROKEN_PDF, c_docx=b"PK\3\4junk"),
        "b.pdf",
    ),
    "name.zip": (
        lambda path: write_zip(path, {"a.txt": b"fine", "日本☃.pdf": BROKEN_PDF}).read_bytes(),
        "日本☃.pdf",
    ),
    "sum.zip": (with_wrong_sum, "a.txt"),
    "cut.docx": (lambda path: write_docx(path, ["text"] * 50).read_bytes()[:-200], "!"),
    "junk.docx": (lambda path: zipped(path, word_xml=b"<a/>"), "!"),
    "junk.xlsx": (
        lambda path: write_zip(
            path, {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<a/>"}
        ).read_bytes(),
        "!",
    ),
    "cut.txt.gz": (lambda _: gzip.compress(os.urandom(5000))[:-2000], "!"),
    "bomb.txt.bz2": (lambda _: bz2.compress(b"0" * 50_000_000), "!"),
    "broken.json": (lambda _: b'{"a": [1,2', "!"),
    "open.csv": (lambda _: b'a,"b\nunclosed' * 1_000, ""),
    "charset.eml": (
        lambda _: b"Content-Type: text/plain; charset=nonexistent\n\nbody \xff\xfe",
        "",
    ),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    settings = settings_in(tmp_path_factory.mktemp("server"))
    with live_server(settings) as server, server.client() as client:
        yield client


@pytest.mark.parametrize("name", MADE)
def test_the_files_beside_it_go_in_and_the_user_learns_what_did_not(
    client: httpx.Client, tmp_path: Path, name: str
) -> None:
    make, end = MADE[name]
    collection = f"/v1/collections/{name}/documents"
    assert client.post("/v1/collections", json={"name": name, "shared": True}).status_code == 201
    uploads = [
        ("files", ("first.txt", b"the first good file", "text/plain")),
        ("files", (name, make(tmp_path / name), "application/octet-stream")),
        ("files", ("last.txt", b"the last good file", "text/plain")),
    ]
    reply = client.post(f"{collection}?wait=true", files=uploads)
    assert reply.status_code == 200, reply.text
    first, odd, last = reply.json()["outcomes"]
    assert (first["outcome"], last["outcome"]) == ("added", "added")
    listed = {each["name"]: each for each in client.get(collection).json()["documents"]}
    assert listed[name]["reason"] == odd["reason"]
    if end == "!":
        assert odd["outcome"] == "failed"
        assert odd["code"]
        assert odd["reason"]
        return
    assert odd["outcome"] == "added"
    assert odd["code"] is None
    if end:
        assert odd["reason"].startswith("left out: ")
        assert end in odd["reason"]
    else:
        assert odd["reason"] is None
