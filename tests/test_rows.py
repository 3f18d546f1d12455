"""What one mail can make of the store: a few rows, however many of anything it names (E1, E13)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.council import World
from tests.support.letters import by, letter

MANY = 3_000
CASES = 40
MOST_ROWS = 60  # of one mail, in all tables together; an ordinary letter makes 16

ADDRESSES = ", ".join(f"Person {number} <n{number}@other.example>" for number in range(MANY))
IDS = " ".join(f"<x{number}@r.example>" for number in range(MANY))
PROVEN = "mx.northgate.example; dmarc=pass header.from=northgate.example"
STAFF: dict[str, Any] = {"sender": "Priya Shah <priya@northgate.example>", "Authentication_Results": PROVEN}


def tables(world: World) -> dict[str, int]:
    """How many rows each table has."""
    names = [row["name"] for row in world.db.run("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: int(world.db.run(f"SELECT COUNT(*) AS n FROM {name}")[0]["n"]) for name in names}


def acknowledgements(world: World, what: str) -> list[str]:
    """Of all acknowledgements so far, their Message-IDs or recipients."""
    return [str(row[what]) for row in world.outbox("acknowledgement")]


def with_files(_: World) -> bytes:
    file = "--b\r\nContent-Type: image/png; name=f{0}.png\r\nContent-Disposition: attachment; filename=f{0}.png\r\n\r\nx\r\n"
    files = "".join(file.format(number) for number in range(MANY))
    return letter(content_type="multipart/mixed; boundary=b", text=f"--b\r\n\r\nhello\r\n{files}--b--\r\n")


def bounce(world: World) -> bytes:
    """About everybody whom we wrote to, and thousands whom we did not."""
    everybody = [*acknowledgements(world, "recipient"), *(f"n{number}@other.example" for number in range(MANY))]
    failed = "".join(f"\r\nFinal-Recipient: rfc822; {one}\r\nAction: failed\r\nStatus: 5.1.1\r\n" for one in everybody)
    ours = " ".join(acknowledgements(world, "message_id"))
    parts = (
        f"--b\r\n\r\nfailed {ours}\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n{failed}"
        f"\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours}\r\n--b--\r\n"
    )
    return letter(
        sender="MAILER-DAEMON@mx.example",
        content_type="multipart/report; report-type=delivery-status; boundary=b",
        text=parts,
    )


def references(world: World) -> str:
    """Of all cases."""
    return " ".join(world.config.council.reference_of(row["code"]) for row in world.cases())


MAILS: dict[str, Callable[[World], bytes]] = {
    "recipients": lambda _: letter(To=f"housing@northgate.example, {ADDRESSES}", Cc=ADDRESSES),
    "authors": lambda _: letter(sender=ADDRESSES, Reply_To=ADDRESSES),
    "ids": lambda _: letter(In_Reply_To=IDS, References=IDS),
    "files": with_files,
    "our own ids": lambda world: letter(
        sender="P <p1@resident.example>", References=" ".join(acknowledgements(world, "message_id"))
    ),
    "our own references": lambda world: letter(
        sender="P <p1@resident.example>", subject=references(world), text=references(world)
    ),
    "tags": lambda _: letter(To=", ".join(f"housing+{number:024}@northgate.example" for number in range(MANY))),
    "a bounce": bounce,
    "an officer's mail to everybody": lambda _: letter(**STAFF, to=ADDRESSES, Cc=ADDRESSES),
    "an officer's lines": lambda world: letter(
        **STAFF, text="\r\n".join(f"{one} note: x" for one in references(world).split() * 60)
    ),
}


@pytest.mark.parametrize("kind", MAILS)
def test_one_mail_makes_few_rows(make_world: Callable[..., World], kind: str) -> None:
    """E1, E13: thousands of whatever a mail can name make no more rows than a few do, so nobody fills the store with one mail."""
    world = make_world(("# housing", 'sent_folder = "Sent"\n# housing'))
    for number in range(CASES):
        world.receive(by(number))
    raw, before = MAILS[kind](world), tables(world)
    world.receive(raw, folder="Sent" if kind == "an officer's mail to everybody" else "INBOX")
    after = tables(world)

    assert sum(after.values()) - sum(before.values()) <= MOST_ROWS, {
        name: after[name] - before[name] for name in after if after[name] != before[name]
    }
