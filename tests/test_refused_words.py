"""A mail server that refuses what strangers wrote stops neither alarms nor digests, and floods no admin (P1, P4)."""

from collections.abc import Callable

import pytest

from ackbot.store import outbox
from ackbot.work.undelivered import Undelivered
from tests.support.letters import letter, plain
from tests.support.story import Story, words

pytestmark = pytest.mark.usefixtures("store")

SPAM = "554 5.7.1 message content rejected"
GONE = "550 5.1.1 user unknown"
POISON = "X5-STRANGE-WORDS"
TWO = ('to = ["duty"]', 'to = ["duty", "alex"]')


def gas(number: int) -> bytes:
    """A letter that alarms, with words that a filter refuses."""
    return letter(
        sender=f"Mr{POISON} Quan <p{number}@resident{number}.example>",
        subject=f"{POISON} gas {number}",
        text=f"{POISON} there is a strong smell of gas in flat {number}.\n",
        message_id=f"<g{number}@resident{number}.example>",
    )


def relay(story: Story, refuses: str = POISON, reply: str = SPAM) -> list[str]:
    """Whatever waits meets the mail server: the texts of what it took; it refuses for good what has these words."""
    told, taken = Undelivered(story.db, story.office), []
    while waiting := [row for row in story.outbox() if row["state"] == "queued"]:
        for row in waiting:
            refused = refuses in bytes(row["content"]).decode() or refuses in plain(bytes(row["content"]))
            story.db.run(
                "UPDATE outbox SET state = :state, reply = :reply, claimed_by = 'w' WHERE id = :id",
                state="claimed" if refused else "accepted",
                reply=reply if refused else "250 ok",
                id=row["id"],
            )
            if refused:
                [mail] = [one for one in [outgoing(story, row["id"])] if one]
                assert outbox.failed(story.db, mail, reply, story.now)
                told.refused(mail, reply, story.now)
            else:
                taken.append(f"{row['recipient']} {row['kind']} {plain(bytes(row['content']))}")
    return taken


def outgoing(story: Story, row_id: int) -> outbox.Outgoing:
    """The row as a dispatcher has it."""
    [row] = story.db.run("SELECT * FROM outbox WHERE id = :id", id=row_id)
    return outbox._outgoing(row)


def alarms_taken(taken: list[str]) -> list[str]:
    """Those of them that are alarms."""
    return [one for one in taken if one.split()[1] == "urgent"]


def test_an_alarm_whose_words_are_refused(make_story: Callable[..., Story]) -> None:
    """P1, behaviour.md §3.9: the next mail comes at once, to the next person, without any word of the stranger's."""
    story = make_story(TWO)
    story.receive(gas(1))
    relay(story)
    story.after(seconds=15)
    story.rounds.tick()
    [alarm] = alarms_taken(relay(story))

    assert "We leave out the words, because the mail server refused our last mail about this." in " ".join(
        alarm.split()
    )
    assert "p1@resident1.example" in alarm


def test_every_further_mail_of_that_alarm(make_story: Callable[..., Story]) -> None:
    """P1: until somebody takes it, each is without them; none is refused, and none comes faster than it should."""
    story = make_story(TWO)
    story.receive(gas(1))
    for _ in range(4 * 60):
        relay(story)
        story.after(seconds=15)
        story.rounds.tick()
    failed = [row for row in story.outbox("urgent") if row["state"] == "failed"]

    assert len(failed) == 1
    assert 6 <= len(story.outbox("urgent")) <= 8  # one each ten minutes of the hour, and the first twice


def test_a_list_of_alarms(make_story: Callable[..., Story]) -> None:
    """P1, E9: one letter that is refused keeps no other from being told; the list names them all."""
    story = make_story(TWO)
    for number in range(8):
        story.receive(gas(number))
    relay(story)
    for _ in range(12):
        story.after(seconds=15)
        story.rounds.tick()
        last = alarms_taken(relay(story))
        if last:
            break
    references = {f"RBN-{case['code'][:3]}-{case['code'][3:]}" for case in story.cases()}

    assert last
    assert all(one in last[-1] for one in references)
    assert "because the mail server refused our last mail about these" in " ".join(last[-1].split())


def test_a_list_whose_addresses_are_refused(make_story: Callable[..., Story]) -> None:
    """P1: a filter may know the domain of one address; the second refusal leaves them all out."""
    story = make_story(TWO)
    for number in range(8):
        story.receive(gas(number))
    last: list[str] = []
    for _ in range(12):
        last = alarms_taken(relay(story, refuses="@resident7.example"))
        listed = [one for one in last if "cases are urgent" in one]
        if listed:
            break
        story.after(seconds=15)
        story.rounds.tick()

    assert "8 cases are urgent" in listed[-1]
    assert "a resident wrote" in " ".join(listed[-1].split())


def test_whatever_is_refused_is_not_tried_too_fast(make_story: Callable[..., Story]) -> None:
    """P1, P4: a server that refuses every alarm gets a few at once, and then one each ten minutes; the admin hears once."""
    story = make_story()
    story.receive(gas(1))
    for _ in range(4 * 60):
        relay(story, refuses="gas")
        story.after(seconds=15)
        story.rounds.tick()

    assert 8 <= len(story.outbox("urgent")) <= 16
    [told] = [one for one in words(story, "admin", "admins@northgate.example") if "(urgent)" in one]
    assert f"RBN-{story.case()['code'][:3]}" in told


def test_an_address_that_does_not_work_costs_no_words(make_story: Callable[..., Story]) -> None:
    """domain.md §8: the officer is gone; the next one reads the letter whole."""
    story = make_story(TWO)
    story.receive(gas(1))
    relay(story, refuses="duty@northgate.example", reply=GONE)
    story.after(seconds=15)
    story.rounds.tick()
    [alarm] = alarms_taken(relay(story, refuses="duty@northgate.example", reply=GONE))

    assert alarm.startswith("alex@")
    assert POISON in alarm


@pytest.mark.parametrize("others", [0, 3])
def test_a_digest_whose_words_are_refused(make_story: Callable[..., Story], others: int) -> None:
    """behaviour.md §4.1: that day's reminder and the next days' digests come without them, and name every case."""
    story = make_story()
    raw = letter(subject=f"{POISON} damp", text=f"{POISON} it is wet.\n")
    story.receive(raw)
    reference = f"RBN-{story.case()['code'][:3]}"
    for number in range(others):
        story.receive(
            letter(subject=f"Lift {number}", text=f"Lift {number} is stuck.\n", message_id=f"<{number}@r.example>")
        )
    taken = []
    for at in ("2026-12-04 08:31", "2026-12-07 08:31", "2026-12-07 13:01", "2026-12-08 08:31", "2026-12-09 08:31"):
        story.at(at)
        taken += [one for one in relay(story) if one.split()[1] == "digest" and reference in one]
    failed = [row for row in story.outbox("digest") if row["state"] == "failed"]

    assert len(failed) == 1
    assert len(taken) >= 5  # Priya's each day, and hers and Alex's at 13:00
    assert all("We leave out" in one for one in taken)


def to_priya(taken: list[str]) -> list[str]:
    """Those of them that Priya gets about a letter."""
    return [one for one in taken if one.startswith("priya@") and one.split()[1] in ("new-case", "resident-wrote")]


@pytest.mark.parametrize("further", [False, True], ids=["first letter", "further letter"])
def test_a_letter_whose_words_are_refused(make_story: Callable[..., Story], *, further: bool) -> None:
    """P1, P4: its owner hears of it all the same, at once, without words, name and subject; where they are is said."""
    story = make_story()
    if further:
        story.receive(letter())
        relay(story)
    story.receive(
        letter(
            sender=f"Mr{POISON} Quan <edward@resident.example>",
            subject=f"Damp in the bedroom {POISON}" if not further else "Re: Damp in the bedroom",
            text=f"{POISON} it is wet.\n",
            message_id="<poison@resident.example>",
            In_Reply_To="<first@resident.example>",
        )
    )
    [told] = to_priya(relay(story))
    reference = f"RBN-{story.case()['code'][:3]}-{story.case()['code'][3:]}"

    assert POISON not in told
    assert f"edward@resident.example wrote in {reference}. The mail server refused our mail" in " ".join(told.split())
    assert f"ackbot show {reference}" in " ".join(told.split())


def test_an_answer_to_the_mail_without_words(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.2: it is answered like the mail that was refused."""
    story = make_story()
    story.receive(letter(subject=f"{POISON} damp", text=f"{POISON} it is wet.\n"))
    relay(story)
    story.reply(story.mail("new-case", "priya@northgate.example"), "Hello, we come to you on Tuesday and look at it.")

    assert [mail["recipient"] for mail in story.outbox("human")] == ["edward@resident.example"]


@pytest.mark.parametrize(("refuses", "reply"), [("priya@northgate.example", SPAM), (POISON, GONE)], ids=["all", "gone"])
def test_a_letter_is_told_once_more_and_no_oftener(make_story: Callable[..., Story], refuses: str, reply: str) -> None:
    """P1, P4: if the mail without words is refused too, or the officer's address is gone, nothing is sent in its place."""
    story = make_story()
    story.receive(letter(subject=f"{POISON} damp", text=f"{POISON} it is wet.\n"))
    for _ in range(3):
        relay(story, refuses=refuses, reply=reply)

    assert len(story.outbox("new-case", "priya@northgate.example")) == (2 if reply == SPAM else 1)


@pytest.mark.parametrize("reply", [GONE, SPAM])
def test_a_hundred_refused_acknowledgements(make_story: Callable[..., Story], reply: str) -> None:
    """P4, behaviour.md §5: the admin hears of the first at once, and of all in one list the next morning."""
    story = make_story()
    for number in range(30):
        story.receive(
            letter(
                sender=f"P <p{number}@r{number}.example>",
                subject=f"Matter {number}",
                message_id=f"<{number}@r.example>",
            )
        )
    relay(story, refuses="X-Ackbot-Kind: acknowledgement", reply=reply)
    to_admin = [mail for mail in story.outbox("admin") if mail["recipient"] == "admins@northgate.example"]
    assert len(to_admin) == 1
    story.at("2026-12-01 08:31")

    daily = words(story, "admin", "admins@northgate.example")[-1]
    assert "Refused by the relay: 30 of acknowledgement, about RBN-" in daily
    assert daily.count("RBN-") == 30
