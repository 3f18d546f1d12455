"""Whatever waits is decided again when it may go: as it is true then, or not at all (behaviour.md §3.15, E75)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from ackbot.casework.drafts import anew
from ackbot.mail import kept_drafts
from ackbot.store import cases, outbox
from ackbot.work import samples, waited
from ackbot.work.dispatch import Dispatcher
from ackbot.work.reading import InProcess
from tests.support.badsmtp import BadSmtp
from tests.support.council import World
from tests.support.letters import letter, plain
from tests.support.story import Story, instant, words

pytestmark = pytest.mark.usefixtures("store")

ALONE = ('members = ["priya", "sam"]', 'members = ["priya"]')
AWAY = '# end\n\n[[absence]]\nstaff = "priya"\nfrom = 2026-12-08\nuntil = 2026-12-14\ncover = "sam"\n'
NOBODY = 1  # a port on which no relay listens


def run(one: Dispatcher, rounds: int = 3) -> None:
    """A few rounds, as the thread would do them; the relay's trouble is over each time."""
    for _ in range(rounds):
        one._state = replace(one._state, quiet_until_s=0.0)
        one.round()


def again(text: str) -> bytes:
    """A further letter of the resident, in the thread of the first."""
    return letter(text=text, message_id="<2@resident.example>", In_Reply_To="<first@resident.example>")


def went(server: BadSmtp) -> list[str]:
    """The words of every mail to the resident that a relay took, each as one line."""
    return [" ".join(plain(content).split()) for _, to, content in server.mails if to == ["edward@resident.example"]]


def events(world: World, kind: str) -> list[str]:
    """Why, in the history, of every event of that kind."""
    return [row["why"] for row in world.db.run("SELECT why FROM events WHERE kind = :kind ORDER BY id", kind=kind)]


def test_an_acknowledgement_of_a_dead_relay_is_of_the_hour_it_goes(
    world: World, dispatcher: Callable[..., Dispatcher]
) -> None:
    """E75: written on Friday evening, sent on Monday at ten: no "closed now", the number that is open, one plain sorry."""
    world.now = instant("2026-12-04 20:00")
    world.receive(letter(date="Fri, 4 Dec 2026 20:00:00 +0000"))
    assert "We are closed now and will open again on Monday 7 December." in _words(world)
    run(dispatcher(NOBODY))
    world.now = instant("2026-12-07 10:00")
    with BadSmtp() as server:
        run(dispatcher(server))

    assert len(went(server)) == 1
    assert "closed" not in went(server)[0]
    assert "call us on 020 7946 0001" in went(server)[0]
    assert went(server)[0].count("sorry") == 1
    assert "We are sorry this reply is late." in went(server)[0]
    assert "by Friday 11 December" in went(server)[0]
    assert events(world, "anew") == ["the acknowledgement had waited, and is written anew as it is true now"]
    assert bytes(world.outbox("acknowledgement")[0]["content"]) == server.mails[0][2]
    assert b"\r\nDate: Mon, 07 Dec 2026 10:00:00 +0000\r\n" in server.mails[0][2]


def test_what_is_true_still_goes_as_it_was_written(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """E75: an hour at a dead relay changes nothing that the mail says, so not an octet of it changes."""
    world.receive(letter())
    before = bytes(world.outbox("acknowledgement")[0]["content"])
    run(dispatcher(NOBODY))
    world.after(hours=1)
    with BadSmtp() as server:
        run(dispatcher(server))

    assert before in [content for _, _, content in server.mails]
    assert events(world, "anew") == []
    assert {mail["draft"] for mail in world.outbox()} == {""}  # nothing is kept of what went


def test_the_repeat_of_an_unknown_end_is_the_same_mail(world: World, dispatcher: Callable[..., Dispatcher]) -> None:
    """E75, P2: what may have arrived is repeated word for word, however late."""
    world.now = instant("2026-12-04 20:00")
    world.receive(letter(date="Fri, 4 Dec 2026 20:00:00 +0000"))
    before = bytes(world.outbox("acknowledgement")[0]["content"])
    with BadSmtp(lambda what, _: "DROP" if what == "DOT" else None) as server:
        run(dispatcher(server), 1)
    assert world.outbox("acknowledgement")[0]["state"] == "unknown"
    world.now = instant("2026-12-07 10:00")
    with BadSmtp() as server:
        run(dispatcher(server), 6)

    assert before in [content for _, _, content in server.mails]
    assert events(world, "anew") == []


@pytest.mark.parametrize("held", ["pause", "brake", "restore"])
def test_a_held_acknowledgement_names_a_date_that_is_ahead(
    world: World, dispatcher: Callable[..., Dispatcher], held: str
) -> None:
    """E75: held for nine days and let go: the date that passed is not told; the one that is told runs from now, and once."""
    world.receive(letter())
    world.db.run("UPDATE outbox SET state = 'held', held_for = :held WHERE kind = 'acknowledgement'", held=held)
    world.now = instant("2026-12-09 11:00")
    if held == "pause":
        outbox.resume(world.db, "", world.now)
    else:
        outbox.release(world.db, "", world.now.date(), world.now)
    with BadSmtp() as server:
        run(dispatcher(server))

    assert "7 December" not in went(server)[0]
    assert "by Monday 14 December" in went(server)[0]
    running = world.db.run("SELECT promised_on FROM clocks WHERE state = 'running' AND kind <> 'settle'")
    assert {row["promised_on"] for row in running} == {"2026-12-14"}


def _words(world: World) -> str:
    return " ".join(plain(bytes(world.outbox("acknowledgement")[0]["content"])).split())


def test_a_complaint_that_waited_names_no_date_that_has_passed(
    make_world: Callable[..., World],
) -> None:
    """E75, E87: neither the next word nor the answer is promised for a day before the mail."""
    standard = (
        '[[standard]]\nname = "complaint"\nupdate_every = "5 working days"\nanswer_within = "10 working days"\n# end'
    )
    made = make_world(("# end", standard))
    made.receive(letter(text="I want to make a formal complaint."))
    assert "14 December" in _words(made)
    made.now = instant("2026-12-16 10:00")
    mail = outbox.claim(made.db, "default", "w", made.now, 60.0, 10)[0]
    again_ = waited.decided_again(made.db, made.office, mail, made.now)

    assert again_ is not None
    said = " ".join(plain(again_.content).split())
    assert "by Wednesday 23 December" in said
    assert "14 December" not in said
    assert "We are treating this as a complaint." in said


def test_an_answer_before_the_acknowledgement_went(make_story: Callable[..., Story]) -> None:
    """E75: the relay is dead, and Priya answers: the acknowledgement of what is answered does not go, and `show` says why."""
    story = make_story(ALONE)
    story.relay_takes = False
    story.receive(letter())
    story.after(minutes=40)
    story.reply(story.mail("new-case"), "Dear Edward,\n\nWe come tomorrow at ten.\n\nPriya")
    story.relay_takes = True
    story.after(minutes=5)
    story.relay()

    assert story.mail("acknowledgement")["state"] == "cancelled"
    assert events(story, "dropped") == [
        "the acknowledgement had waited, and does not go: a person has written meanwhile"
    ]


def test_a_wish_before_the_acknowledgement_went(make_story: Callable[..., Story]) -> None:
    """E75: whoever asks for no automatic mail meanwhile gets none."""
    story = make_story(ALONE)
    story.relay_takes = False
    story.receive(letter())
    story.after(minutes=40)
    story.receive(letter(text="No more automatic emails please.", message_id="<2@resident.example>"))
    story.after(minutes=40)
    story.relay()

    assert story.mail("acknowledgement")["state"] == "cancelled"


def test_whoever_has_it_by_then_is_named(make_story: Callable[..., Story]) -> None:
    """E75: the case was taken while the acknowledgement waited: it names who has it."""
    story = make_story()
    story.relay_takes = False
    story.receive(letter())
    owner = story.case()["owner"]
    story.after(minutes=40)
    story.reply(story.mail("new-case"), f"PASS {'sam' if owner == 'priya' else 'priya'}: yours")
    story.after(minutes=10)
    story.reply(story.mail("hand-over"), "TAKE")
    story.after(minutes=40)
    story.relay()
    now = {"priya": "Priya Shah", "sam": "Sam Jones"}[story.case()["owner"]]

    assert story.case()["owner"] != owner
    assert f"{now} in Housing has your email" in words(story, "acknowledgement")[0]


@pytest.mark.parametrize("written_at", ["07:00", "08:56"])
def test_a_question_answered_before_the_notice_went(make_story: Callable[..., Story], written_at: str) -> None:
    """E75: a cover notice that waits for office hours, even for minutes, does not ask for an answer that has come."""
    story = make_story(ALONE, ("# end", AWAY))
    story.receive(letter())
    story.at("2026-12-02 11:00")
    story.reply(story.mail("new-case"), "ASK\n\nDear Edward,\n\nWhich wall is wet?\n\nPriya")
    story.now = instant(f"2026-12-08 {written_at}")
    story.at(f"2026-12-08 {written_at}")
    assert "We still need your answer" in words(story, "cover")[0]
    story.receive(again("The north wall."))
    story.at("2026-12-08 09:00")
    notice = story.mail("cover")

    assert notice["state"] == "queued"
    assert "We still need your answer" not in words(story, "cover")[0]
    assert "Sam Jones in Housing now has your email" in words(story, "cover")[0]


def test_a_notice_of_two_cases_names_those_that_are_open(make_story: Callable[..., Story]) -> None:
    """E75: one of two is answered before the notice goes: it names the other."""
    story = make_story(ALONE, ("# end", AWAY))
    story.receive(letter())
    story.receive(letter(subject="Mould", text="And mould.\n\nEdward Quan", message_id="<2@resident.example>"))
    story.at("2026-12-07 11:00")
    for mail in story.outbox("new-case"):
        story.reply(mail, "MORE Thu 17 Dec: we wait for the plumber")
    story.at("2026-12-08 07:00")
    story.follow(story.mail("hand-over", "sam@northgate.example"), "Answer", "Mould", "Dear Edward,\n\nI come.\n\nSam")
    story.at("2026-12-08 09:00")

    assert "Damp in the bedroom" in words(story, "cover")[0]
    assert "Mould" not in words(story, "cover")[0].partition("Your reference")[0]


def test_a_sheet_of_cases_that_went_back(make_story: Callable[..., Story]) -> None:
    """E75, E47: the sheet for Saturday's cover waits for Monday; on Sunday Priya writes BACK, so that it does not go."""
    away = AWAY.replace("2026-12-08", "2026-12-05")
    story = make_story(ALONE, ("# end", away))
    story.receive(letter())
    story.reply(story.mail("new-case"), "MORE Thu 17 Dec: we wait for the plumber")
    story.at("2026-12-05 09:00")
    sheet = story.mail("hand-over", "sam@northgate.example")
    assert sheet["not_before"] == "2026-12-07T09:00:00.000000Z"
    story.at("2026-12-06 18:00")
    story.reply(story.mail("new-case"), "BACK")
    story.at("2026-12-07 09:30")

    assert story.mail("hand-over", "sam@northgate.example")["state"] == "cancelled"
    assert "the hand-over had waited, and does not go: the cases are theirs no longer" in events(story, "dropped")


def test_no_news_of_a_date_nobody_had_read(make_story: Callable[..., Story]) -> None:
    """E75: the relay was dead from the letter on: the resident reads one mail, with one sorry and a date ahead."""
    story = make_story(ALONE)
    story.relay_takes = False
    story.receive(letter())
    story.at("2026-12-08 09:00")
    assert story.outbox("no-news")
    story.relay()

    assert story.mail("no-news")["state"] == "cancelled"
    assert "by Monday 14 December" in words(story, "acknowledgement")[0]
    assert "7 December" not in words(story, "acknowledgement")[0]


def test_no_news_that_waits_a_night(make_story: Callable[..., Story]) -> None:
    """E75: what was written at three as "today" goes the next morning with the day's name."""
    story = make_story(ALONE)
    story.receive(letter())
    story.at("2026-12-07 14:00")
    story.db.run("UPDATE outbox SET state = 'accepted', accepted_at = created_at WHERE kind = 'acknowledgement'")
    story.relay_takes = False
    story.at("2026-12-07 15:00")
    assert "We said you would hear from us by today" in words(story, "no-news")[0]
    story.at("2026-12-08 09:00")
    story.relay()

    assert "We said you would hear from us by Monday 7 December" in words(story, "no-news")[0]


def test_settled_is_not_asked_of_whoever_wrote_again(make_story: Callable[..., Story]) -> None:
    """E75: the question waits, the resident writes, and the case is open: nobody asks whether it is settled."""
    story = make_story(ALONE)
    story.receive(letter())
    story.reply(story.mail("new-case"), "Dear Edward,\n\nWe came today and it is dry.\n\nPriya")
    story.at("2026-12-08 08:30")
    story.relay_takes = False
    story.db.run(
        "UPDATE outbox SET state = 'accepted', accepted_at = created_at WHERE kind IN ('human', 'acknowledgement')"
    )
    story.at("2026-12-08 09:00")
    assert story.mail("settled")["state"] == "queued"
    story.after(minutes=30)
    story.receive(again("It is wet again."))
    story.after(minutes=30)
    story.relay()

    assert story.mail("settled")["state"] == "cancelled"


def test_every_draft_comes_back_as_it_was(world: World) -> None:
    """E75: of each mail that is kept to be written anew, the draft that is read back is the draft."""
    sends = samples._sends(world.office, samples._letter(world.office, InProcess()))
    kept = [send.draft for _, send in sends if send.draft.template in anew.REWRITTEN]

    assert {one.template for one in kept} == anew.REWRITTEN
    for one in kept:
        assert kept_drafts.draft_of(kept_drafts.text_of(one)) == one


def test_a_table_with_more_cases_than_it_shows(world: World) -> None:
    """E75: a sheet that waited shows what is left of those it names; how many more there were stays said."""
    sends = samples._sends(world.office, samples._letter(world.office, InProcess()))
    draft = next(send.draft for _, send in sends if send.draft.template == "taken-over")
    group = draft.values["groups"][0]
    rows = [{**group["cases"][0], "reference": one} for one in ("RBN-AAA-222", "RBN-CCC-444")]
    draft = replace(draft, values={**draft.values, "groups": [{**group, "cases": rows}], "count": 4, "more": 2})
    world.receive(letter())
    desk = world.office.desk(world.now)
    one = next(iter(cases.by_code(world.db, [world.cases()[0]["code"]]).values()))
    known = {code: replace(one, code=code, owner="sam") for code in ("AAA222", "CCC444")}
    known["CCC444"] = replace(known["CCC444"], state="closed")
    found = anew.decided(anew.Waited(draft, tuple(known), "sam", world.now, {}), known, desk).draft

    assert found is not None
    assert (found.values["count"], found.values["more"], len(found.values["groups"][0]["cases"])) == (3, 2, 1)
