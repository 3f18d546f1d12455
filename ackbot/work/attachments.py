"""The owner gets the letter's files: they are streamed from the inbox while the owner's mail goes out (design.md §6)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ackbot.casework.model import DELIVERED
from ackbot.casework.office import Office
from ackbot.mail import mime
from ackbot.mail.templates import Templates
from ackbot.store import Database, arrivals
from ackbot.store.outbox import Outgoing
from ackbot.wires.imap import Account, ImapProblem, Mailbox

TRIES = 3  # attempts to reach the mailbox; after them the mail goes without its files, and says so


@dataclass(frozen=True)
class Tail:
    """
    The files that follow the words of a mail.

    Args:
        boundary: the MIME boundary of the mail, without hyphens.
        mailbox, uid: where the files are, unless they are in `at_hand`.
        sections: the MIME sections that are attached, in order.
        left_out: the names of files that are not attached.
        size: octets of the attached files in their transport encoding.
        kept: the letter was delivered to us and lies in no mailbox, so `at_hand` has the content of its sections.
    """

    boundary: str
    mailbox: Mailbox | None
    uid: int
    sections: tuple[str, ...]
    left_out: tuple[str, ...]
    size: int
    templates: Templates = field(repr=False)
    language: str = "en"
    kept: bool = False
    at_hand: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def pieces(self) -> Iterator[bytes]:
        """
        The remaining bytes of the mail, with boundary lines. Pieces from a mailbox are of bounded size.

        Raises:
            ImapProblem: the connection to the mailbox broke.
        """
        separator = f"--{self.boundary}".encode()
        for section in self.sections:
            yield separator + b"\r\n"
            if section in self.at_hand:
                yield self.at_hand[section]
            else:
                assert self.mailbox is not None  # noqa: S101 - sections come from an open mailbox
                yield from self.mailbox.part(self.uid, section)
            yield b"\r\n"
        if self.left_out:
            values = {"names": list(self.left_out), "kept": self.kept}
            words = self.templates.render(self.language, "left-out", values, title="", html=False).text
            head = b'\r\nContent-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
            yield separator + head + words.replace("\n", "\r\n").encode()
        yield separator + b"--\r\n"


class Attachments:
    """Opens mailboxes for files and keeps one connection for each inbox. Belongs to one dispatcher, so it needs no lock."""

    def __init__(self, db: Database, accounts: Mapping[str, Account], office: Office) -> None:
        self._db = db
        self._accounts = accounts
        self._office = office
        self._open: dict[str, Mailbox] = {}

    def of(self, outgoing: Outgoing) -> Tail | None:
        """
        The files that follow this mail's words; None for a mail without files.

        Raises:
            ImapProblem: the mailbox cannot be reached now. At the last of TRIES attempts the files are left out instead.
        """
        asked = outgoing.attachments
        if asked is None:
            return None
        inbox = asked["inbox"]
        try:
            return self._tail(asked, inbox)
        except ImapProblem:
            self._drop(inbox)
            if outgoing.attempts + 1 < TRIES and inbox in self._accounts:
                raise
            # The words matter more than the files, and an inbox that is no longer configured never comes back.
            names = tuple(part["name"] or "?" for part in asked["parts"])
            return Tail(
                asked["boundary"], None, 0, (), names, 0, self._office.templates, self._office.council.staff_language
            )

    def _tail(self, asked: Mapping[str, object], inbox: str) -> Tail:
        place = (str(asked["folder"]), int(str(asked["uidvalidity"])), int(str(asked["uid"])))
        if place[0] == DELIVERED:
            return self._kept(asked, arrivals.raw_at(self._db, inbox, *place))
        folder, uidvalidity, uid = arrivals.place_of(self._db, inbox, *place)
        mailbox = self._mailbox(inbox)
        if mailbox.folder == folder:
            mailbox.noop()  # otherwise a kept connection does not see mail that came after its last command
        elif mailbox.select(folder).uidvalidity != uidvalidity:
            self._drop(inbox)
            raise ImapProblem(f"folder {folder} has another UIDVALIDITY now", inbox=inbox, folder=folder)
        sizes = mailbox.part_sizes(uid)
        if not sizes:
            raise ImapProblem("the mail is no longer there", inbox=inbox, folder=folder, uid=uid)
        return self._fitting(asked, sizes, mailbox, uid, {})

    def _kept(self, asked: Mapping[str, object], raw: bytes | None) -> Tail:
        """The files of a letter that was delivered to us: its bytes are in the store."""
        root = mime.parse(raw or b"", files=True)
        wanted = (part["section"] for part in _parts(asked))
        found = {section: content for section in wanted if (content := mime.part_bytes(root, section)) is not None}
        return self._fitting(asked, {section: len(content) for section, content in found.items()}, None, 0, found)

    def _fitting(
        self,
        asked: Mapping[str, object],
        sizes: Mapping[str, int],
        mailbox: Mailbox | None,
        uid: int,
        at_hand: Mapping[str, bytes],
    ) -> Tail:
        """Attach files in their order while they fit into the inbox's limit, and name those that do not fit."""
        # The configured limit counts decoded files; base64 makes them a third larger.
        limit = int(str(asked["limit"])) * 4 // 3
        sections: list[str] = []
        left_out: list[str] = []
        total = 0
        for part in _parts(asked):
            size = sizes.get(part["section"], limit + 1)  # a section that the server does not list is left out
            if total + size > limit:
                left_out.append(part["name"] or "?")
            else:
                sections.append(part["section"])
                total += size
        return Tail(
            str(asked["boundary"]),
            mailbox,
            uid,
            tuple(sections),
            tuple(left_out),
            total,
            self._office.templates,
            self._office.council.staff_language,
            mailbox is None,
            at_hand,
        )

    def _mailbox(self, inbox: str) -> Mailbox:
        if inbox not in self._accounts:
            raise ImapProblem(f"inbox {inbox} is not configured any more", inbox=inbox)
        if inbox not in self._open:
            self._open[inbox] = Mailbox(self._accounts[inbox])
        return self._open[inbox]

    def _drop(self, inbox: str) -> None:
        if mailbox := self._open.pop(inbox, None):
            mailbox.close()

    def close(self) -> None:
        """Close every connection."""
        for inbox in list(self._open):
            self._drop(inbox)


def _parts(asked: Mapping[str, object]) -> list[dict[str, str]]:
    """The section and name of each file, as store/handlers wrote them."""
    return asked["parts"]  # type: ignore[return-value]
