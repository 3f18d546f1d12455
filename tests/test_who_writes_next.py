"""Who owes a resident the next word: one person, in the resident's mail, at 13:00 and in the digests (behaviour.md §3.6, §4.6)."""

import re
from collections.abc import Callable

import pytest

from tests.support.letters import letter
from tests.support.story import Story, words

pytestmark = pytest.mark.usefixtures("store")

ALONE = ('members = ["priya", "sam"]', 'members = ["priya"]')
ABOVE_ALEX = ('id = "alex"\n', 'id = "alex"\nmanager = "duty"\n')
NAMES = {"alex": "Alex Reid", "duty": "Duty Officer", "lena": "Lena Wolf", "priya": "Priya Shah"}


def away(staff: str, start: str, until: str, cover: str = "") -> tuple[str, str]:
    """An absence of the configuration."""
    named = f'cover = "{cover}"\n' if cover else ""
    return ("# end", f'# end\n\n[[absence]]\nstaff = "{staff}"\nfrom = {start}\nuntil = {until}\n{named}')


def told_so(story: Story) -> set[str]:
    """Everybody who ever read that the next word is theirs."""
    return {mail["staff"] for mail in story.outbox("digest") if "it is up to you to write" in _text(story, mail)}


def said_of(story: Story) -> set[str]:
    """Everybody of whom somebody else read that."""
    texts = " ".join(words(story, "digest") + words(story, "admin"))
    return set(re.findall(r"was told that it is up to (?!you)(\w+ \w+) to write", texts))


def _text(story: Story, mail: dict[str, object]) -> str:
    return next(
        text
        for one, text in zip(story.outbox("digest"), words(story, "digest"), strict=True)
        if one["id"] == mail["id"]
    )


@pytest.mark.parametrize(
    ("changes", "owes"),
    [
        ((), "alex"),
        ((ABOVE_ALEX,), "alex"),
        ((ABOVE_ALEX, away("alex", "2026-12-14", "2026-12-15")), "duty"),  # back the day after: the name stays
        ((ABOVE_ALEX, away("alex", "2026-12-11", "2026-12-19", "lena")), "lena"),
        ((away("alex", "2026-12-14", "2026-12-16", "lena"),), "lena"),
        (
            (ABOVE_ALEX, ('id = "alex"\n', 'id = "alex"\nworking_hours = "Tue-Fri 09:00-17:00"\n')),
            "duty",
        ),  # off on Mondays
    ],
    ids=["one", "two", "a-day", "cover", "cover-alone", "day-off"],
)
def test_one_person_owes_the_next_word(
    make_story: Callable[..., Story], changes: tuple[tuple[str, str], ...], owes: str
) -> None:
    """E78: chosen once, among those at work, and the same in the resident's mail, at 13:00 and in every digest after it."""
    story = make_story(ALONE, *changes)
    story.receive(letter())
    story.at("2026-12-18 18:00")
    second = words(story, "no-news")[1]

    assert story.case()["owes"] == owes
    assert re.search(rf"It is now up to {NAMES[owes].split()[0]}( Officer)? to write to you", second)
    assert ("who stands in for the manager" in second) == (owes == "lena")
    assert any(mail["staff"] == owes for mail in story.outbox("digest") if "2026-12-14T13" in mail["created_at"])
    assert any(mail["staff"] == owes for mail in story.outbox("digest") if "2026-12-18T08" in mail["created_at"])
    assert told_so(story) == {owes}
    assert said_of(story) == {NAMES[owes]}


def test_whoever_was_named_is_reminded_on_the_next_date(make_story: Callable[..., Story]) -> None:
    """E78: at 13:00 of the next promised date the same person, although the manager is back; the third mail names them again."""
    story = make_story(ALONE, ABOVE_ALEX, away("alex", "2026-12-14", "2026-12-15"))
    story.receive(letter())
    story.at("2026-12-21 13:30")
    at_one = [mail["staff"] for mail in story.outbox("digest") if "2026-12-21T13" in mail["created_at"]]
    story.at("2026-12-23 18:00")

    assert at_one == ["priya", "duty"]
    assert "It is now up to Duty Officer to write to you, who is told each working day" in words(story, "no-news")[2]
    assert told_so(story) == {"duty"}


def test_a_persons_word_ends_what_is_owed(make_story: Callable[..., Story]) -> None:
    """E78: after human words nobody owes any; the next silence begins with the owner."""
    story = make_story(ALONE)
    story.receive(letter())
    story.at("2026-12-15 11:00")
    story.reply(story.mail("new-case"), "UPDATE\n\nDear Edward,\n\nThe surveyor comes on Friday.\n\nPriya")
    assert story.case()["owes"] == ""
    story.at("2026-12-23 18:00")

    assert len(words(story, "no-news")) == 3
    assert "It is now up to" not in words(story, "no-news")[2]


@pytest.mark.parametrize(
    ("changes", "at", "promised"),
    [
        ((), "2026-12-11 11:00", "2026-12-15"),  # the answer was promised for Monday 14
        ((away("priya", "2026-12-14", "2026-12-16"),), "2026-12-11 11:00", "2026-12-17"),
        (
            (('id = "priya"\n', 'id = "priya"\nworking_hours = "Mon, Fri 09:00-17:00"\n'),),
            "2026-12-11 11:00",
            "2026-12-18",
        ),
        ((), "2026-12-02 11:00", "2026-12-09"),  # by the standard, five working days
        ((), "2026-12-23 11:00", "2026-12-30"),  # Christmas, and two days on which the council is closed
    ],
    ids=["answer-tomorrow", "away", "part-time", "far", "christmas"],
)
def test_words_without_a_date_promise_two_days_at_work(
    make_story: Callable[..., Story], changes: tuple[tuple[str, str], ...], at: str, promised: str
) -> None:
    """E82: UPDATE near the date of the answer; the date is told, runs alone, and the case is due on no day before it."""
    opened = "2026-12-10 10:00" if promised > "2026-12-29" else "2026-11-30 10:12"
    story = make_story(ALONE, *changes, now=opened)
    story.receive(letter(date="Mon, 30 Nov 2026 10:00:00 +0000"))
    story.at(at)
    story.reply(story.mail("new-case"), "UPDATE\n\nDear Edward,\n\nThe surveyor comes on Friday.\n\nPriya")

    running = {day for kind, day, _ in story.clocks("running") if kind == "update"}
    due = min(day for _, day, _ in story.clocks("running"))
    assert (running, due) == ({promised}, promised)
    assert "You will hear from Priya Shah or a colleague by" in words(story, "human")[0]


def test_a_named_date_stands(make_story: Callable[..., Story]) -> None:
    """E82: a date that the writer names may be tomorrow."""
    story = make_story(ALONE)
    story.receive(letter())
    story.reply(story.mail("new-case"), "MORE tomorrow: the surveyor is here")

    assert ("update", "2026-12-01", "running") in story.clocks()


def test_a_note_is_its_authors(make_story: Callable[..., Story]) -> None:
    """E79: Priya notes, and Sam takes over: the mail says that Priya did, and on which day."""
    story = make_story(ALONE, away("priya", "2026-12-07", "2026-12-19", "sam"))
    story.receive(letter())
    story.at("2026-12-03 11:00")
    story.reply(story.mail("new-case"), "NOTE\nRang the surveyor.")
    story.at("2026-12-07 16:00")

    assert "Priya Shah added a note on Thursday 3 December." in words(story, "no-news")[0]
    assert "Sam Jones added a note" not in words(story, "no-news")[0]


def test_a_note_is_told_once(make_story: Callable[..., Story]) -> None:
    """E79: a note is told on one date; on the next there is no news, unless somebody noted something since."""
    story = make_story(ALONE)
    story.receive(letter())
    story.at("2026-12-03 11:00")
    story.reply(story.mail("new-case"), "NOTE\nRang the surveyor.")
    story.at("2026-12-15 11:00")
    story.reply(story.mail("digest", "priya@northgate.example"), "NOTE\nThe surveyor is ill.")
    story.at("2026-12-21 16:00")

    told = [re.findall(r"added a note on (\w+ \d+ \w+)", text) for text in words(story, "no-news")]
    assert told == [["Thursday 3 December"], [], ["Tuesday 15 December"]]


def test_a_note_before_a_new_date_is_old(make_story: Callable[..., Story]) -> None:
    """E79: MORE names a later date after the note, so on that date the note is no news."""
    story = make_story(ALONE)
    story.receive(letter())
    story.at("2026-12-02 11:00")
    story.reply(story.mail("new-case"), "NOTE\nRang the surveyor.")
    story.at("2026-12-03 11:00")
    story.reply(story.mail("new-case"), "MORE Thu 10 Dec: the surveyor comes that week")
    story.at("2026-12-10 16:00")

    assert "added a note" not in words(story, "no-news")[0]


def test_a_receipt_leaves_the_note(make_story: Callable[..., Story]) -> None:
    """E79: a further letter that only repeats the date does not make the note old."""
    story = make_story(ALONE)
    story.receive(letter())
    story.at("2026-12-02 11:00")
    story.reply(story.mail("new-case"), "NOTE\nRang the surveyor.")
    story.at("2026-12-03 11:00")
    story.receive(letter(text="And the hall is wet.", message_id="<2@resident.example>"))
    story.at("2026-12-07 16:00")

    assert "Priya Shah added a note on Wednesday 2 December." in words(story, "no-news")[0]


def test_a_day_off_at_one(make_story: Callable[..., Story]) -> None:
    """E85: the date falls on the owner's day off: at 13:00 a colleague who is at work reads it, with the manager, and not she."""
    week = ('id = "priya"\n', 'id = "priya"\nworking_hours = "Tue-Thu 09:00-17:00"\n')
    story = make_story(week, away("sam", "2026-11-30", "2026-12-01"))
    story.receive(letter())
    story.at("2026-12-07 16:00")
    at_one = [mail for mail in story.outbox("digest") if "2026-12-07T13" in mail["created_at"]]

    assert [mail["staff"] for mail in at_one] == ["sam", "alex"]
    assert all("Priya Shah, who does not work today, has Edward Quan" in _text(story, mail) for mail in at_one)
    assert "We have told the manager, Alex Reid." in words(story, "no-news")[0]
    assert "We have asked Priya" not in words(story, "no-news")[0]
    story.reply(at_one[0], "TAKE")
    assert story.case()["owner"] == "sam"


def test_a_day_off_with_nobody_else_at_work(make_story: Callable[..., Story]) -> None:
    """E85: without a colleague at work the manager alone reads it; she reads it in the digest of her next day."""
    week = ('id = "priya"\n', 'id = "priya"\nworking_hours = "Tue-Thu 09:00-17:00"\n')
    story = make_story(ALONE, week)
    story.receive(letter())
    story.at("2026-12-08 10:00")

    assert [mail["staff"] for mail in story.outbox("digest") if "2026-12-07T13" in mail["created_at"]] == ["alex"]
    assert [mail["staff"] for mail in story.outbox("digest") if "2026-12-08T08" in mail["created_at"]][:1] == ["priya"]


LEAVE = away("priya", "2026-12-08", "2026-12-14", "sam")


def promised(story: Story) -> None:
    """A letter to Priya, of which she promises an answer for Thursday 17 December; then it is the 14th, when she is back."""
    story.receive(letter())
    story.at("2026-12-07 11:00")
    story.reply(story.mail("new-case"), "MORE Thu 17 Dec: we wait for the plumber")
    story.at("2026-12-14 10:00")


def further(text: str, number: int = 2) -> bytes:
    """A further letter of the resident, in the thread of the first."""
    return letter(text=text, message_id=f"<{number}@resident.example>", In_Reply_To="<first@resident.example>")


def test_the_return_is_told_in_the_next_mail_and_once(make_story: Callable[..., Story]) -> None:
    """E81: the resident was told of Sam; the next mail that goes says that Priya is back, and the one after it does not."""
    story = make_story(ALONE, LEAVE)
    promised(story)
    assert len(words(story, "cover")) == 1  # no mail on the return itself
    story.receive(further("And the hall is wet."))
    story.at("2026-12-17 16:00")

    assert "Priya Shah is back and has your email again." in words(story, "receipt")[0]
    assert "is back" not in words(story, "no-news")[0]
    assert "We have asked Priya again" in words(story, "no-news")[0]


def test_the_return_is_told_at_three(make_story: Callable[..., Story]) -> None:
    """E81: if no mail went before, the mail without news says it; and "any news?" would have said it too."""
    story = make_story(ALONE, LEAVE)
    promised(story)
    story.at("2026-12-17 16:00")
    assert "Priya Shah is back and has your email again." in words(story, "no-news")[0]
    asked = make_story(ALONE, LEAVE)
    promised(asked)
    asked.at("2026-12-15 10:00")
    asked.receive(further("Any news?"))

    assert "Priya Shah is back and has your email again." in words(asked, "receipt")[0]


def test_a_cover_whom_nobody_was_told_of_is_no_return(make_story: Callable[..., Story]) -> None:
    """E81: two days away, of which the resident was not told: nobody is "back"."""
    story = make_story(ALONE, away("priya", "2026-12-08", "2026-12-10", "sam"))
    promised(story)
    assert words(story, "cover") == []
    story.at("2026-12-17 16:00")

    assert "back" not in words(story, "no-news")[0]
    assert story.case()["named"] == "priya"


def test_a_notice_that_was_cancelled_told_of_nobody(make_story: Callable[..., Story]) -> None:
    """E81, E75: Sam's notice waits for nine o'clock, and Priya is back at half past eight: the next mail speaks of no return."""
    story = make_story(ALONE, LEAVE)
    story.receive(letter())
    story.at("2026-12-07 11:00")
    story.reply(story.mail("new-case"), "MORE Thu 17 Dec: we wait for the plumber")
    story.at("2026-12-08 07:00")
    assert story.case()["named"] == "sam"
    story.reply(story.mail("new-case"), "BACK")
    story.at("2026-12-17 16:00")

    assert story.mail("cover")["state"] == "cancelled"
    assert "is back" not in words(story, "no-news")[0]


def test_whoever_an_acknowledgement_named_in_the_end(make_story: Callable[..., Story]) -> None:
    """E81, E75: the acknowledgement waited and named Sam, for two days of which no notice tells; so the return is news."""
    story = make_story(ALONE, away("priya", "2026-12-08", "2026-12-10", "sam"), now="2026-12-07 16:00")
    story.relay_takes = False
    story.receive(letter(date="Mon, 7 Dec 2026 16:00:00 +0000"))
    story.at("2026-12-08 10:00")
    story.relay_takes = True
    story.at("2026-12-14 16:00")

    assert "Sam Jones in Housing has your email" in words(story, "acknowledgement")[0]
    assert words(story, "cover") == []
    assert "Priya Shah is back and has your email again." in words(story, "no-news")[0]


def test_an_absence_is_told_once(make_story: Callable[..., Story]) -> None:
    """E81: the notice told of Sam; the mail at three, written for Sam, does not tell the absence again."""
    story = make_story(ALONE, away("priya", "2026-12-08", "2026-12-24", "sam"))
    promised(story)
    story.at("2026-12-17 16:00")

    assert len(words(story, "cover")) == 1
    assert "We have asked Sam again" in words(story, "no-news")[0]
    assert "is away" not in words(story, "no-news")[0]


def test_a_third_name_says_so(make_story: Callable[..., Story]) -> None:
    """E81: Sam, of whom the resident was told, is away on the day of the promise: its mail says that Kofi has it now."""
    story = make_story(ALONE, away("priya", "2026-12-08", "2026-12-24", "sam"))
    promised(story)
    story.at("2026-12-17 09:30")
    story.reply(story.mail("hand-over", "sam@northgate.example"), "AWAY today, cover Kofi")
    story.at("2026-12-17 16:00")

    assert "Sam Jones in Housing now has your email" in words(story, "cover")[0]
    assert len(words(story, "cover")) == 1
    assert "Priya Shah is away, and Kofi Mensah now has your email." in words(story, "no-news")[0]


def test_a_case_taken_in_silence_is_told(make_story: Callable[..., Story]) -> None:
    """E81: Sam takes the case on the promised day, when no notice goes: the mail of that day says who has it now."""
    story = make_story()
    story.receive(letter())
    story.at("2026-12-07 10:00")
    owner = story.case()["owner"]
    other = "sam" if owner == "priya" else "priya"
    story.reply(story.mail("new-case"), f"PASS {other}: yours")
    story.reply(story.mail("hand-over"), "TAKE")
    assert story.case()["owner"] == other
    assert words(story, "cover") == []
    story.at("2026-12-07 16:00")

    names = {"priya": "Priya Shah", "sam": "Sam Jones"}
    assert f"{names[other]} now has your email." in words(story, "no-news")[0]
