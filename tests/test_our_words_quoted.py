"""Our own mail, quoted without a mark in a resident's reply, is not the resident's words (issue 14, point 9)."""

from collections.abc import Callable
from html import escape
from textwrap import fill

import pytest

from ackbot.work.explain import as_json, explain
from tests.support.council import World
from tests.support.letters import letter, parsed, plain

NEW = "Thank you, but the boiler is still cold. Nobody came on Friday."
GAS = "I can smell gas in the hallway of my flat."


def as_it_is(ours: str) -> str:
    return ours


def joined(ours: str) -> str:
    """As a client does that makes one line of a paragraph."""
    return "\n\n".join(" ".join(one.split()) for one in ours.split("\n\n"))


def narrow(ours: str) -> str:
    """As a telephone wraps it."""
    return "\n\n".join(fill(one, 36) for one in ours.split("\n\n"))


def under_a_word(ours: str) -> str:
    """Below a line of a language that nobody knows here."""
    return f"Tarehe 30 Nov, Priya Shah aliandika hivi\n\n{ours}"


def with_bars(ours: str) -> str:
    return "\n".join(f"| {one}" for one in ours.split("\n"))


WAYS = [as_it_is, joined, narrow, under_a_word, with_bars]


def reply(world: World, text: str, **fields: str) -> bytes:
    """A reply to the acknowledgement."""
    ours = parsed(bytes(world.outbox("acknowledgement")[0]["content"]))
    fields = {"subject": f"Re: {ours['Subject']}", "message_id": "<2@r.example>", **fields}
    return letter(text=text, In_Reply_To=ours["Message-ID"], **fields)


def new_words(world: World, raw: bytes) -> str:
    """What counts as newly written in a mail, as one line."""
    found = as_json("mail", explain(raw, world.config, inbox="housing", at=world.now, db=world.db), world.office)
    return " ".join(str(found["new_text"]).split())


def our_text(world: World) -> str:
    """The acknowledgement as a client shows it."""
    return plain(bytes(world.outbox("acknowledgement")[0]["content"])).strip()


@pytest.mark.parametrize("way", WAYS)
def test_only_what_is_new_counts(world: World, way: Callable[[str], str]) -> None:
    """E23, issue 14: whatever the client makes of our lines, none of them counts as theirs."""
    world.receive(letter())
    found = new_words(world, reply(world, f"{NEW}\n\n{way(our_text(world))}\n"))

    assert found.removesuffix("Tarehe 30 Nov, Priya Shah aliandika hivi").strip() == NEW


def test_in_html(world: World) -> None:
    """Issue 14: a client that writes our mail anew as HTML, without a quotation, is seen through."""
    world.receive(letter())
    ours = "".join(f"<p>{escape(one)}</p>" for one in our_text(world).split("\n\n"))

    assert new_words(world, reply(world, f"<p>{NEW}</p>{ours}", content_type="text/html; charset=utf-8")) == NEW


@pytest.mark.parametrize("way", WAYS)
def test_our_words_ask_for_nothing(make_world: Callable[..., World], way: Callable[[str], str]) -> None:
    """Issue 14: our offers of formats, our complaint line and our words about gas are no wish, complaint or danger of theirs."""
    standard = (
        '\n[[standard]]\nname = "complaint"\nupdate_every = "5 working days"\nanswer_within = "10 working days"\n'
    )
    world = make_world(("# end", standard))
    world.receive(letter(text=GAS))
    alarms = len(world.outbox("urgent"))
    world.receive(reply(world, f"{NEW}\n\n{way(our_text(world))}\n"))
    (case,) = world.cases()

    assert (case["standard"], case["quiet"]) == ("enquiry", 0)
    assert len(world.outbox("urgent")) == alarms
    assert (
        "large print"
        not in " ".join(plain(bytes(world.outbox("receipt")[-1]["content"])).split()).partition("---")[0].lower()
    )


def test_what_they_write_between_and_below_is_kept(world: World) -> None:
    """E17, "keep more": answers between our lines, below them, and danger there are the resident's."""
    world.receive(letter())
    hello, first, *rest = our_text(world).split("\n\n")
    raw = reply(world, "\n\n".join([hello, first, "By Monday? That is too late.", *rest, GAS]))

    assert new_words(world, raw) == f"By Monday? That is too late. {GAS}"
    world.receive(raw)
    assert len(world.outbox("urgent")) == 1


def test_a_sentence_that_they_cite_is_kept(world: World) -> None:
    """Issue 14: whoever cites a promise of ours means it."""
    world.receive(letter())
    cited = "Priya or a colleague will write to you by Monday 7 December."
    text = f"You wrote:\n\n{cited}\n\nIt is the ninth now, and I have heard nothing from you at all. " * 2

    assert cited in our_text(world).replace("\n", " ")
    assert cited in new_words(world, reply(world, text))


def test_in_a_mail_that_answers_none_of_ours(world: World) -> None:
    """Issue 14: only what a mail answers is ours in it: text that looks like ours in somebody's first letter stays."""
    world.receive(letter())
    raw = letter(
        "Nora <n@r.example>", subject="I got this", text=f"{NEW}\n\n{our_text(world)}\n", message_id="<n@r.example>"
    )

    assert "Your reference is" in new_words(world, raw)
