"""Staff work by replying: what a verified mail of theirs does to its case (behaviour.md §4.2, §4.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

from ackbot.casework import alarms, dates, holds, notices, presence, replies, standards, updates
from ackbot.casework.council import Inbox, Staff
from ackbot.casework.cover import has_left, is_present, stand_in
from ackbot.casework.intents import (
    ClearClock,
    Close,
    Decision,
    DropWords,
    HumanWords,
    Intent,
    KeepWords,
    Record,
    Reopen,
    SetClock,
    TakeAlarm,
)
from ackbot.casework.model import PURPOSES, Case, Clock, Facts, HeldWords
from ackbot.casework.office import Desk
from ackbot.casework.replies import Reading
from ackbot.casework.screening import Seen, Verdict
from ackbot.mail import answers
from ackbot.mail.markup import Lines
from ackbot.mail.message import Attachment
from ackbot.mail.tokens import Token

_HELD_WORD = 8  # characters that name held words in a SEND
ECHOED = 3  # a person's first words to residents, shown back to them
_OUTSIDE = frozenset(PURPOSES[kind] for kind in ("new-case", "resident-wrote", "single"))


@dataclass(frozen=True)
class _Asked:
    """One staff mail at work: who wrote, about which case, and what it says."""

    seen: Seen
    person: Staff
    case: Case
    inbox: Inbox
    inside: bool
    reading: Reading
    facts: Facts
    desk: Desk
    again: int = 0  # lines about the same case before this one, in an answer to a digest

    @property
    def key(self) -> str:
        """What tells this mail, or this line of it, from others, for the keys of what is sent because of it."""
        return f"{self.case.code}:{self.seen.message.fingerprint}" + (f":{self.again}" if self.again else "")


def on_staff(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision | None:
    """
    What a mail of a member of staff does; None when its token was given to somebody else, which makes it a letter
    that is never acknowledged (behaviour.md §4.4, P7).
    """
    person = seen.staff
    tokens = _own_tokens(seen, facts)
    if person is None or not tokens:
        return None
    code = next((token.code for token in tokens if token.code in facts.cases), "")
    case = facts.cases.get(code)
    gone = has_left(person, desk.today)
    if gone and case is None:
        return None
    reading = _reading(seen, facts, desk)
    intents: list[Intent]
    if not seen.message.root.readable:
        intents = []  # it is kept raw, and acted on once it can be read
    elif gone and case is not None:
        intents = [_tell_owner(_asked_of(seen, person, case, tokens, reading, facts, desk), gone=True)]
    elif reading.command in ("AWAY", "BACK"):
        intents = presence.asked(seen, person, reading, desk)
    elif case is None or replies.begins_with_reference(reading, desk.council):
        intents = _by_lines(seen, person, reading, tokens, facts, desk) or _no_case(seen, person, desk)
    else:
        intents = _done(_asked_of(seen, person, case, tokens, reading, facts, desk))
    why = f"{verdict.why} ({reading.command or ('a note' if _inside(tokens) else 'plain words')})"
    record = Record("staff", "event", verdict.rule, acknowledge=False, why=why)
    return Decision(
        "staff", "event", verdict.rule, why, False, verdict.to, (*intents, record), code=code, owner=person.id
    )


def _asked_of(
    seen: Seen, person: Staff, case: Case, tokens: Sequence[Token], reading: Reading, facts: Facts, desk: Desk
) -> _Asked:
    inbox = desk.council.inboxes.get(case.inbox, seen.home)
    return _Asked(seen, person, case, inbox, _inside(tokens), reading, facts, desk)


def _done(asked: _Asked) -> list[Intent]:
    """What was asked for; whoever has the case hears it when another person wrote to the resident or closed it."""
    intents = _commanded(asked)
    theirs = asked.person.id in (asked.case.owner, asked.case.cover)
    if theirs or not any(isinstance(one, HumanWords | Close) for one in intents):
        return intents
    return [*intents, _tell_owner(asked, gone=False)]


def _tell_owner(asked: _Asked, *, gone: bool) -> Intent:
    """Somebody wrote who has the case no more, or works here no more; then it changed nothing (P7)."""
    case, desk, person = asked.case, asked.desk, asked.person
    here = is_present(desk.council, case.in_charge, desk.now)
    found = None if here else stand_in(desk.council, case.owner, case.team, desk.now)
    keeper = desk.council.staff.get(case.in_charge if here else found[0] if found else "")
    why = f"{person.name} {'has left' if gone else 'wrote'}, and somebody else has the case"
    if keeper is None:
        return alarms.no_owner(case, f"{person.name} wrote about it, and nobody is here to read that", desk)
    words = f"{asked.reading.command.replace('unclear', '')} {asked.reading.text}".strip()
    values = {"author": person.name, "gone": gone, "their_words": Lines(words)}
    key = f"another:{asked.key}"
    return notices.ask_back(desk, case, asked.inbox, keeper, key, "another", values, why=why)


def _own_tokens(seen: Seen, facts: Facts) -> list[Token]:
    """Staff tokens that were given to this very person: by reply address, or by a mail of ours that went to them."""
    assert seen.staff is not None  # noqa: S101 - the caller asked
    tagged = [token for token in seen.message.addressed if token.role == "staff" and token.staff == seen.staff.id]
    sent = [
        token
        for token in seen.message.answers
        if token.role == "staff"
        and (ours := facts.ours.get(token.message_id)) is not None
        and ours.staff == seen.staff.id
    ]
    return [*tagged, *sent]


def _inside(tokens: Sequence[Token]) -> bool:
    """Whether words without a command stay inside: as the first token says, which is the reply address where there is one."""
    first = tokens[0]
    return first.inside if not first.message_id else first.purpose not in _OUTSIDE


def _reading(seen: Seen, facts: Facts, desk: Desk) -> Reading:
    fences = [desk.templates.fence(language) for language in desk.council.languages]
    originals = [facts.ours[token.message_id].text for token in seen.message.answers if token.message_id in facts.ours]
    return replies.read(seen.message.text, [one for one in fences if one], "\n".join(originals))


def _commanded(asked: _Asked) -> list[Intent]:
    reading = asked.reading
    match reading.command:
        case "NOTE":
            return _note(asked, reading.text) if reading.text else _ask(asked, "NOTE needs words below it.")
        case "CLOSE":
            return _close(asked) if reading.text else _ask(asked, "CLOSE needs a reason behind it.")
        case "SEND" | "KEEP":
            return _held(asked)
        case "TAKE":
            return [TakeAlarm(asked.case.code, asked.person.id, f"{asked.person.name} is on it")]
        case "HELP":
            return _ask(asked, "")
        case "" | "unclear" if not answers.unsigned(reading.words):
            return _ask(asked, "There were no words of yours in it.")
        case "" if asked.inside:
            return _note(asked, reading.words)
        case _:
            return _outward(asked)


def _by_lines(
    seen: Seen, person: Staff, reading: Reading, tokens: Sequence[Token], facts: Facts, desk: Desk
) -> list[Intent]:
    """
    A digest answered line by line; only for cases that the mail it answers had named to that person (P7).

    A digest of one case is a mail about that case: nothing but that one counts, and a line that is no command asks back.
    """
    single = next((token.code for token in tokens if token.code in facts.cases), "")
    named = (
        [single]
        if single
        else desk.council.codes_in("\n".join(ours.text for ours in facts.ours.values() if ours.staff == person.id))
    )
    inside = not single or _inside(tokens)
    intents: list[Intent] = []
    strange: list[str] = []
    done: list[str] = []
    for code, part in replies.parts(reading, desk.council):
        case = facts.cases.get(code)
        if case is None or code not in named:
            strange.append(f"{desk.council.reference_of(code)} {part.command} {part.text}")
            continue
        inbox = desk.council.inbox_of(case.inbox)
        if not inside and part.command == "":
            part = replace(part, command="unclear")
        asked = _Asked(seen, person, case, inbox, inside, part, facts, desk, done.count(code))
        done.append(code)
        intents += (
            _commanded(asked) if not asked.again else _ask(asked, "One line for each case counts, and it had one.")
        )
    return [*intents, *(_no_case(seen, person, desk, "\n".join(strange)) if strange else [])]


def _note(asked: _Asked, words: str) -> list[Intent]:
    return [KeepWords(asked.case.code, asked.person.id, "note", words, f"{asked.person.name} wrote a note")]


def _close(asked: _Asked) -> list[Intent]:
    case, why = asked.case, f"{asked.person.name} closed it without a mail"
    kept = KeepWords(case.code, asked.person.id, "note", asked.reading.text, "why it was closed")
    ended = [ClearClock(case.code, clock.kind, "withheld", why) for clock in case.clocks]
    return [kept, *ended, Close(case.code, why)]


def _ask(asked: _Asked, problem: str, words: str = "") -> list[Intent]:
    """Nothing is done: they are told why, and what they can write."""
    values = {"problem": problem, "their_words": Lines(words or asked.reading.text)}
    key = f"ask:{asked.key}"
    send = notices.ask_back(
        asked.desk, asked.case, asked.inbox, asked.person, key, "what", values, why="it is not clear what to do"
    )
    return [send]


def _outward(asked: _Asked) -> list[Intent]:
    """Words that a resident is to read: sent, or held and asked about. Fails closed."""
    reading, case = asked.reading, asked.case
    words = reading.text if reading.command != "unclear" else reading.words
    argument = ""
    if reading.command == "MORE":
        found = dates.promised(reading.text, asked.desk.today)
        if found is None:
            return _ask(asked, "The date behind MORE could not be read with certainty.")
        argument, words = found[0].isoformat(), reading.text[found[1] :].lstrip(" \t\n:.,;-–—").rstrip()
    elif not answers.unsigned(words):
        return _ask(asked, f"{reading.command} needs the words that the resident should read.")
    if asked.inside and not _speaks(asked):
        return _ask(asked, "This mail was for you to know, and no words went out: the case is not yours.")
    if not case.resident.addr or case.unreachable:
        return _ask(asked, "The resident cannot be reached by email.")
    if asked.inbox.mode in ("shadow", "staff"):
        kept = KeepWords(case.code, asked.person.id, "note", words, "the inbox is being tried out")
        return [kept, *_ask(asked, "This inbox is being tried out, so your words were not sent.", words)]
    reasons = holds.holds(reading, words, asked.seen, case, asked.desk.council) if words else []
    if reading.command == "unclear":
        reasons.insert(0, "it begins like a command and is none")
    if reading.command == "" and asked.desk.council.plain_reply == "confirm":
        reasons.insert(0, "your council asks before plain words go out")
    command = "" if reading.command == "unclear" else reading.command
    if reasons:
        return _hold(asked, command, argument, words, reasons)
    return _send(asked, command, argument, words, holds.files(asked.seen), 0, f"human:{asked.key}")


def _speaks(asked: _Asked) -> bool:
    """Whether a command in a mail that stays inside may send words: only for whoever has the case."""
    return asked.person.id in (asked.case.owner, asked.case.cover)


def _hold(asked: _Asked, command: str, argument: str, words: str, reasons: list[str]) -> list[Intent]:
    key = f"held:{asked.key}"
    asked_by = asked.desk.message_id(key, asked.case.code, "ask-back", "staff", asked.inbox.address)
    why = f"held: {reasons[0]}"
    files = holds.files(asked.seen)
    kept = KeepWords(
        asked.case.code, asked.person.id, "held", words, why, command, argument, asked_by=asked_by, files=files
    )
    return [kept, _ask_to_send(asked, key, asked_by, words, reasons)]


def _ask_to_send(asked: _Asked, key: str, asked_by: str, words: str, reasons: list[str]) -> Intent:
    """Whether held words may go; the links name them, and how the case stood when this was asked."""
    word = held_word(asked_by) + _standing(asked.case)
    values = {
        "reasons": reasons,
        "their_words": Lines(words),
        "word": word,
        "send": notices.inside_link(asked.desk, asked.case, asked.inbox, asked.person, f"SEND {word}"),
        "keep": notices.inside_link(asked.desk, asked.case, asked.inbox, asked.person, f"KEEP {word}"),
    }
    why = f"held: {reasons[0]}"
    return notices.ask_back(asked.desk, asked.case, asked.inbox, asked.person, key, "held", values, why=why)


def held_word(asked_by: str) -> str:
    """What SEND and KEEP name held words by: the unique part of the Message-ID that asked about them."""
    return asked_by.partition("@")[0].rpartition(".")[2][:_HELD_WORD].lower()


def _standing(case: Case) -> str:
    """A short word for whether the case is closed and when a person last wrote: another one when either has changed."""
    return sha256(f"{case.state == 'closed'} {case.human_words_at}".encode()).hexdigest()[:4]


def _held(asked: _Asked) -> list[Intent]:
    """
    SEND or KEEP: the words that the mail answers, or its command names; without either, the only ones that wait.

    What was asked before somebody wrote to the resident, or closed the case, is asked once more.
    """
    mine = [one for one in asked.facts.held if one.code == asked.case.code]
    word = asked.reading.argument.strip(" .").lower()
    answered = [one for one in mine if one.asked_by in {token.message_id for token in asked.seen.message.answers}]
    found = [one for one in mine if word and held_word(one.asked_by) == word[:_HELD_WORD]] or (
        answered or mine if not word else []
    )
    if len(found) != 1:
        return _ask(asked, "No words of yours wait here." if not found else "Several of your words wait here.")
    held = found[0]
    if asked.reading.command == "KEEP":
        dropped = DropWords(held.id, held.code, "kept", f"{asked.person.name} keeps them inside")
        return [dropped, *_note(asked, held.words)]
    if held.command == "MORE" and date.fromisoformat(held.argument) <= asked.desk.today:
        return _ask(asked, "Their date has passed, so they were not sent. Write MORE with a new date.", held.words)
    now_named = held_word(held.asked_by) + _standing(asked.case)
    if not any(now_named in text for text in (word, *(ours.text for ours in asked.facts.ours.values()))):
        closed = asked.case.state == "closed"
        reason = "the case was closed since, and they would open it again" if closed else "somebody has written since"
        return [_ask_to_send(asked, f"held:{asked.key}", held.asked_by, held.words, [reason])]
    dropped = DropWords(held.id, held.code, "sent", f"{asked.person.name} sends them")
    sent = _send(asked, held.command, held.argument, held.words, held.files, held.letter_id, f"human:{_name(held)}")
    return [dropped, *sent]


def _name(held: HeldWords) -> str:
    return f"{held.code}:{held.asked_by}"


def _send(
    asked: _Asked, command: str, argument: str, words: str, files: tuple[Attachment, ...], files_of: int, key: str
) -> list[Intent]:
    """The words go out, and the clocks know that a person wrote (D69)."""
    case, desk, person = asked.case, asked.desk, asked.person
    why = f"{person.name} wrote to the resident" + (f" ({command})" if command else "")
    clocks = _new_clocks(asked, command, argument)
    next_on = min((clock.promised_on for clock in clocks if clock.kind != "settle"), default=None)
    intents: list[Intent] = [Reopen(case.code, why)] if case.state == "closed" else []
    intents.append(
        updates.human(desk, case, person, key, words, next_on=next_on, files=files, files_of=files_of, why=why)
    )
    set_anew = {clock.kind for clock in clocks}
    if command in ("UPDATE", "MORE"):
        ended = [clock for clock in case.clocks if clock.kind == "name-owner" or clock.promised_on <= desk.today]
    else:
        ended = list(case.clocks)
    intents += [ClearClock(case.code, one.kind, "kept", why) for one in ended if one.kind not in set_anew]
    intents += [SetClock(case.code, clock, why) for clock in clocks]
    state = "closed" if command == "DONE" else "open" if command in ("UPDATE", "MORE") else "answered"
    intents.append(HumanWords(case.code, person.id, state, why))  # type: ignore[arg-type] # a Literal in three branches
    if asked.facts.human_sent < ECHOED:
        values = {"their_words": Lines(words), "next_on": next_on, "files": [one.name for one in files]}
        intents.append(
            notices.ask_back(
                desk,
                case,
                asked.inbox,
                person,
                f"echo:{key}",
                "echo",
                values,
                why="their first words are shown to them",
            )
        )
    return intents


def _new_clocks(asked: _Asked, command: str, argument: str) -> list[Clock]:
    """What is promised from now on: after an answer only that we ask whether it settled the matter."""
    case, desk, inbox = asked.case, asked.desk, asked.inbox
    standard = desk.council.standards.get(case.standard, desk.council.default_standard)
    if command == "DONE":
        return []
    if command == "MORE":
        day = date.fromisoformat(argument)
        named = standards.on_day("update", day, inbox)
        earlier = [clock for clock in case.clocks if clock.kind == "answer" and clock.promised_on < named.promised_on]
        return [named, *(replace(named, kind="answer") for _ in earlier)]
    if command == "UPDATE":
        update = standards.next_update(standard, inbox, desk.council, desk.now)
        return [update] if update else []
    return [standards.clock_of("settle", standard.settle_after, desk.now, standard, inbox, desk.council)]


def _no_case(seen: Seen, person: Staff, desk: Desk, strange: str = "") -> list[Intent]:
    """An answer to a mail about no single case, without a word that we know, or lines about cases that it did not name."""
    key = f"ask:{seen.message.fingerprint}"
    values = {"their_words": Lines(strange or seen.message.new_text), "strange": bool(strange)}
    return [
        notices.to_staff(desk, person, seen.home, "ask-back", "ask-back-which", key, values, why="about which case?")
    ]
