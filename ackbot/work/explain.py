"""explain: decide as the daemon does, without writing or sending anything (design.md §4, D71)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from ackbot.casework.council import Council, Inbox
from ackbot.casework.cover import returns_on
from ackbot.casework.intents import (
    Assign,
    Attach,
    ClearClock,
    EndAbsence,
    Intent,
    Note,
    OpenCase,
    Record,
    RecordAbsence,
    Reopen,
    Send,
    SetClock,
)
from ackbot.casework.model import Arrival, Clock, Facts, Questions
from ackbot.casework.office import Office
from ackbot.casework.wordsearch import Sign
from ackbot.config import Config
from ackbot.mail.compose import Composed
from ackbot.mail.message import Message
from ackbot.mail.templates import TemplateProblem
from ackbot.store import Database, facts
from ackbot.work.apply import office_at
from ackbot.work.considering import Considered, consider


@dataclass(frozen=True)
class Explained:
    """
    A mail and what would become of it.

    Args:
        considered: the decision and its mails; None if even the headers alone broke the rules.
        unreadable: the whole mail broke the rules, so at most its headers were considered.
        error: the names of the exceptions that the mail raised; "" for none.
    """

    inbox: str
    message: Message
    considered: Considered | None
    unreadable: bool
    error: str = ""


def explain(
    raw: bytes, config: Config, *, inbox: str = "", at: datetime | None = None, db: Database | None = None
) -> Explained:
    """
    What would happen to a mail if its inbox were live. No content of a mail makes it raise.

    Args:
        inbox: its name; "" takes the inbox that the mail is addressed to, else the first.
        at: when to decide, aware; None takes the topmost Received, else the Date, else now.
        db: the store whose facts count; None means that nothing is known.

    Raises:
        TemplateProblem: a template is broken.
    """
    office = _live(config.office)
    first = ""
    try:
        message = Message.parse(raw, office.signer)
    except Exception as broken:  # noqa: BLE001 - as the daemon does: decide by the headers alone
        message, first = Message.unreadable(raw, office.signer), type(broken).__name__
    name = inbox or _addressed(message, config)
    now = at or message.received_at or message.sent_at or datetime.now(UTC)
    office = office_at(office, db, now) if db is not None else office
    arrival = Arrival(name, now, size=len(raw))
    if sent := _sent_from(message, config.council, inbox):
        name = sent.name
        arrival = Arrival(name, now, sent.sent_folder, size=len(raw))

    def source(questions: Questions, now: datetime) -> Facts:
        return facts.gather(db, questions, now, office.council) if db is not None else Facts()

    if not first:
        try:
            return Explained(name, message, consider(message, arrival, office, source, now), unreadable=False)
        except TemplateProblem:
            raise
        except Exception as broken:  # noqa: BLE001 - as above
            message, first = Message.unreadable(raw, office.signer), type(broken).__name__
    try:
        considered = consider(message, arrival, office, source, now)
    except Exception as second:  # noqa: BLE001 - the headers break us too
        return Explained(name, message, None, unreadable=True, error=f"{first}, {type(second).__name__}")
    return Explained(name, message, considered, unreadable=True, error=first)


def _live(office: Office) -> Office:
    inboxes = {name: replace(inbox, mode="live") for name, inbox in office.council.inboxes.items()}
    return replace(office, council=replace(office.council, inboxes=MappingProxyType(inboxes)))


def _sent_from(message: Message, council: Council, named: str) -> Inbox | None:
    """
    The inbox in whose Sent folder this mail must lie; None if it was received.

    A sent mail is from an inbox or a member of staff, goes to none of our inboxes, and lacks our signature.

    Args:
        named: the inbox that was asked for; "" for any.
    """
    author = message.author
    if author is None or message.own or any(council.inbox_at(one.key) for one in (*message.to, *message.cc)):
        return None
    own = council.inbox_at(author.key)
    if own is None and council.staff_at(author.key) is None:
        return None
    watched = [one for one in council.inboxes.values() if one.sent_folder and named in ("", one.name)]
    return next((one for one in watched if one == own), watched[0] if watched else None)


def _addressed(message: Message, config: Config) -> str:
    council = config.council
    for one in (*message.to, *message.cc):
        if found := council.inbox_at(one.key):
            return found.name
    return council.first_inbox.name


def as_json(file: str, explained: Explained, office: Office) -> dict[str, Any]:
    """The contract of `explain --json` (design.md §8)."""
    return _as_json(file, explained.inbox, explained.message, explained.considered, office)


def _as_json(file: str, inbox: str, message: Message, considered: Considered | None, office: Office) -> dict[str, Any]:
    message = considered.message if considered else message
    first = message.author or (message.from_[0] if message.from_ else None)
    result: dict[str, Any] = {
        "file": file,
        "inbox": inbox,
        "kind": "unreadable",
        "decision": "record",
        "acknowledge": False,
        "acknowledge_to": None,
        "why": "it could not be read, and is kept as it came for a person to look at",
        "rule": "design.md §3",
        "urgent": [],
        "sender": {"name": first.name if first else "", "address": first.addr if first else ""},
        "subject": message.subject,
        "language": message.language(office.council.languages[0]),
        "text": message.text,
        "new_text": message.new_text,
        "attachments": [one.name for one in message.attachments if one.name],
        "bounce": [],
        "case": {"reference": None, "new": False},
        "owner": None,
        "standard": None,
        "clocks": [],
        "intents": [],
        "mails": [],
    }
    if considered is None:
        return result
    decision = considered.decision
    if decision.kind == "contact-form" and decision.to:
        result["sender"] = {"name": decision.to.name, "address": decision.to.addr}
    result.update(
        kind=decision.kind,
        decision=decision.outcome,
        acknowledge=decision.acknowledge,
        acknowledge_to=decision.to.addr if decision.acknowledge and decision.to else None,
        why=decision.why,
        rule=decision.rule,
        urgent=list(decision.urgent),
        bounce=_bounce(message) if decision.kind == "bounce" else [],
        case={"reference": office.council.reference_of(decision.code) if decision.code else None, "new": decision.new},
        owner={"id": decision.owner, "why": decision.owner_why} if decision.owner else None,
        standard=decision.standard or None,
        clocks=[_plain(clock) for clock in decision.clocks],
        intents=[_intent(intent, decision.signs, office.council) for intent in decision.intents],
        mails=[_mail(intent, considered.mails) for intent in decision.intents if isinstance(intent, Send)],
    )
    if considered.parts:
        result["passed_on"] = [_as_json(file, inbox, part.message, part, office) for part in considered.parts]
    return result


def _bounce(message: Message) -> list[dict[str, Any]]:
    return [
        {"address": one.address, "action": one.action, "status": one.status, "permanent": one.permanent}
        for one in message.failed_recipients
    ]


def _sign(sign: Sign) -> dict[str, Any]:
    """Where the line stands that found a danger, what it says, and the words of the mail in which it was found."""
    return {
        "category": sign.category,
        "file": sign.file,
        "line": sign.number,
        "looks_for": sign.line,
        "words": sign.words,
    }


def _mail(send: Send, mails: Mapping[str, Composed]) -> dict[str, Any]:
    composed = mails[send.dedupe_key]
    return {
        "kind": send.draft.kind,
        "to": send.draft.recipient.addr,
        "envelope_from": send.draft.envelope_from,
        "subject": composed.headers.get("Subject", ""),
        "headers": dict(composed.headers),
        "text": composed.text,
        "html": composed.html,
    }


def _intent(intent: Intent, signs: Sequence[Sign], council: Council) -> dict[str, Any]:
    """
    An intent's name, its reason, and the values that identify it; the text of mails is in `mails`.

    Args:
        signs: what shows a danger in the mail; told with what is recorded of it.
    """
    told: dict[str, Any] = {"intent": type(intent).__name__, "why": intent.why}
    match intent:
        case OpenCase():
            told |= {"code": intent.case.code, "team": intent.case.team, "way": intent.case.way}
        case Send():
            told |= {
                "kind": intent.draft.kind,
                "to": intent.draft.recipient.addr,
                "dedupe_key": intent.dedupe_key,
                "hold": intent.hold,
            }
        case Assign():
            told |= {"staff": intent.staff, "team": intent.team}
        case SetClock():
            told |= {"clock": _plain(intent.clock)}
        case ClearClock():
            told |= {"kind": intent.kind, "outcome": intent.outcome}
        case Note():
            told |= {"kind": intent.kind, "data": dict(intent.data)}
        case RecordAbsence():
            absence = intent.absence
            told |= {
                "staff": absence.staff,
                "from": _plain(council.calendar.local_day(absence.starts_at)),
                "until": _plain(returns_on(council, absence)),
                "source": absence.source,
            }
        case EndAbsence():
            told |= {"staff": intent.staff}
        case Record():
            told |= {
                "kind": intent.kind,
                "outcome": intent.outcome,
                "rule": intent.rule,
                "acknowledge": intent.acknowledge,
                "signs": [_sign(sign) for sign in signs],
            }
        case Attach() | Reopen():
            told |= {"code": intent.code}
    return told


def _plain(value: Any) -> Any:
    """A value as JSON has it: instants in UTC, dataclasses as objects, a clock with the three fields of the contract."""
    if isinstance(value, Clock):
        return {name: _plain(getattr(value, name)) for name in ("kind", "promised_on", "due_at")}
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return value


def to_line(result: dict[str, Any]) -> str:
    """The object as one line of JSON."""
    return json.dumps(result, ensure_ascii=False)
