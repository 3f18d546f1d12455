"""The mails that ackbot sends to its own inboxes, to see whether mail goes out and comes back."""

import json
from datetime import datetime
from typing import NamedTuple

from ackbot.store import settings
from ackbot.store.database import Database, instant_of, text_of


class Canary(NamedTuple):
    """The last mail to an inbox: when it was written, and whether it was given up."""

    at: datetime
    lost: bool


def last(db: Database, inbox: str) -> Canary | None:
    """The last one to this inbox; None if there was none."""
    kept = settings.read(db, f"canary {inbox}")
    return Canary(instant_of(json.loads(kept)["at"]), json.loads(kept)["lost"]) if kept else None


def keep(db: Database, inbox: str, canary: Canary) -> None:
    """Remember it as the last."""
    settings.write(db, f"canary {inbox}", json.dumps({"at": text_of(canary.at), "lost": canary.lost}))


def is_back(db: Database, inbox: str, since: datetime) -> bool:
    """
    Whether a mail with our own signature was seen in an inbox since an instant. Any will do, because it came the same way; on its
    way a provider may have given the canary another Message-ID.
    """
    return bool(
        db.run(
            "SELECT 1 FROM arrivals JOIN letters ON letters.id = arrivals.letter_id WHERE arrivals.inbox = :inbox "
            "AND arrivals.recorded_at >= :since AND letters.kind = 'own' LIMIT 1",
            inbox=inbox,
            since=text_of(since),
        )
    )
