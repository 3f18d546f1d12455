"""Plain words in reply to the letter of somebody else go to that person, and are no answer to the resident (behaviour.md §3.3a)."""

from dataclasses import replace

from ackbot.casework import keys
from ackbot.casework.drafts import names, to_resident
from ackbot.casework.intents import Intent, KeepWords, Note
from ackbot.casework.model import PURPOSES
from ackbot.casework.staff import held_words, words_out
from ackbot.casework.staff.request import Request, ask_back
from ackbot.mail.addresses import Address

_PURPOSE = PURPOSES["other-wrote"]


def addressee(request: Request) -> Address | None:
    """Whose letter the mail answers, if that is not the resident; None for an answer to any other mail of ours."""
    facts, council = request.facts, request.desk.council
    for token in request.reply.tokens:
        ours = facts.ours.get(token.message_id) if token.purpose == _PURPOSE else None
        if ours is not None and ours.writer.usable and token.code == request.case.code:
            return None if council.inbox_at(ours.writer.key) else ours.writer
    return None


def sent(request: Request, other: Address) -> list[Intent]:
    """
    The words go to that person, by the rules for words to a resident; no clock of the case changes.

    Words that would be held are not kept, because a later SEND would send them to the resident: their author writes them anew.
    """
    case, desk, person = request.case, request.desk, request.person
    name = names.from_display(other) or other.addr
    to = replace(case, resident=other, copies=(), language=desk.council.languages[0], formats="")
    asked = replace(request, case=to)
    words = request.reading.words
    if not request.has_the_case:
        return ask_back(request, "This mail was for you to know, and no words went out: the case is not yours.")
    if request.inbox.mode in ("shadow", "staff"):
        kept = KeepWords(case.code, person.id, "note", words, why="the inbox is being tried out")
        return [kept, *ask_back(request, "This inbox is being tried out, so your words were not sent.", words)]
    reasons = held_words.reasons_to_hold(asked, words)
    if request.reading.command == "unclear":
        reasons.insert(0, "it begins like a command but is not one")
    if reasons:
        return ask_back(
            request, f"Your words were not sent to {name}: {'; '.join(reasons)}. Please write them anew.", words
        )
    why = f"{person.name} wrote to {name}, who is not the resident"
    mail = to_resident.human(desk, to, person, keys.human(request.key), words, next_on=None, why=why)
    mail = to_resident.with_files(mail, words_out.files(request), 0)
    return [mail, Note(case.code, "wrote-to-other", why=why)]
