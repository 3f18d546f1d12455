"""What an admin looks at: the status, the list of cases, and the whole story of a case, a mail or an address."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from ackbot.casework.model import GIVEN_UP
from ackbot.mail import message
from ackbot.store import alarms, backups, inboxes, lanes, leases, outbox, put_in
from ackbot.store.answered import ANSWER, went_out
from ackbot.store.database import Database, Row, instant_of, listed, text_of

_SILENT_FOR = timedelta(minutes=10)  # in addition to two polls: time for a server's restart and our back-off
_UNVERIFIED_FOR = timedelta(
    days=3
)  # such a mail stays unverified for ever, and nobody reads a status that is always red

_CASE = (
    "code, state, inbox, resident_address, resident_name, subject, team, owner, standard, "
    "opened_at, closed_at, human_words_at, sensitive, way"
)
_LETTER = (
    "id, state, message_id, from_key, subject, arrived_at, kind, outcome, rule, why, acknowledged, code, error, "
    f"attempts, brought_by, {ANSWER}"
)
_MAIL = (
    "id, kind, state, held_for, recipient, staff, message_id, code, created_at, accepted_at, attempts, reply, content"
)


def status(db: Database, polls: Mapping[str, float], now: datetime, today: date | None = None) -> dict[str, Any]:
    """
    The state of inboxes, relays, outbox, workers and cases.

    Args:
        polls: for each inbox in the configuration, the longest time between two polls in seconds.
        today: the council's date; None for that of UTC.

    Returns:
        JSON-able. `wrong` has a sentence for everything that needs the admin; `fine` is true when it is empty.
    """
    states = {row["inbox"]: row for row in inboxes.states(db)}
    shown = [_state(name, states.get(name)) for name in polls]
    troubled = [
        {"name": row["lane"], "reason": row["reason"], "since": row["since"]}
        for row in lanes.known(db)
        if row["reason"]
    ]
    counts: dict[str, int] = {}
    for row in outbox.counts(db):
        counts[f"{row['state']} ({row['held_for']})" if row["held_for"] else row["state"]] = row["n"]
    cases_row = db.run(
        "SELECT COUNT(*) AS n, COUNT(*) FILTER (WHERE owner = '') AS ownerless FROM cases WHERE state <> 'closed'"
    )[0]
    late = lateness(db, today or now.date())
    put_in_later = put_in.waiting(db)
    quarantined = db.run("SELECT COUNT(*) AS n FROM letters WHERE state = 'quarantined'")[0]["n"]
    not_fetched = db.run("SELECT COUNT(*) AS n FROM arrivals WHERE letter_id IS NULL AND retry_at IS NOT NULL")[0]["n"]
    unverified = db.run(
        "SELECT COUNT(*) AS n FROM outbox WHERE state = 'unverified' AND created_at > :since",
        since=text_of(now - _UNVERIFIED_FOR),
    )[0]["n"]
    wrong = [sentence for one in shown if (sentence := _wrong(one, polls[one["name"]], now))]
    wrong += [f"relay {one['name']}: {one['reason']}" for one in troubled]
    paused = inboxes.pauses(db)
    wrong += [_paused(db, row, now) for row in paused]
    wrong += [f"{counts[held]} mails are {held}" for held in ("held (brake)", "held (restore)") if held in counts]
    backup = backups.awaits_release(db)
    if backup:
        wrong.append(
            f"the store is a backup of {backup.of:%Y-%m-%d %H:%M} UTC; what may have been sent since waits for `ackbot release`"
        )
    wrong += [f"{put_in_later} old letters that were put in wait for `ackbot release`"] if put_in_later else []
    wrong += [f"{quarantined} mails are in quarantine"] if quarantined else []
    unsent = alarms.unsent(db, now - timedelta(minutes=1))
    wrong += [f"urgent mail cannot be sent ({len(unsent)}): phone the duty officer"] if unsent else []
    untaken = alarms.late(db, now)
    wrong += [f"{untaken} urgent alarms were sent more than once, and nobody has taken them"] if untaken else []
    wrong += [f"{unverified} mails of the last days are unverified"] if unverified else []
    if late["overdue"]:
        wrong.append(
            f"{late['overdue']} promised dates have passed without a word; look at `ackbot cases`, then `ackbot release`"
        )
    if late["given_up"]:
        wrong.append(f"{late['given_up']} cases were given up after three mails without news: a person must write")
    return {
        "fine": not wrong,
        "wrong": wrong,
        "inboxes": shown,
        "relays": troubled,
        "paused": [row["scope"] for row in paused],
        "outbox": counts,
        "workers": leases.workers(db),
        "cases": {"open": cases_row["n"], "without_owner": cases_row["ownerless"], **late},
        "quarantined": quarantined,
        "restored": {"of": text_of(backup.of), "at": text_of(backup.at)} if backup else None,
        "not_fetched": not_fetched,
        "put_in": put_in_later,
    }


def lateness(db: Database, today: date) -> dict[str, int]:
    """
    How many open cases are `late`, how many of these were `given_up` after the third mail without news, and how many running
    dates that residents were told have passed (`overdue`).
    """
    late = db.run(
        "SELECT COUNT(*) AS n, COUNT(*) FILTER (WHERE no_news >= :most) AS given_up FROM cases "
        "WHERE late_since IS NOT NULL AND state <> 'closed'",
        most=GIVEN_UP,
    )[0]
    overdue = db.run(
        "SELECT COUNT(*) AS n FROM clocks WHERE state = 'running' AND promised_on < :today AND told "
        "AND kind IN ('name-owner', 'update', 'answer')",
        today=today.isoformat(),
    )[0]
    return {"late": late["n"], "given_up": late["given_up"], "overdue": overdue["n"]}


def _state(name: str, row: Row | None) -> dict[str, Any]:
    if row is None:
        return {"name": name, "state": "not watched yet", "reason": "", "since": None, "seen_at": None}
    return {
        "name": name,
        "state": row["state"],
        "reason": row["reason"],
        "since": row["changed_at"],
        "seen_at": row["seen_at"] or None,
    }


def _wrong(inbox: Mapping[str, Any], poll_s: float, now: datetime) -> str:
    """Why an inbox needs the admin; "" if it does not. A watcher that is alive records every answer of its server."""
    name, seen_at = inbox["name"], inbox["seen_at"]
    if inbox["state"] == "stopped":
        return f"inbox {name} is stopped"
    if seen_at is None:
        return f"inbox {name} has never answered; is `ackbot run` running?"
    if now - instant_of(seen_at) > _SILENT_FOR + timedelta(seconds=2 * poll_s):
        running = "" if inbox["state"] == "retrying" else "; is `ackbot run` running?"
        return f"inbox {name} has not answered for {_span(now - instant_of(seen_at))}{running}"
    return ""


def _paused(db: Database, pause: Row, now: datetime) -> str:
    """That nothing goes out, for how long, how many mails wait, and how many promised dates have passed meanwhile (E61)."""
    scope, since = pause["scope"], instant_of(pause["paused_at"])
    waiting = db.run(
        "SELECT COUNT(*) AS n FROM outbox WHERE state = 'held' AND held_for = 'pause' AND (:scope = '' OR inbox = :scope)",
        scope=scope,
    )[0]["n"]
    passed = db.run(
        "SELECT COUNT(DISTINCT clocks.code) AS n FROM clocks JOIN cases ON cases.code = clocks.code "
        "WHERE clocks.state = 'running' AND clocks.told AND clocks.promised_on < :today AND (:scope = '' OR cases.inbox = :scope) "
        "AND cases.state <> 'closed'",
        scope=scope,
        today=now.date().isoformat(),
    )[0]["n"]
    named = f" --inbox {scope}" if scope else ""
    dates = f", and the promised dates of {passed} cases have passed" if passed else ""
    return (
        f"{scope or 'everything'} is paused for {_span(now - since)}: {waiting} mails wait{dates}; "
        f"to end that: ackbot resume{named}"
    )


def _span(time: timedelta) -> str:
    minutes = int(time.total_seconds()) // 60
    return (
        f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours" if minutes < 2880 else f"{time.days} days"
    )


def day(db: Database, inbox: str, since: str) -> dict[str, Any]:
    """
    What arrived in an inbox since an instant, except mail from staff.

    Args:
        since: an instant in the store's text form, UTC.

    Returns:
        How many `letters` arrived, how many were `acknowledged`, how many would have been if the mode allowed it
        (`would_acknowledge`), the reasons why the others were `not_answered` (most
        frequent first), how many mails the mode holds (`would`), and how many mails are in the `junk` folder.
    """
    rows = db.run(
        f"""
        SELECT answer, kind, why, COUNT(*) AS n FROM (
            SELECT letters.kind, letters.why, {ANSWER} FROM arrivals
            JOIN letters ON letters.id = arrivals.letter_id OR letters.brought_by = arrivals.letter_id
            WHERE arrivals.inbox = :inbox AND arrivals.recorded_at > :since AND letters.kind <> 'staff'
              -- A mail to staff or the admin whose mailbox this is has come where it was sent; that is no letter (E69).
              AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.message_id = LOWER(letters.message_id)
                              AND (outbox.staff <> '' OR outbox.kind = 'admin'))
        ) AS seen GROUP BY answer, kind, why ORDER BY n DESC, why
        """,
        inbox=inbox,
        since=since,
    )
    would = db.run(
        "SELECT COUNT(*) AS n FROM outbox WHERE inbox = :inbox AND state = 'held' AND held_for = 'shadow' AND created_at > :since",
        inbox=inbox,
        since=since,
    )
    junk = db.run("SELECT junk FROM inbox_states WHERE inbox = :inbox", inbox=inbox)
    return {
        "letters": sum(row["n"] for row in rows),
        "acknowledged": sum(row["n"] for row in rows if went_out(row["answer"])),
        "would_acknowledge": sum(row["n"] for row in rows if row["answer"] == "held shadow"),
        "not_answered": [f"{row['n']}: {row['why']}" for row in rows if not row["answer"]],
        "would": would[0]["n"],
        "junk": junk[0]["junk"] if junk and junk[0]["junk"] else 0,
    }


def cases(db: Database, *, inbox: str, owner: str, closed_too: bool) -> Sequence[Row]:
    """
    Cases with the next date that was promised, sorted by that date; cases without one come first.

    Args:
        inbox: only of this inbox; "" for all.
        owner: only those that this staff id owns or covers; "" for all.
    """
    return db.run(
        """
        SELECT cases.*, (SELECT MIN(promised_on) FROM clocks
                         WHERE clocks.code = cases.code AND clocks.state = 'running') AS promised_on
        FROM cases WHERE (:inbox = '' OR inbox = :inbox) AND (:owner = '' OR :owner IN (owner, cover))
            AND (:closed_too OR state <> 'closed')
        ORDER BY promised_on NULLS FIRST, cases.id
        """,
        inbox=inbox,
        owner=owner,
        closed_too=closed_too,
    )


def story_of_case(db: Database, code: str) -> dict[str, Any]:
    """A case with its letters, its history, and the mails about it, including those that list it among other cases."""
    letters = db.run(f"SELECT {_LETTER} FROM letters WHERE code = :code ORDER BY id", code=code)
    listing = "SELECT outbox_id FROM outbox_cases WHERE code = :code"
    mails = db.run(f"SELECT {_MAIL} FROM outbox WHERE code = :code OR id IN ({listing}) ORDER BY id", code=code)
    return _story(db, [code], letters, mails)


def story_of_message_id(db: Database, message_id: str) -> dict[str, Any]:
    """The letter with this Message-ID and the mails that answer it, or our mail with it; and the case it belongs to."""
    letters = db.run(f"SELECT {_LETTER} FROM letters WHERE message_id = :message_id ORDER BY id", message_id=message_id)
    ids, parameters = listed("l", [row["id"] for row in letters])
    # Our own Message-IDs are lower case, but an admin may copy one from a program that has changed that.
    mails = db.run(
        f"SELECT {_MAIL} FROM outbox WHERE message_id = :message_id OR letter_id IN ({ids}) ORDER BY id",
        message_id=message_id.lower(),
        **parameters,
    )
    codes = [row["code"] for row in (*letters, *mails) if row["code"]]
    return _story(db, codes, letters, mails)


def story_of_address(db: Database, address: str) -> dict[str, Any]:
    """Every letter from a case-folded address, every mail to it, and the cases to which it is a party."""
    letters = db.run(f"SELECT {_LETTER} FROM letters WHERE from_key = :address ORDER BY id", address=address)
    mails = db.run(f"SELECT {_MAIL} FROM outbox WHERE recipient_key = :address ORDER BY id", address=address)
    codes = [row["code"] for row in db.run("SELECT code FROM parties WHERE address = :address", address=address)]
    return _story(db, codes, letters, mails)


def _story(db: Database, codes: Sequence[str], letters: Sequence[Row], mails: Sequence[Row]) -> dict[str, Any]:
    codes = list(dict.fromkeys(codes))
    placeholders, parameters = listed("c", codes)
    found = db.run(f"SELECT {_CASE} FROM cases WHERE code IN ({placeholders}) ORDER BY opened_at", **parameters)
    clocks = db.run(
        f"SELECT code, kind, promised_on, due_at, state, why FROM clocks WHERE code IN ({placeholders}) ORDER BY id",
        **parameters,
    )
    ids, id_parameters = listed("l", [row["id"] for row in letters])
    arrivals = db.run(
        f"SELECT letter_id, inbox, folder, uid, arrived_at FROM arrivals WHERE letter_id IN ({ids}) ORDER BY id",
        **id_parameters,
    )
    events = db.run(
        f"SELECT at, kind, why, data FROM events WHERE code IN ({placeholders}) OR letter_id IN ({ids}) ORDER BY id",
        **parameters,
        **id_parameters,
    )
    return {
        "cases": [
            dict(row) | {"clocks": [dict(clock) for clock in clocks if clock["code"] == row["code"]]} for row in found
        ],
        "letters": [
            dict(row) | {"arrivals": [dict(one) for one in arrivals if one["letter_id"] == row["id"]]}
            for row in letters
        ],
        "mails": [_mail(row) for row in mails],
        "events": [dict(row) for row in events],
    }


def _mail(row: Row) -> dict[str, Any]:
    """A mail without its bytes. Of one that is held, the words, because nobody else has them (E63)."""
    shown = {name: value for name, value in dict(row).items() if name != "content"}
    return shown | {"words": message.text_of(bytes(row["content"])) if row["state"] == "held" else ""}
