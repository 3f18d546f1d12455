"""Staff work by replying: what a verified staff mail does to its case (behaviour.md §4.2, §4.3)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ackbot.casework import keys
from ackbot.casework.cover import has_left, is_present, stand_in
from ackbot.casework.drafts import to_admin, to_staff
from ackbot.casework.drafts.kinds import ASK_BACK
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
    Send,
)
from ackbot.casework.model import PURPOSES, Case, Facts, HeldWords
from ackbot.casework.office import Desk
from ackbot.casework.staff import (
    alarm_answers,
    away_back,
    copied,
    footers,
    handover,
    held_words,
    more,
    others,
    silence,
    steered,
    words_elsewhere,
    words_out,
)
from ackbot.casework.staff.consent import SENT, asked_about, meaning, only_answers
from ackbot.casework.staff.reading import Reading, begins_with_reference, parts, read
from ackbot.casework.staff.request import (
    Request,
    StaffReply,
    answered,
    answers_alarm,
    ask_back,
    note,
    said,
    words_in,
)
from ackbot.casework.staff.words_out import WordsOut
from ackbot.mail import replies
from ackbot.mail.markup import Lines
from ackbot.mail.tokens import Token

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
    What a mail of a member of staff does; None if it proves too little, and then it is a letter without acknowledgement.

    It proves too little if its token was made for somebody else, or if an inbox that it acts on does not vouch for it
    (behaviour.md §4.4, P7).
    """
    person = seen.staff
    tokens = own_tokens(seen, facts)
    if person is None or not tokens:
        return None
    code = next((token.code for token in tokens if token.code in facts.cases), "")
    case = facts.cases.get(code)
    # There is no case whose owner could be told of a leaver's words, so they are handled as a letter.
    if case is None and has_left(person, desk.today):
        return None
    reply = StaffReply(seen, person, tokens, reading_of(seen, facts, desk), facts, desk)
    if not _vouched_for(reply):
        return None
    intents = _acted_on(reply, case)
    why = f"{verdict.why} ({reply.reading.command or ('a note' if _stays_inside(tokens) else 'plain words')})"
    intents += footers.learning(seen, reply.reading)
    record = Record("staff", "event", verdict.rule, acknowledge=False, why=why)
    return Decision(
        "staff", "event", verdict.rule, why, False, verdict.to, (*intents, record), code=code, owner=person.id
    )


def _vouched_for(reply: StaffReply) -> bool:
    """
    Whether the mail is verified by the rules of every inbox that it acts on, so that the weakest inbox lets nobody in (P7).

    These are the inboxes of the cases whose mails it answers, of the only case of a list, and of the cases that its lines
    name. For AWAY and BACK they are all inboxes that the person concerned answers.
    """
    seen, council, cases = reply.seen, reply.desk.council, reply.facts.cases
    answered = [token.code for token in (*seen.message.addressed, *seen.message.answers)]
    may = _named(reply)
    named = [code for code, _ in parts(reply.reading, council, may)]
    only = may if len(may) == 1 else ()
    inboxes = {council.inbox_of(cases[code].inbox) for code in (*answered, *only, *named) if code in cases}
    if reply.reading.command in ("AWAY", "BACK"):
        inboxes |= {one for about in away_back.about(reply) for one in council.inboxes_of(about)}
    return seen.authority.speaks_as_staff(inboxes)


def _acted_on(reply: StaffReply, case: Case | None) -> list[Intent]:
    """
    What a staff reply does. The first match wins.

    Args:
        case: the case of the mail that it answers; None if there is none.
    """
    seen, person, reading, desk = reply.seen, reply.person, reply.reading, reply.desk
    # The mail is kept raw, and acted on when it can be read.
    if not seen.message.readable:
        return []
    # A leaver's words go to whoever has the case now, and change nothing (P7); so do those of whom the case complains about.
    if case is not None and has_left(desk.within(case).council.staff.get(person.id, person), desk.today):
        return [_tell_owner(_request(reply, case), gone=True)]
    # Somebody may be sending an old mail again, and the case has gone on since.
    if staff_proof.stale(seen) or any(staff_proof.is_before(seen, at) for at in _answered_at(reply, case)):
        return _ask_anew(_request(reply, case)) if case else _about_no_case(reply)
    # A stranger may have put our reply address into a mail of their own, and this answers that.
    if steered.is_steered(reply):
        return ask_back(_request(reply, case), steered.PROBLEM) if case else _about_no_case(reply)
    # AWAY and BACK are about a person and never about a case, whichever mail they answer.
    if reading.command in ("AWAY", "BACK"):
        found = away_back.acted_on(reply)
        return alarm_answers.reminded(_request(reply, case), found) if case else found
    named = _named(reply)
    if begins_with_reference(reading, desk.council, named):
        return _by_lines(reply) or _about_no_case(reply)
    if case is not None:
        return _of_mail(reply, case)
    # A list of one case needs no reference.
    only = reply.facts.cases.get(next(iter(named))) if len(named) == 1 else None
    if found := _by_lines(reply):
        return found
    if only is None:
        return _about_no_case(reply)
    # A letter to the resident must not become a note in silence.
    meant = replace(reading, command="unclear") if not reading.command and held_words.greets(reading.words) else reading
    return _done(Request(reply, only, True, meant))


def _answered_at(reply: StaffReply, case: Case | None) -> list[datetime]:
    """When what the reply answers was written, as far as that is known: a mail of ours, at least the case."""
    ours = [one.written_at for one in reply.facts.ours.values() if one.staff == reply.person.id]
    return ours[:1] or ([case.opened_at] if case is not None else [])


def _named(reply: StaffReply) -> frozenset[str]:
    """Codes of the cases on which the reply may act: those that the answered mails named to this very person (P7)."""
    facts = reply.facts
    listed = {code for ours in facts.ours.values() if ours.staff == reply.person.id for code in ours.names}
    return frozenset(listed | {token.code for token in reply.tokens if token.code in facts.cases})


def _request(reply: StaffReply, case: Case) -> Request:
    """The request of the whole reply, in the case of the mail that it answers."""
    return Request(reply, case, _stays_inside(reply.tokens), reply.reading)


def _of_mail(reply: StaffReply, case: Case) -> list[Intent]:
    """What is asked in an answer to a mail about one case, which may have shown the letter of somebody else (E25)."""
    request = others.meant(_request(reply, case), others.writer(reply, case))
    return request if isinstance(request, list) else _done(request)


def _ask_anew(request: Request) -> list[Intent]:
    """Ask the author of an old mail whether it still holds; nothing is done until they write again."""
    desk = request.desk
    written_on = desk.council.calendar.local_day(request.seen.message.sent_at or desk.now)
    day = desk.templates.day(desk.council.staff_language, written_on, desk.today)
    return ask_back(request, f"It was written on {day} and came only now. If it still holds, please write it anew.")


def _done(request: Request) -> list[Intent]:
    """What was asked for. If another person wrote to the resident or closed the case, whoever has the case is told."""
    intents = _told_of_it(request, _commanded(request))
    if request.has_the_case or not any(isinstance(one, HumanWords | Close) for one in intents):
        return intents
    closed = not any(isinstance(one, HumanWords) for one in intents)
    went_out = words_out.in_mails(intents)
    return [*intents, _tell_owner(request, gone=False, closed=closed, went_out=went_out)]


def _told_of_it(request: Request, intents: list[Intent]) -> list[Intent]:
    """
    What was asked for; and where no server vouches for its author, they hear of it at their own address at once (P7).

    A note needs no such mail, and neither does what is confirmed or asked back anyway.
    """
    acts = any(not isinstance(one, KeepWords | Send) for one in intents)
    if request.proven or not acts or any(isinstance(one, Send) and one.staff == request.person.id for one in intents):
        return intents
    reading, council = request.reading, request.desk.council
    values = {"command": reading.command, "their_words": Lines(reading.text), "admin": council.admin}
    why = "no server vouches for whoever wrote it"
    return [*intents, answered(request, "acted", keys.acted(request.key), values, why=why)]


def _tell_owner(request: Request, *, gone: bool, closed: bool = False, went_out: Lines | None = None) -> Intent:
    """
    Tell whoever has the case that another person wrote in it.

    Args:
        gone: the writer no longer works here, so that the mail changed nothing (P7).
        closed: the writer closed it, and wrote nothing to the resident.
        went_out: the words that the resident gets; None if nothing goes out, and then the writer's own mail is shown.
    """
    case, desk, person = request.case, request.desk, request.person
    here = is_present(desk.council, case.in_charge, desk.now)
    found = None if here else stand_in(desk.council, case.owner, case.team, desk.now)
    keeper = desk.council.staff.get(case.in_charge if here else found[0] if found else "")
    why = f"{person.name} {'has left' if gone else 'wrote'}, and somebody else has the case"
    if keeper is None:
        return to_admin.no_owner(case, f"{person.name} wrote about it, and nobody is here to read that", desk)
    words = f"{request.reading.command.replace('unclear', '')} {request.reading.text}".strip()
    shown, key = went_out or Lines(words), keys.another(request.key)
    return to_staff.another_wrote(desk, case, keeper, key, person.name, shown, gone=gone, closed=closed, why=why)


def own_tokens(seen: Seen, facts: Facts) -> tuple[Token, ...]:
    """The staff tokens that were made for this very person: in a reply address, or in a mail that we sent to them."""
    staff = seen.staff.id if seen.staff else ""
    tagged = [token for token in seen.message.addressed if token.role == "staff" and token.staff == staff]
    sent = [
        token
        for token in seen.message.answers
        if token.role == "staff" and (ours := facts.ours.get(token.message_id)) is not None and ours.staff == staff
    ]
    return (*tagged, *sent) if staff else ()


def _stays_inside(tokens: tuple[Token, ...]) -> bool:
    """Whether words without a command stay inside. The first token decides; it is the reply address if the mail has one."""
    first = tokens[0]
    return first.inside if not first.message_id else first.purpose not in _OUTSIDE


def reading_of(seen: Seen, facts: Facts, desk: Desk) -> Reading:
    """What a mail of staff asks for; our own words below it are cut."""
    originals = [facts.ours[token.message_id].text for token in seen.message.answers if token.message_id in facts.ours]
    return read(seen.message.rich or seen.message.text, desk.fences, "\n".join(originals), facts.learned)


def _commanded(request: Request) -> list[Intent]:
    return alarm_answers.reminded(request, _obeyed(handover.understood(request)))


def _obeyed(request: Request) -> list[Intent]:
    reading = request.reading
    if handover.declines(request):
        return handover.declined(request)
    match reading.command:
        case "NOTE":
            return note(request, reading.text) if said(request) else ask_back(request, "NOTE needs words below it.")
        case "CLOSE":
            return _close(request) if said(request) else ask_back(request, "CLOSE needs a reason behind it.")
        case "SEND" | "KEEP":
            return held_words.send_or_keep(request)
        case "SENT" if copies := [
            one for one in request.facts.held if one.code == request.case.code and one.command == SENT
        ]:
            return words_elsewhere.confirmed(
                request, next((one for one in asked_about(request) if one in copies), copies[0])
            )
        case "PHONED" | "SENT":
            return _answered_elsewhere(request)
        case "PASS":
            return handover.passed(request)
        case "TAKE":
            return handover.taken(request)
        case "SPLIT":
            return handover.split(request)
        case "QUIET" | "IGNORE":
            return silence.no_automatic_mail(request)
        case "CC":
            return _copies(request)
        case "HELP":
            return ask_back(request, "")
        case "" | "unclear" if not replies.unsigned(reading.words):
            return ask_back(request, "There were no words of yours in it.")
        case "" | "unclear" if waiting := asked_about(request):
            return _question_answered(request, waiting)
        case "" | "unclear" if only_answers(request) and (problem := held_words.which_is_meant(request)):
            return ask_back(request, problem)
        case "" if request.inside and not held_words.may_be_for_the_resident(request):
            return note(request, reading.words)
        case "" if request.inside:  # a letter to the resident must not become a note in silence (E40)
            return _outward(replace(request, reading=replace(reading, command="unclear")))
        case "AWAY" | "BACK":
            return ask_back(request, f"{reading.command} is about no case: write it as the first line of a mail.")
        case _:
            return _outward(request)


def _question_answered(request: Request, waiting: Sequence[HeldWords]) -> list[Intent]:
    """
    A reply without a command to a question of ours: "yes", "no", or the words once more. Anything else is asked back
    (behaviour.md §4.2).
    """
    asked = waiting[0]
    meant = meaning(request, asked.command, exactly=len(waiting) == 1)
    if asked.command == SENT:
        if meant:
            return (words_elsewhere.confirmed if meant == "yes" else words_elsewhere.denied)(request, asked)
        return ask_back(request, "We asked who wrote a mail. Answer that question with SENT or NO.")
    if meant:
        reading = replace(request.reading, command="SEND" if meant == "yes" else "KEEP", argument="", words="")
        return held_words.send_or_keep(replace(request, reading=reading))
    return held_words.written_anew(request, asked)


def _outward(request: Request, copying: Sequence[str] = ()) -> list[Intent]:
    """
    Words that a resident is to read go out, or are held and asked about. Fails closed (behaviour.md §4.2).

    Args:
        copying: addresses that never had a copy and would get one now: the words are held in any case.
    """
    reading, case, council = request.reading, request.case, request.desk.council
    # If the first line turned out not to be a command, it belongs to the words.
    unclear = reading.command == "unclear"
    words = reading.words if unclear else reading.text
    argument = ""
    if reading.command == "MORE":
        read_so = more.read(request)
        if isinstance(read_so, list):
            return read_so
        argument, words = read_so[0].isoformat(), read_so[1]
        words = words if words_in(request, words) else ""
    elif reading.command not in ("", "unclear") and not words_in(request, words):
        return ask_back(request, f"{reading.command} needs the words that the resident should read.")
    # The reply to a mail that says "stays inside" sends words only by a command, and only for whoever has the case.
    if request.inside and not request.has_the_case:
        return ask_back(request, "This mail was for you to know, and no words went out: the case is not yours.")
    # A person's words are tried although an earlier mail came back: whoever wrote them hears if these do too.
    if not case.resident.addr:
        return ask_back(request, "The resident cannot be reached by email.")
    if request.inbox.mode in ("shadow", "staff"):
        kept = KeepWords(case.code, request.person.id, "note", words, why="the inbox is being tried out")
        return [kept, *ask_back(request, "This inbox is being tried out, so your words were not sent.", words)]
    # MORE may come without words. Then only the date goes out, and there are no words to check.
    reasons = held_words.reasons_to_hold(request, words) if words else []
    if unclear:
        letter = request.inside and held_words.may_be_for_the_resident(request)
        reasons.insert(
            0, "it answers a mail that stays inside" if letter else "it begins like a command but is not one"
        )
    if reading.command == "" and council.plain_reply == "confirm":
        reasons.insert(0, "your council asks before plain words go out")
    out = WordsOut("" if unclear else reading.command, argument, words, words_out.files(request))
    if request.other:
        out = replace(out, command=others.TO, argument=others.argument(case.resident))
    if copying:
        return held_words.hold(request, replace(out, command="CC", argument=" ".join(copying)), reasons)
    return held_words.hold(request, out, reasons) if reasons else words_out.send(request, out, keys.human(request.key))


def _answered_elsewhere(request: Request) -> list[Intent]:
    """PHONED, SENT: the writer says that they answered the resident by phone, or by a mail from elsewhere."""
    case, person, reading = request.case, request.person, request.reading
    if reading.command == "PHONED" and _NOT_REACHED.search(reading.text):
        return ask_back(request, "PHONED is for a call that was answered. NOTE keeps that you tried.")
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


def _copies(request: Request) -> list[Intent]:
    """
    CC: whoever a party copied gets copies of what the owner writes, of words below it at once. Before the first copy to an
    address its owner is asked, and reads it: a Cc is as easily forged as the letter that it stands in (E8).
    """
    case, reading = request.case, request.reading
    off = reading.argument.strip(" .").lower() == "off"
    if reading.argument and not off:
        return ask_back(request, "CC stands alone in its line, or with OFF behind it.")
    people = () if off else copied.whom(request)
    if not off and not people:
        return ask_back(request, f"{to_staff.resident_name(case)} copied nobody.")
    plain = replace(request, reading=replace(reading, command="", argument=""))
    has_words = bool(words_in(plain, reading.words))
    if not set(people) <= set(case.copies):
        out = WordsOut("CC", " ".join(people), "", ())
        return _outward(plain, people) if has_words else held_words.hold(request, out, [])
    copies_now = Copies(case.code, people, why=f"{request.person.name} wrote CC{' OFF' if off else ''}")
    if has_words:
        return [copies_now, *_outward(replace(plain, case=replace(case, copies=people)))]
    values = {"copies": list(people)}
    return [copies_now, answered(request, "copies", keys.copies(request.key), values, why=copies_now.why)]


def _by_lines(reply: StaffReply) -> list[Intent]:
    """
    What an answer to a digest does, line by line. Only cases that the answered mail named to this person count (P7).

    A line without a command is asked about.
    """
    facts, council, named = reply.facts, reply.desk.council, _named(reply)
    single = next((token.code for token in reply.tokens if token.code in facts.cases), "")
    inside = not single or _stays_inside(reply.tokens)
    intents: list[Intent] = []
    strange: list[str] = []
    done: list[str] = []
    for code, part in parts(reply.reading, council, named):
        case = facts.cases.get(code)
        if case is None or code not in named:
            strange.append(f"{council.reference_of(code)} {part.command} {part.text}")
            continue
        request = handover.understood(Request(reply, case, inside, part, again=done.count(code), of_many=not single))
        # Plain words in a line could be for the resident or for us, so they are asked about.
        if request.reading.command == "":
            request = replace(request, reading=replace(request.reading, command="unclear"))
        done.append(code)
        intents += (
            ask_back(request, "One line for each case counts, and it had one.") if request.again else _done(request)
        )
    return [*intents, *(_about_no_case(reply, "\n".join(strange)) if strange else [])]


def _close(request: Request) -> list[Intent]:
    case, why = request.case, f"{request.person.name} closed it without a mail"
    kept = KeepWords(case.code, request.person.id, "note", request.reading.text, why="why it was closed")
    ended = [ClearClock(case.code, clock.kind, "withheld", why=why) for clock in case.clocks]
    return [kept, *ended, Close(case.code, why=why)]


def _about_no_case(reply: StaffReply, strange: str = "") -> list[Intent]:
    """
    Ask the writer of a reply that belongs to no single case which case they mean.

    Args:
        strange: lines about cases that the answered mail did not name; "" if the reply holds no command that we know.
    """
    message = reply.seen.message
    alarms = sorted(code for code in _named(reply) & reply.facts.alarmed if answers_alarm(reply))
    values = {
        "their_words": Lines(strange or message.new_text),
        "strange": bool(strange),
        "alarm": answers_alarm(reply),
        "take": f"{reply.desk.council.reference_of(alarms[0])} TAKE" if alarms else "",
    }
    return [
        to_staff.about_no_single_case(
            reply.desk,
            ASK_BACK["which"],
            reply.person,
            reply.seen.home,
            keys.ask_which(message.fingerprint),
            values,
            why="about which case?",
        )
    ]
