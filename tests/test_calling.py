"""What people are called: titles, roles, couples, capitals and initials in names that residents and councils write (E44)."""

from collections.abc import Callable

import pytest

from ackbot.casework.drafts import names
from ackbot.mail.addresses import Address
from tests.support.letters import letter, parsed, plain
from tests.support.story import Story, words


@pytest.mark.parametrize(
    ("shown", "name", "short"),
    [
        ("EDWARD JONES", "Edward Jones", "Edward"),
        ("ANNE MARIE BYRNE", "Anne Marie Byrne", "Anne"),
        ("SIÂN O'BRIEN", "Siân O'Brien", "Siân"),
        ("FIONA MCDONALD", "Fiona McDonald", "Fiona"),
        ("JAN VAN DER BERG", "Jan van der Berg", "Jan"),
        ("JONES-SMITH, ANNE-MARIE", "Anne-Marie Jones-Smith", "Anne-Marie"),
        ("Edward QUAN", "Edward Quan", "Edward"),
        ("Edward Quan MBE", "Edward Quan MBE", "Edward"),
        ("LI WEI", "Li Wei", "Li"),
        ("EJ SMITH", "EJ Smith", "EJ Smith"),
        ("MR E JONES", "Mr E Jones", "Mr E Jones"),
        ("Dr Amina Khan", "Dr Amina Khan", "Dr Khan"),
        ("Cllr Jane Smith", "Cllr Jane Smith", "Cllr Smith"),
        ("Sir Tom Lee", "Sir Tom Lee", "Sir Tom"),
        ("E Quan", "E Quan", "E Quan"),
        ("J. R. Smith", "J. R. Smith", "J. R. Smith"),
        ("Mr and Mrs J Smith", "Mr and Mrs J Smith", "Mr and Mrs J Smith"),
        ("Mr & Mrs Smith", "Mr & Mrs Smith", "Mr & Mrs Smith"),
        ("Edward + Anna Quan", "Edward & Anna Quan", "Edward & Anna Quan"),
        ("Edward, Anna and Tom Quan", "", ""),
        ("The Smiths", "", ""),
        ("The Occupier", "", ""),
        ("Occupier", "", ""),
        ("Dr", "", ""),
        ("info", "", ""),
    ],
)
def test_what_a_resident_is_called(shown: str, name: str, short: str) -> None:
    """E44: no title, initial or role stands for a name, nobody is shouted at, and both of a couple are named."""
    found = names.from_display(Address(shown, "x1z@resident.example"))

    assert (found, names.first(found)) == (name, short)


@pytest.mark.parametrize(
    ("shown", "short"),
    [
        ("Housing Officer", "Housing Officer"),
        ("The Repairs Team", "The Repairs Team"),
        ("Dr Priya Shah", "Dr Shah"),
        ("P Shah", "P Shah"),
        ("Priya", "Priya"),
    ],
)
def test_what_an_officer_is_called(make_story: Callable[..., Story], shown: str, short: str) -> None:
    """E44: a role or a title that the council shows for an officer is not cut in two."""
    story = make_story(
        ('members = ["priya", "sam"]', 'members = ["priya"]'),
        ('name = "Priya Shah"', f'name = "Priya Shah"\npublic_name = "{shown}"'),
    )
    story.receive(letter())
    story.receive(letter(text="Another thing: the door.", message_id="<two@resident.example>"))

    assert f"hear from {short} or a colleague by" in words(story, "receipt")[0]


@pytest.mark.parametrize(
    ("sender", "greeting", "staff"),
    [
        ("ANNE MARIE BYRNE", "Hello Anne Marie Byrne,", "(Anne reads both)"),
        ("Dr Amina Khan", "Hello Dr Amina Khan,", "(Dr Khan reads both)"),
        ("Cllr Jane Smith", "Hello Cllr Jane Smith,", "(Cllr Smith reads both)"),
        ("The Smiths", "Hello,", "(x1@resident.example reads both)"),
    ],
)
def test_in_their_mails(make_story: Callable[..., Story], sender: str, greeting: str, staff: str) -> None:
    """E44: the resident's greeting, and what the officer reads of who reads an answer."""
    story = make_story()
    story.receive(letter(sender=f"{sender} <x1@resident.example>", text="The wall is damp."))
    sheet = plain(bytes(story.mail("new-case")["content"]))

    assert plain(bytes(story.mail("acknowledgement")["content"])).startswith(greeting)
    assert staff in " ".join(sheet.split())
    assert "ANNE" not in parsed(bytes(story.mail("acknowledgement")["content"]))["To"]


@pytest.mark.parametrize(
    ("sender", "words_"),
    [
        ("EDWARD JONES", "Dear Mr Jones,\n\nwe come on Tuesday and look at your wall.\n\nPriya"),
        ("Mr & Mrs Smith", "Dear Mr and Mrs Smith,\n\nwe come on Tuesday and look at your wall.\n\nPriya"),
        ("Cllr Jane Smith", "Dear Cllr Smith,\n\nwe come on Tuesday and look at your wall.\n\nPriya"),
        ("Lady Anne Byrne", "Dear Lady Byrne,\n\nwe come on Tuesday and look at your wall.\n\nPriya"),
        ("Prof. Karl Weiss", "Dear Professor Weiss,\n\nwe come on Tuesday and look at your wall.\n\nPriya"),
    ],
)
def test_an_officer_greets_them(make_story: Callable[..., Story], sender: str, words_: str) -> None:
    """E44, behaviour.md §4.2: a greeting by title, role or as a couple greets the resident, and goes at once."""
    story = make_story(('members = ["priya", "sam"]', 'members = ["priya"]'))
    story.receive(letter(sender=f"{sender} <x1@resident.example>", text="The wall is damp."))
    story.after(minutes=5)
    story.reply(story.mail("new-case"), words_)

    assert "we come on Tuesday" in words(story, "human")[0]
