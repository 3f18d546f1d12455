"""Reports of undelivered mail that somebody else than a mail system wrote, who knows our ids (E6, P5, P7)."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter
from tests.support.story import Story, words
from tests.test_authority import FAILED, address_of, report

pytestmark = pytest.mark.usefixtures("store")

EDWARD = "edward@resident.example"
ANSWER = "Dear Edward,\n\nA surveyor comes on Thursday.\n\nPriya"


def second(story: Story, **fields: str) -> None:
    """A letter of Edward's in another matter."""
    story.after(minutes=3)
    story.receive(letter(subject="Bins", text="My bin is gone.", message_id="<bin@resident.example>", **fields))


def unreachable(story: Story) -> list[bool]:
    return [bool(case["unreachable"]) for case in story.cases()]


def test_a_letter_since_then_refutes_a_report(story: Story) -> None:
    """E6, P5: a landlord in copy has the id, because Edward wrote after our mail: it arrived, whoever says otherwise."""
    ours = story.mail("acknowledgement")["message_id"]
    second(story)
    story.receive(report(address_of(story), EDWARD, returned=ours))

    assert unreachable(story) == [False, False]


@pytest.mark.parametrize("results", [FAILED, ""])
def test_a_letter_that_may_be_forged_refutes_nothing(story: Story, results: str) -> None:
    """E6: only what is Edward's own shows that his address works; without results, his server may have no policy."""
    ours = story.mail("acknowledgement")["message_id"]
    second(story, Authentication_Results=results)
    story.receive(report(address_of(story), EDWARD, returned=ours))

    assert any(unreachable(story)) is bool(results)


@pytest.mark.parametrize("sender", ["A <a@mx.example>, B <b@mx.example>", "A <a@mx.example>, MAILER-DAEMON@mx.example"])
def test_a_report_of_two_authors(story: Story, sender: str) -> None:
    """E6: a mail system is one author, or none."""
    story.receive(
        report(address_of(story), EDWARD, returned=story.mail("acknowledgement")["message_id"], sender=sender)
    )

    assert unreachable(story) == [False]


@pytest.mark.parametrize("kind", ["acknowledgement", "new-case"])
def test_a_report_at_another_inbox(story: Story, kind: str) -> None:
    """E6: reports about a mail of Housing come to Housing, where its server reads them."""
    failed = EDWARD if kind == "acknowledgement" else "priya@northgate.example"
    raw = report("streets@northgate.example", failed, returned=story.mail(kind)["message_id"])
    story.receive(raw, inbox="streets")

    assert unreachable(story) == [False]
    assert story.outbox("admin") == []


def test_whoever_has_written_since_has_not_left(story: Story) -> None:
    """E6, D40: nobody is told that Priya may have left, after she answered that very mail."""
    ours = story.mail("new-case")
    story.after(minutes=3)
    story.reply(ours, ANSWER)
    story.receive(report("housing@northgate.example", "priya@northgate.example", returned=ours["message_id"]))

    assert story.outbox("admin") == []


def test_that_a_colleague_left_is_a_question(story: Story) -> None:
    """D40, P6: a report proves little."""
    ours = story.mail("new-case")["message_id"]
    story.receive(report("housing@northgate.example", "priya@northgate.example", returned=ours))

    assert "Have they left?" in words(story, "admin")[-1]


@pytest.mark.parametrize("inbox", ["housing", "streets"])
def test_a_letter_in_any_case_shows_that_the_address_works(story: Story, inbox: str) -> None:
    """E6, P5: a new matter lifts it in the old one, if it came through the server that the old one's inbox believes."""
    story.receive(report(address_of(story), EDWARD, returned=story.mail("acknowledgement")["message_id"]))
    assert unreachable(story) == [True]
    story.after(minutes=3)
    raw = letter(to=f"{inbox}@northgate.example", subject="Bins", text="My bin is gone.", message_id="<bin@r.example>")
    story.receive(raw, inbox=inbox)

    assert unreachable(story) == [inbox == "streets", False]


@pytest.mark.parametrize("command", ["", "DONE\n\n", "MORE next Friday: "])
def test_a_persons_words_are_always_tried(story: Story, command: str) -> None:
    """P5: whatever a report said, what Priya writes goes out; if it comes back, she hears that, each time."""
    story.receive(report(address_of(story), EDWARD, returned=story.mail("acknowledgement")["message_id"]))
    story.after(minutes=3)
    story.reply(story.mail("new-case"), command + ANSWER)
    assert len(story.outbox("human")) == 1
    before = len(story.outbox("ask-back"))
    story.after(minutes=3)
    story.receive(report(address_of(story), EDWARD, returned=story.mail("human")["message_id"]))

    assert len(story.outbox("ask-back")) == before + 1
    assert "came back (5.1.1)" in words(story, "ask-back")[-1]


def test_an_address_that_fails_once_more(make_story: Callable[..., Story]) -> None:
    """E6, P4: after a letter showed that it works, the next report is told as the first was."""
    story = make_story()
    story.receive(letter())
    for number in range(2):
        story.receive(report(address_of(story), EDWARD, returned=story.mail("acknowledgement")["message_id"]))
        assert unreachable(story)[-1]
        story.after(minutes=90)
        story.receive(letter(subject=f"Matter {number}", text=f"Words {number}", message_id=f"<{number}@r.example>"))
        assert not any(unreachable(story))
    assert len(story.outbox("ask-back")) == 2
