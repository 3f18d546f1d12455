"""The fuzz laboratory: mails that nobody would write, over parse, screen, match, decide and compose (D4, D25, D27, D28)."""

import os
import re
import time
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as some

from ackbot.config import sample
from ackbot.mail.message import Message
from ackbot.work.explain import explain
from tests.support.letters import letter

pytestmark = pytest.mark.lab
SECONDS = float(os.environ.get("ACKBOT_LAB_FUZZ_S", "120"))
SEED = int(os.environ.get("ACKBOT_LAB_SEED", "1"))
AT = datetime(2026, 11, 30, 10, 12, tzinfo=UTC)
SLOWEST_S = 10.0  # for one mail; a bomb that gets through takes minutes
CONFIG = sample()

NAMES = (
    b"From", b"from", b"To", b"Cc", b"Subject", b"Reply-To", b"Sender", b"Message-ID", b"In-Reply-To", b"References",
    b"Date", b"Received", b"Return-Path", b"Content-Type", b"Content-Transfer-Encoding", b"Content-Disposition",
    b"MIME-Version", b"List-Id", b"Precedence", b"Auto-Submitted", b"Authentication-Results", b"X-Failed-Recipients",
    b"X-Spam-Flag", b"Content-ID", b"X-Ackbot-Id", b"Delivered-To", b"X-Auto-Response-Suppress", b"",
)  # fmt: skip
PIECES = (
    b"\r\n", b"\r", b"\n", b"\x00", b"\xff\xfe", b"=?utf-8?q?=0D=0ABcc:_x@y?=", b"=?utf-8?b?////?=", b"=?x?q?a?=", b"<", b">", b"@",
    b"a@b.example", b'"a b" <a@b.example>', b"<a@b.example>, <c@d.example>", b"group: a@b.example, c@d.example;", b"undisclosed:;",
    b"=", b"%s", b"{{ 7*7 }}", b"{% raw %}", b"# ", b"[x](javascript:1)", b"---", b"\xe2\x80\xae", b"text/html", b"text/plain; charset=utf-7",
    b"multipart/mixed; boundary=b", b"multipart/report; report-type=delivery-status; boundary=b", b"message/rfc822", b"application/ms-tnef",
    b"--b\r\n", b"--b--\r\n", b"base64", b"quoted-printable", b"x-uuencode", b"begin 644 ../../etc/passwd\r\n", b"attachment; filename*=utf-8''%2e%2e%2f",
    b"<table>" * 50, b"<!--", b"<style>", b"&#x202e;", b"> " * 30, b"On Monday, X wrote:", b"-----Original Message-----", b"\xf0\x9f\x94\xa5",
    b"Status: 5.1.1", b"Final-Recipient: rfc822; a@b.example", b"Action: failed", b"+3p8-", b"\x1b[31m", b"housing@northgate.example",
    b"RBN-7H4-29P", b"Automatic reply:", b"Mon, 30 Nov 2026 10:12:00 +0000", b"Mon, 99 Foo 0000 99:99:99 +9999", b"dmarc=fail", b"1" * 2_000,
)  # fmt: skip
SMALL = some.one_of(
    some.sampled_from(PIECES),
    some.binary(max_size=12),
    some.text(max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass")),
)
VALUE = some.lists(SMALL, max_size=6).map(b" ".join)
FIELD = some.tuples(some.sampled_from(NAMES), VALUE).map(lambda field: field[0] + b": " + field[1] + b"\r\n")
BODY = some.lists(some.one_of(FIELD, SMALL, some.just(b"\r\n\r\n")), max_size=20).map(b"".join)
WHOLE = some.tuples(some.lists(FIELD, max_size=10).map(b"".join), BODY).map(lambda parts: parts[0] + b"\r\n" + parts[1])
PLAIN = letter()


@some.composite
def damaged(draw: some.DrawFn) -> bytes:
    """An ordinary letter with pieces put in and cut out."""
    raw = PLAIN
    for _ in range(draw(some.integers(1, 6))):
        at = draw(some.integers(0, len(raw)))
        raw = raw[:at] + draw(SMALL) + raw[at + draw(some.integers(0, 20)) :]
    return raw


def judged(raw: bytes) -> None:
    """Whatever it is: read without raising, decided, and every mail of ours sound."""
    begun = time.monotonic()
    Message.parse(raw, CONFIG.office.signer)
    explained = explain(raw, CONFIG, at=AT)
    assert explained.error == ""
    assert explained.considered is not None
    for composed in explained.considered.mails.values():
        head, _, body = composed.content.partition(b"\r\n\r\n")
        assert all(line.isascii() or b"@" in line for line in head.split(b"\r\n"))
        assert not re.search(rb"\x00|(?<!\r)\n|\r(?!\n)", composed.content)
        assert all(len(line) <= 998 for line in composed.content.split(b"\r\n"))
        assert not re.search(rb"^bcc:", head, re.IGNORECASE | re.MULTILINE)
        assert "<script" not in composed.html
        assert "javascript:" not in re.sub(r">[^<]*<", "><", composed.html)
        assert body
    assert time.monotonic() - begun < SLOWEST_S


def test_fuzz() -> None:
    """Two minutes of it here; ACKBOT_LAB_FUZZ_S and ACKBOT_LAB_SEED widen or repeat a run. A find becomes a fixture."""
    until, number = time.monotonic() + SECONDS, SEED
    mails = 0
    while time.monotonic() < until:
        for strategy in (WHOLE, damaged()):

            @seed(number)
            @settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(strategy)
            def run(raw: bytes) -> None:
                nonlocal mails
                mails += 1
                judged(raw)

            run()
        number += 1
    print(f"\n{mails} mails, seeds {SEED} to {number - 1}")
