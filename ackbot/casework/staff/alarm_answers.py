"""Answers to alarms: TAKE ends the alarm and nothing else, and any other answer is told that it goes on (E5, E9)."""

from collections.abc import Sequence

from ackbot.casework import keys
from ackbot.casework.drafts import to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.casework.intents import Close, HumanWords, Intent, KeepWords, Send, TakeAlarm
from ackbot.casework.staff.request import Request, answered, answers_alarm, ask_back, ask_whether_taken, said

_ASKED = frozenset(ASK_BACK[topic].template for topic in ("what", "alarm"))


def taken(request: Request) -> list[Intent]:
    """TAKE in answer to an alarm. If somebody was faster, the officer is told who and when; the case stays where it is."""
    case, person, desk = request.case, request.person, request.desk
    if request.alarm_runs:
        return ended(request, f"{person.name} is on it")
    if case.code not in request.facts.alarms_taken:
        return ask_back(request, "No alarm runs in it.")
    staff, at = request.facts.alarms_taken[case.code]
    language, local = desk.council.staff_language, at.astimezone(desk.council.calendar.timezone)
    clock = desk.templates.clock(language, local.time())
    day = "" if local.date() == desk.today else f" on {desk.templates.day(language, local.date(), desk.today)}"
    taker = desk.council.staff.get(staff)
    who = "You" if staff == person.id else taker.name if taker else "Somebody"
    return ask_back(request, f"{who} took the alarm at {clock}{day}, and it no longer runs.")


def reminded(request: Request, intents: Sequence[Intent]) -> list[Intent]:
    """
    What was asked for, and a mail which says that the alarm still runs, if its author may believe that it does not.

    They may if they answered an alarm, or closed the case. If they are asked back already, that mail says it.
    """
    ends = any(isinstance(one, TakeAlarm) and one.code == request.case.code for one in intents)
    asked = any(isinstance(one, Send) and one.draft.template in _ASKED for one in intents)
    closed = any(isinstance(one, Close) or (isinstance(one, HumanWords) and one.state == "closed") for one in intents)
    if ends or asked or not request.alarm_runs or not (closed or answers_alarm(request.reply)):
        return list(intents)
    noted = any(isinstance(one, KeepWords) and one.kind == "note" for one in intents)
    inside = f"Your words are kept inside, and {to_staff.resident_name(request.case)} does not read them."
    done = "The case is closed, but that ends no alarm." if closed else inside if noted else ""
    return [*intents, *ask_whether_taken(request, done)]


def ended(request: Request, why: str) -> list[Intent]:
    """
    End the alarm. Where no server vouches for the writer, they are asked first, at their own address (behaviour.md §4.4).

    Whoever has a forwarded alarm can write TAKE in an officer's name, but does not read what the officer is asked: an answer
    to that mail, or the word in it, is theirs. The word is good for this alarm alone.
    """
    case, desk, person = request.case, request.desk, request.person
    began = next((one.started_at for one in request.facts.alarms if one.runs and one.code == case.code), None)
    if request.proven or began is None:
        return [TakeAlarm(case.code, person.id, why=why)]
    word = desk.signer.code(keys.take_word(case.code, person.id, began), 0)
    answers = [ours.text for ours in request.facts.ours.values() if ours.staff == person.id]
    if any(word in text for text in (said(request).upper(), *answers)):
        return [TakeAlarm(case.code, person.id, why=why)]
    values = {"word": word, "confirm": to_staff.inside_link(desk, case, person, f"TAKE: {word}", alarm=True)}
    return [
        TakeAlarm(case.code, person.id, proven=False, why=f"{person.name} is asked whether they took the alarm"),
        answered(request, "take", keys.take(request.key), values, why="nothing proves who took the alarm"),
    ]
