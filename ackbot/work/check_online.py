"""check --online: log in at every inbox and relay, and send each inbox one mail."""

import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ackbot.casework import keys
from ackbot.casework.drafts import to_admin
from ackbot.config import Config, Finding, Watched
from ackbot.mail.addresses import Address
from ackbot.mail.compose import compose
from ackbot.wires import relays
from ackbot.wires.imap import ImapProblem, Mailbox
from ackbot.wires.smtp import Envelope, SmtpProblem
from ackbot.work import next_steps
from ackbot.work.check_sign_in import sign_ins

ROUND_S = 60.0  # seconds that a mail may take from the relay to the inbox
AFTER_S = 5.0  # seconds that its copy in Sent, and an automatic reply to it, may take after that
_LOOK_S = 1.0
# Header fields that make an automatic responder keep quiet (RFC 3834 §2, MS-OXCMAIL), with their folded lines.
_MACHINE = re.compile(
    rb"^(?:Auto-Submitted|X-Auto-Response-Suppress|Precedence):.*\r\n(?:[ \t].*\r\n)*", re.IGNORECASE | re.MULTILINE
)


def trial(config: Config) -> Iterator[tuple[str, bool]]:
    """Try everything. Each result is a line, and whether that worked; warnings count as having worked."""
    yield from sign_ins(config)
    reached: dict[str, bool] = {}
    for watched in config.watched:
        for line, fine in _inbox(watched):
            yield line, fine
            reached[watched.name] = fine  # the last line is about the inbox itself
    lanes: dict[str, bool] = {}
    for lane in config.lanes:
        try:
            offers = relays.connection(lane.relay, lane.username, socket.gethostname()).probe()
            lanes[lane.name] = True
            yield f"relay {lane.name} ({lane.relay.host}): logs in; offers {offers or 'no extensions'}", True
        except SmtpProblem as error:
            lanes[lane.name] = False
            yield f"relay {lane.name} ({lane.relay.host}): {error.reply}; {next_steps.of_relay(error, lane)}", False
    able = [one for one in config.watched if reached[one.name] and lanes.get(config.council.inboxes[one.name].lane)]
    # Each inbox writes to the next one, so that every inbox sends once and receives once.
    rounds = [_Round(config, sender, to) for sender, to in zip([*able[-1:], *able[:-1]], able, strict=True)]
    for one in rounds:
        yield one.went()
    patience = time.monotonic() + AFTER_S
    warnings = [warning for one in rounds if one.arrived for warning in one.warnings(patience)]
    yield from ((str(warning), True) for warning in warnings)
    for one in rounds:
        yield from one.cleared()


def _inbox(watched: Watched) -> Iterator[tuple[str, bool]]:
    """Whether the inbox can be read. Findings about its Sent folder come first, the inbox itself last."""
    try:
        mailbox = Mailbox(watched.account)
    except ImapProblem as error:
        yield f"inbox {watched.name}: {error}; {next_steps.of_inbox(error, watched)}", False
        return
    try:
        mailbox.select(watched.folder)
        count = len(mailbox.uids_after(0))
        idle = "pushes new mail (IDLE)" if mailbox.can_idle else "has no IDLE, so it is polled"
        yield from _sent_folder(watched, mailbox)
        yield f"inbox {watched.name}: logs in, {count} mails in {watched.folder}, {idle}", True
    except ImapProblem as error:
        yield f"inbox {watched.name}: {error}; {next_steps.of_inbox(error, watched)}", False
    finally:
        mailbox.close()


def _sent_folder(watched: Watched, mailbox: Mailbox) -> Iterator[tuple[str, bool]]:
    """Whether the Sent folder is configured and exists: answers that staff send from their mail program are seen only there."""
    found = mailbox.sent_folder()
    if not watched.sent_folder:
        mend = f'set it to "{found}", as the server calls it' if found else "set it if the server has one"
        what = f"is not set, so answers given straight from a mail program are not seen; {mend}"
        yield str(Finding(*watched.place, "inbox.sent_folder", what, warning=True)), True
        return
    try:
        mailbox.status(watched.sent_folder)
    except ImapProblem as error:
        mend = f'; the server calls it "{found}"' if found else ""
        yield f"inbox {watched.name}: sent_folder: {error}{mend}", False


class _Round:
    """
    A mail from one inbox to the next, or to itself if there is only one.

    It looks like a person's mail, so that a standing automatic reply shows up. Its Message-ID has our signature, so ackbot
    never answers it.
    """

    def __init__(self, config: Config, sender: Watched, to: Watched) -> None:
        self._config, self._sender, self._to = config, sender, to
        self._message_id = ""
        self._sent = False
        self.arrived = False

    def went(self) -> tuple[str, bool]:
        """Send the mail and wait for it. Returns a line to print, and whether the mail arrived."""
        name, started = self._to.name, time.monotonic()
        try:
            self._send()
        except SmtpProblem as error:
            step = next_steps.of_mail(error, self._sender)
            return f"inbox {self._sender.name}: a mail to inbox {name} was not accepted: {error.reply}; {step}", False
        try:
            self.arrived = _until(started + ROUND_S, self._to, lambda mailbox: self._lies_in(mailbox, self._to.folder))
        except ImapProblem as error:
            return f"inbox {name}: {error}; {next_steps.of_inbox(error, self._to)}", False
        if not self.arrived:
            what = f"a mail to it did not arrive within {ROUND_S:.0f} s; {next_steps.NOT_ARRIVED}: {self._message_id}"
            return f"inbox {name}: {what}", False
        return f"inbox {name}: a mail went all the way in {time.monotonic() - started:.1f} s", True

    def warnings(self, until: float) -> Iterator[Finding]:
        """
        What is wrong although the mail arrived (behaviour.md §5.5).

        Args:
            until: monotonic seconds; until then it waits for the copy in Sent, and for an automatic reply.
        """
        address, sender, id_ = self._config.council.inboxes[self._to.name].address, self._sender, self._message_id
        try:
            if sender.sent_folder and not _until(until, sender, lambda at: self._lies_in(at, sender.sent_folder)):
                yield Finding(
                    *sender.place,
                    "inbox.sent_folder",
                    f"no copy of a sent mail came into {sender.sent_folder} of inbox {sender.name}; on Exchange run "
                    f"`Set-Mailbox {sender.account.username} -MessageCopyForSentAsEnabled $true` and "
                    f"`Set-Mailbox {sender.account.username} -MessageCopyForSendOnBehalfEnabled $true`; "
                    "elsewhere council.archive_bcc keeps a copy",
                    warning=True,
                )
            if sender is not self._to and _until(until, sender, lambda at: at.has_answer(sender.folder, id_)):
                yield Finding(
                    *self._to.place,
                    "inbox.address",
                    f"{address} has a standing automatic reply; switch it off, otherwise residents get two answers",
                    warning=True,
                )
        except ImapProblem as error:
            yield Finding(*sender.place, "inbox", f"could not be opened a second time: {error}", warning=True)

    def cleared(self) -> Iterator[tuple[str, bool]]:
        """Remove the mail, its copy in Sent and an automatic reply to it. A line only for what has to be removed by hand (E69)."""
        if not self._sent:
            return
        own, answers = [("Message-ID", self._message_id)], [("In-Reply-To", self._message_id)]
        places = [(self._to, self._to.folder, own), (self._to, self._to.junk_folder, own)]
        places += [(self._to, self._to.after, own), (self._sender, self._sender.sent_folder, own)]
        places += [(self._sender, self._sender.folder, answers)]
        for watched, folder, fields in places:
            try:
                done = not folder or _removed(watched, folder, fields)
            except ImapProblem as error:
                done = False
                yield f"inbox {watched.name}: {folder}: {error}", True
            if not done:
                what = f"a mail of this check is left in {folder}; remove it by hand"
                yield str(Finding(*watched.place, "inbox", f"{what}: {self._message_id}", warning=True)), True

    def _lies_in(self, mailbox: Mailbox, folder: str) -> bool:
        return mailbox.has_message_id(folder, self._message_id)

    def _send(self) -> None:
        now, council = datetime.now(UTC), self._config.council
        sender, to = council.inboxes[self._sender.name], council.inboxes[self._to.name]
        lane = next(one for one in self._config.lanes if one.name == sender.lane)
        send = to_admin.about(
            self._config.office.desk(now),
            "trial",
            keys.trial_of_inbox(to.name, now),
            {"inbox": to.address},
            why="a trial",
            recipient=to.address,
        )
        draft = replace(send.draft, sender=Address("ackbot", sender.address), envelope_from=sender.address)
        self._message_id = draft.message_id
        content = _MACHINE.sub(b"", compose(draft, self._config.office.templates).content)
        connection = relays.connection(lane.relay, lane.username, socket.gethostname())
        try:
            connection.send(Envelope(draft.envelope_from, to.address, len(content)), lambda: [content], lambda: True)
            self._sent = True
        finally:
            connection.close()


def _removed(watched: Watched, folder: str, fields: Sequence[tuple[str, str]]) -> bool:
    """Remove the mails of a folder with one of these fields. False if there are some and the server cannot."""
    mailbox = Mailbox(watched.account)
    try:
        uids = mailbox.uids_with(folder, fields)
        return not uids or mailbox.remove(uids)
    finally:
        mailbox.close()


def _until(moment: float, watched: Watched, test: Callable[[Mailbox], bool]) -> bool:
    """
    Look into an inbox until a test passes, or until a monotonic time. Returns whether it passed.

    Raises:
        ImapProblem: the mailbox cannot be read.
    """
    mailbox = Mailbox(watched.account)
    try:
        while not (passed := test(mailbox)) and time.monotonic() < moment:
            time.sleep(_LOOK_S)
        return passed
    finally:
        mailbox.close()
