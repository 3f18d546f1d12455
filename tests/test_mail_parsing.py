"""Any bytes become a Message: headers, addresses, texts and names as a mail client would show them."""

import time
from dataclasses import replace

import pytest

from ackbot.mail import mime
from ackbot.mail.addresses import Address, parse
from ackbot.mail.charsets import codec_name, decode
from ackbot.mail.headers import Headers, decode_words, instant, parameters
from ackbot.mail.message import Message
from ackbot.mail.text import TEXT_LIMIT
from tests.support.letters import letter


@pytest.mark.parametrize(
    "label",
    [
        "uft-8",
        "cp-850",
        "1",
        "",
        "_iso-2022-jp$esc",
        '"UTF8"',
        "x-unknown",
        "nonsense\0",
        "hex",
        "zlib",
        "unicode-escape",
    ],
)
def test_unknown_charsets_never_raise(label: str) -> None:
    """D21: LookupError ignores errors="replace"; a label of the wild must not stop anything."""
    assert decode(b"plain words", label) == "plain words"
    assert Message.parse(letter(content_type=f'text/plain; charset="{label}"')).text.startswith("There is damp")


def test_bytes_are_parsed_as_bytes() -> None:
    r"""D22: `C:\new\Users` and `\u2192` are text like any other."""
    text = "C:\\new\\Users and \\u2192 and \\x41\n"

    assert Message.parse(letter(text=text)).text == text.strip()


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        (b"caf\xe9", "utf-8", "café"),
        (b"caf\xc3\xa9", "iso-8859-1", "cafÃ©"),
        (b"caf\xc3\xa9", "us-ascii", "café"),
        (b"\x93quoted\x94", "iso-8859-1", "“quoted”"),
        ("Übergang → ok".encode(), "", "Übergang → ok"),
        (b"\x1b$B-!\x1b(B", "iso-2022-jp", "①"),
        ("스팸".encode("cp949"), "ks_c_5601-1987", "스팸"),
        (b"Fr+APY-sche", "unicode-1-1-utf-7", "Frösche"),
        (b"half a pair: +3p8-", "utf-7", "half a pair: \ufffd"),
    ],
)
def test_charset_repair(data: bytes, label: str, text: str) -> None:
    """D21: the declared charset when it fits, what it must have been when it does not."""
    expected = "café" if label == "iso-8859-1" and data == b"caf\xc3\xa9" else text

    assert decode(data, label) == expected


def test_codecs_that_are_no_charsets() -> None:
    """D21: Python has codecs that would turn text into something else."""
    assert [codec_name(name) for name in ("hex", "rot13", "idna", "punycode", "undefined")] == [""] * 5


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("=?utf-8?q?Caf=C3=A9?=", "Café"),
        ("=?utf-8?q?Caf=C3?= =?utf-8?q?=A9?=", "Café"),
        ("=?utf-8?B?w4TDtsO8?= =?utf-8?B?w58=?=", "Äöüß"),
        ("a=?utf-8?q?b?=c", "abc"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?utf-8?q?with spaces inside?=", "with spaces inside"),
        ("=?utf-8*en?q?lang?=", "lang"),
        ("=?nonsense?q?=E9?=", "é"),
        ("=?utf-8?B?broken", "=?utf-8?B?broken"),
        ("=?utf-8?B?YWJj=?=", "abc"),
        ("=?iso-2022-jp?B?GyRCJSIbKEI=?=", "ア"),
        ("plain", "plain"),
    ],
)
def test_encoded_words(raw: str, shown: str) -> None:
    """D23: RFC 2047 as clients write it, not as it asks."""
    assert decode_words(raw) == shown


def test_eight_bit_headers() -> None:
    """D23: raw UTF-8 and raw Western letters in headers are read."""
    raw = b"From: Jos\xc3\xa9 <jose@resident.example>\r\nTo: a@b.example\r\nSubject: Caf\xe9\r\n\r\nx\r\n"
    message = Message.parse(raw)

    assert message.from_ == (Address("José", "jose@resident.example"),)
    assert message.subject == "Café"


def test_header_injection_stays_one_line() -> None:
    """D27: an encoded CR LF in a subject or name is a blank."""
    message = Message.parse(
        letter(subject="=?utf-8?q?a=0D=0ABcc=3A_x=40y.example?=", sender="=?utf-8?q?Ed=0Award?= <e@r.example>")
    )

    assert message.subject == "a Bcc: x@y.example"
    assert message.from_[0].name == "Ed ward"


def test_bidi_and_control_characters_go() -> None:
    """D27: nothing invisible turns a name or subject round."""
    message = Message.parse(letter(subject="abc\u202egnp.exe\u2066", sender='"Ann\u200fa" <a@r.example>'))

    assert message.subject == "abcgnp.exe"
    assert message.from_[0].name == "Anna"


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("a@b.example", [("", "a@b.example")]),
        ("Ann <a@b.example>", [("Ann", "a@b.example")]),
        ('"Quan, Edward" <e@q.example>', [("Quan, Edward", "e@q.example")]),
        ("Quan, Edward <e@q.example>", [("Quan, Edward", "e@q.example")]),
        ("a@b.example (Ann Bell)", [("Ann Bell", "a@b.example")]),
        ("Pete(A \\) chap) <pete(his account)@silly.test(his host)>", [("Pete", "pete@silly.test")]),
        (
            "A Group:Chris <c@a.example>, joe@b.example; x@y.example",
            [("Chris", "c@a.example"), ("", "joe@b.example"), ("", "x@y.example")],
        ),
        ("undisclosed-recipients:;", []),
        ("<@relay.example,@other.example:a@b.example>", [("", "a@b.example")]),
        ("Ann a@b.example", [("Ann", "a@b.example")]),
        ("'Ann' <a@b.example>", [("Ann", "a@b.example")]),
        ("<>", []),
        ("", []),
        ('"unclosed <a@b.example>', [("unclosed", "a@b.example")]),
        ("a@b.example, , c@d.example,", [("", "a@b.example"), ("", "c@d.example")]),
    ],
)
def test_address_lists(raw: str, found: list[tuple[str, str]]) -> None:
    """D23: every way of writing a mailbox list that RFC 5322 allows, and some it does not."""
    assert parse(raw) == found


@pytest.mark.parametrize(
    ("addr", "usable"),
    [
        ("a@b.example", True),
        ("jdöe@mächine.example", True),
        ("x@local", False),
        ("EMAIL_FROM", False),
        ("a b@c.example", False),
        ("a@b..example", False),
        ("@b.example", False),
        ("a@.example", False),
        ("Postmaster\\@example.com@xxx.com", False),
    ],
)
def test_usable_addresses(addr: str, usable: bool) -> None:
    """D23: an invalid From is read, and known to be no address to answer to."""
    assert Address("", addr).usable is usable


@pytest.mark.parametrize(
    "spelling",
    [
        "Housing@Northgate.Example.",
        "housing@northgate.ｅxample",
        "housing@northgate．example",
        "housing@northgate。example",
    ],
)
def test_spellings_of_one_address(spelling: str) -> None:
    """D36: a domain in wide letters or with the dots of other scripts is the same domain (UTS #46)."""
    assert Address("", spelling).key == "housing@northgate.example"
    assert Address("", "a@MÄCHINE.example").key == Address("", "a@xn--mchine-bua.example").key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("STRAUß@web.example", "strauß@web.example"),
        ("ÉDOUARD@web.example", "édouard@WEB.example."),
        ("e\u0301douard@web.example", "édouard@web.example"),
        ("МАША@web.example", "маша@web.example"),
    ],
)
def test_one_person_by_two_spellings(one: str, other: str) -> None:
    """D36, RFC 6531: letter case and canonical composition are no difference."""
    assert Address("", one).key == Address("", other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("strauß@web.example", "strauss@web.example"),
        ("ſam@web.example", "sam@web.example"),
        ("ｓam@web.example", "sam@web.example"),
        ("ﬁona@web.example", "fiona@web.example"),
        ("x²@web.example", "x2@web.example"),
        ("édouard@web.example", "edouard@web.example"),
        ("sam@weß_.example", "sam@wess_.example"),
    ],
)
def test_two_people_with_like_addresses(one: str, other: str) -> None:
    """E3, RFC 6531: parties and staff are known by their keys, so whoever has a like address is somebody else."""
    assert Address("", one).key != Address("", other).key


def test_encoded_address_field() -> None:
    """D23: a client encoded the whole field, address and all."""
    assert Message.parse(letter(sender="=?utf-8?q?Ann_=3Ca=40b=2Eexample=3E?=")).author == Address("Ann", "a@b.example")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ('attachment; filename="a b.jpg"', "a b.jpg"),
        ("attachment; filename=photo.jpg", "photo.jpg"),
        ("attachment; filename*=UTF-8''re%C3%A7u%20%C3%A9t%C3%A9.jpg", "reçu été.jpg"),
        ("attachment; filename*0=long; filename*1=name.pdf", "longname.pdf"),
        ("attachment; filename*0*=UTF-8''%C3%A9; filename*1=a.pdf", "éa.pdf"),
        ('attachment; filename="=?utf-8?B?w6kucGRm?="', "é.pdf"),
        ('attachment; filename="semi;colon.txt"', "semi;colon.txt"),
        ('attachment; filename="quo\\"te.txt"', 'quo"te.txt'),
    ],
)
def test_attachment_names(value: str, name: str) -> None:
    """D23: RFC 2231 and everything clients do instead."""
    assert parameters(value, Headers([]))[1]["filename"] == name


@pytest.mark.parametrize(
    "value",
    ["", "yesterday", "Mon, 99 Foo 2026 25:61:61 +9999", "x" * 10_000, "Mon, 30 Nov 2026 10:12:00 +99999999"],
)
def test_broken_dates(value: str) -> None:
    """D23: a Date that cannot be read is none; over-long ones cost nothing."""
    assert instant(value) is None


HOSTILE = [
    b"",
    b"\n\n\n",
    b"// Not an RFC-822 Document",
    b"From: a@b.example",
    b"\x00" * 500,
    bytes(range(256)) * 20,
    b"Message-ID: <[x]@y>\r\n\r\n",
    b"Subject: " + b"((((" * 5_000 + b"\r\n\r\n",
    b"From: " + b"(" * 60_000 + b"\r\n\r\nx",
    b"To: " + b"a@b.example, " * 20_000 + b"\r\n\r\nx",
    b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n--\r\n",
    b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nhello\r\n--x--",
    b"Content-Type: text/plain; charset=utf-16\r\n\r\nodd",
    b"Content-Transfer-Encoding: base64\r\n\r\n====",
    b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Type: text/html\r\n\r\n" + b"<div>" * 20_000,
    b"Content-Type: text/html\r\n\r\n<" + b"a " * 50_000,
    b"Subject: =?utf-8?b?" + b"A" * 50_000 + b"?=\r\n\r\n",
    b"Subject: " + b"=?utf-8?q?=?=" * 5_000 + b"\r\n\r\n",
    b"A: b\r\n" * 20_000 + b"\r\nx",
]


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
def test_parse_never_raises(raw: bytes) -> None:
    """P1, D4: any bytes give a Message whose every part can be read."""
    message = Message.parse(raw)

    assert isinstance(message.new_text + message.subject + message.fingerprint + message.text_hash, str)
    assert message.report in (None, "delivery-status", "disposition-notification", "feedback-report", "calendar")
    assert isinstance(message.failed_recipients, tuple)
    assert message.returned == ()


def test_deep_nesting_is_read_by_its_head() -> None:
    """D4, D25: 3,000 nested multiparts neither raise nor take long; sender and subject are still known."""
    raw = b"From: Ann <a@b.example>\r\nSubject: deep\r\n"
    for level in range(3_000):
        raw += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
    started = time.process_time()
    message = Message.parse(raw)

    assert message.subject == "deep"
    assert message.author == Address("Ann", "a@b.example")
    assert time.process_time() - started < 20  # a bound against the exponential, not a measurement


def test_ten_thousand_parts() -> None:
    """D4: a mail of 10,000 parts is read as far as 200 of them."""
    raw = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    raw += (
        b"".join(b"--b\r\nContent-Type: image/png; name=%d.png\r\n\r\nx\r\n" % number for number in range(10_000))
        + b"--b--\r\n"
    )

    assert 100 < len(Message.parse(raw).attachments) <= 200


@pytest.mark.parametrize(
    "head",
    [
        b"From x@y Mon Jan 1 00:00:00 2026\nFrom: a@b.example\nSubject: s\n",
        b"\r\n\r\nFrom: a@b.example\r\nSubject: s\r\n",
        b"From: a@b.example\r\nthis is no header\r\nSubject: s\r\n",
        b"From: a@b.example\r\rSubject: s\r".replace(b"\r\r", b"\r"),
        b"From: a@b.example\r\r\nSubject: s\r\r\n",
        b"\xef\xbb\xbfFrom: a@b.example\r\nSubject: s\r\n",
        b"From: a@b.example\r\nSub\x00ject: s\r\n",
        b"From : a@b.example\r\nSubject : s\r\n",
    ],
)
def test_mended_heads(head: bytes) -> None:
    """D23: where a strict parser would stop reading fields, a mail client reads on."""
    newline = b"\r" if b"\n" not in head else b"\n"
    message = Message.parse(head + newline + b"body")

    assert (message.subject, message.text) == ("s", "body")
    assert message.author == Address("", "a@b.example")


def test_files_are_not_read() -> None:
    """D19: the content of encoded files is left out before the parser meets it; what only looks like one within a text stays."""
    file = b"QUJD" * 18 + b"\r\n"
    photo = b"--b\r\nContent-Type: image/jpeg\r\nContent-Disposition: attachment; filename=wall.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    source = photo.replace(b"--b", b"--inside") + file * 100 + b"--inside--\r\n"
    text = (
        b"--b\r\nContent-Type: text/plain\r\n\r\nLook.\r\nContent-Type: multipart/mixed; boundary=inside\r\n\r\n"
        + source
    )
    head = b'From: a@b.example\r\nContent-Type: multipart/mixed;\r\n boundary="b"\r\n\r\n'
    raw = head + text + photo + file * 100 + b"--b--\r\n"
    whole = Message.parse(raw)
    without = Message.parse(head + text + photo + b"--b--\r\n")

    assert replace(whole, attachments=()) == replace(without, attachments=(), fingerprint=whole.fingerprint)
    assert [one.octets for one in whole.attachments] == [len(file) * 100 - 2]
    assert whole.text.count("QUJDQUJD") == 900
    assert [(one.name, one.section) for one in whole.attachments] == [("wall.jpg", "2")]
    assert [leaf.body for leaf in mime.parse(raw).leaves()][1] == b""


def test_text_is_bounded() -> None:
    """D25: the text that is kept is limited; the whole mail stays in the mailbox (D26)."""
    assert len(Message.parse(letter(text="word " * 100_000)).text) <= TEXT_LIMIT


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("<a@b>", "<a@b>"),
        ("<>", ""),
        ("< >", ""),
        ("", ""),
        ("no brackets", ""),
        ("<a@b> <c@d>", "<a@b>"),
        ("<a\r\n b@c>", "<ab@c>"),
        ("<" + "x" * 2_000 + ">", ""),
    ],
)
def test_message_ids(field: str, expected: str) -> None:
    """D13: a Message-ID that makes no sense counts as missing."""
    assert Message.parse(letter(message_id=field)).message_id == expected


def test_fingerprint_knows_a_letter_again() -> None:
    """D14, design.md §5: Received lines, gateway tags and folding differ per inbox; the letter is the same."""
    first = letter(subject="Damp")
    again = b"Received: from other.example; Mon, 30 Nov 2026 10:13:00 +0000\r\n" + letter(
        subject="[EXTERNAL] Damp", text="There is damp in the bedroom.\n\n  Regards\nEdward Quan\n\n\n"
    )
    other = letter(subject="Damp", text="There is no damp.\n")

    assert Message.parse(first).fingerprint == Message.parse(again).fingerprint
    assert Message.parse(first).fingerprint != Message.parse(other).fingerprint
