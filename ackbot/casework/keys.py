"""
All dedupe keys. A key says what a mail is, so that it is written only once, whatever happens twice (design.md §5).

Never change the texts here: a mail's Message-ID is made from its key, and a restored backup must make the same ids again.
Never take a key apart either: what must be known about a mail later has a column in the outbox.
"""

from datetime import date, datetime
from typing import NewType

Key = NewType("Key", str)  # the whole key of one mail; only this file makes one
Part = NewType("Part", str)  # a piece that several keys share, such as the absence that they are about

# Parts.


def asked(code: str, fingerprint: str, again: int = 0) -> Part:
    """The request of a staff mail in one case; `again` counts earlier lines of the mail about the same case."""
    return Part(f"{code}:{fingerprint}" + (f":{again}" if again else ""))


def waiting(code: str, asked_by: str) -> Part:
    """Held words that are sent after all; `asked_by` is the Message-ID of the mail that asked about them."""
    return Part(f"{code}:{asked_by}")


def absence(staff: str, starts_at: datetime | None, stood_in: str = "") -> Part:
    """
    The reason why a case changed hands: an absence, or a leaver.

    Args:
        staff: the id of whoever had the case; "" if nobody had it.
        starts_at: the start of that person's absence, UTC; None for somebody who has left.
        stood_in: the id of a later cover in the same absence, which needs another key; "" for the first cover.
    """
    begun = f"{starts_at:%Y-%m-%d}" if starts_at else "left"
    return Part((f"{staff}:{begun}" if staff else "named") + (f":{stood_in}" if stood_in else ""))


def taken_over_as(number: int) -> Part:
    """The reason why a case changed hands: somebody took it. `number` counts its hand-overs."""
    return Part(f"taken:{number}")


# To residents.


def acknowledgement(fingerprint: str, *, rehearsed: bool = False) -> Key:
    """
    One for each letter.

    Args:
        rehearsed: that of an earlier copy was made in shadow, and never goes out.
    """
    return Key(f"ack:{fingerprint}{':heard' if rehearsed else ''}")


def receipt(code: str, on: date, *, spared: bool) -> Key:
    """
    One for each case and day, whether it says that a letter was added or where the case stands.

    Args:
        spared: today's receipt answered a letter that nothing proves, and this one is for a proven letter.
    """
    return Key(f"receipt:{code}:{on.isoformat()}{':proven' if spared else ''}")


def human(part: Part) -> Key:
    """A person's words: one for each time they are to be sent."""
    return Key(f"human:{part}")


def copy(sent: Key, address: str) -> Key:
    """A copy of a person's words: one for each address."""
    return Key(f"{sent}:copy:{address}")


def reached(code: str, address: str) -> Key:
    """Once for each person who writes into somebody else's case (behaviour.md §3.3a)."""
    return Key(f"reached:{code}:{address}")


def no_news(code: str, promised_on: date) -> Key:
    """One for each date that passes; `code` is the first case of several."""
    return Key(f"promise:{code}:{promised_on.isoformat()}")


def settled(code: str, on: date, *, feedback: bool) -> Key:
    """One for each day, with the feedback question or without it; `code` is the first case of several."""
    return Key(f"{'settled' if feedback else 'closed'}:{code}:{on.isoformat()}")


def still_waiting(code: str, on: date) -> Key:
    """One for each day on which a question is asked again; `code` is the first case of several."""
    return Key(f"waiting:{code}:{on.isoformat()}")


def cover(code: str, why: Part, cases: int) -> Key:
    """One for each change of hands that the resident is told of; `code` is the first case, `cases` their number."""
    return Key(f"cover:{code}:{why}" + (f":several-{cases}" if cases > 1 else ""))


def split_off(code: str) -> Key:
    """One for each part that became a case."""
    return Key(f"split:{code}")


# To staff.


def new_case(code: str, staff: str, number: int = 0) -> Key:
    """One for each owner of a case; `number` counts hand-overs, 0 for the first owner."""
    return Key(f"new-case:{code}:{staff}" + (f":{number}" if number else ""))


_WITHOUT_WORDS = "without-words:"


def without_words(mail: str) -> Key:
    """The mail with this key once more, without words of strangers."""
    return Key(_WITHOUT_WORDS + mail)


def is_without_words(mail: str) -> bool:
    """Whether the mail with this key has no words of strangers already."""
    return mail.startswith(_WITHOUT_WORDS)


def resident_wrote(code: str, fingerprint: str, staff: str, *, again: bool = False) -> Key:
    """One for each further letter and reader; `again` if they have read a copy of it that was doubted."""
    return Key(f"wrote:{code}:{fingerprint}:{staff}" + (":again" if again else ""))


def also_yours(code: str, inbox: str) -> Key:
    """One for each other inbox that the letter of a case went to."""
    return Key(f"also:{code}:{inbox}")


def offered(code: str, staff: str, at: datetime) -> Key:
    """One for each time that a case is passed to somebody."""
    return Key(f"offered:{code}:{staff}:{at:%Y-%m-%dT%H%M%S}")


def urgent(code: str, fingerprint: str, staff: str) -> Key:
    """The first mail of a letter's alarm."""
    return Key(f"urgent:{code}:{fingerprint}:{staff}:1")


def urgent_again(code: str, started_at: datetime, number: int) -> Key:
    """The `number`th mail of an alarm."""
    return Key(f"urgent:{code}:{started_at:%Y-%m-%dT%H%M%S}:{number}")


def unheard(reader: str, at: datetime) -> Key:
    """Nobody has written to residents in danger: a staff id, or an address; the instant (UTC)."""
    return Key(f"unheard:{reader}:{at:%Y-%m-%dT%H%M%S}")


def urgent_list(at: datetime, proof: int) -> Key:
    """One list of the alarms that run and are equally proven, for each time that it is sent."""
    return Key(f"urgent-list:{at:%Y-%m-%dT%H%M%S}:{proof}")


def ask(part: Part) -> Key:
    """A question back about an unclear request."""
    return Key(f"ask:{part}")


def ask_which(fingerprint: str) -> Key:
    """A question back about a mail that belongs to no case."""
    return Key(f"ask:{fingerprint}")


def held(part: Part) -> Key:
    """The question whether held words may be sent."""
    return Key(f"held:{part}")


def echo(sent: Key) -> Key:
    """A person's words, shown to that person as the resident got them."""
    return Key(f"echo:{sent}")


def take(part: Part) -> Key:
    """To a member of staff: did you take that alarm?"""
    return Key(f"take:{part}")


def take_word(code: str, staff: str, started_at: datetime) -> str:
    """What the word stands for by which that person confirms that they take the alarm that began then."""
    return f"take:{code}:{staff}:{started_at.isoformat()}"


def acted(part: Part) -> Key:
    """To a member of staff: this was done in your name."""
    return Key(f"acted:{part}")


def another(part: Part) -> Key:
    """To whoever has the case: another person wrote in it."""
    return Key(f"another:{part}")


def unproven(part: Part) -> Key:
    """To whoever has the case: did a colleague write that?"""
    return Key(f"unproven:{part}")


def forged(code: str, asked_by: str, staff: str = "") -> Key:
    """Somebody wrote in a colleague's name: to one of the staff, or to the admin (""); `asked_by` is the question's id."""
    return Key(f"forged:{code}:{asked_by}:{staff}")


def passed_on(fingerprint: str) -> Key:
    """To a member of staff: what was made of the letters that they forwarded, or of the call that they wrote down."""
    return Key(f"passed:{fingerprint}")


def quiet(part: Part) -> Key:
    """The confirmation of QUIET or IGNORE."""
    return Key(f"quiet:{part}")


def copies(part: Part) -> Key:
    """The confirmation of CC."""
    return Key(f"copies:{part}")


def presence(fingerprint: str, other: str = "") -> Key:
    """The answer to AWAY or BACK; `other` is the id of the person it is about, if that is not the writer."""
    return Key(f"presence:{fingerprint}" + (f":{other}" if other else ""))


def learnt_absence(staff: str, what: str, back_on: date) -> Key:
    """To somebody of whose absence we know by their automatic reply: what is to be told of it, once for each day back."""
    return Key(f"absence:{staff}:{what}:{back_on.isoformat()}")


def taken(code: str, number: int) -> Key:
    """To whoever had the case: somebody took it; `number` counts its hand-overs."""
    return Key(f"taken:{code}:{number}")


def declined(part: Part) -> Key:
    """To whoever passed a case on: it was declined."""
    return Key(f"declined:{part}")


def withdrawn(part: Part) -> Key:
    """To whoever was offered a case: somebody else is asked now."""
    return Key(f"withdrawn:{part}")


def unreachable(code: str, returned: str) -> Key:
    """To whoever has the case: the resident cannot be reached; `returned` is the id of the mail that came back."""
    return Key(f"unreachable:{code}:{returned}")


def undelivered(code: str, copy_to: str = "") -> Key:
    """To whoever has the case: a report of an undelivered mail came that changed nothing; `copy_to` is a copy's address."""
    return Key(f"undelivered:{code}" + (f":{copy_to}" if copy_to else ""))


def digest(staff: str, on: date) -> Key:
    """One digest for each person and morning."""
    return Key(f"digest:{staff}:{on.isoformat()}")


def overdue(staff: str, on: date) -> Key:
    """One for each person and day, sent at 13:00."""
    return Key(f"overdue:{staff}:{on.isoformat()}")


def late(staff: str, code: str, on: date) -> Key:
    """The reminder of one case that fell due after 13:00."""
    return Key(f"late:{staff}:{code}:{on.isoformat()}")


def taken_over(staff: str, why: Part, code: str, at: datetime) -> Key:
    """The table of cases that somebody takes over; `code` is the first of them."""
    return Key(f"taken-over:{staff}:{why}:{code}:{at:%Y-%m-%dT%H%M}")


def while_away(staff: str, code: str, at: datetime) -> Key:
    """The table of cases that somebody gets back; `code` is the first of them."""
    return Key(f"while-away:{staff}:{code}:{at:%Y-%m-%dT%H%M}")


# To the admin, or to whoever must act.


def nobody_to_alarm(code: str, fingerprint: str) -> Key:
    """A letter sounds urgent, and [urgent] names nobody."""
    return Key(f"urgent:{code}:{fingerprint}")


def no_owner(code: str) -> Key:
    """A case has no owner."""
    return Key(f"no-owner:{code}")


def uncovered(on: date) -> Key:
    """Once a day: cases for which nobody is left."""
    return Key(f"uncovered:{on.isoformat()}")


def escalation(to: str, on: date) -> Key:
    """Once a day: late cases that reached the top of the ladder."""
    return Key(f"digest:{to}:{on.isoformat()}")


def missed(on: date) -> Key:
    """Once a day: promised dates that passed while ackbot did not run."""
    return Key(f"missed:{on.isoformat()}")


def paused(on: date) -> Key:
    """Once a day: a pause goes on."""
    return Key(f"paused:{on.isoformat()}")


def daily(on: date) -> Key:
    """Once a day: the summary of the day before."""
    return Key(f"daily:{on.isoformat()}")


def report(reader: str, on: date) -> Key:
    """One for each reader, by address, and for each report, by the day after its last one."""
    return Key(f"report:{reader}:{on.isoformat()}")


def brake(hour: datetime) -> Key:
    """Once an hour; `hour` is local time."""
    return Key(f"brake:{hour:%Y-%m-%dT%H}")


def restore(inbox: str, on: date) -> Key:
    """Once a day: a mailbox looks restored."""
    return Key(f"restore:{inbox}:{on.isoformat()}")


def put_in(inbox: str, on: date) -> Key:
    """Once a day: many old letters were put into an inbox."""
    return Key(f"put-in:{inbox}:{on.isoformat()}")


def restored(at: str) -> Key:
    """A backup was restored; `at` is the instant as the store writes it."""
    return Key(f"restored:{at}")


def staff_bounce(staff: str, on: date) -> Key:
    """Once a day: mail to a member of staff comes back."""
    return Key(f"staff-bounce:{staff}:{on.isoformat()}")


def quarantine(fingerprint: str) -> Key:
    """A mail that could not be read."""
    return Key(f"quarantine:{fingerprint}")


def trouble(topic: str, whose: str, on: date) -> Key:
    """Once a day: an inbox, or a server of several inboxes, does not work as it should."""
    return Key(f"{topic}:{whose}:{on.isoformat()}")


def expires(name: str, ends_on: date, step: int) -> Key:
    """Once for each credential, its last day, and how many days before it the admin is warned."""
    return Key(f"expires:{name}:{ends_on.isoformat()}:{step}")


def relay(lane: str, on: date) -> Key:
    """Once a day: a relay does not accept mail."""
    return Key(f"relay:{lane}:{on.isoformat()}")


def archive(on: date) -> Key:
    """Once a day: the archive does not accept its copies."""
    return Key(f"archive:{on.isoformat()}")


def refused(kind: str, staff: str, on: date) -> Key:
    """To the admin, once a day: the relay refused a mail of this kind for good, to this person or ("") to a resident."""
    return Key(f"refused:{kind}:{staff}:{on.isoformat()}")


def refused_owner(kind: str, staff: str, code: str, on: date) -> Key:
    """To the owner of the case, once a day: the same about mails in this case."""
    return Key(f"refused-owner:{kind}:{staff}:{code}:{on.isoformat()}")


def unverified(mail: str) -> Key:
    """Nobody knows whether the mail with this key arrived."""
    return Key(f"unverified:{mail}")


# Not in the outbox: mails of `check`, and specimens.


def canary(inbox: str, at: datetime) -> Key:
    """One for each time that ackbot writes to its own inbox."""
    return Key(f"canary:{inbox}:{at.isoformat()}")


def trial_of_inbox(inbox: str, at: datetime) -> Key:
    """`check --online`: one for each trial."""
    return Key(f"trial:{inbox}:{at.isoformat()}")


def trial_of_staff(staff: str, on: date) -> Key:
    """`check --staff`: one for each person and day, so that a later run on that day finds the reply."""
    return Key(f"trial:{staff}:{on.isoformat()}")


def specimen(title: str) -> Key:
    """A mail that is only shown, never sent."""
    return Key(f"specimen:{title}")
