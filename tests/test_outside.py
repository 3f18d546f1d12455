"""Answers given straight from a mail program: seen in a Sent folder, or with an inbox in copy (design.md, "The life of a reply")."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ackbot.config import load
from ackbot.work.explain import explain
from ackbot.work.rounds import Rounds
from tests.support.council import write_config
from tests.support.letters import letter, parsed, plain
from tests.support.story import PASSED, Story, instant, words

SENT = ("# housing", 'sent_folder = "Sent"\n# housing')
WORDS = "Dear Edward,\n\nA surveyor comes on Thursday between 9 and 12.\n\nPriya\n"
INBOX = "Housing <housing@northgate.example>"
PRIYA = "Priya Shah <priya@northgate.example>"


def outlook(sender: str = INBOX, to: str = "Edward Quan <edward@resident.example>", **fields: Any) -> bytes:
    """What a member of staff writes in Outlook, in reply to the resident's first letter."""
    values = {
        "subject": "RE: Damp in the bedroom",
        "text": WORDS,
        "message_id": "<outlook1@northgate.example>",
        "date": "Tue, 1 Dec 2026 11:00:00 +0000",
        "In_Reply_To": "<first@resident.example>",
        "References": "<first@resident.example>",
    } | fields
    return letter(sender=sender, to=to, **{name: value for name, value in values.items() if value is not None})


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    """One letter, one case, Priya's; the Sent folder of its inbox is watched."""
    made = make_story(SENT)
    made.receive(letter())
    made.at("2026-12-01 11:00")
    return made


def sent(story: Story, raw: bytes, **arrival: Any) -> dict[str, Any]:
    """A mail is seen in the Sent folder."""
    return story.receive(raw, folder="Sent", **arrival)


def kinds(story: Story) -> list[str]:
    """The kinds of all mails, except the admin's daily mail."""
    return [row["kind"] for row in story.outbox() if row["kind"] != "admin"]


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("sender", [INBOX, "Repairs <repairs@northgate.example>", PRIYA], ids=["inbox", "alias", "own"])
def test_an_answer_in_the_sent_folder(story: Story, sender: str) -> None:
    """D69, P5: a person's first words; promises are kept, nothing goes out, "settled?" is asked when its time comes."""
    before = kinds(story)
    row = sent(story, outlook(sender))

    assert (row["kind"], row["outcome"], row["acknowledged"]) == ("staff", "event", 0)
    assert kinds(story) == before
    case = story.case()
    assert (case["state"], case["human_words_by"], case["answered_by"]) == ("answered", "priya", "elsewhere")
    assert case["human_words_at"].startswith("2026-12-01T11:00")
    assert story.clocks() == [
        ("update", "2026-12-07", "kept"),
        ("answer", "2026-12-14", "kept"),
        ("settle", "2026-12-08", "running"),
    ]
    story.at("2026-12-31 12:00")
    assert kinds(story) == [*before, "settled"]  # D70: no digest, no reminder, no "no news"
    settled = bytes(story.mail("settled")["content"])
    assert "Priya Shah wrote to you on Tuesday 1 December" in " ".join(plain(settled).split())
    assert parsed(settled)["In-Reply-To"] == "<outlook1@northgate.example>"  # it stands below those words


def test_a_resident_answers_those_words(story: Story) -> None:
    """The thread goes on: a reply to what Outlook sent joins the case and opens it again."""
    sent(story, outlook())
    story.at("2026-12-02 10:00")
    reply = letter(
        text="Thursday is bad, can it be Friday?\n",
        subject="Re: RE: Damp in the bedroom",
        message_id="<2@resident.example>",
        In_Reply_To="<outlook1@northgate.example>",
    )
    row = story.receive(reply)

    assert (row["outcome"], len(story.cases()), story.case()["state"]) == ("attach", 1, "open")
    assert story.outbox("resident-wrote")


@pytest.mark.parametrize(
    "fields",
    [
        {"In_Reply_To": "ack", "References": None, "subject": "something else"},
        {"In_Reply_To": None, "References": None, "subject": "Your home [RBN-{code}]"},
        {"In_Reply_To": None, "References": None, "subject": "AW: damp in  the Bedroom"},
    ],
    ids=["our id", "reference", "address and subject"],
)
def test_how_its_case_is_found(story: Story, fields: dict[str, Any]) -> None:
    """By our ids, by the letter's own (above), by the reference, by the resident's address under the same subject."""
    if fields["In_Reply_To"]:
        fields |= {"In_Reply_To": story.mail("acknowledgement")["message_id"]}
    code = story.case()["code"]
    fields |= {"subject": fields["subject"].replace("{code}", f"{code[:3]}-{code[3:]}")}
    sent(story, outlook(**fields))

    assert story.case()["state"] == "answered"


@pytest.mark.parametrize(
    ("sender", "fields"),
    [
        (INBOX, {"to": "builder@contractor.example"}),
        (INBOX, {"to": "sam@northgate.example", "Cc": "edward@resident.example"}),
        (INBOX, {"subject": "Something else", "In_Reply_To": None, "References": None}),
        ("Kim <kim@elsewhere.example>", {}),
        (INBOX, {"Auto_Submitted": "auto-replied"}),
        (INBOX, {"subject": "Automatic reply: Damp in the bedroom", "text": "We are out of the office until Monday."}),
        (INBOX, {"Precedence": "bulk"}),
        (INBOX, {"content_type": "text/calendar; method=REQUEST", "text": "BEGIN:VCALENDAR\nEND:VCALENDAR\n"}),
    ],
    ids=[
        "not the resident",
        "resident in Cc",
        "another matter",
        "a stranger",
        "automatic",
        "absence",
        "bulk",
        "invitation",
    ],
)
def test_what_is_no_answer(story: Story, sender: str, fields: dict[str, Any]) -> None:
    """D69, D62: nothing changes, no case is opened, nobody is answered; and nothing of it is kept but that it was seen."""
    before = kinds(story)
    row = sent(story, outlook(sender, **fields))

    assert (row["kind"], row["outcome"], row["code"]) == ("staff", "record", None)
    assert (row["text"], row["subject"], row["headers"]) == ("", "", "{}")
    assert kinds(story) == before
    assert (story.case()["state"], story.case()["human_words_at"], len(story.cases())) == ("open", None, 1)
    assert [clock[2] for clock in story.clocks()] == ["running", "running"]


def test_our_own_mail_in_the_sent_folder(story: Story) -> None:
    """D69: a copy of our acknowledgement is no human word."""
    row = sent(story, bytes(story.mail("acknowledgement")["content"]))

    assert (row["outcome"], story.case()["state"], story.case()["human_words_at"]) == ("record", "open", None)


@pytest.mark.usefixtures("store")
def test_the_same_answer_twice(story: Story) -> None:
    """D14: in the Sent folder of the inbox, in that of another, and in copy: once."""
    before = kinds(story)
    for arrival in ({"folder": "Sent"}, {"folder": "Sent", "uidvalidity": 2}, {}):
        story.receive(outlook(PRIYA, Cc=INBOX, Authentication_Results=PASSED), **arrival)
    story.receive(outlook(PRIYA, Cc=INBOX), inbox="streets")
    words = story.db.run("SELECT 1 FROM events WHERE kind = 'HumanWords'")

    assert (len(words), len(story.cases()), kinds(story)) == (1, 1, before)


def test_a_letter_that_came_after_the_answer_was_written(story: Story) -> None:
    """P5: it is seen late, and the resident has written since: first words, but what was promised runs on."""
    story.at("2026-12-02 09:30")
    story.receive(
        letter(text="Now the kitchen too.", message_id="<2@r.example>", In_Reply_To="<first@resident.example>")
    )
    sent(story, outlook(), arrived_at=instant("2026-12-01 17:00"))
    case = story.case()

    assert (case["state"], case["human_words_at"][:16]) == ("open", "2026-12-01T17:00")
    assert story.clocks("running") == [("update", "2026-12-07", "running"), ("answer", "2026-12-14", "running")]


def test_an_answer_seen_late_moves_nothing_back(story: Story) -> None:
    """P5: she phoned today; her mail of yesterday, seen only now, does not become the last human words."""
    story.at("2026-12-02 10:00")
    story.reply(story.mail("new-case"), "PHONED: we meet on Friday")
    story.at("2026-12-02 12:00")
    sent(story, outlook(PRIYA), arrived_at=instant("2026-12-01 11:00"))

    assert story.case()["human_words_at"].startswith("2026-12-02T10:00")


def test_words_while_the_resident_was_asked(story: Story) -> None:
    """D65, D69: what stood still for an answer ends with the owner's own words from Outlook, and no reminder of it is left."""
    story.reply(story.mail("new-case"), "ASK\n\nWhich wall of the bedroom is it, please?")
    assert story.case()["state"] == "waiting"
    sent(story, outlook())

    assert story.case()["state"] == "answered"
    assert {clock[0] for clock in story.clocks() if clock[2] in ("running", "paused")} == {"settle"}


def test_a_closed_case(story: Story) -> None:
    """A word of goodbye reopens nothing."""
    story.reply(story.mail("new-case"), "CLOSE: a duplicate")
    row = sent(story, outlook())

    assert (row["outcome"], story.case()["state"], story.clocks("running")) == ("event", "closed", [])


@pytest.mark.parametrize(
    ("fields", "text", "staff"),
    [
        ({"Sender": "Sam Jones <sam@northgate.example>"}, WORDS, "sam"),
        ({}, "Dear Edward,\n\nWe come on Thursday.\n\nKind regards\nSam Jones\nRepairs officer\n", "sam"),
        ({}, "Dear Edward,\n\nI told Sam Jones to come on Thursday between nine and twelve.\n\nP.\n", "priya"),
    ],
    ids=["Sender", "signature", "else the owner"],
)
def test_who_wrote(story: Story, fields: dict[str, str], text: str, staff: str) -> None:
    """The author is recorded if they can be recognised; the owner hears that a colleague wrote (P4)."""
    sent(story, outlook(text=text, **fields))

    assert story.case()["human_words_by"] == staff
    assert [row["recipient"] for row in story.outbox("ask-back")] == (
        ["priya@northgate.example"] if staff == "sam" else []
    )


# -- Before we saw the letter ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    "fields", [{}, {"In_Reply_To": None, "References": None}], ids=["by its id", "by address and subject"]
)
def test_a_letter_answered_before_it_was_seen(make_story: Callable[..., Story], fields: dict[str, Any]) -> None:
    """After an outage the answer lies in the Sent folder already: no acknowledgement, no mail to the owner, answered."""
    story = make_story(SENT, now="2026-12-01 17:00")
    sent(story, outlook(PRIYA, **fields), arrived_at=instant("2026-12-01 11:00"))
    row = story.receive(letter(), arrived_at=instant("2026-11-30 10:12"))

    assert (row["outcome"], row["acknowledged"], kinds(story)) == ("case", 0, [])
    assert row["why"] == "a person answered it before it was seen here"
    case = story.case()
    assert (case["state"], case["owner"], case["human_words_at"][:16]) == ("answered", "priya", "2026-12-01T11:00")
    story.at("2026-12-31 12:00")
    assert kinds(story) == ["settled"]


def test_answered_by_somebody_who_is_away_now(make_story: Callable[..., Story]) -> None:
    """P4: who answered it before it was seen, and then went on leave, does not get the case: somebody who is here does."""
    away = '# end\n\n[[absence]]\nstaff = "priya"\nfrom = 2026-12-02\nuntil = 2026-12-14\n'
    story = make_story(SENT, ("# end", away), now="2026-12-02 17:00")
    sent(story, outlook(PRIYA), arrived_at=instant("2026-12-01 11:00"))
    story.receive(letter(), arrived_at=instant("2026-11-30 10:12"))

    assert (story.case()["state"], story.case()["owner"]) == ("answered", "sam")


def test_words_of_long_ago(make_story: Callable[..., Story]) -> None:
    """A backlog answered weeks ago is closed in silence: nobody is asked "settled?" about last month."""
    story = make_story(SENT, now="2026-12-21 10:00")
    sent(story, outlook(PRIYA), arrived_at=instant("2026-12-01 11:00"), backlog=True)
    story.receive(letter(), arrived_at=instant("2026-11-30 10:12"), backlog=True)
    story.at("2026-12-31 12:00")

    assert (story.case()["state"], kinds(story)) == ("closed", [])


def test_another_letter_of_that_resident(make_story: Callable[..., Story]) -> None:
    """P1: only the letter that was answered; a later one under the same subject is a letter like any other."""
    story = make_story(SENT, now="2026-12-01 17:00")
    sent(story, outlook(PRIYA), arrived_at=instant("2026-12-01 11:00"))
    story.receive(letter(message_id="<2@resident.example>", text="Worse."), arrived_at=instant("2026-12-01 16:00"))

    assert kinds(story) == ["acknowledgement", "new-case"]


def test_a_further_letter_answered_before_it_was_seen(story: Story) -> None:
    """It is attached, and neither reopens the case nor gets a receipt."""
    before = kinds(story)
    answer = outlook(In_Reply_To="<2@resident.example>", References="<first@resident.example> <2@resident.example>")
    sent(story, answer)
    row = story.receive(
        letter(text="The kitchen too.", message_id="<2@resident.example>", In_Reply_To="<first@resident.example>"),
        arrived_at=instant("2026-12-01 10:00"),
    )

    assert (row["outcome"], row["acknowledged"], story.case()["state"]) == ("attach", 0, "answered")
    assert kinds(story) == before


def test_a_further_letter_of_despair_answered_before_it_was_seen(story: Story) -> None:
    """behaviour.md §3.9: whoever answered it, the case is sensitive from now on, and the alarm goes out."""
    answer = outlook(In_Reply_To="<2@resident.example>", References="<first@resident.example> <2@resident.example>")
    sent(story, answer)
    words = "I want to kill myself because of the damp."
    story.receive(
        letter(text=words, message_id="<2@resident.example>", In_Reply_To="<first@resident.example>"),
        arrived_at=instant("2026-12-01 10:00"),
    )

    assert bool(story.case()["sensitive"])
    assert len(story.outbox("urgent")) == 1


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(("state", "held_for", "after"), [("queued", "", "cancelled"), ("held", "pause", "cancelled")])
def test_an_acknowledgement_that_still_waits(story: Story, state: str, held_for: str, after: str) -> None:
    """P2: an answer makes it pointless; what has gone has gone."""
    update = "UPDATE outbox SET state = :state, held_for = :held_for WHERE kind = 'acknowledgement'"
    story.db.run(update, state=state, held_for=held_for)
    sent(story, outlook())

    assert [story.mail("acknowledgement")["state"], story.mail("new-case")["state"]] == [after, "queued"]


def test_no_truth_is_told_before_the_folders_were_looked_into(story: Story) -> None:
    """D70, P5: started again in the afternoon of the promised day; the answer lies in the Sent folder since the morning."""
    story.at("2026-12-07 13:30")
    looked: list[bool] = []
    story.rounds = Rounds(
        story.db,
        story.office,
        story.intake,
        lambda: story.now,
        lambda: None,
        lambda *_: None,
        looked=lambda: bool(looked),
    )
    story.at("2026-12-07 16:00")
    sent(story, outlook(), arrived_at=instant("2026-12-07 11:00"))
    looked.append(True)
    story.at("2026-12-07 16:30")

    assert "no-news" not in kinds(story)


# -- In copy --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["Cc", "to"])
def test_an_answer_with_the_inbox_in_copy(story: Story, field: str) -> None:
    """Priya answers from her own mailbox, with the inbox in Cc or To: her words, and no letter of a colleague's."""
    before = kinds(story)
    fields = {"Cc": INBOX} if field == "Cc" else {"to": f"edward@resident.example, {INBOX}"}
    row = story.receive(outlook(PRIYA, Authentication_Results=PASSED, **fields))

    assert (row["kind"], row["outcome"]) == ("staff", "event")
    assert (story.case()["state"], story.case()["human_words_by"]) == ("answered", "priya")
    assert (kinds(story), len(story.cases())) == (before, 1)


def test_an_answer_as_the_inbox_with_itself_in_copy(story: Story) -> None:
    """A shared mailbox that copies itself, vouched for by its server: by the name under it, a colleague's words."""
    text = "Dear Edward,\n\nWe come on Thursday.\n\nKind regards\nSam Jones\n"
    row = story.receive(outlook(INBOX, Cc=INBOX, text=text, Authentication_Results=PASSED))

    assert (row["kind"], row["outcome"], len(story.cases())) == ("staff", "event", 1)
    assert (story.case()["state"], story.case()["human_words_by"]) == ("answered", "sam")


def test_a_reply_to_us_that_went_to_the_resident_too(story: Story) -> None:
    """P6: the resident has those words; they are not sent a second time."""
    row = story.reply(story.mail("new-case"), WORDS, To="edward@resident.example", Cc="housing@northgate.example")

    assert (row["outcome"], story.outbox("human"), story.case()["state"]) == ("event", [], "answered")


@pytest.mark.parametrize(
    ("sender", "fields"),
    [
        (PRIYA, {"Authentication_Results": "mx.northgate.example; dmarc=fail"}),
        (PRIYA, {"Authentication_Results": "mx.northgate.example; dmarc=none"}),
        (PRIYA, {}),
        (INBOX, {}),
        ("Priya Shah <priya@resident.example>", {"Authentication_Results": PASSED}),
        ("Bob <bob@contractor.example>", {"Authentication_Results": PASSED}),
        ("Edward Quan <edward@resident.example>", {"Authentication_Results": PASSED, "to": "priya@northgate.example"}),
    ],
    ids=["forged", "no result", "no server", "as the inbox", "her name", "contractor", "the resident"],
)
def test_nobody_else_answers_for_us(story: Story, sender: str, fields: dict[str, str]) -> None:
    """P7, D55: From is no proof; a stranger's word never ends a promise."""
    story.receive(outlook(sender, Cc=INBOX, **fields))

    assert story.cases()[0]["human_words_at"] is None
    assert ("update", "2026-12-07", "running") in story.clocks()


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("threaded", [True, False])
def test_without_a_server_to_believe(make_story: Callable[..., Story], threaded: bool) -> None:
    """
    E5, behaviour.md §4.4: where no server vouches, nothing ends a promise: everybody in copy has the ids of the case. What
    answers one of these is asked about, and the owner's SENT says that it was an answer.
    """
    story = make_story(('authserv_id = "mx.northgate.example"', ""))
    story.receive(letter())
    thread = {} if threaded else {"In_Reply_To": None, "References": None}
    row = story.receive(outlook(PRIYA, Cc=INBOX, **thread))

    assert story.cases()[0]["human_words_at"] is None
    assert ("update", "2026-12-07", "running") in story.clocks()
    assert (row["kind"] == "staff") is threaded
    if threaded:
        assert "did you write this to Edward Quan?" in words(story, "ask-back")[-1]
        story.reply(story.mail("ask-back"), "SENT")
        assert (story.case()["state"], story.case()["human_words_by"]) == ("answered", "priya")


def test_the_weakest_inbox_vouches_for_nobody(story: Story) -> None:
    """P7: copied to an inbox without a trusted server, in a case of one that has one: no."""
    story.receive(outlook(PRIYA, Cc="streets@northgate.example"), inbox="streets")

    assert story.cases()[0]["human_words_at"] is None


def test_a_leaver(make_story: Callable[..., Story]) -> None:
    """P7: the words of somebody who has left no longer count, whatever server vouches for them."""
    story = make_story(SENT, ('email = "sam@northgate.example"', 'email = "sam@northgate.example"\nleft = 2026-11-01'))
    story.receive(letter())
    story.receive(outlook("sam@northgate.example", Cc=INBOX, Authentication_Results=PASSED))
    sent(story, outlook("sam@northgate.example", message_id="<3@northgate.example>"))

    assert story.cases()[0]["human_words_at"] is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"Cc": PRIYA}, True),
        ({"text": f"Friday?\n\nOn Tue, 1 Dec 2026 at 11:00, {PRIYA} wrote:\n> We come on Thursday.\n"}, True),
        ({}, False),
        ({"In_Reply_To": "<first@resident.example>", "Cc": PRIYA}, False),
    ],
    ids=["in copy", "quoted", "nobody named", "their own letter"],
)
def test_a_staff_address_in_the_thread(story: Story, fields: dict[str, str], said: bool) -> None:
    """P7: the resident answers a mail of Priya's that we never saw: she is told how to say so; promises run on till she does."""
    values = {"text": "Friday?\n", "In_Reply_To": "<unseen@northgate.example>"} | fields
    values |= {"References": f"<first@resident.example> {values['In_Reply_To']}"}
    story.receive(letter(message_id="<2@resident.example>", **values))
    note = "it seems to answer a mail of Priya Shah, which was not seen here"

    assert (note in " ".join(plain(bytes(story.mail("resident-wrote")["content"])).split())) is said
    assert (story.case()["human_words_at"], story.case()["state"]) == (None, "open")
    if said:
        story.reply(story.mail("resident-wrote"), "SENT")
        assert (story.case()["state"], story.case()["answered_by"]) == ("answered", "elsewhere")


# -- explain, and the configuration ---------------------------------------------------------------------------------------


def test_explain_tells_the_same(story: Story) -> None:
    """One code path: a mail from an inbox's own address to a resident is judged as lying in its Sent folder; D71."""
    told = explain(outlook(), story.config, at=story.now, db=story.db)
    assert told.considered is not None
    decision = told.considered.decision
    row = sent(story, outlook())

    assert (decision.kind, decision.outcome, decision.why) == (row["kind"], row["outcome"], row["why"])
    assert [type(one).__name__ for one in decision.intents].count("HumanWords") == 1


def test_the_sent_folder_is_not_the_inbox(tmp_path: Path) -> None:
    """P10, P1: letters are not looked for among what was sent."""
    path = write_config(tmp_path, ("# housing", 'sent_folder = "INBOX"'))

    with pytest.raises(Exception, match="letters arrive"):
        load(path)


def test_the_daily_mail_counts_letters_only(story: Story) -> None:
    """What lies in the Sent folder is no letter that was not answered."""
    sent(story, outlook(to="builder@contractor.example"))
    story.at("2026-12-02 09:00")

    assert story.outbox("admin") == []
    data = json.loads(story.db.run("SELECT data FROM events WHERE kind = 'Record' ORDER BY id DESC LIMIT 1")[0]["data"])
    assert data["outcome"] == "record"
