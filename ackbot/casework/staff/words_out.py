"""Sends words of staff to a resident, and sets the clocks accordingly (behaviour.md §4.2, §4.3, P6)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Literal

from ackbot.casework import keys, standards
from ackbot.casework.cover import second_day_at_work
from ackbot.casework.drafts import kinds, persons_words
from ackbot.casework.intents import ClearClock, HumanWords, Intent, PauseClock, Reopen, Send, SetClock
from ackbot.casework.model import Case, Clock
from ackbot.casework.staff import announced, meant, others
from ackbot.casework.staff.request import Request, answered, heard, unsigned
from ackbot.casework.worktime import Duration
from ackbot.mail import debris
from ackbot.mail.markup import Lines
from ackbot.mail.plain import Attachment

ECHOED = 3  # a person's first mails to residents are shown to that person as the resident sees them
ASKED_AGAIN = Duration(5, "working days")  # how long a resident may leave a question unanswered before we ask again
_OVER = frozenset({"name-owner", "waiting", "settle"})  # clocks that end when a person writes anything
_STATES: Mapping[str, Literal["open", "waiting", "answered", "closed"]] = MappingProxyType(
    {"DONE": "closed", "UPDATE": "open", "MORE": "open", "ASK": "waiting"}
)
_ABOVE = 5  # words above a picture by which its place is found
_DECORATION = re.compile(r"(?:logo|signature|banner|crest|icon|footer)", re.IGNORECASE)
_MAIL_FILE = re.compile(r"\.(?:eml|msg|oft|mht|mhtml|mbox)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WordsOut:
    """
    Words for the resident, sent now or when their author confirms them.

    Args:
        command: the command that sends them; "" for a plain answer.
        argument: the date of MORE, ISO 8601; "" for other commands.
        files: attachments that are sent with the words.
        files_of: the row of the letter that has the files; 0 for the letter that is being decided.
    """

    command: str
    argument: str
    words: str
    files: tuple[Attachment, ...]
    files_of: int = 0


def send(request: Request, out: WordsOut, key: keys.Key, *, shown: bool = False) -> list[Intent]:
    """
    Send the words, and set the clocks, because a person has written (D69).

    Args:
        key: identifies these words, so that a second SEND of the same words sends nothing.
        shown: the writer reads them as they went out, however often they wrote before.
    """
    if out.command == others.TO:
        them = others.to_them(request, others.of_argument(out.argument))
        return others.send(them, out.words, out.files, out.files_of, key)
    case, desk, person = request.case, request.desk, request.person
    why = f"{person.name} wrote to the resident" + (f" ({out.command})" if out.command else "")
    news = out.command == "" and case.state == "open" and announced.only(unsigned(request, out.words))
    command = "UPDATE" if news else out.command
    clocks = new_clocks(request, command, out.argument)
    if news and any(clock.told and clock.promised_on > desk.today for clock in case.clocks):
        clocks = []  # what was promised stays; an announcement promises nothing else (behaviour.md §3.4)
    next_on = min((clock.promised_on for clock in clocks if clock.told), default=None)
    letter = _as_letter(request, out)
    sent = persons_words.human(
        desk, case, person, key, letter.words, next_on=next_on, why=why, greet=letter.greet, sign=letter.sign
    )
    sent = persons_words.with_files(sent, out.files, out.files_of)
    intents: list[Intent] = [
        *([Reopen(case.code, why=why)] if case.state == "closed" else []),
        sent,
        *persons_words.copies(desk, case, sent, "whom the resident copied"),
        *clocks_after(request, command, clocks, why),
        HumanWords(case.code, person.id, _STATES.get(command, "answered"), why=why),
    ]
    # Somebody new to this sees what the resident reads, until they trust it.
    # Of an address that was refused nobody reads "this went to" (E89).
    if shown or news or (request.facts.human_sent < ECHOED and not case.unreachable):
        values = {
            "their_words": Lines(letter.words),
            "next_on": next_on,
            "files": [one.name for one in out.files],
            "instead": shown,
            "news": news,
            "other": False,
        }
        why = "their words are shown to them"
        intents.append(answered(request, "echo", keys.echo(key), values, why=why))
    return intents


@dataclass(frozen=True, slots=True)
class _Letter:
    """Words as the resident reads them, and whether our greeting and the writer's name go with them."""

    words: str
    greet: bool
    sign: bool


def _as_letter(request: Request, out: WordsOut) -> _Letter:
    """
    The words behind a command as a mail: with our greeting and a capital where they have no greeting, with the writer's name
    where they have none (E43). Words without a command go as they are (P6).
    """
    if out.command in ("", "CC") or not out.words:
        return _Letter(out.words, greet=False, sign=False)
    greet = not meant.addresses(out.words, heard(request))
    words = out.words[:1].upper() + out.words[1:] if greet else out.words
    lines = [line for line in out.words.split("\n") if line.strip()]
    return _Letter(words, greet, sign=len(unsigned(request, out.words).split("\n")) == len(lines))


def in_mails(intents: Sequence[Intent]) -> Lines | None:
    """The words that go to the resident by these intents; None if none do."""
    sent = (
        one.draft.values["words"] for one in intents if isinstance(one, Send) and one.draft.kind == kinds.HUMAN.kind
    )
    return next(sent, None)


def clocks_after(request: Request, command: str, clocks: Sequence[Clock], why: str) -> list[Intent]:
    """The changes of clocks after a person wrote in a case: which end, which pause, and which begin."""
    case, desk = request.case, request.desk
    set_anew = {clock.kind for clock in clocks}
    standard = desk.council.standard_of(case.standard)
    paused: list[Clock] = []
    match command:
        case "UPDATE" | "MORE":
            # News is not an answer, so a promised date that is still ahead remains.
            ended = [clock for clock in case.clocks if clock.kind in _OVER or clock.promised_on <= desk.today]
        case "ASK":
            ended = [clock for clock in case.clocks if clock.kind != "answer"]
            paused = [clock for clock in case.clocks if clock.kind == "answer" and standard.pausable]
        case _:
            ended = [*case.clocks, *case.paused]
    return [
        *(ClearClock(case.code, clock.kind, "kept", why=why) for clock in ended if clock.kind not in set_anew),
        *(PauseClock(case.code, clock.kind, why=why) for clock in paused),
        *(SetClock(case.code, clock, why=why) for clock in clocks),
    ]


def new_clocks(request: Request, command: str, argument: str) -> list[Clock]:
    """
    The clocks that start now that a person wrote.

    After an answer we only ask later whether it settled the matter. After a question we ask it again. Clocks that were paused
    while the resident was asked go on.
    """
    case, desk, inbox = request.case, request.desk, request.inbox
    standard = desk.council.standard_of(case.standard)
    if command == "DONE":
        return []
    if command == "ASK":
        return [standards.clock_of("waiting", ASKED_AGAIN, desk.now, standard, inbox, desk.council)]
    going_on = standards.resumed(case, desk.council, desk.now)
    if command == "MORE":
        return _one_date(standards.on_day("update", date.fromisoformat(argument), inbox), case, going_on)
    if command == "UPDATE":
        update = standards.next_update(standard, inbox, desk.council, desk.now)
        if update is None:
            return going_on
        update = standards.no_later(update, [*case.clocks, *going_on], desk.today)
        # Words that name no date give their author two days at work to keep it (E82).
        soonest = second_day_at_work(desk.council, request.person.id, desk.today)
        if update.promised_on < soonest:
            update = standards.on_day("update", soonest, inbox)
        return _one_date(update, case, going_on)
    return [standards.clock_of("settle", standard.settle_after, desk.now, standard, inbox, desk.council)]


def _one_date(update: Clock, case: Case, going_on: list[Clock]) -> list[Clock]:
    """The clocks with that date. One later than that of the answer moves it too: the resident hears of one date only."""
    answers = [clock for clock in (*case.clocks, *going_on) if clock.kind == "answer"]
    beyond = any(clock.promised_on < update.promised_on for clock in answers)
    return [update, *([replace(update, kind="answer")] if beyond else going_on)]


def files(request: Request) -> tuple[Attachment, ...]:
    """
    The attachments to send with the words: files, and pictures that stand in the words; no mails, and nothing of a signature or
    of a quotation (E41).

    Uuencoded files have no IMAP section to fetch; they stand in the text itself.
    """
    return tuple(
        one
        for one in request.seen.message.attachments
        if one.section
        and not is_mail(one)
        and (not one.content_type.startswith("image/") or _stands_in_words(request, one))
    )


def _stands_in_words(request: Request, picture: Attachment) -> bool:
    """
    Whether a picture belongs to the words and not to the signature below them or to the quotation.

    The text shows where it stands by its Content-ID or its name; or else the HTML does by the words above it. A picture that
    the HTML does not show was put in as a file, as phones do.
    """
    whole = request.reading.whole
    said = debris.folded(whole).split()
    end = len(debris.folded(unsigned(request, whole)).split())
    known = {one.casefold() for one in (picture.identity, picture.name) if one}
    places = [len(debris.folded(whole[:at]).split()) for name, at in request.reading.pictures if name in known]
    if not places and not picture.shown:
        return not (picture.identity and _DECORATION.match(picture.name))
    if not places and picture.above:
        above = picture.above.split()[-_ABOVE:]
        places = [at for at in range(len(above), len(said) + 1) if said[at - len(above) : at] == above][:1]
    return any(at <= end for at in places) and bool(said)


def is_mail(file: Attachment) -> bool:
    """Whether a file is a mail, judged by its type or its name."""
    kind = file.content_type
    return kind.startswith("message/") or "rfc822" in kind or "ms-outlook" in kind or bool(_MAIL_FILE.search(file.name))
