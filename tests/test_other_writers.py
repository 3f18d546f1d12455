"""People in copy, neighbours and landlords who write in a resident's case (E24, E25, behaviour.md §3.3a)."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter, parsed
from tests.support.story import Story, words

NORA, OLGA, ANNA = "Nora Quan <nora@resident.example>", "Olga Quan <olga@else.example>", "Anna Hill <anna@hill.example>"
FAMILY = {"to": "housing@northgate.example", "Cc": f"{NORA}, {OLGA}"}


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    """Edward's letter, with his mother and sister in copy, acknowledged."""
    made = make_story(('members = ["priya", "sam"]', 'members = ["priya"]'))
    made.receive(letter(**FAMILY))
    made.after(hours=1)
    return made


def answers(
    story: Story, sender: str, text: str, answered: str = "<first@resident.example>", **fields: str
) -> dict[str, object]:
    """Somebody answers a mail of the case."""
    number = len(story.db.run("SELECT 1 FROM letters"))
    named = {
        "to": "edward@resident.example",
        "Cc": "housing@northgate.example",
        "subject": "Re: Damp in the bedroom",
    } | fields
    return story.receive(
        letter(sender=sender, text=text, message_id=f"<w{number}@else.example>", In_Reply_To=answered, **named)
    )


def ack(story: Story) -> str:
    """The Message-ID of Edward's acknowledgement."""
    return str(parsed(bytes(story.outbox("acknowledgement")[0]["content"]))["Message-ID"])


@pytest.mark.parametrize("sender", [NORA, OLGA])
def test_e24_a_family_in_copy_has_one_case(story: Story, sender: str) -> None:
    """E24: whoever is in copy and answers all writes in Edward's case: one owner, one acknowledgement, one neutral receipt."""
    row = answers(story, sender, "I live there too. The wall is wet.\n")
    address = sender.partition("<")[2].strip(">")
    told = words(story, "receipt", address)

    assert (row["kind"], row["outcome"], len(story.cases())) == ("reply", "attach", 1)
    assert len(story.outbox("acknowledgement")) == 1
    assert "Your email has reached Priya Shah in Housing." in told[0]
    mail = parsed(bytes(story.mail("receipt")["content"]))
    whole = bytes(story.mail("receipt")["content"]).decode()
    assert "Damp in the bedroom" in mail["Subject"]
    assert story.case()["code"] not in mail["Subject"] + told[0]
    assert "Edward" not in whole
    assert "You will hear" not in told[0]


def test_e24_one_receipt_each(story: Story) -> None:
    """E24: a second letter of the same person brings no other receipt; another person's brings theirs."""
    for sender in (NORA, NORA, OLGA):
        answers(story, sender, f"Another word, {len(story.outbox())}.\n")
        story.after(hours=2)

    assert [row["recipient"] for row in story.outbox("receipt")] == ["nora@resident.example", "olga@else.example"]


@pytest.mark.parametrize(
    ("sender", "to", "how"),
    [
        (NORA, "<first@resident.example>", "the resident copied them in"),
        (NORA, "", "it answers our mail"),
        (ANNA, "", "it answers our mail"),
    ],
)
def test_e25_the_owner_reads_who_wrote(story: Story, sender: str, to: str, how: str) -> None:
    """E25: the mail comes from that person, says how they belong to the case, and shows their words."""
    answers(story, sender, "The wall is wet on my side too.\n", to or ack(story))
    name, address = sender.split(" <")
    mail = parsed(bytes(story.mail("resident-wrote")["content"]))
    told = words(story, "resident-wrote")[-1]

    assert mail["From"].startswith(f"{name} via Housing")
    assert mail["Reply-To"].startswith(f"{name} <housing+")
    assert f"{name} ({address.strip('>')}) wrote on" in told
    assert "which is a matter of Edward Quan." in told
    assert f"which is new in this case: {how}" in told
    assert "The name is the same" not in told
    assert "Edward Quan wrote again" not in told
    assert "The wall is wet on my side too." in told


def test_e25_the_owner_reads_of_a_second_address(story: Story) -> None:
    """E25: somebody else of the same name may be Edward at another address, and Priya reads that."""
    answers(story, "Edward Quan <edward@work.example>", "The wall is wet.\n", ack(story))

    assert "perhaps it is Edward Quan from another address" in words(story, "resident-wrote")[-1]


def test_e25_a_reply_goes_to_whoever_wrote(story: Story) -> None:
    """E25: Priya's words go to Anna alone, and Edward goes on waiting: state, clocks and promises stand."""
    answers(story, ANNA, "The wall is wet on my side too.\n", ack(story))
    before, clocks = story.case()["state"], story.clocks()
    story.reply(
        story.mail("resident-wrote"), "Dear Anna,\n\nThank you for telling us. Which floor are you on?\n\nPriya"
    )
    sent = story.mail("human")

    assert [row["recipient"] for row in story.outbox("human")] == ["anna@hill.example"]
    assert "Which floor are you on?" in words(story, "human")[0]
    assert (story.case()["state"], story.clocks(), story.case()["human_words_at"]) == (before, clocks, None)

    # Anna answers, and is in the same case again.
    row = answers(
        story,
        ANNA,
        "The second.\n",
        str(parsed(bytes(sent["content"]))["Message-ID"]),
        to="housing@northgate.example",
        Cc="",
    )
    assert (row["outcome"], row["code"]) == ("attach", story.case()["code"])


@pytest.mark.parametrize(
    "text",
    [
        "Dear Edward,\n\nWe come on Thursday.\n\nPriya",
        "Pass this on to Streets please, they know her.",
        "Is she his mother? No idea.",
    ],
)
def test_e25_words_that_are_not_for_them_stay(story: Story, text: str) -> None:
    """E25: what would be held for a resident does not go to anybody else either, until Priya answers SEND."""
    answers(story, NORA, "I live there too.\n")
    story.reply(story.mail("resident-wrote"), text)

    assert story.outbox("human") == []
    assert "your words have not gone to Nora Quan yet" in words(story, "ask-back")[-1]


def test_e25_a_command_is_about_the_resident(story: Story) -> None:
    """E25: NOTE stays inside, and words for Edward go by their own link."""
    answers(story, NORA, "I live there too.\n")
    story.reply(story.mail("resident-wrote"), "NOTE\n\nHis mother.")
    assert story.outbox("human") == []
    story.follow(story.mail("resident-wrote"), "Answer", "Answer", "Dear Edward,\n\nWe come on Thursday.\n\nPriya")
    assert [row["recipient"] for row in story.outbox("human")] == ["edward@resident.example"]


@pytest.mark.parametrize("sender", [NORA, ANNA])
def test_e25_no_answer_to_a_question_of_ours(story: Story, sender: str) -> None:
    """E25: we asked Edward, and only Edward answers that; the case goes on waiting."""
    story.reply(story.mail("new-case"), "ASK which room is it, please?")
    story.after(hours=1)
    answers(
        story, sender, "The small one, I think.\n", str(parsed(bytes(story.mail("human")["content"]))["Message-ID"])
    )

    assert story.case()["state"] == "waiting"
    assert "The small one, I think." in words(story, "resident-wrote")[-1]


def test_e24_who_is_in_no_copy_and_answers_edward_is_a_stranger(story: Story) -> None:
    """E24, P7: an id alone opens nothing; Edward named Nora, and nobody named Vera."""
    row = answers(story, "Vera <vera@new.example>", "My bin is full.\n")

    assert (row["outcome"], len(story.cases())) == ("case", 2)


def test_e24_a_forged_letter_names_nobody(story: Story) -> None:
    """E24, E4: whom a condemned mail in Edward's name copies is not in copy."""
    story.receive(
        letter(
            Cc="spy@evil.example", text="More.\n", message_id="<f@evil.example>", In_Reply_To="<first@resident.example>",
            Authentication_Results="mx.northgate.example; dmarc=fail header.from=resident.example",
        )
    )  # fmt: skip
    row = answers(story, "spy@evil.example", "Tell me about it.\n", "<f@evil.example>")

    assert row["code"] != story.case()["code"]


def test_e24_a_sensitive_case_tells_nobody_else(story: Story) -> None:
    """E24, behaviour.md §3.9: somebody else may be whom the resident fears."""
    story.receive(
        letter(text="My husband hits me.\n", message_id="<s@r.example>", In_Reply_To="<first@resident.example>")
    )
    story.after(hours=1)
    answers(story, NORA, "What did he write?\n")

    assert story.outbox("receipt", "nora@resident.example") == []
    assert "What did he write?" in words(story, "resident-wrote")[-1]


@pytest.fixture
def two(make_story: Callable[..., Story]) -> Story:
    """Edward has a case in Housing and one in Streets, both promised for the same day; one mail lists them."""
    made = make_story()
    made.receive(letter())
    made.after(minutes=10)
    made.receive(
        letter(
            to="streets@northgate.example",
            subject="Pothole in Mill Lane",
            text="There is a hole.\n",
            message_id="<2@r.example>",
        ),
        "streets",
    )
    made.at("2026-12-07 15:05")
    assert len(made.outbox("no-news")) == 1
    return made


def answers_list(story: Story, text: str) -> dict[str, object]:
    """Edward answers the mail that lists his cases."""
    ours = parsed(bytes(story.mail("no-news")["content"]))
    return story.receive(
        letter(
            subject=f"Re: {ours['Subject']}",
            text=text,
            message_id="<l@r.example>",
            In_Reply_To=ours["Message-ID"],
            date="Mon, 7 Dec 2026 16:00:00 +0000",
        )
    )


def test_e29_a_reply_about_several_cases_reaches_each_owner(two: Story) -> None:
    """E29: nothing tells which is meant, so both owners get it, and each reads that the other has it too."""
    before = len(two.outbox("resident-wrote"))
    answers_list(two, "It is still not mended, and worse than ever.\n")
    told = two.outbox("resident-wrote")[before:]

    assert {row["recipient"] for row in told} == {"priya@northgate.example", "kofi@northgate.example"}
    assert any("nothing in it tells which is meant of" in text for text in words(two, "resident-wrote"))


@pytest.mark.parametrize("number", [0, 1])
def test_e29_a_reply_that_names_one(two: Story, number: int) -> None:
    """E29: the reference tells, and the other owner hears nothing."""
    before = len(two.outbox("resident-wrote"))
    code = two.cases()[number]["code"]
    row = answers_list(two, f"About {two.office.council.reference_of(code)}: it is worse than ever.\n")

    assert row["code"] == code
    assert len(two.outbox("resident-wrote")) == before + 1


def test_e29_thanks_for_several_changes_nothing(two: Story) -> None:
    """E29, behaviour.md §3.5: thanks reopen none of them."""
    answers_list(two, "Thank you.\n")

    assert not any("several matters" in text for text in words(two, "resident-wrote"))
