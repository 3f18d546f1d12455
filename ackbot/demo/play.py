"""Plays the demo: the daemon's own code with the demo's servers, letters and clock, told on the terminal and on a page."""

import logging
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from functools import partial
from pathlib import Path

import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from ackbot.casework.office import Office
from ackbot.config import load
from ackbot.daemon import Runtime
from ackbot.demo import northgate, screen
from ackbot.demo.clock import StoryClock
from ackbot.demo.letters import Letter
from ackbot.demo.servers import MailServer, Sent, Sink
from ackbot.demo.story import FIRST_DAY, LONGEST, MUST, ROUNDS, SCENES, ZONE, Scene, instant, kind, read
from ackbot.mail.subjects import plain
from ackbot.report.figures import Report
from ackbot.report.gallery import Happening
from ackbot.report.periods import Period
from ackbot.store import Database, headway, open_database
from ackbot.work import reporting

_PATIENCE_S = 10.0
# A word or two for each kind of mail that gets no answer.
_KINDS = {"automatic-reply": "automatic reply", "list": "mailing list", "own": "our own mail"}
# What ackbot does by itself: the kind of mail and its words, in the order in which they are told.
_BY_ITSELF = {
    "digest": "reminded",
    "hand-over": "cases handed over",
    "cover": "told who has their email now",
    "no-news": "told the truth, no news yet",
    "settled": "asked whether it is settled",
}


@dataclass
class Tally:
    """What has happened so far."""

    letters: int = 0
    acknowledged: int = 0
    alarms: int = 0
    escalations: int = 0
    milliseconds: list[float] = field(default_factory=list)
    not_answered: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)


@dataclass
class Stage:
    """Everything that a scene needs."""

    imap: MailServer
    sink: Sink
    clock: StoryClock
    db: Database
    runtime: Runtime
    tally: Tally


def play(out: str, days: int, *, quiet: bool) -> int:
    """Tell the story of so many working days. Returns the exit code: 0 only if everything happened that had to."""
    console = Console(highlight=False)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    folder = Path(out)
    (folder / "mail").mkdir(parents=True, exist_ok=True)
    for old in (folder / "mail").glob("*.eml"):
        old.unlink()
    os.environ["ACKBOT_DEMO_PASSWORD"] = northgate.PASSWORD
    started = time.monotonic()
    tally = Tally()
    with (
        tempfile.TemporaryDirectory(prefix="ackbot-demo-") as temporary,
        MailServer(dict.fromkeys(northgate.MAILBOXES, northgate.PASSWORD)) as imap,
        Sink() as sink,
    ):
        config = load(northgate.write(Path(temporary), imap.port, sink.port))
        if not quiet:
            screen.opening(console, imap.port, sink.port, days)
        clock = StoryClock(instant(0, ROUNDS[0]))
        db = open_database(config.store_url, exclusive=True)
        db.migrate()
        runtime = Runtime(config, db, "demo", clock)
        runtime.start()
        runtime.wait_ready(_PATIENCE_S)
        stage = Stage(imap, sink, clock, db, runtime, tally)
        try:
            for moment, scene in _told(console, days, quiet=quiet):
                before = len(tally.happenings)
                if scene is None:
                    _do_rounds(stage, moment)
                else:
                    _play_scene(stage, scene)
                if not quiet:
                    for one in tally.happenings[before:]:
                        screen.line(console, one)
            problems = _checked(stage, days)
            public, named = _reported(stage, config.office)
        finally:
            runtime.end(5)
            db.close()
        mails = list(sink.mails)
    screen.write_mails(folder / "mail", mails)
    figures = _figures(tally, mails, time.monotonic() - started)
    published = screen.write_council(folder, public, named)
    screen.write_report(folder / "report.html", mails, figures, tally.happenings, published)
    screen.closing(console, folder, figures, tally.not_answered, problems)
    return 1 if problems else 0


def _told(console: Console, days: int, *, quiet: bool) -> Iterator[tuple[datetime, Scene | None]]:
    """Scenes and rounds (None) in the order of their instants, with a progress bar on a terminal."""
    scenes: list[tuple[datetime, Scene | None]] = [(scene.instant, scene) for scene in SCENES if scene.day < days]
    rounds: list[tuple[datetime, Scene | None]] = [(instant(day, at), None) for day in range(days) for at in ROUNDS]
    moments = sorted([*scenes, *rounds], key=lambda one: one[0])
    if quiet or not console.is_terminal:
        yield from moments
        return
    with Progress(TextColumn("{task.description}"), BarColumn(), console=console, transient=True) as progress:
        task = progress.add_task(f"{FIRST_DAY:%A}", total=len(moments))
        for moment, scene in moments:
            progress.update(task, description=screen.when(moment))
            yield moment, scene
            progress.advance(task)


def _do_rounds(stage: Stage, moment: datetime) -> None:
    """Set the clock, do the rounds that are due, and wait until their mails have gone out."""
    before = len(stage.sink.mails)
    stage.clock.set(moment)
    stage.runtime.tick()
    _gone_out(stage)
    sent = stage.sink.mails[before:]
    stage.tally.escalations += sum(kind(mail) == "digest" and "alex.reid" in mail.recipients[0] for mail in sent)
    for name, what in _BY_ITSELF.items():
        people = dict.fromkeys(_name(mail) for mail in sent if kind(mail) == name)
        if people:
            stage.tally.happenings.append(Happening(screen.when(moment), "ackbot", what, ", ".join(people), good=None))


def _name(mail: Sent) -> str:
    name, address = parseaddr(str(read(mail)["To"]))
    return name or address


def _play_scene(stage: Stage, scene: Scene) -> None:
    """Deliver one mail, wait for everything that must come of it, and record what came."""
    sink, db = stage.sink, stage.db
    letter = scene.letter(sink.mails) if callable(scene.letter) else scene.letter
    stage.clock.set(scene.instant)
    raw = letter.written(scene.instant.astimezone(ZONE))
    recipients = [box for box in northgate.MAILBOXES if box in letter.to or (box.partition("@")[0] + "+") in letter.to]
    before, decided = len(sink.mails), headway.decided(db)
    begun = time.monotonic()
    for box in recipients:
        stage.imap.deliver(box, raw, scene.instant)
    resident = _resident(letter)
    if scene.acknowledged:
        _wait(partial(_has_heard, sink, before, resident))
    _wait(lambda: headway.decided(db) >= decided + len(recipients))
    for address in scene.also:
        _wait(partial(_has_heard, sink, before, address))
    _gone_out(stage)
    sent = sink.mails[before:]
    missing = [address for address in scene.also if not any(address in mail.recipients for mail in sent)]
    if missing:
        stage.tally.wrong.append(f"{letter.subject}: {', '.join(missing)} heard nothing")
    if scene.staff:
        _count_staff(stage, scene, letter, sent)
    else:
        _count(stage, scene, letter, sent, begun)


def _has_heard(sink: Sink, before: int, address: str) -> bool:
    return any(address in mail.recipients for mail in sink.mails[before:])


def _resident(letter: Letter) -> str:
    reply_to = dict(letter.headers).get("Reply-To", "")
    return reply_to.rpartition("<")[2].rstrip(">") or letter.sender.address


def _count_staff(stage: Stage, scene: Scene, letter: Letter, sent: Sequence[Sent]) -> None:
    told = [_name(mail) for mail in sent if kind(mail) == "human"]
    first = letter.text.split("\n", 1)[0]
    word = first.split(" ", 1)[0] if first.split(" ", 1)[0].isupper() else "answers"
    outcome = f"{word} → {told[0]}" if told else first.replace(", ", "; ")
    subject = plain(letter.subject).rpartition(" [")[0] or letter.subject
    happening = Happening(screen.when(scene.instant), letter.sender.name, subject, outcome)
    stage.tally.happenings.append(happening)


def _count(stage: Stage, scene: Scene, letter: Letter, sent: Sequence[Sent], begun: float) -> None:
    tally, resident = stage.tally, _resident(letter)
    answers = [mail for mail in sent if resident in mail.recipients]
    alarms = sum(kind(mail) == "urgent" for mail in sent)
    tally.letters += 1
    tally.alarms += alarms
    who = letter.sender.name or letter.sender.address
    row = headway.last_letter(stage.db)
    if len(answers) != scene.acknowledged:
        tally.wrong.append(f"{who}: {len(answers)} answers, expected {int(scene.acknowledged)}")
    if answers:
        milliseconds = (answers[0].at - begun) * 1000
        tally.acknowledged += 1
        tally.milliseconds.append(milliseconds)
        owner = (row["owner"] or "nobody").replace(".", " ").title()
        outcome = f"{milliseconds:.0f} ms, {owner}{' + duty' if alarms else ''}"
    else:
        tally.not_answered.append(f"{who}: {row['why']}")
        outcome = f"no, {_KINDS.get(row['kind'], row['kind'])}"
    happening = Happening(
        screen.when(scene.instant), who, letter.subject or "(no subject)", outcome, good=bool(answers)
    )
    tally.happenings.append(happening)


def _wait(test: Callable[[], bool]) -> bool:
    """Wait until a test passes, or until patience ends. Returns whether it passed."""
    until = time.monotonic() + _PATIENCE_S
    while not test():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def _gone_out(stage: Stage) -> None:
    """Wait until everything that is due has gone out."""
    now = stage.clock()
    _wait(lambda: not headway.anything_to_send(stage.db, now))


def _checked(stage: Stage, days: int) -> list[str]:
    """What went wrong, in plain English; empty if everything happened that had to."""
    problems = list(stage.tally.wrong)
    problems += [f"{count} {what}" for what, count in headway.left_undone(stage.db).items() if count]
    if days >= LONGEST:  # a shorter story ends before some of the mails in MUST are due
        kinds = Counter(kind(mail) for mail in stage.sink.mails)
        problems += [f"{kinds[name]} mails of kind {name}" for name, least in MUST.items() if kinds[name] < least]
        if not stage.tally.escalations:
            problems.append("nothing was escalated")
    return problems


def _reported(stage: Stage, office: Office) -> tuple[Report, Report]:
    """The report of the story so far, as it may be published, and with names."""
    now = stage.clock()
    period = Period(FIRST_DAY, now.astimezone(ZONE).date())
    public, named = (reporting.made(stage.db, office, period, now, names=names) for names in (False, True))
    return public, named


def _figures(tally: Tally, mails: Sequence[Sent], seconds: float) -> list[tuple[str, str]]:
    median = f"{statistics.median(tally.milliseconds):.0f} ms" if tally.milliseconds else "–"
    kinds = Counter(kind(mail) for mail in mails)
    return [
        ("letters", str(tally.letters)),
        ("acknowledged", str(tally.acknowledged)),
        ("median real time to the acknowledgement", median),
        ("not answered, with reason", str(len(tally.not_answered))),
        ("answers and updates in people's own words", str(kinds["human"])),
        ("the truth on a promised date", str(kinds["no-news"])),
        ("digests and reminders to staff", str(kinds["digest"])),
        ("of these escalations", str(tally.escalations)),
        ("cover notices", str(kinds["cover"])),
        ("asked whether it is settled", str(kinds["settled"])),
        ("urgent alarms", str(tally.alarms)),
        ("seconds for it all", f"{seconds:.1f}"),
    ]
