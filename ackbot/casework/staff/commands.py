"""Staff work by replying: what a verified mail of theirs does to its case (behaviour.md §4.2, §4.3)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from ackbot.casework.council import Staff
from ackbot.casework.cover import has_left, is_present, stand_in
from ackbot.casework.drafts import to_admin, to_staff
from ackbot.casework.incoming import staff_proof
from ackbot.casework.incoming.screening import Seen, Verdict
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
from ackbot.casework.staff import away_back, handover, words_out
from ackbot.casework.staff.reading import Reading, begins_with_reference, parts, read
from ackbot.casework.staff.request import Request, ask, note, said
from ackbot.mail import addresses, replies
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
    elif staff_proof.stale(seen):
        intents = _ask_anew(seen, person, case, tokens, reading, facts, desk)
    elif reading.command in ("AWAY", "BACK"):
        intents = away_back.request(seen, person, reading, desk)
    elif case is None or begins_with_reference(reading, desk.council):
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
) -> Request:
    inbox = desk.council.inboxes.get(case.inbox, seen.home)
    return Request(seen, person, case, inbox, _inside(tokens), reading, facts, desk)


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


def _done(request: Request) -> list[Intent]:
    """What was request for; whoever has the case hears it when another person wrote to the resident or closed it."""
    intents = _commanded(request)
    theirs = request.person.id in (request.case.owner, request.case.cover)
    if theirs or not any(isinstance(one, HumanWords | Close) for one in intents):
        return intents
    return [*intents, _tell_owner(request, gone=False)]


def _tell_owner(request: Request, *, gone: bool) -> Intent:
    """Somebody wrote who has the case no more, or works here no more; then it changed nothing (P7)."""
    case, desk, person = request.case, request.desk, request.person
    here = is_present(desk.council, case.in_charge, desk.now)
    found = None if here else stand_in(desk.council, case.owner, case.team, desk.now)
    keeper = desk.council.staff.get(case.in_charge if here else found[0] if found else "")
    why = f"{person.name} {'has left' if gone else 'wrote'}, and somebody else has the case"
    if keeper is None:
        return to_admin.no_owner(case, f"{person.name} wrote about it, and nobody is here to read that", desk)
    words = f"{request.reading.command.replace('unclear', '')} {request.reading.text}".strip()
    values = {"author": person.name, "gone": gone, "their_words": Lines(words)}
    key = f"another:{request.key}"
    return to_staff.ask_back(desk, case, request.inbox, keeper, key, "another", values, why=why)


def _own_tokens(seen: Seen, facts: Facts) -> list[Token]:
    """Staff tokens that were given to this very person: by reply address, or by a mail of ours that went to them."""
    assert seen.staff is not None  # noqa: S101 - the caller request
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
    return read(seen.message.text, [one for one in fences if one], "\n".join(originals))


def _commanded(request: Request) -> list[Intent]:
    reading = request.reading
    match reading.command:
        case "NOTE":
            return note(request, reading.text) if said(request) else ask(request, "NOTE needs words below it.")
        case "CLOSE":
            return _close(request) if said(request) else ask(request, "CLOSE needs a reason behind it.")
        case "SEND" | "KEEP":
            return words_out.send_or_keep(request)
        case "PHONED" | "SENT":
            return _answered_elsewhere(request)
        case "PASS":
            return handover.passed(request)
        case "TAKE":
            return handover.taken(request)
        case "SPLIT":
            return handover.split(request)
        case "QUIET" | "IGNORE":
            return _no_automatic_mail(request)
        case "CC":
            return _copies(request)
        case "HELP":
            return ask(request, "")
        case "" | "unclear" if not replies.unsigned(reading.words):
            return ask(request, "There were no words of yours in it.")
        case "" if request.inside:
            return note(request, reading.words)
        case "AWAY" | "BACK":
            return ask(request, f"{reading.command} is about no case: write it as the first line of a mail.")
        case _:
            return words_out.outward(request)


def _answered_elsewhere(request: Request) -> list[Intent]:
    """PHONED, SENT: the resident was answered by phone, or by a mail from elsewhere, as its owner says."""
    case, person, reading = request.case, request.person, request.reading
    if reading.command == "PHONED" and _NOT_REACHED.search(reading.text):
        return ask(request, "PHONED is for a call that was answered. NOTE keeps that you tried.")
    phoned = reading.command == "PHONED"
    why = (
        f"{person.name} says: {'spoke to the resident by phone' if phoned else 'wrote to the resident from elsewhere'}"
    )
    clocks = words_out.new_clocks(request, "", "")
    return [
        *([Reopen(case.code, why=why)] if case.state == "closed" else []),
        KeepWords(case.code, person.id, "note", said(request), reading.command, why=why),
        *words_out.clocks_after(request, "", clocks, why),
        HumanWords(case.code, person.id, "answered", "phone" if phoned else "elsewhere", why=why),
    ]


def _no_automatic_mail(request: Request) -> list[Intent]:
    """QUIET: the resident wants none; IGNORE: a sender who needs none, and whose case is closed. OFF takes it back."""
    case, desk, command = request.case, request.desk, request.reading.command
    words = said(request)
    off = words.strip(" .").lower() == "off"
    if not case.resident.key:
        return ask(request, "The resident has no address.")
    if words and not off:
        return ask(request, f"{command} stands alone, or with OFF behind it.")
    if command == "IGNORE" and not off and case.code in request.facts.alarmed:
        return ask(request, "An urgent alarm runs in it. Answer that with TAKE first.")
    why = f"{request.person.name} wrote {command}{' OFF' if off else ''}"
    what: Literal["quiet", "ignored"] = "quiet" if command == "QUIET" else "ignored"
    intents: list[Intent] = [Wish(case.resident.key, what, "" if off else "yes", code=case.code, why=why)]
    if command == "IGNORE" and not off and case.state != "closed":
        intents += [ClearClock(case.code, clock.kind, "withheld", why=why) for clock in (*case.clocks, *case.paused)]
        intents.append(Close(case.code, why=why))
    values = {"command": command, "off": off}
    key = f"quiet:{request.key}"
    return [*intents, to_staff.ask_back(desk, case, request.inbox, request.person, key, "quiet", values, why=why)]


def _copies(request: Request) -> list[Intent]:
    """CC: whoever the resident copied gets copies of what the owner writes, from now on and of words below it at once."""
    case, desk, reading = request.case, request.desk, request.reading
    off = reading.argument.strip(" .").lower() == "off"
    if reading.argument and not off:
        return ask(request, "CC stands alone in its line, or with OFF behind it.")
    copied = () if off else _whom_they_copied(request)
    if not off and not copied:
        return ask(request, f"{to_staff.resident_name(case)} copied nobody.")
    why = f"{request.person.name} wrote CC{' OFF' if off else ''}"
    intents: list[Intent] = [Copies(case.code, copied, why=why)]
    if said(replace(request, reading=replace(reading, argument=""))):
        plain = replace(reading, command="", argument="")
        return [*intents, *words_out.outward(replace(request, reading=plain, case=replace(case, copies=copied)))]
    values = {"copies": list(copied)}
    key = f"copies:{request.key}"
    return [*intents, to_staff.ask_back(desk, case, request.inbox, request.person, key, "copies", values, why=why)]


def _whom_they_copied(request: Request) -> tuple[str, ...]:
    """Addresses in Cc of the resident's letters, our own inboxes and the resident's own apart."""
    council, case = request.desk.council, request.case
    copied = [Address("", addr) for raw in request.facts.copied.get(case.code, ()) for _, addr in addresses.parse(raw)]
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
    for code, part in parts(reading, desk.council):
        case = facts.cases.get(code)
        if case is None or code not in named:
            strange.append(f"{desk.council.reference_of(code)} {part.command} {part.text}")
            continue
        inbox = desk.council.inbox_of(case.inbox)
        if not inside and part.command == "":
            part = replace(part, command="unclear")
        request = Request(seen, person, case, inbox, inside, part, facts, desk, done.count(code), not single)
        done.append(code)
        intents += (
            _commanded(request) if not request.again else ask(request, "One line for each case counts, and it had one.")
        )
    return [*intents, *(_no_case(seen, person, desk, "\n".join(strange)) if strange else [])]


def _close(request: Request) -> list[Intent]:
    case, why = request.case, f"{request.person.name} closed it without a mail"
    kept = KeepWords(case.code, request.person.id, "note", request.reading.text, why="why it was closed")
    ended = [ClearClock(case.code, clock.kind, "withheld", why=why) for clock in case.clocks]
    return [kept, *ended, Close(case.code, why=why)]


def _no_case(seen: Seen, person: Staff, desk: Desk, strange: str = "") -> list[Intent]:
    """An answer to a mail about no single case, without a word that we know, or lines about cases that it did not name."""
    key = f"ask:{seen.message.fingerprint}"
    values = {"their_words": Lines(strange or seen.message.new_text), "strange": bool(strange)}
    return [
        to_staff.to_staff(desk, person, seen.home, "ask-back", "ask-back-which", key, values, why="about which case?")
    ]
