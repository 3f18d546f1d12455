"""The outbox goes out: states, errors, limits, order, attachments; over real SMTP to servers that misbehave."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog.testing

from ackbot.demo.servers import MailServer
from ackbot.store import lanes, outbox
from ackbot.work.dispatch import Dispatcher
from ackbot.work.relay_limits import Limiter
from ackbot.work.undelivered import Undelivered
from tests.support.badsmtp import BadSmtp
from tests.support.council import World
from tests.support.letters import letter, parsed

pytestmark = pytest.mark.usefixtures("store")

HOUSING = "housing@northgate.example"


def states(world: World) -> list[tuple[str, str]]:
    """Kind and state of every mail, oldest first."""
    return [(mail["kind"], mail["state"]) for mail in world.outbox()]


def leases_end(world: World) -> None:
    """End every claim, so that no test has to wait for it."""
    world.db.run("UPDATE outbox SET lease_until_s = 0 WHERE lease_until_s IS NOT NULL")


def run(one: Dispatcher, rounds: int = 3) -> None:
    """A few rounds, as the thread would do them; the relay's trouble is over each time."""
    for _ in range(rounds):
        one._state = replace(one._state, quiet_until_s=0.0)
        one.round()


def test_everything_goes_out_once(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """P2: accepted is terminal, the relay's reply with its queue id is kept, and later rounds send nothing more."""
    world.receive(letter())
    with BadSmtp() as server:
        run(dispatcher(server), 5)
    mails = world.outbox()

    assert [mail["state"] for mail in mails] == ["accepted", "accepted"]
    assert mails[0]["reply"] == "250 2.0.0 ok queued as 4711"
    assert [(sender, to) for sender, to, _ in server.mails] == [
        (HOUSING, ["edward@resident.example"]),
        (HOUSING, ["priya@northgate.example"]),
    ]
    assert server.mails[0][2] == bytes(mails[0]["content"])


def test_urgent_then_acknowledgements_then_staff(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """D49, design.md: the order is urgent, acknowledgement, then staff, whatever was written first."""
    for number in range(3):
        world.receive(
            letter(sender=f"P <p{number}@r.example>", subject=f"Matter {number}", message_id=f"<{number}@r.example>")
        )
    world.receive(
        letter(sender="N <n@r.example>", subject="Smell", text="There is a smell of gas.\n", message_id="<n@r.example>")
    )
    with BadSmtp() as server:
        run(dispatcher(server))
    kinds = [parsed(content)["X-Ackbot-Kind"] for _, _, content in server.mails]

    assert kinds == ["urgent"] + ["acknowledgement"] * 4 + ["new-case"] * 4


@pytest.mark.parametrize(
    ("where", "reply"), [("DOT", "451 4.3.0 later"), ("RCPT", "450 4.2.0 greylisted"), ("DOT", "432 4.3.2 too many")]
)
def test_later_is_tried_again_and_the_case_stands(
    world: World, dispatcher: Callable[..., Dispatcher], where: str, reply: str
) -> None:
    """D46, D49: a 4xx undoes no case; the mail waits, ever longer, and then goes out once."""
    world.receive(letter())
    with BadSmtp(lambda what, _: reply if what == where else None) as server:
        one = dispatcher(server)
        run(one)
        assert states(world) == [("acknowledgement", "queued"), ("new-case", "queued")]
        assert len(world.cases()) == 1
        assert world.outbox()[0]["reply"] == reply
        assert world.outbox()[0]["not_before"] > world.outbox()[0]["created_at"]
        server.answer = None
        world.after(minutes=2)
        run(one)

    assert [state for _, state in states(world)] == ["accepted", "accepted"]
    assert len(server.mails) == 2


def test_five_days_of_later_are_a_refusal(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """RFC 5321 §4.5.4.1: a mail is not tried for ever; and not given up at its first attempt after an outage of a week."""
    world.receive(letter())
    with BadSmtp(lambda what, _: "451 4.3.0 later" if what == "DOT" else None) as server:
        one = dispatcher(server)
        world.after(days=7)
        for _ in range(5):
            run(one, 1)
            assert states(world) == [("acknowledgement", "queued"), ("new-case", "queued")]
            world.after(days=1)
        run(one, 1)

    assert ("acknowledgement", "failed") in states(world)


def test_a_refused_recipient_is_told_to_owner_and_admin(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """design.md: 5xx at RCPT fails the row; owner and admin hear of it once; the others go out."""
    world.receive(letter())
    with BadSmtp(
        lambda what, line: "550 5.1.1 user unknown" if what == "RCPT" and "edward@" in line else None
    ) as server:
        run(dispatcher(server), 5)
    told = [to[0] for _, to, content in server.mails if parsed(content)["X-Ackbot-Kind"] in ("admin", "ask-back")]

    assert ("acknowledgement", "failed") in states(world)
    assert sorted(told) == ["admins@northgate.example", "priya@northgate.example"]


def test_a_failing_admin_mail_makes_no_new_one(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """design.md: no mail about a mail about a mail; the log has that one was refused, nobody else hears of it."""
    world.receive(letter())
    with (
        structlog.testing.capture_logs() as lines,
        BadSmtp(lambda what, _: "550 5.1.1 user unknown" if what == "RCPT" else None) as server,
    ):
        run(dispatcher(server), 10)

    assert [line["kind"] for line in lines if line["event"] == "refused"].count("admin") == 3
    assert {state for _, state in states(world)} == {"failed"}
    assert (
        len([kind for kind, _ in states(world) if kind == "admin"]) == 3
    )  # to admin and owner for the resident's, to the admin for the owner's


@pytest.mark.parametrize(
    ("where", "reply"),
    [
        ("CONNECT", "554 no"),
        ("EHLO HELO", "550 no"),
        ("MAIL", "550 5.7.60 SendAsDenied"),
        ("DOT", "554 5.2.0"),
        ("MAIL", "452 4.5.3 slow down"),
    ],
)
def test_the_relays_trouble_keeps_every_mail(
    world: World, dispatcher: Callable[..., Dispatcher], where: str, reply: str
) -> None:
    """D49, design.md: the lane waits, `status` says why, the admin is told once, nothing is dropped; afterwards all goes out once."""
    world.receive(letter())
    with BadSmtp(lambda what, _: reply if what in where.split() else None) as server:
        one = dispatcher(server)
        run(one, 4)
        lane = world.db.run("SELECT * FROM lanes")[0]
        assert lane["reason"].startswith(reply)
        assert {state for _, state in states(world)} == {"queued"}
        assert [kind for kind, _ in states(world)].count("admin") == 1
        server.answer = None
        world.after(minutes=2)
        run(one, 4)

    assert {state for _, state in states(world)} == {"accepted"}
    assert len(server.mails) == 3
    assert world.db.run("SELECT reason FROM lanes")[0]["reason"] == ""


def refusing(server: BadSmtp, words: str, reply: str = "550 5.7.1 edward@resident.example: Damp") -> None:
    """From now on the relay refuses mail with these words after DATA."""
    server.answer = lambda what, _: reply if what == "DOT" and words in server.content.decode() else None


def test_one_refused_mail_keeps_no_other(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """
    D49, design.md: 5.7.x after DATA for one mail while others go through: it waits by itself, and with the fourth such
    refusal it fails; owner and admin are told once, without words that may be the resident's (P11).
    """
    world.receive(letter())
    with BadSmtp() as server:
        refusing(server, "To: Edward Quan")
        one = dispatcher(server)
        for number in range(6):
            sender = f"P <p{number}@resident.example>"
            world.receive(letter(sender=sender, subject=f"Matter {number}", message_id=f"<{number}@r.example>"))
            run(one)
            assert world.db.run("SELECT * FROM lanes WHERE reason <> ''") == []
            assert {mail["state"] for mail in world.outbox()[1:]} == {"accepted"}
            world.after(minutes=20)
        run(one)
    told = [content.decode() for _, _, content in server.mails if parsed(content)["X-Ackbot-Kind"] == "admin"]

    assert states(world)[0] == ("acknowledgement", "failed")
    assert world.outbox()[0]["reply"] == "550 5.7.1 edward@resident.example: Damp"
    assert [one for one in states(world) if one[0] == "admin"] == [("admin", "accepted")] * 2
    assert all("550 5.7.1" in mail and "edward@" not in mail and "Damp" not in mail for mail in told)
    assert server.refused == 4


def test_the_admins_mail_is_not_behind_what_is_refused(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """D49: the relay takes no acknowledgement at all: the admin hears of it, and owners get their letters."""
    for number in range(6):
        sender = f"P <p{number}@resident.example>"
        world.receive(letter(sender=sender, subject=f"Matter {number}", message_id=f"<{number}@r.example>"))
    with BadSmtp() as server:
        refusing(server, "X-Ackbot-Kind: acknowledgement")
        one = dispatcher(server)
        for _ in range(3):
            run(one, 2)
        assert [kind for kind, state in states(world) if state == "accepted"].count("admin") == 1
        for _ in range(8):
            run(one, 8)
            world.after(minutes=20)

    assert {state for kind, state in states(world) if kind != "acknowledgement"} == {"accepted"}
    assert {state for kind, state in states(world) if kind == "acknowledgement"} <= {"queued", "failed"}
    assert lanes.known(world.db)[0]["reason"] == "550 5.7.1"


def test_many_refused_letters_hide_no_alarm(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """P1, D49: letters that no officer's server takes, before and after a cry for help: the second look at the latest takes it."""

    def strange(number: int) -> None:
        sender, text = f"P <p{number}@resident.example>", f"STRANGE {number}"
        world.receive(letter(sender=sender, subject=f"Matter {number}", text=text, message_id=f"<{number}@r.example>"))

    for number in range(30):
        strange(number)
    with BadSmtp() as server:
        refusing(server, "STRANGE", "554 5.7.1 spam")
        one = dispatcher(server)
        run(one, 8)
        assert one._state.troubles
        world.receive(letter(text="I smell gas in my kitchen.\n", message_id="<gas@r.example>"))
        for number in range(30, 40):
            strange(number)
        run(one, 2)

    assert [state for kind, state in states(world) if kind == "urgent"] == ["accepted"]


@pytest.mark.parametrize("where", ["DOT", "RCPT", "MAIL", "DATA"])
@pytest.mark.parametrize("code", ["550 5.7.1", "554 5.2.0", "550", "451 4.3.0", "421"])
def test_logs_have_codes_only(world: World, dispatcher: Callable[..., Dispatcher], where: str, code: str) -> None:
    """P11: whatever a relay quotes of the resident, and wherever it does, no log line has it."""
    world.receive(letter())
    quoted = f"{code} <edward@resident.example> Damp in the bedroom"
    with (
        structlog.testing.capture_logs() as lines,
        BadSmtp(lambda what, _: quoted if what == where else None) as server,
    ):
        one = dispatcher(server)
        run(one)
        world.after(days=6)
        run(one)

    assert any(line.get("code") == code for line in lines)
    assert not any(word in str(lines) for word in ("edward", "Damp", "bedroom"))


def test_a_lone_refused_mail_is_kept(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """D49: nothing else tells whose trouble it is: `status` and the admin's mail say so, and nothing is dropped."""
    world.receive(letter())
    world.db.run("DELETE FROM outbox WHERE kind <> 'acknowledgement'")
    with BadSmtp() as server:
        server.answer = lambda what, _: "550 5.7.1 Damp" if what == "DOT" else None
        one = dispatcher(server)
        for _ in range(6):
            run(one)
            world.after(hours=1)
        assert lanes.known(world.db)[0]["reason"] == "550 5.7.1"
        server.answer = None
        run(one)

    assert states(world) == [("acknowledgement", "accepted"), ("admin", "accepted")]
    assert lanes.known(world.db)[0]["reason"] == ""


def test_trouble_that_a_restart_mends(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """`status` is fine again when the new process's first mail goes out."""
    world.receive(letter())
    with BadSmtp(lambda what, _: "554 no" if what == "CONNECT" else None) as server:
        run(dispatcher(server))
        server.answer = None
        run(dispatcher(server))

    assert lanes.known(world.db)[0]["reason"] == ""


def test_a_mail_that_breaks_us_keeps_no_other(
    world: World, dispatcher: Callable[..., Dispatcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """D46: a defect of ours about one mail is that mail's trouble: the others go out, and in the end it is told as refused."""
    world.receive(letter())
    with BadSmtp() as server:
        one = dispatcher(server)
        real = one._attachments.of
        broken = lambda mail: real(mail) if mail.kind != "acknowledgement" else {}["files"]  # noqa: E731
        monkeypatch.setattr(one._attachments, "of", broken)
        for number in range(6):
            world.receive(letter(text="More.\n", message_id=f"<{number}@r.example>"))
            run(one)
            world.after(minutes=20)
    mails = world.outbox()

    assert (mails[0]["state"], mails[0]["reply"]) == ("failed", "internal error: KeyError")
    assert {mail["state"] for mail in mails[1:]} == {"accepted"}


def test_a_defect_that_repeats_is_told(
    world: World, dispatcher: Callable[..., Dispatcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first failure is ignored. Then `status` shows it, the admin gets one mail, and it is tried ever less often."""
    world.receive(letter())
    with BadSmtp() as server:
        one = dispatcher(server)
        rounds = 0

        def round_() -> float:
            nonlocal rounds
            rounds += 1
            if rounds == 4:
                one._stop.set()
            raise IndexError("edward@resident.example")

        monkeypatch.setattr(one, "round", round_)
        monkeypatch.setattr("ackbot.work.dispatch._IDLE_S", 0.001)
        one.run()

    assert lanes.known(world.db)[0]["reason"] == "internal error: IndexError"
    assert [kind for kind, _ in states(world)].count("admin") == 1
    assert one._state.troubles == 3


def test_the_relay_is_down(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """D46: nobody listens: cases are opened all the same, and mails go out when somebody does."""
    world.receive(letter())
    with BadSmtp() as server:
        port = server.port
    one = dispatcher(port)
    run(one)

    assert {state for _, state in states(world)} == {"queued"}
    assert len(world.cases()) == 1


def test_unknown_ends_are_resent_once_with_the_same_id(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """D47, P2: the final dot was sent and no reply read: after 15 minutes one repeat, then terminal, told once."""
    world.receive(letter())
    sent: list[str] = []

    def drop(what: str, line: str) -> str | None:
        if what == "RCPT":
            sent.append(line)
        return "DROP" if what == "DOT" and "edward@" in sent[-1] else None

    with BadSmtp(drop) as server:
        one = dispatcher(server)
        run(one, 4)
        assert states(world)[0] == ("acknowledgement", "unknown")
        world.after(minutes=14)
        run(one, 2)
        assert sum("edward@" in line for line in sent) == 1
        world.after(minutes=2)
        run(one, 4)
        assert states(world)[0] == ("acknowledgement", "unverified")
        for _ in range(10):
            world.after(hours=1)
            run(one, 2)

    assert sum("edward@" in line for line in sent) == 2
    assert len([one for one in states(world) if one[0] == "admin"]) == 1


def test_the_repeat_is_the_same_mail(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """P2: at most one repeat, to the octet the same."""
    world.receive(letter())
    drops = ["DROP"]
    with BadSmtp(lambda what, _: drops.pop() if what == "DOT" and drops else None) as server:
        one = dispatcher(server)
        run(one, 3)
        world.after(minutes=16)
        run(one, 3)
    to_resident = [content for _, to, content in server.mails if to == ["edward@resident.example"]]

    assert to_resident == [bytes(world.outbox("acknowledgement")[0]["content"])]
    assert world.outbox("acknowledgement")[0]["state"] == "accepted"


def test_the_sent_folder_is_looked_at_first(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """D47: what lies in the Sent folder was taken, and is not sent again."""
    world.receive(letter())
    acknowledgement = world.outbox("acknowledgement")[0]
    drops = ["DROP"]
    with (
        MailServer({HOUSING: "secret"}) as mailboxes,
        BadSmtp(lambda what, _: drops.pop() if what == "DOT" and drops else None) as server,
    ):
        with mailboxes.client(HOUSING) as person:
            person.create_folder("Sent Items")
        one = dispatcher(server, mailboxes=mailboxes, sent_folder="Sent Items")
        run(one, 3)
        mailboxes.append(HOUSING, bytes(acknowledgement["content"]), folder="Sent Items")
        world.after(minutes=16)
        run(one, 3)

    assert world.outbox("acknowledgement")[0]["state"] == "accepted"
    assert world.outbox("acknowledgement")[0]["reply"] == "seen in the Sent folder"
    assert [to for _, to, _ in server.mails] == [["priya@northgate.example"]]


def test_no_repeat_after_the_mode_was_lowered(
    world: World, make_world: Callable[..., World], dispatcher: Callable[..., Dispatcher]
) -> None:
    """behaviour.md §5.1: a mail whose end is unknown is not sent once more by an inbox that sends nothing now."""
    world.receive(letter())
    quiet = make_world(('team = "housing"\nmode = "live"', 'team = "housing"\nmode = "shadow"'))
    with BadSmtp(lambda what, _: "DROP" if what == "DOT" else None) as server:
        run(dispatcher(server))
        server.answer = None
        world.after(minutes=16)
        world.config = quiet.config
        run(dispatcher(server))

    assert server.mails == []
    assert {(mail["state"], mail["held_for"]) for mail in world.outbox()} == {("held", "shadow")}


def test_a_failure_after_acceptance_sends_nothing_again(
    world: World, dispatcher: Callable[..., Dispatcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """D47: the relay took it and the store could not be written: remembered, recorded when it can, never sent twice."""
    from ackbot.store import StoreBusy

    world.receive(letter())
    real, failures = outbox.accepted, 3

    def failing(*arguments: Any) -> Any:
        nonlocal failures
        if failures:
            failures -= 1
            raise StoreBusy("disk full")
        return real(*arguments)

    monkeypatch.setattr(outbox, "accepted", failing)
    with BadSmtp() as server:
        one = dispatcher(server)
        for _ in range(8):
            try:
                run(one, 1)
            except StoreBusy:
                continue
        world.after(minutes=30)
        leases_end(world)
        outbox.recover(world.db, world.now, alone=False)
        run(one, 4)

    assert [to for _, to, _ in server.mails].count(["edward@resident.example"]) == 1
    assert {state for _, state in states(world)} == {"accepted"}


def test_a_frozen_worker_that_wakes_sends_nothing(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """design.md: when its lease ended, others took the rows over; its conditional update touches none (P2)."""
    world.receive(letter())
    with BadSmtp() as server:
        frozen, other = dispatcher(server, worker="frozen"), dispatcher(server, worker="other")
        claimed = outbox.claim(world.db, "default", "frozen", world.now, 300, 20)
        leases_end(world)
        outbox.recover(world.db, world.now, alone=False)
        run(other)
        frozen._send_all(claimed)

    assert len(server.mails) == 2
    assert {state for _, state in states(world)} == {"accepted"}


def taken_over(world: World) -> list[outbox.Outgoing]:
    """A worker froze with two claimed mails in hand; its claims ended, and another worker has claimed both since."""
    world.receive(letter())
    claimed = outbox.claim(world.db, "default", "frozen", world.now, 300, 20)
    leases_end(world)
    outbox.recover(world.db, world.now, alone=False)
    assert len(outbox.claim(world.db, "default", "other", world.now, 300, 20)) == len(claimed) == 2
    return claimed


def hands(world: World) -> set[tuple[str, str | None]]:
    """In which state mails are, and in whose hands; without the mail that tells the admin of trouble."""
    return {(mail["state"], mail["claimed_by"]) for mail in world.outbox() if mail["kind"] != "admin"}


def test_a_claim_that_another_has_now_begins_nothing(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """P2: `sending` is committed only by the worker whose claim it still is, though the row is claimed: by another."""
    claimed = taken_over(world)
    with BadSmtp() as server:
        dispatcher(server, worker="frozen")._send_all(claimed)

    assert server.mails == []
    assert hands(world) == {("claimed", "other")}


def test_nobody_gives_back_what_another_has_claimed(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """P2: when the relay is away, untried mails go back, except those that another worker has and may be sending."""
    claimed = taken_over(world)
    with BadSmtp(lambda what, _: "554 no" if what == "CONNECT" else None) as server:
        dispatcher(server, worker="frozen")._send_all(claimed)

    assert hands(world) == {("claimed", "other")}


def test_what_a_dead_process_left(world: World) -> None:
    """P2: claimed mails go back; one that was being sent has an unknown end."""
    world.receive(letter())
    first, _ = outbox.claim(world.db, "default", "dead", world.now, 300, 20)
    assert outbox.begin_sending(world.db, first, "dead")
    outbox.recover(world.db, world.now, alone=True)

    assert states(world) == [("acknowledgement", "unknown"), ("new-case", "queued")]


def test_a_worker_that_dies_before_it_tells(world: World) -> None:
    """P1: a mail that is `unverified` is told to the admin once, though the worker that found it so was killed before it told."""
    world.receive(letter())
    first, _ = outbox.claim(world.db, "default", "dead", world.now, 300, 20)
    assert outbox.begin_sending(world.db, first, "dead")
    world.db.run("UPDATE outbox SET resent = :yes WHERE id = :id", yes=True, id=first.id)
    assert [one.id for one in outbox.recover(world.db, world.now, alone=True)] == [first.id]
    again = outbox.recover(world.db, world.now, alone=True)
    assert [one.id for one in again] == [first.id]
    Undelivered(world.db, world.office).unverified(again[0], world.now)

    assert outbox.recover(world.db, world.now, alone=True) == []
    assert len(world.outbox("admin")) == 1


def test_relay_limits_slow_and_never_drop(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """D49: 28 a minute, 10,000 a day: the queue waits, acknowledgements first."""
    for number in range(4):
        world.receive(
            letter(sender=f"P <p{number}@r.example>", subject=f"Matter {number}", message_id=f"<{number}@r.example>")
        )
    with BadSmtp() as server:
        one = dispatcher(server, limiter=Limiter(4, 100))
        waits = [one.round() for _ in range(3)]
        kinds = [parsed(content)["X-Ackbot-Kind"] for _, _, content in server.mails]

    assert kinds == ["acknowledgement"] * 4
    assert 50 < waits[-1] <= 60
    assert [state for _, state in states(world)].count("queued") == 4


@pytest.mark.parametrize(
    ("per_minute", "per_day", "sent", "wanted", "free"),
    [
        (0, 0, [], 20, 20),
        (5, 0, [], 20, 5),
        (5, 0, [30.0, 31.0], 20, 3),
        (5, 0, [-60.0, -50.0], 20, 5),
        (0, 3, [-80_000.0, -70_000.0], 20, 1),
        (5, 3, [1.0, 2.0, 3.0], 20, 0),
    ],
)
def test_limiter(per_minute: int, per_day: int, sent: list[float], wanted: int, free: int) -> None:
    """D49: a sliding minute and a sliding day; what was sent before a restart counts."""
    assert Limiter(per_minute, per_day, sent).take(wanted, 60.0)[0] == free


def test_pause_resume_and_release(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """behaviour.md §5.2: paused, everything is read and nothing sent but urgent alarms; resumed, it goes out."""
    world.receive(letter())
    assert outbox.pause(world.db, "", world.now) == 2
    world.receive(
        letter(sender="N <n@r.example>", subject="Smell", text="There is a smell of gas.\n", message_id="<n@r.example>")
    )
    with BadSmtp() as server:
        one = dispatcher(server)
        run(one)
        assert [parsed(content)["X-Ackbot-Kind"] for _, _, content in server.mails] == ["urgent"]
        assert outbox.resume(world.db, "", world.now) == 4
        run(one)

    assert len(server.mails) == 5


def test_attachments_are_streamed_to_the_owner(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """D19: files come from the mailbox while the mail goes out; those over the limit are named in their place; the store keeps none."""
    small, big = "QUJD\r\n" * 10, f"{'QUJD' * 18}\r\n" * 100_000
    body = "".join(
        f'--b\r\nContent-Type: image/jpeg; name="{name}"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n{content}'
        for name, content in (("small.jpg", small), ("big.jpg", big))
    )
    raw = letter(content_type="multipart/mixed; boundary=b", text="").replace(
        b"\r\n\r\n", f"\r\n\r\n--b\r\n\r\nSee the photos.\r\n{body}--b--\r\n".encode(), 1
    )
    with MailServer({HOUSING: "secret"}) as mailboxes, BadSmtp() as server:
        mailboxes.append(HOUSING, raw)
        with mailboxes.client(HOUSING) as person:
            uidvalidity = person.select_folder("INBOX")[b"UIDVALIDITY"]
        world.receive(raw, uid=101, uidvalidity=uidvalidity)
        run(dispatcher(server, mailboxes=mailboxes))
    stored = world.outbox("new-case")[0]
    mail = parsed(next(content for _, to, content in server.mails if to == ["priya@northgate.example"]))
    parts = list(mail.iter_parts())

    assert [part.get_filename() for part in parts] == [None, "small.jpg", None]
    assert parts[1].get_content() == b"ABC" * 10
    assert "too large or could not be had: big.jpg" in " ".join(parts[2].get_content().split())
    assert len(stored["content"]) < 5_000
    assert json.loads(stored["attachments"])["uid"] == 101


def test_attachments_that_cannot_be_had_hold_nothing_up(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """D46: the mailbox is gone: after three tries the owner gets the letter without its files, and is told where they are."""
    body = b"--b\r\n\r\nSee.\r\n--b\r\nContent-Type: image/jpeg; name=a.jpg\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--\r\n"
    world.receive(
        letter(content_type="multipart/mixed; boundary=b", text="").replace(b"\r\n\r\n", b"\r\n\r\n" + body, 1)
    )
    with BadSmtp() as server:
        one = dispatcher(server)
        for _ in range(4):
            run(one, 1)
            world.after(hours=1)
    mail = parsed(next(content for _, to, content in server.mails if to == ["priya@northgate.example"]))

    assert "could not be had: a.jpg" in " ".join(list(mail.iter_parts())[1].get_content().split())
