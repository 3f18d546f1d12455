"""Turns bytes into text, whatever charset label a stranger put on them. Nothing here raises (D21, D22)."""

import codecs
import re

from ackbot.mail import mislabelled

# The codecs that browsers and mail clients use for these labels in practice (WHATWG Encoding Standard §4.2). The last lines
# are misspellings seen in real mail.
_MEANT = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "chinesebig5": "big5hkscs",
    "big5": "big5hkscs",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "korean": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "unicode": "utf-8",
    "x-unknown": "utf-8",
    "unknown-8bit": "utf-8",
    "default": "utf-8",
    "uft-8": "utf-8",
    "utf": "utf-8",
    "utf-8mb4": "utf-8",
    "macintosh": "mac_roman",
    "x-mac-roman": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
}
_LONGEST_LABEL = 100  # characters
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # utf-7 decodes them, and no codec can encode them again
_LABELS_OF_NOTHING = ("", "cp1252", "utf-8")
_JIS_X_0208 = b"\x1b$B"
_JIS_X_0213 = b"\x1b$(Q"  # contains the vendor characters (circled digits) that strict ISO-2022-JP lacks


def codec_name(label: str) -> str:
    """
    The name of the Python codec for a charset label; "" if there is none.

    Odd spellings seen in real mail, such as `cp-850`, `"UTF8"` and `_iso…$esc`, are understood.
    """
    if len(label) > _LONGEST_LABEL:
        return ""  # `codecs` keeps every name that it was asked for in memory
    name = label.strip().strip("\"'_").strip().lower().split("$")[0]
    name = _MEANT.get(name, name)
    for candidate in (name, re.sub(r"^(cp|windows|win|ibm|dos)[-_ ]?(\d+)$", r"cp\2", name), re.sub(r"^x-", "", name)):
        candidate = _MEANT.get(candidate, candidate)
        try:
            info = codecs.lookup(candidate)
        except (LookupError, ValueError):  # ValueError: an embedded NUL
            continue
        # "hex", "zlib" and "rot13" are codecs too, but not charsets.
        return info.name if getattr(info, "_is_text_encoding", True) and info.name not in _NOT_CHARSETS else ""
    return ""


_NOT_CHARSETS = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}


def decode(data: bytes, label: str = "") -> str:
    """
    The text of `data`. Never raises, and keeps everything that can be read.

    The declared charset is tried strictly, then UTF-8, then the declared charset with replacement characters, because wrong
    labels are more common than damaged texts; before that, what the octets themselves tell (E22). CR LF and backslashes are not
    changed.
    """
    name = codec_name(label)
    if name.startswith("iso2022_jp"):
        return _decode_japanese(data, name)
    # ISO-2022-JP looks like ASCII with escape sequences, and some clients do not declare it.
    if name in _LABELS_OF_NOTHING and _JIS_X_0208 in data and data.isascii():
        return _decode_japanese(data, "iso2022_jp")
    if not name or name == "cp1252" or name == "utf-8":
        return _utf8_or_western(data)
    try:
        return _LONE_SURROGATE.sub("\ufffd", data.decode(name))
    except (UnicodeError, ValueError):
        pass
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        if guessed := mislabelled.codec_of(data):
            return data.decode(guessed)
        return _LONE_SURROGATE.sub("\ufffd", data.decode(name, "replace"))


def _utf8_or_western(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if guessed := mislabelled.codec_of(data):
            return data.decode(guessed)
        readable = data[: error.start]
        # A text with any valid UTF-8 sequence is UTF-8 with a damaged byte; without one it is Western (cp1252).
        rest = data[error.start :].decode("utf-8", "ignore")
        if any(byte >= 0x80 for byte in readable) or any(ord(char) >= 0x80 for char in rest):
            return data.decode("utf-8", "replace")
        return data.decode("cp1252", "replace")


def _decode_japanese(data: bytes, name: str) -> str:
    attempts = ((data, name), (data.replace(_JIS_X_0208, _JIS_X_0213), "iso2022_jp_2004"), (data, "utf-8"))
    for raw, codec in attempts:
        try:
            return raw.decode(codec)
        except (UnicodeError, ValueError):
            continue
    if guessed := mislabelled.codec_of(data):
        return data.decode(guessed)
    return data.decode(name, "replace")
