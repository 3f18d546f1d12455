"""
Mails that once took minutes go through the real reader within its budget, and lose nothing (E1).

What takes too long ends the reader process, and `result()` raises Unread: no test here measures time. Everything else that a
stranger can repeat is measured by tests/labs/test_growth_lab.py.
"""

import unicodedata
from collections.abc import Callable, Iterator

import pytest

from ackbot.mail import domains, folding, quoting, replies, reports
from ackbot.mail.plain import MOST_IDS, MOST_RECIPIENTS
from ackbot.work.reading import ReaderProcess
from tests.support.council import World
from tests.support.hostile import TREES, mail


@pytest.fixture(scope="module")
def reader() -> Iterator[ReaderProcess]:
    """The daemon's."""
    process = ReaderProcess()
    yield process
    process.close()


def bounce(words: str) -> bytes:
    """From a mail system, about something that came back."""
    return mail(
        words, From="MAILER-DAEMON@relay.example", Return_Path="<>", Subject="Undelivered Mail Returned to Sender"
    )


def page(words: str) -> bytes:
    """In HTML alone."""
    return mail(words, Content_Type="text/html; charset=utf-8")


ONCE_SLOW = {
    "a million blanks and an x": lambda: mail(" " * 1_000_000 + "x"),
    "65,000 dots from a mail system": lambda: bounce("." * 65_000),
    "65,000 letters without a blank": lambda: mail("a" * 65_000),
    "a fence of 32,000 dashes": lambda: mail("-" * 32_000 + "x"),
    "16,000 quotes and backslashes of a server": lambda: mail(
        "hi", Authentication_Results="mx.northgate.example; dmarc=pass " + '"\\' * 16_000
    ),
    "900 parts in each other, 200,000 lines": lambda: TREES["nested 900 deep, short lines"](1_000_000),
    "100,000 recipients": lambda: TREES["recipients"](7_600_000),
    "100,000 ids": lambda: mail("hi", References="<a@b.example> " * 100_000),
    "100,000 names without an address": lambda: mail("hi", To="Ab, " * 100_000, Cc="a; " * 100_000),
    "a number of 5,000 digits": lambda: page("<p>There is damp &#" + "1" * 5_000 + "; here.</p>"),
    "30,000 open tags": lambda: page("<div>" * 30_000 + "There is damp."),
    "a name in 1,000 pieces": lambda: TREES["sections of a name"](200_000),
    "begin and no end": lambda: mail("begin 644 a\n" * 20_000),
    "60,000 blanks in a label over header lines": lambda: mail(
        "It is damp.\n\n--- ab" + " " * 60_000 + "x\nFrom: a@b.example\nSent: x\nTo: y\nSubject: z\n"
    ),
    "30,000 signs in angle brackets": lambda: bounce("<" + "a@" * 30_000 + " "),
    "60,000 signs that become accents": lambda: mail("\u0f73" * 20_000, Subject="\u0f73" * 20_000),
}


@pytest.mark.parametrize("make", ONCE_SLOW.values(), ids=ONCE_SLOW)
def test_once_slow(make: Callable[[], bytes], reader: ReaderProcess) -> None:
    """E1: read to its end within the reader's budget."""
    read = reader.begin(make()).result()

    assert read.readable
    assert len(read.failed_recipients) <= MOST_RECIPIENTS
    assert len(read.references) <= MOST_IDS


def test_what_a_letter_among_them_says(reader: ReaderProcess) -> None:
    """E1: caps cut what nobody wrote, never the words."""
    assert reader.begin(ONCE_SLOW["a number of 5,000 digits"]()).result().text.startswith("There is damp")
    assert reader.begin(ONCE_SLOW["30,000 open tags"]()).result().text == "There is damp."
    assert len(reader.begin(ONCE_SLOW["100,000 recipients"]()).result().failed_recipients) == MOST_RECIPIENTS


def test_rules_of_the_daemon(world: World) -> None:
    """E1: the whole path of a letter that is nothing but such signs: a case, and an acknowledgement."""
    world.receive(mail("\u0f73\uff9e" * 20_000 + "\nThere is damp."))

    assert [one["kind"] for one in world.outbox()] == ["acknowledgement", "new-case"]


def test_accents_are_folded_as_before() -> None:
    """E1: a long text is folded piece by piece, with the same outcome as by NFKD at once."""
    text = "Gás \u0f73\u0f75\u0f81\uff9e\uff9fÉ ﬁ Å ḱ " * 200
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = " ".join("".join(one for one in decomposed if not unicodedata.combining(one)).split())

    assert folding.plain(text) == plain


@pytest.mark.parametrize(
    ("line", "is_label"),
    [
        ("---- Mail original ----", True),
        ("   ---- Ab c ----   ", True),
        ("Original Message  ", True),
        ("---- Mail original --", True),
        ("---- Mail original-", False),
        ("-- Mail ----", True),
        ("- Mail original ----", False),
        ("---- " + "a" * 41 + " ----", True),
        ("---- " + "a" * 42 + "----", False),
        ("---- Mail ---- again", False),
    ],
)
def test_labels_over_header_lines(line: str, is_label: bool) -> None:
    """E1: what is a label over a quoted mail is one still, and is cut off with it."""
    text = f"It is damp.\n\n{line}\nFrom: a@b.example\nSent: Monday\nTo: c@d.example\nSubject: e\n\nquoted"
    [start] = [text.rfind("\n", 0, begin + 1) + 1 for begin, _ in quoting.heads(text)]

    assert text[start:].startswith(line if is_label else "From")


def test_addresses_in_bounces() -> None:
    """E1: an address ends where it ended before; one with two `@` is taken whole."""
    text = "<a.b@c.example>: unknown user\n\n<d@e@f.example>: unknown user\n"

    assert [one.address for one in reports._from_paragraphs(text)] == ["a.b@c.example", "d@e@f.example"]


def test_a_domain_that_is_too_long_is_none() -> None:
    """E1: RFC 1035 ends at 255 octets, and what is longer is not encoded first."""
    assert domains.ascii_form("é" * 5_000 + ".example") == ""
    assert domains.ascii_form("é.example") == "xn--9ca.example"
    assert domains.organisational("a." * 5_000 + "example") == ""


def test_a_reply_of_nothing_but_quoted_lines() -> None:
    """E1: fifty places where a quotation may begin, and one pass over the lines for all of them."""
    found = replies.read("> a\n" * 10_000 + "b", (), "")

    assert not found.below
    assert found.words.endswith("b")
