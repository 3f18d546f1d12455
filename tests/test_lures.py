"""Nothing of a stranger's choosing stands in the council's mail, except a name that is one and a subject that is one (E10, P7)."""

import pytest

from ackbot.casework.drafts import names, to_resident
from ackbot.mail.addresses import Address
from tests.support.council import World
from tests.support.letters import letter, parsed, plain
from tests.support.story import Story

RESIDENT = "x1@resident.example"
LURES = [
    "Call 0800 555 0199 now",
    "٠٨٠٠ ٥٥٥ ٠١٩٩",
    "०८०० ५५५ ०१९९",
    "0.8.0.0.5.5.5.0.1.9.9",
    "(0800) [555] {0199}",
    "0-8-0-0/5-5-5",
    "0800\u200b5550199",
    "①②③④⑤⑥⑦",
    "𝟎𝟖𝟎𝟎 𝟓𝟓𝟓",
    "1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣",
    "一二三四五六七",
    "o8oo 555 o199",
    "oh eight hundred is not, but oh eight five five five oh one is",
    "Council tax account 8123 4567",
    "call 118118",
    "text WIN to 87123",
    "evil.com",
    "Refund at evil。com",
    "evil｡com",
    "ｅｖｉｌ．ｃｏｍ",
    "еvil.соm",
    "evil[.]com",
    "evil (dot) com",
    "evil dot com",
    "evil . com",
    "evil,com",
    "e v i l . c o m",
    "evil\u00ad.com",
    "münchen.example",
    "例え。テスト",
    "xn--mnchen-3ya",
    "www evil",
    "hxxp://evil",
    "http evil",
    "http:／／evil",
    "//evil/x",
    "192.168.10.1",
    "192 . 168 . 10 . 1",
    "2001:db8:0:1",
    "fe80::1",
    "0xC0A80101",
    "3232235777",
    "x＠y",
    "x(at)y",
    "tel:911",
    "ｔｅｌ：999",
    "тел: 5",
    "هاتف: 5",
    "电话：110",
    "Your refund is ready",
    "Refund approved. Reply today",
    "Won! Reply with the code",
    "Ring us on nought eight hundred one one one",
    "Oh eight hundred and one, double one, triple two",
    "Dial nought eight thousand",
    "cero ocho cero cero",
    "dim wyth dim dim un un un",
    "zéro huit zéro zéro",
    "null acht null null",
    "zero otto zero zero",
    "zero oito zero zero",
    "zero opt zero zero",
    "zero osiem zero zero",
    "eber siddeed eber eber",
    "صفر ثمانية صفر صفر",
    "শূন্য আট শূন্য শূন্য",
    "VIII VIII VIII 0 0",
    "ⅧⅧ Ⅷ Ⅷ Ⅷ",
    "ring O800 on me",
    "Call l18 l18",
    "evil point com",
    "evil punct com",
    "evil نقطة com",
    "evil com slash login",
    "bit ly/abc",
    "evil co uk",
    "evil⸱com",
    "evil⸱example",
    "evil•com",
    "evil∙example",
    "evil‧com",
    "evil․com",
    "evil꘎com",
    "evil܁com",
    "evil⋅shop",
    "192⸱168⸱10⸱1",
    "data:text/html,x",
    "javascript:alert",
    "upi:x",
    "bitcoin bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
]
CLAIMS = [
    "+44 7700",
    "07700 9",
    "0 1 6 1",
    "Hotline 496000",
    "WhatsApp me",
    "DM me on X",
    "Message from the Chief Executive",
    "From the Mayor",
    "Balliff visit Tuesday",
    "Money owed",
    "Send cash to Dave",
    "bit ly abc",
    "tinyurl abc",
    "Link below",
    "Google evil",
    "Scan the QR code",
    "Install AnyDesk",
    "iTunes cards",
    "Police investigation",
    "Benefits stopped",
    "Social services visit",
    "Leave the house today",
    "Ask for Dave",
    "Meet Dave at 5",
    "Our bank details have changed",
    "Our new number",
    "Refund of £450 due",
    "£450 due",
    "Claim £450",
    "Council tax arrears: final notice",
    "Council tax refund",
    "Eviction order granted",
    "County court letter",
    "A fine of £70",
    "Parking fine",
    "Overdue payment",
    "You-know-who: prize draw winners",
    "Verify identity",
    "Password expired",
    "Housing application approved",
    "To claim: text YES back",
    "Text YES",
    "Click here",
    "Please reply today",
    "Pay now",
    "Ring Priya Shah",
    "Urgent, please read now [another case]",
    "Reembolso disponible",
    "Haga clic aquí",
    "Rückerstattung",
    "Amende de stationnement",
    "Cliquez ici",
    "Rimborso",
    "Zwrot podatku",
    "Kliknij tutaj",
    "Ad-daliad treth",
    "Cliciwch yma",
    "غرامة",
    "জরিমানা",
    "Возврат налога",
    "退款",
]
SUBJECTS = [
    "Damp in the bedroom",
    "Flat 4B, 12 High Street",
    "Flats 12 and 14",
    "SW1A 1AA and NW1 6XE",
    "Pothole on the A4120",
    "Missed bin on 30/11/2026",
    "Meeting 30.11.2026 at 10:30",
    "Council tax 2026/27",
    "Council tax 2026-2027",
    "Planning application 26/01234/FUL",
    "Noise 10:30-11:45 every night",
    "Application no. 482913",
    "Damp at 3.15pm, no. 5",
    "£1,200 owed since May",
    "St. Mary's Road",
    "Mr. Smith's fence",
    "E. coli in the paddling pool?",
    "Is the pool open on Monday?",
    "Housing benefit: change of address",
    "Mould & damp / no heating",
    "My bin (the blue one) was missed",
    "The phone is dead",
    "Ring road noise",
    "Dŵr yn y gegin",
    "¿Cómo pido un permiso de aparcamiento?",
    "Miete für Mai",
    "Протечка на кухне",
    "浴室漏水",
    "تسريب مياه في المطبخ",
    "Case RBN-7H4-29P",
    "Two hundred people and one toilet",
    "Houses 12, 14, 16 and 18",
    "One hundred and twenty flats without water",
    "Flats one and two",
    "Units one, two and three",
    "King George VI park, Henry VIII gate",
    "Dim dŵr poeth",
    "Oil on the road",
    "Complaint:noise",
    "Data: my request",
    "Visa for UK/EU nationals",
    "Dog mess · park gate",
    "Col·legi de primària",
    "Problema com a água",
    "Phone box on the corner",
    "Text of the bylaw",
    "Call centre waiting times",
    "Tap in the kitchen leaks",
    "Pay and display machine broken",
    "Open drain",
    "Visit of the surveyor",
    "Bottle bank is full",
    "Food bank opening hours",
    "Tennis court nets",
    "Hazel Court: lift stuck",
    "Lift in Court Road",
    "Fine Street pothole",
    "Urgent: leak in flat 4",
    "Please repair the roof",
    "Missed bin again",
    "Council tax",
    "Housing benefit",
    "Blue badge",
    "Planning permission for a shed",
    "Press release",
    "Read Street lighting",
    "Our roof leaks",
    "New bin",
    "New address",
    "Tap on the wall drips",
    "Blocked drain",
    "Door won't close",
    "Underpass flooded",
    "Suspicious car in Mill Lane",
    "Gate locked",
    "Planning enforcement",
    "Message about my bin",
    "No hot water and no heating",
    "Rats",
    "Rent increase",
    "Visit on Monday",
    "Library card",
]
NAMES = [
    "Edward Quan",
    "John Constable",
    "Anna Mayor",
    "Peter Judge",
    "Billie Jean King",
    "Prince Okoye",
    "Dean Major",
    "Headley Grant",
    "Dee Chairez",
    "Mark",
    "O'Neill",
    "Seán O’Neill",
    "Nguyễn Thị Minh Khai",
    "Thi My An Le",
    "van der Berg",
    "Jan van der Berg",
    "Gerard 't Hooft",
    "Zoë d'Arcy",
    "Siân ap Rhys",
    "Nuala Ní Dhomhnaill",
    "Ngũgĩ wa Thiong'o",
    "Ludwig von und zu Stein",
    "María del Carmen García López",
    "Maria da Conceição dos Santos Silva",
    "Mª Carmen Ruiz",
    "J.R. Hartley",
    "J. R. R. Tolkien",
    "Dr. Amina Yusuf",
    "Oliver St. John",
    "Anne-Marie Byrne",
    "Jean‑Luc Picard",
    "Edward and Anne Quan",
    "Anne Marie Byrne",
    "Will May",
    "Johnny Cash",
    "Win Myint",
    "Mehmet Can",
    "Margaret Court",
    "Bill Banks",
    "Peter Read",
    "Łukasz Żółć",
    "İbrahim Öztürk",
    "Ka‘iulani",
    "محمـــد بن علي",
    "Abd al-Rahman ibn Khalid",
    "وفاء عبد الله آل سعود",
    "علی‌رضا حسینی",
    "יוסף כהן",
    "Αλέξανδρος Παπαδόπουλος",
    "Ольга О'Коннор",
    "Անի Սարգսյան",
    "ნინო ბერიძე",
    "ሰላም ገብረ",
    "प्रिया शर्मा",
    "প্রিয়া সেন",
    "நித்யா",
    "สมชาย ใจดี",
    "王小明",
    "佐々木 健太郎",
    "マリア・ガルシア",
    "김민수",
    "Will",
    "Bill",
    "Grace",
    "Otto",
    "Otto Schmidt",
    "Tri Nguyen",
    "Uno Berg",
    "Peter Ring",
    "My Nguyen",
    "He Jiankui",
    "Chi Okafor",
    "Zero Mostel",
    "Ian Seven",
    "Abdul Hal",
    "I Wayan Sudra",
    "Love Quinn",
    "Dick Hancock",
    "Phuc Nguyen",
    "Bich Tran",
    "Scunthorpe Jones",
    "Cassandra Moss",
    "Mark Fire",
    "Ask Hansen Berg",
    "Meet Patel",
    "Trust Moyo",
    "Ana Morón",
]
NO_NAMES = [
    *LURES,
    "Bailiff Dave",
    "Chief Executive",
    "Lord Mayor",
    "Director Smith",
    "Officer Jones",
    "PC Smith",
    "Judge Dredd",
    "Debt Collector",
    "Cllr Smith",
    "Dave the Landlord",
    "Social Worker",
    "Prime Minister",
    "Her Majesty",
    "Sir Keir",
    "Environmental Health",
    "Trading Standards",
    "Edward 2",
    "Edward ٣٤",
    "Edward ②",
    "Edward Quan (evil.com)",
    "Edward Quan (0161 496 0000)",
    "Evil[.]com",
    "edward@evil.example",
    "Visit Evil",
    "Call Now",
    "Call Me",
    "Win Cash",
    "Free Money",
    "Claim Your Prize",
    "YOUR REFUND IS READY",
    "Win big money today",
    "Please Pay The Fine At Once",
    "Reset Your Password",
    "Security Alert",
    "Northgate Council",
    "Council Tax Refund",
    "Llame Ahora",
    "Appelez Ici Maintenant",
    "Jetzt Klicken",
    "Позвоните сейчас",
    "اتصل الآن",
    "कॉल करें",
    "请立即拨打客服电话",
    "点击领取退款",
    "今すぐクリックしてください",
    "Nоrthgate Smith",  # its first o is Cyrillic
    "Anna Bella Carla Dora Emma Fiona Greta",
    "edward quan",
    "The Smiths",
    "Nought Eight Hundred",
    "Dim Wyth Dim",
    "Cero Ocho",
    "One Two Smith",
    "You Idiot",
    "You Absolute Shower",
    "Fuck Off",
    "Piss Off",
    "Useless Priya",
    "Ring Priya Shah",
    "Call Priya",
    "Ffoniwch Priya",
    "Sack Priya",
]


@pytest.mark.parametrize("subject", LURES)
def test_no_lure_is_quoted(subject: str) -> None:
    """E10: numbers in digits of any script and spelling, sites, links, addresses, and words to whoever reads."""
    assert to_resident.matter(subject) == ""
    assert to_resident.matter(f"Re: [EXTERNAL] {subject}") == ""


@pytest.mark.parametrize("subject", CLAIMS)
def test_no_claim_of_a_stranger_is_quoted(subject: str) -> None:
    """E10: words of money, courts, decisions and log-ins, and orders: in the council's mail they would be the council's."""
    assert to_resident.matter(subject) == ""
    assert to_resident.matter(f"RE: {subject}") == ""


@pytest.mark.parametrize("subject", ["Council tax arrears", "Parking fine", "Eviction", "Housing application refused"])
def test_ordinary_words_of_a_proven_letter_are_quoted(subject: str) -> None:
    """E10, voice.md: whoever is proven to have written of arrears reads it again, and knows what we are about."""
    assert to_resident.matter(subject, proven=True) == subject
    assert to_resident.matter(subject) == ""


@pytest.mark.parametrize("lure", LURES)
def test_a_lure_of_a_proven_letter_is_not_quoted(lure: str) -> None:
    """E10: our words hold no number, site or order to the reader, whoever wrote them."""
    assert to_resident.matter(lure, proven=True) == ""


@pytest.mark.parametrize("subject", SUBJECTS)
def test_subjects_of_residents_are_quoted(subject: str) -> None:
    """E10, voice.md: houses, dates, years, times, sums, roads and references are a subject's own."""
    assert to_resident.matter(subject).rstrip("?") == subject.rstrip("?.")


@pytest.mark.parametrize("name", NAMES)
def test_names_of_people(name: str) -> None:
    """E10: particles, titles, initials, hyphens, apostrophes, marks, two surnames, every script."""
    assert names.from_display(Address(name, RESIDENT)) == name


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name(name: str) -> None:
    """E10: a sentence, a digit, a link, an address, an office, too many words: nobody is greeted by it."""
    assert names.from_display(Address(name, RESIDENT)) == ""


def test_no_lure_in_any_mail_of_a_case(story: Story) -> None:
    """E10: neither in To, subject and words of the acknowledgement, nor in what comes later, where nobody vouches for the letter."""
    story.receive(
        letter(
            sender='"Call 0800 555 0199 now" <victim@resident.example>',
            subject="Your refund waits: evil。com or ٠٨٠٠ ٥٥٥ ٠١٩٩",
            text="Hello.\n\nRegards\nCall 0800 555 0199\n",
            message_id="<lure@x.example>",
        )
    )
    story.at("2026-12-14 17:00")
    sent = [bytes(row["content"]) for row in story.outbox(to="victim@resident.example")]

    assert len(sent) >= 2
    for mail in sent:
        shown = f"{parsed(mail)['To']}\n{parsed(mail)['Subject']}\n{plain(mail)}"
        assert "evil" not in shown
        assert "0800 555" not in shown
        assert "٥٥٥" not in shown
        assert parsed(mail)["Subject"] == "Re: your email of Monday 30 November"
    assert plain(sent[0]).startswith("Hello,")


@pytest.mark.parametrize(
    ("results", "subject"),
    [
        (
            "mx.northgate.example; dmarc=pass header.from=resident.example",
            "Re: Council tax account 8123 4567",
        ),
        ("mx.northgate.example; dmarc=none header.from=resident.example", "Re: your email of Monday 30 November"),
        ("evil.example; dmarc=pass header.from=resident.example", "Re: your email of Monday 30 November"),
        (None, "Re: your email of Monday 30 November"),
    ],
)
def test_re_of_a_proven_letter_is_unchanged(world: World, results: str | None, subject: str) -> None:
    """E10, behaviour.md §3.1: who wrote the subject may read it again; where nobody vouches for that, it is no lure either."""
    headers = {"Authentication_Results": results} if results else {}
    world.receive(letter(subject="Council tax account 8123 4567", **headers))

    assert str(parsed(bytes(world.outbox("acknowledgement")[0]["content"]))["Subject"]) == subject
    assert "8123" not in plain(bytes(world.outbox("acknowledgement")[0]["content"]))


@pytest.mark.parametrize(
    ("sender", "proven", "subject"),
    [
        ("admins@northgate.example", False, "Re: your email of Monday 30 November"),
        ("Priya Shah <priya@northgate.example>", False, "Re: your email of Monday 30 November"),
        ("admins@northgate.example", True, "Re: Everything is late"),
        ("Someone <someone@northgate.example>", False, "Re: Everything is late"),
    ],
)
def test_admin_and_staff_read_no_subject_that_nobody_vouches_for(
    world: World, sender: str, proven: bool, subject: str
) -> None:
    """E10: From is written by anybody; the admin would take "Re: Everything is late" from us for our own report."""
    results = "mx.northgate.example; dmarc=pass header.from=northgate.example"
    headers = {"Authentication_Results": results} if proven else {}
    world.receive(letter(sender=sender, subject="Everything is late", **headers))

    mails = world.outbox("acknowledgement")
    assert [str(parsed(bytes(mail["content"]))["Subject"]) for mail in mails] == [subject]
    assert proven or ("Everything" in plain(bytes(mails[0]["content"]))) is (
        subject != "Re: your email of Monday 30 November"
    )


def test_a_form_proves_nothing_of_its_resident(world: World) -> None:
    """E10, behaviour.md §1: a form speaks for nobody; its subject is a stranger's, whoever vouches for the form."""
    world.receive(
        letter(
            sender="Forms <forms@northgate.example>",
            subject="Win at evil。com",
            Reply_To="Edward Quan <edward@resident.example>",
            Authentication_Results="mx.northgate.example; dmarc=pass header.from=northgate.example",
        )
    )
    mail = world.outbox("acknowledgement")[0]

    assert mail["recipient"] == "edward@resident.example"
    assert "evil" not in str(parsed(bytes(mail["content"]))["Subject"])
