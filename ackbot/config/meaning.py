"""
Settings that are right by their form and cannot mean what they say (E65, E66).

What can never have been meant is a mistake. What becomes wrong as days pass, or may be meant by somebody, is a warning: a daemon
must start again tomorrow with the file that it started with today.
"""

import re
import stat
from collections.abc import Iterator, Sequence
from datetime import date, datetime

from ackbot.casework.incoming import danger
from ackbot.casework.worktime import Duration
from ackbot.config import shape
from ackbot.config.checks import staff_id
from ackbot.config.lines import Location
from ackbot.config.source import Source
from ackbot.mail.addresses import key_of
from ackbot.wires.secrets import readable

# Where a time of nothing means something: never to the same owner, never reopened, asked each time.
_MAY_BE_ZERO = frozenset({"keep_owner", "reopen_within", "every"})
_PUBLIC = frozenset(  # where residents have their mail
    """
    gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk live.com live.co.uk msn.com yahoo.com yahoo.co.uk ymail.com
    aol.com icloud.com me.com mac.com btinternet.com btopenworld.com sky.com talktalk.net virginmedia.com ntlworld.com
    blueyonder.co.uk tiscali.co.uk plus.com gmx.com gmx.net mail.com proton.me protonmail.com zoho.com
    """.split()  # noqa: SIM905 - a list of domains reads best as words
)
_POSTCODE = re.compile(
    r"[A-Z]{1,2}(?:[0-9]{1,2}|[0-9][A-Z])(?: [0-9](?:[A-Z]{2})?)?", re.IGNORECASE
)  # or its beginning
_SERVER = re.compile(r"[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*")
_OF_IMAP, _OF_SMTP = (143, 993), (25, 465, 587)
_STARTS_WITH_TLS, _STARTS_PLAIN = (993, 465), (143, 25, 587)


def check(file: shape.File, source: Source, today: date) -> None:
    """
    Add every setting that cannot be meant to `source`.

    Args:
        today: the date by the machine, for staff who have left and absences that are over.
    """
    for at, table in _tables(file):
        _durations(source, at, table)
        _words(source, at, table)
    _limits(file, source)
    _urgent(file, source)
    _addresses(file, source)
    _senders(file, source)
    _servers(file, source)
    _people(file, source, today)
    for index, route in enumerate(file.route):
        for number, area in enumerate(route.postcode):
            if not _POSTCODE.fullmatch(" ".join(area.split())):
                source.finding(
                    ("route", index, "postcode", number),
                    f'"{area}" is not a postcode; write its first half, for example "W10", or "W10 5"',
                )


def _tables(file: shape.File) -> Iterator[tuple[Location, shape.Table]]:
    for name in type(file).model_fields:
        found = getattr(file, name)
        if isinstance(found, list):
            yield from (((name, number), table) for number, table in enumerate(found))
        elif isinstance(found, shape.Table):
            yield (name,), found


def _durations(source: Source, at: Location, table: shape.Table) -> None:
    """Times of nothing, such as "0 working days"."""
    for key in table.model_fields_set:
        value = getattr(table, key)
        for number, one in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(one, Duration) and one.amount == 0 and key not in _MAY_BE_ZERO:
                place = (*at, key, number) if isinstance(value, list) else (*at, key)
                mend = "remove it if there is to be none" if at[0] == "standard" else "write a longer time"
                source.finding(place, f'"{one.text}" is no time at all; {mend}')


def _words(source: Source, at: Location, table: shape.Table) -> None:
    """Entries of lists that are blank, or that look like patterns: nothing here is one."""
    for key in table.model_fields_set:
        value = getattr(table, key)
        if not isinstance(value, list):
            continue
        name = type(table).model_fields[key].alias or key
        for number, one in enumerate(value):
            if not isinstance(one, str):
                continue
            if not one.strip():
                source.finding(
                    (*at, name, number), "has an empty entry, which would fit everything; fill it in or remove it"
                )
            elif "*" in one:
                mend = (
                    "write @domain for all addresses of a domain" if "@" in one else "write the word or name without it"
                )
                source.finding((*at, name, number), f'"{one}" has a *, and nothing here is a pattern; {mend}')


def _limits(file: shape.File, source: Source) -> None:
    given = file.limits.model_fields_set
    if any(count == 0 for count, _ in file.limits.per_sender):
        source.finding(
            ("limits", "per_sender"), 'lets nobody be answered; write 1 or more, or use mode = "shadow" in the inbox'
        )
    elif "per_sender" in given and not file.limits.per_sender:
        source.finding(
            ("limits", "per_sender"),
            'is empty, so a machine could be answered without end; write "3 per hour, 10 per day"',
        )
    if file.limits.brake is not None and file.limits.brake[0] == 0:
        source.finding(
            ("limits", "brake"), 'holds every automatic mail; write 1 or more, or "" for no brake', warning=True
        )
    if file.limits.resident_automatic_per_day == 0:
        source.finding(
            ("limits", "resident_automatic_per_day"),
            "residents get acknowledgements and people's own words only, and no promise is kept by mail; write 1 or more",
            warning=True,
        )


def _urgent(file: shape.File, source: Source) -> None:
    urgent = file.urgent
    if not urgent.alarm:
        source.finding(
            ("urgent", "alarm"),
            'is empty, so nothing alarms anybody; name kinds of danger, such as "life"',
        )
    for number, name in enumerate(urgent.flag):
        if name in urgent.alarm:
            source.finding(
                ("urgent", "flag", number), f'"{name}" alarms already, which marks the mail too; keep it in one of them'
            )
    lost = [name for name in danger.CATEGORIES if name not in (*urgent.alarm, *urgent.flag)]
    if lost and set(urgent.alarm) <= set(danger.CATEGORIES) and urgent.alarm:
        source.finding(
            ("urgent", "alarm"),
            f"letters about {', '.join(lost)} neither alarm nor mark anything; add them to alarm or flag",
            warning=True,
        )
    if not urgent.to:
        source.finding(
            ("urgent", "to"),
            "nobody is named, so alarms go to the head of service or the admin, day and night; add the ids of duty officers",
            warning=True,
        )


def _addresses(file: shape.File, source: Source) -> None:
    inboxes = {key_of(address): inbox for inbox in file.inbox for address in (inbox.address, *inbox.aliases)}
    for key in ("admin", "head_of_service", "archive_bcc"):
        local, _, domain = key_of(getattr(file.council, key)).rpartition("@")
        if "+" in local and (inbox := inboxes.get(f"{local.partition('+')[0]}@{domain}")) is not None:
            source.finding(
                ("council", key),
                f'arrives in inbox "{inbox.name}", so ackbot would write to itself; use another address',
            )
    for index, person in enumerate(file.staff):
        for number, address in enumerate(person.email):
            inbox = inboxes.get(key_of(address))
            if inbox is not None and inbox.owner != staff_id(person):
                source.finding(
                    ("staff", index, "email", number),
                    f'is an address of inbox "{inbox.name}", so their mail would come in as letters; write their own address',
                )
    if file.council.privacy and not re.fullmatch(r"https?://[^\s/]+\.[^\s]+", file.council.privacy):
        source.finding(
            ("council", "privacy"), "is not a web address; write for example https://northgate.example/privacy"
        )
    for index, inbox in enumerate(file.inbox):
        if inbox.authserv_id and not _SERVER.fullmatch(inbox.authserv_id):
            source.finding(
                ("inbox", index, "authserv_id"),
                f'"{inbox.authserv_id}" is not the name of a mail server; write what stands first in Authentication-Results, '
                "for example mx.northgate.example",
            )


def _senders(file: shape.File, source: Source) -> None:
    own = {key_of(f"@{one}")[1:] for one in file.council.domains} or {
        key_of(inbox.address).rpartition("@")[2] for inbox in file.inbox
    }
    for index, rule in enumerate(file.sender):
        for number, address in enumerate(rule.from_):
            domain = key_of(address).rpartition("@")[2]
            at: Location = ("sender", index, "from", number)
            if rule.acknowledge or not address.startswith("@"):
                continue
            if domain in _PUBLIC:
                source.finding(
                    at,
                    f'"{address}" is where residents have mail, and none would be answered; name single addresses',
                )
            elif domain in own:
                source.finding(
                    at,
                    f'"{address}" is your own, and no colleague would be answered; remove it if that is not meant',
                    warning=True,
                )


def _servers(file: shape.File, source: Source) -> None:
    for index, inbox in enumerate(file.inbox):
        _port(source, ("inbox", index), inbox, _OF_SMTP, "IMAP", 993)
    relays: list[tuple[Location, shape.Smtp]] = [
        (("smtp",), file.smtp),
        *((("relay", index), relay) for index, relay in enumerate(file.relay)),
    ]
    for at, relay in relays:
        _port(source, at, relay, _OF_IMAP, "SMTP", 587)
        if relay.bounce != "plus":
            continue
        without = [
            inbox.name
            for inbox in file.inbox
            if inbox.relay == getattr(relay, "name", "") and not inbox.plus_addressing
        ]
        if without:
            source.finding(
                (*at, "bounce"),
                f'"plus" needs plus_addressing, which {", ".join(without)} {"has" if len(without) == 1 else "have"} not; '
                'write "mailbox", or set plus_addressing = true there',
            )


def _port(
    source: Source, at: Location, table: shape.Inbox | shape.Smtp, others: Sequence[int], protocol: str, usual: int
) -> None:
    port, security = table.port, table.security
    given = "security" if "security" in table.model_fields_set else "port"
    if port in others:
        source.finding((*at, "port"), f"{port} is not a port of {protocol}; write {usual}")
    elif security == "starttls" and port in _STARTS_WITH_TLS:
        what = f'"starttls" does not go with port {port}, which begins with TLS; write security = "tls"'
        source.finding((*at, given), what, warning=True)
    elif security == "tls" and port in _STARTS_PLAIN:
        what = f'"tls" does not go with port {port}, which begins without; write security = "starttls"'
        source.finding((*at, given), what, warning=True)


def _people(file: shape.File, source: Source, today: date) -> None:
    gone = {staff_id(one): one for one in file.staff if one.left is not None and one.left <= today}

    def here(at: Location, name: str, does: str) -> None:
        if name in gone:
            source.finding(
                at, f"{gone[name].name} has left ({gone[name].left}) and still {does}; name somebody else", warning=True
            )

    for index, inbox in enumerate(file.inbox):
        here(("inbox", index, "owner"), inbox.owner, f'owns the inbox "{inbox.name}"')
    for index, person in enumerate(file.staff):
        own = staff_id(person)
        if person.manager == own:
            source.finding(
                ("staff", index, "manager"), f"{person.name} is their own manager; name who is told when they are late"
            )
        if own not in gone:
            here(("staff", index, "cover"), person.cover, f"stands in for {person.name}")
            here(("staff", index, "manager"), person.manager, f"manages {person.name}")
    for index, team in enumerate(file.team):
        here(("team", index, "manager"), team.manager, f'manages the team "{team.name}"')
        here(("team", index, "deputy"), team.deputy, f'is the deputy of the team "{team.name}"')
        if team.members and all(one in gone for one in team.members):
            source.finding(
                ("team", index, "members"), "all of them have left; add somebody who works here", warning=True
            )
    for index, route in enumerate(file.route):
        here(("route", index, "owner"), route.owner, "gets these letters")
    for number, name in enumerate(file.urgent.to):
        here(("urgent", "to", number), name, "is alarmed first")
    _absences(file, source, today)


def _absences(file: shape.File, source: Source, today: date) -> None:
    names = {staff_id(one): one.name for one in file.staff}
    for index, absence in enumerate(file.absence):
        at: Location = ("absence", index, "cover")
        if not absence.cover:
            continue
        if absence.cover == absence.staff:
            source.finding(at, "is the one who is away; name somebody else, or remove it for the usual cover")
            continue
        away = [
            other
            for other in file.absence
            if other.staff == absence.cover
            and _day(other.from_) < _day(absence.until)
            and _day(absence.from_) < _day(other.until)
        ]
        if away and _day(absence.until) > today:
            source.finding(
                at,
                f"{names.get(absence.cover, absence.cover)} is away too, from {_day(away[0].from_)}; name somebody who is there",
                warning=True,
            )


def _day(moment: datetime | date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def secrets(file: shape.File, source: Source) -> None:
    """Warn of a secret or password that everybody on this machine may read, and of a password whose first line is blank."""
    places: list[tuple[Location, str, bool]] = [
        (("council", "secret_file"), file.council.secret_file, False),
        (("smtp", "password_file"), file.smtp.password_file, True),
        *((("relay", index, "password_file"), relay.password_file, True) for index, relay in enumerate(file.relay)),
        *((("inbox", index, "password_file"), inbox.password_file, True) for index, inbox in enumerate(file.inbox)),
    ]
    for at, name, is_password in places:
        if not name:
            continue
        place = readable(source.resolved(name))
        try:
            mode, content = place.stat().st_mode, place.read_bytes()
        except OSError:  # checks.files says so
            continue
        if mode & stat.S_IROTH:
            source.finding(at, f"everybody on this machine may read {place}; chmod 600 {place}", warning=True)
        if is_password and content.strip() and not content.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].strip():
            source.finding(
                at, f"the first line of {place} is blank, and the password is read from there; delete that line"
            )
