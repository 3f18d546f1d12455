"""Tell the admin of mail that does not go out, and the owner of its case if the relay refused it for good."""

from collections.abc import Mapping
from datetime import datetime

from ackbot.casework import bounces, keys
from ackbot.casework.council import Staff
from ackbot.casework.drafts import to_admin, to_staff
from ackbot.casework.model import Case
from ackbot.casework.office import Desk, Office
from ackbot.store import Database, cases, facts, listings, outbox
from ackbot.store.outbox import Outgoing
from ackbot.work.apply import apply


class Undelivered:
    """
    Puts these mails into the outbox, in the caller's transaction if there is one.

    Each has a dedupe key, so nobody is told twice of the same trouble.
    """

    def __init__(self, db: Database, office: Office) -> None:
        self._db = db
        self._office = office

    def reference(self, mail: Outgoing) -> str | None:
        """The reference of a mail's case; None if the mail has no case."""
        return self._office.council.reference_of(mail.code) if mail.code else None

    def refused(self, mail: Outgoing, told: str, now: datetime) -> None:
        """
        The relay will never take this mail.

        The admin hears at once of the first of its kind and person on a day, and of all of them in the list of the next day:
        a hundred letters from addresses that do not exist bring a hundred refused acknowledgements.

        Args:
            told: the relay's reply, or only its code if its words may be a resident's.
        """
        if mail.kind == "admin":  # a mail about it would be refused as well
            return
        council, desk = self._office.council, self._office.desk(now)
        person = council.staff.get(mail.staff)
        named = listings.of(self._db, [mail.id]).get(mail.id, (mail.code,) if mail.code else ())
        values = {
            "references": [council.reference_of(code) for code in named],
            "reference": self.reference(mail) or "",
            "kind": mail.kind,
            "reply": told,
            "person": person.name if person else mail.staff,
            "bundled": True,
            "gone": bounces.is_for_good(told),
        }
        self._tell("refused", keys.refused(mail.kind, mail.staff, desk.today), values, now, code=mail.code)
        case = cases.by_code(self._db, (mail.code,)).get(mail.code) if mail.code else None
        if case is not None and person is not None:
            self._once_more(case, person, mail, told, desk)
        if case is not None and not mail.staff and (mail.kind == "human" or bounces.is_for_good(told)):
            self._lost(case, mail, told, now)
        elif owner := self._owner(mail):
            alone = {**values, "bundled": False}
            key = keys.refused_owner(mail.kind, mail.staff, mail.code, desk.today)
            self._tell("refused", key, alone, now, code=mail.code, recipient=owner)

    def _once_more(self, case: Case, person: Staff, mail: Outgoing, told: str, desk: Desk) -> None:
        """A letter whose words the relay refuses is told to its owner without them, once (P1, P4)."""
        shows_letter = mail.kind in ("new-case", "resident-wrote") and not keys.is_without_words(mail.dedupe_key)
        if shows_letter and not bounces.is_for_good(told) and case.state != "closed":
            why = "the relay refused the mail with the words in it"
            with self._db.transaction():
                apply(self._db, [to_staff.without_words(desk, case, person, mail.dedupe_key, why=why)], desk)

    def _lost(self, case: Case, mail: Outgoing, told: str, now: datetime) -> None:
        """A person's words will never arrive: their author gets them back (E38). Or the address is no good."""
        words = facts.human_words(self._db, [mail.message_id]).get(mail.message_id, "")
        told_on = facts.told_on(self._db, mail.message_id)
        desk = self._office.desk(now)
        with self._db.transaction():
            at = mail.created_at
            lost = bounces.on_refused(case, mail.recipient, mail.message_id, words, at, told, desk, told_on=told_on)
            apply(self._db, lost, desk)

    def unverified(self, mail: Outgoing, now: datetime) -> None:
        """Nobody knows whether this mail arrived, and it will not be sent again."""
        if mail.kind != "admin":
            values = {"reference": self.reference(mail) or "", "kind": mail.kind}
            with self._db.transaction():
                outbox.told(self._db, mail)
                self._tell("unverified", keys.unverified(mail.dedupe_key), values, now, code=mail.code)

    def relay_in_trouble(self, lane: str, host: str, told: str, now: datetime) -> None:
        """The relay of a lane takes no mail. The admin is told once a day."""
        values = {"relay": host, "reply": told}
        self._tell("relay", keys.relay(lane, self._office.desk(now).today), values, now)

    def grant_refused(self, name: str, told: str, now: datetime) -> None:
        """There is no token of [oauth.NAME]. The admin is told once a day, whatever inboxes and relays need it (D17)."""
        key = keys.trouble("oauth", f"oauth.{name}", self._office.desk(now).today)
        self._tell("oauth", key, {"reason": told}, now)

    def copy_refused(self, mail: Outgoing, reply: str, now: datetime) -> None:
        """The council's archive refused a copy. The admin is told once a day."""
        values = {"archive": self._office.council.archive_bcc, "reply": reply}
        self._tell("archive", keys.archive(self._office.desk(now).today), values, now, code=mail.code)

    def _owner(self, mail: Outgoing) -> str:
        """The address of the case's owner; "" if the owner was the recipient who could not be reached."""
        owner = cases.owner_of(self._db, mail.code) if mail.code else ""
        person = self._office.council.staff.get(owner)
        return person.email if person and owner != mail.staff else ""

    def _tell(
        self,
        topic: str,
        key: keys.Key,
        values: Mapping[str, object],
        now: datetime,
        *,
        code: str = "",
        recipient: str = "",
    ) -> None:
        desk = self._office.desk(now)
        why = f"{topic}: the admin has to know"
        send = to_admin.about(desk, topic, key, values, why=why, code=code, recipient=recipient)
        with self._db.transaction():
            apply(self._db, [send], desk)
