"""`ackbot letters` lists every mail; `ackbot close` and `ackbot rename` put right what changed outside (behaviour.md §5.8)."""

import json
import re
from collections.abc import Callable

import pytest
from click.testing import Result

from ackbot.store import renaming
from ackbot.store.schema import MIGRATIONS
from ackbot.work import running
from tests.support.letters import by, letter
from tests.support.story import Story

pytestmark = pytest.mark.usefixtures("store")
GAS = "There is a strong smell of gas in our kitchen.\n\nEdward Quan"
ANSWER = "Dear Edward,\n\nYour wall was treated today.\n\nPriya"


def listed(story: Story, cli: Callable[..., Result], *options: str) -> list[dict[str, str]]:
    """What `ackbot letters --json` prints."""
    done = cli("-c", str(story.config.path), "letters", "--json", *options)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.output.splitlines()]


def test_every_mail_is_listed(make_story: Callable[..., Story], cli: Callable[..., Result]) -> None:
    """P1: with a case or without one, each with the reason; by inbox, by the council's day, by outcome."""
    story = make_story()
    story.receive(letter())
    story.receive(letter(message_id="<2@r.example>", List_Id="<news.lists.example>", Precedence="list"))
    story.receive(by(3), "streets")
    story.now = story.now.replace(day=30, hour=23, minute=59)
    story.receive(by(4))
    story.now = story.now.replace(month=12, day=1, hour=0, minute=1)
    story.receive(by(5))
    day = ("--day", "2026-11-30")

    assert [one["outcome"] for one in listed(story, cli, *day)] == ["case", "record", "case", "case"]
    assert all(one["why"] for one in listed(story, cli, *day))
    assert [one["inbox"] for one in listed(story, cli, *day, "--inbox", "streets")] == ["streets"]
    (record,) = listed(story, cli, *day, "--outcome", "record")
    assert (record["kind"], record["acknowledged"], record["reference"]) == ("list", False, "")
    assert [one["from_key"] for one in listed(story, cli, "--day", "2026-12-01")] == ["p5@resident.example"]
    shown = cli("-c", str(story.config.path), "letters", *day).output
    assert "not answered" in shown and "mailing list" in shown and "RBN-" in shown
    assert cli("-c", str(story.config.path), "letters", "--day", "soon").exit_code == 2


@pytest.fixture
def old(make_story: Callable[..., Story]) -> Story:
    """Two cases of November, one of them urgent, and one of December."""
    story = make_story(now="2026-11-20 10:00")
    story.receive(letter())
    story.receive(letter(sender="Cat <cat@resident.example>", text=GAS, subject="Gas", message_id="<gas@r.example>"))
    story.now = story.now.replace(month=12, day=2)
    story.receive(by(3))
    return story


def states(story: Story) -> list[str]:
    """The states of all cases, oldest first."""
    return [case["state"] for case in story.cases()]


def test_a_dry_run_changes_nothing(old: Story, cli: Callable[..., Result]) -> None:
    """It says what would be closed, and whose date nobody will keep."""
    done = cli("-c", str(old.config.path), "close", "--before", "2026-12-01", "--dry-run")

    assert "would close 1 cases" in done.output and "priya: 1" in done.output
    assert "1 of their residents were told a date" in done.output
    assert states(old) == ["open", "open", "open"]


def test_old_cases_close_in_silence(old: Story, cli: Callable[..., Result]) -> None:
    """P5: what was answered elsewhere closes without a mail; a told date is withheld with the reason; the urgent one stays open."""
    before = len(old.outbox())
    done = cli("-c", str(old.config.path), "close", "--before", "2026-12-01")

    assert "closed 1 cases" in done.output and "left open" in done.output
    assert states(old) == ["closed", "open", "open"]
    assert len(old.outbox()) == before
    assert old.outbox("acknowledgement")[0]["state"] == "cancelled"
    first = old.cases()[0]["code"]
    rows = old.db.run("SELECT state, why FROM clocks WHERE code = :code", code=first)
    assert {(row["state"], "answered elsewhere" in row["why"]) for row in rows} == {("withheld", True)}
    old.at("2026-12-14 16:00")
    assert not [one for one in old.outbox("no-news") if one["code"] == first]
    old.receive(
        letter(
            text="It is damp again.\n",
            message_id="<again@r.example>",
            In_Reply_To=old.outbox("acknowledgement")[0]["message_id"],
        )
    )
    assert states(old)[0] == "open"  # a new letter opens it again


def test_another_inbox_is_left_alone(old: Story, cli: Callable[..., Result]) -> None:
    """--inbox."""
    done = cli("-c", str(old.config.path), "close", "--before", "2026-12-01", "--inbox", "streets")

    assert "closed 0 cases" in done.output
    assert states(old) == ["open", "open", "open"]


def renamed(story: Story, *changes: tuple[str, str]) -> None:
    """The file with other names."""
    text = story.config.path.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    story.config.path.write_text(text)


def test_a_person_gets_another_id(make_story: Callable[..., Story], cli: Callable[..., Result]) -> None:
    """P4: their cases are theirs, and so is their answer to a mail that went out under the former id."""
    story = make_story()
    story.receive(letter())
    story.at("2026-12-01 10:00")

    def run(*words):
        return cli("-c", str(story.config.path), "rename", "staff", *words)

    assert run("priya", "priya.shah").exit_code == 2  # the file first
    renamed(story, ('id = "priya"', 'id = "priya.shah"'), ('"priya", "sam"]', '"priya.shah", "sam"]'))
    told = story.mail("new-case")
    story.db.close()
    done = run("priya", "priya.shah")
    assert done.exit_code == 0, done.output
    assert run("nobody", "priya.shah").exit_code == 1
    again = Story.__new__(Story)
    again.__dict__.update(story.__dict__)
    from ackbot.config import load
    from ackbot.store import open_database
    from ackbot.work.intake import Intake

    again.config = load(story.config.path)
    again.db = open_database(again.config.store_url)
    again.intake = Intake(again.db, again.config.office)
    again.restart()

    assert again.case()["owner"] == "priya.shah"
    again.reply(told, ANSWER, sender="priya@northgate.example")
    assert (again.case()["state"], again.case()["human_words_by"]) == ("answered", "priya.shah")
    again.db.close()


def test_an_inbox_gets_another_name(make_story: Callable[..., Story], cli: Callable[..., Result]) -> None:
    """P1, P2: what the store knows of the mailbox goes along, so that nothing is taken for new."""
    story = make_story()
    story.receive(letter())
    renamed(story, ('name = "housing"\naddress', 'name = "homes"\naddress'))
    story.db.close()
    done = cli("-c", str(story.config.path), "rename", "inbox", "housing", "homes")

    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in cli("-c", str(story.config.path), "cases", "--json").output.splitlines()]
    assert [row["inbox"] for row in rows] == ["homes"]
    assert cli("-c", str(story.config.path), "rename", "inbox", "streets", "homes").exit_code == 2


def test_two_names_never_become_one(make_story: Callable[..., Story]) -> None:
    """A name that the store knows already is refused."""
    story = make_story()
    story.receive(letter())
    story.receive(by(2))
    from ackbot.store import StoreProblem

    with pytest.raises(StoreProblem, match="two names cannot become one"):
        renaming.rename(story.db, "staff", "priya", "sam")


def test_no_column_is_forgotten() -> None:
    """Every column of the schema that holds the name of an inbox or of a person is among those that are renamed, or says why not."""
    schema = "\n".join(one for migration in MIGRATIONS for one in migration)
    named = {
        "inbox": {"inbox", "scope"},
        "staff": {
            "staff",
            "owner",
            "cover",
            "taken_by",
            "human_words_by",
            "owes",
            "noted_by",
            "named",
            "named_for",
            "offered_to",
            "offered_by",
        },
    }
    # What happened is told as it was; leases belong to the workers of the moment.
    as_it_was = {("events", "inbox")}
    for what, columns in named.items():
        found = {
            (table, column)
            for table, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n        \)", schema, re.DOTALL)
            for column in re.findall(r"^\s+(\w+) TEXT", body, re.MULTILINE)
            if column in columns
        } | {added for added in re.findall(r"ALTER TABLE (\w+) ADD COLUMN (\w+)", schema) if added[1] in columns}
        assert found - as_it_was == set(renaming.PLACES[what]), what  # type: ignore[index]


def test_raising_a_mode_offers_to_close(make_story: Callable[..., Story], cli: Callable[..., Result]) -> None:
    """E64: `check` warns, at the inbox's line, of open cases that an inbox takes out of shadow; not of others, not without cases."""
    names = ("housing", "streets")
    story = make_story(*((f'team = "{one}"\nmode = "live"', f'team = "{one}"\nmode = "shadow"') for one in names))
    story.receive(letter())
    running.record(story.db, "here/1", story.config, story.now)
    config = story.config.path
    assert "leaves shadow" not in cli("-c", str(config), "check").output
    config.write_text(config.read_text().replace('mode = "shadow"', 'mode = "staff"'))
    done = cli("-c", str(config), "check")

    assert done.exit_code == 0
    (warning,) = [line for line in done.output.splitlines() if "leaves shadow" in line]
    assert re.search(r":\d+: inbox.mode: warning: leaves shadow mode with 1 open case, ", warning)
    assert "ackbot close --inbox housing --before DATE --dry-run" in warning
