"""Every kind of mail with sample values: for `preview`, and to find a broken template before a resident does (D45)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from ackbot.casework import keys, standards
from ackbot.casework.clocks import absence_moves, reminders
from ackbot.casework.council import AUTOMATIC_REPLY, CALENDAR, Council, Inbox, Staff
from ackbot.casework.drafts import alarm_mails, persons_words, speaking, to_admin, to_resident, to_staff, to_writer
from ackbot.casework.drafts.kinds import ASK_BACK
from ackbot.casework.drafts.to_resident import NoNews
from ackbot.casework.intents import Send
from ackbot.casework.model import Case, Clock, Facts, Offer
from ackbot.casework.office import Desk, Office
from ackbot.casework.staff import away_back
from ackbot.config import Config, Finding
from ackbot.config.wording import finding
from ackbot.mail.addresses import Address
from ackbot.mail.compose import Composed, compose
from ackbot.mail.markup import Lines
from ackbot.mail.message import Message
from ackbot.mail.templates import TemplateProblem, place
from ackbot.work import samples_of_ways
from ackbot.work.admin_samples import ADMIN_TOPICS
from ackbot.work.reading import InProcess, Reading, patiently

_OPEN = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)  # a Monday morning
_LATER = datetime(2026, 12, 7, 15, 0, tzinfo=UTC)  # the day of the promise
_CLOSED = datetime(2026, 12, 24, 21, 0, tzinfo=UTC)  # Christmas Eve at night
_NEXT = date(2026, 12, 14)
_LETTER = b"""From: Edward Quan <edward.quan@resident.example>\r
To: %s\r
Subject: Damp in my daughter's bedroom\r
Message-ID: <specimen@resident.example>\r
Content-Type: multipart/mixed; boundary=x\r
\r
--x\r
\r
There is damp in my daughter's bedroom since October.\r
\r
Regards\r
Edward Quan\r
--x\r
Content-Type: image/jpeg; name=wall.jpg\r
Content-Disposition: attachment\r
\r
--x--\r
"""
# The mail that asks "settled?": the statement it asks about, "" for how we did altogether, None for no question.
_SETTLED = {"settled?": "", "settled? about a statement": "You listened to me", "settled? without the question": None}


def specimens(config: Config, language: str, *, large: bool = False) -> Iterator[tuple[str, Composed]]:
    """
    Every kind of mail in one language, with a title, as this council would send it.

    Args:
        large: those to residents in large print too.

    Raises:
        TemplateProblem, KeyError: a template or phrase is broken.
    """
    for title, send, composed in drafted(config, language):
        yield title, composed
        if large and not send.staff and send.draft.html:
            yield f"{title}, in large print", compose(replace(send.draft, large=True), config.office.templates)


def drafted(config: Config, language: str) -> Iterator[tuple[str, Send, Composed]]:
    """The same, each with the decision to send it. Raises like `specimens`."""
    office = _speaking(config, language)
    letter = replace(_letter(office, InProcess()), language_code=language)
    for title, send in _sends(office, letter):
        yield title, send, compose(send.draft, office.templates)


def proofread(config: Config, reading: Reading | None = None) -> tuple[Finding, ...]:
    """
    Every mistake in the templates of the council's languages, with its file and line.

    Args:
        reading: the reader of the sample letter; None reads it in this process, which loads the HTML parser.
    """
    found: dict[Finding, None] = {}
    letter = _letter(config.office, reading or InProcess())
    for language in config.council.languages:
        for problem in config.office.templates.problems(language):
            found.setdefault(finding(problem))
        office = _speaking(config, language)
        try:
            for title, send in _sends(office, replace(letter, language_code=language)):
                if (mistake := _mistake(office, title, send)) is not None:
                    found.setdefault(mistake)
        except Exception as error:  # noqa: BLE001 - a phrase can raise anything, and the mistake is in words.toml
            words = office.templates.file(f"{language}/words.toml")
            found.setdefault(finding(TemplateProblem(f"a phrase breaks its mail ({_reason(error)})", words)))
    return tuple(found)


def _mistake(office: Office, title: str, send: Send) -> Finding | None:
    try:
        composed = compose(send.draft, office.templates)
    except TemplateProblem as problem:
        return finding(problem)
    except Exception as error:  # noqa: BLE001 - a template can raise anything, and the mistake is in it
        path, line = place(error)
        return finding(TemplateProblem(f'the mail "{title}" cannot be written ({_reason(error)})', path, line))
    if not composed.text.strip():
        name = f"{send.draft.languages[0]}/{send.draft.template}.txt"
        return finding(TemplateProblem(f'the mail "{title}" would be empty', office.templates.file(name), 1))
    return None


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _speaking(config: Config, language: str) -> Office:
    """The office with that language as its first, which may be one that it does not write yet."""
    council = config.council
    others = (one for one in council.languages if one != language)
    usual = speaking.usual(config.office.templates.words(language), council.calendar.nations)
    known = MappingProxyType({language: usual, **council.in_language})
    return replace(
        config.office, council=replace(council, languages=(language, *others), in_language=known, bilingual=False)
    )


def _letter(office: Office, reading: Reading) -> Message:
    """The letter that all specimens are about."""
    raw = _LETTER % office.council.first_inbox.address.encode()
    return Message.of(patiently(reading.begin(raw)), office.signer)


def _sends(office: Office, message: Message) -> Iterator[tuple[str, Send]]:
    council = office.council
    inbox = replace(council.first_inbox, mode="live")
    staff = next(
        iter(council.staff.values()),
        Staff(
            id="priya",
            name="Priya Shah",
            email="priya@northgate.example",
            addresses=("priya@northgate.example",),
            public_name="Priya Shah",
            job_title="",
            phone="",
            cover="",
            manager="",
            week=None,
            skills=frozenset(),
            ignore_auto_reply=False,
            max_cases=0,
            left=None,
        ),
    )
    council = replace(council, staff=MappingProxyType({**council.staff, staff.id: staff}))
    council = replace(council, inboxes=MappingProxyType({**council.inboxes, inbox.name: inbox}))
    office = replace(office, council=council)
    yield from _to_residents(office, inbox, staff, message)
    yield from _later(office.desk(_LATER), inbox, staff)
    if council.languages[0] != council.staff_language:
        return
    yield from _to_staff(office.desk(_OPEN), inbox, staff, message)
    yield from _to_staff_later(office.desk(_LATER), inbox, staff)
    for topic, values in ADMIN_TOPICS.items():
        about = to_admin.about(office.desk(_OPEN), topic, keys.specimen(topic), values, why="a specimen")
        yield f"admin: {topic}", about


def _to_residents(office: Office, inbox: Inbox, staff: Staff, message: Message) -> Iterator[tuple[str, Send]]:
    resident = Address("Edward Quan", "edward.quan@resident.example")
    main, nobody = office.council.languages[0], Address("", "furious99@resident.example")
    colleague = Address("Jo Bell", f"jo.bell@{office.council.domains[0]}")
    variants: tuple[tuple[str, datetime, Address, str, str, str], ...] = (
        ("acknowledgement", _OPEN, resident, staff.id, message.subject, main),
        ("acknowledgement, closed over Christmas", _CLOSED, resident, staff.id, message.subject, main),
        ("acknowledgement, no owner yet", _OPEN, resident, "", message.subject, main),
        ("acknowledgement, no name and no subject", _OPEN, nobody, staff.id, "", main),
        (
            "acknowledgement, a letter in Spanish",
            _OPEN,
            Address("María Gómez", "maria@resident.example"),
            staff.id,
            "Permiso de aparcamiento",
            "es",
        ),
        ("acknowledgement, to a colleague", _OPEN, colleague, staff.id, message.subject, main),
    )
    for title, now, to, owner, subject, language in variants:
        text = message.text if to.name else "My bin was missed again."
        letter = replace(message, subject=subject, from_=(to,), text=text, new_text=text)
        case = _case(office.council, inbox, to, owner, subject, now, language)
        for sensitive in (False, True) if title == "acknowledgement" else (False,):
            shown = f"{title}, sensitive" if sensitive else title
            yield (
                shown,
                to_resident.acknowledgement(
                    office.desk(now),
                    letter,
                    replace(case, sensitive=sensitive),
                    Facts(),
                    why="a specimen",
                    hold="",
                ),
            )
        if title == "acknowledgement":
            desk = office.desk(now)
            yield "any news?", to_resident.where_it_stands(desk, letter, case, inbox, why="a specimen", hold="")
            yield "receipt", to_resident.receipt(desk, letter, case, inbox, why="a specimen", hold="")
            theirs = to_writer.reached(desk, letter, case, case.resident, why="a specimen", hold="")
            yield "receipt for others", theirs


def _to_staff(desk: Desk, inbox: Inbox, staff: Staff, message: Message) -> Iterator[tuple[str, Send]]:
    case = _case(
        desk.council,
        inbox,
        Address("Edward Quan", "edward.quan@resident.example"),
        staff.id,
        message.subject,
        desk.now,
        desk.council.languages[0],
    )
    yield (
        "new case",
        to_staff.new_case(
            desk,
            message,
            case,
            owner_why="has the fewest open cases",
            acknowledgement="sent",
            withheld_because="",
            note="",
            urgent=(),
            why="a specimen",
        ),
    )
    yield (
        "the resident wrote",
        to_staff.resident_wrote(desk, message, case, desk.now, note="", why="a specimen"),
    )
    yield (
        "somebody else wrote",
        to_staff.other_wrote(
            desk,
            message,
            case,
            Address("Nora Quan", "nora@resident.example"),
            desk.now,
            note="it came from nora@resident.example, which is new in this case: it answers our mail",
            why="a specimen",
            urgent=(),
        ),
    )
    yield "sent to another service too", to_staff.also_yours(desk, message, case, inbox, staff, why="a specimen")
    yield "urgent", alarm_mails.urgent(desk, message, case, staff, ("gas",), why="a specimen")
    later = alarm_mails.Later("E. Quan <edward@elsewhere.example>", True, "It was a false alarm.")
    alarming = alarm_mails.AlarmWords("There is a strong smell of gas in our kitchen.", since=(later,))
    untaken = [alarm_mails.Untaken(case, ("gas",), desk.now, alarming)]
    yield (
        "urgent, once more",
        alarm_mails.urgent_again(
            desk,
            case,
            staff,
            ("gas",),
            alarming,
            number=2,
            started_at=desk.now,
            others=[(case, alarming)],
            letters=3,
            forged=[case.code],
            why="a specimen",
        ),
    )
    silent = [alarm_mails.Silent(case, desk.now, (staff.id, desk.now))]
    yield "nobody wrote to somebody in danger", alarm_mails.unheard(desk, staff, silent, why="a specimen")
    for title, refusals in (("many urgent cases", 0), ("many urgent cases, without words", 2)):
        again = alarm_mails.urgent_list(desk, staff, untaken, proof=1, letters=7, refusals=refusals, why="a specimen")
        yield title, again
    yield from samples_of_ways.sends(desk, case, staff, message)


def _later(desk: Desk, inbox: Inbox, staff: Staff) -> Iterator[tuple[str, Send]]:
    """The mails that a resident gets after the acknowledgement."""
    case = _promised(desk, inbox, staff)
    words = "Hello Edward,\n\nA surveyor comes on Thursday 10 December between 9 and 12.\n\nKind regards"
    for title, next_on in (("a person's own words", None), ("a person's own words, with a new date", _NEXT)):
        key = keys.specimen(title)
        yield (
            title,
            persons_words.human(desk, case, staff, key, words, next_on=next_on, why="a specimen"),
        )
    for times in range(3):
        told = NoNews(
            replace(case, no_news=times),
            case.clocks[0].promised_on,
            _NEXT if times < 2 else None,
            True,
            "Alex Reid",
            False,
        )
        yield f"no news, time {times + 1}", to_resident.no_news(desk, [told], why="a specimen")
    noted = NoNews(
        replace(case, noted_at=_LATER, noted_by=case.owner), case.clocks[0].promised_on, _NEXT, True, "", False
    )
    unnamed = NoNews(replace(case, owner=""), case.clocks[0].promised_on, _NEXT, False, "Alex Reid", True)
    yield "no news, two matters", to_resident.no_news(desk, [noted, unnamed], why="a specimen")
    answered = replace(case, state="answered", human_words_at=_OPEN)
    for title, statement in _SETTLED.items():
        feedback = statement is not None
        sent = to_resident.settled(desk, [answered], feedback=feedback, why="a specimen", statement=statement or "")
        yield title, sent
    for title, absent, left, back_on, absence in (
        ("cover", "Dana Price", False, _NEXT, keys.absence("dana", _LATER)),
        ("cover for a leaver", "Dana Price", True, None, keys.absence("dana", None)),
        ("an owner at last", "", False, None, keys.absence("", None)),
    ):
        yield title, to_resident.cover(desk, [case], absent, absence, left=left, back_on=back_on, why="a specimen")
    yield (
        "handed over",
        to_resident.cover(desk, [case], "Dana Price", keys.taken_over_as(1), left=True, back_on=None, why="a specimen"),
    )
    yield "a part for somebody else", to_resident.split_off(desk, case, case, named="the pothole", why="a specimen")
    waiting = replace(case, state="waiting", human_words_at=_OPEN)
    yield "a question not answered", to_resident.still_waiting(desk, [(waiting, _NEXT)], why="a specimen")
    copied = replace(case, copies=("councillor@northgate.example",))
    sent = persons_words.human(desk, copied, staff, keys.specimen("cc"), words, next_on=None, why="a specimen")
    yield "a person's own words, copied", sent
    yield "a copy of them", persons_words.copies(desk, copied, sent, "a specimen")[0]
    both, absence = [case, case], keys.absence("dana", _LATER)
    yield (
        "cover of two matters",
        to_resident.cover(desk, both, "Dana Price", absence, left=False, back_on=None, why="a specimen"),
    )


def _to_staff_later(desk: Desk, inbox: Inbox, staff: Staff) -> Iterator[tuple[str, Send]]:
    """The mails that staff get besides letters."""
    case = _promised(desk, inbox, staff)
    late = replace(case, late_since=date(2026, 12, 1), no_news=3, clocks=())
    owed = replace(late, no_news=2, owes=staff.id)
    offer = Offer(staff.id, staff.id, _OPEN)
    passed = replace(case, offer=offer, state="waiting", human_words_at=_OPEN)
    own, due = reminders.Line(case, "own", date(2026, 12, 7)), reminders.due_on(case)
    several = [
        own,
        reminders.Line(late, "own", None),
        reminders.Line(owed, "escalated", due),
        reminders.Line(case, "nobody", due),
        reminders.Line(passed, "offered", due),
        reminders.Line(passed, "own", due),
    ]
    yield "digest", reminders.digest(desk, staff, several, "", why="a specimen")
    yield "digest about one case", reminders.digest(desk, staff, [own], "There is damp.", why="a specimen")
    yield "digest about one late case", reminders.digest(desk, staff, several[1:2], "There is damp.", why="a specimen")
    yield (
        "digest about a case passed on",
        reminders.digest(desk, staff, several[5:], "There is damp.", why="a specimen"),
    )
    yield "a letter that was refused", to_staff.without_words(desk, case, staff, "specimen", why="a specimen")
    yield "overdue today", reminders.overdue(desk, staff, several, "", why="a specimen")
    yield "due now", reminders.late(desk, staff, several[1], "", why="a specimen")
    yield "overdue today, one case", reminders.overdue(desk, staff, [own], "There is damp.", why="a specimen")
    listed = reminders.listed(desk, None, several)
    silent = alarm_mails.Silent(own.case, desk.now, None)
    yield "admin: nobody wrote", alarm_mails.unheard_to_admin(desk, [silent], "", why="a specimen")
    yield "admin: escalation", to_admin.about(desk, "escalation", keys.specimen("escalation"), listed, why="a specimen")
    covered = absence_moves.Move(case, staff.id, "cover", "stands in", tell=True)
    had_nobody = replace(covered, case=replace(case, owner="", cover=""), how="owner")
    yield "cases taken over", absence_moves.table(desk, staff, [covered, had_nobody], why="a specimen")
    yield "while you were away", absence_moves.welcome_back(desk, staff, [covered], {}, why="a specimen")
    yield (
        "a case for you at last",
        absence_moves.given(desk, case, "There is damp.", owner_why="is here", why="a specimen"),
    )
    yield (
        "passed to you",
        to_staff.offered(
            desk,
            replace(case, handovers=1),
            staff,
            staff,
            "She knows the house.",
            last_words="There is damp.",
            resident_told=True,
            why="a specimen",
        ),
    )
    yield (
        "a part for you",
        to_staff.split_off(
            desk, case, staff, "The bins.", last_words="There is damp.", resident_told=True, why="a specimen"
        ),
    )
    words = Lines("FYI, he rang again.")
    link = to_staff.inside_link(desk, case, staff, "SEND")
    asked = {
        "reasons": ["it greets Mrs Jones"],
        "their_words": words,
        "word": "k3mqa7xa1f0c",
        "send": link,
        "keep": link,
        "other_address": "",
        "elsewhere": link,
    }
    topics: dict[str, dict[str, Any]] = {
        "what": {"problem": "CLOSE needs a reason behind it.", "alarm_runs": True, "their_words": words, "line": ""},
        "alarm": {"done": "Your words are kept inside, and Edward does not read them.", "their_words": words},
        "held": asked,
        "unreachable": {
            "status": "5.1.1",
            "other": "",
            "same": False,
            "copy": False,
            "words": Lines("We come on Monday."),
            "revived": True,
            "for_good": True,
        },
        "another": {"author": "Sam Jones", "gone": False, "closed": False, "their_words": words},
        "unproven": {"author": "Sam Jones", "own": False, "their_words": words, "sent": link, "no": link},
        "forged": {"author": "Sam Jones", "said_by": "Sam Jones", "their_words": words},
        "taken": {"taker": "Sam Jones"},
        "take": {"word": "7H429P", "confirm": link},
        "acted": {"command": "DONE", "their_words": words, "admin": "admins@northgate.example"},
        "declined": {"author": "Sam Jones", "keeper": "", "their_words": words},
        "withdrawn": {"author": "Sam Jones", "taker": "Kofi Mensah"},
        "quiet": {"command": "QUIET", "off": False, "alone": True, "forged": False},
        "copies": {"copies": ["councillor@northgate.example"]},
        "copying": {"copies": ["councillor@northgate.example", "mum@family.example"], **asked},
        "echo": {
            "their_words": words,
            "next_on": _NEXT,
            "files": ["plan.pdf"],
            "instead": False,
            "news": False,
            "other": False,
        },
    }
    for topic, values in topics.items():
        key = keys.specimen(topic)
        send = to_staff.about_case(desk, ASK_BACK[topic], case, staff, key, values, why="a specimen")
        yield f"ask-back: {topic}", send
    away_values = {**away_back.NOTHING, "first_on": _NEXT, "back_on": _NEXT, "cover": "Sam Jones", "was_away": True}
    learnt: dict[str, Any] = {"back_on": _NEXT, "source": AUTOMATIC_REPLY, "shorter": CALENDAR}
    learnt |= {"shorter_on": _NEXT, "admin": "admins@x.example"}
    for title, topic, values in (
        ("ask-back: which case", "which", {"their_words": words, "strange": False, "alarm": False, "take": ""}),
        ("ask-back: another case", "which", {"their_words": words, "strange": True, "alarm": True, "take": "RBN TAKE"}),
        ("away", "away", away_values),
        ("away, not clear", "away", {**away_values, "problem": "The dates could not be read."}),
        ("away, of somebody else", "away", {**away_values, "other": "Sam Jones", "whose": "Sam Jones’s"}),
        ("away, without the cover", "away", {**away_values, "gone": True, "instead": "Kofi Mensah"}),
        ("away, with the cover on some days", "away", {**away_values, "missing": True, "instead": "Kofi Mensah"}),
        ("away, said by a manager", "away", {**away_values, "said_by": "Alex Reid"}),
        ("back", "away", {**away_values, "back": True, "away_again_on": _NEXT}),
        ("back, never away", "away", {**away_values, "back": True, "was_away": False}),
        *(
            (f"an absence learnt: {what}", "absence", {**learnt, "what": what})
            for what in ("unclear", "two", "unchecked")
        ),
    ):
        send = to_staff.about_no_single_case(
            desk, ASK_BACK[topic], staff, inbox, keys.specimen(title), values, why="a specimen"
        )
        yield title, send


def _promised(desk: Desk, inbox: Inbox, staff: Staff) -> Case:
    """A case whose promise falls on the day of the desk."""
    resident = Address("Edward Quan", "edward.quan@resident.example")
    case = _case(
        desk.council, inbox, resident, staff.id, "Damp in my daughter's bedroom", _OPEN, desk.council.languages[0]
    )
    return replace(case, clocks=(Clock("update", date(2026, 12, 7), _LATER, told=True),))


def _case(council: Council, inbox: Inbox, to: Address, owner: str, subject: str, now: datetime, language: str) -> Case:
    standard = council.default_standard
    clocks = standards.opening_clocks(standard, inbox, council, now, now, owned=bool(owner))
    return Case(
        "7H429P",
        "open",
        inbox.name,
        to,
        subject,
        inbox.team,
        owner,
        standard.name,
        language,
        now,
        parties=frozenset({to.key}),
        clocks=clocks,
    )
