"""Alarms do not drown each other: one chain for each resident, one list above five chains (E9, behaviour.md §3.9)."""

from collections.abc import Callable
from typing import Any

import pytest

from ackbot.mail import quoting
from ackbot.mail.addresses import mailbox_of
from tests.support.letters import letter, parsed, plain
from tests.support.story import Story

pytestmark = pytest.mark.usefixtures("store")
GAS = "There is a strong smell of gas in our kitchen."


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    return make_story()


def gas(number: int, sender: str, **fields: Any) -> bytes:
    return letter(
        sender=sender,
        **{"subject": f"Matter {number}", "text": f"{GAS} Number {number}.\n", "message_id": f"<g{number}@r.example>"}
        | fields,
    )


def untaken(story: Story) -> set[str]:
    return {row["code"] for row in story.db.run("SELECT code FROM alarms WHERE taken_by = ''")}


def hour(story: Story) -> None:
    for minute in range(13, 72):
        story.at(f"2026-11-30 {10 + minute // 60}:{minute % 60:02}")


def mails(story: Story) -> list[str]:
    return [plain(bytes(row["content"])) for row in story.outbox("urgent")]


def test_forty_from_one_address_are_one_chain(story: Story) -> None:
    """E9: one mail at once and one each ten minutes, which counts them; every case alarms until it is taken for itself."""
    for number in range(40):
        story.receive(gas(number, "Edward Quan <edward@resident.example>"))
    assert len(story.outbox("urgent")) == 1
    hour(story)

    assert len(story.outbox("urgent")) == 6
    assert len(untaken(story)) == 40
    assert "Edward Quan has written 40 such letters." in " ".join(mails(story)[-1].split())
    for row in story.db.run("SELECT code FROM cases"):
        assert story.office.council.reference_of(row["code"]) in mails(story)[-1]


@pytest.mark.parametrize(
    "spelling",
    ["e.quan+{0}@gmail.com", "equan+{0}@googlemail.com", "EQUAN+x{0}@Gmail.com", "e.q.u.a.n+{0}@gmail.com"],
)
def test_spellings_of_one_address_are_one_chain(story: Story, spelling: str) -> None:
    """E9, E12: plus tags, and dots where the provider ignores them."""
    story.receive(gas(99, "equan@gmail.com"))
    for number in range(6):
        story.receive(gas(number, spelling.format(number)))

    assert len(story.outbox("urgent")) == 1
    assert len(untaken(story)) == 7


def test_mailboxes_apart() -> None:
    """E12: a dot counts where providers do not ignore it; nothing before a plus is no mailbox of everybody's."""
    assert mailbox_of("e.quan@resident.example") != mailbox_of("equan@resident.example")
    assert mailbox_of("+a@resident.example") != mailbox_of("+b@resident.example")
    assert mailbox_of("e+q@resident.example") == "e@resident.example"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x@fi.fastmail.com", "fi+y@fastmail.com"),
        ("x@fi.fastmail.co.uk", "fi@fastmail.co.uk"),
        ("fi-shop@yahoo.com", "fi@yahoo.com"),
        ("fi-shop@yahoo.co.uk", "fi-bank@yahoo.co.uk"),
        ("f.i-x_y@proton.me", "fixy@pm.me"),
        ("f_ixy@protonmail.com", "fixy+z@proton.me"),
        ("fi+x@me.com", "fi@icloud.com"),
        ("fi@mac.com", "fi+y@icloud.com"),
        ("f.i+x@googlemail.com", "fi@gmail.com"),
    ],
)
def test_one_mailbox_by_two_spellings(one: str, other: str) -> None:
    """E12: the tags, ignored signs and second domains of the large providers."""
    assert mailbox_of(one) == mailbox_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("fi@fastmail.com", "fi@fastmail.fm"),
        ("x@fi.resident.example", "fi@resident.example"),
        ("a-b@resident.example", "a@resident.example"),
        ("a-b@gmail.com", "a@gmail.com"),
        ("a_b@gmail.com", "ab@gmail.com"),
        ("a.b@yahoo.com", "ab@yahoo.com"),
        ("a-b@yahoo.resident.example", "a@yahoo.resident.example"),
        ("a.b@icloud.com", "ab@icloud.com"),
        ("-a@yahoo.com", "-b@yahoo.com"),
        ("fi@yahoo.com", "fi@yahoo.co.uk"),
    ],
)
def test_two_mailboxes_with_like_spellings(one: str, other: str) -> None:
    """E12: what one provider ignores is a difference at another; an honest resident has no stranger's cap."""
    assert mailbox_of(one) != mailbox_of(other)


def test_forty_from_forty_addresses_are_a_list(story: Story) -> None:
    """E9: five mails, then lists of all that nobody has taken; none is dropped, and the real one in the middle is in it."""
    for number in range(40):
        words = "I smell gas, my baby will not wake up." if number == 23 else GAS
        story.receive(gas(number, f"p{number}@resident{number}.example", text=f"{words} Number {number}.\n"))
    assert len(story.outbox("urgent")) == 5
    story.at("2026-11-30 10:14")
    assert len(story.outbox("urgent")) == 6
    assert mails(story)[-1].count("\n- RBN-") == 40
    assert "my baby will not wake up" in " ".join(mails(story)[-1].split())
    hour(story)

    assert len(story.outbox("urgent")) <= 12
    assert len(untaken(story)) == 40
    assert "40 cases are urgent" in mails(story)[-1]


def test_each_is_taken_for_itself(story: Story) -> None:
    """E9: TAKE by a list's link or by its line ends that alarm, and the list goes on without it; five left have mails again."""
    for number in range(8):
        story.receive(gas(number, f"p{number}@resident{number}.example"))
    story.at("2026-11-30 10:15")
    mail = story.mail("urgent")
    assert "8 cases" in str(parsed(bytes(mail["content"]))["Subject"])
    codes = [row["code"] for row in story.db.run("SELECT code FROM cases ORDER BY id")]
    references = [story.office.council.reference_of(code) for code in codes]
    story.follow(mail, "TAKE", references[0], "")
    assert untaken(story) == set(codes[1:])
    story.reply(mail, f"{references[1]} TAKE\n{references[2]} TAKE")
    assert untaken(story) == set(codes[3:])
    story.after(minutes=11)
    story.rounds.tick()

    assert len(story.outbox("urgent")) == 6 + 5
    assert all(references[0] not in one for one in mails(story)[-5:])


def test_the_head_of_a_chain_is_taken_and_the_others_go_on(story: Story) -> None:
    """E9: TAKE in the mail of a resident's chain ends the alarm of its case alone."""
    for number in range(3):
        story.receive(gas(number, "Edward Quan <edward@resident.example>"))
    codes = [row["code"] for row in story.db.run("SELECT code FROM cases ORDER BY id")]
    story.reply(story.mail("urgent"), "TAKE")
    assert untaken(story) == set(codes[1:])
    story.at("2026-11-30 10:23")

    assert len(story.outbox("urgent")) == 2
    assert story.mail("urgent")["code"] == codes[2]  # the newest of equally proven ones; the other stands below it


def test_what_is_worse_is_told_at_once(story: Story) -> None:
    """E9: a letter with words of another danger is no repetition, in the same case or in another."""
    story.receive(gas(1, "edward@resident.example"))
    story.receive(gas(2, "edward@resident.example"))
    story.receive(gas(3, "edward@resident.example", text="I want to kill myself tonight.\n"))
    story.receive(gas(4, "edward@resident.example", text="I want to kill myself tonight, and I smell gas.\n"))

    assert len(story.outbox("urgent")) == 2


def test_a_letter_after_take_alarms_anew(story: Story) -> None:
    """behaviour.md §3.9: whoever is on it was told of what was written before, and of no more."""
    story.receive(gas(1, "edward@resident.example"))
    story.reply(story.mail("urgent"), "TAKE")
    story.receive(gas(2, "edward@resident.example"))

    assert len(story.outbox("urgent")) == 2


def test_those_taken_at_once_count_as_well(story: Story) -> None:
    """E9: a duty officer who takes each within the minute gets no mail each either."""
    for number in range(9):
        story.receive(gas(number, f"p{number}@resident{number}.example"))
        if number < 5:
            story.reply(story.mail("urgent"), "TAKE")
    assert len(story.outbox("urgent")) == 5
    story.after(minutes=3)
    story.rounds.tick()

    assert len(story.outbox("urgent")) == 5 + 4


def test_a_flood_delays_no_acknowledgement(story: Story) -> None:
    """E9: however many alarm, the relay has five mails before the acknowledgements, and every letter has one."""
    for number in range(40):
        story.receive(gas(number, f"p{number}@resident{number}.example"))
    story.rounds.tick()
    order = [row["kind"] for row in story.db.run("SELECT kind FROM outbox ORDER BY priority, id")]

    assert order[:45] == ["urgent"] * 5 + ["acknowledgement"] * 40
    assert all(row["state"] == "queued" for row in story.outbox("acknowledgement"))


def test_a_list_that_fails_goes_to_the_next_at_once(make_story: Callable[..., Story]) -> None:
    """domain.md §8: a list is an alarm like another: refused, it goes to the next person; unsent, the machine is loud."""
    story = make_story(('to = ["duty"]', 'to = ["duty", "alex"]'))
    for number in range(7):
        story.receive(gas(number, f"p{number}@resident{number}.example"))
    story.db.run("UPDATE outbox SET state = 'accepted' WHERE kind = 'urgent'")
    story.after(minutes=3)
    story.rounds.tick()
    assert story.mail("urgent")["recipient"] == "duty@northgate.example"
    outbox_id = story.mail("urgent")["id"]
    story.db.run("UPDATE outbox SET state = 'failed' WHERE id = :id", id=outbox_id)
    story.after(seconds=15)
    story.rounds.tick()

    assert story.mail("urgent")["recipient"] == "alex@northgate.example"


def test_mails_that_broke_us_are_no_way_round(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """E9, P1: letters that can be read at last alarm as parts of what runs, like any others."""
    real = quoting.new_text
    monkeypatch.setattr(quoting, "new_text", lambda _: 1 / 0)
    for number in range(8):
        story.receive(gas(number, f"p{number}@resident{number}.example"))
    monkeypatch.setattr(quoting, "new_text", real)
    story.after(minutes=2)
    story.intake.retry_quarantined(story.now)

    assert len(story.outbox("urgent")) == 5
    assert len(untaken(story)) == 8
