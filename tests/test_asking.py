"""A question to the resident: the clocks stand still, one reminder, and the owner goes on without an answer (D65)."""

from collections.abc import Callable

import pytest

from ackbot.config import load
from ackbot.work.recompute import recount
from tests.support.letters import html, letter, parsed
from tests.support.story import Story, words

QUESTION = "ASK which room is it, please, and since when?"


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    """One letter of Monday 30 November, and Priya's question of Wednesday."""
    made = make_story()
    made.receive(letter())
    made.at("2026-12-02 11:00")
    made.reply(made.mail("new-case"), QUESTION)
    return made


def answers(story: Story, text: str = "The bedroom, since October.\n\nEdward") -> None:
    question = parsed(bytes(story.mail("human")["content"]))
    story.receive(
        letter(
            subject="Re: Damp in the bedroom",
            text=text,
            message_id=f"<{abs(hash(text))}@resident.example>",
            In_Reply_To=question["Message-ID"],
        )
    )


def test_the_clocks_stand_still(story: Story) -> None:
    """behaviour.md §4.3 ASK: the question goes out unchanged and promises nothing; the answer's clock is paused."""
    text = words(story, "human")[0]

    assert text.startswith(
        "Hello Edward Quan, Which room is it, please, and since when? Priya Shah Priya Shah, Housing"
    )
    assert "You will" not in text
    assert story.case()["state"] == "waiting"
    assert story.clocks() == [
        ("update", "2026-12-07", "kept"),
        ("answer", "2026-12-14", "paused"),
        ("waiting", "2026-12-09", "running"),
    ]


def test_the_answer_takes_the_case_up(story: Story) -> None:
    """D65: an answer after three working days resumes the clock, its date moves by three working days, and the owner gets the letter."""
    story.at("2026-12-07 10:00")
    answers(story)

    assert story.case()["state"] == "open"
    assert ("answer", "2026-12-17", "running") in story.clocks()
    assert ("update", "2026-12-14", "running") in story.clocks()
    assert ("waiting", "2026-12-09", "replaced") in story.clocks()
    assert "The bedroom, since October." in words(story, "resident-wrote")[-1]
    assert "You will hear from Priya or a colleague by Monday 14 December" in words(story, "receipt")[-1]


def test_paused_over_christmas(make_story: Callable[..., Story]) -> None:
    """D65: pause time is counted in working time, so bank holidays and closures in it do not count."""
    story = make_story(now="2026-12-16 10:00")
    story.receive(letter())
    story.at("2026-12-22 11:00")
    story.reply(story.mail("new-case"), QUESTION)
    before = {kind: day for kind, day, _ in story.clocks("paused")}
    story.at("2026-12-31 10:00")
    answers(story)

    assert before == {"answer": "2027-01-05"}  # 25 and 28 are bank holidays, 28 and 29 closures
    assert ("answer", "2027-01-11", "running") in story.clocks()  # 23, 24, 30 and 31 are four working days


def test_a_changed_standard_keeps_the_pause(story: Story) -> None:
    """D65: dates that were paused are not computed anew from the day of the letter."""
    story.at("2026-12-07 10:00")
    answers(story)
    path = story.config.path
    path.write_text(path.read_text().replace('answer_within = "10 working days"', 'answer_within = "4 working days"'))
    recount(story.db, load(path).council, story.now)

    assert ("answer", "2026-12-17", "running") in story.clocks()


def test_silence_is_reminded_once_and_the_owner_asked(story: Story) -> None:
    """behaviour.md §4.3: one reminder after 5 working days names the date; after 10 the owner is asked; nobody is reminded before."""
    story.at("2026-12-09 16:00")
    assert story.outbox("no-news") == []
    assert story.outbox("digest") == []
    story.at("2026-12-10 09:30")
    reminder = words(story, "no-news")[0]

    assert "Priya Shah asked you a question about “Damp in the bedroom” on Wednesday 2 December" in reminder
    assert (
        "You will hear from Priya or a colleague by Wednesday 16 December, even if we have not heard from you."
        in reminder
    )
    story.at("2026-12-16 09:00")
    assert len(story.outbox("no-news")) == 1
    morning = words(story, "digest", "priya@northgate.example")[-1]
    assert "is promised for today" in morning
    assert "Edward Quan was asked on Wednesday 2 December and has not answered." in morning
    story.reply(story.mail("digest", "priya@northgate.example"), "Dear Edward,\n\nwe come on Friday at ten.\n\nPriya")
    story.at("2026-12-16 15:30")
    assert len(story.outbox("no-news")) == 1  # the promise of the reminder was kept
    assert story.clocks("paused") == []


def test_owner_writes_before_the_answer(story: Story) -> None:
    """D65: resumed without a reply, the date lies ahead: nothing is suddenly overdue."""
    story.at("2026-12-16 11:00")
    story.reply(story.mail("new-case"), "UPDATE\n\nWe found the leak without you, and order the part.")

    assert story.case()["state"] == "open"
    assert ("answer", "2026-12-31", "running") in story.clocks()
    assert not any(kind == "waiting" for kind, _, _ in story.clocks("running"))
    story.at("2026-12-17 16:00")
    assert story.outbox("digest", "alex@northgate.example") == []


def test_thanks_is_no_answer(story: Story) -> None:
    """A bare "thank you" leaves the question open; a bare number may be the answer, and is no score."""
    story.at("2026-12-03 10:00")
    answers(story, "Thank you!")
    assert story.case()["state"] == "waiting"
    answers(story, "3")
    assert story.case()["state"] == "open"
    assert story.db.run("SELECT 1 FROM events WHERE kind = 'feedback'") == []


def test_an_automatic_reply_is_no_answer(story: Story) -> None:
    """D62: a resident's out-of-office message does not end the waiting."""
    story.at("2026-12-03 10:00")
    question = parsed(bytes(story.mail("human")["content"]))
    story.receive(
        letter(
            subject="Automatic reply: Damp in the bedroom",
            text="I am away.",
            message_id="<ooo@resident.example>",
            In_Reply_To=question["Message-ID"],
            Auto_Submitted="auto-replied",
        )
    )

    assert story.case()["state"] == "waiting"
    assert ("waiting", "2026-12-09", "running") in story.clocks()


def test_a_standard_that_may_not_pause(make_story: Callable[..., Story]) -> None:
    """`pausable = false`: a question stops reminders, but not the clock of the answer."""
    story = make_story(("# end", "pausable = false"))
    story.receive(letter())
    story.reply(story.mail("new-case"), QUESTION)

    assert ("answer", "2026-12-14", "running") in story.clocks()
    story.at("2026-12-14 13:00")
    assert story.outbox("digest", "alex@northgate.example")


def test_sensitive_letters_are_not_reminded(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.9: no automatic follow-ups; the owner is asked all the same."""
    story = make_story()
    story.receive(letter(text="My husband hits me every night.\n\nEdward"))
    story.reply(story.mail("new-case"), QUESTION)
    story.at("2026-12-14 09:00")

    assert story.outbox("no-news") == []
    assert (
        "was asked on Monday 30 November and has not answered" in words(story, "digest", "priya@northgate.example")[-1]
    )


def test_ask_needs_words_and_holds_like_an_answer(story: Story) -> None:
    """P6: a question goes out like any words: fail closed."""
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "ASK")
    assert "ASK needs the words" in words(story, "ask-back")[-1]
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "WAIT: Hi Sam, is he always like that?")
    assert "it greets Sam" in words(story, "ask-back")[-1]
    assert len(story.outbox("human")) == 1
    story.after(minutes=5)
    story.follow(story.mail("ask-back"), "SEND", "", "")
    assert len(story.outbox("human")) == 2
    assert story.case()["state"] == "waiting"


def test_large_print_is_honoured_in_every_mail(story: Story) -> None:
    """behaviour.md §3.11: asked for once, in a reply; remembered, shown to the owner, and done."""
    story.at("2026-12-07 10:00")
    answers(story, "The bedroom. Please write in large print.\n\nEdward")
    story.at("2026-12-14 15:30")

    for kind in ("receipt", "no-news"):
        page = html(bytes(story.mail(kind)["content"]))
        assert "font-size: 25px" in page
        assert "font-size: 18px" not in page
    assert "Edward Quan asked for large print." in words(story, "resident-wrote")[-1]


def test_a_cover_does_not_end_a_question(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.7: "you don't need to write again" is not said to somebody whose answer is waited for."""
    story = make_story()
    story.receive(letter())
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "ASK: which room is it, please tell me?")
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "AWAY today to 18 Dec, cover Sam Jones")
    story.at("2026-11-30 11:00")
    told = words(story, "cover")[0]

    assert "You don't need to write again" not in told
    assert "We still need your answer to what you were asked on Monday 30 November: just reply." in told


def test_an_answer_from_elsewhere_promises_nothing(make_story: Callable[..., Story]) -> None:
    """
    P5, behaviour.md §3.3a: words of another address answer no question to the resident, and nothing is promised there.
    """
    story = make_story()
    story.receive(letter())
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "ASK: which room is it, please tell me?")
    question = parsed(bytes(story.mail("human")["content"]))
    story.after(days=1)
    story.receive(
        letter(
            sender="Ed <ed@work.example>",
            to=question["Reply-To"],
            subject="Re: Damp in the bedroom",
            text="The back bedroom, since May.\n\nEd",
            message_id="<1@work.example>",
            In_Reply_To=question["Message-ID"],
        )
    )

    assert story.case()["state"] == "waiting"
    assert "was promised by" not in words(story, "resident-wrote")[-1]
