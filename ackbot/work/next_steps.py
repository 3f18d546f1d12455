"""For each cross of `check --online`: the next thing to do, with the key to change (E69)."""

from ackbot.config import Lane, Watched
from ackbot.wires import imap, smtp

NOT_ARRIVED = (
    "look for it in the relay's log, in Junk and at any forwarding of the address, and remove it when it comes"
)


def of_inbox(error: imap.ImapProblem, watched: Watched) -> str:
    """What to do if an inbox cannot be read."""
    where = "{}:{}".format(*watched.place)
    account = watched.account
    if isinstance(error, imap.LoginRefused):
        return (
            f"try the name and password in a mail program, then correct username or the password at {where}; the account may "
            "need IMAP switched on, or a password of its own for programs"
        )
    if isinstance(error, imap.NotTrusted):
        return (
            f"correct host, port and security at {where}; try: openssl s_client -connect {account.host}:{account.port}"
        )
    if isinstance(error, imap.NotReached):
        reach = f"try: nc -vz {account.host} {account.port}"
        return f"correct host and port at {where}, or let this machine through the firewall; {reach}"
    return f"see what the server says, and correct the folder's name at {where} if it is that"


def of_relay(error: smtp.SmtpProblem, lane: Lane) -> str:
    """What to do if a relay cannot be used."""
    relay, table = lane.relay, "[smtp]" if lane.name.startswith("default") else f'[[relay]] "{lane.relay.name}"'
    code = smtp.code_of(error.reply)
    if code.startswith(("535", "534", "530", "538")):
        return f"correct username and password of {table}, or ask whoever runs the relay to allow this login"
    if code.startswith("5"):
        return f"show this reply to whoever runs {relay.host}"
    if code.startswith("4"):
        return "wait, and run this once more; the relay says that it passes"
    return (
        f"correct host, port and security of {table}, or let this machine through the firewall; "
        f"try: nc -vz {relay.host} {relay.port}"
    )


def of_mail(error: smtp.SmtpProblem, sender: Watched) -> str:
    """What to do if the relay logs us in and does not take a mail."""
    code = smtp.code_of(error.reply)
    if code.startswith("5"):
        return (
            f"allow the login of the relay to send as {sender.name} (send-as rights), or give the inbox another relay"
        )
    return "wait, and run this once more" if code.startswith("4") else "look into the relay's log"
