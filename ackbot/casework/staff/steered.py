"""
Tells when an officer answers somebody else's mail, and a reply address of ours stood in its Reply-To (P7).

Reply addresses travel in forwards. Whoever has one can write to its officer from outside, and have the officer's honest
answer, for which every server vouches, come to us as if it answered our own mail.
"""

from ackbot.casework.staff.request import StaffReply
from ackbot.mail import replies, subjects

PROBLEM = (
    "It answers a mail that is not ours, so it changed nothing, and nobody else has read it. "
    "If it was meant for us, please write it once more in answer to this mail."
)


def is_steered(reply: StaffReply) -> bool:
    """
    Whether a reply of staff answers a mail that we did not write.

    It answers ours if In-Reply-To names our mail, or one of the case, and what it quotes is no other mail. A server may have
    replaced the id of our mail; then the quotation must be ours, with one of our inboxes in its head. Our links begin mails
    that are no replies, and so answer nobody's. A mail that names no inbox of ours was written to somebody else.
    """
    message, facts, council = reply.seen.message, reply.facts, reply.desk.council
    # Whoever got a signed mail of theirs can send it to us again; what was meant for us names us.
    if not any(council.inbox_at(one.key) for one in (*message.to, *message.cc)):
        return True
    ours = {token.message_id for token in message.answers}
    codes = {token.code for token in reply.tokens if token.code}
    named = [one for one in message.in_reply_to if one.lower() in ours or facts.by_message_id.get(one) in codes]
    if not message.in_reply_to and not subjects.is_reply(message.subject):
        return False
    fences = reply.desk.fences
    original = "\n".join(one.text for one in facts.ours.values() if one.staff == reply.person.id)
    writers = {name for one in council.inboxes.values() for name in (*one.addresses, f"via {one.service}".casefold())}
    whose = replies.quoted(message.rich or message.text, fences, original, writers)
    return whose == "another" if named else whose != "ours"
