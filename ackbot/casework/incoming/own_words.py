"""
Which words of a letter its writer said to us, so that wishes and scores in them count (behaviour.md §3.13, P7).

Reply addresses and ids travel in forwards. Whoever has one can write to a resident with it in Reply-To, or with an inbox of ours
in Cc, and have the resident's honest answer, for which every server vouches, come to us: "No more emails please". What
stands in a mail that a resident forwards is its writer's, not theirs. An officer's answer to such a stranger is no answer to the
resident whom it also reaches.
"""

from collections.abc import Collection

from ackbot.casework.incoming.screening import Seen, only_cc
from ackbot.casework.model import Facts
from ackbot.mail import quoting, subjects
from ackbot.mail.addresses import key_of


def of(seen: Seen) -> str:
    """The newly written words without the mails that the letter quotes or forwards; "" if there are none."""
    words = seen.message.new_text
    return quoting.unmarked(words[: quoting.own_end(words)]).strip()


def to_us(seen: Seen, facts: Facts) -> bool:
    """Whether the words are said to us: an inbox of ours is in To, or nowhere, and the letter answers no mail of anybody else."""
    return not only_cc(seen) and not answers_another(seen, facts)


def answers_another(seen: Seen, facts: Facts, parties: Collection[str] = ()) -> bool:
    """
    Whether a mail answers somebody else's than the council's, its author's or one of these parties'.

    It does if the client that quotes it names somebody else in the head above. Without such a head it answers one of theirs if
    In-Reply-To names a mail of ours, a letter to us, or an earlier one of the same writer. A server may have replaced the id of
    our mail; then the head must name us. Anybody can write our ids and our words into a mail, but not into another's client.

    Args:
        parties: their addresses, case folded; for an officer's mail, of which only a head counts.
    """
    message = seen.message
    replies = bool(message.in_reply_to) or subjects.is_reply(message.subject)
    if not replies or subjects.is_forward(message.subject):
        return False
    if writers := quoting.writers(message.text):
        keys = [key_of(one) for one in writers]  # a stranger's name may hold an address of ours
        return not all(one in parties or _is_ours(one, seen) for one in keys)
    # What reached a colleague answers a mail that we never saw; what one answers may not have been seen yet.
    if not message.in_reply_to or seen.passed is not None or parties:
        return False
    known = {token.message_id for token in message.answers} | {one.message_id.lower() for one in facts.past}
    return not any(one.lower() in known or one in facts.by_message_id for one in message.in_reply_to)


def _is_ours(address: str, seen: Seen) -> bool:
    """Whether the mail of that address is the council's, or the writer's own."""
    author, council = seen.message.author, seen.council
    own = author is not None and address == author.key
    return own or council.is_colleague(address) or bool(council.inbox_at(address) or council.staff_at(address))
