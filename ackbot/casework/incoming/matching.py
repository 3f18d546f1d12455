"""Finds the case that a letter belongs to (domain.md §2 "Threading", behaviour.md §3.2, §3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ackbot.casework.incoming import our_words, routing
from ackbot.casework.incoming.screening import Seen, Verdict
from ackbot.casework.model import PURPOSES, Case, Facts, PastLetter, Questions
from ackbot.casework.office import Desk
from ackbot.mail import subjects
from ackbot.mail.addresses import Address
from ackbot.mail.tokens import Signer

JOINED_WITHIN = timedelta(days=3)  # between two letters of one person with the same subject or text
_LISTED = 20_000  # characters of a staff mail that are searched for references
_LISTS = frozenset(PURPOSES[kind] for kind in ("cover", "no-news", "settled"))  # mails that may list several cases
_READ = 4_000  # characters of a letter that are searched for the reference of one of them
_LIKE_A_DOUBTED = "a letter much like it is in {}; nothing proves that the same person wrote that one"
CANDIDATES = 5  # references to try for a new case; no council has so many cases that all five are taken


@dataclass(frozen=True, slots=True)
class Match:
    """
    The case that a letter belongs to.

    Args:
        case: None if the letter opens a new case.
        how: how the case was found, in plain English.
        note: what the owner of a new case should know, such as a reference that a stranger named (D50).
        linked: the code of an earlier case that the new case continues.
        joined: the case was found by subject or text alone; the letter names no mail of it.
    """

    case: Case | None
    how: str
    note: str = ""
    linked: str = ""
    joined: bool = False


def questions_for(seen: Seen, verdict: Verdict, desk: Desk) -> Questions:
    """What the rules need to ask the store before they can judge this mail."""
    message, council, sender = seen.message, seen.council, verdict.to
    # Anybody can quote our ids; only in a bounce do they tell which of our mails came back.
    returned = message.returned if verdict.kind == "bounce" else ()
    tokens = (*returned, *message.addressed, *message.answers)
    listed = council.codes_in(message.new_text[:_LISTED]) if seen.authority.answers_staff and seen.staff else ()
    codes = dict.fromkeys(
        [*(token.code for token in tokens if token.code), *council.codes_in(message.subject), *listed]
    )
    return Questions(
        fingerprint=message.fingerprint,
        addresses=(sender.key,) if sender and sender.key else (),
        codes=tuple(codes),
        message_ids=tuple(dict.fromkeys((*message.in_reply_to, *message.references))),
        candidate_codes=_codes(desk.signer, message.fingerprint),
        staff=_candidates(seen),
        ours=tuple(
            token.message_id for token in (*message.answers, *tokens) if token.role == "staff" and token.message_id
        ),
        author=seen.staff.id if seen.staff and seen.authority.answers_staff else "",
        returned=tuple(token.message_id for token in returned),
        listing=tuple(
            token.message_id for token in message.answers if token.role == "resident" and token.purpose in _LISTS
        ),
        sent=tuple(
            token.message_id
            for token in (
                message.answers if max(map(len, (message.new_text, message.unmarked))) >= our_words.LEAST else ()
            )
            if token.role == "resident" and token.message_id
        ),
        since=seen.arrival.arrived_at if seen.passed else None,
    )


def _candidates(seen: Seen) -> tuple[str, ...]:
    """
    The staff who might own the case: members of the team it is routed to, and of the teams of other inboxes it was sent to.

    For a staff reply these are all members of all teams, because staff may pass a case to any team.
    """
    council = seen.council
    if seen.staff and seen.authority.answers_staff:
        return tuple(dict.fromkeys(member for team in council.teams.values() for member in team.members))
    names = dict.fromkeys(routing.route(seen.message, inbox, council).team for inbox in (seen.home, *seen.also_to))
    return tuple(
        dict.fromkeys(member for name in names if name in council.teams for member in council.teams[name].members)
    )


def free_code(signer: Signer, fingerprint: str, facts: Facts) -> str:
    """The first candidate code for a new case that no other case has. The candidates depend on the letter's fingerprint alone."""
    return next(code for code in _codes(signer, fingerprint) if code not in facts.taken_codes)


def _codes(signer: Signer, fingerprint: str) -> tuple[str, ...]:
    return tuple(signer.code(fingerprint, attempt) for attempt in range(CANDIDATES))


def match(seen: Seen, sender: Address | None, facts: Facts) -> Match:
    """
    The case of a letter, by the first way that finds one; else a new case.

    The ways are: a token of ours, In-Reply-To and References, a reference in the subject, the same sender with the same
    subject or text. A letter forwarded to another inbox, or too late for its closed case, gets a new case that is linked.

    A contact form opens letters: its subject is the same for all, and whoever fills it in may name anybody as its writer.
    Only the same text within three days is the same letter.
    """
    council, arrived_at = seen.council, seen.arrival.arrived_at
    if seen.authority.form:
        return _joined(seen, sender, facts) or Match(None, "a contact form opens a case of its own")
    # A case of the sender's own comes first: anybody can put the ids of another case into the thread of a resident (P7).
    found = (
        _by_name_in_list(seen, sender, facts)
        or _by_own_token(seen, sender, facts)
        or _by_thread(seen, sender, facts)
        or _by_reference(seen, sender, facts)
        or _by_copy(seen, sender, facts)
        or _by_token(seen, facts)
    )
    note = ""
    if found is None:
        passed_on = [one.code for one in seen.message.addressed if one.role == "resident" and one.code in facts.cases]
        if passed_on:
            reference = council.reference_of(passed_on[0])
            note = f"it came to the reply address of {reference}, but the sender is not known in that case"
        stranger = [code for code in council.codes_in(seen.message.subject) if code in facts.cases]
        if stranger:
            note = f"the subject names {council.reference_of(stranger[0])}, but the sender is not known in that case"
        found = _joined(seen, sender, facts)
        if found is None and not note and (doubted := _joined(seen, sender, facts, _doubted(seen, sender, facts))):
            note = _LIKE_A_DOUBTED.format(council.reference_of(doubted.case.code)) if doubted.case else ""
    if found is None or found.case is None:
        return Match(None, "nothing connects it to an open case", note)
    case = found.case
    # A resident who forwards a letter to another service wants something from that service.
    if subjects.is_forward(seen.message.subject) and seen.home.name != case.inbox:
        return Match(
            None,
            f"it was forwarded to another inbox than that of {council.reference_of(case.code)}",
            note,
            linked=case.code,
        )
    if case.state == "closed":
        standard = council.standard_of(case.standard)
        closed_at = case.closed_at or arrived_at
        if arrived_at - closed_at > timedelta(seconds=standard.reopen_within.seconds):
            return Match(
                None,
                f"{council.reference_of(case.code)} was closed too long ago to be reopened",
                note,
                linked=case.code,
            )
    return found


def named_in_list(seen: Seen, sender: Address | None, facts: Facts) -> list[Case]:
    """The cases that a letter names, of those that the answered mail of ours listed, if its sender is a party of them (E29)."""
    if len(facts.listed) < 2:
        return []
    codes = dict.fromkeys(seen.council.codes_in(seen.message.new_text[:_READ]))
    cases = [facts.cases[code] for code in codes if code in facts.listed and code in facts.cases]
    return [case for case in cases if sender is not None and sender.key in case.parties]


def _by_name_in_list(seen: Seen, sender: Address | None, facts: Facts) -> Match | None:
    named = named_in_list(seen, sender, facts)
    return Match(named[0], "it names the reference, of several that our mail listed") if named else None


def _by_own_token(seen: Seen, sender: Address | None, facts: Facts) -> Match | None:
    """The case of a mail of ours that this one answers, if the sender is a party of that case."""
    for tokens, how in (
        (seen.message.addressed, "it was written to the reply address of our mail"),
        (seen.message.answers, "it answers our mail"),
    ):
        for token in tokens:
            case = facts.cases.get(token.code) if token.role == "resident" else None
            if case is not None and sender is not None and sender.key in case.parties:
                return Match(case, how)
    return None


def _by_token(seen: Seen, facts: Facts) -> Match | None:
    """
    The case of a mail of ours that somebody else answers: a neighbour, a landlord, the resident from another address.

    A reply address is passed on, and stands in address books: alone it counts for nobody else (E12). The id of a mail of ours is
    known to those who had that mail, or an answer to it; but whoever answers their mail carries all its ids along unseen, so
    only an answer to our mail itself counts.
    """
    message = seen.message
    thread = {facts.by_message_id.get(identity) for identity in (*message.in_reply_to, *message.references)}
    for token in message.addressed:
        known = token.code in thread or any(token.code == one.code for one in message.answers)
        if known and token.role == "resident" and token.code in facts.cases:
            return Match(facts.cases[token.code], "it was written to the reply address of our mail")
    answered = {one.lower() for one in message.in_reply_to or message.references[-1:]}
    for token in message.answers:
        if token.role == "resident" and token.code in facts.cases and token.message_id in answered:
            return Match(facts.cases[token.code], "it answers our mail")
    return None


def _by_copy(seen: Seen, sender: Address | None, facts: Facts) -> Match | None:
    """The case of a letter that somebody answers whom a party named in To or Cc of one, as in "reply to all" (E24)."""
    for identity in (*seen.message.in_reply_to, *reversed(seen.message.references)):
        case = facts.cases.get(facts.by_message_id.get(identity, ""))
        if case and sender and sender.key in facts.named.get(case.code, ()):
            return Match(case, "the resident copied them in, and they answer a letter of the case")
    return None


def _doubted(seen: Seen, sender: Address | None, facts: Facts) -> tuple[PastLetter, ...]:
    """
    The earlier letters in this sender's name that are not taken for theirs: if this one is proven, all that are not.

    Otherwise whoever writes in a resident's name first has the resident's own first letter for a further one, which is not
    acknowledged (E12). Where nobody vouches for anybody, all letters count as their sender's.
    """
    proven = seen.authority.proves(sender, seen.inbox)
    return tuple(one for one in facts.past if proven and not one.proven)


def _by_thread(seen: Seen, sender: Address | None, facts: Facts) -> Match | None:
    """
    The case of an earlier letter that this one answers by its Message-ID.

    Anybody can write a stranger's Message-ID, so this counts only for a sender who is a party to the case (D13), and not for
    a letter in their name that may be somebody else's: they may answer that person's mail, which has the same id.
    """
    doubted = {one.message_id for one in _doubted(seen, sender, facts)}
    for identity in (*seen.message.in_reply_to, *reversed(seen.message.references)):
        case = facts.cases.get(facts.by_message_id.get(identity, "")) if identity not in doubted else None
        if case and sender and sender.key in case.parties:
            return Match(case, "it answers an earlier letter of the case")
    return None


def _by_reference(seen: Seen, sender: Address | None, facts: Facts) -> Match | None:
    for code in seen.council.codes_in(seen.message.subject):
        case = facts.cases.get(code)
        if case and sender and sender.key in case.parties:
            return Match(case, "its subject names the reference")
    return None


def _joined(
    seen: Seen, sender: Address | None, facts: Facts, among: Sequence[PastLetter] | None = None
) -> Match | None:
    """The case of an earlier letter of the sender's with the same subject or text; `among` these, or all that are not doubted."""
    if sender is None or sender.key == "":
        return None
    subject_key = subjects.key(seen.message.subject)
    doubted = _doubted(seen, sender, facts)
    for past in among if among is not None else [one for one in facts.past if one not in doubted]:
        case = facts.cases.get(past.code)
        if case is None or case.state == "closed" or abs(seen.arrival.arrived_at - past.arrived_at) > JOINED_WITHIN:
            continue
        same = subject_key and past.subject_key == subject_key and not seen.authority.form
        if same and case.inbox == seen.home.name:
            return Match(case, "the same person wrote under the same subject within three days", joined=True)
        if seen.message.text_hash and past.text_hash == seen.message.text_hash:
            return Match(case, "the same person sent the same text within three days", joined=True)
    return None
