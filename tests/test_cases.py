"""Letters become cases: owners, follow-ups, copies and caps, through Intake and a real store."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ackbot.casework import cover
from ackbot.casework.council import Absence
from ackbot.casework.incoming import routing
from ackbot.casework.model import Facts, Load
from ackbot.mail import quoting
from ackbot.mail.message import Message
from tests.support.council import MONDAY, World
from tests.support.letters import letter, parsed, plain

pytestmark = pytest.mark.usefixtures("store")


def by(number: int, sender: str = "Edward Quan <edward@resident.example>", **fields: str) -> bytes:
    """One of several different letters."""
    return letter(
        sender=sender,
        subject=fields.pop("subject", f"Matter {number}"),
        text=fields.pop("text", f"Words {number}.\n"),
        message_id=f"<m{number}@r.example>",
        **fields,
    )


def absent(*staff: str, until: str = "2026-12-24") -> tuple[str, str]:
    """A change of the configuration: these are away from Monday on."""
    return ("# end", "".join(f'\n[[absence]]\nstaff = "{one}"\nfrom = 2026-11-30\nuntil = {until}\n' for one in staff))


# -- one letter, one case, one acknowledgement -----------------------------------------------------------------------


def test_a_letter_becomes_a_case_with_an_owner_who_gets_it(world: World) -> None:
    """The heart: case, owner with the reason, clocks, acknowledgement, letter to the owner, one record (P1)."""
    world.receive(letter())
    case = world.cases()[0]
    clocks = world.db.run("SELECT kind, promised_on, due_at FROM clocks ORDER BY due_at")
    events = [row["kind"] for row in world.db.run("SELECT kind FROM events ORDER BY id")]

    assert (case["state"], case["owner"], case["team"], case["standard"]) == ("open", "priya", "housing", "enquiry")
    assert [(row["kind"], row["promised_on"], row["due_at"]) for row in clocks] == [
        ("update", "2026-12-07", "2026-12-07T17:00:00.000000Z"),
        ("answer", "2026-12-14", "2026-12-14T17:00:00.000000Z"),
    ]
    assert [(mail["kind"], mail["recipient"]) for mail in world.outbox()] == [
        ("acknowledgement", "edward@resident.example"),
        ("new-case", "priya@northgate.example"),
    ]
    assert events.count("Record") == 1
    assert "OpenCase" in events


def test_redelivery_brings_no_second_acknowledgement(world: World) -> None:
    """D14: an MTA's retry or a restored mailbox gives the same letter another uid; one case, one acknowledgement (P2)."""
    for _ in range(3):
        world.receive(letter())
        world.after(days=1)

    assert len(world.cases()) == 1
    assert len(world.outbox("acknowledgement")) == 1
    assert len(world.db.run("SELECT 1 FROM arrivals")) == 3


def test_the_same_place_twice_is_nothing_new(world: World) -> None:
    """D6, D11: the same uid swept again is one arrival and one letter."""
    for _ in range(2):
        world.receive(letter(), uid=7)

    assert len(world.db.run("SELECT 1 FROM arrivals")) == 1
    assert len(world.outbox("acknowledgement")) == 1


@pytest.mark.parametrize("order", [("housing", "streets"), ("streets", "housing")])
def test_one_letter_to_two_inboxes(world: World, order: tuple[str, str]) -> None:
    """D12: our first inbox in To owns the case, whichever copy comes first. Both services know; the one answer names both."""
    raw = letter(to="housing@northgate.example, streets@northgate.example")
    for inbox in order:
        world.receive(raw, inbox)
    acknowledgements = world.outbox("acknowledgement")

    assert [(case["inbox"], case["owner"]) for case in world.cases()] == [("housing", "priya")]
    assert len(acknowledgements) == 1
    assert "You also wrote to Streets and Waste." in " ".join(plain(bytes(acknowledgements[0]["content"])).split())
    assert [mail["recipient"] for mail in world.outbox("hand-over")] == ["kofi@northgate.example"]


def test_a_blind_copy_to_another_inbox(world: World) -> None:
    """D12: a copy that no header announces is recognised by its fingerprint, and its team is told."""
    raw = letter()
    world.receive(raw)
    world.receive(b"Received: from x by y; Mon, 30 Nov 2026 10:13:00 +0000\r\n" + raw, "streets")

    assert len(world.cases()) == 1
    assert len(world.outbox("acknowledgement")) == 1
    assert [mail["recipient"] for mail in world.outbox("hand-over")] == ["kofi@northgate.example"]


@pytest.mark.parametrize(
    ("first", "arrival"), [("dana", {}), ("streets", {"history": True})], ids=["officer is here", "history"]
)
def test_what_was_only_recorded_in_one_inbox_is_a_letter_in_another(
    world: World, first: str, arrival: dict[str, bool]
) -> None:
    """P1, D12: one inbox only recorded its copy; the copy in another still becomes a case, and then the letter is known."""
    raw = letter(to=f"{first}@northgate.example, housing@northgate.example")
    world.receive(raw, first, **arrival)
    assert world.cases() == []

    row = world.receive(raw, "housing")
    assert (row["outcome"], bool(row["acknowledged"])) == ("case", True)

    for inbox in ("housing", first):
        world.receive(raw, inbox)
    assert len(world.cases()) == 1
    assert len(world.outbox("acknowledgement")) == 1
    assert world.db.run("SELECT outcome, code FROM letters")[0]["code"] == world.cases()[0]["code"]


def test_what_was_only_recorded_stays_so_in_its_own_inbox(world: World) -> None:
    """D14: a restored mailbox brings an old letter again, and it does not count as a new one."""
    world.receive(letter(), history=True)

    assert world.receive(letter())["outcome"] == "record"


@pytest.mark.parametrize("message_id", [None, "<>", "< >", "<same@everywhere.example>", "<ünïcödé@x>"])
def test_message_ids_never_link_to_a_foreign_case(world: World, message_id: str | None) -> None:
    """D13: missing, empty, repeated or non-ASCII ids of two people's mails connect nothing."""
    world.receive(letter(message_id=message_id))
    world.receive(
        letter(
            sender="Other <other@resident.example>",
            subject="Another matter",
            text="Other words.\n",
            message_id=message_id,
            In_Reply_To=message_id or "<>",
        )
    )

    assert [case["resident_address"] for case in world.cases()] == ["edward@resident.example", "other@resident.example"]


# -- follow-ups ---------------------------------------------------------------------------------------------------------


def reply(world: World, **changes: str) -> bytes:
    """The resident's reply to the last acknowledgement, as a mail program makes it."""
    ours = parsed(bytes(world.outbox("acknowledgement")[-1]["content"]))
    fields = {
        "to": str(ours["Reply-To"] or ours["From"]),
        "In_Reply_To": str(ours["Message-ID"]),
        "subject": str(ours["Subject"]),
        "text": "One more thing.\n",
        "message_id": "<reply@r.example>",
    }
    return letter(**{**fields, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"In_Reply_To": "<gone@x.example>"},
        {"to": "housing@northgate.example"},
        {"to": "housing@northgate.example", "In_Reply_To": "<gone@x.example>", "References": "{id}"},
        {"to": "housing@northgate.example", "In_Reply_To": "{ID}"},
        {"to": "housing@northgate.example", "In_Reply_To": "<first@resident.example>"},
        {"to": "housing@northgate.example", "In_Reply_To": "<x@y.example>", "subject": "Fwd: [EXTERNAL] about {ref}"},
        {"to": "HOUSING+{tag}@northgate.example", "In_Reply_To": "<gone@x.example>", "subject": "changed"},
    ],
)
def test_follow_ups_find_their_case(world: World, changes: dict[str, str]) -> None:
    """D52: by reply address, by our id in any letter case, by References, by their own letter's id, by the reference in the subject."""
    world.receive(letter())
    ours = parsed(bytes(world.outbox("acknowledgement")[0]["content"]))
    words = {
        "{id}": str(ours["Message-ID"]),
        "{ID}": str(ours["Message-ID"]).upper(),
        "{ref}": str(ours["X-Ackbot-Case"]).lower(),
        "{tag}": str(ours["Reply-To"].addresses[0].username).partition("+")[2].upper(),
    }
    filled = {
        name: value
        if not any(key in value for key in words)
        else next(value.replace(key, word) for key, word in words.items() if key in value)
        for name, value in changes.items()
    }
    row = world.receive(reply(world, **filled))

    assert (row["kind"], row["outcome"]) == ("reply", "attach")
    assert len(world.cases()) == 1
    assert len(world.outbox("receipt")) == 1
    assert [mail["recipient"] for mail in world.outbox("resident-wrote")] == ["priya@northgate.example"]


def test_a_reference_from_a_stranger_opens_a_new_case(world: World) -> None:
    """D50: anybody can write a number into a subject; the owner is told of it."""
    world.receive(letter())
    reference = parsed(bytes(world.outbox("acknowledgement")[0]["content"]))["X-Ackbot-Case"]
    world.receive(
        letter(
            sender="Nosy <nosy@other.example>",
            subject=f"Re: {reference} what is going on",
            text="Tell me all.\n",
            message_id="<n@o.example>",
        )
    )
    note = plain(bytes(world.outbox("new-case")[1]["content"]))

    assert len(world.cases()) == 2
    assert f"the subject names {reference}, but the sender is not known in that case" in " ".join(note.split())


@pytest.mark.parametrize("place", ["id", "tag"])
def test_forged_tokens_are_new_mail(world: World, place: str) -> None:
    """D51: an id or reply address in which one letter was changed proves nothing."""
    world.receive(letter())
    ours = parsed(bytes(world.outbox("acknowledgement")[0]["content"]))
    message_id, tag = str(ours["Message-ID"]), str(ours["Reply-To"].addresses[0].username)
    forged_id = message_id.replace("@", "a@")[:1] + message_id[1:].replace(
        message_id.partition("@")[0][-1] + "@", ("a" if message_id.partition("@")[0][-1] != "a" else "b") + "@"
    )
    forged_tag = tag[:-1] + ("a" if tag[-1] != "a" else "b")
    fields = (
        {"In_Reply_To": forged_id, "to": "housing@northgate.example"}
        if place == "id"
        else {"to": f"{forged_tag}@northgate.example", "In_Reply_To": "<gone@x.example>"}
    )
    row = world.receive(
        letter(
            sender="Mallory <mallory@other.example>",
            subject="Let me in",
            text="x y z\n",
            message_id="<f@o.example>",
            **fields,
        )
    )

    assert (row["kind"], row["outcome"]) == ("letter", "case")
    assert len(world.cases()) == 2


def test_a_real_token_from_a_new_address_attaches_and_tells_nothing(world: World) -> None:
    """A reply from another address joins; its owner is told, and the one neutral receipt says nothing of the case (E25)."""
    world.receive(letter())
    row = world.receive(reply(world, sender="Edward <quan@work.example>"))

    assert row["outcome"] == "attach"
    [receipt] = world.outbox("receipt")
    assert receipt["recipient"] == "quan@work.example"
    assert "December" not in plain(bytes(receipt["content"]))
    assert "it came from quan@work.example, which is new in this case" in " ".join(
        plain(bytes(world.outbox("resident-wrote")[0]["content"])).split()
    )


def test_a_staff_token_in_a_forward_is_a_letter_without_answer(world: World) -> None:
    """behaviour.md §4.4: tokens travel in forwards; a stranger who answers one is never acknowledged."""
    world.receive(letter())
    staff_mail = parsed(bytes(world.outbox("new-case")[0]["content"]))
    row = world.receive(
        letter(
            sender="Contractor <c@other.example>",
            to=str(staff_mail["Reply-To"]),
            In_Reply_To=str(staff_mail["Message-ID"]),
            subject="Re: job",
            text="Will do.\n",
            message_id="<c@o.example>",
        )
    )

    assert row["kind"] == "letter"
    assert not row["acknowledged"]
    assert world.outbox(to="c@other.example") == []


@pytest.mark.parametrize(
    ("second", "cases"),
    [
        ({"subject": "Re: DAMP in the Bedroom", "text": "Still damp.\n"}, 1),
        ({"subject": "[EXTERNAL] Damp in the bedroom", "text": "Still damp.\n"}, 1),
        ({"subject": "Other words", "text": "There is damp in the bedroom.\n\nRegards\nEdward Quan\n"}, 1),
        ({"subject": "My bins", "text": "Nobody came.\n"}, 2),
        ({"subject": "", "text": "Nobody came.\n"}, 2),
    ],
)
def test_letters_of_one_matter_are_joined(world: World, second: dict[str, str], cases: int) -> None:
    """behaviour.md §3.3: the same subject or the same text within three days joins the open case; all else is a new matter."""
    world.receive(letter())
    world.after(days=2)
    world.receive(letter(message_id="<second@r.example>", **second))

    assert len(world.cases()) == cases


def test_two_letters_of_a_form_are_two(world: World) -> None:
    """behaviour.md §3.3: a form's lines are nobody's quotation, so two letters that begin alike are not the same text."""
    form = "A new enquiry:\n\nFrom: Ade <ade@resident.example>\nDate: today\nSubject: Help\nMessage: {}\n"
    for number, words in enumerate(("the wall is wet", "loud music all night")):
        world.receive(
            by(
                number,
                sender="forms@northgate.example",
                text=form.format(words),
                Reply_To="ade@resident.example",
            )
        )

    assert len(world.cases()) == 2


def test_letters_are_not_joined_after_three_days(world: World) -> None:
    """behaviour.md §3.3: later, the same subject is a new matter, with the same owner."""
    world.receive(letter())
    world.after(days=3, seconds=1)
    world.receive(letter(message_id="<second@r.example>", text="Again.\n"))

    assert [case["owner"] for case in world.cases()] == ["priya", "priya"]


def test_one_receipt_a_day(world: World) -> None:
    """behaviour.md §3.2, §3.3: at most one receipt per case and day, and one such mail per resident and day."""
    world.receive(letter())
    for number in range(3):
        world.receive(reply(world, message_id=f"<r{number}@r.example>", text=f"More {number}.\n"))
    world.after(days=1)
    world.receive(reply(world, message_id="<next@r.example>", text="Next day.\n"))

    assert len(world.outbox("receipt")) == 2
    assert len(world.outbox("resident-wrote")) == 4


def test_a_bounce_finds_its_case_by_the_envelope_sender(make_world: Callable[..., World]) -> None:
    """D39, domain.md R22: a report without our mail is recognised by the tagged envelope sender that it came to."""
    tagged = [(f'name = "{one}"\n', f'name = "{one}"\nplus_addressing = true\n') for one in ("streets", "dana")]
    world = make_world(
        ("# smtp", 'bounce = "plus"'), (f"[[inbox]]\n{tagged[0][0]}", f"[[inbox]]\n{tagged[0][1]}"), tagged[1]
    )
    world.receive(letter())
    sent = world.outbox("acknowledgement")[0]
    report = (
        "--b\nContent-Type: text/plain\n\nNot delivered.\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; x.example\n\nFinal-Recipient: rfc822; edward@resident.example\nAction: failed\n"
        "Status: 5.1.1\n--b--\n"
    )
    row = world.receive(
        letter(
            sender="MAILER-DAEMON@mx.resident.example",
            to=sent["envelope_from"],
            text=report,
            message_id="<report@mx.resident.example>",
            content_type="multipart/report; report-type=delivery-status; boundary=b",
        )
    )

    assert (row["outcome"], row["code"]) == ("event", world.cases()[0]["code"])


def test_a_bounce_finds_its_case_by_the_id_in_its_words(world: World) -> None:
    """D39: Exim and others return our mail as text, under X-Failed-Recipients."""
    world.receive(letter())
    ours = world.outbox("acknowledgement")[0]["message_id"]
    row = world.receive(
        letter(
            sender="MAILER-DAEMON@mx.resident.example",
            subject="Mail delivery failed",
            text=f"unknown user\n\n------ This is a copy of the message. ------\n\nMessage-ID: {ours}\n\nHello\n",
            message_id="<copy@mx.resident.example>",
            X_Failed_Recipients="edward@resident.example",
        )
    )

    assert (row["outcome"], row["code"]) == ("event", world.cases()[0]["code"])


# -- limits -------------------------------------------------------------------------------------------------------------


def test_the_cap_stops_the_acknowledgement_never_the_case(world: World) -> None:
    """D37: three automatic mails an hour; the fourth letter still reaches its owner, and `show` says why it was not answered."""
    rows = [world.receive(by(number)) for number in range(5)]

    assert [bool(row["acknowledged"]) for row in rows] == [True, True, True, False, False]
    assert len(world.cases()) == 5
    assert len(world.outbox("new-case")) == 5
    assert rows[3]["why"] == "this address had 3 automatic mails within an hour already"


def test_ten_a_day(world: World) -> None:
    """D37: ten a day, however slowly they come."""
    answered = 0
    for number in range(14):
        answered += bool(world.receive(by(number))["acknowledged"])
        world.after(minutes=61)

    assert answered == 10


def test_a_headerless_robot_gets_two_at_most_of_the_same(world: World) -> None:
    """D35: a robot that answers everything under one subject is joined to its case: one acknowledgement, one receipt a day."""
    world.receive(by(0, sender="shop@machine.example", subject="Got it"))
    for number in range(1, 20):
        world.receive(by(number, sender="shop@machine.example", subject="Re: Got it"))

    assert len(world.outbox(to="shop@machine.example")) == 2


def test_a_headerless_robot_that_answers_at_once_gets_two_at_most(world: World) -> None:
    """D35, domain.md §15: under another subject each time, without a header that links them; and `show` says why it stops."""
    rows = [world.receive(by(0, sender="shop@machine.example"))]
    for number in range(1, 8):
        world.after(seconds=5)
        rows.append(world.receive(by(number, sender="shop@machine.example")))

    assert len(world.outbox(to="shop@machine.example")) == 2
    assert "within a minute of our mails" in rows[-1]["why"]
    assert len(world.cases()) == 8


def test_a_resident_in_a_hurry_is_no_robot(world: World) -> None:
    """D35, the other way: two quick letters, and a third an hour later, are answered."""
    answered = []
    for number, seconds in enumerate((0, 40, 3_700)):
        world.after(seconds=seconds)
        answered.append(bool(world.receive(by(number))["acknowledged"]))

    assert answered == [True, True, True]


FORGED = "mx.northgate.example; dmarc=fail header.from=resident.example"


@pytest.mark.parametrize("known", [False, True])
def test_owners_hear_why_a_sender_is_doubted(world: World, known: bool) -> None:
    """behaviour.md §2: the owner should know before they act on it."""
    if known:
        world.receive(letter())
    world.receive(letter(message_id="<doubted@r.example>", text="Cancel it.\n", Authentication_Results=FORGED))
    mail = world.outbox("resident-wrote" if known else "new-case")[0]

    assert "the mail system could not confirm the sender" in " ".join(plain(bytes(mail["content"])).split())


def test_the_brake_holds_and_tells(make_world: Callable[..., World]) -> None:
    """behaviour.md §2: above the brake automatic mails wait for `release`, the admin is told once, cases go on."""
    world = make_world(("# brake", 'brake = "3 per hour"'))
    for number in range(6):
        world.receive(by(number, sender=f"Person <p{number}@resident.example>"))
    acknowledgements = world.outbox("acknowledgement")

    assert [mail["state"] for mail in acknowledgements] == ["queued"] * 3 + ["held"] * 3
    assert {mail["held_for"] for mail in acknowledgements[3:]} == {"brake"}
    assert [mail["recipient"] for mail in world.outbox("admin")] == ["admins@northgate.example"]
    assert len(world.outbox("new-case")) == 6


@pytest.mark.parametrize(
    ("mode", "acknowledgement", "owner"),
    [
        ("shadow", "held", "held"),
        ("staff", "held", "queued"),
        ("acknowledge", "queued", "queued"),
        ("live", "queued", "queued"),
    ],
)
def test_modes(make_world: Callable[..., World], mode: str, acknowledgement: str, owner: str) -> None:
    """behaviour.md §5.1: which mails each mode lets out; the others are held for ever."""
    world = make_world(('team = "housing"\nmode = "live"', f'team = "housing"\nmode = "{mode}"'))
    world.receive(letter())

    assert world.outbox("acknowledgement")[0]["state"] == acknowledgement
    assert world.outbox("new-case")[0]["state"] == owner
    held = {mail["kind"]: mail["held_for"] for mail in world.outbox() if mail["state"] == "held"}
    states = {"acknowledgement": acknowledgement, "new-case": owner}
    assert held == {kind: "shadow" for kind, state in states.items() if state == "held"}


def test_a_backlog_becomes_cases(world: World) -> None:
    """behaviour.md §5.4: owners get the letters that were there at first sight, but these are not acknowledged."""
    row = world.receive(letter(), backlog=True)

    assert (row["outcome"], bool(row["acknowledged"])) == ("case", False)
    assert len(world.outbox("new-case")) == 1


def test_history_is_recorded(world: World) -> None:
    """design.md §5: letters older than the first watch that a change of UIDVALIDITY brings up are recorded without a case."""
    assert world.receive(letter(), history=True)["outcome"] == "record"
    assert world.outbox() == []


def test_a_restored_mailbox_is_not_answered_at_once(world: World) -> None:
    """design.md §5: after a change of UIDVALIDITY, the 21st unknown letter and those after wait for the admin, who is told once."""
    from ackbot.store import inboxes

    inboxes.first_sight(world.db, "housing", "INBOX", 1, 0, 0, world.now)
    inboxes.uidvalidity_changed(world.db, "housing", "INBOX", 1, 100)
    for number in range(23):
        world.receive(by(number, sender=f"Person <p{number}@resident.example>"), hold="restore")

    assert [mail["state"] for mail in world.outbox("acknowledgement")] == ["queued"] * 20 + ["held"] * 3
    assert len(world.outbox("admin")) == 1


# -- owners -------------------------------------------------------------------------------------------------------------


def test_owners_take_turns_by_load(world: World) -> None:
    """behaviour.md §4.5: least loaded first, ties to whoever was given one longest ago; each choice says why."""
    for number in range(4):
        world.receive(by(number, sender=f"Person <p{number}@resident.example>"))
    why = [row["why"] for row in world.db.run("SELECT why FROM events WHERE kind = 'Assign' ORDER BY id")]

    assert [case["owner"] for case in world.cases()] == ["priya", "sam", "priya", "sam"]
    assert why[0] == "Priya Shah has the fewest open cases in housing"


def test_round_robin(make_world: Callable[..., World]) -> None:
    """behaviour.md §4.5: in turn, whatever the load."""
    world = make_world(('members = ["priya", "sam"]', 'members = ["priya", "sam"]\nassign = "round-robin"'))
    world.db.run("INSERT INTO staff_load (staff, open_cases) VALUES ('priya', 50)")
    for number in range(4):
        world.receive(by(number, sender=f"Person <p{number}@resident.example>"))
        world.after(minutes=1)

    assert [case["owner"] for case in world.cases()] == ["priya", "sam", "priya", "sam"]


def test_the_same_resident_keeps_the_same_owner(world: World) -> None:
    """behaviour.md §4.5: for `keep_owner`, also when others have less to do."""
    for number in range(3):
        world.receive(by(number))

    assert [case["owner"] for case in world.cases()] == ["priya"] * 3


def test_absent_people_are_passed_over(make_world: Callable[..., World]) -> None:
    """D57: whoever is away gets no new case, not even their own resident's."""
    world = make_world(absent("priya"))
    for number in range(2):
        world.receive(by(number, sender=f"Person <p{number}@resident.example>"))

    assert [case["owner"] for case in world.cases()] == ["sam", "sam"]


def test_the_manager_owns_what_the_team_cannot(make_world: Callable[..., World]) -> None:
    """D58: nobody of the team is here: its manager owns the case, and it says why."""
    world = make_world(absent("priya", "sam"))
    world.receive(letter())

    assert world.cases()[0]["owner"] == "alex"


def test_nobody_left_is_said_aloud(make_world: Callable[..., World]) -> None:
    """D59: the case is opened without an owner, nobody gets everything, and the head of service is told now (P4)."""
    world = make_world(absent("priya", "sam", "alex"))
    world.receive(letter())
    alarms = world.outbox("admin")

    assert world.cases()[0]["owner"] == ""
    assert [(mail["recipient"], mail["state"]) for mail in alarms] == [("director@northgate.example", "queued")]
    assert "has no owner" in str(parsed(bytes(alarms[0]["content"]))["Subject"])
    assert [row["kind"] for row in world.db.run("SELECT kind FROM clocks ORDER BY due_at")] == [
        "name-owner",
        "update",
        "answer",
    ]
    assert world.outbox("new-case") == []


def test_routes(make_world: Callable[..., World]) -> None:
    """design.md §7: the first route whose conditions all hold counts; phrases match from the start of a word, postcodes by area."""
    world = make_world(
        (
            "# end",
            '\n[[route]]\nsubject = ["mould"]\nteam = "streets"\n\n[[route]]\npostcode = ["W10"]\nowner = "alex"\n\n[[route]]\nbody = ["lift"]\nfrom = ["@trust.example"]\nowner = "dana"\n',
        )
    )
    matters = [
        ({"subject": "Mouldy wall"}, "kofi"),
        ({"text": "I live at 3 Elm Court, W10 5AA.\n"}, "alex"),
        ({"text": "I live at 3 Elm Court, W1 0AA.\n"}, "priya"),
        ({"text": "The lift is broken.\n", "sender": "Jo <jo@trust.example>"}, "dana"),
        ({"text": "The lift is broken.\n", "sender": "Jo <jo@other.example>"}, "sam"),
    ]
    for number, (fields, _) in enumerate(matters):
        world.receive(by(number, **{"sender": f"P <p{number}@resident.example>", **fields}))

    assert [case["owner"] for case in world.cases()] == [owner for _, owner in matters]


def test_skills_and_full_hands(world: World) -> None:
    """design.md §7: `skill` prefers people who have it, and `max_cases` spares people who have enough cases."""
    council = world.office.council
    staff = {
        **council.staff,
        "sam": replace(council.staff["sam"], skills=frozenset({"asbestos"})),
        "priya": replace(council.staff["priya"], max_cases=3),
    }
    skilled = replace(council, staff=staff)
    message = Message.parse(letter(), world.office.signer)
    routed = replace(routing.route(message, council.inboxes["housing"], council), skill="asbestos")
    plain_route = replace(routed, skill="")

    assert routing.choose_owner(routed, Facts(), skilled, MONDAY, date(2026, 12, 7)).staff == "sam"
    full = Facts(loads={"priya": Load(3), "sam": Load(40)})
    assert routing.choose_owner(plain_route, full, skilled, MONDAY, date(2026, 12, 7)).staff == "sam"


def test_present_longest_for_the_promise(world: World) -> None:
    """behaviour.md §4.5: whoever goes on leave before the date promised is not the first choice."""
    council = world.office.council
    leave = Absence("priya", MONDAY + timedelta(days=2), MONDAY + timedelta(days=30))
    message = Message.parse(letter(), world.office.signer)
    routed = routing.route(message, council.inboxes["housing"], council)
    chosen = routing.choose_owner(routed, Facts(), replace(council, absences=(leave,)), MONDAY, date(2026, 12, 7))

    assert (chosen.staff, chosen.why) == ("sam", "Sam Jones is here longest before the date promised in housing")


@pytest.mark.parametrize(
    ("covers", "away", "expected"),
    [
        ({"priya": "sam"}, ["priya"], "sam"),
        ({"priya": "sam", "sam": "kofi"}, ["priya", "sam"], "kofi"),
        ({"priya": "sam", "sam": "priya"}, ["priya", "sam"], "alex"),
        ({"priya": "priya"}, ["priya"], "sam"),
        ({}, ["priya"], "sam"),
        ({}, ["priya", "sam"], "alex"),
        ({}, ["priya", "sam", "alex"], None),
    ],
)
def test_cover_chains(world: World, covers: dict[str, str], away: list[str], expected: str | None) -> None:
    """D57: chains, circles and self-cover end at somebody present, or at nobody, and then somebody is told."""
    council = world.office.council
    staff = {name: replace(person, cover=covers.get(name, "")) for name, person in council.staff.items()}
    absences = tuple(Absence(name, MONDAY - timedelta(days=1), MONDAY + timedelta(days=5)) for name in away)
    found = cover.stand_in(replace(council, staff=staff, absences=absences), "priya", "housing", MONDAY)

    assert (found[0] if found else None) == expected


def test_leavers_are_absent_for_ever(world: World) -> None:
    """D61: from their last day on nobody is present any more."""
    council = world.office.council
    gone = replace(council, staff={**council.staff, "priya": replace(council.staff["priya"], left=date(2026, 12, 1))})

    assert cover.is_present(gone, "priya", MONDAY)
    assert not cover.is_present(gone, "priya", MONDAY + timedelta(days=1))


# -- urgent -------------------------------------------------------------------------------------------------------------


def test_urgent_letters_alarm_the_duty_officer_first(world: World) -> None:
    """behaviour.md §3.9: ahead of everything, outside every limit, and the resident is answered all the same."""
    world.receive(letter(subject="Help", text="There is a strong smell of gas in our kitchen.\n"))
    first = world.db.run("SELECT kind, recipient FROM outbox ORDER BY priority, id")[0]

    assert (first["kind"], first["recipient"]) == ("urgent", "duty@northgate.example")
    assert len(world.outbox("acknowledgement")) == 1
    assert "gas" not in str(parsed(bytes(world.outbox("urgent")[0]["content"]))["Subject"])


@pytest.mark.parametrize(
    ("fields", "alarmed"),
    [
        ({"text": "Still waiting.\n"}, False),
        ({"text": "Nobody came.\n\n> I smell gas\n"}, False),
        ({"text": "Nobody came and I still smell gas.\n"}, True),
        ({"text": "Nobody came. I want to kill myself tonight.\n"}, True),
        ({"text": "Nobody came.\n\nOn Mon, 30 Nov 2026, Housing <housing@northgate.example> wrote:\n\n{ack}"}, False),
        ({"text": "Nobody came.\n\nHousing wrote:\n\n{help}"}, False),
    ],
)
def test_every_urgent_letter_of_a_case_alarms(world: World, fields: dict[str, str], alarmed: bool) -> None:
    """domain.md §8: a further letter too, but not for its case's subject or for what our own acknowledgement says of gas."""
    world.receive(letter(subject="Gas leak", text="I smell gas.\n"))
    ours = plain(bytes(world.outbox("acknowledgement")[0]["content"]))
    text = fields["text"].format(
        ack=ours, help=world.office.council.in_language["en"]["urgent_help"].replace(" ", "\n")
    )
    world.receive(letter(subject="Re: Gas leak", text=text, message_id="<second@r.example>"))
    told = " ".join(plain(bytes(world.outbox("resident-wrote")[0]["content"])).split())

    assert len(world.outbox("urgent")) == 1 + alarmed
    assert ("Please phone or write yourself today." in told) is alarmed
    assert ("The letter mentions" in told) is alarmed


def test_urgent_words_of_a_mail_that_broke_us(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """behaviour.md §1: they are looked for as soon as the mail can be read."""
    real = quoting.new_text
    monkeypatch.setattr(quoting, "new_text", lambda _: 1 / 0)
    world.receive(letter(text="I smell gas.\n"))
    assert world.outbox("urgent") == []

    monkeypatch.setattr(quoting, "new_text", real)
    world.after(minutes=2)
    world.intake.retry_quarantined(world.now)
    assert len(world.outbox("urgent")) == 1


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("I can’t go on living like this", "self-harm"),
        ("He HITS me every night", "abuse"),
        ("our flat is on fire", "fire"),
        ("The ceiling in the hall has now collapsed onto the floor", "structure"),
        ("I have nowhere to sleep tonight", "homeless-tonight"),
        ("No heating since Friday and I have a new baby", "no-heating"),
        ("Black mould, and my son coughs", "damp-and-child"),
        ("I want to kill myself", "self-harm"),
        ("There is carbon   monoxide", "gas"),
    ],
)
def test_urgent_words(world: World, text: str, category: str) -> None:
    """domain.md §8: whole words, letter case, accents and apostrophes ignored, `a + b` anywhere in the letter."""
    from ackbot.casework.incoming.danger import categories

    assert category in categories(text, world.office.council.urgent)


@pytest.mark.parametrize(
    "text",
    [
        "The fireplace needs sweeping",
        "My gas bill is wrong",
        "Please life the lid",
        "The bin is collapsing",
        "I like the new wall",
    ],
)
def test_ordinary_words_alarm_nobody(world: World, text: str) -> None:
    """domain.md §8: whole words only."""
    from ackbot.casework.incoming.danger import categories

    assert categories(text, world.office.council.urgent) == ()


# -- what breaks us -----------------------------------------------------------------------------------------------------


def test_a_mail_that_breaks_us_is_kept_and_answered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """D5: raw bytes kept, the admin told once, a case and an acknowledgement from the headers; read later on the same row, without a second one (P1)."""
    real = quoting.new_text

    def broken(_: str) -> str:
        raise RuntimeError("a defect of ours, with the word mouldy in it")

    monkeypatch.setattr(quoting, "new_text", broken)
    raw = letter()
    row = world.receive(raw)
    world.receive(raw)

    assert (row["state"], row["raw"]) == ("quarantined", raw)
    assert "mouldy" not in row["error"]
    assert [mail["kind"] for mail in world.outbox()] == ["acknowledgement", "new-case", "admin"]
    assert len(world.cases()) == 1

    world.after(minutes=2)
    world.intake.retry_quarantined(world.now)
    again = world.db.run("SELECT attempts, retry_at, state FROM letters")[0]
    assert (again["attempts"], again["state"]) == (2, "quarantined")

    monkeypatch.setattr(quoting, "new_text", real)
    world.after(hours=2)
    world.intake.retry_quarantined(world.now)
    healed = world.db.run("SELECT * FROM letters")[0]
    assert (healed["id"], healed["state"], healed["raw"], healed["subject"]) == (
        row["id"],
        "decided",
        None,
        "Damp in the bedroom",
    )
    assert [mail["kind"] for mail in world.outbox()] == ["acknowledgement", "new-case", "admin", "resident-wrote"]


def test_a_broken_template_keeps_the_mail(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """P1: even when the headers alone break us too, the bytes are kept and the admin is told."""
    from ackbot.casework import decide

    monkeypatch.setattr(decide, "on_message", lambda *_: 1 / 0)
    row = world.receive(letter())

    assert row["state"] == "quarantined"
    assert [mail["kind"] for mail in world.outbox()] == ["admin"]
    assert "ZeroDivisionError" in row["error"]


def test_exchange_placeholder_never_becomes_a_sender(world: World) -> None:
    """D9: what Exchange puts in place of a mail it cannot convert opens a case for a person to look, and answers nobody."""
    row = world.receive(
        letter(
            sender="microsoft@unknown.example",
            subject="Retrieval using the IMAP4 protocol failed for the following message: 14",
        )
    )

    assert (row["kind"], row["outcome"], bool(row["acknowledged"])) == ("unreadable", "case", False)
    assert world.cases()[0]["resident_address"] == ""
    assert world.outbox(to="microsoft@unknown.example") == []


def test_the_same_mail_gives_the_same_outcome(make_world: Callable[..., World]) -> None:
    """P12: mail, facts, configuration and time decide; nothing else."""
    first, second = make_world(), make_world()
    for one in (first, second):
        one.receive(letter())

    assert [mail["content"] for mail in first.outbox()] == [mail["content"] for mail in second.outbox()]


def test_arrival_time_is_not_the_date_field(world: World) -> None:
    """domain.md §2: clocks count from INTERNALDATE, whatever the sender's Date claims."""
    world.receive(letter(date="Mon, 30 Nov 1999 10:12:00 +0000"), arrived_at=datetime(2026, 12, 1, 9, 0, tzinfo=UTC))

    assert world.db.run("SELECT promised_on FROM clocks WHERE kind = 'update'")[0]["promised_on"] == "2026-12-08"


def bounced(
    sent: dict[str, Any], status: str = "5.1.1", action: str = "failed", to: str = "housing@northgate.example"
) -> bytes:
    """What Postfix returns for a mail of ours."""
    message = parsed(bytes(sent["content"]))
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.resident.example\r\n"
        f"To: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\nDate: Mon, 30 Nov 2026 10:13:00 +0000\r\n"
        f"Message-ID: <{sent['id']}.{status}@mx.resident.example>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nNot delivered.\r\n--b\r\n'
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.resident.example\r\n\r\n"
        f"Final-Recipient: rfc822; {sent['recipient']}\r\nAction: {action}\r\nStatus: {status}\r\n--b\r\n"
        f"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message['Message-ID']}\r\nSubject: {message['Subject']}\r\n--b--\r\n"
    ).encode()


def test_a_resident_who_cannot_be_reached(world: World) -> None:
    """D39: the owner is told once, no further automatic mail goes there; a letter from that address mends it."""
    world.receive(letter())
    acknowledgement = world.outbox("acknowledgement")[0]
    row = world.receive(bounced(acknowledgement))
    world.receive(bounced(acknowledgement, status="5.1.10"))
    assert (row["kind"], row["outcome"]) == ("bounce", "event")
    assert world.cases()[0]["unreachable"] == 1
    told = world.outbox("ask-back")
    assert [mail["recipient"] for mail in told] == ["priya@northgate.example"]
    assert "came back (5.1.1)" in plain(bytes(told[0]["content"]))
    world.after(days=1)
    world.receive(
        letter(
            subject="Re: Damp in the bedroom",
            text="Worse.",
            message_id="<2@r.example>",
            In_Reply_To="<first@resident.example>",
        )
    )
    assert world.cases()[0]["unreachable"] == 0


@pytest.mark.parametrize(
    ("status", "action"),
    [("4.2.2", "delayed"), ("4.4.7", "failed"), ("5.1.0", "failed"), ("5.2.2", "failed"), ("5.7.1", "failed")],
)
def test_soft_bounces_change_nothing(world: World, status: str, action: str) -> None:
    """D39: delays, 4.x.x, "other address status", a full mailbox and a policy are no reason."""
    world.receive(letter())
    world.receive(bounced(world.outbox("acknowledgement")[0], status, action))

    assert world.cases()[0]["unreachable"] == 0
    assert world.outbox("ask-back") == []


def test_a_bounce_of_a_staff_mail(world: World) -> None:
    """D40: no case, no loop; the manager hears that somebody may be gone."""
    world.receive(letter())
    row = world.receive(bounced(world.outbox("new-case")[0]))

    assert (row["kind"], row["outcome"]) == ("bounce", "event")
    assert len(world.cases()) == 1
    assert [mail["recipient"] for mail in world.outbox("admin")] == ["admins@northgate.example"]  # she has no manager
    assert "Priya Shah" in plain(bytes(world.outbox("admin")[0]["content"]))
