"""The demo: the daemon's own code among servers, letters and a clock of its own; told on the terminal and on a page."""

import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from datetime import time as wall_clock
from email import message_from_bytes
from email.policy import default
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from ackbot.config import load
from ackbot.daemon import Shift
from ackbot.demo import council, letters
from ackbot.demo.clock import StoryClock
from ackbot.demo.letters import Letter
from ackbot.demo.servers import MailServer, Sent, Sink
from ackbot.report.gallery import Card, Happening, write_page
from ackbot.store import Database, open_database

_ZONE = ZoneInfo("Europe/London")
_FIRST_DAY = date(2026, 11, 30)  # a Monday
_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Scene:
    """
    A letter of the story.

    Args:
        letter: or what makes it of the mails sent so far.
        acknowledged: whether its sender must have an automatic answer, exactly one.
        also: addresses of staff that must hear of it.
    """

    at: wall_clock
    letter: Letter | Callable[[Sequence[Sent]], Letter]
    acknowledged: bool
    also: tuple[str, ...] = ()


SCENES: tuple[Scene, ...] = (
    Scene(wall_clock(9, 2), letters.DAMP, acknowledged=True),
    Scene(wall_clock(9, 20), letters.BIN, acknowledged=True),
    Scene(wall_clock(9, 41), letters.PERMIT, acknowledged=True),
    Scene(wall_clock(9, 50), letters.VACATION, acknowledged=False),
    Scene(wall_clock(10, 5), letters.SCHOOL, acknowledged=True),
    Scene(wall_clock(10, 30), letters.NEWS, acknowledged=False),
    Scene(wall_clock(10, 31), letters.SPAM, acknowledged=False),
    Scene(wall_clock(11, 15), letters.GAS, acknowledged=True, also=("duty@northgate.example",)),
    Scene(wall_clock(11, 40), letters.BOTH, acknowledged=True),
    Scene(wall_clock(12, 10), letters.BOUNCE, acknowledged=False),
    Scene(wall_clock(13, 30), letters.PLANS, acknowledged=True, also=("lena.wolf@northgate.example",)),
    Scene(wall_clock(14, 0), letters.FORM, acknowledged=True),
    Scene(wall_clock(14, 45), letters.COLLEAGUE, acknowledged=True),
    Scene(
        wall_clock(15, 30),
        lambda sent: letters.answer(
            _latest(sent, letters.EDWARD.address), "One more thing: the window does not close either.", letters.EDWARD
        ),
        acknowledged=True,
    ),
    Scene(
        wall_clock(17, 40),
        Letter(
            letters.TOM,
            letters.STREETS,
            "Pothole in Mill Lane",
            "There is a deep pothole outside number 8.\n\nTom Okafor\n",
        ),
        acknowledged=True,
    ),
)


# What the mails are that get no answer, in a word or two.
_KINDS = {"automatic-reply": "automatic reply", "list": "mailing list", "own": "our own mail"}


def _latest(sent: Sequence[Sent], address: str) -> bytes:
    return next(mail.content for mail in reversed(sent) if mail.recipients == (address,))


@dataclass
class Tally:
    """What happened, counted as it happens."""

    letters: int = 0
    acknowledged: int = 0
    to_owners: int = 0
    alarms: int = 0
    milliseconds: list[float] = field(default_factory=list)
    not_answered: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)


def play(out: str, days: int, *, quiet: bool) -> int:
    """Tell the story. The exit code: 0 only if everything that had to happen did."""
    console = Console(highlight=False)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    folder = Path(out)
    (folder / "mail").mkdir(parents=True, exist_ok=True)
    for old in (folder / "mail").glob("*.eml"):
        old.unlink()
    os.environ["ACKBOT_DEMO_PASSWORD"] = council.PASSWORD
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="ackbot-demo-") as temporary,
        MailServer(dict.fromkeys(council.MAILBOXES, council.PASSWORD)) as imap,
        Sink() as sink,
    ):
        config = load(council.write(Path(temporary), imap.port, sink.port))
        if not quiet:
            _opening(console, imap.port, sink.port)
        clock = StoryClock(_at(_FIRST_DAY, wall_clock(8, 0)))
        db = open_database(config.store_url, exclusive=True)
        db.migrate()
        shift = Shift(config, db, "demo", clock)
        shift.start()
        shift.wait_ready(_PATIENCE_S)
        tally = Tally()
        try:
            for scene, day in _told(console, days, quiet=quiet):
                _play_scene(scene, day, imap, sink, clock, db, tally, console, quiet=quiet)
            _settled(sink, db)
            problems = _checked(db, tally)
        finally:
            shift.end(5)
            db.close()
        mails = list(sink.mails)
    _write_mails(folder / "mail", mails)
    figures = _figures(tally, time.monotonic() - started)
    _write_page(folder / "report.html", mails, tally, figures)
    _closing(console, folder, tally, figures, problems)
    return 1 if problems else 0


def _opening(console: Console, imap_port: int, smtp_port: int) -> None:
    console.print()
    console.print("[bold]A day at the Royal Borough of Northgate[/bold], Monday 30 November 2026")
    console.print(f"Real IMAP (port {imap_port}), real SMTP (port {smtp_port}), ackbot between them.")
    console.print("Nothing leaves this machine.")
    console.print()
    console.print(f"[dim]{'when':11} {'who writes':18} {'about':27} {'answer':7} who has it[/dim]")


def _told(console: Console, days: int, *, quiet: bool) -> Iterator[tuple[Scene, date]]:
    """The scenes in order, with a bar where there is a terminal to draw it on."""
    scenes = [(scene, _FIRST_DAY) for scene in SCENES]
    _ = days
    if quiet or not console.is_terminal:
        yield from scenes
        return
    with Progress(TextColumn("{task.description}"), BarColumn(), console=console, transient=True) as progress:
        task = progress.add_task("Monday", total=len(scenes))
        for scene, day in scenes:
            progress.update(task, description=f"{day:%A} {scene.at:%H:%M}")
            yield scene, day
            progress.advance(task)


def _at(day: date, clock: wall_clock) -> datetime:
    return datetime.combine(day, clock, _ZONE).astimezone(UTC)


def _play_scene(
    scene: Scene,
    day: date,
    imap: MailServer,
    sink: Sink,
    clock: StoryClock,
    db: Database,
    tally: Tally,
    console: Console,
    *,
    quiet: bool,
) -> None:
    """Deliver one letter and wait for what must come of it."""
    letter = scene.letter(sink.mails) if callable(scene.letter) else scene.letter
    moment = _at(day, scene.at)
    clock.set(moment)
    raw = letter.written(moment.astimezone(_ZONE))
    recipients = [box for box in council.MAILBOXES if box in letter.to or (box.partition("@")[0] + "+") in letter.to]
    before, decided = len(sink.mails), _decided(db)
    begun = time.monotonic()
    for box in recipients:
        imap.deliver(box, raw, moment)
    resident = _resident(letter)
    if scene.acknowledged:
        _wait(partial(_has_heard, sink, before, resident))
    _wait(lambda: _decided(db) >= decided + len(recipients))
    for address in scene.also:
        _wait(partial(_has_heard, sink, before, address))
    _settled(sink, db)
    _count(scene, letter, resident, sink.mails[before:], begun, db, tally)
    if not quiet:
        _line(console, tally.happenings[-1])


def _has_heard(sink: Sink, before: int, address: str) -> bool:
    return any(address in mail.recipients for mail in sink.mails[before:])


def _resident(letter: Letter) -> str:
    reply_to = dict(letter.headers).get("Reply-To", "")
    return reply_to.rpartition("<")[2].rstrip(">") or letter.sender.address


def _count(
    scene: Scene, letter: Letter, resident: str, sent: Sequence[Sent], begun: float, db: Database, tally: Tally
) -> None:
    answers = [mail for mail in sent if resident in mail.recipients]
    tally.letters += 1
    tally.to_owners += sum(_kind(mail) in ("new-case", "resident-wrote", "hand-over") for mail in sent)
    tally.alarms += sum(_kind(mail) == "urgent" for mail in sent)
    who = letter.sender.name or letter.sender.address
    matter = letter.subject or "(no subject)"
    row = db.run(
        "SELECT letters.why, letters.kind, cases.owner FROM letters LEFT JOIN cases ON cases.code = "
        "letters.code ORDER BY letters.id DESC LIMIT 1"
    )[0]
    missing = [address for address in scene.also if not any(address in mail.recipients for mail in sent)]
    if len(answers) != scene.acknowledged or missing:
        tally.wrong.append(
            f"{who}: {len(answers)} answers, expected {int(scene.acknowledged)}"
            + (f"; {', '.join(missing)} heard nothing" if missing else "")
        )
    if answers:
        milliseconds = (answers[0].at - begun) * 1000
        tally.acknowledged += 1
        tally.milliseconds.append(milliseconds)
        outcome = f"{milliseconds:.0f} ms, {_owner(row['owner'])}" + (
            " + duty officer" if any(_kind(mail) == "urgent" for mail in sent) else ""
        )
    else:
        tally.not_answered.append(f"{who}: {row['why']}")
        outcome = f"no, {_KINDS.get(row['kind'], row['kind'])}"
    tally.happenings.append(Happening(f"Mon {scene.at:%H:%M}", who, matter, outcome, good=bool(answers)))


def _owner(staff: str | None) -> str:
    return (staff or "nobody").replace(".", " ").title()


def _line(console: Console, one: Happening) -> None:
    """One line a happening, within 80 columns."""
    answered, _, owner = one.outcome.partition(", ")
    columns = ((one.when, 9), (one.who, 18), (one.what, 27), (answered, 7), (owner, 24))
    when, *others = (set_cell_size(_short(text, width), width) for text, width in columns)
    line = Text.assemble(when, (" ✓ ", "green") if one.good else (" – ", "yellow"), " ".join(others).rstrip())
    console.print(line, no_wrap=True, overflow="ellipsis", crop=True)


def _short(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def _safe(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _kind(mail: Sent) -> str:
    return str(message_from_bytes(mail.content, policy=default)["X-Ackbot-Kind"] or "")


def _decided(db: Database) -> int:
    return int(db.run("SELECT COUNT(*) AS n FROM arrivals WHERE letter_id IS NOT NULL")[0]["n"])


def _wait(test: Callable[[], bool]) -> bool:
    """Until a test passes or patience ends; whether it passed."""
    until = time.monotonic() + _PATIENCE_S
    while not test():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def _settled(sink: Sink, db: Database) -> None:
    """Everything that is to go out now has gone out."""
    _ = sink
    _wait(lambda: not db.run("SELECT 1 FROM outbox WHERE state IN ('queued', 'claimed', 'sending') LIMIT 1"))


def _checked(db: Database, tally: Tally) -> list[str]:
    """What went wrong, in plain English; empty when all that had to happen did."""
    problems = list(tally.wrong)
    undecided = db.run("SELECT COUNT(*) AS n FROM arrivals WHERE letter_id IS NULL")[0]["n"]
    quarantined = db.run("SELECT COUNT(*) AS n FROM letters WHERE state = 'quarantined'")[0]["n"]
    ownerless = db.run("SELECT COUNT(*) AS n FROM cases WHERE owner = ''")[0]["n"]
    unsent = db.run("SELECT COUNT(*) AS n FROM outbox WHERE state <> 'accepted'")[0]["n"]
    for count, what in (
        (undecided, "mails were not decided"),
        (quarantined, "mails could not be read"),
        (ownerless, "cases have no owner"),
        (unsent, "mails did not go out"),
    ):
        if count:
            problems.append(f"{count} {what}")
    return problems


def _figures(tally: Tally, seconds: float) -> list[tuple[str, str]]:
    median = f"{statistics.median(tally.milliseconds):.0f} ms" if tally.milliseconds else "–"
    return [
        ("letters", str(tally.letters)),
        ("acknowledged", str(tally.acknowledged)),
        ("median real time to the acknowledgement", median),
        ("not answered, with reason", str(len(tally.not_answered))),
        ("letters to owners", str(tally.to_owners)),
        ("urgent alarms", str(tally.alarms)),
        ("seconds for it all", f"{seconds:.1f}"),
    ]


def _write_mails(folder: Path, mails: Sequence[Sent]) -> None:
    """Each mail as sent, its envelope on top."""
    for number, mail in enumerate(mails, 1):
        envelope = f"X-MailFrom: {mail.envelope_from}\r\nX-RcptTo: {', '.join(mail.recipients)}\r\n".encode()
        (folder / f"{number:03}-{_kind(mail) or 'mail'}.eml").write_bytes(envelope + mail.content)


def _write_page(path: Path, mails: Sequence[Sent], tally: Tally, figures: Sequence[tuple[str, str]]) -> None:
    cards = []
    for mail in mails:
        message = message_from_bytes(mail.content, policy=default)
        plain, html = message.get_body(("plain",)), message.get_body(("html",))
        headers = {name: str(message[name]) for name in ("From", "To", "Reply-To", "Subject") if message[name]}
        cards.append(
            Card(
                str(message["X-Ackbot-Kind"]),
                headers,
                plain.get_content() if plain else "",
                html.get_content() if html else "",
            )
        )
    write_page(path, "A day at the Royal Borough of Northgate", cards, figures=figures, happenings=tally.happenings)


def _closing(
    console: Console, folder: Path, tally: Tally, figures: Sequence[tuple[str, str]], problems: Sequence[str]
) -> None:
    console.print()
    table = Table(show_header=False, box=None, padding=(0, 2))
    for name, value in figures:
        table.add_row(name, f"[bold]{value}[/bold]")
    console.print(table)
    for reason in tally.not_answered:
        console.print(f"    [yellow]–[/yellow] {_safe(reason)}")
    console.print()
    for problem in problems:
        console.print(f"[red]did not happen as it should:[/red] {_safe(problem)}")
    console.print(f"Look at the mails: [bold]{folder / 'report.html'}[/bold]   each as sent: {folder / 'mail'}")
