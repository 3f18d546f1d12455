"""What became of the automatic answer to a letter: what was decided is not yet what happened (behaviour.md §5.8, E63)."""

# SQL, for a query of `letters`: the state of the answer, '' if none was decided; of a held one with its reason, 'held shadow'.
ANSWER = """
    CASE WHEN NOT letters.acknowledged THEN '' ELSE COALESCE((
        SELECT CASE WHEN outbox.state = 'held' THEN 'held ' || outbox.held_for ELSE outbox.state END
        FROM outbox WHERE outbox.code = letters.code AND outbox.letter_id = letters.id AND outbox.staff = ''
          AND outbox.kind IN ('acknowledgement', 'receipt') ORDER BY outbox.id LIMIT 1
    ), 'accepted') END AS answer
"""
_SAID = {
    "": "not answered",
    "accepted": "answered",
    "unverified": "answered, and nobody knows if it arrived",
    "failed": "not answered: the relay refused our mail",
    "cancelled": "not answered: the mail was dropped",
    "held shadow": "would have been answered",
    "held pause": "not answered yet: paused",
    "held brake": "not answered yet: the brake holds it",
    "held restore": "not answered yet: it waits for `ackbot release`",
}


def said(answer: str) -> str:
    """The state of an answer in words."""
    return _SAID.get(answer, "being answered")


def went_out(answer: str) -> bool:
    """Whether the answer is out, or on its way."""
    return bool(answer) and answer not in ("failed", "cancelled") and not answer.startswith("held ")
