"""
How long reading a letter takes: parse, screen, and the whole decision with its mails, without any server or store.

    .venv/bin/python bench/reading.py [MAILS]

Prints a table and one line of JSON. Ordinary letters: plain, HTML beside text, a photo of 200 KB; each with what mail
servers add. Figures of one machine say little; compare two versions in one run on the same one.
"""

import base64
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from ackbot.casework import decide, matching
from ackbot.casework.model import Arrival, Facts
from ackbot.casework.screening import Seen, screen
from ackbot.config import sample
from ackbot.mail.message import Message
from ackbot.work.intake import written

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
    """Text alone."""
    return _mail(number, "Content-Type: text/plain; charset=utf-8\n\n" + _WORDS)


def html(number: int) -> bytes:
    """Text and the same as HTML, as most clients write."""
    page = "<html><head><style>p {{ margin: 0 }}</style></head><body>" + "".join(
        f"<p class=MsoNormal>{line}</p>" for line in _WORDS.split("\n")
    )
    return _mail(
        number,
        "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n"
        f"{_WORDS}\n--b\nContent-Type: text/html; charset=utf-8\n\n{page}</body></html>\n--b--\n",
    )


def photo(number: int) -> bytes:
    """Text and a picture of 200 KB."""
    return _mail(
        number,
        f"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n{_WORDS}\n--b\nContent-Type: image/jpeg\n"
        f"Content-Disposition: attachment; filename=wall.jpg\nContent-Transfer-Encoding: base64\n\n{_PHOTO}\n--b--\n",
    )


def _mail(number: int, rest: str) -> bytes:
    text = (_HEAD + rest).format(n=number, address=f"p{number}@resident.example")
    return text.replace("\n", "\r\n").encode()


def measured(make: Callable[[int], bytes], count: int) -> dict[str, float]:
    """Median milliseconds of each step for a letter of one shape."""
    office = sample().office
    inbox = next(iter(office.council.inboxes.values()))
    desk = office.desk(AT)
    arrival = Arrival(inbox.name, AT)
    steps: dict[str, list[float]] = {"parse": [], "screen": [], "match": [], "decide": [], "compose": []}
    for number in range(count):
        raw = make(number)
        marks = [time.perf_counter()]
        message = Message.parse(raw, office.signer)
        _ = message.text_hash, message.fingerprint
        marks.append(time.perf_counter())
        seen = Seen(message, inbox, office.council, arrival)
        verdict = screen(seen)
        marks.append(time.perf_counter())
        asked = decide.questions(seen, verdict, desk)
        matching.match(seen, verdict.to, Facts(), office.council, arrival)
        marks.append(time.perf_counter())
        decision = decide.on_message(seen, verdict, asked, Facts(), desk)
        marks.append(time.perf_counter())
        written(decision.intents, office)
        marks.append(time.perf_counter())
        for name, begun, ended in zip(steps, marks, marks[1:], strict=False):
            steps[name].append((ended - begun) * 1_000)
    medians = {name: round(statistics.median(spans), 3) for name, spans in steps.items()}
    return medians | {"parse, screen, match": round(sum(medians[name] for name in ("parse", "screen", "match")), 3)}


def main() -> None:
    """Every shape, warm."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    shapes: dict[str, Callable[[int], bytes]] = {"plain": plain, "HTML beside text": html, "photo of 200 KB": photo}
    for make in shapes.values():
        measured(make, 20)
    figures = {name: measured(make, count) for name, make in shapes.items()}
    columns = list(next(iter(figures.values())))
    print(f"{'median ms a letter':20}" + "".join(f"{name:>22}" for name in columns))
    for name, row in figures.items():
        print(f"{name:20}" + "".join(f"{row[column]:>22.3f}" for column in columns))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
