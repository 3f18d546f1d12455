"""Thirteen letters that are hard to answer well, and what each writer reads, whole, in a kept file for people to judge."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.support import snapshots
from tests.support.council import World
from tests.support.letters import letter, plain
from tests.test_languages import ARABIC, WELSH, council

COMPLAINT = (
    "# end",
    '[[standard]]\nname = "complaint"\nupdate_every = "5 working days"\n[[route]]\nsubject = ["complaint"]\nstandard = "complaint"\n',
)
CHRISTMAS_EVE = datetime(2026, 12, 24, 21, 0, tzinfo=UTC)
HOUSING = "housing@northgate.example"
LETTERS: tuple[tuple[str, str, str, str, str], ...] = (
    ("bereaved", "Edward Quan", HOUSING, "My late mother's flat", "My mother died last week. What must I do about her flat and the keys?"),
    ("councillor", "Cllr Ann Marsh", HOUSING, "Mrs Lee, 4 Mill Road", "I write for Mrs Lee, whose boiler has been off since Friday. Please tell me what will happen."),
    ("child at risk", "Jo Bell", HOUSING, "Next door", "I hear the boy next door screaming every night and his father hits him. I am scared for him."),
    ("freedom of information", "Sam Reed", HOUSING, "Freedom of information request", "Under the Freedom of Information Act please send me the number of empty flats."),
    ("about an officer", "Dee Cole", HOUSING, "Complaint about Priya Shah", "I want to complain about Priya Shah. She was rude to me on the phone and hung up."),
    ("Welsh", "Nia Rees", HOUSING, "Lleithder", WELSH),
    ("Arabic", "أمل حداد", HOUSING, "رطوبة في غرفة النوم", ARABIC),
    ("deaf", "Kit Hall", HOUSING, "Broken lift", "The lift is broken again. I am deaf, so please do not phone me. Could you write in large print?"),
    ("three inboxes", "Lou Hart", f"{HOUSING}, streets@northgate.example, dana@northgate.example", "A tree, a bin and a wall", "The tree leans on our wall, and the bin was missed."),
    ("Christmas Eve", "Max Bright", HOUSING, "No heating", "Our heating has stopped and we have a baby of three weeks."),
    ("angry", "", HOUSING, "WHERE IS MY REPAIR!!!", "THIS IS THE THIRD TIME I WRITE AND NOBODY COMES!!!"),
    ("ill child", "Amina Yusuf", HOUSING, "Mould in her room", "There is mould in my daughter's bedroom and she has asthma. She coughs all night."),
    ("Spanish", "Inés García", "streets@northgate.example", "Permiso de aparcamiento", "Buenos días: necesito un permiso de aparcamiento. ¿Me pueden contestar en español, por favor?"),
)  # fmt: skip


def test_thirteen_hard_letters(make_world: Callable[..., World], kept: Callable[[str, str], None]) -> None:
    """Issue 19: each answer whole, as its writer reads it; who changes a word of a template reads here what it does to people."""
    shown = []
    for number, (what, name, to, subject, text) in enumerate(LETTERS):
        now = {"now": CHRISTMAS_EVE} if what == "Christmas Eve" else {}
        languages = council("en", "cy", "ar", "es")
        world = make_world(COMPLAINT, languages, **now)
        sender = f"{name} <writer{number}@resident.example>" if name else f"writer{number}@resident.example"
        raw = letter(sender=sender, to=to, subject=subject, text=f"{text}\n", message_id=f"<{number}@resident.example>")
        world.receive(raw, "streets" if to.startswith("streets") else "housing")
        (sent,) = world.outbox(to=f"writer{number}@resident.example")
        shown.append(f"=== {what}: {subject}\n\n{plain(bytes(sent['content']))}")
    kept("hard-letters", "\n\n".join(shown))


@pytest.mark.parametrize("never", ["shortly", "as soon as possible", "ticket", "customer", "do not reply", "query"])
def test_no_hard_letter_gets_a_phrase(never: str) -> None:
    """voice.md 3, 8: the kept answers hold no word of the list."""
    assert never not in (snapshots.DATA / "hard-letters.txt").read_text().lower()
