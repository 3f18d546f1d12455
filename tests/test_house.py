"""The house itself: imports point down, rules stay pure, words live in templates, everything public is explained."""

import ast
import re
from dataclasses import fields
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import EllipsisType, NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from ackbot import log_events
from ackbot.mail.message import Message
from ackbot.mail.plain import Limit

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ackbot"
# design.md §3: who may import whom, downwards.
BELOW = {
    "cli": {"daemon", "demo", "work", "store", "wires", "report", "config", "casework", "mail", "resources", "log"},
    "demo": {"daemon", "work", "store", "wires", "report", "config", "casework", "mail", "resources"},
    "daemon": {
        "work",
        "store",
        "wires",
        "report",
        "config",
        "casework",
        "mail",
        "resources",
        "crashpoints",
        "log_events",
    },
    "work": {"store", "wires", "report", "config", "casework", "mail", "resources", "crashpoints", "log_events"},
    "store": {"casework", "mail", "log_events"},
    "wires": {"mail", "crashpoints", "log_events"},
    "report": {"casework", "mail", "resources"},
    "config": {"wires", "casework", "mail", "resources", "not_toml"},
    "casework": {"mail"},
    "mail": {"not_toml"},
    "log": {"log_events"},
    "log_events": set(),
    "not_toml": set(),
    "resources": set(),
    "crashpoints": set(),
    "errors": set(),
    "extras": set(),
}
EVERYWHERE = {"errors", "extras"}  # below all of them
FILES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in FILES]


def room(path: Path) -> str:
    """The top-level folder or module of a file."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> set[str]:
    """Every module named in an import, inside functions too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module in ("ackbot",)}
    return found


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_imports_point_down(path: Path) -> None:
    """No circles, no arrow upwards (design.md §3)."""
    own = room(path)
    named = {name.split(".")[1] for name in imports(ast.parse(path.read_text())) if name.startswith("ackbot.")}
    allowed = BELOW.get(own, set()) | EVERYWHERE | {own, "__version__"}

    assert named <= allowed, named - allowed


# design.md §3: who in the rules may import whom. The files beside the wings are "rest" where wings stand on them, and "decide"
# where they compose what the wings answer.
WINGS = {
    "decide": {"staff", "clocks", "incoming", "drafts", "rest"},
    "staff": {"clocks", "incoming", "drafts", "rest"},
    "clocks": {"incoming", "drafts", "rest"},
    "incoming": {"drafts", "rest"},
    "drafts": {"rest"},
    "rest": set(),
}
COMPOSED = {
    "decide",
    "opening",
    "follow_ups",
    "bounces",
    "elsewhere",
    "recovered",
    "several",
    "passed_on",
    "other_writers",
}


def wing(module: str) -> str:
    """The wing of a module of the rules: `ackbot.casework.staff.reading` is of "staff"."""
    parts = module.split(".")[2:]
    if len(parts) > 1 and parts[0] in WINGS:
        return parts[0]
    return parts[0] if parts[:1] and parts[0] in WINGS else "decide" if parts and parts[0] in COMPOSED else "rest"


def modules_named(tree: ast.AST) -> set[str]:
    """Every module that imports name, `from package import module` included."""
    known = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & known) or {node.module}
    return found


@pytest.mark.parametrize("path", [path for path in FILES if room(path) == "casework"], ids=str)
def test_wings_import_one_way(path: Path) -> None:
    """decide → staff → clocks → incoming → drafts → the files beside them; no arrow back (design.md §3)."""
    own = wing(".".join(path.relative_to(ROOT).with_suffix("").parts))
    named = {name for name in modules_named(ast.parse(path.read_text())) if name.startswith("ackbot.casework")}

    assert {name for name in named if wing(name) not in WINGS[own] | {own}} == set()


def classes_in(kind: Any) -> set[Any]:
    """Every type that a declared type is made of."""
    if get_origin(kind) is Literal:
        return {str}
    inside = [classes_in(one) for one in get_args(kind) if not isinstance(one, Limit | EllipsisType)]
    return set().union(*inside) if inside else {kind}


def test_a_message_is_data() -> None:
    """P12: plain values all the way down, and tokens. No MIME tree, no signer, nothing that is computed when a rule asks for it."""
    seen: set[Any] = set()
    left: set[Any] = {Message}
    while left:
        kind = left.pop()
        seen.add(kind)
        assert kind.__dataclass_params__.frozen
        assert "__slots__" in vars(kind)  # there is no place where a value could be kept for later
        assert not any(isinstance(value, cached_property) for value in vars(kind).values())
        hints = get_type_hints(kind, include_extras=True)
        named = set().union(*(classes_in(hints[one.name]) for one in fields(kind) if one.init))
        left |= named - {str, int, bool, datetime, NoneType} - seen

    assert {kind.__name__ for kind in seen} == {
        "Message", "Read", "Enclosed", "Fields", "Address", "Attachment", "Quoted", "Recipient", "Token",
    }  # fmt: skip
    assert [one.name for kind in seen for one in fields(kind) if not one.init] == ["_by_name"]


@pytest.mark.parametrize("path", [path for path in FILES if room(path) in ("casework", "work", "store")], ids=str)
def test_only_the_mail_room_sees_the_tree(path: Path) -> None:
    """What a mail is made of stays in `mail`; files alone are cut out of their mail when they go along."""
    if path.name != "attachments.py":
        assert not modules_named(ast.parse(path.read_text())) & {"ackbot.mail.mime", "ackbot.mail.headers"}


@pytest.mark.parametrize("path", [path for path in FILES if room(path) in ("casework", "mail")], ids=str)
def test_rules_and_mail_touch_nothing(path: Path) -> None:
    """P12: no socket, no clock, no randomness, no library of a border in the rules."""
    text = path.read_text()
    forbidden = {
        "socket",
        "smtplib",
        "imaplib",
        "imapclient",
        "sqlite3",
        "sqlite_utils",
        "psycopg",
        "random",
        "secrets",
        "subprocess",
        "structlog",
        "apscheduler",
        "time",
        "os",
        "urllib",
    }

    assert not {name.split(".")[0] for name in imports(ast.parse(text)) - {"urllib.parse"}} & forbidden
    assert not re.search(r"\.now\(|\.utcnow\(|\.today\(\)", text)


BORDERS = {
    "imapclient": "wires/imap.py",
    "smtplib": "wires/smtp.py",
    "sqlite3": "store/sqlite.py",
    "sqlite_utils": "store/sqlite.py",
    "psycopg": "store/postgres.py",
    "aiosmtpd": "wires/lmtp.py",
    "icalendar": "wires/ical.py",
    "recurring_ical_events": "wires/ical.py",
    "apscheduler": "work/rounds.py",
    "pydantic": "config/",
    "click": "cli/",
    "rich": ("cli/", "demo/"),
    "jinja2": ("mail/templates.py", "report/render.py"),
    "css_inline": "mail/templates.py",
}


@pytest.mark.parametrize("library", BORDERS)
def test_one_border_per_library(library: str) -> None:
    """Each library has one importer, except for the demo's servers."""
    users = {
        str(path.relative_to(PACKAGE))
        for path in FILES
        if any(name.split(".")[0] == library for name in imports(ast.parse(path.read_text())))
    }

    assert {user for user in users if not user.startswith("demo/servers")} and all(
        user.startswith(BORDERS[library]) or user == "demo/servers.py" for user in users
    ), users


def test_one_base_of_all_errors() -> None:
    """Every error class of our own derives from AckbotError."""
    bare = {
        node.name
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if isinstance(base, ast.Name) and (base.id.endswith(("Error", "Exception")) and base.id != "AckbotError")
    }

    assert bare == {"AckbotError"}


# A statement, as it stands in a string: the verb, and then the word that no sentence of ours has behind it.
SQL = re.compile(r"\b(SELECT\b.+\bFROM|INSERT INTO|UPDATE\b.+\bSET|DELETE FROM)\b", re.DOTALL)


@pytest.mark.parametrize("path", [path for path in FILES if room(path) != "store"], ids=str)
def test_only_the_store_knows_sql(path: Path) -> None:
    """All SQL is in the store (style.md, SQL): no string elsewhere holds a statement or a piece of one."""
    tree = ast.parse(path.read_text())
    told = {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
    strings = [
        "".join(str(piece.value) for piece in node.values if isinstance(piece, ast.Constant))
        if isinstance(node, ast.JoinedStr)
        else node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        if id(node) not in told
    ]

    assert [one for one in strings if SQL.search(one)] == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_everything_public_is_explained(path: Path) -> None:
    """Every module, public class and public function has a docstring; a folder's says in one sentence what it is for."""
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "module"
    if path.name == "__init__.py" and path.parent != PACKAGE:
        assert "\n" not in (ast.get_docstring(tree) or "")
    private = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        for inner in ast.walk(node)
        if inner is not node
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.ClassDef)
            and not node.name.startswith(("_", "handle_"))
            and id(node) not in private
        ):
            if path.name == "__init__.py" and path.parent.name == "cli":
                continue  # click's methods
            assert ast.get_docstring(node), node.name


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_files_are_short(path: Path) -> None:
    """Split before 500 lines."""
    assert len(path.read_text().splitlines()) < 500


LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def log_calls(tree: ast.AST) -> list[ast.Call]:
    """Every line that a file logs."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and ast.unparse(node.func.value) in ("log", "self._log")
    ]


def events_in(node: ast.AST) -> set[str]:
    """The constants of log_events that are named somewhere in it."""
    return {
        one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute) and ast.unparse(one.value) == "log_events"
    }


def logged(path: Path) -> dict[str, set[str]]:
    """The events that a file logs, each with the keys it gives them; bound ones too."""
    tree = ast.parse(path.read_text())
    bound = {
        key.arg or "**"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "log.bind"
        for key in node.keywords
    }
    found: dict[str, set[str]] = {}
    for call in log_calls(tree):
        named = events_in(call.args[0])
        if isinstance(call.args[0], ast.Name):  # a helper, which is handed the event
            helper = next(
                node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and call in list(ast.walk(node))
            )
            assert call.args[0].id in [
                one.arg for one in helper.args.args if ast.unparse(one.annotation or one) == "Event"
            ]
            handed = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
            named = {
                event for node in handed if ast.unparse(node.func) == f"self.{helper.name}" for event in events_in(node)
            }
        assert named and len(call.args) == 1, (
            f"{path.name}:{call.lineno} logs something that is not named in log_events"
        )
        for event in named:
            found.setdefault(event, set()).update(
                bound, {key.arg or "**" for key in call.keywords if key.arg != "exc_info"}
            )
    return found


def test_log_events_have_names() -> None:
    """
    P11: no line is logged but by an event of log_events, which declares its keys; each event is logged somewhere, with just
    these keys; none of them would hold what a person is called or wrote.
    """
    found: dict[str, set[str]] = {}
    for path in FILES:
        for event, keys in logged(path).items():
            found.setdefault(event, set()).update(keys)
    declared = {
        name: set(event.keys) for name, event in vars(log_events).items() if isinstance(event, log_events.Event)
    }

    assert found == declared
    assert len(set(log_events.EVENTS)) == len(log_events.EVENTS) == len(declared)
    private = {
        "name",
        "address",
        "from",
        "to",
        "sender",
        "recipient",
        "resident",
        "subject",
        "text",
        "body",
        "words",
        "reply",
    }
    assert not private & {key for keys in declared.values() for key in keys}


def test_code_holds_no_words_for_residents() -> None:
    """Templates hold words: what a resident reads stands in no Python file of the rules."""
    for path in FILES:
        if room(path) in ("casework", "work", "store") and not path.name.startswith("samples"):
            text = path.read_text()
            for phrase in ("Hello ", "Dear ", "has your email", "You will hear", "We are sorry", "Kind regards"):
                assert phrase not in text, (path, phrase)


def test_templates_promise_nothing_vague() -> None:
    """Voice 3: the words that mean nothing appear in no template."""
    for path in (ROOT / "templates").rglob("*.txt"):
        assert not re.search(
            r"\b(shortly|soon|as soon as possible|in due course)\b", path.read_text(), re.IGNORECASE
        ), path


def test_nothing_names_a_place_or_a_registry() -> None:
    """No path of a machine and no registry host in any file."""
    kept = [
        path
        for path in ROOT.rglob("*")
        if path.is_file()
        and not {".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "__pycache__", "dist"}
        & set(path.parts)
    ]
    for path in kept:
        if path.suffix in (".py", ".md", ".toml", ".txt", ".html", ".service", "") and path.name != "test_house.py":
            text = path.read_text(errors="replace")
            assert not re.search(
                r"/root/|/home/\w+/|/work/|pypi\.org|pythonhosted|deb\.debian\.org|registry\.npm", text
            ), path


def test_pitfalls_are_named_once_and_sorted_out() -> None:
    """Each test that claims a pitfall or promise says so in its docstring, where it can be found by its number."""
    named = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                named |= set(re.findall(r"\b[DP]\d{1,2}\b", ast.get_docstring(node) or ""))
    first = {f"D{n}" for n in (*range(1, 17), 19, 20, 29, 30, 31, 36, 37, 38, *range(44, 48), 49, 50, 51, 59, 71)} | {
        "P1",
        "P2",
        "P3",
        "P8",
        "P10",
        "P11",
        "P12",
    }

    assert first <= named, sorted(first - named)
    assert all(number <= 73 for one in named if one[0] == "D" for number in [int(one[1:])])
