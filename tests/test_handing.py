"""A case, or a part of one, goes to somebody else by reply: PASS, TAKE, SPLIT (behaviour.md §4.3)."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter, parsed, plain
from tests.support.story import Story, words

P2 = ('members = ["priya", "sam"]', 'members = ["priya", "sjones"]')


def passed_to_sam(story: Story, text: str = "PASS sam: he knows that boiler") -> None:
    story.after(minutes=5)
    story.reply(story.mail("new-case"), text)


def test_passed_and_taken(story: Story) -> None:
    """behaviour.md §4.3 PASS, TAKE: until it is taken it stays; then the resident is told once, with the date that stands."""
    passed_to_sam(story)
    offer = story.mail("hand-over", "sam@northgate.example")

    assert story.case()["owner"] == "priya"
    assert (
        "Priya Shah would like to pass this to you: Edward Quan about “Damp in the bedroom”"
        in words(story, "hand-over")[0]
    )
    assert "he knows that boiler" in words(story, "hand-over")[0]
    assert "There is damp in the bedroom." in words(story, "hand-over")[0]
    assert parsed(bytes(offer["content"]))["Reply-To"].startswith('"ackbot (stays inside)"')
    assert story.outbox("cover") == []

    story.after(minutes=5)
    story.follow(offer, "TAKE", "", "")
    told = words(story, "cover")

    assert (story.case()["owner"], story.case()["handovers"], story.case()["offered_to"]) == ("sam", 1, "")
    assert len(told) == 1
    assert "Priya Shah is no longer dealing with your email about “Damp in the bedroom”." in told[0]
    assert "You don't need to write again. Sam Jones in Housing now has your email about" in told[0]
    assert "Sam or a colleague will write to you by Monday 7 December." in told[0]
    assert "Sam Jones took RBN-" in words(story, "ask-back", "priya@northgate.example")[-1]
    assert "he knows that boiler" not in " ".join(told)  # the reason stays inside
    assert ("update", "2026-12-07", "running") in story.clocks()


def test_the_taker_answers_by_replying(story: Story) -> None:
    """After TAKE the letter comes as a mail that is answered by plain reply; the former owner's words tell the new one."""
    passed_to_sam(story)
    story.after(minutes=5)
    story.follow(story.mail("hand-over"), "TAKE", "", "")
    story.after(minutes=5)
    story.reply(story.mail("new-case", "sam@northgate.example"), "Dear Edward,\n\nI come tomorrow at ten.\n\nSam")

    assert "I come tomorrow at ten." in words(story, "human")[0]
    assert story.case()["human_words_by"] == "sam"


def test_taken_twice_is_said_kindly(story: Story) -> None:
    """D72: a second TAKE changes nothing and tells nobody again."""
    passed_to_sam(story)
    story.after(minutes=5)
    story.follow(story.mail("hand-over"), "TAKE", "", "")
    story.after(minutes=5)
    story.follow(story.mail("hand-over"), "TAKE", "", " ")

    assert len(story.outbox("cover")) == 1
    assert story.case()["handovers"] == 1
    assert "It is yours already" in words(story, "ask-back", "sam@northgate.example")[-1]


def test_handed_back_and_forth_is_told_each_time(story: Story) -> None:
    """Hand-overs are counted, and the next offer says so; the second one is told too, on a day without another mail."""
    passed_to_sam(story)
    story.follow(story.mail("hand-over"), "TAKE", "", "")
    story.after(minutes=5)
    story.reply(story.mail("new-case", "sam@northgate.example"), "PASS Priya Shah: it is the roof after all")
    story.follow(story.mail("hand-over", "priya@northgate.example"), "TAKE", "", "")

    assert "It has been handed over once before." in words(story, "hand-over", "priya@northgate.example")[-1]
    assert (story.case()["owner"], story.case()["handovers"]) == ("priya", 2)
    first, second = story.outbox("cover")
    assert first["not_before"][:10] == "2026-11-30"
    assert second["not_before"][:10] == "2026-12-01"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("PASS", "PASS needs a name."),
        ("PASS bogdan: his street", "There is nobody called “bogdan” whom I know. Teams are: housing, streets."),
        ("PASS Priya: me", "Priya Shah has it already."),
    ],
)
def test_wrong_passes_are_answered(story: Story, text: str, answer: str) -> None:
    """behaviour.md §4.3: wrong commands get a kind word, and change nothing."""
    passed_to_sam(story, text)

    assert answer in words(story, "ask-back")[-1]
    assert story.case()["offered_to"] == ""
    assert story.outbox("hand-over") == []


def test_passed_to_somebody_away(story: Story) -> None:
    """Nobody who is away is asked; who stands in is named."""
    story.reply(story.mail("new-case"), "AWAY sam 1 Dec to 4 Dec", "alex@northgate.example")  # a stranger to that token
    story.after(minutes=1)
    passed_to_sam(story, "NOTE\nfor Sam")
    story.receive(letter(sender="Mo Ali <mo@resident.example>", subject="Lift", message_id="<m@resident.example>"))
    story.reply(story.mail("new-case", "sam@northgate.example"), "AWAY today to 4 Dec")
    passed_to_sam(story)

    assert "Sam Jones is away until Monday 7 December." in words(story, "ask-back", "priya@northgate.example")[-1]


def test_passed_to_a_team(story: Story) -> None:
    """PASS to a team asks the one who would get its next case, by the team's name or that of its service."""
    passed_to_sam(story, "PASS to Streets and Waste: the drain in front is theirs")
    assert story.case()["offered_to"] in ("kofi", "lena")
    taker = story.outbox("hand-over")[-1]
    story.follow(taker, "TAKE", "", "")

    assert story.case()["team"] == "streets"
    assert story.case()["owner"] == taker["staff"]


def test_not_taken_stands_in_both_digests(story: Story) -> None:
    """Nothing is lost between two chairs: both read of it each morning until it is taken."""
    passed_to_sam(story)
    story.at("2026-12-01 08:30")

    own = words(story, "digest", "priya@northgate.example")[-1]
    offered = words(story, "digest", "sam@northgate.example")[-1]
    assert (
        "Sam Jones was asked to take it on Monday 30 November, and has not done so yet. It stays yours until then."
        in own
    )
    assert "Priya Shah passes you Edward Quan: Damp in the bedroom" in offered
    assert "Take it" in offered


def test_somebody_else_cannot_pass(story: Story) -> None:
    """P7: a colleague who was asked to help with another matter cannot give the case away; a manager can."""
    story.at("2026-12-07 13:00")
    overdue = story.mail("digest", "alex@northgate.example")
    story.reply(overdue, f"{reference(story)} PASS sam: please")
    assert story.case()["offered_to"] == "sam"
    story.follow(story.mail("hand-over", "sam@northgate.example"), "TAKE", "", "")
    story.after(minutes=5)
    story.reply(story.mail("new-case", "priya@northgate.example"), "PASS kofi: please")

    assert "The case is not yours" in words(story, "ask-back", "priya@northgate.example")[-1]
    assert story.case()["offered_to"] == ""


def reference(story: Story) -> str:
    return str(story.office.council.reference_of(story.case()["code"]))


def test_escalated_cases_can_be_taken(story: Story) -> None:
    """A manager who reads that a case is late takes it with one word: staff own the problem."""
    story.at("2026-12-07 13:00")
    story.follow(story.mail("digest", "alex@northgate.example"), "Take it", "Edward Quan", "")

    assert story.case()["owner"] == "alex"


def test_an_alarm_is_taken_without_the_case(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.9: the duty officer's TAKE ends the alarm; the case stays with its owner."""
    story = make_story()
    story.receive(letter(subject="Gas", text="I smell gas in the hall.\n\nEdward"))
    story.reply(story.mail("urgent"), "TAKE")

    assert story.case()["owner"] == "priya"
    assert story.db.run("SELECT taken_by FROM alarms")[0]["taken_by"] == "duty"


def test_an_alarm_does_not_keep_the_case_from_whoever_was_offered_it(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.3 TAKE: while an alarm runs, TAKE by whoever was passed the case takes the case and ends the alarm."""
    story = make_story()
    story.receive(letter(subject="Gas", text="I smell gas in the hall.\n\nEdward"))
    passed_to_sam(story)
    story.follow(story.mail("hand-over", "sam@northgate.example"), "TAKE", "", "")

    assert story.case()["owner"] == "sam"
    assert story.db.run("SELECT taken_by FROM alarms")[0]["taken_by"] == "sam"


def test_split_makes_a_case_of_its_own(story: Story) -> None:
    """behaviour.md §4.3 SPLIT: a linked case, an owner, a date; the resident is told of it, and reads no inside words."""
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "SPLIT streets: the bins in front, he is right about those")
    first, second = story.cases()
    told = words(story, "cover")[0]

    assert (second["team"], second["inbox"], second["state"]) == ("streets", "streets", "open")
    assert second["owner"] in ("kofi", "lena")
    assert first["owner"] == "priya"
    assert "We have passed part of your email about “Damp in the bedroom” to" in told
    assert "or a colleague will write to you by Monday 7 December" in told
    assert "The rest stays with Priya Shah." in told
    assert "he is right about those" not in told
    assert "the bins in front, he is right about those" in words(story, "new-case")[-1]
    linked = story.db.run("SELECT code, why FROM events WHERE kind = 'linked' ORDER BY id")
    assert {row["code"] for row in linked} == {first["code"], second["code"]}


def test_the_owner_of_the_part_answers_it(story: Story) -> None:
    """The part is a case like any other: answered by replying, and the resident's reply to it goes there."""
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "SPLIT streets: the bins in front")
    part = story.outbox("new-case")[-1]
    story.after(minutes=5)
    story.reply(part, "Dear Edward,\n\nThe bins are emptied tomorrow.\n\nStreets")

    assert story.cases()[1]["state"] == "answered"
    assert story.cases()[0]["state"] == "open"
    assert parsed(bytes(story.mail("human")["content"]))["From"].endswith("<streets@northgate.example>")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("SPLIT", "SPLIT needs a word about the part"),
        ("SPLIT roofs: the roof", "SPLIT needs a team. Teams are: housing, streets."),
        ("SPLIT streets", "SPLIT needs a word about the part"),
    ],
)
def test_wrong_splits_are_answered(story: Story, text: str, answer: str) -> None:
    """behaviour.md §4.3."""
    story.after(minutes=5)
    story.reply(story.mail("new-case"), text)

    assert answer in words(story, "ask-back")[-1]
    assert len(story.cases()) == 1


def test_a_deputy_has_a_team(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.3 SPLIT: without a team it means the writer's own, a deputy's too: only the part is asked for."""
    story = make_story(('members = ["kofi", "lena"]', 'members = ["kofi", "lena"]\ndeputy = "duty"'))
    story.receive(letter())
    passed_to_sam(story, "PASS duty: is it yours?")
    story.reply(story.mail("hand-over", "duty@northgate.example"), "SPLIT")

    assert "SPLIT needs a word about the part" in words(story, "ask-back", "duty@northgate.example")[-1]


def test_another_service_takes_or_splits(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.3: of a letter to two services the second reads "FYI": SPLIT makes its part a case of its own."""
    story = make_story()
    story.receive(letter(to="housing@northgate.example, streets@northgate.example"))
    fyi = story.mail("hand-over")
    assert "If a part of it is yours, SPLIT that off." in " ".join(plain(bytes(fyi["content"])).split())
    story.after(minutes=5)
    story.reply(fyi, "SPLIT streets: the bins")

    assert [case["team"] for case in story.cases()] == ["housing", "streets"]


def test_case_of_a_tried_out_inbox_is_split_without_a_word(make_story: Callable[..., Story]) -> None:
    """behaviour.md §5.1: what the mode does not let out was promised to nobody."""
    story = make_story(('team = "streets"\nmode = "live"', 'team = "streets"\nmode = "acknowledge"'))
    story.receive(letter())
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "SPLIT streets: the bins in front")

    assert story.outbox("cover") == []
    told = story.db.run("SELECT told FROM clocks WHERE code = :code", code=story.cases()[1]["code"])
    assert [row["told"] for row in told] == [0, 0]


def test_the_cover_takes_it_for_good(story: Story) -> None:
    """P5, behaviour.md §3.7: nobody reads that the cover no longer works on what they have, and is told of it twice."""
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "PASS sam: he knows that boiler")
    story.reply(story.mail("new-case"), "AWAY today to 11 Dec, cover Sam Jones")
    story.at("2026-12-01 08:30")
    assert "was asked to take it" not in words(story, "digest", "sam@northgate.example")[-1]
    story.follow(story.outbox("hand-over", "sam@northgate.example")[0], "TAKE", "", "")

    assert (story.case()["owner"], story.case()["cover"]) == ("sam", "")
    assert ["Priya Shah is away." in told for told in words(story, "cover")] == [True]
    assert not any("Sam Jones took" in one for one in words(story, "ask-back"))
    assert "Why you: you took it." in words(story, "new-case", "sam@northgate.example")[-1]


def test_the_cover_takes_it_before_the_notice_went(story: Story) -> None:
    """P4: a notice that waited for the morning is written anew, and names who was away, not who stood in."""
    story.at("2026-11-30 18:00")
    story.reply(story.mail("new-case"), "AWAY today to 11 Dec, cover Sam Jones")
    story.at("2026-11-30 18:05")
    taken_over = story.mail("hand-over", "sam@northgate.example")
    story.reply(taken_over, f"{reference(story)} TAKE")
    waiting = [
        words(story, "cover")[number] for number, one in enumerate(story.outbox("cover")) if one["state"] == "queued"
    ]

    assert len(waiting) == 1
    assert "Priya Shah is no longer dealing with your email" in waiting[0]
    assert "Sam Jones in Housing now has your email" in waiting[0]


def test_every_taker_gets_the_letter_and_only_the_last_is_told(story: Story) -> None:
    """D72: the same two people, three times: each TAKE brings the letter; a notice that waits and is no longer true is dropped."""
    passed_to_sam(story)
    story.follow(story.mail("hand-over"), "TAKE", "", "")
    for taker, back_to in (("sam", "priya"), ("priya", "sam")):
        story.after(minutes=5)
        story.reply(story.mail("new-case", f"{taker}@northgate.example"), f"PASS {back_to}: no, yours")
        story.follow(story.mail("hand-over", f"{back_to}@northgate.example"), "TAKE", "", "")

    assert [one["staff"] for one in story.outbox("new-case")] == ["priya", "sam", "priya", "sam"]
    assert [one["state"] for one in story.outbox("cover")] == ["queued", "cancelled", "queued"]


def test_taken_and_split_when_the_letter_is_sensitive(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.9: whoever gets such a case reads first that they should phone; nothing says that the resident is told."""
    story = make_story()
    story.receive(letter(subject="Help", text="I want to kill myself because of the damp.\n\nEdward"))
    story.after(minutes=5)
    case = story.mail("new-case")
    story.reply(case, "SPLIT streets: the bins")
    story.reply(case, "PASS sam: he knows him")
    story.follow(story.mail("hand-over"), "TAKE", "", "")

    assert story.outbox("cover") == []
    assert "is told" not in words(story, "hand-over")[-1]
    for mail in (*words(story, "new-case")[1:], words(story, "hand-over")[-1]):
        assert "Please phone or write yourself today." in mail


def test_two_with_one_name(make_story: Callable[..., Story]) -> None:
    """A name that two people have is not said to be nobody's."""
    story = make_story(('name = "Kofi Mensah"', 'name = "Sam Mensah"'), ('id = "sam"', 'id = "sjones"'), P2)
    story.receive(letter())
    passed_to_sam(story)

    assert "There is more than one “sam”: Sam Jones, Sam Mensah." in words(story, "ask-back")[-1]
    passed_to_sam(story, "PASS Sam Mensah: please")
    assert story.case()["offered_to"] == "kofi"
