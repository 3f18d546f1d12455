"""Over an inbox that believes no server nothing is done in an officer's name behind their back (P7, behaviour.md §4.4)."""

import re
from collections.abc import Callable

import pytest

from tests.support.letters import letter
from tests.support.story import Story, words

pytestmark = pytest.mark.usefixtures("store")

NO_SERVER = ('authserv_id = "mx.northgate.example"', "")
TWO = ('to = ["duty"]', 'to = ["duty", "alex"]')
DUTY = "duty@northgate.example"


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    """A council whose inboxes believe no server, with an alarm that runs."""
    made = make_story(NO_SERVER, TWO)
    made.receive(letter(text="There is a strong smell of gas in our kitchen.\n"))
    return made


def runs(story: Story) -> bool:
    return bool(story.db.run("SELECT 1 FROM alarms WHERE taken_by = ''"))


def forged_take(story: Story, text: str = "TAKE") -> None:
    """As who has the reply address of a forwarded alarm writes: no Message-ID of ours."""
    story.reply(story.outbox("urgent")[0], text, In_Reply_To="", References="", Authentication_Results="")


@pytest.mark.parametrize("times", [1, 2])
def test_take_without_proof_ends_no_alarm(story: Story, times: int) -> None:
    """P7: the officer is asked at once, and the next mail goes to the next person."""
    for number in range(times):
        forged_take(story, f"TAKE\n{' ' * number}")
        story.after(minutes=1)
    assert story.mail("ask-back")["recipient"] == DUTY
    assert "did you take the alarm" in words(story, "ask-back")[-1]
    story.after(minutes=10)
    story.rounds.tick()

    assert runs(story)
    assert [mail["staff"] for mail in story.outbox("urgent")] == ["duty", "alex"]


@pytest.mark.parametrize("how", ["reply", "link", "word"])
def test_the_officer_confirms(story: Story, how: str) -> None:
    """P7: an answer to what only the officer reads ends it; so does its word, where Message-IDs are lost on the way."""
    story.reply(story.mail("urgent"), "TAKE")
    asked = story.mail("ask-back")
    found = re.search(r"TAKE: (\w{6})", words(story, "ask-back")[-1])
    assert found is not None
    match how:
        case "reply":
            story.reply(asked, "Taken.")
        case "link":
            story.follow(asked, f"TAKE: {found[1]}", "", "")
        case _:
            forged_take(story, f"TAKE: {found[1].lower()}")
    story.after(minutes=30)
    story.rounds.tick()

    assert not runs(story)
    assert len(story.outbox("urgent")) == 1


def test_a_word_is_good_for_one_alarm(story: Story) -> None:
    """P7: whoever learns an old word cannot end the next alarm of the case with it."""
    story.reply(story.mail("urgent"), "TAKE")
    story.reply(story.mail("ask-back"), "TAKE")
    found = re.search(r"TAKE: (\w{6})", words(story, "ask-back")[0])
    assert found is not None and not runs(story)
    story.after(minutes=30)
    story.receive(letter(text="I smell gas again.", message_id="<2@r.example>", In_Reply_To="<first@resident.example>"))
    forged_take(story, f"TAKE: {found[1]}")

    assert runs(story)


def test_where_a_server_vouches_take_is_enough(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.4: with `authserv_id` nobody is asked or told."""
    story = make_story()
    story.receive(letter(text="There is a strong smell of gas in our kitchen.\n"))
    story.reply(story.mail("urgent"), "TAKE")

    assert not runs(story)
    assert story.outbox("ask-back") == []


@pytest.mark.parametrize(
    "text",
    [
        "DONE\n\nDear Edward, the boiler was mended on Monday. Yours, Priya",
        "Dear Edward, we mended the boiler on Monday. Yours, Priya",
        "PHONED: he knows that we come on Tuesday",
        "SENT",
        "MORE 7 December: Dear Edward, the part comes on Monday, sorry.",
        "CLOSE: a duplicate",
        "PASS Sam Jones: he knows the house",
        "QUIET",
        "TAKE",
    ],
)
def test_whoever_acts_without_proof_is_told(make_story: Callable[..., Story], text: str) -> None:
    """P7: at their own address, at once, whatever was done and however often they have written."""
    story = make_story(NO_SERVER)
    story.receive(letter())
    owner = story.mail("new-case")
    story.db.run("UPDATE staff_load SET human_sent = 9")
    story.reply(owner, text)

    assert story.outbox("ask-back", owner["recipient"]) != []


def test_a_note_needs_no_echo(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4: mail to staff is kept to a handful."""
    story = make_story(NO_SERVER)
    story.receive(letter())
    story.reply(story.mail("new-case"), "NOTE he rang again")

    assert story.outbox("ask-back") == []
