"""One process reads a mail's bytes and hands plain data to another, which trusts none of it."""

import itertools
import json
import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from ackbot.casework.incoming.screening import Seen, screen
from ackbot.casework.model import Arrival
from ackbot.config import sample
from ackbot.mail import message, mime, plain, quoting, reports
from ackbot.mail.message import Message
from ackbot.mail.plain import (
    LONGEST_PACK,
    MOST_ENCLOSED,
    Enclosed,
    Limit,
    NotPlain,
    Read,
    from_plain,
    pack,
    to_plain,
    unpack,
)
from ackbot.work.explain import as_json, explain
from tests.labs.test_fuzz_lab import BODY, WHOLE, damaged
from tests.support.letters import letter

RARELY = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
RICH = (
    b"Return-Path: <>\r\nReceived: from a by b; Mon, 30 Nov 2026 10:12:00 +0000\r\nFrom: MAILER-DAEMON@mx.example\r\n"
    b"To: Housing <housing@northgate.example>\r\nX-Resident: Ann <ann@r.example>\r\nSubject: Undeliverable: Damp\r\n"
    b"Message-ID: <a@mx.example>\r\nReferences: <b@mx.example> <c@mx.example>\r\nDate: Mon, 30 Nov 2026 10:12:00 +0000\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n<ann@r.example>: user unknown\r\n\r\n"
    b"On Mon, 30 Nov 2026 at 10:12, Us <us@n.example> wrote:\r\n\r\nOld words.\r\n--b\r\nContent-Type: image/png; name=a.png\r\n\r\nx\r\n--b--\r\n"
)


def through(read: Read) -> Read:
    """Packed by one process and unpacked by another."""
    octets = pack(read)
    assert len(octets) <= LONGEST_PACK
    return unpack(octets)


def of_type(kind: Any, limit: Limit | None = None) -> some.SearchStrategy[Any]:
    """Any value of a declared type, within its limits."""
    arguments = get_args(kind)
    if get_origin(kind) is Annotated:
        return of_type(*arguments)
    if get_origin(kind) in (Union, UnionType):
        return some.none() | of_type(next(one for one in arguments if one is not NoneType), limit)
    if get_origin(kind) is Literal:
        return some.sampled_from(arguments)
    if get_origin(kind) is tuple and arguments[-1] is Ellipsis:
        return some.lists(of_type(arguments[0]), max_size=3).map(tuple)
    if get_origin(kind) is tuple:
        return some.tuples(*map(of_type, arguments))
    if kind is str and limit is not None and limit.form is not None:
        return some.from_regex(limit.form, fullmatch=True).filter(lambda text: len(text) <= limit.most)
    if kind is str:
        line = some.text(some.characters(exclude_categories=()), max_size=12)
        return line if limit is not None else line.map(lambda text: re.sub(r"[\r\n\0]", "", text))
    if kind is int:
        return some.integers(0, limit.most if limit is not None else 9)
    if kind is datetime:
        return some.datetimes(timezones=some.just(UTC))
    if kind is bool:
        return some.booleans()
    hints = get_type_hints(kind, include_extras=True)
    if kind is Read:  # a mail inside a mail holds no other
        alone = {one.name: of_type(hints[one.name]) for one in fields(Read) if one.name != "enclosed"}
        inside = some.builds(Read, enclosed=some.just(()), **alone)
        of_mail = {"inline": some.booleans(), "local": some.booleans(), "above": some.text(max_size=9)}
        enclosed = some.builds(Enclosed, mail=inside, within=some.integers(0, MOST_ENCLOSED), **of_mail)
        return some.builds(Read, enclosed=some.lists(enclosed, max_size=2).map(tuple), **alone)
    return some.builds(kind, **{one.name: of_type(hints[one.name]) for one in fields(kind) if one.init})


@given(some.one_of(WHOLE, damaged(), BODY.map(lambda body: b"Return-Path: <>\r\nSubject: Undeliverable\r\n" + body)))
@RARELY
def test_any_mail_goes_through_unchanged(raw: bytes) -> None:
    """P1, D4: whatever the mail is, what was read of it keeps within its own limits and arrives as it was sent."""
    read = message.read(raw)

    assert through(read) == read
    assert from_plain(json.loads(json.dumps(to_plain(read)))) == read
    assert Message.of(through(read), None) == Message.parse(raw)


@given(of_type(Read))
@RARELY
def test_any_read_goes_through_unchanged(read: Read) -> None:
    """P12: any Read that could be, with every Unicode character that there is."""
    assert through(read) == read


@pytest.mark.parametrize("text", ["\ud83d\ude00", "a\ud800", "\U0001f525", "\x7f\u2028\ufeff", '"\\'])
def test_surrogates_stay_apart(text: str) -> None:
    """D27: 8-bit header fields arrive as lone surrogates; two of them are no astral character after the way."""
    read = replace(message.read(letter()), text=text, subject=text)

    assert through(read) == read


def test_odd_octets_in_parts() -> None:
    """D4: the head of a part is not mended as the mail's own is."""
    part = b'--b\r\nContent-Type: image/p\0g; name="a\0b\rc.png"\r\nContent-ID: <a\rb>\r\n\r\nx\r\n--b--\r\n'
    read = message.read(b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + part)

    assert through(read) == read
    assert len(read.attachments) == 1


def test_the_largest_reads_fit() -> None:
    """D4: a mail that fills every list keeps within the limits of each and of the whole."""
    ids = b" ".join(b"<%d@x.example>" % number for number in range(9_000))
    people = b", ".join(b"Person %d <p%d@x.example>" % (number, number) for number in range(3_000))
    head = b"".join(b"X-%d: Ann <a%d@x.example> %s\r\n" % (number, number, b"\xff" * 900) for number in range(3_000))
    parts = b"".join(b'--b\r\nContent-Type: image/png; name="%s.eml"\r\n\r\nx\r\n' % (b"n" * 3_000) for _ in range(300))
    raw = (
        b"Return-Path: <>\r\nFrom: %s\r\nTo: %s\r\nCc: %s\r\nReferences: %s\r\nIn-Reply-To: %s\r\nSubject: %s\r\n%s"
        % (people, people, people, ids, ids, b"\xff" * 90_000, head)
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
        + b"On Mon, 30 Nov 2026 at 10:12, Us <us@n.example> wrote:\r\n\x01\x01\r\n" * 3_000
        + parts
        + b"--b--\r\n"
    )
    read = message.read(raw)

    assert through(read) == read
    assert read.attachments[0].name.endswith("n.eml")
    assert len(read.references) == plain.MOST_IDS
    assert "<0@x.example>" not in read.references  # the last are answered most directly
    assert len(read.named) == 100


PLAIN = to_plain(message.read(RICH))
PLACES = {one.name: number for number, one in enumerate(fields(Read))}


def changed(name: str, value: Any) -> list[Any]:
    """A plain Read with another value of one field."""
    made = list(PLAIN)
    made[PLACES[name]] = value
    return made


NO_READS = [
    None,
    "a read",
    {},
    dict(zip(PLACES, PLAIN, strict=True)),
    tuple(PLAIN),
    [],
    PLAIN[:-1],
    [*PLAIN, 1],
    changed("readable", 1),
    changed("readable", "true"),
    changed("subject", None),
    changed("subject", 5),
    changed("subject", ["a"]),
    changed("subject", "a\r\nBcc: x@y.example"),
    changed("subject", "a" * 65_537),
    changed("subject", "a\0"),
    changed("headers", [["subject", "a", "a"]]),
    changed("headers", [[["subject", "a"]]]),
    changed("headers", [[["subject", "a", "a", "a"]]]),
    changed("headers", [[["subject", b"a", "a"]]]),
    changed("headers", [[["subject", "a\nb", "a"]]]),
    changed("headers", [[["x", "a", "a"]] * 1_001]),
    changed("from_", [["Ann", None]]),
    changed("from_", [["Ann"]]),
    changed("from_", [["Ann", "a@b.example", "c"]]),
    changed("from_", [["Ann", "a@b.example\nRCPT TO:<x@y.example>"]]),
    changed("to", [["", "a@b.example"]] * 501),
    changed("named", [["x-resident", "a@b.example"]]),
    changed("message_id", "<" + "a" * 1_000 + ">"),
    changed("references", ["<a@b>"] * 501),
    changed("references", "<a@b>"),
    changed("sent_at", "yesterday"),
    changed("sent_at", "2026-11-30T10:12:00"),
    changed("sent_at", "2026-11-30T10:12:00+01:00"),
    changed("sent_at", "2026-11-30T10:12:00Z"),
    changed("sent_at", 1_796_033_520),
    changed("sent_at", ""),
    changed("text", "a" * 65_537),
    changed("text", None),
    changed("quoted", [[-1, []]]),
    changed("quoted", [[True, []]]),
    changed("quoted", [[1.0, []]]),
    changed("quoted", [[65_537, []]]),
    changed("quoted", [[1, "a@b.example"]]),
    changed("language_code", "../"),
    changed("language_code", "engl"),
    changed("language_code", "EN"),
    changed("attachments", [["a", "b/c", "1", False]]),
    changed("attachments", [["a", "b/c", "1 2", False, False]]),
    changed("attachments", [["a", "b/c", 1, False, False]]),
    changed("attachments", [["a", "b/c", "1", 0, False]]),
    changed("report", "letter"),
    changed("report", ["calendar"]),
    changed("failed_recipients", [["a@b.example", "failed", "5.1.1", None]]),
    changed("failed_recipients", [["a@b.example", "failed", "5.1.1", True]] * 101),
    changed("fingerprint", "A" * 64),
    changed("fingerprint", "a" * 63),
    changed("fingerprint", "a" * 64 + "\n"),
    changed("text_hash", "a"),
    changed("own_ids", ["a b"]),
    changed("own_ids", ["<a@b>"]),
    changed("returned_ids", ["a"] * 501),
    changed("tags", [None]),
]


@pytest.mark.parametrize("value", NO_READS, ids=range(len(NO_READS)))
def test_what_is_no_read_is_refused(value: Any) -> None:
    """P7: a hijacked reader can hand on only plain data of the right shape and within the limits."""
    assert from_plain(PLAIN)
    with pytest.raises(NotPlain):
        from_plain(value)


NO_PACKS = [
    b"",
    b"[",
    b"null",
    b"\xff",
    b"[" * 100_000,
    b'{"readable": true}',
    b"NaN",
    b"1" * 100_000,
    pack(message.read(RICH))[:-1],
    pack(message.read(RICH)) + b"]",
    b" " * (LONGEST_PACK + 1),
]


@pytest.mark.parametrize("octets", NO_PACKS, ids=range(len(NO_PACKS)))
def test_what_is_no_pack_is_refused(octets: bytes) -> None:
    """P7: one class of error for whatever octets come, and none is read beyond the limit."""
    with pytest.raises(NotPlain):
        unpack(octets)


def test_no_words_in_the_error() -> None:
    """P11: it names the field, not what stood in it."""
    with pytest.raises(NotPlain) as caught:
        from_plain(changed("from_", [["Ann", "a@b.example\n"]]))

    assert str(caught.value) == "from_: addr: a string of another form"


def test_instants_in_utc_alone() -> None:
    """design.md §6: another zone is another program's."""
    read = replace(message.read(RICH), sent_at=datetime(2026, 11, 30, tzinfo=timezone(timedelta(hours=1))))

    with pytest.raises(NotPlain):
        through(read)


# -- what costs as much as all the rest is read only where somebody will ask for it ------------------------------------------


SENDERS = ("Ann <ann@r.example>", "MAILER-DAEMON@mx.example", "postmaster@mx.example", "bounce+7@x.example", None)
PATHS = (None, "<>", "<MAILER-DAEMON@mx.example>", "<bounce-7@x.example>", "<ann@r.example>")
SUBJECTS = ("Damp", "Undeliverable: Damp", "")
TEXTS = ("It is damp.", "It could not be delivered: <ann@r.example>: 550 5.1.1 user unknown")
MARKS = ("", "X-Failed-Recipients: ann@r.example\r\n", "X-MS-Exchange-Message-Is-Ndr:\r\n")
STATUS = (
    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; ann@r.example\r\n"
    "Action: failed\r\nStatus: 5.1.1\r\n"
)


def test_every_bounce_is_read_as_one() -> None:
    """D39: whatever the rules take for a bounce has been read for whom it is about, and an ordinary letter has not."""
    council, seen = sample().council, list[str]()
    for sender, path, subject, text, mark, part in itertools.product(
        SENDERS, PATHS, SUBJECTS, TEXTS, MARKS, ("", STATUS)
    ):
        head = f"Return-Path: {path}\r\n" * (path is not None) + f"From: {sender}\r\n" * (sender is not None)
        body = f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{text}\r\n{part}--b--\r\n"
        raw = f"{head}Subject: {subject}\r\nTo: housing@northgate.example\r\n{mark}{body}".encode()
        found = Message.parse(raw)
        verdict = screen(Seen(found, council.inboxes["housing"], council, Arrival("housing", datetime.now(UTC))))
        if verdict.kind == "bounce":
            assert found.failed_recipients == reports.recipients(mime.parse(raw), found.text), raw
        elif sender == SENDERS[0] and path in (None, PATHS[-1]) and not mark:
            assert (verdict.kind, found.failed_recipients, found.returned_ids) == ("letter", (), ()), raw
        seen.append(verdict.kind)

    assert 300 < seen.count("bounce") < 800


def test_a_defect_in_reading_leaves_the_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    """D5: explain says what the headers alone allow, and the name of the error."""
    monkeypatch.setattr(quoting, "new_text", lambda _: 1 / 0)
    config = sample()
    found = explain(letter(), config)
    said = as_json("a", found, config.office)

    assert (found.unreadable, found.error) == (True, "ZeroDivisionError")
    assert (said["kind"], said["acknowledge_to"]) == ("unreadable", "edward@resident.example")
