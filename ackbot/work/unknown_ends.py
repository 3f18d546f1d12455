"""Settle mails whose end is unknown: the final dot was sent, but no reply to it was read (D47)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from ackbot import log_events
from ackbot.casework.office import Office
from ackbot.crashpoints import crash_point
from ackbot.store import Database, outbox
from ackbot.store.modes import lets_out
from ackbot.store.outbox import Outgoing
from ackbot.wires.imap import Account, ImapProblem, Mailbox
from ackbot.wires.smtp import SmtpProblem
from ackbot.work.threads import Stop

_LOOK_AGAIN = timedelta(minutes=5)  # until the next look at a Sent folder that could not be read

log = structlog.get_logger()

SentFolders = Mapping[str, tuple[Account, str]]  # by inbox: its account, and the name of its Sent folder


def settle(
    db: Database,
    office: Office,
    lane: str,
    sent_folders: SentFolders,
    sent_items: Callable[[str], bool] | None,
    now: datetime,
    stop: Stop,
) -> None:
    """
    Settle the lane's mails whose end has been unknown for 15 minutes.

    A mail that lies in the Sent folder was taken. Any other is sent once more, if its inbox's mode still allows that.

    Args:
        sent_items: looks for a Message-ID where the mail was sent; None if the relay cannot be asked.
    """
    for mail in outbox.due_unknown(db, lane, now):
        if stop.is_set():
            return
        try:
            was_taken = _was_taken(mail, sent_folders, sent_items)
        except (ImapProblem, SmtpProblem) as error:
            log.warning(log_events.SENT_FOLDER_NOT_SEEN, lane=lane, inbox=mail.inbox, reason=str(error))
            outbox.look_again(db, mail, now + _LOOK_AGAIN)
            continue
        if was_taken:
            outbox.accepted(db, mail, "seen in the Sent folder", now)
        elif lets_out(office.council, mail.inbox, mail.kind, to_staff=bool(mail.staff)):
            outbox.resend(db, mail, now)
            crash_point("dispatch.resent")
        else:  # the inbox's mode was lowered in the meantime
            outbox.hold_unknown(db, mail, now)


def _was_taken(mail: Outgoing, sent_folders: SentFolders, sent_items: Callable[[str], bool] | None) -> bool:
    """Whether the mail lies in the Sent folder: as the relay says that took it, if it can say, and as IMAP shows it."""
    has_folder = bool(sent_folders.get(mail.inbox, (None, ""))[1])
    try:
        if sent_items is not None and sent_items(mail.message_id):
            return True
    except SmtpProblem:
        if not has_folder:
            raise
    return _lies_in_sent_folder(mail, sent_folders)


def _lies_in_sent_folder(mail: Outgoing, sent_folders: SentFolders) -> bool:
    account, folder = sent_folders.get(mail.inbox, (None, ""))
    if account is None or not folder:
        return False
    mailbox = Mailbox(account)
    try:
        return mailbox.has_message_id(folder, mail.message_id)
    finally:
        mailbox.close()
