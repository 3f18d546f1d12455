"""A colleague's automatic reply becomes an absence, moves their cases, and ends when they act (domain.md §10, behaviour.md §4.5)."""

from collections.abc import Callable
from typing import Any

import pytest

from ackbot.casework.cover import is_present
from ackbot.store import told_absences
from ackbot.work.explain import as_json, explain
from tests.support.letters import letter, parsed
from tests.support.story import LONDON, Story, answer, instant, words

pytestmark = pytest.mark.usefixtures("store")

EXCHANGE = {
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "All",
    "X-MS-Exchange-Inbox-Rules-Loop": "priya@northgate.example",
    "X-MS-Exchange-Generated-Message-Source": "Mailbox Rules Agent",
    "Return-Path": "<>",
}
GMAIL = {"Auto-Submitted": "auto-replied", "Precedence": "bulk", "X-Autoreply": "yes"}
SIEVE = {"Auto-Submitted": "auto-replied (vacation)", "Precedence": "bulk", "X-Sieve": "Pigeonhole Sieve 0.5.21"}
UNMARKED: dict[str, str] = {}
BACK_7TH = "I am on annual leave and will be back on Monday 7 December.\n\nKind regards\nPriya Shah"


def auto_reply(story: Story, to: dict[str, Any], text: str, marks: dict[str, str], **headers: str) -> dict[str, Any]:
    """The automatic reply of whoever got this mail of ours."""
    subject = f"Automatic reply: {parsed(bytes(to['content']))['Subject']}"
    raw = answer(
        bytes(to["content"]), text, to["recipient"], when=story.now, **{"Subject": subject, **marks, **headers}
    )
    return story.receive(raw.partition(b"\r\n\r\nOn Monday")[0] + b"\r\n")


def absences(story: Story, staff: str = "priya") -> list[tuple[str, str, str]]:
    """The recorded absences: source, first and last instant in London."""
    return [
        (one.source, f"{one.starts_at.astimezone(LONDON):%m-%d %H:%M}", f"{one.ends_at.astimezone(LONDON):%m-%d %H:%M}")
        for one in told_absences.of_staff(story.db, staff)
    ]


def told_people(story: Story) -> list[str]:
    """Whoever was asked or alarmed, without the admin's daily mail."""
    return [mail["recipient"] for mail in story.outbox("admin") if mail["recipient"] != "admins@northgate.example"]


@pytest.mark.parametrize("marks", [EXCHANGE, GMAIL, SIEVE, UNMARKED], ids=["exchange", "gmail", "sieve", "unmarked"])
def test_an_automatic_reply_is_an_absence(make_story: Callable[..., Story], marks: dict[str, str]) -> None:
    """D56, issue 17.1: away until the day it names; nothing goes to the resident, and nothing else becomes of it."""
    story = make_story()
    story.receive(letter())
    row = auto_reply(story, story.mail("new-case"), BACK_7TH, marks)

    assert (row["kind"], row["outcome"]) == ("automatic-reply", "event")
    assert absences(story) == [("automatic reply", "11-30 10:12", "12-07 00:00")]
    assert {mail["kind"] for mail in story.outbox()} == {"acknowledgement", "new-case"}
    assert story.case()["state"] == "open"


def test_the_redirect_whole(make_story: Callable[..., Story]) -> None:
    """Issue 17.2: learnt at nine, the case moves for the promise, the resident is told by cover's name, letters go past her."""
    story = make_story(now="2026-12-01 09:00")
    story.receive(letter())
    auto_reply(story, story.mail("new-case"), BACK_7TH.replace("7 December", "14 December"), EXCHANGE)
    story.at("2026-12-01 09:05")
    told = story.mail("cover")
    story.receive(
        letter(sender="Ola Nowak <ola@resident.example>", message_id="<2@r.example>", text="The bin is full.\n\nOla")
    )

    assert (story.case()["owner"], story.case()["cover"]) == ("priya", "sam")
    assert instant("2026-12-01 09:05").strftime("%Y-%m-%dT%H:%M") <= told["not_before"] < "2026-12-01T17:00"
    assert (
        "Priya Shah is away. You don't need to write again. Sam Jones in Housing now has your email"
        in words(story, "cover")[0]
    )
    assert "14" not in words(story, "cover")[0]  # no return date outside
    assert [mail["staff"] for mail in story.outbox("hand-over")] == ["sam"]
    assert story.cases()[1]["owner"] == "sam"


def test_a_personal_inbox_answers_with_the_cover(make_story: Callable[..., Story]) -> None:
    """behaviour.md §1: while its officer is away, by her own automatic reply, a personal inbox is answered, and somebody has it."""
    story = make_story(('members = ["kofi", "lena"]', 'members = ["dana"]'))
    story.receive(letter(to="dana@northgate.example", message_id="<1@r.example>"), "dana")
    story.receive(letter(to="streets@northgate.example", message_id="<2@r.example>", subject="Bins"), "streets")
    raw = answer(
        bytes(story.mail("new-case")["content"]), BACK_7TH, "dana.price@northgate.example", when=story.now, **GMAIL
    )
    story.receive(raw, "streets")
    story.receive(
        letter(to="dana@northgate.example", message_id="<3@r.example>", subject="My plan", text="May I build a shed?"),
        "dana",
    )

    assert [(case["inbox"], case["owner"]) for case in story.cases()] == [("streets", "dana"), ("dana", "lena")]


def test_nobody_covers(make_story: Callable[..., Story]) -> None:
    """P4: where nobody is left, somebody is told that day."""
    alone = ('members = ["priya", "sam"]\nmanager = "alex"', 'members = ["priya"]\nmanager = "priya"')
    story = make_story(alone)
    story.receive(letter())
    auto_reply(story, story.mail("new-case"), BACK_7TH, EXCHANGE)
    story.at("2026-11-30 10:30")

    assert "director@northgate.example" in told_people(story)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"Authentication-Results": ""}, ["alex@northgate.example"]),
        (
            {"Authentication-Results": "mx.northgate.example; dmarc=none header.from=northgate.example"},
            ["alex@northgate.example"],
        ),
        ({"Authentication-Results": "mx.northgate.example; dmarc=fail header.from=northgate.example"}, []),
        ({"From": "priya@elsewhere.example"}, []),
        ({"From": "sam@northgate.example", "To": ""}, []),
        ({"In-Reply-To": "<1@x.example>", "References": "<1@x.example>", "To": "housing@northgate.example"}, []),
        ({"Date": "Mon, 23 Nov 2026 09:00:00 +0000"}, []),
    ],
    ids=["unchecked", "none", "forged", "stranger", "colleague", "no-token", "old"],
)
def test_nobody_puts_a_colleague_away(make_story: Callable[..., Story], how: dict[str, str], told: list[str]) -> None:
    """P7, behaviour.md §4.4: what is not proven to be hers changes nothing; what may be hers is asked of her manager."""
    story = make_story()
    story.receive(letter())
    auto_reply(story, story.mail("new-case"), BACK_7TH, EXCHANGE, **how)

    assert absences(story) == []
    assert told_people(story) == told


def test_where_no_server_checks_she_is_told(make_story: Callable[..., Story]) -> None:
    """P7: without `authserv_id` token and From suffice, and the person hears at once at her own address what was read."""
    story = make_story(('authserv_id = "mx.northgate.example"\n', ""))
    story.receive(letter())
    auto_reply(story, story.mail("new-case"), BACK_7TH, EXCHANGE, **{"Authentication-Results": ""})
    auto_reply(
        story,
        story.mail("ask-back"),
        BACK_7TH,
        EXCHANGE,
        **{"Authentication-Results": "", "Message-ID": "<9@n.example>"},
    )

    assert absences(story) == [("automatic reply", "11-30 10:12", "12-07 00:00")]
    assert len(words(story, "ask-back")) == 1  # her automatic reply to that mail is no reason for another
    assert "If you are not away, reply BACK" in words(story, "ask-back")[0]


def test_a_notice_that_comes_again_after_back_is_told_again(make_story: Callable[..., Story]) -> None:
    """P7: where no server checks, nobody stays away for long by a stranger's notice, nor a second time without hearing of it."""
    story = make_story(('authserv_id = "mx.northgate.example"\n', ""))
    story.receive(letter())
    nobody_checks = {"Authentication-Results": ""}
    for number, minutes in enumerate((5, 60)):
        story.after(minutes=minutes)
        auto_reply(
            story,
            story.mail("new-case"),
            "I am on leave until 1 March 2028.",
            EXCHANGE,
            **nobody_checks,
            **{"Message-ID": f"<again{number}@n.example>"},
        )
        story.after(minutes=5)
        story.reply(story.mail("ask-back"), "BACK", **{"Message-ID": f"<back{number}@northgate.example>"})

    told = [text for text in words(story, "ask-back") if "If you are not away, reply BACK" in text]
    assert len(told) == 2
    assert all("2028" not in text for text in told)


@pytest.mark.parametrize(
    "text",
    [
        "I work Monday to Wednesday. I will answer on my next working day.",
        "Rwy'n gweithio dydd Llun i ddydd Mercher.",
        "Thank you for your email. I read my mail twice a day.",
        "Our office is closed from 24 December to 3 January.",
    ],
)
def test_no_absence(make_story: Callable[..., Story], text: str) -> None:
    """domain.md §10: a week, a courtesy and a closed office are no absence."""
    story = make_story()
    story.receive(letter())
    auto_reply(story, story.mail("new-case"), text, EXCHANGE)

    assert absences(story) == []


def test_explain_says_what_is_learnt(make_story: Callable[..., Story]) -> None:
    """design.md §8: an absence has its person, first day, first day back and source."""
    story = make_story()
    story.receive(letter())
    new_case = story.mail("new-case")
    marks = {"Subject": "Out of office", **GMAIL}
    raw = answer(
        bytes(new_case["content"]), "I am away until Friday 4 December.", new_case["recipient"], when=story.now, **marks
    )
    shown = as_json("-", explain(raw, story.config, at=story.now, db=story.db), story.office)
    found = [one for one in shown["intents"] if one["intent"] == "RecordAbsence"]

    assert [{name: one[name] for name in ("staff", "from", "until", "source")} for one in found] == [
        {"staff": "priya", "from": "2026-11-30", "until": "2026-12-07", "source": "automatic reply"}
    ]


def test_ignore_auto_reply(make_story: Callable[..., Story]) -> None:
    """design.md §7: whoever has an automatic reply on all the time is not away by it."""
    story = make_story(('id = "priya"', 'id = "priya"\nignore_auto_reply = true'))
    story.receive(letter())
    auto_reply(story, story.mail("new-case"), BACK_7TH, EXCHANGE)

    assert absences(story) == []


def test_without_a_date(make_story: Callable[..., Story]) -> None:
    """domain.md §10: unclear means five working days, and the person is asked by one mail when she is back."""
    story = make_story()
    story.receive(letter())
    auto_reply(story, story.mail("new-case"), "I am off sick. Please contact housing@northgate.example.", EXCHANGE)
    assert absences(story) == [("automatic reply", "11-30 10:12", "12-07 00:00")]
    story.at("2026-12-09 12:00")

    asked = story.outbox("ask-back", "priya@northgate.example")
    assert [mail["not_before"] for mail in asked] == ["2026-12-07T09:00:00.000000Z"]
    assert "names no day on which you are back" in words(story, "ask-back", "priya@northgate.example")[0]


def test_a_newer_notice_replaces_the_older(make_story: Callable[..., Story]) -> None:
    """She came home earlier, or later: what her automatic reply says now counts, from when she was first away."""
    story = make_story()
    story.receive(letter())
    auto_reply(story, story.mail("new-case"), BACK_7TH, SIEVE)
    story.now = instant("2026-12-01 11:00")
    auto_reply(story, story.mail("new-case"), BACK_7TH.replace("Monday 7", "Wednesday 9"), SIEVE)

    assert absences(story) == [("automatic reply", "11-30 10:12", "12-09 00:00")]


@pytest.mark.parametrize(
    "text", ["NOTE she rang again", "Dear Edward,\n\nI come tomorrow at ten to look at the wall.\n\nPriya"]
)
def test_whoever_acts_is_here(make_story: Callable[..., Story], text: str) -> None:
    """domain.md §10: any human act of that person ends a learnt absence, and her cases come back."""
    story = make_story()
    story.receive(letter())
    auto_reply(story, story.mail("new-case"), BACK_7TH.replace("7 December", "14 December"), EXCHANGE)
    story.at("2026-11-30 10:30")
    assert story.case()["cover"] == "sam"
    story.reply(story.mail("new-case"), text)
    story.at("2026-11-30 10:45")

    assert absences(story) == [("automatic reply", "11-30 10:12", "11-30 10:30")]
    assert (story.case()["owner"], story.case()["cover"]) == ("priya", "")


def test_what_was_written_before_ends_nothing(make_story: Callable[..., Story]) -> None:
    """A mail written before she went, which comes in after the notice, does not bring her back."""
    story = make_story()
    story.receive(letter())
    auto_reply(story, story.mail("new-case"), BACK_7TH, EXCHANGE)
    story.now = instant("2026-11-30 10:40")
    story.reply(story.mail("new-case"), "NOTE she rang again", Date="Mon, 30 Nov 2026 10:05:00 +0000")

    assert absences(story) == [("automatic reply", "11-30 10:12", "12-07 00:00")]


def test_an_act_ends_no_absence_of_the_file(make_story: Callable[..., Story]) -> None:
    """Issue 17.1: who looks at the mail on leave is on leave, if the configuration says so."""
    leave = ("# end", '# end\n\n[[absence]]\nstaff = "priya"\nfrom = 2026-12-01\nuntil = 2026-12-14\n')
    story = make_story(leave)
    story.receive(letter(), "housing")
    assigned = [mail for mail in story.outbox("new-case") if mail["staff"] == "sam"]
    story.at("2026-12-02 10:00")
    story.reply(story.mail("new-case"), "NOTE seen", sender="priya@northgate.example")

    assert assigned
    assert not is_present(story.office.council, "priya", story.now)


def test_an_act_ends_what_was_learnt_alone(make_story: Callable[..., Story]) -> None:
    """Issue 17.1: AWAY stands when she answers a mail meanwhile; only what her automatic reply says ends."""
    story = make_story()
    story.receive(letter())
    story.reply(story.mail("new-case"), "AWAY 30 Nov to 2 Dec")
    auto_reply(story, story.mail("new-case"), BACK_7TH, SIEVE)
    story.now = instant("2026-11-30 11:00")
    story.reply(story.mail("new-case"), "NOTE she rang again")

    assert [one for one in absences(story) if one[0] == "AWAY"] == [("AWAY", "11-30 10:12", "12-03 00:00")]
    assert [one for one in absences(story) if one[0] != "AWAY"] == [("automatic reply", "11-30 10:12", "11-30 11:00")]


def test_without_a_date_another_source_says_how_long(make_story: Callable[..., Story]) -> None:
    """domain.md §10: five working days are for want of anything better, and better is known here."""
    story = make_story()
    story.receive(letter())
    story.reply(story.mail("new-case"), "AWAY 30 Nov to 2 Dec")
    auto_reply(story, story.mail("new-case"), "I am out of the office.", EXCHANGE)

    assert absences(story) == [("AWAY", "11-30 10:12", "12-03 00:00")]


def test_who_says_so_herself_is_no_machine(make_story: Callable[..., Story]) -> None:
    """domain.md §4: a mail with the subject of an automatic reply and no mark is one, unless it begins with AWAY."""
    story = make_story()
    story.receive(letter())
    row = story.reply(story.mail("new-case"), "AWAY 1 Dec to 4 Dec", Subject="Out of office")

    assert row["kind"] == "staff"
    assert absences(story) == [("AWAY", "12-01 00:00", "12-05 00:00")]


def test_two_sources_disagree(make_story: Callable[..., Story]) -> None:
    """Issue 17.1: the longer one counts, and the person is told once, when the shorter one has her back."""
    story = make_story()
    story.receive(letter())
    story.reply(story.mail("new-case"), "AWAY 30 Nov to 2 Dec")
    story.now = instant("2026-11-30 11:00")
    for number in (1, 2):
        auto_reply(story, story.mail("new-case"), BACK_7TH, SIEVE, **{"Message-ID": f"<{number}@n.example>"})
    story.at("2026-12-04 12:00")

    told = [text for text in words(story, "ask-back") if "when are you back?" in text]
    assert len(told) == 1
    assert "Your AWAY says Thursday 3 December" in told[0]
    assert "your automatic reply says Monday 7 December" in told[0]
    assert [mail["not_before"] for mail in story.outbox("ask-back")][-1] == "2026-12-03T09:00:00.000000Z"
    assert story.case()["cover"] == "sam"
    assert len(story.outbox("cover")) == 1


@pytest.mark.parametrize(
    "text",
    ["I have left the council. Please write to housing@northgate.example.", "Priya Shah no longer works here."],
)
def test_a_leaver(make_story: Callable[..., Story], text: str) -> None:
    """Issue 17.1: whoever says that they have left is asked about, and somebody has their cases meanwhile."""
    story = make_story()
    story.receive(letter())
    auto_reply(story, story.mail("new-case"), text, EXCHANGE)
    story.at("2026-11-30 10:30")

    assert told_people(story) == ["alex@northgate.example"]
    assert "no longer works here. Is that so?" in words(story, "admin", "alex@northgate.example")[0]
    assert story.case()["cover"] == "sam"
