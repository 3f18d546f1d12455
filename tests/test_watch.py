"""Watchers: first sight, backlog, changes of UIDVALIDITY, mails that cannot be had, inboxes that fail, moving; on real IMAP."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ackbot.demo.servers import MailServer
from ackbot.store import arrivals, inboxes
from ackbot.wires.imap import Mailbox
from ackbot.work import watch
from tests.support.badimap import BadImap
from tests.support.council import World
from tests.support.letters import by, letter
from tests.support.watching import USER, Run, taken, until

pytestmark = pytest.mark.usefixtures("store")


def test_from_now_on(world: World, server: MailServer, watching: Callable[..., Run]) -> None:
    """behaviour.md §5.4: at first sight, what lies there is left alone; the next letter is taken."""
    server.append(USER, by(1))
    run = watching(server.port)
    run.wait_ready()
    server.append(USER, by(2))
    until(lambda: taken(world))

    assert [row["subject"] for row in world.db.run("SELECT subject FROM letters")] == ["Matter 2"]


@pytest.mark.parametrize(
    ("start", "subjects"), [("all", ["old", "older", "new"]), (date(2026, 11, 20), ["old", "new"])]
)
def test_backlog(
    world: World, server: MailServer, watching: Callable[..., Run], start: Any, subjects: list[str]
) -> None:
    """behaviour.md §5.4: letters since then become cases and are not acknowledged; what comes after is."""
    server.append(
        USER, letter(subject="older", message_id="<1@r.example>", text="1"), datetime(2026, 11, 2, tzinfo=UTC)
    )
    server.append(USER, letter(subject="old", message_id="<2@r.example>", text="2"), datetime(2026, 11, 25, tzinfo=UTC))
    run = watching(server.port, start=start)
    run.wait_ready()
    server.append(USER, letter(subject="new", message_id="<3@r.example>", text="3"), world.now)
    until(lambda: taken(world) == len(subjects))
    rows = world.db.run("SELECT subject, acknowledged FROM letters")

    assert sorted(row["subject"] for row in rows) == sorted(subjects)
    assert [row["subject"] for row in rows if row["acknowledged"]] == ["new"]


def test_more_than_a_batch(world: World, server: MailServer, watching: Callable[..., Run]) -> None:
    """D10: none skipped, oldest first."""
    with server.client(USER) as person:
        for number in range(120):
            person.append(
                "INBOX",
                letter(sender=f"P <p{number}@r.example>", subject=str(number), message_id=f"<{number}@r.example>"),
            )
    watching(server.port, start="all")
    until(lambda: taken(world) == 120)

    assert [row["subject"] for row in world.db.run("SELECT subject FROM letters ORDER BY id")] == [
        str(number) for number in range(120)
    ]


def test_seen_mail_is_taken_once(world: World, server: MailServer, watching: Callable[..., Run]) -> None:
    """D1: read in Outlook before we looked; still taken, exactly once, and left as it was (P8)."""
    run = watching(server.port)
    run.wait_ready()
    with server.client(USER) as person:
        person.append("INBOX", by(1), [rb"\Seen", rb"\Flagged"])
        person.append("INBOX", by(2))
    until(lambda: taken(world) == 2)
    with server.client(USER) as person:
        person.select_folder("INBOX", readonly=True)
        flags = [set(data[b"FLAGS"]) - {rb"\Recent"} for data in person.fetch([101, 102], ["FLAGS"]).values()]

    assert flags == [{rb"\Seen", rb"\Flagged"}, set()]


def test_a_restart_goes_on_where_it_was(world: World, server: MailServer, watching: Callable[..., Run]) -> None:
    """P1: what came while we were away is taken; nothing is taken twice."""
    run = watching(server.port)
    run.wait_ready()
    server.append(USER, by(1))
    until(lambda: taken(world) == 1)
    run.end()
    server.append(USER, by(2))
    watching(server.port)
    until(lambda: taken(world) == 2)

    assert len(world.outbox("acknowledgement")) == 2


def test_a_change_of_uidvalidity(world: World, server: MailServer, watching: Callable[..., Run]) -> None:
    """D7: every uid means another mail now: known letters are recognised, old ones are history, new ones are taken."""
    run = watching(server.port)
    run.wait_ready()
    server.append(USER, by(1), world.now)
    until(lambda: taken(world) == 1)
    server.stop()
    server.start()
    server.append(USER, by(1), world.now)
    server.append(USER, by(2), datetime(2026, 1, 1, tzinfo=UTC))
    server.append(USER, by(3), world.now)
    until(lambda: taken(world) == 3, "after the change")
    outcomes = {
        row["subject"]: (row["outcome"], bool(row["acknowledged"])) for row in world.db.run("SELECT * FROM letters")
    }

    assert outcomes == {"Matter 1": ("case", True), "Matter 2": ("record", False), "Matter 3": ("case", True)}
    assert len(world.outbox("acknowledgement")) == 2


def test_one_bad_mail_delays_no_other(world: World, server: MailServer, watching: Callable[..., Run]) -> None:
    """D4: unparseable, empty, of 10,000 parts, oversized, with 8-bit headers: each is decided, and the next one at once."""
    nasty = [
        b"// Not an RFC-822 Document",
        b"\r\n",
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\n\r\nx\r\n" * 10_000
        + b"--b--\r\n",
        b"From: Jos\xe9 <j@r.example>\r\nSubject: \xff\xfe\r\nTo: housing@northgate.example\r\n\r\nx",
        b"From: a@b.example\r\nSubject: big\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + (b"QUJD" * 18 + b"\r\n") * 17_000,
        bytes(range(1, 256)) * 50,
    ]
    run = watching(server.port)
    run.wait_ready()
    with server.client(USER) as person:
        for raw in (*nasty, by(1)):
            person.append("INBOX", raw)
    until(lambda: taken(world) == len(nasty) + 1)

    assert world.db.run("SELECT COUNT(*) AS n FROM letters WHERE state = 'quarantined'")[0]["n"] == 0
    assert len(world.outbox("acknowledgement", "p1@resident.example")) == 1


def test_a_mail_the_server_does_not_give(world: World, watching: Callable[..., Run]) -> None:
    """P1, D8: it is listed and its body is NIL: remembered, asked for again, taken when it comes."""
    give = False

    def answer(server: BadImap, tag: str, command: str) -> bytes | None:
        if command.startswith("UID FETCH") and "BODY.PEEK[" in command and not give:
            return b"* 1 FETCH (UID 7 BODY[] NIL)\r\n" + f"{tag} OK done\r\n".encode()
        if command.startswith("NOOP"):
            return b"* 1 EXISTS\r\n" + f"{tag} OK done\r\n".encode()
        return None

    with BadImap(answer) as server:
        run = watching(server.port, start="all")
        until(lambda: world.db.run("SELECT 1 FROM arrivals WHERE letter_id IS NULL"))
        for _ in range(2):
            world.after(hours=1)
            until(lambda: world.db.run("SELECT 1 FROM arrivals WHERE retry_at > :now", now="2026-11-30"))
        until(lambda: world.db.run("SELECT 1 FROM arrivals WHERE attempts >= 2"))
        give = True
        world.after(days=1)
        until(lambda: taken(world))
        run.end()

    assert len(world.cases()) == 1


def test_a_wrong_password_stops_that_inbox_only(
    world: World, server: MailServer, watching: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The inbox stops with a clear line in `status`, the admin is asked for once, and it is tried again gently."""
    monkeypatch.setattr(watch, "_GENTLE_S", 0.05)
    monkeypatch.setenv("ACKBOT_TEST_PASSWORD", "wrong")
    run = watching(server.port)
    until(lambda: run.troubles)
    state = inboxes.states(world.db)[0]

    assert (state["state"], "refuses" in state["reason"]) == ("stopped", True)
    assert run.troubles[0][:2] == ("housing", "inbox")
    monkeypatch.setenv("ACKBOT_TEST_PASSWORD", "secret")
    run.wait_ready()
    until(lambda: inboxes.states(world.db)[0]["state"] == "watching")


def test_a_server_that_comes_and_goes(
    world: World, server: MailServer, watching: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """D8: hang-ups and refused connections are retried with back-off; nothing is lost or doubled."""
    monkeypatch.setattr(watch, "_BACK_OFF_S", (0.02, 0.05))
    run = watching(server.port)
    run.wait_ready()
    server.stop()
    until(lambda: inboxes.states(world.db)[0]["state"] == "retrying")
    server.start()
    server.append(USER, by(1), world.now)
    until(lambda: taken(world) == 1)

    assert run.troubles == []
    until(lambda: inboxes.states(world.db)[0]["state"] == "watching")


def test_a_sweep_that_breaks_off_in_the_middle(
    world: World, watching: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """D8, D2: BYE between two commands; the next connection goes on, and the letter is taken once."""
    monkeypatch.setattr(watch, "_BACK_OFF_S", (0.02, 0.05))
    breaks = [b"* BYE\r\n", b"DROP", b"* BYE\r\n"]

    def answer(_: BadImap, __: str, command: str) -> bytes | None:
        return breaks.pop() if breaks and command.startswith("UID FETCH") else None

    with BadImap(answer) as server:
        run = watching(server.port, start="all")
        until(lambda: taken(world) == 1)
        run.end()

    assert breaks == []
    assert len(world.db.run("SELECT 1 FROM arrivals")) == 1


def test_moving_only_after_commit_and_only_if_asked(
    world: World, server: MailServer, watching: Callable[..., Run]
) -> None:
    """D2, P8: a decided mail is moved to the folder the admin named, and found there again for its files."""
    with server.client(USER) as person:
        person.create_folder("Done")
    run = watching(server.port, after="Done")
    run.wait_ready()
    server.append(USER, by(1))
    until(lambda: world.db.run("SELECT 1 FROM arrivals WHERE moved_to = 'Done'"))
    with server.client(USER) as person:
        person.select_folder("Done", readonly=True)
        there = person.search("ALL")
        person.select_folder("INBOX", readonly=True)
        here = person.search("ALL")

    assert (len(there), here) == (1, [])
    row = world.db.run("SELECT * FROM arrivals")[0]
    if row["moved_uid"] is not None:
        assert arrivals.place_of(world.db, "housing", "INBOX", row["uidvalidity"], 101) == (
            "Done",
            row["moved_uidvalidity"],
            there[0],
        )


def test_a_move_that_was_cut_short_is_made_good(world: World, server: MailServer, watching: Callable[..., Run]) -> None:
    """D2: we died between commit and move: the mail is moved at the next start, and not answered again."""
    with server.client(USER) as person:
        person.create_folder("Done")
    first = watching(server.port)
    first.wait_ready()
    server.append(USER, by(1))
    until(lambda: taken(world) == 1)
    first.end()
    watching(server.port, after="Done")
    until(lambda: world.db.run("SELECT 1 FROM arrivals WHERE moved_to = 'Done'"))

    assert len(world.outbox("acknowledgement")) == 1


def test_a_busy_store_is_waited_for(
    world: World, server: MailServer, watching: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """design.md: if the store is locked or full, the mail is not to blame: it is tried again, never quarantined."""
    from ackbot.store import StoreBusy

    monkeypatch.setattr(watch, "_BACK_OFF_S", (0.02, 0.05))
    real, failures = world.intake.take, 3

    def busy(*arguments: Any) -> int:
        nonlocal failures
        if failures:
            failures -= 1
            raise StoreBusy("database or disk is full")
        return real(*arguments)

    monkeypatch.setattr(world.intake, "take", busy)
    run = watching(server.port)
    run.wait_ready()
    server.append(USER, by(1))
    until(lambda: taken(world) == 1)

    assert failures == 0
    assert world.db.run("SELECT state FROM letters")[0]["state"] == "decided"


def test_a_defect_of_ours_does_not_end_the_watch(
    world: World, server: MailServer, watching: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that dies in silence would be the worst of all: whatever is raised, the watch goes on."""
    monkeypatch.setattr(watch, "_BACK_OFF_S", (0.02, 0.05))
    real, failures = Mailbox.select, 2

    def broken(self: Mailbox, folder: str) -> Any:
        nonlocal failures
        if failures:
            failures -= 1
            raise ZeroDivisionError
        return real(self, folder)

    monkeypatch.setattr(Mailbox, "select", broken)
    run = watching(server.port)

    run.wait_ready()
