"""The story that the demo tells: three weeks of letters, answers, silence and leave, and what must come of each scene."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from ackbot.demo import letters
from ackbot.demo.letters import Letter, Person
from ackbot.demo.servers import Sent

ZONE = ZoneInfo("Europe/London")
FIRST_DAY = date(2026, 11, 30)  # a Monday
LONGEST = 15  # working days
ROUNDS = (time(8, 30), time(9), time(13), time(15))  # times in ZONE at which something may be due


@dataclass(frozen=True)
class Scene:
    """
    Somebody writes.

    Args:
        day: working days after FIRST_DAY.
        at: the time in ZONE.
        letter: the letter, or a function that makes it from the mails sent so far.
        acknowledged: the sender must get exactly one automatic answer; otherwise none.
        also: addresses that must get a mail because of it.
        staff: a member of staff writes, not a resident.
    """

    day: int
    at: time
    letter: Letter | Callable[[Sequence[Sent]], Letter]
    acknowledged: bool
    also: tuple[str, ...] = ()
    staff: bool = False

    @property
    def instant(self) -> datetime:
        """When it happens, UTC."""
        return instant(self.day, self.at)


def instant(day: int, at: time) -> datetime:
    """The instant, in UTC, of a time in ZONE, `day` working days after FIRST_DAY."""
    weeks, weekday = divmod(day, 5)
    return datetime.combine(FIRST_DAY + timedelta(weeks=weeks, days=weekday), at, ZONE).astimezone(UTC)


def read(mail: Sent) -> EmailMessage:
    """Parse a mail that was sent."""
    message = message_from_bytes(mail.content, policy=default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - the policy makes one
    return message


def kind(mail: Sent) -> str:
    """The kind of mail, as its X-Ackbot-Kind says; "" if it has none."""
    return str(read(mail)["X-Ackbot-Kind"] or "")


def _resident(address: str, text: str, person: Person, of: str = "") -> Callable[[Sequence[Sent]], Letter]:
    """A resident answers the last mail to their address, or the last of the kind `of`."""

    def write(sent: Sequence[Sent]) -> Letter:
        mails = [mail for mail in sent if mail.recipients == (address,) and of in ("", kind(mail))]
        return letters.answer(mails[-1].content, text, person)

    return write


def _staff(about: str, text: str) -> Callable[[Sequence[Sent]], Letter]:
    """The member of staff who got the last mail about a matter answers it."""

    def write(sent: Sequence[Sent]) -> Letter:
        known = ("new-case", "resident-wrote", "digest", "urgent")
        mails = [mail for mail in sent if kind(mail) in known and about in str(read(mail)["Subject"])]
        mail = next(
            one
            for one in reversed(mails)
            if "RESIDENT" in str(read(one)["Reply-To"]) or about.startswith(("Auto", "Urgent"))
        )
        name, address = parseaddr(str(read(mail)["To"]))
        return letters.answer(mail.content, text, Person(name, address))

    return write


def _answered(day: int, at: time, about: str, text: str, resident: Person) -> Scene:
    """A member of staff answers about a matter, and the resident must get it."""
    return Scene(day, at, _staff(about, text), acknowledged=False, also=(resident.address,), staff=True)


POTHOLE = Letter(
    letters.TOM,
    letters.STREETS,
    "Pothole in Mill Lane",
    "There is a deep pothole outside number 8.\n\nTom Okafor\n",
)
ADE = Person("Ade Bankole", "ade@resident.example")

SCENES: tuple[Scene, ...] = (
    Scene(0, time(9, 2), letters.DAMP, acknowledged=True),
    Scene(0, time(9, 20), letters.BIN, acknowledged=True),
    Scene(0, time(9, 41), letters.PERMIT, acknowledged=True),
    Scene(0, time(9, 50), letters.VACATION, acknowledged=False),
    Scene(0, time(10, 5), letters.SCHOOL, acknowledged=True),
    Scene(0, time(10, 30), letters.NEWS, acknowledged=False),
    Scene(0, time(10, 31), letters.SPAM, acknowledged=False),
    Scene(0, time(11, 15), letters.GAS, acknowledged=True, also=("duty@northgate.example",)),
    Scene(0, time(11, 20), _staff("Urgent", "TAKE"), acknowledged=False, staff=True),
    Scene(
        0,
        time(11, 50),
        _staff("Urgent", "PHONED They are outside, and the gas engineer is on the way."),
        acknowledged=False,
        staff=True,
    ),
    Scene(0, time(11, 40), letters.BOTH, acknowledged=True),
    Scene(0, time(12, 10), letters.BOUNCE, acknowledged=False),
    Scene(0, time(13, 30), letters.PLANS, acknowledged=True, also=("lena.wolf@northgate.example",)),
    Scene(0, time(14, 0), letters.FORM, acknowledged=True),
    Scene(0, time(14, 45), letters.COLLEAGUE, acknowledged=True),
    Scene(
        0,
        time(15, 30),
        _resident(letters.EDWARD.address, "One more thing: the window does not close either.", letters.EDWARD),
        acknowledged=True,
    ),
    Scene(0, time(17, 40), POTHOLE, acknowledged=True),
    _answered(
        1, time(9, 30), "kitchen", "DONE\n\nHello Nell,\n\nThe engineer made the pipe safe last night.", letters.NELL
    ),
    _answered(
        1,
        time(10, 10),
        "Damp",
        "Dear Edward,\n\nA surveyor comes on Thursday between 9 and 12, and looks at the window too.",
        letters.EDWARD,
    ),
    _answered(
        1, time(11, 0), "BIN", "UPDATE\n\nThe lorry comes by tomorrow, and I look why it did not.", letters.FURIOUS
    ),
    _answered(1, time(14, 5), "Keys", "DONE\n\nHello Jo,\n\nThe caretaker of Elm Court has them.", letters.JO),
    Scene(
        1,
        time(15, 0),
        _staff("Automatic reply", "CLOSE: she is away, and wrote to nobody"),
        acknowledged=False,
        staff=True,
    ),
    _answered(2, time(10, 0), "طلب", "MORE 10 Dec: the part for the boiler is ordered.", letters.AMAL),
    _answered(2, time(11, 30), "permiso", "DONE\n\nHola María,\n\nHere is the form, in Spanish too.", letters.MARIA),
    _answered(3, time(10, 20), "Pothole", "DONE\n\nHello Tom,\n\nThe hole was filled this morning.", letters.TOM),
    Scene(
        3,
        time(16, 0),
        _staff("Extension", "AWAY 8 Dec to 18 Dec, cover Kofi"),
        acknowledged=False,
        also=("lena.wolf@northgate.example",),
        staff=True,
    ),
    _answered(4, time(12, 0), "lamp", "Hello Ruth,\n\nThe lamp is mended, and the lift since today.", letters.RUTH),
    _answered(5, time(10, 30), "BIN", "DONE\n\nHello,\n\nYour street is on the Tuesday round again.", letters.FURIOUS),
    Scene(
        7,
        time(12, 15),
        _resident(letters.EDWARD.address, "5", letters.EDWARD, of="settled"),
        acknowledged=False,
    ),
    _answered(8, time(10, 30), "طلب", "DONE\n\nHello Amal,\n\nThe heating works since nine.", letters.AMAL),
    _answered(9, time(11, 0), "Extension", "DONE\n\nHello Tom,\n\nYour drawings are approved.", letters.TOM),
    _answered(
        11, time(9, 45), "Website form", "DONE\n\nHello Ade,\n\nSorry that it took so long: the lock is new.", ADE
    ),
)
# The kinds of mail that the whole story must send, and how many of each at least.
MUST: dict[str, int] = {"human": 10, "no-news": 2, "cover": 1, "settled": 2, "digest": 10, "hand-over": 1}
