"""Which cases a mail of ours lists is recorded with it, and nothing that residents write adds one (P7)."""

from collections.abc import Callable

import pytest

from ackbot.store import status
from tests.support.letters import letter, plain
from tests.support.story import Story, words
from tests.test_absences import away_from

pytestmark = pytest.mark.usefixtures("store")
# Priya gets every letter, and Sam stands in for her from 8 December until she is back on the 14th.
PRIYAS = (
    ('members = ["priya", "sam"]', 'members = ["priya"]'),
    away_from("priya", "2026-12-08", "2026-12-14", cover="sam"),
)
VERA = "Vera Hill <vera@resident.example>"


def reference(case: dict[str, object]) -> str:
    """`RBN-7H4-29P` of a case's row."""
    code = str(case["code"])
    return f"RBN-{code[:3]}-{code[3:]}"


def listed(story: Story, mail: dict[str, object]) -> list[str]:
    """The references of the cases that a mail lists, as the store has it, the oldest case first."""
    rows = story.db.run("SELECT code FROM outbox_cases WHERE outbox_id = :id", id=mail["id"])
    codes = {row["code"] for row in rows}
    return [reference(case) for case in story.cases() if case["code"] in codes]


def write(story: Story, number: int, sender: str, subject: str) -> dict[str, object]:
    """One more letter about a matter of its own; its case."""
    text = f"There is matter {number}.\n\nRegards\n{sender.partition(' <')[0]}\n"
    story.receive(letter(sender=sender, subject=subject, text=text, message_id=f"<{number}@resident.example>"))
    return story.cases()[-1]


def to_staff(case: dict[str, object]) -> str:
    """The address of whoever owns a case."""
    return f"{case['owner']}@northgate.example"


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    """Vera's case has one owner, two of Edward's have another; his subjects hold the reference of hers."""
    made = make_story()
    vera = write(made, 1, VERA, "Broken lift")
    first = write(made, 2, "Edward Quan <edward@resident.example>", f"Damp, like {reference(vera)}")
    second = write(made, 3, "Edward Quan <edward@resident.example>", f"{reference(vera)} mould")
    assert first["owner"] == second["owner"] != vera["owner"]
    return made


def test_a_residents_subject_does_not_widen_a_digest(story: Story) -> None:
    """P7: a digest shows the reference of another's case in a subject; a line about that case is asked about, not obeyed."""
    vera, first, second = story.cases()
    story.at("2026-12-07 08:31")
    digest = story.mail("digest", to_staff(first))
    assert reference(vera) in plain(bytes(digest["content"]))
    story.reply(digest, f"{reference(vera)} close: a duplicate\n{reference(first)} close: a duplicate")

    assert listed(story, digest) == [reference(first), reference(second)]
    assert [case["state"] for case in story.cases()] == ["open", "closed", "open"]
    assert "did not name these cases to you" in words(story, "ask-back")[-1]


@pytest.mark.parametrize("of_one", [False, True], ids=["a digest of several cases", "a digest of one case"])
def test_a_line_is_obeyed_only_for_a_case_that_this_digest_named(
    make_story: Callable[..., Story], of_one: bool
) -> None:
    """P7: a member of staff who writes the reference of somebody else's case below a digest does nothing in that case."""
    story = make_story()
    vera = write(story, 1, VERA, "Broken lift")
    first = write(story, 2, "Edward Quan <edward@resident.example>", "Damp")
    if not of_one:
        write(story, 3, "Edward Quan <edward@resident.example>", "Mould")
    story.at("2026-12-07 08:31")
    story.reply(story.mail("digest", to_staff(first)), f"{reference(vera)} close: a duplicate")

    assert {case["state"] for case in story.cases()} == {"open"}
    assert "did not name these cases to you" in words(story, "ask-back")[-1]


def test_a_question_back_names_no_case(story: Story) -> None:
    """P7: what was asked about because no mail had named it is not obeyed in answer to that question, which repeats it."""
    vera, first, _ = story.cases()
    line = f"{reference(vera)} close: a duplicate"
    story.at("2026-12-07 08:31")
    story.reply(story.mail("digest", to_staff(first)), line)
    asked = story.mail("ask-back", to_staff(first))
    assert reference(vera) in plain(bytes(asked["content"]))
    story.reply(asked, f"{line}, really")

    assert story.cases()[0]["state"] == "open"
    assert len(story.outbox("ask-back")) == 2


def test_a_digest_from_before_the_record(story: Story) -> None:
    """P7: nothing says which cases a digest of an earlier version named, so a line in answer to it is asked about."""
    first = story.cases()[1]
    story.at("2026-12-07 08:31")
    digest = story.mail("digest", to_staff(first))
    story.db.run("DELETE FROM outbox_cases")
    story.reply(digest, f"{reference(first)} close: a duplicate")

    assert story.cases()[1]["state"] == "open"
    assert "did not name these cases to you" in words(story, "ask-back")[-1]


def test_every_list_for_staff_is_recorded(make_story: Callable[..., Story]) -> None:
    """P7, behaviour.md §4.1, §4.5, §4.6: digest, overdue, what was taken over and what is back; a line below each is obeyed."""
    story = make_story(*PRIYAS)
    cases = [write(story, number, VERA, subject) for number, subject in enumerate(("Broken lift", "Damp"))]
    references = [reference(case) for case in cases]
    lists = []
    for at, kind, to in (
        ("2026-12-07 08:31", "digest", "priya@northgate.example"),
        ("2026-12-07 13:01", "digest", "alex@northgate.example"),
        ("2026-12-08 08:31", "hand-over", "sam@northgate.example"),
        ("2026-12-14 08:31", "hand-over", "priya@northgate.example"),
    ):
        story.at(at)
        mail = story.mail(kind, to)
        story.reply(mail, f"{references[1]} note: read on {at}")
        lists.append((mail["dedupe_key"].partition(":")[0], listed(story, mail)))

    assert lists == [(name, references) for name in ("digest", "overdue", "taken-over", "while-away")]
    assert len(story.db.run("SELECT 1 FROM words WHERE kind = 'note' AND code = :code", code=cases[1]["code"])) == 4


def test_every_list_for_a_resident_is_recorded(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.5–3.7: one mail about several matters of a resident says in the store which; so does one about one."""
    story = make_story(*PRIYAS)
    cases = [write(story, number, VERA, subject) for number, subject in enumerate(("Broken lift", "Damp"))]
    references = [reference(case) for case in cases]
    story.at("2026-12-07 15:01")
    assert listed(story, story.mail("no-news")) == references
    story.at("2026-12-08 09:01")
    assert listed(story, story.mail("cover")) == references
    new_cases = story.outbox("new-case", "priya@northgate.example")
    story.at("2026-12-14 09:01")
    for mail in new_cases:
        story.reply(mail, "ASK which room is it, please, and since when?")
    story.at("2026-12-22 10:01")
    assert listed(story, story.mail("no-news")) == references
    for mail in new_cases:
        story.reply(mail, "Dear Vera,\n\nA surveyor comes on Thursday.\n\nPriya")
    story.at("2027-01-06 10:01")
    settled = story.mail("settled")

    assert listed(story, settled) == references
    assert settled["asks_feedback"]
    assert {mail["kind"] for mail in story.outbox() if mail["asks_feedback"]} == {"settled"}


def test_a_notice_from_before_the_record(make_story: Callable[..., Story]) -> None:
    """P5: a notice of an earlier version may carry the dates of other cases, so an answer to one does not take it back."""
    story = make_story(*PRIYAS)
    write(story, 1, VERA, "Broken lift")
    write(story, 2, VERA, "Damp")
    story.at("2026-12-08 07:00")
    notice = story.mail("cover")
    story.db.run("DELETE FROM outbox_cases")
    about = next(case["subject"] for case in story.cases() if case["code"] == notice["code"])
    words_out = "Dear Vera,\n\nI come at ten.\n\nSam"
    story.follow(story.mail("hand-over", "sam@northgate.example"), "Answer", str(about), words_out)

    assert notice["not_before"] > "2026-12-08T07:30"
    assert story.outbox("human")
    assert story.mail("cover")["state"] == "queued"


def test_a_case_shows_the_mails_that_list_it(story: Story) -> None:
    """behaviour.md §5: `ackbot show` has with each case the digests and notices in which it is one of several."""
    _, *edwards = story.cases()
    story.at("2026-12-07 15:01")
    several = {
        story.mail("digest", to_staff(edwards[0]))["message_id"],
        story.mail("no-news", "edward@resident.example")["message_id"],
    }

    for case in edwards:
        assert several <= {mail["message_id"] for mail in status.story_of_case(story.db, str(case["code"]))["mails"]}
