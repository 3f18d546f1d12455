"""structlog as the daemon uses it: one line per event, with keys and without prose. No word of a resident is logged (P11)."""

import contextlib
import logging
import sys
import threading
from collections.abc import MutableMapping
from typing import Any

from ackbot import log_events
from ackbot.log_events import Event

# If rich is installed, structlog loads it for coloured tracebacks. That costs ten megabytes and a tenth of a second at each
# start, and we print no traceback (`where_it_failed`).
_RICH = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment] # makes `import rich` raise ImportError
import structlog  # noqa: E402

if _RICH is None:
    del sys.modules["rich"]
else:
    sys.modules["rich"] = _RICH

_OF_EVERY_LINE = frozenset({"event", "level", "timestamp", "exception", "exc_info", "warnings"})


def configure(*, to: Any = None, level: int = logging.INFO) -> None:
    """
    Log JSON lines to stderr, or readable lines if it is a terminal.

    Args:
        to: a stream other than stderr.
    """
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
    # Libraries log what servers and strangers said, so none of it is printed (P11).
    logging.getLogger().handlers[:] = [logging.NullHandler()]


def without_words() -> None:
    """From now on an exception that nobody catches is a line of the log, in every thread: a traceback shows its words (P11)."""

    log = structlog.get_logger()

    def crashed(error: BaseException | None, where: str) -> None:
        log.critical(log_events.CRASHED, thread=where, exc_info=error)

    sys.excepthook = lambda _, error, __: crashed(error, "main")
    sys.unraisablehook = lambda found: crashed(found.exc_value, "finalizer")
    threading.excepthook = lambda found: crashed(found.exc_value, found.thread.name if found.thread else "ended")


class _Patient:
    """A stream that may be full or gone: then the line is lost, but the thread that wrote it lives on."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write, if possible."""
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """See write."""
        with contextlib.suppress(OSError):
            self._stream.flush()


def only_known_keys(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Remove the keys that the event does not declare (log_events), and warn: such a key might hold an address (P11)."""
    name = event.get("event")
    known = _OF_EVERY_LINE.union(name.keys if isinstance(name, Event) else ())
    unknown = [key for key in event if key not in known]
    for key in unknown:
        del event[key]
    if unknown:
        event["warnings"] = f"{len(unknown)} keys not logged"
    return event


def where_it_failed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its class and its last eight places in code: its message may hold a resident's words (P11)."""
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
