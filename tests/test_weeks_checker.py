"""The checker of the laboratory of weeks finds what it is there to find: each planted fault by itself, and none in good mails."""

from datetime import date, datetime, timedelta

import pytest

from tests.labs import weeks_checker
from tests.labs.weeks_checker import Mail
from tests.labs.weeks_town import EASTER, LONDON, OFFICERS, Letter, Town
from tests.support.letters import letter

WHO = "r1@resident.example"
HEAD = "Hello Ann Ash, "
FOOT = " Your reference is RBN-7H4-29P."
ACK = (
    HEAD
    + "Priya Shah in Housing has your email about “Damp”. Priya or a colleague will write to you by Monday 7 December."
    + FOOT
)
TRUTH = (
    HEAD + "We said you would hear from us by today about “Damp”. We have no news for you yet, and we are sorry. "
    "You will hear from us again by Monday 14 December." + FOOT
)
COVER = (
    HEAD
    + "Priya Shah is away. Sam Jones in Housing now has your email about “Damp”. Sam or a colleague will write to you by {}."
    + FOOT
)
WHERE = HEAD + "{} in Housing has your email about “Damp”. It is not answered yet." + FOOT
HUMAN = "Dear Ann, it is done. Priya" + FOOT
LETTER = Letter(
    datetime(2026, 11, 30, 10, tzinfo=LONDON), "housing", WHO, "Ann Ash", "<l1@resident.example>", b"", opens=True
)


def mail(when: str, text: str, *, to: str = WHO, answers: str = "", by_hand: bool = False) -> Mail:
    """A mail of ours at that time in London."""
    headers = {} if by_hand else {"Auto_Submitted": "auto-replied"}
    if answers:
        headers["In_Reply_To"] = answers
    return Mail(datetime.fromisoformat(when).replace(tzinfo=LONDON), to, letter(text=text, to=to, **headers))


def faults(*mails: Mail) -> list[str]:
    """What the checker says of them, after six weeks."""
    town = Town(date(2026, 11, 30), date(2026, 12, 14), EASTER["Christmas"], [], OFFICERS, 1, 1)
    return weeks_checker.check(town, mails, [LETTER], []).faults


GOOD = mail("2026-11-30 10:00", ACK, answers=LETTER.message_id)
DONE = mail("2026-12-07 11:00", HUMAN, by_hand=True)


def test_good_weeks() -> None:
    """A date that a person kept, and one that was told the truth about and kept after it, are no faults."""
    late = mail("2026-12-14 11:00", HUMAN, by_hand=True)

    assert faults(GOOD, DONE) == []
    assert faults(GOOD, mail("2026-12-07 15:01", TRUTH), late) == []
    assert faults(GOOD, mail("2026-12-02 09:05", COVER.format("Monday 7 December")), DONE) == []


BAD: dict[str, tuple[list[Mail], str]] = {
    "no acknowledgement": ([], "0 acknowledgements"),
    "two acknowledgements": ([GOOD, GOOD, DONE], "2 acknowledgements"),
    "a silent date": ([GOOD], "nothing came until the end"),
    "words after the date": ([GOOD, mail("2026-12-09 11:00", HUMAN, by_hand=True)], "nothing came before 2026-12-09"),
    "a date that slid": (
        [
            GOOD,
            mail("2026-12-02 09:05", COVER.format("Thursday 10 December")),
            mail("2026-12-10 11:00", HUMAN, by_hand=True),
        ],
        "without a sorry",
    ),
    "a closed day told": ([GOOD, mail("2026-12-02 09:05", COVER.format("Saturday 5 December")), DONE], "a closed day"),
    "a mail on a closed day": (
        [GOOD, mail("2026-12-05 09:05", COVER.format("Monday 7 December")), DONE],
        "nobody asked for on 2026-12-05, a closed day",
    ),
    "two mails in a day": (
        [GOOD, *[mail(f"2026-12-02 {at}", COVER.format("Monday 7 December")) for at in ("09:05", "15:01")], DONE],
        "2 mails on 2026-12-02 that nobody asked for",
    ),
    "a name out of nowhere": (
        [GOOD, mail("2026-12-02 09:05", WHERE.format("Sam Jones")), DONE],
        "Priya Shah became Sam Jones",
    ),
    "a date on a free day": (
        [
            mail(
                "2026-11-30 10:00",
                ACK.replace("Priya or a colleague", "Sam").replace("Monday 7", "Thursday 3"),
                answers=LETTER.message_id,
            ),
            mail("2026-12-03 11:00", HUMAN, by_hand=True),
        ],
        "told that sam writes by 2026-12-03",
    ),
    "nine mails to an officer": (
        [GOOD, DONE, *[mail("2026-12-02 09:05", "Words", to="priya@northgate.example")] * 9],
        "priya: 9 mails",
    ),
    "a digest on a free day": (
        [GOOD, DONE, mail("2026-12-03 08:31", "Sam, good morning. Yours:", to="sam@northgate.example")],
        "sam: a digest on 2026-12-03",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_each_fault_is_found(name: str) -> None:
    """Exactly one fault, and the right one."""
    mails, said = BAD[name]
    found = faults(*mails)

    assert [said in one for one in found] == [True], found


def test_an_outage_excuses_an_apology_only() -> None:
    """What was due while nothing could go out may come later, with a sorry; silence is silence."""
    town = Town(date(2026, 11, 30), date(2026, 12, 14), EASTER["Christmas"], [], OFFICERS, 1, 1)
    begin = datetime(2026, 12, 7, 12, tzinfo=LONDON)
    outage = [(begin, begin + timedelta(days=1))]
    late = TRUTH.replace("by today", "by Monday 7 December").replace("Monday 14", "Tuesday 15")

    assert weeks_checker.check(town, [GOOD, mail("2026-12-08 09:05", late)], [LETTER], outage).faults == []
    assert weeks_checker.check(town, [GOOD], [LETTER], outage).faults != []
