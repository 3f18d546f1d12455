"""Nothing of a letter is lost on the way to its owner: files, texts under odd names, HTML, identity, odd MIME (E16-E18, E21, E22)."""

from base64 import b64encode

import pytest

from ackbot.mail import text
from ackbot.mail.message import Message, read
from tests.support.council import World
from tests.support.letters import letter, plain

WORDS = "The ceiling of the hall has come down."
PHOTO = b64encode(b"\xff\xd8" + b"x" * 60_000).decode()
LOGO = b64encode(b"\x89PNG" + b"x" * 2_000).decode()


def in_parts(*parts: str, kind: str = "mixed", **fields: str) -> bytes:
    """A mail of several parts, each with its own header section."""
    body = "".join(f"--b\n{part}\n" for part in parts)
    return letter(content_type=f'multipart/{kind}; boundary="b"', text=f"{body}--b--\n", **fields)


def said(words: str = WORDS) -> str:
    """A plain text part."""
    return f"Content-Type: text/plain; charset=utf-8\n\n{words}\n"


def file(kind: str, head: str, content: str = PHOTO) -> str:
    """A base64 part."""
    return f"Content-Type: {kind}\nContent-Transfer-Encoding: base64\n{head}\n\n{content}\n"


def files_of(world: World, kind: str = "new-case") -> str:
    """The parts that go along with the owner's last mail, and its words."""
    mail = world.outbox(kind)[-1]
    return f"{mail['attachments']}\n{plain(bytes(mail['content']))}"


INLINE = [
    file("image/jpeg; name=IMG_1.jpeg", "Content-Disposition: inline; filename=IMG_1.jpeg"),
    file("application/pdf; name=lease.pdf", "Content-Disposition: inline; filename=lease.pdf"),
    file("image/png; name=image.png", "Content-Disposition: inline; filename=image.png\nContent-ID: <ii_1>"),
    file("image/heic; name=IMG_2.HEIC", "Content-Disposition: inline; filename=IMG_2.HEIC\nContent-ID: <A@r>"),
    file("video/quicktime; name=leak.mov", "Content-ID: <B@r>"),
    "Content-Type: message/rfc822; name=old.eml\nContent-Disposition: inline; filename=old.eml\n\nSubject: Old\n\nOld words\n",
]


@pytest.mark.parametrize("part", INLINE, ids=["photo", "pdf", "pasted", "heic", "video", "mail"])
def test_e16_files_marked_inline_go_along_and_are_named(world: World, part: str) -> None:
    """E16: iPhones, Macs and Gmail mark their files as inline; the owner gets each of them, by name."""
    name = part.split("name=")[1].split("\n", maxsplit=1)[0]
    html = 'Content-Type: text/html\n\n<p>Look</p><img src="cid:ii_1">\n'
    world.receive(in_parts(said(), html, part))
    shown = files_of(world)

    assert f'"name": "{name}"' in shown
    assert f"in all): {name}" in shown


def test_e16_a_small_picture_that_the_html_shows_is_named_alone(world: World) -> None:
    """E16: a signature's logo stays in the inbox, and its name says so."""
    logo = file("image/png; name=logo.png", "Content-ID: <logo>\nContent-Disposition: inline; filename=logo.png", LOGO)
    world.receive(in_parts(f'Content-Type: text/html\n\n<p>{WORDS}</p><img src="cid:logo">\n', logo, kind="related"))

    assert "Small pictures that stay in the inbox: logo.png" in files_of(world)
    assert '"parts"' not in files_of(world)


@pytest.mark.parametrize(
    "raw",
    [
        letter(text=LOGO, content_type="image/png; name=hole.png", Content_Transfer_Encoding="base64"),
        in_parts(file("image/png; name=hole.png", "Content-ID: <x>", LOGO), kind="related"),
        in_parts(
            'Content-Type: text/html\n\n<img src="cid:x">\n',
            file("image/png; name=hole.png", "Content-ID: <x>\nContent-Disposition: inline", LOGO),
            kind="related",
        ),
    ],
    ids=["the whole mail", "related", "shown"],
)
def test_e16_a_letter_that_is_only_a_picture(world: World, raw: bytes) -> None:
    """E16: however small, it goes along; the owner reads that there are no words."""
    world.receive(raw)

    assert '"name": "hole.png"' in files_of(world)
    assert "(The letter has no words.)" in files_of(world)


@pytest.mark.parametrize(
    "head",
    [
        'text/plain; charset=utf-8; name="text_0.txt"',
        'text/plain; name="text_0.txt"\nContent-Disposition: inline',
        "text/plain\nContent-Disposition: inline; filename=message.txt",
        "text/plain\nContent-Disposition: attachment; filename=ATT00001.txt",
        "text/plain; name=letter",
        "text/markdown; name=note.md",
        "text/enriched",
        "text/html; name=ATT00002.htm\nContent-Disposition: attachment; filename=ATT00002.htm",
        "text/plain\nContent-Disposition: attachment; filename=complaint.txt",
        "text/plain; name=contacts.csv",
    ],
)
def test_e17_every_text_part_is_read(world: World, head: str) -> None:
    """E17: gateways, phones and Exchange give the text a file's name. If it is all there is, even a file is the letter."""
    raw = in_parts(f"Content-Type: {head}\n\nI smell gas in the hall.\n", file("image/jpeg", "Content-ID: <p>"))
    world.receive(raw)

    assert "I smell gas in the hall." in plain(bytes(world.outbox("new-case")[0]["content"]))
    assert world.outbox("urgent")


@pytest.mark.parametrize(
    ("head", "is_read", "is_file"),
    [
        ("text/plain; name=ATT00001.txt\nContent-Disposition: attachment; filename=ATT00001.txt", True, False),
        ("text/plain\nContent-Disposition: inline; filename=more.txt", True, True),
        ("text/html; name=page.html", False, True),
        ("text/plain; name=text_1.txt", True, False),
        ("text/plain; name=meter.csv", False, True),
        ("text/plain\nContent-Disposition: attachment; filename=log.txt", False, True),
    ],
)
def test_e17_texts_beside_a_text(head: str, is_read: bool, is_file: bool) -> None:
    """E17: a text below an attachment is a piece of the letter; one that its sender named or attached is a file as well."""
    found = read(
        in_parts(said(), file("application/pdf; name=a.pdf", ""), f"Content-Type: {head}\n\nAnd there is more.\n")
    )

    assert ("And there is more." in found.text) is is_read
    assert (len(found.attachments) == 2) is is_file


@pytest.mark.parametrize(
    "page",
    [
        f"<html><head><title/></head><body><p>{WORDS}</p></body></html>",
        f"<head><style/></head><body>{WORDS}",
        f"<script/>{WORDS}",
        f"<SCRIPT src='x.js' /><p>{WORDS}",
        f"<template/>{WORDS}",
        f"<style>p {{ color: red }} <p>{WORDS}</p>",
        f"<title>Letter<body>{WORDS}",
        f"<script>var a = 1;</head><body>{WORDS}",
        f"<body style='display: none'>{WORDS}</body>",
        f'<div style="display:none"><p>{WORDS}</p></div>',
        f'<img src="data:image/png;base64,{"A" * 700_000}"><p>{WORDS}</p>',
        f"<p>Hello,</p><!-- <p>{WORDS}</p>",
        f"<![CDATA[{WORDS}]]>",
        f"<p>Hello,</p><style>p {{}}<div>{WORDS}</div>",
        f"<html><head></head><frameset><noframes>{WORDS}</noframes></frameset>",
    ],
)
def test_e18_html_never_empties_a_letter(page: str) -> None:
    """E18: nothing that a page leaves open or hides takes the words along."""
    assert WORDS in " ".join(text.from_html(page).split())


def test_e18_what_nobody_sees_stays_out() -> None:
    """E18, the other way: scripts, styles, titles and hidden elements are no words of a letter."""
    page = "<title>T</title><style>p{}</style><script>s()</script><div style='display:none'>Hidden</div><p>Seen</p>"

    assert text.from_html(page).strip() == "Seen"


def test_e18_a_page_that_cannot_be_read_comes_as_a_file(world: World) -> None:
    """E18: the owner reads that there was something, and gets it."""
    world.receive(letter(content_type="text/html", text='<html><body><input value="Words"></body></html>'))

    assert "The letter could not be read as text" in files_of(world)
    assert '"section": "1"' in files_of(world)


@pytest.mark.parametrize(
    "boundary",
    ["boundary=wrong", "", 'boundary="b', 'boundary="a\n b"', "boundary=", "boundary=b; boundary=c", "charset=utf-8"],
)
def test_e18_e22_a_wrong_boundary(boundary: str) -> None:
    """E18, E22: a boundary that is missing, wrong or folded is taken from the mail itself; its files stay files."""
    parts = in_parts(
        "Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n"
        + b64encode(f"<p>{WORDS}</p>".encode()).decode(),
        file("application/pdf; name=a.pdf", "", LOGO),
    ).replace(b'multipart/mixed; boundary="b"', f"multipart/mixed; {boundary}".replace("\n", "\r\n").encode())
    found = read(parts)

    assert found.text == WORDS
    assert [one.name for one in found.attachments] == ["a.pdf"]


SAME = {"message_id": None, "subject": "Scan", "sender": "copier@office.example"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (file("application/pdf; name=scan.pdf", "", LOGO), file("application/pdf; name=scan.pdf", "", PHOTO)),
        (file("application/pdf; name=a.pdf", "", LOGO), file("application/pdf; name=b.pdf", "", LOGO)),
        (
            file("application/pdf", "", LOGO),
            file("application/pdf", "", LOGO) + "\n--b\n" + file("image/tiff", "", LOGO),
        ),
    ],
    ids=["size", "name", "number"],
)
def test_e21_scans_of_one_minute_are_two_letters(world: World, first: str, second: str) -> None:
    """E21: a machine sends files under one subject without Message-ID and text; only the same one again is decided before."""
    for part in (first, second, first):
        world.receive(in_parts(part, **SAME))

    assert [row["outcome"] for row in world.db.run("SELECT outcome FROM letters")] == ["case", "attach"]
    assert len(world.db.run("SELECT 1 FROM arrivals")) == 3


def test_e21_the_way_does_not_change_what_a_letter_is() -> None:
    """E21, D12: line ends of the store, and fields that servers add, change no size."""
    raw = in_parts(said(), file("application/pdf; name=a.pdf", "", PHOTO))

    assert Message.parse(raw).fingerprint == Message.parse(raw.replace(b"\r\n", b"\n")).fingerprint
    assert Message.parse(raw).fingerprint == Message.parse(b"Received: from x by y; z\r\n" + raw).fingerprint
