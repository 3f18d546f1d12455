"""Answers that a person sent from their own mail program: what they do in a case, and whether a copy is one (E5)."""

from datetime import datetime

from ackbot.casework import keys, standards
from ackbot.casework.council import Staff
from ackbot.casework.drafts import to_admin, to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.casework.intents import (
    ClearClock,
    DropAcknowledgement,
    DropWords,
    HumanWords,
    Intent,
    KeepWords,
    Note,
    SetClock,
)
from ackbot.casework.model import AnsweredElsewhere, Case, HeldWords
from ackbot.casework.office import Desk
from ackbot.casework.staff.consent import SENT
from ackbot.casework.staff.request import Request
from ackbot.mail.markup import Lines


def given(case: Case, answer: AnsweredElsewhere, desk: Desk, said_by: str = "") -> list[Intent]:
    """
    Do to clocks and case what a plain reply does, without sending anything: a person has written to the resident (D69, P5).

    If the resident wrote again after those words, they do not answer that letter: the case stays open and its clocks run. If
    the words are so old that we would have asked "settled?" already, the case closes in silence.

    Args:
        said_by: the name of whoever confirmed that this was written; "" if a server proves it.
    """
    person = desk.council.staff.get(answer.staff)
    said = f"{said_by} says: " if said_by else ""
    why = f"{said}{person.name if person else 'a person'} wrote to the resident from their own mail program"
    # Seen late, the answer may be older than the resident's last letter, which still needs one.
    if case.last_letter_at is not None and answer.at < case.last_letter_at:
        return [HumanWords(case.code, answer.staff, case.state, why=why, by="elsewhere", at=answer.at)]
    standard = desk.council.standard_of(case.standard)
    inbox = desk.council.inbox_of(case.inbox)
    settle = standards.clock_of("settle", standard.settle_after, answer.at, standard, inbox, desk.council)
    over = settle.promised_on <= desk.today and settle.due_at <= desk.now
    kept = [
        ClearClock(case.code, one.kind, "kept", why=why) for one in (*case.clocks, *case.paused) if one.kind != "settle"
    ]
    return [
        DropAcknowledgement(case.code, why="a person has answered"),
        *kept,
        *([] if over else [SetClock(case.code, settle, why=why)]),
        HumanWords(case.code, answer.staff, "closed" if over else "answered", by="elsewhere", at=answer.at, why=why),
    ]


def asked(
    desk: Desk, case: Case, keeper: Staff, author: Staff | None, at: datetime, words: str, key: keys.Key
) -> list[Intent]:
    """
    Ask whoever has the case whether a copy is a colleague's answer. The question waits like held words, until it is answered.

    Args:
        author: whose name the copy bears; None for an inbox of ours.
        at: when it was written, by its own Date; taken only if it is neither in the future nor older than the case.
        words: what it says.
    """
    why = "it seems to be a colleague's answer to the resident, and no server vouches for that"
    written_at = at if case.opened_at <= at <= desk.now else desk.now
    argument = f"{author.id if author else ''} {written_at.isoformat()}"
    values = {
        "author": author.name if author else "somebody who uses the inbox",
        "own": author is not None and author.id == keeper.id,
        "their_words": Lines(words),
        "sent": to_staff.inside_link(desk, case, keeper, SENT),
        "no": to_staff.inside_link(desk, case, keeper, "NO"),
    }
    return [
        KeepWords(case.code, keeper.id, "held", words, SENT, argument, _asked_by(case, key, desk), why=why),
        to_staff.about_case(desk, ASK_BACK["unproven"], case, keeper, key, values, why=why),
    ]


def question_ended(case: Case, key: keys.Key, desk: Desk) -> Intent:
    """End the question about a copy, because another copy of the same mail is proven."""
    asked_by = _asked_by(case, key, desk)
    return DropWords(case.code, 0, "sent", asked_by=asked_by, why="another copy of the same mail is proven")


def _asked_by(case: Case, key: keys.Key, desk: Desk) -> str:
    return desk.message_id(key, case.code, "ask-back", "staff", desk.council.inbox_of(case.inbox).address)


def confirmed(request: Request, question: HeldWords) -> list[Intent]:
    """SENT, or "yes": the copy is its author's answer, of the day on which it was written."""
    case, desk, person = request.case, request.desk, request.person
    author, _, at = question.argument.partition(" ")
    why = f"{person.name} says that it was written"
    dropped = DropWords(question.code, question.id, "sent", why=why)
    kept = KeepWords(case.code, person.id, "note", question.words, SENT, why=why)
    if case.state == "closed":
        return [dropped, kept, Note(case.code, "outside", why="a person wrote to the resident, and the case is closed")]
    answer = AnsweredElsewhere(case.code, author or person.id, "", (), datetime.fromisoformat(at))
    return [dropped, kept, *given(case, answer, desk, person.name)]


def denied(request: Request, question: HeldWords) -> list[Intent]:
    """
    "No": somebody wrote to the resident in a colleague's name. Nothing changes in the case.

    Its owner, their manager and the admin are told, because the resident may believe the words.
    """
    case, desk, council = request.case, request.desk, request.desk.council
    named = question.argument.partition(" ")[0]
    who = council.staff[named].name if named in council.staff else desk.council.inbox_of(case.inbox).address
    why = f"{request.person.name} says that {who} did not write it"
    values = {"author": who, "said_by": request.person.name, "their_words": Lines(question.words)}
    keeper = council.staff.get(case.in_charge)
    readers = [keeper, council.staff.get(council.manager_of(keeper, case.team)) if keeper else None]
    people = {one.id: one for one in (request.person, *readers) if one is not None}
    told = [
        to_staff.about_case(
            desk, ASK_BACK["forged"], case, one, keys.forged(case.code, question.asked_by, one.id), values, why=why
        )
        for one in people.values()
    ]
    reference = council.reference_of(case.code)
    about = {**values, "reference": reference, "resident": to_staff.resident_name(case)}
    key = keys.forged(case.code, question.asked_by)
    return [
        DropWords(question.code, question.id, "kept", why=why),
        Note(case.code, "forged-answer", why=why),
        *told,
        to_admin.about(desk, "forged", key, about, why=why, code=case.code),
    ]
