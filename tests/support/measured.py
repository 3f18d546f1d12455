"""Rows as store/measures reads them, made up: for what a report makes of them, without a store."""

import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ackbot.store.database import text_of

SERVICES = {"housing": "housing", "streets": "streets", "dana": ""}  # inbox and team of the test council
NOW = datetime(2026, 12, 31, 16, tzinfo=UTC)


def rows(count: int, seed: int = 1, *, days: int = 180, rare: float = 0.03) -> dict[str, list[Mapping[str, Any]]]:
    """So many cases that came in the days before NOW, and what became of them."""
    dice = random.Random(seed)
    found: dict[str, list[Mapping[str, Any]]] = {
        name: [] for name in ("cases", "letters", "acknowledgements", "no_news", "events", "clocks", "alarms", "wishes")
    }
    for number in range(count):
        code = f"C{number:05}"
        opened = NOW - timedelta(days=dice.random() * days)
        inbox = dice.choices(list(SERVICES), (60, 35, 5))[0]
        case = {
            "code": code, "inbox": inbox, "team": SERVICES[inbox], "standard": "enquiry", "opened_at": text_of(opened),
            "owner": dice.choice(["priya", "sam"] if inbox == "housing" else ["kofi", "lena"]),
            "language": dice.choices(["en", "es", "ar"], (90, 7, 3))[0], "closed_at": None, "state": "open",
            "handovers": int(dice.random() < rare), "way": dice.choices(["mail", "call"], (95, 5))[0],
        }  # fmt: skip
        found["letters"] += [
            {"code": code, "kind": "letter", "arrived_at": text_of(opened + timedelta(days=n))}
            for n in range(1 + (dice.random() < 0.1))
        ]
        if dice.random() > rare:
            found["acknowledgements"].append(
                {"code": code, "accepted_at": text_of(opened + timedelta(seconds=1 + dice.random() * 20))}
            )
        if dice.random() > rare:
            event(
                found,
                code,
                opened + timedelta(hours=dice.random() * 60 * (dice.random() < 0.1)),
                "Assign",
                staff=case["owner"],
            )
        due = opened + timedelta(days=14)
        wrote = opened + timedelta(days=dice.expovariate(1 / 5))
        answered = wrote < NOW and dice.random() > rare
        if answered:
            event(found, code, wrote, "HumanWords", staff=case["owner"], state="answered", by="mail")
            case |= {"state": "closed", "closed_at": text_of(wrote)}
            if dice.random() < rare:
                event(found, code, wrote + timedelta(days=1), "Reopen")
            if dice.random() < 0.2:
                event(
                    found,
                    code,
                    wrote + timedelta(days=5),
                    "asked",
                    statement=dice.choice(["You listened to me", "You kept your word"]),
                )
                event(found, code, wrote + timedelta(days=6), "feedback", score=str(dice.choice([1, 2, 3, 4, 5, 5])))
        ended = min(wrote, due) if answered else due
        for kind, promised in (("update", opened + timedelta(days=7)), ("answer", due)):
            over = ended <= promised and answered
            found["clocks"].append({
                "code": code, "kind": kind, "promised_on": promised.date().isoformat(), "told": kind == "update",
                "state": "kept" if over else "replaced" if promised < NOW else "running", "started_at": text_of(opened),
                "paused_at": None, "ended_at": text_of(ended if over else promised) if over or promised < NOW else None,
            })  # fmt: skip
            if kind == "update" and not over and promised < NOW:
                found["no_news"].append({"code": code, "accepted_at": text_of(promised)})
        if dice.random() < 0.05:
            taken = opened + timedelta(minutes=3 + dice.random() * 10)
            found["alarms"].append({"code": code, "started_at": text_of(opened), "taken_at": text_of(taken)})
        found["cases"].append(case)
    for wish in dice.choices(["large print", "BSL", "Easy Read"], (6, 2, 1), k=count // 20):
        found["wishes"].append(
            {"at": text_of(NOW - timedelta(days=20)), "data": json.dumps({"what": "formats", "value": wish})}
        )
    return found


def event(found: dict[str, list[Mapping[str, Any]]], code: str, at: datetime, kind: str, **data: str) -> None:
    """Something that happened in a case."""
    found["events"].append({"code": code, "at": text_of(at), "kind": kind, "data": json.dumps(data)})


def load(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    """The open ones of these cases, as store/measures reads them."""
    return [
        {**{key: case[key] for key in ("code", "inbox", "team", "owner")}, "cover": "", "late_since": None}
        for case in found["cases"]
        if case["state"] == "open"
    ]
