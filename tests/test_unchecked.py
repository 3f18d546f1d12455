"""Mail over an inbox that checks nothing: it clears nothing, and speaks for nobody elsewhere (E2, E4, E7, P7)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.letters import letter
from tests.support.story import Story, answer, words
from tests.test_authority import EDWARD, FAILED, PRIYA, outcomes, state

pytestmark = pytest.mark.usefixtures("store")

ANSWER = "Dear Edward,\n\nA surveyor comes on Thursday.\n\nPriya"
COMPAUTH = "dmarc=none action=none header.from=resident.example; compauth=fail reason=001"
OTHER = "dmarc=pass header.from=evil.example"
_EXCHANGE = ('authserv_id = "mx.northgate.example"', 'authserv_id = "unknown"')


def over_streets(story: Story, text: str, **fields: str) -> dict[str, Any]:
    """A further letter as Edward, to an inbox without `authserv_id`, in answer to his letter to Housing."""
    values = {"In_Reply_To": "<first@resident.example>", "message_id": f"<{abs(hash((text, story.now)))}@r.example>"}
    raw = letter(to="streets@northgate.example", subject="Re: Damp in the bedroom", text=text, **{**values, **fields})
    return story.receive(raw, inbox="streets")


# -- One mail to two inboxes (E7) -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["There is damp.", "Large print please", "No more emails please."])
def test_a_copy_that_nobody_checks_clears_no_letter(make_story: Callable[..., Story], text: str) -> None:
    """E7, P6: condemned in Housing, and clean in Streets two seconds later: neither an acknowledgement nor a wish."""
    story = make_story()
    story.receive(letter(text=text, Authentication_Results=FAILED))
    story.after(seconds=2)
    story.receive(letter(text=text), inbox="streets")

    assert outcomes(story) == [("letter", "case", 0)]
    assert story.outbox("acknowledgement") == []
    assert state(story)["people"] == []


@pytest.mark.parametrize("text", ["No more emails please.", "Polish please", "The damp has gone."])
def test_a_copy_that_nobody_checks_clears_no_further_letter(story: Story, text: str) -> None:
    """E7, E4: the same in a case that is answered."""
    story.reply(story.mail("new-case"), "DONE\n\n" + ANSWER)
    before = state(story)
    fields = {"text": text, "message_id": "<2@r.example>", "In_Reply_To": "<first@resident.example>"}
    story.receive(letter(**fields, Authentication_Results=FAILED))
    story.receive(letter(**fields), inbox="streets")

    assert state(story) == before
    story.receive(letter(**fields, Authentication_Results="mx.northgate.example; dmarc=none"))
    assert state(story) != before


def test_a_copy_that_nobody_checks_clears_no_staff_mail(make_story: Callable[..., Story]) -> None:
    """E7, P7: an answer in Priya's name, condemned by Housing, goes out in no case of Streets either."""
    story = make_story()
    story.receive(letter(to="streets@northgate.example"), inbox="streets")
    ours = story.outbox("new-case")[-1]
    raw = answer(bytes(ours["content"]), ANSWER, ours["recipient"], when=story.now, Authentication_Results="")
    forged = b"Authentication-Results: mx.northgate.example; dmarc=fail header.from=northgate.example\r\n" + raw
    story.receive(forged)
    story.receive(raw, inbox="streets")

    assert story.outbox("human") == []


def test_a_condemnation_that_comes_second_is_told(make_story: Callable[..., Story]) -> None:
    """E7: Streets had the copy first and acknowledged it; whoever has the case hears once what Housing's server says."""
    story = make_story()
    story.receive(letter(), inbox="streets")
    assert len(story.outbox("acknowledgement")) == 1
    for _ in range(2):
        story.receive(letter(Authentication_Results=FAILED))

    told = words(story, "resident-wrote")
    assert len(told) == 1
    assert "another copy of this letter came: it may not be from the person it names" in told[0]


@pytest.mark.parametrize("marks", [{"List_Id": "<a.example>"}, {"X_Spam_Flag": "YES"}, {"Precedence": "bulk"}])
def test_other_marks_are_cleared_by_any_inbox(make_story: Callable[..., Story], marks: dict[str, str]) -> None:
    """E7, P2: a list or a filter says nothing about the author."""
    story = make_story()
    story.receive(letter(**marks))
    story.receive(letter(), inbox="streets")

    assert len(story.outbox("acknowledgement")) == 1


# -- The weakest inbox (E2, E4) -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["No more emails please.", "Polish please", "Large print please", "Thanks!", "Any news?"]
)
def test_mail_that_nobody_checked_changes_nothing_in_a_checked_case(story: Story, text: str) -> None:
    """E2, E4: From is Edward's, the way is Streets': Priya reads it with a note, and nothing changes."""
    before, sent = state(story), len(story.outbox())
    row = over_streets(story, text)

    assert (row["outcome"], row["by_way"]) == ("attach", "unchecked")
    assert state(story) == before
    assert [mail["kind"] for mail in story.outbox()[sent:]] == ["resident-wrote"]
    assert "we could not check who wrote this" in words(story, "resident-wrote")[-1]


@pytest.mark.parametrize("command", ["ASK which room is it?", "DONE\n\n" + ANSWER, ANSWER])
def test_mail_that_nobody_checked_opens_no_checked_case_again(story: Story, command: str) -> None:
    """E2, E4: a question, a closed case, an answered one; the same mail through Housing does it."""
    story.reply(story.mail("new-case"), command)
    before = state(story)
    over_streets(story, "It is the bedroom, and it is worse.", message_id="<2@r.example>")
    over_streets(story, "It is the bedroom, and it is worse.", message_id="<2@r.example>")
    assert state(story) == before
    assert len(story.outbox("resident-wrote")) == 1
    raw = letter(
        to="streets@northgate.example",
        subject="Re: Damp in the bedroom",
        text="It is the bedroom, and it is worse.",
        message_id="<2@r.example>",
        In_Reply_To="<first@resident.example>",
    )
    story.receive(raw)

    assert story.case()["state"] == "open"


def test_mail_that_nobody_checked_copies_nobody(story: Story) -> None:
    """E8, E2: what such a mail has in Cc is not the resident's wish."""
    over_streets(story, "Please copy my friend.", Cc="spy@evil.example")
    story.reply(story.mail("new-case"), "CC")

    assert story.case()["copies"] in ("", None)


def test_a_wish_that_nobody_checked_counts_where_nothing_is_checked(story: Story) -> None:
    """E2, behaviour.md §3.13: quiet in the cases of Streets, the next one too, and not in that of Housing."""
    raw = {"to": "streets@northgate.example", "subject": "Bins"}
    story.receive(letter(**raw, text="My bin was not emptied.", message_id="<bin@r.example>"), inbox="streets")
    wish = {"message_id": "<2@r.example>", "In_Reply_To": "<bin@r.example>", "text": "No more emails please."}
    story.receive(letter(**raw, **wish), inbox="streets")
    assert [bool(case["quiet"]) for case in story.cases()] == [False, True]
    assert state(story)["people"] == []
    story.after(minutes=70)
    streets = {"to": "streets@northgate.example", "subject": "A hole", "text": "A hole.", "message_id": "<3@r.example>"}
    assert not story.receive(letter(**streets), inbox="streets")["acknowledged"]
    assert story.receive(letter(subject="Gas bill", text="A bill.", message_id="<4@r.example>"))["acknowledged"]


@pytest.mark.parametrize("results", [None, "mx.northgate.example; dmarc=none", "mx.northgate.example; spf=pass"])
def test_no_policy_is_no_doubt(story: Story, results: str | None) -> None:
    """E4: many residents' servers have no DMARC; what came through Housing's server is theirs."""
    fields = {"Authentication_Results": results} if results else {}
    raw = {"subject": "Re: Damp in the bedroom", "text": "No more emails please.", "message_id": "<2@r.example>"}
    story.receive(letter(**raw, In_Reply_To="<first@resident.example>", **fields))

    assert story.case()["quiet"]


@pytest.mark.parametrize("sender", [EDWARD, PRIYA])
@pytest.mark.parametrize("results", [COMPAUTH, OTHER, "spf=fail; " + COMPAUTH])
def test_exchange_names_another_or_fails_by_its_own_judgement(
    make_story: Callable[..., Story], sender: str, results: str
) -> None:
    """E2, E4: composite authentication failed, or the domain that passed is not the author's: neither theirs nor staff's."""
    story = make_story(_EXCHANGE)
    story.receive(letter())
    before, sent = state(story), len(story.outbox("human"))
    if sender == PRIYA:
        story.reply(story.mail("new-case"), ANSWER, PRIYA, Authentication_Results=results)
        assert len(story.outbox("human")) == sent
    else:
        raw = {"subject": "Re: Damp in the bedroom", "text": "No more emails please.", "message_id": "<2@r.example>"}
        story.receive(letter(**raw, In_Reply_To="<first@resident.example>", Authentication_Results=results))
        assert state(story) == before
        assert "No more emails" in words(story, "resident-wrote")[-1]
