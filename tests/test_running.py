"""The admin reads what runs, and looks and mends with a broken file (behaviour.md §5.8; E59 to E62, E70)."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from ackbot.config import load, store_of
from ackbot.daemon import Daemon
from ackbot.store import open_database, outbox, reconfigured
from ackbot.store.database import text_of
from ackbot.work import keeping, running
from tests.support.council import TOML, World, write_config
from tests.support.letters import letter, parsed, plain
from tests.support.story import Story

LOOKING = [
    "status",
    "cases",
    "letters",
    "quarantine list",
    "show edward@resident.example",
    "pause",
    "resume",
    "release",
]
BROKEN = {
    "a bracket is missing": ("[[team]]", "[[team]"),
    "a quote is missing": ('name = "Priya Shah"', 'name = "Priya Shah'),
    "an unknown key": ('timezone = "x"', ""),
    "a table twice": ("[urgent]", '[council]\nname = "x"\n[urgent]'),
    "a person who is not there": ('members = ["priya", "sam"]', 'members = ["pria"]'),
    "store is misspelt": ("[store]", "[stroe]"),
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The configuration of a council of which the daemon works on a store with one case."""
    world = World(tmp_path)
    world.receive(letter())
    running.record(world.db, "here/1", world.config, datetime.now(UTC))
    world.close()
    return tmp_path / "ackbot.toml"


def edit(place: Path, *changes: tuple[str, str]) -> None:
    """Change the file; a piece that is not there is put in front."""
    text = place.read_text()
    for old, new in changes:
        text = text.replace(old, new, 1) if old in text else f"{old}\n{text}"
    place.write_text(text)


def not_fine(done: Result) -> list[str]:
    return [line.removeprefix("not fine: ") for line in done.output.splitlines() if line.startswith("not fine: ")]


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("words", LOOKING)
def test_looking_and_mending_need_the_store_alone(
    cli: Callable[..., Result], place: Path, words: str, change: tuple[str, str]
) -> None:
    """E60, E68: with a broken file, and without secret and passwords."""
    edit(place, change)
    (place.parent / "secret").unlink()
    done = cli("-c", str(place), *words.split())

    assert done.exit_code == (1 if words == "status" else 0), done.output
    assert "mistake" not in done.output or words == "status"


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_a_backup_needs_the_store_alone(cli: Callable[..., Result], place: Path, change: tuple[str, str]) -> None:
    """E60: the file as it is goes in, and what is gone as the daemon read it; a missing secret is said, with exit 1."""
    edit(place, change)
    done = cli("-c", str(place), "backup", str(place.parent / "whole"))
    assert (done.exit_code, keeping.papers_of(place.parent / "whole")["config/ackbot.toml"]) == (0, place.read_bytes())
    (place.parent / "secret").unlink()
    done = cli("-c", str(place), "backup", str(place.parent / "half"))
    assert done.exit_code == 1
    assert "the secret is not in it" in done.output
    assert "secret" not in keeping.papers_of(place.parent / "half")
    edit(place, (place.read_text(), TOML))
    (place.parent / "secret").write_text("the one that was kept apart\n")
    done = cli("-c", str(place), "restore", "--replace", str(place.parent / "half"))

    assert done.exit_code == 0, done.output
    assert (place.parent / "secret").read_text() == "the one that was kept apart\n"


def test_an_inbox_is_paused_while_the_file_is_broken(cli: Callable[..., Result], place: Path) -> None:
    """E60: `--inbox` knows the names that the daemon knows; one that nobody knows gets the nearest."""
    edit(place, BROKEN["a quote is missing"])

    assert cli("-c", str(place), "pause", "--inbox", "streets").output == "paused streets; 0 mails wait\n"
    done = cli("-c", str(place), "pause", "--inbox", "housng")
    assert (done.exit_code, 'did you mean "housing"?' in done.output) == (2, True)


def test_a_broken_file_before_the_first_run(cli: Callable[..., Result], tmp_path: Path) -> None:
    """E60: without a record of the daemon a pause needs no configuration, and the others say what is wrong with the file."""
    World(tmp_path).close()
    path = tmp_path / "ackbot.toml"
    edit(path, BROKEN["a quote is missing"])

    assert cli("-c", str(path), "pause").exit_code == 0
    done = cli("-c", str(path), "cases")
    assert done.exit_code == 1
    assert f"{path}:" in done.output


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", "sqlite:////var/lib/ackbot/ackbot.db"),
        ("[store]\n# url = 'sqlite:////x'\n", "sqlite:////var/lib/ackbot/ackbot.db"),
        ('[store]\nurl = "sqlite:////srv/a.db"\n', "sqlite:////srv/a.db"),
        ('[store\nurl = "sqlite:////srv/a.db" # here\n', "sqlite:////srv/a.db"),
        ("[store]\nurl = 'postgresql://ackbot@db/ackbot'\n[x\n", "postgresql://ackbot@db/ackbot"),
        ('[store]\nulr = "sqlite:////srv/a.db"\n', "sqlite:////srv/a.db"),
    ],
)
def test_the_store_is_found_in_any_file(tmp_path: Path, text: str, url: str) -> None:
    """E60: whatever else is wrong with it."""
    path = tmp_path / "a.toml"
    path.write_text(text)

    assert store_of(path) == url


def test_status_tells_what_runs(cli: Callable[..., Result], place: Path) -> None:
    """E59: configuration, since when, and the mode of each inbox by the daemon's own record."""
    done = cli("-c", str(place), "status")
    found = json.loads(cli("-c", str(place), "status", "--json").output)

    assert f"configuration {place} ({found['daemon']['hash']}), at work since " in done.output
    assert found["daemon"]["state"] == "running"
    assert next((one["name"], one["mode"]) for one in found["inboxes"]) == ("housing", "live")
    assert not [line for line in not_fine(done) if "not what runs" in line]


CHANGES: dict[str, tuple[str, str, str]] = {
    "a mode": ("ackbot.toml", 'mode = "live"', 'mode = "shadow"'),
    "a person": ("ackbot.toml", "Priya Shah", "Priya Shaw"),
    "a comment": ("ackbot.toml", "# end", "# end, really"),
}


@pytest.mark.parametrize(("file", "old", "new"), CHANGES.values(), ids=CHANGES)
def test_a_file_that_differs_is_red(cli: Callable[..., Result], place: Path, file: str, old: str, new: str) -> None:
    """E59: `status` names it, and goes on telling what runs."""
    edit(place, (old, new))
    done = cli("-c", str(place), "status")

    assert [line for line in not_fine(done) if line.startswith(f"{file}: not what runs since ") and "reload" in line]
    assert "inbox housing (live since " in done.output


def test_templates_and_includes_count(cli: Callable[..., Result], tmp_path: Path) -> None:
    """E59: whatever the council wrote: included files, templates, word lists; new ones and deleted ones."""
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "a.toml").write_text('[[staff]]\nname = "Ann"\nemail = "ann@northgate.example"\n')
    (tmp_path / "words" / "en").mkdir(parents=True)
    made = World(
        tmp_path, ("[council]", 'include = ["people/*.toml"]\n[council]'), ("[urgent]", '[urgent]\nwords_dir = "words"')
    )
    running.record(made.db, "here/1", made.config, datetime.now(UTC))
    made.close()
    config = str(tmp_path / "ackbot.toml")

    def differing() -> str:
        return "".join(line for line in not_fine(cli("-c", config, "status")) if "not what runs" in line)

    assert differing() == ""
    for name in ("people/b.toml", "templates/en/receipt.txt", "words/en/gas.txt"):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("# nothing\n")
        assert differing().startswith(f"{name}: "), name
        place.unlink()
    (tmp_path / "people" / "a.toml").unlink()
    assert differing().startswith("people/a.toml: ")


def test_a_broken_file_is_red_with_its_reason(cli: Callable[..., Result], place: Path) -> None:
    """E59: a reload would be refused, and why."""
    edit(place, BROKEN["a person who is not there"])
    done = cli("-c", str(place), "status")

    assert any("a reload would be refused: " in line and 'did you mean "priya"?' in line for line in not_fine(done))


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """At work on the test council, tmp_path/ackbot.toml."""
    made = Daemon(load(write_config(tmp_path)))
    made.start()
    yield made
    made.stop()


def test_a_refused_reload_is_red(cli: Callable[..., Result], daemon: Daemon, tmp_path: Path) -> None:
    """E59: with its reason, until a reload succeeds; the log is not the only place."""
    path = tmp_path / "ackbot.toml"
    edit(path, BROKEN["a person who is not there"])
    daemon.reload()
    refused = not_fine(cli("-c", str(path), "status"))
    path.write_text(TOML.replace('mode = "live"', 'mode = "staff"', 1))
    daemon.reload()
    done = cli("-c", str(path), "status")

    assert any(line.startswith("the last reload was refused") and "pria" in line for line in refused)
    assert not any("reload" in line for line in not_fine(done))
    assert "inbox housing (staff since " in done.output


def test_a_change_that_needs_a_restart_is_red(cli: Callable[..., Result], daemon: Daemon, tmp_path: Path) -> None:
    """E59, P10: another secret file is refused, and `status` says so."""
    (tmp_path / "other").write_text("another secret for tests, and nothing else\n")
    edit(tmp_path / "ackbot.toml", ('secret_file = "secret"', 'secret_file = "other"'))
    daemon.reload()

    assert any("needs a restart" in line for line in not_fine(cli("-c", str(tmp_path / "ackbot.toml"), "status")))


def test_a_stopped_daemon_is_not_watching(cli: Callable[..., Result], tmp_path: Path) -> None:
    """E70: the very minute it stops, and not ten minutes later."""
    path = write_config(tmp_path)
    made = Daemon(load(path))
    made.start()
    assert not [line for line in not_fine(cli("-c", str(path), "status")) if "daemon" in line]
    made._db.run(
        "INSERT INTO inbox_states (inbox, state, reason, changed_at, seen_at) VALUES ('housing', 'watching', '', :now, :now) "
        "ON CONFLICT (inbox) DO UPDATE SET state = 'watching', reason = '', seen_at = :now",
        now=text_of(datetime.now(UTC)),
    )
    made.stop()
    done = cli("-c", str(path), "status")

    assert "the daemon is stopped; start it: systemctl start ackbot" in not_fine(done)
    assert "watching," not in done.output


def test_a_killed_daemon_is_red_after_a_minute(cli: Callable[..., Result], place: Path) -> None:
    """E70: it leaves no word, but its heart stops; a clock that went back counts as silence too."""
    for ago in (timedelta(minutes=2), timedelta(hours=-3)):
        with closing(open_database(store_of(place))) as db:
            db.run("UPDATE running SET heard_at = :at", at=text_of(datetime.now(UTC) - ago))
        assert [line for line in not_fine(cli("-c", str(place), "status")) if line.startswith("the daemon was killed")]


def test_modes_have_their_own_since(tmp_path: Path) -> None:
    """E59: a reload that leaves a mode alone leaves its since alone, and so does a restart."""
    world = World(tmp_path)
    first = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    running.record(world.db, "here/1", world.config, first)
    changed = load(write_config(tmp_path, ('team = "streets"\nmode = "live"', 'team = "streets"\nmode = "staff"')))
    running.record(world.db, "here/2", changed, first + timedelta(days=3))
    ran = running.found(world.db)
    world.close()

    assert ran is not None
    assert ran.modes["housing"] == ("live", first)
    assert ran.modes["streets"] == ("staff", first + timedelta(days=3))


def test_cases_of_nobody_we_know(cli: Callable[..., Result], place: Path) -> None:
    """E70: an unknown owner gets the nearest name and no "no cases"; the list has heads."""
    done = cli("-c", str(place), "cases", "--owner", "pria")
    assert (done.exit_code, 'there is no member of staff "pria"; did you mean "priya"?' in done.output) == (2, True)
    listed = cli("-c", str(place), "cases", "--owner", "priya").output.splitlines()
    head, row = listed
    assert head.split() == ["CASE", "STATE", "NEXT", "DATE", "WHO", "HAS", "IT", "OPENED", "INBOX", "AND", "MATTER"]
    assert [head.index("WHO HAS IT"), head.index("INBOX")] == [row.index("priya"), row.index("housing:")]


def test_show_is_in_words(cli: Callable[..., Result], place: Path) -> None:
    """E70: no file that does not ship, and no name of a class."""
    output = cli("-c", str(place), "show", "edward@resident.example").output

    assert ".md" not in output
    assert "OpenCase" not in output
    assert "open case: " in output


def test_resume_under_a_general_pause(cli: Callable[..., Result], place: Path) -> None:
    """E62: the inbox is still paused, and `resume` says so; what was not paused is not said to be resumed."""
    config = str(place)
    assert cli("-c", config, "resume").output == "nothing was paused; nothing changes\n"
    cli("-c", config, "pause")
    cli("-c", config, "pause", "--inbox", "housing")
    done = cli("-c", config, "resume", "--inbox", "housing")
    assert done.exit_code == 1
    assert "the pause of housing alone has ended, but everything is paused" in done.output
    assert cli("-c", config, "resume").output == "resumed everything; 2 mails go out\n"
    assert cli("-c", config, "resume", "--inbox", "streets").output == "streets was not paused; nothing changes\n"
    cli("-c", config, "pause", "--inbox", "housing")
    cli("-c", config, "pause", "--inbox", "streets")
    assert cli("-c", config, "resume", "--inbox", "streets").output.endswith("; still paused: housing\n")


def test_a_pause_is_red_from_the_start(cli: Callable[..., Result], place: Path) -> None:
    """E61: `status` says since when, what waits, and how it ends."""
    cli("-c", str(place), "pause")
    done = cli("-c", str(place), "status")

    assert done.exit_code == 1
    assert "everything is paused for 0 minutes: 2 mails wait; to end that: ackbot resume" in not_fine(done)


def test_a_pause_never_holds_the_admins_mail(story: Story) -> None:
    """E61: neither what waits when it begins nor what is written under it; mail of that kind to others is held."""
    reconfigured.know_admin(story.db, story.office.council)
    story.at("2026-11-30 11:00")
    story.db.run(
        "UPDATE outbox SET kind = 'admin', recipient = 'admins@northgate.example', recipient_key = 'admins@northgate.example', "
        "inbox = '' WHERE kind = 'acknowledgement'"
    )
    story.db.run("UPDATE outbox SET kind = 'admin', inbox = '' WHERE kind = 'new-case'")
    outbox.pause(story.db, "", story.now)

    assert {row["recipient"]: row["state"] for row in story.outbox()} == {
        "admins@northgate.example": "queued",
        "priya@northgate.example": "held",
    }
    story.at("2026-12-07 16:00")
    told = story.outbox("admin", "admins@northgate.example")[-1]
    assert told["state"] == "queued"


def test_a_promise_that_passes_under_a_pause_is_told(story: Story) -> None:
    """E61: to the admin, at 15:00 of its day, by its reference; once a day while the pause goes on; nobody else is mailed."""
    reconfigured.know_admin(story.db, story.office.council)
    story.at("2026-12-07 09:00")
    outbox.pause(story.db, "housing", story.now)
    before = len(story.outbox())
    story.at("2026-12-07 14:59")
    assert [row["kind"] for row in story.outbox()[before:] if row["state"] == "queued"] == []
    story.at("2026-12-07 15:00")
    (told,) = (row for row in story.outbox("admin")[-1:])
    reference = story.office.council.reference_of(story.case()["code"])

    assert "A promised date has come meanwhile" in plain(bytes(told["content"]))
    assert reference in plain(bytes(told["content"]))
    assert "ackbot resume --inbox housing" in plain(bytes(told["content"]))
    story.at("2026-12-08 16:00")
    subjects = [parsed(bytes(row["content"]))["Subject"] for row in story.outbox("admin")]
    assert subjects.count("Nothing goes out: a pause goes on") == 2
    assert [row["kind"] for row in story.outbox()[before:] if row["state"] == "queued" and row["kind"] != "admin"] == []


def test_a_forgotten_pause_is_told_though_nothing_passes(story: Story) -> None:
    """E61: after a day, every day until it ends."""
    reconfigured.know_admin(story.db, story.office.council)
    outbox.pause(story.db, "streets", story.now)
    story.at("2026-12-02 16:00")
    outbox.resume(story.db, "", story.now)
    story.at("2026-12-04 16:00")
    subjects = [parsed(bytes(row["content"]))["Subject"] for row in story.outbox("admin")]

    assert subjects.count("Nothing goes out: a pause goes on") == 2
