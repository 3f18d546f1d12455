"""Wishes in any sentence, any letter and eleven languages; affirmations, thanks, scores, reactions (E27, E28, E52, E56, E83, E84)."""

from collections.abc import Callable

import pytest

from ackbot.casework.incoming import thanks, wishes
from ackbot.mail.templates import Templates
from ackbot.resources import templates as shipped
from tests.support.letters import letter, parsed
from tests.support.story import Story, words
from tests.test_whole_letters import in_parts, said

LANGUAGES = Templates([shipped()]).language_names()
LONG = "There is damp in the bedroom again and it gets worse each week, and the paint comes off the wall near the window now."

NEWS = [
    "Can I have an update please", "When will someone come?", "Has there been any movement", "hello? anyone there?", "Any joy?",
    "When is the plumber coming?", "Is anybody reading this?", "Did you get my email?", "Nobody has come yet.", "Please update me.",
    "How is it going?", "What has happened?", "Still nothing!", "Could we get some news?", "When will it be fixed?",
    "¿Hay novedades?", "Quand viendra le plombier ?", "Kiedy ktoś przyjdzie?", "Há novidades?", "Ci sono novità?", "Aveți noutăți?",
    "Oes unrhyw newyddion?", "Goorma ayaa la imanayaa?", "هل هناك أي جديد؟", "কোনো খবর আছে?",
]  # fmt: skip


@pytest.mark.parametrize("text", NEWS)
def test_e27_any_news_in_other_words(text: str) -> None:
    """E27: a short letter that asks how far it is, in the words of residents."""
    assert wishes.read(text, LANGUAGES).news


QUIET = [
    "DO NOT SEND ME ANOTHER AUTOMATIC MESSAGE", "UNSUBSCRIBE ME", "STOP", "please remove me from your mailing list", "No emails please.",
    "Stop sending me these silly automated messages!", "I don't want any more automatic emails.", "Please take me off this list",
    "Enough of your robots", "Never email me again.", "Can you stop emailing me please", "I do not need your updates",
    "No me envíen más correos", "Ne m'envoyez plus de messages automatiques", "Proszę nie wysyłać mi więcej wiadomości",
    "Não quero mais emails", "Non mandatemi più email", "Vă rog să nu îmi mai trimiteți emailuri", "Dim mwy o e-byst os gwelwch yn dda",
    "Ha ii soo dirin farriimo dambe", "لا ترسلوا لي المزيد من الرسائل", "দয়া করে আর ইমেইল পাঠাবেন না",
]  # fmt: skip


@pytest.mark.parametrize("text", QUIET)
@pytest.mark.parametrize(
    "around", ["{}", "{}\n\nEdward", f"{LONG} {{}}. Just fix it.", f"{LONG}\n\n{{}}\n\nEdward Quan"]
)
def test_e27_e83_no_more_emails_in_any_sentence(text: str, around: str) -> None:
    """E27, E83: the wish counts wherever it stands; but one word alone counts only where a letter begins."""
    asked = wishes.read(around.format(text), LANGUAGES)

    assert asked.quiet or (text == "STOP" and LONG in around)


@pytest.mark.parametrize(
    "text",
    [
        "The men said no more emails about parking, just a ticket.",
        "It is quiet at night now.",
        "The bus does not stop here any more.",
        "Do not send the bill to my old address.",
        "Please do not send the men on Friday.",
        "I have had no emails from you.",
        "Stop the lorries in our street.",
        f"{LONG}\n\nUnsubscribe",
        "No more damp please.",
        "I want my name removed from the tenancy.",
    ],
)
def test_e27_what_is_no_such_wish(text: str) -> None:
    """E27, the other way: a person reads it, and is answered."""
    assert not wishes.read(text, LANGUAGES).quiet


PHONES = [
    "I am deaf, please do not phone", "Please don't call me.", "No phone calls please", "I can't use the phone", "Please write, don't ring me.",
    "I cannot hear on the phone", "By email only please", "no me llamen", "Ne m'appelez pas", "Proszę nie dzwonić", "Não me liguem",
    "Non telefonate", "Nu mă sunați", "Peidiwch â ffonio", "Ha i soo wicin", "لا تتصلوا بي", "ফোন করবেন না",
]  # fmt: skip


@pytest.mark.parametrize("text", PHONES)
@pytest.mark.parametrize("around", ["{}", f"{LONG} {{}}."])
def test_e56_no_phone_calls(text: str, around: str) -> None:
    """E56: a wish like large print, in any sentence."""
    assert "no phone calls" in wishes.read(around.format(text), LANGUAGES).formats


@pytest.mark.parametrize(
    "text",
    [
        "Nobody calls me back.", "You do not answer the phone.", "Don't call the police on him.", "I did not phone you.", "Please phone me.",
        "My phone is broken.", "Don't call it a repair.", "Please do not ring the bell, the baby sleeps.", "There is no phone in the lift.",
    ],
)  # fmt: skip
def test_e56_what_is_no_such_wish(text: str) -> None:
    """E56, the other way."""
    assert wishes.read(text, LANGUAGES).formats == ""


@pytest.mark.parametrize(
    ("text", "formats", "language"),
    [
        ("Please write to me in Bengali and in large print.", "large print", "bn"),
        ("Reply in Polish please", "", "pl"),
        (f"{LONG} Please answer in Somali.", "", "so"),
        (f"{LONG} I need an Arabic interpreter.", "", "ar"),
        ("I only speak Romanian.", "", "ro"),
        (f"{LONG} Could I have your letters in Braille?", "Braille", ""),
        ("Por favor, respondan en español.", "", "es"),
        ("Proszę odpowiadać po polsku.", "", "pl"),
        ("Répondez en français s'il vous plaît, en gros caractères", "large print", "fr"),
        ("Necesito letra grande", "large print", ""),
        ("Potrzebuję dużym drukiem", "large print", ""),
        ("Print bras os gwelwch yn dda", "large print", ""),
        ("أحتاج إلى خط كبير", "large print", ""),
        ("বড় অক্ষরে চাই", "large print", ""),
        ("My neighbour, who is Polish, plays the drums.", "", ""),
        ("I wrote in Polish last week and in English today.", "", ""),
        (f"{LONG} The Welsh flag is in the hall.", "", ""),
    ],
)
def test_e83_language_and_format_in_any_sentence(text: str, formats: str, language: str) -> None:
    """E27, E83: both are read, from whichever sentence of whichever letter."""
    asked = wishes.read(text, LANGUAGES)

    assert (asked.formats, asked.language) == (formats, language)


SETTLED = [
    "Yes, it is settled.", "All sorted", "👍", "No further action needed", "Yes", "Yes thanks", "It's fixed now", "All done, thank you",
    "The leak is fixed.", "You can close the case.", "That did it", "Problem solved", "🙏❤️", "I am happy with the answer", "Yep, all good",
    "Sí, está resuelto", "Oui, c'est réglé", "Tak, sprawa załatwiona", "Sim, está resolvido", "Sì, risolto", "Da, s-a rezolvat",
    "Ydy, wedi ei drwsio", "Haa", "نعم، تم حل المشكلة", "হ্যাঁ, ঠিক আছে",
]  # fmt: skip
NOT_SETTLED = [
    "No", "Not settled", "Yes, but the leak is back", "It is fixed badly", "👎", "No, it is not settled.", "Yes? Nobody came.",
    "All sorted except the door", "It was fixed and broke again",
]  # fmt: skip
SCORES = [
    ("5*", 5), ("five", 5), ("⭐⭐⭐⭐⭐", 5), ("5 very well", 5), ("⭐", 1), ("*****", 5), ("Cinco", 5), ("cinq", 5), ("pięć", 5), ("pump", 5),
    ("4 stars", 4), ("Three", 3), ("1 badly", 1), ("two, thanks", 2), ("٥", 5), ("5/5", 5),
]  # fmt: skip


@pytest.mark.parametrize("text", SETTLED)
def test_e28_a_yes_to_our_question_is_no_letter(text: str) -> None:
    """E28: an affirmation of what we asked, in any of the languages."""
    found = thanks.short_answer(text, ("Edward Quan",), asked=True)

    assert found is not None
    assert found.kind == "thanks"


@pytest.mark.parametrize("text", NOT_SETTLED)
def test_e28_all_else_is_a_letter(text: str) -> None:
    """E28, the other way: in doubt it is a letter."""
    assert thanks.short_answer(text, ("Edward Quan",), asked=True) is None


@pytest.mark.parametrize(("text", "score"), SCORES)
def test_e28_scores_in_any_spelling(text: str, score: int) -> None:
    """E28: stars, words and our own legend are scores."""
    found = thanks.short_answer(text, ("Edward Quan",), asked=True)

    assert found is not None
    assert (found.kind, found.score) == ("score", score)


@pytest.fixture
def story(make_story: Callable[..., Story]) -> Story:
    made = make_story(('members = ["priya", "sam"]', 'members = ["priya"]'))
    made.receive(letter())
    return made


@pytest.fixture
def asked(story: Story) -> Story:
    """A case that was answered, and about which we asked whether that settled it."""
    story.after(hours=1)
    story.reply(story.mail("new-case"), "Dear Edward,\n\nThe plumber was there and mended the pipe.\n\nPriya")
    story.at("2026-12-08 10:00")
    assert story.outbox("settled")
    return story


def writes(story: Story, text: str, to: str = "acknowledgement", **fields: str) -> dict[str, object]:
    """The resident answers a mail of ours."""
    ours = parsed(bytes(story.outbox(to, "edward@resident.example")[-1]["content"]))
    number = len(story.db.run("SELECT 1 FROM letters"))
    named = {
        "subject": f"Re: {ours['Subject']}",
        "message_id": f"<w{number}@resident.example>",
        "In_Reply_To": ours["Message-ID"],
    }
    return story.receive(letter(text=text, **named | fields))


@pytest.mark.parametrize("text", ["Yes, it is settled.", "👍", "Thank you very much!", "5 very well", "four"])
def test_e28_e84_it_closes_nothing_and_opens_nothing(asked: Story, text: str) -> None:
    """E28, E84: no mail to anybody; a line of the owner's next digest."""
    before, state = len(asked.outbox()), asked.case()["state"]
    writes(asked, text, "settled")
    assert (asked.case()["state"], len(asked.outbox())) == (state, before)

    asked.at("2026-12-09 09:00")
    assert f"“{text}”" in words(asked, "digest", "priya@northgate.example")[-1]


@pytest.mark.parametrize("text", ["1", "2", "1 badly", "two"])
def test_e84_a_bad_score_reaches_owner_and_manager(asked: Story, text: str) -> None:
    """E84: 1 and 2 reach both that day, and reopen nothing."""
    state = asked.case()["state"]
    writes(asked, text, "settled")
    told = [row["recipient"] for row in asked.outbox("resident-wrote")]

    assert sorted(told) == ["alex@northgate.example", "priya@northgate.example"]
    assert "of 5" in words(asked, "resident-wrote")[-1]
    assert asked.case()["state"] == state


GMAIL = in_parts(
    said("👍\n\nEdward Quan reacted via Gmail"),
    'Content-Type: text/vnd.google.email-reaction+json\n\n{"emoji":"👍","version":1}',
    kind="alternative",
)
REACTIONS = [
    GMAIL,
    letter(text="Edward Quan reacted to your message:\n👍\n"),
    letter(text="👍 Edward Quan reacted via Gmail\n"),
    letter(text="Edward Quan a réagi à votre message :\n❤️\n"),
    letter(text="Liked “We come on Thursday.”\n"),
]


@pytest.mark.parametrize("raw", REACTIONS)
@pytest.mark.parametrize("to", ["settled", "human"])
def test_e28_a_reaction_is_neither_letter_nor_answer(asked: Story, raw: bytes, to: str) -> None:
    """E28: it stands in the digest; without a case it is only recorded."""
    ours = parsed(bytes(asked.outbox(to)[-1]["content"]))
    state, before = asked.case()["state"], len(asked.outbox())
    head = f"In-Reply-To: {ours['Message-ID']}\r\n".encode()
    row = asked.receive(head + raw.replace(b"<first@resident.example>", b"<re@resident.example>"))

    assert (row["outcome"], asked.case()["state"], len(asked.outbox())) == ("event", state, before)
    asked.at("2026-12-09 09:00")
    assert "Edward Quan" in words(asked, "digest", "priya@northgate.example")[-1]


@pytest.mark.parametrize("raw", REACTIONS)
def test_e28_a_strangers_reaction_opens_no_case(make_story: Callable[..., Story], raw: bytes) -> None:
    """E28: never a letter."""
    story = make_story()

    assert story.receive(raw)["outcome"] == "record"
    assert story.cases() == []


def test_e28_words_beside_a_reaction_are_a_letter(asked: Story) -> None:
    """E28, the other way."""
    row = writes(asked, "Edward Quan reacted to your message:\n👍\n\nBut the pipe leaks again.", "settled")

    assert row["outcome"] == "attach"
    assert asked.case()["state"] == "open"


def test_e27_quiet_in_the_opening_letter(make_story: Callable[..., Story]) -> None:
    """E27, E83: it is honoured from the first letter on: no acknowledgement, the owner reads it, and it is remembered."""
    story = make_story()
    row = story.receive(letter(text=f"{LONG} No more automatic emails please. Just fix it.\n\nEdward Quan\n"))

    assert (row["outcome"], row["acknowledged"]) == ("case", 0)
    assert "they want no more automatic mail" in words(story, "new-case")[0]
    story.receive(letter(subject="Lift", text="The lift is stuck.\n", message_id="<2@resident.example>"))
    assert story.outbox(to="edward@resident.example") == []


def test_e83_quiet_beside_other_words(story: Story) -> None:
    """E83: no receipt, and the owner reads both; danger is answered all the same."""
    story.after(hours=1)
    writes(story, "No more emails please. Just fix it.")
    assert story.outbox("receipt") == []
    assert "they want no more automatic mail" in words(story, "resident-wrote")[-1]


def test_e27_what_is_asked_in_the_first_letter_is_confirmed_once(make_story: Callable[..., Story]) -> None:
    """E27, E83: language and format are confirmed, told to the owner, kept, and not confirmed again."""
    story = make_story()
    story.receive(letter(text=f"{LONG} Please write to me in Bengali and in large print.\n\nEdward Quan\n"))
    assert "We have noted that you asked for Bengali and large print." in words(story, "acknowledgement")[0]
    assert "they ask for Bengali" in words(story, "new-case")[0]
    story.after(hours=30)
    story.receive(letter(subject="Lift", text="The lift is stuck again.\n", message_id="<2@resident.example>"))
    assert "We have noted" not in words(story, "acknowledgement")[1]
    assert "asked for large print" in words(story, "new-case")[1]


def test_e56_no_number_is_offered(make_story: Callable[..., Story]) -> None:
    """E56: the resident reads no number of ours, and the owner reads the wish before all else, also next time."""
    story = make_story()
    story.receive(letter(text="I am deaf, please do not phone. There is damp.\n\nEdward Quan\n"))
    story.after(hours=1)
    story.receive(letter(subject="Lift", text="The lift is stuck again.\n", message_id="<2@resident.example>"))
    for mail in words(story, "acknowledgement"):
        assert "020 7946 0001" not in mail
    assert "no phone calls" in words(story, "acknowledgement")[0]
    for mail in words(story, "new-case"):
        assert "Please do not phone" in mail
        assert "phone or write" not in mail


@pytest.mark.parametrize("text", ["Sí, por favor", "Sí", "Sí, necesito un intérprete, gracias", "Yes please"])
def test_e52_an_offer_that_was_taken(make_story: Callable[..., Story], text: str) -> None:
    """E52: the owner hears it, it is confirmed once, and the offer is never made again."""
    story = make_story()
    story.receive(
        letter(
            subject="Humedad",
            text="Hola,\n\nHay mucha humedad en el dormitorio de mi casa y mi hijo está enfermo.\n\nEdward Quan\n",
        )
    )
    assert "intérprete" in words(story, "acknowledgement")[0]
    story.at("2026-12-03 10:00")
    writes(story, text)
    assert "an interpreter or a translation (Spanish)" in words(story, "resident-wrote")[-1]
    receipt = words(story, "receipt")[-1]
    assert "We have noted that you asked for an interpreter or a translation (Spanish)." in receipt
    assert "Si quiere una traducción" not in receipt
