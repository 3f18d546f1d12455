"""Guesses the charset of text whose label is wrong or missing, from the octets of Asian and Cyrillic mails (E22)."""

import re

_JUDGED = 4_096  # octets
_HIGH = re.compile(rb"[\x80-\xff]")
_RUN = re.compile(rb"[\x80-\xff]++")
_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# Shift_JIS: hiragana and katakana, then all characters of two octets.
_KANA = re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]")
_SHIFTED = re.compile(rb"[\x81-\x9f\xe0-\xef][\x40-\x7e\x80-\xfc]")
# Big5: its signs and usual characters, whose second octet may be an ASCII letter; then whatever begins with a high octet.
_BIG5 = re.compile(rb"[\xa1-\xc6][\x40-\x7e\xa1-\xfe]")
_HIGH_PAIR = re.compile(rb"[\x80-\xff].?", re.DOTALL)


def codec_of(data: bytes) -> str:
    """The Python codec in which these octets are surely meant; "" if none is likely, as for Western text and damaged UTF-8."""
    some = data[:_JUDGED]
    high = len(_HIGH.findall(some))
    if high < 6 or sum(map(len, _UTF8.findall(some))) * 10 >= high * 7:
        return ""
    found = _shifted(some) or _big5(some) or _of_pairs([run for run in _RUN.findall(some) if len(run) > 1], high)
    try:
        data.decode(found or "ascii")
    except UnicodeDecodeError:
        return ""
    return found


def _shifted(some: bytes) -> str:
    """Shift_JIS, if a part of its characters are kana, as in all Japanese; they are rare as signs of any other charset."""
    letters = _SHIFTED.findall(some)
    kana = sum(bool(_KANA.fullmatch(one)) for one in letters)
    return "cp932" if kana >= 2 and kana * 4 >= len(letters) else ""


def _big5(some: bytes) -> str:
    """Big5, if nearly all characters are usual ones of it, some with a second octet of ASCII and more without."""
    letters = _HIGH_PAIR.findall(some)
    usual = [one for one in letters if _BIG5.fullmatch(one)]
    ascii_too = sum(one[1] < 0x80 for one in usual)
    some_of_each = len(letters) // 8 < ascii_too < len(letters) * 3 // 4
    return "big5hkscs" if len(usual) * 20 >= len(letters) * 19 and some_of_each else ""


def _of_pairs(runs: list[bytes], high: int) -> str:
    """A charset of two high octets for each character, or a Cyrillic one, in which whole words are high octets."""
    if sum(map(len, runs)) * 10 < high * 8:  # accents stand alone between ASCII letters
        return ""
    octets = b"".join(runs)
    lower = sum(one >= 0xE0 for one in octets)
    pairs = [run[at : at + 2] for run in runs for at in range(0, len(run) - 1, 2)]
    if all(0xC0 <= one <= 0xDF or one >= 0xE0 for one in octets) or any(len(run) % 2 for run in runs):
        if sum(one >= 0xC0 for one in octets) * 10 < len(octets) * 9:
            return ""
        return "cp1251" if lower * 2 > len(octets) else "koi8-r"
    kana = sum(pair[0] in (0xA4, 0xA5) for pair in pairs)
    if kana * 4 >= len(pairs):
        return "euc_jp"
    if all(0xB0 <= pair[0] <= 0xC8 or pair[0] < 0xA4 for pair in pairs) and len(runs) > 1:
        return "cp949"
    common = sum(0xB0 <= pair[0] <= 0xD7 or pair[0] < 0xA4 for pair in pairs)
    return "gb18030" if common * 10 >= len(pairs) * 9 else ""
