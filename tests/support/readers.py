"""Every reader and rule that a stranger's octets reach, with what it is given too much of: cases for tests.support.growth."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import structlog

from ackbot.casework import dates, keys
from ackbot.casework.clocks import reminders
from ackbot.casework.clocks.reminders import Line
from ackbot.casework.drafts import alarm_mails, names, persons_words, to_resident, to_staff
from ackbot.casework.incoming import complaints, danger, marks, routing, thanks, wishes
from ackbot.casework.incoming.screening import Seen, screen
from ackbot.casework.intents import Intent
from ackbot.casework.model import Arrival, Case, Facts
from ackbot.casework.office import Desk
from ackbot.casework.staff import (
    absence_notice,
    away_back,
    commands,
    handover,
    held_words,
    meant,
    near,
    people,
    reading,
)
from ackbot.cli import printing
from ackbot.mail import (
    addresses,
    authresults,
    charsets,
    compose,
    debris,
    domains,
    folding,
    forwards,
    headers,
    language,
    lures,
    markup,
    message,
    mime,
    plain,
    quoting,
    replies,
    reports,
    signatures,
    subjects,
    systems,
    text,
    tokens,
)
from ackbot.mail.addresses import Address
from ackbot.mail.headers import Headers
from ackbot.mail.message import Message
from ackbot.mail.plain import Fields
from ackbot.store import cases as stored
from ackbot.wires import smtp
from ackbot.work.apply import composed
from ackbot.work.explain import as_json, explain, to_line
from tests.support.council import MONDAY, World
from tests.support.growth import SIZES
from tests.support.growth import Case as Growing
from tests.support.hostile import FIELDS, PAGES, TEXTS, TREES, VALUES, Piece, mail, pieces
from tests.support.letters import letter
from tests.support.story import answer

Reader = Callable[[str], object]
TODAY = date(2026, 11, 30)
FENCES = ("Only what you write above this line goes to Edward",)
CUT = (
    4_096,
    8_192,
    16_384,
    32_768,
)  # characters of a text or a field: a square shows at the last one; they are cut at 65,536
TWICE_CUT = (16_384, 32_768, 65_536, 131_072)  # octets of mails of which nothing but the rules is of interest
WIDE = (65_536, 131_072, 262_144, 524_288)  # of a page, and of a body that is not cut yet
ORDINARY = (
    "Good morning. There is damp in the bedroom again, and the paint comes off at the window, as I wrote to you on 3 December.\n"
    "My number is 020 7946 0001. Thank you, Édith O'Neill-Şahin <edith@resident.example>\n\n"
)
ORDINARY_PAGE = "<div><p>There is <b>damp</b> in the bedroom.</p>\n<ul><li>one &amp; two</li></ul></div>\n"
ORDINARY_VALUE = 'Edith <e@resident.example>, "Li Wei" <li@resident.example>, =?utf-8?q?=C3=89d?= <a@b.example>, '


@cache
def world() -> World:
    """The test council with a letter, its case and its acknowledgement."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    server = 'authserv_id = "mx.northgate.example"'
    made = World(Path(tempfile.mkdtemp(prefix="growth")), (server, f'{server}\nsent_folder = "Sent"'))
    made.receive(letter(Cc="nora@resident.example"))
    return made


@cache
def first_case() -> Case:
    """As the rules see it."""
    [row] = world().cases()
    return stored.by_code(world().db, (row["code"],))[row["code"]]


def read(raw: bytes) -> plain.Read:
    """What the reader process does with a mail, and its parent with the answer."""
    return plain.unpack(plain.pack(message.read(raw)))


def explained(raw: bytes, **options: Any) -> object:
    """The daemon's whole path: read, decided, composed; and all that `explain` prints."""
    config = world().config
    found = explain(raw, config, at=MONDAY, db=world().db, **options)
    assert found.considered is not None, found.error
    assert not found.error, found.error
    return printing.shown(to_line(as_json("", found, config.office)))


def _desk() -> Desk:
    return world().office.desk(MONDAY)


@cache
def _plain_message() -> Message:
    return Message.parse(mail(), world().office.signer)


def _seen(letter_of: Message) -> Seen:
    council = world().office.council
    return Seen(letter_of, council.inboxes["housing"], council, Arrival("housing", MONDAY))


def _with_text(words: str) -> Message:
    return replace(_plain_message(), text=words, new_text=words, unmarked=words)


def _field(name: str, value: str) -> Fields:
    return Fields(((name, value, value),))


def _as_field(name: str, rule: Callable[[Fields], object]) -> Reader:
    return lambda value: rule(_field(name, value))


def _rendered(words: str) -> object:
    safe, lines = markup.protect(words), markup.protect(markup.Lines(words))
    found = markup.blocks(f"# {safe}\n\n{lines}\n\n- {safe}\n")
    return markup.to_text(found), markup.to_html(found, "BODY", {}, language="en", title=words)


def _words(words: str) -> reading.Reading:
    return reading.commanded(words, below=False, doubtful=False)


def _codes(words: str) -> object:
    return world().office.council.codes_in(words)


def _written(sends: list[Intent]) -> object:
    return composed(sends, world().office.templates)


def _mails_about(subject: str, name: str, words: str) -> object:
    """The mails that quote a letter: to its resident, to its owner, the digest with one line and with two."""
    desk, council = _desk(), world().office.council
    person, inbox = council.staff["priya"], council.inboxes["housing"]
    case = replace(first_case(), subject=subject, resident=replace(first_case().resident, name=name))
    wrote = replace(_with_text(words), subject=subject)
    line = Line(case, "own", TODAY)
    return _written(
        [
            to_resident.receipt(desk, wrote, case, inbox, why="a test", hold=""),
            persons_words.human(desk, case, person, keys.human(keys.Part("a")), words, next_on=None, why="a test"),
            to_staff.resident_wrote(desk, wrote, case, MONDAY, note="", why="a test"),
            alarm_mails.urgent(desk, wrote, case, person, ["gas"], why="a test"),
            reminders.digest(desk, person, [line], words, why="a test"),
            reminders.overdue(desk, person, [line, line], words, why="a test"),
        ]
    )


def _subject(value: str) -> object:
    seen = _seen(replace(_plain_message(), subject=value))
    return seen.weak_marks, seen.says_automatic, screen(seen)


def _held(words: str) -> object:
    held = held_words.greets_somebody_else(words, first_case(), world().office.council)
    return held, held_words._INSIDE.search(words), len(replies.unsigned(words)), reading.command_line(words)


def _meant(words: str) -> object:
    heard = meant.Heard(frozenset({"edward", "quan", "a"}), ("Sam", "Jones"), ("streets", "Streets and Waste"), words)
    said = meant.speaks_inside(words, heard, meant=True)
    return (
        said,
        meant.why_not(words, heard),
        meant.in_capitals(words, heard),
        near.slip(words),
        near.nearest(words[:30]),
    )


def _from_a_daemon(value: str) -> object:
    seen = _seen(replace(_with_text(value), from_=(Address("", "MAILER-DAEMON@relay.example"),), return_path=""))
    return screen(seen)


# What reads a text of at most 65,536 characters.
OF_TEXT: Mapping[str, Reader] = {
    "forwards": lambda words: forwards.enclosed(
        mime.parse(b""), replace(_plain_message(), subject="FW: a", text=words, new_text=words), message._read
    ),
    "forwards, dates": forwards.written_at,
    "forwards, authors": forwards.authors,
    "quoting": lambda words: (quoting.new_text(words), quoting.unmarked(words), quoting.quotations(words, 200)),
    "quoting, heads": quoting.heads,
    "signatures": signatures.trimmed,
    "language": lambda words: language.language_of(words, ""),
    "message, hashes": lambda words: (message._text_hash(words), message._fingerprint("", "", (), words, words, ())),
    "message, words": lambda words: (
        replace(_with_text(words), quoted=(plain.Quoted(9, ("a@b.example",)),)).words(lambda _: True),
        _with_text(words).as_form(),
    ),
    "reports, paragraphs": lambda words: list(reports._from_paragraphs(words)),
    "reports, text": lambda words: list(reports._from_text(words)),
    "reports, permanent": lambda words: (reports.is_permanent("failed", "", words), reports._status(words)),
    "replies": lambda words: replies.read(words, FENCES, ""),
    "replies, quoting all": lambda words: replies.read(words, FENCES, words),
    "replies, quoting ours": lambda words: replies.read(
        words, (), "Dear Edward, thank you for your letter\nIt is here.\n"
    ),
    "debris": lambda words: (
        debris.untopped(words),
        debris.unfooted(words),
        debris.tidied(words),
        debris.is_nobodys(words),
        [read(words) for read in (debris.is_device, debris.is_picture, debris.is_label, debris.folded)],
    ),
    "staff, meant": _meant,
    "staff, command": _words,
    "staff, lines of a digest": lambda words: reading.parts(
        replace(_words("x"), whole=words), world().office.council, ()
    ),
    "staff, away": lambda words: (dates.find_range(words, TODAY), away_back._COVER.search(words)),
    "staff, an absence notice": lambda words: absence_notice.read(words, words, TODAY, ("Priya Shah",)),
    "staff, whose absence": lambda words: away_back._of_whom(
        replace(_words("x"), argument=words), world().office.council
    ),
    "staff, by": lambda words: dates.promised(words, TODAY),
    "staff, names": lambda words: (
        handover._named(words),
        people.called(words, world().office.council),
        people.team_called(words, world().office.council),
    ),
    "staff, held": _held,
    "staff, not reached": commands._NOT_REACHED.search,
    "folding": folding.plain,
    "complaints": lambda words: complaints.named_in(_with_text(words), None, Facts(), _desk(), "housing", formal=True),
    "wishes": lambda words: wishes.read(words, world().office.templates.language_names()),
    "thanks": lambda words: thanks.short_answer(words, ["Edward Quan", "edward@resident.example"]),
    "thanks, scores": lambda words: (thanks.score_of(words), thanks.word_score(words)),
    "danger": lambda words: danger.categories(words, world().office.council.urgent, ("Ring 999.",)),
    "danger, subject": lambda words: danger.found_in(_seen(replace(_with_text(words), subject=words)), None, _desk()),
    "routing, words": lambda words: routing.has_word(words, ("mould", "no heating")),
    "routing, postcodes": lambda words: routing._in_area(words, ("W10 5", "SW1")),
    "references": _codes,
    "names, signed": lambda words: names.greeting(Address("", "edward@resident.example"), _with_text(words)),
    "tokens": lambda words: (tokens.ids_in(words), tokens.tags_in(words), tokens.tag_of(f"{words}@b.example")),
    "markup": _rendered,
    "mails about it": lambda words: _mails_about("Damp", "Edward Quan", words),
    "screening": lambda words: screen(_seen(_with_text(words))),
    "screening, of a daemon": _from_a_daemon,
    "marks, of words": lambda words: [
        one.search(words)
        for one in (
            marks.SAYS_AUTOMATIC,
            marks.SAYS_NO_REPLY,
            marks.SAYS_UNREAD,
            marks.RETURNED_MAIL,
            marks.BOUNCE_WORDS,
        )
    ],
    "printing": printing.shown,
}

# What reads a field's value of at most 65,536 characters.
OF_VALUE: Mapping[str, Reader] = {
    "headers": lambda value: (headers.decode_words(value), headers.unfold(value), headers.printable(value)),
    "headers, parameters": lambda value: headers.parameters(f"text/plain; {value}", Headers([])),
    "headers, dates": headers.instant,
    "addresses": lambda value: addresses.addresses(Headers([("to", value)]), "to"),
    "addresses, one": lambda value: (Address("", value).usable, Address("", value).key, Address(value, value).local),
    "addresses, of a domain": lambda value: (
        addresses.key_of(f"a@{value}"),
        domains.ascii_form(value),
        domains.organisational(value),
        addresses.ascii_domain(f"a@{value}"),
    ),
    "results": lambda value: authresults.verdict(
        _field("authentication-results", f"mx.northgate.example; {value}"), "mx.northgate.example", "northgate.example"
    ),
    "results, no server": _as_field(
        "authentication-results",
        lambda found: (authresults.verdict(found, "unknown", "b.example"), authresults.servers(found)),
    ),
    "subjects": lambda value: (
        subjects.plain(value),
        subjects.without_tags(value),
        subjects.key(value),
        subjects.is_forward(value),
        subjects.is_reply(value),
        subjects.answer_to(value),
        systems.BOUNCE_SUBJECT.search(value),
    ),
    "subjects, matter": to_resident.matter,
    "screening, of a subject": _subject,
    "marks": lambda value: (
        marks.auto_submitted(value),
        [marks.spam(_field(name, value)) for name, _ in marks._VERDICTS],
        marks.list_id(_field("list-id", value)),
        marks.suppresses_all(_field("x-auto-response-suppress", value)),
    ),
    "marks, of senders": lambda value: (
        [one.fullmatch(value) for one in (systems.DAEMON, systems.MAILER, marks.NOBODY, marks.NOBODY_NAMED)],
        marks.NOBODY_THERE.match(value),
    ),
    "names, displayed": lambda value: names.from_display(Address(value, "edward@resident.example")),
    "lures": lambda value: (lures.quotable(value), lures.has_digit(value)),
    "staff, names": lambda value: people.called(value, world().office.council),
    "compose": lambda value: (
        compose.clean_subject(value),
        compose._encoded_mailbox(Address(value, "a@b.example"), 4),
        compose._encoded(compose.clean_subject(value), 9),
    ),
    "mails about it": lambda value: _mails_about(headers.printable(value), headers.printable(value), "There is damp."),
    "charsets": charsets.codec_name,
    "reports": lambda value: (
        reports._address(value),
        list(reports._from_headers(Headers([("x-failed-recipients", value)]), value)),
    ),
    "references": _codes,
    "ids": lambda value: (message._ids(value), tokens.ids_in(value), world().office.signer.read_message_ids(value)),
    "a relay's reply": lambda value: (smtp._ENHANCED.search(value), smtp._CODE.match(value)),
    "printing": printing.shown,
}

# What reads a page of HTML, or a whole body, before it is cut.
OF_PAGE: Mapping[str, Reader] = {
    "text, rich": text._told,
    "html": text.from_html,
    "html, by the library": text._inscribed,
    "html, stripped": text.stripped,
}
OF_BODY: Mapping[str, Reader] = {
    "text": lambda words: text.visible(mime.parse(mail(words))),
    "text, uuencoded": lambda words: text.uuencoded_names(mime.parse(mail(words))),
    "text, flowed": lambda words: text._unflowed(words, delsp=True),
    "text, alternatives": lambda words: (text._differs(words[:200], words), text._differs(words, words[:200])),
    "a report's blocks": lambda words: list(
        reports._from_delivery_status(
            mime.parse(b"Content-Type: message/global-delivery-status\r\n\r\n" + words.encode("utf-8", "replace"))
        )
    ),
    "a head": lambda words: read(words.encode("utf-8", "replace") + b"\n\nx"),
    "charsets": lambda words: [
        charsets.decode(words.encode("utf-8", "replace"), one) for one in ("", "utf-7", "hz", "idna")
    ],
}


def _repeated(unit: str) -> Callable[[int], str]:
    return lambda size: unit * (size // len(unit))


def _rules(readers: Mapping[str, Reader], grown: list[Piece], ordinary: str, sizes: tuple[int, ...]) -> list[Growing]:
    return [
        Growing(f"{name}, {one}", name, rule, one.grown, _repeated(ordinary), sizes)
        for name, rule in readers.items()
        for one in grown
    ]


def _mails(
    name: str,
    make: Callable[[str], bytes],
    grown: list[Piece],
    ordinary: str,
    sizes: tuple[int, ...] = SIZES,
    **options: Any,
) -> list[Growing]:
    """Whole mails, each with a piece of a size in it, through all that the daemon does with a mail."""

    def of(make_text: Callable[[int], str]) -> Callable[[int], bytes]:
        return lambda size: make(make_text(size))

    def act(raw: bytes) -> object:
        return explained(raw, **options)

    return [Growing(f"{name}, {one}", name, act, of(one.grown), of(_repeated(ordinary)), sizes) for one in grown]


def _trees() -> list[Growing]:
    def both(raw: bytes) -> object:
        return read(raw), explained(raw)

    ordinary = _repeated(ORDINARY)
    return [
        Growing(f"a mail, {name}", "tree", both, grown, lambda size: mail(ordinary(size)))
        for name, grown in TREES.items()
    ]


def _staff(words: str) -> bytes:
    """Priya answers the mail that brought her the letter."""
    [ours] = world().outbox("new-case")
    words = words.encode("utf-8", "replace").decode()
    return answer(bytes(ours["content"]), words, "Priya Shah <priya@northgate.example>", when=MONDAY)


def _digest(words: str) -> bytes:
    """Priya sends lines about cases to the address that takes them."""
    passed = "mx.northgate.example; dmarc=pass header.from=northgate.example"
    sender = "Priya Shah <priya@northgate.example>"
    return mail(words, From=sender, Subject="Re: Due today", Authentication_Results=passed)


def _again(words: str) -> bytes:
    """Edward writes again, in answer to what he got."""
    [ours] = world().outbox("acknowledgement")
    return mail(words, In_Reply_To=ours["message_id"], Message_ID="<second@resident.example>")


def _bounce(words: str) -> bytes:
    sender = "Mail Delivery System <MAILER-DAEMON@relay.example>"
    return mail(words, From=sender, Return_Path="<>", Subject="Undelivered Mail Returned to Sender")


def _all_fields(value: str) -> bytes:
    """One value in every field."""
    share = value[: len(value) // len(FIELDS)]
    return mail("Hello.", **{name.replace("-", "_"): share for name in FIELDS if name != "From"})


def _one_field(name: str) -> Callable[[str], bytes]:
    return lambda value: mail("Hello.", **{name: value})


def _page(words: str) -> bytes:
    return mail(words, Content_Type="text/html; charset=utf-8")


def _form(words: str) -> bytes:
    return mail(words, From="forms@northgate.example", Reply_To="Edward Quan <edward@resident.example>")


def _sent(words: str) -> bytes:
    """Priya's own mail program wrote to Edward; the copy lies in Sent."""
    sender = "Priya Shah <priya@northgate.example>"
    return mail(words, From=sender, To="edward@resident.example", In_Reply_To="<first@resident.example>")


def _in_a_letter() -> list[Piece]:
    return [Piece(name, unit, "Hi\n", "\x01x") for name, unit in TEXTS.items()]


def _in_a_command() -> list[Piece]:
    return [
        Piece(f"{word.split()[0]}, {name}", unit, word, "\x01x")
        for word in ("AWAY ", "PASS ", "MORE ", "NOTE ", "done. ")
        for name, unit in TEXTS.items()
    ]


def _in_a_command_rules() -> list[Growing]:
    chosen = {
        name: OF_TEXT[name] for name in ("staff, command", "staff, away", "staff, by", "staff, names", "staff, held")
    }
    return _rules(chosen, _in_a_command(), ORDINARY, CUT)


GROUPS: Mapping[str, Callable[[], list[Growing]]] = {
    "letters": lambda: _mails("a letter", mail, pieces(TEXTS), ORDINARY),
    "further letters": lambda: _mails("a further letter", _again, _in_a_letter(), ORDINARY, TWICE_CUT),
    "answers of staff": lambda: _mails("an answer of staff", _staff, _in_a_letter(), ORDINARY, TWICE_CUT),
    "answers to digests": lambda: _mails("lines of staff", _digest, _in_a_letter(), ORDINARY, TWICE_CUT),
    "copies from Sent": lambda: _mails("a sent mail", _sent, _in_a_letter(), ORDINARY, TWICE_CUT, inbox="housing"),
    "forms": lambda: _mails("a form", _form, _in_a_letter(), ORDINARY, TWICE_CUT),
    "bounces": lambda: _mails("a bounce", _bounce, _in_a_letter(), ORDINARY, TWICE_CUT),
    "pages": lambda: _mails("a page", _page, pieces(PAGES), ORDINARY_PAGE),
    "fields": lambda: _mails("all fields", _all_fields, pieces(VALUES), ORDINARY_VALUE),
    "single fields": lambda: [
        one
        for name in ("From", "To", "References", "Subject", "Content_Type", "Authentication_Results")
        for one in _mails(
            name,
            _one_field(name),
            [Piece(name, unit, "", ";x") for name, unit in VALUES.items()],
            ORDINARY_VALUE,
            TWICE_CUT,
        )
    ],
    "trees": _trees,
    "rules of text": lambda: _rules(OF_TEXT, pieces(TEXTS), ORDINARY, CUT),
    "rules of commands": _in_a_command_rules,
    "rules of values": lambda: _rules(OF_VALUE, pieces(VALUES), ORDINARY_VALUE, CUT),
    "readers of pages": lambda: _rules(OF_PAGE, pieces(PAGES), ORDINARY_PAGE, WIDE),
    "readers of bodies": lambda: _rules(OF_BODY, pieces(TEXTS), ORDINARY, WIDE),
}


def cases(group: str) -> list[Growing]:
    """Of one group."""
    return GROUPS[group]()
