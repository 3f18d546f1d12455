"""Mailboxes and mails that go wrong under a watch: none of them stops, loses or doubles another."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ackbot.demo.servers import MailServer
from ackbot.store import inboxes, status
from ackbot.work import watch
from tests.support.badimap import BadImap
from tests.support.council import World
from tests.support.letters import by, letter
from tests.support.watching import USER, Run, subjects, taken, until, without_waits


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the waits between servers to nothing."""
    without_waits(monkeypatch)


BREAKS = {
    "bye": b"* BYE internal error\r\n",
    "hang-up": b"DROP",
    "no reply": b"HANG",
    "a literal shorter than announced": b"* 1 FETCH (UID 7 BODY[] {9000}\r\nFrom: short@r.example\r\n\r\nx)\r\n",
    "a literal longer than announced": b"* 1 FETCH (UID 7 BODY[] {9}\r\nFrom: short@r.example\r\n\r\nx)\r\n",
}


@pytest.mark.parametrize("how", BREAKS.values(), ids=BREAKS)
def test_a_mail_that_breaks_the_connection(world: World, watching: Callable[..., Run], how: bytes) -> None:
    """
    D4, D8, P1: whoever asks for one mail loses the connection, each time: the others are taken, the one is asked for
    again later, and taken when the server gives it.
    """
    broken = True

    def answer(bad: BadImap, tag: str, command: str) -> bytes | None:
        if broken and command.startswith("UID FETCH") and "BODY" in command and "7" in command.split()[2].split(","):
            return how if how in (b"DROP", b"HANG") else how + (f"{tag} OK done\r\n".encode() if b"{" in how else b"")
        return None

    with BadImap(answer) as bad:
        bad.mails = {6: by(6), 7: by(7), 8: by(8), 9: by(9)}
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 3)
        left = world.db.run("SELECT uid, attempts FROM arrivals WHERE letter_id IS NULL")
        assert [(row["uid"], row["attempts"]) for row in left] == [(7, 1)]
        broken = False
        world.after(hours=1)
        until(lambda: taken(world) == 4)
        run.end()

    assert subjects(world) == ["Matter 6", "Matter 8", "Matter 9", "Matter 7"]
    assert len(world.outbox("new-case")) == 4


def test_a_connection_that_breaks_once(world: World, watching: Callable[..., Run]) -> None:
    """D8: a server that restarts in the middle of a fetch: the next connection takes all, in their order."""
    breaks = [b"DROP"]

    def answer(_: BadImap, __: str, command: str) -> bytes | None:
        return breaks.pop() if breaks and "BODY.PEEK[]" in command else None

    with BadImap(answer) as bad:
        bad.mails = {uid: by(uid) for uid in range(5, 10)}
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 5)
        run.end()

    assert subjects(world) == [f"Matter {uid}" for uid in range(5, 10)]
    assert world.db.run("SELECT 1 FROM arrivals WHERE attempts > 0") == []


def test_a_server_that_vanishes(world: World, watching: Callable[..., Run]) -> None:
    """D15: half-open TCP: the peer is gone without a FIN, and nothing more is ever said; noticed by the time-out."""
    silent = [b"HANG", b"HANG"]

    def answer(_: BadImap, __: str, command: str) -> bytes | None:
        return silent.pop() if silent and command.startswith(("NOOP", "UID SEARCH")) else None

    with BadImap(answer) as bad:
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 1)
        run.end()
        assert bad.connections == 3

    assert silent == []


def test_a_push_that_never_comes(world: World, watching: Callable[..., Run]) -> None:
    """D15: the server accepts IDLE and never pushes: the poll finds the letter."""
    idling: list[str] = []

    def answer(_: BadImap, tag: str, command: str) -> bytes | None:
        if command == "IDLE":
            idling.append(tag)
            return b"+ idling\r\n"
        return f"{idling[-1]} OK done\r\n".encode() if tag == "DONE" else None

    with BadImap(answer) as bad:
        run = watching(bad.port, watch="idle", poll_every_s=0.05)
        run.wait_ready()
        bad.mails = {**bad.mails, 8: by(8)}
        until(lambda: taken(world) == 1)
        run.end()

    assert subjects(world) == ["Matter 8"]
    assert idling


def test_a_mail_of_which_nothing_is_told(world: World, watching: Callable[..., Run]) -> None:
    """P1, D8: the server lists it and leaves it out of a reply: it is asked for all the same."""

    def answer(bad: BadImap, tag: str, command: str) -> bytes | None:
        return f"{tag} OK done\r\n".encode() if "RFC822.SIZE" in command else None

    with BadImap(answer) as bad:
        bad.mails = {7: by(7), 8: by(8)}
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 2)
        run.end()

    assert subjects(world) == ["Matter 7", "Matter 8"]


def test_expunged_between_search_and_fetch(world: World, watching: Callable[..., Run]) -> None:
    """D8: a person deleted it in that moment: nothing is raised, nothing asked for again, and the next letter is taken."""

    def answer(bad: BadImap, tag: str, command: str) -> bytes | None:
        if "RFC822.SIZE" in command:
            bad.mails = {uid: mail for uid, mail in bad.mails.items() if uid != 7}
        return None

    with BadImap(answer) as bad:
        bad.mails = {7: by(7), 8: by(8)}
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 1)
        run.end()

    assert subjects(world) == ["Matter 8"]
    assert len(world.db.run("SELECT 1 FROM arrivals")) == 1


def test_expunged_after_it_was_not_given(world: World, watching: Callable[..., Run]) -> None:
    """P1: it was listed, not given, and then deleted: that is recorded once, and `status` no longer names it."""
    gone = False

    def answer(bad: BadImap, tag: str, command: str) -> bytes | None:
        if "BODY.PEEK[" in command:
            return b"* 1 FETCH (UID 7 BODY[] NIL)\r\n" + f"{tag} OK done\r\n".encode()
        if command.startswith("NOOP"):
            if gone:
                bad.mails = {}
            return b"* 1 EXISTS\r\n" + f"{tag} OK done\r\n".encode()
        return None

    polls = {"housing": 60.0}
    with BadImap(answer) as bad:
        run = watching(bad.port, start="all")
        until(lambda: status.status(world.db, polls, world.now)["not_fetched"] == 1)
        gone = True
        world.after(hours=1)
        until(lambda: world.db.run("SELECT 1 FROM events WHERE kind = 'gone'"))
        until(lambda: bad.commands.count("NOOP") > 20)
        run.end()

    assert status.status(world.db, polls, world.now)["not_fetched"] == 0
    assert len(world.db.run("SELECT 1 FROM events WHERE kind = 'gone'")) == 1


def test_a_folder_that_was_renamed(
    world: World,
    server: MailServer,
    watching: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The inbox retries and says why, the admin is told, and when the folder is back it goes on where it was."""
    monkeypatch.setattr(watch, "_SILENT_S", 0.05)
    with server.client(USER) as person:
        person.create_folder("Letters")
        person.append("Letters", by(1))
    run = watching(server.port, folder="Letters", start="all")
    until(lambda: taken(world) == 1)
    with server.client(USER) as person:
        person.rename_folder("Letters", "Old letters")
    run.end()
    run = watching(server.port, folder="Letters", start="all")
    until(lambda: run.troubles)
    state = inboxes.states(world.db)[0]
    with server.client(USER) as person:
        person.rename_folder("Old letters", "Letters")
        person.append("Letters", by(2))
    until(lambda: taken(world) == 2)

    assert state["state"] == "retrying"
    assert state["reason"].startswith("127.0.0.1: folder Letters: ")
    assert (run.troubles[0][0], run.troubles[0][1], run.troubles[0][3]) == ("housing", "inbox", "housing")
    assert [mail["recipient"] for mail in world.outbox("acknowledgement")] == ["p2@resident.example"]
    assert len(world.cases()) == 2


def test_a_server_that_is_away_for_long(
    world: World, watching: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The admin hears of it after ten minutes, as the server's trouble and not as each of its inboxes'."""
    monkeypatch.setattr(watch, "_SILENT_S", 0.05)
    with BadImap() as bad:
        port = bad.port
    run = watching(port)
    until(lambda: run.troubles)

    assert run.troubles[0][2].startswith(f"127.0.0.1:{port}: cannot connect: ")
    assert {told[3] for told in run.troubles} == {"127.0.0.1"}


def test_twenty_thousand_at_once(world: World, watching: Callable[..., Run]) -> None:
    """D10, design.md §10: few mails and few envelopes are held at once, the oldest go first, and a stop comes between them."""
    enough = threading.Event()

    def answer(_: BadImap, __: str, command: str) -> bytes | None:
        if "BODY.PEEK" in command and int(command.split()[2].rsplit(",", maxsplit=1)[-1]) > 150:
            enough.set()
        return None

    with BadImap(answer) as bad:
        bad.mails = {uid: by(uid) for uid in range(1, 20_001)}
        run = watching(bad.port, start="all")
        assert enough.wait(30)
        run.end()
    sizes = {"RFC822.SIZE": 0, "BODY.PEEK": 0}
    for command in bad.commands:
        if command.startswith("UID FETCH"):
            what = "RFC822.SIZE" if "RFC822.SIZE" in command else "BODY.PEEK"
            sizes[what] = max(sizes[what], len(command.split()[2].split(",")))
    folder = inboxes.folder(world.db, "housing", "INBOX")

    assert sizes == {"RFC822.SIZE": 500, "BODY.PEEK": 50}
    assert folder is not None
    assert subjects(world) == [f"Matter {uid}" for uid in range(1, folder.last_uid + 1)]


def test_a_uidvalidity_that_changes_with_many_unknown_letters(
    world: World,
    server: MailServer,
    watching: Callable[..., Run],
) -> None:
    """D7, D14: after the change 30 letters that nobody knows lie there: cases for all, acknowledgements wait from the 21st on."""
    run = watching(server.port)
    run.wait_ready()
    run.end()
    server.stop()
    server.start()
    with server.client(USER) as person:
        for number in range(30):
            person.append("INBOX", by(number), (), datetime(2026, 11, 30, 11, tzinfo=UTC))
    run = watching(server.port)
    until(lambda: taken(world) == 30)
    run.end()
    held = [mail for mail in world.outbox("acknowledgement") if mail["state"] == "held"]

    assert len(world.cases()) == 30
    assert {mail["held_for"] for mail in held} == {"restore"}
    assert len(held) == 10
    assert [mail["kind"] for mail in world.outbox("admin")] == ["admin"]


def test_a_letter_delivered_again(world: World, server: MailServer, watching: Callable[..., Run]) -> None:
    """D14: an MTA that delivers a mail twice, with other Received lines: one case, one acknowledgement."""
    run = watching(server.port)
    run.wait_ready()
    server.append(USER, b"Received: from a by b; Mon, 30 Nov 2026 10:12:00 +0000\r\n" + letter())
    server.append(USER, b"Received: from c by b; Mon, 30 Nov 2026 10:19:00 +0000\r\n" + letter())
    until(lambda: len(world.db.run("SELECT 1 FROM arrivals WHERE letter_id IS NOT NULL")) == 2)
    run.end()

    assert len(world.cases()) == 1
    assert len(world.outbox("acknowledgement")) == 1
