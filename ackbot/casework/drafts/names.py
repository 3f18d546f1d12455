"""What to call people: the name that a resident shows or signs, never an address, a piece of one, or a login (voice.md, 5)."""

import re
from functools import lru_cache
from itertools import pairwise

from ackbot.casework.council import Council, Staff
from ackbot.mail import folding
from ackbot.mail.addresses import Address
from ackbot.mail.message import Message

_LONGEST = 60  # characters of a name
_LONGEST_SHOWN = 300  # characters of a display name in which a colleague's is looked for
_SIGN_OFF = re.compile(
    r"^\W*(?:(?:kind|best|warm|many)\s+)?(?:regards|wishes|yours(?:\s+(?:sincerely|faithfully|truly))?|sincerely|respectfully|"
    r"saludos|un\s+saludo|atentamente|cordialement|mit\s+freundlichen\s+grüßen|pozdrawiam|cofion)(?:\s+(?:and|in)\s+\w+)?\W*$",
    re.IGNORECASE,
)
# Thanks may end a letter or stand in its middle, so the line below them counts as a name only if the address holds it too.
_THANKS = re.compile(
    r"^\W*(?:many\s+)?(?:thanks|thank\s+you|cheers|merci|diolch)(?:\s+(?:and|in)\s+\w+)?\W*$", re.IGNORECASE
)
_BRACKETED = re.compile(r"(?<!\s)\s*+[(\[][^()\[\]]*+[)\]]")
_VIA = re.compile(r"(?<!\s)\s++via\s.*$", re.IGNORECASE)
_SITE = re.compile(r"[^\W\d_]{2,}\.[^\W\d_]{2,}|\bwww\b", re.IGNORECASE)  # `Evil.com`, but not `J.R. Hartley`
_WORD = r"[^\W\d_][^\W\d_'’.-]*(?:['’.-][^\W\d_]+)*\.?"
_NAME = re.compile(rf"{_WORD}(?: {_WORD}){{0,4}}")
# Words for teams, roles and moods that people put in place of a name.
_NO_NAME = re.compile(
    r"\b(?:mail|email|info|admin|office|team|support|customer|resident|user|sent|from|iphone|ipad|furious|angry|unknown|noreply)\b",
    re.I,
)

# Words that show that the line under the sign-off is a sentence. Some are names too (You, My), so display names may have them.
_NO_SIGNATURE = re.compile(
    r"\b(?:i|we|you|your|my|our|it|this|that|please|not|no|now|again|is|are|soon|council)\b", re.IGNORECASE
)


def greeting(sender: Address | None, message: Message) -> str:
    """The name to greet a resident by: the display name, or else the signature; "" if neither is surely a name."""
    if sender is None:
        return ""
    shown = from_display(sender)
    return shown or _signed(message.new_text, sender)


def from_display(sender: Address) -> str:
    """A display name as a person would say it: `Quan, Edward (Mr)` becomes Edward Quan; "" if it is not a name."""
    name = _BRACKETED.sub("", sender.name).strip(" \"'")
    name = _VIA.sub("", name)
    family, comma, given = name.partition(",")
    if comma and given.strip() and "," not in given:
        name = f"{given.strip()} {family.strip()}"
    return name if _is_name(name, sender) else ""


def _signed(text: str, sender: Address) -> str:
    """The name in the line under the sign-off of a letter; "" if it is not surely a name."""
    lines = [line.strip() for line in text.split("\n") if line.strip()][-8:]
    for line, after in pairwise(lines):
        thanked = _THANKS.match(line)
        if (thanked or _SIGN_OFF.match(line)) and not (_THANKS.match(after) or _SIGN_OFF.match(after)):
            name = re.sub(r"^(?:Mr|Mrs|Ms|Miss|Dr)\.?\s+", "", after.strip(" ,.*_-"))
            sentence = len(name.split()) > 3 or _NO_SIGNATURE.search(name)
            sure = not sentence and _is_name(name, sender) and (not thanked or _known(name, sender))
            return name if sure else ""
    return ""


def _known(name: str, sender: Address) -> bool:
    """Whether the address, too, holds a word of the name."""
    local = sender.key.partition("@")[0]
    return any(len(word) > 1 and word.casefold() in local for word in re.split(r"\W+", name))


def _is_name(name: str, sender: Address) -> bool:
    if not name or len(name) > _LONGEST or not _NAME.fullmatch(name) or _NO_NAME.search(name) or _SITE.search(name):
        return False
    local = sender.key.partition("@")[0]
    words = name.split()
    if len(words) == 1 and name.casefold() in re.split(r"[^\w]|\d", local):
        return False  # one word that is a piece of the address may be a login
    return not name.isascii() or (name[0].isupper() and name.casefold().replace(" ", "") != sender.key)


def first(name: str) -> str:
    """The first word of a name."""
    return name.split(maxsplit=1)[0] if name.split() else name


def namesake(sender: Address, council: Council) -> Staff | None:
    """The colleague whose whole name somebody else bears, in any order and among other words; None where nobody's is."""
    shown = set(_words(sender.name))
    if not shown or council.staff_at(sender.key) is not None:
        return None
    people = ((one, _whole(one.name)) for one in council.staff.values())
    return next((one for one, name in people if len(name) > 1 and name <= shown), None)


def not_ours(sender: Address, council: Council) -> str:
    """What staff are told of a stranger who is called as a colleague is; "" for anybody else (P7)."""
    colleague = namesake(sender, council)
    return f"the sender calls themselves {colleague.name}, and is not our {colleague.name}" if colleague else ""


@lru_cache(maxsize=4_096)
def _whole(name: str) -> frozenset[str]:
    """The words of a colleague's name, which every letter is compared with."""
    return frozenset(_words(name))


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", folding.plain(name[:_LONGEST_SHOWN]))
