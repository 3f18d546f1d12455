"""Mails with a person's own words to a resident, and their copies (behaviour.md §3.4)."""

from dataclasses import replace
from datetime import date

from ackbot.casework import keys
from ackbot.casework.council import Staff
from ackbot.casework.drafts import kinds, speaking
from ackbot.casework.drafts.to_resident import about_case
from ackbot.casework.intents import Named, Send
from ackbot.casework.model import Case
from ackbot.casework.office import Desk
from ackbot.mail.addresses import Address
from ackbot.mail.language import language_of
from ackbot.mail.markup import Lines
from ackbot.mail.plain import Attachment


def human(
    desk: Desk,
    case: Case,
    person: Staff,
    key: keys.Key,
    words: str,
    *,
    next_on: date | None,
    why: str,
    greet: bool = False,
    sign: bool = False,
) -> Send:
    """
    A mail with a person's own words, unchanged (P6), and without the headers of automatic mail.

    Args:
        next_on: the date that UPDATE or MORE promises with them; None for a plain answer, which promises nothing.
        greet, sign: the words came behind a command without a greeting or without a sign-off, and get ours (E43).
    """
    # They are never translated: in what language they are is told to the reader's program, and an interpreter is offered.
    language = language_of(words, desk.council.staff_language)
    values = {
        "words": Lines(words),
        "words_language": language,
        "offer": speaking.offer(desk, case, (language,)),
        "person": person.public_name,
        "job_title": person.job_title,
        "next_on": next_on,
        "copies": list(case.copies),
        "copy_for": "",
        "greet": greet,
        "sign": sign,
    }
    send = about_case(desk, kinds.HUMAN, case, key, values, why=why)
    frame = send.draft.languages[0]
    draft = replace(send.draft, languages=tuple(dict.fromkeys((frame, language))), further={})
    service = desk.council.inbox_of(case.inbox).service
    if case.answer_to:
        draft = replace(draft, recipient=replace(draft.recipient, addr=case.answer_to))
    sender = replace(draft.sender, name=f"{person.public_name}, {service}")
    reply_to = replace(draft.reply_to, name=sender.name) if draft.reply_to else None
    named = (Named(case.code, person.id),) if person.id != case.named else ()
    return replace(send, draft=replace(draft, sender=sender, reply_to=reply_to), named=named)


def with_files(send: Send, files: tuple[Attachment, ...], files_of: int) -> Send:
    """The same mail with files after the words; `files_of` as in Send."""
    return replace(send, draft=replace(send.draft, attachments=files), files_of=files_of)


def copies(desk: Desk, case: Case, sent: Send, why: str) -> list[Send]:
    """Copies of the words for the addresses in `case.copies`; each copy says to whom the words were written."""
    found = []
    for addr in case.copies:
        key = keys.copy(sent.dedupe_key, addr)
        draft = replace(
            sent.draft,
            recipient=Address("", addr),
            message_id=desk.message_id(key, case.code, "copy", "resident", sent.draft.sender.addr),
            values={**sent.draft.values, "copy_for": case.resident.addr},
        )
        found.append(replace(sent, dedupe_key=key, draft=draft, why=why))
    return found
