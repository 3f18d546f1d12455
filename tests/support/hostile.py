"""Small pieces of mail that make a slow reader slow when they are repeated (E1): texts, pages, fields, trees."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Mail = Callable[[int], bytes]

# What stands in a body, by itself and after an "x", before an "x" and before a line's end.
TEXTS: Mapping[str, str] = {
    "danger that is unsaid": "the minutes, my husband hits our son ", "words of danger": "he may fall on the wall, never ", "weak signs": "scared of her. he drinks. ", "words apart": "damp. mould. heating broken. ",
    "blanks": " ", "tabs": "\t", "no-break blanks": "\xa0", "vertical tabs": "\v", "lines": "\n", "blank lines": "\n \n", "blanks and lines": " \n",
    "dots": ".", "dashes": "-", "equals": "=", "underscores": "_", "stars": "*", "angles": ">", "angles apart": "> ", "quoted lines": "> a\n",
    "quoted and own": "> a\nb\n", "opening": "<", "closing and opening": "><", "letters": "a", "capitals": "A", "accented": "é", "Chinese": "中",
    "Greek": "α", "combining": "\u0301", "accents of two classes": "\u0301\u0316", "accents that NFKD makes": "\u0f73", "half-width marks": "\uff9e\u0f73", "accented letters": "e\u0301\u0316",
    "right to left": "\u200fא", "joiners": "\u200d", "soft hyphens": "g\u00ad", "wide letters": "Ａ", "ligatures": "ﬁ", "phone numbers": "020 7946 0001 ", "lines of a form": "Name: Edward\nEmail: a@b.example\n", "emoji": "🔥", "zero width": "\u200b", "bidi": "\u202e", "lone digits": "1 ", "digits": "1", "dotted digits": "1.",
    "status": "5.1.1 ", "words": "ab ", "short lines": "a\n", "colons": ":", "colon lines": "a:\n", "at signs": "@", "half addresses": "a@", "addresses": "a@b.example ",
    "joined addresses": "a@b.", "bracketed": "<a@b.example>", "listed": "a@b.example,", "quotes": '"', "apostrophes": "'", "backslashes": "\\", "commas": ",",
    "semicolons": ";", "slashes": "/", "opening brackets": "[", "brackets": "[]", "parentheses": "(", "closed parentheses": "()", "braces": "{{", "ampersands": "&",
    "questions": "?", "exclamations": "!", "a dot": "a.", "a dash": "a-", "sentences": "a. ", "marks": ". ", "carriage": "\r", "NUL": "\x00",
    # quotations
    "on": "On ", "on wrote": "On Monday, X wrote:\n", "on wrote address": "On 1 Dec 2026 at 10:12, A <a@b.example> wrote:\n", "answered": "On Monday, X wrote:\n> hi\n",
    "wrote": "wrote ", "wrote lines": "wrote:\n", "years": "2026 ", "dates": "2026-11-30 ", "original": "-----Original Message-----\n", "original dashes": "----- ",
    "from": "From: a\n", "from block": "From: a@b.example\nSent: x\nTo: y\nSubject: z\n\n", "to": "To: x\n", "to spaced": "To : ", "labels": "--- ab ---\n", "forward": "Begin forwarded message:\n",
    "reply above": "## reply ", "arrows": ">>> a 1:1 ", "signature": "-- \n", "rules": "-----\n", "underscored rules": "_____\n", "fence": "-- ", "fence line": "-- write above this line --\n",
    # links
    "url": "http://", "urls": "https://a.example ", "url signs": "https://a/", "linked": "<https://a> ", "open links": "<https://", "markdown": "[a](https://b) ", "open markdown": "[a](", "cid": "[cid:",
    "pictures": "[image] ", "mailto": "mailto:", "www": "www.", "sites": "ab.cd ",
    # files and reports
    "begin": "begin 644 a\n", "begin and end": "\nbegin 644 a\nend\n", "uuencoded": "M" + "A" * 60 + "\n", "begin names": "begin 644 ", "recipients": "<a@b.example>: why\n", "recipient words": "recipient ",
    "final recipients": "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n", "rcpt": "RCPT TO:<", "account": "account ", "host": "host ", "user is": "user is ", "does not have": "does not have an ",
    "undelivered": "could not be delivered ", "returned": "original message\n", "received": "Received: from x by y; ", "smtp": "550 ", "said": "said ",
    # what residents and staff say
    "references": "RBN-7H4-29P ", "half references": "RBN-", "reference halves": "RBN-7H4-", "digest": "RBN-7H4-29P DONE\n", "thanks": "thanks ", "thank you": "thank you very much for your ", "very": "very ", "so": "so ",
    "ok": "ok ", "x": "x ", "score": "5 ", "scores": "5\n", "out of": "5 / 5 ", "news": "any news ", "waiting": "still waiting ", "stop": "please stop sending me ", "quiet": "no more emails please ", "easy read": "easy read ", "large print": "large print ", "in": "in ",
    "dates said": "3 Dec ", "days": "mon ", "next": "next ", "until": "until ", "ranges": "3-4 ", "from to": "from 3 Dec to ", "in days": "in 3 days ", "by": "by ", "or": "or ",
    "done": "DONE ", "done lines": "DONE\n", "note": "NOTE: ", "starred": "**DONE** ", "away": "AWAY ", "pass": "PASS ", "cover": "cover ", "covered": "covered by is ", "update": "UPDATE\n",
    "hello": "Hello ", "hello Edward": "Hello Edward, ", "good": "good ", "regards": "Kind regards\n", "signed": "Regards\nEdward Quan\n", "many thanks": "many thanks and ",
    # machines' words
    "automatic": "This is an automated message. ", "automatic lines": "this is an automatic ", "note that": "please note: ", "do not reply": "please do not reply to this ", "mailbox": "this mailbox ", "away from": "away from ", "is out": "a is ",
    "out of office": "out of the office ", "leave": "on leave ", "generated": "was generated ", "system": "system ",
    "sent from": "Sent from my ", "get": "Get Outlook for ", "excuse": "Please excuse ", "caution": "CAUTION: ", "external": "[EXTERNAL] ", "external lines": "[EXTERNAL]\n", "originated": "This email originated from ",
    "click": "do not click ", "cautious": "be cautious ", "confidential": "confidential ", "intended": "this email and ", "disclaimers": "\n\nThis email is intended for the addressee.", "aka": "You don't often get email from a@",
    "gas": "smell gas ", "postcodes": "W10 5 ", "half postcodes": "W1", "own id": "abcdef.ar.", "own tags": "abcdefs", "header lines": "X-A: b\n", "markup": "# a\n- b\n", "templates": "{% raw %}", "title": "Dr. ",
}  # fmt: skip

# What stands in a page of HTML.
PAGES: Mapping[str, str] = {
    "div": "<div>", "closed div": "<div>a</div>", "ends": "</div>", "paragraphs": "<p>a", "bold": "<b><i>", "style": "<style", "styles": "<style>", "style ends": "<style></style", "script": "<script>", "scripts": "<script>a</script>",
    "comment": "<!--", "comments": "<!-- a -->", "declaration": "<!", "cdata": "<![CDATA[", "xml": "<?xml ", "instruction": "<?", "title": "<title>", "template": "<template ", "links": "<a href='", "open link": '<a href="x', "tables": "<table>",
    "table rows": "<table><tr><td>", "rows": "<tr><td>a</td></tr>", "cells": "<td>a", "wide cells": "<td>a\n\n\n", "hidden": "<span style='display:none'>a</span>", "hidden blocks": "<div style='display:none'>", "ampersands": "&", "references": "&#", "numbered": "&#x202e;",
    "amp": "&amp;", "no-break": "&nbsp;", "long entity": "&aaaaaaaa", "less": "<", "half end": "</", "breaks": "<br>", "paragraph lines": "<p>a</p>\n", "half tag": "<a b", "attributes": 'a="b" ', "styled": "<p style='margin:1em; padding: 2em'>a</p>", "css": "a:b;",
    "fonts": "<font>", "items": "<li>a", "lists": "<ul><li>", "quotations": "<blockquote>", "pre": "<pre> a", "pictures": "<img src='data:image/png;base64,AAAA'>", "alts": "<img alt='a'>", "blanks": " ", "lines": "\n", "no-break blanks": "\xa0", "words": "ab ", "letters": "a",
    "headings": "<h1>a</h1>", "forms": "<form><input>", "svg": "<svg><g>", "namespaces": "<o:p>a</o:p>", "equals": "<div =", "quotes": "<p a='\"", "NUL": "\x00", "frames": "<iframe>", "options": "<select><option>", "meta": "<meta charset=", "body": "<body>", "base": "<base href='x'>",
}  # fmt: skip

# What stands in a field, and the fields it stands in.
VALUES: Mapping[str, str] = {
    "quotes": '"', "escapes": "\\", "quoted escapes": '"\\', "quoted": '"a" ', "parentheses": "(", "comments": "()", "closing": ")", "escaped comments": "(\\)", "opening": "<", "angles": "<>", "ends": ">", "addresses": "<a@b.example>, ", "bare": "a@b.example, ",
    "joined": "a@b.", "named": "A B <a@b.example>, ", "commas": ",", "names": "a, ", "semicolons": ";", "colons": ":", "groups": "a:", "group members": "a: b@c.example;", "at signs": "@", "half addresses": "a@", "dots": ".", "blanks": " ", "tabs": "\t", "letters": "a", "words": "Ab ", "initials": "A.",
    "dashes": "a-", "apostrophes": "a'", "digits": "1", "numbers": "1 ", "encoded": "=?utf-8?q?a?= ", "encoded lines": "=?utf-8?b?YQ==?=\r\n ", "half encoded": "=?", "open encoded": "=?a?q?", "open questions": "=?a?q??", "charsets": "=?utf-8*en?q?=41?=", "folded": "a\r\n ", "folds": "\r\n ",
    "8-bit": "é", "route": "@a,", "equals": "=", "bars": "|", "brackets": "[", "tags": "[x] ", "gateways": "[EXTERNAL] ", "stars": "*", "half tags": "[ ", "external": "EXT ",
    "replies": "Re: ", "counted": "Re[1]: ", "spaced": "Re : ", "forwards": "Fwd: ", "mixed": "RE: FW: ", "automatic": "Automatic ", "auto": "auto-", "auto replies": "Automatic reply: ", "holiday": "on holiday ", "out": "a is out of the office ", "references": "RBN-7H4-29P ", "half references": "RBN-", "questions": "?!", "sites": "a.b",
    "ids": "<a@b.example> ", "half ids": "<a@", "own": "<abcdef.ar.", "received": "from x by y; ", "results": "dmarc=pass ", "more results": "; dmarc=fail", "spaced results": "dmarc / 1 ", "parameters": "; a=b", "quoted parameters": '; a="b', "continued": "; name*0*=a", "stars of names": ";a*", "percents": "%41", "boundaries": "; boundary=b",
    "report": "Report Domain:", "yes": "yes ", "SCL": "SCL:", "all": "All,", "via": " via ", "titles": "Mr. ", "parts": "text/plain ", "dates": "Mon, ", "zones": "+0000 ", "reply to": "no-reply-", "bounces": "bounce-", "backslash digits": "\\1", "surrogates": "\udce9",
}  # fmt: skip
FIELDS = (
    "From", "To", "Cc", "Reply-To", "Sender", "Subject", "Message-ID", "In-Reply-To", "References", "Date", "Received", "Return-Path", "Authentication-Results", "Content-Type", "Content-Disposition", "Content-Transfer-Encoding", "List-Id",
    "Auto-Submitted", "X-Failed-Recipients", "X-Forefront-Antispam-Report", "X-Auto-Response-Suppress", "Delivered-To", "Precedence", "X-Spam-Status",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece that is repeated, and what stands before and behind all of them."""

    name: str
    unit: str
    before: str = ""
    behind: str = ""

    def __str__(self) -> str:
        return f"{self.before.strip()} {self.name}".strip()

    def grown(self, size: int) -> str:
        """So many characters of it, nearly."""
        room = size - len(self.before) - len(self.behind)
        return self.before + self.unit * (room // len(self.unit)) + self.behind


def pieces(units: Mapping[str, str], before: str = "") -> list[Piece]:
    """Every piece, with an end at which a pattern fails that was fond of it."""
    return [Piece(name, unit, before, "\x01x") for name, unit in units.items()]


def mail(text: str = "Good morning.\r\n", **changes: str) -> bytes:
    """A resident's mail; fields by name, `_` for `-`. Lone surrogates are the octets they stand for."""
    fields = {
        "From": "Edward Quan <edward@resident.example>",
        "To": "housing@northgate.example",
        "Subject": "Damp in the bedroom",
        "Date": "Mon, 30 Nov 2026 10:12:00 +0000",
        "Message-ID": "<first@resident.example>",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{head}\r\n{text}".encode("utf-8", "surrogateescape")


def _nested(size: int, kind: str = "multipart/mixed; boundary=b{0}", depth: int = 10_000, leaf: str = "a\r\n") -> bytes:
    """Parts in parts, a boundary each, and lines in the innermost."""
    heads: list[str] = []
    length = 0
    while length < size and len(heads) < depth:
        heads.append(f"--b{len(heads) - 1}\r\n" * bool(heads) + f"Content-Type: {kind.format(len(heads))}\r\n\r\n")
        length += len(heads[-1])
    return b"From: a@resident.example\r\n" + "".join(heads).encode() + leaf.encode() * ((size - length) // len(leaf))


def _attached(size: int) -> bytes:
    """Mails in mails."""
    one = b"Content-Type: message/rfc822\r\n\r\n"
    return b"From: a@resident.example\r\n" + one * (size // len(one)) + b"\r\nhi\r\n"


def _many(
    size: int, part: bytes = b"\r\na\r\n", kind: bytes = b"multipart/mixed", mark: bytes = b"b", head: bytes = b""
) -> bytes:
    """Small parts beside each other."""
    one = b"--" + mark + b"\r\n" + part
    top = b"From: a@resident.example\r\n" + head + b"Content-Type: " + kind + b'; boundary="' + mark + b'"\r\n\r\n'
    return top + one * (size // len(one)) + b"--" + mark + b"--\r\n"


def _encoded(encoding: str, unit: bytes, charset: str = "utf-8", content: str = "text/plain") -> Mail:
    top = mail("", Content_Transfer_Encoding=encoding, Content_Type=f"{content}; charset={charset}")
    return lambda size: top + unit * (size // len(unit))


def _fields(unit: bytes) -> Mail:
    return lambda size: unit * (size // len(unit)) + mail()


def _numbered(size: int) -> bytes:
    """A thousand sections of one file name, then more of them."""
    sections = "".join(f";\r\n name*{number}*=a%41" for number in range(size // 16))
    return mail("x", Content_Type=f"text/plain{sections}")


def _many_recipients(size: int) -> bytes:
    block = b"Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    return _report(block * (size // len(block)))


def _report(status: bytes, kind: bytes = b"message/delivery-status") -> bytes:
    return (
        b"From: MAILER-DAEMON@relay.example\r\nTo: housing@northgate.example\r\nSubject: Undelivered Mail Returned to Sender\r\nReturn-Path: <>\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nIt came back.\r\n--b\r\nContent-Type: "
        + kind + b"\r\n\r\n" + status + b"\r\n--b--\r\n"
    )  # fmt: skip


def _repeated(unit: bytes, before: bytes = b"") -> Callable[[int], bytes]:
    return lambda size: before + unit * (size // len(unit))


# Whole mails that no repeated piece of one body or field makes.
TREES: Mapping[str, Mail] = {
    "nested": _nested,
    "nested 25 deep, short lines": lambda size: _nested(size, depth=25),
    "nested 900 deep, short lines": lambda size: _nested(size, depth=900),
    "nested 900 deep, dashes": lambda size: _nested(size, depth=900, leaf="--\r\n"),
    "nested, one boundary": lambda size: _nested(size, kind="multipart/mixed; boundary=b"),
    "nested, folded boundary": lambda size: _nested(size, kind="multipart/mixed;\r\n boundary=b{0}"),
    "nested, quoted boundary": lambda size: _nested(size, kind='multipart/mixed; boundary="b{0}"', depth=900),
    "nested, continued boundary": lambda size: _nested(size, kind="multipart/mixed; boundary*0=b{0}", depth=900),
    "nested, encoded boundary": lambda size: _nested(size, kind="multipart/mixed; boundary*=us-ascii''b{0}", depth=900),
    "nested, commented boundary": lambda size: _nested(size, kind="multipart/mixed (a); x=y; BOUNDARY = b{0}", depth=900),
    "nested digests": lambda size: _nested(size, kind="multipart/digest; boundary=b{0}", depth=900),
    "nested reports": lambda size: _nested(size, kind="multipart/report; boundary=b{0}", depth=900),
    "nested alternatives": lambda size: _nested(size, kind="multipart/alternative; boundary=b{0}", depth=25),
    "nested mails with parts": lambda size: _nested(size, kind="message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=b{0}", depth=900),
    "mails in mails": _attached,
    "mails in mails, then lines": lambda size: _attached(size // 4) + b"a\r\n" * (size // 4),
    "parts": _many,
    "empty parts": lambda size: _many(size, b""),
    "parts, long boundary": lambda size: _many(size, mark=b"b" * 70),
    "boundaries like it": lambda size: _many(1, b"\r\n" + b"--b-\r\n" * (size // 6)),
    "closed boundaries": lambda size: _many(1, b"--b--\r\n" * (size // 7)),
    "dashes and lines": lambda size: _many(1, b"\r\n" + b"--\r\n" * (size // 4)),
    "parts with heads": lambda size: _many(size, b"X: y\r\nContent-Type: text/html\r\nContent-Disposition: inline; filename=a\r\n\r\n<p>a\r\n"),
    "alternatives": lambda size: _many(size, b"Content-Type: text/html\r\n\r\n<p>a\r\n", b"multipart/alternative"),
    "related": lambda size: _many(size, b"Content-ID: <a@b>\r\nContent-Type: image/png\r\n\r\na\r\n", b"multipart/related"),
    "digest": lambda size: _many(size, b"\r\nSubject: a\r\n\r\na\r\n", b"multipart/digest"),
    "files": lambda size: _many(size, b"Content-Type: application/pdf; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"),
    "report parts": lambda size: _many(size, b"Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822;a@b.example\r\n\r\n", b"multipart/report", head=b"Return-Path: <>\r\nSubject: Undelivered\r\n"),
    "mails beside each other": lambda size: _many(size, b"Content-Type: message/rfc822\r\n\r\nMessage-ID: <abcdef.ar.>\r\n\r\na\r\n", b"multipart/report", head=b"Return-Path: <>\r\nSubject: Undelivered\r\n"),
    "one large file": lambda size: _many(1, b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUFB\r\n" * (size // 6)),
    "one large picture": lambda size: _many(1, b"Content-Type: image/png\r\n\r\n" + b"QUFB\r\n" * (size // 6)),
    "short lines": lambda size: mail("a\r\n" * (size // 3)),
    "bare lines": lambda size: mail("\n" * size),
    "bare returns": lambda size: mail("\r" * size),
    "mixed ends": lambda size: mail("\r\n\r" * (size // 3)),
    "returns only": lambda size: mail("a\r" * (size // 2)).replace(b"\n", b""),
    "one line": lambda size: mail("a" * size),
    "recipients": _many_recipients,
    "recipients in one block": lambda size: _report(b"Final-Recipient: rfc822; a@b.example\r\n" * (size // 40)),
    "status fields": lambda size: _report(b"X: y\r\n" * (size // 6)),
    "status folds": lambda size: _report(b"X: y" + b"\r\n y" * (size // 4)),
    "status blanks": lambda size: _report(b"\r\n" * (size // 2)),
    "status of blanks": lambda size: _report(b"Final-Recipient: rfc822;" + b" " * size),
    "global status": lambda size: _report(b"Final-Recipient: rfc822; a@b.example\r\n\r\n" * (size // 44), b"message/global-delivery-status"),
    "global status blanks": lambda size: _report(b" \r\n" * (size // 3), b"message/global-delivery-status"),
    "global status folds": lambda size: _report(b"X: y" + b"\n y" * (size // 3), b"message/global-delivery-status"),
    "global status blank run": lambda size: _report(b"X: y\n" + b" " * size, b"message/global-delivery-status"),
    "status encoded": lambda size: _report(b"=\r\n" * (size // 3), b"message/delivery-status\r\nContent-Transfer-Encoding: quoted-printable"),
    "status of dots": lambda size: _report(b"Final-Recipient: rfc822; " + b"." * size),
    "sections of a name": _numbered,
    "base64": _encoded("base64", b64encode(b"a" * 54) + b"\r\n"),
    "broken base64": _encoded("base64", b"=\r\n"),
    "base64 blanks": _encoded("base64", b" "),
    "base64 letters": _encoded("base64", b"QUFB"),
    "quoted-printable": _encoded("quoted-printable", b"=C3=A9 "),
    "quoted-printable soft": _encoded("quoted-printable", b"=\r\n"),
    "quoted-printable equals": _encoded("quoted-printable", b"="),
    "quoted-printable blanks": _encoded("quoted-printable", b" "),
    "uuencode": _encoded("x-uuencode", b"M" + b"A" * 60 + b"\r\n"),
    "uuencode begins": _encoded("x-uuencode", b"begin 644 a\r\n"),
    "encoding comments": lambda size: mail("x", Content_Transfer_Encoding="(" * size),
    "utf-7": _encoded("8bit", b"+AGE-", "utf-7"),
    "utf-7 open": _encoded("8bit", b"+", "utf-7"),
    "utf-7 surrogates": _encoded("8bit", b"+2AA-", "utf-7"),
    "utf-16": _encoded("8bit", b"a\x00\n\x00", "utf-16le"),
    "Japanese": _encoded("7bit", b"\x1b$B$3\x1b(B", "iso-2022-jp"),
    "Japanese escapes": _encoded("7bit", b"\x1b$B", "us-ascii"),
    "Japanese circled": _encoded("7bit", b"\x1b$B-!\x1b(B", "iso-2022-jp"),
    "hz": _encoded("7bit", b"~{", "hz"),
    "gb18030": _encoded("8bit", b"\x81\x30\x81\x30", "gb2312"),
    "broken gb18030": _encoded("8bit", b"\xff", "gb2312"),
    "big5": _encoded("8bit", b"\xa4\x40\xff", "big5"),
    "unknown charset": _encoded("8bit", b"\xe9a ", "x-none"),
    "8-bit, no charset": _encoded("8bit", b"\xe9a\xc3\xa9 ", ""),
    "idna": _encoded("8bit", b"xn--", "idna"),
    "punycode": _encoded("8bit", b"a", "punycode"),
    "escapes": _encoded("8bit", b"\\", "unicode-escape"),
    "flowed": _encoded("8bit", b"a \r\n", "utf-8; format=flowed"),
    "flowed delsp": _encoded("8bit", b"a \r\n", "utf-8; format=flowed; delsp=yes"),
    "flowed quoted": _encoded("8bit", b"> a \r\n", "utf-8; format=flowed"),
    "flowed blanks": _encoded("8bit", b" \r\n", "utf-8; format=flowed"),
    "other fields": _fields(b"X-A: b\r\n"),
    "fields of one name": _fields(b"To: a@b.example\r\n"),
    "received fields": _fields(b"Received: from x by y; Mon, 30 Nov 2026 10:12:00 +0000\r\n"),
    "result fields": _fields(b"Authentication-Results: mx.northgate.example; dmarc=pass (\\\r\n"),
    "subject fields": _fields(b"Subject: RBN-7H4-29P\r\n"),
    "list fields": _fields(b"List-A: b\r\n"),
    "garbage lines": _fields(b"garbage\r\n"),
    "spaced names": _fields(b"A : b\r\n"),
    "blank names": _fields(b": b\r\n"),
    "name of letters": _fields(b"A"),
    "blanks of a name": lambda size: b"A" + b" " * size + b": b\r\n" + mail(),
    "names of blanks": _fields(b"A B"),
    "returns in the head": lambda size: b"X: a" + b"\r" * size + b"\r\n" + mail(),
    "NUL in the head": lambda size: b"X: a" + b"\x00" * size + b"\r\n" + mail(),
    "folds in the head": lambda size: b"X: a" + b"\r\n b" * (size // 4) + b"\r\n" + mail(),
    "blank folds in the head": lambda size: b"X: a" + b"\r\n " * (size // 3) + b"\r\n" + mail(),
    "multiparts in the head": _fields(b"Content-Type: multipart/\r\n"),
    "multipart folded for ever": lambda size: b"Content-Type: multipart/mixed" + b"\r\n boundary" * (size // 11) + b"\r\n\r\nx",
    "multipart of blanks": lambda size: b"Content-Type: multipart/mixed; boundary" + b" " * size + b"\r\n\r\nx",
    "multipart of tabs": lambda size: b"Content-Type:" + b"\t" * size + b"\r\n\r\nx",
    "meta": lambda size: mail("<meta " + "<meta a " * (size // 8), Content_Type="text/html"),
    "pictures shown": lambda size: _many(size // 2, b"Content-Type: image/png\r\nContent-ID: <a@b>\r\n\r\na\r\n", b"multipart/related") + b"<img src=cid:a>" * (size // 32),
    "page and pictures": lambda size: _many(1, b"Content-Type: text/html\r\n\r\n" + b"<img src='cid:a@b'>" * (size // 40), b"multipart/related") + _many(size // 2, b"Content-Type: image/png\r\nContent-ID: <a@b>\r\n\r\na\r\n"),
    "a number of digits": lambda size: mail("<p>&#" + "1" * size + ";</p>", Content_Type="text/html"),
    "numbers of 5,000 digits": lambda size: mail("<p>" + ("&#" + "1" * 5_000 + ";") * (size // 5_003), Content_Type="text/html"),
    "a hexadecimal number": lambda size: mail("<p>&#x" + "a" * size + ";</p>", Content_Type="text/html"),
    "a label over header lines": lambda size: mail("Hi\n\n--- ab" + " " * size + "x\nFrom: a@b.example\nSent: x\nTo: y\nSubject: z\n"),
    "labels over header lines": lambda size: mail(("--- ab" + " " * 390 + "x\nFrom: a@b.example\nSent: x\nTo: y\nSubject: z\n") * (size // 450)),
    "ids": lambda size: mail("hi", References="<a@b.example> " * (size // 14)),
    "ids, a line each": lambda size: mail("hi", References="<a@b.example>\r\n " * (size // 16)),
    "names without addresses": lambda size: mail("hi", To="Ab, " * (size // 8), Cc="a; " * (size // 6)),
    "domain of accents": lambda size: mail("hi", From="a@" + "\u0301\u0316" * (size // 4) + ".example"),
    "domain of labels": lambda size: mail("hi", From="a@" + "a." * (size // 2) + "example", Reply_To="a@" + "é." * (size // 3) + "uk"),
    "empty": lambda size: b"\r\n" * (size // 2),
    "binary": _repeated(bytes(range(256))),
    "no fields": _repeated(b"a\n"),
    "bytes of zero": _repeated(b"\x00"),
    "mbox": _repeated(b"From a\n"),
    "angles": _repeated(b">From a\n"),
    "alternatives of letters": lambda size: _many(1, b"\r\n" + b"a " * 100 + b"\r\n--b\r\nContent-Type: text/html\r\n\r\n" + b"<i>b " * (size // 5), b"multipart/alternative"),
}  # fmt: skip
