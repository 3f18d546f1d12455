"""A weak sign never costs a letter: people who speak of absence, robots and bounces, and machines that hide it (E14, E15)."""

import pytest

from tests.support.council import World
from tests.support.letters import letter, parsed
from tests.support.story import Story, words

PEOPLE = [
    ("Absence: Tom Lee 4B", "Tom has a temperature. He will be back on Thursday.\n\nKate Lee"),
    ("Absence: Tom Lee 4B", "Dear Sir,\n\nTom is unwell and will return on Thursday.\n\nKind regards\nKate Lee"),
    ("Absence", "My daughter is ill and cannot come to the nursery. She will be back on Monday."),
    ("Absence: refuse collection", "The bins were not emptied. When will somebody come?"),
    ("Absence notice", "Please note in your file that my mother is in hospital until May."),
    ("Out of office", "Every time I write I get an out of office reply. Is anybody there?"),
    ("Out of office", "Your out of office reply says Monday. It is Thursday now."),
    ("Out of office", "All I get is this. I want a human being to ring me."),
    ("Out of office reply", "I had this from you three times. The boiler is still broken."),
    ("Automatic reply", "Why do I always get one? The boiler is broken."),
    ("Automatic reply: your letter", "I got this from you and nothing else. What does it mean?"),
    ("Re: Automatic reply: damp", "I am away from Friday. Can you come before?"),
    ("Auto-reply", "Your robot answers, nobody else does. We need a plumber."),
    ("I'm out of the office today - please ring", "The lift is stuck with my mother in it."),
    ("I'm away until Friday", "Could you move the appointment? The flat is locked."),
    ("I am away", "I will be back on Friday. Please skip my bin."),
    ("On holiday: please come Saturday", "We are away until Friday. Can the men come on Saturday?"),
    ("On holiday", "I'm on holiday next week, so please collect the key from number 12."),
    ("Holiday: closed playground", "The playground was locked on holiday. We had to climb."),
    ("Vacation: house sitter", "I am away in August and my neighbour waters the plants. Tell me if that is allowed?"),
    ("Maternity leave", "I am on maternity leave and cannot pay my council tax. What can I do?"),
    ("Sick leave", "I need the form for sick pay."),
    ("Urlaub: Mülltonne", "Wir sind bis Freitag weg. Können Sie die Tonne am Samstag leeren?"),
    ("Abwesenheit: Paul Klein", "Mein Sohn ist krank. Bitte entschuldigen Sie ihn.\n\nMit freundlichen Grüßen\nEva Klein"),
    ("Absent: Léa Martin", "Léa est malade, elle sera de retour lundi.\n\nCordialement\nAnne Martin"),
    ("Fuera de la oficina", "Siempre recibo esto. ¿Cuándo vienen a reparar el techo?"),
    ("Nieobecność: Jan", "Jan jest chory. Proszę usprawiedliwić.\n\nPozdrawiam\nEwa"),
    ("Complaint", "This is an automated message is all I ever get from you. I can smell damp."),
    ("Complaint", "This is an automatic reply, you wrote. I asked for a person."),
    ("Complaint", "Automated message: that is what I got. I need an answer."),
    ("Complaint", "Do not reply to this email, it says. This mailbox is not monitored, it says. So how do I reach you?"),
    ("Your letter", "This message was generated automatically, it said. My rent was paid in May."),
    ("Undeliverable: my bin", "The bin could not be delivered, the driver says."),
    ("Returned mail", "My letter to you was returned to sender. Where do I write to?"),
    ("Delivery failure", "The new cooker failed to arrive."),
    ("Mail delivery", "The postman does not come to our stairs any more."),
]  # fmt: skip
MACHINES = [
    ("Automatic reply: your letter", "I am out of the office until Monday. For urgent matters please contact Sam Jones.\n\nKind regards,\nAnn"),
    ("Automatic reply: Re: Damp", "Thank you for your email. I am on annual leave and will return on 4 January."),
    ("Automatic reply: Damp", "I no longer work for Fixit Ltd. Please update your records."),
    ("Automatic reply: Damp", "I'm away. If it can't wait, please call 020 7946 0000."),
    ("Out of Office AutoReply: Damp", "I will be back in the office on Monday. If it is urgent, please ring my colleague."),
    ("Out of Office", "I am currently out of the office with limited access to my email. I will reply on my return."),
    ("Out of office: Ann Lee", "I am away from the office until 4 January. Regards, Ann Lee"),
    ("Ann Lee is out of the office", "I will return on 4 January and will respond then."),
    ("OOO", "I am ooo until Friday. I will get back to you on my return."),
    ("On annual leave", "I am on annual leave. I will be back on Monday."),
    ("I am out of the office", "I am out of the office until Monday and will reply when I return."),
    ("[Auto-Reply] Your enquiry", "We have received your message and will get back to you. Do you have any questions? Visit our site."),
    ("Auto: Damp", "This is an automatic reply. We have received your message."),
    ("Abwesenheitsnotiz: Ihr Schreiben", "Ich bin ab dem 4. Januar wieder im Büro. Bitte wenden Sie sich an meine Kollegin.\n\nMit freundlichen Grüßen\nA. Klein"),
    ("Réponse automatique : votre lettre", "Je suis absent jusqu'au 4 janvier. Merci de contacter Anne.\n\nCordialement"),
    ("Respuesta automática: su carta", "Estoy de vacaciones. Por favor, contacte con Ana.\n\nSaludos"),
    ("Risposta automatica: lettera", "Sono in ferie fino al 4 gennaio. Per urgenze rivolgersi a Ugo."),
    ("Odpowiedź automatyczna: list", "Jestem na urlopie do 4 stycznia. W pilnych sprawach proszę o kontakt z Ewą."),
    ("Resposta automática: carta", "Estou de férias. Por favor contacte a Ana."),
    ("Ateb awtomatig: llythyr", "Rwyf allan o'r swyddfa tan ddydd Llun."),
    ("Răspuns automat: scrisoare", "Sunt în concediu până luni."),
    ("رد تلقائي: رسالة", "أنا في إجازة"),
    ("Your enquiry", "This is an automated message. Your ticket 123 has been created. Please do not reply to this email."),
    ("Order 5", "This email was sent automatically. Your order is on its way. Do you have any questions? Please visit our site."),
    ("Invoice", "Automated message: please find your invoice attached."),
    ("Statement", "Please do not reply to this email. This mailbox is not monitored."),
    ("Bestellung", "Dies ist eine automatisch erzeugte Nachricht. Bitte antworten Sie nicht."),
    ("Commande", "Ceci est un message automatique. Merci de ne pas y répondre."),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "text"), PEOPLE, ids=[f"{one[0]} {number}" for number, one in enumerate(PEOPLE)])
def test_e15_people_are_acknowledged(world: World, subject: str, text: str) -> None:
    """E15: who asks, requests, tells or signs off is a person, whatever the subject."""
    row = world.receive(letter(subject=subject, text=text))

    assert (row["kind"], bool(row["acknowledged"])) == ("letter", True)


@pytest.mark.parametrize(
    ("subject", "text"), MACHINES, ids=[f"{one[0]} {number}" for number, one in enumerate(MACHINES)]
)
def test_e15_machines_are_not(world: World, subject: str, text: str) -> None:
    """E15, the other way: a machine without a header mark still has a case, and gets no answer."""
    row = world.receive(letter(subject=subject, text=text))

    assert (row["kind"], row["outcome"], bool(row["acknowledged"])) == ("automatic-reply", "case", False)


def test_the_tables_are_large_enough() -> None:
    """E14, E15: both ways, at least sixty rows."""
    assert len(PEOPLE) + len(MACHINES) >= 60


def writes(story: Story, text: str, subject: str = "", **headers: str) -> dict[str, object]:
    """The resident answers the acknowledgement."""
    ours = parsed(bytes(story.outbox("acknowledgement")[0]["content"]))
    fields = {"subject": subject or f"Re: {ours['Subject']}", "message_id": f"<{abs(hash(text))}@resident.example>"}
    return story.receive(letter(text=text, In_Reply_To=ours["Message-ID"], **fields, **headers))


@pytest.mark.parametrize(
    "text",
    [
        "This is an automated message is all I ever get from you. I can smell gas.",
        "This is an automated message. I can smell gas.",
        "I am out of the office, and I can smell gas there.",
        "Automatic reply: there is a smell of gas in the hall.",
    ],
)
def test_e14_words_alone_never_make_an_event(story: Story, text: str) -> None:
    """E14: an answer to a mail of ours is attached and alarms, and its owner reads it, whatever it says of robots."""
    row = writes(story, text)

    assert row["outcome"] == "attach"
    assert text in words(story, "resident-wrote")[-1]
    assert story.outbox("urgent")


@pytest.mark.parametrize(
    "subject", ["Absence: Tom Lee 4B", "On holiday: please come Saturday", "Out of office", "OOO lift"]
)
def test_e14_a_threads_subject_costs_no_reply(story: Story, subject: str) -> None:
    """E14: what we answered keeps its subject; each reply is attached, and answered as any other."""
    story.receive(letter(subject=subject, text="Please come on Saturday?", message_id="<2@r.example>"))
    ours = parsed(bytes(story.outbox("acknowledgement")[-1]["content"]))
    story.at("2026-12-03 10:00")
    row = story.receive(
        letter(
            subject=f"Re: {subject}",
            text="He comes on Friday.",
            message_id="<3@r.example>",
            In_Reply_To=ours["Message-ID"],
        )
    )

    assert (row["kind"], row["outcome"]) == ("reply", "attach")
    assert "He comes on Friday." in words(story, "resident-wrote")[-1]


def test_e14_machines_in_a_case_withhold_only_the_answer(story: Story) -> None:
    """E14: a notice of absence without a mark is attached without a receipt; a marked one is an event of the next digest."""
    row = writes(story, "I am away until Friday.", subject="Automatic reply: Damp")
    assert (row["outcome"], row["acknowledged"]) == ("attach", 0)
    assert "no header says so" in words(story, "resident-wrote")[-1]

    row = writes(story, "I am away until Monday, and Tom reads this.", subject="Away", Auto_Submitted="auto-replied")
    assert row["outcome"] == "event"
    story.at("2026-12-01 09:00")
    digest = words(story, "digest", "priya@northgate.example")[-1]
    assert "an automatic reply" in digest
    assert "I am away until Monday, and Tom reads this." in digest
    story.at("2026-12-02 09:00")
    assert "Tom reads this" not in " ".join(words(story, "digest", "priya@northgate.example")[1:])
