"""The commands of an admin: their names, exit codes 0, 1 and 2, and output (design.md §8)."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import Result

from ackbot import __version__, extras
from ackbot.cli import _COMMANDS
from ackbot.store import inboxes, open_database, outbox
from tests.support.council import World, write_config
from tests.support.letters import letter


@pytest.fixture
def seen(tmp_path: Path) -> World:
    """A world with a case, a list mail and a mail in quarantine; its configuration is tmp_path/ackbot.toml."""
    world = World(tmp_path)
    world.receive(letter())
    world.receive(
        letter(sender="news@lists.example", subject="News", message_id="<n@l.example>", List_Id="<news.lists.example>")
    )
    return world


def test_version_and_help(cli: Callable[..., Result]) -> None:
    """Every command has a sentence in `--help`, and its own."""
    assert __version__ in cli("--version").output
    for name, sentence in _COMMANDS.items():
        assert sentence in " ".join(cli("--help").output.split())
        assert cli(name, "--help").exit_code == 0


def test_help_loads_nothing_heavy() -> None:
    """design.md §10: `--help` within 150 ms, so it imports no library that a command needs."""
    code = "import sys; from ackbot.cli import main; main(['--help'], standalone_mode=False); print(sorted(set(sys.modules) & set(sys.argv[1:])))"
    heavy = [
        "pydantic",
        "imapclient",
        "sqlite_utils",
        "structlog",
        "jinja2",
        "rich",
        "apscheduler",
        "lxml",
        "holidays",
        "gcld3",
        "smtplib",
    ]
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)

    assert done.stdout.strip().endswith("[]")


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"],
        ["explain"],
        ["show"],
        ["-c", "nowhere.toml", "check"],
        ["check"],
        ["status"],
        ["explain", "--at", "teatime", "x"],
    ],
)
def test_wrong_usage_is_2(cli: Callable[..., Result], words: list[str]) -> None:
    """2: the command was wrong, and says how it would be right."""
    done = cli(*words)

    assert done.exit_code == 2
    assert done.output


def test_a_command_that_was_meant(cli: Callable[..., Result]) -> None:
    """A mistyped command gets the nearest one as a suggestion."""
    assert 'Did you mean "status"?' in cli("statsu").output


def test_init_then_check(cli: Callable[..., Result], tmp_path: Path) -> None:
    """A newcomer's first two commands: what `init` wrote passes `check` once the passwords are there; nothing is overwritten."""
    folder = tmp_path / "council"
    done = cli("init", str(folder))

    assert done.exit_code == 0
    assert "check" in done.output
    assert (folder / "secret").stat().st_mode & 0o777 == 0o600
    assert len((folder / "secret").read_text().strip()) == 64
    assert cli("init", str(folder)).exit_code == 1

    config = folder / "ackbot.toml"
    done = cli("-c", str(config), "check")
    assert done.exit_code == 1
    assert done.output.count("password_file: ") == 2
    for name in ("smtp", "housing"):
        (folder / "credentials" / name).write_text("x\n")
    assert cli("-c", str(config), "check").exit_code == 0
    assert cli("check", "-c", str(config)).exit_code == 0


def test_check_prints_every_finding(cli: Callable[..., Result], tmp_path: Path) -> None:
    """One line each; 1 for mistakes, 0 for warnings alone."""
    path = write_config(tmp_path, ('mode = "live"', 'mode = "on"'), ("port = 2525", "port = 0"))
    done = cli("-c", str(path), "check")
    lines = [line for line in done.output.splitlines() if line.startswith(str(path))]

    assert done.exit_code == 1
    assert len([line for line in lines if "warning" not in line]) == 4
    path = write_config(tmp_path)
    assert cli("-c", str(path), "check").exit_code == 0


def test_explain_without_a_configuration(cli: Callable[..., Result], tmp_path: Path) -> None:
    """design.md §8: the built-in sample council; one object per mail, on one line, with every key of the contract."""
    mail = tmp_path / "a.eml"
    mail.write_bytes(letter())
    done = cli("explain", "--json", str(mail), str(mail))
    first = json.loads(done.output.splitlines()[0])

    assert done.exit_code == 0
    assert len(done.output.splitlines()) == 2
    assert list(first) == [
        "file", "inbox", "kind", "decision", "acknowledge", "acknowledge_to", "why", "rule", "urgent", "sender", "subject", "language", "text", "new_text",
        "attachments", "bounce", "case", "owner", "standard", "clocks", "intents", "mails",
    ]  # fmt: skip
    assert first["file"] == str(mail)
    assert (first["kind"], first["decision"], first["acknowledge_to"]) == ("letter", "case", "edward@resident.example")
    assert first["case"]["new"] is True
    assert [mail["kind"] for mail in first["mails"]] == ["acknowledgement", "new-case"]
    assert set(first["mails"][0]) == {"kind", "to", "envelope_from", "subject", "headers", "text", "html"}
    assert first["clocks"][0] == {"kind": "update", "promised_on": "2026-12-07", "due_at": "2026-12-07T17:00:00Z"}


def test_explain_for_people(cli: Callable[..., Result], tmp_path: Path) -> None:
    """Without --json: what would happen and why, the mails included."""
    mail = tmp_path / "a.eml"
    mail.write_bytes(letter(Auto_Submitted="auto-replied"))
    done = cli("explain", str(mail))

    assert (
        "answered  no: it says itself that a machine sent it (Auto-Submitted: auto-replied) [RFC 3834 §2]"
        in done.output
    )
    assert cli("explain", "nowhere.eml").exit_code == 1


def test_explain_writes_nothing(cli: Callable[..., Result], seen: World, tmp_path: Path) -> None:
    """D71: the store's file is to the octet the same before and after; facts are read from it all the same."""
    seen.close()
    mail = tmp_path / "a.eml"
    mail.write_bytes(letter(message_id="<again@r.example>", text="More.\n"))
    before = {path: sha256(path.read_bytes()).hexdigest() for path in tmp_path.glob("ackbot.db*")}
    result = json.loads(cli("-c", str(tmp_path / "ackbot.toml"), "explain", "--json", str(mail)).output)
    after = {
        path: sha256(path.read_bytes()).hexdigest() for path in tmp_path.glob("ackbot.db*") if path.suffix == ".db"
    }

    assert result["decision"] == "attach"
    assert {path: value for path, value in before.items() if path.suffix == ".db"} == after


def test_explain_is_the_daemons_own_path(
    cli: Callable[..., Result], make_world: Callable[..., World], tmp_path: Path
) -> None:
    """design.md §4: the bytes `explain` shows are those the daemon sends, whatever the mode."""
    world = make_world()
    mail = tmp_path / "a.eml"
    mail.write_bytes(letter())
    explained = json.loads(
        cli("-c", str(world.config.path), "explain", "--json", "--at", "2026-11-30T10:12:00+00:00", str(mail)).output
    )
    world.receive(letter())

    assert [one["text"] for one in explained["mails"]] == [_text(bytes(one["content"])) for one in world.outbox()]
    assert [one["headers"]["Message-ID"] for one in explained["mails"]] == [one["message_id"] for one in world.outbox()]


def _text(content: bytes) -> str:
    from tests.support.letters import plain

    return plain(content)


def _watching(world: World, ago: timedelta = timedelta(0)) -> None:
    """Every inbox answered then."""
    for name in world.config.council.inboxes:
        inboxes.report(world.db, name, "watching", "", datetime.now(UTC) - ago, seen=True)


def test_status(cli: Callable[..., Result], seen: World, tmp_path: Path) -> None:
    """`status` shows how everything is, and exits 1 when an inbox needs the admin."""
    config = str(tmp_path / "ackbot.toml")
    _watching(seen)
    done = cli("-c", config, "status")
    assert done.exit_code == 0
    assert "outbox: 2 queued" in done.output
    assert "cases: 1 open, 0 without an owner" in done.output
    inboxes.report(
        seen.db, "housing", "stopped", "127.0.0.1 refuses housing@northgate.example: no", seen.now, seen=False
    )
    done = cli("-c", config, "status")
    assert done.exit_code == 1
    assert "inbox housing (live): stopped: 127.0.0.1 refuses" in done.output
    assert json.loads(cli("-c", config, "status", "--json").output)["fine"] is False
    seen.close()


RED = {
    "nothing runs": ("DELETE FROM inbox_states", "inbox housing has never answered; is `ackbot run` running?"),
    "it ran once": (
        "UPDATE inbox_states SET seen_at = '2026-01-01T00:00:00.000000Z'",
        "days; is `ackbot run` running?",
    ),
    "retrying for long": (
        "UPDATE inbox_states SET state = 'retrying', seen_at = '2026-01-01T00:00:00.000000Z' WHERE inbox = 'streets'",
        "inbox streets has not answered for ",
    ),
    "quarantine": ("UPDATE letters SET state = 'quarantined' WHERE id = 1", "1 mails are in quarantine"),
    "brake": ("UPDATE outbox SET state = 'held', held_for = 'brake' WHERE id = 1", "1 mails are held (brake)"),
    "restore": ("UPDATE outbox SET state = 'held', held_for = 'restore' WHERE id = 1", "1 mails are held (restore)"),
    "unverified": (
        "UPDATE outbox SET state = 'unverified', created_at = '2199-01-01T00:00:00.000000Z' WHERE id = 1",
        "1 mails of the last days are unverified",
    ),
}


@pytest.mark.parametrize(("change", "what"), RED.values(), ids=RED)
def test_status_is_red(cli: Callable[..., Result], seen: World, tmp_path: Path, change: str, what: str) -> None:
    """operations.md, "When something is red": each line of it exits 1 and says why."""
    _watching(seen)
    seen.db.run(change)
    seen.close()
    done = cli("-c", str(tmp_path / "ackbot.toml"), "status")

    assert done.exit_code == 1
    assert [line for line in done.output.splitlines() if line.startswith("not fine: ") and what in line]


def test_status_of_what_passes(cli: Callable[..., Result], seen: World, tmp_path: Path) -> None:
    """If nobody need act (a server restarts, mails that a mode holds), the status is not red."""
    _watching(seen, ago=timedelta(minutes=5))
    inboxes.report(seen.db, "housing", "retrying", "hung up", datetime.now(UTC), seen=False)
    seen.db.run("UPDATE outbox SET state = 'held', held_for = 'shadow' WHERE id = 1")
    seen.close()

    assert cli("-c", str(tmp_path / "ackbot.toml"), "status").exit_code == 0


def test_status_before_the_first_run(cli: Callable[..., Result], tmp_path: Path) -> None:
    """Without a store it exits 1 and says what makes one."""
    done = cli("-c", str(write_config(tmp_path)), "status")

    assert done.exit_code == 1
    assert "`ackbot run` makes it" in done.output


def test_cases_and_show(cli: Callable[..., Result], seen: World, tmp_path: Path) -> None:
    """behaviour.md §5.3: by reference, Message-ID or address: every arrival, answered or not, with the rule."""
    config = str(tmp_path / "ackbot.toml")
    reference = seen.office.council.reference_of(seen.cases()[0]["code"])
    listed = cli("-c", config, "cases")
    assert reference in listed.output
    assert "2026-12-07" in listed.output
    assert json.loads(cli("-c", config, "cases", "--json").output)["owner"] == "priya"

    for what in (reference, reference.lower(), "<first@resident.example>", "EDWARD@resident.example"):
        done = cli("-c", config, "show", what)
        assert done.exit_code == 0, what
        assert f"case {reference}: open, owner priya" in done.output
        assert "answered: nothing says that a machine sent it" in done.output
        assert "acknowledgement to edward@resident.example, queued" in done.output
        assert "Priya Shah has the fewest open cases in housing" in done.output
    assert (
        "not answered: it is mail of a mailing list [RFC 2919, RFC 2369]"
        in cli("-c", config, "show", "news@lists.example").output
    )
    assert cli("-c", config, "show", "nobody@x.example").exit_code == 1
    assert json.loads(cli("-c", config, "show", "--json", reference).output)["cases"][0]["owner"] == "priya"
    seen.close()


def test_quarantine(cli: Callable[..., Result], seen: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """D5: listed with its reason, shown raw, tried again when the admin says so."""
    from ackbot.casework import decide

    config = str(tmp_path / "ackbot.toml")
    with monkeypatch.context() as broken:
        broken.setattr(decide, "on_message", lambda *_: 1 / 0)
        row = seen.receive(letter(message_id="<q@r.example>"))
    listed = cli("-c", config, "quarantine", "list")
    assert f"{row['id']}  " in listed.output
    assert "ZeroDivisionError" in listed.output
    assert cli("-c", config, "quarantine", "show", str(row["id"])).stdout_bytes == letter(message_id="<q@r.example>")
    assert cli("-c", config, "quarantine", "retry", str(row["id"])).output == "1 to be tried again\n"
    assert cli("-c", config, "quarantine", "retry", "999").exit_code == 1
    assert cli("-c", config, "quarantine", "show", "999").exit_code == 1
    seen.close()


def test_pause_resume_release(cli: Callable[..., Result], seen: World, tmp_path: Path) -> None:
    """behaviour.md §5.2: what waits is counted; an unknown inbox is wrong usage."""
    config = str(tmp_path / "ackbot.toml")
    assert cli("-c", config, "pause").output == "paused everything; 2 mails wait\n"
    assert "paused: everything" in cli("-c", config, "status").output
    assert cli("-c", config, "resume").output == "resumed everything; 2 mails go out\n"
    assert cli("-c", config, "pause", "--inbox", "streets").output == "paused streets; 0 mails wait\n"
    assert cli("-c", config, "pause", "--inbox", "parks").exit_code == 2
    seen.db.run("UPDATE outbox SET state = 'held', held_for = 'brake'")
    assert cli("-c", config, "release").output == "released 2 mails\n"
    assert {one["state"] for one in outbox.counts(seen.db)} == {"queued"}
    seen.db.run("UPDATE outbox SET state = 'held', held_for = 'brake'")
    cli("-c", config, "pause", "--inbox", "housing")
    assert cli("-c", config, "release").output == "released 0 mails; 2 more wait for `ackbot resume`\n"
    seen.close()


def test_preview(cli: Callable[..., Result], tmp_path: Path) -> None:
    """Every mail with sample values, on the terminal or as a gallery."""
    done = cli("preview", "receipt")
    assert "Your new email is with" in done.output
    assert cli("preview", "nothing-like-it").exit_code == 1
    assert cli("preview", "--language", "xx").exit_code == 1
    assert cli("preview", "--gallery", str(tmp_path / "gallery")).exit_code == 0
    assert (tmp_path / "gallery" / "index.html").read_text().count("<article>") == len(
        list((tmp_path / "gallery").glob("*.eml"))
    )


def _no_folder(place: Path) -> None:
    place.parent.write_text("a file where a folder should be")


def _garbage(place: Path) -> None:
    place.parent.mkdir()
    place.write_bytes(b"no database at all " * 500)


def _torn(place: Path) -> None:
    """A store that was good once: its header is, its pages are not."""
    place.parent.mkdir()
    db = open_database(f"sqlite:///{place}")
    db.migrate()
    db.close()
    content = place.read_bytes()
    place.write_bytes(content[:100] + b"\xff" * (len(content) - 100))


def _empty(place: Path) -> None:
    place.parent.mkdir()
    place.touch()


@pytest.mark.parametrize("command", [["status"], ["cases"], ["pause"], ["run"], ["show", "a@b.example"]])
@pytest.mark.parametrize("fault", [_no_folder, _garbage, _torn, _empty])
def test_faults_of_the_store_are_sentences(
    cli: Callable[..., Result], tmp_path: Path, fault: Callable[[Path], None], command: list[str]
) -> None:
    """design.md §8: exit 1 and what to do, never a traceback; a command that writes fills an empty file."""
    fault(tmp_path / "state" / "ackbot.db")
    path = write_config(tmp_path, ("sqlite:///ackbot.db", "sqlite:///state/ackbot.db"))
    if fault is _empty and command[0] in ("pause", "run"):
        return
    done = cli("-c", str(path), *command)

    assert done.exit_code == 1
    assert (
        "is not a folder" in done.output
        or done.output.startswith("ackbot: the")
        or "nothing in the store" in done.output
        or "no store" in done.output
    )


def test_a_folder_that_may_not_be_written(cli: Callable[..., Result], tmp_path: Path) -> None:
    """design.md §8: a folder without write permission gives a sentence too."""
    path = write_config(tmp_path, ("sqlite:///ackbot.db", "sqlite:////proc/ackbot/ackbot.db"))

    assert "ackbot: the store at" in cli("-c", str(path), "run").output


def test_a_store_of_another_version(cli: Callable[..., Result], seen: World, tmp_path: Path) -> None:
    """A store of another version is not read, because our queries would fail on it."""
    seen.db.run("INSERT INTO migrations (number, applied_at) VALUES (999, '')")
    assert "written by a newer ackbot" in cli("-c", str(tmp_path / "ackbot.toml"), "status").output
    seen.db.run("UPDATE migrations SET number = -number")
    assert "`ackbot run` brings it up to date" in cli("-c", str(tmp_path / "ackbot.toml"), "status").output
    seen.close()


def test_rehearsing_needs_no_passwords(cli: Callable[..., Result], tmp_path: Path) -> None:
    """After `init`, `preview` and `explain` show what would be before anything is ready to run."""
    cli("init", str(tmp_path / "council"))
    config = str(tmp_path / "council" / "ackbot.toml")
    mail = tmp_path / "a.eml"
    mail.write_bytes(letter())
    assert cli("-c", config, "check").exit_code == 1
    for words in (["preview", "receipt"], ["explain", str(mail)]):
        assert cli("-c", config, *words).exit_code == 0, words
    (tmp_path / "council" / "secret").unlink()
    assert cli("-c", config, "preview", "receipt").exit_code == 0


def test_the_service_may_read_what_init_wrote(cli: Callable[..., Result], tmp_path: Path) -> None:
    """The unit's user exists only while it runs, so everybody may read the configuration, but not the secret."""
    umask = os.umask(0o077)
    try:
        cli("init", str(tmp_path / "council"))
    finally:
        os.umask(umask)

    assert (tmp_path / "council").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "council" / "ackbot.toml").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "council" / "secret").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "council" / "credentials").stat().st_mode & 0o777 == 0o700
    for name in ("smtp", "housing"):
        assert (tmp_path / "council" / "credentials" / name).stat().st_mode & 0o777 == 0o600


def test_hints_install_what_is_missing() -> None:
    """E71: the packages themselves, into this environment: no index has ackbot, and nobody need be in its folder."""
    asked = {"demo": "pymap==", "postgres": "psycopg[binary]>=", "oauth": "pyjwt[crypto]>=", "languages": "cld3-py>="}
    for extra, package in asked.items():
        assert re.fullmatch(
            rf"{re.escape(sys.executable)} -m pip install '{re.escape(package)}[0-9.]+'", extras.command(extra)
        )


def test_broken_templates_are_sentences(cli: Callable[..., Result], own_templates: Path, tmp_path: Path) -> None:
    """design.md §8: `explain` and `preview` name the template's file and line, and exit 1."""
    path = write_config(tmp_path)
    (own_templates / "acknowledgement.txt").write_text("# Hello\n{{ nmae }}\n")
    mail = tmp_path / "a.eml"
    mail.write_bytes(letter())
    for words in (["preview"], ["explain", str(mail)]):
        done = cli("-c", str(path), *words)

        assert done.exit_code == 1
        assert "a template is broken:" in done.output
        assert f"{own_templates}/acknowledgement.txt:2: " in done.output


@pytest.mark.parametrize("words", [["init"], ["preview", "receipt", "--gallery"], ["demo", "--quiet", "--out"]])
def test_targets_that_cannot_be_written(cli: Callable[..., Result], tmp_path: Path, words: list[str]) -> None:
    """design.md §8: 1 and a sentence, before any work."""
    (tmp_path / "file").write_text("no folder")
    done = cli(*words, str(tmp_path / "file" / "folder"))

    assert done.exit_code == 1
    assert "cannot be written: Not a directory" in done.output


def test_show_and_message_ids(cli: Callable[..., Result], seen: World, tmp_path: Path) -> None:
    """behaviour.md §5.3: our Message-IDs are printed, and any is found with or without its brackets."""
    config = str(tmp_path / "ackbot.toml")
    ours = seen.outbox("acknowledgement")[0]["message_id"]
    seen.close()
    printed = cli("-c", config, "show", "first@resident.example").output

    assert f"  id        {ours}" in printed
    assert cli("-c", config, "show", ours).output == cli("-c", config, "show", ours.strip("<>")).output
    assert "acknowledgement to edward@resident.example" in cli("-c", config, "show", ours.strip("<>")).output
