"""Shows point by point whether a mail is proven to come from a member of staff, for `check --staff` (behaviour.md §4.4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ackbot.casework.council import Staff
from ackbot.casework.incoming.screening import Seen, screen
from ackbot.casework.model import PURPOSES
from ackbot.mail import authresults
from ackbot.mail.tokens import Signer, Token

TRIAL = PURPOSES["trial"]
_STALE = timedelta(days=3)  # a mail may wait over a weekend without a connection, but no longer
_CLOCKS_DIFFER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the proof: what was found, whether it passed, and what to change if not."""

    what: str
    passed: bool
    mend: str = ""


def trial_code(signer: Signer, staff: str) -> str:
    """The code in the reply address of a trial mail, in place of a case's. It is always the same for one person."""
    return signer.code(f"trial:{staff}", 0)


def trial_tokens(seen: Seen, signer: Signer) -> tuple[Token, ...]:
    """The tokens that prove that a mail answers a trial mail: first those of Message-IDs, then those of reply addresses."""
    by_id = [one for one in seen.message.answers if one.purpose == TRIAL and one.role == "staff"]
    by_address = [one for one in seen.message.addressed if one.staff and one.code == trial_code(signer, one.staff)]
    return (*by_id, *by_address)


def answers_trial(seen: Seen, signer: Signer) -> bool:
    """
    Whether a colleague answers a trial mail, even without proof. Such an answer is not a letter and opens no case.

    Anybody else who answers one, for example after a forward, writes a letter.
    """
    author = seen.message.author
    ours = author is not None and (seen.staff is not None or seen.council.is_colleague(author.key))
    return ours and bool(trial_tokens(seen, signer))


def stale(seen: Seen) -> bool:
    """
    Whether the mail was written more than three days before it arrived.

    Somebody who replays an old mail can change its Message-ID, so that it looks new, but not its Date, because DKIM signs that
    (RFC 6376 §5.4.1).
    """
    return seen.message.sent_at is not None and seen.arrival.arrived_at - seen.message.sent_at > _STALE


def is_before(seen: Seen, at: datetime) -> bool:
    """Whether the mail was written before an instant (UTC), and so answers nothing of it; clocks may differ by an hour."""
    return seen.message.sent_at is not None and seen.message.sent_at < at - _CLOCKS_DIFFER


def points(seen: Seen, person: Staff, signer: Signer) -> list[Point]:
    """The points of the proof that this person wrote the mail, in the order in which they are checked."""
    return [_token(seen, person, signer), _address(seen, person), _server(seen), _kind(seen)]


def _token(seen: Seen, person: Staff, signer: Signer) -> Point:
    tokens = trial_tokens(seen, signer)
    tagged = [one for one in tokens if not one.message_id]
    if tagged and person.id not in [one.staff for one in tagged]:
        return Point("token: it answers a mail to somebody else", False, "answer the mail that came to you")
    if any(one.message_id for one in tokens):
        return Point("token: it answers our mail by its Message-ID", True)
    if tokens:
        return Point("token: our Message-ID was lost on the way, but the reply address has it too", True)
    mend = "answer with Reply; where the mail server replaces Message-IDs, set `plus_addressing = true`"
    return Point("token: the reply has none of ours", False, mend)


def _address(seen: Seen, person: Staff) -> Point:
    author = seen.message.author
    if author is not None and author.key in person.addresses:
        return Point(f"From: {author.addr} is an address of {person.name}", True)
    if author is None:
        return Point("From: there is no sender", False, "write from the mail program that you work with")
    addresses = ", ".join(f'"{one}"' for one in (*person.addresses, author.key))
    return Point(f"From: {author.addr} is not an address of {person.name}", False, f"[[staff]] email = [{addresses}]")


def _server(seen: Seen) -> Point:
    """Whether the inbox's own server vouches for From; if not, which `authserv_id` would."""
    headers, trusted = seen.message.headers, seen.inbox.authserv_id
    servers = authresults.servers(headers)
    author = seen.authority.author
    domain = author.domain if author else ""
    found = seen.authority.result_of(seen.inbox)
    near = next((one for one in servers if authresults.verdict(headers, one, domain) == "pass"), "")
    if authresults.internal(headers) and authresults.verdict(headers, authresults.UNKNOWN, domain) != "fail":
        near = near or authresults.UNKNOWN
    change = f'[[inbox]] authserv_id = "{near}", if that is your own mail server' if near else ""
    if not trusted:
        return Point("server: no authserv_id is set, so the token and From are the only proof", True, change)
    if seen.authority.vouched_by(seen.inbox):
        return Point(f"server: {trusted} vouches for the sender", True)
    if found == "fail":
        return Point(
            f"server: {trusted} says that the sender is forged (dmarc=fail)",
            False,
            "correct SPF, DKIM and DMARC of the servers that send this person's mail; From and the signing domain must agree",
        )
    if not servers:
        what = "the mail has no Authentication-Results"
        return Point(f"server: {what}", False, change or "let your mail server check internal mail too")
    named = ", ".join(servers)
    what = f"{trusted} does not say pass; the mail has results of {named}, the topmost first"
    return Point(f"server: {what}", False, change or "let your mail server check DMARC of internal mail too")


def _kind(seen: Seen) -> Point:
    verdict = screen(seen)
    if verdict.kind in ("staff", "letter"):
        return Point("words: a person's", True)
    return Point(f"words: it looks like {verdict.kind}: {verdict.why}", False, "answer by hand")
