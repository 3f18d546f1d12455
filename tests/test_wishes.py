"""Residents' own words: "any news?", no more emails, a format, a language, one word of feedback (behaviour.md §3.5–3.11)."""

from collections.abc import Callable

import pytest

from ackbot.casework.incoming import wishes
from ackbot.casework.incoming.wishes import Wishes
from ackbot.mail.templates import Templates
from ackbot.resources import templates as shipped
from tests.support.letters import letter, parsed
from tests.support.story import Story, words

LANGUAGES = {"pl": ["Polish", "polski"], "so": ["Somali", "Soomaali"], "ar": ["Arabic", "العربية"]}
READ: list[tuple[str, Wishes]] = [
    ("Any news?", Wishes(news=True)),
    ("Hello,\n\nis there any update on this please?\n\nEdward Quan", Wishes(news=True)),
    ("What's happening with my repair?", Wishes(news=True)),
    ("I am still waiting!!", Wishes(news=True)),
    ("When will I hear from you?", Wishes(news=True)),
    ("QUIET", Wishes(quiet=True)),
    ("No more emails please.\n\nEdward", Wishes(quiet=True)),
    ("Please stop emailing me.", Wishes(quiet=True)),
    ("Unsubscribe", Wishes(quiet=True)),
    ("stop sending me automatic emails", Wishes(quiet=True)),
    ("Large print please", Wishes(formats="large print")),
    ("The wall is wet again, and I need large print to read your letters as I told you before.", Wishes(formats="large print")),
    ("BSL", Wishes(formats="BSL")),
    ("easy read, please", Wishes(formats="Easy Read")),
    ("I need larger letters", Wishes(formats="large print")),
    ("bigger font please", Wishes(formats="large print")),
    ("in easyread", Wishes(formats="Easy Read")),
    ("Sign language!", Wishes(formats="BSL")),
    ("Braille", Wishes(formats="Braille")),
    ("A spoken version please", Wishes(formats="audio")),
    ("send me an audio CD", Wishes(formats="audio")),
    ("Polish please", Wishes(language="pl")),
    ("Polski", Wishes(language="pl")),
    ("In Somali please, thank you", Wishes(language="so")),
    ("العربية", Wishes(language="ar")),
    # Letters, and nothing else.
    ("The contractor left large print posters in the hall, and nobody has taken them away since the summer.", Wishes()),
    ("My neighbour, who is Polish, plays the drums all night long.", Wishes()),
    ("There was an update to the boiler last week, and since then it has leaked into the flat below every night, "
     "so that the ceiling there has come down. Any news?", Wishes()),
    ("The men said no more emails about parking, just a ticket.", Wishes()),
    ("It is quiet at night now.", Wishes()),
    ("", Wishes()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ, ids=[text[:30] for text, _ in READ])
def test_what_is_asked_of_us(text: str, expected: Wishes) -> None:
    """What is not plainly a wish stays part of the letter, and a person reads it."""
    assert wishes.read(text, LANGUAGES) == expected


def test_every_language_offered_can_be_asked_for() -> None:
    """behaviour.md §3.11: whoever is offered an interpreter can ask by the language's name."""
    made = Templates([shipped()])
    offered = set(made.offers())

    assert offered
    assert offered <= set(made.language_names())


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    made = make_story()
    made.receive(letter())
    return made


def writes(story: Story, text: str, to: str = "acknowledgement") -> dict[str, object]:
    """The resident answers a mail of ours."""
    ours = parsed(bytes(story.mail(to)["content"]))
    return story.receive(
        letter(
            subject=f"Re: {ours['Subject']}",
            text=text,
            message_id=f"<{abs(hash((text, to, story.now)))}@resident.example>",
            In_Reply_To=ours["Message-ID"],
        )
    )


def test_any_news_is_told_where_it_stands(story: Story) -> None:
    """behaviour.md §3.8: the owner, the date that stands, no new promise; the owner is nudged; once a day."""
    story.at("2026-12-02 10:00")
    before = story.clocks()
    writes(story, "Any news?")
    told = words(story, "receipt")[0]

    assert "Priya Shah in Housing has your email about “Damp in the bedroom” of Monday 30 November." in told
    assert "Priya has not answered yet. You will still hear from Priya or a colleague by Monday 7 December." in told
    assert story.clocks() == before
    assert "they ask how far it is" in words(story, "resident-wrote")[-1]
    story.after(hours=1)
    writes(story, "Any update?")
    assert len(story.outbox("receipt")) == 1


def test_any_news_after_a_word(story: Story) -> None:
    """It says who wrote last, and when, even the day after; an answered case is open again, and nothing is promised by itself."""
    story.at("2026-12-02 10:00")
    story.reply(story.mail("new-case"), "Dear Edward,\n\nA surveyor comes on Thursday.\n\nPriya")
    story.at("2026-12-03 10:00")
    writes(story, "Any news?", "human")
    told = words(story, "receipt")[0]

    assert "Priya Shah wrote to you last on Wednesday 2 December." in told
    assert "You will hear" not in told
    assert story.case()["state"] == "open"
    assert [row["told"] for row in story.db.run("SELECT told FROM clocks WHERE state = 'running'")] == [0, 0]


def test_any_news_while_we_wait_for_them(story: Story) -> None:
    """A question is not answered by another one: they read that we wait for them."""
    story.at("2026-12-02 10:00")
    story.reply(story.mail("new-case"), "ASK which room is it, please?")
    story.at("2026-12-03 10:00")
    writes(story, "Any news?", "human")

    told = words(story, "receipt")[0]
    assert (
        "Priya Shah asked you a question on Wednesday 2 December, and can't go any further without your answer." in told
    )
    assert story.case()["state"] == "waiting"
    assert ("waiting", "2026-12-09", "running") in story.clocks()


def test_quiet_is_honoured_and_remembered(story: Story) -> None:
    """behaviour.md §3.10: only human words go out after it, in other cases and later ones too; staff know why."""
    story.after(hours=1)
    story.receive(letter(subject="Lift", text="The lift is broken.\n\nEdward", message_id="<2@resident.example>"))
    automatic = len(story.outbox(to="edward@resident.example"))
    story.after(hours=1)
    writes(story, "No more emails please.")
    assert "they want no more automatic mail" in words(story, "resident-wrote")[-1]
    story.at("2026-12-08 10:00")
    row = story.receive(letter(subject="Bins", text="The bins overflow.\n\nEdward", message_id="<3@resident.example>"))
    assert len(story.outbox(to="edward@resident.example")) == automatic
    assert (row["outcome"], row["acknowledged"]) == ("case", 0)
    assert "was not sent an acknowledgement, because they asked for no automatic mail." in words(story, "new-case")[-1]
    assert "the resident wants no automatic mail" in words(story, "digest", "priya@northgate.example")[-1]

    story.reply(story.outbox("new-case")[0], "Dear Edward,\n\nA surveyor comes on Thursday.\n\nPriya")
    story.at("2026-12-17 10:00")
    assert [row["kind"] for row in story.outbox(to="edward@resident.example")][automatic:] == ["human"]


def test_quiet_never_reopens(story: Story) -> None:
    """An answered case stays answered, and its owner is not bothered."""
    story.after(hours=1)
    story.reply(story.mail("new-case"), "Dear Edward,\n\nA surveyor comes on Thursday.\n\nPriya")
    told = len(story.outbox("resident-wrote"))
    story.after(hours=1)
    writes(story, "Please stop emailing me", "human")

    assert story.case()["state"] == "answered"
    assert len(story.outbox("resident-wrote")) == told


def test_quiet_beside_danger_is_a_letter(story: Story) -> None:
    """behaviour.md §1: urgent words are looked for in every letter, whatever else it asks."""
    story.after(hours=1)
    writes(story, "No more emails please.\nI smell gas.")

    assert story.outbox("urgent")


@pytest.mark.parametrize("sender", ["staff", "resident"])
def test_quiet_by_staff_and_back(story: Story, sender: str) -> None:
    """behaviour.md §4.3 QUIET: the same by a word of the owner; OFF takes it back."""
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "QUIET") if sender == "staff" else writes(story, "QUIET")
    assert story.case()["quiet"] == 1
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "QUIET OFF")
    assert story.case()["quiet"] == 0
    assert "gets automatic mail again" in words(story, "ask-back")[-1]


def test_asking_for_a_language(story: Story) -> None:
    """behaviour.md §3.11: the offer of an interpreter stands in that language from now on; the owner knows."""
    story.at("2026-12-02 10:00")
    writes(story, "Polish please")

    assert story.mail("receipt")
    assert parsed(bytes(story.mail("receipt")["content"]))["Content-Language"] == "en, pl"
    assert "they ask for Polish" in words(story, "resident-wrote")[-1]
    story.at("2026-12-07 15:00")
    assert parsed(bytes(story.mail("no-news")["content"]))["Content-Language"] == "en, pl"
    story.receive(letter(subject="Bins", text="The bins overflow.\n\nEdward", message_id="<3@resident.example>"))
    assert parsed(bytes(story.mail("acknowledgement")["content"]))["Content-Language"] == "en, pl"


def test_format_in_the_first_letter(make_story: Callable[..., Story]) -> None:
    """Asked for in a letter, it is known at once, to the owner and in the next letter."""
    story = make_story()
    story.receive(letter(text="There is damp. I am nearly blind, please answer in large print.\n\nEdward"))
    assert "Edward Quan asked for large print." in words(story, "new-case")[-1]
    story.receive(letter(subject="Bins", text="The bins overflow.\n\nEdward", message_id="<3@resident.example>"))
    assert "Edward Quan asked for large print." in words(story, "new-case")[-1]


def test_a_stranger_in_the_thread_wishes_nothing(story: Story) -> None:
    """P7: only a party of the case speaks for the resident."""
    ours = parsed(bytes(story.mail("acknowledgement")["content"]))
    story.receive(
        letter(
            sender="mallory@evil.example",
            subject=f"Re: {ours['Subject']}",
            text="No more emails please",
            message_id="<x@evil.example>",
            In_Reply_To=ours["Message-ID"],
        )
    )

    assert story.case()["quiet"] == 0


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Excellent", "5"),
        ("very well, thanks", "5"),
        ("Good", "4"),
        ("ok", "3"),
        ("not very good", "2"),
        ("Terrible!", "1"),
    ],
)
def test_feedback_by_a_word(story: Story, text: str, score: str) -> None:
    """behaviour.md §3.5: one word in answer to "how did we do?" is a score; it reopens nothing."""
    story.reply(story.mail("new-case"), "Dear Edward,\n\nA surveyor comes on Thursday.\n\nPriya")
    story.at("2026-12-09 10:00")
    writes(story, text, "settled")

    rows = story.db.run("SELECT data FROM events WHERE kind = 'feedback'")
    assert [row["data"] for row in rows] == [f'{{"score": "{score}"}}']
    assert story.case()["state"] == "closed"


def test_a_word_is_no_score_elsewhere(story: Story) -> None:
    """ "Terrible!" in answer to an acknowledgement is a letter."""
    story.after(hours=1)
    writes(story, "Terrible!")

    assert story.db.run("SELECT 1 FROM events WHERE kind = 'feedback'") == []
    assert story.outbox("resident-wrote")


def test_quiet_and_back_reach_closed_cases(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.10: a closed case may open again: what was asked for, or taken back, meanwhile holds in it too."""
    story = make_story()
    story.receive(letter())
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "IGNORE")
    story.after(minutes=5)
    story.reply(story.mail("ask-back"), "IGNORE OFF")
    assert not story.case()["quiet"]
    story.receive(letter(subject="Lift", text="The lift is stuck.\n\nEdward", message_id="<2@resident.example>"))
    story.after(minutes=5)
    answers_to = {"In_Reply_To": parsed(bytes(story.mail("acknowledgement")["content"]))["Message-ID"]}
    story.receive(letter(subject="Re: Lift", text="QUIET", message_id="<3@resident.example>", **answers_to))
    assert [bool(case["quiet"]) for case in story.cases()] == [True, True]
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "IGNORE")
    story.after(minutes=5)
    story.reply(story.mail("ask-back"), "IGNORE OFF")

    assert [bool(case["quiet"]) for case in story.cases()] == [True, True]  # the resident's own wish stands
