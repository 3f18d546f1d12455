"""
Finds the mails inside a mail: attached ones, and those whose words a client put below header lines into the text of a forward.

Every client writes these lines in its user's language: `From: / Sent: / To: / Subject:`, `Von: / Gesendet:`, `Oddi wrth:`. Nothing
in them is proven, because whoever forwards a mail can edit it.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from typing import Literal

from ackbot.mail import mime, quoting, subjects
from ackbot.mail.addresses import Address
from ackbot.mail.headers import instant
from ackbot.mail.mime import Part
from ackbot.mail.plain import MOST_ENCLOSED, Attachment, Enclosed, Read
from ackbot.mail.signatures import trimmed

MOST_CHARACTERS = 1_000_000  # of all that is kept of the mails inside one mail
_DEEPEST = 5  # mails inside each other
_MOST_HEADS = 5  # in one text
_MAILS = frozenset({"message/rfc822", "message/global"})
_EML = re.compile(r".*\.eml", re.IGNORECASE | re.DOTALL)
_MOST_LINES = 16  # of one head
_LONGEST_LINE = 1_000  # characters of a line in a head
_LONGEST_DATE = 120
_QUOTED = re.compile(r"[ \t]{0,2}((?:>[ \t]?)*+)")
_OTHER_FIELD = re.compile(
    r"[*_]{0,2}(?:Cc|Bcc|Kopie|Copie|Copi|CC|Reply[ -]To|Antwort an|Importance|Priority|Attachments?|Anlagen?|Wichtigkeit|"
    r"Pi[eè]ces? jointes?|Importance|Resent-\w{2,10}|Organi[sz]ation|Categories|Sensitivity|Message-ID)[*_]{0,2}[ \t\xa0]?[:：]",
    re.IGNORECASE,
)
_VALUE = re.compile(r"[^:：]{1,40}[:：][*_]{0,2}[ \t\xa0]*")
_NAMED = re.compile(r"[\"\\<>\[\]()*]|(?<!\w)'|'(?!\w)|mailto:")
_CLOCK = re.compile(r"\b(\d{1,2})[:h](\d{2})(?::(\d{2}))?(?:[ \u202f\xa0]?([ap])\.?m\b)?", re.IGNORECASE)
_ZONED = re.compile(r"(?:\s|\(|GMT|UTC)([+-])(\d\d):?(\d\d)(?!\d)|\b(?:GMT|UTC|Z)\b(?![+-])")
_ISO = re.compile(r"\b(20\d\d)[-/.年](\d{1,2})[-/.月](\d{1,2})")
_NUMBERS = re.compile(r"\b(\d{1,2})[./-](\d{1,2})[./-](20\d\d|\d\d)\b")
_YEAR = re.compile(r"\b20\d\d\b")
_DAY = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|er|º|\.)?\b")
_WORD = re.compile(r"[^\W\d_]{3,}")
# The months in the languages of domain.md, without marks; the first letters of one are enough where no other month has them.
_MONTHS = (
    "january januar jänner janvier enero gennaio janeiro januari ionawr stycznia ianuarie",
    "february februar février febrero febbraio fevereiro februari chwefror lutego februarie",
    "march märz mars marzo março maart mawrth marca martie",
    "april avril abril aprile ebrill kwietnia aprilie",
    "may mai mayo maggio maio mei maja",
    "june juni juin junio giugno junho mehefin czerwca iunie",
    "july juli juillet julio luglio julho gorffennaf lipca iulie",
    "august août agosto augustus awst sierpnia",
    "september septembre septiembre settembre setembro medi września septembrie sept",
    "october oktober octobre octubre ottobre outubro hydref października octombrie",
    "november novembre noviembre novembro tachwedd listopada noiembrie",
    "december dezember décembre diciembre dicembre dezembro rhagfyr grudnia decembrie",
)

_Kind = Literal["from", "date", "to", "subject"]


@dataclass(frozen=True, slots=True)
class Head:
    """
    The lines that a client puts over a mail that it forwards.

    Args:
        start: number of its first line in the text, or of the line above that says "Forwarded message".
        end: number of the first line below it.
        marks: how many `>` stand before its lines.
        values: what follows the names of its fields.
    """

    start: int
    end: int
    marks: int
    values: dict[_Kind, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """When a mail was written, as a line of a forward tells it; `zoned` if it names a zone, else it is the clock on some wall."""

    at: datetime
    zoned: bool


def enclosed(root: Part, outer: Read, read: Callable[[Part], Read]) -> tuple[tuple[Enclosed, ...], bool]:
    """
    The mails inside a mail, each behind the one that holds it, and whether there are more of them.

    A report of a mail system holds no letter. Mails that are attached to an inline forward belong to the mail in it.

    Args:
        outer: what the mail says by itself.
        read: reads a mail without the mails in it.
    """
    found = _Found(read)
    if outer.report is None:
        found.all_of(root, outer, 0, 0)
    return tuple(found.mails), found.more


class _Found:
    """Collects mails until there are too many of them, or too much is in them."""

    def __init__(self, read: Callable[[Part], Read]) -> None:
        self.mails: list[Enclosed] = []
        self.more = False
        self._read = read
        self._left = MOST_CHARACTERS

    def all_of(self, root: Part, holder: Read, within: int, depth: int) -> None:
        """The mails inside one mail: those in its text, then those attached to it."""
        if depth == _DEEPEST:
            return
        attached = [leaf for leaf in root.leaves() if _is_mail(leaf)]
        above = trimmed(holder.new_text)
        for one in self._inline(holder, within):
            if not self._add(one):
                return
            within = len(self.mails)
        # What stands above an inline forward was said above that; an attached mail is then the forwarded mail's own.
        above = "" if self.mails and within == len(self.mails) and self.mails[-1].inline else above
        for leaf in attached:
            mail = _opened(leaf)
            if mail is None:
                continue
            said = self._read(mail)
            if leaf.content_type not in _MAILS:  # no server knows the parts of such a file: it goes along whole
                said = replace(said, attachments=(_file(leaf),) if said.attachments else ())
            if not self._add(Enclosed(said, within, False, False, above)):
                return
            if said.report is None:
                self.all_of(mail, said, len(self.mails), depth + 1)

    def _inline(self, holder: Read, within: int) -> Iterator[Enclosed]:
        """The mails in a text, each inside the one before it."""
        above = 0
        lines = holder.text.split("\n")
        for head in _heads(holder, lines):
            body = _body(lines, head)
            said = self._read(mime.parse(_as_mail(head, body)))
            written = written_at(head.values.get("date", ""))
            words = trimmed("\n".join(lines[above : head.start]))
            yield Enclosed(
                replace(said, attachments=holder.attachments),
                within,
                True,
                written is not None and not written.zoned,
                words,
            )
            above, within = head.end, len(self.mails)

    def _add(self, one: Enclosed) -> bool:
        """Whether there was room for it."""
        mail = one.mail
        texts = (mail.text, mail.new_text, mail.unmarked, mail.beside, mail.rich, one.above)
        self._left -= sum(map(len, texts)) + sum(len(raw) + len(value) for _, raw, value in mail.headers.all)
        if self._left < 0 or len(self.mails) == MOST_ENCLOSED:
            self.more = True
            return False
        self.mails.append(one)
        return True


def _is_mail(leaf: Part) -> bool:
    return leaf.content_type in _MAILS or bool(_EML.fullmatch(leaf.filename))


def _opened(leaf: Part) -> Part | None:
    """The mail in an attached mail, or in a file that a client saved as one; None if there is none."""
    if leaf.children:
        return leaf.children[0]
    if leaf.content_type.startswith("message/") or not leaf.body:
        return None
    mail = mime.parse(leaf.body)
    return mail if "from" in mail.headers else None


def _file(leaf: Part) -> Attachment:
    return Attachment(leaf.filename[:200].replace("\n", " "), "message/rfc822", leaf.section, inline=False)


def _heads(holder: Read, lines: Sequence[str]) -> list[Head]:
    """
    The heads of forwarded mails in a text. A reply quotes what it answers, and holds none; but one that goes to others alone than
    whom it quotes passes that on, as whoever presses "Reply" and changes the recipient does.
    """
    forward = subjects.is_forward(holder.subject)
    found: list[Head] = []
    if not forward and subjects.is_reply(holder.subject):
        head = _next_head(lines, 0)
        return [head] if head is not None and not _answers(holder, head) else []
    at = 0
    while len(found) < _MOST_HEADS and (head := _next_head(lines, at)) is not None:
        found.append(head)
        at = head.end
    if not found and forward and (head := _attributed(holder.text)) is not None:
        found.append(head)
    return found


def _answers(holder: Read, head: Head) -> bool:
    """Whether a reply goes to whom it quotes, to their organisation, or to where they cannot be told from its recipients."""
    quoted = [one for one in authors(head.values["from"]) if one.addr]
    named = {one.domain for one in (*holder.to, *holder.cc) if one.addr}
    theirs = {one.domain for one in holder.from_ if one.addr}
    return not quoted or any(one.domain in named | theirs for one in quoted) or not named <= theirs


def _next_head(lines: Sequence[str], at: int) -> Head | None:
    for number in range(at, len(lines)):
        if quoting.FROM_LINE.match(lines[number]) and (head := _head_at(lines, number, at)) is not None:
            return head
    return None


def _head_at(lines: Sequence[str], number: int, floor: int) -> Head | None:
    """The head that this From line belongs to; None if it is an ordinary line. Thunderbird puts Subject and Date above From."""
    top = number
    while top > max(floor, number - 4) and _kind_of(lines[top - 1]) not in (None, "from"):
        top -= 1
    values: dict[_Kind, str] = {}
    last: _Kind | None = None
    end = at = top
    while at < min(len(lines), top + _MOST_LINES):
        line = lines[at][:_LONGEST_LINE]
        bare = _bare(line)
        if (kind := _kind_of(line)) is not None:
            if kind in values and kind != "to":
                break
            values.setdefault(kind, _value_of(bare))
            last, end = kind, at + 1
        elif not bare.strip():
            # HTML puts a blank line between paragraphs; the head goes on if a field follows that it does not have yet.
            following = next((one for one in lines[at + 1 : at + 3] if _bare(one).strip()), "")
            missing = _kind_of(following)
            if missing is None or missing in values:
                break
        elif _OTHER_FIELD.match(bare):
            last, end = "to", at + 1
        elif (
            last is not None and at == end and (bare[0] in " \t" or _bare(lines[at - 1]).rstrip().endswith((",", ";")))
        ):
            if last != "to":
                values[last] = f"{values[last]} {bare.strip()}"
            end = at + 1
        else:
            break
        at += 1
    start = _label_above(lines, top, floor)
    if "from" not in values or len(values) < (2 if start < top else 3 - bool(quoting.ADDRESS.search(values["from"]))):
        return None
    return Head(start, end, _marks(lines[number]), values)


def _label_above(lines: Sequence[str], top: int, floor: int) -> int:
    """The line "Forwarded message" above a head, or the head's own first line."""
    for number in range(top - 1, max(floor - 1, top - 4), -1):
        line = lines[number][:_LONGEST_LINE]
        if quoting.FORWARD.match(line) or quoting.LABEL.match(line) or quoting.RULE.match(line):
            return number
        if _bare(lines[number]).strip():
            break
    return top


def _kind_of(line: str) -> _Kind | None:
    line = line[:_LONGEST_LINE]
    if quoting.FROM_LINE.match(line):
        return "from"
    kinds: tuple[_Kind, ...] = ("date", "to", "subject")
    return next((kind for kind, pattern in zip(kinds, quoting.BLOCK_LINES, strict=True) if pattern.match(line)), None)


def _bare(line: str) -> str:
    found = _QUOTED.match(line)
    return line[found.end(1) :] if found and found[1] else line


def _marks(line: str) -> int:
    found = _QUOTED.match(line)
    return found[1].count(">") if found else 0


def _value_of(bare: str) -> str:
    found = _VALUE.match(bare)
    return bare[found.end() if found else 0 :].strip(" \t\xa0*")


def _body(lines: Sequence[str], head: Head) -> str:
    """The words below a head. If its lines are marked `>`, they end with the last line that is."""
    below = list(lines[head.end :])
    if head.marks:
        kept = []
        for line in below:
            if line.strip() and not _marks(line):
                break
            kept.append(_without(line, head.marks))
        below = kept
    return "\n".join(below).strip("\n")


def _without(line: str, marks: int) -> str:
    for _ in range(marks):
        line = line.lstrip(" \t").removeprefix(">").removeprefix(" ")
    return line


def _attributed(text: str) -> Head | None:
    """A head of one line, "On 23 November 2026, Edward Quan <…> wrote:", as some clients put it over a forward too."""
    for start, end in quoting.attributions(text):
        said = text[start:end].replace("\n", " ")
        address = quoting.ADDRESS.search(said)
        if address is None:
            continue
        before = said[: address.start()].rstrip(" <[(")
        name = re.split(r"[,:]", before)[-1].strip()
        values: dict[_Kind, str] = {"from": f"{name} <{address[0].rstrip('.')}>", "date": before[:_LONGEST_DATE]}
        below = text.count("\n", 0, end) + 1
        first = next((line for line in text[end:].split("\n")[1:3] if line.strip()), "")
        return Head(text.count("\n", 0, start), below, _marks(first), values)
    return None


def _as_mail(head: Head, body: str) -> bytes:
    """The mail that a head and the words below it tell of, in the form of a mail, so that it is read like any other."""
    values = head.values
    named = [_mailbox(one) for one in authors(values["from"]) if one.addr]
    fields = [f"From: {', '.join(named)}"] if named else []
    if (written := written_at(values.get("date", ""))) is not None:
        fields.append(f"Date: {format_datetime(written.at)}")
    if "subject" in values:
        fields.append(f"Subject: {_word(values['subject'])}")
    if found := quoting.ADDRESS.findall(values.get("to", "")):
        fields.append(f"To: {', '.join(found)}")
    fields += ["MIME-Version: 1.0", 'Content-Type: text/plain; charset="utf-8"', "Content-Transfer-Encoding: 8bit"]
    return "\r\n".join([*fields, "", body]).encode("utf-8", "replace")


def _mailbox(one: Address) -> str:
    name = f'"{one.name}"' if one.name.isascii() else _word(one.name)
    return f"{name} <{one.addr}>" if one.name else f"<{one.addr}>"


def _word(text: str) -> str:
    """Text for a header field: an encoded word, so that no sign in it means anything (RFC 2047)."""
    folded = " ".join(text.split())[:_LONGEST_LINE]
    return Header(folded.encode("utf-8", "replace").decode(), "utf-8", maxlinelen=10_000).encode() if folded else ""


def authors(value: str) -> list[Address]:
    """The writers that a From line of a forward names, each address once; one without an address if it names only a person."""
    value = value[:_LONGEST_LINE]
    found: dict[str, Address] = {}
    start = 0
    for match in quoting.ADDRESS.finditer(value):
        name = " ".join(_NAMED.sub(" ", value[start : match.start()]).split()).strip(" ,;")
        one = Address(name, match[0].removeprefix("mailto:").rstrip("."))
        found.setdefault(one.key, one)
        start = match.end()
    return list(found.values()) or [Address(" ".join(_NAMED.sub(" ", value).split()), "")]


def written_at(value: str) -> Written | None:
    """
    The date and time in a line of a forward, in any order and language of domain.md; None if no day can be read.

    Of two numbers the first is the day, unless there is no such month: we are in Britain.
    """
    value = value[:_LONGEST_DATE]
    clock = _CLOCK.search(value)
    rest = value[: clock.start()] + " " + value[clock.end() :] if clock else value
    day = _day_in(rest)
    if day is None:
        return None
    hour, minute = (int(clock[1]), int(clock[2])) if clock else (12, 0)
    if clock and clock[4]:
        hour = hour % 12 + (12 if clock[4].lower() == "p" else 0)
    zone = _ZONED.search(rest)
    try:
        moment = datetime(*day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None
    if zone and zone[1]:
        return Written(instant(f"{moment:%d %b %Y %H:%M:%S} {zone[1]}{zone[2]}{zone[3]}") or moment, zoned=True)
    return Written(moment, zone is not None)


def _day_in(text: str) -> tuple[int, int, int] | None:
    if iso := _ISO.search(text):
        return int(iso[1]), int(iso[2]), int(iso[3])
    if numbers := _NUMBERS.search(text):
        first, second, year = int(numbers[1]), int(numbers[2]), int(numbers[3])
        day, month = (second, first) if second > 12 else (first, second)
        return (year if year > 99 else 2000 + year), month, day
    # The last word counts: "Mawrth" and "mar." are Tuesdays too.
    found = next((number for word in reversed(_WORD.findall(text)) if (number := _month(word))), None)
    year_at = _YEAR.search(text)
    without = text[: year_at.start()] + " " + text[year_at.end() :] if year_at else text
    days = [int(one) for one in _DAY.findall(without) if 1 <= int(one) <= 31]
    return (int(year_at[0]), found, days[0]) if found and year_at and days else None


def _month(word: str) -> int | None:
    """The number of the month that a word names, or begins to name; None if it is none, or may be two."""
    bare = _plain(word)
    found = {month for month, names in enumerate(_NAMES, 1) if any(name.startswith(bare) for name in names)}
    exact = {month for month, names in enumerate(_NAMES, 1) if bare in names}
    sure = exact or found
    return next(iter(sure)) if len(sure) == 1 else None


def _plain(word: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(char))


_NAMES = tuple(frozenset(map(_plain, names.split())) for names in _MONTHS)
