"""structlog as the daemon uses it: one line per event, keys and no prose, nothing a resident wrote (P11)."""

import contextlib
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

from ackbot.log_events import Event

# structlog loads rich, if it is there, for coloured tracebacks: ten megabytes, and a tenth of a second of each start. None is
# ever printed here (`where_it_failed`).
_RICH = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment] # so an import says that there is none
import structlog  # noqa: E402

if _RICH is None:
    del sys.modules["rich"]
else:
    sys.modules["rich"] = _RICH

_OF_EVERY_LINE = frozenset({"event", "level", "timestamp", "exception", "exc_info", "warnings"})


def configure(*, to: Any = None, level: int = logging.INFO) -> None:
    """JSON lines on stderr, or for a terminal something to read."""
    stream = to or sys.stderr
    renderer: Any = structlog.dev.ConsoleRenderer() if stream.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_known_keys,
            where_it_failed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(_Patient(stream)),  # type: ignore[arg-type] # all that it uses
        cache_logger_on_first_use=False,
    )
    # Libraries log what servers and strangers said: none of it is printed.
    logging.getLogger().handlers[:] = [logging.NullHandler()]


class _Patient:
    """A stream that may be full or gone: a line is lost then, and never the thread that wrote it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write it, if that can be done."""
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """See write."""
        with contextlib.suppress(OSError):
            self._stream.flush()


def only_known_keys(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A line has the keys of its event (log_events) and loses any other, loudly: it might hold an address."""
    name = event.get("event")
    known = _OF_EVERY_LINE.union(name.keys if isinstance(name, Event) else ())
    unknown = [key for key in event if key not in known]
    for key in unknown:
        del event[key]
    if unknown:
        event["warnings"] = f"{len(unknown)} keys not logged"
    return event


def where_it_failed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its class and the files and lines it passed: its words may be a resident's."""
    info = event.pop("exc_info", None)
    if info:
        error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
        places = []
        trace = error.__traceback__ if error is not None else None
        while trace is not None:
            places.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
            trace = trace.tb_next
        event["exception"] = f"{type(error).__name__} at {' > '.join(places[-8:])}"
    return event
