"""Answers by phone or from elsewhere, senders who need none, copies, and a manager's word on absence (behaviour.md §4.3)."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter, parsed
from tests.support.story import Story, words


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    made = make_story()
    made.receive(letter())
    made.after(minutes=5)
    return made


@pytest.mark.parametrize(
    ("text", "by", "verb"),
    [
        ("PHONED: we meet on Friday, he is fine with that", "phone", "spoke to"),
        ("Phoned.", "phone", "spoke to"),
        ("SENT", "elsewhere", "wrote to"),
        ("sent: from my own mailbox by mistake", "elsewhere", "wrote to"),
    ],
)
def test_answered_by_phone_or_from_elsewhere(story: Story, text: str, by: str, verb: str) -> None:
    """behaviour.md §4.3 PHONED, SENT: first human words, as its owner says; nobody is chased; "settled?" says which it was."""
    story.reply(story.mail("new-case"), text)

    assert story.outbox("human") == []
    assert (story.case()["state"], story.case()["answered_by"], story.case()["human_words_by"]) == (
        "answered",
        by,
        "priya",
    )
    assert story.clocks("running") == [("settle", "2026-12-07", "running")]
    told = story.db.run("SELECT why FROM events WHERE kind = 'HumanWords'")[0]["why"]
    assert told.startswith("Priya Shah says:")
    story.at("2026-12-08 10:00")
    assert f"Priya Shah {verb} you on Monday 30 November" in words(story, "settled")[0]


@pytest.mark.parametrize(
    "text", ["PHONED: no answer", "PHONED left a message", "Phoned: he didn't pick up", "PHONED, voicemail"]
)
def test_a_call_nobody_answered_is_no_answer(story: Story, text: str) -> None:
    """behaviour.md §3.6: never claim work nobody did; the promise stands, and NOTE is named."""
    story.reply(story.mail("new-case"), text)

    assert "PHONED is for a call that was answered" in words(story, "ask-back")[-1]
    assert ("update", "2026-12-07", "running") in story.clocks()


def test_a_colleague_phoned(story: Story) -> None:
    """Whoever has the case hears that somebody else answered."""
    story.at("2026-12-07 13:00")
    reference = story.office.council.reference_of(story.case()["code"])
    story.reply(story.mail("digest", "alex@northgate.example"), f"{reference} PHONED: told him that we come")

    assert story.case()["answered_by"] == "phone"
    story.at("2026-12-07 16:00")
    assert story.outbox("no-news") == []


@pytest.mark.parametrize(
    "words_", ["Phoned you twice, please call back on Monday.", "Sent the plumber round this morning."]
)
def test_words_that_only_begin_like_it_are_held(story: Story, words_: str) -> None:
    """behaviour.md §4.3: never guessed."""
    story.reply(story.mail("new-case"), words_)

    assert story.outbox("human") == []
    assert "it begins like a command but is not one" in words(story, "ask-back")[-1]


def test_a_sender_who_needs_no_answers(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.3 IGNORE: this case closes without a mail, later letters are cases without an acknowledgement; OFF ends it."""
    story = make_story()
    story.receive(letter(Authentication_Results="mx.northgate.example; dmarc=pass header.from=resident.example"))
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "IGNORE")
    assert story.case()["state"] == "closed"
    assert "gets no automatic mail any more, and RBN-" in words(story, "ask-back")[-1]
    automatic = len(story.outbox(to="edward@resident.example"))
    row = story.receive(letter(subject="Offer", text="New windows, half price.", message_id="<2@resident.example>"))
    assert (row["outcome"], row["acknowledged"]) == ("case", 0)
    assert len(story.outbox("new-case")) == 2
    assert len(story.outbox(to="edward@resident.example")) == automatic

    story.after(minutes=5)
    story.reply(story.outbox("new-case")[-1], "IGNORE OFF")
    story.after(minutes=5)
    story.receive(letter(subject="Roof", text="The roof leaks.", message_id="<3@resident.example>"))
    assert len(story.outbox(to="edward@resident.example")) == automatic + 1


def copied(make_story: Callable[..., Story]) -> Story:
    story = make_story()
    story.receive(letter(Cc="Cllr Ann Lee <cllr.lee@northgate.example>, mum@family.example, streets@northgate.example"))
    story.after(minutes=5)
    return story


def agree(story: Story) -> None:
    """Priya reads to whom copies would go, and says SEND."""
    story.after(minutes=1)
    story.reply(story.mail("ask-back"), "SEND")


def test_copies_with_the_words_below(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.3 CC: the people the resident copied get the answer too, once each; our own inboxes do not."""
    story = copied(make_story)
    story.reply(story.mail("new-case"), "CC\n\nDear Edward,\n\nA surveyor comes on Thursday.\n\nPriya")
    agree(story)
    sent = {row["recipient"]: row for row in story.outbox("human")}

    assert set(sent) == {"edward@resident.example", "cllr.lee@northgate.example", "mum@family.example"}
    assert (
        "Copied to: cllr.lee@northgate.example, mum@family.example."
        in words(story, "human", "edward@resident.example")[0]
    )
    copy = words(story, "human", "mum@family.example")[0]
    assert copy.startswith("Dear Edward, A surveyor comes on Thursday. Priya")
    assert "This is a copy of what Priya Shah wrote to edward@resident.example." in copy
    assert len({row["message_id"] for row in sent.values()}) == 3
    assert story.db.run("SELECT human_sent FROM staff_load WHERE staff = 'priya'")[0]["human_sent"] == 1


def test_copies_from_now_on(make_story: Callable[..., Story]) -> None:
    """CC alone is confirmed and remembered with the case; CC OFF ends it."""
    story = copied(make_story)
    story.reply(story.mail("new-case"), "CC")
    agree(story)
    assert "goes to cllr.lee@northgate.example, mum@family.example too from now on" in words(story, "ask-back")[-1]
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "UPDATE\n\nA surveyor comes on Thursday.")
    assert len(story.outbox("human")) == 3
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "CC OFF")
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "UPDATE\n\nThe surveyor comes on Friday.")
    assert len(story.outbox("human")) == 4


@pytest.mark.usefixtures("store")
def test_the_first_copy_is_asked_about_once(make_story: Callable[..., Story]) -> None:
    """E8: before the first copy its owner reads every address; what was agreed to is not asked again, a new address is."""
    story = copied(make_story)
    story.reply(story.mail("new-case"), "CC\n\nDear Edward,\n\nA surveyor comes on Thursday.\n\nPriya")
    asked = words(story, "ask-back")[-1]
    assert "- cllr.lee@northgate.example - mum@family.example" in asked
    assert "A surveyor comes on Thursday." in asked
    assert story.outbox("human") == []
    assert story.case()["copies"] == ""
    agree(story)
    assert len(story.outbox("human")) == 3
    story.after(minutes=1)
    story.reply(story.mail("new-case"), "CC\n\nDear Edward,\n\nThe surveyor comes on Friday.\n\nPriya")
    assert len(story.outbox("human")) == 6
    story.receive(letter(text="And Bob.", message_id="<2@r.example>", Cc="bob@family.example"))
    story.after(minutes=1)
    story.reply(story.mail("new-case"), "CC\n\nDear Edward,\n\nThe surveyor comes on Monday.\n\nPriya")

    assert "- bob@family.example" in words(story, "ask-back")[-1]
    assert len(story.outbox("human")) == 6


def test_nobody_gets_a_copy_that_was_not_agreed_to(make_story: Callable[..., Story]) -> None:
    """E8: KEEP keeps the words inside, and what is written later goes to the resident alone."""
    story = copied(make_story)
    story.reply(story.mail("new-case"), "CC\n\nDear Edward,\n\nA surveyor comes on Thursday.\n\nPriya")
    story.reply(story.mail("ask-back"), "KEEP")
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "Dear Edward,\n\nThe surveyor comes on Friday.\n\nPriya")

    assert [row["recipient"] for row in story.outbox("human")] == ["edward@resident.example"]
    assert story.case()["copies"] == ""


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    "spy",
    [
        {"sender": "Spy <x@evil.example>"},  # anybody who has the reply address, or our Message-ID
        {"sender": "Edward Quan <edward@evil.example>"},
        {"sender": "edward@resident.example, x@evil.example"},
        {"sender": "x@evil.example", "Reply_To": "edward@resident.example"},
        {"Authentication_Results": "mx.northgate.example; dmarc=fail header.from=resident.example"},
    ],
)
def test_a_stranger_copies_nobody(make_story: Callable[..., Story], spy: dict[str, str]) -> None:
    """E8: whoever writes into a case with somebody in Cc gets them none of its owner's words; nor does a condemned letter."""
    story = make_story()
    story.receive(letter())
    ours = parsed(bytes(story.mail("acknowledgement")["content"]))
    story.receive(
        letter(
            to=str(ours["Reply-To"]),
            text="I have more to say about it.",
            message_id="<spy@evil.example>",
            Cc="spy@evil.example",
            In_Reply_To=str(ours["Message-ID"]),
            **spy,
        )
    )
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "CC\n\nDear Edward,\n\nA surveyor comes on Thursday.\n\nPriya")

    assert "Edward Quan copied nobody" in words(story, "ask-back")[-1]
    assert not story.outbox(to="spy@evil.example")


def test_nobody_was_copied(story: Story) -> None:
    """A pasted header line is no command, and where nobody was copied nothing is sent."""
    story.reply(story.mail("new-case"), "CC\n\nDear Edward,\n\nA surveyor comes on Thursday.")
    assert "Edward Quan copied nobody" in words(story, "ask-back")[-1]
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "Cc: boss@northgate.example\nDear Edward, a surveyor comes.")
    assert "CC stands alone in its line" in words(story, "ask-back")[-1]
    assert story.outbox("human") == []


def test_a_copy_that_comes_back_leaves_the_resident_reachable(make_story: Callable[..., Story]) -> None:
    """D39: a bounce of a copy is no bounce of the resident's mail."""
    story = copied(make_story)
    story.reply(story.mail("new-case"), "CC\n\nDear Edward,\n\nA surveyor comes on Thursday.\n\nPriya")
    agree(story)
    copy = story.outbox("human", "mum@family.example")[0]
    story.receive(
        b"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.northgate.example\r\nTo: housing@northgate.example\r\n"
        b"Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <b@mx>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nNo such user.\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        b"Final-Recipient: rfc822; mum@family.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + bytes(copy["content"]) + b"\r\n--b--\r\n"
    )

    assert story.db.run("SELECT 1 FROM events WHERE kind = 'bounce'")
    assert story.case()["unreachable"] == 0


def test_a_manager_says_who_is_away(story: Story) -> None:
    """behaviour.md §4.3 AWAY of somebody else: by their manager; both hear of it; the case moves to the cover."""
    story.at("2026-12-07 13:00")
    story.reply(story.mail("digest", "alex@northgate.example"), "AWAY priya today to 18 Dec, cover Sam")
    confirmed = story.outbox("ask-back")[-2:]

    assert {row["recipient"] for row in confirmed} == {"alex@northgate.example", "priya@northgate.example"}
    assert "Alex, Priya Shah is away from Monday 7 December" in words(story, "ask-back", "alex@northgate.example")[-1]
    assert (
        "Alex Reid wrote this for you. Priya, you are away from"
        in words(story, "ask-back", "priya@northgate.example")[-1]
    )
    story.at("2026-12-08 09:00")
    assert story.case()["cover"] == "sam"
    story.reply(story.mail("digest", "alex@northgate.example"), "BACK Priya Shah")
    story.at("2026-12-08 09:30")
    assert story.case()["cover"] == ""


def test_a_colleague_cannot_say_so(story: Story) -> None:
    """P7: nobody but a person and those above them says that they are away."""
    story.reply(story.mail("new-case"), "AWAY Sam Jones 1 Dec to 18 Dec")

    assert "Only Sam Jones and those above them can say that." in words(story, "ask-back")[-1]
    assert story.db.run("SELECT 1 FROM absences") == []


def test_help_names_every_word(story: Story) -> None:
    """behaviour.md §4.3: every command of the table stands in HELP, with who reads what."""
    story.reply(story.mail("new-case"), "HELP")
    told = words(story, "ask-back")[-1]

    for word in [
        "UPDATE",
        "DONE",
        "MORE",
        "ASK",
        "NOTE",
        "PHONED",
        "SENT",
        "CLOSE",
        "PASS",
        "TAKE",
        "SPLIT",
        "IGNORE",
        "QUIET",
        "AWAY",
        "BACK",
        "CC",
    ]:
        assert word in told
    assert "Edward Quan reads:" in told
    assert "It stays inside:" in told


def test_headers_of_the_copy(make_story: Callable[..., Story]) -> None:
    """A copy goes from the owner by name, and a reply to it reaches the case."""
    story = copied(make_story)
    story.reply(story.mail("new-case"), "CC\n\nDear Edward,\n\nA surveyor comes on Thursday.\n\nPriya")
    agree(story)
    mail = parsed(bytes(story.outbox("human", "mum@family.example")[0]["content"]))

    assert mail["To"] == "mum@family.example"
    assert mail["From"] == '"Priya Shah, Housing" <housing@northgate.example>'
    assert "housing+" in mail["Reply-To"]


def test_absences_stand_in_no_line_of_a_digest(story: Story) -> None:
    """P6: AWAY and BACK are about no case: behind a reference they are asked about, and no resident reads them."""
    reference = story.office.council.reference_of(story.case()["code"])
    story.at("2026-12-07 08:31")
    digest = story.mail("digest", "priya@northgate.example")
    for line in ("AWAY 8 Dec to 11 Dec, cover Sam Jones", "BACK again, and well rested"):
        story.reply(digest, f"{reference} {line}")
        assert "is about no case" in words(story, "ask-back")[-1]

    assert story.outbox("human") == []
    assert story.case()["state"] == "open"


def test_back_of_nobody(story: Story) -> None:
    """A manager's typing error says of nobody that they are back, the manager least of all."""
    story.at("2026-12-07 13:00")
    overdue = story.mail("digest", "alex@northgate.example")
    story.reply(overdue, "BACK Pryia")
    assert "“Pryia” is not such a name" in words(story, "ask-back", "alex@northgate.example")[-1]
    story.reply(overdue, "BACK from today")

    assert "you are not away, so nothing has changed" in words(story, "ask-back", "alex@northgate.example")[-1]


SIGNED = [
    "\n\nSent from my iPhone",
    "\n\nKind regards,\nPriya Shah",
    "\n\n-- \nPriya Shah\nHousing Officer\n020 7946 0001",
]


@pytest.mark.parametrize("signature", SIGNED)
def test_a_signature_is_no_part_of_a_command(make_story: Callable[..., Story], signature: str) -> None:
    """behaviour.md §4: answered from a phone: what stands below the word is neither a reason, nor a note, nor in its way."""
    story = make_story()
    story.receive(letter(Cc="Ann <ann@resident.example>"))
    story.after(minutes=5)
    case = story.mail("new-case")
    for word, answer in (
        ("NOTE", "NOTE needs words"),
        ("CLOSE", "CLOSE needs a reason"),
        ("SPLIT streets", "SPLIT needs a word about the part"),
        ("PASS", "PASS needs a name"),
        ("CC", "- ann@resident.example"),
        ("QUIET", "no automatic mail goes out any more"),
        ("QUIET OFF", "gets automatic mail again"),
    ):
        story.reply(case, word + signature)
        assert answer in words(story, "ask-back")[-1]
    story.reply(case, "PASS sam" + signature)
    assert "says:" not in words(story, "hand-over")[-1]
    story.reply(case, "PHONED" + signature)

    kept = story.db.run("SELECT words FROM words WHERE words <> ''")
    assert [row["words"] for row in kept] == []
    assert story.case()["answered_by"] == "phone"
