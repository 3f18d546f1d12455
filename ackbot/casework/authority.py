"""
What a mail may do, decided once: who its one author is, whose servers vouch for them, what token it answers (P7).

From is anybody's to write, tokens travel in forwards, and a contact form is filled in by whoever likes. So nothing acts on a
mail before it has asked here: for each case named in it, each absence, wish, score, answer, reopening, copy and bounce
(behaviour.md §1, §4.4).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ackbot.casework.council import Council, Inbox, Staff
from ackbot.casework.model import Case
from ackbot.mail import authresults
from ackbot.mail.addresses import Address
from ackbot.mail.authresults import Verdict
from ackbot.mail.message import Message

FORGED = "it may be forged: the trusted server says the sender's address is forged (DMARC fail)"


@dataclass(frozen=True, slots=True)
class Authority:
    """
    Args:
        arrived: the inbox that it came to.
        author: the one author whose authority it may use; None where From names several, or nobody (RFC 5322 §3.6.2).
        staff: the member of staff who is that author.
        answers_staff: it answers a mail that we sent to staff: by reply address, or by the Message-ID it answers.
        made_for: staff ids for whom the reply addresses were made that it was sent to; empty where it has none.
        form: a contact form wrote it, which speaks for nobody: anybody fills it in, in any name.
        results: what each server that an inbox believes says of the author, by authserv-id in lower case.
        internal: it bears Exchange's mark of a mail sent from inside.
    """

    arrived: Inbox
    author: Address | None
    staff: Staff | None
    answers_staff: bool
    made_for: frozenset[str]
    form: bool
    results: Mapping[str, Verdict]
    internal: bool

    def result_of(self, inbox: Inbox) -> Verdict:
        """What the server says whom this inbox believes; "" where it believes none, or that server says nothing."""
        return self.results.get(inbox.authserv_id.lower(), "")

    def vouched_by(self, inbox: Inbox) -> bool:
        """
        Whether the inbox's own server vouches for From; where the inbox names no server, nothing is asked of it.

        Exchange's internal mark stands in for the pass only where `authserv_id` is "unknown", which is Exchange Online,
        and only where its results do not say fail: any other server lets strangers write that mark.
        """
        trusted, found = inbox.authserv_id, self.result_of(inbox)
        exchange = trusted.lower() == authresults.UNKNOWN and self.internal
        return not trusted or found == "pass" or (exchange and found != "fail" and self.author is not None)

    def proven_by(self, inbox: Inbox) -> bool:
        """Whether the inbox has a server to believe, and that server vouches for From: enough without any token."""
        return bool(inbox.authserv_id) and self.vouched_by(inbox)

    def condemned_by(self, *inboxes: Inbox) -> bool:
        """Whether the server of the inbox it came to, or of one of these, says that its author is forged (DMARC fail)."""
        return any(self.result_of(inbox) == "fail" for inbox in (self.arrived, *inboxes))

    def speaks_as_staff(self, inboxes: Iterable[Inbox] = ()) -> bool:
        """
        Whether it is a member of staff's word: a token of ours, From one of that person's addresses, and an aligned pass
        by the inbox it came to and by each inbox of what it acts on, for the weakest inbox is nobody's way in (E2).
        """
        if self.staff is None or not self.answers_staff or (self.made_for and self.staff.id not in self.made_for):
            return False
        return all(self.vouched_by(inbox) for inbox in (self.arrived, *inboxes))

    def reaches(self, case_inbox: Inbox, others: Iterable[Inbox]) -> bool:
        """
        Whether staff, who may act in a case of one inbox, may act beyond it, in cases that nobody named: that inbox's server
        vouches for them, or else each of the others does.
        """
        return self.proven_by(case_inbox) or self.speaks_as_staff(others)

    def is_own(self, *inboxes: Inbox) -> bool:
        """
        Whether it may speak for its author: wishes, scores and answers are taken as theirs. There must be one, who wrote it
        in person, and no server that is asked condemns it; a pass cannot be asked of residents, whose servers may have none.
        """
        return self.author is not None and not self.form and not self.condemned_by(*inboxes)

    def speaks_for(self, case: Case, council: Council) -> bool:
        """Whether it is a party's own mail in this case: it may wish, score, answer and reopen (E4)."""
        own = self.is_own(council.inbox_of(case.inbox))
        return own and self.author is not None and self.author.key in case.parties


def of(message: Message, inbox: Inbox, council: Council, *, form: bool) -> Authority:
    """
    What this mail may do, having come to that inbox.

    Args:
        form: From is a contact form of this inbox.
    """
    named = {one.key for one in message.from_ if one.addr}
    author = message.author if len(named) == 1 else None
    domain = author.domain if author else ""
    believed = {one.authserv_id.lower() for one in (inbox, *council.inboxes.values()) if one.authserv_id}
    tokens = (*message.addressed, *message.answers)
    return Authority(
        arrived=inbox,
        author=author,
        staff=council.staff_at(author.key) if author else None,
        answers_staff=any(token.role == "staff" for token in tokens),
        made_for=frozenset(token.staff for token in message.addressed if token.role == "staff"),
        form=form,
        results=MappingProxyType({one: authresults.verdict(message.headers, one, domain) for one in believed}),
        internal=authresults.internal(message.headers),
    )
