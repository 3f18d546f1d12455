"""Letters after which nobody is asked how we did: of the bereaved, of complaint, from councillors (behaviour.md §3.10, E54)."""

import re

from ackbot.mail import folding

_READ = 20_000  # characters of a letter
# In folded text; of the languages of domain.md's residents. A death in a letter costs a survey, and no more.
_BEREAVED = re.compile(
    r"\b(?:passed away|passed on last|has died|have died|just died|died (?:last|on|in|this|of|at|yesterday)|"
    r"(?:my|our|his|her) late (?:husband|wife|partner|mother|father|mum|dad|son|daughter|brother|sister|nan|grand\w+|aunt|uncle)|"
    r"(?:husband|wife|partner|mother|father|mum|dad|son|daughter|brother|sister|nan|grand\w+|baby|child) (?:has |have )?(?:died|"
    r"passed)|bereave\w*|funeral|loss of my|lost my (?:husband|wife|partner|mother|father|mum|dad|son|daughter|brother|sister|"
    r"baby)|death of|deceased|stillborn|miscarr\w+|probate|angladd|bu farw|wedi marw|profedigaeth|decede\w*|est mort\w*|obseques|"
    r"enterrement|fallecio|ha muerto|funeral|zmar[lł]a?|pogrzeb\w*|verstorben\w*|gestorben|beerdigung|deceduto|e morto|funerale|"
    r"faleceu|morreu|a murit|a decedat|inmormantare|توفي|توفيت|وفاة|جنازة|মারা গেছেন|মৃত্যু|geeriyooday|dhintay)(?!\w)"
)
_COUNCILLOR = re.compile(r"\b(?:cllr|councillor|cyng|cynghorydd|alderman|(?:mp|ms|msp|mla)\s*\Z)")
_PARLIAMENTS = (
    "parliament.uk",
    "parliament.scot",
    "senedd.wales",
    "senedd.cymru",
    "mla.niassembly.gov.uk",
    "niassembly.gov.uk",
)


def is_bereaved(text: str) -> bool:
    """Whether a letter speaks of a death among its writer's people."""
    return _BEREAVED.search(folding.plain(text[:_READ])) is not None


def is_councillor(name: str, address: str) -> bool:
    """
    Whether a resident is an elected member, by the title in their name or by a parliament's domain.

    Args:
        address: case-folded.
    """
    domain = address.rpartition("@")[2]
    known = any(domain == one or domain.endswith(f".{one}") for one in _PARLIAMENTS)
    return known or _COUNCILLOR.search(folding.plain(name)) is not None
