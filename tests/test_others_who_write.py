"""Somebody else than the resident writes into a case: their words are theirs, and so is the answer (E25, behaviour.md §3.3a)."""

import pytest

from tests.support.letters import letter, parsed, plain
from tests.support.story import Story, words

ANNA, EDWARD = "anna@else.example", "edward@resident.example"
TEXT = "I am Edward's daughter. The wall is wet in the hall too.\n\nAnna Vale\n"


def anna_writes(story: Story, text: str = TEXT, number: int = 1, **fields: str) -> dict[str, str]:
    """Anna answers Edward's acknowledgement."""
    story.after(minutes=5)
    ack = parsed(bytes(story.mail("acknowledgement")["content"]))["Message-ID"]
    values = {"sender": f"Anna Vale <{ANNA}>", "subject": "Re: Damp in the bedroom", "In_Reply_To": ack} | fields
    return story.receive(letter(text=text, message_id=f"<a{number}@else.example>", **values))


def sheet(story: Story) -> dict[str, str]:
    return story.mail("resident-wrote")


def state(story: Story) -> tuple[object, ...]:
    row = story.case()
    return row["state"], row["human_words_at"], story.clocks("running")


def test_the_owner_reads_who_wrote(story: Story) -> None:
    """E25: the mail comes from Anna, says whose matter it is, and is answered to Anna; she hears once whom she reached."""
    before = state(story)
    row = anna_writes(story)
    mail = parsed(bytes(sheet(story)["content"]))
    said = " ".join(plain(bytes(sheet(story)["content"])).split())

    assert row["code"] == story.case()["code"]
    assert mail["From"].startswith("Anna Vale via Housing")
    assert mail["Reply-To"].startswith("Anna Vale <housing+")
    assert f"Anna Vale ({ANNA}) wrote" in said
    assert "which is a matter of Edward Quan." in said
    assert "Edward Quan wrote again" not in said
    [receipt] = [one for one in story.outbox("receipt") if one["recipient"] == ANNA]
    told = " ".join(plain(bytes(receipt["content"])).split())
    assert "Your email has reached Priya Shah in Housing." in told
    assert "December" not in told
    assert state(story) == before
    assert story.case()["receipt_on"] is None  # Edward's own is still to come
    anna_writes(story, "And the stairs.\n", 2)
    assert len([one for one in story.outbox("receipt") if one["recipient"] == ANNA]) == 1


def test_an_answer_goes_to_whoever_wrote(story: Story) -> None:
    """E25: what the owner replies goes to Anna alone, and answers nothing of Edward's."""
    anna_writes(story)
    before = state(story)
    story.after(minutes=5)
    story.reply(sheet(story), "Dear Anna,\n\nthank you for telling us. We will look at the hall as well.\n\nPriya")
    [sent] = story.outbox("human")

    assert sent["recipient"] == ANNA
    assert "We will look at the hall as well." in words(story, "human")[0]
    assert state(story) == before
    assert "this went to Anna Vale" in words(story, "ask-back")[-1]
    story.at("2026-12-07 13:00")
    assert story.outbox("digest")  # Edward is still owed his word


@pytest.mark.parametrize(
    "text", ["Dear Edward,\n\nwe will look at your hall as well.\n\nPriya", "ok", "Sam, can you ring him?"]
)
def test_what_is_not_for_them_waits(story: Story, text: str) -> None:
    """E25, behaviour.md §4.2: words that greet Edward, or are a remark, do not go to Anna; SEND sends them to her, and not to him."""
    anna_writes(story)
    story.after(minutes=5)
    story.reply(sheet(story), text)

    assert story.outbox("human") == []
    story.after(minutes=5)
    story.reply(story.mail("ask-back"), "SEND")
    assert {one["recipient"] for one in story.outbox("human")} == {ANNA}
    assert story.case()["human_words_at"] is None


@pytest.mark.parametrize("command", ["DONE", "UPDATE", "MORE 18 December:", "ASK"])
def test_commands_for_the_resident_are_asked_back(story: Story, command: str) -> None:
    """E25: what the resident would read is written in answer to a mail about the resident."""
    anna_writes(story)
    before = state(story)
    story.after(minutes=5)
    story.reply(sheet(story), f"{command} the hall is dry, and you need do nothing.")

    assert story.outbox("human") == []
    assert state(story) == before
    assert f"{command.split(maxsplit=1)[0]} is for Edward Quan" in words(story, "ask-back")[-1]


def test_the_other_commands_are_about_the_case(story: Story) -> None:
    """E25: NOTE stays inside, and PASS passes the case on."""
    anna_writes(story)
    story.after(minutes=5)
    story.reply(sheet(story), "NOTE the daughter has a key")
    story.after(minutes=5)
    story.reply(sheet(story), "PASS alex: please take it")

    assert story.outbox("human") == []
    notes = [row["words"] for row in story.db.run("SELECT words FROM words WHERE kind = 'note' ORDER BY id")]
    assert notes == ["the daughter has a key", "Priya Shah passes it to Alex Reid: please take it"]
    assert story.case()["offered_to"] == "alex"


def test_an_answer_that_lost_its_id_stays_inside(story: Story) -> None:
    """E25: the reply address alone does not say for whom the words are, so they go to nobody."""
    anna_writes(story)
    story.after(minutes=5)
    story.reply(sheet(story), "Dear Anna,\n\nwe will look at the hall as well.\n\nPriya", In_Reply_To="", References="")

    assert story.outbox("human") == []


@pytest.mark.parametrize(
    "fields",
    [
        {"Authentication_Results": "mx.northgate.example; dmarc=fail header.from=else.example"},
        {"sender": "Lena Wolf <lena@northgate.example>"},
        {"sender": f"Anna <{ANNA}>, Bo <bo@else.example>"},
        {"Auto_Submitted": "auto-replied"},
    ],
    ids=["forged", "a colleague's address", "two authors", "a machine"],
)
def test_who_gets_no_receipt(story: Story, fields: dict[str, str]) -> None:
    """E25, P3, P7: no receipt to who may be forged, a colleague, several, a machine."""
    before = len(story.outbox("receipt"))
    anna_writes(story, **fields)

    assert len(story.outbox("receipt")) == before


def test_a_word_of_theirs_that_came_back(story: Story) -> None:
    """E25, E38: a report about the answer to Anna is none about Edward's address."""
    anna_writes(story)
    story.after(minutes=5)
    story.reply(sheet(story), "Dear Anna,\n\nthank you for telling us. We will look at the hall as well.\n\nPriya")
    sent = story.mail("human")
    story.db.run("UPDATE outbox SET state = 'accepted', accepted_at = created_at")
    report = (
        "From: MAILER-DAEMON@relay.example\r\nTo: housing@northgate.example\r\nReturn-Path: <>\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\nMessage-ID: <b@relay.example>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nNo.\r\n--b\r\n'
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n"
        f"Final-Recipient: rfc822; {ANNA}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {sent['message_id']}\r\n\r\n--b--\r\n"
    )
    story.receive(report.encode())

    assert not story.case()["unreachable"]
    assert ANNA in words(story, "ask-back")[-1]
