"""What a mail may do: who speaks for whom, and what changes nothing (E4, E5, E6, E7, E12, P7)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.letters import letter, parsed
from tests.support.story import PASSED, Story, answer, words

pytestmark = pytest.mark.usefixtures("store")

FAILED = "mx.northgate.example; dmarc=fail header.from=resident.example"
EDWARD = "Edward Quan <edward@resident.example>"
PRIYA = "Priya Shah <priya@northgate.example>"
INBOX = "Housing <housing@northgate.example>"
FORM = "forms@northgate.example"
GAS = "There is a strong smell of gas in our kitchen.\n\nEdward Quan"


def state(story: Story) -> dict[str, Any]:
    """All of a case, its clocks and its resident that a mail could change."""
    queries = {
        "cases": "SELECT * FROM cases ORDER BY id",
        "clocks": "SELECT code, kind, state, promised_on, told FROM clocks ORDER BY id",
        "people": "SELECT * FROM people ORDER BY address",
        "feedback": "SELECT * FROM events WHERE kind = 'feedback'",
        "alarms": "SELECT code, taken_by FROM alarms ORDER BY started_at",
        "parties": "SELECT * FROM parties ORDER BY code, address",
    }
    return {name: [dict(row) for row in story.db.run(query)] for name, query in queries.items()}


def writes(story: Story, text: str, **fields: str) -> dict[str, Any]:
    """A further letter, in answer to the first."""
    values = {"In_Reply_To": "<first@resident.example>", "message_id": f"<{abs(hash((text, story.now)))}@r.example>"}
    return story.receive(letter(subject="Re: Damp in the bedroom", text=text, **{**values, **fields}))


# -- Mail that the trusted server condemns (E4) ---------------------------------------------------------------------------

VICTIMS = {
    "no more emails": "No more emails please.",
    "a language": "Polish please",
    "a format": "Large print please",
    "thanks": "Thank you very much!",
    "any news": "Any news?",
    "a letter": "The damp has gone, forget about it.",
}


@pytest.mark.parametrize("text", VICTIMS.values(), ids=VICTIMS)
def test_condemned_mail_changes_nothing(story: Story, text: str) -> None:
    """E4: forged in the resident's name it is read by the owner, as what may be forged, and does nothing else."""
    before, sent = state(story), len(story.outbox())
    row = writes(story, text, Authentication_Results=FAILED)

    assert (row["outcome"], row["acknowledged"]) == ("attach", 0)
    assert state(story) == before
    assert [mail["kind"] for mail in story.outbox()[sent:]] == ["resident-wrote"]
    assert "it may not be from the person it names" in words(story, "resident-wrote")[-1]


@pytest.mark.parametrize("said", ["1", "2 - the damp is back", "Thanks", "The damp is back."])
def test_condemned_mail_scores_and_reopens_nothing(story: Story, said: str) -> None:
    """E4: a score, and a letter in a case that was answered or is closed."""
    story.reply(story.mail("new-case"), "DONE\n\nDear Edward, the damp was treated on Friday. Yours, Priya")
    before = state(story)
    assert story.case()["state"] == "closed"
    writes(story, said, Authentication_Results=FAILED)

    assert state(story) == before
    assert "it may not be from the person it names" in words(story, "resident-wrote")[-1]


def test_condemned_mail_answers_no_question(story: Story) -> None:
    """E4: what an owner asked is answered by the resident alone; the clocks stand still until then."""
    story.reply(story.mail("new-case"), "ASK which room is it, please?")
    before = state(story)
    assert story.case()["state"] == "waiting"
    writes(story, "The bedroom.", Authentication_Results=FAILED)
    assert state(story) == before
    writes(story, "The bedroom, at the back.", Authentication_Results="mx.northgate.example; dmarc=none")

    assert story.case()["state"] == "open"


def test_condemned_mail_makes_nobody_reachable(story: Story) -> None:
    """E4: that an address works again, its owner shows, and nobody else."""
    story.db.run("UPDATE cases SET unreachable = TRUE")
    writes(story, "Worse.", Authentication_Results=FAILED)
    assert story.case()["unreachable"]
    writes(story, "Worse and worse.")

    assert not story.case()["unreachable"]


def test_condemned_danger_still_alarms(story: Story) -> None:
    """E4, behaviour.md §3.9: the alarm goes out, for it may be true; the case is as it was."""
    before = state(story)["cases"]
    writes(story, "I want to kill myself.", Authentication_Results=FAILED)

    assert len(story.outbox("urgent")) == 1
    assert state(story)["cases"] == before


def test_condemned_first_letters_wish_nothing(make_story: Callable[..., Story]) -> None:
    """E4: it opens a case, is not acknowledged, and nothing is remembered of who did not write it."""
    story = make_story()
    row = story.receive(letter(text="Large print please", Authentication_Results=FAILED))

    assert (row["outcome"], row["acknowledged"]) == ("case", 0)
    assert story.db.run("SELECT * FROM people") == []
    assert "it may not be from the person it names" in words(story, "new-case")[-1]


def test_the_server_of_the_case_condemns_too(story: Story) -> None:
    """E4, E2: sent to an inbox that believes no server, in a case of one that does."""
    before = state(story)
    fields = {"to": "streets@northgate.example", "Authentication_Results": FAILED}
    raw = letter(
        subject="Re: Damp",
        text="No more emails please.",
        message_id="<2@r.example>",
        In_Reply_To="<first@resident.example>",
        **fields,
    )
    story.receive(raw, inbox="streets")

    assert state(story) == before
    assert "it may not be from the person it names" in words(story, "resident-wrote")[-1]


@pytest.mark.parametrize("sender", [f"{EDWARD}, x@evil.example", f"x@evil.example, {EDWARD}"])
def test_two_authors_speak_for_neither(story: Story, sender: str) -> None:
    """E4, E3: a pass of one of them is nothing of the other: no wish, and no closed case opens again."""
    passed = "mx.northgate.example; dmarc=pass header.from=evil.example"
    for text in ("No more emails please.", "The damp is back."):
        before = state(story)
        writes(story, text, sender=sender, Authentication_Results=passed)
        after = state(story)
        assert (after["cases"][0], after["people"]) == (before["cases"][0], before["people"])
        story.reply(
            story.mail("new-case", "priya@northgate.example"), "DONE\n\nDear Edward, the damp was treated. Yours, Priya"
        )

    assert story.case()["state"] == "closed"


# -- Contact forms (E4) ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["No more emails please.", "5", "Polish please", "The damp is back."])
@pytest.mark.parametrize("closed", [True, False])
def test_a_form_speaks_for_nobody(story: Story, text: str, closed: bool) -> None:
    """E4: it opens a case of its own, by id, reference and subject alike; the resident whom it names is as before."""
    if closed:
        story.reply(story.mail("new-case"), "DONE\n\nDear Edward, the damp was treated on Friday. Yours, Priya")
    before = state(story)
    row = writes(story, text, sender=FORM, Reply_To="edward@resident.example")
    after = state(story)

    assert (row["kind"], row["outcome"]) == ("contact-form", "case")
    assert after["cases"][0] == before["cases"][0]
    assert (after["people"], after["feedback"]) == (before["people"], before["feedback"])


def test_a_form_wishes_for_its_own_case_alone(make_story: Callable[..., Story]) -> None:
    """E4: whoever fills it in may ask for large print, which its owner reads; nobody is written so for ever after."""
    story = make_story()
    row = story.receive(letter(sender=FORM, Reply_To="edward@resident.example", text="Large print please"))

    assert (row["outcome"], row["acknowledged"]) == ("case", 1)
    assert "large print" in words(story, "new-case")[-1]
    assert story.db.run("SELECT * FROM people") == []


def test_a_form_sent_twice_is_one_letter(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.3: a second click makes no second case, and changes nothing."""
    story = make_story()
    for number in (1, 2):
        story.receive(letter(sender=FORM, Reply_To="edward@resident.example", message_id=f"<{number}@forms.example>"))

    assert len(story.cases()) == 1
    assert len(story.outbox("acknowledgement")) == 1


# -- A forged staff copy, and alarms (E5) ---------------------------------------------------------------------------------


def copied(sender: str, **fields: str) -> bytes:
    """What a colleague writes to the resident, with an inbox of ours in copy."""
    values = {
        "to": "edward@resident.example",
        "Cc": INBOX,
        "subject": "RE: Damp in the bedroom",
        "text": "Dear Edward,\n\nA surveyor comes on Thursday.\n\nPriya\n",
        "message_id": "<copy@northgate.example>",
        "In_Reply_To": "<first@resident.example>",
    }
    return letter(sender=sender, **{**values, **fields})


@pytest.mark.parametrize(
    ("sender", "fields"),
    [
        (PRIYA, {"Authentication_Results": FAILED}),
        (PRIYA, {"Authentication_Results": "mx.northgate.example; dmarc=pass header.from=evil.example"}),
        (
            f"{PRIYA}, x@evil.example",
            {"Authentication_Results": "mx.northgate.example; dmarc=pass header.from=evil.example"},
        ),
        (INBOX, {}),
    ],
    ids=["forged", "of another", "two", "the inbox"],
)
def test_a_forged_copy_ends_nothing(make_story: Callable[..., Story], sender: str, fields: dict[str, str]) -> None:
    """E5: neither a promise nor an alarm."""
    story = make_story()
    story.receive(letter(text=GAS))
    before = state(story)
    story.receive(copied(sender, **fields))

    assert state(story)["clocks"][: len(before["clocks"])] == before["clocks"]
    assert state(story)["alarms"][:1] == [{"code": story.case()["code"], "taken_by": ""}]
    assert story.case()["human_words_at"] is None


@pytest.mark.parametrize("sender", [PRIYA, "Sam Jones <sam@northgate.example>", "Streets <streets@northgate.example>"])
def test_a_copy_over_an_inbox_that_cannot_vouch_is_asked_about(make_story: Callable[..., Story], sender: str) -> None:
    """E5, behaviour.md §4.4: everybody in copy knows the resident's Message-ID. The owner is asked, and answers SENT."""
    story = make_story()
    story.receive(letter(to="streets@northgate.example", text=GAS), inbox="streets")
    before = state(story)
    owner = f"{story.case()['owner']}@northgate.example"
    row = story.receive(copied(sender, Cc="streets@northgate.example"), inbox="streets")

    assert (row["kind"], row["outcome"]) == ("staff", "event")
    assert state(story) == before
    asked = story.mail("ask-back", owner)
    assert "Nothing has changed in RBN-" in words(story, "ask-back")[-1]
    story.reply(asked, "SENT")
    assert story.case()["answered_by"] == "elsewhere"
    assert state(story)["alarms"] == before["alarms"]


def test_a_proven_copy_ends_the_promise_and_no_alarm(make_story: Callable[..., Story]) -> None:
    """E5: the server vouches for it, so it is Priya's answer; the alarm waits for TAKE."""
    story = make_story()
    story.receive(letter(text=GAS))
    story.receive(copied(PRIYA, Authentication_Results=PASSED))

    assert story.case()["state"] == "answered"
    assert [row["taken_by"] for row in state(story)["alarms"]] == [""]
    story.reply(story.mail("urgent"), "TAKE")
    assert [row["taken_by"] for row in state(story)["alarms"]] == ["duty"]
    assert parsed(bytes(story.mail("urgent")["content"]))["To"]


@pytest.mark.parametrize(
    "results", [FAILED, "mx.northgate.example; dmarc=none", "mx.evil.example; dmarc=pass header.from=northgate.example"]
)
def test_take_of_a_stranger_ends_no_alarm(make_story: Callable[..., Story], results: str) -> None:
    """E5: an alarm ends by TAKE of a proven person."""
    story = make_story()
    story.receive(letter(text=GAS))
    story.reply(story.mail("urgent"), "TAKE", Authentication_Results=results)

    assert state(story)["alarms"][:1] == [{"code": story.case()["code"], "taken_by": ""}]


# -- A copy with a mark, and a copy without (E7) --------------------------------------------------------------------------

MARKS: dict[str, dict[str, Any]] = {
    "a list": {"List_Id": "<all.resident.example>"},
    "bulk": {"Precedence": "bulk"},
    "spam": {"X_Spam_Flag": "YES"},
    "a virus": {"X_Virus_Status": "Infected"},
    "forged": {"Authentication_Results": FAILED},
    "automatic": {"Auto_Submitted": "auto-generated"},
    "null sender": {"Return_Path": "<>"},
    "suppressed": {"X_Auto_Response_Suppress": "All"},
}


def outcomes(story: Story) -> list[tuple[str, str, int]]:
    """What became of each letter."""
    return [
        (row["kind"], row["outcome"], row["acknowledged"]) for row in story.db.run("SELECT * FROM letters ORDER BY id")
    ]


@pytest.mark.parametrize(
    ("inbox", "marks"),
    # An inbox that checks nothing clears nothing: see test_unchecked.py.
    [(inbox, MARKS[one]) for inbox in ("housing", "streets") for one in MARKS if (inbox, one) != ("streets", "forged")],
)
def test_a_copy_without_the_mark_is_judged_by_itself(
    make_story: Callable[..., Story], marks: dict[str, Any], inbox: str
) -> None:
    """E7, P2: released from quarantine, or sent to a group and an inbox: one case, one acknowledgement, whichever comes again."""
    story = make_story()
    story.receive(letter(**marks))
    assert story.outbox("acknowledgement") == []
    story.after(hours=2)
    row = story.receive(letter(), inbox=inbox)
    story.receive(letter())
    story.receive(letter(**marks))

    assert (row["kind"], row["outcome"], row["acknowledged"], row["by_way"]) == ("letter", "case", 1, "")
    assert outcomes(story) == [("letter", "case", 1)]
    assert (len(story.cases()), len(story.outbox("acknowledgement"))) == (1, 1)
    assert ("update", "2026-12-07", "running") in story.clocks()
    told = story.db.run("SELECT told FROM clocks WHERE state = 'running' AND kind = 'update'")
    assert [bool(one["told"]) for one in told] == [True]


@pytest.mark.parametrize("marks", MARKS.values(), ids=MARKS)
def test_a_copy_with_the_mark_takes_nothing_back(story: Story, marks: dict[str, Any]) -> None:
    """E7, P2: the other order: known, and nothing is done."""
    before, sent = state(story), len(story.outbox())
    story.receive(letter(**marks))
    story.receive(letter())

    assert (state(story), len(story.outbox())) == (before, sent)
    assert outcomes(story) == [("letter", "case", 1)]


def test_marks_of_another_kind(make_story: Callable[..., Story]) -> None:
    """E7: spam first, then forged, then neither: a record, a case that is not acknowledged, and its acknowledgement."""
    story = make_story()
    found = []
    for marks in (MARKS["spam"], MARKS["forged"], MARKS["spam"], {}):
        story.receive(letter(**marks))
        found.append(outcomes(story))

    assert found == [[("spam", "record", 0)], [("letter", "case", 0)], [("letter", "case", 0)], [("letter", "case", 1)]]
    assert len(story.cases()) == 1


@pytest.mark.parametrize("text", ["No more emails please.", "Large print please"])
def test_a_follow_up_that_is_cleared(story: Story, text: str) -> None:
    """E7, E4: what was forged by its first copy and is not by its second counts then, and its owner hears that."""
    for results in (FAILED, "mx.northgate.example; dmarc=none", "mx.northgate.example; dmarc=none"):
        writes(story, text, Authentication_Results=results)

    assert [row["address"] for row in story.db.run("SELECT address FROM people")] == ["edward@resident.example"]
    told = words(story, "resident-wrote")
    assert len(told) == 2
    assert "without the marks that it was doubted for" in told[-1]


def test_cleared_danger_alarms_once(make_story: Callable[..., Story]) -> None:
    """E7: the first copy alarmed, and somebody took it."""
    story = make_story()
    story.receive(letter(text=GAS, Authentication_Results=FAILED))
    story.reply(story.mail("urgent"), "TAKE")
    story.receive(letter(text=GAS))

    assert len(story.outbox("urgent")) == 1
    assert [row["taken_by"] for row in state(story)["alarms"]] == ["duty"]


def test_cleared_danger_of_a_follow_up_alarms_once(story: Story) -> None:
    """E7: the same of a further letter."""
    writes(story, GAS, Authentication_Results=FAILED)
    story.reply(story.mail("urgent"), "TAKE")
    writes(story, GAS)

    assert len(story.outbox("urgent")) == 1
    assert [row["taken_by"] for row in state(story)["alarms"]] == ["duty"]


@pytest.mark.parametrize(
    ("when", "promised"), [("2026-12-01", "07"), ("2026-12-07", "14"), ("2026-12-09", "14"), ("2026-12-15", "22")]
)
def test_cleared_days_later(make_story: Callable[..., Story], when: str, promised: str) -> None:
    """E7, P5: nobody was told the dates of the first copy; what is promised now lies ahead."""
    story = make_story()
    story.receive(letter(Authentication_Results=FAILED))
    story.at(f"{when} 10:00")
    story.receive(letter())

    told = story.db.run("SELECT DISTINCT promised_on FROM clocks WHERE state = 'running' AND told")
    assert [row["promised_on"] for row in told] == [f"2026-12-{promised}"]
    assert f"{int(promised)} December" in words(story, "acknowledgement")[0]


def test_cleared_after_a_person_answered(make_story: Callable[..., Story]) -> None:
    """E7: whoever read the doubted copy and answered it has answered the letter."""
    story = make_story()
    story.receive(letter(Authentication_Results=FAILED))
    story.after(hours=1)
    story.reply(story.mail("new-case"), "Dear Edward,\n\nA surveyor comes on Thursday.\n\nPriya")
    story.after(hours=1)
    story.receive(letter())

    assert story.case()["state"] == "answered"
    assert story.outbox("acknowledgement") == []
    assert story.outbox("receipt") == []


def test_a_staff_mail_that_is_cleared(story: Story) -> None:
    """E7, P7: Priya's answer failed on its first way, and passed on its second: then it goes out, once."""
    text = "Dear Edward,\n\nA surveyor comes on Thursday.\n\nPriya"
    for results in (FAILED, PASSED, PASSED):
        story.reply(story.mail("new-case", "priya@northgate.example"), text, PRIYA, Authentication_Results=results)

    assert len(story.outbox("human")) == 1


def test_a_staff_mail_that_one_inbox_cannot_prove(story: Story) -> None:
    """E7, E2: Priya's answer has two of our inboxes in To, and comes first to the one that believes no server."""
    ours = story.mail("new-case", "priya@northgate.example")
    raw = answer(
        bytes(ours["content"]), "Dear Edward,\n\nA surveyor comes on Thursday.\n\nPriya", PRIYA, when=story.now
    )
    assert story.receive(raw, inbox="streets")["kind"] != "staff"
    assert story.outbox("human") == []
    for inbox in ("housing", "streets", "housing"):
        story.receive(raw, inbox=inbox)

    assert len(story.outbox("human")) == 1
    assert [case["state"] for case in story.cases()] == ["answered", "open"]


def test_a_forged_letter_is_nobodys_earlier_letter(make_story: Callable[..., Story]) -> None:
    """E7, P2: somebody wrote in Edward's name; his own letter under the same subject is acknowledged as any first letter."""
    story = make_story()
    story.receive(letter(message_id="<forged@evil.example>", text="Cancel it all.", Authentication_Results=FAILED))
    story.after(hours=1)
    row = story.receive(letter())

    assert (row["outcome"], row["acknowledged"]) == ("case", 1)
    assert "times" not in words(story, "acknowledgement")[0]


# -- Bounces (E6) ---------------------------------------------------------------------------------------------------------


def report(
    to: str,
    failed: str,
    *,
    returned: str = "",
    status: str = "5.1.1",
    sender: str = "MAILER-DAEMON@mx.example",
    **fields: str,
) -> bytes:
    """A delivery status notification about an address; `returned` is the Message-ID of the mail that it returns."""
    text = (
        "--b\nContent-Type: text/plain\n\nNot delivered.\n--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {failed}\nAction: failed\nStatus: {status}\n\n"
        + (f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {returned}\n\n" if returned else "")
        + "--b--\n"
    )
    kind = "multipart/report; report-type=delivery-status; boundary=b"
    identity = f"<{abs(hash((to, failed, returned)))}@mx.example>"
    fields = {"Return_Path": "<>", **fields}
    return letter(sender, to, "Undelivered Mail", text, identity, content_type=kind, **fields)


def address_of(story: Story, kind: str = "acknowledgement") -> str:
    """The reply address of a mail to the resident."""
    return str(parsed(bytes(story.mail(kind)["content"]))["Reply-To"])


@pytest.mark.parametrize(
    ("failed", "with_id", "fields"),
    [
        ("nobody@else.example", False, {"Authentication_Results": "mx.northgate.example; dmarc=fail"}),
        ("nobody@else.example", True, {}),
        ("edward@resident.example", False, {}),
        (
            "edward@resident.example",
            True,
            {"Authentication_Results": "mx.northgate.example; dmarc=fail header.from=mx.example"},
        ),
        ("edward+x@resident.example", True, {}),
        ("Please ring 0800 123 456 now@else.example", True, {}),
    ],
    ids=["the example", "a forward", "no id", "forged", "another address", "words"],
)
def test_a_report_that_proves_nothing(story: Story, failed: str, with_id: bool, fields: dict[str, str]) -> None:
    """E6: the resident stays reachable; whoever has the case hears of it, once."""
    ours = story.mail("acknowledgement")["message_id"] if with_id else ""
    before = state(story)
    for number in ("1", "2"):
        row = story.receive(report(address_of(story), failed, returned=ours, X_Number=number, **fields))
    assert (row["kind"], row["outcome"]) == ("bounce", "event")
    assert state(story) == before
    told = words(story, "ask-back")
    assert len(told) == 1
    assert "Nothing has changed in RBN-" in told[0]
    assert "0800" not in told[0]


def test_a_report_of_a_mail_of_another_case(make_story: Callable[..., Story]) -> None:
    """E6: the id returned is of Vera's mail, and the address that fails is Edward's."""
    story = make_story()
    story.receive(letter(sender="Vera Long <vera@resident.example>", subject="Bin", message_id="<v@resident.example>"))
    hers = story.mail("acknowledgement")["message_id"]
    story.receive(letter())
    story.receive(report(address_of(story), "edward@resident.example", returned=hers))

    assert not any(case["unreachable"] for case in story.cases())


def test_a_report_of_the_resident_own_address(story: Story) -> None:
    """E6, D39: by the id of our mail, and the address that we wrote to, however it is spelled."""
    ours = story.mail("acknowledgement")["message_id"]
    story.receive(report("housing@northgate.example", "Edward@Resident.Example", returned=ours))

    assert story.case()["unreachable"]
    assert "came back (5.1.1)" in words(story, "ask-back")[-1]


@pytest.mark.parametrize(("failed", "told"), [("priya@northgate.example", 1), ("other@northgate.example", 0)])
def test_a_report_of_a_staff_mail(story: Story, failed: str, told: int) -> None:
    """E6, D40: somebody above hears that Priya may be gone only if it was her address that failed."""
    story.receive(report("housing@northgate.example", failed, returned=story.mail("new-case")["message_id"]))

    assert len(story.outbox("admin")) == told


# -- Spellings of one address, and reply addresses (E12) ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spelling", "answered"),
    [
        ("edward+{}@resident.example", 3),
        ("edward+a+{}@Resident.example", 3),
        ("edward{}@resident.example", 5),
    ],
)
def test_spellings_of_one_address_share_the_cap(make_story: Callable[..., Story], spelling: str, answered: int) -> None:
    """E12: three an hour are three, whatever stands behind the plus."""
    story = make_story()
    for number in range(5):
        sender = f"Edward <{spelling.format(number)}>"
        story.receive(
            letter(sender, subject=f"Matter {number}", text=f"Words {number}.", message_id=f"<{number}@r.example>")
        )
        story.after(minutes=2)

    assert len(story.outbox("acknowledgement")) == answered
    assert len(story.cases()) == 5


@pytest.mark.parametrize(
    ("addresses", "answered"),
    [
        (["edward.quan@gmail.com", "e.dwardquan@gmail.com", "edwardquan@googlemail.com", "edwardquan+1@gmail.com"], 3),
        (["edward.quan@proton.me", "edwardquan@pm.me", "edwardquan@protonmail.com", "e.dwardquan@proton.me"], 3),
        (
            [
                "edward.quan@resident.example",
                "e.dwardquan@resident.example",
                "edwardquan@resident.example",
                "e.q@r.example",
            ],
            4,
        ),
    ],
)
def test_dots_that_providers_ignore(make_story: Callable[..., Story], addresses: list[str], answered: int) -> None:
    """E12: only where they are ignored."""
    story = make_story()
    for number, address in enumerate(addresses):
        story.receive(
            letter(address, subject=f"Matter {number}", text=f"Words {number}.", message_id=f"<{number}@r.example>")
        )
        story.after(minutes=2)

    assert len(story.outbox("acknowledgement")) == answered


STRANGER = "Mo Ali <mo@else.example>"


@pytest.mark.parametrize(
    ("sender", "thread", "joins"),
    [
        (EDWARD, False, True),
        (STRANGER, False, False),
        (STRANGER, True, True),
        (f"{STRANGER}, {EDWARD}", False, False),
    ],
    ids=["a party", "a stranger", "in the thread", "two authors"],
)
def test_a_reply_address_alone_is_no_proof(story: Story, sender: str, thread: bool, joins: bool) -> None:
    """E12: it stands in address books and forwards; alone it joins a stranger to nobody's case, whose owner is told."""
    fields = {"In_Reply_To": story.mail("acknowledgement")["message_id"]} if thread else {}
    row = story.receive(letter(sender, address_of(story), "Lift", "The lift is stuck.", "<2@else.example>", **fields))

    assert (row["outcome"] == "attach") is joins
    assert len(story.cases()) == 2 - joins
    if not joins:
        assert "but the sender is not known in that case" in words(story, "new-case")[-1]


def test_a_reply_address_reopens_nothing_for_a_stranger(story: Story) -> None:
    """E12: nor does it open a closed case again."""
    to = address_of(story)
    story.reply(story.mail("new-case"), "DONE\n\nDear Edward, the damp was treated on Friday. Yours, Priya")
    story.receive(letter(STRANGER, to, "Lift", "The lift is stuck.", "<2@else.example>"))

    assert [case["state"] for case in story.cases()] == ["closed", "open"]


# -- Somebody who is called as a colleague is (P7) ------------------------------------------------------------------------

SAM = "Sam Jones <sam.jones@else.example>"


@pytest.mark.parametrize(
    "sender",
    [SAM, '"JONES, Sam" <x@else.example>', "Sam Jones (Housing) <x@else.example>", "Säm Jones <x@else.example>"],
)
def test_a_stranger_with_a_colleagues_name(make_story: Callable[..., Story], sender: str) -> None:
    """P7: the owner reads whose letter it is not, of the first letter and of later ones."""
    story = make_story()
    story.receive(letter(sender))
    story.receive(
        letter(sender, text="Is there any news?", message_id="<2@else.example>", In_Reply_To="<first@resident.example>")
    )

    assert "is not our Sam Jones" in words(story, "new-case")[-1]
    assert "is not our Sam Jones" in words(story, "resident-wrote")[-1]


@pytest.mark.parametrize(
    "sender", ["Sam Jones <sam@northgate.example>", "Sam Brown <x@else.example>", EDWARD, "x@else.example"]
)
def test_somebody_elses_name(make_story: Callable[..., Story], sender: str) -> None:
    """Nothing is said of Sam himself, nor of those who share a first name with him."""
    story = make_story()
    story.receive(letter(sender))

    assert "is not our" not in words(story, "new-case")[-1]


@pytest.mark.parametrize("greeting", ["Sam,", "Hi Sam,", "Dear Sam Jones,", "Sam can you"])
def test_words_that_may_be_for_the_colleague_are_held(make_story: Callable[..., Story], greeting: str) -> None:
    """P6, P7: which Sam Jones is meant, their author says."""
    story = make_story()
    story.receive(letter(SAM))
    story.reply(story.mail("new-case"), f"{greeting} the men come on Tuesday at nine, and he is a nuisance.", PRIYA)

    assert story.outbox("human") == []
    assert "it greets" in words(story, "ask-back")[-1]
