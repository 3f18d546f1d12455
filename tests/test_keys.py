"""Keys are made in one place, never change, and no code takes one apart (design.md §5)."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ackbot.casework import keys
from ackbot.store import schema
from tests.test_house import FILES, NAMES, PACKAGE, room

CODE, LETTER, DAY = "7H429P", "f00d", date(2026, 12, 7)
AT = datetime(2026, 12, 7, 8, 30, 5, 123456, tzinfo=UTC)
ASKED = keys.asked(CODE, LETTER)
AWAY = keys.absence("dana", AT)
# A restored backup makes the same Message-IDs again only while these texts stay as they are.
TABLE: tuple[tuple[str, str], ...] = (
    (keys.asked(CODE, LETTER), "7H429P:f00d"),
    (keys.asked(CODE, LETTER, 2), "7H429P:f00d:2"),
    (keys.waiting(CODE, "<a@b.example>"), "7H429P:<a@b.example>"),
    (keys.absence("dana", AT), "dana:2026-12-07"),
    (keys.absence("dana", AT, "sam"), "dana:2026-12-07:sam"),
    (keys.absence("dana", None), "dana:left"),
    (keys.absence("dana", None, "sam"), "dana:left:sam"),
    (keys.absence("", None), "named"),
    (keys.absence("", None, "sam"), "named:sam"),
    (keys.taken_over_as(1), "taken:1"),
    (keys.acknowledgement(LETTER), "ack:f00d"),
    (keys.receipt(CODE, DAY, spared=False), "receipt:7H429P:2026-12-07"),
    (keys.reached(CODE, "a@b.example"), "reached:7H429P:a@b.example"),
    (keys.human(ASKED), "human:7H429P:f00d"),
    (keys.human(keys.waiting(CODE, "<a@b.example>")), "human:7H429P:<a@b.example>"),
    (keys.copy(keys.human(ASKED), "cllr@r.example"), "human:7H429P:f00d:copy:cllr@r.example"),
    (keys.no_news(CODE, DAY), "promise:7H429P:2026-12-07"),
    (keys.settled(CODE, DAY, feedback=True), "settled:7H429P:2026-12-07"),
    (keys.settled(CODE, DAY, feedback=False), "closed:7H429P:2026-12-07"),
    (keys.still_waiting(CODE, DAY), "waiting:7H429P:2026-12-07"),
    (keys.cover(CODE, AWAY, 1), "cover:7H429P:dana:2026-12-07"),
    (keys.cover(CODE, AWAY, 2), "cover:7H429P:dana:2026-12-07:several-2"),
    (keys.cover(CODE, keys.taken_over_as(1), 1), "cover:7H429P:taken:1"),
    (keys.split_off(CODE), "split:7H429P"),
    (keys.new_case(CODE, "sam"), "new-case:7H429P:sam"),
    (keys.new_case(CODE, "sam", 2), "new-case:7H429P:sam:2"),
    (keys.resident_wrote(CODE, LETTER, "sam"), "wrote:7H429P:f00d:sam"),
    (keys.also_yours(CODE, "streets"), "also:7H429P:streets"),
    (keys.offered(CODE, "sam", AT), "offered:7H429P:sam:2026-12-07T083005"),
    (keys.urgent(CODE, LETTER, "sam"), "urgent:7H429P:f00d:sam:1"),
    (keys.unheard("alex", AT), "unheard:alex:2026-12-07T083005"),
    (keys.urgent_list(AT, 2), "urgent-list:2026-12-07T083005:2"),
    (keys.urgent_again(CODE, AT, 2), "urgent:7H429P:2026-12-07T083005:2"),
    (keys.ask(ASKED), "ask:7H429P:f00d"),
    (keys.ask_which(LETTER), "ask:f00d"),
    (keys.held(ASKED), "held:7H429P:f00d"),
    (keys.echo(keys.human(ASKED)), "echo:human:7H429P:f00d"),
    (keys.another(ASKED), "another:7H429P:f00d"),
    (keys.take(ASKED), "take:7H429P:f00d"),
    (keys.acted(ASKED), "acted:7H429P:f00d"),
    (keys.declined(ASKED), "declined:7H429P:f00d"),
    (keys.withdrawn(ASKED), "withdrawn:7H429P:f00d"),
    (keys.quiet(ASKED), "quiet:7H429P:f00d"),
    (keys.copies(ASKED), "copies:7H429P:f00d"),
    (keys.presence(LETTER), "presence:f00d"),
    (keys.presence(LETTER, "sam"), "presence:f00d:sam"),
    (keys.learnt_absence("sam", "unclear", DAY), "absence:sam:unclear:2026-12-07"),
    (keys.taken(CODE, 1), "taken:7H429P:1"),
    (keys.unreachable(CODE, "<1@x.example>"), "unreachable:7H429P:<1@x.example>"),
    (keys.resident_wrote(CODE, LETTER, "sam", again=True), "wrote:7H429P:f00d:sam:again"),
    (keys.undelivered(CODE), "undelivered:7H429P"),
    (keys.unproven(ASKED), "unproven:7H429P:f00d"),
    (keys.passed_on(LETTER), "passed:f00d"),
    (keys.put_in("housing", DAY), "put-in:housing:2026-12-07"),
    (keys.forged("7H429P", "<a@b>", "sam"), "forged:7H429P:<a@b>:sam"),
    (keys.digest("sam", DAY), "digest:sam:2026-12-07"),
    (keys.overdue("sam", DAY), "overdue:sam:2026-12-07"),
    (keys.late("sam", CODE, DAY), "late:sam:7H429P:2026-12-07"),
    (keys.taken_over("sam", AWAY, CODE, AT), "taken-over:sam:dana:2026-12-07:7H429P:2026-12-07T0830"),
    (keys.while_away("sam", CODE, AT), "while-away:sam:7H429P:2026-12-07T0830"),
    (keys.nobody_to_alarm(CODE, LETTER), "urgent:7H429P:f00d"),
    (keys.no_owner(CODE), "no-owner:7H429P"),
    (keys.uncovered(DAY), "uncovered:2026-12-07"),
    (keys.escalation("head of service", DAY), "digest:head of service:2026-12-07"),
    (keys.missed(DAY), "missed:2026-12-07"),
    (keys.paused(DAY), "paused:2026-12-07"),
    (keys.daily(DAY), "daily:2026-12-07"),
    (keys.report("alex@b.example", DAY), "report:alex@b.example:2026-12-07"),
    (keys.brake(AT), "brake:2026-12-07T08"),
    (keys.restore("housing", DAY), "restore:housing:2026-12-07"),
    (keys.put_in("housing", DAY), "put-in:housing:2026-12-07"),
    (keys.restored("2026-12-07T08:30:05.123456Z"), "restored:2026-12-07T08:30:05.123456Z"),
    (keys.staff_bounce("sam", DAY), "staff-bounce:sam:2026-12-07"),
    (keys.quarantine(LETTER), "quarantine:f00d"),
    (keys.trouble("inbox", "housing", DAY), "inbox:housing:2026-12-07"),
    (keys.relay("default", DAY), "relay:default:2026-12-07"),
    (keys.archive(DAY), "archive:2026-12-07"),
    (keys.refused("digest", "sam", DAY), "refused:digest:sam:2026-12-07"),
    (keys.refused_owner("digest", "sam", CODE, DAY), "refused-owner:digest:sam:7H429P:2026-12-07"),
    (keys.unverified("ack:f00d"), "unverified:ack:f00d"),
    (keys.without_words("new-case:f00d:sam"), "without-words:new-case:f00d:sam"),
    (keys.expires("oauth.m365", DAY, 14), "expires:oauth.m365:2026-12-07:14"),
    (keys.canary("housing", AT), "canary:housing:2026-12-07T08:30:05.123456+00:00"),
    (keys.trial_of_inbox("housing", AT), "trial:housing:2026-12-07T08:30:05.123456+00:00"),
    (keys.trial_of_staff("sam", DAY), "trial:sam:2026-12-07"),
    (keys.specimen("cover"), "specimen:cover"),
    (keys.take_word("7H429P", "dana", AT), "take:7H429P:dana:2026-12-07T08:30:05.123456+00:00"),
)
MAKER = PACKAGE / "casework" / "keys.py"
OTHERS = [path for path in FILES if path != MAKER and room(path) != "mail"]  # mail knows nothing of cases
BEGINNINGS = "|".join(sorted({text.partition(":")[0] for made, text in TABLE if ":" in made} - {"7H429P", "dana"}))
# Not a key: what the reference in the address of a trial mail is made from.
NO_KEYS = {("casework/incoming/staff_proof.py", "trial:")}
TAKEN_APART = re.compile(r"\b(NOT LIKE|LIKE|GLOB|SUBSTR|SUBSTRING|INSTR|POSITION|STRPOS|SPLIT_PART)\b|\|\||~", re.I)


@pytest.mark.parametrize(("made", "text"), TABLE, ids=[text for _, text in TABLE])
def test_the_text_of_every_key(made: str, text: str) -> None:
    """P2: a key that changed would send again, under another Message-ID, what went out before a backup was restored."""
    assert made == text


def test_a_mail_without_words_is_known() -> None:
    """A letter whose words were refused is told once without them, and never a third time."""
    assert keys.is_without_words(keys.without_words("new-case:f00d:sam"))
    assert not keys.is_without_words("new-case:f00d:sam")


def test_every_key_stands_in_the_table() -> None:
    """No key is made that the table above does not hold."""
    makers = {node.name for node in ast.parse(MAKER.read_text()).body if isinstance(node, ast.FunctionDef)}
    named = {
        node.attr
        for node in ast.walk(ast.parse(Path(__file__).read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "keys"
    }

    assert makers - named == set()


def name_of(node: ast.AST) -> str:
    """`Key` of both `Key` and `keys.Key`."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def text_of(node: ast.AST) -> str | None:
    """A string as far as it is literal, U+FFFC for each value in it; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            one.value if isinstance(one, ast.Constant) else "\N{OBJECT REPLACEMENT CHARACTER}" for one in node.values
        )  # type: ignore[misc]
    return None


def strings(tree: ast.AST) -> Iterator[str]:
    """Every string of a file, an f-string as one; docstrings too."""
    inner = {id(one) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for one in node.values}
    for node in ast.walk(tree):
        if id(node) not in inner and (text := text_of(node)) is not None:
            yield text


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_keys_are_made_in_one_place(path: Path) -> None:
    """
    P2: nobody but keys.py makes a Key, or writes a text that begins as one does. That a Send, a draft and a Message-ID are
    given a Key and no other text, mypy sees.
    """
    tree, own = ast.parse(path.read_text()), str(path.relative_to(PACKAGE))
    made = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (
            name_of(node.func) in ("Key", "Part") or (name_of(node.func) == "cast" and "Key" in ast.dump(node.args[0]))
        )
    ]
    begun = [
        text
        for text in strings(tree)
        if (found := re.match(rf"({BEGINNINGS}):(\S*)$", text)) and (own, f"{found[1]}:") not in NO_KEYS
    ]

    assert (made, begun) == ([], [])


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_nobody_takes_a_key_apart(path: Path) -> None:
    """P2: what must be known of a mail is a column: no statement searches in a key, no method looks into one."""

    def is_key(node: ast.AST) -> bool:
        column = (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and node.slice.value == "dedupe_key"
        )
        return column or (isinstance(node, ast.Attribute) and node.attr == "dedupe_key")

    tree = ast.parse(path.read_text())
    looked = [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute | ast.Subscript) and is_key(node.value))
        or (
            isinstance(node, ast.Compare)
            and isinstance(node.ops[0], ast.In | ast.NotIn)
            and is_key(node.comparators[0])
        )
    ]
    searched = [text for text in strings(tree) if "dedupe_key" in text and TAKEN_APART.search(text)]

    assert (looked, [] if path.name == "schema.py" else searched) == ([], [])


def test_one_migration_reads_keys() -> None:
    """The step that made columns of what keys had told is the last that looks into one."""
    reading = {
        number
        for number, statements in enumerate(schema.MIGRATIONS, 1)
        for one in statements
        if "dedupe_key" in one and TAKEN_APART.search(re.sub(r"--.*", "", one))
    }

    assert reading == {2}
