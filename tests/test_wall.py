"""`ackbot watch`: letters as they come, alarms, what is due today and what is late, and nobody's words."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from click.testing import Result

from ackbot.report import wall
from ackbot.report.wall import Filter
from ackbot.store.database import text_of
from ackbot.work.looking_on import look
from tests.conftest import missing
from tests.support.letters import letter
from tests.support.story import Story
from tests.support.watching import until

GAS = "There is a strong smell of gas in our kitchen.\n\nNell"
ALL = Filter()


@pytest.fixture
def busy(make_story: Callable[..., Story]) -> Story:
    """Four letters of this morning: Edward's was acknowledged in 40 ms, Nell's is an alarm, a list's is not answered, Tom's waits."""
    story = make_story()
    story.receive(letter())
    story.db.run(
        "UPDATE outbox SET state = 'accepted', accepted_at = :at", at=text_of(story.now + timedelta(milliseconds=40))
    )
    story.receive(letter(sender="Nell <nell@resident.example>", text=GAS, subject="Smell", message_id="<2@r.example>"))
    story.receive(
        letter(sender="N <n@lists.example>", message_id="<3@r.example>", List_Id="<n.lists.example>", Precedence="list")
    )
    story.receive(
        letter(
            sender="Tom <tom@resident.example>",
            to="streets@northgate.example",
            subject="Bin",
            message_id="<4@r.example>",
        ),
        inbox="streets",
    )
    return story


def shown(story: Story, by: Filter = ALL, width: int = 80, height: int = 24) -> str:
    council = story.office.council
    polls = dict.fromkeys(council.inboxes, 60.0)
    return "\n".join(text for text, _ in wall.lines(look(story.db, council, polls, story.now), by, width, height))


@pytest.mark.usefixtures("store")
def test_a_morning(busy: Story) -> None:
    """Each letter has its time, inbox, reference, owner, and in how many milliseconds it was acknowledged, or why it was not."""
    edward, nell, tom = (busy.office.council.reference_of(case["code"]) for case in busy.cases())
    text = shown(busy)

    assert "today 4 letters, 3 acknowledged (half within 40 ms)" in text
    assert f"housing         {edward:12}  Priya Shah          in 40 ms" in text
    assert f"streets         {tom:12}" in text and "being acknowledged" in text
    assert "no answer: list" in text
    assert f"ALARM {nell}  housing  gas: nobody took it in 0 ms, 1 mail" in text
    assert "nothing is due today, and nothing is late" in text


@pytest.mark.usefixtures("store")
def test_what_is_due_and_what_is_late(busy: Story) -> None:
    """The first date is due on its day; the day after nobody wrote it is late, with the day since when, and first in the list."""
    due = min(row["promised_on"] for row in busy.db.run("SELECT promised_on FROM clocks WHERE kind = 'update'"))
    busy.at(f"{due} 09:30")
    before = shown(busy)
    busy.at(f"{due} 16:00")
    later = str(busy.now.date() + timedelta(days=1))
    busy.at(f"{later} 09:30")

    assert f"due today, told {due}" in before
    assert "late since" in shown(busy)


def test_filters(busy: Story) -> None:
    """One inbox, one owner, only what was not acknowledged: letters and dates of others are left out, and the heading says so."""
    assert "streets  " not in shown(busy, Filter(inbox="housing"))
    assert "Letters of today, inbox streets" in shown(busy, Filter(inbox="streets"))
    assert "in 40 ms" not in shown(busy, Filter(owner="sam")).split("Letters of today")[1]
    unanswered = shown(busy, Filter(unanswered=True)).split("Letters of today")[1]
    assert "no answer: list" in unanswered and "Priya Shah" not in unanswered
    assert [wall.following(one, ["a", "b"]) for one in ("", "a", "b", "gone")] == ["a", "b", "", ""]


def test_nobodys_words(busy: Story) -> None:
    """P11: no name, address, subject or word of a resident, at any size and with any filter."""
    text = shown(busy, width=300, height=90)

    for word in ("Edward", "Quan", "edward@", "Nell", "Tom", "resident.example", "Damp", "Smell", "kitchen", "Bin"):
        assert word not in text, word


def test_more_than_fits(make_story: Callable[..., Story]) -> None:
    """Thirty alarms leave room for letters and dates; how many more there are is said."""
    story = make_story()
    for n in range(30):
        story.receive(
            letter(sender=f"N <n{n}@resident.example>", text=GAS, subject=f"S{n}", message_id=f"<{n}@r.example>")
        )
    text = shown(story)

    assert "more alarms" in text and len(text.splitlines()) == 24
    assert text.count("being acknowledged") >= 3


def test_any_terminal(busy: Story) -> None:
    """Exactly as many lines as there are, none longer; one that is too small is told so."""
    council = busy.office.council
    seen = look(busy.db, council, dict.fromkeys(council.inboxes, 60.0), busy.now)

    for width, height in product((1, 7, 40, 79, 80, 81, 120, 250), (1, 5, 23, 24, 25, 60)):
        lines = wall.lines(seen, Filter(), width, height)
        assert len(lines) == height and all(len(text) <= width for text, _ in lines)
        small = width < wall.NARROWEST or height < wall.SHORTEST
        assert small == (not any("Letters of today" in text for text, _ in lines))


def test_printed_once(busy: Story, cli: Callable[..., Result]) -> None:
    """--once prints it, for a log or another program; without a terminal the live view says what it needs."""
    run = ("-c", str(busy.config.path), "watch")

    assert "Royal Borough of Northgate" in cli(*run, "--once").output
    without = cli(*run)
    assert without.exit_code == 2 and "--once" in without.output


def test_in_a_terminal(busy: Story, tmp_path: Path) -> None:
    """In a real one of 80 × 24: letters show up, keys choose, a letter that comes later comes on, and q ends with 0."""
    if shutil.which("tmux") is None:
        missing("needs a terminal: apt-get install -y --no-install-recommends tmux")
    tmux = ("tmux", "-S", str(tmp_path / "t"))
    program = shlex.join([sys.executable, "-m", "ackbot.cli", "-c", str(busy.config.path), "watch"])
    env = os.environ | {"LC_ALL": "C.UTF-8"}
    ended = tmp_path / "ended"
    subprocess.run(
        [*tmux, "-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", f"{program}; echo $? >{ended}"],
        check=True,
        env=env,
    )

    def screen() -> str:
        return subprocess.run([*tmux, "capture-pane", "-p"], check=True, capture_output=True, text=True, env=env).stdout

    def typed(key: str) -> None:
        subprocess.run([*tmux, "send-keys", key], check=True, env=env)

    until(lambda: "Letters of today" in screen() and "q quit" in screen(), "the view")
    typed("i")
    until(lambda: "Letters of today, inbox housing" in screen(), "the filter")
    typed("u")
    until(lambda: "not acknowledged" in screen(), "the second filter")
    typed("q")
    until(ended.exists, "the end")
    assert ended.read_text().strip() == "0"
