"""Resident, owner, cover and manager, each with a mailbox of their own on Dovecot; what they read, whole."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email import policy
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from ackbot.config import load
from ackbot.daemon import Runtime
from ackbot.demo.clock import StoryClock
from ackbot.store import open_database
from tests.conftest import missing
from tests.support.council import write_config
from tests.support.letters import letter, parsed, plain
from tests.support.servers import INSTALL_DOVECOT, INSTALL_POSTFIX, Dovecot, Postfix, until_true
from tests.support.snapshots import Kept
from tests.support.story import HOURS, LONDON, answer, instant

PEOPLE = ("edward", "priya", "sam", "alex")


class Town:
    """The daemon between Dovecot and Postfix, on a clock of its own; and people who read and answer their mail."""

    def __init__(self, folder: Path, dovecot: Dovecot, postfix: Postfix) -> None:
        config = load(
            write_config(
                folder,
                ("port = 1143", f"port = {dovecot.port}"),
                ("port = 2525", f"port = {postfix.port}"),
                ("# end", "feedback = true\n"),
            )
        )
        self.dovecot = dovecot
        self.clock = StoryClock(  # in the past: Dovecot takes no mail from the future
            instant("2025-12-01 10:12")
        )
        self.db = open_database(config.store_url, exclusive=True)
        self.db.migrate()
        self.runtime = Runtime(config, self.db, "town", self.clock)
        self.runtime.start()
        assert self.runtime.wait_ready(60)

    def at(self, when: str) -> None:
        """Time passes to that instant, with the rounds of every hour between that has any."""
        until, day = instant(when), self.clock().astimezone(LONDON).date()
        while day <= until.astimezone(LONDON).date():
            for hour in HOURS:
                moment = instant(f"{day} {hour}")
                if self.clock() < moment < until:
                    self._tick(moment)
            day += timedelta(days=1)
        self._tick(until)

    def _tick(self, moment: datetime) -> None:
        self.clock.set(moment)
        self.runtime.tick()
        self._all_sent()

    def _all_sent(self) -> None:
        waiting = "SELECT 1 FROM outbox WHERE state IN ('queued', 'claimed', 'sending') AND not_before <= :now LIMIT 1"
        now = self.clock().strftime("%Y-%m-%dT%H:%M:%S.999999Z")
        assert until_true(lambda: not self.db.run(waiting, now=now))

    def to_council(self, mail: bytes) -> None:
        """It lands in the council's inbox, and is dealt with."""
        before = self.db.run("SELECT COUNT(*) AS n FROM letters")[0]["n"]
        self.dovecot.append("housing", mail, self.clock())
        assert until_true(lambda: self.db.run("SELECT COUNT(*) AS n FROM letters")[0]["n"] > before)
        self._all_sent()

    def inbox(self, who: str) -> list[bytes]:
        """What somebody has, once all that was sent has come: Postfix delivers when it likes, so in the order of Date."""
        address = "edward@resident.example" if who == "edward" else f"{who}@northgate.example"
        sent = "SELECT COUNT(*) AS n FROM outbox WHERE recipient = :address AND state = 'accepted'"
        assert until_true(lambda: len(self.dovecot.mails(who)) == self.db.run(sent, address=address)[0]["n"])
        return sorted(
            self.dovecot.mails(who), key=lambda mail: (parsedate_to_datetime(parsed(mail)["Date"]), _kind(mail))
        )

    def latest(self, who: str, kind: str) -> bytes:
        found = [mail for mail in self.inbox(who) if _kind(mail) == kind]
        return found[-1]

    def staff(self, who: str, kind: str, words: str) -> None:
        """A member of staff answers the latest mail of a kind that they have."""
        ours = self.latest(who, kind)
        self.to_council(answer(ours, words, f"{who}@northgate.example", when=self.clock()))

    def resident(self, kind: str, words: str) -> None:
        """Edward answers the latest mail of a kind."""
        ours = parsed(self.latest("edward", kind))
        self.to_council(
            letter(
                to=str(ours["Reply-To"] or ours["From"]),
                subject=str(ours["Subject"]),
                text=words,
                message_id=f"<{abs(hash(words))}@resident.example>",
                In_Reply_To=ours["Message-ID"],
                date=self.clock().strftime("%a, %d %b %Y %H:%M:%S +0000"),
            )
        )

    def reference(self) -> str:
        return str(parsed(self.latest("edward", "acknowledgement"))["X-Ackbot-Case"])

    def close(self) -> None:
        self.runtime.end(8)
        self.db.close()


def _kind(mail: bytes) -> str:
    return str(parsed(mail)["X-Ackbot-Kind"])


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    if not Dovecot.is_there():
        missing(INSTALL_DOVECOT)
    if not Postfix.is_there():
        missing(INSTALL_POSTFIX)
    with Dovecot(tmp_path) as dovecot, Postfix(tmp_path, dovecot) as postfix:
        made = Town(tmp_path, dovecot, postfix)
        try:
            yield made
        finally:
            made.close()


def told(town: Town) -> str:
    """Every mail of everybody: who, what fields, which words."""
    pieces = []
    for who in PEOPLE:
        for mail in town.inbox(who):
            head = BytesParser(policy=policy.default).parsebytes(mail)
            fields = [f"{name}: {head[name]}" for name in ("Date", "From", "To", "Reply-To", "Subject") if head[name]]
            pieces.append("\n".join([f"#### {who}", *fields, "", plain(mail).strip(), ""]))
    return "\n".join(pieces)


def test_a_case_through_four_mailboxes(town: Town, kept: Kept) -> None:
    """
    Asked, answered, on leave, passed on and refused by silence, late, taken by the manager, answered, settled, scored: every
    mail that resident, owner, cover and manager read, whole, as Dovecot has it (P5, P6, P7; behaviour.md §3, §4).
    """
    town.to_council(letter(date="Mon, 01 Dec 2025 10:12:00 +0000"))
    town.at("2025-12-02 10:00")
    town.staff("priya", "new-case", "ASK Which room is it, please, and since when?")
    town.at("2025-12-05 10:00")
    town.resident("human", "The bedroom, since October. Large print, please.\n\nEdward")
    town.at("2025-12-05 11:00")
    town.staff("priya", "resident-wrote", "AWAY 8 Dec to 19 Dec, cover Sam")
    town.at("2025-12-09 09:30")
    town.staff("sam", "hand-over", f"{town.reference()} PASS alex: I do not know this house")
    town.at("2025-12-10 11:00")
    town.resident("cover", "Any news?")
    town.at("2025-12-12 16:00")
    town.at("2025-12-15 09:00")
    town.staff("alex", "hand-over", "TAKE")
    town.at("2025-12-15 10:00")
    town.staff("alex", "new-case", "Dear Edward,\n\nThe roofer comes on Thursday between 9 and 12.\n\nAlex Reid")
    town.at("2025-12-23 10:30")
    town.resident("settled", "Very well, thanks")
    kept("mailboxes", told(town))


def bounce(mail: bytes, status: str) -> bytes:
    """The report of a mail server that could not deliver a mail of ours to its recipient."""
    ours = parsed(mail)
    return (
        f"From: MAILER-DAEMON@mx.resident.example\r\nTo: housing@northgate.example\r\nReturn-Path: <>\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <report@mx.resident.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nNot delivered.\r\n--b\r\n'
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.resident.example\r\n\r\n"
        f"Final-Recipient: rfc822; edward@resident.example\r\nAction: failed\r\nStatus: {status}\r\n\r\n--b\r\n"
        f"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours['Message-ID']}\r\n\r\n--b--\r\n"
    ).encode()


def test_an_answer_that_bounces(town: Town) -> None:
    """
    E38, behaviour.md §3.4: a full mailbox sends the officer's answer back. She has her words again that minute, the case is
    open, and nobody reads that somebody wrote.
    """
    town.to_council(letter(date="Mon, 01 Dec 2025 10:12:00 +0000"))
    town.at("2025-12-01 11:00")
    town.staff("priya", "new-case", "Dear Edward,\n\nThe roofer comes on Thursday between 9 and 12.\n\nPriya Shah")
    assert town.db.run("SELECT state FROM cases")[0]["state"] == "answered"
    town.to_council(bounce(town.latest("edward", "human"), "5.2.2"))
    back = " ".join(plain(town.latest("priya", "ask-back")).split())

    assert "The roofer comes on Thursday between 9 and 12." in back
    assert town.db.run("SELECT state FROM cases")[0]["state"] == "open"
    town.at("2025-12-12 16:00")
    assert "settled" not in {_kind(mail) for mail in town.inbox("edward")}
    assert "digest" in {_kind(mail) for mail in town.inbox("priya")}
