"""The laboratory of strangers: they write whatever they like between residents and officers, and change nothing (P5, P6, P7)."""

import os
import re
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.letters import letter, parsed, plain
from tests.support.story import LONDON, PASSED, Story

pytestmark = pytest.mark.lab
EXAMPLES = int(os.environ.get("ACKBOT_LAB_STRANGERS", "15"))
SEED = int(os.environ.get("ACKBOT_LAB_SEED", "1"))
EDWARD = "Edward Quan <edward@resident.example>"
RESIDENT = "edward@resident.example"
OFFICERS = ["priya@northgate.example", "sam@northgate.example", "duty@northgate.example", "alex@northgate.example"]
OWN = "mx.northgate.example; dmarc=pass header.from=resident.example"
# What nobody proves: condemned, for another domain, by another server, in a comment, or nothing at all.
UNPROVEN = some.sampled_from(
    [
        "mx.northgate.example; dmarc=fail header.from=resident.example",
        "mx.northgate.example; dmarc=pass header.from=evil.example",
        "evil.example; dmarc=pass header.from=northgate.example",
        "mx.northgate.example; dmarc=none (dmarc=pass header.from=northgate.example)",
        "",
    ]
)
CONDEMNED = "mx.northgate.example; dmarc=fail header.from=resident.example"
LETTERS = some.sampled_from(
    [
        "There is damp in the bedroom.",
        "There is a strong smell of gas in our kitchen.",
        "Any news?",
        "Thank you very much!",
        "No more emails please.",
        "Large print please.",
        "2 - the leak is back",
        "5",
        "I want to make a formal complaint.",
    ]
)
ANSWERS = some.sampled_from(
    [
        "Dear Edward,\n\nA surveyor comes on Thursday, number {n}.\n\nPriya",
        "UPDATE\n\nDear Edward, the surveyor was there, number {n}.",
        "DONE\n\nDear Edward, it is mended, number {n}.",
        "MORE 18 December: Dear Edward, the part is late, number {n}.",
        "ASK\n\nDear Edward, which wall is it, number {n}?",
        "NOTE\n\nHe rang, number {n}.",
        "TAKE",
        "CC",
        "SEND",
        "QUIET",
        "CLOSE: duplicate",
        "PASS sam: he knows the house",
        "AWAY 8 Dec to 11 Dec, cover Sam Jones",
    ]
)


class Strangers(RuleBasedStateMachine):
    """Edward, officers, the clock, and strangers who know every address, subject, Message-ID and token there is."""

    attempts = 0  # of strangers, in all runs

    @initialize()
    def begin(self) -> None:
        """A council, and a letter of Edward's."""
        self.folder = Path(tempfile.mkdtemp(prefix="strangers-"))
        self.story = Story(self.folder)
        self.number = 0
        self.written: set[str] = set()  # by officers: "number 7" stands in their words
        self.edward_writes("There is damp in the bedroom.")

    def teardown(self) -> None:
        """The store is closed, and says whether a decision named a row that is not there."""
        if hasattr(self, "story"):
            self.story.close()
            shutil.rmtree(self.folder)

    def _id(self) -> str:
        self.number += 1
        return f"<n{self.number}@mail.example>"

    def _date(self) -> str:
        return self.story.now.astimezone(LONDON).strftime("%a, %d %b %Y %H:%M:%S %z")

    def _raw(self, sender: str, text: str, **fields: Any) -> bytes:
        known = {"subject": "Re: Damp in the bedroom", "message_id": self._id(), "date": self._date()}
        kept = {name: value for name, value in {**known, **fields}.items() if value != ""}
        return letter(sender=sender, text=f"{text}\n", **kept)

    @rule(text=LETTERS)
    def edward_writes(self, text: str) -> None:
        """A letter of his, proven."""
        self.story.receive(
            self._raw(
                EDWARD, text, In_Reply_To="<n1@mail.example>", Authentication_Results=OWN, Cc="mum@family.example"
            )
        )

    @rule(officer=some.sampled_from(OFFICERS), text=ANSWERS)
    def an_officer_answers(self, officer: str, text: str) -> None:
        """The latest mail that went to them, proven."""
        if mails := self.story.outbox(to=officer):
            self.number += 1
            self.written.add(f"number {self.number}")
            self.story.reply(mails[-1], text.format(n=self.number))

    @rule(hours=some.sampled_from([1, 5, 26, 75]))
    def time_passes(self, hours: int) -> None:
        """With every round that falls into it; and no promise that was told passes in silence (P5)."""
        later = (self.story.now + timedelta(hours=hours)).astimezone(LONDON)
        self.story.at(later.strftime("%Y-%m-%d %H:%M"))
        passed = self.story.db.run(
            "SELECT clocks.code, clocks.kind, clocks.promised_on FROM clocks JOIN cases ON cases.code = clocks.code "
            "WHERE clocks.state = 'running' AND clocks.told AND clocks.kind IN ('update', 'answer', 'name-owner') "
            "AND cases.state <> 'closed' AND clocks.promised_on < :today",
            today=later.date().isoformat(),
        )

        assert [dict(row) for row in passed] == []

    # -- What strangers do ------------------------------------------------------------------------------------------------

    def _changes_nothing(self, raw: bytes, *, reopens: bool = False, asks: bool = False) -> None:
        """
        `reopens`: who has our mail may be Edward at another address, and may open again what waits or is over. `asks`: the owner
        may be asked whether it was an answer.
        """
        codes = {
            row["code"]
            for row in self.story.cases()
            if row["resident_address"] == RESIDENT and not (reopens and row["state"] != "open")
        }
        before, running = self._standing(codes), self._alarms()
        human = len(self.story.outbox("human"))
        self.story.receive(raw)
        Strangers.attempts += 1
        after = self._standing(codes)
        if asks:
            after["words"] = [one for one in after["words"] if one in before["words"] or one["kind"] != "held"]

        assert after == before
        assert running <= self._alarms()  # danger that may be true alarms; nobody ends one
        assert len(self.story.outbox("human")) == human

    def _standing(self, codes: set[str]) -> dict[str, Any]:
        """What P7 protects of Edward's cases; when a letter last came, and whether it alarms, is no change. Strangers may have theirs."""
        queries = {
            "cases": "SELECT * FROM cases ORDER BY id",
            "clocks": "SELECT code, kind, state, promised_on, told FROM clocks ORDER BY id",
            "words": "SELECT id, code, kind, state, words FROM words ORDER BY id",
            "parties": "SELECT * FROM parties ORDER BY code, address",
        }
        found: dict[str, Any] = {}
        for name, query in queries.items():
            rows = [dict(row) for row in self.story.db.run(query)]
            kept = [row for row in rows if row["code"] in codes]
            found[name] = [
                {key: value for key, value in row.items() if key not in ("last_letter_at", "sensitive", "receipt_on")}
                for row in kept
            ]
        people = self.story.db.run("SELECT * FROM people WHERE address = :address", address=RESIDENT)
        found["people"] = [dict(row) for row in people]
        found["absences"] = [dict(row) for row in self.story.db.run("SELECT * FROM absences ORDER BY 1")]
        return found

    def _alarms(self) -> set[str]:
        return {row["code"] for row in self.story.db.run("SELECT code FROM alarms WHERE taken_by = ''")}

    @rule(text=LETTERS, to_reply_address=some.booleans())
    def a_forged_letter(self, text: str, to_reply_address: bool) -> None:
        """From Edward, condemned by the inbox's own server (E4)."""
        ours = self.story.outbox(to=RESIDENT)
        to = (
            str(parsed(bytes(ours[-1]["content"]))["Reply-To"])
            if ours and to_reply_address
            else "housing@northgate.example"
        )
        raw = self._raw(
            EDWARD,
            text,
            to=to,
            In_Reply_To="<n1@mail.example>",
            Authentication_Results=CONDEMNED,
            Cc="spy@evil.example",
        )
        self._changes_nothing(raw)

    @rule(
        text=LETTERS,
        sender=some.sampled_from(["Spy <spy@evil.example>", "Edward Quan <edward@evil.example>"]),
        results=UNPROVEN,
    )
    def a_stranger_in_the_case(self, text: str, sender: str, results: str) -> None:
        """With the reply address and the Message-IDs of a mail to Edward (E8, E12)."""
        if mails := self.story.outbox(to=RESIDENT):
            ours = parsed(bytes(mails[-1]["content"]))
            raw = self._raw(
                sender,
                text,
                to=str(ours["Reply-To"]),
                In_Reply_To=str(ours["Message-ID"]),
                Authentication_Results=results,
                Cc="spy@evil.example",
            )
            self._changes_nothing(raw, reopens=True)

    @rule(officer=some.sampled_from(OFFICERS), text=ANSWERS, results=UNPROVEN, two=some.booleans())
    def a_forged_officer(self, officer: str, text: str, results: str, two: bool) -> None:
        """With a token that was forwarded to them: From is the officer's, alone or beside their own (E3, E5)."""
        if mails := self.story.outbox(to=officer):
            ours = parsed(bytes(mails[-1]["content"]))
            sender = f"{officer}, spy@evil.example" if two else officer
            raw = self._raw(
                sender,
                text.format(n=0),
                to=str(ours["Reply-To"]),
                subject=f"Re: {ours['Subject']}",
                In_Reply_To=str(ours["Message-ID"]),
                Authentication_Results=results,
            )
            self._changes_nothing(raw)

    @rule(officer=some.sampled_from(OFFICERS[:2]), results=UNPROVEN)
    def a_forged_copy(self, officer: str, results: str) -> None:
        """As if an officer had answered Edward from their own mail program (E5)."""
        raw = self._raw(
            officer,
            "Dear Edward, it is all mended now, and the matter is closed.",
            to=RESIDENT,
            Cc="housing@northgate.example",
            In_Reply_To="<n1@mail.example>",
            Authentication_Results=results,
        )
        self._changes_nothing(raw)

    @rule(text=LETTERS, quoted=some.booleans())
    def edward_answers_a_stranger(self, text: str, quoted: bool) -> None:
        """Who wrote to him with our reply address in Reply-To, and our ids in References: what he says is no wish and no score."""
        if mails := self.story.outbox(to=RESIDENT):
            ours = parsed(bytes(mails[-1]["content"]))
            head = "\n\nOn Mon, 30 Nov 2026 at 10:50, Spy <spy@evil.example> wrote:\n> Shall I?\n" if quoted else ""
            raw = self._raw(
                EDWARD,
                text + head,
                to=str(ours["Reply-To"]),
                In_Reply_To="<spy-1@evil.example>",
                References=f"{ours['Message-ID']} <spy-1@evil.example>",
                Authentication_Results=OWN,
            )
            before = self._wished()
            self.story.receive(raw)
            Strangers.attempts += 1

            assert self._wished() == before

    def _wished(self) -> list[list[dict[str, Any]]]:
        """What is remembered of Edward's wishes, and his scores."""
        queries = (
            "SELECT * FROM people ORDER BY address",
            "SELECT code, quiet, language FROM cases ORDER BY id",
            "SELECT id FROM events WHERE kind = 'feedback'",
        )
        return [[dict(row) for row in self.story.db.run(query)] for query in queries]

    @rule(officer=some.sampled_from(OFFICERS[:2]))
    def an_officer_answers_a_stranger(self, officer: str) -> None:
        """Who has Edward in Reply-To, our inbox in Cc, and the ids of his case in References; the officer's server vouches (E5)."""
        raw = self._raw(
            officer,
            "Yes, that is fine.\n\nOn Mon, 30 Nov 2026 at 10:50, Spy <spy@evil.example> wrote:\n> Can we close it?\n",
            to=RESIDENT,
            Cc="housing@northgate.example",
            In_Reply_To="<spy-1@evil.example>",
            References="<n1@mail.example> <spy-1@evil.example>",
            Authentication_Results=PASSED,
        )
        self._changes_nothing(raw, asks=True)

    @rule(text=LETTERS)
    def a_form_in_his_name(self, text: str) -> None:
        """Filled in by anybody, with Edward's address (E4)."""
        raw = self._raw(
            "Forms <forms@northgate.example>",
            text,
            subject="Contact form",
            Reply_To=EDWARD,
            Authentication_Results=PASSED,
        )
        self._changes_nothing(raw)

    @rule(about=some.sampled_from([RESIDENT, "nobody@else.example"]))
    def a_forged_report(self, about: str) -> None:
        """As if mail to Edward had come back, without any mail of ours in it (E6)."""
        if mails := self.story.outbox(to=RESIDENT):
            to = str(parsed(bytes(mails[-1]["content"]))["Reply-To"])
            raw = (
                f"Return-Path: <>\r\nFrom: MAILER-DAEMON@evil.example\r\nTo: {to}\r\nSubject: Undelivered Mail\r\n"
                f"Message-ID: {self._id()}\r\nMIME-Version: 1.0\r\n"
                "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nNo such user.\r\n"
                "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
                f"Final-Recipient: rfc822; {about}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
            )
            self._changes_nothing(raw.encode())

    # -- What holds always ------------------------------------------------------------------------------------------------

    @precondition(lambda self: hasattr(self, "story"))
    @invariant()
    def human_words_are_an_officers(self) -> None:
        """P6: what goes out as a person's is what an officer wrote, and nobody reads it but whose case it is and whom Edward
        copied (E8)."""
        for mail in self.story.outbox("human"):
            text = " ".join(plain(bytes(mail["content"])).split())
            numbers = set(re.findall(r"number \d+", text))
            assert numbers, text
            assert numbers <= self.written
            (case,) = self.story.db.run("SELECT resident_address FROM cases WHERE code = :code", code=mail["code"])
            readers = {case["resident_address"]}
            assert mail["recipient"] in (readers | {"mum@family.example"} if readers == {RESIDENT} else readers)


def test_strangers_change_nothing() -> None:
    """P5, P6, P7: no case, wish, alarm or word changes by a mail whose author was not proven for it."""
    run = seed(SEED)(Strangers)
    limits = settings(
        max_examples=EXAMPLES,
        stateful_step_count=25,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    run_state_machine_as_test(run, settings=limits)

    assert Strangers.attempts > EXAMPLES  # or nothing was tried
