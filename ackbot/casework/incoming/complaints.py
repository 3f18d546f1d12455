"""
Finds the colleagues about whom a letter complains, by any spelling of their name (behaviour.md §3.12, E48).

In doubt a letter complains: that costs a manager a letter, and the other mistake shows a complaint to whom it is about.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from ackbot.casework import apart
from ackbot.casework.council import Council, Staff
from ackbot.casework.cover import has_left
from ackbot.casework.incoming import complaining, routing
from ackbot.casework.incoming.matching import Match
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.model import Case, Facts
from ackbot.casework.office import Desk
from ackbot.mail import folding
from ackbot.mail.message import Message

_READ = 20_000  # characters of a letter
_LONGEST_GREETING = 80  # characters of a first line
_SHORT = 4  # letters; a slip in a shorter name makes another name
# Of a council or of somebody there, in the languages of domain.md's residents; stems.
_COMPLAINT = re.compile(
    r"\b(?:complain\w*|grievance\w*|(?:report|reporting) (?:him|her|them|you|(?:an?|the|your|this) (?:officer|member of staff))"
    r"|cwyn(?:o|ion)?|gwyno|achwyn\w*|beschwer\w*|plainte|reclamation|(?:me|nous) plaindre|queja\w*|quejarme|reclamacion\w*"
    r"|skarg\w*|poskarzyc|zazalen\w*|reclamo|lamentela|reclam(?:o|ar|acao)|queixa\w*|plang(?:ere|eri)|reclamatie|sikayet\w*"
    r"|жалоб\w*|жаловаться|скарг\w*|شكوى|شكاية|شکایت)\b"
)
# What somebody is said to have done or to be. Whoever "never called back" is chased, and not complained about.
_CONDUCT = re.compile(
    r"\b(?:rude(?:ly|ness)?|unprofessional\w*|disrespect\w*|impolite|arrogan\w*|patroni[sz]ing|condescend\w*|dismissive\w*"
    r"|racist|sexist|bully\w*|bullie[sd]|harass\w*|intimidat\w*|discriminat\w*|abusive|aggressive|threaten\w*|lie[sd] to|lying"
    r"|liar|shout(?:ed|ing|s)?|yell(?:ed|ing|s)?|swore|sworn|swear(?:s|ing)?|insult\w*|mock(?:ed|ing)|laughed at|humiliat\w*"
    r"|hung up|put the phone down|incompeten\w*|negligen\w*|misconduct|(?:bad|poor|terrible|appalling|disgusting) "
    r"(?:attitude|manners|behaviou?r|conduct)|(?:his|her|their) (?:attitude|behaviou?r|conduct|manner)|useless"
    r"|corrupt\w*|bribe\w*|fob(?:bed|s|bing) (?:me|us) off|sack(?:ed)?|disciplin\w*)\b"
)
# "You" who answered last, in a letter that goes on with that.
_YOU = re.compile(
    r"\bcomplain\w*(?: \w+){0,4} (?:about|against|regarding|of) (?:you\b(?! (?:not|never|don|can|have not))"
    r"|your (?:attitude|behaviou?r|conduct|tone|manner|rudeness|lack of|colleague)"
    r"|(?:the|my|your|this) (?:\w+ ){0,2}(?:officer|worker|colleague|caseworker|advis[eo]r|clerk)"
    r"|him\b|her\b|them\b|(?:the way|how) (?:you|he|she|they)\b|whoever)"
    r"|\byou (?:were|are|have been|was) (?:\w+ ){0,2}(?:rude|unprofessional|dismissive|aggressive|abusive|patronising|racist)\b"
    r"|\b(?:i am|i m|i will|i ll|we are|we will) (?:be )?report(?:ing)? you\b"
)
_GREETING = re.compile(
    r"\s*(?:dear|hi|hiya|hello|hey|good (?:morning|afternoon|evening)|annwyl|helo|to|attn|fao|for)\b"
)
_TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "dr",
        "prof",
        "cllr",
        "councillor",
        "officer",
        "sir",
        "herr",
        "frau",
        "pan",
        "pani",
    ]
)
_PRAISE = re.compile(
    r"\b(?:helpful|kind|lovely|wonderful|brilliant|excellent|polite|patient|thanks? to|thank|grateful|great|fantastic|professional"
    r"|only one who)\b"
)
# Before a name: it is somebody at home or next door.
_HOME = (
    "neighbour neighbor neighbours husband wife partner son daughter mother father mum dad brother sister friend landlord landlady"
    " tenant lodger flatmate builder contractor plumber ex girlfriend boyfriend"
)
_THEIR_OWN = frozenset(_HOME.split())
_WORDS = re.compile(r"[^\W\d_]+")
_SENTENCES = re.compile(r"(?<=[.!?])\s|;")
_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w.-]{1,200}")


@dataclass(frozen=True, slots=True)
class _Word:
    """A word, folded; whether it begins with a capital; and the word that stands before it."""

    folded: str
    capital: bool
    before: str


def about_whom(seen: Seen, case: Case | None, facts: Facts, desk: Desk) -> frozenset[str]:
    """
    Staff ids of those about whom a letter complains; see `named_in`. A case that complains of them already has them apart.

    A complaint that is made within another matter and names nobody is about whoever has that matter, if somebody is above them.

    Args:
        case: the case that it would join; None for a new one.
    """
    council = desk.council
    routed = routing.route(seen.message, seen.home, council)
    formal = case is None and routed.standard.complaint
    found = named_in(seen.message, case, facts, desk, case.team if case else routed.team, formal=formal)
    if case is not None and not found and is_made_in(seen, case, desk):
        handling = frozenset(one for one in (case.owner, case.cover, case.human_words_by) if one in council.staff)
        above = routing.owner_of_complaint(handling, routed.team, apart.without(council, handling), desk.now)
        found = handling if above.staff else found
    return found - case.about if case is not None and found <= case.about else found


def is_made_in(seen: Seen, case: Case | None, desk: Desk) -> bool:
    """Whether a letter that would join this case makes a complaint, and the case is none: it opens one of its own (E87)."""
    if case is None or case.about or desk.council.standard_of(case.standard).complaint:
        return False
    return complaining.sign(seen.message, desk.council) is not None


def moved(found: Match, about: Collection[str], verdict: Verdict, facts: Facts, desk: Desk) -> Match:
    """
    The case of a letter that makes a complaint, or complains about these people: an open one of its sender's that does so too,
    else a new one, which goes on with the case that it would have joined. Whoever has that one goes on with it, and reads
    nothing of the complaint.
    """
    sender = verdict.to.key if verdict.to else ""
    for case in facts.cases.values() if about else ():
        if case.state != "closed" and set(about) <= case.about and sender in case.parties:
            return Match(case, "it goes on with a complaint about the same person")
    if found.case is None:
        return found
    complains = "complains about somebody" if about else "makes a complaint"
    how = f"it {complains}, and {desk.council.reference_of(found.case.code)} goes on without it"
    return Match(None, how, found.note, linked=found.case.code)


def named_in(
    message: Message, case: Case | None, facts: Facts, desk: Desk, team: str, *, formal: bool
) -> frozenset[str]:
    """
    Staff ids of those about whom a letter complains; empty if it does not complain, or names nobody.

    Args:
        case: the case that it would join; None for a new one. Its "you" is whoever has the case.
        team: the team that would get it, of whom a first name alone may be one.
        formal: its standard is that of complaints, so that it complains whatever it says.
    """
    council, resident = desk.council, frozenset(_folded(message.author.name if message.author else ""))
    text = f"{message.subject[:_LONGEST_GREETING]}.\n{message.new_text[:_READ]}"
    plain = folding.plain(text)
    complains = formal or bool(_COMPLAINT.search(plain))
    if not complains and not _CONDUCT.search(plain):
        return frozenset()
    known, people = _known(case, facts), _People(council, desk.today)
    found: set[str] = set()
    for sentence in _sentences(text):
        said = folding.plain(sentence)
        hurts = bool(_CONDUCT.search(said))
        if _PRAISE.search(said) and not hurts:
            continue
        if complains or hurts:
            found |= people.named(sentence, resident)
        if hurts or (complains and _COMPLAINT.search(said)):
            found |= people.by_one_name(sentence, {*known, *_members(council, team)} - found, resident)
        elif complains:
            found |= people.by_one_name(sentence, known - found, resident)
    words = " ".join(_WORDS.findall(plain))
    if _YOU.search(words):
        found |= _you(message, case, council, people)
    return frozenset(found)


def _known(case: Case | None, facts: Facts) -> set[str]:
    """Whom the resident has to do with: those who have or had their cases, and who wrote to them."""
    cases = [one for one in (case, *facts.cases.values()) if one is not None]
    last = [facts.last_owner[0]] if facts.last_owner else []
    return {one for each in cases for one in (each.owner, each.cover, each.human_words_by) if one} | set(last)


def _members(council: Council, team: str) -> tuple[str, ...]:
    return council.teams[team].members if team in council.teams else ()


def _you(message: Message, case: Case | None, council: Council, people: "_People") -> set[str]:
    """Whoever is meant by "you" or "the officer": who has the case and wrote last in it, or whom the letter greets."""
    if case is not None:
        return {one for one in (case.owner, case.cover, case.human_words_by) if one in council.staff}
    first = next((line for line in message.new_text.split("\n") if line.strip()), "")
    if not _GREETING.match(folding.plain(first)):
        return set()
    return people.by_one_name(first[:_LONGEST_GREETING], set(council.staff), frozenset())


def _sentences(text: str) -> Iterator[str]:
    """The sentences, and the lines that end without a mark, without a greeting in front of the letter."""
    for number, line in enumerate(text.split("\n")):
        greeted = number and _GREETING.match(folding.plain(line[:_LONGEST_GREETING]))
        if greeted and len(line) <= _LONGEST_GREETING and "," not in line.rstrip(" ,!-"):
            continue
        rest = line.partition(",")[2] if greeted else line
        yield from (one for one in _SENTENCES.split(rest) if one.strip())


def _words_of(text: str) -> list[_Word]:
    found, before = [], ""
    for match in _WORDS.finditer(text):
        folded = folding.plain(match[0])
        found.append(_Word(folded, match[0][:1].isupper(), before))
        before = folded
    return found


def _folded(name: str) -> list[str]:
    return [folding.plain(one) for one in _WORDS.findall(name)]


def _names(person: Staff) -> list[list[str]]:
    """The names by which residents know somebody, each as folded words: the true one, the shown one, and that of the address."""
    locals_ = [one.partition("@")[0] for one in person.addresses]
    shown = [_folded(one) for one in (person.name, person.public_name, *locals_)]
    return [one for one in shown if len(one) > 1]


def _neighbours(words: list[_Word], length: int) -> Iterator[tuple[_Word, _Word]]:
    """Words that stand beside each other, or as far apart as names between the first and the last one put them."""
    for distance in {1, max(length - 1, 1)}:
        yield from zip(words, words[distance:], strict=False)


def _pair(one: _Word, other: _Word, first: str, last: str) -> bool:
    if one.before in _THEIR_OWN:
        return False
    titled = (one.folded in _TITLES or one.folded == first[:1]) and other.folded == last
    given = one.folded in _TITLES and other.folded == first and other.capital
    forward = _alike(one.folded, first) and _alike(other.folded, last)
    backward = _alike(one.folded, last) and _alike(other.folded, first)
    exact = {one.folded, other.folded} & {first, last}
    return titled or given or bool((forward or backward) and exact)


def _of_another(after: _Word | None, name: list[str]) -> bool:
    """Whether the next word makes it somebody else's name: "Sam Green" is no Sam Jones. A sentence goes on in lower case."""
    return after is not None and after.capital and len(after.folded) > 1 and after.folded not in name


def _alike(word: str, name: str) -> bool:
    """Whether a word is this name, perhaps with one letter left out, added, mistyped, or two neighbours swapped."""
    if word == name:
        return True
    if min(len(word), len(name)) < _SHORT or abs(len(word) - len(name)) > 1:
        return False
    at = next(
        (index for index, (a, b) in enumerate(zip(word, name, strict=False)) if a != b), min(len(word), len(name))
    )
    rest, other = word[at:], name[at:]
    return (
        rest[1:] == other[1:]
        or rest == other[1:]
        or rest[1:] == other
        or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    )


class _People:
    """The colleagues who work here, by each word of the names by which residents know them."""

    def __init__(self, council: Council, today: date) -> None:
        self._council = council
        self._by_word: dict[str, list[tuple[str, list[str]]]] = {}
        for person in council.staff.values():
            for name in _names(person) if not has_left(person, today) else ():
                for word in {name[0], name[-1]}:
                    self._by_word.setdefault(word, []).append((person.id, name))

    def named(self, text: str, resident: Collection[str]) -> set[str]:
        """
        Those whom a sentence names beyond doubt: by both names in any order, perhaps with a slip in one; by an initial or a
        title and the last name; by their address. Not who bears the resident's own name.
        """
        words = _words_of(text)
        addresses = [match[0].casefold().rstrip(".") for match in _ADDRESS.finditer(text)] if "@" in text else []
        found = {person.id for person in map(self._council.staff_at, addresses) if person is not None}
        met = {one.folded for one in words} & self._by_word.keys()
        for person, name in (one for word in sorted(met) for one in self._by_word[word]):
            first, last = name[0], name[-1]
            if not {first, last} <= set(resident) and any(
                _pair(one, other, first, last) for one, other in _neighbours(words, len(name))
            ):
                found.add(person)
        return found

    def by_one_name(self, text: str, people: Collection[str], resident: Collection[str]) -> set[str]:
        """Those of these people whom a sentence names by one name alone, which nobody else of them has."""
        words, found = _words_of(text), set()
        for index, word in enumerate(words):
            if word.before in _THEIR_OWN or word.before in _TITLES or word.folded in resident or not word.capital:
                continue
            after = words[index + 1] if index + 1 < len(words) else None
            bearers = {
                person
                for person, name in self._by_word.get(word.folded, ())
                if person in people and not _of_another(after, name)
            }
            found |= bearers if len(bearers) == 1 else set()
        return found
