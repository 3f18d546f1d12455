"""What the council's own server found out about a sender: Authentication-Results by the grammar of RFC 8601 §2.2."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from ackbot.errors import AckbotError
from ackbot.mail import domains
from ackbot.mail.plain import Fields

Verdict = Literal["pass", "fail", ""]
UNKNOWN = "unknown"  # configured for Exchange Online, whose results name no server

_ODD = "what stands here is not what the grammar allows"
_MOST = 16_384  # characters of a field that are read; a longer one passes nothing
_KEYWORD = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_-]*+"
)  # RFC 8601 §2.2; results such as `best_guess_pass` have underscores
_TOKEN = re.compile(r"[^\s;()<>\"\\,\[\]=]++")
_VALUE = re.compile(r"[^\s;()<>\"\\,\[\]]++")  # a token, or an address with its domain
_FAILED = re.compile(r"\bdmarc[\s/\d]{0,20}=\s{0,20}fail\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Result:
    """
    One method's result, lower case.

    Args:
        properties: `header.from` and the like; a property that is named twice is left out, for nobody knows which is meant.
    """

    method: str
    result: str
    properties: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Field:
    """
    One field as far as it can be read.

    Args:
        server: its authserv-id, lower case; UNKNOWN for one that names none.
        whole: all of it follows the grammar. Of a damaged field no result counts but a failure.
    """

    server: str
    results: tuple[Result, ...]
    whole: bool


def verdict(headers: Fields, authserv_id: str, author_domain: str) -> Verdict:
    """
    Whether the trusted server says that a mail is of its author's domain (DMARC); "" when it does not say so, or nobody is
    trusted.

    A pass counts only for the domain that was checked (`header.from`): the author's own, or the organisational domain over
    it (RFC 7489 §3.2). A failure counts whatever it names.

    Args:
        authserv_id: whose results to believe; UNKNOWN means the topmost field that names no server.
        author_domain: of the one author, lower case; "" when there is no one author, and then nothing passes.
    """
    if not authserv_id:
        return ""
    for raw in headers.raws("authentication-results"):
        found = read(raw)
        if found.server != authserv_id.lower():
            continue
        # Only the topmost field of that server counts. Whatever stands below may have come with the mail (RFC 8601 §5, §7.1).
        dmarc = [one for one in found.results if one.method == "dmarc"]
        if any(one.result == "fail" for one in dmarc) or (not found.whole and _FAILED.search(raw[:_MOST])):
            return "fail"
        passes = [
            one.result == "pass" and _covers(one.properties.get("header.from", ""), author_domain) for one in dmarc
        ]
        return "pass" if found.whole and passes and all(passes) else ""
    return ""


def servers(headers: Fields) -> tuple[str, ...]:
    """Whose results stand in a mail, the topmost first, each once; UNKNOWN for those that name no server."""
    return tuple(dict.fromkeys(read(raw).server for raw in headers.raws("authentication-results")))


def internal(headers: Fields) -> bool:
    """
    Exchange's mark of a mail that was sent from inside, authenticated.

    Exchange strips it from mail of strangers; other servers let anybody write it, so it says something only in an inbox
    of Exchange.
    """
    return headers.value("x-ms-exchange-organization-authas").lower() == "internal"


def _covers(checked: str, author_domain: str) -> bool:
    """Whether a domain that was checked is the author's, or the organisational domain of it."""
    checked = domains.ascii_form(checked)
    return bool(checked and author_domain) and checked in (author_domain, domains.organisational(author_domain))


def read(raw: str) -> Field:
    """
    A field's value, unfolded. Never raises, in time linear in its length.

    Exchange Online leaves the authserv-id out, and puts `action=none` and `reason=100` among the properties: both are read.
    """
    reader = _Reader(raw[:_MOST])
    results: list[Result] = []
    server = reader.first_word()  # in case that no more can be read: the field is the server's all the same
    try:
        server = reader.server()
        while not reader.ended():
            if (found := reader.result()) is not None:
                results.append(found)
    except _Damaged:
        return Field(server, tuple(results), whole=False)
    return Field(server, tuple(results), whole=len(raw) <= _MOST)


class _Damaged(AckbotError):
    """What stands here is not what the grammar allows."""


class _Reader:
    """Goes through a field once, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def first_word(self) -> str:
        """What seems to be the authserv-id; UNKNOWN where nothing does."""
        match = _VALUE.match(self._text.lstrip())
        return UNKNOWN if match is None or "=" in match[0] else match[0].lower()

    def server(self) -> str:
        """The authserv-id with its version, up to the first semicolon; UNKNOWN where the first result begins at once."""
        self._skip()
        begin = self._at
        named = self._value() if self._next() == '"' else self._token()
        self._skip()
        if self._next() == "=" or (self._next() == "/" and "=" in self._text[self._at : self._at + 20]):
            self._at = begin  # it is a method: no server is named
            return UNKNOWN
        if self._next().isdigit():
            self._keyword()
            self._skip()
        if not self.ended() and self._next() != ";":
            raise _Damaged(_ODD)
        self._take(";")
        return named.lower()

    def result(self) -> Result | None:
        """One method with its result and properties, and the semicolon behind it; None for `none` and for an empty place."""
        self._skip()
        if self._take(";") or self.ended():
            return None
        method = self._keyword().lower()
        self._skip()
        if method == "none" and (self.ended() or self._next() == ";"):
            self._take(";")
            return None
        if self._take("/"):
            self._skip()
            self._keyword()
            self._skip()
        if not self._take("="):
            raise _Damaged(_ODD)
        self._skip()
        outcome = self._keyword().lower()
        properties: dict[str, str] = {}
        repeated: set[str] = set()
        self._skip()
        while not self.ended() and not self._take(";"):
            name, value = self._property()
            repeated |= {name} & set(properties)
            properties[name] = value
            self._skip()
        known = {name: value for name, value in properties.items() if name not in repeated}
        return Result(method, outcome, MappingProxyType(known))

    def _property(self) -> tuple[str, str]:
        """`ptype.property=value`, or a word that servers put among them, such as `reason="…"` and `action=none`."""
        name = self._keyword().lower()
        self._skip()
        if self._take("."):
            self._skip()
            name = f"{name}.{self._keyword().lower()}"
            self._skip()
        if not self._take("="):
            raise _Damaged(_ODD)
        self._skip()
        return name, self._value().lower()

    def ended(self) -> bool:
        """Whether nothing is left but comments."""
        self._skip()
        return self._at >= len(self._text)

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, char: str) -> bool:
        if self._next() == char:
            self._at += 1
            return True
        return False

    def _keyword(self) -> str:
        match = _KEYWORD.match(self._text, self._at)
        if match is None:
            raise _Damaged(_ODD)
        self._at = match.end()
        return match[0]

    def _token(self) -> str:
        """What may stand for a server: a value without the sign that makes a result of it."""
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise _Damaged(_ODD)
        self._at = match.end()
        return match[0]

    def _value(self) -> str:
        """A token, an address, or a quoted string without its quotes, which may be the local part of an address."""
        if self._next() == '"':
            quoted = self._quoted()
            domain = _VALUE.match(self._text, self._at) if self._next() == "@" else None
            self._at = domain.end() if domain else self._at
            return quoted + (domain[0] if domain else "")
        match = _VALUE.match(self._text, self._at)
        if match is None or match[0].startswith("="):
            raise _Damaged(_ODD)
        self._at = match.end()
        return match[0]

    def _quoted(self) -> str:
        kept: list[str] = []
        at = self._at + 1
        while at < len(self._text):
            char = self._text[at]
            if char == '"':
                self._at = at + 1
                return "".join(kept)
            if char == "\\":
                at += 1
                char = self._text[at : at + 1]
            kept.append(char)
            at += 1
        raise _Damaged(_ODD)

    def _skip(self) -> None:
        """Blanks and comments, which nest and have escapes (RFC 5322 §3.2.2)."""
        text, at, depth = self._text, self._at, 0
        while at < len(text):
            char = text[at]
            if char == "(":
                depth += 1
            elif depth and char == ")":
                depth -= 1
            elif depth and char == "\\":
                at += 1
            elif not depth and char not in " \t\r\n":
                break
            at += 1
        if depth:
            raise _Damaged(_ODD)
        self._at = at
