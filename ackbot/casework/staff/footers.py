"""What the council's own servers put below the quotation of its mails is nobody's words, and is learned (E37)."""

from ackbot.casework.incoming.screening import Seen
from ackbot.casework.intents import Intent, Learn
from ackbot.casework.staff.reading import Reading
from ackbot.mail import debris

_MOST = 4  # paragraphs below one mail that are remembered
_SHORTEST = 40  # characters


def learning(seen: Seen, reading: Reading) -> list[Intent]:
    """
    What stands below the quotation and is not ours: seen in three mails of the council's domain it is a footer.

    A short line may be an answer, and is always asked about.
    """
    author = seen.message.author
    under = tuple(one for one in reading.under if len(debris.folded(one)) >= _SHORTEST)[:_MOST]
    if author is None or not under:
        return []
    domain = author.key.rpartition("@")[2]
    return [Learn("", domain=domain, paragraphs=under, why=f"it stands below a mail of {domain} and may be a footer")]
