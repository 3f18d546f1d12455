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
_TAG = re.compile(rf"({_CODE})([rsiu])([a-z2-7]{{16}})", re.IGNORECASE)
_MOST_TAGS = 50  # of one mail: whoever fills a To field with tags must not make us compute thousands of signatures
_TAG_IN_TEXT = re.compile(rf"(?<![\w.@-]){_CODE}[siu][a-z2-7]{{16}}(?![\w.@-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """
    Proof, once verified, that we wrote to somebody about a case.

    Args:
        code: six characters of the case's reference, upper case; "" when the mail was about no case.
        purpose: one letter for the kind of mail, see `casework.model.PURPOSES`. A reply address has none, except "u" if it
            stood in an alarm.
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
    """
    Strings that look like our Message-IDs, without angle brackets, in lower case, each once, in order.

    An id that was folded over two lines is found too. No signature is verified.
    """
    if "@" not in text:
        return ()
    unfolded = re.sub(r"(?<=[\w.@-])[\r\n]+[ \t]+(?=[\w.@-])", "", text)
    found = (match[0].lower() for match in _ID.finditer(unfolded))
    # With IGNORECASE the pattern also matches ſ (U+017F) as an s.
    return tuple(dict.fromkeys(one for one in found if one.isascii()))


def tag_of(addr: str) -> str:
    """The plus part of an address in lower case, if it looks like one of our tags; else "". No signature is verified."""
    match = _TAG.fullmatch(addr.rpartition("@")[0].rpartition("+")[2])
    tag = match[0].lower() if match else ""
    return tag if tag.isascii() else ""


def tags_in(text: str) -> tuple[str, ...]:
    """Strings in a text that look like our staff tags, in lower case; our mail links put a tag into the subject of a reply."""
    return tuple(tag for match in _TAG_IN_TEXT.finditer(text) if (tag := match[0].lower()).isascii())


class Signer:
    """
    Makes and verifies tokens with the secret. The first secret signs, all verify (key rotation).

    Message-IDs, reply addresses of residents, reply addresses of staff, and references each have their own MAC domain, so
    that one cannot be passed off as another. Everything is deterministic: a restored backup makes the same ids again.

    Raises:
        ValueError: no secret was given, or an empty one.
    """

    def __init__(self, secrets: Sequence[bytes], staff: Iterable[str] = ()) -> None:
        if not secrets or not all(secrets):
            raise ValueError("a signer needs at least one non-empty secret")
        self._secrets = tuple(secrets)
        self._staff = tuple(staff)

    def code(self, fingerprint: str, attempt: int) -> str:
        """Six characters for a new case's reference; the caller raises `attempt` when another case has the code already."""
        number = int.from_bytes(self._mac(self._secrets[0], "reference", fingerprint, str(attempt))[:8], "big")
        letters = ""
        for _ in range(CODE_LENGTH):
            number, digit = divmod(number, len(ALPHABET))
            letters += ALPHABET[digit]
        return letters

    def message_id(self, dedupe_key: str, code: str, purpose: str, role: Role, domain: str) -> str:
        """The Message-ID of one outgoing mail, with angle brackets. The same arguments always give the same id."""
        unique = self._letters(self._secrets[0], 8, "unique", dedupe_key)
        head = f"{code.lower() or 'nocase'}.{purpose}{_ROLE_LETTERS[role]}.{unique}"
        return f"<{head}{self._letters(self._secrets[0], 16, 'message-id', head)}@{domain.lower()}>"

    def tag(self, code: str, kind: Literal["r", "s", "i", "u"], staff: str = "") -> str:
        """
        The plus part of a reply address, 23 characters. A staff tag proves only the person it was made for.

        Args:
            kind: "r" for residents; for staff "s" if plain words go to the resident, "i" if they stay inside, "u" if they
                answer an alarm and stay inside.
        """
        head = f"{code.lower()}{kind}"
        return head + self._letters(self._secrets[0], 16, f"reply-{kind}", head, staff)

    def read_message_ids(self, text: str) -> tuple[Token, ...]:
        """The tokens of all our Message-IDs in a text, signatures verified, in order; folding and letter case do not matter."""
        return self.verified_ids(ids_in(text))

    def verified_ids(self, candidates: Iterable[str]) -> tuple[Token, ...]:
        """The tokens of the candidates (from `ids_in`) whose signatures verify, in order."""
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
        The tokens of the candidates (from `tag_of` and `tags_in`) whose signatures verify, each once, in order.

        Each candidate costs one signature per member of staff, so only the first `_MOST_TAGS` are tried.
        """
        likely = (match for tag in dict.fromkeys(candidates) if (match := _TAG.fullmatch(tag)))
        tokens = (self._token(*match.groups()) for match in islice(likely, _MOST_TAGS))
        return tuple(dict.fromkeys(token for token in tokens if token is not None))

    def _token(self, code: str, kind: str, mac: str) -> Token | None:
        head = f"{code}{kind}"
        # A staff tag does not name the person it was made for, so it is compared with the tag of each.
        for person in ("",) if kind == "r" else self._staff:
            for secret in self._secrets:
                if self._same(mac, self._letters(secret, 16, f"reply-{kind}", head, person)):
                    role: Role = "resident" if kind == "r" else "staff"
                    purpose = "u" if kind == "u" else ""
                    return Token(code.upper(), purpose, role, inside=kind in "iu", staff=person)
        return None

    @staticmethod
    def _mac(secret: bytes, *words: str) -> bytes:
        return hmac.digest(secret, "\x1f".join(words).encode(), hashlib.sha256)

    def _letters(self, secret: bytes, length: int, *words: str) -> str:
        """The MAC's first letters in base32, lower case. `length` is a multiple of 8, because 5 octets make 8 letters."""
        return base64.b32encode(self._mac(secret, *words)[: length * 5 // 8]).decode().lower()

    @staticmethod
    def _same(one: str, other: str) -> bool:
        return hmac.compare_digest(one.encode(), other.encode())
