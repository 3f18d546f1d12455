"""Mails are read in another process: its budget, and how it may die (E1, P1, D4; design.md §3)."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ackbot.mail import message, reader
from ackbot.wires import readers
from ackbot.work.intake import Intake
from ackbot.work.reading import ReaderProcess, ReadingEnds, Unread, patiently, put_aside
from tests.support.bad_reading import bad_reading
from tests.support.council import World
from tests.support.letters import letter


@pytest.fixture
def good() -> Iterator[ReaderProcess]:
    made = ReaderProcess()
    yield made
    made.close()


@pytest.fixture
def bad(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReaderProcess]:
    """Readers that do what a mail says."""
    with bad_reading(monkeypatch) as made:
        yield made


def test_it_reads_what_this_process_would_read(good: ReaderProcess) -> None:
    """P12: the same mail is the same Read, whichever process read it, and so is its header section."""
    mails = [
        letter(),
        letter(text="\u0645\u0631\u062d\u0628\u0627"),
        b"",
        b"\x00\xff" * 500,
        b"From: a@b.example\r\nSubject: =?x?\r\n\r\n\xe9",
    ]
    asked = [good.begin(raw) for raw in mails]

    assert [one.result() for one in asked] == [message.read(raw) for raw in mails]
    assert good.head(mails[0]) == message.read_head(mails[0])


def test_it_knows_nothing(good: ReaderProcess) -> None:
    """design.md §3: no environment, no core file, few files, bounded memory: a hijacked reader has nothing to tell."""
    good.begin(letter()).result()
    process = Path(f"/proc/{good.pid}")
    limits = {line[:26].strip(): line[26:].split() for line in (process / "limits").read_text().splitlines()[1:]}

    assert (process / "environ").read_bytes() == b""
    assert limits["Max core file size"][0] == "0"
    assert limits["Max file size"][0] == "0"
    assert int(limits["Max open files"][0]) <= 64
    assert int(limits["Max address space"][0]) == reader.MEMORY


@pytest.mark.parametrize("harm", ["kill", "crash", "abort", "exit", "eat", "garbage", "flood", "lie", "hang"])
def test_a_mail_that_ends_its_reader_ends_no_other(bad: ReaderProcess, harm: str) -> None:
    """E1, D4: two readers are given to a mail and no third; those before and after it are read."""
    hostile = letter(X_Do=harm)
    asked = [bad.begin(raw) for raw in (letter(text="One"), hostile, letter(text="Two"), letter(text="Three"))]

    assert asked[0].result().text == "One"
    with pytest.raises(Unread, match="ended two processes"):
        patiently(asked[1])
    assert [one.result().text for one in asked[2:]] == ["Two", "Three"]


def test_a_mail_that_hangs_holds_up_no_other(bad: ReaderProcess) -> None:
    """E1: it is put aside after a quarter of a second of the processor; letters asked for after it are read while it still hangs."""
    hostile, asked = bad.begin(letter(X_Do="hang")), [bad.begin(letter(text=f"Letter {one}")) for one in range(20)]
    slowly = put_aside(hostile)

    assert [one.result().text for one in asked] == [f"Letter {one}" for one in range(20)]
    assert slowly is not None
    assert not slowly.done()
    with pytest.raises(Unread, match=r"0\.25 seconds of processor time; it ended by signal"):
        slowly.result()


def test_a_nursery_that_ends_is_replaced(good: ReaderProcess) -> None:
    """D4: whatever ended it (a machine short of memory), mails are read again, and none is blamed."""
    good.begin(letter()).result()
    nursery = int(Path(f"/proc/{good.pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(nursery, signal.SIGKILL)
    os.kill(good.pid, signal.SIGKILL)

    assert patiently(good.begin(letter(text="One"))).text == "One"
    assert patiently(good.begin(letter(text="Two"))).text == "Two"


def test_no_process_can_be_had(good: ReaderProcess, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """P1: then no mail is to blame: nothing is kept, nothing quarantined, the mail is taken later."""
    world.intake = Intake(world.db, world.office, good)
    monkeypatch.setattr(readers, "COMMAND", ("/bin/false",))
    good._nursery._kill()
    with pytest.raises(readers.NoReader):
        world.receive(letter())

    assert world.db.run("SELECT * FROM letters") == []


def test_a_mail_that_cannot_be_read_is_kept_unread(world: World, bad: ReaderProcess) -> None:
    """E1, P1: a case is opened from the headers if those alone can be read, the admin is told once; the next letter is taken."""
    world.intake = Intake(world.db, world.office, bad)
    hostile = letter(message_id="<hostile@r.example>") + b"\r\nX-Do: kill\r\n"
    world.receive(hostile)
    world.receive(letter(sender="Nora <nora@resident.example>", message_id="<next@r.example>"))
    rows = world.db.run("SELECT state, kind, error, code FROM letters ORDER BY id")

    assert [(row["state"], row["kind"]) for row in rows] == [("quarantined", "unreadable"), ("decided", "letter")]
    assert "signal 9" in rows[0]["error"]
    assert rows[0]["code"]
    assert len(world.outbox("acknowledgement")) == 2
    assert len(world.outbox("admin")) == 1


def test_not_even_its_headers(world: World, bad: ReaderProcess) -> None:
    """P1: if not even the headers can be read, the bytes are kept and the admin is told."""
    world.intake = Intake(world.db, world.office, bad)
    world.receive(letter(X_Do="kill"))

    assert world.db.run("SELECT state, code FROM letters")[0]["state"] == "quarantined"
    assert world.cases() == []
    assert len(world.outbox("admin")) == 1


def test_a_retry_does_no_harm(world: World, bad: ReaderProcess) -> None:
    """D5: tried again with back-off, on the same row, each time apart; nobody hears of it again."""
    world.intake = Intake(world.db, world.office, bad)
    world.receive(letter(X_Do="exit"))
    world.after(minutes=2)
    world.intake.retry_quarantined(world.now)
    (row,) = world.db.run("SELECT state, attempts FROM letters")

    assert (row["state"], row["attempts"]) == ("quarantined", 2)
    assert len(world.outbox("admin")) == 1


def test_the_end_waits_for_no_reader(bad: ReaderProcess, world: World) -> None:
    """design.md §8: what is being read when the daemon stops is left in the mailbox, and nothing is said of it."""
    waiting = bad.begin(letter(X_Do="hang"))
    behind = bad.begin(letter())
    closing = threading.Thread(target=bad.close)
    closing.start()
    closing.join(10)

    for one in (waiting, behind, bad.begin(letter())):
        with pytest.raises((ReadingEnds, Unread)):
            patiently(one)
    assert not closing.is_alive()


def test_a_worn_reader_is_replaced(good: ReaderProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """design.md §10: memory that a large mail took is given back with the process that took it."""
    good.begin(letter()).result()
    before = good.pid
    good.begin(letter(text="x" * 1_100_000)).result()
    good.begin(letter()).result()

    assert good.pid not in (0, before)
    monkeypatch.setattr(readers, "_REPLACED_AFTER", 2)
    later = good.pid
    good.begin(letter()).result()
    good.begin(letter()).result()
    assert good.pid != later


def test_watchers_read_ahead(make_world: Callable[..., World], good: ReaderProcess) -> None:
    """Mails are read ahead, and answers come in the order of asking, whoever asks."""
    asked = [good.begin(letter(text=f"Letter {number}")) for number in range(200)]

    assert [one.result().text for one in asked] == [f"Letter {number}" for number in range(200)]
