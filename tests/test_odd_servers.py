"""IMAP as servers really are (E30 to E34): no answer stops an inbox, and none loses, doubles or delays a letter."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from ackbot.store import inboxes, outbox, status
from ackbot.wires.answers import fetched, found_by_search
from ackbot.wires.imap import WHOLE_UP_TO, parsed
from tests.support.badimap import BadImap
from tests.support.council import World
from tests.support.letters import by
from tests.support.watching import Run, subjects, taken, until, without_waits


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the waits between servers to nothing."""
    without_waits(monkeypatch)


STRUCTURES = {
    "a multipart without children": b'("MIXED" ("BOUNDARY" "x") NIL NIL)',
    "one word": b'("MIXED")',
    "nothing": b"()",
    "a number for a type": b'(5 7 NIL NIL NIL "7BIT" 12)',
    "a size that is none": b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" "many" 1)',
    "children that are words": b'(("TEXT" "PLAIN") "MIXED")',
    "brackets without end": b"(((((",
    "brackets beyond any depth": b"(" * 3_000 + b")" * 3_000,
    "an atom": b"BROKEN",
    "parts that it does not give": b'(("TEXT" "PLAIN" NIL NIL NIL "7BIT" 12 1)("TEXT" "HTML" NIL NIL NIL "7BIT" 9 1) "MIXED")',
}


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_a_structure_that_cannot_be_followed(world: World, watching: Callable[..., Run], structure: bytes) -> None:
    """E30: the large mail is read by its header and text, those around it as always, over one connection."""
    with BadImap() as bad:
        bad.mails = {6: by(6), 7: by(7), 8: by(8)}
        bad.sizes, bad.structures = {7: WHOLE_UP_TO + 1}, {7: structure}
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 3)
        run.end()
        assert bad.connections == 1

    assert subjects(world) == ["Matter 6", "Matter 7", "Matter 8"]
    assert "Words 7" in world.db.run("SELECT text FROM letters WHERE subject = 'Matter 7'")[0]["text"]


def test_e21_an_empty_answer_for_a_mail_that_has_a_size(world: World, watching: Callable[..., Run]) -> None:
    """E21: `BODY[] ""` with a size is as good as no answer, so the mail is read by its header and text."""

    class Empty(BadImap):
        def fetched(self, uid: int, command: str) -> bytes:
            if uid == 7 and "BODY.PEEK[]" in command:
                return b'* 1 FETCH (UID 7 BODY[] "")\r\n'
            return super().fetched(uid, command)

    with Empty() as bad:
        bad.mails = {6: by(6), 7: by(7), 8: by(8)}
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 3)
        run.end()

    assert sorted(subjects(world)) == ["Matter 6", "Matter 7", "Matter 8"]


def test_a_structure_that_breaks_the_connection(world: World, watching: Callable[..., Run]) -> None:
    """E30, D4: the server dies over the structure, and gives the rest when it is asked without: nothing is passed by."""

    def answer(_: BadImap, __: str, command: str) -> bytes | None:
        return b"DROP" if "BODYSTRUCTURE" in command else None

    with BadImap(answer) as bad:
        bad.mails = {7: by(7), 8: by(8)}
        bad.sizes = {7: WHOLE_UP_TO + 1}
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 2)
        run.end()

    assert subjects(world) == ["Matter 7", "Matter 8"]
    assert world.db.run("SELECT 1 FROM arrivals WHERE attempts > 0") == []


DATES = {
    "a zone of 99 hours": '"30-Nov-2026 10:12:00 +9900"',
    "the beginning of time": '"01-Jan-1970 00:00:00 +0000"',
    "the year 9999 in the west": '"31-Dec-9999 23:59:59 -0100"',
    "the 31st of February": '"31-Feb-2026 10:12:00 +0000"',
    "NIL": "NIL",
    "nothing in quotes": '""',
    "a literal": '{26}\r\n30-Nov-2026 10:12:00 +0000',
    "a list": "(1 2)",
    "brackets without end": "((((",
}  # fmt: skip


@pytest.mark.parametrize("date", DATES.values(), ids=DATES)
def test_a_date_that_cannot_be_read(world: World, watching: Callable[..., Run], date: str) -> None:
    """E30: the mail is taken as one that came now, acknowledged, and those beside it in the same reply are as well."""
    with BadImap() as bad:
        bad.mails = {6: by(6), 7: by(7), 8: by(8)}
        bad.dates = {7: date}
        run = watching(bad.port)
        run.wait_ready()
        bad.mails = {9: by(9), **{uid + 10: mail for uid, mail in bad.mails.items()}}
        bad.dates = {17: date}
        until(lambda: taken(world) == 4)
        run.end()

    assert len(world.outbox("acknowledgement")) == 4
    assert {row["arrived_at"][:4] for row in world.db.run("SELECT arrived_at FROM letters")} == {"2026"}


def test_a_mail_whose_size_breaks_the_connection(world: World, watching: Callable[..., Run]) -> None:
    """E30, D4: it is found by asking one by one, and fetched without its size; no other is passed by or lost."""

    def answer(bad: BadImap, _: str, command: str) -> bytes | None:
        asks_size = command.startswith("UID FETCH") and "RFC822.SIZE" in command
        return b"DROP" if asks_size and 7 in bad.named(command.split()[2]) else None

    with BadImap(answer) as bad:
        bad.mails = {uid: by(uid) for uid in range(5, 10)}
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 5)
        run.end()

    assert subjects(world) == [f"Matter {uid}" for uid in range(5, 10)]


def test_good_letters_do_not_wait_for_bad_ones(
    world: World, watching: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """D4: eight mails that break every connection stand before a letter: no wait between two connections grows meanwhile."""
    waits: list[float] = []

    def answer(bad: BadImap, _: str, command: str) -> bytes | None:
        asked = command.startswith("UID FETCH") and "BODY.PEEK" in command
        return b"DROP" if asked and min(bad.named(command.split()[2])) < 9 else None

    with BadImap(answer) as bad:
        bad.mails = {uid: by(uid) for uid in range(1, 10)}
        run = watching(bad.port, start="all")
        back_off = run.watcher._back_off
        monkeypatch.setattr(run.watcher, "_back_off", lambda failures: waits.append(failures) or back_off(failures))
        until(lambda: taken(world) == 1)
        run.end()

    assert subjects(world) == ["Matter 9"]
    assert set(waits) == {1}


def test_a_server_that_says_bye_to_every_command(world: World, watching: Callable[..., Run]) -> None:
    """E30: it lets us in and says BYE to whatever comes later: never "watching", waits that grow, and an end when we are told."""

    def answer(_: BadImap, __: str, command: str) -> bytes | None:
        return None if command.startswith(("CAPABILITY", "LOGIN", "LOGOUT")) else b"* BYE idle for too long\r\n"

    with BadImap(answer) as bad:
        run = watching(bad.port)
        until(lambda: bad.connections > 3)
        assert [row["state"] for row in inboxes.states(world.db)] == ["retrying"]
        assert run.watcher._failures > 2
        run.end()


@pytest.mark.parametrize("commands", [8, 9, 12])
def test_a_server_that_ends_every_session_soon(world: World, watching: Callable[..., Run], commands: int) -> None:
    """E30: after a few commands it says BYE to all: each session gets on, and the letters come in their order, once."""
    session = [0, 0]

    def answer(bad: BadImap, _: str, __: str) -> bytes | None:
        session[:] = [bad.connections, session[1] + 1 if session[0] == bad.connections else 1]
        return b"* BYE half a minute is enough\r\n" if session[1] > commands else None

    with BadImap(answer) as bad:
        bad.mails = {uid: by(uid) for uid in range(1, 25)}
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 24)
        run.end()

    assert subjects(world) == [f"Matter {uid}" for uid in range(1, 25)]


SEARCHES = {
    "several lines": b"* SEARCH 6\r\n* SEARCH 7 8\r\n",
    "twice": b"* SEARCH 6 7 8\r\n* SEARCH 6 7 8\r\n",
    "an empty one after it": b"* SEARCH 6 7 8\r\n* SEARCH\r\n",
    "ESEARCH": b'* ESEARCH (TAG "x") UID ALL 6:8\r\n',
    "ESEARCH with more": b'* ESEARCH (TAG "x") UID COUNT 3 ALL 8,6:7 MODSEQ 12\r\n',
    "both": b'* SEARCH 6\r\n* ESEARCH (TAG "x") UID ALL 7:8\r\n',
    "with MODSEQ": b"* SEARCH 6 7 8 (MODSEQ 917162500)\r\n",
    "untagged data between": b"* SEARCH 6\r\n* 3 EXPUNGE\r\n* OK still here\r\n* 2 FETCH (FLAGS (\\Seen))\r\n* SEARCH 7 8\r\n",
    # What cannot be understood is asked for in another way.
    "a word between": b"* SEARCH 6 x7 8\r\n",
    "NIL": b"* SEARCH NIL\r\n",
    "a literal": b"* SEARCH {1}\r\n6\r\n",
    "a count only": b'* ESEARCH (TAG "x") UID COUNT 3\r\n',
    "without end": b'* ESEARCH (TAG "x") UID ALL 6:4294967295\r\n',
    "sequence numbers": b'* ESEARCH (TAG "x") ALL 1:3\r\n',
    "none": b"",
}


@pytest.mark.parametrize("said", SEARCHES.values(), ids=SEARCHES)
def test_answers_to_search(world: World, watching: Callable[..., Run], said: bytes) -> None:
    """E32: the union of all; and a server whose answer cannot be understood is asked by FETCH."""

    def answer(bad: BadImap, tag: str, command: str) -> bytes | None:
        return said + f"{tag} OK done\r\n".encode() if command.startswith("UID SEARCH") else None

    with BadImap(answer) as bad:
        bad.mails = {6: by(6), 7: by(7), 8: by(8)}
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 3)
        run.end()

    assert subjects(world) == ["Matter 6", "Matter 7", "Matter 8"]


def test_what_cannot_be_understood_is_told(world: World, watching: Callable[..., Run]) -> None:
    """E32: neither SEARCH nor FETCH can be understood: retrying, with a reason, and never "watching"."""

    def answer(_: BadImap, tag: str, command: str) -> bytes | None:
        if command.startswith("UID SEARCH"):
            return f"* SEARCH x\r\n{tag} OK done\r\n".encode()
        return f"{tag} NO not today\r\n".encode() if command.startswith("UID FETCH") else None

    with BadImap(answer) as bad:
        run = watching(bad.port, start="all")
        until(lambda: bad.connections > 2)
        found = status.status(world.db, {"housing": 60.0}, world.now)["inboxes"][0]
        run.end()

    assert found["state"] == "retrying"
    assert "not today" in found["reason"]
    assert not run.watcher.ready.is_set()


def test_no_uidvalidity(world: World, watching: Callable[..., Run]) -> None:
    """E34: the reason names the folder, what is missing, and what an admin can do."""

    def answer(_: BadImap, tag: str, command: str) -> bytes | None:
        return f"* 1 EXISTS\r\n{tag} OK done\r\n".encode() if command.startswith("EXAMINE") else None

    with BadImap(answer) as bad:
        run = watching(bad.port)
        until(lambda: inboxes.states(world.db))
        reason = inboxes.states(world.db)[0]["reason"]
        run.end()

    assert "UIDVALIDITY for the folder INBOX" in reason
    assert "Ask whoever runs the mail server" in reason


def test_uidvalidity_by_status(world: World, watching: Callable[..., Run]) -> None:
    """E34: not told with EXAMINE, but with STATUS: that is as good."""

    def answer(bad: BadImap, tag: str, command: str) -> bytes | None:
        if command.startswith("EXAMINE"):
            return f"* 1 EXISTS\r\n{tag} OK done\r\n".encode()
        return (
            f"* STATUS INBOX (UIDVALIDITY 5 UIDNEXT 8)\r\n{tag} OK done\r\n".encode() if "STATUS" in command else None
        )

    with BadImap(answer) as bad:
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 1)
        run.end()


@pytest.mark.parametrize("later", [0, 40])
def test_numbers_that_go_back(world: World, watching: Callable[..., Run], later: int) -> None:
    """E31: UIDs begin anew under the same UIDVALIDITY; the new letters are read, the known ones are known. `later`: many came since."""
    with BadImap() as bad:
        bad.mails = {uid: by(uid) for uid in range(1, 8)}
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 7)
        if later:
            run.end()
        bad.dates = dict.fromkeys(range(3, 60), '"30-Nov-2026 10:13:00 +0000"')
        bad.mails = {1: by(1), 2: by(2), **{uid: by(100 + uid) + b"x" * uid for uid in range(3, 5 + later)}}
        if later:
            run = watching(bad.port, start="all")
        until(lambda: taken(world) == 9 + later)
        run.end()

    assert len(world.cases()) == 9 + later
    assert {row["uidvalidity"] for row in world.db.run("SELECT uidvalidity FROM arrivals")} == {5, -1}


def test_a_deleted_newest_mail_is_no_new_numbering(world: World, watching: Callable[..., Run]) -> None:
    """E31: the highest uid is below the watermark, and UIDNEXT is not: the server is asked once, and nothing is read again."""
    with BadImap() as bad:
        bad.mails = {1: by(1), 2: by(2)}
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 2)
        bad.uidnext = 3
        bad.mails = {1: by(1)}
        looks = bad.commands.count("NOOP")
        until(lambda: bad.commands.count("NOOP") > looks + 10)
        assert sum(command.startswith("EXAMINE") for command in bad.commands) == 2
        run.end()

    assert {row["uidvalidity"] for row in world.db.run("SELECT uidvalidity FROM arrivals")} == {5}


def test_a_server_that_renumbers_meanwhile(world: World, watching: Callable[..., Run]) -> None:
    """D7: the UIDVALIDITY changes while the folder is selected, told in passing: it is opened again."""
    validity = [5]

    def answer(bad: BadImap, tag: str, command: str) -> bytes | None:
        if command.startswith("NOOP") and validity == [6]:
            return f"* OK [UIDVALIDITY 6] anew\r\n{tag} OK done\r\n".encode()
        return bad.usual(tag, command).replace(b"UIDVALIDITY 5", b"UIDVALIDITY %d" % validity[0])

    with BadImap(answer) as bad:
        bad.mails = {5: by(5)}
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 1)
        validity[0], bad.mails = 6, {1: by(5), 2: by(6)}
        until(lambda: taken(world) == 2)
        run.end()

    assert len(world.cases()) == 2


ODD_DATA = {
    "a literal in FLAGS": b"* 1 FETCH (X-OLD {3}\r\n)(( FLAGS ())\r\n",
    "a broken line": b'* 1 FETCH (FLAGS (\\Seen "\r\n',
    "an alert": b'* OK [ALERT] Don"t\r\n',
    "a list": b'* LIST (\\HasNoChildren NIL {3}\r\na)(\r\n',
    "a status": b"* STATUS Sent\r\n",
}  # fmt: skip


@pytest.mark.parametrize("said", ODD_DATA.values(), ids=ODD_DATA)
@pytest.mark.parametrize("idle", [False, True])
def test_untagged_data_that_nobody_asked_for(
    world: World, watching: Callable[..., Run], said: bytes, idle: bool
) -> None:
    """D8, E30: it stands before every reply, and before the continuation of IDLE: one connection, and the letters come."""
    tags: list[str] = []

    def answer(bad: BadImap, tag: str, command: str) -> bytes | None:
        if command == "IDLE":
            tags.append(tag)
            return said + b"+ idling\r\n" + said
        return said + (f"{tags[-1]} OK done\r\n".encode() if tag == "DONE" else bad.usual(tag, command))

    with BadImap(answer) as bad:
        run = watching(bad.port, watch="idle" if idle else "poll", poll_every_s=0.05)
        run.wait_ready()
        bad.mails = {**bad.mails, 8: by(8)}
        until(lambda: taken(world) == 1)
        run.end()
        assert bad.connections == 1


STATUSES = {
    "no UIDNEXT": b"* STATUS Sent (UIDVALIDITY 5)\r\n",
    "no brackets": b"* STATUS Sent\r\n",
    "nothing": b"",
    "two lines": b"* STATUS Other (UIDVALIDITY 9 UIDNEXT 1)\r\n* STATUS {4}\r\nSent (UIDVALIDITY 5 UIDNEXT 8)\r\n",
    "words": b"* STATUS Sent (UIDVALIDITY x UIDNEXT y)\r\n",
}


@pytest.mark.parametrize("said", STATUSES.values(), ids=STATUSES)
def test_a_status_that_cannot_be_read(world: World, watching: Callable[..., Run], said: bytes) -> None:
    """E30: the Sent folder is opened instead, and its inbox watches on, without a warning."""

    def answer(_: BadImap, tag: str, command: str) -> bytes | None:
        return said + f"{tag} OK done\r\n".encode() if command.startswith("STATUS") else None

    with BadImap(answer) as bad:
        run = watching(bad.port, sent_folder="Sent", start="all")
        until(lambda: taken(world) == 1)
        until(lambda: inboxes.states(world.db))
        assert [(row["state"], row["reason"]) for row in inboxes.states(world.db)] == [("watching", "")]
        run.end()


def test_answers_one_by_one() -> None:
    """E30, E32: what is understood of a reply, when parts of it are not."""
    good = [b"1 (UID 7 RFC822.SIZE 12)", (b"2 (UID 8 BODY[] {2}", b"ab"), b" FLAGS ())", b"3 (UID ((", b"4 (FLAGS ())"]

    assert {uid: set(items) - {b"SEQ"} for uid, items in fetched(good, parsed).items()} == {
        7: {b"UID", b"RFC822.SIZE"},
        8: {b"UID", b"BODY[]", b"FLAGS"},
    }
    assert found_by_search([b"3 1", b"1 2"], []) == [1, 2, 3]
    assert found_by_search([None], []) == []
    assert found_by_search([], []) is None


def old(days: float, world: World) -> str:
    """An INTERNALDATE that many days ago."""
    return (world.now - timedelta(days=days)).strftime('"%d-%b-%Y %H:%M:%S +0000"')


def put_in(bad: BadImap, world: World, ages: list[float]) -> None:
    """Somebody puts letters of these ages, in days, into the folder."""
    first = max(bad.mails) + 1
    bad.dates.update({first + at: old(age, world) for at, age in enumerate(ages)})
    bad.mails = {**bad.mails, **{first + at: by(first + at) for at in range(len(ages))}}


def test_letters_put_in_later(world: World, watching: Callable[..., Run]) -> None:
    """E33, behaviour.md §5.4: up to 14 days old as any letter, with one sorry; older, a case without acknowledgement."""
    with BadImap() as bad:
        run = watching(bad.port)
        run.wait_ready()
        put_in(bad, world, [0, 3, 13.9, 14.1, 700])
        until(lambda: taken(world) == 5)
        run.end()
    rows = world.db.run("SELECT outcome, acknowledged, rule FROM letters ORDER BY id")

    assert [(row["outcome"], bool(row["acknowledged"])) for row in rows] == [("case", True)] * 3 + [("case", False)] * 2
    assert {row["rule"] for row in rows[3:]} == {"behaviour.md §5.4"}
    assert len(world.outbox("new-case")) == 5
    sorry = ["sorry this reply" in bytes(mail["content"]).decode() for mail in world.outbox("acknowledgement")]
    assert sorry == [False, True, True]


def test_many_letters_put_in_wait(world: World, watching: Callable[..., Run]) -> None:
    """E33: the 21st of an hour and all after it wait for `release`; the admin is told once; new letters do not wait for them."""
    with BadImap() as bad:
        run = watching(bad.port)
        run.wait_ready()
        put_in(bad, world, [600] * 30)
        put_in(bad, world, [0])
        until(lambda: taken(world) == 21)
        assert len(world.outbox("acknowledgement")) == 1
        assert [mail["dedupe_key"][:6] for mail in world.outbox("admin")] == ["put-in"]
        found = status.status(world.db, {"housing": 60.0}, world.now)
        assert (found["put_in"], found["not_fetched"]) == (10, 0)
        assert "10 old letters that were put in wait for `ackbot release`" in found["wrong"]
        world.after(hours=2)
        put_in(bad, world, [500])  # another hour: one of them is as always
        until(lambda: taken(world) == 22)
        outbox.release(world.db, "", world.now.date(), world.now)
        until(lambda: taken(world) == 32)
        run.end()

    assert len(world.cases()) == 32
    assert len(world.outbox("acknowledgement")) == 1


def test_an_outage_is_no_import(world: World, watching: Callable[..., Run]) -> None:
    """E33: ackbot was off for a month: what arrived meanwhile is answered, late, however old; and so is what a mail broke over."""
    with BadImap() as bad:
        run = watching(bad.port)
        run.wait_ready()
        run.end()
        world.after(days=40)
        put_in(bad, world, [39, 20, 1])
        run = watching(bad.port)
        until(lambda: taken(world) == 3)
        put_in(bad, world, [39, 20, 1])
        until(lambda: taken(world) == 6)
        run.end()

    assert len(world.outbox("acknowledgement")) == 4


def test_an_import_of_known_letters(world: World, watching: Callable[..., Run]) -> None:
    """E33, D14: a copy of a mailbox is put in, all of it known: no case, no mail, and nobody need release anything."""
    with BadImap() as bad:
        bad.mails = {uid: by(uid) for uid in range(1, 41)}
        run = watching(bad.port, start="all")
        until(lambda: taken(world) == 40)
        sent = len(world.outbox())
        world.after(days=60)
        bad.dates = {uid: old(60, world) for uid in range(41, 81)}
        bad.mails = {**bad.mails, **{uid + 40: by(uid) for uid in range(1, 41)}}
        until(lambda: len(world.db.run("SELECT 1 FROM arrivals WHERE letter_id IS NOT NULL")) == 80)
        run.end()

    assert len(world.outbox()) == sent
    assert status.status(world.db, {"housing": 60.0}, world.now)["put_in"] == 0
