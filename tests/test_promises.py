"""Three weeks of a council: what was promised, what was kept, and every mail of it, whole."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ackbot.config import load
from ackbot.store import outbox
from ackbot.work.recompute import recount
from tests.support.letters import letter, parsed
from tests.support.snapshots import Kept
from tests.support.story import Story, words

pytestmark = pytest.mark.usefixtures("store")

MO = {"sender": "Mo Ali <mo@resident.example>", "subject": "Broken lift", "text": "The lift is broken.\n\nMo Ali\n"}
ANN = {"sender": "Ann Lee <ann@resident.example>", "subject": "Mould", "text": "There is mould.\n\nAnn Lee\n"}

ONLY_PRIYA = ('members = ["priya", "sam"]', 'members = ["priya"]')


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    return make_story()


def three_weeks(story: Story) -> Story:
    """Silence, an answer, an update, leave and cover, thanks, the ladder, settled."""
    story.receive(letter())
    story.at("2026-12-01 11:00")
    story.receive(letter(**MO, message_id="<m1@resident.example>"))
    story.at("2026-12-01 11:20")
    story.receive(letter(**ANN, message_id="<a1@resident.example>"))
    story.reply(
        story.mail("new-case", "sam@northgate.example"), "UPDATE\n\nThe part for the lift comes on Tuesday.\n\nSam"
    )
    story.at("2026-12-02 16:00")
    story.reply(story.mail("new-case"), "AWAY 3 Dec to 9 Dec, cover Sam")
    story.at("2026-12-08 10:05")
    words = "Dear Mo,\n\nThe lift works again since this morning.\n\nSam Jones"
    story.follow(story.mail("digest", "sam@northgate.example"), "Answer", "Broken lift", words)
    story.at("2026-12-08 10:30")
    story.receive(
        letter(
            **MO | {"text": "Thank you so much!", "subject": "Re: Broken lift"},
            message_id="<m2@resident.example>",
            In_Reply_To=parsed(bytes(story.mail("human")["content"]))["Message-ID"],
        )
    )
    story.at("2026-12-10 09:30")
    words = "DONE\n\nDear Ann,\n\nThe bath was treated yesterday, and we come again in spring.\n\nPriya"
    story.follow(story.mail("hand-over", "priya@northgate.example"), "Answer", "Mould", words)
    story.at("2026-12-18 18:00")
    return story


def test_three_weeks(story: Story, kept: Kept) -> None:
    """design.md, "The life of a promise"; P5, D69, D70: every mail at its time, word for word as it was read and kept."""
    three_weeks(story)
    kept("three-weeks", story.whole())


CHRISTMAS = """# end

[[absence]]
staff = "priya"
from = 2026-12-29
until = 2027-01-06

[[absence]]
staff = "sam"
from = 2026-12-24
until = 2026-12-31
"""


def test_across_christmas(make_story: Callable[..., Story], kept: Kept) -> None:
    """P5, D60, D67: closure days, substitute days, the new year, two absences one after the other; every mail whole."""
    story = make_story(("# end", CHRISTMAS), now="2026-12-22 10:00")
    story.receive(letter(date="Tue, 22 Dec 2026 10:00:00 +0000"))
    story.at("2026-12-24 21:30")
    story.receive(letter(**MO, message_id="<m1@resident.example>"))
    story.at("2027-01-13 18:00")
    kept("christmas", story.whole())


def test_two_due_matters_are_one_mail(story: Story) -> None:
    """behaviour.md §3.3, §3.6: of automatic mails a resident has at most one a day, and it names all their matters."""
    story.receive(letter())
    story.receive(letter(subject="Mould", text="And mould.\n\nEdward Quan", message_id="<2@resident.example>"))
    story.at("2026-12-07 17:00")
    told = words(story, "no-news")

    assert len(told) == 1
    assert "Damp in the bedroom" in told[0]
    assert "Mould" in told[0]
    assert [case["no_news"] for case in story.cases()] == [1, 1]


def test_the_third_time_no_date_is_named(story: Story) -> None:
    """behaviour.md §3.6: then the complaint route stands in it, automation ends, and a person is alarmed each working day."""
    story.receive(letter())
    story.at("2026-12-31 18:00")
    told = words(story, "no-news")

    assert [text.split("We said you would hear from us by ")[1].split(" about")[0] for text in told] == ["today"] * 3
    assert "You will hear from us again by Monday 14 December." in told[0]
    assert "It is now up to Alex to write to you. You will hear from us again by Monday 21 December." in told[1]
    assert "You will hear" not in told[2]
    assert "Reply and say it is a complaint" in told[2]
    assert story.clocks("running") == []
    alarmed = [line for line in story.lines() if "digest alex@" in line and "Dec 08:30" in line]
    assert [line[:10] for line in alarmed[-4:]] == ["Wed 23 Dec", "Thu 24 Dec", "Wed 30 Dec", "Thu 31 Dec"]


def test_a_note_is_told_as_what_it_is(story: Story) -> None:
    """behaviour.md §3.6: if the owner acted, what is true is said, and no work that nobody did."""
    story.receive(letter())
    story.at("2026-12-03 11:00")
    story.reply(story.mail("new-case"), "NOTE\nRang the surveyor.")
    story.at("2026-12-07 16:00")

    assert (
        "Priya Shah added a note on Thursday 3 December. There is no answer for you yet" in words(story, "no-news")[0]
    )


SILENT: list[tuple[tuple[tuple[str, str], ...], str, str]] = [
    ((), "I want to kill myself because of the damp.", "the letter is sensitive"),
    (
        (('team = "housing"\nmode = "live"', 'team = "housing"\nmode = "acknowledge"'),),
        "Damp.",
        "the inbox sends residents no automatic mail yet",
    ),
]


@pytest.mark.parametrize(("changes", "text", "reason"), SILENT, ids=["sensitive", "acknowledge"])
def test_a_withheld_promise_is_told_to_a_person_that_day(
    make_story: Callable[..., Story], changes: tuple[tuple[str, str], ...], text: str, reason: str
) -> None:
    """P5, behaviour.md §3.9: the resident hears nothing automatic; owner and manager hear at 13:00, and why."""
    story = make_story(*changes)
    story.receive(letter(text=text))
    story.at("2026-12-07 17:00")

    assert words(story, "no-news") == []
    assert reason in words(story, "digest", "alex@northgate.example")[-1]
    assert ("update", "2026-12-07", "withheld") in story.clocks()
    assert story.case()["late_since"] == "2026-12-07"


def test_the_manager_holds_the_clock_of_a_sensitive_letter(story: Story) -> None:
    """behaviour.md §3.9: on the day, the manager has it in the morning."""
    story.receive(letter(text="I want to kill myself because of the damp."))
    story.at("2026-12-07 09:00")

    assert "Please phone or write yourself." in words(story, "digest", "alex@northgate.example")[0]


def test_no_news_at_three_and_no_minute_before(story: Story) -> None:
    """P5, behaviour.md §3.6: the owner has until 15:00 to write."""
    story.receive(letter())
    story.at("2026-12-07 14:59")
    early = len(words(story, "no-news"))
    story.at("2026-12-07 15:00")

    assert (early, len(words(story, "no-news"))) == (0, 1)


def test_no_receipt_on_the_day_of_a_promise(story: Story) -> None:
    """behaviour.md §3.2, §3.6: one automatic mail a day, and the promise comes first."""
    story.receive(letter())
    story.at("2026-12-07 10:00")
    row = story.receive(
        letter(
            subject="Re: Damp in the bedroom",
            text="Any news?",
            message_id="<2@r.example>",
            In_Reply_To="<first@resident.example>",
        )
    )
    story.at("2026-12-07 16:00")

    assert row["acknowledged"] == 0
    assert "hears today on another promise" in row["why"]
    assert len(words(story, "no-news")) == 1


def test_one_chaser_a_day_whatever_restarts_come(story: Story) -> None:
    """D70, D48: ticks and restarts at every hour write nothing twice; nothing after an answer."""
    story.receive(letter())
    for day in range(1, 12):
        for hour in range(7, 19):
            story.restart()
            story.at(f"2026-12-{day:02} {hour:02}:10")
            story.rounds.tick()
    by_day = [line for line in story.lines() if "digest priya@" in line]
    chased = [line.split(" digest")[0] for line in by_day]
    assert len(chased) == len(set(chased))
    assert len([line for line in story.lines() if "no-news" in line]) == 1
    story.reply(story.mail("new-case"), "Dear Edward,\n\nThe wall is dry since this morning.\n\nPriya")
    before = len(story.outbox("digest"))
    story.at("2026-12-17 18:00")
    assert len(story.outbox("digest")) == before


def test_a_restart_at_four_still_tells_the_truth(story: Story) -> None:
    """P5: what 13:00 and 15:00 missed is done later that day, owner and manager first, so that the mail is true."""
    story.receive(letter())
    story.now = story.now.replace(month=12, day=7, hour=16)
    story.restart()
    story.rounds.tick()

    assert [mail["kind"] for mail in story.outbox()][-4:] == ["digest", "digest", "digest", "no-news"]


def test_what_passed_while_nothing_ran_waits_for_release(story: Story) -> None:
    """P5, behaviour.md §5.2: the admin is told that day; the residents are, once released."""
    story.receive(letter())
    story.now = story.now.replace(month=12, day=9, hour=16)
    story.restart()
    story.rounds.tick()
    assert words(story, "no-news") == []
    assert "1 promised dates have passed" in words(story, "admin")[-1]
    story.db.run("INSERT INTO rounds (name, day, done_at) VALUES ('released', '2026-12-09', '')")
    story.after(minutes=1)
    story.rounds.tick()

    assert "We said you would hear from us by Monday 7 December" in words(story, "no-news")[0]


def test_a_part_timer_hears_on_their_own_days(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.1: digests on one's own working days only, and early enough: before the days one does not work."""
    part_time = 'email = ["priya@northgate.example", "p.shah@northgate.example"]\nworking_hours = "Mon-Wed 09:00-17:00"'
    story = make_story(
        ONLY_PRIYA,
        ('email = ["priya@northgate.example", "p.shah@northgate.example"]', part_time),
        now="2026-12-03 09:00",
    )
    story.receive(letter())
    story.at("2026-12-16 09:00")
    mornings = [line.split(" digest")[0] for line in story.lines() if "digest priya@" in line and "08:30" in line]

    assert ("update", "2026-12-10") in [(kind, day) for kind, day, _ in story.clocks()]
    assert mornings[:2] == ["Wed 09 Dec 08:30", "Mon 14 Dec 08:30"]


def test_a_part_timer_is_warned_of_a_date_two_days_off(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.1: whoever works until Wednesday is warned on Wednesday of a date on Friday."""
    part_time = 'email = ["priya@northgate.example", "p.shah@northgate.example"]\nworking_hours = "Mon-Wed 09:00-17:00"'
    story = make_story(
        ONLY_PRIYA,
        ('email = ["priya@northgate.example", "p.shah@northgate.example"]', part_time),
        now="2026-12-04 09:00",
    )
    story.receive(letter())
    story.at("2026-12-11 09:00")

    assert ("update", "2026-12-11") in [(kind, day) for kind, day, _ in story.clocks()]
    assert [line.split(" digest")[0] for line in story.lines() if "digest priya@" in line] == ["Wed 09 Dec 08:30"]


def test_the_law_knows_no_closure(make_story: Callable[..., Story]) -> None:
    """domain.md §7: freedom of information counts the working days of the law, whatever days the council is closed."""
    foi = ('answer_within = "10 working days"', 'answer_within = "10 working days"\ncalendar = "foi"')
    dates = []
    for closed in ((), (("closed_on = [2026-12-28, 2026-12-29]", ""),)):
        story = make_story(foi, *closed, now="2026-12-21 10:00")
        story.receive(letter(date="Mon, 21 Dec 2026 10:00:00 +0000"))
        dates.append([day for kind, day, _ in story.clocks() if kind == "answer"])

    assert dates == [["2027-01-08"], ["2027-01-08"]]


def test_the_evening_before_a_weekend_promise(make_story: Callable[..., Story]) -> None:
    """D70: on Friday at 13:00, owner and manager are reminded of a date on Saturday, when nobody works."""
    always = ('answer_within = "10 working days"', 'answer_within = "10 working days"\ncalendar = "always"')
    story = make_story(always, ('update_every = "5 working days"', 'update_every = "48 hours"'), now="2026-12-03 16:00")
    story.receive(letter())
    story.at("2026-12-04 13:00")

    assert ("update", "2026-12-05", "running") in story.clocks()
    assert {row["dedupe_key"].partition(":")[0] for row in story.outbox("digest") if row["staff"] == "alex"} == {
        "overdue"
    }
    assert "for Saturday 5 December" in words(story, "digest", "alex@northgate.example")[-1]


def test_a_colleague_is_asked_for_no_score(make_story: Callable[..., Story]) -> None:
    """behaviour.md §1: a colleague gets no survey line, neither in the acknowledgement nor when the case is settled."""
    story = make_story()
    for sender, subject in (
        ("Ade Obi <ade@northgate.example>", "Desk"),
        ("Edward Quan <edward@resident.example>", "Damp"),
    ):
        story.receive(letter(sender=sender, subject=subject, text=f"About the {subject}.", message_id=f"<{subject}@x>"))
        story.reply(story.mail("new-case"), "Hello,\n\nA surveyor comes to you on Thursday between 9 and 12.\n\nPriya")
    story.at("2026-12-31 12:00")

    assert "How did we do?" not in words(story, "settled", "ade@northgate.example")[0]
    assert "How did we do?" in words(story, "settled", "edward@resident.example")[0]


def test_no_digest_when_there_is_nothing(story: Story) -> None:
    """behaviour.md §4.1: nobody gets an empty digest."""
    story.receive(letter())
    story.at("2026-12-03 18:00")
    assert story.outbox("digest") == []


def test_an_owner_found_later_is_told_to_the_resident(make_story: Callable[..., Story]) -> None:
    """P4, D59, behaviour.md §3.1: nobody is here; told aloud; then somebody is, and the resident hears who."""
    nobody = "".join(
        f'\n[[absence]]\nstaff = "{one}"\nfrom = 2026-11-30\nuntil = 2026-12-03\n' for one in ("priya", "sam", "alex")
    )
    story = make_story(("# end", "# end\n" + nobody))
    story.receive(letter())
    assert "We will tell you who is dealing with it by Tuesday 1 December." in words(story, "acknowledgement")[0]
    story.at("2026-12-01 17:00")
    assert "We said we would tell you by today who is dealing with your email" in words(story, "no-news")[0]
    story.at("2026-12-03 10:00")

    assert story.case()["owner"] in ("priya", "sam")
    owner = "Priya Shah" if story.case()["owner"] == "priya" else "Sam Jones"
    assert f"{owner} in Housing now has your email about “Damp in the bedroom”." in words(story, "cover")[0]
    assert "There is damp in the bedroom." in words(story, "new-case")[-1]


def test_a_new_bank_holiday_moves_what_nobody_was_told(make_story: Callable[..., Story]) -> None:
    """P9, D67: the told date stays; the untold one is counted anew, nation by nation."""
    story = make_story()
    story.receive(letter())
    assert recount(story.db, story.config.council, story.now) == 0
    path = story.config.path
    path.write_text(path.read_text().replace("closed_on = [", "closed_on = [2026-12-04, "))
    changed = load(path)

    assert recount(story.db, changed.council, story.now) == 1
    assert recount(story.db, changed.council, story.now) == 0
    assert sorted(story.clocks("running")) == [("answer", "2026-12-15", "running"), ("update", "2026-12-07", "running")]


def test_mails_for_an_owner_with_thirty_cases_a_week(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    """behaviour.md §4, D70: for 30 cases a week, at most 11 mails a day for anybody, on any day of three weeks."""
    number = 0
    for week in range(3):
        for day in range(5):
            for _ in range(6):
                number += 1
                story.at(
                    f"2026-12-{week * 7 + day + 1 if week * 7 + day + 1 < 32 else 31:02} {9 + number % 7:02}:{number % 60:02}"
                )
                story.receive(
                    letter(
                        sender=f"P {number} <p{number}@r.example>",
                        subject=f"Matter {number}",
                        text=f"Words {number}.",
                        message_id=f"<n{number}@r.example>",
                    )
                )
                if number % 3:
                    story.reply(
                        story.mail("new-case"), "Dear resident,\n\nThis was done this morning, with thanks for writing."
                    )
    story.at("2026-12-22 18:00")
    counted: dict[str, int] = {}
    for line in story.lines():
        when, person = line[:10], line.split(" ")[5].rstrip(":")
        if person.endswith("northgate.example"):
            counted[f"{when} {person}"] = counted.get(f"{when} {person}", 0) + 1
    with capsys.disabled():
        print("\nmost mails a day:", sorted(counted.items(), key=lambda one: -one[1])[:3])

    assert max(counted.values()) <= 11


def test_mode_staff_tells_owners_no_falsehood(make_story: Callable[..., Story]) -> None:
    """behaviour.md §5.1: the owner is not told that the resident knows; raising the mode makes up no promise."""
    story = make_story(('team = "housing"\nmode = "live"', 'team = "housing"\nmode = "staff"'))
    story.receive(letter())
    assert (
        "was not sent an acknowledgement. The standard asks for a reply or update by Monday 7 December."
        in words(story, "new-case")[0]
    )
    live = load(_with_mode(story.config.path, "live"))
    story.config, story.intake = live, type(story.intake)(story.db, live.office)
    story.at("2026-12-02 10:00")
    story.receive(
        letter(
            subject="Re: Damp in the bedroom",
            text="It is worse.",
            message_id="<2@r.example>",
            In_Reply_To="<first@resident.example>",
        )
    )
    told = words(story, "receipt")[0]

    assert "hear from Priya or a colleague by Wednesday 9 December." in told
    assert "still" not in told
    assert ("update", "2026-12-09", "running") in story.clocks()


def _with_mode(path: Path, mode: str) -> Path:
    path.write_text(path.read_text().replace('mode = "staff"', f'mode = "{mode}"'))
    return path


def absent(*spans: tuple[str, str, str, str]) -> tuple[str, str]:
    """Absences in the configuration: who, from, until, cover."""
    tables = "".join(
        f'\n[[absence]]\nstaff = "{who}"\nfrom = {start}\nuntil = {end}\ncover = "{cover}"\n'
        for who, start, end, cover in spans
    )
    return ("# end", f"# end\n{tables}")


def test_a_cover_notice_moves_no_promise_of_the_day_on_which_it_is_read(make_story: Callable[..., Story]) -> None:
    """P5, E53, E77: leave from a Saturday, a promise on Monday: no notice moves it; the mail of that day says who has the email now."""
    story = make_story(ONLY_PRIYA, absent(("priya", "2026-12-05", "2026-12-14", "sam")))
    story.receive(letter())
    story.at("2026-12-07 18:00")

    assert words(story, "cover") == []
    assert "Priya Shah is away, and Sam Jones now has your email." in words(story, "no-news")[0]
    assert "You will hear from us again by Monday 14 December." in words(story, "no-news")[0]
    assert ("update", "2026-12-14", "running") in story.clocks()


def test_the_second_cover_is_told_too(make_story: Callable[..., Story]) -> None:
    """P5: a notice that was not sent promises nothing; when the cover goes away as well, the resident hears who has it."""
    story = make_story(ONLY_PRIYA, absent(("priya", "2026-12-01", "2026-12-31", "sam")))
    story.receive(letter())
    story.at("2026-12-02 10:00")
    story.reply(story.mail("hand-over", "sam@northgate.example"), "AWAY 3 Dec to 30 Dec, cover Kofi")
    story.at("2026-12-04 18:00")

    assert [text.split("need to write again. ")[1].split(" in ")[0] for text in words(story, "cover")] == [
        "Sam Jones",
        "Kofi Mensah",
    ]


def test_a_leaver_on_leave_is_a_leaver(make_story: Callable[..., Story]) -> None:
    """D61: told as one, whatever absence stands beside it."""
    left = (
        'email = ["priya@northgate.example", "p.shah@northgate.example"]',
        'email = ["priya@northgate.example", "p.shah@northgate.example"]\nleft = 2026-12-04',
    )
    story = make_story(ONLY_PRIYA, left, absent(("priya", "2026-12-02", "2026-12-31", "sam")))
    story.receive(letter())
    story.at("2026-12-05 18:00")

    assert any("Priya Shah is no longer dealing with your email" in text for text in words(story, "cover"))
    assert any("Priya Shah no longer works here" in text for text in words(story, "hand-over"))


def test_a_pause_over_a_promised_date_makes_no_storm(story: Story) -> None:
    """D70, behaviour.md §5.2: nothing is written for later while paused; afterwards one digest, and the admin is asked."""
    story.receive(letter())
    story.at("2026-12-04 08:00")
    outbox.pause(story.db, "", story.now)
    story.at("2026-12-14 08:00")
    outbox.resume(story.db, "", story.now)
    story.at("2026-12-14 18:00")
    after = [line for line in story.lines() if line.startswith("Mon 14")]

    assert not [line for line in story.lines() if "(held)" in line]
    assert [line.split(" ")[4:6] for line in after if "digest" in line] == [["digest", "priya@northgate.example:"]]
    assert "and Edward Quan has heard nothing" in words(story, "digest", "priya@northgate.example")[-1]
    assert words(story, "no-news") == []


def test_a_pause_at_three_is_made_up_for_the_same_day(story: Story) -> None:
    """P5: resumed at half past three, the truth goes out then."""
    story.receive(letter())
    story.at("2026-12-07 14:00")
    outbox.pause(story.db, "", story.now)
    story.at("2026-12-07 15:10")
    outbox.resume(story.db, "", story.now)
    story.at("2026-12-07 15:30")

    assert len(words(story, "no-news")) == 1


def test_release_tells_what_was_missed(story: Story) -> None:
    """P5, behaviour.md §5.2: `ackbot release` is what the admin's mail says it is; lateness runs from the day it was found."""
    story.receive(letter())
    story.now = story.now.replace(month=12, day=9, hour=16)
    story.restart()
    story.rounds.tick()
    assert story.case()["late_since"] == "2026-12-09"
    outbox.release(story.db, "", story.office.desk(story.now).today, story.now)
    story.after(minutes=1)
    story.rounds.tick()

    assert "We said you would hear from us by Monday 7 December" in words(story, "no-news")[0]


def test_nobody_is_said_to_have_been_asked_who_was_not(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.6, P5: a date on a Saturday: nobody is at work, so nobody is named."""
    always = ('answer_within = "10 working days"', 'answer_within = "10 working days"\ncalendar = "always"')
    story = make_story(always, ('update_every = "5 working days"', 'update_every = "24 hours"'))
    story.now = story.now.replace(month=12, day=4, hour=16)
    story.receive(letter())
    story.at("2026-12-05 16:00")
    told = words(story, "no-news")[0]

    assert "asked" not in told
    assert "told Alex" not in told
    assert "You will hear from us again by" in told


def test_a_date_after_three_is_for_its_own_hour(make_story: Callable[..., Story]) -> None:
    """Standards in hours: a promise made after 15:00 for the same day is not broken at once; the next date is another day."""
    story = make_story(('update_every = "5 working days"', 'update_every = "1 working hour"'))
    story.now = story.now.replace(month=12, day=3, hour=15, minute=30)
    story.rounds.tick()
    story.receive(letter())
    story.at("2026-12-03 15:45")
    assert words(story, "no-news") == []
    story.at("2026-12-03 16:45")
    told = words(story, "no-news")[0]

    assert (
        "We have asked Priya again and told the manager, Alex Reid. You will hear from us again by Friday 4 December."
        in told
    )
    assert story.mail("digest", "alex@northgate.example")["dedupe_key"].startswith("late:alex")


def test_a_date_after_three_with_nobody_here(make_story: Callable[..., Story]) -> None:
    """P4, behaviour.md §4.6: all of the team away at a quarter to five: the next manager reads what is true at that hour."""
    story = make_story(
        ('update_every = "5 working days"', 'update_every = "1 working hour"'),
        ('email = "alex@northgate.example"', 'email = "alex@northgate.example"\nmanager = "dana"'),
        absent(*((one, "2026-12-02", "2026-12-05", "") for one in ("priya", "sam", "alex"))),
    )
    story.now = story.now.replace(month=12, day=3, hour=15, minute=30)
    story.rounds.tick()
    story.receive(letter())
    story.at("2026-12-03 16:45")
    told = words(story, "digest", "dana.price@northgate.example")

    assert len(told) == 1
    assert told[0].startswith("Dana, this is due now, and nobody has written: - Nobody at work has Edward Quan, Damp")
    assert "Please name somebody today." in told[0]


def test_no_automatic_mail_a_day_is_said_to_staff(make_story: Callable[..., Story]) -> None:
    """`resident_automatic_per_day = 0`: acknowledgements only; staff are told so, and nobody claims a mail at three."""
    story = make_story(("[limits]", "[limits]\nresident_automatic_per_day = 0"))
    story.receive(letter())
    story.at("2026-12-07 16:00")

    assert words(story, "no-news") == []
    assert (
        "the council sends no automatic mail but acknowledgements"
        in words(story, "digest", "priya@northgate.example")[-1]
    )


def test_whoever_wrote_is_named(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.5: "Priya wrote to you", though somebody else has the case when it is asked about."""
    story = make_story(ONLY_PRIYA, absent(("priya", "2026-12-03", "2026-12-14", "sam")))
    story.receive(letter())
    story.at("2026-12-01 11:00")
    story.reply(story.mail("new-case"), "Dear Edward,\n\nA surveyor comes on Thursday between 9 and 12.\n\nPriya")
    story.at("2026-12-09 12:00")

    assert "Priya Shah wrote to you on Tuesday 1 December" in words(story, "settled")[0]


def test_a_notice_that_is_no_longer_true_is_cancelled(make_story: Callable[..., Story]) -> None:
    """design.md §3 `cancelled`: waiting for Monday, and on Saturday the case is answered."""
    story = make_story(ONLY_PRIYA)
    story.receive(letter())
    story.reply(story.mail("new-case"), "MORE Thu 10 Dec: we wait for the plumber")
    story.at("2026-12-04 18:00")
    story.reply(story.mail("new-case"), "AWAY 5 Dec to 11 Dec, cover Sam")
    story.at("2026-12-05 09:30")
    assert story.mail("cover")["state"] == "queued"
    story.reply(story.mail("new-case"), "DONE\n\nDear Edward,\n\nThe wall is dry since this morning.")

    assert story.mail("cover")["state"] == "cancelled"


def test_after_the_third_time_nothing_more_is_promised(story: Story) -> None:
    """behaviour.md §3.6, §3.8: "any news?" then gets no receipt and no date; the owner has it."""
    story.receive(letter())
    story.at("2026-12-22 10:00")
    row = story.receive(
        letter(
            subject="Re: Damp in the bedroom",
            text="Any news?",
            message_id="<2@r.example>",
            In_Reply_To="<first@resident.example>",
        )
    )
    story.at("2027-01-15 18:00")

    assert row["acknowledged"] == 0
    assert len(words(story, "no-news")) == 3
    assert story.mail("resident-wrote")["recipient"] == "priya@northgate.example"


def test_cases_with_nobody_are_all_named(make_story: Callable[..., Story]) -> None:
    """P4, D59: one mail a day with every case; without a head of service it is the admin's."""
    gone = absent(*((one, "2026-12-08", "2026-12-15", "") for one in ("priya", "sam", "alex")))
    story = make_story(
        (gone[0], gone[1].replace('cover = ""\n', "")), ('head_of_service = "director@northgate.example"\n', "")
    )
    story.receive(letter())
    story.receive(letter(**MO, message_id="<m1@resident.example>"))
    story.at("2026-12-08 10:00")
    told = words(story, "admin", "admins@northgate.example")[-1]

    assert len({case["owner"] for case in story.cases()}) == 2
    assert told.count("RBN-") == 2


def test_a_reply_to_a_cover_of_a_personal_inbox_is_not_lost(make_story: Callable[..., Story]) -> None:
    """behaviour.md §1, §3.2: the officer is back, and the letter answers a case that her cover has."""
    story = make_story(absent(("dana", "2026-12-01", "2026-12-03", "lena")))
    story.at("2026-12-01 10:00")
    story.receive(letter(to="dana@northgate.example"), inbox="dana")
    sent = parsed(bytes(story.mail("acknowledgement")["content"]))["Message-ID"]
    story.at("2026-12-04 10:00")
    row = story.receive(
        letter(
            to="dana@northgate.example",
            subject="Re: Damp in the bedroom",
            text="More of it.",
            message_id="<2@r.example>",
            In_Reply_To=sent,
        ),
        inbox="dana",
    )

    assert (row["outcome"], story.mail("resident-wrote")["recipient"]) == ("attach", "lena@northgate.example")
