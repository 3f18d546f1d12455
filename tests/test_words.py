"""Templates, their two forms, and the final bytes: what every mail must be, whoever wrote to us."""

import re
from datetime import UTC, date, datetime
from email.header import Header
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackbot import resources
from ackbot.config import sample
from ackbot.mail import markup
from ackbot.mail.addresses import Address
from ackbot.mail.compose import Draft, Profile, clean_subject, compose
from ackbot.mail.templates import TemplateProblem, Templates
from ackbot.work.samples import specimens
from tests.support.letters import html, parsed, plain

TEMPLATES = Templates([resources.templates()])
LONG_ID = "<" + "x" * 90 + "@prod.outlook.example>"


def draft(**changes: object) -> Draft:
    """A draft on a template of its own words."""
    values: dict[str, object] = {
        "kind": "admin",
        "template": "admin-quarantine",
        "values": {"inbox": "a@b.example", "letter": 1, "error": "x", "again": True, "today": date(2026, 11, 30)},
        "sender": Address("Housing", "housing@northgate.example"),
        "recipient": Address("Edward Quan", "edward@resident.example"),
        "subject": "Re: Damp",
        "envelope_from": "housing@northgate.example",
        "message_id": "<a.b@northgate.example>",
        "date_at": datetime(2026, 11, 30, 10, 0, tzinfo=UTC),
        "profile": Profile.REPLY,
        "html": True,
    }
    return Draft(**{**values, **changes})  # type: ignore[arg-type]


@given(st.text("ab é山🎉=?_", min_size=1, max_size=150))
def test_encoded_words_are_the_librarys(subject: str) -> None:
    """RFC 2047: encoded words are cut in one pass, and where `email.header` cuts them."""
    shown = clean_subject(f"{subject}é")
    field = Header(shown, "utf-8", maxlinelen=76, header_name="Subject").encode(linesep="\r\n")

    assert f"\r\nSubject: {field}\r\n".encode() in compose(draft(subject=subject + "é"), TEMPLATES).content


def test_one_source_makes_both_forms() -> None:
    """Paragraphs, heading, list, rule, break, link: the same words in the same order."""
    found = markup.blocks(
        "Hello,\n\n# You have it\n\n- one\n- two\n  more\n\nA line\\\nbroken [site](https://x.example)\n\n---\n\n@es Hola"
    )
    text = markup.to_text(found)
    page = markup.to_html(found, "LANG DIR TITLE BODY", {}, language="en", title="t")

    assert text == "Hello,\n\nYou have it\n\n- one\n- two more\n\nA line\nbroken site: https://x.example\n\nHola\n"
    assert page == (
        "en ltr t <p>Hello,</p>\n<h1>You have it</h1>\n<ul>\n<li>one</li>\n<li>two more</li>\n</ul>\n"
        '<p>A line<br>\nbroken <a href="https://x.example">site</a></p>\n<hr>\n<p lang="es" dir="ltr">Hola</p>'
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "# Heading",
        "- item",
        "[click](https://evil.example)",
        "https://evil.example/x",
        "<b>x</b>",
        "a\n\n# b",
        "@es x",
        "x\\",
        "{{ 7*7 }}",
    ],
)
def test_values_are_never_markup(hostile: str, tmp_path: Path) -> None:
    """D27: what a resident wrote is shown as they wrote it, and makes no link, heading, element or template."""
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "t.txt").write_text("{{ value }}\n\nWords about {{ value }}.\n")
    rendered = Templates([tmp_path, resources.templates()]).render(
        "en", "t", {"value": hostile, "today": date(2026, 1, 1)}, title="t", html=True
    )
    shown = " ".join(hostile.split())

    assert rendered.text == f"{shown}\n\nWords about {shown}.\n"
    assert rendered.html.count("<p") == 2
    assert not re.search(r"<(h1|a|b|ul|li)\b", rendered.html)


def test_a_missing_value_is_an_error(tmp_path: Path) -> None:
    """D45: never "Dear ," and never {{name}}: an unknown variable stops the mail, and says where."""
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "t.txt").write_text("Hello {{ nmae }}\n")

    with pytest.raises(TemplateProblem, match="nmae"):
        Templates([tmp_path]).render("en", "t", {"name": "x"}, title="t", html=False)


def test_lines_fit_the_terminal() -> None:
    """voice.md 9: text lines of at most 78 columns, where words allow."""
    text = markup.to_text(markup.blocks("word " * 100 + "\n\n- " + "word " * 50))

    assert max(map(len, text.splitlines())) <= 78


@pytest.mark.parametrize("word", ["X" * 150, "湿" * 100])
def test_wide_words_are_broken(word: str) -> None:
    """Voice 9: 78 columns, also where a subject has no blank; a Chinese character takes two. Links stay whole."""
    text = markup.to_text(
        markup.blocks(f"It is about “{markup.protect(word)}”.\n\n- https://northgate.example/{'x' * 90}")
    )

    assert max(len(line) + line.count("湿") for line in text.split("\n")[:-2]) <= 78
    assert text.count(word[0]) == len(word)
    assert "https://northgate.example/" + "x" * 90 in text


def test_placeholders_in_a_subject_stay_words() -> None:
    """A letter about "NOBODY" or a "TITLE": the page around it stays what it is."""
    page = markup.to_html(markup.blocks("Words."), "<LANG><TITLE><BODY>", {}, language="en", title="NOBODY BODY TITLE")

    assert page == "<en><NOBODY BODY TITLE><<p>Words.</p>>"


def test_arabic_is_written_right_to_left() -> None:
    """domain.md §12: direction goes with the language."""
    page = markup.to_html(markup.blocks("@ar مرحبا"), "DIR BODY", {}, language="ar", title="")

    assert page == 'rtl <p lang="ar" dir="rtl">مرحبا</p>'


def test_styles_are_inlined_once() -> None:
    """The style sheet is in no mail; each element carries its own style."""
    assert "<style" not in TEMPLATES.shell
    assert set(TEMPLATES.styles) == {"h1", "h2", "p", "ul", "li", "a", "hr"}


@pytest.mark.parametrize("profile", list(Profile))
def test_header_profiles(profile: Profile) -> None:
    """domain.md §5: which automatic-mail headers go on which mail; never `All`, no receipt requests, no bulk marks."""
    mail = parsed(compose(draft(profile=profile), TEMPLATES).content)
    expected = {
        Profile.REPLY: "auto-replied",
        Profile.TIMER: "auto-generated",
        Profile.HUMAN: None,
        Profile.STAFF: "auto-generated",
    }

    assert mail["Auto-Submitted"] == expected[profile]
    assert ("OOF" in mail["X-Auto-Response-Suppress"]) is (profile is not Profile.STAFF)
    assert "All" not in mail["X-Auto-Response-Suppress"].split(", ")
    forbidden = {
        "disposition-notification-to",
        "return-receipt-to",
        "list-unsubscribe",
        "feedback-id",
        "importance",
        "precedence",
        "x-priority",
    }
    assert forbidden.isdisjoint(name.lower() for name in mail)


def test_long_ids_survive() -> None:
    """Outlook's ids are longer than a line: neither cut nor encoded, or threading breaks."""
    references = tuple(f"<{number}{LONG_ID[1:]}" for number in range(41))
    content = compose(draft(in_reply_to=LONG_ID, references=references), TEMPLATES).content
    mail = parsed(content)

    assert b"=?" not in content.split(b"\r\n\r\n")[0]
    assert mail["In-Reply-To"].strip() == LONG_ID
    assert mail["References"].split() == [*references[:20], *references[-20:]]
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))


@pytest.mark.parametrize(
    "strange", ["<é1@r.example>", "<a\x01b@r.example>", "<a\tb@r.example>", "<" + "a" * 990 + "@x>"]
)
def test_strange_ids_are_left_out(strange: str) -> None:
    """D13: an id that does not fit into a header is left out, because a mended one might be another mail's; the others stay."""
    mail = parsed(compose(draft(in_reply_to=strange, references=(LONG_ID, strange)), TEMPLATES).content)

    assert mail["In-Reply-To"] is None
    assert mail["References"].split() == [LONG_ID]


@pytest.mark.parametrize("field", ["subject", "message_id", "in_reply_to"])
def test_line_breaks_never_reach_a_header(field: str) -> None:
    """D27: CR and LF are refused in ids and folded away in subjects; nothing can add a header."""
    changed = draft(**{field: "<a@b>\r\nBcc: victim@x.example"})
    if field == "subject":
        assert parsed(compose(changed, TEMPLATES).content)["Bcc"] is None
    else:
        with pytest.raises(ValueError, match="line break"):
            compose(changed, TEMPLATES)


def test_names_cannot_inject() -> None:
    """D27: quotes, angle brackets and line breaks in a display name stay inside it."""
    nasty = Address('Ed" <x@evil.example>\r\nBcc: y@evil.example, "', "edward@resident.example")
    mail = parsed(compose(draft(recipient=nasty), TEMPLATES).content)

    assert [one.addr_spec for one in mail["To"].addresses] == ["edward@resident.example"]
    assert mail["Bcc"] is None


def test_names_of_other_letters() -> None:
    """Non-ASCII names are encoded words; an international domain is IDNA (RFC 5890)."""
    mail = parsed(compose(draft(recipient=Address("أمل حداد", "amal@mächine.example")), TEMPLATES).content)

    assert mail["To"].addresses[0].display_name == "أمل حداد"
    assert mail["To"].addresses[0].addr_spec == "amal@xn--mchine-bua.example"


def test_bodies_are_plain_ascii_on_the_wire() -> None:
    """CRLF everywhere, 7-bit or quoted-printable, no line over 998 octets."""
    long = draft(
        values={"inbox": "ü" * 3_000, "letter": 1, "error": "x" * 3_000, "again": True, "today": date(2026, 1, 1)}
    )
    content = compose(long, TEMPLATES).content

    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 998


def test_the_same_draft_gives_the_same_bytes() -> None:
    """P12: nothing random, no clock."""
    assert compose(draft(), TEMPLATES) == compose(draft(), TEMPLATES)


def test_long_subjects_are_cut_at_a_word() -> None:
    """R15: never inside an encoded word, never a megabyte."""
    assert clean_subject("word " * 100).endswith("word …")
    assert len(clean_subject("word " * 100)) <= 202


def test_every_specimen_is_sound() -> None:
    """D45: every mail ackbot can send, rendered with sample values: no braces, no empty greeting, no escapes in text."""
    titles = []
    for title, composed in specimens(sample(), "en"):
        titles.append(title)
        text = plain(composed.content)
        assert not re.search(r"[{}]|None|&#|&amp;|Dear|Hello ,|Hello  ", text), title
        assert not re.search(r"\S {2,}\S", text), title
        if composed.html:
            assert "&#" not in html(composed.content), title

    assert len(titles) > 20
