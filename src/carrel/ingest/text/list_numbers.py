"""Numbers of list items and clauses, written as their format asks."""

from __future__ import annotations

_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc")),
    *((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_MOST_ROMAN = 4_000
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"
_AIUEO = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
)
_IROHA = (
    "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセス"
)
# Names are those of ST_NumberFormat (ECMA-376, part 1, 17.18.59).
_ALPHABETS = {
    "lowerLetter": _LATIN,
    "upperLetter": _LATIN.upper(),
    "russianLower": _RUSSIAN,
    "russianUpper": _RUSSIAN.upper(),
    "hebrew2": "אבגדהוזחטיכלמנסעפצקרשת",
    "arabicAlpha": "أبتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "arabicAbjad": "أبجدهوزحطيكلمنسعفصقرشتثخذضظغ",
    "thaiLetters": "กขคงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ",
    "ganada": "가나다라마바사아자차카타파하",
    "chosung": "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ",
    "aiueo": _AIUEO,
    "aiueoFullWidth": _AIUEO,
    "iroha": _IROHA,
    "irohaFullWidth": _IROHA,
    "ideographTraditional": "甲乙丙丁戊己庚辛壬癸",
    "ideographZodiac": "子丑寅卯辰巳午未申酉戌亥",
    "decimalEnclosedCircle": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "decimalEnclosedFullstop": "⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑⒒⒓⒔⒕⒖⒗⒘⒙⒚⒛",
    "decimalEnclosedParen": "⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⑾⑿⒀⒁⒂⒃⒄⒅⒆⒇",
    "ideographEnclosedCircle": "㊀㊁㊂㊃㊄㊅㊆㊇㊈㊉",
}
_REPEATING = ("lowerLetter", "upperLetter", "russianLower", "russianUpper")
_DIGITS = {
    "decimalFullWidth": "０１２３４５６７８９",
    "thaiNumbers": "๐๑๒๓๔๕๖๗๘๙",
    "hindiNumbers": "०१२३४५६७८९",
    "ideographDigital": "〇一二三四五六七八九",
    "japaneseDigitalTenThousand": "〇一二三四五六七八九",
    "koreanDigital": "영일이삼사오육칠팔구",
    "taiwaneseDigital": "○一二三四五六七八九",
}
_COUNTING = dict.fromkeys(
    ("chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting"),
    ("一二三四五六七八九", "十"),
) | {"koreanCounting": ("일이삼사오육칠팔구", "십"), "koreanLegal": ("일이삼사오육칠팔구", "십")}


def list_number(number: int, kind: str) -> str:
    """Return a number in a format of ``ST_NumberFormat``; decimal if it cannot write it."""
    if kind in ("none", "bullet"):
        return ""
    if kind == "decimalZero":
        return f"{number:02}"
    if kind in _DIGITS:
        return str(number).translate(dict(zip(range(48, 58), _DIGITS[kind], strict=True)))
    if kind in _COUNTING and 0 < number < 100:
        return _counted(number, *_COUNTING[kind])
    if kind in ("lowerRoman", "upperRoman") and 0 < number < _MOST_ROMAN:
        roman = _roman(number)
        return roman.upper() if kind == "upperRoman" else roman
    alphabet = _ALPHABETS.get(kind)
    if alphabet is None or number < 1:
        return str(number)
    turn, position = divmod(number - 1, len(alphabet))
    if not turn:
        return alphabet[position]
    # After z comes aa in Word; the other alphabets begin again with digits.
    return alphabet[position] * (turn + 1) if kind in _REPEATING and turn < 5 else str(number)


def _roman(number: int) -> str:
    text = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        text += letters * count
    return text


def _counted(number: int, digits: str, ten: str) -> str:
    tens, ones = divmod(number, 10)
    text = (digits[tens - 1] if tens > 1 else "") + ten if tens else ""
    return text + (digits[ones - 1] if ones else "")
