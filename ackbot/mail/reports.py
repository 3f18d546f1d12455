"""Reads the reports of machines: undelivered mail (RFC 3464), read receipts (RFC 8098), abuse reports (RFC 5965)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message as StandardMessage
from itertools import islice
from types import MappingProxyType
from typing import Literal

from ackbot.mail import subjects
from ackbot.mail.headers import Headers
from ackbot.mail.mime import Part

Kind = Literal["delivery-status", "disposition-notification", "feedback-report", "calendar"]

_REPORTS: Mapping[Kind, frozenset[str]] = MappingProxyType(
    {
        "disposition-notification": frozenset({"message/disposition-notification"}),
        "feedback-report": frozenset({"message/feedback-report"}),
        "delivery-status": frozenset({"message/delivery-status", "message/global-delivery-status"}),
    }
)
_OF_ADDRESS = r"[^\s<>;,:\"'()\[\]]"
# A match begins only at a word's first character, so that 65,000 dots are scanned once and not once for each dot (E1).
# It runs to the first `@` in one go; otherwise `a@a@a@` is tried with each of them.
_ADDRESS = re.compile(rf"(?<!{_OF_ADDRESS})[^\s<>;,:\"'()\[\]@]++@{_OF_ADDRESS}++")
_SHORT_ADDRESS = rf"[^\s<>;,:\"'()\[\]@]{{1,320}}+@{_OF_ADDRESS}{{1,320}}"  # RFC 5321 §4.5.3.1 allows 64 and 255
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_GONE = re.compile(
    r"(?:user|recipient|address|mailbox) (?:is |was )?(?:unknown|not (?:found|known|recognized|listed))|unknown user|unknown (?:address|recipient|account|local|mailbox)|(?:was |were )not found in|not listed in|name is not recognized|(?:recipient|mailbox|address|account|user) (?:is )?unknown"
    r"|no such (?:user|address|recipient|mailbox|person|account|domain|host)|(?:does ?n[o']t|does not) (?:exist|have an? .{0,20}account)"
    r"|unrouteable|unroutable|invalid (?:recipient|mailbox|user|address)|mailbox (?:unavailable|not found)|no mailbox|not a valid (?:mailbox|user)"
    r"|(?:account|mailbox|user).{0,30}(?:disabled|inactive|suspended|closed|no longer)|(?:host|domain).{0,30}not (?:found|exist)|host unknown"
    r"|couldn'?t be found|could not be found|RecipNotFound|recipient address rejected|not our customer|no longer (?:works|valid|at|with)",
    re.IGNORECASE,
)
_FOR_NOW = re.compile(
    r"quota|mailbox (?:is )?full|full mailbox|too (?:large|big|many)|message size|allowed size|storage|spam|blocked|black ?list|block ?list|policy|filter"
    r"|temporar|try again|grey ?list|rate.?limit|delayed|postponed|warning|will continue to try|not yet|still (?:being )?(?:trying|retried)",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"delayed|postponed|will (?:continue to|keep) (?:try|trying|retry)|still being retried|not yet been delivered|warning",
    re.I,
)


_RETURNED = re.compile(
    r"original (?:message|mail)|message headers|copy of (?:the|your) message|message follows|diagnostic information",
    re.IGNORECASE,
)
_WORDS_OF_LINE = r"[^\S\n]*+\S[^\n]*+"  # a line that is not blank
_PARAGRAPH = re.compile(
    rf"^[ \t]*<({_ADDRESS.pattern})>[^\n:]{{0,60}}:[ \t]*+(\n?+{_WORDS_OF_LINE}(?:\n{_WORDS_OF_LINE})*)",
    re.MULTILINE,
)
MOST_RECIPIENTS = 100
_LIBRARY_LINES = 2_000
_LONGEST_LINE = 998  # characters (RFC 5322 §2.1.1)


@dataclass(frozen=True, slots=True)
class Recipient:
    """
    What happened to one recipient of a mail of ours.

    Args:
        action: `failed`, `delayed`, `delivered`, `relayed` or `expanded` (RFC 3464 §2.3.3).
        status: an RFC 3463 code such as 5.1.1; "" if none was given.
        permanent: the address itself does not work. False for a full mailbox (5.2.2), a policy or a size limit (D39).
    """

    address: str
    action: str
    status: str
    permanent: bool


def kind_of(part: Part) -> Kind | None:
    """
    The kind of report that a mail is, judged by its MIME types; None if it is not a report. For calendars see `calendars`.

    Only a multipart/report counts (RFC 6522), or a report part that is the whole mail. In other types of mail, a person may
    have attached or forwarded the parts of a report; but complaints of a feedback loop come in any shape (E22).
    """
    report = _report_in(part)
    types = {child.content_type for child in report.children} | {report.content_type} if report else {part.content_type}
    named = report.parameters.get("report-type", "").lower().strip("\"'") if report else ""
    for kind, found in _REPORTS.items():
        if named == kind or types & found:
            return kind
    loops = any(leaf.content_type in _REPORTS["feedback-report"] for leaf in part.leaves())
    return "feedback-report" if loops and not subjects.is_forward(part.headers.value("subject")) else None


def _report_in(part: Part) -> Part | None:
    """The multipart/report that a mail is, or that a gateway wrapped to add a footer; None if there is none."""
    return next((one for one in (part, *part.children) if one.content_type == "multipart/report"), None)


def holds_delivery_status(part: Part) -> bool:
    """
    Whether any part is a delivery status, whatever the type of the mail around it.

    Such a mail is a bounce only if a mail system sent it; a person may have forwarded one.
    """
    return any(leaf.content_type in _REPORTS["delivery-status"] for leaf in part.leaves())


def recipients(part: Part, text: str) -> tuple[Recipient, ...]:
    """
    The recipients that a bounce is about: from its delivery-status part, else in the ways of old and odd servers.

    Args:
        text: the visible text of the mail, which may hold diagnostics that stand nowhere else.
    """
    found = (
        tuple(_from_delivery_status(part))
        or tuple(_from_headers(part.headers, text))
        or tuple(_from_paragraphs(text))
        or tuple(_by_library(part, text))
    )
    return found or tuple(_from_text(text))


def _from_delivery_status(part: Part) -> Iterator[Recipient]:
    for leaf in part.leaves():
        if leaf.content_type not in _REPORTS["delivery-status"]:
            continue
        for block in _blocks(leaf):
            address = _address(block.value("final-recipient")) or _address(block.value("original-recipient"))
            if not address:
                continue
            status = _status(block.value("status")) or _status(block.value("diagnostic-code"))
            action = block.value("action").split(" ")[0].lower() or ("delayed" if status.startswith("4") else "failed")
            yield Recipient(address, action, status, is_permanent(action, status, block.value("diagnostic-code")))


def _blocks(leaf: Part) -> Iterator[Headers]:
    """The groups of fields, one per message and one per recipient (RFC 3464 §2.1). The library parses each into a message."""
    payload = leaf.source.get_payload() if leaf.source is not None else None
    if isinstance(payload, list):
        for block in payload:
            if isinstance(block, StandardMessage):
                yield Headers((name, str(value)) for name, value in block.raw_items())
    else:
        for block in re.split(r"\n[ \t]*\n", leaf.text):
            fields = re.sub(r"\n[ \t]+", " ", block).split("\n")
            yield Headers((name, value) for name, colon, value in (field.partition(":") for field in fields) if colon)


def _from_headers(headers: Headers, text: str) -> Iterator[Recipient]:
    """The recipients in X-Failed-Recipients, where exim and Gmail name them."""
    named = _ADDRESS.findall(headers.value("x-failed-recipients"))[:MOST_RECIPIENTS]
    if named:
        status = _status(text)
        action = "delayed" if _DELAYED.search(headers.value("subject")) else "failed"
        permanent = is_permanent(action, status, text)
        yield from (Recipient(address, action, status, permanent) for address in named)


def _from_paragraphs(text: str) -> Iterator[Recipient]:
    """The recipients in paragraphs `<address>: why`, as Postfix, qmail and similar servers write them."""
    above = _RETURNED.split(text, maxsplit=1)[0]
    delayed = bool(_DELAYED.search(above))
    for match in islice(_PARAGRAPH.finditer(above), MOST_RECIPIENTS):
        status = _status(match[2])
        action = "delayed" if status.startswith("4") or (not status and delayed) else "failed"
        yield Recipient(match[1], action, status, is_permanent(action, status, match[2]))


def _by_library(part: Part, text: str) -> Iterator[Recipient]:
    """The recipients in the plain-text formats that flufl.bounce knows."""
    if part.source is None:
        return
    from flufl.bounce import all_failures

    try:
        temporary, permanent = all_failures(_Beginnings().of(part.source))
    except Exception:  # noqa: BLE001 - its detectors raise many kinds of errors on damaged mails
        return
    status = _status(text)
    for address in sorted(_decoded(one) for one in temporary):
        yield Recipient(address, "delayed", status, permanent=False)
    for address in sorted(_decoded(one) for one in permanent - temporary):
        permanent_words = is_permanent("failed", status, text) if status else not _FOR_NOW.search(text)
        yield Recipient(address, "failed", status, permanent_words)


class _Beginnings:
    """Shortens a mail for flufl.bounce, which tries thirty patterns on every line, some slower than linear (E1)."""

    def __init__(self) -> None:
        self._lines = _LIBRARY_LINES

    def of(self, message: StandardMessage) -> StandardMessage:
        """A copy with only the first `_LIBRARY_LINES` lines of the mail, and only the beginning of long lines and fields."""
        copy = StandardMessage(policy=message.policy)
        copy.set_default_type(message.get_default_type())
        for name, value in message.raw_items():
            copy.set_raw(name, str(value)[:_LONGEST_LINE])
        payload = message._payload  # type: ignore[attr-defined] # get_payload() would change 8-bit octets
        if isinstance(payload, list):
            copy.set_payload([])
            for one in payload:
                copy.attach(self.of(one))
        else:
            lines = str(payload).split("\n", self._lines)[: self._lines]
            self._lines -= len(lines)
            copy.set_payload("\n".join(line[:_LONGEST_LINE] for line in lines))
        return copy


def _decoded(address: bytes | str) -> str:
    return address.decode("utf-8", "replace") if isinstance(address, bytes) else address


def _from_text(text: str) -> Iterator[Recipient]:
    """The first address that a bounce's text names before it quotes the returned mail."""
    above = _RETURNED.split(text, maxsplit=1)[0]
    if not _ADDRESS.search(above):
        above = text
    named = re.search(r"(?i)(?:RCPT TO|recipient|^to):?\W{1,5}(" + _SHORT_ADDRESS + ")", above, re.MULTILINE)
    if found := named[1] if named else next(iter(_ADDRESS.findall(above)), ""):
        status = _status(text)
        action = "delayed" if _DELAYED.search(above) and not status.startswith("5") else "failed"
        yield Recipient(found.rstrip(".>"), action, status, is_permanent(action, status, text))


def is_permanent(action: str, status: str, diagnostic: str) -> bool:
    """
    Whether the address will never work: the user, host or mailbox is unknown. False for a delay, a full mailbox or a policy.

    The status decides if it is clear (RFC 3463), else the words of the diagnostic.
    """
    if action != "failed" or status.startswith("4"):
        return False
    # 5.1.0 is "other address status", which servers use for many reasons, so the words must decide.
    if status.startswith(("5.1.", "5.2.1")) and status != "5.1.0":
        return True
    if status.startswith(("5.2.2", "5.2.3", "5.3.", "5.7.")):
        return False
    return bool(_GONE.search(diagnostic)) and not _FOR_NOW.search(diagnostic)


def _status(text: str) -> str:
    match = _STATUS.search(text)
    return match[0] if match else ""


def _address(value: str) -> str:
    """`rfc822; someone@example.org` without its type."""
    match = _ADDRESS.search(value.partition(";")[2] or value)
    return match[0] if match else ""
