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
from ackbot.casework.intents import Copies, DropWords, HumanWords, Intent, KeepWords, Send
from ackbot.casework.model import PURPOSES, Case, HeldWords
from ackbot.casework.staff import answer_to, meant, near, others, words_out
from ackbot.casework.staff.consent import NAME, SENT, asked_about, is_filler, name_of, only_answers
from ackbot.casework.staff.reading import command_line
from ackbot.casework.staff.request import Request, answered, ask_back, heard, note, words_in
from ackbot.casework.staff.words_out import WordsOut
from ackbot.mail import folding, replies, subjects
from ackbot.mail.markup import Lines

SHORTEST = 15  # characters; shorter words are held
_A_NAME = re.compile(r"[a-z2-7]{8}(?:[0-9a-f]{4})?")  # a name, perhaps with the state of its case
_SHOWN = 80  # characters of held words in a list
_LONGEST_GREETING = 60  # characters
_FEW = 4  # words; a longer greeting holds other words than names
_OPENING = re.compile(
    r"[\s*_]*(?:(?:hi|hello|hey|morning|afternoon|evening|to|thanks|thank you|cheers|ok|okay|sorry|please)\b[ \t,:]*)*",
    re.IGNORECASE,
)
_END = re.compile(r"[,.!;:–—]|\s-\s")
# What follows a name if the words are addressed to that person: "Sam," and "Sam can you", not "Sam Jones comes on Tuesday".
_CALLED = re.compile(
    r"[ \t]*(?:$|[,.!;:–—?]|-\s|(?:and|re|can|could|please|pls|would|will you|do you)\b|[&/])", re.IGNORECASE
)
_TITLES = names.TITLES | frozenset(
    ["madam", "there", "resident", "tenant", "neighbour", "customer", "family", "and", "or", "the", "again"]
)
_GROUPS = frozenset(["all", "both", "team", "everyone", "everybody", "colleagues", "folks", "guys"])
_ATTACHED = re.compile(
    r"\b(?:(?:please|pls) (?:find|see) (?:the )?(?:attached|enclosed)|(?:i|we)(?:['’]ve| have)? (?:attached|attach|enclosed?)|"
    r"(?:is|are) (?:attached|enclosed)(?! (?:to|on|with|by)\b)|"
    r"(?:see|find|in|complete|sign|return|read) the (?:attached|attachment)|"
    r"attached (?:is|are|please)|enclosed (?:is|are|please))\b",
    re.IGNORECASE,
)
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
        colleague = names.namesake(request.case.resident, council)
        same = colleague is not None and bool(set(_words(name)) & set(_words(colleague.name)))
        found.append(
            f"it greets {name}" + (", and a colleague of yours has the same name as the resident" if same else "")
        )
    colleagues = [
        one.addr
        for one in (*message.to, *message.cc)
        if council.inbox_at(one.key) is None and council.is_colleague(one.key)
    ]
    if colleagues:
        found.append(f"a colleague is in To or Cc ({', '.join(colleagues)})")
    if subjects.is_forward(message.subject):
        found.append("it is a forward")
    if _ATTACHED.search(words) and not words_out.files(request):
        found.append("it speaks of something attached, and nothing is")
    if asked := answer_to.reason(request):
        found.append(asked)
    found += _not_meant(request, words)
    if line := command_line(words):
        found.append(f"the line “{line}” looks like a command, and those count in the first line only")
    if _INSIDE.search(words):
        found.append("its words say that it is for inside")
    if len(replies.unsigned(words)) < SHORTEST:
        found.append("it is very short")
    elif not words_in(request, words):
        found.append("there is nothing in it but thanks or a sign-off")
    if any(words_out.is_mail(one) for one in message.attachments):
        found.append("another mail is attached, which does not go along")
    if reading.doubtful:
        found.append("something in it looks like another mail")
    return found


def _not_meant(request: Request, words: str) -> list[str]:
    """What speaks against words being a letter to the resident. A command says who reads them, so less is asked of its words."""
    people, command = heard(request), request.reading.command
    if command not in ("", "unclear"):
        return meant.speaks_inside(words, people, meant=True)
    written, nearest = near.slip(words)
    if not nearest and (written := meant.in_capitals(words, people)):
        nearest = near.nearest(written)
    hint = f", and {nearest} is the nearest: if you meant that, answer {nearest} and your words" if nearest else ""
    slips = [f"“{written}” is no word that we know{hint}"] if written and command == "" else []
    return [*slips, *meant.why_not(words, people)]


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
    other = answer_to.asked_for(request)
    values = {
        "reasons": reasons,
        "other_address": other,
        "elsewhere": to_staff.inside_link(request.desk, request.case, request.person, f"SEND {name} {other}")
        if other
        else "",
        "their_words": Lines(out.words),
        "word": name,
        "send": to_staff.inside_link(request.desk, request.case, request.person, f"SEND {name}"),
        "keep": to_staff.inside_link(request.desk, request.case, request.person, f"KEEP {name}"),
        **({"copies": out.argument.split()} if copying else {}),
    }
    topic = "copying" if copying else "held"
    return answered(request, topic, keys.held(request.key), values, why=_why(out, reasons))


def _why(out: WordsOut, reasons: Sequence[str]) -> str:
    return f"held: {'nobody has agreed to these copies yet' if out.command == 'CC' else '; '.join(reasons)}"


def _standing(case: Case) -> str:
    """Four letters for the state of a case. They change when it is closed or reopened, and when a person writes."""
    return sha256(f"{case.state == 'closed'} {case.human_words_at}".encode()).hexdigest()[:4]


def send_or_keep(request: Request) -> list[Intent]:
    """
    SEND or KEEP: send held words, or keep them inside as a note.

    The words are those that the command names, or those that the answered mail asked about, or else the only ones held. Words
    below SEND take their place; words below KEEP are a note. If somebody wrote to the resident or closed the case since the
    question, it is asked once more.
    """
    case = request.case
    mine = [one for one in request.facts.held if one.code == case.code and one.command != SENT]
    name, words = _named(request, mine)
    choice = answer_to.chosen(request, words)
    if choice is not None and is_filler(words.replace(choice.address, ""), ["to", "mailto"]):
        words = ""  # the address behind SEND is an answer, and no words
    answered_now = [one for one in asked_about(request) if one in mine]
    found = [one for one in mine if name_of(one.asked_by) == name[:NAME]] if name else answered_now or mine
    if not found:
        gone = "Those words wait no longer." if name else "No words of yours wait here."
        return ask_back(request, gone, words)
    if len(found) > 1:
        return _which(request, found, words)
    held = found[0]
    if held.command == others.TO:
        request = others.to_them(request, others.of_argument(held.argument))
    if request.reading.command == "KEEP":
        dropped = DropWords(id=held.id, code=held.code, outcome="kept", why=f"{request.person.name} keeps them inside")
        return [dropped, *(kept for one in (held.words, words) if one for kept in note(request, one))]
    if held.command == "MORE" and date.fromisoformat(held.argument) <= request.desk.today:
        problem = "Their date has passed, so they were not sent. Write MORE with a new date."
        return ask_back(request, problem, words or held.words)
    if choice is not None and held.command != others.TO:
        chosen = replace(request, case=replace(case, answer_to=choice.address))
        found_now = _instead(chosen, held, words) if words else _as_held(chosen, held, name)
        goes = any(isinstance(one, HumanWords) for one in found_now)
        return [choice, *found_now] if goes else found_now
    return _instead(request, held, words) if words else _as_held(request, held, name)


def _named(request: Request, mine: Sequence[HeldWords]) -> tuple[str, str]:
    """The name behind SEND or KEEP, in lower case, and the words that are no name; "" for none. "SEND it please" has neither."""
    reading = request.reading
    first, _, rest = reading.argument.partition(" ")
    name = first.strip(" .,:;").lower()
    known = any(name_of(one.asked_by) == name[:NAME] for one in mine)
    if not (known or (_A_NAME.fullmatch(name) and re.search(r"\d", name))):
        name, rest = "", reading.argument
    words = "" if is_filler(rest) else rest.strip()
    return name, f"{words}\n{reading.words if words_in(request, reading.words) else ''}".strip()


def which_is_meant(request: Request) -> str:
    """What to ask whoever says yes or no, and nothing else, to a mail that asked nothing, while words wait; "" if none do."""
    waiting = [one for one in request.facts.held if one.code == request.case.code and one.command != SENT]
    if not waiting:
        return ""
    shown = subjects.shortened(" ".join(waiting[0].words.split()), _SHOWN)
    name = name_of(waiting[0].asked_by)
    return f"Is that about your words that wait, “{shown}”? Answer SEND {name} or KEEP {name}."


def _which(request: Request, found: Sequence[HeldWords], words: str) -> list[Intent]:
    """Ask which of several held words are meant."""
    command = request.reading.command
    listed = [
        f"{command} {name_of(one.asked_by)}: {subjects.shortened(' '.join(one.words.split()), _SHOWN)}" for one in found
    ]
    problem = f"Several of your words wait here. Answer {command} with the name that stands before those you mean."
    return ask_back(request, problem, "\n\n".join([*listed, words] if words else listed))


def _as_held(request: Request, held: HeldWords, name: str) -> list[Intent]:
    """Send held words as they are, unless the case has gone on since their author was asked."""
    out = WordsOut(held.command, held.argument, held.words, held.files, held.letter_id)
    if reason := _gone_on(request, held, name):
        return [_question(request, held.asked_by, out, [reason])]
    return _sent(request, held, shown=False)


def _gone_on(request: Request, held: HeldWords, name: str) -> str:
    """
    What happened in the case since the author was asked, who may not know it; "" for nothing.

    The question holds the state of the case at its time. An answer to another mail, such as a digest, has only the times.
    """
    case, asked = request.case, name_of(held.asked_by)
    texts = (name, *(ours.text for ours in request.facts.ours.values()))
    shown = [one for text in texts for one in re.findall(rf"{asked}[0-9a-f]{{4}}", text)]
    closed = case.state == "closed" and (case.closed_at is None or case.closed_at > held.at)
    wrote = case.human_words_at is not None and case.human_words_at > held.at
    if (asked + _standing(case)) in shown if shown else not (closed or wrote):
        return ""
    return (
        "the case was closed since, and they would open it again"
        if case.state == "closed"
        else "somebody has written since"
    )


def _sent(request: Request, held: HeldWords, *, shown: bool) -> list[Intent]:
    """
    Send these words.

    Args:
        shown: the author reads what went out, because it is not what we asked about.
    """
    dropped = DropWords(id=held.id, code=held.code, outcome="sent", why=f"{request.person.name} sends them")
    if held.command == "CC":
        return [dropped, *_with_copies(request, held, shown=shown)]
    out = WordsOut(held.command, held.argument, held.words, held.files, held.letter_id)
    return [dropped, *words_out.send(request, out, keys.human(keys.waiting(held.code, held.asked_by)), shown=shown)]


def _instead(request: Request, held: HeldWords, words: str, *doubts: str) -> list[Intent]:
    """
    Words below SEND take the place of those that were held. They are sent if they are a letter and nothing else speaks
    against it; otherwise they are held in their turn.

    Args:
        doubts: further reasons to ask.
    """
    files = words_out.files(request)
    reasons = [*doubts, *reasons_to_hold(request, words)]
    if not _is_letter(words):
        reasons.append("it greets nobody, so it may be for us")
    if reason := _gone_on(request, held, ""):
        reasons.append(reason)
    if not reasons:
        ours = (files, 0) if files else (held.files, held.letter_id)
        return _sent(request, replace(held, words=words, files=ours[0], letter_id=ours[1]), shown=True)
    if held.files and not files:
        reasons.append("the files of your earlier words do not go along: please attach them anew")
    dropped = DropWords(id=held.id, code=held.code, outcome="kept", why=f"{request.person.name} wrote other words")
    return [dropped, *hold(request, WordsOut(held.command, held.argument, words, files), reasons)]


def written_anew(request: Request, held: HeldWords) -> list[Intent]:
    """Words without a command in reply to the question: a letter is held in place of the earlier words, the rest asked about."""
    words = request.reading.words
    if _is_letter(words):
        return _instead(
            request, held, words, "you answered our question with words, and neither SEND nor KEEP was above them"
        )
    problem = f"Your earlier words still wait. Answer SEND {name_of(held.asked_by)} or KEEP {name_of(held.asked_by)}."
    return ask_back(request, problem, words)


def _is_letter(words: str) -> bool:
    """Whether the words begin with a greeting, as a letter does."""
    return bool(meant.GREETING.match(words.lstrip()))


def _with_copies(request: Request, held: HeldWords, *, shown: bool) -> list[Intent]:
    """They agree to the copies that the question named, and to no others: of these words, and of what they write from now on."""
    copied = tuple(held.argument.split())
    why = f"{request.person.name} agreed to copies"
    agreed = Copies(held.code, copied, why=why)
    if not held.words:
        return [agreed, answered(request, "copies", keys.copies(request.key), {"copies": list(copied)}, why=why)]
    copying = replace(request, case=replace(request.case, copies=copied))
    out = WordsOut("", "", held.words, held.files, held.letter_id)
    return [agreed, *words_out.send(copying, out, keys.human(keys.waiting(held.code, held.asked_by)), shown=shown)]


def greets(words: str) -> bool:
    """Whether words begin with a greeting, as a letter does."""
    return bool(meant.GREETING.match(words.lstrip()))


def may_be_for_the_resident(request: Request) -> bool:
    """
    Whether words that would stay inside seem meant for the resident: they greet or call them ("Sorry Edward, Friday."); or they
    answer the mail that showed what went out, and say nothing of the resident to us: then they may correct it.
    """
    words, people = request.reading.words, heard(request)
    if greets_somebody_else(words, request.case, request.desk.council):
        return False
    corrects = any(one.purpose == PURPOSES["echo"] for one in request.reply.tokens)
    called = meant.addresses(words, people) or corrects
    if greets(words):
        return True
    return (
        called
        and not only_answers(request)
        and bool(words_in(request, words))
        and not meant.speaks_inside(words, people)
    )


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
    greeting = meant.GREETING.match(first)
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
