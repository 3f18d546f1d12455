"""What a stranger puts into a resident's thread, or sends to us once more, changes nothing for that resident (P7, E2-E5)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.letters import letter, parsed
from tests.support.story import Story, words

HOUSING = "housing@northgate.example"
EDWARD, MO, PRIYA = "edward@resident.example", "mo@else.example", "Priya Shah <priya@northgate.example>"
PASS_RESIDENT = "mx.northgate.example; dmarc=pass header.from=resident.example"
PASS_COUNCIL = "mx.northgate.example; dmarc=pass header.from=northgate.example"
LEAK = "There is a leak in the roof now, please come to 5 Low Road.\n"


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    """Mo's case, and then Edward's, both acknowledged."""
    made = make_story()
    made.receive(letter(sender=f"Mo <{MO}>", subject="Bins", message_id="<mo1@else.example>", text="My bin is full.\n"))
    made.after(minutes=5)
    made.receive(letter(Authentication_Results=PASS_RESIDENT))
    made.after(minutes=5)
    return made


def code_of(story: Story, address: str) -> str:
    """The code of the only case of this resident."""
    [case] = [row for row in story.cases() if row["resident_address"] == address]
    return str(case["code"])


def acknowledged(story: Story, address: str) -> str:
    """The Message-ID of the acknowledgement that this resident got."""
    [mail] = [row for row in story.outbox("acknowledgement") if row["recipient"] == address]
    return str(parsed(mail["content"])["Message-ID"])


@pytest.mark.parametrize(
    "first", ["<first@resident.example> {ack}", "{own} {ack}", "{ack} <first@resident.example>", "{ack}"]
)
def test_ids_of_another_case_in_a_residents_thread(story: Story, first: str) -> None:
    """P7: Mo wrote to Edward with the id of Mo's acknowledgement; Edward answers all: the letter is in no case of Mo's."""
    ids = first.format(ack=acknowledged(story, MO), own=acknowledged(story, EDWARD))
    row = story.receive(
        letter(
            to=f"{MO}, {HOUSING}",
            subject="Re: Damp in the bedroom",
            text=LEAK,
            message_id="<e9@resident.example>",
            In_Reply_To="<mo77@else.example>",
            References=f"{ids} <mo77@else.example>",
            Authentication_Results=PASS_RESIDENT,
        )
    )

    assert row["code"] == code_of(story, EDWARD)


def test_the_first_letter_of_somebody_who_answers_a_stranger(story: Story) -> None:
    """P7: whoever answers a stranger's mail carries all its ids along, and has a case and an acknowledgement of their own."""
    row = story.receive(
        letter(
            sender="Vera <vera@new.example>",
            to=f"{MO}, {HOUSING}",
            subject="Re: hello",
            text=LEAK,
            message_id="<v1@new.example>",
            In_Reply_To="<mo78@else.example>",
            References=f"{acknowledged(story, MO)} <mo78@else.example>",
        )
    )

    assert row["code"] == code_of(story, "vera@new.example")
    assert [row["recipient"] for row in story.outbox("acknowledgement")].count("vera@new.example") == 1


def test_a_neighbour_who_answers_our_own_mail(story: Story) -> None:
    """E24: whoever answers our mail itself has it, and writes into its case."""
    ack = acknowledged(story, EDWARD)
    row = story.receive(
        letter(
            sender="Nan <nan@other.example>",
            subject="Re: Damp",
            text="I am his mother. The wall is wet too.\n",
            message_id="<n1@other.example>",
            In_Reply_To=ack,
            References=f"<first@resident.example> {ack}",
        )
    )

    assert row["code"] == code_of(story, EDWARD)


def outlook(**fields: Any) -> bytes:
    """A colleague's answer straight from Outlook, with the inbox in copy, vouched for by its server."""
    values = {
        "sender": PRIYA,
        "to": f"Edward Quan <{EDWARD}>",
        "Cc": HOUSING,
        "subject": "RE: Damp in the bedroom",
        "text": "Dear Edward,\n\nA surveyor comes on Thursday between 9 and 12.\n\nPriya\n",
        "message_id": "<o1@northgate.example>",
        "date": "Mon, 30 Nov 2026 10:25:00 +0000",
        "In_Reply_To": "<first@resident.example>",
        "Authentication_Results": PASS_COUNCIL,
    } | fields
    return letter(**{name: value for name, value in values.items() if value is not None})


def promised(story: Story) -> tuple[str, list[str]]:
    """The state of Edward's case, and of the clocks that he was told of."""
    code = code_of(story, EDWARD)
    [case] = [row for row in story.cases() if row["code"] == code]
    clocks = story.db.run("SELECT state FROM clocks WHERE code = :code AND told ORDER BY id", code=code)
    return case["state"], [row["state"] for row in clocks]


def test_a_proven_answer_with_the_inbox_in_copy(story: Story) -> None:
    """D69: it is the answer, and the promise is kept: what the tests below compare with."""
    story.receive(outlook())

    assert promised(story)[0] == "answered"
    assert "running" not in promised(story)[1]


@pytest.mark.parametrize(
    "fields",
    [
        {"date": "Mon, 2 Nov 2026 10:00:00 +0000"},
        {"date": "Mon, 2 Nov 2026 10:00:00 +0000", "In_Reply_To": None},
        {"Cc": "lee@landlord.example"},
        {"Cc": "lee@landlord.example", "date": "Mon, 2 Nov 2026 10:00:00 +0000"},
        {"Cc": "lee@landlord.example", "sender": "Housing <housing@northgate.example>"},
        {"text": "Dear Edward,\n\nThanks, I will look into it and come back to you.\n\nPriya Shah\n"},
    ],
    ids=["old", "old, by its subject", "none of our inboxes", "old, to others", "of the inbox", "only announces"],
)
def test_an_officers_mail_that_is_no_answer(story: Story, fields: dict[str, Any]) -> None:
    """E5, E86, P5: a signed mail, sent to us again by whoever once got it, and words that only announce, end no promise."""
    before = promised(story)
    story.receive(outlook(**fields))

    assert promised(story) == before
    assert "running" in before[1]


DANGER = "I want to kill myself.\n"


@pytest.mark.parametrize("results", ["dmarc=pass header.from=else.example", "dmarc=none header.from=else.example"])
def test_danger_in_the_words_of_somebody_else(story: Story, results: str) -> None:
    """P7, behaviour.md §3.9: a stranger's words in Edward's case alarm, and Edward goes on to hear from us."""
    ack = acknowledged(story, EDWARD)
    row = story.receive(
        letter(
            sender=f"Mo <{MO}>",
            subject="Re: Damp",
            text=DANGER,
            message_id="<mo5@else.example>",
            In_Reply_To=ack,
            Authentication_Results=f"mx.northgate.example; {results}",
        )
    )
    [case] = [one for one in story.cases() if one["code"] == code_of(story, EDWARD)]

    assert row["code"] == case["code"]
    assert len(story.outbox("urgent")) == 1
    assert not case["sensitive"]


def test_danger_in_the_residents_own_words(story: Story) -> None:
    """behaviour.md §3.9: Edward's own words make the case sensitive."""
    story.receive(
        letter(
            text=DANGER,
            message_id="<e5@resident.example>",
            In_Reply_To="<first@resident.example>",
            Authentication_Results=PASS_RESIDENT,
        )
    )
    [case] = [one for one in story.cases() if one["code"] == code_of(story, EDWARD)]

    assert case["sensitive"]


@pytest.mark.parametrize("result", ["none", "permerror", "bestguesspass", "temperror", "pass"])
def test_a_from_that_the_server_reads_otherwise(story: Story, result: str) -> None:
    """E3, E4: the server judged evil.example; whatever it said of that, the mail does not speak for Edward."""
    story.receive(
        letter(
            sender=f"<{EDWARD}> <x@evil.example>",
            subject="Re: Damp in the bedroom",
            text="No more emails please.\n",
            message_id="<x1@evil.example>",
            In_Reply_To="<first@resident.example>",
            Authentication_Results=f"mx.northgate.example; spf=pass; dkim=pass header.d=evil.example; dmarc={result} header.from=evil.example",
        )
    )
    [case] = [one for one in story.cases() if one["code"] == code_of(story, EDWARD)]

    assert not case["quiet"]
    assert story.db.run("SELECT 1 FROM people WHERE quiet") == []
    assert words(story, "receipt") == []
