"""Written is not arrived: a person's words, or a copy of them, come back (behaviour.md §3.4, E38)."""

from collections.abc import Callable

import pytest

from ackbot.store import outbox
from ackbot.store.database import text_of
from ackbot.work.undelivered import Undelivered
from tests.support.letters import letter
from tests.support.story import Story, words
from tests.test_authority import report

ANSWER = "Dear Edward,\n\nThe gutter was cleared on Monday.\n\nPriya"


def came_back(story: Story, recipient: str) -> None:
    """A report says that the latest words to this address failed for good."""
    sent = story.outbox("human", recipient)[-1]["message_id"]
    story.receive(report("housing@northgate.example", recipient, returned=sent))


@pytest.mark.parametrize(
    ("command", "before"), [("DONE\n\n", "closed"), ("", "answered"), ("ASK ", "waiting")], ids=["DONE", "plain", "ASK"]
)
def test_an_answer_that_came_back_opens_the_case_again(story: Story, command: str, before: str) -> None:
    """E38, P5: whoever wrote it reads it again with what to do, and dates run, because nobody answered the resident."""
    story.reply(story.mail("new-case"), command + ANSWER)
    assert story.case()["state"] == before
    story.after(minutes=5)
    came_back(story, "edward@resident.example")

    told = words(story, "ask-back", "priya@northgate.example")[-1]
    assert (story.case()["state"], story.case()["unreachable"]) == ("open", 1)
    assert {kind for kind, _, _ in story.clocks("running")} == {"update", "answer"}
    assert "has not read the answer below, so RBN-" in told
    assert "Please phone, or write to another address." in told
    assert "The gutter was cleared on Monday." in told
    story.at("2026-12-07 09:00")
    assert story.outbox("digest", "priya@northgate.example")  # it is chased like any open case
    story.reply(story.mail("ask-back"), "PHONED: told him that it is done")
    assert story.case()["state"] == "answered"


def test_news_that_came_back_leaves_the_dates(story: Story) -> None:
    """E38: an open case is open already; its author reads the words again."""
    story.reply(story.mail("new-case"), "UPDATE\n\nDear Edward, the surveyor found a leak.")
    story.after(minutes=5)
    clocks = story.clocks("running")
    came_back(story, "edward@resident.example")

    assert story.clocks("running") == clocks
    assert "has not read the answer below. Please phone" in words(story, "ask-back", "priya@northgate.example")[-1]


@pytest.mark.parametrize("command", ["CC\n\n", "DONE\n\n"])
def test_a_copy_that_came_back(make_story: Callable[..., Story], command: str) -> None:
    """E6, P3: the owner reads that the copy did not arrive; the resident's own mail is not doubted, in a closed case neither."""
    story = make_story()
    story.receive(letter(Cc="Nora <nora@family.example>"))
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "CC" if command == "DONE\n\n" else f"CC\n\n{ANSWER}")
    story.after(minutes=1)
    story.reply(story.mail("ask-back"), "SEND")
    if command == "DONE\n\n":
        story.after(minutes=1)
        story.reply(story.mail("new-case"), f"DONE\n\n{ANSWER}")
    before = story.case()["state"]
    came_back(story, "nora@family.example")

    told = words(story, "ask-back", "priya@northgate.example")[-1]
    assert "the copy to nora@family.example of what was written to Edward Quan could not be delivered" in told
    assert "may have forwarded" not in told
    assert (story.case()["state"], story.case()["unreachable"]) == (before, 0)


def failed_with(story: Story, status: str, **fields: str) -> None:
    """A report says that the latest words to the resident failed with this status."""
    sent = story.outbox("human", "edward@resident.example")[-1]["message_id"]
    story.receive(
        report("housing@northgate.example", "edward@resident.example", returned=sent, status=status, **fields)
    )


@pytest.mark.parametrize("status", ["5.2.2", "5.7.1", "5.7.26", "5.3.4", "5.0.0", "4.4.7", "5.4.1", "5.1.1"])
@pytest.mark.parametrize("command", ["", "DONE\n\n", "ASK "])
def test_any_report_for_a_persons_words(story: Story, status: str, command: str) -> None:
    """E38: a full mailbox, a policy, a size, a time that ran out: the words did not arrive, whatever becomes of the address."""
    story.reply(story.mail("new-case"), command + ANSWER)
    story.after(minutes=5)
    failed_with(story, status)
    told = words(story, "ask-back", "priya@northgate.example")[-1]

    assert story.case()["state"] == "open"
    assert story.clocks("running")
    assert "The gutter was cleared on Monday." in told
    assert "Please phone, or write to another address." in told
    assert (
        bool(story.case()["unreachable"])
        == ("We will send nothing more there automatically." in told)
        == (status == "5.1.1")
    )


def test_a_delay_is_no_failure(story: Story) -> None:
    """E38, D39: the server still tries."""
    story.reply(story.mail("new-case"), ANSWER)
    story.after(minutes=5)
    sent = story.outbox("human", "edward@resident.example")[-1]["message_id"]
    raw = report("housing@northgate.example", "edward@resident.example", returned=sent, status="4.4.1")
    story.receive(raw.replace(b"Action: failed", b"Action: delayed"))

    assert story.case()["state"] == "answered"
    assert not any("came back" in told for told in words(story, "ask-back", "priya@northgate.example"))


@pytest.mark.parametrize("command", ["UPDATE\n\n", "MORE 18 December: "])
def test_reports_leave_promises(story: Story, command: str) -> None:
    """E38, P5: the case was open, so its dates stand; the words come back."""
    story.reply(story.mail("new-case"), command + ANSWER)
    story.after(minutes=5)
    clocks = story.clocks("running")
    failed_with(story, "5.2.2")

    assert story.clocks("running") == clocks
    assert "The gutter was cleared on Monday." in words(story, "ask-back", "priya@northgate.example")[-1]


@pytest.mark.parametrize(
    ("reply", "gone"),
    [
        ("550 5.1.1 no such user", True),
        ("554 5.7.1 refused by policy", False),
        ("552 5.2.2 mailbox full", False),
        ("550 nobody here", False),
    ],
)
@pytest.mark.parametrize("command", ["", "DONE\n\n", "ASK ", "UPDATE\n\n"])
def test_our_relay_refuses_the_words(story: Story, reply: str, gone: bool, command: str) -> None:
    """E38, E89: the author reads them again at once, once, with what to do; the case is not answered; the admin hears too."""
    story.reply(story.mail("new-case"), command + ANSWER)
    story.after(minutes=5)
    refuse(story, "human", reply)
    told = [one for one in words(story, "ask-back", "priya@northgate.example") if "came back" in one]

    assert story.case()["state"] == "open"
    assert len(told) == 1
    assert "The gutter was cleared on Monday." in told[0]
    assert reply.split(maxsplit=1)[0] in told[0]
    assert bool(story.case()["unreachable"]) == gone
    assert len(story.outbox("admin")) == 1


def test_a_refused_address_is_told_once(story: Story) -> None:
    """E89: the acknowledgement is refused for good: one mail to the owner; their words are not echoed as "this went to"."""
    refuse(story, "acknowledgement", "550 5.1.1 no such user")
    assert len(words(story, "ask-back", "priya@northgate.example")) == 1
    story.after(minutes=5)
    story.reply(story.mail("new-case"), ANSWER)

    assert not any("this went to" in told for told in words(story, "ask-back", "priya@northgate.example"))
    assert story.case()["unreachable"]


def refuse(story: Story, kind: str, reply: str) -> None:
    """The relay refuses the latest mail of this kind for good."""
    mail = story.outbox(kind, "edward@resident.example")[-1]
    story.db.run("UPDATE outbox SET state = 'claimed', claimed_by = 'w' WHERE id = :id", id=mail["id"])
    outgoing = outbox._outgoing(story.db.run("SELECT * FROM outbox WHERE id = :id", id=mail["id"])[0])
    with story.db.transaction():
        assert outbox.failed(story.db, outgoing, reply, story.now)
        Undelivered(story.db, story.office).refused(outgoing, reply, story.now)


@pytest.mark.parametrize("state", ["queued", "sending", "unknown"])
def test_settled_waits_for_the_relay(story: Story, state: str) -> None:
    """E38: nobody is told "Priya wrote to you" before the relay has the words, and a report had a day's time."""
    story.relay_takes = False
    story.reply(story.mail("new-case"), ANSWER)
    story.db.run("UPDATE outbox SET state = :state WHERE kind = 'human'", state=state)
    story.at("2026-12-09 10:00")
    assert story.outbox("settled") == []
    assert story.case()["state"] == "answered"
    story.db.run("UPDATE outbox SET state = 'accepted', accepted_at = :at WHERE kind = 'human'", at=text_of(story.now))
    story.at("2026-12-09 16:00")
    assert story.outbox("settled") == []
    story.at("2026-12-10 11:00")
    assert len(story.outbox("settled")) == 1


@pytest.mark.parametrize("command", ["", "DONE\n\n", "ASK "])
@pytest.mark.parametrize("way", ["5.2.2", "5.7.1", "552 5.2.2 mailbox full"])
def test_the_date_that_was_told_does_not_pass_in_silence(story: Story, command: str, way: str) -> None:
    """P5, E38: the address works, so the date of the acknowledgement stands again, and its day brings the honest mail."""
    story.at("2026-12-03 11:00")
    story.reply(story.mail("new-case"), command + ANSWER)
    story.after(minutes=5)
    if way.startswith("5.") and " " not in way:
        failed_with(story, way)
    else:
        refuse(story, "human", way)
    assert ("update", "2026-12-07", "running") in story.clocks()

    story.at("2026-12-07 15:01")
    (told,) = words(story, "no-news")
    assert "We said you would hear from us by today about" in told
    assert "We have no news for you yet" in told


def test_no_date_stands_again_that_nobody_was_told(story: Story) -> None:
    """E38: where the address itself is gone, nothing more goes there, and the owner is chased by dates of their own."""
    story.reply(story.mail("new-case"), ANSWER)
    story.after(minutes=5)
    failed_with(story, "5.1.1")
    story.at("2026-12-08 17:00")

    assert story.outbox("no-news") == []
