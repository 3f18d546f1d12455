"""Whatever answers our question to a member of staff is an answer, or is asked back (behaviour.md §4.2)."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter
from tests.support.story import Story, words

HELD = "Dear Mrs Jones,\n\nyour new kitchen comes on Monday."
RIGHT = "Dear Edward,\n\nYour new kitchen comes on Tuesday.\n\nPriya"


def held(story: Story) -> None:
    """Priya writes words that are held, and a minute passes."""
    story.reply(story.mail("new-case"), HELD)
    story.after(minutes=1)


def waiting(story: Story) -> list[str]:
    """The words that wait for an answer."""
    return [
        row["words"]
        for row in story.db.run("SELECT words FROM words WHERE kind = 'held' AND state = 'open' ORDER BY id")
    ]


def notes(story: Story) -> list[str]:
    """The notes of the case."""
    return [row["words"] for row in story.db.run("SELECT words FROM words WHERE kind = 'note' ORDER BY id")]


# -- SEND and KEEP -----------------------------------------------------------------------------------------------------------


def test_words_below_send_take_the_place_of_the_held_words(story: Story) -> None:
    """behaviour.md §4.2: the words once more are the ones meant; their author reads which were sent."""
    held(story)
    story.reply(story.mail("ask-back"), f"SEND\n\n{RIGHT}")

    assert len(words(story, "human")) == 1
    assert words(story, "human")[0].startswith("Dear Edward, Your new kitchen comes on Tuesday.")
    assert "this went to Edward Quan: Dear Edward, Your new kitchen comes on Tuesday." in words(story, "ask-back")[-1]
    assert "in place of those that waited" in words(story, "ask-back")[-1]
    assert waiting(story) == []


@pytest.mark.parametrize(
    "text", ["Sorry for the delay, I was off yesterday.", "Dear Mrs Jones,\n\nit comes on Tuesday."]
)
def test_doubtful_words_below_send_are_held_in_their_turn(story: Story, text: str) -> None:
    """behaviour.md §4.2: words going out fail closed, below SEND too; the correction is kept, and the next SEND sends it."""
    held(story)
    story.reply(story.mail("ask-back"), f"SEND\n\n{text}")
    assert words(story, "human") == []
    assert waiting(story) == [text]

    story.after(minutes=1)
    story.reply(story.mail("ask-back"), "SEND")
    assert words(story, "human")[0].startswith(" ".join(text.split()))


@pytest.mark.parametrize("text", ["KEEP\n\nI phone him.", "KEEP I phone him."])
def test_words_below_keep_are_a_note(story: Story, text: str) -> None:
    """behaviour.md §4.3: no word of an officer is lost."""
    held(story)
    story.reply(story.mail("ask-back"), text)

    assert words(story, "human") == []
    assert notes(story) == [HELD, "I phone him."]


@pytest.mark.parametrize(
    "text", ["SEND thanks", "SEND please", "SEND it", "Send them, please.", "SEND\n\nKind regards\nPriya"]
)
def test_a_pleasantry_behind_send_is_no_name(story: Story, text: str) -> None:
    """behaviour.md §4.2: "send it please" is an answer."""
    held(story)
    story.reply(story.mail("ask-back"), text)

    assert words(story, "human")[0].startswith("Dear Mrs Jones, your new kitchen comes on Monday.")


@pytest.mark.parametrize("answer", ["SEND", "{reference} send", "{reference} SEND thanks"])
def test_send_finds_the_words_from_a_digest(story: Story, answer: str) -> None:
    """behaviour.md §4.2: SEND in a digest means the one set of words that waits in that case; nobody wrote since."""
    held(story)
    story.at("2026-12-07 09:00")
    reference = story.office.council.reference_of(story.case()["code"])
    story.reply(story.mail("digest", "priya@northgate.example"), answer.format(reference=reference))

    assert words(story, "human")[0].startswith("Dear Mrs Jones, your new kitchen comes on Monday.")


def test_send_from_a_digest_asks_if_somebody_has_written_since(story: Story) -> None:
    """behaviour.md §4.2: what waits is decided as it is true then."""
    held(story)
    story.reply(story.mail("new-case"), "UPDATE\n\nA fitter has looked at it.")
    story.at("2026-12-07 09:00")
    story.reply(story.mail("digest", "priya@northgate.example"), "SEND")

    assert len(words(story, "human")) == 1
    assert "somebody has written since" in words(story, "ask-back")[-1]


def test_send_asks_which_of_several(story: Story) -> None:
    """behaviour.md §4.2: never guessed; each is named with its words, and the name sends it."""
    held(story)
    story.reply(story.mail("new-case"), "Dear Mr Smith,\n\nthe fence is mended.")
    story.after(minutes=1)
    story.reply(story.mail("new-case"), "SEND")
    asked = words(story, "ask-back")[-1]
    assert words(story, "human") == []
    assert "Several of your words wait here" in asked
    name = asked.partition(": Dear Mr Smith")[0].rpartition("SEND ")[2]

    story.after(minutes=1)
    story.reply(story.mail("new-case"), f"SEND {name}")
    assert words(story, "human")[0].startswith("Dear Mr Smith, the fence is mended.")


@pytest.mark.parametrize("text", ["Yes", "Yes please, send it.", "Send it please.", "Go ahead\n\nKind regards\nPriya"])
def test_yes_sends(story: Story, text: str) -> None:
    """behaviour.md §4.2: "yes" and "send it please" answer the question whether words may go."""
    held(story)
    story.reply(story.mail("ask-back"), text)

    assert words(story, "human")[0].startswith("Dear Mrs Jones,")


@pytest.mark.parametrize("text", ["No", "No, don't send it.", "Keep it inside please"])
def test_no_keeps(story: Story, text: str) -> None:
    """behaviour.md §4.2: "no" answers it too."""
    held(story)
    story.reply(story.mail("ask-back"), text)

    assert (words(story, "human"), waiting(story), notes(story)) == ([], [], [HELD])


def test_a_letter_in_reply_to_the_question_is_asked_about(story: Story) -> None:
    """behaviour.md §4.2: words that greet the resident never become a note in silence; SEND sends these."""
    held(story)
    story.reply(story.mail("ask-back"), RIGHT)
    assert (words(story, "human"), waiting(story), notes(story)) == ([], [RIGHT], [])

    story.after(minutes=1)
    story.reply(story.mail("ask-back"), "Yes")
    assert words(story, "human")[0].startswith("Dear Edward, Your new kitchen comes on Tuesday.")


def test_other_words_in_reply_to_the_question_are_asked_back(story: Story) -> None:
    """behaviour.md §4.2: the words that wait go on waiting."""
    held(story)
    story.reply(story.mail("ask-back"), "What is wrong with Mrs Jones?")

    assert (words(story, "human"), waiting(story)) == ([], [HELD])
    assert "Your earlier words still wait. Answer SEND" in words(story, "ask-back")[-1]


# -- Was that your answer? ---------------------------------------------------------------------------------------------------


@pytest.fixture
def question(make_story: Callable[..., Story]) -> Story:
    story = make_story(('authserv_id = "mx.northgate.example"\n', ""))
    story.receive(letter())
    story.at("2026-12-01 15:00")
    story.receive(
        letter(
            sender="Sam Jones <sam@northgate.example>",
            to="Edward Quan <edward@resident.example>",
            subject="Re: Damp in the bedroom",
            text="Dear Edward,\n\nwe come on Friday.\n\nSam",
            message_id="<sams@northgate.example>",
            date="Tue, 1 Dec 2026 14:00:00 +0000",
            In_Reply_To="<first@resident.example>",
            Cc="housing@northgate.example",
        )
    )
    assert "did Sam Jones write this" in words(story, "ask-back")[-1]
    story.at("2026-12-03 11:00")
    return story


@pytest.mark.parametrize(
    "text", ["SENT", "Yes", "Yes, he did.", "Yes, Sam wrote it.\n\nKind regards\nPriya", "Sent it"]
)
def test_yes_takes_author_and_day_of_the_copy(question: Story, text: str) -> None:
    """behaviour.md §4.2, §3.5: the words were Sam's of Tuesday, whoever confirms them, and whenever."""
    question.reply(question.mail("ask-back", "priya@northgate.example"), text)
    if text.startswith("Yes, Sam"):
        assert "Answer that question with SENT or NO" in words(question, "ask-back")[-1]
        question.after(minutes=1)
        question.reply(question.mail("new-case"), "SENT")

    case = question.case()
    assert (case["state"], case["human_words_by"], case["answered_by"]) == ("answered", "sam", "elsewhere")
    assert case["human_words_at"].startswith("2026-12-01T14:00")
    assert waiting(question) == []
    question.at("2026-12-09 10:00")
    assert "Sam Jones wrote to you on Tuesday 1 December" in words(question, "settled")[0]


@pytest.mark.parametrize("text", ["No", "Not me!", "No, I didn't write this.", "It's a fake"])
def test_no_tells_owner_manager_and_admin(question: Story, text: str) -> None:
    """behaviour.md §4.2, P7: somebody wrote in a colleague's name. They are told; nothing in the case changes."""
    before = (question.case(), question.clocks())
    question.reply(question.mail("ask-back", "priya@northgate.example"), text)

    told = "somebody wrote to Edward Quan in the name of Sam Jones"
    assert told in words(question, "ask-back", "priya@northgate.example")[-1]
    assert told in words(question, "ask-back", "alex@northgate.example")[-1]
    assert "in the name of Sam Jones" in words(question, "admin", "admins@northgate.example")[-1]
    assert (question.case(), question.clocks()) == before
    assert (waiting(question), notes(question)) == ([], [])


@pytest.mark.parametrize(
    "text", ["Dear Edward,\n\nwe come on Friday.\n\nSam", "I do not know", "SEND", "No, he wrote this."]
)
def test_anything_else_is_asked_back(question: Story, text: str) -> None:
    """behaviour.md §4.2: it is never a note in silence, and the question stays open."""
    question.reply(question.mail("ask-back", "priya@northgate.example"), text)

    assert len(words(question, "ask-back")) == 2
    assert len(waiting(question)) == 1
    assert notes(question) == []
    assert question.case()["state"] == "open"


@pytest.mark.parametrize(("link", "state"), [("SENT", "answered"), ("NO", "open")])
def test_the_links_answer_it(question: Story, link: str, state: str) -> None:
    """D72: a link is answered by a mail of its own, which names no question of ours in its thread."""
    question.follow(question.mail("ask-back", "priya@northgate.example"), link, "", "")

    assert question.case()["state"] == state
    assert waiting(question) == []


@pytest.mark.parametrize("date", ["Fri, 4 Dec 2026 14:00:00 +0000", "nonsense"])
def test_a_date_outside_the_case_is_not_taken(make_story: Callable[..., Story], date: str) -> None:
    """P7: whoever writes Date cannot move "settled?" into the future; a mail older than the case is no answer at all."""
    story = make_story(('authserv_id = "mx.northgate.example"\n', ""))
    story.receive(letter())
    story.at("2026-12-01 15:00")
    story.receive(
        letter(
            sender="Sam Jones <sam@northgate.example>",
            to="Edward Quan <edward@resident.example>",
            subject="Re: Damp in the bedroom",
            message_id="<sams@northgate.example>",
            date=date,
            In_Reply_To="<first@resident.example>",
            Cc="housing@northgate.example",
        )
    )
    story.after(minutes=5)
    story.reply(story.mail("ask-back", "priya@northgate.example"), "Yes")

    assert story.case()["human_words_at"].startswith("2026-12-01T15:00")


# -- What waits leads the digest ---------------------------------------------------------------------------------------------


def test_what_waits_leads_the_digest(story: Story) -> None:
    """behaviour.md §4.2: held words are named each morning until SEND or KEEP, also if nothing else is due."""
    held(story)
    story.at("2026-12-01 09:00")
    told = words(story, "digest", "priya@northgate.example")[-1]
    assert "Your words to Edward Quan (RBN-" in told
    assert "have not gone yet: “Dear Mrs Jones, your new kitchen comes on Monday.”" in told

    named = len(story.outbox("digest", "priya@northgate.example"))
    story.follow(story.mail("digest", "priya@northgate.example"), "SEND", "", "")
    assert words(story, "human")[0].startswith("Dear Mrs Jones,")
    story.at("2026-12-02 09:00")
    assert len(story.outbox("digest", "priya@northgate.example")) == named


@pytest.mark.parametrize(("answer", "state"), [("{reference} yes", "answered"), ("{reference} no", "open")])
def test_an_open_question_leads_the_digest(question: Story, answer: str, state: str) -> None:
    """behaviour.md §4.2: the question is named until it is answered, and the digest can answer it."""
    told = words(question, "digest", "priya@northgate.example")[-1]
    assert "We asked who wrote this to Edward Quan" in told
    reference = question.office.council.reference_of(question.case()["code"])
    question.reply(question.mail("digest", "priya@northgate.example"), answer.format(reference=reference))

    assert (question.case()["state"], waiting(question)) == (state, [])


# -- Short answers -----------------------------------------------------------------------------------------------------------

ECHO = "Dear Edward,\n\nThe mason comes on Thursday and looks at your wall.\n\nPriya"


@pytest.mark.parametrize(
    "text",
    [
        "OK",
        "ok thanks",
        "Okay.",
        "Ja",
        "Ja bitte",
        "yes please",
        "👍",
        "👍🏽",
        "Fine by me",
        "Iawn",
        "Sure, please do.",
        "That's fine",
    ],
)
def test_a_short_yes_to_exactly_that_question(story: Story, text: str) -> None:
    """E40: to the question whether these words may go, and to no other, it is consent."""
    held(story)
    story.reply(story.mail("ask-back"), text.replace(" bitte", ""))

    assert words(story, "human")[0].startswith("Dear Mrs Jones,")
    assert waiting(story) == []


@pytest.mark.parametrize("text", ["Nein", "👎", "Not yet", "Better not, thanks"])
def test_a_short_no(story: Story, text: str) -> None:
    """E40: and so is a no."""
    held(story)
    story.reply(story.mail("ask-back"), text)

    assert (words(story, "human"), waiting(story), notes(story)) == ([], [], [HELD])


@pytest.mark.parametrize("text", ["OK", "👍", "Ja", "yes please", "Fine by me, thanks"])
@pytest.mark.parametrize("kind", ["new-case", "digest"])
def test_a_short_yes_to_another_mail_is_asked_back_once(story: Story, text: str, kind: str) -> None:
    """E40: in answer to the letter or to a digest it may mean anything: asked in plain words; yes to that sends."""
    held(story)
    story.at("2026-12-01 09:05")
    story.reply(story.mail(kind, "priya@northgate.example"), text)

    assert (words(story, "human"), waiting(story), notes(story)) == ([], [HELD], [])
    story.after(minutes=5)
    if kind == "new-case":
        assert "Is that about your words that wait, “Dear Mrs Jones" in words(story, "ask-back")[-1]
        story.reply(story.mail("ask-back"), text)
        assert words(story, "human")[0].startswith("Dear Mrs Jones,")


@pytest.mark.parametrize(
    "text",
    [
        "Priya Shah reacted to your message:\n\n👍",
        "OK?",
        "ok but which Mrs Jones is it",
        "yes and no",
        "Ok, I will ring her tomorrow.",
    ],
)
def test_what_is_no_clear_yes_is_asked_back(story: Story, text: str) -> None:
    """E40: a reaction, a question and half an answer send nothing."""
    held(story)
    story.reply(story.mail("ask-back"), text)

    assert words(story, "human") == []
    assert len(words(story, "ask-back")) == 2


def test_a_short_yes_with_two_questions_open(story: Story) -> None:
    """E40: "OK" to a question that names one of two means that one."""
    held(story)
    first = story.mail("ask-back")
    story.reply(story.mail("new-case"), "Dear Mr Smith,\n\nthe fence is mended.")
    story.after(minutes=1)
    story.reply(first, "OK")

    assert [one[:15] for one in words(story, "human")] == ["Dear Mrs Jones,"]
    assert waiting(story) == ["Dear Mr Smith,\n\nthe fence is mended."]


@pytest.mark.parametrize(
    "text",
    ["Sorry Edward, Friday.", "Sorry, I meant Friday.", "It should say Friday, not Thursday", "Edward, it is Friday."],
)
def test_a_correction_of_what_went_out_is_asked_about(story: Story, text: str) -> None:
    """E40: in answer to the mail that shows what went out, words may correct it, so their author is asked; SEND sends them."""
    story.reply(story.mail("new-case"), ECHO)
    story.after(minutes=5)
    story.reply(story.mail("ask-back"), text)

    assert (notes(story), waiting(story)) == ([], [text])
    assert "it answers a mail that stays inside" in words(story, "ask-back")[-1]
    story.after(minutes=5)
    story.reply(story.mail("ask-back"), "OK")
    assert words(story, "human")[-1].startswith(text)


@pytest.mark.parametrize(
    "text",
    [
        "He rang, and Thursday suits him.",
        "Edward rang, all fine.",
        "NOTE Thursday suits him",
        "Hi Sam, please note that.",
    ],
)
def test_a_remark_on_what_went_out_is_a_note(story: Story, text: str) -> None:
    """E40: what speaks of the resident to us is a note, as before."""
    story.reply(story.mail("new-case"), ECHO)
    story.after(minutes=5)
    before = len(story.outbox("ask-back"))
    story.reply(story.mail("ask-back"), text)

    assert notes(story) == [text.removeprefix("NOTE ")]
    assert len(story.outbox("ask-back")) == before
