"""Mails whose end is unknown: the final dot may have arrived, and no reply was read (D47)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from ackbot import log_events
from ackbot.casework.office import Office
from ackbot.crashpoints import crash_point
from ackbot.store import Database, outbox
from ackbot.store.modes import lets_out
from ackbot.store.outbox import Outgoing
from ackbot.wires.imap import Account, ImapProblem, Mailbox
from ackbot.work.threads import Stop

_LOOK_AGAIN = timedelta(minutes=5)  # at a Sent folder that could not be seen

log = structlog.get_logger()

SentFolders = Mapping[str, tuple[Account, str]]  # by inbox: its account, and the name of its Sent folder


def settle(db: Database, office: Office, lane: str, sent_folders: SentFolders, now: datetime, stop: Stop) -> None:
    """After 15 minutes: a mail that lies in the Sent folder was taken, any other is sent once more."""
    for mail in outbox.due_unknown(db, lane, now):
        if stop.is_set():
            return
        try:
            was_taken = _lies_in_sent_folder(mail, sent_folders)
        except ImapProblem as error:
            log.warning(log_events.SENT_FOLDER_NOT_SEEN, lane=lane, inbox=mail.inbox, reason=str(error))
            outbox.look_again(db, mail, now + _LOOK_AGAIN)
            continue
        if was_taken:
            outbox.accepted(db, mail, "seen in the Sent folder", now)
        elif lets_out(office.council, mail.inbox, mail.kind, to_staff=bool(mail.staff)):
            outbox.resend(db, mail, now)
            crash_point("dispatch.resent")
        else:  # the inbox's mode was lowered meanwhile
            outbox.hold_unknown(db, mail, now)


def _lies_in_sent_folder(mail: Outgoing, sent_folders: SentFolders) -> bool:
    account, folder = sent_folders.get(mail.inbox, (None, ""))
    if account is None or not folder:
        return False
    mailbox = Mailbox(account)
    try:
        return mailbox.has_message_id(folder, mail.message_id)
    finally:
        mailbox.close()
