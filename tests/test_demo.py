"""The demo's contract (design.md §9): what it leaves behind, what it says, and that it fails when something did not happen."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from ackbot.demo import play
from ackbot.demo.story import MUST, SCENES
from tests.support.browser import judged
from tests.support.letters import parsed
from tests.support.servers import run


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A whole demo: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("demo")
    done = run([sys.executable, "-m", "ackbot.cli", "demo", "--out", str(folder / "out")], cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return folder / "out", done.stdout


def test_every_mail_is_left_as_sent(demo: tuple[Path, str]) -> None:
    """Each with its envelope on top; one acknowledgement for every resident who may have one, none for a machine."""
    folder, _ = demo
    mails = [parsed(path.read_bytes()) for path in sorted((folder / "mail").glob("*.eml"))]
    kinds = Counter(mail["X-Ackbot-Kind"] for mail in mails)
    answered = Counter(mail["X-RcptTo"] for mail in mails if mail["X-Ackbot-Kind"] in ("acknowledgement", "receipt"))

    assert kinds["acknowledgement"] == sum(scene.acknowledged for scene in SCENES) - kinds["receipt"]
    assert kinds["urgent"] == 1  # the officer's own server vouches for TAKE, so it ends the alarm
    assert {name: kinds[name] for name, least in MUST.items() if kinds[name] < least} == {}
    assert all(mail["X-MailFrom"].endswith("@northgate.example") for mail in mails)
    assert not {
        "harriet@resident.example",
        "news@lists.example",
        "win@spam.example",
        "MAILER-DAEMON@mx.resident.example",
    } & set(answered)
    assert answered["edward.quan@resident.example"] == 2
    assert answered["ade@resident.example"] == 1


def test_attachments_reach_the_owner(demo: tuple[Path, str]) -> None:
    """The photos of the damp wall are with the owner's mail."""
    folder, _ = demo
    owner = next(parsed(path.read_bytes()) for path in sorted((folder / "mail").glob("*new-case.eml")))

    assert [part.get_filename() for part in owner.iter_attachments()] == ["wall-1.png", "wall-2.png"]


def test_what_it_tells(demo: tuple[Path, str]) -> None:
    """Within 80 columns, one line a happening; the table at the end; where to look."""
    folder, printed = demo
    lines = printed.splitlines()

    assert max(map(len, lines)) <= 120
    assert sum(" ✓ " in line or " – " in line[:20] for line in lines) >= len(SCENES)
    for words in ("letters", "acknowledged", "median real time", "not answered", str(folder / "report.html")):
        assert words in printed


@pytest.mark.parametrize("width", [320, 1100])
def test_the_page_in_a_browser(demo: tuple[Path, str], width: int, tmp_path: Path) -> None:
    """E72: on a phone rows stack and nothing scrolls sideways; headings in order, landmarks, the table reached by keyboard."""
    found = judged((demo[0] / "report.html").read_text(), width, tmp_path)

    assert found["violations"] == []
    assert found["needed"] <= found["width"]


def test_the_page(demo: tuple[Path, str]) -> None:
    """Every mail is on it, and nothing a stranger wrote is an element of it."""
    folder, _ = demo
    page = (folder / "report.html").read_text()

    assert page.count("<article>") == len(list((folder / "mail").glob("*.eml")))
    assert "Priya Shah in Housing has your email about “Damp in my daughter's bedroom”." in page.replace(
        "<bdi>", ""
    ).replace("</bdi>", "")
    assert "<script" not in page


def test_the_council_report(demo: tuple[Path, str]) -> None:
    """It ends with the report that the council would publish: beside the mails, and as a page; with names for managers."""
    folder, printed = demo
    beside, public = (folder / "report.html").read_text(), (folder / "council.html").read_text()
    named = (folder / "council-names-not-for-publication.html").read_text()

    assert "As the council would publish it" in beside and 'href="council.html"' in beside
    assert "matters reached us." in beside and "No promised date passed in silence." in public
    assert "Priya Shah" in named and "Priya Shah" not in public
    assert str(folder / "council.html") in "".join(printed.split())


def test_it_fails_when_something_did_not_happen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 0 only if what had to happen did: a resident who should not have been answered, or was not, is exit 1."""
    from dataclasses import replace

    monkeypatch.setattr(play, "_PATIENCE_S", 0.5)
    monkeypatch.setattr(play, "SCENES", (replace(SCENES[0], acknowledged=False),))

    assert play.play(str(tmp_path / "out"), 1, quiet=True) == 1


def test_the_whole_story(demo: tuple[Path, str]) -> None:
    """design.md §9: silence, digest, no news, escalation, leave, cover, answer, settled; each stands in the table."""
    _, printed = demo
    for words in ("reminded: ", "told the truth, no news yet: Ade", "cases handed over: Kofi", "now: Tom Okafor"):
        assert words in printed
    assert "asked whether it is settled: Edward Quan" in printed
    figures = dict(
        line.rsplit(None, 1)
        for line in printed.splitlines()
        if line.startswith("  ") and line.rsplit(None, 1)[-1].isdigit()
    )
    assert int(figures["  of these escalations"]) >= 3
