"""Heads of any length: the first fields are read, the letter is a case like any other (P1, E1)."""

from collections.abc import Callable

import pytest

from ackbot.mail import message, mime
from ackbot.mail.splitting import MOST_HEAD_LINES, MOST_HEAD_OCTETS, head_within
from tests.support.letters import letter
from tests.support.story import Story

HEAD, _, BODY = letter().partition(b"\r\n\r\n")
MANY = 12 * MOST_HEAD_LINES
FIELDS = {
    "fields": b"X: y\r\n" * MANY,
    "folds": b"X: y\r\n" + b" z\r\n" * MANY,
    "names": b"".join(b"X-%d: y\r\n" % number for number in range(MANY)),
    "no fields": b"garbage\r\n" * MANY,
    "one line": b"X: " + b"y" * (MOST_HEAD_OCTETS + 1) + b"\r\n",
}


@pytest.mark.parametrize("more", FIELDS.values(), ids=FIELDS.keys())
def test_a_letter_with_a_long_head_is_a_case(make_story: Callable[..., Story], more: bytes) -> None:
    """P1: whatever stands below the fields that are read, the letter has its case, subject, words and acknowledgement."""
    story = make_story()
    story.receive(HEAD + b"\r\n" + more + b"\r\n" + BODY)

    assert story.case()["subject"] == "Damp in the bedroom"
    assert [mail["recipient"] for mail in story.outbox("acknowledgement")] == ["edward@resident.example"]


def test_fields_above_all_others(make_story: Callable[..., Story]) -> None:
    """P1: if nothing of the letter's own head is read, it is still a case, with its words; nobody is answered."""
    story = make_story()
    story.receive(FIELDS["fields"] + HEAD + b"\r\n\r\n" + BODY)

    assert len(story.cases()) == 1
    assert story.outbox("acknowledgement") == []


def test_no_more_fields_are_read_than_the_limit() -> None:
    """E1: 120,000 fields of a mail, or of its parts together, cost what 10,000 cost."""
    root = mime.parse(HEAD + b"\r\n" + FIELDS["fields"] + b"\r\n" + BODY)
    part = b"--b\r\nContent-Type: text/plain\r\n" + FIELDS["fields"] + b"\r\nWords.\r\n"
    parts = mime.parse(
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + 3 * part + b"--b--\r\n"
    )

    assert 0 < len(root.headers.raws("x")) <= MOST_HEAD_LINES
    assert 0 < sum(len(leaf.headers.raws("x")) for leaf in parts.leaves()) <= MOST_HEAD_LINES
    assert [leaf.text.strip() for leaf in parts.leaves()] == ["Words."] * 3


def test_the_groups_of_a_report_count_too() -> None:
    """E1: a report of two groups with 120,000 fields each."""
    groups = (FIELDS["fields"] + b"\r\n") * 2
    report = b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
    report += b"Content-Type: message/delivery-status\r\n\r\n" + groups + b"--b--\r\n"

    assert message.read(report).has_delivery_status


@pytest.mark.parametrize(
    ("head", "lines", "octets", "kept"),
    [
        (b"A: 1\r\nB: 2\r\n", 1, 99, b"A: 1\r\n"),
        (b"A: 1\nB: 2\nC: 3\n", 2, 99, b"A: 1\nB: 2\n"),
        (b"A: 1\rB: 2\rC: 3\r", 2, 99, b"A: 1\rB: 2\r"),
        (b"A: 1\r\nB: 2\r\n", 9, 8, b"A: 1\r\n"),
        (b"A: 123456789", 9, 4, b"A: 1"),
        (b"A: 1\n", 0, 99, b""),
    ],
)
def test_whole_lines(head: bytes, lines: int, octets: int, kept: bytes) -> None:
    """E1: a head is cut behind a line; only a first line that is too long is cut within it."""
    assert head_within(head, lines, octets) == kept
