"""The keys of the file: all that the contract names, each default once, and what does nothing yet (design.md §7)."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest

from ackbot import resources
from ackbot.casework import council
from ackbot.casework.worktime import Calendar
from ackbot.config import check, sample, values
from ackbot.config.shape import ENQUIRY, File, keys
from ackbot.config.shaping import _STAND_INS, TABLES
from ackbot.wires.imap import Account
from ackbot.wires.smtp import Relay
from tests.support.council import line_of, write_config

EXAMPLE = resources.example_config().read_text()
CONTRACT = {
    "council": "name domains timezone reference reference_in_subject admin head_of_service languages bilingual urgent_help take_further formats privacy secret_file plain_reply staff_relay archive_bcc tell_return_date",
    "calendar": "bank_holidays working_hours closed_on extra_days digest_at",
    "store": "url keep_letters keep_cases",
    "daemon": "listen canary_every lmtp lmtp_peers lmtp_size lmtp_per_minute lmtp_certificate lmtp_keep_per_day lmtp_keep",
    "limits": "per_sender resident_automatic_per_day brake",
    "urgent": "to repeat_every alarm flag words_dir",
    "feedback": "ask every",
    "smtp": "host port security username password_file password_env oauth login_as per_minute per_day connections bounce via ca_file",
    "oauth": "grant token_url client_id client_secret_file certificate_file scope secret_expires device_url token_file ca_file",
    "inbox": "name address aliases service mode host port security username oauth password_file password_env folder sent_folder junk_folder team owner relay start backlog watch poll_every after plus_addressing acknowledge_cc forms own_lists authserv_id attach_up_to bank_holidays phone sentence take_further",
    "sender": "from acknowledge",
    "staff": "id name email public_name job_title phone cover manager working_hours calendar ignore_auto_reply skills max_cases left",
    "team": "name members manager deputy assign keep_owner",
    "absence": "staff from until cover",
    "standard": "name name_owner_within update_every answer_within warn escalate_every settle_after reopen_within start calendar cut_off pausable feedback complaint",
    "statement": "text",
    "report": "to every",
    "route": "inbox from to subject body postcode team owner standard skill",
}


def test_the_whole_contract_is_known() -> None:
    """design.md §7: every key of the contract is accepted under its name, and those of lmtp that it leaves open."""
    assert {name: set(words.split()) for name, words in CONTRACT.items()} == {
        name: set(keys(table)) for name, table in TABLES.items() if name != "relay"
    }
    assert {"name", *CONTRACT["smtp"].split()} == set(keys(TABLES["relay"]))
    assert set(TABLES) == set(keys(File))


def in_example() -> Iterator[tuple[str, str, Any, str]]:
    """Table, key, value and comment of every commented line of config.example.toml that sets a key."""
    table = ""
    for line in EXAMPLE.splitlines():
        if header := re.match(r"(?:# ---- |# )?\[+(\w+)", line):
            table = header[1]
        elif re.match(r"# \w+ = ", line):
            set_here = tomllib.loads(line.removeprefix("# "))
            yield from ((table, key, value, line.partition("  # ")[2]) for key, value in set_here.items())


def test_the_example_loads() -> None:
    """The example is the manual: about 25 lines to start."""
    lines = EXAMPLE.splitlines()

    assert sample().council.name == "Royal Borough of Northgate"
    assert len([line for line in lines if line.strip() and not line.startswith("#")]) <= 40


@pytest.mark.parametrize("name", [name for name in TABLES if name != "relay"])
def test_the_example_has_every_default(name: str) -> None:
    """design.md §7: each key stands in the example, commented with the default of shape.py, or as an example that says so."""
    shown: dict[str, tuple[Any, str]] = {}
    for table, key, value, comment in in_example():
        if table == name:
            shown.setdefault(key, (value, comment))  # further tables of a name are ready-made examples
    live = tomllib.loads(EXAMPLE).get(name, {})
    live = live[0] if isinstance(live, list) else live
    for own, field in TABLES[name].model_fields.items():
        key = field.alias or own
        if key not in shown:
            assert key in live, key
            continue
        value, comment = shown[key]
        default = getattr(ENQUIRY, own) if name == "standard" else field.get_default(call_default_factory=True)
        if comment.startswith("for example"):
            assert field.is_required() or default is None, key
        else:
            assert getattr(TABLES[name].model_validate({**_STAND_INS.get(name, {}), key: value}), own) == default, key


FROM_THE_FILE = (
    *(council.Form, council.Inbox, council.Staff, council.Team, council.Standard, council.Route, council.SenderRule),
    *(council.Limits, council.Urgent, council.Council, values.Config, values.Watched, values.Lane, values.Listening),
)
MADE_ELSEWHERE_TOO = (council.Absence, Calendar, Account, Relay)


def test_a_default_stands_once() -> None:
    """design.md §7: in shape.py; what is built from it has none, so a key that build.py forgets is an error at once."""
    for made in FROM_THE_FILE:
        assert [one.name for one in fields(made) if one.default is not MISSING or not one.kw_only] == [], made
        assert [one.name for one in fields(made) if one.default_factory is not MISSING] == [], made
    for made in MADE_ELSEWHERE_TOO:  # what may be left out is nothing: no login, no further day
        said = {one.name for one in fields(made) if one.default is not MISSING and one.default}

        assert said <= {"source"}, made


def test_oauth_of_an_included_file(tmp_path: Path) -> None:
    """P10: the file and line where the table stands, though another file has one too."""
    (tmp_path / "teams").mkdir()
    (tmp_path / "teams" / "google.toml").write_text('\n[oauth.google]\ngrant = "google"\n')
    path = write_config(tmp_path, ("\n[council]", '\ninclude = ["teams/*.toml"]\n[council]'), ("# end", "[oauth.m365]"))
    said = [f"{one.file}:{one.line}: {one.key}" for one in check(path) if "nothing uses it" in one.what]
    line = line_of("# end") + 1

    assert said == [f"{path}:{line}: oauth.m365", f"{tmp_path}/teams/google.toml:2: oauth.google"]
