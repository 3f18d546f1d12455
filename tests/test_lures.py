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
]
NAMES = [
    "Edward Quan",
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
    "ANNE MARIE BYRNE",
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
]
NO_NAMES = [
    *LURES,
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
]


@pytest.mark.parametrize("subject", LURES)
def test_no_lure_is_quoted(subject: str) -> None:
    """E10: numbers in digits of any script and spelling, sites, links, addresses, and words to whoever reads."""
    assert to_resident.matter(subject) == ""
    assert to_resident.matter(f"Re: [EXTERNAL] {subject}") == ""


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
        ("mx.northgate.example; dmarc=pass header.from=evil.example", "Re: your email of Monday 30 November"),
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
