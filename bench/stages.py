"""
Measures what each stage of a letter costs, without a server: parse, screen, match, decide, compose, and the store's part.

The letters are ordinary ones: plain, HTML beside text, a photo of 200 KB. Each has the header fields that mail servers add.
"""

import base64
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from ackbot.casework import decide
from ackbot.casework.incoming import matching
from ackbot.casework.incoming.screening import Seen, screen
from ackbot.casework.model import Arrival, Facts
from ackbot.config import sample
from ackbot.mail.message import Message
from ackbot.store import arrivals, facts, handlers, inboxes, open_database
from ackbot.work.apply import composed

AT = datetime(2026, 11, 30, 10, 12, tzinfo=UTC)
_HEAD = """Return-Path: <{address}>
Delivered-To: housing@northgate.example
Received: from mx.northgate.example by imap.northgate.example with LMTP id x{n}; Mon, 30 Nov 2026 10:12:00 +0000
Received: from mail.resident.example (mail.resident.example [192.0.2.1]) by mx.northgate.example; Mon, 30 Nov 2026 10:11:59 +0000
Authentication-Results: mx.northgate.example; spf=pass; dkim=pass; dmarc=pass header.from=resident.example
From: Person {n} <{address}>
To: Housing <housing@northgate.example>
Subject: Damp in flat {n}
Date: Mon, 30 Nov 2026 10:11:00 +0000
Message-ID: <{n}@resident.example>
MIME-Version: 1.0
"""
_WORDS = "There is damp in flat {n}, and it gets worse each week.\nWho can come and look?\n\nKind regards\nPerson {n}\n"
_PHOTO = base64.encodebytes(bytes(range(256)) * 800).decode()


def plain(number: int) -> bytes:
    """A letter of text alone."""
    return _mail(number, "Content-Type: text/plain; charset=utf-8\n\n" + _WORDS)


def html(number: int) -> bytes:
    """A letter with its text and the same as HTML, as most mail programs write it."""
    page = "<html><head><style>p {{ margin: 0 }}</style></head><body>" + "".join(
        f"<p class=MsoNormal>{line}</p>" for line in _WORDS.split("\n")
    )
    return _mail(
        number,
        "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n"
        f"{_WORDS}\n--b\nContent-Type: text/html; charset=utf-8\n\n{page}</body></html>\n--b--\n",
    )


def photo(number: int) -> bytes:
    """A letter with text and a picture of 200 KB."""
    return _mail(
        number,
        f"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n{_WORDS}\n--b\nContent-Type: image/jpeg\n"
        f"Content-Disposition: attachment; filename=wall.jpg\nContent-Transfer-Encoding: base64\n\n{_PHOTO}\n--b--\n",
    )


def _mail(number: int, rest: str) -> bytes:
    text = (_HEAD + rest).format(n=number, address=f"p{number}@resident.example")
    return text.replace("\n", "\r\n").encode()


def measured(folder: Path, count: int) -> Mapping[str, Mapping[str, float]]:
    """The median milliseconds of each stage for letters of each shape, after a warm-up."""
    shapes: Mapping[str, Callable[[int], bytes]] = {"plain": plain, "HTML beside text": html, "photo of 200 KB": photo}
    found = {}
    for number, (name, make) in enumerate(shapes.items()):
        _steps(folder / f"warm{number}.db", make, 20)
        found[name] = _steps(folder / f"steps{number}.db", make, count)
    return found


def _steps(path: Path, make: Callable[[int], bytes], count: int) -> Mapping[str, float]:
    office = sample().office
    inbox = office.council.first_inbox
    desk = office.desk(AT)
    steps: dict[str, list[float]] = {
        name: [] for name in ("parse", "screen", "ask", "match", "decide", "compose", "write", "commit")
    }
    db = open_database(f"sqlite:///{path}")
    db.migrate()
    inboxes.first_sight(db, inbox.name, "INBOX", 1, 0, 0, AT)
    for number in range(count):
        raw = make(number)
        arrival = Arrival(inbox.name, AT, "INBOX", 1, number + 1, size=len(raw))
        marks = [time.perf_counter()]
        message = Message.parse(raw, office.signer)
        _ = message.text_hash, message.fingerprint
        marks.append(time.perf_counter())
        seen = Seen(message, inbox, office.council, arrival)
        verdict = screen(seen)
        asked = decide.questions_for(seen, verdict, desk)
        marks.append(time.perf_counter())
        with db.transaction():
            known = facts.gather(db, asked, AT, office.council)
            marks.append(time.perf_counter())
            matching.match(seen, verdict.to, Facts())
            marks.append(time.perf_counter())
            decision = decide.on_message(seen, verdict, known, desk)
            marks.append(time.perf_counter())
            mails = composed(decision.intents, office.templates)
            marks.append(time.perf_counter())
            arrived = arrivals.add_arrival(db, arrival, AT)
            assert arrived is not None
            letter_id = arrivals.add(db, message, arrival, decision, AT, "en")
            arrivals.attach_arrival(db, arrived, letter_id)
            handlers.apply(db, decision.intents, mails, office.council, AT, letter_id=letter_id, arrival=arrival)
            inboxes.move_watermark(db, arrival.inbox, "INBOX", 1, arrival.uid)
            marks.append(time.perf_counter())
        marks.append(time.perf_counter())
        for name, begun, ended in zip(steps, marks, marks[1:], strict=False):
            steps[name].append((ended - begun) * 1_000)
    db.close()
    return {name: round(statistics.median(spans), 3) for name, spans in steps.items()}
