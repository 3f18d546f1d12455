"""
Decides whether a person or a machine wrote a mail, and whether it may be acknowledged (domain.md §2, §3).

Each question has a table of rules; the first rule that matches decides.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from ackbot.casework import authority
from ackbot.casework.authority import Authority
from ackbot.casework.council import Council, Form, Inbox, Staff
from ackbot.casework.incoming import forms, machines, marks, personal
from ackbot.casework.incoming.passed import PassedOn
from ackbot.casework.model import PERSONAL, Arrival, ByWay, LetterKind
from ackbot.mail import subjects
from ackbot.mail.addresses import Address
from ackbot.mail.message import Message


@dataclass(frozen=True)
class Seen:
    """
    A mail with its surroundings: everything that the rules in these tables may look at.

    Args:
        condemned: a copy of the mail was condemned before, and this one clears nothing (E7).
        passed: who passed it on, and how it reached them; None for mail that came to us by itself.
    """

    message: Message
    inbox: Inbox
    council: Council
    arrival: Arrival
    condemned: bool = False
    passed: PassedOn | None = None

    @cached_property
    def form(self) -> Form | None:
        """The contact form of this inbox that is the only author in From; None if none is. Anybody can write a Sender field."""
        authors = {one.key for one in self.message.from_}
        return next((form for form in self.inbox.forms if authors == {form.sender}), None)

    @cached_property
    def own_list(self) -> bool:
        """Whether the mail came through one of the council's own lists or groups."""
        identity = marks.list_id(self.message.headers)
        return bool(identity) and any(identity == one or identity.endswith("." + one) for one in self.inbox.own_lists)

    @cached_property
    def weak_marks(self) -> int:
        """
        The number of weak marks of an automatic reply; 0 unless the subject is one of them.
        That it answers a mail of ours counts only if the subject says more than that one did: "Re: Absence: Tom Lee, 4B" may be the
        subject of the letter that we answered (E14). A letter that asks or tells something has none, whatever its subject (E15).
        """
        message = self.message
        formal = marks.AUTOMATIC_SUBJECT.search(message.subject)
        if not formal and not marks.ABSENCE_SUBJECT.match(message.subject):
            return 0
        words, reply = message.new_text, subjects.is_reply(message.subject)
        if self.authority.speaks_as_staff() and reply:
            return 0  # a colleague answers a case whose letter was an automatic reply, and kept its subject
        if self.staff and self.authority.answers_staff and not reply:
            return 0 if marks.COMMANDED.match(words) else 2  # inside, automatic replies may bear no mark (domain.md §4)
        if personal.asks(words) or personal.tells(words) or (not formal and personal.signs_off(words)):
            return 0
        null_sender, absence_words = message.return_path == "", marks.ABSENCE_WORDS.search(words[:2_000])
        return sum(map(bool, (True, formal, null_sender, absence_words, message.answers and not reply)))

    @cached_property
    def says_automatic(self) -> bool:
        """
        Whether the mail says in a sentence of its own that a machine wrote it, or that answers are neither wanted nor read.

        Only the first 200 characters of a reply count, and none of a forward, because the rest may quote another mail.
        """
        message = self.message
        if self.authority.speaks_as_staff() or subjects.is_forward(message.subject):
            return False
        words = message.new_text[: 200 if subjects.is_reply(message.subject) else 4_000]
        # Machines ask too, whether there are questions; but they have no life of their own (E14).
        if personal.tells(words):
            return False
        if marks.SAYS_AUTOMATIC.search(words):
            return True
        return bool(marks.SAYS_NO_REPLY.search(words) and marks.SAYS_UNREAD.search(words))

    @property
    def sent(self) -> bool:
        """Whether the mail lies in the inbox's Sent folder, so that its author has access to that mailbox."""
        return bool(self.inbox.sent_folder) and self.arrival.folder == self.inbox.sent_folder

    @cached_property
    def authority(self) -> Authority:
        """What the mail may do. Every rule by which a mail acts asks this."""
        return authority.of(
            self.message,
            self.inbox,
            self.council,
            form=self.form is not None,
            condemned=self.condemned,
            passed_on=self.passed is not None,
        )

    @property
    def staff(self) -> Staff | None:
        """The member of staff who is the mail's only author; None if there is none. The address alone proves nothing."""
        return self.authority.staff

    @cached_property
    def home(self) -> Inbox:
        """The inbox that handles the letter: our first shared inbox in To, else the one it came to (behaviour.md §3.3)."""
        if self.passed is not None:  # whoever passed it on chose
            return self.passed.home
        # A personal inbox does not give its letters away, even if To names a shared one.
        if self.inbox.personal:
            return self.inbox
        in_to = [one for mailbox in self.message.to if (one := self.council.inbox_at(mailbox.key)) and not one.personal]
        # Nobody hears of a case in shadow, and anybody can write a To field, so any other inbox comes before one in shadow.
        heard = (one for one in (*in_to, self.inbox) if not one.rehearses)
        return next(heard, (in_to or [self.inbox])[0])

    @cached_property
    def also_to(self) -> tuple[Inbox, ...]:
        """Our other shared inboxes to which the letter is addressed, in order."""
        if self.passed is not None:
            return self.passed.also_to
        named = (self.council.inbox_at(one.key) for one in (*self.message.to, *self.message.cc))
        others = dict.fromkeys(one for one in (*named, self.inbox) if one is not None and one.name != self.home.name)
        return tuple(one for one in others if not one.personal)


@dataclass(frozen=True, slots=True)
class KindRule:
    """
    A rule for what a mail is.

    Args:
        source: the section it comes from.
        why: explains a decision by it.
        by_way: it goes by marks of the way that this copy came, such as those of a list or a spam filter: by anything that
            the fingerprint leaves out. Another copy of the same letter may have come without them (E7), and whoever knows a
            letter must not make it vanish by sending it ahead with a mark.
    """

    kind: LetterKind
    source: str
    why: str
    test: Callable[[Seen], object]
    by_way: bool = False


@dataclass(frozen=True, slots=True)
class WithholdRule:
    """A rule for which letters are not acknowledged, although their cases are opened like all others; `by_way` as in KindRule."""

    source: str
    why: str
    test: Callable[[Seen], object]
    by_way: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What a mail is, and whether the sender may get an automatic answer.

    Args:
        rule: the source of the rule that decided.
        acknowledge: whether the mail itself allows it. Limits, modes and the sender's history are checked later.
        to: the address to answer; None if there is none.
        by_way: the decision rests on marks of the way that this copy came; "forged" if they condemn its author.
    """

    kind: LetterKind
    rule: str
    why: str
    acknowledge: bool
    to: Address | None
    by_way: ByWay = ""


KINDS: tuple[KindRule, ...] = (
    KindRule(
        "own",
        "domain.md §2.1",
        "it is our own mail come back: its signature verifies, and it is from one of our inboxes",
        lambda seen: seen.message.own and _ours(seen, seen.message.from_),
        by_way=True,
    ),
    KindRule(
        "bounce",
        "RFC 3464",
        "it is a delivery status notification",
        lambda seen: seen.message.report == "delivery-status",
        by_way=True,
    ),
    KindRule(
        "bounce",
        "Exchange NDR",
        "an Exchange server marks it as a non-delivery report",
        lambda seen: (
            "x-ms-exchange-message-is-ndr" in seen.message.headers or "x-failed-recipients" in seen.message.headers
        ),
        by_way=True,
    ),
    KindRule(
        "bounce",
        "RFC 5321 §6.1",
        "a mail system sent it from the null sender",
        lambda seen: (
            seen.message.return_path == ""
            and (machines.daemon(seen.message) or not seen.message.author or machines.writes_of_return(seen.message))
            and seen.message.subject != ""
        ),
        by_way=True,
    ),
    KindRule(
        "bounce",
        "RFC 3464",
        "a mail system sent it, and it has a delivery-status part",
        lambda seen: (
            (machines.daemon(seen.message) or seen.message.return_path == "") and seen.message.has_delivery_status
        ),
        by_way=True,
    ),
    KindRule(
        "bounce",
        "domain.md §2.2",
        "a mail system writes that a mail could not be delivered",
        lambda seen: machines.says_undelivered(seen.message) or machines.returned(seen.message),
        by_way=True,
    ),
    KindRule(
        "bounce",
        "RFC 3464",
        "it has a delivery-status part, and its subject says that a mail was returned",
        lambda seen: machines.returned_in_parts(seen.message),
        by_way=True,
    ),
    KindRule(
        "bounce",
        "domain.md §2.2",
        "the account of a mail gateway returns a mail, and quotes it",
        lambda seen: machines.returned_by_service(seen.message),
        by_way=True,
    ),
    KindRule(
        "receipt",
        "RFC 8098",
        "it is a read receipt in words",
        lambda seen: machines.read_receipt(seen.message),
        by_way=True,
    ),
    KindRule(
        "receipt",
        "RFC 8098",
        "it is a read receipt",
        lambda seen: seen.message.report == "disposition-notification",
        by_way=True,
    ),
    KindRule(
        "receipt",
        "RFC 5965",
        "it is an abuse report",
        lambda seen: seen.message.report == "feedback-report",
        by_way=True,
    ),
    KindRule(
        "receipt",
        "RFC 5546",
        "it is a calendar message",
        lambda seen: seen.message.report == "calendar",
        by_way=True,
    ),
    KindRule(
        "receipt",
        "RFC 7489 §7.2",
        "it is a report of one mail system to another",
        lambda seen: machines.machine_report(seen.message),
        by_way=True,
    ),
    KindRule(
        "receipt",
        "behaviour.md §3.14",
        "it is a reaction, without a word",
        lambda seen: machines.is_reaction(seen.message),
    ),
    KindRule("contact-form", "behaviour.md §1", "it comes from a contact form of this inbox", lambda seen: seen.form),
    KindRule(
        "automatic-reply",
        "RFC 3834 §2",
        "it says itself that a machine sent it ({mark})",
        lambda seen: marks.automatic(seen.message.headers),
        by_way=True,
    ),
    KindRule(
        "automatic-reply",
        "domain.md §4",
        "its subject and words are those of an automatic reply",
        lambda seen: seen.weak_marks >= 2,
    ),
    KindRule(
        "list",
        "RFC 2919, RFC 2369",
        "it is mail of a mailing list",
        lambda seen: (
            not seen.own_list
            and (
                marks.lists(seen.message.headers) not in ("", "list-unsubscribe", "list-unsubscribe-post")
                or marks.precedence(seen.message.headers) == "list"
            )
        ),
        by_way=True,
    ),
    KindRule(
        "bulk",
        "RFC 3834 §2",
        "it is bulk mail",
        lambda seen: (
            not seen.own_list
            and (marks.lists(seen.message.headers) or marks.precedence(seen.message.headers) in ("bulk", "junk"))
        ),
        by_way=True,
    ),
    KindRule(
        "spam",
        "domain.md §2.6",
        "the spam filter condemned it",
        lambda seen: marks.spam(seen.message.headers),
        by_way=True,
    ),
    KindRule(
        "staff",
        "behaviour.md §4.4",
        "a verified member of staff answers our mail",
        lambda seen: seen.authority.speaks_as_staff(),
    ),
    KindRule(
        "unreadable",
        "behaviour.md §1",
        "the mail server could not give us the mail itself",
        lambda seen: machines.placeholder(seen.message),
    ),
    KindRule(
        "unreadable",
        "behaviour.md §1",
        "it cannot be read, and only its headers were looked at",
        lambda seen: not seen.message.readable,
    ),
    KindRule(
        "automatic-reply",
        "domain.md §4",
        "it says in its own words that a machine wrote it",
        lambda seen: seen.says_automatic,
    ),
    KindRule("letter", "behaviour.md §1", "nothing says that a machine sent it", lambda _: True),
)

NULL_SENDER = WithholdRule(
    "RFC 3834 §2",
    "its envelope sender is null, and a null sender is never answered",
    lambda seen: seen.message.return_path == "",
    by_way=True,
)
FORGED = WithholdRule(
    "behaviour.md §2",
    authority.FORGED,
    lambda seen: seen.authority.condemned_by() or seen.authority.another_named(),
    by_way=True,
)
ONLY_CC = WithholdRule(
    "behaviour.md §1", "the inbox is only in Cc", lambda seen: not seen.home.acknowledge_cc and only_cc(seen), True
)
WITHHELD: tuple[WithholdRule, ...] = (
    WithholdRule(
        "behaviour.md §1",
        "it stands in for a mail that the server could not give us",
        lambda seen: machines.placeholder(seen.message),
    ),
    NULL_SENDER,
    WithholdRule("RFC 5322 §3.6.2", "it names no usable sender", lambda seen: seen.message.author is None),
    WithholdRule(
        "RFC 5322 §3.6.2",
        "it names several senders, and a person should see which is right",
        lambda seen: len({one.key for one in seen.message.from_ if one.addr}) > 1,
        by_way=True,
    ),
    WithholdRule(
        "domain.md §2.1",
        "it is from one of our own inboxes, but not signed by us",
        lambda seen: _ours(seen, seen.message.from_),
    ),
    WithholdRule(
        "behaviour.md §1",
        "it comes from a contact form that no inbox names in `forms`, and a form is not answered at its own address",
        lambda seen: forms.unconfigured(seen.message),
    ),
    WithholdRule(
        "RFC 3834 §2",
        "nobody reads mail at the sender's address",
        lambda seen: machines.nobody_at(seen.message.from_[0] if seen.message.from_ else None),
        by_way=True,
    ),
    WithholdRule("RFC 3834 §2", marks.TO_GROUP, lambda seen: machines.group(seen.message, seen.council.is_colleague)),
    WithholdRule(
        "MS-OXCMAIL 2.1.3.2.20",
        "the sender asks for no automatic answer (X-Auto-Response-Suppress: All)",
        lambda seen: marks.suppresses_all(seen.message.headers),
        by_way=True,
    ),
    WithholdRule(
        "behaviour.md §4.4",
        "it carries a token that we gave to a member of staff, and comes from somebody else",
        lambda seen: seen.authority.answers_staff,
        by_way=True,
    ),
    FORGED,
    WithholdRule(
        "behaviour.md §1", "a [[sender]] rule says not to", lambda seen: _rule_forbids(seen, seen.message.author)
    ),
    ONLY_CC,
)

# A form is a machine that writes for a resident, so marks of machines do not count here. A forged form address does count: we
# would write to anybody whom a stranger names. So does an address that cannot be answered.
_FORM_WITHHELD = (
    NULL_SENDER,
    FORGED,
    WithholdRule(
        "behaviour.md §2",
        "the spam filter condemned it",
        lambda seen: marks.spam(seen.message.headers),
        by_way=True,
    ),
    WithholdRule(
        "RFC 3834 §2",
        "nobody reads mail at the address that the form names",
        lambda seen: machines.nobody_at(_form_resident(seen)),
    ),
    WithholdRule(
        "behaviour.md §1", "a [[sender]] rule says not to", lambda seen: _rule_forbids(seen, _form_resident(seen))
    ),
    WithholdRule(
        "domain.md §2.1", "the form names one of our own inboxes", lambda seen: _ours(seen, (_form_resident(seen),))
    ),
)


def screen(seen: Seen) -> Verdict:
    """What a mail is, and whether it allows an automatic answer. Looks only at the mail, its arrival and the configuration."""
    verdict, by_way = _screened(seen)
    # Whatever other rule takes it first, a mail whose author may be forged speaks for nobody.
    forged = verdict.kind in PERSONAL and seen.authority.condemned_by()
    by_way = by_way or (verdict.kind in PERSONAL and seen.authority.another_named())
    return replace(verdict, by_way="forged" if forged else "marks" if by_way else "")


def _screened(seen: Seen) -> tuple[Verdict, bool]:
    """The verdict, and whether it rests on the way that this copy came."""
    rule = next(rule for rule in KINDS if rule.test(seen))
    why = rule.why.format(mark=marks.automatic(seen.message.headers))
    if rule.kind == "contact-form":
        resident = _form_resident(seen)
        if resident is None:
            why = "the contact form names no resident who could be answered"
            return Verdict("contact-form", rule.source, why, False, None), False
        by = next((one for one in _FORM_WITHHELD if one.test(seen)), None)
        source, why = (by.source, by.why) if by else (rule.source, why)
        return Verdict("contact-form", source, why, by is None, resident), by is not None and by.by_way
    to = None if machines.placeholder(seen.message) else seen.message.author
    if rule.kind not in ("letter", "unreadable"):
        return Verdict(rule.kind, rule.source, why, False, to), rule.by_way
    by = next((one for one in WITHHELD if one.test(seen)), None)
    if by:
        return Verdict(rule.kind, by.source, by.why, False, to), by.by_way
    return Verdict(rule.kind, rule.source, why, True, to), False


def _form_resident(seen: Seen) -> Address | None:
    """The resident for whom a form writes: see `forms.resident_of`."""
    return forms.resident_of(seen.message, seen.form) if seen.form else None


def _ours(seen: Seen, senders: tuple[Address | None, ...]) -> bool:
    return any(one is not None and seen.council.inbox_at(one.key) is not None for one in senders)


def _rule_forbids(seen: Seen, sender: Address | None) -> bool:
    rule = next((rule for rule in seen.council.senders if sender and rule.matches(sender.key)), None)
    return rule is not None and not rule.acknowledge


def only_cc(seen: Seen) -> bool:
    """Whether inboxes of ours stand in Cc and none in To. A letter that a colleague passes on is for us, whomever it names."""
    return seen.passed is None and _ours(seen, seen.message.cc) and not _ours(seen, seen.message.to)
