"""Staff work by replying: what a verified mail of theirs does to its case (behaviour.md §4.2, §4.3)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from ackbot.casework import alarms, handing, notices, presence, proof, replies, sending
from ackbot.casework.asked import Asked, ask, note, said
from ackbot.casework.council import Staff
from ackbot.casework.cover import has_left, is_present, stand_in
from ackbot.casework.intents import (
    ClearClock,
    Close,
    Copies,
    Decision,
    HumanWords,
    Intent,
    KeepWords,
    Record,
    Reopen,
    Wish,
)
from ackbot.casework.model import PURPOSES, Case, Facts
from ackbot.casework.office import Desk
from ackbot.casework.replies import Reading
from ackbot.casework.screening import Seen, Verdict
from ackbot.mail import addresses, answers
from ackbot.mail.addresses import Address
from ackbot.mail.markup import Lines
from ackbot.mail.tokens import Token

_MOST_COPIES = 10
_NOT_REACHED = re.compile(
    r"\b(?:no (?:answer|reply|response)|no ?(?:body|[ -]one) (?:there|in|home|answered|picked up)|rang out|unable to (?:reach|get)|"
    r"not (?:reached|there|in)|voice ?mail|answer(?:ing)?[ -]?(?:phone|machine)|"
    r"(?:did ?n[o'’]?t|did not|could ?n['’]?t|could not) (?:pick up|answer|reach|get through|get hold)|"
    r"left (?:(?:him|her|them) )?(?:a )?message|engaged|wrong number|try again|will call back)\b",
    re.IGNORECASE,
)
_OUTSIDE = frozenset(PURPOSES[kind] for kind in ("new-case", "resident-wrote", "single"))


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
    elif proof.stale(seen):
        intents = _ask_anew(seen, person, case, tokens, reading, facts, desk)
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
) -> Asked:
    inbox = desk.council.inboxes.get(case.inbox, seen.home)
    return Asked(seen, person, case, inbox, _inside(tokens), reading, facts, desk)


def _ask_anew(
    seen: Seen, person: Staff, case: Case | None, tokens: Sequence[Token], reading: Reading, facts: Facts, desk: Desk
) -> list[Intent]:
    """What was written long ago and comes only now is done when they say so again."""
    if case is None:
        return _no_case(seen, person, desk)
    written_on = desk.council.calendar.local_day(seen.message.sent_at or desk.now)
    day = desk.templates.day(desk.council.languages[0], written_on, desk.today)
    problem = f"It was written on {day} and came only now. If it still holds, please write it anew."
    return ask(_asked_of(seen, person, case, tokens, reading, facts, desk), problem)


def _done(asked: Asked) -> list[Intent]:
    """What was asked for; whoever has the case hears it when another person wrote to the resident or closed it."""
    intents = _commanded(asked)
    theirs = asked.person.id in (asked.case.owner, asked.case.cover)
    if theirs or not any(isinstance(one, HumanWords | Close) for one in intents):
        return intents
    return [*intents, _tell_owner(asked, gone=False)]


def _tell_owner(asked: Asked, *, gone: bool) -> Intent:
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


def _commanded(asked: Asked) -> list[Intent]:
    reading = asked.reading
    match reading.command:
        case "NOTE":
            return note(asked, reading.text) if said(asked) else ask(asked, "NOTE needs words below it.")
        case "CLOSE":
            return _close(asked) if said(asked) else ask(asked, "CLOSE needs a reason behind it.")
        case "SEND" | "KEEP":
            return sending.held_words(asked)
        case "PHONED" | "SENT":
            return _answered_elsewhere(asked)
        case "PASS":
            return handing.passed(asked)
        case "TAKE":
            return handing.taken(asked)
        case "SPLIT":
            return handing.split(asked)
        case "QUIET" | "IGNORE":
            return _no_automatic_mail(asked)
        case "CC":
            return _copies(asked)
        case "HELP":
            return ask(asked, "")
        case "" | "unclear" if not answers.unsigned(reading.words):
            return ask(asked, "There were no words of yours in it.")
        case "" if asked.inside:
            return note(asked, reading.words)
        case "AWAY" | "BACK":
            return ask(asked, f"{reading.command} is about no case: write it as the first line of a mail.")
        case _:
            return sending.outward(asked)


def _answered_elsewhere(asked: Asked) -> list[Intent]:
    """PHONED, SENT: the resident was answered by phone, or by a mail from elsewhere, as its owner says."""
    case, person, reading = asked.case, asked.person, asked.reading
    if reading.command == "PHONED" and _NOT_REACHED.search(reading.text):
        return ask(asked, "PHONED is for a call that was answered. NOTE keeps that you tried.")
    phoned = reading.command == "PHONED"
    why = (
        f"{person.name} says: {'spoke to the resident by phone' if phoned else 'wrote to the resident from elsewhere'}"
    )
    clocks = sending.new_clocks(asked, "", "")
    return [
        *([Reopen(case.code, why)] if case.state == "closed" else []),
        KeepWords(case.code, person.id, "note", said(asked), why, reading.command),
        *sending.clocks_after(asked, "", clocks, why),
        HumanWords(case.code, person.id, "answered", why, "phone" if phoned else "elsewhere"),
    ]


def _no_automatic_mail(asked: Asked) -> list[Intent]:
    """QUIET: the resident wants none; IGNORE: a sender who needs none, and whose case is closed. OFF takes it back."""
    case, desk, command = asked.case, asked.desk, asked.reading.command
    words = said(asked)
    off = words.strip(" .").lower() == "off"
    if not case.resident.key:
        return ask(asked, "The resident has no address.")
    if words and not off:
        return ask(asked, f"{command} stands alone, or with OFF behind it.")
    if command == "IGNORE" and not off and case.code in asked.facts.alarmed:
        return ask(asked, "An urgent alarm runs in it. Answer that with TAKE first.")
    why = f"{asked.person.name} wrote {command}{' OFF' if off else ''}"
    what: Literal["quiet", "ignored"] = "quiet" if command == "QUIET" else "ignored"
    intents: list[Intent] = [Wish(case.resident.key, what, "" if off else "yes", why, case.code)]
    if command == "IGNORE" and not off and case.state != "closed":
        intents += [ClearClock(case.code, clock.kind, "withheld", why) for clock in (*case.clocks, *case.paused)]
        intents.append(Close(case.code, why))
    values = {"command": command, "off": off}
    key = f"quiet:{asked.key}"
    return [*intents, notices.ask_back(desk, case, asked.inbox, asked.person, key, "quiet", values, why=why)]


def _copies(asked: Asked) -> list[Intent]:
    """CC: whoever the resident copied gets copies of what the owner writes, from now on and of words below it at once."""
    case, desk, reading = asked.case, asked.desk, asked.reading
    off = reading.argument.strip(" .").lower() == "off"
    if reading.argument and not off:
        return ask(asked, "CC stands alone in its line, or with OFF behind it.")
    copied = () if off else _whom_they_copied(asked)
    if not off and not copied:
        return ask(asked, f"{notices.resident_name(case)} copied nobody.")
    why = f"{asked.person.name} wrote CC{' OFF' if off else ''}"
    intents: list[Intent] = [Copies(case.code, copied, why)]
    if said(replace(asked, reading=replace(reading, argument=""))):
        plain = replace(reading, command="", argument="")
        return [*intents, *sending.outward(replace(asked, reading=plain, case=replace(case, copies=copied)))]
    values = {"copies": list(copied)}
    key = f"copies:{asked.key}"
    return [*intents, notices.ask_back(desk, case, asked.inbox, asked.person, key, "copies", values, why=why)]


def _whom_they_copied(asked: Asked) -> tuple[str, ...]:
    """Addresses in Cc of the resident's letters, our own inboxes and the resident's own apart."""
    council, case = asked.desk.council, asked.case
    copied = [Address("", addr) for raw in asked.facts.copied.get(case.code, ()) for _, addr in addresses.parse(raw)]
    others = (one for one in copied if one.usable and council.inbox_at(one.key) is None)
    return tuple(dict.fromkeys(one.key for one in others if one.key != case.resident.key))[:_MOST_COPIES]


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
        asked = Asked(seen, person, case, inbox, inside, part, facts, desk, done.count(code), not single)
        done.append(code)
        intents += (
            _commanded(asked) if not asked.again else ask(asked, "One line for each case counts, and it had one.")
        )
    return [*intents, *(_no_case(seen, person, desk, "\n".join(strange)) if strange else [])]


def _close(asked: Asked) -> list[Intent]:
    case, why = asked.case, f"{asked.person.name} closed it without a mail"
    kept = KeepWords(case.code, asked.person.id, "note", asked.reading.text, "why it was closed")
    ended = [ClearClock(case.code, clock.kind, "withheld", why) for clock in case.clocks]
    return [kept, *ended, Close(case.code, why)]


def _no_case(seen: Seen, person: Staff, desk: Desk, strange: str = "") -> list[Intent]:
    """An answer to a mail about no single case, without a word that we know, or lines about cases that it did not name."""
    key = f"ask:{seen.message.fingerprint}"
    values = {"their_words": Lines(strange or seen.message.new_text), "strange": bool(strange)}
    return [
        notices.to_staff(desk, person, seen.home, "ask-back", "ask-back-which", key, values, why="about which case?")
    ]
