"""What proves that a mail is of a member of staff: by the rules of the inbox of its case, whichever inbox it came to (P7)."""

from pathlib import Path

from tests.support.letters import letter, parsed
from tests.support.story import Story, answer

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
    """P1, P4: nobody is here and the inbox is configured no more: somebody is told, and the letter is not lost."""
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
