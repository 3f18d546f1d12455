"""check --online with OAuth: what it says of each [oauth.NAME], and how a person signs in."""

from pathlib import Path

from ackbot.config import load
from ackbot.work.check_online import trial
from ackbot.work.check_sign_in import sign_ins
from tests.support.badimap import BadImap
from tests.support.council import configured
from tests.support.tokens import TokenServer, refusal
from tests.test_oauth import OUTLOOK, DeviceServer, token_of
from tests.test_oauth_config import HOUSING


def table(server: TokenServer, grant: str = "client-credentials", more: str = "") -> tuple[str, str]:
    """An [oauth.m365] at the end of the file."""
    return (
        "# end",
        f'[oauth.m365]\ngrant = "{grant}"\ntoken_url = "{server.url("/token")}"\nclient_id = "0f1e"\n'
        f'ca_file = "{server.ca}"\n{more}',
    )


SECRET = 'client_secret_file = "client-secret"\n'


def test_what_a_token_may_do(tmp_path: Path) -> None:
    """domain.md §6.1: `check` decodes the token's roles; P11: the token itself is not shown."""
    with TokenServer() as server:
        (tmp_path / "client-secret").write_text(server.secret)
        server.made = lambda number: token_of(aud=OUTLOOK, roles=["IMAP.AccessAsApp", "SMTP.SendAsApp"])
        config = load(configured(tmp_path, 1, 1, HOUSING, table(server, more=SECRET)))
        lines = list(sign_ins(config))

    assert lines == [
        ("oauth m365: a token is given for https://outlook.office365.com, with IMAP.AccessAsApp, SMTP.SendAsApp", True)
    ]


def test_a_refusal_is_said_first(tmp_path: Path) -> None:
    """D17: the first line names the grant, its code and the command; the inbox's own line says it too."""
    with TokenServer() as server, BadImap(capabilities="IMAP4rev1 AUTH=XOAUTH2") as imap:
        (tmp_path / "client-secret").write_text("wrong")
        config = load(configured(tmp_path, imap.port, 1, HOUSING, table(server, more=SECRET)))
        lines = [line for line, fine in trial(config) if not fine]

    assert lines[0].startswith("oauth m365: oauth.m365: AADSTS7000215: the client secret is wrong")
    assert lines[1].startswith("inbox housing: oauth.m365: AADSTS7000215")
    assert len(server.forms) == 1  # it is not asked again at once


def test_a_person_signs_in(tmp_path: Path) -> None:
    """RFC 8628: the line to follow comes before the wait; the next time nobody need sign in."""
    waited: list[float] = []
    with DeviceServer() as server:
        path = configured(tmp_path, 1, 1, HOUSING, table(server, "device", 'token_file = "signed-in"\n'))
        lines = []
        for line, fine in sign_ins(load(path), waited.append):
            lines.append((line, fine, len(waited)))
        again = list(sign_ins(load(path), waited.append))

    assert lines == [
        ("oauth m365: open https://login.example/device and enter ABC-123 within 15 minutes", True, 0),
        ("oauth m365: a token is given", True, 3),
    ]
    assert again == [("oauth m365: a token is given", True)]
    assert (tmp_path / "signed-in").stat().st_mode & 0o777 == 0o600


def test_a_token_server_that_is_away(tmp_path: Path) -> None:
    """An outage asks nobody to sign in again."""
    with DeviceServer() as server:
        (tmp_path / "signed-in").write_text("refresh-1")
        server.problem = (503, refusal("x"))
        path = configured(tmp_path, 1, 1, HOUSING, table(server, "device", 'token_file = "signed-in"\n'))
        lines = list(sign_ins(load(path), lambda _: None))

    assert lines == [("oauth m365: oauth.m365: the token server answers 503; it is asked again", False)]
