"""An attempt on a council's mail, and the one comparison of the store that says what it changed (P7)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from tests.support.letters import letter, parsed
from tests.support.story import LONDON, Story, answer

Step = Callable[[Story], object]
Writes = Callable[[Story], bytes | Sequence[bytes]]
LURES = ("evil.example", "0800 555")  # in no subject that a resident reads, and in no link of ours
NONE = "mx.northgate.example; dmarc=none"
FAILED = "mx.northgate.example; dmarc=fail"
_QUIET_COLUMNS = ("last_letter_at",)  # that a letter came is no change


@dataclass(frozen=True)
class Attempt:
    """
    One row of docs/attacks.md.

    Args:
        section: the heading under which the row stands.
        name: what somebody tries.
        happens: what becomes of it.
        mail: the mail or mails, in the order in which they come.
        differs: all that is then different, in the words of `difference`.
        before: what has happened until then; the first letter is Edward's own.
        inbox: the inbox that the mails come to.
        changes: of the council's configuration.
        then: what Edward writes afterwards.
        gets: the kinds of mail that he gets since the attempt began, in order.
        arrival: how the mails came, such as by LMTP.
    """

    section: str
    name: str
    happens: str
    mail: Writes
    differs: frozenset[str]
    before: tuple[Step, ...] = ()
    inbox: str = "housing"
    changes: tuple[tuple[str, str], ...] = ()
    then: Writes | None = None
    gets: tuple[str, ...] = ()
    arrival: Mapping[str, Any] | None = None

    @property
    def row(self) -> str:
        """Its row in docs/attacks.md."""
        return f"| {self.name} | {self.happens} | `test_attacks.py::test_an_attempt` |"


def received(story: Story, mails: bytes | Sequence[bytes], inbox: str, **arrival: Any) -> None:
    """The mails come in, ten seconds apart."""
    for raw in [mails] if isinstance(mails, bytes) else mails:
        story.receive(raw, inbox=inbox, **arrival)
        story.after(seconds=10)


def standing(story: Story) -> dict[str, list[dict[str, Any]]]:
    """All of the store that a mail could change."""
    queries = {
        "cases": "SELECT * FROM cases ORDER BY id",
        "clocks": "SELECT code, kind, state, promised_on, told FROM clocks ORDER BY id",
        "alarm": "SELECT code, categories, taken_by FROM alarms ORDER BY code",
        "words": "SELECT code, staff, kind, state, words FROM words ORDER BY id",
        "parties": "SELECT * FROM parties ORDER BY code, address",
        "score": "SELECT code, data FROM events WHERE kind = 'feedback' ORDER BY id",
        "wishes": "SELECT * FROM people ORDER BY address",
        "absences": "SELECT * FROM absences ORDER BY id",
        "answers elsewhere": "SELECT * FROM answers ORDER BY id",
        "mails": "SELECT id, kind, recipient, staff, state, content FROM outbox ORDER BY id",
        "quarantine": "SELECT id FROM letters WHERE state <> 'decided'",
    }
    return {name: [dict(row) for row in story.db.run(query)] for name, query in queries.items()}


def difference(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> frozenset[str]:
    """
    What is different: columns of the cases that were there, "clocks", "alarm", "words", "parties" and "score" of these cases,
    "wishes", "absences", "answers elsewhere" and "quarantine" of anybody, "a case of NAME", and "KIND to NAME" for each new mail.
    """
    were = {row["code"]: row for row in before["cases"]}
    found: set[str] = set()
    for case in after["cases"]:
        if old := were.get(case["code"]):
            found |= {name for name in case if case[name] != old[name] and name not in _QUIET_COLUMNS}
        else:
            found.add(f"a case of {_local(case['resident_address'])}")
    for name in ("clocks", "alarm", "words", "parties", "score"):
        if [row for row in after[name] if row["code"] in were] != before[name]:
            found.add(name)
    found |= {name for name in ("wishes", "absences", "answers elsewhere", "quarantine") if after[name] != before[name]}
    count = len(before["mails"])
    found |= {f"{mail['kind']} to {_local(mail['recipient'])}" for mail in after["mails"][count:]}
    if after["mails"][:count] != before["mails"]:
        found.add("mails of before")
    return frozenset(found)


def lures(mails: Sequence[dict[str, Any]]) -> list[str]:
    """Lures in subjects of mails to residents, in names and links of all mails of ours, and copies, which no mail of ours has."""
    found = []
    for mail in mails:
        message = parsed(bytes(mail["content"]))
        # An officer reads the letter anyway, and knows its subject by the reference behind it.
        said = [] if mail["staff"] else [str(message["Subject"] or "")]
        said += [str(message[name] or "") for name in ("From", "Reply-To") if "0800" in str(message[name] or "")]
        page = message.get_body(("html",))
        if page is not None:
            reader = _Links()
            reader.feed(str(page.get_content()))
            said += reader.found
        found += [one for one in said if any(lure in one for lure in LURES)]
        found += [str(message[name]) for name in ("Cc", "Bcc") if message[name]]
    return found


class _Links(HTMLParser):
    """Where the links of a page lead. Behind the question mark of ours stands the subject of the answer that they begin."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See HTMLParser."""
        self.found += [(value or "").partition("?")[0] for name, value in attrs if name in ("href", "src", "action")]


def _local(address: str) -> str:
    return address.rpartition("@")[0] or "nobody"


# -- What mails are made of ---------------------------------------------------------------------------------------------


def writes(
    sender: str,
    text: str,
    *,
    to: str = "housing@northgate.example",
    results: str = NONE,
    subject: str = "Re: Damp in the bedroom",
    message_id: str = "<attack@else.example>",
    content_type: str = "text/plain; charset=utf-8",
    **fields: str,
) -> Writes:
    """
    A mail of somebody's own making, written now. In fields, {ours} is the Message-ID of our acknowledgement, {reply} its
    reply address, {staff} that of the latest mail to Priya, {asked} the Message-ID of that mail, {reference} the first case's.
    """

    def write(story: Story) -> bytes:
        known = _known(story) if "{" in f"{sender}{to}{subject}{text}{''.join(fields.values())}" else {}

        def filled(value: str) -> str:
            for name, one in known.items():
                value = value.replace(f"{{{name}}}", one)
            return value

        date = story.now.astimezone(LONDON).strftime("%a, %d %b %Y %H:%M:%S %z")
        values = {"Authentication_Results": results, **fields}
        head = {name: filled(value) for name, value in values.items() if value}
        return letter(
            filled(sender), filled(to), filled(subject), filled(text) + "\n", message_id, date, content_type, **head
        )

    return write


def _known(story: Story) -> dict[str, str]:
    found = {}
    if story.cases():
        found["reference"] = story.office.council.reference_of(story.case()["code"])
    for mail in story.outbox("acknowledgement")[:1]:
        ours = parsed(bytes(mail["content"]))
        found |= {"ours": str(ours["Message-ID"]), "reply": str(ours["Reply-To"])}
    for mail in story.outbox(to="priya@northgate.example")[-1:]:
        ours = parsed(bytes(mail["content"]))
        found |= {"asked": str(ours["Message-ID"]), "staff": str(ours["Reply-To"])}
    return found


def answers(kind: str, to: str, text: str, sender: str, results: str = NONE, **fields: str) -> Writes:
    """An answer to the latest mail of a kind to a person, as their mail program writes it; {reference} is the first case's."""

    def write(story: Story) -> bytes:
        ours = story.mail(kind, f"{to}@northgate.example")
        words = text.replace("{reference}", story.office.council.reference_of(story.case()["code"]))
        return answer(bytes(ours["content"]), words, sender, when=story.now, Authentication_Results=results, **fields)

    return write


def report(failed: str, *, returned: str = "", status: str = "5.1.1", action: str = "failed", **fields: str) -> Writes:
    """A delivery status notification; `returned` is the Message-ID of the mail that it returns."""
    text = (
        "--b\nContent-Type: text/plain\n\nNot delivered.\n--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {failed}\nAction: {action}\nStatus: {status}\n\n"
        + (f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {returned}\n\n" if returned else "")
        + "--b--"
    )
    kind = "multipart/report; report-type=delivery-status; boundary=b"
    values = {"to": "{reply}", "subject": "Undelivered Mail", "Return_Path": "<>", "content_type": kind, **fields}
    return writes("MAILER-DAEMON@mx.example", text, **values)


def many(*mails: Writes) -> Writes:
    """Several mails, one after another."""

    def write(story: Story) -> list[bytes]:
        found = [mail(story) for mail in mails]
        return [one for one in found if isinstance(one, bytes)]

    return write
