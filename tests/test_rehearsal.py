"""`ackbot simulate`: months of mail replayed with their own dates through the daemon's path; nothing is sent, nothing is kept."""

import json
import mailbox
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import Result

from ackbot.config import Config, load
from ackbot.report import simulated
from ackbot.report.simulated import Rehearsed
from ackbot.work import rehearsal
from tests.support.browser import judged
from tests.support.council import write_config
from tests.support.letters import letter

GAS = "There is a strong smell of gas in our kitchen.\n\nNell"
MAILS = {
    "1": letter(),
    "2": letter(sender="Nell <nell@resident.example>", text=GAS, subject="Smell", message_id="<2@r.example>", date="Tue, 1 Dec 2026 09:00:00 +0000"),
    "3": letter(sender="Tom <tom@resident.example>", to="streets@northgate.example", subject="Bin", text="My bin was missed.\n", message_id="<3@r.example>", date="Tue, 8 Dec 2026 09:00:00 +0000"),
    "4": letter(sender="News <n@lists.example>", subject="News", message_id="<4@r.example>", date="Wed, 9 Dec 2026 09:00:00 +0000", List_Id="<n.lists.example>", Precedence="list"),
    "5": b"no date, and no sender either\n",
}  # fmt: skip
ANSWER = letter(
    sender="Priya Shah <priya@northgate.example>", to="Edward Quan <edward@resident.example>", subject="Re: Damp in the bedroom",
    text="Dear Edward,\n\nYour wall was treated today.\n\nPriya\n", message_id="<a@northgate.example>",
    date="Wed, 2 Dec 2026 10:00:00 +0000", In_Reply_To="<first@resident.example>", References="<first@resident.example>",
)  # fmt: skip


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The test council."""
    return load(write_config(tmp_path), rehearsal=True)


def in_a_folder(folder: Path, mails: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for name, raw in mails.items():
        (folder / name).write_bytes(raw)
    return folder


def as_maildir(place: Path) -> Path:
    in_a_folder(place / "cur", {f"{name}:2,S": raw for name, raw in MAILS.items() if name < "3"})
    in_a_folder(place / "new", {name: raw for name, raw in MAILS.items() if name >= "3"})
    in_a_folder(place / "tmp", {"6": MAILS["1"]})  # was not delivered yet
    return place


def as_mbox(place: Path) -> Path:
    box = mailbox.mbox(place)
    for raw in MAILS.values():
        box.add(raw)
    box.close()
    return place


def replayed(config: Config, place: Path, **options: object) -> Rehearsed:
    since, sent = options.get("since"), options.get("sent")
    return rehearsal.rehearse(place, config.office, since, sent, rehearsal.POLICIES)  # type: ignore[arg-type]


FORMS: tuple[Callable[[Path], Path], ...] = (lambda place: in_a_folder(place, MAILS), as_maildir, as_mbox)


@pytest.mark.parametrize("form", FORMS, ids=["folder", "maildir", "mbox"])
def test_what_would_have_been_replayed(config: Config, tmp_path: Path, form: Callable[[Path], Path]) -> None:
    """The same of a Maildir, an mbox file and a folder: who was answered, why others not, alarms, dates, load, mails a day."""
    found = replayed(config, form(tmp_path / "past"))

    assert (found.mails, found.undated, found.answered) == (4, 1, 3)
    assert found.not_answered == {"it is mail of a mailing list": 1}
    assert (found.first, found.last) == (date(2026, 11, 30), date(2026, 12, 9))
    assert found.outcomes == {"case": 3, "record": 1}
    assert found.alarms == {date(2026, 11, 30): 1}
    assert found.promised[date(2026, 12, 14)] == (1, 0)  # Tom's
    assert [sum(numbers) for numbers in zip(*found.promised.values(), strict=True)] == [3, 0]
    assert set(found.load) == {"least-loaded", "round-robin"}
    assert all(sum(load.values()) == 3 for load in found.load.values())
    assert found.per_day["duty"][1] == 1
    assert not list(config.path.parent.glob("ackbot.db*"))  # the council's store was not even made


def test_answers_of_the_sent_folder(config: Config, tmp_path: Path) -> None:
    """With it, promises that staff kept count; without it, it says that it cannot know."""
    place, sent = in_a_folder(tmp_path / "past", MAILS), in_a_folder(tmp_path / "sent", {"a": ANSWER})
    alone, both = replayed(config, place), replayed(config, place, sent=sent)

    assert sum(kept for _, kept in alone.promised.values()) == 0
    assert sum(kept for _, kept in both.promised.values()) == 1
    assert "What staff did is unknown" in simulated.as_text(alone) and "is unknown" not in simulated.as_text(both)


LATER = letter(
    sender="Ann <ann@resident.example>", subject="Hedge", text="The hedge is too high.\n", message_id="<6@r.example>",
    date="Fri, 18 Dec 2026 16:45:00 +0000",
)  # fmt: skip


def test_the_days_between(config: Config, tmp_path: Path) -> None:
    """
    With the Sent folder the days pass too: who was answered is asked whether it is settled, who was not reads "no news".

    Digests count among the mails a day. Without the folder none of it is told, because it would rest on nobody's answers.
    """
    past = in_a_folder(tmp_path / "past", MAILS | {"6": LATER})
    alone = replayed(config, past)
    both = replayed(config, past, sent=in_a_folder(tmp_path / "sent", {"a": ANSWER}))

    assert alone.unasked == {}
    assert both.unasked["settled"] == 1  # Edward, a week after Priya's answer
    assert both.unasked["no-news"] == 4  # Tom once; Nell, of whose gas nobody wrote, three times, and then no more
    assert sum(mean for mean, _ in both.per_day.values()) > sum(mean for mean, _ in alone.per_day.values())
    assert "Did that settle it?" in simulated.as_text(both)
    assert json.loads(simulated.as_json(both))["unasked"] == dict(both.unasked)


def test_from_a_day_on(config: Config, tmp_path: Path) -> None:
    """--from leaves out what came before."""
    assert replayed(config, in_a_folder(tmp_path / "past", MAILS), since=date(2026, 12, 8)).mails == 2


def test_nothing_at_all(config: Config, tmp_path: Path) -> None:
    """An empty folder is no error."""
    assert "There are no mails." in simulated.as_text(replayed(config, in_a_folder(tmp_path / "past", {})))


def test_strangers_words_are_escaped(config: Config, tmp_path: Path) -> None:
    """The page stands alone, and has no words of letters: only reasons, names and counts."""
    html = simulated.page(replayed(config, in_a_folder(tmp_path / "past", MAILS)), "A & B")

    assert "A &amp; B" in html and "<script" not in html
    assert "bedroom" not in html and "resident.example" not in html


@pytest.mark.parametrize("width", [320, 1200])
def test_the_page_in_a_browser(config: Config, tmp_path: Path, width: int) -> None:
    """On a phone and on a desk: axe finds nothing, and nothing is wider than the screen."""
    past, sent = in_a_folder(tmp_path / "past", MAILS | {"6": LATER}), in_a_folder(tmp_path / "sent", {"a": ANSWER})
    found = judged(simulated.page(replayed(config, past, sent=sent), "Royal Borough of Northgate"), width, tmp_path)

    assert found["violations"] == []
    assert found["passes"] > 10
    assert found["needed"] <= found["width"]


def test_the_corpus(config: Config, corpus: Path) -> None:
    """P1: every mail of the shared corpus that has a date is replayed, however odd it is."""
    found = replayed(config, corpus)

    assert found.mails + found.undated == sum(
        path.is_file() and not path.name.startswith(".") for path in corpus.rglob("*")
    )
    assert found.mails > 40 and found.unreadable == 0


def test_the_command(config: Config, cli: Callable[..., Result], tmp_path: Path) -> None:
    """Each format, to the terminal and to a file; a place that is not there is 2."""
    place = str(in_a_folder(tmp_path / "past", MAILS))
    run = ("-c", str(config.path), "simulate")

    assert "3 would have been answered automatically" in cli(*run, place).output
    assert json.loads(cli(*run, "--format", "json", "--policies", place).output)["load"].keys() == {
        "least-loaded",
        "round-robin",
    }
    assert cli(*run, "--format", "html", "--out", str(tmp_path / "s.html"), place).exit_code == 0
    assert "What would have been" in (tmp_path / "s.html").read_text()
    assert cli(*run, str(tmp_path / "nowhere")).exit_code == 2
