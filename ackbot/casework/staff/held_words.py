"""
Holds doubtful words of staff until their author answers SEND or KEEP, and acts on that answer.

In doubt nothing is sent to the resident (behaviour.md §4.2).
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from hashlib import sha256

from ackbot.casework import keys
from ackbot.casework.council import Council
from ackbot.casework.drafts import names, to_staff
from ackbot.casework.intents import Copies, DropWords, Intent, KeepWords, Send
from ackbot.casework.model import Case, HeldWords
from ackbot.casework.staff import words_out
from ackbot.casework.staff.reading import command_line
from ackbot.casework.staff.request import Request, answered, ask_back, note
from ackbot.casework.staff.words_out import WordsOut
from ackbot.mail import folding, replies, subjects
from ackbot.mail.markup import Lines

SHORTEST = 15  # characters; shorter words are held
_NAME = 8  # characters of the name by which SEND and KEEP mean held words
_LONGEST_GREETING = 60  # characters
_FEW = 4  # words; a longer greeting holds other words than names
_FORMAL = (
    r"(?:dear|hi|hiya|hello|hey|good[ \t]+(?:morning|afternoon|evening|day)|attn|"
    r"(?:morning|afternoon|evening)(?=[ \t]+(?-i:[A-Z])))"
)
_GREETING = re.compile(rf"[\s*_]*(?:{_FORMAL}\b[ \t]*)+", re.IGNORECASE)
_OPENING = re.compile(
    r"[\s*_]*(?:(?:hi|hello|hey|morning|afternoon|evening|to|thanks|thank you|cheers|ok|okay|sorry|please)\b[ \t,:]*)*",
    re.IGNORECASE,
)
_END = re.compile(r"[,.!;:–—]|\s-\s")
# What follows a name if the words are addressed to that person: "Sam," and "Sam can you", not "Sam Jones comes on Tuesday".
_CALLED = re.compile(
    r"[ \t]*(?:$|[,.!;:–—?]|-\s|(?:and|re|can|could|please|pls|would|will you|do you)\b|[&/])", re.IGNORECASE
)
_TITLES = frozenset(
    ["mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sir", "madam", "there", "councillor", "cllr"]
) | frozenset(["resident", "tenant", "neighbour", "customer", "and", "or", "the"])
_GROUPS = frozenset(["all", "both", "team", "everyone", "everybody", "colleagues", "folks", "guys"])
_INSIDE = re.compile(
    r"\b(?:internal(?:ly)?|don'?t send|do not send|not for (?:the )?resident|between us|f\.?y\.?i\.?)\b", re.IGNORECASE
)


def reasons_to_hold(request: Request, words: str) -> list[str]:
    """
    The reasons, in plain English, to ask the author before these words are sent; empty if they may be sent.

    Args:
        words: the words that the resident would read.
    """
    council, message, reading = request.desk.council, request.seen.message, request.reading
    found = []
    if reading.below:
        found.append("there are words below the line, and only those above it are sent")
    if name := greets_somebody_else(words, request.case, council):
        found.append(f"it greets {name}")
    colleagues = [
        one.addr
        for one in (*message.to, *message.cc)
        if council.inbox_at(one.key) is None and council.is_colleague(one.key)
    ]
    if colleagues:
        found.append(f"a colleague is in To or Cc ({', '.join(colleagues)})")
    if subjects.is_forward(message.subject):
        found.append("it is a forward")
    if line := command_line(words):
        found.append(f"the line “{line}” looks like a command, and those count in the first line only")
    if _INSIDE.search(words):
        found.append("its words say that it is for inside")
    if len(replies.unsigned(words)) < SHORTEST:
        found.append("it is very short")
    if any(words_out.is_mail(one) for one in message.attachments):
        found.append("another mail is attached, which does not go along")
    if reading.doubtful:
        found.append("something in it looks like another mail")
    return found


def hold(request: Request, out: WordsOut, reasons: Sequence[str]) -> list[Intent]:
    """Keep the words, and ask their author whether they may be sent."""
    case, desk = request.case, request.desk
    key = keys.held(request.key)
    asked_by = desk.message_id(key, case.code, "ask-back", "staff", request.inbox.address)
    kept = KeepWords(
        case.code,
        request.person.id,
        "held",
        out.words,
        why=_why(out, reasons),
        command=out.command,
        argument=out.argument,
        asked_by=asked_by,
        files=out.files,
    )
    return [kept, _question(request, asked_by, out, reasons)]


def _question(request: Request, asked_by: str, out: WordsOut, reasons: Sequence[str]) -> Send:
    """May held words go? The links name them, and how the case stood when this was asked."""
    name = name_of(asked_by) + _standing(request.case)
    copying = out.command == "CC"
    values = {
        "reasons": reasons,
        "their_words": Lines(out.words),
        "word": name,
        "send": to_staff.inside_link(request.desk, request.case, request.person, f"SEND {name}"),
        "keep": to_staff.inside_link(request.desk, request.case, request.person, f"KEEP {name}"),
        **({"copies": out.argument.split()} if copying else {}),
    }
    topic = "copying" if copying else "held"
    return answered(request, topic, keys.held(request.key), values, why=_why(out, reasons))


def _why(out: WordsOut, reasons: Sequence[str]) -> str:
    return f"held: {'nobody has agreed to these copies yet' if out.command == 'CC' else reasons[0]}"


def name_of(asked_by: str) -> str:
    """The name by which SEND and KEEP mean held words: eight characters of the Message-ID that asked about them."""
    return asked_by.partition("@")[0].rpartition(".")[2][:_NAME].lower()


def _standing(case: Case) -> str:
    """Four letters for the state of a case. They change when it is closed or reopened, and when a person writes."""
    return sha256(f"{case.state == 'closed'} {case.human_words_at}".encode()).hexdigest()[:4]


def send_or_keep(request: Request) -> list[Intent]:
    """
    SEND or KEEP: send held words, or keep them inside as a note.

    The words are those that the command names, or those that the answered mail asked about, or else the only ones held. If
    somebody wrote to the resident or closed the case since the question, it is asked once more.
    """
    case, today = request.case, request.desk.today
    mine = [one for one in request.facts.held if one.code == case.code]
    named = request.reading.argument.strip(" .").lower()
    if named:
        found = [one for one in mine if name_of(one.asked_by) == named[:_NAME]]
    else:
        questions = {token.message_id for token in request.seen.message.answers}
        found = [one for one in mine if one.asked_by in questions] or mine
    if len(found) != 1:
        return ask_back(request, "No words of yours wait here." if not found else "Several of your words wait here.")
    held = found[0]
    if request.reading.command == "KEEP":
        dropped = DropWords(id=held.id, code=held.code, outcome="kept", why=f"{request.person.name} keeps them inside")
        return [dropped, *(note(request, held.words) if held.words else [])]
    if held.command == "MORE" and date.fromisoformat(held.argument) <= today:
        problem = "Their date has passed, so they were not sent. Write MORE with a new date."
        return ask_back(request, problem, held.words)
    # The question holds the state of the case at its time. If that has changed, the author may not know.
    as_it_stands = name_of(held.asked_by) + _standing(case)
    if not any(as_it_stands in text for text in (named, *(ours.text for ours in request.facts.ours.values()))):
        closed = case.state == "closed"
        reason = "the case was closed since, and they would open it again" if closed else "somebody has written since"
        asked = WordsOut(held.command, held.argument, held.words, held.files, held.letter_id)
        return [_question(request, held.asked_by, asked, [reason])]
    dropped = DropWords(id=held.id, code=held.code, outcome="sent", why=f"{request.person.name} sends them")
    if held.command == "CC":
        return [dropped, *_with_copies(request, held)]
    out = WordsOut(held.command, held.argument, held.words, held.files, held.letter_id)
    return [dropped, *words_out.send(request, out, keys.human(keys.waiting(held.code, held.asked_by)))]


def _with_copies(request: Request, held: HeldWords) -> list[Intent]:
    """They agree to the copies that the question named, and to no others: of these words, and of what they write from now on."""
    copied = tuple(held.argument.split())
    why = f"{request.person.name} agreed to copies"
    agreed = Copies(held.code, copied, why=why)
    if not held.words:
        return [agreed, answered(request, "copies", keys.copies(request.key), {"copies": list(copied)}, why=why)]
    copying = replace(request, case=replace(request.case, copies=copied))
    out = WordsOut("", "", held.words, held.files, held.letter_id)
    return [agreed, *words_out.send(copying, out, keys.human(keys.waiting(held.code, held.asked_by)))]


def greets_somebody_else(words: str, case: Case, council: Council) -> str:
    """
    Whom the words greet, if it may not be the resident: a colleague, a group, or another name; else "".

    If the resident's name is unknown, only colleagues and groups count as somebody else.
    """
    first = next((line for line in words.split("\n") if line.strip()), "").strip()
    theirs = set(_words(f"{case.resident.name} {case.resident.key.partition('@')[0]}"))
    if colleague := names.namesake(case.resident, council):
        # Their author may mean either of the two.
        theirs -= set(_words(colleague.name))
    colleagues = {word for one in council.staff.values() for word in _words(one.name) if len(word) > 1}
    others = (colleagues - theirs) | _GROUPS
    greeting = _GREETING.match(first)
    if greeting is None:
        return _called(first, others)
    rest = first[greeting.end() :]
    end = _END.search(rest[:_LONGEST_GREETING])
    part = rest[: end.start() if end else _LONGEST_GREETING].strip()
    if not part:
        return _called(rest.lstrip(" \t,.!;:–—-"), others)
    greeted = re.findall(r"[^\W\d_]+", part)
    if others & set(_words(part)):
        return part
    if not end and len(greeted) > _FEW:
        greeted = greeted[:1]  # without punctuation it is unclear where the name ends
    if len(greeted) > _FEW or not end:
        greeted = [word for word in greeted if word[0].isupper()]
    strange = [word for word in greeted if not _theirs(folding.plain(word), theirs)]
    return part if strange and case.resident.name else ""


def _called(line: str, others: Collection[str]) -> str:
    """The colleague or group to whom a line is addressed at its beginning; "" for none."""
    rest = line[match.end() :] if (match := _OPENING.match(line)) else line
    lead = re.match(r"[\w'’-]+(?:[ \t]+[\w'’-]+)?", rest)
    for piece in (lead[0], lead[0].split()[0]) if lead else ():
        said = _words(piece)
        if said and set(said) <= set(others) and _CALLED.match(rest[len(piece) :]):
            return piece
    return ""


def _theirs(word: str, theirs: Collection[str]) -> bool:
    """Whether a word is a name of the resident, an initial of one, or a title such as "Mrs"."""
    return word in theirs or word in _TITLES or (len(word) == 1 and any(one.startswith(word) for one in theirs))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", folding.plain(text))
