"""`ackbot report`: the figures of six matters, counted by hand, on both stores (domain.md §11)."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from ackbot.report import figures, page, tables
from ackbot.report.figures import Report
from ackbot.report.periods import Period
from ackbot.work import reporting
from tests.support import measured
from tests.support.letters import letter, plain
from tests.support.story import Story, instant
from tests.test_authority import report as report_of

pytestmark = pytest.mark.usefixtures("store")
QUARTER = Period(date(2026, 10, 1), date(2026, 12, 31))
ONE = ("# end", '[[statement]]\ntext = "You listened to me"\n')


def write(story: Story, name: str, at: str, text: str, inbox: str = "housing", **headers: Any) -> dict[str, Any]:
    """A resident writes; the relay takes what goes out three seconds later."""
    story.at(f"2026-{at}")
    raw = letter(
        sender=f"{name} <{name.lower()}@resident.example>",
        subject=f"About {name}",
        text=text,
        message_id=f"<{name}-{at.replace(' ', '-').replace(':', '')}@r.example>",
        **headers,
    )
    row = story.receive(raw, inbox)
    story.db.run("UPDATE outbox SET state = 'accepted', accepted_at = :at WHERE state = 'queued'", at=text_in(at, 3))
    return row


def text_in(at: str, seconds: int) -> str:
    """An instant so many seconds after a minute of 2026 in London, as the store has it."""
    return f"{instant(f'2026-{at}').isoformat()[:16]}:{seconds:02}.000000Z"


def newest(story: Story, name: str, kind: str = "new-case") -> dict[str, Any]:
    """The last mail to staff about somebody's matter."""
    rows = story.db.run("SELECT code FROM cases WHERE subject = :subject", subject=f"About {name}")
    return next(mail for mail in reversed(story.outbox(kind)) if mail["code"] == rows[0]["code"])


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    """
    Six matters that came in one week, and what became of them by Thursday 31 December.

    Ann (housing): Monday 10:00; answered Tuesday 10:00, in time; asked, and she says 5.
    Ben (housing): Monday 11:00; writes again Tuesday 09:00; answered Wednesday 11:00; writes back on Thursday, which opens it
    again; answered on Friday.
    Cat (housing): Monday 12:00, about gas; taken after 8 minutes; answered the same day at 14:00.
    Dan (streets): Tuesday 10:00; nobody writes; told so on the 8th and the 15th, and a third time, which promises nothing.
    Eve (streets): Wednesday 10:00; closed without a mail on Wednesday 12:00.
    Fay (streets): Wednesday 10:30, in Spanish; the owner writes how it goes on Thursday 10:30; told twice that there is no news;
    answered on 18 December, two days after the promised 16th.
    """
    made = make_story(ONE, now="2026-11-30 09:00")
    write(made, "Ann", "11-30 10:00", "My wall is damp.\n\nAnn\n")
    write(made, "Ben", "11-30 11:00", "My door is broken.\n\nBen\n")
    write(made, "Cat", "11-30 12:00", "There is a strong smell of gas in our kitchen.\n\nCat\n")
    made.at("2026-11-30 12:08")
    made.reply(newest(made, "Cat", "urgent"), "TAKE")
    made.at("2026-11-30 14:00")
    made.reply(newest(made, "Cat"), "Dear Cat,\n\nThe pipe is safe now.\n\nPriya")
    write(made, "Ben", "12-01 09:00", "The lock too.\n\nBen\n")
    write(made, "Dan", "12-01 10:00", "My bin was missed.\n\nDan\n", "streets", to="streets@northgate.example")
    made.reply(newest(made, "Ann"), "Dear Ann,\n\nYour wall was treated.\n\nPriya")
    write(made, "Eve", "12-02 10:00", "You have this twice.\n\nEve\n", "streets", to="streets@northgate.example")
    spanish = "Buenos días: mi calle está muy sucia y necesito ayuda, por favor.\n\nUn saludo\nFay\n"
    write(made, "Fay", "12-02 10:30", spanish, "streets", to="streets@northgate.example")
    made.at("2026-12-02 11:00")
    made.reply(newest(made, "Ben"), "Dear Ben,\n\nYour door was mended.\n\nSam")
    made.at("2026-12-02 12:00")
    made.reply(newest(made, "Eve"), "CLOSE: a duplicate")
    made.at("2026-12-03 10:30")
    made.reply(newest(made, "Fay"), "UPDATE\n\nDear Fay,\n\nWe clean your street next week.\n\nKofi")
    write(made, "Ben", "12-03 11:00", "It is broken again.\n\nBen\n")
    made.at("2026-12-04 11:00")
    made.reply(newest(made, "Ben"), "Dear Ben,\n\nIt was mended again.\n\nSam")
    made.at("2026-12-10 11:00")
    made.receive(
        letter(
            sender="Ann <ann@resident.example>",
            text="5\n",
            message_id="<score@r.example>",
            In_Reply_To=next(one for one in made.outbox("settled") if one["recipient"] == "ann@resident.example")[
                "message_id"
            ],
        )
    )
    made.at("2026-12-18 10:30")
    made.reply(newest(made, "Fay"), "Dear Fay,\n\nYour street was cleaned.\n\nKofi")
    made.at("2026-12-31 16:00")
    made.db.run("UPDATE outbox SET state = 'accepted', accepted_at = created_at WHERE state = 'queued'")
    return made


def counted(story: Story, *, names: bool = True, **options: Any) -> Report:
    """The report of the last quarter of the year."""
    return reporting.made(story.db, story.office, QUARTER, story.now, names=names, **options)


def numbers(report: Report, dimension: str, name: str = "all") -> dict[str, tuple[int, int]]:
    """Every number of a row as (count, of)."""
    line = next(one for one in report.of(dimension) if one.name == name)
    return {measure: (figure.count, figure.of) for measure, figure in line.figures.items() if figure}


# By hand, from the story above.
BY_HAND = {
    "letters": (6, 6),
    "acknowledged": (6, 6),
    "named": (6, 6),
    "words": (4, 6),  # Ann, Ben, Cat and Fay
    "answered": (3, 5),  # Ann, Ben, Cat; not Dan and Fay; Eve's was closed before its date
    "never": (1, 6),  # Eve
    "again": (1, 6),  # Ben
    "handed": (0, 6),
    "reopened": (1, 4),  # Ben, of Ann, Ben, Cat and Fay
    "urgent": (1, 1),
}


def test_six_matters(story: Story) -> None:
    """Every figure of the whole, of a service, a team, a way in, a quarter and the year to date is the one counted by hand."""
    report = counted(story)
    hour = 3_600.0

    assert numbers(report, "") == BY_HAND
    assert (
        numbers(report, "quarter", "2026-10-01") == numbers(report, "year") == numbers(report, "way", "mail") == BY_HAND
    )
    assert numbers(report, "service", "Housing") == numbers(report, "team", "housing") == {
        **dict.fromkeys(("letters", "acknowledged", "named", "words", "answered"), (3, 3)),
        **dict.fromkeys(("never", "handed"), (0, 3)),
        **dict.fromkeys(("again", "reopened"), (1, 3)),
        "urgent": (1, 1),
    }  # fmt: skip
    assert numbers(report, "service", "Streets and Waste")["answered"] == (0, 2)
    assert numbers(report, "person", "priya")["letters"][0] + numbers(report, "person", "sam")["letters"][0] == 3
    taken, heard = report.figure("", "all", "urgent"), report.figure("", "all", "words")
    assert taken is not None and taken.median_s == 8 * 60
    # Cat after 2 hours, Ann and Fay after 24, Ben after 48.
    assert heard is not None and (heard.median_s, heard.p90_s) == (24 * hour, 48 * hour)
    acknowledged = report.figure("", "all", "acknowledged")
    assert acknowledged is not None and (acknowledged.median_s, acknowledged.p90_s) == (3, 3)
    assert [one.name for one in report.of("language")] == ["en", "es"]


def test_promises_and_what_people_told_us(story: Story) -> None:
    """P5: no date passed in silence; Dan heard the truth three times, Fay twice; Ann says 5 to the statement she was asked about."""
    report = counted(story)

    assert numbers(report, "promise", "silent")["count"][0] == 0
    assert [numbers(report, "no-news", name)["count"] for name in figures.NO_NEWS] == [(2, 5), (2, 5), (1, 5)]
    assert numbers(report, "statement", "You listened to me") == {"good": (1, 1), "fair": (0, 1), "poor": (0, 1)}
    assert numbers(report, "load")["open"] == (1, 1)


def test_they_stay_when_the_words_are_gone(story: Story) -> None:
    """What a letter said, who wrote it and what we sent may be emptied one day: no figure reads any of it."""
    before = tables.as_json(counted(story))
    for statement in (
        "UPDATE letters SET text = '', subject = '', subject_key = '', headers = '{}', raw = NULL, from_key = '', text_hash = ''",
        "UPDATE cases SET subject = '', resident_name = '', resident_address = ''",
        "UPDATE words SET words = ''",
        "UPDATE outbox SET recipient = '', recipient_key = '', mailbox = ''",
        "DELETE FROM parties",
        "DELETE FROM people",
    ):
        story.db.run(statement)

    assert tables.as_json(counted(story)) == before


def test_what_is_published_hides_them(story: Story) -> None:
    """Six matters in groups of three: the groups are hidden, and so is what would tell of them."""
    report = counted(story, names=False)

    assert numbers(report, "") == {name: BY_HAND[name] for name in ("letters", "acknowledged", "named", "handed")}
    assert [one.figures["letters"] for one in report.of("service")] == [None, None]
    assert report.of("person") == ()
    assert "priya" not in tables.as_json(report).lower()


def test_one_service_only(story: Story) -> None:
    """--service counts it alone."""
    assert numbers(counted(story, service="Housing"), "")["letters"] == (3, 3)


def test_a_date_that_nobody_spoke_of_is_silent(make_story: Callable[..., Story]) -> None:
    """P5: had the truth not gone out, neither that day nor the next, the report would say so."""
    story = make_story()
    story.receive(letter())
    story.now = instant("2026-12-08 16:00")
    assert numbers(counted(story), "promise", "silent")["count"] == (0, 1)
    story.now = instant("2026-12-09 00:01")

    assert numbers(counted(story), "promise", "silent")["count"] == (1, 1)


@pytest.mark.parametrize("command", ["", "UPDATE\n\n"])
def test_words_that_came_back_are_no_words(make_story: Callable[..., Story], command: str) -> None:
    """E38: written is not arrived: whose answer came back has not heard from anybody, and nothing was opened again by them."""
    story = make_story(now="2026-11-30 10:00")
    story.receive(letter())
    story.reply(story.mail("new-case"), f"{command}Dear Edward,\n\nYour wall was treated today.\n\nPriya")
    assert numbers(counted(story), "")["words"] == (1, 1)
    story.after(minutes=5)
    sent = story.mail("human")["message_id"]
    story.receive(report_of("housing@northgate.example", "edward@resident.example", returned=sent))

    found = numbers(counted(story), "")
    assert (found["words"], found["reopened"]) == ((0, 1), (0, 0))


def test_a_machine_has_no_matter(make_story: Callable[..., Story]) -> None:
    """A stranger's automatic mail opens a case for somebody to look at, and is no resident who waits for an answer."""
    story = make_story()
    story.receive(letter(Auto_Submitted="auto-replied", subject="Your rent", text="I am away.\n"))
    assert len(story.cases()) == 1
    assert numbers(counted(story), "")["letters"] == (0, 0)
    story.receive(letter(text="I wrote this myself.\n", subject="Your rent", message_id="<2@r.example>"))

    assert len(story.cases()) == 1
    assert numbers(counted(story), "")["letters"] == (1, 1)


def test_the_mail_of_the_month(make_story: Callable[..., Story]) -> None:
    """The admin and the manager get it once, on the first working day; the manager reads about their teams."""
    changes = ("# end", '[report]\nto = ["alex", "cllr@elsewhere.example", "admins@northgate.example"]\n')
    story = make_story(changes)
    story.receive(letter())
    story.at("2026-12-01 08:29")
    assert not [one for one in story.outbox("admin") if one["dedupe_key"].startswith("report")]
    story.at("2026-12-02 10:00")
    mails = {
        one["recipient"]: plain(bytes(one["content"])) for one in story.outbox("admin") if "report" in one["dedupe_key"]
    }

    assert list(mails) == ["admins@northgate.example", "alex@northgate.example", "cllr@elsewhere.example"]
    assert "1 November 2026 to 30 November 2026" in mails["alex@northgate.example"]
    assert "1 matters reached us." in mails["admins@northgate.example"]
    assert "Your team housing" in mails["alex@northgate.example"]
    assert "Your team" not in mails["admins@northgate.example"] + mails["cllr@elsewhere.example"]


def test_no_mail_unless_asked(make_story: Callable[..., Story]) -> None:
    """Without [report] to, and of a month without letters, nobody gets one."""
    story = make_story()
    story.receive(letter())
    story.at("2027-01-05 10:00")
    quiet = make_story(("# end", '[report]\nto = ["alex"]\n'))
    quiet.at("2026-12-02 10:00")

    assert not [one for one in (*story.outbox(), *quiet.outbox()) if "report" in one["dedupe_key"]]


def test_the_command(story: Story, cli: Callable[..., Result], tmp_path: Path) -> None:
    """Each format, to the terminal and to a file; with names the file says so; wrong usage is 2."""

    def run(*words):
        return cli("-c", str(story.config.path), "report", "--from", "2026-10-01", "--to", "2026-12-31", *words)

    made = json.loads(run("--format", "json").output)

    assert (made["publish"], made["from"], made["to"]) == (True, "2026-10-01", "2026-12-31")
    assert "6 matters reached us." in run().output
    assert run("--format", "csv").output.startswith("dimension,name,measure,count,of,percent")
    assert run("--out", str(tmp_path / "r.html")).exit_code == 0
    assert "Hidden numbers" in (tmp_path / "r.html").read_text()
    assert run("--names", "--out", str(tmp_path / "r.csv")).exit_code == 0
    named = (tmp_path / f"r-{page.NOT_FOR_PUBLICATION}.csv").read_text()
    assert named.startswith("For managers only.") and "priya" in named
    assert not (tmp_path / "r.csv").exists()
    assert run("--service", "Parks").exit_code == 2
    assert cli("-c", str(story.config.path), "report", "--from", "soon").exit_code == 2


def test_times_of_many() -> None:
    """Median and 90th percentile by nearest rank; in what is published, five must lie on either side of each."""
    assert figures.quantiles([1.0, 2.0, 3.0, 10.0], names=True) == (2.5, 10.0)
    assert figures.quantiles([float(n) for n in range(1, 10)], names=False) == (None, None)
    assert figures.quantiles([float(n) for n in range(1, 11)], names=False) == (5.5, None)
    assert figures.quantiles([float(n) for n in range(1, 51)], names=False) == (25.5, 45.0)


def test_the_year_begins_in_april() -> None:
    """domain.md §11: April to June is quarter 1; a quarter on the edge of a year has that of before beside it."""
    from ackbot.report import periods

    first = periods.quarter(date(2026, 4, 1))
    assert (periods.number(first), first.last) == (1, date(2026, 6, 30))
    assert periods.number(periods.quarter(date(2027, 3, 31))) == 4
    assert periods.financial_year(date(2027, 3, 31)) == Period(date(2026, 4, 1), date(2027, 3, 31))
    assert [periods.number(one) for one in periods.quarters(date(2026, 8, 5))] == [4, 1, 2]
    assert periods.months(date(2027, 1, 15), 1) == Period(date(2026, 12, 1), date(2026, 12, 31))
    assert periods.months(date(2027, 1, 4), 3) == Period(date(2026, 10, 1), date(2026, 12, 31))


def test_what_changed(make_story: Callable[..., Story]) -> None:
    """Plain sentences, only where both numbers are shown."""
    story = make_story()
    rows = measured.rows(2_000)
    report = figures.report(rows, measured.load(rows), story.office.council, QUARTER, measured.NOW)

    assert page.changes_title(report) == "What changed against Quarter 2: July to September 2026"
    assert page.changes(report)[0].endswith("in the quarter before.")
    assert len(page.changes(report)) > 3
