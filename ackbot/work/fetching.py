"""What a server is asked for, and which mail was asked for when it broke off: one bad mail stops no inbox (D4, E30)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from ackbot.wires.imap import WHOLE_UP_TO, Envelope, ImapProblem, Mailbox

BROKE = 2  # connections that a mail may break before it is passed by, and asked for again later
MOST_BLAMED = (
    20  # such breaks in a row, with no mail taken in between, after which the server is at fault rather than mails
)

_Got = TypeVar("_Got")


class Fetching:
    """Of one inbox; for one thread. It outlives the connections."""

    def __init__(self) -> None:
        # Mails that were asked for when a connection broke, by folder and uid, and how many connections broke.
        self._suspects: dict[tuple[str, int], int] = {}
        self._asked_about: dict[tuple[str, int], int] = {}  # the same, of mails that were only asked about
        self._unsized: set[tuple[str, int]] = set()  # whoever asks for their size loses the connection
        self._blamed = 0
        self._just_blamed = False

    def mail_is_to_blame(self) -> bool:
        """
        Whether the connection that has just ended broke over a mail. Then the server need not be given time.

        At most BROKE connections end over one mail, so they cannot follow each other for ever. Asked once for each connection.
        """
        blamed, self._just_blamed = self._just_blamed, False
        return blamed and self._blamed <= MOST_BLAMED

    def took_one(self) -> None:
        """A mail was fetched and taken in: the server works."""
        self._blamed = 0

    def suspect(self, folder: str, uid: int) -> None:
        """This mail could not be had before: it is asked for alone, and given up as soon as it breaks one more connection."""
        self._suspects[folder, uid] = BROKE - 1

    def is_suspect(self, folder: str, uids: Sequence[int]) -> bool:
        """Whether one of these mails may have broken a connection, so that each is to be fetched alone."""
        return any((folder, uid) in self._suspects or (folder, uid) in self._unsized for uid in uids)

    def asking(self, folder: str, uids: Sequence[int], ask: Callable[[], _Got]) -> _Got:
        """Ask, and if the connection breaks, remember which mails were asked for: one of them may be the cause (D4)."""
        return self._counted(self._suspects, folder, uids, ask)

    def _counted(
        self, broke: dict[tuple[str, int], int], folder: str, uids: Sequence[int], ask: Callable[[], _Got]
    ) -> _Got:
        try:
            got = ask()
        except ImapProblem:
            for uid in uids:
                broke[folder, uid] = broke.get((folder, uid), 0) + 1
            self._blamed, self._just_blamed = self._blamed + 1, True
            raise
        for uid in uids:
            broke.pop((folder, uid), None)
        return got

    def each(self, folder: str, uids: Sequence[int], ask: Callable[[Sequence[int]], list[_Got]]) -> list[_Got]:
        """
        Ask about all of these mails at once; one by one, if one of them may have broken a connection.

        A mail that breaks BROKE connections is not asked about any more, and will be fetched as it is.
        """
        left, broke = [uid for uid in uids if (folder, uid) not in self._unsized], self._asked_about
        if not any((folder, uid) in broke for uid in left):
            return self._counted(broke, folder, left, lambda: ask(left)) if left else []
        found: list[_Got] = []
        for uid in left:
            try:
                found += self._counted(broke, folder, [uid], partial(ask, [uid]))
            except ImapProblem:
                if broke[folder, uid] >= BROKE:
                    del broke[folder, uid]
                    self._unsized.add((folder, uid))
                raise
        return found

    def envelopes(self, mailbox: Mailbox, folder: str, uids: Sequence[int]) -> list[Envelope]:
        """
        The envelopes of the mails that are still there, by rising uid.

        A mail that the server lists without an envelope gets an empty one, so that it is not skipped (P1).
        """
        found = self.each(folder, uids, mailbox.envelopes)
        if missing := set(uids) - {one.uid for one in found}:
            missing &= set(mailbox.uids_after(min(missing) - 1))
            found += [Envelope(uid, 0, None) for uid in missing]
        return sorted(found, key=lambda one: one.uid)

    def alone(self, mailbox: Mailbox, envelope: Envelope, folder: str) -> bytes | None:
        """
        One mail, whole or, if it is large, without its files. None if the server does not give it.

        Whatever broke the connection may have been its structure, or the putting together of the whole. So the second time it is
        asked for by its header and its text.

        Raises:
            ImapProblem: the connection broke; see `gave_up`.
        """
        uid, large = envelope.uid, envelope.size > WHOLE_UP_TO
        again = self.is_suspect(folder, [uid])

        def ask() -> bytes | None:
            if large:
                return mailbox.opening(uid) if again else mailbox.skeleton(uid)
            whole = mailbox.whole([uid]).get(uid)
            return whole if whole is not None else mailbox.opening(uid)

        got = self.asking(folder, [uid], ask)
        self._unsized.discard((folder, uid))
        return got

    def gave_up(self, folder: str, uid: int) -> bool:
        """Whether this mail, over which the connection has just broken, is not to be tried again now. Says so once."""
        if self._suspects.get((folder, uid), 0) < BROKE:
            return False
        del self._suspects[folder, uid]
        self._unsized.discard((folder, uid))
        return True
