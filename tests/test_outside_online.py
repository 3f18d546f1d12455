"""The Sent folder on a real Dovecot: watermark, UIDVALIDITY, flags, order of sweeps, a folder that is not there; whole weeks."""

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient

from ackbot.demo.servers import Sink
from ackbot.store import inboxes
from ackbot.wires.imap import Account
from ackbot.wires.secrets import Password
from ackbot.work import watch
from ackbot.work.threads import Stop
from ackbot.work.watch import Watcher
from tests.conftest import missing
from tests.support.council import write_config
from tests.support.letters import letter
from tests.support.servers import INSTALL_DOVECOT, Ackbot, Dovecot, run
from tests.support.story import Story, instant
from tests.support.watching import until
from tests.test_outside import PRIYA, SENT, kinds, outlook


class Box:
    """One mailbox of the server, with a Sent folder."""

    def __init__(self, server: Dovecot, user: str) -> None:
        self.port, self.user, self._server = server.port, user, server
        with self.client() as person:
            person.create_folder("Sent")

    def client(self) -> IMAPClient:
        return self._server.client(self.user)

    def put(self, folder: str, raw: bytes, at: datetime) -> None:
        """A mail comes into a folder."""
        with self.client() as person:
            person.append(folder, raw, (), at)


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    if not Dovecot.is_there():
        missing(INSTALL_DOVECOT)
    with Dovecot(tmp_path_factory.mktemp("dovecot")) as server:
        yield server


@pytest.fixture
def box(dovecot: Dovecot, request: pytest.FixtureRequest) -> Box:
    return Box(dovecot, f"u{abs(hash(request.node.nodeid))}")


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    """Weeks gone by: Dovecot takes no mail of the future."""
    return make_story(SENT, now="2025-11-03 10:12")


@pytest.fixture
def watching(story: Story, box: Box, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Callable[[], None]]]:
    """Starts a watcher of the inbox; gives what ends it."""
    monkeypatch.setattr(watch, "_SENT_S", 0.0)
    monkeypatch.setattr(watch, "_BACK_OFF_S", (0.02, 0.05))
    ends: list[Callable[[], None]] = []

    def start(**changes: Any) -> Callable[[], None]:
        stop = Stop()
        account = Account("127.0.0.1", box.port, "none", box.user, Password(env="ACKBOT_TEST_PASSWORD"))
        options: dict[str, Any] = {"sent_folder": "Sent", "poll_every_s": 0.02} | changes
        watched = replace(story.config.watched[0], account=account, **options)
        one = Watcher(watched, story.db, story.intake, stop, lambda: story.now, lambda: None, lambda *_: None)
        thread = threading.Thread(target=one.run)
        thread.start()
        assert one.ready.wait(60)

        def end() -> None:
            if thread.is_alive():
                stop.set()
                thread.join(60)
                assert not thread.is_alive()
                stop.close()

        ends.append(end)
        return end

    yield start
    for end in ends:
        end()


def outcomes(story: Story) -> list[str]:
    """What became of every mail that was taken."""
    return [row["outcome"] for row in story.db.run("SELECT outcome FROM letters ORDER BY id")]


def state(story: Story) -> str:
    """Of the one case; "" before there is one."""
    return str(story.cases()[0]["state"]) if story.cases() else ""


@pytest.mark.parametrize("how", ["poll", "idle"])
def test_three_weeks_with_outlook(
    story: Story, box: Box, watching: Callable[..., Callable[[], None]], how: str
) -> None:
    """D69, D70, P5: answered from Outlook: no reminder, no digest, no "no news" goes out; "settled?" ends it. P8: no flag is set."""
    watching(watch=how, poll_every_s=0.1)
    box.put("INBOX", letter(), story.now)
    until(lambda: state(story) == "open", "the letter")
    story.at("2025-11-10 11:00")  # the day of the first promise: its digest was read
    box.put("Sent", outlook(), story.now)
    until(lambda: state(story) == "answered", "the answer")
    story.at("2025-12-05 12:00")

    assert kinds(story) == ["acknowledgement", "new-case", "digest", "digest", "settled"]
    assert [row["state"] for row in story.db.run("SELECT state FROM clocks ORDER BY id")] == ["kept"] * 3
    with box.client() as person:
        for folder in ("INBOX", "Sent"):
            person.select_folder(folder, readonly=True)
            flags = person.fetch([1], ["FLAGS"])[1][b"FLAGS"]
            assert set(flags) - {rb"\Recent"} == set(), folder


def test_without_the_answer(story: Story, box: Box, watching: Callable[..., Callable[[], None]]) -> None:
    """The same weeks, and what was sent went to somebody else: the resident hears the truth."""
    watching()
    box.put("INBOX", letter(), story.now)
    until(lambda: state(story) == "open")
    box.put("Sent", outlook(to="builder@contractor.example"), story.now)
    until(lambda: len(outcomes(story)) == 2)
    story.at("2025-11-10 16:00")

    assert "no-news" in kinds(story)


def test_answered_while_nothing_ran(story: Story, box: Box, watching: Callable[..., Callable[[], None]]) -> None:
    """The Sent folder is looked into first: a letter answered during an outage gets no acknowledgement, the next one does."""
    watching()()
    story.at("2025-11-04 17:00")
    box.put("INBOX", letter(), instant("2025-11-04 10:00"))
    box.put("INBOX", letter("Ann <ann@r.example>", subject="Bin", message_id="<2@r.example>"), story.now)
    box.put("Sent", outlook(PRIYA), instant("2025-11-04 11:00"))
    watching()
    until(lambda: len(outcomes(story)) == 3)

    assert outcomes(story) == ["record", "case", "case"]
    assert [case["state"] for case in story.cases()] == ["answered", "open"]
    assert [row["recipient"] for row in story.outbox("acknowledgement")] == ["ann@r.example"]


def test_history_is_not_read(story: Story, box: Box, watching: Callable[..., Callable[[], None]]) -> None:
    """behaviour.md §5.4: what was sent before the first sight is left alone; each mail after it is taken once."""
    box.put("Sent", outlook(message_id="<old@northgate.example>"), story.now)
    watching()()
    box.put("Sent", outlook(), story.now)
    watching()
    box.put("Sent", outlook(to="x@y.example", message_id="<3@northgate.example>"), story.now)
    until(lambda: len(outcomes(story)) == 2)
    arrivals = story.db.run("SELECT folder, uid FROM arrivals ORDER BY id")

    assert [(row["folder"], row["uid"]) for row in arrivals] == [("Sent", 2), ("Sent", 3)]


def test_copies_of_our_own_mails(story: Story, box: Box, watching: Callable[..., Callable[[], None]]) -> None:
    """Exchange keeps a copy of every mail we send: the copies are skipped unread and leave no rows."""
    watching()
    box.put("INBOX", letter(), story.now)
    until(lambda: state(story) == "open")
    for row in story.outbox():
        box.put("Sent", bytes(row["content"]), story.now)
    box.put("Sent", outlook(), story.now)
    until(lambda: state(story) == "answered")

    assert [(row["folder"], row["uid"]) for row in story.db.run("SELECT folder, uid FROM arrivals ORDER BY id")] == [
        ("INBOX", 1),
        ("Sent", 3),
    ]


def test_a_sent_folder_made_anew(story: Story, box: Box, watching: Callable[..., Callable[[], None]]) -> None:
    """D7: another UIDVALIDITY: all is looked at again, what is known stays as it was, what is new counts."""
    end = watching()
    box.put("INBOX", letter(), story.now)
    until(lambda: state(story) == "open")
    box.put("Sent", outlook(to="x@y.example", message_id="<3@northgate.example>"), story.now)
    until(lambda: len(outcomes(story)) == 2)
    end()
    with box.client() as person:
        before = person.folder_status("Sent", ["UIDVALIDITY"])[b"UIDVALIDITY"]
        person.delete_folder("Sent")
        person.create_folder("Old")  # so that the next one has another UIDVALIDITY
        person.create_folder("Sent")
        assert person.folder_status("Sent", ["UIDVALIDITY"])[b"UIDVALIDITY"] != before
    box.put("Sent", outlook(to="x@y.example", message_id="<3@northgate.example>"), story.now)
    box.put("Sent", outlook(message_id="<older@northgate.example>"), instant("2025-10-06 10:00"))
    box.put("Sent", outlook(), story.now)
    watching()
    until(lambda: state(story) == "answered")

    assert story.cases()[0]["human_words_at"] is not None
    assert sorted(outcomes(story)) == ["case", "event", "record", "record"]


def test_a_sent_folder_that_is_not_there(story: Story, box: Box, watching: Callable[..., Callable[[], None]]) -> None:
    """A warning of the inbox, never a stop; letters are taken, and once the folder is there it is watched."""
    watching(sent_folder="Sent Items", folder="INBOX")
    box.put("INBOX", letter(), story.now)
    until(lambda: state(story) == "open")
    shown = inboxes.states(story.db)[0]

    assert shown["state"] == "watching"
    assert "its Sent folder cannot be watched" in shown["reason"]


def test_the_daemon_itself(tmp_path: Path, dovecot: Dovecot) -> None:
    """As installed: a letter is acknowledged; the answer in the Sent folder of a real mailbox is its human words; `show` tells why."""
    with dovecot.client("housing") as person:
        person.create_folder("Sent")
    with Sink() as sink:
        ports = (("port = 1143", f"port = {dovecot.port}"), ("port = 2525", f"port = {sink.port}"))
        config = write_config(tmp_path, *ports, SENT, ("# streets", 'sent_folder = "Nowhere"\n# streets'))
        command = [sys.executable, "-m", "ackbot.cli", "-c", str(config)]
        with Ackbot(config) as ackbot:
            ackbot.wait_for_log('"watching"', 3)
            dovecot.append("housing", letter())
            assert sink.wait_for(lambda mails: len(mails) == 2)
            with dovecot.client("housing") as person:
                person.append("Sent", outlook())
            ackbot.wait_for_log('"sent mail"')
            shown = run([*command, "show", "edward@resident.example"])
            status = run([*command, "status"])
        ours = len(sink.mails)

    assert "answered, owner priya" in shown.stdout
    assert "Priya Shah wrote to the resident from their own mail program" in shown.stdout
    assert "its Sent folder cannot be watched" in status.stdout
    assert (status.returncode, ours) == (0, 2)
