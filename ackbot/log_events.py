"""
Every event that the log can have: its name, its meaning, and the keys of its line.

No key holds a person's name, an address, a subject or a word of a mail (P11). `case` is the case's reference and `mail` the
number of a mail in the outbox. `reason` is what a server or the machine said while no mail was being handed over. Of a
relay's reply to a mail only its `code` is logged.
"""


class Event(str):
    """
    The name of an event, as it appears in the log.

    Args:
        means: one line for the operator.
        keys: the keys that its line may have besides level, timestamp and exception.
    """

    __slots__ = ("keys", "means")
    means: str
    keys: tuple[str, ...]

    def __new__(cls, name: str, means: str, *keys: str) -> "Event":
        """Make an event. Being a str, it takes its value here and not in `__init__`."""
        event = super().__new__(cls, name)
        event.means = means
        event.keys = keys
        return event


# The daemon.
STARTED = Event("started", "the daemon works", "version", "inboxes", "relays", "warnings")
STOPPED = Event("stopped", "everything has ended, the store is closed")
CRASHED = Event("crashed", "a defect of ackbot's; a thread, or the process, has ended by it", "thread")
STOPPED_EARLY = Event(
    "stopped before everything had ended", "the time to stop was over; the next start takes up what was left"
)
NOT_STARTED = Event("not started", "the reader process cannot read ackbot's own sample letter", "reason")
NOT_ENDED = Event(
    "threads did not end", "a reload cannot go on beside them: the process ends, and systemd starts another"
)
CONFIGURATION = Event("configuration", "a mistake in the configuration or in a template", "reason")
RELOADED = Event(
    "reloaded",
    "the new configuration is at work; how many staff came, left, moved",
    "inboxes",
    "warnings",
    "came",
    "left",
    "moved",
)
NOT_RELOADED = Event("not reloaded", "the new configuration has a mistake; the one before is still at work", "reason")
DAEMON_NOT_RECORDED = Event(
    "daemon not recorded", "the store takes nothing now: `status` shows an older state of the daemon", "reason"
)
DATES_COMPUTED_ANEW = Event(
    "dates computed anew", "calendar or standards changed: dates that nobody was told are new", "clocks"
)
HELD_BY_MODE = Event("held by mode", "an inbox's mode was lowered: mails that waited are held", "mails")
LANES_CHANGED = Event("lanes changed", "relays were renamed or removed: mails go by the ones there are now", "mails")
ADMIN_NOT_TOLD = Event(
    "admin not told", "a mail to the admin could not be put into the outbox", "inbox", "lane", "reason"
)

# Inboxes.
WATCHING = Event("watching", "an inbox was swept and is watched; idle: by IMAP IDLE", "inbox", "folder", "idle")
INBOX = Event("inbox", "an inbox is not watched now: state retrying or stopped", "inbox", "state", "reason")
STATE_NOT_RECORDED = Event("state not recorded", "`status` shows an older state of an inbox", "inbox", "state")
WATCHER_FAILED = Event("watcher failed", "a defect of ackbot's; the inbox is tried again", "inbox")
NOT_FETCHED = Event(
    "not fetched", "a mail could not be had from the server; it is asked for again", "inbox", "uid", "reason"
)
GONE = Event("gone", "a mail that could not be had has left the mailbox", "inbox", "uid")
SENT_FOLDER = Event(
    "sent folder", "an inbox's Sent folder cannot be watched; letters are taken all the same", "inbox", "reason"
)
JUNK_NOT_COUNTED = Event("junk not counted", "an inbox's junk folder could not be looked at", "inbox", "reason")
UIDVALIDITY_CHANGED = Event(
    "uidvalidity changed",
    "the server numbered a mailbox anew: its mails are compared with those known",
    "inbox",
    "before",
    "now",
)
NUMBERS_WENT_BACK = Event(
    "numbers went back",
    "a mailbox gives its numbers anew, as after it was put back from a backup: its mails are compared with those known",
    "inbox",
    "before",
    "now",
)
MOVED_MAILS_NOT_SEEN = Event(
    "moved mails not seen", "after a restored backup: the folder of `after` could not be looked at", "inbox", "reason"
)

# Mails that come in.
LETTER = Event(
    "letter",
    "a mail was decided; acknowledge: it is answered",
    "inbox",
    "uid",
    "kind",
    "outcome",
    "acknowledge",
    "case",
)
SENT_MAIL = Event(
    "sent mail",
    "a person's mail in the Sent folder was decided",
    "inbox",
    "uid",
    "kind",
    "outcome",
    "acknowledge",
    "case",
)
RECOVERED = Event(
    "recovered", "a mail left the quarantine and was decided", "inbox", "uid", "kind", "outcome", "acknowledge", "case"
)
QUARANTINED = Event("quarantined", "a mail broke us: it is kept and tried again", "inbox", "uid", "error")
QUARANTINED_AGAIN = Event("quarantined again", "a mail in quarantine still breaks us", "inbox", "uid", "error")
ROW_MISSING = Event(
    "row missing",
    "a step of a decision found no row to change: a defect of ackbot's; the rest was done",
    "intent",
    "case",
    "table",
)
PUT_ASIDE = Event(
    "reading put aside",
    "reading a mail takes long or ended its process; it is read once more while other mails go on",
    "reason",
    "size",
)
LEFT_ASIDE = Event(
    "left aside",
    "a mail for which others did not wait could not be taken in now; it is fetched again",
    "inbox",
    "uid",
    "reason",
)
TRIED = Event(
    "tried",
    "a mail that an ended process had in hand was decided in a process of its own first",
    "inbox",
    "uid",
    "survived",
)
READER_ENDED = Event(
    "reader ended",
    "the process that reads mails ended over one, or was ended; another took its place",
    "reason",
    "size",
)
LISTENING = Event("listening", "mail may be delivered to us here", "at")
DELIVERY_REFUSED = Event("delivery refused", "a machine that is not among `lmtp_peers` wanted to deliver", "peer")
DELIVERY_PUT_OFF = Event("delivery put off", "a delivered mail could not be kept now: 451", "inbox", "reason")
DELIVERY_FAILED = Event("delivery failed", "a defect of ackbot's; the server was told 451", "inbox", "error")

# Mails that go out.
SENT = Event("sent", "the relay took a mail, and that is recorded", "lane", "mail", "kind", "case")
AGAIN_LATER = Event(
    "again later",
    "a mail was put off, and is tried again in so many seconds",
    "lane",
    "mail",
    "case",
    "code",
    "seconds",
)
REFUSED = Event(
    "refused",
    "the relay will never take a mail: owner and admin are told, except of one to the admin",
    "lane",
    "mail",
    "kind",
    "case",
    "code",
)
END_UNKNOWN = Event(
    "end unknown",
    "the connection broke after the final dot: sent once more after 15 minutes",
    "lane",
    "mail",
    "kind",
    "case",
)
SENT_FOLDER_NOT_SEEN = Event(
    "sent folder not seen",
    "whether a mail whose end is unknown was taken cannot be seen yet",
    "lane",
    "inbox",
    "reason",
)
RELAY_TROUBLE = Event(
    "relay trouble",
    "the relay refuses us, or is away: the lane is quiet for so many seconds",
    "lane",
    "code",
    "reason",
    "seconds",
)
CLAIM_LOST = Event("claim lost", "another worker has the mail now; nothing was sent", "lane", "mail")
MAIL_NOT_SENT = Event("mail not sent", "a defect of ackbot's about one mail; it is tried again", "lane", "mail", "kind")
STORE_BUSY = Event("store busy", "the store takes nothing now; the dispatcher tries again", "lane", "reason")
DISPATCHER_FAILED = Event("dispatcher failed", "a defect of ackbot's; the dispatcher goes on", "lane")
URGENT_NOT_SENT = Event(
    "URGENT MAIL CANNOT BE SENT, phone the duty officer", "alarms wait and no relay takes them", "cases"
)
URGENT_UNTAKEN = Event("urgent, and nobody has taken it", "an alarm is sent once more", "case", "mails")

# Rounds and workers.
CLOCK_SET_BACK = Event(
    "clock set back", "the machine's clock went back: what only the later time made due is due now", "mails"
)
ROUND_PUT_OFF = Event("round put off", "the store takes nothing now; the next round does it", "reason")
HEALTH_LISTENING = Event("health", "/health and /metrics are answered here", "at")
CANARY_SENT = Event("canary sent", "a mail to ourselves goes out, to see whether it comes back", "inbox")
CANARY_LOST = Event("canary lost", "it has not come back in time; the admin is told", "inbox")
MAILS_MISSING = Event(
    "mails missing", "the server shows mails that have no record; they are taken in now", "inbox", "mails"
)
HEALTH_FAILED = Event("health failed", "a defect of ackbot's; /health or /metrics was answered with 500")
PURGED = Event(
    "purged",
    "kept long enough: words of cases are deleted, names of cases, letters and mails of no case",
    "cases",
    "named",
    "letters",
    "mails",
)
ROUND_FAILED = Event("round failed", "a defect of ackbot's; the next round tries again")
INBOX_LEFT = Event("inbox left to another worker", "the lease of an inbox has ended or is given up", "inbox")
LEASES_NOT_RENEWED = Event("leases not renewed", "the store takes nothing now; leases that end are left", "reason")
LEASES_NOT_GIVEN_BACK = Event("leases not given back", "others wait until the leases of this worker end", "reason")
INBOX_LEASES_FAILED = Event("inbox leases failed", "a defect of ackbot's; leases are looked at again")

EVENTS = tuple(value for value in globals().values() if isinstance(value, Event))
