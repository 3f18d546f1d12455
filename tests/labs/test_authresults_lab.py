"""The laboratory of Authentication-Results: ours beside a strict reader of RFC 8601 that shares nothing with it (E3, P7)."""

import os
import random
import re
import time
from collections.abc import Callable, Sequence

import pytest

from ackbot.mail import authresults
from ackbot.mail.message import read
from tests.support import rfc8601

pytestmark = pytest.mark.lab
SECONDS = float(os.environ.get("ACKBOT_LAB_AUTHRESULTS_S", "50"))  # for each of the two questions
SEED = int(os.environ.get("ACKBOT_LAB_SEED", "1"))
MX, OURS = "mx.northgate.example", "northgate.example"

HIDDEN = f"dmarc=pass header.from={OURS}"
SMUGGLED = f"(\\); {HIDDEN}; (\\())"  # one comment for who knows escapes, a result for who does not


def mostly(usual: str, *others: str) -> tuple[str, ...]:
    """Two of three times the first."""
    return (*[usual] * 2 * len(others), *others)


CFWS = mostly(
    "", " ", "\t", "\r\n ", "\r\n\t ", "(c)", " (a (b) c) ", "(\\))", "(\\()", '(")', "(;)", f"({MX};)", f"({HIDDEN})", "(\\\\)",
    "(a\r\n b)", "()", " ( ) ", SMUGGLED,
)  # fmt: skip
BLANK = mostly(" ", "\t", "\r\n ", " (c) ", "(c)", " (\\)) ", f" (; {HIDDEN}) ", SMUGGLED)
WORD = mostly("pass", "Pass", "PASS", "fail", "none", "neutral", "temperror", "passed", "p-ass")
METHOD = mostly("dmarc", "DMARC", "spf", "dkim", "arc", "iprev", "auth", "x-dmarc", "dmarc-x", "dkim-atps")
DOMAIN = mostly(OURS, OURS.upper(), "evil.example", f"x.{OURS}", f"{OURS}.evil.example", f"a@{OURS}", f"@{OURS}")
NAME = mostly(
    "header.from", "Header.From", "header.d", "smtp.mailfrom", "policy.dmarc", "policy.from", "header.i", "body.from"
)
SERVER = mostly(MX, MX.upper(), f'"{MX}"', "evil.example", f"{MX}.evil.example", f"x.{MX}", '"mx.north\\gate.example"')
VERSION = mostly("", " 1", "\t1 ", " 2", " (2) 1", " 01")
METHOD_VERSION = mostly("", "/1", " / 1 ", "/2", "/(1)1")


PIECES = (
    *'();=./,<>@[]:? "1_\\\t\x7f\x0b\x0c\xa0éß\u200b\u2028\u037e\uff1b', "\r\n ", "\\)", '\\"', "\\\\", "none", "dmarc",
    "dmarc=pass", HIDDEN, f"header.from={OURS}", MX, f"{MX};", "=?utf-8?q?=3B?=", "reason=", "policy.", "arc=pass",
)  # fmt: skip


class Writer:
    """Writes fields, the same ones for the same seed. Plain `random`, for it tries fifty times as many as Hypothesis does."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)

    def one(self, of: Sequence[str]) -> str:
        """Any of these."""
        return self._random.choice(of)

    def some(self, *counts: int) -> range:
        """As often as one of these numbers says."""
        return range(self._random.choice(counts))

    def properties(self) -> str:
        """Some properties, now and then a reason before them."""
        one, found = self.one, ""
        for _ in self.some(0, 0, 0, 0, 1):
            reason = one(['"a; dmarc=pass"', "x", '"\\""', f'"header.from={OURS}"'])
            found += f"{one(BLANK)}reason{one(CFWS)}={one(CFWS)}{reason}"
        for _ in self.some(0, 1, 1, 1, 2, 3):
            kind, _, name = one(NAME).partition(".")
            value = one(DOMAIN)
            value = one(mostly(value, f'"{value}"')) if "@" not in value else value
            found += f"{one(BLANK)}{kind}{one(CFWS)}.{one(CFWS)}{name}{one(CFWS)}={one(CFWS)}{value}"
        return found

    def wellformed(self) -> str:
        """A field's value by the grammar, folded where it pleases."""
        one = self.one
        value = f"{one(CFWS)}{one(SERVER)}{one(VERSION)}"
        results = self.some(0, *[1] * 9, *[2] * 4, 3)
        for _ in results:
            value += f"{one(CFWS)};{one(CFWS)}{one(METHOD)}{one(METHOD_VERSION)}{one(CFWS)}={one(CFWS)}{one(WORD)}{self.properties()}"
        return value + one(CFWS) if results else f"{value};{one(CFWS)}none"

    def damaged(self) -> str:
        """A field with pieces put in, cut out and doubled."""
        value = self.wellformed()
        for _ in self.some(1, 2, 3, 4):
            at = self._random.randint(0, len(value))
            value = value[:at] + self.one(PIECES) + value[at + self._random.choice([0, 0, 0, 1, 2, 7]) :]
        return value

    def fields(self, *, whole: bool, most: int) -> list[str]:
        """
        The values of a mail's fields, as octets.

        A line end is in a value only where a blank and more follow (RFC 5322 §2.2.3, §3.2.2): otherwise it ends the field, and
        what stands behind it is no part of the value that the strict reader is given.
        """
        values = [
            self.wellformed() if whole or self._random.random() < 0.4 else self.damaged()
            for _ in self.some(*range(1, most + 1))
        ]
        return [
            re.sub(r"\r\n(?:\s*(?=\r\n)|(?![ \t]))", "", value).encode().decode("ascii", "surrogateescape")
            for value in values
        ]


def ours(values: list[str]) -> bool:
    """What ackbot reads of a mail with these fields, from its bytes on."""
    head = "".join(f"Authentication-Results:{value}\r\n" for value in values)
    mail = read((head + f"From: Sam <sam@{OURS}>\r\n\r\nWords.\r\n").encode("ascii", "surrogateescape"))
    return authresults.verdict(mail.headers, MX, OURS) == "pass"


def asked(question: Callable[[list[str]], bool], *, whole: bool, most: int) -> tuple[int, int]:
    """Ask until the time is over; how many mails were tried, and how many of them pass."""
    writer, until, tried, passed = Writer(SEED), time.monotonic() + SECONDS, 0, 0
    while time.monotonic() < until:
        tried += 1
        passed += question(writer.fields(whole=whole, most=most))
    print(f"\n{tried} mails, {passed} pass, seed {SEED}")
    return tried, passed


def test_no_pass_that_the_grammar_does_not_give() -> None:
    """E3, P7: whatever is put into fields, ackbot reads a pass only where a strict reader does, with what servers write besides."""

    def question(values: list[str]) -> bool:
        found = ours(values)
        assert not found or rfc8601.passes(values, MX, OURS, usual=True), (SEED, values)
        return found

    tried, passed = asked(question, whole=False, most=3)

    assert passed > tried / 100  # it does ask


def test_every_pass_of_a_field_by_the_grammar() -> None:
    """E3: what RFC 8601 calls a pass is read as one, wherever comments, folds, quotes and versions stand."""

    def question(values: list[str]) -> bool:
        expected = rfc8601.passes(values, MX, OURS, usual=False)
        assert not expected or ours(values), (SEED, values)
        return expected

    tried, passed = asked(question, whole=True, most=2)

    assert passed > tried / 100
