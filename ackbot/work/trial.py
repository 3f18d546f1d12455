"""check --online: every inbox and relay for real, and one mail round the whole way."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from ackbot.casework import notices
from ackbot.config import Config, Watched
from ackbot.mail.compose import compose
from ackbot.wires.imap import ImapProblem, Mailbox
from ackbot.wires.smtp import Connection, Envelope, SmtpProblem

ROUND_S = 60.0  # seconds a mail may take from the relay to the inbox
_LOOK_S = 1.0


def trial(config: Config) -> Iterator[tuple[str, bool]]:
    """One line for everything that was tried, and whether it worked."""
    reached: dict[str, bool] = {}
    for watched in config.watched:
        line, fine = _inbox(watched)
        reached[watched.name] = fine
        yield line, fine
    lanes: dict[str, bool] = {}
    for lane in config.lanes:
        try:
            offers = Connection(lane.relay, lane.username, socket.gethostname()).probe()
            lanes[lane.name] = True
            yield f"relay {lane.name} ({lane.relay.host}): logs in; offers {offers or 'nothing more'}", True
        except SmtpProblem as error:
            lanes[lane.name] = False
            yield f"relay {lane.name} ({lane.relay.host}): {error.reply}", False
    for watched in config.watched:
        if reached[watched.name] and lanes.get(config.council.inboxes[watched.name].lane):
            yield _round(watched, config)


def _inbox(watched: Watched) -> tuple[str, bool]:
    try:
        mailbox = Mailbox(watched.account)
    except ImapProblem as error:
        return f"inbox {watched.name}: {error}", False
    try:
        mailbox.select(watched.folder)
        count = len(mailbox.uids_after(0))
        idle = "pushes new mail (IDLE)" if mailbox.can_idle else "has no IDLE and is polled"
        sent = ""
        if watched.sent_folder:
            mailbox.select(watched.sent_folder)
            sent = f", Sent folder {watched.sent_folder} is there"
        return f"inbox {watched.name}: logs in, {count} mails in {watched.folder}, {idle}{sent}", True
    except ImapProblem as error:
        return f"inbox {watched.name}: {error}", False
    finally:
        mailbox.close()


def _round(watched: Watched, config: Config) -> tuple[str, bool]:
    """A mail from the inbox to itself; our signature on it keeps it from ever being answered."""
    now = datetime.now(UTC)
    council = config.council
    inbox = council.inboxes[watched.name]
    lane = next(one for one in config.lanes if one.name == inbox.lane)
    send = notices.to_admin(
        config.office.desk(now),
        "trial",
        f"trial:{watched.name}:{now.isoformat()}",
        {"inbox": inbox.address},
        why="a trial",
        recipient=inbox.address,
    )
    composed = compose(send.draft, config.office.templates)
    connection = Connection(lane.relay, lane.username, socket.gethostname())
    started = time.monotonic()
    try:
        envelope = Envelope(send.draft.envelope_from, inbox.address, len(composed.content))
        connection.send(envelope, lambda: [composed.content], lambda: True)
    except SmtpProblem as error:
        return f"inbox {watched.name}: a mail to itself was not taken: {error.reply}", False
    finally:
        connection.close()
    try:
        mailbox = Mailbox(watched.account)
        try:
            while time.monotonic() - started < ROUND_S:
                if mailbox.has_message_id(watched.folder, send.draft.message_id):
                    return (
                        f"inbox {watched.name}: a mail went the whole way in {time.monotonic() - started:.1f} s",
                        True,
                    )
                time.sleep(_LOOK_S)
        finally:
            mailbox.close()
    except ImapProblem as error:
        return f"inbox {watched.name}: {error}", False
    return f"inbox {watched.name}: a mail to itself did not arrive within {ROUND_S:.0f} s", False
