"""Staff work by replying: what goes out, what stays inside, what is asked back (behaviour.md §4.2–4.4)."""

import re
from pathlib import Path

import pytest

from tests.support.letters import letter, parsed, plain
from tests.support.story import Story, answer
from tests.support.story import words as texts

ANSWER = "Dear Edward,\n\nA surveyor comes on Thursday between 9 and 12.\n\nPriya"


def words_to_resident(story: Story) -> list[str]:
    return [plain(bytes(mail["content"])) for mail in story.outbox("human")]


def asked_back(story: Story) -> str:
    """The latest question to a member of staff, in one line."""
    return " ".join(plain(bytes(story.mail("ask-back")["content"])).split())


def test_plain_words_are_the_answer(story: Story) -> None:
    """P6, behaviour.md §3.4: unchanged, from the owner by name, no header of a machine; the case is answered, chasers gone."""
    story.at("2026-12-01 11:00")
    row = story.reply(story.mail("new-case"), ANSWER)
    mail = parsed(bytes(story.mail("human")["content"]))
    text = words_to_resident(story)[0]

    assert (row["kind"], row["outcome"], row["acknowledged"]) == ("staff", "event", 0)
    assert text.startswith(ANSWER + "\n\nPriya Shah, Housing, Royal Borough of Northgate.")
    assert "You will" not in text  # no promise is added to a person's words
    assert mail["From"] == '"Priya Shah, Housing" <housing@northgate.example>'
    assert mail["To"] == "Edward Quan <edward@resident.example>"
    assert mail["Subject"] == "Re: Damp in the bedroom"
    assert mail["Auto-Submitted"] is None
    assert mail["In-Reply-To"] == "<first@resident.example>"
    assert story.case()["state"] == "answered"
    assert story.clocks() == [
        ("update", "2026-12-07", "kept"),
        ("answer", "2026-12-14", "kept"),
        ("settle", "2026-12-08", "running"),
    ]


def test_quoted_mail_and_signature_pictures_stay_behind(story: Story) -> None:
    """Only what stands above the line goes out: nothing of our mail, none of the markers."""
    story.reply(story.mail("new-case"), ANSWER)

    assert "Only what you write" not in words_to_resident(story)[0]
    assert "Why you" not in words_to_resident(story)[0]


def test_update_promises_the_next_date(story: Story) -> None:
    """behaviour.md §4.3 UPDATE: progress, and a new date that is told and runs; the case stays open."""
    story.at("2026-12-02 11:00")
    story.reply(story.mail("new-case"), "UPDATE\n\nThe surveyor found a leak, we order the part.")

    assert (
        "we order the part.\n\nYou will hear from Priya Shah or a colleague by Wednesday 9 December."
        in words_to_resident(story)[0]
    )
    assert story.case()["state"] == "open"
    assert ("update", "2026-12-09", "running") in story.clocks()


@pytest.mark.parametrize(
    ("written", "day", "reason"),
    [
        ("MORE Fri 18 Dec: we wait for the plumber", "Friday 18 December", "we wait for the plumber"),
        ("LATER 18/12: we wait for the plumber", "Friday 18 December", "we wait for the plumber"),
        ("More: next week. We wait for the plumber.", "Friday 11 December", "We wait for the plumber."),
        ("MORE Sat 19 Dec: we wait for the plumber", "Monday 21 December", "we wait for the plumber"),
    ],
)
def test_more_is_a_new_promise(story: Story, written: str, day: str, reason: str) -> None:
    """behaviour.md §4.3 MORE: the resident reads the reason and the new date; P5: the old promise is replaced, not forgotten."""
    story.reply(story.mail("new-case"), written)
    text = words_to_resident(story)[0]

    reason = reason[0].upper() + reason[1:]
    assert text.startswith(f"Hello Edward Quan,\n\n{reason}\n\nYou will hear from Priya Shah or a colleague by {day}.")
    assert ("update", "2026-12-07", "replaced") in story.clocks()


def test_more_needs_a_sure_date(story: Story) -> None:
    """ "after Christmas" is not a date: the owner is asked, and the promise stands."""
    story.reply(story.mail("new-case"), "MORE after Christmas: the plumber is away")

    assert words_to_resident(story) == []
    assert "The date behind MORE could not be read" in asked_back(story)
    assert ("update", "2026-12-07", "running") in story.clocks()


def test_done_answers_and_closes(story: Story) -> None:
    """behaviour.md §4.3 DONE: the words go out and the case closes; nobody is asked whether it is settled."""
    story.reply(story.mail("new-case"), f"DONE\n\n{ANSWER}")
    story.at("2026-12-31 12:00")

    assert words_to_resident(story)[0].startswith(ANSWER)
    assert story.case()["state"] == "closed"
    assert story.outbox("settled") == []


def test_done_without_words_asks_what_the_resident_should_read(story: Story) -> None:
    """behaviour.md §4.3."""
    story.reply(story.mail("new-case"), "Done.")

    assert words_to_resident(story) == []
    assert "DONE needs the words that the resident should read" in asked_back(story)
    assert story.case()["state"] == "open"


def test_note_and_close_stay_inside(story: Story) -> None:
    """behaviour.md §4.3 NOTE, CLOSE: kept with the case; no mail; the promise that CLOSE ends is withheld with its reason."""
    story.reply(story.mail("new-case"), "NOTE\nHe rang, we talked about the wall.")
    story.reply(story.mail("new-case"), "CLOSE duplicate of another case")

    kept = story.db.run("SELECT kind, words FROM words ORDER BY id")
    assert [(row["kind"], row["words"]) for row in kept] == [
        ("note", "He rang, we talked about the wall."),
        ("note", "duplicate of another case"),
    ]
    assert story.outbox("human") == []
    assert story.clocks("withheld")


@pytest.mark.parametrize(
    "words",
    [
        "Stop using the boiler until we come, please.",
        "Note that we come on Tuesday between nine and twelve.",
        "Close the window at night, please, and call us.",
    ],
)
def test_words_that_only_look_like_a_command_are_asked_about(story: Story, words: str) -> None:
    """behaviour.md §4.3: never guessed: they are asked back, and SEND sends them."""
    story.reply(story.mail("new-case"), words)
    assert words_to_resident(story) == []
    assert words in asked_back(story)
    story.reply(story.mail("ask-back"), "SEND")

    assert words_to_resident(story)[0].startswith(words)


HOLDS: list[tuple[str, dict[str, str], str]] = [
    ("Dear Mrs Jones,\n\nyour new kitchen comes on Monday.", {}, "it greets Mrs Jones"),
    ("Yes, that is right so.", {"Cc": "boss@northgate.example"}, "a colleague is in To or Cc"),
    ("See what he wrote, dreadful.", {"Subject": "Fw: Damp in the bedroom"}, "it is a forward"),
    ("FYI, this is for the file and nobody else.", {}, "its words say that it is for inside"),
    ("Please don't send this on, but he is wrong.", {}, "its words say that it is for inside"),
    ("Internal: he is a nuisance, but right.", {}, "its words say that it is for inside"),
    ("ok", {}, "it is very short"),
]


@pytest.mark.parametrize(("words", "headers", "reason"), HOLDS, ids=[reason for *_, reason in HOLDS])
def test_words_going_out_fail_closed(story: Story, words: str, headers: dict[str, str], reason: str) -> None:
    """P6, behaviour.md §4.2: held, and the sender asked; SEND sends exactly those words, KEEP never does."""
    story.reply(story.mail("new-case"), words, **headers)
    held = story.mail("ask-back")

    assert words_to_resident(story) == []
    assert reason in asked_back(story)
    story.after(minutes=1)
    story.follow(held, "SEND", "", "")
    assert words_to_resident(story)[0].startswith(words)
    story.after(minutes=1)
    story.follow(held, "SEND", "", " ")
    assert len(words_to_resident(story)) == 1  # D72: a second click sends nothing again


def test_words_kept_inside(story: Story) -> None:
    """KEEP makes a note of them."""
    story.reply(story.mail("new-case"), "FYI he called again about it.")
    story.follow(story.mail("ask-back"), "KEEP", "", "")

    assert words_to_resident(story) == []
    assert [row["state"] for row in story.db.run("SELECT state FROM words ORDER BY id")] == ["kept", "kept"]


def test_words_below_the_line_ask_back(story: Story) -> None:
    """behaviour.md §4.2: the line is a hard cut."""
    new_case = story.mail("new-case")
    quoted = "\n".join("> " + line for line in plain(bytes(new_case["content"])).split("\n"))
    raw = answer(bytes(new_case["content"]), "", new_case["recipient"], when=story.now)
    head = raw.split(b"\r\n\r\n", 1)[0]
    story.receive(head + f"\n\n{quoted}\n\n{ANSWER}\n".replace("\n", "\r\n").encode())

    assert words_to_resident(story) == []
    assert story.outbox("ask-back")


def test_first_three_are_echoed(story: Story) -> None:
    """behaviour.md §4.2: a person's first three replies are shown to them as sent."""
    for number in range(4):
        story.after(hours=1)
        story.reply(story.mail("new-case"), f"UPDATE\n\nThis is news number {number} of the surveyor.")
    echoes = [mail for mail in story.outbox("ask-back") if "this went to" in plain(bytes(mail["content"]))]

    assert len(words_to_resident(story)) == 4
    assert len(echoes) == 3


def test_plain_reply_confirm(tmp_path: Path) -> None:
    """`plain_reply = "confirm"`: plain words wait; UPDATE goes, for it was said on purpose."""
    story = Story(tmp_path, ("head_of_service = ", 'plain_reply = "confirm"\nhead_of_service = '))
    story.receive(letter())
    story.reply(story.mail("new-case"), ANSWER)
    assert words_to_resident(story) == []
    story.reply(story.mail("new-case"), f"UPDATE\n\n{ANSWER}")
    assert len(words_to_resident(story)) == 1


def test_mode_staff_sends_nothing_and_says_so(tmp_path: Path) -> None:
    """behaviour.md §5.1: in mode staff an owner's plain reply is not sent, and the owner is told so."""
    story = Story(tmp_path, ('team = "housing"\nmode = "live"', 'team = "housing"\nmode = "staff"'))
    story.receive(letter())
    story.reply(story.mail("new-case"), ANSWER)

    assert story.outbox("human") == []
    assert "your words were not sent" in asked_back(story)
    assert story.case()["state"] == "open"


STRANGERS: list[tuple[str, dict[str, str]]] = [
    ("mallory@evil.example", {}),
    ("Sam Jones <sam@northgate.example>", {}),
    ("Priya Shah <priya@northgate.example>", {"Authentication-Results": "mx.northgate.example; dmarc=fail"}),
    ("Priya Shah <priya@northgate.example>", {"Authentication-Results": ""}),
    ("Edward Quan <edward@resident.example>", {}),
]


@pytest.mark.parametrize(
    ("sender", "headers"), STRANGERS, ids=["stranger", "colleague", "forged", "unvouched", "resident"]
)
def test_nobody_else_speaks_with_a_staff_token(story: Story, sender: str, headers: dict[str, str]) -> None:
    """P7, D55, behaviour.md §4.4: another sender with a staff token is a letter, and never acknowledged."""
    before = len(story.outbox("acknowledgement"))
    row = story.reply(story.mail("new-case"), ANSWER, sender, **headers)

    assert row["kind"] in ("letter", "reply")
    assert row["acknowledged"] == 0
    assert words_to_resident(story) == []
    assert len(story.outbox("acknowledgement")) == before


def test_a_token_of_a_colleague_by_message_id_only(story: Story) -> None:
    """P7: without the reply address, the mail answered must have gone to that very person."""
    raw = answer(
        bytes(story.mail("new-case")["content"]),
        ANSWER,
        "sam@northgate.example",
        when=story.now,
        To="housing@northgate.example",
    )
    row = story.receive(raw)

    assert row["kind"] == "letter"
    assert words_to_resident(story) == []


def test_staff_reply_without_plus_addressing(tmp_path: Path) -> None:
    """The Message-ID answered, and the tag in a link's subject, do what the reply address does elsewhere."""
    story = Story(tmp_path, ("plus_addressing = true\n", ""))
    story.receive(letter())
    story.at("2026-12-07 08:30")
    story.reply(story.mail("new-case"), "UPDATE\n\nThe surveyor found a leak, we order the part.")
    assert len(words_to_resident(story)) == 1
    story.at("2026-12-14 08:30")
    story.follow(story.mail("digest"), "DONE", "", ANSWER)
    assert len(words_to_resident(story)) == 2
    assert story.case()["state"] == "closed"


def test_a_digest_answered_line_by_line(story: Story) -> None:
    """behaviour.md §4.3: `RBN-7H4-29P done` and so on, each for its own case."""
    story.receive(letter(subject="Mould", text="Mould too.\n\nEdward", message_id="<2@resident.example>"))
    story.at("2026-12-07 08:30")
    references = [f"RBN-{case['code'][:3]}-{case['code'][3:]}" for case in story.cases()]
    owner = story.cases()[0]["owner"]
    assert story.cases()[1]["owner"] == owner
    digest = story.mail("digest", f"{owner}@northgate.example")
    story.reply(
        digest,
        f"{references[0]} done: The wall was treated yesterday.\n{references[1]} more Fri: the plumber comes on Thursday",
    )

    assert [text.split("\n")[2] for text in words_to_resident(story)] == [
        "The wall was treated yesterday.",
        "The plumber comes on Thursday",
    ]
    assert [case["state"] for case in story.cases()] == ["closed", "open"]


def test_a_reply_to_an_escalation_never_reaches_a_resident(story: Story) -> None:
    """behaviour.md §4.6, P7: a manager's words to a reminder stay inside, command or not."""
    story.at("2026-12-07 13:00")
    story.reply(story.mail("digest", "alex@northgate.example"), ANSWER)
    reference = f"RBN-{story.case()['code'][:3]}-{story.case()['code'][3:]}"
    story.reply(story.mail("digest", "alex@northgate.example"), f"{reference} done: All is well now, I think.")

    assert words_to_resident(story) == []


def test_a_replayed_mail_does_nothing_again(story: Story) -> None:
    """P7, D14: the same staff mail twice is one answer."""
    raw = answer(bytes(story.mail("new-case")["content"]), ANSWER, "priya@northgate.example", when=story.now)
    story.receive(raw)
    story.receive(raw)

    assert len(words_to_resident(story)) == 1


def test_thanks_and_a_score_never_reopen(story: Story) -> None:
    """behaviour.md §3.5: a bare 1–5 is feedback; "2 – the leak is back" is feedback and reopens."""
    story.reply(story.mail("new-case"), ANSWER)
    story.at("2026-12-09 10:00")
    assert story.case()["state"] == "closed"
    settled = parsed(bytes(story.mail("settled")["content"]))["Message-ID"]
    for number, words in enumerate(("5", "Thanks, that's great", "4.")):
        story.receive(
            letter(
                subject="Re: Damp in the bedroom", text=words, message_id=f"<t{number}@r.example>", In_Reply_To=settled
            )
        )
        assert story.case()["state"] == "closed"
    assert story.outbox("receipt") == []
    story.receive(
        letter(
            subject="Re: Damp in the bedroom",
            text="2 – the leak is back",
            message_id="<t9@r.example>",
            In_Reply_To=settled,
        )
    )

    assert story.case()["state"] == "open"
    assert story.clocks("running")
    scores = [row["data"] for row in story.db.run("SELECT data FROM events WHERE kind = 'feedback' ORDER BY id")]
    assert scores == ['{"score": "5"}', '{"score": "4"}', '{"score": "2"}']


def test_files_of_an_answer_go_along(story: Story) -> None:
    """behaviour.md §4.2: the files of a reply are carried over, streamed from the inbox it came to."""
    new_case = story.mail("new-case")
    plain_reply = answer(bytes(new_case["content"]), "", new_case["recipient"], when=story.now)
    head = plain_reply.split(b"MIME-Version")[0].decode()
    body = (
        f"{head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{ANSWER}\r\n"
        "--b\r\nContent-Type: application/pdf; name=plan.pdf\r\nContent-Disposition: attachment\r\n\r\nPDF\r\n"
        "--b\r\nContent-Type: image/png; name=logo.png\r\nContent-ID: <logo>\r\nContent-Disposition: inline\r\n\r\nPNG\r\n--b--\r\n"
    )
    story.receive(body.encode())

    assert '"name": "plan.pdf"' in story.mail("human")["attachments"]
    assert "logo.png" not in story.mail("human")["attachments"]


def test_away_by_mail(story: Story) -> None:
    """behaviour.md §4.3 AWAY, BACK: confirmed; cases move when it begins and come back when it ends."""
    story.reply(story.mail("new-case"), "AWAY 2 Dec to 11 Dec, cover Sam Jones")
    assert "back on Monday 14 December. Sam Jones stands in for you." in asked_back(story)
    story.at("2026-12-02 09:00")
    assert story.case()["cover"] == "sam"
    story.at("2026-12-04 10:00")
    story.reply(story.mail("new-case"), "BACK")
    story.at("2026-12-04 10:01")

    assert story.case()["cover"] == ""
    assert story.mail("hand-over", "priya@northgate.example")["dedupe_key"].startswith("while-away:priya")


def test_away_with_a_cover_nobody_knows(story: Story) -> None:
    """Nothing is recorded, and they are told why."""
    story.reply(story.mail("new-case"), "AWAY 2 Dec to 11 Dec, cover Bob")
    assert "There is nobody called “Bob” whom I know." in asked_back(story)
    assert story.db.run("SELECT * FROM absences") == []


def test_back_ends_an_absence_of_the_configuration(tmp_path: Path) -> None:
    """BACK counts whatever the file says."""
    absence = '# end\n\n[[absence]]\nstaff = "priya"\nfrom = 2026-12-08\nuntil = 2026-12-17\n'
    story = Story(tmp_path, ("# end", absence))
    story.receive(letter())
    story.at("2026-12-09 09:00")
    assert story.case()["cover"] == "sam"
    story.reply(story.mail("new-case"), "BACK")
    story.at("2026-12-09 09:05")
    assert story.case()["cover"] == ""


def test_following_a_link_changes_nothing(story: Story) -> None:
    """D72: every link in a staff mail begins a mail; none can be fetched."""
    story.at("2026-12-07 13:00")
    links = []
    for row in story.outbox():
        page = parsed(bytes(row["content"])).get_body(("html",))
        if row["staff"] and page is not None:
            links += re.findall(r'href="([^"]+)"', str(page.get_content()))

    assert len(links) > 4
    assert all(link.startswith("mailto:") for link in links)


def test_an_answer_about_an_automatic_reply_is_no_automatic_reply(tmp_path: Path) -> None:
    """D56: the subject is the case's; a member of staff who answers it by hand is read, an absence notice is not."""
    story = Story(tmp_path)
    story.receive(letter(subject="Automatic reply: your rent", text="I am away.", Auto_Submitted="auto-replied"))
    story.reply(story.mail("new-case"), "CLOSE: she is away")
    assert story.case()["state"] == "closed"
    story.receive(letter(subject="Damp", message_id="<2@r.example>"))
    subject = f"Automatic reply: {parsed(bytes(story.mail('new-case')['content']))['Subject']}"
    row = story.reply(story.mail("new-case"), "I am on leave until Monday and will write then.", Subject=subject)
    assert (row["kind"], row["outcome"]) == ("automatic-reply", "event")
    assert words_to_resident(story) == []


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("MORE in three weeks: the mason comes", "Monday 21 December"),
        ("MORE in a week: the mason comes", "Monday 7 December"),
        ("MORE in a fortnight: the mason comes", "Monday 14 December"),
        ("MORE in two weeks' time: the mason comes", "Monday 14 December"),
        ("MORE three weeks from today: the mason comes", "Monday 21 December"),
        ("MORE the day after tomorrow: the mason comes", "Wednesday 2 December"),
        ("MORE Christmas Eve: the mason comes", "Thursday 24 December"),
        ("MORE Good Friday: the mason comes", "Tuesday 30 March"),
        ("MORE Easter Monday 2027: the mason comes", "Tuesday 30 March"),
        ("MORE by Boxing Day: the mason comes", "Wednesday 30 December"),
    ],
)
def test_dates_that_have_names(story: Story, written: str, told: str) -> None:
    """E88: days that people call by name, and weeks in words; the resident reads the working day."""
    story.reply(story.mail("new-case"), written)

    assert told in texts(story, "human", "edward@resident.example")[-1]


@pytest.mark.parametrize(
    ("written", "leaning"),
    [
        ("MORE 25 December: the mason comes that day", "that day"),
        ("MORE Boxing Day: the mason comes on Boxing Day", "Boxing Day"),
        ("MORE Good Friday: the mason comes on Friday morning", "Friday"),
        ("MORE Sat 19 Dec: he is there by then", "by then"),
        ("MORE Sun 20 Dec: the van comes on the 20th of December", "20th of December"),
    ],
)
def test_words_that_lean_on_a_day_that_moves(story: Story, written: str, leaning: str) -> None:
    """E88: nobody works that day, so another is promised, and the words mean the first: asked, with the one line to write."""
    story.reply(story.mail("new-case"), written)
    told = asked_back(story)

    assert story.outbox("human") == []
    assert f"your words say “{leaning}”" in told
    assert "Please write it like this" in told
    assert "SPLIT" not in told


@pytest.mark.parametrize(
    "written", ["MORE 18 December: the mason comes that day", "MORE Sat 19 Dec: we wait for the plumber from Hull"]
)
def test_words_that_do_not_lean(story: Story, written: str) -> None:
    """E88: the day is one that is worked, or the words do not point at it."""
    story.reply(story.mail("new-case"), written)

    assert len(story.outbox("human")) == 1


@pytest.mark.parametrize(
    "written", ["MORE after Christmas: x", "MORE soon", "MORE 31 Feb: x", "MORE Friday or Monday: x"]
)
def test_an_unreadable_date_brings_one_line(story: Story, written: str) -> None:
    """E88: the one line to write, with a date as an example, and not all commands."""
    story.reply(story.mail("new-case"), written)
    told = asked_back(story)

    assert "The date behind MORE could not be read" in told
    assert "MORE 7 December: and why" in told
    assert "PASS" not in told


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("SPLIT streets: the pothole", ": the pothole."),
        ("SPLIT streets: street lamp outside number 4.", ": street lamp outside number 4."),
        ("SPLIT streets: the pothole, and he is a pain", ""),
        ("SPLIT streets: can you take the lamp?", ""),
        ("SPLIT streets: the pothole\n\nHe has rung four times.", ""),
    ],
)
def test_split_says_which_part(story: Story, written: str, told: str) -> None:
    """E55: the resident reads which part went to whom, if the colleague wrote its bare name; a remark stays inside."""
    story.reply(story.mail("new-case"), written)
    story.after(minutes=1)
    read = texts(story, "cover", "edward@resident.example")[-1]

    assert "We have passed part of your email" in read
    assert told in read
    assert "pain" not in read and "rung" not in read and ("Waste: " in read) == bool(told)
