"""Our errors have one base: a sentence, the ids of what they concern, and whether trying again can help."""

from pathlib import Path

import pytest

from ackbot.config.source import ConfigProblem, Finding
from ackbot.errors import AckbotError
from ackbot.mail.templates import TemplateProblem
from ackbot.store import RowMissing, StoreBusy, StoreConflict, StoreMissing, StoreProblem, open_database
from ackbot.store.database import must_touch
from ackbot.wires import imap, oauth, smtp, web
from ackbot.wires.places import Place, PlaceTaken
from ackbot.wires.secrets import Password, PasswordProblem

PASSING = {
    StoreProblem: False,
    StoreMissing: False,
    RowMissing: False,
    StoreBusy: True,
    StoreConflict: True,
    imap.ImapProblem: True,
    imap.NotReached: True,
    imap.LoginRefused: False,
    imap.NotTrusted: False,
    imap.NoToken: False,
    oauth.TokenProblem: True,
    oauth.GrantRefused: False,
    web.WebProblem: True,
    web.NotAsked: True,
    web.NotTrusted: False,
    smtp.RelayTrouble: True,
    smtp.NotReached: True,
    smtp.NoToken: False,
    smtp.RefusedAfterData: True,
    smtp.Later: True,
    smtp.Busy: True,
    smtp.Refused: False,
    smtp.Unknown: False,
    smtp.TakenAway: False,
    PasswordProblem: False,
    PlaceTaken: False,
    TemplateProblem: False,
}


@pytest.mark.parametrize("kind", PASSING, ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_whether_trying_again_can_help(kind: type[AckbotError]) -> None:
    """style.md, Errors: border errors say whether trying again can help, and carry one sentence."""
    error = kind("it went wrong")

    assert isinstance(error, AckbotError)
    assert (error.passing, str(error), error.ids) == (PASSING[kind], "it went wrong", {})


def test_ids_name_what_it_happened_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """style.md, Errors: each leaf carries its identifiers; what is not known is left out."""
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)
    missing = tmp_path / "no.db"
    with pytest.raises(StoreMissing) as store:
        open_database(f"sqlite:///{missing}", read_only=True)
    with pytest.raises(PasswordProblem) as password:
        Password(env="NO_SUCH_VARIABLE").read()
    with pytest.raises(PlaceTaken) as place:
        Place(path=str(tmp_path / "no" / "socket")).bind()
    with pytest.raises(RowMissing) as row:
        must_touch([], "cases", case="7H429P", mail=None)

    assert store.value.ids == {"store": str(missing)}
    assert password.value.ids == {"variable": "NO_SUCH_VARIABLE"}
    assert place.value.ids == {"place": str(tmp_path / "no" / "socket")}
    assert row.value.ids == {"table": "cases", "case": "7H429P"}


def test_more_rows_than_one_are_told_too() -> None:
    """A statement that has to touch one row and touches two is as wrong as one that touches none."""
    with pytest.raises(RowMissing, match="2 rows of words"):
        must_touch([{"id": 1}, {"id": 2}], "words", id=1)
    assert must_touch([{"id": 1}], "words", id=1) == {"id": 1}


def test_the_sentence_that_stands_alone() -> None:
    """design.md §8: a command that ends with an error says what the sentence is about."""
    finding = Finding("ackbot.toml", 3, "council.name", "is missing")

    assert StoreBusy("database is locked").told == "the store is busy: database is locked"
    assert TemplateProblem("no such value", "ack.txt", 2).told == "a template is broken: ack.txt:2: no such value"
    assert StoreProblem("it is damaged").told == "it is damaged"
    assert ConfigProblem([finding]).told == "ackbot.toml:3: council.name: is missing"
