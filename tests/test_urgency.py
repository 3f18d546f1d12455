"""An alarm is repeated until somebody takes it (behaviour.md §3.9, domain.md §8)."""

from pathlib import Path

import pytest
import structlog

from ackbot.store import status
from tests.support.letters import letter, plain
from tests.support.story import Story

GAS = "There is a strong smell of gas in our kitchen.\n\nEdward Quan"


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """Two people to alarm, and a letter about gas."""
    made = Story(tmp_path, ('to = ["duty"]', 'to = ["duty", "alex"]'))
    made.receive(letter(text=GAS))
    return made


def alarmed(story: Story) -> list[str]:
    """The recipients of the alarms, in order."""
    return [mail["staff"] for mail in story.outbox("urgent")]


def test_it_comes_again_and_then_to_the_next(story: Story) -> None:
    """Every ten minutes, twice each, in the order of `to`; never two for one tick."""
    for minute in range(12, 60, 3):
        story.at(f"2026-11-30 10:{minute}")
        story.rounds.tick()

    assert alarmed(story) == ["duty", "duty", "alex", "alex"]
    assert len({mail["dedupe_key"] for mail in story.outbox("urgent")}) == 4


def test_it_says_how_to_reach_the_owner(tmp_path: Path) -> None:
    """Whoever is alarmed reads the phone of whoever owns the case, if there is one; the resident reads the inbox's only."""
    phone = ('id = "priya"\n', 'id = "priya"\nphone = "020 7946 0123"\n')
    for changes, said in (
        ([phone], "Priya Shah owns the case, and can be reached on 020 7946 0123."),
        ([], "Priya Shah owns the case."),
    ):
        folder = tmp_path / str(len(changes))
        folder.mkdir()
        made = Story(folder, *changes)
        made.receive(letter(text=GAS))

        assert said in " ".join(plain(bytes(made.mail("urgent")["content"])).split())
        assert "0123" not in plain(bytes(made.mail("acknowledgement")["content"]))
        made.close()


@pytest.mark.parametrize("words", ["TAKE", "Taken.", "take"])
def test_take_ends_it(story: Story, words: str) -> None:
    """Whoever takes it ends the chain, from either person's mail; the case itself stays with its owner."""
    story.at("2026-11-30 10:23")
    owner = story.case()["owner"]
    story.reply(story.mail("urgent"), words)
    story.at("2026-11-30 12:00")

    assert len(alarmed(story)) == 2
    assert story.case()["owner"] == owner
    assert story.db.run("SELECT taken_by FROM alarms")[0]["taken_by"] == "duty"


@pytest.mark.parametrize(
    "text", ["Dear Edward,\n\nPlease leave the house, the engineer is on his way.\n\nPriya", "CLOSE: done"]
)
def test_take_alone_ends_it(story: Story, text: str) -> None:
    """E5, domain.md §8: neither an answer nor the end of the case ends an alarm; TAKE does, then too."""
    story.reply(story.mail("new-case"), text)
    story.at("2026-11-30 10:23")
    assert alarmed(story) == ["duty", "duty"]
    story.reply(story.mail("urgent"), "TAKE")
    story.at("2026-11-30 12:00")

    assert alarmed(story) == ["duty", "duty"]


def test_a_further_letter_begins_it_anew(story: Story) -> None:
    """A case has one chain of alarms; a new urgent letter begins it again, though an earlier alarm was taken."""
    story.reply(story.mail("urgent"), "TAKE")
    story.at("2026-11-30 11:00")
    story.receive(
        letter(
            subject="Re: Damp in the bedroom",
            text="Now there is a fire in the flat!",
            message_id="<2@r.example>",
            In_Reply_To="<first@resident.example>",
        )
    )
    story.at("2026-11-30 11:11")

    assert alarmed(story) == ["duty", "duty", "duty"]
    assert len(story.db.run("SELECT * FROM alarms")) == 1


def test_an_inbox_in_shadow_alarms_nobody(tmp_path: Path) -> None:
    """behaviour.md §5.1: shadow sends nothing; no chain of held mails grows."""
    story = Story(tmp_path, ('team = "housing"\nmode = "live"', 'team = "housing"\nmode = "shadow"'))
    story.receive(letter(text=GAS))
    story.at("2026-11-30 12:00")

    assert [mail["state"] for mail in story.outbox("urgent")] == ["held"]


def test_an_alarm_that_fails_goes_to_the_next_at_once(tmp_path: Path) -> None:
    """domain.md §8: a duty officer's address that is refused costs no ten minutes; the next person has it in the next round."""
    story = Story(tmp_path, ('to = ["duty"]', 'to = ["duty", "alex"]'))
    story.receive(letter(text=GAS))
    story.db.run("UPDATE outbox SET state = 'failed' WHERE kind = 'urgent'")
    story.after(seconds=5)
    story.rounds.tick()

    assert [row["recipient"] for row in story.outbox("urgent")] == ["duty@northgate.example", "alex@northgate.example"]


def test_the_machine_is_loud_while_no_alarm_goes_out(tmp_path: Path) -> None:
    """behaviour.md §3.9: the log at its highest level and `status` say which case; P11: and nothing of the resident."""
    story = Story(tmp_path)
    story.receive(letter(text=GAS))
    with structlog.testing.capture_logs() as logs:
        story.at("2026-11-30 10:14")
    reference = story.office.council.reference_of(story.case()["code"])

    loud = [one for one in logs if "CANNOT BE SENT" in one["event"]]
    assert [(one["log_level"], one["cases"]) for one in loud] == [("critical", [reference])]
    assert "Edward" not in str(logs)
    wrong = status.status(story.db, {}, story.now)["wrong"]
    assert "urgent mail cannot be sent (1): phone the duty officer" in wrong
    story.db.run("UPDATE outbox SET state = 'accepted' WHERE kind = 'urgent'")
    with structlog.testing.capture_logs() as logs:
        story.at("2026-11-30 10:16")
    assert not any("CANNOT BE SENT" in one["event"] for one in logs)


def test_ignoring_waits_for_the_alarm(story: Story) -> None:
    """behaviour.md §3.9: an alarm is repeated until somebody takes it; IGNORE ends none."""
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "IGNORE")
    assert story.case()["state"] == "open"
    story.reply(story.mail("urgent"), "TAKE")
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "IGNORE")

    assert story.case()["state"] == "closed"


def test_everybody_is_away(tmp_path: Path) -> None:
    """D59, behaviour.md §3.9: an alarm to somebody who is away is better than none, and it is repeated like any other."""
    away = '# end\n\n[[absence]]\nstaff = "duty"\nfrom = 2026-11-30\nuntil = 2026-12-04\n'
    story = Story(tmp_path, ("# end", away))
    story.receive(letter(text=GAS))
    story.at("2026-11-30 10:23")

    assert alarmed(story) == ["duty", "duty"]
