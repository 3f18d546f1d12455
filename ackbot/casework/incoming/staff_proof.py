"""What proves that a mail is of a member of staff, point by point, for `check --staff` (behaviour.md §4.4)."""

from dataclasses import dataclass
from datetime import timedelta

from ackbot.casework.council import Staff
from ackbot.casework.incoming.screening import Seen, screen
from ackbot.casework.model import PURPOSES
from ackbot.mail import authresults
from ackbot.mail.tokens import Signer, Token

TRIAL = PURPOSES["trial"]
_STALE = timedelta(days=3)  # a weekend without a connection, and no more


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the proof: what was found, whether it is as it must be, and what to change where it is not."""

    what: str
    passed: bool
    mend: str = ""


def trial_code(signer: Signer, staff: str) -> str:
    """What stands in for a case in the reply address of a trial mail: always the same for one person."""
    return signer.code(f"trial:{staff}", 0)


def trial_tokens(seen: Seen, signer: Signer) -> tuple[Token, ...]:
    """The tokens of a mail that prove that it answers a trial mail: by Message-ID first, by reply address after."""
    by_id = [one for one in seen.message.answers if one.purpose == TRIAL and one.role == "staff"]
    by_address = [one for one in seen.message.addressed if one.staff and one.code == trial_code(signer, one.staff)]
    return (*by_id, *by_address)


def answers_trial(seen: Seen, signer: Signer) -> bool:
    """
    Whether somebody of the council answers a trial mail, proof or no proof: that is no letter, and asks for nothing.

    Anybody else who has such a mail, say by a forward, writes a letter.
    """
    author = seen.message.author
    ours = author is not None and (seen.staff is not None or seen.council.is_colleague(author.key))
    return ours and bool(trial_tokens(seen, signer))


def stale(seen: Seen) -> bool:
    """
    Whether it was written days before it arrived. Whoever sends an old mail again can change its Message-ID, which makes
    another mail of it, and not its Date, which its signature covers (RFC 6376 §5.4.1).
    """
    return seen.message.sent_at is not None and seen.arrival.arrived_at - seen.message.sent_at > _STALE


def points(seen: Seen, person: Staff, signer: Signer) -> list[Point]:
    """The proof of one mail that this person should have written, in the order in which it is looked for."""
    return [_token(seen, person, signer), _address(seen, person), _server(seen), _kind(seen)]


def _token(seen: Seen, person: Staff, signer: Signer) -> Point:
    tokens = trial_tokens(seen, signer)
    tagged = [one for one in tokens if not one.message_id]
    if tagged and person.id not in [one.staff for one in tagged]:
        return Point("token: it answers a mail that went to somebody else", False, "answer the mail that you got")
    if any(one.message_id for one in tokens):
        return Point("token: it answers our mail by its Message-ID", True)
    if tokens:
        return Point("token: its Message-ID is lost on the way, the reply address carries it", True)
    mend = "answer with Reply; where the mail server replaces Message-IDs, set `plus_addressing = true`"
    return Point("token: it bears none of ours", False, mend)


def _address(seen: Seen, person: Staff) -> Point:
    author = seen.message.author
    if author is not None and author.key in person.addresses:
        return Point(f"From: {author.addr} is an address of {person.name}", True)
    if author is None:
        return Point("From: it names no sender", False, "write from the mail program that you work with")
    addresses = ", ".join(f'"{one}"' for one in (*person.addresses, author.key))
    return Point(f"From: {author.addr} is not an address of {person.name}", False, f"[[staff]] email = [{addresses}]")


def _server(seen: Seen) -> Point:
    """Whether the inbox's own server vouches for From, and whom to believe where it does not."""
    headers, trusted = seen.message.headers, seen.inbox.authserv_id
    servers = authresults.servers(headers)
    found = authresults.dmarc(headers, trusted)
    near = next((one for one in servers if authresults.dmarc(headers, one) == "pass"), "")
    if authresults.internal(headers) and authresults.dmarc(headers, authresults.UNKNOWN) != "fail":
        near = near or authresults.UNKNOWN
    change = f'[[inbox]] authserv_id = "{near}", if that is your own mail server' if near else ""
    if not trusted:
        return Point("server: no authserv_id is set, so token and From are all the proof there is", True, change)
    if seen.vouched:
        return Point(f"server: {trusted} vouches for the sender", True)
    if found == "fail":
        return Point(
            f"server: {trusted} says that the sender is forged (dmarc=fail)",
            False,
            "mend SPF, DKIM and DMARC of the way this person's mail goes; From and the signing domain must agree",
        )
    if not servers:
        what = "the mail bears no Authentication-Results at all"
        return Point(f"server: {what}", False, change or "let your mail server check mail from inside too")
    named = ", ".join(servers)
    what = f"{trusted} gives no pass; the mail bears results of {named}, the topmost first"
    return Point(f"server: {what}", False, change or "let your mail server check DMARC of mail from inside too")


def _kind(seen: Seen) -> Point:
    verdict = screen(seen)
    if verdict.kind in ("staff", "letter"):
        return Point("words: a person's", True)
    return Point(f"words: it is taken for {verdict.kind}: {verdict.why}", False, "answer by hand")
