"""Calendars of leave: read, fetched, the last good copy kept, and what they say as absences (design.md §7 `calendar`)."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from ackbot.cli import main
from ackbot.config import check
from ackbot.store import calendars, told_absences
from ackbot.wires import ical
from ackbot.wires.ical import CalendarProblem
from ackbot.work.leave import Leave
from tests.support.council import write_config
from tests.support.letters import letter
from tests.support.story import LONDON, Story, instant, words

DATA = Path(__file__).parent / "data"


def calendar(*events: str, head: str = "") -> bytes:
    """A calendar with these events, each the lines of one."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", *filter(None, head.split("\n"))]
    for number, event in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{number}@x", "DTSTAMP:20261101T000000Z", *event.split("\n"), "END:VEVENT"]
    return ("\r\n".join([*lines, "END:VCALENDAR"]) + "\r\n").encode()


DAYS = "DTSTART;VALUE=DATE:20261207\nDTEND;VALUE=DATE:20261212"
OOF = "X-MICROSOFT-CDO-BUSYSTATUS:OOF"
# One of each, and the times away between 30 November 2026 and 31 January 2027, in London.
READ = {
    "whole days, the end exclusive": (DAYS, ["12-07 00:00 to 12-12 00:00"]),
    "one whole day without an end": ("DTSTART;VALUE=DATE:20261207", ["12-07 00:00 to 12-08 00:00"]),
    "a duration": ("DTSTART;VALUE=DATE:20261207\nDURATION:P3D", ["12-07 00:00 to 12-10 00:00"]),
    "out of office": (f"{DAYS}\n{OOF}", ["12-07 00:00 to 12-12 00:00"]),
    "out of office, called transparent": (f"{DAYS}\n{OOF}\nTRANSP:TRANSPARENT", ["12-07 00:00 to 12-12 00:00"]),
    "tentative": (f"{DAYS}\nX-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", []),
    "free": (f"{DAYS}\nX-MICROSOFT-CDO-BUSYSTATUS:FREE", []),
    "working elsewhere": (f"{DAYS}\nX-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", []),
    "busy for whole days": (f"{DAYS}\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY", ["12-07 00:00 to 12-12 00:00"]),
    "a meeting": ("DTSTART:20261207T100000Z\nDTEND:20261207T110000Z\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY", []),
    "transparent": (f"{DAYS}\nTRANSP:TRANSPARENT", []),
    "cancelled": (f"{DAYS}\nSTATUS:CANCELLED", []),
    "status tentative": (f"{DAYS}\nSTATUS:TENTATIVE", []),
    "half a day": (f"DTSTART:20261207T090000Z\nDTEND:20261207T123000Z\n{OOF}", ["12-07 09:00 to 12-07 12:30"]),
    "a zone of Windows": (
        "DTSTART;TZID=GMT Standard Time:20261207T090000\nDTEND;TZID=GMT Standard Time:20261207T170000",
        ["12-07 09:00 to 12-07 17:00"],
    ),
    "another zone of Windows": (
        "DTSTART;TZID=Central European Standard Time:20261207T090000\nDTEND;TZID=Central European Standard Time:20261207T170000",
        ["12-07 08:00 to 12-07 16:00"],
    ),
    "a zone that nobody knows": (
        'DTSTART;TZID="(UTC+00:00) Dublin, Edinburgh":20261207T090000\nDTEND;TZID="(UTC+00:00) Dublin, Edinburgh":20261207T170000',
        ["12-07 09:00 to 12-07 17:00"],
    ),
    "no zone": ("DTSTART:20261207T090000\nDTEND:20261207T170000", ["12-07 09:00 to 12-07 17:00"]),
    "every second Friday, but one": (
        "DTSTART;VALUE=DATE:20261204\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4\nEXDATE;VALUE=DATE:20261218",
        ["12-04 00:00 to 12-05 00:00", "01-01 00:00 to 01-02 00:00", "01-15 00:00 to 01-16 00:00"],
    ),
    "a series without an end": (
        "DTSTART;VALUE=DATE:20201225\nRRULE:FREQ=YEARLY",
        ["12-25 00:00 to 12-26 00:00"],
    ),
    "every second of the year": ("DTSTART:20261207T090000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY", []),
    "every minute of a day": ("DTSTART:20261207T090000Z\nDURATION:PT1S\nRRULE:FREQ=DAILY;BYMINUTE=1,2,3", []),
    "an interval of nothing": ("DTSTART;VALUE=DATE:20261207\nRRULE:FREQ=DAILY;INTERVAL=0", []),
    "no beginning": ("SUMMARY:Leave", []),
    "a broken beginning": ("DTSTART:tomorrow", []),
    "an end before its beginning": ("DTSTART;VALUE=DATE:20261207\nDTEND;VALUE=DATE:20261201", []),
    "long before": ("DTSTART;VALUE=DATE:20250107\nDTEND;VALUE=DATE:20250108", []),
}


def shown(content: bytes, first: date = date(2026, 11, 30), last: date = date(2027, 1, 31)) -> list[str]:
    """The times away, in London."""
    found = ical.periods(content, ZoneInfo("Europe/London"), first, last)
    return [f"{start.astimezone(LONDON):%m-%d %H:%M} to {end.astimezone(LONDON):%m-%d %H:%M}" for start, end in found]


@pytest.mark.parametrize("name", READ)
def test_what_counts_as_leave(name: str) -> None:
    """Issue 17.1: all-day, RRULE, EXDATE, zones with Windows names, busy status; a broken event spoils no other."""
    event, expected = READ[name]
    beside = "DTSTART;VALUE=DATE:20270120\nDTEND;VALUE=DATE:20270121"

    assert shown(calendar(event, beside)) == [*expected, "01-20 00:00 to 01-21 00:00"]


def test_days_begin_at_midnight_here() -> None:
    """D60: leave in summer begins at midnight in London, and a day of 23 or 25 hours is one day."""
    spring = calendar("DTSTART;VALUE=DATE:20270328\nDTEND;VALUE=DATE:20270329")
    found = ical.periods(spring, ZoneInfo("Europe/London"), date(2027, 3, 1), date(2027, 4, 30))

    assert [(f"{start:%d %H:%M}", f"{end:%d %H:%M}") for start, end in found] == [("28 00:00", "28 23:00")]


@pytest.mark.parametrize(
    "content",
    [b"", b"<!DOCTYPE html><title>Sign in</title>", calendar(DAYS)[:-20], b"BEGIN:VCALENDAR", b"\xff\xfe\x00"],
    ids=["empty", "page", "cut", "begun", "octets"],
)
def test_what_is_no_calendar(tmp_path: Path, content: bytes) -> None:
    """D66: a page for logging in, nothing, and half a calendar are failures, and not a life without leave."""
    (tmp_path / "leave.ics").write_bytes(content)

    with pytest.raises(CalendarProblem, match="no calendar"):
        ical.fetch(str(tmp_path / "leave.ics"))


class Server:
    """A server of calendars over TLS on loopback. It remembers what it was asked, and answers as it is told."""

    def __init__(self) -> None:
        self.status, self.body, self.etag = 200, b"", ""
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.headers.get("If-None-Match", ""))
                same = outer.etag and outer.asked[-1] == outer.etag
                self.send_response(304 if same else outer.status)
                if outer.etag:
                    self.send_header("ETag", outer.etag)
                self.end_headers()
                self.wfile.write(b"" if same else outer.body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(DATA / "loopback.crt", DATA / "loopback.key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_address[1]}/secret-word/priya.ics"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("SSL_CERT_FILE", str(DATA / "loopback.crt"))
    made = Server()
    yield made
    made.close()


def look(story: Story, at: str) -> None:
    """Let the calendars be fetched at that time, and taken in."""
    story.now = instant(at)
    story.rounds.tick()
    story.rounds.leave.wait(20)
    story.rounds.tick()


def leave_of(story: Story) -> list[str]:
    found = told_absences.of_staff(story.db, "priya")
    return [
        f"{one.source}: {one.starts_at.astimezone(LONDON):%m-%d} to {one.ends_at.astimezone(LONDON):%m-%d}"
        for one in found
    ]


def with_calendar(place: str) -> tuple[str, str]:
    return ('id = "priya"', f'id = "priya"\ncalendar = "{place}"')


@pytest.mark.usefixtures("store")
def test_a_calendar_moves_cases(make_story: Callable[..., Story], tmp_path: Path) -> None:
    """domain.md §10: leave from a file: new letters go past her, open cases move, and a change of the file is seen."""
    (tmp_path / "priya.ics").write_bytes(calendar(DAYS))
    story = make_story(with_calendar(str(tmp_path / "priya.ics")))
    story.receive(letter())
    look(story, "2026-12-04 10:00")
    assert leave_of(story) == ["calendar: 12-07 to 12-12"]
    story.at("2026-12-07 10:00")
    moved = story.case()["cover"]
    (tmp_path / "priya.ics").write_bytes(calendar("DTSTART;VALUE=DATE:20261221\nDTEND;VALUE=DATE:20261224"))
    look(story, "2026-12-07 11:00")
    story.at("2026-12-07 11:15")

    assert moved == "sam"
    assert leave_of(story) == ["calendar: 12-21 to 12-24"]
    assert story.case()["cover"] == ""


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, b"", "the server answers 404"),
        (302, b"", "the server answers 302"),
        (200, b"<html>Sign in</html>", "no calendar"),
        (200, calendar(DAYS)[:-30], "no calendar"),
    ],
    ids=["gone", "moved", "page", "cut"],
)
def test_the_last_good_copy_is_kept(
    make_story: Callable[..., Story], server: Server, status: int, body: bytes, reason: str
) -> None:
    """D66, issue 17.1: where a calendar fails, what it said last counts, and the admin is told once, without its address."""
    server.body, server.etag = calendar(DAYS), ""
    story = make_story(with_calendar(server.url))
    look(story, "2026-11-30 11:00")
    server.status, server.body = status, body
    for at in ("2026-11-30 12:00", "2026-11-30 13:00", "2026-12-01 12:00"):
        look(story, at)
    told = [text for text in words(story, "admin") if "calendar" in text]

    assert leave_of(story) == ["calendar: 12-07 to 12-12"]
    assert calendars.copies(story.db)["priya"].content.encode() == calendar(DAYS)
    assert len(told) == 1
    assert "Priya Shah: " in told[0]
    assert reason in told[0]
    assert "secret-word" not in told[0]


@pytest.mark.usefixtures("store")
def test_a_copy_is_asked_for_by_its_tag(make_story: Callable[..., Story], server: Server) -> None:
    """RFC 9110 §13.1.2: what has not changed is not sent again; and it is asked every half hour, over restarts."""
    server.body, server.etag = calendar(DAYS), '"1"'
    story = make_story(with_calendar(server.url))
    look(story, "2026-11-30 11:00")
    look(story, "2026-11-30 11:10")
    story.restart()
    look(story, "2026-11-30 11:20")
    look(story, "2026-11-30 11:40")

    assert server.asked == ["", '"1"']
    assert leave_of(story) == ["calendar: 12-07 to 12-12"]


@pytest.mark.usefixtures("store")
def test_a_calendar_that_is_configured_no_more(make_story: Callable[..., Story], tmp_path: Path) -> None:
    """P9: what it said is forgotten with it, when the configuration is read again."""
    (tmp_path / "priya.ics").write_bytes(calendar(DAYS))
    story = make_story(with_calendar(str(tmp_path / "priya.ics")))
    look(story, "2026-11-30 11:00")
    known = leave_of(story)
    Leave(story.db, story.office, {}).run(story.now)

    assert (known, leave_of(story)) == (["calendar: 12-07 to 12-12"], [])
    assert not calendars.copies(story.db)


@pytest.mark.usefixtures("store")
def test_acts_and_back(make_story: Callable[..., Story], tmp_path: Path) -> None:
    """Issue 17.1: what she does ends no leave of a calendar; BACK does, although the calendar says so on."""
    (tmp_path / "priya.ics").write_bytes(calendar(DAYS))
    story = make_story(with_calendar(str(tmp_path / "priya.ics")))
    story.receive(letter())
    look(story, "2026-12-04 10:00")
    story.at("2026-12-07 10:00")
    story.reply(story.mail("new-case"), "NOTE she rang again")
    story.at("2026-12-07 10:30")
    after_act = story.case()["cover"]
    story.reply(story.mail("new-case"), "BACK")
    said_on = leave_of(story)[:1]
    look(story, "2026-12-07 12:00")
    story.at("2026-12-07 12:30")

    assert (after_act, story.case()["cover"]) == ("sam", "")
    assert said_on == ["calendar: 12-07 to 12-12"]


def test_show_lists_absences(make_story: Callable[..., Story], tmp_path: Path) -> None:
    """Issue 17.2: `ackbot show priya` lists her absences, each with its source."""
    (tmp_path / "priya.ics").write_bytes(calendar(DAYS))
    leave = ("# end", '# end\n\n[[absence]]\nstaff = "priya"\nfrom = 2026-12-21\nuntil = 2027-01-04\ncover = "sam"\n')
    story = make_story(with_calendar(str(tmp_path / "priya.ics")), leave)
    story.receive(letter())
    look(story, "2026-12-01 10:00")
    story.reply(story.mail("new-case"), "AWAY 3 Dec to 4 Dec")
    config = str(story.config.path)
    said = CliRunner().invoke(main, ["-c", config, "show", "priya"], catch_exceptions=False)
    as_json = CliRunner().invoke(main, ["-c", config, "show", "--json", "priya"], catch_exceptions=False)

    assert said.exit_code == 0
    assert "away from Mon 07 Dec 2026 00:00:00 until Sat 12 Dec 2026 00:00:00: calendar" in said.output
    assert [one["source"] for one in json.loads(as_json.output)["absences"]] == ["AWAY", "calendar", "configuration"]


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("http://x.example/a.ics", "a calendar is fetched over https only"),
        ("webcal://x.example/a.ics", "a calendar is fetched over https only"),
        ("nowhere.ics", "warning: there is no file"),
    ],
)
def test_check(tmp_path: Path, place: str, what: str) -> None:
    """P10: an address without https is a mistake, and a file that is not there yet is worth a warning."""
    path = write_config(tmp_path, with_calendar(place))

    assert [str(one) for one in check(path) if "calendar: " in str(one) and what in str(one)]
