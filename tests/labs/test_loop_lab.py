"""The loop laboratory: ackbot among machines that answer, over Postfix and Dovecot; each conversation ends (D34, D35)."""

import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr
from pathlib import Path

import pytest

from ackbot.demo.servers import Sink
from tests.conftest import missing
from tests.support.council import configured
from tests.support.letters import letter, parsed
from tests.support.servers import INSTALL_DOVECOT, INSTALL_POSTFIX, Ackbot, Dovecot, Postfix, free_port, until_true

pytestmark = pytest.mark.lab
QUIET_S = 6.0  # without a new mail anywhere, a conversation has ended
INSTALL_SIEVE = "needs Pigeonhole: apt-get install -y --no-install-recommends dovecot-sieve"
VACATION = """
require ["vacation"];
vacation :days 1 :addresses ["sieve@peer.example"] "I am away until January.";
"""


class Network:
    """Postfix delivers every address to a Dovecot mailbox; machines watch some of them and answer through Postfix."""

    def __init__(self, dovecot: Dovecot, postfix: Postfix) -> None:
        self.dovecot, self.postfix = dovecot, postfix
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def send(self, mail: bytes, sender: str, *recipients: str) -> None:
        with smtplib.SMTP("127.0.0.1", self.postfix.port, timeout=20) as smtp:
            smtp.sendmail(sender, list(recipients), mail)

    def machine(self, name: str, answer: Callable[[EmailMessage], tuple[str, str, bytes] | None]) -> None:
        """Somebody who answers every mail of a mailbox: envelope sender, recipient and mail."""

        def run() -> None:
            done = 0
            while not self._stop.wait(0.1):
                for raw in self.dovecot.mails(name)[done:]:
                    done += 1
                    if found := answer(parsed(raw)):
                        sender, recipient, mail = found
                        self.send(mail, sender, recipient)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self._threads.append(thread)

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def wait_quiet(self, *names: str, at_most_s: float = 90) -> list[int]:
        """Until no mailbox of these has got a mail for a while; how many each has."""
        end, since, before = time.monotonic() + at_most_s, time.monotonic(), [-1]
        while time.monotonic() < end and time.monotonic() - since < QUIET_S:
            now = [len(self.dovecot.mails(name)) for name in names]
            if now != before:
                before, since = now, time.monotonic()
            time.sleep(0.2)  # the mailboxes are looked at until they stay as they are
        return before


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    if not Dovecot.is_there():
        missing(INSTALL_DOVECOT)
    if not Postfix.is_there():
        missing(INSTALL_POSTFIX)
    if not Path("/usr/lib/dovecot/modules/lib90_sieve_plugin.so").exists():
        missing(INSTALL_SIEVE)
    port = free_port()
    sieve = f"""mail_plugins = $mail_plugins sieve
}}
submission_host = 127.0.0.1:{port}
plugin {{
  sieve = file:~/sieve;active=~/active.sieve
  sieve_global_extensions =
"""
    with Dovecot(tmp_path, sieve) as dovecot:
        home = dovecot.folder / "home" / "sieve"
        home.mkdir()
        (home / "active.sieve").write_text(VACATION)
        for path in (home, home / "active.sieve"):
            path.chmod(0o777)
        with Sink(refuse_recipient=lambda _: "550 5.1.1 no such person") as refuser:
            settings = f"transport_maps = inline:{{ bounce.example=smtp:[127.0.0.1]:{refuser.port} }}\n"
            with Postfix(tmp_path, dovecot, port, settings) as postfix:
                made = Network(dovecot, postfix)
                yield made
                made.close()


@pytest.fixture
def council(tmp_path: Path, network: Network) -> Iterator[Ackbot]:
    config = configured(
        tmp_path, network.dovecot.port, network.postfix.port, ('authserv_id = "mx.northgate.example"\n', "")
    )
    config.write_text(
        config.read_text()
        .replace('username = "housing@northgate.example"', 'username = "housing"')
        .replace('username = "streets@northgate.example"', 'username = "streets"')
        .replace('username = "dana@northgate.example"', 'username = "dana"')
    )
    with Ackbot(config) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        yield ackbot


def to_council(sender: str, text: str = "There is a question of mine.\n", **headers: str) -> bytes:
    return letter(sender=sender, text=text, message_id=make_msgid(domain="peer.example"), **headers)


def answer(mail: EmailMessage, sender: str, text: str, subject: str = "", **headers: str) -> tuple[str, str, bytes]:
    """What a machine writes back to whoever a mail is from."""
    to = parseaddr(mail["Reply-To"] or mail["From"])[1]
    raw = letter(
        sender=sender,
        to=to,
        subject=subject or f"Re: {mail['Subject']}",
        text=text,
        message_id=make_msgid(domain="peer.example"),
        **headers,
    )
    return sender, to, raw


def automatic(network: Network, name: str) -> list[str]:
    """Kinds of the mails that ackbot sent to a peer."""
    return [kind for raw in network.dovecot.mails(name) if (kind := parsed(raw)["X-Ackbot-Kind"])]


def test_a_sieve_vacation_responder(network: Network, council: Ackbot) -> None:
    """RFC 5230: it answers a person, as we see first; it leaves our acknowledgement alone, or we would leave its answer."""
    person = letter(sender="person@peer.example", to="sieve@peer.example", message_id="<p@peer.example>")
    network.send(person, "person@peer.example", "sieve@peer.example")
    assert until_true(lambda: len(network.dovecot.mails("person")) == 1)
    network.send(to_council("sieve@peer.example"), "sieve@peer.example", "housing@northgate.example")
    network.wait_quiet("sieve", "housing")

    assert automatic(network, "sieve") == ["acknowledgement"]


def test_a_responder_without_any_header(network: Network, council: Ackbot) -> None:
    """D34: another subject and another text each time, no In-Reply-To: at most two automatic mails."""
    count = iter(range(1_000))
    network.machine(
        "shop",
        lambda mail: answer(
            mail,
            "shop@peer.example",
            f"Your message {next(count)} is important to us. We are closed.\n",
            subject=f"We got it {next(count)}",
        ),
    )
    network.send(to_council("shop@peer.example"), "shop@peer.example", "housing@northgate.example")
    network.wait_quiet("shop", "housing")

    assert 1 <= len(automatic(network, "shop")) <= 2


def test_a_robot_that_answers_everything(network: Network, council: Ackbot) -> None:
    """D35: from a no-reply address, in the thread: nobody reads there, so nobody is answered."""
    network.machine(
        "noreply", lambda mail: answer(mail, "noreply@peer.example", "Ticket opened.\n", In_Reply_To=mail["Message-ID"])
    )
    network.send(to_council("noreply@peer.example"), "noreply@peer.example", "housing@northgate.example")
    network.wait_quiet("noreply", "housing")

    assert automatic(network, "noreply") == []


def test_a_bouncing_address(network: Network, council: Ackbot) -> None:
    """D39: Postfix returns our acknowledgement; nothing more goes there."""
    network.send(to_council("gone@bounce.example"), "gone@bounce.example", "housing@northgate.example")
    network.wait_quiet("housing", "priya", "sam")

    assert len(network.dovecot.mails("housing")) == 2  # the letter, and Postfix's report
    assert council.log.read_text().count('"kind": "bounce"') == 1


def test_a_list_server(network: Network, council: Ackbot) -> None:
    """D32, D35: a list that takes what we send and sends it on to us."""

    def resend(mail: EmailMessage) -> tuple[str, str, bytes]:
        return answer(
            mail, "list@peer.example", "On behalf of a member.\n", List_Id="<list.peer.example>", Precedence="list"
        )

    network.machine("list", resend)
    network.send(
        to_council("list@peer.example", List_Id="<list.peer.example>"), "list@peer.example", "housing@northgate.example"
    )
    network.wait_quiet("list", "housing")

    assert automatic(network, "list") == []


def test_our_own_mail_forwarded_back(network: Network, council: Ackbot) -> None:
    """D36: a mailbox that redirects everything it gets to us, as it came."""
    network.machine("mirror", lambda mail: ("mirror@peer.example", "housing@northgate.example", mail.as_bytes()))
    network.send(to_council("mirror@peer.example"), "mirror@peer.example", "housing@northgate.example")
    network.wait_quiet("mirror", "housing")

    assert automatic(network, "mirror") == ["acknowledgement"]


def test_another_ackbot(network: Network, council: Ackbot, tmp_path: Path) -> None:
    """D35: two councils that answer each other: one acknowledgement, and it is not answered."""
    folder = tmp_path / "other"
    folder.mkdir()
    config = configured(folder, network.dovecot.port, network.postfix.port)
    text = config.read_text().replace("northgate.example", "southgate.example").replace('"secret"', '"secret"')
    for name in ("housing", "streets", "dana"):
        text = text.replace(f'username = "{name}@southgate.example"', f'username = "south-{name}"')
    config.write_text(
        text.replace('address = "housing@southgate', 'address = "south-housing@southgate').replace(
            "a secret for tests", "another"
        )
    )
    (folder / "secret").write_text("another secret, of another council\n")
    with Ackbot(config) as other:
        other.wait_for_log('"watching"', 3)
        network.send(
            to_council("south-housing@southgate.example"),
            "south-housing@southgate.example",
            "housing@northgate.example",
        )
        network.wait_quiet("south-housing", "housing")

    assert automatic(network, "south-housing") == ["acknowledgement"]
    assert until_true(lambda: len(network.dovecot.mails("housing")) == 1)
