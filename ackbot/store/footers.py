"""Paragraphs that a council's own servers put below its mails: seen in three of them they are nobody's words (E37)."""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from ackbot.casework.intents import Learn
from ackbot.mail import debris
from ackbot.store.database import Database, listed, text_of
from ackbot.store.unit import Data, Unit

KNOWN_AFTER = 2  # mails in which a paragraph was seen; in the third it is a footer
_SHOWN = 300  # characters of a paragraph that are kept to be shown


class Footer(NamedTuple):
    """
    A paragraph below mails of a domain.

    Args:
        shown: its beginning, as it was written.
        seen: the number of mails that had it.
    """

    domain: str
    shown: str
    seen: int


def learn(unit: Unit, intent: Learn) -> Data:
    """Count each paragraph once for this mail."""
    for paragraph in dict.fromkeys(intent.paragraphs):
        folded = debris.folded(paragraph)
        unit.db.run(
            """
            INSERT INTO footers (domain, digest, folded, shown, seen, first_at) VALUES (:domain, :digest, :folded, :shown, 1, :now)
            ON CONFLICT (domain, digest) DO UPDATE SET seen = footers.seen + 1
            """,
            domain=intent.domain,
            digest=sha256(folded.encode()).hexdigest(),
            folded=folded,
            shown=" ".join(paragraph.split())[:_SHOWN],
            now=text_of(unit.now),
        )
    return {"domain": intent.domain, "paragraphs": len(intent.paragraphs)}


def learned(db: Database, addresses: Sequence[str]) -> frozenset[str]:
    """The footers of the domains of these addresses, folded."""
    domains = sorted({one.rpartition("@")[2] for one in addresses})
    if not domains:
        return frozenset()
    placeholders, parameters = listed("d", domains)
    rows = db.run(
        f"SELECT folded FROM footers WHERE domain IN ({placeholders}) AND seen >= :least",
        least=KNOWN_AFTER,
        **parameters,
    )
    return frozenset(row["folded"] for row in rows)


def seen(db: Database, domain: str) -> list[Footer]:
    """What was seen below mails of a domain, the most frequent first."""
    rows = db.run(
        "SELECT domain, shown, seen FROM footers WHERE domain = :domain ORDER BY seen DESC, digest", domain=domain
    )
    return [Footer(row["domain"], row["shown"], int(row["seen"])) for row in rows]
