"""Checks a file whose keys are right: unknown names, contradictions, missing files, and settings that are probably mistakes."""

import difflib
import importlib.util
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ackbot import extras
from ackbot.casework.incoming import danger
from ackbot.config import shape
from ackbot.config.check_oauth import oauth
from ackbot.config.lines import Location
from ackbot.config.source import Source
from ackbot.mail.addresses import key_of
from ackbot.wires import tls
from ackbot.wires.places import Place, network
from ackbot.wires.secrets import readable

_TAG_LENGTH = 24  # a plus sign and 23 characters (design.md §5)
_LONGEST_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1
_SHORTEST_POLL_S = 0.05
_SHORTEST_SECRET = 16  # characters; `ackbot init` makes 64
_FRIDAY = 4


def staff_id(person: shape.Staff) -> str:
    """The id of a member of staff: the given one, otherwise the local part of the first address in lower case."""
    return person.id or person.email[0].partition("@")[0].lower()


def calendar_place(calendar: str, source: Source) -> str:
    """A calendar of leave as it is fetched: an https address, or the path of a file."""
    return calendar if "://" in calendar else str(source.resolved(calendar))


def _calendars(file: shape.File, source: Source) -> None:
    for index, person in enumerate(file.staff):
        at, calendar = ("staff", index, "calendar"), person.calendar
        if "://" in calendar and not calendar.startswith("https://"):
            source.finding(at, "a calendar is fetched over https only; write its address with https://, or a file")
        elif calendar and "://" not in calendar and not source.resolved(calendar).is_file():
            source.finding(at, f"there is no file {source.resolved(calendar)}; correct the path", warning=True)


def references(file: shape.File, source: Source) -> None:
    """Check every name by which one table refers to another, and every contradiction; findings are added to `source`."""
    staff = [staff_id(person) for person in file.staff]
    teams = [team.name for team in file.team]
    _unique(source, "staff", "id", staff, "the id")
    _addresses_of_staff(file, source)
    _calendars(file, source)
    _unique(source, "team", "name", teams, "the name")
    _unique(source, "inbox", "name", [inbox.name for inbox in file.inbox], "the name")
    _unique(source, "standard", "name", [one.name for one in file.standard], "the name")
    _inboxes(file, source, teams, staff)
    for index, person in enumerate(file.staff):
        _known(source, ("staff", index, "cover"), person.cover, staff, "staff")
        _known(source, ("staff", index, "manager"), person.manager, staff, "staff")
    for index, team in enumerate(file.team):
        for number, member in enumerate(team.members):
            _known(source, ("team", index, "members", number), member, staff, "staff")
        _known(source, ("team", index, "manager"), team.manager, staff, "staff")
        _known(source, ("team", index, "deputy"), team.deputy, staff, "staff")
    for index, absence in enumerate(file.absence):
        _known(source, ("absence", index, "staff"), absence.staff, staff, "staff")
        _known(source, ("absence", index, "cover"), absence.cover, staff, "staff")
        if str(absence.until) <= str(absence.from_):
            source.finding(("absence", index, "until"), "is not after `from`; write the first day back")
    if file.store.keep_cases.seconds < file.store.keep_letters.seconds:
        said = (
            f'is shorter than keep_letters ("{file.store.keep_letters.text}"): names go after the words, or with them'
        )
        source.finding(("store", "keep_cases"), said)
    _routes(file, source, teams, staff)
    for number, person_id in enumerate(file.urgent.to):
        _known(source, ("urgent", "to", number), person_id, staff, "staff")
    for number, reader in enumerate(file.report.to):
        if "@" not in reader:
            _known(source, ("report", "to", number), reader, staff, "staff")
    for key, names in (("alarm", file.urgent.alarm), ("flag", file.urgent.flag)):
        for number, name in enumerate(names):
            _known(source, ("urgent", key, number), name, danger.CATEGORIES, "category")
    _relays(file, source)
    oauth(file, source)
    _lmtp(file, source)
    listen = Place.parse(file.daemon.listen)
    if listen is not None and not listen.is_loopback:
        source.finding(
            ("daemon", "listen"), 'can be reached from other machines; write "127.0.0.1:9109", or a unix socket'
        )
    if listen is not None and file.daemon.listen == file.daemon.lmtp:
        source.finding(("daemon", "listen"), "is the same place as lmtp; choose another port")
    _not_meant(file, source)


def _addresses_of_staff(file: shape.File, source: Source) -> None:
    taken: dict[str, str] = {}
    for index, person in enumerate(file.staff):
        for number, address in enumerate(person.email):
            if key_of(address) in taken:
                source.finding(
                    ("staff", index, "email", number),
                    f'"{address}" already belongs to {taken[key_of(address)]}; keep it for one of them',
                )
            taken[key_of(address)] = person.name


def _inboxes(file: shape.File, source: Source, teams: Sequence[str], staff: Sequence[str]) -> None:
    taken: dict[str, str] = {}  # the inbox of each address
    watched: dict[tuple[str, str, str], str] = {}  # the inbox of each host, login and folder
    relays = [relay.name for relay in file.relay]
    for index, inbox in enumerate(file.inbox):
        at: Location = ("inbox", index)
        if bool(inbox.team) == bool(inbox.owner):
            source.finding(
                (*at, "team"),
                "needs either `team` or `owner`, and not both; name the team that shares it, or the officer it belongs to",
            )
        _known(source, (*at, "team"), inbox.team, teams, "team")
        _known(source, (*at, "owner"), inbox.owner, staff, "staff")
        _known(source, (*at, "relay"), inbox.relay, relays, "relay")
        _plaintext(source, at, inbox.security, inbox.host)
        _one_password(source, at, inbox)
        if not (inbox.password_file or inbox.password_env or inbox.oauth):
            source.finding(
                (*at, "password_file"), "is required unless there is a password_env or oauth; add one of them"
            )
        place = (inbox.host.casefold(), inbox.username.casefold(), inbox.folder)
        if place in watched:
            source.finding(
                (*at, "folder"),
                f'inbox "{watched[place]}" already watches this folder of {inbox.username}; make them one inbox with aliases',
            )
        watched[place] = inbox.name
        if inbox.poll_every.seconds < _SHORTEST_POLL_S:
            source.finding((*at, "poll_every"), 'is too short; write "200 ms" or more')
        for key, addresses in (("address", [inbox.address]), ("aliases", inbox.aliases)):
            for number, address in enumerate(addresses):
                if key_of(address) in taken:
                    source.finding(
                        (*at, key, number),
                        f'"{address}" already belongs to inbox "{taken[key_of(address)]}"; keep it for one of them',
                    )
                taken[key_of(address)] = inbox.name
        local = inbox.address.partition("@")[0]
        if inbox.plus_addressing and len(local) + _TAG_LENGTH > _LONGEST_LOCAL_PART:
            source.finding(
                (*at, "address"),
                "the part before the @ is too long for reply addresses; set plus_addressing = false",
                warning=True,
            )

    for key in ("admin", "head_of_service", "archive_bcc"):
        if (name := taken.get(key_of(getattr(file.council, key)))) is not None:
            source.finding(
                ("council", key),
                f'is an address of inbox "{name}", so ackbot would write to itself; use another address',
            )


def _routes(file: shape.File, source: Source, teams: Sequence[str], staff: Sequence[str]) -> None:
    inboxes = [inbox.name for inbox in file.inbox]
    standards = [one.name for one in file.standard]
    catch_all: dict[str, int] = {}  # by inbox: the first route without conditions; the first route that matches wins
    for index, route in enumerate(file.route):
        at: Location = ("route", index)
        _known(source, (*at, "inbox"), route.inbox, inboxes, "inbox")
        _known(source, (*at, "team"), route.team, teams, "team")
        _known(source, (*at, "owner"), route.owner, staff, "staff")
        _known(source, (*at, "standard"), route.standard, standards, "standard")
        if not (route.team or route.owner or route.standard or route.skill):
            source.finding((*at, "team"), "the route decides nothing; add team, owner, standard or skill")
        if route.skill and not any(route.skill in person.skills for person in file.staff):
            source.finding(
                (*at, "skill"), f'nobody has the skill "{route.skill}"; add it to a member of staff', warning=True
            )
        same = next((n for n, one in enumerate(file.route[:index]) if _conditions(one) == _conditions(route)), None)
        blocking = catch_all.get("", catch_all.get(route.inbox))
        if blocking is not None:
            source.finding(
                at,
                f"can never match, because route {blocking + 1} takes all letters first; move this one above it",
                warning=True,
            )
        elif same is not None:
            source.finding(
                at,
                f"can never match, because route {same + 1} has the same conditions; remove one of them",
                warning=True,
            )
        elif not (route.from_ or route.to or route.subject or route.body or route.postcode):
            catch_all[route.inbox] = index


def _conditions(route: shape.Route) -> tuple[object, ...]:
    """What a route asks for, so that two routes with the same conditions are equal, in whatever order and case."""
    words = (route.from_, route.to, route.subject, route.body, route.postcode)
    return (route.inbox, *(frozenset(one.casefold() for one in some) for some in words))


def _relays(file: shape.File, source: Source) -> None:
    _unique(source, "relay", "name", [relay.name for relay in file.relay], "the name")
    _known(source, ("council", "staff_relay"), file.council.staff_relay, [relay.name for relay in file.relay], "relay")
    places: list[tuple[Location, shape.Smtp]] = [
        (("smtp",), file.smtp),
        *((("relay", index), relay) for index, relay in enumerate(file.relay)),
    ]
    for at, relay in places:
        _plaintext(source, at, relay.security, relay.host)
        _one_password(source, at, relay)
        given = relay.password_file or relay.password_env or relay.oauth
        if relay.username and relay.login_as == "username" and not given:
            source.finding(
                (*at, "password_file"),
                f"is required to log in as {relay.username} unless there is a password_env or oauth; add one of them",
            )
        if relay.security == "none" and relay.username:
            source.finding(
                (*at, "username"),
                'the password is sent unencrypted, safe only while the relay is on this machine; use "starttls" if it offers that',
                warning=True,
            )


def _lmtp(file: shape.File, source: Source) -> None:
    place = Place.parse(file.daemon.lmtp)
    if place is None:
        return
    for name in ("lmtp_keep_per_day", "lmtp_keep"):
        limit = getattr(file.daemon, name)
        if 0 < limit < file.daemon.lmtp_size:
            source.finding(
                ("daemon", name), "is less than lmtp_size, so a large mail with files is never taken; raise it"
            )
    if place.path:
        return
    if not place.is_loopback and not file.daemon.lmtp_certificate:
        source.finding(
            ("daemon", "lmtp_certificate"),
            f"is required, because other machines can reach {place}; name a PEM file with certificate and key",
        )
    if not place.is_loopback and all(network(one).is_loopback for one in file.daemon.lmtp_peers):
        source.finding(("daemon", "lmtp_peers"), "lets only this machine deliver; add your mail servers", warning=True)


def _plaintext(source: Source, at: Location, security: str, host: str) -> None:
    if security == "none" and not tls.is_loopback(host):
        source.finding(
            (*at, "security"),
            f'"none" is allowed only for this machine, and {host} is another one; write "tls" or "starttls"',
        )


def _one_password(source: Source, at: Location, table: Any) -> None:
    named = [key for key in ("password_file", "password_env", "oauth") if getattr(table, key)]
    if len(named) > 1:
        source.finding((*at, named[1]), f"{named[0]} is set as well; keep one of them")


def _unique(source: Source, table: str, key: str, values: Sequence[str], what: str) -> None:
    counted = Counter(values)
    for index, value in enumerate(values):
        if counted[value] > 1 and values.index(value) != index:
            source.finding((table, index, key), f'{what} "{value}" is used twice; each [[{table}]] needs its own')


_CALLED = {"staff": "member of staff"}  # one entry of a table, if the table's name is not the word for it


def _known(source: Source, at: Location, name: str, names: Iterable[str], what: str) -> None:
    known = list(dict.fromkeys(names))
    # An uncertain kind has an entry without a usable name, which may be the one that is meant.
    if not name or name in known or what in source.uncertain:
        return
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    mend = (
        f'did you mean "{near[0]}"?' if near else f"choose from: {', '.join(known)}" if known else f"add a [[{what}]]"
    )
    source.finding(at, f'there is no {_CALLED.get(what, what)} "{name}"; {mend}')


def _not_meant(file: shape.File, source: Source) -> None:
    """Warn of settings that do not keep ackbot from starting but are probably mistakes (behaviour.md §5.5)."""
    covers = {staff_id(person): person.cover for person in file.staff}
    for index, person in enumerate(file.staff):
        own = staff_id(person)
        chain, at = [own], covers.get(own, "")
        while at and at not in chain:
            chain.append(at)
            at = covers.get(at, "")
        if at == own and own == min(chain):  # a circle is one mistake, whoever of it comes first in the file (E90)
            source.finding(
                ("staff", index, "cover"),
                f"the covers go round in a circle ({' → '.join([*chain, own])}); give one of them a cover outside it",
                warning=True,
            )
        is_manager = any(own == team.manager for team in file.team)
        if not person.manager and not is_manager and not any(team.manager for team in file.team if own in team.members):
            source.finding(
                ("staff", index),
                f"{person.name} has no manager to be told of overdue cases; add one here or to the team",
                warning=True,
            )
    weeks = {staff_id(person): person.working_hours for person in file.staff}
    for index, team in enumerate(file.team):
        if not team.members:
            source.finding(
                ("team", index, "members"), "the team has no members to own its letters; add at least one", warning=True
            )
        elif _FRIDAY in file.calendar.working_hours.hours and not any(
            _FRIDAY in (week.hours if (week := weeks.get(one)) else file.calendar.working_hours.hours)
            for one in team.members
        ):
            source.finding(
                ("team", index, "members"),
                "nobody in this team works on Fridays; add somebody, or a deputy",
                warning=True,
            )
    for index, inbox in enumerate(file.inbox):
        if not inbox.authserv_id:
            source.finding(
                ("inbox", index),
                f'inbox "{inbox.name}" has no authserv_id, so only the From address and our signed token prove that staff wrote; '
                "add authserv_id",
                warning=True,
            )
        if inbox.sent_folder and inbox.sent_folder == inbox.folder:
            source.finding(("inbox", index, "sent_folder"), "is the folder where letters arrive; name another")
    _store(file.store.url, source)


def _store(url: str, source: Source) -> None:
    """Check that the URL is of a known kind, and has what a store of that kind needs."""
    scheme, _, place = url.partition("://")
    if scheme not in ("sqlite", "postgresql"):
        source.finding(
            ("store", "url"),
            "is not a known kind of store; write sqlite:////var/lib/ackbot/ackbot.db or postgresql://user@host/ackbot",
        )
    elif scheme == "sqlite" and not place.strip("/"):
        source.finding(("store", "url"), "does not name a file; write sqlite:////var/lib/ackbot/ackbot.db")
    elif scheme == "sqlite":
        file = source.resolved(place.removeprefix("/")) if not place.startswith("//") else Path("/" + place.lstrip("/"))
        if file.is_dir():
            source.finding(("store", "url"), f"{file} is a folder; name a file in it: {url.rstrip('/')}/ackbot.db")
        elif file.parent.exists() and not file.parent.is_dir():
            source.finding(
                ("store", "url"), f"{file.parent} is not a folder, so nothing can lie in it; correct the path"
            )
    elif scheme == "postgresql":
        if not place.partition("?")[0].partition("/")[2]:
            source.finding(("store", "url"), "does not name a database; write postgresql://user@host/ackbot")
        if importlib.util.find_spec("psycopg") is None:
            source.finding(("store", "url"), f"PostgreSQL needs one more package; run {extras.command('postgres')}")
        if ":" in place.rpartition("@")[0]:
            source.finding(
                ("store", "url"), "contains a password; put it into ~/.pgpass or PGPASSWORD instead", warning=True
            )


def files(file: shape.File, source: Source) -> None:
    """Check the files and environment variables that the configuration names, as the current user sees them."""
    _readable(
        source,
        ("council", "secret_file"),
        file.council.secret_file,
        "`ackbot init DIR` makes a good one, but if mails were sent already put the one in the backup back: only it knows replies",
        required=True,
    )
    tables: list[tuple[Location, shape.Smtp | shape.Inbox]] = [
        (("smtp",), file.smtp),
        *((("relay", index), relay) for index, relay in enumerate(file.relay)),
        *((("inbox", index), inbox) for index, inbox in enumerate(file.inbox)),
    ]
    for at, table in tables:
        _readable(source, (*at, "password_file"), table.password_file, "write the password on its first line")
        if table.password_env and table.password_env not in os.environ:
            source.finding(
                (*at, "password_env"),
                f"the environment variable {table.password_env} is not set here; set it where ackbot runs",
                warning=True,
            )
        if isinstance(table, shape.Smtp):
            _authorities(source, (*at, "ca_file"), table.ca_file)
    for name, grant in file.oauth.items():
        for key in ("client_secret_file", "certificate_file"):
            _readable(source, ("oauth", name, key), getattr(grant, key), "put it there")
        _authorities(source, ("oauth", name, "ca_file"), grant.ca_file)
    if file.daemon.lmtp_certificate:
        certificate = readable(source.resolved(file.daemon.lmtp_certificate))
        try:
            tls.server_context(certificate)
        except OSError as error:
            source.finding(
                ("daemon", "lmtp_certificate"),
                f"{certificate} does not hold a certificate with its key ({error.strerror or error}); correct the file",
            )
    if file.urgent.words_dir and not source.resolved(file.urgent.words_dir).is_dir():
        source.finding(("urgent", "words_dir"), "is not a folder; correct the path, or remove it")


def _authorities(source: Source, at: Location, ca_file: str) -> None:
    try:
        tls.context(source.resolved(ca_file) if ca_file else None)
    except OSError as error:
        what = f"is not a file of certificates ({error.strerror or error}); correct the path"
        source.finding(at, f"{source.resolved(ca_file)} {what}")


def _readable(source: Source, at: Location, path: str, mend: str, *, required: bool = False) -> None:
    if not path:
        return
    place = readable(source.resolved(path))
    try:
        content = place.read_bytes()
    except OSError as error:
        # systemd puts credentials there only while the service runs, so their absence now is only a warning.
        given_later = str(place).startswith("/run/credentials/") and not required
        if isinstance(
            error, PermissionError
        ):  # a new file would not help, and a new secret would orphan every reply (E68)
            mend = (
                "run this as the user who may, such as root: sudo ackbot …, or let this user read it; make no new one"
            )
        elif isinstance(error, IsADirectoryError):
            mend = "name the file in it"
        source.finding(at, f"{place} cannot be read ({error.strerror}); {mend}", warning=given_later)
        return
    if not content.strip():
        source.finding(at, f"{place} is empty; {mend}")
    elif required and any(0 < len(line.strip()) < _SHORTEST_SECRET for line in content.splitlines()):
        source.finding(at, f"{place} has a line shorter than {_SHORTEST_SECRET} characters; {mend}")
    elif not required and not _is_utf8(content):
        source.finding(at, f"{place} is not UTF-8; save it as UTF-8")


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
