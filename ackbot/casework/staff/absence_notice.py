"""Reads what a colleague's automatic reply says: until when they are away, their week, or that they have left (domain.md §10)."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from ackbot.casework import written_dates
from ackbot.casework.written_dates import Written
from ackbot.mail import folding

_MOST = 4_000  # characters that are read
_FURTHEST = 550  # days; a date further ahead is taken for a slip
_NEAR = 40  # characters between a word such as "until" and its date

# All patterns are for text that `folding.plain` has folded: lower case, no accents (but "ł" stays).
_CLAUSE = re.compile(
    r"(?<!\d)[.!?;]\s|[!?;\n]|(?<=\d)\.\s(?=(?:i|we|please|if|for|my|in|bitte|ich|merci|en|por|prosze|w|os)\s)"
)
_AWAY = re.compile(
    r"\b(?:away|out\sof\s(?:the\s|my\s)?office|ooo|o\.o\.o|on\s(?:\w{1,12}\s){0,2}leave|annual\sleave|a/l|on\sholidays?|vacation|absent|absence"
    r"|not\s(?:be\s)?(?:in\b|at\swork|working|available|here|contactable)|unavailable|off\s(?:work|sick|today|until|on)|day\soff|training|conference|jury\sservice"
    r"|ffwrdd|allan\so['’]?r\sswyddfa|g?wyliau|absennol|ddim\syn\sy\s(?:swyddfa|gwaith)"
    r"|absente?s?|conges?|vacances|hors\sdu\sbureau|pas\s(?:au\sbureau|disponible|joignable)|en\sdeplacement|en\sformation"
    r"|abwesend|abwesenheit|nicht\s(?:im\s(?:haus|buro|dienst)|erreichbar|da|am\sarbeitsplatz)|urlaub|ausser\shaus|dienstreise|elternzeit|krank"
    r"|ausente|ausencia|fuera\sde\s(?:la\s)?oficina|vacaciones|de\sbaja|de\spermiso|no\s(?:estoy|estare)"
    r"|nieobecn\w*|urlop\w*|poza\sbiurem|zwolnieni\w*|nie\sma\smnie|mnie\snie\s(?:ma|bedzie)|nie\sbede|delegacji|wyjezdzie)\b"
)
_BACK = re.compile(
    r"\b(?:back|return(?:s|ing|ed)?|resum\w{1,4}|(?:in|at\swork|available|here)\sagain|yn\sol|nol|dychwel\w{0,6}"
    r"|retour|reviens|reviendrai|rentre(?:rai)?|reprend\w{0,4}|reprise|zuruck|wieder|ruckkehr|regres\w{1,4}|vuelv\w{1,2}|volver\w{0,2}|vuelta"
    r"|re?incorpor\w{1,4}|retorn\w{1,3}|wroc\w{0,2}|wracam|powr\w{1,5}|z\spowrotem|ponownie|znow(?:u)?)\b"
)
_BACK_BEHIND = re.compile(
    r"\b(?:back|again|return\w{0,3}|onwards?|wieder|zuruck|yn\sol|de\sretour|de\svuelta|z\spowrotem|ponownie|znowu?)\b"
)
_UNTIL = re.compile(
    r"(?:\b(?:until|till?|through|thru|up\sto|to|and\sincluding|ending|ends?|last\sday|hyd|tan|jusqu\S{0,5}|au|bis|hasta|al|do)\b|['’]til\b)"
)
_AFTER = re.compile(r"\b(?:after|ar\sol|wedi|apres|nach|despues|tras|po)\s(?:\w{1,4}\s){0,2}$")
_FROM = re.compile(
    r"\b(?:from|starting|since|between|as\sof|commencing|beginning|o|rhwng|du|des|a\spartir|vom|ab|seit|zwischen|del?|desde|entre|od|miedzy|pomiedzy)\b"
)
_JOINT = re.compile(
    r"[\s.]*+(?:-|–|—|to|until|till|through|thru|up\sto|and|hyd(?:\sat)?|i|a|ac|tan|au|jusqu\S{0,5}|et|bis(?:\szum)?|und|al|hasta(?:\sel)?|y(?:\sel)?|do|oraz)?"
    r"\s*+(?:and\sincluding\s|including\s|(?:the|le|den|dem|el|dnia)\s)*"
)
_AGAIN = re.compile(r"\b(?:again|then|also|further|wieder|puis|danach|luego|potem|wedyn)\b")
_CLOSED = re.compile(
    r"\b(?:office|offices|council|centre|building|swyddfa|mairie|amt|rathaus|ayuntamiento|urzad)\b[^.]{0,40}\b(?:closed?|closes|shut|ar\sgau|ferme\w{0,2}|geschlossen"
    r"|cerrad\w|zamkniet\w)\b"
)
# What somebody works by the week. It is no absence, and dates in it say nothing of one.
_DAY = (
    r"(?:mon|tue|wed|thu|fri|sat|sun|lundi|mardi|mercredi|jeudi|vendredi|montag|dienstag|mittwoch|donnerstag|freitag|lunes|martes|miercoles"
    r"|jueves|viernes|dydd|ddydd)"
)
_WEEK = re.compile(
    r"\b(?:"
    rf"(?:i|we|she|he)\s(?:only\s|currently\s|normally\s|usually\s|generally\s)?(?:do\snot\s|don['’]t\s)?"
    rf"work\s(?:part[- ]time|flexibl\w|compressed|term[- ]time|full[- ]time"
    rf"|a\s\w+[- ]day|\d|on\s|only\s|from\s|every\s|alternate\s|{_DAY})"
    r"|(?:my|normal|usual|regular)\s(?:normal\s|usual\s|regular\s|contracted\s|core\s)?(?:working|work|office)\s(?:days?|hours|pattern|week)"
    r"|(?:my\s)?non[- ]working\sdays?|part[- ]time\s(?:hours|worker|basis|and)"
    rf"|i(?:['’]m|\sam)\s(?:only\s)?(?:in\sthe\soffice|at\swork|in|available)\s(?:on\s|every\s)?(?:{_DAY}\w*\s?(?:-|–|to|and|,)|{_DAY}\w*days?s\b)"
    r"|fy\s(?:nyddiau|oriau)\sgwaith|(?:rwy['’]n|rydw\si['’]n|dw\si['’]n)\sgweithio\b|gweithio['’]n\srhan[- ]amser"
    r"|je\s(?:ne\s)?travaille\b|mes\s(?:jours|horaires)\s(?:de\s(?:travail|presence))|temps\spartiel"
    r"|ich\sarbeite\s(?:nur|in\steilzeit|teilzeit|montags|dienstags|mittwochs|donnerstags|freitags|von|immer)|meine\sarbeits(?:zeiten|tage)|teilzeitkraft"
    r"|(?:no\s)?trabajo\s(?:solo\s|solamente\s)?(?:de|los|a\stiempo)\b|mi\s(?:horario|jornada)"
    r"|pracuje\s(?:tylko\s|od\s|w\s|na\s)|moje\s(?:godziny|dni)\spracy"
    r")"
)
_LEFT_SELF = (
    r"\bi(?:['’]ve|\shave)?\s(?:now\s|recently\s)?left\s(?:the|my|this|northgate|post)?|\bi(?:['’]m|\sam)?\sno\slonger\s(?:work|employed|with|at|in\spost|in\sthis\srole)"
    r"|\bi\s(?:do\snot|don['’]t)\swork\s(?:here|for\s[\w ]{1,40})\s?(?:any\s?more|any\slonger)"
    r"|\b(?:rwyf|rydw\si|dw\si)\swedi\sgadael|nid\swyf\syn\sgweithio[^.]{0,40}(?:bellach|mwyach)"
    r"|\bje\sne\stravaille\splus|j['’]ai\squitte|ich\sarbeite\s(?:hier\s)?nicht\smehr|ich\s(?:bin|habe)[^.]{0,60}(?:ausgeschieden|verlassen)"
    r"|\bya\sno\strabajo|he\sdejado\s(?:de\strabajar|mi\spuesto|el\sayuntamiento)|(?:juz\snie|nie)\spracuje\s(?:juz|w\surzedzie|tutaj)|juz\stu\snie\spracuje"
)
_LEFT_OTHER = (
    r"no\slonger\s(?:works?|employed|with|at|in\spost)|(?:has|have)\s(?:now\s)?left\b|left\sthe\s(?:council|organi[sz]ation|authority|company|team)"
    r"|wedi\sgadael|ne\stravaille\splus|a\squitte|arbeitet\s(?:hier\s)?nicht\smehr|nicht\smehr\s(?:bei\suns|fur)|ausgeschieden|ya\sno\strabaja|nie\spracuje\sjuz|juz\snie\spracuje"
)
_WORD = re.compile(r"\w{2,}")
_SELF = re.compile(_LEFT_SELF)
_OTHER = re.compile(rf"(?:{_LEFT_OTHER})")
_THIS_PERSON = (
    r"this\s(?:person|employee|colleague|user|officer|member|mailbox|account)"
    r"|the\s(?:person|employee|colleague|officer)\syou|y\sperson\shwn"
)


@dataclass(frozen=True, slots=True)
class Notice:
    """
    What an automatic reply says.

    Args:
        kind: its writer is away; works by the week only; has left; or it says nothing of all that.
        first_on: the first day away, if it is still ahead; None for now.
        back_on: the first day back; None if it cannot be read, or has passed.
    """

    kind: Literal["away", "week", "left", "nothing"]
    first_on: date | None = None
    back_on: date | None = None


def read(subject: str, text: str, today: date, names: Collection[str] = ()) -> Notice:
    """
    Read an automatic reply. Of two readings the later one is taken, and none that has passed (domain.md §10).

    Args:
        subject: its own; what it repeats of the mail that it answers stands behind a colon, and is not looked at.
        today: the local day on which it was sent.
        names: of its writer, because "Sam no longer works here" is said of colleagues too.
    """
    title = folding.plain(subject).partition(":")[0]
    whole = "\n".join(folding.plain(line) for line in text[:_MOST].splitlines())
    whole = re.sub(r"(?<!\n)\n(?!\n)", " ", whole)
    kept, weekly, left = _clauses(whole, names)
    said = "\n".join(kept)
    best = _best(said, today) or _best(title, today)
    if left:
        return Notice("left")
    if best is not None:
        return Notice("away", best[0], best[1])
    if _AWAY.search(said) or _AWAY.search(title):
        return Notice("away")
    return Notice("week" if weekly else "nothing")


def _clauses(text: str, names: Collection[str]) -> tuple[list[str], bool, bool]:
    """The clauses that may tell of an absence; whether any tells of a week; and whether any says that its writer has left."""
    kept, weekly, left = [], False, False
    called = {word for name in names for word in _WORD.findall(folding.plain(name))}
    for clause in filter(None, (one.strip() for one in _CLAUSE.split(text))):
        theirs = not called.isdisjoint(_WORD.findall(clause))
        if _SELF.search(clause) or (_OTHER.search(clause) and (theirs or re.search(_THIS_PERSON, clause))):
            left = True
        elif _WEEK.search(clause):
            weekly = True
        elif not _CLOSED.search(clause):
            kept.append(clause)
    return kept, weekly, left


def _best(text: str, today: date) -> tuple[date | None, date] | None:
    """The first day away, or None for now, and the first day back; None if no such day can be read."""
    spans = []
    for clause in text.split("\n"):
        spans += _spans(clause, today, away=bool(_AWAY.search(text)))
    ahead = [one for one in spans if today < one[1] <= today + timedelta(days=_FURTHEST)]
    now = [one for one in ahead if one[0] is None or one[0] <= today]
    if now:
        return None, max(back for _, back in now)
    # All lie ahead: the first of them, and another one will tell of the next.
    return min(ahead, key=lambda one: (one[0] or today, one[1])) if ahead else None


def _spans(clause: str, today: date, *, away: bool) -> list[tuple[date | None, date]]:
    """The absences of one clause: each its first day, if one is named, and its first day back."""
    found: list[tuple[date | None, date]] = []
    begun: Written | None = None  # a date that may begin an absence
    for one, before, after in written_dates.between(clause, written_dates.written(clause, today)):
        kind = _kind(before, after)
        joined = begun is not None and bool(_JOINT.fullmatch(before)) and away
        start = begun.first if begun is not None else None
        begun = None
        after_last = one.last if one.point else one.last + timedelta(days=1)
        if kind == "back":
            found.append((start, one.last))
        elif not away:
            continue
        elif kind == "until" or joined:
            found.append((start, after_last))
        elif one.lasting:
            found.append((None, after_last))
        elif one.first != one.last:
            found.append((one.first, after_last))
        else:
            begun = one
            if kind == "" and _AWAY.search(before):
                found.append((one.first, after_last))
    return found


def _kind(before: str, after: str) -> Literal["back", "until", "from", ""]:
    """What the words around a date make of it."""
    near = before[-_NEAR:]
    if _AFTER.search(near):
        return "until"
    back = _last(_BACK, before)
    until, begin = _last(_UNTIL, near), _last(_FROM, near)
    if back >= 0:
        return "back"  # also "not back until": the day of the return
    if begin > until:
        return "back" if _BACK_BEHIND.search(after) else "from"
    if until >= 0:
        return "until"
    return "back" if _BACK_BEHIND.search(after) else ""


def _last(pattern: re.Pattern[str], text: str) -> int:
    """Where the last match begins; -1 for none."""
    return max((match.start() for match in pattern.finditer(text)), default=-1)
