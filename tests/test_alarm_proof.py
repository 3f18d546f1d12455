"""No forged or foreign letter hides, delays or replaces the words of whoever is in danger (E5, E9, P3, P7, behaviour.md §3.9)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.letters import letter
from tests.support.story import Story, words

pytestmark = pytest.mark.usefixtures("store")

EDWARD = "Edward Quan <edward@resident.example>"
STRANGER = "Edward Quan <stranger@evil.example>"
HOAX = "This is a test for my novel: in chapter two I can smell gas."
REAL = "I can smell gas in my flat, my children are asleep."
PASSED = "mx.northgate.example; dmarc=pass header.from=resident.example"
FAILED = "mx.northgate.example; dmarc=fail header.from=resident.example"
UNPROVEN = ""
NO_SERVER = ('authserv_id = "mx.northgate.example"', "")


def writes(story: Story, text: str, results: str, number: int, sender: str = EDWARD, **fields: Any) -> dict[str, Any]:
    """A letter of its own about a matter of its own."""
    named = {"Authentication_Results": results} if results else {}
    values = {"subject": f"Matter {number}", "message_id": f"<w{number}@r.example>", **named, **fields}
    return story.receive(letter(sender=sender, text=f"{text}\n", **values))


def answers(story: Story, text: str, results: str, number: int, sender: str = EDWARD) -> dict[str, Any]:
    """A further letter in the case of matter 1: in answer to it, or to its acknowledgement if there was one."""
    sent = story.outbox("acknowledgement")
    answered = sent[0]["message_id"] if sent else "<w1@r.example>"
    return writes(story, text, results, number, sender, subject="Re: Matter 1", In_Reply_To=answered)


# -- A hoax swallows nothing (E9) -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("again", [writes, answers], ids=["another case", "the same case"])
@pytest.mark.parametrize("hoax", [FAILED, UNPROVEN], ids=["condemned", "unproven"])
@pytest.mark.parametrize("hoaxes", [1, 3])
def test_a_better_proven_letter_has_its_own_mail(
    make_story: Callable[..., Story], again: Callable[..., Any], hoax: str, hoaxes: int
) -> None:
    """E9: however many hoaxes came before and after, the real letter is mailed at once, and the chain shows its words."""
    story = make_story()
    writes(story, HOAX, hoax, 1)
    for number in range(2, hoaxes + 1):
        answers(story, HOAX, hoax, number)
    story.after(minutes=3)
    before = len(story.outbox("urgent"))
    again(story, REAL, PASSED, 10)
    assert len(story.outbox("urgent")) == before + 1
    assert "my children are asleep" in words(story, "urgent")[-1]
    for number in range(11, 14):
        writes(story, HOAX, hoax, number)
        again(story, HOAX, hoax, number + 10)
    assert len(story.outbox("urgent")) == before + 1
    story.after(minutes=11)
    story.rounds.tick()

    last = words(story, "urgent")[-1]
    assert len(story.outbox("urgent")) == before + 2
    assert last.index("my children are asleep") < last.index("This is a test")


def test_an_unproven_letter_is_better_than_a_condemned_one(make_story: Callable[..., Story]) -> None:
    """E9: where nobody vouches for the resident's server, their letter still has a mail beside what was condemned."""
    story = make_story()
    writes(story, HOAX, FAILED, 1)
    writes(story, REAL, UNPROVEN, 2)

    assert len(story.outbox("urgent")) == 2


def test_without_a_server_to_believe_the_newest_is_shown(make_story: Callable[..., Story]) -> None:
    """E9: equally proven, they are one chain; what comes again shows the newest, and the first words of all others."""
    story = make_story(NO_SERVER)
    for number, text in enumerate((HOAX, REAL, HOAX), start=1):
        writes(story, f"{text} {number}", UNPROVEN, number)
    assert len(story.outbox("urgent")) == 1
    story.after(minutes=11)
    story.rounds.tick()

    assert len(story.outbox("urgent")) == 2
    assert "my children are asleep" in words(story, "urgent")[-1]


def test_a_flood_of_less_proven_letters_hides_nothing(make_story: Callable[..., Story]) -> None:
    """E9: forty forged alarms of forty people are a list; a proven letter has a mail at once, and again in its time."""
    story = make_story()
    for number in range(40):
        who = f"p{number}@resident{number}.example"
        results = f"mx.northgate.example; dmarc=fail header.from=resident{number}.example"
        writes(story, HOAX, results, number, who)
    assert len(story.outbox("urgent")) == 5
    writes(story, REAL, PASSED, 100)
    assert len(story.outbox("urgent")) == 6
    assert "my children are asleep" in words(story, "urgent")[-1]
    story.after(minutes=11)
    story.rounds.tick()

    real, listed = words(story, "urgent")[-2:]
    assert "my children are asleep" in real
    assert "40 cases are urgent" in listed


def test_worse_words_of_a_hoax_delay_no_repeat(make_story: Callable[..., Story]) -> None:
    """E9: a condemned letter with another danger is mailed, but the real letter comes again when it would have."""
    story = make_story()
    writes(story, REAL, PASSED, 1)
    story.after(minutes=9)
    answers(story, "Now there is a fire in the flat!", FAILED, 2)
    assert len(story.outbox("urgent")) == 2
    story.after(minutes=2)
    story.rounds.tick()

    assert len(story.outbox("urgent")) == 3
    assert "my children are asleep" in words(story, "urgent")[-1]


def test_a_hoax_of_every_danger_proves_none(make_story: Callable[..., Story]) -> None:
    """E9: a category counts as known only as far as it is proven: fire was proven, gas was a hoax's."""
    story = make_story()
    writes(story, f"{HOAX} There is a fire in the flat.", FAILED, 1)
    answers(story, "There is a fire in the flat.", PASSED, 2)
    answers(story, REAL, PASSED, 3)

    assert len(story.outbox("urgent")) == 3


def test_two_authors_and_reply_to_prove_nothing(make_story: Callable[..., Story]) -> None:
    """E3, E9: a proven stranger whose Reply-To is the resident's opens no chain that counts the resident's letter."""
    story = make_story()
    passed = "mx.northgate.example; dmarc=pass header.from=evil.example"
    writes(story, HOAX, passed, 1, "stranger@evil.example", Reply_To=EDWARD)
    writes(story, REAL, PASSED, 2)

    assert "my children are asleep" in words(story, "urgent")[-1]


# -- Whose words (P3) -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("results", [FAILED, UNPROVEN])
@pytest.mark.parametrize(
    "text", ["It was a false alarm, sorry, please ignore it.", "False alarm: I can smell gas no more."]
)
def test_a_strangers_false_alarm_replaces_nothing(make_story: Callable[..., Story], text: str, results: str) -> None:
    """P3: the alarm comes again with the words that alarmed, and names who wrote since, by address."""
    story = make_story()
    writes(story, REAL, PASSED, 1)
    answers(story, text, results.replace("resident", "evil"), 2, STRANGER)
    story.after(minutes=11)
    story.rounds.tick()

    last = words(story, "urgent")[-1]
    assert last.index("Edward Quan wrote to") < last.index("my children are asleep") < last.lower().index("false alarm")
    assert "Since then Edward Quan <stranger@evil.example> wrote (not the resident)" in last


def test_a_forged_false_alarm_is_doubted(make_story: Callable[..., Story]) -> None:
    """E4: in the resident's own name it stands below as well, as what may be forged."""
    story = make_story()
    writes(story, REAL, PASSED, 1)
    answers(story, "It was a false alarm.", FAILED, 2)
    story.after(minutes=11)
    story.rounds.tick()

    assert "Since then Edward Quan wrote (it may be forged): “It was a false alarm.”" in words(story, "urgent")[-1]


def test_the_first_mail_names_its_true_writer(make_story: Callable[..., Story]) -> None:
    """P3: a stranger's danger in the resident's case alarms, under the stranger's address."""
    story = make_story()
    writes(story, "There is damp.", PASSED, 1)
    answers(story, REAL, UNPROVEN, 2, STRANGER)
    story.after(minutes=11)
    story.rounds.tick()

    for mail in words(story, "urgent"):
        assert "Edward Quan <stranger@evil.example> wrote (not the resident, Edward Quan)" in mail


def test_the_lists_name_true_writers(make_story: Callable[..., Story]) -> None:
    """P3, E9: so does each line of a list."""
    story = make_story()
    for number in range(1, 8):
        who = f"p{number}@resident{number}.example"
        writes(story, "There is damp.", UNPROVEN, number, who)
        acknowledged = story.mail("acknowledgement")["message_id"]
        writes(
            story,
            REAL,
            UNPROVEN,
            number + 20,
            STRANGER,
            subject=f"Re: Matter {number}",
            In_Reply_To=acknowledged,
        )
    story.after(minutes=3)
    story.rounds.tick()

    assert words(story, "urgent")[-1].count("Edward Quan <stranger@evil.example> (not the resident") == 7


@pytest.mark.parametrize("when", ["2026-12-07 09:00", "2026-12-14 13:00"])
def test_a_digest_shows_the_residents_words(make_story: Callable[..., Story], when: str) -> None:
    """P3: "Edward Quan wrote last" stands above words of Edward Quan's alone."""
    story = make_story()
    writes(story, "There is damp in every room.", PASSED, 1)
    answers(story, "Forget about it, please.", UNPROVEN, 2, STRANGER)
    story.at(when)
    shown = [mail for mail in words(story, "digest") if "wrote last" in mail]

    assert shown
    assert all("damp in every room" in mail and "Forget about it" not in mail for mail in shown)


def test_passing_shows_the_residents_words(make_story: Callable[..., Story]) -> None:
    """P3: so does the mail to whomever the case is passed to."""
    story = make_story()
    writes(story, "There is damp in every room.", PASSED, 1)
    answers(story, "Forget about it, please.", UNPROVEN, 2, STRANGER)
    story.reply(story.mail("new-case"), "PASS Sam Jones: he knows the house")

    assert "damp in every room" in words(story, "hand-over")[-1]
    assert "Forget about it" not in words(story, "hand-over")[-1]
