"""Contact forms: the resident in a line of the text, in the shapes that sites send; and forms that nobody configured (E26)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.council import World
from tests.support.letters import letter, plain
from tests.support.story import Story, words

EDWARD = "edward@resident.example"
SHAPES = [
    ("Email:", "Name:", f"Name: Edward Quan\nEmail: {EDWARD}\nMessage: There is damp.\n"),
    ("Email:", "", f"From: Edward Quan <{EDWARD}>\nEmail: {EDWARD}\nSubject: Damp\n\nMessage Body:\nThere is damp.\n"),
    ("From:", "", f"From: Edward Quan <{EDWARD}>\nSubject: Damp\n\nMessage Body:\nThere is damp.\n--\nThis e-mail was sent from a contact form.\n"),
    ("What is your email address?", "Full name", f"Q1. Full name\nA: Edward Quan\n\nQ2. What is your email address?\nA: {EDWARD}\n\nQ3. Details\nA: There is damp.\n"),
    ("Email address", "Your name", f"Your name | Edward Quan |\nEmail address | {EDWARD} |\nDetails | There is damp. |\n"),
    ("Email address", "Your name", f"Your name (required)   Edward Quan\nEmail address (required)   {EDWARD}\nDetails   There is damp.\n"),
    ("emailAddress", "fullName", f"caseRef : 12\nfullName : Edward Quan\nemailAddress : {EDWARD}\ndetails : There is damp.\n"),
    ("E-mail", "Name", f"*Name:* Edward Quan\n*E-mail:* <mailto:{EDWARD}>\n"),
    ("Email", "Name", f"Email preference: yes\nName: Edward Quan\nEmail: {EDWARD} [mailto:{EDWARD}]\n"),
    ("Email", "Name", f"  - Name => Edward Quan\n  - Email => {EDWARD}\n"),
    ("Email", "Name", f"Email:\n\n{EDWARD}\n\nName:\n\nEdward Quan\n"),
]  # fmt: skip


@pytest.fixture
def make_form(make_world: Callable[..., World]) -> Callable[..., World]:
    """The test council, whose form names residents in a line."""

    def make(line: str, name: str = "") -> World:
        lines = f'resident_line = "{line}"' + (f', name_line = "{name}"' if name else "")
        return make_world(('resident = "reply-to" }]', f"{lines} }}]"))

    return make


def form(text: str, **fields: Any) -> bytes:
    """A mail of the council's form."""
    return letter(**{"sender": "Website <forms@northgate.example>", "subject": "Contact form", "text": text} | fields)


@pytest.mark.parametrize(("line", "name", "text"), SHAPES)
def test_e26_the_resident_in_a_line(make_form: Callable[..., World], line: str, name: str, text: str) -> None:
    """E26: as WordPress, Jadu, Granicus, Firmstep and others write it, in text; the resident is answered by name."""
    world = make_form(line, name)
    row = world.receive(form(text, Reply_To="noreply@northgate.example"))
    sent = world.outbox("acknowledgement")

    assert (row["kind"], [mail["recipient"] for mail in sent]) == ("contact-form", [EDWARD])
    assert not name or "Hello Edward Quan," in plain(bytes(sent[0]["content"]))


def test_e26_the_resident_in_a_table(make_form: Callable[..., World]) -> None:
    """E26: an HTML table with one row for each field."""
    rows = f"<tr><td><b>Your name</b></td><td>Edward Quan</td></tr><tr><td><b>Email address</b></td><td><a href='mailto:{EDWARD}'>{EDWARD}</a></td></tr>"
    world = make_form("Email address", "Your name")
    world.receive(form(f"<table>{rows}</table>", content_type="text/html"))

    assert [mail["recipient"] for mail in world.outbox("acknowledgement")] == [EDWARD]


@pytest.mark.parametrize(
    "text",
    [
        "Name: Edward Quan\nMessage: my email is edward@resident.example\n",
        "Name: Edward Quan\nEmail:\nMessage: write to spy@evil.example\n",
        "Email preference: edward@resident.example\n",
        "Email: not given\n",
        "Email: edward@resident\n",
    ],
)
def test_e26_a_line_that_is_not_there_names_nobody(make_form: Callable[..., World], text: str) -> None:
    """E26: then nobody is answered, not even Reply-To, and the owner has the letter."""
    world = make_form("Email")
    row = world.receive(form(text, Reply_To="other@resident.example"))

    assert (row["kind"], row["outcome"]) == ("contact-form", "case")
    assert world.outbox("acknowledgement") == []
    assert world.outbox("new-case")


@pytest.mark.parametrize("line", ["Email: streets@northgate.example\n", "Email: no-reply@shop.example\n"])
def test_e26_what_no_form_may_name(make_form: Callable[..., World], line: str) -> None:
    """E26, D36: neither an inbox of ours nor an address that nobody reads is answered, whichever way a form names it."""
    assert make_form("Email").receive(form(line))["acknowledged"] == 0


SITES = [
    ("WordPress <wordpress@charity.example>", {}),
    ("www-data@web7.host.example", {}),
    ("Forms <webforms@charity.example>", {}),
    ("Contact form <contact-form@shop.example>", {}),
    ("apache@web.example", {}),
    ("Jadu <jadu@northgate-self.example>", {}),
    ("Granicus <granicus@gov.example>", {}),
    ("AchieveForms <achieveforms@firmstep.example>", {}),
    ("Residents' site <hello@association.example>", {"X_PHP_Originating_Script": "33:mail.php"}),
    ("Residents' site <hello@association.example>", {"X_Mailer": "PHPMailer 6.9 (https://github.com/PHPMailer/PHPMailer)"}),
    ("WordPress <wordpress@charity.example>", {"Reply_To": EDWARD}),
]  # fmt: skip


@pytest.mark.parametrize(("sender", "headers"), SITES)
def test_e26_a_form_that_nobody_configured_is_not_answered(world: World, sender: str, headers: dict[str, str]) -> None:
    """E26: a case with an owner, who reads why; nobody is acknowledged, least of all the site."""
    row = world.receive(letter(sender=sender, text=f"Name: Edward Quan\nEmail: {EDWARD}\nMessage: damp\n", **headers))

    assert (row["outcome"], row["acknowledged"]) == ("case", 0)
    assert "contact form that no inbox names" in " ".join(plain(bytes(world.outbox("new-case")[0]["content"])).split())


PEOPLE = [
    ("home-owner@resident.example", {}),
    ("foi-request@whatdotheyknow.example", {}),
    ("dog-owner@resident.example", {}),
    ("owner-occupier@resident.example", {}),
    ("service-request@tenants.example", {}),
    ("Will Webster <webster@resident.example>", {}),
    ("Formby Hall <formby@resident.example>", {}),
    ("hello@association.example", {"X_Mailer": "PHPMailer 6.9"}),
]  # fmt: skip


@pytest.mark.parametrize(("sender", "headers"), PEOPLE)
def test_e26_people_with_such_names_are_answered(world: World, sender: str, headers: dict[str, str]) -> None:
    """E26, the other way: names that only look like a robot's, and a mailer that sends people's words."""
    assert world.receive(letter(sender=sender, **headers))["acknowledged"] == 1


@pytest.mark.parametrize(
    "sender",
    [
        "owner-news@lists.example",
        "residents-request@lists.example",
        "x-list-owner@town.example",
        "board-owner@mailman.town.example",
    ],
)
def test_e26_robots_of_lists_are_not(world: World, sender: str) -> None:
    """E26: where mailing lists live, nobody reads these."""
    assert world.receive(letter(sender=sender))["acknowledged"] == 0


def test_e26_a_form_with_a_line_can_be_answered(make_story: Callable[..., Story]) -> None:
    """E26: the owner's words go to the resident whom the line names."""
    story = make_story(('resident = "reply-to" }]', 'resident_line = "Email:" }]'))
    story.receive(form(f"Name: Edward Quan\nEmail: {EDWARD}\nMessage: There is damp.\n"))
    story.reply(story.mail("new-case"), "Hello,\n\nWe come on Thursday.\n\nPriya")

    assert [row["recipient"] for row in story.outbox("human")] == [EDWARD]
    assert "We come on Thursday." in words(story, "human")[0]
