"""From the file's shape to the values that rules, watchers and dispatchers are given."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from ackbot.casework import council as values
from ackbot.casework.drafts import speaking
from ackbot.casework.office import Office
from ackbot.casework.worktime import Calendar
from ackbot.config import shape
from ackbot.config.check_oauth import ends_on
from ackbot.config.checks import calendar_place, staff_id
from ackbot.config.source import Finding, Source
from ackbot.config.values import Config, Lane, Listening, Watched
from ackbot.config.wording import MODEL, Wording
from ackbot.mail.addresses import key_of
from ackbot.mail.tokens import Signer
from ackbot.wires import graph
from ackbot.wires.imap import Account
from ackbot.wires.oauth import Grant, Tokens
from ackbot.wires.places import Place, network
from ackbot.wires.secrets import Password, readable
from ackbot.wires.smtp import Relay

DEFAULT_LANE = "default"
_REHEARSAL_SECRET = b"a rehearsal signs with this, and nothing of it is sent"


def config(
    file: shape.File, source: Source, wording: Wording, *, warnings: tuple[Finding, ...], rehearsal: bool
) -> Config:
    """
    The whole configuration, from a file that passed its checks, with or without warnings.

    Args:
        rehearsal: nothing will be sent, so a missing secret is replaced by a fixed one.

    Raises:
        OSError: the secret cannot be read, and this is not a rehearsal.
    """
    council = _council(file, wording, source)
    tokens = MappingProxyType({name: Tokens(_grant(name, one, source)) for name, one in file.oauth.items()})
    secret = readable(source.resolved(file.council.secret_file))
    try:
        secrets = [line.strip() for line in secret.read_bytes().splitlines() if line.strip()]
    except OSError:
        if not rehearsal:
            raise
        secrets = []
    office = Office(council, wording.templates, Signer(secrets or [_REHEARSAL_SECRET], tuple(council.staff)))
    return Config(
        path=source.path,
        office=office,
        store_url=store_url(file.store.url, source),
        watched=tuple(_watched(inbox, source, index, tokens) for index, inbox in enumerate(file.inbox)),
        lanes=_lanes(file, source, tokens),
        tokens=tokens,
        secret_file=source.resolved(file.council.secret_file),
        files=_files(file, source),
        contents=MappingProxyType(source.contents),
        lmtp=_listening(file.daemon, source),
        health=Place.parse(file.daemon.listen),
        calendars=MappingProxyType(
            {staff_id(one): calendar_place(one.calendar, source) for one in file.staff if one.calendar}
        ),
        warnings=warnings,
        restart=MappingProxyType({"store.url": file.store.url, "council.secret_file": file.council.secret_file}),
    )


def _listening(daemon: shape.Daemon, source: Source) -> Listening | None:
    place = Place.parse(daemon.lmtp)
    if place is None:
        return None
    certificate = readable(source.resolved(daemon.lmtp_certificate)) if daemon.lmtp_certificate else None
    return Listening(
        place=place,
        peers=tuple(network(one) for one in daemon.lmtp_peers),
        size=daemon.lmtp_size,
        per_minute=daemon.lmtp_per_minute,
        keep_per_day=daemon.lmtp_keep_per_day,
        keep=daemon.lmtp_keep,
        certificate=certificate,
    )


def _files(file: shape.File, source: Source) -> tuple[Path, ...]:
    """The files that the council wrote, except templates, which are always beside the configuration."""
    words = source.resolved(file.urgent.words_dir).rglob("*.txt") if file.urgent.words_dir else ()
    return tuple(dict.fromkeys([source.path, *(Path(name) for name, _, _ in source.origins.values()), *words]))


def store_url(url: str, source: Source) -> str:
    """The store's URL, where a relative path starts from the folder of the configuration."""
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        return f"sqlite:///{source.resolved(url.removeprefix('sqlite:///'))}"
    return url


def _council(file: shape.File, wording: Wording, source: Source) -> values.Council:
    zone = ZoneInfo(file.council.timezone)
    calendar = Calendar(
        timezone=zone,
        week=file.calendar.working_hours,
        nations=(file.calendar.bank_holidays,) if file.calendar.bank_holidays else (),
        closed=frozenset(file.calendar.closed_on),
        extra=frozenset(file.calendar.extra_days),
    )
    return values.Council(
        name=file.council.name,
        domains=tuple(key_of(f"@{domain}")[1:] for domain in file.council.domains)
        or tuple(dict.fromkeys(key_of(inbox.address).rpartition("@")[2] for inbox in file.inbox)),
        calendar=calendar,
        reference=file.council.reference,
        admin=file.council.admin,
        standards=MappingProxyType({one.name: _standard(one) for one in file.standard}),
        inboxes=MappingProxyType({inbox.name: _inbox(inbox, file, calendar) for inbox in file.inbox}),
        staff=MappingProxyType({staff_id(person): _staff(person) for person in file.staff}),
        teams=MappingProxyType({team.name: _team(team) for team in file.team}),
        routes=tuple(_route(route, number) for number, route in enumerate(file.route, 1)),
        absences=tuple(_absence(one, zone) for one in file.absence),
        senders=tuple(
            values.SenderRule(
                addresses=tuple(key_of(address) for address in one.from_),
                acknowledge=one.acknowledge,
            )
            for one in file.sender
        ),
        limits=values.Limits(
            per_sender=file.limits.per_sender,
            brake=file.limits.brake,
            resident_automatic_per_day=file.limits.resident_automatic_per_day,
        ),
        urgent=_urgent(file, wording),
        complaining=wording.complaining,
        reference_in_subject=file.council.reference_in_subject,
        head_of_service=file.council.head_of_service,
        languages=tuple(file.council.languages),
        bilingual=file.council.bilingual and len(file.council.languages) > 1,
        staff_language=wording.staff_language,
        in_language=_in_language(file, wording),
        privacy=file.council.privacy,
        plain_reply=file.council.plain_reply,
        archive_bcc=file.council.archive_bcc,
        tell_return_date=file.council.tell_return_date,
        digest_at=file.calendar.digest_at,
        feedback_ask=file.feedback.ask,
        feedback_every=file.feedback.every,
        keep_letters=file.store.keep_letters,
        keep_cases=file.store.keep_cases,
        canary_every=file.daemon.canary_every,
        statements=tuple(one.text for one in file.statement),
        report=values.Reporting(to=tuple(file.report.to), months=file.report.every),
        credentials=tuple(
            values.Credential(name=name, what="certificate" if grant.certificate_file else "secret", ends_on=day)
            for name, grant in file.oauth.items()
            if (day := ends_on(grant, source)) is not None
        ),
    )


def _in_language(file: shape.File, wording: Wording) -> Mapping[str, Mapping[str, str]]:
    """The lines that stand in every mail: the council's own in that language, or else those that come with the language."""
    own = {name: getattr(file.council, name) for name in ("urgent_help", "take_further", "formats")}
    nations = [file.calendar.bank_holidays] if file.calendar.bank_holidays else []
    found: dict[str, Mapping[str, str]] = {}
    for number, language in enumerate(file.council.languages):
        known = language if language in wording.templates.languages() else MODEL  # the mistake is named elsewhere
        usual = speaking.usual(wording.templates.words(known), nations)
        said = {
            name: texts.get(language) or (number == 0 and texts.get("")) or usual[name] for name, texts in own.items()
        }
        found[language] = MappingProxyType({**usual, **said})
    return MappingProxyType(found)


def _own_lines(inbox: shape.Inbox, languages: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """What an inbox says instead, by language; a text without a language is in the council's first."""
    found: dict[str, dict[str, str]] = {}
    for name, texts in (("sentence", inbox.sentence), ("take_further", inbox.take_further)):
        for language, text in texts.items():
            found.setdefault(language or languages[0], {})[name] = text
    return MappingProxyType(found)


def _standard(one: shape.Standard) -> values.Standard:
    return values.Standard(
        name=one.name,
        name_owner_within=one.name_owner_within,
        update_every=one.update_every,
        answer_within=one.answer_within,
        warn=tuple(one.warn),
        escalate_every=one.escalate_every,
        settle_after=one.settle_after,
        reopen_within=one.reopen_within,
        start=one.start,
        calendar=one.calendar,
        cut_off=one.cut_off,
        pausable=one.pausable,
        feedback=one.feedback,
        complaint=one.for_complaints,
    )


def _team(team: shape.Team) -> values.Team:
    return values.Team(
        name=team.name,
        members=tuple(team.members),
        manager=team.manager,
        deputy=team.deputy,
        assign=team.assign,
        keep_owner=team.keep_owner,
    )


def _inbox(inbox: shape.Inbox, file: shape.File, calendar: Calendar) -> values.Inbox:
    relay = next((one for one in file.relay if one.name == inbox.relay), file.smtp)
    lane = _lane_name(inbox.relay, relay, inbox)
    staff_relay = next((one for one in file.relay if one.name == file.council.staff_relay), file.smtp)
    return values.Inbox(
        name=inbox.name,
        service=inbox.service or file.council.name,
        address=inbox.address,
        addresses=tuple(dict.fromkeys(key_of(address) for address in (inbox.address, *inbox.aliases))),
        mode=inbox.mode,
        team=inbox.team,
        owner=inbox.owner,
        calendar=replace(calendar, nations=(inbox.bank_holidays,), _known={}) if inbox.bank_holidays else calendar,
        lane=lane,
        staff_lane=_lane_name(file.council.staff_relay, staff_relay, inbox),
        # A reply address needs 24 of the 64 characters before the @ (checks.py warns).
        plus_addressing=inbox.plus_addressing and len(inbox.address.partition("@")[0]) <= 40,
        acknowledge_cc=inbox.acknowledge_cc,
        forms=tuple(
            values.Form(
                sender=key_of(form.from_),
                resident=form.resident,
                resident_line=form.resident_line,
                name_line=form.name_line,
            )
            for form in inbox.forms
        ),
        own_lists=tuple(one.lower().strip("<>") for one in inbox.own_lists),
        authserv_id=inbox.authserv_id,
        attach_up_to=min(inbox.attach_up_to, graph.LARGEST_FILES) if staff_relay.via == "graph" else inbox.attach_up_to,
        phone=inbox.phone,
        in_language=_own_lines(inbox, file.council.languages),
        acknowledge_backlog=inbox.backlog == "acknowledge",
        bounce=relay.bounce,
        sent_folder=inbox.sent_folder,
    )


def _staff(person: shape.Staff) -> values.Staff:
    return values.Staff(
        id=staff_id(person),
        name=person.name,
        email=person.email[0],
        addresses=tuple(key_of(address) for address in person.email),
        public_name=person.public_name or person.name,
        job_title=person.job_title,
        phone=person.phone,
        cover=person.cover,
        manager=person.manager,
        week=person.working_hours,
        skills=frozenset(person.skills),
        max_cases=person.max_cases,
        ignore_auto_reply=person.ignore_auto_reply,
        left=person.left,
    )


def _route(route: shape.Route, number: int) -> values.Route:
    return values.Route(
        inbox=route.inbox,
        from_=tuple(one.casefold() for one in route.from_),
        to=tuple(one.casefold() for one in route.to),
        subject=tuple(route.subject),
        body=tuple(route.body),
        postcode=tuple(route.postcode),
        team=route.team,
        owner=route.owner,
        standard=route.standard,
        skill=route.skill,
        number=number,
    )


def _absence(one: shape.Absence, zone: ZoneInfo) -> values.Absence:
    return values.Absence(
        staff=one.staff,
        starts_at=_instant(one.from_, zone),
        ends_at=_instant(one.until, zone),
        cover=one.cover,
    )


def _instant(value: datetime | date, zone: ZoneInfo) -> datetime:
    """An instant in UTC: a date means its first moment in the council's zone. A date-time without a zone is in that zone too."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    return datetime.combine(value, time.min, zone).astimezone(UTC)


def _urgent(file: shape.File, wording: Wording) -> values.Urgent:
    return values.Urgent(
        to=tuple(file.urgent.to),
        repeat_every=file.urgent.repeat_every,
        alarm=tuple(file.urgent.alarm),
        flag=tuple(file.urgent.flag),
        words=wording.urgent,
    )


def _watched(inbox: shape.Inbox, source: Source, index: int, tokens: Mapping[str, Tokens]) -> Watched:
    return Watched(
        name=inbox.name,
        account=Account(
            host=inbox.host,
            port=inbox.port,
            security=inbox.security,
            username=inbox.username,
            password=_password(inbox, source),
            tokens=tokens.get(inbox.oauth),
        ),
        folder=inbox.folder,
        sent_folder=inbox.sent_folder,
        junk_folder=inbox.junk_folder,
        start=inbox.start,
        watch=inbox.watch,
        poll_every_s=inbox.poll_every.seconds,
        after=inbox.after.removeprefix("move:").strip() if inbox.after != "leave" else "",
        place=source.place(("inbox", index)),
    )


def _password(table: shape.Inbox | shape.Smtp, source: Source) -> Password:
    return Password(source.resolved(table.password_file) if table.password_file else None, table.password_env)


_SUBMISSION, _HTTPS = 587, 443
_GOOGLE = "google"
_TOKEN_URL = MappingProxyType({_GOOGLE: "https://oauth2.googleapis.com/token"})
# What is asked for where the configuration does not say (domain.md §6).
_SCOPE = MappingProxyType(
    {
        "client-credentials": "https://outlook.office365.com/.default",
        "device": "https://outlook.office365.com/IMAP.AccessAsUser.All https://outlook.office365.com/SMTP.Send offline_access",
        _GOOGLE: "https://mail.google.com/",
    }
)
_MICROSOFT = "https://login.microsoftonline."


def _grant(name: str, one: shape.OAuth, source: Source) -> Grant:
    url = one.token_url or _TOKEN_URL.get(one.grant, "")
    known = one.grant == _GOOGLE or url.startswith(_MICROSOFT)
    return Grant(
        name=name,
        kind=one.grant,
        token_url=url,
        client_id=one.client_id,
        secret=Password(source.resolved(one.client_secret_file) if one.client_secret_file else None),
        secret_file=str(source.resolved(one.client_secret_file)) if one.client_secret_file else "",
        certificate=source.resolved(one.certificate_file) if one.certificate_file else None,
        scope=one.scope or (_SCOPE[one.grant] if known else ""),
        device_url=one.device_url or f"{url.removesuffix('/token')}/devicecode",
        token_file=source.resolved(one.token_file) if one.token_file else None,
        ca_file=source.resolved(one.ca_file) if one.ca_file else None,
    )


def _lane_name(relay_name: str, relay: shape.Smtp, inbox: shape.Inbox) -> str:
    name = relay_name or DEFAULT_LANE
    return f"{name}/{inbox.name}" if _sends_as_inbox(relay) else name


def _sends_as_inbox(relay: shape.Smtp) -> bool:
    """Whether each inbox has a lane of its own. Graph sends from the mailbox that its address names."""
    return relay.login_as == "inbox" or relay.via == "graph"


def _lanes(file: shape.File, source: Source, tokens: Mapping[str, Tokens]) -> tuple[Lane, ...]:
    lanes: dict[str, Lane] = {}
    for name, relay in [(DEFAULT_LANE, file.smtp), *((one.name, one) for one in file.relay)]:
        own_tokens = tokens.get(relay.oauth)
        if not _sends_as_inbox(relay):
            lanes[name] = _lane(
                name, relay, _relay(name, relay, source, _password(relay, source), own_tokens), relay.username
            )
            continue
        for inbox in file.inbox:
            own = _lane_name(name, relay, inbox)
            # Microsoft 365 takes the inbox's own login, so what it logs in with serves unless the relay has something.
            given = relay if relay.password_file or relay.password_env or relay.oauth else inbox
            wire = _relay(name, relay, source, _password(given, source), tokens.get(given.oauth))
            lanes[own] = _lane(own, relay, wire, inbox.username)
    return tuple(lanes.values())


def _lane(name: str, relay: shape.Smtp, wire: Relay, username: str) -> Lane:
    return Lane(
        name=name,
        relay=wire,
        username=username,
        per_minute=relay.per_minute,
        per_day=relay.per_day,
        connections=relay.connections,
    )


def _relay(name: str, relay: shape.Smtp, source: Source, password: Password, tokens: Tokens | None) -> Relay:
    by_graph = relay.via == "graph"
    return Relay(
        name=name,
        host=relay.host or (graph.HOST if by_graph else ""),
        port=_HTTPS if by_graph and relay.port == _SUBMISSION else relay.port,
        by_graph=by_graph,
        security=relay.security,
        username=relay.username,
        password=password,
        ca_file=source.resolved(relay.ca_file) if relay.ca_file else None,
        tokens=tokens,
    )
