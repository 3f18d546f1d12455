"""Whoever a letter complains about neither owns nor reads nor signs anything of it, nor does anybody below them (E48)."""

from collections.abc import Callable

import pytest

from ackbot.casework import keys
from ackbot.casework.drafts import to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.store import cases
from tests.support.letters import letter, parsed
from tests.support.story import Story, words

PRIYA, SAM, ALEX = "priya@northgate.example", "sam@northgate.example", "alex@northgate.example"


def complained(story: Story, text: str, subject: str = "My email", **fields: str) -> dict[str, str]:
    """The case that a letter with these words opened or joined."""
    row = story.receive(
        letter(text=text, subject=subject, message_id=f"<{abs(hash(text))}@resident.example>", **fields)
    )
    [case] = [one for one in story.cases() if one["code"] == row["code"]]
    return case


NAMED = (
    "I want to complain about Priya Shah.",
    "I WISH TO COMPLAIN ABOUT PRIYA SHAH, SHE HUNG UP ON ME",
    "I spoke to Ms Shah on Friday. She hung up on me. I want to make a formal complaint.",
    "Your officer P. Shah was rude to my mother on the phone.",
    "This is a complaint about Shah, Priya from your team.",
    "I am complaining about Prya Shah.",
    "I am complaining about Priya Shaw.",
    "Complaint: priya.shah has ignored all my letters.",
    "I complain about p.shah@northgate.example, who never replied.",
    "Priya was so rude to me yesterday, I will not have that.",
    "Dear Sir, the behaviour of Miss Shah was disgusting conduct. She shouted at me.",
    "Rwyf am wneud cwyn am Priya Shah.",
    "Ich möchte mich über Frau Shah beschweren.",
    "Quiero presentar una queja contra Priya Shah.",
    "Chcę złożyć skargę na Priya Shah.",
    "Dear Priya,\n\nI am going to complain about you.",
)


@pytest.mark.parametrize("text", NAMED)
def test_the_manager_has_it(make_story: Callable[..., Story], text: str) -> None:
    """E48, behaviour.md §3.12: by any spelling of the name, in any of the languages; the acknowledgement names the manager."""
    story = make_story(('members = ["priya", "sam"]', 'members = ["priya"]'))
    case = complained(story, text)

    assert case["owner"] == "alex"
    assert [row["recipient"] for row in story.outbox("new-case")] == [ALEX]
    assert "Alex Reid" in words(story, "acknowledgement")[-1]
    assert "Priya" not in words(story, "acknowledgement")[-1]
    assert story.outbox(to=PRIYA) == []
    assert "it seems to complain about Priya Shah, who will not read anything of it" in words(story, "new-case")[-1]


@pytest.mark.parametrize(
    "text",
    [
        "Priya Shah was very helpful. The boiler is cold again.",
        "My neighbour Sam Jones is rude to everybody and I want to complain about him.",
        "I want to complain about the noise. Thanks to Priya Shah for her help.",
        "Dear Priya,\n\nI want to complain about the bins, which were not emptied.",
        "I want to complain about Sam Green at number 4.",
        "The boiler is useless.",
        "Priya Shah never called me back. Is there any news?",
    ],
)
def test_who_is_only_named(make_story: Callable[..., Story], text: str) -> None:
    """E48: thanks, a greeting, and other people of the same name are no complaint about a colleague."""
    story = make_story(('members = ["priya", "sam"]', 'members = ["priya"]'))

    assert complained(story, text)["owner"] == "priya"


def test_a_namesake_writes(story: Story) -> None:
    """E48: a resident who bears the name of a colleague complains about something, not about themselves."""
    sender = "Sam Jones <sj@resident.example>"
    case = complained(story, "I want to complain about the bins.\n\nYours\nSam Jones\n", sender=sender)

    assert case["owner"] in ("priya", "sam")


def test_somebody_below_them(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.12: a complaint about a manager goes to nobody whom they manage; the director hears that it has no owner."""
    story = make_story()
    case = complained(story, "I want to complain about Alex Reid.")

    assert case["owner"] == ""
    assert [row["recipient"] for row in story.outbox() if row["kind"] != "acknowledgement"] == [
        "director@northgate.example"
    ]
    story.at("2026-12-11 15:30")
    people = {row["recipient"] for row in story.outbox()}
    assert people == {"edward@resident.example", "director@northgate.example"}


def test_the_head_of_service_themselves(make_story: Callable[..., Story]) -> None:
    """E48: where nobody is above them, and the address above every ladder is theirs, the admin is told."""
    story = make_story(('email = "alex@northgate.example"', 'email = "director@northgate.example"'))
    complained(story, "I want to complain about Alex Reid.")
    story.at("2026-12-11 15:30")

    assert "director@northgate.example" not in {row["recipient"] for row in story.outbox()}
    assert "admins@northgate.example" in {row["recipient"] for row in story.outbox()}


def test_in_their_own_case(story: Story) -> None:
    """E48: a complaint in answer to the owner's words is a case of its own; its owner goes on with the other, and reads nothing."""
    owner = story.case()["owner"]
    address = f"{owner}@northgate.example"
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "Dear Edward,\n\nwe will come in January.\n\nP")
    story.at("2026-12-02 10:00")
    before = len(story.outbox(to=address))
    answer = parsed(bytes(story.mail("human")["content"]))
    case = complained(
        story,
        "I am complaining about your attitude. Nobody waits until January.",
        subject=f"Re: {answer['Subject']}",
        In_Reply_To=answer["Message-ID"],
    )

    assert (case["owner"], story.case()["owner"], story.case()["state"]) == ("alex", owner, "answered")
    assert len(story.outbox(to=address)) == before
    # What follows to the same mail joins the complaint.
    again = complained(
        story,
        "I am still complaining about your attitude.",
        subject=f"Re: {answer['Subject']}",
        In_Reply_To=answer["Message-ID"],
    )
    assert again["code"] == case["code"]
    assert len(story.outbox(to=address)) == before


def test_nobody_below_or_beside_hears_in_three_weeks(make_story: Callable[..., Story]) -> None:
    """
    E48: while the manager is away, it is late, and its promises fail, no cover, digest, list, alarm or copy goes to whom it is
    about, even as the duty officer.
    """
    story = make_story(('to = ["duty"]', 'to = ["priya", "duty"]'))
    case = complained(
        story,
        "I want to complain about Priya Shah. She shouted at me. I smell gas.",
        Cc="Priya <priya@northgate.example>",
    )
    story.after(minutes=5)
    story.reply(story.mail("new-case", ALEX), "AWAY 2 Dec to 8 Dec, cover Priya")
    story.after(minutes=5)
    story.reply(story.mail("new-case", ALEX), "CC\n\nDear Edward,\n\nI have your complaint and look into it.\n\nAlex")
    story.after(minutes=5)
    story.reply(story.mail("new-case", ALEX), "PASS priya: yours")
    assert "The case complains about Priya Shah." in words(story, "ask-back", ALEX)[-1]
    story.at("2026-12-21 16:00")
    reads = [row for row in story.outbox(to=PRIYA) if case["code"][:3] in str(row["content"])]

    assert reads == []
    assert story.outbox(to=PRIYA) == []
    assert {row["recipient"] for row in story.outbox("urgent")} == {"duty@northgate.example"}


def test_their_answer_from_outlook_is_none(make_story: Callable[..., Story]) -> None:
    """E48: what they write to the resident themselves ends no promise of the complaint, and the manager reads that they wrote."""
    story = make_story()
    case = complained(story, "I want to complain about Priya Shah.")
    first = f"<{abs(hash('I want to complain about Priya Shah.'))}@resident.example>"
    story.after(hours=1)
    story.receive(
        letter(
            sender="Priya Shah <priya@northgate.example>",
            to="edward@resident.example",
            subject="Re: My email",
            text="Dear Edward,\n\nThere is no reason to complain about me.\n\nPriya Shah\n",
            message_id="<out@northgate.example>",
            Cc="housing@northgate.example",
            In_Reply_To=first,
            Authentication_Results="mx.northgate.example; dmarc=pass header.from=northgate.example",
        )
    )
    [now] = [one for one in story.cases() if one["code"] == case["code"]]

    assert (now["state"], now["human_words_at"]) == ("open", None)
    assert "There is no reason" in words(story, "ask-back", ALEX)[-1]


def test_the_last_door(story: Story) -> None:
    """E48: should a rule choose them as the reader of a mail all the same, whoever has the case reads it instead."""
    code = complained(story, "I want to complain about Priya Shah.")["code"]
    desk = story.office.desk(story.now)
    case = cases.by_code(story.db, [code])[code]
    key = keys.ask(keys.asked(code, "letter", 0))
    mails = [
        to_staff.about_case(desk, ASK_BACK["what"], case, desk.council.staff[one], key, {}, why="")
        for one in ("priya", "sam")
    ]

    assert [one.draft.recipient.addr for one in mails] == [ALEX, SAM]
    assert [one.staff for one in mails] == ["alex", "sam"]


@pytest.mark.parametrize(
    ("about", "config", "alarmed"),
    [
        ("the Duty Officer", (), ["alex"]),  # nobody is above them: whoever manages a team
        (
            "Duty Officer, who shouted at me",
            (('name = "Duty Officer"', 'name = "Duty Officer"\nmanager = "dana"'),),
            ["dana"],
        ),
        ("Sam Jones", (('to = ["duty"]', 'to = ["sam"]'),), ["alex"]),
        ("Sam Jones", (('to = ["duty"]', 'to = ["sam", "duty"]'),), ["duty"]),
    ],
)
def test_an_alarm_about_whoever_is_on_duty(
    make_story: Callable[..., Story], about: str, config: tuple[tuple[str, str], ...], alarmed: list[str]
) -> None:
    """behaviour.md §3.12, §3.9: somebody else is alarmed, again and again until they take it; those on duty read nothing."""
    story = make_story(*config)
    story.receive(
        letter(text=f"I want to complain about {about}. I smell gas in the hall.", message_id="<c@r.example>")
    )
    assert [row["staff"] for row in story.outbox("urgent")] == alarmed

    story.after(minutes=11)
    story.rounds.tick()
    story.after(minutes=11)
    story.rounds.tick()
    assert [row["staff"] for row in story.outbox("urgent")] == alarmed * 3
    story.reply(story.mail("urgent"), "TAKE")
    story.after(minutes=11)
    story.rounds.tick()
    assert len(story.outbox("urgent")) == 3


def test_where_nobody_is_left_to_alarm(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.12: a complaint about everybody's manager, who is alone on duty, reaches the head of service."""
    story = make_story(('to = ["duty"]', 'to = ["alex"]'))
    story.receive(
        letter(text="I want to complain about Alex Reid. I smell gas in the hall.", message_id="<c@r.example>")
    )

    assert story.outbox("urgent") == []
    assert "director@northgate.example" in {row["recipient"] for row in story.outbox("admin")}
