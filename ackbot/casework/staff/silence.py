"""QUIET and IGNORE: whoever has a case says that its resident gets no automatic mail (behaviour.md §3.10, §4.3)."""

from typing import Literal

from ackbot.casework import keys
from ackbot.casework.intents import ClearClock, Close, Intent, Wish
from ackbot.casework.staff.request import Request, answered, ask_back, said


def no_automatic_mail(request: Request) -> list[Intent]:
    """
    QUIET: the resident wants no automatic mail. IGNORE: the sender needs none, and the case is closed.

    It counts in every case of that address, present and future, if a letter of this case is proven to be from there. Otherwise
    it counts in this case alone: anybody can write a resident's address into From, and whoever answers such a letter with
    IGNORE means its writer, not the resident (P7). ALL behind the command says that the officer knows better. OFF takes it back.
    """
    case, command = request.case, request.reading.command
    behind = said(request).strip(" .").lower()
    off, everywhere = behind == "off", behind == "all"
    if not case.resident.key:
        return ask_back(request, "The resident has no address.")
    if behind and not off and not everywhere:
        return ask_back(request, f"{command} stands alone, or with OFF or ALL behind it.")
    if command == "IGNORE" and not off and case.code in request.facts.alarmed:
        return ask_back(request, "An urgent alarm runs in it. Answer that with TAKE first.")
    if everywhere and case.proof == 0:
        problem = "The mail system says that the resident did not write this, so ALL would silence somebody else."
        return ask_back(request, f"{problem} {command} counts in this case.")
    council = request.desk.council
    alone = not off and not everywhere and case.proof < 2 and council.vouches
    # It counts in every case of the resident, whichever inbox has it (E2).
    checked = alone and request.inbox.authserv_id
    if not checked and not request.seen.authority.reaches(request.inbox, council.inboxes.values()):
        return ask_back(
            request, f"{command} counts in other inboxes too, and nothing proves to them that you wrote it."
        )
    why = f"{request.person.name} wrote {command}{f' {behind.upper()}' if behind else ''}"
    what: Literal["quiet", "ignored"] = "quiet" if command == "QUIET" else "ignored"
    value = "" if off else "yes"
    intents: list[Intent] = [Wish(case.resident.key, what, value, code=case.code, alone=alone, why=why)]
    if command == "IGNORE" and not off and case.state != "closed":
        intents += [ClearClock(case.code, clock.kind, "withheld", why=why) for clock in (*case.clocks, *case.paused)]
        intents.append(Close(case.code, why=why))
    values = {"command": command, "off": off, "alone": alone, "forged": case.proof == 0}
    return [*intents, answered(request, "quiet", keys.quiet(request.key), values, why=why)]
