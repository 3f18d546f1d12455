"""Checks of [oauth.NAME], of whoever uses it, and of what the big providers no longer take (domain.md §6)."""

import difflib
import importlib.util
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from ackbot import extras
from ackbot.casework.clocks.expiring import WARN_DAYS
from ackbot.config import shape
from ackbot.config.lines import Location
from ackbot.config.source import Source
from ackbot.wires.oauth import expires_on
from ackbot.wires.secrets import readable

# The servers of providers that take no passwords for IMAP, and none for SMTP or not for long.
_NO_PASSWORDS = ("office365.com", "outlook.com", "gmail.com", "googlemail.com")


def oauth(file: shape.File, source: Source) -> None:
    """Check every [oauth.NAME] and every table that logs in; findings are added to `source`."""
    relays: list[tuple[Location, shape.Smtp]] = [
        (("smtp",), file.smtp),
        *((("relay", index), relay) for index, relay in enumerate(file.relay)),
    ]
    for index, inbox in enumerate(file.inbox):
        at: Location = ("inbox", index)
        _named(file, source, at, inbox.oauth)
        _doubted(source, at, inbox)
    for at, relay in relays:
        _named(file, source, at, relay.oauth)
        _doubted(source, at, relay)
        _relay(file, source, at, relay)
    used = {relay.oauth for _, relay in relays} | {inbox.oauth for inbox in file.inbox}
    for name, grant in file.oauth.items():
        _grant(source, ("oauth", name), grant)
        if name not in used:
            source.finding(("oauth", name), f'nothing uses it; set oauth = "{name}" where it logs in', warning=True)


def _named(file: shape.File, source: Source, at: Location, name: str) -> None:
    if name and name not in file.oauth and "oauth" not in source.uncertain:
        near = difflib.get_close_matches(name, file.oauth, n=1, cutoff=0.5)
        mend = f'did you mean "{near[0]}"?' if near else f"add [oauth.{name}]"
        source.finding((*at, "oauth"), f"there is no [oauth.{name}]; {mend}")


def _doubted(source: Source, at: Location, table: shape.Inbox | shape.Smtp) -> None:
    host = table.host.lower().rstrip(".")
    key = next((key for key in ("password_file", "password_env") if getattr(table, key)), "")
    if key and any(host == one or host.endswith(f".{one}") for one in _NO_PASSWORDS):
        source.finding((*at, key), f"{table.host} takes no passwords, or not for long; use oauth", warning=True)


def _relay(file: shape.File, source: Source, at: Location, relay: shape.Smtp) -> None:
    by_graph = relay.via == "graph"
    if not relay.host and not by_graph:
        source.finding((*at, "host"), "is required; add it")
    if relay.oauth and not relay.username and relay.login_as == "username" and not by_graph:
        source.finding((*at, "username"), 'is required to log in with oauth; add it, or set login_as = "inbox"')
    if not by_graph:
        return
    if relay.bounce != "mailbox":
        source.finding((*at, "bounce"), 'must be "mailbox" with via = "graph", which sends as the inbox; write that')
    if relay.password_file or relay.password_env:
        source.finding((*at, "via"), '"graph" takes no password; use oauth')
    for index, inbox in enumerate(file.inbox):
        named = relay.oauth or inbox.oauth
        if not named:
            source.finding((*at, "oauth"), '"graph" needs it; name an [oauth.NAME]')
        elif named in file.oauth and file.oauth[named].grant == "google":
            source.finding((*at, "via"), f'"graph" is Microsoft\'s, and [oauth.{named}] Google\'s; write "smtp"')
        if not inbox.sent_folder and _sends_by(file, inbox, relay):
            source.finding(
                ("inbox", index),
                'has no sent_folder, where a mail whose end is unknown is looked up; set it to "Sent Items"',
                warning=True,
            )


def _sends_by(file: shape.File, inbox: shape.Inbox, relay: shape.Smtp) -> bool:
    return next((one for one in file.relay if one.name == inbox.relay), file.smtp) is relay


def _grant(source: Source, at: Location, grant: shape.OAuth) -> None:
    needed = {
        "client-credentials": ("token_url", "client_id"),
        "google": ("client_secret_file",),
        "device": ("token_url", "client_id", "token_file"),
    }[grant.grant]
    for key in needed:
        if not getattr(grant, key):
            source.finding((*at, key), f'is required with grant = "{grant.grant}"; add it')
    for key in ("token_url", "device_url"):
        url = getattr(grant, key)
        if url and (urlsplit(url).scheme != "https" or not urlsplit(url).hostname):
            source.finding((*at, key), "must begin with https://, because secrets go there; correct it")
    if grant.grant == "client-credentials" and not (grant.client_secret_file or grant.certificate_file):
        source.finding((*at, "client_secret_file"), "is required unless there is a certificate_file; add one of them")
    if grant.client_secret_file and grant.certificate_file:
        source.finding((*at, "certificate_file"), "client_secret_file is set as well; keep one of them")
    if (grant.certificate_file or grant.grant == "google") and importlib.util.find_spec("jwt") is None:
        source.finding((*at, "grant"), f"signing needs one more package; run {extras.command('oauth')}")
    _expiry(source, at, grant)


def ends_on(grant: shape.OAuth, source: Source) -> date | None:
    """The last day of a grant's secret or certificate: as configured, otherwise as the certificate says; None if unknown."""
    if grant.secret_expires is not None or not grant.certificate_file:
        return grant.secret_expires
    return expires_on(readable(source.resolved(grant.certificate_file)))


def _expiry(source: Source, at: Location, grant: shape.OAuth) -> None:
    until = ends_on(grant, source)
    key = "secret_expires" if grant.secret_expires is not None else "certificate_file"
    if until is None:
        if grant.grant == "client-credentials" and grant.client_secret_file:
            source.finding(
                at, "has no secret_expires, so nobody is warned before its secret ends; add it", warning=True
            )
        return
    left = (until - datetime.now(UTC).date()).days
    if left < 0:
        source.finding((*at, key), f"the credential ended on {until}; make a new one", warning=True)
    elif left <= max(WARN_DAYS):
        source.finding((*at, key), f"the credential ends on {until}, in {left} days; make a new one", warning=True)
