"""Whoever stands in from another service is named with theirs; sheets come at work; the manager's line after the third silence."""

from collections.abc import Callable

from tests.support.letters import letter
from tests.support.story import Story, words

ACROSS = ('name = "Priya Shah"', 'name = "Priya Shah"\ncover = "kofi"')
ALONE = ('members = ["priya", "sam"]', 'members = ["priya"]')


def test_a_cover_of_another_service(make_story: Callable[..., Story]) -> None:
    """E55: Kofi of Streets stands in for Priya of Housing, and nobody reads that Kofi is in Housing."""
    story = make_story(ACROSS, ALONE)
    story.receive(letter())
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "AWAY 2 Dec to 11 Dec")
    story.at("2026-12-02 12:00")

    assert "Kofi Mensah in Streets and Waste now has your email" in words(story, "cover")[-1]
    story.at("2026-12-03 12:00")
    cover = story.mail("cover")["message_id"]
    story.receive(letter(text="The hall is damp too.", message_id="<two@resident.example>", In_Reply_To=cover))
    assert "Your new email is with Kofi Mensah in Streets and Waste too." in words(story, "receipt")[-1]
    assert "Housing, Royal Borough of Northgate" in words(story, "receipt")[-1]


def test_a_cover_of_the_same_service(make_story: Callable[..., Story]) -> None:
    """E55: whoever works there, and a manager of several, is named with the service of the letter."""
    story = make_story(('name = "Priya Shah"', 'name = "Priya Shah"\ncover = "alex"'), ALONE)
    story.receive(letter())
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "AWAY 2 Dec to 11 Dec")
    story.at("2026-12-02 12:00")

    assert "Alex Reid in Housing now has your email" in words(story, "cover")[-1]


def test_sheets_come_in_working_hours(make_story: Callable[..., Story]) -> None:
    """E47: the sheet of somebody who takes over from Saturday on is not sent before Monday morning, and so is that of who is back."""
    story = make_story(ACROSS, ALONE)
    story.receive(letter())
    story.after(minutes=5)
    story.reply(story.mail("new-case"), "AWAY 5 Dec to 11 Dec")
    story.at("2026-12-05 08:30")
    story.at("2026-12-13 08:30")
    sheets = {row["recipient"].partition("@")[0]: row["not_before"] for row in story.outbox("hand-over")}

    assert sheets["kofi"] == "2026-12-07T09:00:00.000000Z"
    assert sheets["priya"] == "2026-12-14T09:00:00.000000Z"


def test_the_managers_line_after_the_third_silence(make_story: Callable[..., Story]) -> None:
    """E55: after the third mail without news the manager's line says that, and not that no date was promised, and keeps [Answer]."""
    story = make_story(ALONE)
    story.receive(letter())
    story.at("2027-01-08 08:00")
    assert story.case()["no_news"] >= 3
    story.at("2027-01-08 10:00")
    told = words(story, "digest", "alex@northgate.example")[-1]

    assert "has been told three times that there is no news" in told
    assert "no date was promised" not in told
    assert "it is up to you to write" in told
    assert "Answer" in told
