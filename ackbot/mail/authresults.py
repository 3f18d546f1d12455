"""Authentication-Results: what the council's own mail server found out about a sender (grammar of RFC 8601 §2.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from ackbot.errors import AckbotError
from ackbot.mail import domains
from ackbot.mail.plain import Fields

Verdict = Literal["pass", "fail", ""]
UNKNOWN = "unknown"  # the authserv-id to configure for Exchange Online, whose results name no server

_ODD = "what stands here is not what the grammar allows"
_VERSION = "1"  # of the format and of every method, as far as anything is defined
_MOST = 16_384  # characters of a field that are read; a longer field can fail a sender but never pass one
_KEYWORD = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_-]*+"
)  # RFC 8601 §2.2; results such as `best_guess_pass` have underscores
_TOKEN = re.compile(r"[^\s\x00-\x1f\x7f;()<>\"\\,\[\]=]++")
_VALUE = re.compile(r"[^\s\x00-\x1f\x7f;()<>\"\\,\[\]]++")  # a token, or an address with its domain
_FAILED = re.compile(r"\bdmarc[\s/\d]{0,20}=\s{0,20}fail\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Result:
    """
    The result of one method, in lower case.

    Args:
        properties: `header.from` and the like. A property named twice is left out, because it is unclear which one is meant.
    """

    method: str
    result: str
    properties: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Field:
    """
    One Authentication-Results field, as far as it can be read.

    Args:
        server: its authserv-id in lower case; UNKNOWN if it names none.
        whole: all of it follows the grammar. In a damaged field only a failure counts.
    """

    server: str
    results: tuple[Result, ...]
    whole: bool


def verdict(headers: Fields, authserv_id: str, author_domain: str) -> Verdict:
    """
    The trusted server's DMARC verdict: does the mail really come from its author's domain? "" if it does not say.

    A pass counts only if the domain that was checked (`header.from`) is the author's own, or its organisational domain
    (RFC 7489 §3.2). A failure counts whichever domain it names.

    Args:
        authserv_id: the server whose results to believe; UNKNOWN for the topmost field that names no server; "" to believe
            none.
        author_domain: the author's domain in lower case; "" if there is not exactly one author, and then nothing passes.
    """
    found, raw = _topmost(headers, authserv_id)
    if found is None:
        return ""
    dmarc = [one for one in found.results if one.method == "dmarc"]
    if any(one.result == "fail" for one in dmarc) or (not found.whole and _FAILED.search(raw[:_MOST])):
        return "fail"
    # Exchange Online judges domains without a policy by itself, and calls that composite authentication.
    if found.server == UNKNOWN and any((one.method, one.result) == ("compauth", "fail") for one in found.results):
        return "fail"
    # A field may hold several DMARC results; a pass beside a result for another domain is not one for the author's.
    passes = [one.result == "pass" and _covers(one.properties.get("header.from", ""), author_domain) for one in dmarc]
    return "pass" if found.whole and passes and all(passes) else ""


def named_another(headers: Fields, authserv_id: str, author_domain: str) -> bool:
    """
    Whether the trusted server judged an author of another organisation, whatever it said: it read From otherwise than we do.

    Writers of odd From fields, such as `<a@b.example> <x@evil.example>`, count on that, and need no pass: a domain without a
    policy gets `none`. Arguments as for `verdict`.
    """
    found, _ = _topmost(headers, authserv_id)
    own = domains.organisational(author_domain) if author_domain else ""
    checked = [
        one.properties.get("header.from", "") for one in (found.results if found else ()) if one.method == "dmarc"
    ]
    return bool(own) and any(one and domains.organisational(domains.ascii_form(one) or one) != own for one in checked)


def _topmost(headers: Fields, authserv_id: str) -> tuple[Field | None, str]:
    """
    The topmost field of that server, and how it stands in the mail; None and "" if there is none.

    Only that counts: the sender may have written those below it (RFC 8601 §5, §7.1).
    """
    trusted = authserv_id.lower()
    for raw in headers.raws("authentication-results") if trusted else ():
        found = read(raw)
        # One that cannot be read may be the server's wherever its name stands; what is below it must not count then.
        named = not found.whole and trusted in raw[:_MOST].partition(";")[0].lower()
        if found.server == trusted or named:
            return found, raw
    return None, ""


def servers(headers: Fields) -> tuple[str, ...]:
    """The servers whose results a mail carries, topmost first, each once; UNKNOWN for results that name no server."""
    return tuple(dict.fromkeys(read(raw).server for raw in headers.raws("authentication-results")))


def internal(headers: Fields) -> bool:
    """
    Whether Exchange marked the mail as sent from inside by an authenticated user.

    Exchange strips this mark from strangers' mail. Other servers let anybody write it, so believe it only in an Exchange
    inbox.
    """
    return headers.value("x-ms-exchange-organization-authas").lower() == "internal"


def _covers(checked: str, author_domain: str) -> bool:
    """Whether the domain that was checked is the author's domain, or its organisational domain."""
    plain = domains.ascii_form(checked) if checked == checked.strip() else ""  # a quoted string may hold blanks
    return bool(plain and author_domain) and plain in (author_domain, domains.organisational(author_domain))


def read(raw: str) -> Field:
    """
    Read one unfolded field value. Never raises; takes time linear in its length.

    Exchange Online leaves the authserv-id out and puts `action=none` and `reason=100` among the properties. Both are
    accepted.
    """
    reader = _Reader(raw[:_MOST])
    results: list[Result] = []
    server = reader.first_word()  # a damaged field still belongs to its server, and hides the fields below it
    try:
        server = reader.server()
        while not reader.ended():
            if (found := reader.result()) is not None:
                results.append(found)
    except _Damaged:
        return Field(server, tuple(results), whole=False)
    return Field(server, tuple(results), whole=len(raw) <= _MOST)


class _Damaged(AckbotError):
    """The field does not follow the grammar."""


class _Reader:
    """Goes through a field once, from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def first_word(self) -> str:
        """The first word, which is probably the authserv-id; UNKNOWN if there is none."""
        match = _VALUE.match(self._text.lstrip())
        return UNKNOWN if match is None or "=" in match[0] else match[0].lower()

    def server(self) -> str:
        """
        Read the authserv-id and its version, up to the first semicolon.

        UNKNOWN if the field begins with its first result. Raises _Damaged.
        """
        self._skip()
        begin = self._at
        named = self._value() if self._next() == '"' else self._token()
        self._skip()
        if self._next() == "=" or (self._next() == "/" and "=" in self._text[self._at : self._at + 20]):
            self._at = begin  # this word is a method: the field names no server
            return UNKNOWN
        if self._next().isdigit():
            if self._keyword() != _VERSION:
                raise _Damaged(_ODD)  # of a format that nobody has told us (RFC 8601 §2.2)
            self._skip()
        if not self.ended() and self._next() != ";":
            raise _Damaged(_ODD)
        self._take(";")
        return named.lower()

    def result(self) -> Result | None:
        """Read one method with its result, properties and semicolon; None for `none` or an empty place. Raises _Damaged."""
        self._skip()
        if self._take(";") or self.ended():
            return None
        method = self._keyword().lower()
        self._skip()
        if method == "none" and (self.ended() or self._next() == ";"):
            self._take(";")
            return None
        version = _VERSION
        if self._take("/"):
            self._skip()
            version = self._keyword()
            if not version.isdigit():
                raise _Damaged(_ODD)
            self._skip()
        if not self._take("="):
            raise _Damaged(_ODD)
        self._skip()
        outcome = self._keyword().lower()
        if version != _VERSION and outcome != "fail":
            outcome = ""  # what a pass means in a later version of the method is not known here
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
        """Read `ptype.property=value`, or a word that servers put between these, such as `reason="…"` and `action=none`."""
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
        """Read a server's name: a value without `=`, which would make it a result."""
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise _Damaged(_ODD)
        self._at = match.end()
        return match[0]

    def _value(self) -> str:
        """Read a token, an address, or a quoted string without its quotes, which may be the local part of an address."""
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
        """Pass over blanks and comments. Comments nest and have escapes (RFC 5322 §3.2.2)."""
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
