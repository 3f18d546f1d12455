"""Words that go out on purpose or not at all: attacks and accidents in staff mails (docs/words-that-go-out.md)."""

import re
import textwrap
from datetime import date
from pathlib import Path

import pytest

from ackbot.casework import dates
from ackbot.casework.cover import is_present
from ackbot.config import load
from ackbot.mail import replies
from ackbot.work.apply import office_at
from tests.support.council import write_config
from tests.support.letters import letter, plain
from tests.support.story import Story, answer, instant

P1 = ('members = ["priya", "sam"]', 'members = ["priya"]')
ANSWER = "Dear Edward,\n\nA surveyor comes on Thursday between 9 and 12.\n\nPriya"
MONDAY = date(2026, 11, 30)


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """One letter, one case, Priya's."""
    made = Story(tmp_path, P1)
    made.receive(letter())
    return made


def sent(story: Story) -> list[str]:
    """What residents read of staff, above the footer."""
    texts = [plain(bytes(mail["content"])) for mail in story.outbox("human")]
    return [re.split(r"\n\n(?:Priya Shah, |You will hear )", text)[0] for text in texts]


def asked(story: Story) -> str:
    """The latest question to a member of staff, in one line."""
    return " ".join(plain(bytes(story.mail("ask-back")["content"])).split())


def notes(story: Story) -> list[str]:
    """What is kept with cases."""
    return [row["words"] for row in story.db.run("SELECT words FROM words WHERE kind = 'note' ORDER BY id")]


def reference(story: Story, number: int = 0) -> str:
    """Of the case with that number."""
    code = story.cases()[number]["code"]
    return f"RBN-{code[:3]}-{code[3:]}"


@pytest.mark.parametrize(
    "written",
    [
        "30 Nov: we wait",
        "27 Nov: we wait",
        "12/11: we wait",
        "Monday week: we wait",
        "Friday or Monday: we wait",
        "Fri, or Monday: we wait",
        "Mon-Wed: we wait",
        "Fri - Mon: we wait",
        "Friday 3pm: we wait",
        "Fri we wait for the plumber",
        "Friday 3 December: we wait",
        "31 Feb: we wait",
        "after Christmas: we wait",
    ],
)
def test_dates_that_are_not_sure_are_no_promise(written: str) -> None:
    """P5, behaviour.md §4.3: a slip or a choice of days is asked back, never rounded to a date."""
    assert dates.promised(written, MONDAY) is None


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("Fri: we wait", "2026-12-04"),
        ("5 Jan: we wait", "2027-01-05"),
        ("18 December 2026, we wait", "2026-12-18"),
        ("next week. We wait for the plumber.", "2026-12-11"),
        ("by Friday - the plumber is ill", "2026-12-04"),
        ("Friday\nthe plumber is ill: sorry", "2026-12-04"),
        ("18/12", "2026-12-18"),
        ("Thursday 3 December: we wait", "2026-12-03"),
        ("next Friday: we wait", "2026-12-11"),
    ],
)
def test_dates_that_are_sure(written: str, day: str) -> None:
    """A date ends with its line or a mark."""
    found = dates.promised(written, MONDAY)

    assert found is not None
    assert found[0].isoformat() == day


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("next week", "2026-12-07", "2026-12-11"),
        ("30 Nov to 4 Dec", "2026-11-30", "2026-12-04"),
        ("30 Nov", "2026-11-30", "2026-11-30"),
        ("21 Dec to 1 Jan, cover Sam", "2026-12-21", "2027-01-01"),
        ("3-7 Dec cover Sam", "2026-12-03", "2026-12-07"),
        ("until Friday", "2026-11-30", "2026-12-04"),
        ("3 Dec and 5 Dec", "", ""),
        ("3 Dec, 5 Dec", "", ""),
        ("27 Nov", "", ""),
        ("tomorrow afternoon", "", ""),
    ],
)
def test_days_away(written: str, first: str, last: str) -> None:
    """behaviour.md §4.3: a week is a week, today is this year, and what is left over of the line is asked back."""
    found = dates.find_range(written, MONDAY)

    assert ((found and found[0].isoformat()) or "", (found and found[1].isoformat()) or "") == (first, last)


@pytest.mark.parametrize("day", ["2026-12-04", "2026-12-05"])
def test_a_date_that_passed_while_words_waited(story: Story, day: str) -> None:
    """P5: SEND of a MORE whose date is today or over promises nothing; the words wait for a new one."""
    story.reply(story.mail("new-case"), "MORE Fri: FYI the part is ordered")
    held = story.mail("ask-back")
    story.at(f"{day} 10:00")
    story.follow(held, "SEND", "", "")

    assert sent(story) == []
    assert "Their date has passed" in asked(story)
    assert ("update", "2026-12-07", "running") in story.clocks()


def away_on(story: Story, days: str) -> list[str]:
    """Of days of December 2026, those on which Priya is away at noon."""
    found = []
    for day in days.split():
        moment = instant(f"2026-12-{day} 12:00")
        council = office_at(story.office, story.db, moment).council
        if not is_present(council, "priya", moment):
            found.append(day)
    return found


def test_one_absence_leaves_the_others_alone(story: Story) -> None:
    """P4: a day off does not end the Christmas leave, nor a leave that it falls into; the same beginning said again counts."""
    story.reply(story.mail("new-case"), "AWAY 21 Dec to 1 Jan")
    story.reply(story.mail("new-case"), "AWAY 3 Dec")
    assert away_on(story, "02 03 04 21 31") == ["03", "21", "31"]
    story.reply(story.mail("new-case"), "AWAY 7 Dec to 18 Dec")
    story.reply(story.mail("new-case"), "AWAY 10 Dec")
    assert away_on(story, "09 10 11 18") == ["09", "10", "11", "18"]
    assert "you are away from Thursday 10 December, and back on Monday 21 December" in asked(story)
    story.reply(story.mail("new-case"), "AWAY 7 Dec to 9 Dec.")

    assert away_on(story, "07 09 10 11 21") == ["07", "09", "10", "21"]


def test_back_ends_what_runs_and_nothing_later(story: Story) -> None:
    """P4: back from a day off, the leave that was said before stays, and the confirmation says so."""
    story.reply(story.mail("new-case"), "AWAY 21 Dec to 1 Jan")
    story.reply(story.mail("new-case"), "AWAY 2 Dec to 4 Dec")
    story.at("2026-12-03 10:00")
    story.reply(story.mail("new-case"), "BACK")

    assert away_on(story, "03 04 21 31") == ["21", "31"]
    assert "Your absence from Monday 21 December still stands." in asked(story)


def test_a_later_absence_does_not_undo_back(tmp_path: Path) -> None:
    """P4: back early from a leave of the configuration, then a day off within it: here in between."""
    leave = '# end\n\n[[absence]]\nstaff = "priya"\nfrom = 2026-12-08\nuntil = 2026-12-19\n'
    story = Story(tmp_path, P1, ("# end", leave))
    story.receive(letter())
    story.at("2026-12-09 09:00")
    story.reply(story.mail("new-case"), "BACK")
    story.reply(story.mail("new-case"), "AWAY 15 Dec")
    assert away_on(story, "09 10 14 15 16 17") == ["15"]
    story.at("2026-12-15 10:00")
    story.reply(story.mail("new-case"), "BACK.")

    assert away_on(story, "15 16 17 18") == []


def test_a_leave_made_longer_is_a_new_word(tmp_path: Path) -> None:
    """P4: back early from a leave of the configuration; then it is entered anew with a later end: away again."""
    leave = '# end\n\n[[absence]]\nstaff = "priya"\nfrom = 2026-12-08\nuntil = {}\n'
    story = Story(tmp_path, P1, ("# end", leave.format("2026-12-19")))
    story.receive(letter())
    story.at("2026-12-09 09:00")
    story.reply(story.mail("new-case"), "BACK")
    assert away_on(story, "09 10 18 21 22") == []
    story.config = load(write_config(tmp_path, P1, ("# end", leave.format("2026-12-22"))))

    assert away_on(story, "09 10 18 21 22") == ["09", "10", "18", "21"]


def test_a_job_title_is_no_cover(story: Story) -> None:
    """The signature below AWAY is not read for names."""
    story.reply(story.mail("new-case"), "AWAY 2 Dec to 11 Dec\n\nPriya Shah\nDeputy Head of Housing")

    assert "back on Monday 14 December" in asked(story)


ENDINGS = [
    "Get in touch by phone if you are out.",
    "As you wrote:",
    "On Monday you wrote:",
    "--\nPriya Shah\nRepairs officer",
    "The next visit:\n--\nMonday 14 December, with a plumber and an electrician.",
    "From: nine\nTo: noon",
    "On Tuesday we come at nine.",
    "Sent from Northgate with kind regards",
]


@pytest.mark.parametrize("ending", ENDINGS)
def test_human_words_are_not_cut(story: Story, ending: str) -> None:
    """P6: rules made for letters that come in cut nothing of what goes out."""
    story.reply(story.mail("new-case"), f"{ANSWER}\n\n{ending}")

    assert sent(story) == [f"{ANSWER}\n\n{ending}"]


HEADS = {
    "gmail": "On Mon, 30 Nov 2026 at 10:12, Edward Quan via Housing\n<housing@northgate.example> wrote:\n\n{quoted}",
    "gmail, no blank line": "On Mon, 30 Nov 2026 at 10:12, Edward Quan via Housing <housing@northgate.example> wrote:\n{quoted}",
    "name only": "Edward Quan via Housing <housing@northgate.example> wrote:\n\n{plain}",
    "outlook": "________________________________\nFrom: Edward Quan via Housing <housing@northgate.example>\n"
    "Sent: 30 November 2026 10:12\nTo: Priya Shah <priya@northgate.example>\nSubject: Damp in the bedroom\n\n{plain}",
    "outlook, names only": "From: Edward Quan via Housing\nSent: 30 November 2026 10:12\nTo: Priya Shah\nSubject: Damp\n\n{plain}",
    "original message": "-----Original Message-----\nFrom: Edward Quan via Housing <housing@northgate.example>\n"
    "Sent: 30 November 2026 10:12\nTo: Priya Shah\nSubject: Damp\n\n{plain}",
    "wrapped": "On Monday, Edward Quan via Housing <housing@northgate.example> wrote:\n{wrapped}",
    "signature below": "On Monday, Edward Quan via Housing <housing@northgate.example> wrote:\n{quoted}\n\n-- \nPriya Shah\nHousing",
    "nothing": "",
}


def under(story: Story, words: str, head: str) -> None:
    """A reply to the latest new-case mail with that quotation below it."""
    new_case = story.mail("new-case")
    ours = plain(bytes(new_case["content"]))
    short = [piece for line in ours.split("\n") for piece in textwrap.wrap(line, 40) or [""]]
    quotation = head.format(
        plain=ours,
        quoted="\n".join("> " + line for line in ours.split("\n")),
        wrapped="\n".join(("> " if number % 2 else "") + line for number, line in enumerate(short)),
    )
    raw = answer(bytes(new_case["content"]), "", new_case["recipient"], when=story.now)
    story.receive(raw.split(b"\r\n\r\n", 1)[0] + f"\n\n{words}{quotation}\n".replace("\n", "\r\n").encode())


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("gap", ["\n\n", "\n"])
def test_quotations_stay_behind(story: Story, head: str, gap: str) -> None:
    """P6: what clients put over our mail, and our mail, however they quote it, do not go out."""
    under(story, ANSWER + gap, head)

    assert sent(story) == [ANSWER]


@pytest.mark.parametrize("head", ["gmail", "outlook", "wrapped"])
@pytest.mark.parametrize("inline", ["Yes.", "On Tuesday.", "No, that is not our wall at all."])
def test_answers_between_quoted_lines_ask_back(story: Story, head: str, inline: str) -> None:
    """behaviour.md §4.2: words below the line go nowhere unseen, however few they are."""
    under(story, ANSWER + "\n\n", HEADS[head] + f"\n\n{inline}\n\n> more of it")

    assert sent(story) == []
    assert "your words have not gone" in asked(story)


def test_words_below_a_quotation_above_the_fence_ask_back() -> None:
    """behaviour.md §4.2: whoever left our line in place writes above it; a quotation there makes the words doubtful."""
    original = "There is damp in the bedroom.\n\n-- only what you write above this line goes to Edward Quan"
    fence = "only what you write above this line"
    found = replies.read(f"> There is damp in the bedroom.\n\nI come on Tuesday.\n\n-- {fence}\n", [fence], original)

    assert found.doubtful
    assert found.words.startswith("> There is damp")


def test_an_unknown_original_asks_back(story: Story) -> None:
    """behaviour.md §4.2: where nothing says which mail it answers, unmarked words below the line may be anybody's."""
    new_case = story.mail("new-case")
    story.reply(new_case, ANSWER, In_Reply_To="", References="")
    assert len(sent(story)) == 1
    raw = answer(
        bytes(new_case["content"]), ANSWER, new_case["recipient"], when=story.now, In_Reply_To="", References=""
    )
    story.after(minutes=1)
    story.receive(raw + b"\r\nYes.\r\n")

    assert len(sent(story)) == 1
    assert "there are words below the line" in asked(story)


def test_another_mail_among_the_words_asks_back(story: Story) -> None:
    """P6, D50: what looks like another mail above the line is neither cut nor sent unseen."""
    other = "From: Sam Jones <sam@northgate.example>\nSent: 30 November 2026 09:00\nTo: Priya Shah\nSubject: him again\n\nA nuisance."
    under(story, f"{ANSWER}\n\n{other}\n\n", HEADS["outlook"])

    assert sent(story) == []
    assert "something in it looks like another mail" in asked(story)


@pytest.mark.parametrize("words", ["DONE", "DONE\n\n-- \nPriya Shah\nRepairs officer", "Done.\n\nSent from my iPhone"])
def test_a_signature_is_no_answer(story: Story, words: str) -> None:
    """behaviour.md §4.3: DONE with nothing but a signature asks what the resident should read."""
    story.reply(story.mail("new-case"), words)

    assert sent(story) == []
    assert "DONE needs the words" in asked(story)


def test_a_line_about_the_one_case_of_a_digest(story: Story) -> None:
    """behaviour.md §4.3, P6: the form of a digest's answer is read whichever mail it answers."""
    story.at("2026-12-07 08:31")
    digest = story.mail("digest", "priya@northgate.example")
    story.reply(digest, f"{reference(story)} note: he is a nuisance")
    assert (sent(story), notes(story)) == ([], ["he is a nuisance"])
    story.reply(digest, f"{reference(story)} the plumber comes tomorrow at nine")
    assert sent(story) == []
    assert "begins like a command" in asked(story)
    story.reply(digest, "RBN-AAA-222 note: he is a nuisance")
    assert "did not name these cases to you" in asked(story)
    story.reply(digest, f"{reference(story)} done: The wall was treated yesterday.")

    assert sent(story) == ["Hello Edward Quan,\n\nThe wall was treated yesterday.\n\nPriya Shah"]
    assert story.case()["state"] == "closed"


def test_two_lines_about_one_case(story: Story) -> None:
    """P6, D72: neither line vanishes: the first is done, the second asked about."""
    story.receive(letter(subject="Mould", text="Mould too.\n\nEdward", message_id="<2@resident.example>"))
    story.at("2026-12-07 08:31")
    lines = f"{reference(story)} update: The part is ordered.\n{reference(story)} done: The part was fitted today."
    story.reply(story.mail("digest", "priya@northgate.example"), lines)

    assert sent(story) == ["Hello Edward Quan,\n\nThe part is ordered."]
    assert any("The part was fitted today." in plain(bytes(mail["content"])) for mail in story.outbox("ask-back"))
    assert story.case()["state"] == "open"


ATTACKS = [
    "Hi,\n\nNOTE\nThe tenant is a nuisance, and rude.",
    "Dear Edward,\n\nthe plumber comes Tuesday.\n\nNOTE: he was very rude",
    "Thanks.\n\nCLOSE: duplicate",
    "UPDATE\n\nthe plumber comes Tuesday.\n\n**NOTE:** he was very rude",
    "Hi team,\n\nwho takes this one please?",
    "Hi all,\n\nwho takes this one please?",
    "Hi both\n\nwho takes this one please?",
    "Sam,\ncan you take this one please?",
    "Sam can you take this one please?",
    "Morning Sam,\ncan you take this one please?",
    "Thanks Sam, I shall look at it then.",
    "Hi Alex re Edward Quan,\nhe is a nuisance.",
    "Hi Sam and Edward,\nwe meet at noon.",
    "Dear Edward Jones,\n\nyour kitchen comes on Monday.",
    "Hi Sam could you please look at this one, he is a nuisance",
    "Dear Kevin I have looked at your kitchen and it is not in a good state at all",
    "Hi, Sam, this one is a nuisance.",
]


@pytest.mark.parametrize("words", ATTACKS)
def test_what_is_not_for_the_resident_is_asked_about(story: Story, words: str) -> None:
    """P6, behaviour.md §4.2: fails closed: commands beyond the first line, greetings of others; nothing is changed."""
    story.reply(story.mail("new-case"), words)

    assert sent(story) == []
    assert "Edward Quan" in asked(story)
    assert story.case()["state"] == "open"


GREETINGS = [
    "Dear Edward,\n\nSam Jones comes on Tuesday at nine.",
    "Dear Mr Quan,\n\nwe come on Tuesday at nine.",
    "Dear Mr E. Quan,\n\nwe come on Tuesday at nine.",
    "Hi,\n\nwe come on Tuesday at nine.",
    "Hi, we come on Tuesday at nine.",
    "Hi Edward thanks for your letter, we come at nine.",
    "Dear Edward I have asked the plumber to come on Tuesday at nine",
    "Good morning,\n\nwe come on Tuesday at nine.",
    "Dear Sir or Madam,\n\nwe come on Tuesday at nine.",
    "Dear resident,\n\nplease note:\nwe come on Tuesday. More news then.",
]


@pytest.mark.parametrize("words", GREETINGS)
def test_the_resident_may_be_greeted_in_any_way(story: Story, words: str) -> None:
    """behaviour.md §4.2: ordinary answers are not asked about."""
    story.reply(story.mail("new-case"), words)

    assert sent(story) == [words]


@pytest.mark.parametrize(
    "words",
    [
        "Morning visits are possible from Tuesday on.",
        "Sam Jones comes on Tuesday at nine.",
        "Sam comes on Tuesday at nine.",
        "We sent a plumber on Monday, and Sam with him.",
    ],
)
def test_what_speaks_to_nobody_is_asked_about(story: Story, words: str) -> None:
    """behaviour.md §4.2, E35: without a greeting and without "you" it may be a remark; SEND sends it as it is."""
    story.reply(story.mail("new-case"), words)
    assert sent(story) == []
    assert "neither greets the resident nor speaks to them" in asked(story)
    story.follow(story.mail("ask-back"), "SEND", "", "")

    assert sent(story) == [words]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("UDPATE the part comes on Thursday", "UPDATE"),
        ("TRANSFER to legal team", "PASS"),
        ("Phned: he agreed", "PHONED"),
        ("RESOLVED - no action needed", "DONE"),
        ("Clsoe: duplicate", "CLOSE"),
        ("ASSIGN Sam", "PASS"),
    ],
)
def test_a_slip_is_told_the_nearest_command(story: Story, words: str, named: str) -> None:
    """E35, behaviour.md §4.3: a misspelt or unknown command goes nowhere, and its author reads the nearest right one."""
    story.reply(story.mail("new-case"), words)

    assert sent(story) == []
    assert f"and {named} is the nearest" in asked(story)


@pytest.mark.parametrize(
    "words", ["Make sure you keep the heating on, please.", "Dine with us? No, you need not come in."]
)
def test_short_words_are_no_slips(story: Story, words: str) -> None:
    """Words of running text that are one letter from a command are words."""
    story.reply(story.mail("new-case"), words)

    assert sent(story) == [words]


def test_a_letter_without_a_name(tmp_path: Path) -> None:
    """Any greeting is theirs, but not that of a colleague."""
    story = Story(tmp_path, P1)
    story.receive(letter(sender="bob1975@resident.example"))
    story.reply(story.mail("new-case"), "Dear Bob,\n\nwe come on Tuesday at nine.")
    story.reply(story.mail("new-case"), "Hi Alex,\n\ncan you look at this one please?")

    assert sent(story) == ["Dear Bob,\n\nwe come on Tuesday at nine."]
    assert "it greets Alex" in asked(story)


def test_a_colleagues_namesake(tmp_path: Path) -> None:
    """A resident who shares a first name with a colleague is greeted by it."""
    story = Story(tmp_path, P1)
    story.receive(letter(sender="Sam Brown <sb@resident.example>"))
    story.reply(story.mail("new-case"), "Sam,\n\nwe come on Tuesday at nine.")
    story.reply(story.mail("new-case"), "Dear Sam Jones,\n\nhe is a nuisance.")

    assert sent(story) == ["Sam,\n\nwe come on Tuesday at nine."]


def with_part(story: Story, part: str, page: str = "") -> None:
    """An answer with one more part, and HTML beside its text."""
    new_case = story.mail("new-case")
    head = (
        answer(bytes(new_case["content"]), "", new_case["recipient"], when=story.now).split(b"MIME-Version")[0].decode()
    )
    lines = [f"{head}MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=b", "", "--b", "", ANSWER]
    lines += ["--b", "Content-Type: text/html; name=page.html", "", page] if page else []
    story.receive("\r\n".join([*lines, "--b", part, "", "content", "--b--", ""]).encode())


@pytest.mark.parametrize(
    "part",
    [
        "Content-Type: application/vnd.ms-outlook; name=his letter.msg\r\nContent-Disposition: attachment",
        'Content-Type: application/octet-stream; name="letter.eml"\r\nContent-Disposition: attachment',
        "Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\nSubject: x\r\n",
        'Content-Type: application/octet-stream; name="old.MSG"\r\nContent-Disposition: attachment',
    ],
)
def test_an_attached_mail_asks_back(story: Story, part: str) -> None:
    """behaviour.md §4.2: a mail attached under any name is asked about, and is not sent."""
    with_part(story, part)
    assert sent(story) == []
    assert "another mail is attached" in asked(story)
    story.follow(story.mail("ask-back"), "SEND", "", "")

    assert len(sent(story)) == 1
    assert story.mail("human")["attachments"] == ""


@pytest.mark.parametrize(("name", "goes"), [("image001.png", False), ("logo.png", False), ("bathroom.png", True)])
def test_signature_pictures_are_never_carried(story: Story, name: str, goes: bool) -> None:
    """behaviour.md §4.2: also where a server made them attachments; Gmail's files, which have a Content-ID too, go along."""
    kind = f"Content-Type: image/png; name={name}\r\nContent-ID: <{name}@x>\r\nContent-Disposition: attachment; filename={name}"
    with_part(story, kind, '<img src="cid:logo.png@x">')

    assert (name in story.mail("human")["attachments"]) is goes


def test_held_words_that_others_overtook(story: Story) -> None:
    """P6, D72: DONE went out and the case closed; SEND of older words asks once more, by link and by reply, then sends."""
    story.reply(story.mail("new-case"), "FYI the surveyor comes on Thursday.")
    held = story.mail("ask-back")
    story.after(hours=1)
    story.reply(story.mail("new-case"), f"DONE\n\n{ANSWER}")
    story.after(hours=1)
    story.follow(held, "SEND", "", "")
    assert (sent(story), story.case()["state"]) == ([ANSWER], "closed")
    assert "the case was closed since, and they would open it again" in asked(story)
    again = story.mail("ask-back")
    story.after(hours=1)
    story.reply(held, "SEND")
    assert len(sent(story)) == 1
    story.reply(again, "SEND")

    assert sent(story) == [ANSWER, "FYI the surveyor comes on Thursday."]


def test_held_words_after_somebody_elses(tmp_path: Path) -> None:
    """P6: whoever wrote since, the question is asked once more."""
    story = Story(tmp_path, ('members = ["priya", "sam"]', 'members = ["priya", "sam"]\ndeputy = "sam"'))
    story.receive(letter())
    story.reply(story.mail("new-case"), "UPDATE\n\nFYI the surveyor comes on Thursday.")
    held = story.mail("ask-back")
    story.reply(story.mail("new-case"), f"UPDATE\n\n{ANSWER}")
    story.after(hours=1)
    story.follow(held, "SEND", "", "")
    assert sent(story) == [ANSWER]
    assert "somebody has written since" in asked(story)
    story.follow(story.mail("ask-back"), "SEND", "", " ")

    assert sent(story) == [ANSWER, "Hello Edward Quan,\n\nFYI the surveyor comes on Thursday."]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ASK which wall is it?", "Hello Edward Quan,\n\nWhich wall is it?\n\nPriya Shah"),
        ("DONE: it was mended today.\n\nPriya", "Hello Edward Quan,\n\nIt was mended today.\n\nPriya"),
        ("DONE\n\nHi Edward, it was mended today.", "Hi Edward, it was mended today.\n\nPriya Shah"),
        (
            "DONE\n\nDear Edward,\n\nit was mended.\n\nRegards\nPriya",
            "Dear Edward,\n\nit was mended.\n\nRegards\nPriya",
        ),
        ("you can have the key on Monday", "you can have the key on Monday"),
    ],
)
def test_words_of_a_command_become_a_mail(story: Story, written: str, read: str) -> None:
    """E43: our greeting, a capital and the writer's name where they are missing; plain words go as they are (P6)."""
    story.reply(story.mail("new-case"), written)

    assert plain(bytes(story.mail("human")["content"])).partition("\n\nPriya Shah, Housing")[0] == read


@pytest.mark.parametrize("words", [ANSWER, "CLOSE no longer mine", "AWAY 2 Dec", "SEND"])
def test_a_leaver_speaks_no_more(tmp_path: Path, words: str) -> None:
    """P7: from the day on which they left, their mails change nothing, and the present owner gets them."""
    left = ('email = ["priya@northgate.example"', 'left = 2026-12-02\nemail = ["priya@northgate.example"')
    story = Story(tmp_path, P1, left)
    story.receive(letter())
    story.at("2026-12-03 10:00")
    assert story.case()["owner"] == "alex"
    row = story.reply(story.mail("new-case", "priya@northgate.example"), words)

    assert (row["kind"], row["outcome"]) == ("staff", "event")
    assert (sent(story), notes(story), story.case()["state"]) == ([], [], "open")
    assert story.db.run("SELECT * FROM absences") == []
    assert story.mail("ask-back")["recipient"] == "alex@northgate.example"
    assert "Priya Shah, who no longer works here, wrote in" in asked(story)
    assert " ".join(words.split()) in asked(story)


def test_a_former_owner_is_heard_of(tmp_path: Path) -> None:
    """P7, P4: an answer to an old mail goes out, for it was theirs to give, and whoever has the case now is told."""
    story = Story(tmp_path)
    story.receive(letter())
    story.db.run("UPDATE cases SET owner = 'sam'")
    story.reply(story.mail("new-case", "priya@northgate.example"), ANSWER)

    assert sent(story) == [ANSWER]
    told = plain(bytes(story.mail("ask-back", "sam@northgate.example")["content"]))
    assert "Priya Shah has acted on" in told
    assert ANSWER in told
