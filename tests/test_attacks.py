"""Attempts on a council's mail, a row each: all of the store is compared before and after (P7, E2, E4, E5, E6, E7, E8, E10, E12)."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.attempts import (
    FAILED,
    NONE,
    Attempt,
    Step,
    Writes,
    answers,
    difference,
    lures,
    many,
    received,
    report,
    standing,
    writes,
)
from tests.support.letters import letter, parsed
from tests.support.story import PASSED, Story

DOCS = Path(__file__).parent.parent / "docs" / "attacks.md"
EDWARD, VERA = "Edward Quan <edward@resident.example>", "Vera Long <vera@resident.example>"
PRIYA, SAM = "Priya Shah <priya@northgate.example>", "Sam Jones <sam@northgate.example>"
MO, LEE = "Mo Ali <mo@else.example>", "Lee Lord <lee@landlord.example>"  # a stranger, and the landlord in Edward's Cc
BOB = "Bob <bob@contractor.example>"
FIRST = "<first@resident.example>"
NO_MORE, BACK_AGAIN = "No more emails please.", "The damp is back."
CONDEMNED = f"{FAILED} header.from=resident.example"
HOUSING_AT_EXCHANGE = (('authserv_id = "mx.northgate.example"', 'authserv_id = "unknown"'),)
LEAVER = (('email = "sam@northgate.example"', 'email = "sam@northgate.example"\nleft = 2026-12-02'),)


# -- What has happened before ---------------------------------------------------------------------------------------------


def opened(story: Story) -> None:
    """Edward's letter, with his landlord in copy. Priya has the case."""
    story.receive(letter(Cc=LEE))


def alarming(story: Story) -> None:
    """Edward's letter smells gas: the duty officer is called, and nobody has taken it."""
    story.receive(letter(text="There is a strong smell of gas in our kitchen.\n\nEdward Quan"))


def in_streets(story: Story) -> None:
    """Edward's letter to an inbox that believes no server."""
    story.receive(letter(to="streets@northgate.example", subject="Damp in the bedroom"), inbox="streets")


def says(text: str, kind: str = "new-case", to: str = "priya") -> Step:
    """An officer answers a mail of ours."""

    def reply(story: Story) -> None:
        story.after(minutes=5)
        story.reply(story.mail(kind, f"{to}@northgate.example"), text)
        story.after(minutes=5)

    return reply


closed = says("DONE\n\nDear Edward, the damp was treated on Friday. Yours, Priya")
asked = says("ASK which room is it, please?")
held = says("Dear Sam, the men come on Tuesday at nine o'clock.")
offered = says("PASS sam: he knows the house")
away = says("AWAY 1 Dec to 11 Dec, cover Sam Jones")


def hers(story: Story) -> None:
    """Vera's letter, another case."""
    story.receive(letter(VERA, subject="Mould", text="There is mould.\n", message_id="<vera@resident.example>"))


def until(when: str) -> Step:
    """Time passes."""
    return lambda story: story.at(when)


def strangers(text: str, subject: str = "Damp in the bedroom", sender: str = MO, **fields: str) -> Step:
    """A stranger's letter, a case of its own, which Sam has if Edward wrote before."""
    write = writes(sender, text, subject=subject, message_id="<mo@else.example>", **fields)
    return lambda story: received(story, write(story), "housing")


def unreachable(story: Story) -> None:
    """Our mail to Edward came back."""
    story.db.run("UPDATE cases SET unreachable = TRUE")


digest = (opened, hers, until("2026-12-07 08:31"))
THREAD = {"In_Reply_To": FIRST, "References": FIRST}
OURS = {"to": "{reply}", "In_Reply_To": "{ours}", "References": f"{FIRST} {{ours}}"}


def rounds(when: str) -> Writes:
    """No mail: time passes, with the digests and reminders that fall into it."""

    def write(story: Story) -> list[bytes]:
        story.at(when)
        return []

    return write


def quick_twice(story: Story) -> None:
    """Edward writes three times about three matters; twice somebody forges a letter of his within a minute of our answer."""
    for number in range(2):
        story.receive(letter(subject=f"Matter {number}", text=f"Words {number}.", message_id=f"<{number}@r.example>"))
        story.after(seconds=20)
        forged = writes(EDWARD, f"Quick {number}.", results=CONDEMNED, message_id=f"<quick{number}@evil.example>")
        received(story, forged(story), "housing")
        story.after(minutes=40)


def ahead(**fields: str) -> Writes:
    """Edward's letter, word for word, sent by somebody else before his own comes."""
    return lambda _: letter(**fields)


def edwards(_: Story) -> bytes:
    """Edward's own letter."""
    return letter()


def further(**fields: str) -> bytes:
    """A further letter of Edward's."""
    return letter(text=BACK_AGAIN, message_id="<2@resident.example>", In_Reply_To=FIRST, **fields)


def tree(_: Story) -> bytes:
    """Edward's letter about another matter."""
    return letter(subject="A tree", text="A tree fell.", message_id="<tree@resident.example>")


# -- The table ------------------------------------------------------------------------------------------------------------


def rows(section: str, *found: tuple[str, str, Writes, set[str], dict[str, object]]) -> list[Attempt]:
    """The attempts of one section of docs/attacks.md: name, what happens, the mail, what differs, and the rest."""
    made = []
    for name, happens, mail, differs, rest in found:
        values = {"before": (opened,), **rest}
        made.append(Attempt(section, name, happens, mail, frozenset(differs), **values))  # type: ignore[arg-type]
    return made


ITS_OWN = "a case of the writer's own"
READ_AS_STRANGERS = "the owner reads it as a stranger's"
NO_WORD = "the owner reads it, and nothing is done"
STANDS = "the absence stands"
WAIT = "they wait for their author"
MO_S = {"a case of mo", "acknowledgement to mo", "new-case to sam"}
LEE_S = {"a case of lee", "acknowledgement to lee", "new-case to sam"}
VERA_S = {"a case of vera", "acknowledgement to vera", "new-case to sam"}
X_S = {"a case of x", "acknowledgement to x", "new-case to sam"}
NOT_ANSWERED = {"a case of priya", "new-case to sam"}
TOLD = {"resident-wrote to priya"}


def quiet(effects: set[str]) -> set[str]:
    """Effects of a letter that asks for no automatic mail: the wish is its writer's own, and no acknowledgement answers it (E27)."""
    return {one for one in effects if not one.startswith("acknowledgement")} | {"wishes"}


IN_CLOSED: dict[str, object] = {"before": (opened, closed)}
LMTP: dict[str, object] = {"arrival": {"folder": "LMTP"}}
DONE = "DONE: all is mended"
COMMANDS = (
    DONE, "CLOSE: a duplicate", "MORE 18 December: the part is late", "ASK: which room is it, please?",
    "PHONED: he is fine with that", "SENT", "PASS sam: he knows the house", "SPLIT streets: the bin", "QUIET", "IGNORE", "CC",
    "NOTE: it is forged", "SEND", "HELP",
)  # fmt: skip
# What somebody who knows a letter may write into a copy that they send ahead of it, and what Edward's own copy changes then.
REPORTS = {
    "`X-Failed-Recipients`": {"X_Failed_Recipients": "a@b.example"},
    "Exchange's mark of a non-delivery report": {"X_MS_Exchange_Message_Is_Ndr": "yes"},
    "the mark of a recall": {"Content_Class": "urn:content-classes:recallmessage"},
    "`TLS-Report-Domain`": {"TLS_Report_Domain": "b.example"},
}
WITHHELD = {
    "a second author behind the resident": {"sender": f"{EDWARD}, x@evil.example"},
    "the name “Do not reply” in From": {"sender": "Do not reply <edward@resident.example>"},
    "the inbox in Cc instead of To": {"to": "x@evil.example", "Cc": "housing@northgate.example"},
    "`X-Loop: autoresponder`": {"X_Loop": "autoresponder"},
    "a condemned author": {"Authentication_Results": CONDEMNED},
}
AHEAD: dict[str, object] = {"before": (), "then": edwards, "gets": ("acknowledgement",)}
MIXED = "multipart/report; report-type={}; boundary=b"
BODY = (
    "--b\nContent-Type: text/plain; charset=utf-8\n\nThere is damp in the bedroom.\n\nRegards\nEdward Quan\n\n--b--\n"
)
LURE = "Refund: call 0800 555 0199 or evil.example"


def forged_done(results: str = "", **fields: str) -> Writes:
    """DONE in Priya's name, with a token of hers that was forwarded."""
    return answers("new-case", "priya", DONE, PRIYA, results, **fields)


EVILS = "mx.northgate.example; dmarc=pass header.from=evil.example"
ODD = {
    "`<resident> <stranger>`": "<edward@resident.example> <x@evil.example>",
    "a source route, `<@stranger:resident>`,": "<@evil.example:edward@resident.example>",
    "the resident's address as an encoded word": "=?utf-8?q?edward=40resident.example?=",
    "the resident's address and a stranger's, with a semicolon between,": "edward@resident.example;x@evil.example",
}


# fmt: off
ATTEMPTS: list[Attempt] = [
    *rows(
        "Who speaks for a resident",
        ("a plus tag behind the resident's address: \"No more emails please\", with their Message-ID", ITS_OWN, writes("edward+x@resident.example", NO_MORE, **THREAD), {"a case of edward+x", "wishes", "new-case to sam"}, {}),
        ("the resident's address with a dot in it, the same", ITS_OWN, writes("ed.ward@resident.example", NO_MORE, **THREAD), {"a case of ed.ward", "wishes", "new-case to sam"}, {}),
        ("the resident's domain with a Cyrillic letter, the same", ITS_OWN, writes("edward@res\u0456dent.example", NO_MORE, **THREAD), {"a case of edward", "wishes", "new-case to sam"}, {}),
        ("an empty From, the resident in Sender and Reply-To, the same", "a case without a resident, not acknowledged", writes("", NO_MORE, Sender=EDWARD, Reply_To=EDWARD, **THREAD), {"a case of nobody", "new-case to sam"}, {}),
        ("`From: <>`, the resident in Resent-From, the same", "a case without a resident, not acknowledged", writes("<>", NO_MORE, Resent_From=EDWARD, **THREAD), {"a case of nobody", "new-case to sam"}, {}),
        ("a group of two in From, one of them the resident, the same", "it speaks for neither, and is not acknowledged", writes("Residents: x@evil.example, edward@resident.example;", NO_MORE, **THREAD), {"a case of x", "new-case to sam"}, {}),
        ("two From fields, the second the resident's, and a pass for the first", "they speak for neither, and are not acknowledged", writes(f"x@evil.example\r\nFrom: {EDWARD}", NO_MORE, results="mx.northgate.example; dmarc=pass header.from=evil.example", **THREAD), {"a case of x", "new-case to sam"}, {}),
        ("the resident's address in the encoded name of From", ITS_OWN, writes("=?utf-8?q?Edward_=3Cedward=40resident.example=3E?= <x@evil.example>", NO_MORE, **THREAD), quiet(X_S), {}),
        *((f"{name} in From, which the inbox's server reads as the second, and passes: \"No more emails please\"", "the server passed somebody else, so it speaks for nobody: the owner reads it, and nothing changes", writes(sender, NO_MORE, results=EVILS, **THREAD), TOLD, {}) for name, sender in ODD.items()),
        ("the same, in a closed case: \"The damp is back\"", "it stays closed", writes(ODD["`<resident> <stranger>`"], BACK_AGAIN, results=EVILS, **THREAD), TOLD, IN_CLOSED),
        ("the resident's address in a comment of From", ITS_OWN, writes("x@evil.example (Edward <edward@resident.example>)", NO_MORE, **THREAD), quiet(X_S), {}),
        ("the resident in Reply-To, \"No more emails please\", to the reply address", f"{ITS_OWN}, whose owner is told", writes(MO, NO_MORE, to="{reply}", Reply_To=EDWARD), quiet(MO_S), {}),
        ("the landlord in copy answers the resident's letter: \"No more emails please\"", READ_AS_STRANGERS, writes(LEE, NO_MORE, **THREAD), TOLD, {}),
        ("the landlord in copy answers the resident's letter: \"Large print please\"", READ_AS_STRANGERS, writes(LEE, "Large print please", **THREAD), TOLD | {"receipt to lee"}, {}),
        ("the landlord in copy answers the resident's letter in a closed case: \"The damp is back\"", READ_AS_STRANGERS, writes(LEE, BACK_AGAIN, **THREAD), TOLD | {"receipt to lee", "clocks", "closed_at", "state"}, IN_CLOSED),
        ("the landlord has our mail too, and writes into the case: \"No more emails please\"", READ_AS_STRANGERS, writes(LEE, NO_MORE, **OURS), TOLD, {}),
        ("the landlord has our mail too, and writes into the case: \"Polish please\"", READ_AS_STRANGERS, writes(LEE, "Polish please", **OURS), TOLD | {"receipt to lee"}, {}),
        ("the landlord has our mail too, and writes into the case: \"Thank you very much!\"", READ_AS_STRANGERS, writes(LEE, "Thank you very much!", **OURS), TOLD, {}),
        ("the landlord has our mail too, and writes into the case: \"Any news?\"", f"{READ_AS_STRANGERS}; nobody is told where the case stands", writes(LEE, "Any news?", **OURS), TOLD | {"receipt to lee"}, {}),
        ("the landlord has our mail too, and scores a closed case: \"1\"", "no score; who has our mail may be the resident at another address, and opens the case again", writes(LEE, "1", **OURS), TOLD | {"clocks", "closed_at", "state"}, IN_CLOSED),
        ("the landlord has our mail too, and writes after our mail to the resident came back", "the resident stays unreachable", writes(LEE, "I am here.", **OURS), TOLD, {"before": (opened, unreachable)}),
        ("the landlord, condemned, has our mail too, and writes into a closed case", "it stays closed; the owner reads that it may be forged", writes(LEE, BACK_AGAIN, results=f"{FAILED} header.from=landlord.example", **OURS), TOLD, IN_CLOSED),
        ("another resident names the reference in the subject: \"No more emails please\"", f"{ITS_OWN}, whose owner is told", writes(VERA, NO_MORE, subject="{reference} No more emails"), quiet(VERA_S), {}),
        ("another resident names the reference of a closed case: \"The damp is back\"", f"{ITS_OWN}, whose owner is told", writes(VERA, BACK_AGAIN, subject="Re: {reference}"), VERA_S, IN_CLOSED),
        ("References that name the letters of two residents", ITS_OWN, writes(MO, NO_MORE, In_Reply_To="<vera@resident.example>", References=f"{FIRST} <vera@resident.example>"), {"a case of mo", "wishes", "new-case to priya"}, {"before": (opened, hers)}),
        ("a form's letter names two people in Reply-To: \"No more emails please\"", "a case of its own for the first; no wish is remembered", writes("forms@northgate.example", NO_MORE, Reply_To=f"{EDWARD}, x@evil.example"), {"a case of edward", "acknowledgement to edward", "new-case to priya"}, {}),
        ("a form's address, condemned, with the resident in Reply-To", "a case of its own, not acknowledged; no wish is remembered", writes("forms@northgate.example", "Large print please", results=f"{FAILED} header.from=northgate.example", Reply_To=EDWARD), {"a case of edward", "new-case to priya"}, {}),
        ("a form's address beside a stranger's in From, the resident in Reply-To", "it is no form: a case that is not acknowledged", writes("forms@northgate.example, x@evil.example", NO_MORE, Reply_To=EDWARD), {"a case of forms", "new-case to sam"}, {}),
        ("the resident in From, condemned, in a closed case, at an inbox that believes no server", "it stays closed; the owner reads that it may be forged", writes(EDWARD, BACK_AGAIN, to="streets@northgate.example", results=CONDEMNED, **THREAD), TOLD, {**IN_CLOSED, "inbox": "streets"}),
        ("the resident in From, condemned, in a closed case, by LMTP", "it stays closed; the owner reads that it may be forged", writes(EDWARD, BACK_AGAIN, results=CONDEMNED, **THREAD), TOLD, {**IN_CLOSED, **LMTP}),
        ("the resident in From, condemned, at an Exchange inbox with the mark of inside mail: \"No more emails please\"", "the owner reads that it may be forged", writes(EDWARD, NO_MORE, results="unknown; dmarc=fail header.from=resident.example", X_MS_Exchange_Organization_AuthAs="Internal", **THREAD), TOLD, {"changes": HOUSING_AT_EXCHANGE}),
    ),
    *rows(
        "Who speaks for the council",
        *((f"an officer in From, without a pass, answers with a forwarded token: `{words}`", "a case of its own, not acknowledged; nothing is done", answers("new-case", "priya", words, PRIYA), NOT_ANSWERED, {}) for words in COMMANDS),
        ("the same `DONE`, with `ARC-Authentication-Results`, `X-Authentication-Results` and `Received-SPF` that pass", "only the field of the inbox's own server counts", forged_done(ARC_Authentication_Results=f"i=1; {PASSED}", X_Authentication_Results=PASSED, Received_SPF="pass"), NOT_ANSWERED, {}),
        ("the same `DONE` by LMTP", "nothing is done", forged_done(NONE), NOT_ANSWERED, LMTP),
        ("the same `DONE` at an Exchange inbox, with its mark of inside mail and a failure", "the failure counts", forged_done("unknown; dmarc=fail header.from=northgate.example", X_MS_Exchange_Organization_AuthAs="Internal"), NOT_ANSWERED, {"changes": HOUSING_AT_EXCHANGE}),
        ("the same `DONE` at an Exchange inbox, marked as anonymous, or as inside another organisation", "neither vouches", forged_done(X_MS_Exchange_Organization_AuthAs="Anonymous", X_MS_Exchange_CrossTenant_AuthAs="Internal"), NOT_ANSWERED, {"changes": HOUSING_AT_EXCHANGE}),
        ("the same `DONE`, with a pass that a stranger wrote, at an inbox that believes no server", "nothing is done; the other service is told of its case", forged_done(PASSED), NOT_ANSWERED | {"hand-over to kofi"}, {"inbox": "streets"}),
        ("a stranger called as the owner is answers the owner's mail, with a pass for their own domain", "a case of its own: \"is not our Priya Shah\"", answers("new-case", "priya", DONE, "Priya Shah <priya@evil.example>", "mx.northgate.example; dmarc=pass header.from=evil.example"), NOT_ANSWERED, {}),
        ("a contractor answers the owner's mail that was forwarded to them: `CLOSE: mended`", ITS_OWN, answers("new-case", "priya", "CLOSE: mended", BOB, "mx.northgate.example; dmarc=pass header.from=contractor.example"), {"a case of bob", "new-case to sam"}, {}),
        ("the resident answers the owner's mail that was forwarded to them: `DONE`", NO_WORD, answers("new-case", "priya", "DONE", EDWARD), TOLD, {}),
        ("a colleague, proven, answers a mail that was made for somebody else: `CLOSE`", "it carries somebody else's token: a case of its own, and nothing is done", answers("new-case", "priya", "CLOSE: I know better", SAM, PASSED), {"a case of sam", "new-case to sam"}, {}),
        ("a former officer, proven, answers a mail of their time: `CLOSE`", NO_WORD, answers("hand-over", "sam", "CLOSE: a duplicate", SAM, PASSED), {"ask-back to priya"}, {"before": (opened, offered, until("2026-12-03 10:00")), "changes": LEAVER}),
        ("a former officer, proven, takes what they were offered: `TAKE`", NO_WORD, answers("hand-over", "sam", "TAKE", SAM, PASSED), {"ask-back to priya"}, {"before": (opened, offered, until("2026-12-03 10:00")), "changes": LEAVER}),
        ("a stranger takes an offer that was forwarded: `TAKE`", "the offer stands", answers("hand-over", "sam", "TAKE", MO), {"a case of mo", "new-case to sam"}, {"before": (opened, offered)}),
        ("the colleague who is asked in From, without a pass: `TAKE`", "the offer stands", answers("hand-over", "sam", "TAKE", SAM), {"a case of sam", "new-case to sam"}, {"before": (opened, offered)}),
        ("held words are let go by the resident, who has the question: `SEND`", WAIT, answers("ask-back", "priya", "SEND", EDWARD), TOLD, {"before": (opened, held)}),
        ("held words are let go, the author in From, without a pass: `SEND`", WAIT, answers("ask-back", "priya", "SEND", PRIYA), TOLD, {"before": (opened, held)}),
        ("held words are let go by a proven colleague: `SEND`", WAIT, answers("ask-back", "priya", "SEND", SAM, PASSED), {"a case of sam", "new-case to sam"}, {"before": (opened, held)}),
        ("held words are dropped, the author in From, without a pass: `KEEP`", WAIT, answers("ask-back", "priya", "KEEP", PRIYA), TOLD, {"before": (opened, held)}),
        ("a line of a digest about somebody's case, by another resident who has the digest", "a letter", answers("digest", "priya", "{reference} done: nothing to mend.", VERA), {"a case of vera", "new-case to sam"}, {"before": digest}),
        ("a line of a digest by a proven colleague whose it is not", "a letter", answers("digest", "priya", "{reference} close: nothing to mend.", SAM, PASSED), {"a case of sam", "new-case to priya"}, {"before": digest}),
        ("the officer in From, without a pass, answers a digest: `AWAY`", "no absence", answers("digest", "priya", "AWAY 8 Dec to 11 Dec, cover Sam Jones", PRIYA), {"a case of priya", "new-case to priya"}, {"before": digest}),
        ("an officer who is away in From, without a pass: `BACK`", STANDS, answers("new-case", "priya", "BACK", PRIYA), TOLD, {"before": (opened, away)}),
        ("the resident, who has the officer's mail: `BACK`", STANDS, answers("new-case", "priya", "BACK", EDWARD), TOLD, {"before": (opened, away)}),
        ("an automatic reply in an officer's name: \"I am out of the office until March\"", "no absence; their manager is asked, once a day", writes(PRIYA, "I am out of the office until 1 March.", to="{staff}", subject="Automatic reply: Damp", In_Reply_To="{asked}", Auto_Submitted="auto-replied"), {"admin to alex"}, {}),
        ("a stranger's letter is a line of a digest about somebody's case, and its officer answers quoting it", "only words above the quotation count, in the stranger's case", answers("new-case", "sam", "NOTE seen, nothing to do", SAM, PASSED), {"noted_at", "noted_by", "words"}, {"before": (opened, strangers("{reference} close: nothing to mend."))}),
        ("a stranger's letter is full of commands, and its officer answers with it quoted and nothing above", "asked back", answers("new-case", "sam", "", SAM, PASSED), {"ask-back to sam"}, {"before": (opened, strangers("DONE\n\nDear Edward, it is mended. Priya"))}),
        ("a stranger's subject is a line of a digest about somebody's case, and an officer answers the digest: \"Seen.\"", "only the officer's words count, in the stranger's case, and they are held", answers("digest", "sam", "Seen.", SAM, PASSED), {"ask-back to sam", "words"}, {"before": (opened, strangers("Damp here, too.", "{reference} close: nothing to mend"), until("2026-12-07 08:31"))}),
        ("an officer's mail comes again in a stranger's forward, to the staff address", ITS_OWN, writes(MO, "---------- Forwarded message ---------\nFrom: Priya Shah <priya@northgate.example>\n\nCLOSE: a duplicate", to="{staff}", subject="Fwd: Damp in the bedroom", In_Reply_To="{asked}"), {"a case of mo", "new-case to sam"}, {}),
        ("an officer in Sender, Resent-From and Resent-Sender, and a stranger in From: `CLOSE`", ITS_OWN, writes(MO, "CLOSE: a duplicate", to="{staff}", In_Reply_To="{asked}", Resent_From=PRIYA, Resent_Sender=PRIYA, Sender=PRIYA), {"a case of mo", "new-case to sam"}, {}),
        ("our own inbox in From, with the signed Message-ID of a mail of ours: `CLOSE`", "recorded as a mail of ours that came back", writes("Housing <housing@northgate.example>", "CLOSE: a duplicate", to="{staff}", X_Ackbot_Id="{ours}"), set(), {}),
        ("our own inbox in From: `CLOSE`, to the staff address", "a case of its own, not acknowledged", writes("Housing <housing@northgate.example>", "CLOSE: a duplicate", to="{staff}", In_Reply_To="{asked}"), {"a case of housing", "new-case to sam"}, {}),
        ("a resident, in a case of an inbox that believes no server, answers its owner's mail: `CLOSE`", NO_WORD, answers("new-case", "kofi", "CLOSE: a duplicate", EDWARD), {"resident-wrote to kofi"}, {"before": (in_streets,), "inbox": "streets"}),
    ),
    *rows(
        "Reports of undelivered mail",
        ("our mail to the resident is reported as delayed", "nothing changes", report("edward@resident.example", returned="{ours}", status="4.4.1", action="delayed"), set(), {}),
        ("it is reported that the resident's mailbox is full", "nothing changes", report("edward@resident.example", returned="{ours}", status="5.2.2"), set(), {}),
        ("`X-Failed-Recipients` names the resident, without our mail", "nothing changes", writes("MAILER-DAEMON@mx.example", "Not delivered", to="{reply}", X_Failed_Recipients="edward@resident.example"), set(), {}),
        ("the landlord, who has our mail, forges its return from the resident's address", "nothing tells it from a true one: the resident counts as unreachable, the owner is told, and the resident's next letter ends it", report("edward@resident.example", returned="{ours}"), {"ask-back to priya", "unreachable"}, {}),
        ("a return of our mail to an officer, about the officer's address, condemned", "nobody is told that they are gone", report("priya@northgate.example", returned="{asked}", results="mx.northgate.example; dmarc=fail header.from=mx.example"), set(), {}),
        ("an abuse report about the resident", "recorded", writes("abuse@else.example", "--b\nContent-Type: text/plain\n\nspam\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: edward@resident.example\n\n--b--", to="{reply}", In_Reply_To="{ours}", content_type=MIXED.format("feedback-report")), set(), {}),
        ("a read receipt in the resident's name: \"deleted\"", "recorded", writes(EDWARD, "--b\nContent-Type: text/plain\n\ndeleted\n--b\nContent-Type: message/disposition-notification\n\nDisposition: manual-action; deleted\n\n--b--", content_type=MIXED.format("disposition-notification"), **OURS), set(), {}),
        ("an automatic reply in the resident's name: \"No more emails please\"", "an event of the case", writes(EDWARD, NO_MORE, Auto_Submitted="auto-replied", **OURS), set(), {}),
        ("an automatic reply in the resident's name in a closed case: \"The damp is back\"", "an event of the case", writes(EDWARD, BACK_AGAIN, Auto_Submitted="auto-replied", **OURS), set(), IN_CLOSED),
        ("a calendar's cancellation in the case", "recorded", writes(EDWARD, "BEGIN:VCALENDAR\nMETHOD:CANCEL\nEND:VCALENDAR", content_type="text/calendar; method=CANCEL", **OURS), set(), {}),
        ("a recall of the resident's letter", "recorded", writes(EDWARD, "Edward would like to recall the message", Content_Class="urn:content-classes:recallmessage", **OURS), set(), {}),
    ),
    *rows(
        "Copies of one letter",
        *((f"the resident's letter, word for word and before it comes, with {mark}", "recorded; the resident's own is decided by itself, and acknowledged (E7)", ahead(**fields), set(), AHEAD) for mark, fields in REPORTS.items()),
        *((f"the resident's letter, word for word and before it comes, as a {name}", "recorded; the resident's own is decided by itself, and acknowledged (E7)", ahead(text=BODY, content_type=MIXED.format(kind)), set(), AHEAD) for name, kind in (("delivery report", "delivery-status"), ("read receipt", "disposition-notification"), ("abuse report", "feedback-report"))),
        *((f"the resident's letter, word for word and before it comes, with {mark}", "a case that is not acknowledged; the resident's own is decided by itself, and acknowledged (E7)", ahead(**fields), {"a case of edward", "new-case to priya"}, AHEAD) for mark, fields in WITHHELD.items()),
        ("the same, with a staff address that was forwarded in To", "a case that is not acknowledged; the resident's own is decided by itself, and acknowledged (E7)", lambda story: letter(to=staff_address(story)), {"a case of edward", "new-case to sam"}, {**AHEAD, "before": (hers,)}),
        ("the same, with our inbox as a second author and a Message-ID of ours", "recorded as ours; the resident's own is decided by itself, and acknowledged (E7)", lambda story: letter(f"{EDWARD}, housing@northgate.example", X_Ackbot_Id=str(story.mail("acknowledgement")["message_id"])), set(), {**AHEAD, "before": (hers,)}),
        ("the resident's Message-ID, date and subject under other words, by a stranger", "another letter: the resident's own is acknowledged", lambda _: letter(MO, text="Cancel it all."), {"a case of mo", "acknowledgement to mo", "new-case to priya"}, AHEAD),
        ("the resident's Message-ID under other words, the resident in From, condemned", "another letter: the resident's own is acknowledged", lambda _: letter(text="Cancel it all.", Authentication_Results=CONDEMNED), {"a case of edward", "new-case to priya"}, AHEAD),
        ("the resident's letter is sent to another service first", "it is acknowledged there; of the resident's own that service is told", ahead(to="streets@northgate.example"), {"a case of edward", "acknowledgement to edward", "new-case to kofi"}, {**AHEAD, "inbox": "streets"}),
        ("a further letter of the resident's, word for word and before it comes, with `X-Failed-Recipients`", "the resident's own joins the case", lambda _: further(X_Failed_Recipients="a@b.example"), set(), {"then": lambda _: further(), "gets": ("receipt",)}),
        ("a further letter of the resident's, word for word and before it comes, with `<resident> <stranger>` in From and a pass for the stranger", "the owner reads it, and nothing changes; the resident's own counts", lambda _: further(sender=ODD["`<resident> <stranger>`"], Authentication_Results=EVILS), TOLD, {"then": lambda _: further(), "gets": ("receipt",)}),
        ("a letter of danger, word for word and before it comes, as a read receipt", "the resident's own alarms", ahead(text=BODY.replace("There is damp in the bedroom.", "I smell gas."), content_type=MIXED.format("disposition-notification")), set(), {**AHEAD, "then": lambda _: letter(text="I smell gas.\n\nRegards\nEdward Quan\n")}),
    ),
    *rows(
        "Limits",
        ("ten letters with the resident in Reply-To", "their author is answered, until the cap: the resident's next letter is acknowledged", many(*(writes(MO, f"Words {n}.", subject=f"Matter {n}", Reply_To=EDWARD) for n in range(10))), MO_S, {"then": tree, "gets": ("acknowledgement",)}),
        ("ten letters from the resident, condemned", "no acknowledgement is used up", many(*(writes(EDWARD, f"Words {n}.", subject=f"Matter {n}", results=CONDEMNED) for n in range(10))), {"a case of edward", "new-case to priya"}, {"then": tree, "gets": ("acknowledgement",)}),
        ("letters from the resident, condemned, within a minute of our mails, so that the resident seems to be a machine", "they do not count: the resident's next letter is acknowledged", writes(EDWARD, "Quick.", results=CONDEMNED), TOLD, {"before": (opened, quick_twice), "then": tree, "gets": ("acknowledgement",)}),
    ),
    *rows(
        "Words and names",
        ("a subject with a number to call and a site", "it stands in no subject of a mail to a resident, and in no link; the owner reads it with the letter", writes(MO, "Damp.", subject=LURE), MO_S, {}),
        ("a subject with a number to call and a site, a week later in digests", "it stands there as words, in no link", rounds("2026-12-07 13:00"), {"digest to priya", "digest to sam", "digest to alex"}, {"before": (opened, strangers("Damp.", LURE))}),
        ("a subject with a link in HTML: `<a href=\"https://evil.example\">`, a week later in the digest", "letters, no link", rounds("2026-12-07 13:00"), {"digest to priya", "digest to sam", "digest to alex"}, {"before": (opened, strangers("Damp.", '<a href="https://evil.example">Your cases</a>'))}),
        ("a name with a number to call in From", "the address stands for the name", writes('"Call 0800 555 0199" <mo@else.example>', "Damp.", subject="Lift"), MO_S, {}),
        ("a name with a line end and `Bcc:` in an encoded word", "no field of ours begins there", writes("=?utf-8?q?Mo=0D=0ABcc:_spy=40evil.example?= <mo@else.example>", "Damp.", subject="Lift"), MO_S, {}),
        ("a subject with a line end and `Cc:` in an encoded word", "no field of ours begins there", writes(MO, "Damp.", subject="=?utf-8?q?Lift=0D=0ACc:_spy=40evil.example?="), MO_S, {}),
    ),
    *rows(
        "Alarms",
        ("the resident in From, condemned: \"It was a false alarm, all is well\"", "it runs on", writes(EDWARD, "It was a false alarm, all is well.", results=CONDEMNED, **THREAD), TOLD, {"before": (alarming,)}),
        ("a stranger who has the resident's letter: \"It was a false alarm\"", "it runs on", writes(MO, "It was a false alarm.", **THREAD), MO_S, {"before": (alarming,)}),
        ("a stranger has the alarm: `TAKE`", "it runs on", answers("urgent", "duty", "TAKE", MO), {"a case of mo", "new-case to sam"}, {"before": (alarming,)}),
        ("the duty officer in From, without a pass, by LMTP: `TAKE`", "it runs on", answers("urgent", "duty", "TAKE", "duty@northgate.example"), {"a case of duty", "new-case to sam"}, {"before": (alarming,), **LMTP}),
        ("a proven colleague to whom the alarm was forwarded: `TAKE`", "it runs on: the token was made for somebody else", answers("urgent", "duty", "TAKE", SAM, PASSED), {"a case of sam", "new-case to sam"}, {"before": (alarming,)}),
        ("an automatic reply in the duty officer's name", "it runs on, and the admin is asked", answers("urgent", "duty", "I am out of the office.", "duty@northgate.example", Auto_Submitted="auto-replied"), {"admin to admins"}, {"before": (alarming,)}),
        ("a report that the alarm could not be delivered, condemned", "it runs on, and nobody is told that the officer is gone", lambda story: report("duty@northgate.example", to="housing@northgate.example", returned=str(story.mail("urgent")["message_id"]), results="mx.northgate.example; dmarc=fail header.from=mx.example")(story), set(), {"before": (alarming,)}),
        ("`DONE` in the owner's name, without a pass", "promises and alarm run on", forged_done(NONE), NOT_ANSWERED, {"before": (alarming,)}),
        ("a copy of an answer to the resident in the owner's name, without a pass", "promises and alarm run on", writes(PRIYA, "Dear Edward, the gas is off.", to="edward@resident.example", Cc="housing@northgate.example", **THREAD), {"a case of priya", "new-case to sam"}, {"before": (alarming,)}),
    ),
    *rows(
        "Authentication-Results",
        *((f"`DONE` in the owner's name, {name}", "it passes nothing: a case of its own", forged_done(results), NOT_ANSWERED, {}) for name, results in {
            "with a pass of an authserv-id that ends as ours does": "evil.mx.northgate.example; dmarc=pass header.from=northgate.example",
            "with a pass of our authserv-id in an encoded word": "=?utf-8?q?mx.northgate.example?=; dmarc=pass header.from=northgate.example",
            "with spf=pass and dkim=pass, and no dmarc": "mx.northgate.example; spf=pass smtp.mailfrom=northgate.example; dkim=pass header.d=northgate.example",
            "with a pass for a domain that ends as the council's does": "mx.northgate.example; dmarc=pass header.from=evilnorthgate.example",
            "with a pass in the reason of a failure": 'mx.northgate.example; dmarc=fail reason="dmarc=pass header.from=northgate.example" header.from=northgate.example',
            "with a pass and a failure in one field": f"{PASSED}; dmarc=fail header.from=northgate.example",
        }.items()),
    ),
    *rows(
        "Copies",
        ("a stranger writes with an officer in Cc: `CLOSE`", ITS_OWN, writes(MO, "CLOSE: a duplicate", Cc=PRIYA, **THREAD), MO_S, {}),
        ("a letter with Bcc and Resent-Cc to a spy, and its officer answers `CC`", "only Cc counts: asked back that nobody was copied", answers("new-case", "sam", "CC\n\nDear Mo,\n\nA surveyor comes on Thursday.\n\nSam", SAM, PASSED), {"ask-back to sam"}, {"before": (opened, strangers("Damp.", Bcc="spy@evil.example", Resent_Cc="spy@evil.example"))}),
        ("the landlord, who agreed copies go to: \"No more emails please\", into the case", READ_AS_STRANGERS, writes(LEE, NO_MORE, **OURS), TOLD | {"clocks", "state"}, {"before": (opened, says("CC\n\nDear Edward,\n\nA surveyor comes on Thursday.\n\nPriya"), says("SEND", "ask-back"))}),
    ),
]
# fmt: on


def staff_address(story: Story) -> str:
    """The reply address of the latest mail about a new case."""
    return str(parsed(bytes(story.mail("new-case")["content"]))["Reply-To"])


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("attempt", ATTEMPTS, ids=[one.name for one in ATTEMPTS])
def test_an_attempt(make_story: Callable[..., Story], attempt: Attempt) -> None:
    """P7: afterwards nothing is different but what the row says, and no lure stands where somebody might follow it."""
    story = make_story(*attempt.changes)
    for step in attempt.before:
        step(story)
    story.after(minutes=5)
    before, had = standing(story), len(story.outbox(to="edward@resident.example"))
    received(story, attempt.mail(story), attempt.inbox, **(attempt.arrival or {}))
    after = standing(story)

    assert difference(before, after) == attempt.differs
    assert lures(after["mails"][len(before["mails"]) :]) == []
    if attempt.then:
        story.after(minutes=10)
        received(story, attempt.then(story), "housing")
        assert tuple(mail["kind"] for mail in story.outbox(to="edward@resident.example")[had:]) == attempt.gets


def sections() -> dict[str, list[str]]:
    """The rows of docs/attacks.md by their heading."""
    pieces = re.split(r"^## (.*)$", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        name: re.findall(r"^\|.*\|$", text, re.MULTILINE)[2:]
        for name, text in zip(pieces[1::2], pieces[2::2], strict=True)
    }


def test_every_attempt_stands_in_the_docs() -> None:
    """docs/attacks.md: each attempt of this file has its row, once, under its heading; and there are 120."""
    documented = sections()
    theirs = f"`{Path(__file__).name}::{test_an_attempt.__name__}`"
    listed = [(name, row) for name, rows_ in documented.items() for row in rows_ if theirs in row]

    assert sorted(listed) == sorted((one.section, one.row) for one in ATTEMPTS)
    assert len({one.name for one in ATTEMPTS}) == len(ATTEMPTS)
    assert sum(len(rows_) for rows_ in documented.values()) >= 120


def test_every_row_of_the_docs_names_tests() -> None:
    """docs/attacks.md: the last cell names tests that are there; one without a file is in the file named before it, else in test_authority.py."""
    tests = Path(__file__).parent
    for rows_ in sections().values():
        file = "test_authority.py"
        for row in rows_:
            named = re.findall(r"`([^`]+)`", re.split(r"(?<!\\)\|", row)[-2])
            assert named, row
            stays = re.search(r"` in `tests/([\w./]+)`", row)
            for one in named:
                path, _, test = one.rpartition("::")
                if one.startswith("tests/"):
                    continue
                file = stays[1] if stays else path or (file if one.startswith("::") else "test_authority.py")
                assert f"def {test}(" in (tests / file).read_text(encoding="utf-8") or f"def {test}(" in (
                    tests / "test_authority.py"
                ).read_text(encoding="utf-8"), row
