"""
What a mail may do: who its only author is, which servers vouch for that author, and whether it answers our mail to staff (P7).

Anybody can write any From, tokens travel in forwards, and anybody can fill in a contact form. Therefore every rule by which a
mail acts asks here first: for each case that the mail names, and for each absence, wish, score, answer, reopening, copy and
bounce (behaviour.md §1, §4.4).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ackbot.casework.council import Council, Inbox, Staff
from ackbot.casework.model import Case, Proof
from ackbot.mail import authresults
from ackbot.mail.addresses import Address
from ackbot.mail.authresults import Verdict
from ackbot.mail.message import Message

FORGED = "it may not be from the person it names, because the mail system could not confirm the sender"
BY_FORM = "it came by a contact form, and nobody has checked the name and the address"
UNCHECKED = "we could not check who wrote this, so it changed nothing here"


@dataclass(frozen=True, slots=True)
class Authority:
    """
    Args:
        arrived: the inbox that the mail came to.
        author: the author whose authority it may use; None if From names several people, or nobody (RFC 5322 §3.6.2).
        staff: the member of staff who is that author; None if there is none. The address alone proves nothing.
        answers_staff: it answers a mail that we sent to staff: its reply address or the answered Message-ID is signed by us.
        made_for: ids of the staff for whom the reply addresses were made that it was sent to; empty if there are none.
        form: it comes from a contact form, which speaks for nobody.
        results: what the servers that our inboxes believe say about the author, by authserv-id in lower case.
        another: the servers, in lower case, that judged somebody else than the author: they read From otherwise.
        internal: it bears Exchange's mark of a mail from inside.
        condemned: a copy of the same mail was condemned, and this one clears nothing (E7).
        passed_on: a colleague passes it on. Nothing in it is proven, because it came to us inside another mail (§4.7).
    """

    arrived: Inbox
    author: Address | None
    staff: Staff | None
    answers_staff: bool
    made_for: frozenset[str]
    form: bool
    results: Mapping[str, Verdict]
    another: frozenset[str]
    internal: bool
    condemned: bool = False
    passed_on: bool = False

    def result_of(self, inbox: Inbox) -> Verdict:
        """
        What the server says that this inbox believes; "" if it believes none, or if that server says nothing.

        Only mail that came through that server has lost the results that strangers wrote in its name (RFC 8601 §5). In mail
        that came to an inbox which believes another server, or none, only a failure counts: nobody forges that (E2).
        """
        found = self.results.get(inbox.authserv_id.lower(), "")
        return found if found == "fail" or self._came_through(inbox) else ""

    def _came_through(self, inbox: Inbox) -> bool:
        return not self.passed_on and self.arrived.authserv_id.lower() == inbox.authserv_id.lower()

    def vouched_by(self, inbox: Inbox) -> bool:
        """
        Whether the inbox's own server vouches for From. True if the inbox has no `authserv_id`.

        Exchange's internal mark replaces a pass only if `authserv_id` is "unknown" (Exchange Online) and the results do not
        say fail, because any other server lets strangers write that mark.
        """
        trusted, found = inbox.authserv_id, self.result_of(inbox)
        exchange = trusted.lower() == authresults.UNKNOWN and self.internal and self._came_through(inbox)
        if self.condemned or self.passed_on:
            return False
        return not trusted or found == "pass" or (exchange and found != "fail" and self.author is not None)

    def may_be_vouched_by(self, inbox: Inbox) -> bool:
        """Whether the inbox's server vouches for From, or was never asked, because the mail came to another inbox."""
        return self.vouched_by(inbox) or (not self._came_through(inbox) and self.result_of(inbox) != "fail")

    def proven_by(self, inbox: Inbox) -> bool:
        """Whether the inbox believes a server, and that server vouches for From. No token is needed then."""
        return bool(inbox.authserv_id) and self.vouched_by(inbox)

    def proves(self, writer: Address | None, inbox: Inbox) -> bool:
        """
        Whether the inbox's server vouches that this is who wrote the mail.

        It vouches for the address of a contact form, too, and that proves nothing of the resident whom the form names.
        """
        named = writer is not None and self.author is not None and writer.key == self.author.key
        return named and not self.form and self.proven_by(inbox)

    def condemned_by(self, *inboxes: Inbox) -> bool:
        """Whether a server says that the author is forged (DMARC fail): that of the inbox it came to, or of one of these."""
        return self.condemned or any(self.result_of(inbox) == "fail" for inbox in (self.arrived, *inboxes))

    def clears(self, *inboxes: Inbox) -> bool:
        """
        Whether this copy takes back that an earlier one was condemned (E7).

        Only an inbox that believes a server says so: what nobody checks is no better than what was checked and failed.

        Args:
            inboxes: those that earlier copies came to.
        """
        return bool(self.arrived.authserv_id) and not self.passed_on and not self.condemned_by(*inboxes)

    def checked_for(self, inbox: Inbox) -> bool:
        """Whether the mail came through the server that this inbox believes. True if the inbox believes none."""
        return not self.passed_on and (not inbox.authserv_id or self._came_through(inbox))

    def wishes_within(self, council: Council) -> tuple[str, ...] | None:
        """
        The inboxes in whose cases alone a wish may count; None for all, because a server checked the mail, or none ever does.

        A wish acts in every case of its author, so what nobody checked counts only where nothing is checked (E2).
        """
        unchecked = tuple(one.name for one in council.inboxes.values() if not one.authserv_id)
        return None if self.arrived.authserv_id or len(unchecked) == len(council.inboxes) else unchecked

    def speaks_as_staff(self, inboxes: Iterable[Inbox] = ()) -> bool:
        """
        Whether the mail is proven to come from the member of staff in From (behaviour.md §4.4).

        It needs a staff token, made for this person if it is in a reply address. The inbox that it came to must vouch for
        From, and so must each inbox of the cases that it acts in; otherwise the weakest inbox would be a way into all (E2).
        """
        if self.staff is None or not self.answers_staff or (self.made_for and self.staff.id not in self.made_for):
            return False
        return all(self.vouched_by(inbox) for inbox in (self.arrived, *inboxes))

    def may_pass_on(self, home: Inbox) -> bool:
        """
        Whether a colleague surely wrote the mail, so that they may pass on what reached them (behaviour.md §4.7).

        No token is needed, because it answers no mail of ours; so the servers of the inbox that it came to, and of the one that
        it is for, must both vouch for it.
        """
        return self.staff is not None and not self.form and all(self.proven_by(one) for one in (self.arrived, home))

    def reaches(self, case_inbox: Inbox, others: Iterable[Inbox]) -> bool:
        """
        Whether staff who may act in a case of one inbox may also act in cases of others that the mail does not name.

        The server of that inbox must vouch for them. If the inbox believes no server, each of the other inboxes must.
        """
        return self.proven_by(case_inbox) or self.speaks_as_staff(others)

    def is_own(self, *inboxes: Inbox) -> bool:
        """
        Whether the mail is its author's own: one person wrote it, not a form, and no server that is asked condemns it.

        A pass is not needed, because the servers of many residents publish no DMARC policy; but a result for somebody else
        shows that the server read another author in From. The mail must have come through the server that each of these inboxes
        believes; otherwise the weakest inbox would speak for everybody (E2).
        """
        doubted = self.condemned_by(*inboxes) or self.another_named(*inboxes)
        own = self.author is not None and not self.form and not doubted
        return own and all(self.checked_for(one) for one in inboxes)

    def another_named(self, *inboxes: Inbox) -> bool:
        """Whether the server that the mail came through, and one of these inboxes believes, judged another author than ours."""
        asked = (one for one in (self.arrived, *inboxes) if self._came_through(one))
        return any(one.authserv_id.lower() in self.another for one in asked)

    def speaks_for(self, case: Case, council: Council) -> bool:
        """Whether the mail is a party's own in this case, so that wishes, scores and answers in it count (E4)."""
        own = self.is_own(council.inbox_of(case.inbox))
        return own and self.author is not None and self.author.key in case.parties

    def proof_for(self, case: Case, council: Council, *, opening: bool) -> Proof:
        """
        How well it is proven that a party of the case wrote the mail.

        Args:
            opening: it opens the case; then its resident may be whom a form or Reply-To names, which proves nothing.
        """
        inbox = council.inbox_of(case.inbox)
        if self.condemned_by(inbox):
            return 0
        if self.passed_on:
            return 1 if opening or (self.author is not None and self.author.key in case.parties) else 0
        if not self.speaks_for(case, council):
            return 1 if opening or self.form else 0
        return 2 if self.proven_by(self.arrived) or self.proven_by(inbox) else 1


def of(
    message: Message,
    inbox: Inbox,
    council: Council,
    *,
    form: bool,
    condemned: bool = False,
    passed_on: bool = False,
) -> Authority:
    """
    What a mail may do that came to this inbox.

    Args:
        form: From is a contact form of this inbox.
        condemned, passed_on: see `Authority`.
    """
    named = {one.key for one in message.from_ if one.addr}
    author = message.author if len(named) == 1 else None
    domain = author.domain if author else ""
    believed = {one.authserv_id.lower() for one in (inbox, *council.inboxes.values()) if one.authserv_id}
    tokens = (*message.addressed, *message.answers)
    return Authority(
        arrived=inbox,
        author=author,
        staff=council.staff_at(author.key) if author and not passed_on else None,
        answers_staff=any(token.role == "staff" for token in tokens),
        made_for=frozenset(token.staff for token in message.addressed if token.role == "staff"),
        form=form,
        results=MappingProxyType({one: authresults.verdict(message.headers, one, domain) for one in believed}),
        another=frozenset(one for one in believed if authresults.named_another(message.headers, one, domain)),
        internal=authresults.internal(message.headers),
        condemned=condemned,
        passed_on=passed_on,
    )
