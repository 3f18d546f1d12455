"""A table of replies of staff as whole mails: what is meant for the resident goes at once, and nothing else does (E35, E36, E37)."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from ackbot.store import footers
from ackbot.work.check_staff import footers_seen
from tests.support.clients import CLIENTS, DISCLAIMER, LEARN, OUTSIDE, written
from tests.support.letters import letter, plain
from tests.support.story import Story

SIGNED = "Kind regards\n\nPriya Shah\nRepairs Officer | Housing\nRoyal Borough of Northgate\nTel: 020 7946 0001"
ANSWERS = (
    "Dear Edward,\n\nA surveyor will come on Thursday between 9 and 12.\n\nPriya",
    "Hello Edward,\n\nThank you for your email. I have asked our contractor to treat the wall.\n\n" + SIGNED,
    "Hi Edward\n\nthe plumber came this morning, and he will come again on Friday to finish.\n\nThanks\nPriya",
    "Good morning Mr Quan,\n\nYour repair was booked for 3 December. Someone over 18 has to be at home.\n\n" + SIGNED,
    "Dear Mr Quan\n\nPlease could you send us a photo of the wall? You can reply to this email.\n\nMany thanks\n\nPriya",
    "Hello,\n\nWe have looked at the damp, and it comes from the gutter above. It will be cleared next week.\n\nPriya",
    "You will need to run the fan for two hours each day until the wall is dry.",
    "We will come to your flat on Tuesday at nine. Please move your furniture away from the wall.",
    "Hello again Edward,\n\nI have now heard from the surveyor. She found no leak.\n\nBest wishes\nPriya",
    "Hi Edward, thanks for your patience. The part has arrived and we can fit it on Monday. Does that suit you?\n\nP",
    "Dear Edward\n\nI am sorry for the delay. My colleague Sam Jones will ring you tomorrow; he knows the building.\n\n" + SIGNED,
    "Morning Edward,\n\nI spoke to the roofer today. They can come on the 9th. Let me know if that is no good for you.\n\nPriya",
    "Dear Edward Quan,\n\nYour neighbour has told us that he will mend his gutter. If he does not, please tell us.\n\n" + SIGNED,
    "Good afternoon,\n\nI have passed this to Streets and Waste, who will write to you about the bins.\n\nKind regards,\nPriya",
    "Dear Edward,\n\n1. The wall is treated on Monday.\n2. The bathroom fan is changed on Tuesday.\n\nYou need not be in for the first.\n\nPriya",
    "Edward,\n\nthe fan was ordered today. I shall write to you when it is here.\n\nPriya",
    "Dear Mr Quan,\n\nThank you for telling us. We will not charge you for the visit.\n\nYours sincerely\nPriya Shah",
    "Hi Edward,\n\nNo, you do not need a permit for this. I have closed your case, but you can reply at any time.\n\nPriya",
    "Dear Edward,\n\nthe damp is condensation. If you keep the heating on low, it should go. Here is our leaflet: https://northgate.example/damp\n\n" + SIGNED,
    "Hi, just to say that the electrician is on the way to you now. Priya",
    "Dear Edward,\n\nPlease note that the office is closed on 28 December.\n\nMore news then.\n\n" + SIGNED,
    "I'm sorry to hear that. Could you tell me which bedroom it is, and whether the window in it opens?",
    "Helo Edward,\n\nDiolch am eich e-bost. Byddwn yn dod ddydd Mawrth.\n\nPriya",
    "Edward - someone is coming to you tomorrow. P",
    "Dear Edward\n\nPlease close the valve, and check that the shelf is attached to the wall.\n\nPriya",
    "Hi there,\n\nthe lift in your block is working again, and the one next door too.\n\nPriya",
    "Dear Edward,\n\nWhen I visited, the tenant in the flat above let me in. She has agreed to have her bath sealed.\n\nPriya",
    "Hola Edward,\n\nHere is the form, in Spanish too.\n\nPriya",
    "Sehr geehrter Herr Quan,\n\nder Handwerker kommt am Dienstag.\n\nPriya",
    "مرحبا Edward،\n\nسيأتي الفني يوم الثلاثاء.\n\nPriya",
    "প্রিয় Edward,\n\nমিস্ত্রি মঙ্গলবার আসবেন।\n\nPriya",
)  # fmt: skip
REMARKS = (
    "Known problem tenant, he writes every week",
    "One for Sam I think",
    "Spoke to him on Friday",
    "Spoke to Edward on Friday, all fine",
    "RESOLVED - no action needed",
    "No further action.",
    "Not ours, housing association property.",
    "Can you take this one please?",
    "Could somebody ring him about this? You know what he is like.",
    "Hi, is this a duplicate of last week's?",
    "Hi all, who has the key for this block?",
    "Sam, over to you.",
    "Pass this on to Streets please, you have the form for it.",
    "Please close this one.",
    "Thanks, will do.",
    "Thank you for sending this over.",
    "Ok, noted, thanks for letting me know.",
    "I'll pick this up on Monday when I am back in the office",
    "This lady has three open complaints already. You may want to check the file first.",
    "Mr Quan rang again this morning, very rude on the phone",
    "Hello, the tenant is in arrears, so please do nothing until you have heard from the income team.",
    "Does anyone know whether we own this building?",
    "You should ask Alex before you reply to him.",
    "Hi, I think this should go to Streets. Can you move it?",
    "Chased contractor, awaiting a call back",
    "Vexatious. See the file.",
    "As you know she has been told this three times already.",
    "Is this yours or mine?",
    "Visited 27/11, no access, carded.",
    "Do you have capacity for this?",
    "The resident has been told already, you can close it",
    "Looks like a duplicate to me, your call",
    "I would leave it with you if that is ok",
    "Hello, he has no right of appeal so we can file this.",
    "Good morning, please can this be allocated to Kofi",
    "Job raised 12345, appointment 3/12 am",
    "Another one from the Quan family!",
    "Have you seen this?",
    "hi edward's case is one of mine, you can leave it",
    "I have told you before, these go to Kofi",
    "You need to speak to legal before anyone replies",
    "Hello\n\nWhy has this come to me? I left Housing in June.",
    "Please take me off your list",
    "Thanks for this. Will pick up tomorrow with your update.",
    "ok will call you",
    "Edward - rang again, you know what he is like",
    "Hi,\n\nI think you sent this to me by mistake, it is for Lena.\n\nPriya",
    "Dear Edward,\n\nyour transfer form is attached.\n\nPriya",
    "Please find attached your new tenancy agreement, and sign it by Friday.",
)
COMMANDS = (
    "NOTE he was rude on the phone",
    "Note: access code is 4455",
    "CLOSE duplicate of RBN-AAA-222",
    "PASS sam: he knows the building",
    "PHONED him, agreed Thursday",
    "QUIET",
    "KEEP",
    "HELP",
    "AWAY 3 Dec to 7 Dec",
    "NOTE\n\nThe tenant is known to us.\n\n" + SIGNED,
)
SENDING = (
    "UPDATE the part is ordered and comes on Thursday.",
    "DONE\n\nThe wall was treated yesterday.\n\n" + SIGNED,
    "ASK which wall is it?",
    "UPDATE: a surveyor came today.\n\nPriya",
    "Done. The fan was changed this morning.\n\nPriya",
    "MORE 18 December: the plumber waits for a part",
    "more in three weeks: the part is on order",
)
SLIPS = (
    "UDPATE the part is ordered, and comes to you on Thursday",
    "TRANSFER to legal team",
    "UPDTE: the part is ordered",
    "Udpate: your part is ordered",
    "NOTES tenant known to us",
    "COSE - duplicate",
    "FORWARD to Streets, this is about your bins",
    "ASSIGN Sam",
    "NFA",
    "INTERNAL he is a nuisance, you know him",
    "Phone him, you have the number",
    "PHONE him please",
    "Dear Sam,\n\ncan you look at your list for this one?\n\nPriya",
    "Hi Mrs Jones,\n\nyour kitchen comes on Monday.",
    "Dear Edward,\n\nwe come on Tuesday.\n\nNOTE: he was very rude",
    "FYI your tenant wrote again",
)
CONSENTS = ("Yes", "Yes please", "OK, go ahead.", "Fine by me, thank you", "Agreed", "Please do", "ok thanks", "Approved.\n\n" + SIGNED)  # fmt: skip
REACTIONS = (
    "👍",
    "👍🏽 ❤️",
    "Priya Shah reacted to your message:\n\n👍",
    "[Like]  Priya Shah reacted to your message:",
    "Thumbs up",
)
DRESSES: Sequence[dict[str, str]] = (
    {},
    {"banner": LEARN},
    {"footer": DISCLAIMER},
    {"heads": "cy"},
    {"heads": "de"},
    {"banner": OUTSIDE},
    {"above": "OFFICIAL\n\n"},
    {"below": f"\n\n{DISCLAIMER}"},
    {"above": f"{OUTSIDE}\n\n"},
    {"above": "Classification: OFFICIAL\n\n", "footer": DISCLAIMER},
)


class Row(NamedTuple):
    """
    One reply.

    Args:
        dress: what stood around the words.
        read: what the resident reads of it above our footer; "" if nothing went out.
    """

    kind: str
    client: str
    words: str
    dress: tuple[str, ...]
    read: str


def rows() -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Kind, client, words and dress of each row."""
    clients, dresses = cycle(CLIENTS), cycle(DRESSES)
    kinds: Sequence[tuple[str, Sequence[str], int]] = (
        ("answer", ANSWERS, 5),
        ("remark", REMARKS, 3),
        ("command", COMMANDS, 2),
        ("sending", SENDING, 2),
        ("slip", SLIPS, 2),
        ("consent", CONSENTS, 2),
        ("reaction", REACTIONS, 2),
    )
    for kind, texts, times in kinds:
        for words in texts:
            for client, dress in islice(zip(clients, dresses, strict=False), times):
                yield kind, client, words, dict(dress)


def went(story: Story, client: str, words: str, dress: dict[str, str]) -> str:
    """What the resident reads of this reply above our footer; "" if nothing goes out."""
    story.after(minutes=1)
    words = dress.pop("above", "") + words + dress.pop("below", "")
    story.receive(written(client, bytes(story.mail("new-case")["content"]), words, story.now, **dress))
    sent = story.outbox("human")
    return plain(bytes(sent[-1]["content"])).partition("\n\nPriya Shah, Housing")[0] if sent else ""


@cache
def _made() -> tuple[Row, ...]:
    found = []
    with TemporaryDirectory() as folder:
        for number, (kind, client, words, dress) in enumerate(rows()):
            place = Path(folder) / str(number)
            place.mkdir()
            story = Story(place, ('members = ["priya", "sam"]', 'members = ["priya"]'))
            story.receive(letter())
            found.append(Row(kind, client, words, tuple(dress), went(story, client, words, dict(dress))))
            story.close()
    return tuple(found)


@pytest.fixture
def table() -> tuple[Row, ...]:
    """Every row with what the resident read of it; made once."""
    return _made()


def test_answers_go_at_once(table: tuple[Row, ...]) -> None:
    """
    E36, E37: of ordinary answers and of commands with words for the resident, at least 95 in 100 go out at once, from
    whatever client, under whatever label, over whatever disclaimer; and nothing of all that goes out with them.
    """
    meant = [row for row in table if row.kind in ("answer", "sending")]
    held = [row for row in meant if not row.read]
    debris = (
        "originated outside",
        "OFFICIAL",
        "confidential",
        "Get Outlook",
        "Sent from",
        "mailto:",
        "<https",
        "From:",
        "Von:",
        "____",
    )
    print(f"{len(meant) - len(held)} of {len(meant)} ordinary answers went out at once")

    assert len(held) <= len(meant) * 0.05, held
    assert [row for row in meant for one in debris if one in row.read] == []


def test_nothing_leaks(table: tuple[Row, ...]) -> None:
    """
    E35: of remarks, commands that stay inside, slips, consents and reactions the resident reads nothing, whichever client
    they come from.
    """
    inside = [row for row in table if row.kind not in ("answer", "sending")]
    print(
        f"{sum(bool(row.read) for row in inside)} of {len(inside)} replies that were not meant for the resident went out"
    )

    assert len(table) >= 150
    assert {row.client for row in table} == set(CLIENTS)
    assert [row for row in inside if row.read] == []


def test_html_alone_keeps_links_numbers_and_what_is_struck_out(story: Story) -> None:
    """E42: what a colleague wrote in HTML alone says the same in the mail to the resident."""
    ours = plain(bytes(story.mail("new-case")["content"])).replace("\n", "<br>")
    html = (
        "<html><body><p>Dear Edward,</p><p>we come on <s>Monday</s> <span style='text-decoration:line-through'>Tuesday</span> Friday. "
        "Fill in <a href='https://northgate.example/form?a=1&amp;b=2'>this form</a>, see "
        "<a href='https://www.northgate.example/'>www.northgate.example</a>, and:</p>"
        "<ol start=3><li>open the valve</li><li>call us</li></ol><ol type=a><li>by phone</li><li>by email</li></ol>"
        f"<ul><li>bring your key</li></ul><p>Priya</p><hr><p><b>From:</b> Edward Quan via Housing &lt;housing@northgate.example&gt;<br>"
        f"<b>Sent:</b> 30 November 2026 10:12<br><b>To:</b> Priya Shah<br><b>Subject:</b> Damp</p><p>{ours}</p></body></html>"
    )
    story.after(minutes=1)
    raw = written("outlook html only", bytes(story.mail("new-case")["content"]), "", story.now)
    head = re.split(r"^(?:MIME-Version|Content-Type)", raw.decode(), maxsplit=1, flags=re.MULTILINE)[0]
    story.receive(f"{head}MIME-Version: 1.0\nContent-Type: text/html\n\n{html}\n".replace("\n", "\r\n").encode())
    read = " ".join(plain(bytes(story.mail("human")["content"])).partition("\n\nPriya Shah, Housing")[0].split())

    assert read == (
        "Dear Edward, we come on ~~Monday~~ ~~Tuesday~~ Friday. Fill in this form <https://northgate.example/form?a=1&b=2>, see "
        "www.northgate.example, and: 3. open the valve 4. call us a. by phone b. by email * bring your key Priya"
    )


def with_pictures(story: Story, text: str, html: str, *pictures: tuple[str, str, str]) -> list[str]:
    """The files that go to the resident with a reply; each picture has a name, a Content-ID and a disposition."""
    story.after(minutes=1)
    raw = written("outlook new", bytes(story.mail("new-case")["content"]), "", story.now)
    head = re.split(r"^(?:MIME-Version|Content-Type)", raw.decode(), maxsplit=1, flags=re.MULTILINE)[0]
    block = "From: Edward Quan via Housing <housing@northgate.example>\nSent: 30 November 2026 10:12\nTo: Priya Shah\nSubject: Damp"
    below = f"\n\n________________________________\n{block}\n\n{plain(bytes(story.mail('new-case')['content']))}"
    lines = [f"{head}MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="m"', ""]
    body = [
        "--m",
        'Content-Type: multipart/alternative; boundary="a"',
        "",
        "--a",
        "Content-Type: text/plain",
        "",
        text + below,
    ]
    body += ["--a", "Content-Type: text/html", "", html, "--a--"] if html else ["--a--"]
    for name, identity, disposition in pictures:
        field = f"\nContent-ID: <{identity}>" if identity else ""
        body += ["--m", f"Content-Type: image/jpeg; name={name}\nContent-Disposition: {disposition}{field}", "", "x"]
    story.receive("\n".join([*lines, *body, "--m--", ""]).replace("\n", "\r\n").encode())
    sent = story.outbox("human")
    found = json.loads(sent[-1]["attachments"] or "{}") if sent else {}
    return [part["name"] for part in found.get("parts", [])]


def test_pictures_between_the_words_go_as_files(story: Story) -> None:
    """E41: what Outlook shows between the words goes along and is named in the echo; the signature's picture stays out."""
    text = f"Dear Edward,\n\nthis is the valve:\n\n[cid:image002.png@01D]\n\nTurn it to the left.\n\n{SIGNED}\n[cid:image001.png@01D]"
    pictures = (("image002.png", "image002.png@01D", "inline"), ("image001.png", "image001.png@01D", "inline"))

    assert with_pictures(story, text, "", *pictures) == ["image002.png"]
    assert "With it: image002.png" in plain(bytes(story.mail("ask-back")["content"]))
    assert "cid:" not in plain(bytes(story.mail("human")["content"]))


def test_pictures_that_only_the_html_shows(story: Story) -> None:
    """E41: Apple Mail's plain part says nothing of a picture, so the words above it in the HTML tell where it stands."""
    text = f"Dear Edward,\n\nthis is the valve:\n\nTurn it to the left.\n\n{SIGNED}"
    html = (
        "<html><body><p>Dear Edward,</p><p>this is the valve:<br><img src='cid:one@x'></p><p>Turn it to the left.</p>"
        "<p>Kind regards</p><p>Priya Shah<br><img src='cid:two@x'></p></body></html>"
    )

    assert with_pictures(story, text, html, ("valve.jpg", "one@x", "inline"), ("crest.png", "two@x", "inline")) == [
        "valve.jpg"
    ]


def test_photos_from_a_phone_go_along(story: Story) -> None:
    """E41: an iPhone marks its photos inline and shows them in no HTML; Gmail writes their names between the words."""
    assert with_pictures(story, "Dear Edward, here is the valve.", "", ("IMG_1.jpg", "", "inline")) == ["IMG_1.jpg"]
    gmail = f"Dear Edward, here it is:\n\n[image: wall.jpg]\n\nYour wall is dry.\n\n{SIGNED}\n[image: crest.png]"
    pictures = (("wall.jpg", "ii_1", "inline"), ("crest.png", "ii_2", "inline"))
    html = "<div>Dear Edward, here it is:<img src='cid:ii_1'>Your wall is dry. Kind regards Priya Shah <img src='cid:ii_2'></div>"

    assert with_pictures(story, gmail, html, *pictures) == ["wall.jpg"]
    last = "Dear Edward, this is the valve that I told you of:\n\n[cid:image003.png@01D]"
    assert with_pictures(story, last, "", ("image003.png", "image003.png@01D", "inline")) == ["image003.png"]


@pytest.mark.parametrize(
    ("written_", "read"),
    [
        ("see www.northgate.example<https://www.northgate.example/>", "see www.northgate.example"),
        ("write to bins@northgate.example<mailto:bins@northgate.example>.", "write to bins@northgate.example."),
        (
            "fill in this form<https://northgate.example/form?id=3>",
            "fill in this form<https://northgate.example/form?id=3>",
        ),
        (
            "see https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fnorthgate.example%2Fdamp&data=05%7C02%7Cpriya%40northgate.example%7C&reserved=0",
            "see https://northgate.example/damp",
        ),
        (
            "our leaflet<https://gbr01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fnorthgate.example%2Fdamp&data=05%7Cpriya>",
            "our leaflet<https://northgate.example/damp>",
        ),
        (
            "see https://urldefense.com/v3/__https://northgate.example/damp__;!!abc!xyz$",
            "see https://northgate.example/damp",
        ),
    ],
)
def test_links_lose_what_clients_put_into_them(story: Story, written_: str, read: str) -> None:
    """E41: no debris of a client goes out, and no officer's address in a filter's link; a link that says more stays."""
    out = went(story, "outlook new", f"Dear Edward, {written_}", {})

    assert out == f"Dear Edward, {read}"


def test_explain_tells_each_reason(story: Story) -> None:
    """behaviour.md §4.2: `explain` and `show` tell every reason for which words are held, in an officer's words."""
    went(story, "outlook new", "TRANSFER to Streets, this tenant is known", {})
    why = story.db.run("SELECT why FROM events ORDER BY id")

    held = next(row["why"] for row in why if row["why"].startswith("held: "))
    assert "“TRANSFER” is no word that we know, and PASS is the nearest" in held
    assert "it speaks of the resident as of somebody else (“this tenant”)" in held
    assert "it neither greets the resident nor speaks to them" in held


FOOTER = "Northgate Council, Town Hall, High Street. Follow us on every channel, and sign up to My Northgate for bins and parking."


def test_a_footer_is_learned_from_three_mails(story: Story) -> None:
    """E37: what stands below the quotation is asked about twice; in the third mail of the domain it is a footer, and holds nothing."""
    answers = [f"Dear Edward,\n\nYour visit number {number} is on Thursday at nine.\n\nPriya" for number in range(3)]
    for words in answers[:2]:
        assert went(story, "outlook new", words, {"footer": FOOTER}) == ""
        assert "there are words below the line" in " ".join(plain(bytes(story.mail("ask-back")["content"])).split())
    assert went(story, "outlook new", answers[2], {"footer": FOOTER}) == answers[2]

    (shown,) = footers.seen(story.db, "northgate.example")
    assert (shown.domain, shown.seen, shown.shown) == ("northgate.example", 2, FOOTER)
    ((line, good),) = footers_seen(story.config, story.office.council.staff["priya"])
    assert good
    assert f"“{FOOTER}”, which counts as nobody's words" in line


@pytest.mark.parametrize("answer", ["Yes, on Tuesday.", "No."])
def test_short_answers_below_are_never_learned(story: Story, answer: str) -> None:
    """E37: a person may answer below our mail in the same few words each time; they are asked about each time."""
    for number in range(4):
        words = f"Dear Edward,\n\nYour visit number {number} is on Thursday at nine.\n\nPriya"
        assert went(story, "outlook new", words, {"footer": answer}) == ""

    assert footers.seen(story.db, "northgate.example") == []


@pytest.mark.parametrize(
    "words",
    [
        f"DONE.\n\nThe fan was changed this morning.\n\n{SIGNED}",
        f"DONE. The fan was changed this morning.\n\n{SIGNED}",
        f"Hello again Edward,\n\nThe fan was changed this morning.\n\n{SIGNED}",
        "Hi Edward, Priya here. Your fan was changed this morning.\n\nPriya Shah",
    ],
)
def test_who_signs_is_not_greeted(story: Story, words: str) -> None:
    """E45: the writer's own signature is nobody who is greeted, and "Hello again" greets whom it names."""
    assert "fan was changed this morning." in went(story, "outlook web", words, {})


@pytest.mark.parametrize("reaction", REACTIONS)
def test_a_reaction_is_no_answer(story: Story, reaction: str) -> None:
    """E45: a reaction of an officer to our mail reaches no resident, and clears no promise."""
    assert went(story, "outlook ios", reaction, {}) == ""
    assert story.case()["state"] == "open"
