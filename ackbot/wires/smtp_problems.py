"""Why a mail did not go out: each problem says what it means for the mail, its recipient or the relay."""

from ackbot.errors import AckbotError


class SmtpProblem(AckbotError):
    """
    A mail did not go out. `reply` is what the relay said, or what happened instead.

    Relays quote addresses and subjects in replies, so logs get only `code_of(reply)` (P11).
    """

    def __init__(self, reply: str, **ids: object) -> None:
        super().__init__(reply, **ids)
        self.reply = reply


class RelayTrouble(SmtpProblem):
    """The relay refuses us, not the mail. Its lane waits, its mails are kept, and somebody is told."""

    passing = True


class NotReached(RelayTrouble):
    """Trouble at connect, EHLO, STARTTLS or AUTH. No mail was mentioned yet, so logs may show the reply."""


class NoToken(NotReached):
    """There is no token to log in with, whatever the relay: trouble of the grant that its `ids` name (D17)."""

    passing = False


class RefusedAfterData(RelayTrouble):
    """The reply to the final dot is 5.2.0 or 5.7.x. This is the relay's trouble, unless it takes the next mail."""


class Later(SmtpProblem):
    """We read 4xx for this mail, or the relay hung up before the final dot: the mail is queued again."""

    passing = True


class Busy(Later):
    """
    4.3.2, "system not accepting messages" (RFC 3463 §3.4): until later, no other mail is tried either.

    Args:
        wait_s: the seconds for which the relay wants to be left alone; 0 if it does not say.
    """

    def __init__(self, reply: str, *, wait_s: float = 0.0) -> None:
        super().__init__(reply)
        self.wait_s = wait_s


class Refused(SmtpProblem):
    """5xx for this recipient or this mail: the mail will never go out."""


class Unknown(SmtpProblem):
    """The final dot may have arrived, but no reply was read. The mail must not simply be sent again (P2)."""


class TakenAway(AckbotError):
    """The claim on the mail is no longer ours. Nothing was sent."""
