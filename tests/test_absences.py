"""Absences: who stands in, which cases move when, who is told, and that somebody has every case (behaviour.md §3.7, §4.5)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ackbot.casework.clocks import absence_moves, reminders
from ackbot.casework.council import Absence, Council
from ackbot.casework.cover import is_present, stand_in, with_absences
from ackbot.casework.model import Case, Clock
from ackbot.casework.office import Office
from ackbot.mail.addresses import Address
from tests.support.letters import letter
from tests.support.story import Story, instant, words

pytestmark = pytest.mark.usefixtures("store")


def away_from(staff: str, start: str, until: str, **more: str) -> tuple[str, str]:
    """An absence in the configuration; `until` is the first day back."""
    extra = "".join(f'{name} = "{value}"\n' for name, value in more.items())
    return ("# end", f'# end\n\n[[absence]]\nstaff = "{staff}"\nfrom = {start}\nuntil = {until}\n{extra}')


def both(*changes: tuple[str, str]) -> tuple[str, str]:
    """Several absences as one change of the file."""
    return ("# end", "# end\n" + "".join(new.removeprefix("# end") for _, new in changes))


def test_leave_moves_open_cases_and_they_come_back(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.5: one table for the cover, one mail for whoever is back, the resident told once, in working hours."""
    story = make_story(away_from("priya", "2026-12-08", "2026-12-14"))
    story.receive(letter())
    story.at("2026-12-07 11:00")
    story.reply(story.mail("new-case"), "MORE Thu 17 Dec: we wait for the plumber")
    story.at("2026-12-08 00:30")
    assert story.case()["cover"] == "sam"
    cover = story.mail("cover")
    assert cover["not_before"] == "2026-12-08T09:00:00.000000Z"
    story.at("2026-12-14 09:00")

    assert story.case()["cover"] == ""
    assert len(words(story, "cover")) == 1
    assert (
        "Priya Shah is away. You don't need to write again. Sam Jones in Housing now has your email"
        in words(story, "cover")[0]
    )
    assert "or a colleague will write to you by Thursday 17 December" in words(story, "cover")[0]
    assert "back" not in words(story, "cover")[0].split("Housing, Royal")[0]  # no return date outside
    assert [mail["staff"] for mail in story.outbox("hand-over")] == ["sam", "priya"]
    assert "welcome back" in words(story, "hand-over")[1]


def test_a_cover_who_wrote_keeps_the_case(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.5: cases return unless cover wrote."""
    story = make_story(away_from("priya", "2026-12-08", "2026-12-14"))
    story.receive(letter())
    story.at("2026-12-08 10:00")
    table = story.mail("hand-over", "sam@northgate.example")
    story.follow(table, "Answer", "Damp", "Dear Edward,\n\nI come tomorrow at ten to look at the wall.\n\nSam")
    story.at("2026-12-14 09:00")

    assert (story.case()["owner"], story.case()["cover"]) == ("sam", "")
    assert [mail["staff"] for mail in story.outbox("hand-over")] == ["sam"]


def test_one_day_away_moves_only_what_falls_due_in_it(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.5: absence under 2 working days."""
    alone = ('members = ["priya", "sam"]', 'members = ["priya"]')  # else Sam, who is here all the time, gets it at once
    quiet = make_story(alone, away_from("priya", "2026-12-02", "2026-12-03", cover="sam"))
    quiet.receive(letter())
    quiet.at("2026-12-02 12:00")
    due = make_story(alone, away_from("priya", "2026-12-07", "2026-12-08", cover="sam"))
    due.receive(letter())
    due.at("2026-12-07 12:00")
    before = make_story(alone, away_from("priya", "2026-12-04", "2026-12-07", cover="sam"))
    before.receive(letter())  # it falls due on the day on which she is back
    before.at("2026-12-04 12:00")

    assert (quiet.case()["owner"], quiet.case()["cover"]) == ("priya", "")
    assert (before.case()["owner"], before.case()["cover"]) == ("priya", "")
    assert (due.case()["owner"], due.case()["cover"]) == ("priya", "sam")


def test_half_a_day_is_a_day_at_work(make_story: Callable[..., Story]) -> None:
    """D60: away until noon, nothing moves; leave ending at midnight ends at midnight here, not in UTC."""
    story = make_story(away_from("priya", "2026-12-02T00:00:00", "2026-12-02T12:00:00"))
    story.receive(letter())
    story.at("2026-12-02 10:00")
    assert (story.case()["owner"], story.case()["cover"]) == ("priya", "")
    summer = make_story(away_from("priya", "2027-06-14", "2027-06-21"), now="2027-06-10 10:00")
    council = summer.office.council
    assert is_present(council, "priya", datetime(2027, 6, 13, 22, 59, tzinfo=UTC))
    assert not is_present(council, "priya", datetime(2027, 6, 13, 23, 0, tzinfo=UTC))
    assert is_present(council, "priya", datetime(2027, 6, 20, 23, 0, tzinfo=UTC))


def test_short_leave_is_told_only_if_a_promise_falls_in_it(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.7: the resident is told if the absence lasts three working days or a promise falls in it."""
    story = make_story(away_from("priya", "2026-12-08", "2026-12-10"))
    story.receive(letter())
    story.reply(story.mail("new-case"), "MORE Thu 17 Dec: we wait for the plumber")
    story.at("2026-12-08 12:00")

    assert story.case()["cover"] == "sam"
    assert words(story, "cover") == []


def test_one_mail_for_all_of_a_residents_cases(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.7: one mail per resident."""
    story = make_story(away_from("priya", "2026-12-08", "2026-12-14"))
    story.receive(letter())
    story.receive(letter(subject="Mould", text="And mould.\n\nEdward Quan", message_id="<2@resident.example>"))
    story.at("2026-12-08 12:00")
    told = words(story, "cover")

    assert len(told) == 1
    assert "Damp in the bedroom" in told[0]
    assert "Mould" in told[0]


def test_an_answer_to_one_case_leaves_the_notice_of_the_others(make_story: Callable[..., Story]) -> None:
    """P5: a waiting notice names the dates of several cases, so an answer to one of them does not cancel it."""
    story = make_story(away_from("priya", "2026-12-08", "2026-12-14"))
    story.receive(letter())
    story.receive(letter(subject="Mould", text="And mould.\n\nEdward Quan", message_id="<2@resident.example>"))
    story.at("2026-12-08 07:00")
    notice = story.mail("cover")
    first = story.db.run("SELECT code FROM outbox WHERE id = :id", id=notice["id"])[0]["code"]
    about = "Damp" if story.case()["code"] == first else "Mould"
    story.follow(
        story.mail("hand-over", "sam@northgate.example"), "Answer", about, "Dear Edward,\n\nI come at ten.\n\nSam"
    )

    assert notice["not_before"] > "2026-12-08T07:30"
    assert story.outbox("human")
    assert story.mail("cover")["state"] == "queued"


CHAINS: list[tuple[str, list[tuple[str, str]], str]] = [
    (
        "sam is away too",
        [
            away_from("priya", "2026-12-08", "2026-12-14", cover="sam"),
            away_from("sam", "2026-12-07", "2026-12-20", cover="kofi"),
        ],
        "kofi",
    ),
    (
        "a circle",
        [
            away_from("priya", "2026-12-08", "2026-12-14", cover="sam"),
            away_from("sam", "2026-12-07", "2026-12-20", cover="priya"),
        ],
        "alex",
    ),
    (
        "overlapping",
        [away_from("priya", "2026-12-08", "2026-12-10"), away_from("priya", "2026-12-01", "2026-12-14", cover="lena")],
        "lena",
    ),
    ("back-dated", [away_from("priya", "2026-11-01", "2026-12-14", cover="lena")], "lena"),
]


@pytest.mark.parametrize(
    ("absences", "expected"),
    [(absences, expected) for _, absences, expected in CHAINS],
    ids=[name for name, *_ in CHAINS],
)
def test_chains_and_circles_end_at_somebody_who_is_here(
    make_story: Callable[..., Story], absences: list[tuple[str, str]], expected: str
) -> None:
    """D57: cover chains, circles, overlapping and back-dated leave."""
    council = make_story(both(*absences)).office.council
    found = stand_in(council, "priya", "housing", instant("2026-12-09 10:00"))

    assert found is not None
    assert found[0] == expected


def test_nobody_left_is_told_aloud_once_a_day(make_story: Callable[..., Story]) -> None:
    """D58, D59, P4: nobody of the team, no manager: the head of service hears at once, and each day until somebody is there."""
    gone = both(*(away_from(one, "2026-12-08", "2026-12-14") for one in ("priya", "sam", "alex")))
    story = make_story(gone)
    story.receive(letter())
    story.at("2026-12-10 18:00")
    told = [
        mail
        for mail in story.outbox("admin", "director@northgate.example")
        if mail["dedupe_key"].startswith("uncovered")
    ]

    assert [mail["dedupe_key"] for mail in told] == [
        "uncovered:2026-12-08",
        "uncovered:2026-12-09",
        "uncovered:2026-12-10",
    ]
    assert story.case()["owner"] in ("priya", "sam")


def test_an_absent_manager_is_read_by_whoever_stands_in(make_story: Callable[..., Story]) -> None:
    """D58: an escalation always reaches somebody."""
    story = make_story(both(away_from("alex", "2026-12-07", "2026-12-21", cover="lena")))
    story.receive(letter())
    story.at("2026-12-11 09:00")

    assert any("lena@northgate.example" in line for line in story.lines() if "digest" in line)


def test_a_leavers_cases_move_that_day(make_story: Callable[..., Story]) -> None:
    """D61: cases are reassigned like new ones, residents are told who has them now, and the new owner gets the table."""
    story = make_story(
        (
            'email = ["priya@northgate.example", "p.shah@northgate.example"]',
            'email = ["priya@northgate.example", "p.shah@northgate.example"]\nleft = 2026-12-03',
        ),
        away_from("sam", "2026-11-30", "2026-12-01"),
    )
    story.receive(letter())
    assert story.case()["owner"] == "priya"  # Sam, who stays, is not here when it comes
    story.at("2026-12-03 09:30")

    assert "Priya Shah is no longer dealing with your email" in words(story, "cover")[0]
    assert "no longer works here" in words(story, "hand-over", "sam@northgate.example")[0]
    assert (story.case()["owner"], story.case()["cover"]) == ("sam", "")


def test_a_personal_inbox_answers_only_while_its_officer_is_away(make_story: Callable[..., Story]) -> None:
    """behaviour.md §1: while she is here, mail is only recorded. While she is away, the cover notice answers and names who can help."""
    story = make_story(away_from("dana", "2026-12-07", "2026-12-14"))
    row = story.receive(letter(to="dana@northgate.example"), inbox="dana")
    assert (row["outcome"], row["acknowledged"]) == ("record", 0)
    story.at("2026-12-07 10:00")
    row = story.receive(letter(to="dana@northgate.example", subject="Plans", message_id="<2@r.example>"), inbox="dana")
    assert (row["outcome"], row["acknowledged"]) == ("case", 1)
    text = words(story, "acknowledgement")[0]
    assert (
        "Lena Wolf in Planning has your email about “Plans”. Dana Price is away. You don't need to write again." in text
    )
    story.at("2026-12-14 10:00")
    row = story.receive(
        letter(to="dana@northgate.example", subject="More plans", message_id="<3@r.example>"), inbox="dana"
    )
    assert row["outcome"] == "record"


def test_a_letter_while_the_owner_is_away_goes_to_the_cover(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.5: the cover gets each letter; the receipt names whoever has it."""
    story = make_story(away_from("priya", "2026-12-08", "2026-12-14"))
    story.receive(letter())
    story.at("2026-12-09 10:00")
    story.receive(
        letter(
            subject="Re: Damp in the bedroom",
            text="It is worse.",
            message_id="<2@r.example>",
            In_Reply_To="<first@resident.example>",
        )
    )

    assert story.mail("resident-wrote")["recipient"] == "sam@northgate.example"


NAMES = [f"s{number:02}" for number in range(40)]
WEEKS = ["Mon-Fri 09:00-17:00", "Mon-Wed 09:00-17:00"]


def forty(make_story: Callable[..., Story]) -> Office:
    """Forty people in four teams, every second one part-time, each covered by the next."""
    people = "".join(
        f'\n[[staff]]\nid = "{name}"\nname = "{name.upper()} Person"\nemail = "{name}@northgate.example"\n'
        f'working_hours = "{WEEKS[number % 2]}"\ncover = "{NAMES[(number + 1) % 40]}"\n'
        for number, name in enumerate(NAMES)
    )
    teams = "".join(
        f'\n[[team]]\nname = "t{team}"\nmembers = [{", ".join(repr(name) for name in NAMES[team * 10 : team * 10 + 10])}]\nmanager = "alex"\n'
        for team in range(4)
    ).replace("'", '"')
    return make_story(("# end", "# end\n" + people + teams)).office


SPANS = some.lists(
    some.tuples(some.sampled_from(NAMES), some.integers(0, 40), some.integers(1, 20)), min_size=1, max_size=60
)


def test_forty_people_absent_in_turns(make_story: Callable[..., Story]) -> None:
    """P4, D57–D59, a property: after each round somebody who is here has each case, or nobody at all is here and that is reported."""
    office = forty(make_story)
    start = instant("2026-12-07 08:00")
    hows = set()

    @settings(max_examples=60, deadline=None)
    @given(SPANS)
    def holds(spans: list[tuple[str, int, int]]) -> None:
        told = [
            Absence(staff, start + timedelta(days=first), start + timedelta(days=first + length))
            for staff, first, length in spans
        ]
        council = with_absences(office.council, told)
        cases = {number: case_of(council, NAMES[number], number // 10) for number in range(40)}
        for day in range(0, 60, 1):
            desk = Office(council, office.templates, office.signer).desk(start + timedelta(days=day, hours=1))
            for number, case in cases.items():
                found = absence_moves.move(case, {}, desk)
                if found is not None:
                    assert found.how != "nobody"
                    assert is_present(council, found.to, desk.now)
                    hows.add(found.how)
                    cases[number] = absence_moves.in_new_hands(found)
                assert reminders.is_here(cases[number], desk), (day, number)

    holds()
    assert hows == {"cover", "back"}


def case_of(council: Council, owner: str, team: int) -> Case:
    """An open case with a promise in the middle of the weeks."""
    due = date(2026, 12, 7) + timedelta(days=team * 9 + 4)
    clock = Clock("update", due, council.calendar.end_of(due), told=True)
    at = datetime(2026, 12, 1, tzinfo=UTC)
    return Case(
        f"{owner.upper()}234"[:6],
        "open",
        "housing",
        Address("E", "e@r.example"),
        "x",
        f"t{team}",
        owner,
        "enquiry",
        "en",
        at,
        clocks=(clock,),
    )


def test_absences_that_touch_are_one(make_story: Callable[..., Story]) -> None:
    """D57: a day of leave and four more right after it count as five: all cases move on the first day, and residents are told."""
    story = make_story(
        ('members = ["priya", "sam"]', 'members = ["priya"]'),
        both(
            away_from("priya", "2026-12-02", "2026-12-03", cover="sam"),
            away_from("priya", "2026-12-03", "2026-12-09", cover="sam"),
        ),
    )
    story.receive(letter())
    story.at("2026-12-02 12:00")

    assert story.case()["cover"] == "sam"
    assert len(words(story, "cover")) == 1


def three(make_story: Callable[..., Story], *changes: tuple[str, str]) -> Story:
    """Priya, who is away from Tuesday for two weeks, and two others of her team; a promise for Thursday 17 December."""
    team = ('members = ["priya", "sam"]', 'members = ["priya", "sam", "kofi"]')
    story = make_story(team, *changes)
    story.receive(letter())
    assert story.case()["owner"] == "priya"
    story.at("2026-12-07 11:00")
    story.reply(story.mail("new-case"), "MORE Thu 17 Dec: we wait for the plumber")
    return story


AWAY = '# end\n\n[[absence]]\nstaff = "priya"\nfrom = 2026-12-08\nuntil = 2026-12-22\n'


@pytest.mark.parametrize(
    ("first", "why"),
    [
        ('[[absence]]\nstaff = "sam"\nfrom = 2026-12-14\nuntil = 2026-12-21\n', "away on the day"),
        ('[[absence]]\nstaff = "sam"\nfrom = 2026-12-10\nuntil = 2026-12-15\n', "away before it"),
    ],
)
def test_cover_is_whoever_is_there_for_the_promise(make_story: Callable[..., Story], first: str, why: str) -> None:
    """E76: of two who could stand in, the one who is at work until the date, so that the resident reads one name."""
    story = three(make_story, ("# end", f"{AWAY}\n{first}"))
    story.at("2026-12-17 09:00")

    assert story.case()["cover"] == "kofi", why
    assert len(words(story, "cover")) == 1
    notice = words(story, "cover")[0]
    assert "Kofi Mensah in Housing now has your email" in notice
    assert "or a colleague will write to you by Thursday 17 December" in notice


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            ('id = "sam"\n', 'id = "sam"\nworking_hours = "Mon-Tue 09:00-17:00"\n'),
            "no working day of theirs",
        ),
        (('id = "sam"\n', 'id = "sam"\nleft = 2026-12-15\n'), "gone by then"),
    ],
)
def test_cover_has_a_week_of_their_own(make_story: Callable[..., Story], change: tuple[str, str], why: str) -> None:
    """E76: nobody stands in for a promise of a day on which they do not work, or by which they have left."""
    story = three(make_story, ("# end", AWAY), change)
    story.at("2026-12-08 09:00")

    assert story.case()["cover"] == "kofi", why


def test_nobody_gets_a_case_back_on_a_day_off(make_story: Callable[..., Story]) -> None:
    """E76: back on a day outside their week, with the promise of that very day: the cover, who is here, keeps it."""
    week = ('id = "priya"\n', 'id = "priya"\nworking_hours = "Mon-Tue 09:00-17:00"\n')
    away = (
        '# end\n\n[[route]]\nowner = "priya"\n\n[[absence]]\nstaff = "priya"\nfrom = 2026-12-08\nuntil = 2026-12-17\n'
    )
    story = three(make_story, week, ("# end", away))
    story.at("2026-12-17 09:00")

    assert (story.case()["owner"], story.case()["cover"]) == ("priya", "sam")


@pytest.mark.parametrize("told_at", ["2026-12-17 10:00", "2026-12-17 13:30"])
def test_nobodys_absence_moves_a_promise_of_today(make_story: Callable[..., Story], told_at: str) -> None:
    """E77, P5: AWAY on the promised day: no notice names a later date; words or the honest mail come first, and it counts."""
    story = three(make_story)
    story.at(told_at)
    story.reply(story.mail("new-case"), "AWAY today, cover Sam")
    story.after(minutes=5)
    clocks = story.db.run("SELECT promised_on FROM clocks WHERE state = 'running' AND told AND kind = 'update'")
    assert [row["promised_on"] for row in clocks] == ["2026-12-17"]
    assert words(story, "cover") == []
    story.at("2026-12-17 16:00")

    assert "We said you would hear from us by today" in words(story, "no-news")[0]
    assert "Priya Shah is away, and Sam Jones now has your email." in words(story, "no-news")[0]
    assert story.case()["late_since"] is not None


def test_whoever_is_back_reads_who_wrote(make_story: Callable[..., Story]) -> None:
    """E80: a letter that nobody answered meanwhile stands in the mail to whoever is back, first."""
    story = three(
        make_story, ("# end", '# end\n\n[[absence]]\nstaff = "priya"\nfrom = 2026-12-08\nuntil = 2026-12-15\n')
    )
    story.receive(letter(subject="Lift", text="The lift stands still.", message_id="<2@resident.example>"))
    story.at("2026-12-10 10:00")
    story.receive(
        letter(
            text="Now the ceiling is wet too.",
            message_id="<3@resident.example>",
            In_Reply_To="<first@resident.example>",
        )
    )
    story.at("2026-12-15 09:30")

    sheet = words(story, "hand-over")[-1]
    assert (
        "Edward Quan wrote again on Thursday 10 December and has no answer yet: “Now the ceiling is wet too.”" in sheet
    )
    assert "nobody wrote" not in sheet


@pytest.mark.parametrize(
    ("hours", "at"),
    [
        ("", "2026-12-08T09:00"),
        ("Wed-Fri 10:00-16:00", "2026-12-09T10:00"),
        ("Mon-Fri 07:30-15:00", "2026-12-08T07:30"),
    ],
)
def test_sheets_come_in_own_working_hours(make_story: Callable[..., Story], hours: str, at: str) -> None:
    """E47: cases move at midnight; the sheet for their cover waits until that person is at work, and so does "welcome back"."""
    week = ('id = "sam"\n', f'id = "sam"\nworking_hours = "{hours}"\n' if hours else 'id = "sam"\n')
    story = three(
        make_story, ('members = ["priya", "sam", "kofi"]', 'members = ["priya", "sam"]'), week, ("# end", AWAY)
    )
    story.at("2026-12-08 00:30")

    assert story.mail("hand-over", "sam@northgate.example")["not_before"].startswith(at)
