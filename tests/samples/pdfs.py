"""PDF files written object by object, for what no library writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import reportlab
from reportlab.pdfbase.ttfonts import TTFontFile

PAGE = b"/Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]"
FIRST_FREE = 5
"""Number of the first object of one's own: catalog, pages, page and its content come before."""


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """Return a stream object."""
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(data), data)


def write_page(
    path: Path,
    content: bytes,
    fonts: bytes,
    objects: Sequence[bytes] = (),
    page: bytes = b"",
    catalog: bytes = b"",
) -> Path:
    """Write one page; ``fonts`` are entries of its font resources, ``page`` further entries."""
    whole = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<<%s/Contents 4 0 R/Resources<</Font<<%s>>>>%s>>" % (PAGE, fonts, page),
        stream(content),
        *objects,
    ]
    data = b"%PDF-1.7\n"
    places = []
    for number, each in enumerate(whole, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(whole) + 1
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(data))
    path.write_bytes(data + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (size, table, end))
    return path


def to_unicode(letters: Mapping[int, str]) -> bytes:
    """Return a ToUnicode map of one-byte codes to one or more letters each."""
    lines = b"".join(
        b"<%02x> <%s>\n" % (code, text.encode("utf-16-be").hex().encode())
        for code, text in letters.items()
    )
    return stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        b"1 begincodespacerange <00> <ff> endcodespacerange\n"
        b"%d beginbfchar\n%sendbfchar\nendcmap end end" % (len(letters), lines)
    )


def drawn_font(letters: Mapping[int, str], first: int) -> list[bytes]:
    """Return the objects of a Type 3 font with a box for each code; the font is the first one."""
    codes = sorted(letters)
    names = b" ".join(b"%d/c%d" % (code, code) for code in codes)
    glyphs = b"".join(b"/c%d %d 0 R" % (code, first + 2) for code in codes)
    widths = b" ".join([b"600"] * (codes[-1] - codes[0] + 1))
    font = (
        b"<</Type/Font/Subtype/Type3/FontBBox[0 0 600 700]/FontMatrix[.001 0 0 .001 0 0]"
        b"/FirstChar %d/LastChar %d/Widths[%s]/Encoding<</Differences[%s]>>/CharProcs<<%s>>"
        b"/ToUnicode %d 0 R>>" % (codes[0], codes[-1], widths, names, glyphs, first + 1)
    )
    return [font, to_unicode(letters), stream(b"600 0 0 0 500 700 d1 0 0 500 700 re f")]


def write_without_map(path: Path, text: str, more: bytes = b"") -> Path:
    """Write a line in a font whose codes are those of its glyphs, without a ToUnicode map."""
    vera = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
    font = TTFontFile(str(vera))
    glyphs = font.charToGlyph
    widths = " ".join(f"{glyphs[ord(each)]}[{font.charWidths[ord(each)]:.0f}]" for each in text)
    line = "".join(f"{glyphs[ord(each)]:04x}" for each in text).encode()
    data = vera.read_bytes()
    objects = [
        b"<</Type/Font/Subtype/Type0/BaseFont/Vera/Encoding/Identity-H/DescendantFonts[6 0 R]>>",
        b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Vera/CIDToGIDMap/Identity/W[%s]"
        b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        b"/FontDescriptor 7 0 R>>" % widths.encode(),
        b"<</Type/FontDescriptor/FontName/Vera/Flags 4/FontBBox[-200 -250 1300 950]"
        b"/ItalicAngle 0/Ascent 900/Descent -230/CapHeight 700/StemV 80/FontFile2 8 0 R>>",
        stream(data, b"/Length1 %d" % len(data)),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    content = b"BT /F1 12 Tf 40 700 Td <%s> Tj ET\n%s" % (line, more)
    return write_page(path, content, b"/F1 5 0 R/F2 9 0 R", objects)
