"""What is quoted is told from what is new, in more clients' shapes, and answers between quoted lines stay (E23)."""

import pytest

from ackbot.mail import quoting

HOUSING = "Housing <housing@northgate.example>"
QUOTED = [
    f"\n\nIl giorno lun 30 nov 2026 alle ore 10:12 {HOUSING}\nha scritto:\n\n> Old words that\nwrapped here\n> and more\n",
    f"\n\nOp ma 30 nov. 2026 om 10:12 schreef {HOUSING}:\n> Old words that\nwrapped here\n> and more\n",
    f"\n\nOn Mon, 30 Nov 2026 at 10:12, {HOUSING} wrote:\n> Old words about the\nlift\n> and the door\n",
    "\n\nAt 10:12 30/11/2026, you wrote:\nOld words.\nMore old words.\n",
    "\n\nAt 10:12 on 30 November, you wrote:\n>Old words.\n",
    "\n\n> Message du 30/11/26 10:12\n> De : Housing\n> A : edward@r.example\n> Objet : Damp\n>\n> Old words\n",
    "\n\nMessage du 30/11/26 10:12\nDe : Housing\nA : edward\nObjet : Damp\n\nOld words\n",
    "\n\nMessage du : 30/11/2026 10:12\nDe : Housing\nA : edward\nSujet : Damp\n\nOld words\n",
    f"\n\n---- On Mon, 30 Nov 2026 10:12:00 +0000 {HOUSING} wrote ----\n\nOld words\n",
    "\n\n---- On Mon, 30 Nov 2026 10:12:00 +0000 Housing wrote ---\n\nOld words\n",
    "\n\n---- Am Mo, 30. Nov 2026 10:12 Housing schrieb ----\n\nOld words\n",
    "\n\n*-----Original Message-----*\n*From:* Housing\n*Sent:* Monday\n\nOld words\n",
    "\n\n**Original Message**\nFrom: Housing\nSent: Monday\n\nOld words",
    "\n\n*Mensaje original*\n\nOld words",
    "\n\n____________________________________________\nMailing list residents@lists.example\nTo unsubscribe visit us: Old words\n",
    "\n_______________________________________________\nOld words mailing list\nresidents@lists.example\nhttps://lists.example/listinfo\n",
    f"\n\nSent from my iPhone\n\n> On 30 Nov 2026, at 10:12, {HOUSING} wrote:\n> \n> Old words\n",
]


@pytest.mark.parametrize("below", QUOTED)
def test_e23_only_the_new_words_stay(below: str) -> None:
    """E23: in the shapes that Italian, Dutch, French, Zoho, Eudora and others write."""
    assert quoting.new_text(f"My answer, in one line.{below}") == "My answer, in one line."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("> Is the lift broken?\nYes, it is.\n> And the door?\nThat too.\n", "Yes, it is."),
        ("> When can we come.\nOn Friday\n> Which floor?\n", "On Friday"),
        ("> When can we come\nOn Friday\n> Which floor\n", "On Friday"),
        ("We met at 10:12. You wrote: we come on Friday.", "we come on Friday"),
        ("Message du voisin : il y a une fuite.", "il y a une fuite"),
        ("The list of faults:\n\n_____\n1. The lift\n2. The door", "2. The door"),
        ("My bold *Original Message* was lost.", "was lost"),
        ("I wrote this.\n\nSent from my iPhone\n\nP.S. The lift too.", "The lift too."),
    ],
)
def test_e23_what_a_person_writes_stays(text: str, kept: str) -> None:
    """E23, the other way: answers between quoted lines, and words that only resemble a client's."""
    assert kept in quoting.new_text(text)


def test_e23_a_device_line_in_the_middle() -> None:
    """E23: it goes, and what was written below it stays."""
    assert (
        quoting.new_text("I wrote this.\n\nSent from my iPhone\n\nP.S. The lift too.")
        == "I wrote this.\n\nP.S. The lift too."
    )
