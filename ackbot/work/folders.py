"""From which mail on a folder is read: at first sight, numbered anew, put back; and which mails are old (behaviour.md §5.4)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import structlog

from ackbot import log_events
from ackbot.casework.model import Arrival
from ackbot.config import Watched
from ackbot.store import Database, arrivals, backups, inboxes
from ackbot.wires.imap import Envelope, ImapProblem, Mailbox, Selected

CLOCKS_DIFFER = timedelta(minutes=10)  # the most that our clock and the mail server's may differ
_AHEAD = timedelta(days=1)  # a mail that arrived later than that, by its server, arrived now
_PUT_IN_OLD = timedelta(days=14)  # since its arrival; a letter put in sooner is as any letter
_LOOKED_EVERY = timedelta(minutes=5)  # how often it is written down that a folder was looked into

log = structlog.get_logger()


class Folders:
    """The folders of one inbox; for one thread."""

    def __init__(self, watched: Watched, db: Database, clock: Callable[[], datetime]) -> None:
        """`clock`: the time, aware, UTC."""
        self._watched = watched
        self._db = db
        self._clock = clock
        self._log = log.bind(inbox=watched.name)
        self._highest: dict[str, int] = {}  # by folder: the highest uid, below the watermark, with which all was well

    def open(self, mailbox: Mailbox, name: str) -> int:
        """
        Select a folder. At first sight, and after the server numbered it anew, decide from which uid on to read it (D7, E31).

        Returns:
            The folder's UIDVALIDITY.
        """
        inbox, db, now = self._watched.name, self._db, self._clock()
        backup = backups.restored(db)
        selected = mailbox.select(name)
        last = selected.uidnext - 1
        known = inboxes.folder(db, inbox, name)
        went_back = known is not None and self._went_back(mailbox, name, known, selected)
        with db.transaction():
            known = inboxes.folder(db, inbox, name)
            if known is None:
                lost = backup if backup and not backup.released else None  # the lost store may have known the folder
                first, since = self._first_uid(mailbox, last, lost), lost.of - CLOCKS_DIFFER if lost else now
                place = (inbox, name, selected.uidvalidity)
                inboxes.first_sight(db, *place, first, last, since, restored=lost is not None)
            elif known.uidvalidity != selected.uidvalidity:
                self._log.warning(log_events.UIDVALIDITY_CHANGED, before=known.uidvalidity, now=selected.uidvalidity)
                inboxes.uidvalidity_changed(db, inbox, name, selected.uidvalidity, last)
            elif went_back:
                self._log.warning(log_events.NUMBERS_WENT_BACK, before=known.last_uid, now=last)
                inboxes.numbers_went_back(db, inbox, name, selected.uidvalidity, last)
            # After a restore, mails that are here already may have been answered since the backup: they wait for `release`.
            if backup and (known is None or known.held_uid is None):
                inboxes.hold_up_to(db, inbox, name, 0 if backup.released else last)
        return selected.uidvalidity

    def _went_back(self, mailbox: Mailbox, name: str, known: inboxes.Folder, selected: Selected) -> bool:
        """
        Whether UIDs are given anew under the same UIDVALIDITY, which no server may do, and a Maildir put back does (E31).

        Then UIDNEXT is not above the watermark; or, if more mail came since, another mail has the watermark's UID.
        """
        if known.uidvalidity != selected.uidvalidity or known.last_uid == 0:
            return False
        if selected.told and selected.uidnext <= known.last_uid:
            return True
        was = arrivals.at_place(self._db, self._watched.name, name, known.uidvalidity, known.last_uid)
        if was is None or not was["size"]:
            return False
        # Its server may count a mail's size in two ways, so the size alone tells nothing.
        return any(
            one.size != was["size"] and one.internal_date and arrivals.is_other_instant(was, one.internal_date)
            for one in mailbox.envelopes([known.last_uid])
        )

    def look_whether_put_back(self, mailbox: Mailbox, name: str, folder: inboxes.Folder, listed: list[int]) -> None:
        """
        If not even the highest uid reaches the watermark, its mail was deleted, or the numbers went back: the server is asked.

        Args:
            listed: the answer to `n:*` above the watermark.

        Raises:
            ImapProblem: they went back, and the folder has to be opened again.
        """
        highest = max(listed, default=0)
        if highest >= folder.last_uid or self._highest.get(name) == highest:
            return
        if self._went_back(mailbox, name, folder, mailbox.select(name)):
            raise ImapProblem("the folder was put back: its numbers begin anew", inbox=self._watched.name, folder=name)
        self._highest[name] = highest

    def _first_uid(self, mailbox: Mailbox, last: int, lost: backups.Restored | None) -> int:
        """The watermark for a folder seen for the first time: mails up to it are never looked at."""
        start = self._watched.start
        if start == "all":
            return 0
        if start == "now" and lost:
            start = (lost.of - timedelta(days=1)).date()  # earlier, as the server counts days in a zone we do not know
        if start == "now":
            return last
        since = mailbox.uids_since(datetime(start.year, start.month, start.day, tzinfo=UTC))
        return min(since, default=last + 1) - 1

    def looked(self, name: str, folder: inboxes.Folder, at: datetime) -> None:
        """Every mail that lay in the folder then has a record. Written down now and then."""
        if folder.looked_at is None or at - folder.looked_at >= _LOOKED_EVERY:
            inboxes.looked(self._db, self._watched.name, name, folder.uidvalidity, at)

    def arrival(self, envelope: Envelope, name: str, folder: inboxes.Folder) -> Arrival:
        """Where and when a mail came in, and whether it is an old one."""
        now = self._clock()
        old = envelope.uid <= folder.backlog_uid
        start = self._watched.start
        arrived_at = envelope.internal_date or now
        if arrived_at > now + _AHEAD:
            arrived_at = now
        before_start = isinstance(start, date) and arrived_at.date() < start
        was = None
        if envelope.uid <= folder.last_uid:  # it could not be had before
            was = arrivals.at_place(self._db, self._watched.name, name, folder.uidvalidity, envelope.uid)
        put_in = bool(was["put_in"]) if was is not None else self._is_put_in(arrived_at, envelope.uid, name, folder)
        return Arrival(
            inbox=self._watched.name,
            arrived_at=arrived_at,
            folder=name,
            uidvalidity=folder.uidvalidity,
            uid=envelope.uid,
            backlog=old and not folder.restored,
            history=(old and folder.restored and arrived_at < folder.watch_started_at) or (before_start and not put_in),
            hold=self._hold(envelope, name, folder) or ("put in" if put_in and not arrivals.is_released(was) else ""),
            size=envelope.size,
            put_in=put_in,
        )

    def _is_put_in(self, arrived_at: datetime, uid: int, name: str, folder: inboxes.Folder) -> bool:
        """Whether somebody put it here more than two weeks after its arrival, at which we would have seen it."""
        seen_then = folder.looked_at is not None and arrived_at < folder.looked_at - CLOCKS_DIFFER
        is_old = arrived_at < self._clock() - _PUT_IN_OLD
        return name == self._watched.folder and uid > folder.backlog_uid and seen_then and is_old

    def _hold(self, envelope: Envelope, name: str, folder: inboxes.Folder) -> str:
        """Why answers to the mail may have to wait; see Arrival."""
        if envelope.uid <= (folder.held_uid or 0):
            return "backup"
        looks_restored = envelope.uid <= folder.backlog_uid and folder.restored and name == self._watched.folder
        return "restore" if looks_restored else ""
