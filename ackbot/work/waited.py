"""Before a mail goes that waited, it is decided again, whatever made it wait (behaviour.md §3.15, E75)."""

from dataclasses import replace
from datetime import datetime

from ackbot.casework.drafts import anew
from ackbot.casework.model import TO_RESIDENTS
from ackbot.casework.office import Office
from ackbot.mail import kept_drafts
from ackbot.mail.compose import compose
from ackbot.store import Database, cases, renamed, waiting
from ackbot.store.outbox import Outgoing
from ackbot.work.apply import apply, office_at

_KINDS = TO_RESIDENTS | {"hand-over"}  # of the templates in `anew.REWRITTEN`
_FOR_LATER = {"cover", "hand-over"}  # are written for office hours, so even the youngest may have waited for them


def decided_again(db: Database, office: Office, mail: Outgoing, now: datetime) -> Outgoing | None:
    """
    The mail as it goes now; None if it does not go, or is no longer ours.

    A mail that was written just now is true as it is. The repeat of a mail of which nobody knows whether it arrived is never
    changed: it has the same Message-ID, and two different mails with one would be worse (P2).

    Args:
        mail: claimed, and nothing of it was sent.
    """
    young = now - mail.created_at <= anew.WAITED and mail.kind not in _FOR_LATER
    if mail.kind not in _KINDS or mail.resent or young:
        return mail
    with db.transaction():
        text = waiting.draft_of(db, mail)
        if not text:  # a kind that rests on nothing that changes, or a row of an older version
            return mail
        draft = kept_drafts.draft_of(text)
        codes = waiting.codes_of(db, mail)
        desk = office_at(office, db, now).desk(now)
        local_day = desk.council.calendar.local_day
        heard = {code: at and local_day(at) for code, at in waiting.acknowledged_at(db, codes).items()}
        known = cases.by_code(db, codes)
        desk = desk.within(*known.values())
        found = anew.decided(anew.Waited(draft, codes, mail.staff, mail.created_at, heard), known, desk)
        if found.draft is None:
            waiting.drop(db, mail, found.why, now)
            return None
        if compose(found.draft, desk.templates).content == mail.content:
            return mail
        fresh = replace(found.draft, date_at=now.astimezone(desk.council.calendar.timezone))
        content = compose(fresh, desk.templates).content
        if not waiting.rewrite(db, mail, content, kept_drafts.text_of(fresh), now):
            return None
        if found.named is not None:
            renamed.forget(db, mail.id)
            renamed.name(db, mail.id, found.named)
        apply(db, found.intents, desk)
        return replace(mail, content=content)
