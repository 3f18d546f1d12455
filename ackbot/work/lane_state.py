"""What a dispatcher knows about its lane: a value with a named transition for each thing that happens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ackbot.store.outbox import Outgoing, Probe

_FIRST_WAIT_S, _LONGEST_WAIT_S = 15.0, 900.0  # after trouble of the relay; each wait is twice the last one


@dataclass(frozen=True, slots=True)
class Taken:
    """A mail that the relay took, and what it said to the final dot."""

    mail: Outgoing
    reply: str


@dataclass(frozen=True, slots=True)
class LaneState:
    """
    Touches no clock, no store and no relay; every transition returns a new state.

    Args:
        untried: mails that this worker has claimed and not tried yet, in the order in which they go out.
        unrecorded: the mail that the relay took and of which the store has no record yet. It must be recorded before
            another is taken: without its record it would be sent twice (P2).
        troubles: how often the relay was in trouble since it last took a mail.
        quiet_until_s: monotonic; nothing is tried before.
        doubted: ids of the mails that the relay refused after DATA since it last took one. It is not known yet whether
            the mails or the relay are to blame.
        shown: `status` shows the lane as in trouble, and the admin was told.
        failures: rounds in a row that ended in an unexpected exception.
    """

    untried: tuple[Outgoing, ...] = ()
    unrecorded: Taken | None = None
    troubles: int = 0
    quiet_until_s: float = 0.0
    doubted: frozenset[int] = frozenset()
    shown: bool = False
    failures: int = 0

    # -- the mails in hand --------------------------------------------------------------------------------------------

    def claimed(self, mails: Sequence[Outgoing]) -> "LaneState":
        """
        The store gave us these mails.

        Raises:
            ValueError: the mails claimed before were not given back, and would wait until their lease ends.
        """
        if self.untried:
            raise ValueError(f"{len(self.untried)} claimed mails were not given back")
        return replace(self, untried=tuple(mails))

    def tried(self, mail: Outgoing) -> "LaneState":
        """A claimed mail was tried, whatever came of it."""
        return replace(self, untried=tuple(one for one in self.untried if one.id != mail.id))

    def given_back(self) -> "LaneState":
        """The store has the untried mails again."""
        return replace(self, untried=())

    def taken(self, mail: Outgoing, reply: str) -> "LaneState":
        """
        The relay took a mail.

        Raises:
            ValueError: the mail taken before is not recorded yet.
        """
        if self.unrecorded is not None:
            raise ValueError(f"mail {self.unrecorded.mail.id} was taken and not recorded")
        return replace(self.tried(mail), unrecorded=Taken(mail, reply))

    def recorded(self) -> "LaneState":
        """The store has committed that the mail was taken."""
        return replace(self, unrecorded=None)

    # -- the relay ----------------------------------------------------------------------------------------------------

    def in_trouble(self, now_s: float, jitter: float, at_least_s: float = 0.0) -> "LaneState":
        """
        The relay refuses us, or cannot be reached: the lane is quiet, each time for longer.

        Args:
            now_s: monotonic.
            at_least_s: how long the relay asks to be left alone; 0 if it does not say.
            jitter: 0.5 to 1, so that the lanes of one relay do not all come back at the same instant.
        """
        wait_s = max(at_least_s, jitter * min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(self.troubles, 10)))
        return replace(self, troubles=self.troubles + 1, quiet_until_s=now_s + wait_s)

    def alarmed(self) -> "LaneState":
        """The admin is told of the trouble, and `status` shows it."""
        return replace(self, shown=True)

    def doubts(self, mail_id: int) -> "LaneState":
        """The relay refused this mail after DATA; the next mail will show whether the mail or the relay is to blame."""
        return replace(self, doubted=self.doubted | {mail_id})

    def well(self) -> "LaneState":
        """The relay took a mail, so it works: the mails that it refused before were to blame themselves."""
        return replace(self, troubles=0, doubted=frozenset(), shown=False)

    def quiet_for_s(self, now_s: float) -> float:
        """How many seconds the lane is still quiet at monotonic `now_s`; 0 when it may send."""
        return max(0.0, self.quiet_until_s - now_s)

    @property
    def probes(self) -> Probe:
        """
        From which end of the queue one mail at a time is tried, because the relay is in trouble and the admin was told; "" if
        it is not. In turn: strangers can fill either end with mails that no relay takes.
        """
        return ("first", "last")[self.troubles % 2] if self.shown and self.troubles else ""

    def is_relays_trouble(self, mail_id: int) -> bool:
        """Whether the relay is to blame for refusing this mail after DATA, because it took no other mail either."""
        return self.troubles > 0 or bool(self.others_doubted(mail_id))

    def others_doubted(self, mail_id: int) -> frozenset[int]:
        """The doubted mails except this one."""
        return self.doubted - {mail_id}

    # -- our own failures ---------------------------------------------------------------------------------------------

    def failed(self) -> "LaneState":
        """A round ended in an unexpected exception."""
        return replace(self, failures=self.failures + 1)

    def round_done(self) -> "LaneState":
        """A round ended as it should."""
        return replace(self, failures=0)

    @property
    def keeps_failing(self) -> bool:
        """Whether failures are no longer ignored: this is not the first in a row, or the relay is in trouble as well."""
        return self.failures > 1 or self.troubles > 0
