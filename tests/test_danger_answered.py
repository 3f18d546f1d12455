"""Danger: what the resident reads first, by when somebody writes, and who hears if nobody does (behaviour.md §3.9)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ackbot.work.dispatch import Dispatcher
from tests.support.badsmtp import BadSmtp
from tests.support.council import World
from tests.support.letters import letter, parsed, plain
from tests.support.story import Story, words

pytestmark = pytest.mark.usefixtures("store")

ALEX = "alex@northgate.example"
CHRISTMAS_EVE = "2026-12-24 17:30"
AT_ONCE = (
    "I can smell gas in the hallway of my flat.",
    "There is a fire in the flat next door.",
    "The ceiling has collapsed.",
)
SENSITIVE = ("I want to kill myself tonight.", "My husband hits me every night.")


@pytest.mark.parametrize("text", AT_ONCE)
def test_what_to_do_comes_first_and_the_date_is_near(make_story: Callable[..., Story], text: str) -> None:
    """E49: not "you will hear by 6 January" to a smell of gas on Christmas Eve, and no number of a closed office."""
    story = make_story(now=CHRISTMAS_EVE)
    story.receive(letter(text=text))
    told = plain(bytes(story.mail("acknowledgement")["content"]))

    assert told.startswith("If someone is in danger, call 999. If you smell gas, call 0800 111 999.")
    assert told.count("999") == 2  # said once, first
    assert "Priya or a colleague will write to you by Wednesday 30 December." in " ".join(told.split())
    assert "We are closed now and will open again on Wednesday 30 December." in " ".join(told.split())
    assert "020 7946" not in told
    assert "Please phone or write yourself today." in words(story, "new-case")[0]


@pytest.mark.parametrize("text", SENSITIVE)
def test_sensitive_letters_are_answered_as_any_letter_of_that_hour(make_story: Callable[..., Story], text: str) -> None:
    """E49, E50: somebody else may read that mailbox: no subject, no date; closed is said; help stands behind who has it."""
    story = make_story(now=CHRISTMAS_EVE)
    story.receive(letter(subject="He hit me", text=text))
    mail = bytes(story.mail("acknowledgement")["content"])
    told = " ".join(plain(mail).split())

    assert "has your email. If someone is in danger, call 999." in told
    assert "We are closed now and will open again on Wednesday 30 December." in told
    assert " by " not in told.partition("Royal Borough")[0]
    assert "020 7946" not in told
    assert parsed(mail)["Subject"] == "Re: your email of Thursday 24 December"
    owner = words(story, "new-case")[0]
    assert "Please phone or write yourself today." in owner
    assert "No date was promised" in owner
    assert "was promised" not in owner.replace("No date was promised", "")


def test_a_second_letter_says_it_again(story: Story) -> None:
    """E50: "Did anyone read this?" brings its owner the same first line, and the resident a receipt."""
    story.receive(letter(text=SENSITIVE[0]))
    story.after(minutes=90)
    story.receive(
        letter(text="Did anyone read this?", message_id="<2@resident.example>", In_Reply_To="<first@resident.example>")
    )

    assert words(story, "resident-wrote")[-1].startswith("Please phone or write yourself today.")


def readers(story: Story) -> list[str]:
    """Who was told that nobody has written, in that order."""
    told = [mail for mail in story.outbox() if "nobody has written yet" in parsed(bytes(mail["content"]))["Subject"]]
    return [mail["recipient"].partition("@")[0] for mail in told]


@pytest.mark.parametrize("text", [*AT_ONCE, *SENSITIVE])
def test_the_manager_hears_within_four_working_hours(make_story: Callable[..., Story], text: str) -> None:
    """E74, behaviour.md §3.9: in every danger, not on the next working day; the head of service on the next one, once a day."""
    story = make_story(('name = "Alex Reid"', 'name = "Alex Reid"\nmanager = "dana"'))
    story.receive(letter(text=text))
    story.at("2026-11-30 14:11")
    assert readers(story) == []

    story.at("2026-11-30 14:13")
    assert readers(story) == ["alex"]
    told = words(story, "urgent", ALEX)[-1]
    assert "Alex, nobody has written to this resident, who may be in danger." in told
    assert "Edward Quan at edward@resident.example" in told
    assert "has waited since 10:12am on Monday 30 November. Priya Shah has the case." in told
    story.at("2026-12-01 08:59")
    assert readers(story) == ["alex"]
    story.at("2026-12-01 17:30")
    assert readers(story) == ["alex", "dana.price"]
    story.at("2026-12-03 17:30")
    assert readers(story) == ["alex", "dana.price", "director", "director"]


def test_it_counts_working_hours(make_story: Callable[..., Story]) -> None:
    """E74: four hours of the inbox: a letter of Friday afternoon is told of on Monday, when two of them were on Friday."""
    story = make_story(now="2026-12-04 15:00")
    story.receive(letter(text=AT_ONCE[0]))
    story.at("2026-12-07 10:59")
    assert readers(story) == []

    story.at("2026-12-07 11:00")
    assert readers(story) == ["alex"]


@pytest.mark.parametrize(
    "word",
    ["PHONED: he is safe, the engineer is there.", "Dear Edward,\n\nI am on my way.\n\nPriya", "CLOSE it was a test"],
)
def test_what_ends_it(story: Story, word: str) -> None:
    """E74: words of a person, a call, or the end of the case; not TAKE alone, which says nothing to the resident."""
    story.receive(letter(text=AT_ONCE[0]))
    story.reply(story.mail("new-case"), word)
    story.at("2026-12-02 17:30")

    assert readers(story) == []


def test_take_is_no_word_to_the_resident(story: Story) -> None:
    """E74: who took the alarm is named to the manager, who hears all the same."""
    story.receive(letter(text=AT_ONCE[0]))
    story.after(minutes=4)
    story.reply(story.mail("urgent"), "TAKE")
    story.at("2026-11-30 14:15")

    assert readers(story) == ["alex"]
    assert "Duty Officer took the alarm at 10:16am on Monday 30 November." in words(story, "urgent", ALEX)[-1]


def test_a_later_letter_of_danger_begins_it_anew(story: Story) -> None:
    """E74: an answer from before the danger is no answer to it."""
    story.receive(letter(text="The lift does not work."))
    story.reply(story.mail("new-case"), "Dear Edward,\n\nit will be mended on Friday.\n\nPriya")
    story.at("2026-12-01 09:00")
    story.receive(letter(text=AT_ONCE[0], message_id="<2@r.example>", In_Reply_To="<first@resident.example>"))
    story.at("2026-12-01 13:01")

    assert readers(story) == ["alex"]


def test_many_letters_make_one_mail(story: Story) -> None:
    """E9, E74: twenty letters of danger within an hour are three mails to the manager, which name them all."""
    for number in range(20):
        story.receive(
            letter(
                text=f"{AT_ONCE[0]} {number}",
                sender=f"r{number}@r.example",
                subject=f"Gas {number}",
                message_id=f"<g{number}@r.example>",
            )
        )
        story.after(minutes=2)
    for minute in range(12, 80, 2):
        story.at(f"2026-11-30 {14 + minute // 60}:{minute % 60:02}")

    assert readers(story) == ["alex", "alex", "alex"]
    assert words(story, "urgent", ALEX)[-2].count("may be in danger") == 1
    named = story.db.run("SELECT COUNT(DISTINCT code) AS n FROM events WHERE kind = 'unheard'")
    assert named[0]["n"] == 20


def test_after_a_restart_and_in_shadow(make_story: Callable[..., Story]) -> None:
    """E74: once a day, whoever restarts the daemon; a shadow inbox tells nobody."""
    story = make_story()
    story.receive(letter(text=AT_ONCE[0]))
    story.at("2026-11-30 14:30")
    story.restart()
    story.at("2026-11-30 16:30")
    assert readers(story) == ["alex"]

    shadow = make_story(('mode = "live"\nplus', 'mode = "shadow"\nplus'))
    shadow.receive(letter(text=AT_ONCE[0]))
    shadow.at("2026-12-02 16:30")
    assert readers(shadow) == []


def test_nobody_is_told_once_somebody_wrote(story: Story) -> None:
    """E74: words of a person end it."""
    story.receive(letter(text=SENSITIVE[0]))
    story.after(minutes=20)
    story.reply(story.mail("new-case"), "Dear Edward,\n\nI am Priya. May I phone you now?\n\nPriya")
    story.at("2026-12-02 09:00")

    assert story.outbox(to=ALEX) == []


TOLD = "Our duty officer has been told."


def acknowledged(dispatcher: Callable[..., Dispatcher], server: BadSmtp) -> str:
    """What the relay was given as the last acknowledgement; "" for none yet."""
    one = dispatcher(server)
    for _ in range(4):
        one._state = replace(one._state, quiet_until_s=0.0)
        one.round()
    found = [content for _, _, content in server.mails if parsed(content)["X-Ackbot-Kind"] == "acknowledgement"]
    return " ".join(plain(found[-1]).split()) if found else ""


@pytest.mark.parametrize("text", AT_ONCE)
def test_the_duty_officer_has_been_told(world: World, dispatcher: Callable[..., Dispatcher], text: str) -> None:
    """E49, behaviour.md §3.9: written once the relay has taken the alarm, which goes first; and the mail that is kept says it."""
    world.receive(
        letter(text=text, sender="N <n@r.example>", subject="Danger", message_id="<n@r.example>")
    )
    with BadSmtp() as server:
        told = acknowledged(dispatcher, server)
        kinds = [parsed(content)["X-Ackbot-Kind"] for _, _, content in server.mails]

    assert kinds.index("urgent") < kinds.index("acknowledgement")
    assert TOLD in told
    assert TOLD in plain(bytes(world.outbox("acknowledgement")[-1]["content"]))


def test_what_the_relay_has_not_taken_is_not_claimed(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """E49: while the relay refuses the alarm, the acknowledgement waits twenty seconds, and then goes without that sentence."""
    world.receive(letter(text=AT_ONCE[0], sender="N <n@r.example>", subject="Danger", message_id="<n@r.example>"))
    to_duty = []

    def refuses(what: str, line: str) -> str | None:
        to_duty.append(what == "RCPT" and "duty@" in line)
        return "450 4.2.0 greylisted" if to_duty[-1] else None

    with BadSmtp(refuses) as server:
        before = acknowledged(dispatcher, server)
        assert before == ""
        world.after(seconds=21)
        told = acknowledged(dispatcher, server)
        server.answer = None
        world.after(minutes=2)
        acknowledged(dispatcher, server)
        kinds = [parsed(content)["X-Ackbot-Kind"] for _, _, content in server.mails]

    assert any(to_duty)
    assert "Priya Shah in Housing has your email of Monday 30 November" in told
    assert TOLD not in told
    assert (kinds.count("urgent"), kinds.count("acknowledgement")) == (1, 1)


@pytest.mark.parametrize("text", [*SENSITIVE, "The bins were not emptied."])
def test_nobody_else_waits_or_reads_it(world: World, dispatcher: Callable[..., Dispatcher], text: str) -> None:
    """E49: in other letters nothing is said of a duty officer: somebody else may read that mailbox."""
    world.receive(letter(text=text, sender="N <n@r.example>", subject="Danger", message_id="<n@r.example>"))
    row = world.outbox("acknowledgement")[-1]

    assert row["not_before"] == row["created_at"]
    with BadSmtp() as server:
        assert TOLD not in acknowledged(dispatcher, server)


def test_a_flood_delays_no_acknowledgement(story: Story) -> None:
    """E9: whose alarm is counted or listed is acknowledged at once, without the sentence."""
    for number in range(12):
        sender = f"N <n{number // 2}@r.example>"
        story.receive(
            letter(text=AT_ONCE[0], sender=sender, subject=f"Gas {number}", message_id=f"<g{number}@r.example>")
        )
    waiting = [row for row in story.outbox("acknowledgement") if row["upon"]]

    assert 1 <= len(waiting) <= 5
    assert all(row["not_before"] == row["created_at"] for row in story.outbox("acknowledgement") if not row["upon"])
