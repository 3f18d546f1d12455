"""An officer's day: alarms, lists, cases passed on and leave, answered in the words that people use (behaviour.md §4.3)."""

from collections.abc import Callable

import pytest

from tests.support.letters import html, letter, parsed
from tests.support.story import Story, words
from tests.test_absences import away_from

pytestmark = pytest.mark.usefixtures("store")
GAS = "There is a strong smell of gas in our kitchen."
TWO = ('to = ["duty"]', 'to = ["duty", "alex"]')
DUTY = "duty@northgate.example"
ALEX = "alex@northgate.example"
PRIYA = "priya@northgate.example"
SAM = "sam@northgate.example"
KOFI = "kofi@northgate.example"
FORGED = "mx.northgate.example; dmarc=fail header.from=resident.example"
ONE_OWNER = ('members = ["priya", "sam"]', 'members = ["priya"]')


def reference(story: Story, number: int = 0) -> str:
    return str(story.office.council.reference_of(story.cases()[number]["code"]))


def untaken(story: Story) -> set[str]:
    rows = story.db.run("SELECT code FROM alarms WHERE taken_by = ''")
    return {str(story.office.council.reference_of(row["code"])) for row in rows}


def gas(story: Story, number: int = 1, sender: str = "Edward Quan <edward@resident.example>", **fields: str) -> None:
    text = f"{GAS} Number {number}.\n"
    story.receive(
        letter(sender=sender, subject=f"Matter {number}", text=text, message_id=f"<g{number}@r.example>", **fields)
    )


@pytest.fixture
def alarmed(make_story: Callable[..., Story]) -> Story:
    """Two people to alarm, both of whom have the mail about gas."""
    story = make_story(TWO)
    gas(story)
    for minute in (23, 34):
        story.at(f"2026-11-30 10:{minute}")
    assert [mail["staff"] for mail in story.outbox("urgent")] == ["duty", "duty", "alex"]
    return story


# -- A second TAKE (E5, §3.9) ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["alex", "duty", "the owner"])
@pytest.mark.parametrize("way", ["reply", "link", "line", "words"])
def test_a_second_take_of_an_alarm_takes_no_case(alarmed: Story, first: str, way: str) -> None:
    """E5: TAKE in answer to an alarm ends the alarm and nothing else; whoever is late is told who took it, and when."""
    mine, mine_too = alarmed.mail("urgent", DUTY), alarmed.mail("urgent", ALEX)
    alarmed.reply({"alex": mine_too, "duty": mine, "the owner": alarmed.mail("new-case")}[first], "TAKE")
    assert untaken(alarmed) == set()
    alarmed.after(minutes=2)
    if way == "link":
        link = alarmed.office.signer.tag(alarmed.case()["code"], "u", "duty")
        raw = letter(sender=DUTY, to=f"housing+{link}@northgate.example", subject="Gas", text="TAKE", message_id="<t@n.example>",
                     Authentication_Results="mx.northgate.example; dmarc=pass header.from=northgate.example")  # fmt: skip
        alarmed.receive(raw)
    else:
        said = {"reply": "TAKE", "line": f"{reference(alarmed)} TAKE", "words": "On it, thanks"}[way]
        alarmed.reply(mine, f"{said}\n\nDuty Officer")
    who = {"alex": "Alex Reid", "duty": "You", "the owner": "Priya Shah"}[first]

    assert (alarmed.case()["owner"], alarmed.case()["handovers"]) == ("priya", 0)
    assert f"{who} took the alarm at 10:34am" in words(alarmed, "ask-back", DUTY)[-1]
    assert alarmed.outbox("ask-back", PRIYA) == []
    assert alarmed.outbox("cover") == []


def test_a_line_for_an_alarm_that_was_taken(make_story: Callable[..., Story]) -> None:
    """E5, E9: a line in a list for an alarm taken in the meantime takes no case; the other line ends its alarm."""
    story = make_story()
    for number in range(7):
        gas(story, number, f"p{number}@resident{number}.example")
    story.at("2026-11-30 10:15")
    mail = story.mail("urgent")
    story.reply(mail, f"{reference(story, 1)} TAKE")
    story.after(minutes=1)
    story.reply(mail, f"{reference(story, 1)} TAKE\n{reference(story, 2)} TAKE")

    assert {case["owner"] for case in story.cases()} <= {"priya", "sam"}
    assert len(untaken(story)) == 5
    assert "You took the alarm at 10:15am" in words(story, "ask-back", DUTY)[-1]


# -- What ends an alarm, and what is asked back (E5, E9) ------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["On it", "Ok take", "Take it", "Taken thanks", "I take it", "I'm on it.\n\nThanks\nDuty Officer", "Taking it",
     "{0} on it", "{0} taken thanks", "TAKE {0}", "Take {0}, thanks", "TAKE: {0}", "Thanks, TAKE"],
)  # fmt: skip
def test_plain_takings_end_an_alarm(alarmed: Story, text: str) -> None:
    """E5: whoever says in some spelling that they take it ends the alarm, and gets no further mail."""
    alarmed.reply(alarmed.mail("urgent", DUTY), text.format(reference(alarmed)))

    assert alarmed.db.run("SELECT taken_by FROM alarms")[0]["taken_by"] == "duty"
    assert alarmed.outbox("ask-back") == []
    assert alarmed.case()["owner"] == "priya"


@pytest.mark.parametrize(
    "text",
    ["Called the gas emergency service, engineer on the way", "Dear Edward, please leave the house at once.\n\nDuty Officer",
     "I take it that somebody is on it?", "Not taken", "UPDATE\nPlease leave the house, Edward.", "HELP", "NOTE\nI rang them.",
     "Can't take it", "PASS alex: your turn", "CLOSE: engineer on the way", "{0} the engineer is on the way", "ok"],
)  # fmt: skip
def test_every_other_answer_to_an_alarm_is_asked_back(alarmed: Story, text: str) -> None:
    """E5: an officer who believes the alarm ended reads at once that it runs, and ends it by TAKE in answer to that."""
    alarmed.reply(alarmed.mail("urgent", DUTY), text.format(reference(alarmed)))
    asked = words(alarmed, "ask-back", DUTY)

    assert len(asked) == 1
    assert f"the alarm in {reference(alarmed)} still runs. Answer TAKE if you act on it." in asked[0]
    assert untaken(alarmed) == {reference(alarmed)}
    assert alarmed.outbox("human") == []
    alarmed.after(minutes=1)
    alarmed.reply(alarmed.mail("ask-back", DUTY), "TAKE")
    assert untaken(alarmed) == set()
    assert alarmed.case()["owner"] == "priya"


@pytest.mark.parametrize(
    "text",
    [
        "{1} TAKE\n{2} TAKE",
        "{1}, {2} take",
        "{1} and {2} take",
        "TAKE {1} and {2}",
        "TAKE {1}\nTAKE {2}",
        "{1} / {2}: on it",
    ],
)
@pytest.mark.parametrize("senders", [1, 7], ids=["a chain", "a list"])
def test_each_alarm_that_a_mail_names_is_taken_by_a_line(
    make_story: Callable[..., Story], text: str, senders: int
) -> None:
    """E9: several references in a line act on each, before and behind the command, in a chain mail as in a list."""
    story = make_story()
    for number in range(7):
        gas(story, number, f"p{number % senders}@resident{number % senders}.example")
    story.at("2026-11-30 10:24")
    mail = story.mail("urgent")
    story.reply(mail, text.format(*(reference(story, number) for number in range(7))))

    assert untaken(story) == {reference(story, number) for number in (0, 3, 4, 5, 6)}
    assert story.outbox("ask-back") == []


def test_a_list_of_alarms_answered_without_a_reference(make_story: Callable[..., Story]) -> None:
    """E9: "On it" below a list says of no case that it is taken, and its author reads that no alarm has ended."""
    story = make_story()
    for number in range(7):
        gas(story, number, f"p{number}@resident{number}.example")
    story.at("2026-11-30 10:15")
    story.reply(story.mail("urgent"), "On it")

    assert len(untaken(story)) == 7
    assert "No alarm has ended by it." in words(story, "ask-back", DUTY)[-1]


def test_closing_ends_no_alarm_and_both_read_what_is_true(alarmed: Story) -> None:
    """E5: whoever closes a case with an alarm reads that it runs; the owner reads that it was closed, and not that words went."""
    alarmed.reply(alarmed.mail("urgent", DUTY), "CLOSE: engineer on the way")

    assert "The case is closed, but that ends no alarm." in words(alarmed, "ask-back", DUTY)[-1]
    told = words(alarmed, "ask-back", PRIYA)[-1]
    assert "Duty Officer closed RBN-" in told
    assert "Nothing went to Edward Quan." in told


@pytest.mark.parametrize("text", ["CLOSE: engineer on the way", "DONE\nDear Edward, the engineer is with you now."])
def test_an_owner_who_closes_reads_that_the_alarm_runs(alarmed: Story, text: str) -> None:
    """E5: in answer to any mail; HELP lists TAKE first."""
    alarmed.reply(alarmed.mail("new-case"), text)
    assert "still runs" in words(alarmed, "ask-back", PRIYA)[-1]
    alarmed.reply(alarmed.mail("new-case"), "HELP")
    helped = words(alarmed, "ask-back", PRIYA)[-1]

    assert helped.index("TAKE: you act on it") < helped.index("UPDATE")
    assert untaken(alarmed) == {reference(alarmed)}


@pytest.mark.parametrize("chains", [1, 7], ids=["a mail", "a list"])
def test_an_alarm_that_may_be_forged_says_so(make_story: Callable[..., Story], chains: int) -> None:
    """E7: an alarm by a forged letter is sent like any other, and says each time to act as if it were true."""
    story = make_story()
    gas(story, 0, Authentication_Results=FORGED)
    for number in range(1, chains):
        gas(story, number, f"p{number}@resident{number}.example")
    assert "The letter may be forged" in words(story, "urgent")[0]
    assert "Act as if it were true." in words(story, "urgent")[0]
    story.at("2026-11-30 10:24")
    again = words(story, "urgent")[-1]

    assert again.count("may be forged") == 1
    assert "ct as if it were true" in again
    assert not any("forged" in one for one in words(story, "urgent")[1:-1])


# -- Lines of a digest (§4.3) ---------------------------------------------------------------------------------------------


@pytest.fixture
def two(make_story: Callable[..., Story]) -> Story:
    """Two residents' cases of Priya, in the digest of the day on which they are due."""
    story = make_story(ONE_OWNER)
    for number, name in enumerate(("Edward Quan", "Vera Hill")):
        sender = f"{name} <{name[0].lower()}@resident.example>"
        story.receive(
            letter(
                sender=sender,
                subject=f"Gutter {number}",
                text=f"It leaks. {number}",
                message_id=f"<{number}@r.example>",
            )
        )
    story.at("2026-12-07 08:31")
    return story


@pytest.mark.parametrize("text", ["{0} and {1} close: duplicates", "{0}, {1}: CLOSE: duplicates", "{0} / {1} close: duplicates",
                                  "CLOSE {0} and {1}: duplicates", "close: {0}, {1}: duplicates", "{0} & {1}. CLOSE - both"])  # fmt: skip
def test_several_references_in_a_line_act_on_each(two: Story, text: str) -> None:
    """behaviour.md §4.3: a command in a line with several references counts for each of them."""
    two.reply(two.mail("digest", PRIYA), text.format(reference(two), reference(two, 1)))

    assert [case["state"] for case in two.cases()] == ["closed", "closed"]


def test_words_for_two_residents_go_to_each(two: Story) -> None:
    """behaviour.md §4.3: `RBN-A and RBN-B done: words` answers both."""
    both = f"{reference(two)} and {reference(two, 1)}"
    two.reply(two.mail("digest", PRIYA), f"{both} done: Your gutter was repaired on Monday.")
    assert [case["state"] for case in two.cases()] == ["closed", "closed"]
    assert len(two.outbox("human")) == 2


def test_passing_two_in_one_line(two: Story) -> None:
    """behaviour.md §4.3: PASS in such a line offers both."""
    two.reply(two.mail("digest", PRIYA), f"{reference(two)} / {reference(two, 1)} pass sam: please")

    assert [case["offered_to"] for case in two.cases()] == ["sam", "sam"]


@pytest.mark.parametrize(
    "line", ["{0} the gutter was repaired", "{0} and {1} were both repaired on Monday", "{0}: finished"]
)
def test_a_line_without_a_command_is_no_silent_note(two: Story, line: str) -> None:
    """behaviour.md §4.2: what a line means that has a reference and no command is asked, for each case that it names."""
    two.reply(two.mail("digest", PRIYA), line.format(reference(two), reference(two, 1)))

    assert len(two.outbox("ask-back", PRIYA)) == line.count("{")
    assert two.db.run("SELECT id FROM words WHERE kind = 'note'") == []


def test_a_reference_in_the_words_of_a_command_stays_words(two: Story) -> None:
    """P7: the reference of a case that the answered mail did not name is a part of the reason."""
    two.reply(two.mail("new-case", PRIYA), f"CLOSE {reference(two)} is the same")

    assert [case["state"] for case in two.cases()] == ["open", "closed"]


# -- A list of one case (§4.1) --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "state", "owner"),
    [
        ("CLOSE: a duplicate", "closed", "priya"),
        ("TAKE", "open", "alex"),
        ("TAKE {0}", "open", "alex"),
        ("NOTE\nI look into it.", "open", "priya"),
    ],
)
def test_a_list_of_one_needs_no_reference(make_story: Callable[..., Story], text: str, state: str, owner: str) -> None:
    """behaviour.md §4.1: an answer to "Due by 3pm today: 1" is about that case, though its mail client quotes nothing."""
    story = make_story()
    story.receive(letter())
    story.at("2026-12-07 13:00")
    mail = story.mail("digest", ALEX)
    ours = parsed(bytes(mail["content"]))
    story.receive(
        letter(sender=ALEX, to="housing@northgate.example", subject=f"Re: {ours['Subject']}", text=text.format(reference(story)),
               message_id="<one@northgate.example>", date="Mon, 07 Dec 2026 13:00:00 +0000", In_Reply_To=ours["Message-ID"],
               Authentication_Results="mx.northgate.example; dmarc=pass header.from=northgate.example")
    )  # fmt: skip

    assert (story.case()["state"], story.case()["owner"]) == (state, owner)
    assert not any("about no single case" in one for one in words(story, "ask-back", ALEX))


def test_a_letter_below_a_list_of_one_is_no_silent_note(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.2, §4.6: a manager's letter to the resident goes nowhere, and its author is told so."""
    story = make_story()
    story.receive(letter())
    story.at("2026-12-07 13:00")
    story.reply(story.mail("digest", ALEX), "Dear Edward,\n\nWe come on Thursday at ten, I promise.\n\nAlex Reid")

    assert story.outbox("human") == []
    assert "no words went out" in words(story, "ask-back", ALEX)[-1]


def test_the_inbox_of_a_list_of_one_must_vouch(make_story: Callable[..., Story]) -> None:
    """P7: an answer that came to an inbox which believes no server does nothing in a case of one that does."""
    story = make_story()
    story.receive(letter())
    story.at("2026-12-07 13:00")
    ours = parsed(bytes(story.mail("digest", ALEX)["content"]))
    fields = {
        "subject": "Re: Overdue",
        "message_id": "<one@northgate.example>",
        "date": "Mon, 07 Dec 2026 13:00:00 +0000",
    }
    story.receive(
        letter(
            sender=ALEX,
            to="streets@northgate.example",
            text="CLOSE: a duplicate",
            In_Reply_To=ours["Message-ID"],
            **fields,
        ),
        "streets",
    )

    assert story.case()["state"] == "open"


@pytest.mark.parametrize(("text", "owner"), [("Taking it", "sam"), ("Not mine, sorry", "priya"), ("TAKE", "sam")])
def test_a_digest_of_one_case_passed_on(make_story: Callable[..., Story], text: str, owner: str) -> None:
    """behaviour.md §4.1, §4.3: "Passed to you" with one case is answered like the offer itself."""
    story = make_story()
    story.receive(letter())
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "PASS sam: his street")
    story.at("2026-12-01 08:31")
    story.reply(story.mail("digest", SAM), text)

    assert (story.case()["owner"], story.case()["offered_to"]) == (owner, "")


def test_an_owner_is_told_of_a_line_that_closed_their_case(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.6: a manager's line tells the owner as a manager's answer does."""
    story = make_story()
    story.receive(letter())
    story.at("2026-12-07 13:00")
    story.reply(story.mail("digest", ALEX), f"{reference(story)} close: a duplicate")

    assert "Alex Reid closed RBN-" in words(story, "ask-back", PRIYA)[-1]


# -- PASS (§4.3) ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def offered(make_story: Callable[..., Story]) -> Story:
    """Priya passed her case to Sam."""
    story = make_story()
    story.receive(letter())
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "PASS sam: his street")
    story.after(minutes=5)
    return story


@pytest.mark.parametrize("text", ["No, not mine", "not mine", "PASS priya: not mine", "NO: not mine, ask Kofi", "Sorry, I can't take it",
                                  "{0} not mine"])  # fmt: skip
def test_a_case_is_declined(offered: Story, text: str) -> None:
    """behaviour.md §4.3 PASS: whoever passed it on reads who does not take it, with the words; the offer has ended."""
    offered.reply(offered.mail("hand-over", SAM), text.format(reference(offered)))

    told = words(offered, "ask-back", PRIYA)[-1]
    assert "Sam Jones does not take RBN-" in told
    assert "It stays with you." in told
    assert text.partition(" ")[2].split(",")[0] in told
    assert (offered.case()["owner"], offered.case()["offered_to"]) == ("priya", "")
    assert offered.outbox("cover") == []


@pytest.mark.parametrize("text", ["Thanks, TAKE", "Taking it", "Ok, I'll take it\n\nSam", "{0} take it"])
def test_an_offer_is_taken_in_plain_words(offered: Story, text: str) -> None:
    """behaviour.md §4.3 TAKE."""
    offered.reply(offered.mail("hand-over", SAM), text.format(reference(offered)))

    assert offered.case()["owner"] == "sam"


@pytest.mark.parametrize("by_link", [True, False])
def test_a_withdrawn_offer_takes_nothing(offered: Story, by_link: bool) -> None:
    """behaviour.md §4.3, P7: one offer counts at a time. Who was asked first is told; the resident reads of one taker only."""
    offered.reply(offered.mail("new-case", PRIYA), "PASS kofi: his street after all")
    assert "now asks Kofi Mensah to take RBN-" in words(offered, "ask-back", SAM)[-1]
    mail = offered.mail("hand-over", SAM)
    offered.after(minutes=1)
    offered.follow(mail, "TAKE", "", "") if by_link else offered.reply(mail, "TAKE")
    assert offered.case()["owner"] == "priya"
    assert "Priya Shah has it, and Kofi Mensah is asked to take it." in words(offered, "ask-back", SAM)[-1]
    offered.follow(offered.mail("hand-over", KOFI), "TAKE", "", "")
    offered.after(minutes=1)
    offered.reply(mail, "TAKE it please, TAKE") if by_link else offered.reply(mail, "Taken")

    assert offered.case()["owner"] == "kofi"
    assert len(offered.outbox("cover")) == 1


# -- Leave (§4.5) ---------------------------------------------------------------------------------------------------------


def sam_left(on: str) -> tuple[str, str]:
    email = 'email = "sam@northgate.example"'
    return (email, f"{email}\nleft = {on}")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (sam_left("2026-12-10"), "Sam Jones is not at work then, so Alex Reid stands in for you."),
        (away_from("sam", "2026-12-12", "2026-12-20"), "Sam Jones is not at work then, so Alex Reid stands in for you."),
        (away_from("sam", "2026-12-16", "2026-12-20"), "Sam Jones stands in for you, except on days when Sam Jones is not at work. Then Alex Reid does."),
        (away_from("sam", "2026-12-21", "2026-12-22"), "Sam Jones stands in for you. If"),
    ],
    ids=["left", "away", "away later", "here"],
)  # fmt: skip
def test_the_cover_who_is_named_is_there(make_story: Callable[..., Story], change: tuple[str, str], said: str) -> None:
    """behaviour.md §3.7, §4.5: the confirmation of AWAY names whoever really stands in."""
    story = make_story(change)
    story.receive(letter())
    story.reply(story.mail("new-case", PRIYA), "AWAY 14 Dec to 18 Dec cover Sam")

    assert said in words(story, "ask-back", PRIYA)[-1]


def test_nobody_is_passed_to_who_has_left(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.5: who has left is not "away"."""
    story = make_story(sam_left("2026-11-20"))
    story.receive(letter())
    story.reply(story.mail("new-case", PRIYA), "PASS sam: please")

    assert "Sam Jones no longer works here." in words(story, "ask-back", PRIYA)[-1]


@pytest.mark.parametrize("text", ["BACK", "BACK again", "Back."])
def test_back_without_an_absence(make_story: Callable[..., Story], text: str) -> None:
    """behaviour.md §4.3: nobody is welcomed back who was not away."""
    story = make_story()
    story.receive(letter())
    story.reply(story.mail("new-case", PRIYA), text)

    assert "you are not away, so nothing has changed." in words(story, "ask-back", PRIYA)[-1]
    assert story.db.run("SELECT id FROM events WHERE kind = 'EndAbsence'") == []


def test_whose_absence_it_is(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.3: a manager's mail about somebody's absence is not called theirs."""
    story = make_story()
    story.receive(letter())
    story.at("2026-12-07 13:00")
    story.reply(story.mail("digest", ALEX), "AWAY Priya 14 Dec to 18 Dec")

    subjects = {mail["recipient"]: parsed(bytes(mail["content"]))["Subject"] for mail in story.outbox("ask-back")}
    assert subjects == {ALEX: "Priya Shah’s absence", PRIYA: "Your absence"}


def test_the_links_of_alarms_answer_them(make_story: Callable[..., Story]) -> None:
    """E5: Reply-To and links of alarms bear a tag of their own, because a mail that a link begins answers no Message-ID."""
    story = make_story()
    for number in range(7):
        gas(story, number, f"p{number}@resident{number}.example")
    story.at("2026-11-30 10:15")
    tags = [story.office.signer.tag(case["code"], "u", "duty") for case in story.cases()]

    assert tags[0] in parsed(bytes(story.outbox("urgent")[0]["content"]))["Reply-To"]
    assert all(tag in html(bytes(story.mail("urgent")["content"])) for tag in tags)
