"""
What reached a member of staff and is passed on to one of our inboxes is a letter to us: a mail that they forward, a call or a
visit that they write down (behaviour.md §4.7, §4.8).

Each mail inside a forward of a verified colleague is judged like a mail of its own: whether a machine wrote it, whether its
writer may be answered, whose case it is. But nothing in it is proven: anybody can have written to the colleague in anybody's
name, and whoever forwards a mail can edit it.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from ackbot.casework import decide, elsewhere, keys
from ackbot.casework.council import Council, Staff
from ackbot.casework.cover import has_left
from ackbot.casework.drafts import names, to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.casework.incoming import chains, staff_proof
from ackbot.casework.incoming.passed import PassedOn
from ackbot.casework.incoming.screening import Seen, Verdict, screen
from ackbot.casework.intents import Attach, Decision, OpenCase, Record, Send
from ackbot.casework.model import Facts, Load, PastLetter
from ackbot.casework.office import Desk
from ackbot.casework.staff import calls, commands
from ackbot.casework.staff.calls import Call
from ackbot.casework.standards import next_word
from ackbot.mail import authresults, subjects
from ackbot.mail.message import Message
from ackbot.mail.plain import Enclosed, Fields

FORWARDED, SPOKEN = "behaviour.md §4.7", "behaviour.md §4.8"
BELIEVED = timedelta(days=60)  # a letter that claims to be older counts from the day on which it was passed on
_LETTERS = frozenset(
    {"letter", "contact-form", "unreadable"}
)  # kinds that open or join cases; of others the forwarder is told
# Marks of the way to the colleague's mailbox: results of servers, which prove nothing inside another mail, and the verdicts of
# filters, which the colleague overrules who passes the letter on.
_OF_THE_WAY = (
    "authentication-results",
    "arc-",
    "x-spam",
    "x-barracuda-spam",
    "x-forefront-antispam",
    "x-ms-exchange-organization",
)


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that was passed on, its verdict, and what became of it."""

    seen: Seen
    verdict: Verdict
    decision: Decision


def letters(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> tuple[Seen, ...]:
    """
    The letters, or the call or visit, that a mail of a colleague passes on to us; empty for any other mail.

    If nobody can tell who wrote what is forwarded, the mail is a letter of the colleague, who gets the answer and can pass it on.
    """
    if not _may(seen, verdict, facts, desk):
        return ()
    if (call := calls.heard(_words(seen, verdict, facts, desk))) is not None:
        return (_spoken(seen, call),)
    # An answer to a resident, with an inbox in copy, is an answer even if it is a forward too.
    if verdict.kind == "staff" or elsewhere.on_copied(seen, verdict, facts, desk) is not None:
        return ()
    found = [_forwarded(seen, one, words, desk) for one, words in _from_outside(seen)]
    once = {one.message.fingerprint: one for one in found}
    return tuple(once.values()) if any(one.message.author is not None for one in found) else ()


def _may(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> bool:
    """
    Whether the mail is proven to be a colleague's, who passes something on to an inbox of ours (P7).

    One of our shared inboxes must be named in it: whoever once got a signed forward can send it to us again. And it must be
    new: a copy of one that was decided is the same forward.
    """
    person, known = seen.staff, facts.known
    if person is None or has_left(person, desk.today) or seen.sent or seen.home.personal or seen.inbox.personal:
        return False
    if not seen.message.readable or staff_proof.stale(seen) or seen.arrival.history:
        return False
    if known is not None and known.decided and known.kind == "staff":
        return False
    named = (seen.council.inbox_at(one.key) for one in (*seen.message.to, *seen.message.cc))
    if not any(one is not None and not one.personal for one in named):
        return False
    if verdict.kind == "staff":
        return bool(commands.own_tokens(seen, facts)) and seen.authority.speaks_as_staff((seen.home,))
    # The subject of a forwarded automatic reply makes the forward look like one.
    by_words = verdict.kind == "automatic-reply" and not verdict.by_way
    return (verdict.kind == "letter" or by_words) and seen.authority.may_pass_on(seen.home)


def _words(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> str:
    if verdict.kind == "staff":
        return commands.reading_of(seen, facts, desk).whole
    return "" if seen.message.enclosed else seen.message.new_text


def _from_outside(seen: Seen, within: int = 0, said: tuple[str, ...] = ()) -> Iterator[tuple[Enclosed, str]]:
    """
    The mails inside a forward that people outside wrote, each with what colleagues wrote above it.

    A mail of a colleague is opened: the letter is inside it. One that answers a letter only quotes it, and holds none; neither
    does a mail of ours that came back.
    """
    holder = seen.message.enclosed[within - 1].mail if within else None
    answered = {one.key for one in (*holder.to, *holder.cc)} if holder else set()
    for number, one in enumerate(seen.message.enclosed, 1):
        if one.within != within or any(author.key in answered for author in one.mail.from_ if author.addr):
            continue
        words = (*said, *([f"{_name(seen, within)}:\n{one.above}" if within else one.above] if one.above else []))
        if _is_colleagues(one, seen):
            yield from _from_outside(seen, number, words)
        else:
            yield one, "\n\n".join(words)


def _name(seen: Seen, number: int) -> str:
    author = seen.message.enclosed[number - 1].mail.from_
    return (author[0].name or author[0].addr) if author else ""


def _is_colleagues(one: Enclosed, seen: Seen) -> bool:
    """Whether one of the council's own people wrote it, and no contact form, and not we."""
    council, authors = seen.council, {author.key for author in one.mail.from_ if author.addr}
    if not authors or one.mail.own_ids or authors & {form.sender for form in seen.home.forms}:
        return False
    return all(council.staff_at(key) or council.is_colleague(key) or council.inbox_at(key) for key in authors)


def _forwarded(seen: Seen, one: Enclosed, words: str, desk: Desk) -> Seen:
    """A mail inside a forward as if it had come by itself, on the day on which the council had it."""
    message = Message.of(one.mail, desk.signer)
    if one.inline:  # its own ids are lost, but the forward tells of the thread
        thread = (*seen.message.references, *seen.message.in_reply_to)
        message = replace(message, references=thread, answers=seen.message.answers)
    author = message.author
    believed = {inbox.authserv_id for inbox in seen.council.inboxes.values() if inbox.authserv_id}
    domain = author.domain if author else ""
    forged = any(authresults.verdict(message.headers, server, domain) == "fail" for server in believed)
    kept = tuple(field for field in message.headers.all if not field[0].startswith(_OF_THE_WAY))
    passed = PassedOn("forwarded", _by(seen), words, seen.home, seen.also_to)
    return replace(
        seen,
        message=replace(message, headers=Fields(kept)),
        arrival=replace(seen.arrival, arrived_at=_had_it_at(seen, one, desk)),
        condemned=forged,
        passed=passed,
    )


def _had_it_at(seen: Seen, one: Enclosed, desk: Desk) -> datetime:
    """When the council had the letter: when it reached the colleague, unless what the forward tells of that cannot be true."""
    at, passed_on = one.mail.received_at or one.mail.sent_at, seen.arrival.arrived_at
    if at is not None and one.local:
        at = at.replace(tzinfo=desk.council.calendar.timezone).astimezone(UTC)
    return at if at is not None and passed_on - BELIEVED <= at <= passed_on else passed_on


def _spoken(seen: Seen, call: Call) -> Seen:
    """A call or visit as a letter of whoever called: a colleague's words, none of their headers, ids and tokens."""
    message, caller = seen.message, call.caller
    said = hashlib.sha256("\x1f".join((_by(seen).id, str(message.sent_at), call.text)).encode("utf-8", "replace"))
    letter = replace(
        message,
        headers=Fields(),
        subject=call.subject,
        from_=(caller,) if caller.addr else (),
        sender=(),
        reply_to=(),
        to=(),
        cc=(),
        named=(),
        in_reply_to=(),
        references=(),
        quoted=(),
        enclosed=(),
        tags=(),
        own_ids=(),
        answered_ids=(),
        returned_ids=(),
        answers=(),
        addressed=(),
        returned=(),
        own=None,
        return_path=None,
        message_id="",
        text=call.text,
        new_text=call.text,
        unmarked=call.text,
        beside="",
        rich="",
        language_code="",
        whole_language_code="",
        fingerprint=said.hexdigest(),
        text_hash=said.hexdigest(),
    )
    passed = PassedOn(call.way, _by(seen), "", seen.home, (), caller)
    return replace(seen, message=letter, condemned=False, passed=passed)


def _by(seen: Seen) -> Staff:
    assert seen.staff is not None  # noqa: S101 - `_may` has checked it
    return seen.staff


def decided(one: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """What becomes of one letter that was passed on. A machine's mail opens nothing and changes nothing, whatever it says."""
    if verdict.kind in _LETTERS:
        return decide.on_message(one, verdict, facts, desk)
    why = f"it was passed on, and {verdict.why}"
    record = Record(verdict.kind, "record", verdict.rule, acknowledge=False, why=why)
    return Decision(verdict.kind, "record", verdict.rule, why, False, verdict.to, (record,))


def screened(one: Seen) -> Verdict:
    """What a letter that was passed on is, and whether its writer may be answered."""
    verdict = screen(one)
    if one.passed is not None and one.passed.caller is not None and verdict.to is None:
        return replace(verdict, rule=SPOKEN, why="they gave no email address")
    return verdict


def after(facts: Facts, earlier: Sequence[Letter], verdict: Verdict, now: datetime) -> Facts:
    """
    The facts for one of several letters in a forward, as if those before it were in the store already.

    Args:
        verdict: that of this letter.
        now: when all of them are decided.
    """
    sender = verdict.to.key if verdict.to else ""
    for part in earlier:
        facts = _with(facts, part, part.verdict.to is not None and part.verdict.to.key == sender != "", now)
    return facts


def _with(facts: Facts, part: Letter, same: bool, now: datetime) -> Facts:
    message, decision = part.seen.message, part.decision
    opened = next((one.case for one in decision.intents if isinstance(one, OpenCase)), None)
    if opened is not None:
        load = facts.loads.get(opened.owner, Load())
        facts = replace(
            facts,
            cases=MappingProxyType({**facts.cases, opened.code: opened}) if same else facts.cases,
            taken_codes=facts.taken_codes | {opened.code},
            loads=MappingProxyType({**facts.loads, opened.owner: Load(load.open_cases + 1, now)}),
            last_owner=(opened.owner, opened.team, opened.opened_at) if same and opened.owner else facts.last_owner,
        )
    if same and decision.code:
        at = part.seen.arrival.arrived_at
        past = PastLetter(decision.code, subjects.key(message.subject), message.text_hash, at, message.message_id)
        facts = replace(facts, past=(past, *facts.past))
    facts = replace(facts, alarms=chains.after(decision, facts, now))
    if same and decision.acknowledge:
        contact = facts.contact
        facts = replace(facts, contact=replace(contact, written_at=(now, *contact.written_at)))
    return facts


def on_passed_on(seen: Seen, verdict: Verdict, parts: Sequence[Letter], desk: Desk) -> Decision:
    """The decision for the mail itself: its writer hears what was made of each letter in it."""
    person = _by(seen)
    spoken = parts[0].seen.passed is not None and parts[0].seen.passed.caller is not None
    rule = SPOKEN if spoken else FORWARDED
    why = f"{person.name} wrote down a call or a visit" if spoken else f"{person.name} passed on {_number(parts)}"
    told = to_staff.about_no_single_case(
        desk,
        ASK_BACK["passed"],
        person,
        seen.home,
        keys.passed_on(seen.message.fingerprint),
        {
            "spoken": spoken,
            "passed": [_told(part, desk) for part in parts],
            "more": seen.message.more_enclosed and not spoken,
            "several": len(parts),
        },
        why="whoever passed it on hears what was made of it",
        named=tuple(dict.fromkeys(part.decision.code for part in parts if part.decision.code)),
    )
    record = Record("staff", "event", rule, acknowledge=False, why=why)
    return Decision("staff", "event", rule, why, False, verdict.to, (told, record), owner=person.id)


def _number(parts: Sequence[Letter]) -> str:
    return "a letter" if len(parts) == 1 else f"{len(parts)} letters"


def _told(part: Letter, desk: Desk) -> Mapping[str, Any]:
    """What its forwarder reads about one letter."""
    seen, decision, council = part.seen, part.decision, desk.council
    opened = next((one.case for one in decision.intents if isinstance(one, OpenCase)), None)
    joined = any(isinstance(one, Attach) for one in decision.intents)
    caller, author = seen.passed.caller if seen.passed else None, seen.message.author
    writer = (caller.name or caller.addr) if caller else (names.from_display(author) or author.addr) if author else ""
    inbox = council.inbox_of(opened.inbox) if opened else seen.home
    owner = council.staff.get(opened.owner if opened else decision.owner)
    answered = any(isinstance(one, Send) and not one.staff and _goes(one, council) for one in decision.intents)
    return {
        "writer": writer,
        "matter": subjects.plain(seen.message.subject),
        "reference": council.reference_of(decision.code) if decision.code else "",
        "what": "opened" if opened else "joined" if joined else "known" if decision.code else "nothing",
        "owner": owner.name if owner else "",
        "service": inbox.service,
        "next_on": next_word(opened.clocks) if opened else None,
        "told": answered,
        "why_not": decision.why if not answered else "",
    }


def _goes(send: Send, council: Council) -> bool:
    return not send.hold and council.inbox_of(send.inbox).mode in ("acknowledge", "live")
