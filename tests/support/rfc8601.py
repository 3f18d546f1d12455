"""
A strict reader of Authentication-Results by the letter of RFC 8601 §2.2: what the fuzz lab measures ours by.

It shares no code and no approach with `ackbot.mail.authresults`: it cuts a field into lexical tokens first, and matches the
grammar over those. `usual` lets in what mail servers write besides the grammar; everything else that is odd gives nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TSPECIALS = frozenset('()<>@,;:\\"/[]?=')
_KEYWORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")  # RFC 5321 §4.1.2, Ldh-str
_USUAL_KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")  # best_guess_pass
_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


class Odd(Exception):
    """The field is not what the grammar allows."""


@dataclass(frozen=True)
class Token:
    """`kind` is "cfws", "quoted" or "char"; `text` is a quoted string's content, or the one character."""

    kind: str
    text: str


@dataclass(frozen=True)
class Result:
    """One resinfo, lower case; properties in order, as often as they stand there."""

    method: str
    version: str
    result: str
    properties: tuple[tuple[str, str], ...]


def tokens(text: str) -> list[Token]:
    """RFC 5322 §3.2: quoted strings, and blanks and comments as one token. Raises Odd."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char in " \t\r\n(":
            start = at
            while at < len(text) and text[at] in " \t\r\n(":
                at = _comment(text, at) if text[at] == "(" else at + 1
            assert at > start
            found.append(Token("cfws", ""))
        elif char == '"':
            content = ""
            at += 1
            while True:
                if at >= len(text):
                    raise Odd("a string that does not end")
                if text[at] == '"':
                    break
                if text[at] == "\\":
                    at += 1
                    if at >= len(text):
                        raise Odd("an escape of nothing")
                content += text[at]
                at += 1
            at += 1
            found.append(Token("quoted", content))
        else:
            found.append(Token("char", char))
            at += 1
    return found


def _comment(text: str, at: int) -> int:
    """The place behind a comment, which may hold others."""
    open_ones = 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        open_ones += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
        if open_ones == 0:
            return at
    raise Odd("a comment that does not end")


class _Grammar:
    """Each method takes what it is called for, or raises Odd."""

    def __init__(self, found: list[Token], usual: bool) -> None:
        self.rest = found
        self.usual = usual

    def cfws(self) -> bool:
        taken = False
        while self.rest and self.rest[0].kind == "cfws":
            self.rest = self.rest[1:]
            taken = True
        return taken

    def sees(self, char: str) -> bool:
        return bool(self.rest) and self.rest[0] == Token("char", char)

    def char(self, char: str) -> None:
        if not self.sees(char):
            raise Odd(f"no {char}")
        self.rest = self.rest[1:]

    def run(self, also: str = "") -> str:
        """Characters of a token (RFC 2045 §5.1), and some more."""
        taken = ""
        while self.rest and self.rest[0].kind == "char":
            char = self.rest[0].text
            foreign = self.usual and char > "\x7f" and not char.isspace()  # of addresses beyond ASCII (RFC 6532)
            if not ("!" <= char <= "~" or foreign) or (char in _TSPECIALS and char not in also):
                break
            taken += char
            self.rest = self.rest[1:]
        return taken

    def keyword(self) -> str:
        taken = ""
        while self.rest and self.rest[0].kind == "char" and re.match(r"[A-Za-z0-9_-]", self.rest[0].text):
            taken += self.rest[0].text
            self.rest = self.rest[1:]
        if not (_USUAL_KEYWORD if self.usual else _KEYWORD).fullmatch(taken):
            raise Odd("no keyword")
        return taken.lower()

    def digits(self) -> str:
        taken = ""
        while self.rest and self.rest[0].kind == "char" and self.rest[0].text in "0123456789":
            taken += self.rest[0].text
            self.rest = self.rest[1:]
        if not taken:
            raise Odd("no version")
        return taken

    def value(self, also: str = "") -> str:
        if self.rest and self.rest[0].kind == "quoted":
            content = self.rest[0].text
            self.rest = self.rest[1:]
            return content
        taken = self.run(also)
        if not taken:
            raise Odd("no value")
        return taken

    def pvalue(self) -> str:
        """A value, or an address or a part of one; servers also write `header.b=ab+/=` and IPv6 addresses bare."""
        quoted = self.value() if self.rest and self.rest[0].kind == "quoted" else None
        if quoted is not None and not self.sees("@"):
            return quoted
        before = quoted if quoted is not None else self.run(":/?=" if self.usual else "")
        if not self.sees("@"):
            if not before or before.startswith("="):
                raise Odd("no value")
            return before
        self.char("@")
        domain = self.run(":/?=@" if self.usual else "")
        if not self.usual and not _DOMAIN.fullmatch(domain):
            raise Odd("no domain")
        return f"{before}@{domain}"

    def server(self) -> str:
        self.cfws()
        server = self.value(":/?@" if self.usual else "").lower()  # a name with a port, or of an account
        parted = self.cfws()
        if self.rest and not self.sees(";"):
            if not parted and not self.usual:
                raise Odd("no blank before the version")
            if self.digits() != "1":
                raise Odd("another version")
            self.cfws()
        return server

    def results(self) -> list[Result]:
        found: list[Result] = []
        nothing = False
        if not self.rest and not self.usual:
            raise Odd("no result, not even none")
        while self.rest:
            self.char(";")
            self.cfws()
            if (not self.rest or self.sees(";")) and self.usual:
                continue  # a semicolon too many
            kept = self.rest
            method = self.keyword()
            self.cfws()
            if method == "none" and (not self.rest or self.sees(";")) and (self.usual or (not found and not self.rest)):
                nothing = True
                continue
            self.rest = kept
            found.append(self.result())
        if nothing and not self.usual and found:
            raise Odd("none, and something")
        return found

    def result(self) -> Result:
        method = self.keyword()
        self.cfws()
        version = "1"
        if self.sees("/"):
            self.char("/")
            self.cfws()
            version = self.digits()
            self.cfws()
        self.char("=")
        self.cfws()
        outcome = self.keyword()
        parted = self.cfws()
        properties: list[tuple[str, str]] = []
        while self.rest and not self.sees(";"):
            if not parted and not properties and not self.usual:
                raise Odd("no blank before a property")
            name = self.keyword()
            self.cfws()
            if self.sees("."):
                self.char(".")
                self.cfws()
                name = f"{name}.{self.keyword()}"
                self.cfws()
            elif not self.usual and (name != "reason" or properties):
                raise Odd("a property without a type")
            self.char("=")
            self.cfws()
            properties.append((name, self.pvalue().lower()))
            self.cfws()
        return Result(method, version, outcome, tuple(properties))


def read(text: str, *, usual: bool) -> tuple[str, list[Result]]:
    """The authserv-id and the results of a field's value, folded or not. Raises Odd."""
    grammar = _Grammar(tokens(text), usual)
    server = grammar.server()
    return server, grammar.results()


_NAMELESS = re.compile(r"\s*(?:\([^()]*\)\s*)*([a-z][a-z0-9-]*)\s*(?:/[^=;]{0,20})?=", re.IGNORECASE)


def passes(fields: Sequence[str], trusted: str, author: str, *, usual: bool) -> bool:
    """
    Whether the topmost field of the trusted server says `dmarc=pass` of exactly that domain, and nothing else of DMARC.

    A field that cannot be read and may be that server's says no, for all below it.
    """
    for field in fields:
        try:
            server, results = read(field, usual=usual)
        except Odd:
            if usual and (first := _NAMELESS.match(field)) and first[1].lower() != trusted:
                continue  # Exchange Online's: it begins with its first result, whatever names stand in that
            if trusted in field.lower().partition(";")[0]:
                return False
            continue
        if server != trusted:
            continue
        found = [one for one in results if one.method == "dmarc"]
        return bool(found) and all(
            one.result == "pass"
            and one.version == "1"
            and [value.removesuffix(".") for name, value in one.properties if name == "header.from"] == [author]
            for one in found
        )
    return False
