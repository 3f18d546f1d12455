"""The 17 points of voice.md, on the mails that letters (a), (b) and (c) bring (issue: Spanish by its one-line offer)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ackbot.casework.drafts import to_resident
from ackbot.config import sample
from ackbot.work.samples import specimens
from tests.support.council import World
from tests.support.letters import html, letter, parsed, plain
from tests.support.story import Story

A = letter(
    sender="Amina Yusuf <amina.yusuf@resident.example>",
    subject="Damp in my daughter's bedroom",
    text="There is damp and mould in my daughter's bedroom. She coughs.\n\nKind regards\nAmina Yusuf\n",
    message_id="<a@resident.example>",
)
C = letter(
    sender='"García López, Inés" <ines@resident.example>',
    to="streets@northgate.example",
    subject="=?utf-8?q?=C2=BFC=C3=B3mo_pido_un_permiso_de_aparcamiento=3F?=",
    text="Buenos días: necesito un permiso de aparcamiento para residentes. ¿Me pueden contestar en español, por favor?\n\nUn saludo\nInés García\n",
    message_id="<c@resident.example>",
)


def b(number: int) -> bytes:
    """The angry letter, unsigned, from an address that is a mood."""
    return letter(
        sender="furious99@resident.example",
        to="streets@northgate.example",
        subject="MISSED BIN AGAIN!!!" if number == 3 else f"Bin {number}",
        text=f"THIS IS WEEK {number} AND NOBODY COMES!!!\n",
        message_id=f"<b{number}@resident.example>",
    )


@pytest.fixture
def mails(world: World) -> dict[str, bytes]:
    """The three acknowledgements, as sent."""
    world.receive(A)
    for number in (1, 2, 3):
        world.receive(b(number), "streets")
    world.receive(C, "streets")
    sent = {mail["recipient"]: bytes(mail["content"]) for mail in world.outbox("acknowledgement")}
    return {
        "a": sent["amina.yusuf@resident.example"],
        "b": sent["furious99@resident.example"],
        "c": sent["ines@resident.example"],
    }


ALL_THREE = pytest.mark.parametrize("name", ["a", "b", "c"])


def own_words(text: str) -> str:
    """What is said before the footer, without greeting and sign-off."""
    paragraphs = text.split("\n\n")
    footer = next(index for index, one in enumerate(paragraphs) if one.startswith("To add something"))
    return "\n\n".join(paragraphs[:footer])


def sentences(text: str) -> list[str]:
    """Full sentences of a text, quoted subjects as one word."""
    flat = " ".join(re.sub(r"“[^”]*”", "subject", text).split())
    return [one for one in re.split(r"(?<=[.!?])\s+", flat) if len(one.split()) > 3]


def syllables(word: str) -> int:
    """By vowel groups; a silent e counts none."""
    groups = re.findall(r"[aeiouy]+", word.lower())
    return max(1, len(groups) - (word.lower().endswith("e") and not word.lower().endswith("le") and len(groups) > 1))


def test_1_exactly_one_acknowledgement(make_world: Callable[..., World]) -> None:
    """Voice 1: an unknown sender, fresh install, mode acknowledge: one, and no refusal, registration, login, or letter back."""
    world = make_world(('mode = "live"', 'mode = "acknowledge"'))
    world.receive(A)
    sent = world.outbox(to="amina.yusuf@resident.example")

    assert [(mail["kind"], mail["state"]) for mail in sent] == [("acknowledgement", "queued")]
    assert not re.search(r"denied|register|log ?in|account|coughs", plain(bytes(sent[0]["content"])), re.IGNORECASE)


@ALL_THREE
def test_2_owner_and_team_come_first(mails: dict[str, bytes], name: str) -> None:
    """Voice 2: first and last name and team within the first two sentences; no login names."""
    first_two = " ".join(plain(mails[name]).split("\n\n")[:2])

    assert re.search(
        r"(Priya Shah|Sam Jones) in Housing|(Kofi Mensah|Lena Wolf) in Streets and Waste", " ".join(first_two.split())
    )


def test_2_without_an_owner(make_world: Callable[..., World]) -> None:
    """Voice 2: which team has it, and by when a name comes."""
    absent = "".join(
        f'\n[[absence]]\nstaff = "{one}"\nfrom = 2026-11-30\nuntil = 2026-12-24\n' for one in ("priya", "sam", "alex")
    )
    world = make_world(("# end", absent))
    world.receive(A)
    text = plain(bytes(world.outbox("acknowledgement")[0]["content"]))

    assert "The Housing team has your email" in text
    assert "We will tell you who is dealing with it by Tuesday 1 December." in " ".join(text.split())


@ALL_THREE
def test_3_a_date_for_the_next_word(mails: dict[str, bytes], name: str) -> None:
    """Voice 3: a weekday and a date; nowhere "shortly" or "soon"."""
    text = " ".join(plain(mails[name]).split())

    assert "by Monday 7 December." in text
    assert not re.search(r"\b(shortly|soon|as soon as possible|in due course)\b", text)


@ALL_THREE
def test_4_one_line_each(mails: dict[str, bytes], name: str) -> None:
    """Voice 4: reply, what cannot wait, how to take it further, languages and formats; never phone only."""
    text = " ".join(plain(mails[name]).split())

    for words in ("just reply", "call 999", "it is a complaint", "another language"):
        assert text.count(words) == 1, words


@pytest.mark.parametrize(
    ("name", "greeting"), [("a", "Hello Amina Yusuf,"), ("b", "Hello,"), ("c", "Hello Inés García López,")]
)
def test_5_greeting(mails: dict[str, bytes], name: str, greeting: str) -> None:
    """Voice 5: the name as signed or shown; never an address, a piece of one, or a login."""
    assert plain(mails[name]).split("\n")[0] == greeting


@pytest.mark.parametrize(
    ("sender", "text", "greeting"),
    [
        ("e.quan@resident.example", "Help.\n\nRegards\nEdward Quan\n", "Hello Edward Quan,"),
        ("equan <equan@resident.example>", "Help.\n", "Hello,"),
        ("edward.quan@resident.example <edward.quan@resident.example>", "Help.\n", "Hello,"),
        ('"Quan, Edward (Mr)" <eq@resident.example>', "Help.\n", "Hello Edward Quan,"),
        ("Edward <edward@resident.example>", "Help.\n", "Hello,"),
        ("Edward <eq77@resident.example>", "Help.\n", "Hello Edward,"),
        ("أمل حداد <amal@resident.example>", "مرحبا", "Hello \u2068أمل حداد\u2069,"),
        ("Win £500!!! <x@resident.example>", "Help.\n", "Hello,"),
        ("O'Neil-Smith, Mary Anne <m@resident.example>", "Help.\n", "Hello Mary Anne O'Neil-Smith,"),
        ("Housing Team <x@resident.example>", "Help.\n\nThanks\nthe angry one\n", "Hello,"),
        ("e.quan@resident.example", "Help.\n\nThanks\nEdward Quan\n", "Hello Edward Quan,"),
        ("zz9@resident.example", "Help.\n\nThanks\nRegards\n", "Hello,"),
        ("zz9@resident.example", "Help.\n\nThanks\nRegards\nEdward Quan\n", "Hello Edward Quan,"),
        ("zz9@resident.example", "Help.\n\nThanks\nBin missed again\n", "Hello,"),
        ("zz9@resident.example", "Help.\n\nThanks\nYou Idiots\n", "Hello,"),
        ("zz9@resident.example", "Help.\n\nRegards\nPlease Hurry\n", "Hello,"),
        ("Visit www.evil.com <x@resident.example>", "Help.\n", "Hello,"),
        ("Evil.com <x@resident.example>", "Help.\n", "Hello,"),
        ("J.R. Hartley <x@resident.example>", "Help.\n", "Hello J.R. Hartley,"),
    ],
)
def test_5_names(world: World, sender: str, text: str, greeting: str) -> None:
    """Voice 5, D45: a name where there is one, "Hello," where none is sure."""
    world.receive(letter(sender=sender, text=text))

    assert plain(bytes(world.outbox("acknowledgement")[0]["content"])).split("\n")[0] == greeting


@pytest.mark.parametrize(
    ("subject", "quoted"),
    [
        ("Claim your refund at evil.com/claim today", False),
        ("Evil.com", False),
        ("www.evil.example", False),
        ("Damp at 3.15pm, no. 5", True),
        ("Flat 2.1 is cold.", True),
        ("Re: St. Mary's Road", True),
    ],
)
def test_12_no_site_of_a_stranger_stands_in_our_words(subject: str, quoted: bool) -> None:
    """Voice 12: a mail program makes a link of a bare site too, and it would be a link from the council."""
    assert bool(to_resident.matter(subject)) is quoted


def test_6_calm_words_for_the_angry(mails: dict[str, bytes]) -> None:
    """Voice 6: capitals and "!!!" are not thrown back, the earlier letters are said, nobody is thanked for patience."""
    text = " ".join(plain(mails["b"]).split())

    assert "“Missed bin again”" in text
    assert "!" not in text
    assert "We know you have written to us about this before." in text
    assert "patience" not in text


def test_6_the_count_is_only_said_when_known(world: World) -> None:
    """Voice 6: a first letter is not called a further one."""
    world.receive(b(3), "streets")

    assert "times" not in plain(bytes(world.outbox("acknowledgement")[0]["content"]))


def test_7_spanish_line(mails: dict[str, bytes]) -> None:
    """Voice 7: not English alone: one line in the resident's language, marked as such."""
    line = "Si quiere una traducción o un intérprete de español, responda a este correo y díganoslo."

    assert line in " ".join(plain(mails["c"]).split())
    assert re.search(r'<p lang="es" dir="ltr"[^>]*>Si quiere', html(mails["c"]))
    assert parsed(mails["c"])["Content-Language"] == "en, es"
    assert "traducción" not in plain(mails["a"])


@ALL_THREE
def test_8_words_never_used(mails: dict[str, bytes], name: str) -> None:
    """Voice 8: no desk words, no advertisement, no case number as first word."""
    text = plain(mails[name]) + html(mails[name])

    assert not re.search(
        r"\b(ticket|query|inquiry|helpdesk|automatically generated|user|support|ackbot)\b", text, re.IGNORECASE
    )
    assert not plain(mails[name]).startswith("RBN")


@ALL_THREE
def test_9_short_and_plain(mails: dict[str, bytes], name: str) -> None:
    """Voice 9: at most 60 words and 4 footer paragraphs, grade 7, 25 words a sentence, 78 columns."""
    text = plain(mails[name])
    own = own_words(text)
    footer = text[len(own) :].strip().split("\n\n")
    spoken = sentences(" ".join(one for one in text.split("\n\n") if "traducción" not in one))
    words = [word for one in spoken for word in re.findall(r"[A-Za-zÀ-ÿ']+", one)]
    grade = 0.39 * len(words) / len(spoken) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59

    assert len(re.sub(r"“[^”]*”", "subject", own).split()) <= 60
    assert len(footer) <= 4
    assert max(len(one.split()) for one in spoken) <= 25
    assert grade <= 7
    assert max(map(len, text.splitlines())) <= 78


def test_9_short_in_the_worst_case(make_world: Callable[..., World]) -> None:
    """Voice 9: late in Christmas night, the third letter, a complaint to two inboxes with a long subject: still 60 words."""
    world = make_world(
        (
            "# end",
            """
[[standard]]
name = "complaint"
[[route]]
subject = ["complaint"]
standard = "complaint"
""",
        ),
        now=datetime(2026, 12, 25, 23, 30, tzinfo=UTC),
    )
    for number in range(3):
        world.receive(
            letter(
                to="housing@northgate.example, streets@northgate.example",
                subject=f"Complaint {number}: a b c d e f g h i j k l m n o p q r s t u v w x y z I am so fed up",
                text=f"Number {number}.\n",
                message_id=f"<{number}@r.example>",
            ),
            arrived_at=world.now - timedelta(hours=3),
        )
    own = " ".join(own_words(plain(bytes(world.outbox("acknowledgement")[-1]["content"]))).split())

    assert len(own.split()) <= 60
    assert "about “Complaint 2: a b c" in own
    assert "We are sorry this reply is late." in own
    assert "You also wrote to Streets and Waste." in own


@ALL_THREE
def test_10_the_same_words_in_both_parts(mails: dict[str, bytes], name: str) -> None:
    """Voice 10: the same words in the same order, bare URLs in the text only; nothing hidden, nothing escaped."""
    from ackbot.mail.text import from_html

    text = re.sub(r": https://\S+", "", " ".join(plain(mails[name]).split()))
    page = html(mails[name])

    assert " ".join(from_html(page).split()) == text
    assert not re.search(r"&#|display:\s*none|visibility:\s*hidden|[\u0300-\u036f]|above this line", page)


@ALL_THREE
def test_11_html(mails: dict[str, bytes], name: str) -> None:
    """Voice 11: lang, dir, title, one h1, contrast 7:1, 16 px, no link named by its URL, https or mailto only."""
    page = html(mails[name])
    body = page.partition("<body")[2]

    assert re.search(r'<html lang="en" dir="ltr">', page)
    assert re.search(r"<title>[^<]+</title>", page)
    assert page.count("<h1") == 1
    assert min(int(size) for size in re.findall(r"font-size:\s*(\d+)px", page)) >= 16
    assert min(contrast(colour, "#ffffff") for colour in re.findall(r"(?<![-\w])color:\s*(#[0-9a-f]{6})", body)) >= 7
    for target, words in re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a>', page):
        assert target.startswith(("https:", "mailto:"))
        assert "://" not in words
    assert not re.search(r"<(img|table|script|form)\b", page)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two #rrggbb colours."""

    def luminance(colour: str) -> float:
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_12_nothing_is_sent_back(world: World) -> None:
    """Voice 12: at most subject and date; of a flagged letter not even the subject."""
    world.receive(letter(text="My phone is 020 7946 1234 and I have damp.\n", subject="Damp"))
    world.receive(
        letter(
            sender="Nell Ade <nell@resident.example>",
            subject="I want to end my life",
            text="I can not go on, I want to die.\n",
            message_id="<n@r.example>",
        )
    )
    ordinary, sensitive = (bytes(mail["content"]) for mail in world.outbox("acknowledgement"))

    assert "7946 1234" not in plain(ordinary)
    assert parsed(sensitive)["Subject"].startswith("Re: your email of Monday 30 November")
    assert "life" not in plain(sensitive)
    assert not re.search(r"December", plain(sensitive))


@ALL_THREE
def test_13_headers(mails: dict[str, bytes], name: str) -> None:
    """D44, voice 13: marked, threaded, from the service's address, with an id and an envelope of our own; no tracking."""
    mail = parsed(mails[name])
    address = "housing@northgate.example" if name == "a" else "streets@northgate.example"

    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply"
    assert mail["In-Reply-To"] == f"<{'b3' if name == 'b' else name}@resident.example>"
    assert mail["References"].split()[-1] == mail["In-Reply-To"]
    assert mail["Message-ID"].endswith("@northgate.example>")
    assert len(mail["Message-ID"]) <= 66
    assert mail["From"].addresses[0].addr_spec == address
    assert mail["From"].addresses[0].display_name in ("Housing", "Streets and Waste")
    assert not re.search(r"<img|utm_|pixel", html(mails[name]))


def test_13_envelope(world: World) -> None:
    """D44: the envelope sender is ours, so that bounces come where they are read."""
    world.receive(A)

    assert world.outbox("acknowledgement")[0]["envelope_from"] == "housing@northgate.example"


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("a", "Re: Damp in my daughter's bedroom"),
        ("b", "Re: MISSED BIN AGAIN!!! [RBN-"),
        ("c", "Re: ¿Cómo pido un permiso de aparcamiento? [RBN-"),
    ],
)
def test_14_subject_and_reference(mails: dict[str, bytes], name: str, subject: str) -> None:
    """Voice 14: `Re: <theirs>`; the reference in it only where no plus address carries it, and always in the body."""
    shown = str(parsed(mails[name])["Subject"])

    assert shown == subject if name == "a" else shown.startswith(subject)
    assert re.search(r"RBN-[A-HJKMNP-Z2-9]{3}-[A-HJKMNP-Z2-9]{3}", plain(mails[name]))


def test_15_a_reply_joins_the_case(world: World) -> None:
    """Voice 15: a reply joins by References, and brings at most one automatic mail that day, which says who and when."""
    world.receive(A)
    ours = parsed(bytes(world.outbox("acknowledgement")[0]["content"]))
    for number in (1, 2):
        world.receive(
            letter(
                sender="Amina Yusuf <amina.yusuf@resident.example>",
                to=str(ours["Reply-To"]),
                subject=str(ours["Subject"]),
                text=f"And the window, {number}.\n",
                message_id=f"<r{number}@resident.example>",
                In_Reply_To=str(ours["Message-ID"]),
            )
        )
    receipts = world.outbox("receipt")

    assert len(world.cases()) == 1
    assert len(receipts) == 1
    text = " ".join(plain(bytes(receipts[0]["content"])).split())
    assert "Your new email is with Priya Shah in Housing too." in text
    assert "by Monday 7 December" in text
    assert "window" not in text
    assert len(world.outbox("resident-wrote")) == 2


def test_17_letters_differ_and_equal_facts_do_not(mails: dict[str, bytes], make_world: Callable[..., World]) -> None:
    """Voice 17: a, b and c differ in name, owner, language or facts; the same facts get the same words."""
    texts = {name: " ".join(own_words(plain(mail)).split()) for name, mail in mails.items()}
    again = make_world()
    again.receive(A)
    once_more = " ".join(own_words(plain(bytes(again.outbox("acknowledgement")[0]["content"]))).split())

    assert len(set(texts.values())) == 3
    assert once_more == texts["a"]


def test_facts_vary_the_words(make_world: Callable[..., World]) -> None:
    """behaviour.md §3.1: out of hours, Christmas, late after an outage, a complaint."""
    from datetime import UTC, datetime, timedelta

    night = datetime(2026, 12, 24, 21, 0, tzinfo=UTC)
    world = make_world(
        (
            "# end",
            '[[standard]]\nname = "complaint"\nupdate_every = "5 working days"\n\n[[route]]\nsubject = ["complaint"]\nstandard = "complaint"\n',
        ),
        now=night,
    )
    world.receive(letter(subject="A complaint", text="It is wrong.\n"), arrived_at=night - timedelta(hours=6))
    text = " ".join(plain(bytes(world.outbox("acknowledgement")[0]["content"])).split())

    assert "We are closed now and will open again on Wednesday 30 December." in text
    assert "We are sorry this reply is late." in text
    assert "We are treating this as a complaint." in text
    assert "by Wednesday 6 January 2027" in text


LATER = [
    pytest.param(composed.content, id=title)
    for title, composed in specimens(sample(), "en")
    if parsed(composed.content)["X-Ackbot-Kind"] in ("no-news", "settled", "cover", "receipt")
]


@pytest.mark.parametrize("mail", LATER)
def test_later_mails_keep_the_voice(mail: bytes) -> None:
    """Voice 3, 4, 8, 9, 11, 13: what comes after the acknowledgement is as plain, short and safe as it is."""
    text, page, headers = plain(mail), html(mail), parsed(mail)
    spoken = sentences(text)
    words = [word for one in spoken for word in re.findall(r"[A-Za-z']+", one)]
    grade = 0.39 * len(words) / len(spoken) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59

    assert not re.search(
        r"shortly|\bsoon\b|in due course|ticket|query|helpdesk|automatically|\buser\b|ackbot", text, re.I
    )
    # Somebody else who writes in the case reads nothing of it (behaviour.md §3.3a).
    assert ("Your reference is RBN-7H4-29P." in " ".join(text.split())) is ("Your email has reached" not in text)
    assert max(len(one.split()) for one in spoken) <= 25
    assert grade <= 7
    assert max(map(len, text.splitlines())) <= 78
    assert page.count("<h1") == 1
    assert headers["Auto-Submitted"] in ("auto-generated", "auto-replied")
    assert headers["X-Auto-Response-Suppress"] == "DR, RN, NRN, OOF, AutoReply"


def test_16_staff_silent(tmp_path: Path) -> None:
    """Voice 16: on the promised date the resident hears who has it, and the next date; staff hear first."""
    story = Story(tmp_path)
    story.receive(A)
    story.at("2026-12-07 17:00")
    kinds = [mail["kind"] for mail in story.outbox()]
    told = " ".join(plain(bytes(story.mail("no-news")["content"])).split())

    assert kinds.index("no-news") == len(kinds) - 1
    assert kinds.count("digest") >= 2
    assert "We have asked Priya again" in told
    assert "You will hear from us again by Monday 14 December." in told
