"""Reads mailbox lists as people and machines write them (RFC 5322 §3.4, groups of RFC 6854); never raises."""

import re
import unicodedata
from dataclasses import dataclass

from ackbot.mail import domains
from ackbot.mail.headers import Headers, decode_words

MOST_ADDRESSES = 500  # mailboxes of one field that are read; a huge To list costs no more than that
# An address that an acknowledgement may be sent to: no control characters, and no blanks but in a quoted local part (E22).
_USABLE = re.compile(
    r"(?:[^\s@<>(),;:\\\"\[\]\x00-\x1f]{1,64}|\"[\w !#$%&'*+/=?^`{|}~.-]{1,62}\")"
    r"@[^\s@<>(),;:\\\"\[\]\x00-\x1f.][^\s@<>(),;:\\\"\[\]\x00-\x1f]{0,250}"
)

# The form of nearly every From, `Name <addr>`, which is read without going through its characters.
_PLAIN = re.compile(r"(\"[^\"\\<>]*+\"|[^\"\\<>(),:;@']*+)\s*+<([^\s<>(),:;\\\"@]+@[^\s<>(),:;\\\"@]+)>")
_ATOMS = re.compile(r"[^\s@<>(),;:\\\"\[\]]++")  # a local part that needs no quotes
# Each pattern matches only at the start of a run, because trying every character of a run takes the square of its length (E1).
_BARE = re.compile(r"(?<!\S)\S+\s*@\s*\S+")
_BEFORE_MARK = re.compile(r"(?<!\s)\s++(?=[@.])")
_BEHIND_MARK = re.compile(r"(?<=[@.])\s++")
# What providers ignore in the name of a mailbox, and where a tag begins, besides the plus of them all.
_IGNORED = {"gmail.com": ".", "proton.me": ".-_"}
_OTHER_NAMES = {
    "googlemail.com": "gmail.com",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "pm.me": "proton.me",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
}
_YAHOO = re.compile(r"yahoo\.(?:com|[a-z]{2}|com?\.[a-z]{2})|(?:ymail|rocketmail)\.com")  # name-tag@yahoo.com
_FASTMAIL = re.compile(r"([^.]+)\.(fastmail\.(?:[a-z]{2,3}|co\.uk|com\.au))")  # tag@name.fastmail.com
_LONGEST = 1_000  # characters of an address that is compared in full; RFC 5321 §4.5.3.1 allows 320


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: the decoded display name, which may be "", and the address as written, which may be unusable."""

    name: str
    addr: str

    @property
    def key(self) -> str:
        """The address in the form in which it is compared; see `key_of`."""
        return key_of(self.addr)

    @property
    def usable(self) -> bool:
        """Whether mail could be sent to it: it has the form `local@domain.tld`."""
        local, _, domain = self.addr.rpartition("@")
        return bool(_USABLE.fullmatch(self.addr)) and "." in domain.strip(".") and ".." not in domain and bool(local)

    @property
    def local(self) -> str:
        """The local part in lower case, without backslashes and quotes."""
        return self.key.replace("\\", "").partition("@")[0].strip('"')

    @property
    def domain(self) -> str:
        """The domain in its ASCII form, in lower case."""
        return self.key.rpartition("@")[2]


def key_of(addr: str) -> str:
    """
    An address, or `@` and a domain, in the form in which it is compared.

    The local part is in lower case and composed (NFC), and no further: only its own server knows which other names it gives one
    mailbox (RFC 6531 §3.3, RFC 5321 §2.4). `strauß` and `strauss` are two people, so are `sam` and the same in wide letters.
    The domain is in its ASCII form (RFC 5891), without a trailing dot.
    """
    # An overlong address belongs to nobody, and NFC would take time that grows with the square of its accents (E1).
    if addr.isascii() or len(addr) > _LONGEST:
        return addr.lower().rstrip(".")
    local, at, domain = addr.rpartition("@")
    return f"{_lowered(local)}{at}{domains.ascii_form(domain) or _lowered(domain)}"


def _lowered(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def mailbox_of(key: str) -> str:
    """
    What all addresses of one mailbox have in common, as far as their form tells: no tag, neither behind a plus nor as its
    provider writes it, nor the signs that its provider ignores. For counting alone: mail is neither sent there, nor anybody
    known by it.

    Args:
        key: as `key_of` gives it.
    """
    local, at, domain = key.rpartition("@")
    if named := _FASTMAIL.fullmatch(domain):
        local, domain = named[1], named[2]
    domain = _OTHER_NAMES.get(domain, domain)
    plain = local.partition("+")[0] or local
    if _YAHOO.fullmatch(domain):
        plain = plain.partition("-")[0] or plain
    ignored = _IGNORED.get(domain, "")
    return f"{''.join(char for char in plain if char not in ignored) or plain}{at}{domain}"


def ascii_domain(addr: str) -> str:
    """The address with its domain IDNA-encoded; unchanged if the domain is ASCII already or cannot be encoded."""
    local, at, domain = addr.rpartition("@")
    if domain.isascii():
        return addr
    return f"{local}{at}{domains.ascii_form(domain) or domain}"


def addresses(headers: Headers, name: str) -> tuple[Address, ...]:
    """The mailboxes of all fields of that name, in order, including members of groups; at most MOST_ADDRESSES."""
    found: list[Address] = []
    for raw in headers.raws(name):
        mailboxes = parse(raw)
        if not any("@" in addr for _, addr in mailboxes) and "=?" in raw:
            mailboxes = parse(decode_words(raw))  # a client encoded the whole field, address and all
        if len(found) >= MOST_ADDRESSES:
            break
        found += [
            Address(headers.decode(display), addr if addr.isascii() else headers.decode(addr))
            for display, addr in mailboxes
        ]
    return tuple(found[:MOST_ADDRESSES])


def parse(raw: str) -> list[tuple[str, str]]:
    """
    The (display name, address) pairs of one field value; the caller decodes encoded words.

    Takes one pass over the characters. If a mailbox has no display name, a comment serves as one.
    """
    if plain := _PLAIN.fullmatch(raw.strip()):
        return [(plain[1].strip(" \"'"), plain[2])]
    found: list[tuple[str, str]] = []
    for mailbox in _mailboxes(raw):
        if len(found) >= MOST_ADDRESSES:
            break
        name, addr = mailbox.pair()
        if addr or name:
            found.append((name, addr))
    return _rejoin(found)


def _rejoin(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Join `Surname` and `First <a@b>`, which were cut at a comma outside quotes: a name without address joins the next."""
    joined: list[tuple[str, str]] = []
    for name, addr in found:
        if joined and addr and "@" not in joined[-1][1] and not joined[-1][0] and name:
            name = f"{joined.pop()[1]}, {name}"
        joined.append((name, addr))
    return joined


class _Mailbox:
    """The characters of one mailbox, sorted into words outside, inside angle brackets, and comments."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.angle: list[str] | None = None
        self.comments: list[str] = []
        self.quoted = False  # whether a quoted string is among the words

    def pair(self) -> tuple[str, str]:
        """The display name and the address; each is "" if it is missing."""
        words = "".join(self.words).strip()
        comment = " ".join(text.strip() for text in self.comments if text.strip())
        if self.angle is not None:
            return _clean_name(words) or comment, _clean_addr("".join(self.angle))
        if "@" in words and not self.quoted and (match := _BARE.search(words)) and match[0] != words:
            # An address without brackets: `Some Body some@body.example`.
            before = words[: match.start()].strip()
            return (before or comment, _clean_addr(match[0])) if not words[match.end() :].strip() else (comment, words)
        return comment, _clean_addr(words)


def _clean_name(words: str) -> str:
    return (
        re.sub(r"\s+", " ", words).strip().strip("'").strip() if words.count("'") == 2 else re.sub(r"\s+", " ", words)
    )


def _clean_addr(text: str) -> str:
    addr = _BEFORE_MARK.sub("", _BEHIND_MARK.sub("", text.strip()))
    if addr.startswith("@") and ":" in addr:  # a source route (RFC 5322 §4.4)
        addr = addr.rpartition(":")[2]
    return addr.removeprefix("mailto:").strip().strip("'<>").strip()


def _mailboxes(raw: str) -> list[_Mailbox]:
    done: list[_Mailbox] = []
    current = _Mailbox()
    quoted = escaped = False
    depth = begun = 0
    comment: list[str] = []
    for place, char in enumerate(raw):
        target = current.words if current.angle is None or current.angle[-1:] == [">"] else current.angle
        if escaped:
            escaped = False
            (comment if depth else target).append(char)
        elif char == "\\" and (quoted or depth):
            escaped = True
        elif quoted:
            if char == '"':
                quoted = False
                if raw[place + 1 : place + 2] == "@" and not _ATOMS.fullmatch(local := "".join(target[begun:])):
                    target[begun:] = f'"{local}"'
            else:
                target.append(char)
        elif depth:
            depth += (char == "(") - (char == ")")
            if depth:
                comment.append(char)
            else:
                current.comments.append("".join(comment))
                comment = []
        elif char == '"':
            quoted, begun = True, len(target)
            current.quoted = current.quoted or current.angle is None
        elif char == "(":
            depth = 1
        elif char == "<" and current.angle is None:
            current.angle = []
        elif char == ">" and current.angle is not None:
            current.angle.append(">")
        # Commas inside a source route `<@a,@b:c@d>` do not separate mailboxes.
        elif char in ",;" and not (current.angle and current.angle[0] == "@" and current.angle[-1] != ">"):
            done.append(current)
            current = _Mailbox()
        elif char == ":" and current.angle is None and "@" not in "".join(current.words[-320:]):
            current = _Mailbox()  # these words were the name of a group (RFC 5322 §3.4); its members follow
        else:
            target.append(char)
    if quoted and raw.count('"') % 2:
        return _mailboxes(raw.replace('"', ""))  # a quote that never ends would hide all mailboxes after it
    if comment:
        current.comments.append("".join(comment))
    done.append(current)
    return done
