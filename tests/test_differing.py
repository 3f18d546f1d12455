"""`ackbot diff`: what twelve changes of the file touch, before they are used."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from ackbot.config import load
from ackbot.work import differing
from ackbot.work.differing import Difference
from tests.support.letters import letter
from tests.support.story import Story, instant

WEEK = 'update_every = "5 working days"'
PRIYA = (
    '[[staff]]\nid = "priya"\nname = "Priya Shah"\nemail = ["priya@northgate.example", "p.shah@northgate.example"]\n'
)


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    """A case about damp with Priya, a day old."""
    made = make_story()
    made.receive(letter())
    made.at("2026-12-01 09:30")
    return made


def changed(story: Story, *changes: tuple[str, str]) -> Path:
    """The file beside the first one, with pieces replaced."""
    text = story.config.path.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = story.config.path.with_name("new.toml")
    path.write_text(text)
    return path


def found(story: Story, *changes: tuple[str, str]) -> Difference:
    """What differs, on the letters since Sunday."""
    new = load(changed(story, *changes), rehearsal=True)
    return differing.difference(story.config, new, story.db, instant("2026-11-29 00:00"), story.now)


# Each with a piece of what is said about the files, the cases, the dates and the letters; "" for nothing.
TWELVE: tuple[tuple[str, tuple[tuple[str, str], ...], tuple[str, str, str, str]], ...] = (
    ("nothing", (), ("", "", "", "")),
    ("a slower answer", (('answer_within = "10', 'answer_within = "12'),), ("10 working days → 12 working days", "", "answer 2026-12-14 → 2026-12-16", "answer 2026-12-14 → 2026-12-16")),
    ("a told date stays", ((WEEK, 'update_every = "3 working days"'),), ("5 working days → 3 working days", "", "", "update 2026-12-07 → 2026-12-03")),
    ("a holiday", (("[2026-12-28, 2026-12-29]", "[2026-12-10, 2026-12-28, 2026-12-29]"),), ("calendar", "", "answer 2026-12-14 → 2026-12-15", "answer")),
    ("somebody leaves the file", ((PRIYA, ""), ('["priya", "sam"]', '["sam"]')), ("staff priya: removed", "its owner priya is no longer here", "", "owner priya → sam")),
    ("somebody has left", (('id = "priya"', 'id = "priya"\nleft = 2026-12-01'),), ("staff priya.left", "its owner priya is no longer here", "", "owner priya → sam")),
    ("a job title", (('id = "priya"', 'id = "priya"\njob_title = "Repairs"'),), ("staff priya.job_title: '' → Repairs", "", "", "")),
    ("a route to another team", (("# end", '[[route]]\nsubject = ["damp"]\nteam = "streets"\n'),), ("routes", "", "", "team housing → streets")),
    ("a route that never matches", (("# end", '[[route]]\nsubject = ["piano"]\nteam = "streets"\n'),), ("routes", "", "", "")),
    ("a standard by another name", (('name = "enquiry"', 'name = "letter"'),), ("standards enquiry: removed", "its standard enquiry is no longer there", "", "standard enquiry → letter")),
    ("no answers for a sender", (('from = ["@contractor.example"]', 'from = ["@contractor.example", "@resident.example"]'),), ("senders", "", "", "acknowledged yes → no")),
    ("another mode", (('team = "housing"\nmode = "live"', 'team = "housing"\nmode = "staff"'),), ("inboxes housing.mode: live → staff", "", "", "")),
)  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), [one[1:] for one in TWELVE], ids=[one[0] for one in TWELVE])
def test_twelve_changes(story: Story, changes: tuple[tuple[str, str], ...], said: tuple[str, str, str, str]) -> None:
    """Each touches what it should and nothing else; nothing is written (P9: a date that was told stays)."""
    before = story.db.run("SELECT COUNT(*) AS n FROM events")[0]["n"]
    got = found(story, *changes)

    assert got.looked_at == 1
    for lines, words in zip((got.settings, got.cases, got.dates, got.letters), said, strict=True):
        assert bool(lines) == bool(words), lines
        assert words in "; ".join(lines)
    assert story.db.run("SELECT COUNT(*) AS n FROM events")[0]["n"] == before


def test_letters_without_their_text(story: Story) -> None:
    """What is no longer kept cannot be decided again, and is counted."""
    story.db.run("UPDATE letters SET text = ''")
    got = found(story, ("# end", '[[route]]\nsubject = ["damp"]\nteam = "streets"\n'))

    assert (got.looked_at, got.gone, got.letters) == (0, 1, [])


def test_the_command(story: Story, cli: Callable[..., Result]) -> None:
    """0 for no difference, 1 for one, 2 for a file with mistakes; without a store the files alone."""
    old = str(story.config.path)
    assert cli("diff", old, old).exit_code == 0
    done = cli("diff", "--days", "3650", old, str(changed(story, ('answer_within = "10', 'answer_within = "12'))))
    assert (done.exit_code, "answer 2026-12-14 → 2026-12-16" in done.output) == (1, True)
    assert cli("diff", old, str(changed(story, ('answer_within = "10', 'answer_with = "12')))).exit_code == 2
    story.db.close()
    for path in story.config.path.parent.glob("ackbot.db*"):
        path.unlink()
    assert "files alone" in cli("diff", old, old).output
