"""Measures the daemon's memory: idle, with a long backlog, and with one huge mail."""

import base64
import random
from collections.abc import Iterator, Mapping
from itertools import islice

from bench.letters import Letter, letters
from bench.place import USER, Place, daemon, memory_of

_HUGE = 50_000_000  # octets of the huge mail in its transport encoding
_LONG = 20_000  # letters of the long backlog
_TAKEN = 1_000  # letters of the backlog that are answered while we look


def measured(place: Place) -> Mapping[str, object]:
    """Resident memory in MB."""
    names = ("housing", *(f"inbox{number}" for number in range(9)))
    with daemon(place.council(names, watch="idle", poll="10 minutes")) as running:
        running.wait_for_log('"watching"', len(names), 60)
        place.fill(letters(1))
        place.wait_sent(2)
        idle = memory_of(running)[0]
    place.empty()
    place.fill(_small(_LONG))
    with daemon(place.council()) as running:
        place.wait_sent(2 * _TAKEN)
        backlog = memory_of(running)[1]
    place.empty()
    with daemon(place.council()) as running:
        running.wait_for_log('"watching"')
        place.dovecot.append(USER, next(_small(1)).raw)
        place.wait_sent(2)
        before = memory_of(running)[1]
        place.dovecot.append(USER, _huge())
        place.wait_sent(4)
        after = memory_of(running)[1]
    return {
        "idle with 10 inboxes, MB": round(idle, 1),
        f"with {_LONG:,} letters waiting, MB": round(backlog, 1),
        "a mail of 50 MB adds, MB": round(after - before, 1),
    }


def _small(count: int) -> Iterator[Letter]:
    """That many letters of people, without photos."""
    found = (one for one in letters(2 * count, seed=3) if one.answered and len(one.raw) < 20_000)
    return islice(found, count)


def _huge() -> bytes:
    data = base64.encodebytes(random.Random(5).randbytes(_HUGE * 57 // 78)).replace(b"\n", b"\r\n")
    head = (
        b"From: Huge <huge@residents.example>\r\nTo: housing@northgate.example\r\nSubject: A film\r\nMessage-ID: <huge@residents.example>\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nLook at this.\r\n'
        b"--b\r\nContent-Type: video/mp4\r\nContent-Disposition: attachment; filename=film.mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    return head + data + b"--b--\r\n"
