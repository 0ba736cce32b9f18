"""Characters of symbol fonts, whose codes are in the private use area of Unicode."""

from __future__ import annotations

_PRIVATE = 0xF000
_GREEK = dict(
    zip(
        "ABGDEZHQIKLMNXOPRSTUFCYWabgdezhqiklmnxoprsVtufcywJjv",
        "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρσςτυφχψωϑϕϖ",
        strict=True,
    )
)
# The table that the makers of the font publish, by code (Adobe Symbol Encoding).
_SYMBOL = {
    **{ord(key): value for key, value in _GREEK.items()},
    **dict(zip(b"\"$'*-@\\^~", "∀∃∋∗−≅∴⊥∼", strict=True)),
    **dict(zip(range(0xA0, 0xB0), "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓", strict=True)),
    **dict(zip(range(0xB0, 0xC0), "°±″≥×∝∂•÷≠≡≈…⏐⎯↵", strict=True)),
    **dict(zip(range(0xC0, 0xD0), "ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉", strict=True)),
    **dict(zip(range(0xD0, 0xE0), "∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓", strict=True)),
    **dict(zip(range(0xE0, 0xE6), "◊〈®©™∑", strict=True)),
    **{0xF1: "〉", 0xF2: "∫"},
}
_WINGDINGS = {
    **{0x22: "✂", 0x28: "☎", 0x2A: "✉", 0x36: "⌛", 0x41: "✌", 0x43: "👍", 0x44: "👎"},
    **{0x45: "☜", 0x46: "☞", 0x47: "☝", 0x48: "☟", 0x4A: "☺", 0x4B: "😐", 0x4C: "☹"},
    **{0x4E: "☠", 0x51: "✈", 0x52: "☼", 0x54: "❄", 0x6C: "●", 0x6D: "❍", 0x6E: "■", 0x6F: "☐"},
    **{0x71: "❑", 0x72: "❒", 0x74: "⧫", 0x75: "◆", 0x76: "❖", 0x77: "⬥", 0x9F: "•", 0xA1: "○"},
    **{0xA7: "▪", 0xA8: "☐", 0xAB: "★", 0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓"},
    **{0xE8: "➔", 0xEF: "⇦", 0xF0: "⇨", 0xF1: "⇧", 0xF2: "⇩", 0xFB: "✗", 0xFC: "✓"},
    **{0xFD: "☒", 0xFE: "☑"},
    **{0x80 + digit: text for digit, text in enumerate("⓪①②③④⑤⑥⑦⑧⑨⑩")},
    **{0x8B + digit: text for digit, text in enumerate("⓿❶❷❸❹❺❻❼❽❾❿")},
}
_WINGDINGS_2 = {
    **{0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA3: "☐", 0xA2: "■"},
    **{0x4D: "✗", 0x4E: "✗", 0x2A: "☐", 0x30: "☐", 0x98: "●", 0x99: "○"},
}
_WINGDINGS_3 = {0x70: "▲", 0x71: "▼", 0x74: "◀", 0x75: "▶", 0x7D: "▶", 0x66: "←", 0x67: "→"}
_FONTS = {
    "symbol": _SYMBOL,
    "wingdings": _WINGDINGS,
    "wingdings 2": _WINGDINGS_2,
    "wingdings 3": _WINGDINGS_3,
}


def symbol_text(font: str, code: str) -> str:
    """Return the character of a symbol font by its hexadecimal code, as ``w:sym`` has it.

    A character that no table has is a small square, so that its place is seen.
    """
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    in_private_area = _PRIVATE <= number < _PRIVATE + 0x100
    table = _FONTS.get(font.strip().lower())
    low = number - _PRIVATE if in_private_area else number
    if table is not None and low < 0x100:
        default = chr(low) if table is _SYMBOL and low < 0x7F else "▫"
        return table.get(low, default)
    if in_private_area:
        return chr(low) if 0x20 <= low < 0x7F else "▫"
    return chr(number) if 0x20 <= number < 0xD800 else ""
