"""The log as it is printed: one line per event, with the keys of that event only."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from ackbot import log_events
from ackbot.log import configure


@pytest.fixture
def printed() -> Iterator[Any]:
    """Logs as the daemon does, and gives back what was printed."""
    stream = io.StringIO()
    configure(to=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()


def test_a_line_has_the_keys_of_its_event(printed: Any) -> None:
    """P11: a key that the event does not declare might hold an address: it is left out, and that is said."""
    log = structlog.get_logger().bind(lane="default")
    log.warning(log_events.CLAIM_LOST, mail=7)
    log.warning(log_events.CLAIM_LOST, mail=7, recipient="edward@resident.example")
    log.warning("Damp in the bedroom", mail=7)
    lines = [{key: value for key, value in line.items() if key != "timestamp"} for line in printed()]

    assert lines == [
        {"event": "claim lost", "level": "warning", "lane": "default", "mail": 7},
        {"event": "claim lost", "level": "warning", "lane": "default", "mail": 7, "warnings": "1 keys not logged"},
        {"event": "Damp in the bedroom", "level": "warning", "warnings": "2 keys not logged"},
    ]


@pytest.mark.parametrize("event", log_events.EVENTS)
def test_every_declared_key_is_printed(printed: Any, event: log_events.Event) -> None:
    """behaviour.md §3.9: what an event declares reaches the log: of an alarm that cannot be sent, its cases too."""
    structlog.get_logger().critical(event, **dict.fromkeys(event.keys, "x"))
    (line,) = printed()

    assert (line["event"], {key for key in line if line[key] == "x"}) == (str(event), set(event.keys))


def test_an_exception_is_told_without_its_words(printed: Any) -> None:
    """P11: the words of an exception may be a resident's: its class, and where it was raised."""
    try:
        {}["edward@resident.example"]
    except KeyError:
        structlog.get_logger().exception(log_events.ROUND_FAILED)
    (line,) = printed()

    assert line["exception"].startswith("KeyError at test_log.py:")
    assert "edward" not in str(line)
