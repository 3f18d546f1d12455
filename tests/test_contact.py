"""May this resident have an automatic mail now, else when, held for what, or why never? (casework/contact, behaviour.md §3.3)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from ackbot.casework import contact
from ackbot.casework.clocks import due
from ackbot.casework.history import History
from ackbot.casework.intents import Send
from ackbot.casework.model import Case, Clock
from ackbot.mail.addresses import Address
from ackbot.store import cases
from ackbot.store.contact import history
from tests.support.letters import letter
from tests.support.story import Story, instant, words

QUICK = (
    "# end",
    """
[[standard]]
name = "quick"
update_every = "4 working hours"

[[route]]
subject = ["bins"]
standard = "quick"
""",
)


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    """One letter, one case, Priya's, with a date told: Monday 7 December."""
    made = make_story()
    made.receive(letter())
    return made


def another(story: Story, subject: str = "The lift", text: str = "The lift is broken.") -> dict[str, Any]:
    """A letter of the same resident about another matter."""
    return story.receive(letter(subject=subject, text=text, message_id=f"<{abs(hash(subject))}@resident.example>"))


def automatic(story: Story) -> list[tuple[str, str]]:
    """Kind and council's day of all automatic mails besides acknowledgements that go or went."""
    rows = [row for row in story.outbox() if row["kind"] in ("receipt", "cover", "no-news", "settled")]
    return [(row["kind"], row["not_before"][:10]) for row in rows if row["state"] != "cancelled"]


@pytest.mark.parametrize("command", ["SPLIT streets: the bins", "PASS sam: he knows"])
def test_a_hand_over_leaves_the_day_of_a_promise_to_the_promise(story: Story, command: str) -> None:
    """P5: a second letter is split, or passed and taken, on the day of another promise: that promise has its mail all the same."""
    story.at("2026-12-07 09:05")
    another(story)
    story.reply(story.mail("new-case"), command)
    if command.startswith("PASS"):
        story.follow(story.mail("hand-over", "sam@northgate.example"), "TAKE", "", "")
    story.at("2026-12-07 15:00")
    story.at("2026-12-08 15:00")

    assert automatic(story) == [("cover", "2026-12-08"), ("no-news", "2026-12-07")]
    assert "We said you would hear from us by today" in words(story, "no-news")[0]


def test_a_promise_on_a_day_with_another_mail_is_put_off_not_dropped(make_story: Callable[..., Story]) -> None:
    """
    P5: the resident had their mail of the day before a promise was made for that same day: they hear the truth on the next
    one, with the date that was told; owner and manager hear on the day itself.
    """
    story = make_story(QUICK)
    story.receive(letter())
    story.at("2026-12-01 09:30")
    story.reply(story.mail("new-case"), "SPLIT streets: the bins")
    story.at("2026-12-01 10:00")
    another(story, "bins")
    story.at("2026-12-01 15:05")

    assert automatic(story) == [("cover", "2026-12-01")]
    assert story.case()["code"] and story.cases()[-1]["late_since"] == "2026-12-01"
    assert ("update", "2026-12-01", "running") in story.clocks()
    assert "promised for today" in " ".join(words(story, "digest"))
    story.at("2026-12-02 14:59")
    assert words(story, "no-news") == []
    story.at("2026-12-02 15:00")

    assert automatic(story) == [("cover", "2026-12-01"), ("no-news", "2026-12-02")]
    assert "We said you would hear from us by Tuesday 1 December" in words(story, "no-news")[0]
    assert words(story, "admin") == []  # nothing was missed that waits for a release


def test_what_was_put_off_is_said_truly_in_the_morning(make_story: Callable[..., Story]) -> None:
    """behaviour.md §4.1: next morning's digest names the day that was promised, as past."""
    story = make_story(QUICK)
    story.receive(letter())
    story.at("2026-12-01 09:30")
    story.reply(story.mail("new-case"), "SPLIT streets: the bins")
    story.at("2026-12-01 10:00")
    another(story, "bins")
    story.at("2026-12-02 08:30")

    assert "romised for Tuesday 1 December, and Edward Quan has heard nothing." in " ".join(words(story, "digest"))


def test_no_automatic_mail_but_acknowledgements(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.3, `resident_automatic_per_day = 0`: a follow-up gets no receipt, a hand-over no notice, a question none."""
    story = make_story(("[limits]", "[limits]\nresident_automatic_per_day = 0"))
    story.receive(letter())
    story.after(minutes=5)
    row = another(story, "Re: Damp in the bedroom", "It is worse.")
    story.reply(story.mail("new-case"), "SPLIT streets: the bins")
    story.reply(story.mail("new-case", "priya@northgate.example"), "PASS sam: he knows")
    story.follow(story.mail("hand-over", "sam@northgate.example"), "TAKE", "", "")

    assert automatic(story) == []
    assert "sends no automatic mail but acknowledgements" in row["why"]


def test_two_a_day_where_the_council_allows_them(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.3: the number is the council's, for hand-overs as for everything else."""
    story = make_story(("[limits]", "[limits]\nresident_automatic_per_day = 2"))
    story.receive(letter())
    story.after(minutes=5)
    another(story, "Re: Damp in the bedroom", "It is worse.")
    story.reply(story.mail("new-case"), "SPLIT streets: the bins")
    story.reply(story.mail("new-case", "priya@northgate.example"), "PASS sam: he knows")
    story.follow(story.mail("hand-over", "sam@northgate.example"), "TAKE", "", "")

    assert automatic(story) == [("receipt", "2026-11-30"), ("cover", "2026-11-30"), ("cover", "2026-12-01")]


@pytest.mark.parametrize("command", ["SPLIT streets: the bins", "PASS Priya Shah: she knows", ""])
def test_nobody_hears_of_a_part_of_a_letter_that_was_never_acknowledged(
    make_story: Callable[..., Story], command: str
) -> None:
    """behaviour.md §2: what follows a held acknowledgement is held with it, after the brake is off too; no date is told."""
    story = make_story(("# brake", 'brake = "1 per hour"'))
    story.receive(letter(sender="Nora <nora@resident.example>", message_id="<nora@resident.example>"))
    story.receive(letter())
    story.after(hours=3)
    if command:
        story.reply(story.mail("new-case"), command)
    else:
        another(story, "Re: Damp in the bedroom", "It is worse.")
    if command.startswith("PASS"):
        story.follow(story.mail("hand-over"), "TAKE", "", "")
    rows = [row for row in story.outbox() if row["kind"] in ("acknowledgement", "cover", "receipt")]

    assert [(row["state"], row["held_for"]) for row in rows[1:]] == [("held", "brake")] * 2
    assert not story.db.run(
        "SELECT 1 FROM clocks JOIN parties ON parties.code = clocks.code "
        "WHERE clocks.told AND clocks.state = 'running' AND parties.address = 'edward@resident.example'"
    )


def test_the_brake_holds_hand_overs_too(make_story: Callable[..., Story]) -> None:
    """behaviour.md §2: above the brake TAKE and SPLIT write like everything else: held, and the admin is told."""
    story = make_story(("# brake", 'brake = "2 per hour"'))
    story.receive(letter())
    story.receive(letter(sender="Nora <nora@resident.example>", message_id="<nora@resident.example>"))
    story.after(minutes=5)
    story.reply(story.outbox("new-case")[0], "SPLIT streets: the bins")

    assert [(row["state"], row["held_for"]) for row in story.outbox("cover")] == [("held", "brake")]
    assert any("hold" in row["dedupe_key"] or "brake" in row["dedupe_key"] for row in story.outbox("admin"))


# One row a rule: what is known, and the answer for each purpose. It is Monday 30 November, 10:12; the case was told Monday 7.
CLEAR = History()
TODAY, TOMORROW = datetime(2026, 11, 30, 9, tzinfo=UTC), datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("known", "changes", "receipt", "notice", "no_news", "question"),
    [
        (CLEAR, {}, "now", "2026-11-30", "now", "now"),
        (History(goes_at=(TODAY,)), {}, "never", "2026-12-01", "2026-12-01 15:00", "later"),
        (History(goes_at=(TODAY, TOMORROW)), {}, "never", "2026-12-02", "2026-12-02 15:00", "later"),
        (History(goes_at=(TOMORROW,)), {}, "now", "2026-11-30", "now", "now"),
        (History(promised=(("OTHER1", date(2026, 11, 30)),)), {}, "never", "2026-12-01", "now", "later"),
        (History(promised=(("OTHER1", date(2026, 11, 27)),)), {}, "never", "2026-11-30", "now", "later"),
        (History(promised=(("OTHER1", date(2026, 12, 1)),)), {}, "now", "2026-11-30", "now", "now"),
        (History(promised=(("7H429P", date(2026, 12, 7)),)), {}, "now", "2026-11-30", "now", "now"),
        (History(braked=True), {}, "held brake", "held brake", "later", "later"),
        (History(held={"7H429P": "restore"}), {}, "held restore", "held restore", "later", "later"),
        (History(held={"OTHER1": "restore"}), {}, "now", "2026-11-30", "now", "now"),
        (CLEAR, {"quiet": True}, "never", "never", "never", "never"),
        (CLEAR, {"sensitive": True}, "never", "never", "never", "never"),
        (CLEAR, {"unreachable": True}, "never", "never", "never", "never"),
        (CLEAR, {"resident": Address("", "")}, "never", "never", "never", "never"),
        (CLEAR, {"no_news": 3}, "never", "2026-11-30", "now", "now"),
        (CLEAR, {"receipt_on": date(2026, 11, 30)}, "never", "2026-11-30", "now", "now"),
        (CLEAR, {"human_words_at": instant("2026-11-27 16:00")}, "never", "2026-11-30", "now", "now"),
        (CLEAR, {"human_words_at": instant("2026-11-26 16:00")}, "never", "2026-11-30", "now", "now"),
        (CLEAR, {"human_words_at": instant("2026-11-25 16:00")}, "now", "2026-11-30", "now", "now"),
    ],
)
def test_one_rule_for_each_purpose(
    story: Story,
    known: History,
    changes: dict[str, Any],
    receipt: str,
    notice: str,
    no_news: str,
    question: str,
) -> None:
    """behaviour.md §3.2, §3.3, §3.6, §3.7: the same facts, four purposes."""
    clock = Clock("update", date(2026, 12, 7), instant("2026-12-07 17:00"), told=True)
    case = replace(story_case(story), code="7H429P", clocks=(clock,), **changes)
    desk = story.office.desk(story.now)

    def said(may: contact.Permission) -> str:
        if may.hold:
            return f"held {may.hold}" if may.at or may.when == "now" else "later"
        return f"{may.at:%Y-%m-%d}" if may.at else may.when

    later = contact.no_news(case, known, desk, time(15))

    assert said(contact.receipt(case, known, desk)) == receipt
    assert said(contact.notice([case], known, desk)) == notice
    assert (f"{later.at:%Y-%m-%d %H:%M}" if later.at else said(later)) == no_news
    assert said(contact.question(case, known, desk)) == question


def story_case(story: Story) -> Case:
    """The case of the story's letter."""
    (code,) = [row["code"] for row in story.cases()]
    return cases.by_code(story.db, (code,))[code]


def test_a_date_before_the_notice_stands(story: Story) -> None:
    """P5: a notice that could go only after the next date says nothing of that case, and all of the others."""
    desk = story.office.desk(story.now)
    first = story_case(story)
    soon = replace(first, code="SOON11", clocks=(Clock("update", date(2026, 11, 30), story.now, told=True),))
    known = History(goes_at=(TODAY,), promised=(("SOON11", date(2026, 11, 30)),))
    may = contact.notice([first, soon], known, desk)

    assert may.codes == {first.code}
    assert may.at is not None
    assert may.at.date() == date(2026, 12, 1)


def test_the_history_counts_what_reaches_the_resident(story: Story) -> None:
    """One count for all who ask: held for a release counts, kept in by a mode or cancelled does not."""
    another(story, "Re: Damp in the bedroom", "It is worse.")
    council = story.office.council

    def known() -> History:
        return history(story.db, "edward@resident.example", story.now, council.calendar, council.limits)

    assert len(known().goes_at) == 1
    assert len(known().written_at) == 2
    for state, held_for, count in (
        ("held", "brake", 1),
        ("held", "pause", 1),
        ("held", "shadow", 0),
        ("cancelled", "", 0),
    ):
        story.db.run(
            "UPDATE outbox SET state = :state, held_for = :held_for WHERE kind = 'receipt'",
            state=state,
            held_for=held_for,
        )
        assert len(known().goes_at) == count, (state, held_for)
    assert known().promised == ((story.case()["code"], date(2026, 12, 7)),)


def test_a_mail_that_is_held_for_days_still_counts(make_story: Callable[..., Story]) -> None:
    """behaviour.md §2: an acknowledgement that waits for its release since last week holds what follows it."""
    story = make_story(("# brake", 'brake = "0 per hour"'))
    story.receive(letter())
    council = story.office.council
    known = history(story.db, "edward@resident.example", instant("2026-12-07 10:00"), council.calendar, council.limits)

    assert known.held == {story.case()["code"]: "brake"}


@pytest.mark.parametrize(
    ("known", "mails"),
    [
        (History(braked=True), ["admin-brake"]),
        (History(held={"7H429P": "brake"}), ["admin-brake"]),
        (History(held={"7H429P": "restore"}), ["admin-restore"]),
        (History(held={"7H429P": "backup"}), []),  # the daemon told it at its start
    ],
)
def test_the_admin_reads_the_true_reason_of_a_hold(story: Story, known: History, mails: list[str]) -> None:
    """behaviour.md §5.2, §5.8: a promised date comes while mail is held: no mail about a brake that does not hold."""
    clock = Clock("update", date(2026, 12, 7), instant("2026-12-07 17:00"), told=True)
    case = replace(story_case(story), code="7H429P", clocks=(clock,))
    found = due.on_passed([case], story.office.desk(instant("2026-12-07 15:00")), history=known, heard={})

    assert [one.draft.template for one in found if isinstance(one, Send)] == mails
    assert all(isinstance(one, Send) for one in found)  # the date stays due
