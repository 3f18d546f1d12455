"""QUIET and IGNORE of an officer silence whoever wrote the letter, and not the person whose address it bears (P7)."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter
from tests.support.story import Story, words

pytestmark = pytest.mark.usefixtures("store")

EDWARD = "Edward Quan <edward@resident.example>"
PROVEN = "mx.northgate.example; dmarc=pass header.from=resident.example"
FORGED = "mx.northgate.example; dmarc=fail header.from=resident.example"
NO_POLICY = "mx.northgate.example; dmarc=none header.from=resident.example"
ABUSE: dict[str, dict[str, str]] = {
    "unproven": {},
    "no policy": {"Authentication_Results": NO_POLICY},
    "condemned": {"Authentication_Results": FORGED},
    "a form": {"sender": "Form <forms@northgate.example>", "Reply_To": EDWARD},
    "a proven form": {
        "sender": "Form <forms@northgate.example>",
        "Reply_To": EDWARD,
        "Authentication_Results": "mx.northgate.example; dmarc=pass header.from=northgate.example",
    },
    "an odd From": {
        "sender": "<edward@resident.example> <x@evil.example>",
        "Authentication_Results": "mx.northgate.example; dmarc=pass header.from=evil.example",
    },
}


def abused(story: Story, how: str, command: str) -> None:
    """A stranger's letter in Edward's name, and its officer's answer to it."""
    values = {"subject": "You", "text": "You are all thieves.\n", "message_id": "<a@evil.example>"} | ABUSE[how]
    story.receive(letter(**values))
    story.after(minutes=5)
    story.reply(story.mail("new-case"), command)
    story.after(minutes=5)


def is_acknowledged(story: Story, number: int = 7, results: str = PROVEN) -> bool:
    """Whether a letter of Edward's in a matter of its own is acknowledged."""
    before = len(story.outbox("acknowledgement", "edward@resident.example"))
    raw = letter(
        subject=f"Lift {number}",
        text=f"Lift {number} is stuck.\n",
        message_id=f"<own{number}@resident.example>",
        Authentication_Results=results,
    )
    story.receive(raw)
    return len(story.outbox("acknowledgement", "edward@resident.example")) > before


@pytest.mark.parametrize("command", ["IGNORE", "QUIET"])
@pytest.mark.parametrize("how", ABUSE)
def test_what_nothing_proves_silences_nobody(make_story: Callable[..., Story], how: str, command: str) -> None:
    """P7, behaviour.md §4.3: it counts in that case alone, and the officer reads why."""
    story = make_story()
    story.receive(letter(Authentication_Results=PROVEN))
    story.after(minutes=5)
    abused(story, how, command)
    own, case = story.cases()
    [told] = words(story, "ask-back")

    assert (own["quiet"], own["state"]) == (0, "open")
    assert case["quiet"]
    assert case["state"] == ("closed" if command == "IGNORE" else "open")
    assert "edward@resident.example goes on to hear from us" in told
    assert ("could not confirm" in told) is (how == "condemned")
    assert is_acknowledged(story)


@pytest.mark.parametrize("command", ["IGNORE", "QUIET"])
def test_what_is_proven_silences_its_writer(make_story: Callable[..., Story], command: str) -> None:
    """behaviour.md §4.3: in every case of theirs, until OFF."""
    story = make_story()
    story.receive(letter(Authentication_Results=PROVEN))
    story.after(minutes=5)
    story.reply(story.mail("new-case"), command)
    story.after(minutes=5)
    assert not is_acknowledged(story)

    story.reply(story.mail("ask-back"), f"{command} OFF")
    story.after(minutes=5)
    assert is_acknowledged(story, 8)


@pytest.mark.parametrize("results", [NO_POLICY, FORGED])
@pytest.mark.parametrize("command", ["IGNORE", "QUIET"])
def test_a_forged_letter_in_the_residents_own_case(
    make_story: Callable[..., Story], command: str, results: str
) -> None:
    """P7: the officer answers the newest letter, which nothing proves, whoever opened the case."""
    story = make_story()
    story.receive(letter(Authentication_Results=PROVEN))
    story.after(minutes=5)
    abuse = letter(
        subject="Re: Damp in the bedroom",
        text="You are all thieves.\n",
        message_id="<a@evil.example>",
        In_Reply_To="<first@resident.example>",
        Authentication_Results=results,
    )
    story.receive(abuse)
    story.after(minutes=5)
    story.reply(story.mail("resident-wrote"), command)
    story.after(minutes=5)

    assert is_acknowledged(story)


@pytest.mark.parametrize("command", ["IGNORE", "QUIET"])
@pytest.mark.parametrize("how", ["unproven", "no policy", "condemned"])
def test_all_is_the_officers_word(make_story: Callable[..., Story], how: str, command: str) -> None:
    """P7: an officer may know that the letter is theirs; not where a server says that it is not."""
    story = make_story()
    abused(story, how, command)
    story.reply(story.mail("ask-back"), f"{command} ALL")
    story.after(minutes=5)

    assert is_acknowledged(story) is (how == "condemned")
    assert ("would silence somebody else" in words(story, "ask-back")[-1]) is (how == "condemned")


def test_where_no_server_is_believed(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.3: a council whose servers vouch for nobody is served as ever."""
    story = make_story(('authserv_id = "mx.northgate.example"', ""))
    abused(story, "unproven", "IGNORE")
    before = len(story.outbox("acknowledgement"))

    story.receive(letter(subject="Lift", message_id="<l@resident.example>"))
    assert len(story.outbox("acknowledgement")) == before
