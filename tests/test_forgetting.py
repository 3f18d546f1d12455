"""What is kept of a person is shown and deleted as a whole, figures stay, and nothing that was deleted comes back (domain.md §13)."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from ackbot.casework import decide
from ackbot.casework.model import DELIVERED, Arrival
from ackbot.mail import quoting
from ackbot.report import figures, tables
from ackbot.store import Database, forgetting
from ackbot.store.sqlite import SQLite
from ackbot.work import personal, reporting, retention
from tests.support.council import line_of, mistakes, write_config
from tests.support.letters import letter, parsed
from tests.support.story import Story, answer, instant
from tests.test_cases import bounced
from tests.test_passed_on import attached

NAME, ADDRESS = "Zebedee Quillfeather", "zebedee@planted.example"
SENDER = f"{NAME} <Zebedee@Planted.example>"
WORDS = ("xylophone", "marzipan", "obelisk", "tuberose", "quagmire", "zeppelin", "umbrage", "pelican")
PLANTED = (NAME, "Quillfeather", ADDRESS, "planted.example", *WORDS)
SHADOW = ('team = "streets"\nmode = "live"', 'team = "streets"\nmode = "shadow"')
SENT = ("# housing", 'sent_folder = "Sent"\n# housing')


def everything(db: Database) -> Iterator[tuple[str, str, str]]:
    """Every value of every column of every table, as text: table, column, value; mails decoded as well as whole."""
    from ackbot.mail import message

    if isinstance(db, SQLite):
        tables_ = [row["name"] for row in db.run("SELECT name FROM sqlite_master WHERE type = 'table'")]
    else:
        tables_ = [
            row["name"]
            for row in db.run(
                "SELECT CAST(relname AS TEXT) AS name FROM pg_stat_user_tables WHERE schemaname = current_schema()"
            )
        ]
    for table in tables_:
        for row in db.run(f"SELECT * FROM {table}"):
            for column, value in dict(row).items():
                if isinstance(value, bytes | bytearray | memoryview):
                    raw = bytes(value)
                    yield table, column, raw.decode("utf-8", "replace")
                    yield table, column, message.text_of(raw)
                else:
                    yield table, column, str(value)


def found(db: Database, words: Sequence[str] = PLANTED) -> set[tuple[str, str, str]]:
    """Where any of these words stands in the store."""
    return {
        (table, column, word)
        for table, column, value in everything(db)
        for word in words
        if word.casefold() in value.casefold()
    }


def planted(make_story: Callable[..., Story], monkeypatch: pytest.MonkeyPatch) -> Story:
    """A resident in every corner of the store, by the real intake; beside them a neighbour who has a case too."""
    story = make_story(SHADOW, SENT)
    story.receive(letter(), "housing")  # Edward's own case
    story.receive(
        letter(
            SENDER,
            subject="Damp marzipan",
            text=f"A xylophone is damp.\n\nLarge print please.\n\n{NAME}\n",
            message_id="<z1@planted.example>",
        )
    )
    story.receive(
        letter(
            SENDER,
            subject="Re: Damp marzipan",
            text="The xylophone is worse.\n",
            message_id="<z2@planted.example>",
            In_Reply_To="<z1@planted.example>",
        )
    )
    own = story.cases()[-1]["code"]
    # A report of a mail that came back; an inbox that is tried out; an alarm.
    story.receive(bounced(story.mail("acknowledgement")))
    story.receive(
        letter(
            SENDER,
            to="streets@northgate.example",
            subject="zeppelin",
            text="A zeppelin.\n",
            message_id="<z4@planted.example>",
        ),
        "streets",
    )
    story.receive(
        letter(
            SENDER,
            subject="Boiler",
            text="There is a strong smell of gas in my xylophone.\n",
            message_id="<z7@planted.example>",
        )
    )
    # Words of staff: held, noted, sent, and sent from elsewhere.
    mine = next(one for one in story.outbox("new-case") if one["code"] == own)
    story.reply(mine, f"Sam, please ring {NAME} about the quagmire.")
    story.reply(mine, "NOTE pelican was here")
    story.reply(mine, f"Dear {NAME},\n\nYour xylophone is mended by Friday.\n\nPriya")
    story.receive(
        letter(
            "Priya Shah <housing@northgate.example>",
            to=SENDER,
            subject="umbrage",
            text="No umbrage.",
            message_id="<p1@northgate.example>",
        ),
        folder="Sent",
    )
    # Passed on by staff, in somebody else's case, in somebody else's letter.
    story.receive(
        attached(letter(SENDER, subject="umbrage", text="Take no umbrage.", message_id="<z5@planted.example>"))
    )
    story.receive(
        letter(
            text=f"Still damp. {ADDRESS} knows.\n",
            subject="Re: Damp in the bedroom",
            message_id="<e2@resident.example>",
            Cc=SENDER,
        )
    )
    theirs = parsed(bytes(story.mail("acknowledgement", "edward@resident.example")["content"]))["Message-ID"]
    story.receive(
        letter(
            SENDER,
            subject="Re: Damp in the bedroom",
            text="His pelican.\n",
            message_id="<z6@planted.example>",
            In_Reply_To=theirs,
        )
    )
    below = b"\r\n\r\nThis xylophone is for the eyes of its owner alone, who lives in Northgate by the river.\r\n"
    noted = answer(bytes(mine["content"]), "NOTE he rang again", mine["recipient"], when=story.now)
    story.receive(noted + below)
    part = "--b\nContent-Type: text/plain\n\nSee the obelisk.\n--b\nContent-Type: image/png\nContent-Disposition: attachment; filename=tuberose.png\n\nx\n--b--\n"
    picture = letter(
        SENDER,
        subject="A picture",
        text=part,
        content_type="multipart/mixed; boundary=b",
        message_id="<z8@planted.example>",
    )
    story.intake.take(picture, Arrival("housing", story.now, DELIVERED, 1, 0, size=len(picture)), story.now)
    story.at("2026-12-01 09:00")  # digests, and the admin's day with whole mails of the inbox that is tried out
    # Two mails that break us: the rest of one is read by its headers, of the other not even those.
    with monkeypatch.context() as broken:
        broken.setattr(quoting, "new_text", lambda _: 1 / 0)
        story.receive(letter(SENDER, subject="obelisk", text="tuberose", message_id="<z3@planted.example>"))
        broken.setattr(decide, "on_message", lambda *_: 1 / 0)
        story.receive(letter(SENDER, subject="obelisk", text="tuberose", message_id="<z9@planted.example>"))
    sent(story)
    return story


def closed(story: Story, address: str = ADDRESS) -> None:
    """All of the resident's cases are closed."""
    with story.db.transaction():
        personal.close_all(story.db, story.office, personal.find(story.db, story.office.council, address), story.now)


def report(story: Story) -> str:
    """The whole report, with names and small groups."""
    period = figures.default_period(story.office.council.calendar.local_day(story.now))
    return tables.as_json(reporting.made(story.db, story.office, period, story.now, service="", names=True))


@pytest.mark.usefixtures("store")
def test_nothing_is_left_of_a_person(make_story: Callable[..., Story], monkeypatch: pytest.MonkeyPatch) -> None:
    """D73: planted by the real intake, every column of every table is searched; the report is the same; others keep theirs."""
    story = planted(make_story, monkeypatch)
    before = found(story.db)
    assert {table for table, _, _ in before} >= {"letters", "cases", "parties", "outbox", "words", "people", "answers"}
    assert {word for _, _, word in before} == set(PLANTED)
    assert {("letters", "raw"), ("footers", "shown"), ("outbox", "attachments")} <= {
        (table, column) for table, column, _ in before
    }
    closed(story)
    was, letters = report(story), len(story.db.run("SELECT 1 FROM letters"))
    others = [bytes(row["content"]) for row in story.outbox("acknowledgement", "edward@resident.example")]

    erased, busy = personal.erase(story.db, story.office, ADDRESS, story.now, close=False)

    assert busy == []
    assert found(story.db) == set()
    assert report(story) == was
    assert len(story.db.run("SELECT 1 FROM letters")) == letters
    assert [bytes(row["content"]) for row in story.outbox("acknowledgement", "edward@resident.example")] == others
    assert personal.find(story.db, story.office.council, ADDRESS).nothing
    edward = story.cases()[0]
    assert (edward["resident_address"], edward["state"]) == ("edward@resident.example", "open")
    assert len(erased.codes) >= 3
    if isinstance(story.db, SQLite):
        assert story.db.wipe()
        store = Path(story.db.place)
        left = b"".join(one.read_bytes() for one in store.parent.glob(f"{store.name}*")).lower()
        assert [word for word in PLANTED if word.lower().encode() in left] == []  # nor between the rows, nor in the WAL


@pytest.mark.usefixtures("store")
def test_what_was_erased_does_not_come_back(make_story: Callable[..., Story], monkeypatch: pytest.MonkeyPatch) -> None:
    """D14, D73: a mailbox that is restored brings every mail again: no case, no mail, no word; a new letter is a new case."""
    story = planted(make_story, monkeypatch)
    seen = [(bytes(row["content"]), row["id"]) for row in story.outbox("acknowledgement", "Zebedee@Planted.example")]
    closed(story)
    personal.erase(story.db, story.office, ADDRESS, story.now, close=False)
    cases, mails = len(story.cases()), len(story.outbox())
    for raw, inbox in MAILS:
        story.receive(raw, inbox, uidvalidity=2)

    assert (len(story.cases()), len(story.outbox()), found(story.db)) == (cases, mails, set())
    theirs = parsed(seen[0][0])["Message-ID"]
    again = story.receive(letter(SENDER, text="I am back.", message_id="<new@planted.example>", In_Reply_To=theirs))
    assert (again["outcome"], len(story.cases())) == ("case", cases + 1)


MAILS = (
    (
        letter(
            SENDER,
            subject="Damp marzipan",
            text=f"A xylophone is damp.\n\nLarge print please.\n\n{NAME}\n",
            message_id="<z1@planted.example>",
        ),
        "housing",
    ),
    (
        letter(
            SENDER,
            subject="Re: Damp marzipan",
            text="The xylophone is worse.\n",
            message_id="<z2@planted.example>",
            In_Reply_To="<z1@planted.example>",
        ),
        "housing",
    ),
    (
        letter(
            SENDER,
            to="streets@northgate.example",
            subject="zeppelin",
            text="A zeppelin.\n",
            message_id="<z4@planted.example>",
        ),
        "streets",
    ),
    (
        letter(
            SENDER,
            subject="Boiler",
            text="There is a strong smell of gas in my xylophone.\n",
            message_id="<z7@planted.example>",
        ),
        "housing",
    ),
)


def sent(story: Story) -> None:
    """All that waits for the relay has gone out, to which the relay said something."""
    story.db.run(
        "UPDATE outbox SET state = 'accepted', accepted_at = created_at, reply = '250 <Zebedee@Planted.example> ok' "
        "WHERE state = 'queued'"
    )


def purged(story: Story, days: int) -> None:
    """So many days pass, and all is deleted that is due."""
    story.after(days=days)
    retention.purge(story.db, story.office.council, story.now)


def aged(story: Story, days: int) -> None:
    """So many days pass, with a round at the end of them that does all that is due."""
    story.after(days=days)
    for _ in range(5):
        story.rounds.tick()


@pytest.mark.usefixtures("store")
def test_words_go_first_and_names_later(make_story: Callable[..., Story], monkeypatch: pytest.MonkeyPatch) -> None:
    """domain.md §13: 90 days after it is closed a case has no words, 24 months after it no names; the report is the same."""
    story = planted(make_story, monkeypatch)
    closed(story)
    was = report(story)
    purged(story, 89)
    assert {"marzipan", "xylophone"} <= {word for _, _, word in found(story.db)}
    purged(story, 2)
    left = found(story.db)
    closed_ = "FROM letters JOIN cases ON cases.code = letters.code WHERE cases.state = 'closed'"
    words = story.db.run(f"SELECT letters.text, letters.raw, letters.from_key {closed_}")

    assert len(words) >= 5
    assert {(row["text"], row["raw"]) for row in words} == {("", None)}
    assert not story.db.run("SELECT 1 FROM letters WHERE code IS NULL AND text <> '' AND state = 'decided'")
    assert ("cases", "subject", "marzipan") in left
    assert ("letters", "from_key", ADDRESS) in left
    purged(story, 2 * 366)
    assert {row["from_key"] for row in story.db.run(f"SELECT letters.from_key {closed_}")} == {""}
    assert {row["code"] for row in story.cases() if row["erased_at"]} == {
        row["code"] for row in story.cases() if row["state"] == "closed"
    }
    story.now = instant("2026-12-01 09:00")
    assert report(story) == was


@pytest.mark.usefixtures("store")
def test_a_dry_run_changes_nothing(make_story: Callable[..., Story], monkeypatch: pytest.MonkeyPatch) -> None:
    """D71: it says what a purge then does, and every row is as it was."""
    story = planted(make_story, monkeypatch)
    closed(story)
    story.after(days=91)
    rows = sorted(everything(story.db))
    would = retention.purge(story.db, story.office.council, story.now, dry_run=True)

    assert would.cases >= 3
    assert would.mails > 0
    assert sorted(everything(story.db)) == rows
    assert retention.purge(story.db, story.office.council, story.now) == would
    assert not retention.purge(story.db, story.office.council, story.now).any


@pytest.mark.usefixtures("store")
def test_a_case_on_hold_is_left_whole(make_story: Callable[..., Story], monkeypatch: pytest.MonkeyPatch) -> None:
    """domain.md §13: neither age nor an erasure touches it, until it is released."""
    story = planted(make_story, monkeypatch)
    closed(story)
    code = next(row["code"] for row in story.cases() if row["subject"] == "Damp marzipan")
    assert forgetting.hold(story.db, code, "FOI 2026/7", story.now)

    def of_it() -> list[tuple[Any, ...]]:
        sql = "SELECT id, text, subject, from_key, headers FROM letters WHERE code = :code ORDER BY id"
        mails = "SELECT id, recipient, content FROM outbox WHERE code = :code ORDER BY id"
        return [tuple(dict(row).values()) for one in (sql, mails) for row in story.db.run(one, code=code)]

    was = of_it()
    aged(story, 3 * 366)
    sent(story)
    done, busy = personal.erase(story.db, story.office, ADDRESS, story.now, close=True)

    assert (done.kept, busy) == ((code,), [])
    parties = story.db.run("SELECT code FROM parties WHERE address = :address", address=ADDRESS)
    assert [row["code"] for row in parties] == [code]  # of everybody else's cases they are no party now
    assert not story.db.run(
        "SELECT 1 FROM letters WHERE LOWER(text) LIKE :it AND code <> :code", it=f"%{ADDRESS}%", code=code
    )
    assert of_it() == was
    assert [row["code"] for row in forgetting.held(story.db)] == [code]
    assert forgetting.hold(story.db, code, "", story.now)
    aged(story, 1)
    assert "xylophone" not in str(of_it())
    assert NAME not in str(story.db.run("SELECT resident_name FROM cases")[0:])


def test_an_open_case_is_not_erased(make_story: Callable[..., Story], monkeypatch: pytest.MonkeyPatch) -> None:
    """P4, P5: somebody waits for an answer; nothing is erased until the case is closed, or the admin says --close."""
    story = planted(make_story, monkeypatch)
    rows = sorted(everything(story.db))
    _, busy = personal.erase(story.db, story.office, ADDRESS, story.now, close=False)

    assert len(busy) >= 3
    assert sorted(everything(story.db)) == rows
    _, busy = personal.erase(story.db, story.office, ADDRESS, story.now, close=True)
    assert busy == []
    assert found(story.db) == set()


def test_an_export_shows_what_an_erasure_deletes(
    make_story: Callable[..., Story], monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Result], tmp_path: Path
) -> None:
    """D73: every planted word is in the zip, and after the erasure there is nothing to export; staff mailboxes are named."""
    story = planted(make_story, monkeypatch)
    config, out = str(story.config.path), tmp_path / "zebedee.zip"
    made = cli("-c", config, "person", "export", "Zebedee@PLANTED.example", "--out", str(out))
    assert made.exit_code == 0, made.output
    with zipfile.ZipFile(out) as file:
        texts = {name: file.read(name).decode("utf-8", "replace") for name in file.namelist()}

    said = "\n".join(texts.values()).casefold()
    assert [word for word in PLANTED if word.casefold() not in said] == []
    assert "sam@northgate.example" in texts["for-the-council/mailboxes.txt"]
    assert f'"{ADDRESS}" OR "RBN-' in texts["for-the-council/mailboxes.txt"]
    assert "edward@resident.example" not in texts["index.html"]
    assert cli("-c", config, "person", "export", ADDRESS, "--out", str(out)).exit_code == 1  # it is not replaced
    refused = cli("-c", config, "person", "erase", ADDRESS)
    assert (refused.exit_code, "--close" in refused.output) == (1, True)
    dry = cli("-c", config, "person", "erase", ADDRESS, "--dry-run")
    assert (dry.exit_code, bool(found(story.db))) == (0, True)
    done = cli("-c", config, "person", "erase", ADDRESS, "--close")
    assert done.exit_code == 0, done.output
    assert "backups made before today" in done.output
    assert found(story.db) == set()
    assert cli("-c", config, "person", "export", ADDRESS, "--out", str(tmp_path / "2.zip")).exit_code == 1


def test_hold_and_purge_as_an_admin_types_them(story: Story, cli: Callable[..., Result]) -> None:
    """The commands say what they did, and `--dry-run` writes nothing."""
    config, reference = str(story.config.path), story.office.council.reference_of(story.case()["code"])
    assert cli("-c", config, "hold").output == "no case is on hold\n"
    assert cli("-c", config, "hold", reference, "--why", "FOI 7").exit_code == 0
    assert f"{reference}  open  FOI 7" in cli("-c", config, "hold").output
    assert f"on hold, and left whole: {reference}" in cli("-c", config, "purge", "--dry-run").output
    assert cli("-c", config, "hold", reference, "--release").exit_code == 0
    assert cli("-c", config, "hold").output == "no case is on hold\n"
    assert cli("-c", config, "hold", "nonsense").exit_code == 2
    assert cli("-c", config, "purge").exit_code == 0


def test_names_are_not_kept_shorter_than_words(tmp_path: Path) -> None:
    """P10: a mistake at its line, because a case without a name has no words either."""
    path = write_config(tmp_path, ("[store]", '[store]\nkeep_letters = "90 days"\nkeep_cases = "2 months"'))
    (said,) = mistakes(path)

    assert said.startswith(
        f"{path}:{line_of('keep_cases', path.read_text())}: store.keep_cases: is shorter than keep_letters"
    )


def test_an_erased_letter_is_no_letter_in_another_inbox_either(make_story: Callable[..., Story]) -> None:
    """D73: it was only recorded in an officer's own inbox, so that a copy elsewhere would be a letter, if it were not erased."""
    story = make_story()
    raw = letter(SENDER, to="dana@northgate.example, housing@northgate.example")
    assert story.receive(raw, "dana")["outcome"] == "record"
    personal.erase(story.db, story.office, ADDRESS, story.now, close=False)
    story.receive(raw, "housing")

    assert (story.cases(), story.outbox(), found(story.db)) == ([], [], set())


def test_a_letter_that_comes_meanwhile_goes_too(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """D73: looking takes minutes in a large store, and nothing is locked meanwhile."""
    address, looked = "edward@resident.example", personal.find
    came: list[str] = []

    def slow(*args: Any) -> Any:
        found_ = looked(*args)
        if not came:
            came.append(
                story.receive(letter(subject="Another", text="marzipan", message_id="<2@r.example>"))["outcome"]
            )
        return found_

    monkeypatch.setattr(personal, "find", slow)
    _, busy = personal.erase(story.db, story.office, address, story.now, close=True)

    assert (came, busy) == (["case"], [])
    assert found(story.db, (address, "edward quan", "marzipan")) == set()
