"""Tells what calendars say to each other (RFC 5546) from the letter of a person who writes beside an invitation (E19)."""

import re

from ackbot.mail import quoting, subjects
from ackbot.mail.mime import Part

_METHOD = re.compile(r"^METHOD:[ \t]*+(REQUEST|REPLY|CANCEL|COUNTER|DECLINECOUNTER|REFRESH|ADD|PUBLISH)\b", re.I | re.M)
_METHODS = frozenset({"request", "reply", "cancel", "counter", "declinecounter", "refresh", "add", "publish"})
_COMMENT = re.compile(r"^COMMENT[^:\n]{0,200}:[^\S\n]*+\S", re.IGNORECASE | re.MULTILINE)
_FOLD = re.compile(r"\n[ \t]")
_READ = 65_536  # characters of a calendar part
_LONGEST_LINE = 400  # characters; a longer line is a person's, unless the event says it
_MOST_LINES = 300
_RULE = re.compile(r"[\W_]*")
# Lines over the facts of an event, as calendars write them beside it.
_FACT = re.compile(
    r"""\W{0,4}(?:when|where|who|what|calendar|organi[sz]er|location|time|date|subject|starts?|ends?|duration|joining\ info|guests?|attendees?
        |repeats|video\ call|meeting\ (?:id|url|link)|passcode|phone|dial|wann|wo|wer|kalender|ort|zeit|quand|où|qui|agenda|lieu|heure|cu[aá]ndo
        |d[oó]nde|qui[eé]n|calendario|quando|dove|chi|luogo|onde|quem|wanneer|waar|wie|locatie|kiedy|gdzie|kto|pryd|ble|pwy|când|unde|cine)
        \b\W{0,4}(?P<told>[:：]|[^.!?]{0,160}\d)?""",
    re.IGNORECASE | re.VERBOSE,
)
# Sentences that calendars write: somebody answered, was invited, or the event changed; what to click; why the mail came.
_SENTENCE = re.compile(
    r"""\b(?:has|have|hat|haben|a|ont|ha|heeft|was|were|been|wurde|is)\b[^.!?]{0,60}\b(?:accepted|declined|tentatively|invited|cancell?ed|updated|changed
            |rescheduled|proposed|angenommen|zugesagt|abgelehnt|abgesagt|eingeladen|accepté|refusé|décliné|annulé|aceptado|rechazado|cancelado
            |accettato|rifiutato|annullato|geaccepteerd|afgewezen|geannuleerd|aceite|aceitou|recusou|acceptat|refuzat|derbyn|gwrthod)\b
      | \b(?:zaakceptował|odrzucił|zaakceptowano|odrzucono|aceitou|recusou|derbyniodd|gwrthododd)
      | \b(?:invitation|invitación|einladung|invito|convite|uitnodiging|zaproszenie|gwahoddiad|invitație)\b[^.!?]{0,40}\b(?:calendar|kalender|agenda)\b
      | \A\W{0,4}(?:you\ (?:have\ been|are)\ invited|(?:going|will\ you\ attend)\b[^.!]{0,120}\?|reply\ for\b|more\ (?:options|details)\b|view\ (?:event|your)\b
            |join\ (?:with|on|the|by|zoom|microsoft)\b|click\ here\ to\ join|learn\ more\b|meeting\ options|microsoft\ teams\b|find\ a\ local\ number
            |to\ (?:stop\ receiving|respond\ to\ this|view\ the\ event)|you\ are\ receiving\ this|forwarding\ this\ invitation|this\ (?:event|meeting|is\ an\ invitation)\b
            |yes\W{1,6}(?:maybe|no)\b|(?:accept|accepted|decline|declined|tentative|maybe|yes|no)\W{0,3}\Z)""",
    re.IGNORECASE | re.VERBOSE,
)


def is_message(root: Part, words: str) -> bool:
    """
    Whether a mail is an invitation, an answer to one or a cancellation, and says nothing beside.

    Its MIME type decides (RFC 5546, RFC 6047), in whatever shape of parts, or Exchange's mark. A forward is a person's, and so is
    a mail with a sentence that neither the event says nor calendars write, or with a comment in the answer.

    Args:
        words: the newly written words of the mail.
    """
    if subjects.is_forward(root.headers.value("subject")):
        return False
    said = [_said(leaf) for leaf in root.leaves() if leaf.content_type in ("text/calendar", "application/ics")]
    events = [one for one in said if one is not None]
    marked = root.headers.value("content-class").lower() == "urn:content-classes:calendarmessage"
    if not events and not marked:
        return False
    if any(_COMMENT.search(one) for one in events):
        return False
    known = f" {_plain(' '.join([*events, root.headers.value('subject'), root.headers.value('from')]))} "
    lines = quoting.unmarked(words).split("\n")
    # Each line is looked for in all that the event says, so there are not too many (E1).
    return len(lines) <= _MOST_LINES and not any(_is_own(line, known) for line in lines)


def _said(leaf: Part) -> str | None:
    """What a calendar part says, without folds; None if it is only a file: no message has it, or it was exported."""
    content = leaf.text[:_READ]
    method = str(leaf.parameters.get("method", "")).lower() or (
        found[1].lower() if (found := _METHOD.search(content)) else ""
    )
    whole = leaf.section == "1" and not leaf.disposition
    if method not in _METHODS and not whole:
        return None
    if method == "publish" and leaf.disposition == "attachment":
        return None
    return _FOLD.sub("", content).replace("\\n", "\n").replace("\\N", "\n").replace("\\", "")


def _is_own(line: str, known: str) -> bool:
    """Whether a person wrote this line beside the event."""
    folded = _plain(line)
    if not folded or f" {folded} " in known or _RULE.fullmatch(line):
        return False
    if "://" in line and len(_plain(line.partition("://")[0]).split()) <= 3:
        return False
    if len(line) > _LONGEST_LINE:
        return True
    if (fact := _FACT.match(line)) and (fact["told"] or f" {_plain(line[fact.end() :])} " in f" {known} "):
        return False
    return not _SENTENCE.search(line)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
