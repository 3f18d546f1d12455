"""check --staff: send a member of staff one real mail, and judge their reply by the staff proof (behaviour.md §4.4)."""

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from ackbot.casework import keys
from ackbot.casework.council import Inbox, Staff
from ackbot.casework.drafts import to_admin
from ackbot.casework.incoming import staff_proof
from ackbot.casework.incoming.screening import Seen, screen
from ackbot.casework.model import Arrival
from ackbot.config import Config, Watched
from ackbot.mail.addresses import Address
from ackbot.mail.compose import Draft, compose
from ackbot.mail.message import Message
from ackbot.store import StoreProblem, footers, open_database
from ackbot.wires import relays
from ackbot.wires.imap import ImapProblem, Mailbox
from ackbot.wires.smtp import Envelope, SmtpProblem

_LOOK_S = 2.0


def staff_trial(
    config: Config, person: Staff, wait_s: float, tell: Callable[[str], None]
) -> Iterator[tuple[str, bool]]:
    """
    Each result is a line for one point of the proof, and whether the point passed.

    The daemon may run at the same time: it recognises such a reply and opens no case.

    Args:
        wait_s: seconds to wait for the reply.
        tell: called with a line that says what the admin should do meanwhile.
    """
    inbox = _inbox_of(person, config)
    watched = next(one for one in config.watched if one.name == inbox.name)
    draft = _draft(config, person, inbox)
    known: set[tuple[str, int]] = set()
    try:
        found = _replies(watched, draft, 0.0, known)
        if not found:  # an earlier run today sent the mail, and its reply came after that run had ended
            _send(config, inbox, draft)
            tell(f"a mail went to {person.email}; ask {person.name} to reply with any word (waiting {wait_s:.0f} s)")
        yield f"inbox {inbox.name}: a mail to {person.email} was accepted", True
        until = time.monotonic() + wait_s
        while found := found or _replies(watched, draft, until, known):
            seen = _seen(found.pop(0), config, inbox)
            if (verdict := screen(seen)).kind != "automatic-reply":
                yield from _judged(seen, person, config)
                return
            yield f"staff {person.id}: an automatic reply came ({verdict.why}); still waiting for one by a person", True
    except SmtpProblem as error:
        yield f"inbox {inbox.name}: a mail to {person.email} was not accepted: {error.reply}", False
        return
    except ImapProblem as error:
        yield f"inbox {inbox.name}: {error}", False
        return
    places = ", ".join(_folders(watched))
    yield (
        f"staff {person.id}: no reply arrived in {inbox.address} ({places}); when one has, run this again today",
        False,
    )


def footers_seen(config: Config, person: Staff) -> Iterator[tuple[str, bool]]:
    """One line for each paragraph that was seen below mails of this person's domain: what counts as nobody's words (E37)."""
    domain = person.email.rpartition("@")[2]
    try:
        db = open_database(config.store_url, read_only=True)
    except StoreProblem:
        return
    try:
        found = footers.seen(db, domain)
    except StoreProblem:  # an older store has no such table
        return
    finally:
        db.close()
    for one in found:
        known = (
            "counts as nobody's words" if one.seen >= footers.KNOWN_AFTER else "is asked about until it is seen again"
        )
        yield f"domain {domain}: below {one.seen} mails stood “{one.shown}”, which {known}", True


def _judged(seen: Seen, person: Staff, config: Config) -> Iterator[tuple[str, bool]]:
    for point in staff_proof.points(seen, person, config.office.signer):
        mend = f"; {point.mend}" if point.mend else ""
        yield f"staff {person.id}: {'passed' if point.passed else 'FAILED'}: {point.what}{mend}", point.passed


def _inbox_of(person: Staff, config: Config) -> Inbox:
    """The inbox that writes to this person: the first one they own or whose team they are in, else the first of all."""
    council = config.council
    for inbox in council.inboxes.values():
        team = council.teams.get(inbox.team)
        if inbox.owner == person.id or (team and person.id in team.members):
            return inbox
    return council.first_inbox


def _draft(config: Config, person: Staff, inbox: Inbox) -> Draft:
    """The mail. Its Message-ID is the same all day, so that a later run finds the reply to an earlier one."""
    now, office = datetime.now(UTC), config.office
    desk = office.desk(now)
    key = keys.trial_of_staff(person.id, desk.today)
    values = {"staff": person.name, "inbox": inbox.address}
    send = to_admin.about(desk, "staff-trial", key, values, why="a trial", recipient=person.email)
    tag = office.signer.tag(staff_proof.trial_code(office.signer, person.id), "i", person.id)
    return replace(
        send.draft,
        sender=Address("ackbot", inbox.address),
        recipient=Address(person.name, person.email),
        reply_to=Address("ackbot (stays inside)", inbox.plus(tag) if inbox.plus_addressing else inbox.address),
        envelope_from=inbox.address,
        message_id=desk.message_id(key, "", "trial", "staff", inbox.address),
    )


def _send(config: Config, inbox: Inbox, draft: Draft) -> None:
    lane = next(one for one in config.lanes if one.name == inbox.staff_lane)
    content = compose(draft, config.office.templates).content
    connection = relays.connection(lane.relay, lane.username, socket.gethostname())
    try:
        connection.send(
            Envelope(draft.envelope_from, draft.recipient.addr, len(content)), lambda: [content], lambda: True
        )
    finally:
        connection.close()


def _folders(watched: Watched) -> list[str]:
    return [one for one in (watched.folder, watched.after, watched.junk_folder) if one]


def _replies(watched: Watched, draft: Draft, until: float, known: set[tuple[str, int]]) -> list[bytes]:
    """
    Look for replies that are not in `known`, at least once, and add them to it.

    Args:
        until: monotonic seconds; when to stop if none has come.
        known: folder and uid of each reply found before.
    """
    fields = [("In-Reply-To", draft.message_id), ("References", draft.message_id)]
    if draft.reply_to is not None and "+" in draft.reply_to.addr:
        fields.append(("To", draft.reply_to.addr))
    mailbox = Mailbox(watched.account)
    try:
        while True:
            found: list[bytes] = []
            for folder in _folders(watched):
                fresh = [uid for uid in mailbox.uids_with(folder, fields) if (folder, uid) not in known]
                known.update((folder, uid) for uid in fresh)
                found += mailbox.whole(fresh).values() if fresh else ()
            if found or time.monotonic() >= until:
                return found
            time.sleep(_LOOK_S)
    finally:
        mailbox.close()


def _seen(raw: bytes, config: Config, inbox: Inbox) -> Seen:
    return Seen(Message.parse(raw, config.office.signer), inbox, config.council, Arrival(inbox.name, datetime.now(UTC)))
