"""A world with a clock: rounds at the hours that matter, staff who answer, and the mails in the order of writing."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from ackbot.store import outbox
from ackbot.store.database import text_of
from ackbot.work.rounds import Rounds
from ackbot.work.waited import decided_again
from tests.support.council import World
from tests.support.letters import html, letter, parsed, plain

LONDON = ZoneInfo("Europe/London")
HOURS = ("08:30", "09:00", "13:00", "15:00", "17:30")  # when rounds have something to do
PASSED = "mx.northgate.example; dmarc=pass header.from=northgate.example"


class Story(World):
    """A world in which days pass. Rounds are done at the council's hours, in London time."""

    def __init__(self, folder: Path, *changes: tuple[str, str], now: str = "2026-11-30 10:12") -> None:
        super().__init__(folder, *changes, now=instant(now))
        self._told = 0
        self._when: dict[int, str] = {}
        self.restart()

    def restart(self) -> None:
        """End the process and begin another: everything that was not in rows is forgotten."""
        self.rounds = rounds_of(self)
        self.relay_takes = True  # the words of staff

    def at(self, when: str) -> None:
        """Let time pass to that instant, with the rounds of every hour until then and one at it."""
        until = instant(when)
        day = self.now.astimezone(LONDON).date()
        while day <= until.astimezone(LONDON).date():
            for hour in HOURS:
                moment = instant(f"{day} {hour}")
                if self.now < moment < until:
                    self._tick(moment)
            day += timedelta(days=1)
        self._tick(until)

    def _tick(self, moment: datetime) -> None:
        self._note()
        if (
            self.relay_takes
        ):  # no dispatcher runs here: what people wrote has long gone out when the clock is looked at again
            self.db.run(
                "UPDATE outbox SET state = 'accepted', accepted_at = created_at WHERE kind = 'human' AND state = 'queued'"
            )
        self.now = moment
        self.rounds.tick()
        self._note()
        if self.relay_takes:
            self.relay()

    def relay(self) -> None:
        """Let every mail go whose time has come: what waited is decided again, as by a dispatcher. Its row stays queued."""
        due = self.db.run(
            "SELECT id FROM outbox WHERE state = 'queued' AND not_before <= :now AND draft <> '' ORDER BY priority, id",
            now=text_of(self.now),
        )
        for one in [row["id"] for row in due]:
            rows = self.db.run(
                "UPDATE outbox SET state = 'claimed', claimed_by = 'story' WHERE id = :id RETURNING *", id=one
            )
            decided_again(self.db, self.office, outbox._outgoing(rows[0]), self.now)
            outbox.unclaim(self.db, [one], "story")
            self.db.run("UPDATE outbox SET draft = '' WHERE id = :id", id=one)

    def _note(self) -> None:
        for row in self.outbox():
            self._when.setdefault(row["id"], self.now.astimezone(LONDON).strftime("%a %d %b %H:%M"))

    def receive(self, raw: bytes, inbox: str = "housing", **arrival: Any) -> dict[str, Any]:
        row = super().receive(raw, inbox, **arrival)
        self._note()
        if self.relay_takes:
            self.relay()
        return row

    def mail(self, kind: str, to: str = "") -> dict[str, Any]:
        """The latest mail of a kind."""
        return self.outbox(kind, to)[-1]

    def reply(self, to: dict[str, Any], text: str, sender: str = "", **headers: str) -> dict[str, Any]:
        """Let a member of staff answer a mail of ours as Outlook does: the words on top, our mail quoted below."""
        raw = answer(bytes(to["content"]), text, sender or to["recipient"], when=self.now, **headers)
        return self.receive(raw)

    def follow(self, row: dict[str, Any], words: str, about: str, text: str, sender: str = "") -> dict[str, Any]:
        """Let a member of staff follow a `mailto:` link about that case in a mail, and write."""
        page = html(bytes(row["content"]))
        item = next(piece for piece in re.split(r"<li|<body", page) if about in piece and f">{words}<" in piece)
        href = re.search(rf'href="(mailto:[^"]+)"[^>]*>{re.escape(words)}<', item)
        assert href is not None, (words, about)
        link = urlsplit(unescape(href[1]))
        begun = {name: value[0] for name, value in parse_qs(link.query, keep_blank_values=True).items()}
        raw = letter(
            sender=sender or row["recipient"],
            to=link.path,
            subject=begun["subject"],
            text=begun["body"] + text,
            message_id=f"<{abs(hash((text, row['id'])))}@northgate.example>",
            date=self.now.astimezone(LONDON).strftime("%a, %d %b %Y %H:%M:%S %z"),
            Authentication_Results=PASSED,
        )
        return self.receive(raw)

    def lines(self) -> list[str]:
        """All mails, one line each: time, kind, recipient, subject."""
        return [
            f"{self._when[row['id']]} {row['kind']} {row['recipient']}{' (held)' if row['state'] == 'held' else ''}: "
            f"{parsed(bytes(row['content']))['Subject']}"
            for row in self.outbox()
        ]

    def whole(self) -> str:
        """All mails with their time, readable headers and text."""
        pieces = []
        for row in self.outbox():
            message = parsed(bytes(row["content"]))
            head = [f"{name}: {message[name]}" for name in ("From", "To", "Reply-To", "Subject") if message[name]]
            words = plain(bytes(row["content"])).strip()
            pieces.append("\n".join([f"#### {self._when[row['id']]} {row['kind']}", *head, "", words, ""]))
        return "\n".join(pieces)

    def case(self) -> dict[str, Any]:
        """The first case's row."""
        return self.cases()[0]

    def clocks(self, state: str = "") -> list[tuple[str, str, str]]:
        """Kind, promised_on and state of all clocks, oldest first."""
        rows = self.db.run("SELECT kind, promised_on, state FROM clocks ORDER BY id")
        return [(row["kind"], row["promised_on"], row["state"]) for row in rows if state in ("", row["state"])]


def rounds_of(world: World) -> Rounds:
    """The rounds of a test world; the test calls `tick`."""
    return Rounds(
        world.db,
        world.office,
        world.intake,
        lambda: world.now,
        lambda: None,
        lambda *_: None,
        calendars=world.config.calendars,
    )


def words(story: Story, kind: str, to: str = "") -> list[str]:
    """The text of every mail of a kind, each as one line."""
    return [" ".join(plain(bytes(mail["content"])).split()) for mail in story.outbox(kind, to)]


def instant(when: str) -> datetime:
    """`2026-12-07 15:00` in London."""
    return datetime.fromisoformat(when).replace(tzinfo=LONDON).astimezone(UTC)


def answer(content: bytes, text: str, sender: str, *, when: datetime, **headers: str) -> bytes:
    """A reply to one of our mails by a member of staff for whom the council's mail server vouches."""
    ours = parsed(content)
    to = parseaddr(ours["Reply-To"] or ours["From"])[1]
    quoted = "\r\n".join("> " + line for line in plain(content).split("\n"))
    fields = {
        "From": sender,
        "To": to,
        "Subject": f"Re: {ours['Subject']}",
        "Date": when.astimezone(LONDON).strftime("%a, %d %b %Y %H:%M:%S %z"),
        "Message-ID": f"<{abs(hash((text, sender, when)))}@northgate.example>",
        "In-Reply-To": ours["Message-ID"],
        "References": ours["Message-ID"],
        "Authentication-Results": PASSED,
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    words = text.replace("\n", "\r\n")
    return (
        head + 'MIME-Version: 1.0\r\nContent-Type: text/plain; charset="utf-8"\r\n\r\n'
        f"{words}\r\n\r\nOn Monday, {ours['From']} wrote:\r\n{quoted}\r\n"
    ).encode()
