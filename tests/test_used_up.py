"""Whoever writes in somebody's name uses up nothing of theirs: caps, the test for machines, the brake (E12, P2)."""

from collections.abc import Callable

import pytest

from tests.support.letters import letter, plain
from tests.support.story import Story

pytestmark = pytest.mark.usefixtures("store")

PROVEN = "mx.northgate.example; dmarc=pass header.from=resident.example"
GAS = "There is a strong smell of gas in our kitchen.\n\nEdward Quan"


def writes(
    story: Story, number: int, results: str = "", text: str = "", inbox: str = "housing", sender: str = ""
) -> bool:
    """A letter in a matter of its own. Whether it is acknowledged at once."""
    before = len([one for one in story.outbox("acknowledgement") if one["state"] != "held"])
    fields = {"Authentication_Results": results} if results else {}
    raw = letter(
        sender or "Edward Quan <edward@resident.example>",
        f"{inbox}@northgate.example",
        f"Matter {number}",
        text or f"Words {number}.",
        f"<{number}@resident.example>",
        **fields,
    )
    story.receive(raw, inbox=inbox)
    return len([one for one in story.outbox("acknowledgement") if one["state"] != "held"]) > before


@pytest.mark.parametrize("inbox", ["housing", "streets"])
@pytest.mark.parametrize("pause", [2, 30, 120], ids="{} s".format)
def test_unproven_letters_use_up_nothing(make_story: Callable[..., Story], inbox: str, pause: int) -> None:
    """E12: five in Edward's name, quickly or slowly, over either inbox; his own is acknowledged, thrice in that hour."""
    story = make_story()
    for number in range(5):
        writes(story, number, inbox=inbox)
        story.after(seconds=pause)

    own = []
    for number in range(10, 14):
        own.append(writes(story, number, PROVEN))
        story.after(seconds=120)
    assert own == [True, True, True, False]


def test_unproven_letters_use_up_what_is_theirs(make_story: Callable[..., Story]) -> None:
    """E12: against each other they count as ever, and proven ones count against them."""
    story = make_story()
    found = []
    for number, results in enumerate(["", PROVEN, "", "", PROVEN]):
        found.append(writes(story, number, results))
        story.after(seconds=120)

    assert found == [True, True, True, False, True]


def test_a_proven_machine_is_one_all_the_same(make_story: Callable[..., Story]) -> None:
    """D35, P2: whatever answers each of our mails within a minute is a machine, and its own server vouches for it."""
    story = make_story()
    found = []
    for number in range(4):
        found.append(writes(story, number, PROVEN))
        story.after(seconds=5)

    assert found == [True, True, False, False]


@pytest.mark.parametrize(("results", "text", "goes"), [(PROVEN, "", True), (PROVEN, GAS, True), ("", "", False)])
def test_unproven_letters_do_not_brake_proven_ones(
    make_story: Callable[..., Story], results: str, text: str, goes: bool
) -> None:
    """E12, behaviour.md §2: the brake holds the likes of what brought it on."""
    story = make_story(("# brake", 'brake = "2 per hour"'))
    for number in range(3):
        writes(story, number, sender=f"Mo <mo{number}@else.example>")

    assert writes(story, 10, results, text) is goes


@pytest.mark.parametrize(("results", "text", "goes"), [(PROVEN, GAS, True), (PROVEN, "", False), ("", GAS, False)])
def test_the_brake_holds_no_proven_cry_for_help(
    make_story: Callable[..., Story], results: str, text: str, goes: bool
) -> None:
    """behaviour.md §3.9: the safety block does not wait for the admin, whoever brought the brake on."""
    story = make_story(("# brake", 'brake = "2 per hour"'))
    proven = "mx.northgate.example; dmarc=pass header.from=else.example"
    for number in range(3):
        writes(story, number, proven, sender=f"Mo <mo{number}@else.example>")

    assert writes(story, 10, results, text) is goes


RESIDENT = "Edward Quan <edward@resident.example>"
STRANGER = "mx.northgate.example; dmarc=pass header.from=evil.example"
FIRST = {"subject": "Damp in the bedroom", "text": "There is damp in the bedroom.\n", "message_id": "<z1@evil.example>"}
# How a stranger gets a case in Edward's name, and under his subject, before he writes.
OPENERS: dict[str, dict[str, str]] = {
    "a letter": {},
    "a form": {
        "sender": "Form <forms@northgate.example>",
        "Reply_To": RESIDENT,
        "Authentication_Results": "mx.northgate.example; dmarc=pass header.from=northgate.example",
    },
    "an automatic reply": {"Auto_Submitted": "auto-replied"},
    "an odd From": {"sender": "<edward@resident.example> <x@evil.example>", "Authentication_Results": STRANGER},
    "an odd From, no policy": {
        "sender": "<edward@resident.example>;x@evil.example",
        "Authentication_Results": "mx.northgate.example; dmarc=none header.from=evil.example",
    },
    "an address that nobody reads": {"Return_Path": "<>"},
    "another inbox": {"inbox": "streets", "to": "streets@northgate.example"},
}


def opens(story: Story, how: str) -> None:
    """Somebody else opens a case in Edward's name."""
    fields = FIRST | OPENERS[how]
    inbox = fields.pop("inbox", "housing")
    story.receive(letter(**{"sender": RESIDENT} | fields), inbox=inbox)
    story.after(minutes=10)


def acknowledged(story: Story) -> list[str]:
    """The codes of Edward's cases that he has an acknowledgement of."""
    return [row["code"] for row in story.outbox("acknowledgement", "edward@resident.example") if row["state"] != "held"]


@pytest.mark.parametrize("how", OPENERS)
@pytest.mark.parametrize("same", ["subject", "text", "thread"])
def test_a_letter_in_a_residents_name_is_not_their_first(make_story: Callable[..., Story], how: str, same: str) -> None:
    """E12, P2: whoever writes first in Edward's name makes his own proven letter no further one; it has an acknowledgement."""
    story = make_story()
    opens(story, how)
    fields = {
        "subject": FIRST["subject"] if same == "subject" else "Re: hello" if same == "thread" else "My flat",
        "text": FIRST["text"] if same == "text" else "My bedroom is damp, and my son coughs.\n",
    }
    answers = {"In_Reply_To": FIRST["message_id"]} if same == "thread" else {}
    row = story.receive(letter(**fields, Authentication_Results=PROVEN, **answers))

    assert row["outcome"] == "case"
    assert row["code"] in acknowledged(story)


@pytest.mark.parametrize("how", ["an odd From", "an odd From, no policy"])
def test_an_odd_from_is_not_acknowledged(make_story: Callable[..., Story], how: str) -> None:
    """E3, RFC 5322 §3.6.2: the server read another author than we do, so nobody is answered; a person reads it."""
    story = make_story()
    opens(story, how)

    assert story.outbox("acknowledgement") == []
    assert len(story.cases()) == 1


def test_the_owner_hears_of_the_other_letter(make_story: Callable[..., Story]) -> None:
    """P3: Edward's own case is no secret from the one that may be his too."""
    story = make_story()
    opens(story, "a letter")
    story.receive(letter(Authentication_Results=PROVEN))
    first, _ = story.cases()

    assert f"a letter much like it is in RBN-{first['code'][:3]}" in " ".join(words_of(story, "new-case")[-1].split())


def words_of(story: Story, kind: str) -> list[str]:
    """The texts of the mails of a kind."""
    return [plain(bytes(row["content"])) for row in story.outbox(kind)]


@pytest.mark.parametrize("results", ["", "mx.northgate.example; dmarc=none header.from=resident.example"])
@pytest.mark.parametrize("inbox", ["housing", "streets"])
def test_letters_that_nobody_vouches_for_go_on_joining(
    make_story: Callable[..., Story], inbox: str, results: str
) -> None:
    """D18, behaviour.md §3.3: without a policy, or without a server that is believed, one matter is one case as ever."""
    story = make_story()
    fields = {"Authentication_Results": results} if results else {}
    for number in range(2):
        raw = letter(
            to=f"{inbox}@northgate.example", message_id=f"<{number}@r.example>", text=f"Damp {number}", **fields
        )
        story.receive(raw, inbox=inbox)
        story.after(minutes=10)

    assert len(story.cases()) == 1


def test_proven_letters_go_on_joining(make_story: Callable[..., Story]) -> None:
    """behaviour.md §3.3: Edward's second letter under his subject is in the case of his first, whoever wrote between them."""
    story = make_story()
    first = story.receive(letter(Authentication_Results=PROVEN))
    story.after(minutes=5)
    story.receive(letter(message_id="<z@evil.example>", text="It is gone.\n"))
    story.after(minutes=5)
    second = story.receive(
        letter(message_id="<2@r.example>", text="It is on the wall.\n", Authentication_Results=PROVEN)
    )

    assert (second["code"], second["outcome"]) == (first["code"], "attach")


@pytest.mark.parametrize(
    ("first", "second", "receipts"), [("", PROVEN, 2), (PROVEN, PROVEN, 1), ("", "", 1), (PROVEN, "", 1)]
)
def test_unproven_letters_use_up_no_receipt(
    make_story: Callable[..., Story], first: str, second: str, receipts: int
) -> None:
    """E12, behaviour.md §3.2: the receipt of the day that a stranger's letter used up is Edward's all the same."""
    story = make_story()
    story.receive(letter(Authentication_Results=PROVEN))
    for number, results in enumerate((first, second)):
        story.after(minutes=10)
        fields = {"Authentication_Results": results} if results else {}
        raw = letter(
            subject="Re: Damp in the bedroom",
            text=f"It is on wall {number} as well.\n",
            message_id=f"<more{number}@resident.example>",
            In_Reply_To="<first@resident.example>",
            **fields,
        )
        story.receive(raw)

    assert len(story.outbox("receipt")) == receipts
