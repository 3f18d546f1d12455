"""`/health` and `/metrics`: right when all is well, red when it is not, and without a word of any resident."""

import http.client
import io
import json
import logging
import re
import shutil
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from ackbot.config import check
from ackbot.demo.servers import MailServer, Sink
from ackbot.log import configure
from ackbot.store import gauges, inboxes
from ackbot.wires import health as wire
from ackbot.wires.health import Answer, Pages
from ackbot.wires.places import Place
from ackbot.work import personal
from ackbot.work.health import Health
from ackbot.work.threads import Stop
from tests.conftest import missing
from tests.support.council import World, configured, write_config
from tests.support.letters import letter
from tests.support.servers import PASSWORD, Ackbot, free_port, run, until_true
from tests.support.story import Story
from tests.test_forgetting import ADDRESS, PLANTED, SENDER, planted, sent
from tests.test_in_hand import Council

SAMPLE = re.compile(
    r'([a-z_]+(?:_total|_bucket|_count|_sum|_info)?)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)+)\})? (-?[0-9.e+]+)'
)


def get(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    """What is answered, as status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def samples(text: str) -> dict[tuple[str, str], float]:
    """The samples of an OpenMetrics text, each by name and labels; asserts its form (openmetrics.io 1.0.0)."""
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""]
    found: dict[tuple[str, str], float] = {}
    family, seen = "", set[str]()
    for line in lines[:-2]:
        if line.startswith("# TYPE "):
            family = line.split()[2]
            assert family not in seen
            seen.add(family)
        elif not line.startswith(("# HELP ", "# UNIT ")):
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match[1].startswith(family), line
            assert (match[1], match[2] or "") not in found, line
            found[match[1], match[2] or ""] = float(match[3])
    return found


def listening(port: int) -> tuple[str, str]:
    """The change of the configuration that lets health be asked for at that port."""
    return "[limits]", f'[daemon]\nlisten = "127.0.0.1:{port}"\n\n[limits]'


@pytest.mark.usefixtures("store")
def test_the_daemon_tells_how_it_is(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """§8: 200 once every inbox was swept; a letter and its acknowledgement are counted; D72: only GET, which changes nothing."""
    port = free_port()
    place = Council(tmp_path, imap, sink, listening(port))
    with Ackbot(place.config) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        assert until_true(lambda: get(port, "/health")[0] == 200), get(port, "/health")
        imap.append("housing@northgate.example", letter())
        acknowledged = ("ackbot_acknowledgement_seconds_count", 'inbox="housing"')
        assert until_true(lambda: samples(get(port, "/metrics")[1])[acknowledged] == 1)
        told = samples(get(port, "/metrics")[1])
        rows = place.look("SELECT * FROM letters") + place.look("SELECT * FROM outbox ORDER BY id")
        answers = {method: get(port, "/health", method)[0] for method in ("POST", "PUT", "DELETE", "HEAD", "OPTIONS")}
        assert set(answers.values()) == {405}
        assert get(port, "/other")[0] == 404
        assert place.look("SELECT * FROM letters") + place.look("SELECT * FROM outbox ORDER BY id") == rows

    assert told["ackbot_letters_total", 'inbox="housing",kind="letter",outcome="case"'] == 1
    assert told["ackbot_acknowledgement_seconds_bucket", 'inbox="housing",le="+Inf"'] == 1
    assert told["ackbot_healthy", ""] == told["ackbot_workers", ""] == 1
    assert told["ackbot_inbox_watched", 'inbox="streets"'] == 1
    assert (told["ackbot_alarms_open", ""], told["ackbot_clocks_overdue", ""]) == (0, 0)


def health_of(world: World, *, progress: bool = True) -> Health:
    """What a daemon that starts now would tell."""
    return Health(
        world.db,
        world.office.council,
        dict.fromkeys(world.office.council.inboxes, 1.0),
        ("default",),
        lambda: world.now,
        lambda: progress,
    )


def swept(world: World, state: str = "watching") -> None:
    """Every inbox was just swept, and the store written."""
    for name in world.office.council.inboxes:
        inboxes.report(world.db, name, state, "", world.now, seen=True)
    gauges.beat(world.db, world.now)


def reasons(told: Answer) -> list[str]:
    """Why it is red."""
    said = json.loads(told.body)
    assert told.status == (200 if said["fine"] else 503)
    return list(said["reasons"])


@pytest.mark.usefixtures("store")
def test_what_makes_it_red(make_story: Callable[..., Story]) -> None:
    """§8: an inbox that is not swept, an outbox that does not move, a store that takes nothing, a thread that is stuck."""
    story = make_story()
    health = health_of(story)
    assert "inbox housing was never swept" in reasons(health.health())
    swept(story)
    assert reasons(health.health()) == []
    story.receive(letter())
    story.now += timedelta(minutes=11)
    swept(story)
    assert reasons(health.health()) == ["a mail has waited to go out for 11 minutes"]
    story.db.run("UPDATE outbox SET state = 'accepted' WHERE state = 'queued'")
    assert reasons(health.health()) == []
    story.now += timedelta(minutes=12)
    assert reasons(health.health()) == [
        "nothing was written to the store for 12 minutes: it takes nothing, or the rounds are stuck",
        *(f"inbox {name} was not swept for 12 minutes" for name in story.office.council.inboxes),
    ]
    story.rounds.tick()  # it writes
    assert not [one for one in reasons(health.health()) if "written" in one]
    swept(story, "stopped")
    assert reasons(health.health()) == [f"inbox {name} is stopped" for name in story.office.council.inboxes]
    swept(story)
    assert reasons(health_of(story, progress=False).health()) == ["a thread of this worker is stuck or has ended"]


@pytest.mark.usefixtures("store")
def test_what_is_counted(make_story: Callable[..., Story]) -> None:
    """§8: each letter once, however often it is asked; alarms that run, dates that passed, mails that wait, by state."""
    story = make_story()
    health = health_of(story)
    story.receive(letter())
    story.receive(
        letter(text="There is a strong smell of gas in our kitchen.\n", message_id="<2@r.example>", subject="Gas")
    )
    told = [samples(health.metrics().body) for _ in range(2)][1]
    assert told["ackbot_letters_total", 'inbox="housing",kind="letter",outcome="case"'] == 2
    assert told["ackbot_alarms_open", ""] == 1
    assert told["ackbot_outbox_mails", 'state="queued"'] == len(story.outbox())
    story.after(seconds=4)
    story.db.run(
        "UPDATE outbox SET state = 'accepted', accepted_at = :now WHERE kind = 'acknowledgement'",
        now=gauges.text_of(story.now),
    )
    story.receive(letter(message_id="<3@r.example>", subject="Other", text="Other.\n"), "streets")
    for _ in range(2):
        told = samples(health.metrics().body)
        assert told["ackbot_acknowledgement_seconds_bucket", 'inbox="housing",le="2.5"'] == 0
        assert told["ackbot_acknowledgement_seconds_bucket", 'inbox="housing",le="5.0"'] == 2
        assert told["ackbot_acknowledgement_seconds_sum", 'inbox="housing"'] == 8
        assert told["ackbot_letters_total", 'inbox="streets",kind="letter",outcome="case"'] == 1
    story.now += timedelta(days=30)
    assert samples(health.metrics().body)["ackbot_clocks_overdue", ""] >= 2


def pages(place: Place, stop: Stop) -> threading.Thread:
    """Answers in a thread of its own; /bad has a defect."""
    made = Pages(place, {"/health": lambda: Answer(200, "text/plain", "fine"), "/bad": lambda: 1 / 0})  # type: ignore[dict-item,return-value]
    thread = threading.Thread(target=made.run, args=(stop.fd,), daemon=True)
    thread.start()
    return thread


def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """§8: who says nothing is hung up on; who comes while all places are taken is closed at once; a defect is a 500."""
    monkeypatch.setattr(wire, "PATIENCE_S", 1.0)
    port, stop = free_port(), Stop()
    thread = pages(Place("127.0.0.1", port), stop)
    silent = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(wire.CONNECTIONS)]
    silent[0].sendall(b"GET /health")  # and never the rest
    more = socket.create_connection(("127.0.0.1", port), timeout=10)
    assert more.recv(100) == b""
    assert [one.recv(100) for one in silent] == [b""] * wire.CONNECTIONS
    assert until_true(lambda: answered(port, "/health") == (200, "fine"))
    assert get(port, "/bad")[0] == 500
    stop.set()
    thread.join(10)
    for one in (*silent, more):
        one.close()

    assert not thread.is_alive()
    stop.close()


def answered(port: int, path: str) -> tuple[int, str]:
    """As `get`; nothing where all places are still taken."""
    try:
        return get(port, path)
    except (http.client.HTTPException, OSError):
        return 0, ""


def test_a_unix_socket(tmp_path: Path) -> None:
    """§7: it is answered there too, and taken away at the end."""
    path, stop = tmp_path / "health.sock", Stop()
    thread = pages(Place(path=str(path)), stop)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(10)
        connection.connect(str(path))
        connection.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        said = b"".join(iter(lambda: connection.recv(1000), b""))
    stop.set()
    thread.join(10)

    assert said.startswith(b"HTTP/1.0 200 ")
    assert said.endswith(b"\r\n\r\nfine")
    assert not path.exists()
    stop.close()


@pytest.mark.parametrize("at", ["0.0.0.0:9109", "192.0.2.1:9109", "9109", "somewhere"])
def test_only_this_machine_may_ask(tmp_path: Path, at: str) -> None:
    """P10: any other place is a mistake."""
    path = write_config(tmp_path, ("[limits]", f'[daemon]\nlisten = "{at}"\n\n[limits]'))

    assert [one.key for one in check(path) if not one.warning] == ["daemon.listen"]


SECRETS = ("a secret for tests", PASSWORD)


def test_nothing_that_is_printed_names_anybody(tmp_path: Path, imap: MailServer, sink: Sink) -> None:
    """P11: names, words, addresses, passwords and the secret are in no log, no health, no metrics, no crash of the daemon."""
    port = free_port()
    sink.refuse_recipient = lambda address: f"550 5.1.1 {address} unknown" if "planted" in address.lower() else None
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(CRASHES)
    config = configured(tmp_path, imap.port, sink.port, listening(port))
    with Ackbot(config, {"PYTHONPATH": str(folder)}) as ackbot:
        ackbot.wait_for_log('"watching"', 3)
        imap.append("housing@northgate.example", letter(SENDER, subject="marzipan", text="A xylophone.\n\nobelisk\n"))
        ackbot.wait_for_log('"letter"')
        imap.append(
            "housing@northgate.example",
            letter(SENDER, subject="crash tuberose", text="quagmire", message_id="<c@planted.example>"),
        )
        ackbot.wait_for_log('"crashed"')
        imap.append("housing@northgate.example", b"\xff\xfe zeppelin \x00 of Quillfeather")
        ackbot.wait_for_log('"refused"')
        said = get(port, "/health")[1] + get(port, "/metrics")[1] + get(port, f"/{PLANTED[0].split()[0]}")[1]
    log = ackbot.log.read_text()

    assert '"exception": "RuntimeError at ' in log
    assert [one for one in (*PLANTED, *SECRETS, "zebedee") if one.casefold() in (said + log).casefold()] == []


def test_every_way_in_and_out_at_every_level(make_story: Callable[..., Story], monkeypatch: pytest.MonkeyPatch) -> None:
    """P11: letters, reports, forwards, quarantine, words of staff, rounds, an erasure: with debug lines, and metrics beside."""
    stream = io.StringIO()
    configure(to=stream, level=logging.DEBUG)
    story = planted(make_story, monkeypatch)
    health = health_of(story)
    story.at("2026-12-09 09:00")
    said = health.health().body + health.metrics().body
    sent(story)
    _, busy = personal.erase(story.db, story.office, ADDRESS, story.now, close=True)
    said += health.metrics().body + stream.getvalue()
    structlog.reset_defaults()

    assert busy == []
    assert '"letter"' in said
    assert [one for one in (*PLANTED, *SECRETS, "zebedee") if one.casefold() in said.casefold()] == []


# A defect of ours that is raised in a thread with the words of a letter in it, and that nobody catches.
CRASHES = """
import threading

def wound(module):
    real = module.Intake.take

    def take(self, raw, *args, **kwargs):
        if b"crash" in raw:
            def crash():
                raise RuntimeError(raw.decode())
            threading.Thread(target=crash).start()
        return real(self, raw, *args, **kwargs)

    module.Intake.take = take

import importlib.abc, importlib.util, sys

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "ackbot.work.intake":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        load = spec.loader.exec_module
        spec.loader.exec_module = lambda module: (load(module), wound(module))
        return spec

sys.meta_path.insert(0, Finder())
"""


PROMETHEUS = Path(__file__).parent.parent / "docs" / "prometheus"


def test_rules_and_dashboard_ask_for_what_is_there(world: World) -> None:
    """Every metric that they name is one that `/metrics` has, and everything that may alarm has a rule."""
    there = {name for name, _ in samples(health_of(world).metrics().body)}
    there |= {"ackbot_letters_total", "ackbot_inbox_lag_seconds"}  # of an inbox that was swept, and letters that came
    rules = (PROMETHEUS / "alerts.yml").read_text()
    panels = json.loads((PROMETHEUS / "dashboard.json").read_text())["panels"]
    asked = set(re.findall(r"\backbot_[a-z_]+", rules))
    asked |= {name for one in panels for two in one["targets"] for name in re.findall(r"\backbot_[a-z_]+", two["expr"])}

    assert asked <= there
    assert there - asked <= {
        "ackbot_build_info",
        "ackbot_acknowledgement_seconds_count",
        "ackbot_acknowledgement_seconds_sum",
        "ackbot_inbox_watched",
    }
    assert len({one["id"] for one in panels}) == len(panels)


def test_prometheus_takes_the_rules() -> None:
    """`promtool check rules` of Debian's package finds no fault."""
    tool = shutil.which("promtool")
    if tool is None:
        missing("needs promtool: apt-get install prometheus")
    checked = run([str(tool), "check", "rules", str(PROMETHEUS / "alerts.yml")])

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "10 rules found" in checked.stdout
