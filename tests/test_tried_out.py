"""Shadow's daily mail: what would have gone out, to whom kind by kind, three specimens whole, doubts first (behaviour.md §5.1)."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from tests.support.letters import by, letter, plain
from tests.support.story import Story

pytestmark = pytest.mark.usefixtures("store")
SHADOW = ('team = "housing"\nmode = "live"', 'team = "housing"\nmode = "shadow"')
GAS = "There is a strong smell of gas in our kitchen.\n\nNell Adeyemi"


def told(story: Story) -> str:
    """The admin's daily mail of Tuesday."""
    story.at("2026-12-01 08:45")
    (mail,) = [one for one in story.outbox("admin") if one["dedupe_key"] == "daily:2026-12-01"]
    return plain(bytes(mail["content"]))


def test_what_would_have_been(make_story: Callable[..., Story]) -> None:
    """Doubts stand before the counts, the counts before three whole mails, of which the first are to residents."""
    story = make_story(SHADOW)
    story.receive(letter())
    story.receive(by(2))
    story.receive(
        letter(sender="Nell <nell@resident.example>", text=GAS, subject="Smell", message_id="<gas@r.example>")
    )
    story.receive(letter(to="streets@northgate.example", message_id="<4@r.example>"), "streets")  # it is live
    said = told(story)
    words = " ".join(said.split())

    doubts, counts, first = (
        said.index(one) for one in ("Please look at these first", "What would have gone out", "One of these")
    )
    assert doubts < counts < first
    assert ": it has urgent words" in said[doubts:counts]
    assert "acknowledgement: 3 to residents, 0 to staff" in words and "new-case: 0 to residents, 3 to staff" in words
    assert said.count("One of these") == 3
    assert "has your email" in words
    assert said.index("One of these, acknowledgement to") < said.index("One of these, new-case to")
    assert said.count("is being tried out. Please") == 1
    assert "ackbot close --inbox housing --before DATE --dry-run" in words
    assert all(one["state"] == "held" for one in story.outbox() if one["inbox"] == "housing")


def test_nothing_doubtful(make_story: Callable[..., Story]) -> None:
    """It says so."""
    story = make_story(SHADOW)
    story.receive(letter())

    assert "nothing looks doubtful" in told(story)


def test_a_letter_without_a_case_is_a_doubt(make_story: Callable[..., Story]) -> None:
    """What a filter condemned and a person may have written is named with its reason."""
    story = make_story(SHADOW)
    story.receive(letter(X_Spam_Flag="YES"))

    assert "no case: the spam filter condemned it" in " ".join(told(story).split())


def test_what_was_held_did_not_happen(make_story: Callable[..., Story], cli: Callable[..., Result]) -> None:
    """E63: `letters`, `show` and the daily mail say "would have"; the words that were held are shown; a live inbox has none of it."""
    story = make_story(SHADOW)
    story.receive(letter())
    story.receive(letter(to="streets@northgate.example", sender="bo@r.example", message_id="<4@r.example>"), "streets")
    config = str(story.config.path)
    one, other = cli("-c", config, "letters", "--day", "2026-11-30").output.split("streets  ")
    shown = cli("-c", config, "show", "edward@resident.example").output
    live = cli("-c", config, "show", "bo@r.example").output

    assert "would have been answered" in one and "would have been" not in other
    assert "being answered" in other
    assert "would have been answered: nothing says" in shown
    assert "update: would have been promised for 2026-12-07" in shown
    assert "  | Priya Shah in Housing has your email" in shown
    assert "would have been" not in live and "promised for 2026-12-07" in live and "  | " not in live
    assert "0 acknowledged. It is being tried out: 1 would have been acknowledged" in " ".join(told(story).split())
    (row,) = cli("-c", config, "letters", "--day", "2026-11-30", "--inbox", "housing", "--json").output.splitlines()
    assert (json.loads(row)["acknowledged"], json.loads(row)["answer"]) == (False, "would have been answered")


STATES = {
    "state = 'accepted'": "letter 1, Mon 30 Nov 2026 10:12:00: letter, answered: ",
    "state = 'failed'": "not answered: the relay refused our mail: ",
    "state = 'held', held_for = 'brake'": "not answered yet: the brake holds it: ",
    "state = 'held', held_for = 'pause'": "not answered yet: paused: ",
}


@pytest.mark.parametrize(("change", "what"), STATES.items(), ids=STATES)
def test_an_answer_is_told_as_it_is(story: Story, cli: Callable[..., Result], change: str, what: str) -> None:
    """E63: what was decided is not what happened: refused, held by the brake, paused."""
    story.db.run(f"UPDATE outbox SET {change} WHERE kind = 'acknowledgement'")

    assert what in cli("-c", str(story.config.path), "show", "edward@resident.example").output
