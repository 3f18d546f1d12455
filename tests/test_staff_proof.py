"""The proof that staff wrote a mail: the rules of the case's inbox count, whichever inbox the mail came to (P7)."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.letters import letter, parsed, plain
from tests.support.story import PASSED, Story, answer, words

ANSWER = "Dear Edward,\n\nA surveyor comes on Thursday between 9 and 12.\n\nPriya"


def test_the_weakest_inbox_is_nobodys_way_in(tmp_path: Path) -> None:
    """P7, D55: an inbox without a trusted server vouches for nobody in a case of an inbox that has one."""
    story = Story(tmp_path)
    story.receive(letter())
    forged = {"Authentication-Results": "mx.northgate.example; dmarc=fail"}
    raw = answer(bytes(story.mail("new-case")["content"]), ANSWER, "priya@northgate.example", when=story.now, **forged)
    row = story.receive(raw, inbox="streets")

    assert row["kind"] != "staff"
    assert story.outbox("human") == []


def test_a_mark_of_exchange_does_not_outweigh_a_fail(tmp_path: Path) -> None:
    """P7: anybody can write X-MS-Exchange-Organization-AuthAs where no Exchange stands."""
    story = Story(tmp_path)
    story.receive(letter())
    forged = {
        "Authentication-Results": "mx.northgate.example; dmarc=fail",
        "X-MS-Exchange-Organization-AuthAs": "Internal",
    }
    row = story.reply(story.mail("new-case"), ANSWER, "priya@northgate.example", **forged)

    assert row["kind"] != "staff"
    assert story.outbox("human") == []


def test_a_letter_in_a_case_of_an_inbox_that_is_gone(tmp_path: Path) -> None:
    """P1, P4: nobody is here and the inbox is no longer configured: somebody is told, and the letter is not lost."""
    gone = "".join(
        f'\n[[absence]]\nstaff = "{one}"\nfrom = 2026-12-01\nuntil = 2026-12-14\n' for one in ("priya", "sam", "alex")
    )
    story = Story(tmp_path, ("# end", "# end\n" + gone))
    story.receive(letter())
    story.db.run("UPDATE cases SET inbox = 'closed-long-ago'")
    story.at("2026-12-02 10:00")
    row = story.receive(letter(text="Worse.", message_id="<2@r.example>", In_Reply_To="<first@resident.example>"))

    assert (row["state"], row["outcome"]) == ("decided", "attach")
    assert story.mail("admin")["recipient"] == "director@northgate.example"


def test_a_letter_with_a_copied_id_of_ours_is_a_letter(tmp_path: Path) -> None:
    """P1: whoever had a mail of ours knows its signed id; a mail of their own that carries it is theirs, and answered."""
    story = Story(tmp_path)
    story.receive(letter())
    copied = parsed(bytes(story.mail("acknowledgement")["content"]))["Message-ID"]
    row = story.receive(
        letter(sender="Mo Ali <mo@resident.example>", subject="Lift", message_id="<2@r.example>", X_Ackbot_Id=copied)
    )

    assert (row["kind"], row["acknowledged"]) == ("letter", 1)


# -- Who may speak (behaviour.md §4.4): who tried what ---------------------------------------------------------------------

EDWARD = "Edward Quan <edward@resident.example>"
PRIYA = "Priya Shah <priya@northgate.example>"
FAILED = "mx.northgate.example; dmarc=fail header.from=northgate.example"


def notice(story: Story) -> dict[str, Any]:
    """The mail that a member of staff may answer."""
    return story.mail("new-case", "priya@northgate.example")


def nothing_was_said(story: Story) -> None:
    """P7: no words went to the resident, and the case is as it was."""
    assert story.outbox("human") == []
    assert (story.case()["state"], story.case()["human_words_at"]) == ("open", None)
    assert ("update", "2026-12-07", "running") in story.clocks()


@pytest.mark.parametrize("text", ["Thank you, but it got worse.\n", "CLOSE: all is well\n", "DONE\n\nAll is well.\n"])
def test_a_resident_replies_to_all(tmp_path: Path, text: str) -> None:
    """P7, D55, D51: Priya's staff address went along in a Cc; the resident's reply to all is a letter, its commands are words."""
    story = Story(tmp_path)
    story.receive(letter())
    staff_address = parsed(bytes(notice(story)["content"]))["Reply-To"]
    raw = letter(
        sender=EDWARD,
        to=staff_address,
        Cc=PRIYA,
        subject="Re: Damp in the bedroom",
        text=text,
        message_id="<all@resident.example>",
        In_Reply_To="<first@resident.example>",
        References=f"<first@resident.example> {notice(story)['message_id']}",
    )
    row = story.receive(raw)

    assert (row["kind"], row["outcome"], row["acknowledged"]) == ("reply", "attach", 0)
    assert len(story.outbox("resident-wrote", "priya@northgate.example")) == 1
    nothing_was_said(story)


FORGERS: list[tuple[str, dict[str, str]]] = [
    (PRIYA, {"Authentication-Results": f"{FAILED}\r\nAuthentication-Results: {PASSED}"}),
    (PRIYA, {"Authentication-Results": "mx.evil.example; dmarc=pass header.from=northgate.example"}),
    (PRIYA, {"Authentication-Results": "mx.northgate.example.evil.example; dmarc=pass header.from=northgate.example"}),
    (PRIYA, {"Authentication-Results": 'mx.northgate.example; spf=pass smtp.mailfrom="x; dmarc=pass"'}),
    ("priya@evil.example", {"Sender": PRIYA}),
    ('"priya@northgate.example" <priya@evil.example>', {}),
    (f"{PRIYA}, mallory@evil.example", {"Authentication-Results": FAILED}),
    ("Priya <priya@northgate.example.evil.example>", {}),
    ("Priya <рriya@northgate.example>", {}),
]


@pytest.mark.parametrize(
    ("sender", "headers"),
    FORGERS,
    ids=[
        "pass below",
        "another server",
        "a like server",
        "in a comment",
        "Sender",
        "name",
        "two",
        "a like domain",
        "letter",
    ],
)
def test_a_forged_from(tmp_path: Path, sender: str, headers: dict[str, str]) -> None:
    """P7, D55: whoever has the token, and From, still needs the word of the council's own server."""
    story = Story(tmp_path)
    story.receive(letter())
    before = len(story.outbox("acknowledgement"))
    row = story.receive(answer(bytes(notice(story)["content"]), ANSWER, sender, when=story.now, **headers))

    assert row["kind"] in ("letter", "reply")
    assert len(story.outbox("acknowledgement")) == before
    nothing_was_said(story)


def test_a_forwarded_staff_mail_that_a_contractor_answers(tmp_path: Path) -> None:
    """P7, D50, D54: Priya forwards the letter to a builder, who answers to all: a case of its own, told to its owner, unanswered."""
    story = Story(tmp_path)
    story.receive(letter())
    raw = answer(
        bytes(notice(story)["content"]),
        "We can come on Thursday, 400 pounds.",
        "Bob <bob@contractor.example>",
        when=story.now,
        Subject="Re: Fwd: Damp in the bedroom",
        Cc="priya@northgate.example, edward@resident.example",
        Authentication_Results="mx.northgate.example; dmarc=pass header.from=contractor.example",
    )
    row = story.receive(raw)

    assert (row["kind"], row["acknowledged"]) == ("letter", 0)
    assert "400 pounds" in words(story, "new-case")[-1] + "".join(words(story, "resident-wrote"))
    nothing_was_said(story)


def test_a_forward_of_a_staff_mail_by_its_owner(tmp_path: Path) -> None:
    """behaviour.md §4.2: Priya forwards it to a colleague, with the reply address in copy: held, and asked."""
    story = Story(tmp_path)
    story.receive(letter())
    headers = {"Subject": "Fwd: Damp in the bedroom", "Cc": "sam@northgate.example"}
    story.reply(notice(story), "Can you look at this one on Thursday, please?", PRIYA, **headers)

    assert "it is a forward" in words(story, "ask-back")[-1]
    nothing_was_said(story)


def test_an_old_mail_sent_again(tmp_path: Path) -> None:
    """
    P7, D14: an answer of weeks ago comes once more, whole and vouched for, only its Message-ID is another: asked, not done.

    The same mail unchanged is known, and does nothing.
    """
    story = Story(tmp_path)
    story.receive(letter())
    raw = answer(bytes(notice(story)["content"]), "CLOSE: a duplicate", PRIYA, when=story.now)
    story.receive(raw)
    story.at("2026-12-10 10:00")
    story.receive(letter(text="It is back.", message_id="<2@r.example>", In_Reply_To="<first@resident.example>"))
    story.receive(raw)
    story.receive(raw.replace(b"Message-ID: <", b"Message-ID: <again"))

    assert story.case()["state"] == "open"
    assert "It was written on Monday 30 November and came only now" in words(story, "ask-back")[-1]


def test_a_weekend_without_a_connection(tmp_path: Path) -> None:
    """P6: written on Friday, sent on Monday: that is no old mail."""
    story = Story(tmp_path, now="2026-12-04 16:30")
    story.receive(letter(date="Fri, 4 Dec 2026 16:30:00 +0000"))
    raw = answer(bytes(notice(story)["content"]), ANSWER, PRIYA, when=story.now)
    story.at("2026-12-07 08:00")
    story.receive(raw)

    assert len(story.outbox("human")) == 1


def test_a_member_of_staff_writes_as_a_resident(tmp_path: Path) -> None:
    """P7, behaviour.md §1: Priya has a leak of her own. Her letter is a colleague's, and her answer to us is words, not a command."""
    story = Story(tmp_path)
    row = story.receive(letter(sender=PRIYA, subject="A leak at my flat", Authentication_Results=PASSED))
    ours = story.mail("acknowledgement")
    reply = answer(bytes(ours["content"]), "CLOSE: I mended it myself", PRIYA, when=story.now)
    second = story.receive(reply)

    assert (row["kind"], row["acknowledged"], ours["recipient"]) == ("letter", 1, "priya@northgate.example")
    assert "complain" not in plain(bytes(ours["content"]))  # no complaint line, no survey for a colleague
    assert (second["kind"], second["outcome"]) == ("reply", "attach")
    nothing_was_said(story)


def test_a_member_of_staff_writes_from_home(tmp_path: Path) -> None:
    """P7: From must be one of that person's addresses; the private one is a stranger's, token or not, and is not answered."""
    story = Story(tmp_path)
    story.receive(letter())
    headers = {"Authentication_Results": "mx.northgate.example; dmarc=pass header.from=webmail.example"}
    row = story.receive(
        answer(bytes(notice(story)["content"]), ANSWER, "Priya Shah <priya@webmail.example>", when=story.now, **headers)
    )

    assert (row["kind"], row["acknowledged"]) == ("letter", 0)
    nothing_was_said(story)


VERA, STREETS = "Vera Long <vera@resident.example>", "streets@northgate.example"
# A stranger may write results in the name of a server that the mail does not come through (RFC 8601 §5).
ARRIVED = [
    (False, "fail", False),
    (False, "none", False),
    (False, "pass", False),
    (True, "none", False),
    (True, "pass", True),
]
BELIEVES = [("# streets", 'authserv_id = "mx.northgate.example"\n# streets')]
IN_A_DIGEST = {
    "a line about a case": "{reference} done: There is nothing to mend here, and we close it.",
    "who wrote is away": "AWAY 8 Dec to 18 Dec, cover Sam Jones",
    "who wrote is back": "BACK",
}


@pytest.mark.parametrize("text", IN_A_DIGEST.values(), ids=IN_A_DIGEST)
@pytest.mark.parametrize(("believes", "verdict", "obeyed"), ARRIVED)
def test_what_names_no_case_of_its_own_proves_itself_to_all_it_acts_on(
    tmp_path: Path, text: str, believes: bool, verdict: str, obeyed: bool
) -> None:
    """E2, P7: an answer to a digest, sent to an inbox that believes no server, in cases and absences of one that does."""
    story = Story(tmp_path, *(BELIEVES if believes else ()))
    story.receive(letter())
    story.receive(letter(subject="Mould", text="There is mould, too.\n", message_id="<second@resident.example>"))
    story.at("2026-12-07 08:31")
    digest = story.outbox("digest")[-1]
    owner = digest["recipient"]
    assert len(story.db.run("SELECT 1 FROM outbox_cases WHERE outbox_id = :id", id=digest["id"])) == 2
    line = text.format(reference=f"RBN-{story.case()['code'][:3]}-{story.case()['code'][3:]}")
    header = {"Authentication-Results": f"mx.northgate.example; dmarc={verdict} header.from=northgate.example"}
    raw = answer(bytes(digest["content"]), line, owner, when=story.now, **header)
    row = story.receive(raw, inbox="streets")

    assert (row["kind"] == "staff") is obeyed
    done = [*story.db.run("SELECT 1 FROM absences"), *story.outbox("human"), *story.outbox("ask-back")]
    assert bool(done) is obeyed


@pytest.mark.parametrize(("believes", "verdict", "obeyed"), ARRIVED)
@pytest.mark.parametrize("text", ["QUIET", "IGNORE", "SPLIT housing: the damp"])
def test_what_reaches_beyond_the_case_proves_itself_there(
    tmp_path: Path, text: str, believes: bool, verdict: str, obeyed: bool
) -> None:
    """E2, P7: in a case of an inbox that believes no server, words that count for a resident or a team of one that does."""
    story = Story(tmp_path, *(BELIEVES if believes else ()))
    proven = "mx.northgate.example; dmarc=pass header.from=resident.example"
    story.receive(letter(to=STREETS, Authentication_Results=proven), inbox="streets")
    header = {"Authentication-Results": f"mx.northgate.example; dmarc={verdict} header.from=northgate.example"}
    ours = story.mail("new-case")
    raw = answer(bytes(ours["content"]), text, ours["recipient"], when=story.now, **header)
    story.receive(raw, inbox="streets")

    done = [*story.db.run("SELECT 1 FROM people"), *(case for case in story.cases() if case["inbox"] == "housing")]
    assert bool(done) is obeyed


def test_a_line_about_another_case_than_the_one_answered(tmp_path: Path) -> None:
    """E2, P7: the mail answered is of an inbox that believes no server, the case its line names of one that does."""
    story = Story(tmp_path)
    story.receive(letter())
    story.receive(
        letter(sender=VERA, to=STREETS, subject="Bin", message_id="<second@resident.example>"), inbox="streets"
    )
    housing, streets = story.cases()
    assert (housing["inbox"], streets["inbox"]) == ("housing", "streets")
    raw = answer(
        bytes(story.outbox("new-case")[-1]["content"]),
        f"RBN-{housing['code'][:3]}-{housing['code'][3:]} close: a duplicate",
        f"{streets['owner']}@northgate.example",
        when=story.now,
        **{"Authentication-Results": "mx.northgate.example; dmarc=none"},
    )
    row = story.receive(raw, inbox="streets")

    assert row["kind"] != "staff"
    assert {case["state"] for case in story.cases()} == {"open"}
