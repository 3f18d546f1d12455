"""Sending by Microsoft Graph where SMTP is switched off: the same states as a relay, over TLS to a server that answers like Graph."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ackbot.config import load
from ackbot.store import lanes
from ackbot.wires import smtp
from ackbot.wires.graph import Connection
from ackbot.wires.oauth import Grant, Tokens
from ackbot.wires.secrets import Password
from ackbot.wires.smtp import Envelope, Relay
from ackbot.work.dispatch import Dispatcher, Lane
from ackbot.work.relay_limits import Limiter
from ackbot.work.threads import Stop
from tests.support.council import World, write_config
from tests.support.graph_server import GraphServer, error, read
from tests.support.letters import letter
from tests.support.tokens import Reply, TokenServer, refusal
from tests.test_dispatch import run, states
from tests.test_oauth_config import M365, SECRET, said

USER = "housing@northgate.example"
ID = "<1.housing@northgate.example>"
MAIL = f"From: {USER}\r\nTo: edward@resident.example\r\nSubject: x\r\nMessage-ID: {ID}\r\n\r\nhello\r\n".encode()


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    """Whoever knows the secret gets a token."""
    with TokenServer() as running:
        yield running


@pytest.fixture
def graph(tokens: TokenServer) -> Iterator[GraphServer]:
    """Microsoft Graph, as far as we need it."""
    with GraphServer(tokens) as running:
        yield running


@pytest.fixture
def relay(graph: GraphServer, tokens: TokenServer, tmp_path: Path) -> Relay:
    """The relay that sends by it."""
    (tmp_path / "client-secret").write_text(tokens.secret)
    grant = Grant(
        name="m365",
        kind="client-credentials",
        token_url=tokens.url("/token"),
        client_id="0f1e",
        secret=Password(tmp_path / "client-secret"),
        scope="https://outlook.office365.com/.default",
        ca_file=tokens.ca,
    )
    return Relay("default", "127.0.0.1", graph.port, "tls", ca_file=graph.ca, tokens=Tokens(grant), by_graph=True)


@pytest.fixture
def dispatcher(world: World, relay: Relay) -> Iterator[Dispatcher]:
    """A dispatcher of the test world's lane of this inbox; rounds are called by hand."""
    lane = Lane("default", relay, USER, "test", Limiter(0, 0), {})
    stop = Stop()
    one = Dispatcher(lane, world.db, world.office, "w1", stop, threading.Event(), lambda: world.now)
    yield one
    one._attachments.close()
    stop.close()


def send(relay: Relay, mail: bytes = MAIL, copy_to: str = "", begin: Callable[[], bool] = lambda: True) -> str:
    return Connection(relay, USER).send(
        Envelope(USER, "edward@resident.example", len(mail), copy_to), lambda: [mail[:40], mail[40:]], begin
    )


def test_a_mail_goes_out_as_it_is(graph: GraphServer, tokens: TokenServer, relay: Relay) -> None:
    """domain.md §6.2: base64 MIME as text/plain, from the inbox's own mailbox, with a token for Graph; 202 is accepted."""
    reply = send(relay)

    assert reply == "202 accepted"
    assert graph.sent == [(USER, MAIL)]
    assert graph.asked == [("POST", f"/v1.0/users/{USER}/sendMail")]
    assert tokens.forms[0]["scope"] == "https://127.0.0.1/.default"


def test_a_copy_for_the_archive(graph: GraphServer, relay: Relay) -> None:
    """domain.md §13: Graph has no envelope, so the archive is in Bcc, which Exchange takes out."""
    send(relay, copy_to="archive@northgate.example")

    assert read(graph.sent[0][1])["Bcc"] == "archive@northgate.example"
    assert graph.sent[0][1].endswith(MAIL)


ANSWERS: dict[str, tuple[Reply, type[smtp.SmtpProblem], str]] = {
    "throttled": (
        (429, error("TooManyRequests", "x"), {"Retry-After": "120"}),
        smtp.Busy,
        "451 4.3.2 Graph answers 429 Too",
    ),
    "out of order": ((503, b"<html>"), smtp.Busy, "451 4.3.2 Graph answers 503"),
    "a gateway": ((504, error("UnknownError", "")), smtp.Busy, "451 4.3.2 Graph answers 504 UnknownError"),
    "not permitted": (
        (403, error("ErrorAccessDenied", "Access is denied.")),
        smtp.NotReached,
        f'403 ErrorAccessDenied; the app may not use {USER}: run `New-ManagementRoleAssignment -App 0f1e -Role "Application Mail.Send"',
    ),
    "not in this name": (
        (403, error("ErrorSendAsDenied", "x")),
        smtp.NotReached,
        "403 ErrorSendAsDenied; housing@northgate.example may not",
    ),
    "no mailbox": (
        (404, error("ErrorInvalidUser", "x")),
        smtp.NotReached,
        f"404 ErrorInvalidUser; there is no mailbox {USER}",
    ),
    "a bad recipient": (
        (400, error("ErrorInvalidRecipients", "edward@")),
        smtp.Refused,
        "550 5.1.3 Graph answers 400 ErrorInvalid",
    ),
    "a bad mail": ((400, error("ErrorMimeContentInvalid", "x")), smtp.Refused, "550 5.6.0 Graph answers 400"),
    "too large": ((413, b""), smtp.Refused, "550 5.3.4 Graph answers 413"),
    "a redirect": ((302, b"", {"Location": "https://elsewhere.example/"}), smtp.NotReached, "302"),
    "hangs up": ("DROP", smtp.Unknown, "127.0.0.1"),
    "a code that is none": (
        (403, error("edward@resident.example wrote", "x")),
        smtp.NotReached,
        "403; the app may not use",
    ),
}


@pytest.mark.parametrize(("reply", "problem", "words"), ANSWERS.values(), ids=ANSWERS)
def test_what_answers_mean(
    graph: GraphServer, relay: Relay, reply: Reply, problem: type[smtp.SmtpProblem], words: str
) -> None:
    """Each answer is one of the relay's states, in words for the admin, without what Graph quotes of the mail (P11)."""
    graph.replies = [reply]
    with pytest.raises(smtp.SmtpProblem) as raised:
        send(relay)

    assert type(raised.value).__mro__[0] in (problem, *problem.__subclasses__())
    assert raised.value.reply.startswith(words)
    assert "edward" not in raised.value.reply
    assert getattr(raised.value, "wait_s", 0.0) == (120.0 if problem is smtp.Busy and "429" in words else 0.0)
    assert graph.sent == []


def test_a_token_that_ends_meanwhile(graph: GraphServer, tokens: TokenServer, relay: Relay) -> None:
    """D17: one fresh token and another try; after that the admin hears."""
    send(relay)
    tokens.now_s += tokens.life_s
    assert send(relay) == "202 accepted"
    assert len(tokens.forms) == 2
    tokens.life_s = 0
    tokens.now_s += 10_000
    with pytest.raises(smtp.NotReached, match="401 InvalidAuthenticationToken; Graph takes no token"):
        send(relay)

    assert (len(tokens.forms), len(graph.sent)) == (3, 2)


def test_without_a_token_graph_is_not_asked(graph: GraphServer, tokens: TokenServer, relay: Relay) -> None:
    """D17: the grant's trouble, not the relay's."""
    tokens.problem = (401, refusal("AADSTS7000222: expired"))
    with pytest.raises(smtp.NoToken, match="AADSTS7000222") as refused:
        send(relay)

    assert (graph.asked, refused.value.ids["oauth"]) == ([], "m365")


def test_nobody_there(graph: GraphServer, relay: Relay) -> None:
    """D16: no connection, and a certificate that nobody trusts: nothing was sent, and it is the relay's trouble."""
    with pytest.raises(smtp.NotReached, match="TLS failed"):
        send(replace(relay, ca_file=None))
    with pytest.raises(smtp.NotReached, match="cannot connect"):
        send(replace(relay, port=1))


def test_a_lost_claim_sends_nothing(graph: GraphServer, relay: Relay) -> None:
    """P2: `begin` says no."""
    with pytest.raises(smtp.TakenAway):
        send(relay, begin=lambda: False)

    assert graph.asked == []


def test_a_mail_that_is_too_large(graph: GraphServer, relay: Relay) -> None:
    """Graph takes 4 MB of base64; a larger mail fails by itself, and nothing is asked."""
    with pytest.raises(smtp.Refused, match=r"^552 5\.3\.4"):
        send(relay, MAIL + b"x" * 3_000_000)

    assert graph.asked == []


def test_the_outbox_goes_out(world: World, dispatcher: Dispatcher, graph: GraphServer) -> None:
    """P2: acknowledgement and mail to the owner, once each, with our id and threading as composed."""
    world.receive(letter())
    run(dispatcher, 4)

    assert [state for _, state in states(world)] == ["accepted", "accepted"]
    assert [bytes(mail["content"]) for mail in world.outbox()] == [mail for _, mail in graph.sent]
    assert world.outbox()[0]["reply"] == "202 accepted"


def test_a_lost_answer_is_looked_up_first(world: World, dispatcher: Dispatcher, graph: GraphServer) -> None:
    """D47: after fifteen minutes Sent Items are asked for our internetMessageId; a mail that lies there is not sent again."""
    world.receive(letter())
    graph.replies, graph.files_all_the_same = ["DROP", "DROP"], True
    run(dispatcher)
    assert [state for _, state in states(world)] == ["unknown", "unknown"]
    graph.files_all_the_same = False
    world.after(minutes=16)
    run(dispatcher)

    assert [state for _, state in states(world)] == ["accepted", "accepted"]
    assert len(graph.sent) == 2


def test_a_lost_question_is_sent_once_more(world: World, dispatcher: Dispatcher, graph: GraphServer) -> None:
    """D47: what does not lie in Sent Items goes out once more, with the same id."""
    world.receive(letter())
    graph.replies = ["DROP", "DROP"]
    run(dispatcher)
    world.after(minutes=16)
    run(dispatcher)

    assert [state for _, state in states(world)] == ["accepted", "accepted"]
    assert len({read(mail)["Message-ID"] for _, mail in graph.sent}) == len(graph.sent) == 2


def test_sent_items_that_cannot_be_looked_into(world: World, dispatcher: Dispatcher, graph: GraphServer) -> None:
    """D47: nothing is repeated before somebody could look; once the app may look, it is cleared up."""
    world.receive(letter())
    graph.replies, graph.files_all_the_same = ["DROP", "DROP"], True
    run(dispatcher)
    graph.files_all_the_same, graph.looks = False, (403, error("ErrorAccessDenied", "x"))
    for _ in range(4):
        world.after(minutes=16)
        run(dispatcher)
    assert [state for _, state in states(world)] == ["unknown", "unknown"]
    assert len(graph.sent) == 2
    graph.looks = None
    world.after(minutes=6)
    run(dispatcher)

    assert [state for _, state in states(world)] == ["accepted", "accepted"]
    assert len(graph.sent) == 2


def test_a_failure_after_the_mail_was_taken(world: World, dispatcher: Dispatcher, graph: GraphServer) -> None:
    """D47: a 5xx does not tell whether the mail went out, so Sent Items are asked before the next try."""
    world.receive(letter())
    graph.replies, graph.files_all_the_same = [(504, b""), (503, b"")], True
    run(dispatcher)
    graph.files_all_the_same = False
    world.after(minutes=2)
    run(dispatcher, 4)

    assert [state for _, state in states(world)] == ["accepted", "accepted"]
    assert len(graph.sent) == 2
    assert {mail["reply"] for mail in world.outbox()} == {"202 it was sent before, and lies in Sent Items"}


def test_the_lane_waits_as_long_as_it_is_told(world: World, dispatcher: Dispatcher, graph: GraphServer) -> None:
    """D49: Retry-After is kept for the whole lane; nothing is lost, and no mail fails."""
    world.receive(letter())
    graph.replies = [(429, error("TooManyRequests", "x"), {"Retry-After": "600"})]
    dispatcher.round()

    assert 500 < dispatcher.round() <= 600
    assert [state for _, state in states(world)] == ["queued", "queued"]
    world.after(minutes=11)
    run(dispatcher)
    assert [state for _, state in states(world)] == ["accepted", "accepted"]


def test_the_admin_hears_once(world: World, dispatcher: Dispatcher, graph: GraphServer, tokens: TokenServer) -> None:
    """D17, D18: what Graph refuses is the lane's trouble, with the command; a grant's trouble is told as such; mails wait."""
    world.receive(letter())
    graph.replies = [(403, error("ErrorAccessDenied", "x"))] * 3
    for _ in range(3):
        run(dispatcher, 1)
        world.after(minutes=2)
    told = [mail for mail in world.outbox("admin") if "relay:" in mail["dedupe_key"]]
    assert len(told) == 1
    assert b"New-ManagementRoleAssignment" in told[0]["content"]
    assert lanes.in_trouble(world.db, "default")
    tokens.problem = (401, refusal("AADSTS7000222: expired"))
    tokens.now_s += tokens.life_s
    for _ in range(3):
        run(dispatcher, 1)
        world.after(minutes=2)
    grants = [mail for mail in world.outbox("admin") if mail["dedupe_key"].startswith("oauth:oauth.m365")]
    assert len(grants) == 1
    tokens.problem = None
    dispatcher._connection._relay.tokens._held.clear()  # type: ignore[attr-defined] # half a minute passes
    run(dispatcher, 8)

    assert {state for _, state in states(world)} == {"accepted"}
    assert not lanes.in_trouble(world.db, "default")


def test_what_check_online_is_told(graph: GraphServer, relay: Relay) -> None:
    """`check --online` says whether Sent Items can be looked into, and what is missing if not."""
    assert Connection(relay, USER).probe() == "sendMail, Sent Items"
    graph.looks = (403, error("ErrorAccessDenied", "x"))
    assert "Sent Items cannot be looked into" in Connection(relay, USER).probe()
    graph.looks = None
    with pytest.raises(smtp.NotReached, match=r"404 ErrorInvalidUser; there is no mailbox other@northgate.example"):
        Connection(relay, "other@northgate.example").probe()


def test_the_configuration(tmp_path: Path) -> None:
    """design.md §7: host and port fall away, each inbox has a lane and sends from its own mailbox; files are kept small."""
    graph = ('host = "127.0.0.1"\nport = 2525\nsecurity = "none"', 'via = "graph"\noauth = "m365"')
    config = load(write_config(tmp_path, graph, ("# end", M365 + SECRET)))

    assert [(lane.name, lane.username) for lane in config.lanes] == [
        (f"default/{name}", f"{name}@northgate.example") for name in ("housing", "streets", "dana")
    ]
    assert {(lane.relay.host, lane.relay.port, lane.relay.by_graph) for lane in config.lanes} == {
        ("graph.microsoft.com", 443, True)
    }
    assert config.council.inboxes["housing"].lane == "default/housing"
    assert config.council.inboxes["housing"].attach_up_to == 2_000_000
    assert len(said(config.path, "has no sent_folder")) == 3


def test_a_further_relay_by_graph(tmp_path: Path) -> None:
    """design.md §7: [[relay]] has the same keys; an inbox that sends by it keeps the other's limits."""
    table = '[[relay]]\nname = "m365"\nvia = "graph"\noauth = "m365"\n'
    config = load(write_config(tmp_path, ("# housing", 'relay = "m365"'), ("# end", table + M365 + SECRET)))

    assert config.council.inboxes["housing"].lane == "m365/housing"
    assert config.council.inboxes["streets"].lane == "default"
    assert config.council.inboxes["streets"].attach_up_to == 5_000_000
