"""Words of staff that a resident is to read: sent, or held until their sender was request (behaviour.md §4.2, P6)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256
from types import MappingProxyType
from typing import Literal

from ackbot.casework import dates, standards
from ackbot.casework.drafts import to_resident, to_staff
from ackbot.casework.intents import ClearClock, DropWords, HumanWords, Intent, KeepWords, PauseClock, Reopen, SetClock
from ackbot.casework.model import Case, Clock, HeldWords
from ackbot.casework.staff import held_words
from ackbot.casework.staff.request import Request, ask, note, speaks
from ackbot.casework.worktime import Duration
from ackbot.mail import replies
from ackbot.mail.markup import Lines
from ackbot.mail.message import Attachment

_HELD_WORD = 8  # characters that name held words in a SEND
ECHOED = 3  # a person's first words to residents, shown back to them
ASKED_AGAIN = Duration(5, "working days")  # after a question, while the resident does not answer
_OVER = frozenset({"name-owner", "waiting", "settle"})  # clocks that any word of a person ends
_STATES: Mapping[str, Literal["open", "waiting", "answered", "closed"]] = MappingProxyType(
    {"DONE": "closed", "UPDATE": "open", "MORE": "open", "ASK": "waiting"}
)


def outward(request: Request) -> list[Intent]:
    """Words that a resident is to read: sent, or held and request about. Fails closed."""
    reading, case = request.reading, request.case
    words = reading.text if reading.command != "unclear" else reading.words
    argument = ""
    if reading.command == "MORE":
        found = dates.promised(reading.text, request.desk.today)
        if found is None:
            return ask(request, "The date behind MORE could not be read with certainty.")
        argument, words = found[0].isoformat(), reading.text[found[1] :].lstrip(" \t\n:.,;-–—").rstrip()
    elif not replies.unsigned(words):
        return ask(request, f"{reading.command} needs the words that the resident should read.")
    if request.inside and not speaks(request):
        return ask(request, "This mail was for you to know, and no words went out: the case is not yours.")
    if not case.resident.addr or case.unreachable:
        return ask(request, "The resident cannot be reached by email.")
    if request.inbox.mode in ("shadow", "staff"):
        kept = KeepWords(case.code, request.person.id, "note", words, why="the inbox is being tried out")
        return [kept, *ask(request, "This inbox is being tried out, so your words were not sent.", words)]
    reasons = held_words.holds(reading, words, request.seen, case, request.desk.council) if words else []
    if reading.command == "unclear":
        reasons.insert(0, "it begins like a command and is none")
    if reading.command == "" and request.desk.council.plain_reply == "confirm":
        reasons.insert(0, "your council asks before plain words go out")
    command = "" if reading.command == "unclear" else reading.command
    if reasons:
        return _hold(request, command, argument, words, reasons)
    return _send(request, command, argument, words, held_words.files(request.seen), 0, f"human:{request.key}")


def _hold(request: Request, command: str, argument: str, words: str, reasons: list[str]) -> list[Intent]:
    key = f"held:{request.key}"
    asked_by = request.desk.message_id(key, request.case.code, "ask-back", "staff", request.inbox.address)
    why = f"held: {reasons[0]}"
    files = held_words.files(request.seen)
    kept = KeepWords(
        request.case.code, request.person.id, "held", words, command, argument, asked_by=asked_by, files=files, why=why
    )
    return [kept, _ask_to_send(request, key, asked_by, words, reasons)]


def _ask_to_send(request: Request, key: str, asked_by: str, words: str, reasons: list[str]) -> Intent:
    """Whether held words may go; the links name them, and how the case stood when this was request."""
    word = held_word(asked_by) + _standing(request.case)
    values = {
        "reasons": reasons,
        "their_words": Lines(words),
        "word": word,
        "send": to_staff.inside_link(request.desk, request.case, request.inbox, request.person, f"SEND {word}"),
        "keep": to_staff.inside_link(request.desk, request.case, request.inbox, request.person, f"KEEP {word}"),
    }
    why = f"held: {reasons[0]}"
    return to_staff.ask_back(request.desk, request.case, request.inbox, request.person, key, "held", values, why=why)


def held_word(asked_by: str) -> str:
    """What SEND and KEEP name held words by: the unique part of the Message-ID that request about them."""
    return asked_by.partition("@")[0].rpartition(".")[2][:_HELD_WORD].lower()


def _standing(case: Case) -> str:
    """A short word for whether the case is closed and when a person last wrote: another one when either has changed."""
    return sha256(f"{case.state == 'closed'} {case.human_words_at}".encode()).hexdigest()[:4]


def send_or_keep(request: Request) -> list[Intent]:
    """
    SEND or KEEP: the words that the mail answers, or its command names; without either, the only ones that wait.

    What was request before somebody wrote to the resident, or closed the case, is request once more.
    """
    mine = [one for one in request.facts.held if one.code == request.case.code]
    word = request.reading.argument.strip(" .").lower()
    answered = [one for one in mine if one.asked_by in {token.message_id for token in request.seen.message.answers}]
    found = [one for one in mine if word and held_word(one.asked_by) == word[:_HELD_WORD]] or (
        answered or mine if not word else []
    )
    if len(found) != 1:
        return ask(request, "No words of yours wait here." if not found else "Several of your words wait here.")
    held = found[0]
    if request.reading.command == "KEEP":
        dropped = DropWords(held.code, held.id, "kept", why=f"{request.person.name} keeps them inside")
        return [dropped, *note(request, held.words)]
    if held.command == "MORE" and date.fromisoformat(held.argument) <= request.desk.today:
        return ask(request, "Their date has passed, so they were not sent. Write MORE with a new date.", held.words)
    now_named = held_word(held.asked_by) + _standing(request.case)
    if not any(now_named in text for text in (word, *(ours.text for ours in request.facts.ours.values()))):
        closed = request.case.state == "closed"
        reason = "the case was closed since, and they would open it again" if closed else "somebody has written since"
        return [_ask_to_send(request, f"held:{request.key}", held.asked_by, held.words, [reason])]
    dropped = DropWords(held.code, held.id, "sent", why=f"{request.person.name} sends them")
    sent = _send(request, held.command, held.argument, held.words, held.files, held.letter_id, f"human:{_name(held)}")
    return [dropped, *sent]


def _name(held: HeldWords) -> str:
    return f"{held.code}:{held.asked_by}"


def _send(
    request: Request, command: str, argument: str, words: str, files: tuple[Attachment, ...], files_of: int, key: str
) -> list[Intent]:
    """The words go out, and the clocks know that a person wrote (D69)."""
    case, desk, person = request.case, request.desk, request.person
    why = f"{person.name} wrote to the resident" + (f" ({command})" if command else "")
    clocks = new_clocks(request, command, argument)
    next_on = min((clock.promised_on for clock in clocks if clock.told), default=None)
    intents: list[Intent] = [Reopen(case.code, why=why)] if case.state == "closed" else []
    sent = to_resident.human(desk, case, person, key, words, next_on=next_on, files=files, files_of=files_of, why=why)
    intents += [sent, *to_resident.copies(desk, case, sent, "whom the resident copied")]
    intents += clocks_after(request, command, clocks, why)
    intents.append(HumanWords(case.code, person.id, _STATES.get(command, "answered"), why=why))
    if request.facts.human_sent < ECHOED:
        values = {"their_words": Lines(words), "next_on": next_on, "files": [one.name for one in files]}
        intents.append(
            to_staff.ask_back(
                desk,
                case,
                request.inbox,
                person,
                f"echo:{key}",
                "echo",
                values,
                why="their first words are shown to them",
            )
        )
    return intents


def clocks_after(request: Request, command: str, clocks: Sequence[Clock], why: str) -> list[Intent]:
    """The clocks of a case in which a person has just written: those that end, stand still, and begin."""
    case, desk = request.case, request.desk
    set_anew = {clock.kind for clock in clocks}
    standard = desk.council.standards.get(case.standard, desk.council.default_standard)
    paused: list[Clock] = []
    match command:
        case "UPDATE" | "MORE":
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
    What is promised from now on: after an answer only that we ask whether it settled the matter, and after a question
    that it is request again. What stood still while the resident was request runs on.
    """
    case, desk, inbox = request.case, request.desk, request.inbox
    standard = desk.council.standards.get(case.standard, desk.council.default_standard)
    if command == "DONE":
        return []
    if command == "ASK":
        return [standards.clock_of("waiting", ASKED_AGAIN, desk.now, standard, inbox, desk.council)]
    going_on = standards.resumed(case, inbox, desk.council, desk.now)
    if command == "MORE":
        day = date.fromisoformat(argument)
        named = standards.on_day("update", day, inbox)
        answers_by = [clock for clock in (*case.clocks, *going_on) if clock.kind == "answer"]
        earlier = any(clock.promised_on < named.promised_on for clock in answers_by)
        return [named, *([replace(named, kind="answer")] if earlier else going_on)]
    if command == "UPDATE":
        update = standards.next_update(standard, inbox, desk.council, desk.now)
        if update is None:
            return going_on
        return [standards.no_later(update, [*case.clocks, *going_on], desk.today), *going_on]
    return [standards.clock_of("settle", standard.settle_after, desk.now, standard, inbox, desk.council)]
