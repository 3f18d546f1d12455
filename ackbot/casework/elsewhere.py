"""
Handles answers that people send straight from their mail program: we see them in a Sent folder, or get a copy.

They count as human words in the case, like replies to us, except that they have been sent already (design.md, "The life of a
reply").
"""

from datetime import datetime, timedelta

from ackbot.casework import keys
from ackbot.casework.cover import has_left, is_present
from ackbot.casework.drafts import to_admin, to_staff
from ackbot.casework.incoming import danger, own_words
from ackbot.casework.incoming.matching import Match
from ackbot.casework.incoming.routing import Chosen
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.intents import (
    Attach,
    Decision,
    Intent,
    KeepAnsweredElsewhere,
    Note,
    Record,
)
from ackbot.casework.model import AnsweredElsewhere, Case, Facts
from ackbot.casework.office import Desk
from ackbot.casework.staff import announced, sign_off, words_elsewhere
from ackbot.mail import subjects
from ackbot.mail.markup import Lines

RULE = 'design.md, "The life of a reply"'
UNPROVEN = "it seems to be a colleague's answer to the resident, and no server vouches for that: its owner is asked"
ANOTHERS = "a colleague's mail reached the resident, and answers somebody else's mail: its owner is asked"
BEFORE = "a person answered it before it was seen here"
_ON_ITS_WAY = timedelta(hours=1)  # clocks go wrong, and mails wait, for so long without meaning anything
_PERSONS = ("letter", "staff")  # the kinds of mail that screening thinks a person wrote
_MOST = 20  # recipients that are read
_SIGNED = 6  # lines at the end that are searched for a name


def recipients(seen: Seen) -> tuple[str, ...]:
    """The addresses in To of a mail from the council's own people, except our inboxes and the author. Else an empty tuple."""
    author = seen.message.author
    if author is None or not (seen.staff or seen.council.inbox_at(author.key)):
        return ()
    named = dict.fromkeys(one.key for one in seen.message.to if one.usable and one.key != author.key)
    return tuple(key for key in named if seen.council.inbox_at(key) is None)[:_MOST]


def on_sent(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision:
    """
    The decision for a mail in the Sent folder: it is an answer to a resident, or it does not concern us.

    It never opens a case and is never answered. If it answers no case, we keep only that it was seen, and for a while whom it
    answered, because the letter may still come in.
    """
    if verdict.kind == "own":
        return _seen(verdict.why)
    if (
        facts.known is not None
        and facts.known.decided
        and facts.known.kind in ("staff", "own")
        and not facts.known.by_way
    ):
        return _seen("the same mail was decided before", code=facts.known.code)
    if verdict.kind not in _PERSONS:
        return _seen(f"it lies in the Sent folder, and is no person's answer: {verdict.why}")
    if seen.arrival.history:
        return _seen("it is older than the time from which this folder is watched")
    to = recipients(seen)
    if not to or not _works_here(seen, desk):
        return _seen("it lies in the Sent folder, and is no answer to a resident")
    found = _case_of(seen, to, facts, desk)
    if found is None:
        why = "it lies in the Sent folder, and no open case of its recipients is known that it answers"
        return _seen(why, (KeepAnsweredElsewhere(_answer(seen, "", _writer(seen, None, desk)), to, why=why),))
    if own_words.answers_another(seen, facts, found[0].parties):
        return _asked(seen, verdict, found[0], desk, ANOTHERS)
    return _answered(seen, to, found[0], found[1], facts, desk)


def on_copied(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> Decision | None:
    """
    The decision for a mail from staff to a resident with one of our inboxes in copy; None for any other mail.

    From alone proves nothing (P7, D55). The servers of this inbox and of the case's inbox must vouch for it. If an inbox names
    no server, nobody vouches for the mail, because everybody in copy has the ids of the case. Nor does anybody vouch for whom
    it was sent to if none of our inboxes is named: whoever once got a signed mail can send it to us again. If the mail then
    answers one of these, it changes nothing, and whoever has the case is asked (E5); a copy that a server proves is decided
    anew (E7). So they are if it answers a stranger, who can have put the resident into Reply-To, and the ids of the case into
    References.
    """
    to = recipients(seen)
    if verdict.kind not in _PERSONS or not to or seen.arrival.history or not _works_here(seen, desk):
        return None
    found = _case_of(seen, to, facts, desk)
    if found is None:
        return None
    case, how, threaded = found
    asked = (seen.inbox, desk.council.inbox_of(case.inbox))
    to_us = any(desk.council.inbox_at(one.key) for one in (*seen.message.to, *seen.message.cc))
    if to_us and all(seen.authority.proven_by(inbox) for inbox in asked):
        if own_words.answers_another(seen, facts, case.parties):
            return _asked(seen, verdict, case, desk, ANOTHERS)
        return _answered(seen, to, case, how, facts, desk)
    if threaded and all(seen.authority.may_be_vouched_by(inbox) for inbox in asked):
        return _asked(seen, verdict, case, desk)
    return None


def proven_anew(seen: Seen, verdict: Verdict, facts: Facts, desk: Desk) -> bool:
    """Whether this copy proves what an earlier one of the same mail did not: that a colleague wrote it to the resident (E7)."""
    known = facts.known
    if known is None or not known.decided or (known.kind == "staff" and not known.by_way):
        return False
    found = on_sent(seen, verdict, facts, desk) if seen.sent else on_copied(seen, verdict, facts, desk)
    return found is not None and bool(found.code) and not found.by_way


def _asked(seen: Seen, verdict: Verdict, case: Case, desk: Desk, why: str = UNPROVEN) -> Decision:
    """Ask whoever has the case whether a mail is a colleague's answer. SENT says that it is."""
    intents: list[Intent] = [Note(case.code, "unproven-answer", why=why)]
    keeper = desk.council.staff.get(case.in_charge)
    if case.state != "closed":
        if keeper is not None and is_present(desk.council, keeper.id, desk.now):
            key = keys.unproven(keys.asked(case.code, seen.message.fingerprint))
            at = seen.message.sent_at or seen.arrival.arrived_at
            intents += words_elsewhere.asked(desk, case, keeper, seen.staff, at, seen.message.new_text, key)
        else:
            intents.append(
                to_admin.no_owner(case, "a colleague seems to have answered it, and nobody is here to say so", desk)
            )
    record = Record("staff", "event", RULE, acknowledge=False, why=why)
    # The question rests on the way that this copy came: another may be proven.
    return Decision("staff", "event", RULE, why, False, verdict.to, (*intents, record), code=case.code, by_way="marks")


def unseen(seen: Seen, facts: Facts, desk: Desk) -> list[str]:
    """
    Notes for the owner if a resident's letter seems to answer a colleague's mail that we never saw.

    Perhaps that mail was an answer. We have only the resident's word for it, so it ends no promise (P7).
    """
    message = seen.message
    direct = next(iter(message.in_reply_to), "")
    ours = {token.message_id for token in message.answers}
    if not direct or direct.lower() in ours or direct in facts.by_message_id:
        return []
    quoted = message.text.casefold().replace(message.new_text.casefold(), "")
    named = {one.key for one in (*message.to, *message.cc)}
    people = [
        one.name
        for one in desk.council.staff.values()
        if not has_left(one, desk.today) and any(address in named or address in quoted for address in one.addresses)
    ]
    if not people:
        return []
    return [f"it seems to answer a mail of {people[0]}, which was not seen here: SENT says that it was an answer"]


def before(seen: Seen, verdict: Verdict, found: Match, facts: Facts) -> AnsweredElsewhere | None:
    """
    A person's answer to this very letter, sent before we read the letter; None for none.

    The answer names the letter's Message-ID. For a letter that opens a case, it may also have the letter's subject, if it was
    written after the letter and belongs to no other case.
    """
    key = subjects.key(seen.message.subject)
    for one in facts.answered if verdict.to else ():
        if seen.message.message_id and seen.message.message_id in one.answers:
            return one
        if found.case is None and not one.code and key and key == one.subject_key and one.at >= seen.arrival.arrived_at:
            return one
    return None


def owner(answer: AnsweredElsewhere | None, desk: Desk) -> Chosen | None:
    """The owner of a letter that a person answered before we read it: that person, if known and present; else None."""
    if answer is None or not is_present(desk.council, answer.staff, desk.now):
        return None
    return Chosen(answer.staff, f"{desk.council.staff[answer.staff].name} answered it before it was seen here")


def on_answered_before(
    seen: Seen,
    verdict: Verdict,
    found: Match,
    case: Case,
    answer: AnsweredElsewhere,
    desk: Desk,
    found_urgent: tuple[str, ...],
) -> Decision:
    """The decision for a further letter that a person answered before we read it: attach it, and tell nobody."""
    inbox = desk.council.inbox_of(case.inbox)
    case = danger.marked(case, found_urgent)
    intents: list[Intent] = [
        Attach(case.code, why=found.how, sensitive=case.sensitive),
        *danger.alarms(seen, case, inbox, found_urgent, desk),
        Note(case.code, "answered-before", why=BEFORE),
    ]
    if not answer.code and case.state != "closed":
        intents += words_elsewhere.given(case, answer, desk)
    intents.append(Record("reply", "attach", RULE, acknowledge=False, why=BEFORE))
    return Decision(
        "reply", "attach", RULE, BEFORE, False, verdict.to, tuple(intents), urgent=found_urgent, code=case.code
    )


def _answered(seen: Seen, to: tuple[str, ...], case: Case, how: str, facts: Facts, desk: Desk) -> Decision:
    """The decision for an answer in a case. In a closed case it changes nothing, because it is probably a goodbye."""
    named = _writer(seen, case, desk)
    answer = _answer(seen, case.code, named or case.in_charge)
    where = "seen in the Sent folder" if seen.sent else "an inbox of ours was in copy"
    why = f"a person answered the resident straight from their mail program ({where}): {how}"
    intents: list[Intent] = [KeepAnsweredElsewhere(answer, to, why=why)]
    if facts.known is not None and facts.known.by_way:
        # An earlier copy may have been asked about, and needs no answer any longer.
        key = keys.unproven(keys.asked(case.code, seen.message.fingerprint))
        intents.append(words_elsewhere.question_ended(case, key, desk))
    if case.state == "closed":
        intents.append(Note(case.code, "outside", why="a person wrote to the resident after the case was closed"))
    elif _is_apart(named, case, desk):
        intents.append(Note(case.code, "outside", why="whoever the case complains about wrote to the resident"))
        intents += _tell_owner(seen, case, named, desk)
    elif _only_announces(seen, named, desk):
        intents.append(
            Note(case.code, "outside", why="a person wrote to the resident, and only announced that they look (E86)")
        )
        intents += _tell_owner(seen, case, named, desk)
    else:
        intents += words_elsewhere.given(case, answer, desk)
        intents += _tell_owner(seen, case, named, desk)
    return _seen(why, intents, code=case.code, owner=answer.staff, outcome="event")


def _is_apart(named: str, case: Case, desk: Desk) -> bool:
    """Whether the writer is somebody about whom the case complains: their words answer nothing of it (behaviour.md §3.12)."""
    person = desk.within(case).council.staff.get(named)
    return bool(case.about) and person is not None and has_left(person, desk.today)


def _only_announces(seen: Seen, named: str, desk: Desk) -> bool:
    """Whether the words say nothing but that somebody will look; they keep the promise (behaviour.md §3.4, E86)."""
    person = desk.council.staff.get(named)
    names = (person.name, person.public_name, person.job_title) if person else ()
    return announced.only(sign_off.above(seen.message.new_text, names))


def _tell_owner(seen: Seen, case: Case, named: str, desk: Desk) -> list[Intent]:
    """Tell whoever is in charge if another person surely wrote."""
    keeper = desk.council.staff.get(case.in_charge)
    if (
        not named
        or keeper is None
        or named in (case.owner, case.cover)
        or not is_present(desk.council, keeper.id, desk.now)
    ):
        return []
    author = desk.council.staff[named].name
    words = Lines(seen.message.new_text)
    key = keys.another(keys.asked(case.code, seen.message.fingerprint))
    why = f"{author} wrote, and somebody else has the case"
    return [to_staff.another_wrote(desk, case, keeper, key, author, words, why=why)]


def _seen(
    why: str, intents: list[Intent] | tuple[Intent, ...] = (), code: str = "", owner: str = "", outcome: str = "record"
) -> Decision:
    is_event = outcome == "event"
    record = Record("staff", "event" if is_event else "record", RULE, acknowledge=False, why=why)
    return Decision(
        "staff",
        record.outcome,
        RULE,
        why,
        False,
        None,
        (*intents, record),
        code=code,
        owner=owner,
        owner_why="wrote it" if owner else "",
        private=not is_event,
    )


def _works_here(seen: Seen, desk: Desk) -> bool:
    """Whether the author is not a leaver. A shared inbox in From counts as somebody who works here."""
    return seen.staff is None or not has_left(seen.staff, desk.today)


def _answer(seen: Seen, code: str, staff: str) -> AnsweredElsewhere:
    message = seen.message
    ids = tuple(dict.fromkeys((*message.in_reply_to, *message.references)))
    return AnsweredElsewhere(code, staff, subjects.key(message.subject), ids, _written_at(seen))


def _written_at(seen: Seen) -> datetime:
    """
    When a mail was written: when it arrived, unless its own Date is long before. An old mail, sent again, is no new answer.

    Nobody else can put a mail into our Sent folder, and there it was sent when it arrived.
    """
    arrived_at, sent_at = seen.arrival.arrived_at, seen.message.sent_at
    old = not seen.sent and sent_at is not None and sent_at < arrived_at - _ON_ITS_WAY
    return sent_at if old and sent_at is not None else arrived_at


def _case_of(seen: Seen, to: tuple[str, ...], facts: Facts, desk: Desk) -> tuple[Case, str, bool] | None:
    """
    The recipient's case that a mail answers, how it was found, and whether by In-Reply-To or References; None for none.

    It is found by our ids, by the id of a letter, or by the reference in the subject. The subject alone is enough only for an
    open case that is older than the mail.
    """
    message, readers = seen.message, frozenset(to)
    ours = {token.message_id: token.code for token in message.answers}
    thread = (*message.in_reply_to, *reversed(message.references))
    named = [
        *(
            (ours.get(one.lower()) or facts.by_message_id.get(one, ""), "it answers a mail of the case")
            for one in thread
        ),
        *((token.code, "it was copied to the reply address of our mail") for token in message.addressed),
        *((code, "its subject names the reference") for code in desk.council.codes_in(message.subject)),
    ]
    written_at = _written_at(seen)
    late = written_at < seen.arrival.arrived_at
    theirs = {
        code: case
        for code, case in facts.cases.items()
        if readers & case.parties and not (late and written_at < case.opened_at)
    }
    found = [(theirs[code], how, number < len(thread)) for number, (code, how) in enumerate(named) if code in theirs]
    key = subjects.key(message.subject)
    same = [case for case in theirs.values() if key and subjects.key(case.subject) == key and case.state != "closed"]
    younger = [case for case in same if case.opened_at <= written_at]
    how = "it went to the resident under the subject of the case"
    found += [(case, how, False) for case in sorted(younger, key=lambda case: case.opened_at, reverse=True)]
    return next((one for one in found if one[0].state != "closed"), found[0] if found else None)


def _writer(seen: Seen, case: Case | None, desk: Desk) -> str:
    """The writer's staff id: from Sender or From, else the officer of a personal inbox, else by a signed full name; or ""."""
    council = desk.council
    for one in (*seen.message.sender, *seen.message.from_):
        person = council.staff_at(one.key)
        if person and not has_left(person, desk.today):
            return person.id
    if seen.inbox.personal:
        return seen.inbox.owner
    team = council.teams.get(case.team if case else seen.inbox.team)
    members = dict.fromkeys([*(team.members if team else ()), *((case.owner, case.cover) if case else ())])
    lines = [line.strip(" \t,.*_-").casefold() for line in seen.message.new_text.split("\n") if line.strip()][-_SIGNED:]
    names = {
        name.casefold(): one
        for one in members
        if (who := council.staff.get(one))
        for name in (who.name, who.public_name)
    }
    return next((names[line] for line in reversed(lines) if line in names), "")


def _name(staff: str, desk: Desk) -> str:
    person = desk.council.staff.get(staff)
    return person.name if person else "a person"
