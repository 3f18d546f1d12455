"""Which text of a mail is shown, what of it is new, in which language, and what a bounce says."""

import pytest

from ackbot.mail import subjects
from ackbot.mail.language import language_of
from ackbot.mail.message import Message
from ackbot.mail.quoting import new_text
from ackbot.mail.reports import is_permanent
from ackbot.mail.text import from_html
from tests.support.letters import letter


def multipart(kind: str, *parts: tuple[str, str], top: str = "") -> bytes:
    """A mail of several text parts: (content type, text) each."""
    body = "".join(f"--b\r\nContent-Type: {content_type}\r\n\r\n{text}\r\n" for content_type, text in parts)
    return f"From: a@b.example\r\n{top}Content-Type: multipart/{kind}; boundary=b\r\n\r\n{body}--b--\r\n".encode()


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (multipart("alternative", ("text/plain", "the words"), ("text/html", "<p>the <b>words</b></p>")), "the words"),
        (multipart("alternative", ("text/plain", "needs HTML"), ("text/html", "<p>gas</p>")), "needs HTML\n\ngas"),
        (multipart("alternative", ("text/plain", "  "), ("text/html", "<p>html</p>")), "html"),
        (multipart("alternative", ("text/html", "<p>html</p>")), "html"),
        (multipart("mixed", ("text/plain", "one"), ("text/plain", "two")), "one\ntwo"),
        (multipart("mixed", ("text/plain", "one"), ("text/plain; name=notes.txt", "two")), "one"),
        (multipart("related", ("text/html", "<p>html</p>"), ("image/png", "x")), "html"),
        (
            multipart(
                "report; report-type=delivery-status",
                ("text/plain", "words"),
                ("message/delivery-status", "Reporting-MTA: dns; x"),
            ),
            "words",
        ),
        (
            letter(content_type="text/html", text="<style>p{}</style><p>Hello</p><script>x()</script><p>you</p>"),
            "Hello\n\nyou",
        ),
        (letter(content_type="text/plain; format=flowed", text="one \nline\n> quoted\nnew"), "one line\n> quoted\nnew"),
        (letter(content_type="multipart/mixed", text="no boundary at all"), "no boundary at all"),
    ],
)
def test_visible_text(raw: bytes, text: str) -> None:
    """RFC 2046 §5.1: what a mail client would show."""
    assert Message.parse(raw).text == text


def test_uuencoded_files_are_cut_out() -> None:
    """Old systems put files into the text; the owner gets words, and the file's name."""
    message = Message.parse(letter(text="See this.\n\nbegin 644 face.jpg\n#0V%T\n`\nend\n\nBye\n"))

    assert "begin" not in message.text
    assert "See this." in message.text
    assert [one.name for one in message.attachments] == ["face.jpg"]


@pytest.mark.parametrize(
    ("names", "raw"),
    [
        (["winmail.dat"], b"From: a@b.example\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\nx"),
        (["smime.p7m"], b"From: a@b.example\r\nContent-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nx"),
        (
            ["mail.eml"],
            b"From: a@b.example\r\nContent-Type: message/rfc822; name=mail.eml\r\n\r\nSubject: inner\r\n\r\nx",
        ),
        (["a.jpg"], b"From: a@b.example\r\nContent-Type: image/jpeg; name=a.jpg\r\n\r\nx"),
    ],
)
def test_mails_of_attachments_only(names: list[str], raw: bytes) -> None:
    """D24: TNEF, S/MIME, forwarded mails and pictures alone are letters too."""
    assert [one.name for one in Message.parse(raw).attachments] == names


def test_html_in_bounded_time() -> None:
    """D25: deep nesting, thousands of links, huge style blocks."""
    assert "end" in from_html("<div>" * 5_000 + "end")
    assert "end" in from_html("<a href='https://x.example/'>y</a>" * 5_000 + "end")
    assert from_html("<style>" + "p{color:red}" * 40_000) == ""


ORIGINAL = "My answer.\n\n-----Original Message-----\nFrom: Council\nSent: Monday\nTo: me\nSubject: x\n\nOld words."


@pytest.mark.parametrize(
    "text",
    [
        "My answer.\n\nOn Mon, 30 Nov 2026 at 10:12, Housing <housing@northgate.example> wrote:\n> Old words.",
        "My answer.\n\nOn Mon, 30 Nov 2026 at 10:12, Housing\n<housing@northgate.example> wrote:\n\n> Old words.",
        "My answer.\n\nAm 30.11.2026 um 10:12 schrieb Housing:\n> Old words.",
        "My answer.\n\nLe lun. 30 nov. 2026 à 10:12, Housing a écrit :\n> Old words.",
        "My answer.\n\nEl lun, 30 nov 2026 a las 10:12, Housing escribió:\n> Old words.",
        "My answer.\n\nAr Llun, 30 Tach 2026 am 10:12, ysgrifennodd Housing:\n> Old words.",
        "My answer.\n\nIl giorno lun 30 nov 2026 Housing ha scritto:\n> Old words.",
        ORIGINAL,
        "My answer.\n\n________________________________\nFrom: Council <c@n.example>\nSent: Monday\nTo: me\nSubject: x\n\nOld words.",
        "My answer.\n\nVon: Council\nGesendet: Montag\nAn: mich\nBetreff: x\n\nOld words.",
        "My answer.\n\nDe : Council\nEnvoyé : lundi\nÀ : moi\nObjet : x\n\nOld words.",
        "> Old words.\n\nMy answer.",
        "My answer.\n\n> Old words.\n> More old words.",
        "My answer.\n-- \nEdward Quan\nOld words.",
        "My answer.\n\nSent from my iPhone",
        "My answer.\n\nGesendet von Mail für Windows 10",
        "My answer.\n\n发自我的 iPhone",
        "My answer.\n\nGet Outlook for Android<https://aka.ms/x>",
        "My answer.\n\nma 30. marrask. 2026 klo 10.12 Housing (c@n.example) kirjoitti:\n\nOld words.",
        "My answer.\n\nHousing <c@n.example>于2026年11月30日周一 上午10:12写道：\n\nOld words.",
        "My answer.\n\nHousing <c@n.example> escreveu no dia segunda, 30/11/2026 à(s)\n10:12:\n\nOld words.",
        "My answer.\n\nÎn lun., 30 nov. 2026 la 10:12, Housing <c@n.example> a scris:\n\nOld words.",
        "My answer.\n\n\u200fבתאריך יום ב׳, 30 בנוב׳ 2026 ב-10:12 מאת \u202aHousing\u202c <\u202ac@n.example\u202c>:\n\nOld words.",
        "My answer.\n\nDe\xa0: Council\nEnvoyé\xa0: lundi\nÀ\xa0: moi\nObjet\xa0: x\n\nOld words.",
        "My answer.\n\nFeladó: Council\nElküldve: hétfő\nCímzett: én\nTárgy: x\n\nOld words.",
        "My answer.\n\n---- Mail original ----\nDate: Monday\nFrom: c@n.example\nTo: me\nSubject: x\n\nOld words.",
        "My answer.\n\n-----Council <c@n.example> wrote: -----\nTo: me\nFrom: Council\n\nOld words.",
        "My answer.\n\n>>> Council 30/11/26 10:12 AM >>>\nOld words.",
        "My answer.\n\n##- Please type your reply above this line -##\n\nOld words.",
        "My answer.\n\nThe information in this e-mail is confidential and intended solely for the addressee.",
        "My answer.\n\n---\nThis email has been checked for viruses by Avast.\nwww.avast.com",
        "[EXTERNAL]\n\nMy answer.",
        "CAUTION: This email originated from outside the organisation. Do not click\nlinks unless you know the sender. My answer.",
        "[You don't often get email from a@b.example. Learn why at https://aka.ms/LearnAboutSenderIdentification ]\n\nMy answer.",
    ],
)
def test_quotations_are_cut(text: str) -> None:
    """The words of earlier mails go, whichever client quoted them."""
    assert new_text(text) == "My answer."


@pytest.mark.parametrize(
    "text",
    [
        "> Is it wet?\nYes.\n> Since when?\nOctober.",
        "On Monday he wrote: nothing.\nI am still waiting.",
        "Begin forwarded message:\n\nFrom: a\nTo: b\nSubject: c\n\nLook at this.",
        "FYI\n\n---------- Forwarded message ---------\nFrom: a <a@b.example>\nDate: Mon\nSubject: c\nTo: d\n\nLook.",
        "> only a quotation",
        "Hello,\n\nOn Mon, 30 Nov 2026 at 10:12, Us <us@n.example> wrote:\n> Is it wet?\nYes.\n> Since when?\nOctober.",
        "Dear all,\n\nOn Monday at 10:30 I wrote:\nplease mend it. Nobody did.",
        "The information in your letter is confidential, and it went to my neighbour.",
        "He hits me.\n\nThis message is confidential. Please help.",
        "Warning: the wall outside my house leans. Do not walk there.",
        "External wall is cracked.\n\nGet Outlook for my mother please",
        "Hello\n--\nThere is a gas leak and I smell gas",
        "Please help.\n\nOn Friday the man next door wrote on my door in red:\nI want to kill myself.",
        "I live at 3 Elm Road.\n2026-11-29 at night the boiler man said:\nthere is a gas leak",
        "My neighbour John <john@x.example> keeps telling me this:\nhe will kill me tonight",
        "Hello,\n\nFrom: 3 Elm Road\nTo: the housing team\nDate: today\nI smell gas",
        "A new enquiry:\n\nFrom: Edward Quan\nDate: 30 Nov 2026\nSubject: Help\nMessage: I smell gas",
        "Sent from my desk, which is easier than my mobile phone.",
        "Dear council\n\n--\nnot a signature but the rest\n" + "of a very long letter\n" * 20,
    ],
)
def test_where_unsure_everything_is_kept(text: str) -> None:
    """D26: answers between quoted lines, forwarded matters, and what only looks like a quotation stay."""
    assert new_text(text) == text.strip()


def test_words_below_a_quotation_stay() -> None:
    """D26: greeted above the quotation, answered below it."""
    text = "Hello,\n\nOn Mon, 30 Nov 2026 at 10:12, Us <us@n.example> wrote:\n> Is it wet?\n\nYes, since October."

    assert new_text(text) == "Hello,\n\nYes, since October."


def test_reading_in_bounded_time() -> None:
    """D25: thousands of heads, warnings and disclaimers cost no more than text."""
    for line in (
        "Ann <a@b.example> 10:12 wrote:\n",
        "[EXTERNAL]\n",
        "Virus-free. x\n\n",
        "From: a\n",
        "> x\n",
        "a b 2026 \n",
    ):
        assert new_text(line * (65_536 // len(line)))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("New.\n-- \nEdward, who smells gas", True),
        ("New.\n\nOn Mon, 30 Nov 2026 at 10:12, Ann <ann@x.example> wrote:\n\nI smell gas", True),
        ("New.\n\nFrom: Ann <ann@x.example>\nSent: Monday\nTo: me\nSubject: x\n\nI smell gas", True),
        ("New.\n\nOn Mon, 30 Nov 2026 at 10:12, Us <us@n.example> wrote:\n> Old.\n\nI smell gas", True),
        ("New.\n\nOn Mon, 30 Nov 2026 at 10:12, Us <us@n.example> wrote:\n\nI smell gas", False),
        ("New.\n\nFrom: Us <us@n.example>\nSent: Monday\nTo: me\nSubject: x\n\nI smell gas", False),
        ("New.\n> I smell gas", False),
    ],
)
def test_words_that_must_not_be_missed(text: str, kept: bool) -> None:
    """domain.md §8: only what is surely quoted, and from us, is left out; a signature or a third party's words are not."""
    found = Message.parse(letter(text=text)).words(lambda address: address == "us@n.example")

    assert found.startswith("New.")
    assert ("smell" in found) is kept


def test_words_above_a_quotation_of_ours_without_the_marked_lines() -> None:
    """domain.md §8: several quotations, with marked lines and a stranger's head above ours; only what stands below ours goes."""
    text = (
        "One.\n> marked\nTwo.\n\nOn Mon, 30 Nov 2026 at 10:12, Ann <ann@x.example> wrote:\n\nThree.\n> marked\n> again\nFour.\n\n"
        "On Mon, 30 Nov 2026 at 10:12, Us <us@n.example> wrote:\n\nFive."
    )
    message = Message.parse(letter(text=text))
    above = "One.\nTwo.\n\nOn Mon, 30 Nov 2026 at 10:12, Ann <ann@x.example> wrote:\n\nThree.\nFour.\n\n"

    assert message.words(lambda address: address == "us@n.example") == above
    assert message.words(lambda address: address == "ann@x.example") == "One.\nTwo.\n\n"
    assert message.words(lambda _: False).endswith("Us <us@n.example> wrote:\n\nFive.")


def test_nothing_in_a_form_is_quoted() -> None:
    """behaviour.md §1: a form's lines are its resident's, also those that look like a client's."""
    greek = "Δεν έχουμε θέρμανση στο διαμέρισμα εδώ και τρεις εβδομάδες."
    text = f"Help.\n\nOn Mon, 30 Nov 2026 at 10:12, Us <us@n.example> wrote:\n\n{greek}\n{greek}\n> {greek}"
    message = Message.parse(letter(text=text))
    form = message.as_form()

    assert (message.new_text, message.language("")) == ("Help.", "")
    assert (form.new_text, form.language("")) == (text, "el")
    assert form.words(lambda _: True) == text


@pytest.mark.parametrize(
    ("subject", "plain", "forward"),
    [
        ("Damp", "Damp", False),
        ("Re: Damp", "Damp", False),
        ("RE: FW: [EXTERNAL] Damp", "Damp", True),
        ("[EXTERNAL] AW: WG: Damp", "Damp", True),
        ("Re[2]: Damp", "Damp", False),
        ("Fwd: Damp", "Damp", True),
        ("Repairs needed", "Repairs needed", False),
        ("[SPAM?] hello", "hello", False),
        ("[Elm Court] lift", "[Elm Court] lift", False),
        ("R: Damp", "Damp", False),
        ("TR: Damp", "Damp", True),
        ("RE: I: am cold", "I: am cold", False),
        ("Ref: HB/12345 rent", "Ref: HB/12345 rent", False),
        ("Ha: ha", "Ha: ha", False),
        ("r: rent", "r: rent", False),
        ("Enc: photos", "Enc: photos", False),
    ],
)
def test_subjects(subject: str, plain: str, forward: bool) -> None:
    """Prefixes and gateway tags of many languages go; what people put in brackets stays."""
    assert subjects.plain(subject) == plain
    assert subjects.is_forward(subject) is forward


def test_answers_keep_the_subject_unchanged() -> None:
    """behaviour.md §3.1: any other subject would start a new conversation in Gmail."""
    assert subjects.answer_to("Damp") == "Re: Damp"
    assert subjects.answer_to("RE: Damp") == "RE: Damp"
    assert subjects.answer_to("Ref: HB/12345 rent") == "Re: Ref: HB/12345 rent"


def test_answers_leave_out_what_the_gateway_put_there() -> None:
    """The tag is not theirs: with it the answer would not land under their letter."""
    assert subjects.answer_to("[EXTERNAL] Damp") == "Re: Damp"
    assert subjects.answer_to("[EXTERNAL] Re: Damp") == "Re: Damp"


@pytest.mark.parametrize("subject", ["é" * 400, "Damp " + "é" * 400, "寝室の壁が湿っていて困っています。" * 14])
def test_subjects_without_blanks_are_cut_inside(subject: str) -> None:
    """A blank far from the end is no place to cut: nothing would be left."""
    assert len(subjects.shortened(subject, 200)) == 202


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("My bin has not been collected for three weeks, please send somebody.", "en"),
        ("السلام عليكم، التدفئة في شقتي لا تعمل منذ يوم السبت", "ar"),
        ("Καλημέρα, ο κάδος μου δεν έχει αδειάσει εδώ και εβδομάδες", "el"),
        ("ごみが回収されていません。よろしくお願いします。確認してください。", "ja"),
        ("안녕하세요 쓰레기가 수거되지 않았습니다 확인 부탁드립니다 감사합니다", "ko"),
        ("Hi", "en"),
        ("", "en"),
    ],
)
def test_language(text: str, language: str) -> None:
    """By script alone where that says it; too little to judge is the council's own language."""
    assert language_of(text, "en") == language


def test_latin_letters_are_told_apart() -> None:
    """With the extra `languages`, which `test` includes."""
    assert language_of("Vivo en Northgate desde septiembre y necesito un permiso de aparcamiento", "en") == "es"
    assert language_of("Mieszkam tutaj od września i potrzebuję pozwolenia na parkowanie", "en") == "pl"


@pytest.mark.parametrize(
    ("action", "status", "words", "permanent"),
    [
        ("failed", "5.1.1", "", True),
        ("failed", "5.2.1", "", True),
        ("failed", "5.2.2", "mailbox full", False),
        ("failed", "5.7.1", "policy", False),
        ("failed", "4.4.1", "user unknown", False),
        ("delayed", "", "user unknown", False),
        ("failed", "", "550 user unknown", True),
        ("failed", "", "user unknown, quota exceeded", False),
        ("failed", "", "something", False),
    ],
)
def test_permanent_failures(action: str, status: str, words: str, permanent: bool) -> None:
    """D39: an address that is no good for ever; never a delay, a full box, a policy (RFC 3463)."""
    assert is_permanent(action, status, words) is permanent


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        (
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: Quoted-Printable (x) ",
            b"Caf=C3=A9",
            "Café",
        ),
        ("Content-Type: text/html charset=utf-8", "<p>Café</p>".encode(), "Café"),
        ("Content-Type: text/html", b'<meta charset="koi8-r"><p>' + "Привет".encode("koi8-r"), "Привет"),
        ("X-Mailer: old", b"\x1b$B%F%9%H\x1b(B", "テスト"),
    ],
)
def test_careless_labels(head: str, body: bytes, text: str) -> None:
    """D21, D22: what a client meant, although it wrote it against the standard."""
    assert Message.parse(f"From: a@b.example\n{head}\n\n".encode() + body).text == text


def test_fields_in_the_charset_of_the_words() -> None:
    """D23: an 8-bit subject over a multipart mail is in the charset of its text."""
    raw = multipart("alternative", ("text/plain; charset=windows-1251", "x"))

    assert Message.parse(b"Subject: " + "Привет".encode("cp1251") + b"\r\n" + raw).subject == "Привет"
