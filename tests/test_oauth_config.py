"""[oauth.NAME] in the configuration: what is refused, what is doubted, what is derived; and credentials that end."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from ackbot.casework.clocks.expiring import WARN_DAYS
from ackbot.config import check, load
from ackbot.work.rounds import Rounds
from tests.support.council import World, mistakes, write_config
from tests.support.tokens import client_certificate

TODAY = datetime.now(UTC).date()
M365 = '[oauth.m365]\ntoken_url = "https://login.microsoftonline.com/t/oauth2/v2.0/token"\nclient_id = "0f1e"\n'
SECRET = 'client_secret_file = "secret"\nsecret_expires = 2099-01-01\n'
HOUSING = (
    'username = "housing@northgate.example"\npassword_env = "ACKBOT_TEST_PASSWORD"',
    'username = "housing@northgate.example"\noauth = "m365"',
)


def said(path: Path, piece: str) -> list[str]:
    """Key and words of each finding with this piece in it."""
    return [f"{one.key}: {'warning: ' if one.warning else ''}{one.what}" for one in check(path) if piece in one.what]


REFUSED = {
    "an unknown name": (
        ('oauth = "m365"', 'oauth = "m356"'),
        "inbox.oauth",
        'there is no [oauth.m356]; did you mean "m365"?',
    ),
    "two ways": (
        ('oauth = "m365"', 'oauth = "m365"\npassword_env = "X"'),
        "inbox.oauth",
        "password_env is set as well",
    ),
    "no client": (('client_id = "0f1e"\n', ""), "oauth.client_id", 'is required with grant = "client-credentials"'),
    "no secret": ((SECRET, ""), "oauth.client_secret_file", "is required unless there is a certificate_file"),
    "two secrets": ((SECRET, SECRET + 'certificate_file = "secret"\n'), "oauth.certificate_file", "keep one of them"),
    "plaintext": (("https://login.", "http://login."), "oauth.token_url", "must begin with https://"),
    "no url": (
        ('token_url = "https://login.microsoftonline.com/t/oauth2/v2.0/token"\n', ""),
        "oauth.token_url",
        "is required",
    ),
    "no such file": (
        ('client_secret_file = "secret"', 'client_secret_file = "none"'),
        "oauth.client_secret_file",
        "cannot be read",
    ),
    "no authority": ((SECRET, SECRET + 'ca_file = "secret"\n'), "oauth.ca_file", "is not a file of certificates"),
    "a device without a file": (
        (SECRET, 'grant = "device"\n'),
        "oauth.token_file",
        'is required with grant = "device"',
    ),
    "Google without a key": (
        (SECRET, 'grant = "google"\n'),
        "oauth.client_secret_file",
        'is required with grant = "google"',
    ),
    "an unknown grant": ((SECRET, SECRET + 'grant = "password"\n'), "oauth.grant", "must be"),
    "a relay without a login": (("# smtp", 'oauth = "m365"'), "smtp.username", "is required to log in with oauth"),
    "a relay without a host": (('host = "127.0.0.1"\nport = 2525', "port = 2525"), "smtp.host", "is required; add it"),
    "Graph without OAuth": (("# smtp", 'via = "graph"'), "smtp.oauth", '"graph" needs it'),
    "Graph with a password": (
        ("# smtp", 'via = "graph"\noauth = "m365"\npassword_env = "X"'),
        "smtp.oauth",
        "keep one of them",
    ),
    "Graph with tagged senders": (
        ("# smtp", 'via = "graph"\noauth = "m365"\nbounce = "plus"'),
        "smtp.bounce",
        'must be "mailbox"',
    ),
}


@pytest.mark.parametrize(("change", "key", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(tmp_path: Path, change: tuple[str, str], key: str, words: str) -> None:
    """P10, D16: each mistake about OAuth is named at its key, before anything starts."""
    path = write_config(tmp_path, HOUSING, ("# end", M365 + SECRET), change)
    lines = mistakes(path)

    assert any(f" {key}" in line.replace(".m365.", ".") and words in line for line in lines), lines


def test_what_is_good(tmp_path: Path) -> None:
    """design.md §7: one object of tokens for all that name it; what a big provider wants is known."""
    google = '[oauth.google]\ngrant = "google"\nclient_secret_file = "secret"\n'
    relay = ("# smtp", 'oauth = "m365"\nlogin_as = "inbox"')
    config = load(write_config(tmp_path, HOUSING, relay, ("# end", M365 + SECRET + google)))
    m365, other = config.tokens["m365"].grant, config.tokens["google"].grant

    assert config.watched[0].account.tokens is config.tokens["m365"]
    assert config.watched[1].account.tokens is None
    assert {lane.name: (lane.username, lane.relay.tokens) for lane in config.lanes}["default/streets"] == (
        "streets@northgate.example",
        config.tokens["m365"],
    )
    assert (m365.scope, m365.secret.file) == ("https://outlook.office365.com/.default", tmp_path / "secret")
    assert (other.token_url, other.scope) == ("https://oauth2.googleapis.com/token", "https://mail.google.com/")


def test_a_login_of_the_inbox_serves_its_relay(tmp_path: Path) -> None:
    """design.md §7, login_as: the inbox's own OAuth or password sends its mail, unless the relay has one."""
    config = load(write_config(tmp_path, HOUSING, ("# smtp", 'login_as = "inbox"'), ("# end", M365 + SECRET)))
    lanes = {lane.name: lane for lane in config.lanes}

    assert lanes["default/housing"].relay.tokens is config.tokens["m365"]
    assert (lanes["default/streets"].relay.tokens, lanes["default/streets"].relay.password.env) == (
        None,
        "ACKBOT_TEST_PASSWORD",
    )


def test_an_unknown_server_gets_no_scope_of_ours(tmp_path: Path) -> None:
    """Any token_url: what Microsoft wants is not sent to others."""
    own = (M365 + SECRET).replace("login.microsoftonline.com/t/oauth2/v2.0", "sso.northgate.example")

    assert load(write_config(tmp_path, HOUSING, ("# end", own))).tokens["m365"].grant.scope == ""


@pytest.mark.parametrize(
    "host", ["outlook.office365.com", "SMTP.Office365.com", "imap.gmail.com", "smtp-mail.outlook.com."]
)
def test_passwords_that_are_not_taken(tmp_path: Path, host: str) -> None:
    """domain.md §6.1: `check` doubts a password with Microsoft and Google; with OAuth it says nothing."""
    here = (
        'host = "127.0.0.1"\nport = 1143\nsecurity = "none"\nusername = "housing',
        f'host = "{host}"\nusername = "housing',
    )
    smtp = (
        'host = "127.0.0.1"\nport = 2525\nsecurity = "none"',
        f'host = "{host}"\nusername = "u"\npassword_env = "P"',
    )
    doubts = said(write_config(tmp_path, here, smtp), "takes no passwords")

    assert doubts == [
        f"smtp.password_env: warning: {host} takes no passwords, or not for long; use oauth",
        f"inbox.password_env: warning: {host} takes no passwords, or not for long; use oauth",
    ]
    assert said(write_config(tmp_path, here, HOUSING, ("# end", M365 + SECRET)), "takes no passwords") == []


@pytest.mark.parametrize("host", ["office365.com.northgate.example", "notgmail.com", "mail.northgate.example"])
def test_passwords_that_are_fine(tmp_path: Path, host: str) -> None:
    """A name that only looks like theirs is another server."""
    here = (
        'host = "127.0.0.1"\nport = 1143\nsecurity = "none"\nusername = "housing',
        f'host = "{host}"\nusername = "housing',
    )

    assert said(write_config(tmp_path, here), "takes no passwords") == []


@pytest.mark.parametrize(
    ("days", "words"),
    [(31, ""), (30, "in 30 days"), (1, "in 1 days"), (-1, "ended on")],
)
def test_check_tells_of_an_end(tmp_path: Path, days: int, words: str) -> None:
    """domain.md §6.1: from thirty days before the last day on, `check` says so."""
    until = TODAY + timedelta(days=days)
    own = M365 + SECRET.replace("2099-01-01", until.isoformat())
    found = said(write_config(tmp_path, HOUSING, ("# end", own)), "the credential end")

    assert len(found) == bool(words)
    assert all(words in one and str(until) in one and "secret_expires" in one for one in found)


def test_a_certificate_tells_its_own_end(tmp_path: Path) -> None:
    """domain.md §6.1: nobody need write it down."""
    client_certificate(tmp_path, datetime.now(UTC) + timedelta(days=10))
    path = write_config(tmp_path, HOUSING, ("# end", M365 + 'certificate_file = "client.pem"\n'))

    assert len(said(path, "the credential ends on")) == 1
    assert [(one.what, one.name) for one in load(path).council.credentials] == [("certificate", "m365")]
    secret = M365 + 'client_secret_file = "secret"\n'
    assert len(said(write_config(tmp_path, HOUSING, ("# end", secret)), "has no secret_expires")) == 1


def test_the_admin_is_warned_once_for_each_step(tmp_path: Path) -> None:
    """domain.md §6.1: a mail 30, 14 and 7 days before the end, once each, though rounds go on and days are left out."""
    own = M365 + SECRET.replace("2099-01-01", "2027-01-31")
    world = World(tmp_path, HOUSING, ("# end", own), now=datetime(2026, 12, 28, 12, tzinfo=UTC))
    rounds = Rounds(world.db, world.office, world.intake, lambda: world.now, lambda: None, lambda *_: None)
    told: dict[date, list[str]] = {}
    for _ in range(40):
        if world.now.day != 17:  # the daemon was off on the day of a step
            rounds.tick()
            rounds.tick()
        mails = [mail for mail in world.outbox("admin") if "expires" in mail["dedupe_key"]]
        told[world.now.date()] = [mail["dedupe_key"] for mail in mails]
        world.after(days=1)
    world.close()
    days = sorted(told)
    came = [day for before, day in pairwise(days) if len(told[day]) > len(told[before])]

    assert came == [date(2027, 1, 1), date(2027, 1, 18), date(2027, 1, 24)]
    assert len(told[days[-1]]) == len(WARN_DAYS)
    assert "The secret with which ackbot signs in as oauth.m365 ends on" in mails[0]["content"].decode()
