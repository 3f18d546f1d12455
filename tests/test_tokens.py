"""Signed ids, reply addresses and references are keyed, short, deterministic, and cannot be forged (D51)."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ackbot.mail.tokens import ALPHABET, Signer, Token, tag_of

SIGNER = Signer([b"new secret", b"old secret"], staff=["priya", "sam"])
OLD, STRANGER = Signer([b"old secret"]), Signer([b"another council"])
MINE = SIGNER.message_id("ack:abc", "7H429P", "a", "resident", "northgate.example")


def test_a_message_id_says_what_it_is_of() -> None:
    """design.md §5: case, purpose, recipient's role; at most 66 characters; the same key gives the same id again."""
    token = SIGNER.read_message_ids(f"References: <x@y> {MINE.upper()}")[0]

    assert (token.code, token.purpose, token.role) == ("7H429P", "a", "resident")
    assert len(MINE) <= 66
    assert SIGNER.message_id("ack:abc", "7H429P", "a", "resident", "NORTHGATE.example") == MINE
    assert SIGNER.message_id("ack:other", "7H429P", "a", "resident", "northgate.example") != MINE


@pytest.mark.parametrize("at", range(1, 36))
def test_every_letter_of_an_id_counts(at: int) -> None:
    """D51: one character changed anywhere, and it proves nothing."""
    changed = MINE[:at] + ("b" if MINE[at] != "b" else "c") + MINE[at + 1 :]

    assert SIGNER.read_message_ids(changed) == ()


def test_keys_rotate_and_strangers_do_not_verify() -> None:
    """The first secret signs, older ones still verify; another council's ackbot is a stranger."""
    old = OLD.message_id("ack:abc", "7H429P", "a", "resident", "northgate.example")

    assert SIGNER.read_message_ids(old)
    assert STRANGER.read_message_ids(MINE) == ()
    assert OLD.read_message_ids(MINE) == ()


def read_address(addr: str) -> Token | None:
    """The token in the plus part of an address."""
    found = SIGNER.verified_tags([tag_of(addr)])
    return found[0] if found else None


@pytest.mark.parametrize(("kind", "staff"), [("r", ""), ("s", "priya"), ("i", "priya")])
def test_reply_addresses(kind: str, staff: str) -> None:
    """At most 24 characters of lower-case letters and digits; good for one case, kind and person."""
    tag = SIGNER.tag("7H429P", kind, staff)  # type: ignore[arg-type]
    token = read_address(f"Housing+{tag.upper()}@northgate.example")

    assert re.fullmatch(r"[a-z0-9]{1,24}", tag)
    assert token is not None
    assert (token.code, token.role, token.staff, token.inside) == (
        "7H429P",
        "resident" if kind == "r" else "staff",
        staff,
        kind == "i",
    )


def test_no_kind_passes_for_another() -> None:
    """Separate MAC domains: a resident's tag is no staff tag, one person's none of another's."""
    tags = {
        (kind, staff): SIGNER.tag("7H429P", kind, staff)
        for kind, staff in [("r", ""), ("s", "priya"), ("i", "priya"), ("s", "sam")]
    }  # type: ignore[arg-type]
    for (kind, staff), (other, _) in product(tags, tags):
        swapped = tags[kind, staff][:6] + other + tags[kind, staff][7:]
        token = read_address(f"housing+{swapped}@x.example")
        assert (token is not None) is (other == kind)
        if token is not None:
            assert token.staff == staff


@pytest.mark.parametrize(
    "addr",
    [
        "housing@northgate.example",
        "housing+newsletter@northgate.example",
        "",
        "+@x",
        "housing+7h429prabcdefghijklmnop@northgate.example",
    ],
)
def test_ordinary_addresses_are_no_tokens(addr: str) -> None:
    """D51: a tag that people put after a plus themselves is not a token."""
    assert read_address(addr) is None


@given(st.text(min_size=1), st.integers(0, 5))
def test_references_can_be_read_out(fingerprint: str, attempt: int) -> None:
    """design.md §5: six characters without 0 O 1 I L, of HMAC, not of a count."""
    code = SIGNER.code(fingerprint, attempt)

    assert len(code) == 6
    assert set(code) <= set(ALPHABET)
    assert not set(code) & set("0O1IL")


def test_collisions_give_another_reference() -> None:
    """`attempt` counts up when a reference is taken."""
    assert len({SIGNER.code("x", attempt) for attempt in range(5)}) == 5


def test_folded_ids_are_read() -> None:
    """D52: a provider folds the line in the middle of an id."""
    folded = MINE[:20] + "\r\n " + MINE[20:]

    assert SIGNER.read_message_ids(folded)[0].code == "7H429P"


def test_no_secret_no_signer() -> None:
    """P10: an empty secret would sign for anybody."""
    for secrets in ([], [b""]):
        with pytest.raises(ValueError, match="secret"):
            Signer(secrets)


def test_of_a_mail_full_of_tags_the_first_fifty_are_tried() -> None:
    """E1: each tag costs a signature per member of staff; what is no tag, and the same again, do not count."""
    signer = Signer([b"secret"], ["priya", "sam"])
    real = signer.tag("7H429P", "s", "sam")
    forged = [f"7h429ps{letters}aaaaaaaaaaaaaa" for letters in ("".join(two) for two in product("abcdefgh", repeat=2))]
    noise = ["no tag", forged[0]] * 60

    assert [one.staff for one in signer.verified_tags([*noise, *forged[:49], real])] == ["sam"]
    assert signer.verified_tags([*forged[:50], real]) == ()
