"""Signed Message-IDs and reply addresses: what proves that a mail answers one of ours (design.md §5, D51)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no 0 O 1 I L: a reference is read out over the phone
CODE_LENGTH = 6
Role = Literal["resident", "staff", "nobody"]

_ROLES: dict[str, Role] = {"r": "resident", "s": "staff", "n": "nobody"}
_ROLE_LETTERS = {role: letter for letter, role in _ROLES.items()}
_CODE = "[a-hjkmnp-z2-9]{6}"
# <code>.<purpose><role>.<unique 8><mac 16>: at most 35 characters before the @, so that the whole stays within 66.
_LOCAL = re.compile(rf"({_CODE}|nocase)\.([a-z])([rsn])\.([a-z2-7]{{8}})([a-z2-7]{{16}})", re.IGNORECASE)
_ID = re.compile(rf"{_LOCAL.pattern}@[a-z0-9.-]{{1,100}}", re.IGNORECASE)
_TAG = re.compile(rf"({_CODE})([rsi])([a-z2-7]{{16}})", re.IGNORECASE)
_MOST_TAGS = 50  # of one mail
_TAG_IN_TEXT = re.compile(rf"(?<![\w.@-]){_CODE}[si][a-z2-7]{{16}}(?![\w.@-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """
    Proof, once verified, that we wrote to somebody about a case.

    Args:
        code: six characters of the case's reference, upper case; "" when the mail was about no case.
        purpose: one letter for the kind of mail, see `casework.model.PURPOSES`; "" for a reply address.
        role: whom it was sent to.
        inside: a staff reply address whose plain words stay inside (behaviour.md §4.2).
        staff: staff id that a staff reply address was made for; "" otherwise.
        message_id: the signed Message-ID, angle brackets kept and case folded; "" for a reply address.
    """

    code: str
    purpose: str
    role: Role
    inside: bool = False
    staff: str = ""
    message_id: str = ""


def ids_in(text: str) -> tuple[str, ...]:
    """What looks like a Message-ID of ours, without brackets, case folded, each once, order kept; folding does not matter."""
    if "@" not in text:
        return ()
    unfolded = re.sub(r"(?<=[\w.@-])[\r\n]+[ \t]+(?=[\w.@-])", "", text)
    found = (match[0].lower() for match in _ID.finditer(unfolded))
    return tuple(dict.fromkeys(one for one in found if one.isascii()))  # Unicode has a long s that is no s


def tag_of(addr: str) -> str:
    """What looks like our tag in the plus part of an address, lower case; "" for none."""
    match = _TAG.fullmatch(addr.rpartition("@")[0].rpartition("+")[2])
    tag = match[0].lower() if match else ""
    return tag if tag.isascii() else ""


def tags_in(text: str) -> tuple[str, ...]:
    """What looks like a tag of ours for staff in a text, such as the subject of a mail that one of our links began."""
    return tuple(tag for match in _TAG_IN_TEXT.finditer(text) if (tag := match[0].lower()).isascii())


class Signer:
    """
    Makes and verifies tokens with the secret. The first secret signs, all verify (key rotation).

    MAC domains are separate for Message-IDs, residents' and staff reply addresses, and references, so that none can be
    passed off as another. Everything is deterministic: a restored backup makes the same ids again.
    """

    def __init__(self, secrets: Sequence[bytes], staff: Iterable[str] = ()) -> None:
        if not secrets or not all(secrets):
            raise ValueError("a signer needs at least one non-empty secret")
        self._secrets = tuple(secrets)
        self._staff = tuple(staff)

    def code(self, fingerprint: str, attempt: int) -> str:
        """Six characters for a new case's reference; `attempt` counts up when one is taken."""
        number = int.from_bytes(self._mac(self._secrets[0], "reference", fingerprint, str(attempt))[:8], "big")
        letters = ""
        for _ in range(CODE_LENGTH):
            number, digit = divmod(number, len(ALPHABET))
            letters += ALPHABET[digit]
        return letters

    def message_id(self, dedupe_key: str, code: str, purpose: str, role: Role, domain: str) -> str:
        """The Message-ID of one outgoing mail, angle brackets included: always the same for the same `dedupe_key`."""
        unique = self._letters(self._secrets[0], 8, "unique", dedupe_key)
        head = f"{code.lower() or 'nocase'}.{purpose}{_ROLE_LETTERS[role]}.{unique}"
        return f"<{head}{self._letters(self._secrets[0], 16, 'message-id', head)}@{domain.lower()}>"

    def tag(self, code: str, kind: Literal["r", "s", "i"], staff: str = "") -> str:
        """The part after the plus of a reply address, 23 characters. For staff it is good for that person only."""
        head = f"{code.lower()}{kind}"
        return head + self._letters(self._secrets[0], 16, f"reply-{kind}", head, staff)

    def read_message_ids(self, text: str) -> tuple[Token, ...]:
        """Every Message-ID of ours in a text, signatures verified, order kept; folding and letter case do not matter."""
        return self.verified_ids(ids_in(text))

    def verified_ids(self, candidates: Iterable[str]) -> tuple[Token, ...]:
        """The tokens of those of `ids_in` whose signatures verify, order kept."""
        found = []
        for identity in candidates:
            match = _ID.fullmatch(identity)
            if match is None:
                continue
            code, purpose, role, unique, mac = match.groups()
            head = f"{code}.{purpose}{role}.{unique}"
            if any(self._same(mac, self._letters(secret, 16, "message-id", head)) for secret in self._secrets):
                code = "" if code == "nocase" else code.upper()
                found.append(Token(code, purpose, _ROLES[role], message_id=f"<{identity}>"))
        return tuple(found)

    def verified_tags(self, candidates: Iterable[str]) -> tuple[Token, ...]:
        """
        The tokens of those of `tag_of` and `tags_in` whose signatures verify, each once, order kept.

        Each costs a signature per member of staff, so only the first `_MOST_TAGS` that look like ours are tried.
        """
        likely = (match for tag in dict.fromkeys(candidates) if (match := _TAG.fullmatch(tag)))
        tokens = (self._token(*match.groups()) for match in islice(likely, _MOST_TAGS))
        return tuple(dict.fromkeys(token for token in tokens if token is not None))

    def _token(self, code: str, kind: str, mac: str) -> Token | None:
        head = f"{code}{kind}"
        for person in ("",) if kind == "r" else self._staff:
            for secret in self._secrets:
                if self._same(mac, self._letters(secret, 16, f"reply-{kind}", head, person)):
                    role: Role = "resident" if kind == "r" else "staff"
                    return Token(code.upper(), "", role, inside=kind == "i", staff=person)
        return None

    @staticmethod
    def _mac(secret: bytes, *words: str) -> bytes:
        return hmac.digest(secret, "\x1f".join(words).encode(), hashlib.sha256)

    def _letters(self, secret: bytes, length: int, *words: str) -> str:
        """`length`, a multiple of 8: 5 octets make 8 letters."""
        return base64.b32encode(self._mac(secret, *words)[: length * 5 // 8]).decode().lower()

    @staticmethod
    def _same(one: str, other: str) -> bool:
        return hmac.compare_digest(one.encode(), other.encode())
