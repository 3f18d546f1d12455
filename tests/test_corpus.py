"""Every mail of the shared corpus, through `explain --json` and through the daemon: right outcome and fields, none raises, none is lost."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ackbot.demo.servers import MailServer, Sink
from tests.support.council import configured
from tests.support.outside import look
from tests.support.servers import Ackbot, run, until_true


def folded(text: str) -> str:
    """Blanks folded, as the corpus compares."""
    return " ".join(text.split())


@pytest.fixture(scope="session")
def expected(corpus: Path) -> dict[str, dict[str, Any]]:
    """What the corpus says of its mails, by file."""
    lines = (corpus / "expected.jsonl").read_text().splitlines()
    return {one["file"]: one for one in map(json.loads, lines)}


@pytest.fixture(scope="session")
def explained(
    corpus: Path, expected: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What `explain --json` says of them, by file; reply bodies as the text of a mail."""
    folder = tmp_path_factory.mktemp("corpus")
    paths = {}
    for file, one in expected.items():
        path = corpus / file
        if one["outcome"] == "reply_text":
            path = folder / Path(file).name
            path.write_bytes(
                b"From: a@resident.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
                + (corpus / file).read_bytes()
            )
        paths[str(path)] = file
    done = run([sys.executable, "-m", "ackbot.cli", "explain", "--json", *paths], cwd=folder)
    assert done.returncode == 0, done.stderr
    return {paths[one["file"]]: one for one in map(json.loads, done.stdout.splitlines())}


def test_every_mail_has_an_answer(expected: dict[str, dict[str, Any]], explained: dict[str, dict[str, Any]]) -> None:
    """None raises: one object for every mail, none of them given up as broken."""
    assert set(explained) == set(expected)
    assert [file for file, one in explained.items() if one["kind"] == "unreadable"] == []


def test_outcomes(expected: dict[str, dict[str, Any]], explained: dict[str, dict[str, Any]]) -> None:
    """P3: no machine is answered, no person is left unanswered, and nobody twice; the address is one the corpus accepts."""
    wrong = []
    for file, want in expected.items():
        sent = [mail for mail in explained[file]["mails"] if mail["kind"] == "acknowledgement"]
        right = {"ack": len(sent) == 1, "no_ack": not sent, "either": len(sent) <= 1, "reply_text": True}[
            want["outcome"]
        ]
        if not right or (
            sent and want["outcome"] == "ack" and explained[file]["acknowledge_to"] not in want["ack_to_accept"]
        ):
            wrong.append((file, want["outcome"], explained[file]["why"]))

    assert wrong == []


def test_fields(expected: dict[str, dict[str, Any]], explained: dict[str, dict[str, Any]]) -> None:
    """Subject, names, addresses, attachment names and bodies as the corpus reads them."""
    wrong = []
    for file, want in expected.items():
        got, fields = explained[file], want["fields"]
        seen = {
            "subject": got["subject"],
            "from_addr": got["sender"]["address"],
            "from_name": got["sender"]["name"],
            "attachments": got["attachments"],
        }
        wrong += [
            (file, key, fields[key], value) for key, value in seen.items() if key in fields and fields[key] != value
        ]
        if folded(fields.get("body_has", "")) not in folded(got["text"]):
            wrong.append((file, "body_has", fields["body_has"], got["text"][:80]))

    assert wrong == []


def test_new_text(expected: dict[str, dict[str, Any]], explained: dict[str, dict[str, Any]]) -> None:
    """D26: newly written words are never lost, and quotations go."""
    wrong = []
    for file, want in expected.items():
        text = folded(explained[file]["new_text"])
        reply = want.get("reply", {})
        wrong += [(file, "lost", words) for words in reply.get("must_have", []) if folded(words) not in text]
        wrong += [(file, "kept", words) for words in reply.get("must_not_have", []) if folded(words) in text]

    assert wrong == []


def test_bounces(expected: dict[str, dict[str, Any]], explained: dict[str, dict[str, Any]]) -> None:
    """Which addresses failed, and whether for good."""
    wrong = []
    for file, want in expected.items():
        bounce = want.get("bounce")
        if bounce is None:
            continue
        got = explained[file]
        named = {one["address"].lower() for one in got["bounce"]}
        if got["kind"] != "bounce" or not {one.lower() for one in bounce.get("recipients", [])} <= named:
            wrong.append((file, got["kind"], named))
        permanent = {one["address"].lower() for one in got["bounce"] if one["permanent"]}
        if {one.lower() for one in bounce.get("permanent", [])} - permanent:
            wrong.append((file, "permanent", permanent))

    assert wrong == []


def test_through_the_daemon(
    tmp_path: Path, corpus: Path, expected: dict[str, dict[str, Any]], imap: MailServer
) -> None:
    """P1: appended to a real mailbox, every mail ends decided, none in quarantine; answers only to those who may have one."""
    mails = [file for file in expected if file.endswith(".eml")]
    with Sink() as sink:
        config = configured(tmp_path, imap.port, sink.port, ("# brake", 'brake = ""\nper_sender = "1000 per hour"'))
        with Ackbot(config) as ackbot:
            ackbot.wait_for_log('"watching"', 3)
            for file in mails:
                imap.deliver("housing@northgate.example", (corpus / file).read_bytes())
            assert until_true(
                lambda: look(tmp_path, "SELECT COUNT(*) FROM arrivals WHERE letter_id IS NOT NULL") == [(len(mails),)],
                60,
            )
            assert until_true(
                lambda: (
                    look(tmp_path, "SELECT COUNT(*) FROM outbox WHERE state NOT IN ('accepted', 'failed')") == [(0,)]
                ),
                60,
            )
        answered = [mail.recipients[0] for mail in sink.mails if not mail.recipients[0].endswith("@northgate.example")]
    may = {
        address for one in expected.values() if one["outcome"] != "no_ack" for address in one.get("ack_to_accept", [])
    }

    assert look(tmp_path, "SELECT COUNT(*) FROM letters WHERE state <> 'decided'") == [(0,)]
    assert {address.lower() for address in answered} <= {address.lower() for address in may} | {
        "jdöe@xn--mchine-bua.example"
    }
