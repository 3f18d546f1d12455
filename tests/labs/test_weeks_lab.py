"""
Weeks of a council from outside: the daemon as a process against Dovecot and a relay, with the wall clock moved.

Residents write, staff answer what they really received, somebody is always away, the machine dies. A checker that reads only mails
and the configuration (weeks_checker) looks for a silence, a date that slid, a second mail, a name out of nowhere.
"""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from email.utils import parseaddr
from pathlib import Path

import pytest

from ackbot.demo.servers import Sink
from tests.conftest import missing
from tests.labs import weeks_checker, weeks_town
from tests.labs.weeks_checker import Mail
from tests.labs.weeks_town import EASTER, OFFICERS, Letter, Officer, Staff, Town, instant
from tests.support.letters import parsed
from tests.support.moved import ROUNDS
from tests.support.moving import Clock
from tests.support.servers import INSTALL_DOVECOT, PATIENCE_S, Ackbot, Dovecot, until_true
from tests.support.story import answer

pytestmark = pytest.mark.lab
HOURS = ("00:05", "08:31", "09:05", "10:45", "12:00", "13:01", "15:01", "16:40")
PROGRAM = (sys.executable, "-m", "tests.support.moved")


class Weeks:
    """One run. Time goes on in steps; after each, everything that was due then has gone out."""

    def __init__(self, folder: Path, town: Town, clock: Clock, dovecot: Dovecot, sink: Sink) -> None:
        self.town, self.clock, self.dovecot, self.sink = town, clock, dovecot, sink
        self.folder = folder
        self.done = folder / "done"
        self.done.touch()
        os.mkfifo(folder / "ask")
        self.ask = os.open(folder / "ask", os.O_RDWR)
        environment = {**self.clock.environment, ROUNDS: str(folder)}
        self.daemon = Ackbot(town.configuration(folder, dovecot.port, sink.port), environment)
        self.environment = self.daemon._environment
        self.staff = Staff(town)
        self.mails: list[Mail] = []
        self.letters: list[Letter] = []
        self.coming = weeks_town.letters(town)
        self.kills = 0
        self._delivered: Counter[str] = Counter()
        self.outages: list[tuple[datetime, datetime]] = []
        self.relay_dead = False
        sink.answer = lambda _: "451 4.3.0 try later" if self.relay_dead else None

    def start(self) -> None:
        self.daemon.log.touch()
        before = self.daemon.log.read_text().count('"watching"')
        self.daemon.start(PROGRAM)
        self.daemon.wait_for_log('"watching"', before + 3, PATIENCE_S)

    def kill(self) -> None:
        """The machine loses its power."""
        self.daemon.signal(signal.SIGKILL)
        self.daemon.wait()
        self.kills += 1

    def go(self, now: datetime) -> None:
        """Let time pass: residents and staff write when they write, and at the end nothing is left to do."""
        arriving = [(one.at, one.inbox, one.raw) for one in self.coming if one.at <= now]
        self.letters += [one for one in self.coming if one.at <= now]
        self.coming = [one for one in self.coming if one.at > now]
        arriving += [(at, inbox, raw) for inbox, raw, at in self.staff.due(now)]
        for at, inbox, raw in sorted(arriving, key=lambda one: one[0]):
            if at > self.clock.now():
                self.clock.go(at)
            self.deliver(inbox, raw)
            self.read_all()
        self.clock.go(now)
        self.settle()
        self.read()

    def deliver(self, inbox: str, raw: bytes) -> None:
        """
        Put a mail into an inbox, as a delivery agent does.

        A mail's INTERNALDATE is the time of its file. An APPEND would not do: Dovecot, whose clock is true, allows no time ahead.
        """
        home = self.dovecot.folder / "home" / inbox / "Maildir"
        with self.dovecot.client(inbox) as client:  # makes the folders, the first time
            client.folder_status("INBOX", ["MESSAGES"])
        self._delivered[inbox] += 1
        fresh, at = home / "tmp" / f"{time.time()}.weeks", self.clock.now().timestamp()
        fresh.write_bytes(raw)
        os.utime(fresh, (at, at))
        shutil.chown(fresh, home.owner(), home.group())
        fresh.rename(home / "new" / fresh.name)

    def read_all(self) -> None:
        """Everything in the inboxes was read, and all that may go out has gone."""
        if not self.daemon.has_ended():
            assert until_true(self._nothing_waits, PATIENCE_S), self.daemon.log.read_text()[-2000:]
            self.read()

    def settle(self) -> None:
        """All is read, two rounds are done, and nothing that could go out waits."""
        if self.daemon.has_ended():
            return
        for _ in range(2):
            before = self.done.stat().st_size
            os.write(self.ask, b".")
            assert until_true(lambda n=before: self.done.stat().st_size > n, PATIENCE_S), self.daemon.log.read_text()[
                -2000:
            ]
            self.read_all()

    def _nothing_waits(self) -> bool:
        if self.relay_dead:
            return True
        store = sqlite3.connect(f"file:{self.folder / 'ackbot.db'}?mode=ro", uri=True, timeout=PATIENCE_S)
        try:
            seen = store.execute("SELECT COUNT(*) FROM arrivals WHERE letter_id IS NOT NULL").fetchone()[0]
            now = f"{self.clock.now() + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}"
            waits = store.execute(
                "SELECT COUNT(*) FROM outbox WHERE state IN ('queued', 'claimed', 'sending') AND not_before < ?", (now,)
            ).fetchone()[0]
        finally:
            store.close()
        return bool(seen >= self._delivered.total() and not waits)

    def read(self) -> None:
        """Everybody reads their mails."""
        for sent in self.sink.mails[len(self.mails) :]:
            for to in sent.recipients:
                self.mails.append(Mail(self.clock.now(), to, sent.content))
                person, _, domain = to.partition("@")
                if domain == "northgate.example" and person in self.town.by_id:
                    self.staff.got(person, sent.content, self.clock.now())

    def run(self, *words: str) -> str:
        """A command of the admin."""
        done = subprocess.run(
            [*PROGRAM, "-c", str(self.daemon.config), *words],
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def answered(self, letter: Letter, words: str, mark: str, at: datetime) -> None:
        """The resident answers the last mail that they got."""
        last = [one for one in self.mails if one.to == letter.address][-1]
        to = parseaddr(last.header("Reply-To") or last.header("From"))[1]
        self.coming.append(
            weeks_town.written(
                at, letter.inbox, letter.name, letter.address, last.header("Subject"), words, mark, opens=False, to=to,
                In_Reply_To=last.header("Message-ID"), References=last.header("Message-ID"),
            )
        )  # fmt: skip


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    made.start()
    yield made
    made.stop()


def christmas() -> Town:
    """Six weeks over Christmas: the office is closed from 25 December to 1 January; Omar leaves on the 18th."""
    return Town(
        first=date(2026, 11, 30),
        last=date(2027, 1, 8),
        closed=EASTER["Christmas"],
        away=[
            ("eva", date(2026, 12, 7), date(2026, 12, 14)),
            ("alex", date(2026, 12, 14), date(2026, 12, 21)),
            ("priya", date(2026, 12, 21), date(2027, 1, 4)),
            ("gita", date(2026, 12, 16), date(2026, 12, 18)),
        ],
        officers=tuple(_left(one, "omar", date(2026, 12, 18)) for one in OFFICERS),
        count=64,
        seed=2026,
    )


def easter() -> Town:
    """Four weeks over Easter and the night on which the clocks go forward, 28 March."""
    return Town(
        first=date(2027, 3, 15),
        last=date(2027, 4, 9),
        closed=EASTER["Easter"],
        away=[
            ("kofi", date(2027, 3, 24), date(2027, 4, 6)),
            ("sam", date(2027, 3, 22), date(2027, 3, 31)),
            ("gita", date(2027, 3, 30), date(2027, 4, 5)),
        ],
        officers=OFFICERS,
        count=60,
        seed=2027,
    )


def _left(one: Officer, person: str, day: date) -> Officer:
    from dataclasses import replace

    return replace(one, left=day) if one.id == person else one


# What happens by day and hour besides letters: "kill" (and start anew), "off" and "on", "dead" and "well" (the relay), AWAY of
# somebody, an absence written into the configuration and a reload.
CHRISTMAS = {
    ("2026-12-01", "10:45"): ["kill"],
    ("2026-12-03", "00:05"): ["dead"],
    ("2026-12-04", "00:05"): ["well"],
    ("2026-12-04", "13:01"): ["kill"],
    ("2026-12-08", "09:05"): ["kill"],
    ("2026-12-09", "10:45"): ["away kofi 2026-12-10 2026-12-16"],
    ("2026-12-10", "15:01"): ["kill"],
    ("2026-12-11", "12:00"): ["off"],
    ("2026-12-14", "08:31"): ["on"],
    ("2026-12-15", "16:40"): ["kill"],
    ("2026-12-16", "12:00"): ["absence nora 2026-12-17 2026-12-24"],
    ("2026-12-18", "08:31"): ["kill"],
    ("2026-12-22", "00:05"): ["kill"],
    ("2026-12-24", "15:01"): ["kill"],
    ("2026-12-29", "13:01"): ["kill"],
    ("2027-01-04", "08:31"): ["kill"],
}
SPRING = {
    ("2027-03-16", "15:01"): ["kill"],
    ("2027-03-18", "10:45"): ["away priya 2027-03-19 2027-03-23"],
    ("2027-03-22", "08:31"): ["kill"],
    ("2027-03-25", "15:01"): ["kill"],
    ("2027-03-28", "00:05"): ["kill"],
    ("2027-03-30", "09:05"): ["kill"],
    ("2027-04-01", "12:00"): ["absence eva 2027-04-02 2027-04-08"],
    ("2027-04-06", "13:01"): ["kill"],
}


@pytest.mark.parametrize(("town", "events"), [(christmas, CHRISTMAS), (easter, SPRING)], ids=["Christmas", "Easter"])
def test_weeks(tmp_path: Path, sink: Sink, town: Callable[[], Town], events: dict[tuple[str, str], list[str]]) -> None:
    """P1, P2, P4, P5, P9: no silence, no second mail, no date on a closed day, no name out of nowhere, for weeks; docs/weeks.md has the table."""
    if not Dovecot.is_there():
        missing(INSTALL_DOVECOT)
    server, here = Dovecot(tmp_path), town()
    clock = Clock(tmp_path, instant(here.first, "00:00"))
    with server:
        weeks = Weeks(tmp_path, here, clock, server, sink)
        go_through(weeks, events)
    found = weeks_checker.check(weeks.town, weeks.mails, weeks.letters, weeks.outages)
    print()
    for name, value in {**found.table, "kills": weeks.kills}.items():
        print(f"| {name} | {value} |")
    print("\n".join(found.faults))

    assert found.faults == []


def go_through(weeks: Weeks, events: dict[tuple[str, str], list[str]]) -> None:
    """All the days, hour by hour."""
    weeks.start()
    day = weeks.town.first
    while day <= weeks.town.last:
        for hour in HOURS if weeks.town.is_open(day) else ("00:05", "08:31", "13:01", "15:01"):
            for event in events.get((str(day), hour), ()):
                happens(weeks, event, instant(day, hour))
            weeks.go(instant(day, hour))
        chatter(weeks, day)
        day += timedelta(days=1)
    weeks.daemon.signal(signal.SIGTERM)
    assert weeks.daemon.wait() == 0


def happens(weeks: Weeks, event: str, now: datetime) -> None:
    """One of the events."""
    what, *rest = event.split()
    if what in ("kill", "off"):
        weeks.kill()
    if what == "off":
        weeks.outages.append((now, now))
    if what in ("kill", "on"):
        weeks.clock.go(now)
        weeks.start()
    if what == "on":
        weeks.outages[-1] = (weeks.outages[-1][0], now + timedelta(days=1))
        weeks.settle()
        weeks.run("release")
    if what == "dead":
        weeks.relay_dead = True
        weeks.outages.append((now, now + timedelta(days=2)))
    if what == "well":
        weeks.relay_dead = False
    if what in ("away", "absence"):
        person, begin, back = rest[0], *map(date.fromisoformat, rest[1:])
        weeks.town.said_away.append((person, begin, back))
        one = weeks.town.by_id[person]
        if what == "away":
            # A command must answer a mail of ours, because its id proves who got it.
            last = [mail for mail in weeks.mails if mail.to == f"{person}@northgate.example"][-1]
            text = f"AWAY {begin:%-d %B} until {back - timedelta(days=1):%-d %B}"
            raw = answer(last.content, text, f"{one.name} <{person}@northgate.example>", when=now)
            weeks.clock.go(now)
            weeks.deliver(re.split(r"[+@]", parseaddr(str(parsed(raw)["To"]))[1])[0], raw)
        else:
            with weeks.daemon.config.open("a") as file:
                file.write(f'[[absence]]\nstaff = "{person}"\nfrom = {begin}\nuntil = {back}\n')
            weeks.daemon.signal(signal.SIGHUP)
            weeks.daemon.wait_for_log('"reloaded"', 1)


def chatter(weeks: Weeks, day: date) -> None:
    """Some residents write again on the next day: they ask for news, add something, or say thank you."""
    rng = weeks.town.random
    tomorrow = instant(day + timedelta(days=1), rng.choice(("10:00", "14:20", "20:10")))
    some = [one for one in weeks.letters if one.opens and one.at < instant(day, "00:00")]
    for letter in rng.sample(some, min(len(some), rng.choice((0, 0, 1, 2)))):
        mails = [one for one in weeks.mails if one.to == letter.address]
        if not mails:
            continue
        words = rng.choice(
            ("Is there any news?", "I forgot to say that it is the back door.", "Could you ring before you come?")
        )
        if not mails[-1].automatic:
            words = "Thank you very much!"
        weeks.answered(letter, f"{words}\n\n{letter.name}\n", f"again{len(weeks.mails)}-{letter.address}", tomorrow)
